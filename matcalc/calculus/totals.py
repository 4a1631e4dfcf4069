"""Products that are better written as sums: along blocks, and where a sum within meets what cancels it.

Each function gives the sum, or None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matcalc.calculus.coefficients import stands_in
from matcalc.calculus.looks import (
    FEW,
    Factor,
    divides,
    has_unit,
    is_distribution,
    is_indicator,
    is_zero,
    kind,
    parts_of,
    repeated,
)
from matcalc.language.dimensions import Dim
from matcalc.tensor.nodes import Concatenation, Contraction, Labels, Node, Rational, Sum, Unit, Zero

if TYPE_CHECKING:
    from matcalc.calculus.products import Product
    from matcalc.calculus.simplify import Simplifier

_OUTER = 4
"""Sums of vectors and rows with more terms than this are not taken apart."""


def by_blocks(product: Product) -> Node | None:
    """[a; b]ᵀ[c; d] = aᵀc + bᵀd: a sum along blocks is a sum of sums, if what else stands there has the same blocks.

    With one block that is not 0 what else stands there may be anything: C [I; 0] is a part of C.
    """
    for node, labels in product.factors:
        if type(node) is not Concatenation or len(node.args) > FEW or product.s.deep:
            continue
        label = labels[node.axis]
        sizes = [part.shape[node.axis] for part in node.args]
        if label in product.kept or sum(name == label for name in labels) > 1:
            continue
        joined = [(other, names) for other, names in product.factors if label in names and other is not node]
        if any(names.count(label) > 1 for _, names in joined):
            continue
        alone = sum(type(part) is not Zero for part in node.args) == 1
        if alone or all(divides(other, names.index(label), sizes) for other, names in joined):
            return _block_by_block(product, label, sizes)
    return None


def _block_by_block(product: Product, label: int, sizes: Sequence[Dim]) -> Node:
    """The product as a sum over the parts of a label."""
    parts: list[tuple[Rational, Node]] = []
    start = Dim((), 0)
    for size in sizes:
        factors: list[Factor] = []
        for other, names in product.factors:
            if label in names:
                other = product.s.slice(other, names.index(label), start, size)
            factors.append((other, names))
        parts.append((product.coefficient, product.s.contraction(factors, product.out, product.shape())))
        start = start + size
    return product.s.sum(parts, product.shape())


def _entry(product: Product, position: int, label: int) -> Node | None:
    """eₖ·(a eⱼ + b eₖ) = b: an entry of a sum of multiples of unit vectors."""
    node, labels = product.factors[position]
    assert type(node) is Sum
    if not all(has_unit(arg) for arg in node.args):
        return None
    unit = next(factor for factor in product.factors if type(factor[0]) is Unit and factor[1] == (label,))
    rest = [each for each in labels if each != label]
    sizes = [size for each, size in zip(labels, node.shape, strict=True) if each != label]
    parts = [product.s.contraction([(arg, labels), unit], rest, sizes) for arg in node.args]
    total = product.s.sum(zip(node.coefficients, parts, strict=True), sizes)
    others = [factor for factor in product.factors if factor is not product.factors[position] and factor is not unit]
    return product.s.scaled(product.coefficient, product.s.contraction([*others, (total, rest)], product.out, product.shape()))


def total_of_repetitions(product: Product) -> Node | None:
    """Σᵢ (xᵢ - c) = Σᵢ xᵢ - n c: a sum with terms that repeat is summed term by term, so that they may cancel."""
    for position, (node, labels) in enumerate(product.factors) if not product.s.deep else ():
        if type(node) is not Sum or len(node.args) > FEW:
            continue
        for axis, label in enumerate(labels):
            uses = sum(name == label for _, names in product.factors for name in names)
            if label in product.kept or len(set(labels)) < len(labels):
                continue
            if uses == 2 and any(type(each) is Unit and names == (label,) for each, names in product.factors):
                total = _entry(product, position, label)
                if total is not None:
                    return total
            if uses > 1 or not any(axis in repeated(arg) or _vanishes(product.s, arg, axis) for arg in node.args):
                continue
            rest = [each for each in labels if each != label]
            sizes = [size for each, size in zip(labels, node.shape, strict=True) if each != label]
            parts = [product.s.contraction([(arg, labels)], rest, sizes) for arg in node.args]
            total = product.s.sum(zip(node.coefficients, parts, strict=True), sizes)
            short = type(total) is not Sum or len(total.args) < len(node.args)
            if short or node.order > 1 or node.shape[axis].size == 1:
                others = [factor for other, factor in enumerate(product.factors) if other != position]
                whole = product.s.contraction([*others, (total, rest)], product.out, product.shape())
                return product.s.scaled(product.coefficient, whole)
    return None


def average(product: Product) -> Node | None:
    """Σᵢ sᵢ (xᵢ - c) = s·x - c, for s = softmax(u)."""
    for position, (node, labels) in enumerate(product.factors) if not product.s.deep else ():
        if type(node) is not Sum or node.order != 1 or len(node.args) > FEW or labels[0] in product.kept:
            continue
        beside = [factor for factor in product.factors if labels[0] in factor[1] and factor[0] is not node]
        if len(beside) != 1 or beside[0][1] != labels or not is_distribution(beside[0][0]) or not any(map(repeated, node.args)):
            continue
        rest = [factor for other, factor in enumerate(product.factors) if other != position and factor is not beside[0]]
        parts = [product.s.contraction([(arg, labels), beside[0]], ()) for arg in node.args]
        total = product.s.sum(zip(node.coefficients, parts, strict=True), ())
        return product.s.scaled(product.coefficient, product.s.contraction([*rest, (total, ())], product.out, product.shape()))
    return None


def of_outer_sum(product: Product) -> Node | None:
    """Σⱼ Aᵢⱼ (xᵢ - yⱼ) = (A 1)ᵢ xᵢ - (A y)ᵢ: a matrix that a vector and a row make up is summed term by term.

    So is (I - 1 1ᵀ/n) v = v - 1ᵀv/n, unless somebody wrote the matrix.

    Not beside an indicator, for what that excludes may not exist term by term, nor where it stands elsewhere too.
    """
    if product.s.deep or any(is_indicator(node) for node, _ in product.factors):
        return None
    for position, (node, labels) in enumerate(product.factors):
        if type(node) is not Sum or node.order != 2 or len(node.args) > _OUTER or set(labels) <= product.kept:
            continue
        others = [factor for other, factor in enumerate(product.factors) if other != position]
        if labels[0] == labels[1] or not (all(map(repeated, node.args)) or _centres(product, node, labels, others)):
            continue
        if stands_in(node, [other for other, _ in others]):
            continue
        parts = [product.s.contraction([*others, (arg, labels)], product.out, product.shape()) for arg in node.args]
        return product.s.scaled(product.coefficient, product.s.sum(zip(node.coefficients, parts, strict=True), product.shape()))
    return None


def of_multiples(product: Product) -> Node | None:
    """tr(B (tr(B M) M - N)) = tr(B M)² - tr(B N): term by term, if a number in one of the terms is met again."""
    for position, (node, labels) in enumerate(product.factors) if not product.kept and not product.s.deep else ():
        if type(node) is not Sum or node.order != 2 or len(node.args) > _OUTER:
            continue
        others = [factor for other, factor in enumerate(product.factors) if other != position and factor[1]]
        numbers = [factor for factor in product.factors if not factor[1]]
        if not any(_meets_itself(product, arg, labels, others) for arg in node.args):
            continue
        parts = [product.s.contraction([*others, (arg, labels)], ()) for arg in node.args]
        total = product.s.sum(zip(node.coefficients, parts, strict=True), ())
        return product.s.scaled(product.coefficient, product.s.contraction([*numbers, (total, ())], ()))
    return None


def _meets_itself(product: Product, term: Node, labels: Labels, others: Sequence[Factor]) -> bool:
    """Whether a number that is a factor of `term` is what the rest of it makes with the other factors."""
    inside = parts_of(term)
    numbers = [node for node, own in inside if not own and type(node) is Contraction]
    if not numbers:
        return False
    rename = dict(enumerate(labels))
    rest = [(node, [rename[k] if k in rename else -1 - k for k in own]) for node, own in inside if own]
    return product.s.contraction([*others, *rest], ()) in numbers


def _centres(product: Product, node: Sum, labels: Labels, others: Sequence[Factor]) -> bool:
    """Whether a matrix made of diagonals and outer products, that nobody wrote, stands before a vector."""
    if frozenset(node.args) in product.s.graph.written:
        return False
    beside = [other for label in labels if label not in product.kept for other in others if label in other[1]]
    if not beside or any(len(names) > 1 for _, names in beside):
        return False
    kinds = [kind(parts_of(arg)) for arg in node.args]
    return "matrix" not in kinds or any(own == "outer" and repeated(arg) for own, arg in zip(kinds, node.args, strict=True))



def _vanishes(s: Simplifier, node: Node, axis: int) -> bool:
    """Whether a multiple of a vector sums to zero along an axis, as deviations from a mean do."""
    if type(node) is not Contraction:
        return False
    factors = [(arg, labels) for arg, labels in zip(node.args, node.labels, strict=True) if axis in labels]
    if len(factors) != 1 or type(factors[0][0]) is not Sum or len(set(factors[0][1])) < len(factors[0][1]):
        return False
    ((total, labels),) = factors
    own = labels.index(axis)
    rest, sizes = [label for label in labels if label != axis], [*total.shape[:own], *total.shape[own + 1 :]]
    return any(own in repeated(arg) for arg in total.args) and is_zero(s.contraction([(total, labels)], rest, sizes))
