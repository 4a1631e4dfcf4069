"""Matrices and vectors written entry by entry."""

from __future__ import annotations

import pytest

import matcalc as mc

PRINTED = [
    ("[[a, b], [c, d]]", "a", "[[1, 0], [0, 0]]"),
    ("det([[a, b], [c, d]])", "a", "d"),
    ("det([[a, b], [c, d]])", "b", "-c"),
    ("det([[a, b], [b, a*b]])", "b", "a² - 2 b"),
    ("logdet([[a, b], [c, d]])", "a", "d / (a d - b c)"),
    ("inv([[a, b], [c, d]])", "a", "-U e(1) e(1)ᵀ U   where U = [[a, b], [c, d]]⁻¹"),
    ("tr([[a, b], [c, d]])", "d", "1"),
    ("[a, b] . x", "b", "x[2]"),
]


@pytest.mark.parametrize(("text", "wrt", "printed"), PRINTED)
def test_entries(text: str, wrt: str, printed: str) -> None:
    found = mc.diff(text, wrt)
    assert str(found) == printed
    assert found.verify().passed
