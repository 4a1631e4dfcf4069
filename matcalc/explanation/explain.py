"""A derivation in Parr & Howard's four steps: introduce intermediate variables, differentiate each by its own operands, combine
by the chain rule that fits, substitute back and simplify.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from matcalc.errors import UsageError
from matcalc.explanation.combine import Combiner
from matcalc.explanation.combining import Combining
from matcalc.explanation.derivation import Derived, Equation, Line, Remark, Section, Side
from matcalc.explanation.ending import Ending
from matcalc.explanation.intermediates import Introduction, Quantity, Series, Steps, check_length
from matcalc.explanation.local import Local
from matcalc.explanation.rules import Reasons
from matcalc.explanation.substitutions import Substitutions
from matcalc.explanation.writing import said
from matcalc.language import tree
from matcalc.language.declared import Symmetric
from matcalc.limits import MAX_EXPLAINED
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Answer, Expression
from matcalc.notation.recover import Recovery

if TYPE_CHECKING:
    from matcalc.problem import Problem


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
        self.steps = Introduction(problem, self.recovery, _variables(problem, answers), _names(answers)).steps()
        check_length(self.steps, MAX_EXPLAINED, "a derivation")
        self.recovery.rows |= {each.name for each in self.steps.steps if each.shape.kind == "row"}
        self.combiner = Combiner(self.recovery, self.steps)
        self.answers = {target.name: answer for target, answer in answers if isinstance(target, tree.Name)}
        self.parts = [(target, answer) for target, answer in answers if not isinstance(target, tree.Name)]
        self.substitutions = Substitutions(self.build, self.steps)

    def derived(self) -> Derived:
        """The whole derivation."""
        sections = [self._introduction(), self._differentiation()]
        found = self.combiner.combinations()
        combining = Combining(self).sections(found)
        ending = Ending(self).section(found)
        if not combining and _is_said(sections[1], ending):
            sections[1] = Section("Differentiate", ending.lines)
            return Derived(sections, self.steps)
        sections += [*combining, ending]
        return Derived(sections, self.steps)

    def _introduction(self) -> Section:
        few = sum(1 for _ in self.steps.every()) == 1
        section = Section("Give the value a name" if few else "Introduce intermediate variables")
        said_why = False
        for step, indices in _with_indices(self.steps):
            assert step.definition is not None
            if step.role == "entry":
                continue  # it has a name already
            reason = f"for each `{', '.join(indices)}`" if indices and step.role == "operation" else ""
            if step.role == "alias" and step is not self.steps.value:
                reason = "an alias" if said_why else "an alias, so that each path has a variable of its own"
                said_why = True
            sides = (Side(step.definition, reason),)
            section.lines.append(Equation(step.symbol, sides, step.shape, (step,)))
        return section

    def _differentiation(self) -> Section:
        section = Section("Differentiate each by its own operands")
        section.lines += self._symmetric()
        self._differentiate(section, self.combiner, set())
        return section

    def _symmetric(self) -> list[Line]:
        """What is said once of matrices that are their own transposes."""
        varying = {each.name for each in self.steps.variables}
        symbols = self.problem.inference.symbols.values()
        names = [each.name for each in symbols if each.properties & {"symmetric", "spd"} and each.name not in varying]
        if not names:
            return []
        *first, last = (f"`{name}`" for name in names)
        which = f"{', '.join(first)} and {last} are" if first else f"{last} is"
        return [Remark(f"({which} symmetric: `{names[0]}ᵀ = {names[0]}`{', and so on' * bool(first)}.)")]

    def _differentiate(self, section: Section, combiner: Combiner, entries: set[Expression]) -> None:
        for step in combiner.steps.active():
            if step.series is not None:
                self._differentiate(section, combiner.terms(step), entries)
                section.lines += _of_entries(step.series)
                continue
            if step.role == "entry":
                if step.symbol in entries:
                    continue  # it was in another sum, too
                entries.add(step.symbol)
            for operand in step.operands:
                if operand.targets:
                    section.lines.append(self._local(combiner.local(step, operand)))

    def _local(self, found: Local) -> Equation:
        reason = self.reasons.rule(found)
        of = (found.step, found.operand)
        sides = [Side(found.written, reason)]
        if isinstance(found.written, notation.Cases) and isinstance(found.plain, notation.Indicator):
            sides.append(Side(found.plain, "the same with a bracket, which is 1 where it holds, else 0"))
        return Equation(found.label, tuple(sides), found.label.shape, of)


def _variables(problem: Problem, answers: Sequence[tuple[tree.Expr, Answer]]) -> list[tree.Name]:
    """The variables in the targets."""
    found: dict[str, tree.Name] = {}
    for target, _ in answers:
        for node in tree.postorder(target):
            if isinstance(node, tree.Name) and node.name in problem.inference.symbols:
                found.setdefault(node.name, node)
    return list(found.values())


def _is_said(before: Section, ending: Section) -> bool:
    """Whether the end only says again what was said: the answers of one rule. The reasons go with them then."""
    known = {line.of: line for line in before.lines if isinstance(line, Equation)}
    lines: list[Line] = []
    for line in ending.lines:
        if not (isinstance(line, Equation) and line.of in known and len(line.sides) == 1 and len(known[line.of].sides) == 1):
            return False
        side, answer = known[line.of].sides[0], line.sides[0]
        if said(side.expression) != said(answer.expression):
            return False
        lines.append(replace(line, sides=(replace(answer, reason=side.reason, parts=side.parts),)))
    ending.lines = lines
    return bool(lines)


def _names(answers: Sequence[tuple[tree.Expr, Answer]]) -> set[str]:
    """The names that the answers give to what repeats."""
    return {symbol.name for _, answer in answers for symbol, _ in answer.definitions if isinstance(symbol, notation.Symbol)}


def _of_entries(series: Series) -> list[Line]:
    """What xᵢ and xⱼ are while one term is looked at, if there are both."""
    entries = [step for step in series.steps.steps if step.role == "entry"]
    for base in dict.fromkeys(step.operands for step in entries):
        names = [step.name for step in entries if step.operands == base]
        if len(names) > 1:
            both, where = " and ".join(f"`{name}`" for name in names), " = ".join(series.indices)
            text = f"({both} count as two variables, also where `{where}`: their contributions add up in the next step.)"
            return [Remark(text)]
    return []


def _with_indices(steps: Steps) -> Iterator[tuple[Quantity, tuple[str, ...]]]:
    """All steps, with the indices of the sum of whose terms they are."""
    for step in steps.steps:
        if step.series is not None:
            yield from _with_indices(step.series.steps)
        yield step, steps.indices
