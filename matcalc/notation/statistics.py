"""The reader's words for averages: sum(x)/n as mean(x), ‖x - mean(x)‖²/n as var(x), and its root as std(x)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

from matcalc.language.dimensions import SCALAR, Dim
from matcalc.notation.build import Builder
from matcalc.notation.matrix import Expression, Function, Norm, Number, Power, Product, Size, Sum, postorder
from matcalc.notation.replace import with_children

WORDS = frozenset(("mean", "var", "std"))
_SPREADS = frozenset(("var", "std"))


def with_averages(build: Builder, root: Expression, words: Collection[str]) -> Expression:
    """An expression with those of the words in it that the reader used; std needs the mean, as var does."""
    if not WORDS & set(words):
        return root
    done: dict[Expression, Expression] = {}
    for node in postorder(root):
        new = with_children(build, node, done)
        if isinstance(new, Product):
            new = _named(build, new)
            if isinstance(new, Product) and not _SPREADS.isdisjoint(words):
                new = _with_sizes(build, new, words)
        elif isinstance(new, Power):
            new = _root(build, new)
        done[node] = new
    return done[root]


def _named(build: Builder, node: Product) -> Expression:
    """c sum(x)/n as c mean(x), and c ‖x - mean(x)‖²/n as c var(x)."""
    for factor in node.factors:
        found = _total(build, factor)
        divisors = None if found is None else _divided(build, node.divisors, found[1])
        if found is not None and divisors is not None:
            factors = [found[0] if each is factor else each for each in node.factors]
            return build.product(node.coefficient, factors, divisors, node.shape)
    return node


def _with_sizes(build: Builder, node: Product, words: Collection[str]) -> Expression:
    """‖x - mean(x)‖² as n var(x), or n std(x)², in a product."""
    factors, divisors = (
        [piece for factor in part for piece in _sized(build, factor, words)] for part in (node.factors, node.divisors)
    )
    if len(factors) + len(divisors) == len(node.factors) + len(node.divisors):
        return node
    return build.product(node.coefficient, _collected(build, factors), _collected(build, divisors), node.shape)


def _sized(build: Builder, node: Expression, words: Collection[str]) -> list[Expression]:
    found = _total(build, node) if isinstance(node, Power) else None
    if found is None:
        return [node]
    average, operand = found
    spread = average if "var" in words else build.power(build.make(Function, SCALAR, "std", (operand,)), 2)
    return [*(build.make(Size, SCALAR, dim) for dim in operand.shape.dims), spread]


def _collected(build: Builder, factors: Sequence[Expression]) -> list[Expression]:
    """Powers of one number together."""
    exponents: dict[Expression, Fraction] = {}
    for factor in factors:
        exponent = _exponent(factor) if isinstance(factor, Power) and not factor.shape.dims else Fraction(1)
        base = factor.base if isinstance(factor, Power) and exponent is not None and not factor.shape.dims else factor
        exponents[base] = exponents.get(base, Fraction(0)) + (exponent if exponent is not None else 1)
    return [build.power(base, exponent) for base, exponent in exponents.items()]


def _total(build: Builder, node: Expression) -> tuple[Expression, Expression] | None:
    """What n times an average is the average of x of, with that x."""
    if isinstance(node, Function) and node.name == "sum" and node.axis is None and node.operands[0].shape.dims:
        return build.make(Function, SCALAR, "mean", node.operands), node.operands[0]
    if isinstance(node, Power) and isinstance(node.base, Norm) and _exponent(node) == 2:
        centred = node.base.operand
        if isinstance(centred, Sum) and len(centred.terms) == 2:
            operand, rest = centred.terms
            average = build.scaled(-1, build.make(Function, SCALAR, "mean", (operand,)))
            if rest is average:
                return build.make(Function, SCALAR, "var", (operand,)), operand
    return None


def _divided(build: Builder, divisors: Sequence[Expression], array: Expression) -> list[Expression] | None:
    """The divisors without the array's number of entries; None if that is not among them."""
    rest: list[Expression] | None = list(divisors)
    for dim in array.shape.dims:
        rest = None if rest is None else _without(build, rest, dim)
    return rest


def _without(build: Builder, divisors: Sequence[Expression], dim: Dim) -> list[Expression] | None:
    """The divisors without a length; None if that is not among them."""
    for position, divisor in enumerate(divisors):
        size = divisor.base if isinstance(divisor, Power) else divisor
        exponent = _exponent(divisor) if isinstance(divisor, Power) else 1
        if isinstance(size, Size) and size.size == dim and exponent is not None and exponent >= 1:
            rest = [build.power(size, exponent - 1)] if exponent > 1 else []
            return [*divisors[:position], *rest, *divisors[position + 1 :]]
    return None


def _exponent(node: Power) -> Fraction | None:
    return Fraction(node.exponent.value) if isinstance(node.exponent, Number) else None


def _root(build: Builder, node: Power) -> Expression:
    """var(x) to the power k/2 as std(x) to the power k."""
    base, exponent = node.base, _exponent(node)
    if isinstance(base, Function) and base.name == "var" and exponent is not None and exponent.denominator == 2:
        return build.power(build.make(Function, SCALAR, "std", base.operands), exponent.numerator)
    return node
