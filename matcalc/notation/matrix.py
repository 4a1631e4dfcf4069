"""Matrix expressions: what `recover` makes of a tensor graph, and what every printer reads.

Nodes are made by the recovery of one answer, which interns them: within an answer, equality is identity. They can be deep, so
they have no `repr`, which would recurse, and printers walk them with `postorder`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from matcalc.language.dimensions import Dim, Shape


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Symbol:
    """A variable, a name given to a part of the answer, or a constant such as pi: `x`, `W_1`, `lam`."""

    shape: Shape
    name: str


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Number:
    """A rational number. Only non-negative here; signs live in the coefficient of a `Product`."""

    shape: Shape
    value: int | Fraction


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Size:
    """A dimension as a number: the n in `sum(x)/n`."""

    shape: Shape
    size: Dim


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Identity:
    """The identity matrix."""

    shape: Shape


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Ones:
    """The vector, row or matrix of ones."""

    shape: Shape


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Zeros:
    """The vector, row or matrix of zeros; the number 0 if scalar."""

    shape: Shape


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Unit:
    """The unit column whose entry at `position` (from 1, or a size: the last) is 1; the name of an index in index notation."""

    shape: Shape
    position: Dim | str


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Positions:
    """The column (1, 2, …, n)."""

    shape: Shape


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Position:
    """An index as a number, in index notation."""

    shape: Shape
    index: str


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Sum:
    """A sum. In a sum that is not scalar, a scalar term is added to each element (scalar expansion)."""

    shape: Shape
    terms: tuple[Expression, ...]


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Product:
    """`coefficient * factors / divisors`: scalars, and at most one factor that is not scalar, which stands last.

    `2 x y / N`, `-3 A x` (factors (MatMul(A, x),)), `2/3`. The divisors are scalars. A product with no factors is a number.
    """

    shape: Shape
    coefficient: int | Fraction
    factors: tuple[Expression, ...]
    divisors: tuple[Expression, ...]


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class MatMul:
    """A product of matrices, columns and rows, none of them scalar: `Xᵀ X w`, `u vᵀ`, `xᵀ A x`."""

    shape: Shape
    factors: tuple[Expression, ...]


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Dot:
    """The dot product of two column vectors, `w·x`."""

    shape: Shape
    left: Expression
    right: Expression


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Hadamard:
    """An element-wise product of arrays of one shape, divided element by element: `a ⊙ b ⊘ c`. Without factors: `1 ⊘ c`."""

    shape: Shape
    factors: tuple[Expression, ...]
    divisors: tuple[Expression, ...]


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Transpose:
    """A transpose."""

    shape: Shape
    operand: Expression


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Inverse:
    """The inverse of a matrix."""

    shape: Shape
    operand: Expression


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Power:
    """A power: of a number, or of each element of a vector or matrix (the exponent is scalar or of the same shape).

    An exponent 1/2 is a square root, a negative one is a quotient only if it could not go into the divisors of a product.
    """

    shape: Shape
    base: Expression
    exponent: Expression


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class MatrixPower:
    """A power of a square matrix: a positive integer, or a scalar expression that is an integer."""

    shape: Shape
    base: Expression
    exponent: int | Expression


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Diagonal:
    """`diag(v)`: the diagonal matrix of a vector, or the diagonal of a matrix as a vector."""

    shape: Shape
    operand: Expression


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Function:
    """An operation of the table by name: `exp`, `sigmoid`, `max`, `tr`, `sum`, `det`, `softmax`, …

    A function of vectors may be taken of each row (axis 1) or each column (axis 0) of its operand.
    """

    shape: Shape
    name: str
    operands: tuple[Expression, ...]
    axis: int | None = None


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Norm:
    """The Euclidean norm of a vector, the Frobenius norm of a matrix."""

    shape: Shape
    operand: Expression


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Comparison:
    """`left > right`, element by element; `sign` is one of > < >= <= == !=. A scalar side is compared with each element."""

    shape: Shape
    sign: str
    left: Expression
    right: Expression


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Indicator:
    """Iverson bracket: 1 where the comparison holds, else 0."""

    shape: Shape
    condition: Comparison | Conjunction


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Conjunction:
    """Several scalar comparisons that all hold."""

    shape: Shape
    parts: tuple[Comparison, ...]


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Cases:
    """Alternatives with scalar conditions, mutually exclusive; the last one may have none, for all that is left."""

    shape: Shape
    branches: tuple[tuple[Expression, Condition | None], ...]


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Stack:
    """Blocks under each other (axis 0) or side by side (axis 1). Scalars on axis 0 make a column vector."""

    shape: Shape
    blocks: tuple[Expression, ...]
    axis: int


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Kronecker:
    """The Kronecker product of matrices, columns or rows."""

    shape: Shape
    factors: tuple[Expression, ...]


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Commutation:
    """The commutation matrix of m×n matrices X, under a letter: K vec(X) = vec(Xᵀ). `shape` is that of X."""

    shape: Shape
    name: str


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Unknown:
    """An unknown function, or a partial derivative of one, applied element by element.

    `orders` says how often it is differentiated by each operand: (0,) is f(x), (1,) f′(x), (1, 0) is ∂f/∂x of f(x, y).
    """

    shape: Shape
    name: str
    orders: tuple[int, ...]
    operands: tuple[Expression, ...]


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Part:
    """Consecutive entries of a vector, or rows (axis 0) or columns (axis 1) of a matrix, after the first `start` ones."""

    shape: Shape
    operand: Expression
    axis: int
    start: Dim

    @property
    def range(self) -> tuple[Dim, Dim]:
        """The first and the last position, counted from 1."""
        return self.start + Dim((), 1), self.start + self.shape.dims[self.axis]


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Named:
    """An unknown function of whole operands, or its derivative.

    `role` is "" for the function, "derivative" for the one by a scalar, "gradient" (a column) and "hessian" for those of a
    scalar function, "jacobian" for that of a vector function. Of several operands, "partial": the axes are those of the
    value, then those of the operands `by` which it is differentiated (from 1); one by a scalar has as many as its order.
    """

    shape: Shape
    name: str
    role: str
    operands: tuple[Expression, ...]
    by: tuple[int, ...] = ()


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class NamedElement:
    """An element of an unknown function of whole operands, or of a derivative of it: `∂ⱼ∂ₖgᵢ(x)`.

    `value` are the indices of the function's value; each derivative in `by` says by which operand (from 0) and by which
    element of it.
    """

    shape: Shape
    name: str
    value: tuple[str, ...]
    by: tuple[tuple[int, tuple[str, ...]], ...]
    operands: tuple[Expression, ...]


@dataclass(slots=True, frozen=True)
class Place:
    """A position that depends on indices: `i + j - 1`, `n + 1 - i`. The terms are integer multiples of indices, by name."""

    terms: tuple[tuple[str, int], ...]
    offset: Dim

    def __str__(self) -> str:
        return str(Dim((*self.terms, *self.offset.terms), self.offset.constant))


Subscript = str | Dim | Place
"""The name of an index, or a position from 1: digits, a dimension, or what depends on indices."""


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Element:
    """An element in index notation: `A_{ij}`, `(X w)_i`. Indices are names (bound or free) or positions from 1.

    `:` leaves an axis, and one index of a matrix is that of a row. What is left is a column, or a matrix.
    """

    shape: Shape
    operand: Expression
    indices: tuple[Subscript, ...]


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class LeviCivita:
    """The Levi-Civita symbol of three indices or positions from 1."""

    shape: Shape
    indices: tuple[Subscript, ...]


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Delta:
    """Kronecker's δ_{ij} in index notation."""

    shape: Shape
    indices: tuple[str, str]


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class IndexedSum:
    """A sum over indices, each from 1 to its size.

    As somebody wrote it, it may have other `bounds` (an empty one: as usual) or `conditions` instead, and be a product or so.
    """

    shape: Shape
    body: Expression
    indices: tuple[tuple[str, Dim], ...]
    function: str = "sum"
    bounds: tuple[tuple[str, str] | tuple[()], ...] = ()
    conditions: tuple[tuple[str, str, str], ...] = ()
    """Left side, sign, right side."""


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class BoundedSum:
    """A sum of matrices or numbers over a whole number, from 0 to `upper`, which is a symbol in the body."""

    shape: Shape
    body: Expression
    variable: Symbol
    upper: Expression


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Integral:
    """An integral from 0 to 1 over a number that is a symbol in the body."""

    shape: Shape
    body: Expression
    variable: Symbol


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Partial:
    """A derivative by name, ∂y/∂x, or dy/dx if `ordinary`. In numerator layout: output × input.

    Its parts are names, which stay when a variable is replaced by what it stands for; so it has no children.
    """

    shape: Shape
    value: Expression
    variable: Expression
    ordinary: bool = False


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Chain:
    """A product of derivatives as a chain rule gives it, none of them put together with another."""

    shape: Shape
    factors: tuple[Expression, ...]


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Differential:
    """The differential of a variable or an intermediate variable, dX: an array of its shape. The operand is a name."""

    shape: Shape
    operand: Expression


