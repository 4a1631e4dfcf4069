"""Whatever is printed is true: the value of each printed answer, computed from its notation, is that of the derivative."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import matcalc as mc
from matcalc.derivative import Derivative
from matcalc.tensor import evaluate as evaluation
from matcalc.tensor.nodes import NamedCall, Node, topological
from matcalc.verify.stand_ins import stand_in
from tests.notation.programs import DECLARED, random_cases
from tests.notation.values import check_printed, named


@pytest.fixture(autouse=True)
def _named_functions_have_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph's functions of whole arrays have the values that the reader takes for them."""
    original = evaluation._value

    def value(np_: Any, node: Node, args: list[Any], shape: tuple[int, ...], *rest: Any) -> Any:
        if not isinstance(node, NamedCall):
            return original(np_, node, args, shape, *rest)
        axes = sum(times * arg.order for times, arg in zip(node.orders, node.args, strict=True))
        return named(node.name, node.orders, tuple(args), shape[: len(shape) - axes])

    monkeypatch.setattr(evaluation, "_value", value)


def derivative(text: str, wrt: str, where: str | None = None, order: int = 1, layout: str = "numerator") -> Derivative:
    """One derivative."""
    found = mc.diff(text, wrt, where=where, order=order, layout=layout)
    assert isinstance(found, Derivative)
    return found


def point(found: Derivative, seed: int) -> tuple[dict[str, Any], dict[str, int]]:
    """Values for all variables, all dimensions different."""
    draw = np.random.default_rng(seed)
    symbols = found._problem.inference.symbols
    named_sizes = [size for node in topological([found._node, found._problem.root]) for size in node.shape]
    named_sizes += [size for symbol in symbols.values() for size in symbol.shape.dims] + found._problem.graph.sizes()
    names = sorted({name for size in named_sizes for name in size.names})
    sizes = dict(zip(names, draw.permutation(np.arange(2, 2 + len(names))).tolist(), strict=True))
    values = {}
    for name, symbol in symbols.items():
        shape = tuple(size.value(sizes) for size in symbol.shape.dims)
        values[name] = draw.normal(size=shape)
        if "positive" in symbol.properties:
            values[name] = np.abs(values[name]) + 0.1
        if "integer" in symbol.properties:
            values[name] = np.asarray(float(draw.integers(1, 5)))
        if "symmetric" in symbol.properties:
            values[name] = values[name] + values[name].T
        if "spd" in symbol.properties:
            values[name] = values[name] @ values[name].T + np.eye(len(values[name]))
        if "diagonal" in symbol.properties:
            values[name] = np.diag(np.diagonal(values[name]))
    return values, sizes


def check(found: Derivative, seed: int = 1) -> None:
    """The printed answer, and the element printed beside it, have the value of the derivative."""
    values, sizes = point(found, seed)
    check_printed(found, values, sizes, found.raw(values, sizes, stand_in))


def check_all_forms(found: Derivative) -> None:
    """Text, LaTeX, SymPy and remarks are there, and what they say is true."""
    assert str(found)
    assert found.latex()
    assert found.expr is not None
    assert isinstance(found.notes, tuple)
    check(found)


