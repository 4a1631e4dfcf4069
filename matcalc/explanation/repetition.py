"""Repeated structure, such as the layers of a network: written once, with an index.

Lines that are the same but for the numbers in their names, each of which goes up or down by the same step from one block to the
next, `a2 = tanh(W2 a1 + b2)`, `a3 = tanh(W3 a2 + b3)`, …, become `aₖ = tanh(Wₖ aₖ₋₁ + bₖ) for k = 2, …, 15`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from matcalc.explanation.derivation import Derived, Equation, Line, Repetition, Section, Side
from matcalc.language.dimensions import SCALAR
from matcalc.notation import matrix as notation
from matcalc.notation.build import Builder
from matcalc.notation.matrix import Answer, Expression
from matcalc.notation.replace import with_children
from matcalc.output.text import expression

_FEWEST: Final = 4
"""Fewer blocks are written out."""
_SHORT: Final = 12
"""A section with no more lines is written out."""
_LONGEST: Final = 8
"""Lines of a block."""
_DIGITS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_LOWERED: Final = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
_NUMBERED: Final = re.compile(
    r"(?<![^\W\d_])([^\W\d_₀₁₂₃₄₅₆₇₈₉]+_?)([0-9]+|[₀₁₂₃₄₅₆₇₈₉]+)(?![0-9A-Za-z_\[])"
)
"""A name that ends with a number."""
_INDEX: Final = "ₖ"
_SAVED: Final = re.compile(r" \(`\w+` numbers, not `\w+`\)")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A line without the numbers in its names, and the numbers."""

    words: str
    stems: tuple[str, ...]
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """Blocks of lines that repeat: how long a block is, how many there are, and by how much each number changes."""

    length: int
    count: int
    steps: tuple[int, ...]
    numbers: tuple[int, ...]


def folded(derived: Derived) -> Derived:
    """A derivation with repeated lines written once."""
    build = Builder()
    return Derived([_folded(build, section) for section in derived.sections], derived.steps)


def _folded(build: Builder, section: Section) -> Section:
    if len(section.lines) <= _SHORT:
        return section
    patterns = [_pattern(line) for line in section.lines]
    lines: list[Line] = []
    place = 0
    while place < len(patterns):
        run = _run(patterns, place)
        if run is None:
            lines.append(section.lines[place])
            place += 1
            continue
        every = section.lines[place : place + run.length * run.count]
        lines.append(_repetition(build, run, every, patterns[place : place + run.length]))
        place += len(every)
    return Section(section.title, lines)


def _pattern(line: Line) -> _Pattern | None:
    if not isinstance(line, Equation) or any(isinstance(side.expression, Answer) for side in line.sides):
        return None
    sides = [side.expression for side in line.sides if not isinstance(side.expression, Answer)]
    written = " = ".join(map(expression, (line.left, *sides)))
    found = _NUMBERED.findall(written)
    numbers = tuple(int(number.translate(_DIGITS)) for _, number in found)
    return _Pattern(_NUMBERED.sub(r"\1#", written), tuple(stem for stem, _ in found), numbers)


def _run(patterns: Sequence[_Pattern | None], place: int) -> _Run | None:
    """The run of equal blocks that begins at a line and covers most lines; None if there is none."""
    best: _Run | None = None
    for length in range(1, _LONGEST + 1):
        first = _block(patterns, place, length)
        second = _block(patterns, place + length, length)
        if first is None or second is None or first.words != second.words:
            continue
        steps = _differences(first, second)
        if not any(steps) or min(steps) < 0 < max(steps) or not _is_clear(first, steps):
            continue
        count, last = 2, second
        while (after := _block(patterns, place + count * length, length)) is not None:
            if after.words != last.words or _differences(last, after) != steps:
                break
            count, last = count + 1, after
        if count >= _FEWEST and (best is None or count * length > best.count * best.length):
            best = _Run(length, count, steps, first.numbers)
    return best


def _block(patterns: Sequence[_Pattern | None], place: int, length: int) -> _Pattern | None:
    lines = patterns[place : place + length]
    if len(lines) < length or any(line is None for line in lines):
        return None
    known = [line for line in lines if line is not None]
    stems = tuple(stem for line in known for stem in line.stems)
    numbers = tuple(number for line in known for number in line.numbers)
    return _Pattern("\n".join(line.words for line in known), stems, numbers)


def _is_clear(block: _Pattern, steps: Sequence[int]) -> bool:
    """Whether one name goes up by one step wherever it stands in a block."""
    known: dict[tuple[str, int], int] = {}
    names = zip(block.stems, block.numbers, strict=True)
    return all(known.setdefault(name, step) == step for name, step in zip(names, steps, strict=True))


