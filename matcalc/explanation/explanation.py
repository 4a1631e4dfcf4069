"""What `Derivative.explain` gives: a derivation that prints as text, LaTeX, Markdown and plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matcalc.explanation.derivation import Derived, Equation, Line, Remark, Repetition, filled
from matcalc.explanation.repetition import folded
from matcalc.explanation.typesetting import latex_of, markdown_of, worded
from matcalc.explanation.writing import WIDTH, said, wrapped, written
from matcalc.notation.matrix import Answer, Expression
from matcalc.output import latex as latex_output
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
        latex_headings: Sequence[str] = (),
    ) -> None:
        self._derived = derived
        self._shown = folded(derived.shortened() if brief else derived)
        self._headings = dict(headings)
        self._latex_headings = tuple(latex_headings)
        self.remarks = tuple(remarks)
        """What was assumed, and what a reader should know."""

    @property
    def sections(self) -> Sequence[str]:
        """The titles of the steps."""
        return [section.title for section in self._derived.sections]

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
        title = "".join(f"\\[{each}\\]\n" for each in self._latex_headings)
        return "\n".join([title + "\n\n".join(map(worded, self.remarks)), latex_of(self._shown)])

    def markdown(self) -> str:
        """The derivation in Markdown, with mathematics between dollar signs."""
        title = [f"$${each}$$" for each in self._latex_headings]
        return "".join(f"{each}\n\n" for each in [*title, *self.remarks]) + markdown_of(self._shown)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data, for JSON: each step with its lines, each line in text and LaTeX with its reason."""
        sections = [
            {"title": section.title, "lines": [_line(line) for line in section.lines]}
            for section in self._shown.sections
        ]
        return {"explains": dict(self._headings), "remarks": list(self.remarks), "steps": sections}


def _line(line: Line) -> dict[str, Any]:
    if isinstance(line, Repetition):
        return {"repeated": line.range, "lines": [_line(each) for each in line.lines]}
    if isinstance(line, Remark):
        return {"remark": filled(line.text, list(map(expression, line.expressions)))}
    return {"left": _both(line.left), "shape": list(map(str, line.shape.dims)), "kind": line.shape.kind, "sides": _sides(line)}


def _sides(equation: Equation) -> list[dict[str, str]]:
    sides = []
    for side in equation.sides:
        reason = filled(side.reason, list(map(expression, side.parts))) if side.reason else ""
        sides.append({**_both(side.expression), "reason": reason})
    return sides


def _both(of: Expression | Answer) -> dict[str, str]:
    if isinstance(of, Answer):
        return {"text": said(of), "latex": latex_output.latex(of)}
    return {"text": expression(of), "latex": latex_output.expression(of)}
