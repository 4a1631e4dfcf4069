"""The syntax tree: what was written, with the place of everything in the text.

Nodes are compared by identity, so that a node can be a key. Trees can be deep (one level per bracket); walk them with
`postorder`, never by recursion.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from fractions import Fraction

from matcalc.errors import Span
from matcalc.language.dialects import MATCALC, Dialect
from matcalc.language.dimensions import Kind


@dataclass(slots=True, eq=False)
class Number:
    """A number, exact: `2`, `0.5` is 1/2. `decimal` is true if it was written with a point or an exponent."""

    value: int | Fraction
    span: Span
    decimal: bool = False


@dataclass(slots=True, eq=False)
class Name:
    """A name as written, subscript included: `x`, `w_hat`, `y_i`. `x_{ij}` has the name `x_ij`."""

    name: str
    span: Span


@dataclass(slots=True, eq=False)
class Unary:
    """`-a`. The only operator is "-"."""

    operator: str
    operand: Expr
    span: Span


@dataclass(slots=True, eq=False)
class Binary:
    """`a op b`. The operators, each whatever way it was spelled:

    "+", "-", "*" (element-wise product), "/" (element-wise quotient), "@" (product of linear algebra: `.`, `@`, `·`),
    "juxtapose" (product or scaling), "divide" (by a scalar, or A B⁻¹: the `/` of a dialect), "^" (power),
    "**" (element-wise power: `**`, `.^`), ">", "<", ">=", "<=", "==", "!=".
    """

    operator: str
    left: Expr
    right: Expr
    span: Span
    operator_span: Span


@dataclass(slots=True, eq=False)
class Transpose:
    """`a'`, `a.T`, `a^T`, `aᵀ`."""

    operand: Expr
    span: Span


@dataclass(slots=True, eq=False)
class Call:
    """`f(a, b, axis=0)`; norms too: `||x||_1` is norm1(x), `||X||_F` normF(x), `‖x‖` norm(x).

    `kind` is set where a constant of any size must be a vector or a matrix, `vector(1)` of a dialect, and where the sums of
    columns must be a row: `sum(X, axis=0, keepdims=True)`.
    """

    function: str
    arguments: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    span: Span
    name_span: Span
    kind: Kind | None = None


@dataclass(slots=True, eq=False)
class Slice:
    """The `:` in `X[i, :]`."""

    span: Span


@dataclass(slots=True, eq=False)
class Index:
    """`x[i]`, `X[i, j]`, `X[i, :]`."""

    operand: Expr
    subscripts: tuple[Expr | Slice, ...]
    span: Span


@dataclass(slots=True, eq=False)
class Stack:
    """`[a, b]` (separator ",") or `[a; b]` (separator ";"). `[a, b; c, d]` is a ";" stack of "," stacks."""

    separator: str
    items: tuple[Expr, ...]
    span: Span

    @property
    def is_vertical(self) -> bool:
        """Whether the items stand below each other: `[u; v]`, and `[[a, b], [c, d]]`, whose items are lines."""
        return self.separator == ";" or all(isinstance(item, Stack) and item.separator == "," for item in self.items)


@dataclass(slots=True, eq=False)
class Clause:
    """`for i in lower..upper`; the range may be absent.

    `implied` is true if the index stands in a condition only, `sum_{i<j}`: where it is bound already, it is not bound again.
    """

    index: Name
    lower: Expr | None
    upper: Expr | None
    span: Span
    implied: bool = False


@dataclass(slots=True, eq=False)
class IndexSum:
    """`sum(body for i in 1..N for j in 1..M)`, `sum_{i=1}^N body`, `sum_i body`; `function` is "sum" (or "prod", "mean", …).

    `conditions` are those of `sum_{i<j}`: comparisons of two indices by "<", "<=", ">", ">=" or "!=".
    """

    function: str
    body: Expr
    clauses: tuple[Clause, ...]
    span: Span
    conditions: tuple[Binary, ...] = ()


Expr = Number | Name | Unary | Binary | Transpose | Call | Index | Stack | IndexSum


@dataclass(slots=True, eq=False)
class Binding:
    """`name = value`."""

    name: Name
    value: Expr
    span: Span


@dataclass(slots=True, eq=False)
class ShapeSpec:
    """What was written after the colon: `positive vector(n)`, `symmetric(n)`, `R^(m×n)`, `R^n -> R^m`.

    `kind` is scalar, vector, row, matrix, elementwise or function. `dims` are sizes: names, integers,
    sums and products of them (none: to be inferred).
    `properties` holds positive, symmetric, spd, diagonal, … ; `symmetric(n)` is matrix(n, n) with the property.
    `domain` and `codomain` are set for a function: `R^n -> R^m`, `(R^n, R) -> R`.
    """

    kind: str
    dims: tuple[Expr, ...]
    properties: frozenset[str]
    span: Span
    domain: tuple[ShapeSpec, ...] = ()
    codomain: ShapeSpec | None = None


@dataclass(slots=True, eq=False)
class Declaration:
    """`w, x: vector(n)`."""

    names: tuple[Name, ...]
    shape: ShapeSpec
    span: Span


@dataclass(slots=True, eq=False)
class Fact:
    """An equation in a where clause: `sum(y) = 1`."""

    left: Expr
    right: Expr
    span: Span


@dataclass(slots=True, eq=False)
class Program:
    """Bindings, the expression, and what the where clause declares; `dialect` is how they were written."""

    bindings: tuple[Binding, ...]
    body: Expr
    declarations: tuple[Declaration | Fact, ...]
    text: str
    dialect: Dialect = MATCALC


def children(node: Expr) -> tuple[Expr, ...]:
    """The expressions directly below a node, in the order they were written."""
    if isinstance(node, (Number, Name)):
        return ()
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, (Unary, Transpose)):
        return (node.operand,)
    if isinstance(node, Call):
        return (*node.arguments, *(value for _, value in node.keywords))
    if isinstance(node, Index):
        return (node.operand, *(s for s in node.subscripts if not isinstance(s, Slice)))
    if isinstance(node, Stack):
        return node.items
    ranges = [bound for clause in node.clauses for bound in (clause.lower, clause.upper) if bound is not None]
    return (*ranges, node.body)


def postorder(root: Expr, stop: Container[Expr] = ()) -> Iterator[Expr]:
    """Every node of the tree, operands before the operator that uses them; nothing below the nodes in `stop`."""
    stack: list[tuple[Expr, bool]] = [(root, False)]
    while stack:
        node, entered = stack.pop()
        below = () if entered or node in stop else children(node)
        if not below:
            yield node
        else:
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(below))
