"""Random programs: terms, sums over indices, intermediates, declarations, and values for the variables."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from tests.fuzzing.rules import KNOWN, POSITIVE, RULES
from tests.fuzzing.terms import (
    FACTS,
    SHAPES,
    SIZES,
    Env,
    Rule,
    Term,
    apply,
    intermediate,
    intermediates,
    sample,
    shape_of,
    variable,
)


@dataclass(frozen=True)
class Span:
    """What an index runs over: from at least `low` to at most the size minus `slack`."""

    size: str
    low: int = 1
    slack: int = 0


Bound = Mapping[str, Span]


@dataclass(frozen=True)
class Clause:
    """How an index is bound: the text of its range, its span, and the numbers it takes."""

    index: str
    text: str
    span: Span
    numbers: Any
    """A function of the environment."""


def _unify(pattern: str, shape: str) -> dict[str, str] | None:
    if len(pattern) != len(shape) or pattern.startswith("'") != shape.startswith("'"):
        return None
    bound: dict[str, str] = {}
    for letter, size in zip(pattern, shape, strict=True):
        if letter.isupper() and size != "'":
            if bound.setdefault(letter, size) != size:
                return None
        elif letter != size:
            return None
    return bound


@cache
def _rules_for(shape: str) -> tuple[tuple[Rule, ...], tuple[float, ...]]:
    found = [rule for rule in RULES if rule.weight and _unify(rule.result, shape) is not None]
    return tuple(found), tuple(rule.weight for rule in found)


@cache
def _numeric_rules() -> tuple[tuple[Rule, ...], tuple[float, ...]]:
    """The rules that make numbers of numbers."""
    pairs = [(rule, weight) for rule, weight in zip(*_rules_for(""), strict=True) if set(rule.operands) == {""}]
    return tuple(rule for rule, _ in pairs), tuple(weight for _, weight in pairs)


@cache
def variables(shape: str) -> tuple[str, ...]:
    """The variables of a shape."""
    return tuple(name for name, declared in SHAPES.items() if shape_of(declared) == shape)


@cache
def _known(shape: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in KNOWN if rule.result == shape)


# Leaves

_NUMBERS = [
    *[("2", 2.0), ("3", 3.0), ("0.5", 0.5), ("(1/3)", 1 / 3), ("1", 1.0)] * 2,
    ("0", 0.0), ("(-1)", -1.0), ("1e-3", 0.001), ("10", 10.0), ("pi", np.pi),
]  # fmt: skip

def _leaf(random_: random.Random, shape: str, bound: Bound) -> Term:
    if shape == "" and bound and random_.random() < 0.8:
        return _indexed_leaf(random_, bound)
    if len(shape) == 1 and bound and random_.random() < 0.5:
        slices = _slice(random_, shape, bound)
        if slices is not None:
            return slices
    if shape == "" and random_.random() < 0.25:
        if random_.random() < 0.1:
            return _size_as_number(random_)
        text, number = random_.choice(_NUMBERS)
        return Term("", text, lambda _: np.float64(number))
    if _known(shape) and random_.random() < 0.1:
        rule = random_.choice(_known(shape))
        made = apply(Rule(rule.template, shape, (), rule.value), shape, [variable(name) for name in rule.operands])
        return Term(shape, made.text, made.value, made.names)
    names = variables(shape)
    if names:
        return _variable_leaf(random_, shape, random_.choice(names[:4] if random_.random() < 0.6 else names))
    if shape.startswith("'"):
        inner = variable(random_.choice(variables(shape[1])))
        return apply(Rule("{0}'", shape, (shape[1],), lambda x: x[None, :]), shape, [inner])
    first, second = (variable(random_.choice(variables(size))) for size in shape)  # no variable has these sizes
    return apply(Rule("({0} {1}')", shape, tuple(shape), np.outer), shape, [first, second])


def _variable_leaf(random_: random.Random, shape: str, name: str) -> Term:
    if "positive" in SHAPES[name] and random_.random() < 0.5:
        text, value = random_.choice(POSITIVE)
        return apply(Rule(text, shape, (shape,), value), shape, [variable(name)])
    return variable(name)


def _size_as_number(random_: random.Random) -> Term:
    """The name of a dimension that a variable has, which need not stand anywhere."""
    size = random_.choice(list(SIZES))
    text, offset = random_.choice([(size, 0), (size, 0), (f"({size} - 1)", -1), (f"({size} + 1)", 1)])
    return _part(random_.choice(variables(size)[:2]), text, lambda _: np.float64(SIZES[size] + offset))


def _part(name: str, text: str, value: Any, *names: str, shape: str = "") -> Term:
    return Term(shape, text, value, frozenset({name, *names}))


def _slice(random_: random.Random, shape: str, bound: Bound) -> Term | None:
    """A row or a column of a matrix at an index, as a vector."""
    choices = []
    for name, declared in SHAPES.items():
        sizes = shape_of(declared)
        if len(sizes) != 2 or "'" in sizes:
            continue
        for index, span in bound.items():
            if span.low < 1:
                continue
            if span.size == sizes[0] and sizes[1] == shape:
                choices += [(name, index, 0)]
            if span.size == sizes[1] and sizes[0] == shape:
                choices += [(name, index, 1)]
    if not choices:
        return None
    name, index, axis = random_.choice(choices)
    if axis:
        return _part(name, f"{name}[:, {index}]", lambda env: env[name][:, env[index] - 1], shape=shape)
    text = random_.choice([f"{name}[{index}]", f"{name}[{index}, :]", f"{name}_{index}"])
    return _part(name, text, lambda env: env[name][env[index] - 1], shape=shape)


def _position(random_: random.Random, index: str, span: Span) -> tuple[str, Any]:
    """A subscript that stays inside: `i`, `i+1`, `i-1`, `n-i+1`; and where it points, from 0."""
    choices = [(index, lambda env: env[index] - 1)] * 5 if span.low >= 1 else []
    if span.slack >= 1:
        choices += [(f"{index}+1", lambda env: env[index])] * 6
    if span.low >= 2:
        choices += [(f"{index}-1", lambda env: env[index] - 2)] * 6
    if span.low >= 1:
        choices += [(f"{span.size}-{index}+1", lambda env: SIZES[span.size] - env[index])]
    return random_.choice(choices)


def _indexed_leaf(random_: random.Random, bound: Bound) -> Term:
    index, span = random_.choice(sorted(bound.items(), key=lambda pair: pair[0]))
    choice = random_.random()
    if choice < 0.07:
        return Term("", index, lambda env: np.float64(env[index]))
    text, at = _position(random_, index, span)
    if choice < 0.55:
        name = random_.choice([name for name in variables(span.size) if "positive" not in SHAPES[name]])
        written = f"{name}_{index}" if text == index and choice < 0.3 else f"{name}[{text}]"
        return _part(name, written, lambda env: env[name][at(env)])
    matrices = [name for name in SHAPES if len(shape_of(SHAPES[name])) == 2 and shape_of(SHAPES[name])[0] == span.size]
    name = random_.choice(matrices)
    other = shape_of(SHAPES[name])[1]
    second = [j for j, each in bound.items() if each.size == other]
    if second and choice < 0.85:
        j = random_.choice(second)
        beside, across = _position(random_, j, bound[j])
        return _part(name, f"{name}[{text},{beside}]", lambda env: env[name][at(env), across(env)])
    if span.low < 1 or other not in SIZES:
        return _part("a", "a", lambda env: env["a"])
    vector = random_.choice(variables(other))
    return _part(name, f"({vector}.{name}_{index})", lambda env: env[vector] @ env[name][env[index] - 1], vector)


# Sums over an index


def _clause(random_: random.Random, index: str, bound: Bound) -> Clause:
    """A range: of a size, a part of it, or one that depends on an index outside."""
    outer = [(name, span) for name, span in bound.items() if span.low >= 1]
    if outer and random_.random() < 0.5:
        i, span = random_.choice(outer)
        n = SIZES[span.size]
        lower, upper = f"{index} in 1..{i}", f"{index} in {i}..{span.size}"
        return random_.choice([
            Clause(index, lower, Span(span.size, 1, span.slack), lambda env: range(1, env[i] + 1)),
            Clause(index, f"{index} in {i}+1..{span.size}", Span(span.size, 2), lambda env: range(env[i] + 1, n + 1)),
            Clause(index, upper, Span(span.size, span.low), lambda env: range(env[i], n + 1)),
            Clause(index, f"{index} in 1..{i}-1", Span(span.size, 1, 1), lambda env: range(1, env[i])),
            Clause(index, f"{index} in 1..{span.size}-{i}", Span(span.size, 1, 1), lambda env: range(1, n - env[i] + 1)),
        ])
    size = random_.choice(list(SIZES))
    n = SIZES[size]
    low, slack = random_.choice([(1, 0)] * 6 + [(2, 0), (1, 1)] * 2 + [(0, 1)] + [(2, 1)] * (n > 2))
    text = f"{index} in {low}..{size}-{slack}" if slack else f"{index} in {low}..{size}"
    return Clause(index, text, Span(size, low, slack), lambda _: range(low, n - slack + 1))


_REDUCERS: Mapping[str, Any] = {"sum": np.sum, "mean": np.mean, "prod": np.prod, "max": np.max, "min": np.min}


def _index_sum(random_: random.Random, depth: int, bound: Bound) -> Term:
    index = next(letter for letter in "ijh" if letter not in bound)
    if depth > 1 and random_.random() < 0.12:
        return _pair_sum(random_, depth, bound)
    clause = _clause(random_, index, bound)
    dependent = any(other in clause.text.partition(" in ")[2] for other in bound)
    reducers = ["sum"] * 8 + (["prod"] if dependent else ["prod", "mean", "mean", "max", "min"])
    function = random_.choice(reducers)
    body = term(random_, "", depth - 1, {**bound, index: clause.span})
    if function == "prod" and random_.random() < 0.7:
        body = apply(Rule("(1.5 + tanh({0}))", "", ("",), lambda x: 1.5 + np.tanh(x)), "", [body])
    return over(function, clause, body)


def over(function: str, clause: Clause, body: Term) -> Term:
    """A term summed, multiplied, … over an index."""

    def value(env: Env) -> Any:
        found = [body.value({**env, clause.index: number}) for number in clause.numbers(env)]
        return np.float64(_REDUCERS[function](found)) if found or function in ("sum", "prod") else np.float64(np.nan)

    text = f"{function}({body.text} for {clause.text})"
    return Term("", text, value, body.names, (body,), lambda others: over(function, clause, others[0]), binds=True)


def sum_over(index: str, size: str, body: Term) -> Term:
    """The sum of a term over an index."""
    return over("sum", Clause(index, f"{index} in 1..{size}", Span(size), lambda _: range(1, SIZES[size] + 1)), body)


_CONDITIONS: Mapping[str, Any] = {"<": np.less, "≠": np.not_equal, "<=": np.less_equal, ">": np.greater}


def _pair_sum(random_: random.Random, depth: int, bound: Bound) -> Term:
    """A sum over pairs of indices, `sum_{i<j} …`: of a difference, so that use fixes the ranges."""
    first, second = [letter for letter in "ijh" if letter not in bound][:2]
    size = random_.choice(list(SIZES))
    name = random_.choice([each for each in variables(size) if "positive" not in SHAPES[each]])
    sign = random_.choice(list(_CONDITIONS))
    body = term(random_, "", depth - 2, {**bound, first: Span(size), second: Span(size)})
    return _over_pairs(sign, first, second, size, name, body)


def _over_pairs(sign: str, i: str, j: str, size: str, name: str, body: Term) -> Term:
    holds = _CONDITIONS[sign]

    def value(env: Env) -> Any:
        total = np.float64(0)
        for first in range(1, SIZES[size] + 1):
            for second in range(1, SIZES[size] + 1):
                if holds(first, second):
                    difference = env[name][first - 1] - env[name][second - 1]
                    total += difference**2 * body.value({**env, i: first, j: second})
        return total

    text = f"(sum_{{{i}{sign}{j}}} ({name}_{i} - {name}_{j})^2 * ({body.text}))"
    names = body.names | {name}
    return Term("", text, value, names, (body,), lambda others: _over_pairs(sign, i, j, size, name, others[0]), binds=True)


# Terms and programs

_UNBOUND: Bound = {}
_DEPTHS = [2, 3, 3, 4] * 8 + [1, 5, 6]


def term(random_: random.Random, shape: str, depth: int, bound: Bound = _UNBOUND) -> Term:
    """A random term of a shape; `bound` are the indices that may occur in it."""
    if depth <= 0 or random_.random() < 0.12:
        return _leaf(random_, shape, bound)
    if shape == "" and len(bound) < 2 and random_.random() < 0.1:
        return _index_sum(random_, depth, bound)
    rules, weights = _rules_for(shape)
    if bound and shape == "" and random_.random() < 0.85:
        rules, weights = _numeric_rules()  # below an index, element-wise rules of scalars make the interesting terms
    rule = random_.choices(rules, weights)[0]
    letters = _unify(rule.result, shape)
    assert letters is not None
    operands = []
    for pattern in rule.operands:
        filled = "".join(
            letter if not letter.isupper() else letters.setdefault(letter, _size(random_, rule)) for letter in pattern
        )
        operands.append(term(random_, filled, depth - 1 - (random_.random() < 0.3), bound))
    return apply(rule, shape, operands)


def _size(random_: random.Random, rule: Rule) -> str:
    """A dimension that an operand may have; the product of two, and a number, are rare."""
    if random_.random() < 0.05 and "kron" not in rule.template and "vec" not in rule.template:
        return random_.choice("e32" if "2]" in rule.template or "[2" in rule.template else "e321")
    return random_.choice("nmk")


@dataclass(frozen=True)
class Program:
    """A term with what it needs to be a program, and where to evaluate it."""

    body: Term
    seed: int

    @property
    def text(self) -> str:
        """Intermediates and expression."""
        return "; ".join([*(f"{each.name} = {each.operands[0].text}" for each in intermediates(self.body)), self.body.text])

    @property
    def where(self) -> str:
        """The declarations of every variable, and what is known about them."""
        declared = [f"{name}: {SHAPES[name]}" for name in sorted(self.names)]
        return ", ".join([*declared, *(FACTS[name] for name in sorted(self.names) if name in FACTS)])

    @property
    def names(self) -> frozenset[str]:
        """The variables that occur."""
        return self.body.names

    def inputs(self, attempt: int = 0) -> dict[str, Any]:
        """An array for each variable."""
        numbers = np.random.default_rng([self.seed, attempt])
        return {name: sample(name, numbers) for name in SHAPES if name in self.names}


def program(random_: random.Random, depth: int | None = None) -> Program:
    """A random program with at least one variable."""
    while True:
        shape = random_.choices(["", "n", "m", "'n", "mn", "nn", "e", "3"], [20, 6, 2, 2, 2, 2, 1, 1])[0]
        body = term(random_, shape, random_.choice(_DEPTHS) if depth is None else depth)
        if body.names:
            if random_.random() < 0.15:
                body = _with_intermediates(random_, body)
            if random_.random() < 0.1:
                body = _repeated(random_, body)
            return Program(body, random_.randrange(2**31))


def _with_intermediates(random_: random.Random, body: Term) -> Term:
    """The same with one or two of its parts under names."""
    for name in ["s1", "s2"][: random_.randint(1, 2)]:
        parts = [part for part in _free_parts(body) if part.operands and not part.name]
        if len(parts) > 1:
            body = _substituted(body, random_.choice(parts[1:]), name)
    return body


def _repeated(random_: random.Random, body: Term) -> Term:
    """The same with a part of it once more, where something else of its shape stood."""
    parts = _free_parts(body)
    pairs = [
        (part, other) for part in parts for other in parts
        if part is not other and part.operands and part.shape == other.shape and not _stands_in(part, other)
    ]  # fmt: skip
    if not pairs:
        return body
    part, other = random_.choice(pairs)
    more = _exchanged_part(body, other, part)
    return more if more.names and consistent(more) else body


def _stands_in(part: Term, whole: Term) -> bool:
    return any(operand is part or _stands_in(part, operand) for operand in whole.operands)


def _exchanged_part(body: Term, old: Term, new: Term) -> Term:
    if body is old:
        return new
    operands = [_exchanged_part(operand, old, new) for operand in body.operands]
    if all(after is before for after, before in zip(operands, body.operands, strict=True)):
        return body
    assert body.make is not None
    return body.make(operands)


def _free_parts(body: Term) -> list[Term]:
    """The parts of a term without indices of a sum around them."""
    found, rest = [], [body]
    while rest:
        part = rest.pop()
        found.append(part)
        if not part.binds:
            rest += part.operands
    return found


def _substituted(body: Term, part: Term, name: str) -> Term:
    if body is part:
        return intermediate(name, body)
    operands = [_substituted(operand, part, name) for operand in body.operands]
    if all(new is old for new, old in zip(operands, body.operands, strict=True)):
        return body
    assert body.make is not None
    return body.make(operands)


_COMMUTATIVE = ("({0} + {1})", "({0} * {1})", "({0} . {1})", "max({0}, {1})", "min({0}, {1})", "dot({0}, {1})")


def commuted(body: Term, choose: Any = lambda: True) -> Term:
    """The same program with the operands of commutative operations exchanged, where it is chosen."""
    if body.make is None:
        return body
    operands = [commuted(operand, choose) for operand in body.operands]
    if body.rule is not None and body.rule.template in _COMMUTATIVE and choose():
        shapes = [operand.shape for operand in operands]
        if shapes[0] == shapes[1] or body.rule.template in ("({0} + {1})", "({0} * {1})"):
            return apply(_exchanged(body.rule), body.shape, operands)
    return body.make(operands)


@cache
def _exchanged(rule: Rule) -> Rule:
    text = rule.template.replace("{0}", "{2}").replace("{1}", "{0}").replace("{2}", "{1}")
    return Rule(text, rule.result, rule.operands, rule.value)


def consistent(body: Term) -> bool:
    """Whether intermediates of the same name stand for the same."""
    found: dict[str, str] = {}
    parts = [body]
    while parts:
        part = parts.pop()
        if part.name and found.setdefault(part.name, part.operands[0].text) != part.operands[0].text:
            return False
        parts += part.operands
    return True


def smaller(body: Term) -> Sequence[Term]:
    """Terms of the same shape with a part left out."""
    found: list[Term] = []
    for position, operand in enumerate(body.operands):
        if operand.shape == body.shape and not body.binds:
            found.append(operand)
        if operand.operands or operand.rule:
            found += [body.replaced(position, variable(each)) for each in variables(operand.shape)[:2]]
        found += [body.replaced(position, less) for less in smaller(operand)]
    return found
