"""Equations in the where clause: used, checked when numbers are put in, and verified at points at which they hold."""

from __future__ import annotations

import numpy as np
import pytest

import matcalc as mc
from matcalc.errors import EvaluationError, ShapeError

FORMS = [
    ("-y.log(softmax(z))", "z", "sum(y) = 1", "softmax(z)ᵀ - yᵀ"),
    ("-y.log(softmax(W x + b))", "W", "sum(y) = 1", "x (softmax(W x + b) - y)ᵀ"),
    ("-y.log(softmax(W x + b))", "W", "1' y = 1", "x (softmax(W x + b) - y)ᵀ"),
    ("tr(Q' A Q)", "A", "Q' Q = I", "Q Qᵀ"), ("norm(Q x)^2", "x", "Q' Q = I, Q: matrix(m, n)", "2 xᵀ"),
    ("norm(Q x)^2", "x", "I = Q' Q, Q: matrix(n, n)", "2 xᵀ"), ("norm(Q' x)^2", "x", "Q' Q = I, Q: matrix(m, n)", "2 xᵀ Q Qᵀ"),
    ("norm(Q' x)^2", "x", "Q Q' = I, Q: matrix(m, n)", "2 xᵀ"),
    ("x' A x", "x", "A = A'", "2 xᵀ A"), ("x' A x", "A", "A' = A", "x xᵀ"),
    ("norm(A x - b)^2 / norm(b)", "x", "norm(b) = 2", "(A x - b)ᵀ A"),
    ("exp(-2 * a . b) * x . x", "x", "2 * a.b + 1 = 3", "2 exp(-2) xᵀ"),
    ("sum(p_i*m*x_j for i in 1..n for j in 1..k)", "m", "sum(p) = 1, p: vector(n)", "sum(x)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wrt", "where", "printed"), FORMS)
def test_facts_are_used(text: str, wrt: str, where: str, printed: str) -> None:
    found = mc.diff(text, wrt, where=where)
    assert str(found) == printed
    assert found.verify().passed
    assert not [note for note in found.notes if "not used" in note]


@pytest.mark.parametrize(
    ("text", "wrt", "where"),
    [
        ("sum(y) * y.y", "y", "sum(y) = 1"),  # about the variable: it does not hold where the variable moves
        ("tr(Q' A Q)", "Q", "Q' Q = I"), ("x . y", "x", "p.q = 3"), ("x . y", "x", "norm(y) = 1"),
    ],
)  # fmt: skip
def test_facts_that_make_no_difference_are_reported(text: str, wrt: str, where: str) -> None:
    found = mc.diff(text, wrt, where=where)
    assert f"not used: {where}" in found.notes
    assert str(found) == str(mc.diff(text, wrt))


def test_facts_must_hold_for_the_values() -> None:
    found = mc.diff("-y.log(softmax(z))", "z", where="sum(y) = 1")
    z = np.array([0.1, 0.2, 0.3])
    softmax = np.exp(z) / np.exp(z).sum()
    y = np.array([0.2, 0.5, 0.3])
    np.testing.assert_allclose(found.evaluate(y=y, z=z), [softmax - y], rtol=1e-12)
    with pytest.raises(EvaluationError, match="was stated, but does not hold"):
        found.evaluate(y=[1.0, 1.0, 1.0], z=z)
    with pytest.raises(EvaluationError, match="orthonormal_columns"):
        mc.diff("norm(Q x)^2", "x", where="Q' Q = I, Q: matrix(m, n)").evaluate(Q=np.ones((3, 2)), x=[1.0, 2.0])


def test_facts_constrain_shapes() -> None:
    assert mc.diff("c * x.x", "x", where="sum(c) = 1").shape is not None
    with pytest.raises(ShapeError):
        mc.diff("x . y", "x", where="x = 1")
