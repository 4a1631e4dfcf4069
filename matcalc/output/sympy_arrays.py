"""SymPy expressions for functions of whole arrays that SymPy has for explicit matrices only: vec, tril, pinv, prod, max, …"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any, Final

import mpmath
import sympy
from sympy.matrices.expressions.matexpr import MatrixElement


def _first_largest(array: Any) -> Any:
    entries = list(array)
    largest = max(range(len(entries)), key=lambda k: (entries[k], -k))
    return sympy.Matrix(*array.shape, [int(k == largest) for k in range(len(entries))])


def _skew(a: Any) -> Any:
    x, y, z = a
    return sympy.Matrix([[0, -z, y], [z, 0, -x], [-y, x, 0]])


def _pseudoinverse(array: Any) -> Any:
    """SymPy's, which needs to know the rank: of decimals by their singular values."""
    if not all(entry.is_number for entry in array) or not array.has(sympy.Float):
        return array.pinv()
    import numpy as np  # noqa: PLC0415 (only where numbers are evaluated)

    return sympy.ImmutableDenseMatrix(np.linalg.pinv(np.array(array.evalf().tolist(), dtype=float)))


def _expm(a: Any) -> Any:
    """The exponential; of numbers by mpmath, as that of SymPy looks for the exact eigenvalues."""
    if a.free_symbols or all(entry.is_Rational for entry in a):
        return a.exp()
    return sympy.Matrix(mpmath.expm(mpmath.matrix(a.evalf().tolist())).tolist())


EXPLICIT: Final[dict[str, Callable[..., Any]]] = {
    "vec": lambda a: a.vec(),
    "cumsum": lambda a: sympy.Matrix(list(accumulate(a))),
    "tril": lambda a: a.lower_triangular(0),
    "triu": lambda a: a.upper_triangular(0),
    "skew": _skew,
    "cross": lambda a, b: a.cross(b),
    "pinv": _pseudoinverse,
    "e_argmax": _first_largest,
    "expm": _expm,
    "prod": lambda a: sympy.Mul(*a),
    "amax": lambda a: sympy.Max(*a),
    "amin": lambda a: sympy.Min(*a),
}
"""What each function is for explicit matrices."""


def _all_explicit(operands: Any) -> bool:
    return all(not operand.is_Matrix or all(size.is_Integer for size in map(sympy.S, operand.shape)) for operand in operands)


def _explicit(operand: Any) -> Any:
    """An array with its entries: it may have been made of them already."""
    return operand.as_explicit() if hasattr(operand, "as_explicit") else operand


class ArrayFunction(sympy.MatrixExpr):  # type: ignore[misc]
    """A function with an array as its value: a name, the shape, the axis along which it runs (or None), the operands."""

    def __new__(cls, name: str, rows: Any, columns: Any, axis: int | None, *operands: Any) -> Any:
        """Make one of this shape."""
        along = sympy.Integer(-1 if axis is None else axis)
        return super().__new__(cls, sympy.Symbol(str(name)), sympy.S(rows), sympy.S(columns), along, *operands)

    @property
    def shape(self) -> Any:
        """Rows and columns."""
        return self.args[1], self.args[2]

    @property
    def free_symbols(self) -> Any:
        """Those of the operands and the sizes: the name is none."""
        return set().union(*(arg.free_symbols for arg in self.args[1:]))

    def _entry(self, i: Any, j: Any, **hints: Any) -> Any:
        if _all_explicit(self.args[4:]):
            explicit = self.doit()
            if not isinstance(explicit, ArrayFunction):
                return explicit[i, j]
        return MatrixElement(self, i, j)

    def doit(self, **hints: Any) -> Any:
        """The entries, if those of the operands are known."""
        made = self._made(**hints)
        return made if isinstance(made, sympy.MatrixExpr) else sympy.ImmutableDenseMatrix(made)

    def _made(self, **hints: Any) -> Any:
        name, rows, columns, axis, *operands = self.args
        operands = [operand.doit(**hints) for operand in operands]
        if not _all_explicit(operands):
            return type(self)(name, rows, columns, None if axis < 0 else int(axis), *operands)
        arrays = [_explicit(operand) for operand in operands]
        if str(name) == "unvec":
            return arrays[0].reshape(columns, rows).T
        function = EXPLICIT[str(name)]
        if axis < 0:
            return function(*arrays)
        array = arrays[0] if axis == 1 else arrays[0].T
        lines = [function(array[k, :]) for k in range(array.rows)]
        if not getattr(lines[0], "is_Matrix", False):
            return sympy.Matrix(lines) if axis == 1 else sympy.Matrix([lines])
        whole = sympy.Matrix.vstack(*lines)
        return whole if axis == 1 else whole.T

    def _operands(self, printer: Any) -> str:
        axis = [] if self.args[3] < 0 else [f"axis={self.args[3]}"]
        return ", ".join([*map(printer._print, self.args[4:]), *axis])

    def _latex(self, printer: Any) -> str:
        name = str(self.args[0]).replace("_", r"\_")
        return rf"\operatorname{{{name}}}\left({self._operands(printer)}\right)"

    def _sympystr(self, printer: Any) -> str:
        return f"{self.args[0]}({self._operands(printer)})"


class Reduction(sympy.Expr):  # type: ignore[misc]
    """A function of one array with a number as its value: a name and the operand."""

    def __new__(cls, name: str, operand: Any) -> Any:
        """Of one array."""
        return super().__new__(cls, sympy.Symbol(str(name)), operand)

    is_commutative = True

    @property
    def free_symbols(self) -> Any:
        """Those of the operand: the name is none."""
        return self.args[1].free_symbols

    def doit(self, **hints: Any) -> Any:
        """The number, if the entries are known."""
        name, operand = self.args
        operand = operand.doit(**hints)
        if not _all_explicit([operand]):
            return type(self)(name, operand)
        return EXPLICIT[str(name)](_explicit(operand))

    def _latex(self, printer: Any) -> str:
        return rf"\operatorname{{{self.args[0]}}}\left({printer._print(self.args[1])}\right)"

    def _sympystr(self, printer: Any) -> str:
        return f"{self.args[0]}({printer._print(self.args[1])})"
