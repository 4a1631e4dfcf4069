"""Properties of derivatives: layouts, spaces of matrices, every kind of target. Random programs are in `tests/test_fuzz.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import matcalc as mc
from matcalc.calculus.simplify import simplify
from matcalc.errors import EvaluationError
from tests.differences import close, numeric_derivative
from tests.fuzzing.terms import SHAPES, sample

# Layouts: language.md's table, for every pair of shapes

_LAYOUTS: list[tuple[str, str, str, str, tuple[int, ...]]] = [
    # value, text, wrt, layout, shape
    ("scalar", "c^2", "c", "numerator", ()), ("scalar", "c^2", "c", "denominator", ()), ("scalar", "c^2", "c", "gradient", ()),
    ("scalar", "x.y", "x", "numerator", (1, 3)), ("scalar", "x.y", "x", "denominator", (3,)),
    ("scalar", "x.y", "x", "gradient", (3,)), ("scalar", "u' V x", "V", "numerator", (3, 4)),
    ("scalar", "u' V x", "V", "denominator", (4, 3)), ("scalar", "u' V x", "V", "gradient", (4, 3)),
    ("vector", "c*u", "c", "numerator", (4,)), ("vector", "c*u", "c", "denominator", (1, 4)),
    ("vector", "V x", "x", "numerator", (4, 3)), ("vector", "V x", "x", "denominator", (3, 4)),
    ("vector", "V x", "V", "numerator", (4, 4, 3)), ("matrix", "c*V", "c", "numerator", (4, 3)),
    ("matrix", "c*V", "c", "denominator", (3, 4)), ("matrix", "u x'", "x", "numerator", (4, 3, 3)),
    ("matrix", "V*W", "V", "numerator", (4, 3, 4, 3)), ("row", "c*x'", "c", "numerator", (1, 3)),
    ("row", "x' V'", "x", "numerator", (4, 3)), ("row", "x' V'", "x", "denominator", (3, 4)),
]  # fmt: skip
_WHERE = "c: scalar, x, y: vector(n), u: vector(m), V, W: matrix(m, n)"


@pytest.mark.parametrize(
    ("value", "text", "wrt", "layout", "shape"), _LAYOUTS, ids=[f"{row[1]} by {row[2]}, {row[3]}" for row in _LAYOUTS]
)
def test_layouts(value: str, text: str, wrt: str, layout: str, shape: tuple[int, ...]) -> None:
    numbers = np.random.default_rng(1)
    sizes = {"c": (), "x": (3,), "y": (3,), "u": (4,), "V": (4, 3), "W": (4, 3)}
    expression = mc.parse(text, where=_WHERE)
    inputs = {name: numbers.normal(size=sizes[name]) for name in expression.shapes}
    derivative = mc.diff(text, wrt=wrt, where=_WHERE, layout=layout)
    found = derivative.evaluate(**inputs)
    assert found.shape == shape
    assert tuple(size.value({"n": 3, "m": 4}) for size in derivative.shape) == shape
    raw, _ = numeric_derivative(lambda env: np.squeeze(expression.evaluate(**env)), inputs, wrt)
    flipped = layout == "denominator" or (layout == "gradient" and value == "scalar")
    if value == "scalar" and raw.ndim == 2:
        raw = raw if flipped else raw.T
    elif raw.ndim == 2 and flipped:
        raw = raw.T
    assert close(found, raw.reshape(shape), 1e-8)
    assert str(derivative)
    assert derivative.latex()


# Variables declared symmetric, spd or diagonal


@pytest.mark.parametrize("name", ["S", "P", "D"])
@pytest.mark.parametrize(
    "text", ["tr({} X)", "x' {} y", "x' {} {} x", "||{} x - y||^2", "det({} + 3*I)", "tr(exp({}) X)", "sum({} * X)"]
)
def test_derivatives_on_a_space_of_matrices(text: str, name: str) -> None:
    """Along every direction of the space, the derivative is that of the value; and it lies in the space itself."""
    source = text.replace("{}", name)
    where = f"{name}: {SHAPES[name]}, X: matrix(n, n), x, y: vector(n)"
    numbers = np.random.default_rng(2)
    expression = mc.parse(source, where=where)
    inputs = {each: sample(each, numbers) for each in expression.shapes}
    found = mc.diff(source, wrt=name, where=where).evaluate(**inputs)
    direction = sample(name, numbers)

    def moved(env: Mapping[str, Any]) -> Any:
        return expression.evaluate(**{**inputs, name: inputs[name] + env["t"] * direction})

    slope, _ = numeric_derivative(moved, {"t": np.float64(0)}, "t")
    assert close(np.sum(found.T * direction), slope, 1e-8)
    space = np.diag(np.diagonal(found)) if name == "D" else found.T
    np.testing.assert_allclose(found, space, atol=1e-12)
    free = mc.diff(source, wrt=name, where=where, unconstrained=True).evaluate(**inputs)
    assert close(np.sum(free.T * direction), slope, 1e-8)


# Targets


def test_several_variables() -> None:
    inputs: dict[str, Any] = {"w": np.array([1.0, -2.0]), "x": np.array([0.5, 3.0]), "b": np.float64(0.25)}
    for wrt in ("w, b", ["w", "b"]):
        found = mc.diff("sin(w.x + b)", wrt=wrt)
        assert list(found) == ["w", "b"]
        slope = np.cos(inputs["w"] @ inputs["x"] + 0.25)
        assert close(found["w"].evaluate(**inputs), slope * inputs["x"][None, :], 1e-12)
        assert close(found["b"].evaluate(**inputs), slope, 1e-12)
    assert list(mc.diff("w.x", wrt=["w"])) == ["w"]


def test_stacked_variables() -> None:
    jacobian = mc.diff("[3*x^2*y, 2*x + y^8]", wrt="[x, y]").evaluate(x=2.0, y=1.0)
    np.testing.assert_allclose(jacobian, [[12, 12], [2, 8]])
    stacked = mc.diff("max(0, [w; b] . [x; 1])", wrt="[w; b]", where="w, x: vector(n), b: scalar")
    found = stacked.evaluate(w=[1.0, 2.0], x=[3.0, 4.0], b=0.5)
    np.testing.assert_allclose(found, [[3, 4, 1]])
    hessian = mc.diff("x^2*y + sin(y)", wrt="[x, y]", order=2, where="x, y: scalar").evaluate(x=3.0, y=0.5)
    np.testing.assert_allclose(hessian, [[1, 6], [6, -np.sin(0.5)]])
    mixed = mc.diff("c * (x.x)", wrt="[x; c]", order=2, where="x: vector(n), c: scalar").evaluate(x=[1.0, 2.0], c=3.0)
    np.testing.assert_allclose(mixed, [[6, 0, 2], [0, 6, 4], [2, 4, 0]])


def test_elements() -> None:
    x, X = np.array([1.0, 2.0, 3.0]), np.arange(6.0).reshape(2, 3)
    assert mc.diff("sum(x**3)", wrt="x[2]", where="x: vector(n)").evaluate(x=x) == 12
    assert mc.diff("sum(X**2)", wrt="X[1, 3]", where="X: matrix(m, n)").evaluate(X=X) == 4
    np.testing.assert_allclose(mc.diff("x**2", wrt="x[3]", where="x: vector(n)").evaluate(x=x), [0, 0, 6])
    assert mc.diff("sum(x**3)", wrt="x[2]", order=2, where="x: vector(n)").evaluate(x=x) == 12


def test_bound_names_as_targets() -> None:
    """A bound name is differentiated as a free variable: the partial derivative."""
    text, where = "z = w.x + b; a = max(0, z); (y - a)^2 + z", "y: scalar"
    inputs = {"w": [1.0, 2.0], "x": [3.0, 4.0], "b": 0.5, "y": 1.0}
    assert mc.diff(text, wrt="a", where=where).evaluate(a=3.0, y=1.0) == 4
    assert mc.diff(text, wrt="z", where=where).evaluate(z=3.0, y=1.0) == 5
    np.testing.assert_allclose(mc.diff(text, wrt="w", where=where).evaluate(**inputs), [[66, 88]])


def test_bindings_are_substituted() -> None:
    for text in ("s = sigmoid(W x); sum(s*s)", "sum(sigmoid(W x)*sigmoid(W x))"):
        inputs: dict[str, Any] = {"W": np.array([[1.0, 2.0], [0.5, -1.0], [0.2, 0.3]]), "x": np.array([0.3, -0.4])}
        s = 1 / (1 + np.exp(-inputs["W"] @ inputs["x"]))
        wanted = (2 * s * s * (1 - s)) @ inputs["W"]
        assert close(mc.diff(text, wrt="x").evaluate(**inputs), wanted[None, :], 1e-12)


# Found by the fuzzer


def test_a_missing_size_is_an_evaluation_error() -> None:
    with pytest.raises(EvaluationError):
        mc.parse("sum(a for i in 1..m)", where="a: scalar").evaluate(a=1.0)
    assert mc.parse("sum(a for i in 1..m)", where="a: scalar").evaluate(a=2.0, m=3) == 6


@pytest.mark.parametrize(("text", "wrt", "where"), [
    ("X[1]", "X", "X: matrix(m, n)"), ("(u u')[2, 1]", "u", "u: vector(m)"), ("(B @ u)[1]", "B", "B: matrix(n, m)"),
    ("D @ Z[:, 2]", "D", "D: diagonal(n), Z: matrix(n, k)"), ("x[1]", "x", "x: vector(n)"),
])  # fmt: skip
def test_sympy_expressions_of_elements(text: str, wrt: str, where: str) -> None:
    assert str(mc.diff(text, wrt=wrt, where=where).expr)


@pytest.mark.parametrize(("text", "wrt", "where"), [
    ("norm([u; (u u' + v u') u])", "u", "u, v: vector(m)"), ("x * sum(exp([B v; a] / 2))", "B", "B: matrix(n, m), a: scalar"),
])  # fmt: skip
def test_there_is_always_an_answer(text: str, wrt: str, where: str) -> None:
    """Index notation says what matrix notation cannot."""
    derivative = mc.diff(text, wrt=wrt, where=where)
    assert str(derivative)
    assert derivative.latex()


def test_functions_in_sympy_take_numbers() -> None:
    """sigmoid, relu and softplus of a number, as SymPy makes them on substitution."""
    import sympy

    expr = mc.diff("sigmoid(x.x)", wrt="x").expr
    (symbol,) = expr.atoms(sympy.MatrixSymbol)
    value = expr.xreplace({symbol: sympy.ImmutableDenseMatrix([0.5, 1.0]), symbol.shape[0]: sympy.Integer(2)}).doit()
    s = 1 / (1 + np.exp(-1.25))
    np.testing.assert_allclose(np.array(value.tolist(), dtype=float), 2 * s * (1 - s) * np.array([[0.5, 1.0]]), rtol=1e-9)


def test_determinant_of_a_singular_matrix_has_a_derivative() -> None:
    """The adjugate exists where the inverse does not; at least it is no NumPy error."""
    try:
        found = mc.diff("det(X)", wrt="X").evaluate(X=np.ones((2, 2)))
    except EvaluationError:
        return
    np.testing.assert_allclose(found, [[1, -1], [-1, 1]])


# Nothing to reduce, and names


def test_products_and_extrema_of_no_values() -> None:
    """A product of nothing is 1, a maximum of nothing an error."""
    product = mc.parse("sum(prod((x.K_j) for j in 1..k-i) for i in 2..k)", where="K: matrix(k, n), x: vector(n)")
    assert product.evaluate(K=np.ones((2, 3)), x=np.ones(3)) == 1.0
    largest = mc.parse("max(x_i for i in 1..n-1)", where="x: vector(n)")
    assert largest.evaluate(x=np.array([2.0, 5.0])) == 2.0
    with pytest.raises(EvaluationError, match="of no values"):
        largest.evaluate(x=np.ones(1))


@pytest.mark.parametrize(
    ("text", "wrt"),
    [("s2 = t*b; softplus(b*s2)", "b"), ("s1 = log10(t); sum(w*s1)", "t"), ("s1 = K' (z z') K; tr(s1)", "K")],
)
def test_simplification_with_named_products_is_idempotent(text: str, wrt: str) -> None:
    """A product with a name stays whole in its graph, whoever simplifies it."""
    derivative = mc.diff(text, wrt, where="t: positive scalar, b: scalar, w: vector(n), z: vector(k), K: matrix(k, n)")
    problem = derivative._problem
    assert simplify(problem.graph, problem.root) is problem.root
    assert simplify(problem.graph, derivative.node) is derivative.node


def test_sums_that_stay_whole_stand_side_by_side() -> None:
    """Two of them are one sum again, which must not be taken for something new."""
    found = mc.diff("log(exp(sum(solve(3*I + tanh(z z'), z))))", "z", where="z: vector(k)", order=2)
    assert found.verify().passed


def test_a_diagonal_is_no_part_of_a_product_with_the_matrix() -> None:
    """diag(A) + B A is not (I + B) A: the labels of a diagonal are one label."""
    assert mc.diff("||log(1 + (z z')**2) + diag(z)||_F^2", "z", where="z: vector(n)").verify().passed
    assert mc.diff("||exp(z z') + 2*diag(z)||_F^2", "z", where="z: vector(n)").verify().passed
