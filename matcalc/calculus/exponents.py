"""Powers in products: xᵃ xᵇ = xᵃ⁺ᵇ, for what is a factor and for what several factors make up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matcalc.calculus import symmetry
from matcalc.calculus.cancellation import is_named
from matcalc.calculus.looks import Factor, joined
from matcalc.language.dimensions import Dim
from matcalc.operations.table import elementwise
from matcalc.tensor.nodes import Contraction, Delta, Labels, Node, Number

if TYPE_CHECKING:
    from matcalc.calculus.products import Product
    from matcalc.calculus.simplify import Simplifier

_USUAL_EXPONENTS = (1, -1, 2, -2)
"""Numbers as which a sum of exponents that are arrays is recognised."""


def collected(product: Product) -> None:
    """xᵃ xᵇ = xᵃ⁺ᵇ for factors on the same labels; an indicator squared is itself."""
    collected: dict[Factor, list[Node]] = {}
    graph = product.s.graph
    split = False
    arrays: dict[Factor, list[Node]] = {}
    diagonals = {
        node.args[0] for node, _ in product.factors if is_named(node, "power") and _is_diagonal(node.args[0])
    }  # fmt: skip
    for node, labels in product.factors:
        base, exponent = node, None
        if diagonals and node.order == 2 and labels[0] == labels[1]:  # Aᵢᵢ and (Aᵢᵢ)⁻²
            diagonal = graph.contraction([(node, (0, 0))], (0,))
            if diagonal in diagonals:
                base, labels = diagonal, labels[:1]
        if is_named(node, "power") and type(node.args[0]) is not Delta:
            base, exponent = node.args
            if exponent.shape and base.shape != node.shape:  # a number to the power of each entry
                arrays.setdefault((base, labels), []).append(node)
                if len(arrays[(base, labels)]) == 1:
                    continue
                split = True
                continue
        if len(labels) == 2 and labels[0] > labels[1] and symmetry.is_symmetric(graph, node):
            labels = (labels[1], labels[0])
        if type(base) is Delta:
            collected[(base, labels)] = [graph.number(1)]
            continue
        exponents = collected.setdefault((base, labels), [])
        split = split or bool(exponents)
        exponents.append(graph.number(1) if exponent is None else exponent)
    if not split:
        return
    product.factors = []
    for (base, labels), powers in arrays.items():
        total = product.s.sum([(1, each.args[1]) for each in powers], powers[0].shape)
        product.put(product.s.pointwise(elementwise("power"), [base, total]), labels)
    for (base, labels), exponents in collected.items():
        shape = max((exponent.shape for exponent in exponents), key=len)
        total = _total(product.s, exponents, shape)
        if type(total) is Number and total.value == 0:
            product.factors += [(graph.ones(size), (label,)) for label, size in zip(labels, base.shape, strict=True)]
            continue
        node = base
        if not (type(total) is Number and total.value == 1):
            node = product.s.pointwise(elementwise("power"), [base, total])
        product.put(node, labels)
    product.drop_ones()


def _total(s: Simplifier, exponents: Sequence[Node], shape: tuple[Dim, ...]) -> Node:
    """The sum of exponents, which are numbers or arrays: a number again, if it is the same everywhere."""
    total = s.sum([(1, each if each.shape == shape else s.broadcast(each, shape)) for each in exponents], shape)
    if shape:
        for value, multiple in ((0, s.graph.zero(shape)), *((k, s.scaled(k, s.ones(shape))) for k in _USUAL_EXPONENTS)):
            if total is multiple:
                return s.graph.number(value)
    return total


def collected_parts(product: Product) -> None:
    """(A x)ᵢ (A x)ᵢ = (A x)ᵢ², for what is itself a product with sums in it."""
    s, graph = product.s, product.s.graph
    bases = {node.args[0] for node, _ in product.factors if is_named(node, "power") and type(node.args[0]) is Contraction}
    parts: list[tuple[list[Factor], Labels]] = []
    for members in joined(product.factors, product.kept):
        outer = {label for _, labels in members for label in labels if label in product.kept}
        summed = any(label not in product.kept for _, labels in members for label in labels)
        if summed and outer and len(outer) <= 2:
            parts.append((members, tuple(sorted(outer))))
    shapes = [(sorted(node.id for node, _ in members), kept) for members, kept in parts]
    candidates = [
        part for part, shape in zip(parts, shapes, strict=True)
        if shapes.count(shape) > 1 or any(sorted(arg.id for arg in base.args) == shape[0] for base in bases)
    ]  # fmt: skip
    found: dict[tuple[Node, Labels], list[list[Factor]]] = {}
    for members, kept in candidates:
        found.setdefault((s.contraction(members, kept), kept), []).append(members)
    for (base, kept), groups in found.items():
        powers = [f for f in product.factors if is_named(f[0], "power") and f[0].args[0] is base and f[1] == kept]
        exponents = [power.args[1] for power, _ in powers]
        if (len(groups) < 2 and not powers) or type(base) is not Contraction or any(each.shape for each in exponents):
            continue
        gone = [*powers, *(member for members in groups for member in members)]
        product.factors = [factor for factor in product.factors if not any(factor is each for each in gone)]
        total = graph.sum([(len(groups), graph.number(1)), *((1, each) for each in exponents)], ())
        if type(total) is Number and total.value == 0:
            product.factors += [(graph.ones(size), (label,)) for label, size in zip(kept, base.shape, strict=True)]
        else:
            product.put(s.pointwise(elementwise("power"), [base, total]), kept)
    if found:
        product.drop_ones()


def _is_diagonal(node: Node) -> bool:
    return type(node) is Contraction and node.labels == ((0, 0),)
