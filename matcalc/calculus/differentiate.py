"""Derivatives on the tensor graph, by accumulation of local Jacobians.

The vector chain rule (Parr & Howard, section 4.5.3) is the contraction of Jacobians, and the single-variable and the
total-derivative chain rules (4.5.1, 4.5.2) are what it is for scalars with one path or several. So there is one
implementation: a node states its local Jacobian by each operand as a sum of contractions, and these are accumulated from the
value back to the variable for a scalar value (reverse), or from the variable on to the value otherwise (forward).

The result has the axes of the value, then those of the variable.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from matcalc.calculus.chain import Derivation
from matcalc.errors import NotSupportedError
from matcalc.language.dimensions import SCALAR, Dim, Shape, matrix, vector
from matcalc.operations.rows import MatrixFunction
from matcalc.operations.table import matrix_function
from matcalc.tensor.lower import Value, lower_text
from matcalc.tensor.nodes import (
    Concatenation,
    Contraction,
    Graph,
    MatrixCall,
    NamedCall,
    Node,
    Pointwise,
    Rational,
    Slice,
    Sum,
    UnknownFunction,
    Variable,
    topological,
)


class JacobianTerm(NamedTuple):
    """`coefficient` times the contraction of `factors` to the labels of the value and those of the operand.

    A label that is in both `value` and `operand` is a diagonal of the Jacobian.
    """

    coefficient: Rational
    factors: tuple[tuple[Node, Sequence[int]], ...]
    value: Sequence[int]
    operand: Sequence[int]


def differentiate(graph: Graph, root: Node, variable: Variable) -> Derivation:
    """The derivative of `root` by `variable`, unsimplified, with the steps that made it.

    Cost and size are proportional to the graph below `root` (the cheap-gradient principle), for any depth.

    Raises:
        NotSupportedError: a function on the way has no derivative in the table.
    """
    nodes = topological([root])
    dependent: set[Node] = {variable}
    for node in nodes:
        if any(arg in dependent for arg in node.args):
            dependent.add(node)
    derivation = Derivation(root, variable, "reverse" if not root.shape else "forward")
    if root not in dependent:
        derivation.result = graph.zero(root.shape + variable.shape)
        return derivation
    active = _by_level([node for node in nodes if node in dependent])
    accumulate = _reverse if derivation.direction == "reverse" else _forward
    derivation.result = accumulate(graph, derivation, active, dependent)
    return derivation


def _by_level(nodes: Sequence[Node]) -> list[Node]:
    """Nodes before their operands; those at the same distance from the leaves in the order in which they were written."""
    level: dict[Node, int] = {}
    for node in nodes:
        level[node] = 1 + max((level.get(arg, 0) for arg in node.args), default=0)
    return sorted(nodes, key=lambda node: (-level[node], node.id))


def _reverse(graph: Graph, derivation: Derivation, active: Sequence[Node], dependent: set[Node]) -> Node:
    """Adjoints: the derivative of the scalar root by each node, from the root down."""
    contributions: dict[Node, list[tuple[Rational, Node]]] = {derivation.root: [(1, graph.number(1))]}
    for node in active:
        adjoint = graph.keep(graph.sum(contributions.pop(node, ()), node.shape))
        derivation.adjoints[node] = adjoint
        if node is derivation.variable:
            return adjoint
        if isinstance(node, Concatenation):
            pulled: Iterable[tuple[Node, Node]] = _split(graph, node, adjoint)
        elif isinstance(node, Slice):
            pulled = [(node.args[0], _padded(graph, node, adjoint))]
        else:
            pulled = _pulled_back(graph, node, adjoint, dependent)
        for arg, contribution in pulled:
            if arg in dependent:
                derivation.record(node, arg)
                contributions.setdefault(arg, []).append((1, contribution))
    raise AssertionError("a dependent root reaches its variable")


def _pulled_back(graph: Graph, node: Node, adjoint: Node, dependent: set[Node]) -> Iterator[tuple[Node, Node]]:
    """Each dependent operand with the contribution of `node` to its adjoint: the adjoint times the local Jacobian."""
    if isinstance(node, MatrixCall) and has_direction(node.operation):
        yield node.args[0], _in_direction_of_adjoint(graph, node, adjoint, dependent)
        return
    for position, arg in enumerate(node.args):
        if arg not in dependent:
            continue
        for term in jacobian(graph, node, position):
            factors = [(adjoint, term.value), *term.factors]
            out = []
            for axis, label in enumerate(term.operand):
                if label in out:  # the operand's diagonal: its adjoint is a diagonal matrix
                    fresh = -1 - axis
                    factors.append((graph.delta(arg.shape[axis]), (label, fresh)))
                    label = fresh
                out.append(label)
            yield arg, graph.scaled(term.coefficient, graph.contraction(factors, out, arg.shape))


def _forward(graph: Graph, derivation: Derivation, active: Sequence[Node], dependent: set[Node]) -> Node:
    """The derivative of each node by the variable, from the variable up."""
    variable = derivation.variable
    width = variable.order
    tangents: dict[Node, Node] = {variable: identity(graph, variable.shape)}
    for node in reversed(active[:-1]):
        if isinstance(node, Concatenation):
            parts = [tangents.get(arg) or graph.zero(arg.shape + variable.shape) for arg in node.args]
            tangents[node] = graph.concatenation(node.axis, parts)
        elif isinstance(node, Slice):
            tangents[node] = graph.slice(tangents[node.args[0]], node.axis, node.start, node.shape[node.axis])
        elif isinstance(node, MatrixCall) and has_direction(node.operation):
            tangents[node] = _in_direction_of_tangent(graph, node, tangents, dependent)
        else:
            terms = []
            for position, arg in enumerate(node.args):
                if arg not in dependent:
                    continue
                own = range(-width, 0)
                for term in _collected(graph, node, arg, jacobian(graph, node, position)):
                    factors = [*term.factors, (tangents[arg], (*term.operand, *own))]
                    out = (*term.value, *own)
                    terms.append((term.coefficient, graph.contraction(factors, out, node.shape + variable.shape)))
            tangents[node] = graph.keep(graph.sum(terms, node.shape + variable.shape))
        for arg in node.args:
            if arg in dependent:
                derivation.record(node, arg)
    derivation.adjoints = tangents
    return tangents[derivation.root]


# Matrix functions that state their derivative in a direction


def has_direction(operation: MatrixFunction) -> bool:
    """Whether the derivative of a matrix function in a direction is an operation of the table, L(X, E), or it is one itself."""
    return bool(operation.frechet) or operation.direction is not None


def check_direction(node: MatrixCall, dependent: Container[Node]) -> None:
    """Refuse what has no such derivative.

    Raises:
        NotSupportedError: an operand by which there is no derivative varies, or X has axes that run along.
    """
    operation = node.operation
    name = "a matrix power" if operation.integers else "expm"
    for position, other in enumerate(node.args[1:], start=1):
        if other in dependent and _position_in_form(operation, position) in operation.integers:
            raise NotSupportedError("the derivative by the exponent of a matrix, which is an integer")
        if other in dependent:
            raise NotSupportedError(f"the derivative of {name} in a direction, by the matrix: a second derivative of {name}")
    if node.order > 2 and operation.direction is None:
        raise NotSupportedError(f"the derivative of {name} within a sum over an index")


def in_direction(graph: Graph, node: MatrixCall, direction: Node) -> Node:
    """L(X, E): the derivative of f(X) in the direction E, or of L(X, E₀), linear in E₀. E may have axes that run along."""
    operation = node.operation
    if operation.direction is not None:
        return graph.matrix_call(operation, direction, *node.args[1:])
    return graph.matrix_call(matrix_function(operation.frechet), direction, *node.args)


def _position_in_form(operation: MatrixFunction, position: int) -> int:
    """Which operand of the form stands at a place in a node: the main one is first there."""
    return position - 1 if position <= operation.main else position


def _in_direction_of_adjoint(graph: Graph, node: MatrixCall, adjoint: Node, dependent: set[Node]) -> Node:
    """The adjoint of L(X, ·) takes G to L(Xᵀ, G) = L(X, Gᵀ)ᵀ."""
    check_direction(node, dependent)
    batch = node.order - 2
    turned = (*range(batch), batch + 1, batch)
    direction = graph.contraction([(adjoint, turned)], range(node.order))
    return graph.contraction([(in_direction(graph, node, direction), turned)], range(node.order))


def _in_direction_of_tangent(graph: Graph, node: MatrixCall, tangents: Mapping[Node, Node], dependent: set[Node]) -> Node:
    """L(X, E) for each entry of the variable: its axes run along, so they stand before those of the matrix."""
    check_direction(node, dependent)
    tangent = tangents[node.args[0]]
    order, batch = tangent.order, node.order - 2
    axes = (*range(batch), *range(node.order, order), batch, batch + 1)
    moved = graph.contraction([(tangent, range(order))], axes)
    return graph.contraction([(in_direction(graph, node, moved), axes)], range(order))


def identity(graph: Graph, shape: Sequence[Dim]) -> Node:
    """The derivative of a tensor by itself: a product of δ."""
    width = len(shape)
    factors = [(graph.delta(size), (axis, width + axis)) for axis, size in enumerate(shape)]
    return graph.contraction(factors, range(2 * width))


# Local Jacobians


def jacobian(graph: Graph, node: Node, position: int) -> Sequence[JacobianTerm]:
    """The Jacobian of a node by its operand at `position`, as a sum of contractions."""
    rule = _RULES.get(type(node))
    if rule is None:
        raise AssertionError(f"no derivative rule for {type(node).__name__}; is it a new kind of node?")
    return rule(graph, node, position)


def _collected(graph: Graph, node: Node, arg: Node, terms: Sequence[JacobianTerm]) -> Sequence[JacobianTerm]:
    """A Jacobian of several terms as one factor, so that it is not multiplied out: (diag(s) - s sᵀ) W."""
    if len(terms) < 2:
        return terms
    value, operand = terms[0].value, terms[0].operand
    size = dict(zip((*value, *operand), node.shape + arg.shape, strict=True))
    labels = tuple(size)
    shape = tuple(size[label] for label in labels)
    total = graph.sum([(term.coefficient, graph.contraction(term.factors, labels, shape)) for term in terms], shape)
    return (JacobianTerm(1, ((total, labels),), value, operand),)


def _of_contraction(graph: Graph, node: Node, position: int) -> Sequence[JacobianTerm]:
    """Product rule: the other factors, on their labels."""
    assert isinstance(node, Contraction)
    others = tuple(
        (arg, labels)
        for other, (arg, labels) in enumerate(zip(node.args, node.labels, strict=True))
        if other != position
    )
    return (JacobianTerm(1, others, range(node.order), node.labels[position]),)


def _of_sum(graph: Graph, node: Node, position: int) -> Sequence[JacobianTerm]:
    """Linearity."""
    assert isinstance(node, Sum)
    labels = range(node.order)
    return (JacobianTerm(node.coefficients[position], (), labels, labels),)


def _of_pointwise(graph: Graph, node: Node, position: int) -> Sequence[JacobianTerm]:
    """Element-wise rule (Parr & Howard, section 4.2): a diagonal of partial derivatives."""
    assert isinstance(node, Pointwise)
    labels = range(node.order)
    partial = partial_derivative(graph, node, position)
    arg = node.args[position]
    factors = ((partial, range(partial.order)),)
    return (JacobianTerm(1, factors, labels, labels if arg.order else ()),)


def partial_derivative(graph: Graph, node: Pointwise, position: int) -> Node:
    """The partial derivative of an element-wise function by one operand, at its operands.

    Raises:
        NotSupportedError: the table states no derivative.
    """
    operation = node.operation
    if isinstance(operation, UnknownFunction):
        orders = tuple(order + (k == position) for k, order in enumerate(operation.orders))
        return graph.pointwise(UnknownFunction(operation.name, orders), node.args)
    if operation.derivatives is None:
        raise NotSupportedError(f"the derivative of {operation.name}")
    text = operation.derivatives[position]
    if operation.tie and position == 0 and node.args[1].constant:
        text = operation.tie
    axes = tuple(map(str, range(node.order)))
    names = {
        name: Value(arg, SCALAR, axes if arg.order else ())
        for name, arg in zip(operation.parameters, node.args, strict=True)
    }
    return lower_text(graph, text, names).node


def _of_matrix_call(graph: Graph, node: Node, position: int) -> Sequence[JacobianTerm]:
    """The row of the table, for each entry of the axes that run along."""
    assert isinstance(node, MatrixCall)
    operation = node.operation
    arg = node.args[0]
    batch = tuple(range(arg.order - len(operation.operand_indices)))
    number: dict[str, int] = {}

    def labels(letters: str) -> tuple[int, ...]:
        return tuple(number.setdefault(letter, len(batch) + len(number)) for letter in letters)

    value, operand = batch + labels(operation.value_indices), batch + labels(operation.operand_indices)
    along, size = tuple(map(str, batch)), len(batch)
    names = {
        "X": Value(arg, _shape_of(arg.shape[size:]), along), "Y": Value(node, _shape_of(node.shape[size:]), along),
        "I_m": Value(graph.delta(arg.shape[size]), matrix(arg.shape[size], arg.shape[size])),
        "I_n": Value(graph.delta(arg.shape[-1]), matrix(arg.shape[-1], arg.shape[-1])),
    }  # fmt: skip
    result = []
    for term in operation.jacobian:
        factors: list[tuple[Node, Sequence[int]]] = []
        for text, letters in term.factors:
            if text.startswith("["):
                factors.append((graph.pattern(text[1:-1], arg.shape[-1:] * len(letters)), labels(letters)))
                continue
            factor = lower_text(graph, text, names)
            factors.append((factor.node, tuple(map(int, factor.bound)) + labels(letters)))
        result.append(JacobianTerm(term.coefficient, tuple(factors), value, operand))
    return result


def _shape_of(sizes: tuple[Dim, ...]) -> Shape:
    return SCALAR if not sizes else vector(*sizes) if len(sizes) == 1 else matrix(*sizes)


def _of_named_call(graph: Graph, node: Node, position: int) -> Sequence[JacobianTerm]:
    """The Jacobian of an unknown function, by name."""
    assert isinstance(node, NamedCall)
    arg = node.args[position]
    orders = tuple(order + (k == position) for k, order in enumerate(node.orders))
    value = range(node.order)
    operand = range(node.order, node.order + arg.order)
    named = graph.named_call(node.name, orders, node.args, node.shape + arg.shape)
    return (JacobianTerm(1, ((named, (*value, *operand)),), value, operand),)


def _split(graph: Graph, node: Concatenation, adjoint: Node) -> Iterator[tuple[Node, Node]]:
    """The adjoint's parts, for each block."""
    start = Dim((), 0)
    for arg in node.args:
        length = arg.shape[node.axis]
        yield arg, graph.slice(adjoint, node.axis, start, length)
        start = start + length


def _padded(graph: Graph, node: Slice, adjoint: Node) -> Node:
    """The adjoint of a part, with zeros where the rest was."""
    arg, axis, length = node.args[0], node.axis, node.shape[node.axis]

    def zeros(size: Dim) -> Node:
        return graph.zero((*arg.shape[:axis], size, *arg.shape[axis + 1 :]))

    rest = arg.shape[axis] - node.start - length
    parts = [zeros(node.start), adjoint, zeros(rest)]
    return graph.concatenation(axis, [part for part in parts if part.shape[axis].size != 0])


_RULES: dict[type[Node], Callable[[Graph, Node, int], Sequence[JacobianTerm]]] = {
    Contraction: _of_contraction,
    Sum: _of_sum,
    Pointwise: _of_pointwise,
    MatrixCall: _of_matrix_call,
    NamedCall: _of_named_call,
}
