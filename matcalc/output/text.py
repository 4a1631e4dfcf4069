"""Text: an answer in Unicode on one line, as far as possible in the input language, so that it can be read back."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, cast

from matcalc.language.dimensions import Dim, Shape
from matcalc.notation.matrix import (
    Answer,
    BoundedSum,
    Cases,
    Commutation,
    Comparison,
    Conjunction,
    Delta,
    Diagonal,
    Dot,
    Element,
    Expression,
    Function,
    Hadamard,
    Identity,
    IndexedSum,
    Indicator,
    Integral,
    Inverse,
    Kronecker,
    LeviCivita,
    MatMul,
    MatrixPower,
    Named,
    NamedElement,
    Norm,
    Number,
    Ones,
    Part,
    Place,
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
    Unknown,
    Zeros,
    postorder,
)
from matcalc.operations.rows import Elementwise
from matcalc.operations.table import OPERATIONS
from matcalc.output.precedence import Level, Piece, Printer, digits, interleave, rational

SUPERSCRIPTS: Final = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
SUBSCRIPTS: Final = str.maketrans("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_LOWERABLE: Final = frozenset(map(chr, SUBSCRIPTS))

_SIGNS: Final = {">=": "≥", "<=": "≤", "!=": "≠"}
_SERIES: Final = {"sum": "Σ", "prod": "Π"}
_PRIMES: Final = ("", "′", "″", "‴")
_FUNCTION_NAMES: Final = ("f", "g", "h", "phi", "psi", "φ", "ψ")
_NORMS: Final = ("norm", "norm2", "normF")
LARGEST_SUPERSCRIPT: Final = 999


def text(answer: Answer) -> str:
    """The answer as text: one line, but one line for each case if there are cases.

    >>> from matcalc.language.dimensions import dim, vector, row
    >>> x = Symbol(vector(dim("n")), "x")
    >>> text(Answer(Transpose(row(dim("n")), x)))
    'xᵀ'
    """
    printer = TextPrinter()
    body = answer.body
    lines = _brace(printer, body) if isinstance(body, Cases) else [printer.write(body)]
    if answer.definitions:
        for _, meaning in answer.definitions:
            printer.whole(meaning)
        named = ", ".join(f"{printer.write(symbol)} = {printer.child(meaning)}" for symbol, meaning in answer.definitions)
        if len(lines) == 1:
            lines[0] += f"   where {named}"
        else:
            lines.append(f"where {named}")
    return "\n".join(lines)


def expression(expr: Expression) -> str:
    """One expression as text, on one line.

    >>> from matcalc.language.dimensions import SCALAR
    >>> expression(Product(SCALAR, -2, (Symbol(SCALAR, "x"), Symbol(SCALAR, "y")), ()))
    '-2 x y'
    """
    return TextPrinter().write(expr)


def _brace(printer: TextPrinter, cases: Cases) -> list[str]:
    """A line for each case, with a brace before them."""
    values = [printer.write(value) for value, _ in cases.branches]
    conditions = ["otherwise" if condition is None else f"if {printer.write(condition)}" for _, condition in cases.branches]
    count = len(values)
    braces = ["⎧", *"⎪" * (count - 2), "⎩"]
    if count > 2:
        braces[count // 2] = "⎨"
    width = max(map(len, values))
    return [f"{brace} {value:<{width}}   {when}" for brace, value, when in zip(braces, values, conditions, strict=True)]


class TextPrinter(Printer):
    """How each kind of node looks as text. LaTeX overrides what looks different."""

    one: str = "1"
    dot: str = "·"
    hadamard_times: str = " ⊙ "
    hadamard_over: str = " ⊘ "
    kronecker_times: str = " ⊗ "
    transpose_mark: str = "ᵀ"
    inverse_mark: str = "⁻¹"
    inverse_transpose_mark: str = "⁻ᵀ"
    conjoined: str = " and "

    def piece(self, node: Expression) -> Piece:
        """The piece of a node."""
        return cast(Piece, getattr(self, _METHODS[type(node)])(node))

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

    # ------------------------------------------------------------------ functions

    def call(self, name: str, operands: Sequence[Piece]) -> Piece:
        """A function's name and its operands."""
        return Piece(Level.ATOM, name, self.opening, *interleave(operands, ", "), self.closing)

    def diagonal(self, node: Diagonal) -> Piece:
        """`diag`."""
        return self.call(self.function_name("diag"), [self.child(node.operand)])

    def function_name(self, name: str) -> str:
        """The name of an operation of the table."""
        row = OPERATIONS.get(name)
        return row.shown if row else name

    def function(self, node: Function) -> Piece:
        """An operation of the table."""
        row = OPERATIONS.get(node.name)
        operands = [self.child(operand) for operand in node.operands]
        if isinstance(row, Elementwise) and row.infix and len(operands) == 2:
            return self.bracketed(self.compared(row.infix, operands[0], operands[1]))
        if node.name == "where":
            return self.choice([(operands[1], self.condition(node.operands[0])), (operands[2], None)])
        if node.axis is not None:
            return self.of_lines(node, operands)
        if node.name in _NORMS:
            return self.bars(operands[0], node.operands[0].shape)
        return self.root(operands[0]) if node.name == "sqrt" else self.call(self.function_name(node.name), operands)

    def of_lines(self, node: Function, operands: Sequence[Piece]) -> Piece:
        """A function of each row or column of a matrix."""
        return self.call(self.function_name(node.name), [*operands, Piece(Level.ATOM, f"axis={node.axis}")])

    def norm(self, node: Norm) -> Piece:
        """A norm."""
        return self.bars(self.child(node.operand), node.operand.shape)

    def bars(self, operand: Piece, shape: Shape) -> Piece:
        """A norm. Bars inside bars cannot be told apart."""
        of_matrix = shape.kind == "matrix"
        if operand.barred:
            return self.call("normF" if of_matrix else "norm", [operand])
        return Piece(Level.ATOM, "‖", operand, "‖_F" if of_matrix else "‖")

    def comparison(self, node: Comparison) -> Piece:
        """A comparison."""
        return self.compared(node.sign, self.child(node.left), self.child(node.right))

    def compared(self, sign: str, left: Piece, right: Piece) -> Piece:
        """A comparison."""
        return Piece(Level.COMPARISON, self.fit(left, Level.SUM), f" {self.relation(sign)} ", self.fit(right, Level.SUM))

    def relation(self, sign: str) -> str:
        """The sign of a comparison."""
        return _SIGNS.get(sign, sign)

    def indicator(self, node: Indicator) -> Piece:
        """An Iverson bracket."""
        return self.bracketed(self.child(node.condition))

    def bracketed(self, condition: Piece) -> Piece:
        """An Iverson bracket."""
        return Piece(Level.ATOM, "[", condition, "]")

    def condition(self, node: Expression) -> Piece:
        """A condition, without the bracket that makes a number of it."""
        if isinstance(node, Indicator) and self.shown(node):
            return self._pieces[node.condition]
        return self.child(node)

    def cases(self, node: Cases) -> Piece:
        """Alternatives; they are complete, so the last one needs no condition."""
        branches = self.branches(node)
        return self.choice([*branches[:-1], (branches[-1][0], None)])

    def branches(self, node: Cases) -> list[tuple[Piece, Piece | None]]:
        """Values with their conditions."""
        return [(self.child(value), None if when is None else self.child(when)) for value, when in node.branches]

    def conjunction(self, node: Conjunction) -> Piece:
        """Comparisons that all hold; two bounds of one thing are a chain, 0 < x < 1."""
        pieces: list[str | Piece] = []
        parts = list(node.parts)
        while parts:
            low = parts.pop(0)
            high = next((part for part in parts if part.left is low.left and low.sign[0] == ">" and part.sign[0] == "<"), None)
            if high is None:
                pieces.append(self.child(low))
            else:
                parts.remove(high)
                signs = [f" {self.relation(sign)} " for sign in (low.sign.replace(">", "<"), high.sign)]
                bounded = [self.fitted(each, Level.SUM) for each in (low.right, low.left, high.right)]
                pieces.append(Piece(Level.COMPARISON, bounded[0], signs[0], bounded[1], signs[1], bounded[2]))
        return Piece(Level.COMPARISON, *interleave(pieces, self.conjoined))

    def choice(self, branches: Sequence[tuple[Piece, Piece | None]]) -> Piece:
        """Values with their conditions; None: otherwise."""
        piece = branches[-1][0]
        for value, when in reversed(branches[:-1]):
            assert when is not None
            piece = self.call("where", [when, value, piece])
        return piece

    def stack(self, node: Stack) -> Piece:
        """Blocks in brackets: `[a; b]` under each other, `[a, b]` side by side, `[[a, b], [c, d]]` for a matrix of scalars.

        A row of scalars is `[a, b]` if it stands alone, as in papers; within an expression that would be read as a column.
        """
        pieces = [self.child(block) for block in node.blocks]
        if node.axis == 1:
            return Piece(Level.ATOM, "[", *interleave(pieces, ", "), "]")
        rows = [block for block in node.blocks if isinstance(block, Stack) and block.axis == 1 and self.shown(block)]
        if len(rows) < len(pieces):
            return Piece(Level.ATOM, "[", *interleave(pieces, "; "), "]")
        if all(block.shape.kind == "scalar" for row in rows for block in row.blocks):
            return Piece(Level.ATOM, "[", *interleave([self._pieces[row] for row in rows], ", "), "]")
        inner = [Piece(Level.ATOM, *self._pieces[row].parts[1:-1]) for row in rows]
        return Piece(Level.ATOM, "[", *interleave(inner, "; "), "]")

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

    # ------------------------------------------------------------------ unknown functions

    def unknown(self, node: Unknown) -> Piece:
        """An unknown function or a derivative of it."""
        operands = [self.child(operand) for operand in node.operands]
        order = sum(node.orders)
        if order == 0:
            return self.call(self.name(node.name), operands)
        variables = [self.variable(operand) for operand in node.operands]
        known = [name for name in variables if name]
        if len(operands) == 1:
            is_dependent = node.shape.kind == "scalar" and isinstance(node.operands[0], Symbol) and node.name[0].islower()
            if is_dependent and node.name.partition("_")[0].rstrip("0123456789") not in _FUNCTION_NAMES:
                return self.leibniz("d", node.name, [(known[0], order)])
            return self.call(self.primed(self.name(node.name), order), operands)
        if len(set(known)) == len(variables):
            return self.leibniz("∂", node.name, [(name, k) for name, k in zip(known, node.orders, strict=True) if k])
        marks = [self.partial(position) for position, k in enumerate(node.orders, 1) for _ in range(k)]
        return self.call("".join(marks) + self.name(node.name), operands)

    def variable(self, node: Expression) -> str:
        """The name of an operand that a derivative can be taken by: `x`, or the x of `x(t)`; empty if it has none."""
        if isinstance(node, Symbol):
            return self.name(node.name, node.shape)
        if isinstance(node, Unknown) and not any(node.orders):
            return self.name(node.name)
        return ""

    def primed(self, name: str, order: int) -> str:
        """A function's name with primes."""
        return name + (_PRIMES[order] if order < len(_PRIMES) else f"⁽{str(order).translate(SUPERSCRIPTS)}⁾")

    def partial(self, position: int) -> str:
        """The sign of a derivative by the operand at a position."""
        return "∂" + str(position).translate(SUBSCRIPTS)

    def named(self, node: Named) -> Piece:
        """A function of vectors, its gradient, Jacobian or Hessian."""
        name = self.name(node.name)
        head = {
            "": name, "derivative": self.primed(name, len(node.by)), "gradient": f"∇{name}", "jacobian": f"J_{name}",
            "hessian": f"H_{name}", "partial": "".join(map(self.partial, node.by)) + name,
        }[node.role]  # fmt: skip
        return self.call(head, [self.child(operand) for operand in node.operands])

    def leibniz(self, sign: str, name: str, variables: Sequence[tuple[str, int]]) -> Piece:
        """A derivative as a quotient: dx/dt, ∂²f/∂x∂y."""
        order = sum(k for _, k in variables)
        below = "".join(f"{sign}{variable}{superscript(k)}" for variable, k in variables)
        return Piece(Level.LEIBNIZ, f"{sign}{superscript(order)}{self.name(name)}/{below}")

    # ------------------------------------------------------------------ index notation

    def named_element(self, node: NamedElement) -> Piece:
        """An element of a function of whole operands, or of a derivative: ∂ⱼgᵢ(x); with a prime if the operand is scalar."""
        primes = sum(not indices for _, indices in node.by) if len(node.operands) == 1 else 0
        marks = [self.by(operand if len(node.operands) > 1 else None, indices) for operand, indices in node.by]
        name = self.primed(self.name(node.name), primes)
        return self.call("".join([*marks, name, self.subscripts(node.value)]), [self.child(each) for each in node.operands])

    def by(self, operand: int | None, indices: Sequence[str]) -> str:
        """The sign of a derivative by an element of an operand."""
        if operand is None:
            return "∂" + self.subscripts(indices) if indices else ""
        return self.partial(operand + 1) + (f"[{','.join(indices)}]" if indices else "")

    def subscripts(self, indices: Sequence[str]) -> str:
        """Indices."""
        return _lowered(indices) or (f"[{', '.join(indices)}]" if indices else "")

    def element(self, node: Element) -> Piece:
        """An element: with subscripts if there are such characters, otherwise with brackets."""
        operand = node.operand
        base = self.fitted(operand, Level.ATOM)
        plain = not (isinstance(operand, Symbol) and "_" in operand.name)
        indices = list(map(str, node.indices))
        if any(index.isdecimal() for index in indices):
            plain = False  # x₁ is the name of another variable
        lowered = _lowered(indices) if plain else ""
        return Piece(Level.ATOM, base, lowered or f"[{', '.join(indices)}]")

    def part(self, node: Part) -> Piece:
        """Some entries, rows or columns."""
        operand, ranges = whole_of(node)
        return Piece(Level.ATOM, self.fitted(operand, Level.ATOM), f"[{', '.join(ranges)}]")

    def delta(self, node: Delta) -> Piece:
        """Kronecker's delta."""
        return Piece(Level.ATOM, "δ" + (_lowered(node.indices) or f"[{','.join(node.indices)}]"))

    def levi_civita(self, node: LeviCivita) -> Piece:
        """The sign of a permutation."""
        return Piece(Level.ATOM, "ε" + (_lowered(node.indices) or f"[{','.join(node.indices)}]"))

    def indexed_sum(self, node: IndexedSum) -> Piece:
        """A sum over indices."""
        within = {side for left, _, right in node.conditions for side in (left, right)}
        heads = [self.under_condition(node.function, node.conditions)] if node.conditions else []
        below = list(postorder(node.body))
        selecting = {name for each in below if isinstance(each, Element) for name in each.indices}
        counted = {each.index for each in below if isinstance(each, Position)} | {
            name for each in selecting if isinstance(each, Place) for name, _ in each.terms
        }
        counted -= {each for each in selecting if isinstance(each, str)}
        for position, (index, size) in enumerate(node.indices):
            bounds = node.bounds[position] if node.bounds else ()
            if not bounds and index in counted and index not in within:
                bounds = ("1", str(size))  # nothing that it selects from says how far it runs
            if bounds or index not in within:
                heads.append(self.under_range(node.function, index, size, bounds))
        return Piece(Level.SERIES, *heads, self.fitted(node.body, Level.SERIES))

    def bounded_sum(self, node: BoundedSum) -> Piece:
        """A sum over a whole number from 0."""
        return Piece(Level.SERIES, *self.from_zero(self.child(node.variable), self.child(node.upper)), self.summand(node.body))

    def summand(self, body: Expression) -> Piece:
        """What stands after the sign of a sum or integral."""
        return self.fitted(body, Level.SERIES)

    def from_zero(self, variable: Piece, upper: Piece) -> Sequence[str | Piece]:
        """The sign of a sum from 0."""
        return "Σ[", variable, " = 0..", upper, "] "

    def integral(self, node: Integral) -> Piece:
        """An integral from 0 to 1."""
        return Piece(Level.SERIES, "∫₀¹ ", self.summand(node.body), " d", self.child(node.variable))

    def under_condition(self, function: str, conditions: Sequence[tuple[str, str, str]]) -> Piece:
        """The sign of a sum over all indices for which conditions hold."""
        written = ", ".join(f"{left} {_SIGNS.get(sign, sign)} {right}" for left, sign, right in conditions)
        return Piece(Level.ATOM, f"{_SERIES.get(function, function)}[{written}] ")

    def under_range(self, function: str, index: str, size: Dim, bounds: tuple[str, ...]) -> Piece:
        """The sign of a sum over an index; its range is written only if it does not begin at 1, or does not end at a name."""
        if not bounds and size.name is None and size.size is None:
            bounds = ("1", str(size))
        below = f"[{index} = {'..'.join(bounds)}]" if bounds else _lowered((index,)) or f"_{index}"
        return Piece(Level.ATOM, f"{_SERIES.get(function, function)}{below} ")


