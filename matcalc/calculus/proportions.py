"""Quotients of sums that are multiples of each other: (1 + x/r)/(x + r) = 1/r, as in the derivative of log(x + √(1 + x²))."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcalc.calculus.cancellation import expanded, split_power
from matcalc.tensor.nodes import Contraction, Labels, Node, Rational, Sum, terms

if TYPE_CHECKING:
    from matcalc.calculus.products import Product
    from matcalc.calculus.simplify import Simplifier

_FEW, _FEW_TERMS = 8, 4
"""Sums with more terms than this are not compared; not written over one denominator."""


def proportions(product: Product) -> None:
    """(a/d + b) / (a + b d) = 1/d."""
    if product.s.deep:
        return
    below = [(node, labels) for node, labels in product.factors if split_power(node)[1] < 0]
    for quotient, labels in list(below):
        base, exponent = split_power(quotient)
        if type(base) is not Sum or not 1 < len(base.args) <= _FEW or len(set(labels)) < len(labels):
            continue
        for total, names in product.factors:
            if type(total) is not Sum or names != labels or len(total.args) != len(base.args):
                continue
            divisors = dict.fromkeys(each for arg in total.args for each in _divisors(product, arg))
            divisor = next((each for each in divisors if _times(product, total, each) is base), None)
            if divisor is None:
                continue
            product.factors.remove((total, names))
            product.factors.remove((quotient, labels))
            product.put(product.s.power(divisor, -1), _axes(divisor, labels))
            product.put(product.s.power(base, exponent + 1), labels)
            product.drop_ones()
            return


def common_denominator(s: Simplifier, node: Sum) -> Node:
    """1 - a/(a + b) = b/(a + b): terms over one denominator, where that leaves fewer."""
    if len(node.args) > _FEW_TERMS or s.deep:
        return node
    axes = tuple(range(node.order))
    for arg in node.args:
        for base, labels in _sums_below(arg):
            if labels not in ((), axes) or len(base.args) > _FEW:
                continue
            above = [each for c, part in terms(node) for each in _multiplied(s, c, part, base, labels)]
            total = s.graph.sum(above, node.shape)
            if len(total.args if type(total) is Sum else [total]) < len(node.args):
                return s.contraction([(s.power(base, -1), labels), (total, axes)], axes, node.shape)
    return node


def _sums_below(node: Node) -> list[tuple[Sum, Labels]]:
    """The sums that a term is divided by."""
    factors = zip(node.args, node.labels, strict=True) if type(node) is Contraction else [(node, tuple(range(node.order)))]
    split = [(*split_power(factor), labels) for factor, labels in factors]
    return [(base, labels) for base, exponent, labels in split if exponent == -1 and type(base) is Sum]


def _multiplied(
    s: Simplifier, coefficient: Rational, node: Node, base: Sum, labels: Labels
) -> list[tuple[Rational, Node]]:
    """The terms of a term times a sum: without it, where it is divided by that."""
    axes = tuple(range(node.order))
    if any(each is base and own == labels for each, own in _sums_below(node)):
        return [(coefficient, s.contraction([(node, axes), (base, labels)], axes, node.shape))]
    return [(coefficient * c, s.contraction([(node, axes), (arg, labels)], axes, node.shape)) for c, arg in terms(base)]


def _divisors(product: Product, node: Node) -> list[Node]:
    """What a product is divided by."""
    split = map(split_power, node.args if type(node) is Contraction else (node,))
    return [product.s.power(base, -exponent) for base, exponent in split if exponent < 0]


def _times(product: Product, total: Sum, factor: Node) -> Node | None:
    """The terms of a sum, each multiplied by a factor."""
    if factor.order not in (0, total.order):
        return None
    axes = tuple(range(total.order))
    other = (factor, _axes(factor, axes))
    parts = [product.s.contraction([(arg, axes), other], axes, total.shape) for arg in total.args]
    opened = [each for c, part in zip(total.coefficients, parts, strict=True) for each in expanded(product.s, c, part)]
    return product.s.sum(opened, total.shape)


def _axes(node: Node, labels: Labels) -> Labels:
    return labels if node.order else ()
