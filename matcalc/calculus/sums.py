"""Rules for sums: common factors come out where that is shorter, quotients over one denominator cancel, sin² + cos² = 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from matcalc.calculus import mirrors, padding, symmetry
from matcalc.calculus.cancellation import expanded, is_named, split_power
from matcalc.calculus.choices import choices
from matcalc.calculus.closing import closed
from matcalc.calculus.looks import kind
from matcalc.calculus.opening import (
    EXPANDED,
    FEW_TERMS,
    diagonals,
    factors_of,
    has_summed_sum,
    length,
    low_rank,
    opened,
    with_one_array,
)
from matcalc.calculus.proportions import common_denominator
from matcalc.tensor.nodes import (
    Constant,
    Contraction,
    Delta,
    Labels,
    Node,
    Number,
    Ones,
    Rational,
    Size,
    Sum,
    Unit,
    Variable,
    terms,
)

if TYPE_CHECKING:
    from matcalc.calculus.simplify import Simplifier

_ROUNDS = 8
"""Factors taken out of one sum, one after the other."""

_AXES = 2
"""A common factor is taken out where what it multiplies stays a matrix."""

_SEVERAL = 3
"""Common factors of all terms that are taken out together."""

_WIDE = 200
"""Sums with more terms than this are searched once."""


def simplified(s: Simplifier, node: Sum) -> Node:
    """A sum in normal form."""
    for _ in range(0 if s.deep else _ROUNDS):
        result = next((new for rule in _RULES if (new := rule(s, node)) is not node), node)
        if result is node or type(result) is not Sum or len(result.args) < 2 or len(node.args) > _WIDE:
            return result
        node = result
    return node


def _pythagoras(s: Simplifier, node: Sum) -> Node:
    """c sin²x + c cos²x = c."""
    squares: dict[tuple[str, Node], tuple[Rational, Node]] = {}
    for coefficient, arg in terms(node):
        base, exponent = split_power(arg)
        if exponent == 2 and (is_named(base, "sin") or is_named(base, "cos")):
            squares[("sin" if is_named(base, "sin") else "cos", base.args[0])] = (coefficient, arg)
    for (name, argument), (coefficient, sine) in squares.items():
        other = squares.get(("cos", argument))
        if name == "sin" and other is not None and other[0] == coefficient:
            one = s.ones(node.shape)
            rest = [(c, arg) for c, arg in terms(node) if arg is not sine and arg is not other[1]]
            return s.graph.sum([*rest, (coefficient, one)], node.shape)
    return node


def _merged(s: Simplifier, node: Sum) -> Node:
    """a (b - 1) + a = a b: a product with a sum is multiplied out where that cancels a term of its own."""
    if len(node.args) > EXPANDED:
        return node
    sums = [_as_sum(s, c, arg) for c, arg in terms(node)]
    if any(len(each) > 1 for each in sums) and sum(map(len, sums)) <= EXPANDED:
        whole = s.graph.sum([part for each in sums for part in each], node.shape)
        if (len(whole.args) if type(whole) is Sum else 1) < sum(map(len, sums)):  # (a + b) + 2 (a + c) = 3 a + b + 2 c
            return whole
    for index, (coefficient, arg) in enumerate(terms(node)):
        if has_summed_sum(s, arg):
            continue  # A (A x + x) stays
        products = expanded(s, coefficient, arg)
        if not 1 < len(products) <= FEW_TERMS or not any(each in node.args for _, each in products):
            continue
        rest = [part for other, part in enumerate(terms(node)) if other != index]
        whole = s.graph.sum([*rest, *products], node.shape)
        if (len(whole.args) if type(whole) is Sum else 1) <= len(node.args) and length(whole) < length(node):
            return whole
    return node


def _regrouped(s: Simplifier, node: Sum) -> Node:
    """2 (A y - A x) + 2 (B y - B x) = 2 ((A + B) y - (A + B) x): sums with one coefficient are one where that is shorter."""
    if len(node.args) > EXPANDED or s.deep or s.regrouping:
        return node
    groups: dict[Rational, list[Sum]] = {}
    for coefficient, arg in terms(node):
        if type(arg) is Sum and len(arg.args) > 1:
            groups.setdefault(coefficient, []).append(arg)
    for coefficient, sums in groups.items():
        if len(sums) < 2 or sum(len(each.args) for each in sums) > EXPANDED:
            continue
        if coefficient == 1 and len(sums) == len(node.args):  # kept whole: together they are this sum
            continue
        s.regrouping = True
        try:
            together = s.sum([(1, each) for each in sums], node.shape)
        finally:
            s.regrouping = False
        if length(together) < sum(map(length, sums)):
            rest = [(c, arg) for c, arg in terms(node) if arg not in sums]
            return s.graph.sum([*rest, (coefficient, together)], node.shape)
    return node


def _as_sum(s: Simplifier, coefficient: Rational, node: Node) -> list[tuple[Rational, Node]]:
    """The terms of a sum or of the transpose of one; any other node itself."""
    if type(node) is Contraction and node.labels == ((1, 0),) and type(node.args[0]) is Sum:
        inner = node.args[0]
        parts = [s.contraction([(arg, (1, 0))], (0, 1)) for arg in inner.args]
        return [(coefficient * c, part) for c, part in zip(inner.coefficients, parts, strict=True)]
    if type(node) is Sum:
        return [(coefficient * c, arg) for c, arg in terms(node)]
    return [(coefficient, node)]


# Common factors


class _Use(NamedTuple):
    """A factor in one term: which term, at which position, raised to what, and the labels as seen from the sum's axes."""

    term: int
    position: int
    exponent: Rational
    pattern: Labels


