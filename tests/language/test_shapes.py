"""Shapes: what is inferred, what is assumed, and what is said when they do not fit."""

from __future__ import annotations

import pytest

from matcalc.errors import NotSupportedError, ShapeError
from matcalc.language.dimensions import SCALAR, Shape, dim, matrix, row, vector
from matcalc.language.parse import parse_declarations, parse_program, parse_targets
from matcalc.language.shapes import FunctionSymbol, Inference, infer
from matcalc.language.tree import Index, Name, Stack, postorder


def inferred(text: str, wrt: str = "", free: tuple[str, ...] = ()) -> Inference:
    return infer(parse_program(text), targets=parse_targets(wrt) if wrt else (), free=free)


def shape(text: str) -> str:
    found = inferred(text)
    return str(found.shapes[found.program.body])


@pytest.mark.parametrize(
    ("text", "result", "assumptions"),
    [
        ("sum(w*x)", "scalar", "w, x ∈ ℝⁿ"),
        ("w.x + b", "scalar", "w, x ∈ ℝⁿ; b ∈ ℝ"),
        ("max(0, w.x + b)", "scalar", "w, x ∈ ℝⁿ; b ∈ ℝ"),
        ("||X w - y||^2", "scalar", "X ∈ ℝᵐˣⁿ; w ∈ ℝⁿ; y ∈ ℝᵐ"),
        ("norm(y - X w)", "scalar", "y ∈ ℝᵐ; X ∈ ℝᵐˣⁿ; w ∈ ℝⁿ"),
        ("sigmoid(W x + b)", "vector(m)", "W ∈ ℝᵐˣⁿ; x ∈ ℝⁿ; b ∈ ℝᵐ"),
        ("W x + b where W: matrix(m, n), x: vector(n)", "vector(m)", "b ∈ ℝᵐ"),
        ("x' A x", "scalar", "x ∈ ℝⁿ; A ∈ ℝⁿˣⁿ"),
        ("tr(A X B)", "scalar", "A ∈ ℝᵐˣⁿ; X ∈ ℝⁿˣᵏ; B ∈ ℝᵏˣᵐ"),
        ("A X B", "matrix(m, p)", "A ∈ ℝᵐˣⁿ; X ∈ ℝⁿˣᵏ; B ∈ ℝᵏˣᵖ"),
        ("sum((y_i - max(0, w.X_i + b))^2 for i in 1..N)/N", "scalar", "y ∈ ℝᴺ; w ∈ ℝⁿ; X ∈ ℝᴺˣⁿ; b ∈ ℝ"),
        ("sum_i (y_i - w.X_i)^2", "scalar", "y ∈ ℝᵐ; w ∈ ℝⁿ; X ∈ ℝᵐˣⁿ"),
        ("x + x^2", "scalar", "x ∈ ℝ"),
        ("a x + b", "scalar", "a, x, b ∈ ℝ"),
        ("z1 = W1 x + b1; a1 = relu(z1); z2 = W2 a1 + b2; p = softmax(z2); -y.log(p)", "scalar",
         "W1 ∈ ℝᵐˣⁿ; x ∈ ℝⁿ; b1 ∈ ℝᵐ; W2 ∈ ℝᵏˣᵐ; b2, y ∈ ℝᵏ"),
        ("sum(x*z) where z: scalar", "scalar", "x ∈ ℝⁿ"),
        ("[3*x^2*y, 2*x + y^8]", "vector(2)", "x, y ∈ ℝ"),
        ("u' f(W x + b)", "scalar", "u, b ∈ ℝᵐ; W ∈ ℝᵐˣⁿ; x ∈ ℝⁿ; f applied element by element"),
        ("f(w) * g(x)", "scalar", "w, x ∈ ℝ; f, g unknown functions"),
        ("f(x(t), y(t))", "scalar", "t ∈ ℝ; x, y functions of t; f an unknown function"),
        ("log(det(X))", "scalar", "X ∈ ℝⁿˣⁿ"),
        ("norm(x - a)", "scalar", "x, a ∈ ℝⁿ"),
        ("x/N", "scalar", "x, N ∈ ℝ"),
        ("sum(log(1 + exp(-y*(X w))))", "scalar", "y ∈ ℝᵐ; X ∈ ℝᵐˣⁿ; w ∈ ℝⁿ"),
        ("a' X^-1 b", "scalar", "a, b ∈ ℝⁿ; X ∈ ℝⁿˣⁿ"),
        ("inv(A + t*B)", "matrix(n, n)", "A, B ∈ ℝⁿˣⁿ; t ∈ ℝ"),
        ("inv(A + lambda I)", "matrix(n, n)", "A ∈ ℝⁿˣⁿ; lambda ∈ ℝ"),
        ("(a a)'", "scalar", "a ∈ ℝ"),
        ("1ᵀ x", "scalar", "x ∈ ℝⁿ"),
        ("A (x + y)", "vector(m)", "A ∈ ℝᵐˣⁿ; x, y ∈ ℝⁿ"),
        ("A (B + C)", "matrix(m, k)", "A ∈ ℝᵐˣⁿ; B, C ∈ ℝⁿˣᵏ"),
        ("softmax(a x)", "vector(n)", "a ∈ ℝ; x ∈ ℝⁿ"),
        ("[w; b] . [x; 1]", "scalar", "w, x ∈ ℝⁿ; b ∈ ℝ"),
        ("X + b' where X: matrix(N, h)", "matrix(N, h)", "b ∈ ℝʰ"),
        ("norm(X w) where X: matrix(N, n_1)", "scalar", "w ∈ ℝ^(n_1)"),
        ("n + norm(x)", "scalar", "n ∈ ℝ; x ∈ ℝᵐ"),
        # what is added to a reduction before something is divided by it
        ("(X - mean(X, axis=0))/sqrt(var(X, axis=0) + eps)", "matrix(m, n)", "X ∈ ℝᵐˣⁿ; eps ∈ ℝ"),
        ("(X - mean(X, axis=1))/sqrt(var(X, axis=1) + eps)", "matrix(m, n)", "X ∈ ℝᵐˣⁿ; eps ∈ ℝ"),
        ("X/(sum(X, axis=0) + eps)", "matrix(m, n)", "X ∈ ℝᵐˣⁿ; eps ∈ ℝ"),
        ("X/(2*sum(X, axis=0) + eps)^2 where X: matrix(N, d)", "matrix(N, d)", "eps ∈ ℝ"),
        ("c*(X - mean(X, axis=0))/sqrt(var(X, axis=0) + eps) where X: matrix(N, d)", "matrix(N, d)", "c, eps ∈ ℝ"),
        ("sqrt(var(X, axis=0) + eps)", "row(n)", "X ∈ ℝᵐˣⁿ; eps ∈ ℝ"),
        ("(x - mean(x))/sqrt(var(x) + eps)", "vector(n)", "x ∈ ℝⁿ; eps ∈ ℝ"),
        ("sum(X, axis=0) + b", "vector(n)", "X ∈ ℝᵐˣⁿ; b ∈ ℝⁿ"),
        ("⟨A x, y⟩ - 2⟨x, x⟩", "scalar", "A ∈ ℝᵐˣⁿ; x ∈ ℝⁿ; y ∈ ℝᵐ"),
        ("⟨w, log(x)⟩ where x: vector(n)", "scalar", "w ∈ ℝⁿ"),
        ("X - m 1'", "matrix(k, n)", "X ∈ ℝᵏˣⁿ; m ∈ ℝᵏ"),
        # the same product in two spellings
        ("y*(X@w)", "vector(m)", "y ∈ ℝᵐ; X ∈ ℝᵐˣⁿ; w ∈ ℝⁿ"),
        ("y*(X w)", "vector(m)", "y ∈ ℝᵐ; X ∈ ℝᵐˣⁿ; w ∈ ℝⁿ"),
        ("y*(X'r)", "vector(n)", "y ∈ ℝⁿ; X ∈ ℝᵐˣⁿ; r ∈ ℝᵐ"),
        ("p' log(p ./ q)", "scalar", "p, q ∈ ℝⁿ"),
        ("p @ log(p/q)", "scalar", "p, q ∈ ℝⁿ"),
        ("dot(p, log(p/q))", "scalar", "p, q ∈ ℝⁿ"),
        ("sum(p*log(p/q))", "scalar", "p, q ∈ ℝⁿ"),
        ("-sum(y*log(softmax(z)))", "scalar", "y, z ∈ ℝⁿ"),
        ("f = sigmoid(Wf@x + bf); sum(f*c)", "scalar", "Wf ∈ ℝᵐˣⁿ; x ∈ ℝⁿ; bf, c ∈ ℝᵐ"),
        ("sum(log(1 + exp(-y*(X w)))) where X: matrix(m, n), w: vector(n)", "scalar", "y ∈ ℝᵐ"),
        ("w - t*(X' (X w - y)) where X: matrix(m, n), w: vector(n), y: vector(m)", "vector(n)", "t ∈ ℝ"),
        ("x'x + sum(t*x)", "scalar", "x ∈ ℝⁿ; t ∈ ℝ"),
        ("sum(abs(y - a*exp(-k*x))) where x, y: vector(n)", "scalar", "a, k ∈ ℝ"),
        ("(X@w - y)/k", "vector(m)", "X ∈ ℝᵐˣⁿ; w ∈ ℝⁿ; y ∈ ℝᵐ; k ∈ ℝ"),
        ("logdet(A + t*x x')", "scalar", "A ∈ ℝⁿˣⁿ; t ∈ ℝ; x ∈ ℝⁿ"),
        # inverses
        ("(x - m)' S^-1 (x - m)", "scalar", "x, m ∈ ℝⁿ; S ∈ ℝⁿˣⁿ"),
        ("X^-1", "matrix(n, n)", "X ∈ ℝⁿˣⁿ"),
        ("X⁻¹ + Y", "matrix(n, n)", "X, Y ∈ ℝⁿˣⁿ"),
        ("N^-1 sum(x)", "scalar", "N ∈ ℝ; x ∈ ℝⁿ"),
        ("x^-1 + 1", "scalar", "x ∈ ℝ"),
        # exponents
        ("sum(abs(x)^p)^(1/p)", "scalar", "x ∈ ℝⁿ; p ∈ ℝ"),
        ("sum(x**p)", "scalar", "x ∈ ℝⁿ; p ∈ ℝ"),
        ("sum(a^x)", "scalar", "a ∈ ℝ; x ∈ ℝⁿ"),
        # names that begin with a capital letter
        ("softmax(X Wq (X Wk)'/sqrt(d), axis=1) X Wv", "matrix(m, p)", "X ∈ ℝᵐˣⁿ; Wq, Wk ∈ ℝⁿˣᵏ; d ∈ ℝ; Wv ∈ ℝⁿˣᵖ"),
        ("tanh(Wh h + Wx x + b)", "vector(m)", "Wh ∈ ℝᵐˣⁿ; h ∈ ℝⁿ; Wx ∈ ℝᵐˣᵏ; x ∈ ℝᵏ; b ∈ ℝᵐ"),
        ("sigmoid(Wz@x + Uz@h)", "vector(m)", "Wz ∈ ℝᵐˣⁿ; x ∈ ℝⁿ; Uz ∈ ℝᵐˣᵏ; h ∈ ℝᵏ"),
        ("x' Wq Wk' y", "scalar", "x ∈ ℝᵐ; Wq ∈ ℝᵐˣⁿ; Wk ∈ ℝᵏˣⁿ; y ∈ ℝᵏ"),
        ("x' Wq' y", "scalar", "x ∈ ℝⁿ; Wq ∈ ℝᵐˣⁿ; y ∈ ℝᵐ"),
        ("||Xtest w - y||", "scalar", "Xtest ∈ ℝᵐˣⁿ; w ∈ ℝⁿ; y ∈ ℝᵐ"),
        ("(Xw)' y + Ax.y + y' Ax", "scalar", "Xw, y, Ax ∈ ℝⁿ"),
        ("||Ax - b|| + 2 Loss", "scalar", "Ax, b ∈ ℝⁿ; Loss ∈ ℝ"),
    ],
)  # fmt: skip
def test_defaults(text: str, result: str, assumptions: str) -> None:
    found = inferred(text)
    assert str(found.shapes[found.program.body]) == result
    assert "; ".join(found.assumptions()) == assumptions


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("x[2] where x: vector(3)", "scalar"),
        ("X[2] where X: matrix(m, n)", "vector(n)"),
        ("X[2,:] where X: matrix(m, n)", "vector(n)"),
        ("X[:,2] where X: matrix(m, n)", "vector(m)"),
        ("x[n] where x: vector(n)", "scalar"),
        ("x y' where x: vector(m), y: vector(n)", "matrix(m, n)"),
        ("x' where x: vector(n)", "row(n)"),
        ("2^x where x: vector(n)", "vector(n)"),
        ("x^2 where x: row(n)", "row(n)"),
        ("A^3 where A: matrix(n, n)", "matrix(n, n)"),
        ("A ** 2 where A: matrix(m, n)", "matrix(m, n)"),
        ("x > 0 where x: vector(n)", "vector(n)"),
        ("max(0, x, y) where x: vector(n), y: scalar", "vector(n)"),
        ("where(x > 0, 1, y) where x: vector(n)", "vector(n)"),
        ("diag(x) where x: vector(n)", "matrix(n, n)"),
        ("diag(X) where X: matrix(n, n)", "vector(n)"),
        ("solve(A, B) where A: matrix(n, n), B: matrix(n, k)", "matrix(n, k)"),
        ("[[1, 2, 3], [4, 5, 6]]", "matrix(2, 3)"),
        ("[1, 2; 3, 4]", "matrix(2, 2)"),
        ("[x; y; 1] where x: vector(n), y: vector(m)", "vector(m + n + 1)"),
        ("[x; x] where x: vector(n)", "vector(2*n)"),
        ("eye(3)", "matrix(3, 3)"),
        ("ones(m, n)", "matrix(m, n)"),
        ("X ones(n) where X: matrix(m, n)", "vector(m)"),
        ("g(x) where g: R^n -> R^m", "vector(m)"),
        ("sum(X_i for i in 1..m) where X: matrix(m, n)", "vector(n)"),
        ("S where S: symmetric", "matrix(n, n)"),
    ],
)
def test_result(text: str, result: str) -> None:
    assert shape(text) == result


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("sum(x_i for i in 1..len(x))", "i 1..n"),
        ("sum(X_ij for i in 1..rows(X) for j in 1..cols(X))", "i 1..m, j 1..n"),
        ("sum(x_i y_j for i in 1..3 for j in 1..M)", "i 1..3, j 1..M"),
        ("sum(x_i for i) where x: vector(n)", "i 1..n"),
    ],
)
def test_ranges(text: str, ranges: str) -> None:
    found = inferred(text).ranges.items()
    assert ", ".join(f"{clause.index.name} {start}..{size}" for clause, (start, size) in found) == ranges


