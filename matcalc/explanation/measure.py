r"""How wide a formula in LaTeX is, about, and how it is broken into lines: before `where`, then at `+` and `-`, then between
factors, and at last within brackets. The commands are those that the printer writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(r"\\[a-zA-Z]+\*?|\\.|[{}^_&]|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)
_SCRIPT: Final = 0.72
"""The size of a subscript."""
_ADDING: Final = frozenset(("+", "-"))
_RELATIONS: Final = frozenset(("=", "<", ">", r"\in", r"\le", r"\ge", r"\leq", r"\geq", r"\ne", r"\neq", r"\to"))
_TIMES: Final = frozenset((r"\cdot", r"\odot", r"\oslash", r"\otimes", r"\times", r"\circ"))
_LARGE: Final = frozenset((r"\sum", r"\prod", r"\max", r"\min", r"\operatorname*"))
_SPACES: Final = {r"\quad": 1.0, r"\,": 0.17, r"\;": 0.28, r"\!": -0.17, r"\ ": 0.33, r"\displaystyle": 0.0, r"\limits": 0.0}
_WIDE_FONTS: Final = frozenset((r"\mathbf", r"\boldsymbol"))
_FONTS: Final = frozenset((
    r"\mathrm", r"\mathbf", r"\boldsymbol", r"\mathbb", r"\text", r"\textbf", r"\textit", r"\operatorname", r"\operatorname*",
    r"\mathtt", r"\mathit",
))  # fmt: skip
_ACCENTS: Final = frozenset((r"\hat", r"\bar", r"\tilde", r"\dot", r"\sqrt"))
_NARROW: Final = frozenset("ijlft()[]|!,.;:'I")
_WIDE: Final = frozenset("mwMWABCDEFGHKNOQRUXYZ")


@dataclass(slots=True)
class _Item:
    """What is not divided at first: a letter with its scripts, a fraction, brackets with all that is in them.

    Attributes:
        text: its LaTeX.
        width: in em.
        inner: what stands between brackets, if it is a pair of them; `opening` and `closing` are these.
    """

    text: str
    width: float
    opening: str = ""
    inner: str = ""
    closing: str = ""


def width(formula: str) -> float:
    r"""About how wide a formula is, in em.

    >>> width("x") < width("x + y") < width(r"\frac{x + y}{z} + 1") < width("x + y + z + 1 + 2")
    True
    """
    return sum(item.width for item in _items(formula))


def widest_side(formula: str) -> float:
    r"""How wide the widest side of an equation is, in em.

    >>> widest_side("x = a + b = y") == width(" a + b ")
    True
    """
    widest = total = 0.0
    for item in _items(formula):
        total = 0.0 if item.text.strip() == "=" else total + item.width
        widest = max(widest, total)
    return widest


def broken(formula: str, room: float) -> list[str]:
    r"""The lines of a formula, of at most about a width; those after the first begin with an operator.

    >>> broken("x + y", 10)
    ['x + y']
    >>> broken("a + b + c", 4)
    ['a + b', '{} + c']
    """
    items = _items(formula)
    if sum(item.width for item in items) <= room:
        return [formula]
    lines = ["".join(item.text for item in line).strip() for line in _lines(items, room, 0)]
    lines = [line.removeprefix(r"\quad").strip() for line in lines if line]
    return [lines[0], *(f"{{}} {line}" if _is_operator(line) else line for line in lines[1:])]


def _is_operator(line: str) -> bool:
    first = _TOKEN.match(line)
    return first is not None and first[0] in _ADDING | _TIMES | _RELATIONS


def tight(formula: str) -> str:
    r"""Without `\left` and `\right` where nothing between them is higher than a letter with its scripts.

    They would only make gaps behind the names of functions, and large brackets around `x^\top`.

    >>> tight(r"\exp\left(x\right) \left(\frac{a}{b}\right)")
    '\\exp(x) \\left(\\frac{a}{b}\\right)'
    """
    written, place = [], 0
    while place < len(formula):
        token, end = _next(formula, place)
        if token == r"\left":
            item, end = _fence(formula, place, end)
            if item.opening in _PLAIN and item.closing.removeprefix(r"\right") in _PLAIN and not _TALL.search(item.inner):
                opening, closing = item.opening.removeprefix(r"\left"), item.closing.removeprefix(r"\right")
                written.append(_BARS.get(opening, opening) + tight(item.inner) + _ENDS.get(closing, closing))
            else:
                written.append(item.opening + tight(item.inner) + item.closing)
        else:
            written.append(formula[place:end])
        place = end
    return _spaced("".join(written))


def _spaced(formula: str) -> str:
    """With a thin space between factors where one is a word, which would run into the other, and before a differential."""
    items = _items(formula)
    for before, gap, after in zip(items, items[1:], items[2:], strict=False):
        words = _LONG_NAME.match(before.text) or _LONG_NAME.match(after.text) or after.text == r"\mathrm{d}"
        if gap.text.isspace() and words and {before.text, after.text}.isdisjoint((*_ADDING, *_TIMES, *_RELATIONS, *_SPACES)):
            gap.text = r" \, " if not before.text.startswith(r"\operatorname") else gap.text
    return "".join(item.text for item in items)


_LONG_NAME: Final = re.compile(r"\\math(?:rm|bf)\{[^{}]{2,}\}")
_PLAIN: Final = frozenset((r"\left(", r"\left[", r"\left|", r"\left\|", ")", "]", "|", r"\|"))
_BARS: Final = {"|": r"\lvert ", r"\|": r"\lVert "}
_ENDS: Final = {"|": r"\rvert ", r"\|": r"\rVert "}
_TALL: Final = re.compile(r"\\(?:frac|begin|sum|prod|int|sqrt|max_|min_|operatorname\*)")

# Lines


def _begins(item: _Item, level: int) -> bool:
    """Whether a line may be broken before an item."""
    text = item.text.strip()
    if level == 0:
        return text == r"\quad"
    if level == 1:
        return text in _RELATIONS
    if level == 2:
        return text in _ADDING
    if level == 3:
        return text in _TIMES
    return bool(text) and text not in _TIMES and not text.startswith(r"\!")


def _lines(items: Sequence[_Item], room: float, level: int) -> list[list[_Item]]:
    """Items in lines: as many as fit, broken at the loosest places."""
    if sum(item.width for item in items) <= room:
        return [list(items)]
    if level > 4:
        return [line for item in items for line in _opened(item, room)]
    groups: list[list[_Item]] = []
    for item in items:
        if not groups or (_begins(item, level) and any(each.text.strip() for each in groups[-1]) and not _waits(groups[-1])):
            groups.append([])
        groups[-1].append(item)
    if len(groups) == 1:
        return _lines(items, room, level + 1)
    lines: list[list[_Item]] = []
    line: list[_Item] = []
    for group in groups:
        if line and _total(line) + _total(group) > room:
            lines.append(line)
            line = []
        if _total(group) > room:
            *before, line = _lines(group, room, level + 1)
            lines += before
        else:
            line = line + group
    return [*lines, line]


def _waits(group: Sequence[_Item]) -> bool:
    """Whether the last item needs the one behind it: an operator, or the sign of a sum."""
    last = next((item.text.strip() for item in reversed(group) if item.text.strip()), "")
    first = _TOKEN.match(last)
    return last in _ADDING | _TIMES | _RELATIONS or (first is not None and first[0] in _LARGE | {r"\int", r"\mathrm"}) or (
        last.startswith((r"\operatorname", r"\exp", r"\log", r"\sin", r"\cos", r"\tanh", r"\mathrm{d}", r"\partial"))
    )


def _total(items: Sequence[_Item]) -> float:
    return sum(item.width for item in items)


def _opened(item: _Item, room: float) -> list[list[_Item]]:
    """The lines of one item: brackets and fractions are taken apart, alternatives get lines of their own."""
    if item.width <= room:
        return [[item]]
    if item.opening:
        inner = broken(item.inner, room - 1)
        if len(inner) == 1:
            return [[item]]
        first, *middle, last = inner
        lines = [
            rf"{item.opening} {first} \right.", *(rf"\quad {each}" for each in middle), rf"\quad \left. {last} {item.closing}",
        ]  # fmt: skip
        return [[_Item(line, min(_plain_width(line), room))] for line in lines]
    text = item.text.strip()
    if text.startswith(r"\frac{"):
        above, rest = _group(text, len(r"\frac"))
        below, _ = _group(text, rest)
        if width(below) <= room / 2:
            parts = _items(rf"\frac{{1}}{{{below}}} \left({above}\right)")
        else:
            parts = _items(rf"\left({above}\right) \cdot \left({below}\right)^{{-1}}")
        return _lines(parts, room, 3)
    if text.startswith(r"\begin{cases}") and text.endswith(r"\end{cases}"):
        return [[_cases(text, room)]]
    return [[item]]


def _plain_width(line: str) -> float:
    return width(re.sub(r"\\(left|right)\.", "", line).replace(r"\left", "").replace(r"\right", ""))


def _cases(text: str, room: float) -> _Item:
    """Alternatives with each condition below its value."""
    rows = []
    for row in _split(text[len(r"\begin{cases}") : -len(r"\end{cases}")], r"\\"):
        cells = _split(row, "&")
        rows += [each if not place else rf"\quad {each}" for place, each in enumerate(broken(cells[0].strip(), room - 2))]
        rows += [rf"\qquad {each}" for cell in cells[1:] for each in broken(cell.strip(), room - 3)]
    joined = r" \\ ".join(rows)
    return _Item(rf"\begin{{cases}} {joined} \end{{cases}}", min(room, max(map(width, rows)) + 1))


# Items


def _items(formula: str) -> list[_Item]:
    """The items of a formula, each script with what it belongs to."""
    found: list[_Item] = []
    place = 0
    while place < len(formula):
        token, end = _next(formula, place)
        if token in ("^", "_"):
            script, end = _argument(formula, end)
            size = _SCRIPT * width(script)
            if not found:
                found.append(_Item("", 0.0))
            last = found[-1]
            over = _TOKEN.match(last.text.strip())
            if over is not None and over[0] in _LARGE:
                last.width = max(last.width, size)
            else:
                last.width += size if token == "_" or not re.search(r"_\{[^{}]*\}$|_.$", last.text) else size / 2
            last.text += formula[place:end]
            last.closing = last.closing and last.closing + formula[place:end]
        else:
            item, end = _item(formula, place, token, end)
            found.append(item)
        place = end
    return found


def _item(formula: str, start: int, token: str, end: int) -> tuple[_Item, int]:
    """The item that begins with a token, and where it ends."""
    if token == r"\left":
        return _fence(formula, start, end)
    if token == r"\begin":
        return _environment(formula, start, end)
    if token == r"\frac":
        above, middle = _argument(formula, end)
        below, end = _argument(formula, middle)
        return _Item(formula[start:end], max(width(above), width(below)) + 0.25), end
    if token in _FONTS:
        inner, end = _argument(formula, end)
        size = sum(map(_letter, inner)) * (1.12 if token in _WIDE_FONTS and "\\" not in inner else 0.95)
        if "\\" in inner:
            size = width(inner) if token != r"\text" else 0.45 * len(inner)
        return _Item(formula[start:end], size + (0.17 if token.startswith(r"\operatorname") else 0)), end
    if token in _ACCENTS:
        inner, end = _argument(formula, end)
        return _Item(formula[start:end], width(inner) + (0.9 if token == r"\sqrt" else 0)), end
    if token == "{":
        inner, end = _argument(formula, start)
        return _Item(formula[start:end], width(inner)), end
    return _Item(token, _size(token)), end


def _size(token: str) -> float:
    """The width of one token."""
    if token in _SPACES:
        return _SPACES[token]
    if token.isspace():
        return 0.0
    if token in _ADDING:
        return 1.22
    if token in _RELATIONS:
        return 1.33
    if token in _TIMES:
        return 0.72 if token == r"\cdot" else 1.22
    if token in _LARGE:
        return 1.5
    if token[0] == "\\" and len(token) > 2 and token[1:].isalpha():
        return 0.5 * len(token) - 0.3 if token in _NAMED else 0.62
    if token[0].isdigit():
        return 0.5 * len(token)
    return 0.45 if token == "," else _letter(token[-1])


_NAMED: Final = frozenset(
    rf"\{name}" for name in ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "det", "cot", "ln", "arctan")
)


def _letter(letter: str) -> float:
    return 0.38 if letter in _NARROW else 0.8 if letter in _WIDE else 0.33 if letter == " " else 0.53


def _fence(formula: str, start: int, place: int) -> tuple[_Item, int]:
    """Brackets, from `left` to the `right` that belongs to it."""
    _, inside = _next(formula, place)
    before, place = _closed(formula, inside, r"\left", r"\right")
    _, end = _next(formula, place)
    inner = formula[inside:before]
    item = _Item(formula[start:end], width(inner) + 0.95, formula[start:inside], inner, formula[before:end])
    return item, end


def _closed(formula: str, place: int, opening: str, closing: str) -> tuple[int, int]:
    """Where the token that closes what is open begins, and where it ends; twice the end of the formula if there is none."""
    depth = 1
    while place < len(formula):
        before = place
        token, place = _next(formula, place)
        depth += {opening: 1, closing: -1}.get(token, 0)
        if not depth:
            return before, place
    return place, place


def _environment(formula: str, start: int, place: int) -> tuple[_Item, int]:
    """A matrix, or alternatives."""
    name, inside = _argument(formula, place)
    before, place = _closed(formula, inside, r"\begin", r"\end")
    _, end = _argument(formula, place)
    rows = [[width(cell) for cell in _split(row, "&")] for row in _split(formula[inside:before], r"\\")]
    columns = max(map(len, rows))
    size = sum(max((row[k] for row in rows if k < len(row)), default=0.0) for k in range(columns))
    return _Item(formula[start:end], size + columns + (0.0 if name == "aligned" else 0.5)), end


def _split(formula: str, separator: str) -> list[str]:
    """The parts between separators that stand outside of inner environments and groups."""
    parts, depth, last, place = [], 0, 0, 0
    while place < len(formula):
        token, end = _next(formula, place)
        depth += {r"\begin": 1, r"\end": -1, "{": 1, "}": -1}.get(token, 0)
        if token == separator and not depth:
            parts.append(formula[last:place])
            last = end
        place = end
    return [*parts, formula[last:]]


def _next(formula: str, place: int) -> tuple[str, int]:
    """The token at a place, and where it ends; nothing at the end of a formula."""
    found = _TOKEN.match(formula, place)
    return (found[0], found.end()) if found else ("", place)


def _argument(formula: str, place: int) -> tuple[str, int]:
    """What a command takes: a group without its braces, or one token."""
    while formula[place : place + 1] == " ":
        place += 1
    if formula[place : place + 1] == "{":
        return _group(formula, place)
    return _next(formula, place)


def _group(formula: str, place: int) -> tuple[str, int]:
    """A group without its braces, and where it ends."""
    return next(_groups(formula, place))


def _groups(formula: str, place: int) -> Iterator[tuple[str, int]]:
    depth, start = 0, place
    while place < len(formula):
        token, place = _next(formula, place)
        depth += {"{": 1, "}": -1}.get(token, 0)
        if not depth:
            yield formula[start + 1 : place - 1], place
            return
    yield formula[start + 1 :], len(formula)
