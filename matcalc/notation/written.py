"""An expression as it was written, in matrix notation: from the syntax tree, with nothing simplified."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from matcalc.language import tree
from matcalc.language.calls import axis_of
from matcalc.language.dimensions import SCALAR, Shape, dim
from matcalc.language.shapes import Inference
from matcalc.notation import matrix as notation
from matcalc.notation.build import Builder
from matcalc.notation.looks import flipped
from matcalc.notation.matrix import Expression
from matcalc.operations.table import COMPARISONS, FUNCTIONS

_NORMS = frozenset({"norm", "norm2", "normF"})


def as_written(
    build: Builder,
    inference: Inference,
    root: tree.Expr | None = None,
    known: Mapping[tree.Expr, Expression] = MappingProxyType({}),
) -> Expression:
    """The body of a program, or a part, in matrix notation, with other expressions for the parts that are `known`."""
    root = root or inference.program.body
    done: dict[tree.Expr, Expression] = dict(known)
    for node in tree.postorder(root, known):
        if node not in done:
            done[node] = _node(build, inference, node, done)
    return done[root]


def _node(build: Builder, inference: Inference, node: tree.Expr, done: Mapping[tree.Expr, Expression]) -> Expression:
    shape = inference.shapes.get(node, SCALAR)
    match node:
        case tree.Number():
            return build.make(notation.Number, SCALAR, node.value)
        case tree.Name():
            return _name(build, inference, node, shape)
        case tree.Unary():
            operand = done[node.operand]
            if isinstance(operand, notation.Product):
                return build.make(notation.Product, shape, -operand.coefficient, operand.factors, operand.divisors)
            return build.make(notation.Product, shape, -1, (operand,), ())
        case tree.Transpose():
            return build.make(notation.Transpose, shape, done[node.operand]) if shape.dims else done[node.operand]
        case tree.Binary():
            return _binary(build, node, shape, done[node.left], done[node.right])
        case tree.Call():
            return _call(build, inference, node, shape, [done[argument] for argument in node.arguments])
        case tree.Index():
            return _index(build, node, shape, done[node.operand])
        case tree.Stack():
            items = [done[item] for item in node.items]
            return build.make(notation.Stack, shape, tuple(items), 0 if node.is_vertical or shape.kind == "vector" else 1)
        case tree.IndexSum():
            indices = tuple((clause.index.name, inference.ranges[clause].length) for clause in node.clauses)
            bounds = tuple(_bounds(inference, clause) for clause in node.clauses)
            conditions = tuple((each.left.span.excerpt, each.operator, each.right.span.excerpt) for each in node.conditions)
            return build.make(notation.IndexedSum, shape, done[node.body], indices, node.function, bounds, conditions)


def _bounds(inference: Inference, clause: tree.Clause) -> tuple[str, str] | tuple[()]:
    """The bounds of a range, if they are not 1 and a length."""
    lower, upper = clause.lower, clause.upper
    if lower is None or upper is None:
        return ()
    depends = isinstance(upper, tree.Name) and inference.roles.get(upper) == "index"
    if isinstance(lower, tree.Number) and lower.value == 1 and not depends and not isinstance(upper, tree.Binary):
        return ()
    return (lower.span.excerpt, upper.span.excerpt)


def _name(build: Builder, inference: Inference, node: tree.Name, shape: Shape) -> Expression:
    role = inference.roles.get(node)
    if role == "dimension":
        return build.make(notation.Size, SCALAR, dim(node.name))
    if role == "constant" and node.name in ("I", "eye"):
        return build.make(notation.Identity, shape)
    if role == "constant" and node.name in ("ones", "zeros"):
        return _constant(build, node.name, shape)
    return build.make(notation.Symbol, shape, "pi" if role == "constant" else node.name)


def _constant(build: Builder, name: str, shape: Shape) -> Expression:
    if name == "ones":
        return build.make(notation.Ones, shape)
    return build.make(notation.Zeros, shape)


def _binary(build: Builder, node: tree.Binary, shape: Shape, left: Expression, right: Expression) -> Expression:
    operator = node.operator
    if operator in ("+", "-"):
        terms: list[Expression] = [*left.terms] if isinstance(left, notation.Sum) else [left]
        terms.append(_negated(build, right) if operator == "-" else right)
        return build.make(notation.Sum, shape, tuple(terms))
    if operator in ("^", "**"):
        if operator == "^" and left.shape.kind == "matrix":
            return _matrix_power(build, shape, left, right)
        return build.make(notation.Power, shape, left, right)
    if operator in COMPARISONS:
        return build.make(notation.Indicator, shape, build.make(notation.Comparison, shape, operator, left, right))
    if operator == "divide" and right.shape.dims:
        return _product(build, shape, left, build.make(notation.Inverse, right.shape, right))
    if operator in ("/", "divide"):
        return _quotient(build, shape, left, right)
    if not left.shape.dims or not right.shape.dims:
        return _scaled(build, shape, left, right)
    if operator == "*":
        factors = left.factors if isinstance(left, notation.Hadamard) and not left.divisors else (left,)
        return build.make(notation.Hadamard, shape, (*factors, right), ())
    return _product(build, shape, left, right)


def _product(build: Builder, shape: Shape, left: Expression, right: Expression) -> Expression:
    """A product of linear algebra; a scalar before it, as in `2 x' A x`, is one of the whole."""
    if isinstance(left, notation.Product) and not left.divisors and left.factors[-1].shape.dims:
        inner = _product(build, shape, left.factors[-1], right)
        return build.make(notation.Product, shape, left.coefficient, (*left.factors[:-1], inner), ())
    if left.shape.kind == right.shape.kind == "vector":
        return build.make(notation.Dot, SCALAR, left, right)
    factors = left.factors if isinstance(left, notation.MatMul) else (left,)
    return build.make(notation.MatMul, shape, (*factors, right))


def _negated(build: Builder, node: Expression) -> Expression:
    if isinstance(node, notation.Product):
        return build.make(notation.Product, node.shape, -node.coefficient, node.factors, node.divisors)
    return build.make(notation.Product, node.shape, -1, (node,), ())


def _scaled(build: Builder, shape: Shape, left: Expression, right: Expression) -> Expression:
    """A product with a scalar, in the order in which it was written; only numbers go to the front, and the array to the end."""
    coefficient: int | Fraction = 1
    factors: list[Expression] = []
    for side in (left, right):
        if isinstance(side, notation.Number):
            coefficient *= side.value
        elif isinstance(side, notation.Product) and not side.divisors:
            coefficient *= side.coefficient
            factors += side.factors
        else:
            factors.append(side)
    factors.sort(key=lambda factor: bool(factor.shape.dims))
    if not factors:
        return build.number(coefficient)
    if coefficient == 1 and len(factors) == 1:
        return factors[0]
    return build.make(notation.Product, shape, coefficient, tuple(factors), ())


def _quotient(build: Builder, shape: Shape, left: Expression, right: Expression) -> Expression:
    if right.shape.dims:
        if not left.shape.dims:
            inverse = build.make(notation.Hadamard, shape, (), (right,))
            return build.product(1, (left, inverse), (), shape)
        return build.make(notation.Hadamard, shape, (left,), (right,))
    if isinstance(right, notation.Number) and right.value != 0:
        if isinstance(left, notation.Number):
            return build.number(Fraction(left.value) / right.value)
        return build.product(Fraction(1) / right.value, (left,), (), shape)
    return build.product(1, (left,), (right,), shape)


def _matrix_power(build: Builder, shape: Shape, base: Expression, exponent: Expression) -> Expression:
    number = isinstance(exponent, notation.Number) or (isinstance(exponent, notation.Product) and not exponent.factors)
    if not number:
        return build.make(notation.MatrixPower, shape, base, exponent)
    if isinstance(exponent, notation.Number) and exponent.value == int(exponent.value) and exponent.value >= 0:
        return build.make(notation.MatrixPower, shape, base, int(exponent.value))
    inverse = build.make(notation.Inverse, shape, base)
    value = exponent.coefficient if isinstance(exponent, notation.Product) else getattr(exponent, "value", -1)
    return inverse if value == -1 else build.make(notation.MatrixPower, shape, inverse, -int(value))


def _call(
    build: Builder, inference: Inference, node: tree.Call, shape: Shape, operands: list[Expression]
) -> Expression:
    name = node.function
    if name in inference.functions and not inference.functions[name].elementwise:
        return build.make(notation.Named, shape, name, "", tuple(operands))
    if name in inference.functions:
        return build.make(notation.Unknown, shape, name, (0,) * len(operands), tuple(operands))
    if name in ("eye", "I"):
        return build.make(notation.Identity, shape)
    if name in ("ones", "zeros"):
        return _constant(build, name, shape)
    if name == "e":
        position = node.arguments[0]
        assert isinstance(position, tree.Number)
        return build.make(notation.Unit, shape, dim(int(position.value)))
    if name in ("len", "rows", "cols"):
        sizes = operands[0].shape.dims
        return build.make(notation.Size, SCALAR, sizes[-1] if name == "cols" else sizes[0])
    operation = FUNCTIONS.get(name)
    canonical = operation.name if operation is not None else name
    axis = axis_of(node)
    if axis is not None and operands[0].shape.kind == "matrix":
        return build.make(notation.Function, shape, canonical, tuple(operands), abs(axis))
    if canonical in _NORMS and len(operands) == 1:
        return build.make(notation.Norm, SCALAR, operands[0])
    if canonical == "inv":
        return build.make(notation.Inverse, shape, operands[0])
    if canonical == "matrix_power":
        return _matrix_power(build, shape, *operands)
    if canonical == "diag":
        return build.make(notation.Diagonal, shape, operands[0])
    if canonical == "sqrt":
        return build.make(notation.Power, shape, operands[0], build.number(Fraction(1, 2)))
    if canonical == "transpose":
        return build.make(notation.Transpose, flipped(operands[0].shape), operands[0])
    return build.make(notation.Function, shape, canonical, tuple(operands))


def _index(build: Builder, node: tree.Index, shape: Shape, operand: Expression) -> Expression:
    names = []
    for subscript in node.subscripts:
        if isinstance(subscript, tree.Slice):
            names.append(":")
        else:
            names.append(subscript.name if isinstance(subscript, tree.Name) else subscript.span.excerpt)
    return build.make(notation.Element, shape, operand, tuple(names))
