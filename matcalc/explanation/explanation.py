"""What `Derivative.explain` gives: a derivation that prints as text, LaTeX, Markdown and plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matcalc.explanation.derivation import Derived, Line, Remark, Repetition, filled
from matcalc.explanation.repetition import folded
from matcalc.explanation.typesetting import Typesetter
from matcalc.explanation.writing import WIDTH, said, wrapped, written
from matcalc.notation.matrix import Answer, Expression
from matcalc.output.text import expression


class Explanation:
    """How a derivative, or several by one expression, come about, in Parr & Howard's four steps.

    >>> import matcalc as mc
    >>> print(mc.diff("sin(x^2)", wrt="x").explain())
    ∂/∂x sin(x²)
    assuming x ∈ ℝ
    <BLANKLINE>
    1. Introduce intermediate variables
       u = x²
       y = sin(u)
    <BLANKLINE>
    2. Differentiate each by its own operands
       du/dx = 2 x      power rule
       dy/du = cos(u)   derivative of sin
    <BLANKLINE>
    3. Combine by the single-variable chain rule: one path leads from x to y, and the derivatives along it
       multiply
       dy/dx = dy/du · du/dx
             = cos(u) · 2 x
             = 2 x cos(u)      the number goes to the front
    <BLANKLINE>
    4. Substitute back and simplify
       dy/dx = 2 x cos(x²)
    """

    def __init__(
        self,
        derived: Derived,
        headings: Mapping[str, str],
        *,
        brief: bool = False,
        remarks: Sequence[str] = (),
        latex_headings: Sequence[Callable[[Mapping[str, str]], str]] = (),
    ) -> None:
        self._derived = derived
        self._shown = folded(derived.shortened() if brief else derived)
        self._headings = dict(headings)
        self._latex_headings = tuple(latex_headings)
        self._remarks = tuple(remarks)
        self.remarks = tuple(filled(each, ()) if each.startswith("assuming") else each for each in remarks)
        """What was assumed, and what a reader should know."""

    @property
    def sections(self) -> Sequence[str]:
        """The titles of the steps."""
        return [filled(section.title, ()) for section in self._derived.sections]

    @property
    def derived(self) -> Derived:
        """The derivation as expressions, every line by itself."""
        return self._derived

    def text(self, width: int = WIDTH) -> str:
        """The derivation as text, in lines of at most so many characters where formulas allow it."""
        title = [line for each in (", ".join(self._headings.values()), *self.remarks) for line in wrapped(each, width)]
        return "\n\n".join(["\n".join(title), written(self._shown, width)])

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Explanation of {', '.join(self._headings.values())}>"

    def latex(self) -> str:
        """The derivation in LaTeX: a paragraph for each step, with `align*` (amsmath, amssymb)."""
        typesetter = self._typesetter()
        title = [f"\\[\n{typesetter.heading(each)}\n\\]" for each in self._latex_headings]
        remarks = [rf"\noindent {typesetter.remark(each)}\par" for each in self._remarks]
        return "\n".join([*title, *remarks, typesetter.page(self._shown)])

    def markdown(self) -> str:
        """The derivation in Markdown, with mathematics between dollar signs."""
        typesetter = self._typesetter(markdown=True)
        title = [f"$$\n{typesetter.heading(each)}\n$$" for each in self._latex_headings]
        parts = [*title, *map(typesetter.remark, self._remarks), typesetter.page(self._shown)]
        return "".join(f"{each}\n\n" for each in parts).rstrip() + "\n"

    def _typesetter(self, *, markdown: bool = False) -> Typesetter:
        return Typesetter(self._shown, markdown=markdown)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data, for JSON: each step with its lines, each line in text and LaTeX with its reason."""
        typesetter = self._typesetter()
        sections = [
            {**_in_words(typesetter, "title", section.title), "lines": [_line(typesetter, line) for line in section.lines]}
            for section in self._shown.sections
        ]
        headings = zip(self._headings, self._latex_headings, strict=False)
        return {
            "explains": dict(self._headings),
            "explains_latex": {name: write(typesetter.special) for name, write in headings},
            "remarks": list(self.remarks),
            "remarks_latex": list(map(typesetter.remark, self._remarks)),
            "steps": sections,
        }


def _line(typesetter: Typesetter, line: Line) -> dict[str, Any]:
    if isinstance(line, Repetition):
        lines = [_line(typesetter, each) for each in line.lines]
        return {"repeated": line.range, "repeated_latex": typesetter.range(line), "lines": lines}
    if isinstance(line, Remark):
        return _in_words(typesetter, "remark", line.text, line.expressions)
    return {
        "left": _both(typesetter, line.left), "shape": list(map(str, line.shape.dims)), "kind": line.shape.kind,
        "sides": [
            {**_both(typesetter, side.expression), **_in_words(typesetter, "reason", side.reason, side.parts)}
            for side in line.sides
        ],
    }  # fmt: skip


def _in_words(typesetter: Typesetter, key: str, words: str, parts: Sequence[Expression] = ()) -> dict[str, str]:
    """Words as text and in LaTeX, with their formulas between dollar signs."""
    return {key: filled(words, list(map(expression, parts))), f"{key}_latex": typesetter.words(words, parts)}


def _both(typesetter: Typesetter, of: Expression | Answer) -> dict[str, str]:
    return {"text": said(of) if isinstance(of, Answer) else expression(of), "latex": typesetter.math(of)}
