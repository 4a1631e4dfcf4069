"""The number or array that a SymPy expression has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.fuzzing.terms import SIZES


def sympy_value(expr: Any, inputs: Mapping[str, Any]) -> Any:
    """The value where the variables have these values."""
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
    result = expr.xreplace(known)
    # SymPy leaves sums and determinants of these as they are.
    plain = (sympy.BlockMatrix, sympy.Identity, sympy.OneMatrix, sympy.ZeroMatrix)
    result = result.replace(lambda each: isinstance(each, plain), lambda each: each.as_explicit()).doit()
    result = result.replace(lambda each: isinstance(each, sympy.Trace), lambda each: each.arg.as_explicit().trace())
    if getattr(result, "is_Matrix", False):
        explicit = result.as_explicit() if hasattr(result, "as_explicit") else result
        return np.array(explicit.evalf().tolist(), dtype=float)
    return np.asarray(float(result))
