"""Which kinds – scalar, vector, row, matrix – each unknown may still have, narrowed by relations until nothing changes.

A set of kinds is a bit mask. Relations are made from the signatures of the operation table, once each. What was narrowed is
kept on a trail, so that an assumption that leads to a contradiction can be taken back without copying anything.
"""

from __future__ import annotations

from collections import deque
from functools import cache
from typing import Final, NamedTuple

from matcalc.language.dimensions import Kind
from matcalc.operations.rows import signature

SCALAR_BIT: Final = 1
VECTOR_BIT: Final = 2
ROW_BIT: Final = 4
MATRIX_BIT: Final = 8
ANY: Final = 15

BIT: Final[dict[Kind, int]] = {"scalar": 1, "vector": 2, "row": 4, "matrix": 8}
KIND: Final[dict[int, Kind]] = {bit: kind for kind, bit in BIT.items()}


class Pattern(NamedTuple):
    """One way a relation can hold: a kind for each place, and letters for its dimensions."""

    kinds: tuple[int, ...]
    dims: tuple[tuple[str, ...], ...]
    sized: bool
    """Whether there is any dimension at all."""
    numbers: tuple[str, ...]
    """Dimensions that are numbers."""
    products: bool
    """Whether a dimension is a product of others, such as `m*n`."""


class Relation:
    """The kinds that go together, as a list of patterns; the result of an operation is the last place."""

    __slots__ = ("_narrowed", "_tied", "by_kinds", "patterns")

    def __init__(self, patterns: tuple[Pattern, ...]) -> None:
        self.patterns = patterns
        self.by_kinds = {pattern.kinds: pattern for pattern in reversed(patterns)}
        self._narrowed: dict[tuple[int, ...], tuple[int, ...] | None] = {}
        self._tied: dict[tuple[int, ...], Relation] = {}

    def narrow(self, domains: tuple[int, ...]) -> tuple[int, ...] | None:
        """The kinds that remain possible in each place, or None if there are none. Remembered: there are few cases."""
        try:
            return self._narrowed[domains]
        except KeyError:
            pass
        masks = [0] * len(domains)
        for pattern in self.patterns:
            if all(kind & domain for kind, domain in zip(pattern.kinds, domains, strict=True)):
                masks = [mask | kind for mask, kind in zip(masks, pattern.kinds, strict=True)]
        result = tuple(masks) if masks and masks[0] else None
        self._narrowed[domains] = result
        return result

    def tied(self, operands: tuple[int, ...]) -> Relation:
        """This relation where some operands are the same unknown, as in `x x`: those have the same kind."""
        firsts = tuple(map(operands.index, operands))
        found = self._tied.get(firsts)
        if found is None:
            fitting = tuple(p for p in self.patterns if all(p.kinds[a] == p.kinds[b] for a, b in enumerate(firsts)))
            found = self._tied[firsts] = Relation(fitting) if fitting else self
        return found


@cache
def relation(signatures: tuple[str, ...]) -> Relation:
    """The relation that some signatures state.

    >>> relation(("matrix(m, n), vector(n) -> vector(m)",)).narrow((ANY, ANY, ANY))
    (8, 2, 2)
    """
    patterns = []
    for text in signatures:
        read = signature(text)
        places = (*read.operands, read.result)
        letters = [letter for place in places for letter in place.dims]
        numbers = tuple(letter for letter in letters if letter.isdigit())
        products = any("*" in letter for letter in letters)
        kinds, dims = tuple(BIT[p.kind] for p in places), tuple(p.dims for p in places)
        patterns.append(Pattern(kinds, dims, bool(letters), numbers, products))
    return Relation(tuple(patterns))


class Kinds:
    """The kinds of all unknowns, and the relations between them."""

    __slots__ = ("_queue", "_queued", "_steps", "_trail", "domains", "operands", "relations", "wasted", "watchers")

    def __init__(self) -> None:
        self.domains: list[int] = []
        self.watchers: list[list[int]] = []
        self.relations: list[Relation] = []
        self.operands: list[tuple[int, ...]] = []
        self.wasted = 0
        """Steps spent on assumptions that were taken back."""
        self._trail: list[tuple[int, int]] = []
        self._queue: deque[int] = deque()
        self._queued: list[bool] = []
        self._steps = 0
        """Steps of the last settling."""

    def unknown(self, domain: int = ANY) -> int:
        """A new unknown."""
        self.domains.append(domain)
        self.watchers.append([])
        return len(self.domains) - 1

    def constrain(self, rule: Relation, operands: tuple[int, ...]) -> int:
        """State that a relation holds; it is looked at in the order of statement."""
        number = len(self.relations)
        self.relations.append(rule if len(set(operands)) == len(operands) else rule.tied(operands))
        self.operands.append(operands)
        for unknown in operands:
            self.watchers[unknown].append(number)
        self._queued.append(True)
        self._queue.append(number)
        return number

    def settle(self) -> int | None:
        """Narrow until nothing changes. The number of the first relation that cannot hold, or None."""
        domains, watchers, queue, queued = self.domains, self.watchers, self._queue, self._queued
        relations, operands, trail = self.relations, self.operands, self._trail
        self._steps = 0
        while queue:
            self._steps += 1
            number = queue.popleft()
            queued[number] = False
            places = operands[number]
            before = tuple([domains[unknown] for unknown in places])
            after = relations[number].narrow(before)
            if after is None:
                self._forget_queue()
                return number
            if after == before:
                continue
            for unknown, mask in zip(places, after, strict=True):
                old = domains[unknown]
                new = old & mask
                if new == old:
                    continue
                trail.append((unknown, old))
                domains[unknown] = new
                if not new:
                    self._forget_queue()
                    return number
                for other in watchers[unknown]:
                    if not queued[other] and other != number:
                        queued[other] = True
                        queue.append(other)
        return None

    def assume(self, unknown: int, mask: int) -> bool:
        """Restrict an unknown; taken back, with a False, if that contradicts something."""
        old = self.domains[unknown]
        new = old & mask
        if not new:
            return False
        if new == old:
            return True
        mark = len(self._trail)
        self._trail.append((unknown, old))
        self.domains[unknown] = new
        for other in self.watchers[unknown]:
            self._queued[other] = True
            self._queue.append(other)
        return self._settle_or_undo(mark)

    def assume_same(self, first: int, second: int) -> bool:
        """Restrict two unknowns to the same kind, or leave both as they were."""
        mark = len(self._trail)
        self.constrain(SAME_KIND, (first, second))
        if self._settle_or_undo(mark):
            return True
        self.relations.pop()
        self.operands.pop()
        self._queued.pop()
        self.watchers[first].pop()
        self.watchers[second].pop()
        return False

    def _settle_or_undo(self, mark: int) -> bool:
        if self.settle() is None:
            return True
        trail, domains = self._trail, self.domains
        self.wasted += self._steps
        while len(trail) > mark:
            unknown, old = trail.pop()
            domains[unknown] = old
        return False

    def _forget_queue(self) -> None:
        self._steps += len(self._queue)
        for number in self._queue:
            self._queued[number] = False
        self._queue.clear()


SAME_KIND: Final = relation(("scalar -> scalar", "vector(a) -> vector(a)", "row(a) -> row(a)", "matrix(a, b) -> matrix(a, b)"))
"""Both of the same shape (as an assumption about kinds, the dimensions follow from the operator)."""
