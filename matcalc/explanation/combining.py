"""Step 3: the lines that combine local derivatives, with the chain rule that does it and why it is that one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from matcalc.explanation.combine import Combination, Term
from matcalc.explanation.derivation import Equation, Line, Remark, Section, Side
from matcalc.explanation.intermediates import Quantity
from matcalc.explanation.local import Local, in_place, name_of, stacked_row
from matcalc.explanation.products import chain, collected, joined, multiplied, product_sizes, sum_of
from matcalc.explanation.writing import said
from matcalc.language.dimensions import SCALAR, Shape
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Answer, Expression
from matcalc.notation.simplifications import USUAL_ORDER, is_long, simplifications
from matcalc.output.text import expression

if TYPE_CHECKING:
    from matcalc.explanation.explain import Explaining
    from matcalc.notation.build import Builder

_PATHS = 4
"""More paths than this are not written in one line."""

_RULES = {
    "single-variable": "single-variable chain rule",
    "total-derivative": "single-variable total-derivative chain rule",
    "vector": "vector chain rule",
}


class Combining:
    """The lines of the third step of a derivation."""

    def __init__(self, explaining: Explaining) -> None:
        self.problem = explaining.problem
        self.build = explaining.build
        self.steps = explaining.steps
        self.combiner = explaining.combiner

    def sections(self, found: Sequence[Combination]) -> list[Section]:
        """The section that combines, if there is something to combine."""
        series = [step for step in self.steps.active() if step.series is not None]
        inner = {step: [each for each in self.combiner.terms(step).combinations() if each.rule] for step in series}
        shown = [each for each in found if each.rule]
        every = [*(each for step in series for each in inner[step]), *shown]
        rules = list(dict.fromkeys(each.rule for each in every))
        section = Section(self._title(every, rules) if every else "Add up")
        first = next((each for each in every if each.formula is not None and not each.forward), None)
        for step in series:
            for each in inner[step]:
                section.lines += [*(self._by_matrices() if each is first else []), *self._combined(each, named=len(rules) > 1)]
            section.lines += [line for operand in step.operands for line in self._added(step, operand)]
        for each in shown:
            section.lines += [*(self._by_matrices() if each is first else []), *self._combined(each, named=len(rules) > 1)]
        return [section] if section.lines else []

    def _added(self, step: Quantity, operand: Quantity) -> list[Equation]:
        """The derivative of a sum over an index: the sum of the derivatives of its terms."""
        found = self.combiner.local(step, operand)
        term = self.combiner.terms(step).total(operand)
        if term is None or term.plain is None:
            return [Equation(found.label, (Side(found.written),), found.label.shape, (step, operand))]
        by_name, with_values = (self.combiner.summed(step, each) for each in (term.label, term.plain))
        reason = "the derivative of a sum is the sum of the derivatives"
        sides = [Side(by_name, reason), Side(with_values)]
        if in_place(with_values) and not isinstance(found.written, Answer) and not in_place(found.written):
            sides.append(Side(found.written, in_place(with_values)))
        else:
            found.written = found.plain = with_values
        return [Equation(found.label, tuple(_distinct(sides)), found.label.shape, (step, operand))]

    def _title(self, shown: Sequence[Combination], rules: Sequence[str]) -> str:
        if len(rules) > 1:
            *first, last = (f"the {_RULES[each]}" for each in rules)
            return f"Combine by {', '.join(first)} and {last}"
        paths = max(len(each.terms) for each in shown)
        several = len(self.steps.variables) > 1
        ends = f"from {'each variable' if several else f'`{self.steps.variables[0].name}`'} to `{self.steps.value.name}`"
        title = f"Combine by the {_RULES[rules[0]]}: "
        if rules[0] == "single-variable":
            return title + f"one path leads {ends}, and the derivatives along it multiply"
        if rules[0] == "total-derivative":
            return title + f"{'several' if several else paths} paths lead {ends}, and their contributions add up"
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
        factors = [factor for term in each.terms for factor in term.factors]
        readable = total.plain is not None and all(factor.plain is not None for factor in factors)
        whole = all(map(_is_whole, (total, *factors)))
        if len(each.terms) <= _PATHS and (whole or (total.plain is not None and each.formula is not None)):
            names = [chain(self.build, [factor.label for factor in term.factors]) for term in each.terms]
            labels = sum_of(self.build, names, total.label)
            if each.formula is not None:
                sides.append(self._carried(each))
            elif labels is not None:
                sides.append(Side(labels, why))
                if total.plain is not None and is_long(total.plain):  # each line would be as long as those before it together
                    return [Equation(total.label, tuple(sides), total.label.shape, (total.step, total.operand))]
                values = [self._values(term) for term in each.terms]
                written = sum_of(self.build, values, total.label)
                if readable and written is not None:
                    sides += self._with_values(written, product_sizes(values), total)
        sides.append(Side(total.written))
        lines: list[Line] = [
            Equation(total.label, tuple(_distinct(sides)), total.label.shape, (total.step, total.operand))
        ]
        stacked = self._stacked(each) if each.formula is not None else []
        return [*stacked, *lines, *self._tempting(each)]

    def _values(self, term: Term) -> Expression | None:
        known = [factor for factor in term.factors if factor.plain is not None]
        return chain(self.build, [f.plain for f in known if f.plain is not None], [factor.label for factor in known])

    def _with_values(self, written: Expression, sizes: str, total: Local) -> list[Side]:
        """The chain rule with the local derivatives put in, up to the derivative as a whole."""
        assert total.plain is not None
        product = multiplied(self.build, written)
        if _without_dots(said(written)) == _without_dots(said(total.plain)):  # a dot is no line of its own
            return [Side(total.plain, sizes)]
        steps = self._to_total(product, total)
        if [step.reason for step in steps] == [USUAL_ORDER] and total.written is total.plain:  # it is good as it stands
            total.written = total.plain = collected(self.build, product)
            return [Side(total.plain, sizes)]
        return [Side(written, sizes), *steps]

    def _carried(self, each: Combination) -> Side:
        """How a derivative by or of a matrix comes from those found before: by the differentials of the steps between."""
        assert each.formula is not None
        pairs = [(term.through, each.total.operand) for term in each.terms]
        if each.forward:
            pairs = [(each.total.step, term.through) for term in each.terms]
        words: list[str] = []
        parts: list[Expression] = []
        for step, operand in pairs:
            changed = self.combiner.change(step, operand) if step.role != "alias" else None
            if changed is not None:
                words.append("`{} = {}`")
                parts += [self.build.make(notation.Differential, step.shape, step.symbol), changed]
        if len(pairs) == 1 and parts and not each.forward:
            return Side(each.formula, *self._read_off(each, parts[1]))
        if isinstance(each.formula, notation.MatMul) and [f.shape.kind for f in each.formula.factors] == ["vector", "row"]:
            words.append("an outer product")
        if len(pairs) > 1:
            words.append("the contributions add up")
        return Side(each.formula, "; ".join(words), tuple(parts))

    def _read_off(self, each: Combination, changed: Expression) -> tuple[str, tuple[Expression, ...]]:
        """How the derivative by a matrix is read off the differential of the value: dC = ∂C/∂u dW x = tr(x ∂C/∂u dW)."""
        assert each.formula is not None
        build, step = self.build, each.terms[0].through
        value, operand = each.total.step, each.total.operand
        outer = name_of(build, value, step)
        moved = build.make(notation.Differential, operand.shape, operand.symbol)
        both = (changed, outer) if step.shape.kind == "row" else (outer, changed)
        product = joined(build, both, SCALAR if len(step.shape.dims) < 2 else outer.shape)
        if product.shape.dims:
            product = build.make(notation.Function, SCALAR, "tr", (product,))
        parts = [build.make(notation.Differential, SCALAR, value.symbol), product]
        short = not any(isinstance(node, notation.Sum) for node in notation.postorder(changed))
        if short and operand.shape.kind == "vector":
            parts.append(joined(build, (each.formula, moved), SCALAR))
        elif short and len(operand.shape.dims) > 1:
            inner = joined(build, (each.formula, moved), Shape("matrix", (operand.shape.dims[1],) * 2))
            parts.append(build.make(notation.Function, SCALAR, "tr", (inner,)))
        if said(parts[-1]) == said(product):
            parts = parts[:2]
        return f"`{' = '.join('{}' for _ in parts)}`", tuple(parts)

    def _stacked(self, each: Combination) -> list[Line]:
        """The product of Jacobians by the stacked columns of a matrix, with its shapes."""
        if each.forward or len(each.terms) > 2 or each.total.step.shape.dims:
            return []
        label = stacked_row(self.build, each.total.step, each.total.operand)
        if label is None or any(factor.plain is None for term in each.terms for factor in term.factors):
            return []
        products = [[stacked_row(self.build, f.step, f.operand) or f.label for f in term.factors] for term in each.terms]
        chains = [chain(self.build, factors) for factors in products]
        written = sum_of(self.build, chains, label)
        if written is None:
            return []
        sides = (Side(written, product_sizes(chains)),)
        return [Equation(label, sides, label.shape, (each.total.step, each.total.operand), idea=False)]

    def _by_matrices(self) -> list[Line]:
        """How a derivative of a number by a matrix is read off a differential."""
        value = self.steps.value
        if value.shape.dims:
            return []
        name = next(letter for letter in ("M", "Z", "H", "M_") if letter not in self.build.taken)
        of = f"∂{value.name}/∂{name}"
        text = f"(The derivative by a matrix `{name}` is what stands before `d{name}` in `d{value.name} = tr({of} d{name})`, "
        return [Remark(text + "where factors may go round: ``tr(A B) = tr(B A)``.)")]

    def _tempting(self, each: Combination) -> list[Line]:
        """What the single-variable rule would have given: the derivative along some of the paths only."""
        aliases = [term.through.role == "alias" for term in each.terms]
        if self.problem.inference.functions or not (each.rule == "total-derivative" or (any(aliases) and not all(aliases))):
            return []
        kept = [term for term in each.terms if term.through.role != "alias"] or list(each.terms[:1])
        if len(kept) == len(each.terms):
            kept = kept[-1:]
        wrong = self.combiner.sum_of(each, kept)
        if wrong is None or wrong.node is each.total.node:
            return []
        through = " and ".join(f"`{term.through.name}`" for term in kept)
        paths = f"path{'s' * (len(kept) > 1)} through {through}"
        given = self.combiner.expanded(wrong)
        if given.plain is None:
            return []
        if each.rule == "vector":
            text = f"(Along the {paths} alone, with {_aliases(each)} held fixed, it would be {{}}.)"
            return [Remark(text, (given.plain,))]
        return [Remark(f"(The single-variable rule, along the {paths} alone, would give {{}}.)", (given.plain,))]

    def _to_total(self, start: Expression, total: Local) -> list[Side]:
        """The way from a product of Jacobians to what it is as a whole; what the reader stated is used in a line of its own."""
        assert total.plain is not None
        without = self.combiner.without_facts(total)
        if without is None or said(without) == said(total.plain):
            return simplified(self.build, start, total.plain)
        facts = ", ".join(dict.fromkeys(fact.span.excerpt for fact in self.problem.facts.used))
        return [*simplified(self.build, start, without), Side(total.plain, f"given: `{facts}`" if facts else "as stated")]


def simplified(build: Builder, start: Expression, goal: Expression) -> list[Side]:
    """The named simplifications that lead from an expression to another one."""
    return [Side(step.expression, step.reason, step.parts) for step in simplifications(build, start, goal, expression)]


def _aliases(each: Combination) -> str:
    return " and ".join(f"`{term.through.name}`" for term in each.terms if term.through.role == "alias")


def _without_dots(words: str) -> str:
    return re.sub(r"\((∂[^\s()]+/∂[^\s()]+)\)", r"\1", words.replace(" · ", " ").replace(" * ", " "))


def _why(each: Combination) -> str:
    if each.rule == "single-variable":
        return "single-variable chain rule: one path"
    if each.rule == "total-derivative":
        return f"total-derivative chain rule: {len(each.terms)} paths, whose contributions add up"
    return "vector chain rule" if len(each.terms) == 1 else f"vector chain rule; {len(each.terms)} paths add up"


def _is_whole(local: Local) -> bool:
    """Whether a derivative is written as a whole, and not by its elements."""
    return not (isinstance(local.label, notation.Partial) and any(
        isinstance(each, notation.Element) and local.plain is None for each in (local.label.value, local.label.variable)
    ))


def _distinct(sides: Sequence[Side]) -> list[Side]:
    """Sides that print differently from the one before."""
    kept: list[Side] = []
    for side in sides:
        if not kept or said(kept[-1].expression) != said(side.expression):
            kept.append(side)
    return kept
