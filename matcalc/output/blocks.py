"""A block matrix as text: one line for each row of blocks, in tall brackets."""

from __future__ import annotations

from matcalc.errors import columns_of
from matcalc.notation.matrix import Answer, Stack
from matcalc.output.text import TextPrinter

_WIDEST = 110
"""Columns of a block matrix beyond which nobody would read it."""


def bracketed(answer: Answer) -> list[str] | None:
    r"""The lines of an answer that is a stack of rows of blocks; None if they are too long.

    >>> from matcalc.language.dimensions import SCALAR, dim, matrix, row
    >>> from matcalc.notation.matrix import Number
    >>> rows = [Stack(row(dim(2)), tuple(Number(SCALAR, 10 * i + j) for j in (1, 2)), 1) for i in (0, 1)]
    >>> print("\n".join(bracketed(Answer(Stack(matrix(dim(2), dim(2)), tuple(rows), 0)))))
    ⎡ 1   2  ⎤
    ⎣ 11  12 ⎦
    """
    assert isinstance(answer.body, Stack)
    printer = TextPrinter()
    entries = [[printer.write(block) for block in line.blocks] for line in answer.body.blocks if isinstance(line, Stack)]
    widths = [max(map(_width, column)) for column in zip(*entries, strict=True)]
    if sum(widths) + 2 * len(widths) + 2 > _WIDEST:
        return None
    count = len(entries)
    left = ["⎡", *"⎢" * (count - 2), "⎣"] if count > 1 else ["["]
    right = ["⎤", *"⎥" * (count - 2), "⎦"] if count > 1 else ["]"]
    lines = []
    for opening, line, closing in zip(left, entries, right, strict=True):
        cells = [entry + " " * (width - _width(entry)) for entry, width in zip(line, widths, strict=True)]
        lines.append(f"{opening} {'  '.join(cells)} {closing}")
    if answer.definitions:
        named = [f"{printer.write(symbol)} = {printer.write(meaning)}" for symbol, meaning in answer.definitions]
        lines.append(f"where {', '.join(named)}")
    return lines


def _width(text: str) -> int:
    return sum(map(columns_of, text))