@pytest.mark.parametrize(
    ("text", "message", "help_"),
    [
        ("sum((x - m)' S^-1 (x - m))", "`sum` is taken of one number, if S is a matrix",
         "write `(x - m)' S^-1 (x - m)` alone"),
        ("log(sum(exp(-x' A x)))", "`sum` is taken of one number, if A is a matrix",
         "write `exp(-x' A x)` alone"),
    ],
)  # fmt: skip
def test_a_capital_in_a_product_is_no_vector_for_the_sake_of_a_sum(text: str, message: str, help_: str) -> None:
    with pytest.raises(ShapeError) as caught:
        inferred(text)
    assert (caught.value.message, caught.value.help) == (message, help_)


@pytest.mark.parametrize("text", ["||A||_2^2", "||A - 2*B||_1", "norm(X, inf)", "||X||_p", "norm2(X)"])
def test_vector_norms_of_capital_letters_are_refused(text: str) -> None:
    with pytest.raises(NotSupportedError, match="of a matrix") as caught:
        inferred(text)
    assert "for the Frobenius norm" in str(caught.value.help)


def test_dot_products_of_capital_letters_are_refused() -> None:
    with pytest.raises(NotSupportedError, match="of matrices") as caught:
        inferred("⟨X, Y⟩")
    assert caught.value.help == "write `tr((X)' (Y))`; capital letters that are vectors must be declared"