Condition = Comparison | Conjunction

Expression = (
    Symbol | Number | Size | Identity | Ones | Zeros | Unit | Positions | Position | Sum | Product | MatMul | Dot | Hadamard
    | Transpose | Inverse | Power | MatrixPower | Diagonal | Function | Norm | Comparison | Indicator | Conjunction | Cases
    | Stack | Kronecker | Commutation | Unknown | Named | NamedElement | Part | Element | Delta | LeviCivita | IndexedSum
    | BoundedSum | Integral | Partial | Chain | Differential
)  # fmt: skip


@dataclass(slots=True, frozen=True, eq=False, repr=False)
class Answer:
    """A result in matrix notation.

    Attributes:
        body: the expression. For a result in index notation, the (scalar) element with the free `indices`.
        definitions: names used in the body, each with what it stands for, in reading order; a later one may use earlier ones.
            A name with indices (an `Element`) is defined by its elements.
        indices: the free indices of a result that only index notation can say, e.g. ("i", "j", "k"); otherwise empty.
        note: what must be known to read it, e.g. "∂vec(Y)/∂vec(X)ᵀ, columns stacked"; otherwise empty.
        element: for a result in Kronecker form, the same by elements, with its indices (those of the value come first).
        left_open: names that are used but not defined, in an answer too large to be written out.
    """

    body: Expression
    definitions: tuple[tuple[Symbol | Element, Expression], ...] = ()
    indices: tuple[str, ...] = ()
    note: str = ""
    element: tuple[tuple[str, ...], Expression] | None = None
    left_open: tuple[str, ...] = ()


