"""Rules for element-wise and matrix functions: values at numbers, powers of powers, inverse functions, named functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isqrt
from typing import TYPE_CHECKING, TypeGuard

from matcalc import limits
from matcalc.calculus import literals, powers, signs, structure
from matcalc.calculus.cancellation import is_named, split_power
from matcalc.calculus.coefficients import content_of
from matcalc.calculus.looks import repeated
from matcalc.errors import LimitError
from matcalc.operations.rows import Elementwise, MatrixFunction
from matcalc.operations.table import elementwise, matrix_function
from matcalc.tensor.nodes import (
    Concatenation,
    Contraction,
    Delta,
    MatrixCall,
    Node,
    Number,
    Ones,
    Pointwise,
    Rational,
    Shape,
    Sum,
    Unit,
    UnknownFunction,
    Zero,
)

if TYPE_CHECKING:
    from matcalc.calculus.simplify import Simplifier

_EXPANDED = 12
"""A power of a product is distributed over at most this many factors."""


def pointwise(s: Simplifier, operation: Elementwise | UnknownFunction, args: Sequence[Node]) -> Node:
    """An element-wise function in normal form."""
    graph = s.graph
    core = _without_repetition(s, args)
    if core is not None:
        inner, shape, kept = core
        return s.contraction([(pointwise(s, operation, inner), kept)], range(len(shape)), shape)
    if any(_has_blocks(arg) for arg in args):
        args = [_as_blocks(s, arg) for arg in args]
        blocks = [arg for arg in args if arg.shape]
        if _same_borders(blocks):  # f([u; v]) = [f(u); f(v)]
            count, axis = len(blocks[0].args), blocks[0].axis
            parts = [pointwise(s, operation, [arg.args[k] if arg.shape else arg for arg in args]) for k in range(count)]
            return s.concatenation(axis, parts)
    if isinstance(operation, UnknownFunction):
        return graph.pointwise(operation, args)
    if operation.name == "power":
        return power(s, args[0], args[1])
    if operation.parity and _is_negative(args[0]):
        sign = -1 if operation.parity == "odd" else 1
        return s.scaled(sign, pointwise(s, operation, [s.scaled(-1, args[0])]))
    if type(args[0]) is Number and len(args) == 1:
        for argument, value in operation.special:
            if argument == args[0].value:
                return graph.number(value)
    rule = _RULES.get(operation.name)
    if rule is None and operation.infix:
        rule = _comparison
    result = rule(s, operation, args) if rule is not None else None
    if result is None:
        return graph.pointwise(operation, args)
    shape = next((arg.shape for arg in args if arg.shape), ())
    return s.broadcast(result, shape) if shape and not result.shape else result


def _has_blocks(node: Node) -> bool:
    return type(node) is Concatenation or (type(node) is Sum and type(node.args[0]) is Concatenation)


def _as_blocks(s: Simplifier, node: Node) -> Node:
    """2 [u; v] + [x; y] = [2 u + x; 2 v + y]."""
    if type(node) is not Sum or not _same_borders(node.args):
        return node
    first = node.args[0]
    parts = []
    for k, part in enumerate(first.args):
        parts.append(s.sum([(c, arg.args[k]) for c, arg in zip(node.coefficients, node.args, strict=True)], part.shape))
    return s.concatenation(first.axis, parts)


def _same_borders(blocks: Sequence[Node]) -> TypeGuard[Sequence[Concatenation]]:
    """Whether nodes are concatenations with parts of the same sizes along the same axis."""
    borders = set()
    for block in blocks:
        if type(block) is not Concatenation:
            return False
        borders.add((block.axis, tuple(part.shape[block.axis] for part in block.args)))
    return len(borders) == 1


def _is_negative(node: Node) -> bool:
    if type(node) is Number:
        return node.value < 0
    return type(node) is Sum and len(node.args) == 1 and node.coefficients[0] < 0


def _without_repetition(
    s: Simplifier, args: Sequence[Node]
) -> tuple[list[Node], Shape, tuple[int, ...]] | None:
    """f(a 1ᵀ) = f(a) 1ᵀ: the operands without the axes along which all of them repeat; None if there are none."""
    shape: Shape = ()
    common: set[int] | None = None
    for arg in args:
        if not arg.shape:
            continue
        shape = arg.shape
        axes = repeated(arg)
        common = axes if common is None else common & axes
        if not common:
            return None
    if not common:
        return None
    kept = tuple(axis for axis in range(len(shape)) if axis not in common)
    return [without_axes(s, arg, common) if arg.shape else arg for arg in args], shape, kept


def without_axes(s: Simplifier, node: Node, axes: set[int]) -> Node:
    """A node without axes along which it repeats."""
    if type(node) is Zero:
        return s.graph.zero(tuple(size for axis, size in enumerate(node.shape) if axis not in axes))
    if type(node) is Ones:
        return s.graph.number(1)
    if type(node) is Sum:
        parts = [without_axes(s, arg, axes) for arg in node.args]
        return s.sum(zip(node.coefficients, parts, strict=True), parts[0].shape)
    assert type(node) is Contraction
    factors = [
        (arg, labels)
        for arg, labels in zip(node.args, node.labels, strict=True)
        if not (type(arg) is Ones and labels[0] in axes)
    ]
    return s.contraction(factors, [axis for axis in range(node.order) if axis not in axes])


# Powers


def power(s: Simplifier, base: Node, exponent: Node) -> Node:
    """A power of each element in normal form.

    (xᵃ)ᵇ = xᵃᵇ where that holds on the whole domain: b an integer, or a not an integer (then x ≥ 0); (x²)^½ = |x|;
    (xy)ᵏ = xᵏ yᵏ and (c x)ᵏ = cᵏ xᵏ for integers k; exp(u)ᵃ = exp(a u); (1 + exp(v))⁻¹ = σ(-v).
    """
    graph = s.graph
    if type(exponent) is not Number:
        if type(base) is Number and base.value == 1:
            return base
        inner, outer = split_power(base)
        if inner is not base and not base.shape and signs.is_nonnegative(graph, inner):  # ‖x‖ᵇ = (x·x)^(b/2)
            return power(s, inner, s.scaled(outer, exponent))
        if is_named(base, "power") and type(base.args[1]) is not Number and not base.args[1].shape and not exponent.shape:
            inner, outer_ = base.args  # not an integer in general, so that x is positive
            return s.pointwise(elementwise("power"), [inner, s.contraction([(outer_, ()), (exponent, ())], ())])
        return graph.pointwise(elementwise("power"), [base, exponent])
    e = exponent.value
    if e == 1:
        return base
    if e == 0:
        return s.ones(base.shape)
    result = _simple_power(s, base, e)
    return graph.pointwise(elementwise("power"), [base, exponent]) if result is None else result


def _simple_power(s: Simplifier, base: Node, e: Rational) -> Node | None:
    graph = s.graph
    whole = e == int(e)
    match base:
        case Number():
            value = _number_power(base.value, e)
            return None if value is None else graph.number(value)
        case Zero() if e > 0:
            return base
        case Ones():
            return base
        case Unit() | Delta() if e > 0:
            return base
        case MatrixCall() if whole and e % 2 == 0 and _is_determinant_of_orthogonal(base):  # det(Q) is 1 or -1
            return graph.number(1)
        case Pointwise() if isinstance(base.operation, Elementwise):
            return _power_of_function(s, base, e)
        case Sum() if len(base.args) == 1:
            coefficient, arg = base.coefficients[0], base.args[0]
            if not whole and coefficient < 0:
                return None
            value = _number_power(coefficient, e)
            return None if value is None else s.scaled(value, s.power(arg, e))
        case Sum():
            if whole and e < 0:
                v = _one_plus_exp(s, base)
                if v is not None:
                    sigmoid = graph.pointwise(elementwise("sigmoid"), [s.scaled(-1, v)])
                    return s.power(sigmoid, -e)
            content = content_of(base.coefficients)
            value = _number_power(content, e) if content != 1 and (whole or content > 0) else None
            if value is not None:
                rest = graph.sum([(Fraction(c) / content, a) for c, a in zip(base.coefficients, base.args, strict=True)],
                                 base.shape)  # fmt: skip
                return s.scaled(value, s.power(rest, e))
        case Contraction() if whole and any(not labels for labels in base.labels) and any(base.labels):  # (c u)ᵏ = cᵏ uᵏ
            scalars = [arg for arg, labels in zip(base.args, base.labels, strict=True) if not labels]
            arrays = [(arg, labels) for arg, labels in zip(base.args, base.labels, strict=True) if labels]
            inner = s.contraction(arrays, range(base.order), base.shape)
            numbers = [(s.power(arg, e), ()) for arg in scalars]
            return s.contraction([*numbers, (s.power(inner, e), range(base.order))], range(base.order), base.shape)
        case Contraction() if whole and len(base.args) <= _EXPANDED:
            plain = all(len(set(labels)) == len(labels) for labels in base.labels)  # not the diagonal of a matrix
            if plain and all(label < base.order for labels in base.labels for label in labels):
                factors = [(s.power(arg, e), labels) for arg, labels in zip(base.args, base.labels, strict=True)]
                return s.contraction(factors, range(base.order), base.shape)
    return None


def _is_determinant_of_orthogonal(node: MatrixCall) -> bool:
    return node.operation.name == "det" and structure.has(node.args[0], structure.ORTHOGONAL)


def _power_of_function(s: Simplifier, base: Pointwise, e: Rational) -> Node | None:
    assert isinstance(base.operation, Elementwise)
    name = base.operation.name
    whole = e == int(e)
    if name == "power" and type(base.args[1]) is Number:
        inner, f = base.args[0], base.args[1].value
        if whole or f != int(f) or signs.is_nonnegative(s.graph, inner):
            return s.power(inner, f * e)
        if f % 2 == 0 and (f * e) == int(f * e):
            return s.power(pointwise(s, elementwise("abs"), [inner]), f * e)
        return None
    if name == "power" and whole:  # (xᵇ)ᵏ = xᵇᵏ
        return pointwise(s, base.operation, [base.args[0], s.scaled(e, base.args[1])])
    if name == "exp":
        return pointwise(s, elementwise("exp"), [s.scaled(e, base.args[0])])
    if name == "abs" and whole and e % 2 == 0:
        return s.power(base.args[0], e)
    if base.operation.indicator and e > 0:
        return base
    return None


def _number_power(value: Rational, e: Rational) -> Rational | None:
    """An exact power of a rational, or None if it is not rational (or would be huge: LimitError)."""
    if value == 0:
        return 0 if e > 0 else None
    exponent = Fraction(e)
    if exponent.denominator == 2 and value > 0:
        value = Fraction(value)
        root = Fraction(isqrt(value.numerator), isqrt(value.denominator))
        if root * root != value:
            return None
        value, exponent = root, Fraction(exponent.numerator)
    if exponent.denominator != 1:
        return 1 if value == 1 else None
    size = max(abs(Fraction(value).numerator).bit_length(), Fraction(value).denominator.bit_length())
    if abs(exponent) * size > limits.MAX_POWER_BITS:
        if value in (1, -1):
            return value if exponent.numerator % 2 else 1
        raise LimitError(f"the power of a number is larger than {limits.MAX_POWER_BITS} bits")
    return Fraction(value) ** exponent.numerator


def _one_plus_exp(s: Simplifier, node: Sum) -> Node | None:
    """The v of 1 + exp(v)."""
    if len(node.args) != 2 or node.coefficients != (1, 1):
        return None
    one = s.ones(node.shape)
    for arg, other in (node.args, node.args[::-1]):
        if arg is one and type(other) is Pointwise and isinstance(other.operation, Elementwise):
            return other.args[0] if other.operation.name == "exp" else None
    return None


# Single functions


def _exp(s: Simplifier, operation: Elementwise, args: Sequence[Node]) -> Node | None:
    """exp(log u) = u."""
    arg = args[0]
    if is_named(arg, "log"):
        return arg.args[0]
    return None


def _log(s: Simplifier, operation: Elementwise, args: Sequence[Node]) -> Node | None:
    """log(exp u) = u; log(det A) = log|det A| = logdet A; log(Σ exp u) = logsumexp u; log(softmax u) = u - logsumexp u;
    log(1 + exp u) = softplus u.
    """
    arg, graph = args[0], s.graph
    if is_named(arg, "exp"):
        return arg.args[0]
    if is_named(arg, "abs"):
        inside = arg.args[0]
        if type(inside) is MatrixCall and inside.operation.name == "det":
            return matrix_call(s, matrix_function("logdet"), inside.args[0])
    if type(arg) is MatrixCall and arg.operation.name == "det":
        return matrix_call(s, matrix_function("logdet"), arg.args[0])
    if type(arg) is MatrixCall and arg.operation.name == "softmax":
        inner = arg.args[0]
        total = matrix_call(s, matrix_function("logsumexp"), inner)
        repeated = graph.contraction([(total, range(total.order))], range(inner.order), inner.shape)
        return s.sum([(1, inner), (-1, repeated)], inner.shape)
    if type(arg) is Contraction and len(arg.args) == 1 and arg.labels == ((0,),) and not arg.shape:
        inner = arg.args[0]
        if is_named(inner, "exp"):
            return matrix_call(s, matrix_function("logsumexp"), inner.args[0])
    if type(arg) is Sum:
        v = _one_plus_exp(s, arg)
        if v is not None:
            return graph.pointwise(elementwise("softplus"), [v])
    return None


def _extremum(s: Simplifier, operation: Elementwise, args: Sequence[Node]) -> Node | None:
    """max(a, a) = a; max(0, a) = a for a ≥ 0; a constant operand stands first (max is commutative, a constant wins a tie)."""
    a, b = args
    if a is b:
        return a
    for zero, other in ((a, b), (b, a)):
        if type(zero) is Number and zero.value == 0 and signs.is_positive(s.graph, other):
            return other if operation.name == "max" else zero
    if type(a) is Number and type(b) is Number:
        return a if (a.value > b.value) == (operation.name == "max") else b
    if b.constant and not a.constant:
        return s.graph.pointwise(operation, [b, a])
    return None


def _relu(s: Simplifier, operation: Elementwise, args: Sequence[Node]) -> Node | None:
    """relu(a) = a for a > 0."""
    return args[0] if signs.is_positive(s.graph, args[0]) else None


def _comparison(s: Simplifier, operation: Elementwise, args: Sequence[Node]) -> Node | None:
    """A comparison of numbers is a number; a > a is 0, a >= a is 1; exp(x) > 0 is 1."""
    a, b = args
    if a is b:
        return s.graph.number(1 if operation.infix in (">=", "<=", "==") else 0)
    for bound, other, holding in ((b, a, (">", ">=", "!=")), (a, b, ("<", "<=", "!="))):
        if type(bound) is not Number or bound.value > 0:
            continue
        if signs.is_positive(s.graph, other) or (bound.value < 0 and signs.is_nonnegative(s.graph, other)):
            return s.graph.number(int(operation.infix in holding))
    if type(a) is Number and type(b) is Number:
        truth = {
            ">": a.value > b.value, "<": a.value < b.value, ">=": a.value >= b.value, "<=": a.value <= b.value,
            "==": a.value == b.value, "!=": a.value != b.value,
        }  # fmt: skip
        return s.graph.number(int(truth[operation.infix]))
    return None


def _sign(s: Simplifier, operation: Elementwise, args: Sequence[Node]) -> Node | None:
    """The sign of a number, or of what is positive."""
    arg = args[0]
    if signs.is_positive(s.graph, arg):
        return s.graph.number(1)
    return s.graph.number((arg.value > 0) - (arg.value < 0)) if type(arg) is Number else None


def _abs(s: Simplifier, operation: Elementwise, args: Sequence[Node]) -> Node | None:
    """|c u| = |c| |u|; |u²| = u²."""
    arg = args[0]
    if signs.is_nonnegative(s.graph, arg):
        return arg
    if type(arg) is MatrixCall and _is_determinant_of_orthogonal(arg):
        return s.graph.number(1)
    if type(arg) is Number:
        return s.graph.number(max(arg.value, -arg.value))
    if type(arg) is Sum and len(arg.args) == 1:
        return s.scaled(max(arg.coefficients[0], -arg.coefficients[0]), pointwise(s, operation, [arg.args[0]]))
    return None


def _where(s: Simplifier, operation: Elementwise, args: Sequence[Node]) -> Node | None:
    """where([c], 1, 0) = [c]; where([c], 0, 1) = 1 - [c]; where(c, a, a) = a."""
    condition, a, b = args
    if a is b:
        return a
    if type(condition) is Number:
        return a if condition.value != 0 else b
    if not (isinstance(condition, Pointwise) and isinstance(condition.operation, Elementwise) and condition.operation.infix):
        return None
    if type(a) is Number and type(b) is Number and (a.value, b.value) in ((1, 0), (0, 1)):
        if a.value == 1:
            return condition
        one = s.ones(condition.shape)
        return s.sum([(1, one), (-1, condition)], condition.shape)
    return None


_Rule = Callable[["Simplifier", Elementwise, Sequence[Node]], "Node | None"]

_RULES: dict[str, _Rule] = {
    "exp": _exp,
    "log": _log,
    "relu": _relu,
    "max": _extremum,
    "min": _extremum,
    "sign": _sign,
    "abs": _abs,
    "where": _where,
}


# Matrix functions


def matrix_call(s: Simplifier, operation: MatrixFunction, arg: Node) -> Node:
    """A matrix function in normal form.

    (A⁻¹)⁻¹ = A, (cA)⁻¹ = c⁻¹A⁻¹, (Aᵀ)⁻¹ = (A⁻¹)ᵀ; det(Aᵀ) = det A, det(A⁻¹) = (det A)⁻¹, and the same for logdet;
    det [[a, b], [c, d]] = a d - b c.
    """
    graph, name = s.graph, operation.name
    if name == "skew" and type(arg) is Sum and len(arg.args) == 1:
        return s.scaled(arg.coefficients[0], graph.matrix_call(operation, arg.args[0]))
    if name not in ("inv", "det", "logdet") or arg.order != 2:
        return graph.matrix_call(operation, arg)
    if name == "det" and literals.is_two_by_two(arg):
        return literals.determinant(s, arg)
    if type(arg) is Delta:
        return arg if name == "inv" else graph.number(1 if name == "det" else 0)
    if name == "inv" and structure.has(arg, structure.ORTHOGONAL):  # Q⁻¹ = Qᵀ
        return graph.contraction([(arg, (1, 0))], (0, 1))
    known = structure.determinant(s, name, arg) if name != "inv" else None
    if known is not None:
        return known
    if type(arg) is Contraction and len(arg.args) == 1 and arg.labels == ((1, 0),):
        inner = matrix_call(s, operation, arg.args[0])
        return graph.contraction([(inner, (1, 0))], (0, 1)) if name == "inv" else inner
    if type(arg) is MatrixCall and arg.operation.name == "inv":
        inner = arg.args[0]
        if name == "inv":
            return inner
        value = matrix_call(s, operation, inner)
        return s.power(value, -1) if name == "det" else s.scaled(-1, value)
    if type(arg) is MatrixCall and arg.operation.frechet:
        special = powers.of_call(s, operation, arg)
        if special is not None:
            return special
    if type(arg) is Contraction:
        special = _of_scaled(s, operation, arg)
        if special is not None:
            return special
    if name == "inv" and type(arg) is Sum and len(arg.args) == 1:
        return s.scaled(1 / Fraction(arg.coefficients[0]), matrix_call(s, operation, arg.args[0]))
    return graph.matrix_call(operation, arg)


def _of_scaled(s: Simplifier, operation: MatrixFunction, arg: Contraction) -> Node | None:
    """(c A)⁻¹ = c⁻¹ A⁻¹; diag(x)⁻¹ = diag(1/x), det(diag(x)) is the product of x, log|det diag(x)| = Σ log|x|."""
    graph, name = s.graph, operation.name
    factors = list(zip(arg.args, arg.labels, strict=True))
    if any(type(each) is Delta and labels == (0, 1) for each, labels in factors):
        rest = [(each, labels) for each, labels in factors if type(each) is not Delta]
        if any(1 in labels for _, labels in rest):
            return None
        diagonal = s.contraction(rest, (0,), arg.shape[:1])
        if name == "inv":
            return s.contraction([(s.power(diagonal, -1), (0,)), (graph.delta(arg.shape[0]), (0, 1))], (0, 1))
        if name == "det":
            return s.matrix_call(matrix_function("prod"), diagonal)
        logarithms = s.pointwise(elementwise("log"), [s.pointwise(elementwise("abs"), [diagonal])])
        return s.contraction([(logarithms, (0,))], ())
    scalars = [each for each, labels in factors if not labels]
    if name != "inv" or not scalars:
        return None
    inner = s.contraction([(each, labels) for each, labels in factors if labels], (0, 1), arg.shape)
    inverse = s.matrix_call(operation, inner)
    return s.contraction([*((s.power(each, -1), ()) for each in scalars), (inverse, (0, 1))], (0, 1))
