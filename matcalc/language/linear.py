"""Linear expressions in indices and dimensions: the bounds of ranges and subscripts such as `i + 1` and `n - 1`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from fractions import Fraction
from typing import Final

from matcalc.errors import NotSupportedError
from matcalc.language.dimensions import Dim
from matcalc.language.tree import Binary, Call, Expr, Name, Number, Unary

SIZES: Final = frozenset({"len", "rows", "cols"})
"""Functions whose value is a dimension."""

_POSITION: Final = "a position is a sum of indices, numbers and dimensions"


class Linear:
    """A constant and integer multiples of unknowns: indices, sizes, or names of dimensions."""

    __slots__ = ("constant", "terms")

    def __init__(self, terms: Mapping[Hashable, int], constant: int = 0) -> None:
        self.terms = {key: count for key, count in terms.items() if count}
        self.constant = constant

    @classmethod
    def of(cls, dim: Dim) -> Linear:
        """A dimension, with the names in it as unknowns."""
        return cls(dict(dim.terms), dim.constant)

    def plus(self, other: Linear, times: int = 1) -> Linear:
        """`self + times * other`."""
        terms = dict(self.terms)
        for key, count in other.terms.items():
            terms[key] = terms.get(key, 0) + times * count
        return Linear(terms, self.constant + times * other.constant)

    def replaced(self, value: Callable[[Hashable, int], Linear | None]) -> Linear:
        """With each unknown replaced by its `value` (which also gets its coefficient), where there is one."""
        result = Linear({}, self.constant)
        for key, count in self.terms.items():
            known = value(key, count)
            result = result.plus(Linear({key: 1}) if known is None else known, count)
        return result

    def dim(self) -> Dim | None:
        """The dimension, if all unknowns are names of dimensions."""
        if not all(isinstance(key, str) for key in self.terms):
            return None
        return Dim(tuple(sorted((str(key), count) for key, count in self.terms.items())), self.constant)


def leaves(root: Expr, what: str = "position") -> Iterator[Expr]:
    """Every node of a linear expression, operands first; calls of `len`, `rows` and `cols` are leaves.

    Raises:
        NotSupportedError: it cannot be linear.
    """
    stack: list[tuple[Expr, bool]] = [(root, False)]
    while stack:
        node, entered = stack.pop()
        if entered or isinstance(node, (Name, Number)) or (isinstance(node, Call) and node.function in SIZES):
            yield node
        elif isinstance(node, Binary) and node.operator in ("+", "-", "*", "juxtapose"):
            stack += [(node, True), (node.right, False), (node.left, False)]
        elif isinstance(node, Unary):
            stack += [(node, True), (node.operand, False)]
        else:
            made_of = "a dimension such as `n`, a number or `len(x)`" if what == "size" else _POSITION
            raise NotSupportedError(f"`{root.span.excerpt}` as a {what}", root.span, help=made_of)


def linear(root: Expr, unknown: Callable[[Expr], Linear]) -> Linear:
    """An expression as a linear one; `unknown` gives what names and calls stand for.

    Raises:
        NotSupportedError: it is not linear with integer coefficients.
    """
    done: dict[Expr, Linear] = {}
    for node in leaves(root):
        if isinstance(node, Number):
            if isinstance(node.value, Fraction) and node.value.denominator != 1:
                raise NotSupportedError(f"`{root.span.excerpt}`, which is not an integer", node.span)
            done[node] = Linear({}, int(node.value))
        elif isinstance(node, Unary):
            done[node] = Linear({}).plus(done[node.operand], -1)
        elif not isinstance(node, Binary):
            done[node] = unknown(node)
        elif node.operator in ("+", "-"):
            done[node] = done[node.left].plus(done[node.right], 1 if node.operator == "+" else -1)
        else:
            left, right = done[node.left], done[node.right]
            if left.terms and right.terms:
                raise NotSupportedError(f"`{root.span.excerpt}`, which is not linear", node.span)
            scale, other = (right, left) if left.terms else (left, right)
            done[node] = Linear({}).plus(other, scale.constant)
    return done[root]
