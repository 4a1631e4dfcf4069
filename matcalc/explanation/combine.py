"""Step 3: the derivatives along the paths from a variable to the value, put together by the chain rule that fits.

Parr & Howard: single-variable (4.5.1: scalars, one path), single-variable total-derivative (4.5.2: scalars, several paths, so
that contributions add up), vector (4.5.3: Jacobians multiply). Of a scalar value by arrays the derivatives of the value by each
step are found from the value down (the adjoints of backpropagation), otherwise those of each step by the variable, going up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import islice

from matcalc.calculus.simplify import Simplifier
from matcalc.calculus.substitution import substituted
from matcalc.explanation.intermediates import Quantity, Steps, taken_by_differentials
from matcalc.explanation.linear import NotLinearError, differential
from matcalc.explanation.local import Local, in_place, local, name_of, stated
from matcalc.language.dimensions import SCALAR
from matcalc.notation import matrix as notation
from matcalc.notation.component import MatrixNotationError
from matcalc.notation.looks import flipped
from matcalc.notation.matrix import Expression
from matcalc.notation.recover import Recovery
from matcalc.tensor.nodes import Node

_LONG, _LONG_IF_DEEP = 30, 4
"""A derivative with more symbols is carried on by its name: in a derivation with many steps a short one too."""
_MANY = 12
"""Steps, of which each has a line of its own."""
_EDGES = 9
"""Local derivatives on several paths: with more of them, each step has a line of its own too."""


@dataclass(eq=False, slots=True)
class Term:
    """The contribution of one path: derivatives whose product it is, outermost first."""

    factors: tuple[Local, ...]
    through: Quantity
    """The operand (or user) through which the path goes."""


@dataclass(eq=False, slots=True)
class Combination:
    """The derivative of one quantity by another, as the sum over paths.

    Attributes:
        total: it as a whole, simplified, in terms of the intermediate variables.
        terms: the contribution of each path.
        formula: what the chain rule gives where a product of Jacobians is not written: with the derivatives found before by
            name; None if there is nothing between the names and the total.
    """

    total: Local
    terms: tuple[Term, ...]
    formula: Expression | None = None
    forward: bool = False
    """Whether derivatives by the variable were carried up, and not those of the value down."""

    @property
    def rule(self) -> str:
        """Which of the three chain rules it is; empty if nothing was combined."""
        factors = [factor for term in self.terms for factor in term.factors]
        if len(factors) < 2:
            return ""
        if any(each.step.shape.dims or each.operand.shape.dims for each in factors):
            return "vector"
        return "total-derivative" if len(self.terms) > 1 else "single-variable"


class Combiner:
    """Combines the local derivatives of some steps, each of which is found once."""

    def __init__(self, recovery: Recovery, steps: Steps) -> None:
        self.recovery = recovery
        self.build = recovery.build
        self.graph = recovery.graph
        self.simplifier = recovery.simplifier
        self.steps = steps
        self._has_differentials = not taken_by_differentials(steps, self.build.taken)
        self._local: dict[tuple[Quantity, Quantity], Local] = {}
        self._terms: dict[Quantity, Combiner] = {}
        self._found: list[Combination] | None = None
        self._adjoints: dict[Quantity, Local] = {}
        self._placeholders: dict[tuple[Quantity, Quantity], Node] = {}

    def local(self, step: Quantity, operand: Quantity) -> Local:
        """The derivative of a step by one of its operands."""
        key = (step, operand)
        if key not in self._local:
            found = local(self.recovery, step, operand)
            self._local[key] = found if step.series is None else self._of_series(found)
        return self._local[key]

    def terms(self, step: Quantity) -> Combiner:
        """The derivatives of one term of a step that is a sum over an index."""
        assert step.series is not None
        if step not in self._terms:
            self._terms[step] = Combiner(self.recovery, step.series.steps)
        return self._terms[step]

    def total(self, variable: Quantity) -> Local | None:
        """The derivative of the value by a variable; None if it does not depend on it."""
        totals = [each.total for each in self.combinations() if each.total.step is self.steps.value]
        return next((each for each in totals if each.operand is variable), None)

    def _of_series(self, found: Local) -> Local:
        """The derivative of a sum over an index as the sum of the derivatives of its terms, if that can be written."""
        term = self.terms(found.step).total(found.operand)
        if term is None or term.plain is None:
            return found
        written = self.summed(found.step, term.plain)
        if found.plain is not None and in_place(written) and found.operand not in self.steps.variables:
            return found
        label = name_of(self.build, found.step, found.operand)
        return Local(found.step, found.operand, found.node, label, written, written)

    def summed(self, step: Quantity, derivative: Expression) -> Expression:
        """A sum over an index with the derivative of its terms instead of the terms."""
        assert step.series is not None
        assert step.definition is not None
        value, build = step.series.steps.value.symbol, self.build

        def summed(node: notation.IndexedSum, body: Expression) -> Expression:
            rest = (getattr(node, each.name) for each in fields(node)[2:])
            if not isinstance(body, notation.Product) or body.coefficient == 1 or not body.factors:
                return build.make(notation.IndexedSum, body.shape, body, *rest)
            inner = build.product(1, body.factors, body.divisors, body.shape)  # the number stands before the sum
            whole = build.make(notation.IndexedSum, body.shape, inner, *rest)
            return build.product(body.coefficient, (whole,), (), body.shape)

        def derived(node: Expression) -> Expression:
            if node is value:
                return derivative
            match node:
                case notation.IndexedSum():
                    return summed(node, derived(node.body))
                case notation.Product():
                    inner = [derived(factor) if value in notation.postorder(factor) else factor for factor in node.factors]
                    shape = next((each.shape for each in inner if each.shape.dims), node.shape)
                    return build.product(node.coefficient, inner, node.divisors, shape)
            return node

        return derived(step.definition)

    def combinations(self) -> list[Combination]:
        """What is shown, in the order of accumulation."""
        if self._found is None:
            self._found = self._combinations()
        return self._found

    def _combinations(self) -> list[Combination]:
        value = self.steps.value
        if not value.shape.dims and (len(self.steps.variables) > 1 or self.steps.variables[0].shape.dims):
            return self._reverse()
        return [each for variable in self.steps.variables if variable in reached(value) for each in self._forward(variable)]

    # From the value down

    def _reverse(self) -> list[Combination]:
        value = self.steps.value
        active = self.steps.active()
        nodes = [*reversed(active), *self.steps.variables]
        stops = self._stops_down(nodes)
        found: list[Combination] = []
        for quantity in nodes:
            if quantity is value or quantity not in stops:
                continue
            users = [user for user in active if quantity in user.operands]
            if not users:
                continue  # the value does not depend on it
            terms = tuple(Term(tuple(reversed(self._up(quantity, user, stops))), user) for user in users)
            combination = self._combined(value, quantity, terms)
            self._adjoints[quantity] = self._carried(combination.total)
            if len(terms) > 1 or len(terms[0].factors) > 1 or quantity in self.steps.variables:
                found.append(combination)
        return found

    def _stops_down(self, nodes: Sequence[Quantity]) -> set[Quantity]:
        """The quantities whose derivative is written down; between them Jacobians multiply in one line."""
        several = len(self.steps.variables) > 1 or len(nodes) > _MANY
        every = several or any(len(each.shape.dims) > 1 for each in nodes)
        shared = any(len(self.steps.users(each)) > 1 for each in nodes)
        every = every or (shared and sum(len(each.operands) for each in nodes) > _EDGES)
        if every:
            return set(nodes)
        return {each for each in nodes if each in self.steps.variables or len(self.steps.users(each)) > 1}

    def _up(self, quantity: Quantity, user: Quantity, stops: set[Quantity]) -> list[Local]:
        """The derivatives from a quantity through one of its users to the next one that is written down."""
        factors = [self.local(user, quantity)]
        while user is not self.steps.value and user not in stops:
            above = self.steps.users(user)[0]
            factors.append(self.local(above, user))
            user = above
        if user is not self.steps.value:
            factors.append(self._adjoints[user])
        return factors

    # From a variable up

    def _forward(self, variable: Quantity) -> list[Combination]:
        value = self.steps.value
        active = self.steps.active(variable)
        below = {variable, *active}
        stops = {value} | {
            each for each in active if len(_of(each, below)) > 1 or self._is_shared(each, variable)
        }
        if any(len(each.shape.dims) > 1 for each in active):
            stops = set(active)
        tangents: dict[Quantity, Local] = {}
        found = []
        for quantity in active:
            if quantity not in stops:
                continue
            terms = []
            for operand in _of(quantity, below):
                factors = [self.local(quantity, operand)]
                at = operand
                while at is not variable and at not in stops:
                    (under,) = _of(at, below)
                    factors.append(self.local(at, under))
                    at = under
                if at is not variable:
                    factors.append(tangents[at])
                terms.append(Term(tuple(factors), operand))
            combination = self._combined(quantity, variable, tuple(terms))
            combination.forward = True
            tangents[quantity] = self._carried(combination.total)
            if quantity is value or len(terms) > 1 or len(terms[0].factors) > 1:
                found.append(combination)
        return found

    def _is_shared(self, step: Quantity, variable: Quantity) -> bool:
        return len(self.steps.users(step)) > 1 and step.operands != (variable,)

    # One line

    def _combined(self, value: Quantity, variable: Quantity, terms: tuple[Term, ...]) -> Combination:
        if len(terms) == 1 and len(terms[0].factors) == 1:
            return Combination(terms[0].factors[0], terms)
        nodes = [self._product([factor.node for factor in term.factors], term.factors) for term in terms]
        shape = value.shape.dims + variable.shape.dims
        self.graph.wrote(nodes)
        node = self.simplifier.simplify(self.graph.sum([(1, each) for each in nodes], shape))
        total = stated(self.recovery, node, value, variable)
        last = terms[0].factors[-1]
        if len(terms) == 1 and last.step.series is not None and last.plain is not None and last.plain.shape.dims:
            others = [each.plain for each in terms[0].factors[:-1]]
            if all(each is not None and not each.shape.dims for each in others):  # the sum over the index stays one
                kept = self.build.product(1, [each for each in [*others, last.plain] if each is not None], (), last.plain.shape)
                total = Local(value, variable, node, total.label, kept, kept)
        return Combination(total, terms, self._formula(value, variable, terms))

    def sum_of(self, combination: Combination, terms: Sequence[Term]) -> Local | None:
        """What some of the contributions give, by themselves."""
        total = combination.total
        nodes = [self._product([factor.node for factor in term.factors], term.factors) for term in terms]
        node = self.simplifier.simplify(self.graph.sum([(1, each) for each in nodes], total.node.shape))
        return stated(self.recovery, node, total.step, total.operand)

    def without_facts(self, total: Local) -> Expression | None:
        """A derivative simplified without what the reader stated to be so; None if there is nothing such."""
        if self.simplifier.known is None:
            return None
        each = next((each for each in self.combinations() if each.total is total), None)
        if each is None:
            return None
        plain = Simplifier(self.graph)
        nodes = [self._product([factor.node for factor in term.factors], term.factors, plain) for term in each.terms]
        node = plain.simplify(self.graph.sum([(1, one) for one in nodes], total.node.shape))
        return stated(self.recovery, node, total.step, total.operand).plain

    def expanded(self, of: Local) -> Local:
        """The same with what they stand for instead of the names that the reader did not give."""
        known: dict[Node, Node] = {}
        for step in self.steps.every():
            if step.value is not None and not step.given and step.role != "entry":
                known[step.node] = substituted(self.simplifier, step.value, known)
        node = self.simplifier.simplify(substituted(self.simplifier, of.node, known))
        return stated(self.recovery, node, of.step, of.operand)

    def _product(self, nodes: Sequence[Node], factors: Sequence[Local], simplifier: Simplifier | None = None) -> Node:
        """The contraction of Jacobians over the axes of what is between them."""
        simplifier = simplifier or self.simplifier
        result, first = nodes[0], factors[0]
        rows = len(first.step.shape.dims)
        for node, factor in zip(nodes[1:], factors[1:], strict=True):
            inner, columns = len(factor.step.shape.dims), len(factor.operand.shape.dims)
            own = range(rows)
            between = range(100, 100 + inner)
            last = range(200, 200 + columns)
            shape = result.shape[:rows] + factor.operand.shape.dims
            result = simplifier.contraction(
                [(result, (*own, *between)), (node, (*between, *last))], (*own, *last), shape
            )
        return result

    def _formula(self, value: Quantity, variable: Quantity, terms: tuple[Term, ...]) -> Expression | None:
        """With matrices between: the derivatives found before by name, multiplied where they belong: `A ∂y/∂U`."""
        if len({len(term.factors) for term in terms} | {2}) > 1 or not any(self._has_matrix(term) for term in terms):
            return None
        if not any(term.factors[0].step.shape.dims or term.factors[0].operand.shape.dims for term in terms):
            return None  # numbers before Jacobians
        parts: list[tuple[int, Node]] = []
        for term in terms:
            outer, inner = term.factors
            if not value.shape.dims and outer.step is value and outer is self._adjoints.get(outer.operand):  # an adjoint
                known, factor = outer, inner
            elif not variable.shape.dims:  # a Jacobian, times a tangent
                known, factor = inner, outer
            else:
                return None
            node = self._placeholder(known)
            pair = [node, factor.node] if known is outer else [factor.node, node]
            parts.append((1, self._product(pair, term.factors)))
        shape = value.shape.dims + variable.shape.dims
        whole = self.simplifier.simplify(self.graph.sum(parts, shape))
        written = stated(self.recovery, whole, value, variable).plain
        return None if written is None else self._turned(written)

    def _turned(self, written: Expression) -> Expression:
        """(M ⊙ (∂y/∂U)ᵀ)ᵀ as Mᵀ ⊙ ∂y/∂U: what is known stands as it is known."""
        scaled = written if isinstance(written, notation.Product) and written.factors else None
        node = scaled.factors[-1] if scaled is not None else written
        if not (isinstance(node, notation.Transpose) and isinstance(node.operand, notation.Hadamard)):
            return written
        product = node.operand
        turned_back = [each.operand for each in product.factors if isinstance(each, notation.Transpose)]
        if not any(isinstance(each, notation.Partial) for each in turned_back):
            return written
        factors, divisors = (tuple(map(self.build.transpose, part)) for part in (product.factors, product.divisors))
        turned = self.build.make(notation.Hadamard, written.shape, factors, divisors)
        if scaled is None:
            return turned
        above = (*scaled.factors[:-1], turned)
        return self.build.make(notation.Product, written.shape, scaled.coefficient, above, scaled.divisors)

    def _has_matrix(self, term: Term) -> bool:
        return any(len(each.shape.dims) > 1 for factor in term.factors for each in (factor.step, factor.operand))

    def change(self, step: Quantity, operand: Quantity) -> Expression | None:
        """The differential of a step where only one operand moves, -U⁻¹ dU U⁻¹; None if there is no notation for it."""
        if not self._has_differentials:
            return None
        moved = self.build.make(notation.Differential, operand.shape, operand.symbol)
        assert step.definition is not None
        try:
            written = differential(self.build, step.definition, {operand.symbol: moved})
        except NotLinearError:
            written = None
        if written is not None:
            return written
        found, outputs = self.local(step, operand), len(step.shape.dims)
        if not outputs and len(operand.shape.dims) > 1 and found.plain is not None:
            return self._trace(self.build.matmul(found.plain, moved))
        inner = range(outputs, outputs + len(operand.shape.dims))
        upright = self.build.transpose(moved) if operand.shape.kind == "row" else moved
        factors = [(found.node, (*range(outputs), *inner)), (self.recovery.leaf(upright, operand.shape.dims), (*inner,))]
        node = self.simplifier.contraction(factors, range(outputs), step.shape.dims)
        try:
            column = self.recovery.expression(self.simplifier.simplify(node))
        except MatrixNotationError:
            return None
        return self.build.transpose(column) if step.shape.kind == "row" else column

    def _trace(self, product: Expression) -> Expression:
        """The trace of a product, with numbers before it."""
        if isinstance(product, notation.Product) and product.factors and product.factors[-1].shape.dims:
            core = self._trace(product.factors[-1])
            return self.build.product(product.coefficient, [*product.factors[:-1], core], product.divisors, SCALAR)
        return self.build.make(notation.Function, SCALAR, "tr", (product,))

    def _placeholder(self, known: Local) -> Node:
        """A node that stands for a derivative found before: of a scalar by a step, or of a step by a scalar."""
        key = (known.step, known.operand)
        if key not in self._placeholders:
            name = name_of(self.build, known.step, known.operand)
            dims = known.step.shape.dims + known.operand.shape.dims
            turned = name.shape.kind == "row" or (len(dims) == 2 and not known.step.shape.dims)
            upright = self.build.make(notation.Transpose, flipped(name.shape), name) if turned else name
            self._placeholders[key] = self.recovery.leaf(upright, dims)
        return self._placeholders[key]

    def _carried(self, total: Local) -> Local:
        """A derivative as a factor of others: a long one by its name, so that lines stay short in a deep network."""
        most = _LONG if len(self.steps.steps) <= _MANY else _LONG_IF_DEEP
        if total.plain is None or next(islice(notation.postorder(total.plain), most, None), None) is None:
            return total
        if total.step.shape.dims and total.operand.shape.dims:
            return total
        return Local(total.step, total.operand, self._placeholder(total), total.label, total.label, total.label)


def _of(step: Quantity, among: set[Quantity]) -> list[Quantity]:
    """The operands of a step that are among some quantities."""
    return [each for each in step.operands if each in among]


def reached(value: Quantity) -> set[Quantity]:
    """A quantity and all that it is made of."""
    found = {value}
    stack = [value]
    while stack:
        for each in stack.pop().operands:
            if each not in found:
                found.add(each)
                stack.append(each)
    return found

