"""The shown problems: values, derivatives with their shapes, and that every form of an answer can be had."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import matcalc as mc

PROBLEMS: list[dict[str, Any]] = [
    json.loads(line) for line in (Path(__file__).parent / "cases" / "problems.jsonl").read_text(encoding="utf-8").splitlines()
]
TOLERANCE = 1e-9

each_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=[problem["id"] for problem in PROBLEMS])


def arrays(point: dict[str, Any]) -> dict[str, Any]:
    """The inputs of a point."""
    return {name: np.array(value) for name, value in point["inputs"].items()}


@each_problem
def test_value(problem: dict[str, Any]) -> None:
    expression = mc.parse(problem["text"], where=problem["where"])
    for point in problem["points"]:
        value = np.asarray(expression.evaluate(**arrays(point)))
        wanted = np.array(point["value"])
        assert value.shape == wanted.shape
        np.testing.assert_allclose(value, wanted, rtol=TOLERANCE, atol=TOLERANCE)


@each_problem
def test_derivative(problem: dict[str, Any]) -> None:
    derivative = mc.diff(problem["text"], wrt=problem["wrt"], where=problem["where"], order=problem["order"])
    for point in problem["points"]:
        value = np.asarray(derivative.evaluate(**arrays(point)))
        wanted = np.array(point["derivative"])
        assert value.shape == wanted.shape
        np.testing.assert_allclose(value, wanted, rtol=TOLERANCE, atol=TOLERANCE)


@each_problem
def test_symbolic_shape(problem: dict[str, Any]) -> None:
    """The shape of the answer follows the sizes that the declarations name."""
    derivative = mc.diff(problem["text"], wrt=problem["wrt"], where=problem["where"], order=problem["order"])
    sizes = [size.value(problem["dims"]) for size in derivative.shape]
    assert sizes == list(np.shape(problem["points"][0]["derivative"]))


@each_problem
def test_forms(problem: dict[str, Any]) -> None:
    derivative = mc.diff(problem["text"], wrt=problem["wrt"], where=problem["where"], order=problem["order"])
    text, latex = str(derivative), derivative.latex()
    assert text
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    assert latex.count(r"\begin") == latex.count(r"\end")
    assert latex.isascii()
    assert str(derivative.expr)
    assert derivative._repr_latex_().startswith("$")
    assert derivative.layout == "numerator"


@each_problem
def test_the_same_twice(problem: dict[str, Any]) -> None:
    """The same input prints the same on every run."""
    first, second = (
        mc.diff(problem["text"], wrt=problem["wrt"], where=problem["where"], order=problem["order"]) for _ in range(2)
    )
    assert (str(first), first.latex()) == (str(second), second.latex())
