"""The exponential of a matrix, and derivatives in a direction, by other ways than those of the operation table.

The table sums a Taylor series and takes derivatives from a block matrix. Here are a Padé approximant, the sum over the powers,
and the integral by Gauss-Legendre quadrature.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

_DEGREE: Final = 8
"""Of the numerator and the denominator."""
_QUADRATURE: Final = np.polynomial.legendre.leggauss(48)
_LARGEST: Final = 1e4


def exponential(x: Any) -> Any:
    """eˣ, as a diagonal Padé approximant of x/2ᵐ, squared m times."""
    x = np.asarray(x, dtype=float)
    size = np.linalg.norm(x, 2) if np.isfinite(x).all() else np.inf
    if size > _LARGEST:
        return np.full(x.shape, np.nan)
    squarings = max(0, int(np.ceil(np.log2(max(size, 1e-300)))) + 1)
    scaled = x / 2.0**squarings
    above, below, power, coefficient = np.eye(len(x)), np.eye(len(x)), np.eye(len(x)), 1.0
    for k in range(1, _DEGREE + 1):
        coefficient *= (_DEGREE - k + 1) / (k * (2 * _DEGREE - k + 1))
        power = power @ scaled
        above = above + coefficient * power
        below = below + (-1) ** k * coefficient * power
    value = np.linalg.solve(below, above)
    for _ in range(squarings):
        value = value @ value
    return value


def exponential_in_direction(x: Any, e: Any) -> Any:
    """The integral of exp(s X) E exp((1 - s) X) over s from 0 to 1."""
    points, weights = _QUADRATURE
    parts = [
        weight / 2 * exponential((1 + point) / 2 * x) @ e @ exponential((1 - point) / 2 * x)
        for point, weight in zip(points, weights, strict=True)
    ]
    return np.sum(parts, axis=0)


def power_in_direction(x: Any, e: Any, k: Any) -> Any:
    """The sum of Xʳ E Xᵏ⁻ʳ⁻¹ over r from 0 to k - 1; for a negative k, that of -Xʳ E Xᵏ⁻ʳ⁻¹ over r from k to -1."""
    count = round(float(k))
    sign, over = (1, range(count)) if count >= 0 else (-1, range(count, 0))
    total = np.zeros(np.shape(e))
    for r in over:
        total = total + sign * np.linalg.matrix_power(x, r) @ e @ np.linalg.matrix_power(x, count - r - 1)
    return total


OTHER_WAYS: Final[dict[str, Callable[..., Any]]] = {
    "expm": exponential, "expm_frechet": exponential_in_direction, "powersum": power_in_direction,
}
"""For operations of the table."""
