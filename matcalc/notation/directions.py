"""Derivatives of Xᵏ and expm(X) in a direction, written out: Σᵣ Xʳ E Xᵏ⁻ʳ⁻¹ and ∫ expm(s X) E expm((1 - s) X) ds.

A direction with axes that run along has no matrix notation by itself. What it stands in has, between the sign and the end of
the sum or integral: there Xʳ and Xᵏ⁻ʳ⁻¹ are matrices like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from matcalc.language.dimensions import SCALAR, matrix
from matcalc.notation import matrix as notation
from matcalc.notation.letters import index_names
from matcalc.notation.matrix import BoundedSum, Expression, Integral, postorder
from matcalc.notation.replace import replaced
from matcalc.tensor.nodes import Contraction, MatrixCall, Node, Number, Rational, Sum, connected, terms

if TYPE_CHECKING:
    from matcalc.notation.recover import Recovery

Factor = tuple[Node, Sequence[int]]


class Opened(NamedTuple):
    """A product with such a derivative in it: the number before it, the scalars, and what stands within the sum or integral."""

    coefficient: Rational
    scalars: list[Factor]
    inner: Node
    whole: Callable[[Expression], Expression]
    """Puts the sign before what was made of `inner`."""


class _Sides(NamedTuple):
    left: Expression
    right: Expression
    whole: Callable[[Expression], Expression]


def in_direction(r: Recovery, node: MatrixCall) -> Expression:
    """Of a direction that is a matrix."""
    left, right, whole = _sides(r, node)
    return whole(r.build.matmul(left, r.expression(node.args[0]), right))


def exponent(r: Recovery, node: Node) -> Expression:
    """An exponent of a matrix, with the number last: k + 1, but 1 - k."""
    written = r.expression(node)
    if not isinstance(written, notation.Sum):
        return written
    first, *rest = written.terms
    if not isinstance(first, notation.Number) or (isinstance(rest[0], notation.Product) and rest[0].coefficient < 0):
        return written
    return r.build.make(notation.Sum, SCALAR, (*rest, first))


def is_wide(node: Node) -> bool:
    """Whether a node is such a derivative with axes that run along."""
    return isinstance(node, MatrixCall) and node.operation.direction is not None and node.order > 2


def opened(r: Recovery, node: Node) -> Opened | None:
    """A product with one such factor that is wide, or that factor alone; None for anything else."""
    factors: list[Factor] = [(node, tuple(range(node.order)))]
    if isinstance(node, Contraction):
        factors = list(zip(node.args, node.labels, strict=True))
    if sum(is_wide(arg) for arg, _ in factors) != 1:
        return None
    scalars = [factor for factor in factors if not factor[1]]
    inner, whole = _inner(r, [factor for factor in factors if factor[1]], range(node.order), node)
    coefficient: Rational = 1
    if isinstance(inner, Sum) and len(inner.args) == 1:
        coefficient, inner = inner.coefficients[0], inner.args[0]
    return Opened(coefficient, scalars, inner, whole)


def without_wide(r: Recovery, factors: Sequence[Factor], order: int) -> list[Factor]:
    """The factors of a product with all that hangs together with a wide derivative written as one matrix, or vector, or number.

    Raises:
        MatrixNotationError: there is no notation for it.
    """
    result: list[Factor] = []
    for members, labels in connected(factors):
        if sum(is_wide(arg) for arg, _ in members) != 1:
            result += members
            continue
        kept = sorted(label for label in labels if label < order)
        inner, whole = _inner(r, members, kept)
        if isinstance(inner, Sum) and len(inner.args) == 1:
            result.append((r.graph.number(inner.coefficients[0]), ()))
            inner = inner.args[0]
        result.append((r.leaf(whole(r.expression(inner)), inner.shape), kept))
    return result


def _inner(
    r: Recovery, factors: Sequence[Factor], out: Sequence[int], node: Node | None = None
) -> tuple[Node, Callable[[Expression], Expression]]:
    """The product within the sum or integral."""
    call, labels = next(factor for factor in factors if is_wide(factor[0]))
    assert isinstance(call, MatrixCall)
    left, right, whole = _sides(r, call)
    a = 1 + max(label for _, own in factors for label in own)
    b = a + 1
    size = call.shape[-1]
    rest = [factor for factor in factors if factor[0] is not call]
    written = [
        (r.leaf(left, (size, size)), (labels[-2], a)), (call.args[0], (*labels[:-2], a, b)),
        (r.leaf(right, (size, size)), (b, labels[-1])),
    ]  # fmt: skip
    return r.simplifier.contraction([*rest, *written], out, None if node is None else node.shape), whole


def _sides(r: Recovery, call: MatrixCall) -> _Sides:
    """What stands before and after the direction, and the sign. The variable has its letter when all within is written."""
    base = r.expression(call.args[1])
    variable = r.build.make(notation.Symbol, SCALAR, f"[variable {call.id}]")
    return _of_power(r, call, base, variable) if len(call.args) > 2 else _of_exponential(r, base, variable)


def _of_power(r: Recovery, call: MatrixCall, base: Expression, variable: notation.Symbol) -> _Sides:
    """Xʳ and Xᵏ⁻ʳ⁻¹; (X⁻¹)ʳ is X⁻ʳ."""
    build, s, graph = r.build, r.simplifier, r.graph
    counted = r.leaf(variable, ())
    last = s.sum([(1, call.args[2]), (-1, graph.number(1))], ())
    rest = s.sum([(1, last), (-1, counted)], ())
    sign = 1
    if isinstance(base, notation.Inverse):
        base, sign = base.operand, -1
    shape = matrix(*call.shape[-2:])
    exponents = [exponent(r, s.scaled(sign, each)) for each in (counted, rest)]
    left, right = (build.make(notation.MatrixPower, shape, base, each) for each in exponents)
    upper = exponent(r, last)
    if _least(call.args[2]) < 0:
        r.exponents[exponent(r, call.args[2])] = None

    def whole(body: Expression) -> Expression:
        letter = _letter(r, "rqpuvw", body)
        return build.make(BoundedSum, body.shape, replaced(build, body, variable, letter), letter, upper)

    return _Sides(left, right, whole)


def _least(node: Node) -> Rational:
    """The least value of an exponent, as far as it can be told: variables and sizes are 1 or more."""
    least: Rational = 0
    for coefficient, term in terms(node):
        if coefficient < 0 and type(term) is not Number:
            return -1
        least += coefficient
    return least


def _of_exponential(r: Recovery, base: Expression, variable: notation.Symbol) -> _Sides:
    """expm(s X) and expm((1 - s) X)."""
    build = r.build
    rest = build.make(notation.Sum, SCALAR, (build.number(1), build.scaled(-1, variable)))
    left, right = (
        build.make(notation.Function, base.shape, "expm", (build.product(1, [part, base], (), base.shape),))
        for part in (variable, rest)
    )

    def whole(body: Expression) -> Expression:
        letter = _letter(r, "stuvwr", body)
        return build.make(Integral, body.shape, replaced(build, body, variable, letter), letter)

    return _Sides(left, right, whole)


def _letter(r: Recovery, letters: str, body: Expression) -> notation.Symbol:
    """A letter that means nothing else, also within the body."""
    taken = set(r.build.taken) | r.spoken_for() - r.counting
    for node in postorder(body):
        if isinstance(node, notation.Symbol):
            taken.add(node.name)
        taken |= index_names(node)
    free = (letter for letter in letters if letter not in taken)
    name = next(free, None)
    number = 1
    while name is None:
        name = f"{letters[0]}_{number}" if f"{letters[0]}_{number}" not in taken else None
        number += 1
    r.counting.add(name)
    return r.build.make(notation.Symbol, SCALAR, name)


def scaled(r: Recovery, found: Opened, body: Expression) -> Expression:
    """The sum or integral with what stands before it."""
    numbers = [r.expression(r.simplifier.contraction(found.scalars, ()))] if found.scalars else []
    return r.build.product(found.coefficient, [*numbers, found.whole(body)], (), body.shape)


def number_before(r: Recovery, found: Opened) -> list[Factor]:
    """What stands before the sum or integral, as factors."""
    return [(r.graph.number(found.coefficient), ()), *found.scalars]