@pytest.mark.parametrize(
    ("text", "assumptions"),
    [
        ("||Y - X w||_2", "Y ∈ ℝᵐ; X ∈ ℝᵐˣⁿ; w ∈ ℝⁿ"), ("||X||_F", "X ∈ ℝᵐˣⁿ"), ("||X||_2 where X: vector(n)", ""),
        ("||X[1]||_2", "X ∈ ℝᵐˣⁿ"), ("||diag(X)||_1", "X ∈ ℝⁿˣⁿ"),
    ],
)  # fmt: skip
def test_vector_norms_of_vectors(text: str, assumptions: str) -> None:
    assert "; ".join(inferred(text).assumptions()) == assumptions


def test_stretching_is_recorded() -> None:
    found = inferred("A/x + r + 2 where A: matrix(n, n), x: vector(n), r: row(n)")
    assert [(s.span.excerpt, s.caption) for s in found.stretched] == [
        ("A/x", "x stretches over the columns of A"),
        ("A/x + r", "r stretches over the rows of A/x"),
    ]
    assert inferred("2*A + 1 where A: matrix(m, n)").stretched == ()


def test_targets_have_shapes() -> None:
    def target(text: str, wrt: str, *free: str) -> str:
        found = inferred(text, wrt, free)
        return ", ".join(str(found.shapes[t]) for t in found.targets)

    assert target("w.x + b", "w, b") == "vector(n), scalar"
    assert target("w.x", "[w, x]") == "vector(2*n)"
    assert target("w.x + b", "[w; b]") == "vector(n + 1)"
    assert target("z = W x; sum(z)", "z", "z") == "vector(m)"
    assert target("w.x", "x[2]") == "scalar"
    assert target("x where q: vector(k)", "q") == "vector(k)"


