"""What is declared of a matrix, or follows from how it is made, is used; each form is checked with numbers."""

from __future__ import annotations

import pytest

import matcalc as mc

FORMS = [
    # signs
    ("sum(abs(p))", "p", "p: positive vector(n)", "1ᵀ"), ("sqrt(p^2)", "p", "p: positive scalar", "1"),
    ("sum(relu(p) * x)", "p", "p: positive vector(n), x: vector(n)", "xᵀ"), ("sum(max(0, exp(x)))", "x", None, "exp(x)ᵀ"),
    ("log(abs(det(S)))", "S", "S: spd(n)", "S⁻¹"), ("sum(abs(1 + x**2))", "x", None, "2 xᵀ"),
    ("sum(where(p > 0, p, 0))", "p", "p: positive vector(n)", "1ᵀ"), ("x*abs(x)", "x", "x: scalar", "2 abs(x)"),
    ("sum(abs(x)**3)", "x", None, "3 (x ⊙ abs(x))ᵀ"), ("x^2*sign(x)", "x", "x: scalar", "2 abs(x)"),
    # orthogonal
    ("norm(Q x)^2", "x", "Q: orthogonal(n)", "2 xᵀ"), ("tr(Q' A Q)", "A", "Q: orthogonal(n)", "I"),
    ("norm(A Q)^2", "A", "Q: orthogonal(n)", "2 Aᵀ"), ("logdet(Q A)", "A", "Q: orthogonal(n)", "A⁻¹"),
    ("x' Q^-1 A Q x", "x", "Q: orthogonal(n)", "xᵀ Qᵀ (A + Aᵀ) Q"), ("det(Q)^2 * tr(A)", "A", "Q: orthogonal(n)", "I"),
    # triangular
    ("norm(tril(L) x)^2", "x", "L: lower_triangular(n)", "2 xᵀ Lᵀ L"),
    ("logdet(L L') + norm(inv(L) x)^2", "x", "L: lower_triangular(n)", "2 xᵀ L⁻ᵀ L⁻¹"),
    ("det(L) * t", "t", "L: lower_triangular(n)", "prod(diag(L))"),
    # diagonal
    ("logdet(D)", "D", "D: diagonal(n)", "D⁻¹"), ("x' D x", "D", "D: diagonal(n)", "diag(x²)"),
    ("det(D)", "D", "D: diagonal(n)", "det(D) D⁻¹"), ("tr(D A D)", "D", "D: diagonal(n)", "2 D diag(diag(A))"),
    ("tr(D A D B)", "A", "D: diagonal(n)", "D B D"), ("sum(log(diag(L)**2))", "L", "L: matrix(n, n)", "2 diag(1 ⊘ diag(L))"),
    # inverses
    ("det(A X B)", "X", "A, B, X: matrix(n, n)", "det(A X B) X⁻¹"),
    ("logdet(A X B)", "X", "A: matrix(k, m), B: matrix(n, k), X: matrix(m, n)", "B (A X B)⁻¹ A"),
    ("logdet(X' X)", "X", "X: matrix(n, n)", "2 X⁻¹"), ("logdet(X' X)", "X", "X: matrix(m, n)", "2 (Xᵀ X)⁻¹ Xᵀ"),
    ("logdet(X' A X)", "X", "X, A: matrix(n, n)", "2 X⁻¹"), ("tr(inv(A B) A C)", "C", "A, B: matrix(n, n)", "B⁻¹"),
    ("a' inv(X' X) X' X b", "a", None, "bᵀ"), ("a' inv(S A) S b", "b", "S: symmetric(n), A: matrix(n, n)", "aᵀ A⁻¹"),
    ("a' inv(A X) X b", "b", "A, X: matrix(n, n)", "aᵀ (A X)⁻¹ X"), ("a' X inv(A X) b", "b", "A, X: matrix(n, n)", "aᵀ A⁻¹"),
    ("a' X inv(X' X) X' y", "y", "a: vector(m), X: matrix(m, n)", "aᵀ X (Xᵀ X)⁻¹ Xᵀ"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wrt", "where", "printed"), FORMS)
def test_forms(text: str, wrt: str, where: str | None, printed: str) -> None:
    found = mc.diff(text, wrt, where=where)
    assert str(found) == printed
    assert found.verify().passed
