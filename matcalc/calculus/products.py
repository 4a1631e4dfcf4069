"""Contractions in normal form: products are opened, δ and ones disappear, powers collect, signs and contents come out."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING

from matcalc.calculus import cancellation, literals, mirrors, patterns, structure, symmetry
from matcalc.calculus.cancellation import DEEP, is_named, split_power
from matcalc.calculus.powers import merge, of_traces, turned
from matcalc.calculus.proportions import proportions
from matcalc.language.dimensions import Dim
from matcalc.operations.rows import Elementwise
from matcalc.operations.table import elementwise
from matcalc.tensor.nodes import (
    Concatenation,
    Contraction,
    Delta,
    Factors,
    Graph,
    Labels,
    MatrixCall,
    Node,
    Number,
    Ones,
    Pointwise,
    Rational,
    Sum,
    Unit,
    Variable,
    Zero,
    connected,
    terms,
)

if TYPE_CHECKING:
    from matcalc.calculus.simplify import Simplifier

_FEW = 20
"""Sums with more terms than this are not searched for terms that repeat."""

_BLOCKS = 6
"""How deep blocks are looked for."""

_OUTER = 4
"""Sums of vectors and rows with more terms than this are not taken apart."""

_LOOK = 40
"""Nodes that are searched for another use of a sum."""

_USUAL_EXPONENTS = (1, -1, 2, -2)
"""Numbers as which a sum of exponents that are arrays is recognised."""

Factor = tuple[Node, Labels]


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
        total = self._by_blocks() or mirrors.off_diagonal(self) or self._total_of_repetitions() or self._average()
        total = total or self._of_outer_sum() or self._of_multiples()
        if total is not None:
            return total
        number = {label: position for position, label in enumerate(self.out)}
        renamed = []
        for node, labels in self.factors:
            renamed.append((node, tuple([number.setdefault(label, len(number)) for label in labels])))
        result = graph.contraction(symmetry.canonical(graph, renamed, len(self.out)), range(len(self.out)), shape)
        return graph.scaled(*flipped(graph, self.coefficient, result))


    def _by_blocks(self) -> Node | None:
        """[a; b]ᵀ[c; d] = aᵀc + bᵀd: a sum along blocks is a sum of sums, if what else stands there has the same blocks.

        With one block that is not 0 what else stands there may be anything: C [I; 0] is a part of C.
        """
        for node, labels in self.factors:
            if type(node) is not Concatenation or len(node.args) > _FEW or self.s.depth >= DEEP:
                continue
            label = labels[node.axis]
            sizes = [part.shape[node.axis] for part in node.args]
            if label in self.kept or sum(name == label for name in labels) > 1:
                continue
            joined = [(other, names) for other, names in self.factors if label in names and other is not node]
            if any(names.count(label) > 1 for _, names in joined):
                continue
            alone = sum(type(part) is not Zero for part in node.args) == 1
            if alone or all(divides(other, names.index(label), sizes) for other, names in joined):
                return self._block_by_block(label, sizes)
        return None

    def _block_by_block(self, label: int, sizes: Sequence[Dim]) -> Node:
        """The product as a sum over the parts of a label."""
        parts: list[tuple[Rational, Node]] = []
        start = Dim((), 0)
        for size in sizes:
            factors: list[Factor] = []
            for other, names in self.factors:
                if label in names:
                    other = self.s.slice(other, names.index(label), start, size)
                factors.append((other, names))
            parts.append((self.coefficient, self.s.contraction(factors, self.out, self.shape())))
            start = start + size
        return self.s.sum(parts, self.shape())

    def _entry(self, position: int, label: int) -> Node | None:
        """eₖ·(a eⱼ + b eₖ) = b: an entry of a sum of multiples of unit vectors."""
        node, labels = self.factors[position]
        assert type(node) is Sum
        if not all(_has_unit(arg) for arg in node.args):
            return None
        unit = next(factor for factor in self.factors if type(factor[0]) is Unit and factor[1] == (label,))
        rest = [each for each in labels if each != label]
        sizes = [size for each, size in zip(labels, node.shape, strict=True) if each != label]
        parts = [self.s.contraction([(arg, labels), unit], rest, sizes) for arg in node.args]
        total = self.s.sum(zip(node.coefficients, parts, strict=True), sizes)
        others = [factor for factor in self.factors if factor is not self.factors[position] and factor is not unit]
        return self.s.scaled(self.coefficient, self.s.contraction([*others, (total, rest)], self.out, self.shape()))

    def _total_of_repetitions(self) -> Node | None:
        """Σᵢ (xᵢ - c) = Σᵢ xᵢ - n c: a sum with terms that repeat is summed term by term, so that they may cancel."""
        for position, (node, labels) in enumerate(self.factors) if self.s.depth < DEEP else ():
            if type(node) is not Sum or len(node.args) > _FEW:
                continue
            for axis, label in enumerate(labels):
                uses = sum(name == label for _, names in self.factors for name in names)
                if label in self.kept or len(set(labels)) < len(labels):
                    continue
                if uses == 2 and any(type(each) is Unit and names == (label,) for each, names in self.factors):
                    total = self._entry(position, label)
                    if total is not None:
                        return total
                if uses > 1 or not any(axis in repeated(arg) or _vanishes(self.s, arg, axis) for arg in node.args):
                    continue
                rest = [each for each in labels if each != label]
                sizes = [size for each, size in zip(labels, node.shape, strict=True) if each != label]
                parts = [self.s.contraction([(arg, labels)], rest, sizes) for arg in node.args]
                total = self.s.sum(zip(node.coefficients, parts, strict=True), sizes)
                short = type(total) is not Sum or len(total.args) < len(node.args)
                if short or node.order > 1 or node.shape[axis].size == 1:
                    others = [factor for other, factor in enumerate(self.factors) if other != position]
                    product = self.s.contraction([*others, (total, rest)], self.out, self.shape())
                    return self.s.scaled(self.coefficient, product)
        return None


    def _average(self) -> Node | None:
        """Σᵢ sᵢ (xᵢ - c) = s·x - c, for s = softmax(u)."""
        for position, (node, labels) in enumerate(self.factors) if self.s.depth < DEEP else ():
            if type(node) is not Sum or node.order != 1 or len(node.args) > _FEW or labels[0] in self.kept:
                continue
            beside = [factor for factor in self.factors if labels[0] in factor[1] and factor[0] is not node]
            if len(beside) != 1 or beside[0][1] != labels or not _is_softmax(beside[0][0]) or not any(map(repeated, node.args)):
                continue
            rest = [factor for other, factor in enumerate(self.factors) if other != position and factor is not beside[0]]
            parts = [self.s.contraction([(arg, labels), beside[0]], ()) for arg in node.args]
            total = self.s.sum(zip(node.coefficients, parts, strict=True), ())
            return self.s.scaled(self.coefficient, self.s.contraction([*rest, (total, ())], self.out, self.shape()))
        return None

    def _of_outer_sum(self) -> Node | None:
        """Σⱼ Aᵢⱼ (xᵢ - yⱼ) = (A 1)ᵢ xᵢ - (A y)ᵢ: a matrix that a vector and a row make up is summed term by term.

        So is (I - 1 1ᵀ/n) v = v - 1ᵀv/n, unless somebody wrote the matrix.

        Not beside an indicator, for what that excludes may not exist term by term, nor where it stands elsewhere too.
        """
        if self.s.depth >= DEEP or any(is_indicator(node) for node, _ in self.factors):
            return None
        for position, (node, labels) in enumerate(self.factors):
            if type(node) is not Sum or node.order != 2 or len(node.args) > _OUTER or set(labels) <= self.kept:
                continue
            others = [factor for other, factor in enumerate(self.factors) if other != position]
            if labels[0] == labels[1] or not (all(map(repeated, node.args)) or self._centres(node, labels, others)):
                continue
            if _stands_in(node, [other for other, _ in others]):
                continue
            parts = [self.s.contraction([*others, (arg, labels)], self.out, self.shape()) for arg in node.args]
            return self.s.scaled(self.coefficient, self.s.sum(zip(node.coefficients, parts, strict=True), self.shape()))
        return None


    def _of_multiples(self) -> Node | None:
        """tr(B (tr(B M) M - N)) = tr(B M)² - tr(B N): term by term, if a number in one of the terms is met again."""
        for position, (node, labels) in enumerate(self.factors) if not self.kept and self.s.depth < DEEP else ():
            if type(node) is not Sum or node.order != 2 or len(node.args) > _OUTER:
                continue
            others = [factor for other, factor in enumerate(self.factors) if other != position and factor[1]]
            numbers = [factor for factor in self.factors if not factor[1]]
            if not any(self._meets_itself(arg, labels, others) for arg in node.args):
                continue
            parts = [self.s.contraction([*others, (arg, labels)], ()) for arg in node.args]
            total = self.s.sum(zip(node.coefficients, parts, strict=True), ())
            return self.s.scaled(self.coefficient, self.s.contraction([*numbers, (total, ())], ()))
        return None

    def _meets_itself(self, term: Node, labels: Labels, others: Sequence[Factor]) -> bool:
        """Whether a number that is a factor of `term` is what the rest of it makes with the other factors."""
        inside = _parts(term)
        numbers = [node for node, own in inside if not own and type(node) is Contraction]
        if not numbers:
            return False
        rename = dict(enumerate(labels))
        rest = [(node, [rename[k] if k in rename else -1 - k for k in own]) for node, own in inside if own]
        return self.s.contraction([*others, *rest], ()) in numbers

    def _centres(self, node: Sum, labels: Labels, others: Sequence[Factor]) -> bool:
        """Whether a matrix made of diagonals and outer products, that nobody wrote, stands before a vector."""
        if frozenset(node.args) in self.s.graph.written:
            return False
        beside = [other for label in labels if label not in self.kept for other in others if label in other[1]]
        if not beside or any(len(names) > 1 for _, names in beside):
            return False
        kinds = [kind(_parts(arg)) for arg in node.args]
        return "matrix" not in kinds or any(own == "outer" and repeated(arg) for own, arg in zip(kinds, node.args, strict=True))


def _parts(node: Node) -> Sequence[Factor]:
    if type(node) is Contraction:
        return list(zip(node.args, node.labels, strict=True))
    return [(node, tuple(range(node.order)))]


def kind(factors: Sequence[Factor]) -> str:
    """What a product with two axes is: "diagonal" if it has δ, "outer" if no factor joins the axes, or else "matrix"."""
    if any(type(factor) is Delta and labels == (0, 1) for factor, labels in factors):
        return "matrix" if any(1 in labels and type(factor) is not Delta for factor, labels in factors) else "diagonal"
    return "matrix" if any({0, 1} <= labels for _, labels in connected(factors)) else "outer"


def _vanishes(s: Simplifier, node: Node, axis: int) -> bool:
    """Whether a multiple of a vector sums to zero along an axis, as deviations from a mean do."""
    if type(node) is not Contraction:
        return False
    factors = [(arg, labels) for arg, labels in zip(node.args, node.labels, strict=True) if axis in labels]
    if len(factors) != 1 or type(factors[0][0]) is not Sum or len(set(factors[0][1])) < len(factors[0][1]):
        return False
    ((total, labels),) = factors
    own = labels.index(axis)
    rest, sizes = [label for label in labels if label != axis], [*total.shape[:own], *total.shape[own + 1 :]]
    return any(own in repeated(arg) for arg in total.args) and _is_zero(s.contraction([(total, labels)], rest, sizes))


def _is_softmax(node: Node) -> bool:
    return type(node) is MatrixCall and node.operation.name == "softmax"


def is_indicator(node: Node) -> bool:
    """Whether the values of an element-wise function are 0 and 1."""
    return type(node) is Pointwise and isinstance(node.operation, Elementwise) and node.operation.indicator


def divides(node: Node, axis: int, sizes: Sequence[Dim], depth: int = 0) -> bool:
    """Whether an array is made of blocks of these sizes along an axis."""
    if depth > _BLOCKS:
        return False
    match node:
        case Ones() | Zero():
            return True
        case Concatenation() if node.axis == axis:
            return [part.shape[axis] for part in node.args] == list(sizes)
        case Sum() | Pointwise():
            return all(divides(arg, axis, sizes, depth + 1) for arg in node.args if arg.order)
        case Contraction():
            joined = [(arg, names) for arg, names in zip(node.args, node.labels, strict=True) if axis in names]
            return all(names.count(axis) == 1 and divides(arg, names.index(axis), sizes, depth + 1) for arg, names in joined)
    return False


def _has_unit(node: Node) -> bool:
    return type(node) is Unit or (type(node) is Contraction and any(type(arg) is Unit for arg in node.args))


def repeated(node: Node) -> set[int]:
    """The axes along which a node repeats."""
    if type(node) in (Ones, Zero):
        return set(range(node.order))
    if type(node) is Contraction:
        factors = list(zip(node.args, node.labels, strict=True))
        filled = {labels[0] for arg, labels in factors if type(arg) is Ones}
        return filled - {label for arg, labels in factors if type(arg) is not Ones for label in labels}
    if type(node) is Sum and len(node.args) <= _FEW:
        return set.intersection(*(repeated(arg) for arg in node.args))
    return set()


def flipped(graph: Graph, coefficient: Rational, node: Node) -> tuple[Rational, Node]:
    """-2 (y - Xw) c = 2 (Xw - y) c: a minus sign goes into a sum that is a factor, if that leaves fewer of them.

    Not if the sum stands elsewhere too: it would be written in two ways.
    """
    if coefficient >= 0:
        return coefficient, node
    if type(node) is Sum and len(node.args) > 1 and coefficient != -1 and _worth_flipping(node):
        return -coefficient, graph.sum([(-1, node)], node.shape)
    if type(node) is not Contraction:
        return coefficient, node
    for position, factor in enumerate(node.args):
        if type(factor) is Contraction and not factor.shape:  # a scalar part: the sum may be in there
            others = [arg for arg in node.args if arg is not factor]
            if any(type(arg) is Sum and _stands_in(arg, others) for arg in factor.args):
                continue
            sign, part = flipped(graph, -1, factor)
            if sign > 0:
                factors = list(zip(node.args, node.labels, strict=True))
                factors[position] = (part, ())
                return -coefficient, graph.contraction(factors, range(node.order), node.shape)
        if type(factor) is Sum and _worth_flipping(factor) and not _stands_elsewhere(node, factor):
            factors = list(zip(node.args, node.labels, strict=True))
            factors[position] = (graph.sum([(-1, factor)], factor.shape), node.labels[position])
            canonical = symmetry.canonical(graph, factors, node.order)
            return -coefficient, graph.contraction(canonical, range(node.order), node.shape)
    return coefficient, node


def without_fractions(graph: Graph, coefficient: Rational, node: Node) -> tuple[Rational, Node]:
    """2 (p/2 - 1) c = (p - 2) c: a number before a product goes into a sum of numbers with fractions."""
    if type(node) is not Contraction or Fraction(coefficient).numerator in (1, -1):
        return coefficient, node
    for position, (factor, labels) in enumerate(zip(node.args, node.labels, strict=True)):
        if type(factor) is Sum and not labels:
            denominator = lcm(*(Fraction(c).denominator for c in factor.coefficients))
            if denominator > 1 and Fraction(coefficient).numerator % denominator == 0:
                factors = list(zip(node.args, node.labels, strict=True))
                parts = zip(factor.coefficients, factor.args, strict=True)
                factors[position] = (graph.sum([(c * denominator, arg) for c, arg in parts], ()), ())
                return Fraction(coefficient) / denominator, graph.contraction(factors, range(node.order), node.shape)
    return coefficient, node


def without_sign(graph: Graph, node: Node) -> tuple[Rational, Node]:
    """-2 (b - a) as 2 times a - b, where a is older than b."""
    coefficient: Rational = 1
    while type(node) is Sum and len(node.args) == 1:
        coefficient, node = coefficient * node.coefficients[0], node.args[0]
    if type(node) is Sum:
        content = content_of(node.coefficients)
        content = content if node.coefficients[0] * content > 0 else -content
        if content != 1:
            divided = [(Fraction(c) / content, arg) for c, arg in zip(node.coefficients, node.args, strict=True)]
            coefficient, node = coefficient * content, graph.sum(divided, node.shape)
    return coefficient, node


def _worth_flipping(node: Sum) -> bool:
    if len(node.args) == 2 and any(c > 0 and _is_constant(arg) for c, arg in zip(node.coefficients, node.args, strict=True)):
        return False  # -s (1 - s) reads better than s (s - 1)
    negative = sum(coefficient < 0 for coefficient in node.coefficients)
    return 2 * negative >= len(node.args) and negative < len(node.args)


def _is_constant(node: Node) -> bool:
    return node.constant and type(node) in (Number, Ones, Contraction)


def _stands_elsewhere(product: Contraction, part: Sum) -> bool:
    """Whether a factor is a factor twice, or part of another one (as far as a short look tells)."""
    if sum(arg is part for arg in product.args) > 1:
        return True
    return _stands_in(part, [arg for arg in product.args if arg is not part])


def _stands_in(part: Node, nodes: Sequence[Node]) -> bool:
    """Whether a node is, or is below, one of some nodes (as far as a short look tells)."""
    if part in nodes:
        return True
    stack = list(nodes)
    for _ in range(_LOOK):
        if not stack:
            return False
        below = stack.pop().args
        if part in below:
            return True
        stack.extend(below)
    return False


def _rename(factors: list[Factor], old: int, new: int) -> None:
    for position, (node, labels) in enumerate(factors):
        if old in labels:
            factors[position] = (node, tuple([new if label == old else label for label in labels]))


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


def _powers(product: Product) -> None:
    """xᵃ xᵇ = xᵃ⁺ᵇ for factors on the same labels; an indicator squared is itself."""
    collected: dict[Factor, list[Node]] = {}
    graph = product.s.graph
    split = False
    arrays: dict[Factor, list[Node]] = {}
    diagonals = {
        node.args[0] for node, _ in product.factors if is_named(node, "power") and _is_diagonal(node.args[0])
    }  # fmt: skip
    for node, labels in product.factors:
        base, exponent = node, None
        if diagonals and node.order == 2 and labels[0] == labels[1]:  # Aᵢᵢ and (Aᵢᵢ)⁻²
            diagonal = graph.contraction([(node, (0, 0))], (0,))
            if diagonal in diagonals:
                base, labels = diagonal, labels[:1]
        if is_named(node, "power") and type(node.args[0]) is not Delta:
            base, exponent = node.args
            if exponent.shape and base.shape != node.shape:  # a number to the power of each entry
                arrays.setdefault((base, labels), []).append(node)
                if len(arrays[(base, labels)]) == 1:
                    continue
                split = True
                continue
        if len(labels) == 2 and labels[0] > labels[1] and symmetry.is_symmetric(graph, node):
            labels = (labels[1], labels[0])
        if type(base) is Delta:
            collected[(base, labels)] = [graph.number(1)]
            continue
        exponents = collected.setdefault((base, labels), [])
        split = split or bool(exponents)
        exponents.append(graph.number(1) if exponent is None else exponent)
    if not split:
        return
    product.factors = []
    for (base, labels), powers in arrays.items():
        total = product.s.sum([(1, each.args[1]) for each in powers], powers[0].shape)
        product.put(product.s.pointwise(elementwise("power"), [base, total]), labels)
    for (base, labels), exponents in collected.items():
        shape = max((exponent.shape for exponent in exponents), key=len)
        total = _total(product.s, exponents, shape)
        if type(total) is Number and total.value == 0:
            product.factors += [(graph.ones(size), (label,)) for label, size in zip(labels, base.shape, strict=True)]
            continue
        node = base
        if not (type(total) is Number and total.value == 1):
            node = product.s.pointwise(elementwise("power"), [base, total])
        product.put(node, labels)
    product.drop_ones()


def _total(s: Simplifier, exponents: Sequence[Node], shape: tuple[Dim, ...]) -> Node:
    """The sum of exponents, which are numbers or arrays: a number again, if it is the same everywhere."""
    total = s.sum([(1, each if each.shape == shape else s.broadcast(each, shape)) for each in exponents], shape)
    if shape:
        for value, multiple in ((0, s.graph.zero(shape)), *((k, s.scaled(k, s.ones(shape))) for k in _USUAL_EXPONENTS)):
            if total is multiple:
                return s.graph.number(value)
    return total


def _powers_of_parts(product: Product) -> None:
    """(A x)ᵢ (A x)ᵢ = (A x)ᵢ², for what is itself a product with sums in it."""
    s, graph = product.s, product.s.graph
    bases = {node.args[0] for node, _ in product.factors if is_named(node, "power") and type(node.args[0]) is Contraction}
    parts: list[tuple[list[Factor], Labels]] = []
    for members in joined(product.factors, product.kept):
        outer = {label for _, labels in members for label in labels if label in product.kept}
        summed = any(label not in product.kept for _, labels in members for label in labels)
        if summed and outer and len(outer) <= 2:
            parts.append((members, tuple(sorted(outer))))
    shapes = [(sorted(node.id for node, _ in members), kept) for members, kept in parts]
    candidates = [
        part for part, shape in zip(parts, shapes, strict=True)
        if shapes.count(shape) > 1 or any(sorted(arg.id for arg in base.args) == shape[0] for base in bases)
    ]  # fmt: skip
    found: dict[tuple[Node, Labels], list[list[Factor]]] = {}
    for members, kept in candidates:
        found.setdefault((s.contraction(members, kept), kept), []).append(members)
    for (base, kept), groups in found.items():
        powers = [f for f in product.factors if is_named(f[0], "power") and f[0].args[0] is base and f[1] == kept]
        exponents = [power.args[1] for power, _ in powers]
        if (len(groups) < 2 and not powers) or type(base) is not Contraction or any(each.shape for each in exponents):
            continue
        gone = [*powers, *(member for members in groups for member in members)]
        product.factors = [factor for factor in product.factors if not any(factor is each for each in gone)]
        total = graph.sum([(len(groups), graph.number(1)), *((1, each) for each in exponents)], ())
        if type(total) is Number and total.value == 0:
            product.factors += [(graph.ones(size), (label,)) for label, size in zip(kept, base.shape, strict=True)]
        else:
            product.put(s.pointwise(elementwise("power"), [base, total]), kept)
    if found:
        product.drop_ones()


def joined(factors: Sequence[Factor], kept: Container[int]) -> list[list[Factor]]:
    """The parts of a product that share no summed label."""
    parts: list[tuple[list[Factor], set[int]]] = []
    for factor in factors:
        members, summed = [factor], {label for label in factor[1] if label not in kept}
        apart = []
        for part in parts:
            if part[1] & summed:
                members = part[0] + members
                summed |= part[1]
            else:
                apart.append(part)
        parts = [*apart, (members, summed)]
    return [members for members, _ in parts]


def _projections(product: Product) -> None:
    """uᵀ (A - 1 bᵀ) = uᵀ A where uᵀ 1 = 0, as for the deviations from a mean."""
    s = product.s
    for position, (node, labels) in enumerate(product.factors) if s.depth < DEEP else ():
        if type(node) is not Sum or node.order != 2 or len(node.args) > _FEW or labels[0] == labels[1]:
            continue
        for axis, label in enumerate(labels):
            repeating = [arg for arg in node.args if axis in repeated(arg)]
            others = [f for f in product.factors if label in f[1] and f[0] is not node]
            if not repeating or label in product.kept or len(others) != 1 or others[0][1].count(label) > 1:
                continue
            other, names = others[0]
            rest = [name for name in names if name != label]
            sizes = [size for name, size in zip(names, other.shape, strict=True) if name != label]
            if type(other) is not Sum or not _is_zero(s.contraction([(other, names)], rest, sizes)):
                continue
            left = [(c, arg) for c, arg in zip(node.coefficients, node.args, strict=True) if arg not in repeating]
            del product.factors[position]
            product.put(s.sum(left, node.shape), labels)
            product.drop_deltas()
            product.drop_ones()
            return


def _is_zero(node: Node) -> bool:
    return type(node) is Zero or (type(node) is Number and node.value == 0)


def _is_diagonal(node: Node) -> bool:
    return type(node) is Contraction and node.labels == ((0, 0),)


def _roots(product: Product) -> None:
    """2/√2 = √2: a rational before a root of a number that divides it."""
    for position, (node, labels) in enumerate(product.factors):
        if labels or not is_named(node, "power"):
            continue
        base, exponent = node.args
        if type(base) is not Number or type(exponent) is not Number or exponent.value >= 0 or type(base.value) is not int:
            continue
        coefficient = Fraction(product.coefficient)
        if base.value > 1 and coefficient.numerator % base.value == 0:
            product.coefficient = coefficient / base.value
            product.factors[position] = (product.s.power(base, exponent.value + 1), ())
            return


def _cleared(product: Product) -> None:
    """v (a + b/v) = a v + b, for a number v that has a name."""
    s = product.s
    for position, (node, labels) in enumerate(product.factors):
        total, power = split_power(node)
        if labels or type(total) is not Sum or len(total.args) > _FEW or power != int(power):
            continue
        divisors = [base for arg in total.args for base in cancellation.divisors(arg) if type(base) is Variable]
        for other, (factor, _) in enumerate(product.factors):
            base, exponent = split_power(factor)
            if base in divisors and exponent * power >= power * power:
                parts = [(c, s.contraction([(arg, ()), (base, ())], ())) for c, arg in terms(total)]
                _keep_order(s, total, [part for _, part in parts])
                product.factors[position] = (s.power(s.sum(parts, ()), power), ())
                product.factors[other] = (s.power(base, exponent - power), ())
                product.factors = [each for each in product.factors if type(each[0]) is not Number]
                return


def _keep_order(s: Simplifier, total: Sum, new: Sequence[Node]) -> None:
    """Write the terms that were made of those of a sum in the order in which these were written."""
    order, known = s.graph.written.get(frozenset(total.args)), dict(zip(total.args, new, strict=True))
    if order is not None:
        s.graph.wrote([known[arg] for arg in order])


def _contents(product: Product) -> None:
    """(2a + 2b) c = 2 (a + b) c; and of the two ways to write a difference in a product, always the same one."""
    for position, (node, labels) in enumerate(product.factors):
        if type(node) is Sum and len(node.args) > 1:
            content = content_of(node.coefficients)
            if content != 1:
                product.coefficient *= content
                divided = [(Fraction(c) / content, arg) for c, arg in zip(node.coefficients, node.args, strict=True)]
                product.factors[position] = (product.s.graph.sum(divided, node.shape), labels)
                continue
            denominator = lcm(*(Fraction(c).denominator for c in node.coefficients))
            if denominator > 1 and Fraction(product.coefficient).numerator % denominator == 0:  # 2 (p/2 - 1) = p - 2
                product.coefficient = Fraction(product.coefficient) / denominator
                whole = [(c * denominator, arg) for c, arg in zip(node.coefficients, node.args, strict=True)]
                product.factors[position] = (product.s.graph.sum(whole, node.shape), labels)


def content_of(coefficients: Sequence[Rational]) -> Rational:
    """The greatest common divisor of rationals, positive unless all are negative."""
    if 1 in coefficients or (-1 in coefficients and max(coefficients) > 0):
        return 1
    numerator, denominator = 0, 1
    for coefficient in coefficients:
        numerator = gcd(numerator, coefficient.numerator)
        denominator = denominator * coefficient.denominator // gcd(denominator, coefficient.denominator)
    sign = -1 if max(coefficients) < 0 else 1
    return sign * Fraction(numerator, denominator) if denominator != 1 else sign * numerator


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
    cancellation.softmax_totals,
    cancellation.position_totals,
    _scalars,
    cancellation.indicators,
    mirrors.turned,
    _powers,
    _powers_of_parts,
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
    _cleared,
    _contents,
    _roots,
)
