"""The tensor graph: a few kinds of interned node in index (Einstein) notation, after Laue, Mitterreiter & Giesen (2018, 2020).

A node is a tensor with axes; its `shape` gives their sizes, () for a scalar. Rows and columns do not exist here: both are
tensors with one axis. Nodes are made by a `Graph` only, which returns the same object for the same content, so equality is
identity. Nodes are immutable and refer only to older ones: the `id` orders them topologically, and the same input always
gives the same ids.

| node | stands for |
| --- | --- |
| `Variable`, `Number`, `Size`, `Constant` | a free variable, a rational, a dimension as a number, pi |
| `Ones`, `Delta`, `Unit`, `Zero` | ones along one axis, the identity δ, a unit vector, zeros of any shape |
| `Positions` | the numbers 1, 2, …, n along one axis: an index as a number |
| `Contraction` | a product of factors with index labels, summed over the labels that are not kept |
| `Sum` | a linear combination with rational coefficients, of terms of one shape |
| `Pointwise` | an element-wise function; operands have the node's shape or are scalars |
| `MatrixCall` | a function of whole vectors or matrices: inverse, determinant, softmax, … |
| `NamedCall` | a function of vectors that is only named: `g: R^n -> R^m` |
| `Concatenation`, `Slice` | blocks along an axis, and a part of an axis |
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from matcalc.language.dimensions import Dim

if TYPE_CHECKING:
    from matcalc.operations.rows import Elementwise, MatrixFunction

Rational = int | Fraction
Labels = tuple[int, ...]
Shape = tuple[Dim, ...]


def rational(value: Rational) -> Rational:
    """The same number, as an int where it is one (int arithmetic is several times faster)."""
    if type(value) is Fraction and value.denominator == 1:
        return value.numerator
    return value


class UnknownFunction(NamedTuple):
    """A function known by name only, applied element by element, differentiated `orders[k]` times by operand k."""

    name: str
    orders: tuple[int, ...]


class Node:
    """A tensor. Made by `Graph`; compared by identity."""

    __slots__ = ("args", "constant", "first", "id", "shape")
    id: int
    first: int
    """The id of the variable below it that was written first; terms of a sum are written in this order."""
    shape: Shape
    args: tuple[Node, ...]
    constant: bool
    """No variable below it."""

    @property
    def order(self) -> int:
        """The number of axes."""
        return len(self.shape)


class Variable(Node):
    """A free variable."""

    __slots__ = ("name", "properties")
    name: str
    properties: frozenset[str]


class Number(Node):
    """A rational number."""

    __slots__ = ("value",)
    value: Rational


class Constant(Node):
    """A named real number: pi."""

    __slots__ = ("name",)
    name: str


class Size(Node):
    """A dimension as a number."""

    __slots__ = ("size",)
    size: Dim


class Ones(Node):
    """The vector of ones."""

    __slots__ = ()


class Delta(Node):
    """The identity matrix: Kronecker's δ."""

    __slots__ = ()


class Unit(Node):
    """The unit vector whose entry at `position` (from 1) is 1."""

    __slots__ = ("position",)
    position: Dim


class Positions(Node):
    """The vector 1, 2, …, n."""

    __slots__ = ()


class Pattern(Node):
    """A constant array of zeros and ones, by name.

    - `lower` (i, j): 1 where i ≥ j, the lower triangle;
    - `pair` (a, i, j): 1 where a = i + m (j - 1) counts the pairs (i, j) of 1..m and 1..n, those with the same j together, as
      vec stacks columns;
    - `cross` (i, j, k): the Levi-Civita symbol, the sign of the permutation i j k of 1 2 3, else 0.
    """

    __slots__ = ("name",)
    name: str


class Zero(Node):
    """Zeros."""

    __slots__ = ()


class Contraction(Node):
    """The product of the factors `args`, each with its `labels`, summed over every label that is not kept.

    Kept are the labels 0, 1, … order-1, in this order; the summed ones are numbered on from there.
    """

    __slots__ = ("labels",)
    labels: tuple[Labels, ...]


class Sum(Node):
    """The sum of `coefficients[k] * args[k]`."""

    __slots__ = ("coefficients",)
    coefficients: tuple[Rational, ...]


class Pointwise(Node):
    """A function applied element by element."""

    __slots__ = ("operation",)
    operation: Elementwise | UnknownFunction


