"""Stacks: blocks below each other and side by side, `[u; v]`, `[A, B]`, `[A, b; c', 1]`.

A line `[a, b]` of scalars is a vector, as on paper; with a row in it, it is a row; of columns and matrices it is a matrix. A
line of a larger stack is a row or a matrix. Below each other stand scalars and vectors, or rows and matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from matcalc.errors import NotSupportedError
from matcalc.language.kinds import MATRIX_BIT, ROW_BIT, SCALAR_BIT, VECTOR_BIT, Relation
from matcalc.language.sizes import Sizes
from matcalc.language.tree import Stack


class Mode(NamedTuple):
    """One way to stack: the kinds that the blocks may have, and that of the whole; one block must be of a `needed` kind."""

    items: int
    result: int
    needed: int = 0


class StackRelation(Relation):
    """The kinds that any number of blocks and their stack, the last place, can have together."""

    __slots__ = ("modes",)

    def __init__(self, *modes: Mode) -> None:
        super().__init__(())
        self.modes = modes

    def narrow(self, domains: tuple[int, ...]) -> tuple[int, ...] | None:
        """The kinds that remain possible."""
        items, result = domains[:-1], domains[-1]
        masks = [0] * len(domains)
        for mode in self.modes:
            kinds = [item & mode.items for item in items]
            able = [place for place, kind in enumerate(kinds) if kind & mode.needed]
            if not result & mode.result or not all(kinds) or (mode.needed and not able):
                continue
            if len(able) == 1:
                kinds[able[0]] &= mode.needed
            masks = [mask | kind for mask, kind in zip(masks, (*kinds, mode.result), strict=True)]
        return tuple(masks) if masks[-1] else None

    def tied(self, operands: tuple[int, ...]) -> Relation:
        """The same: each place is narrowed for itself."""
        return self


_FLAT: Final = SCALAR_BIT | ROW_BIT
_TALL: Final = VECTOR_BIT | MATRIX_BIT
LINE: Final = StackRelation(Mode(SCALAR_BIT, VECTOR_BIT), Mode(_FLAT, ROW_BIT, ROW_BIT), Mode(_TALL, MATRIX_BIT))
"""`[a, b]`"""
_INNER_LINE: Final = StackRelation(Mode(_FLAT, ROW_BIT), Mode(_TALL, MATRIX_BIT))
"""The `a, b` of `[a, b; c, d]`."""
BELOW: Final = StackRelation(Mode(SCALAR_BIT | VECTOR_BIT, VECTOR_BIT), Mode(ROW_BIT | MATRIX_BIT, MATRIX_BIT))
"""`[u; v]`"""


def lines(node: Stack) -> tuple[Stack, ...]:
    """The lines `a, b` of a stack `[a, b; c, d]` or `[[a, b], [c, d]]`.

    Raises:
        NotSupportedError: some items of a `,` stack are lines, and others are not.
    """
    found = tuple(item for item in node.items if isinstance(item, Stack) and item.separator == ",")
    if node.separator == "," and found and len(found) < len(node.items):
        raise NotSupportedError(
            f"`{node.span.excerpt}`, a stack of blocks", node.span, help="write the blocks by lines: [A, b; c', d]"
        )
    return found


def rule(node: Stack, *, inner: bool) -> Relation:
    """What holds for the kinds of a stack; `inner` if it is a line of another one."""
    return _INNER_LINE if inner else BELOW if node.is_vertical else LINE


class Block(NamedTuple):
    """The kind and the sizes of a block or of a whole stack."""

    kind: int
    sizes: tuple[int, ...]


def unite(sizes: Sizes, node: Stack, items: Sequence[Block], whole: Block) -> tuple[int, list[int], int] | None:
    """Make equal the sizes that the blocks share; the size that is a sum, its parts, and a number. None if they differ."""
    if whole.kind != MATRIX_BIT:
        return whole.sizes[0], [size for item in items for size in item.sizes], sum(not item.sizes for item in items)
    below = node.is_vertical
    shared, summed = whole.sizes[below], whole.sizes[not below]
    parts: list[int] = []
    single = 0
    for item in items:
        if not sizes.unite(shared, item.sizes[-1] if below else item.sizes[0]):
            return None
        if item.kind == MATRIX_BIT:
            parts.append(item.sizes[not below])
        else:
            single += 1
    return summed, parts, single