def test_symbols() -> None:
    found = inferred("z = w.x + b; z^2 where w: positive vector(n)", "z", ("z",))
    n = dim("n")
    assert {s.name: (s.shape, sorted(s.properties), s.declared) for s in found.symbols.values()} == {
        "w": (vector(n), ["positive"], True), "x": (vector(n), [], False), "b": (SCALAR, [], False), "z": (SCALAR, [], True),
    }  # fmt: skip
    assert [symbol.name for symbol in found.assumed] == ["x", "b"]


def test_functions() -> None:
    found = inferred("f(y) + h(y) + g(x) where g: R^n -> R^m, h: elementwise")
    n, m = vector(dim("n")), vector(dim("m"))
    assert str(found.shapes[found.program.body]) == "vector(m)"
    assert found.functions["g"] == FunctionSymbol("g", False, (n,), m, True)
    assert found.functions["h"].declared
    assert found.functions["h"].elementwise
    assert not found.functions["f"].declared


def test_every_node_has_a_shape() -> None:
    found = inferred("p = [[a, b], [c, d]] u; sum(X_ij * v_i for i in 1..m for j in 1..n) + norm(p)", "u")
    for root in (found.program.body, *(b.value for b in found.program.bindings), *found.targets):
        for node in postorder(root):
            if isinstance(node, Name):
                assert node in found.roles
                assert node in found.shapes or found.roles[node] in ("index", "dimension")
            else:
                assert node in found.shapes
            if isinstance(node, Index):
                assert found.shapes[node] == SCALAR
            if isinstance(node, Stack) and node.separator == "," and all(isinstance(item, Name) for item in node.items):
                assert found.shapes[node] == row(dim(2))


