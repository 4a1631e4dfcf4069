"""The answer as a reader gets it: alternatives for a scalar condition, then layout, then names for long repeats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from matcalc.calculus.cancellation import on_support
from matcalc.language.dimensions import Shape
from matcalc.notation import matrix as notation
from matcalc.notation.component import MatrixNotationError
from matcalc.notation.layout import Layout, Written, indexed, write
from matcalc.notation.matrix import Answer, Expression
from matcalc.notation.naming import with_names
from matcalc.notation.recover import Recovery
from matcalc.operations.rows import Elementwise
from matcalc.operations.table import COMPARISONS
from matcalc.tensor.lower import Value
from matcalc.tensor.nodes import Node, Pointwise, topological

_NEGATED = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}

_SEARCHED = 5_000
"""Nodes of an answer that is searched for a condition."""


def write_answer(
    recovery: Recovery,
    node: Node,
    value: Shape,
    variables: Sequence[Shape],
    layout: Layout,
    name: str,
    bound: Sequence[tuple[str, Expression]],
    title: str = "",
) -> Answer:
    """A derivative in matrix notation, with rows for `value` and columns for `variables`, the last one called `name`.

    `bound` are the reader's own names, and `title` is what a Kronecker form is.
    """
    condition = _condition(node)
    written = _cases(recovery, node, condition, value, variables, layout) if condition is not None else None
    if written is None:
        written = write(recovery, node, value, variables, layout, name, title)
    answer = with_names(recovery.build, written.expression, bound)
    element: tuple[tuple[str, ...], Expression] | None = None
    if node.order > 2 and not written.indices:
        by_element = indexed(recovery, node)
        if by_element.elements is not None and not by_element.elements.definitions:  # the Kronecker form says it all
            element = (by_element.indices, by_element.expression)
    by_index, left_open = ((), ()) if written.elements is None else (written.elements.definitions, written.elements.left_open)
    definitions = (*by_index, *answer.definitions)
    notes = [written.note] if written.note else []
    notes += _remarks((answer.body, *(meaning for _, meaning in definitions)), left_open)
    return Answer(answer.body, definitions, written.indices, "; ".join(notes), element, left_open)


def _remarks(parts: Iterable[Expression], left_open: Sequence[str]) -> list[str]:
    """What must be known to read an answer."""
    remarks: dict[str, None] = {}
    for part in parts:
        for node in notation.postorder(part):
            match node:
                case notation.Element() if node.operand.shape.kind == "matrix" and len(node.indices) == 1:
                    remarks["a matrix with one index is that row, as a column"] = None
                case notation.NamedElement() if any(names for _, names in node.by):
                    remarks["∂ with an index is the derivative by that element of the operand"] = None
                case notation.Named(role="partial"):
                    remarks["∂₁ is the derivative by the first operand"] = None
                case notation.Function(axis=int()):
                    remarks[_ALONG[node.axis or 0]] = None
    if left_open:
        remarks[f"too large to be written out: {', '.join(left_open[:3])}, …"] = None
    return list(remarks)


_ALONG = ("axis=0: of each column", "axis=1: of each row")


def own_names(recovery: Recovery, bindings: Mapping[str, Value]) -> list[tuple[str, Expression]]:
    """The reader's names for intermediate results, with what they stand for."""
    bound = []
    for own, each in bindings.items():
        try:
            bound.append((own, recovery.expression(recovery.simplifier.simplify(each.node))))
        except MatrixNotationError:
            continue
    return bound


def _condition(node: Node) -> dict[int, dict[Node, int]] | None:
    """The one scalar condition that a derivative depends on: for both of its truth values, those of the comparisons in it.

    Two comparisons may be one condition and its opposite: a ≥ b and b > a.
    """
    below = topological([node])
    if len(below) > _SEARCHED:
        return None
    found = [
        each
        for each in below
        if isinstance(each, Pointwise)
        and not each.order
        and isinstance(each.operation, Elementwise)
        and each.operation.infix in _NEGATED
    ]
    if len(found) == 1:
        return {truth: {found[0]: truth} for truth in (0, 1)}
    if len(found) == 2 and _normal(found[0]) == (*_normal(found[1])[:2], not _normal(found[1])[2]):
        return {truth: {found[0]: truth, found[1]: 1 - truth} for truth in (0, 1)}
    return None


def _normal(comparison: Pointwise) -> tuple[Node, Node, bool]:
    """A comparison as (a, b, strict?) where "not strict" is a ≥ b and "strict" its opposite b > a."""
    assert isinstance(comparison.operation, Elementwise)
    a, b = comparison.args
    sign = comparison.operation.infix
    return {">=": (a, b, False), "<=": (b, a, False), ">": (b, a, True), "<": (a, b, True)}[sign]


def _cases(
    recovery: Recovery,
    node: Node,
    condition: Mapping[int, Mapping[Node, int]],
    value: Shape,
    variables: Sequence[Shape],
    layout: Layout,
) -> Written | None:
    """The alternatives for a scalar condition; None if they are the same or one is not in matrix notation."""
    simplifier, build = recovery.simplifier, recovery.build
    branches: list[tuple[Expression, Expression]] = []
    for truth, comparisons in condition.items():
        known: dict[Node, Node] = {}
        holding: list[Pointwise] = []
        for comparison, holds in comparisons.items():
            assert isinstance(comparison, Pointwise)
            assert isinstance(comparison.operation, Elementwise)
            known[comparison] = simplifier.graph.number(holds)
            opposite = COMPARISONS[_NEGATED[comparison.operation.infix]]
            true = comparison if holds else simplifier.graph.pointwise(opposite, comparison.args)
            assert isinstance(true, Pointwise)
            known.update(on_support(simplifier, true))
            holding.append(true)
        branch = simplifier.simplify(_substituted(recovery, node, known))
        written = write(recovery, branch, value, variables, layout)
        if written.indices or written.note:
            return None
        indicator = recovery.expression(holding[0])
        assert isinstance(indicator, notation.Indicator), truth
        branches.append((written.expression, indicator.condition))
    if branches[0][0] is branches[1][0]:
        return Written(branches[0][0])
    return Written(build.make(notation.Cases, branches[0][0].shape, tuple(branches)))


def _substituted(recovery: Recovery, root: Node, known: Mapping[Node, Node]) -> Node:
    """`root` with nodes replaced."""
    done: dict[Node, Node] = dict(known)
    for node in topological([root]):
        if node not in done:
            args = [done[arg] for arg in node.args]
            same = all(new is old for new, old in zip(args, node.args, strict=True))
            done[node] = node if same else recovery.simplifier.rebuilt(node, args)
    return done[root]
