"""Numerical derivatives: central differences of the interpreter, extrapolated to step 0."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from matcalc.errors import NotSupportedError
from matcalc.language import tree
from matcalc.verify.interpreter import Array, Interpreter

if TYPE_CHECKING:
    from matcalc.language.shapes import Inference

_SUBSPACES: Final = frozenset({"symmetric", "spd", "diagonal"})
_STEPS: Final = {1: (2.0**-6, 2.0**-9, 2.0**-12), 2: (2.0**-4, 2.0**-6, 2.0**-8)}
"""Step sizes to try, by order. Each is also halved twice for the extrapolation."""
_GOOD: Final = {1: 1e-10, 2: 1e-8}
"""An estimated error with which no further step is tried."""
ACCURATE: Final = {1: 1e-8, 2: 1e-6}
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

    @property
    def shape(self) -> tuple[int, ...]:
        """The axes of the target."""
        return self.entries.shape

    def direction(self, entry: int) -> Direction:
        """Where to go so that an entry grows."""
        number = int(self.entries.flat[entry])
        which = bisect_right(self.starts, number) - 1
        name, position = self.names[which], number - self.starts[which]
        if not self.properties:
            return (Weight(name, position, 1.0),)
        size = self.entries.shape[1]
        row, column = divmod(position, size)
        if row == column:
            return (Weight(name, position, 1.0),)
        return () if "diagonal" in self.properties else (Weight(name, position, 0.5), Weight(name, column * size + row, 0.5))


class UnusablePointError(Exception):
    """There is no accurate numerical derivative at this point: a kink or a singularity is near."""


def entries_of(inference: Inference, target: tree.Expr, sizes: Mapping[str, int], *, symmetric: bool = True) -> Target:
    """The entries of a target: of a variable, of the stacked `[w; b]`, or the one that `x[2]` is.

    With `symmetric`, a symmetric variable moves within the symmetric matrices, half of it at (i, j) and half at (j, i), which
    gives the symmetric part of the derivative, and a diagonal one moves on its diagonal only.
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
    properties = inference.symbols[target.name].properties if symmetric and isinstance(target, tree.Name) else frozenset()
    return Target(entries, tuple(numbers), tuple(starts), properties & _SUBSPACES)


def numeric_derivative(
    inference: Inference,
    target: tree.Expr,
    order: int,
    values: Mapping[str, Any],
    sizes: Mapping[str, int],
    *,
    symmetric: bool = True,
) -> Array:
    """The derivative at a point, with the axes of the value, then those of the variable (for order 2, twice).

    Raises:
        NotSupportedError: a kink or singularity is too near.
    """
    interpreter = Interpreter(inference, sizes)
    entries = entries_of(inference, target, sizes, symmetric=symmetric)
    try:
        result = along(interpreter, values, [entries.direction(k) for k in range(entries.entries.size)], order)
    except UnusablePointError:
        raise NotSupportedError("a numerical derivative at this point, which is too near to a kink or singularity") from None
    return result.reshape(result.shape[: result.ndim - order] + entries.shape * order)


def along(interpreter: Interpreter, values: Mapping[str, Any], directions: Sequence[Direction], order: int) -> Array:
    """The derivatives in all directions (for order 2, in all pairs of them), which are the last axes.

    Raises:
        UnusablePointError: they cannot be found accurately.
    """
    arrays = {name: np.array(array, dtype=float) for name, array in values.items()}
    centre = evaluated(interpreter, arrays)
    branches = _branches(interpreter)

    def moved(direction: Direction, distance: float) -> Array:
        changed = dict(arrays)
        for name, position, weight in direction:
            if changed[name] is arrays[name]:
                changed[name] = arrays[name].copy()
            changed[name].flat[position] += distance * weight
        result = evaluated(interpreter, changed)
        if _branches(interpreter) != branches:
            raise UnusablePointError
        return result

    def quotient(direction: Direction, step: float) -> Array:
        """A difference quotient whose error is even in the step."""
        above, below = moved(direction, step), moved(direction, -step)
        result: Array = (above - below) / (2 * step) if order == 1 else (above - 2 * centre + below) / step**2
        return result

    def derivative(direction: Direction) -> Array:
        if not direction:
            return np.zeros(centre.shape)
        return _extrapolated(lambda step: quotient(direction, step), order)

    single = [derivative(direction) for direction in directions]
    if order == 1:
        return np.stack(single, axis=-1)
    # f_uv = (f_(u+v)(u+v) - f_uu - f_vv)/2
    result = np.zeros((*centre.shape, len(directions), len(directions)))
    for i, first in enumerate(directions):
        result[..., i, i] = single[i]
        for j, second in enumerate(directions[:i]):
            if first and second:
                mixed = (derivative(first + second) - single[i] - single[j]) / 2
                result[..., i, j] = result[..., j, i] = mixed
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
