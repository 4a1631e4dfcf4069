"""What the methods that build the tree share.

While an expression is being read it travels with its extent, the characters it covers with the parentheses around it, which
the node itself does not keep: so `(a) + b` spans from the parenthesis on although `a` does not.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NoReturn

from matcalc.errors import LimitError, MatcalcSyntaxError, Span
from matcalc.language.dialects import MATCALC, Dialect
from matcalc.language.table import Token
from matcalc.language.tree import Expr, Name, Number
from matcalc.limits import MAX_DIGITS

Placed = tuple[Expr, int, int]
"""An expression and its extent."""


class Builder:
    """Builds the tree of one text. The name of each public method is that of a rule in the grammar."""

    def __init__(self, text: str, dialect: Dialect = MATCALC) -> None:
        self.text = text
        self.dialect = dialect

    def _span(self, start: int, end: int) -> Span:
        return Span(self.text, start, end)

    def _refuse(self, message: str, start: int, end: int, help: str | None = None) -> NoReturn:
        raise MatcalcSyntaxError(message, Span(self.text, start, end), help=help)

    def _name(self, token: Token) -> Name:
        return Name(token.value, Span(self.text, token.start, token.end))

    def _number(self, written: str, start: int, end: int) -> Number:
        span = Span(self.text, start, end)
        mantissa, _, exponent = written.lower().partition("e")
        size = len(mantissa) - ("." in mantissa)
        if size <= MAX_DIGITS and len(exponent) <= MAX_DIGITS:
            size += abs(int(exponent or 0))
        if size > MAX_DIGITS or len(exponent) > MAX_DIGITS:
            raise LimitError(f"the number has more than {MAX_DIGITS} digits", span)
        if written.isdigit():
            return Number(int(written), span)
        value = Fraction(written.removesuffix("."))
        return Number(value.numerator if value.denominator == 1 else value, span, decimal=True)

    # Lists: the first element, and one more. They grow in place, so that a long list takes linear time.

    def first(self, parts: list[Any]) -> list[Any]:
        """A list of one."""
        return [parts[0]]

    def append(self, parts: list[Any]) -> list[Any]:
        """A list and one more."""
        items: list[Any] = parts[0]
        items.append(parts[1])
        return items

    def append_after_separator(self, parts: list[Any]) -> list[Any]:
        """A list, a separator and one more."""
        items: list[Any] = parts[0]
        items.append(parts[2])
        return items