def _differences(first: _Pattern, second: _Pattern) -> tuple[int, ...]:
    return tuple(after - before for before, after in zip(first.numbers, second.numbers, strict=True))


def _repetition(build: Builder, run: _Run, lines: Sequence[Line], patterns: Sequence[_Pattern | None]) -> Repetition:
    """The lines of the first block with an index in place of each number that changes."""
    at = next(place for place, step in enumerate(run.steps) if abs(step) == min(abs(each) for each in run.steps if each))
    start, step = run.numbers[at], run.steps[at]
    block: list[Line] = []
    place = 0
    for line, pattern in zip(lines, patterns, strict=False):
        assert pattern is not None
        assert isinstance(line, Equation)
        count = len(pattern.numbers)
        every = zip(pattern.stems, run.numbers[place : place + count], run.steps[place : place + count], strict=True)
        names = {(stem, number): _place(number, each, start, step) for stem, number, each in every if each}
        place += count
        every_one = [other for other in lines[len(block) :: run.length] if isinstance(other, Equation)]
        reasons = [_reason([other.sides[at].reason for other in every_one], names, step) for at in range(len(line.sides))]
        same = len({other.shape for other in every_one}) == 1
        block.append(_indexed(build, line, names, reasons, same_shape=same))
    return Repetition(tuple(block), "k", (start, start + step, start + step * (run.count - 1)), tuple(lines))


def _place(number: int, change: int, start: int, step: int) -> str:
    """A number of the first block in terms of k, which is `start` there: `k`, `k-1`, `2k+3`."""
    factor = change // step
    offset = number - factor * start
    return ("" if factor == 1 else str(factor)) + "k" + (f"{offset:+d}" if offset else "")


def _reason(reasons: Sequence[str], names: dict[tuple[str, int], str], step: int) -> str:
    """The reason of a line for any value of the index, if those of the blocks are alike; nothing if they are not."""
    found = [_NUMBERED.findall(_SAVED.sub("", each)) for each in reasons]
    words = [_NUMBERED.sub(r"\1#", _SAVED.sub("", each)) for each in reasons]
    known = dict(names)
    if len(set(words)) == 1:
        for (stem, first), (_, second) in zip(found[0], found[1], strict=True):
            before, after = int(first.translate(_DIGITS)), int(second.translate(_DIGITS))
            base = next(((number, place) for (_, number), place in names.items() if place.startswith("k")), None)
            if after - before == step and base is not None and (stem, before) not in known:
                shift = int(base[1].removeprefix("k") or 0) + before - base[0]
                known[stem, before] = "k" + (f"{shift:+d}" if shift else "")
    elif len(set(words[1:])) > 1 or "×" in words[0]:
        return ""
    return _NUMBERED.sub(lambda each: _with_index(each, known), _SAVED.sub("", reasons[0]))


def _indexed(
    build: Builder, line: Equation, names: dict[tuple[str, int], str], reasons: Sequence[str], *, same_shape: bool
) -> Equation:
    """A line with an index in place of numbers."""

    def renamed(name: str) -> str:
        return _NUMBERED.sub(lambda found: _with_index(found, names), name)

    sides = tuple(
        Side(_rebuilt(build, side.expression, renamed), reason, tuple(_rebuilt(build, part, renamed) for part in side.parts))
        for side, reason in zip(line.sides, reasons, strict=True) if not isinstance(side.expression, Answer)
    )  # fmt: skip
    return replace(
        line, left=_rebuilt(build, line.left, renamed), sides=sides, shape=line.shape if same_shape else SCALAR, of=line.of
    )


def _with_index(found: re.Match[str], names: dict[tuple[str, int], str]) -> str:
    number = int(found[2].translate(_DIGITS))
    place = names.get((found[1], number)) or names.get((f"d{found[1]}", number))  # as it stands in du₅
    return found[0] if place is None else found[1].rstrip("_") + place.replace("k", _INDEX).translate(_LOWERED)


def _rebuilt(build: Builder, root: Expression, renamed: Callable[[str], str]) -> Expression:
    done: dict[Expression, Expression] = {}
    for node in notation.postorder(root):
        match node:
            case notation.Symbol():
                done[node] = build.make(notation.Symbol, node.shape, renamed(node.name))
            case notation.Partial():
                above, below = _rebuilt(build, node.value, renamed), _rebuilt(build, node.variable, renamed)
                done[node] = build.make(notation.Partial, node.shape, above, below, node.ordinary)
            case _:
                done[node] = with_children(build, node, done)
    return done[root]
