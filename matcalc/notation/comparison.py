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
from matcalc.notation.matrix import (
    Cases,
    Diagonal,
    Dot,
    Expression,
    Function,
    Hadamard,
    IndexedSum,
    MatMul,
    MatrixPower,
    Norm,
    Number,
    Power,
    Product,
    Stack,
    Sum,
    Transpose,
    children,
    postorder,
)
from matcalc.notation.monomials import Polynomials
from matcalc.notation.products import Found, Reason, Rule, chain, settled, zeros

_DEFINED = {
    "norm": "the norm: a·a = ‖a‖²",
    "sigmoid": "the logistic function: σ(z) = 1/(1 + exp(-z)) = exp(z)/(1 + exp(z))",
    "softmax": "the softmax: softmax(z) = exp(z)/sum(exp(z))",
    "tan": "the tangent: tan(z) = sin(z)/cos(z)",
    "cot": "the cotangent: cot(z) = cos(z)/sin(z)",
    "tanh": "the hyperbolic tangent: tanh(z) = sinh(z)/cosh(z)",
    "softplus": "softplus(z) = log(1 + exp(z))",
    "logsumexp": "logsumexp(z) = log(sum(exp(z)))",
    "sum": "a row of ones adds up: 1ᵀ v = sum(v)",
}
"""What functions are, in terms of others."""


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
        words = "like terms: a - a = 0" if vanished else "like terms: m a + n a = (m + n) a"
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
                    return new, Reason("a row times a column: aᵀ b = a·b")
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
        return chain(build, factors), Reason("a matrix times itself: A A = A²")

    # ------------------------------------------------------------------ what the last step is called

    def reason(self, node: Expression) -> Reason:
        """What leads from an expression to the answer."""
        left, right = self._focus(node, self._goal)
        return (
            self._usual_form(left, right) or self._factored(left, right) or _renamed(left, right)
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
            if len(mine) != 1 or (isinstance(left, Product | Hadamard) and len(left.factors) != len(right.factors)):  # type: ignore[union-attr]
                break
            if mine[0].shape != others[0].shape or not self._out.agree(mine[0], others[0]):
                break
            (left,), (right,) = mine, others
        return left, right

    def _over_one_denominator(self, left: Expression, right: Expression) -> Reason | None:
        if not (isinstance(left, Sum) and isinstance(right, Product) and right.divisors):
            return None
        fractions = any(isinstance(term, Product) and term.divisors for term in left.terms)
        return _one_denominator(self._build, right) if fractions else None

    def _usual_form(self, left: Expression, right: Expression) -> Reason | None:
        if not self._plain.agree(left, right):
            return None
        sums = [_count_of_sums(left), _count_of_sums(right)]
        if sums[0] != sums[1]:
            words = "aᵀ + bᵀ = (a + b)ᵀ" if sums[1] > sums[0] else "(a + b)ᵀ = aᵀ + bᵀ"
            return Reason(f"the transpose of a sum: {words}")
        if _count(left, Transpose) != _count(right, Transpose) and _count(left, Dot) == _count(right, Dot):
            products = any(isinstance(node, Transpose) and isinstance(node.operand, MatMul) for node in postorder(left))
            back = any(isinstance(node, Transpose) and isinstance(node.operand, MatMul) for node in postorder(right))
            if products or back:
                return Reason("the transpose of a product: (A B)ᵀ = Bᵀ Aᵀ")
        if _calls(left) & _calls(right) >= {"tr"}:
            return Reason("factors go round in a trace: tr(A B) = tr(B A)")
        if _count(right, Dot) > _count(left, Dot):
            return Reason("a row times a column: aᵀ b = a·b")
        if isinstance(left, Product) and isinstance(right, Product) and abs(left.coefficient) != abs(right.coefficient):
            number = self._build.number(abs(Fraction(right.coefficient)))
            return Reason("the common factor {} is taken out", (number,))
        if "sum" in _calls(left) - _calls(right):
            return Reason("an element-wise product adds up: sum(a ⊙ b) = aᵀ b")
        if _count(right, Dot) < _count(left, Dot):
            return Reason("a dot product as a row times a column: a·b = aᵀ b")
        if _signs(left) != _signs(right):
            return Reason("the sign goes into the brackets: -(a - b) = b - a")
        return Reason("written in the usual form")

    def _factored(self, left: Expression, right: Expression) -> Reason | None:
        """A common factor, or brackets that are multiplied out."""
        if not self._out.agree(left, right):
            return None
        if _count(right, Diagonal) < _count(left, Diagonal):
            return Reason("diagonal matrices are added: diag(a) + diag(b) = diag(a + b)")
        if isinstance(left, Sum) and isinstance(right, Product) and right.divisors:
            return _one_denominator(self._build, right)
        right = _bare(right) if isinstance(left, Sum) else right
        if isinstance(left, Sum) and isinstance(right, Product | MatMul | Hadamard):
            common = [factor for factor in right.factors if not isinstance(factor, Sum) and not _is_power_of_sum(factor)]
            if common and isinstance(right, MatMul):
                outer = [chain(self._build, each) for each in _runs(right)]
                words = "the common factors {} and {} are taken out" if len(outer) > 1 else "the common factor {} is taken out"
                return Reason(words, tuple(outer[:2]))
            if common and isinstance(right, Hadamard) and len(common) < len(right.factors):
                part: Expression = settled(self._build, self._build.make(Hadamard, right.shape, tuple(common), ()))
                return Reason("the common factor {} is taken out", (part,))
            if common and isinstance(right, Product):
                part = self._build.product(1, common, (), common[-1].shape)
                return Reason("the common factor {} is taken out", (part,))
            if isinstance(right, Product) and abs(right.coefficient) != 1:
                number = self._build.number(abs(Fraction(right.coefficient)))
                return Reason("the common factor {} is taken out", (number,))
            return Reason("a common factor is taken out: a b + a c = a (b + c)")
        if isinstance(right, Sum) and not isinstance(left, Sum):
            return Reason("multiplied out: a (b + c) = a b + a c")
        if _in_brackets(right) > _in_brackets(left):
            return Reason("multiplied out: a (b + c) = a b + a c")
        return Reason("a common factor is taken out: a b + a c = a (b + c)")


def _bare(node: Expression) -> Expression:
    """A product without the number before it, and without a transpose sign."""
    if isinstance(node, Product) and len(node.factors) == 1 and not node.divisors and node.factors[0].shape.dims:
        node = node.factors[0]
    return node.operand if isinstance(node, Transpose) else node


def _one_denominator(build: Builder, node: Product) -> Reason:
    return Reason("over the common denominator {}", (build.product(1, node.divisors, (), SCALAR),))


def _runs(node: MatMul) -> list[list[Expression]]:
    """What stands before and after the sums of a product of matrices."""
    runs: list[list[Expression]] = [[]]
    for factor in node.factors:
        if isinstance(factor, Sum):
            runs.append([])
        else:
            runs[-1].append(factor)
    return [run for run in runs if run]


def _is_power_of_sum(node: Expression) -> bool:
    return any(isinstance(child, Sum) for child in children(node)) and type(node).__name__ == "Power"


def _own(node: Expression) -> tuple[Hashable, ...] | None:
    """What a node has besides its operands; None if that is not told apart from them."""
    own: list[Hashable] = []
    for field in fields(node):
        value = getattr(node, field.name)
        if field.name in ("shape", "operands", "factors", "divisors", "terms", "blocks", "parts") or value in children(node):
            continue
        if isinstance(value, tuple) and any(isinstance(each, tuple) for each in value):
            return None
        own.append(value)
    return tuple(own)


def _in_brackets(root: Expression) -> int:
    """How much there is in sums."""
    sums = {node for node in postorder(root) if isinstance(node, Sum)}
    return sum(1 for each in sums for term in each.terms for _ in postorder(term))


def _has_letters_in_exponents(root: Expression) -> bool:
    return any(isinstance(node, Power) and not isinstance(node.exponent, Number) for node in postorder(root))


def _has_negative_operand(root: Expression) -> bool:
    """Is there a σ(-a)?"""
    operands = [node.operands[0] for node in postorder(root) if isinstance(node, Function) and node.name == "sigmoid"]
    return any(isinstance(operand, Product) and operand.coefficient < 0 for operand in operands)


def _count_of_sums(root: Expression) -> int:
    """How many sums are transposed."""
    return sum(isinstance(node, Transpose) and isinstance(node.operand, Sum) for node in postorder(root))


def _signs(root: Expression) -> int:
    """How many products begin with a minus sign, but for terms of sums."""
    terms = {term for node in postorder(root) if isinstance(node, Sum) for term in node.terms}
    return sum(isinstance(node, Product) and node.coefficient < 0 and node not in terms for node in postorder(root))


def _of_sum(written: Expression) -> str:
    """What a sum over an index became."""
    parts = list(postorder(written))
    products = [node for node in parts if isinstance(node, MatMul) and any(not _is_thin(each) for each in node.factors)]
    if products:
        return "the sum over an index as a product of matrices: Σᵢ aᵢ Xᵢᵀ = aᵀ X"
    if any(isinstance(node, Dot) or (isinstance(node, MatMul) and not node.shape.dims) for node in parts):
        return "the sum over an index as a dot product: Σᵢ aᵢ bᵢ = a·b"
    if any(isinstance(node, Function) and node.name == "sum" for node in parts):
        return "the sum over an index as the sum of the entries of a vector: Σᵢ aᵢ = sum(a)"
    return "the sum over an index by all entries at once"


def _is_thin(node: Expression) -> bool:
    return node.shape.kind in ("vector", "row")


def _count(root: Expression, kind: type) -> int:
    return sum(isinstance(node, kind) for node in postorder(root))


def _calls(root: Expression) -> set[str]:
    return {node.name for node in postorder(root) if isinstance(node, Function)} | {
        "norm" for node in postorder(root) if isinstance(node, Norm)
    }


def _renamed(left: Expression, right: Expression) -> Reason | None:
    """The answer uses a function that was not there."""
    if _count(left, IndexedSum) > _count(right, IndexedSum):
        return Reason(_of_sum(right))
    if _count(right, Cases) > _count(left, Cases):
        return Reason("case by case: [c] is 1 where c holds, otherwise 0")
    if _count(left, Cases) and _count(right, Cases):
        known = "max" in _calls(left) - _calls(right)
        return Reason("case by case: the maximum is known in each case" if known else "case by case")
    if isinstance(_bare(right), Stack) and _count(left, Stack):
        return Reason("entry by entry" + (": each row times the column" if isinstance(left, MatMul) else ""))
    new = sorted(_calls(right) - _calls(left))
    said = [_DEFINED.get(name, f"written with {name}") for name in new]
    if new == ["norm"] and "tr" in _calls(left):
        said = ["the norm: tr(Aᵀ A) = ‖A‖²"]
    if not new and "exp" in _calls(left) & _calls(right):
        said = ["the exponential: exp(a) exp(b) = exp(a + b), 1/exp(a) = exp(-a)"]
    if not said and _has_letters_in_exponents(left) and _has_letters_in_exponents(right):
        said = ["powers of one base: aᵐ aⁿ = aᵐ⁺ⁿ"]
    if not said and "sigmoid" in _calls(left) & _calls(right):
        if "exp" in _calls(left) - _calls(right):
            said = [_DEFINED["sigmoid"]]
        elif _has_negative_operand(left) != _has_negative_operand(right):
            said = ["the logistic function: 1 - σ(a) = σ(-a)"]
    return Reason("; ".join(said)) if said else None
