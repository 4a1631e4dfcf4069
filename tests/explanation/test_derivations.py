"""Whole derivations, as they are printed: the worked examples of Parr & Howard, and what courses set.

Each file of `derivations` holds a problem on its first line, `expression ||| variables ||| where ||| options`, then its
derivation.

    python tests/explanation/test_derivations.py --update [NAME …]   records what is printed now
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

import pytest

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

import matcalc as mc

FOLDER = Path(__file__).parent / "derivations"
NAMES = sorted(each.stem for each in FOLDER.glob("*.txt"))


def explained(problem: str) -> str:
    """The derivation of a problem."""
    expression, wrt, where, options, *_ = *(part.strip() for part in problem.split("|||")), "", ""
    keywords: dict[str, Any] = ast.literal_eval(options) if options else {}
    return str(mc.explain(expression, wrt=wrt, where=where or None, **keywords))


@pytest.mark.parametrize("name", NAMES)
def test_derivation(name: str) -> None:
    problem, _, text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").partition("\n\n")
    assert explained(problem) == text.rstrip("\n")


@pytest.mark.parametrize("width", [60, 80, 100])
def test_lines_fit_a_page(width: int) -> None:
    text = mc.explain("-y.log(softmax(W x + b))", wrt=["W", "b"]).text(width)
    assert max(map(len, text.splitlines())) <= width


def test_the_same_is_said_on_any_page() -> None:
    explanation = mc.explain("-y.log(softmax(W x + b))", wrt=["W", "b"])
    words = [re.sub(r"[()\s]", "", explanation.text(width)) for width in (60, 110)]
    assert words[0] == words[1]


def test_there_are_derivations() -> None:
    assert len(NAMES) > 20


def update(names: list[str]) -> None:
    """Record what is printed now."""
    for name in names or NAMES:
        file = FOLDER / f"{name}.txt"
        problem = file.read_text(encoding="utf-8").partition("\n")[0]
        file.write_text(f"{problem}\n\n{explained(problem)}\n", encoding="utf-8")


if __name__ == "__main__":
    assert sys.argv[1:2] == ["--update"], "only --update is known"
    update(sys.argv[2:])
