"""Derivatives of sums and products over indices: true at the first and second order, and readable."""

from __future__ import annotations

import numpy as np
import pytest

import matcalc as mc
from matcalc.derivative import Derivative
from matcalc.errors import NotSupportedError
from tests.notation.values import Reader

CASES = [
    ("sum(i*x_i^2 for i in 1..n)", "x", ""),
    ("sum((i-j)^2 * A[i,j]*x_i*x_j for i in 1..n for j in 1..n)", "x", ""),
    ("sum(sin(i*x_i)/j for i in 2..n for j in 1..m)", "x", ""),
    ("sum(x_i^i for i in 1..n)", "x", "x: positive vector(n)"),
    ("sum(a_i*t^i for i in 1..n)", "t", "t: scalar"),
    ("sum((x[i+1] - x[i])^2 for i in 1..n-1)", "x", ""),
    ("sum_{i=1}^{n-1} (x_{i+1} - x_i)^4", "x", ""),
    ("sum((x[i+1] - 2*x[i] + x[i-1])^2 for i in 2..n-1)", "x", ""),
    ("sum(exp(x[t+1]*u[t+1]) for t in 0..T-1)", "x", ""),
    ("sum(tanh(x[i]*x[i+2]) for i in 2..n-2)", "x", "x: vector(n)"),
    ("x[n]^2*x[n-1] + x[1]*x[2]*x[n-1]", "x", "x: vector(n)"),
    ("sum(exp(X[i,i+1]) for i in 1..n-1)", "X", "X: matrix(n, n)"),
    ("sum(X[i,j]^3*X[i+1,j] for i in 1..m-1 for j in 2..n)", "X", "X: matrix(m, n)"),
    ("sum(||X[i+1] - X[i]||^2 for i in 1..m-1)", "X", "X: matrix(m, n)"),
    ("sum(A[i,j]^2 for i in 1..n for j in 1..i)", "A", ""),
    ("sum(A[i,j]*x_i*x_j for i in 1..n for j in 1..i)", "x", ""),
    ("sum((x_i - x_j)^4 for i in 1..n for j in i+1..n)", "x", ""),
    ("sum(1/abs(x_i - x_j) for i in 1..n for j in i+1..n)", "x", ""),
    ("sum(exp(-||X_i - X_j||^2) for i in 1..m for j in 1..i-1)", "X", ""),
    ("sum(sum(x_j for j in 1..i)^3 for i in 1..n)", "x", ""),
    ("sum(x_i*x_j*x_k for i in 1..n for j in i..n for k in i..j)", "x", ""),
    ("sum_{i<j} (x_i - x_j)^4", "x", ""),
    ("sum_{i≠j} 1/(x_i - x_j)^2", "x", ""),
    ("sum_i x_i*sum_{j≠i} sin(x_j)", "x", ""),
    ("sum_{1 <= i < j <= n} x_i*x_j^2", "x", ""),
    ("sum_{i<=j<k}^n x_i*x_j*x_k", "x", ""),
    ("mean(x_i^3*x_j for i in 1..n for j in 1..i)", "x", ""),
    ("prod_{i=1}^n (1 + x_i^2)", "x", ""),
    ("prod(x_i - x_j for i in 1..n for j in 1..i-1)", "x", ""),
    ("max(x_i*i^2 for i in 1..n)", "x", ""),
    ("sum(x[n-i+1]*x_i^2 for i in 1..n)", "x", ""),
    ("sum(sin(sum(w[j]*x[i+j-1] for j in 1..k)) for i in 1..m)", "w", ""),
    ("sum(sin(sum(w[j]*x[i+j-1] for j in 1..k)) for i in 1..m)", "x", ""),
]


def derivative(text: str, wrt: str, where: str = "", order: int = 1) -> Derivative:
    """One derivative."""
    found = mc.diff(text, wrt, where=where or None, order=order)
    assert isinstance(found, Derivative)
    return found


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("text", "wrt", "where"), CASES)
def test_derivatives_are_verified(text: str, wrt: str, where: str, order: int) -> None:
    checked = derivative(text, wrt, where, order).verify()
    assert checked.passed, checked


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("text", "wrt", "where"), CASES)
def test_what_is_printed_is_the_derivative(text: str, wrt: str, where: str, order: int) -> None:
    found = derivative(text, wrt, where, order)
    draw = np.random.default_rng(7)
    names = {"m": 4, "n": 5, "k": 3, "T": 6}
    symbols = found._problem.inference.symbols
    values = {
        name: draw.uniform(0.3, 1.5, [size.value(names) for size in symbol.shape.dims]) for name, symbol in symbols.items()
    }
    with np.errstate(all="ignore"):
        wanted = found.evaluate(**values, **{name: size for name, size in names.items() if "j in 1..m" in text and name == "m"})
        answer = found.answer
        assert not answer.left_open
        reader = Reader(values, names)
        reader.define(answer)
        if answer.indices:
            shape = tuple(size for size in found._node.shape)
            read = reader.elements(answer.body, answer.indices, shape)
            if read.ndim == 2 and order == 1:
                read = read.T  # numerator layout
        else:
            read = reader.read(answer.body)
    if order == 2 and np.ndim(wanted) == 4:
        read = np.asarray(read)
        if read.ndim != 4:
            return  # in Kronecker form
    assert np.allclose(np.reshape(read, np.shape(wanted)), wanted, equal_nan=False)


