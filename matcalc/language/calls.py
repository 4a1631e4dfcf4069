"""Calls of functions: how many operands they take."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from matcalc.errors import NotSupportedError, ShapeError, Span, UnknownNameError
from matcalc.language.tree import Call, Name, Number, Unary
from matcalc.operations.rows import Derived, Elementwise, MatrixFunction, Multilinear, Operation, Planned
from matcalc.operations.table import FUNCTIONS

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
    for _, value in node.keywords:
        sign = -1 if isinstance(value, Unary) else 1
        number = value.operand if isinstance(value, Unary) else value
        assert isinstance(number, Number)
        return sign * int(number.value)
    return None


def check_keywords(node: Call, row: Operation | None = None) -> None:
    """Refuse every `option=` but the axis of what can run along one."""
    for keyword, value in node.keywords:
        if keyword != "axis":
            raise UnknownNameError(f"`{node.function}` has no option `{keyword}`", value.span)
        if row is None or row.of_vector is None:
            raise NotSupportedError(f"{node.function} with axis=", node.span)
        number = value.operand if isinstance(value, Unary) else value
        if not (isinstance(number, Number) and number.value in ((1,) if isinstance(value, Unary) else (0, 1))):
            raise ShapeError(
                "an axis is 0, 1 or -1", value.span, help="axis=0 runs down the columns of a matrix, axis=1 along its rows"
            )


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
    if count != arity:
        raise wrong_count(node, str(arity), help=row.summary)


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
        help=f"{node.function}: {help}" if help else None, related=related,
    )
