"""Reading the input language: texts to syntax trees.

>>> program = parse_program("z = w.x + b; z^2 where w, x: vector(n)")
>>> program.bindings[0].name.name, program.body.operator, program.declarations[0].shape.kind
('z', '^', 'vector')
"""

from __future__ import annotations

from typing import Any, Final

from matcalc.errors import LimitError, MatcalcError, MatcalcSyntaxError, Span
from matcalc.language.actions import Actions
from matcalc.language.dialects import MATCALC, Dialect
from matcalc.language.table import END, Token, UnexpectedTokenError, load_table, run
from matcalc.language.tokens import READ_ONLY, read_tokens
from matcalc.language.tree import Declaration, Expr, Fact, Program, ShapeSpec
from matcalc.limits import MAX_LENGTH

_STARTS: Final = ("program", "declarations", "shape", "formula", "targets")


def parse_program(text: str, dialect: Dialect = MATCALC) -> Program:
    """The tree of a whole program: bindings, expression and where clause."""
    program: Program = _parse(text, "program", dialect)
    return program


def parse_declarations(text: str) -> tuple[Declaration | Fact, ...]:
    """The declarations and facts in `text`, which is what may follow `where`; none if it is blank.

    >>> parse_declarations("w, x: vector(n)")[0].names[1].name
    'x'
    """
    if not text.strip():
        return ()
    return tuple(_parse(text, "declarations"))


def parse_shape(text: str) -> ShapeSpec:
    """The shape that `text` describes.

    >>> parse_shape("symmetric(n)").properties
    frozenset({'symmetric'})
    """
    shape: ShapeSpec = _parse(text, "shape")
    return shape


def parse_expression(text: str) -> Expr:
    """The tree of one expression, without bindings or declarations.

    >>> parse_expression("2 x").operator
    'juxtapose'
    """
    expr: Expr = _parse(text, "formula")[0]
    return expr


def parse_targets(text: str) -> tuple[Expr, ...]:
    """What to differentiate by: one or more targets separated by commas.

    >>> len(parse_targets("w, b")), len(parse_targets("[x, y]"))
    (2, 1)
    """
    return tuple(target for target, _, _ in _parse(text, "targets"))


def _parse(text: str, start: str, dialect: Dialect = MATCALC) -> Any:
    if len(text) > MAX_LENGTH:
        raise LimitError(f"the text is longer than {MAX_LENGTH:,} characters")
    table, pattern = load_table("matcalc", _STARTS, READ_ONLY)
    try:
        return run(table, start, read_tokens(text, pattern, dialect), Actions(text, dialect))
    except UnexpectedTokenError as error:
        raise _explain(error.token, error.expected, text, start) from None


_INSTEAD_OF_OPERATOR: Final = {
    "COMPARE": ("comparisons cannot be chained", "write (a < b) * (b < c)"),
    "RANGE": ("unexpected `..`", "a range belongs to an index: sum(x_i for i in 1..n)"),
    "FOR": ("unexpected `for`", "write sum(x_i for i in 1..n)"),
    "IN": ("unexpected `{}`", "declarations stand after `where`; an index after `for`"),
    "COLON": ("unexpected `:`", "declarations stand after `where`: x + y where x: vector(n)"),
    "ARROW": ("unexpected `{}`", "write f: R^n -> R^m after `where`"),
    "COMMA": ("unexpected `,`", "write [f, g] to stack several expressions"),
    "WHERE": ("unexpected `where`", "there is one where clause, at the end; the function is where(condition, a, b)"),
    "SEMICOLON": ("unexpected `;`", "statements stand outside brackets; [u; v] stacks"),
    "LBRACE": ("unexpected `{{`", "group with ( )"),
    "EQUALS": (
        "unexpected `=`",
        "write `==` to compare; a definition is `name = expression` on a line of its own or before `;`",
    ),
}
"""What is said of a token where an operator is expected."""

_INSTEAD_OF_OPERAND: Final = {
    "WHERE": "write the expression before `where`",
    "LBRACE": "group with ( )",
    "COLON": "a whole row is X[i, :]; declarations are written x: vector(n)",
    "FOR": "`for` is a keyword and cannot be a name",
    "IN": "`in` is a keyword and cannot be a name",
}
"""Help with a token where an operand is expected."""

_EMPTY: Final = {
    "shape": "write for example vector(n), matrix(m, n), scalar or R^n",
    "targets": "write the variable to differentiate by",
}


def _explain(token: Token, expected: frozenset[str], text: str, start: str) -> MatcalcError:
    """The error for a token where it does not belong, from what would have belonged there."""
    kind, _, begin, end = token
    span = Span(text, begin, end)
    written = text[begin:end]
    if kind == END:
        found = "the text ends"
    elif kind == "SEPARATOR" and written == "\n":
        found = "the line ends"
    else:
        found = f"unexpected `{written}`"
    message, help_text = found, None
    if kind == END and not text.strip():
        message, help_text = "the input is empty", _EMPTY.get(start, "write an expression, for example sum(w*x) + b")
    elif ("CROSS" in expected and "JUXTAPOSE" not in expected) or expected == {"NAME", "NUMBER"}:
        message, help_text = f"{found} in the dimensions", "a dimension is a name or a whole number: matrix(m, n)"
    elif "NUMBER" in expected:
        ended = found.endswith("ends")
        message = f"{found} where an operand is expected" if ended else f"{found}: an operand is missing before it"
        help_text = _INSTEAD_OF_OPERAND.get(kind)
        if "STACK_OPEN" in expected and "ADD" not in expected and kind in ("ADD", "MULTIPLY", "COMPARE", "POWER", END):
            help_text = "what looks like `sum_i` is a sum over i; put parentheses around a body that begins with a sign"
    elif expected in ({"CALL", "NAME"}, {"CALL", "NAME", "LPAR"}):
        message, help_text = f"{found} where a shape is expected", _EMPTY["shape"]
    elif "NAME" in expected:
        message = f"{found} where a name is expected"
    elif expected == {"ARROW"}:
        message, help_text = f"{found} where `->` is expected", "write f: (R^n, R) -> R"
    elif expected == {"JUXTAPOSE"}:
        message, help_text = f"{found} in the dimensions", "separate dimensions by a comma: matrix(m, n)"
    elif "RANGE" in expected and kind in ("RPAR", "FOR", "COMMA"):
        message, help_text = f"{found} where `..` is expected", "a range has two ends: for i in 1..N"
    elif kind == "SEPARATOR":
        message = (
            f"the text goes on after the expression at {'the end of the line' if found == 'the line ends' else f'`{written}`'}"
        )
        help_text = "only definitions `name = expression` may stand before the last line"
    elif kind == END and not expected.isdisjoint(("COLON", "EQUALS")):
        message, help_text = "the declaration is not complete", "write x: vector(n), or an equation like sum(y) = 1"
    elif kind == END and "SEPARATOR" in expected:
        message, help_text = "the text ends with a definition", "add the expression that is meant: z = w.x + b; z^2"
    elif kind == "JUXTAPOSE":
        message, help_text = "an operator or a comma is missing here", None
    elif kind in _INSTEAD_OF_OPERATOR and kind not in expected:
        message, help_text = _INSTEAD_OF_OPERATOR[kind]
        message = message.format(written)
        if kind == "COLON" and "RBRACKET" in expected:
            help_text = "a part of a row or column cannot be taken; a whole one is X[i, :]"
        if kind == "SEMICOLON" and "RBRACKET" in expected:
            help_text = "a bracket after a name is a subscript; write `A @ [u; v]` for a product with a stack"
    return MatcalcSyntaxError(message, span, help=help_text)