@pytest.mark.parametrize(
    ("text", "wrt", "order", "printed"),
    [
        ("sum(i*x_i for i in 1..n)", "x", 1, "i"),
        ("sum(i*x for i in 1..n) where x: scalar", "x", 1, "n (1 + n) / 2"),
        ("sum((i-j)^2 * A[i,j] for i in 1..n for j in 1..n)", "A", 1, "(i - j)²"),
        ("sum((x[i+1] - x[i])^2 for i in 1..n-1)", "x", 1, "2 ([0, dᵀ] - [dᵀ, 0])   where d = x[2:n] - x[1:n - 1]"),
        ("sum((x[i+1] - x[i])^2 for i in 1..n-1)", "x", 2, "2 Dᵀ D   where D = I[1:n - 1] - I[2:n]"),
        ("sum(A[i,j] for i in 1..n for j in 1..i)", "A", 1, "[j ≤ i]"),
        ("sum(A[i,j]*x_i*x_j for i in 1..n for j in 1..i)", "x", 1, "Σⱼ ([j ≤ i] Aᵢⱼ + [i ≤ j] Aⱼᵢ) xⱼ"),
        ("sum_{i<j} (x_i - x_j)^2", "x", 1, "2 (n x - sum(x))ᵀ"),
        ("sum(X[i,i+1]^2 for i in 1..n-1) where X: matrix(n, n)", "X", 1, "[[zeros(n - 1), 2 (I ⊙ X[1:n - 1, 2:n])]; 0ᵀ]ᵀ"),
        ("sum(x[t]*y[t-1] for t in 2..T)", "x", 1, "[0, yᵀ]"),
        ("mean((x_i - y_i)^2 for i in 1..n)", "x", 1, "(2/n) (x - y)ᵀ"),
        ("x[n-1]^2 where x: vector(n)", "x", 1, "2 x[n - 1] e(n - 1)ᵀ"),
    ],
)
def test_printed(text: str, wrt: str, order: int, printed: str) -> None:
    assert str(derivative(text, wrt, order=order)) == printed


def test_in_latex_and_sympy() -> None:
    sympy = pytest.importorskip("sympy")
    found = derivative("sum(x_i*sum(x_j for j in 1..i) for i in 1..n)", "x")
    x = np.array([2.0, 3.0, 5.0, 7.0])
    i = sympy.Symbol("i", integer=True, nonnegative=True)
    entries = []
    for position in range(4):
        entry = found.expr.subs(i, position).subs(sympy.Symbol("n", integer=True, positive=True), 4).doit()
        elements = entry.atoms(sympy.matrices.expressions.matexpr.MatrixElement)
        entries.append(entry.subs({each: float(x[each.i]) for each in elements}))
    assert np.allclose(np.array(entries, dtype=float), found.evaluate(x=x)[0])
    parts = derivative("x[n]*x[n-1] where x: vector(n)", "x")
    assert str(parts.expr) == "x[n - 2, 0]*e(n).T + x[n - 1, 0]*e(n - 1).T"
    assert parts.latex() == r"x_{n - 1} \mathbf{e}_{n}^\top + x_{n} \mathbf{e}_{n - 1}^\top"
    latex = derivative("sum(X_1[i,i+1]^2 for i in 1..n-1)", "X_1", "X_1: matrix(n, n)").latex()
    assert r"\left(X_{1}\right)_{1:n - 1,2:n}" in latex


@pytest.mark.parametrize(
    ("text", "written", "latex"),
    [
        ("sum_{t=2}^{T} (x_t - x_{t-1})^2", "Σ[t = 2..T] (xₜ - x[t-1])²",
         r"\sum_{t=2}^{T} \left(x_{t} - x_{t-1}\right)^{2}"),
        ("sum(x_i*x_j for i in 1..n for j in 1..i-1)", "Σᵢ Σ[j = 1..i-1] xᵢ xⱼ",
         r"\sum_{i=1}^{n} \sum_{j=1}^{i-1} x_{i} x_{j}"),
        ("sum_{i≠j} x_i*x_j", "Σ[i ≠ j] xᵢ xⱼ", r"\sum_{i \neq j} x_{i} x_{j}"),
        ("prod_{i=1}^n (1 + x_i)", "Πᵢ (1 + xᵢ)", r"\prod_{i=1}^{n} \left(1 + x_{i}\right)"),
    ],
)  # fmt: skip
def test_what_was_written_is_shown_with_its_ranges(text: str, written: str, latex: str) -> None:
    from matcalc.output.latex import latex as in_latex
    from matcalc.output.text import text as in_text

    answer = derivative(text, "x")._problem.written
    assert in_text(answer) == written
    assert in_latex(answer) == latex


def test_the_sign_of_a_permutation_of_positions() -> None:
    """A cross product by both of its factors: the second one is counted from where the first one ends."""
    derivative = mc.diff("cross(b, a)", "[a; b]", order=2, where="a, b: vector(3)")
    assert "ε[l,n,m - 3]" in str(derivative)
    assert "l,n,m - 3" in derivative.latex()
    assert derivative.verify().passed


def test_what_has_no_notation_has_a_value() -> None:
    """A derivative of expm in a direction with an index of its own: an honest refusal, not a mistake of ours."""
    text = "min(where(Y[i,n-i+1] > tr(expm(R)), Y[i,n-i+1], tr(expm(R))^2) for i in 1..n)"
    derivative = mc.diff(text, "R", order=2, where="R: symmetric(m), Y: matrix(n, n)")
    with pytest.raises(NotSupportedError, match="writing this derivative"):
        str(derivative)
    assert derivative.verify().passed


def test_the_identity_of_a_vector_of_pairs_has_its_size() -> None:
    derivative = mc.diff("vec(Z) . o", "Z then o", where="Z: matrix(n, k), o: vector(k*n)")
    assert str(derivative) == "I"
    assert [str(size) for size in derivative.answer.body.shape.dims] == ["k*n", "k*n"]
