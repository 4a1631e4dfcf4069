"""Simplifications that need two factors of a product: what a bracket says of a maximum, and what fractions cancel with."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from matcalc.notation.build import Builder
from matcalc.notation.letters import renamed
from matcalc.notation.matrix import (
    Comparison,
    Delta,
    Dot,
    Expression,
    Function,
    Hadamard,
    IndexedSum,
    Indicator,
    Number,
    Power,
    Product,
    Sum,
    children,
    postorder,
)
from matcalc.notation.products import Found, Reason, merged, settled, split, with_exponent
from matcalc.notation.replace import with_children

# ------------------------------------------------------------------ where [z > 0] is 1, max(0, z) is z


def known_maximum(build: Builder, node: Expression, stays: Container[Expression]) -> Found:
    """[z > 0] max(0, z) = [z > 0] z, also within a sum that the bracket multiplies; not of what is in the answer."""
    if not isinstance(node, Product | Hadamard | Dot):
        return None
    sides = (node.left, node.right) if isinstance(node, Dot) else node.factors
    for bracket in (part for side in sides for part in _parts(side)):
        for old, new in _known(build, bracket):
            if old in stays or not any(old in _elementwise(side) for side in sides):
                continue
            done = {each: each for each in children(node)}
            done |= {side: _replaced(build, side, old, new) for side in sides}
            return settled(build, with_children(build, node, done)), Reason("where `{}` is 1, `{} = {}`", (bracket, old, new))
    return None


def _parts(node: Expression) -> Sequence[Expression]:
    """The factors of an element-wise product, without a number before it."""
    core = node.factors[-1] if isinstance(node, Product) and node.factors else node
    return core.factors if isinstance(core, Hadamard) else (core,)


def _known(build: Builder, bracket: Expression) -> Iterator[tuple[Expression, Expression]]:
    """Maxima and minima that are known where a bracket is 1."""
    if not (isinstance(bracket, Indicator) and isinstance(bracket.condition, Comparison)):
        return
    condition, shape = bracket.condition, bracket.shape
    if condition.sign[0] not in "<>":
        return
    larger, smaller = condition.left, condition.right
    if condition.sign[0] == "<":
        larger, smaller = smaller, larger
    for operands in ((larger, smaller), (smaller, larger)):
        if larger.shape == shape:
            yield build.make(Function, shape, "max", operands, None), larger
        if smaller.shape == shape:
            yield build.make(Function, shape, "min", operands, None), smaller
    if isinstance(smaller, Number) and smaller.value == 0 and larger.shape == shape:
        yield build.make(Function, shape, "relu", (larger,), None), larger


def _operands(node: Expression) -> tuple[Expression, ...]:
    """The parts of which an element only matters to the same element of the whole; without divisors."""
    below: tuple[Expression, ...] = ()
    match node:
        case Sum():
            below = node.terms
        case Product() | Hadamard():
            below = node.factors
        case Power() if isinstance(node.exponent, Number):
            below = (node.base,)
    return tuple(each for each in below if each.shape == node.shape)


def _elementwise(root: Expression) -> list[Expression]:
    """All these parts, each once and before its own parts."""
    found, waiting = dict.fromkeys([root]), [root]
    while waiting:
        for each in _operands(waiting.pop()):
            if each not in found:
                found[each] = None
                waiting.append(each)
    return list(found)


def _replaced(build: Builder, root: Expression, old: Expression, new: Expression) -> Expression:
    """An expression with a part replaced where only the same element matters."""
    reached = set(_elementwise(root))
    done: dict[Expression, Expression] = {}
    for node in postorder(root):
        done[node] = new if node is old else node
        if node in reached and node is not old:
            inside = set(_operands(node))
            done[node] = with_children(build, node, {each: done[each] if each in inside else each for each in children(node)})
    return done[root]


# ------------------------------------------------------------------ a (b/a + c) = b + a c


def into_fractions(build: Builder, node: Expression) -> Found:
    """a (b/a + c) = b + a c, also element by element."""
    if not isinstance(node, Product | Hadamard) or sum(each.shape == node.shape for each in node.factors) != len(node.factors):
        return None
    for at, total in enumerate(node.factors):
        if not isinstance(total, Sum):
            continue
        below = {base for term in total.terms for base in _divisors(term)}
        others = [factor for k, factor in enumerate(node.factors) if k != at]
        inside = [factor for factor in others if with_exponent(factor)[0] in below]
        if not inside:
            continue
        terms = tuple(_times(build, inside, term) for term in total.terms)
        rest = [*(factor for factor in others if factor not in inside), build.make(Sum, total.shape, terms)]
        new: Expression = settled(build, build.make(Hadamard, node.shape, tuple(rest), node.divisors))
        if isinstance(node, Product):
            new = build.product(node.coefficient, rest, node.divisors, node.shape)
        words = ", ".join(["{}"] * (len(inside) - 1)) + " and {} go into the brackets, where they cancel"
        if len(inside) == 1:
            words = "{} goes into the brackets, where it cancels"
        return new, Reason(words, tuple(inside))
    return None


def _times(build: Builder, factors: Sequence[Expression], term: Expression) -> Expression:
    """A term times factors, without what cancels."""
    if not term.shape.dims:
        product: Expression = build.product(1, [*factors, term], (), term.shape)
        found = merged(build, product)
        return product if found is None else found[0]
    scale, core = split(build, term) if isinstance(term, Product) and term.factors else (None, term)
    above, below = (core.factors, core.divisors) if isinstance(core, Hadamard) else ((core,), ())
    product = build.make(Hadamard, term.shape, (*factors, *above), below)
    found = merged(build, product)
    product = product if found is None else found[0]
    return product if scale is None else build.product(scale.coefficient, [*scale.factors, product], scale.divisors, term.shape)


def _divisors(term: Expression) -> set[Expression]:
    """What a term is divided by, without exponents."""
    core = term.factors[-1] if isinstance(term, Product) and term.factors else term
    below = [*(term.divisors if isinstance(term, Product) else ()), *(core.divisors if isinstance(core, Hadamard) else ())]
    return {with_exponent(each)[0] for each in below}


# ------------------------------------------------------------------ the δ in a sum keeps one term


def deltas(build: Builder, node: Expression) -> Found:
    """Σᵢ aᵢ δᵢₖ = aₖ."""
    if not isinstance(node, IndexedSum) or node.function != "sum" or node.conditions or any(node.bounds):
        return None
    body, bound = node.body, [name for name, _ in node.indices]
    if not isinstance(body, Product) or any(isinstance(each, IndexedSum) for each in postorder(body)):
        return None
    for delta in body.factors:
        if not isinstance(delta, Delta) or delta.indices[0] == delta.indices[1]:
            continue
        gone = next((name for name in delta.indices if name in bound), "")
        if gone:
            kept = delta.indices[delta.indices[0] == gone]
            factors = [factor for factor in body.factors if factor is not delta]
            new = renamed(build, build.product(body.coefficient, factors, body.divisors, body.shape), {gone: kept})
            left = [k for k, name in enumerate(bound) if name != gone]
            if left:
                bounds = tuple(node.bounds[k] for k in left) if node.bounds else ()
                new = build.make(IndexedSum, node.shape, new, tuple(node.indices[k] for k in left), "sum", bounds, ())
            return new, Reason("the ``δ`` keeps one term of the sum: ``Σᵢ aᵢ δᵢₖ = aₖ``")
    return None
