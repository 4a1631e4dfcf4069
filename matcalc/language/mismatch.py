"""Shapes that do not fit, in words: what was deduced for each operand, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matcalc.errors import MatcalcError, NotSupportedError, ShapeError, Span
from matcalc.language.dialects import Dialect
from matcalc.language.kinds import BIT, KIND, MATRIX_BIT, ROW_BIT, SCALAR_BIT, VECTOR_BIT, Relation
from matcalc.language.tree import Binary, Call, Expr, Index, Name, Number, Stack, Transpose, Unary, postorder

_LONGEST: Final = 40

_ELEMENTWISE: Final = {
    "+": "adds element by element",
    "-": "subtracts element by element",
    "*": "multiplies element by element",
    "/": "divides element by element",
    "**": "takes powers element by element",
    **dict.fromkeys((">", "<", ">=", "<=", "==", "!="), "compares element by element"),
}

_NORMS: Final = {
    "norm1": "write `sum(abs({0}))` for that of all entries, `max(sum(abs({0}), axis=0))` for the induced norm",
    "norminf": "write `max(abs({0}))` for that of all entries, `max(sum(abs({0}), axis=1))` for the induced norm",
    "normp": "write `sum(abs({0}) ** {1})^(1/{1})` for that of all entries",
    "norm2": "write `normF({0})` for the Frobenius norm",
}
"""Norms of vectors, of which those of a matrix are more than one."""

_LOOSE: Final = frozenset({"+", "-", ">", "<", ">=", "<=", "==", "!="})
_PRODUCTS: Final = frozenset({"*", "/", "@", "juxtapose", "divide"})


@dataclass(slots=True)
class Clash:
    """An operation whose operands do not fit."""

    node: Expr
    operands: tuple[Expr, ...]
    kinds: tuple[int, ...]
    """The kinds that each operand can still have, as a bit mask."""
    shapes: tuple[str, ...]
    """The same in words: `vector(n)`, `vector or matrix`."""
    rule: Relation
    different: tuple[str, str] | None
    """The two dimensions that differ, if the kinds fit."""
    expected: str | None
    """The shape that was declared for the operand of a function or for a value."""
    related: tuple[str, Span] | None
    """Where an operand was declared."""
    dialect: Dialect
    """How a suggestion is written."""

    def product(self, left: str, right: str) -> str:
        """A product of linear algebra, as a suggestion."""
        return f"`{left}{self.dialect.times}{right}`"

    def matrix_product(self, left: str, right: str) -> str:
        """The same, with the operator for it where there is one."""
        plain = self.product(left, right)
        return f"`{left} @ {right}` (or {plain})" if self.dialect.times == " " else plain

    def is_a(self, place: int) -> str:
        """What is known about one operand: `A is a matrix(m, n)`."""
        return f"{excerpt(self.operands[place])} is a {self.shapes[place]}"


def excerpt(node: Expr) -> str:
    """The text of a node on one line, shortened when it is long."""
    start, end = node.span.start, node.span.end
    if end - start > 4 * _LONGEST:
        return node.span.text[start : start + _LONGEST - 1].strip() + "…"
    text = " ".join(node.span.excerpt.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"


def _grouped(node: Expr, operators: frozenset[str]) -> str:
    """The text of an operand, in parentheses if it is one of these operators."""
    text = excerpt(node)
    return f"({text})" if isinstance(node, Unary) or (isinstance(node, Binary) and node.operator in operators) else text


def explain(clash: Clash) -> MatcalcError:
    """The error for operands that do not fit."""
    node = clash.node
    if isinstance(node, Binary):
        return _binary(clash, node)
    if isinstance(node, Call):
        return _call(clash, node)
    if isinstance(node, Stack):
        return _stack(clash, node)
    if isinstance(node, Index):
        return _index(clash, node)
    if isinstance(node, Name):
        return ShapeError(
            f"`{node.name}` is declared as {clash.expected}, but {clash.is_a(0)}", node.span, related=clash.related
        )
    return ShapeError(f"`{excerpt(node)}`: {clash.is_a(0)}", node.span, related=clash.related)


def _binary(clash: Clash, node: Binary) -> MatcalcError:
    left, right = _grouped(node.left, _LOOSE), _grouped(node.right, _LOOSE | _PRODUCTS)
    whole = excerpt(node)
    both = f"{clash.is_a(0)} and {clash.is_a(1)}"
    kinds = clash.kinds
    help_: str | None = None
    if node.operator == "^":
        return _power(clash, node)
    if node.operator in _ELEMENTWISE:
        message = f"`{whole}` {_ELEMENTWISE[node.operator]}, but {both}"
        if kinds in ((VECTOR_BIT, ROW_BIT), (ROW_BIT, VECTOR_BIT)):
            first, second = (left, right) if kinds[0] == VECTOR_BIT else (right, left)
            help_ = f"transpose one of the two; an outer product is {clash.product(first, second)}"
        elif node.operator == "*" and kinds[0] == MATRIX_BIT and kinds[1] in (VECTOR_BIT, MATRIX_BIT):
            help_ = f"write {clash.matrix_product(left, right)} for the matrix product"
        elif node.operator == "*" and kinds == (VECTOR_BIT, MATRIX_BIT):
            help_ = f"write {clash.product(transposed(left), right)} for the product of a row and a matrix"
        elif node.operator == "*" and kinds == (ROW_BIT, MATRIX_BIT):
            help_ = f"write {clash.matrix_product(left, right)} for the product of a row and a matrix"
        elif node.operator == "*" and kinds == (MATRIX_BIT, ROW_BIT):
            help_ = f"write {clash.product(left, f'diag({transposed(right)})')} to scale the columns"
        elif kinds in ((VECTOR_BIT, MATRIX_BIT), (MATRIX_BIT, VECTOR_BIT)):
            short = left if kinds[0] == VECTOR_BIT else right
            help_ = f"a vector stretches over the columns of a matrix; for the rows write `{transposed(short)}`"
        return ShapeError(message, node.operator_span, help=help_, related=clash.related)
    if SCALAR_BIT in kinds and node.operator == "@":
        scalar = 0 if kinds[0] == SCALAR_BIT else 1
        return ShapeError(
            f"`{whole}` is a product of linear algebra, but {clash.is_a(scalar)}", node.operator_span,
            help=f"write `{left} * {right}`", related=clash.related,
        )
    if node.operator == "divide":
        return _division(clash, node)
    message = f"`{whole}`: {clash.is_a(0)}, {excerpt(node.right)} a {clash.shapes[1]}"
    if clash.different is not None:
        message += f"; {clash.different[0]} and {clash.different[1]} differ"
        if kinds == (VECTOR_BIT, VECTOR_BIT):
            help_ = f"an outer product is {clash.product(left, transposed(right))}"
    elif kinds == (VECTOR_BIT, VECTOR_BIT):
        dot, outer = clash.product(transposed(left), right), clash.product(left, transposed(right))
        help_ = f"did you mean {dot} (a number), `{left}.*{right}` (element by element) or {outer} (a matrix)?"
    elif kinds == (VECTOR_BIT, MATRIX_BIT):
        help_ = f"write {clash.product(transposed(left), right)} for the product of a row and a matrix"
    elif kinds == (MATRIX_BIT, ROW_BIT):
        help_ = f"write {clash.product(left, transposed(right))} for the product of a matrix and a vector"
    elif kinds == (ROW_BIT, ROW_BIT):
        help_ = f"write {clash.product(left, transposed(right))} for the dot product"
    return ShapeError(message, node.operator_span, help=help_, related=clash.related)


def _division(clash: Clash, node: Binary) -> MatcalcError:
    """`/` by what is no scalar, where a vector is a matrix with one column."""
    left, right = _grouped(node.left, _LOOSE), _grouped(node.right, _LOOSE | _PRODUCTS)
    if clash.kinds[1] == MATRIX_BIT and clash.kinds[0] in (ROW_BIT, MATRIX_BIT):
        what = f"multiplies by the inverse of {excerpt(node.right)}"
    else:
        what = "divides by a scalar or by a square matrix"
    return ShapeError(
        f"`{excerpt(node)}` {what}, but {clash.is_a(0)} and {clash.is_a(1)}", node.operator_span,
        help=f"write `{left} ./ {right}` to divide element by element", related=clash.related,
    )


def _power(clash: Clash, node: Binary) -> MatcalcError:
    base, exponent = (_grouped(side, _LOOSE | _PRODUCTS) for side in (node.left, node.right))
    if clash.kinds[0] == MATRIX_BIT and clash.kinds[1] & SCALAR_BIT:
        each = f"write `{base} {clash.dialect.power} {exponent}` for the power of each element"
        if not may_be_integer(node.right):
            return NotSupportedError(
                f"`{excerpt(node)}`, a matrix to a power that is not a whole number", node.operator_span, help=each
            )
        name = "the inverse" if exponent == "-1" else "a power"
        return ShapeError(
            f"`{excerpt(node)}`: {name} needs a square matrix, but {clash.is_a(0)}", node.operator_span, help=each,
            related=clash.related,
        )
    return ShapeError(
        f"`{excerpt(node)}`: {clash.is_a(0)} and {clash.is_a(1)}", node.operator_span,
        help=f"write `{base} {clash.dialect.power} {exponent}` for the power of each element", related=clash.related,
    )


def _call(clash: Clash, node: Call) -> MatcalcError:
    # A norm written with bars has no name to show.
    shown = f"`{node.function if node.name_span.excerpt == node.function else excerpt(node)}`"
    whole, one = excerpt(node), len(clash.operands) == 1
    if clash.expected is not None:
        return ShapeError(f"{shown} takes a {clash.expected}, but {clash.is_a(0)}", node.span, related=clash.related)
    help_: str | None = None
    if clash.different is not None and not one and clash.rule.patterns[0].dims[0] != ():
        message = f"`{whole}`: {clash.is_a(0)}, {excerpt(clash.operands[1])} a {clash.shapes[1]}"
        if node.function == "solve":
            right = _grouped(node.arguments[1], _LOOSE | _PRODUCTS)
            help_ = f"a square matrix is needed; for least squares write `pinv({excerpt(node.arguments[0])}) {right}`"
        return ShapeError(
            f"{message}; {clash.different[0]} and {clash.different[1]} differ", node.span, help=help_, related=clash.related
        )
    facts = " and ".join(clash.is_a(place) for place in range(len(clash.operands)))
    wanted = _wanted(clash.rule, len(clash.operands))
    if wanted is None:
        return ShapeError(f"{shown} works element by element, but {facts}", node.span, related=clash.related)
    if node.function in _NORMS and clash.kinds[0] == MATRIX_BIT:
        help_ = _NORMS[node.function].format(*map(excerpt, clash.operands))
    if node.name_span.excerpt == "×":
        left, right = (_grouped(side, _LOOSE) for side in node.arguments)
        product = clash.matrix_product(left, right)
        help_ = f"write `{left} * {right}` for the element-wise product, {product} for the matrix product"
    powers = [argument for argument in node.arguments if isinstance(argument, Binary) and argument.operator == "^"]
    if powers and not may_be_integer(powers[0].right) and any(MATRIX_BIT in pattern.kinds for pattern in clash.rule.patterns):
        help_ = f"`{excerpt(powers[0])}` is a power of numbers; that of a matrix must be a whole number, such as 3"
    if one and clash.kinds[0] == SCALAR_BIT:
        argument = excerpt(clash.operands[0])
        if node.function.startswith("norm"):
            help_ = f"write `abs({argument})`"
        elif node.function in ("sum", "mean", "tr", "trace", "det"):
            help_ = f"write `{argument}` alone"
    return ShapeError(f"{shown} takes {wanted}, but {facts}", node.span, help=help_, related=clash.related)


def _wanted(rule: Relation, count: int) -> str | None:
    """What the operands should be; None if they are taken element by element."""
    if any(pattern.kinds[:count] == (SCALAR_BIT,) * count for pattern in rule.patterns) and len(rule.patterns) > 1:
        return None
    choices: list[str] = []
    for pattern in rule.patterns:
        operands = []
        for kind, dims in zip(pattern.kinds[:count], pattern.dims[:count], strict=True):
            square = kind == MATRIX_BIT and dims[0] == dims[1]
            operands.append(f"a {'square ' if square else ''}{KIND[kind]}")
        choice = " and ".join(operands)
        if choice not in choices:
            choices.append(choice)
    return ", ".join(choices[:-1]) + " or " + choices[-1] if len(choices) > 1 else choices[0]


def _stack(clash: Clash, node: Stack) -> MatcalcError:
    if len(clash.operands) == 1:
        return NotSupportedError(
            f"a derivative by blocks that are matrices or rows: {clash.is_a(0)}", clash.operands[0].span,
            help="the variables to differentiate by are scalars and vectors, or separated by commas", related=clash.related,
        )
    below = node.is_vertical
    first, second = _apart(clash, SCALAR_BIT | (VECTOR_BIT if below else ROW_BIT))
    kinds = {clash.kinds[first], clash.kinds[second]}
    vector = next((excerpt(clash.operands[place]) for place in (first, second) if clash.kinds[place] == VECTOR_BIT), "")
    help_: str | None = None
    if kinds == {SCALAR_BIT, VECTOR_BIT}:
        items = [excerpt(item) for item in node.items]
        help_ = f"write `[{'; '.join(items[:3])}{'; …' if items[3:] else ''}]` to put them below each other"
    elif vector:
        help_ = f"write `{transposed(vector)}` for a row"
    elif SCALAR_BIT in kinds and "0" in (excerpt(clash.operands[place]) for place in (first, second)):
        help_ = "write `zeros(m, n)` for a block of zeros"
    elif SCALAR_BIT in kinds:
        help_ = "write `ones(n)'` for a row of ones" if below else "write `ones(m)` for a column of ones"
    return ShapeError(
        f"`{excerpt(node)}` puts blocks {'below each other' if below else 'side by side'}, but {clash.is_a(first)} and"
        f" {clash.is_a(second)}", clash.operands[second].span, help=help_, related=clash.related,
    )


def _apart(clash: Clash, group: int) -> tuple[int, int]:
    """The places of a block that must be of one group of kinds and of one that cannot be; if there are none, the ends."""
    inside = next((place for place, kind in enumerate(clash.kinds) if not kind & ~group), None)
    outside = next((place for place, kind in enumerate(clash.kinds) if not kind & group), None)
    if inside is None or outside is None:
        return 0, len(clash.kinds) - 1
    return min(inside, outside), max(inside, outside)


def _index(clash: Clash, node: Index) -> MatcalcError:
    if clash.kinds[0] == SCALAR_BIT:
        return ShapeError(
            f"`{excerpt(node)}` selects an element, but {clash.is_a(0)}", node.span, related=clash.related
        )
    return ShapeError(
        f"`{excerpt(node)}` has {len(node.subscripts)} subscripts, but {clash.is_a(0)}", node.span, related=clash.related
    )


def transposed(text: str) -> str:
    """The transpose of an operand given as text.

    >>> transposed("x"), transposed("(a + b)"), transposed("(a)*(b)"), transposed("x'")
    ("x'", "(a + b)'", "((a)*(b))'", 'x')
    """
    if text.endswith("'"):
        return text[:-1]
    return f"{text}'" if text.isidentifier() or _is_bracketed(text) else f"({text})'"


def _is_bracketed(text: str) -> bool:
    """Whether one pair of brackets goes round the whole text: `(a + b)`, but not `(a)*(b)`."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth <= 0:
            return position == len(text) - 1 and text[:1] in "(["
    return False


