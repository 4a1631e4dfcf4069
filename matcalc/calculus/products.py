"""Contractions in normal form: products are opened, δ and ones disappear, powers collect, signs and contents come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from matcalc.calculus import cancellation, coefficients, exponents, literals, mirrors, patterns, structure, symmetry, totals
from matcalc.calculus.looks import FEW, Factor, is_zero, repeated
from matcalc.calculus.powers import merge, of_traces, turned
from matcalc.calculus.proportions import proportions
from matcalc.language.dimensions import Dim
from matcalc.tensor.nodes import (
    Contraction,
    Delta,
    Factors,
    Labels,
    Node,
    Number,
    Ones,
    Rational,
    Sum,
    Zero,
    connected,
)

if TYPE_CHECKING:
    from matcalc.calculus.simplify import Simplifier

def simplified(s: Simplifier, factors: Factors, out: Sequence[int], sizes: Sequence[Dim] | None = None) -> Node:
    """The product of `factors`, summed over the labels that are not in `out`, in normal form."""
    s.depth += 1
    try:
        return _simplified(s, factors, out, sizes)
    finally:
        s.depth -= 1


def _simplified(s: Simplifier, factors: Factors, out: Sequence[int], sizes: Sequence[Dim] | None) -> Node:
    graph = s.graph
    work = Product(s, tuple(out))
    if sizes is not None:
        work.sizes.update(zip(out, sizes, strict=True))
    work.add(factors)
    if work.coefficient == 0:
        shape = tuple(sizes) if sizes is not None else work.shape()
        return graph.zero(shape)
    for rule in _RULES:
        rule(work)
        if work.coefficient == 0:
            return graph.zero(work.shape())
    return work.node()


class Product:
    """A product while the rules work on it."""

    def __init__(self, s: Simplifier, out: Labels) -> None:
        self.s = s
        self.out = out
        self.kept = set(out)
        self.coefficient: Rational = 1
        self.factors: list[Factor] = []
        self.sizes: dict[int, Dim] = {}
        self.fresh = 0

    def shape(self) -> tuple[Dim, ...]:
        """The sizes of the kept labels."""
        return tuple(self.sizes[label] for label in self.out)

    def add(self, factors: Factors) -> None:
        """Take factors in: coefficients go to the front, products are opened."""
        self.fresh = max([1 << 20, *(label + 1 for _, labels in factors for label in labels), *(k + 1 for k in self.out)])
        stack: list[tuple[Node, Sequence[int]]] = list(reversed(factors))
        while stack:
            node, labels = stack.pop()
            if type(node) is Sum and len(node.args) == 1:
                self.coefficient *= node.coefficients[0]
                stack.append((node.args[0], labels))
            elif type(node) is Number:
                self.coefficient *= node.value
            elif type(node) is Zero:
                self.coefficient = 0
                self._measure(node, labels)
            elif type(node) is Contraction and len(node.args) <= self.s.flat and node not in self.s.graph.whole:
                self._measure(node, labels)
                rename = dict(enumerate(labels))
                for inner, arg in zip(reversed(node.labels), reversed(node.args), strict=True):
                    stack.append((arg, [rename[k] if k in rename else rename.setdefault(k, self._new()) for k in inner]))
            else:
                self._measure(node, labels)
                if type(node) is Sum and symmetry.is_turned(self.s.graph, node):  # Aᵀ + I is the transpose of A + I
                    node, labels = symmetry.transposed(self.s.graph, node), labels[::-1]
                self.factors.append((node, tuple(labels)))

    def drop_ones(self) -> None:
        """1 ⊙ a = a; the sum over a label that only ones have is its size."""
        if not any(type(node) is Ones for node, _ in self.factors):
            return
        present = {label for node, labels in self.factors if type(node) is not Ones for label in labels}
        scalars: list[Factor] = []
        rest: list[Factor] = []
        for node, labels in self.factors:
            if type(node) is not Ones:
                rest.append((node, labels))
                continue
            label = labels[0]
            if label in present:
                continue
            present.add(label)
            if label in self.kept:
                rest.append((node, labels))
                continue
            size = self.s.graph.size(node.shape[0])
            if type(size) is Number:
                self.coefficient *= size.value
            else:
                scalars.append((size, ()))
        self.factors = scalars + rest

    def drop_deltas(self) -> None:
        """Σⱼ δᵢⱼ aⱼ = aᵢ. Where both labels are kept, the other factors use the first one: aⱼ δᵢⱼ = aᵢ δᵢⱼ."""
        graph = self.s.graph
        settled: list[Factor] = []
        while True:
            found = next((factor for factor in self.factors if type(factor[0]) is Delta), None)
            if found is None:
                break
            self.factors.remove(found)
            node, (i, j) = found
            keep, drop = (i, j) if j not in self.kept else (j, i)
            if i in self.kept and j in self.kept and i != j:
                keep, drop = (i, j) if self.out.index(i) < self.out.index(j) else (j, i)
                _rename(self.factors, drop, keep)
                _rename(settled, drop, keep)
                settled.append((node, (keep, drop)))
            else:
                _rename(self.factors, drop, keep)
                _rename(settled, drop, keep)
                self.factors.append((graph.ones(node.shape[0]), (keep,)))
        self.factors += settled

    def put(self, node: Node, labels: Labels) -> None:
        """Add a factor that may have become a number, a multiple or a product."""
        if type(node) is Sum and len(node.args) == 1:
            self.coefficient *= node.coefficients[0]
            node = node.args[0]
        if type(node) is Number:
            self.coefficient *= node.value
        elif type(node) is Zero:
            self.coefficient = 0
        elif type(node) is Contraction and node.order and len(node.args) <= self.s.flat and node not in self.s.graph.whole:
            rename = dict(enumerate(labels))
            for inner, arg in zip(node.labels, node.args, strict=True):
                names = tuple([rename[k] if k in rename else rename.setdefault(k, self._new()) for k in inner])
                self._measure(arg, names)
                self.factors.append((arg, names))
        else:
            self.factors.append((node, labels))

    def _new(self) -> int:
        self.fresh += 1
        return self.fresh

    def _measure(self, node: Node, labels: Sequence[int]) -> None:
        for label, size in zip(labels, node.shape, strict=True):
            self.sizes.setdefault(label, size)

    def node(self) -> Node:
        """The product as a node; axes that no factor has are filled with ones."""
        graph = self.s.graph
        shape = self.shape()
        total = next(filter(None, (rule(self) for rule in _TOTALS)), None)
        if total is not None:
            return total
        number = {label: position for position, label in enumerate(self.out)}
        renamed = []
        for node, labels in self.factors:
            renamed.append((node, tuple([number.setdefault(label, len(number)) for label in labels])))
        result = graph.contraction(symmetry.canonical(graph, renamed, len(self.out)), range(len(self.out)), shape)
        return graph.scaled(*coefficients.flipped(graph, self.coefficient, result))


def _rename(factors: list[Factor], old: int, new: int) -> None:
    for position, (node, labels) in enumerate(factors):
        if old in labels:
            factors[position] = (node, tuple([new if label == old else label for label in labels]))


def with_powers(s: Simplifier, product: Contraction) -> Node:
    """c b with c = b a as b² a: products of numbers that stay whole within one are opened, where that leaves no more factors.

    A chain of such products, as zₖ = zₖ₋₁ zₖ₋₂, is then one of powers of a few factors at each step.
    """
    if any(product.labels):
        return product
    whole = [arg for arg in product.args if _opened(s, arg) is not None]
    for count in range(1, len(whole) + 1):
        taken = whole[-count:]  # the newest ones are made of the others
        factors = [part for arg in product.args for part in ((arg in taken and _opened(s, arg)) or [(arg, 1)])]
        different = {base for base, _ in (cancellation.split_power(node) for node, _ in factors)}
        if len(different) < len(factors) and len(different) <= len(product.args):
            return s.contraction([(s.power(node, exponent), ()) for node, exponent in factors], ())
    return product


def _opened(s: Simplifier, node: Node) -> list[tuple[Node, Rational]] | None:
    """The factors of a power of a product of numbers that stays whole, each with its exponent."""
    base, exponent = cancellation.split_power(node)
    if type(base) is not Contraction or base not in s.graph.whole or any(base.labels) or exponent != int(exponent):
        return None
    return [(arg, exponent) for arg in base.args]


# Rules, in the order in which they apply. Each changes the product in place.


def _scalars(product: Product) -> None:
    """(aᵀb) c: a part of a product that is a number by itself is a factor of its own."""
    parts = connected(factor for factor in product.factors if factor[1])
    inner = [members for members, labels in parts if not labels & product.kept]
    if not inner or (not product.kept and len(parts) == 1 and len(parts[0][0]) == len(product.factors)):
        return
    taken = [factor for members in inner for factor in members]
    rest = [factor for factor in product.factors if factor not in taken]
    product.factors = rest
    for members in inner:
        product.put(product.s.contraction(members, ()), ())


def _projections(product: Product) -> None:
    """uᵀ (A - 1 bᵀ) = uᵀ A where uᵀ 1 = 0, as for the deviations from a mean."""
    s = product.s
    for position, (node, labels) in enumerate(product.factors) if not s.deep else ():
        if type(node) is not Sum or node.order != 2 or len(node.args) > FEW or labels[0] == labels[1]:
            continue
        for axis, label in enumerate(labels):
            repeating = [arg for arg in node.args if axis in repeated(arg)]
            others = [f for f in product.factors if label in f[1] and f[0] is not node]
            if not repeating or label in product.kept or len(others) != 1 or others[0][1].count(label) > 1:
                continue
            other, names = others[0]
            rest = [name for name in names if name != label]
            sizes = [size for name, size in zip(names, other.shape, strict=True) if name != label]
            if type(other) is not Sum or not is_zero(s.contraction([(other, names)], rest, sizes)):
                continue
            left = [(c, arg) for c, arg in zip(node.coefficients, node.args, strict=True) if arg not in repeating]
            del product.factors[position]
            product.put(s.sum(left, node.shape), labels)
            product.drop_deltas()
            product.drop_ones()
            return


_RULES: tuple[Callable[[Product], None], ...] = (
    Product.drop_deltas,
    Product.drop_ones,
    patterns.pairs,
    patterns.cross_products,
    patterns.triangles,
    structure.orthogonal,
    structure.triangular,
    structure.diagonals,
    literals.entries,
    cancellation.units,
    cancellation.picked,
    cancellation.distribution_totals,
    cancellation.position_totals,
    _scalars,
    cancellation.indicators,
    mirrors.turned,
    exponents.collected,
    exponents.collected_parts,
    _projections,
    cancellation.exponentials,
    cancellation.sigmoids,
    cancellation.sigmoid_quotients,
    cancellation.tangents,
    cancellation.absolute_values,
    cancellation.inverses,
    of_traces,
    turned,
    merge,
    cancellation.quotients,
    proportions,
    coefficients.cleared,
    coefficients.contents,
    coefficients.roots,
)

_TOTALS: tuple[Callable[[Product], Node | None], ...] = (
    totals.by_blocks,
    mirrors.off_diagonal,
    totals.total_of_repetitions,
    totals.average,
    totals.of_outer_sum,
    totals.of_multiples,
)
