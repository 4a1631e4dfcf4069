"""The answer as a reader gets it: alternatives for a scalar condition, then layout, then names for long repeats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from matcalc.language.dimensions import Shape
from matcalc.notation import matrix as notation
from matcalc.notation.cases import cases
from matcalc.notation.component import MatrixNotationError
from matcalc.notation.layout import Layout, indexed, write
from matcalc.notation.matrix import Answer, Expression
from matcalc.notation.naming import with_names
from matcalc.notation.recover import Recovery
from matcalc.notation.statistics import with_averages
from matcalc.tensor.lower import Value
from matcalc.tensor.nodes import Node


def write_answer(
    recovery: Recovery,
    node: Node,
    value: Shape,
    variables: Sequence[Shape],
    layout: Layout,
    name: str,
    bound: Sequence[tuple[notation.Symbol, Expression]],
    title: str = "",
) -> Answer:
    """A derivative in matrix notation, with rows for `value` and columns for `variables`, the last one called `name`.

    `bound` are the reader's own names, and `title` is what a Kronecker form is.
    """
    written = cases(recovery, node, value, variables, layout)
    if written is None:
        written = write(recovery, node, value, variables, layout, name, title)
    build, words = recovery.build, recovery.words
    named = [(own, with_averages(build, meaning, words)) for own, meaning in bound]
    answer = with_names(build, with_averages(build, written.expression, words), named)
    element: tuple[tuple[str, ...], Expression] | None = None
    if node.order > 2 and not written.indices:
        by_element = indexed(recovery, node)
        if by_element.elements is not None and not by_element.elements.definitions:  # the Kronecker form says it all
            element = (by_element.indices, by_element.expression)
    by_index, left_open = ((), ()) if written.elements is None else (written.elements.definitions, written.elements.left_open)
    definitions = (*by_index, *answer.definitions)
    notes = [written.note] if written.note else []
    notes += remarks((answer.body, *(meaning for _, meaning in definitions)), left_open)
    return Answer(answer.body, definitions, written.indices, "; ".join(notes), element, left_open)


def remarks(parts: Iterable[Expression], left_open: Sequence[str]) -> list[str]:
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


def own_names(recovery: Recovery, bindings: Mapping[str, Value]) -> list[tuple[notation.Symbol, Expression]]:
    """The reader's names for intermediate results, with what they stand for: of a row, its column."""
    bound = []
    for own, each in bindings.items():
        try:
            meaning = recovery.expression(recovery.simplifier.simplify(each.node))
        except MatrixNotationError:
            continue
        shape = each.shape if each.shape.kind == "row" else meaning.shape
        bound.append((recovery.build.make(notation.Symbol, shape, own), meaning))
    return bound
