"""Lines of text in SVG, with scripts and slanted letters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from matcalc.errors import printable
from matcalc.output.picture.layout import Size
from matcalc.output.picture.metrics import SCRIPT, runs, width

NAME, SHAPE, LABEL, HEADING = 15.0, 12.0, 13.0, 17.0
"""Sizes of text: of what a vertex is and of totals, of its shape, of a local derivative, of the title."""

LEADING = 1.35
"""From one line to the next, in sizes of the text."""

INK, GREY, BLUE = "#1a1a1a", "#6b6b6b", "#1f4e9e"


@dataclass(frozen=True, slots=True)
class Text:
    """Lines of one size and colour, one below the other; in sentences the word `a` is no variable."""

    lines: Sequence[str]
    size: float
    colour: str = INK
    is_sentence: bool = False

    @property
    def extent(self) -> Size:
        """How much room it takes."""
        widest = max((width(line, self.size) for line in self.lines), default=0.0)
        return Size(widest, len(self.lines) * self.size * LEADING)

    def drawn(self, x: float, top: float, anchor: str = "middle") -> Iterator[str]:
        """The lines, around `x` or from there to the right, from `top` downwards."""
        for position, line in enumerate(self.lines):
            baseline = top + (position + 0.5) * self.size * LEADING + 0.34 * self.size
            yield (
                f'<text x="{x:.1f}" y="{baseline:.1f}" font-size="{self.size:g}" text-anchor="{anchor}" fill="{self.colour}">'
                f"{_spans(line, self.size, is_sentence=self.is_sentence)}</text>"
            )


def _spans(line: str, size: float, *, is_sentence: bool = False) -> str:
    """The text of a line; scripts are moved, so that no font needs to have them. Needs `xml:space` for spaces at their ends."""
    parts, level = [], 0
    for run in runs(line, is_sentence=is_sentence):
        style = ' font-style="italic"' if run.italic else ""
        moved = f' dy="{_height(level, size) - _height(run.level, size):.1f}"' if run.level != level else ""
        small = f' font-size="{size * SCRIPT:.1f}"' if run.level else ""
        level = run.level
        text = xml(run.text)
        parts.append(f"<tspan{style}{moved}{small}>{text}</tspan>" if style or moved or small else text)
    return "".join(parts)


def xml(text: str) -> str:
    """The text as it stands in a document, on one line."""
    return escape(printable(", ".join(text.split("\n"))))


def _height(level: int, size: float) -> float:
    """How far above the line a run stands."""
    return {1: 0.36, 0: 0.0, -1: -0.2}[level] * size
