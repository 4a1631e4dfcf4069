"""A derivation by differentials, as Magnus & Neudecker teach it: df = tr(G dX), so ∂f/∂X = G.

What is linear is differentiated in one piece, d(A X B) = A dX B; what is not is a step with a differential of its own. These
are substituted into the differential of the value, from the last step to the first, until only those of the variables are left,
and what stands behind them is moved to their left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from matcalc.calculus.differentiate import differentiate
from matcalc.calculus.targets import Targets
from matcalc.errors import LimitError, NotSupportedError
from matcalc.explanation.coefficients import Coefficients, is_zero_node
from matcalc.explanation.derivation import Derived, Equation, Remark, Section, Side
from matcalc.explanation.derivation import Line as DerivationLine
from matcalc.explanation.forward import Forward, needs_vec
from matcalc.explanation.intermediates import Introduction, Quantity, Steps, check_length, taken_by_differentials
from matcalc.explanation.linear import NotLinearError, differential
from matcalc.explanation.lines import Line, sum_of
from matcalc.explanation.local import name_of
from matcalc.explanation.pieces import pieces
from matcalc.explanation.reasons import of_function, of_linear
from matcalc.language import tree
from matcalc.language.declared import Symmetric
from matcalc.limits import MAX_BY_DIFFERENTIALS, MAX_PRINTED
from matcalc.notation import matrix as notation
from matcalc.notation.looks import flipped
from matcalc.notation.matrix import Answer, Expression
from matcalc.notation.naming import sizes
from matcalc.notation.recover import Recovery
from matcalc.notation.replace import with_children
from matcalc.notation.written import as_written
from matcalc.output.text import expression, text
from matcalc.tensor.nodes import Node

if TYPE_CHECKING:
    from matcalc.problem import Problem

class Differentials:
    """The derivation for a problem, by some variables, with their answers."""

    def __init__(
        self, problem: Problem, targets: Sequence[tree.Name], answers: Sequence[tuple[tree.Expr, Answer]],
        symmetric: Symmetric = "space", turned: Sequence[tuple[tree.Expr, str, Answer]] = (),
    ) -> None:
        self.problem = problem
        self.turned = turned
        """The answers in another layout than the numerator one."""
        self.symmetric = symmetric
        """Which derivative by a symmetric matrix the answers are."""
        old = problem.recovery
        self.recovery = Recovery(problem.simplifier, old.rows, old.build.taken, old.dimensions)
        self.recovery.words = old.words
        self.build = self.recovery.build
        self.steps = pieces(self.recovery, problem.inference, Introduction(problem, self.recovery, targets).steps())
        check_length(self.steps, MAX_BY_DIFFERENTIALS, "a derivation by differentials")
        self.recovery.rows |= {each.name for each in self.steps.steps if each.shape.kind == "row"}
        self.answers = {target.name: answer for target, answer in answers if isinstance(target, tree.Name)}
        self.parts = [(target, answer) for target, answer in answers if not isinstance(target, tree.Name)]
        self.coefficients = Coefficients(self.recovery, self.steps.value)
        self._dropping: Quantity | None = None
        """The first step with a constant term."""
        self.found: dict[Quantity, Node] = {}
        """The coefficients of the differentials in the last form of that of the value."""
        self._local: dict[tuple[Quantity, Quantity], Node] = {}

    def derived(self) -> Derived:
        """The whole derivation.

        Raises:
            NotSupportedError: this method has no notation for it.
            LimitError: a line is too long to be written.
        """
        for name in taken_by_differentials(self.steps, self.problem.inference.symbols):
            raise NotSupportedError(
                f"a derivation by differentials with a variable called {name}, beside {name[1:]}",
                help=f"call {name} something else: here it is the differential of {name[1:]}",
            )
        active = self.steps.active()
        several = len(list(self.steps.every())) > 1
        first = Section("Introduce intermediate variables" if several else "Give the value a name")
        for step, indices in _with_indices(self.steps):
            assert step.definition is not None
            first.lines.append(Equation(step.symbol, (Side(step.definition, _each_index(indices)),), step.shape, (step,)))
        if not active:
            return Derived([first, *self._constant()], self.steps)
        sections = [first]
        if several:
            sections.append(self._each())
        sections += [self._whole(), self._read_off()]
        if any(map(_may_be_negative, self.recovery.exponents)):
            raise NotSupportedError("a derivation by differentials of a negative power of a matrix", help="write `inv(X)^k`")
        _check_lines(sections)
        return Derived(sections, self.steps)

    def _constant(self) -> list[Section]:
        value = self.steps.value
        zero = sum_of(self.build, [], value.shape)
        line = Equation(self.d(value), (Side(zero, "a constant"),), value.shape, (value,))
        return [Section("Take the differential", [line]), self._read_off()]

    # The differential of each step

    def _each(self) -> Section:
        section = Section("Take the differential of each step")
        for step, indices in _with_indices(self.steps):
            if not step.targets:
                continue
            sides = self._line(step).sides
            if step is self.steps.value and step.series is not None:
                sides = sides[:1]
            sides[0] = Side(sides[0].expression, "; ".join(filter(None, [sides[0].reason, _each_index(indices)])))
            section.lines.append(Equation(self.d(step), tuple(sides), step.shape, (step,)))
        return section

    def d(self, quantity: Quantity) -> Expression:
        """The differential of a quantity."""
        return self.build.make(notation.Differential, quantity.shape, quantity.symbol)

    def _line(self, step: Quantity) -> Line:
        """The differential of a step in terms of those of its operands, each behind its coefficient if it is a number."""
        line = Line(self, step, self.form(step))
        if step.series is not None:
            terms = step.series.steps
            line.with_terms([(each, self.form(each)) for each in reversed(terms.active()) if each.role != "entry"])
        if isinstance(step.symbol, notation.Element):
            return line  # within a sum over an index
        if not step.shape.dims:
            line.arranged({each: self.jacobian(step, each) for each in step.operands if each.targets})
        return line

    def form(self, step: Quantity) -> Side:
        """The differential of a step as its definition says it."""
        assert step.definition is not None
        varying = [each for each in step.operands if each.targets]
        if step.series is not None:
            varying = [step.series.steps.value]
        try:
            found = differential(self.build, step.definition, {each.symbol: self.d(each) for each in varying})
        except NotLinearError:
            found = None
        if found is not None:
            if step.series is not None:
                return Side(found, "the differential of a sum is the sum of the differentials")
            return Side(found, of_linear(step, varying) + self._of_constants(step))
        terms = []
        for operand in varying:
            node = self.jacobian(step, operand)
            if not is_zero_node(node):
                terms.append(self.coefficients.applied(node, step, operand, self.d(operand)))
        return Side(sum_of(self.build, terms, step.shape), of_function(step))

    def _of_constants(self, step: Quantity) -> str:
        """That the terms of a sum that are constant drop out, where that happens for the first time."""
        if not isinstance(step.definition, notation.Sum) or self._dropping not in (None, step):
            return ""
        symbols = {each.symbol for each in step.operands if each.targets}
        if all(not symbols.isdisjoint(notation.postorder(term)) for term in step.definition.terms):
            return ""
        self._dropping = step
        return "; the differential of a constant is 0"

    def jacobian(self, step: Quantity, operand: Quantity) -> Node:
        """The derivative of a step by one of its operands."""
        key = (step, operand)
        if key not in self._local:
            assert step.value is not None
            simplifier = self.recovery.simplifier
            node = simplifier.simplify(differentiate(self.recovery.graph, step.value, operand.node).result)
            self._local[key] = self.coefficients.in_terms_of(node, step)
        return self._local[key]

    # The differential of the value

    def _whole(self) -> Section:
        value = self.steps.value
        *names, last = [f"`{expression(self.d(each))}`" for each in self.steps.variables if each.name in value.targets]
        listed = f"{', '.join(names)} and {last}" if names else last
        alone = len(list(self.steps.every())) == 1
        title = f"{'Take the differential' if alone else 'Substitute'}, and move {listed} to the right"
        if needs_vec(value.shape, self.steps.variables, self.steps.active()):
            return Section(title, list(Forward(self).equations()))
        line = self._line(value)
        known = len(line.sides) if value.series is None else 1
        self.found = {each: self.jacobian(value, each) for each in value.operands if each.targets}
        if value.series is not None and value.shape.dims:
            line.arranged(self.found)
        while steps := self._next():
            line.substituted(self.found, {step: self._line(step).whole() for step in steps})
            self._pass_on(steps)
            line.arranged(self.found)
        sides = line.sides if alone else line.sides[known:] or line.sides[-1:]
        return Section(title, [Equation(self.d(value), tuple(sides), value.shape, (value,))])

    def _next(self) -> list[Quantity]:
        """The steps of which no other step with a coefficient is made."""
        waiting = [step for step in self.steps.active() if step in self.found]
        below = {other for step in waiting for other in _ancestors(step)}
        return [step for step in reversed(waiting) if step not in below]

    def _pass_on(self, steps: Sequence[Quantity]) -> None:
        """The coefficients of the operands of steps instead of those of the steps."""
        for step in steps:
            node = self.found.pop(step)
            for operand in step.operands:
                if operand.targets:
                    part = self.coefficients.chained(node, step, self.jacobian(step, operand), operand)
                    before = self.found.get(operand)
                    self.found[operand] = part if before is None else self.coefficients.added(before, part)

    # The derivative

    def _read_off(self) -> Section:
        section = Section("Read off the derivative" + (", and substitute back" if len(self.steps.steps) > 1 else ""))
        for variable in self.steps.variables:
            section.lines += self._derivative(variable)
        for target, answer in self.parts:
            written = as_written(self.build, self.problem.inference, target)
            label = self.build.make(notation.Partial, answer.body.shape, self.steps.value.symbol, written)
            section.lines.append(Equation(label, (Side(answer, "the part that was asked for"),), label.shape))
        for place, layout, answer in self.turned:
            written = as_written(self.build, self.problem.inference, place)
            shape = flipped(answer.body.shape)
            label = self.build.make(notation.Partial, shape, self.steps.value.symbol, written)
            transposed = self.build.make(notation.Transpose, answer.body.shape, label)
            section.lines.append(Remark(f"In {layout} layout it is the transpose."))
            section.lines.append(Equation(transposed, (Side(answer),), transposed.shape))
        return section

    def _derivative(self, variable: Quantity) -> list[DerivationLine]:
        """The derivative by one variable: its coefficient, and the answer."""
        of = (self.steps.value, variable)
        answer = self.answers.get(variable.name)
        node = self.found.get(variable)
        if node is None or is_zero_node(node):
            if answer is None:
                return []
            label = self._label(variable)
            return [Equation(label, (Side(answer, f"the value does not depend on `{variable.name}`"),), label.shape, of)]
        node, why = self._on_subspace(node, variable)
        written = self.coefficients.written(node, variable)
        if written.indices:
            label = self.coefficients.element_label(variable, written.indices)
            why = why or "the coefficient of the differential of each entry"
        else:
            label = self._label(variable)
            why = why or self.coefficients.meaning(variable, expression(label))
        sides = [Side(written.expression, why)]
        whole = self._substituted(written.expression)
        sums = [each for each in notation.postorder(whole) if isinstance(each, notation.IndexedSum)]
        bound = {name for each in sums for name, _ in each.indices}
        if bound.isdisjoint(written.indices):  # an index must not mean two things
            sides.append(Side(whole, "substitute back"))
        if answer is not None and answer.indices == written.indices:
            given = {step.symbol for step in self.steps.steps if step.given}
            simpler = given.isdisjoint(notation.postorder(written.expression))
            sides.append(Side(answer, "simplify" if simpler else "substitute back"))
        return [Equation(label, tuple(_distinct(sides)), label.shape, of)]

    def _on_subspace(self, node: Node, variable: Quantity) -> tuple[Node, str]:
        """What is left of a coefficient where the variable has structure, and why."""
        targets = Targets(self.recovery.simplifier, self.problem.inference.symbols, self.symmetric)
        assert isinstance(variable.source, tree.Name)
        properties = targets.structure(variable.source)
        found = self.recovery.simplifier.simplify(targets.on_subspace(node, variable.source))
        if found is node or not properties:
            return node, ""
        name = expression(self.d(variable))
        if "diagonal" in properties:
            return found, f"`{name}` is diagonal: only the diagonal of `G` counts"
        if any("triangular" in each for each in properties):
            return found, f"`{name}` is triangular: only one triangle of `G` counts"
        if self.symmetric == "independent":
            return found, f"`{name}` is symmetric, with independent entries on and above the diagonal: `G + Gᵀ - I ⊙ G`"
        return found, f"`{name}` is symmetric: `tr(G {name}) = tr((G + Gᵀ)/2 {name})`"

    def _label(self, variable: Quantity) -> Expression:
        return name_of(self.build, self.steps.value, variable)

    def _substituted(self, root: Expression) -> Expression:
        """An expression with definitions instead of the names that the reader did not give."""
        known: dict[Expression, Expression] = {}
        for step in self.steps.every():
            if not step.given and step.definition is not None:
                known[step.symbol] = self._rebuilt(step.definition, known)
        return self._rebuilt(root, known)

    def _rebuilt(self, root: Expression, known: dict[Expression, Expression]) -> Expression:
        done = dict(known)
        for node in notation.postorder(root):
            if node not in done:
                done[node] = with_children(self.build, node, done)
        return done[root]


def _distinct(sides: Sequence[Side]) -> list[Side]:
    """Sides that print differently from the one before."""
    kept: list[Side] = []
    for side in sides:
        if not kept or _said(kept[-1].expression) != _said(side.expression):
            kept.append(side)
    return kept


def _said(of: Expression | Answer) -> str:
    return text(of) if isinstance(of, Answer) else expression(of)


def _ancestors(quantity: Quantity) -> set[Quantity]:
    """All that a quantity is made of."""
    found: set[Quantity] = set()
    stack = list(quantity.operands)
    while stack:
        each = stack.pop()
        if each not in found:
            found.add(each)
            stack.extend(each.operands)
    return found


def _with_indices(steps: Steps) -> Iterator[tuple[Quantity, tuple[str, ...]]]:
    """All steps but the entries xᵢ, which are no news, with the indices of the sum of whose terms they are."""
    for step in steps.steps:
        if step.role == "entry":
            continue
        if step.series is not None:
            yield from _with_indices(step.series.steps)
        yield step, steps.indices


def _may_be_negative(exponent: Expression) -> bool:
    """Whether a name is subtracted in what must not be negative."""
    terms = exponent.terms if isinstance(exponent, notation.Sum) else (exponent,)
    return any(isinstance(term, notation.Product) and term.coefficient < 0 and bool(term.factors) for term in terms)


def _each_index(indices: Sequence[str]) -> str:
    return f"for each `{', '.join(indices)}`" if indices else ""


def _check_lines(sections: Sequence[Section]) -> None:
    """Refuse a derivation of which a line cannot be written out.

    Raises:
        LimitError: a line has more than `MAX_PRINTED` symbols.
    """
    equations = [line for section in sections for line in section.lines if isinstance(line, Equation)]
    written = [side.expression for line in equations for side in line.sides]
    if any(sizes(each)[each] > MAX_PRINTED for each in written if not isinstance(each, Answer)):  # answers are summarised
        raise LimitError(
            f"a derivation by differentials is limited to {MAX_PRINTED:,} symbols in a line; a line of this one has more",
            help="explain it by steps, or a smaller program of the same form",
        )
