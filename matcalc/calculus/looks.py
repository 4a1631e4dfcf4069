"""What products and sums look like: how factors are joined, along which axes they repeat, of which blocks they are made."""

from __future__ import annotations

from collections.abc import Container, Sequence

from matcalc.language.dimensions import Dim
from matcalc.operations.rows import Elementwise
from matcalc.tensor.nodes import (
    Concatenation,
    Contraction,
    Delta,
    Labels,
    MatrixCall,
    Node,
    Number,
    Ones,
    Pointwise,
    Sum,
    Unit,
    Zero,
    connected,
)

FEW = 20
"""Sums with more terms than this are not looked into."""

_BLOCKS = 6
"""How deep blocks are looked for."""

Factor = tuple[Node, Labels]


def parts_of(node: Node) -> Sequence[Factor]:
    """The factors of a product; any other node itself."""
    if type(node) is Contraction:
        return list(zip(node.args, node.labels, strict=True))
    return [(node, tuple(range(node.order)))]


def kind(factors: Sequence[Factor]) -> str:
    """What a product with two axes is: "diagonal" if it has δ, "outer" if no factor joins the axes, or else "matrix"."""
    if any(type(factor) is Delta and labels == (0, 1) for factor, labels in factors):
        return "matrix" if any(1 in labels and type(factor) is not Delta for factor, labels in factors) else "diagonal"
    return "matrix" if any({0, 1} <= labels for _, labels in connected(factors)) else "outer"


def joined(factors: Sequence[Factor], kept: Container[int]) -> list[list[Factor]]:
    """The parts of a product that share no summed label."""
    parts: list[tuple[list[Factor], set[int]]] = []
    for factor in factors:
        members, summed = [factor], {label for label in factor[1] if label not in kept}
        apart = []
        for part in parts:
            if part[1] & summed:
                members = part[0] + members
                summed |= part[1]
            else:
                apart.append(part)
        parts = [*apart, (members, summed)]
    return [members for members, _ in parts]


def is_indicator(node: Node) -> bool:
    """Whether the values of an element-wise function are 0 and 1."""
    return type(node) is Pointwise and isinstance(node.operation, Elementwise) and node.operation.indicator


def is_distribution(node: Node) -> bool:
    """Whether the entries along the last axis are not negative and add up to 1."""
    return type(node) is MatrixCall and node.operation.is_distribution


def divides(node: Node, axis: int, sizes: Sequence[Dim], depth: int = 0) -> bool:
    """Whether an array is made of blocks of these sizes along an axis."""
    if depth > _BLOCKS:
        return False
    match node:
        case Ones() | Zero():
            return True
        case Concatenation() if node.axis == axis:
            return [part.shape[axis] for part in node.args] == list(sizes)
        case Sum() | Pointwise():
            return all(divides(arg, axis, sizes, depth + 1) for arg in node.args if arg.order)
        case Contraction():
            joined = [(arg, names) for arg, names in zip(node.args, node.labels, strict=True) if axis in names]
            return all(names.count(axis) == 1 and divides(arg, names.index(axis), sizes, depth + 1) for arg, names in joined)
    return False


def repeated(node: Node) -> set[int]:
    """The axes along which a node repeats."""
    if type(node) in (Ones, Zero):
        return set(range(node.order))
    if type(node) is Contraction:
        factors = list(zip(node.args, node.labels, strict=True))
        filled = {labels[0] for arg, labels in factors if type(arg) is Ones}
        return filled - {label for arg, labels in factors if type(arg) is not Ones for label in labels}
    if type(node) is Sum and len(node.args) <= FEW:
        return set.intersection(*(repeated(arg) for arg in node.args))
    return set()


def is_zero(node: Node) -> bool:
    """Whether this is zero, or an array of zeros."""
    return type(node) is Zero or (type(node) is Number and node.value == 0)


def has_unit(node: Node) -> bool:
    """Whether this is a multiple of a unit vector."""
    return type(node) is Unit or (type(node) is Contraction and any(type(arg) is Unit for arg in node.args))