def is_integer(node: Expr) -> bool:
    """Whether an expression is a whole number that is written out."""
    while isinstance(node, Unary):
        node = node.operand
    return isinstance(node, Number) and isinstance(node.value, int)


def may_be_integer(node: Expr) -> bool:
    """Whether an expression is a sum or product of whole numbers, names and sizes: it can be the exponent of a matrix."""
    inside = {below for each in postorder(node) if _is_size(each) for below in postorder(each)}
    return all(
        isinstance(each, (Name, Unary))
        or each in inside
        or (isinstance(each, Number) and isinstance(each.value, int))
        or (isinstance(each, Binary) and (each.operator in ("+", "-", "*", "juxtapose") or _is_whole_power(each)))
        for each in postorder(node)
    )


def _is_whole_power(node: Binary) -> bool:
    number = node.right.value if isinstance(node.right, Number) else -1
    return node.operator in ("^", "**") and number == int(number) > 0


def _is_size(node: Expr) -> bool:
    return isinstance(node, Call) and node.function in ("len", "rows", "cols")


def kinds_in_words(mask: int) -> str:
    """The kinds of a bit mask.

    >>> kinds_in_words(10)
    'vector or matrix'
    """
    return " or ".join(kind for kind, bit in BIT.items() if bit & mask)


def innermost_name(node: Expr) -> Name | None:
    """The name that an operand is, possibly transposed or negated."""
    while isinstance(node, (Unary, Transpose)):
        node = node.operand
    return node if isinstance(node, Name) else None
