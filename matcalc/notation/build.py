"""Makes the matrix expressions of one answer: interned, and in the shape a person would write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Any, TypeVar, cast

from matcalc.language.dimensions import SCALAR, Dim, Shape, matrix, vector
from matcalc.notation.looks import (
    TERMS,
    TRIANGLES,
    columns_of,
    flipped,
    is_column_of_symbol,
    is_cross_product,
    is_differential,
    is_list,
    is_long,
    is_root_of_constant,
    is_skew,
    is_term,
    is_triangle,
    pair_of,
    place_in_hadamard,
    place_of,
    rows_of,
    shape_of,
    subscript_of,
    times_of,
    transposes,
)
from matcalc.notation.matrix import (
    BoundedSum,
    Commutation,
    Comparison,
    Diagonal,
    Dot,
    Element,
    Expression,
    Function,
    Hadamard,
    Identity,
    Indicator,
    Integral,
    Inverse,
    Kronecker,
    MatMul,
    MatrixPower,
    Norm,
    Number,
    Ones,
    Power,
    Product,
    Stack,
    Sum,
    Symbol,
    Transpose,
    Unit,
    Zeros,
    postorder,
)
from matcalc.operations.rows import Elementwise
from matcalc.operations.table import OPERATIONS

_DEPTH = 50
"""How deep a transpose is pushed into an expression."""

_LOOK = 6
"""How deep a look for symmetry goes."""



_FACTORS = 100
"""A longer product within a product stays as it is."""

E = TypeVar("E")
Rational = int | Fraction


@dataclass(slots=True)
class _Outside:
    """What stands before an array in a product."""

    coefficient: Rational = 1
    factors: list[Expression] = field(default_factory=list)
    divisors: list[Expression] = field(default_factory=list)


class Builder:
    """Interns expressions; `symmetric` holds the names of symmetric matrices, `taken` all names with a meaning."""

    def __init__(self, symmetric: frozenset[str] = frozenset(), taken: frozenset[str] = frozenset()) -> None:
        self._made: dict[Any, Any] = {}
        self._symmetric = symmetric
        self._transposed: dict[Expression, Expression] = {}
        self._depth = 0
        self.taken = taken
        self.commutation = next((letter for letter in ("K", "C", "T", "P") if letter not in taken), "K_vec")
        """The letter for the commutation matrix."""

    def value_name(self, axes: int) -> str:
        """A letter for what is differentiated, which has this number of axes."""
        letters = ("fyzhg", "yfzhg", "YFZHG")[axes]
        return next((letter for letter in letters if letter not in self.taken), f"{letters[0]}_")

    def make(self, cls: type[E], shape: Shape, *fields: Any) -> E:
        """The node of this class with these fields."""
        key = (cls, shape, fields)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = cls(shape, *fields)  # type: ignore[call-arg]
        return cast(E, found)

    def number(self, value: Rational) -> Expression:
        """A rational number."""
        if value < 0:
            return self.make(Product, SCALAR, value, (), ())
        return self.make(Number, SCALAR, value)

    def is_symmetric(self, node: Expression, depth: int = 0) -> bool:
        """Whether a matrix is symmetric by what it is or was declared."""
        if depth > _LOOK:
            return False
        match node:
            case Symbol():
                return node.name in self._symmetric
            case Identity():
                return True
            case Diagonal():
                return node.shape.kind == "matrix"
            case Hadamard():
                return any(isinstance(factor, (Identity, Diagonal)) for factor in node.factors)
            case Inverse() | MatrixPower():
                return self.is_symmetric(node.operand if isinstance(node, Inverse) else node.base, depth + 1)
            case Power():  # the powers may differ from row to row
                return all(not each.shape.dims or self.is_symmetric(each, depth + 1) for each in (node.base, node.exponent))
            case MatMul() if len(node.factors) <= _FACTORS:  # Aᵀ S A
                left, right = node.factors[: len(node.factors) // 2], node.factors[(len(node.factors) + 1) // 2 :]
                middle = node.factors[len(left)] if len(node.factors) % 2 else None
                return (middle is None or self.is_symmetric(middle, depth + 1)) and all(
                    self.transpose(a) is b for a, b in zip(left, reversed(right), strict=True)
                )
            case Sum() if len(node.terms) <= TERMS:
                return all(term.shape.dims and self.is_symmetric(term, depth + 1) for term in node.terms)
            case Function() if node.name == "expm":
                return self.is_symmetric(node.operands[0], depth + 1)
            case Function() if isinstance(OPERATIONS.get(node.name), Elementwise):
                return all(not each.shape.dims or self.is_symmetric(each, depth + 1) for each in node.operands)
            case Product() if node.factors:
                return self.is_symmetric(node.factors[-1], depth + 1)
            case Ones() | Zeros():
                return node.shape.kind == "matrix" and node.shape.dims[0] == node.shape.dims[1]
        return False

    def transpose(self, node: Expression) -> Expression:
        """The transpose: (AB)ᵀ = BᵀAᵀ, and none of a scalar or a symmetric matrix."""
        known = self._transposed.get(node)
        if known is None:
            if self._depth > _DEPTH:  # written as it stands
                return self.make(Transpose, flipped(node.shape), node)
            self._depth += 1
            known = self._transposed[node] = self._transpose(node)
            self._depth -= 1
        return known

    def _transpose(self, node: Expression) -> Expression:
        shape = node.shape
        if not shape.dims or (shape.kind == "matrix" and self.is_symmetric(node)):
            return node
        match node:
            case Transpose():
                return node.operand
            case MatMul() if any(map(is_skew, node.factors)):
                return self.matmul(*(self.transpose(factor) for factor in reversed(node.factors)))
            case MatMul():
                return self.make(MatMul, flipped(shape), tuple(self.transpose(f) for f in reversed(node.factors)))
            case Function() if is_skew(node):
                return self.scaled(-1, node)
            case Function() if node.name in TRIANGLES and isinstance(node.operands[0], Ones):
                return self.make(Function, flipped(shape), TRIANGLES[node.name], node.operands)
            case Kronecker():
                return self.make(Kronecker, flipped(shape), tuple(self.transpose(factor) for factor in node.factors))
            case Commutation():
                return self.make(Commutation, flipped(shape), node.name)
            case MatrixPower():
                return self.make(MatrixPower, flipped(shape), self.transpose(node.base), node.exponent)
            case BoundedSum() | Integral():
                body = self._turned_between(node) or self.transpose(node.body)
                if transposes(body) <= transposes(node.body):
                    return self.make(type(node), flipped(shape), body, *(getattr(node, each.name) for each in fields(node)[2:]))
            case Product():
                factors = tuple(self.transpose(f) for f in node.factors)
                return self.product(node.coefficient, factors, node.divisors, flipped(shape))
            case Ones():
                return self.make(Ones, flipped(shape))
            case Zeros():
                return self.make(Zeros, flipped(shape))
            case Stack() if shape.kind == ("vector", "row")[node.axis]:
                return self.make(Stack, flipped(shape), tuple(self.transpose(block) for block in node.blocks), 1 - node.axis)
            case Sum() if shape.kind != "matrix" and all(isinstance(self._core(term), Stack) for term in node.terms):
                return self.make(Sum, flipped(shape), tuple(map(self.transpose, node.terms)))
            case Sum() if shape.kind == "matrix" and len(node.terms) <= TERMS:
                terms = tuple(self.transpose(term) for term in node.terms)
                if set(terms) == set(node.terms):
                    return node
                turned = self.make(Sum, flipped(shape), terms)
                cores = [self._core(term) for term in node.terms]
                fewer = transposes(turned) <= transposes(node) + sum(map(is_long, cores))
                if fewer or any(isinstance(core, Transpose) for core in cores):
                    return turned
            case Inverse():  # (Xᵀ A X)⁻ᵀ = (Xᵀ Aᵀ X)⁻¹
                inner = self.transpose(node.operand)
                if not isinstance(inner, Transpose) and transposes(inner) <= transposes(node.operand) + 1:
                    return self.make(Inverse, flipped(shape), inner)
        return self.make(Transpose, flipped(shape), node)

    def _turned_between(self, node: BoundedSum | Integral) -> Expression | None:
        """The body of the transpose of Σᵣ Sʳ E Sᵏ⁻ʳ⁻¹ for a symmetric S, Sʳ Eᵀ Sᵏ⁻ʳ⁻¹: the sum may be taken backwards."""
        if not isinstance(node.body, MatMul):
            return None
        first, *between, last = node.body.factors
        if not (self.is_symmetric(first) and self.is_symmetric(last)):
            return None
        if any(node.variable in postorder(factor) for factor in between):
            return None
        return self.matmul(first, *(self.transpose(factor) for factor in reversed(between)), last)

    def transpose_terms(self, node: Expression) -> Expression:
        """The transpose of an answer: a sum of several arrays is transposed term by term."""
        if isinstance(node, Sum) and all(term.shape.dims for term in node.terms):
            turned = self.make(Sum, flipped(node.shape), tuple(self.transpose(term) for term in node.terms))
            cores = [self._core(term) for term in turned.terms] if node.shape.kind == "vector" else []
            twice = any(
                isinstance(core, MatMul) and sum(isinstance(factor, Transpose) for factor in core.factors) > 1 for core in cores
            )  # fmt: skip
            if not (twice and transposes(turned) > transposes(node) + 1):  # xᵀ Aᵀ - bᵀ is (A x - b)ᵀ
                return self._with_one_transpose(node, turned)
        return self.transpose(node)

    def _with_one_transpose(self, node: Sum, turned: Sum) -> Expression:
        """xᵀ + sign(D x)ᵀ D - yᵀ = (x - y)ᵀ + sign(D x)ᵀ D: a difference of columns that are no products."""
        plain = [term for term, new in zip(node.terms, turned.terms, strict=True) if self._is_bare(term, new)]
        negative = [isinstance(term, Product) and term.coefficient < 0 for term in plain]
        if node.shape.kind != "vector" or len(plain) < 2 or len(plain) == len(node.terms) or all(negative) or not any(negative):
            return turned
        rest = [new for term, new in zip(node.terms, turned.terms, strict=True) if term not in plain]
        first = self.transpose(self.make(Sum, node.shape, tuple(plain)))
        return self.make(Sum, turned.shape, (first, *rest) if node.terms[0] in plain else (*rest, first))

    def _is_bare(self, term: Expression, turned: Expression) -> bool:
        """Whether a term is ±x for a column x that only a transpose sign turns."""
        core = self._core(term)
        bare = not isinstance(term, Product) or (abs(term.coefficient) == 1 and len(term.factors) == 1 and not term.divisors)
        return bare and isinstance(core, (Symbol, Function)) and isinstance(self._core(turned), Transpose)

    def _core(self, term: Expression) -> Expression:
        return term.factors[-1] if isinstance(term, Product) and term.factors else term

    def scaled(self, coefficient: Rational, node: Expression) -> Expression:
        """`coefficient * node`."""
        if coefficient == 1:
            return node
        if isinstance(node, Number):
            return self.number(coefficient * node.value)
        if isinstance(node, Product):
            return self.product(node.coefficient * coefficient, node.factors, node.divisors, node.shape)
        return self.product(coefficient, (node,), (), node.shape)

    def product(
        self, coefficient: Rational, factors: Sequence[Expression], divisors: Sequence[Expression], shape: Shape
    ) -> Expression:
        """Scalars times at most one array, which goes last; products within are opened."""
        above: list[Expression] = []
        below: list[Expression] = list(divisors)
        for factor in factors:
            if isinstance(factor, Product) and len(factor.factors) <= _FACTORS:
                coefficient *= factor.coefficient
                above += factor.factors
                below += factor.divisors
            elif isinstance(factor, Number):
                coefficient *= factor.value
            else:
                above.append(factor)
        above, below = self._with_joint_roots(above, below)
        above.sort(key=place_of)
        every = tuple(above)
        above.sort(key=lambda factor: isinstance(factor, Sum) and any(is_term(each, factor) for each in every))
        above.sort(key=lambda factor: 2 if factor.shape.dims else is_differential(factor))
        if isinstance(coefficient, Fraction) and coefficient.denominator == 1:
            coefficient = coefficient.numerator
        if coefficient < 0 and above and is_cross_product(above[-1]):
            coefficient, above[-1] = -coefficient, self._swapped(above[-1])
        if coefficient == 1 and len(above) == 1 and not below:
            return above[0]
        if not above and not below:
            return self.number(coefficient)
        return self.make(Product, shape, coefficient, tuple(above), tuple(below))

    def _with_joint_roots(
        self, above: list[Expression], below: list[Expression]
    ) -> tuple[list[Expression], list[Expression]]:
        """√2/√π = √(2/π), and 1/(√2 √π) = 1/√(2 π), for constants."""
        over, under = ([each for each in part if is_root_of_constant(each)] for part in (above, below))
        if not under or len(over) + len(under) < 2:
            return above, below
        over_root, under_root = ([each.base for each in part if isinstance(each, Power)] for part in (over, under))
        left, right = ([each for each in part if not any(each is root for root in (*over, *under))] for part in (above, below))
        if not over:
            inside = self.product(1, under_root, (), SCALAR)
            return left, [*right, self.power(inside, Fraction(1, 2))]
        return [*left, self.power(self.product(1, over_root, under_root, SCALAR), Fraction(1, 2))], right

    def _listed(self, node: Expression) -> Expression:
        """A row of zeros with each of them written."""
        size = node.shape.dims[0].size if isinstance(node, Zeros) and node.shape.kind == "row" else None
        if size is None:
            return node
        return self.make(Stack, node.shape, (self.make(Number, SCALAR, 0),) * size, 1)

    def matmul(self, *factors: Expression) -> Expression:
        """A product of arrays; identities disappear, scalars within go to the front."""
        outside, arrays = self._apart([self.spelled(factor) for factor in factors])
        flat: list[Expression] = []
        for array in arrays:
            if isinstance(array, MatMul) and len(array.factors) <= _FACTORS:
                flat += array.factors
            elif not isinstance(array, Identity):
                flat.append(array)
        flat = self._with_running_sums(self._with_cross_products(self._with_powers(flat)))
        shape = shape_of(rows_of(factors[0].shape), columns_of(factors[-1].shape))
        if len(flat) == 2 and all(isinstance(factor, Ones) and factor.shape.kind != "matrix" for factor in flat) and shape.dims:
            flat = [self.make(Ones, shape)]
        if not flat:
            flat = [factors[0]]
        return self._joined(outside, flat[0] if len(flat) == 1 else self.make(MatMul, shape, tuple(flat)))

    def spelled(self, node: Expression) -> Expression:
        """2 + A with the ones written, 2 1 1ᵀ + A: beside a square matrix a number would be read as a multiple of I."""
        shape = node.shape
        if not (isinstance(node, Sum) and shape.kind == "matrix" and shape.dims[0] == shape.dims[1]):
            return node
        if all(term.shape.dims for term in node.terms):
            return node
        ones = self.make(Ones, shape)
        terms = [term if term.shape.dims else self.product(1, [term, ones], (), shape) for term in node.terms]
        return self.make(Sum, shape, tuple(terms))

    def _apart(self, nodes: Sequence[Expression]) -> tuple[_Outside, list[Expression]]:
        """The scalars that stand before some arrays, together, and the arrays."""
        outside = _Outside()
        arrays = []
        for node in nodes:
            inner = node
            if isinstance(node, Product) and node.factors and node.factors[-1].shape.dims:
                outside.coefficient *= node.coefficient
                outside.factors += node.factors[:-1]
                outside.divisors += node.divisors
                inner = node.factors[-1]
            arrays.append(inner)
        return outside, arrays

    def _joined(self, outside: _Outside, core: Expression) -> Expression:
        """`core` with the scalars before it again."""
        return self.product(outside.coefficient, [*outside.factors, core], outside.divisors, core.shape)

    def _with_running_sums(self, factors: list[Expression]) -> list[Expression]:
        """tril(1 1ᵀ) x = cumsum(x), and xᵀ triu(1 1ᵀ) = cumsum(x)ᵀ."""
        while len(factors) > 1 and factors[-1].shape.kind == "vector" and is_triangle(factors[-2]):
            triangle = factors[-2]
            assert isinstance(triangle, Function)
            if triangle.name != "tril":
                break
            factors = [*factors[:-2], self.make(Function, factors[-1].shape, "cumsum", (factors[-1],))]
        while len(factors) > 1 and factors[0].shape.kind == "row" and is_triangle(factors[1]):
            triangle, column = factors[1], self.transpose(factors[0])
            assert isinstance(triangle, Function)
            if triangle.name != "triu" or column.shape.kind != "vector":
                break
            factors = [self.transpose(self.make(Function, column.shape, "cumsum", (column,))), *factors[2:]]
        return factors

    def _with_cross_products(self, factors: list[Expression]) -> list[Expression]:
        """skew(a) b = a × b, and bᵀ skew(a) = (b × a)ᵀ."""
        if any(map(is_skew, factors)):
            while len(factors) > 1 and is_skew(factors[-2]) and factors[-1].shape.kind == "vector":
                factors = [*factors[:-2], self._cross(factors[-2], factors[-1], swapped=False)]
            while len(factors) > 1 and factors[0].shape.kind == "row" and is_skew(factors[1]):
                column = self._cross(factors[1], self.transpose(factors[0]), swapped=True)
                factors = [self.transpose(column), *factors[2:]]
        return factors

    def _swapped(self, node: Expression) -> Expression:
        """-(a × b) = b × a, and -(a × (b × c)) = a × (c × b)."""
        if isinstance(node, Transpose):
            return self.transpose(self._swapped(node.operand))
        assert isinstance(node, Function)
        left, right = node.operands
        operands = (left, self._swapped(right)) if is_cross_product(right) else (right, left)
        return self.make(Function, node.shape, "cross", operands)

    def _cross(self, skew: Expression, other: Expression, *, swapped: bool) -> Expression:
        assert isinstance(skew, Function)
        left, right = (other, skew.operands[0]) if swapped else (skew.operands[0], other)
        if is_cross_product(left) and not is_cross_product(right):  # (b × a) × b = b × (a × b)
            left, right = right, self._swapped(left)
        return self.make(Function, other.shape, "cross", (left, right))

    def _with_powers(self, factors: Sequence[Expression]) -> list[Expression]:
        """X X = X²."""
        result: list[Expression] = []
        for factor in factors:
            base, exponent = (factor.base, factor.exponent) if isinstance(factor, MatrixPower) else (factor, 1)
            if result and base.shape.kind == "matrix" and isinstance(exponent, int):
                last = result[-1]
                before, known = (last.base, last.exponent) if isinstance(last, MatrixPower) else (last, 1)
                if before is base and isinstance(known, int):
                    result[-1] = self.make(MatrixPower, base.shape, base, known + exponent)
                    continue
            result.append(factor)
        return result

    def hadamard(self, factors: Sequence[tuple[Expression, Rational]], shape: Shape) -> Expression:
        """An element-wise product of powers; scalars and coefficients go to the front."""
        above: list[Expression] = []
        below: list[Expression] = []
        outside, arrays = self._apart([node for node, exponent in factors if exponent == 1])
        powers = [(node, exponent) for node, exponent in factors if exponent != 1]
        for inner, exponent in [*((array, 1) for array in arrays), *powers]:
            if isinstance(inner, Hadamard) and exponent == 1 and len(inner.factors) <= _FACTORS:
                above += inner.factors
                below += inner.divisors
            elif isinstance(inner, Ones):
                continue
            elif exponent < 0:
                below.append(self.power(inner, -exponent))
            else:
                above.append(self.power(inner, exponent))
        above.sort(key=place_in_hadamard)
        triangle = next((factor for factor in above if is_triangle(factor)), None)
        if triangle is not None and len(above) + len(below) > 1:  # A ⊙ tril(1 1ᵀ) = tril(A)
            above.remove(triangle)
            inside = above[0] if len(above) == 1 and not below else self.make(Hadamard, shape, tuple(above), tuple(below))
            assert isinstance(triangle, Function)
            above, below = [self.make(Function, shape, triangle.name, (inside,))], []
        core: Expression
        if not above and not below:
            core = self.make(Ones, shape)
        elif len(above) == 1 and not below:
            core = above[0]
        else:
            core = self.make(Hadamard, shape, tuple(above), tuple(below))
        return self._joined(outside, core)

    def power(self, base: Expression, exponent: Rational) -> Expression:
        """A positive rational power of each element."""
        if exponent == 1:
            return base
        if isinstance(base, Power) and isinstance(base.exponent, Number) and exponent == int(exponent):
            return self.power(base.base, base.exponent.value * exponent)
        return self.make(Power, base.shape, base, self.number(exponent))

    def dot(self, left: Expression, right: Expression) -> Expression:
        """The dot product of two columns: `w·x`, or `xᵀ A y` if one is a product."""
        outside, sides = self._apart((left, right))
        left, right = sides
        if isinstance(right, (Ones, Unit)):
            left, right = right, left
        if isinstance(left, Ones):
            core: Expression = self.make(Function, SCALAR, "sum", (right,))
        elif isinstance(left, Unit) and isinstance(right, (Symbol, Function)):
            core = self.make(Element, SCALAR, right, (subscript_of(left),))
        elif isinstance(left, Unit) and is_column_of_symbol(right):
            assert isinstance(right, MatMul)
            array, unit = right.factors
            assert isinstance(unit, Unit)
            row_, column = subscript_of(left), subscript_of(unit)
            if isinstance(array, Transpose):
                array, row_, column = array.operand, column, row_
            core = self.make(Element, SCALAR, array, (row_, column))
        elif isinstance(left, MatMul) or isinstance(right, MatMul):
            core = min(
                (self.matmul(self.transpose(a), b) for a, b in ((left, right), (right, left))), key=transposes
            )
        else:
            core = self.make(Dot, SCALAR, left, right)
        return self._joined(outside, core)

    def diagonal(self, node: Expression) -> Expression:
        """diag(v); scalars stand before it, and diag(1) is I."""
        outside, (inner,) = self._apart((node,))
        if inner is not node:
            return self._joined(outside, self.diagonal(inner))
        n = node.shape.dims[0]
        if isinstance(node, Ones):
            return self.make(Identity, matrix(n, n))
        return self.make(Diagonal, matrix(n, n) if node.shape.kind != "matrix" else vector(n), node)

    def of_products(self, node: Expression) -> Expression:
        """(A ⊙ (B C)) 1 = diag(A (B C)ᵀ) and A² 1 = diag(A Aᵀ), for an answer."""
        outside, (inner,) = self._apart((node,))
        if isinstance(inner, MatMul) and len(inner.factors) == 2 and isinstance(inner.factors[1], Ones):
            pair = pair_of(inner.factors[0])
            if pair is not None and inner.shape.kind == "vector":
                candidates = [self.matmul(first, self.transpose(second)) for first, second in (pair, pair[::-1])]
                return self._joined(outside, self.diagonal(min(candidates, key=transposes)))
        return node

    def row_by_row(self, name: str, operand: Expression, shape: Shape) -> Expression:
        """A function of vectors, of each row of a matrix; of the rows of Aᵀ it is that of the columns of A."""
        flat = self.transpose(operand)
        if transposes(flat) < transposes(operand):
            return self.transpose(self.make(Function, flipped(shape), name, (flat,), 0))
        return self.make(Function, shape, name, (operand,), 1)

    def vec(self, node: Expression) -> Expression:
        """The columns of a matrix under each other; scalars stand before it."""
        if node.shape.kind != "matrix":
            return node
        outside, (inner,) = self._apart((node,))
        stacked = self.make(Function, vector(inner.shape.dims[0].times(inner.shape.dims[1])), "vec", (inner,))
        return self._joined(outside, stacked)

    def inverse(self, node: Expression) -> Expression:
        """A⁻¹."""
        return self.make(Inverse, node.shape, node)

    def kronecker(self, left: Expression, right: Expression) -> Expression:
        """left ⊗ right; scalars go to the front."""
        outside, sides = self._apart((left, right))
        if all(isinstance(side, Identity) for side in sides):
            shape = shape_of(times_of(rows_of, sides), times_of(columns_of, sides))
            return self._joined(outside, self.make(Identity, shape))
        shape = shape_of(times_of(rows_of, sides), times_of(columns_of, sides))
        core = self.make(Kronecker, shape, tuple(sides))
        return self._joined(outside, core)

    def commuted(self, product: Expression, sizes: Sequence[Dim]) -> Expression:
        """A Kronecker product times the commutation matrix for a variable of these sizes."""
        commutation = self.make(Commutation, matrix(*sizes), self.commutation)
        if isinstance(product, Kronecker) and all(isinstance(factor, Identity) for factor in product.factors):
            return commutation
        return self.matmul(product, commutation)

    def indicator(self, sign: str, left: Expression, right: Expression, shape: Shape) -> Expression:
        """[left sign right]."""
        return self.make(Indicator, shape, self.make(Comparison, shape, sign, left, right))

    def norm(self, operand: Expression) -> Expression:
        """‖u‖; the sign of u does not matter."""
        if isinstance(operand, Product) and operand.coefficient == -1:
            operand = self.product(1, operand.factors, operand.divisors, operand.shape)
        return self.make(Norm, SCALAR, operand)

    def stack(self, blocks: Sequence[Expression], axis: int, shape: Shape) -> Expression:
        """Blocks under each other (axis 0) or side by side (axis 1); columns side by side are written by rows."""
        if axis == 0 and any(is_list(block) for block in blocks):
            blocks = [self._listed(block) for block in blocks]
        columns = [block.blocks for block in blocks if isinstance(block, Stack) and block.axis == 0]
        if axis == 1 and len(columns) == len(blocks) and len({len(column) for column in columns}) == 1:
            lines = []
            for line in zip(*columns, strict=True):
                rows = next((rows_of(block.shape) for block in line if rows_of(block.shape) is not None), None)
                lines.append(self.make(Stack, shape_of(rows, shape.dims[1]), tuple(line), 1))
            return self.make(Stack, shape, tuple(lines), 0)
        return self.make(Stack, shape, tuple(blocks), axis)