class _Term(NamedTuple):
    """One term of a sum as a product."""

    coefficient: Rational
    node: Node
    factors: tuple[tuple[Node, Labels], ...]
    sign: Rational
    """The coefficient of the product of the factors: that of the node, if none of them is written with the other sign."""


def _factored(s: Simplifier, node: Sum) -> Node:
    """a c + b c = (a + b) c, for the factor whose removal pays most."""
    order = node.order
    parts = _signed(s, [_Term(c, arg, factors_of(s, arg), c) for c, arg in terms(node)])
    uses: dict[tuple[Node, Labels], list[_Use]] = {}
    for index, term in enumerate(parts):
        seen = set()
        for position, (factor, labels) in enumerate(term.factors):
            base, exponent = split_power(factor)
            pattern = _pattern(labels, order)
            if type(base) in (Delta, Ones, Number, Unit) or (base, pattern) in seen:
                continue
            seen.add((base, pattern))
            uses.setdefault((base, pattern), []).append(_Use(index, position, exponent, pattern))
    shared = [(key, found) for key, found in uses.items() if len(found) > 1]
    whole = _common(s, node, parts, shared)
    if whole is not None:
        return whole
    shared.sort(key=lambda item: (-len(item[1]) * _weight(item[0][0]), item[0][0].id))
    for (base, pattern), found in shared:
        result = _take_out(s, node, parts, base, pattern, found)
        if result is not None:
            return result
    return node


def _signed(s: Simplifier, parts: list[_Term]) -> list[_Term]:
    """The terms with sums written with one sign: a (b - c) + d (c - b) has a common factor."""
    sums = {split_power(factor)[0] for term in parts for factor, _ in term.factors}
    sums = {each for each in sums if type(each) is Sum and len(each.args) > 1}
    if len(sums) < 2:
        return parts
    other = {each: s.graph.sum([(-1, each)], each.shape) for each in sums}
    turned = {each: minus for each, minus in other.items() if minus in sums and minus.id < each.id}
    result = []
    for term in parts:
        factors, sign = list(term.factors), term.sign
        for position, (factor, labels) in enumerate(factors):
            base, exponent = split_power(factor)
            if base in turned and exponent == int(exponent):
                factors[position] = (s.power(turned[base], exponent), labels)
                sign = -sign if exponent % 2 else sign
        result.append(term._replace(factors=tuple(factors), sign=sign))
    return result


