"""An interpreter of the syntax tree: the value of a program in plain NumPy, and where its kinks are.

A tree is compiled once for given sizes into a list of steps on numbered slots, then run for any number of values. The body of a
sum over an index is a list of its own, run for each value of the index; what in it does not depend on the index is moved out.
Inside, everything is as the operation table has it: scalars 0-d, vectors (n, 1), rows (1, n), matrices (m, n).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcalc.errors import EvaluationError, NotSupportedError
from matcalc.language import tree
from matcalc.language.calls import axis_of
from matcalc.language.dimensions import Shape
from matcalc.operations import rows
from matcalc.operations.table import COMPARISONS, FUNCTIONS, OPERATIONS, elementwise, matrix_function
from matcalc.verify.exponentials import OTHER_WAYS
from matcalc.verify.stand_ins import stand_in

if TYPE_CHECKING:
    from matcalc.language.shapes import Inference

Array = NDArray[np.float64]


class Site(NamedTuple):
    """A place in the text where an operation has a kink; `number` tells apart the pairs of `max(a, b, c)`."""

    node: tree.Expr
    number: int


def value(inference: Inference, values: Mapping[str, Any], sizes: Mapping[str, int]) -> Array:
    """The value of a program: a 0-d array for a scalar, 1-d for a vector or row, 2-d for a matrix.

    Raises:
        EvaluationError: a variable has no value.
        NotSupportedError: the program has something that has no numbers.
    """
    return Interpreter(inference, sizes)(values)


@dataclass(slots=True)
class _Cell:
    """The present value of a bound index, and the depth of the sum that binds it."""

    level: int
    position: int = 0

    def get(self) -> int:
        """The present value."""
        return self.position


class _Step(NamedTuple):
    """`slots[result] = function(*slots[operands])`."""

    result: int
    function: Callable[..., Any]
    operands: tuple[int, ...]


@dataclass(slots=True)
class _Block:
    """Steps that are run together. `cost` counts those inside of sums as often as they are run."""

    steps: list[_Step] = field(default_factory=list)
    cost: int = 0


class Interpreter:
    """An expression of a program (by default its body) for given sizes, ready to be run.

    After a run `kinks` holds what each operation with a kink saw: its site, and the values whose sign decides the branch.
    """

    def __init__(self, inference: Inference, sizes: Mapping[str, int], root: tree.Expr | None = None) -> None:
        self.inference = inference
        self.sizes = sizes
        self.kinks: list[tuple[Site, Any]] = []
        self._slots: list[Any] = []
        self._masks: list[int] = []
        """For each slot the levels of the sums it depends on, as bits."""
        self._blocks = [_Block()]
        self._variables: dict[str, int] = {}
        self._bindings: dict[str, int] = {}
        root = inference.program.body if root is None else root
        self._compile_bindings(root)
        self._result = self._compile(root, {})
        self._dims = tuple(size.value(sizes) for size in self._shape_of(root).dims)

    @property
    def cost(self) -> int:
        """How many steps a run takes."""
        return self._blocks[0].cost

    def __call__(self, values: Mapping[str, Any]) -> Array:
        """The value where the variables have these values."""
        for name, slot in self._variables.items():
            if name not in values:
                raise EvaluationError(f"no value for `{name}`")
            array = np.asarray(values[name], dtype=float)
            self._slots[slot] = array.reshape(self._axes(self.inference.symbols[name].shape))
        self.kinks = []
        with np.errstate(all="ignore"):
            self._run(self._blocks[0])
        result: Array = np.asarray(self._slots[self._result], dtype=float).reshape(self._dims)
        return result

    def _run(self, block: _Block) -> None:
        slots = self._slots
        for result, function, operands in block.steps:
            slots[result] = function(*[slots[operand] for operand in operands])

    # Compiling

    def _compile_bindings(self, root: tree.Expr) -> None:
        """Compile the bindings that `root` makes use of."""
        needed = []
        names = {node.name for node in tree.postorder(root) if isinstance(node, tree.Name)}
        for binding in reversed(self.inference.program.bindings):
            if binding.name.name in names and binding.name.name not in self.inference.symbols:
                needed.append(binding)
                names |= {node.name for node in tree.postorder(binding.value) if isinstance(node, tree.Name)}
        for binding in reversed(needed):
            self._bindings[binding.name.name] = self._compile(binding.value, {})

    def _compile(self, root: tree.Expr, scope: Mapping[str, _Cell]) -> int:
        """The slot of an expression in which the indices in `scope` are bound."""
        places: dict[tree.Expr, int] = {}
        stack = [(root, False)]
        while stack:
            node, entered = stack.pop()
            below = _operands(node)
            if not entered and below:
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(below))
            else:
                places[node] = self._node(node, tuple(places[child] for child in below), scope)
        return places[root]

    def _node(self, node: tree.Expr, below: tuple[int, ...], scope: Mapping[str, _Cell]) -> int:
        if isinstance(node, tree.Name):
            if node.name in scope:
                cell = scope[node.name]
                return self._emit(lambda: np.float64(cell.position), (), mask=1 << cell.level - 1)
            return self._name(node)
        if isinstance(node, tree.Number):
            return self._constant(float(node.value))
        if isinstance(node, tree.Binary):
            return self._binary(node, below)
        if isinstance(node, tree.Unary):
            return self._emit(np.negative, below)
        if isinstance(node, tree.Transpose):
            return self._emit(np.transpose, below)
        if isinstance(node, tree.Call):
            return self._call(node, below)
        if isinstance(node, tree.Index):
            return self._index(node, below[0], scope)
        if isinstance(node, tree.Stack):
            return self._stack(node, below)
        return self._index_sum(node, scope)

    def _emit(self, function: Callable[..., Any], operands: tuple[int, ...], *, mask: int = 0, cost: int = 1) -> int:
        """A new slot, computed by a step in the outermost block where all it depends on is known."""
        for operand in operands:
            mask |= self._masks[operand]
        block = self._blocks[mask.bit_length()]
        slot = self._slot(None, mask)
        block.steps.append(_Step(slot, function, operands))
        block.cost += cost
        return slot

    def _slot(self, content: Any, mask: int = 0) -> int:
        self._slots.append(content)
        self._masks.append(mask)
        return len(self._slots) - 1

    def _constant(self, content: Any) -> int:
        return self._slot(np.asarray(content, dtype=float))

    # Leaves

    def _shape_of(self, node: tree.Expr) -> Shape:
        shape = self.inference.shapes.get(node)
        return self.inference.symbols[node.name].shape if shape is None and isinstance(node, tree.Name) else shape or _SCALAR

    def _axes(self, shape: Shape) -> tuple[int, ...]:
        """The shape of an array as the operation table has it."""
        dims = tuple(size.value(self.sizes) for size in shape.dims)
        if shape.kind == "vector":
            return (*dims, 1)
        return (1, *dims) if shape.kind == "row" else dims

    def _name(self, node: tree.Name) -> int:
        name = node.name
        role = self.inference.roles.get(node, "variable")
        if role == "variable":
            if name not in self._variables:
                self._variables[name] = self._slot(None)
            return self._variables[name]
        if role == "binding":
            return self._bindings[name]
        if role == "dimension":
            return self._constant(self.inference.dimension(name).value(self.sizes))
        return self._sized(name, node)

    def _sized(self, name: str, node: tree.Expr) -> int:
        """π, I, ones, zeros."""
        axes = self._axes(self._shape_of(node))
        if name in ("pi", "π"):
            return self._constant(np.pi)
        if name in ("ones", "zeros"):
            return self._constant(np.full(axes, 1.0 if name == "ones" else 0.0))
        return self._constant(np.eye(axes[0]))

    # Operators

    def _binary(self, node: tree.Binary, below: tuple[int, ...]) -> int:
        operator = node.operator
        if operator in _ARITHMETIC:
            return self._emit(_ARITHMETIC[operator], below)
        if operator in ("@", "juxtapose", "*"):
            result = self._row(OPERATIONS[operator], node, below)
            shape = self._shape_of(node)
            if not shape.dims or any(size.value(self.sizes) != 1 for size in shape.dims):
                return result
            axes = self._axes(shape)  # a matrix of one entry is no number
            return self._emit(lambda value: np.reshape(value, axes), (result,))
        if operator == "divide":
            return self._emit(_right_quotient if self._shape_of(node.right).dims else np.divide, below)
        if operator == "^" and self._shape_of(node.left).kind == "matrix":
            return self._emit(lambda base, exponent: _matrix_power(base, exponent, node), below)
        return self._row(elementwise("power") if operator in ("^", "**") else COMPARISONS[operator], node, below)

    def _stack(self, node: tree.Stack, below: tuple[int, ...]) -> int:
        """Two-dimensional blocks; a line of numbers is a column, unless it is part of a larger stack."""
        below_each_other = node.is_vertical or self._shape_of(node).kind == "vector"
        join = np.vstack if below_each_other else np.hstack
        return self._emit(lambda *items: join([np.atleast_2d(item) for item in items]), below)

    def _call(self, node: tree.Call, below: tuple[int, ...]) -> int:
        name = node.function
        below = below[: len(node.arguments)]
        unknown = self.inference.functions.get(name)
        if unknown is not None:
            if not unknown.elementwise:
                raise NotSupportedError(f"the value of the unknown vector function `{name}`", node.span)
            orders = (0,) * len(below)
            return self._emit(lambda *operands: stand_in(name, orders, operands), below)
        if name in ("eye", "I", "ones", "zeros"):
            return self._sized(name, node)
        if name == "e" and isinstance(node.arguments[0], tree.Number):
            size = self._shape_of(node).dims[0].value(self.sizes)
            return self._constant(np.eye(size)[:, [int(node.arguments[0].value) - 1]])
        if name in ("len", "rows", "cols"):
            dims = self._shape_of(node.arguments[0]).dims
            return self._constant(dims[-1 if name == "cols" else 0].value(self.sizes))
        row = FUNCTIONS.get(name)
        if row is None or isinstance(row, rows.Planned):
            raise NotSupportedError(f"the value of `{name}`", node.name_span)
        axis = axis_of(node)
        if axis is not None and self._shape_of(node.arguments[0]).kind == "matrix":
            return self._along(row, node, axis, below)
        return self._row(row, node, below)

    def _along(self, row: rows.Operation, node: tree.Call, axis: int, below: tuple[int, ...]) -> int:
        """An operation on each row of a matrix, or on each column."""
        as_row = self._shape_of(node).kind == "row"

        def lines(array: Any, *others: Any) -> list[tuple[Any, ...]]:
            return [(line.reshape(-1, 1), *others) for line in (array if axis else array.T)]

        def total(*operands: Any) -> Any:
            values = [np.reshape(row.evaluate(np, *line), -1) for line in lines(*operands)]
            result = np.array(values)
            if result.shape[1] > 1 or self._shape_of(node).kind == "matrix":
                return result if axis else result.T
            return result.reshape((1, -1) if as_row else (-1, 1))

        kink: Callable[..., Any] | None = getattr(row, "kink", None)
        if kink is None:
            return self._emit(total, below)

        def recorded(*operands: Any) -> Any:
            seen = [np.asarray(kink(np, *line), dtype=float).reshape(-1) for line in lines(*operands)]
            self.kinks.append((Site(node, 0), np.concatenate(seen)))
            return total(*operands)

        return self._emit(recorded, below)

    def _row(self, row: rows.Operation, node: tree.Expr, below: tuple[int, ...]) -> int:
        """An operation of the table; more operands than an element-wise one has are taken two at a time."""
        if not (isinstance(row, rows.Elementwise) and row.variadic):
            return self._apply(row, Site(node, 0), below)
        result = below[0]
        for number, operand in enumerate(below[1:]):
            result = self._apply(row, Site(node, number), (result, operand))
        return result

    def _apply(self, row: rows.Operation, site: Site, operands: tuple[int, ...]) -> int:
        if row.name in OTHER_WAYS:
            return self._emit(OTHER_WAYS[row.name], operands)
        evaluate = row.evaluate
        kink: Callable[..., Any] | None = getattr(row, "kink", None)
        if kink is None:
            return self._emit(lambda *values: evaluate(np, *values), operands)

        def recorded(*values: Any) -> Any:
            self.kinks.append((site, np.asarray(kink(np, *values), dtype=float)))
            return evaluate(np, *values)

        return self._emit(recorded, operands)

    # Indices

    def _index(self, node: tree.Index, operand: int, scope: Mapping[str, _Cell]) -> int:
        mask = 0
        parts: list[Callable[[], int] | slice] = []
        for subscript in node.subscripts:
            if isinstance(subscript, tree.Slice):
                parts.append(slice(None))
            else:
                position, levels = self._whole(subscript, scope)
                mask |= levels
                parts.append(position)
        kind = self._shape_of(node.operand).kind
        if kind == "matrix" and len(parts) == 1:
            parts.append(slice(None))
        elif kind != "matrix":
            parts = [*parts, lambda: 1] if kind == "vector" else [lambda: 1, *parts]
        is_element = not any(isinstance(part, slice) for part in parts)

        def select(array: Any) -> Any:
            places: list[Any] = []
            for part, size in zip(parts, array.shape, strict=True):
                place = part if isinstance(part, slice) else part() - 1
                if not isinstance(place, slice) and not 0 <= place < size:
                    raise EvaluationError(f"`{node.span.excerpt}`: there is no entry {place + 1} of {size}")
                places.append(place)
            selected = array[tuple(places)]
            return selected if is_element else selected.reshape(-1, 1)

        return self._emit(select, (operand,), mask=mask)

    def _whole(self, root: tree.Expr, scope: Mapping[str, _Cell]) -> tuple[Callable[[], int], int]:
        """An expression of integers – indices, dimensions, numbers – and the levels of the sums it depends on, as bits."""
        mask = 0
        code: list[tuple[str, Callable[[], int]]] = []
        stack = [(root, False)]
        while stack:
            node, entered = stack.pop()
            if isinstance(node, (tree.Binary, tree.Unary)) and not entered:
                stack += [(node, True), *((child, False) for child in reversed(tree.children(node)))]
            elif isinstance(node, tree.Unary):
                code.append(("negative", int))
            elif isinstance(node, tree.Binary):
                code.append(("*" if node.operator == "juxtapose" else node.operator, int))
            elif isinstance(node, tree.Name) and node.name in scope:
                cell = scope[node.name]
                mask |= 1 << cell.level - 1
                code.append(("", cell.get))
            else:
                code.append(("", partial(int, self._fixed(node))))
        return partial(_calculated, code), mask

    def _fixed(self, node: tree.Expr) -> int:
        """A number, a dimension, or the length of something."""
        if isinstance(node, tree.Number):
            return int(node.value)
        if isinstance(node, tree.Name):
            return self.inference.dimension(node.name).value(self.sizes)
        if isinstance(node, tree.Call) and node.function in ("len", "rows", "cols"):
            return self._shape_of(node.arguments[0]).dims[-1 if node.function == "cols" else 0].value(self.sizes)
        raise NotSupportedError("this subscript", node.span)

    def _index_sum(self, node: tree.IndexSum, scope: Mapping[str, _Cell]) -> int:
        level = len(self._blocks)
        outer, times = 0, 1
        inner = dict(scope)
        loops: list[tuple[_Cell, Callable[[], int], Callable[[], int]]] = []
        for clause in node.clauses:
            length = self.inference.ranges[clause].length.value(self.sizes)
            times *= max(length, 1)
            lower: Callable[[], int] = partial(int, 1)
            upper: Callable[[], int] = partial(int, length)
            if clause.upper is not None:
                upper, mask = self._whole(clause.upper, inner)
                outer |= mask
            if clause.lower is not None:
                lower, mask = self._whole(clause.lower, inner)
                outer |= mask
            inner[clause.index.name] = _Cell(level)
            loops.append((inner[clause.index.name], lower, upper))
        conditions = []
        for condition in node.conditions:
            (left, mask), (right, other) = self._whole(condition.left, inner), self._whole(condition.right, inner)
            conditions.append((_HOLDS[condition.operator], left, right))
            outer |= mask | other
        self._blocks.append(_Block())
        body = self._compile(node.body, inner)
        block = self._blocks.pop()
        slots = self._slots

        def over_all() -> Any:
            found = []
            for _ in _nested(loops):
                if not all(holds(left(), right()) for holds, left, right in conditions):
                    continue
                self._run(block)
                found.append(slots[body])
            values = np.asarray(found)
            if node.function in ("max", "min"):
                kink = matrix_function(f"a{node.function}").kink
                assert kink is not None
                columns = values.reshape(len(found), -1).T
                self.kinks.append((Site(node, 0), np.concatenate([np.reshape(kink(np, each), -1) for each in columns])))
            return _OVER_INDEX[node.function](values)

        outer = (outer | self._masks[body]) & ~(1 << level - 1)
        return self._emit(over_all, (), mask=outer, cost=times * (1 + block.cost))


def _nested(loops: Sequence[tuple[_Cell, Callable[[], int], Callable[[], int]]]) -> Iterator[None]:
    """Set the indices to all values of their ranges, each of which may depend on the indices before."""
    if not loops:
        yield
        return
    (cell, lower, upper), *rest = loops
    for position in range(lower(), upper() + 1):
        cell.position = position
        yield from _nested(rest)


def _calculated(code: Sequence[tuple[str, Callable[[], int]]]) -> int:
    """The value of integer arithmetic in postfix order."""
    stack: list[int] = []
    for sign, value in code:
        if not sign:
            stack.append(value())
        elif sign == "negative":
            stack.append(-stack.pop())
        else:
            right, left = stack.pop(), stack.pop()
            stack.append({"+": left + right, "-": left - right, "*": left * right}[sign])
    return stack.pop()


_OVER_INDEX: dict[str, Callable[[Any], Any]] = {
    "sum": partial(np.sum, axis=0), "prod": partial(np.prod, axis=0), "mean": partial(np.mean, axis=0),
    "max": partial(np.max, axis=0), "min": partial(np.min, axis=0),
}
_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "!=": operator.ne,
}
_SCALAR = Shape("scalar", ())
_ARITHMETIC: dict[str, Callable[..., Any]] = {"+": np.add, "-": np.subtract, "/": np.divide}
_NO_OPERANDS = frozenset({"eye", "I", "ones", "zeros", "len", "rows", "cols"})


def _operands(node: tree.Expr) -> tuple[tree.Expr, ...]:
    """What must be computed before a node: not the subscripts and sizes, nor the body of a sum."""
    if isinstance(node, tree.IndexSum) or (isinstance(node, tree.Call) and node.function in _NO_OPERANDS):
        return ()
    return (node.operand,) if isinstance(node, tree.Index) else tree.children(node)


def _right_quotient(left: Any, right: Any) -> Any:
    """The X with X right = left."""
    return np.linalg.solve(right.T, left.T).T


def _matrix_power(base: Any, exponent: Any, node: tree.Binary) -> Any:
    if float(exponent) != int(exponent):
        raise NotSupportedError("a matrix to a power that is not an integer", node.right.span)
    return np.linalg.matrix_power(base, int(exponent))
