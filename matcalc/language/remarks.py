"""What may have been meant otherwise: `*` for the product of matrices, bars for a norm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from matcalc.language.mismatch import excerpt
from matcalc.language.shapes import Inference
from matcalc.language.tree import Binary, Call, Expr, Index, IndexSum, Name, Number, Transpose, children, postorder

_OF_MATRICES: Final = frozenset({"tr", "trace", "Tr", "det", "logdet", "inv", "pinv", "solve"})
"""Functions of products of matrices: there `*` is seldom meant element by element."""

_TOTALS: Final = frozenset({"sum", "mean"})


def remarks(inference: Inference) -> Iterator[str]:
    """What to remark on the operators of a program."""
    program = inference.program
    if not program.dialect.paper:
        return
    of_number = _kind(inference, program.body) == "scalar"
    for root in (*(binding.value for binding in program.bindings), program.body):
        nodes = list(postorder(root))
        multiplied = {node.left for node in nodes if isinstance(node, Binary) and node.operator in ("@", "juxtapose")}
        for node in nodes:
            found = None
            if isinstance(node, Binary) and node.operator == "*":
                found = _star(inference, node, goes_on=node in multiplied)
            elif isinstance(node, Binary) and node.operator in ("^", "**") and not of_number:
                found = _bars(inference, node)
            elif isinstance(node, Call) and node.function in _OF_MATRICES:
                yield from _stars_in(inference, node)
            elif isinstance(node, Call) and node.function in _TOTALS and len(node.arguments) == 1 and not node.keywords:
                found = _total(inference, node)
            if found is not None:
                yield found


def _star(inference: Inference, node: Binary, *, goes_on: bool) -> str | None:
    """`X'*Y`, `w'*x`, `A*x`: a star where the operands look like those of a product of linear algebra.

    Where the product goes on, as in `lam*x' c`, a number before a row is what it looks like.
    """
    left, right = node.left, node.right
    kinds = _kind(inference, left), _kind(inference, right)
    if node.operator_span.excerpt != "*":
        return None
    if kinds == ("matrix", "matrix"):
        named = isinstance(left, Transpose) and any(_assumed(inference, name) for name in postorder(node))
        return _element_by_element(node) if named else None
    if kinds in (("row", "scalar"), ("matrix", "scalar")) and _is_letter(inference, right):
        return _scaled(right, left)
    if kinds == ("scalar", "row") and not goes_on and isinstance(right, Transpose) and _is_letter(inference, left):
        return _scaled(left, right)
    return None


def _stars_in(inference: Inference, call: Call) -> Iterator[str]:
    """`tr(A*X*B)` with letters that are not declared."""
    stack = list(call.arguments)
    while stack:
        node = stack.pop()
        if isinstance(node, Call) and node.function in _OF_MATRICES:
            continue
        star = isinstance(node, Binary) and node.operator == "*" and node.operator_span.excerpt == "*"
        if star and all(_kind(inference, side) == "matrix" for side in children(node)):
            assert isinstance(node, Binary)
            if any(_assumed(inference, name) for name in postorder(node)):
                yield _element_by_element(node)
            continue
        stack += children(node)


def _total(inference: Inference, call: Call) -> str | None:
    """`sum(x @ y)`: if x and y were vectors it would be the sum of one number, so that they are something else."""
    stack: list[tuple[Expr, str]] = [(call.arguments[0], "")]
    while stack:
        node, unexpected = stack.pop()
        if isinstance(node, (Index, IndexSum)) or (isinstance(node, Call) and node.function in _TOTALS):
            continue
        small = isinstance(node, Name) and node.name[0].islower() and _assumed(inference, node)
        kind = _kind(inference, node)
        if small and kind in unexpected.split():
            what, inside = "number" if kind == "scalar" else kind, excerpt(call.arguments[0])
            return f"{excerpt(node)} is a {what} here; for vectors {inside} is one number, without {call.function}"
        if isinstance(node, Binary) and node.operator in ("@", "juxtapose"):
            unexpected = "matrix scalar" if isinstance(node.left, Transpose) else "matrix"
        stack += [(child, unexpected) for child in children(node)]
    return None


def _bars(inference: Inference, node: Binary) -> str | None:
    """`|A x - b|^2`, which is no norm."""
    inside = node.left
    bars = isinstance(inside, Call) and inside.function == "abs" and inside.name_span.excerpt == "|"
    if not (bars and isinstance(node.right, Number) and node.right.value == 2 and _kind(inference, inside) != "scalar"):
        return None
    return f"{excerpt(inside)} is taken element by element; the norm is written ||…||"


def _kind(inference: Inference, node: Expr) -> str:
    """The kind of a value; what is in subscripts and bounds is a number."""
    shape = inference.shapes.get(node)
    return "scalar" if shape is None else shape.kind


def _is_letter(inference: Inference, node: Expr) -> bool:
    """Whether this is a name that is not declared."""
    return isinstance(node, Name) and _assumed(inference, node)


def _assumed(inference: Inference, node: Expr) -> bool:
    symbol = inference.symbols.get(node.name) if isinstance(node, Name) else None
    return symbol is not None and not symbol.declared


def _element_by_element(node: Binary) -> str:
    return f"{excerpt(node)} is taken element by element; the product of matrices is written with a space or @"


def _scaled(number: Expr, other: Expr) -> str:
    product = "a product of vectors and matrices is written with a space or @"
    return f"{excerpt(number)} is a number here, by which {excerpt(other)} is multiplied; {product}"
