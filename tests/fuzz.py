"""Random well-shaped programs, evaluated by NumPy, against everything matcalc says about them.

    python tests/fuzz.py --programs 20000 --seed 1

prints how often the two disagreed, and each offending program cut down to its smallest part that still offends.
`tests/calculus/test_properties.py` runs the same generator for a moment.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import matcalc as mc
from matcalc.errors import MatcalcError, MatcalcSyntaxError
from tests.differences import close, numerator_layout, numeric_derivative, on_space

SIZES: Mapping[str, int] = {"n": 3, "m": 4, "k": 2}
"""The sizes of the named dimensions: pairwise different, and never 1."""

SHAPES: Mapping[str, str] = {
    "a": "scalar", "b": "scalar", "c": "scalar", "t": "positive scalar",
    "x": "vector(n)", "y": "vector(n)", "w": "vector(n)", "q": "positive vector(n)", "u": "vector(m)", "v": "vector(m)",
    "z": "vector(k)", "r": "row(n)", "l": "row(m)",
    "A": "matrix(m, n)", "C": "matrix(m, n)", "B": "matrix(n, m)", "Z": "matrix(n, k)",
    "K": "matrix(k, n)", "X": "matrix(n, n)", "Y": "matrix(n, n)", "S": "symmetric(n)", "P": "spd(n)", "D": "diagonal(n)",
}  # fmt: skip
"""The variables, as declared."""

Value = Callable[..., Any]


@dataclass(frozen=True)
class Rule:
    """How a term is made of others: its text, and what NumPy computes.

    Shapes are "" (scalar), "n" (vector), "'n" (row) and "mn" (matrix); capital letters stand for any dimension.
    """

    template: str
    result: str
    operands: tuple[str, ...]
    value: Value
    weight: float = 1.0
    positive: tuple[int, ...] = ()
    """Operands that must be positive variables."""


@dataclass(frozen=True)
class Term:
    """A term: a rule with its operands, a leaf with a fixed text, or a sum over an index."""

    shape: str
    text: str
    value: Callable[[Mapping[str, Any]], Any]
    rule: Rule | None = None
    operands: tuple[Term, ...] = ()
    names: frozenset[str] = frozenset()

    def count(self) -> int:
        """The number of rules and leaves."""
        return 1 + sum(operand.count() for operand in self.operands)


def apply(rule: Rule, shape: str, operands: Sequence[Term]) -> Term:
    """A term made by a rule."""

    def value(env: Mapping[str, Any]) -> Any:
        return rule.value(*(operand.value(env) for operand in operands))

    text = rule.template.format(*(operand.text for operand in operands))
    names = frozenset[str]().union(*(operand.names for operand in operands))
    return Term(shape, text, value, rule, tuple(operands), names)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _softmax(x: Any) -> Any:
    shifted = np.exp(x - np.max(x))
    return shifted / shifted.sum()


def _lse(x: Any) -> Any:
    return np.log(np.sum(np.exp(x)))


_erf = np.vectorize(math.erf, otypes=[float])
_phi = np.vectorize(lambda v: 0.5 * (1 + math.erf(v / math.sqrt(2))), otypes=[float])

_UNARY: tuple[tuple[str, Value, float], ...] = (
    ("sin({0})", np.sin, 1), ("cos({0})", np.cos, 1), ("tanh({0})", np.tanh, 1), ("exp({0})", np.exp, 1),
    ("sigmoid({0})", _sigmoid, 1), ("softplus({0})", lambda x: np.log1p(np.exp(x)), 0.5),
    ("relu({0})", lambda x: np.maximum(x, 0), 0.7), ("abs({0})", np.abs, 0.7),
    ("max(0, {0})", lambda x: np.maximum(x, 0), 0.7),
    ("max({0}, 1)", lambda x: np.maximum(x, 1), 0.3), ("min({0}, 0.5)", lambda x: np.minimum(x, 0.5), 0.3),
    ("(({0}) ** 2)", lambda x: x**2, 1), ("(({0}) ** 3)", lambda x: x**3, 0.5), ("square({0})", np.square, 0.3),
    ("(-({0}))", lambda x: -x, 0.7), ("(2*({0}))", lambda x: 2 * x, 0.7), ("(({0})/3)", lambda x: x / 3, 0.4),
    ("log(1 + ({0}) ** 2)", lambda x: np.log(1 + x**2), 0.5), ("sqrt(1 + ({0}) ** 2)", lambda x: np.sqrt(1 + x**2), 0.5),
    ("(1/(2 + ({0}) ** 2))", lambda x: 1 / (2 + x**2), 0.5), ("log(1 + exp({0}))", lambda x: np.log(1 + np.exp(x)), 0.4),
    ("(1/(1 + exp(-({0}))))", _sigmoid, 0.4), ("(1 - ({0}))", lambda x: 1 - x, 0.5), ("(({0}) + 1)", lambda x: 1 + x, 0.5),
    ("arctan({0})", np.arctan, 0.3), ("erf({0})", _erf, 0.2), ("sign({0})", np.sign, 0.2),
    ("step({0})", lambda x: (x > 0) * 1.0, 0.2),
    ("silu({0})", lambda x: x * _sigmoid(x), 0.2), ("gelu({0})", lambda x: x * _phi(x), 0.2), ("sinh({0})", np.sinh, 0.1),
    ("cosh({0})", np.cosh, 0.1), ("arcsinh({0})", np.arcsinh, 0.1), ("expm1({0})", np.expm1, 0.1),
    ("(({0}) > 0)", lambda x: (x > 0) * 1.0, 0.2), ("(({0}) <= 0.3)", lambda x: (x <= 0.3) * 1.0, 0.1),
    ("exp(-({0}) ** 2)", lambda x: np.exp(-(x**2)), 0.3), ("sqrt(({0}) ** 2)", lambda x: np.sqrt(x**2), 0.2),
    ("(abs({0}) ** 3)", lambda x: np.abs(x) ** 3, 0.2), ("tan(({0})/4)", lambda x: np.tan(x / 4), 0.1),
    ("exp(log(1 + ({0}) ** 2)/2)", lambda x: np.sqrt(1 + x**2), 0.1), ("(({0}) ** (-2))", lambda x: x**-2.0, 0.1),
)  # fmt: skip

_BINARY: tuple[tuple[str, Value, float], ...] = (
    ("({0} + {1})", lambda x, y: x + y, 2), ("({0} - {1})", lambda x, y: x - y, 2), ("({0} * {1})", lambda x, y: x * y, 2),
    ("({0} / (1 + ({1}) ** 2))", lambda x, y: x / (1 + y**2), 1), ("max({0}, {1})", np.maximum, 0.7),
    ("min({0}, {1})", np.minimum, 0.5), ("(({0} > {1}) * {0})", lambda x, y: (x > y) * x, 0.3),
    ("where({0} > {1}, {0}, ({1}) ** 2)", lambda x, y: np.where(x > y, x, y**2), 0.3),
    ("hypot({0}, 1 + ({1}) ** 2)", lambda x, y: np.hypot(x, 1 + y**2), 0.2),
    ("atan2({0}, 2 + ({1}) ** 2)", lambda x, y: np.arctan2(x, 2 + y**2), 0.2),
    ("({0} * {1} + {1})", lambda x, y: x * y + y, 0.5), ("(2*({0}) - 3*({1}))", lambda x, y: 2 * x - 3 * y, 0.4),
    ("(({0} <= {1}) + {1})", lambda x, y: (x <= y) + y, 0.1),
    ("where({1} < 0, {0}, 2)", lambda x, y: np.where(y < 0, x, 2.0), 0.2),
    ("({0} + {0} * {1} + {0})", lambda x, y: 2 * x + x * y, 0.2),
    ("((1.5 + tanh({0})) ** ({1}))", lambda x, y: (1.5 + np.tanh(x)) ** y, 0.2),
)  # fmt: skip


def _column(v: Any) -> Any:
    return v[:, None]


def _var(x: Any) -> Any:
    return np.mean((x - x.mean()) ** 2)


_ALGEBRA: tuple[Rule, ...] = (
    # scalars
    Rule("({0} . {1})", "", ("I", "I"), np.dot, 2), Rule("({0}' {1})", "", ("I", "I"), np.dot, 2),
    Rule("dot({0}, {1})", "", ("I", "I"), np.dot, 0.5), Rule("({0} {1})", "", ("'I", "I"), lambda r, x: (r @ x)[0], 1),
    Rule("sum({0})", "", ("I",), np.sum, 3), Rule("sum({0})", "", ("IJ",), np.sum, 2),
    Rule("sum({0})", "", ("'I",), np.sum, 1),
    Rule("mean({0})", "", ("I",), np.mean, 0.5), Rule("mean({0})", "", ("IJ",), np.mean, 0.5),
    Rule("norm({0})", "", ("I",), np.linalg.norm, 1), Rule("||{0}||^2", "", ("I",), lambda x: np.sum(x**2), 1),
    Rule("||{0}||_1", "", ("I",), lambda x: np.sum(np.abs(x)), 0.5),
    Rule("||{0}||_F^2", "", ("IJ",), lambda x: np.sum(x**2), 1),
    Rule("normF({0})", "", ("IJ",), np.linalg.norm, 0.5), Rule("tr({0})", "", ("II",), np.trace, 2),
    Rule("tr({0} @ {1})", "", ("IJ", "JI"), lambda a, b: np.trace(a @ b), 1),
    Rule("tr({0}' {0})", "", ("IJ",), lambda a: np.sum(a * a), 0.5),
    Rule("({0}' {1} {2})", "", ("I", "IJ", "J"), lambda x, a, y: x @ a @ y, 1),
    Rule("({0}' {1} {0})", "", ("I", "II"), lambda x, a: x @ a @ x, 1),
    Rule("det({0} / 2)", "", ("II",), lambda a: np.linalg.det(a / 2), 0.5),
    Rule("logdet({0}' {0} + I)", "", ("IJ",), lambda a: np.log(np.linalg.det(a.T @ a + np.eye(a.shape[1]))), 0.7),
    Rule("log(det({0} {0}' + 2*I))", "", ("II",), lambda a: np.log(np.linalg.det(a @ a.T + 2 * np.eye(len(a)))), 0.3),
    Rule("logsumexp({0})", "", ("I",), _lse, 1), Rule("log(sum(exp({0})))", "", ("I",), _lse, 0.5),
    Rule("var({0})", "", ("I",), _var, 0.3), Rule("(({0})[1])", "", ("I",), lambda x: x[0], 0.5),
    Rule("(({0})[2, 1])", "", ("IJ",), lambda a: a[1, 0], 0.4), Rule("(({0}) ^ 2)", "", ("",), lambda x: x**2, 1),
    Rule("({0} ({1}))", "", ("", ""), lambda x, y: x * y, 1),
    Rule("sum([{0}, {1}])", "", ("", ""), lambda x, y: x + y, 0.1),
    Rule("norm([{0}; {1}])", "", ("I", "J"), lambda x, y: np.sqrt(x @ x + y @ y), 0.4),
    Rule("sum([{0}; {1}] * [{1}; {0}])", "", ("I", "I"), lambda x, y: 2 * x @ y, 0.2),
    Rule("sum(exp([{0}; {1}] / 2))", "", ("I", ""), lambda x, y: np.exp(x / 2).sum() + np.exp(y / 2), 0.3),
    Rule("(sum({0})/len({0}))", "", ("I",), np.mean, 0.2),
    Rule("(tr({0})/rows({0}))", "", ("II",), lambda a: np.trace(a) / len(a), 0.1),
    # vectors
    Rule("({0} {1})", "I", ("IJ", "J"), np.matmul, 3), Rule("({0} @ {1})", "I", ("IJ", "J"), np.matmul, 1),
    Rule("({0}' {1})", "I", ("JI", "J"), lambda a, x: a.T @ x, 2), Rule("({0} {1})", "I", ("", "I"), np.multiply, 1),
    Rule("({0} * {1})", "I", ("I", ""), np.multiply, 1), Rule("({0} + {1})", "I", ("I", ""), np.add, 0.7),
    Rule("({1} - {0})", "I", ("I", ""), lambda x, s: s - x, 0.4),
    Rule("({0} / (1 + ({1})^2))", "I", ("I", ""), lambda x, s: x / (1 + s * s), 0.5),
    Rule("({1} / (1 + {0} ** 2))", "I", ("I", ""), lambda x, s: s / (1 + x**2), 0.3),
    Rule("softmax({0})", "I", ("I",), _softmax, 1),
    Rule("max({1}, {0})", "I", ("I", ""), np.maximum, 0.3),
    Rule("log_softmax({0})", "I", ("I",), lambda x: x - _lse(x), 0.3),
    Rule("log(softmax({0}))", "I", ("I",), lambda x: x - _lse(x), 0.2),
    Rule("normalize({0})", "I", ("I",), lambda x: x / np.linalg.norm(x), 0.3),
    Rule("diag({0})", "I", ("II",), np.diagonal, 0.7),
    Rule("(diag({0}) {1})", "I", ("I", "I"), np.multiply, 0.7), Rule("{0}'", "I", ("'I",), lambda r: r[0], 0.7),
    Rule("(inv({0}' {0} + I) {1})", "I", ("JI", "I"), lambda a, x: np.linalg.solve(a.T @ a + np.eye(a.shape[1]), x), 0.3),
    Rule("solve(3*I + tanh({0}), {1})", "I", ("II", "I"),
        lambda a, x: np.linalg.solve(3 * np.eye(len(a)) + np.tanh(a), x), 0.3),
    Rule("(({0})[1])", "I", ("JI",), lambda a: a[0], 0.3), Rule("(({0})[:, 2])", "I", ("IJ",), lambda a: a[:, 1], 0.3),
    Rule("(({0} . {0}) {0})", "I", ("I",), lambda x: (x @ x) * x, 0.3), Rule("(({0}) ^ 2)", "I", ("I",), np.square, 0.5),
    Rule("([{0}, {1}])", "k", ("", ""), lambda x, y: np.array([x, y]), 0.0),
    # rows
    Rule("{0}'", "'I", ("I",), lambda x: x[None, :], 3), Rule("({0} {1})", "'I", ("'J", "JI"), np.matmul, 1),
    Rule("({0}' {1})", "'I", ("J", "JI"), lambda x, a: (x @ a)[None, :], 1),
    Rule("({0} {1})", "'I", ("", "'I"), np.multiply, 0.5),
    Rule("({0} + {1})", "'I", ("'I", ""), np.add, 0.3),
    # matrices
    Rule("({0} {1})", "IJ", ("IK", "KJ"), np.matmul, 2), Rule("({0} @ {1})", "IJ", ("IK", "KJ"), np.matmul, 1),
    Rule("{0}'", "IJ", ("JI",), np.transpose, 2), Rule("({0} {1}')", "IJ", ("I", "J"), np.outer, 1),
    Rule("outer({0}, {1})", "IJ", ("I", "J"), np.outer, 0.5), Rule("diag({0})", "II", ("I",), np.diag, 1),
    Rule("({0} {1})", "IJ", ("", "IJ"), np.multiply, 1), Rule("({0} + {1})", "IJ", ("IJ", ""), np.add, 0.5),
    Rule("({0} + {1})", "IJ", ("IJ", "I"), lambda a, x: a + _column(x), 0.4),
    Rule("({0} - {1})", "IJ", ("IJ", "'J"), np.subtract, 0.4),
    Rule("(diag({0}) {1})", "IJ", ("I", "IJ"), lambda x, a: _column(x) * a, 0.4),
    Rule("({1} diag({0}))", "IJ", ("J", "IJ"), lambda x, a: a * x, 0.4),
    Rule("({0} + I)", "II", ("II",), lambda a: a + np.eye(len(a)), 0.5),
    Rule("inv(3*I + tanh({0}))", "II", ("II",), lambda a: np.linalg.inv(3 * np.eye(len(a)) + np.tanh(a)), 0.4),
    Rule("(4*I + sin({0}))^-1", "II", ("II",), lambda a: np.linalg.inv(4 * np.eye(len(a)) + np.sin(a)), 0.3),
    Rule("({0})^2", "II", ("II",), lambda a: a @ a, 0.5), Rule("({0})^3", "II", ("II",), lambda a: a @ a @ a, 0.2),
    Rule("({0}' {0})", "II", ("JI",), lambda a: a.T @ a, 0.7),
    Rule("({0}' {1} {0})", "II", ("JI", "JJ"), lambda a, b: a.T @ b @ a, 0.3),
)  # fmt: skip

_KINDS = ("", "I", "'I", "IJ")
RULES: tuple[Rule, ...] = (
    *(Rule(text, kind, (kind,), value, weight * 0.45) for text, value, weight in _UNARY for kind in _KINDS),
    *(Rule(text, kind, (kind, kind), value, weight * 0.8) for text, value, weight in _BINARY for kind in _KINDS),
    *_ALGEBRA,
)


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


def _shape_of(declared: str) -> str:
    kind, _, rest = declared.removeprefix("positive ").partition("(")
    sizes = rest.rstrip(")").replace(",", "").replace(" ", "")
    if kind in ("symmetric", "spd", "diagonal"):
        return sizes * 2
    return {"scalar": "", "vector": sizes, "row": "'" + sizes, "matrix": sizes}[kind]


@cache
def _variables(shape: str) -> tuple[str, ...]:
    return tuple(name for name, declared in SHAPES.items() if _shape_of(declared) == shape)


def variable(name: str) -> Term:
    """A variable as a term."""
    return Term(_shape_of(SHAPES[name]), name, lambda env: env[name], names=frozenset({name}))


def _leaf(random_: random.Random, shape: str, bound: Mapping[str, str]) -> Term:
    if shape == "" and bound and random_.random() < 0.8:
        return _indexed_leaf(random_, bound)
    names = _variables(shape)
    if shape == "" and random_.random() < 0.25:
        text, number = random_.choice([("2", 2.0), ("3", 3.0), ("0.5", 0.5), ("(1/3)", 1 / 3), ("1", 1.0)])
        return Term("", text, lambda _: np.float64(number))
    if names:
        name = random_.choice(names[:4] if random_.random() < 0.7 else names)
        if "positive" in SHAPES[name] and random_.random() < 0.5:
            inner = variable(name)
            text, value = random_.choice(_POSITIVE)
            return apply(Rule(text, shape, (shape,), value), shape, [inner])
        return variable(name)
    if not shape.startswith("'"):  # a matrix of sizes that no variable has: an outer product of vectors, or a transpose
        first, second = (variable(random_.choice(_variables(size))) for size in shape)
        return apply(Rule("({0} {1}')", shape, tuple(shape), np.outer), shape, [first, second])
    inner = variable(random_.choice(_variables(shape[1])))
    return apply(Rule("{0}'", shape, (shape[1],), lambda x: x[None, :]), shape, [inner])


_POSITIVE: tuple[tuple[str, Value], ...] = (
    ("log({0})", np.log), ("sqrt({0})", np.sqrt), ("(1/{0})", lambda x: 1 / x), ("({0} ** (3/2))", lambda x: x**1.5),
    ("({0} ** (-1))", lambda x: x**-1.0), ("log(1/{0})", lambda x: -np.log(x)), ("log10({0})", np.log10),
)  # fmt: skip


def _indexed_leaf(random_: random.Random, bound: Mapping[str, str]) -> Term:
    index, size = random_.choice(sorted(bound.items()))
    vectors = [name for name in _variables(size) if "positive" not in SHAPES[name]]
    choice = random_.random()
    if choice < 0.55:
        name = random_.choice(vectors)
        text = random_.choice([f"{name}_{index}", f"{name}[{index}]"])
        return Term("", text, lambda env: env[name][env[index]], names=frozenset({name}))
    matrices = [name for name in SHAPES if len(_shape_of(SHAPES[name])) == 2 and _shape_of(SHAPES[name])[0] == size != "'"]
    name = random_.choice(matrices)
    other = _shape_of(SHAPES[name])[1]
    second = [j for j, length in bound.items() if length == other]
    if second and choice < 0.8:
        j = random_.choice(second)
        return Term("", f"{name}[{index},{j}]", lambda env: env[name][env[index], env[j]], names=frozenset({name}))
    vector = random_.choice(_variables(other))
    return Term(
        "", f"({vector}.{name}_{index})", lambda env: env[vector] @ env[name][env[index]], names=frozenset({name, vector})
    )


def _index_sum(random_: random.Random, depth: int, bound: Mapping[str, str]) -> Term:
    index = next(letter for letter in "ijh" if letter not in bound)
    size = random_.choice(list(SIZES))
    body = term(random_, "", depth - 1, {**bound, index: size})
    return sum_over(index, size, body)


def sum_over(index: str, size: str, body: Term) -> Term:
    """The sum of a term over an index."""
    rule = Rule(f"sum({{0}} for {index} in 1..{size})", "", ("",), lambda x: x)

    def value(env: Mapping[str, Any]) -> Any:
        return sum((body.value({**env, index: position}) for position in range(SIZES[size])), np.float64(0))

    return Term("", rule.template.format(body.text), value, rule, (body,), body.names)


def term(random_: random.Random, shape: str, depth: int, bound: Mapping[str, str] = {}) -> Term:
    """A random term of a shape; `bound` are the indices that may occur in it."""
    if depth <= 0 or random_.random() < 0.12:
        return _leaf(random_, shape, bound)
    if shape == "" and len(bound) < 2 and random_.random() < 0.08:
        return _index_sum(random_, depth, bound)
    rules, weights = _rules_for(shape)
    if bound and shape == "":  # below an index, element-wise rules of scalars make the interesting terms
        pairs = [(rule, weight) for rule, weight in zip(rules, weights, strict=True) if set(rule.operands) == {""}]
        if random_.random() < 0.85:
            rules, weights = tuple(rule for rule, _ in pairs), tuple(weight for _, weight in pairs)
    rule = random_.choices(rules, weights)[0]
    letters = _unify(rule.result, shape)
    assert letters is not None
    operands = []
    for pattern in rule.operands:
        filled = "".join(
            letter if letter == "'" or letter.islower() else letters.setdefault(letter, random_.choice(list(SIZES)))
            for letter in pattern
        )
        operands.append(term(random_, filled, depth - 1 - (random_.random() < 0.3), bound))
    return apply(rule, shape, operands)


@dataclass(frozen=True)
class Program:
    """A term with what it needs to be a program, and where to evaluate it."""

    body: Term
    seed: int

    @property
    def where(self) -> str:
        """The declarations of every variable."""
        return ", ".join(f"{name}: {SHAPES[name]}" for name in sorted(self.names))

    @property
    def names(self) -> frozenset[str]:
        """The variables that occur."""
        return self.body.names

    def inputs(self, attempt: int = 0) -> dict[str, Any]:
        """An array for each variable."""
        numbers = np.random.default_rng([self.seed, attempt])
        return {name: sample(name, numbers) for name in SHAPES if name in self.names}


def sample(name: str, numbers: np.random.Generator) -> Any:
    """A random value of a variable."""
    declared, shape = SHAPES[name], _shape_of(SHAPES[name])
    sizes = tuple(SIZES[size] for size in shape if size != "'")
    if "positive" in declared:
        return numbers.uniform(0.4, 2.0, sizes)
    array = numbers.uniform(-1.5, 1.5, (1, *sizes) if shape.startswith("'") else sizes)
    if declared.startswith("symmetric"):
        return (array + array.T) / 2
    if declared.startswith("spd"):
        return array @ array.T / 3 + np.eye(len(array))
    return np.diag(np.diagonal(array)) if declared.startswith("diagonal") else array


def properties_of(name: str) -> frozenset[str]:
    """What a variable is declared to be."""
    return frozenset({SHAPES[name].partition("(")[0]}) & {"symmetric", "spd", "diagonal"}


def program(random_: random.Random, depth: int | None = None) -> Program:
    """A random program with at least one variable."""
    while True:
        shape = random_.choices(["", "n", "m", "'n", "mn", "nn"], [10, 3, 1, 1, 1, 1])[0]
        body = term(random_, shape, random_.choice([2, 3, 3, 4]) if depth is None else depth)
        if body.names:
            return Program(body, random_.randrange(2**31))


def unfixed(program_: Program) -> dict[str, int]:
    """The sizes that occur as the range of an index and that no variable fixes."""
    fixed = {size for name in program_.names for size in _shape_of(SHAPES[name])}
    return {size: SIZES[size] for size in sorted(SIZES.keys() - fixed) if f"1..{size}" in program_.body.text}


@dataclass
class Finding:
    """A disagreement."""

    kind: str
    detail: str
    program: Program
    name: str = ""


@dataclass
class Report:
    """What a run counted."""

    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)


def kind_of(shape: str) -> str:
    """scalar, vector, row or matrix."""
    return {0: "scalar", 1: "vector"}.get(len(shape), "row" if shape.startswith("'") else "matrix")


def truth(body: Term, inputs: Mapping[str, Any]) -> Any:
    """The value by NumPy."""
    with np.errstate(all="ignore"):
        return np.asarray(body.value(inputs), dtype=float)


def usable(program_: Program) -> dict[str, Any] | None:
    """Inputs at which the value is finite and not huge."""
    for attempt in range(4):
        inputs = program_.inputs(attempt)
        try:
            value = truth(program_.body, inputs)
        except np.linalg.LinAlgError:
            continue
        if np.all(np.isfinite(value)) and np.max(np.abs(value)) < 1e4:
            return inputs
    return None


def check(program_: Program, *, sympy_too: bool = False, counts: Counter[str] | None = None) -> Iterator[Finding]:
    """Everything that is wrong with what matcalc says about a program."""
    counts = Counter() if counts is None else counts
    inputs = usable(program_)
    if inputs is None:
        counts["unusable"] += 1
        return
    counts["programs"] += 1
    body, where = program_.body, program_.where
    try:
        expression = mc.parse(body.text, where=where)
        value = expression.evaluate(**inputs, **unfixed(program_))
        wanted = truth(body, inputs)
        if not close(value, wanted, 1e-9):
            yield Finding("wrong value", f"{np.ravel(value)[:4]} instead of {np.ravel(wanted)[:4]}", program_)
            return
        str(expression), expression.latex()
    except MatcalcError as error:
        counts[f"refused: {type(error).__name__}"] += 1
        yield Finding(f"refused: {type(error).__name__}", str(error).splitlines()[0], program_)
        return
    except Exception:
        yield Finding("crash in parse", traceback.format_exc(limit=-3), program_)
        return
    yield from _printed(program_, "", str(expression), inputs, wanted, counts)
    for name in sorted(program_.names):
        try:
            yield from _check_variable(program_, name, inputs, sympy_too, counts)
        except MatcalcError as error:
            counts[f"refused: {type(error).__name__}"] += 1
            yield Finding(f"refused: {type(error).__name__}", str(error).splitlines()[0], program_, name)
        except np.linalg.LinAlgError:
            counts["singular"] += 1
        except Exception:
            yield Finding("crash", traceback.format_exc(limit=-3), program_, name)


def _check_variable(
    program_: Program, name: str, inputs: Mapping[str, Any], sympy_too: bool, counts: Counter[str]
) -> Iterator[Finding]:
    body = program_.body
    derivative = mc.diff(body.text, wrt=name, where=program_.where)
    raw, error = numeric_derivative(lambda env: truth(body, env), inputs, name)
    kinds = kind_of(body.shape), kind_of(_shape_of(SHAPES[name]))
    found = derivative.evaluate(**inputs, **unfixed(program_))
    wanted = numerator_layout(_without_row_axes(on_space(raw, properties_of(name)), kinds), *kinds)
    if found.shape != wanted.shape:
        yield Finding("wrong shape", f"{found.shape} instead of {wanted.shape}", program_, name)
        return
    if not np.all(np.isfinite(wanted)) or error > 1e-7 * max(1.0, float(np.max(np.abs(wanted), initial=0.0))):
        counts["undecided"] += 1
    else:
        counts["derivatives"] += 1
        if not close(found, wanted):
            kind = "wrong derivative" if np.all(np.isfinite(found)) else "derivative is not finite"
            yield Finding(kind, f"{np.ravel(found)[:6]} instead of {np.ravel(wanted)[:6]}", program_, name)
            return
    text = str(derivative)
    derivative.latex()
    yield from _printed(program_, name, text, inputs, found, counts, derivative)
    for layout in ("denominator", "gradient"):
        other = mc.diff(body.text, wrt=name, where=program_.where, layout=layout)
        array = other.evaluate(**inputs, **unfixed(program_))
        str(other)
        if array.size != found.size or not close(np.sort(np.ravel(array)), np.sort(np.ravel(found)), 1e-9):
            yield Finding("layouts disagree", layout, program_, name)
    if sympy_too:
        yield from _sympy(program_, name, derivative, inputs, found, counts)
    if kinds[0] == "scalar" and kinds[1] in ("scalar", "vector") and error <= 1e-7:
        yield from _second(program_, name, derivative, inputs, counts)


def _without_row_axes(raw: Any, kinds: tuple[str, str]) -> Any:
    if kinds[0] == "row":
        raw = raw.reshape(raw.shape[1:])
    if kinds[1] == "row":
        raw = raw.reshape((*raw.shape[:-2], raw.shape[-1]))
    return raw


def _second(
    program_: Program, name: str, first: Any, inputs: Mapping[str, Any], counts: Counter[str]
) -> Iterator[Finding]:
    second = mc.diff(program_.body.text, wrt=name, where=program_.where, order=2)
    sizes, shape = unfixed(program_), np.shape(inputs[name])
    raw, error = numeric_derivative(lambda env: first.evaluate(**env, **sizes).reshape(shape), inputs, name)
    found = second.evaluate(**inputs, **unfixed(program_))
    if not np.all(np.isfinite(raw)) or error > 1e-7 * max(1.0, float(np.max(np.abs(raw), initial=0.0))):
        counts["undecided"] += 1
        return
    counts["second derivatives"] += 1
    if not close(found, raw):
        kind = "wrong second derivative" if np.all(np.isfinite(found)) else "second derivative is not finite"
        yield Finding(kind, f"{np.ravel(found)[:6]} instead of {np.ravel(raw)[:6]}", program_, name)
        return
    second.latex()
    yield from _printed(program_, name, str(second), inputs, found, counts, second)


_UNREADABLE = re.compile("[⎧⎨⎩Σ∂…]|⊗|′|(?<!\\w)[01](?=ᵀ)|\\bI\\b|\\be\\(|₁|₂|₃")
_WORD = re.compile(r"[^\W\d_][A-Za-z0-9_]*")


def readable(text: str) -> str | None:
    """A printed answer as a program, or None where it is not in the input language (cases, indexed sums, …)."""
    if _UNREADABLE.search(text):
        return None
    body, _, definitions = " ".join(text.split()).partition(" where ")
    parts = [part.strip() for part in re.split(r",\s*(?=\w+ = )", definitions)] if definitions else []
    return "; ".join([*parts, body])


def _printed(
    program_: Program,
    name: str,
    text: str,
    inputs: Mapping[str, Any],
    wanted: Any,
    counts: Counter[str],
    derivative: Any = None,
) -> Iterator[Finding]:
    """The printed form, read again, has the same value."""
    if derivative is not None and any("element" in note or "vec" in note for note in derivative.notes):
        counts["printed by elements"] += 1
        return
    again = readable(text)
    if again is None:
        counts["printed outside the language"] += 1
        return
    defined = set(re.findall(r"(\w+) = ", again))
    words = sorted({match[0] for match in _WORD.finditer(again)} & SHAPES.keys() - defined)
    fixed = {size for each in words for size in _shape_of(SHAPES[each])}
    plain = re.sub("[²³⁴]", "", again)
    if any(re.search(rf"(?<![\w.]){size}(?!\w)", plain) for size in SIZES.keys() - fixed):
        counts["printed outside the language"] += 1
        return
    declared = ", ".join(f"{each}: {SHAPES[each]}" for each in words)
    try:
        expression = mc.parse(again, where=declared)
        known = {each: inputs[each] for each in expression.shapes if each in inputs}
        value = expression.evaluate(**known)
    except MatcalcError as error:
        if "blocks that are" in str(error) or "side by side" in str(error):
            counts["printed outside the language"] += 1
            return
        kind = "printed text does not parse" if isinstance(error, MatcalcSyntaxError) else "printed text is refused"
        yield Finding(kind, f"{text!r}: {str(error).splitlines()[0]}", program_, name)
        return
    except Exception:
        yield Finding("crash reading printed text", f"{text!r}\n{traceback.format_exc(limit=-3)}", program_, name)
        return
    counts["printed, and read again"] += 1
    value, wanted = np.asarray(value, dtype=float), np.asarray(wanted, dtype=float)
    if value.size == wanted.size and 1 in (*value.shape, *wanted.shape):
        value = value.reshape(wanted.shape)
    if not value.shape and not np.any(value) and not np.any(wanted):
        return  # a plain 0
    if value.shape != wanted.shape:
        yield Finding("printed text has another shape", f"{text!r}: {value.shape} instead of {wanted.shape}", program_, name)
    elif not close(value, wanted, 1e-8):
        yield Finding("printed text has another value", f"{text!r}", program_, name)


def sympy_value(expr: Any, inputs: Mapping[str, Any]) -> Any:
    """The number or array that a SymPy expression has."""
    import sympy

    known: dict[Any, Any] = {
        sympy.Symbol(name, integer=True, positive=True): sympy.Integer(size) for name, size in SIZES.items()
    }
    for symbol in expr.atoms(sympy.MatrixSymbol):
        array = np.asarray(inputs[symbol.name], dtype=float)
        columns = array if array.ndim == 2 else array.reshape(-1, 1)
        known[symbol] = sympy.ImmutableDenseMatrix(columns)
    for symbol in expr.free_symbols:
        if isinstance(symbol, sympy.Symbol) and symbol.name in inputs:
            known[symbol] = sympy.Float(float(inputs[symbol.name]), 17)
    result = expr.xreplace(known).doit()
    if getattr(result, "is_Matrix", False):
        return np.array(result.as_explicit().evalf().tolist(), dtype=float)
    return np.asarray(float(result))


def _sympy(
    program_: Program, name: str, derivative: Any, inputs: Mapping[str, Any], wanted: Any, counts: Counter[str]
) -> Iterator[Finding]:
    expr = derivative.expr
    notes = derivative.notes
    if any("element" in note or "vec" in note for note in notes):
        return
    try:
        value = sympy_value(expr, inputs)
    except Exception:
        yield Finding("SymPy expression has no value", f"{expr}\n{traceback.format_exc(limit=-3)}", program_, name)
        return
    counts["SymPy values"] += 1
    if value.size != np.size(wanted) or not close(value.reshape(np.shape(wanted)), wanted, 1e-8):
        yield Finding("SymPy expression has another value", f"{expr}: {np.ravel(value)[:6]}", program_, name)


# Cutting down


def _smaller(body: Term) -> Iterator[Term]:
    """Terms of the same shape with a part left out."""
    for position, operand in enumerate(body.operands):
        if operand.shape == body.shape and (body.rule is None or not body.rule.template.startswith("sum({0} for")):
            yield operand
        if operand.operands or operand.rule:
            for simple in (variable(each) for each in _variables(operand.shape)[:2]):
                yield _with(body, position, simple)
        for smaller in _smaller(operand):
            yield _with(body, position, smaller)


def _with(body: Term, position: int, operand: Term) -> Term:
    operands = (*body.operands[:position], operand, *body.operands[position + 1 :])
    assert body.rule is not None
    match = re.fullmatch(r"sum\(\{0\} for (\w+) in 1\.\.(\w+)\)", body.rule.template)
    return sum_over(match[1], match[2], operand) if match else apply(body.rule, body.shape, operands)


def minimised(finding: Finding, sympy_too: bool, seconds: float = 10.0) -> Finding:
    """A smaller program with the same kind of finding."""
    best, end = finding, time.monotonic() + seconds
    while time.monotonic() < end:
        for smaller in _smaller(best.program.body):
            if smaller.count() >= best.program.body.count() or not smaller.names or time.monotonic() > end:
                continue
            candidate = Program(smaller, best.program.seed)
            found = next((each for each in check(candidate, sympy_too=sympy_too) if each.kind == best.kind), None)
            if found is not None:
                best = found
                break
        else:
            return best
    return best


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop after this long")
    parser.add_argument("--sympy", type=float, default=0.1, help="the fraction of programs whose SymPy expression is evaluated")
    parser.add_argument("--show", type=int, default=5, help="findings shown of each kind")
    arguments = parser.parse_args()
    random_ = random.Random(arguments.seed)
    counts: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    seen: set[str] = set()
    end = time.monotonic() + arguments.seconds
    for _ in range(arguments.programs):
        if time.monotonic() > end:
            break
        example = program(random_)
        sympy_too = random_.random() < arguments.sympy
        for finding in list(check(example, sympy_too=sympy_too, counts=counts)):
            counts[f"FOUND {finding.kind}"] += 1
            if shown[finding.kind] >= arguments.show * 3:
                continue
            small = minimised(finding, sympy_too)
            if (key := f"{small.kind} {small.program.body.text}") in seen:
                continue
            seen.add(key)
            shown[finding.kind] += 1
            print(f"{small.kind}: {small.program.body.text}   by {small.name or '-'}")
            print(f"    where {small.program.where}\n    {small.detail}", flush=True)
    for kind, count in sorted(counts.items()):
        print(f"{count:8d} {kind}")


if __name__ == "__main__":
    main()
