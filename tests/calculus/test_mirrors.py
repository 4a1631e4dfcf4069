"""Sums over pairs: the two halves of a derivative are one, and what does not exist on the diagonal is left out there."""

from __future__ import annotations

import pytest

import matcalc as mc
from matcalc.derivative import Derivative
from tests.notation.test_printed_values import check_all_forms

PAIRS = [
    ("sum_{i<j} (x_i - x_j)^2", "x", 1, "2 (n x - sum(x))ᵀ"),
    ("sum_{i<j} (x_i - x_j)^2", "x", 2, "2 (n I - ones(n, n))"),
    ("sum_{i<j} x_i*x_j", "x", 1, "(sum(x) - x)ᵀ"),
    ("sum_{i≠j} x_i*x_j", "x", 2, "2 ones(n, n) - 2 I"),
    ("sum_{i<j} q_i*q_j/norm(X[i] - X[j])", "X", 1, "-qᵢ Σₖ [i ≠ k] (Xᵢⱼ - Xₖⱼ) qₖ / ‖Xᵢ - Xₖ‖³"),
    ("sum_{i<j} q_i*q_j/norm(X[i] - X[j])", "q", 1, "Σⱼ [i ≠ j] qⱼ / ‖Xᵢ - Xⱼ‖"),
    ("sum_{i<j} log(abs(x_i - x_j)) where x: vector(n)", "x", 2, "[i ≠ j] / (xᵢ - xⱼ)² - δᵢⱼ Σₖ [i ≠ k] / (xᵢ - xₖ)²"),
    ("sum_{i<j} exp(-(x_i - x_j)^2)", "x", 1, "-2 Σⱼ (xᵢ - xⱼ) exp(-(xᵢ - xⱼ)²)"),
    ("sum(A[i,j]*(x_i - x_j)^2 for i in 1..n for j in 1..n)", "x", 1, "2 (x ⊙ ((A + Aᵀ) ones(n)) - (A + Aᵀ) x)ᵀ"),
    ("sum(A[i,j]*(x_i - x_j)^2 for i in 1..n for j in 1..n)", "x", 2, "2 (diag((A + Aᵀ) ones(n)) - A - Aᵀ)"),
    ("sum(A[i,j]*(x_i - x_j)^2 for i in 1..n for j in 1..n)", "A", 1, "(xᵢ - xⱼ)²"),
    (
        "sum(W[i,j]*norm(X[i] - X[j])^2 for i in 1..n for j in 1..n)", "X", 1,
        "2 (diag((W + Wᵀ) ones(n)) X - (W + Wᵀ) X)ᵀ",
    ),
    ("sum(c_i*c_j*exp(-norm(X[i] - X[j])^2) for i in 1..n for j in 1..n)", "c", 1, "2 Σⱼ cⱼ exp(-‖Xᵢ - Xⱼ‖²)"),
    (
        "sum(P[i,j]*log(1 + norm(X[i] - X[j])^2) for i in 1..n for j in 1..n)", "X", 1,
        "2 Σₗ (Xᵢⱼ - Xₗⱼ) (Pᵢₗ + Pₗᵢ) / (1 + ‖Xᵢ - Xₗ‖²)",
    ),
    ("sum(A[i,j]*sin(x_j - x_i) for i in 1..n for j in 1..n)", "x", 1, "Σⱼ (Aⱼᵢ - Aᵢⱼ) cos(xᵢ - xⱼ)"),
    ("sum_{i<j} (X[i,j] - X[j,i])^2", "X", 1, "2 (Xᵀ - X)"),
    ("sum(abs(x_i - x_j) for i in 1..n for j in 1..n)", "x", 1, "2 Σⱼ sign(xᵢ - xⱼ)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wrt", "order", "printed"), PAIRS)
def test_the_halves_are_one(text: str, wrt: str, order: int, printed: str) -> None:
    found = mc.diff(text, wrt, order=order)
    assert isinstance(found, Derivative)
    assert str(found) == printed
    check_all_forms(found)
    assert found.verify().passed


def test_sums_are_put_together_once() -> None:
    """What is put together may come apart again when it is simplified."""
    text = "sum(sigmoid(z d'), axis=1)' max(0, (z z')^2) sum(sigmoid(z d'), axis=1)"
    found = mc.diff(text, "z", where="d: vector(m), z: vector(k)", order=2)
    assert isinstance(found, Derivative)
    assert found.verify().passed


EXCLUDED = [
    ("sum_{i<j} 1/norm(X[i] - X[j])", "X"),
    ("sum_{i≠j} 1/norm(X[i] - X[j])", "X"),
    ("sum_{i≠j} q_i*q_j/norm(X[i] - X[j])", "X q"),
    ("sum_{i<j} q_i^2*q_j/norm(X[i] - X[j])^3", "X q"),
    ("sum_{i<j} (norm(X[i] - X[j]) - D[i,j])^2", "X D"),
    ("sum_{i<j} W[i,j]*log(norm(X[i] - X[j]))", "X W"),
    ("sum_{i≠j} 1/(x_i - x_j)^2 where x: vector(n)", "x"),
    ("sum_{i<j} (1/(x_i - x_j)^12 - 1/(x_i - x_j)^6) where x: vector(n)", "x"),
    ("sum_{i≠j} u_i*v_j where u, v: vector(n)", "u v"),
    ("sum_{i≠j} A[i,j]*x_i*x_j", "x A"),
    ("sum_{i≠j} A[i,j]*B[j,i]*sqrt(1 + (x_i - x_j)^2)", "x A B"),
    ("sum_{i≠j} max(0, 1 - x_i + x_j)", "x"),
    ("log(sum_{i≠j} exp(-norm(X[i] - X[j])^2))", "X"),
]


@pytest.mark.parametrize(("text", "variables"), EXCLUDED)
def test_the_diagonal_is_left_out(text: str, variables: str) -> None:
    for wrt in variables.split():
        for order in (1, 2):
            found = mc.diff(text, wrt, order=order)
            assert isinstance(found, Derivative)
            assert found.verify().passed
            if order == 1:
                check_all_forms(found)
