"""What two expressions have in common when the order, the brackets and the transposes are disregarded.

An expression is read as a polynomial: monomials, each with a rational coefficient. A monomial has scalars with exponents, and a
chain of letters that are multiplied as matrices. A letter is a matrix, or an element-wise product of columns: as a column, as a
row (flipped) or as a diagonal matrix. So `aᵀ diag(b)` and `(a ⊙ b)ᵀ` are one monomial, and so are `xᵀ A y` and `yᵀ Aᵀ x`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import fields
from fractions import Fraction
from typing import NamedTuple

from matcalc.notation.build import Builder
from matcalc.notation.matrix import (
    Diagonal,
    Differential,
    Dot,
    Expression,
    Function,
    Hadamard,
    Identity,
    Inverse,
    MatMul,
    MatrixPower,
    Number,
    Ones,
    Partial,
    Power,
    Product,
    Sum,
    Transpose,
    Zeros,
    children,
    postorder,
)

_MOST_TERMS = 40
"""Larger products are not multiplied out."""

_HIGHEST = 4
"""Higher powers are not multiplied out."""

Powers = frozenset[tuple[int, Fraction]]
"""Parts of a product by number, each with its exponent."""


class Letter(NamedTuple):
    """A factor of a product of matrices.

    A "matrix" ("symmetric", or the "inverse" of one) with a number, or a "column" or "diagonal" of an element-wise product.
    """

    kind: str
    of: int | Powers
    flipped: bool = False

    @property
    def turned(self) -> Letter:
        """The transpose."""
        return self if self.kind in ("diagonal", "symmetric") else self._replace(flipped=not self.flipped)


Word = tuple[Letter, ...]


class Monomial(NamedTuple):
    """Scalars with exponents, and a product of matrices."""

    scalars: Powers = frozenset()
    chain: Word = ()


Polynomial = dict[Monomial, Fraction]
_ONE = Fraction(1)


def _together(*each: Iterable[tuple[int, Fraction]]) -> Powers:
    """The product of powers."""
    total: dict[int, Fraction] = {}
    for part in each:
        for number, exponent in part:
            total[number] = total.get(number, Fraction(0)) + exponent
    return frozenset((number, exponent) for number, exponent in total.items() if exponent)


def _turned(chain: Word) -> Word:
    return tuple(letter.turned for letter in reversed(chain))


class Polynomials:
    """Polynomials of the expressions of one builder, with products of sums multiplied out or not."""

    def __init__(self, build: Builder, *, multiplied_out: bool) -> None:
        self._build = build
        self._multiplied_out = multiplied_out
        self._numbers: dict[Hashable, int] = {}
        self._chains: dict[int, Word] = {}
        self._done: dict[Expression, Polynomial] = {}

    def of(self, root: Expression) -> Polynomial:
        """The polynomial of an expression."""
        for node in postorder(root):
            if node not in self._done:
                self._done[node] = self._node(node)
        return self._done[root]

    def agree(self, left: Expression, right: Expression) -> bool:
        """Whether two expressions are the same polynomial."""
        return self.of(left) == self.of(right)

    def _number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    # ------------------------------------------------------------------ single nodes

    def _node(self, node: Expression) -> Polynomial:
        below = [self._done[child] for child in children(node)]
        match node:
            case Number():
                return {Monomial(): Fraction(node.value)} if node.value else {}
            case Zeros():
                return {}
            case Identity():
                return {Monomial(): _ONE}
            case Ones() if node.shape.kind == "matrix":
                ones = Letter("column", frozenset())
                return {Monomial(chain=(ones, ones.turned)): _ONE}
            case Ones() if node.shape.kind in ("vector", "row"):
                return {Monomial(chain=(Letter("column", frozenset(), node.shape.kind == "row"),)): _ONE}
            case Sum():
                return self._sum(node)
            case Product():
                return self._product(node)
            case MatMul():
                return self._times([self._factor(factor, len(below) > 1) for factor in node.factors])
            case Dot():
                return self._times([self._transposed(self._factor(node.left, True)), self._factor(node.right, True)])
            case Transpose():
                return self._transpose(node)
            case Hadamard() if node.shape.kind in ("vector", "row"):
                return self._hadamard(node, node.factors, node.divisors)
            case Power() if node.shape.kind in ("vector", "row") and isinstance(node.exponent, Number):
                return self._hadamard(node, (node,), ())
            case Diagonal() if node.shape.kind == "matrix":
                return self._diagonal(node)
            case Power() if not node.shape.dims:
                return self._power(node)
            case MatrixPower() if isinstance(node.exponent, int) and 0 < node.exponent <= _HIGHEST:
                return self._times([self._factor(node.base, True)] * node.exponent)
            case Inverse():
                return self._inverse(node)
            case Function(name="sum") if node.operands[0].shape.kind == "vector" and node.axis is None:
                row: Polynomial = {Monomial(chain=(Letter("column", frozenset(), True),)): _ONE}
                return self._times([row, self._done[node.operands[0]]])
            case Function(name="tr"):
                return self._trace(node)
        return self._atom(node, self._opaque(node))

    def _opaque(self, node: Expression) -> int:
        """The number of a node of which only the operands are understood."""
        rest = [
            getattr(node, field.name) for field in fields(node)
            if not isinstance(getattr(node, field.name), Expression) and field.name not in ("operands", "shape")
        ]
        below = tuple(frozenset(self._done[child].items()) for child in children(node))
        if isinstance(node, (Partial, Differential)):  # their names are no operands
            return self._number(node)
        if not below:
            return self._number((type(node), node.shape, *rest))
        plain = tuple(value for value in rest if isinstance(value, (str, int)) or value is None)
        if len(plain) < len(rest) and not isinstance(node, (Hadamard, MatMul)):
            return self._number(node)
        counts = (len(node.factors),) if isinstance(node, Hadamard) else ()
        if isinstance(node, Hadamard):  # the order is free
            above, under = below[: len(node.factors)], below[len(node.factors) :]
            return self._number((Hadamard, node.shape, self._bag(above), self._bag(under)))
        return self._number((type(node), node.shape, plain, counts, below))

    def _bag(self, parts: Iterable[Hashable]) -> tuple[int, ...]:
        return tuple(sorted(map(self._number, parts)))

    def _atom(self, node: Expression, number: int) -> Polynomial:
        kind = node.shape.kind
        if kind == "scalar":
            return {Monomial(frozenset({(number, _ONE)})): _ONE}
        if kind == "matrix":
            return {Monomial(chain=(Letter("symmetric" if self._build.is_symmetric(node) else "matrix", number),)): _ONE}
        return {Monomial(chain=(Letter("column", frozenset({(number, _ONE)}), kind == "row"),)): _ONE}

    def _factor(self, node: Expression, among_others: bool) -> Polynomial:
        """What stands for a factor: a sum is one thing unless products are multiplied out."""
        found = self._done[node]
        return found if len(found) == 1 or self._multiplied_out or not among_others else self._whole(node, found)

    def _whole(self, node: Expression, found: Polynomial) -> Polynomial:
        """A sum as one thing: up to a number, and for an array up to a transpose."""
        if not found:
            return found
        turned = node.shape.kind == "row"
        mine = self._transposed(found) if turned else found
        content = mine[min(mine, key=lambda monomial: (self._rank(monomial), self._number(monomial)))]
        number = self._number(frozenset((monomial, value / content) for monomial, value in mine.items()))
        if not node.shape.dims:
            return {Monomial(frozenset({(number, _ONE)})): content}
        if node.shape.kind != "matrix":
            return {Monomial(chain=(Letter("column", frozenset({(number, _ONE)}), turned),)): content}
        other = self._transposed(found)
        number = min(number, self._number(frozenset((monomial, value / content) for monomial, value in other.items())))
        same = frozenset((monomial, value / content) for monomial, value in mine.items())
        symmetric = other == mine
        return {Monomial(chain=(Letter("matrix", number, not symmetric and self._numbers[same] != number),)): content}

    def _rank(self, monomial: Monomial) -> int:
        """An order of monomials: that in which they were met, up to a transpose."""
        turned = monomial._replace(chain=_turned(monomial.chain))
        return min(self._number(monomial), self._number(turned))

    # ------------------------------------------------------------------ sums and products

    def _sum(self, node: Sum) -> Polynomial:
        total: Polynomial = {}
        for term in node.terms:
            found = self._done[term]
            if node.shape.dims and not term.shape.dims:  # a number is added to each element
                ones = self._build.make(Ones, node.shape)
                if ones not in self._done:
                    self._done[ones] = self._node(ones)
                found = self._times([found, self._done[ones]])
            for monomial, value in found.items():
                total[monomial] = total.get(monomial, Fraction(0)) + value
        return {monomial: value for monomial, value in total.items() if value}

    def _product(self, node: Product) -> Polynomial:
        among = len(node.factors) + len(node.divisors) > 1
        parts = [self._factor(factor, among) for factor in node.factors]
        for divisor in node.divisors:
            parts.append(self._raised(divisor, self._done[divisor], Fraction(-1)))
        found = self._times(parts)
        return {monomial: value * node.coefficient for monomial, value in found.items()} if node.coefficient else {}

    def _times(self, parts: list[Polynomial]) -> Polynomial:
        result: Polynomial = {Monomial(): _ONE}
        for part in parts:
            if len(result) * len(part) > _MOST_TERMS:
                return {Monomial(frozenset({(self._number(tuple(frozenset(each.items()) for each in parts)), _ONE)})): _ONE}
            product: Polynomial = {}
            for left, a in result.items():
                for right, b in part.items():
                    scalars, chain = self._joined((*left.chain, *right.chain))
                    monomial = Monomial(_together(left.scalars, right.scalars, scalars), chain)
                    product[monomial] = product.get(monomial, Fraction(0)) + a * b
            result = {monomial: value for monomial, value in product.items() if value}
        return result

    def _joined(self, letters: Iterable[Letter]) -> tuple[Powers, Word]:
        """A chain with diagonals worked in, and what became scalar."""
        scalars: Powers = frozenset()
        chain: list[Letter] = []
        for letter in letters:
            if chain and self._merged(chain[-1], letter) is not None:
                merged = self._merged(chain.pop(), letter)
                chain += () if merged is None else merged
            else:
                chain.append(letter)
            if letter.kind == "diagonal":
                self._fold_row(chain)
            if chain and chain[-1].kind == "column" and not chain[-1].flipped:
                self._fold_column(chain)
                start = next((k for k in reversed(range(len(chain))) if chain[k].kind == "column" and chain[k].flipped), None)
                if start is not None and all(each.kind != "column" for each in chain[start + 1 : -1]):
                    scalars = _together(scalars, {(self._inner(tuple(chain[start:])), _ONE)})
                    del chain[start:]
        return scalars, tuple(chain)

    def _fold_column(self, chain: list[Letter]) -> None:
        """diag(a) A b = a ⊙ (A b), at the end of a chain."""
        start = next((k for k in reversed(range(len(chain) - 1)) if chain[k].kind in ("column", "diagonal")), None)
        if start is None or chain[start].kind != "diagonal":
            return
        scale = chain[start].of
        assert isinstance(scale, frozenset)
        chain[start:] = [Letter("column", _together(scale, self._of_column(tuple(chain[start + 1 :]))))]

    def _fold_row(self, chain: list[Letter]) -> None:
        """aᵀ A diag(b) = ((Aᵀ a) ⊙ b)ᵀ, at the end of a chain."""
        if not chain or chain[-1].kind != "diagonal":
            return
        start = next((k for k in reversed(range(len(chain) - 1)) if chain[k].kind in ("column", "diagonal")), None)
        if start is None or chain[start].kind != "column" or not chain[start].flipped:
            return
        scale = chain[-1].of
        assert isinstance(scale, frozenset)
        column = _turned(tuple(chain[start:-1]))
        chain[start:] = [Letter("column", _together(scale, self._of_column(column)), True)]

    def _inner(self, chain: Word) -> int:
        """The number of a row times a column."""
        if len(chain) == 2:
            first, last = chain[0].of, chain[1].of
            assert isinstance(first, frozenset)
            assert isinstance(last, frozenset)
            powers = _together(first, last)
            chain = self._through_matrices(powers)
            if not chain:
                return self._number(("sum", powers))
        return min(self._number(chain), self._number(_turned(chain)))

    def _through_matrices(self, powers: Powers) -> Word:
        """xᵀ A y for the sum of x ⊙ (A y)."""
        through = [(number, exponent) for number, exponent in powers if number in self._chains]
        if not through or any(exponent != 1 for _, exponent in through):
            return ()
        (number, _), *more = through
        others = powers - set(through)
        if not more:
            return (Letter("column", others, True), *self._chains[number])
        return (*_turned(self._chains[number]), *self._chains[more[0][0]]) if len(more) == 1 and not others else ()

    def _merged(self, left: Letter, right: Letter) -> tuple[Letter, ...] | None:
        """diag(a) diag(b), diag(a) b, aᵀ diag(b), A⁻¹ A."""
        if isinstance(left.of, frozenset) and isinstance(right.of, frozenset):
            powers = _together(left.of, right.of)
            if left.kind == right.kind == "diagonal":
                return (Letter("diagonal", powers),) if powers else ()
            if left.kind == "diagonal" and not right.flipped:
                return (Letter("column", powers),)
            if right.kind == "diagonal" and left.kind == "column" and left.flipped:
                return (Letter("column", powers, True),)
        elif {left.kind, right.kind} == {"matrix", "inverse"} and left[1:] == right[1:]:
            return ()
        return None

    def _transposed(self, found: Polynomial) -> Polynomial:
        return {monomial._replace(chain=_turned(monomial.chain)): value for monomial, value in found.items()}

    def _transpose(self, node: Transpose) -> Polynomial:
        if node.operand.shape.kind == "matrix" and self._build.is_symmetric(node.operand):
            return self._done[node.operand]
        return self._transposed(self._done[node.operand])

    # ------------------------------------------------------------------ element by element

    def _column(self, monomial: Monomial) -> Powers:
        """The powers of columns that the chain of a column or row is."""
        chain = monomial.chain
        return self._of_column(_turned(chain) if chain and chain[0].kind == "column" and chain[0].flipped else chain)

    def _of_column(self, chain: Word) -> Powers:
        """The powers of columns that a chain is."""
        if len(chain) == 1 and isinstance(chain[0].of, frozenset):
            return chain[0].of
        number = self._number(("column", chain))
        self._chains[number] = chain
        return frozenset({(number, _ONE)})

    def _hadamard(
        self, node: Expression, factors: tuple[Expression, ...], divisors: tuple[Expression, ...]
    ) -> Polynomial:
        sums = [each for each in factors if not isinstance(each, Power) and len(self._done[each]) > 1]
        if self._multiplied_out and sums:
            return self._distributed(node, factors, divisors, sums[0])
        powers: list[Iterable[tuple[int, Fraction]]] = []
        scalars: Powers = frozenset()
        value = _ONE
        for position, each in enumerate((*factors, *divisors)):
            sign = 1 if position < len(factors) else -1
            base, exponent = each, Fraction(sign)
            if isinstance(each, Power) and isinstance(each.exponent, Number):
                base, exponent = each.base, sign * Fraction(each.exponent.value)
            found = self._done[base]
            found = found if len(found) == 1 else self._whole(base, found)
            if not found:
                return {}
            (monomial, coefficient), = found.items()
            if exponent.denominator != 1:
                base, exponent = each, Fraction(sign)
                powers.append({(self._opaque(each), exponent)})
                continue
            value *= coefficient**exponent.numerator
            scalars = _together(scalars, ((number, power * exponent) for number, power in monomial.scalars))
            powers.append([(number, power * exponent) for number, power in self._column(monomial)])
        chain = (Letter("column", _together(*powers), node.shape.kind == "row"),)
        return {Monomial(scalars, chain): value}

    def _distributed(
        self, node: Expression, factors: tuple[Expression, ...], divisors: tuple[Expression, ...], total: Expression
    ) -> Polynomial:
        """a ⊙ (b + c) = a ⊙ b + a ⊙ c."""
        rest = list(factors)
        rest.remove(total)
        ones: Polynomial = {Monomial(chain=(Letter("column", frozenset(), node.shape.kind == "row"),)): _ONE}
        others = self._hadamard(node, tuple(rest), divisors) if rest or divisors else ones
        result: Polynomial = {}
        for left, a in self._done[total].items():
            for right, b in others.items():
                chain = (Letter("column", _together(self._column(left), self._column(right)), node.shape.kind == "row"),)
                monomial = Monomial(_together(left.scalars, right.scalars), chain)
                result[monomial] = result.get(monomial, Fraction(0)) + a * b
        return {monomial: value for monomial, value in result.items() if value}

    def _diagonal(self, node: Diagonal) -> Polynomial:
        found = self._done[node.operand]
        if len(found) > 1 and not self._multiplied_out:
            found = self._whole(node.operand, found)
        result: Polynomial = {}
        for monomial, value in found.items():
            powers = self._column(monomial)
            result[Monomial(monomial.scalars, (Letter("diagonal", powers),) if powers else ())] = value
        return result

    # ------------------------------------------------------------------ powers, inverses, traces

    def _power(self, node: Power) -> Polynomial:
        if not isinstance(node.exponent, Number) and not (isinstance(node.exponent, Product) and not node.exponent.factors):
            return self._atom(node, self._opaque(node))
        exponent = node.exponent.value if isinstance(node.exponent, Number) else node.exponent.coefficient
        return self._raised(node.base, self._done[node.base], Fraction(exponent))

    def _raised(self, node: Expression, found: Polynomial, exponent: Fraction) -> Polynomial:
        if len(found) > 1 and self._multiplied_out and exponent.denominator == 1 and 0 < exponent <= _HIGHEST:
            return self._times([found] * int(exponent))
        if len(found) > 1:
            found = self._whole(node, found)
        if not found:
            return {Monomial(frozenset({(self._number(("zero", exponent)), _ONE)})): _ONE}
        (monomial, value), = found.items()
        scalars = frozenset((number, power * exponent) for number, power in monomial.scalars)
        if exponent.denominator == 1:
            return {Monomial(scalars): value**exponent.numerator}
        if value == 1 and len(scalars) <= 1 and all(abs(power) == 1 for _, power in monomial.scalars):
            return {Monomial(scalars): _ONE}
        number = self._number(("root", frozenset(found.items())))
        return {Monomial(frozenset({(number, exponent)})): _ONE}

    def _inverse(self, node: Inverse) -> Polynomial:
        found = self._done[node.operand]
        if len(found) == 1:
            (monomial, value), = found.items()
            if len(monomial.chain) == 1 and monomial.chain[0].kind == "matrix":
                scalars = frozenset((number, -power) for number, power in monomial.scalars)
                return {Monomial(scalars, (monomial.chain[0]._replace(kind="inverse"),)): 1 / value}
        return self._atom(node, self._opaque(node))

    def _trace(self, node: Function) -> Polynomial:
        result: Polynomial = {}
        for monomial, value in self._done[node.operands[0]].items():
            chain = monomial.chain
            if not chain:
                return self._atom(node, self._opaque(node))
            turns = [each[k:] + each[:k] for each in (chain, _turned(chain)) for k in range(len(chain))]
            scalars, rest = self._joined(min(turns, key=lambda turn: self._number(("turn", turn))))
            whole = _together(monomial.scalars, scalars, {(self._number(("tr", rest)), _ONE)} if rest else ())
            result[Monomial(whole)] = result.get(Monomial(whole), Fraction(0)) + value
        return result
