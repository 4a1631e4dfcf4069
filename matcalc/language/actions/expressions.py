"""Programs, operands, operators, indices, stacks, calls and norms."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

from matcalc.errors import LimitError, MatcalcSyntaxError, Span
from matcalc.language.actions.base import Builder, Placed
from matcalc.language.dialects import MATCALC
from matcalc.language.table import Token
from matcalc.language.tokens import clean_name
from matcalc.language.translate import translated
from matcalc.language.tree import (
    Binary,
    Binding,
    Call,
    Expr,
    Index,
    Name,
    Number,
    Program,
    Slice,
    Stack,
    Transpose,
    Unary,
)
from matcalc.limits import MAX_STACK

_CALLED: Final = {"\\": "solve", "×": "cross"}
"""Operators that are functions of the table."""

_NORMS: Final = {"1": "norm1", "2": "norm2", "F": "normF", "fro": "normF", **dict.fromkeys(("inf", "∞", "infty"), "norminf")}


class ExpressionActions(Builder):
    """One method for each rule of programs and expressions."""

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

    def name(self, parts: list[Token]) -> Placed:
        """`x`."""
        _, value, start, end = parts[0]
        return Name(value, Span(self.text, start, end)), start, end

    def number(self, parts: list[Token]) -> Placed:
        """`2`, `0.5`, `1e-3`."""
        _, value, start, end = parts[0]
        return self._number(value, start, end), start, end

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
        if self.dialect.paper and isinstance(operand, Number) and start == operand.span.start:
            operand = self._ones(operand, token)
        return Transpose(operand, self._span(start, token.end)), start, token.end

    def _ones(self, number: Number, mark: Token) -> Expr:
        """The `1` of `1ᵀ x` is the vector of ones, however the transpose is written. Other numbers are not transposed."""
        if number.value not in (0, 1) or number.decimal:
            self._refuse(
                f"`{self.text[number.span.start : mark.end]}` would be the transpose of a number", number.span.start, mark.end,
                "1ᵀ is the row of ones, 0ᵀ that of zeros",
            )  # fmt: skip
        return Call("ones" if number.value else "zeros", (), (), number.span, number.span)

    def inverse_transpose(self, parts: list[Any]) -> Placed:
        """`A^-T`."""
        (operand, start, _), token = parts
        if isinstance(operand, Number):
            self._refuse(
                f"`{self.text[start : token.end]}` would be the transpose of a number", start, token.end,
                "for a power write the exponent in parentheses: 2^(-T)",
            )  # fmt: skip
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
        if function.value == "⟨":
            if len(positional) != 2 or keywords:
                self._refuse("a dot product ⟨x, y⟩ has two operands", function.start, closer.end)
            return Call("dot", tuple(positional), (), span, name_span), function.start, closer.end
        if self.dialect.paper and function.value == "dot" and len(positional) == 2 and not keywords:
            # Of matrices, too, as in NumPy.
            return Binary("@", positional[0], positional[1], span, name_span), function.start, closer.end
        node = Call(function.value, tuple(positional), tuple(keywords), span, name_span)
        return node if self.dialect is MATCALC else translated(self.dialect, node), function.start, closer.end

    def method(self, parts: list[Any]) -> Placed:
        """`x.sum()`, `X.mean(axis=0)`, `A.dot(x)` of NumPy: the function of what stands before the point."""
        operand, name, opener, *arguments, closer = parts
        given = arguments[0] if arguments else []
        function = Token("CALL", name.value, name.start + 1, name.end)
        node, _, end = self.call([function, opener, [operand, *given], closer])
        node.span = self._span(operand[1], end)
        return node, operand[1], end

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
