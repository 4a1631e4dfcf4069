"""A derivation in Parr & Howard's four steps: introduce intermediate variables, differentiate each by its own operands, combine
by the chain rule that fits, substitute back and simplify.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from matcalc.explanation.combine import Combination, Combiner
from matcalc.explanation.derivation import Derived, Equation, Line, Section, Side
from matcalc.explanation.intermediates import Introduction
from matcalc.explanation.local import Local
from matcalc.explanation.rules import rule
from matcalc.language import tree
from matcalc.language.dimensions import SCALAR, Dim, Shape, dim, matrix, row, vector
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Answer, Expression
from matcalc.notation.recover import Recovery
from matcalc.notation.replace import with_children
from matcalc.output.text import expression, text

if TYPE_CHECKING:
    from matcalc.problem import Problem

_PATHS = 4
"""More paths than this are not written in one line."""


class Explaining:
    """The derivation for a problem, by some variables, with their answers."""

    def __init__(self, problem: Problem, targets: Sequence[tree.Name], answers: Sequence[Answer]) -> None:
        self.problem = problem
        old = problem.recovery
        self.recovery = Recovery(problem.simplifier, old.rows, old.build.taken, old.dimensions)
        self.recovery.words = old.words
        self.build = self.recovery.build
        self.steps = Introduction(problem, self.recovery, targets).steps()
        self.recovery.rows |= {each.name for each in self.steps.steps if each.shape.kind == "row"}
        symbols = problem.inference.symbols
        alone = len(symbols) == 1 and not problem.inference.functions
        self.combiner = Combiner(self.recovery, self.steps, alone=alone)
        self.answers = dict(zip((each.name for each in self.steps.variables), answers, strict=True))

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
        for step in self.steps.steps:
            assert step.definition is not None
            reason = "an alias, so that each path has a variable of its own" if step.role == "alias" else ""
            sides = (Side(step.definition, reason),)
            section.lines.append(Equation(step.symbol, sides, step.shape, (step,)))
        return section

    # 2

    def _differentiation(self) -> Section:
        section = Section("Differentiate each by its own operands")
        for step in self.steps.active():
            for operand in step.operands:
                if operand.targets:
                    section.lines.append(self._local(self.combiner.local(step, operand)))
        return section

    def _local(self, found: Local) -> Equation:
        reason = rule(self.problem.inference, found)
        return Equation(found.label, (Side(found.written, reason),), found.label.shape, (found.step, found.operand))

    # 3

    def _combination(self, found: Sequence[Combination]) -> list[Section]:
        shown = [each for each in found if each.rule]
        if not shown:
            return []
        section = Section(self._title(shown))
        for each in shown:
            section.lines += self._combined(each)
        return [section]

    def _title(self, shown: Sequence[Combination]) -> str:
        rules = list(dict.fromkeys(each.rule for each in shown))
        names = {"single-variable": "single-variable chain rule", "vector": "vector chain rule",
                 "total-derivative": "single-variable total-derivative chain rule"}
        return f"Combine, with the {' and the '.join(names[each] for each in rules)}"

    def _combined(self, each: Combination) -> list[Line]:
        total = each.total
        sides = []
        if total.plain is not None and len(each.terms) <= _PATHS:
            named = self._sum([self._chain([factor.label for factor in term.factors]) for term in each.terms], total)
            if named is not None and each.formula is None:
                sides.append(Side(named, self._why(each)))
                values = [self._chain([f.plain for f in term.factors if f.plain is not None]) for term in each.terms]
                written = self._sum(values, total)
                if written is not None:
                    sides.append(Side(written))
            elif each.formula is not None:
                sides.append(Side(each.formula, self._why(each)))
        sides.append(Side(total.written))
        return [Equation(total.label, tuple(_distinct(sides)), total.label.shape, (total.step, total.operand))]

    def _why(self, each: Combination) -> str:
        if each.rule == "single-variable":
            return "one path: the derivatives along it multiply"
        if each.rule == "total-derivative":
            return f"{len(each.terms)} paths: their contributions add up"
        return "Jacobians multiply" if len(each.terms) == 1 else f"Jacobians multiply, and {len(each.terms)} paths add up"

    def _chain(self, factors: Sequence[Expression]) -> Expression | None:
        """A product of derivatives, if they fit together as matrices."""
        if len(factors) == 1:
            return factors[0]
        sizes = [_sizes(each) for each in factors]
        if any(left[1] != right[0] for left, right in pairwise(sizes)):
            return None
        shape = _shape(sizes[0][0], sizes[-1][1])
        return self.build.make(notation.Chain, shape, tuple(factors))

    def _sum(self, terms: Sequence[Expression | None], total: Local) -> Expression | None:
        known = [each for each in terms if each is not None]
        if len(known) < len(terms) or any(_sizes(each) != _sizes(total.label) for each in known):
            return None
        return known[0] if len(known) == 1 else self.build.make(notation.Sum, known[0].shape, tuple(known))

    # 4

    def _substitution(self, found: Sequence[Combination]) -> Section:
        section = Section("Substitute back and simplify")
        for each in found:
            target = each.total.operand
            if each.total.step is not self.steps.value or target.role != "variable":
                continue
            sides = []
            if each.total.plain is not None:
                sides.append(Side(self._substituted(each.total.written)))
            sides.append(Side(self.answers[target.name]))
            section.lines.append(
                Equation(each.total.label, tuple(_distinct(sides)), each.total.label.shape, (each.total.step, target))
            )
        return section

    def _substituted(self, root: Expression) -> Expression:
        """An expression with definitions instead of the names that the reader did not give."""
        done: dict[Expression, Expression] = {}
        for step in self.steps.steps:
            if not step.given and step.definition is not None:
                done[step.symbol] = self._rebuilt(step.definition, done)
        return self._rebuilt(root, done)

    def _rebuilt(self, root: Expression, known: dict[Expression, Expression]) -> Expression:
        done = dict(known)
        for node in notation.postorder(root):
            if node not in done:
                done[node] = with_children(self.build, node, done)
        return done[root]


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
        if not kept or _said(kept[-1].expression) != _said(side.expression):
            kept.append(side)
    return kept


def _said(of: Expression | Answer) -> str:
    return text(of) if isinstance(of, Answer) else expression(of)
