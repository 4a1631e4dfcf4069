"""The differential of a value that is no number, where what stands behind a differential can only be moved by vec.

The differentials of the steps are put into each other, from the first to the last; vec(A dX B) = (Bᵀ ⊗ A) vec(dX).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcalc.explanation.coefficients import is_zero_node
from matcalc.explanation.derivation import Equation, Side
from matcalc.explanation.intermediates import Quantity
from matcalc.explanation.linear import NotLinearError, differential, times
from matcalc.explanation.lines import is_zero, sum_of
from matcalc.language.dimensions import SCALAR, Dim, Shape, dim, vector
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Answer, Expression
from matcalc.notation.replace import replaced
from matcalc.output.text import expression
from matcalc.tensor.nodes import Node

if TYPE_CHECKING:
    from matcalc.explanation.differentials import Differentials


def needs_vec(value: Shape, variables: tuple[Quantity, ...], steps: list[Quantity]) -> bool:
    """Whether a coefficient between the value and a step or variable has more than two axes."""
    return bool(value.dims) and any(len(value.dims) + len(each.shape.dims) > 2 for each in (*variables, *steps))


class Forward:
    """The differential of the value in terms of those of the variables."""

    def __init__(self, owner: Differentials) -> None:
        self.owner = owner
        self.build = owner.build
        self.value = owner.steps.value
        self.tangents: dict[Quantity, dict[Quantity, Node]] = {each: {} for each in owner.steps.variables}

    def equations(self) -> list[Equation]:
        """The lines; the coefficients of the variables are then known to the owner."""
        active = self.owner.steps.active()
        for step in active:
            self._add_tangents(step)
        self.owner.found = self.tangents[self.value]
        forms = {step: self._form(step) for step in active}
        sides = [forms[self.value]]
        current = _plain(forms[self.value])
        for step in reversed(active[:-1]):
            new = self._with(current, step, _plain(forms[step]))
            if new is not current:
                sides.append(Side(new, f"substitute `{expression(self.owner.d(step))}`"))
                current = new
        shown = sides[1:] or sides
        result = [Equation(self.owner.d(self.value), tuple(shown), self.value.shape, (self.value,))]
        varying = [each for each, node in self.owner.found.items() if not is_zero_node(node)]
        if varying:
            result += self._last(varying, current)
        return result

    def _form(self, step: Quantity) -> Side:
        return self.owner.form(step)

    def _with(self, current: Expression, step: Quantity, form: Expression) -> Expression:
        """An expression with what a differential in it is equal to."""
        d = self.owner.d(step)
        if not any(node is d for node in notation.postorder(current)):
            return current
        if is_zero(form):
            return replaced(self.build, current, d, form)
        known: dict[Expression, Expression] = {
            node: node for node in notation.postorder(current) if isinstance(node, notation.Differential)
        }
        try:
            found = differential(self.build, current, {**known, d: form})
        except NotLinearError:
            return replaced(self.build, current, d, form)
        assert found is not None
        return found

    def _add_tangents(self, step: Quantity) -> None:
        found: dict[Quantity, Node] = {}
        for operand in step.operands:
            if not operand.targets:
                continue
            jacobian = self.owner.jacobian(step, operand)
            below = {operand: None} if operand.role == "variable" else self.tangents[operand]
            for variable, tangent in below.items():
                part = jacobian if tangent is None else self.owner.coefficients.chained(
                    jacobian, operand, tangent, variable, step.shape
                )
                before = found.get(variable)
                found[variable] = part if before is None else self.owner.coefficients.added(before, part)
        self.tangents[step] = found

    def _last(self, varying: list[Quantity], current: Expression) -> list[Equation]:
        """The form from which the derivative is read."""
        value, known = self.value, self.owner.coefficients
        axes = len(value.shape.dims)
        if any(known.written(self.owner.found[each], each).indices for each in varying):
            return self._by_elements(varying)
        stacked = any(axes + len(each.shape.dims) > 2 for each in varying)
        terms = []
        for each in varying:
            node, d = self.owner.found[each], self.owner.d(each)
            if stacked and (axes == 2 or len(each.shape.dims) == 2):
                upright = self.build.transpose(d) if each.shape.kind == "row" else self.build.vec(d)
                terms.append(known.stacked(node, each, upright))
            else:
                term = known.paired(node, each, d)
                terms.append(self.build.transpose(term) if stacked and value.shape.kind == "row" else term)
        left: Expression = self.owner.d(value)
        shape = value.shape
        if stacked and axes == 2:
            shape = vector(_size(value.shape))
            left = self.build.make(notation.Function, shape, "vec", (left,))
        if stacked and value.shape.kind == "row":
            left, shape = self.build.transpose(left), vector(value.shape.dims[0])
        written = sum_of(self.build, terms, shape)
        if expression(written) == expression(current):
            return []
        return [Equation(left, (Side(written, _why(expression(written), stacked=stacked)),), shape, (value,))]

    def _by_elements(self, varying: list[Quantity]) -> list[Equation]:
        """An element of the differential: the sum over the entries of the variables."""
        value, terms = self.value, []
        axes = len(value.shape.dims)
        own: tuple[str, ...] = ()
        for each in varying:
            written = self.owner.coefficients.by_element(self.owner.found[each])
            own, others = written.indices[:axes], written.indices[axes:]
            entry = self.owner.d(each)
            if others:
                entry = self.build.make(notation.Element, SCALAR, entry, others)
            body = times(self.build, 1, [written.expression, entry], (), SCALAR)
            sizes = tuple(zip(others, each.shape.dims, strict=True))
            terms.append(self.build.make(notation.IndexedSum, SCALAR, body, sizes) if others else body)
        left = self.build.make(notation.Element, SCALAR, self.owner.d(value), own)
        return [Equation(left, (Side(sum_of(self.build, terms, SCALAR), "entry by entry"),), SCALAR, (value,))]


def _why(written: str, *, stacked: bool) -> str:
    """The rule for vec."""
    if not stacked:
        return "collect the terms"
    rules = ["``vec(A Z B) = (Bᵀ ⊗ A) vec(Z)``"] if "⊗" in written else []
    rules += ["``vec(A ⊙ Z) = diag(vec(A)) vec(Z)``"] if "diag(" in written else []
    return "; ".join(rules) or "the columns under each other"


def _plain(side: Side) -> Expression:
    assert not isinstance(side.expression, Answer)
    return side.expression


def _size(shape: Shape) -> Dim:
    sizes = shape.dims
    return sizes[0].times(sizes[1]) if len(sizes) == 2 else sizes[0] if sizes else dim(1)


