"""From the typed syntax tree to the tensor graph.

A value in this pass is a node whose first axes belong to bound indices (`i` of a sum over i, by name) and whose last axes are
those of its shape. So everything inside a sum over an index is computed for all values of the index at once, and the sum
itself is a contraction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, reduce
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from matcalc import limits
from matcalc.errors import LimitError, NotSupportedError, Span
from matcalc.language import tree
from matcalc.language.calls import axis_of
from matcalc.language.dimensions import SCALAR, Dim, Shape, dim, matrix, vector
from matcalc.operations import rows
from matcalc.operations.table import COMPARISONS, FUNCTIONS, OPERATIONS, elementwise
from matcalc.tensor import indexed
from matcalc.tensor.nodes import Contraction, Graph, Node, Number, Pointwise, Size, Sum, UnknownFunction, Variable, topological

if TYPE_CHECKING:
    from matcalc.language.shapes import Inference


class Value(NamedTuple):
    """A lowered expression: axes of `node` are the bound indices `bound`, then those of `shape`."""

    node: Node
    shape: Shape
    bound: tuple[str, ...] = ()


def lower(graph: Graph, inference: Inference) -> Value:
    """The expression of a program as a node.

    Raises:
        NotSupportedError: something the language has and the calculus has not yet, with its place.
    """
    return Lowering(graph, inference).program()


@dataclass(slots=True)
class Lowering:
    """One lowering: where names and sizes come from, and what the bindings stand for.

    `names` holds values for names: bindings, parameters of a definition, dimension letters of a signature.
    """

    graph: Graph
    inference: Inference | None = None
    names: dict[str, Value] | None = None

    def program(self) -> Value:
        """The value of the whole program; `names` then holds the bindings."""
        assert self.inference is not None
        self.names = {}
        program = self.inference.program
        for binding in program.bindings:
            if binding.name.name not in self.inference.symbols:
                self.names[binding.name.name] = value = self.expression(binding.value)
                self.graph.keep(value.node, named=True)
        return self.expression(program.body)

    def expression(self, root: tree.Expr, known: Mapping[tree.Expr, Value] = MappingProxyType({})) -> Value:
        """The value of an expression, of which the values of some parts are known."""
        values: dict[tree.Expr, Value] = dict(known)
        inner: set[tree.Expr] = set()  # the left part of a sum is itself a sum: all terms are added at once, at the last one
        nodes = [node for node in tree.postorder(root, known) if node not in known]
        for node in nodes:
            if isinstance(node, tree.Binary) and node.operator in _SIGNS and _is_sum(node.left) and node.left not in known:
                inner.add(node.left)
        for node in nodes:
            if node not in inner:
                values[node] = self._node(node, values)
        return values[root]

    def _node(self, node: tree.Expr, values: dict[tree.Expr, Value]) -> Value:
        if isinstance(node, tree.Name):
            return self._name(node)
        if isinstance(node, tree.Number):
            return Value(self.graph.number(node.value), SCALAR)
        if isinstance(node, tree.Binary):
            if node.operator in _SIGNS:
                return self._sum(node, values)
            return self._binary(node, values[node.left], values[node.right])
        if isinstance(node, tree.Unary):
            value = values[node.operand]
            return value._replace(node=self.graph.scaled(-1, value.node))
        if isinstance(node, tree.Transpose):
            return self.apply(OPERATIONS["transpose"], [values[node.operand]], node.span)
        if isinstance(node, tree.Call):
            return self._call(node, values)
        if isinstance(node, tree.Index):
            return indexed.element(self, node, values[node.operand], values)
        if isinstance(node, tree.Stack):
            return self._stack(node, [values[item] for item in node.items])
        return indexed.series(self, node, values[node.body], values)

    # Leaves

    def _name(self, node: tree.Name) -> Value:
        name = node.name
        if self.names is not None and name in self.names:
            return self.names[name]
        if self.inference is None:
            return Value(self.graph.constant("pi"), SCALAR)
        role = self.inference.roles[node]
        if role == "variable":
            symbol = self.inference.symbols[name]
            return Value(self.graph.variable(name, symbol.shape.dims, symbol.properties), symbol.shape)
        if role == "dimension":
            return Value(self.graph.size(self.inference.dimension(name)), SCALAR)
        if role == "constant":
            return self._constant(name, node)
        return indexed.number(self, node, Value(self.graph.number(0), SCALAR))

    def _constant(self, name: str, node: tree.Expr) -> Value:
        if name in ("pi", "π"):
            return Value(self.graph.constant("pi"), SCALAR)
        assert self.inference is not None
        shape = self.inference.shapes[node]
        sizes = shape.dims
        if name in ("ones", "zeros"):
            labels = range(len(sizes))
            ones = self.graph.contraction([], tuple(labels), sizes)
            return Value(ones if name == "ones" else self.graph.zero(sizes), shape)
        return Value(self.graph.delta(sizes[0]), shape)

    # Operators

    def _binary(self, node: tree.Binary, left: Value, right: Value) -> Value:
        operator = node.operator
        if operator in ("@", "juxtapose", "*"):
            return self.apply(OPERATIONS[operator], [left, right], node.span)
        if operator == "divide" and right.shape.dims:
            inverse = self.apply(OPERATIONS["inv"], [right], node.right.span)
            return self.apply(OPERATIONS["@"], [left, inverse], node.span)
        if operator in ("/", "divide"):
            return self.divide(left, right, node.right.span)
        if operator in ("^", "**"):
            if operator == "^" and left.shape.kind == "matrix":
                return self._matrix_power(left, right, node)
            return self.pointwise(elementwise("power"), [left, right])
        return self.pointwise(COMPARISONS[operator], [left, right])

    def _sum(self, node: tree.Binary, values: Mapping[tree.Expr, Value]) -> Value:
        """All terms of a sum, stretched to one shape."""
        operands: list[Value] = []
        signs: list[int] = []
        rest: tree.Expr = node
        while isinstance(rest, tree.Binary) and rest.operator in _SIGNS and rest not in values:
            operands.append(values[rest.right])
            signs.append(_SIGNS[rest.operator])
            rest = rest.left
        operands.append(values[rest])
        signs.append(1)
        nodes, shape, bound = self._stretch(operands[::-1], scalars=False)
        self.graph.wrote(nodes)
        return Value(self.graph.sum(zip(signs[::-1], nodes, strict=True), nodes[0].shape), shape, bound)

    def divide(self, left: Value, right: Value, span: Span | None = None) -> Value:
        """`left / right`, element by element."""
        if isinstance(right.node, Number) and right.node.value == 0:
            raise NotSupportedError("division by zero", span)
        if isinstance(right.node, Number):
            return left._replace(node=self.graph.scaled(Fraction(1) / right.node.value, left.node))
        inverse = self.pointwise(elementwise("power"), [right, Value(self.graph.number(-1), SCALAR)])
        (a, b), shape, bound = self._stretch([left, inverse], scalars=True)
        labels = range(max(a.order, b.order))
        factors = [(node, labels if node.order else ()) for node in (a, b)]
        return Value(self.graph.contraction(factors, labels), shape, bound)

    def _matrix_power(self, base: Value, power: Value, node: tree.Binary) -> Value:
        exponent = _integer(node.right)
        if exponent is None:
            return self.apply(OPERATIONS["matrix_power"], [base, power], node.right.span)
        if abs(exponent) > limits.MAX_MATRIX_POWER:
            raise LimitError(f"a matrix power is limited to {limits.MAX_MATRIX_POWER}", node.right.span)
        if exponent == 0:
            return Value(self.graph.delta(base.shape.dims[0]), base.shape)
        if exponent < 0:
            base = self.apply(OPERATIONS["inv"], [base], node.span)
        result = base
        for _ in range(abs(exponent) - 1):
            result = self.apply(OPERATIONS["@"], [result, base], node.span)
        return result

    # Calls

    def _call(self, node: tree.Call, values: dict[tree.Expr, Value]) -> Value:
        if node.function in ("eye", "I", "ones", "zeros"):
            return self._constant(node.function, node)
        if node.function == "e" and self.inference is not None and "e" not in self.inference.functions:
            return self._unit(node)
        operands = [values[argument] for argument in node.arguments]
        if node.function in ("len", "rows", "cols"):
            sizes = operands[0].shape.dims
            return Value(self.graph.size(sizes[-1] if node.function == "cols" else sizes[0]), SCALAR)
        if self.inference is not None and node.function in self.inference.functions:
            symbol = self.inference.functions[node.function]
            if not symbol.elementwise:
                return self._named_call(node, operands)
            return self.pointwise(UnknownFunction(node.function, (0,) * len(operands)), operands)
        operation = FUNCTIONS.get(node.function)
        if operation is None:
            raise NotSupportedError(f"the function `{node.function}`", node.name_span)
        axis = axis_of(node)
        if axis is None:
            return self.apply(operation, operands, node.span)
        result = self._along(operation, operands, axis, node.span)
        kind = self.inference.shapes[node].kind if self.inference is not None else result.shape.kind
        return result._replace(shape=Shape(kind, result.shape.dims))

    def _along(self, operation: rows.Operation, operands: Sequence[Value], axis: int, span: Span | None) -> Value:
        """An operation along an axis of a matrix: the operation on a vector, for every value of the other axis at once."""
        first, *others = operands
        if first.shape.kind != "matrix":
            return self.apply(operation, operands, span)
        if axis == 0:
            first = self.apply(OPERATIONS["transpose"], [first], span)
        count, length = first.shape.dims
        other = f"axis {len(first.bound)}"
        value = self.apply(operation, [Value(first.node, vector(length), (*first.bound, other)), *others], span)
        bound = tuple(name for name in value.bound if name != other)
        labels = [len(bound) if name == other else bound.index(name) for name in value.bound]
        own = range(len(bound) + 1, len(bound) + 1 + len(value.shape.dims))
        node = self.graph.contraction([(value.node, (*labels, *own))], range(value.node.order))
        if not value.shape.dims:
            return Value(node, vector(count) if axis else Shape("row", (count,)), bound)
        result = Value(node, matrix(count, length), bound)
        return result if axis else self.apply(OPERATIONS["transpose"], [result], span)

    def _named_call(self, node: tree.Call, operands: Sequence[Value]) -> Value:
        """A declared function such as `g: R^n -> R^m`."""
        assert self.inference is not None
        if any(operand.bound for operand in operands):
            raise NotSupportedError(f"the function `{node.function}` within a sum over an index", node.span)
        shape = self.inference.shapes[node]
        args = [operand.node for operand in operands]
        return Value(self.graph.named_call(node.function, (0,) * len(args), args, shape.dims), shape)

    def _unit(self, node: tree.Call) -> Value:
        """The unit vector e(2)."""
        assert self.inference is not None
        position = node.arguments[0]
        assert isinstance(position, tree.Number)
        shape = self.inference.shapes[node]
        return Value(self.graph.unit(shape.dims[0], dim(_position(position))), shape)

    def apply(self, operation: rows.Operation, operands: Sequence[Value], span: Span | None) -> Value:
        """The value of an operation of the table.

        Raises:
            NotSupportedError: no form of the operation takes operands of these kinds.
        """
        if isinstance(operation, rows.Elementwise):
            result = self.pointwise(operation, operands[: operation.arity])
            for operand in operands[operation.arity :]:
                result = self.pointwise(operation, [result, operand])
            return result
        if isinstance(operation, rows.Derived) and not operation.forms:
            return self._definition(operation, operation.definition, operands, {})
        forms: tuple[rows.Form, ...] = getattr(operation, "forms", ())
        kinds = tuple(operand.shape.kind for operand in operands)
        for form in forms:
            if tuple(operand.kind for operand in form.shapes.operands) == kinds:
                break
        else:
            instead = operation.instead if isinstance(operation, rows.Planned) else ""
            help = f"write {instead}" if instead else None
            raise NotSupportedError(f"{operation.name} of {', '.join(kinds)}", span, help=help)
        sizes = self._letters(form, operands)
        result_shape = _shape(form.shapes.result, sizes)
        if isinstance(operation, rows.Multilinear):
            return self._contraction(form.body, operands, sizes, result_shape)
        if isinstance(operation, rows.Derived):
            return self._definition(operation, form.body, operands, sizes)
        assert isinstance(operation, rows.MatrixFunction)
        if form.body:
            return lower_text(self.graph, form.body, {"X": operands[0]})
        self._check_operands(operation, operands, span)
        main = operands[operation.main]
        others = [operand.node for position, operand in enumerate(operands) if position != operation.main]
        return Value(self.graph.matrix_call(operation, main.node, *others), result_shape, main.bound)

    def _check_operands(self, operation: rows.MatrixFunction, operands: Sequence[Value], span: Span | None) -> None:
        for position, operand in enumerate(operands):
            if position in operation.integers and operand.bound:
                raise NotSupportedError("an index in the exponent of a matrix", span)
            if position != operation.main and operand.bound:
                raise NotSupportedError(f"{operation.name} within a sum over an index", span)
            if position in operation.integers and not _is_integer(operand.node):
                raise NotSupportedError(
                    "a matrix to a power that is not an integer", span, help="`**` is the power of each element"
                )

    def _letters(self, form: rows.Form, operands: Sequence[Value]) -> dict[str, Dim]:
        return {
            letter: size
            for described, operand in zip(form.shapes.operands, operands, strict=True)
            for letter, size in zip(described.dims, operand.shape.dims, strict=True)
        }

    def _contraction(self, einsum: str, operands: Sequence[Value], sizes: Mapping[str, Dim], shape: Shape) -> Value:
        number: dict[str, int] = {}
        before, _, after = einsum.partition("->")
        bound: dict[str, int] = {}
        for operand in operands:
            for name in operand.bound:
                bound.setdefault(name, len(bound))
        lengths: dict[int, Dim] = {}
        factors: list[tuple[Node, Sequence[int]]] = []
        for position, term in enumerate(before.split(",")):
            name, _, letters = term.rstrip("]").rpartition("[")
            labels = [number.setdefault(letter, 1000 + len(number)) for letter in letters]
            if position < len(operands):
                operand = operands[position]
                lengths.update(zip(labels, operand.shape.dims, strict=True))
                factors.append((operand.node, [bound[name] for name in operand.bound] + labels))
            else:
                factors.append((self._constant_array(name, [lengths.get(label) for label in labels]), labels))
        out = [*bound.values(), *(number[letter] for letter in after)]
        return Value(self.graph.contraction(factors, out), shape, tuple(bound))

    def _constant_array(self, name: str, sizes: Sequence[Dim | None]) -> Node:
        """The array of this name; an open size follows from the others."""
        if name == "pair":
            _, first, second = sizes
            assert first is not None
            assert second is not None
            return self.graph.pattern(name, (first.times(second), first, second))
        known = next(size for size in sizes if size is not None)
        return self.graph.delta(known) if name == "eye" else self.graph.pattern(name, (known,) * len(sizes))

    def _definition(
        self, operation: rows.Derived, text: str, operands: Sequence[Value], sizes: Mapping[str, Dim]
    ) -> Value:
        names = dict(zip(operation.parameters, operands, strict=True))
        names |= {letter: Value(self.graph.size(size), SCALAR) for letter, size in sizes.items()}
        return lower_text(self.graph, text, names)

    # Element-wise operations

    def pointwise(self, operation: rows.Elementwise | UnknownFunction, operands: Sequence[Value]) -> Value:
        """An element-wise function of operands that stretch to one shape."""
        nodes, shape, bound = self._stretch(operands, scalars=True)
        return Value(self.graph.pointwise(operation, nodes), shape, bound)

    def _stretch(self, operands: Sequence[Value], *, scalars: bool) -> tuple[list[Node], Shape, tuple[str, ...]]:
        """The nodes of `operands` on the same axes; scalars stay if `scalars`, and are repeated otherwise."""
        shape = max((operand.shape for operand in operands), key=lambda s: len(s.dims))
        bound: dict[str, Dim] = {}
        for operand in operands:
            for name, size in zip(operand.bound, operand.node.shape, strict=False):
                bound.setdefault(name, size)
        number = {name: position for position, name in enumerate(bound)}
        out = range(len(bound) + len(shape.dims))
        sizes = (*bound.values(), *shape.dims)
        nodes = []
        for operand in operands:
            labels = [number[name] for name in operand.bound] + _aligned(operand.shape, shape, len(bound))
            if labels == list(out) or (scalars and not labels):
                nodes.append(operand.node)
            else:
                nodes.append(self.graph.contraction([(operand.node, labels)], out, sizes))
        if scalars and not any(node.shape for node in nodes):
            return nodes, SCALAR, ()
        return nodes, shape, tuple(bound)

    # Indices and blocks

    def _stack(self, node: tree.Stack, items: Sequence[Value]) -> Value:
        """Blocks below each other or side by side. Vectors are columns, rows and scalars in a matrix are rows of it."""
        assert self.inference is not None
        shape = self.inference.shapes[node]
        bounds: dict[str, Dim] = {}
        for item in items:
            for name, size in zip(item.bound, item.node.shape, strict=False):
                bounds.setdefault(name, size)
        first = len(bounds)
        axis = first + (len(shape.dims) == 2 and not node.is_vertical)
        parts = [self._block(item, bounds, len(shape.dims), lifted=axis) for item in items]
        return Value(self.graph.concatenation(axis, parts), shape, tuple(bounds))

    def _block(self, item: Value, bounds: Mapping[str, Dim], order: int, *, lifted: int) -> Node:
        """A block with axes for all indices and `order` of its own; if it has fewer, one more of size 1 at `lifted`."""
        number = {name: position for position, name in enumerate(bounds)}
        own = [label for label in range(len(number), len(number) + order) if label != lifted or len(item.shape.dims) == order]
        labels = [number[name] for name in item.bound] + own
        lengths = iter(item.shape.dims)
        sizes = [next(lengths) if label in own else dim(1) for label in range(len(number), len(number) + order)]
        return self.graph.contraction([(item.node, labels)], range(len(number) + order), (*bounds.values(), *sizes))


_SIGNS = {"+": 1, "-": -1}


def _is_sum(node: tree.Expr) -> bool:
    return isinstance(node, tree.Binary) and node.operator in _SIGNS


def lower_text(graph: Graph, text: str, names: Mapping[str, Value]) -> Value:
    """A text of the operation table, with values for its names."""
    return Lowering(graph, names=dict(names)).expression(_parsed(text))


@cache
def _parsed(text: str) -> tree.Expr:
    from matcalc.language.parse import parse_expression  # noqa: PLC0415 (the parser is not needed to import this module)

    return parse_expression(text)


def _position(node: tree.Number) -> int:
    if node.value > limits.MAX_POSITION:
        raise LimitError(f"positions are limited to {limits.MAX_POSITION:,}", node.span)
    return int(node.value)


def _integer(node: tree.Expr) -> int | None:
    """The value of a literal integer."""
    sign = 1
    while isinstance(node, tree.Unary):
        node, sign = node.operand, -sign
    if isinstance(node, tree.Number) and int(node.value) == node.value:
        return sign * int(node.value)
    return None


def _is_integer(root: Node) -> bool:
    """Whether a scalar is made of integers, sizes and variables by sums and products; the variables are taken for integers."""
    for node in topological([root]):
        match node:
            case Number():
                fits = node.value == int(node.value)
            case Sum():
                fits = all(coefficient == int(coefficient) for coefficient in node.coefficients)
            case Pointwise():
                number = node.args[-1]
                fits = isinstance(number, Number) and number.value > 0 and node.operation is elementwise("power")
            case _:
                fits = isinstance(node, (Variable, Size, Contraction))
        if node.shape or not fits:
            return False
    return True


def _shape(described: rows.Operand, sizes: Mapping[str, Dim]) -> Shape:
    dims = []
    for letters in described.dims:
        factors = [sizes[letter] if letter in sizes else dim(int(letter)) for letter in letters.split("*")]
        dims.append(reduce(Dim.times, factors))
    return Shape(described.kind, tuple(dims))


def _aligned(shape: Shape, target: Shape, first: int) -> list[int]:
    """The labels of a shape's axes where it stretches to `target`, whose axes are numbered from `first`."""
    if shape.kind == "matrix":
        return [first, first + 1]
    if shape.kind == "row" and target.kind == "matrix":
        return [first + 1]
    return [first] if shape.dims else []
