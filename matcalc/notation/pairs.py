"""vec and the Kronecker product: what the constant array P, which counts pairs as vec stacks columns, stands for in a product.

Pₐᵢⱼ Mᵢⱼ = vec(M)ₐ     Pₐₖᵢ P_bₕⱼ Aᵢⱼ Bₖₕ = (A ⊗ B)_ab     Pₐᵢⱼ cₐ = unvec(c)ᵢⱼ     Pₐₖᵢ bₖ = (I ⊗ b)ₐᵢ
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from matcalc.language.dimensions import Dim, matrix, vector
from matcalc.notation import matrix as notation
from matcalc.notation.component import MatrixNotationError
from matcalc.notation.matrix import Expression
from matcalc.tensor.nodes import Node, Pattern, connected

if TYPE_CHECKING:
    from matcalc.notation.recover import Recovery

Factor = tuple[Node, Sequence[int]]
Found = tuple[Factor, list[Factor]]
"""What was read, and the factors that are in it."""


def without_pairs(r: Recovery, factors: Sequence[Factor], kept: int) -> list[Factor]:
    """The factors of a product, P and what it counts read together as matrix notation. Labels below `kept` are kept.

    Raises:
        MatrixNotationError: a P stands with something else.
    """
    rest = [factor for factor in factors if not _is_pair(factor[0])]
    pairs = [factor for factor in factors if _is_pair(factor[0])]
    while pairs:
        read = next(_readings(r, pairs, rest, kept), None)
        if read is None:
            raise MatrixNotationError
        (made, taken), used = read
        pairs = [pair for pair in pairs if pair not in used]
        rest = [*(factor for factor in rest if factor not in taken), made]
    return rest


def _readings(
    r: Recovery, pairs: Sequence[Factor], rest: Sequence[Factor], kept: int
) -> Iterator[tuple[Found, tuple[Factor, ...]]]:
    """What can be read, each with the P's that are in it."""
    for first, second in combinations(pairs, 2):
        product = _kronecker(r, first, second, rest, kept)
        if product is not None:
            yield product, (first, second)
    for read in (_stacked, _half):
        for pair in pairs:
            found = read(r, pair, rest, [other for other in pairs if other is not pair], kept)
            if found is not None:
                yield found, (pair,)


def _is_pair(node: Node) -> bool:
    return type(node) is Pattern and node.name == "pair"


def _parts(factors: Sequence[Factor], labels: Sequence[int]) -> tuple[list[Factor], set[int]]:
    """The factors joined to any of some labels, and all labels of theirs."""
    members: list[Factor] = []
    around = set(labels)
    for group, every in connected(factors):
        if every & set(labels):
            members += group
            around |= every
    return members, around


def _kronecker(
    r: Recovery, first: Factor, second: Factor, rest: Sequence[Factor], kept: int
) -> Found | None:
    """A ⊗ B of two P's with A between their second parts and B between their first ones."""
    (a, k, i), (b, h, j) = first[1], second[1]
    outer, left = _parts(rest, (i, j))
    inner, right = _parts(rest, (k, h))
    outside = {a, b, *range(kept)}
    if a == b or left & right or (left | right) & outside:
        return None
    slow = _between(r, outer, (i, j), (first[0].shape[2], second[0].shape[2]))
    fast = _between(r, inner, (k, h), (first[0].shape[1], second[0].shape[1]))
    shape = (first[0].shape[0], second[0].shape[0])
    return (r.leaf(r.build.kronecker(slow, fast), shape), (a, b)), outer + inner


def _between(r: Recovery, factors: Sequence[Factor], labels: tuple[int, int], sizes: Sequence[Dim]) -> Expression:
    """The matrix of a product on two labels, which may be the same one."""
    rows, columns = labels
    parts = list(factors)
    if rows == columns:
        columns = 1 + max((label for _, names in factors for label in names), default=rows)
        parts.append((r.graph.delta(sizes[0]), (rows, columns)))
    return r.expression(r.simplifier.contraction(parts, (rows, columns), sizes))


def _stacked(r: Recovery, pair: Factor, rest: Sequence[Factor], others: Sequence[Factor], kept: int) -> Found | None:
    """vec(M) of what stands on the two parts of P, or unvec(c) of the vector on the pairs."""
    node, (a, i, j) = pair
    elsewhere = {label for _, labels in others for label in labels} | set(range(kept))
    members, around = _parts(rest, (i, j))
    if i != j and not around & ({a} | elsewhere):
        inside = _between(r, members, (i, j), node.shape[1:])
        stacked = r.build.make(notation.Function, vector(node.shape[0]), "vec", (inside,))
        return (r.leaf(stacked, node.shape[:1]), (a,)), members
    members, around = _parts(rest, (a,))
    if members and not around & ({i, j} | elsewhere):
        column = r.expression(r.simplifier.contraction(members, (a,), node.shape[:1]))
        unstacked = r.build.make(notation.Function, matrix(*node.shape[1:]), "unvec", (column,))
        return (r.leaf(unstacked, node.shape[1:]), (i, j)), members
    return None


def _half(r: Recovery, pair: Factor, rest: Sequence[Factor], others: Sequence[Factor], kept: int) -> Found | None:
    """I ⊗ b, or a ⊗ I, of a vector on one part of P."""
    node, (a, k, i) = pair
    elsewhere = {label for _, labels in others for label in labels} | set(range(kept))
    for summed, other in ((k, i), (i, k)):
        members, around = _parts(rest, (summed,))
        if not members or a == other or around & ({a, other} | elsewhere):
            continue
        size = node.shape[2] if other == i else node.shape[1]
        column = r.expression(r.simplifier.contraction(members, (summed,), [node.shape[1] if other == i else node.shape[2]]))
        identity = r.build.make(notation.Identity, matrix(size, size))
        factors = (identity, column) if other == i else (column, identity)
        return (r.leaf(r.build.kronecker(*factors), (node.shape[0], size)), (a, other)), members
    return None
