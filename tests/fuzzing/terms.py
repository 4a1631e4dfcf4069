"""Random well-shaped terms: a text in the input language, and what NumPy computes for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

SIZES: Mapping[str, int] = {"n": 3, "m": 4, "k": 2}
"""The sizes of the named dimensions: pairwise different, and never 1."""

LENGTHS: Mapping[str, int] = {**SIZES, "e": SIZES["k"] * SIZES["n"], "3": 3, "2": 2, "1": 1}
"""The sizes of the letters of a shape: `e` is k*n."""

SHAPES: Mapping[str, str] = {
    "a": "scalar", "b": "scalar", "c": "scalar", "t": "positive scalar",
    "x": "vector(n)", "y": "vector(n)", "w": "vector(n)", "q": "positive vector(n)", "u": "vector(m)", "v": "vector(m)",
    "z": "vector(k)", "r": "row(n)", "l": "row(m)", "p": "vector(n)", "d": "vector(m)", "o": "vector(k*n)",
    "a3": "vector(3)", "b3": "vector(3)", "c2": "vector(2)", "M": "matrix(2, 3)", "N": "matrix(3, 2)", "o1": "vector(1)",
    "E": "matrix(1, n)", "F": "matrix(2, n)",
    "A": "matrix(m, n)", "C": "matrix(m, n)", "B": "matrix(n, m)", "Z": "matrix(n, k)",
    "K": "matrix(k, n)", "X": "matrix(n, n)", "Y": "matrix(n, n)", "S": "symmetric(n)", "P": "spd(n)", "D": "diagonal(n)",
    "Q": "orthogonal(n)", "L": "lower_triangular(n)", "U": "upper_triangular(n)", "H": "positive matrix(m, n)",
    "G": "matrix(n, n)", "V": "matrix(m, k)", "R": "symmetric(m)",
}  # fmt: skip
"""The variables, as declared."""

FACTS: Mapping[str, str] = {"p": "sum(p) = 1", "d": "norm(d) = 2", "G": "G = G'", "V": "V' V = I"}
"""Equations that hold for a variable."""

Value = Callable[..., Any]
Env = Mapping[str, Any]


ROUNDING = "rounding"
"""In an environment: the random numbers that disturb every step a little, as rounding does."""


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


@dataclass(frozen=True)
class Term:
    """A term: its shape, text and value, and how it is made of its operands (None: it is a leaf)."""

    shape: str
    text: str
    value: Callable[[Env], Any]
    names: frozenset[str] = frozenset()
    operands: tuple[Term, ...] = ()
    make: Callable[[Sequence[Term]], Term] | None = None
    rule: Rule | None = None
    name: str = ""
    """The intermediate that it is, if it is one; its only operand is what it stands for."""
    binds: bool = False
    """Whether its operand has an index that means nothing outside."""

    def count(self) -> int:
        """The number of rules and leaves."""
        return 1 + sum(operand.count() for operand in self.operands)

    def replaced(self, position: int, operand: Term) -> Term:
        """The same with another operand."""
        assert self.make is not None
        return self.make((*self.operands[:position], operand, *self.operands[position + 1 :]))


def apply(rule: Rule, shape: str, operands: Sequence[Term]) -> Term:
    """A term made by a rule."""

    def value(env: Env) -> Any:
        result = rule.value(*(operand.value(env) for operand in operands))
        return result * (1 + 1e-10 * env[ROUNDING].uniform(-1, 1, np.shape(result))) if ROUNDING in env else result

    text = rule.template.format(*(operand.text for operand in operands))
    return Term(shape, text, value, _names(operands), tuple(operands), lambda others: apply(rule, shape, others), rule)


def _names(operands: Sequence[Term]) -> frozenset[str]:
    return frozenset[str]().union(*(operand.names for operand in operands))


def variable(name: str) -> Term:
    """A variable as a term."""
    return Term(shape_of(SHAPES[name]), name, lambda env: env[name], frozenset({name}))


def intermediate(name: str, term: Term) -> Term:
    """A term under a name of its own; its value may be given, too."""

    def value(env: Env) -> Any:
        return env[name] if name in env else term.value(env)

    return Term(term.shape, name, value, term.names, (term,), lambda others: intermediate(name, others[0]), name=name)


def intermediates(term: Term) -> Iterator[Term]:
    """The intermediates in a term, each once, after those it is made of."""
    seen: dict[str, Term] = {}

    def visit(each: Term) -> None:
        for operand in each.operands:
            visit(operand)
        if each.name:
            seen.setdefault(each.name, each)

    visit(term)
    yield from seen.values()


@cache
def shape_of(declared: str) -> str:
    """The shape that a declaration says: "n" of `positive vector(n)`."""
    kind, _, rest = declared.removeprefix("positive ").partition("(")
    sizes = rest.rstrip(")").replace(" ", "").replace("k*n", "e").replace(",", "")
    if kind == "scalar":
        return ""
    if kind == "row":
        return "'" + sizes
    return sizes if kind in ("vector", "matrix") else sizes * 2


def kind_of(shape: str) -> str:
    """scalar, vector, row or matrix."""
    return {0: "scalar", 1: "vector"}.get(len(shape), "row" if shape.startswith("'") else "matrix")


def size(letters: str) -> tuple[int, ...]:
    """The lengths of the axes of a shape."""
    return tuple(LENGTHS[letter] for letter in letters if letter != "'")


def properties_of(name: str) -> frozenset[str]:
    """What binds the entries of a variable to each other, in its declaration or by an equation that is used."""
    if name == "G":
        return frozenset({"symmetric"})
    structures = {"symmetric", "spd", "diagonal", "orthogonal", "lower_triangular", "upper_triangular"}
    return frozenset({SHAPES.get(name, "").partition("(")[0]}) & structures


def sample(name: str, numbers: np.random.Generator) -> Any:
    """A random value of a variable."""
    declared, shape = SHAPES[name], shape_of(SHAPES[name])
    sizes = size(shape)
    if "positive" in declared:
        return numbers.uniform(0.4, 2.0, sizes)
    array = numbers.uniform(-1.5, 1.5, (1, *sizes) if shape.startswith("'") else sizes)
    if name == "p":
        return array - np.mean(array) + 1 / array.size
    if name == "d":
        return 2 * array / np.linalg.norm(array)
    if name == "V":
        return np.linalg.qr(array)[0]
    return _structured(declared.partition("(")[0] if name != "G" else "symmetric", array)


def _structured(kind: str, array: Any) -> Any:
    """An array with the structure of its declaration, made of any other."""
    match kind:
        case "symmetric":
            return (array + array.T) / 2
        case "spd":
            return array @ array.T / 3 + np.eye(len(array))
        case "diagonal":
            diagonal = np.diagonal(array)
            return np.diag(diagonal + np.where(diagonal > 0, 0.3, -0.3))
        case "orthogonal":
            return np.linalg.qr(array)[0]
        case "lower_triangular":
            return np.tril(array, -1) + np.diag(1 + np.abs(np.diagonal(array)) / 2)
        case "upper_triangular":
            return np.triu(array, 1) + np.diag(1 + np.abs(np.diagonal(array)) / 2)
    return array