def _pattern(labels: Labels, order: int) -> Labels:
    """Labels with the summed ones numbered in the order in which the factor has them."""
    number: dict[int, int] = {}
    return tuple([label if label < order else number.setdefault(label, order + len(number)) for label in labels])


def _weight(node: Node) -> int:
    """How much printing a factor costs, roughly."""
    return 1 + sum(1 + len(arg.args) for arg in node.args)


def _common(
    s: Simplifier, node: Sum, parts: Sequence[_Term], shared: Sequence[tuple[tuple[Node, Labels], Sequence[_Use]]]
) -> Node | None:
    """All factors together that every term has, if there are several: one after the other would take long."""
    order = node.order
    taken: dict[tuple[Node, Labels], Rational] = {}
    positions: list[set[int]] = [set() for _ in parts]
    for key, found in shared:
        exponents = {use.exponent for use in found}
        plain = not isinstance(key[0], (Variable, Size, Constant)) and all(label < order for label in key[1])
        if len(found) == len(parts) and len(exponents) == 1 and plain and len(set(key[1])) == len(key[1]):
            taken[key] = exponents.pop()
            for use in found:
                positions[use.term].add(use.position)
    if len(taken) < _SEVERAL:
        return None
    rests = [
        [factor for position, factor in enumerate(term.factors) if position not in gone]
        for term, gone in zip(parts, positions, strict=True)
    ]
    outside = [s.power(base, exponent) for (base, _), exponent in taken.items()]
    if any(map(mirrors.excludes, rests)) and not all(mirrors.is_total(s.graph, each) for each in outside):
        return None
    kept = [tuple(sorted({label for _, labels in rest for label in labels if label < order})) for rest in rests]
    axes = kept[0]
    if any(labels != axes for labels in kept) or len(axes) > _AXES:
        return None
    shape = tuple(node.shape[label] for label in axes)
    cofactors = [(term.sign, s.contraction(rest, axes, shape)) for term, rest in zip(parts, rests, strict=True)]
    factors = [(base if power == 1 else s.power(base, power), pattern) for (base, pattern), power in taken.items()]
    return s.contraction([*factors, (s.sum(cofactors, shape), axes)], range(order), node.shape)


def _take_out(
    s: Simplifier, node: Sum, parts: Sequence[_Term], base: Node, pattern: Labels, found: Sequence[_Use]
) -> Node | None:
    """The sum with `base` taken out of the terms that have it, or None if that is not shorter."""
    order = node.order
    if _is_of_rows(pattern, order) and _mixes(parts, found) and symmetry.is_symmetric(s.graph, node):
        return None
    joined = any(label >= order for label in pattern)
    least = min(use.exponent for use in found)
    cancels = least < 0 and any(use.exponent != least for use in found)
    bare = isinstance(base, (Variable, Size, Constant)) or (least < 0 and not joined)
    if isinstance(base, Variable) and not pattern and len(found) == len(parts) and not cancels and least == 1:
        bare = any(use.exponent != least for use in found)  # a x + a y = a (x + y), but x² + x stays
    if isinstance(base, Variable) and pattern and least == 1 and len(found) == len(parts):
        bare = False  # a A + b A = (a + b) A, x yᵀ + x zᵀ = x (y + z)ᵀ; but a product of vectors stays as it is
        covered = len(set(pattern)) == order
        if order > 2 or (order == 1 and covered and not any(_is_multiple(parts[use.term], use) for use in found)):
            bare = True
    if bare and not joined and not (least < 0 and len(found) == len(parts)) and not (cancels and type(base) is Sum):
        return None
    if joined and any(use.exponent != least for use in found):
        return None
    groups: dict[Labels, list[tuple[_Use, list[tuple[Node, Labels]]]]] = {}
    for use in found:
        rest = _rest(s, parts[use.term], use, least, order)
        if joined and any(type(factor) is Unit for factor, _ in rest):
            continue  # y₁ + 2 y₂ is not y·(e₁ + 2 e₂)
        present = tuple(sorted({label for _, labels in rest for label in labels if label < order + len(pattern)}))
        needed = {label for label in pattern if label >= order}
        if needed <= set(present) and len(present) <= _AXES:
            groups.setdefault(present, []).append((use, rest))
    if () in groups and len(groups) > 1:
        # a cofactor that is a number stretches to the shape of the others, if the factor has those axes
        wider = [labels for labels in groups if labels and set(labels) <= set(pattern)]
        if len(wider) == 1:
            groups[wider[0]] += groups.pop(())
    for axes, members in groups.items():
        if len(members) < 2:
            continue
        if any(label not in axes and label not in pattern for label in range(order)):
            continue
        if cancels and _divides_arrays(node, base, pattern, members) and not _cancels(s, node, parts, base, members):
            if all(use.exponent < 0 for use, _ in members):
                return _over_greatest(s, node, parts, base, pattern, members)
            continue
        result = _rebuilt(s, node, parts, base, pattern, least, axes, members)
        if cancels and type(base) is Sum and (result is None or length(result) >= length(node)):
            continue
        if result is not None:
            return result
    return None


