"""Simplifications that look at the answer: what it writes with a function of its own, and what it writes without."""

from __future__ import annotations

from fractions import Fraction

from matcalc.language.dimensions import SCALAR
from matcalc.notation.build import Builder
from matcalc.notation.looks import columns_of, rows_of
from matcalc.notation.matrix import (
    Dot,
    Expression,
    Function,
    Identity,
    Inverse,
    Kronecker,
    MatMul,
    Norm,
    Number,
    Power,
    Product,
    Size,
    Transpose,
    postorder,
)
from matcalc.notation.products import Found, Reason, Rule, chain, settled
from matcalc.notation.statistics import WORDS, with_averages

_AVERAGES = {
    "mean": "the mean: ``sum(x)/n = mean(x)``",
    "var": "the variance: ``‖x - mean(x)‖²/n = var(x)``",
    "std": "the standard deviation: ``sqrt(‖x - mean(x)‖²/n) = std(x)``",
}


def calls(root: Expression) -> set[str]:
    """The functions in an expression, by name."""
    return {node.name for node in postorder(root) if isinstance(node, Function)}


class Definitions:
    """The rules for one answer."""

    def __init__(self, goal: Expression) -> None:
        nodes = frozenset(postorder(goal))
        self._kept = nodes
        self._calls = calls(goal)
        self._inverted = {node.operand for node in nodes if isinstance(node, Inverse)}
        self._normed = {node.operand: node for node in nodes if isinstance(node, Norm)}
        averages = bool(self._calls & WORDS)
        inverses = any(isinstance(node, Inverse) for node in nodes)
        self.rules: tuple[Rule, ...] = (
            *((self._averages,) if averages else ()), *((self._inverses,) if inverses else ()),
            *((self._root, self._norm) if self._normed else ()), self._plain, kronecker,
        )  # fmt: skip

    def _averages(self, build: Builder, node: Expression) -> Found:
        """sum(x)/n = mean(x) and the like, where the answer has it so."""
        new = with_averages(build, node, self._calls & WORDS)
        named = calls(new) - calls(node)
        if not named or not named <= self._calls:  # var(x) on the way to std(x)
            return None
        return new, Reason("; ".join(_AVERAGES[name] for name in _AVERAGES if name in named))

    def _inverses(self, build: Builder, node: Expression) -> Found:
        """(A B)⁻¹ = B⁻¹ A⁻¹, where the answer has the inverse of a factor."""
        if not (isinstance(node, Inverse) and isinstance(node.operand, MatMul)) or node.operand in self._inverted:
            return None
        factors = node.operand.factors
        square = all(factor.shape == node.shape for factor in factors)
        if not square or all(_core(factor) not in self._inverted for factor in factors):
            return None
        turned = [build.inverse(factor) for factor in reversed(factors)]
        letters = "``(A B)⁻¹ = B⁻¹ A⁻¹``" if len(factors) == 2 else "``(A B C)⁻¹ = C⁻¹ B⁻¹ A⁻¹``"
        return chain(build, turned), Reason(f"the inverse of a product: {letters}")

    def _root(self, build: Builder, node: Expression) -> Found:
        """sqrt(a·a) = ‖a‖, where the answer has the norm."""
        if not (isinstance(node, Power) and isinstance(node.exponent, Number)) or node.exponent.value != Fraction(1, 2):
            return None
        operand, words = _square(node.base)
        if operand is None or operand not in self._normed or words.startswith("mean"):
            return None
        letter = "A" if words.startswith("tr") else "a"
        return self._normed[operand], Reason(f"the norm: ``sqrt({words}) = ‖{letter}‖``")

    def _norm(self, build: Builder, node: Expression) -> Found:
        """a·a = ‖a‖², where the answer has the norm."""
        operand, words = _square(node)
        if operand is None or operand not in self._normed or node in self._kept:
            return None
        square = build.power(self._normed[operand], 2)
        if words.startswith("mean"):
            sizes = [build.make(Size, SCALAR, dim) for dim in operand.shape.dims]
            return build.product(1, [square], sizes, SCALAR), Reason(f"the norm: ``{words} = ‖a‖²/n``")
        letter = "A" if words.startswith("tr") else "a"
        return square, Reason(f"the norm: ``{words} = ‖{letter}‖²``")

    def _plain(self, build: Builder, node: Expression) -> Found:
        """solve(A, b) = A⁻¹ b, outer(x, y) = x yᵀ, unvec(vec(X)) = X, where the answer has it so."""
        if not isinstance(node, Function) or node.name in self._calls or node.axis is not None:
            return None
        match node.name, node.operands:
            case "solve", (matrix, right):
                return chain(build, [build.inverse(matrix), right]), Reason("a system of equations: ``solve(A, b) = A⁻¹ b``")
            case "outer", (left, right) if left.shape.kind == right.shape.kind == "vector":
                return chain(build, [left, build.transpose(right)]), Reason("the outer product: ``outer(x, y) = x yᵀ``")
            case "unvec", (Function(name="vec", operands=(inner,)),) if inner.shape == node.shape:
                return inner, Reason("columns stacked and taken apart again: ``unvec(vec(X)) = X``")
        return None


