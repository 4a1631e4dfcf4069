"""Sums of matrices and vectors as textbooks print them, and that the printed derivatives are right."""

from __future__ import annotations

import pytest

import matcalc as mc

V = "x, v, g, c: vector(n), e, t: positive scalar, p: positive scalar"
FORMS = [
    # over a common denominator nothing cancels: a/c + b/c² = (a + b/c)/c
    ("x/norm(x)", "x", 1, V, "(1/‖x‖) (I - x xᵀ / ‖x‖²)"),
    ("v . normalize(x)", "x", 1, V, "(v - (v·x/‖x‖²) x)ᵀ / ‖x‖"),
    ("v . normalize(x)", "x", 2, V, "(1/‖x‖³) ((3 v·x / ‖x‖²) x xᵀ - (v·x) I - x vᵀ - v xᵀ)"),
    ("x/(1 + c.x)", "x", 1, V, "(1 / (1 + x·c)) (I - x cᵀ / (1 + x·c))"),
    ("exp(-||x - v||^2/(2*t^2))", "x", 2, V, "(exp(-‖x - v‖² / (2 t²)) / t⁴) ((x - v) (x - v)ᵀ - t² I)"),
    ("sum(V*normalize(X, axis=1))", "X", 1, "X, V: matrix(m, n)",
     "(V - diag(((V ⊙ X) ones(n)) ⊘ (X**2 ones(n))) X)ᵀ diag(1 ⊘ sqrt(X**2 ones(n)))"),
    ("norm(x)*x", "x", 1, V, "‖x‖ I + x xᵀ / ‖x‖"),
    ("sin(norm(x))", "x", 2, V, "(1/‖x‖) (cos(‖x‖) I - ((cos(‖x‖) + ‖x‖ sin(‖x‖)) / ‖x‖²) x xᵀ)"),
    # … but what cancels, cancels
    ("x/(1 + t) - t*x/(1 + t)^2", "x", 1, V, "I / (1 + t)²"),
    # deviations from a mean sum to zero, also from one that has a name
    ("mu = mean(x); sum((x - mu)^2) + mu", "x", 1, V, "(2 (x - mean(x)) + 1/n)ᵀ"),
    ("sum(v*(x - mean(x))/std(x))", "x", 1, V, "(v - (v·(x - mean(x)) / (n std(x)²)) (x - mean(x)) - mean(v))ᵀ / std(x)"),
    ("g*(x - mean(x))/std(x)", "x", 1, V,
     "(1/std(x)) diag(g) (I - ones(n, n) / n - (x - mean(x)) (x - mean(x))ᵀ / (n std(x)²))"),
    ("(x - mean(x))/sqrt(var(x) + e)", "x", 1, V,
     "(1 / sqrt(var(x) + e)) (I - ones(n, n) / n - (x - mean(x)) (x - mean(x))ᵀ / (n (var(x) + e)))"),
    # diagonal and outer products stay apart
    ("c . softmax(x)", "x", 2, V, "diag(u) - s uᵀ - u sᵀ   where s = softmax(x), u = s ⊙ (c - c·s)"),
    ("exp(sum(c*log(x)))", "x", 2, "c, x: positive vector(n)", "exp(c·log(x)) ((c ⊘ x) (c ⊘ x)ᵀ - diag(c ⊘ x²))"),
    ("g*x/sqrt(mean(x^2))", "x", 1, V, "(1/sqrt(‖x‖²/n)) diag(g) (I - x xᵀ / ‖x‖²)"),
    ("-sum(softmax(x)*log(softmax(x)))", "x", 1, V, "(softmax(x) ⊙ (x·softmax(x) - x))ᵀ"),
    # what adds up to 1
    ("max(c + x)", "c", 1, "x: vector(n), c: scalar", "1"),
    # the reader's name of a row
    ("v = r*2; w = sin(v) X; sum(w*w)", "X", 1, "r: row(n), X: matrix(n, m)", "2 Xᵀ sin(vᵀ) sin(vᵀ)ᵀ   where v = 2 r"),
    # fractions within
    ("norm(x)^p", "x", 2, V, "p (‖x‖^(p - 2) I + (p - 2) ‖x‖^(p - 4) x xᵀ)"),
    ("log(1 + ||x||^2/t)", "x", 2, V, "(2 / (t + ‖x‖²)) (I - (2 / (t + ‖x‖²)) x xᵀ)"),
    # transposed sums of products, and what stays under one transpose
    ("det(X' A X)", "X", 1, "X: matrix(m, n), A: matrix(m, m)", "det(Xᵀ A X) ((Xᵀ Aᵀ X)⁻¹ Xᵀ Aᵀ + (Xᵀ A X)⁻¹ Xᵀ A)"),
    ("||X W - Y||^2", "W", 1, "X: matrix(m, n), W: matrix(n, k), Y: matrix(m, k)", "2 (X W - Y)ᵀ X"),
    ("1/2*||x - y||^2 + c*norm1(D x)", "x", 1, "D: matrix(m, n), x, y: vector(n), c: scalar", "(x - y)ᵀ + c sign(D x)ᵀ D"),
    ("-logdet(X' diag(w) X)", "w", 1, "X: matrix(N, n), w: positive vector(N)", "-diag(X (Xᵀ diag(w) X)⁻¹ Xᵀ)ᵀ"),
    # what stands twice
    ("c*x*exp(x)", "x", 1, V, "diag(c ⊙ exp(x) ⊙ (1 + x))"),
    ("det(A + t B)", "t", 2, "t: scalar, A, B: matrix(n, n)",
     "(tr(B (A + t B)⁻¹)² - tr(B (A + t B)⁻¹ B (A + t B)⁻¹)) det(A + t B)"),
    ("sum(max(q*u, (q - 1)*u))", "u", 1, "u: vector(n), q: scalar", "where(q u ≥ (q - 1) u, q, q - 1)ᵀ"),
    # constants and averages
    ("gelu(x)", "x", 1, "x: scalar", "(1 + erf(x/sqrt(2))) / 2 + x exp(-x²/2) / sqrt(2 pi)"),
    ("var(X)", "X", 1, "X: matrix(m, n)", "(2 / (m n)) (X - mean(X))ᵀ"),
    # sums in the order in which they were written
    ("a' (A + X)^-1 (B + X)^-1 b", "a", 1, "a, b: vector(n), X, B, A: matrix(n, n)", "bᵀ (B + X)⁻ᵀ (A + X)⁻ᵀ"),
    ("tr(A (I + X)^-1)", "X", 1, "A, X: matrix(n, n)", "-(I + X)⁻¹ A (I + X)⁻¹"),
]


@pytest.mark.parametrize(("text", "wrt", "order", "where", "printed"), FORMS, ids=[f"{row[0]}-{row[2]}" for row in FORMS])
def test_printed(text: str, wrt: str, order: int, where: str, printed: str) -> None:
    derivative = mc.diff(text, wrt=wrt, order=order, where=where)
    assert str(derivative) == printed
    assert derivative.verify().passed
