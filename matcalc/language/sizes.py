"""Dimensions as unknowns: union-find, with sums for stacked vectors, and names for what stays open."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import count
from typing import Final, NamedTuple

from matcalc.language.dimensions import Dim, dim

_MORE_NAMES: Final = ("k", "p", "q", "r", "s", "d", "h", "l")


class Total(NamedTuple):
    """`total` is the sum of `parts` and of the number `constant`; with `multiply` it is the product of `parts`."""

    total: int
    parts: tuple[int, ...]
    constant: int
    multiply: bool = False


class Sizes:
    """Unknown sizes; those that must be equal are united. A size with a value is a number or a declared name."""

    __slots__ = ("_known", "_parent", "_totals", "_values", "meaning")

    def __init__(self) -> None:
        self._parent: list[int] = []
        self._values: list[Dim | None] = []
        self._known: dict[Dim, int] = {}
        self._totals: list[Total] = []
        self.meaning: dict[str, Dim] = {}
        """Declared names that turned out to be products of others."""

    def fresh(self) -> int:
        """A size about which nothing is known."""
        self._parent.append(len(self._parent))
        self._values.append(None)
        return len(self._parent) - 1

    def known(self, value: Dim) -> int:
        """The size with this value."""
        size = self._known.get(value)
        if size is None:
            size = self._known[value] = self.fresh()
            self._values[size] = value
        return size

    def find(self, size: int) -> int:
        """The representative of all sizes equal to this one."""
        parent = self._parent
        while parent[size] != size:
            parent[size] = parent[parent[size]]
            size = parent[size]
        return size

    def value(self, size: int) -> Dim | None:
        """The value, if it is known."""
        return self._values[self.find(size)]

    def unite(self, first: int, second: int) -> bool:
        """Make two sizes equal; False if they are known to differ."""
        if first == second:
            return True
        first, second = self.find(first), self.find(second)
        if first == second:
            return True
        a, b = self._values[first], self._values[second]
        if a is not None and b is not None:
            return a == b
        if a is None and b is not None:
            first, second = second, first
        self._parent[second] = first
        return True

    def total(self, total: int, parts: Iterable[int], constant: int) -> int:
        """State that a size is a sum; returns the number of the statement."""
        self._totals.append(Total(total, tuple(parts), constant))
        return len(self._totals) - 1

    def product(self, total: int, parts: Iterable[int]) -> int:
        """State that a size is a product; returns the number of the statement."""
        self._totals.append(Total(total, tuple(parts), 0, multiply=True))
        return len(self._totals) - 1

    def solve_totals(self) -> int | None:
        """Draw the conclusions from all sums. The number of the first one that cannot hold, or None."""
        changed = True
        while changed:
            changed = False
            seen: dict[int, tuple[Dim, list[int]]] = {}
            for number, statement in enumerate(self._totals):
                outcome = self._solve(statement, seen)
                if outcome is None:
                    return number
                changed = changed or outcome
        return None

    def _solve(self, statement: Total, seen: dict[int, tuple[Dim, list[int]]]) -> bool | None:
        """Whether something new follows from one sum, or None if it contradicts what is known."""
        total = self.find(statement.total)
        if statement.multiply:
            return self._solve_product(total, statement.parts)
        known, unknown = self._split(statement)
        target = self._values[total]
        if not unknown:
            if target is None:
                return self.unite(total, self.known(known)) or None
            return False if target == known else None
        if len(unknown) == 1 and known == Dim((), 0):
            return self.find(unknown[0]) != total and self.unite(total, unknown[0])
        if total in unknown:
            return None
        if target is not None:
            if len(unknown) > 1:
                return False
            part = _difference(target, known)
            return None if part is None else (self.unite(unknown[0], self.known(part)) or None)
        if total not in seen:
            seen[total] = known, unknown
            return False
        other_known, other_unknown = seen[total]
        here, there = _without(unknown, other_unknown), _without(other_unknown, unknown)
        if len(here) == len(there) == 1 and known == other_known:
            return self.unite(here[0], there[0]) or None
        if not here and not there and known != other_known:
            return None
        return False

    def _solve_product(self, total: int, parts: Iterable[int]) -> bool | None:
        """The same for a product: it follows from its factors, and the last open factor from it."""
        known, unknown = dim(1), []
        for part in parts:
            value = self.value(part)
            if value is None:
                unknown.append(self.find(part))
            else:
                known = known.times(value)
        target = self._values[total]
        if not unknown:
            if target is None:
                return self.unite(total, self.known(known)) or None
            if target == known:
                return False
            return True if self._substitute(total, known) else None
        if target is None or len(unknown) > 1:
            return False
        rest = target.divided(known)
        if rest is None and target.terms and known.terms:
            return False  # n = m k holds for some sizes; k stays open
        return None if rest is None else (self.unite(unknown[0], self.known(rest)) or None)

    def _substitute(self, size: int, value: Dim) -> bool:
        """Take a declared name for what it must be: N = m n."""
        name = self._values[size]
        if name is None or name.name is None or name.name in value.names or value in self._known:
            return False
        self.meaning[name.name] = value
        self._values[size] = value
        self._known[value] = size
        return True

    def _split(self, statement: Total) -> tuple[Dim, list[int]]:
        known = Dim((), statement.constant)
        unknown: list[int] = []
        for part in statement.parts:
            root = self.find(part)
            value = self._values[root]
            if value is None:
                unknown.append(root)
            else:
                known = known + value
        return known, unknown

    def name_all(self, order: Iterable[int], rows: Collection[int], taken: Collection[str]) -> int | None:
        """Give names to the sizes that have none: vector lengths and numbers of columns first, in the order given.

        `rows` are the sizes that only count rows. Totals get the sum of their parts. Returns the number of a sum that
        does not hold, or None.
        """
        self._unite_alike()
        totals = {self.find(statement.total) for statement in self._totals}
        row_roots = {self.find(size) for size in rows}
        names = {True: _names("m", (), taken), False: _names("n", () if row_roots else ("m",), taken)}
        used: set[str] = set()
        for size in order:
            root = self.find(size)
            if self._values[root] is None and root not in totals:
                self._name(root, names[root in row_roots], used)
        failed = self.solve_totals()
        for size in range(len(self._parent)):
            if failed is not None:
                break
            if self.find(size) == size and self._values[size] is None and size not in totals:
                self._name(size, names[False], used)
        if failed is None:
            failed = self.solve_totals()
        for size in range(len(self._parent)):  # only after a contradiction is there anything left
            if self.find(size) == size and self._values[size] is None:
                self._name(size, names[False], used)
        return failed

    def _unite_alike(self) -> None:
        """Of two sums, or products, of as many open parts that must be equal, take the parts to be equal one by one."""
        seen: dict[int, tuple[Dim, list[int]]] = {}
        products: dict[int, tuple[int, ...]] = {}
        for statement in self._totals:
            total = self.find(statement.total)
            if statement.multiply:  # the factors in the order in which vec and kron count
                for part, other in zip(statement.parts, products.setdefault(total, statement.parts), strict=False):
                    self.unite(part, other)
                continue
            known, unknown = self._split(statement)
            other_known, other_unknown = seen.setdefault(total, (known, unknown))
            if known == other_known and len(unknown) == len(other_unknown):
                for part, other in zip(unknown, other_unknown, strict=True):
                    self.unite(part, other)

    def _name(self, root: int, names: Iterator[str], used: set[str]) -> None:
        name = next(name for name in names if name not in used)
        used.add(name)
        self._values[root] = dim(name)


def _names(first: str, then: tuple[str, ...], taken: Collection[str]) -> Iterator[str]:
    for name in (first, *then, *_MORE_NAMES):
        if name not in taken:
            yield name
    for number in count(1):
        if (name := f"n{number}") not in taken:
            yield name


def _difference(total: Dim, part: Dim) -> Dim | None:
    """`total` minus `part`, if that is a size for certain."""
    counts = dict(total.terms)
    for name, times in part.terms:
        counts[name] = counts.get(name, 0) - times
    constant = total.constant - part.constant
    terms = tuple(sorted((name, times) for name, times in counts.items() if times))
    if constant < 0 or any(times < 0 for _, times in terms) or (not terms and constant == 0):
        return None
    return Dim(terms, constant)


def _without(items: list[int], others: list[int]) -> list[int]:
    rest = list(others)
    kept = []
    for item in items:
        if item in rest:
            rest.remove(item)
        else:
            kept.append(item)
    return kept
