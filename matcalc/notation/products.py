"""Simplification of sums and products as such: numbers, powers, brackets, alternatives.

A rule looks at one node and returns what it is equal to, with the reason, or None. A reason is short, names what is done and
states the identity, with no full stop; `{}` in it stand for the expressions in `parts`, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from matcalc.language.dimensions import SCALAR, Shape, row, vector
from matcalc.notation.build import Builder
from matcalc.notation.looks import columns_of, rows_of, shape_of
from matcalc.notation.matrix import (
    Cases,
    Chain,
    Expression,
    Hadamard,
    MatMul,
    Number,
    Ones,
    Power,
    Product,
    Sum,
    Transpose,
    Zeros,
)


class Reason(NamedTuple):
    """Why a step is allowed; `{}` in the words stand for the parts."""

    words: str
    parts: tuple[Expression, ...] = ()


Found = tuple[Expression, Reason] | None
Rule = Callable[[Builder, Expression], Found]


# ------------------------------------------------------------------ what prints the same, and brackets that do nothing


TO_THE_FRONT = "to the front"
"""How the reasons end that need no line of their own."""

FACTOR_ONE = "a factor 1 does nothing: ``1 · a = a``"
"""The reason where a factor 1 is left out."""

_HIGH = 20
"""Powers of numbers from this one on are not worked out."""


def settled(build: Builder, node: Expression) -> Expression:
    """A node in the form in which it is compared: 1 · a as a, the transpose of ones as a row of ones."""
    if isinstance(node, Product) and node.coefficient == 1 and len(node.factors) == 1 and not node.divisors:
        return node.factors[0]
    match node:
        case Product(factors=(), divisors=()):
            return build.number(node.coefficient)
        case Product(coefficient=-1, factors=(Number() as number,), divisors=()):
            return build.number(-number.value)
        case Transpose(operand=Ones() | Zeros()):
            return build.make(Ones, node.shape) if isinstance(node.operand, Ones) else build.make(Zeros, node.shape)
        case MatMul() | Hadamard(divisors=()) if len(node.factors) == 1:
            return node.factors[0]
        case Sum() if len(node.terms) == 1 and node.terms[0].shape == node.shape:
            return node.terms[0]
        case Zeros() if not node.shape.dims:
            return build.make(Number, SCALAR, 0)
    return node


def opened(build: Builder, node: Expression) -> Expression:
    """(A B) C without its brackets, (a + b) + c, and a chain of derivatives as a product."""
    match node:
        case Chain():
            scalars = [factor for factor in node.factors if not factor.shape.dims]
            arrays = [factor for factor in node.factors if factor.shape.dims]
            product = opened(build, chain(build, arrays)) if arrays else None
            factors = (*scalars, product) if product is not None else tuple(scalars)
            return opened(build, build.make(Product, node.shape, 1, factors, ()))
        case MatMul() if any(isinstance(factor, MatMul) for factor in node.factors):
            flat = [each for factor in node.factors for each in (factor.factors if isinstance(factor, MatMul) else (factor,))]
            return build.make(MatMul, node.shape, tuple(flat))
        case Sum() if any(isinstance(term, Sum) and term.shape == node.shape for term in node.terms):
            terms = [each for term in node.terms for each in (term.terms if isinstance(term, Sum) else (term,))]
            return build.make(Sum, node.shape, tuple(terms))
        case Hadamard() if any(isinstance(factor, Hadamard) for factor in node.factors):
            inner = [factor for factor in node.factors if isinstance(factor, Hadamard)]
            flat = [each for factor in node.factors for each in (factor.factors if isinstance(factor, Hadamard) else (factor,))]
            below = [each for factor in inner for each in factor.divisors]
            return build.make(Hadamard, node.shape, tuple(flat), (*below, *node.divisors))
        case MatMul() | Product() | Hadamard():
            found = one_product(build, node)
            if found is not None and found[1].words.endswith(TO_THE_FRONT):
                return found[0]
    return settled(build, node)


def is_zero(node: Expression) -> bool:
    """Is it 0, or an array of zeros?"""
    return isinstance(node, Zeros) or (isinstance(node, Number) and node.value == 0)


def zeros(build: Builder, node: Expression) -> Expression:
    """0 in the shape of a node."""
    return build.make(Zeros, node.shape) if node.shape.dims else build.make(Number, SCALAR, 0)


def chain(build: Builder, factors: Sequence[Expression]) -> Expression:
    """A product of arrays as it stands."""
    shape = shape_of(rows_of(factors[0].shape), columns_of(factors[-1].shape))
    return factors[0] if len(factors) == 1 else build.make(MatMul, shape, tuple(factors))


def split(build: Builder, node: Product) -> tuple[Product | None, Expression]:
    """The number before an array, and the array."""
    last = node.factors[-1]
    if node.coefficient == 1 and len(node.factors) == 1 and not node.divisors:
        return None, last
    return build.make(Product, SCALAR, node.coefficient, node.factors[:-1], node.divisors), last


# ------------------------------------------------------------------ zeros


def nothing(build: Builder, node: Expression) -> Found:
    """0 a = 0, a + 0 = a."""
    match node:
        case Product(coefficient=0, factors=(_, *_)):
            return zeros(build, node), Reason("a product with a factor 0 is 0")
        case Product() | MatMul() | Hadamard() if any(map(is_zero, node.factors)):
            return zeros(build, node), Reason("a product with a factor 0 is 0")
        case Sum() if any(map(is_zero, node.terms)):
            terms = tuple(term for term in node.terms if not is_zero(term))
            if terms and all(term.shape != node.shape for term in terms):
                return None
            found = build.make(Sum, node.shape, terms) if terms else zeros(build, node)
            return settled(build, found), Reason("a term 0 is left out: ``a + 0 = a``")
    return None


# ------------------------------------------------------------------ scalars: one product, powers


def one_product(build: Builder, node: Expression) -> Found:
    """Products within a product are opened: numbers multiply, divisors go below."""
    if isinstance(node, MatMul | Hadamard) and any(isinstance(factor, Product) for factor in node.factors):
        parts = [split(build, factor) if isinstance(factor, Product) else (None, factor) for factor in node.factors]
        scalars = [scale for scale, _ in parts if scale is not None]
        arrays = tuple(array for _, array in parts)
        fields = (arrays, node.divisors) if isinstance(node, Hadamard) else (arrays,)
        core = opened(build, build.make(type(node), node.shape, *fields))
        return _flat(build, build.make(Product, node.shape, 1, (*scalars, core), ())), _why_flat(scalars)
    if isinstance(node, Hadamard) and any(isinstance(divisor, Product) for divisor in node.divisors):
        below = [split(build, each) if isinstance(each, Product) and each.factors else (None, each) for each in node.divisors]
        arrays = tuple(array for _, array in below)
        scalars = [scale for scale, _ in below if scale is not None]
        core = opened(build, build.make(Hadamard, node.shape, node.factors, arrays))
        whole = _flat(build, build.make(Product, node.shape, 1, (core,), tuple(scalars)))
        return whole, Reason("a number in a divisor: ``a ⊘ (c b) = (1/c) (a ⊘ b)``")
    if isinstance(node, Product) and any(isinstance(each, Product | Number) for each in (*node.factors, *node.divisors)):
        scales = [build.make(Product, SCALAR, node.coefficient, (), node.divisors)]
        before = [each for each in scales if each.coefficient != 1 or each.divisors]
        inner = [split(build, each)[0] if isinstance(each, Product) and each.shape.dims else each for each in node.factors]
        return _flat(build, node), _why_flat([*before, *(each for each in inner if each is not None and not each.shape.dims)])
    return None


def factor_one(build: Builder, node: Expression) -> Found:
    """1 a = a, where nothing else has to be said."""
    found = one_product(build, node)
    return found if found is not None and found[1].words == FACTOR_ONE else None


def _why_flat(parts: Sequence[Expression]) -> Reason:
    """What happens to these scalar factors when they become one product."""
    numbers = [coefficient(part) for part in parts]
    counted = [number for number in numbers if abs(number) != 1]
    if len(counted) > 1:
        return Reason("the numbers are multiplied")
    busy = [part for part in parts if abs(coefficient(part)) != 1 or not (isinstance(part, Number) or _is_number(part))]
    if any(isinstance(part, Product) and part.divisors for part in busy) and len(busy) > 1:
        return Reason("one fraction: ``(1/b) a = a/b``")
    if any(isinstance(part, Number) and part.value == 1 for part in parts) and not any(number < 0 for number in numbers):
        return Reason(FACTOR_ONE)
    if sum(number < 0 for number in numbers) > 1:
        return Reason("the signs are multiplied: ``(-1) (-1) = 1``")
    if any(number < 0 for number in numbers):
        return Reason(f"the sign goes {TO_THE_FRONT}")
    return Reason(f"the number goes {TO_THE_FRONT}" if counted else f"scalars go {TO_THE_FRONT}")


def coefficient(node: Expression) -> Fraction:
    """The number before a product, or a number itself."""
    return Fraction(node.coefficient if isinstance(node, Product) else node.value if isinstance(node, Number) else 1)


def _is_number(node: Expression) -> bool:
    return isinstance(node, Product) and not node.factors and not node.divisors


def _flat(build: Builder, node: Product) -> Expression:
    """A product with its inner products opened, as far as they go."""
    coefficient = Fraction(node.coefficient)
    above: list[Expression] = []
    below: list[Expression] = []
    waiting = [*((each, True) for each in reversed(node.divisors)), *((each, False) for each in reversed(node.factors))]
    while waiting:
        each, under = waiting.pop()
        if isinstance(each, Product) and not (under and not each.coefficient):
            coefficient = coefficient / each.coefficient if under else coefficient * each.coefficient
            waiting += [(part, not under) for part in reversed(each.divisors)]
            waiting += [(part, under) for part in reversed(each.factors)]
        elif isinstance(each, Number) and not (under and not each.value):
            coefficient = coefficient / each.value if under else coefficient * each.value
        else:
            (below if under else above).append(each)
    if not coefficient:
        return zeros(build, node)
    return build.product(coefficient, above, below, node.shape)


def powers(build: Builder, node: Expression) -> Found:
    """(aᵐ)ⁿ = aᵐⁿ, (c a)ⁿ = cⁿ aⁿ, 2³ = 8."""
    match node:
        case Power(base=Power() as inner, exponent=Number() as outer) if isinstance(inner.exponent, Number):
            if Fraction(outer.value).denominator == 1 or Fraction(inner.exponent.value).denominator % 2 == 0:
                new = _power(build, inner.base, Fraction(inner.exponent.value * outer.value))
                return new, Reason("a power of a power: ``(aᵐ)ⁿ = aᵐⁿ``")
        case Power(base=Product() as inner, exponent=Number() as outer) if inner.factors or inner.divisors:
            exponent = Fraction(outer.value)
            if exponent.denominator == 1:
                above = [_power(build, each, exponent) for each in inner.factors]
                below = [_power(build, each, exponent) for each in inner.divisors]
                coefficient = Fraction(inner.coefficient) ** int(exponent)
                return build.product(coefficient, above, below, node.shape), Reason("a power of a product: ``(a b)ⁿ = aⁿ bⁿ``")
        case Power(base=Hadamard() as inner, exponent=Number() as outer) if Fraction(outer.value).denominator == 1:
            above = [_power(build, each, Fraction(outer.value)) for each in inner.factors]
            below = [_power(build, each, Fraction(outer.value)) for each in inner.divisors]
            found = build.make(Hadamard, node.shape, tuple(above), tuple(below))
            return found, Reason("a power of a product: ``(a ⊙ b)ⁿ = aⁿ ⊙ bⁿ``")
        case Power(base=Number() as number, exponent=Number() as outer) if Fraction(outer.value).denominator == 1:
            if outer.value < _HIGH:
                return build.number(Fraction(number.value) ** int(outer.value)), Reason("the power is a number")
    return None


def _power(build: Builder, base: Expression, exponent: Fraction) -> Expression:
    value = int(exponent) if exponent.denominator == 1 else exponent
    return base if exponent == 1 else build.make(Power, base.shape, base, build.number(value))


def with_exponent(node: Expression) -> tuple[Expression, Fraction]:
    """The base of a power, with its exponent."""
    if isinstance(node, Power) and isinstance(node.exponent, Number) and not isinstance(node.base, Number):
        return node.base, Fraction(node.exponent.value)
    return node, Fraction(1)


def _signed(node: Product | Hadamard, arrays: Sequence[Expression]) -> list[tuple[Expression, int]]:
    """The factors with 1 and the divisors with -1; those of an element-wise product in a divisor one by one."""
    signed = [(each, 1) for each in node.factors if each not in arrays]
    for divisor in node.divisors:
        parts = (divisor.factors, divisor.divisors) if isinstance(divisor, Hadamard) else ((divisor,), ())
        signed += [(each, -1) for each in parts[0]] + [(each, 1) for each in parts[1]]
    return signed


def cancelling(which: Sequence[Expression]) -> Reason:
    """The reason if these are divided by themselves."""
    if len(which) == 1:
        return Reason("{} cancels", tuple(which))
    return Reason(", ".join(["{}"] * (len(which) - 1)) + " and {} cancel", tuple(which))


def merged(build: Builder, node: Expression) -> Found:
    """x x = x², x²/x = x; element by element, too."""
    if not isinstance(node, Product | Hadamard):
        return None
    arrays = [each for each in node.factors if isinstance(node, Product) and each.shape.dims]
    total: dict[Expression, Fraction] = {}
    cancelled: dict[Expression, None] = {}
    joined: dict[Expression, None] = {}
    for each, sign in _signed(node, arrays):
        base, exponent = with_exponent(each)
        if base in total:
            (joined if total[base] * sign > 0 else cancelled)[base] = None
        total[base] = total.get(base, Fraction(0)) + sign * exponent
    if not cancelled and not joined:
        return None
    above = [_power(build, base, exponent) for base, exponent in total.items() if exponent > 0]
    below = [_power(build, base, -exponent) for base, exponent in total.items() if exponent < 0]
    new: Expression
    if isinstance(node, Product):
        new = build.product(node.coefficient, [*above, *arrays], below, node.shape)
    elif not above and not below:
        new = build.make(Ones, node.shape)
    else:
        kinds = {each.shape.kind: each.shape for each in (*above, *below) if each.shape.dims}
        shape = kinds.get(node.shape.kind) or next(iter(kinds.values()), node.shape)
        if len(kinds) > 1 and shape != node.shape:
            return None  # a row and a column: nothing is left that has the whole shape
        new = _spread(build, settled(build, build.make(Hadamard, shape, tuple(above), tuple(below))), node.shape)
    if cancelled:
        which = tuple(cancelled)
        return new, cancelling(which)
    return new, Reason("powers of one base: ``aᵐ aⁿ = aᵐ⁺ⁿ``")


# ------------------------------------------------------------------ multiplied out


def multiplied_out(build: Builder, node: Expression) -> Found:
    """A (B + C) = A B + A C."""
    if isinstance(node, Product) and node.factors and isinstance(node.factors[-1], MatMul | Hadamard):
        inside = multiplied_out(build, node.factors[-1])
        if inside is not None and (len(node.factors) > 1 or node.divisors or abs(node.coefficient) != 1):  # they stay outside
            factors = (*node.factors[:-1], inside[0])
            return build.make(Product, node.shape, node.coefficient, factors, node.divisors), inside[1]
        if inside is not None and isinstance(inside[0], Sum):
            terms = tuple(_term(build, node, len(node.factors) - 1, term) for term in inside[0].terms)
            return build.make(Sum, node.shape, terms), inside[1]
    if not isinstance(node, MatMul | Product | Hadamard):
        return None
    at = next((k for k, factor in enumerate(node.factors) if isinstance(factor, Sum)), None)
    if at is None:
        return None
    inner = node.factors[at]
    assert isinstance(inner, Sum)
    others = [factor for place, factor in enumerate(node.factors) if place != at]
    stretches = isinstance(node, Hadamard) and any(factor.shape == node.shape for factor in others)
    whole = [term if stretches and term.shape.dims else _spread(build, term, inner.shape) for term in inner.terms]
    each = [_term(build, node, at, term) for term in whole]
    bare = isinstance(node, Product) and node.coefficient == -1 and len(node.factors) == 1 and not node.divisors
    words = "multiplied out: ``a (b + c) = a b + a c``"
    if bare:
        negative = any(isinstance(term, Product) and term.coefficient < 0 for term in inner.terms)
        words = f"the sign goes into the brackets: {'``-(a - b) = b - a``' if negative else '``-(a + b) = -a - b``'}"
    elif isinstance(node, MatMul):
        words = "multiplied out: ``A (B + C) = A B + A C``" if at else "multiplied out: ``(A + B) C = A C + B C``"
    elif isinstance(node, Hadamard):
        words = "multiplied out: ``a ⊙ (b + c) = a ⊙ b + a ⊙ c``"
    return build.make(Sum, node.shape, tuple(each)), Reason(words)


def into_cases(build: Builder, node: Expression) -> Found:
    """What multiplies alternatives goes into each of them."""
    if not isinstance(node, MatMul | Product):
        return None
    at = next((k for k, factor in enumerate(node.factors) if isinstance(factor, Cases)), None)
    if at is None:
        return None
    inner = node.factors[at]
    assert isinstance(inner, Cases)
    if any(value.shape != inner.shape for value, _ in inner.branches):
        return None
    branches = []
    for value, condition in inner.branches:
        factors = (*node.factors[:at], value, *node.factors[at + 1 :])
        branch: Expression = build.make(MatMul, node.shape, factors)
        if isinstance(node, Product):
            branch = build.make(Product, node.shape, node.coefficient, factors, node.divisors)
        branches.append((branch, condition))
    return build.make(Cases, node.shape, tuple(branches)), Reason("case by case: the factor goes into each case")


def _spread(build: Builder, term: Expression, shape: Shape) -> Expression:
    """A number that is added to each element, or a row or column that is added to each, as an array of the whole shape."""
    if term.shape.kind == shape.kind or not shape.dims:
        return term
    if term.shape.kind == "row":
        return build.make(MatMul, shape, (build.make(Ones, vector(shape.dims[0])), term))
    if term.shape.dims:
        return build.make(MatMul, shape, (term, build.make(Ones, row(shape.dims[1]))))
    ones = build.make(Ones, shape)
    return ones if isinstance(term, Number) and term.value == 1 else build.make(Product, shape, 1, (term, ones), ())


def _term(build: Builder, node: MatMul | Product | Hadamard, at: int, term: Expression) -> Expression:
    factors = (*node.factors[:at], term, *node.factors[at + 1 :])
    if isinstance(node, MatMul):
        numbers = [split(build, term)] if isinstance(term, Product) and term.factors else []
        if numbers and numbers[0][0] is not None:
            scale, array = numbers[0]
            core = opened(build, chain(build, (*node.factors[:at], array, *node.factors[at + 1 :])))
            return _flat(build, build.make(Product, node.shape, 1, (scale, core), ()))
        return opened(build, build.make(MatMul, node.shape, factors))
    if isinstance(node, Hadamard):
        rest = tuple(factor for factor in factors if not isinstance(factor, Ones)) or factors[:1]
        return opened(build, opened(build, build.make(Hadamard, node.shape, rest, node.divisors)))
    return _flat(build, build.make(Product, node.shape, node.coefficient, factors, node.divisors))
