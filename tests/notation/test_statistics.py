"""Averages by the names that the reader used."""

from __future__ import annotations

import numpy as np
import pytest

import matcalc as mc
from tests.fuzzing.sympy_values import sympy_value

PRINTED = [
    ("mean(x)^2", "(2 mean(x) / n) 1ᵀ"),
    ("std(x)", "(x - mean(x))ᵀ / (n std(x))"),
    ("var(x)^2", "(4 var(x) / n) (x - mean(x))ᵀ"),
    ("sum(x)^2/len(x)", "(2 sum(x) / n) 1ᵀ"),
]


@pytest.mark.parametrize(("text", "printed"), PRINTED)
def test_averages(text: str, printed: str) -> None:
    found = mc.diff(text, "x", where="x: vector(n)")
    assert str(found) == printed
    assert found.verify().passed


def test_averages_in_sympy() -> None:
    x = np.array([0.3, -1.2, 2.5])
    for text, _ in PRINTED:
        found = mc.diff(text, "x", where="x: vector(n)")
        np.testing.assert_allclose(sympy_value(found.expr, {"x": x}).reshape(1, 3), found.evaluate(x=x))