def _is_of_rows(pattern: Labels, order: int) -> bool:
    """Whether a factor of a matrix is one of its rows, or of its columns."""
    return order == _AXES and len(set(pattern)) == 1 and pattern[0] < order


def _mixes(parts: Sequence[_Term], found: Sequence[_Use]) -> bool:
    """Whether some terms are diagonal matrices and others outer products: diag(d) - d dᵀ stays."""
    return {kind(parts[use.term].factors) for use in found} >= {"diagonal", "outer"}


_Members = Sequence[tuple[_Use, list[tuple[Node, Labels]]]]


def _divides_arrays(node: Sum, base: Node, pattern: Labels, members: _Members) -> bool:
    """Whether a number, or a number for each row, is a factor of all terms of a sum of arrays."""
    several = len(members) == len(node.args) and node.order > 0 and type(base) is not Variable
    return several and (not pattern or _is_of_rows(pattern, node.order))


def _cancels(s: Simplifier, node: Sum, parts: Sequence[_Term], base: Node, members: _Members) -> bool:
    """Whether terms meet when they are written over the common denominator `base`."""
    axes = range(node.order)
    multiplied: list[tuple[Rational, Node]] = []
    for use, rest in members:
        sign = parts[use.term].sign
        found = next((labels for factor, labels in rest if factor is base), None)
        if found is None or type(base) is not Sum:
            multiplied += expanded(s, sign, s.contraction(rest, axes, node.shape))
            continue
        others = [factor for factor in rest if factor != (base, found)]
        multiplied += [(sign * c, s.contraction([*others, (arg, found)], axes, node.shape)) for c, arg in terms(base)]
    collected = s.graph.sum(multiplied, node.shape)
    return type(collected) is not Sum or len(collected.args) < len(multiplied)


def _over_greatest(
    s: Simplifier, node: Sum, parts: Sequence[_Term], base: Node, pattern: Labels, members: _Members
) -> Node:
    """a/c + b/c² = (a + b/c)/c for arrays."""
    most, axes = max(use.exponent for use, _ in members), range(node.order)
    rests = [(parts[use.term].sign, _rest(s, parts[use.term], use, most, node.order)) for use, _ in members]
    inner = s.sum([(sign, s.contraction(rest, axes, node.shape)) for sign, rest in rests], node.shape)
    return s.contraction([(s.power(base, most), pattern), (inner, axes)], axes, node.shape)


def _is_multiple(term: _Term, use: _Use) -> bool:
    """Whether the other factors of a term are numbers."""
    return all(not labels for position, (_, labels) in enumerate(term.factors) if position != use.position)