def test_extra_declarations() -> None:
    found = infer(parse_program("A x"), declared=parse_declarations("A: matrix(p, q), sum(x) = 1"))
    assert found.shapes[found.program.body] == Shape("vector", (dim("p"),))
    assert found.symbols["A"].shape == matrix(dim("p"), dim("q"))
    assert len(found.facts) == 1


A_X = "A: matrix(m, n), x: vector(n)"


@pytest.mark.parametrize(
    ("text", "message", "help_"),
    [
        (f"A * x + b where {A_X}", "`A * x` multiplies element by element, but A is a matrix(m, n) and x is a vector(n)",
         "write `A @ x` (or `A x`) for the matrix product"),
        (f"(A + 1)*x where {A_X}",
         "`(A + 1)*x` multiplies element by element, but A + 1 is a matrix(m, n) and x is a vector(n)",
         "write `(A + 1) @ x` (or `(A + 1) x`) for the matrix product"),
        ("x*A where A: matrix(m, n), x: vector(n)",
         "`x*A` multiplies element by element, but x is a vector(n) and A is a matrix(m, n)",
         "write `x' A` for the product of a row and a matrix"),
        (f"A + x where {A_X}", "`A + x` adds element by element, but A is a matrix(m, n) and x is a vector(n)",
         "a vector stretches over the columns of a matrix; for the rows write `x'`"),
        ("x + y' where x, y: vector(n)", "`x + y'` adds element by element, but x is a vector(n) and y' is a row(n)",
         "transpose one of the two; an outer product is `x y'`"),
        ("x - y where x: vector(n), y: vector(m)",
         "`x - y` subtracts element by element, but x is a vector(n) and y is a vector(m)", None),
        ("x.T * A * x", "`x.T` would be the transpose of a number",
         "`*` multiplies element by element; for a product of matrices write `x' A x` or `x' @ A @ x`"),
        ("(2 - x')*x", "`x'` would be the transpose of a number",
         "`*` multiplies element by element; for a product of matrices write `x' A x` or `x' @ A @ x`"),
        ("A . b where A: matrix(m, n), b: scalar", "`A . b` is a product of linear algebra, but b is a scalar",
         "write `A * b`"),
        ("X w where X: matrix(m, n), w: vector(k)", "`X w`: X is a matrix(m, n), w a vector(k); n and k differ", None),
        ("x . y where x: vector(n), y: vector(m)", "`x . y`: x is a vector(n), y a vector(m); n and m differ",
         "an outer product is `x y'`"),
        ("x A where A: matrix(m, n), x: vector(m)", "`x A`: x is a vector(m), A a matrix(m, n)",
         "write `x' A` for the product of a row and a matrix"),
        ("A r where A: matrix(m, n), r: row(n)", "`A r`: A is a matrix(m, n), r a row(n)",
         "write `A r'` for the product of a matrix and a vector"),
        ("r r where r: row(n)", "`r r`: r is a row(n), r a row(n)", "write `r r'` for the dot product"),
        ("inv(A) where A: matrix(m, n)", "`inv` takes a square matrix, but A is a matrix(m, n)", None),
        ("det(softmax(x))", "`det` takes a square matrix, but softmax(x) is a vector(n)", None),
        ("tr(x) where x: vector(n)", "`tr` takes a square matrix, but x is a vector(n)", None),
        ("sum(z) where z: scalar", "`sum` takes a vector, a row or a matrix, but z is a scalar", "write `z` alone"),
        ("‖z‖ where z: scalar", "`‖z‖` takes a vector, a row or a matrix, but z is a scalar", "write `abs(z)`"),
        ("max(x, y') where x, y: vector(n)", "`max` works element by element, but x is a vector(n) and y' is a row(n)", None),
        ("dot(x, y) where x: vector(n), y: vector(m)", "`dot(x, y)`: x is a vector(n), y a vector(m); n and m differ",
         "an outer product is `x y'`"),
        ("g(y) where g: R^n -> R^m, y: vector(m)", "`g` takes a vector(n), but y is a vector(m)", None),
        ("A^2 where A: matrix(m, n)", "`A^2`: a power needs a square matrix, but A is a matrix(m, n)",
         "write `A ** 2` for the power of each element"),
        ("A^-1 where A: matrix(m, n)", "`A^-1`: the inverse needs a square matrix, but A is a matrix(m, n)",
         "write `A ** -1` for the power of each element"),
        ("x[2] where x: scalar", "`x[2]` selects an element, but x is a scalar", None),
        ("x[1,2] where x: vector(n)", "`x[1,2]` has 2 subscripts, but x is a vector(n)", None),
        ("x[4] where x: vector(3)", "`x[4]` is beyond the end: x is a vector(3)", None),
        ("sum(x_i for i in 1..n) where x: vector(m)", "`x_i`: i runs over 1..n, but x is a vector(m); n and m differ", None),
        ("sum(2 for i)", "nothing fixes the range of the index `i`", "write `for i in 1..N`"),
        ("z = A y; z where A: matrix(m, n), z: vector(k)", "`z` is declared as vector(k), but A y is a vector(m)", None),
        ("[w; 1] + x where w, x: vector(n)", "`[w; 1]` must be a vector(n) here, but w is a vector(n), 1 is a scalar", None),
        ("[[1, 2], [3]]", "the rows of a matrix have 2 and 1 entries", None),
        ("tr(X^(k/2))", "`tr` takes a square matrix, but X^(k/2) is a scalar or vector",
         "`X^(k/2)` is a power of numbers; that of a matrix must be a whole number, such as 3"),
        ("2 × 3", "`2 × 3` takes a vector and a vector, but 2 is a scalar and 3 is a scalar",
         "write `2 * 3` for the element-wise product, `2 @ 3` (or `2 3`) for the matrix product"),
        ("A \\ x where A: matrix(m, n)", "`A \\ x`: A is a matrix(m, n), x a vector(k); m and n differ",
         "a square matrix is needed; for least squares write `pinv(A) x`"),
    ],
)  # fmt: skip
def test_what_does_not_fit(text: str, message: str, help_: str | None) -> None:
    with pytest.raises(ShapeError) as caught:
        inferred(text)
    assert (caught.value.message, caught.value.help) == (message, help_)
    assert caught.value.span is not None


