"""Entries of what was written entry by entry: [a, b, c] with a unit vector, and the 2×2 determinant and inverse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcalc.language.dimensions import Dim, dim
from matcalc.tensor.nodes import Concatenation, Labels, MatrixCall, Node, Unit

if TYPE_CHECKING:
    from matcalc.calculus.products import Product
    from matcalc.calculus.simplify import Simplifier

Factor = tuple[Node, Labels]


def entries(product: Product) -> None:
    """eₖ·[a; b; c] is the k-th of a, b, c, and eᵢᵀ [[a, b], [c, d]]⁻¹ eⱼ an entry of [[d, -b], [-c, a]]/(a d - b c)."""
    for unit, (label,) in [factor for factor in product.factors if type(factor[0]) is Unit]:
        joined = [factor for factor in product.factors if label in factor[1]]
        others = [factor for factor in joined if factor != (unit, (label,))]
        if label in product.kept or len(joined) != 2 or len(others) != 1:
            continue
        assert isinstance(unit, Unit)
        node, labels = other = others[0]
        if isinstance(node, Concatenation) and labels[node.axis] == label and labels.count(label) == 1:
            taken = _block(node, unit)
            if taken is not None:
                block, position = taken
                for factor in joined:
                    product.factors.remove(factor)
                size = block.shape[node.axis]
                graph = product.s.graph
                product.factors.append((graph.ones(size) if size.size == 1 else graph.unit(size, dim(position)), (label,)))
                product.put(block, labels)
        elif isinstance(node, MatrixCall) and node.operation.name == "inv" and is_two_by_two(node.args[0]):
            _entry_of_inverse(product, other)
    product.drop_ones()


def _block(node: Concatenation, unit: Unit) -> tuple[Node, int] | None:
    """The block in which the entry of a unit vector lies, and where in it; None if that depends on sizes."""
    before, wanted = 0, unit.position.size
    for block in node.args:
        length = block.shape[node.axis].size
        if wanted is None or length is None:
            return None
        if wanted <= before + length:
            return block, wanted - before
        before += length
    return None


def _entry_of_inverse(product: Product, factor: Factor) -> None:
    """eᵢᵀ A⁻¹ eⱼ = ± Aⱼ'ᵢ'/det A, where i' is the other one of 1 and 2."""
    node, labels = factor
    units: list[Factor] = []
    positions = []
    for label in labels:
        found = [each for each in product.factors if type(each[0]) is Unit and each[1] == (label,)]
        uses = sum(label in names for _, names in product.factors)
        if label in product.kept or len(found) != 1 or uses != 2 or labels[0] == labels[1]:
            return
        assert isinstance(found[0][0], Unit)
        position = found[0][0].position.size
        if position not in (1, 2):
            return
        units += found
        positions.append(position)
    for each in (factor, *units):
        product.factors.remove(each)
    i, j = positions
    s, inner = product.s, node.args[0]
    product.coefficient *= 1 if i == j else -1
    product.put(entry(s, inner, 3 - j, 3 - i), ())
    product.put(s.power(determinant(s, inner), -1), ())


def is_two_by_two(node: Node) -> bool:
    """Is it [[a, b], [c, d]]?"""
    return type(node) is Concatenation and node.shape == (dim(2), dim(2))


def entry(s: Simplifier, node: Node, row: int, column: int) -> Node:
    """One entry of a 2×2 matrix."""
    size: Dim = node.shape[0]
    return s.contraction([(node, (0, 1)), (s.graph.unit(size, dim(row)), (0,)), (s.graph.unit(size, dim(column)), (1,))], ())


def determinant(s: Simplifier, node: Node) -> Node:
    """a d - b c."""
    parts = [
        (sign, s.contraction([(entry(s, node, 1, k), ()), (entry(s, node, 2, 3 - k), ())], ())) for k, sign in ((1, 1), (2, -1))
    ]
    return s.sum(parts, ())