PROGRAMS: list[tuple[str, str, str | None]] = [
    # functions of slices
    ("sum(softmax(W X[i]) . y for i in 1..N)", "W X y", None),
    ("sum(logsumexp(W X[i]) - y . (W X[i]) for i in 1..N)", "W X", None),
    ("sum(log(softmax(W X[i])) . Y[i] for i in 1..N)", "W X", None),
    ("sum(softmax(X[:, j]) . y for j in 1..n)", "X y", "X: matrix(m, n)"),
    ("sum(softmax(A[i] * B[j]) . y for i in 1..m for j in 1..k)", "A y", "A: matrix(m, n), B: matrix(k, n)"),
    ("sum(logsumexp(A[i] * B[j]) * C[i, j] for i in 1..m for j in 1..k)", "A", "A: matrix(m, n), B: matrix(k, n)"),
    ("softmax(W x)", "W x", "W: matrix(k, n)"),
    ("log(softmax(W x))", "W", "W: matrix(k, n)"),
    ("softmax(W x) softmax(V x)'", "x W", "W: matrix(k, n), V: matrix(m, n)"),
    # inverses and determinants
    ("inv(X)", "X", "X: matrix(n, n)"),
    ("A inv(X) * B", "X A", "X: matrix(n, n), A, B: matrix(m, n)"),
    ("det(X) X", "X", "X: matrix(n, n)"),
    ("logdet(X) X'", "X", "X: matrix(n, n)"),
    ("sum(x[i]*det(A + x[i]*B) for i in 1..n)", "x", "A, B: matrix(m, m)"),
    ("sum(tr(inv(A + x[i]*B)) for i in 1..n)", "x A", "A, B: matrix(m, m)"),
    # distances and other functions of arrays with three axes
    ("sum(exp(-norm(X[i]-C[k])^2) for i in 1..N for k in 1..K)", "X C", None),
    ("sum(log(1 + norm(X[i]-C[k])^2) * y[i] for i in 1..N for k in 1..K)", "X y", None),
    ("sum(max(0, X[i]. X[j] - w . X[i]) for i in 1..N for j in 1..N)", "X w", None),
    ("sum(exp(x[i]*y[j]*z[k]) for i in 1..n for j in 1..m for k in 1..p)", "x y z", None),
    ("sum(where(X[i,j] > C[k,j], X[i,j]^2, C[k,j]) for i in 1..N for j in 1..d for k in 1..K)", "X C", None),
    ("sum((a[i] + b[j] + c[k])^3 for i in 1..n for j in 1..m for k in 1..p)", "a b", None),
    ("sum(f(x[i]*y[j] + z[k]) for i in 1..n for j in 1..m for k in 1..p)", "x z", None),
    ("exp(-(x ones(m)') ** 2)", "x", "x: vector(n)"),
    # element-wise functions of matrices by matrices
    ("A * X", "X", "A, X: matrix(m, n)"), ("exp(X)", "X", "X: matrix(m, n)"), ("f(X)", "X", "X: matrix(m, n)"),
    ("A*(X B)", "X A B", "A: matrix(m, k), X: matrix(m, n), B: matrix(n, k)"),
    ("A*X + B X", "X", "A, B, X: matrix(n, n)"), ("sigmoid(A X B)", "X A", "A: matrix(p, m), X: matrix(m, n), B: matrix(n, q)"),
    ("(A X) * (B X)", "X A", "A, B: matrix(m, n), X: matrix(n, k)"), ("X * X'", "X", "X: matrix(n, n)"),
    ("X / Y", "X Y", "X, Y: matrix(m, n)"), ("X' * A", "X", "X: matrix(n, m), A: matrix(m, n)"),
    ("sum(X) X", "X", "X: matrix(m, n)"), ("tr(X) X^2", "X", "X: matrix(n, n)"), ("max(X, A)", "X", "A, X: matrix(m, n)"),
    ("X^3", "X", "X: matrix(n, n)"), ("f(A X + B)", "X A", "A: matrix(k, m), X: matrix(m, n)"),
    # matrices by vectors
    ("diag(A x)", "x A", None), ("diag(x)", "x", None), ("diag(x) A diag(x)", "x A", "A: matrix(n, n)"), ("x x'", "x", None),
    ("exp(x x')", "x", "x: vector(n)"), ("X * (x x')", "x X", "X: matrix(n, n)"), ("A diag(x) B", "x", None),
    ("outer(sin(x), y)", "x y", None), ("(x . y) A", "x A", "A: matrix(m, n)"),
    ("A + x", "x A", "A: matrix(m, n), x: vector(m)"),
    # stacks and parts
    ("[x; A x]", "x A", "A: matrix(m, n)"), ("sin([x; A x])", "A x", "A: matrix(m, n)"),
    ("[[a, b], [c, d]]", "a", None), ("det([[a, b], [c, d]])", "a b", None), ("inv([[a, b], [c, d]])", "a b", None),
    ("inv([[a, b], [c, d]]) x", "a d x", None), ("det([[a, b], [b, a*b]])", "b", None),
    ("[[a, b], [b, a]] X", "a X", "X: matrix(2, n)"), ("x[2]*x", "x", None), ("X[1]*x", "X x", "X: matrix(m, n)"),
    ("X[1] * X[2]", "X", "X: matrix(m, n)"), ("[x; y] @ [x; y]'", "x", "x: vector(n), y: vector(m)"),
    ("exp([A x; x] @ [x; y]')", "x", "A: matrix(m, n), x: vector(n), y: vector(k)"),
    ("[x, y]", "x", "x, y: vector(n)"), ("[x'; y']", "x", None), ("[x', 1]", "x", None), ("[A, B]", "A", None),
    ("[A; B] x", "A x", None), ("[A, u; v', c]", "A u c", None), ("||[X; sqrt(t) I] w - y||^2", "w X t", "t: positive scalar"),
    ("x . ([A, b; b', c] x)", "x A b c", None), ("logdet([A, b; b', c])", "b c A", None),
    ("tr([A; x'] @ [B, u])", "A x B u", None),
    ("sum(softmax([s, u'; q, C], axis=1) ** 2)", "C", None),
    ("sum(exp([A, B] w))", "A w", None), ("inv([A, B; C, D])", "B D", None), ("sum(softmax([x, A] y))", "x A", None),
    ("sum([X[i]', 1] w for i in 1..m)", "X w", None), ("sum(([x', y[i]] w)^2 for i in 1..n)", "x y w", None),
    # functions that are only named
    ("g(A x)", "A x", "g: R^m -> R^k, A: matrix(m, n)"), ("F(X b)", "X b", "F: R^m -> R, X: matrix(m, n)"),
    ("F(x, y)", "x y", "F: (R^n, R^m) -> R"), ("g(x, y) . z", "x y", "g: (R^n, R^m) -> R^k"),
    ("g(x) g(x)'", "x", "g: R^n -> R^m"), ("diag(g(x))", "x", "g: R^n -> R^m"),
    ("A*(g(x) y')", "x", "g: R^n -> R^m, A: matrix(m, k)"),
    ("F(x, t)", "x t", "F: (R^n, R) -> R, t: scalar"), ("F(g(t))", "t", "g: R -> R^n, F: R^n -> R, t: scalar"),
    # conditions
    ("max(a, b, c)", "a b c", "a, b, c: scalar"), ("max(0, min(1, x))", "x", "x: scalar"),
    ("min(abs(a), b)", "a b", "a, b: scalar"),
    ("where(x > 0, where(x > 1, 1, x), 0)", "x", "x: scalar"), ("abs(x)*max(0, y)", "x y", "x, y: scalar"),
    ("max(w.x, min(w.y, 1)) x", "w x", "w: vector(n)"), ("max(0, a) * max(0, b) * max(0, c)", "a", "a, b, c: scalar"),
    ("max(0, w.x + b) X", "w X b", "b: scalar, X: matrix(m, n)"),
    # a factor of a product with a name stands beside it once more
    ("s = m*sum(cos(y)); silu(s)", "y", "y: vector(n), u: vector(m)"), ("s = t*sum(x); t*t*exp(s)*s", "x t", "t: scalar"),
    # powers of a matrix with a letter in the exponent, and the exponential of a matrix
    ("X^k", "X", "X: matrix(n, n)"), ("tr(X^k)", "X", "X: matrix(n, n)"), ("tr(A X^(k - 1) B)", "A", None),
    ("a' X^k b", "a", "X: matrix(n, n)"), ("tr(A X^(-k))", "A", None), ("X^(-2*k) y", "X", "X: matrix(n, n)"),
    ("(A X)^k A", "X", "A: matrix(n, m), X: matrix(m, n)"), ("(A + t*B)^k", "t", "A, B: matrix(n, n), t: scalar"),
    ("(A + diag(x))^k", "x A", "A: matrix(n, n), x: vector(n)"), ("tr((A + diag(x))^k)", "x", "A: matrix(n, n), x: vector(n)"),
    ("tr(D^k)", "D", "D: diagonal(n)"), ("logdet(I + X^k)", "X", "X: matrix(n, n)"), ("X^k * A", "X", "A, X: matrix(n, n)"),
    ("x' X^n y", "x y", "X: matrix(n, n)"), ("X^k A X^k", "A", "X: matrix(n, n)"),
    ("[X^k x; y]", "X", "X: matrix(n, n), x: vector(n), y: vector(m)"), ("det(X^k) X^k", "X", "X: matrix(n, n)"),
    ("expm(X)", "X", "X: matrix(n, n)"), ("tr(expm(X))", "X", None), ("tr(expm(A X))", "X", "A: matrix(n, m), X: matrix(m, n)"),
    ("expm(t*A) b", "t b", "A: matrix(n, n), t: scalar"), ("expm(A + diag(x)) b", "x", "A: matrix(n, n), x: vector(n)"),
    ("log(tr(expm(S)))", "S", "S: symmetric(n)"), ("tr(A expm(diag(x)))", "x", None), ("X^k expm(X)", "X", "X: matrix(n, n)"),
    ("expm(X) * A", "X", "A, X: matrix(n, n)"),
    # averages
    ("(x - mean(x))/std(x)", "x", "x: vector(n)"), ("sum(g*(x - mean(x))/std(x))", "x g", "x: vector(n), g: vector(n)"),
]  # fmt: skip
CASES = [(text, wrt, where) for text, variables, where in PROGRAMS for wrt in variables.split()]