def _square(node: Expression) -> tuple[Expression | None, str]:
    """What a node is the sum of the squares of, and how that is said."""
    match node:
        case Dot() if node.left is node.right:
            return node.left, "a·a"
        case MatMul(factors=(Transpose(operand=inner), right)) if inner is right and right.shape.kind == "vector":
            return right, "aᵀ a"
        case Function(name="sum" | "mean", operands=(Power(base=base, exponent=Number(value=2)),), axis=None):
            return base, f"{node.name}(a²)"
        case Function(name="tr", operands=(MatMul(factors=(Transpose(operand=inner), right)),)) if inner is right:
            return right, "tr(Aᵀ A)"
    return None, ""


def _core(node: Expression) -> Expression:
    return node.operand if isinstance(node, Transpose) else node


# ------------------------------------------------------------------ Kronecker products


def kronecker(build: Builder, node: Expression) -> Found:
    """(A ⊗ B) (C ⊗ D) = (A C) ⊗ (B D), A (bᵀ ⊗ C) = bᵀ ⊗ (A C)."""
    if not isinstance(node, MatMul):
        return None
    for k in range(len(node.factors) - 1):
        found = _of_two(build, node.factors[k], node.factors[k + 1])
        if found is not None:
            new, reason = found
            return chain(build, [*node.factors[:k], new, *node.factors[k + 2 :]]), reason
    return None


def _of_two(build: Builder, left: Expression, right: Expression) -> Found:
    if not (isinstance(right, Kronecker) and len(right.factors) == 2):
        return None
    above, below = right.factors
    if isinstance(left, Kronecker) and len(left.factors) == 2:
        first, second = left.factors
        if columns_of(first.shape) != rows_of(above.shape) or columns_of(second.shape) != rows_of(below.shape):
            return None
        sides = _times(build, first, above), _times(build, second, below)
        reason = Reason("Kronecker products: ``(A ⊗ B) (C ⊗ D) = (A C) ⊗ (B D)``")
        if sides[0].shape.kind == "scalar":
            return settled(build, build.make(Product, sides[1].shape, 1, sides, ())), reason
        if sides[1].shape.kind == "scalar":
            return settled(build, build.make(Product, sides[0].shape, 1, sides[::-1], ())), reason
        return build.kronecker(*sides), reason
    if above.shape.kind == "row" and columns_of(left.shape) == rows_of(below.shape):
        words = "a Kronecker product with a row: ``A (bᵀ ⊗ C) = bᵀ ⊗ (A C)``"
        return build.kronecker(above, _times(build, left, below)), Reason(words)
    return None


def _times(build: Builder, left: Expression, right: Expression) -> Expression:
    if isinstance(right, Identity):
        return left
    return right if isinstance(left, Identity) else chain(build, [left, right])
