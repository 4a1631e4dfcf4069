"""A small share of the fuzz, the same programs on every run; `python tests/fuzz.py` runs as many as one likes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from matcalc.calculus.simplify import simplify
from matcalc.errors import EvaluationError
from matcalc.problem import Problem
from matcalc.tensor.evaluate import evaluate
from tests.differences import close
from tests.fuzz import described, minimised
from tests.fuzzing.checks import Finding, agrees, check, truth, usable
from tests.fuzzing.generate import Program, program
from tests.fuzzing.targets import Plan, every_plan, random_plan
from tests.fuzzing.terms import SIZES, Rule, Term, apply, variable

SEEDS = range(6)


def programs(seed: int, count: int) -> list[Program]:
    """Random programs."""
    source = random.Random(seed)
    return [program(source) for _ in range(count)]


def usable_programs(seed: int, count: int) -> list[tuple[Program, dict[str, Any]]]:
    """Random programs with inputs at which they have a value: all but few."""
    pairs = [(example, usable(example)) for example in programs(seed, count)]
    found = [(example, inputs) for example, inputs in pairs if inputs is not None]
    assert len(found) > 0.95 * count
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_random_programs(seed: int) -> None:
    """Values, derivatives of all kinds and their printed forms; see `tests/fuzzing/checks.py`."""
    found = [each for example in programs(seed, 50) for each in check(example, random_plan(example, 0.02))]
    assert [described(each) for each in found] == []


def test_random_programs_by_every_variable() -> None:
    found = [each for example in programs(100, 12) for plan in every_plan(example) for each in check(example, plan)]
    assert [described(each) for each in found] == []


def test_simplification_keeps_the_value_and_is_idempotent() -> None:
    for example, inputs in usable_programs(101, 40):
        problem = Problem(example.text, where=example.where)
        arrays, sizes = problem.arrays({**inputs, **SIZES})
        with suppress(EvaluationError):  # a matrix is singular
            assert close(evaluate(problem.root, arrays, sizes), evaluate(problem.value.node, arrays, sizes), 1e-9)
        assert problem.facts or simplify(problem.graph, problem.root) is problem.root


def test_the_generator_reaches_everything() -> None:
    """A generator that made only easy programs would prove nothing."""
    examples = programs(0, 1500)
    texts = " ".join(f"{example.text} where {example.where}" for example in examples)
    plans = [random_plan(example) for example in examples]
    for word in (
        "softmax", "logsumexp", "inv(", "det(", "max(", "where(", "||", "sum(", " for i in ", ">", "solve(", "[",
        "axis=0", "axis=1", "cumsum", "prod(", "norminf", "norm(", "clip(", "elu(", "leaky_relu", "tril(", "triu(",
        "vec(", "kron(", "cross(", "skew(", "pinv(", "var(", "std(", "[i+1]", "[i-1]", " in 2..n", " in i+1..",
        " in 1..i", "sum_{i<j}", "mean(", "prod(", "orthogonal", "lower_triangular", "positive", "sum(p) = 1",
        "V' V = I", "G = G'", "s1 = ", "; s2 = ",
    ):  # fmt: skip
        assert word in texts, word
    targets = " ".join(plan.target for plan in plans)
    for word in (" then ", ", ", "[1, ", ", :]", "[:, ", "[1]", "; ", "s1"):
        assert word in targets, word
    assert {plan.symmetric for plan in plans} == {"space", "independent", "unconstrained"}
    for asked in ("second", "third", "layouts", "commuted", "matlab", "verified", "unknown"):
        assert any(getattr(plan, asked) for plan in plans), asked


def wrong(truth_: object) -> list[Finding]:
    """What is found where NumPy is told another function."""
    rule = Rule("sum(sin({0}))", "", ("n",), truth_)  # type: ignore[arg-type]
    return list(check(Program(apply(rule, "", [variable("x")]), 1), Plan("x")))


def test_the_check_notices_a_wrong_value() -> None:
    assert wrong(lambda x: np.sum(np.sin(x))) == []
    assert {each.kind for each in wrong(lambda x: np.sum(np.cos(x)))} == {
        "wrong value", "wrong derivative", "written expression has another value"
    }


def test_differences_know_what_they_cannot_tell() -> None:
    assert agrees(np.array(1.0), np.sin) is True
    assert agrees(np.array(1.1), np.sin) is False
    assert agrees(np.array(1.0), np.abs) is None
    assert agrees(np.array(1.0), lambda t: np.abs(t - 1e-3)) is None


@pytest.mark.parametrize(
    ("template", "operands", "value", "shape"),
    [
        ("({1}' step({0}' {0}) {1})", "Vz", lambda v, z: z @ (v.T @ v > 0) @ z, ""),
        ("(((cross({0}, {1}) . {0}) > 0) * {0})", ("a3", "b3"), lambda a, b: (np.cross(a, b) @ a > 0) * a, "3"),
        ("where(({0} - {0}) / ({0} - {0}) > {0}, 1, 2)", "x", lambda x: np.where((x - x) / (x - x) > x, 1.0, 2.0), "n"),
    ],
)  # fmt: skip
def test_what_hangs_on_rounding_is_not_judged(template: str, operands: Sequence[str], value: Any, shape: str) -> None:
    """By the value alone: NumPy's is another one a hair away, or has none within."""
    rule = Rule(template, shape, (), value)
    counts: Counter[str] = Counter()
    body = apply(rule, shape, [variable(name) for name in operands])
    for seed in range(5):
        assert list(check(Program(body, seed), Plan(operands[-1]), counts)) == []
    assert any("not to be told" in kind or "no value" in kind for kind in counts)


def test_findings_are_cut_down() -> None:
    """To the part that is wrong."""
    bad = apply(Rule("cos({0})", "n", ("n",), np.sin), "n", [variable("x")])
    outside = apply(Rule("tanh({0})", "n", ("n",), np.tanh), "n", [bad])
    body = apply(Rule("({0} + {1})", "n", ("n", "n"), np.add), "n", [outside, bad])
    example = Program(body, 3)
    finding = next(each for each in check(example, Plan("x", second=True)) if each.kind == "wrong value")
    small = minimised(finding)
    assert small.program.text == "cos(x)"
    assert not small.plan.second


def test_the_numbers_for_the_variables_are_what_is_declared() -> None:
    assert len(set(SIZES.values())) == len(SIZES)
    counts: Counter[str] = Counter()
    for example, inputs in usable_programs(102, 100):
        assert np.all(np.isfinite(truth(example.body, inputs)))
        counts.update(inputs)
    assert len(counts) > 25
    assert isinstance(variable("x"), Term)