@pytest.mark.parametrize(
    ("text", "message", "help_"),
    [
        ("A^0.5 where A: matrix(n, n)", "not supported: `A^0.5`, a matrix to a power that is not a whole number",
         "write `A ** 0.5` for the power of each element"),
    ],
)  # fmt: skip
def test_not_supported(text: str, message: str, help_: str) -> None:
    with pytest.raises(NotSupportedError) as caught:
        inferred(text)
    assert (caught.value.message, caught.value.help) == (message, help_)


def test_an_error_points_at_the_operator_and_the_declaration() -> None:
    with pytest.raises(ShapeError) as caught:
        inferred(f"sin(A * x) + inv(A) where {A_X}")
    assert str(caught.value) == (
        "`A * x` multiplies element by element, but A is a matrix(m, n) and x is a vector(n)\n"
        "  sin(A * x) + inv(A) where A: matrix(m, n), x: vector(n)\n"
        "        ^\n"
        "x is declared here as vector(n)\n"
        "  sin(A * x) + inv(A) where A: matrix(m, n), x: vector(n)\n"
        "                                             ^\n"
        "help: write `A @ x` (or `A x`) for the matrix product"
    )


def test_the_innermost_operator_is_blamed() -> None:
    with pytest.raises(ShapeError) as caught:
        inferred(f"inv(det(x + x)) + A A where {A_X}")
    assert caught.value.message == "`det` takes a square matrix, but x + x is a vector(n)"


