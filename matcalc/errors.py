"""What can be wrong with an input, and how it is said.

Every error that user input can cause is a `MatcalcError`: what is wrong, where (a caret under the text), and what to write
instead. The text of an error never contains terminal control characters, whatever the input held.
"""

from __future__ import annotations

import unicodedata
from typing import ClassVar, NamedTuple


class Span(NamedTuple):
    """A place in a text: the characters from `start` up to, not including, `end`."""

    text: str
    start: int
    end: int

    @property
    def excerpt(self) -> str:
        """The characters themselves."""
        return self.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of `other`."""
        return Span(self.text, self.start, other.end)


class MatcalcError(Exception):
    """Something about the input that the user can change.

    Attributes:
        message: what is wrong, one sentence without a full stop.
        span: where, if it is about a place in a text.
        help: what to write instead, or None.
        related: a second place with its own caption, for contradictions.
    """

    exit_status: ClassVar[int] = 2
    kind: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        span: Span | None = None,
        *,
        help: str | None = None,
        related: tuple[str, Span] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.help = help
        self.related = related

    def __str__(self) -> str:
        lines = [f"{printable(self.message)}"]
        if self.span is not None:
            lines += point_at(self.span)
        if self.related is not None:
            caption, span = self.related
            lines += [printable(caption), *point_at(span)]
        if self.help:
            lines.append(f"help: {printable(self.help)}")
        return "\n".join(lines)


class MatcalcSyntaxError(MatcalcError):
    """The text is not in the language: "unexpected `)`", "`(` is never closed"."""

    kind = "syntax"


class UnknownNameError(MatcalcError):
    """A function, variable or option that does not exist: "there is no function `sigmod`"."""

    kind = "name"


class ShapeError(MatcalcError):
    """Shapes that do not fit: "`A * x` multiplies element by element, but A is a matrix(m, n) and x is a vector(n)"."""

    kind = "shape"


class UsageError(MatcalcError):
    """A wrong option or argument of a public function: "there is no layout `rows`"."""

    kind = "usage"


class NotSupportedError(MatcalcError):
    """Well-formed input that matcalc cannot answer: "not supported: pinv"."""

    exit_status = 3
    kind = "unsupported"

    def __init__(
        self,
        message: str,
        span: Span | None = None,
        *,
        help: str | None = None,
        related: tuple[str, Span] | None = None,
    ) -> None:
        super().__init__(f"not supported: {message}", span, help=help, related=related)


class LimitError(MatcalcError):
    """Input beyond a documented limit: "the text is longer than 200,000 characters"."""

    kind = "limit"


class EvaluationError(MatcalcError):
    """Values that cannot be put in: a missing variable, an array of the wrong shape."""

    kind = "evaluation"


def printable(text: str) -> str:
    """`text` with control, format and bidirectional characters replaced, so that it is safe to show on a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") else c for c in text)


_WINDOW = 100
"""Characters of a long line shown around the place."""


def point_at(span: Span) -> list[str]:
    r"""The line of text that holds `span`, and under it carets at the place.

    >>> print("\n".join(point_at(Span("a + * b", 4, 5))))
      a + * b
          ^
    """
    text, start, end = span
    start = min(start, len(text))
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    end = max(start + 1, min(end, line_end))
    first, last = line_start, line_end
    before = after = ""
    if last - first > _WINDOW:
        first = max(first, start - _WINDOW // 2)
        last = min(last, max(first + _WINDOW, start + 1))
        before = "…" if first > line_start else ""
        after = "…" if last < line_end else ""
        end = max(start + 1, min(end, last))
    shown = printable(text[first:last].replace("\t", " "))
    pad = sum(columns_of(c) for c in before + shown[: start - first])
    carets = max(1, sum(columns_of(c) for c in shown[start - first : end - first]))
    return [f"  {before}{shown}{after}", "  " + " " * pad + "^" * carets]


def columns_of(character: str) -> int:
    """Terminal columns of one character."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
