"""Where a derivative is tested: sizes for the named dimensions, and random values for the variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from matcalc.errors import NotSupportedError
from matcalc.language import tree
from matcalc.language.dimensions import Dim
from matcalc.limits import MAX_VERIFIED
from matcalc.operations.rows import Derived, Elementwise
from matcalc.operations.table import FUNCTIONS
from matcalc.verify.equations import Equations
from matcalc.verify.interpreter import Array

if TYPE_CHECKING:
    from matcalc.language.shapes import Inference, Symbol

Mode = Literal["normal", "positive", "unit", "above one", "small", "wide"]
"""How entries are drawn: standard normal, around 1, in (0, 1), above 1, near 0, far from 0."""
Mix = Mapping[str, Mode]
"""How the entries of each variable are drawn; those not mentioned are normal."""

_MODES: Final[tuple[Mode, ...]] = ("normal", "positive", "unit", "above one", "small", "wide")
_RANGES: Final[dict[Mode, tuple[float, float]]] = {
    "normal": (0.4, 2.0), "positive": (0.3, 2.0), "unit": (0.15, 0.85), "above one": (1.2, 2.6), "small": (0.05, 0.3),
    "wide": (0.5, 8.0),
}
"""Where positive entries are drawn from."""
_LARGEST_EXPONENT: Final = 5
_CANDIDATES: Final = 60
_MANY: Final = 12
"""With more named dimensions than this, some have the same size."""


# Sizes


class Assignments:
    """Draws assignments of sizes to the named dimensions of a program: pairwise different, and at least 2."""

    def __init__(self, inference: Inference, random: np.random.Generator) -> None:
        self.random = random
        self.dims = {size for shape in inference.shapes.values() for size in shape.dims}
        self.dims |= {size for symbol in inference.symbols.values() for size in symbol.shape.dims}
        self.dims |= {found.length for found in inference.ranges.values()}
        self.needed = inference.needed
        names = {name for size in self.dims for name in size.names}
        names |= {node.name for node, role in inference.roles.items() if role == "dimension"}
        self.names = sorted(names)
        self.least = _least_sizes(inference)
        self.ordered = [
            symbol.shape.dims if "orthonormal_rows" in symbol.properties else symbol.shape.dims[::-1]
            for symbol in inference.symbols.values()
            if symbol.properties & {"orthonormal_columns", "orthonormal_rows"}
        ]

    def draw(self, other: Mapping[str, int]) -> dict[str, int]:
        """The best of some random assignments: all sizes possible, and as few as can be equal, here or to those in `other`."""
        count = min(len(self.names), _MANY)
        best: dict[str, int] = {}
        fewest = np.inf
        for attempt in range(_CANDIDATES):
            # Some dimensions may have to be large: allow for more the longer it takes.
            pool = 2 + self.random.permutation(count + 2 + max(self.least.values(), default=0) * (attempt > 0) + attempt // 4)
            sizes = {name: int(pool[position % count]) for position, name in enumerate(self.names)}
            values = [size.value(sizes) for size in self.dims]
            impossible = sum(value < 1 for value in values)
            impossible += sum(size.value(sizes) < 0 for size in self.needed)
            impossible += sum(size.value(sizes) < low for size, low in self.least.items())
            impossible += sum(small.value(sizes) > large.value(sizes) for small, large in self.ordered)
            unwanted = sum(value == 1 for size, value in zip(self.dims, values, strict=True) if size.terms)
            equal = len(values) - len(set(values)) + sum(other.get(name) == size for name, size in sizes.items())
            faults = 10_000 * impossible + 100 * unwanted + equal
            if faults < fewest:
                best, fewest = sizes, faults
            if not faults:
                break
        return best


def _least_sizes(inference: Inference) -> dict[Dim, int]:
    """The elements that are asked for by number: `x[5]` needs five."""
    least: dict[Dim, int] = {}
    for root in _roots(inference):
        for node in tree.postorder(root):
            if isinstance(node, tree.Index):
                for subscript, size in zip(node.subscripts, inference.shapes[node.operand].dims, strict=False):
                    if isinstance(subscript, tree.Number):
                        least[size] = max(least.get(size, 0), int(subscript.value))
            elif isinstance(node, tree.Call) and node.function == "e" and isinstance(node.arguments[0], tree.Number):
                (size,) = inference.shapes[node].dims
                least[size] = max(least.get(size, 0), int(node.arguments[0].value))
    return least


def _roots(inference: Inference) -> Iterator[tree.Expr]:
    yield inference.program.body
    yield from inference.targets
    yield from (binding.value for binding in inference.program.bindings)


# Values


def hinted(inference: Inference) -> Mix:
    """What the domains of functions say about variables that are their operands: `log(x)` wants x positive."""
    hints: dict[str, Mode] = {}
    for root in _roots(inference):
        for node in tree.postorder(root):
            if isinstance(node, tree.Call):
                row = FUNCTIONS.get(node.function)
                if isinstance(row, (Elementwise, Derived)) and row.domain != "real":
                    for operand in node.arguments:
                        if isinstance(operand, tree.Name):
                            hints[operand.name] = row.domain
    return hints


class Sampler:
    """Draws values for all variables of a program.

    Every second draw of normal entries has the signs of the one before reversed, so that few points see both signs.
    """

    def __init__(self, inference: Inference, sizes: Mapping[str, int], random: np.random.Generator) -> None:
        self.inference = inference
        self.sizes = sizes
        self.random = random
        self._signs: dict[str, Any] = {}
        self._equations = Equations(inference, sizes, inference.facts)

    def mix(self) -> Mix:
        """A way to draw each variable, at random."""
        return {name: _MODES[int(self.random.integers(len(_MODES)))] for name in self.inference.symbols}

    def point(self, mix: Mix) -> dict[str, Array]:
        """A value for each variable, such that the equations of the where clause hold."""
        symbols = self.inference.symbols.items()
        return self._equations.satisfied({name: self._variable(symbol, mix.get(name, "normal")) for name, symbol in symbols})

    def _variable(self, symbol: Symbol, mode: Mode) -> Array:
        shape = tuple(size.value(self.sizes) for size in symbol.shape.dims)
        if np.prod(shape, dtype=float) > MAX_VERIFIED:
            what = f"`{symbol.name}` is a {symbol.shape}"
            raise NotSupportedError(f"verification with more than {MAX_VERIFIED:,} entries: {what}")
        properties = symbol.properties
        if "integer" in properties:
            return np.asarray(float(self.random.integers(1, _LARGEST_EXPONENT + 1)))
        entries = self._entries(symbol.name, shape, mode, positive="positive" in properties)
        result: Array = entries
        if "spd" in properties:
            result = entries @ entries.T / (1 + np.abs(entries).max()) + 0.5 * np.eye(shape[0])
        elif "symmetric" in properties:
            result = (entries + entries.T) / 2
        elif "diagonal" in properties:
            result = np.diag(np.diagonal(entries))
        elif "orthogonal" in properties or "orthonormal_columns" in properties:
            result = np.linalg.qr(self.random.standard_normal(shape))[0]
        elif "orthonormal_rows" in properties:
            result = np.linalg.qr(self.random.standard_normal(shape[::-1]))[0].T
        elif "lower_triangular" in properties:
            result = np.tril(entries)
        elif "upper_triangular" in properties:
            result = np.triu(entries)
        return result

    def _entries(self, name: str, shape: tuple[int, ...], mode: Mode, *, positive: bool) -> Array:
        """Entries such that a product of a matrix or vector with a vector has entries of order one."""
        if positive or mode in ("positive", "unit", "above one"):
            low, high = _RANGES[mode]
            return np.asarray(self.random.uniform(low, high, shape))
        drawn = np.asarray(self.random.standard_normal(shape))
        drawn = drawn + 0.1 * np.sign(drawn)
        if name in self._signs:
            drawn = -np.abs(drawn) * self._signs.pop(name)
        else:
            self._signs[name] = np.sign(drawn)
        scale = shape[-1] ** (-0.25 if len(shape) == 1 else -0.5) if shape else 1.0
        factor = {"small": 0.2, "wide": 6.0}.get(mode, 1.0)
        return np.asarray(drawn * scale * factor)
