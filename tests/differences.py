"""Numerical truth that owes nothing to the program: derivatives by central differences with Richardson extrapolation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Arrays = Mapping[str, Any]

_FLAT = 1e-12


def numeric_derivative(function: Callable[[Arrays], Any], values: Arrays, name: str, step: float = 2e-3) -> tuple[Any, float]:
    """The derivative by one variable (axes of the value, then of the variable) and an estimate of its error.

    The error is large near a kink or a pole, where differences say nothing.
    """
    base = np.asarray(values[name], dtype=float)
    columns, error = [], 0.0
    for position in np.ndindex(base.shape):
        rough, fine, finest = (_difference(function, values, name, position, step / 2**k) for k in range(3))
        first, second = (4 * fine - rough) / 3, (4 * finest - fine) / 3
        best = (16 * second - first) / 15
        columns.append(best)
        error = max(error, float(np.max(np.abs(best - second), initial=0.0)))
    stacked = np.stack(columns, axis=-1) if columns else np.zeros(())
    return stacked.reshape((*stacked.shape[:-1], *base.shape)), error


def _difference(function: Callable[[Arrays], Any], values: Arrays, name: str, position: tuple[int, ...], step: float) -> Any:
    results = []
    for sign in (1, -1):
        moved = np.array(values[name], dtype=float)
        moved[position] += sign * step
        results.append(np.asarray(function({**values, name: moved}), dtype=float))
    return (results[0] - results[1]) / (2 * step)


def numerator_layout(raw: Any, value_kind: str, variable_kind: str) -> Any:
    """A raw derivative (axes of the value, then of the variable) as language.md lays it out."""
    if value_kind == "scalar":
        if variable_kind == "vector":
            return raw.reshape(1, -1)
        return raw.T if variable_kind == "matrix" else raw
    if value_kind == "row" and variable_kind == "scalar":
        return raw.reshape(1, -1)
    return raw


def on_space(raw: Any, properties: frozenset[str]) -> Any:
    """The derivative by a symmetric or diagonal matrix on the space of such matrices."""
    if properties & {"symmetric", "spd"}:
        return (raw + np.swapaxes(raw, -1, -2)) / 2
    if "diagonal" in properties:
        return raw * np.eye(raw.shape[-1])
    return raw


def close(found: Any, wanted: Any, tolerance: float = 1e-6) -> bool:
    """Whether two arrays of the same shape agree, relative to the size of the entries."""
    found, wanted = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    if found.shape != wanted.shape or not np.all(np.isfinite(found)):
        return False
    scale = max(1.0, float(np.max(np.abs(wanted), initial=0.0)))
    return bool(np.max(np.abs(found - wanted), initial=0.0) <= tolerance * scale + _FLAT)
