"""From a resolved program to relations: one for each operator and function, read from the operation table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, NamedTuple

from matcalc.errors import NotSupportedError, ShapeError
from matcalc.language import stacks
from matcalc.language.calls import axis_of
from matcalc.language.declared import SQUARE, Declared, size_in
from matcalc.language.dimensions import Dim, Kind, Shape, dim
from matcalc.language.kinds import (
    ANY,
    BIT,
    MATRIX_BIT,
    ROW_BIT,
    SAME_KIND,
    SCALAR_BIT,
    VECTOR_BIT,
    Kinds,
    Relation,
    relation,
)
from matcalc.language.mismatch import excerpt, is_integer, may_be_integer
from matcalc.language.names import NUMBERS, Resolution, Section
from matcalc.language.sizes import Sizes
from matcalc.language.tree import (
    Binary,
    Call,
    Clause,
    Expr,
    Index,
    IndexSum,
    Name,
    Number,
    Slice,
    Stack,
    Transpose,
    Unary,
    children,
    postorder,
)
from matcalc.language.uses import SIZED
from matcalc.operations.rows import Derived, Elementwise, MatrixFunction, Multilinear
from matcalc.operations.table import FUNCTIONS, OPERATIONS, multilinear

SCALAR_UNKNOWN: Final = 0
"""The unknown that every expression shares of which it is plain that it is a scalar."""

VECTOR_NORMS: Final = frozenset({"norm1", "norm2", "norminf", "normp"})
"""Norms of which those of matrices are others."""

_UNDECLARED: Final = ANY & ~ROW_BIT
"""A name is never taken to be a row without being told so."""

_DOTS: Final = frozenset({".", "·", "⋅"})
"""The signs of a dot product: in `Ax · y` both are more likely vectors."""

_CAPITAL: Final = re.compile(r"(\w)(\d*|_\w+)'*")
_GREEK_CAPITALS: Final = frozenset(
    {"Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"}
)


@cache
def relation_of(name: str) -> Relation:
    """The relation of an operation of the table that states its shapes."""
    row = OPERATIONS[name]
    assert isinstance(row, (Multilinear, Derived, MatrixFunction))
    return relation(tuple(form.signature for form in row.forms))


@cache
def relation_along(name: str, axis: int) -> Relation:
    """The relation of an operation along an axis of a matrix: `sum(X, axis=0)` has an entry for each column.

    It is a row where that fits, as rows stretch over a matrix, and a vector where one is wanted.
    """
    rule = OPERATIONS[name].of_vector
    assert rule is not None
    others = "".join(", scalar" for _ in rule.operands[1:])
    maps = rule.result.kind == "vector"
    signatures = [f"matrix(m, n){others} -> matrix(m, n)"] if maps else (
        [f"matrix(m, n){others} -> vector(m)"] if axis else [f"matrix(m, n){others} -> {kind}(n)" for kind in ("row", "vector")]
    )
    if axis < 1:
        signatures.append(f"vector(n){others} -> {'vector(n)' if maps else 'scalar'}")
    return relation(tuple(signatures))


ELEMENTWISE: Final = relation(
    (
        *(form.signature for form in multilinear("*").forms),
        "matrix(m, n), vector(m) -> matrix(m, n)", "vector(m), matrix(m, n) -> matrix(m, n)",
        "matrix(m, n), row(n) -> matrix(m, n)", "row(n), matrix(m, n) -> matrix(m, n)",
    )
)  # fmt: skip
"""Sums, quotients and element-wise functions: of one shape, or stretched to one."""
UNSTRETCHED: Final = relation_of("*")
"""The element-wise product and unknown functions: no vector stretches over a matrix (`A * x` is too often meant as `A x`)."""
TRANSPOSE: Final = relation_of("transpose")
_POWER: Final = relation(
    (
        "scalar, scalar -> scalar", "vector(n), scalar -> vector(n)", "row(n), scalar -> row(n)",
        "scalar, vector(n) -> vector(n)", "scalar, row(n) -> row(n)", "vector(n), vector(n) -> vector(n)",
        "row(n), row(n) -> row(n)",
    )
)  # fmt: skip
_INTEGER_POWER: Final = relation(
    (
        "scalar, scalar -> scalar", "vector(n), scalar -> vector(n)", "row(n), scalar -> row(n)",
        "matrix(n, n), scalar -> matrix(n, n)",
    )
)  # fmt: skip
_LETTER_POWER: Final = relation(
    (
        "scalar, scalar -> scalar", "vector(n), scalar -> vector(n)", "row(n), scalar -> row(n)",
        "scalar, vector(n) -> vector(n)", "scalar, row(n) -> row(n)", "vector(n), vector(n) -> vector(n)",
        "row(n), row(n) -> row(n)", "matrix(n, n), scalar -> matrix(n, n)",
    )
)  # fmt: skip
_COLUMN_PRODUCT: Final = relation(
    tuple(form.signature for form in multilinear("juxtapose").forms if not form.signature.startswith("vector(n), vector(n)"))
)
_COLUMN_POWER: Final = relation(("scalar, scalar -> scalar",))
_COLUMN_INTEGER_POWER: Final = relation(("scalar, scalar -> scalar", "matrix(n, n), scalar -> matrix(n, n)"))
"""Products and powers where a vector is a matrix with one column."""
_AS_VARIABLES: Final = frozenset("uvwxyz")
"""Exponents that may be vectors as well as their bases, as in a^x."""
_DIVIDE: Final = relation(
    (
        "scalar, scalar -> scalar", "vector(n), scalar -> vector(n)", "row(n), scalar -> row(n)",
        "matrix(m, n), scalar -> matrix(m, n)", "matrix(m, n), matrix(n, n) -> matrix(m, n)", "row(n), matrix(n, n) -> row(n)",
    )
)  # fmt: skip
_ELEMENT: Final = relation(("vector(n) -> scalar", "row(n) -> scalar", "matrix(m, n) -> vector(n)"))
_ELEMENT_OF_TWO: Final = relation(("matrix(m, n) -> scalar",))
_ROW_OF: Final = relation(("matrix(m, n) -> vector(n)",))
_COLUMN_OF: Final = relation(("matrix(m, n) -> vector(m)",))
_VECTOR_ITEM: Final = relation(("-> scalar", "-> vector(n)"))
_LENGTH: Final = relation(("vector(n) -> scalar", "row(n) -> scalar"))
_COUNT: Final = relation(("matrix(m, n) -> scalar",))


class Blame(NamedTuple):
    """Whose fault it is when a relation does not hold."""

    node: Expr
    operands: tuple[Expr, ...]


class Operands(NamedTuple):
    """An operator or a pair of operands for which there are preferences."""

    operator: str
    left: int
    right: int
    result: int


class Constraints:
    """All unknowns and relations of a program."""

    def __init__(self, resolution: Resolution) -> None:
        self.resolution = resolution
        self.dialect = resolution.program.dialect
        self.kinds = Kinds()
        self.sizes = Sizes()
        self.unknowns: dict[Expr, int] = {}
        """The unknown of every node; nodes that must be of the same shape share one."""
        self.names: dict[str, int] = {}
        self.dims: list[tuple[int, ...] | None] = []
        self.capital: list[bool] = []
        self.blames: list[Blame] = []
        self.elementwise: list[Operands] = []
        self.products: list[Operands] = []
        self.words: set[int] = set()
        """Names like `Wq`, and their transposes."""
        self.word_products: list[Operands] = []
        self.transposes: dict[int, Transpose] = {}
        self.constants: list[int] = []
        self.reduced: list[int] = []
        """The values of `sum(X, axis=0)` and the like."""
        self.inverses: list[tuple[int, int]] = []
        """What is raised to the power -1, and the result."""
        self.along: set[int] = set()
        """The values of these and of `sum(X, axis=1)`."""
        self.follows: list[tuple[int, int]] = []
        self.powers: list[tuple[int, int]] = []
        """Bases with exponents that are names, as in x^p."""
        """Operands of what works element by element, and the results, in the order they are computed."""
        self.summed: set[int] = set()
        """The element-wise products in what `sum` or `mean` is taken of, but for those in other reductions and products."""
        self.under: set[int] = set()
        """What something is divided by, and what stands under a root or is raised to a power."""
        self.stacks: list[tuple[int, ...]] = []
        """The names in each `[u; v]`."""
        self.alike: list[tuple[int, ...]] = []
        """Those of names only."""
        self.has_numbers = False
        """Whether there is a number in one of them."""
        self.side_by_side: list[int] = []
        """The values of `[a, b]`."""
        self.lists: list[tuple[Stack, tuple[int, ...]]] = []
        """The names in each `[x, y, z]` that has only names."""
        self.in_lines: list[int] = []
        """The blocks of `[a, b; c, d]`, and the names in `[a, b]`."""
        self.lines: set[Stack] = set()
        self.indices: list[tuple[Index, int]] = []
        self.clauses: list[Clause] = []
        self.totals: list[Blame] = []
        self.unknown(SCALAR_BIT, ())
        for name in resolution.variables:
            self._declare_variable(name)
        for section in resolution.sections:
            self._section(section)
        for fact in resolution.facts:
            sides = self.unknowns[fact.left], self.unknowns[fact.right]
            if sides[0] != sides[1]:
                self.relate(SAME_KIND, sides, Blame(fact.left, (fact.left, fact.right)))

    def unknown(self, domain: int = ANY, dims: tuple[int, ...] | None = None, *, capital: bool = False) -> int:
        """A new unknown."""
        self.dims.append(dims)
        self.capital.append(capital)
        return self.kinds.unknown(domain)

    def relate(self, rule: Relation, operands: tuple[int, ...], blame: Blame) -> None:
        """State a relation."""
        self.kinds.constrain(rule, operands)
        self.blames.append(blame)

    def of_shape(self, shape: Shape) -> int:
        """An unknown of a given shape."""
        if not shape.dims:
            return SCALAR_UNKNOWN
        return self.unknown(BIT[shape.kind], tuple(map(self.sizes.known, shape.dims)))

    def _declare_variable(self, name: str) -> None:
        if name in self.resolution.free:
            return
        declared = self.resolution.declarations.names.get(name)
        if declared is not None:
            self.names[name] = self._declared(declared)
        else:
            kind = self.dialect.kind_of(name)
            domain = _UNDECLARED if kind is None else BIT[kind]
            self.names[name] = self.unknown(domain, capital=is_capital(name)) if kind != "scalar" else SCALAR_UNKNOWN
            if name[:1].isupper() and not is_capital(name):
                self.words.add(self.names[name])

    def _declared(self, declared: Declared) -> int:
        shape = declared.known_shape
        if shape is not None:
            return self.of_shape(shape)
        dims = None
        if declared.properties & SQUARE:
            size = self.sizes.fresh()
            dims = (size, size)
        domain = {"scalar": SCALAR_BIT, "vector": VECTOR_BIT, "row": ROW_BIT, "matrix": MATRIX_BIT}[declared.kind]
        return self.unknown(domain, dims)

    def _section(self, section: Section) -> None:
        self.lines = {line for node in section.order if isinstance(node, Stack) for line in stacks.lines(node)}
        for node in section.order:
            self.unknowns[node] = self._node(node, target=section.target)
        if section.binding is None:
            return
        name = section.binding.name
        value = self.unknowns[section.root]
        self.unknowns[name] = self.names[name.name] = value
        declared = self.resolution.declarations.names.get(name.name)
        if declared is not None and not declared.is_function:
            self.relate(SAME_KIND, (value, self._declared(declared)), Blame(name, (section.root,)))

    def _node(self, node: Expr, *, target: bool) -> int:
        if isinstance(node, Name):
            return self._name(node)
        if isinstance(node, Number):
            return SCALAR_UNKNOWN
        if isinstance(node, Binary):
            return self._binary(node)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Transpose):
            return self._transpose(node)
        if isinstance(node, Index):
            return self._index(node)
        if isinstance(node, Stack):
            return self._stack(node, target=target)
        if isinstance(node, IndexSum):
            self.clauses += node.clauses
            return self.unknowns[node.body]
        return self.unknowns[node.operand]

    def _name(self, node: Name) -> int:
        role = self.resolution.roles[node]
        if role in ("variable", "binding"):
            return self.names[node.name]
        if role == "constant" and node.name not in NUMBERS:
            return self._constant(node.name, ())
        return SCALAR_UNKNOWN

    def _constant(self, name: str, sizes: tuple[int, ...], kind: Kind | None = None) -> int:
        if name in ("I", "eye"):
            size = sizes[0] if sizes else self.sizes.fresh()
            return self.unknown(MATRIX_BIT, (size, size))
        if sizes:
            return self.unknown(VECTOR_BIT if len(sizes) == 1 else MATRIX_BIT, sizes)
        if kind is not None:
            return self.unknown(BIT[kind])
        constant = self.unknown(VECTOR_BIT | MATRIX_BIT)
        self.constants.append(constant)
        return constant

    def size(self, node: Expr) -> int:
        """The size that `n`, `3`, `m*n` or `len(x)` stands for; operands must have their dimensions already."""
        if not isinstance(node, Call):
            return self.sizes.known(size_in(node))
        dims = self.dims_of(self.unknowns[node.arguments[0]])
        return dims[1] if node.function == "cols" else dims[0]

    def dims_of(self, unknown: int) -> tuple[int, ...]:
        """The sizes of an unknown whose kind is known; made if there are none."""
        dims = self.dims[unknown]
        if dims is None:
            rank = (0, 1, 1, 2)[self.kinds.domains[unknown].bit_length() - 1]
            dims = self.dims[unknown] = tuple(self.sizes.fresh() for _ in range(rank))
        return dims

    def _binary(self, node: Binary) -> int:
        left, right, operator = self.unknowns[node.left], self.unknowns[node.right], node.operator
        if operator == "^":
            return self._power(node, left, right)
        if operator == "divide":
            return self._divide(node, left, right)
        if operator == "@":
            rule = relation_of("@")
        else:
            # A scalar with anything has the shape of the other.
            if operator == "/":
                self.under.add(right)
            if left == SCALAR_UNKNOWN:
                return right
            if right == SCALAR_UNKNOWN:
                if operator == "**":
                    self.under.add(left)
                return left
            rule = self._product() if operator == "juxtapose" else UNSTRETCHED if operator == "*" else ELEMENTWISE
        product = operator in ("@", "juxtapose")
        capital = (self.capital[left] and self.capital[right]) if product else (self.capital[left] or self.capital[right])
        result = self.unknown(capital=capital)
        self.relate(rule, (left, right, result), Blame(node, (node.left, node.right)))
        if product:
            self.products.append(Operands(operator, left, right, result))
            if (left in self.words or right in self.words) and node.operator_span.excerpt not in _DOTS:
                self.word_products.append(self.products[-1])
        elif operator == "**":
            self._note_power(node, left, right)
        else:
            self.elementwise.append(Operands(operator, left, right, result))
            self.follows += ((left, result), (right, result))
        return result

    def _product(self) -> Relation:
        return _COLUMN_PRODUCT if self.dialect.columns else relation_of("juxtapose")

    def _divide(self, node: Binary, left: int, right: int) -> int:
        if right == SCALAR_UNKNOWN:
            return left
        result = self.unknown(capital=self.capital[left])
        self.relate(_DIVIDE, (left, right, result), Blame(node, (node.left, node.right)))
        return result

    def _power(self, node: Binary, base: int, exponent: int) -> int:
        if base == SCALAR_UNKNOWN and exponent == SCALAR_UNKNOWN:
            return SCALAR_UNKNOWN
        if self.dialect.columns:
            rule = _COLUMN_INTEGER_POWER if may_be_integer(node.right) else _COLUMN_POWER
        elif base == SCALAR_UNKNOWN:
            rule = _POWER
        else:
            rule = _INTEGER_POWER if is_integer(node.right) else _LETTER_POWER if may_be_integer(node.right) else _POWER
        result = self.unknown(capital=self.capital[base])
        self.relate(rule, (base, exponent, result), Blame(node, (node.left, node.right)))
        self.follows.append((base, result))
        self._note_power(node, base, exponent)
        if isinstance(node.right, Number) and node.right.value == -1:
            self.inverses.append((base, result))
        self.under.add(base)
        return result

    def _note_power(self, node: Binary, base: int, exponent: int) -> None:
        if isinstance(node.right, Name) and node.right.name not in _AS_VARIABLES:
            self.powers.append((base, exponent))

    def _transpose(self, node: Transpose) -> int:
        operand = self.unknowns[node.operand]
        if operand == SCALAR_UNKNOWN:
            return operand
        result = self.unknown(capital=self.capital[operand])
        self.relate(TRANSPOSE, (operand, result), Blame(node, (node.operand,)))
        self.transposes.setdefault(operand, node)
        if operand in self.words and node.span.start == node.operand.span.start:  # `Wk'`; `(Xw)'` is a value
            self.words.add(result)
        return result

    def _call(self, node: Call) -> int:
        name = node.function
        unknown_function = self.resolution.functions.get(name)
        if unknown_function is not None:
            if unknown_function.declared is not None and unknown_function.declared.codomain is not None:
                return self._mapping(node, unknown_function.declared)
            return self._fold(node, UNSTRETCHED)
        if name in SIZED:
            return self._constant(name, tuple(self._fixed_size(size) for size in node.arguments), node.kind)
        row = FUNCTIONS.get(name)
        if name in VECTOR_NORMS:
            self._check_norm(node)
        if name == "dot" and self.dialect.paper and any(self.capital[self.unknowns[each]] for each in node.arguments):
            left, right = map(excerpt, node.arguments)
            raise NotSupportedError(
                f"`{excerpt(node)}` of matrices", node.span,
                help=f"write `tr(({left})' ({right}))`; capital letters that are vectors must be declared",
            )
        if name == "e":
            return self.unknown(VECTOR_BIT, (self.sizes.fresh(),))
        if row is None:
            rule = _LENGTH if name == "len" else _COUNT
            self.relate(rule, (self.unknowns[node.arguments[0]], SCALAR_UNKNOWN), Blame(node, node.arguments))
            return SCALAR_UNKNOWN
        if isinstance(row, (Multilinear, MatrixFunction)) or (isinstance(row, Derived) and row.forms):
            axis = axis_of(node)
            rule = relation_of(row.name) if axis is None else relation_along(row.name, axis)
            operands = tuple(self.unknowns[argument] for argument in node.arguments)
            result = self.unknown(ANY if node.kind is None else BIT[node.kind])
            if row.name in ("sum", "mean") and axis is None:
                self.summed.update(map(self.unknowns.__getitem__, _terms(node.arguments[0])))
            if axis == 0:
                self.reduced.append(result)
            if axis is not None:
                self.along.add(result)
            self.relate(rule, (*operands, result), Blame(node, node.arguments))
            return result
        return self._fold(node, ELEMENTWISE)

    def _check_norm(self, node: Call) -> None:
        """Refuse `||A||_2` of capital letters that are not declared: it would make them vectors."""
        names = [each for each in postorder(node.arguments[0]) if isinstance(each, Name)]
        variables = [name for name in names if self.resolution.roles.get(name) == "variable"]
        capital = self.capital[self.unknowns[node.arguments[0]]]
        if self.dialect.paper and capital and all(self.capital[self.names[name.name]] for name in variables):
            inside, first = excerpt(node.arguments[0]), variables[0].name
            raise NotSupportedError(
                f"`{excerpt(node)}` of a matrix", node.span,
                help=f"write `||{inside}||_F` for the Frobenius norm; for a vector declare it: `{first}: vector(n)`",
            )

    def _fixed_size(self, size: Expr) -> int:
        if isinstance(size, Call):
            raise NotSupportedError(f"`{size.span.excerpt}` as a size", size.span, help="declare the dimension and name it")
        return self.size(size)

    def _fold(self, node: Call, rule: Relation) -> int:
        """Element by element: the operands two at a time, from the left."""
        first = node.arguments[0]
        result = self.unknowns[first]
        if node.function == "sqrt":
            self.under.add(result)
        for argument in node.arguments[1:]:
            operand = self.unknowns[argument]
            if result == SCALAR_UNKNOWN:
                result, first = operand, argument
            elif operand != SCALAR_UNKNOWN:
                capital = self.capital[result] or self.capital[operand]
                both = result, operand
                result = self.unknown(capital=capital)
                self.elementwise.append(Operands(node.function, *both, result))
                self.follows += ((both[0], result), (both[1], result))
                self.relate(rule, (*both, result), Blame(node, (first, argument)))
        return result

    def _mapping(self, node: Call, declared: Declared) -> int:
        """A declared function such as `g: R^n -> R^m`."""
        assert declared.codomain is not None
        for argument, shape in zip(node.arguments, declared.domain, strict=True):
            self.relate(SAME_KIND, (self.unknowns[argument], self.of_shape(shape)), Blame(node, (argument,)))
        return self.of_shape(declared.codomain)

    def _index(self, node: Index) -> int:
        operand = self.unknowns[node.operand]
        if len(node.subscripts) == 1:
            rule = _ELEMENT
        elif isinstance(node.subscripts[1], Slice):
            rule = _ROW_OF
        else:
            rule = _COLUMN_OF if isinstance(node.subscripts[0], Slice) else _ELEMENT_OF_TWO
        result = SCALAR_UNKNOWN if rule is _ELEMENT_OF_TWO else self.unknown()
        self.relate(rule, (operand, result), Blame(node, (node.operand,)))
        self.indices.append((node, operand))
        for subscript in node.subscripts:
            if not isinstance(subscript, Slice):
                self.unknowns[subscript] = SCALAR_UNKNOWN
        return result

    def _stack(self, node: Stack, *, target: bool) -> int:
        if target:
            for item in node.items:
                if self.unknowns[item] != SCALAR_UNKNOWN:
                    self.relate(_VECTOR_ITEM, (self.unknowns[item],), Blame(node, (item,)))
            self.totals.append(Blame(node, node.items))
            return self.unknown(VECTOR_BIT, (self.sizes.fresh(),))
        items = tuple([self.unknowns[item] for item in node.items])
        inner = node in self.lines
        if not node.is_vertical and not any(items):
            return self.unknown(ROW_BIT if inner else VECTOR_BIT, (self.sizes.known(dim(len(items))),))
        below = stacks.lines(node)
        self._check_numbers(below)
        result = self.unknown(capital=any(map(self.capital.__getitem__, items)))
        self.relate(stacks.rule(node, inner=inner), (*items, result), Blame(node, node.items))
        self.totals.append(Blame(node, node.items))
        if inner:
            self.in_lines += items
        elif not node.is_vertical:
            self.side_by_side.append(result)
            if all(isinstance(item, Name) for item in node.items):
                self.lists.append((node, items))
            self.in_lines += [self.unknowns[item] for item in node.items if isinstance(item, Name)]
        elif not below:
            self.stacks.append(tuple(self.unknowns[item] for item in node.items if isinstance(item, Name)))
            self.has_numbers |= SCALAR_UNKNOWN in items
            if all(isinstance(item, Name) for item in node.items):
                self.alike.append(items)
        return result

    def _check_numbers(self, lines: Sequence[Stack]) -> None:
        """The lines of a matrix of numbers have as many entries."""
        for line in lines:
            if len(line.items) != len(lines[0].items) and not any(self.unknowns[e] for one in lines for e in one.items):
                raise ShapeError(
                    f"the rows of a matrix have {len(lines[0].items)} and {len(line.items)} entries", line.span,
                    related=("the first row is here", lines[0].span),
                )


def _terms(root: Expr) -> Iterator[Expr]:
    """The element-wise products that an expression is made of element by element."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Binary) and node.operator in ("+", "-", "*", "/"):
            if node.operator == "*":
                yield node
            stack += (node.left, node.right)
        elif isinstance(node, Unary) or (isinstance(node, Call) and isinstance(FUNCTIONS.get(node.function), Elementwise)):
            stack += children(node)


def is_capital(name: str) -> bool:
    """Whether a name looks like that of a matrix: a single capital letter, possibly with a subscript.

    >>> [name for name in ("X", "W1", "A_k", "Σ", "Sigma", "Loss", "x") if is_capital(name)]
    ['X', 'W1', 'A_k', 'Σ', 'Sigma']
    """
    if name.partition("_")[0] in _GREEK_CAPITALS:
        return True
    return name[:1].isupper() and _CAPITAL.fullmatch(name) is not None


def known_dim(sizes: Sizes, size: int) -> Dim:
    """The dimension of a size that has a name."""
    value = sizes.value(size)
    assert value is not None
    return value
