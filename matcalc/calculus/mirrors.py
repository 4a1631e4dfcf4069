"""Arrays that keep their values, up to sign, where two axes are exchanged: xᵢ - xⱼ, ‖Xᵢ - Xⱼ‖², [i ≠ j].

So the two halves of the derivative of a sum over pairs are one:
Σⱼ [i < j] (xᵢ - xⱼ) - Σⱼ [j < i] (xⱼ - xᵢ) = Σⱼ [i ≠ j] (xᵢ - xⱼ).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from matcalc.calculus.signs import is_positive
from matcalc.calculus.symmetry import canonical
from matcalc.operations.rows import Elementwise
from matcalc.operations.table import COMPARISONS
from matcalc.tensor.nodes import (
    Contraction,
    Delta,
    Graph,
    Labels,
    MatrixCall,
    Node,
    Number,
    Ones,
    Pointwise,
    Positions,
    Rational,
    Sum,
    Variable,
    Zero,
    terms,
    topological,
)

if TYPE_CHECKING:
    from matcalc.calculus.products import Product
    from matcalc.calculus.simplify import Simplifier

_TERMS = 16
"""Sums and products with more operands than this are not looked into."""

_DEPTH = 30
"""How deep a look goes."""

_LOOK = 60
"""Nodes that are searched for what does not exist on a diagonal."""

Factor = tuple[Node, Labels]


def parity(graph: Graph, node: Node, a: int, b: int) -> int:
    """1 if a node stays what it is where axes a and b are exchanged, -1 if it changes its sign only, otherwise 0.

    A false 0 costs a simplification only.
    """
    if node.order not in (2, 3) or node.shape[a] != node.shape[b]:
        return 0
    known = graph.mirrors.get((node, a, b))
    if known is None:
        if graph.looking > _DEPTH:
            return 0
        graph.looking += 1
        known = graph.mirrors[(node, a, b)] = _parity(graph, node, a, b)
        graph.looking -= 1
    return known


def _parity(graph: Graph, node: Node, a: int, b: int) -> int:
    match node:
        case Delta():
            return 1
        case Variable():
            return int(bool(node.properties & {"symmetric", "spd", "diagonal"}))
        case Pointwise():
            return _of_function(graph, node, a, b)
        case Contraction() | Sum() if len(node.args) <= _TERMS:
            sign, swapped = exchanged(graph, node, a, b)
            return sign if swapped is node else 0
    return 0


def _of_function(graph: Graph, node: Pointwise, a: int, b: int) -> int:
    signs = [parity(graph, arg, a, b) for arg in node.args if arg.order]
    operation = node.operation
    if all(sign == 1 for sign in signs):
        return 1
    if not isinstance(operation, Elementwise):
        return 0
    if operation.infix in ("==", "!=") and all(arg.order for arg in node.args):
        return int(exchanged(graph, node.args[0], a, b) == (1, node.args[1]))
    if signs != [-1]:
        return 0
    if operation.name == "power":
        exponent = node.args[1]
        if not isinstance(exponent, Number) or type(exponent.value) is not int or not node.args[0].order:
            return 0
        return -1 if exponent.value % 2 else 1
    return {"odd": -1, "even": 1}.get(operation.parity or "", 0)


def exchanged(graph: Graph, node: Node, a: int, b: int) -> tuple[int, Node]:
    """A sign and a node, which are the node with axes a and b exchanged."""
    axes = list(range(node.order))
    axes[a], axes[b] = b, a
    shape = tuple(node.shape[axis] for axis in axes)
    match node:
        case Contraction():
            sign, factors = 1, []
            for arg, labels in zip(node.args, node.labels, strict=True):
                turned = tuple(axes[label] if label < node.order else label for label in labels)
                turned, own = _in_order(graph, arg, turned)
                sign *= own
                factors.append((arg, turned))
            factors.sort(key=lambda factor: (factor[0].id, factor[1]))
            return sign, graph.contraction(factors, range(node.order), shape)
        case Sum():
            parts = []
            for coefficient, arg in zip(node.coefficients, node.args, strict=True):
                sign, part = exchanged(graph, arg, a, b)
                parts.append((sign * coefficient, part))
            whole = graph.sum(parts, shape)
            negative = graph.sum([(-c, part) for c, part in parts], shape)
            return (-1, negative) if negative is node else (1, whole)
    own = parity(graph, node, a, b)
    return (own, node) if own else (1, graph.contraction([(node, axes)], range(node.order)))


def _in_order(graph: Graph, node: Node, labels: Labels) -> tuple[Labels, int]:
    """Labels of a factor, two of which change places if it only changes its sign; and the sign."""
    result, sign = list(labels), 1
    for a, b in ((0, 1), (0, 2), (1, 2)) if node.order == 3 else ((0, 1),) if node.order == 2 else ():
        if result[a] > result[b]:
            own = parity(graph, node, a, b)
            if own:
                result[a], result[b] = result[b], result[a]
                sign *= own
    return tuple(result), sign


def turned(product: Product) -> None:
    """(xⱼ - xᵢ) yⱼ = -(xᵢ - xⱼ) yⱼ: what changes at most its sign has kept labels first, in their order."""
    graph, place = product.s.graph, {label: position for position, label in enumerate(product.out)}
    last = len(place)
    for position, (node, labels) in enumerate(product.factors):
        if node.order not in (2, 3) or len(set(labels)) < len(labels) or type(node) in (Delta, Variable):
            continue
        result = list(labels)
        for a in range(node.order):
            for b in range(a + 1, node.order):
                if place.get(result[a], last) > place.get(result[b], last):
                    sign = parity(graph, node, a, b)
                    if sign:
                        result[a], result[b] = result[b], result[a]
                        product.coefficient *= sign
        product.factors[position] = (node, tuple(result))


# [i < j] + [j < i] and [i ≠ j]


def _is_of_positions(node: Node, signs: Sequence[str]) -> bool:
    """Whether a node is [i < j], or with another of these signs, of the positions on its two axes."""
    if not isinstance(node, Pointwise) or not isinstance(node.operation, Elementwise) or node.order != 2:
        return False
    if node.operation.infix not in signs or node.shape[0] != node.shape[1]:
        return False
    return all(
        isinstance(arg, Contraction)
        and {(type(each), labels) for each, labels in zip(arg.args, arg.labels, strict=True)}
        == {(Positions, (axis,)), (Ones, (1 - axis,))}
        for axis, arg in enumerate(node.args)
    )


def halves(s: Simplifier, node: Sum) -> Node:
    """[i < j] aᵢⱼ + [j < i] aᵢⱼ = [i ≠ j] aᵢⱼ."""
    if len(node.args) > _TERMS:
        return node
    found: dict[tuple[Node, Rational], Node] = {}
    for coefficient, arg in zip(node.coefficients, node.args, strict=True):
        whole = _both_halves(s, arg)
        if whole is None:
            continue
        other = found.setdefault((whole, coefficient), arg)
        if other is not arg:
            rest = [(c, each) for c, each in zip(node.coefficients, node.args, strict=True) if each not in (arg, other)]
            factors = zip(whole.args, whole.labels, strict=True) if isinstance(whole, Contraction) else [(whole, (0, 1))]
            return s.sum([*rest, (coefficient, s.contraction(list(factors), range(node.order), node.shape))], node.shape)
    return node


def _both_halves(s: Simplifier, node: Node) -> Node | None:
    """A product with [i < j] in it with [i ≠ j] instead."""
    factors: list[Factor] = [(node, (0, 1))]
    if isinstance(node, Contraction):
        factors = list(zip(node.args, node.labels, strict=True))
    halves_ = [position for position, (arg, _) in enumerate(factors) if _is_of_positions(arg, ("<", ">"))]
    if len(halves_) != 1:
        return None
    arg, labels = factors[halves_[0]]
    whole = s.graph.pointwise(COMPARISONS["!="], arg.args)
    factors[halves_[0]] = (whole, tuple(sorted(labels)))
    if len(factors) == 1 and node.order == 2:
        return whole
    return s.graph.contraction(canonical(s.graph, factors, node.order), range(node.order), node.shape)


def both_ways(s: Simplifier, node: Sum) -> Node:
    """Σⱼ Aᵢⱼ + Σⱼ Aⱼᵢ = Σⱼ (Aᵢⱼ + Aⱼᵢ): terms that differ in one matrix, which is transposed, for what no vector stands at."""
    if len(node.args) > _TERMS:
        return node
    parts = list(zip(node.coefficients, node.args, strict=True))
    for index, (coefficient, arg) in enumerate(parts):
        if not isinstance(arg, Contraction):
            continue
        for position, (factor, labels) in enumerate(zip(arg.args, arg.labels, strict=True)):
            summed = [label for label in labels if label >= node.order]
            if factor.order != 2 or len(summed) != 1 or type(factor) is Delta:
                continue
            if sum(summed[0] in each for each in arg.labels) > 1:
                continue
            rest = [each for other, each in enumerate(zip(arg.args, arg.labels, strict=True)) if other != position]
            mirror = s.contraction([*rest, (factor, labels[::-1])], range(node.order), node.shape)
            if mirror is arg or (coefficient, mirror) not in parts[index + 1 :]:
                continue
            both = s.sum([(1, factor), (1, s.contraction([(factor, (1, 0))], (0, 1)))], factor.shape)
            whole = s.contraction([*rest, (both, labels)], range(node.order), node.shape)
            return s.sum([*(part for part in parts if part[1] not in (arg, mirror)), (coefficient, whole)], node.shape)
    return node


def excludes(factors: Iterable[Factor]) -> bool:
    """Whether a product is taken for some positions only, so that the rest need not exist for others."""
    return any(
        isinstance(node, Pointwise) and node.constant and isinstance(node.operation, Elementwise) and node.operation.infix
        for node, _ in factors
    )


def off_diagonal(product: Product) -> Node | None:
    """Σⱼ [i ≠ j] aᵢⱼ = Σⱼ aᵢⱼ - aᵢᵢ where that exists.

    Not where both are kept, for what comes to it later may not exist.
    """
    s = product.s
    for position, (node, labels) in enumerate(product.factors):
        if not _is_of_positions(node, ("!=",)) or labels[0] == labels[1] or set(labels) <= product.kept:
            continue
        rest = [*product.factors[:position], *product.factors[position + 1 :]]
        on_both = [factor for factor in rest if set(labels) <= set(factor[1])]
        if not all(is_total(s.graph, other) for other, _ in on_both):
            return None
        ones: list[Factor] = [(s.graph.ones(node.shape[0]), (label,)) for label in labels]
        parts: list[tuple[Rational, Node]] = [(1, s.contraction([*rest, *ones], product.out, product.shape()))]
        first, second = labels if labels[1] not in product.kept else labels[::-1]
        merged = [(other, tuple(first if name == second else name for name in names)) for other, names in rest]
        once = [_on_diagonal(s, each) for each in merged]
        diagonal = s.contraction([*once, (ones[0][0], (first,))], product.out, product.shape())
        parts.append((-1, diagonal))
        return s.scaled(product.coefficient, s.sum(parts, product.shape()))
    return None


def everywhere(s: Simplifier, root: Node) -> Node:
    """[i ≠ j] aᵢⱼ = aᵢⱼ where aᵢᵢ = 0: for a whole result, to which nothing is multiplied any more."""
    if root.order != 2:
        return root
    parts: list[tuple[Rational, Node]] = []
    for coefficient, arg in terms(root):
        factors = list(zip(arg.args, arg.labels, strict=True)) if isinstance(arg, Contraction) else []
        rest = [factor for factor in factors if not (_is_of_positions(factor[0], ("!=",)) and set(factor[1]) == {0, 1})]
        if rest and len(rest) < len(factors) and all(is_total(s.graph, node) for node, _ in rest):
            once = [_on_diagonal(s, (node, tuple(0 if k == 1 else k for k in labels))) for node, labels in rest]
            if type(s.contraction([*once, (s.graph.ones(root.shape[0]), (0,))], (0,))) is Zero:
                arg = s.contraction(rest, (0, 1), root.shape)
        parts.append((coefficient, arg))
    return s.sum(parts, root.shape)


def _on_diagonal(s: Simplifier, factor: Factor) -> Factor:
    """xᵢ - xᵢ = 0: a factor with a label that it has twice, as one that has it once."""
    node, labels = factor
    if len(set(labels)) == len(labels):
        return factor
    names = tuple(dict.fromkeys(labels))
    return _merged(s, node, tuple(map(names.index, labels)), len(names)), names


def _merged(s: Simplifier, node: Node, labels: Labels, order: int, depth: int = 0) -> Node:
    """A node of `order` axes, to which the node's own axes belong as the labels say."""
    if not node.order:
        return node
    shape = tuple(node.shape[labels.index(label)] for label in range(order))
    if depth < _DEPTH and isinstance(node, Sum):
        parts = [_merged(s, arg, labels, order, depth + 1) for arg in node.args]
        return s.sum(zip(node.coefficients, parts, strict=True), shape)
    if depth < _DEPTH and isinstance(node, Pointwise):
        return s.pointwise(node.operation, [_merged(s, arg, labels, order, depth + 1) for arg in node.args])
    if depth < _DEPTH and isinstance(node, Contraction):
        factors = []
        for arg, own in zip(node.args, node.labels, strict=True):
            names = tuple(labels[k] if k < node.order else k + node.order for k in own)
            distinct = tuple(dict.fromkeys(names))
            factors.append((_merged(s, arg, tuple(map(distinct.index, names)), len(distinct), depth + 1), distinct))
        return s.contraction(factors, range(order), shape)
    return s.contraction([(node, labels)], range(order), shape)


def is_total(graph: Graph, root: Node) -> bool:
    """Whether an array exists where two of its indices are the same (as far as a short look tells)."""
    below = topological([root])
    if len(below) > _LOOK:
        return False
    for node in below:
        if node.order < 2:
            continue
        if isinstance(node, MatrixCall):
            return False
        if isinstance(node, Pointwise):
            if not isinstance(node.operation, Elementwise) or node.operation.domain != "real":
                return False
            if node.operation.name == "power" and not is_positive(graph, node.args[0]):
                exponent = node.args[1]
                if type(exponent) is not Number or type(exponent.value) is not int or exponent.value < 0:
                    return False
    return True
