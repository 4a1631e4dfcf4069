"""Points at which the equations of the where clause hold: Newton's method on their residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from matcalc.language.tree import Fact, Name, postorder
from matcalc.verify.interpreter import Array, Interpreter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matcalc.language.shapes import Inference

_ITERATIONS = 40
_STEP = 1e-6
_EXACT = 1e-12


class Equations:
    """The equations of one program at given sizes."""

    def __init__(self, inference: Inference, sizes: Mapping[str, int], facts: Sequence[Fact]) -> None:
        self.sides = [
            (Interpreter(inference, sizes, fact.left), Interpreter(inference, sizes, fact.right)) for fact in facts
        ]
        names = {node.name for fact in facts for side in (fact.left, fact.right) for node in postorder(side)
                 if isinstance(node, Name)}  # fmt: skip
        self.free = [name for name, symbol in inference.symbols.items() if name in names and not symbol.properties]

    def satisfied(self, values: dict[str, Array]) -> dict[str, Array]:
        """A point near `values` at which the equations hold, if one is found; otherwise the values as they are."""
        if not self.sides or not self.free:
            return values
        moved = dict(values)
        for _ in range(_ITERATIONS):
            residual = self._residual(moved)
            if not np.isfinite(residual).all():
                return values
            if np.max(np.abs(residual)) < _EXACT:
                break
            step = np.linalg.lstsq(self._slopes(moved), residual, rcond=1e-10)[0]
            moved = self._moved(moved, np.asarray(-step, dtype=np.float64))
        return moved

    def _residual(self, values: dict[str, Array]) -> Array:
        return np.concatenate([np.reshape(left(values) - right(values), -1) for left, right in self.sides])

    def _slopes(self, values: dict[str, Array]) -> Array:
        count = sum(values[name].size for name in self.free)
        columns = []
        for each in range(count):
            direction = np.zeros(count)
            direction[each] = _STEP
            ahead, behind = self._moved(values, direction), self._moved(values, -direction)
            columns.append((self._residual(ahead) - self._residual(behind)) / (2 * _STEP))
        return np.stack(columns, axis=1)

    def _moved(self, values: dict[str, Array], step: Array) -> dict[str, Array]:
        result, start = dict(values), 0
        for name in self.free:
            size = values[name].size
            result[name] = values[name] + step[start : start + size].reshape(values[name].shape)
            start += size
        return result
