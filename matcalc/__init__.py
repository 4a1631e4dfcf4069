"""matcalc: derivatives of scalar, vector and matrix expressions, in the notation of a textbook.

>>> import matcalc as mc
>>> print(mc.diff("sum(w*x)", wrt="w"))
xᵀ
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcalc.derivative import Derivative, Expression

__version__ = "0.1.0"
__all__ = ["diff", "gradient", "hessian", "jacobian", "parse"]


def diff(
    text: str,
    wrt: str | Sequence[str],
    *,
    order: int = 1,
    shapes: Mapping[str, str] | None = None,
    where: str | None = None,
    layout: str = "numerator",
    dialect: str = "matcalc",
    unconstrained: bool = False,
) -> Any:
    """Differentiate an expression.

    Args:
        text: a program in the input language: bindings, the expression, a where clause.
        wrt: a variable, several (`"w, b"` or a list), stacked ones (`"[x, y]"`), or an element (`"x[2]"`).
        order: 1, or 2 for the Hessian of a scalar.
        shapes: shapes by name, `{"x": "vector(n)"}`.
        where: declarations as in a where clause.
        layout: numerator (Jacobians are output × input), denominator, or gradient (the shape of the variable).
        dialect: how the text is written: matcalc, or matlab (also called matrixcalculus).
        unconstrained: for a variable declared symmetric or diagonal, differentiate by all its entries.

    Returns:
        A `Derivative`; for several variables a dict of them by name.

    Raises:
        matcalc.errors.MatcalcError: the input is wrong, not supported, or beyond a limit.

    >>> print(diff("||X w - y||^2", wrt="w"))
    2 (X w - y)ᵀ X
    >>> sorted(diff("w.x + b", wrt="w, b"))
    ['b', 'w']
    """
    from matcalc.derivative import differentiated  # noqa: PLC0415 (so that `import matcalc` is quick)

    return differentiated(
        text, wrt, order=order, shapes=shapes, where=where, layout=layout, dialect=dialect, unconstrained=unconstrained
    )


def gradient(
    text: str,
    wrt: str | Sequence[str],
    *,
    shapes: Mapping[str, str] | None = None,
    where: str | None = None,
    dialect: str = "matcalc",
    unconstrained: bool = False,
) -> Any:
    """The gradient of a scalar: the derivative with the shape of the variable.

    Raises:
        UsageError: the expression is not a scalar.

    >>> print(gradient("sum(w*x)", wrt="w"))
    x
    """
    result = diff(
        text, wrt, shapes=shapes, where=where, layout="gradient", dialect=dialect, unconstrained=unconstrained
    )
    return _of_scalar("gradient", result)


def jacobian(
    text: str,
    wrt: str | Sequence[str],
    *,
    shapes: Mapping[str, str] | None = None,
    where: str | None = None,
    layout: str = "numerator",
    dialect: str = "matcalc",
    unconstrained: bool = False,
) -> Any:
    """The Jacobian, output × input (numerator layout).

    >>> print(jacobian("w*x", wrt="w", where="w, x: vector(n)"))
    diag(x)
    """
    return diff(text, wrt, shapes=shapes, where=where, layout=layout, dialect=dialect, unconstrained=unconstrained)


def hessian(
    text: str,
    wrt: str | Sequence[str],
    *,
    shapes: Mapping[str, str] | None = None,
    where: str | None = None,
    dialect: str = "matcalc",
    unconstrained: bool = False,
) -> Any:
    """The Hessian of a scalar by a vector(n): n×n.

    >>> print(hessian("x' A x", wrt="x"))
    A + Aᵀ
    """
    result = diff(text, wrt, order=2, shapes=shapes, where=where, dialect=dialect, unconstrained=unconstrained)
    return _of_scalar("Hessian", result)


def parse(
    text: str, *, shapes: Mapping[str, str] | None = None, where: str | None = None, dialect: str = "matcalc"
) -> Expression:
    """Read an expression: its shapes, LaTeX and value.

    >>> str(parse("sum(w*x)"))
    'sum(w ⊙ x)'
    """
    from matcalc.derivative import Expression, Problem  # noqa: PLC0415

    return Expression(Problem(text, shapes=shapes, where=where, dialect=dialect))


def _of_scalar(what: str, result: Any) -> Any:
    """`result`, if what was differentiated is a scalar."""
    from matcalc.errors import UsageError  # noqa: PLC0415

    first: Derivative = next(iter(result.values())) if isinstance(result, dict) else result
    if first.value_kind != "scalar":
        raise UsageError(f"the {what} is that of a scalar; this is a {first.value_kind}", help="use `jacobian` or `diff`")
    return result