@pytest.mark.parametrize(("text", "wrt", "where"), CASES, ids=[f"{text} by {wrt}" for text, wrt, _ in CASES])
def test_an_answer_is_true(text: str, wrt: str, where: str | None) -> None:
    found = derivative(text, wrt, where)
    check_all_forms(found)
    check(derivative(text, wrt, where, layout="denominator"))


SCALARS = [case for case in CASES if mc.parse(case[0], where=case[2]).shape == ()]


@pytest.mark.parametrize(("text", "wrt", "where"), SCALARS, ids=[f"{text} by {wrt}" for text, wrt, _ in SCALARS])
def test_a_second_derivative_is_true(text: str, wrt: str, where: str | None) -> None:
    check_all_forms(derivative(text, wrt, where, order=2))


@pytest.mark.parametrize(("text", "wrt"), random_cases(120, "first"))
def test_what_is_printed_for_a_random_program_is_true(text: str, wrt: str) -> None:
    found = derivative(text, wrt, DECLARED)
    check_all_forms(found)
    if found.value_kind == "scalar":
        check_all_forms(derivative(text, wrt, DECLARED, order=2))


IN_A_DIRECTION: list[tuple[str, str, str | None]] = [
    ("tr(A X^k)", "X", None), ("tr(A X^(k - 1) B)", "X", None), ("tr(X^k Y^j)", "X", "X, Y: matrix(n, n)"),
    ("x' expm(x y') y", "y", "x, y: vector(n)"), ("a' X^(k + 1) b", "X", "X: matrix(n, n)"),
    ("tr(A X^(-k))", "X", None), ("sum(X^k)", "X", None),
    ("tr(A S^k)", "S", "S: symmetric(n)"), ("tr(A X^k B X^j)", "X", None), ("tr((X^k A)^j)", "X", None),
    ("norm(X^k)", "X", "X: matrix(n, n)"), ("tr((A + t*B)^k C)", "t", "A, B, C: matrix(n, n), t: scalar"),
    ("tr(A expm(X))", "X", None), ("a' expm(X) b", "X", "X: matrix(n, n)"), ("tr(A expm(S))", "S", "S: symmetric(n)"),
    ("tr(A expm(X^k))", "X", None), ("tr(A expm(X) B expm(2*X))", "X", None), ("tr(A expm(-X' X))", "X", "X: matrix(m, n)"),
    ("tr(A expm(D))", "D", "D: diagonal(n)"), ("tr(A (t*B)^k)", "t", "A, B: matrix(n, n), t: scalar"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wrt", "where"), IN_A_DIRECTION)
def test_a_derivative_in_a_direction_is_true(text: str, wrt: str, where: str | None) -> None:
    found = derivative(text, wrt, where)
    check_all_forms(found)
    check(derivative(text, wrt, where, layout="denominator"))
    assert found.verify().passed
