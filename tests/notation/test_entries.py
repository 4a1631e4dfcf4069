"""Small arrays are written by entries where blocks, unit vectors or divisions would have to be written."""

from __future__ import annotations

import numpy as np
import pytest

import matcalc as mc
from matcalc.derivative import Derivative
from tests.notation.test_printed_values import check_all_forms

DIFFERENCES = "sum((x[i+1] - x[i])^2 for i in 1..n-1)"
TWO, THREE, FOUR = (f"x: vector({size})" for size in (2, 3, 4))

PRINTS = [
    ("sum((x[i+1] - x[i])^2 for i in 1..2)", THREE, "x", 1, "[2 (x[1] - x[2]), 2 (2 x[2] - x[1] - x[3]), 2 (x[3] - x[2])]"),
    ("sum((x[i+1] - x[i])^2 for i in 1..2)", THREE, "x", 2, "2 * [[1, -1, 0], [-1, 2, -1], [0, -1, 1]]"),
    ("100*(x[2] - x[1]^2)^2 + (1 - x[1])^2", TWO, "x", 2, "[[2 (1 + 200 (3 x[1]² - x[2])), -400 x[1]], [-400 x[1], 200]]"),
    ("x[1]^2*x[2] + sin(x[1])", TWO, "x", 1, "[cos(x[1]) + 2 x[1] x[2], x[1]²]"),
    ("[x[1]*cos(x[2]), x[1]*sin(x[2])]", TWO, "x", 1, "[[cos(x[2]), -x[1] sin(x[2])], [sin(x[2]), x[1] cos(x[2])]]"),
    ("x[1]*A[1,2] + A[2,1]^2", f"A: matrix(2, 2), {TWO}", "A", 1, "[[0, 2 A[2, 1]], [x[1], 0]]"),
    ("prod(x)", THREE, "x", 1, "[x[2] x[3], x[1] x[3], x[1] x[2]]"),
    ("prod(x)", THREE, "x", 2, "[[0, x[3], x[2]], [x[3], 0, x[1]], [x[2], x[1], 0]]"),
    (
        "prod(x[j] - x[i] for j in 2..3 for i in 1..j-1)", THREE, "x", 1,
        "[(x[2] - x[3]) (x[2] + x[3] - 2 x[1]), (x[3] - x[1]) (x[1] + x[3] - 2 x[2]), (x[2] - x[1]) (2 x[3] - x[2] - x[1])]",
    ),
    ("x[1]^2*x[2]", "x: vector(n)", "x", 1, "x[1] (x[1] e(2) + 2 x[2] e(1))ᵀ"),
    ("tr(A X)", "A, X: matrix(2, 2)", "X", 1, "A"),
    (DIFFERENCES, None, "x", 1, "2 ([0, dᵀ] - [dᵀ, 0])   where d = x[2:n] - x[1:n - 1]"),
    (DIFFERENCES, None, "x", 2, "2 Dᵀ D   where D = I[1:n - 1] - I[2:n]"),
    (
        "sum(sqrt((x[i+1] - x[i])^2 + t) for i in 1..n-1)", "x: vector(n), t: positive scalar", "x", 2,
        "t Dᵀ diag(1 ⊘ ((x[2:n] - x[1:n - 1])² + t)^(3/2)) D   where D = I[2:n] - I[1:n - 1]",
    ),
    (
        "sum((x[i+1] - 2*x[i] + x[i-1])^2 for i in 2..n-1)", None, "x", 1,
        "2 ([0ᵀ, dᵀ] + [dᵀ, 0ᵀ] - 2 * [0, dᵀ, 0])   where d = x[3:n] + x[1:n - 2] - 2 x[2:n - 1]",
    ),
    (
        "sum(cos(x[i+1] - x[i]) for i in 1..n-1)", None, "x", 2,
        "-Dᵀ diag(cos(x[2:n] - x[1:n - 1])) D   where D = I[2:n] - I[1:n - 1]",
    ),
    ("sum(x[t]*y[t-1] for t in 2..T)", None, "x", 1, "[0, yᵀ]"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "where", "wrt", "order", "printed"), PRINTS)
def test_what_is_written(text: str, where: str | None, wrt: str, order: int, printed: str) -> None:
    found = mc.diff(text, wrt, where=where, order=order)
    assert isinstance(found, Derivative)
    assert str(found) == printed
    check_all_forms(found)
    assert found.verify().passed


@pytest.mark.parametrize("layout", ["numerator", "denominator", "gradient"])
@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("sum((x[i+1] - x[i])^2 for i in 1..2)", THREE), ("[x[1]*x[2]; x[3]^2]", THREE), ("[x[1]*x[2], x[1] + x[2]]", TWO),
        ("sum(abs(x[i+1] - x[i]) for i in 1..3)", FOUR), ("norm([x[1] - x[2]; x[3]])", THREE),
        ("prod(A x)", f"A: matrix(2, 2), {TWO}"),
        ("x[1]/x[2] + exp(x[1]*x[2])", TWO), ("sum(x[i]*x[j] for i in 1..3 for j in 1..i)", THREE),
    ],
)  # fmt: skip
def test_the_entries_are_right(text: str, where: str, layout: str) -> None:
    for order in (1, 2):
        found = mc.diff(text, "x", where=where, order=order, layout=layout)
        assert isinstance(found, Derivative)
        check_all_forms(found)


def test_a_product_with_a_zero_in_it() -> None:
    """What is printed exists where an entry is 0."""
    found = mc.diff("prod(x)", "x", where=THREE)
    assert isinstance(found, Derivative)
    assert "/" not in str(found)
    assert "⊘" not in str(found)
    assert np.isfinite(found.evaluate(x=[0.0, 2.0, 3.0])).all()
