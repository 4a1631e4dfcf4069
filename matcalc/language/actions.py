"""From what the grammar found to the syntax tree: one method for each rule.

While an expression is being read it travels with its extent, the characters it covers with the parentheses around it, which
the node itself does not keep: so `(a) + b` spans from the parenthesis on although `a` does not.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import Any, Final, NamedTuple, NoReturn

from matcalc.errors import LimitError, MatcalcSyntaxError, Span
from matcalc.language.dialects import MATCALC, Dialect
from matcalc.language.table import Token
from matcalc.language.tokens import clean_name
from matcalc.language.translate import translated
from matcalc.language.tree import (
    Binary,
    Binding,
    Call,
    Clause,
    Declaration,
    Expr,
    Fact,
    Index,
    IndexSum,
    Name,
    Number,
    Program,
    ShapeSpec,
    Slice,
    Stack,
    Transpose,
    Unary,
)
from matcalc.limits import MAX_DIGITS, MAX_STACK

Placed = tuple[Expr, int, int]
"""An expression and its extent."""


class _Head(NamedTuple):
    """What stands under the sign of a sum: indices, and conditions on them."""

    clauses: list[Clause]
    conditions: list[Binary]


KINDS: Final = ("scalar", "vector", "row", "matrix")
MATRIX_PROPERTIES: Final = {
    "symmetric": "symmetric",
    "spd": "spd",
    "diagonal": "diagonal",
    "orthogonal": "orthogonal",
    "lower_triangular": "lower_triangular",
    "upper_triangular": "upper_triangular",
}
ENTRY_PROPERTIES: Final = ("positive",)
_ALL_KINDS: Final = (*KINDS, *MATRIX_PROPERTIES, "elementwise")

SERIES: Final = {"sum": "sum", "Σ": "sum", "∑": "sum", "prod": "prod", "Π": "prod", "∏": "prod", "mean": "mean",
                 "max": "max", "min": "min"}
"""What can be taken over an index."""

_CALLED: Final = {"\\": "solve", "×": "cross"}
"""Operators that are functions of the table."""

_NORMS: Final = {"1": "norm1", "2": "norm2", "F": "normF", "fro": "normF", **dict.fromkeys(("inf", "∞", "infty"), "norminf")}


class Actions:
    """Builds the tree of one text. The name of each method is that of a rule in the grammar."""

    def __init__(self, text: str, dialect: Dialect = MATCALC) -> None:
        self.text = text
        self.dialect = dialect

    def _span(self, start: int, end: int) -> Span:
        return Span(self.text, start, end)

    def _refuse(self, message: str, start: int, end: int, help: str | None = None) -> NoReturn:
        raise MatcalcSyntaxError(message, Span(self.text, start, end), help=help)

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

    # Programs

    def body(self, parts: list[Any]) -> tuple[list[Binding], Expr]:
        """`expr`."""
        return [], parts[0][0]

    def body_after_bindings(self, parts: list[Any]) -> tuple[list[Binding], Expr]:
        """`z = w.x; expr`."""
        return parts[0], parts[1][0]

    def program(self, parts: list[Any]) -> Program:
        """`body where declarations`."""
        bindings, body = parts[0]
        return Program(tuple(bindings), body, tuple(parts[2]) if len(parts) > 1 else (), self.text, self.dialect)

    def binding(self, parts: list[Any]) -> Binding:
        """`z = w.x`."""
        name, _, (value, _, end) = parts
        return Binding(self._name(name), value, self._span(name.start, end))

    # Operands

    def _name(self, token: Token) -> Name:
        return Name(token.value, Span(self.text, token.start, token.end))

    def name(self, parts: list[Token]) -> Placed:
        """`x`."""
        _, value, start, end = parts[0]
        return Name(value, Span(self.text, start, end)), start, end

    def number(self, parts: list[Token]) -> Placed:
        """`2`, `0.5`, `1e-3`."""
        _, value, start, end = parts[0]
        return self._number(value, start, end), start, end

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

    def group(self, parts: list[Any]) -> Placed:
        """`(x)`: no node, but a wider extent."""
        return parts[1][0], parts[0].start, parts[2].end

    # Operators

    def binary(self, parts: list[Any]) -> Placed:
        """`a op b`; the operator of a juxtaposition is empty."""
        (left, start, _), (_, operator, operator_start, operator_end), (right, _, end) = parts
        text = self.text
        span, sign = Span(text, start, end), Span(text, operator_start, operator_end)
        if operator in _CALLED:
            return Call(_CALLED[operator], (left, right), (), span, sign), start, end
        return Binary(operator or "juxtapose", left, right, span, sign), start, end

    def power(self, parts: list[Any]) -> Placed:
        """`a ^ b`."""
        if not self.dialect.paper:
            self._refuse_tower(*parts)
        return self.binary(parts)

    def _refuse_tower(self, base: Placed, sign: Token, power: Placed) -> None:
        """`a^b^c` is a^(b^c) on paper and (a^b)^c in MATLAB."""
        exponent, start, end = power
        while isinstance(exponent, Unary) and exponent.span.start == start:
            exponent = exponent.operand
            start = exponent.span.start
        if isinstance(exponent, Binary) and exponent.operator in ("^", "**") and exponent.span[1:] == (start, end):
            begin, inner, text = base[1], exponent.operator_span.start, self.text
            self._refuse(
                f"`{text[begin:end]}` can be read in two ways", begin, end,
                f"write ({text[begin:inner]}){text[inner:end]} or {text[begin : sign.end]}({text[sign.end : end]})",
            )  # fmt: skip

    def unary(self, parts: list[Any]) -> Placed:
        """`-a`, `+a`."""
        token, (operand, _, end) = parts
        if token.value == "+":
            return operand, token.start, end
        return Unary("-", operand, self._span(token.start, end)), token.start, end

    def signed_exponent(self, parts: list[Any]) -> Placed:
        """The `-2` of `x^-2`: a number if it is written as one."""
        token, (operand, start, end) = parts
        if token.value == "-" and isinstance(operand, Number) and operand.span.start == start and operand.value > 0:
            return Number(-operand.value, self._span(token.start, end), operand.decimal), token.start, end
        return self.unary(parts)

    def superscript(self, parts: list[Any]) -> Placed:
        """`x²`, `X⁻¹`, `xⁿ`."""
        (base, start, _), token = parts
        written = unicodedata.normalize("NFKC", token.value)
        sign, written = ("-", written[1:]) if written[0] == "−" else ("", written)
        inside = Span(self.text, token.start, token.end)
        exponent: Expr
        if written.isdigit():
            exponent = self._number(written, token.start, token.end)
            exponent.value = -exponent.value if sign else exponent.value
        elif len(written) == 1:
            exponent = Name(written, Span(self.text, token.start + len(sign), token.end))
            exponent = Unary("-", exponent, inside) if sign else exponent
        else:
            self._refuse(
                f"`{token.value}` is not a power",
                token.start,
                token.end,
                f"write the exponent in parentheses: x^({sign}{' '.join(written)})",
            )
        operator_span = Span(self.text, token.start, token.start)
        return Binary("^", base, exponent, self._span(start, token.end), operator_span), start, token.end

    def transpose(self, parts: list[Any]) -> Placed:
        """`a'`, `a.T`, `aᵀ`."""
        (operand, start, _), token = parts
        mark = token.value == "ᵀ" or (token.value == "'" and self.dialect.paper)
        if mark and isinstance(operand, Number) and token.start == operand.span.end and not operand.decimal:
            # `1ᵀ` is the row of ones, as in 1ᵀx.
            function = {1: "ones", 0: "zeros"}.get(int(operand.value))
            if function:
                operand = Call(function, (), (), operand.span, operand.span)
        return Transpose(operand, self._span(start, token.end)), start, token.end

    def inverse_transpose(self, parts: list[Any]) -> Placed:
        """`A^-T`."""
        (operand, start, _), token = parts
        glyph = Span(self.text, token.start, token.end)
        span = self._span(start, token.end)
        inverse = Binary("^", operand, Number(-1, glyph), span, Span(self.text, token.start, token.start + 1))
        return Transpose(inverse, span), start, token.end

    # Indices and stacks

    def whole_axis(self, parts: list[Token]) -> Slice:
        """The `:` of `X[i, :]`."""
        return Slice(self._span(parts[0].start, parts[0].end))

    def index(self, parts: list[Any]) -> Placed:
        """`x[i]`."""
        (operand, start, _), _, subscripts, bracket = parts
        within = tuple(s if isinstance(s, Slice) else s[0] for s in subscripts)
        return Index(operand, within, self._span(start, bracket.end)), start, bracket.end

    def stack(self, parts: list[Any]) -> Placed:
        """`[a, b]`, `[a; b]`, `[a, b; c, d]`, `[x > 0]`."""
        opener, rows, closer = parts
        start, end = opener.start, closer.end
        if sum(len(row) for row in rows) > MAX_STACK:
            raise LimitError(f"more than {MAX_STACK:,} entries are stacked", self._span(start, end))
        below = [item for row in rows for item, _, _ in row if isinstance(item, Stack)]
        if any(isinstance(item, Stack) for stack in below for item in stack.items):
            raise MatcalcSyntaxError(
                "brackets stand in brackets in brackets",
                self._span(start, end),
                help="[a, b] is a vector and [[a, b], [c, d]] a matrix; there are no arrays with more axes",
            )
        if len(rows) == 1:
            only = rows[0][0][0]
            if len(rows[0]) == 1 and isinstance(only, Binary) and only.operator in (">", "<", ">=", "<=", "==", "!="):
                return only, start, end  # Iverson's bracket: [x > 0] is 1 where it holds
            return Stack(",", tuple(item for item, _, _ in rows[0]), self._span(start, end)), start, end
        items = tuple(
            row[0][0] if len(row) == 1 else Stack(",", tuple(item for item, _, _ in row), self._span(row[0][1], row[-1][2]))
            for row in rows
        )
        return Stack(";", items, self._span(start, end)), start, end

    # Calls and norms

    def call_empty(self, parts: list[Any]) -> Placed:
        """`f()`."""
        return self.call([parts[0], parts[1], [], parts[2]])

    def call(self, parts: list[Any]) -> Placed:
        """`f(a, axis=0)`."""
        function, _, arguments, closer = parts
        positional: list[Expr] = []
        keywords: list[tuple[str, Expr]] = []
        for argument in arguments:
            if len(argument) == 2:
                name, value = argument
                if any(known == name.value for known, _ in keywords):
                    self._refuse(f"`{name.value}=` is given twice", name.start, name.end)
                keywords.append((name.value, value[0]))
            elif keywords:
                self._refuse("an argument without a name cannot follow one with a name", argument[1], argument[2])
            else:
                positional.append(argument[0])
        name_span = self._span(function.start, function.end)
        span = self._span(function.start, closer.end)
        node = Call(function.value, tuple(positional), tuple(keywords), span, name_span)
        return node if self.dialect is MATCALC else translated(self.dialect, node), function.start, closer.end

    def keyword(self, parts: list[Any]) -> tuple[Token, Placed]:
        """The `axis=0` of a call."""
        return parts[0], parts[2]

    def norm(self, parts: list[Any]) -> Placed:
        """`||x||`, `||x||_1`, `||x||_p`."""
        opener, (operand, _, _), *closers = parts
        start, end = opener.start, closers[-1].end
        name_span = self._span(opener.start, opener.end)
        arguments: tuple[Expr, ...] = (operand,)
        function = "norm"
        if len(closers) == 2:
            token = closers[1]
            written = unicodedata.normalize("NFKC", token.value).lstrip("_").strip("{} ").removeprefix("\\")
            function = _NORMS.get(written, "norm")
            inside = self._span(token.start + token.value.startswith("_"), token.end)
            if function != "norm":
                pass
            elif re.fullmatch(r"[0-9]+(\.[0-9]+)?", written):
                number = self._number(written, token.start, token.end)
                number.span = inside
                arguments = (operand, number)
            elif re.fullmatch(r"[^\W\d_]\w*", written):
                arguments = (operand, Name(clean_name(written), inside))
            else:
                self._refuse(
                    f"there is no norm `{token.value}`", token.start, token.end, "the norms are _1, _2, _p, _inf and _F"
                )
        return Call(function, arguments, (), self._span(start, end), name_span), start, end

    def absolute(self, parts: list[Any]) -> Placed:
        """`|x|`."""
        opener, (operand, _, _), closer = parts
        span = self._span(opener.start, closer.end)
        return Call("abs", (operand,), (), span, self._span(opener.start, opener.end)), opener.start, closer.end

    # Sums over an index

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

    # Declarations

    def declare(self, parts: list[Any]) -> Declaration:
        """`w, x: vector(n)`."""
        names, _, shape = parts
        return Declaration(tuple(self._name(name) for name in names), shape, self._span(names[0].start, shape.span.end))

    def fact(self, parts: list[Any]) -> Fact:
        """`sum(y) = 1`."""
        (left, start, _), operator, (right, _, end) = parts
        if operator.value not in ("=", "=="):
            self._refuse(
                f"a condition with `{operator.value}` cannot be declared", operator.start, operator.end,
                "declare signs as `x: positive vector(n)`; equations like sum(y) = 1 are understood too",
            )  # fmt: skip
        return Fact(left, right, self._span(start, end))

    def kind(self, parts: list[Token]) -> ShapeSpec:
        """`scalar`, `vector`, `R`."""
        return self._kind(parts[0], [], parts[0].end)

    def kind_with_dimensions(self, parts: list[Any]) -> ShapeSpec:
        """`vector(n)`, `symmetric(n)`."""
        return self._kind(parts[0], [dimension for dimension, _, _ in parts[2]], parts[3].end)

    def _kind(self, token: Token, dims: list[Any], end: int) -> ShapeSpec:
        name = token.value
        span = self._span(token.start, end)
        properties: frozenset[str] = frozenset()
        if name in ("R", "ℝ") and not dims:
            name = "scalar"
        if name in MATRIX_PROPERTIES:
            properties = frozenset((MATRIX_PROPERTIES[name],))
            dims = dims * 2 if len(dims) == 1 else dims
            name = "matrix"
        elif name not in (*KINDS, "elementwise"):
            nearest = _nearest(name, (*_ALL_KINDS, *ENTRY_PROPERTIES))
            self._refuse(
                f"unknown kind `{name}`", token.start, token.end,
                f"{nearest}the kinds are {', '.join(_ALL_KINDS)}, positive before any of them, R^n and R^(m×n)",
            )  # fmt: skip
        self._check_dimensions(dims)
        most = {"vector": 1, "row": 1, "matrix": 2}.get(name, 0)
        least = 2 if name == "matrix" else 0
        if dims and not least <= len(dims) <= most:
            wanted = {0: "no dimensions", 1: "one dimension", 2: "two dimensions"}[most]
            self._refuse(f"`{token.value}` has {wanted}, not {len(dims)}", token.start, end)
        return ShapeSpec(name, tuple(dims), properties, span)

    def _check_dimensions(self, dims: list[Any]) -> None:
        for dimension in dims:
            if isinstance(dimension, Number) and (dimension.decimal or dimension.value < 1):
                self._refuse("a dimension is a name or a positive whole number", dimension.span.start, dimension.span.end)

    def property(self, parts: list[Any]) -> ShapeSpec:
        """`positive vector(n)`."""
        token, _, shape = parts
        name = token.value
        span = self._span(token.start, shape.span.end)
        if name in ENTRY_PROPERTIES:
            properties = shape.properties | {name}
        elif name in MATRIX_PROPERTIES:
            if shape.kind != "matrix":
                self._refuse(f"only a matrix can be {name}, not a {shape.kind}", token.start, shape.span.end)
            properties = shape.properties | {MATRIX_PROPERTIES[name]}
        else:
            known = (*ENTRY_PROPERTIES, *MATRIX_PROPERTIES)
            nearest = _nearest(name, known)
            self._refuse(
                f"unknown property `{name}`", token.start, token.end, f"{nearest}the properties are {', '.join(known)}"
            )
        return ShapeSpec(shape.kind, shape.dims, properties, span)

    def real_space(self, parts: list[Any]) -> ShapeSpec:
        """`R^n`."""
        return self._real_space(parts[0], [parts[2][0]], parts[2][2])

    def real_space_flat(self, parts: list[Any]) -> ShapeSpec:
        """`R^m×n`."""
        return self._real_space(parts[0], [parts[2][0], parts[4][0]], parts[4][2])

    def real_space_of(self, parts: list[Any]) -> ShapeSpec:
        """`R^(m×n)`."""
        return self._real_space(parts[0], [dimension for dimension, _, _ in parts[3]], parts[4].end)

    def real_space_superscript(self, parts: list[Token]) -> ShapeSpec:
        """`ℝᵐˣⁿ`."""
        base, token = parts
        start = token.start
        dims: list[Name | Number] = []
        for part in token.value.split("ˣ"):
            written = unicodedata.normalize("NFKC", part)
            if not written.isalnum():
                self._refuse(f"`{token.value}` is not a dimension", token.start, token.end, "write R^n or R^(m×n)")
            span = self._span(start, start + len(part))
            dims.append(self._number(written, *span[1:]) if written.isdigit() else Name(written, span))
            start += len(part) + 1
        return self._real_space(base, dims, token.end)

    def _real_space(self, token: Token, dims: list[Any], end: int) -> ShapeSpec:
        if token.value not in ("R", "ℝ"):
            self._refuse(
                f"unknown space `{token.value}`", token.start, token.end, "write R^n for vectors, R^(m×n) for matrices"
            )
        if len(dims) > 2:
            self._refuse("arrays of more than two dimensions cannot be declared", token.start, end)
        self._check_dimensions(dims)
        kind, span = "vector" if len(dims) == 1 else "matrix", self._span(token.start, end)
        if len(dims) == 2 and 1 in (ones := [isinstance(size, Number) and size.value == 1 for size in dims]) and not all(ones):
            kind, dims = ("vector", dims[:1]) if ones[1] else ("row", dims[1:])  # R^(n×1) is what R^n is
        return ShapeSpec(kind, tuple(dims), frozenset(), span)

    def dimensions_with_letter(self, parts: list[Token]) -> list[Placed]:
        """The `m x n` of `R^(m x n)`."""
        rows, _, letter, _, columns = parts
        if letter.value != "x":
            self._refuse("dimensions are separated by a comma or ×", letter.start, letter.end)
        return [self.name([rows]), self.name([columns])]

    def mapping(self, parts: list[ShapeSpec]) -> ShapeSpec:
        """`R^n -> R^m`."""
        return self._mapping(parts[0].span.start, [parts[0]], parts[2])

    def mapping_of_several(self, parts: list[Any]) -> ShapeSpec:
        """`(R^n, R) -> R`."""
        return self._mapping(parts[0].start, parts[1], parts[4])

    def _mapping(self, start: int, domain: list[ShapeSpec], codomain: ShapeSpec) -> ShapeSpec:
        for space in (*domain, codomain):
            if space.kind == "elementwise":
                self._refuse(
                    "`elementwise` is not a space", space.span.start, space.span.end, "write f: elementwise, without an arrow"
                )
        return ShapeSpec("function", (), frozenset(), self._span(start, codomain.span.end), tuple(domain), codomain)


def _nearest(name: str, known: tuple[str, ...]) -> str:
    """A question after the known name that is most like `name`, or nothing."""
    import difflib  # noqa: PLC0415 - only needed for an error

    near = difflib.get_close_matches(name.lower(), known, n=1) if len(name) < 40 else []
    return f"did you mean `{near[0]}`? " if near else ""
