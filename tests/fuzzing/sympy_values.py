"""The number or array that a SymPy expression has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.fuzzing.terms import SIZES


def sympy_value(expr: Any, inputs: Mapping[str, Any]) -> Any:
    """The value where the variables have these values: they are put in, and `doit` does the rest."""
    import sympy

    known: dict[Any, Any] = {
        sympy.Symbol(name, integer=True, positive=True): sympy.Integer(size) for name, size in SIZES.items()
    }
    for symbol in expr.atoms(sympy.MatrixSymbol):
        array = np.asarray(inputs[symbol.name], dtype=float)
        columns = array if array.ndim == 2 else array.reshape(-1, 1)
        known[symbol] = sympy.ImmutableDenseMatrix(columns)
    for symbol in expr.free_symbols:
        if isinstance(symbol, sympy.Symbol) and symbol.name in inputs:
            known[symbol] = sympy.Float(float(inputs[symbol.name]), 17)
    # Roots of numbers would make every entry a long expression.
    roots = [root for root in expr.atoms(sympy.Pow, sympy.NumberSymbol) if root.is_number]
    known |= {root: root.evalf(17) for root in roots}
    result = expr.xreplace(known).doit()
    if isinstance(result, sympy.MatrixBase):
        return np.array(result.evalf().tolist(), dtype=float)
    return np.asarray(float(result))
