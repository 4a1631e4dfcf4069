"""Indices: what a subscript selects, an index as a number, and sums, means and products over indices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from matcalc import limits
from matcalc.errors import LimitError, NotSupportedError
from matcalc.language import tree
from matcalc.language.dimensions import SCALAR, Dim, dim, matrix, vector
from matcalc.language.linear import Linear, linear
from matcalc.operations.table import COMPARISONS, elementwise, matrix_function
from matcalc.tensor.nodes import Graph, Node

if TYPE_CHECKING:
    from matcalc.language.ranges import Range
    from matcalc.language.shapes import Inference
    from matcalc.tensor.lower import Lowering, Value

Values = Mapping[tree.Expr, "Value"]


def number(low: Lowering, index: tree.Name, like: Value) -> Value:
    """An index as a number: the values of its range."""
    assert low.inference is not None
    found = low.inference.ranges[low.inference.indices[index]]
    return like._replace(node=_counted(low.graph, found), shape=SCALAR, bound=(index.name,))


def _counted(graph: Graph, found: Range) -> Node:
    """The numbers from the start of a range to its end."""
    shape = (found.length,)
    return graph.sum([(1, graph.positions(found.length)), *_constant(graph, found.start - dim(1), shape)], shape)


def _constant(graph: Graph, value: Dim, shape: Sequence[Dim]) -> Iterator[tuple[int, Node]]:
    """A dimension as a number, repeated to a shape: the terms of a sum."""
    axes = range(len(shape))
    for name, count in value.terms:
        yield count, graph.contraction([(graph.size(dim(name)), ())], axes, shape)
    if value.constant:
        yield value.constant, graph.contraction([], axes, shape)


def element(low: Lowering, node: tree.Index, operand: Value, values: Values) -> Value:
    """What subscripts select."""
    graph, whole = low.graph, operand.node
    subscripts: list[tree.Expr | tree.Slice] = list(node.subscripts)
    if operand.shape.kind == "matrix" and len(subscripts) == 1:
        subscripts.append(tree.Slice(node.span))
    bound = {name: position for position, name in enumerate(operand.bound)}
    labels = list(bound.values())
    factors: list[tuple[Node, Sequence[int]]] = []
    kept: list[tuple[int, Dim]] = []
    for axis, subscript in enumerate(subscripts):
        size, label = operand.shape.dims[axis], 1000 + axis
        if isinstance(subscript, tree.Slice):
            kept.append((label, size))
            labels.append(label)
            continue
        assert low.inference is not None
        value = linear(subscript, partial(_unknown, low.inference))
        shift = _shift(value)
        position = value.dim()
        if position is not None:
            _check_position(position, subscript)
            factors.append((graph.unit(size, position), (label,)))
        elif shift is not None:
            clause, offset = shift
            found = low.inference.ranges[clause]
            whole = graph.slice(whole, len(operand.bound) + axis, found.start + offset - dim(1), found.length)
            label = bound.setdefault(clause.index.name, len(bound))
        else:  # the entry whose position is the number
            own = operand._replace(node=graph.positions(size), shape=SCALAR, bound=("",))
            chosen = low.pointwise(COMPARISONS["=="], [own, values[subscript]])
            factors.append((chosen.node, [label if not name else bound.setdefault(name, len(bound)) for name in chosen.bound]))
        labels.append(label)
    out = [*bound.values(), *(label for label, _ in kept)]
    result = graph.contraction([(whole, labels), *factors], out)
    shape = vector(kept[0][1]) if len(kept) == 1 else matrix(kept[0][1], kept[1][1]) if kept else SCALAR
    return operand._replace(node=result, shape=shape, bound=tuple(bound))


def _unknown(inference: Inference | None, leaf: tree.Expr) -> Linear:
    """What a name or a call stands for in a subscript: an index by its range, or a dimension."""
    assert inference is not None
    if isinstance(leaf, tree.Call):
        dims = inference.shapes[leaf.arguments[0]].dims
        return Linear.of(dims[-1 if leaf.function == "cols" else 0])
    assert isinstance(leaf, tree.Name)
    clause = inference.indices.get(leaf)
    return Linear.of(inference.dimension(leaf.name)) if clause is None else Linear({clause: 1})


def _shift(value: Linear) -> tuple[tree.Clause, Dim] | None:
    """The k of `i + k`, where k has no index, with the clause of i."""
    clauses = [key for key in value.terms if isinstance(key, tree.Clause)]
    if len(clauses) != 1 or value.terms[clauses[0]] != 1:
        return None
    offset = value.plus(Linear({clauses[0]: 1}), -1).dim()
    return None if offset is None else (clauses[0], offset)


def _check_position(position: Dim, subscript: tree.Expr) -> None:
    if position.size is not None and position.size > limits.MAX_POSITION:
        raise LimitError(f"positions are limited to {limits.MAX_POSITION:,}", subscript.span)


# Sums, means and products


def series(low: Lowering, node: tree.IndexSum, body: Value, values: Values) -> Value:
    """A sum, mean or product over indices."""
    conditions = [condition for clause in node.clauses for condition in _conditions(low, clause, body, values)]
    conditions += [_condition(low, condition, body) for condition in node.conditions]
    if node.function not in ("sum", "mean"):
        return _reduced(low, node, body, conditions)
    total = _total(low, node, body, conditions)
    if node.function == "mean":
        one = body._replace(node=low.graph.number(1), shape=SCALAR, bound=())
        return low.divide(total, _total(low, node, one, conditions), node.span)
    return total


def _conditions(low: Lowering, clause: tree.Clause, like: Value, values: Values) -> Iterator[Value]:
    """Indicators of what a range selects from the box that holds it, where its bounds depend on other indices."""
    assert low.inference is not None
    graph, found = low.graph, low.inference.ranges[clause]
    own = like._replace(node=graph.positions(found.length), shape=SCALAR, bound=(clause.index.name,))
    for side, limit in ((1, clause.lower), (-1, clause.upper)):
        if limit is None or not values[limit].bound:
            continue
        value, sign, offset = values[limit], ">=" if side == 1 else "<=", found.start - dim(1)
        written = linear(limit, partial(_unknown, low.inference))
        ranges = [(low.inference.ranges[key], n) for key, n in written.terms.items() if isinstance(key, tree.Clause)]
        constant = written.constant + sum(n * (each.start.constant - 1) for each, n in ranges) - offset.constant
        if constant == side:  # j ≥ i + 1 is j > i
            sign, offset = sign[0], offset + dim(side)
        shape = value.node.shape
        moved = [(-count, each) for count, each in _constant(graph, offset, shape)]
        yield low.pointwise(COMPARISONS[sign], [own, value._replace(node=graph.sum([(1, value.node), *moved], shape))])


def _condition(low: Lowering, condition: tree.Binary, like: Value) -> Value:
    """The condition `i < j` or `i ≠ j`."""
    assert isinstance(condition.left, tree.Name)
    assert isinstance(condition.right, tree.Name)
    sides = [number(low, condition.left, like), number(low, condition.right, like)]
    return low.pointwise(COMPARISONS[condition.operator], sides)


def _total(low: Lowering, node: tree.IndexSum, body: Value, conditions: Sequence[Value]) -> Value:
    assert low.inference is not None
    bound: dict[str, int] = {}
    factors: list[tuple[Node, Sequence[int]]] = []
    own = [1000 + axis for axis in range(len(body.shape.dims))]
    for value in (body, *conditions):
        labels = [bound.setdefault(name, len(bound)) for name in value.bound]
        factors.append((value.node, [*labels, *own] if value is body else labels))
    for clause in node.clauses:
        if bound.pop(clause.index.name, None) is None:
            factors.append((low.graph.size(low.inference.ranges[clause].length), ()))
    return body._replace(node=low.graph.contraction(factors, [*bound.values(), *own]), bound=tuple(bound))


def _reduced(low: Lowering, node: tree.IndexSum, body: Value, conditions: Sequence[Value]) -> Value:
    """A product, maximum or minimum over indices, one after the other; what a condition excludes is a factor 1."""
    assert low.inference is not None
    one = body._replace(node=low.graph.number(1), shape=SCALAR, bound=())
    if conditions and node.function != "prod":
        raise NotSupportedError(f"`{node.function}` over a range that depends on another index", node.span)
    for condition in conditions:
        body = low.pointwise(elementwise("where"), [condition, body, one])
    operation = matrix_function({"max": "amax", "min": "amin"}.get(node.function, node.function))
    for clause in reversed(node.clauses):
        name, length = clause.index.name, low.inference.ranges[clause].length
        if name not in body.bound:
            if node.function == "prod":
                body = low.pointwise(elementwise("power"), [body, one._replace(node=low.graph.size(length))])
            continue
        axis = body.bound.index(name)
        rest = [label for label in range(body.node.order) if label != axis]
        moved = low.graph.contraction([(body.node, range(body.node.order))], [*rest, axis])
        bound = tuple(each for each in body.bound if each != name)
        body = body._replace(node=low.graph.matrix_call(operation, moved), bound=bound)
    return body