def _rest(s: Simplifier, term: _Term, use: _Use, least: Rational, order: int) -> list[tuple[Node, Labels]]:
    """The other factors of a term, with summed labels of the common factor numbered as in its pattern."""
    labels = term.factors[use.position][1]
    rename = dict(zip(labels, use.pattern, strict=True))
    fresh = order + len(use.pattern)
    rest: list[tuple[Node, Labels]] = []
    for position, (factor, names) in enumerate(term.factors):
        if position == use.position:
            base, exponent = split_power(factor)
            if exponent != least:
                rest.append((s.power(base, exponent - least), use.pattern))
            continue
        renamed = []
        for name in names:
            if name >= order and name not in rename:
                rename[name] = fresh
                fresh += 1
            renamed.append(rename.get(name, name))
        rest.append((factor, tuple(renamed)))
    return rest


def _rebuilt(
    s: Simplifier,
    node: Sum,
    parts: Sequence[_Term],
    base: Node,
    pattern: Labels,
    least: Rational,
    axes: Labels,
    members: Sequence[tuple[_Use, list[tuple[Node, Labels]]]],
) -> Node | None:
    joined = any(label >= node.order for label in pattern)
    if joined and len(members) > EXPANDED and all(any(factor is base for factor, _ in rest) for _, rest in members):
        return None  # A⁹ B + A⁸ B A + … stays, and is not tried from both sides
    sizes = dict(zip(pattern, base.shape, strict=True))
    sizes |= dict(enumerate(node.shape))
    shape = tuple(sizes[label] for label in axes)
    cofactors = []
    for use, rest in members:
        cofactors.append((parts[use.term].sign, s.contraction(rest, axes, shape)))
    if any(mirrors.excludes(rest) for _, rest in members) and not mirrors.is_total(s.graph, s.power(base, least)):
        return None  # what does not exist for all positions stays beside the condition on them
    if joined and all(_goes_on(rest, base, pattern, node.order) for _, rest in members):
        return None  # with one choice more at each level the time would be exponential
    inner = s.sum(cofactors, shape)
    if not joined and type(inner) is Sum and len(inner.args) <= EXPANDED:
        terms_ = [each for c, arg in terms(inner) for each in expanded(s, c, arg)]
        multiplied = s.sum(terms_, shape)
        if length(multiplied) < length(inner):
            inner = multiplied
    if type(inner) is Sum and len(inner.args) == len(members) and _mentions(s, inner, base):
        return None
    factor = base if least == 1 else s.power(base, least)
    out = range(node.order)
    product = s.contraction([(factor, pattern), (inner, axes)], out, node.shape)
    taken = {use.term for use, _ in members}
    remaining = [(term.coefficient, term.node) for index, term in enumerate(parts) if index not in taken]
    return s.graph.sum([*remaining, (1, product)], node.shape)


def _goes_on(rest: Sequence[tuple[Node, Labels]], base: Node, pattern: Labels, order: int) -> bool:
    """Whether the factor taken out is followed by another one, as in A A x."""
    if len(pattern) != 2:
        return any(split_power(factor)[0] is base for factor, _ in rest)
    joint = 0 if pattern[0] >= order else 1
    return any(factor is base and labels[1 - joint] == pattern[joint] for factor, labels in rest)


def _mentions(s: Simplifier, inner: Node, base: Node) -> bool:
    """Whether the factor taken out is still in every term."""
    return all(any(split_power(factor)[0] is base for factor, _ in factors_of(s, arg)) for _, arg in terms(inner))


_RULES: tuple[Callable[[Simplifier, Sum], Node], ...] = (
    _pythagoras,
    choices,
    mirrors.halves,
    with_one_array,
    diagonals,
    closed,
    _merged,
    opened,
    low_rank,
    _factored,
    common_denominator,
    mirrors.both_ways,
    padding.same_blocks,
    padding.differences,
    _regrouped,
)
