"""SymPy output: shapes, readable prints, and values with explicit matrices against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy

import matcalc as mc
from matcalc.errors import LimitError
from matcalc.language.dimensions import SCALAR, dim, matrix, row, vector
from matcalc.notation import matrix as m
from matcalc.notation.matrix import Answer, Expression
from matcalc.output.sympy import to_sympy
from tests.output.test_text import (
    CASES,
    TEXTS,
    A,
    B,
    M,
    N,
    W,
    X,
    a,
    b,
    b_vector,
    bracket,
    call,
    compare,
    diag,
    dot,
    element,
    hadamard,
    horizontal,
    identity,
    indexed_sum,
    inverse,
    matmul,
    minus,
    norm,
    number,
    ones,
    p,
    plus,
    power,
    q,
    s,
    size,
    times,
    transpose,
    u,
    unknown,
    v,
    vertical,
    w,
    x,
    y,
    z,
    zeros,
)  # fmt: skip

SIZES = {"m": 2, "n": 3}
_RANDOM = np.random.default_rng(7)
VALUES: dict[str, Any] = {
    **{name: _RANDOM.uniform(0.2, 1.5, (3, 1)) for name in "wxyavs"},
    **{name: _RANDOM.uniform(-1, 1, (2, 1)) for name in ("u", "b_vector")},
    **{name: _RANDOM.uniform(-1, 1, (2, 3)) for name in "XW"},
    **{name: _RANDOM.uniform(-1, 1, (3, 3)) + 2 * np.eye(3) for name in "AB"},
    "z": 0.7, "p": 1.3, "q": -0.4, "b": 0.25,
}  # fmt: skip
U = m.Symbol(vector(M), "b_vector")


def value(expr: Any) -> Any:
    """The number or array that a SymPy expression has for `VALUES`."""
    known: dict[Any, Any] = {sympy.Symbol(name, integer=True, positive=True): sympy.Integer(k) for name, k in SIZES.items()}
    for symbol in expr.atoms(sympy.MatrixSymbol):
        known[symbol] = sympy.ImmutableDenseMatrix(VALUES[symbol.name])
    for symbol in expr.free_symbols:
        if isinstance(symbol, sympy.Symbol) and symbol.name in VALUES:
            known[symbol] = sympy.Float(VALUES[symbol.name])
    result = expr.xreplace(known).doit()
    if isinstance(result, sympy.MatrixBase):  # nothing is left as it was
        return np.array(result.evalf().tolist(), dtype=float)
    return float(result)


def sigma(values: Any) -> Any:
    return 1 / (1 + np.exp(-values))


def soft(values: Any) -> Any:
    return np.exp(values) / np.exp(values).sum()


RESIDUAL = plus(matmul(X, w), minus(U))
NUMBERS: list[tuple[Expression, Callable[..., Any]]] = [
    (times(matmul(transpose(RESIDUAL), X), by=2, over=(size,)), lambda k: 2 / 3 * (k.X @ k.w - k.b_vector).T @ k.X),
    (matmul(transpose(x), plus(A, transpose(A))), lambda k: k.x.T @ (k.A + k.A.T)),
    (times(matmul(transpose(x), A, x), z, by=3), lambda k: 3 * k.z * (k.x.T @ k.A @ k.x)[0, 0]),
    (matmul(diag(hadamard(s, plus(number(1), minus(s)))), A), lambda k: np.diagflat(k.s * (1 - k.s)) @ k.A),
    (call("sigmoid", plus(matmul(X, w), b)), lambda k: sigma(k.X @ k.w + k.b)),
    (bracket(plus(matmul(X, w), b), ">", number(0)), lambda k: (k.X @ k.w + k.b > 0) * 1.0),
    (bracket(A, "<=", B), lambda k: (k.A <= k.B) * 1.0),
    (matmul(bracket(A, ">", number(1)), x), lambda k: (k.A > 1) * 1.0 @ k.x),
    (call("max", number(1), x), lambda k: np.maximum(1, k.x)),
    (call("max", z, p), lambda k: max(k.z, k.p)),
    (call("where", bracket(x, ">", y), x, number(2), shape=vector(N)), lambda k: np.where(k.x > k.y, k.x, 2)),
    (call("relu", minus(x)), lambda k: np.maximum(0, -k.x)), (call("softplus", x), lambda k: np.log1p(np.exp(k.x))),
    (call("step", q), lambda k: 0), (CASES, lambda k: k.x.T),
    (bracket(z, ">", q), lambda k: 1),
    (times(dot(w, x), norm(X), by=-1), lambda k: -(k.w.T @ k.x)[0, 0] * np.linalg.norm(k.X)),
    (times(transpose(x), over=(norm(x),)), lambda k: k.x.T / np.linalg.norm(k.x)),
    (hadamard(x, y, over=(v,)), lambda k: k.x * k.y / k.v), (hadamard(over=(x,)), lambda k: 1 / k.x),
    (power(x, 3), lambda k: k.x**3), (power(x, y), lambda k: k.x**k.y), (m.Power(x.shape, p, x), lambda k: k.p**k.x),
    (m.MatrixPower(A.shape, A, 3), lambda k: k.A @ k.A @ k.A), (call("exp", X), lambda k: np.exp(k.X)),
    (times(call("det", A, shape=SCALAR), inverse(A)), lambda k: np.linalg.det(k.A) * np.linalg.inv(k.A)),
    (transpose(inverse(A)), lambda k: np.linalg.inv(k.A).T),
    (call("tr", matmul(A, B), shape=SCALAR), lambda k: np.trace(k.A @ k.B)),
    (call("logdet", A, shape=SCALAR), lambda k: np.linalg.slogdet(k.A)[1]), (call("sum", X, shape=SCALAR), lambda k: k.X.sum()),
    (call("sum", x, shape=SCALAR), lambda k: k.x.sum()), (diag(A), lambda k: np.diag(k.A).reshape(3, 1)),
    (call("softmax", x), lambda k: soft(k.x)), (call("logsumexp", x, shape=SCALAR), lambda k: np.log(np.exp(k.x).sum())),
    (plus(diag(call("softmax", x)), minus(matmul(call("softmax", x), transpose(call("softmax", x))))),
     lambda k: np.diagflat(soft(k.x)) - soft(k.x) @ soft(k.x).T),
    (m.Kronecker(matrix(dim(9), dim(9)), (transpose(B), A)), lambda k: np.kron(k.B.T, k.A)),
    (vertical(p, q, shape=vector(dim(2))), lambda k: np.array([[k.p], [k.q]])),
    (vertical(transpose(a), transpose(v), shape=matrix(dim(2), N)), lambda k: np.vstack([k.a.T, k.v.T])),
    (horizontal(A, B, shape=matrix(N, N + N)), lambda k: np.hstack([k.A, k.B])),
    (vertical(x, z, shape=vector(N + dim(1))), lambda k: np.vstack([k.x, [[k.z]]])),
    (times(z, ones(row(N))), lambda k: k.z * np.ones((1, 3))), (plus(x, zeros(vector(N))), lambda k: k.x),
    (matmul(plus(A, identity()), x), lambda k: (k.A + np.eye(3)) @ k.x), (matmul(u, transpose(x)), lambda k: k.u @ k.x.T),
    (indexed_sum(times(element(x, "i"), element(A, "i", "1")), ("i", N)), lambda k: (k.x.T @ k.A)[0, 0]),
    (indexed_sum(times(m.Delta(SCALAR, ("i", "j")), element(A, "i", "j")), ("i", N), ("j", N)), lambda k: np.trace(k.A)),
    (times(plus(z, number(1)), by=2), lambda k: 2 * (k.z + 1)),
]  # fmt: skip


class Known:
    """The values, as attributes."""

    def __getattr__(self, name: str) -> Any:
        return VALUES[name]


@pytest.mark.parametrize(("expr", "expected"), NUMBERS, ids=range(len(NUMBERS)))
def test_explicit_matrices_give_the_numbers_of_numpy(expr: Expression, expected: Callable[..., Any]) -> None:
    built = to_sympy(Answer(expr))
    np.testing.assert_allclose(value(built), expected(Known()), rtol=1e-10, atol=1e-12)


def _rows_and_columns(expr: Expression) -> Any:
    names = {name: sympy.Symbol(name, integer=True, positive=True) for name in "mnk"}
    sizes = [sympy.Add(*(count * names[name] for name, count in size.terms), size.constant) for size in expr.shape.dims]
    return {"vector": (*sizes, 1), "row": (1, *sizes), "matrix": tuple(sizes)}[expr.shape.kind]


@pytest.mark.parametrize("expr", [expr for expr, _ in (*TEXTS, *NUMBERS) if not isinstance(expr, m.Kronecker)])
def test_shapes_and_prints(expr: Expression) -> None:
    built = to_sympy(Answer(expr))
    assert getattr(built, "is_Matrix", False) == (expr.shape.kind != "scalar")
    if expr.shape.kind != "scalar":
        assert built.shape == _rows_and_columns(expr)
    assert str(built)
    assert "mapsto" not in sympy.latex(built) or "Derivative" in str(built)


@pytest.mark.parametrize(
    ("expr", "shown", "written"),
    [
        (times(matmul(transpose(RESIDUAL), X), by=2), "2*(X*w - b_vector).T*X", r"2 \left(X w - b_{vector}\right)^{T} X"),
        (call("sigmoid", plus(matmul(W, x), b_vector)), "sigmoid(W*x + b)", r"\sigma\left(W x + b\right)"),
        (call("exp", x), "exp(x)", r"\exp\left(x\right)"),
        (bracket(x, ">=", y), "[x >= y]", r"\left[x \geq y\right]"),
        (call("max", number(0), x), "Max(0, x)", r"\max\left(0, x\right)"),
        (call("softmax", x), "softmax(x)", r"\operatorname{softmax}\left(x\right)"),
        (call("sigmoid", z), "sigmoid(z)", r"\sigma\left(z\right)"),
        (call("sum", x, shape=SCALAR), "(ones(1, n)*x)[0, 0]", r"{\left(\mathbf{1}^{T} x\right)}_{0,0}"),
        (unknown("f", (1,), z), "Derivative(f(z), z)", r"\frac{d}{d z} f{\left(z \right)}"),
    ],
)
def test_prints(expr: Expression, shown: str, written: str) -> None:
    built = to_sympy(Answer(expr))
    assert (str(built), sympy.latex(built)) == (shown, written)


def test_properties_and_constants() -> None:
    assert to_sympy(Answer(z)).is_real
    assert to_sympy(Answer(z), {"z": frozenset({"positive"})}).is_positive
    assert to_sympy(Answer(m.Symbol(SCALAR, "pi"))) is sympy.pi


def test_expressions_equal_those_of_sympy() -> None:
    n = sympy.Symbol("n", integer=True, positive=True)
    column, square = sympy.MatrixSymbol("x", n, 1), sympy.MatrixSymbol("A", n, n)
    pairs: list[tuple[Expression, Any]] = [
        (identity(), sympy.Identity(n)), (diag(x), sympy.DiagMatrix(column)),
        (power(A, 3), sympy.HadamardPower(square, 3)), (matmul(A, x), square * column),
        (matmul(A, diag(x)), square * sympy.DiagMatrix(column)), (zeros(vector(N)), sympy.ZeroMatrix(n, 1)),
        (plus(A, identity()), sympy.MatAdd(square, sympy.Identity(n), evaluate=False)),
        (horizontal(A, x, shape=matrix(N, N + dim(1))), sympy.BlockMatrix([[square, column]])),
    ]
    for expr, wanted in pairs:
        built = to_sympy(Answer(expr))
        assert built == wanted
        assert wanted == built
        assert hash(built) == hash(wanted)
        assert built != square


@pytest.mark.parametrize(
    ("text", "wrt"),
    [
        ("std(z)", "z"), ("tr((A + I)^2)", "A"), ("logdet([A, x; x', 1])", "A"), ("clip(x * (z . z), -1, 1)", "x"),
        ("sum(sin([X; x']))", "X"), ("sum((x[i+1] - x[i])^2 for i in 1..n-1)", "x"), ("softsign(x)", "x"),
        ("tr(tanh(A + 1))", "A"), ("log(det(exp(A) + I))", "A"), ("tr(x' inv(A + 2*I) x*ones(n, n))", "x"),
        ("exp(-sum(A, axis=1)^2)", "A[:, 1]"), ("log_softmax(prod(A, axis=1))", "A[1, 2]"),
        ("sum(kron(X, I + A))", "A"), ("norminf(pinv(z x'), axis=1)", "x"),
    ],
)
def test_answers_have_numbers(text: str, wrt: str) -> None:
    """`doit` leaves nothing as it is when numbers are put in for everything."""
    where = "A: matrix(n, n), X: matrix(m, n), x: vector(n), z: vector(m)"
    derivative = mc.diff(text, wrt, where=where)
    inputs = {"A": VALUES["A"], "X": VALUES["X"], "x": VALUES["x"][:, 0], "z": VALUES["u"][:, 0]}
    symbols = {symbol: sympy.ImmutableDenseMatrix(inputs[symbol.name]) for symbol in derivative.expr.atoms(sympy.MatrixSymbol)}
    sizes = {sympy.Symbol(name, integer=True, positive=True): sympy.Integer(size) for name, size in SIZES.items()}
    result = derivative.expr.xreplace({**symbols, **sizes}).doit()
    wanted = derivative.evaluate(**{name: inputs[name] for name in mc.parse(text, where=where).shapes}, **SIZES)
    found = np.array(result.evalf().tolist(), dtype=float) if isinstance(result, sympy.MatrixBase) else float(result)
    np.testing.assert_allclose(np.reshape(found, np.shape(wanted)), wanted, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "wrt"),
    [
        ("f(x.x)", "x"), ("exp(f(sin(x)))", "x"), ("sum(f(x)*g(x))", "x"), ("x / f(sqrt(1 + x^2))", "x"), ("f(A x)", "A[1, :]"),
        ("f(x[2] + z)", "x"),
    ],
)
def test_answers_with_unknown_functions_have_numbers(text: str, wrt: str) -> None:
    """The derivative of an unknown function at a number is left, and nothing else; f = exp, g = sin put in give the number."""
    derivative = mc.diff(text, wrt, where="A: matrix(n, n), x: vector(n), z: scalar")
    inputs = {"A": VALUES["A"], "x": VALUES["x"][:, 0], "z": VALUES["z"]}
    known: dict[Any, Any] = {sympy.Symbol(name, integer=True, positive=True): sympy.Integer(k) for name, k in SIZES.items()}
    expr = derivative.expr
    for symbol in expr.atoms(sympy.MatrixSymbol):
        known[symbol] = sympy.ImmutableDenseMatrix(inputs[symbol.name])
    known[sympy.Symbol("z", real=True)] = sympy.Float(VALUES["z"])
    made = expr.xreplace(known).doit()
    for name, function in (("f", sympy.exp), ("g", sympy.sin)):
        made = made.replace(sympy.Function(name), function)
    found = made.applyfunc(lambda entry: entry.replace(sympy.Subs, lambda e, v, p: e.doit().subs(dict(zip(v, p, strict=True)))))
    plain = text.replace("f(", "exp(").replace("g(", "sin(")
    other = mc.diff(plain, wrt, where="A: matrix(n, n), x: vector(n), z: scalar")
    used = {name: inputs[name] for name in mc.parse(plain, where="A: matrix(n, n), x: vector(n), z: scalar").shapes}
    wanted = other.evaluate(**used)
    np.testing.assert_allclose(np.reshape(np.array(found.evalf().tolist(), dtype=float), wanted.shape), wanted)


def test_definitions_are_put_in() -> None:
    answer = Answer(diag(s), ((s, call("exp", x)),))
    assert str(to_sympy(answer)) == "DiagMatrix(exp(x))"


def test_own_functions_differentiate_and_rewrite() -> None:
    built = to_sympy(Answer(call("sigmoid", z)))
    symbol = sympy.Symbol("z", real=True)
    assert built.diff(symbol) == built * (1 - built)
    assert built.doit() == 1 / (1 + sympy.exp(-symbol)) == built.rewrite(sympy.exp)
    assert built.subs(symbol, 0.0).evalf() == pytest.approx(0.5)


def test_comparison_of_numbers_is_a_relation() -> None:
    assert to_sympy(Answer(compare(z, "<", p))) == (sympy.Symbol("z", real=True) < sympy.Symbol("p", real=True))
    assert value(to_sympy(Answer(times(b, z)))) == pytest.approx(0.175)


def test_too_deep_and_too_large_are_refused() -> None:
    deep: Expression = z
    for _ in range(200):
        deep = call("sin", deep)
    with pytest.raises(LimitError, match="150 deep"):
        to_sympy(Answer(deep))
    large: Expression = z
    for _ in range(30):
        large = plus(call("sin", large), call("cos", large))
    with pytest.raises(LimitError, match="symbols"):
        to_sympy(Answer(large))
