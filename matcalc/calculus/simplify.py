"""Simplification of the tensor graph: one walk, operands first, that rebuilds each node through the rules of its kind.

The rules are grouped by the kind of node they make: `products` (contractions), `sums`, `functions` (element-wise and matrix
functions). Each states its identity. They keep what came in factored: a sum inside a product is never multiplied out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from matcalc.calculus import coefficients, functions, opening, powers, products, sums
from matcalc.language.dimensions import Dim
from matcalc.operations.rows import Elementwise, MatrixFunction
from matcalc.tensor.nodes import (
    Concatenation,
    Contraction,
    Factors,
    Graph,
    MatrixCall,
    NamedCall,
    Node,
    Number,
    Ones,
    Pointwise,
    Positions,
    Rational,
    Size,
    Slice,
    Sum,
    Terms,
    UnknownFunction,
    Zero,
    terms,
    topological,
)

_PASSES = 4
"""A walk can make new opportunities for the next one; this many always sufficed, and bound the work."""

_LARGE, _FLAT, _FLAT_IF_LARGE = 2_000, 24, 6
"""Products within products are opened if they have few factors, so that deep chains stay linear in size; the number is
smaller in a graph with many nodes, where nobody reads the product in one piece. Such a graph is walked once."""

_LONG, _LONG_OF_NUMBERS = 4, 2
"""Products of fewer factors are opened within others even if they have a name."""

_DEEP = 12
"""Products within the simplification of products, beyond which rules that try something out are not tried."""

_NESTED = 40
"""Sums and products within each other, beyond which they are not tried either."""

_WORK, _WORK_PER_NODE = 1_000, 5
"""Products made for the sake of one walk, and of each node of it, beyond which such rules are not tried either: what they try
has sums and products in it, for which they try the same, so that the time would be exponential."""

_FACTORS = 4
"""A product of more factors counts as several."""

_SLICE_DEPTH = 50
"""How deep a part of an axis is pushed towards the leaves."""


def simplify(graph: Graph, root: Node) -> Node:
    """A node of the same value in normal form."""
    return Simplifier(graph).simplify(root)


class Simplifier:
    """Makes simplified nodes from simplified operands; one per graph, so that shared work is done once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._done: dict[Node, Node] = {}
        self._sums: dict[Node, tuple[int, Node]] = {}
        """Sums in normal form, and how deep in products that was found: taking factors out in several orders leads to the same
        ones again and again."""
        self._powers: dict[tuple[Node, Rational], tuple[int, Node]] = {}
        """Rational powers in normal form, and how deep in products they were found: those of a product are powers of its
        factors, which may be products that share factors."""
        self._named: frozenset[Node] = frozenset()
        self.known: Callable[[Node], Node] | None = None
        """What the reader said to be equal to a node; see `calculus.facts`."""
        self.flat = _FLAT
        self.depth = 0
        """Products that are being simplified, one for the sake of the other."""
        self.work = 0
        """Products that were simplified so far, long ones counted as several."""
        self._limit = _WORK
        """The work after which nothing is tried out any more in what is being simplified."""
        self._under_way = 0
        """Walks, sums and products that are being simplified, one within the other."""
        self.regrouping = False
        """Sums are being put together, to see whether that is shorter."""

    @property
    def level(self) -> int:
        """How deep in products the simplification is; as deep as it gets, if it has taken too much work."""
        return _DEEP if self.deep else self.depth

    @property
    def deep(self) -> bool:
        """Whether nothing is tried out any more."""
        return self.depth >= _DEEP or self.work > self._limit or self._under_way > _NESTED

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """A walk, sum or product that is being simplified; what nothing else asked for begins to count its work anew."""
        if not self._under_way:
            self._limit = self.work + _WORK
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    def simplify(self, root: Node) -> Node:
        """A node of the same value in normal form."""
        with self._at_work():
            return self._simplified(root)

    def _simplified(self, root: Node) -> Node:
        if len(self.graph) > _LARGE:
            self.flat = _FLAT_IF_LARGE
        for _ in range(_PASSES):
            result = self._walk(root)
            if result is root or self.flat == _FLAT_IF_LARGE:
                return result
            root = result
        return root

    def _walk(self, root: Node) -> Node:
        done = self._done
        for node in topological([root], done):
            if not node.args:
                done[node] = node
                continue
            args = [done.get(arg, arg) for arg in node.args]
            self._limit += _WORK_PER_NODE
            result = self.rebuilt(node, args)
            if node in self._named and type(result) is Contraction:
                result = products.with_powers(self, result)
            done[node] = result
            is_long = node in self._named and type(result) is Contraction and _is_long(result)
            if is_long or (type(node) is type(result) is Sum and node in self.graph.whole):
                self.graph.whole.add(result)
                self._sums.clear()
                self._powers.clear()
        return done[root]

    def rebuilt(self, node: Node, args: Sequence[Node]) -> Node:
        """A node of the same kind with other operands."""
        match node:
            case Sum():
                order = self.graph.written.get(frozenset(node.args))
                if order is not None:
                    new = dict(zip(node.args, args, strict=True))
                    self.graph.wrote([new[arg] for arg in order])
                return self.sum(zip(node.coefficients, args, strict=True), node.shape)
            case Contraction():
                return self.contraction(list(zip(args, node.labels, strict=True)), range(node.order), node.shape)
            case Pointwise():
                return self.pointwise(node.operation, args)
            case MatrixCall():
                return self.matrix_call(node.operation, *args)
            case NamedCall():
                return self.graph.named_call(node.name, node.orders, args, node.shape)
            case Concatenation():
                return self.concatenation(node.axis, args)
            case Slice():
                return self.slice(args[0], node.axis, node.start, node.shape[node.axis])
        raise AssertionError(f"no simplification for {type(node).__name__}; is it a new kind of node?")

    def keep(self, named: Iterable[Node]) -> None:
        """Keep nodes that have a name in one piece where they are long products."""
        self._named = frozenset(named)

    def learn(self, known: Callable[[Node], Node]) -> None:
        """Use what is known to be equal to a node from here on."""
        self.known = known
        self._done.clear()
        self._sums.clear()
        self._powers.clear()

    def _known(self, node: Node) -> Node:
        return node if self.known is None else self.known(node)

    # Constructors that simplify

    def sum(self, terms: Terms, shape: Sequence[Dim]) -> Node:
        """A linear combination."""
        with self._at_work():
            return self._sum(terms, shape)

    def _sum(self, terms: Terms, shape: Sequence[Dim]) -> Node:
        whole = [coefficients.without_fractions(self.graph, *term) for term in terms]
        flipped = [coefficients.flipped(self.graph, *term) for term in whole]
        if len(flipped) > 1:
            flipped = [each for term in opening.with_one_sign(self, flipped) for each in self._opened(*term)]
        node = powers.collected(self, self.graph.sum(self._met(flipped), tuple(shape)))
        if type(node) is not Sum or len(node.args) < 2:
            return self._known(node)
        found = self._sums.get(node)
        if found is None or found[0] > self.level:  # deep within products less is tried
            new = self._known(sums.simplified(self, node))
            found = self.level, new
            if not self.regrouping:
                self._sums[node] = found
        return found[1]

    def _met(self, parts: list[tuple[Rational, Node]]) -> Terms:
        """The terms; a sum that is kept in one piece is opened all the same if it shares a term with the others."""
        whole = [node for c, node in parts if c in (1, -1) and type(node) is Sum and node in self.graph.whole]
        if not whole or len(parts) == 1:
            return parts
        count = Counter(arg for _, node in parts for arg in (node.args if type(node) is Sum else (node,)))
        met = {node for node in whole if any(count[arg] > 1 for arg in node.args)}
        return [
            part
            for c, node in parts
            for part in ([(c * each, arg) for each, arg in terms(node)] if node in met else [(c, node)])
        ]

    def _opened(self, coefficient: Rational, node: Node) -> list[tuple[Rational, Node]]:
        """(A - B)ᵀ in a sum: Aᵀ - Bᵀ, so that like terms are found; as a factor a sum is transposed as a whole."""
        if coefficient in (1, -1) and type(node) is Contraction and len(node.args) == 1 and type(node.args[0]) is Sum:
            inner, labels, axes = node.args[0], node.labels[0], range(node.order)
            if sorted(labels) == list(axes) and inner not in self.graph.whole:
                parts = [self.contraction([(arg, labels)], axes) for arg in inner.args]
                return [(coefficient * c, part) for c, part in zip(inner.coefficients, parts, strict=True)]
        return [(coefficient, node)]

    def scaled(self, coefficient: Rational, node: Node) -> Node:
        """`coefficient * node`."""
        return self.graph.scaled(coefficient, node)

    def contraction(self, factors: Factors, out: Sequence[int], sizes: Sequence[Dim] | None = None) -> Node:
        """A product, summed over the labels that are not in `out`."""
        with self._at_work():
            self.work += 1 + len(factors) // _FACTORS
            return self._known(products.simplified(self, factors, out, sizes))

    def pointwise(self, operation: Elementwise | UnknownFunction, args: Sequence[Node]) -> Node:
        """An element-wise function."""
        return self._known(functions.pointwise(self, operation, args))

    def matrix_call(self, operation: MatrixFunction, arg: Node, *others: Node) -> Node:
        """A matrix function."""
        if operation.frechet or operation.direction is not None:
            return self._known(powers.matrix_call(self, operation, arg, others))
        return self._known(functions.matrix_call(self, operation, arg))

    def power(self, base: Node, exponent: Rational) -> Node:
        """A rational power of each element."""
        found = self._powers.get((base, exponent))
        if found is None or found[0] > self.level:
            new = functions.power(self, base, self.graph.number(exponent))
            found = self._powers[base, exponent] = self.level, new
        return found[1]

    def broadcast(self, scalar: Node, shape: Sequence[Dim]) -> Node:
        """A scalar repeated to a shape."""
        return self.graph.contraction([(scalar, ())], range(len(shape)), shape)

    def ones(self, shape: Sequence[Dim]) -> Node:
        """Ones of a shape; the number 1 for a scalar."""
        return self.broadcast(self.graph.number(1), shape)

    def concatenation(self, axis: int, parts: Sequence[Node]) -> Node:
        """Blocks along an axis; blocks of zeros are zeros."""
        node = self.graph.concatenation(axis, parts)
        return self.graph.zero(node.shape) if all(type(part) is Zero for part in parts) else node

    def slice(self, node: Node, axis: int, start: Dim, length: Dim, depth: int = 0) -> Node:
        """A part of an axis, taken of the operands: a part of blocks is a block where the borders fit."""
        graph = self.graph
        if node.shape[axis] == length:
            return node
        if type(node) is Zero:
            return graph.zero((*node.shape[:axis], length, *node.shape[axis + 1 :]))
        if type(node) is Ones:
            return graph.ones(length)
        if depth < _SLICE_DEPTH:
            match node:
                case Concatenation() if node.axis == axis:
                    begin = Dim((), 0)
                    for part in node.args:
                        if begin == start and part.shape[axis] == length:
                            return part
                        begin = begin + part.shape[axis]
                case Sum():
                    parts = [self.slice(arg, axis, start, length, depth + 1) for arg in node.args]
                    return self.sum(zip(node.coefficients, parts, strict=True), parts[0].shape)
                case Pointwise():
                    args = [self.slice(arg, axis, start, length, depth + 1) if arg.order else arg for arg in node.args]
                    return self.pointwise(node.operation, args)
                case Contraction():
                    factors = []
                    for arg, labels in zip(node.args, node.labels, strict=True):
                        part = arg
                        for own, label in enumerate(labels):
                            if label == axis:
                                part = self.slice(part, own, start, length, depth + 1)
                        factors.append((part, labels))
                    return self.contraction(factors, range(node.order))
        if type(node) is Positions:  # 3, 4, …, n
            return graph.sum([(1, graph.positions(length)), (1, self.broadcast(graph.size(start), [length]))], (length,))
        if type(node) is Slice:
            inner, width = node.args[0], node.shape[node.axis]
            if node.axis == axis:  # a part of a part
                return self.slice(inner, axis, node.start + start, length)
            if node.axis > axis:  # rows first, then columns
                return graph.slice(graph.slice(inner, axis, start, length), node.axis, node.start, width)
        if length.size == 1:  # one entry: the product with a unit vector
            axes = tuple(range(node.order))
            out = tuple(node.order if label == axis else label for label in axes)
            unit = graph.unit(node.shape[axis], start + length)
            entry: Factors = [(node, axes), (unit, (axis,)), (graph.ones(length), (node.order,))]
            return self.contraction(entry, out)
        return graph.slice(node, axis, start, length)


def _is_long(product: Contraction) -> bool:
    """Whether a product that has a name is kept in one piece; sum(x)/n is not, for deviations from it add up to 0."""
    if any(product.labels):
        return len(product.args) >= _LONG
    fixed = (Size, Number)
    numbers = [arg for arg in product.args if not all(type(each) in fixed for each in arg.args or (arg,))]
    return len(numbers) >= _LONG_OF_NUMBERS
