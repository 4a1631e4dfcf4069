"""Step 4: substitute back and simplify, up to the answer as `diff` prints it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from matcalc.calculus.targets import STRUCTURES
from matcalc.explanation.combine import Combination
from matcalc.explanation.combining import simplified
from matcalc.explanation.derivation import Equation, Line, Remark, Section, Side
from matcalc.explanation.intermediates import Quantity
from matcalc.explanation.local import Local, by_elements, in_place, name_of, shape_of
from matcalc.explanation.structures import Structured
from matcalc.explanation.writing import said
from matcalc.language import tree
from matcalc.language.dimensions import SCALAR
from matcalc.notation import matrix as notation
from matcalc.notation.looks import flipped
from matcalc.notation.matrix import Answer, Expression
from matcalc.notation.replace import remade
from matcalc.notation.simplifications import USUAL_ORDER
from matcalc.notation.written import as_written

if TYPE_CHECKING:
    from matcalc.explanation.explain import Explaining

class Ending:
    """The lines of the last step of a derivation."""

    def __init__(self, explaining: Explaining) -> None:
        self.problem = explaining.problem
        self.symmetric = explaining.symmetric
        self.answers, self.parts, self.turned = explaining.answers, explaining.parts, explaining.turned
        self.build = explaining.build
        self.steps = explaining.steps
        self.substitutions = explaining.substitutions

    def section(self, found: Sequence[Combination]) -> Section:
        """The section that ends a derivation."""
        section = Section("Substitute back and simplify")
        for each in found:
            target = each.total.operand
            if each.total.step is self.steps.value and target.role == "variable":
                section.lines += self._final(each.total)
        shown = {line.of[1].name for line in section.lines if isinstance(line, Equation) and len(line.of) == 2}
        for variable in self.steps.variables:
            if variable.name in self.answers and variable.name not in shown:
                label = name_of(self.build, self.steps.value, variable)
                sides = (Side(self.answers[variable.name], f"`{self.steps.value.name}` does not depend on `{variable.name}`"),)
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
        before = total.written if isinstance(total.written, Answer) else self.substitutions.substituted(total.written)
        structure = self._structure(target)
        if answer is None or structure is not None:
            lines: list[Line] = [Equation(total.label, (Side(before),), total.label.shape, (value, target))]
            if answer is not None and structure is not None:
                lines += self._bound(structure, target, answer)
            return lines
        chosen = [Side(answer)]
        named = total.plain is not None and any(isinstance(node, notation.Partial) for node in notation.postorder(total.plain))
        if total.plain is not None and not named and not answer.indices and said(before) != said(Answer(answer.body)):
            steps = self._to_answer(total.plain, answer)
            if [step.reason for step in steps] != [USUAL_ORDER]:  # that is nothing to be seen twice
                chosen = [Side(before), *steps]
        label = name_of(self.build, value, target)
        if answer.indices and total.plain is not None:
            chosen = [Side(answer, in_place(total.plain))]
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
        return [Remark(f"{structure.remark} It is called `{letter}` here."), Equation(left, (Side(answer),), left.shape)]

    def _to_answer(self, plain: Expression, answer: Answer) -> list[Side]:
        """The way from a derivative in the names of the steps to the answer."""
        if isinstance(answer.body, notation.Cases):
            return [Side(answer)]
        if (reason := in_place(plain)) and not in_place(answer.body):
            return [Side(answer, reason)]
        given = {step.name for step in self.steps.every() if step.given}
        named: dict[Expression, Expression] = {}
        for symbol, meaning in answer.definitions:
            if not (isinstance(symbol, notation.Symbol) and symbol.name in given):
                named[remade(self.build, symbol)] = self.substitutions.rebuilt(remade(self.build, meaning), named)
        goal = self.substitutions.rebuilt(remade(self.build, answer.body), named)
        steps = simplified(self.build, self.substitutions.substituted(plain), goal)
        if steps and said(steps[-1].expression) == said(Answer(answer.body)):
            return [*steps[:-1], replace(steps[-1], expression=answer)]
        return [*steps, Side(answer)]

    def _structure(self, target: Quantity) -> Structured | None:
        """What is made of the derivative by all entries, if the variable is a matrix with structure."""
        properties = self.problem.inference.symbols[target.name].properties & STRUCTURES
        if not properties or self.symmetric == "unconstrained":
            return None
        return Structured(target.name, properties, self.symmetric)

    def _variables(self, names: Sequence[tree.Name]) -> list[Quantity]:
        """The variables with some names."""
        return [each for each in self.steps.variables if any(each.name == name.name for name in names)]

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
            text = "For stacked variables the derivatives stand side by side."
        else:
            text = "The derivative by a part of the variable is that part of the derivative."
            bases = [node for node in tree.postorder(target) if isinstance(node, tree.Name)]
            structure = next((each for each in map(self._structure, self._variables(bases)) if each is not None), None)
            if structure is not None:
                text = f"{structure.remark} {text}"
        return [Remark(text), Equation(label, (Side(answer),), label.shape)]
