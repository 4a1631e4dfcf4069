"""The golden corpus: what must be printed, and that it is what the textbooks print.

`golden/*.jsonl` holds a problem on each line. `textbook` is the answer as a textbook has it, in numerator layout and in the
input language, written from the mathematics; it is empty where a matrix cannot say it. `prints` and `latex` are what must be
printed; both are empty where what is printed now is worse than the textbook. `golden/pending.jsonl` waits for things that are
not there yet (`needs`), and is not run. `dialect`, where a problem has it, is that of its text.

After printing has improved,

    python tests/test_golden.py --update [ID ...]

records it for the problems that have `prints` (and for those named), and shows the differences. Read them before you commit.
"""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest

import matcalc as mc
from matcalc.derivative import Derivative, Expression
from matcalc.errors import EvaluationError
from matcalc.verify.points import Assignments, Mix, Sampler, hinted

FOLDER = Path(__file__).parent / "golden"
PENDING = FOLDER / "pending.jsonl"
FIELDS = ["id", "source", "text", "where", "wrt", "order", "textbook", "prints", "latex"]
POINTS = 2
ATTEMPTS = 40
TOLERANCE = 1e-8

Record = dict[str, Any]


def read(path: Path) -> list[Record]:
    """The problems of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, records: list[Record]) -> None:
    """Write a file as `read` reads it."""
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")


FILES = sorted(set(FOLDER.glob("*.jsonl")) - {PENDING})
PROBLEMS = [record for path in FILES for record in read(path)]

each_problem = pytest.mark.parametrize("problem", [pytest.param(problem, id=problem["id"]) for problem in PROBLEMS])


def derivative(problem: Record) -> Derivative:
    """The derivative that a problem asks for."""
    where, dialect = problem["where"] or None, problem.get("dialect", "matcalc")
    result = mc.diff(problem["text"], wrt=problem["wrt"], where=where, order=problem["order"], dialect=dialect)
    assert isinstance(result, Derivative)
    return result


def textbook_answer(problem: Record, result: Derivative) -> Expression:
    """The textbook's answer, of variables with the shapes that they have in the problem."""
    if problem["where"]:
        return mc.parse(problem["textbook"], where=problem["where"])
    shapes = {name: str(symbol.shape) for name, symbol in result._problem.inference.symbols.items()}
    return mc.parse(problem["textbook"], shapes=shapes)


def points(result: Derivative, seed: int) -> Iterator[tuple[dict[str, Any], dict[str, int]]]:
    """Values for the variables at sizes that differ, in several ways: some functions want positive values."""
    inference = result._problem.inference
    random = np.random.default_rng(seed)
    for attempt in range(ATTEMPTS):
        sizes = Assignments(inference, random).draw({})
        sampler = Sampler(inference, sizes, random)
        positive: Mix = dict.fromkeys(inference.symbols, "positive")
        unit: Mix = dict.fromkeys(inference.symbols, "unit")
        mixes: tuple[Mix, ...] = (hinted(inference), {}, positive, unit)
        yield sampler.point(mixes[attempt % len(mixes)]), sizes


def values(result: Derivative, textbook: Expression, point: dict[str, Any], sizes: dict[str, int]) -> tuple[Any, Any]:
    """Both answers at a point."""
    symbols = textbook._problem.inference.symbols
    with np.errstate(all="ignore"):
        mine = result.evaluate(**point, **sizes)
        theirs = textbook.evaluate(**{name: point[name] for name in symbols}, **sizes)
    mine, theirs = np.asarray(mine), np.asarray(theirs)
    # A column of the derivative is a vector in the language.
    column = theirs.ndim == 1 and mine.shape == (theirs.size, 1)
    return mine, theirs.reshape(-1, 1) if column else theirs


def test_corpus() -> None:
    """The files are as the docstring says."""
    assert len(PROBLEMS) >= 220
    pending = read(PENDING)
    names = [record["id"] for record in [*PROBLEMS, *pending]]
    assert len(set(names)) == len(names)
    assert all([key for key in record if key != "dialect"] == FIELDS for record in PROBLEMS)
    assert all([key for key in record if key != "dialect"] == [*FIELDS, "needs"] for record in pending)
    assert all(bool(record["prints"]) == bool(record["latex"]) for record in PROBLEMS)


@pytest.mark.parametrize("problem", [pytest.param(each, id=each["id"]) for each in PROBLEMS if each["prints"]])
def test_prints(problem: Record) -> None:
    result = derivative(problem)
    assert str(result) == problem["prints"]
    assert result.latex() == problem["latex"]


@pytest.mark.parametrize("problem", [pytest.param(each, id=each["id"]) for each in PROBLEMS if each["textbook"]])
def test_textbook(problem: Record) -> None:
    result = derivative(problem)
    textbook = textbook_answer(problem, result)
    usable = 0
    for point, sizes in points(result, crc32(problem["id"].encode())):
        try:
            mine, theirs = values(result, textbook, point, sizes)
        except EvaluationError:  # a matrix without an inverse: X'X, where X is wide
            continue
        if not (np.isfinite(mine).all() and np.isfinite(theirs).all()):
            continue
        assert mine.shape == theirs.shape
        assert np.max(np.abs(mine - theirs)) <= TOLERANCE * (1 + np.max(np.abs(theirs)))
        usable += 1
        if usable == POINTS:
            return
    pytest.fail(f"{usable} usable points")


@each_problem
def test_verify(problem: Record) -> None:
    result = derivative(problem)
    if any(not function.elementwise for function in result._problem.inference.functions.values()):
        pytest.skip("an unknown function of vectors has no numbers")
    assert result.verify().passed


def update(names: set[str]) -> None:
    """Record what is printed now, and show what changed."""
    for path in FILES:
        records = read(path)
        for record in records:
            if not record["prints"] and record["id"] not in names:
                continue
            result = derivative(record)
            for field, now in (("prints", str(result)), ("latex", result.latex())):
                if record[field] != now:
                    lines = difflib.ndiff(record[field].splitlines(), now.splitlines())
                    print(f"{record['id']} {field}\n" + "\n".join(line for line in lines if not line.startswith("?")))
                    record[field] = now
        write(path, records)


if __name__ == "__main__":
    if sys.argv[1:2] != ["--update"]:
        sys.exit(__doc__)
    update(set(sys.argv[2:]))
