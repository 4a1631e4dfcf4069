"""The differential of an expression that is linear in each of the variables in it: the product rule, as it is written.

d(A X B) = A dX B, d(xᵀ A x) = dxᵀ A x + xᵀ A dx. What is not made of sums, products and functions that are linear has no
differential here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from fractions import Fraction

from matcalc.language.dimensions import SCALAR, Shape, row, vector
from matcalc.notation import matrix as notation
from matcalc.notation.build import Builder
from matcalc.notation.matrix import Expression

LINEAR = frozenset({"tr", "sum", "mean", "vec", "cumsum", "tril", "triu", "skew"})
"""Functions that are linear in their operand."""

BILINEAR = frozenset({"cross", "kron", "outer"})


_HIGHEST = 5
"""Higher powers of a matrix are not written as products."""


class NotLinearError(Exception):
    """The expression is not linear in what varies."""


def differential(build: Builder, root: Expression, known: Mapping[Expression, Expression]) -> Expression | None:
    """The differential of an expression by the variables that are `known`, with their differentials; None if it is constant.

    Raises:
        NotLinearError: it is not linear in each of them.
    """
    done: dict[Expression, Expression | None] = {}
    for node in notation.postorder(root):
        if node in known:
            done[node] = known[node]
        elif all(done[child] is None for child in notation.children(node)):
            done[node] = None
        else:
            done[node] = _of(build, node, done)
    return done[root]


def _of(build: Builder, node: Expression, done: Mapping[Expression, Expression | None]) -> Expression:
    match node:
        case notation.Sum():
            return total(build, [found for term in node.terms if (found := done[term]) is not None], node.shape)
        case notation.Product() if not any(map(done.get, node.divisors)):
            return total(build, [
                times(build, node.coefficient, [*others_before, new, *others_after], node.divisors, node.shape)
                for others_before, new, others_after in _each(node.factors, done)
            ], node.shape)
        case notation.MatMul():
            parts = _each(node.factors, done)
            return total(build, [product(build, *before, new, *after) for before, new, after in parts], node.shape)
        case notation.Dot():
            left, right = done[node.left], done[node.right]
            terms = [dot(build, left, node.right)] if left is not None else []
            return total(build, terms + ([dot(build, node.left, right)] if right is not None else []), SCALAR)
        case notation.Hadamard() if not any(map(done.get, node.divisors)):
            return total(build, [
                hadamard(build, [*before, new, *after], node.divisors, node.shape)
                for before, new, after in _each(node.factors, done)
            ], node.shape)
        case notation.MatrixPower() if isinstance(node.exponent, int) and 0 < node.exponent <= _HIGHEST:
            new = done[node.base]
            assert new is not None
            last = node.exponent - 1
            return total(build, [
                product(build, *[node.base] * place, new, *[node.base] * (last - place)) for place in range(node.exponent)
            ], node.shape)
        case notation.Function() if node.name in BILINEAR:
            return total(build, [
                build.make(notation.Function, node.shape, node.name, (*before, new, *after), node.axis)
                for before, new, after in _each(node.operands, done)
            ], node.shape)
        case notation.Stack():
            blocks = [done[block] or _zero(build, block.shape) for block in node.blocks]
            return build.make(notation.Stack, node.shape, tuple(blocks), node.axis)
    inner = [found for child in notation.children(node) if (found := done[child]) is not None]
    if len(inner) != 1 or len(notation.children(node)) != 1:
        raise NotLinearError
    return _of_linear(build, node, inner[0])


def _of_linear(build: Builder, node: Expression, inner: Expression) -> Expression:
    """What is linear in one operand, of another one. Numbers go to the front."""
    if isinstance(inner, notation.Product) and inner.factors and inner.factors[-1].shape == inner.shape and inner.shape.dims:
        if isinstance(node, notation.IndexedSum):
            return _of_terms(build, node, inner)
        core = _of_linear(build, node, inner.factors[-1])
        return times(build, inner.coefficient, [*inner.factors[:-1], core], inner.divisors, node.shape)
    match node:
        case notation.Transpose():
            return build.transpose(inner)
        case notation.Function() if node.name in LINEAR:
            return build.make(notation.Function, node.shape, node.name, (inner,), node.axis)
        case notation.Diagonal():
            return build.make(notation.Diagonal, node.shape, inner)
        case notation.Part():
            return build.make(notation.Part, node.shape, inner, node.axis, node.start)
        case notation.Element():
            return build.make(notation.Element, node.shape, inner, node.indices)
        case notation.IndexedSum() if node.function == "sum":
            return build.make(
                notation.IndexedSum, node.shape, inner, node.indices, node.function, node.bounds, node.conditions
            )
    raise NotLinearError


def _of_terms(build: Builder, node: notation.IndexedSum, inner: notation.Product) -> Expression:
    """A sum over an index: only the numbers that are the same in all terms go to the front."""
    names = {name for name, _ in node.indices}
    numbers, array = inner.factors[:-1], inner.factors[-1]
    stay = [each for each in numbers if not names.isdisjoint(_names(each))]
    below = [each for each in inner.divisors if not names.isdisjoint(_names(each))]
    body = times(build, 1, [*stay, array], below, array.shape)
    core = build.make(notation.IndexedSum, node.shape, body, node.indices, node.function, node.bounds, node.conditions)
    front = [each for each in numbers if each not in stay]
    return times(build, inner.coefficient, [*front, core], [each for each in inner.divisors if each not in below], node.shape)


_WORD = re.compile(r"[^\W\d]\w*")


def _names(root: Expression) -> set[str]:
    """All names in an expression, those of indices among them, as in `i + 1`."""
    found: set[str] = set()
    stack: list[object] = [root]
    while stack:
        each = stack.pop()
        if isinstance(each, str):
            found.update(_WORD.findall(each))
        elif isinstance(each, tuple):
            stack += each
        elif isinstance(each, Expression):
            stack += (getattr(each, field.name) for field in fields(each))
    return found


def _each(
    factors: Sequence[Expression], done: Mapping[Expression, Expression | None]
) -> list[tuple[Sequence[Expression], Expression, Sequence[Expression]]]:
    """The factors with one of them replaced by its differential, for each that varies."""
    return [
        (factors[:place], new, factors[place + 1 :])
        for place, factor in enumerate(factors)
        if (new := done[factor]) is not None
    ]


def _zero(build: Builder, shape: Shape) -> Expression:
    return build.make(notation.Zeros, shape) if shape.dims else build.number(0)


# Products and sums, with what is a number before them


def total(build: Builder, terms: Sequence[Expression], shape: Shape) -> Expression:
    """A sum; a number that is added to every element alone is written with the ones."""
    flat: list[Expression] = []
    waiting = list(reversed(terms))
    while waiting:
        term = waiting.pop()
        if isinstance(term, notation.Sum) and (term.shape == shape or not shape.dims):
            waiting += reversed(term.terms)
        else:
            flat.append(term)
    if not any(term.shape.kind == shape.kind for term in flat):
        flat = [spread(build, term, shape) for term in flat]
    return flat[0] if len(flat) == 1 else build.make(notation.Sum, shape, tuple(flat))


def spread(build: Builder, term: Expression, shape: Shape) -> Expression:
    """A number that is added to every element, or a row or column that is added to each, as an array of the whole shape."""
    if term.shape.kind == shape.kind:
        return term
    if not term.shape.dims:
        return times(build, 1, [term, build.make(notation.Ones, shape)], (), shape)
    if term.shape.kind == "row":
        return build.matmul(build.make(notation.Ones, vector(shape.dims[0])), term)
    return build.matmul(term, build.make(notation.Ones, row(shape.dims[1])))


def times(
    build: Builder, coefficient: int | Fraction, factors: Sequence[Expression], divisors: Sequence[Expression], shape: Shape
) -> Expression:
    """A product of numbers and at most one array. A sum of several arrays in it stays together."""
    return build.product(coefficient, factors, divisors, shape)


def product(build: Builder, *factors: Expression) -> Expression:
    """A matrix product; aᵀ 1 is sum(a)."""
    result = build.matmul(*factors)
    core = result.factors[-1] if isinstance(result, notation.Product) and result.factors else result
    if not isinstance(core, notation.MatMul) or core.shape.dims or len(core.factors) != 2:
        return result
    left, right = core.factors
    varies = any(isinstance(each, notation.Differential) for each in notation.postorder(left))
    if varies or not isinstance(right, notation.Ones):
        return result
    total_ = build.make(notation.Function, SCALAR, "sum", (build.transpose(left),))
    if core is result:
        return total_
    assert isinstance(result, notation.Product)
    return times(build, result.coefficient, [*result.factors[:-1], total_], result.divisors, SCALAR)


def dot(build: Builder, left: Expression, right: Expression) -> Expression:
    """A dot product as it stands."""
    before = _Before()
    core = build.make(notation.Dot, SCALAR, before.without(left), before.without(right))
    return before.with_(build, core)


def hadamard(build: Builder, factors: Sequence[Expression], divisors: Sequence[Expression], shape: Shape) -> Expression:
    """An element-wise product in the order in which it stands."""
    before = _Before()
    arrays: list[Expression] = []
    for factor in factors:
        core = before.without(factor)
        arrays += core.factors if isinstance(core, notation.Hadamard) and not core.divisors else (core,)
    whole = build.make(notation.Hadamard, shape, tuple(arrays), tuple(divisors))
    return before.with_(build, arrays[0] if len(arrays) == 1 and not divisors else whole)


class _Before:
    """The numbers that stand before some arrays."""

    def __init__(self) -> None:
        self.coefficient: int | Fraction = 1
        self.factors: list[Expression] = []
        self.divisors: list[Expression] = []

    def without(self, node: Expression) -> Expression:
        """An array without the numbers before it, which are kept here."""
        if not (isinstance(node, notation.Product) and node.factors and node.factors[-1].shape.dims):
            return node
        self.coefficient *= node.coefficient
        self.factors += node.factors[:-1]
        self.divisors += node.divisors
        return node.factors[-1]

    def with_(self, build: Builder, core: Expression) -> Expression:
        """The numbers before what has become of the arrays."""
        return times(build, self.coefficient, [*self.factors, core], self.divisors, core.shape)
