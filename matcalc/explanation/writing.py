"""A derivation as text for a terminal: sections of equations, with the shapes and reasons beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Final

from matcalc.errors import columns_of
from matcalc.explanation.derivation import Derived, Equation, Line, Remark, Repetition, Section, filled
from matcalc.language.assumptions import space
from matcalc.language.dimensions import Shape
from matcalc.notation.matrix import Answer, Chain, Expression, Sum
from matcalc.output.text import expression, text

WIDTH: Final = 110
NARROWEST: Final = 50
_NOTES: Final = 40
"""With less room than this, reasons stand below."""
_FOLLOWED: Final = re.compile(r"(?<![\w(])(∂[^\s()]+/∂[^\s()]+)(?= [\w(\[-])")
"""A derivative before another factor: ∂y/∂U A could be read as one by U A."""
_MARGIN: Final = "   "
_LONG: Final = 70
"""A longer answer has its definitions on a line of their own."""
_SHORT: Final = 18
_WIDEST: Final = 46
"""Reasons stand in one column, unless an equation is wider than this; on a narrow page than what leaves them room."""


def written(derived: Derived, width: int = WIDTH) -> str:
    """All sections, numbered, in lines of about so many characters; a formula that is wider stays in one line."""
    page = _Page(max(width, NARROWEST))
    return "\n\n".join(page.section(number, section) for number, section in enumerate(derived.sections, 1))


def wrapped(words: str, width: int = WIDTH) -> list[str]:
    """Words as lines."""
    return wrap(words, max(width, NARROWEST))


@dataclass(frozen=True, slots=True)
class _Page:
    width: int

    def section(self, number: int, section: Section) -> str:
        lines = section.lines
        equations = list(equations_in(lines))
        left = max((_columns(expression(each.left)) for each in equations), default=0)
        widths = [_columns(part) for each in equations for side in each.sides for part in said(side.expression).splitlines()]
        widest = max(_SHORT, min(_WIDEST, self.width - _NOTES - left - len(_MARGIN) - 6))
        right = max((width for width in widths if width <= widest), default=0)
        title = "\n".join(wrap(f"{number}. {filled(section.title, ())}", self.width, subsequent_indent="   "))
        return "\n".join([title, *(row for line in lines for row in self.rows(line, left, right))])

    def rows(self, line: Line, left: int, right: int) -> list[str]:
        if isinstance(line, Repetition):
            return [f"{_MARGIN}{line.range}:", *(row for each in line.lines for row in self.rows(each, left, right))]
        return self.remark(line) if isinstance(line, Remark) else self.equation(line, left, right)

    def remark(self, remark: Remark) -> list[str]:
        words = filled(remark.text, list(map(expression, remark.expressions)))
        return wrap(words, self.width, initial_indent=_MARGIN, subsequent_indent=_MARGIN)

    def equation(self, equation: Equation, left: int, right: int) -> list[str]:
        rows = []
        label = expression(equation.left)
        for place, side in enumerate(equation.sides):
            first, *others = said(side.expression).splitlines()
            start = f"{_MARGIN}{label}{' ' * (left - _columns(label))} = "
            notes = [filled(side.reason, list(map(expression, side.parts)))] if side.reason else []
            if place == 0 and (size := sized(equation.shape, defined=len(equation.of) == 1)):
                notes.insert(0, size)
            rows += self.beside(start, first, others, right, notes)
            label = ""
        return rows

    def beside(self, start: str, first: str, others: Sequence[str], right: int, notes: Sequence[str]) -> list[str]:
        """An expression of one or several lines, with notes beside it, or below if there is no room."""
        inner = " " * _columns(start)
        more = [inner + line for line in others]
        if not notes:
            return [start + first, *more]
        widest = max(map(_columns, [first, *others]))
        row = start + first + " " * (max(right, widest if others else 0) - _columns(first)) + "   "
        said_beside = "; ".join(notes)
        if _columns(row) + _columns(said_beside) <= self.width:
            return [row + said_beside, *more]
        room = self.width - _columns(row)
        if room >= _NOTES:
            lines = wrap(said_beside, room)
            rest = [*more, *[""] * (len(lines) - 1 - len(more))]
            return [row + lines[0]] + [
                (other + " " * (_columns(row) - _columns(other)) + line).rstrip()
                for other, line in zip(rest, [*lines[1:], *[""] * (len(rest) - len(lines) + 1)], strict=True)
            ]
        indent = inner + "  "
        return [start + first, *more, *wrap(f"({said_beside})", self.width, initial_indent=indent, subsequent_indent=indent)]


def equations_in(lines: Iterable[Line]) -> Iterator[Equation]:
    """The equations among some lines, repeated ones once."""
    for line in lines:
        if isinstance(line, Repetition):
            yield from equations_in(line.lines)
        elif isinstance(line, Equation):
            yield line


def said(of: Expression | Answer) -> str:
    """A side as text; of several lines if it has cases, or is a long sum over paths."""
    if isinstance(of, Sum) and any(isinstance(each, Chain) for each in of.terms):
        terms = list(map(expression, of.terms))
        if sum(map(_columns, terms)) > _WIDEST + 14:
            signed = [f"- {each[1:]}" if each.startswith("-") else f"+ {each}" for each in terms[1:]]
            return "\n".join([terms[0], *signed])
    lines = _FOLLOWED.sub(r"(\1)", text(of if isinstance(of, Answer) else Answer(of)))
    return lines.replace("   where ", "\nwhere ") if _columns(lines) > _LONG and "\n" not in lines else lines


def sized(shape: Shape, *, defined: bool) -> str:
    """`∈ ℝⁿ` for what is defined, `m×n` for a derivative; nothing for a number."""
    if not shape.dims:
        return ""
    if defined:
        return f"∈ {space(shape)}"
    return "×".join(size if size.isalnum() else f"({size})" for size in map(str, _sizes(shape)))


def _sizes(shape: Shape) -> Iterable[object]:
    if shape.kind == "matrix":
        return shape.dims
    return (shape.dims[0], 1) if shape.kind == "vector" else (1, shape.dims[0])


def _columns(line: str) -> int:
    return sum(map(columns_of, line))
