"""Every displayed equation of an explanation is true by itself; `survey.py` checks as many problems as one likes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import overload

import pytest

from matcalc.explanation.derivation import Derived, Equation, Line, Section, Side
from matcalc.notation import matrix as m
from matcalc.notation.matrix import Answer, Expression
from tests.explanation.evaluation import Finding, equations, wrong_ends, wrong_numbers, wrong_order
from tests.explanation.explaining import Case, Explained, examples, explained, findings, points
from tests.explanation.survey import golden, random_programs, reused_names

SHARE = 18
"""One of so many golden problems."""
REUSED = 8
PROGRAMS = 80
GOLDEN = [case for number, case in enumerate(golden()) if number % SHARE == 0]


def all_findings(cases: Iterable[Case]) -> tuple[list[str], Counter[str]]:
    """What is found, and how much was checked."""
    counts: Counter[str] = Counter()
    return [f"{case}: {each}" for case in cases for each in findings(case, counts)], counts


@pytest.mark.parametrize("case", examples(), ids=str)
def test_an_explanation_is_true(case: Case) -> None:
    found, counts = all_findings([case])
    assert found == []
    assert counts["checked"] == 1
    assert not counts["equations at a kink"]


def test_the_explanations_of_golden_problems_are_true() -> None:
    found, counts = all_findings(GOLDEN)
    assert found == []
    assert counts["checked"] > 0.9 * len(GOLDEN)
    assert counts["equations at a kink"] < 0.01 * counts["equations"]


def test_the_explanations_of_random_programs_are_true() -> None:
    found, counts = all_findings(random_programs(PROGRAMS, 1))
    assert found == []
    assert counts["checked"] > 0.9 * PROGRAMS
    assert counts["equations at a kink"] < 0.03 * counts["equations"]


# The checks notice


def test_the_explanations_of_programs_with_reused_names_are_true() -> None:
    found, counts = all_findings(reused_names(REUSED, 1))
    assert found == []
    assert counts["checked"] > 0.8 * REUSED


def network() -> Explained:
    """An explanation with a bit of everything."""
    return explained(Case("u = W x + b; sum(tanh(u)^2) + sum(x[i]*y[i]^2 for i in 1..n)", "W, x, b", "W: matrix(m, n)"))


def checked(of: Explained, derived: Derived) -> list[Finding]:
    """What is found if this were the derivation."""
    point, sizes = next(points(of.inference, 1))
    found = [*wrong_order(derived, list(of.inference.symbols)), *wrong_ends(derived, of.answers)]
    return [*found, *wrong_numbers(derived, of.inference, point, sizes, set())]


def changed(derived: Derived, change: Callable[[Equation], Equation]) -> Derived:
    """A derivation with other equations."""

    def line(each: Line) -> Line:
        return change(each) if isinstance(each, Equation) else each

    return Derived([Section(each.title, list(map(line, each.lines))) for each in derived.sections], derived.steps)


@overload
def doubled(expression: Expression) -> Expression: ...
@overload
def doubled(expression: Answer) -> Answer: ...
def doubled(expression: Expression | Answer) -> Expression | Answer:
    """Twice as much."""
    if isinstance(expression, Answer):
        return replace(expression, body=doubled(expression.body))
    return m.Product(expression.shape, 2, (expression,), ())


def test_each_side_of_each_equation_matters() -> None:
    """A side that is twice as much as it should be is found, wherever it stands."""
    of = network()
    assert checked(of, of.derived) == []
    places = [(at, k) for at, equation in enumerate(equations(of.derived)) for k in range(len(equation.sides))]
    assert len(places) > 25
    for at, k in random.Random(1).sample(places, 12):
        chosen = list(equations(of.derived))[at]

        def change(equation: Equation, chosen: Equation = chosen, k: int = k) -> Equation:
            sides = list(equation.sides)
            if equation is chosen:
                sides[k] = Side(doubled(sides[k].expression))
            return replace(equation, sides=tuple(sides))

        kinds = {each.kind for each in checked(of, changed(of.derived, change))}
        assert "wrong" in kinds, (at, k)


def test_a_wrong_differential_in_a_reason_is_found() -> None:
    of = network()
    count = sum(bool(side.parts) for equation in equations(of.derived) for side in equation.sides)

    def change(equation: Equation) -> Equation:
        sides = []
        for side in equation.sides:
            parts = tuple(doubled(part) if place == 1 else part for place, part in enumerate(side.parts))
            sides.append(replace(side, parts=parts))
        return replace(equation, sides=tuple(sides))

    kinds = [each.kind for each in checked(of, changed(of.derived, change))]
    assert kinds.count("wrong differentials") >= count > 0


def test_a_transposed_side_is_found() -> None:
    of = network()

    def change(equation: Equation) -> Equation:
        if equation.shape.kind != "row":
            return equation
        last = equation.sides[-1].expression
        body = last.body if isinstance(last, Answer) else last
        column = m.Transpose(equation.shape._replace(kind="vector"), body)
        return replace(equation, sides=(Side(column),))

    assert {"another shape"} <= {each.kind for each in checked(of, changed(of.derived, change))}


def test_a_wrong_definition_is_found() -> None:
    of = explained(Case("sin(x^2)*x", "x", "x: scalar"))
    step = of.derived.steps.steps[0]
    assert step.definition is not None
    before, step.definition = step.definition, m.Product(step.shape, 2, (step.definition,), ())
    kinds = {each.kind for each in checked(of, of.derived)}
    step.definition = before
    assert {"definition", "value of the program"} <= kinds


def test_a_name_before_its_definition_is_found() -> None:
    of = explained(Case("sin(x^2)", "x", "x: scalar"))
    of.derived.steps.steps[:2] = of.derived.steps.steps[1::-1]
    assert "used before it is defined" in {each.kind for each in wrong_order(of.derived, ["x"])}


def test_another_end_is_found() -> None:
    of = explained(Case("sin(x^2)", "x", "x: scalar"))
    other = explained(Case("cos(x^2)", "x", "x: scalar"))
    assert [each.kind for each in wrong_ends(of.derived, other.answers)] == ["another end"]
