"""Rules for matrices with a declared structure: orthogonal, triangular, diagonal.

Each changes a product in place. `products` says in which order they apply.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from matcalc.operations.table import elementwise, matrix_function
from matcalc.tensor.nodes import Contraction, Delta, Labels, MatrixCall, Node, Pattern, Sum, Variable

if TYPE_CHECKING:
    from matcalc.calculus.products import Product
    from matcalc.calculus.simplify import Simplifier

Factor = tuple[Node, Labels]

ORTHOGONAL = frozenset({"orthogonal"})
ORTHONORMAL = (ORTHOGONAL | {"orthonormal_columns"}, ORTHOGONAL | {"orthonormal_rows"})
"""What makes the product over the first axis, QᵀQ, and that over the second, QQᵀ, the identity."""
_FEW = 20
"""Sums with more terms than this are not looked into."""

TRIANGULAR = {"lower_triangular": "lower", "upper_triangular": "upper"}


def has(node: Node, properties: frozenset[str]) -> bool:
    """Is it a variable that was declared to have one of these properties?"""
    return type(node) is Variable and bool(node.properties & properties)


def triangle_of(node: Node) -> str:
    """"lower", "upper" or "diagonal" for a matrix with zeros elsewhere, by declaration or as an inverse; otherwise ""."""
    while type(node) is MatrixCall and node.operation.name == "inv":
        node = node.args[0]
    if type(node) is Variable:
        if "diagonal" in node.properties:
            return "diagonal"
        return next((TRIANGULAR[each] for each in sorted(node.properties) if each in TRIANGULAR), "")
    if type(node) is Contraction and len(node.args) == 1 and node.labels == ((1, 0),):
        return {"lower": "upper", "upper": "lower"}.get(found := triangle_of(node.args[0]), found)
    return ""


def orthogonal(product: Product) -> None:
    """QᵀQ = QQᵀ = I."""
    while True:
        found = [factor for factor in product.factors if has(factor[0], ORTHONORMAL[0] | ORTHONORMAL[1])]
        for first, second in combinations(found, 2):
            axis = next((axis for axis in (0, 1) if _joined(product, first, second, axis)), None)
            if first[0] is second[0] and axis is not None and has(first[0], ORTHONORMAL[axis]):
                product.factors.remove(first)
                product.factors.remove(second)
                delta = product.s.graph.delta(first[0].shape[1 - axis])
                product.factors.append((delta, (first[1][1 - axis], second[1][1 - axis])))
                product.drop_deltas()
                product.drop_ones()
                break
        else:
            return


def _joined(product: Product, first: Factor, second: Factor, axis: int) -> bool:
    """Whether two factors have a summed label that no other has, both on this axis."""
    label = first[1][axis]
    uses = sum(name == label for _, names in product.factors for name in names)
    return label == second[1][axis] and label not in product.kept and uses == 2


def triangular(product: Product) -> None:
    """tril(L) = L, tril(U) = I ⊙ U, D ⊙ I = D and D ⊙ A = I ⊙ D ⊙ A for a diagonal D."""
    graph = product.s.graph
    for position, (node, labels) in enumerate(product.factors):
        if node.order == 2 and labels[0] != labels[1] and triangle_of(node) == "diagonal":
            others = [names for other, (_, names) in enumerate(product.factors) if other != position]
            if any(set(labels) <= set(names) for names in others):
                product.factors[position] = (node, labels[:1] * 2)
                product.factors.append((graph.delta(node.shape[0]), labels))
                product.drop_deltas()
                product.drop_ones()
                break
    for factor in [factor for factor in product.factors if type(factor[0]) is Pattern and factor[0].name == "lower"]:
        i, j = factor[1]
        for node, labels in product.factors:
            kind = triangle_of(node) if set(labels) == {i, j} and i != j else ""
            if not kind:
                continue
            lower = kind == "diagonal" or (kind == "lower") == (labels == (i, j))
            product.factors.remove(factor)
            if not lower:
                product.factors.append((graph.delta(node.shape[0]), (i, j)))
                product.drop_deltas()
            break
    for position, (node, labels) in enumerate(product.factors):
        if node.order == 2 and labels[0] == labels[1] and triangle_of(node) == "diagonal":
            identity = next((f for f in product.factors if type(f[0]) is Delta and labels[0] in f[1]), None)
            if identity is not None:
                product.factors[position] = (node, identity[1])
                product.factors.remove(identity)
                return


def diagonals(product: Product) -> None:
    """diag(A + Aᵀ) = 2 diag(A): the diagonal of a sum is that of its terms, if they become fewer."""
    s = product.s
    for position, (node, labels) in enumerate(product.factors):
        if type(node) is Sum and node.order == 2 and labels[0] == labels[1] and 1 < len(node.args) <= _FEW:
            parts = [s.contraction([(arg, (0, 0))], (0,), node.shape[:1]) for arg in node.args]
            total = s.sum(zip(node.coefficients, parts, strict=True), node.shape[:1])
            if type(total) is not Sum or len(total.args) < len(node.args):
                del product.factors[position]
                product.put(total, labels[:1])
                product.drop_ones()
                return


def determinant(s: Simplifier, name: str, node: Node) -> Node | None:
    """det(Q) is 1 or -1, so that log|det Q| = 0; det(L) is the product of the diagonal of a triangular L."""
    if has(node, ORTHOGONAL) and name == "logdet":
        return s.graph.number(0)
    if type(node) is not Variable or triangle_of(node) not in ("lower", "upper"):
        return None
    diagonal = s.contraction([(node, (0, 0))], (0,))
    if name == "det":
        return s.matrix_call(matrix_function("prod"), diagonal)
    logarithms = s.pointwise(elementwise("log"), [s.pointwise(elementwise("abs"), [diagonal])])
    return s.contraction([(logarithms, (0,))], ())
