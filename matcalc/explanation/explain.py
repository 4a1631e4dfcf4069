"""A derivation in Parr & Howard's four steps: introduce intermediate variables, differentiate each by its own operands, combine
by the chain rule that fits, substitute back and simplify.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from matcalc.calculus.targets import STRUCTURES
from matcalc.errors import UsageError
from matcalc.explanation.combine import Combination, Combiner
from matcalc.explanation.derivation import Derived, Equation, Line, Remark, Section, Side
from matcalc.explanation.intermediates import Introduction, Quantity, Steps
from matcalc.explanation.local import Local, by_elements, name_of, shape_of
from matcalc.explanation.rules import Reasons
from matcalc.explanation.structures import Structured
from matcalc.explanation.writing import said
from matcalc.language import tree
from matcalc.language.declared import Symmetric
from matcalc.language.dimensions import SCALAR, Dim, Shape, dim, matrix, row, vector
from matcalc.notation import matrix as notation
from matcalc.notation.looks import flipped
from matcalc.notation.matrix import Answer, Expression
from matcalc.notation.recover import Recovery
from matcalc.notation.replace import remade, with_children
from matcalc.notation.simplifications import simplifications
from matcalc.notation.written import as_written
from matcalc.output.text import expression

if TYPE_CHECKING:
    from matcalc.notation.build import Builder
    from matcalc.problem import Problem

_PATHS = 4
"""More paths than this are not written in one line."""

_RULES = {
    "single-variable": "single-variable chain rule",
    "total-derivative": "single-variable total-derivative chain rule",
    "vector": "vector chain rule",
}


def explain(
    problem: Problem,
    answers: Sequence[tuple[tree.Expr, Answer]],
    *,
    method: str = "steps",
    symmetric: Symmetric = "space",
    direction: str = "",
    turned: Sequence[tuple[tree.Expr, str, Answer]] = (),
) -> Derived:
    """The derivation of the answers by some targets, in numerator layout; `turned` are those in another one, at the end.

    Raises:
        UsageError: there is no such method.
    """
    if method == "differential":
        from matcalc.explanation.differentials import Differentials  # noqa: PLC0415

        if direction:
            raise UsageError("a derivation by differentials has no direction", help="leave one of them out")
        return Differentials(problem, _variables(problem, answers), answers, symmetric, turned).derived()
    if method != "steps":
        raise UsageError(f"there is no method `{method}`", help="the methods are steps and differential")
    if direction not in ("", "forward", "reverse", "both"):
        raise UsageError(f"there is no direction `{direction}`", help="there are forward, reverse and both")
    explaining = Explaining(problem, answers, symmetric, turned)
    derived = explaining.derived()
    if direction:
        from matcalc.explanation.direction import directions  # noqa: PLC0415

        derived.sections[2:2] = directions(explaining, direction)
    return derived


class Explaining:
    """The derivation for a problem, by some variables, with their answers."""

    def __init__(
        self,
        problem: Problem,
        answers: Sequence[tuple[tree.Expr, Answer]],
        symmetric: Symmetric = "space",
        turned: Sequence[tuple[tree.Expr, str, Answer]] = (),
    ) -> None:
        self.problem = problem
        self.turned = turned
        self.reasons = Reasons(problem.inference)
        self.symmetric = symmetric
        old = problem.recovery
        self.recovery = Recovery(problem.simplifier, old.rows, old.build.taken, old.dimensions)
        self.recovery.words = old.words
        self.build = self.recovery.build
        self.steps = Introduction(problem, self.recovery, _variables(problem, answers)).steps()
        self.recovery.rows |= {each.name for each in self.steps.steps if each.shape.kind == "row"}
        self.combiner = Combiner(self.recovery, self.steps)
        self.answers = {target.name: answer for target, answer in answers if isinstance(target, tree.Name)}
        self.parts = [(target, answer) for target, answer in answers if not isinstance(target, tree.Name)]

    def derived(self) -> Derived:
        """The whole derivation."""
        sections = [self._introduction(), self._differentiation()]
        found = self.combiner.combinations()
        sections += self._combination(found)
        sections.append(self._substitution(found))
        return Derived(sections, self.steps)

    # 1

    def _introduction(self) -> Section:
        section = Section("Introduce intermediate variables")
        said_why = False
        for step, indices in _with_indices(self.steps):
            assert step.definition is not None
            reason = f"for each {', '.join(indices)}" if indices and step.role == "operation" else ""
            if step.role == "alias":
                reason = "an alias" if said_why else "an alias, so that each path has a variable of its own"
                said_why = True
            sides = (Side(step.definition, reason),)
            section.lines.append(Equation(step.symbol, sides, step.shape, (step,)))
        return section

    # 2

    def _differentiation(self) -> Section:
        section = Section("Differentiate each by its own operands")
        self._differentiate(section, self.combiner)
        return section

    def _differentiate(self, section: Section, combiner: Combiner) -> None:
        for step in combiner.steps.active():
            if step.series is not None:
                self._differentiate(section, combiner.terms(step))
                continue
            for operand in step.operands:
                if operand.targets:
                    section.lines.append(self._local(combiner.local(step, operand)))

    def _local(self, found: Local) -> Equation:
        reason = self.reasons.rule(found)
        trivial = found.step.role == "alias" or isinstance(found.plain, notation.Identity)
        of = (found.step, found.operand)
        return Equation(found.label, (Side(found.written, reason),), found.label.shape, of, idea=not trivial)

    # 3

    def _combination(self, found: Sequence[Combination]) -> list[Section]:
        series = [step for step in self.steps.active() if step.series is not None]
        inner = {step: [each for each in self.combiner.terms(step).combinations() if each.rule] for step in series}
        shown = [each for each in found if each.rule]
        every = [*(each for step in series for each in inner[step]), *shown]
        rules = list(dict.fromkeys(each.rule for each in every))
        section = Section(self._title(every, rules) if every else "Add up")
        for step in series:
            for each in inner[step]:
                section.lines += self._combined(each, named=len(rules) > 1)
            section.lines += [line for operand in step.operands for line in self._added(step, operand)]
        for each in shown:
            section.lines += self._combined(each, named=len(rules) > 1)
        return [section] if section.lines else []

    def _added(self, step: Quantity, operand: Quantity) -> list[Equation]:
        """The derivative of a sum over an index: the sum of the derivatives of its terms."""
        found = self.combiner.local(step, operand)
        term = self.combiner.terms(step).total(operand)
        sides = [Side(found.written)]
        if term is not None and term.plain is not None:
            reason = "the derivative of a sum is the sum of the derivatives"
            sides.insert(0, Side(self.combiner.summed(step, term.label), reason))
        return [Equation(found.label, tuple(_distinct(sides)), found.label.shape, (step, operand))]

    def _title(self, shown: Sequence[Combination], rules: Sequence[str]) -> str:
        if len(rules) > 1:
            return f"Combine by the {' and the '.join(_RULES[each] for each in rules)}"
        paths = max(len(each.terms) for each in shown)
        targets = [each.total.operand for each in shown]
        variables = " and ".join(dict.fromkeys(each.name for each in targets if each.role == "variable"))
        title = f"Combine by the {_RULES[rules[0]]}: "
        if rules[0] == "single-variable":
            return title + f"one path leads from {variables} to {self.steps.value.name}, and the derivatives along it multiply"
        if rules[0] == "total-derivative":
            return title + f"{paths} paths lead from {variables} to {self.steps.value.name}, and their contributions add up"
        return title + "the Jacobians multiply" + (", and the contributions of several paths add up" if paths > 1 else "")

    def sum_over_paths(self, total: Local) -> list[Expression | Answer]:
        """What the derivative by a variable is: the sum over paths, by name and with values, and as a whole."""
        each = next(each for each in self.combiner.combinations() if each.total is total)
        if total.step.series is not None and not each.rule:
            return [side.expression for line in self._added(total.step, total.operand) for side in line.sides]
        lines = [line for line in self._combined(each, named=False) if isinstance(line, Equation)]
        return [side.expression for line in lines for side in line.sides]

    def _combined(self, each: Combination, *, named: bool) -> list[Line]:
        total = each.total
        why = _why(each) if named else ""
        sides: list[Side] = []
        if total.plain is not None and len(each.terms) <= _PATHS:
            labels = self.sum_of([self.chain([factor.label for factor in term.factors]) for term in each.terms], total.label)
            if each.formula is not None:
                sides.append(Side(each.formula, why or self._carried(each)))
            elif labels is not None:
                sides.append(Side(labels, why))
                values = [self.chain([f.plain for f in term.factors if f.plain is not None]) for term in each.terms]
                written = self.sum_of(values, total.label)
                if written is not None:
                    sizes = product_sizes(values)
                    if said(written).replace(" · ", " ") == said(total.written):  # a dot is no line of its own
                        sides.append(Side(total.plain, sizes))
                    else:
                        sides += [Side(written, sizes), *self._to_total(self._multiplied(written), total)]
        sides.append(Side(total.written))
        lines: list[Line] = [
            Equation(total.label, tuple(_distinct(sides)), total.label.shape, (total.step, total.operand))
        ]
        return lines + self._tempting(each)

    def _carried(self, each: Combination) -> str:
        """How a derivative by or of a matrix comes from the one found before."""
        steps = " and ".join(term.through.name for term in each.terms)
        if isinstance(each.formula, notation.MatMul) and [f.shape.kind for f in each.formula.factors] == ["vector", "row"]:
            return f"through {steps}: an outer product"
        if each.total.step is self.steps.value:
            return f"through {steps}" if len(each.terms) == 1 else f"through {steps}; the contributions add up"
        return "the product rule for matrices" if len(each.terms) > 1 else ""

    def _tempting(self, each: Combination) -> list[Line]:
        """What the single-variable rule would have given: the derivative along some of the paths only."""
        if each.rule != "total-derivative":
            return []
        kept = [term for term in each.terms if term.through.role != "alias"] or list(each.terms[:1])
        if len(kept) == len(each.terms):
            kept = kept[-1:]
        wrong = self.combiner.sum_of(each, kept)
        if wrong is None or wrong.node is each.total.node:
            return []
        paths = " and ".join(term.through.name for term in kept)
        given = self.combiner.expanded(wrong)
        if given.plain is None:
            return []
        return [Remark(f"(The single-variable rule, along the path through {paths} alone, would give {{}}.)", (given.plain,))]

    def chain(self, factors: Sequence[Expression]) -> Expression | None:
        """A product of derivatives, if they fit together as matrices."""
        if len(factors) == 1:
            return factors[0]
        sizes = [_sizes(each) for each in factors]
        if any(left[1] != right[0] for left, right in pairwise(sizes)):
            return None
        shape = _shape(sizes[0][0], sizes[-1][1])
        return self.build.make(notation.Chain, shape, tuple(factors))

    def sum_of(self, terms: Sequence[Expression | None], label: Expression) -> Expression | None:
        """The sum of the contributions of several paths, if all are arrays of the right shape."""
        known = [each for each in terms if each is not None]
        if len(known) < len(terms) or any(_sizes(each) != _sizes(label) for each in known):
            return None
        return known[0] if len(known) == 1 else self.build.make(notation.Sum, known[0].shape, tuple(known))

    # 4

    def _substitution(self, found: Sequence[Combination]) -> Section:
        section = Section("Substitute back and simplify")
        for each in found:
            target = each.total.operand
            if each.total.step is self.steps.value and target.role == "variable":
                section.lines += self._final(each.total)
        shown = {line.of[1].name for line in section.lines if isinstance(line, Equation) and len(line.of) == 2}
        for variable in self.steps.variables:
            if variable.name in self.answers and variable.name not in shown:
                label = name_of(self.build, self.steps.value, variable)
                sides = (Side(self.answers[variable.name], f"{self.steps.value.name} does not depend on {variable.name}"),)
                section.lines.append(Equation(label, sides, label.shape, (self.steps.value, variable)))
        for part, answer in self.parts:
            section.lines += self._of_part(part, answer)
        for place, layout, answer in self.turned:
            label = self._label(place)
            transposed = self.build.make(notation.Transpose, flipped(label.shape), label)
            remark = Remark(f"In {layout} layout it is the transpose.")
            section.lines += [remark, Equation(transposed, (Side(answer),), transposed.shape)]
        return section

    def _final(self, total: Local) -> list[Line]:
        """The derivative by a variable in its own terms, up to what `diff` prints."""
        value, target = total.step, total.operand
        answer = self.answers.get(target.name)
        before = total.written if isinstance(total.written, Answer) else self._substituted(total.written)
        structure = self._structure(target)
        if answer is None or structure is not None:
            lines: list[Line] = [Equation(total.label, (Side(before),), total.label.shape, (value, target))]
            if answer is not None and structure is not None:
                lines += self._bound(structure, target, answer)
            return lines
        chosen = [Side(answer)]
        named = total.plain is not None and any(isinstance(node, notation.Partial) for node in notation.postorder(total.plain))
        if total.plain is not None and not named and not answer.indices and said(before) != said(Answer(answer.body)):
            chosen = [Side(before), *self._to_answer(total.plain, answer)]
        label = name_of(self.build, value, target)
        if answer.indices:
            label = by_elements(self.build, value, target, answer.indices)
        return [Equation(label, tuple(chosen), label.shape, (value, target))]

    def _bound(self, structure: Structured, target: Quantity, answer: Answer) -> list[Line]:
        """The derivative by a matrix whose entries are bound to each other, from the one by all entries."""
        value = self.steps.value
        free = name_of(self.build, value, target)
        if not value.shape.dims and not answer.indices:
            return [Remark(structure.remark), Equation(structure.projected(self.build, free), (Side(answer),), free.shape)]
        letter = next(each for each in ("D", "G", "H", "D_") if each not in self.build.taken)
        symbol = self.build.make(notation.Symbol, free.shape, letter)
        left = self.build.make(notation.Element, SCALAR, symbol, answer.indices) if answer.indices else symbol
        return [Remark(f"{structure.remark} It is called {letter} here."), Equation(left, (Side(answer),), left.shape)]

    def _to_answer(self, plain: Expression, answer: Answer) -> list[Side]:
        """The way from a derivative in the names of the steps to the answer."""
        if isinstance(answer.body, notation.Cases):
            return [Side(answer)]
        given = {step.name for step in self.steps.every() if step.given}
        named: dict[Expression, Expression] = {}
        for symbol, meaning in answer.definitions:
            if not (isinstance(symbol, notation.Symbol) and symbol.name in given):
                named[remade(self.build, symbol)] = self._rebuilt(remade(self.build, meaning), named)
        goal = self._rebuilt(remade(self.build, answer.body), named)
        steps = self._simplified(self._substituted(plain), goal)
        if steps and said(steps[-1].expression) == said(Answer(answer.body)):
            return [*steps[:-1], replace(steps[-1], expression=answer)]
        return [*steps, Side(answer)]

    def _to_total(self, start: Expression, total: Local) -> list[Side]:
        """The way from a product of Jacobians to what it is as a whole; what the reader stated is used in a line of its own."""
        assert total.plain is not None
        without = self.combiner.without_facts(total)
        if without is None or said(without) == said(total.plain):
            return self._simplified(start, total.plain)
        facts = ", ".join(dict.fromkeys(fact.span.excerpt for fact in self.problem.facts.used))
        return [*self._simplified(start, without), Side(total.plain, f"given: {facts}" if facts else "as stated")]

    def _simplified(self, start: Expression, goal: Expression) -> list[Side]:
        """The named simplifications that lead from an expression to another one."""
        return [Side(step.expression, step.reason, step.parts) for step in simplifications(self.build, start, goal, expression)]

    def _multiplied(self, root: Expression) -> Expression:
        """A sum over paths with its products of Jacobians as products of linear algebra."""
        done: dict[Expression, Expression] = {}
        for node in notation.postorder(root):
            done[node] = with_children(self.build, node, done)
            if isinstance(node, notation.Chain):
                chain = done[node]
                assert isinstance(chain, notation.Chain)
                done[node] = product_of(self.build, chain)
        return done[root]

    def _structure(self, target: Quantity) -> Structured | None:
        """What is made of the derivative by all entries, if the variable is a matrix with structure."""
        properties = self.problem.inference.symbols[target.name].properties & STRUCTURES
        if not properties or self.symmetric == "unconstrained":
            return None
        return Structured(target.name, properties, self.symmetric)

    def _label(self, target: tree.Expr) -> Expression:
        """The name of the derivative by a target: a variable, a part of one, or stacked ones."""
        value = self.steps.value
        if isinstance(target, tree.Name):
            return name_of(self.build, value, next(each for each in self.steps.variables if each.name == target.name))
        shape = self.problem.inference.shapes[target]
        written = as_written(self.build, self.problem.inference, target)
        return self.build.make(notation.Partial, shape_of(value.shape, shape), value.symbol, written)

    def _of_part(self, target: tree.Expr, answer: Answer) -> list[Line]:
        """The derivative by a part of a variable, or by stacked variables: a part, or all, of those by the variables."""
        label = self._label(target)
        if isinstance(target, tree.Stack):
            text = "By the stacked variables, the derivatives stand side by side."
        else:
            text = "By a part of the variable, it is that part of the derivative."
        return [Remark(text), Equation(label, (Side(answer),), label.shape)]

    def _substituted(self, root: Expression) -> Expression:
        """An expression with definitions instead of the names that the reader did not give."""
        done: dict[Expression, Expression] = {}
        for step in self.steps.every():
            if not step.given and step.definition is not None:
                done[step.symbol] = self._rebuilt(step.definition, done)
        return self._rebuilt(root, done)

    def _rebuilt(self, root: Expression, known: dict[Expression, Expression]) -> Expression:
        done = dict(known)
        for node in notation.postorder(root):
            if node not in done:
                done[node] = _opened(self.build, _entry(with_children(self.build, node, done)))
        return done[root]


def _variables(problem: Problem, answers: Sequence[tuple[tree.Expr, Answer]]) -> list[tree.Name]:
    """The variables in the targets."""
    found: dict[str, tree.Name] = {}
    for target, _ in answers:
        for node in tree.postorder(target):
            if isinstance(node, tree.Name) and node.name in problem.inference.symbols:
                found.setdefault(node.name, node)
    return list(found.values())


def product_of(build: Builder, chain: notation.Chain) -> Expression:
    """A product of Jacobians as one of linear algebra, with scalars before arrays; nothing is simplified."""
    scalars = [factor for factor in chain.factors if not factor.shape.dims]
    arrays = [factor for factor in chain.factors if factor.shape.dims]
    if not arrays:
        return build.make(notation.Product, SCALAR, 1, tuple(scalars), ())
    array = arrays[0] if len(arrays) == 1 else build.make(notation.MatMul, chain.shape, tuple(arrays))
    return build.make(notation.Product, chain.shape, 1, (*scalars, array), ()) if scalars else array


def _opened(build: Builder, node: Expression) -> Expression:
    """A product of matrices without brackets around products in it."""
    if isinstance(node, notation.MatMul) and any(isinstance(factor, notation.MatMul) for factor in node.factors):
        inner = [each for f in node.factors for each in (f.factors if isinstance(f, notation.MatMul) else (f,))]
        return build.make(notation.MatMul, node.shape, tuple(inner))
    return node


def _entry(node: Expression) -> Expression:
    """The block that an element of a column of numbers is."""
    if isinstance(node, notation.Element) and isinstance(node.operand, notation.Stack) and len(node.indices) == 1:
        blocks, index = node.operand.blocks, str(node.indices[0])
        if node.operand.axis == 0 and index.isdecimal() and not any(block.shape.dims for block in blocks):
            return blocks[int(index) - 1]
    return node


def _with_indices(steps: Steps) -> Iterator[tuple[Quantity, tuple[str, ...]]]:
    """All steps, with the indices of the sum of whose terms they are."""
    for step in steps.steps:
        if step.series is not None:
            yield from _with_indices(step.series.steps)
        yield step, steps.indices


def _why(each: Combination) -> str:
    if each.rule == "single-variable":
        return "single-variable chain rule: one path"
    if each.rule == "total-derivative":
        return f"total-derivative chain rule: {len(each.terms)} paths, whose contributions add up"
    return "vector chain rule" if len(each.terms) == 1 else f"vector chain rule; {len(each.terms)} paths add up"


def product_sizes(products: Sequence[Expression | None]) -> str:
    """The shapes of the factors, so that the inner sizes are seen to cancel; nothing if they are all 1."""
    shapes: dict[str, None] = {}
    inner = False
    for product in products:
        factors = product.factors if isinstance(product, notation.Chain) else [product]
        sizes = [_sizes(factor) for factor in factors if factor is not None]
        inner = inner or any(right[0] != dim(1) for right in sizes[1:])
        shapes[" ".join("(" + "×".join(map(_size, size)) + ")" for size in sizes)] = None
    return " + ".join(shapes) if inner else ""


def _size(size: Dim) -> str:
    written = str(size)
    return written if written.isalnum() else f"({written})"


def _sizes(node: Expression) -> tuple[Dim, Dim]:
    """How many rows and columns an expression has."""
    one, (kind, dims) = dim(1), node.shape
    if kind == "matrix":
        return dims[0], dims[1]
    return (dims[0], one) if kind == "vector" else (one, dims[0]) if kind == "row" else (one, one)


def _shape(rows: Dim, columns: Dim) -> Shape:
    one = dim(1)
    if rows == one:
        return SCALAR if columns == one else row(columns)
    return vector(rows) if columns == one else matrix(rows, columns)


def _distinct(sides: Sequence[Side]) -> list[Side]:
    """Sides that print differently from the one before."""
    kept: list[Side] = []
    for side in sides:
        if not kept or said(kept[-1].expression) != said(side.expression):
            kept.append(side)
    return kept