class MatrixCall(Node):
    """A function of the last axes of its first operand; others are whole matrices or numbers (see `MatrixFunction.main`)."""

    __slots__ = ("operation",)
    operation: MatrixFunction


class NamedCall(Node):
    """An unknown function of whole scalars, vectors or matrices, differentiated `orders[k]` times by operand k.

    Its axes are those of the function's value, then those of the operands by which it is differentiated.
    """

    __slots__ = ("name", "orders")
    name: str
    orders: tuple[int, ...]


class Concatenation(Node):
    """The args one after the other along `axis`."""

    __slots__ = ("axis",)
    axis: int


class Slice(Node):
    """The part of `axis` of its operand that begins after `start` entries."""

    __slots__ = ("axis", "start")
    axis: int
    start: Dim


_MANY, _MANY_IF_NAMED = 4, 4
"""Sums of as many terms stay one term of others: derivatives by what is used in several places, and what has a name."""

_NEVER = 1 << 60
"""The `first` of what has no variable."""

N = TypeVar("N", bound=Node)
Factors = Sequence[tuple[Node, Sequence[int]]]
Terms = Iterable[tuple[Rational, Node]]


class Graph:
    """Makes and interns nodes. The constructors do only what is cheap and always right; see `calculus.simplify` for more."""

    def __init__(self) -> None:
        self._nodes: dict[Any, Node] = {}
        self.symmetric: dict[Node, bool] = {}
        """Which matrices are known to equal their transpose, or not to; see `calculus.symmetry`."""
        self.mirrors: dict[tuple[Node, int, int], int] = {}
        """Which arrays keep their values up to sign where two axes are exchanged; see `calculus.mirrors`."""
        self.signs: dict[Node, int] = {}
        """What is known of the signs of entries; see `calculus.signs`."""
        self.whole: set[Node] = set()
        """Products that stay one factor of others, and sums that stay one term of others: long ones that have a name or are
        used in several places; see `calculus.simplify`."""
        self.written: dict[frozenset[Node], tuple[Node, ...]] = {}
        """The terms of sums in the order in which somebody wrote them."""
        self.looking = 0
        """How many looks for symmetry are under way, one within the other."""

    def __len__(self) -> int:
        return len(self._nodes)

    def variables(self) -> list[Variable]:
        """The free variables, in the order in which they were made."""
        return [node for node in self._nodes.values() if isinstance(node, Variable)]

    def sizes(self) -> list[Dim]:
        """The dimensions that stand as numbers somewhere, also those that count pairs or say which part of an axis is meant."""
        nodes = list(self._nodes.values())
        sizes = [node.size if isinstance(node, Size) else node.shape[1] for node in nodes if isinstance(node, (Size, Pattern))]
        return sizes + [size for node in nodes if isinstance(node, Slice) for size in (node.start, node.shape[node.axis])]

    def _intern(self, cls: type[N], shape: Shape, args: tuple[Node, ...], data: Any) -> N:
        key = (cls, args, data) if args else (cls, shape, data)
        found = self._nodes.get(key)
        if found is not None:
            return found  # type: ignore[return-value]  # the key holds the class
        node = cls.__new__(cls)
        node.id = len(self._nodes)
        node.shape = shape
        node.args = args
        node.constant = cls is not Variable and all(arg.constant for arg in args)
        node.first = min([arg.first for arg in args]) if args else node.id if cls is Variable else _NEVER
        self._nodes[key] = node
        return node

    def wrote(self, terms: Sequence[Node]) -> None:
        """Remember the order of the terms of a sum."""
        flat = tuple(dict.fromkeys(each for term in terms for each in (term.args if type(term) is Sum else (term,))))
        self.written.setdefault(frozenset(flat), flat)

    # Leaves

    def variable(self, name: str, shape: Shape, properties: frozenset[str] = frozenset()) -> Variable:
        """A free variable."""
        node = self._intern(Variable, shape, (), name)
        node.name, node.properties = name, properties
        return node

    def number(self, value: Rational) -> Number:
        """A rational number."""
        value = rational(value)
        node = self._intern(Number, (), (), value)
        node.value = value
        return node

    def constant(self, name: str) -> Constant:
        """A named real number."""
        node = self._intern(Constant, (), (), name)
        node.name = name
        return node

    def size(self, size: Dim) -> Node:
        """A dimension as a scalar."""
        if size.size is not None:
            return self.number(size.size)
        node = self._intern(Size, (), (), size)
        node.size = size
        return node

    def ones(self, size: Dim) -> Node:
        """The vector of ones."""
        return self._intern(Ones, (size,), (), None)

    def delta(self, size: Dim) -> Node:
        """The identity matrix."""
        return self._intern(Delta, (size, size), (), None)

    def positions(self, size: Dim) -> Node:
        """The vector 1, 2, …, n."""
        return self._intern(Positions, (size,), (), None)

    def unit(self, size: Dim, position: Dim) -> Node:
        """A unit vector."""
        node = self._intern(Unit, (size,), (), position)
        node.position = position
        return node

    def pattern(self, name: str, shape: Shape) -> Node:
        """A constant array of zeros and ones."""
        node = self._intern(Pattern, shape, (), name)
        node.name = name
        return node

    def zero(self, shape: Shape) -> Node:
        """Zeros; the number 0 for a scalar."""
        return self._intern(Zero, shape, (), None) if shape else self.number(0)

    # Compound nodes

    def contraction(self, factors: Factors, out: Sequence[int], sizes: Sequence[Dim] | None = None) -> Node:
        """The product of `factors` (node, labels), summed over labels not in `out`.

        Labels are any integers. Those in `out` must be different; one that no factor has is a new axis along which the
        value repeats, and `sizes` (of each label in `out`) must then be given. Numbers and coefficients become the
        coefficient of a one-term sum.
        """
        coefficient: Rational = 1
        kept: list[tuple[Node, Sequence[int]]] = []
        for node, labels in factors:
            while type(node) is Sum and len(node.args) == 1:
                coefficient = coefficient * node.coefficients[0]
                node = node.args[0]
            if type(node) is Number:
                coefficient = coefficient * node.value
                continue
            if type(node) is Zero:
                coefficient = 0
            kept.append((node, labels))
        if coefficient == 0:
            return self.zero(self._sizes(kept, out, sizes))
        if len(out) and sizes is not None:
            present = {label for _, labels in kept for label in labels}
            kept += [(self.ones(size), (label,)) for label, size in zip(out, sizes, strict=True) if label not in present]
        if len(kept) == 1 and tuple(kept[0][1]) == tuple(out):
            return self.scaled(coefficient, kept[0][0])
        if not kept:
            return self.number(coefficient)
        if len(kept) > 1:
            kept.sort(key=_by_id)
        number = {label: position for position, label in enumerate(out)}
        canonical: list[Labels] = []
        shape: list[Any] = [None] * len(out)
        for node, labels in kept:
            renamed = []
            for axis, label in enumerate(labels):
                new = number.get(label)
                if new is None:
                    new = number[label] = len(number)
                if new < len(shape):
                    shape[new] = node.shape[axis]
                renamed.append(new)
            canonical.append(tuple(renamed))
        data = tuple(canonical)
        node = self._intern(Contraction, tuple(shape), tuple(factor for factor, _ in kept), (data, len(out)))
        node.labels = data
        return self.scaled(coefficient, node)

    def _sizes(self, factors: Factors, out: Sequence[int], sizes: Sequence[Dim] | None) -> Shape:
        if sizes is not None:
            return tuple(sizes)
        known = {label: size for node, labels in factors for label, size in zip(labels, node.shape, strict=True)}
        return tuple(known[label] for label in out)

    def scaled(self, coefficient: Rational, node: Node) -> Node:
        """`coefficient * node`."""
        return node if coefficient == 1 else self.sum(((coefficient, node),), node.shape)

    def sum(self, terms: Terms, shape: Shape) -> Node:
        """The linear combination of `terms` (coefficient, node), all of this shape.

        Like terms are collected; sums within are opened unless that would distribute a coefficient over several terms.
        """
        collected: dict[Node, Rational] = {}
        stack = list(terms)
        stack.reverse()
        while stack:
            coefficient, node = stack.pop()
            if type(node) is Sum and (len(node.args) == 1 or coefficient in (1, -1)) and node not in self.whole:
                inner = zip(node.coefficients, node.args, strict=True)
                stack.extend(reversed([(coefficient * factor, arg) for factor, arg in inner]))
                continue
            if type(node) is Number:
                coefficient, node = coefficient * node.value, self.number(1)
            if type(node) is not Zero:
                collected[node] = collected.get(node, 0) + coefficient
        if len(collected) > 1:
            items = sorted([item for item in collected.items() if item[1] != 0], key=_term_id)
        else:
            items = [item for item in collected.items() if item[1] != 0]
        if not items:
            return self.zero(shape)
        if len(items) == 1:
            node, coefficient = items[0]
            if type(node) is Number:
                return self.number(coefficient)
            if coefficient == 1:
                return node
            if type(node) is Sum and coefficient == -1 and node not in self.whole:
                return self.sum(((-1, node),), shape)
        args = tuple(item[0] for item in items)
        coefficients = tuple(rational(item[1]) for item in items)
        result = self._intern(Sum, shape, args, coefficients)
        result.coefficients = coefficients
        return result

    def keep(self, node: Node, *, named: bool = False) -> Node:
        """The node; if it is a long sum, it stays one term of others: else a chain of sums would be as long as it is deep."""
        if type(node) is Sum and len(node.args) >= (_MANY_IF_NAMED if named else _MANY):
            self.whole.add(node)
        return node

    def pointwise(self, operation: Elementwise | UnknownFunction, args: Sequence[Node]) -> Node:
        """An element-wise function; each operand has the shape of the result or is a scalar."""
        args = tuple(args)
        shape: Shape = ()
        for arg in args:
            shape = arg.shape or shape
        node = self._intern(Pointwise, shape, args, operation if isinstance(operation, UnknownFunction) else operation.name)
        node.operation = operation
        return node

    def matrix_call(self, operation: MatrixFunction, arg: Node, *others: Node) -> Node:
        """A function of the last axes of `arg`, and of other operands."""
        batch = arg.order - len(operation.operand_indices)
        shape = arg.shape[:batch] + operation.value_sizes(arg.shape[batch:])
        node = self._intern(MatrixCall, shape, (arg, *others), operation.name)
        node.operation = operation
        return node

    def named_call(self, name: str, orders: tuple[int, ...], args: Sequence[Node], shape: Shape) -> Node:
        """An unknown function, or a derivative of one, with a value of this shape."""
        node = self._intern(NamedCall, shape, tuple(args), (name, orders, shape))
        node.name, node.orders = name, orders
        return node

    def concatenation(self, axis: int, parts: Sequence[Node]) -> Node:
        """The parts one after the other along `axis`."""
        parts = tuple(parts)
        if len(parts) == 1:
            return parts[0]
        total = parts[0].shape[axis]
        for part in parts[1:]:
            total = total + part.shape[axis]
        shape = (*parts[0].shape[:axis], total, *parts[0].shape[axis + 1 :])
        node = self._intern(Concatenation, shape, parts, axis)
        node.axis = axis
        return node

    def slice(self, node: Node, axis: int, start: Dim, length: Dim) -> Node:
        """The part of `axis` with this length that begins after `start` entries."""
        if node.shape[axis] == length:
            return node
        shape = (*node.shape[:axis], length, *node.shape[axis + 1 :])
        result = self._intern(Slice, shape, (node,), (axis, start, length))
        result.axis, result.start = axis, start
        return result


