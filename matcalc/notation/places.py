"""Where an index must be: Σₚ [p = j + l - 1] xₚ is x[j + l - 1], and Σₗ [i = j + l] kₗ is [1 ≤ i - j ≤ m] k[i - j]."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from matcalc.language.dimensions import SCALAR, Dim, dim
from matcalc.language.ranges import never_negative
from matcalc.notation import matrix as notation
from matcalc.notation.build import Builder
from matcalc.notation.matrix import Expression, Place, Subscript
from matcalc.operations.rows import Elementwise
from matcalc.tensor.nodes import Contraction, Node, Number, Ones, Pointwise, Positions, Size, Sum, terms

_DEPTH = 8
"""How deep the arithmetic of an index goes."""

Sizes = Mapping[str, Dim]
"""How far each index runs, from 1."""


class Form(NamedTuple):
    """Integer multiples of the positions along some axes (or labels), and a constant."""

    terms: Mapping[int, int]
    offset: Dim

    def plus(self, other: Form, times: int = 1) -> Form:
        """`self + times * other`."""
        counts = dict(self.terms)
        for axis, count in other.terms.items():
            counts[axis] = counts.get(axis, 0) + times * count
        kept = {axis: count for axis, count in counts.items() if count}
        return Form(kept, self.offset + other.offset.times(dim(times)))


def counted(node: Node, depth: int = 0) -> Form | None:
    """What an array that is made of the positions of its entries is; None for any other."""
    if depth > _DEPTH:
        return None
    match node:
        case Positions():
            return Form({0: 1}, dim(0))
        case Ones():
            return Form({}, dim(1))
        case Size():
            return Form({}, node.size)
        case Number() if isinstance(node.value, int):
            return Form({}, dim(node.value))
        case Sum():
            total = Form({}, dim(0))
            for coefficient, arg in terms(node):
                part = counted(arg, depth + 1)
                if part is None or not isinstance(coefficient, int):
                    return None
                total = total.plus(part, coefficient)
            return total
        case Contraction():
            return _repeated(node, depth)
    return None


def _repeated(node: Contraction, depth: int) -> Form | None:
    """A number or a vector of positions, repeated along other axes."""
    factors = [(arg, labels) for arg, labels in zip(node.args, node.labels, strict=True) if type(arg) is not Ones]
    if len(factors) > 1 or any(label >= node.order for labels in node.labels for label in labels):
        return None
    if not factors:
        return Form({}, dim(1))
    arg, labels = factors[0]
    inner = counted(arg, depth + 1)
    return None if inner is None else Form({labels[axis]: count for axis, count in inner.terms.items()}, inner.offset)


def holds(sign: str, difference: int) -> bool:
    """Whether what differs so much from something else is > it, == it, …"""
    return {
        ">": difference > 0, "<": difference < 0, ">=": difference >= 0, "<=": difference <= 0,
        "==": difference == 0, "!=": difference != 0,
    }[sign]  # fmt: skip


def compared(node: Node) -> tuple[str, Form] | None:
    """A comparison of positions: the sign, and the left side less the right one."""
    if not isinstance(node, Pointwise) or not isinstance(node.operation, Elementwise) or not node.operation.infix:
        return None
    left, right = map(counted, node.args)
    return None if left is None or right is None else (node.operation.infix, left.plus(right, -1))


class Equation(NamedTuple):
    """Positions that must add up to 0, by label."""

    form: Form

    def solvable(self, free: Collection[int]) -> list[int]:
        """The labels among `free` that follow from the others."""
        return [label for label, count in self.form.terms.items() if label in free and abs(count) == 1]

    def solved(self, label: int) -> Form:
        """What a label must be."""
        count = self.form.terms[label]
        return Form({}, dim(0)).plus(self.form.plus(Form({label: count}, dim(0)), -1), -count)


def equation(node: Node, labels: Sequence[int]) -> Equation | None:
    """The equation that a factor of a product is."""
    found = compared(node)
    if found is None or found[0] != "==":
        return None
    form = Form({}, found[1].offset)
    for axis, count in found[1].terms.items():
        form = form.plus(Form({labels[axis]: count}, dim(0)))
    return Equation(form)


def is_within(form: Form, sizes: Mapping[int, Dim], size: Dim) -> bool:
    """Whether it is always one of the positions 1, …, size."""
    least = greatest = form.offset
    for label, count in form.terms.items():
        small, large = (dim(1), sizes[label]) if count > 0 else (sizes[label], dim(1))
        least, greatest = least + small.times(dim(count)), greatest + large.times(dim(count))
    return never_negative(least - dim(1)) and never_negative(size - greatest)


def place_at(form: Form, names: Mapping[int, Subscript]) -> Subscript:
    """A form with names for its labels: an index if it is one."""
    counts: dict[str, int] = {}
    offset = form.offset
    for label, count in form.terms.items():
        place = as_place(names[label])
        offset = offset + place.offset.times(dim(count))
        for name, times in place.terms:
            counts[name] = counts.get(name, 0) + count * times
    kept = tuple(sorted((name, count) for name, count in counts.items() if count))
    if len(kept) == 1 and kept[0][1] == 1 and offset == dim(0):
        return kept[0][0]
    return Place(kept, offset)


def as_place(name: Subscript) -> Place:
    """Any subscript as a position."""
    if isinstance(name, Place):
        return name
    if isinstance(name, Dim):
        return Place((), name)
    return Place((), dim(int(name))) if name.isdecimal() else Place(((name, 1),), dim(0))


def moved(name: Subscript, by: Dim) -> Subscript:
    """A position that is later by this many."""
    return place_at(Form({0: 1}, by), {0: name})


def limits(build: Builder, name: Subscript, sizes: Sizes, size: Dim) -> Expression | None:
    """The condition that a position is one of 1, …, size, as far as that does not follow from the `sizes` of indices."""
    place = as_place(name)
    least = greatest = place.offset
    for index, count in place.terms:
        small, large = (dim(1), sizes[index]) if count > 0 else (sizes[index], dim(1))
        least, greatest = least + small.times(dim(count)), greatest + large.times(dim(count))
    low, high = not never_negative(least - dim(1)), not never_negative(size - greatest)
    if not low and not high:
        return None
    zero = dim(0)
    first, last = dim(1) - place.offset, size - place.offset
    if low and high:
        counts = place.terms
        if all(count < 0 for _, count in counts):  # 1 ≤ n + 1 - i ≤ m is n + 1 - m ≤ i ≤ n
            counts, first, last = tuple((index, -count) for index, count in counts), zero - last, zero - first
        inner, ends = written(build, Place(counts, zero)), ((">=", first), ("<=", last))
        parts = [build.make(notation.Comparison, SCALAR, sign, inner, written(build, end)) for sign, end in ends]
        return build.make(notation.Indicator, SCALAR, build.make(notation.Conjunction, SCALAR, tuple(parts)))
    if low:
        return condition(build, ">=", Place(place.terms, place.offset - dim(1)))
    return condition(build, "<=", Place(place.terms, place.offset - size))


def condition(build: Builder, sign: str, place: Place) -> Expression:
    """[place sign 0], with what is subtracted on the other side."""
    if sign == ">=" and place.offset.constant < 0:  # j ≥ i + 1 is j > i
        sign, place = ">", Place(place.terms, place.offset + dim(1))
    if sign == "<=" and place.offset.constant > 0:
        sign, place = "<", Place(place.terms, place.offset - dim(1))
    if sign in ("==", "!=") and place.terms and place.terms[0][1] < 0:
        place = Place(tuple((name, -count) for name, count in place.terms), dim(0) - place.offset)
    if sign in (">", ">=") and place.terms and place.terms[0][1] < 0:
        flipped = {">": "<", ">=": "<="}[sign]
        sides = _side(place, -1), _side(place, 1)
        return build.indicator(flipped, written(build, sides[0]), written(build, sides[1]), SCALAR)
    return build.indicator(sign, written(build, _side(place, 1)), written(build, _side(place, -1)), SCALAR)


def _side(place: Place, sign: int) -> Place:
    """What stands on one side of a comparison with 0, so that nothing is subtracted."""
    chosen = tuple((name, abs(count)) for name, count in place.terms if count * sign > 0)
    sizes = tuple((name, abs(count)) for name, count in place.offset.terms if count * sign > 0)
    constant = place.offset.constant
    return Place(chosen, Dim(sizes, abs(constant) if constant * sign > 0 else 0))


def written(build: Builder, name: Subscript) -> Expression:
    """A position as a number."""
    place = as_place(name)
    summands: list[Expression] = []
    for index, count in place.terms:
        summands.append(build.scaled(count, build.make(notation.Position, SCALAR, index)))
    for monomial, count in place.offset.terms:
        summands.append(build.scaled(count, build.make(notation.Size, SCALAR, Dim(((monomial, 1),), 0))))
    if place.offset.constant or not summands:
        summands.append(build.number(place.offset.constant))
    summands.sort(key=lambda each: isinstance(each, notation.Product) and each.coefficient < 0)
    return summands[0] if len(summands) == 1 else build.make(notation.Sum, SCALAR, tuple(summands))
