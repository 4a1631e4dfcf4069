"""Declarations: `w, x: vector(n)`, `X: R^(m×n)`, `f: R^n -> R`, and equations."""

from __future__ import annotations

import unicodedata
from typing import Any, Final

from matcalc.language.actions.base import Builder, Placed
from matcalc.language.table import Token
from matcalc.language.tree import Declaration, Fact, Name, Number, ShapeSpec

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


class DeclarationActions(Builder):
    """One method for each rule of a where clause."""

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
        if name == "integer":
            name, properties = "scalar", frozenset(("integer",))
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
        return [(self._name(each), each.start, each.end) for each in (rows, columns)]

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
