"""Text: names, sums, products, transposes and powers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from matcalc.language.dimensions import Dim, Shape
from matcalc.notation.matrix import (
    Commutation,
    Dot,
    Expression,
    Hadamard,
    Identity,
    Indicator,
    Inverse,
    Kronecker,
    MatMul,
    MatrixPower,
    Number,
    Ones,
    Position,
    Positions,
    Power,
    Product,
    Size,
    Stack,
    Sum,
    Symbol,
    Transpose,
    Unit,
    Zeros,
)
from matcalc.output.precedence import Level, Piece, Printer, digits, interleave, rational

SUPERSCRIPTS: Final = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
LARGEST_SUPERSCRIPT: Final = 999


class Arithmetic(Printer):
    """How names, sums, products and powers look as text."""

    one: str = "1"
    dot: str = "·"
    hadamard_times: str = " ⊙ "
    hadamard_over: str = " ⊘ "
    kronecker_times: str = " ⊗ "
    transpose_mark: str = "ᵀ"
    inverse_mark: str = "⁻¹"
    inverse_transpose_mark: str = "⁻ᵀ"
    conjoined: str = " and "

    # ------------------------------------------------------------------ names and constants

    def symbol(self, node: Symbol) -> Piece:
        """A variable."""
        return Piece(Level.ATOM, self.name(node.name, node.shape))

    def name(self, name: str, shape: Shape | None = None) -> str:
        """The name of a variable of this shape, or of a function."""
        return name

    def number(self, node: Number) -> Piece:
        """A rational number."""
        return self.coefficient(node.value)

    def coefficient(self, value: int | Fraction) -> Piece:
        """A rational number."""
        if value < 0:
            return Piece(Level.NEGATED, "-", self.coefficient(-value))
        top = Piece(Level.ATOM, digits(value.numerator))
        return top if value.denominator == 1 else self.quotient(top, [Piece(Level.ATOM, digits(value.denominator))])

    def size(self, node: Size) -> Piece:
        """A dimension as a number."""
        return self.dimension(node.size)

    def dimension(self, dim: Dim) -> Piece:
        """A dimension."""
        terms = [*dim.terms, *([("", dim.constant)] if dim.constant or not dim.terms else [])]
        parts: list[str | Piece] = []
        for monomial, count in sorted(terms, key=lambda term: term[1] < 0):
            if parts or count < 0:
                parts.append(f" {'-' if count < 0 else '+'} " if parts else "-")
            size = [str(abs(count))] if abs(count) != 1 or not monomial else []
            factors = [*size, *map(self.name, filter(None, monomial.split("*")))]
            parts.append(Piece(Level.CHAIN if len(factors) > 1 else Level.ATOM, " ".join(factors)))
        return parts[0] if len(parts) == 1 and isinstance(parts[0], Piece) else Piece(Level.SUM, *parts)

    def identity(self, node: Identity) -> Piece:
        """The identity matrix."""
        return Piece(Level.ATOM, "I")

    def ones(self, node: Ones) -> Piece:
        """Ones."""
        return self.constant("1", "ones", node.shape)

    def commutation(self, node: Commutation) -> Piece:
        """The commutation matrix."""
        return Piece(Level.ATOM, self.name(node.name))

    def unit(self, node: Unit) -> Piece:
        """A unit vector."""
        return Piece(Level.ATOM, f"e({node.position})")

    dots = "…"

    def positions(self, node: Positions) -> Piece:
        """The column (1, …, n)."""
        size = node.shape.dims[0]
        if size.size is not None and size.size <= 3:
            return Piece(Level.ATOM, f"({', '.join(str(k + 1) for k in range(size.size))}{',' * (size.size == 1)})")
        return Piece(Level.ATOM, f"(1, {self.dots}, ", self.dimension(size), ")")

    def position(self, node: Position) -> Piece:
        """An index as a number."""
        return Piece(Level.ATOM, self.name(node.index))

    def zeros(self, node: Zeros) -> Piece:
        """Zeros."""
        return self.constant("0", "zeros", node.shape)

    def constant(self, digit: str, name: str, shape: Shape) -> Piece:
        """An array filled with a digit."""
        if shape.kind == "scalar":
            return Piece(Level.ATOM, digit)
        if shape.kind == "row":
            return Piece(Level.POSTFIX, f"{digit}ᵀ")
        return self.call(name, [Piece(Level.SUM, str(dim)) for dim in shape.dims])

    # ------------------------------------------------------------------ sums and products

    def sum(self, node: Sum) -> Piece:
        """Terms; a negative one after the first is subtracted."""
        if not node.terms:
            return Piece(Level.ATOM, "0")
        if len(node.terms) == 1:
            return self.child(node.terms[0])
        parts: list[str | Piece] = []
        before: Piece | None = None
        for term in node.terms:
            piece = self.child(term)
            if piece is before is self.ellipsis:
                continue
            if before is None:
                parts.append(self.fit(piece, Level.NEGATED))
            elif piece.level == Level.NEGATED:
                parts += (" - ", piece.parts[1])
            else:
                parts += (" + ", self.fit(piece, Level.SERIES))
            before = piece
        return Piece(Level.SUM, *parts)

    def product(self, node: Product) -> Piece:
        """A coefficient, factors, divisors."""
        if node.coefficient == 0:
            return Piece(Level.ATOM, "0")
        if node.coefficient > 0:
            return self.magnitude(node)
        return Piece(Level.NEGATED, "-", self.fit(self.magnitude(node), Level.SERIES))

    def magnitude(self, node: Product) -> Piece:
        """A product without its sign.

        What divides a number stands under it, `x y / N`; what divides an array goes into a number before it, `(2/N) X w`.
        """
        value = node.coefficient if node.coefficient > 0 else -node.coefficient
        above = [Piece(Level.ATOM, digits(value.numerator))] if value.numerator != 1 else []
        above += [self.child(factor) for factor in node.factors]
        below = [Piece(Level.ATOM, digits(value.denominator))] if value.denominator != 1 else []
        below += [self.child(divisor) for divisor in node.divisors]
        last = node.factors[-1] if node.factors else None
        if last is not None and isinstance(last, Hadamard) and not last.factors and self.shown(last):
            scale = self.quotient(self.times(above[:-1]), below) if below else self.times(above[:-1])
            return self.over(scale, last.divisors)
        if not below:
            return self.times(above)
        if last is None or not self.stands_apart(last, above[-1], alone=len(above) == 1):
            return self.quotient(self.times(above), below)
        return self.times([self.quotient(self.times(above[:-1]), below), above[-1]])

    def stands_apart(self, node: Expression, piece: Piece, *, alone: bool) -> bool:
        """Does this last factor of a product stand after a fraction rather than in its numerator?"""
        if node.shape.kind == "scalar":
            return piece.level == Level.SERIES
        return not alone or (piece.level < Level.POSTFIX and not _is_outer_product(node))

    def times(self, pieces: Sequence[Piece]) -> Piece:
        """Factors side by side; those before the last one are scalars."""
        if not pieces:
            return Piece(Level.ATOM, "1")
        if len(pieces) == 1:
            return pieces[0]
        parts: list[str | Piece] = []
        before: Piece | None = None
        for position, factor in enumerate(pieces):
            last = position == len(pieces) - 1
            whole = last and factor.level in (Level.SERIES, Level.CHAIN)
            piece = factor if whole else self.fit(factor, Level.LEIBNIZ)
            if before is not None:
                parts.append(self.between(before, piece))
            parts.append(piece)
            before = piece
        return Piece(Level.SERIES if pieces[-1].level == Level.SERIES else Level.CHAIN, *parts)

    def between(self, left: Piece, right: Piece) -> str:
        """What stands between two scalar factors: a number or a bracket needs a sign before it."""
        if Level.LEIBNIZ in (left.level, right.level) and not left.first.isdigit():
            return " · "
        if right.first == "[" or (right.first.isdigit() and (left.first.isdigit() or str(right) not in ("1ᵀ", "0ᵀ"))):
            return " * "
        return " "

    def quotient(self, top: Piece, below: Sequence[Piece]) -> Piece:
        """A fraction."""
        upper = self.fit(top, Level.CHAIN)
        lower = self.fit(self.times(below), Level.POSTFIX)
        slash = " / " if upper.spaced or lower.spaced else "/"
        return Piece(Level.PRODUCT, upper, slash, lower)

    def matmul(self, node: MatMul) -> Piece:
        """A product of matrices."""
        if len(node.factors) == 1:
            return self.child(node.factors[0])
        pieces = [self.fitted(factor, Level.POSTFIX) for factor in node.factors]
        pieces[1:] = [self.after_operand(piece) for piece in pieces[1:]]
        return Piece(Level.CHAIN, *interleave(pieces, " "))

    def after_operand(self, piece: Piece) -> Piece:
        """A matrix that stands after another: a bracket there would be an index, a digit a second number."""
        number = piece.first.isdigit() and str(piece) not in ("1ᵀ", "0ᵀ")
        return Piece(Level.ATOM, "(", piece, ")") if piece.first == "[" or number else piece

    def dot_product(self, node: Dot) -> Piece:
        """A dot product."""
        return Piece(Level.CHAIN, self.fitted(node.left, Level.POSTFIX), self.dot, self.fitted(node.right, Level.POSTFIX))

    def hadamard(self, node: Hadamard) -> Piece:
        """An element-wise product."""
        if not node.factors:
            return self.over(Piece(Level.ATOM, self.one), node.divisors)
        if len(node.factors) == 1:
            first = self.child(node.factors[0])
        else:
            factors = [self.fitted(factor, Level.POSTFIX) for factor in node.factors]
            first = Piece(Level.PRODUCT, *interleave(factors, self.hadamard_times))
        return self.over(first, node.divisors) if node.divisors else first

    def over(self, first: Piece, divisors: Sequence[Expression]) -> Piece:
        """A piece, divided element by element."""
        if first.level != Level.PRODUCT or self.hadamard_times not in first.parts:
            first = self.fit(first, Level.POSTFIX)
        parts: list[str | Piece] = [first, *(self.fitted(divisor, Level.POSTFIX) for divisor in divisors)]
        return Piece(Level.PRODUCT, *interleave(parts, self.hadamard_over))

    def kronecker(self, node: Kronecker) -> Piece:
        """A Kronecker product."""
        factors = [self.fitted(factor, Level.POSTFIX) for factor in node.factors]
        return Piece(Level.PRODUCT, *interleave(factors, self.kronecker_times))

    # ------------------------------------------------------------------ transposes and powers

    def transpose(self, node: Transpose) -> Piece:
        """A transpose; that of an inverse has a sign of its own."""
        operand = node.operand
        if isinstance(operand, Ones | Zeros) and operand.shape.kind == "vector":
            return self.piece(type(operand)(node.shape))
        if isinstance(operand, Inverse) and self.shown(operand):
            base = self._pieces[operand.operand]
            return Piece(Level.POSTFIX, self.fit(base, Level.ATOM), self.inverse_transpose_mark)
        if isinstance(operand, Stack) and self.turns(operand) and self.shown(operand):
            return self.column(operand)
        return Piece(Level.POSTFIX, self.fitted(operand, Level.ATOM), self.transpose_mark)

    def inverse(self, node: Inverse) -> Piece:
        """An inverse."""
        operand = node.operand
        if isinstance(operand, Transpose) and self.shown(operand):
            base = self._pieces[operand.operand]
            return Piece(Level.POSTFIX, self.fit(base, Level.ATOM), self.inverse_transpose_mark)
        return Piece(Level.POSTFIX, self.fitted(operand, Level.ATOM), self.inverse_mark)

    def power(self, node: Power) -> Piece:
        """A power, a root or a reciprocal."""
        exponent = rational(node.exponent)
        base = self.child(node.base)
        if exponent == Fraction(1, 2):
            return self.root(base)
        if exponent is not None and node.shape.kind == "scalar" and exponent in (-1, Fraction(-1, 2)):
            return self.quotient(Piece(Level.ATOM, "1"), [base if exponent == -1 else self.root(base)])
        if exponent == -1:
            return self.over(Piece(Level.ATOM, self.one), (node.base,))
        element_wise = self.marks_elements(node)
        base = self.fit(base, Level.ATOM)
        if exponent is not None and exponent.denominator == 1 and abs(exponent) <= LARGEST_SUPERSCRIPT:
            return self.raised(base, exponent.numerator, element_wise)
        exponent_piece = self.child(node.exponent)
        if isinstance(node.exponent, (Indicator, Stack)):  # a bracket would be a subscript
            exponent_piece = Piece(Level.ATOM, self.opening, exponent_piece, self.closing)
        return self.raised_to(base, exponent_piece, element_wise)

    def marks_elements(self, node: Power) -> bool:
        """Whether a power must be marked as one of the elements: `^` of a matrix is the matrix power."""
        return node.shape.kind == "matrix"

    def matrix_power(self, node: MatrixPower) -> Piece:
        """A power of a square matrix."""
        if not isinstance(node.exponent, int):
            return self.raised_to(self.fitted(node.base, Level.ATOM), self.child(node.exponent), element_wise=False)
        if isinstance(node.base, Inverse):
            return self.raised(self.fitted(node.base.operand, Level.ATOM), -node.exponent, element_wise=False)
        return self.raised(self.fitted(node.base, Level.ATOM), node.exponent, element_wise=False)

    def raised(self, base: Piece, exponent: int, element_wise: bool) -> Piece:
        """A power with an integer exponent."""
        if element_wise:
            return self.raised_to(base, self.coefficient(exponent), element_wise)
        return Piece(Level.POSTFIX, base, str(exponent).translate(SUPERSCRIPTS))

    def raised_to(self, base: Piece, exponent: Piece, element_wise: bool) -> Piece:
        """A power with any exponent. `^` of a square matrix is the matrix power, `**` always that of the elements."""
        return Piece(Level.POSTFIX, base, "**" if element_wise else "^", self.fit(exponent, Level.ATOM))

    def root(self, base: Piece) -> Piece:
        """A square root."""
        return self.call("sqrt", [base])

    # ------------------------------------------------------------------ calls and rows

    def call(self, name: str, operands: Sequence[Piece]) -> Piece:
        """A function's name and its operands."""
        return Piece(Level.ATOM, name, self.opening, *interleave(operands, ", "), self.closing)

    def turns(self, node: Stack) -> bool:
        """Whether this is a row of scalars."""
        return node.axis == 1 and node.shape.kind == "row" and all(block.shape.kind == "scalar" for block in node.blocks)

    def column(self, node: Stack) -> Piece:
        """The scalars of a row under each other."""
        return Piece(Level.ATOM, "[", *interleave([self.child(block) for block in node.blocks], "; "), "]")

    def child(self, node: Expression) -> Piece:
        """The piece of a node below the one that is being printed."""
        if isinstance(node, Stack) and self.turns(node) and self.shown(node):
            return Piece(Level.POSTFIX, self.column(node), self.transpose_mark)
        return super().child(node)


def _is_outer_product(node: Expression) -> bool:
    """x yᵀ, of a column and a row."""
    kinds = [factor.shape.kind for factor in node.factors] if isinstance(node, MatMul) else []
    return kinds == ["vector", "row"]


def superscript(exponent: int) -> str:
    """An exponent, or how often something is differentiated: nothing for 1."""
    return "" if exponent == 1 else str(exponent).translate(SUPERSCRIPTS)
