"""Products of Jacobians as a derivation forms them, for tests of what simplifies them."""

from __future__ import annotations

import re
from typing import NamedTuple

import matcalc as mc
from matcalc.derivative import Derivative
from matcalc.notation import matrix as m
from matcalc.notation.build import Builder
from matcalc.notation.matrix import Answer, Expression
from matcalc.notation.replace import adopted, replaced


class Chain(NamedTuple):
    """A product of local derivatives, and what it is."""

    whole: Derivative
    build: Builder
    start: Expression
    goal: Expression


def body_of(build: Builder, answer: Answer) -> Expression:
    """The body with its definitions put back."""
    body = adopted(build, answer.body)
    for name, meaning in reversed(answer.definitions):
        body = replaced(build, body, adopted(build, name), adopted(build, meaning))
    return body


def joined(build: Builder, left: Expression, right: Expression) -> Expression:
    """The product of two Jacobians as it stands."""
    rows, columns = left.shape, right.shape
    if rows.dims and columns.dims:
        from matcalc.notation.looks import columns_of, rows_of, shape_of

        return build.make(m.MatMul, shape_of(rows_of(rows), columns_of(columns)), (left, right))
    shape = columns if columns.dims else rows
    factors = (left, right) if columns.dims or not rows.dims else (right, left)
    return build.make(m.Product, shape, 1, factors, ())


def chain(outer: str, inner: str, wrt: str, where: str, *, between: str = "u") -> Chain:
    """∂f/∂u · ∂u/∂x with u put back, in the notation of the whole problem."""

    def one(text: str, by: str) -> Derivative:
        found = mc.diff(text, by, where=where)
        assert isinstance(found, Derivative)
        return found

    outside, inside = one(outer, between), one(inner, wrt)
    whole = one(re.sub(rf"\b{between}\b", f"({inner})", outer), wrt)
    build = whole._problem.recovery.build
    written = adopted(build, inside._problem.written.body)
    symbol = build.make(m.Symbol, written.shape, between)
    left = replaced(build, body_of(build, outside.answer), symbol, written)
    start = joined(build, left, body_of(build, inside.answer))
    return Chain(whole, build, start, body_of(build, whole.answer))


def paths(outer: str, inner: str, wrt: str, where: str) -> Chain:
    """∂f/∂u · ∂u/∂x + ∂f/∂x for an f that x occurs in as well."""
    found = chain(outer, inner, wrt, where)
    by_itself, between = mc.diff(outer, wrt, where=where), mc.parse(inner, where=where)._problem.written.body
    assert isinstance(by_itself, Derivative)
    symbol = found.build.make(m.Symbol, between.shape, "u")
    direct = replaced(found.build, body_of(found.build, by_itself.answer), symbol, adopted(found.build, between))
    return found._replace(start=found.build.make(m.Sum, found.goal.shape, (found.start, direct)))
