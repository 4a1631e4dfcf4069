"""Dimensions and shapes: the sizes of vectors and matrices, as numbers, names and sums of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import prod
from typing import Final, Literal, NamedTuple

Kind = Literal["scalar", "vector", "row", "matrix"]


class Dim(NamedTuple):
    """A size: a polynomial in named dimensions with integer coefficients, such as `n`, `3`, `n + 1` or `m*n`.

    The terms are monomials with their coefficients; the monomial of m n is written "m*n", its names in order.
    """

    terms: tuple[tuple[str, int], ...]
    constant: int

    def __add__(self, other: object) -> Dim:
        if not isinstance(other, Dim):
            return NotImplemented
        return _add(self, other, 1)

    def __sub__(self, other: Dim) -> Dim:
        return _add(self, other, -1)

    def times(self, other: Dim) -> Dim:
        """The product of two sizes.

        >>> str((dim("m") + dim(1)).times(dim("n")))
        'm*n + n'
        """
        counts: dict[str, int] = {}
        for left, a in (*self.terms, ("", self.constant)):
            for right, b in (*other.terms, ("", other.constant)):
                monomial = "*".join(sorted(filter(None, (*left.split("*"), *right.split("*")))))
                counts[monomial] = counts.get(monomial, 0) + a * b
        constant = counts.pop("", 0)
        return Dim(tuple(sorted((name, count) for name, count in counts.items() if count)), constant)

    def divided(self, other: Dim) -> Dim | None:
        """The size that times `other` is this one, if both are single terms and there is one."""
        (mine, a), (its, b) = _single(self), _single(other)
        if not a or not b or a % b:
            return None
        rest = list(filter(None, mine.split("*")))
        for name in filter(None, its.split("*")):
            if name not in rest:
                return None
            rest.remove(name)
        return Dim((("*".join(rest), a // b),), 0) if rest else Dim((), a // b)

    def __str__(self) -> str:
        parts = [(count, name if abs(count) == 1 else f"{abs(count)}*{name}") for name, count in self.terms]
        if self.constant or not parts:
            parts.append((self.constant, str(abs(self.constant))))
        first, *rest = sorted(parts, key=lambda part: part[0] < 0)
        return ("-" if first[0] < 0 else "") + first[1] + "".join(f" {'-' if n < 0 else '+'} {text}" for n, text in rest)

    def __repr__(self) -> str:
        return str(self)

    @property
    def name(self) -> str | None:
        """The name, if this is a single named dimension."""
        if len(self.terms) == 1 and self.constant == 0 and self.terms[0][1] == 1 and "*" not in self.terms[0][0]:
            return self.terms[0][0]
        return None

    @property
    def names(self) -> frozenset[str]:
        """The named dimensions in it."""
        return frozenset(name for monomial, _ in self.terms for name in monomial.split("*"))

    @property
    def size(self) -> int | None:
        """The number, if this is one."""
        return None if self.terms else self.constant

    def value(self, sizes: Mapping[str, int]) -> int:
        """The number when each named dimension has the size given. Raises KeyError for a name without one."""
        return sum(prod(sizes[name] for name in monomial.split("*")) * count for monomial, count in self.terms) + self.constant


@lru_cache(maxsize=10_000)
def dim(value: str | int) -> Dim:
    """The dimension with this name or size.

    >>> str(dim("n") + dim(1)), str(dim(3) - dim("n")), str(dim("n") - dim("m") - dim(2))
    ('n + 1', '3 - n', 'n - m - 2')
    """
    return Dim((), value) if isinstance(value, int) else Dim(((value, 1),), 0)


def _single(size: Dim) -> tuple[str, int]:
    """The monomial and coefficient of a size of one term; ("", 0) if it has several."""
    if not size.terms:
        return "", size.constant
    return size.terms[0] if len(size.terms) == 1 and not size.constant else ("", 0)


def _add(left: Dim, right: Dim, sign: int) -> Dim:
    counts = dict(left.terms)
    for name, count in right.terms:
        counts[name] = counts.get(name, 0) + sign * count
    terms = tuple(sorted((name, count) for name, count in counts.items() if count))
    return Dim(terms, left.constant + sign * right.constant)


class Shape(NamedTuple):
    """scalar, vector(n) = column, row(n) = 1×n, or matrix(m, n)."""

    kind: Kind
    dims: tuple[Dim, ...]

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(map(str, self.dims))})" if self.dims else self.kind


SCALAR: Final = Shape("scalar", ())


def vector(n: Dim) -> Shape:
    """A column vector with n entries."""
    return Shape("vector", (n,))


def row(n: Dim) -> Shape:
    """A row vector, 1×n."""
    return Shape("row", (n,))


def matrix(m: Dim, n: Dim) -> Shape:
    """A matrix with m rows and n columns."""
    return Shape("matrix", (m, n))
