"""The dialect of MATLAB and matrixcalculus.org: what it means, in numbers, and what is said of what it is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import matcalc as mc
from matcalc.errors import MatcalcError, MatcalcSyntaxError, NotSupportedError, ShapeError, UsageError
from matcalc.language.dialects import DIALECTS, MATLAB, dialect_named
from matcalc.language.parse import parse_program
from matcalc.language.tree import Binary
from matcalc.verify import value as interpreted

inv, det, exp, log = np.linalg.inv, np.linalg.det, np.exp, np.log


class Example(NamedTuple):
    """A text, and the same in NumPy as a function of its variables: columns 1-d, matrices 2-d."""

    text: str
    sizes: dict[str, tuple[int, ...]]
    truth: Callable[..., Any]
    where: str = ""


EXAMPLES = [
    # The examples of the documentation of matrixcalculus.org.
    Example("0.5*x'*A*x", {"x": (3,), "A": (3, 3)}, lambda x, A: 0.5 * x @ A @ x),
    Example("A*exp(x)", {"A": (4, 3), "x": (3,)}, lambda A, x: A @ exp(x)),
    Example("(y.*v)'*x", {"y": (4,), "v": (4,), "x": (4,)}, lambda y, v, x: np.sum(y * v * x)),
    Example("a^b", {"a": (), "b": ()}, lambda a, b: a**b),
    Example("norm1(A*x-y)", {"A": (4, 3), "x": (3,), "y": (4,)}, lambda A, x, y: np.abs(A @ x - y).sum()),
    Example("norm2(A*x-y)^2", {"A": (4, 3), "x": (3,), "y": (4,)}, lambda A, x, y: np.sum((A @ x - y) ** 2)),
    Example(
        "sum(log(exp(-y.*(X*w))+vector(1)))", {"y": (4,), "X": (4, 3), "w": (3,)},
        lambda y, X, w: log(exp(-y * (X @ w)) + 1).sum(),
    ),
    Example(
        "tr(A*X'*B*X*C)", {"A": (2, 3), "X": (4, 3), "B": (4, 4), "C": (3, 2)},
        lambda A, X, B, C: np.trace(A @ X.T @ B @ X @ C),
    ),
    Example("log(det(inv(X)))", {"X": (3, 3)}, lambda X: -log(det(X))),
    # Others of that kind.
    Example("a*x", {"a": (), "x": (3,)}, lambda a, x: a * x),
    Example("x'*x", {"x": (3,)}, lambda x: x @ x),
    Example("(A*x-y)'*(A*x-y)", {"A": (4, 3), "x": (3,), "y": (4,)}, lambda A, x, y: np.sum((A @ x - y) ** 2)),
    Example("x'*diag(y)*x", {"x": (3,), "y": (3,)}, lambda x, y: np.sum(x * y * x)),
    Example("c*sin(y)'*x", {"c": (), "y": (3,), "x": (3,)}, lambda c, y, x: c * np.sin(y) @ x),
    Example("tr(A*X)", {"A": (2, 3), "X": (3, 2)}, lambda A, X: np.sum(A * X.T)),
    Example("inv(X)*b1", {"X": (3, 3), "b1": (3,)}, lambda X, b1: inv(X) @ b1, where="b1: vector(n)"),
    Example("exp(-x'*A*x)", {"x": (3,), "A": (3, 3)}, lambda x, A: exp(-x @ A @ x)),
    Example("1/(1+exp(-x'*w))", {"x": (3,), "w": (3,)}, lambda x, w: 1 / (1 + exp(-x @ w))),
    Example("sum((X*w-y).^2)", {"X": (4, 3), "w": (3,), "y": (4,)}, lambda X, w, y: np.sum((X @ w - y) ** 2)),
    Example("x*y'", {"x": (3,), "y": (4,)}, lambda x, y: x[:, None] * y),
    # Functions and constants.
    Example("norm1(A*X)", {"A": (2, 3), "X": (3, 4)}, lambda A, X: np.abs(A @ X).sum()),
    Example("norm2(A*X)", {"A": (2, 3), "X": (3, 4)}, lambda A, X: np.sqrt(np.sum((A @ X) ** 2))),
    Example("norm(x)*norm(y,1)", {"x": (3,), "y": (4,)}, lambda x, y: np.sqrt(x @ x) * np.abs(y).sum()),
    Example("matrix(1)*x + y", {"x": (3,), "y": (4,)}, lambda x, y: np.full(4, x.sum()) + y),
    Example("y'*(A + matrix(-0.5))*x", {"y": (4,), "A": (4, 3), "x": (3,)}, lambda y, A, x: y @ (A - 0.5) @ x),
    Example("x'*vector(2) + x'*vector(0)", {"x": (3,)}, lambda x: 2 * x.sum()),
    Example("x'*(A + a*eye)*x", {"x": (3,), "A": (3, 3), "a": ()}, lambda x, A, a: x @ A @ x + a * x @ x),
    Example("ones(1,n)*x*ones(n,1)", {"x": (3,)}, lambda x: np.full(3, x.sum()), where="x: vector(n)"),
    Example("x'*ones(n)*x", {"x": (3,)}, lambda x: x.sum() ** 2, where="x: vector(n)"),
    Example("zeros(n,m)*y + x", {"x": (3,), "y": (4,)}, lambda x, y: x, where="x: vector(n), y: vector(m)"),
    Example("ones(1)*x", {"x": (3,)}, lambda x: x),
    Example("2'*sin (x) + 1'*x", {"x": (3,)}, lambda x: 2 * np.sin(x) + x),
    # Operators.
    Example("A/2*x", {"A": (4, 3), "x": (3,)}, lambda A, x: A @ x / 2),
    Example("A/X", {"A": (2, 3), "X": (3, 3)}, lambda A, X: A @ inv(X)),
    Example("x'/(X + 3*eye)*y", {"x": (3,), "X": (3, 3), "y": (3,)}, lambda x, X, y: x @ inv(X + 3 * np.eye(3)) @ y),
    Example("1./x + x.^-2/a", {"x": (3,), "a": ()}, lambda x, a: 1 / x + x**-2 / a),
    Example("2.^x.*3.^y", {"x": (3,), "y": (3,)}, lambda x, y: 2**x * 3**y),
    Example("x.^2'*y", {"x": (3,), "y": (3,)}, lambda x, y: x**2 @ y),
    Example("(A.*B)./C", {"A": (2, 3), "B": (2, 3), "C": (2, 3)}, lambda A, B, C: A * B / C),
    Example("tr(X^3) + y'*X^-1*y", {"X": (3, 3), "y": (3,)}, lambda X, y: np.trace(X @ X @ X) + y @ inv(X) @ y),
    Example("-x'*A*x/a*b", {"x": (3,), "A": (3, 3), "a": (), "b": ()}, lambda x, A, a, b: -x @ A @ x / a * b),
    Example("x*x'*y", {"x": (3,), "y": (3,)}, lambda x, y: x * (x @ y)),
    Example("a*-x", {"a": (), "x": (3,)}, lambda a, x: -a * x),
    Example("2 x'y", {"x": (3,), "y": (3,)}, lambda x, y: 2 * x @ y),
    # Programs.
    Example(
        "% least squares\nz = A*x - y;  % the residual\n0.5*z' * ... half of\n z", {"A": (4, 3), "x": (3,), "y": (4,)},
        lambda A, x, y: np.sum((A @ x - y) ** 2) / 2,
    ),
    Example("A*x + a where a: vector(m)", {"A": (4, 3), "x": (3,), "a": (4,)}, lambda A, x, a: A @ x + a),
    Example("sum(x_i*y_i for i in 1..n)", {"x": (3,), "y": (3,)}, lambda x, y: x @ y),
]


def values(sizes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """Positive numbers; square matrices have a positive determinant."""
    random = np.random.default_rng(7)
    drawn = {name: random.uniform(0.2, 1.5, size) for name, size in sizes.items()}
    for array in drawn.values():
        if array.ndim == 2 and array.shape[0] == array.shape[1]:
            array += 3 * np.eye(len(array))
    return drawn


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.text for example in EXAMPLES])
def test_the_reading_is_that_of_numpy(example: Example) -> None:
    parsed = mc.parse(example.text, where=example.where, dialect="matlab")
    arrays = values(example.sizes)
    truth = example.truth(**arrays)
    assert set(parsed.shapes) == set(example.sizes)
    np.testing.assert_allclose(parsed.evaluate(**arrays), truth, rtol=1e-12)
    inference = parsed._problem.inference
    _, sizes = parsed._problem.arrays(arrays)
    np.testing.assert_allclose(interpreted(inference, arrays, sizes), truth, rtol=1e-12)


@pytest.mark.parametrize(
    ("example", "wrt"),
    [(example, name) for example in EXAMPLES for name in example.sizes],
    ids=[f"{example.text} by {name}" for example in EXAMPLES for name in example.sizes],
)
def test_derivatives_are_right(example: Example, wrt: str) -> None:
    first = mc.diff(example.text, wrt, where=example.where, dialect="matrixcalculus")
    assert first.verify().passed
    assert str(first)
    if first.value_kind == "scalar":
        assert mc.hessian(example.text, wrt, where=example.where, dialect="matlab").verify().passed


@pytest.mark.parametrize(
    ("text", "wrt", "answer"),
    [
        ("0.5*x'*A*x", "x", "(1/2) xᵀ (A + Aᵀ)"),
        ("A*exp(x)", "x", "A diag(exp(x))"),
        ("norm1(A*x-y)", "x", "sign(A x - y)ᵀ A"),
        ("norm2(A*x-y)^2", "x", "2 (A x - y)ᵀ A"),
        ("log(det(inv(X)))", "X", "-X⁻¹"),
        ("1/(1+exp(-x'*w))", "w", "s (1 - s) xᵀ   where s = σ(x·w)"),
    ],
)
def test_answers_are_in_the_notation_of_matcalc(text: str, wrt: str, answer: str) -> None:
    assert str(mc.diff(text, wrt, dialect="matlab")) == answer


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("0.5*x'*A*x", "∂/∂x xᵀ A x / 2"),
        ("c*sin(y)'*x", "∂/∂x c sin(y)ᵀ x"),
        ("norm2(A*x-y)^2", "∂/∂x ‖A x - y‖²"),
        ("x'/A*y", "∂/∂x xᵀ A⁻¹ y"),
        ("a*x'/A*y", "∂/∂x a xᵀ A⁻¹ y"),
        ("x./y", "∂/∂x x ⊘ y"),
        ("x'*vector(1)/a", "∂/∂x xᵀ ones(n) / a"),
        ("(A + eye)*x", "∂/∂x (A + I) x"),
    ],
)
def test_the_heading_repeats_the_expression_as_matcalc_writes_it(text: str, heading: str) -> None:
    assert mc.diff(text, "x", dialect="matlab").heading() == heading


def test_names_have_the_kinds_of_their_first_letters() -> None:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for letter in letters:
        expected = "matrix" if letter.isupper() else "scalar" if letter <= "g" else "vector"
        assert MATLAB.kind_of(letter) == MATLAB.kind_of(f"{letter}_1") == expected
        if letter != "I":
            shapes = mc.parse(f"{letter} + {letter}", dialect="matlab").shapes
            assert shapes[letter].startswith(expected)
    assert MATLAB.kind_of("λ") is None


def test_what_was_assumed_is_shown() -> None:
    assert mc.diff("c*h'*Q*x", "x", dialect="matlab").assumptions == ("c ∈ ℝ", "h ∈ ℝᵐ", "Q ∈ ℝᵐˣⁿ", "x ∈ ℝⁿ")


def test_declarations_override_the_letters() -> None:
    for options in ({"where": "a: row(n)"}, {"shapes": {"a": "row(n)"}}):
        found = mc.diff("a*x", "x", dialect="matlab", **options)
        assert (str(found), found.assumptions) == ("a", ("x ∈ ℝⁿ",))
    assert str(mc.diff("x*y where x, y: scalar", "x", dialect="matlab")) == "y"
    assert str(mc.diff("x'*A*x", "x", where="A: symmetric(n)", dialect="matlab")) == "2 xᵀ A"


def test_letters_are_those_of_variables_only() -> None:
    assert mc.parse("a = A*x; a'*a", dialect="matlab").shapes.keys() == {"A", "x"}
    assert str(mc.diff("a = A*x; a'*a", "a", dialect="matlab")) == "2 aᵀ"
    assert mc.parse("sum(x)/n where x: vector(n)", dialect="matlab").shapes.keys() == {"x"}


def test_stacked_targets_are_in_the_own_language() -> None:
    assert str(mc.diff("x'*y", "[x, y]", dialect="matlab")) == str(mc.diff("x.y", "[x, y]")) == "[yᵀ, xᵀ]"


ERRORS: list[tuple[str, type[MatcalcError], str]] = [
    (
        "x*y", ShapeError,
        "`x*y`: x is a vector(n), y a vector(m)\n  x*y\n   ^\n"
        "y is not declared, and a vector by its first letter\n  x*y\n    ^\n"
        "help: did you mean `x'*y` (a number), `x.*y` (element by element) or `x*y'` (a matrix)?",
    ),
    (
        "a + (A*x+h)*(B*x) where B: matrix(m, n)", ShapeError,
        "`(A*x+h)*(B*x)`: A*x+h is a vector(k), B*x a vector(m)\n  a + (A*x+h)*(B*x) where B: matrix(m, n)\n             ^\n"
        "help: did you mean `(A*x+h)'*(B*x)` (a number), `(A*x+h).*(B*x)` (element by element) or `(A*x+h)*(B*x)'` (a matrix)?",
    ),
    (
        "x^2", ShapeError,
        "`x^2`: x is a vector(n) and 2 is a scalar\n  x^2\n   ^\nx is not declared, and a vector by its first letter\n"
        "  x^2\n  ^\nhelp: write `x .^ 2` for the power of each element",
    ),
    (
        "2^X", ShapeError,
        "`2^X`: 2 is a scalar and X is a matrix(m, n)\n  2^X\n   ^\nX is not declared, and a matrix by its first letter\n"
        "  2^X\n    ^\nhelp: write `2 .^ X` for the power of each element",
    ),
    (
        "A^(b/2)", NotSupportedError,
        "not supported: `A^(b/2)`, a matrix to a power that is not a whole number\n  A^(b/2)\n   ^\n"
        "help: write `A .^ (b/2)` for the power of each element",
    ),
    (
        "1/x", ShapeError,
        "`1/x` divides by a scalar or by a square matrix, but 1 is a scalar and x is a vector(n)\n  1/x\n   ^\n"
        "x is not declared, and a vector by its first letter\n  1/x\n    ^\nhelp: write `1 ./ x` to divide element by element",
    ),
    (
        "A/B where A: matrix(2, 3), B: matrix(3, 4)", ShapeError,
        "`A/B` multiplies by the inverse of B, but A is a matrix(2, 3) and B is a matrix(3, 4)\n"
        "  A/B where A: matrix(2, 3), B: matrix(3, 4)\n   ^\nB is declared here as matrix(3, 4)\n"
        "  A/B where A: matrix(2, 3), B: matrix(3, 4)\n                             ^\n"
        "help: write `A ./ B` to divide element by element",
    ),
    (
        "A.*x", ShapeError,
        "`A.*x` multiplies element by element, but A is a matrix(m, n) and x is a vector(k)\n  A.*x\n   ^^\n"
        "x is not declared, and a vector by its first letter\n  A.*x\n     ^\nhelp: write `A*x` for the matrix product",
    ),
    (
        "tr(a)", ShapeError,
        "`tr` takes a square matrix, but a is a scalar\n  tr(a)\n  ^^^^^\na is not declared, and a scalar by its first letter\n"
        "  tr(a)\n     ^\nhelp: write `a` alone",
    ),
    (
        "a^b^c", MatcalcSyntaxError,
        "`a^b^c` can be read in two ways\n  a^b^c\n  ^^^^^\nhelp: write (a^b)^c or a^(b^c)",
    ),
    (
        "2 + a^-b.^c", MatcalcSyntaxError,
        "`a^-b.^c` can be read in two ways\n  2 + a^-b.^c\n      ^^^^^^^\nhelp: write (a^-b).^c or a^(-b.^c)",
    ),
    (
        "x'*A^T", MatcalcSyntaxError,
        "in the dialect matlab `T` is a variable, not the transpose\n  x'*A^T\n      ^^\n"
        "help: write `A'` for the transpose, `a^(T)` for a power",
    ),
    (
        "x'*[1 2; 3 4]", NotSupportedError,
        "not supported: a vector or matrix written out in the dialect matlab\n  x'*[1 2; 3 4]\n     ^\n"
        "help: name and declare it: `where x: vector(3)`; matcalc's own language has stacks",
    ),
    (
        "x + x (2)", MatcalcError,
        "`x` is not a function\n  x + x (2)\n      ^\nhelp: write `x*(…)` for a product, `x[…]` for an element",
    ),
    (
        "vektor(1)", MatcalcError,
        "there is no function `vektor`\n  vektor(1)\n  ^^^^^^\nhelp: did you mean `vector`?",
    ),
    (
        "x + vector(a)", NotSupportedError,
        "not supported: `vector(a)`\n  x + vector(a)\n      ^^^^^^^^^\n"
        "help: write `vector(1)`, and `a*vector(1)` where all entries are a",
    ),
    (
        "std(x)", NotSupportedError,
        "not supported: `std` in the dialect matlab\n  std(x)\n  ^^^\nhelp: MATLAB's divides by n - 1; write it with sum",
    ),
    (
        "norm(X)", ShapeError,
        "`norm(X)` takes a vector or a row, but X is a matrix(m, n)\n  norm(X)\n  ^^^^^^^\n"
        "X is not declared, and a matrix by its first letter\n  norm(X)\n       ^\n"
        "help: write `normF(X)` for the Frobenius norm",
    ),
]


@pytest.mark.parametrize(("text", "kind", "message"), ERRORS, ids=[error[0] for error in ERRORS])
def test_errors(text: str, kind: type[MatcalcError], message: str) -> None:
    with pytest.raises(kind) as caught:
        mc.parse(text, dialect="matlab")
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["a^(b^c)", "(a^b)^c", "a^-(b^c)", "(a^b)^(c^d)", "(a^b)'^c", "a^(T) where T: scalar"])
def test_towers_with_brackets_are_read(text: str) -> None:
    mc.parse(text, dialect="matlab")


def test_what_others_mean_otherwise_is_noted() -> None:
    over_all = "sum(X) is taken over all elements; that of MATLAB is taken over each column"
    assert mc.diff("sum(X)", "X", dialect="matlab").notes == (over_all,)
    assert "max(X) is taken over all elements; that of MATLAB is taken over each column" in mc.diff(
        "max(X)", "X", dialect="matlab"
    ).notes
    assert mc.diff("sum(x) + norm1(X) + max(a, b) + max(x)", "x", dialect="matlab").notes == ()
    assert mc.diff("y'*sum(X, axis=1)", "y", dialect="matlab").notes == ()
    assert mc.diff("x'*I*x", "x", dialect="matlab").notes == ("I is the identity matrix here, not a variable",)
    assert mc.diff("I = A; x'*I*x", "x", dialect="matlab").notes == ()
    assert mc.diff("x' I x", "x").notes == mc.diff("sum(X)", "X").notes == ()


def test_the_own_language_is_as_it_was() -> None:
    assert str(mc.diff("sum(x*y)", "x")) == "yᵀ"
    assert str(mc.diff("1'x", "x", where="x: vector(n)")) == "1ᵀ"
    assert str(mc.diff("x (y + z) where x, y, z: scalar", "y")) == "x"
    assert str(mc.diff("x' A^T x", "x")) == "xᵀ (A + Aᵀ)"
    with pytest.raises(MatcalcError, match="there is no function `vector`"):
        mc.parse("x + vector(1)")


def test_the_tree_is_that_of_the_own_language() -> None:
    body = parse_program("A*x./y", MATLAB).body
    assert isinstance(body, Binary)
    assert isinstance(body.left, Binary)
    assert (body.operator, body.left.operator) == ("/", "juxtapose")


def test_dialects_by_name() -> None:
    assert {dialect_named(name) for name in ("matlab", "matrixcalculus")} == {MATLAB}
    assert [dialect_named(dialect.name) for dialect in DIALECTS] == list(DIALECTS)
    with pytest.raises(NotSupportedError, match="not supported: the dialect `latex` is planned"):
        mc.parse("x", dialect="latex")
    with pytest.raises(UsageError) as caught:
        mc.gradient("x", "x", dialect="Matlab")
    assert str(caught.value) == "there is no dialect `Matlab`\nhelp: the dialects are matcalc, matlab, matrixcalculus"


def test_deep_and_long_texts() -> None:
    deep = 5_000
    assert mc.parse("(" * deep + "a" + ")" * deep, dialect="matlab").evaluate(a=2.0) == 2
    assert mc.parse("a^(" * 300 + "a" + ")" * 300, dialect="matlab").evaluate(a=1.0) == 1
    assert mc.parse("a*" * deep + "a", dialect="matlab").evaluate(a=1.0) == 1


def test_division_from_the_left() -> None:
    found = mc.diff("norm2((X'*X + a*eye(n)) \\ (X'*y))^2", "y", dialect="matlab")
    assert found.verify().passed
    assert str(mc.diff("A\\(B*w)", "w", dialect="matlab")) == "A⁻¹ B"
