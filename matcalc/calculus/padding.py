"""Blocks with zeros around them, as the derivatives of sums over x[i + 1] - x[i] are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcalc.calculus.coefficients import without_sign
from matcalc.language.dimensions import Dim
from matcalc.tensor.nodes import Concatenation, Contraction, Delta, Labels, Node, Rational, Slice, Sum, Zero, terms, topological

if TYPE_CHECKING:
    from matcalc.calculus.simplify import Simplifier

_TERMS = 8
"""Sums with more terms are not looked into."""

_LOOK = 40
"""Nodes of a block that are searched for parts of the identity."""


def same_blocks(s: Simplifier, node: Sum) -> Node:
    """[0; 2 a] + [-2 a; 0] = 2 [0; a] - 2 [a; 0]: a block that stands in several places is the same one in all of them."""
    if len(node.args) > _TERMS:
        return node
    opened = [_opened(s, arg) for arg in node.args]
    blocks = [block for _, block, _ in opened if block is not None]
    shared = {block for block in blocks if blocks.count(block) > 1}
    if not shared:
        return node
    parts: list[tuple[Rational, Node]] = []
    for (c, arg), (coefficient, block, scalars) in zip(terms(node), opened, strict=True):
        if block not in shared or type(arg) is Contraction:
            parts.append((c, arg))
            continue
        assert isinstance(arg, Concatenation)
        whole = s.concatenation(arg.axis, [part if type(part) is Zero else block for part in arg.args])
        axes = range(arg.order)
        parts.append((c * coefficient, s.contraction([*scalars, (whole, axes)], axes) if scalars else whole))
    return s.graph.sum(parts, node.shape)


def _opened(s: Simplifier, node: Node) -> tuple[Rational, Node | None, list[tuple[Node, Labels]]]:
    """The one block that is not 0 as a number, an array and other numbers; None for other nodes."""
    if type(node) is Contraction:  # numbers before blocks
        rest = [arg for arg, labels in zip(node.args, node.labels, strict=True) if labels]
        return _opened(s, rest[0]) if len(rest) == 1 and type(rest[0]) is Concatenation else (1, None, [])
    full = [part for part in node.args if type(part) is not Zero] if type(node) is Concatenation else []
    if len(full) != 1:
        return 1, None, []
    coefficient, block = without_sign(s.graph, full[0])
    scalars: list[tuple[Node, Labels]] = []
    if type(block) is Contraction and not all(block.labels):
        factors = list(zip(block.args, block.labels, strict=True))
        scalars = [factor for factor in factors if not factor[1]]
        array = s.contraction([factor for factor in factors if factor[1]], range(block.order), block.shape)
        sign, block = without_sign(s.graph, array)
        coefficient *= sign
    return coefficient, block, scalars


def differences(s: Simplifier, node: Sum) -> Node:
    """[0; E] - [E; 0] = (I[2:n] - I[1:n-1])ᵀ E, which is Eᵀ E for E = I[2:n] - I[1:n-1]: second derivatives of differences."""
    if node.order != 2 or len(node.args) > _TERMS:
        return node
    groups: dict[tuple[Node, tuple[Node, ...]], list[tuple[Rational, Node, Node]]] = {}
    for coefficient, arg in terms(node):
        padded = _padded(s, arg)
        if padded is not None:
            block, shift, scalars = padded
            groups.setdefault((block, scalars), []).append((coefficient, shift, arg))
    for (block, scalars), members in groups.items():
        if len(members) > 1:
            total = s.sum([(coefficient, shift) for coefficient, shift, _ in members], members[0][1].shape)
            content, total = without_sign(s.graph, total)
            other = s.graph.sum([(-1, total)], total.shape)
            if other in block.args:  # -Eᵀ diag(w) E rather than Fᵀ diag(w) E
                content, total = -content, other
            factors = [(total, (2, 0)), (block, (2, 1)), *((scalar, ()) for scalar in scalars)]
            taken = [arg for _, _, arg in members]
            rest = [(c, arg) for c, arg in terms(node) if arg not in taken]
            return s.sum([*rest, (content, s.contraction(factors, (0, 1), node.shape))], node.shape)
    return node


def _padded(s: Simplifier, node: Node) -> tuple[Node, Node, tuple[Node, ...]] | None:
    """The block made of parts of the identity with zeros above and below, the part of the identity that puts it there, and
    the numbers before it.
    """
    scalars: tuple[Node, ...] = ()
    if type(node) is Contraction:
        scalars = tuple(arg for arg, labels in zip(node.args, node.labels, strict=True) if not labels)
        rest = [(arg, labels) for arg, labels in zip(node.args, node.labels, strict=True) if labels]
        if len(rest) != 1 or rest[0][1] != (0, 1):
            return None
        node = rest[0][0]
    if not isinstance(node, Concatenation) or node.axis or node.order != 2:
        return None
    start, full = Dim((), 0), []
    for part in node.args:
        if type(part) is not Zero:
            full.append((part, start))
        start = start + part.shape[0]
    if len(full) != 1:
        return None
    block, start = full[0]
    below = topological([block])
    if len(below) > _LOOK or not any(type(each) is Slice and type(each.args[0]) is Delta for each in below):
        return None
    return block, s.slice(s.graph.delta(node.shape[0]), 0, start, block.shape[0]), scalars
