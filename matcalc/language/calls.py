"""Calls of functions: how many operands they take."""

from __future__ import annotations

from matcalc.errors import NotSupportedError, ShapeError, Span, UnknownNameError
from matcalc.language.tree import Call, Expr, Name, Number
from matcalc.operations.rows import Derived, Elementwise, MatrixFunction, Multilinear, Operation, Planned


def norm_of(order: Expr) -> str:
    """The function for `norm(x, p)`."""
    if isinstance(order, Number) and order.value in (1, 2):
        return f"norm{order.value}"
    raise NotSupportedError(
        f"the norm with p = {order.span.excerpt}", order.span,
        help="write `sum(abs(x) ** p) ** (1/p)`" if isinstance(order, Number) else None,
    )


def is_function_of_t(node: Call) -> bool:
    """Whether this is written as `x(t)`."""
    return len(node.arguments) == 1 and isinstance(node.arguments[0], Name) and node.arguments[0].name == "t"


def check_keywords(node: Call) -> None:
    """Refuse every `option=`; none is supported so far."""
    for keyword, value in node.keywords:
        if keyword == "axis":
            raise NotSupportedError(
                f"{node.function} with axis=", node.span,
                help="write `X ones(n)` for row sums, `ones(m)' X` for column sums" if node.function == "sum" else None,
            )
        raise UnknownNameError(f"`{node.function}` has no option `{keyword}`", value.span)


def check_operands(node: Call, row: Operation) -> None:
    """The number of operands that the operation table states."""
    count = len(node.arguments)
    if isinstance(row, Planned):
        raise NotSupportedError(row.name, node.span, help=f"write {row.instead}" if row.instead else None)
    if isinstance(row, Elementwise) and row.variadic:
        if count == 1:
            raise NotSupportedError(f"{row.name} of all elements", node.span)
        if count >= row.arity:
            return
        raise wrong_count(node, f"{row.arity} or more", help=row.summary)
    if row.name == "norm" and count == 2:
        norm_of(node.arguments[1])
        return
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
