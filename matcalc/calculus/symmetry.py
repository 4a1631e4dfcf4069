"""Which order-2 nodes are symmetric matrices, and transposes."""

from __future__ import annotations

from matcalc.tensor.nodes import Contraction, Delta, Graph, MatrixCall, Node, Sum, Variable

SYMMETRIC = frozenset({"symmetric", "spd", "diagonal"})
"""Declared properties that imply symmetry."""

_TERMS = 64
"""Sums and products with more operands than this are not looked into."""


def is_symmetric(graph: Graph, node: Node) -> bool:
    """Whether a node equals its transpose: by declaration, or because its transpose is the identical node.

    A false negative costs a simplification only.
    """
    if node.order != 2:
        return False
    match node:
        case Variable():
            return bool(node.properties & SYMMETRIC)
        case Delta():
            return True
        case MatrixCall():
            return node.operation.name == "inv" and is_symmetric(graph, node.args[0])
        case Contraction() | Sum():
            return len(node.args) <= _TERMS and transposed(graph, node) is node
    return False


def transposed(graph: Graph, node: Node) -> Node:
    """The transpose of an order-2 node, pushed into products and the terms of a sum."""
    match node:
        case Contraction():
            swapped = {0: 1, 1: 0}
            factors = [
                (arg, tuple(swapped.get(label, label) for label in labels))
                for arg, labels in zip(node.args, node.labels, strict=True)
            ]
            return graph.contraction(oriented(graph, factors), (0, 1), node.shape[::-1])
        case Sum():
            terms = zip(node.coefficients, (transposed(graph, arg) for arg in node.args), strict=True)
            return graph.sum(terms, node.shape[::-1])
        case Delta():
            return node
        case Variable() if node.properties & SYMMETRIC:
            return node
    return graph.contraction([(node, (1, 0))], (0, 1))


def oriented(graph: Graph, factors: list[tuple[Node, tuple[int, ...]]]) -> list[tuple[Node, tuple[int, ...]]]:
    """The factors with the labels of symmetric matrices in a canonical order.

    A label's rank is where else it occurs, so that the order does not depend on how labels are numbered.
    """
    if not any(node.order == 2 and type(node) is not Delta and is_symmetric(graph, node) for node, _ in factors):
        return factors
    ranks: dict[int, tuple[tuple[int, int], ...]] = {}
    for own, (_, labels) in enumerate(factors):
        for label in labels:
            elsewhere = sorted(
                (node.id, 0 if is_symmetric(graph, node) else axis)
                for other, (node, others) in enumerate(factors)
                for axis, candidate in enumerate(others)
                if candidate == label and other != own
            )
            ranks.setdefault(label, tuple(elsewhere))
    result = []
    for node, labels in factors:
        if node.order == 2 and labels[0] != labels[1] and is_symmetric(graph, node):
            first, second = labels
            low, high = (ranks[first], first), (ranks[second], second)
            # Kept labels (the smallest numbers) decide among themselves; summed ones only by where they occur.
            if (first not in (0, 1), low[0], first) > (second not in (0, 1), high[0], second):
                labels = (second, first)
        result.append((node, labels))
    return result
