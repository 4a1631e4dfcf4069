r"""A derivation in LaTeX (amsmath, amssymb) and in Markdown with mathematics between dollar signs.

Lines are broken so that they fit a page: A4 with the margins of 2.5 cm and letters of 11 points that worksheets have. Reasons
stand in a column of their own beside the equations, and below an equation that leaves them no room.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matcalc.explanation.derivation import Derived, Equation, Line, Remark, Repetition, Section, Side, filled
from matcalc.explanation.formulas import escaped, in_latex, pieces, typeset
from matcalc.explanation.measure import broken, tight, widest_side, width
from matcalc.explanation.writing import equations_in, sized
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Answer, Expression
from matcalc.output.latex import PLAIN, expression, latex
from matcalc.output.latex import name as plain_name
from matcalc.output.text import expression as in_text

PAGE: Final = 40.0
"""The width of a line of the page, in em."""
_GAP: Final = 2.0
_NOTE: Final = r"&\qquad&"
"""Between a formula and what is said about it."""
_NARROWEST: Final = 13.0
"""With less room than this, reasons stand below their equations."""
_WORD: Final = 0.47
"""The width of a letter in words, on the average."""


class Typesetter:
    """Sets the lines of one derivation; its names look the same in equations and in words."""

    def __init__(self, derived: Derived, *, markdown: bool = False) -> None:
        self.special = distinct(derived)
        self.names = names_of(derived, self.special)
        self.markdown = markdown

    def page(self, derived: Derived) -> str:
        """All sections, numbered."""
        parts = []
        for number, section in enumerate(derived.sections, 1):
            title = self.words(section.title)
            parts.append(f"**{number}. {title}**" if self.markdown else rf"\paragraph{{{number}. {title}.}}")
            parts += self._blocks(section)
        if self.markdown:
            return "\n\n".join(parts)
        # an empty line before an equation would make a paragraph of it, and a gap
        written = "".join(part if not place else _between(parts[place - 1], part) + part for place, part in enumerate(parts))
        return f"\\begingroup\\allowdisplaybreaks\\jot=6pt\n{written}\n\\endgroup"

    def words(self, words: str, parts: Sequence[Expression] = ()) -> str:
        """Words with formulas between dollar signs."""
        return in_latex(words, [tight(self.math(each)) for each in parts], self.names, markdown=self.markdown)

    def note(self, side: Side) -> str:
        """What is said about a side within its equation, where Markdown is LaTeX too."""
        return in_latex(side.reason, [tight(self.math(each)) for each in side.parts], self.names)

    def heading(self, write: Callable[[Mapping[str, str]], str]) -> str:
        """What is differentiated, in as many lines as it needs."""
        first, *others = map(tight, broken(write(self.special), PAGE))
        lines = " \\\\\n".join([f"  & {first}", *(rf"  & \quad {each}" for each in others)])
        return f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}" if others else first

    def remark(self, words: str) -> str:
        """What was assumed, or a note on what was typed, which is no formula yet."""
        return self.words(words) if words.startswith("assuming") else escaped(words, markdown=self.markdown)

    def range(self, repeated: Repetition) -> str:
        """`for k = 2, …, 15`."""
        return f"for ${typeset(repeated.range.removeprefix('for '), self.names)}$"

    def math(self, of: Expression | Answer) -> str:
        """A formula."""
        return latex(of, self.special) if isinstance(of, Answer) else expression(of, self.special)

    # ------------------------------------------------------------------ blocks of equations

    def _blocks(self, section: Section) -> list[str]:
        """The equations that follow each other in one environment, and the remarks between them."""
        blocks: list[str] = []
        waiting: list[Equation] = []

        def close() -> None:
            if waiting:
                blocks.append(self._block(waiting))
                waiting.clear()

        def add(line: Line) -> None:
            if isinstance(line, Repetition):
                close()
                blocks.append(f"{self.range(line).capitalize()}:")
                for each in line.lines:
                    add(each)
                close()
            elif isinstance(line, Remark):
                close()
                blocks.append(self._remark(line))
            else:
                waiting.append(line)

        for line in section.lines:
            add(line)
        close()
        return blocks

    def _remark(self, remark: Remark) -> str:
        """Words between equations; where their formulas are long, better a ragged margin than one that is overrun."""
        words = self.words(remark.text, remark.expressions)
        return rf"{{\raggedright {words}\par}}" if remark.expressions and not self.markdown else words

    def _block(self, equations: Sequence[Equation]) -> str:
        lines = [row for equation in equations for row in self._rows(equation)]
        left = max(width(row.left) for row in lines)
        room = PAGE - left - _GAP
        for row in lines:
            row.formulas = list(map(tight, broken(row.right, room)))
            row.width = max(map(width, row.formulas))
        beside = [row.width for row in lines if row.notes and row.width + max(_NARROWEST, row.least) <= room - _GAP]
        column = max(beside, default=0.0)
        notes = room - _GAP - column
        written = [piece for row in lines for piece in self._written(row, column, notes)]
        begin, end = r"\begin{alignat*}{2}", r"\end{alignat*}"
        if self.markdown:
            begin, end = "$$\n\\begin{alignedat}{2}", "\\end{alignedat}\n$$"
        line_end = r" \\[0.3em]" if self.markdown else r" \\"
        return "\n".join([begin, f"{line_end}\n".join(written), end])

    def _rows(self, equation: Equation) -> Iterator[_Row]:
        left = tight(self.math(equation.left))
        for place, side in enumerate(equation.sides):
            notes = [self.note(side)] if side.reason else []
            lengths = [_length(side.reason, side.parts)] if side.reason else []
            if place == 0 and (size := sized(equation.shape, defined=len(equation.of) == 1)):
                notes.insert(0, f"${typeset(size, {})}$")
                lengths.insert(0, len(size) * _WORD)
            written = "; ".join(notes)
            least = 1.1 * max(map(widest_side, written.split("$")[1::2]), default=0.0)
            yield _Row(left, self.math(side.expression), written, sum(lengths) + len(notes), least)
            left = ""

    def _written(self, row: _Row, column: float, notes: float) -> Iterator[str]:
        """The lines of a row: its formula in pieces, and what stands beside it or below."""
        first, *others = row.formulas
        fits = row.width <= column
        head = f"  {row.left} &= {first if fits else _hanging(first, column)}"
        rest = [f"  &\\quad {each if fits else _hanging(each, column)}" for each in others]
        if row.least > notes:  # below, where there is more room
            yield from [head, *rest]
            room = PAGE - width(row.left) - 2 * _GAP
            yield from (rf"  & \quad \rlap{{\text{{{each}}}}}" for each in _lines(row.notes, room))
            return
        said = list(self._note(row, notes)) if row.notes else []
        if not fits:
            yield rf"{head} {_NOTE} \hspace{{{row.width - column - _GAP:.1f}em}}" if row.width > column + _GAP else head
            yield from rest
            yield from (f"  & {_NOTE} {each}" for each in said)
            return
        head += f" {_NOTE} {said[0]}" if said else ""
        yield head
        more = said[1:]
        for each in rest:
            yield each + (f" {_NOTE} {more.pop(0)}" if more else "")
        yield from (f"  & {_NOTE} {each}" for each in more)

    def _note(self, row: _Row, room: float) -> Iterator[str]:
        """A note, in as many lines as it needs; LaTeX breaks the lines of a box, Markdown has none."""
        if row.length <= room:
            yield rf"\text{{{row.notes}}}"
        elif self.markdown:
            yield from (rf"\text{{{each}}}" for each in _lines(row.notes, room))
        else:
            yield rf"\parbox[t]{{{room:.1f}em}}{{\raggedright {row.notes}\strut}}"


@dataclass(slots=True)
class _Row:
    """One right-hand side, with its width and that of its notes in em; `least` is that of their widest formula."""

    left: str
    right: str
    notes: str
    length: float
    least: float
    formulas: Sequence[str] = ()
    width: float = 0.0


def _between(before: str, after: str) -> str:
    is_text = not before.startswith((r"\begin", r"\paragraph")) and not after.startswith(r"\begin")
    return "\n\n" if is_text or after.startswith(r"\paragraph") else "\n"


def _hanging(formula: str, column: float) -> str:
    """A formula that is wider than the column of formulas, which it must not stretch."""
    return formula if width(formula) <= column else rf"\rlap{{$\displaystyle {formula}$}}"


def _length(words: str, parts: Sequence[Expression]) -> float:
    """How wide words are, about."""
    texts = list(map(in_text, parts))
    plain = "".join(part for part, marks in pieces(words) if not marks)
    inside = len(filled(words, texts)) - len(filled(plain, [""] * plain.count("{}")))
    return _WORD * len(plain) + 0.64 * max(inside, 0)


def _lines(words: str, room: float) -> list[str]:
    """Words in lines of about a width; formulas stay whole."""
    lines, line, length = [], "", 0.0
    for each in _unbroken(words, room):
        size = width(each.strip("$ ")) if each.startswith("$") else _WORD * len(each)
        if line and length + size > room:
            lines.append(line.strip())
            line, length = "", 0.0
        line += each
        length += size
    return [*lines, line.strip()]


def _unbroken(words: str, room: float) -> Iterator[str]:
    """Words, each with the space behind it, and formulas, or the lines of one that is too wide."""
    for place, part in enumerate(words.split("$")):
        if place % 2:
            yield from (f"${each}$" for each in broken(part, room))
        else:
            yield from (f"{word} " for word in part.split(" ") if part)


def distinct(derived: Derived) -> dict[str, str]:
    """The names that would look like another one, such as `x1` and `x_1`, `sigma` and `σ`, with how they look instead.

    One of each two stays as it is, that with a subscript or a letter of its own; the other one is written as it was typed.
    """
    found: dict[str, set[str]] = {}
    for node in nodes_of(derived):
        if isinstance(node, notation.Element):
            found.setdefault(_light(expression(node)), set()).add("")  # x₁ of a vector x
        for name in _names(node):
            found.setdefault(_light(plain_name(name)), set()).add(name)
    special: dict[str, str] = {}
    for same in found.values():
        first, *others = sorted(same, key=lambda name: (bool(name), "_" not in name, name.isascii(), name))
        special |= {name: _as_typed(name) for name in others}
        if first in special:
            special.pop(first)
    return special


def _as_typed(name: str) -> str:
    """A name in upright letters as it was typed."""
    spelled = "".join(each if each.isascii() else rf"\text{{{each}}}" for each in name.translate(PLAIN))
    return rf"\mathrm{{{spelled.replace('_', chr(92) + '_')}}}"


def _light(written: str) -> str:
    """How a name looks, whether it is bold or not: a vector and its entries go by one name."""
    return re.sub(r"\\(?:mathbf|boldsymbol)\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1", written).replace(r"\mathrm", "")


def _names(node: Expression) -> tuple[str, ...]:
    """The names that a node itself has."""
    if isinstance(node, notation.Symbol | notation.Commutation | notation.Unknown | notation.Named | notation.NamedElement):
        return (node.name,)
    return ()


def names_of(derived: Derived, special: Mapping[str, str]) -> dict[str, str]:
    """Each name of a derivation, as the text output writes it, with how it looks in LaTeX."""
    return dict(_symbols(derived, special))


def _symbols(derived: Derived, special: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for node in nodes_of(derived):
        if isinstance(node, notation.Symbol | notation.Commutation):
            yield in_text(node), expression(node, special)


def nodes_of(derived: Derived) -> Iterable[Expression]:
    """All that stands in the equations and remarks of a derivation."""
    roots: list[Expression] = []
    for section in derived.sections:
        for equation in equations_in(section.lines):
            roots.append(equation.left)
            for side in equation.sides:
                roots += side.parts
                if isinstance(side.expression, Answer):
                    roots += [side.expression.body, *(each for pair in side.expression.definitions for each in pair)]
                else:
                    roots.append(side.expression)
    seen: set[Expression] = set()
    for root in roots:
        for node in notation.postorder(root):
            if node not in seen:
                seen.add(node)
                yield node
                if isinstance(node, notation.Partial | notation.Differential):
                    below = (node.value, node.variable) if isinstance(node, notation.Partial) else (node.operand,)
                    roots += below
