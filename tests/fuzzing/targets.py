"""What a random program is differentiated by, and how: a variable, a part, stacked variables, several in turn or at once."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.fuzzing.generate import Program
from tests.fuzzing.terms import SHAPES, intermediates, kind_of, properties_of, shape_of, size

_SYMMETRIC = frozenset({"symmetric", "spd"})
_TRIANGLES: Mapping[str, Callable[[int], Any]] = {
    "diagonal": np.eye, "lower_triangular": np.tri, "upper_triangular": lambda n: np.tri(n).T
}
_PART = re.compile(r"(\w+)\[(.*)\]")


@dataclass(frozen=True)
class Plan:
    """What is asked about a program: how it is differentiated, and what else is looked at."""

    target: str
    """`x`, `x[2]`, `X[1, :]`, `[x; y]`, `x then y` or `x, y`."""
    symmetric: str = "space"
    second: bool = False
    third: bool = False
    layouts: bool = False
    commuted: bool = False
    matlab: bool = False
    sympy: bool = False
    verified: bool = False
    unknown: bool = False
    """Whether functions are also replaced by unknown ones."""
    idempotent: bool = True

    @property
    def steps(self) -> tuple[str, ...]:
        """The targets, one after the other."""
        return tuple(re.split(r" then |, (?![^\[]*\])", self.target))

    @property
    def blocks(self) -> bool:
        """Whether all pairs of several variables are asked for."""
        return len(self.steps) > 1 and "then" not in self.target

    @property
    def names(self) -> frozenset[str]:
        """The variables differentiated by."""
        return frozenset(re.findall(r"[A-Za-z]\w*", self.target)) - {"then"}


def every_plan(program: Program) -> list[Plan]:
    """One for each variable, with everything."""
    return [
        Plan(name, symmetric_for(name, random.Random(program.seed)), second=True, layouts=True, commuted=True, matlab=True)
        for name in sorted(program.names)
    ]


def random_plan(program: Program, sympy: float = 0.0) -> Plan:
    """One of the ways to differentiate a program, the same each time."""
    draw = random.Random(program.seed)
    names = sorted(program.names)
    name = draw.choice(names)
    plan = Plan(
        name, second=draw.random() < 0.3, third=draw.random() < 0.03, layouts=draw.random() < 0.15,
        commuted=draw.random() < 0.12, matlab=draw.random() < 0.12, sympy=draw.random() < sympy,
        verified=draw.random() < 0.01, idempotent=draw.random() < 0.4,
        unknown=draw.random() < 0.03,
    )  # fmt: skip
    kind, own = draw.random(), [each.name for each in intermediates(program.body)]
    mode = symmetric_for(name, draw)
    if own and kind < 0.25:
        return replace(plan, target=draw.choice(own))
    if kind < 0.14:
        part = _part(name, draw)
        if mode == "space" and properties_of(name):
            mode = "unconstrained" if "orthogonal" in properties_of(name) else "independent"
        return replace(plan, target=part, symmetric=mode)
    vectors = [each for each in names if kind_of(shape_of(SHAPES[each])) in ("vector", "scalar")]
    if kind < 0.18 and len(vectors) > 1:
        return replace(plan, target=f"[{'; '.join(draw.sample(vectors, 2))}]")
    if kind < 0.33 and len(names) > 1:
        several = draw.sample(names, min(len(names), draw.choice([2, 2, 3])))
        modes = {symmetric_for(each, draw) for each in several}
        mode = "unconstrained" if "unconstrained" in modes else min(modes)
        if program.body.shape == "" and kind < 0.27:
            return replace(plan, target=", ".join(several), symmetric=mode)
        return replace(plan, target=" then ".join(several[:2]), symmetric=mode)
    return replace(plan, symmetric=mode)


def symmetric_for(name: str, draw: random.Random) -> str:
    """Which derivative by a matrix with structure."""
    properties = properties_of(name)
    if "orthogonal" in properties:
        return draw.choice(["space", "unconstrained"])
    return draw.choice(["space", "space", "independent", "unconstrained"]) if properties else "space"


def _part(name: str, draw: random.Random) -> str:
    shape = shape_of(SHAPES[name])
    sizes = size(shape)
    at = [str(draw.randint(1, length)) for length in sizes]
    if kind_of(shape) == "matrix":
        return draw.choice([f"{name}[{at[0]}, {at[1]}]", f"{name}[{at[0]}, :]", f"{name}[:, {at[1]}]", f"{name}[{at[0]}]"])
    return f"{name}[{at[0]}]" if kind_of(shape) == "vector" else name


@dataclass(frozen=True)
class Direction:
    """A way to move: by how much each variable does, and by how much what is differentiated by does."""

    moves: Mapping[str, Any]
    along: Any


def direction(target: str, values: Mapping[str, Any], symmetric: str, numbers: np.random.Generator) -> Direction:
    """A random direction of a target. Values and moves have the axes of the variables, rows have one."""
    if target.startswith("["):
        parts = [direction(each, values, symmetric, numbers) for each in target.strip("[]").split("; ")]
        moves = {name: move for part in parts for name, move in part.moves.items()}
        return Direction(moves, np.concatenate([np.reshape(part.along, -1) for part in parts]))
    match = _PART.fullmatch(target)
    name = match[1] if match else target
    move = numbers.uniform(-1, 1, np.shape(values[name]))
    where: tuple[Any, ...] = ()
    if match:
        where = tuple(slice(None) if each.strip() == ":" else int(each) - 1 for each in match[2].split(","))
        kept = np.zeros(np.shape(move))
        kept[where] = 1
        move = move * kept
    properties = properties_of(name) if symmetric != "unconstrained" else frozenset()
    if properties & _SYMMETRIC:
        if match:  # the mirror image moves, too
            return Direction({name: move + move.T - np.diag(np.diagonal(move))}, move[where])
        move = move + move.T
        return Direction({name: move}, np.triu(move) if symmetric == "independent" else move)
    for structure, ones in _TRIANGLES.items():
        if structure in properties:
            return Direction({name: move * ones(len(move))}, move[where])
    return Direction({name: move}, move[where])
