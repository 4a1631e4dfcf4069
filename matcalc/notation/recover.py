"""From the tensor graph back to matrix notation.

A contraction is read as a graph whose vertices are index labels and whose edges are its matrices. Vectors on one label merge
(⊙), parallel edges merge (⊙), a summed label at the end of one edge folds into a matrix–vector product, one between two edges
into a matrix product (with diag(v) between if a vector sits there), a closed cycle is a trace, an edge from a label to itself
a diagonal, and separate parts of the result an outer product. What is left over only index notation can say.

Tensors with one axis become columns, tensors with two become matrices with the first axis as rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Sequence
from fractions import Fraction

from matcalc.calculus.cancellation import split_power
from matcalc.calculus.coefficients import content_of
from matcalc.calculus.looks import repeated
from matcalc.calculus.simplify import Simplifier
from matcalc.calculus.symmetry import SYMMETRIC
from matcalc.language.dimensions import SCALAR, Dim, Shape, matrix, vector
from matcalc.notation import directions
from matcalc.notation import matrix as notation
from matcalc.notation.build import Builder
from matcalc.notation.component import Component, MatrixNotationError
from matcalc.notation.matrix import Expression, Identity, Product
from matcalc.notation.pairs import without_pairs
from matcalc.tensor.nodes import (
    Concatenation,
    Constant,
    Contraction,
    Delta,
    Graph,
    MatrixCall,
    NamedCall,
    Node,
    Number,
    Ones,
    Pattern,
    Pointwise,
    Positions,
    Rational,
    Size,
    Slice,
    Sum,
    Unit,
    UnknownFunction,
    Variable,
    Zero,
    connected,
    rational,
    terms,
    topological,
)

_PAIRWISE = 3
"""How deep in a matrix the sum of a column and a row is looked for."""

_FEW_TERMS = 6
"""A sum of more terms is not multiplied out to be written as matrices."""


class _Either:
    """What is in one of two containers."""

    def __init__(self, first: Container[Node], second: Container[Node]) -> None:
        self.first, self.second = first, second

    def __contains__(self, node: object) -> bool:
        return node in self.first or node in self.second


class Recovery:
    """Matrix notation for the nodes of one graph.

    `rows` names the variables that are row vectors, `taken` holds every name with a meaning, `dimensions` those
    that are of dimensions.
    """

    def __init__(
        self,
        simplifier: Simplifier,
        rows: frozenset[str] = frozenset(),
        taken: frozenset[str] = frozenset(),
        dimensions: frozenset[str] = frozenset(),
    ) -> None:
        self.simplifier = simplifier
        self.graph: Graph = simplifier.graph
        self.rows = rows
        self.dimensions = dimensions
        symmetric = {
            node.name for node in self.graph.variables() if node.properties & SYMMETRIC
        }
        self.build = Builder(frozenset(symmetric), taken)
        self._done: dict[Node, Expression] = {}
        self._failed: set[Node] = set()
        self.words: frozenset[str] = frozenset()
        """The functions that the reader called."""
        self._leaves: dict[Expression, Node] = {}
        self.exponents: dict[Expression, None] = {}
        """What must not be negative for a sum over powers to be what it says."""
        self.counting: set[str] = set()
        """The letters of sums over powers, and of integrals."""

    def spoken_for(self) -> set[str]:
        """The names that an index must not have: all but those of dimensions that are never written as numbers."""
        written = {name for size in self.graph.sizes() for name in size.names}
        return set(self.build.taken - self.dimensions) | written | self.counting

    def expression(self, root: Node) -> Expression:
        """A node in matrix notation.

        Raises:
            MatrixNotationError: it, or something in it, needs index notation.
        """
        if root not in self._done and root not in self._failed:
            for node in topological([root], _Either(self._done, self._failed)):
                try:
                    self._done[node] = self._node(node)
                except MatrixNotationError:
                    self._failed.add(node)
        if root in self._failed:
            raise MatrixNotationError
        return self._done[root]

    def can_say(self, node: Node) -> bool:
        """Is there matrix notation for a node?"""
        try:
            self.expression(node)
        except MatrixNotationError:
            return False
        return True

    def leaf(self, expression: Expression, shape: tuple[Dim, ...], first: int | None = None) -> Node:
        """A node that stands for an expression; where it comes in a sum is told by `first`."""
        node = self._leaves.get(expression)
        if node is None:
            node = self._leaves[expression] = self.graph.variable(f"[{len(self._leaves)}]", shape)
            self._done[node] = expression
        if first is not None:
            node.first = first
        return node

    def in_order(self, node: Sum) -> list[tuple[Rational, Node]]:
        """The terms of a sum as somebody wrote them, else by the variables in them."""
        parts = zip(node.coefficients, node.args, strict=True)
        order = self.graph.written.get(frozenset(node.args))
        if order is not None:
            return sorted(parts, key=lambda part: order.index(part[1]))
        plain = all(type(arg) in (Variable, Delta) for arg in node.args)  # A + I
        return sorted(parts, key=lambda part: part[1].first if plain or not _comes_first(*part) else -1)

    def _node(self, node: Node) -> Expression:
        if node.order > 2:
            raise MatrixNotationError
        rule = _RULES[type(node)]
        return rule(self, node)

    def _get(self, node: Node) -> Expression:
        found = self._done.get(node)
        if found is None:
            found = self.expression(node)
        return found


def column_or_matrix(node: Node) -> Shape:
    """The shape in which a node of at most two axes is written."""
    if not node.order:
        return SCALAR
    return vector(node.shape[0]) if node.order == 1 else matrix(*node.shape)


# Leaves


def _variable(r: Recovery, node: Node) -> Expression:
    assert isinstance(node, Variable)
    if node.name in r.rows:
        symbol = r.build.make(notation.Symbol, Shape("row", node.shape), node.name)
        return r.build.transpose(symbol)
    shape = column_or_matrix(node)
    return r.build.make(notation.Symbol, shape, node.name)


def _number(r: Recovery, node: Node) -> Expression:
    assert isinstance(node, Number)
    return r.build.number(node.value)


def _constant(r: Recovery, node: Node) -> Expression:
    assert isinstance(node, Constant)
    return r.build.make(notation.Symbol, SCALAR, node.name)


def _size(r: Recovery, node: Node) -> Expression:
    assert isinstance(node, Size)
    return r.build.make(notation.Size, SCALAR, node.size)


def _ones(r: Recovery, node: Node) -> Expression:
    return r.build.make(notation.Ones, vector(node.shape[0]))


def _delta(r: Recovery, node: Node) -> Expression:
    return r.build.make(Identity, matrix(*node.shape))


def _unit(r: Recovery, node: Node) -> Expression:
    assert isinstance(node, Unit)
    return r.build.make(notation.Unit, vector(node.shape[0]), node.position)


def _positions(r: Recovery, node: Node) -> Expression:
    raise MatrixNotationError  # Σₖ k cₖ rather than (1, …, n)·c


def _pattern(r: Recovery, node: Node) -> Expression:
    """The lower triangle as tril(1 1ᵀ); arrays with more axes have no matrix notation of their own."""
    assert isinstance(node, Pattern)
    if node.name != "lower":
        raise MatrixNotationError
    build, size = r.build, node.shape[0]
    ones = build.make(notation.Ones, vector(size))
    return build.make(notation.Function, matrix(size, size), "tril", (build.matmul(ones, build.transpose(ones)),))


def _zero(r: Recovery, node: Node) -> Expression:
    return r.build.make(notation.Zeros, matrix(*node.shape) if node.order == 2 else vector(node.shape[0]))


# Sums and functions


def _sum(r: Recovery, node: Node) -> Expression:
    """A linear combination; a term that repeats one number everywhere is written as that number (scalar expansion)."""
    assert isinstance(node, Sum)
    shape = column_or_matrix(node)
    scalars = [_repeated_scalar(r, arg) for arg in node.args]
    expand = len(node.args) > 1 and any(scalar is None for scalar in scalars)
    if node.order == 2 and any(_is_diagonal(arg) for arg in node.args):
        expand = False  # I - 1/n would be read as (1 - 1/n) I
    content = Fraction(content_of(node.coefficients))
    together = content.denominator > 1 or any(type(arg) is Concatenation for arg in node.args)
    outside = content if together and len(node.args) > 1 else Fraction(1)  # a/2 + b/2 = (a + b)/2
    terms: list[Expression] = []
    numbers = dict(zip(node.args, scalars, strict=True))
    for coefficient, arg in r.in_order(node):
        scalar = numbers[arg]
        expression = scalar if expand and scalar is not None else r._get(arg)
        terms.append(r.build.scaled(rational(coefficient / outside), expression))
    return r.build.scaled(rational(outside), ordered_sum(r.build, terms, shape))


def _comes_first(coefficient: Rational, node: Node) -> bool:
    """I + x xᵀ, and I - 1 1ᵀ/n - x xᵀ: I comes first, and what has no variables before what else is subtracted."""
    return type(node) is Delta or (coefficient < 0 and node.constant and node.order > 1)


def _is_diagonal(node: Node) -> bool:
    return type(node) is Delta or (type(node) is Contraction and any(type(arg) is Delta for arg in node.args))


def ordered_sum(build: Builder, terms: Sequence[Expression], shape: Shape) -> Expression:
    """A sum as it is written: a positive number first, a negative one last, and what is added before what is subtracted."""
    counts = Counter(terms)  # different indices may be written alike: those of a symmetric matrix and of its transpose
    terms = [build.scaled(count, term) for term, count in counts.items()]
    if len(terms) == 1:
        return terms[0]

    def place(term: Expression) -> int:
        if isinstance(term, notation.Number):
            return -1
        if isinstance(term, Product) and not term.factors and not term.divisors:
            return 1
        return 0

    ordered = sorted(terms, key=lambda term: (place(term), is_negative(term)))
    return build.make(notation.Sum, shape, tuple(ordered))


def is_negative(term: Expression) -> bool:
    """Whether a term is written with a minus sign."""
    return isinstance(term, Product) and term.coefficient < 0


def _repeated_scalar(r: Recovery, node: Node) -> Expression | None:
    """The number that an array repeats everywhere, if it does."""
    if not node.order:
        return None
    if type(node) is Ones:
        return r.build.number(1)
    if type(node) is not Contraction:
        return None
    filled = {labels[0] for arg, labels in zip(node.args, node.labels, strict=True) if type(arg) is Ones}
    if not filled >= set(range(node.order)):
        return None
    factors = [(a, k) for a, k in zip(node.args, node.labels, strict=True) if type(a) is not Ones]
    return r.expression(r.simplifier.contraction(factors, ()))


def _pointwise(r: Recovery, node: Node) -> Expression:
    assert isinstance(node, Pointwise)
    shape = column_or_matrix(node)
    build, operation = r.build, node.operation
    if any(_is_pairwise(arg) for arg in node.args):
        raise MatrixNotationError  # exp(xᵢ - xⱼ) is better read than exp(x 1ᵀ - 1 xᵀ)
    if isinstance(operation, UnknownFunction):
        operands = tuple(r._get(arg) for arg in node.args)
        return build.make(notation.Unknown, shape, operation.name, operation.orders, operands)
    if operation.name == "power":
        base, exponent = node.args
        if type(exponent) is Number:
            return _product_of(r, [(base, exponent.value)], shape)
        norm = _norm(r, base)
        if norm is not None and not exponent.shape:
            doubled = r.simplifier.sum([(2 * c, arg) for c, arg in terms(exponent)], ())
            return build.make(notation.Power, shape, norm, r._get(doubled))
        return build.make(notation.Power, shape, r._get(base), r._get(exponent))
    if operation.infix:
        return build.indicator(operation.infix, r._get(node.args[0]), r._get(node.args[1]), shape)
    return build.make(notation.Function, shape, operation.name, tuple(r._get(arg) for arg in node.args))


def _is_pairwise(node: Node, depth: int = 0) -> bool:
    """Whether the sum of a column and a row is in a matrix, as it is in yᵢ yⱼ (xᵢ - xⱼ)."""
    if node.order != 2 or depth > _PAIRWISE:
        return False
    if isinstance(node, Contraction):
        parts = [arg for arg, labels in zip(node.args, node.labels, strict=True) if set(labels) == {0, 1}]
        return any(_is_pairwise(arg, depth + 1) for arg in parts)
    if not isinstance(node, Sum):
        return False
    axes = [repeated(arg) for arg in node.args]
    if all(axes) and not set.intersection(*axes):
        return True
    return any(_is_pairwise(arg, depth + 1) for arg in node.args)


def _product_of(r: Recovery, factors: Sequence[tuple[Node, Rational]], shape: Shape) -> Expression:
    """The element-wise product of powers of nodes of one shape."""
    build = r.build
    if shape.dims:
        return build.hadamard([(r._get(node), exponent) for node, exponent in factors], shape)
    above: list[Expression] = []
    below: list[Expression] = []
    for node, exponent in factors:
        norm = _norm(r, node)
        if norm is not None:
            base, power = norm, 2 * exponent
        else:
            base, power = r._get(node), exponent
        if isinstance(base, notation.Product) and power == int(power) and not base.factors and not base.divisors:
            above.append(build.number(Fraction(base.coefficient) ** int(power)))
        elif power < 0:
            below.append(build.power(base, -power))
        else:
            above.append(build.power(base, power))
    return build.product(1, above, below, SCALAR)


def _norm(r: Recovery, node: Node) -> Expression | None:
    """‖u‖ for a node that is the sum of the squares of u."""
    if type(node) is not Contraction or node.order or len(node.args) != 1:
        return None
    square, labels = node.args[0], node.labels[0]
    base, exponent = split_power(square)
    if exponent != 2 or square.order > 2 or len(set(labels)) != square.order:
        return None
    return r.build.norm(r._get(base))


def _matrix_call(r: Recovery, node: Node) -> Expression:
    assert isinstance(node, MatrixCall)
    operation, own = node.operation, len(node.operation.operand_indices)
    if operation.direction is not None:
        return directions.in_direction(r, node)
    if operation.name == "matrix_power" and node.args[0].order == own:
        base, exponent = node.args
        if isinstance(base, MatrixCall) and base.operation.name == "inv":  # (X⁻¹)ᵏ = X⁻ᵏ
            base, exponent = base.args[0], r.simplifier.scaled(-1, exponent)
        return r.build.make(notation.MatrixPower, column_or_matrix(node), r.expression(base), directions.exponent(r, exponent))
    operand = r._get(node.args[0])
    shape = column_or_matrix(node)
    if node.args[0].order != own:
        return r.build.row_by_row(operation.name, operand, shape)
    if operation.name == "inv":
        return r.build.inverse(operand)
    return r.build.make(notation.Function, shape, operation.name, (operand,))


def _named_call(r: Recovery, node: Node) -> Expression:
    assert isinstance(node, NamedCall)
    times = sum(node.orders)
    axes = node.args[0].order if node.args else 0
    value = node.order - times * axes
    by = tuple(position for position, count in enumerate(node.orders, 1) for _ in range(count))
    if not times:
        role = ""
    elif len(node.args) > 1:
        role = "partial"
    elif not axes:
        role = "derivative"
    elif times == 1:
        role = "gradient" if not value else "jacobian"
    elif times == 2 and axes == 1:
        role = "hessian"
    else:
        raise MatrixNotationError
    operands = tuple(r._get(arg) for arg in node.args)
    return r.build.make(notation.Named, column_or_matrix(node), node.name, role, operands, by)


def _concatenation(r: Recovery, node: Node) -> Expression:
    assert isinstance(node, Concatenation)
    build = r.build
    blocks = []
    for part in node.args:
        if part.shape[node.axis].size == 1:
            labels = range(part.order)
            rest = [label for label in labels if label != node.axis]
            reduced = r.expression(r.simplifier.contraction([(part, labels)], rest))
            blocks.append(build.transpose(reduced) if node.order == 2 and node.axis == 0 else reduced)
        else:
            blocks.append(r._get(part))
    shape = vector(node.shape[0]) if node.order == 1 else matrix(*node.shape)
    return build.stack(blocks, node.axis, shape)


def _slice(r: Recovery, node: Node) -> Expression:
    assert isinstance(node, Slice)
    if node.args[0].order > 2:
        raise MatrixNotationError
    return r.build.make(notation.Part, column_or_matrix(node), r._get(node.args[0]), node.axis, node.start)


# Contractions


def _counts(node: Node) -> bool:
    """Whether a vector is made of the positions of its entries."""
    return type(node) is Positions or (type(node) is Sum and any(type(arg) is Positions for arg in node.args))


def _contraction(r: Recovery, node: Node) -> Expression:
    assert isinstance(node, Contraction)
    if node.order == 2 and any(type(arg) is Ones for arg in node.args) and any(map(_counts, node.args)):
        raise MatrixNotationError  # i and j of an entry are better read than (1, …, m) 1ᵀ
    factors: Sequence[tuple[Node, Sequence[int]]] = list(zip(node.args, node.labels, strict=True))
    if any(type(arg) is Pattern for arg in node.args):
        factors = without_pairs(r, factors, node.order)
    if any(directions.is_wide(arg) for arg, _ in factors):
        factors = directions.without_wide(r, factors, node.order)
    if any(arg.order > 2 for arg, _ in factors):
        return _multiplied_out(r, node, factors)
    scalars: list[Expression] = []
    arrays: list[Expression] = []
    numbers = sorted((arg for arg, labels in factors if not labels), key=_place)
    plain = [(arg, split_power(arg)) for arg in numbers]
    if plain:
        scalars.append(_product_of(r, [(base, exponent) for _, (base, exponent) in plain], SCALAR))
    for part, kept in _components([factor for factor in factors if factor[1]], node.order):
        if kept:
            arrays.append(Component(r, part, kept).result())
        else:
            scalars.append(_norm_squared(r, part) or Component(r, part, kept).result())
    build = r.build
    if len(arrays) == 2:  # a column on axis 0 and one on axis 1
        arrays = [build.matmul(arrays[0], build.transpose(arrays[1]))]
    shape = column_or_matrix(node)
    return build.product(1, [*scalars, *arrays], (), shape)


def _multiplied_out(r: Recovery, node: Node, factors: Sequence[tuple[Node, Sequence[int]]]) -> Expression:
    """A product with a sum that has three axes, term by term: (vₖ δᵢⱼ + vᵢ δₖⱼ) xₖ is (v·x) I + v xᵀ."""
    position = next((p for p, (arg, _) in enumerate(factors) if type(arg) is Sum and arg.order > 2), None)
    if position is None or len(factors[position][0].args) > _FEW_TERMS:
        raise MatrixNotationError
    total, labels = factors[position]
    assert isinstance(total, Sum)
    others = [*factors[:position], *factors[position + 1 :]]
    parts = [r.simplifier.contraction([*others, (arg, labels)], range(node.order), node.shape) for arg in total.args]
    whole = r.simplifier.sum(zip(total.coefficients, parts, strict=True), node.shape)
    if whole is node:
        raise MatrixNotationError
    return r.expression(whole)


def _place(node: Node) -> int:
    """Where a factor stands: nodes are made in the order in which they are written, what stands for an element later."""
    return min(node.first, node.id) if type(node) is Variable else node.id


def _norm_squared(r: Recovery, part: Sequence[tuple[Node, Sequence[int]]]) -> Expression | None:
    if len(part) != 1 or len(set(part[0][1])) != part[0][0].order:
        return None
    base, exponent = split_power(part[0][0])
    return r.build.power(r.build.norm(r._get(base)), 2) if exponent == 2 else None


def _components(
    factors: Sequence[tuple[Node, Sequence[int]]], order: int
) -> list[tuple[list[tuple[Node, Sequence[int]]], tuple[int, ...]]]:
    """The parts of a product that share no label, each with the kept labels it has, those with axis 0 first."""
    result = [(part, tuple(sorted(label for label in labels if label < order))) for part, labels in connected(factors)]
    return sorted(result, key=lambda item: item[1] or (order,))


_RULES: dict[type[Node], Callable[[Recovery, Node], Expression]] = {
    Variable: _variable,
    Number: _number,
    Constant: _constant,
    Size: _size,
    Ones: _ones,
    Delta: _delta,
    Unit: _unit,
    Positions: _positions,
    Zero: _zero,
    Pattern: _pattern,
    Sum: _sum,
    Pointwise: _pointwise,
    MatrixCall: _matrix_call,
    NamedCall: _named_call,
    Concatenation: _concatenation,
    Slice: _slice,
    Contraction: _contraction,
}