def children(node: Expression) -> tuple[Expression, ...]:
    """The expressions directly below a node."""
    match node:
        case (
            Symbol() | Number() | Size() | Identity() | Ones() | Zeros() | Unit() | Commutation() | Delta() | LeviCivita()
            | Positions() | Position() | Partial() | Differential()
        ):
            return ()
        case Sum():
            return node.terms
        case Product() | Hadamard():
            return node.factors + node.divisors
        case MatMul() | Kronecker() | Chain():
            return node.factors
        case Dot() | Comparison():
            return (node.left, node.right)
        case Power():
            return (node.base, node.exponent)
        case MatrixPower():
            return (node.base,) if isinstance(node.exponent, int) else (node.base, node.exponent)
        case BoundedSum():
            return (node.body, node.variable, node.upper)
        case Integral():
            return (node.body, node.variable)
        case Transpose() | Inverse() | Diagonal() | Norm() | Part() | Element():
            return (node.operand,)
        case Function() | Unknown() | Named() | NamedElement():
            return node.operands
        case Indicator():
            return (node.condition,)
        case Cases():
            return tuple(part for branch in node.branches for part in branch if part is not None)
        case Conjunction():
            return node.parts
        case Stack():
            return node.blocks
        case IndexedSum():
            return (node.body,)


def postorder(root: Expression) -> Iterator[Expression]:
    """Every node once, operands before the node that uses them."""
    seen: set[Expression] = set()
    stack: list[tuple[Expression, bool]] = [(root, False)]
    while stack:
        node, entered = stack.pop()
        if node in seen:
            continue
        below = () if entered else children(node)
        if below:
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(below) if child not in seen)
        else:
            seen.add(node)
            yield node
