"""SymPy's matrix expressions whose entries `doit` does not work out, with a `doit` that does; and a few that SymPy lacks.

With explicit matrices put in for the symbols, and numbers for the sizes, `expr.doit()` is then explicit, too. Each of SymPy's
own has the same name here and equals it: `d.expr == sympy.Identity(n)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy
from sympy.matrices.expressions.slice import MatrixSlice as SympyMatrixSlice
from sympy.matrices.matrixbase import MatrixBase


def is_explicit(array: Any) -> bool:
    """Are the sizes numbers?"""
    return all(isinstance(size, int | sympy.Integer) for size in array.shape)


def have_entries(operands: Iterable[Any]) -> bool:
    """Are all of these explicit matrices, or none?"""
    return all(isinstance(operand, MatrixBase) for operand in operands if getattr(operand, "is_Matrix", False))


def with_entries(made: Any) -> Any:
    """An array with its entries, if they are known."""
    if isinstance(made, MatrixBase) or not is_explicit(made) or not have_entries(made.args):
        return made
    return sympy.ImmutableDenseMatrix(made.as_explicit()).applyfunc(lambda entry: entry.doit())


class _WithEntries(sympy.MatrixExpr):  # type: ignore[misc]
    """What is explicit if its operands are, and its sizes are numbers."""

    def doit(self, **hints: Any) -> Any:
        """The entries, if they are known."""
        return with_entries(self.func(*(arg.doit(**hints) for arg in self.args)) if hints.get("deep", True) else self)

    def __eq__(self, other: object) -> bool:
        """Equal to the object of SymPy's class of this name."""
        return isinstance(other, sympy.Basic) and type(self).__name__ == type(other).__name__ and self.args == other.args

    __hash__ = sympy.MatrixExpr.__hash__


class Identity(_WithEntries, sympy.Identity):  # type: ignore[misc]
    """The identity."""


class ZeroMatrix(_WithEntries, sympy.ZeroMatrix):  # type: ignore[misc]
    """Zeros."""


class MatMul(_WithEntries, sympy.MatMul):  # type: ignore[misc]
    """A product. SymPy leaves an explicit matrix times 2 sqrt(2) as it is."""

    def doit(self, **hints: Any) -> Any:
        """The entries, if they are known."""
        return with_entries(sympy.MatMul.doit(self, **hints))

    def could_extract_minus_sign(self) -> bool:
        """Whether it begins with a minus sign: SymPy would work everything out to see, for each product that it prints."""
        return bool(self.args[0].is_number and self.args[0].is_negative)


class DiagMatrix(_WithEntries, sympy.DiagMatrix):  # type: ignore[misc]
    """A vector as a diagonal matrix."""


class HadamardPower(_WithEntries, sympy.HadamardPower):  # type: ignore[misc]
    """A power of each entry."""


class FunctionMatrix(_WithEntries, sympy.FunctionMatrix):  # type: ignore[misc]
    """A matrix by its entries."""


class MatrixSlice(_WithEntries, SympyMatrixSlice):  # type: ignore[misc]
    """A part of a matrix."""


class BlockMatrix(_WithEntries, sympy.BlockMatrix):  # type: ignore[misc]
    """A matrix of blocks."""

    def doit(self, **hints: Any) -> Any:
        """The entries, if those of the blocks are known."""
        rows, columns = self.blocks.shape
        lines = [[self.blocks[i, j].doit(**hints) for j in range(columns)] for i in range(rows)]
        if not all(isinstance(block, MatrixBase) for line in lines for block in line):
            return type(self)(lines)
        return sympy.ImmutableDenseMatrix.vstack(*(sympy.ImmutableDenseMatrix.hstack(*line) for line in lines))

    def _eval_transpose(self) -> Any:
        return type(self)([
            [sympy.Transpose(self.blocks[i, j]) for i in range(self.blocks.rows)] for j in range(self.blocks.cols)
        ])


class Ones(_WithEntries, sympy.OneMatrix):  # type: ignore[misc]
    """Ones, printed as such: SymPy prints them as the number 1."""

    def _latex(self, printer: Any) -> str:
        rows, columns = self.shape
        if columns == 1:
            return r"\mathbf{1}"
        return r"\mathbf{1}^{T}" if rows == 1 else rf"\mathbf{{1}}_{{{printer._print(rows)} \times {printer._print(columns)}}}"

    def _sympystr(self, printer: Any) -> str:
        return f"ones({', '.join(map(printer._print, self.shape))})"


class UnitVector(_WithEntries):
    """The column of `size` entries whose entry at `position` (counted from 1) is 1, the others 0."""

    def __new__(cls, size: Any, position: Any) -> Any:
        """Make one from its size and position."""
        return super().__new__(cls, size, position)

    @property
    def shape(self) -> Any:
        """n×1."""
        return self.args[0], sympy.S.One

    def _entry(self, i: Any, j: Any, **hints: Any) -> Any:
        return sympy.KroneckerDelta(i, self.args[1] - 1)

    def _latex(self, printer: Any) -> str:
        return rf"\mathbf{{e}}_{{{printer._print(self.args[1])}}}"

    def _sympystr(self, printer: Any) -> str:
        return f"e({printer._print(self.args[1])})"


class Positions(_WithEntries):
    """The column 1, 2, …, n."""

    def __new__(cls, size: Any) -> Any:
        """Make one from its size."""
        return super().__new__(cls, size)

    @property
    def shape(self) -> Any:
        """n×1."""
        return self.args[0], sympy.S.One

    def _entry(self, i: Any, j: Any, **hints: Any) -> Any:
        return i + 1

    def _latex(self, printer: Any) -> str:
        return rf"\left(1, \dots, {printer._print(self.args[0])}\right)"

    def _sympystr(self, printer: Any) -> str:
        return f"positions({printer._print(self.args[0])})"


class CommutationMatrix(_WithEntries):
    """The commutation matrix of m×n matrices, mn×mn, under a name: K vec(X) = vec(Xᵀ)."""

    def __new__(cls, name: Any, rows: Any, columns: Any) -> Any:
        """Make one for matrices with these numbers of rows and columns."""
        return super().__new__(cls, name, rows, columns)

    @property
    def shape(self) -> Any:
        """mn×mn."""
        size = self.args[1] * self.args[2]
        return size, size

    def _entry(self, i: Any, j: Any, **hints: Any) -> Any:
        _, rows, columns = self.args
        return sympy.KroneckerDelta(i, sympy.floor(j / rows) + sympy.Mod(j, rows) * columns)

    def _latex(self, printer: Any) -> str:
        return str(printer._print(self.args[0]))

    def _sympystr(self, printer: Any) -> str:
        return str(printer._print(self.args[0]))


class DiagonalOf(_WithEntries, sympy.DiagonalOf):  # type: ignore[misc]
    """The diagonal of a square matrix; SymPy's class fails on the sizes of an explicit matrix."""

    @property
    def shape(self) -> Any:
        """n×1."""
        return sympy.S(self.args[0].shape[0]), sympy.S.One

    def _entry(self, i: Any, j: Any, **hints: Any) -> Any:
        return self.args[0][i, i]

    def _latex(self, printer: Any) -> str:
        return rf"\operatorname{{diag}}\left({printer._print(self.args[0])}\right)"
