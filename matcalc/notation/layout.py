"""The only place that knows layout conventions: which axis of a derivative is written as rows, which as columns.

A derivative arrives with the axes of the value, then those of the variable. Numerator layout keeps that order for Jacobians
(output × input), so that the derivative of a scalar is a row, and by a matrix(m, n) n×m (Parr & Howard, section 4.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, get_args

from matcalc.errors import UsageError
from matcalc.language.dimensions import Dim, Shape, dim
from matcalc.notation.component import MatrixNotationError
from matcalc.notation.indices import Elements, element, free_indices
from matcalc.notation.matrix import Expression
from matcalc.notation.recover import Recovery, ordered_sum
from matcalc.tensor.nodes import Contraction, Delta, Node, Pattern, Rational, Sum, connected, terms

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
    try:
        if placed.kind == "array":
            return _kronecker(recovery, node, len(value.dims), name, layout, title)
        expression = recovery.expression(node)
    except MatrixNotationError:
        return indexed(recovery, node)
    if placed.kind == "row" or placed.axes == (1, 0):
        expression = recovery.build.transpose_terms(expression)
    return Written(expression)


def indexed(recovery: Recovery, node: Node) -> Written:
    """The element of a tensor in index notation."""
    names = tuple(islice(free_indices(recovery), node.order))
    written = element(recovery, node, names)
    return Written(written.element, names, "", written)


# Order 3 and 4: ∂vec(Y)/∂vec(X)ᵀ as a sum of Kronecker products


def _kronecker(r: Recovery, node: Node, outputs: int, name: str, layout: Layout, title: str = "") -> Written:
    """Σ c (R ⊗ L), where L holds the row axes and R the column axes of value and variable (columns are stacked).

    If a term joins rows with columns, it is (R ⊗ L) K with the commutation matrix K, for K vec(X) = vec(Xᵀ).
    """
    stacked = outputs == 1
    unstacked = _unstacked(r, node) if stacked else None
    if unstacked is not None:
        node, outputs = unstacked, 2
    inputs = node.order - outputs
    if outputs > 2 or inputs > 2:
        raise MatrixNotationError
    parts = []
    commuted = False
    for coefficient, term in (part for each in terms(node) for part in _multiplied_out(r, *each)):
        stacked_both = _of_pairs(r, term, outputs)
        if stacked_both is not None:
            parts.append(r.build.scaled(coefficient, stacked_both))
            continue
        for swapped in (False, True):
            product = _kronecker_term(r, term, outputs, inputs, swapped)
            if product is not None:
                commuted = commuted or (swapped and inputs == 2)
                parts.append(r.build.scaled(coefficient, product))
                break
        else:
            raise MatrixNotationError
    expression = ordered_sum(r.build, parts, parts[0].shape)
    value, variable = "∂y" if stacked else "∂vec(Y)", f"∂{name}" if inputs == 1 else f"∂vec({name})"
    note = title or f"{value}/{variable}ᵀ"
    if layout == "denominator":
        expression = r.build.transpose(expression)
        note = title or f"{value}ᵀ/{variable}"
    note += ", where vec stacks columns"
    if commuted:
        letter = r.build.commutation
        note += f"; {letter} is the commutation matrix, {letter} vec({name}) = vec({name}ᵀ)"
    return Written(expression, (), note)


def _unstacked(r: Recovery, node: Node) -> Node | None:
    """The derivative of Y for that of vec(Y), if that is what it is."""
    parts = []
    for coefficient, term in terms(node):
        factors = [(term, range(term.order))] if not isinstance(term, Contraction) else zip(term.args, term.labels, strict=True)
        found = None
        rest: list[tuple[Node, Sequence[int]]] = []
        for arg, labels in factors:
            if found is None and isinstance(arg, Pattern) and arg.name == "pair" and labels[0] == 0:
                found = arg.shape[1:], labels[1:]
                rest += [(r.graph.delta(size), (label, -1 - k)) for k, (size, label) in enumerate(zip(*found, strict=True))]
            else:
                rest.append((arg, labels))
        if found is None or any(0 in labels for _, labels in rest):
            return None
        out = (-1, -2, *range(1, term.order))
        parts.append((coefficient, r.simplifier.contraction(rest, out, (*found[0], *term.shape[1:]))))
    return r.simplifier.sum(parts, parts[0][1].shape) if parts else None


def _multiplied_out(r: Recovery, coefficient: Rational, term: Node) -> Iterator[tuple[Rational, Node]]:
    """The terms of a product with a sum of higher order in it: each may be a Kronecker product, the sum is none."""
    if isinstance(term, Contraction):
        factors = list(zip(term.args, term.labels, strict=True))
        for position, (arg, labels) in enumerate(factors):
            if isinstance(arg, Sum) and arg.order > 2:
                for inner, part in zip(arg.coefficients, arg.args, strict=True):
                    factors[position] = (part, labels)
                    whole = r.simplifier.contraction(factors, range(term.order), term.shape)
                    yield from ((coefficient * inner * c, each) for c, each in terms(whole))
                return
    yield coefficient, term


def _of_pairs(r: Recovery, term: Node, outputs: int) -> Expression | None:
    """M of Pₐᵢⱼ Mₐ_b P_bₖₗ, which is what vec makes of it on both sides."""
    if not isinstance(term, Contraction):
        return None
    inputs = tuple(range(outputs, term.order))
    ends: list[int] = []
    rest = list(zip(term.args, term.labels, strict=True))
    for side in (tuple(range(outputs)), inputs):
        if len(side) == 1:
            ends += side
            continue
        pair = next((f for f in rest if isinstance(f[0], Pattern) and f[0].name == "pair" and f[1][1:] == side), None)
        if pair is None:
            return None
        rest.remove(pair)
        ends.append(pair[1][0])
    left = {label for _, labels in rest for label in labels}
    if ends[0] == ends[1] and left <= {ends[0]}:
        size = term.shape[0]
        weight = r.simplifier.contraction(rest, ends[:1], (size,))
        return r.build.diagonal(r.expression(weight))
    outside = left & (set(range(term.order)) - set(ends))
    if ends[0] == ends[1] or outside or not set(ends) <= left or len(rest) == len(term.args):
        return None
    return r.expression(r.simplifier.contraction(rest, ends))


def _kronecker_term(r: Recovery, term: Node, outputs: int, inputs: int, swapped: bool) -> Expression | None:
    """One product as R ⊗ L; None if its rows and columns do not separate (after exchanging them in the variable)."""
    of_variable = [outputs, outputs + 1] if inputs == 2 else [outputs]
    if swapped:
        of_variable = of_variable[::-1] if inputs == 2 else [-1, outputs]  # a vector may go with the columns: ∂(u vᵀ)/∂v
    left_axes = [0, of_variable[0]]
    right_axes = ([1] if outputs == 2 else []) + of_variable[1:]
    separated = _separated(r, term, left_axes, right_axes)
    if separated is None:
        return None
    scalars, left, right = separated
    right_side = r.expression(right)
    if outputs == 1 and right.order == 1:  # a vector by a matrix: R has only the columns of the variable, so it is a row
        right_side = r.build.transpose(right_side)
    product = r.build.kronecker(right_side, r.expression(left))
    if swapped and inputs == 2:
        product = r.build.commuted(product, term.shape[outputs:])
    return r.build.product(1, [*scalars, product], (), product.shape)


def _separated(
    r: Recovery, term: Node, first: Sequence[int], second: Sequence[int]
) -> tuple[list[Expression], Node, Node] | None:
    """The product as scalars, a part with the axes `first` and one with the axes `second`; None if it has no such parts."""
    if not isinstance(term, (Contraction, Delta)):
        return None
    factors = (
        list(zip(term.args, term.labels, strict=True)) if isinstance(term, Contraction) else [(term, (0, 1))]
    )
    sides: tuple[list[tuple[Node, Sequence[int]]], list[tuple[Node, Sequence[int]]]] = ([], [])
    scalars = []
    for group, every in connected(factors):
        labels = {label for label in every if label < term.order}
        if not labels:
            scalars.append(r.expression(r.simplifier.contraction(group, ())))
        elif labels <= set(first):
            sides[0].extend(group)
        elif labels <= set(second):
            sides[1].extend(group)
        else:
            return None
    parts = []
    for side, axes in zip(sides, (first, second), strict=True):
        kept = [axis for axis in axes if 0 <= axis < term.order]
        parts.append(r.simplifier.contraction(side, kept, [term.shape[axis] for axis in kept]))
    return scalars, parts[0], parts[1]
