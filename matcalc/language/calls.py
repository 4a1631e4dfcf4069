"""Calls of functions: how many operands they take."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from matcalc.errors import NotSupportedError, ShapeError, Span, UnknownNameError
from matcalc.language.tree import Call, Expr, Name, Number, Unary
from matcalc.operations.rows import Derived, Elementwise, MatrixFunction, Multilinear, Operation, Planned
from matcalc.operations.table import FUNCTIONS

_TRUTH: Final = ("true", "false")
_INSTEAD_OF_OPTION: Final = {
    "dim": "write `axis=`", "ord": "write `{}(x, 1)`", "keepdims": "it stands beside axis=", "keepdim": "write `keepdims=`",
}
_NORMS: Final = {"inf": "norminf", "F": "normF", "fro": "normF"}


def canonical(node: Call) -> Call:
    """The call under the name of its entry in the operation table: `norm(x, 1)` is norm1(x), `max(x)` is amax(x)."""
    count = len(node.arguments)
    row = FUNCTIONS.get(node.function)
    if isinstance(row, Elementwise) and row.reduction and count == 1:
        return replace(node, function=row.reduction)
    if row is None or row.name != "norm" or count != 2:
        return node
    order = node.arguments[1]
    if isinstance(order, Number) and order.value < 1:
        count_instead = f"; write `sum({node.arguments[0].span.excerpt} != 0)` to count" if order.value == 0 else ""
        raise NotSupportedError(f"`{node.span.excerpt}`", node.span, help=f"norms are defined for p ≥ 1{count_instead}")
    if isinstance(order, Number) and order.value in (1, 2):
        return replace(node, function=f"norm{order.value}", arguments=node.arguments[:1])
    if isinstance(order, Name) and order.name in _NORMS:
        return replace(node, function=_NORMS[order.name], arguments=node.arguments[:1])
    return replace(node, function="normp")


def is_function_of_t(node: Call) -> bool:
    """Whether this is written as `x(t)`."""
    return len(node.arguments) == 1 and isinstance(node.arguments[0], Name) and node.arguments[0].name == "t"


def axis_of(node: Call) -> int | None:
    """The number in `axis=0`, `axis=1` or `axis=-1`; None if it is not given."""
    for keyword, value in node.keywords:
        if keyword != "axis":
            continue
        sign = -1 if isinstance(value, Unary) else 1
        number = value.operand if isinstance(value, Unary) else value
        assert isinstance(number, Number)
        return sign * int(number.value)
    return None


def check_keywords(node: Call, row: Operation | None = None) -> None:
    """Refuse every `option=` but the axis of what can run along one, and `keepdims`."""
    for keyword, value in node.keywords:
        if keyword == "keepdims" and row is not None and is_reduction(row) and axis_of(node) is not None:
            if not (isinstance(value, Name) and value.name.lower() in _TRUTH):
                raise ShapeError("keepdims is True or False", value.span)
            continue
        if keyword != "axis":
            reduction = row is not None and is_reduction(row)
            instead = _INSTEAD_OF_OPTION.get(keyword, "").format(node.function) if reduction else ""
            raise UnknownNameError(f"`{node.function}` has no option `{keyword}`", value.span, help=instead or None)
        if row is None or row.of_vector is None:
            raise NotSupportedError(f"{node.function} with axis=", node.span)
        number = value.operand if isinstance(value, Unary) else value
        if not (isinstance(number, Number) and number.value in ((1,) if isinstance(value, Unary) else (0, 1))):
            raise ShapeError(
                "an axis is 0, 1 or -1", value.span, help="axis=0 runs down the columns of a matrix, axis=1 along its rows"
            )


def is_reduction(row: Operation) -> bool:
    """Whether an operation makes a number of a vector, and so can run along an axis."""
    return row.of_vector is not None and row.of_vector.result.kind == "scalar"


def without_keepdims(node: Call) -> Call:
    """The call without `keepdims`, which is checked: with axis=1 a column has m×1 entries anyway, with axis=0 it is a row."""
    kept = tuple((keyword, value) for keyword, value in node.keywords if keyword != "keepdims")
    if len(kept) == len(node.keywords):
        return node
    keeps = any(isinstance(value, Name) and value.name.lower() == "true" for key, value in node.keywords if key == "keepdims")
    return replace(node, keywords=kept, kind="row" if keeps and axis_of(node) == 0 else None)


def check_operands(node: Call, row: Operation) -> None:
    """The number of operands that the operation table states."""
    count = len(node.arguments)
    if isinstance(row, Planned):
        raise NotSupportedError(row.name, node.span, help=f"write {row.instead}" if row.instead else None)
    if isinstance(row, Elementwise) and row.variadic:
        if count >= row.arity:
            return
        raise wrong_count(node, f"{row.arity} or more", help=row.summary)
    arity = operand_count(row)
    if count == arity + 1 and row.of_vector is not None and _is_axis(node.arguments[-1]):
        operands = ", ".join(argument.span.excerpt for argument in node.arguments[:-1])
        raise wrong_count(node, str(arity), help=f"write `{node.function}({operands}, axis={node.arguments[-1].span.excerpt})`")
    if count != arity:
        raise wrong_count(node, str(arity), help=row.summary)


def _is_axis(node: Expr) -> bool:
    """Whether an operand looks like the number of an axis."""
    number = node.operand if isinstance(node, Unary) else node
    return isinstance(number, Number) and number.value in ((1,) if isinstance(node, Unary) else (0, 1))


def operand_count(row: Operation) -> int:
    """How many operands an operation of the table has."""
    if isinstance(row, (Multilinear, MatrixFunction)):
        return len(row.forms[0].shapes.operands)
    assert isinstance(row, (Elementwise, Derived))
    return len(row.parameters)


def wrong_count(
    node: Call, wanted: str, noun: str = "operand", *, help: str | None = None, related: tuple[str, Span] | None = None
) -> ShapeError:
    """The error for a wrong number of operands."""
    noun = noun if wanted == "1" else f"{noun}s"
    return ShapeError(
        f"`{node.function}` takes {wanted} {noun}, not {len(node.arguments)}", node.span,
        help=help if help is None or help.startswith("write ") else f"{node.function}: {help}", related=related,
    )
