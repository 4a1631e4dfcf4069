"""Sums over an index: `sum(x_i for i in 1..n)`, `sum_{i=1}^n x_i`, `∑ᵢ xᵢ`, `sum_{i<j} ...`."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from matcalc.language.actions.base import Builder, Placed
from matcalc.language.table import Token
from matcalc.language.tokens import clean_name
from matcalc.language.tree import Binary, Clause, Expr, IndexSum, Name, Number

SERIES: Final = {"sum": "sum", "Σ": "sum", "∑": "sum", "prod": "prod", "Π": "prod", "∏": "prod", "mean": "mean",
                 "max": "max", "min": "min"}
"""What can be taken over an index."""

class _Head(NamedTuple):
    """What stands under the sign of a sum: indices, and conditions on them."""

    clauses: list[Clause]
    conditions: list[Binary]


class SeriesActions(Builder):
    """One method for each rule of sums over an index."""

    def clause(self, parts: list[Any]) -> Clause:
        """`for i in 1..N`."""
        name = parts[1]
        if len(parts) == 2:
            return Clause(self._name(name), None, None, self._span(parts[0].start, name.end))
        (lower, _, _), (upper, _, end) = parts[3], parts[5]
        return Clause(self._name(name), lower, upper, self._span(parts[0].start, end))

    def further(self, parts: list[Any]) -> Clause:
        """The `j in 1..M` of `for i in 1..N, j in 1..M`."""
        return self.clause([parts[0], *parts])

    def comprehension(self, parts: list[Any]) -> Placed:
        """`sum(x_i for i in 1..N)`."""
        function, _, (body, _, _), clauses, closer = parts
        if function.value not in SERIES:
            self._refuse(
                f"`{function.value}` cannot be taken over an index",
                function.start,
                function.end,
                "sum, prod, mean, max and min can: sum(x_i for i in 1..n)",
            )
        span = self._span(function.start, closer.end)
        return IndexSum(SERIES[function.value], body, tuple(clauses), span), function.start, closer.end

    def series_index(self, parts: list[Any]) -> tuple[Token, Placed | None, Placed | None]:
        """The `i=1` of `sum_{i=1}^N`."""
        return parts[0], parts[2] if len(parts) > 2 else None, parts[4] if len(parts) > 4 else None

    def first_relation(self, parts: list[Any]) -> list[Any]:
        """The `i < j` of `sum_{i<j}`: operands and signs by turns."""
        return list(parts)

    def next_relation(self, parts: list[Any]) -> list[Any]:
        """The `1 <= i < j` of `sum_{1 <= i < j <= n}`, one comparison more."""
        chain, *rest = parts
        return [*chain, *rest]

    def series_relation(self, parts: list[Any]) -> _Head:
        """The indices and conditions of `sum_{1 <= i < j <= n}`."""
        (chain,) = parts
        operands: list[Placed] = chain[::2]
        signs: list[Token] = chain[1::2]
        start, end = operands[0][1], operands[-1][2]
        lower = None if isinstance(operands[0][0], Name) else self._beyond(operands[0][0], signs[0], "+")
        has_upper = not isinstance(operands[-1][0], Name) or (lower is not None and len(operands) > 2)
        upper = self._beyond(operands[-1][0], signs[-1], "-") if has_upper else None
        names = [each for each, _, _ in operands[lower is not None : len(operands) - has_upper]]
        ascending = all(sign.value in ("<", "<=") for sign in signs)
        bounded = lower is not None or has_upper
        if not names or not all(isinstance(name, Name) for name in names) or (bounded and not (ascending and lower and upper)):
            self._refuse("this is no condition on indices", start, end, "write sum_{i<j}, sum_{i≠j} or sum_{1 <= i < j <= n}")
        span = self._span(start, end)
        clauses = [Clause(name, lower, upper, span, not bounded) for name in names if isinstance(name, Name)]
        inner = signs[lower is not None : len(signs) - has_upper]
        conditions = []
        for sign, left, right in zip(inner, names, names[1:], strict=False):
            between = self._span(left.span.start, right.span.end)
            copies = [Name(each.name, each.span) for each in (left, right) if isinstance(each, Name)]
            conditions.append(Binary(sign.value, copies[0], copies[1], between, self._span(sign.start, sign.end)))
        return _Head(clauses, conditions)

    def _beyond(self, bound: Expr, sign: Token, step: str) -> Expr:
        """The bound itself for `<=`, the next number for `<`."""
        if sign.value == "<=":
            return bound
        return Binary(step, bound, Number(1, bound.span), bound.span, bound.span)

    def series_named(self, parts: list[Any]) -> tuple[Token, str, _Head]:
        """`sum_i`, `∑ᵢ^N`: the head of a sum."""
        head = parts[0]
        found = re.match(r"sum|prod|mean|.", head.value)
        function = found[0] if found else ""
        offset = len(function) + (head.value[len(function)] == "_")
        token = Token("NAME", clean_name(head.value[len(function) :]).lstrip("_"), head.start + offset, head.end)
        return head, SERIES[function], self._series_head([(token, None, None)], parts[2] if len(parts) > 2 else None, "ijkl")

    def series_braced(self, parts: list[Any]) -> tuple[Token, str, _Head]:
        """`sum_{i=1}^N`: the head of a sum."""
        head = parts[0]
        return head, SERIES[head.value[:-2]], self._series_head(parts[1], parts[4] if len(parts) > 3 else None, "ijklmnpqrst")

    def _series_head(
        self, indices: list[_Head | tuple[Token, Placed | None, Placed | None]], bound: Placed | None, letters: str
    ) -> _Head:
        head = _Head([], [])
        for each in indices:
            if isinstance(each, _Head):
                head.clauses.extend(each.clauses)
                head.conditions.extend(each.conditions)
            else:
                head.clauses.extend(self._clauses_of(*each, letters))
        if bound is not None:
            self._set_upper(head, bound, several=isinstance(indices[-1], _Head) and len(indices) == 1)
        for clause in head.clauses:
            if clause.lower is not None and clause.upper is None:
                place = clause.span
                self._refuse(
                    f"the sum over `{clause.index.name}` has no upper bound", place.start, place.end, "write sum_{i=1}^N x_i"
                )
        return head

    def _clauses_of(self, token: Token, lower: Placed | None, upper: Placed | None, letters: str) -> list[Clause]:
        name, text = token.value, self.text
        if lower is None and upper is None and 1 < len(name) == len(set(name)) and set(name) <= set(letters):
            # `sum_{ij}` is a double sum
            places = [(letter, text.find(letter, token.start, token.end)) for letter in name]
            spans = [self._span(at, at + 1) for _, at in places]
            return [Clause(Name(letter, span), None, None, span) for (letter, _), span in zip(places, spans, strict=True)]
        end = (upper or lower or (None, 0, token.end))[2]
        return [Clause(self._name(token), lower and lower[0], upper and upper[0], self._span(token.start, end))]

    def _set_upper(self, head: _Head, bound: Placed, *, several: bool) -> None:
        """The upper bound above the sign."""
        if any(clause.upper is not None for clause in head.clauses[-1:]):
            self._refuse("the index has two upper bounds", bound[1], bound[2])
        if len(head.clauses) > 1 and not several:
            self._refuse(
                "an upper bound for several indices", bound[1], bound[2],
                "write one sum for each: sum_{i=1}^m sum_{j=1}^n ...",
            )
        for clause in head.clauses:
            clause.upper = bound[0]
            if clause.lower is None:
                clause.lower = Number(1, clause.index.span)
            clause.span = clause.span.to(self._span(bound[1], bound[2]))

    def series(self, parts: list[Any]) -> Placed:
        """`sum_{i=1}^N body`."""
        (token, function, head), (body, _, end) = parts
        span = self._span(token.start, end)
        return IndexSum(function, body, tuple(head.clauses), span, tuple(head.conditions)), token.start, end
