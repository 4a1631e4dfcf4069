"""Numbers for powers and the exponential of a square matrix, and their derivatives in a direction.

The derivative of f at X in the direction E is the upper right block of f([[X, E], [0, X]]) (Higham, Functions of Matrices,
theorem 3.6; for the exponential Van Loan 1978).
"""

from __future__ import annotations

from typing import Any

from matcalc.errors import EvaluationError

_SMALL = 0.5
"""The norm from which on a matrix is halved before its series is summed."""
_TERMS = 16
"""Terms of the series: 0.5¹⁷/17! is below the accuracy of numbers."""
_LARGEST = 1e4
"""Beyond this norm the exponential has no finite entries, or none with correct digits."""


def power(np: Any, x: Any, k: Any) -> Any:
    """Xᵏ for an integer k; NaN if an inverse is needed that does not exist."""
    if float(k) != round(float(k)):
        raise EvaluationError(f"{float(k):g} in the exponent of a matrix is not an integer")
    try:
        return np.linalg.matrix_power(np.asarray(x, dtype=float), round(float(k)))
    except np.linalg.LinAlgError:
        return np.full(np.shape(x), np.nan)


def exponential(np: Any, x: Any) -> Any:
    """eˣ by scaling and squaring."""
    x = np.asarray(x, dtype=float)
    size = np.abs(x).sum(axis=0).max(initial=0.0)
    if not size < _LARGEST:
        return np.full(x.shape, np.nan)
    halvings = max(0, int(np.ceil(np.log2(size / _SMALL)))) if size > _SMALL else 0
    scaled = x / 2.0**halvings
    total = np.eye(len(x))
    for k in range(_TERMS, 0, -1):
        total = np.eye(len(x)) + scaled @ total / k
    for _ in range(halvings):
        total = total @ total
    return total


def power_in_direction(np: Any, x: Any, e: Any, k: Any) -> Any:
    """The derivative of Xᵏ in the direction E."""
    return _corner(np, power(np, _block(np, x, e), k))


def exponential_in_direction(np: Any, x: Any, e: Any) -> Any:
    """The derivative of eˣ in the direction E."""
    return _corner(np, exponential(np, _block(np, x, e)))


def _block(np: Any, x: Any, e: Any) -> Any:
    return np.block([[x, e], [np.zeros(np.shape(x)), x]])


def _corner(np: Any, block: Any) -> Any:
    half = len(block) // 2
    return block[:half, half:]
