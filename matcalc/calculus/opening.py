"""Sums of matrices whose terms are products with sums: opened where terms meet, and where all is diagonal or outer products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matcalc.calculus import symmetry
from matcalc.calculus.cancellation import expanded
from matcalc.calculus.looks import kind
from matcalc.tensor.nodes import Contraction, Delta, Labels, Node, Ones, Rational, Sum, terms, topological

if TYPE_CHECKING:
    from matcalc.calculus.simplify import Simplifier

MATRIX = 2
"""The axes of a matrix."""

EXPANDED = 8
"""A sum of more terms is not multiplied out to see whether it gets shorter."""

FEW_TERMS = 4
"""A product is multiplied out to cancel something if it has no more terms than this."""

_LEVELS = 2
"""How deep sums within the terms of a sum are opened to see whether it gets shorter."""

_LONG = 10**6
"""Lengths are not told apart from here on."""


def opened(s: Simplifier, node: Sum) -> Node:
    """c⁻¹ (a X + b c⁻¹ Y) + c⁻² d Y = c⁻¹ a X + c⁻² (b + d) Y: sums of matrices are opened where terms of several meet."""
    if node.order != MATRIX or len(node.args) > FEW_TERMS:
        return node
    parts = [_opened_term(s, c, arg) for c, arg in terms(node)]
    if not len(parts) < sum(map(len, parts)) <= EXPANDED:
        return node
    different = [arg for each in parts for arg in {arg for _, arg in each}]
    whole = s.graph.sum([part for each in parts for part in each], node.shape)
    return whole if len(set(different)) < len(different) and length(whole) < length(node) else node


def low_rank(s: Simplifier, node: Sum) -> Node:
    """diag(c) (diag(s) - s sᵀ) - s vᵀ = diag(c ⊙ s) - (c ⊙ s) sᵀ - s vᵀ: opened, if all is diagonal or outer products then."""
    if node.order != MATRIX or len(node.args) > FEW_TERMS:
        return node
    parts = [each for c, arg in terms(node) for each in _without_matrix_sum(s, c, arg)]
    if not len(node.args) < len(parts) <= EXPANDED or _share_lines(s, node):
        return node
    whole = s.graph.sum(parts, node.shape)
    kinds = [kind(factors_of(s, arg)) for _, arg in terms(whole)]
    if set(kinds) != {"diagonal", "outer"} or kinds.count("outer") > len(node.args) + 1:
        return node
    apart = {each: [part for part, own in zip(terms(whole), kinds, strict=True) if own == each] for each in kinds}
    diagonal = s.graph.sum(apart["diagonal"], node.shape)
    if type(diagonal) is Sum and len(diagonal.args) > 1:
        diagonal = diagonals(s, diagonal)
    return s.graph.sum(with_one_sign(s, [*apart["outer"], (1, diagonal)]), node.shape)


def _share_lines(s: Simplifier, node: Sum) -> bool:
    """Whether all terms have a factor of rows, or of columns."""
    shared = [{(factor, labels) for factor, labels in factors_of(s, arg) if len(labels) == 1} for arg in node.args]
    return bool(set.intersection(*shared))


def _without_matrix_sum(s: Simplifier, coefficient: Rational, node: Node) -> list[tuple[Rational, Node]]:
    """The terms of a product with one sum of matrices, which is on the axes of the product."""
    factors, axes = factors_of(s, node), range(node.order)
    inner = [factor for factor in factors if type(factor[0]) is Sum and sorted(factor[1]) == [0, 1]]
    if len(inner) != 1 or type(node) is not Contraction:
        return [(coefficient, node)]
    ((total, labels),) = inner
    others = [factor for factor in factors if factor is not inner[0]]
    return [(coefficient * c, s.contraction([*others, (arg, labels)], axes, node.shape)) for c, arg in terms(total)]


def _opened_term(s: Simplifier, coefficient: Rational, node: Node) -> list[tuple[Rational, Node]]:
    """The terms of a product with a sum on axes that are kept, and of such products among them."""
    result = [(coefficient, node)]
    for _ in range(_LEVELS):
        result = [part for c, arg in result for part in ([(c, arg)] if has_summed_sum(s, arg) else expanded(s, c, arg))]
    return result


def has_summed_sum(s: Simplifier, node: Node) -> bool:
    """Whether a sum is multiplied with something along a label that is summed."""
    return any(type(factor) is Sum and any(label >= node.order for label in labels) for factor, labels in factors_of(s, node))


def with_one_array(s: Simplifier, node: Sum) -> Node:
    """a x xᵀ + b x xᵀ = (a + b) x xᵀ: an array times several numbers."""
    if not node.order or len(node.args) > EXPANDED:
        return node
    groups: dict[frozenset[tuple[Node, Labels]], list[int]] = {}
    split: list[list[tuple[Node, Labels]]] = [list(factors_of(s, arg)) for arg in node.args]
    for position, factors in enumerate(split):
        arrays = [factor for factor in factors if factor[1]]
        if len(set(arrays)) == len(arrays) and not all(type(each) is Ones for each, _ in arrays):
            groups.setdefault(frozenset(arrays), []).append(position)
    for arrays_, members in groups.items():
        if len(members) > 1:
            numbers = [[factor for factor in split[position] if not factor[1]] for position in members]
            coefficients = [node.coefficients[position] for position in members]
            parts = [(c, s.contraction(each, ())) for c, each in zip(coefficients, numbers, strict=True)]
            factors = [factor for factor in split[members[0]] if factor in arrays_]
            product = s.contraction([(s.sum(parts, ()), ()), *factors], range(node.order), node.shape)
            rest = [part for position, part in enumerate(terms(node)) if position not in members]
            return s.graph.sum([*rest, (1, product)], node.shape)
    return node


def diagonals(s: Simplifier, node: Sum) -> Node:
    """diag(a) + diag(b) = diag(a + b)."""
    if node.order != 2 or node.shape[0] != node.shape[1] or len(node.args) > EXPANDED:
        return node
    delta, parts = s.graph.delta(node.shape[0]), []
    for coefficient, arg in terms(node):
        factors = [(arg, (0, 1))] if type(arg) is Delta else factors_of(s, arg)
        if (delta, (0, 1)) not in factors or not all(type(factor) is Delta or 1 not in labels for factor, labels in factors):
            return node
        rest = [factor for factor in factors if factor[0] is not delta]
        parts.append((coefficient, s.contraction(rest, (0,), node.shape[:1])))
    total = s.sum(parts, node.shape[:1])
    return s.contraction([(total, (0,)), (delta, (0, 1))], (0, 1), node.shape)


def factors_of(s: Simplifier, node: Node) -> tuple[tuple[Node, Labels], ...]:
    """The factors of a product, each with its labels; any other node itself."""
    if type(node) is Contraction and node not in s.graph.whole:
        factors: list[tuple[Node, Labels]] = []
        for arg, labels in zip(node.args, node.labels, strict=True):
            if type(arg) is Contraction and arg not in s.graph.whole and not any(arg.labels):  # a long product of numbers
                factors += [(inner, ()) for inner in arg.args]
            else:
                factors.append((arg, labels))
        return tuple(factors)
    return ((node, tuple(range(node.order))),)


def length(node: Node) -> int:
    """The number of symbols that a node has when it is written out, roughly."""
    lengths: dict[Node, int] = {}
    for each in topological([node]):
        own = 0 if isinstance(each, (Sum, Contraction)) else 1
        lengths[each] = min(_LONG, own + sum(lengths[arg] for arg in each.args))
    return lengths[node]


def with_one_sign(s: Simplifier, parts: Sequence[tuple[Rational, Node]]) -> Sequence[tuple[Rational, Node]]:
    """a (b - c) + d (c - b) as a (b - c) - d (b - c): a vector that is a factor of several terms has one sign in all."""
    known: dict[frozenset[Node], list[Node]] = {}
    for _, node in parts:
        for arg in node.args if type(node) is Contraction else ():
            if type(arg) is Sum and arg.order < MATRIX and arg not in known.setdefault(frozenset(arg.args), []):
                known[frozenset(arg.args)].append(arg)
    pairs = [sorted(each, key=lambda node: node.id) for each in known.values() if len(each) > 1]
    turned = {second: first for first, second, *_ in pairs if s.graph.sum([(-1, first)], first.shape) is second}
    if not turned:
        return parts
    result = []
    for coefficient, node in parts:
        if type(node) is Contraction and any(arg in turned for arg in node.args):
            factors = [(turned.get(arg, arg), labels) for arg, labels in zip(node.args, node.labels, strict=True)]
            sign = -1 if sum(arg in turned for arg in node.args) % 2 else 1
            canonical = symmetry.canonical(s.graph, factors, node.order)
            result.append((sign * coefficient, s.graph.contraction(canonical, range(node.order), node.shape)))
        else:
            result.append((coefficient, node))
    return result
