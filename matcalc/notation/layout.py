"""The only place that knows layout conventions: which axis of a derivative is written as rows, which as columns.

A derivative arrives with the axes of the value, then those of the variable. Numerator layout keeps that order for Jacobians
(output × input), so that the derivative of a scalar is a row, and by a matrix(m, n) n×m (Parr & Howard, section 4.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, get_args

from matcalc.calculus.mirrors import everywhere
from matcalc.errors import NotSupportedError, UsageError
from matcalc.language.dimensions import Dim, Shape, dim
from matcalc.notation.component import MatrixNotationError
from matcalc.notation.entries import by_entries
from matcalc.notation.indices import Elements, element, free_indices
from matcalc.notation.kronecker import Kroneckers, unstacked_of
from matcalc.notation.matrix import Expression
from matcalc.notation.recover import Recovery
from matcalc.tensor.nodes import Node

Layout = Literal["numerator", "denominator", "gradient"]


def layout_named(name: str) -> Layout:
    """The layout of this name. Raises UsageError if there is none."""
    layouts: tuple[Layout, ...] = get_args(Layout)
    for layout in layouts:
        if layout == name:
            return layout
    raise UsageError(f"there is no layout `{name}`", help=f"the layouts are {', '.join(layouts)}")


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How a derivative is laid out.

    Attributes:
        axes: the axes of the node in the order in which the array has them.
        shape: the array's sizes, with a 1 where a row is meant.
        kind: how it is written: scalar, column ("vector"), row, matrix, or as an array with more axes.
    """

    axes: tuple[int, ...]
    shape: tuple[Dim, ...]
    kind: Literal["scalar", "vector", "row", "matrix", "array"]


def arrangement(value: Shape, variables: Sequence[Shape], layout: Layout) -> Arrangement:
    """How the derivative of a value of one shape by a variable of another is laid out; by several, it is an array."""
    variable, *others = variables
    if others:
        return _array(value, variables, layout)
    sizes = value.dims + variable.dims
    one = dim(1)
    flipped = layout == "denominator" or (layout == "gradient" and value.kind == "scalar")
    match len(value.dims), len(variable.dims):
        case 0, 0:
            return Arrangement((), (), "scalar")
        case 0, 1:
            upright = flipped == (variable.kind == "vector")
            return Arrangement((0,), sizes, "vector") if upright else Arrangement((0,), (one, *sizes), "row")
        case 0, 2:
            return Arrangement((0, 1), sizes, "matrix") if flipped else Arrangement((1, 0), sizes[::-1], "matrix")
        case 1, 0:
            upright = flipped != (value.kind == "vector")
            return Arrangement((0,), sizes, "vector") if upright else Arrangement((0,), (one, *sizes), "row")
        case (1, 1) | (2, 0):
            return Arrangement((1, 0), sizes[::-1], "matrix") if flipped else Arrangement((0, 1), sizes, "matrix")
    return _array(value, variables, layout)


def _array(value: Shape, variables: Sequence[Shape], layout: Layout) -> Arrangement:
    sizes = value.dims + tuple(size for variable in variables for size in variable.dims)
    axes = tuple(range(len(sizes)))
    if layout == "denominator":
        axes = axes[len(value.dims) :] + axes[: len(value.dims)]
    return Arrangement(axes, tuple(sizes[axis] for axis in axes), "array")


@dataclass(frozen=True, slots=True)
class Written:
    """A derivative in matrix notation, or its element in index notation (then with free `indices`), and a remark."""

    expression: Expression
    indices: tuple[str, ...] = ()
    note: str = ""
    elements: Elements | None = None


def write(
    recovery: Recovery,
    node: Node,
    value: Shape,
    variables: Sequence[Shape],
    layout: Layout,
    name: str = "X",
    title: str = "",
) -> Written:
    """A derivative by the variable `name` in the notation of its layout; in index notation if there is no other.

    `title` says what the Kronecker form is, if it is not ∂vec(Y)/∂vec(X)ᵀ.
    """
    placed = arrangement(value, variables, layout)
    if len(variables) > 1:
        return indexed(recovery, node)
    node = everywhere(recovery.simplifier, node)
    small = by_entries(recovery, node, flipped=placed.kind == "row" or placed.axes == (1, 0))
    if small is not None:
        return Written(small)
    try:
        if placed.kind == "array":
            return _kronecker(recovery, node, len(value.dims), name, layout, title)
        expression = recovery.build.of_products(recovery.build.spelled(recovery.expression(node)))
    except MatrixNotationError:
        return indexed(recovery, node)
    if placed.kind == "row" or placed.axes == (1, 0):
        expression = recovery.build.transpose_terms(expression)
    return Written(expression)


def indexed(recovery: Recovery, node: Node) -> Written:
    """The element of a tensor in index notation.

    Raises:
        NotSupportedError: a derivative in a direction has an index for which there is no notation.
    """
    names = tuple(islice(free_indices(recovery), node.order))
    try:
        written = element(recovery, node, names)
    except MatrixNotationError:
        raise NotSupportedError(
            "writing this derivative", help="it has a value: `evaluate` computes it with numbers put in"
        ) from None
    return Written(written.element, names, "", written)


# Order 3 and 4: ∂vec(Y)/∂vec(X)ᵀ as a sum of Kronecker products


def _kronecker(r: Recovery, node: Node, outputs: int, name: str, layout: Layout, title: str = "") -> Written:
    stacked = outputs == 1
    unstacked = unstacked_of(r, node) if stacked else None
    if unstacked is not None:
        node, outputs = unstacked, 2
    written = Kroneckers(r, node.order, outputs)
    expression = written.expression(node)
    inputs = node.order - outputs
    of_value = r.build.value_name(1 if stacked else 2)
    value, variable = f"∂{of_value}" if stacked else f"∂vec({of_value})", f"∂{name}" if inputs == 1 else f"∂vec({name})"
    note = title or f"{value}/{variable}ᵀ"
    if layout == "denominator":
        expression = r.build.transpose_terms(expression)
        note = title or f"{value}ᵀ/{variable}"
    note += ", where vec stacks columns"
    if written.commuted:
        letter = r.build.commutation
        note += f"; {letter} is the commutation matrix, {letter} vec({name}) = vec({name}ᵀ)"
    return Written(expression, (), note)