def _is_outer_product(node: Expression) -> bool:
    """x yᵀ, of a column and a row."""
    kinds = [factor.shape.kind for factor in node.factors] if isinstance(node, MatMul) else []
    return kinds == ["vector", "row"]


def whole_of(node: Part) -> tuple[Expression, list[str]]:
    """What a part is taken of, and what is taken along each axis: rows of columns are one part."""
    operand, ranges = node.operand, [":"] * node.axis + ["{}:{}".format(*node.range)]
    if isinstance(operand, Part) and operand.axis < node.axis:
        ranges[operand.axis] = "{}:{}".format(*operand.range)
        operand = operand.operand
    return operand, ranges


def superscript(exponent: int) -> str:
    """An exponent, or how often something is differentiated: nothing for 1."""
    return "" if exponent == 1 else str(exponent).translate(SUPERSCRIPTS)


def _lowered(indices: Sequence[str]) -> str:
    """The indices as subscript characters, or nothing if that cannot be read."""
    if any(len(index) > 1 and (len(indices) > 1 or not index.isdecimal()) for index in indices):
        return ""
    joined = "".join(indices)
    return joined.translate(SUBSCRIPTS) if set(joined) <= _LOWERABLE else ""


_METHODS: Final[dict[type, str]] = {
    Symbol: "symbol", Number: "number", Size: "size", Identity: "identity", Ones: "ones", Zeros: "zeros",
    Unit: "unit", Positions: "positions", Position: "position", Commutation: "commutation", Sum: "sum",
    Product: "product", MatMul: "matmul", Dot: "dot_product", Hadamard: "hadamard", Transpose: "transpose",
    Inverse: "inverse", Power: "power", MatrixPower: "matrix_power", Diagonal: "diagonal", Function: "function",
    Norm: "norm", Comparison: "comparison", Indicator: "indicator", Conjunction: "conjunction", Cases: "cases",
    Stack: "stack", Kronecker: "kronecker",
    Unknown: "unknown", Named: "named", NamedElement: "named_element", Part: "part", Element: "element",
    Delta: "delta", LeviCivita: "levi_civita", IndexedSum: "indexed_sum",
    BoundedSum: "bounded_sum", Integral: "integral",
}  # fmt: skip
