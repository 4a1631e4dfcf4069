"""What the where clause says: one entry for each declared name, contradictions refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, cast

from matcalc.errors import NotSupportedError, ShapeError, Span
from matcalc.language.dimensions import Dim, Kind, Shape, dim
from matcalc.language.linear import leaves
from matcalc.language.tree import Binary, Declaration, Expr, Fact, Name, Number, ShapeSpec

SQUARE: Final = frozenset({"symmetric", "spd", "diagonal", "orthogonal", "lower_triangular", "upper_triangular"})
"""Properties that only a square matrix has."""

Symmetric = Literal["space", "independent", "unconstrained"]
"""What the derivative by a symmetric matrix is: that on the space of such matrices, that by the entries on and above the
diagonal (each moves its mirror image too), or that by all entries as if nothing bound them to each other."""

_KINDS: Final = frozenset({"scalar", "vector", "row", "matrix"})
_RANK: Final = {"scalar": 0, "vector": 1, "row": 1, "matrix": 2}


@dataclass(slots=True)
class Declared:
    """A declared name. `dims` is empty if they were left out; `domain` and `codomain` belong to a function."""

    name: str
    kind: str
    dims: tuple[Dim, ...]
    properties: frozenset[str]
    span: Span
    domain: tuple[Shape, ...] = ()
    codomain: Shape | None = None

    @property
    def is_function(self) -> bool:
        """Whether this is a function, not a variable."""
        return self.kind not in _KINDS

    @property
    def known_shape(self) -> Shape | None:
        """The shape of a variable, if its dimensions are stated."""
        if self.is_function or len(self.dims) != _RANK[self.kind]:
            return None
        return Shape(cast(Kind, self.kind), self.dims)

    def __str__(self) -> str:
        if self.kind == "function":
            return f"({', '.join(map(str, self.domain))}) -> {self.codomain}"
        return f"{self.kind}({', '.join(map(str, self.dims))})" if self.dims else self.kind

    @property
    def place(self) -> tuple[str, Span]:
        """Where it was declared, with a caption."""
        return f"{self.name} is declared here as {self}", self.span


@dataclass(slots=True)
class Declarations:
    """Everything a where clause declares."""

    names: dict[str, Declared]
    dimensions: dict[str, Span]
    """Names that stand for dimensions, each with the first place it does."""
    facts: tuple[Fact, ...]


def read_declarations(declarations: Iterable[Declaration | Fact]) -> Declarations:
    """Collect the declarations by name. A second one that contradicts the first is an error that points at both."""
    names: dict[str, Declared] = {}
    dimensions: dict[str, Span] = {}
    facts: list[Fact] = []
    for declaration in declarations:
        if isinstance(declaration, Fact):
            facts.append(declaration)
            continue
        spec = declaration.shape
        dims = _dims(spec, dimensions)
        domain = tuple(_shape(part, dimensions) for part in spec.domain)
        codomain = _shape(spec.codomain, dimensions) if spec.codomain is not None else None
        for name in declaration.names:
            new = Declared(name.name, spec.kind, dims, spec.properties, name.span, domain, codomain)
            names[name.name] = _merge(names[name.name], new) if name.name in names else new
    for declared in names.values():
        if declared.name in dimensions:
            raise ShapeError(
                f"`{declared.name}` is declared as a {declared.kind} and also used as a dimension", declared.span,
                help="give one of the two another name",
                related=(f"{declared.name} is a dimension here", dimensions[declared.name]),
            )
    return Declarations(names, dimensions, tuple(facts))


def size_of(number: Number) -> Dim:
    """The dimension that a number stands for; only positive integers do."""
    value = number.value
    if isinstance(value, Fraction) and value.denominator == 1:
        value = value.numerator
    if isinstance(value, Fraction) or value < 1:
        raise ShapeError(f"a dimension is a positive integer, not {number.span.excerpt}", number.span)
    return dim(value)


def size_in(root: Expr) -> Dim:
    """The dimension that `n`, `3`, `m*n` or `n + 1` stands for in an expression."""
    done: dict[Expr, Dim] = {}
    for node in leaves(root):
        if isinstance(node, Name):
            done[node] = dim(node.name)
        elif isinstance(node, Number):
            done[node] = size_of(node)
        elif isinstance(node, Binary):
            left, right = done[node.left], done[node.right]
            done[node] = left + right if node.operator == "+" else left - right if node.operator == "-" else left.times(right)
        else:
            help_ = "a size is made of dimensions and numbers"
            raise NotSupportedError(f"`{root.span.excerpt}` as a size", root.span, help=help_)
    size = done[root].size
    if size is not None and size < 1:
        raise ShapeError(f"a dimension is a positive integer, not {size}", root.span)
    return done[root]


def _size(item: Expr, dimensions: dict[str, Span]) -> Dim:
    """The dimension that `n`, `3`, `n + 1` or `m*n` stands for."""
    steps: list[Binary] = []
    while isinstance(item, Binary):
        steps.append(item)
        item = item.left
    total = _simple_size(item, dimensions)
    for step in reversed(steps):
        part = _simple_size(step.right, dimensions)
        if step.operator == "*":
            total = total.times(part)
        elif step.operator in ("+", "-"):
            total = total + part if step.operator == "+" else total - part
        else:
            raise ShapeError(f"`{step.operator_span.excerpt}` in a dimension", step.operator_span, help="write m*n or n + 1")
    return total


def _simple_size(item: Expr, dimensions: dict[str, Span]) -> Dim:
    if isinstance(item, Name):
        dimensions.setdefault(item.name, item.span)
        return dim(item.name)
    if isinstance(item, Binary):
        return _size(item, dimensions)
    assert isinstance(item, Number)
    return size_of(item)


def _dims(spec: ShapeSpec, dimensions: dict[str, Span]) -> tuple[Dim, ...]:
    dims: list[Dim] = []
    for item in spec.dims:
        dims.append(_size(item, dimensions))
    rank = _RANK.get(spec.kind, 0)
    if dims and len(dims) != rank:
        raise ShapeError(
            f"a {spec.kind} has {rank or 'no'} dimension{'s' if rank != 1 else ''}, not {len(dims)}", spec.span,
        )
    if spec.kind == "matrix" and spec.properties & SQUARE and len(set(dims)) > 1:
        raise ShapeError(f"a {min(spec.properties & SQUARE)} matrix is square", spec.span)
    return tuple(dims)


def _shape(spec: ShapeSpec, dimensions: dict[str, Span]) -> Shape:
    dims = _dims(spec, dimensions)
    if spec.kind not in _KINDS or len(dims) != _RANK[spec.kind]:
        raise ShapeError("the shapes of a function need their dimensions", spec.span, help="for example `f: R^n -> R^m`")
    return Shape(cast(Kind, spec.kind), dims)


def _merge(first: Declared, second: Declared) -> Declared:
    same = (
        first.kind == second.kind
        and (not first.dims or not second.dims or first.dims == second.dims)
        and (first.domain, first.codomain) == (second.domain, second.codomain)
    )
    if not same:
        raise ShapeError(
            f"`{second.name}` is declared twice, as {first} and as {second}", second.span, related=first.place,
        )
    return Declared(
        first.name, first.kind, first.dims or second.dims, first.properties | second.properties, first.span,
        first.domain, first.codomain,
    )
