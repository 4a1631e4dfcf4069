"""The ranges of indices, and the lengths of what they select from: inferred where they are open, checked where they are known.

The bounds of a range may depend on indices that are bound before. Then the range is a box that holds all of them, and a
condition selects from it; the box is as large as the range it depends on if everything that is selected has such entries.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from matcalc.errors import ShapeError, Span
from matcalc.language.dimensions import Dim, dim
from matcalc.language.linear import Linear, linear
from matcalc.language.mismatch import excerpt
from matcalc.language.names import Resolution
from matcalc.language.sizes import Sizes
from matcalc.language.tree import Call, Clause, Expr, Index, Name, Number

_ONE: Final = Linear({}, 1)
Side = Literal["lower", "upper"]


class Selection(NamedTuple):
    """A subscript, and the size of the axis it selects from."""

    node: Index
    subscript: Expr
    size: int


class Range(NamedTuple):
    """What an index runs over: the first value, and how many there are."""

    start: Dim
    length: Dim


@dataclass(slots=True)
class Ranges:
    """The unknown ranges of a program, and what is known about them."""

    resolution: Resolution
    sizes: Sizes
    clauses: list[Clause]
    selections: list[Selection]
    size_of: Callable[[Expr], int]
    """The size that `len(x)` stands for."""
    describe: Callable[[Expr], str]
    """An operand with its shape, for messages."""
    place: Callable[[Expr], tuple[str, Span] | None]
    """Where an operand is declared."""
    open: dict[Clause, int] = field(default_factory=dict)
    """The sizes of the ranges that were left out."""
    wide: bool = True
    """Whether ranges that depend on others are as large as those."""
    _bounds: dict[tuple[Clause, Side], Linear] = field(default_factory=dict)
    _exact: set[Clause] = field(default_factory=set)

    def infer(self) -> Selection | None:
        """Make the sizes equal that must be: ranges left out have the length of what they select from, and vice versa.

        Returns:
            A subscript whose index selects from axes of different lengths.

        Raises:
            ShapeError: nothing fixes a range.
        """
        for clause in self.clauses:
            if clause.upper is None:
                self.open[clause] = self.sizes.fresh()
        self._note_uses()
        fault = self._fix_open()
        if fault is None:
            self._spread()
        return fault

    def _note_uses(self) -> None:
        """Find the indices that do more than select: their ranges cannot be widened."""
        for selection in self.selections:
            if not isinstance(selection.subscript, Name):
                self._exact |= set(self._indices(self._linear(selection.subscript)))
        for clause in self.clauses:
            for bound in (clause.lower, clause.upper):
                if bound is not None:
                    self._exact |= set(self._indices(self._linear(bound)))

    def _indices(self, value: Linear) -> Iterator[Clause]:
        return (key for key in value.terms if isinstance(key, Clause))

    def _fix_open(self) -> Selection | None:
        fixed = set()
        for selection in self.selections:
            clause = self._plain(selection.subscript)
            if clause in self.open:
                fixed.add(clause)
                if not self.sizes.unite(self.open[clause], selection.size):
                    return selection
        for clause in self.open:
            if clause not in fixed:
                raise ShapeError(
                    f"nothing fixes the range of the index `{clause.index.name}`", clause.index.span,
                    help=f"write `for {clause.index.name} in 1..N`",
                )
        return None

    def _plain(self, subscript: Expr) -> Clause | None:
        """The range of an index that is a subscript by itself."""
        return self.resolution.clauses.get(subscript) if isinstance(subscript, Name) else None

    # Linear expressions in sizes

    def _linear(self, expression: Expr) -> Linear:
        def unknown(node: Expr) -> Linear:
            if isinstance(node, Call):
                return Linear({self.size_of(node): 1})
            assert isinstance(node, Name)
            clause = self.resolution.clauses.get(node)
            return Linear({node.name if clause is None else clause: 1})

        return linear(expression, unknown)

    def _bound(self, clause: Clause, side: Side) -> Linear:
        """The least or greatest value of an index, with sizes and dimensions as unknowns."""
        known = self._bounds.get((clause, side))
        if known is None:
            known = self._bounds[(clause, side)] = self._find_bound(clause, side)
        return known

    def _find_bound(self, clause: Clause, side: Side) -> Linear:
        written = clause.lower if side == "lower" else clause.upper
        if written is None:
            return _ONE if side == "lower" else Linear({self.open[clause]: 1})
        value = self._linear(written)
        if self.wide and clause not in self._exact and list(value.terms.values()) == [1]:
            (other,) = value.terms
            if isinstance(other, Clause) and (value.constant > 0 if side == "lower" else value.constant < 0):
                return self._bound(other, side)
        return self.extreme(value, side)

    def extreme(self, value: Linear, side: Side) -> Linear:
        """The least or greatest value of a linear expression in indices."""
        opposite: Side = "lower" if side == "upper" else "upper"
        return value.replaced(
            lambda key, count: self._bound(key, side if count > 0 else opposite) if isinstance(key, Clause) else None
        )

    def _dim(self, value: Linear) -> Dim | None:
        """The dimension, if all sizes in it are known."""

        def known(key: Hashable, count: int) -> Linear | None:
            size = self.sizes.value(key) if isinstance(key, int) else self.sizes.meaning.get(str(key))
            return None if size is None else Linear.of(size)

        return value.replaced(known).dim()

    # Inference

    def _spread(self) -> None:
        """Lengths that are open become what the subscripts need, until nothing new follows."""
        needs = [
            (selection, self.extreme(self._linear(selection.subscript), "upper"))
            for selection in self.selections
            if not isinstance(selection.subscript, Number)
        ]
        changed = True
        while changed:
            changed = False
            groups: dict[int, list[tuple[Selection, Linear]]] = {}
            for selection, need in needs:
                size, other = self.sizes.find(selection.size), _single(need)
                known = self.sizes.value(size)
                if known is None:
                    groups.setdefault(size, []).append((selection, need))
                elif other is not None and self.sizes.value(other) is None:
                    changed = self.sizes.unite(size, other) or changed
            for size, group in groups.items():
                if self.sizes.value(size) is None:
                    changed = self._fit(size, group) or changed

    def _fit(self, size: int, group: list[tuple[Selection, Linear]]) -> bool:
        """Make a length as large as its subscripts need; whether that is known already."""
        others = [_single(need) for _, need in group]
        if len({None if other is None else self.sizes.find(other) for other in others}) == 1 and others[0] is not None:
            return self.sizes.find(others[0]) != self.sizes.find(size) and self.sizes.unite(size, others[0])
        if not any(self._has_index(selection) or isinstance(selection.subscript, Name) for selection, _ in group):
            return False
        needed = [self._dim(need) for _, need in group]
        known = {each for each in needed if each is not None}
        if not known or None in needed:
            return False
        largest = next(iter(known))
        for each in known:
            largest = each if never_negative(each - largest) else largest
        if not all(never_negative(largest - each) for each in known) or _is_negative(largest - dim(1)):
            return False
        return self.sizes.unite(size, self.sizes.known(largest))

    def _has_index(self, selection: Selection) -> bool:
        return any(True for _ in self._indices(self._linear(selection.subscript)))

    # Checks, when all sizes have a name

    def check(self) -> None:
        """Refuse what leaves its axis, or may; wide ranges that do are tried as exact ones."""
        if self.wide:
            try:
                self._check()
            except ShapeError:
                self.wide = False
                self._bounds.clear()
            else:
                return
        self._check()

    def _check(self) -> None:
        for clause in self.clauses:
            length = self.found(clause).length
            if _is_negative(length - dim(1)) or (length.terms and all(count < 0 for _, count in length.terms)):
                raise ShapeError(f"the range of `{clause.index.name}` is empty", clause.span, help="a range goes up: i in 1..n")
        for selection in self.selections:
            value = self._linear(selection.subscript)
            first, last = self._known(self.extreme(value, "lower")), self._known(self.extreme(value, "upper"))
            if not _can_be(first - dim(1)):
                written = f"`{excerpt(selection.node)}`: there is no entry {first}"
                raise ShapeError(
                    f"{self._runs(selection)} begins at {first}" if any(self._indices(value)) else written,
                    selection.subscript.span, help="entries are counted from 1",
                )
            if not _can_be(self._length(selection) - last):
                raise self.mismatch(selection)

    def mismatch(self, selection: Selection) -> ShapeError:
        """The error for a subscript that leaves its axis, or may."""
        node, subscript = selection.node, selection.subscript
        is_a, length = self.describe(node.operand), self._length(selection)
        clause = self._plain(subscript)
        last = self._known(self.extreme(self._linear(subscript), "upper")) if clause not in self.open else self._open(clause)
        related = self.place(node.operand)
        if isinstance(subscript, Number):
            return ShapeError(f"`{excerpt(node)}` is beyond the end: {is_a}", subscript.span, related=related)
        if not _is_negative(length - last):
            what = f"{clause.index.name} runs over {self._written(clause)}" if clause else f"there may be no entry {last}"
            return ShapeError(f"`{excerpt(node)}`: {what}, but {is_a}; {last} and {length} differ", node.span, related=related)
        return ShapeError(f"{self._runs(selection)} reaches {last}, but {is_a}", subscript.span, related=related)

    def _runs(self, selection: Selection) -> str:
        """`x[i + 1]`: i runs over 1..n, so `i + 1`."""
        indices = dict.fromkeys(self._indices(self._linear(selection.subscript)))
        parts = [f"{clause.index.name} runs over {self._written(clause)}" for clause in indices]
        runs = f"{' and '.join(parts)}, so " if parts else ""
        subscript = selection.subscript
        return f"`{excerpt(selection.node)}`: {runs}`{subscript.name if isinstance(subscript, Name) else excerpt(subscript)}`"

    def _written(self, clause: Clause) -> str:
        if clause in self.open:
            return f"1..{self._open(clause)}"
        found = self.found(clause)
        return f"{found.start}..{found.start + found.length - dim(1)}"

    def _open(self, clause: Clause | None) -> Dim:
        assert clause is not None
        return self._known(Linear({self.open[clause]: 1}))

    def _length(self, selection: Selection) -> Dim:
        return self._known(Linear({selection.size: 1}))

    def _known(self, value: Linear) -> Dim:
        result = self._dim(value)
        assert result is not None
        return result

    def found(self, clause: Clause) -> Range:
        """The range of an index, when all sizes have a name."""
        first, last = self._known(self._bound(clause, "lower")), self._known(self._bound(clause, "upper"))
        return Range(first, last - first + dim(1))

    def needed(self) -> Iterator[Dim]:
        """What must not be negative for every entry to exist."""
        for selection in self.selections:
            value = self._linear(selection.subscript)
            yield self._length(selection) - self._known(self.extreme(value, "upper"))
            yield self._known(self.extreme(value, "lower")) - dim(1)


def _single(value: Linear) -> int | None:
    """The size that a linear expression is."""
    if value.constant == 0 and list(value.terms.values()) == [1]:
        (key,) = value.terms
        return key if isinstance(key, int) else None
    return None


def never_negative(value: Dim) -> bool:
    """Whether a difference of dimensions is 0 or more for all sizes from 1 on."""
    return all(count > 0 for _, count in value.terms) and sum(count for _, count in value.terms) + value.constant >= 0


def _is_negative(value: Dim) -> bool:
    """Whether a difference of dimensions is below 0 for all sizes from 1 on."""
    return all(count < 0 for _, count in value.terms) and sum(count for _, count in value.terms) + value.constant < 0


def _can_be(value: Dim) -> bool:
    """Whether a difference of dimensions is 0 or more where all sizes are large enough."""
    return all(count > 0 for _, count in value.terms) and (bool(value.terms) or value.constant >= 0)
