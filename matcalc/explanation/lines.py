"""The differential of a step in ever other forms, until each differential stands behind its coefficient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matcalc.calculus.targets import STRUCTURES
from matcalc.explanation.coefficients import is_zero_node
from matcalc.explanation.derivation import Side
from matcalc.explanation.intermediates import Quantity
from matcalc.explanation.linear import differential, total
from matcalc.explanation.moves import MOVES, moved, reason, terms_of, varies
from matcalc.language.dimensions import Shape
from matcalc.notation import matrix as notation
from matcalc.notation.build import Builder
from matcalc.notation.matrix import Answer, Expression
from matcalc.output.text import expression
from matcalc.tensor.nodes import Node

if TYPE_CHECKING:
    from matcalc.explanation.differentials import Differentials

_PASSES = 12
"""How often all moves are tried on one line."""

_GONE = (
    (" = 0..", "cyclic property of the trace: the terms of the sum are equal"),
    ("∫", "cyclic property of the trace, under the integral"),
    ("Σ", "the sum over the index as a product of matrices"),
    ("vec(", "``vec(A)ᵀ vec(B) = tr(Aᵀ B)``"),
    ("kron(", "``tr(A ⊗ B) = tr(A) tr(B)``"),
)
"""Why a sign is gone that stood in the form before."""


class Line:
    """The differential of one step."""

    def __init__(self, owner: Differentials, step: Quantity, form: Side) -> None:
        assert not isinstance(form.expression, Answer)
        self.owner = owner
        self.build = owner.build
        self.step = step
        self.sides = [form]
        self.terms = [] if is_zero(form.expression) else [form.expression]

    def whole(self) -> Expression:
        """The last form."""
        return sum_of(self.build, self.terms, self.step.shape)

    def substituted(self, coefficients: Mapping[Quantity, Node], forms: Mapping[Quantity, Expression]) -> None:
        """The differentials of some steps put in."""
        known = self.owner.coefficients
        self.terms = [
            known.paired(node, each, forms.get(each) or self.owner.d(each), self.step)
            for each, node in coefficients.items()
            if not is_zero_node(node) and not (each in forms and is_zero(forms[each]))
        ]
        names = [f"`{expression(self.owner.d(step))}`" for step in coefficients if step in forms]
        self._add("substitute " + " and ".join(names))

    def with_terms(self, forms: Sequence[tuple[Quantity, Side]]) -> None:
        """In a sum over an index, the differential of the terms put in, from the last step to the first."""
        for step, form in forms:
            d, new = self.owner.d(step), form.expression
            assert not isinstance(new, Answer)
            current = self.whole()
            known: dict[Expression, Expression] = {
                node: node for node in notation.postorder(current) if isinstance(node, notation.Differential)
            }
            if d not in known or is_zero(new):
                continue
            found = differential(self.build, current, {**known, d: new})
            assert found is not None
            self.terms = [found]
            self._add(f"substitute `{expression(d)}`")

    def arranged(self, coefficients: Mapping[Quantity, Node]) -> None:
        """Each differential behind its coefficient."""
        if not self.step.shape.dims:
            self._move()
        many = len(self.terms)
        self.terms = [
            self.owner.coefficients.paired(node, each, self.owner.d(each), self.step)
            for each, node in coefficients.items()
            if not is_zero_node(node)
        ]
        written, before = expression(self.whole()), expression(self._last())
        if written == before:
            return
        structured = [each for each in coefficients if each.node.properties & (STRUCTURES | {"diagonal"})]
        if not structured and len(self.sides) > 1 and many == len(self.terms) and _letters(written) == _letters(before):
            self.sides[-1] = Side(self.whole(), self.sides[-1].reason)  # what commutes, in another order
            return
        self._add(self._why(written, before, collected=many > len(self.terms), structured=structured))

    def _why(self, written: str, before: str, *, collected: bool, structured: Sequence[Quantity]) -> str:
        """Why the last form, with the coefficients as they are written, is equal to the one before."""
        if structured and not collected:
            kinds = ("symmetric", "spd", "diagonal", "lower_triangular", "upper_triangular", "orthogonal")
            kind = next(each for each in kinds if each in structured[0].node.properties).replace("spd", "symmetric")
            if kind != "orthogonal":
                return f"`{expression(self.owner.d(structured[0]))}` is {kind.replace('_', ' ')}"
        if self.step.shape.dims and "⊙" in before and "diag(" in written:
            return "``a ⊙ b = diag(a) b``"
        if "diag(" in before and "diag(" not in written:
            if "tr(" in before:
                return "simplify"
            return "multiply out" if "(diag(" in before else "a row times a diagonal matrix: ``aᵀ diag(b) = (a ⊙ b)ᵀ``"
        for sign, why in _GONE:
            if sign in before and sign not in written:
                return why
        return "collect the terms" if collected else "simplify"

    def _last(self) -> Expression:
        last = self.sides[-1].expression
        assert not isinstance(last, Answer)
        return last

    def _move(self) -> None:
        """Multiplied out, and moved until no move has anything to do."""
        opened = [each for term in self.terms for each in terms_of(self.build, term)]
        flat = [each for term in self.terms for each in (term.terms if isinstance(term, notation.Sum) else (term,))]
        self.terms = opened
        if len(opened) > len(flat):
            self._add("multiply out")
        for _ in range(_PASSES):
            if not self._moved():
                break

    def _moved(self) -> bool:
        """The first move that has something to do, of all terms."""
        for move, name in MOVES:
            new, why = [], ""
            for term in self.terms:
                found = moved(self.build, term, move) if varies(term) else term
                if found is not term:
                    inner = next(each for each in notation.postorder(term) if isinstance(each, notation.Differential))
                    why = why or reason(name, term, expression(inner))
                new.append(found)
            if why:
                self.terms = new
                self._add(why)
                return True
        return False

    def _add(self, why: str) -> None:
        new = self.whole()
        if expression(new) != expression(self._last()):
            self.sides.append(Side(new, why))


def _letters(text: str) -> Counter[str]:
    return Counter(each for each in text if each not in "ᵀ()+* ")


def is_zero(node: Expression) -> bool:
    """Whether it is written as 0."""
    return isinstance(node, notation.Zeros) or (isinstance(node, notation.Number) and node.value == 0)


def sum_of(build: Builder, terms: Sequence[Expression], shape: Shape) -> Expression:
    """A sum, also of no terms."""
    if not terms:
        return build.make(notation.Zeros, shape) if shape.dims else build.number(0)
    return total(build, terms, shape)
