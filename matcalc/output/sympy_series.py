"""SymPy expressions for sums and integrals of matrices: SymPy has both for numbers only."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.integrals.quadrature import gauss_legendre
from sympy.matrices.expressions.matexpr import MatrixElement

_NODES = 24
"""Where a numerical integral is taken: exact for polynomials of degree 47, and as good as that for an exponential."""


class _Series(sympy.MatrixExpr):  # type: ignore[misc]
    """A matrix that is summed up over a variable."""

    @property
    def shape(self) -> Any:
        """Rows and columns."""
        return self.args[0].shape

    @property
    def bound_symbols(self) -> list[Any]:
        """The variable."""
        return [self.args[1]]

    @property
    def free_symbols(self) -> Any:
        """Those of the parts, without the variable."""
        return set().union(*(arg.free_symbols for arg in self.args)) - {self.args[1]}

    def _entry(self, i: Any, j: Any, **hints: Any) -> Any:
        whole = self.doit()
        return MatrixElement(self, i, j) if isinstance(whole, _Series) else whole[i, j]


class MatrixSum(_Series):
    """The sum of a matrix over a whole number from 0: the matrix, the number, the last value of it."""

    def doit(self, **hints: Any) -> Any:
        """The terms added up, if it is known how many there are."""
        body, variable, upper = self.args
        upper = upper.doit(**hints)
        if not upper.is_number or upper != int(upper):
            return type(self)(body, variable, upper)
        terms = [body.xreplace({variable: sympy.Integer(k)}).doit(**hints) for k in range(int(upper) + 1)]
        return sympy.MatAdd(*terms).doit(**hints) if terms else sympy.ZeroMatrix(*self.shape)

    def _latex(self, printer: Any) -> str:
        body, variable, upper = map(printer._print, self.args)
        return rf"\sum_{{{variable}=0}}^{{{upper}}} {body}"

    def _sympystr(self, printer: Any) -> str:
        body, variable, upper = map(printer._print, self.args)
        return f"MatrixSum({body}, ({variable}, 0, {upper}))"


class MatrixIntegral(_Series):
    """The integral of a matrix over a number from 0 to 1: the matrix, the number."""

    def doit(self, **hints: Any) -> Any:
        """The same with its parts evaluated."""
        body, variable = self.args
        return type(self)(body.doit(**hints) if body.free_symbols - {variable} else body, variable)

    def _eval_evalf(self, prec: int) -> Any:
        """By Gauss-Legendre quadrature, if nothing else is unknown."""
        body, variable = self.args
        if self.free_symbols:
            return self
        total = sympy.zeros(*self.shape)
        for node, weight in zip(*gauss_legendre(_NODES, 25), strict=True):
            point = (node + 1) / 2
            total += weight / 2 * body.xreplace({variable: point}).doit().as_explicit()
        return total.evalf()

    def _latex(self, printer: Any) -> str:
        body, variable = map(printer._print, self.args)
        return rf"\int_0^1 {body} \, d{variable}"

    def _sympystr(self, printer: Any) -> str:
        body, variable = map(printer._print, self.args)
        return f"MatrixIntegral({body}, ({variable}, 0, 1))"
