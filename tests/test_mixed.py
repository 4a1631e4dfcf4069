"""Several variables at once: Hessians in blocks, derivatives by variables in turn, higher orders, parts of variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import sympy

import matcalc as mc
from matcalc.blocks import BlockHessian
from matcalc.derivative import Derivative
from matcalc.errors import MatcalcError, NotSupportedError, UsageError
from tests.differences import numeric_derivative
from tests.notation.test_printed_values import check, point
from tests.notation.values import Reader

Values = Mapping[str, Any]


def hessian(text: str, wrt: str, where: str | None = None, **options: Any) -> BlockHessian:
    found = mc.diff(text, wrt, where=where, order=2, **options)
    assert isinstance(found, BlockHessian)
    return found


# Blocks

BLOCKS: list[tuple[str, str, str | None]] = [
    ("x' A y + exp(b*sum(x))", "x, y", None),
    ("x' A y + exp(b*sum(x))", "y, b, x", None),
    ("||X w + b - y||^2", "w, b, y", None),
    ("-sum(y*log(sigmoid(X w + b)))", "w, b", "b: scalar"),
    ("max(0, w.x + b)^2", "w, b", None),
    ("s*norm(x - y)", "x, y, s", "x, y: vector(n), s: scalar"),
    ("logsumexp(W x + c)", "x, c", None),
    ("sum(max(0, x + y)^2)", "x, y", None),
    ("z = w.x + b; log(1 + exp(z))", "w, b", None),
    ("sum((y_i - w.X_i - b)^2 for i in 1..N)/N", "w, b", None),
    ("b*x^3 + sin(b*x)", "x, b", "x, b: scalar"),
    ("r A x*t", "r, x, t", "r: row(m), t: scalar"),
    ("sum(f(x*y))", "x, y", "x, y: vector(n)"),
    ("x' X y + b*sum(x)", "x, X, b", None),
    ("b*tr(A X)", "X, b", None),
    ("sum(log_softmax(W x))", "W, x", None),
    ("||A B - C||_F^2", "A, B", None),
    ("logdet(X'X + Y)", "X, Y", None),
    ("x' S S x", "S, x", "S: symmetric(n)"),
    ("x' A y", "[x; y], A[1, 2]", None),
    ("x' A x*b", "x[1], x[2], b", "b: scalar"),
    ("tr(A X B X)", "X[1, :], X[:, 2]", "X: matrix(m, n)"),
]

each_program = pytest.mark.parametrize(("text", "wrt", "where"), BLOCKS, ids=[f"{row[0]} wrt {row[1]}" for row in BLOCKS])


@each_program
def test_every_block_is_right(text: str, wrt: str, where: str | None) -> None:
    assert hessian(text, wrt, where).verify().passed


@each_program
def test_the_whole_matrix(text: str, wrt: str, where: str | None) -> None:
    """Its value is symmetric and has the symbolic shape; what is printed has that value; each form can be had."""
    found = hessian(text, wrt, where)
    values, sizes = point(next(iter(found.values())), 3)
    if "f(" not in text:
        whole = found.evaluate(**values)
        assert whole.shape == tuple(size.value(sizes) for size in found.shape)
        np.testing.assert_allclose(whole, whole.T, atol=1e-9)
        if found.answer is not None:
            reader = Reader(values, sizes)
            reader.define(found.answer)
            np.testing.assert_allclose(reader.read(found.answer.body), whole, rtol=1e-9, atol=1e-9)
    latex = found.latex()
    assert latex.startswith(r"\begin{bmatrix}")
    assert latex.count("{") == latex.count("}")
    assert str(found)
    assert found.to_dict()["wrt"] == list(found.variables)
    for block in found.values():
        check(block)


def test_the_order_of_rows_and_columns() -> None:
    """Entry (vec(X)ₖ, y) of the whole, from differences that know nothing of it."""
    text, where = "x' X exp(y)*b", "X: matrix(m, n), b: scalar"
    found = hessian(text, "X, b, y", where)
    random = np.random.default_rng(5)
    values = {"x": random.normal(size=2), "X": random.normal(size=(2, 3)), "y": random.normal(size=3), "b": np.array(1.5)}
    places = [("X", (i, j)) for j in range(3) for i in range(2)] + [("b", ())] + [("y", (j,)) for j in range(3)]

    def value(at: Values) -> Any:
        return at["x"] @ at["X"] @ np.exp(at["y"]) * at["b"]

    whole = found.evaluate(**values)
    assert whole.shape == (10, 10)
    for row, (first, i) in enumerate(places):
        for column, (second, j) in enumerate(places):
            def slope(at: Values, name: str = first, position: Any = i) -> Any:
                return numeric_derivative(value, at, name)[0][position]

            number = numeric_derivative(slope, values, second, 1e-2)[0][j]
            assert whole[row, column] == pytest.approx(number, abs=1e-5), (first, i, second, j)


def test_a_block_is_the_derivative_by_y_of_the_gradient_by_x() -> None:
    found = hessian("x' A y + b*sum(exp(x))", "x, y, b")
    shapes = {pair: [str(size) for size in block.shape] for pair, block in found.items()}
    assert shapes["x", "y"] == ["m", "n"]
    assert shapes["y", "x"] == ["n", "m"]
    assert shapes["x", "b"] == ["m"]
    assert shapes["b", "x"] == ["1", "m"]
    assert shapes["b", "b"] == []
    assert str(found["x", "y"]) == "A"
    assert str(found["y", "x"]) == "Aᵀ"
    assert str(found["b", "x"]) == "exp(x)ᵀ"
    assert found["x", "y"].heading() == "∂²/∂x∂yᵀ (xᵀ A y + b sum(exp(x)))"
    assert found["x", "y"].wrt == "x, y"
    assert list(found) == list(found.blocks) == [(a, b) for a in "xyb" for b in "xyb"]


def test_how_it_is_printed() -> None:
    found = hessian("x' A y + exp(b*sum(x))", "x, y")
    assert str(found) == (
        "⎡ b² exp(b sum(x)) ones(m, m)  A           ⎤\n"
        "⎣ Aᵀ                           zeros(n, n) ⎦"
    )
    assert found.latex() == (
        r"\begin{bmatrix} b^{2} \exp\left(b \operatorname{sum}\left(\mathbf{x}\right)\right) \mathbf{1}_{m \times m} & A \\ "
        r"A^\top & \mathbf{0}_{n \times n} \end{bmatrix}"
    )
    assert found.heading() == "∂²/∂(x, y)∂(x, y)ᵀ (xᵀ A y + exp(b sum(x)))"
    assert [str(size) for size in found.shape] == ["m + n", "m + n"]
    assert found.notes == ("rows and columns: x, y",)
    named = hessian("log(1 + exp(w.x + b))", "w, b")
    assert str(named) == "⎡ s (1 - s) x xᵀ  s (1 - s) x ⎤\n⎣ s (1 - s) xᵀ    s (1 - s)   ⎦\nwhere s = σ(w·x + b)"


def test_blocks_that_need_index_notation_are_listed() -> None:
    found = hessian("||A B - C||_F^2", "A, B", "A: matrix(m, k), B: matrix(k, n)")
    lines = str(found).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "∂²f/∂vec(A)∂vec(A)ᵀ", "∂²f/∂Aᵢⱼ∂Bₖₗ", "∂²f/∂vec(B)∂vec(B)ᵀ"
    ]
    assert "the blocks below the diagonal are the transposes of those above it" in found.notes
    assert "rows and columns: vec(A), vec(B); vec stacks columns" in found.notes
    matrix, _, rest = found.latex().partition(r"\end{bmatrix}")
    symbol = r"\frac{\partial^{2} f}{\partial \operatorname{vec}(A) \, \partial \operatorname{vec}(B)^\top}"
    assert matrix.count(symbol) == 2
    assert rf"\left({symbol}\right)^\top" in matrix
    assert r"\frac{\partial^{2} f}{\partial A_{ij} \, \partial B_{kl}} = " in rest


def test_the_halves_are_computed_once() -> None:
    found = hessian("x' A y + exp(b*sum(x))", "x, y")
    assert found["y", "x"].derivations == found["x", "y"].derivations


def test_blocks_as_a_sympy_expression() -> None:
    expr = hessian("b*sum(x*x)", "b, x").expr
    assert isinstance(expr, sympy.BlockMatrix)
    assert expr.blockshape == (2, 2)
    assert str(expr.blocks[0, 1]) == "2*x.T"
    assert str(hessian("b*x^3", "x, b", "x: scalar").expr) == "Matrix([[6*b*x, 3*x**2], [3*x**2, 0]])"
    with pytest.raises(NotSupportedError, match="one SymPy expression for these blocks"):
        _ = hessian("b*tr(A X)", "X, b").expr


def test_a_list_of_one_variable_and_hessian() -> None:
    assert list(mc.diff("x' A x", ["x"], order=2)) == [("x", "x")]
    assert isinstance(mc.diff("x' A x", "x", order=2), Derivative)
    assert isinstance(mc.hessian("x' A y", "x, y"), BlockHessian)
    with pytest.raises(UsageError, match="the Hessian is that of a scalar; this is a vector"):
        mc.hessian("b*x", "x, b", where="x: vector(n)")
    with pytest.raises(UsageError, match="a Hessian by several variables has no denominator layout"):
        mc.diff("x' A y", "x, y", order=2, layout="denominator")
    with pytest.raises(UsageError, match="order 3 by several variables at once"):
        mc.diff("x' A y", "x, y", order=3)


def test_second_derivatives_of_a_vector_by_pairs_of_variables() -> None:
    found = mc.diff("A (x*y)", "x, y", order=2)
    assert isinstance(found, dict)
    assert not isinstance(found, BlockHessian)
    assert list(found) == [("x", "x"), ("x", "y"), ("y", "x"), ("y", "y")]
    assert all(block.verify().passed for block in found.values())
    random = np.random.default_rng(1)
    a, x, y = random.normal(size=(3, 2)), random.normal(size=2), random.normal(size=2)
    np.testing.assert_allclose(found["x", "y"].evaluate(A=a, x=x, y=y), np.einsum("ij,jk->ijk", a, np.eye(2)))
    np.testing.assert_allclose(found["x", "x"].evaluate(A=a, x=x, y=y), np.zeros((3, 2, 2)))


# In turn


@pytest.mark.parametrize(
    ("text", "wrt", "where", "printed"),
    [
        ("x' A y", "x then y", None, "A"),
        ("x' A y", "y then x", None, "Aᵀ"),
        ("b*sum(x^3)", "x then b", None, "3 x²"),
        ("b*sum(x^3)", "b then x", None, "3 (x²)ᵀ"),
        ("b*x^3", "x then b", "x: scalar", "3 x²"),
        ("b*sum(x*x)", "b then x then x", None, "2 I"),
        ("b*tr(A X)", "b then X", None, "A"),
        ("b*tr(A X)", "X then b", None, "Aᵀ"),
        ("x' X y", "x then X", None, "yᵀ ⊗ I"),
        ("z = x*y; z^2", "x then y", "x, y: scalar", "4 x y"),
        ("x' A y", "x[1] then y", "A: matrix(m, n)", "e(1)ᵀ A"),
        ("r A x", "r then x", "r: row(m)", "A"),
    ],
)
def test_variables_in_turn(text: str, wrt: str, where: str | None, printed: str) -> None:
    found = mc.diff(text, wrt, where=where)
    assert str(found) == printed
    assert found.order == wrt.count("then") + 1
    assert found.verify().passed
    check(found)


def test_in_turn_and_each_for_itself() -> None:
    found = mc.diff("sum(y*x^3)", "y then x, x")
    assert list(found) == ["y then x", "x"]
    assert [each.order for each in found.values()] == [2, 1]
    assert str(mc.hessian("x' A y", "x then y")) == "A"
    assert mc.diff("x' A y", "x then y").heading() == "∂²/∂x∂yᵀ xᵀ A y"
    assert mc.diff("b^2*sum(x)", "b then b then x").heading() == "∂³/∂b²∂x b² sum(x)"


@pytest.mark.parametrize(
    ("wrt", "options", "message"),
    [
        ("x then", {}, "`then` stands between two variables"),
        ("then y", {}, "`then` stands between two variables"),
        ("x then y", {"order": 3}, "order 3 by 2 variables in turn"),
        ("x then y then x then y", {}, "4 variables in turn"),
        ("x then q", {}, "`q` does not occur in the expression"),
        ("x then y, ", {}, "the text ends where an operand is expected"),
    ],
)
def test_mistakes_in_turn(wrt: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(MatcalcError, match=message):
        mc.diff("x' A y", wrt, **options)


@pytest.mark.parametrize("function", [mc.gradient, mc.jacobian])
def test_first_derivatives_have_one_variable(function: Callable[..., Any]) -> None:
    with pytest.raises(UsageError, match="is a first derivative"):
        function("x' A y", "x then y")


# Higher orders


@pytest.mark.parametrize(
    ("text", "wrt", "where", "order", "shape"),
    [
        ("A (x*x)", "x", None, 2, "m n n"),
        ("softmax(x)", "x", None, 2, "n n n"),
        ("f(W x)", "x", None, 2, "m n n"),
        ("[x^2; x^3]", "x", "x: scalar", 2, "2"),
        ("x*v", "x", "x: scalar, v: vector(n)", 2, "n"),
        ("exp(t*A)", "t", "A: matrix(m, n), t: scalar", 2, "m n"),
        ("inv(A + t*B)", "t", "t: scalar", 2, "n n"),
        ("x x'", "x", "x: vector(n)", 2, "n n n n"),
        ("X X'", "X", "X: matrix(m, n)", 2, "m m m n m n"),
        ("X y", "X", "X: matrix(m, n)", 2, "m m n m n"),
        ("tr(X' A X)", "X", "X: matrix(m, n)", 2, "m n m n"),
        ("logdet(X)", "X", None, 2, "n n n n"),
        ("x^5", "x", "x: scalar", 3, ""),
        ("f(x)", "x", "x: scalar", 3, ""),
        ("sum(exp(x))*sum(x)", "x", None, 3, "n n n"),
        ("logsumexp(x)", "x", None, 3, "n n n"),
        ("t^4*v", "t", "t: scalar, v: vector(n)", 3, "n"),
        ("(x*x)*sum(x)", "x", "x: vector(n)", 3, "n n n n"),
        ("sum(x^4)", "[x; y]", "x: vector(n), y: scalar", 2, "n+1 n+1"),
        ("tr(X X X)", "X", "X: matrix(n, n)", 3, "n n n n n n"),
    ],
)
def test_higher_orders(text: str, wrt: str, where: str | None, order: int, shape: str) -> None:
    found = mc.diff(text, wrt, where=where, order=order)
    assert " ".join(str(size).replace(" ", "") for size in found.shape) == shape
    assert found.order == order
    assert found.verify().passed
    assert found.latex()
    check(found)


def test_what_an_array_is_called() -> None:
    found = mc.diff("A (x*x)", "x", order=2)
    assert str(found) == "2 Aᵢⱼ δⱼₖ"
    assert found.heading() == "∂²(A (x ⊙ x))ᵢ/∂xⱼ∂xₖ"
    assert found.notes == ("element ∂²yᵢ/∂xⱼ∂xₖ",)
    assert mc.diff("x^5", "x", order=3, where="x: scalar").heading() == "∂³/∂x³ x⁵"
    by_matrix = mc.diff("tr(X' A X)", "X", order=2)
    assert str(by_matrix) == "I ⊗ (A + Aᵀ)"
    assert by_matrix.notes[0] == "∂²f/∂vec(X)∂vec(X)ᵀ, where vec stacks columns"
    assert by_matrix.notes[1].startswith("by elements, ∂²f/∂Xᵢⱼ∂Xₖₗ = ")


def test_orders_that_there_are_not() -> None:
    for order in (0, 4, -1):
        with pytest.raises(UsageError, match=f"there is no order {order} here"):
            mc.diff("x^2", "x", order=order)


# Parts of a variable


@pytest.mark.parametrize(
    ("text", "wrt", "where", "order", "printed", "shape"),
    [
        ("sum(x^2)", "x[2]", None, 1, "2 x[2]", ""),
        ("sum(x^2)", "x[n]", "x: vector(n)", 1, "2 xₙ", ""),
        ("x' A x", "x[2]", None, 2, "e(2)ᵀ (A + Aᵀ) e(2)", ""),
        ("A X b", "X[:, 2]", None, 1, "b[2] A", "m n"),
        ("A X b", "X[2]", None, 1, "A e(2) bᵀ", "m k"),
        ("A X b", "X[2, :]", None, 1, "A e(2) bᵀ", "m k"),
        ("A X b", "X[2, 1]", None, 1, "b[1] A e(2)", "m"),
        ("tr(X'X)", "X[2, :]", None, 2, "2 I", "n n"),
        ("sum(exp(X))", "X[2]", None, 2, "diag(exp(X)ᵀ e(2))", "n n"),
        ("r X y", "r[2]", "r: row(m)", 1, "e(2)ᵀ X y", ""),
        ("A X B", "X[:, 2]", "B: matrix(k, p)", 1, "(Bᵀ e(2)) ⊗ A", "m p n"),
        ("z = A x; sum(z^2)", "z[1]", None, 1, "2 z[1]", ""),
        ("x' A x", "[x[1], x[2]]", None, 1, "[xᵀ (A + Aᵀ) e(1), xᵀ (A + Aᵀ) e(2)]", "1 2"),
    ],
)
def test_by_a_part(text: str, wrt: str, where: str | None, order: int, printed: str, shape: str) -> None:
    found = mc.diff(text, wrt, where=where, order=order)
    assert str(found) == printed
    assert " ".join(map(str, found.shape)) == shape
    assert found.latex()
    if "z" not in text:
        assert found.verify().passed


@pytest.mark.parametrize(
    ("text", "part", "whole", "place"),
    [
        ("x' X X' x + sum(exp(X))", "X[2, :]", "X", np.s_[1, :]),
        ("x' X X' x + sum(exp(X))", "X[:, 3]", "X", np.s_[:, 2]),
        ("x' X X' x + sum(exp(X))", "X[2, 3]", "X", np.s_[1, 2]),
        ("x' X X' x + sum(exp(X))", "x[2]", "x", np.s_[1]),
    ],
)
def test_a_part_is_a_part_of_the_whole(text: str, part: str, whole: str, place: Any) -> None:
    random = np.random.default_rng(2)
    values = {"X": random.normal(size=(2, 4)), "x": random.normal(size=2)}
    of_part = mc.gradient(text, part, where="X: matrix(m, n)").evaluate(**values)
    of_whole = mc.gradient(text, whole, where="X: matrix(m, n)").evaluate(**values)
    np.testing.assert_allclose(of_part, of_whole[place])


@pytest.mark.parametrize(
    ("wrt", "message"),
    [
        ("x[1..3]", "unexpected `..`"),
        ("x[1:3]", "unexpected `:`"),
        ("x[i]", "the subscript `i`"),
        ("x[-1]", "there is no entry -1"),
        ("x[0]", "a subscript is a positive integer, not 0"),
        ("x[4]", "is beyond the end"),
        ("X[:, :]", "which selects everything"),
        ("X[1, 1, 1]", "more than two subscripts"),
        ("(x + y)[1]", "which is not a variable"),
        ("[X; x]", None),
    ],
)
def test_parts_that_are_refused(wrt: str, message: str | None) -> None:
    with pytest.raises(MatcalcError, match=message):
        mc.diff("x' X y + sum(x + y)", wrt, where="x, y: vector(3), X: matrix(3, 3)")


# A symmetric variable


def by_independent_entries(function: Callable[[Values], Any], values: Values, name: str) -> Any:
    """Differences in which entry (i, j) moves its mirror image (j, i) too."""
    size = len(values[name])
    result = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            direction = np.zeros((size, size))
            direction[i, j] = direction[j, i] = 1.0

            def along(at: Values, direction: Any = direction) -> Any:
                return function({**values, name: values[name] + at["t"] * direction})

            result[i, j] = numeric_derivative(along, {"t": np.array(0.0)}, "t")[0]
    return result


SYMMETRIC: list[tuple[str, str, str, Callable[[Values], Any]]] = [
    ("logdet(S)", "S: spd(n)", "2 S⁻¹ - I ⊙ S⁻¹", lambda v: np.linalg.slogdet(v["S"])[1]),
    ("logdet(S)", "S: symmetric(n)", "2 S⁻¹ - I ⊙ S⁻¹", lambda v: np.linalg.slogdet(v["S"])[1]),
    ("x' S y", "S: symmetric(n)", "y xᵀ + x yᵀ - diag(x ⊙ y)", lambda v: v["x"] @ v["S"] @ v["y"]),
    ("x' S x", "S: symmetric(n)", "2 x xᵀ - diag(x²)", lambda v: v["x"] @ v["S"] @ v["x"]),
    ("tr(A S)", "S: symmetric(n)", "Aᵀ + A - I ⊙ A", lambda v: np.trace(v["A"] @ v["S"])),
    ("tr(S)", "S: symmetric(n)", "I", lambda v: np.trace(v["S"])),
    ("S[1, 2]^2 + S[1, 1]", "S: symmetric(n)", "", lambda v: v["S"][0, 1] ** 2 + v["S"][0, 0]),
]


@pytest.mark.parametrize(("text", "where", "printed", "truth"), SYMMETRIC, ids=[f"{row[0]}, {row[1]}" for row in SYMMETRIC])
def test_by_the_independent_entries(text: str, where: str, printed: str, truth: Callable[[Values], Any]) -> None:
    found = mc.diff(text, "S", where=where, symmetric="independent")
    assert not printed or str(found) == printed
    assert found.verify().passed
    random = np.random.default_rng(4)
    root = random.normal(size=(3, 3))
    values = {"S": root @ root.T + np.eye(3), "x": random.normal(size=3), "y": random.normal(size=3), "A": root}
    given = {name: value for name, value in values.items() if name in mc.parse(text, where=where).shapes}
    np.testing.assert_allclose(found.evaluate(**given), by_independent_entries(truth, values, "S"), atol=1e-7)


@pytest.mark.parametrize(
    ("text", "wrt", "where", "order"),
    [
        ("logdet(S)", "S", "S: spd(n)", 2),
        ("x' S S y", "S", "S: symmetric(n)", 2),
        ("S x", "S", "S: symmetric(n)", 1),
        ("inv(S)", "S", "S: spd(n)", 1),
        ("x' S S y", "S[1, 2]", "S: symmetric(n)", 1),
        ("x' S S y", "S[1, 2]", "S: symmetric(n)", 2),
        ("x' S S y", "S[2, 2]", "S: symmetric(n)", 2),
        ("x' S S y", "S[2, :]", "S: symmetric(n)", 1),
        ("x' D D y", "D", "D: diagonal(n)", 1),
        ("x' D D y", "D[2, 2]", "D: diagonal(n)", 1),
        ("x' S S x", "S then x", "S: symmetric(n)", 1),
    ],
)
def test_more_by_the_independent_entries(text: str, wrt: str, where: str, order: int) -> None:
    found = mc.diff(text, wrt, where=where, order=order, symmetric="independent")
    assert found.verify().passed
    check(found)


def test_the_three_derivatives_by_a_symmetric_matrix() -> None:
    """With G the derivative by all entries: (G + Gᵀ)/2, G + Gᵀ - I ⊙ G, and G."""
    random = np.random.default_rng(8)
    root = random.normal(size=(3, 3))
    values = {"S": root + root.T, "x": random.normal(size=3), "y": random.normal(size=3)}
    text, where = "x' S S y", "S: symmetric(n)"
    space, independent, free = (
        mc.gradient(text, "S", where=where, symmetric=kind).evaluate(**values)
        for kind in ("space", "independent", "unconstrained")
    )
    np.testing.assert_allclose(space, (free + free.T) / 2)
    np.testing.assert_allclose(independent, free + free.T - np.eye(3) * free)
    np.testing.assert_allclose(mc.gradient(text, "S", where=where, unconstrained=True).evaluate(**values), free)
    np.testing.assert_allclose(mc.gradient(text, "S", where=where).evaluate(**values), space)


@pytest.mark.parametrize(
    ("symmetric", "said"),
    [
        ("space", "derivative on the space of symmetric matrices, (G + Gᵀ)/2; "),
        ("independent", "derivative by the independent entries of a matrix, G + Gᵀ - I ⊙ G; "),
        ("unconstrained", "derivative by all entries, G; "),
    ],
)
def test_the_note_names_all_three(symmetric: str, said: str) -> None:
    (note,) = mc.diff("logdet(S)", "S", where="S: spd(n)", symmetric=symmetric).notes
    assert note.startswith(said)
    others = {"space", "independent", "unconstrained"} - {symmetric}
    assert all(f"symmetric = {other}" in note for other in others)
    assert f"symmetric = {symmetric}" not in note


def test_kinds_of_derivatives_by_a_symmetric_matrix_are_checked() -> None:
    with pytest.raises(UsageError, match="there is no derivative by a symmetric matrix called `both`"):
        mc.diff("tr(S)", "S", symmetric="both")
    with pytest.raises(UsageError, match="symmetric = independent contradicts unconstrained"):
        mc.diff("tr(S)", "S", symmetric="independent", unconstrained=True)
    with pytest.raises(NotSupportedError, match="the derivative by a part of a matrix declared symmetric"):
        mc.diff("tr(S)", "S[1, 2]", where="S: symmetric(n)")
    assert mc.diff("tr(S S)", "S[1, 2]", where="S: symmetric(n)", unconstrained=True).verify().passed


def test_triangular_and_orthogonal_matrices() -> None:
    """By a triangular matrix the derivative moves within the triangle; the orthogonal ones are no linear space."""
    for text, where, printed in (
        ("norm(L x)^2", "L: lower_triangular(n)", "2 tril(L x xᵀ)ᵀ"), ("tr(L A)", "L: upper_triangular(n)", "tril(A)"),
        ("norm(L L' - A)^2", "L: lower_triangular(n)", "2 tril((2 L Lᵀ - A - Aᵀ) L)ᵀ"),
        ("logdet(L)", "L: lower_triangular(n)", "diag(1 ⊘ diag(L))"), ("tr(L' A B)", "L: orthogonal(n)", "Bᵀ Aᵀ"),
    ):  # fmt: skip
        found = mc.diff(text, "L", where=where)
        assert str(found) == printed
        assert found.verify().passed
    free = mc.diff("tr(L A)", "L", where="L: upper_triangular(n)", symmetric="unconstrained")
    assert str(free) == "A"
    assert free.verify().passed
    (note,) = mc.diff("tr(Q A)", "Q", where="Q: orthogonal(n)").notes
    assert note == "derivative by all entries, as if they were free of each other"
