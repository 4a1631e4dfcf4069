"""Concrete functions that stand in for those that are only named, so that an answer with `f(x)` in it has numbers.

The function called `f` of u₁ … uₖ is sin(c·u + d) + Πⱼ (1 + aⱼuⱼ + bⱼuⱼ²)/4, whose constants depend on its name.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np


class _Constants(NamedTuple):
    """The constants of one stand-in: `frequencies` c, `phase` d, `linear` a, `quadratic` b."""

    frequencies: tuple[float, ...]
    phase: float
    linear: tuple[float, ...]
    quadratic: tuple[float, ...]


@lru_cache(maxsize=1000)
def _constants(name: str, arity: int) -> _Constants:
    random = np.random.default_rng(zlib.crc32(name.encode()))
    drawn = [tuple(map(float, random.uniform(0.4, 1.2, arity))) for _ in range(3)]
    return _Constants(drawn[0], float(random.uniform(0, 2)), drawn[1], drawn[2])


def stand_in(name: str, orders: Sequence[int], operands: Sequence[Any]) -> Any:
    """The partial derivative of the function that stands in for `name`, `orders[k]` times by operand k, element by element.

    >>> bool(stand_in("f", (1,), (0.3,)) == stand_in("g", (1,), (0.3,)))
    False
    """
    constants = _constants(name, len(operands))
    angle: Any = constants.phase + sum(orders) * np.pi / 2
    product: Any = 0.25
    factor = 1.0
    rows = zip(orders, operands, constants.frequencies, constants.linear, constants.quadratic, strict=True)
    for order, operand, frequency, linear, quadratic in rows:
        angle = angle + frequency * np.asarray(operand, dtype=float)
        factor *= frequency**order
        product = product * _parabola(order, np.asarray(operand, dtype=float), linear, quadratic)
    return factor * np.sin(angle) + product


def _parabola(order: int, u: Any, linear: float, quadratic: float) -> Any:
    """A derivative of 1 + a u + b u²."""
    if order == 0:
        return 1 + u * (linear + u * quadratic)
    if order == 1:
        return linear + 2 * quadratic * u
    return np.full_like(u, 2 * quadratic if order == 2 else 0.0)
