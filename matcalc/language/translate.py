"""Calls of a dialect's functions, in matcalc's own language."""

from __future__ import annotations

from fractions import Fraction

from matcalc.errors import NotSupportedError
from matcalc.language.dialects import Dialect
from matcalc.language.tree import Binary, Call, Expr, Number, Transpose, Unary


def translated(dialect: Dialect, call: Call) -> Expr:
    """What a call means; the call itself if it means the same."""
    name = call.function
    if name in dialect.refused:
        raise NotSupportedError(f"`{name}` in the dialect {dialect.name}", call.name_span, help=dialect.refused[name])
    if name in dialect.filled:
        return _filled(dialect, call)
    if dialect.columns and name in ("ones", "zeros"):
        return _sized(call)
    if len(call.arguments) == 1 and not call.keywords:
        result: Expr = call.arguments[0]
        for function in reversed(dialect.functions.get(name, (name,))):
            result = Call(function, (result,), (), call.span, call.name_span)
        return result
    return call


def _filled(dialect: Dialect, call: Call) -> Expr:
    """`vector(1)`, `matrix(0)`, `vector(2)`: a constant whose size follows from use."""
    value = _number(call.arguments[0]) if len(call.arguments) == 1 and not call.keywords else None
    if value is None:
        raise NotSupportedError(
            f"`{call.span.excerpt}`", call.span,
            help=f"write `{call.function}(1)`, and `a*{call.function}(1)` where all entries are a",
        )
    constant = Call("ones" if value else "zeros", (), (), call.span, call.name_span, dialect.filled[call.function])
    if value in (0, 1):
        return constant
    return Binary("*", Number(value, call.span), constant, call.span, call.name_span)


def _sized(call: Call) -> Expr:
    """`ones(n)` is n×n, `ones(n, 1)` a vector and `ones(1, n)` a row."""
    sizes = call.arguments * 2 if len(call.arguments) == 1 else call.arguments
    if len(sizes) != 2 or call.keywords:
        return call
    single = [_number(size) == 1 for size in sizes]
    if all(single):
        return Number(int(call.function == "ones"), call.span)
    if not any(single):
        return Call(call.function, sizes, (), call.span, call.name_span)
    vector = Call(call.function, sizes[:1] if single[1] else sizes[1:], (), call.span, call.name_span)
    return vector if single[1] else Transpose(vector, call.span)


def _number(node: Expr) -> int | Fraction | None:
    """The value of a number that is written out, possibly with a sign."""
    if isinstance(node, Unary) and isinstance(node.operand, Number):
        return -node.operand.value
    return node.value if isinstance(node, Number) else None
