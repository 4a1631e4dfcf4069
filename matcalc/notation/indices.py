"""Index notation: the element of any tensor of the graph, for results that matrix notation cannot say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import count

from matcalc.errors import NotSupportedError
from matcalc.language.dimensions import SCALAR, Dim
from matcalc.notation import matrix as notation
from matcalc.notation.component import MatrixNotationError
from matcalc.notation.matrix import Expression
from matcalc.notation.recover import Recovery, ordered_sum
from matcalc.operations.rows import Elementwise
from matcalc.tensor.nodes import (
    Contraction,
    Delta,
    Node,
    Number,
    Ones,
    Pointwise,
    Sum,
    Zero,
)

_DEPTH = 100
"""Nesting of functions that are written element by element."""


def element(recovery: Recovery, node: Node, indices: Sequence[str]) -> Expression:
    """The element of a node at the indices, as a scalar expression.

    Raises:
        NotSupportedError: the nesting is deeper than anyone would read.
    """
    return _element(recovery, node, tuple(indices), free_indices(recovery, indices), 0)


def free_indices(recovery: Recovery, used: Collection[str] = ()) -> Iterator[str]:
    """Letters for indices that mean nothing else."""
    taken = {*used, *recovery.spoken_for()}
    yield from (letter for letter in "ijklmnpqrst" if letter not in taken)
    yield from (name for name in map("i_{}".format, count(1)) if name not in taken)


def _element(r: Recovery, node: Node, names: tuple[str, ...], fresh: Iterator[str], depth: int) -> Expression:
    build = r.build
    if depth > _DEPTH:
        raise NotSupportedError("index notation for something nested this deep")
    if not node.order:
        try:
            return r.expression(node)
        except MatrixNotationError:
            pass
    match node:
        case Contraction():
            return _product(r, node, names, fresh, depth)
        case Sum():
            parts = [_element(r, arg, names, fresh, depth + 1) for arg in node.args]
            return ordered_sum(build, [build.scaled(c, p) for c, p in zip(node.coefficients, parts, strict=True)], SCALAR)
        case Delta():
            return build.make(notation.Delta, SCALAR, names)
        case Ones():
            return build.number(1)
        case Zero():
            return build.number(0)
    if 0 < node.order <= 2:
        try:
            return build.make(notation.Element, SCALAR, r.expression(node), names)
        except MatrixNotationError:
            pass
    if isinstance(node, Pointwise) and isinstance(node.operation, Elementwise):
        operands = [_element(r, arg, names if arg.order else (), fresh, depth + 1) for arg in node.args]
        if node.operation.name == "power":
            exponent = node.args[1]
            if isinstance(exponent, Number) and exponent.value < 0:
                return build.product(1, [], [build.power(operands[0], -exponent.value)], SCALAR)
            return build.make(notation.Power, SCALAR, *operands)
        if node.operation.infix:
            return build.indicator(node.operation.infix, operands[0], operands[1], SCALAR)
        return build.make(notation.Function, SCALAR, node.operation.name, tuple(operands))
    raise NotSupportedError(f"index notation for {type(node).__name__.lower()} here")


def _product(r: Recovery, node: Contraction, names: tuple[str, ...], fresh: Iterator[str], depth: int) -> Expression:
    build = r.build
    name = dict(enumerate(names))
    summed: list[tuple[str, Dim]] = []
    factors = []
    for arg, labels in zip(node.args, node.labels, strict=True):
        for axis, label in enumerate(labels):
            if label not in name:
                name[label] = next(fresh)
                summed.append((name[label], arg.shape[axis]))
        factors.append(_element(r, arg, tuple(name[label] for label in labels), fresh, depth + 1))
    body = build.product(1, factors, (), SCALAR)
    return build.make(notation.IndexedSum, SCALAR, body, tuple(summed)) if summed else body
