"""How arrays with more than two axes and sums over indices are written, and that size and time are bounded."""

from __future__ import annotations

import time

import pytest

import matcalc as mc
from matcalc.errors import LimitError

PRINTED = [
    ("sum(logsumexp(W X[i]) for i in 1..N)", "W", None, "Xᵀ softmax(X Wᵀ, axis=1)"),
    ("sum(exp(-norm(X[i]-C[k])^2) for i in 1..N for k in 1..K)", "X", None, "-2 Σₖ (Xᵢⱼ - Cₖⱼ) exp(-‖Xᵢ - Cₖ‖²)"),
    ("sum(tr(inv(A + x[i]*B)) for i in 1..n)", "x", "A, B: matrix(m, m)", "-tr(B (A + xᵢ B)⁻²)"),
    ("[x; A x]", "A", "A: matrix(m, n)", "[i == j + n] xₖ"),
    ("diag(A x)", "x", None, "Aᵢₖ δᵢⱼ"),
    ("A*(X B)", "X", "A: matrix(m, k), X: matrix(m, n), B: matrix(n, k)", "diag(vec(A)) (Bᵀ ⊗ I)"),
    ("f(X)", "X", "X: matrix(m, n)", "diag(vec(f′(X)))"),
    ("exp(x x')", "x", "x: vector(n)", "diag(vec(exp(x xᵀ))) (x ⊗ I + I ⊗ x)"),
    ("det(X) X", "X", None, "det(X) I + det(X) vec(X) vec(X⁻ᵀ)ᵀ"),
    ("inv(A + X' X)", "X", "X: matrix(m, n)", "-((A + Xᵀ X)⁻ᵀ ⊗ (A + Xᵀ X)⁻¹) ((Xᵀ ⊗ I) K + I ⊗ Xᵀ)"),
]


@pytest.mark.parametrize(("text", "wrt", "where", "printed"), PRINTED, ids=[row[0] for row in PRINTED])
def test_forms(text: str, wrt: str, where: str | None, printed: str) -> None:
    assert str(mc.diff(text, wrt, where=where)) == printed


def nested(depth: int) -> str:
    """Functions of an array with two axes that are sums over a third one."""
    text = "norm(X[i]-C[k])^2"
    for _ in range(depth):
        text = f"sin({text} + y[i]*z[k])"
    return f"sum({text} for i in 1..N for k in 1..K)"


def test_deep_parts_are_defined_by_their_elements() -> None:
    found = mc.diff(nested(22), "X")
    assert [type(left).__name__ for left, _ in found.answer.definitions] == ["Element", "Element"]
    assert "   where U" in str(found)
    assert found.latex()


def test_size_and_time_are_bounded() -> None:
    start = time.monotonic()
    found = mc.diff(nested(80), "X", order=2)
    assert len(str(found)) < 100_000
    assert any("too large to be written out" in note for note in found.notes)
    with pytest.raises(LimitError):
        assert found.expr
    assert time.monotonic() - start < 60
