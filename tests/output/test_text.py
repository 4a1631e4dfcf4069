"""Text output: each kind of node, built by hand, and the line it prints as. Other tests use its makers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from matcalc.language.dimensions import SCALAR, Dim, Shape, dim, matrix, row, vector
from matcalc.language.parse import parse_expression
from matcalc.limits import MAX_PRINTED
from matcalc.notation import matrix as m
from matcalc.notation.matrix import Answer, Expression
from matcalc.output.text import expression, text

M, N, K = dim("m"), dim("n"), dim("k")

w, x, y, a, v = (m.Symbol(vector(N), name) for name in "wxyav")
b_vector, u = m.Symbol(vector(M), "b"), m.Symbol(vector(M), "u")
t, z, b, c, lam = (m.Symbol(SCALAR, name) for name in ("t", "z", "b", "c", "lam"))
p, q = m.Symbol(SCALAR, "p"), m.Symbol(SCALAR, "q")
X, W = m.Symbol(matrix(M, N), "X"), m.Symbol(matrix(M, N), "W")
A, B, S = (m.Symbol(matrix(N, N), name) for name in "ABS")
size = m.Size(SCALAR, N)


def number(value: int | Fraction) -> m.Number:
    """A non-negative rational number."""
    return m.Number(SCALAR, value)


def times(*factors: Expression, by: int | Fraction = 1, over: tuple[Expression, ...] = ()) -> m.Product:
    """A product with a coefficient and divisors."""
    return m.Product(factors[-1].shape if factors else SCALAR, by, factors, over)


def minus(expr: Expression) -> m.Product:
    """A negated expression."""
    return times(expr, by=-1)


def plus(*terms: Expression) -> m.Sum:
    """A sum; its shape is that of the first term that is not scalar."""
    shapes = [term.shape for term in terms if term.shape != SCALAR]
    return m.Sum(shapes[0] if shapes else SCALAR, terms)


def matmul(*factors: Expression) -> m.MatMul:
    """A product of matrices, vectors and rows."""
    return m.MatMul(_joined(_ends(factors[0])[0], _ends(factors[-1])[1]), factors)


def _ends(expr: Expression) -> tuple[Dim, Dim]:
    kind, dims = expr.shape
    one = dim(1)
    return {"vector": (dims[0], one), "row": (one, dims[0]), "matrix": (dims[0], dims[-1])}[kind]


def _joined(rows: Dim, columns: Dim) -> Shape:
    one = dim(1)
    if rows == one:
        return SCALAR if columns == one else row(columns)
    return vector(rows) if columns == one else matrix(rows, columns)


def transpose(expr: Expression) -> m.Transpose:
    """A transpose."""
    rows, columns = _ends(expr)
    return m.Transpose(_joined(columns, rows), expr)


def hadamard(*factors: Expression, over: tuple[Expression, ...] = ()) -> m.Hadamard:
    """An element-wise product and quotient."""
    return m.Hadamard((factors + over)[0].shape, factors, over)


def dot(left: Expression, right: Expression) -> m.Dot:
    """A dot product."""
    return m.Dot(SCALAR, left, right)


def power(base: Expression, exponent: int | Fraction | Expression) -> m.Power:
    """A power."""
    if isinstance(exponent, int | Fraction):
        exponent = number(exponent) if exponent >= 0 else m.Product(SCALAR, exponent, (), ())
    return m.Power(base.shape, base, exponent)


def call(name: str, *operands: Expression, shape: Shape | None = None) -> m.Function:
    """An operation of the table; element-wise unless a shape is given."""
    return m.Function(operands[-1].shape if shape is None else shape, name, operands)


def inverse(expr: Expression) -> m.Inverse:
    """An inverse."""
    return m.Inverse(expr.shape, expr)


def norm(expr: Expression) -> m.Norm:
    """A norm."""
    return m.Norm(SCALAR, expr)


def diag(expr: Expression) -> m.Diagonal:
    """`diag`, of a vector or of a matrix."""
    size = expr.shape.dims[0]
    return m.Diagonal(matrix(size, size) if expr.shape.kind == "vector" else vector(size), expr)


def compare(left: Expression, sign: str, right: Expression) -> m.Comparison:
    """A comparison."""
    return m.Comparison(left.shape, sign, left, right)


def bracket(left: Expression, sign: str, right: Expression) -> m.Indicator:
    """An Iverson bracket."""
    return m.Indicator(left.shape, compare(left, sign, right))


def ones(shape: Shape) -> m.Ones:
    """Ones."""
    return m.Ones(shape)


def zeros(shape: Shape) -> m.Zeros:
    """Zeros."""
    return m.Zeros(shape)


def identity() -> m.Identity:
    """The n×n identity."""
    return m.Identity(matrix(N, N))


def unknown(name: str, orders: tuple[int, ...], *operands: Expression) -> m.Unknown:
    """An unknown function."""
    return m.Unknown(operands[0].shape, name, orders, operands)


def element(expr: Expression, *indices: str) -> m.Element:
    """An element."""
    return m.Element(SCALAR, expr, indices)


def indexed_sum(body: Expression, *indices: tuple[str, Dim]) -> m.IndexedSum:
    """A sum over indices."""
    return m.IndexedSum(SCALAR, body, indices)


def vertical(*blocks: Expression, shape: Shape) -> m.Stack:
    """Blocks under each other."""
    return m.Stack(shape, blocks, 0)


def horizontal(*blocks: Expression, shape: Shape) -> m.Stack:
    """Blocks side by side."""
    return m.Stack(shape, blocks, 1)

E_ = plus(matmul(X, w), minus(b_vector))
s = m.Symbol(vector(N), "s")

TEXTS: list[tuple[Expression, str]] = [
    # names, numbers, constants
    (x, "x"), (m.Symbol(vector(N), "w_hat"), "w_hat"), (lam, "lam"), (number(3), "3"), (number(Fraction(2, 3)), "2/3"),
    (times(by=Fraction(-2, 3)), "-2/3"), (times(by=0), "0"), (size, "n"), (m.Size(SCALAR, N + dim(1)), "n + 1"),
    (m.Size(SCALAR, N + N), "2 n"), (identity(), "I"), (ones(row(N)), "1ᵀ"), (transpose(ones(vector(N))), "1ᵀ"),
    (ones(vector(N)), "ones(n)"), (ones(matrix(M, N)), "ones(m, n)"), (zeros(row(N)), "0ᵀ"), (zeros(SCALAR), "0"),
    (transpose(zeros(vector(N))), "0ᵀ"), (zeros(vector(N)), "zeros(n)"), (zeros(matrix(M, N)), "zeros(m, n)"),
    # sums
    (plus(p, q), "p + q"), (plus(p, minus(q)), "p - q"), (plus(minus(p), q), "-p + q"),
    (plus(p, minus(plus(q, z))), "p - (q + z)"),
    (plus(p, plus(q, z)), "p + (q + z)"), (plus(number(1), times(z, by=2)), "1 + 2 z"), (plus(x, number(1)), "x + 1"),
    # products of numbers
    (times(p, q, by=2), "2 p q"), (times(plus(p, number(1)), by=2), "2 (p + 1)"), (times(plus(p, number(1)), q), "(p + 1) q"),
    (times(z, by=Fraction(1, 2)), "z/2"), (times(z, by=Fraction(-1, 2)), "-z/2"), (times(over=(z,)), "1/z"),
    (times(by=2, over=(z,)), "2/z"), (times(p, q, over=(b, c)), "p q / (b c)"), (times(p, over=(plus(q, z),)), "p / (q + z)"),
    (times(power(z, 2), call("cos", power(z, 3)), by=6, over=(call("sin", power(z, 3)),)), "6 z² cos(z³) / sin(z³)"),
    (times(plus(p, q), over=(size,)), "(p + q) / n"), (times(times(p, over=(q,)), z), "(p/q) z"),
    (times(dot(w, x), by=2), "2 w·x"), (times(dot(w, x), z), "(w·x) z"), (times(p, over=(dot(w, x),)), "p/(w·x)"),
    (times(p, bracket(z, ">", number(0))), "p * [z > 0]"), (times(power(number(3), p), by=2), "2 * 3^p"),
    (times(number(1), over=(power(z, 2),)), "1/z²"), (times(z, power(number(3), p)), "z * 3^p"),
    # products of arrays
    (times(matmul(transpose(E_), X), by=2), "2 (X w - b)ᵀ X"),
    (times(matmul(transpose(E_), X), by=2, over=(size,)), "(2/n) (X w - b)ᵀ X"),
    (times(z, ones(row(N))), "z 1ᵀ"), (times(ones(row(N)), by=2), "2 * 1ᵀ"), (times(transpose(x), over=(norm(x),)), "xᵀ/‖x‖"),
    (times(p, x, over=(q,)), "(p/q) x"), (times(x, by=Fraction(1, 2)), "x/2"), (times(hadamard(x, y), by=2), "2 (x ⊙ y)"),
    (times(hadamard(over=(x,)), by=2), "2 ⊘ x"), (minus(hadamard(over=(x,))), "-1 ⊘ x"),
    (times(p, hadamard(over=(x,)), over=(q,)), "(p/q) ⊘ x"), (times(plus(x, y), by=3), "3 (x + y)"),
    (times(bracket(x, ">", number(0)), by=2), "2 * [x > 0]"),
    (minus(matmul(inverse(A), a, transpose(v), inverse(A))), "-A⁻¹ a vᵀ A⁻¹"),
    (times(call("det", A, shape=SCALAR), inverse(A)), "det(A) A⁻¹"),
    # linear algebra
    (matmul(transpose(x), plus(A, transpose(A))), "xᵀ (A + Aᵀ)"), (matmul(transpose(x), A, x), "xᵀ A x"), (dot(w, x), "w·x"),
    (dot(plus(w, a), x), "(w + a)·x"), (dot(matmul(A, w), x), "(A w)·x"), (hadamard(x, y, over=(v,)), "x ⊙ y ⊘ v"),
    (hadamard(over=(x,)), "1 ⊘ x"), (hadamard(x, matmul(A, w)), "x ⊙ (A w)"), (hadamard(x, plus(y, v)), "x ⊙ (y + v)"),
    (hadamard(x, over=(y, v)), "x ⊘ y ⊘ v"), (matmul(diag(hadamard(s, plus(number(1), minus(s)))), W), "diag(s ⊙ (1 - s)) W"),
    (transpose(matmul(A, x)), "(A x)ᵀ"), (transpose(power(x, 2)), "(x²)ᵀ"), (inverse(A), "A⁻¹"), (transpose(inverse(A)), "A⁻ᵀ"),
    (inverse(transpose(A)), "A⁻ᵀ"), (inverse(plus(A, B)), "(A + B)⁻¹"), (m.MatrixPower(A.shape, A, 3), "A³"),
    (m.MatrixPower(A.shape, transpose(A), 2), "(Aᵀ)²"), (m.Kronecker(matrix(N + N, N + N), (transpose(B), A)), "Bᵀ ⊗ A"),
    (call("tr", matmul(A, B), shape=SCALAR), "tr(A B)"), (matmul(A, bracket(B, ">", number(0))), "A ([B > 0])"),
    (norm(x), "‖x‖"), (power(norm(x), 2), "‖x‖²"), (norm(times(x, over=(norm(x),))), "norm(x/‖x‖)"),
    # powers
    (power(z, 2), "z²"), (power(z, -2), "z⁻²"), (power(z, 12), "z¹²"), (power(z, Fraction(1, 2)), "sqrt(z)"),
    (power(z, -1), "1/z"),
    (power(z, Fraction(3, 2)), "z^(3/2)"), (power(z, Fraction(-1, 2)), "1/sqrt(z)"), (power(z, plus(p, q)), "z^(p + q)"),
    (power(z, p), "z^p"), (power(plus(z, p), 2), "(z + p)²"), (power(power(z, p), 2), "(z^p)²"), (power(A, 2), "A**2"),
    (power(call("cos", z), 2), "cos(z)²"), (power(x, -1), "1 ⊘ x"), (power(z, power(p, 2)), "z^(p²)"),
    # functions and conditions
    (call("sigmoid", plus(matmul(X, w), b_vector)), "σ(X w + b)"), (call("max", number(0), z), "max(0, z)"),
    (call("sum", x, shape=SCALAR), "sum(x)"), (bracket(plus(matmul(X, w), b), ">", number(0)), "[X w + b > 0]"),
    (bracket(z, ">=", p), "[z ≥ p]"), (bracket(z, "<=", p), "[z ≤ p]"), (call("greater", z, p), "[z > p]"),
    (call("where", bracket(z, ">", number(0)), p, q), "where(z > 0, p, q)"),
    (matmul(A, plus(w, x)), "A (w + x)"),
    (times(m.Cases(SCALAR, ((p, compare(z, ">", p)), (q, compare(z, "<=", p)))), by=2), "2 where(z > p, p, q)"),
    # stacks
    (vertical(p, q, shape=vector(dim(2))), "[p; q]"), (horizontal(p, q, shape=row(dim(2))), "[p, q]"),
    (vertical(transpose(a), transpose(v), shape=matrix(dim(2), N)), "[aᵀ; vᵀ]"),
    (horizontal(A, B, shape=matrix(N, N + N)), "[A, B]"),
    (vertical(horizontal(p, q, shape=row(dim(2))), horizontal(b, c, shape=row(dim(2))), shape=matrix(dim(2), dim(2))),
     "[[p, q], [b, c]]"),
    (vertical(horizontal(A, B, shape=matrix(N, N + N)), horizontal(B, A, shape=matrix(N, N + N)), shape=matrix(N + N, N + N)),
     "[A, B; B, A]"),
    # unknown functions
    (unknown("f", (0,), z), "f(z)"), (unknown("f", (1,), z), "f′(z)"), (unknown("f", (2,), z), "f″(z)"),
    (unknown("f", (4,), z), "f⁽⁴⁾(z)"),
    (unknown("f_1", (1,), z), "f_1′(z)"), (unknown("x", (1,), t), "dx/dt"), (unknown("x", (2,), t), "d²x/dt²"),
    (unknown("f", (1, 0), p, q), "∂f/∂p"), (unknown("f", (2, 0), p, q), "∂²f/∂p²"), (unknown("f", (1, 1), p, q), "∂²f/∂p∂q"),
    (unknown("f", (1, 0), plus(p, q), q), "∂₁f(p + q, q)"), (unknown("f", (0, 1), p, p), "∂₂f(p, p)"),
    (plus(times(unknown("f", (1, 0), unknown("x", (0,), t), unknown("y", (0,), t)), unknown("x", (1,), t)),
          times(unknown("f", (0, 1), unknown("x", (0,), t), unknown("y", (0,), t)), unknown("y", (1,), t))),
     "∂f/∂x · dx/dt + ∂f/∂y · dy/dt"),
    (power(unknown("x", (1,), t), 2), "(dx/dt)²"), (times(unknown("x", (1,), t), by=2), "2 dx/dt"),
    (matmul(transpose(x), diag(unknown("f", (1,), plus(matmul(A, w), a))), A), "xᵀ diag(f′(A w + a)) A"),
    # index notation
    (element(A, "i", "j"), "Aᵢⱼ"), (element(x, "i"), "xᵢ"), (element(x, "12"), "x[12]"), (element(A, "1", "12"), "A[1, 12]"),
    (element(A, "q", "j"), "A[q, j]"), (element(matmul(X, w), "i"), "(X w)ᵢ"),
    (element(m.Symbol(vector(N), "w_1"), "i"), "w_1[i]"),
    (m.Delta(SCALAR, ("i", "j")), "δᵢⱼ"), (element(call("exp", x), "i"), "exp(x)ᵢ"),
    (indexed_sum(times(element(A, "i", "j"), element(x, "j")), ("j", N)), "Σⱼ Aᵢⱼ xⱼ"),
    (times(indexed_sum(element(x, "i"), ("i", N)), by=2, over=(size,)), "(2/n) Σᵢ xᵢ"),
    (times(indexed_sum(element(x, "i"), ("i", N)), z), "(Σᵢ xᵢ) z"), (minus(indexed_sum(element(x, "i"), ("i", N))), "-Σᵢ xᵢ"),
    (indexed_sum(plus(element(x, "i"), z), ("i", N), ("j", N)), "Σᵢ Σⱼ (xᵢ + z)"),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "shown"), TEXTS, ids=[shown for _, shown in TEXTS])
def test_each_kind_of_node(expr: Expression, shown: str) -> None:
    assert expression(expr) == shown


NOT_READ_BACK = ("z 1ᵀ", "f″", "f⁽⁴⁾", "∂", "(X w)ᵢ", "exp(x)ᵢ")
"""What the input language has no spelling for: a row of ones, derivatives of unknown functions, elements of compound arrays."""


@pytest.mark.parametrize("shown", [shown for _, shown in TEXTS if not shown.startswith(NOT_READ_BACK)])
def test_text_can_be_read_by_the_input_language(shown: str) -> None:
    parse_expression(shown)


POSITIVE = compare(plus(dot(w, x), b), ">", number(0))
CASES = m.Cases(row(N), ((zeros(row(N)), compare(plus(dot(w, x), b), "<=", number(0))), (transpose(x), POSITIVE)))


def test_cases_have_a_brace() -> None:
    assert text(Answer(CASES)) == "⎧ 0ᵀ   if w·x + b ≤ 0\n⎩ xᵀ   if w·x + b > 0"


def test_three_and_four_cases() -> None:
    branches = tuple((number(k), compare(z, "==", number(k))) for k in range(4))
    assert [line[0] for line in text(Answer(m.Cases(SCALAR, branches[:3]))).split("\n")] == ["⎧", "⎨", "⎩"]
    assert [line[0] for line in text(Answer(m.Cases(SCALAR, branches))).split("\n")] == ["⎧", "⎪", "⎨", "⎩"]


def test_what_begins_with_a_digit_stands_in_brackets_after_a_matrix() -> None:
    assert text(Answer(matmul(A, m.Power(x.shape, number(2), x)))) == "A (2^x)"
    assert text(Answer(matmul(transpose(x), A, m.Power(x.shape, number(2), x)))) == "xᵀ A (2^x)"


def test_definitions_follow() -> None:
    body = matmul(diag(hadamard(s, plus(number(1), minus(s)))), A)
    answer = Answer(body, ((s, call("sigmoid", plus(matmul(A, x), a))),))
    assert text(answer) == "diag(s ⊙ (1 - s)) A   where s = σ(A x + a)"


def test_deep_expressions_print() -> None:
    expr: Expression = z
    for _ in range(8_000):
        expr = call("exp", expr)
    assert expression(expr).startswith("exp(exp(")


def test_shared_expressions_are_cut_short() -> None:
    expr: Expression = z
    for _ in range(300):
        expr = call("sin", plus(power(expr, 2), expr))
    shown = expression(expr)
    assert "…" in shown
    assert len(shown) < 20 * MAX_PRINTED


def test_wide_sums_are_cut_short() -> None:
    shown = expression(plus(*(power(z, k) for k in range(3, 30_000))))
    assert shown.startswith("z³ + z⁴")
    assert shown.endswith(" + …")


def test_huge_numbers_print() -> None:
    assert expression(number(10**5_000)) == "…"


def test_a_row_of_scalars_within_an_expression_is_not_taken_for_a_column() -> None:
    """`[a, b]` alone is a row, as papers write gradients; in the input language it is a column."""
    a, b = (m.Symbol(SCALAR, name) for name in "ab")
    line = m.Stack(row(dim(2)), (a, b), 1)
    pair = m.Symbol(vector(dim(2)), "x")
    assert expression(line) == "[a, b]"
    assert expression(matmul(pair, line)) == "x ([a; b]ᵀ)"
    assert expression(transpose(line)) == "[a; b]"
    named = m.Symbol(line.shape, "r")
    assert text(Answer(matmul(pair, named), ((named, line),))) == "x r   where r = [a; b]ᵀ"
