"""Answers with functions of whole arrays and along axes are true as printed: vec, kron, cross, pinv, axis=, …"""

from __future__ import annotations

import pytest

import matcalc as mc
from tests.notation.test_printed_values import check, check_all_forms, derivative

PROGRAMS: list[tuple[str, str, str | None]] = [
    # along an axis
    ("sum(X, axis=0) . w", "X w", None), ("sum(t*X, axis=1)", "t X", "X: matrix(m, n), t: scalar"),
    ("X - mean(X, axis=0)", "X", None), ("norm(X - mean(X, axis=1))^2", "X", None),
    ("sum(softmax(X, axis=1) * Y)", "X Y", None), ("softmax(X, axis=0)", "X", None),
    ("softmax(Q K'/sqrt(d), axis=1) V", "V", "Q: matrix(n, d), K: matrix(m, d), V: matrix(m, p)"),
    ("sum(G * (softmax(Q K'/sqrt(d), axis=1) V))", "Q K V", "Q: matrix(n, d), K: matrix(m, d), V: matrix(m, p)"),
    ("sum(logsumexp(X W, axis=1))", "W X", None), ("sum(logsumexp(X W, axis=0))", "W", None), ("logsumexp(X)", "X", None),
    ("-sum(Y * log_softmax(X W, axis=1))", "W", None), ("std(X, axis=1) . w", "X", None),
    ("sum(max(X, axis=1))", "X", None), ("sum(normalize(X, axis=1) * Y)", "X", None),
    ("sum(cumsum(X, axis=1) * Y)", "X", None), ("prod(X, axis=0) . w", "X", None),
    ("sum(G * ((X - mean(X, axis=1))/std(X, axis=1)))", "X", None),
    # reductions
    ("var(X)", "X", None), ("prod(x)", "x", None), ("prod(X)", "X", None), ("max(x)", "x", None), ("min(x) * x", "x", None),
    ("max(X)", "X", None), ("norm(x, 3)", "x", None), ("norm(x, p)", "x p", "x: positive vector(n)"),
    ("norm(A x - b, inf)", "x A", None),
    # element by element
    ("clip(x, a, b)", "x a", "x: vector(n), a, b: scalar"), ("elu(x)", "x", "x: vector(n)"),
    ("leaky_relu(x)", "x", "x: vector(n)"),
    # triangles and running sums
    ("w . cumsum(x)", "x", None), ("tril(A)", "A", None), ("sum(triu(A) * B)", "A", None), ("norm(tril(L) x)^2", "L x", None),
    ("tril(L) tril(L)' * B", "L", "L, B: matrix(n, n)"), ("tr(tril(A) triu(A))", "A", None),
    # cross products
    ("cross(a, b)", "a b", None), ("norm(cross(a, b))^2", "a", None), ("c . cross(a, b)", "a b c", None),
    ("cross(a, cross(b, c))", "a b c", None), ("a . cross(a, b)", "a b", None),
    ("cross(w, cross(w, r))", "w r", None), ("A cross(w, B x)", "w x", "A: matrix(3, 3), B: matrix(3, n)"),
    ("skew(a) skew(b)", "a", None),
    # vec and kron
    ("vec(A X B)", "X A", "X: matrix(m, n)"), ("c . vec(X)", "X c", "X: matrix(m, n)"), ("norm(vec(A X - B))^2", "X", None),
    ("vec(X)' K vec(X)", "X K", "X: matrix(m, n)"), ("K vec(X)", "X K", "X: matrix(m, n)"), ("vec(X)", "X", "X: matrix(m, n)"),
    ("kron(a, b)", "a b", "a: vector(n), b: vector(m)"), ("kron(A, B)", "A B", "A: matrix(2, 3), B: matrix(3, 2)"),
    ("kron(A, B) x", "A B x", "A: matrix(m, n), B: matrix(p, q)"), ("c . kron(a, b)", "a b", None),
    ("tr(kron(A, B))", "A", None), ("kron(A, B) vec(X)", "X", None), ("norm(kron(A, B) vec(X) - y)^2", "X A", None),
    ("logdet(kron(A, B))", "A", "A: matrix(2, 2), B: matrix(3, 3)"), ("vec(X Y')", "X Y", "X: matrix(m, n)"),
    ("vec(u v')", "u v", None), ("exp(vec(X))", "X", "X: matrix(m, n)"), ("w . exp(vec(A X))", "X", None),
    # a symmetric matrix to powers that differ from row to row is not symmetric
    ("y' (abs(R)**((2 + tanh(d)) ones(n)'))' x", "x y", "R: symmetric(n), d, x, y: vector(n)"),
    ("max(norm(R[:, i], 2 + tanh(d_i)) for i in 1..m)", "R", "R: symmetric(m), d: vector(m)"),
    # pseudo-inverses
    ("pinv(A)", "A", "A: matrix(m, n)"), ("pinv(A) b", "A b", "A: matrix(m, n)"), ("tr(pinv(A) B)", "A", "A: matrix(m, n)"),
]  # fmt: skip
CASES = [(text, wrt, where) for text, variables, where in PROGRAMS for wrt in variables.split()]


@pytest.mark.parametrize(("text", "wrt", "where"), CASES, ids=[f"{text} by {wrt}" for text, wrt, _ in CASES])
def test_an_answer_is_true(text: str, wrt: str, where: str | None) -> None:
    found = derivative(text, wrt, where)
    check_all_forms(found)
    assert found.verify().passed
    check(derivative(text, wrt, where, layout="denominator"))
    if found._rows.kind == "scalar":
        second = derivative(text, wrt, where, order=2)
        check_all_forms(second)
        assert second.verify().passed


FORMS = [
    ("sum(logsumexp(X W, axis=1))", "W", None, "softmax(X W, axis=1)ᵀ X"),
    ("sum(logsumexp(X W, axis=0))", "W", None, "softmax(X W, axis=0)ᵀ X"),
    ("cross(a, b)", "a", None, "-skew(b)"), ("c . cross(a, b)", "a", None, "cross(b, c)ᵀ"),
    ("norm(cross(a, b))^2", "a", None, "2 cross(b, cross(a, b))ᵀ"),
    ("vec(A X B)", "X", "X: matrix(m, n)", "Bᵀ ⊗ A"), ("c . vec(X)", "X", "X: matrix(m, n)", "unvec(c)ᵀ"),
    ("kron(A, B) vec(X)", "X", None, "A ⊗ B"), ("kron(a, b)", "b", "a: vector(n), b: vector(m)", "a ⊗ I"),
    ("tr(kron(A, B))", "A", None, "tr(B) I"), ("sum(tril(A) * B)", "A", None, "tril(B)ᵀ"),
    ("max(x)", "x", None, "e_argmax(x)ᵀ"), ("prod(x)", "x", None, "prod(x) (1 ⊘ x)ᵀ"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wrt", "where", "printed"), FORMS)
def test_forms(text: str, wrt: str, where: str | None, printed: str) -> None:
    assert str(mc.diff(text, wrt, where=where)) == printed
