"""Scalar conditions as alternatives, as a textbook prints them."""

from __future__ import annotations

import pytest

import matcalc as mc

PRINTED = [
    ("max(a, b, c)", "a", None, ["⎧ 1   if a ≥ b and a ≥ c", "⎩ 0   otherwise"]),
    ("max(0, min(1, x))", "x", "x: scalar", ["⎧ 1   if 0 < x < 1", "⎩ 0   otherwise"]),
    ("max(-1, min(1, x))^2", "x", "x: scalar", ["⎧ 2 x   if -1 < x < 1", "⎩ 0     otherwise"]),
    ("max(0, min(1, w.x))", "w", None, ["⎧ xᵀ   if 0 < w·x < 1", "⎩ 0ᵀ   otherwise"]),
    ("where(x > 0, where(x > 1, 1, x), 0)", "x", "x: scalar", ["⎧ 1   if 0 < x ≤ 1", "⎩ 0   otherwise"]),
    (
        "where(x < 0, -1, where(x < 1, x, x^2))", "x", "x: scalar",
        ["⎧ 0     if x < 0", "⎨ 1     if 0 ≤ x < 1", "⎩ 2 x   if x ≥ 1"],
    ),
    (
        "max(w.x, min(w.y, 1))", "w", None,
        ["⎧ yᵀ   if w·x < w·y < 1", "⎨ 0ᵀ   if w·y ≥ 1 and w·x < 1", "⎩ xᵀ   otherwise"],
    ),
    ("max(0, x) + max(0, -x)", "x", "x: scalar", ["⎧ 1    if x > 0", "⎨ -1   if -x > 0", "⎩ 0    otherwise"]),
    ("abs(x)*max(0, y)", "y", "x, y: scalar", ["⎧ 0        if y ≤ 0", "⎩ abs(x)   if y > 0"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wrt", "where", "lines"), PRINTED, ids=[row[0] for row in PRINTED])
def test_alternatives(text: str, wrt: str, where: str | None, lines: list[str]) -> None:
    found = mc.diff(text, wrt, where=where)
    assert str(found).split("\n") == lines
    assert found.verify().passed


def test_conditions_that_do_not_depend_on_each_other_stay_brackets() -> None:
    assert str(mc.diff("max(0, 1 - x.w) + max(0, 1 + y.w)", "w")) == "[1 + w·y > 0] yᵀ - [1 - x·w > 0] xᵀ"


def test_alternatives_in_latex_and_sympy() -> None:
    found = mc.diff("max(0, min(1, x))", "x", where="x: scalar")
    assert found.latex() == r"\begin{cases} 1 & \text{if } 0 < x < 1 \\ 0 & \text{otherwise} \end{cases}"
    assert str(found.expr) == "Piecewise((1, (x > 0) & (x < 1)), (0, True))"
    both = mc.diff("max(a, b, c)", "a")
    assert r"\text{if } a \geq b \text{ and } a \geq c" in both.latex()


def test_many_conditions_take_no_time() -> None:
    text = " * ".join(f"max(0, x - {k})" for k in range(1, 40))
    assert str(mc.diff(text, "x", where="x: scalar"))
