"""What the last step of a simplification is called, where two expressions are compared and no rule made one from the other.

A reason is given only if what it names can be seen in both: there are fewer letters after a common factor is taken out, and
what a function is defined by is gone where the function is new. Otherwise nothing is claimed.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise

from matcalc.language.dimensions import SCALAR
from matcalc.notation.build import Builder
from matcalc.notation.matrix import (
    Cases,
    Chain,
    Diagonal,
    Dot,
    Expression,
    Function,
    Hadamard,
    Identity,
    IndexedSum,
    Indicator,
    Kronecker,
    MatMul,
    Norm,
    Number,
    Ones,
    Power,
    Product,
    Stack,
    Sum,
    Transpose,
    Unit,
    children,
    postorder,
)
from matcalc.notation.products import Reason, chain, settled, with_exponent

_DEFINED = {
    "norm": ("the norm: ``a·a = ‖a‖²``", ("Dot", "sum")),
    "sigmoid": ("the logistic function: ``σ(z) = 1/(1 + exp(-z)) = exp(z)/(1 + exp(z))``", ("exp",)),
    "softmax": ("the softmax: ``softmax(z) = exp(z)/sum(exp(z))``", ("exp",)),
    "tan": ("the tangent: ``tan(z) = sin(z)/cos(z)``", ("sin", "cos")),
    "cot": ("the cotangent: ``cot(z) = cos(z)/sin(z)``", ("sin", "cos")),
    "tanh": ("the hyperbolic tangent: ``tanh(z) = sinh(z)/cosh(z)``", ("sinh", "cosh")),
    "softplus": ("``softplus(z) = log(1 + exp(z))``", ("log",)),
    "logsumexp": ("the softmax: ``log(softmax(z)) = z - logsumexp(z)``", ("softmax", "log_softmax")),
    "sum": ("a row of ones adds up: ``1ᵀ v = sum(v)``", ("Ones",)),
    "abs": ("the norm: ``norm1(z) = sum(abs(z))``", ("norm1",)),
    "mean": ("the mean: ``sum(x)/n = mean(x)``", ("sum",)),
    "cross": ("the cross product: ``skew(a) b = cross(a, b)``", ("skew",)),
    "unvec": ("columns taken apart: ``(Bᵀ ⊗ A) vec(X) = vec(A X B)``", ("Kronecker",)),
    "vec": ("columns stacked: ``x ⊗ y = vec(y xᵀ)``", ("kron", "Kronecker")),
    "tr": ("a sum as a trace: ``sum(A ⊙ B) = tr(A Bᵀ)``", ("sum",)),
    "where": ("case by case: ``where(c, a, b)`` is ``a`` where ``c`` holds, otherwise ``b``", ("Indicator",)),
}
"""What functions are, in terms of others, of which there must be fewer then."""

_KINDS = (Dot, Indicator, Kronecker, Ones)


def functions(root: Expression) -> set[str]:
    """The functions in an expression by name, with the norm."""
    return {node.name for node in postorder(root) if isinstance(node, Function)} | {
        "norm" for node in postorder(root) if isinstance(node, Norm)
    }


def count(root: Expression, kind: type) -> int:
    """How many different nodes there are of a kind."""
    return sum(isinstance(node, kind) for node in postorder(root))


def letters(root: Expression) -> int:
    """How many letters an expression has, each as often as it is written, and numbers before products; I and 1 are none."""
    found: dict[Expression, int] = {}
    for node in postorder(root):
        below = sum(found[child] for child in children(node))
        own = isinstance(node, Product) and abs(node.coefficient) != 1 and bool(below)
        found[node] = below + own if children(node) else int(not isinstance(node, Number | Identity | Ones))
    return found[root]


# ------------------------------------------------------------------ functions


def renamed(left: Expression, right: Expression) -> Reason | None:
    """The answer uses a function that was not there, or none where there was one."""
    if count(left, IndexedSum) > count(right, IndexedSum):
        return Reason(_of_a_sum(left, right))
    if count(right, Cases) > count(left, Cases):
        return Reason("case by case: ``[c]`` is 1 where ``c`` holds, otherwise 0")
    if count(left, Cases) and count(right, Cases):
        known = "max" in functions(left) - functions(right)
        return Reason("case by case: the maximum is known in each case" if known else "case by case")
    if isinstance(bare(right), Stack) and count(left, Stack):
        return Reason("entry by entry" + (": each row times the column" if isinstance(left, MatMul) else ""))
    words = _by_definition(left, right)
    return Reason(words) if words else None


def _of_a_sum(left: Expression, right: Expression) -> str:
    """How a sum over an index is written with arrays."""
    body = next(node for node in postorder(left) if isinstance(node, IndexedSum)).body
    if any(isinstance(node, Unit) and isinstance(node.position, str) for node in postorder(body)):
        return "the sum over an index puts each entry in its place: ``Σᵢ aᵢ e(i)ᵀ = aᵀ``"
    if body.shape.kind == "matrix":
        return "the sum over an index as a product of matrices: ``Σᵢ Xᵢ Yᵢᵀ = Xᵀ Y``"
    if not body.shape.dims:
        dots = isinstance(right, Dot) or (isinstance(right, Product) and any(isinstance(each, Dot) for each in right.factors))
        words = "as a dot product: ``Σᵢ aᵢ bᵢ = a·b``" if dots else "as the sum of a column: ``Σᵢ aᵢ = sum(a)``"
        return f"the sum over an index {words}"
    scaled = isinstance(body, Product) and (len(body.factors) > 1 or bool(body.divisors))
    if scaled and any(isinstance(node, MatMul) for node in postorder(right)):
        return "the sum over an index as a product of matrices: ``Σᵢ aᵢ Xᵢᵀ = aᵀ X``"
    return "the sum over an index as a sum of rows: ``Σᵢ Xᵢᵀ = 1ᵀ X``"


def _kinds(root: Expression) -> Counter[str]:
    found: Counter[str] = Counter()
    for node in postorder(root):
        if isinstance(node, Function):
            found[node.name] += 1
        elif isinstance(node, Norm):
            found["norm"] += 1
        elif isinstance(node, _KINDS):
            found[type(node).__name__] += 1
    return found


def _by_definition(left: Expression, right: Expression) -> str:
    """What the functions mean that come or go; nothing if one of them is not understood."""
    before, after = _kinds(left), _kinds(right)
    if before["Indicator"] > 1 and not after["Indicator"]:
        return "one of the two conditions holds: ``[a ≥ b] + [b > a] = 1``"
    new = sorted(functions(right) - functions(left))
    said: list[str] = []
    for name in new:
        words, sources = _DEFINED.get(name, ("", ()))
        if name == "norm" and before["tr"] > after["tr"]:
            words, sources = "the norm: ``tr(Aᵀ A) = ‖A‖²``", ("tr",)
        elif name == "sum" and "abs" in new and before["norm1"] > after["norm1"]:
            continue
        if not any(before[source] > after[source] for source in sources):
            return ""
        said.append(words)
    if said:
        return "; ".join(said)
    if before["normp"] > after["normp"] and "sum" in after:
        return "the norm: ``normp(x, p) = sum(abs(x)^p)^(1/p)``"
    if _calls_of(left, "exp") != _calls_of(right, "exp") and before["exp"] and after["exp"]:
        return "the exponential: ``exp(a) exp(b) = exp(a + b)``, ``1/exp(a) = exp(-a)``"
    if before["vec"] > after["vec"] > 0:
        return "element by element, before or after columns are stacked: ``vec(A) ⊙ vec(B) = vec(A ⊙ B)``"
    if letters(left) != letters(right) and _lettered(left) and _lettered(right):
        return "powers of one base: ``aᵐ aⁿ = aᵐ⁺ⁿ``"
    if "sigmoid" in after and "sigmoid" in before:
        if before["exp"] > after["exp"]:
            return _DEFINED["sigmoid"][0]
        if _has_negative_operand(left) != _has_negative_operand(right):
            return "the logistic function: ``1 - σ(a) = σ(-a)``"
    return ""


def _calls_of(root: Expression, name: str) -> set[Expression]:
    return {node for node in postorder(root) if isinstance(node, Function) and node.name == name}


def _lettered(root: Expression) -> set[Expression]:
    """Powers with letters in the exponent."""
    return {node for node in postorder(root) if isinstance(node, Power) and not isinstance(node.exponent, Number)}


def _has_negative_operand(root: Expression) -> bool:
    """Is there a σ(-a)?"""
    operands = [node.operands[0] for node in _calls_of(root, "sigmoid") if isinstance(node, Function)]
    return any(isinstance(operand, Product) and operand.coefficient < 0 for operand in operands)


# ------------------------------------------------------------------ common factors, brackets


def factored(build: Builder, left: Expression, right: Expression) -> Reason | None:
    """What two expressions that are equal once they are multiplied out differ in: a common factor, or brackets."""
    if count(right, Diagonal) < count(left, Diagonal):
        if count(right, Diagonal):
            return Reason("diagonal matrices are added: ``diag(a) + diag(b) = diag(a + b)``")
        words = _into_brackets(left)
        if words:
            return Reason(words)
    if isinstance(left, Sum) and isinstance(right, Product) and right.divisors:
        return one_denominator(build, right)
    if isinstance(left, Product) and isinstance(right, Product) and _below(right) - _below(left):
        return one_denominator(build, right)
    if letters(right) > letters(left):
        return Reason("multiplied out: ``a (b + c) = a b + a c``")
    return _common(build, left, right) if letters(right) < letters(left) else None


def _common(build: Builder, left: Expression, right: Expression) -> Reason:
    """The factor that is taken out, if it can be told."""
    cancelled = _cancelled(build, left, right)
    if cancelled is not None:
        return Reason("the common factor {} is taken out and cancels", (cancelled,))
    inner = bare(right)
    common = _outside(left, inner) if isinstance(left, Sum) and isinstance(inner, Product | MatMul | Hadamard) else []
    if common and isinstance(inner, MatMul):
        outer = [chain(build, each) for each in _runs(inner, common)]
        words = "the common factors {} and {} are taken out" if len(outer) == 2 else "the common factor {} is taken out"
        if len(outer) <= 2:
            return Reason(words, tuple(outer))
    elif common and isinstance(inner, Hadamard):
        part: Expression = settled(build, build.make(Hadamard, inner.shape, tuple(common), ()))
        return Reason("the common factor {} is taken out", (part,))
    elif common:
        return Reason("the common factor {} is taken out", (build.product(1, common, (), common[-1].shape),))
    elif isinstance(left, Sum) and isinstance(inner, Product) and abs(inner.coefficient) != 1:
        return Reason("the common factor {} is taken out", (build.number(abs(Fraction(inner.coefficient))),))
    if _is_opened(left, right):
        return Reason("the brackets are multiplied out, and like terms are collected")
    return Reason("a common factor is taken out: ``a b + a c = a (b + c)``")


def _into_brackets(root: Expression) -> str:
    """What a row or a column makes of a diagonal matrix in brackets beside it."""
    for node in postorder(root):
        if not isinstance(node, MatMul | Chain):
            continue
        for before, after in pairwise(node.factors):
            if before.shape.kind == "row" and isinstance(after, Sum) and count(after, Diagonal):
                return "the row goes into the brackets: ``aᵀ (diag(b) + C) = (a ⊙ b)ᵀ + aᵀ C``"
            if after.shape.kind == "vector" and isinstance(before, Sum) and count(before, Diagonal):
                return "the column goes into the brackets: ``(diag(a) + B) c = a ⊙ c + B c``"
    return ""


def _is_opened(left: Expression, right: Expression) -> bool:
    """Whether a sum has brackets within, and the other one none, where all else is the same."""
    before, after = (node if isinstance(node, Product) else None for node in (left, right))
    if before is not None and after is not None:
        if not before.factors or not after.factors:
            return False
        if before.divisors != after.divisors or before.factors[:-1] != after.factors[:-1]:
            return False
        left, right = before.factors[-1], after.factors[-1]
    return isinstance(left, Sum) and isinstance(right, Sum) and count(left, Sum) > 1 and count(right, Sum) == 1


def _outside(left: Sum, right: Product | MatMul | Hadamard) -> list[Expression]:
    """The factors that were in each term, if one in brackets is new."""
    there = [frozenset(postorder(term)) for term in left.terms]
    common = [each for each in right.factors if not _in_brackets(each) or all(each in term for term in there)]
    return common if len(common) < len(right.factors) else []


def _in_brackets(node: Expression) -> bool:
    """Is it a sum, or a power, transpose or product of one?"""
    while isinstance(node, Transpose | Power | Diagonal):
        node = node.base if isinstance(node, Power) else node.operand
    if isinstance(node, MatMul | Hadamard):
        return any(isinstance(each.operand if isinstance(each, Transpose) else each, Sum) for each in node.factors)
    return isinstance(node, Sum)


def _cancelled(build: Builder, left: Expression, right: Expression) -> Expression | None:
    """c in (c a + c b)/c² = (a + b)/c."""
    if not (isinstance(left, Product) and left.divisors and isinstance(right, Product)):
        return None
    before, after = _exponents(left), _exponents(right)
    gained = {base: after.get(base, Fraction(0)) - before.get(base, Fraction(0)) for base in {**before, **after}}
    powers = [(base, exponent) for base, exponent in gained.items() if exponent]
    if not powers or any(exponent < 0 or before.get(base, 0) >= 0 for base, exponent in powers):
        return None
    return build.product(1, [build.power(base, exponent) for base, exponent in powers], (), SCALAR)


def _below(node: Product) -> set[Expression]:
    """What a product is divided by, without exponents."""
    return {with_exponent(each)[0] for each in node.divisors}


def _exponents(node: Product) -> dict[Expression, Fraction]:
    """The numbers before an array, or before brackets, with their exponents."""
    found: dict[Expression, Fraction] = {}
    for sign, part in ((1, node.factors), (-1, node.divisors)):
        for each in part:
            base, exponent = with_exponent(each)
            if not each.shape.dims and not isinstance(base, Sum):
                found[base] = found.get(base, Fraction(0)) + sign * exponent
    return found


def bare(node: Expression) -> Expression:
    """A product without the number before it, and without a transpose sign."""
    if isinstance(node, Product) and len(node.factors) == 1 and not node.divisors and node.factors[0].shape.dims:
        node = node.factors[0]
    return node.operand if isinstance(node, Transpose) else node


def one_denominator(build: Builder, node: Product) -> Reason:
    """Fractions that are added."""
    return Reason("over the common denominator {}", (build.product(1, node.divisors, (), SCALAR),))


def _runs(node: MatMul, common: list[Expression]) -> list[list[Expression]]:
    """The common factors that stand together in a product of matrices."""
    runs: list[list[Expression]] = [[]]
    for factor in node.factors:
        if factor in common:
            runs[-1].append(factor)
        else:
            runs.append([])
    return [run for run in runs if run]
