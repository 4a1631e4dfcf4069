"""Rules for powers of a matrix with a symbolic exponent, the exponential of a matrix, and their derivatives in a direction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeGuard

from matcalc import limits
from matcalc.calculus import symmetry
from matcalc.operations.rows import MatrixFunction
from matcalc.operations.table import elementwise, matrix_function
from matcalc.tensor.nodes import Contraction, Delta, Labels, MatrixCall, Node, Number, Rational, Sum, Zero, terms

if TYPE_CHECKING:
    from matcalc.calculus.products import Product
    from matcalc.calculus.simplify import Simplifier

_FEW = 20
"""Sums and products with more operands than this are not looked into."""

_DEPTH = 8
"""How deep a look for what commutes goes."""

_EXPANDED = 6
"""The derivative of a power with a number for its exponent is written out up to this one."""

Factor = tuple[Node, Labels]


def matrix_call(s: Simplifier, operation: MatrixFunction, arg: Node, others: Sequence[Node]) -> Node:
    """A function that has a derivative in a direction, or such a derivative, in normal form."""
    if operation.direction is not None:
        return _in_direction(s, operation, arg, others)
    if arg.order == 2:
        found = _power(s, arg, others[0]) if operation.name == "matrix_power" else _exponential(s, operation, arg)
        if found is not None:
            return found
    return s.graph.matrix_call(operation, arg, *others)


def is_call(node: Node, name: str) -> bool:
    """Whether a node is the matrix function of this name, of a single matrix."""
    return type(node) is MatrixCall and node.operation.name == name and node.order == 2


# Powers


def power(s: Simplifier, base: Node, exponent: Node) -> Node:
    """baseᵏ."""
    return s.matrix_call(matrix_function("matrix_power"), base, exponent)


def _power(s: Simplifier, base: Node, exponent: Node) -> Node | None:
    """X⁰ = I; (cX)ᵏ = cᵏ Xᵏ; (Xᵀ)ᵏ = (Xᵏ)ᵀ; (Xᵐ)ᵏ = Xᵐᵏ, also (X X)ᵏ = X²ᵏ; X⁻ᵏ = (X⁻¹)ᵏ; diag(x)ᵏ = diag(xᵏ)."""
    graph = s.graph
    if type(exponent) is Number:
        return _whole_power(s, base, int(exponent.value))
    if type(base) is Delta:
        return base
    inner = _turned(base)
    if inner is not None:
        return graph.contraction([(power(s, inner, exponent), (1, 0))], (0, 1))
    if is_call(base, "matrix_power"):
        return power(s, base.args[0], s.contraction([(base.args[1], ()), (exponent, ())], ()))
    if _is_negative(exponent):
        return power(s, s.matrix_call(matrix_function("inv"), base), s.scaled(-1, exponent))
    scale, rest = _split(s, base)
    if scale is not None:
        return s.contraction([(_scalar_power(s, scale, exponent), ()), (power(s, rest, exponent), (0, 1))], (0, 1))
    if type(base) is Contraction and len(set(base.args)) == 1:
        factors = list(zip(base.args, base.labels, strict=True))
        forward, backward = _is_chain(factors), _is_chain([(arg, labels[::-1]) for arg, labels in factors])
        if forward or backward:
            whole = power(s, base.args[0], s.scaled(len(factors), exponent))
            return whole if forward else s.contraction([(whole, (1, 0))], (0, 1))
    diagonal = _diagonal_of(s, base)
    if diagonal is not None:
        entries = s.pointwise(elementwise("power"), [diagonal, exponent])
        return s.contraction([(entries, (0,)), (graph.delta(base.shape[0]), (0, 1))], (0, 1))
    return None


def _whole_power(s: Simplifier, base: Node, exponent: int) -> Node | None:
    """A power with a number for its exponent is a product."""
    if abs(exponent) > limits.MAX_MATRIX_POWER:
        return None
    if exponent == 0:
        return s.graph.delta(base.shape[0])
    if exponent < 0:
        base = s.matrix_call(matrix_function("inv"), base)
    return _chain(s, [base] * abs(exponent))


def _chain(s: Simplifier, factors: Sequence[Node]) -> Node:
    """The product of square matrices."""
    inner = range(2, len(factors) + 1)
    labels = [0, *inner, 1]
    return s.contraction([(node, labels[k : k + 2]) for k, node in enumerate(factors)], (0, 1))


def _scalar_power(s: Simplifier, scale: Node, exponent: Node) -> Node:
    return s.pointwise(elementwise("power"), [scale, exponent])


def _turned(node: Node) -> Node | None:
    """X of Xᵀ."""
    return node.args[0] if type(node) is Contraction and len(node.args) == 1 and node.labels == ((1, 0),) else None


def _is_negative(exponent: Node) -> bool:
    """Whether all terms of an exponent that are no numbers have a minus sign."""
    coefficients = [c for c, term in terms(exponent) if type(term) is not Number]
    return bool(coefficients) and all(c < 0 for c in coefficients)


def _split(s: Simplifier, node: Node) -> tuple[Node | None, Node]:
    """The scalar factors of a matrix, if there are any, and the rest."""
    scalars: list[Node] = []
    if type(node) is Sum and len(node.args) == 1:
        scalars.append(s.graph.number(node.coefficients[0]))
        node = node.args[0]
    if type(node) is Contraction and any(not labels for labels in node.labels):
        factors = list(zip(node.args, node.labels, strict=True))
        scalars += [arg for arg, labels in factors if not labels]
        node = s.contraction([factor for factor in factors if factor[1]], range(node.order), node.shape)
    if not scalars:
        return None, node
    return s.contraction([(each, ()) for each in scalars], ()), node


def _diagonal_of(s: Simplifier, node: Node) -> Node | None:
    """x of diag(x)."""
    if type(node) is not Contraction or not any(type(arg) is Delta for arg in node.args):
        return None
    factors = list(zip(node.args, node.labels, strict=True))
    rest = [(arg, labels) for arg, labels in factors if not (type(arg) is Delta and labels == (0, 1))]
    if len(rest) == len(factors) or any(1 in labels for _, labels in rest):
        return None
    return s.contraction(rest, (0,), node.shape[:1])


# The exponential


def _exponential(s: Simplifier, operation: MatrixFunction, arg: Node) -> Node | None:
    """expm(0) = I; expm(Xᵀ) = expm(X)ᵀ; expm(diag(x)) = diag(exp(x))."""
    graph = s.graph
    if type(arg) is Zero:
        return graph.delta(arg.shape[0])
    inner = _turned(arg)
    if inner is not None:
        return graph.contraction([(s.matrix_call(operation, inner), (1, 0))], (0, 1))
    diagonal = _diagonal_of(s, arg)
    if diagonal is not None:
        entries = s.pointwise(elementwise("exp"), [diagonal])
        return s.contraction([(entries, (0,)), (graph.delta(arg.shape[0]), (0, 1))], (0, 1))
    return None


def of_call(s: Simplifier, operation: MatrixFunction, arg: MatrixCall) -> Node | None:
    """(Xᵏ)⁻¹ = (X⁻¹)ᵏ, det(Xᵏ) = det(X)ᵏ, logdet(Xᵏ) = k logdet(X); expm(X)⁻¹ = expm(-X), det(expm(X)) = exp(tr X)."""
    name = operation.name
    if is_call(arg, "matrix_power"):
        base, exponent = arg.args
        inner = s.matrix_call(operation, base)
        if name == "inv":
            return power(s, inner, exponent)
        return _scalar_power(s, inner, exponent) if name == "det" else s.contraction([(inner, ()), (exponent, ())], ())
    if is_call(arg, "expm"):
        if name == "inv":
            return s.matrix_call(arg.operation, s.scaled(-1, arg.args[0]))
        trace = s.contraction([(arg.args[0], (0, 0))], ())
        return s.pointwise(elementwise("exp"), [trace]) if name == "det" else trace
    return None


# Derivatives in a direction


def _in_direction(s: Simplifier, operation: MatrixFunction, direction: Node, others: Sequence[Node]) -> Node:
    """L(X, E), linear in E; L(Xᵀ, E) = L(X, Eᵀ)ᵀ; f′(X) E where X and E commute."""
    graph, (base, *exponent) = s.graph, others
    order = direction.order
    if type(direction) is Zero:
        return direction
    if type(direction) is Sum and len(direction.args) > 1:  # 2 A + 2 B
        direction = s.contraction([(direction, range(order))], range(order), direction.shape)
    scale, rest = _split(s, direction)
    if scale is not None:
        inner = _in_direction(s, operation, rest, others)
        return s.contraction([(scale, ()), (inner, range(order))], range(order), direction.shape)
    turned = (*range(order - 2), order - 1, order - 2)
    inner_base = _turned(base)
    if inner_base is not None:
        flipped = s.contraction([(direction, turned)], range(order))
        inner = s.matrix_call(operation, flipped, inner_base, *exponent)
        return s.contraction([(inner, turned)], range(order))
    if order == 2 and commute(base, direction):
        return _chain(s, [direction, derivative(s, operation, others)])
    if exponent:
        if type(exponent[0]) is Number and 0 <= exponent[0].value <= _EXPANDED:
            return _expanded(s, direction, base, int(exponent[0].value))
        scale, rest = _split(s, base)
        if scale is not None:  # the derivative of (cX)ᵏ is cᵏ⁻¹ times that of Xᵏ
            inner = s.matrix_call(operation, direction, rest, *exponent)
            outside = _scalar_power(s, scale, _less_one(s, exponent[0]))
            return s.contraction([(outside, ()), (inner, range(order))], range(order), direction.shape)
    return graph.matrix_call(operation, direction, *others)


def derivative(s: Simplifier, operation: MatrixFunction, others: Sequence[Node]) -> Node:
    """f′(X) as of a number X: k Xᵏ⁻¹, or expm(X)."""
    base, *exponent = others
    if not exponent:
        return s.matrix_call(matrix_function("expm"), base)
    return s.contraction([(exponent[0], ()), (power(s, base, _less_one(s, exponent[0])), (0, 1))], (0, 1))


def _less_one(s: Simplifier, exponent: Node) -> Node:
    return s.sum([(1, exponent), (-1, s.graph.number(1))], ())


def _expanded(s: Simplifier, direction: Node, base: Node, exponent: int) -> Node:
    """Σᵣ Xʳ E Xᵏ⁻ʳ⁻¹, written out."""
    order, batch = direction.order, direction.order - 2
    left, right, out = order, order + 1, range(order)
    parts = []
    for before in range(exponent):
        powers = [_whole_power(s, base, times) for times in (before, exponent - before - 1)]
        assert powers[0] is not None
        assert powers[1] is not None
        factors = [(powers[0], (batch, left)), (direction, (*range(batch), left, right)), (powers[1], (right, batch + 1))]
        parts.append((1, s.contraction(factors, out)))
    return s.sum(parts, direction.shape)


def commute(first: Node, second: Node) -> bool:
    """Whether two matrices are made of powers of one and the same, so that the order of their product does not matter."""
    return len(_generators(first, 0) | _generators(second, 0)) <= 1


def _generators(node: Node, depth: int) -> frozenset[Node]:
    """The matrix of which a square matrix is made by sums, products, powers and multiples; none for multiples of I."""
    match node:
        case Delta():
            return frozenset()
        case MatrixCall() if node.operation.name in ("inv", "matrix_power", "expm") and node.order == 2 and depth < _DEPTH:
            return _generators(node.args[0], depth + 1)
        case Sum() if len(node.args) <= _FEW and depth < _DEPTH:
            return _common(node, node.args, depth)
        case Contraction() if len(node.args) <= _FEW and depth < _DEPTH:
            matrices = [factor for factor in zip(node.args, node.labels, strict=True) if factor[1]]
            if _is_chain(matrices):
                return _common(node, [arg for arg, _ in matrices], depth)
    return frozenset({node})


def _common(node: Node, parts: Sequence[Node], depth: int) -> frozenset[Node]:
    """The one matrix of which all parts are made; the whole if there is none."""
    found = frozenset().union(*(_generators(each, depth + 1) for each in parts))
    return found if len(found) <= 1 else frozenset({node})


def _is_chain(factors: Sequence[tuple[Node, Sequence[int]]]) -> bool:
    """Whether factors are A, B, … of a product A B … from axis 0 to axis 1."""
    following = {labels[0]: labels[1] for _, labels in factors if len(labels) == 2}
    if len(following) < len(factors):
        return False
    label = 0
    for _ in factors:
        label = following.pop(label, -1)
    return label == 1 and not following


# Products


def merge(product: Product) -> None:
    """Xᵏ X = Xᵏ⁺¹, Xᵏ X⁻¹ = Xᵏ⁻¹, Xᵏ Xᵐ = Xᵏ⁺ᵐ where nothing else stands at the label between them."""
    while any(_merged(product, factor) for factor in product.factors if is_call(factor[0], "matrix_power")):
        pass


def _merged(product: Product, factor: Factor) -> bool:
    node, labels = factor
    if labels[0] == labels[1]:
        return False
    base = node.args[0]
    graph = product.s.graph
    for axis in (0, 1):
        label = labels[axis]
        joined = [other for other in product.factors if label in other[1] and other is not factor]
        if label in product.kept or len(joined) != 1 or joined[0][1].count(label) > 1 or joined[0][0].order != 2:
            continue
        other, names = joined[0]
        exponent = _exponent_of(product.s, other, base)
        if exponent is None:
            continue
        if names[1 - axis] != label:
            if not symmetry.is_symmetric(graph, other):
                continue
            names = names[::-1]
        total = product.s.sum([(1, node.args[1]), (1, exponent)], ())
        product.factors = [each for each in product.factors if each is not factor and each is not joined[0]]
        ends = (labels[0], names[1]) if axis else (names[0], labels[1])
        merged = power(product.s, base, total)
        if type(merged) is Delta:
            product.factors.append((merged, ends))
            product.drop_deltas()
            product.drop_ones()
        else:
            product.put(merged, ends)
        return True
    return False


def _exponent_of(s: Simplifier, node: Node, base: Node) -> Node | None:
    """The k of a node that is baseᵏ."""
    one = s.graph.number(1)
    if node is base:
        return one
    inverse = s.matrix_call(matrix_function("inv"), base)
    if node is inverse:
        return s.scaled(-1, one)
    if is_call(node, "matrix_power"):
        if node.args[0] is base:
            return node.args[1]
        if node.args[0] is inverse:
            return s.scaled(-1, node.args[1])
    return None


def turned(product: Product) -> None:
    """L(S, E)ᵀ = L(S, Eᵀ) for a symmetric S."""
    factors = [factor for factor in product.factors if factor[1]]
    if len(factors) != 1 or len(product.out) != 2:
        return
    node, labels = factors[0]
    if not _is_direction(node) or node.order != 2 or labels != product.out[::-1]:
        return
    direction, base, *exponent = node.args
    if not symmetry.is_symmetric(product.s.graph, base):
        return
    product.factors.remove(factors[0])
    flipped = product.s.contraction([(direction, (1, 0))], (0, 1))
    product.put(product.s.matrix_call(node.operation, flipped, base, *exponent), product.out)


def collected(s: Simplifier, node: Node) -> Node:
    """L(X, E) + L(X, F) = L(X, E + F)."""
    if type(node) is not Sum or sum(map(_is_direction, node.args)) < 2 or node.order != 2:
        return node
    groups: dict[tuple[Node, ...], list[tuple[Rational, MatrixCall]]] = {}
    rest: list[tuple[Rational, Node]] = []
    for coefficient, term in zip(node.coefficients, node.args, strict=True):
        if _is_direction(term):
            groups.setdefault(term.args[1:], []).append((coefficient, term))
        else:
            rest.append((coefficient, term))
    if all(len(group) == 1 for group in groups.values()):
        return node
    for others, group in groups.items():
        operation = group[0][1].operation
        total = s.sum([(c, term.args[0]) for c, term in group], node.shape)
        rest.append((1, s.matrix_call(operation, total, *others)))
    return s.sum(rest, node.shape)


def _is_direction(node: Node) -> TypeGuard[MatrixCall]:
    return type(node) is MatrixCall and node.operation.direction is not None


def of_traces(product: Product) -> None:
    """tr L(X, E) = tr(f′(X) E), as the trace does not change when the factors go round."""
    for factor in list(product.factors):
        node, labels = factor
        if not _is_direction(node) or labels[-1] != labels[-2]:
            continue
        label = labels[-1]
        if label in product.kept or sum(name == label for _, names in product.factors for name in names) != 2:
            continue
        direction, *others = node.args
        fresh = product._new()
        product.factors.remove(factor)
        inner = derivative(product.s, node.operation, others)
        product.put(direction, (*labels[:-2], label, fresh))
        product.put(inner, (fresh, label))
        product.drop_deltas()
        product.drop_ones()
        return
