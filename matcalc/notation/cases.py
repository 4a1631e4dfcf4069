"""Alternatives for scalar conditions: a derivative with [x > 0] [x < 1] in it as its values where 0 < x < 1, and otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from matcalc.calculus.cancellation import on_support
from matcalc.calculus.substitution import substituted
from matcalc.language.dimensions import Shape
from matcalc.notation import matrix as notation
from matcalc.notation.layout import Layout, Written, write
from matcalc.notation.matrix import Expression
from matcalc.notation.recover import Recovery
from matcalc.operations.rows import Elementwise
from matcalc.operations.table import COMPARISONS
from matcalc.tensor.nodes import Node, Number, Pointwise, Sum, Zero, topological

_NEGATED = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}
_TURNED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}

_SEARCHED = 5_000
"""Nodes of an answer that is searched for conditions."""

_CONDITIONS, _BRANCHES = 4, 4
"""An answer with more conditions, or more alternatives, is written with brackets [x > 0]."""

Normal = tuple[Node, Node, bool]
"""(a, b, strict): a > b or a ≥ b."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    """What the derivative is where all the comparisons hold."""

    holding: tuple[Pointwise, ...]
    node: Node


def cases(recovery: Recovery, node: Node, value: Shape, variables: Sequence[Shape], layout: Layout) -> Written | None:
    """A derivative as alternatives; None if it has no scalar condition, too many, or if brackets say it more shortly."""
    found = _comparisons(node)
    count = len({frozenset((_normal(each), _opposite(_normal(each)))) for each in found})
    if not 0 < count <= _CONDITIONS or not all(map(recovery.can_say, found)):
        return None

    def written(leaf: _Leaf) -> Expression | None:
        branch = write(recovery, leaf.node, value, variables, layout)
        defined = branch.elements is not None and bool(branch.elements.definitions)
        return None if branch.indices or branch.note or defined else branch.expression

    best: list[tuple[Expression, tuple[Pointwise, ...] | None]] | None = None
    for outermost in (False, True):
        leaves = _leaves(recovery, node, outermost)
        branches = _merged(leaves, written) if leaves is not None else None
        if branches is not None and (best is None or _length(branches) < _length(best)):
            best = branches
    if best is None or len(best) > min(_BRANCHES, count + 1):
        return None
    if len(best) == 1:
        return Written(best[0][0])
    shape = best[0][0].shape
    parts = tuple((expression, _condition(recovery, holding)) for expression, holding in best)
    return Written(recovery.build.make(notation.Cases, shape, parts))


def _length(branches: Sequence[tuple[Expression, tuple[Pointwise, ...] | None]]) -> tuple[int, int]:
    return len(branches), sum(len(holding or ()) for _, holding in branches)


# Conditions


def _comparisons(node: Node) -> list[Pointwise]:
    """The scalar comparisons in a node, operands first."""
    below = topological([node])
    if len(below) > _SEARCHED:
        return []
    return [each for each in below if isinstance(each, Pointwise) and not each.order and _sign(each) in _NEGATED]


def _sign(node: Pointwise) -> str:
    return node.operation.infix if isinstance(node.operation, Elementwise) else ""


def _normal(comparison: Pointwise) -> Normal:
    """A comparison as a > b or a ≥ b."""
    a, b = comparison.args
    sign = _sign(comparison)
    return (a, b, sign == ">") if sign in (">", ">=") else (b, a, sign == "<")


def _opposite(normal: Normal) -> Normal:
    """b ≥ a for a > b."""
    return normal[1], normal[0], not normal[2]


def _leaves(recovery: Recovery, root: Node, outermost: bool) -> list[_Leaf] | None:
    """The derivative split by one condition after the other, inner or outer ones first; None if that does not end soon."""
    done: list[_Leaf] = []
    waiting = [_Leaf((), root)]
    while waiting:
        leaf = waiting.pop()
        found = _comparisons(leaf.node)
        if not found:
            done.append(leaf)
        elif len(leaf.holding) > _CONDITIONS or len(done) + len(waiting) > 2**_CONDITIONS:
            return None
        else:
            size = {each: len(topological([each])) for each in found}
            chosen = min(found, key=lambda each: (-size[each] if outermost else size[each], each.id))
            split = [_where(recovery, leaf, found, chosen, truth) for truth in (0, 1)]
            waiting += [each for each in split if _is_possible(each.holding)]
    return done


def _where(recovery: Recovery, leaf: _Leaf, found: Sequence[Pointwise], chosen: Pointwise, truth: int) -> _Leaf:
    """A leaf where one of its comparisons is true or false."""
    simplifier, normal = recovery.simplifier, _normal(chosen)
    opposite = simplifier.graph.pointwise(COMPARISONS[_NEGATED[_sign(chosen)]], chosen.args)
    assert isinstance(opposite, Pointwise)
    known: dict[Node, Node] = {}
    for each in found:
        if _normal(each) == normal:
            known[each] = simplifier.graph.number(truth)
        elif _normal(each) == _opposite(normal):
            known[each] = simplifier.graph.number(1 - truth)
    true = chosen if truth else opposite
    known.update(on_support(simplifier, true))
    return _Leaf((*leaf.holding, true), simplifier.simplify(substituted(simplifier, leaf.node, known)))


# Bounds by numbers


def _bound(comparison: Pointwise) -> tuple[Node, str, Fraction] | None:
    """x > 1 as (x, ">", 1), if it compares something with a number; -2 x > 1 as (x, "<", -1/2)."""
    a, b = comparison.args
    sign = _sign(comparison)
    if isinstance(a, Number):
        a, b, sign = b, a, _TURNED[sign]
    if not isinstance(b, Number):
        return None
    if isinstance(a, Sum) and len(a.args) == 1:
        factor = Fraction(a.coefficients[0])
        return a.args[0], sign if factor > 0 else _TURNED[sign], Fraction(b.value) / factor
    return a, sign, Fraction(b.value)


def _is_possible(holding: Sequence[Pointwise]) -> bool:
    """Not x > 1 and x ≤ 0 together."""
    bounds = [bound for bound in map(_bound, holding) if bound is not None]
    for node, sign, low in bounds:
        for other, turned, high in bounds:
            if node is other and sign[0] == ">" and turned[0] == "<":
                touching = low == high and (sign, turned) == (">=", "<=")
                if low >= high and not touching:
                    return False
    return True


def _needed(holding: Sequence[Pointwise]) -> list[Pointwise]:
    """The comparisons without those that follow from another one: x > 1 says x > 0."""
    return [each for each in holding if not any(_implies(other, each) for other in holding if other is not each)]


def _implies(one: Pointwise, other: Pointwise) -> bool:
    a, b = _bound(one), _bound(other)
    if a is None or b is None or a[0] is not b[0] or a[1][0] != b[1][0]:
        return False
    beyond = a[2] > b[2] if a[1][0] == ">" else a[2] < b[2]
    return beyond or (a[2] == b[2] and len(a[1]) < len(b[1]))


# Alternatives


def _merged(
    leaves: Sequence[_Leaf], written: Callable[[_Leaf], Expression | None]
) -> list[tuple[Expression, tuple[Pointwise, ...] | None]] | None:
    """The alternatives; the value that most leaves have comes last, under `otherwise` (None), if there are several."""
    groups: dict[Expression, list[_Leaf]] = {}
    for leaf in leaves:
        expression = written(leaf)
        if expression is None:
            return None
        groups.setdefault(expression, []).append(leaf)
    if len(groups) == 1:
        return [(next(iter(groups)), ())]
    if len(leaves) == 2 and all(len(leaf.holding) == 1 for leaf in leaves):
        return [(expression, leaf.holding) for expression, (leaf,) in reversed(groups.items())]

    def likely(each: Expression) -> tuple[int, bool, bool]:
        return len(groups[each]), isinstance(groups[each][0].node, Zero), groups[each][0] is leaves[-1]

    rest = max(groups, key=likely)
    branches: list[tuple[Expression, tuple[Pointwise, ...] | None]] = [
        (expression, leaf.holding) for expression, group in groups.items() if expression is not rest for leaf in group
    ]
    only = _needed(groups[rest][0].holding) if len(groups[rest]) == 1 else ()
    return [*branches, (rest, tuple(only) if len(only) == 1 else None)]


def _condition(recovery: Recovery, holding: tuple[Pointwise, ...] | None) -> notation.Condition | None:
    """All these comparisons; None for none."""
    if holding is None:
        return None
    parts = []
    for comparison in _needed(holding):
        indicator = recovery.expression(comparison)
        assert isinstance(indicator, notation.Indicator)
        assert isinstance(indicator.condition, notation.Comparison)
        parts.append(indicator.condition)
    parts.sort(key=lambda part: isinstance(part.right, notation.Number) and part.sign[0] == "<")  # 0 < x < 1
    return parts[0] if len(parts) == 1 else recovery.build.make(notation.Conjunction, parts[0].shape, tuple(parts))