def _by_id(factor: tuple[Node, Sequence[int]]) -> int:
    return factor[0].id


def _term_id(item: tuple[Node, Rational]) -> int:
    return item[0].id


def topological(roots: Iterable[Node], known: Container[Node] = ()) -> list[Node]:
    """Every node at or below `roots` once, operands first; without the `known` ones and what is only below them."""
    seen: set[Node] = {root for root in roots if root not in known}
    stack = list(seen)
    while stack:
        for arg in stack.pop().args:
            if arg not in seen and arg not in known:
                seen.add(arg)
                stack.append(arg)
    return sorted(seen, key=lambda node: node.id)


def connected(factors: Iterable[tuple[Node, Sequence[int]]]) -> list[tuple[list[tuple[Node, Sequence[int]]], set[int]]]:
    """The parts of a product that share no label, each with its labels; a factor without labels is a part by itself."""
    parts: list[tuple[list[tuple[Node, Sequence[int]]], set[int]]] = []
    for factor in factors:
        members, labels = [factor], set(factor[1])
        apart = []
        for part in parts:
            if part[1] & labels:
                members = part[0] + members
                labels |= part[1]
            else:
                apart.append(part)
        parts = [*apart, (members, labels)]
    return parts


def terms(node: Node) -> Iterator[tuple[Rational, Node]]:
    """The terms of a sum; a single one of any other node."""
    if isinstance(node, Sum):
        yield from zip(node.coefficients, node.args, strict=True)
    elif isinstance(node, Number):
        if node.value != 0:
            yield node.value, node
    else:
        yield 1, node
