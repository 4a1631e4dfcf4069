"""Numerical derivatives: central differences of the interpreter, extrapolated to step 0."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from matcalc.errors import NotSupportedError
from matcalc.language import tree
from matcalc.language.declared import Symmetric
from matcalc.verify.interpreter import Array, Interpreter

if TYPE_CHECKING:
    from matcalc.language.shapes import Inference

_SUBSPACES: Final = frozenset({"symmetric", "spd", "diagonal", "lower_triangular", "upper_triangular"})
_STEPS: Final = {1: (2.0**-6, 2.0**-9, 2.0**-12), 2: (2.0**-5, 2.0**-7, 2.0**-9), 3: (2.0**-4, 2.0**-5, 2.0**-7)}
"""Step sizes to try, by order. Each is also halved twice for the extrapolation."""
_GOOD: Final = {1: 1e-10, 2: 1e-8, 3: 1e-7}
"""An estimated error with which no further step is tried."""
ACCURATE: Final = {1: 1e-8, 2: 1e-6, 3: 1e-5}
"""The largest estimated error of a derivative that others are compared with."""


class Weight(NamedTuple):
    """How far one entry of a variable moves."""

    name: str
    position: int
    weight: float


Direction = tuple[Weight, ...]
"""Where to go from a point. Empty: nowhere, so that the derivative is 0."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is differentiated by: for each of its entries the variable and the position in it, as an array of numbers.

    The entries of all variables are numbered through; those of the one called `names[k]` begin at `starts[k]`.
    """

    entries: Array
    names: tuple[str, ...]
    starts: tuple[int, ...]
    properties: frozenset[str]
    rows: int
    symmetric: Symmetric

    @property
    def shape(self) -> tuple[int, ...]:
        """The axes of the target."""
        return self.entries.shape

    def directions(self) -> list[Direction]:
        """Where to go so that an entry grows, for each of them."""
        return [self.direction(entry) for entry in range(self.entries.size)]

    def direction(self, entry: int) -> Direction:
        """Where to go so that an entry grows."""
        number = int(self.entries.flat[entry])
        which = bisect_right(self.starts, number) - 1
        name, position = self.names[which], number - self.starts[which]
        if not self.properties:
            return (Weight(name, position, 1.0),)
        row, column = divmod(position, self.rows)
        if row == column:
            return (Weight(name, position, 1.0),)
        if "diagonal" in self.properties:
            return ()
        if self.properties & {"lower_triangular", "upper_triangular"}:
            free = (row > column) == ("lower_triangular" in self.properties)
            return (Weight(name, position, 1.0),) if free else ()
        both = 1.0 if self.symmetric == "independent" else 0.5
        return (Weight(name, position, both), Weight(name, column * self.rows + row, both))


class UnusablePointError(Exception):
    """There is no accurate numerical derivative at this point: a kink or a singularity is near."""


def entries_of(
    inference: Inference, target: tree.Expr, sizes: Mapping[str, int], symmetric: Symmetric = "space"
) -> Target:
    """The entries of a target: of a variable, of the stacked `[w; b]`, or those that `x[2]` and `X[2, :]` are.

    A diagonal or triangular variable moves where it is not zero only, and a symmetric one within the symmetric matrices: with
    "space" half of it at (i, j) and half at (j, i), which gives the symmetric part of the derivative, with "independent" both
    by the whole.
    """
    for node in tree.postorder(target):
        if isinstance(node, tree.Name) and inference.roles.get(node, "variable") == "binding":
            raise NotSupportedError(f"verifying a derivative by the definition `{node.name}`", target.span)
    # The target as an expression, evaluated where every entry of every variable is its own number.
    numbers: dict[str, Array] = {}
    starts: list[int] = []
    start = 0
    for name, symbol in inference.symbols.items():
        shape = tuple(size.value(sizes) for size in symbol.shape.dims)
        starts.append(start)
        end = start + math.prod(shape)
        numbers[name] = np.arange(start, end, dtype=float).reshape(shape)
        start = end
    entries = Interpreter(inference, sizes, target)(numbers)
    properties: frozenset[str] = frozenset()
    rows = 1
    whole = target.operand if isinstance(target, tree.Index) else target
    if isinstance(whole, tree.Name) and symmetric != "unconstrained":
        properties = inference.symbols[whole.name].properties & _SUBSPACES
        rows = len(numbers[whole.name]) if properties else 1
    return Target(entries, tuple(numbers), tuple(starts), properties, rows, symmetric)


def numeric_derivative(
    inference: Inference,
    targets: Sequence[tree.Expr],
    values: Mapping[str, Any],
    sizes: Mapping[str, int],
    symmetric: Symmetric = "space",
) -> Array:
    """The derivative at a point by each target in turn, with the axes of the value, then those of each target.

    Raises:
        NotSupportedError: a kink or singularity is too near.
    """
    interpreter = Interpreter(inference, sizes)
    found = [entries_of(inference, target, sizes, symmetric) for target in targets]
    try:
        result = along(interpreter, values, [target.directions() for target in found])
    except UnusablePointError:
        raise NotSupportedError("a numerical derivative at this point, which is too near to a kink or singularity") from None
    shapes = (size for target in found for size in target.shape)
    return result.reshape((*result.shape[: result.ndim - len(found)], *shapes))


def along(interpreter: Interpreter, values: Mapping[str, Any], axes: Sequence[Sequence[Direction]]) -> Array:
    """The derivatives in one direction of each of `axes`, in all combinations of them, which are the last axes.

    Raises:
        UnusablePointError: they cannot be found accurately.
    """
    arrays = {name: np.array(array, dtype=float) for name, array in values.items()}
    centre = evaluated(interpreter, arrays)
    branches = _branches(interpreter)

    def moved(directions: Sequence[Direction], distances: Sequence[float]) -> Array:
        moves: dict[tuple[str, int], float] = {}
        for direction, distance in zip(directions, distances, strict=True):
            for name, position, weight in direction:
                moves[name, position] = moves.get((name, position), 0.0) + distance * weight
        if not any(moves.values()):
            return centre
        changed = dict(arrays)
        for (name, position), distance in moves.items():
            if changed[name] is arrays[name]:
                changed[name] = arrays[name].copy()
            changed[name].flat[position] += distance
        result = evaluated(interpreter, changed)
        if _branches(interpreter) != branches:
            raise UnusablePointError
        return result

    def quotient(directions: Sequence[Direction], step: float) -> Array:
        """The product of a central difference for each direction; its error is even in the step."""
        total = np.zeros(centre.shape)
        for signs in product((1.0, -1.0), repeat=len(directions)):
            total = total + math.prod(signs) * moved(directions, [sign * step for sign in signs])
        result: Array = total / (2 * step) ** len(directions)
        return result

    result = np.zeros((*centre.shape, *map(len, axes)))
    known: dict[tuple[Direction, ...], Array] = {}
    for position in np.ndindex(*map(len, axes)):
        # Differences do not depend on the order of the directions.
        directions = tuple(sorted(axis[k] for axis, k in zip(axes, position, strict=True)))
        if all(directions):
            if directions not in known:
                known[directions] = _extrapolated(partial(quotient, directions), len(axes))
            result[(..., *position)] = known[directions]
    return result


def evaluated(interpreter: Interpreter, values: Mapping[str, Array]) -> Array:
    """The value, if it is real.

    Raises:
        UnusablePointError: it is not.
    """
    try:
        result = interpreter(values)
    except (ArithmeticError, ValueError, np.linalg.LinAlgError):
        raise UnusablePointError from None
    if not np.isfinite(result).all():
        raise UnusablePointError
    return result


def _branches(interpreter: Interpreter) -> bytes:
    """Which branch is taken at every kink."""
    return b"".join(np.sign(values).tobytes() for _, values in interpreter.kinks)


def _extrapolated(quotient: Callable[[float], Array], order: int) -> Array:
    """The limit of a quotient for step 0, by Richardson's extrapolation, with the step that promises the least error."""
    best: Array | None = None
    least = np.inf
    for step in _STEPS[order]:
        try:
            first, second, third = quotient(step), quotient(step / 2), quotient(step / 4)
        except UnusablePointError:
            continue
        coarse, fine = (4 * second - first) / 3, (4 * third - second) / 3
        limit: Array = (16 * fine - coarse) / 15
        error = float(np.max(np.abs(limit - fine) / (1 + np.abs(limit)), initial=0.0))
        if error < least:
            best, least = limit, error
        if least <= _GOOD[order]:
            break
    if best is None or least > ACCURATE[order]:
        raise UnusablePointError
    return best
