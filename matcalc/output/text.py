"""Text: an answer in Unicode on one line, as far as possible in the input language, so that it can be read back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from matcalc.language.dimensions import Dim
from matcalc.notation.matrix import (
    Answer,
    BoundedSum,
    Cases,
    Chain,
    Commutation,
    Comparison,
    Conjunction,
    Delta,
    Diagonal,
    Differential,
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
    Partial,
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
from matcalc.output.functions import SIGNS, SUBSCRIPTS, Functions
from matcalc.output.precedence import Level, Piece, interleave

_LOWERABLE: Final = frozenset(map(chr, SUBSCRIPTS))
_SERIES: Final = {"sum": "Σ", "prod": "Π"}


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


class TextPrinter(Functions):
    """How each kind of node looks as text. LaTeX overrides what looks different."""

    def piece(self, node: Expression) -> Piece:
        """The piece of a node."""
        return cast(Piece, getattr(self, _METHODS[type(node)])(node))

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
        indices = list(map(str, node.indices))
        return Piece(Level.ATOM, "ε" + (_lowered(indices) or f"[{','.join(indices)}]"))

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

    def derivative(self, node: Partial) -> Piece:
        """A derivative by name."""
        sign = "d" if node.ordinary else "∂"
        return Piece(Level.POSTFIX, sign, self.apart(node.value), f"/{sign}", self.apart(node.variable))

    def differential(self, node: Differential) -> Piece:
        """A differential: dX."""
        operand = self.apart(node.operand)
        return Piece(Level.ATOM, self.upright_d, operand)

    upright_d = "d"
    chained = " · "

    def chain(self, node: Chain) -> Piece:
        """A product of derivatives."""
        scalar = not node.shape.dims and not any(factor.shape.dims for factor in node.factors)
        least = Level.PRODUCT if scalar else Level.CHAIN
        pieces = [self.fitted(factor, least) for factor in node.factors]
        first = self.child(node.factors[0])
        negative = first.level is Level.NEGATED and isinstance(first.parts[-1], Piece)
        if negative:  # a minus sign stands before the whole product
            pieces[0] = self.fit(cast(Piece, first.parts[-1]), least)
        product = Piece(Level.PRODUCT, *interleave(pieces, self.chained))
        return Piece(Level.NEGATED, "-", product) if negative else product

    def apart(self, expr: Expression) -> Piece:
        """An expression that is no part of the one that is written."""
        return Piece(Level.ATOM, type(self)().write(expr))

    def under_condition(self, function: str, conditions: Sequence[tuple[str, str, str]]) -> Piece:
        """The sign of a sum over all indices for which conditions hold."""
        written = ", ".join(f"{left} {SIGNS.get(sign, sign)} {right}" for left, sign, right in conditions)
        return Piece(Level.ATOM, f"{_SERIES.get(function, function)}[{written}] ")

    def under_range(self, function: str, index: str, size: Dim, bounds: tuple[str, ...]) -> Piece:
        """The sign of a sum over an index; its range is written only if it does not begin at 1, or does not end at a name."""
        if not bounds and size.name is None and size.size is None:
            bounds = ("1", str(size))
        below = f"[{index} = {'..'.join(bounds)}]" if bounds else _lowered((index,)) or f"_{index}"
        return Piece(Level.ATOM, f"{_SERIES.get(function, function)}{below} ")


def whole_of(node: Part) -> tuple[Expression, list[str]]:
    """What a part is taken of, and what is taken along each axis: rows of columns are one part."""
    operand, ranges = node.operand, [":"] * node.axis + ["{}:{}".format(*node.range)]
    if isinstance(operand, Part) and operand.axis < node.axis:
        ranges[operand.axis] = "{}:{}".format(*operand.range)
        operand = operand.operand
    return operand, ranges


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
    BoundedSum: "bounded_sum", Integral: "integral", Partial: "derivative",
    Chain: "chain", Differential: "differential",
}  # fmt: skip