@pytest.mark.parametrize(
    "text",
    [
        "sin(" * 19_000 + "x" + ")" * 19_000,
        "x + (" * 15_000 + "x" + ")" * 15_000,
        "A (" * 9_000 + "x" + ")" * 9_000,
        "[" + "x; " * 900 + "1]",
        "+".join(["x"] * 50_000),
        "norm(" + "+".join(f"x{i}" for i in range(15_000)) + ")",
    ],
    ids=["calls", "sums", "products", "stacks", "terms", "names"],
)
def test_large_programs_are_no_problem(text: str) -> None:
    found = infer(parse_program(text))
    assert found.program.body in found.shapes


def test_the_same_program_gives_the_same_answer() -> None:
    text = "sum(relu(X W1 + b1') W2) + norm(u - v)*k"
    assert inferred(text).assumptions() == inferred(text).assumptions()


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("sum_{i=1}^N (y_i - w^T x_i)^2", {"y": "vector(N)", "w": "vector(n)", "x": "matrix(N, n)"}),
        ("sum_{i=1}^N log(1 + exp(-y_i w'x_i))", {"y": "vector(N)", "w": "vector(n)", "x": "matrix(N, n)"}),
        ("sum_i ||x_i - mu||^2", {"x": "matrix(m, n)", "mu": "vector(n)"}),
        ("sum_i (x_i - mu)' S^-1 (x_i - mu)", {"x": "matrix(m, n)", "mu": "vector(n)", "S": "matrix(n, n)"}),
        ("sum_{i,j} (m_ij - u_i'v_j)^2", {"m": "matrix(m, n)", "u": "matrix(m, k)", "v": "matrix(n, k)"}),
        ("sum_i ||W x_i - y_i||^2", {"W": "matrix(m, n)", "x": "matrix(k, n)", "y": "matrix(k, m)"}),
        ("sum_i x_i y_i", {"x": "vector(n)", "y": "vector(n)"}),
        ("sum(a_i*b_j*M[i,j] for i in 1..m, j in 1..n)", {"a": "vector(m)", "b": "vector(n)", "M": "matrix(m, n)"}),
        ("x'x where x ∈ R^(n×1)", {"x": "vector(n)"}), ("x x' where x ∈ R^(1×n)", {"x": "row(n)"}),
    ],
)  # fmt: skip
def test_rows_of_data(text: str, shapes: dict[str, str]) -> None:
    """The x_i of `w^T x_i` is a row of data; what stands alone with an index is a number."""
    found = infer(parse_program(text))
    assert {name: str(symbol.shape) for name, symbol in found.symbols.items()} == shapes


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("sum(A, axis=0)'", "vector(n)"), ("x . sum(A, axis=0)'", "scalar"), ("x . sum(A, axis=0)", "scalar"),
        ("v sum(A, axis=0)", "matrix(k, n)"), ("sum(A, axis=0) x", "scalar"), ("A + sum(A, axis=0)", "matrix(m, n)"),
        ("A sum(A, axis=0)'", "vector(m)"), ("sum(A, axis=0)' sum(A, axis=0)", "matrix(n, n)"),
        ("A' + sum(A, axis=0)'", "matrix(n, m)"),
        ("[A; sum(A, axis=0)]", "matrix(m + 1, n)"), ("sum(A, axis=0)", "row(n)"),
    ],
)  # fmt: skip
def test_sums_down_the_columns_are_rows(text: str, shape: str) -> None:
    found = inferred(f"{text} where A: matrix(m, n), x: vector(n), v: vector(k)")
    assert str(found.shapes[found.program.body]) == shape


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        ("norm1(A)", "write `sum(abs(A))` for that of all entries, `max(sum(abs(A), axis=0))` for the induced norm"),
        ("norm(A, 1)", "write `sum(abs(A))` for that of all entries, `max(sum(abs(A), axis=0))` for the induced norm"),
        ("||A||_inf", "write `max(abs(A))` for that of all entries, `max(sum(abs(A), axis=1))` for the induced norm"),
        ("norm(A, 3)", "write `sum(abs(A) ** 3)^(1/3)` for that of all entries"),
        ("norm(A, 2)", "write `normF(A)` for the Frobenius norm"),
    ],
)  # fmt: skip
def test_norms_of_matrices_are_ambiguous(text: str, help_: str) -> None:
    with pytest.raises(ShapeError) as caught:
        inferred(f"{text} where A: matrix(m, n)")
    assert caught.value.help == help_


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("sum(A, axis=1, keepdims=True)", "vector(m)"), ("A + mean(A, axis=1, keepdims=true)", "matrix(m, n)"),
        ("sum(A, axis=0, keepdims=True)", "row(n)"), ("sum(A, keepdims=True, axis=0) v'", None),
        ("sum(A, axis=0, keepdims=False) . x", "scalar"), ("max(A, axis=0, keepdims=True)'", "vector(n)"),
        ("x . sum(A, axis=0, keepdims=True)", "matrix(n, n)"),
    ],
)  # fmt: skip
def test_keepdims(text: str, shape: str | None) -> None:
    program = f"{text} where A: matrix(m, n), x: vector(n), v: vector(k)"
    if shape is None:
        with pytest.raises(ShapeError):
            inferred(program)
    else:
        found = inferred(program)
        assert str(found.shapes[found.program.body]) == shape


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("ones(k*n)", "vector(k*n)"), ("ones(n - 1, 2*n + 1)", "matrix(n - 1, 2*n + 1)"), ("eye(n*n)", "matrix(n*n, n*n)"),
        ("x' ones(n+n)", "scalar"), ("ones(2*3)", "vector(6)"),
    ],
)
def test_sizes_made_of_others(text: str, shape: str) -> None:
    found = inferred(f"{text} where z: vector(n), v: vector(k)")
    assert str(found.shapes[found.program.body]) == shape


@pytest.mark.parametrize(
    ("text", "error"),
    [("ones(n/2)", NotSupportedError), ("ones(-n)", NotSupportedError), ("ones(2 - 3)", ShapeError),
     ("sum(sum(ones(i*2)) for i in 1..n)", NotSupportedError)],
)  # fmt: skip
def test_what_is_no_size(text: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"size|dimension"):
        inferred(f"{text} where z: vector(n)")
