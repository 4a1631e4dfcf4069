"""What expressions look like: their shapes as matrices, what stands where in a product, how many transposes it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce

from matcalc.language.dimensions import SCALAR, Dim, Shape, matrix, row, vector
from matcalc.notation.matrix import (
    BoundedSum,
    Delta,
    Differential,
    Element,
    Expression,
    Function,
    Hadamard,
    Identity,
    IndexedSum,
    Indicator,
    Integral,
    MatMul,
    MatrixPower,
    Number,
    Ones,
    Position,
    Power,
    Product,
    Size,
    Stack,
    Subscript,
    Sum,
    Symbol,
    Transpose,
    Unit,
    Unknown,
    postorder,
)

TERMS = 20
"""A longer sum is transposed as a whole."""

_ENDS = 4
"""How deep a look for a differential at the end goes."""

_LONG = 3
"""Factors of a product that is hard to read under a transpose."""


def flipped(shape: Shape) -> Shape:
    """The shape of the transpose."""
    if shape.kind == "matrix":
        return matrix(shape.dims[1], shape.dims[0])
    return {"vector": row, "row": vector}[shape.kind](shape.dims[0]) if shape.dims else shape


TRIANGLES = {"tril": "triu", "triu": "tril"}


def is_triangle(node: Expression) -> bool:
    """Is it the lower or upper triangle of ones?"""
    return isinstance(node, Function) and node.name in TRIANGLES and isinstance(node.operands[0], Ones)


def is_cross_product(node: Expression) -> bool:
    """a × b, or its transpose."""
    inner = node.operand if isinstance(node, Transpose) else node
    return isinstance(inner, Function) and inner.name == "cross"


def is_differential(node: Expression) -> bool:
    """Is it dx, or does it end with a differential, as g dx, tr(G dX) and a dx + b dy do?"""
    for _ in range(_ENDS):
        match node:
            case Differential():
                return True
            case Sum():
                node = node.terms[0]
            case Product() | MatMul() if node.factors:
                node = node.factors[-1]
            case Function(name="tr"):
                node = node.operands[0]
            case _:
                break
    return False


def is_skew(node: Expression) -> bool:
    """The matrix of a cross product."""
    return isinstance(node, Function) and node.name == "skew"


def rows_of(shape: Shape) -> Dim | None:
    """The number of rows; None for one."""
    return shape.dims[0] if shape.kind in ("matrix", "vector") else None


def columns_of(shape: Shape) -> Dim | None:
    """The number of columns; None for one."""
    return shape.dims[-1] if shape.kind in ("matrix", "row") else None


def shape_of(rows: Dim | None, columns: Dim | None) -> Shape:
    """The shape with these numbers of rows and columns."""
    if rows is None:
        return SCALAR if columns is None else row(columns)
    return vector(rows) if columns is None else matrix(rows, columns)


def pair_of(node: Expression) -> tuple[Expression, Expression] | None:
    """The two factors of A ⊙ (B C), or of A²."""
    match node:
        case Hadamard() if len(node.factors) == 2 and not node.divisors and any(isinstance(f, MatMul) for f in node.factors):
            return node.factors[0], node.factors[1]
        case Power(exponent=Number(value=2)):
            return node.base, node.base
    return None


def is_root_of_constant(node: Expression) -> bool:
    """Is it √2, or √π?"""
    if not (isinstance(node, Power) and isinstance(node.exponent, Number) and node.exponent.value == Fraction(1, 2)):
        return False
    return isinstance(node.base, Number) or (isinstance(node.base, Symbol) and node.base.name in ("pi", "π"))


def is_long(node: Expression) -> bool:
    """A product that is hard to read under a transpose."""
    return isinstance(node, MatMul) and len(node.factors) >= _LONG


def is_list(node: Expression) -> bool:
    """Is it a row of numbers, each written?"""
    return isinstance(node, Stack) and node.axis == 1 and not any(block.shape.dims for block in node.blocks)


def times_of(size_of: Callable[[Shape], Dim | None], arrays: Sequence[Expression]) -> Dim | None:
    """The number of rows, or of columns, of a Kronecker product."""
    sizes = [size for size in (size_of(array.shape) for array in arrays) if size is not None]
    return reduce(Dim.times, sizes) if sizes else None


def is_column_of_symbol(node: Expression) -> bool:
    """Whether a product is A e(k) or Aᵀ e(k) for a variable A."""
    if not (isinstance(node, MatMul) and len(node.factors) == 2 and isinstance(node.factors[1], Unit)):
        return False
    array = node.factors[0]
    return isinstance(array.operand if isinstance(array, Transpose) else array, Symbol)


def is_term(part: Expression, total: Sum) -> bool:
    """Whether `part` is a term of a sum, with whatever coefficient: σ of 1 - σ."""
    return any(term is part or (isinstance(term, Product) and part in term.factors) for term in total.terms)


def subscript_of(unit: Unit) -> Subscript:
    """The position of a unit vector as a subscript."""
    position = unit.position
    return position if isinstance(position, str) or position.size is None else str(position.size)


def place_of(factor: Expression) -> int:
    """Where a factor stands: sizes, conditions on positions, symbols, sums, functions, then δ, Σ and dx, then the array."""
    if factor.shape.dims:
        return 6
    match factor:
        case Delta():
            return 4
        case IndexedSum() | BoundedSum() | Integral() | Differential():
            return 5
        case Symbol() if factor.name in ("pi", "π"):
            return -1
        case Indicator() if _is_of_positions(factor.condition):  # [i > 1] x[i - 1]
            return -1
        case Indicator() if _has_position(factor.condition):
            return 0
        case Size() | Position():
            return 0
        case Sum() if all(isinstance(term, Position | Number) for term in factor.terms):
            return 0
        case Power() if _has_position(factor.exponent):
            return 3
        case Symbol():
            return 1
        case Power():
            return place_of(factor.base)
        case Sum():
            return 2
        case Unknown() if any(factor.orders):
            return 2
    return 3


def _is_of_positions(node: Expression) -> bool:
    leaves = (each for each in postorder(node) if isinstance(each, Symbol | Element | Function))
    return _has_position(node) and next(leaves, None) is None


def _has_position(node: Expression) -> bool:
    return any(isinstance(each, Position) for each in postorder(node))


def place_in_hadamard(factor: Expression) -> int:
    """Where a factor of an element-wise product stands: indicators, then symbols and their powers, then the rest."""
    if isinstance(factor, (Indicator, Identity)):
        return 0
    base = factor.base if isinstance(factor, Power) else factor
    return 1 if isinstance(base, Symbol) else 2


def transposes(node: Expression) -> int:
    """How many transposes a product shows."""
    found: dict[Expression, int] = {}  # parts are shared: written out they may be exponentially many
    stack = [node]
    while stack:
        each = stack[-1]
        below = _written_side_by_side(each)
        unknown = [part for part in below if part not in found]
        if unknown:
            stack += unknown
            continue
        stack.pop()
        found[each] = int(isinstance(each, Transpose)) + sum(found[part] for part in below)
    return found[node]


def _written_side_by_side(node: Expression) -> Sequence[Expression]:
    """The parts of a product, sum or power in which transposes are seen."""
    match node:
        case MatMul() | Product():
            return node.factors
        case Sum() if len(node.terms) <= TERMS:
            return node.terms
        case MatrixPower():
            return (node.base,)
        case BoundedSum() | Integral():
            return (node.body,)
    return ()
