"""A (b + c) + b + c = (A + I) (b + c): the terms of a sum that stands in another term are put together again.

Sums within sums are opened, so that like terms are found. Of a chain such as z ↦ A z + z this would make a sum with a term for
each subset of its links. So would A M v + M v, where M is such a product of sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from matcalc.tensor.nodes import Contraction, Labels, Node, Rational, Sum, rational, terms

if TYPE_CHECKING:
    from matcalc.calculus.simplify import Simplifier

_AXES = 2
"""What stands before the common part stays a matrix."""

_FACTORS = 32
"""Products of more factors are not compared."""

_TERMS = 24
"""Sums of more terms are not compared."""

Factor = tuple[Node, Labels]


class _Part(NamedTuple):
    """Some terms of a sum: together they are `scale` times a product."""

    scale: Rational
    factors: tuple[Factor, ...]
    terms: frozenset[Node]


def closed(s: Simplifier, node: Sum) -> Node:
    """The sum with two of its parts as one product, if one part stands within the other."""
    if len(node.args) > _TERMS:
        return node
    coefficients = dict(zip(node.args, node.coefficients, strict=True))
    for coefficient, arg in terms(node):
        if type(arg) is not Contraction or arg in s.graph.whole or not 1 < len(arg.args) <= _FACTORS:
            continue
        factors = tuple(zip(arg.args, arg.labels, strict=True))
        for part in _parts(s, node, factors, coefficients):
            if arg in part.terms:
                continue
            product = _joined(s, node, _Part(coefficient, factors, frozenset((arg,))), part)
            if product is not None:
                gone = part.terms | {arg}
                rest = [(c, each) for c, each in terms(node) if each not in gone]
                return s.graph.sum([*rest, (1, product)], node.shape)
    return node


def _parts(s: Simplifier, node: Sum, factors: Sequence[Factor], coefficients: dict[Node, Rational]) -> Iterator[_Part]:
    """The parts of a sum that may stand within the product of `factors`: what a sum among these consists of, and other
    products with sums in them.
    """
    axes = tuple(range(node.order))
    totals = [factor for factor, _ in factors if type(factor) is Sum and len(factor.args) > 1]
    for factor in totals:
        for turned in {axes, axes[::-1]} if factor.order == node.order else ():
            args = [arg if turned == axes else s.contraction([(arg, turned)], axes) for arg in factor.args]
            scale = _scale(coefficients, list(zip(factor.coefficients, args, strict=True)))
            if turned == axes and factor in coefficients:
                scale, args = coefficients[factor], [factor]
            if scale is not None:
                yield _Part(scale, ((factor, turned),), frozenset(args))
    for other in coefficients if totals else ():
        if type(other) is Contraction and len(other.args) < len(factors) and not set(totals).isdisjoint(other.args):
            yield _Part(coefficients[other], tuple(zip(other.args, other.labels, strict=True)), frozenset((other,)))


def _scale(coefficients: dict[Node, Rational], wanted: Sequence[tuple[Rational, Node]]) -> Rational | None:
    """How often terms stand among others, if they all do and equally often."""
    if any(arg not in coefficients for _, arg in wanted):
        return None
    coefficient, first = wanted[0]
    scale = rational(Fraction(coefficients[first]) / Fraction(coefficient))
    return scale if all(coefficients[arg] == scale * c for c, arg in wanted) else None


def _joined(s: Simplifier, node: Sum, outer: _Part, inner: _Part) -> Node | None:
    """(A + c I) B for the parts A B and c B."""
    for moved in (None, *range(node.order)):
        names = {axis: axis for axis in range(node.order) if axis != moved}
        found = _match(inner.factors, outer.factors, names)
        if found is None:
            continue
        names, rest = found
        stays = {label for _, labels in rest for label in labels}
        hidden = {name for label, name in names.items() if label >= node.order}
        if hidden & stays or len(set(names.values())) < len(names):
            continue
        if moved is not None and names[moved] < node.order:
            continue
        return _product(s, node, outer, inner, names, rest, moved)
    return None


def _match(
    parts: Sequence[Factor], factors: Sequence[Factor], names: dict[int, int]
) -> tuple[dict[int, int], list[Factor]] | None:
    """`parts` among `factors`, with other labels: these, and the other factors."""
    if not parts:
        return names, list(factors)
    position = next((k for k, (_, labels) in enumerate(parts) if any(label in names for label in labels)), 0)
    node, labels = parts[position]
    remaining = [*parts[:position], *parts[position + 1 :]]
    for index, (factor, own) in enumerate(factors):
        more = dict(zip(labels, own, strict=True)) if factor is node else {}
        if factor is node and all(more[a] == b == names.get(a, b) for a, b in zip(labels, own, strict=True)):
            found = _match(remaining, [*factors[:index], *factors[index + 1 :]], {**names, **more})
            if found is not None:
                return found
    return None


def _product(
    s: Simplifier, node: Sum, outer: _Part, inner: _Part, names: dict[int, int], rest: list[Factor], moved: int | None
) -> Node | None:
    """The product of the common part and the sum of what is left of both."""
    used = {label for _, labels in rest for label in labels}
    common = [(factor, tuple(names[label] for label in labels)) for factor, labels in inner.factors]
    within = {label for _, labels in common for label in labels}
    present = tuple(sorted(label for label in used if label < node.order or label in within))
    shape = dict(enumerate(node.shape))
    for factor, labels in common:
        shape |= dict(zip(labels, factor.shape, strict=True))
    same: list[Factor] = []
    if moved is not None:
        if not {moved, names[moved]} <= set(present):
            return None
        same = [(s.graph.delta(node.shape[moved]), (moved, names[moved]))]
    if len(present) > _AXES or any(label not in present and label not in within for label in range(node.order)):
        return None
    sizes = [shape[label] for label in present]
    parts = [(outer.scale, s.contraction(rest, present, sizes)), (inner.scale, s.contraction(same, present, sizes))]
    return s.contraction([(s.sum(parts, sizes), present), *common], range(node.order), node.shape)
