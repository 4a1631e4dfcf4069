"""From text to tokens: what each character means where it stands.

The grammar's terminals say how the words are spelled. This filter decides what depends on the context: whether two
operands side by side are multiplied, whether `[` is an index or a stack, whether a bar opens or closes, whether the end of a
line ends a statement, and it refuses with a helpful message what is in no place part of the language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple, NoReturn

from matcalc.errors import LimitError, MatcalcSyntaxError, NotSupportedError, Span
from matcalc.language.dialects import MATCALC, Dialect
from matcalc.language.table import END, Token
from matcalc.limits import MAX_NESTING, MAX_TOKENS

READ_ONLY: Final = (
    "SPACE", "NEWLINE", "POINT_NUMBER", "POWER_T", "POWER_MINUS_T", "POINT_T", "QUOTE", "BAR", "BRACKET", "STRAY",
)  # fmt: skip
"""Terminals that are read from the text and never handed on to the parser."""

SPELLINGS: Final = {
    "−": "-",
    **dict.fromkeys((".*", "⊙", "⊗", "∘"), "*"),
    **dict.fromkeys(("./", "⊘", "÷"), "/"),
    **dict.fromkeys((".", "·", "⋅"), "@"),
    ".^": "**",
    **dict.fromkeys(("≥", "⩾"), ">="),
    **dict.fromkeys(("≤", "⩽"), "<="),
    "≠": "!=",
}
"""The canonical spelling of every operator that has several."""

_KEYWORDS: Final = {"where": "WHERE", "for": "FOR", "in": "IN"}
_ALTERNATIVES: Final = frozenset({"if", "then", "else", "elif"})
"""Words of other languages for alternatives."""
_SIZES: Final = ("len", "rows", "cols")
"""The functions that may bound a sum; any other name before `(` is the bound itself, as in `sum_{i=1}^N(x_i)`."""

_QUOTED: Final = re.compile(r"""(['"])(fro|F|inf)\1""")
"""The words of Python and MATLAB for norms."""

_SUMS: Final = ("SUM_NAME", "SUM_OPEN")
_HEADS: Final = ("SUM_NAME", "SUM_CLOSE")
_CONTINUING: Final = frozenset(
    {
        *("ADD", "MULTIPLY", "POWER", "COMPARE", "EQUALS", "COMMA", "COLON", "RANGE", "ARROW", "CROSS", "IN"),
        *("POWER_T", "POWER_MINUS_T", "POINT_T", "SUPERSCRIPT"),
    }
)
"""A line that starts with one of these continues the line before."""

_OPENERS: Final = {"(": "LPAR", "{": "LBRACE"}
_CLOSERS: Final = {")": "RPAR", "]": "RBRACKET", "}": "RBRACE"}
_PARTNERS: Final = {"(": ")", "[": "]", "{": "}"}

_DIGITS: Final = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_POWERED: Final = re.compile(
    rf"(?:arc|a)?(?:sin|cos|tan|cot|sec|csc)h?(?:[^\S\n]*\^[^\S\n]*(?:(-?[0-9]+)|\{{(-?[0-9]+)\}})|(⁻?[{_DIGITS}]+))[^\S\n]*(?=\()|"
    rf"(?:log|ln|exp)(?:[^\S\n]*\^[^\S\n]*(?:([0-9]+)|\{{([0-9]+)\}})|([{_DIGITS}]+))[^\S\n]*(?=\()"
)
"""The `cos²` of `cos²(x)`, which is `cos(x)²`."""
_BELONGS: Final = re.compile(rf"[('’′_{_DIGITS}⁻ᵀ]|\.T|[^\S\n]*(?:\[|\^|\*\*|\.\^)")
"""What could belong to the x of `√x`, or to the root: there a root needs parentheses."""

_MODULE: Final = re.compile(
    r"(np|numpy|jnp|jax|math|cmath|torch|tf|tensorflow|scipy)(?:\.(?:linalg|special|math|numpy|nn|functional|scipy))*\."
    r"(?=([^\W\d_]\w*)\(|(pi)(?!\w))"
)
"""The `np.linalg.` of `np.linalg.norm(x)`."""
_LINE_END: Final = re.compile(r"[](){}\n;[]|#[^\n]*|(?<!\w)where(?!\w|\()")
_SAMPLED: Final = frozenset({"torch.var", "torch.std"})
"""What divides by n - 1."""

_FRACTIONS: Final = frozenset("½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒")
_ROW_OF_ONES: Final = re.compile(r"1(?:['’′⊤ᵀ]|\.T(?!\w)|[^\S\n]*\^[^\S\n]*(?:T(?!\w)|⊤|\{T\}))")
"""The `1ᵀ` of `x 1ᵀ`."""
_METHOD: Final = re.compile(r"\.(dot(?=\()|[^\W\d_]\w*(?=\([^\S\n]*(?:\)|(?:axis|keepdims)[^\S\n]*=)))")
"""The `.sum` of `x.sum()` and `X.sum(axis=0)`: no function is called without an operand."""
_PLUS: Final = "write pinv(A) for the pseudoinverse, max(0, x) for the positive part, x^(…) for a power"
_POWER_PLUS: Final = re.compile(r"\^[^\S\n]*(?:\{[^\S\n]*\+[^\S\n]*\}|\+(?![0-9(]))")
"""The `^+` of `A^+ b`."""

_STRAY: Final = {
    "⁺": _PLUS,
    "†": "write pinv(A) for the pseudoinverse, A' for the transpose",
    "&&": "multiply comparisons instead: (a > 0) * (b > 0)",
    "&": "multiply comparisons instead: (a > 0) * (b > 0)",
    "!": "write gamma(n + 1) for a factorial, `!=` for `≠`",
    "√": "write √(…) or sqrt(…)",
    "_": "a subscript is a name or a number directly after a name; write x[i + 1] for an index that is computed",
    "–": "write the minus sign as `-`",
    "—": "write the minus sign as `-`",
    "‐": "write the minus sign as `-`",
    "∞": "infinity is not a number here; ||x||_inf is the maximum norm",
    "∂": "write the expression alone; what to differentiate by is given separately",
    "∇": "write the expression alone; what to differentiate by is given separately",
    "…": "write a range as 1..N",
    "%": "a comment starts with `#`",
    "~": None,
    '"': "a norm is chosen like norm(X, F), norm(x, 1), norm(x, inf)",
}
"""What to write instead of characters that are often meant to be something."""


class _Bracket(NamedTuple):
    opener: str
    closer: str
    start: int
    role: str  # "", "stack", "index", "sum" (of `sum_{`) or "bound" (of `sum_{i=1}^{`)
    power: str = ""  # the 2 of `cos²(`


class _Definition:
    """The definition that is being read, and where it ends before a line that starts with a sign.

    Such a line goes on with the definition, unless it uses the name that is defined: it is what the definition is for.
    """

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text = text
        self.name = text[start:end]
        line = text.rfind("\n", 0, start) + 1
        self.indent = len(text[line:start]) - len(text[line:start].lstrip()) + 1
        self.use = re.compile(rf"(?<!\w){re.escape(self.name)}(?:_[a-z]{{1,2}}|_\{{[^}}]*\}}|[ᵢⱼₖₗₘₙ]+)?(?!\w)")
        self.unclear: int | None = None
        """A line before that could be the beginning of the next statement as well."""

    def ends(self, start: int) -> bool:
        """Whether it ends before the line whose sign is here."""
        if not self.use.search(re.sub(r"#[^\n]*", "", self.text[start : self._end_of_line(start)])):
            if self.unclear is None and self._column(start) <= self.indent:
                self.unclear = start
            return False
        if self.unclear is not None:
            raise MatcalcSyntaxError(
                f"it is not clear where the definition of `{self.name}` ends", Span(self.text, self.unclear, self.unclear + 1),
                help="end it with `;`, or indent the lines that belong to it",
            )
        return True

    def _column(self, position: int) -> int:
        return position - self.text.rfind("\n", 0, position)

    def _end_of_line(self, start: int) -> int:
        """The end of the line, or of the one where the brackets are closed that it opens; a where clause is no part of it."""
        depth = 0
        for match in _LINE_END.finditer(self.text, start):
            sign = match[0][0]
            depth += (sign in "([{") - (sign in ")]}")
            if depth < 0 or (depth == 0 and sign in "\n;w"):
                return match.start()
        return len(self.text)


def read_tokens(text: str, pattern: re.Pattern[str], dialect: Dialect = MATCALC) -> Iterator[Token]:
    """The tokens of `text`, the last one being END."""
    previous = ""  # the kind of the token before
    last = 0  # where it ended
    operand = False  # does it end an operand?
    brackets: list[_Bracket] = []
    separator: tuple[str, int] | None = None  # an end of line or `;` that may separate statements
    bound = False  # is the upper bound of a sum to come?
    power = ""  # the 2 of `cos²(x)`, until its parenthesis opens
    stacked = _stacks(text)
    room = before = MAX_TOKENS
    begin = 0  # where the statement begins, before which there was room for so many tokens
    definition: _Definition | None = None
    scanned = re.sub(dialect.ignored, lambda match: " " * len(match[0]), text) if dialect.ignored else text
    modules = modules_in(scanned) if dialect.paper else frozenset()
    position = 0
    while match := pattern.match(scanned, position):
        position = match.end()
        kind = match.lastgroup or ""
        if kind == "SPACE":
            continue
        start, end = match.span()
        if kind == "NEWLINE":
            if operand and not brackets and separator is None:
                separator = ("\n", start)
            continue
        value = match[0]
        module = _MODULE.match(scanned, start) if kind == "NAME" and value in modules else None
        if module is not None:
            _refuse_sampled(text, module)
            position = module.end()
            continue
        quoted = _QUOTED.match(scanned, start) if value in ("'", '"') and not operand else None
        if quoted is not None:  # the 'fro' of norm(X, 'fro')
            kind, value, position = "NAME", quoted[2], quoted.end()
            end = position
        if kind == "SEMICOLON" and not brackets:
            if operand:
                separator = (";", start)
            else:
                yield Token("SEPARATOR", value, start, end)
            continue
        if separator is not None:
            goes_on = separator[0] == "\n" and kind in _CONTINUING
            if goes_on and kind == "ADD" and definition is not None:
                goes_on = not definition.ends(start)
            if not goes_on and not (kind == "NAME" and value == "where" and text[end : end + 1] != "("):
                yield Token("SEPARATOR", separator[0], separator[1], separator[1] + 1)
                operand, definition, before = False, None, room
            separator = None
        if room == before:
            begin = start
        elif kind == "EQUALS" and room == before - 1 and not brackets:
            definition = _Definition(scanned, begin, last)
        room -= 1
        if room < 0:
            raise LimitError(f"the text has more than {MAX_TOKENS:,} symbols", Span(text, start, end))

        begins = False  # does it begin an operand?
        ends = False  # does it end one?
        if kind == "NAME":
            begins = ends = True
            if value in _ALTERNATIVES:
                help_ = "alternatives are written with `where`: `where(x > 0, x^2, -x)`"
                raise MatcalcSyntaxError(f"`{value}` is no name", Span(text, start, end), help=help_)
            if value in _KEYWORDS and (value != "where" or text[end : end + 1] != "("):
                kind = _KEYWORDS[value]
                begins = ends = False
            elif dialect.paper and (powered := _POWERED.match(scanned, start)):
                kind, ends = "CALL", False
                power, position = _power_of_function(text, powered), powered.end()
            else:
                called = _is_called(scanned, end, dialect)
                if called and not (bound and value not in _SIZES):
                    kind = "CALL"
                    ends = False
                if value in "∑∏":
                    if not called:
                        raise MatcalcSyntaxError(
                            f"`{value}` needs an index", Span(text, start, end), help=f"write {value}_i x_i or sum(x)"
                        )
                    value = "sum" if value == "∑" else "prod"
                elif not value.isascii() or "{" in value:
                    value = clean_name(value)
        elif kind in ("NUMBER", "POINT_NUMBER"):
            if operand and previous != "NUMBER" and dialect.paper and _ROW_OF_ONES.match(scanned, start):
                yield Token("JUXTAPOSE", "", start, start)
            elif operand:
                _refuse_number(text, previous, start, end, brackets)
            kind = "NUMBER"
            ends = True
        elif value == "." and operand and last == start and dialect.paper and (method := _METHOD.match(scanned, start)):
            kind, value, end = "METHOD", method[1], method.end()
            position = end
        elif kind in ("MULTIPLY", "ADD", "COMPARE", "POWER"):
            value = dialect.operators.get(value) or SPELLINGS.get(value, value)
            if kind == "POWER" and previous in _HEADS:
                kind = "UPTO"
            elif kind == "POWER" and dialect.paper and (plus := _POWER_PLUS.match(scanned, start)):
                raise MatcalcSyntaxError(f"`{plus[0]}` can be read in several ways", Span(text, start, plus.end()), help=_PLUS)
        elif kind == "BRACKET":
            if value in _PARTNERS:
                role = ""
                if value == "[":
                    directly = previous == "NAME" and last == start
                    role = "index" if operand and (directly or start not in stacked) else "stack"
                    if role == "stack" and not dialect.paper:
                        _refuse_stack(text, start, end, dialect)
                    kind, begins = ("INDEX_OPEN", False) if role == "index" else ("STACK_OPEN", True)
                else:
                    begins = value == "(" and previous not in ("CALL", "METHOD")
                    role = "bound" if bound else ""
                    kind = _OPENERS[value]
                if len(brackets) >= MAX_NESTING:
                    raise LimitError(f"more than {MAX_NESTING:,} brackets are open", Span(text, start, end))
                if begins and operand:
                    yield Token("JUXTAPOSE", "", start, start)
                begins = False
                brackets.append(_Bracket(value, _PARTNERS[value], start, role, power))
                power = ""
            else:
                power = brackets[-1].power if brackets else ""
                role = _close(text, value, start, end, brackets)
                kind = "SUM_CLOSE" if role == "sum" else "RBRACKET" if role == "index" else _CLOSERS[value]
                ends = role not in ("sum", "bound")
        elif kind == "BAR":
            mark = "|" if value == "|" else "||"
            if operand and brackets and brackets[-1].closer == mark:
                brackets.pop()
                kind = "ABS_CLOSE" if mark == "|" else "NORM_CLOSE"
                ends = True
            else:
                if len(brackets) >= MAX_NESTING:
                    raise LimitError(f"more than {MAX_NESTING:,} brackets are open", Span(text, start, end))
                kind = "ABS_OPEN" if mark == "|" else "NORM_OPEN"
                begins = True
                brackets.append(_Bracket(value, mark, start, ""))
        elif kind in ("QUOTE", "POINT_T", "POWER_T", "POWER_MINUS_T"):
            if kind == "POWER_T" and previous in _HEADS:  # the T of `sum_{t=1}^T x_t` is the last index
                yield Token("UPTO", "^", start, start + 1)
                start = text.index("T", start, end) if "T" in value else end - 1
                kind, value, end = "NAME", "T", start + 1
            else:
                if not operand:
                    help_text = _STRAY['"'] if re.match(r"'\w+'", text[start:]) else None
                    raise MatcalcSyntaxError(
                        f"`{value}` has no operand before it to transpose", Span(text, start, end), help=help_text
                    )
                if not dialect.paper and value[0] == "^" and "T" in value:
                    _refuse_power_of_t(text, kind, start, end, dialect)
                kind = "INVERSE_TRANSPOSE" if kind == "POWER_MINUS_T" else "TRANSPOSE"
                ends = True
        elif kind == "SUPERSCRIPT":
            if previous == "SUPERSCRIPT" and last == start and "ᵀ" not in value:
                raise MatcalcSyntaxError(
                    "superscript letters and digits cannot be mixed",
                    Span(text, start, end),
                    help="write x^(2 n) for such an exponent",
                )
            if value in ("ᵀ", "⁻ᵀ"):
                if not operand:
                    raise MatcalcSyntaxError(f"`{value}` has no operand before it to transpose", Span(text, start, end))
                kind = "TRANSPOSE" if value == "ᵀ" else "INVERSE_TRANSPOSE"
            ends = True
        elif kind in _SUMS:
            begins = True
            if kind == "SUM_OPEN":
                if len(brackets) >= MAX_NESTING:
                    raise LimitError(f"more than {MAX_NESTING:,} brackets are open", Span(text, start, end))
                brackets.append(_Bracket("{", "}", end - 1, "sum"))
        elif kind == "SUBSCRIPT":
            if previous == "NAME" and last == start and value.startswith("_{"):  # `x_{i+1}` is `x[i+1]`
                kind, value, end = "INDEX_OPEN", "_{", start + 2
                position = end
                brackets.append(_Bracket("{", "}", end - 1, "index"))
            elif previous != "NORM_CLOSE" or last != start:
                _refuse(text, "_", start, start + 1)
            else:
                ends = True
        elif kind == "STRAY":
            if value in _FRACTIONS:
                if operand:
                    _refuse_number(text, previous, start, end, brackets)
                yield from _fraction(value, start, end)
                previous, last, operand = "RPAR", end, True
                continue
            if value == "⟨" and dialect.paper:
                if operand:
                    yield Token("JUXTAPOSE", "", start, start)
                if len(brackets) >= MAX_NESTING:
                    raise LimitError(f"more than {MAX_NESTING:,} brackets are open", Span(text, start, end))
                brackets.append(_Bracket("⟨", "⟩", start, ""))
                yield Token("CALL", "⟨", start, end)
                kind, operand = "LPAR", False
            elif value == "⟩" and dialect.paper:
                _close(text, value, start, end, brackets)
                kind, ends = "RPAR", True
            elif value == "√":
                if operand:
                    yield Token("JUXTAPOSE", "", start, start)
                kind, value, operand = "CALL", "sqrt", False
                radicand = _under_root(scanned, end, pattern)
                if radicand is not None:
                    yield from radicand
                    previous, last, operand, position = "RPAR", radicand[-1].end, True, radicand[-1].end
                    continue
            elif value[0] == "\\" and operand and (len(value) <= 2 or not dialect.paper):
                kind, value, end = "MULTIPLY", "\\", start + 1
                position = end
            else:
                _refuse(text, value, start, end)

        if begins and operand:
            yield Token("JUXTAPOSE", "", start, start)
        if bound and kind in ("NAME", "NUMBER", "CALL"):
            ends = False
            if kind == "CALL":  # of a size: its own parenthesis carries the mark on
                yield Token(kind, value, start, end)
                previous, last, operand = kind, end, False
                continue
        bound = kind == "UPTO"
        yield Token(kind, value, start, end)
        if power and ends:  # the function's parenthesis is closed
            yield Token("POWER", "**", end, end)
            yield Token("NUMBER", power, end, end)
            power = ""
        previous, last, operand = kind, end, ends
    if brackets:
        opener = brackets[-1]
        raise MatcalcSyntaxError(
            f"`{opener.opener}` is never closed",
            Span(text, opener.start, opener.start + len(opener.opener)),
            help="write |x| and ||x|| with a bar on both sides"
            if "|" in opener.closer
            else f"add the missing `{opener.closer}`",
        )
    yield Token(END, "", len(text), len(text))


def clean_name(raw: str) -> str:
    """The name that is meant: `x_{i,j}` is x_ij, `x₁` is x_1, and composed letters are the same as decomposed ones.

    >>> clean_name("x_{i,j}"), clean_name("σ₁₂")
    ('x_ij', 'σ_12')
    """
    raw = re.sub(r"_\{([^}]*)\}", lambda match: "_" + re.sub(r"[\s,]", "", match[1]), raw)
    raw = re.sub(r"[ᵢ-ᵪ₀-₉ₐ-ₜⱼ]+", lambda match: "_" + unicodedata.normalize("NFKC", match[0]), raw)
    return unicodedata.normalize("NFC", raw)


def modules_in(text: str) -> frozenset[str]:
    """The names in a text that stand for modules of Python: everywhere they occur they are followed by a function of theirs.

    >>> sorted(modules_in("np.exp(b @ x) + math.pi + torch.sum(x) - 2*torch"))
    ['math', 'np']
    """
    found = {match[1] for match in _MODULE.finditer(text)}
    prefixes = {match.start() for match in _MODULE.finditer(text)} if found else set()
    words = re.finditer(r"(?<![\w.])[^\W\d_]\w*", text) if found else ()
    return frozenset(found - {word[0] for word in words if word.start() not in prefixes})


def _refuse_sampled(text: str, module: re.Match[str]) -> None:
    """`torch.var`, which is another function than that of NumPy."""
    name = f"{module[1]}.{module[2]}"
    if name in _SAMPLED:
        raise NotSupportedError(
            f"`{name}`, which divides by n - 1", Span(text, module.start(), module.end() + len(module[2])),
            help=f"`{module[2]}(x)` divides by n; multiply it by {'n/(n - 1)' if module[2] == 'var' else 'sqrt(n/(n - 1))'}",
        )


def _stacks(text: str) -> set[int]:
    """Where the brackets `[` begin that are no subscripts: with a `;` in them, or made of lines, `[[a, b], [c, d]]`."""
    found = {match.start() for match in re.finditer(r"\[\s*\[", text)}
    brackets: list[int] = []
    for match in re.finditer(r"[](){};[]", text):
        if match[0] in _PARTNERS:
            brackets.append(match.start())
        elif match[0] == ";":
            found.update(start for start in brackets[-1:] if text[start] == "[")
        elif brackets:
            brackets.pop()
    return found


def _is_called(text: str, end: int, dialect: Dialect) -> bool:
    """Whether a parenthesis follows a name that ends here: on paper directly, since `x (y + z)` is a product."""
    if not dialect.paper:
        while text[end : end + 1] in (" ", "\t"):
            end += 1
    return text[end : end + 1] == "("


def _close(text: str, value: str, start: int, end: int, brackets: list[_Bracket]) -> str:
    """Take the bracket off the stack that `value` closes, and return its role."""
    if not brackets:
        raise MatcalcSyntaxError(
            f"`{value}` closes nothing", Span(text, start, end), help="remove it, or add the bracket that it should close"
        )
    opener = brackets[-1]
    if opener.closer != value:
        raise MatcalcSyntaxError(
            f"`{value}` does not close `{opener.opener}`",
            Span(text, start, end),
            related=(f"`{opener.opener}` is open since here", Span(text, opener.start, opener.start + len(opener.opener))),
        )
    brackets.pop()
    return opener.role


def _refuse_number(text: str, previous: str, start: int, end: int, brackets: list[_Bracket]) -> NoReturn:
    """A number directly after an operand."""
    number = text[start:end]
    if number.startswith("."):
        raise MatcalcSyntaxError(
            f"unexpected number `{number}` after an operand",
            Span(text, start, end),
            help=f"for a product write x * 0{number}; the dot of a dot product stands between two vectors",
        )
    if previous == "NUMBER":
        help_text = "put an operator between the two numbers"
    elif previous == "TRANSPOSE" and number == "1":
        help_text = "the product with the vector of ones is 1' x or x' ones(n), the sum of all entries sum(x)"
    else:
        help_text = f"for a product write the number first, {number} x, or write x * {number}"
    if brackets and brackets[-1].role == "stack":
        help_text = "separate the entries of a stack with commas"
    raise MatcalcSyntaxError(f"an operator is missing before `{number}`", Span(text, start, end), help=help_text)


def _refuse_stack(text: str, start: int, end: int, dialect: Dialect) -> NoReturn:
    """MATLAB separates entries by blanks too, and has no vector of scalars that is not written with `;`."""
    raise NotSupportedError(
        f"a vector or matrix written out in the dialect {dialect.name}", Span(text, start, end),
        help="name and declare it: `where x: vector(3)`; matcalc's own language has stacks",
    )


def _fraction(sign: str, start: int, end: int) -> list[Token]:
    """`½` as `(1/2)`."""
    over, _, under = unicodedata.normalize("NFKC", sign).partition("\u2044")
    return [
        Token("LPAR", "(", start, start), Token("NUMBER", over, start, end), Token("MULTIPLY", "/", start, end),
        Token("NUMBER", under, start, end), Token("RPAR", ")", end, end),
    ]


def _under_root(text: str, end: int, pattern: re.Pattern[str]) -> list[Token] | None:
    """`√x` as `sqrt(x)`, from the end of the root on; None if a parenthesis follows."""
    blanks = re.compile(r"[^\S\n]*").match(text, end)
    at = blanks.end() if blanks else end
    found = pattern.match(text, at)
    if text[at : at + 1] == "(":
        return None
    if found is None or found.lastgroup not in ("NAME", "NUMBER") or _BELONGS.match(text, found.end()):
        _refuse(text, "√", end - 1, end)
    last, name = found.end(), found[0] if found[0].isascii() else clean_name(found[0])
    return [
        Token("CALL", "sqrt", end - 1, end), Token("LPAR", "(", at, at), Token(found.lastgroup, name, at, last),
        Token("RPAR", ")", last, last),
    ]


def _power_of_function(text: str, powered: re.Match[str]) -> str:
    """The 2 of `cos²(x)`; `cos⁻¹(x)` can be read in two ways."""
    written = next(filter(None, powered.groups()))
    number = unicodedata.normalize("NFKC", written).replace("−", "-")
    if number.startswith("-"):
        name = re.match(r"[a-z]+", powered[0])
        assert name is not None
        inverse = f"arc{name[0]}(x) or " if not name[0].startswith("a") and number == "-1" else ""
        raise MatcalcSyntaxError(
            f"`{powered[0].strip()}` can be read in two ways", Span(text, powered.start(), powered.end()),
            help=f"write {inverse}{name[0]}(x)^({number})",
        )
    return number


def _refuse_power_of_t(text: str, kind: str, start: int, end: int, dialect: Dialect) -> NoReturn:
    """`A^T`, where T is a name like any other."""
    wanted = "inv(A)'" if kind == "POWER_MINUS_T" else "A'"
    raise MatcalcSyntaxError(
        f"in the dialect {dialect.name} `T` is a variable, not the transpose", Span(text, start, end),
        help=f"write `{wanted}` for the transpose, `a^(T)` for a power",
    )


def _refuse(text: str, value: str, start: int, end: int) -> NoReturn:
    """Something that is nowhere part of the language."""
    span = Span(text, start, end)
    if value.startswith("\\") and len(value) > 1:
        raise MatcalcSyntaxError(
            f"`{value}` is LaTeX", span, help='write the name without the backslash, or use dialect="latex" for LaTeX'
        )
    if unicodedata.category(value[0])[0] in "CZM":
        name = unicodedata.name(value[0], "a control character")
        raise MatcalcSyntaxError(f"unexpected character U+{ord(value[0]):04X} ({name.lower()})", span, help="remove it")
    raise MatcalcSyntaxError(f"unexpected character `{value}`", span, help=_STRAY.get(value))
