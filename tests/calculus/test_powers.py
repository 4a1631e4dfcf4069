"""Powers of a matrix with a letter in the exponent, the exponential of a matrix, and their derivatives in a direction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import matcalc as mc
from matcalc.calculus.simplify import simplify
from matcalc.derivative import Derivative
from matcalc.errors import EvaluationError, MatcalcError, NotSupportedError
from matcalc.operations import exponentials
from matcalc.verify import exponentials as others
from tests.differences import close

WHERE = "A, B, C, X: matrix(n, n), a, b, x, y: vector(n), t, k, m: scalar, S: symmetric(n)"


def derivative(text: str, wrt: str, order: int = 1, where: str = WHERE) -> Derivative:
    found = mc.diff(text, wrt, where=where, order=order)
    assert isinstance(found, Derivative)
    return found


@pytest.mark.parametrize(("text", "same"), [
    ("X^k X", "X^(k + 1)"), ("X X^k", "X^(k + 1)"), ("X^k X^-1", "X^(k - 1)"), ("X^-1 X^k", "X^(k - 1)"),
    ("X^k X^m", "X^(k + m)"), ("X^k X^(-k)", "I_"), ("(X^k)^m", "X^(k m)"), ("(X^k)^2", "X^(2 k)"), ("(X X)^k", "X^(2 k)"),
    ("(X^k)'", "(Xᵀ)^k"), ("(X^k)^-1", "X^(-k)"), ("(X^-1)^k", "X^(-k)"), ("(2*X)^k", "2^k X^k"), ("(X')^k X'", "(Xᵀ)^(k + 1)"),
    ("X^(k - k)", "I_"), ("X^(k + 2 - k)", "X²"), ("diag(x)^k", "diag(x^k)"), ("X^(1 - k)", "X^(1 - k)"),
    ("(S^k)'", "S^k"), ("S S^k", "S^(k + 1)"), ("A X^k X B", "A X^(k + 1) B"), ("(A B)^k", "(A B)^k"), ("I^k X", "X"),
    ("expm(0*X)", "I_"), ("inv(expm(X))", "expm(-X)"), ("expm(X')", "expm(X)ᵀ"), ("expm(diag(x))", "diag(exp(x))"),
])  # fmt: skip
def test_normal_forms(text: str, same: str) -> None:
    """Read off as the derivative by C of tr(C f), which is f."""
    found = derivative(f"tr(C ({text}))", "C")
    assert str(found) == {"I_": "I"}.get(same, same)
    assert simplify(found._problem.graph, found.node) is found.node
    assert found.verify().passed


@pytest.mark.parametrize(("text", "prints"), [
    ("det(X^k)", "det(X)^k"), ("logdet(X^k)", "k logdet(X)"), ("det(expm(X))", "exp(tr(X))"), ("logdet(expm(X))", "tr(X)"),
])
def test_determinants(text: str, prints: str) -> None:
    assert str(derivative(f"t*({text})", "t")) == prints


@pytest.mark.parametrize(("text", "wrt", "prints"), [
    ("tr(A X^k)", "X", "Σ[r = 0..k - 1] X^r A X^(k - r - 1)"),
    ("tr((A + t*B)^k)", "t", "k tr(B (A + t B)^(k - 1))"),
    ("(A + t*B)^k", "t", "Σ[r = 0..k - 1] (A + t B)^r B (A + t B)^(k - r - 1)"),
    ("(I + t*A)^k", "t", "k A (I + t A)^(k - 1)"),
    ("expm(t A)", "t", "A expm(t A)"),
    ("tr(X^k X)", "X", "(1 + k) X^k"),
    ("tr(A X^(k + 1))", "X", "Σ[r = 0..k] X^r A X^(k - r)"),
    ("tr(A X^r)", "X", "Σ[q = 0..r - 1] X^q A X^(r - q - 1)"),
    ("expm(expm(X))", "X", "∫₀¹ ∫₀¹ (expm((1 - t) expm(X))ᵀ expm((1 - s) X)ᵀ) ⊗ (expm(t expm(X)) expm(s X)) ds dt"),
])
def test_prints(text: str, wrt: str, prints: str) -> None:
    where = WHERE.replace("t, ", "") if wrt == "X" else WHERE
    found = derivative(text, wrt, where=where)
    assert str(found) == prints
    assert found.verify().passed


def test_assumptions_and_notes() -> None:
    assert "k ∈ {1, 2, …}" in mc.diff("tr(X^k)", "X").assumptions
    assert "X ∈ ℝⁿˣⁿ" in mc.diff("tr(X^k)", "X").assumptions
    assert "where k - 3 ≥ 0" in derivative("tr(A X^(k - 3))", "X").notes
    assert "where k - m ≥ 0" in derivative("tr(A X^(k - m))", "X").notes
    for text in ("tr(A X^k)", "tr(A X^(2 k - 1))", "tr(X^(k - 3))"):
        assert not [note for note in derivative(text, "X").notes if "≥" in note]
    assert mc.diff("x^k", "x", where="x, k: scalar").assumptions == ()


@pytest.mark.parametrize(("text", "wrt", "order", "message"), [
    ("tr(X^k)", "k", 1, "the derivative by the exponent of a matrix, which is an integer"),
    ("tr(A X^k)", "X", 2, "the derivative of a matrix power in a direction"),
    ("tr(X^k)", "X", 3, "the derivative of a matrix power in a direction"),
    ("a' expm(X) b", "X", 2, "the derivative of expm in a direction"),
    ("(A + t*B)^k", "t", 2, "the derivative of a matrix power in a direction"),
    ("sum(tr(X^i) for i in 1..4)", "X", 1, "an index in the exponent of a matrix"),
    ("sum(tr((x_i*A + B)^k) for i in 1..n)", "x", 1, "the derivative of a matrix power within a sum over an index"),
    ("tr(X^(k/2))", "X", 1, "a matrix to a power that is not a whole number"),
    ("tr(matrix_power(X, k/2))", "X", 1, "a matrix to a power that is not an integer"),
    ("tr(matrix_power(X, sin(k)))", "X", 1, "a matrix to a power that is not an integer"),
])  # fmt: skip
def test_refusals(text: str, wrt: str, order: int, message: str) -> None:
    with pytest.raises(NotSupportedError, match=message):
        derivative(text, wrt, order)


def test_powers_of_numbers_are_as_before() -> None:
    assert str(mc.diff("sum(c^k*x)", "k", where="c, k: scalar, x: vector(n)")) == "c^k sum(x) log(c)"
    assert str(mc.diff("x^k", "x", where="x, k: scalar")) == "k x^(k - 1)"
    with pytest.raises(MatcalcError, match="a power needs a square matrix"):
        mc.diff("X^k", "X", where="X: matrix(m, n)")


def test_numbers() -> None:
    X = np.array([[1.0, 2.0], [0.5, -1.0]])
    found = derivative("tr(X^k)", "X")
    for k in (-2, -1, 0, 1, 2, 5):
        wanted = k * np.linalg.matrix_power(X, k - 1)
        np.testing.assert_allclose(found.evaluate(X=X, k=k), wanted)
    with pytest.raises(EvaluationError, match="must be an integer"):
        found.evaluate(X=X, k=1.5)
    with pytest.raises(EvaluationError, match="not an integer"):
        exponentials.power(np, X, 0.5)
    assert np.isnan(exponentials.power(np, np.zeros((2, 2)), -1)).all()


@pytest.mark.parametrize("scale", [1e-9, 0.1, 1.0, 10.0, 30.0])
def test_exponentials_agree(scale: float) -> None:
    """Taylor and Padé; the block matrix and the integral; and the exponential of a nilpotent matrix, which is a polynomial."""
    draw = np.random.default_rng(3)
    x, e = scale * draw.normal(size=(2, 4, 4)) / 4
    assert close(exponentials.exponential(np, x), others.exponential(x), 1e-11)
    assert close(exponentials.exponential_in_direction(np, x, e), others.exponential_in_direction(x, e), 1e-10)
    nilpotent = scale * np.array([[0.0, 1, 5], [0, 0, 2], [0, 0, 0]])
    exact = np.eye(3) + nilpotent + nilpotent @ nilpotent / 2
    np.testing.assert_allclose(exponentials.exponential(np, nilpotent), exact, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(others.exponential(nilpotent), exact, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("k", [-3, -1, 0, 1, 4])
def test_powers_in_a_direction_agree(k: int) -> None:
    draw = np.random.default_rng(4)
    x, e = draw.normal(size=(2, 3, 3))
    mine, other = exponentials.power_in_direction(np, x, e, k), others.power_in_direction(x, e, k)
    np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-12)


def test_exponentials_of_what_is_too_large() -> None:
    for x in (np.full((2, 2), 1e6), np.full((2, 2), np.inf), np.full((2, 2), np.nan)):
        assert np.isnan(exponentials.exponential(np, x)).all()
        assert np.isnan(others.exponential(x)).all()


SYMPY = ["tr(X^k)", "tr(A X^k)", "tr(A X^(-k))", "a' X^k b", "expm(X) b", "tr(A expm(X))", "X^k"]


@pytest.mark.parametrize("text", SYMPY)
def test_sympy_values(text: str) -> None:
    import sympy

    found = derivative(text, "X")
    draw = np.random.default_rng(5)
    values: dict[str, Any] = {name: draw.normal(size=(2, 2)) for name in "AX"} | {name: draw.normal(size=2) for name in "ab"}
    n, k = (sympy.Symbol(name, integer=True, positive=True) for name in "nk")
    known = {n: sympy.Integer(2), k: sympy.Integer(3)}
    for symbol in found.expr.atoms(sympy.MatrixSymbol):
        known[symbol] = sympy.ImmutableDenseMatrix(np.reshape(values[symbol.name], (2, -1)))
    value = found.expr.xreplace(known).doit()
    value = value.evalf() if hasattr(value, "evalf") else value
    value = np.array((value.as_explicit() if hasattr(value, "as_explicit") else value).tolist(), dtype=float)
    raw = found.evaluate(**{name: each for name, each in values.items() if name in found._problem.inference.symbols}, k=3)
    if raw.ndim > 2:
        rows = int(np.prod(raw.shape[:-2]))
        raw = raw.transpose(*reversed(range(raw.ndim - 2)), raw.ndim - 1, raw.ndim - 2).reshape(rows, -1)
    np.testing.assert_allclose(value, raw, rtol=1e-9)


def test_long_chains() -> None:
    """The cost stays near-linear, and depth is no limit."""
    text = "X"
    for _ in range(60):
        text = f"({text} A)^k"
    found = mc.diff(f"C * {text}", "C", where=WHERE)
    assert found is not None
    power = mc.diff("tr(" + " ".join(["X^k"] * 500) + ")", "X", where=WHERE)
    assert str(power) == "500 k X^(500 k - 1)"


def test_the_trace_of_a_derivative_on_the_diagonal() -> None:
    """Each entry on the diagonal moves by itself: diag(expm(R)), not the sum of its entries."""
    derivative = mc.diff("tr(expm(sin(R)) - R)*u", "R", where="R: symmetric(n), u: vector(m)", symmetric="independent")
    assert "diag(expm(sin(R))) ⊙ diag(cos(R))" in str(derivative)
    assert derivative.verify().passed
