"""What stands below the graph: totals, long local derivatives and a legend, in rows that are aligned at the `=`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from matcalc.output.picture.dataflow import Dataflow, Formula, legend
from matcalc.output.picture.metrics import lines, width

Kind = Literal["total", "long", "remark"]
Break = Callable[[str, str], list[str]]
"""A text in lines, with room for what stands before each of them."""

_NAMED = re.compile(r", (?=[^\s=(]+ = )")
_CELLS = re.compile(" {3,}")


@dataclass(frozen=True, slots=True)
class Row:
    """A line: what stands before the `=`, and after it, if this is the first line of a side; a remark has no left side.

    `condition` is that of a case, and stands in a column of its own.
    """

    kind: Kind
    left: str
    right: str
    is_first: bool = False
    condition: str = ""


def rows(flow: Dataflow, fits: Callable[[str], bool], broken: Break) -> Iterator[Row]:
    """The rows of all that stands below; nothing is left out."""
    for total in flow.totals:
        yield from _remark(total, broken) if isinstance(total, str) else _formula("total", total, fits, broken)
    for each in legend(flow):
        yield from _formula("long", each, fits, broken)
    for remark in flow.notation:
        yield from _remark(remark, broken)


def _remark(remark: str, broken: Break) -> Iterator[Row]:
    for line in broken(remark, ""):
        yield Row("remark", "", line)


def _formula(kind: Kind, formula: Formula, fits: Callable[[str], bool], broken: Break) -> Iterator[Row]:
    """One row if it fits, else one for each side at least."""
    whole = " = ".join(formula.sides)
    if "\n" not in whole and fits(f"{formula.left} = {whole}"):
        yield Row(kind, formula.left, whole, is_first=True)
        return
    left = formula.left
    for side in formula.sides:
        is_first = True
        for line, condition in _lines(side, formula.left, fits, broken):
            yield Row(kind, left, line, is_first, condition)
            left, is_first = "", False


def _lines(side: str, left: str, fits: Callable[[str], bool], broken: Break) -> Iterator[tuple[str, str]]:
    """The lines of a side, with the condition of a case; definitions have a line of their own if there is no room."""
    if "\n" in side:
        for line in side.split("\n"):
            value, *condition = _CELLS.split(line) if line[:1] in "⎧⎪⎨⎩" else [line]
            yield value, " ".join(condition)
        return
    if fits(f"{left} = {side}"):
        yield side, ""
        return
    body, *definitions = side.split("   where ")
    for line in broken(body, f"{left} = "):
        yield line, ""
    for named in definitions:
        for line in _definitions(named, lambda line: fits(f"{left} = {line}")):
            for part in broken(line, f"{left} = "):
                yield part, ""


def _definitions(named: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """`where a = …, b = …` in lines that begin with a name, as far as they have room."""
    line = "where"
    for each in _NAMED.split(named):
        if line != "where" and not fits(f"{line}, {each}"):
            yield f"{line},"
            line = each
        else:
            line = f"where {each}" if line == "where" else f"{line}, {each}"
    yield line


WIDEST = 46.0
"""The width of a line of plain text, in sizes of the letters: some 80 characters."""


def written(flow: Dataflow) -> list[str]:
    """The rows as lines of plain text."""

    def broken(text: str, before: str) -> list[str]:
        return lines(text, 1, max(WIDEST - width(before, 1), WIDEST / 2), len(text) + 1)

    found: list[str] = []
    before = 0
    for row in rows(flow, lambda text: width(text, 1) <= WIDEST, broken):
        if row.kind == "remark":
            found.append(row.right)
            continue
        before = len(row.left) if row.left else before
        right = f"{row.right}   {row.condition}" if row.condition else row.right
        found.append(f"{row.left or ' ' * before}{' = ' if row.is_first else '   '}{right}")
    return found


def said(flow: Dataflow) -> Iterator[str]:
    """All of it as sentences."""
    for each in (*flow.totals, *legend(flow), *flow.notation):
        words = each if isinstance(each, str) else " = ".join((each.left, *each.sides))
        yield " ".join(words.split()) + ("" if words.endswith((".", ":")) else ".")
