"""What is known of the signs of the entries of a node: by declaration, and by how it is made."""

from __future__ import annotations

from enum import IntEnum

from matcalc.calculus.cancellation import split_power
from matcalc.calculus.looks import is_distribution
from matcalc.operations.rows import Elementwise
from matcalc.tensor.nodes import (
    Concatenation,
    Constant,
    Contraction,
    Delta,
    Graph,
    MatrixCall,
    Node,
    Number,
    Ones,
    Pattern,
    Pointwise,
    Size,
    Slice,
    Sum,
    Unit,
    Variable,
    Zero,
)

_DEPTH = 20
"""How deep a look goes."""


class Sign(IntEnum):
    """What is known of all entries of a node; more is known of what comes later."""

    UNKNOWN = 0
    NONNEGATIVE = 1
    POSITIVE = 2


_POSITIVE = frozenset({"exp", "sigmoid", "softplus", "cosh"})
_NONNEGATIVE = frozenset({"abs", "relu"})


def sign(graph: Graph, node: Node) -> Sign:
    """What is known of the entries. UNKNOWN costs a simplification only."""
    known = graph.signs.get(node)
    if known is None:
        if graph.looking > _DEPTH:
            return Sign.UNKNOWN
        graph.looking += 1
        known = graph.signs[node] = _sign(graph, node)
        graph.looking -= 1
    return Sign(known)


def is_positive(graph: Graph, node: Node) -> bool:
    """Are all entries known to be positive?"""
    return sign(graph, node) == Sign.POSITIVE


def is_nonnegative(graph: Graph, node: Node) -> bool:
    """Are all entries known not to be negative?"""
    return sign(graph, node) >= Sign.NONNEGATIVE


def _sign(graph: Graph, node: Node) -> Sign:
    match node:
        case Variable():
            return Sign.POSITIVE if "positive" in node.properties else Sign.UNKNOWN
        case Number():
            return Sign.POSITIVE if node.value > 0 else Sign.NONNEGATIVE if node.value == 0 else Sign.UNKNOWN
        case Ones() | Size() | Constant():
            return Sign.POSITIVE
        case Zero() | Delta() | Unit():
            return Sign.NONNEGATIVE
        case Pattern():
            return Sign.UNKNOWN if node.name == "cross" else Sign.NONNEGATIVE
        case Pointwise():
            return _of_pointwise(graph, node)
        case MatrixCall():
            return _of_matrix_call(graph, node)
        case Sum():
            return _of_sum(graph, node)
        case Contraction():
            return _of_contraction(graph, node)
        case Concatenation():
            return min(sign(graph, arg) for arg in node.args)
        case Slice():
            return sign(graph, node.args[0])
    return Sign.UNKNOWN


def _of_sum(graph: Graph, node: Sum) -> Sign:
    if min(node.coefficients) < 0:
        return Sign.UNKNOWN
    signs = [sign(graph, arg) for arg in node.args]
    return max(signs) if min(signs) > Sign.UNKNOWN else Sign.UNKNOWN


def _of_contraction(graph: Graph, node: Contraction) -> Sign:
    """Sums of products; those of factors that vanish here and there are not negative. A sum of squares is not either."""
    lowest = Sign.POSITIVE
    seen: dict[tuple[Node, tuple[int, ...]], int] = {}
    for factor in zip(node.args, node.labels, strict=True):
        seen[factor] = seen.get(factor, 0) + 1
    for (arg, _), times in seen.items():
        lowest = min(lowest, Sign.NONNEGATIVE if times % 2 == 0 and not is_positive(graph, arg) else sign(graph, arg))
    return lowest


def _of_pointwise(graph: Graph, node: Pointwise) -> Sign:
    operation = node.operation
    if not isinstance(operation, Elementwise):
        return Sign.UNKNOWN
    if operation.name in _POSITIVE:
        return Sign.POSITIVE
    if operation.indicator or operation.name in _NONNEGATIVE:
        return Sign.POSITIVE if operation.name == "abs" and is_positive(graph, node.args[0]) else Sign.NONNEGATIVE
    if operation.name == "power":
        base, exponent = split_power(node)
        if is_positive(graph, node.args[0]):
            return Sign.POSITIVE
        if base is not node and exponent == int(exponent) and exponent % 2 == 0:
            return Sign.NONNEGATIVE  # 1/x² is positive where there is a value, but x² may be 0
        return Sign.NONNEGATIVE if base is not node and is_nonnegative(graph, base) else Sign.UNKNOWN
    if operation.name in ("max", "min"):
        pick = max if operation.name == "max" else min
        return pick(sign(graph, arg) for arg in node.args)
    if operation.name == "where":
        return min(sign(graph, arg) for arg in node.args[1:])
    return Sign.UNKNOWN


def _of_matrix_call(graph: Graph, node: MatrixCall) -> Sign:
    name, arg = node.operation.name, node.args[0]
    if name == "softmax":
        return Sign.POSITIVE
    if is_distribution(node):
        return Sign.NONNEGATIVE
    if name in ("prod", "amax", "amin"):
        return sign(graph, arg)
    if name == "det" and is_positive_definite(graph, arg):
        return Sign.POSITIVE
    return Sign.UNKNOWN


def is_positive_definite(graph: Graph, node: Node, depth: int = 0) -> bool:
    """Is a matrix known to be symmetric and positive definite? By declaration, as an inverse, or as a sum of such."""
    if depth > _DEPTH:
        return False
    match node:
        case Variable():
            return "spd" in node.properties
        case Delta():
            return True
        case MatrixCall():
            return node.operation.name == "inv" and is_positive_definite(graph, node.args[0], depth + 1)
        case Sum():
            return min(node.coefficients) > 0 and all(is_positive_definite(graph, arg, depth + 1) for arg in node.args)
        case Contraction():
            matrices = [arg for arg in node.args if arg.order]
            scalars = [arg for arg in node.args if not arg.order]
            return (
                len(matrices) == 1 and len(set(node.labels[node.args.index(matrices[0])])) == 2
                and is_positive_definite(graph, matrices[0], depth + 1) and all(is_positive(graph, arg) for arg in scalars)
            )
    return False
