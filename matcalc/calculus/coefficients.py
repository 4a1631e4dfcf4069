"""The numbers before products and sums: signs, fractions, what sums have in common, roots."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING

from matcalc.calculus import cancellation, symmetry
from matcalc.calculus.cancellation import is_named, split_power
from matcalc.calculus.looks import FEW
from matcalc.tensor.nodes import Contraction, Graph, Node, Number, Ones, Rational, Sum, Variable, terms

if TYPE_CHECKING:
    from matcalc.calculus.products import Product
    from matcalc.calculus.simplify import Simplifier

_LOOK = 40
"""Nodes that are searched for another use of a sum."""


def flipped(graph: Graph, coefficient: Rational, node: Node) -> tuple[Rational, Node]:
    """-2 (y - Xw) c = 2 (Xw - y) c: a minus sign goes into a sum that is a factor, if that leaves fewer of them.

    Not if the sum stands elsewhere too: it would be written in two ways.
    """
    if coefficient >= 0:
        return coefficient, node
    if type(node) is Sum and len(node.args) > 1 and coefficient != -1 and _worth_flipping(node):
        return -coefficient, graph.sum([(-1, node)], node.shape)
    if type(node) is not Contraction:
        return coefficient, node
    for position, factor in enumerate(node.args):
        if type(factor) is Contraction and not factor.shape:  # a scalar part: the sum may be in there
            others = [arg for arg in node.args if arg is not factor]
            if any(type(arg) is Sum and stands_in(arg, others) for arg in factor.args):
                continue
            sign, part = flipped(graph, -1, factor)
            if sign > 0:
                factors = list(zip(node.args, node.labels, strict=True))
                factors[position] = (part, ())
                return -coefficient, graph.contraction(factors, range(node.order), node.shape)
        if type(factor) is Sum and _worth_flipping(factor) and not _stands_elsewhere(node, factor):
            factors = list(zip(node.args, node.labels, strict=True))
            factors[position] = (graph.sum([(-1, factor)], factor.shape), node.labels[position])
            canonical = symmetry.canonical(graph, factors, node.order)
            return -coefficient, graph.contraction(canonical, range(node.order), node.shape)
    return coefficient, node


def without_fractions(graph: Graph, coefficient: Rational, node: Node) -> tuple[Rational, Node]:
    """2 (p/2 - 1) c = (p - 2) c: a number before a product goes into a sum of numbers with fractions."""
    if type(node) is not Contraction or Fraction(coefficient).numerator in (1, -1):
        return coefficient, node
    for position, (factor, labels) in enumerate(zip(node.args, node.labels, strict=True)):
        if type(factor) is Sum and not labels:
            denominator = lcm(*(Fraction(c).denominator for c in factor.coefficients))
            if denominator > 1 and Fraction(coefficient).numerator % denominator == 0:
                factors = list(zip(node.args, node.labels, strict=True))
                parts = zip(factor.coefficients, factor.args, strict=True)
                factors[position] = (graph.sum([(c * denominator, arg) for c, arg in parts], ()), ())
                return Fraction(coefficient) / denominator, graph.contraction(factors, range(node.order), node.shape)
    return coefficient, node


def without_sign(graph: Graph, node: Node) -> tuple[Rational, Node]:
    """-2 (b - a) as 2 times a - b, where a is older than b."""
    coefficient: Rational = 1
    while type(node) is Sum and len(node.args) == 1:
        coefficient, node = coefficient * node.coefficients[0], node.args[0]
    if type(node) is Sum:
        content = content_of(node.coefficients)
        content = content if node.coefficients[0] * content > 0 else -content
        if content != 1:
            divided = [(Fraction(c) / content, arg) for c, arg in zip(node.coefficients, node.args, strict=True)]
            coefficient, node = coefficient * content, graph.sum(divided, node.shape)
    return coefficient, node


def _worth_flipping(node: Sum) -> bool:
    if len(node.args) == 2 and any(c > 0 and _is_constant(arg) for c, arg in zip(node.coefficients, node.args, strict=True)):
        return False  # -s (1 - s) reads better than s (s - 1)
    negative = sum(coefficient < 0 for coefficient in node.coefficients)
    return 2 * negative >= len(node.args) and negative < len(node.args)


def _is_constant(node: Node) -> bool:
    return node.constant and type(node) in (Number, Ones, Contraction)


def _stands_elsewhere(product: Contraction, part: Sum) -> bool:
    """Whether a factor is a factor twice, or part of another one (as far as a short look tells)."""
    if sum(arg is part for arg in product.args) > 1:
        return True
    return stands_in(part, [arg for arg in product.args if arg is not part])


def stands_in(part: Node, nodes: Sequence[Node]) -> bool:
    """Whether a node is, or is below, one of some nodes (as far as a short look tells)."""
    if part in nodes:
        return True
    stack = list(nodes)
    for _ in range(_LOOK):
        if not stack:
            return False
        below = stack.pop().args
        if part in below:
            return True
        stack.extend(below)
    return False


def roots(product: Product) -> None:
    """2/√2 = √2: a rational before a root of a number that divides it."""
    for position, (node, labels) in enumerate(product.factors):
        if labels or not is_named(node, "power"):
            continue
        base, exponent = node.args
        if type(base) is not Number or type(exponent) is not Number or exponent.value >= 0 or type(base.value) is not int:
            continue
        coefficient = Fraction(product.coefficient)
        if base.value > 1 and coefficient.numerator % base.value == 0:
            product.coefficient = coefficient / base.value
            product.factors[position] = (product.s.power(base, exponent.value + 1), ())
            return


def cleared(product: Product) -> None:
    """v (a + b/v) = a v + b, for a number v that has a name."""
    s = product.s
    for position, (node, labels) in enumerate(product.factors):
        total, power = split_power(node)
        if labels or type(total) is not Sum or len(total.args) > FEW or power != int(power):
            continue
        divisors = [base for arg in total.args for base in cancellation.divisors(arg) if _is_name_of_number(base)]
        for other, (factor, _) in enumerate(product.factors):
            base, exponent = split_power(factor)
            if base in divisors and exponent * power >= power * power:
                parts = [(c, s.contraction([(arg, ()), (base, ())], ())) for c, arg in terms(total)]
                _keep_order(s, total, [part for _, part in parts])
                product.factors = [each for place, each in enumerate(product.factors) if place not in (position, other)]
                product.put(s.power(s.sum(parts, ()), power), ())
                product.put(s.power(base, exponent - power), ())
                return


def _is_name_of_number(node: Node) -> bool:
    return type(node) is Variable and not node.order


def _keep_order(s: Simplifier, total: Sum, new: Sequence[Node]) -> None:
    """Write the terms that were made of those of a sum in the order in which these were written."""
    order, known = s.graph.written.get(frozenset(total.args)), dict(zip(total.args, new, strict=True))
    if order is not None:
        s.graph.wrote([known[arg] for arg in order])


def contents(product: Product) -> None:
    """(2a + 2b) c = 2 (a + b) c; and of the two ways to write a difference in a product, always the same one."""
    for position, (node, labels) in enumerate(product.factors):
        if type(node) is Sum and len(node.args) > 1:
            content = content_of(node.coefficients)
            if content != 1:
                product.coefficient *= content
                divided = [(Fraction(c) / content, arg) for c, arg in zip(node.coefficients, node.args, strict=True)]
                product.factors[position] = (product.s.graph.sum(divided, node.shape), labels)
                continue
            denominator = lcm(*(Fraction(c).denominator for c in node.coefficients))
            if denominator > 1 and Fraction(product.coefficient).numerator % denominator == 0:  # 2 (p/2 - 1) = p - 2
                product.coefficient = Fraction(product.coefficient) / denominator
                whole = [(c * denominator, arg) for c, arg in zip(node.coefficients, node.args, strict=True)]
                product.factors[position] = (product.s.graph.sum(whole, node.shape), labels)


def content_of(coefficients: Sequence[Rational]) -> Rational:
    """The greatest common divisor of rationals, positive unless all are negative."""
    if 1 in coefficients or (-1 in coefficients and max(coefficients) > 0):
        return 1
    numerator, denominator = 0, 1
    for coefficient in coefficients:
        numerator = gcd(numerator, coefficient.numerator)
        denominator = denominator * coefficient.denominator // gcd(denominator, coefficient.denominator)
    sign = -1 if max(coefficients) < 0 else 1
    return sign * Fraction(numerator, denominator) if denominator != 1 else sign * numerator
