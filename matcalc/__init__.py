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
    from matcalc.explanation.explanation import Explanation
    from matcalc.output.picture import Picture

__version__ = "0.1.0"
__all__ = [
    "Derivative", "Explanation", "Expression", "Picture",
    "diff", "explain", "gradient", "hessian", "jacobian", "parse", "picture",
]  # fmt: skip

_CLASSES = {
    "Derivative": "matcalc.derivative", "Expression": "matcalc.derivative",
    "Explanation": "matcalc.explanation.explanation", "Picture": "matcalc.output.picture",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """The classes of results, imported when they are asked for, so that `import matcalc` is quick."""
    if name not in _CLASSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(_CLASSES[name]), name)



def diff(
    text: str,
    wrt: str | Sequence[str],
    *,
    order: int = 1,
    shapes: Mapping[str, str] | None = None,
    where: str | None = None,
    layout: str = "numerator",
    dialect: str = "matcalc",
    symmetric: str = "space",
    unconstrained: bool = False,
) -> Any:
    """Differentiate an expression.

    Args:
        text: a program in the input language: bindings, the expression, a where clause.
        wrt: a variable, several (`"w, b"` or a list), stacked ones (`"[x, y]"`), a part (`"x[2]"`, `"X[1, :]"`), or several
            in turn (`"x then y"`: the derivative by y of the one by x).
        order: 1, 2 (the Hessian, if it is that of a scalar) or 3.
        shapes: shapes by name, `{"x": "vector(n)"}`.
        where: declarations as in a where clause.
        layout: numerator (Jacobians are output × input), denominator, or gradient (the shape of the variable).
        dialect: how the text is written: matcalc, or matlab (also called matrixcalculus).
        symmetric: what the derivative by a matrix S declared symmetric is: "space", that on the space of symmetric matrices;
            "independent", that by the entries on and above the diagonal, of which each moves its mirror image too;
            "unconstrained", that by all entries, as if nothing bound them to each other.
        unconstrained: the same as symmetric="unconstrained".

    Returns:
        A `Derivative`; for several variables a dict of them by name. For order 2 by several variables, of a scalar, a
        `BlockHessian`: a mapping from pairs of names to the blocks, and the whole matrix. (Of a vector or matrix, a dict.)

    Raises:
        matcalc.errors.MatcalcError: the input is wrong, not supported, or beyond a limit.

    >>> print(diff("||X w - y||^2", wrt="w"))
    2 (X w - y)ᵀ X
    >>> sorted(diff("w.x + b", wrt="w, b"))
    ['b', 'w']
    """
    from matcalc.derivative import differentiated  # noqa: PLC0415 (so that `import matcalc` is quick)

    return differentiated(
        text, wrt, order=order, shapes=shapes, where=where, layout=layout, dialect=dialect, symmetric=symmetric,
        unconstrained=unconstrained,
    )


def explain(
    text: str,
    wrt: str | Sequence[str],
    *,
    brief: bool = False,
    method: str = "steps",
    direction: str = "",
    shapes: Mapping[str, str] | None = None,
    where: str | None = None,
    layout: str = "numerator",
    dialect: str = "matcalc",
    symmetric: str = "space",
    unconstrained: bool = False,
) -> Explanation:
    """The derivation, step by step; of derivatives by several variables one that shares the work.

    The other arguments are those of `diff` and of `Derivative.explain`.

    >>> explain("w.x + b", wrt="w, b").sections[0]
    'Introduce intermediate variables'
    """
    from matcalc.derivative import explained  # noqa: PLC0415

    result = diff(
        text, wrt, shapes=shapes, where=where, layout=layout, dialect=dialect, symmetric=symmetric, unconstrained=unconstrained
    )
    derivatives = list(result.values()) if isinstance(result, dict) else [result]
    return explained(derivatives, brief=brief, method=method, direction=direction)


def picture(
    text: str,
    wrt: str | Sequence[str],
    *,
    shapes: Mapping[str, str] | None = None,
    where: str | None = None,
    dialect: str = "matcalc",
) -> Picture:
    """The dataflow graph of an expression, with the local derivatives on the way from the variables to its value.

    >>> print(picture("x + x^2", wrt="x"))
    dataflow graph of y = x + x²: 5 vertices, 4 edges
    """
    from matcalc.derivative import pictured  # noqa: PLC0415

    result = diff(text, wrt, shapes=shapes, where=where, dialect=dialect)
    return pictured(list(result.values()) if isinstance(result, dict) else [result])


def gradient(
    text: str,
    wrt: str | Sequence[str],
    *,
    shapes: Mapping[str, str] | None = None,
    where: str | None = None,
    dialect: str = "matcalc",
    symmetric: str = "space",
    unconstrained: bool = False,
) -> Any:
    """The gradient of a scalar: the derivative with the shape of the variable.

    Raises:
        UsageError: the expression is not a scalar.

    >>> print(gradient("sum(w*x)", wrt="w"))
    x
    """
    result = diff(
        text, wrt, shapes=shapes, where=where, layout="gradient", dialect=dialect, symmetric=symmetric,
        unconstrained=unconstrained,
    )
    return _of_scalar("gradient", _of_order("gradient", 1, result))


def jacobian(
    text: str,
    wrt: str | Sequence[str],
    *,
    shapes: Mapping[str, str] | None = None,
    where: str | None = None,
    layout: str = "numerator",
    dialect: str = "matcalc",
    symmetric: str = "space",
    unconstrained: bool = False,
) -> Any:
    """The Jacobian, output × input (numerator layout).

    >>> print(jacobian("w*x", wrt="w", where="w, x: vector(n)"))
    diag(x)
    """
    result = diff(
        text, wrt, shapes=shapes, where=where, layout=layout, dialect=dialect, symmetric=symmetric, unconstrained=unconstrained
    )
    return _of_order("Jacobian", 1, result)


def hessian(
    text: str,
    wrt: str | Sequence[str],
    *,
    shapes: Mapping[str, str] | None = None,
    where: str | None = None,
    dialect: str = "matcalc",
    symmetric: str = "space",
    unconstrained: bool = False,
) -> Any:
    """The Hessian of a scalar by a vector(n): n×n. By several variables, all blocks of it.

    >>> print(hessian("x' A x", wrt="x"))
    A + Aᵀ
    >>> print(hessian("b*sum(x)", wrt="x, b"))
    ⎡ zeros(n, n)  ones(n) ⎤
    ⎣ 1ᵀ           0       ⎦
    """
    result = diff(
        text, wrt, order=2, shapes=shapes, where=where, dialect=dialect, symmetric=symmetric, unconstrained=unconstrained
    )
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

    kind = _first(result).value_kind
    if kind != "scalar":
        raise UsageError(f"the {what} is that of a scalar; this is a {kind}", help="use `jacobian` or `diff`")
    return result


def _of_order(what: str, order: int, result: Any) -> Any:
    """`result`, if it was differentiated that often."""
    from matcalc.errors import UsageError  # noqa: PLC0415

    if _first(result).order != order:
        raise UsageError(f"a {what} is a first derivative", help="use `diff` for a derivative by variables in turn")
    return result


def _first(result: Any) -> Derivative:
    """Any one of the derivatives."""
    found: Derivative = next(iter(result.values())) if isinstance(result, Mapping) else result
    return found
