"""Positions that follow from others: convolutions, shifts and reflections are written with x[i + j - 1], and no δ is left."""

from __future__ import annotations

import pytest

from tests.notation.test_printed_values import check_all_forms, derivative

CONVOLUTION = "sum((y[i] - sum(k[j]*x[i+j-1] for j in 1..m))^2 for i in 1..n-m+1) where x: vector(n), k: vector(m)"
LAGS = "sum(x[i]*x[i+h] for i in 1..n-h)"
HANKEL = "sum(a_j*b_k*c[j+k-1] for j in 1..m for k in 1..n)"
MIRROR = "sum((x_i - x[n-i+1])^2 for i in 1..n)"
POLYNOMIAL = "sum((sum(c[k]*t_i^(k-1) for k in 1..d) - y_i)^2 for i in 1..N)"

PRINTS = [
    (CONVOLUTION, "x", 1, "2 Σ[j = 1..n + 1 - m] [0 ≤ i - j ≤ m - 1] (Σₗ kₗ x[j + l - 1] - yⱼ) k[i + 1 - j]"),
    (CONVOLUTION, "k", 1, "2 Σ[j = 1..n + 1 - m] (Σₗ kₗ x[j + l - 1] - yⱼ) x[i + j - 1]"),
    (POLYNOMIAL, "c", 2, "2 Σₖ tₖ^(i + j - 2)"),
    (CONVOLUTION, "k", 2, "2 Σ[l = 1..n + 1 - m] x[i + l - 1] x[j + l - 1]"),
    (HANKEL, "a", 1, "Σⱼ bⱼ c[i + j - 1]"),
    (HANKEL, "c", 1, "Σⱼ [0 ≤ i - j ≤ m - 1] bⱼ a[i + 1 - j]"),
    ("sum(w_i*x[n-i+1] for i in 1..n)", "x", 1, "w[n + 1 - i]"),
    (MIRROR, "x", 1, "4 (xᵢ - x[n + 1 - i])"),
    (MIRROR, "x", 2, "4 (δᵢⱼ - [i + j == n + 1])"),
    ("sum(sum(x[i+j] for j in 0..2)^2 for i in 1..n-2)", "x", 1, "2 Σ[j = 1..n - 2] [0 ≤ i - j ≤ 2] Σ[k = 1..3] x[j + k - 1]"),
]


@pytest.mark.parametrize(("text", "wrt", "order", "printed"), PRINTS)
def test_positions_follow(text: str, wrt: str, order: int, printed: str) -> None:
    found = derivative(text, wrt, order=order)
    assert str(found) == printed
    check_all_forms(found)


MORE = [
    ("sum((sum(k[j]*x[i+j] for j in 1..m) - y_i)^2 for i in 1..n)", "x k y"),
    ("sum(sum(a_j*x[i-j+m] for j in 1..m)^2 for i in 1..n)", "x a"),
    ("sum(x[i]*y[j]*z[i+j] for i in 1..n for j in 1..m)", "x z"),
    ("sum(exp(x[i]*y[j])*z[i+j] for i in 1..n for j in 1..m)", "x z"),
    ("sum(A[i,j]*T[i-j+n] for i in 1..n for j in 1..n)", "A T"),
    ("sum(log(sum(A[i,j]*x[i+j] for j in 1..m)) for i in 1..n)", "A x"),
    ("sum(X[i+j, k]*w_j*v_k*u_i for i in 1..n for j in 1..m for k in 1..p)", "X w v u"),
    ("sum(x[2*i]*y_i for i in 1..n)", "x y"),
    ("sum((x[2*i] - x[2*i-1])^2 for i in 1..n)", "x"),
    (LAGS, "x"), (MIRROR, "x"), (POLYNOMIAL, "c t"),
    ("sum(x[i]*x[j]*x[n+1-i] for i in 1..n for j in 1..n)", "x"),
    ("sum(sum(x[j] for j in i..i+2)^2 for i in 1..n-2)", "x"),
    ("sum(x_i*y[i+j]*z[i+j+k] for i in 1..n for j in 1..m for k in 1..p)", "x y z"),
]


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("text", "variables"), MORE)
def test_the_printed_is_true(text: str, variables: str, order: int) -> None:
    for wrt in variables.split():
        check_all_forms(derivative(text, wrt, order=order))
