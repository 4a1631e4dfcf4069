"""Derivatives with three or four axes as matrices: ∂vec(Y)/∂vec(X)ᵀ as a sum of Kronecker products, where vec stacks columns.

A term c Mᵢⱼ Lᵢₖ Rⱼₗ Nₖₗ of ∂Yᵢⱼ/∂Xₖₗ is c diag(vec(M)) (R ⊗ L) diag(vec(N)), and one with Lᵢₗ Rⱼₖ has the commutation matrix K
after the Kronecker product, for K vec(X) = vec(Xᵀ).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from matcalc.calculus.looks import joined, parts_of
from matcalc.notation import directions
from matcalc.notation import matrix as notation
from matcalc.notation.component import MatrixNotationError
from matcalc.notation.matrix import Expression
from matcalc.notation.recover import Recovery, ordered_sum
from matcalc.tensor.nodes import Contraction, Delta, Node, Pattern, Rational, Sum, terms

Factor = tuple[Node, Sequence[int]]

_SUMS = 300
"""Different sums in one derivative, beyond which it is written by index, where parts have names."""

_TERMS = 20
"""Terms of a sum that is a factor; a longer one is not opened."""


@dataclass(slots=True)
class _Sides:
    """The factors of a term by the axes that they have; those of the rows and those of the columns make the product."""

    rows: list[Factor] = field(default_factory=list)
    columns: list[Factor] = field(default_factory=list)
    value: list[Factor] = field(default_factory=list)
    """On both axes of the value."""
    variable: list[Factor] = field(default_factory=list)
    """On both axes of the variable."""
    scalars: list[Factor] = field(default_factory=list)


_Known = dict[tuple[int, int, tuple[tuple[Rational, Node], ...]], tuple[Expression, bool] | None]
"""Sums that were written before by numbers of axes and terms, each with whether the commutation matrix is in it; None if there
is no such form. They are shared: in a chain of products, each is a part of several later ones."""


class Kroneckers:
    """How one derivative is written; `commuted` tells whether it needs the commutation matrix."""

    def __init__(self, recovery: Recovery, order: int, outputs: int, known: _Known | None = None) -> None:
        self.known: _Known = {} if known is None else known
        self.r, self.build = recovery, recovery.build
        self.order, self.outputs, self.inputs = order, outputs, order - outputs
        if outputs > 2 or self.inputs > 2:
            raise MatrixNotationError
        self.commuted = False

    def expression(self, node: Node) -> Expression:
        """The whole derivative.

        Raises:
            MatrixNotationError: a term does not separate.
        """
        return self._total(list(terms(node)))

    def _total(self, parts: Sequence[tuple[Rational, Node]]) -> Expression:
        """A sum, written once."""
        key = (self.order, self.outputs, tuple(parts))
        if key not in self.known:
            if len(self.known) >= _SUMS:
                raise MatrixNotationError
            before, self.commuted = self.commuted, False
            self.known[key] = None
            try:
                self.known[key] = (self._sum(parts), self.commuted)
            finally:
                self.commuted = self.commuted or before
        found = self.known[key]
        if found is None:
            raise MatrixNotationError
        self.commuted = self.commuted or found[1]
        return found[0]

    def _sum(self, parts: Sequence[tuple[Rational, Node]]) -> Expression:
        """A sum; what all terms begin with stands before it: diag(vec(A)) (x ⊗ I + I ⊗ x)."""
        written = [(coefficient, *self._term(term)) for coefficient, term in parts]
        weights = {before for _, before, _ in written}
        common = weights.pop() if len(weights) == 1 and len(written) > 1 else None
        summands = []
        for coefficient, before, product in written:
            whole = product if before is common or before is None else self.build.matmul(before, product)
            summands.append(self.build.scaled(coefficient, whole))
        total = ordered_sum(self.build, summands, summands[0].shape)
        return total if common is None else self.build.matmul(common, total)

    def _term(self, term: Node) -> tuple[Expression | None, Expression]:
        """What stands before the product, such as diag(vec(M)), if anything does; and the rest."""
        written_out = directions.opened(self.r, term)
        if written_out is not None:
            return None, directions.scaled(self.r, written_out, self._total(list(terms(written_out.inner))))
        stacked = _of_pairs(self.r, term, self.outputs)
        if stacked is not None:
            return None, stacked
        for swapped in (False, True):
            sides = self._sides(term, swapped)
            if sides is not None:
                return self._written(term, sides, swapped)
        separate = self._rank_one(term)
        if separate is not None:
            return None, separate
        try:
            return self._of_sum(term)
        except MatrixNotationError:
            opened = list(_multiplied_out(self.r, 1, term))
            if len(opened) < 2:
                raise
            return None, self._total(opened)

    def _of_sum(self, term: Node) -> tuple[Expression | None, Expression]:
        """A product with a sum that has all axes of the variable: by the chain rule, as the product of two derivatives."""
        factors = parts_of(term)
        of_variable = set(range(self.outputs, self.order))
        sums = [factor for factor in factors if type(factor[0]) is Sum and of_variable <= set(factor[1])]
        if len(sums) != 1 or len(factors) == 1:
            raise MatrixNotationError
        (total, labels), rest = sums[0], [factor for factor in factors if factor is not sums[0]]
        ends = [label for label in labels if label not in of_variable]
        if not any(own for _, own in rest):
            parts = [(c, self.r.simplifier.contraction([(arg, labels)], range(self.order))) for c, arg in terms(total)]
            return None, self._scaled(rest, self._total(parts))
        doubled = len(set(labels)) < len(labels) or any(of_variable & set(own) for _, own in rest)
        if doubled or len(ends) not in (1, 2) or len(total.args) > _TERMS:
            raise MatrixNotationError
        assert isinstance(total, Sum)
        contraction = self.r.simplifier.contraction
        inner = Kroneckers(self.r, len(ends) + self.inputs, len(ends), self.known)
        axes = (*ends, *sorted(of_variable))
        parts = [(c, contraction([(arg, labels)], axes)) for c, arg in zip(total.coefficients, total.args, strict=True)]
        by_variable = inner._total(parts) if total.order > 2 else self.r.expression(contraction([(total, labels)], axes))
        size = dict(zip(labels, total.shape, strict=True))
        fresh = 1 + max(label for _, own in factors for label in own)
        out = [*range(self.outputs), *(label + fresh if label < self.outputs else label for label in ends)]
        same: list[Factor] = [
            (self.r.graph.delta(size[label]), (label, label + fresh)) for label in ends if label < self.outputs
        ]
        sizes = [*term.shape[: self.outputs], *(size[label] for label in ends)]
        outside = contraction([*rest, *same], out, sizes)
        outer = Kroneckers(self.r, len(out), self.outputs, self.known)
        of_value = outer.expression(outside) if len(out) > 2 else self.r.expression(outside)
        if outer.commuted:  # one letter cannot stand for the matrices of two sizes
            raise MatrixNotationError
        self.commuted = self.commuted or inner.commuted
        return of_value, by_variable

    def _sides(self, term: Node, swapped: bool) -> _Sides | None:
        """The factors by their axes; None if a factor has axes that do not go together."""
        outputs = self.outputs
        of_variable = [outputs, outputs + 1] if self.inputs == 2 else [outputs]
        if swapped:  # a vector may go with the columns: ∂(u vᵀ)/∂v
            of_variable = of_variable[::-1] if self.inputs == 2 else [-1, outputs]
        rows = {0, of_variable[0]}
        columns = {*([1] if outputs == 2 else []), *of_variable[1:]}
        sides = _Sides()
        places = [(set(), sides.scalars), (rows, sides.rows), (columns, sides.columns)]
        if outputs == 2:
            places.append(({0, 1}, sides.value))
        if self.inputs == 2:
            places.append(({outputs, outputs + 1}, sides.variable))
        groups = joined(parts_of(term), range(self.order))
        equal = [pair for group in groups for pair in _equal(group)]
        for group in groups:
            names: list[dict[int, int]] = [{}]
            if not _equal(group):
                names += [{a: b} for pair in equal for a, b in (pair, pair[::-1])]
            for renamed in (_renamed(group, each) for each in names):
                kept = {label for _, labels in renamed for label in labels if label < self.order}
                place = next((place for axes, place in places if kept <= axes), None)
                if place is not None:
                    place += renamed
                    break
            else:
                return None
        weights = sides.value + sides.variable
        if weights and not (self._is_linked(sides.rows, rows) and self._is_linked(sides.columns, columns)):
            return None
        return None if any(type(node) is Delta for node, _ in weights) else sides

    def _is_linked(self, factors: Sequence[Factor], axes: Collection[int]) -> bool:
        """Does something join the axis of the value and that of the variable, if there are both?"""
        if not any(0 <= axis < self.outputs for axis in axes) or not any(axis >= self.outputs for axis in axes):
            return True
        groups = joined([(each, tuple(labels)) for each, labels in factors], range(self.order))
        return any(set(axes) <= {label for _, labels in group for label in labels} for group in groups)

    def _rank_one(self, term: Node) -> Expression | None:
        """vec(P) vec(Q)ᵀ, where P has the axes of the value, and Q those of the variable."""
        sides = _Sides()
        for group in joined(parts_of(term), range(self.order)):
            kept = {label for _, labels in group for label in labels if label < self.order}
            if not kept:
                sides.scalars += group
            elif max(kept) < self.outputs:
                sides.value += group
            elif min(kept) >= self.outputs:
                sides.variable += group
            else:
                return None
        build = self.build
        value, variable = (
            build.vec(self.r.expression(self._side(factors, list(axes), term)))
            for factors, axes in (
                (sides.value, range(self.outputs)),
                (sides.variable, range(self.outputs, self.order)),
            )
        )
        return self._scaled(sides.scalars, build.matmul(value, build.transpose(variable)))

    def _written(self, term: Node, sides: _Sides, swapped: bool) -> tuple[Expression | None, Expression]:
        outputs, build = self.outputs, self.build
        of_variable = [outputs, outputs + 1] if self.inputs == 2 else [outputs]
        if swapped:
            of_variable = of_variable[::-1] if self.inputs == 2 else [-1, outputs]
        left = self._side(sides.rows, [0, of_variable[0]], term)
        right = self._side(sides.columns, [*([1] if outputs == 2 else []), *of_variable[1:]], term)
        right_side = self.r.expression(right)
        if outputs == 1 and right.order == 1:  # a vector by a matrix: R has only the columns of the variable, so it is a row
            right_side = build.transpose(right_side)
        product = build.kronecker(right_side, self.r.expression(left))
        plain = isinstance(product, notation.Kronecker) and all(isinstance(f, notation.Identity) for f in product.factors)
        factors = [product]
        if swapped and self.inputs == 2:
            self.commuted = True
            factors = [build.commuted(product, term.shape[outputs:])]
        before = self._diagonal(sides.value, range(outputs), term) if sides.value else None
        if sides.variable:
            factors.append(self._diagonal(sides.variable, range(outputs, self.order), term))
        if plain and not swapped and len(factors) > 1:
            factors = factors[1:]
        elif plain and not swapped and before is not None:
            return None, self._scaled(sides.scalars, before)
        return before, self._scaled(sides.scalars, build.matmul(*factors) if len(factors) > 1 else factors[0])

    def _side(self, factors: Sequence[Factor], axes: Sequence[int], term: Node) -> Node:
        kept = [axis for axis in axes if 0 <= axis < self.order]
        return self.r.simplifier.contraction(factors, kept, [term.shape[axis] for axis in kept])

    def _diagonal(self, factors: Sequence[Factor], axes: Sequence[int], term: Node) -> Expression:
        """diag(vec(M)); of a vector diag(v)."""
        weight = self.r.expression(self.r.simplifier.contraction(factors, axes, [term.shape[axis] for axis in axes]))
        if weight.shape.kind != "matrix":
            return self.build.diagonal(weight)
        return self.build.diagonal(self.build.vec(weight))

    def _scaled(self, scalars: Sequence[Factor], product: Expression) -> Expression:
        numbers = [self.r.expression(node) for node in (self.r.simplifier.contraction(scalars, ()),)] if scalars else []
        return self.build.product(1, [*numbers, product], (), product.shape)


def _equal(group: Sequence[Factor]) -> list[tuple[int, int]]:
    """The labels that a group makes equal, if it is a δ."""
    return [(group[0][1][0], group[0][1][1])] if len(group) == 1 and type(group[0][0]) is Delta else []


def _renamed(group: Sequence[Factor], names: Mapping[int, int]) -> list[Factor]:
    """The factors with other labels, as aᵢ δᵢⱼ = aⱼ δᵢⱼ."""
    return [(node, tuple(names.get(label, label) for label in labels)) for node, labels in group]


# What vec makes of a derivative


def unstacked_of(r: Recovery, node: Node) -> Node | None:
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
        axes = zip(term.args, term.labels, strict=True)
        size = next(arg.shape[labels.index(ends[0])] for arg, labels in axes if ends[0] in labels)
        weight = r.simplifier.contraction(rest, ends[:1], (size,))
        return r.build.diagonal(r.expression(weight))
    outside = left & (set(range(term.order)) - set(ends))
    if ends[0] == ends[1] or outside or not set(ends) <= left or len(rest) == len(term.args):
        return None
    return r.expression(r.simplifier.contraction(rest, ends))


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
