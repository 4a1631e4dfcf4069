"""Rules for the constant arrays: the pairs that vec counts, the Levi-Civita symbol, the lower triangle.

Each changes a product in place. `products` says in which order they apply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcalc.language.dimensions import Dim
from matcalc.operations.table import matrix_function
from matcalc.tensor.nodes import Labels, MatrixCall, Node, Pattern, connected

if TYPE_CHECKING:
    from matcalc.calculus.products import Product

Factor = tuple[Node, Labels]


def pairs(product: Product) -> None:
    """Σₐ Pₐᵢⱼ Pₐₖₗ = δᵢₖ δⱼₗ; Σᵢⱼ Pₐᵢⱼ P_bᵢⱼ = δ_ab; Σₐ Pₐᵢⱼ = Σ over both of the others = 1 (P counts each pair once)."""
    found = [factor for factor in product.factors if _is(factor[0], "pair")]
    for factor in found:
        if factor not in product.factors:
            continue
        node, (a, i, j) = factor
        for other in found:
            if other is factor or other not in product.factors or other[0] is not node:
                continue
            b, k, m = other[1]
            if a == b and _only(product, a, (factor, other)):
                _replace(product, (factor, other), [(node.shape[1], (i, k)), (node.shape[2], (j, m))])
                break
            if (i, j) == (k, m) and all(_only(product, each, (factor, other)) for each in (i, j)):
                _replace(product, (factor, other), [(node.shape[0], (a, b))])
                break
        else:
            free = [_only(product, label, (factor,)) for label in (a, i, j)]
            if free[0] or (free[1] and free[2]):
                product.factors.remove(factor)
                rest = zip(node.shape, (a, i, j), free, strict=True)
                product.factors += [(product.s.graph.ones(size), (label,)) for size, label, summed in rest if not summed]
                product.drop_ones()


def _is(node: Node, name: str) -> bool:
    return type(node) is Pattern and node.name == name


def _only(product: Product, label: int, factors: tuple[Factor, ...]) -> bool:
    """Whether a label is summed and stands in these factors only, once in each."""
    if label in product.kept:
        return False
    uses = sum(name == label for _, names in product.factors for name in names)
    return uses == len(factors) == sum(name == label for _, names in factors for name in names)


def _replace(product: Product, factors: tuple[Factor, ...], deltas: list[tuple[Dim, tuple[int, int]]]) -> None:
    graph = product.s.graph
    for factor in factors:
        product.factors.remove(factor)
    for size, (one, other) in deltas:
        product.factors.append((graph.delta(size), (one, other)))
    product.drop_deltas()
    product.drop_ones()


def cross_products(product: Product) -> None:
    """εᵢⱼₖ uₖ = -skew(u)ᵢⱼ, so that a × b = skew(a) b; skew(u)ᵀ = -skew(u); uᵀ skew(v) u = 0 = skew(u) u."""
    for factor in [factor for factor in product.factors if _is(factor[0], "cross")]:
        _, labels = factor
        if len(set(labels)) < len(labels):
            product.coefficient = 0
            return
        rest = [other for other in product.factors if other is not factor]
        vectors = [
            (max(node.id for node, _ in members), labels.index(label), members)
            for members, around in connected(rest)
            for label in labels
            if around & {*labels, *product.kept} == {label} and label not in product.kept
        ]
        if not vectors:
            continue
        _, axis, members = min(vectors, key=lambda item: item[:2])
        vector = product.s.contraction(members, labels[axis : axis + 1])
        product.factors = [other for other in rest if other not in members]
        product.coefficient *= -1
        rows, columns = labels[(axis + 1) % 3], labels[(axis + 2) % 3]
        product.put(product.s.matrix_call(matrix_function("skew"), vector), (rows, columns))
    for factor in [factor for factor in product.factors if _is_skew(factor[0])]:
        _turn(product, factor)


def _is_skew(node: Node) -> bool:
    return type(node) is MatrixCall and node.operation.name == "skew" and node.order == 2


def _turn(product: Product, factor: Factor) -> None:
    """Write a skew-symmetric factor with a kept label first; drop the product if it is zero."""
    node, labels = factor
    rows, columns = labels
    on = {label: [other for other in product.factors if label in other[1] and other is not factor] for label in labels}
    vectors = {label: others[0][0] for label, others in on.items() if len(others) == 1 and others[0][1] == (label,)}
    summed = [label for label in labels if label not in product.kept]
    known = {vectors[label] for label in summed if label in vectors}
    if rows == columns or node.args[0] in known or (len(known) == 1 and len(vectors) == 2 and len(summed) == 2):
        product.coefficient = 0
        return
    place = {label: product.out.index(label) if label in product.kept else len(product.out) for label in labels}
    ids = {label: vectors[label].id if label in vectors else -1 for label in labels}
    if (place[rows], -ids[rows]) > (place[columns], -ids[columns]):
        product.factors[product.factors.index(factor)] = (node, (columns, rows))
        product.coefficient *= -1


def triangles(product: Product) -> None:
    """L ⊙ L = L and L ⊙ Lᵀ = I for the lower triangle of ones; L ⊙ I = I."""
    graph = product.s.graph
    found = [factor for factor in product.factors if _is(factor[0], "lower")]
    for factor in found:
        node, (i, j) = factor
        if i == j:
            product.factors.remove(factor)
            product.factors.append((graph.ones(node.shape[0]), (i,)))
            product.drop_ones()
        elif product.factors.count(factor) > 1:
            product.factors.remove(factor)
        elif (node, (j, i)) in product.factors:
            product.factors.remove(factor)
            product.factors.remove((node, (j, i)))
            product.factors.append((graph.delta(node.shape[0]), (i, j)))
            product.drop_deltas()
            product.drop_ones()
            return
