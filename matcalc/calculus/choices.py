"""Rules for conditions: [c] a + (1 - [c]) b is where(c, a, b)."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, NamedTuple

from matcalc.calculus.functions import without_axes
from matcalc.calculus.looks import joined, parts_of, repeated
from matcalc.operations.rows import Elementwise
from matcalc.operations.table import elementwise
from matcalc.tensor.nodes import Contraction, Labels, Node, Pointwise, Rational, Sum, terms

if TYPE_CHECKING:
    from matcalc.calculus.simplify import Simplifier

_OPPOSITE = {"greater": "greater_equal", "less": "less_equal"}
"""Not a > b is b >= a."""

_FEW = 20
"""Sums with more terms than this are not looked into."""

Factor = tuple[Node, Labels]


class _Side(NamedTuple):
    """A term with [c] or 1 - [c] in it: which term, the condition, what is chosen, and what stands beside."""

    term: int
    condition: Factor
    holds: bool
    chosen: tuple[Factor, ...]
    beside: frozenset[Factor]


def choices(s: Simplifier, node: Sum) -> Node:
    """[c] a + (1 - [c]) b = where(c, a, b) for arrays: what is not chosen may be large, and is not to be subtracted again."""
    if not node.shape or len(node.args) > _FEW:
        return node
    parts = list(terms(node))
    present = {each for _, arg in parts for each in (arg, *arg.args) if _is_indicator(each)}
    sides = [side for index, (_, arg) in enumerate(parts) for side in _sides(s, index, arg, node.order, present)]
    for first in sides:
        others = [side for side in sides if (side.condition, side.beside) == (first.condition, first.beside)]
        if len({side.holds for side in others}) == 2 and len({side.term for side in others}) == len(others):
            return _chosen(s, node, parts, others)
    return node


def _sides(s: Simplifier, index: int, arg: Node, order: int, present: Container[Node]) -> list[_Side]:
    factors: list[Factor] = list(zip(arg.args, arg.labels, strict=True)) if type(arg) is Contraction else []
    if not factors:
        factors = [(arg, tuple(range(order)))]
    found = []
    for position, (factor, labels) in enumerate(factors):
        condition, holds = _condition(s, factor, present)
        if condition is None or len(set(labels)) < len(labels) or any(label >= order for label in labels):
            continue
        rest = factors[:position] + factors[position + 1 :]
        chosen: list[Factor] = []
        beside: list[Factor] = []
        for members in joined(rest, range(order)):
            kept = {label for _, names in members for label in names if label < order}
            (chosen if kept <= set(labels) else beside).extend(members)
        found.append(_Side(index, (condition, labels), holds, tuple(chosen), frozenset(beside)))
    return found


def _condition(s: Simplifier, node: Node, present: Container[Node]) -> tuple[Node | None, bool]:
    """The indicator in a factor [c], or in 1 - [c]; [b > a] is 1 - [a >= b] where [a >= b] is `present`."""
    if isinstance(node, Pointwise) and _is_indicator(node):
        opposite = _OPPOSITE.get(node.operation.name) if isinstance(node.operation, Elementwise) else None
        other = None if opposite is None else s.graph.pointwise(elementwise(opposite), node.args[::-1])
        return (other, False) if other is not None and other in present else (node, True)
    if type(node) is Sum and len(node.args) == 2 and sorted(node.coefficients) == [-1, 1]:
        negative = node.args[node.coefficients.index(-1)]
        if _is_indicator(negative) and node.args[node.coefficients.index(1)] is s.ones(node.shape):
            return negative, False
    return None, False


def _is_indicator(node: Node) -> bool:
    return type(node) is Pointwise and isinstance(node.operation, Elementwise) and bool(node.operation.infix)


def _chosen(s: Simplifier, node: Sum, parts: Sequence[tuple[Rational, Node]], sides: Sequence[_Side]) -> Node:
    condition, labels = sides[0].condition
    shape = condition.shape
    both: list[Node] = []
    for holds in (True, False):
        members = [side for side in sides if side.holds == holds]
        values = [(parts[side.term][0], s.contraction(side.chosen, labels, shape)) for side in members]
        both.append(s.sum(values, shape))
    common, both = _without_common(s, both)
    value = s.pointwise(elementwise("where"), [condition, *(_as_number(s, each) for each in both)])
    beside = sorted(sides[0].beside, key=lambda factor: factor[0].id)
    outer = [(factor, tuple(labels[axis] for axis in axes)) for factor, axes in common]
    product = s.contraction([(value, labels), *outer, *beside], range(node.order), node.shape)
    taken = {side.term for side in sides}
    rest = [part for index, part in enumerate(parts) if index not in taken]
    return s.graph.sum([*rest, (1, product)], node.shape)


def _without_common(s: Simplifier, both: Sequence[Node]) -> tuple[list[Factor], list[Node]]:
    """The factors that both alternatives have, and what is left of them."""
    if any(type(each) is Sum and len(each.args) > 1 for each in both):
        return [], list(both)
    split: list[tuple[Rational, list[Factor]]] = []
    for each in both:
        ((coefficient, arg),) = terms(each) if type(each) is Sum else ((1, each),)
        split.append((coefficient, list(parts_of(arg))))
    order = both[0].order
    common = [
        factor for factor in split[0][1] if factor in split[1][1] and all(label < order for label in factor[1])
    ]  # fmt: skip
    left = []
    for (coefficient, factors), each in zip(split, both, strict=True):
        rest = list(factors)
        for factor in common:
            rest.remove(factor)
        left.append(s.scaled(coefficient, s.contraction(rest, range(order), each.shape)))
    return common, left


def _as_number(s: Simplifier, node: Node) -> Node:
    """The number that an array repeats everywhere, if it does."""
    axes = repeated(node)
    return without_axes(s, node, axes) if node.order and len(axes) == node.order else node
