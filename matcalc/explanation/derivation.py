"""What an explanation consists of: sections of lines, each an equation with the reason for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from matcalc.explanation.intermediates import Quantity, Steps
from matcalc.language.dimensions import Shape
from matcalc.notation.matrix import Answer, Expression


@dataclass(frozen=True, slots=True)
class Side:
    """One right-hand side of an equation, and what led to it; `parts` stand for the `{}` in the reason.

    A reason, as a remark and a title, is words with formulas between backticks, see `formulas`.
    """

    expression: Expression | Answer
    reason: str = ""
    parts: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Equation:
    """`left = side = side …`, true by itself.

    Attributes:
        left: an intermediate variable, or a derivative by name.
        sides: what it is equal to, one after the other.
        shape: the shape of all of them.
        of: the quantity that is defined, or the pair (value, variable) of a derivative.
        idea: whether it stays in a brief derivation.
    """

    left: Expression
    sides: tuple[Side, ...]
    shape: Shape
    of: tuple[Quantity, ...] = ()
    idea: bool = True


def unmarked(words: str) -> str:
    """Words as a text has them: formulas in them are not marked.

    >>> unmarked("`u` is `x` itself")
    'u is x itself'
    """
    return words.replace("`", "")


def filled(words: str, parts: Sequence[str]) -> str:
    """Words as a text has them, with texts in place of each `{}`.

    >>> filled("`x` cancels: ``{} = 1``", ["x/x"])
    'x cancels: x/x = 1'
    """
    pieces = unmarked(words).split("{}")
    return "".join(piece + part for piece, part in zip(pieces, [*parts, ""], strict=True))


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence between equations; `expressions` stand for the `{}` in it."""

    text: str
    expressions: tuple[Expression, ...] = ()
    idea: bool = True


@dataclass(frozen=True, slots=True)
class Repetition:
    """Lines that hold for each value of an index; `values` are the first, the second and the last one.

    `every` are the lines one by one, as they are without an index.
    """

    lines: tuple[Line, ...]
    index: str
    values: tuple[int, int, int]
    every: tuple[Line, ...]
    idea: bool = True

    @property
    def range(self) -> str:
        """`for k = 2, …, 15`, or the other way round `for k = 15, 14, …, 2`."""
        first, second, last = self.values
        between = f"{second}, " if second < first or second > first + 1 else ""
        return f"for {self.index} = {first}, {between}…, {last}"


Line = Equation | Remark | Repetition


@dataclass(slots=True)
class Section:
    """A step of the derivation, with a title that tells what is done and why."""

    title: str
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class Derived:
    """A whole derivation: its sections, and the steps that they are about."""

    sections: list[Section]
    steps: Steps

    def shortened(self) -> Derived:
        """Only the lines that carry an idea, and of each of them how it begins and ends."""
        sections = [Section(each.title, [_short(line) for line in each.lines if line.idea]) for each in self.sections]
        return Derived([each for each in sections if each.lines], self.steps)


def _short(line: Line) -> Line:
    if isinstance(line, Repetition):
        return replace(line, lines=tuple(_short(each) for each in line.lines if each.idea))
    if isinstance(line, Remark) or len(line.sides) < 3:
        return line
    return replace(line, sides=(line.sides[0], replace(line.sides[-1], reason="", parts=())))
