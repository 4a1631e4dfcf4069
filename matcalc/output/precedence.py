"""Precedence: how pieces of notation are put together, and the one place that adds parentheses.

A printer makes a `Piece` for each node from the pieces of the nodes below it. A piece knows how tightly it holds together
(its `Level`); whoever uses it says what level it needs there, and `Printer.fit` adds parentheses where it has less. Pieces
keep references to the pieces inside them and become a string once, at the end: so printing takes time in proportion to
what is printed, and nothing recurses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import IntEnum
from fractions import Fraction
from typing import Final

from matcalc.limits import MAX_PRINTED
from matcalc.notation.matrix import Expression, Number, Product, children, postorder


class Level(IntEnum):
    """How tightly a piece holds together, loosest first."""

    COMPARISON = 0
    """`a > b`"""
    SUM = 1
    """`a + b`"""
    NEGATED = 2
    """`-a`: a minus sign and the piece that it belongs to. A sum prints it as a subtraction."""
    SERIES = 3
    """`Σᵢ a`: a product that goes on to the right as far as it can, so nothing may follow it."""
    PRODUCT = 4
    """`a ⊙ b`, `a / b`, `A ⊗ B`"""
    CHAIN = 5
    """`A B x`, `2 x y`, `w·x`: juxtaposed, so a scalar may stand before it."""
    LEIBNIZ = 6
    """`∂f/∂x`"""
    POSTFIX = 7
    """`Aᵀ`, `x²`"""
    ATOM = 8
    """`x`, `f(x)`, `(a + b)`"""


class Piece:
    """A piece of notation: strings and other pieces, one after the other.

    Attributes:
        level: how tightly it holds together.
        size: the number of symbols.
        first: the first character.
        spaced: does it hold a space?
        barred: does it hold a norm's bar?
    """

    __slots__ = ("barred", "first", "level", "parts", "size", "spaced")

    def __init__(self, level: Level, *parts: str | Piece) -> None:
        self.level: Level = level
        self.parts: tuple[str | Piece, ...] = parts
        self.size: int
        self.spaced: bool
        self.barred: bool
        size = 0
        spaced = barred = False
        for part in parts:
            if isinstance(part, Piece):
                size += part.size
                spaced = spaced or part.spaced
                barred = barred or part.barred
            else:
                size += 1
                spaced = spaced or " " in part
                barred = barred or "‖" in part
        self.size = size
        self.spaced = spaced
        self.barred = barred
        head = parts[0]
        self.first: str = head.first if isinstance(head, Piece) else head[:1]

    def __str__(self) -> str:
        """The string, written from left to right."""
        strings: list[str] = []
        waiting: list[str | Piece] = [self]
        while waiting:
            part = waiting.pop()
            if isinstance(part, Piece):
                waiting.extend(reversed(part.parts))
            else:
                strings.append(part)
        return "".join(strings)


def interleave(pieces: Sequence[str | Piece], separator: str) -> list[str | Piece]:
    """The pieces with a separator between each two."""
    parts: list[str | Piece] = []
    for piece in pieces:
        if parts:
            parts.append(separator)
        parts.append(piece)
    return parts


def rational(expr: Expression) -> Fraction | None:
    """The value, if the expression is a rational number."""
    if isinstance(expr, Number):
        return Fraction(expr.value)
    if isinstance(expr, Product) and not expr.factors and not expr.divisors:
        return Fraction(expr.coefficient)
    return None


_LONGEST: Final = 13_000
"""Bits of a number that is written out (Python refuses to write more than 4,300 digits)."""


def digits(value: int) -> str:
    """An integer in decimal, or `…` if it is too long for anyone to read."""
    return str(value) if value.bit_length() <= _LONGEST else "…"


class Printer(ABC):
    """Prints matrix expressions: subclasses say how each kind of node looks.

    An expression that is longer than `MAX_PRINTED` symbols prints with `…` for the parts that are too long.
    """

    ellipsis: Piece = Piece(Level.ATOM, "…")
    opening: str = "("
    closing: str = ")"

    def __init__(self) -> None:
        self._pieces: dict[Expression, Piece] = {}
        self._left_out: set[Expression] = set()

    @abstractmethod
    def piece(self, node: Expression) -> Piece:
        """The piece of a node; those of the nodes below it are known to `child`."""

    def write(self, root: Expression) -> str:
        """The whole expression as a string."""
        return str(self.whole(root))

    def whole(self, root: Expression) -> Piece:
        """The piece of a whole expression."""
        for node in postorder(root):
            if node in self._pieces:
                continue
            piece = self.piece(node)
            if piece.size > MAX_PRINTED:
                piece = self._shortened(node)
            self._pieces[node] = piece
        return self._pieces[root]

    def _shortened(self, node: Expression) -> Piece:
        """The piece of a node of which only the first operands are written, as far as there is room."""
        room = MAX_PRINTED
        for below in children(node):
            size = self._pieces[below].size + 2
            if size <= room:
                room -= size
            else:
                self._left_out.add(below)
        piece = self.piece(node)
        self._left_out.clear()
        return piece

    def child(self, node: Expression) -> Piece:
        """The piece of a node below the one that is being printed."""
        return self.ellipsis if node in self._left_out else self._pieces[node]

    def shown(self, node: Expression) -> bool:
        """Is there room for this operand? If not, its own operands must not be looked at either."""
        return node not in self._left_out

    def fit(self, piece: Piece, level: Level) -> Piece:
        """The piece, in parentheses if it does not hold together as tightly as `level`."""
        return piece if piece.level >= level else Piece(Level.ATOM, self.opening, piece, self.closing)

    def fitted(self, node: Expression, level: Level) -> Piece:
        """The piece of a node, in parentheses if necessary."""
        return self.fit(self.child(node), level)
