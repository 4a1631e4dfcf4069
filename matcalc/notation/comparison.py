"""What is left between an expression and the answer, and what it is called."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import fields
from fractions import Fraction
from itertools import groupby

from matcalc.language.dimensions import SCALAR
from matcalc.notation.brackets import deltas, into_fractions, known_maximum
from matcalc.notation.build import Builder
from matcalc.notation.definitions import Definitions
from matcalc.notation.identities import long_diagonals
from matcalc.notation.last_reasons import count, factored, functions, one_denominator, renamed
from matcalc.notation.matrix import (
    Dot,
    Expression,
    Hadamard,
    MatMul,
    MatrixPower,
    Number,
    Product,
    Sum,
    Transpose,
    children,
    postorder,
)
from matcalc.notation.monomials import Polynomials
from matcalc.notation.products import Found, Reason, Rule, chain, settled, zeros


class Comparison:
    """Compares expressions with one answer."""

    def __init__(self, build: Builder, goal: Expression) -> None:
        self._build = build
        self._goal = goal
        self._looks: dict[Expression, int] = {}
        self._numbers: dict[Hashable, int] = {}
        self._plain = Polynomials(build, multiplied_out=False)
        self._out = Polynomials(build, multiplied_out=True)
        self._dots = {(node.left, node.right) for node in postorder(goal) if isinstance(node, Dot)}
        self._nodes = frozenset(postorder(goal))
        self._has_powers = any(isinstance(node, MatrixPower) for node in self._nodes)
        self.rules: tuple[Rule, ...] = (
            *Definitions(goal).rules, self._maxima, into_fractions, deltas,
            self._like_terms, self._dot, self._matrix_powers, self._long_diagonals,
        )  # fmt: skip
        """Rules that look at the answer, or need polynomials."""

    # ------------------------------------------------------------------ how alike two expressions are

    def looks_alike(self, node: Expression) -> bool:
        """Whether an expression is the answer but for the order of terms and factors."""
        return self._look(node) == self._look(self._goal)

    def distance(self, node: Expression) -> int:
        """How much is left to be said: nothing, an order, multiplying out, or more."""
        if self.looks_alike(node):
            return 0
        if self._plain.agree(node, self._goal):
            return 1
        return 2 if self._out.agree(node, self._goal) else 3

    def _look(self, root: Expression) -> int:
        """A number for what an expression looks like, without the order of terms and factors."""
        for node in postorder(root):
            if node not in self._looks:
                self._looks[node] = self._looks_like(node)
        return self._looks[root]

    def _looks_like(self, node: Expression) -> int:
        plain = settled(self._build, node)
        if plain is not node:
            return self._look(plain)
        key: Hashable
        match node:
            case Sum():
                key = (Sum, node.shape, self._bag(node.terms))
            case Product():
                key = (Product, node.shape, node.coefficient, self._bag(node.factors), self._bag(node.divisors))
            case Hadamard():
                key = (Hadamard, node.shape, self._bag(node.factors), self._bag(node.divisors))
            case Dot():
                key = (Dot, self._bag((node.left, node.right)))
            case _:
                below = tuple(self._looks[child] for child in children(node))
                key = (type(node), node.shape, _own(node), below) if _own(node) is not None else node
        return self._numbers.setdefault(key, len(self._numbers))

    def _bag(self, nodes: Iterable[Expression]) -> tuple[int, ...]:
        return tuple(sorted(self._looks[node] for node in nodes))

    # ------------------------------------------------------------------ rules

    def _like_terms(self, build: Builder, node: Expression) -> Found:
        """a x + b x = (a + b) x."""
        if not isinstance(node, Sum):
            return None
        kept: dict[Hashable, tuple[Expression, Fraction, Fraction]] = {}
        found = vanished = False
        for position, term in enumerate(node.terms):
            value = self._plain.of(term)
            monomial: Hashable = next(iter(value)) if len(value) == 1 and term.shape == node.shape else position
            coefficient = next(iter(value.values())) if len(value) == 1 else Fraction(1)
            if monomial in kept:
                first, mine, total = kept[monomial]
                kept[monomial] = (first, mine, total + coefficient)
                found = True
            else:
                kept[monomial] = (term, coefficient, coefficient)
        if not found:
            return None
        terms = []
        for term, mine, total in kept.values():
            vanished = vanished or not total
            if total:
                terms.append(term if total == mine else build.scaled(total / mine, term))
        if terms and all(term.shape != node.shape for term in terms):
            return None
        new = build.make(Sum, node.shape, tuple(terms)) if terms else zeros(build, node)
        words = "like terms: ``a - a = 0``" if vanished else "like terms: ``m a + n a = (m + n) a``"
        if all(isinstance(term, Number) or (isinstance(term, Product) and not term.factors) for term in node.terms):
            words = "the numbers are added"
        return settled(build, new), Reason(words)

    def _dot(self, build: Builder, node: Expression) -> Found:
        """aᵀ b = a · b, where the answer has a dot product."""
        if not isinstance(node, MatMul):
            return None
        for k in range(len(node.factors) - 1):
            left, right = node.factors[k], node.factors[k + 1]
            if isinstance(left, Transpose) and left.shape.kind == "row" and right.shape.kind == "vector":
                sides = (left.operand, right)
                if sides in self._dots or sides[::-1] in self._dots:
                    scalar = build.make(Dot, SCALAR, *(sides if sides in self._dots else sides[::-1]))
                    rest = (*node.factors[:k], *node.factors[k + 2 :])
                    new = build.make(Product, node.shape, 1, (scalar, chain(build, rest)), ()) if rest else scalar
                    return new, Reason("a row times a column: ``aᵀ b = a·b``")
        return None

    def _maxima(self, build: Builder, node: Expression) -> Found:
        """[z > 0] max(0, z) = [z > 0] z, where the answer has it so."""
        return known_maximum(build, node, self._nodes)

    def _long_diagonals(self, build: Builder, node: Expression) -> Found:
        """aᵀ A diag(b) = ((Aᵀ a) ⊙ b)ᵀ, where the answer has it so."""
        return long_diagonals(build, node, self._nodes) if isinstance(node, MatMul) else None

    def _matrix_powers(self, build: Builder, node: Expression) -> Found:
        """A A = A², where the answer has powers of matrices."""
        if not (isinstance(node, MatMul) and self._has_powers):
            return None
        factors: list[Expression] = []
        runs = [(key, len(list(run))) for key, run in groupby(node.factors)]
        for factor, length in runs:
            factors.append(factor if length == 1 else build.make(MatrixPower, factor.shape, factor, length))
        if len(factors) == len(node.factors):
            return None
        return chain(build, factors), Reason("a matrix times itself: ``A A = A²``")

    # ------------------------------------------------------------------ what the last step is called

    def reason(self, node: Expression) -> Reason:
        """What leads from an expression to the answer."""
        left, right = self._focus(node, self._goal)
        return (
            self._usual_form(left, right) or self._factored(left, right) or renamed(left, right)
            or self._over_one_denominator(left, right) or Reason("simplified")
        )  # fmt: skip

    def _focus(self, left: Expression, right: Expression) -> tuple[Expression, Expression]:
        """The only parts in which two expressions differ."""
        self._look(left)
        self._look(right)
        while type(left) is type(right) and left.shape == right.shape:
            mine, others = list(children(left)), list(children(right))
            if len(mine) != len(others) or _own(left) is None or _own(left) != _own(right):
                break
            for each in children(left):
                same = next((other for other in others if self._looks[other] == self._looks[each]), None)
                if same is not None:
                    mine.remove(each)
                    others.remove(same)
            if len(mine) != 1:
                break
            kinds = Product | Hadamard
            if isinstance(left, kinds) and isinstance(right, kinds) and len(left.factors) != len(right.factors):
                break  # what differs is a factor here and a divisor there
            if mine[0].shape != others[0].shape or not self._out.agree(mine[0], others[0]):
                break
            (left,), (right,) = mine, others
        return left, right

    def _over_one_denominator(self, left: Expression, right: Expression) -> Reason | None:
        if not (isinstance(left, Sum) and isinstance(right, Product) and right.divisors):
            return None
        fractions = any(isinstance(term, Product) and term.divisors for term in left.terms)
        return one_denominator(self._build, right) if fractions else None

    def _usual_form(self, left: Expression, right: Expression) -> Reason | None:
        if not self._plain.agree(left, right):
            return None
        sums = [_count_of_sums(left), _count_of_sums(right)]
        if sums[0] != sums[1]:
            words = "``aᵀ + bᵀ = (a + b)ᵀ``" if sums[1] > sums[0] else "``(a + b)ᵀ = aᵀ + bᵀ``"
            return Reason(f"the transpose of a sum: {words}")
        if count(left, Transpose) != count(right, Transpose) and count(left, Dot) == count(right, Dot):
            products = any(isinstance(node, Transpose) and isinstance(node.operand, MatMul) for node in postorder(left))
            back = any(isinstance(node, Transpose) and isinstance(node.operand, MatMul) for node in postorder(right))
            if products or back:
                return Reason("the transpose of a product: ``(A B)ᵀ = Bᵀ Aᵀ``")
        if functions(left) & functions(right) >= {"tr"}:
            return Reason("factors go round in a trace: ``tr(A B) = tr(B A)``")
        if count(right, Dot) > count(left, Dot):
            return Reason("a row times a column: ``aᵀ b = a·b``")
        if isinstance(left, Product) and isinstance(right, Product) and abs(left.coefficient) != abs(right.coefficient):
            number = self._build.number(abs(Fraction(right.coefficient)))
            return Reason("the common factor {} is taken out", (number,))
        if "sum" in functions(left) - functions(right):
            return Reason("an element-wise product adds up: ``sum(a ⊙ b) = aᵀ b``")
        if count(right, Dot) < count(left, Dot):
            return Reason("a dot product as a row times a column: ``a·b = aᵀ b``")
        if _signs(left) != _signs(right):
            return Reason("the sign goes into the brackets: ``-(a - b) = b - a``")
        return Reason("written in the usual form")

    def _factored(self, left: Expression, right: Expression) -> Reason | None:
        """A common factor, or brackets that are multiplied out."""
        return factored(self._build, left, right) if self._out.agree(left, right) else None


def _own(node: Expression) -> tuple[Hashable, ...] | None:
    """What a node has besides its operands; None if that is not told apart from them."""
    own: list[Hashable] = []
    for field in fields(node):
        value = getattr(node, field.name)
        if field.name in ("shape", "operands", "factors", "divisors", "terms", "blocks", "parts") or value in children(node):
            continue
        if isinstance(value, tuple) and any(isinstance(each, tuple) and set(each) & set(children(node)) for each in value):
            return None
        own.append(value)
    return tuple(own)


def _count_of_sums(root: Expression) -> int:
    """How many sums are transposed."""
    return sum(isinstance(node, Transpose) and isinstance(node.operand, Sum) for node in postorder(root))


def _signs(root: Expression) -> int:
    """How many products begin with a minus sign, but for terms of sums."""
    terms = {term for node in postorder(root) if isinstance(node, Sum) for term in node.terms}
    return sum(isinstance(node, Product) and node.coefficient < 0 and node not in terms for node in postorder(root))
