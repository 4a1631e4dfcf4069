"""Symmetric matrices, transposes, and the one order in which the factors of a product are kept."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.tensor.nodes import Contraction, Delta, Graph, Labels, MatrixCall, Node, Pointwise, Sum, Variable

SYMMETRIC = frozenset({"symmetric", "spd", "diagonal"})
"""Declared properties that imply symmetry."""

_OF_SYMMETRIC = frozenset({"inv", "matrix_power", "expm"})
"""Functions of a symmetric matrix with symmetric values."""

_TERMS = 64
"""Sums and products with more operands than this are not looked into."""

_DEPTH = 30
"""How deep a look goes into matrices made of matrices."""


def is_symmetric(graph: Graph, node: Node) -> bool:
    """Whether a node equals its transpose: by declaration, or because its transpose is the identical node.

    A false negative costs a simplification only.
    """
    if node.order != 2:
        return False
    known = graph.symmetric.get(node)
    if known is None:
        if graph.looking > _DEPTH:
            return False
        graph.looking += 1
        known = graph.symmetric[node] = _is_symmetric(graph, node)
        graph.looking -= 1
    return known


def _is_symmetric(graph: Graph, node: Node) -> bool:
    match node:
        case Variable():
            return bool(node.properties & SYMMETRIC)
        case Delta():
            return True
        case Pointwise():
            return all(not arg.order or is_symmetric(graph, arg) for arg in node.args)
        case MatrixCall():
            return node.operation.name in _OF_SYMMETRIC and is_symmetric(graph, node.args[0])
        case Contraction() | Sum():
            return len(node.args) <= _TERMS and transposed(graph, node) is node
    return False


def is_turned(graph: Graph, node: Sum) -> bool:
    """Whether a sum of matrices, none of them a product, is written with more transposes than its transpose."""
    if node.order != 2 or len(node.args) > _TERMS:
        return False
    turned = [arg for arg in node.args if type(arg) is Contraction and arg.labels == ((1, 0),)]
    others = [arg for arg in node.args if arg not in turned and not is_symmetric(graph, arg)] if turned else []
    return len(turned) > len(others) and not any(type(arg) is Contraction for arg in others)


def transposed(graph: Graph, node: Node) -> Node:
    """The transpose of an order-2 node, pushed into products and the terms of a sum."""
    match node:
        case Contraction() if _is_diagonal(node):
            return node
        case Contraction():
            swapped = {0: 1, 1: 0}
            factors = [
                (arg, labels if type(arg) is Delta and labels == (0, 1) else tuple(swapped.get(k, k) for k in labels))
                for arg, labels in zip(node.args, node.labels, strict=True)
            ]
            return graph.contraction(canonical(graph, factors, 2), (0, 1), node.shape[::-1])
        case Sum():
            terms = zip(node.coefficients, (transposed(graph, arg) for arg in node.args), strict=True)
            return graph.sum(terms, node.shape[::-1])
    if is_symmetric(graph, node):
        return node
    return graph.contraction([(node, (1, 0))], (0, 1))


def _is_diagonal(node: Contraction) -> bool:
    """Whether a product is diag(v): δ and factors on the first axis."""
    factors = list(zip(node.args, node.labels, strict=True))
    joined = any(type(arg) is Delta and labels == (0, 1) for arg, labels in factors)
    return joined and all(type(arg) is Delta or 1 not in labels for arg, labels in factors)


def canonical(graph: Graph, factors: Sequence[tuple[Node, Labels]], order: int) -> Sequence[tuple[Node, Labels]]:
    """The factors in an order, and the labels of symmetric matrices in an order, that depend on how they are joined only.

    Labels below `order` are kept ones, each different from all others; a summed label is told apart by where it occurs.
    """
    symmetric = [node.order == 2 and type(node) is not Delta and is_symmetric(graph, node) for node, _ in factors]
    if not any(symmetric) and len({node for node, _ in factors}) == len(factors):
        return factors
    rank = {label: min(label, order) for _, labels in factors for label in labels}
    known = 0
    for _ in range(len(factors) + 1):  # around a label is looked as far as that tells it from others
        places: dict[int, list[tuple[int, int, tuple[int, ...]]]] = {label: [] for label in rank}
        for (node, labels), either in zip(factors, symmetric, strict=True):
            around = tuple(rank[label] for label in labels)
            for axis, label in enumerate(labels):
                if either:
                    places[label].append((node.id, 0, around if axis == 0 else around[::-1]))
                else:
                    places[label].append((node.id, axis, around))
        described = {label: (rank[label], sorted(found)) for label, found in places.items()}
        classes: dict[str, int] = {}
        for description in sorted(described.values()):
            classes.setdefault(repr(description), len(classes))
        rank = {label: classes[repr(description)] for label, description in described.items()}
        if len(classes) == known:
            break
        known = len(classes)
    turned = [
        (node, labels[::-1] if either and rank[labels[0]] > rank[labels[1]] else labels)
        for (node, labels), either in zip(factors, symmetric, strict=True)
    ]
    return sorted(turned, key=lambda factor: (factor[0].id, [rank[label] for label in factor[1]]))
