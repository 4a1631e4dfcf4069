"""The rows below the graph in SVG: a block in the middle of the page, with the `=` of all equations below each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matcalc.output.picture.below import Kind, Row, rows
from matcalc.output.picture.dataflow import Dataflow, Formula, legend
from matcalc.output.picture.layout import Size
from matcalc.output.picture.lettering import BLUE, GREY, INK, LABEL, LEADING, NAME, Text
from matcalc.output.picture.metrics import lines, width

_STYLES: dict[Kind, tuple[float, str]] = {"total": (NAME, BLUE), "long": (LABEL, INK), "remark": (LABEL, GREY)}
_SPACE = 5.0
_EQUALS = width("= ", NAME)
_BETWEEN = 18.0
"""From the values of cases to their conditions."""
_PARAGRAPH = 4.0
"""Before an equation, or remarks."""


def widest(flow: Dataflow) -> float:
    """The width in which each equation would fit on one line."""
    return max((_width(each, kind) for kind, each in _formulas(flow)), default=0.0)


def _formulas(flow: Dataflow) -> Iterator[tuple[Kind, Formula]]:
    """The equations below the graph, without the remarks."""
    yield from (("total", each) for each in flow.totals if isinstance(each, Formula))
    yield from (("long", each) for each in legend(flow))


def _width(formula: Formula, kind: Kind) -> float:
    whole = " = ".join((formula.left, *formula.sides))
    return width(whole.split("\n")[0], _STYLES[kind][0]) + _SPACE


@dataclass(frozen=True, slots=True)
class Panel:
    """The rows, and where the left sides end, the conditions of cases begin, and the block ends."""

    rows: Sequence[Row]
    left: float
    conditions: float
    right: float

    @property
    def extent(self) -> Size:
        """How much room it takes."""
        heights = (_STYLES[row.kind][0] * LEADING + gap for row, gap in zip(self.rows, self._gaps(), strict=True))
        return Size(self.right, sum(heights))

    def _gaps(self) -> Iterator[float]:
        """The room above each row."""
        for place, row in enumerate(self.rows):
            yield _PARAGRAPH if place and (row.left or row.kind != self.rows[place - 1].kind) else 0.0

    def drawn(self, middle: float, top: float) -> Iterator[str]:
        """The rows around `middle`, from `top` downwards."""
        start = middle - self.right / 2
        for row, gap in zip(self.rows, self._gaps(), strict=True):
            top += gap
            for text, x, anchor in self._texts(row):
                yield from text.drawn(start + x, top, anchor)
            top += _STYLES[row.kind][0] * LEADING

    def _texts(self, row: Row) -> Iterator[tuple[Text, float, str]]:
        size, colour = _STYLES[row.kind]
        if row.kind == "remark":
            yield Text([row.right], size, colour, is_sentence=True), 0.0, "start"
            return
        if row.left:
            yield Text([row.left], size, colour), self.left, "end"
        if row.is_first and not row.condition:
            yield Text([f"= {row.right}"], size, colour), self.left + _SPACE, "start"
            return
        if row.is_first:
            yield Text(["="], size, colour), self.left + _SPACE, "start"
        yield Text([row.right], size, colour), self.left + _SPACE + _EQUALS, "start"
        if row.condition:
            yield Text([row.condition], size, colour), self.conditions, "start"


def panel(flow: Dataflow, room: float) -> Panel:
    """What stands below the graph, in this width where it can be broken."""
    left = max((width(each.left, _STYLES[kind][0]) for kind, each in _formulas(flow)), default=0.0)

    def fits(text: str) -> bool:
        return width(text, NAME) + _SPACE <= room

    def broken(text: str, before: str) -> list[str]:
        size, taken = (NAME, left + _SPACE + _EQUALS) if before else (LABEL, 0.0)
        return lines(text, size, max(room - taken, room / 3), len(text) + 1)

    found = list(rows(flow, fits, broken))
    inner = left + _SPACE + _EQUALS
    conditions = inner + _BETWEEN + max((width(row.right, NAME) for row in found if row.condition), default=0.0)
    ends = [
        width(row.right, LABEL) if row.kind == "remark"
        else conditions + width(row.condition, NAME) if row.condition
        else inner + width(row.right, _STYLES[row.kind][0])
        for row in found
    ]  # fmt: skip
    return Panel(found, left, conditions, max(ends, default=0.0))
