"""Rules for contractions: δ and ones disappear, powers collect, functions that cancel do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING

from matcalc.calculus import symmetry
from matcalc.language.dimensions import Dim
from matcalc.operations.rows import Elementwise
from matcalc.operations.table import elementwise, matrix_function
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
    Zero,
)

if TYPE_CHECKING:
    from matcalc.calculus.simplify import Simplifier

_FEW = 20
"""Sums with more terms than this are not searched for terms that repeat."""

DEEP = 12
"""Products within the simplification of products, beyond which rules that try something out are not tried."""

_LOOK = 40
"""Nodes that are searched for another use of a sum."""

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
    work = _Product(s, tuple(out))
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


class _Product:
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
        return tuple(self.sizes[label] for label in self.out)

    def add(self, factors: Factors) -> None:
        """Take factors in: coefficients go to the front, products are opened."""
        self.fresh = max([1 << 20, *(label + 1 for _, labels in factors for label in labels), *(k + 1 for k in self.out)])
        count = len(factors)
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
            elif type(node) is Contraction and count + len(node.args) <= self.s.flat:
                count += len(node.args) - 1
                self._measure(node, labels)
                rename = dict(enumerate(labels))
                for inner, arg in zip(reversed(node.labels), reversed(node.args), strict=True):
                    stack.append((arg, [rename[k] if k in rename else rename.setdefault(k, self._new()) for k in inner]))
            else:
                self._measure(node, labels)
                self.factors.append((node, tuple(labels)))

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
        factors = self.factors
        total = self._by_blocks() or self._total_of_repetitions()
        if total is not None:
            return total
        if len(factors) == 1 and not self.kept - set(factors[0][1]):
            node, labels = factors[0]
            if type(node) is Sum and len(labels) == len(self.out) == len(set(labels)) and labels != self.out:
                # (Σ c A)ᵀ = Σ c Aᵀ: then like terms are found
                parts = [self.s.contraction([(arg, labels)], self.out) for arg in node.args]
                total = self.s.sum(zip(node.coefficients, parts, strict=True), shape)
                return graph.scaled(self.coefficient, total)
        number = {label: position for position, label in enumerate(self.out)}
        renamed = []
        for node, labels in self.factors:
            renamed.append((node, tuple([number.setdefault(label, len(number)) for label in labels])))
        result = graph.contraction(symmetry.canonical(graph, renamed, len(self.out)), range(len(self.out)), shape)
        return graph.scaled(*flipped(graph, self.coefficient, result))


    def _by_blocks(self) -> Node | None:
        """[a; b]ᵀ[c; d] = aᵀc + bᵀd: a sum along blocks is a sum of sums, if what else stands there has the same blocks."""
        for node, labels in self.factors:
            if type(node) is not Concatenation or len(node.args) > _FEW or self.s.depth >= DEEP:
                continue
            label = labels[node.axis]
            sizes = [part.shape[node.axis] for part in node.args]
            if label in self.kept or sum(name == label for name in labels) > 1:
                continue
            joined = [(other, names) for other, names in self.factors if label in names]
            if not all(_divides(other, names, label, sizes) for other, names in joined):
                continue
            parts = []
            for block in range(len(sizes)):
                factors = [
                    (other.args[block] if type(other) is Concatenation else self.s.graph.ones(sizes[block]), names)
                    if label in names
                    else (other, names)
                    for other, names in self.factors
                ]
                parts.append((self.coefficient, self.s.contraction(factors, self.out, self.shape())))
            return self.s.sum(parts, self.shape())
        return None

    def _total_of_repetitions(self) -> Node | None:
        """Σᵢ (xᵢ - c) = Σᵢ xᵢ - n c: a sum with terms that repeat is summed term by term, so that they may cancel."""
        for position, (node, labels) in enumerate(self.factors) if self.s.depth < DEEP else ():
            if type(node) is not Sum or len(node.args) > _FEW:
                continue
            for axis, label in enumerate(labels):
                uses = sum(name == label for _, names in self.factors for name in names)
                if label in self.kept or uses > 1 or len(set(labels)) < len(labels):
                    continue
                if not any(axis in repeated(arg) for arg in node.args):
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


def _divides(node: Node, names: Labels, label: int, sizes: Sequence[Dim]) -> bool:
    """Whether a factor has blocks of these sizes along a label."""
    if type(node) is Ones:
        return True
    if type(node) is not Concatenation or sum(name == label for name in names) > 1 or names[node.axis] != label:
        return False
    return [part.shape[node.axis] for part in node.args] == list(sizes)


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


def _worth_flipping(node: Sum) -> bool:
    negative = sum(coefficient < 0 for coefficient in node.coefficients)
    return 2 * negative >= len(node.args) and negative < len(node.args)


def _stands_elsewhere(product: Contraction, part: Sum) -> bool:
    """Whether a factor is a factor twice, or part of another one (as far as a short look tells)."""
    if sum(arg is part for arg in product.args) > 1:
        return True
    stack = [arg for arg in product.args if arg is not part]
    for _ in range(_LOOK):
        if not stack:
            return False
        below = stack.pop().args
        if part in below:
            return True
        stack.extend(below)
    return False


def _is_power(node: Pointwise) -> bool:
    operation = node.operation
    return isinstance(operation, Elementwise) and operation.name == "power"


def _named(node: Node, name: str) -> bool:
    return type(node) is Pointwise and isinstance(node.operation, Elementwise) and node.operation.name == name


# Rules, in the order in which they apply. Each changes the product in place.


def _delta(product: _Product) -> None:
    """Σⱼ δᵢⱼ aⱼ = aᵢ. Where both labels are kept, the other factors use the first one: aⱼ δᵢⱼ = aᵢ δᵢⱼ."""
    graph = product.s.graph
    settled: list[Factor] = []
    while True:
        found = next((factor for factor in product.factors if type(factor[0]) is Delta), None)
        if found is None:
            break
        product.factors.remove(found)
        node, (i, j) = found
        keep, drop = (i, j) if j not in product.kept else (j, i)
        if i in product.kept and j in product.kept and i != j:
            keep, drop = (i, j) if product.out.index(i) < product.out.index(j) else (j, i)
            _rename(product.factors, drop, keep)
            _rename(settled, drop, keep)
            settled.append((node, (keep, drop)))
        else:
            _rename(product.factors, drop, keep)
            _rename(settled, drop, keep)
            product.factors.append((graph.ones(node.shape[0]), (keep,)))
    product.factors += settled


def _rename(factors: list[Factor], old: int, new: int) -> None:
    for position, (node, labels) in enumerate(factors):
        if old in labels:
            factors[position] = (node, tuple([new if label == old else label for label in labels]))


def _ones(product: _Product) -> None:
    """1 ⊙ a = a; the sum over a label that only ones have is its size."""
    factors = product.factors
    if not any(type(node) is Ones for node, _ in factors):
        return
    present = {label for node, labels in factors if type(node) is not Ones for label in labels}
    scalars: list[Factor] = []
    rest: list[Factor] = []
    for node, labels in factors:
        if type(node) is Ones:
            label = labels[0]
            if label in present:
                continue
            present.add(label)
            if label not in product.kept:
                size = product.s.graph.size(node.shape[0])
                if type(size) is Number:
                    product.coefficient *= size.value
                else:
                    scalars.append((size, ()))
                continue
        rest.append((node, labels))
    product.factors = scalars + rest


def _softmax_totals(product: _Product) -> None:
    """Σᵢ softmax(u)ᵢ = 1."""
    for node, labels in list(product.factors):
        if type(node) is MatrixCall and node.operation.name == "softmax" and labels[-1] not in product.kept:
            uses = sum(name == labels[-1] for _, names in product.factors for name in names)
            if uses == 1:
                product.factors.remove((node, labels))
                ones = [(product.s.graph.ones(size), (k,)) for k, size in zip(labels[:-1], node.shape[:-1], strict=True)]
                product.factors += ones
                _ones(product)


def _scalars(product: _Product) -> None:
    """(aᵀb) c: a part of a product that is a number by itself is a factor of its own."""
    if not any(labels for _, labels in product.factors):
        return
    parts: list[tuple[set[int], list[Factor]]] = []
    for factor in product.factors:
        labels, members = set(factor[1]), [factor]
        if not labels:
            continue
        apart = []
        for part in parts:
            if part[0] & labels:
                labels |= part[0]
                members = part[1] + members
            else:
                apart.append(part)
        parts = [*apart, (labels, members)]
    inner = [members for labels, members in parts if not labels & product.kept]
    if not inner or (len(parts) == 1 and len(parts[0][1]) == len(product.factors)):
        return
    taken = [factor for members in inner for factor in members]
    rest = [factor for factor in product.factors if factor not in taken]
    product.factors = rest
    for members in inner:
        _put(product, product.s.contraction(members, ()), ())


def _powers(product: _Product) -> None:
    """xᵃ xᵇ = xᵃ⁺ᵇ for factors on the same labels; an indicator squared is itself."""
    collected: dict[Factor, list[Node]] = {}
    graph = product.s.graph
    split = False
    for node, labels in product.factors:
        base, exponent = node, None
        if type(node) is Pointwise and _is_power(node) and not node.args[1].shape and type(node.args[0]) is not Delta:
            base, exponent = node.args
        if node.order == 2 and labels[0] > labels[1] and symmetry.is_symmetric(graph, node):
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
    for (base, labels), exponents in collected.items():
        total = graph.sum([(1, exponent) for exponent in exponents], ())
        if type(total) is Number and total.value == 0:
            product.factors += [(graph.ones(size), (label,)) for label, size in zip(labels, base.shape, strict=True)]
            continue
        node = base
        if not (type(total) is Number and total.value == 1):
            node = product.s.pointwise(elementwise("power"), [base, total])
        _put(product, node, labels)
    _ones(product)


def _put(product: _Product, node: Node, labels: Labels) -> None:
    """Add a factor that may have become a number, a multiple or a product."""
    if type(node) is Sum and len(node.args) == 1:
        product.coefficient *= node.coefficients[0]
        node = node.args[0]
    if type(node) is Number:
        product.coefficient *= node.value
    elif type(node) is Zero:
        product.coefficient = 0
    elif type(node) is Contraction and node.order and len(product.factors) + len(node.args) <= product.s.flat:
        rename = dict(enumerate(labels))
        for inner, arg in zip(node.labels, node.args, strict=True):
            names = tuple([rename[k] if k in rename else rename.setdefault(k, product._new()) for k in inner])
            product._measure(arg, names)
            product.factors.append((arg, names))
    else:
        product.factors.append((node, labels))


def _exponentials(product: _Product) -> None:
    """exp(a) exp(b) = exp(a + b); exp(v) σ(-v) = σ(v); exp(u)ᵢ / Σⱼ exp(u)ⱼ = softmax(u)ᵢ."""
    exponentials = [(node, labels) for node, labels in product.factors if _named(node, "exp")]
    if not exponentials:
        return
    s, graph = product.s, product.s.graph
    by_labels: dict[Labels, list[Factor]] = {}
    for factor in exponentials:
        by_labels.setdefault(factor[1], []).append(factor)
    for labels, group in by_labels.items():
        if len(group) > 1:
            for factor in group:
                product.factors.remove(factor)
            exponent = s.sum([(1, node.args[0]) for node, _ in group], group[0][0].shape)
            _put(product, s.pointwise(elementwise("exp"), [exponent]), labels)
    for node, labels in [factor for factor in product.factors if _named(factor[0], "exp")]:
        argument = node.args[0]
        sigmoid = graph.pointwise(elementwise("sigmoid"), [s.scaled(-1, argument)])
        for other, (candidate, names) in enumerate(product.factors):
            base, power = _split_power(candidate)
            if names == labels and base is sigmoid and power >= 1 and power == int(power):
                product.factors[other] = (s.power(sigmoid, power - 1), labels)
                product.factors.remove((node, labels))
                _put(product, graph.pointwise(elementwise("sigmoid"), [argument]), labels)
                product.factors = [factor for factor in product.factors if not isinstance(factor[0], Number)]
                break
            if len(labels) == 1 and not names and power <= -1 and base is graph.contraction([(node, (0,))], ()):
                product.factors[other] = (s.power(base, power + 1), ())
                product.factors.remove((node, labels))
                product.factors.append((s.matrix_call(matrix_function("softmax"), argument), labels))
                product.factors = [factor for factor in product.factors if not isinstance(factor[0], Number)]
                break
    _ones(product)


def _split_power(node: Node) -> tuple[Node, Rational]:
    """Base and rational exponent; exponent 1 if it is not a rational power."""
    if type(node) is Pointwise and _is_power(node) and type(node.args[1]) is Number:
        return node.args[0], node.args[1].value
    return node, 1


def _sigmoids(product: _Product) -> None:
    """σ(-u) (1 - σ(-u)) = σ(u) (1 - σ(u)), written with the argument that has no minus sign."""
    for node, labels in list(product.factors):
        if not _named(node, "sigmoid") or not _negative(node.args[0]):
            continue
        s, graph = product.s, product.s.graph
        one = s.broadcast(graph.number(1), node.shape)
        complement = s.sum([(1, one), (-1, node)], node.shape)
        if (complement, labels) in product.factors:
            product.factors.remove((node, labels))
            product.factors.remove((complement, labels))
            positive = graph.pointwise(elementwise("sigmoid"), [s.scaled(-1, node.args[0])])
            product.factors.append((positive, labels))
            product.factors.append((s.sum([(1, one), (-1, positive)], node.shape), labels))


def _negative(node: Node) -> bool:
    return type(node) is Sum and len(node.args) == 1 and node.coefficients[0] < 0


def _indicators(product: _Product) -> None:
    """Where [a > b] is 1, max(a, b) is a: [z > 0] max(0, z) = [z > 0] z. Likewise min, relu and abs, and inside sums."""
    changed = False
    for node, labels in list(product.factors):
        if not isinstance(node, Pointwise) or not isinstance(node.operation, Elementwise) or not node.operation.infix:
            continue
        known = on_support(product.s, node)
        if not known:
            continue
        for other, (factor, names) in enumerate(product.factors):
            if names != labels or factor is node:
                continue
            if type(factor) is Sum and any(arg in known for arg in factor.args):
                terms = [(c, known.get(arg, arg)) for c, arg in zip(factor.coefficients, factor.args, strict=True)]
                product.factors[other] = (product.s.sum(terms, factor.shape), names)
                changed = True
            elif factor in known:
                product.factors[other] = (known[factor], names)
                changed = True
    if changed:
        factors, product.factors = product.factors, []
        for node, labels in factors:
            _put(product, node, labels)
        _ones(product)


def on_support(s: Simplifier, indicator: Pointwise) -> dict[Node, Node]:
    """What some nodes are worth where a comparison holds."""
    assert isinstance(indicator.operation, Elementwise)
    graph, (a, b) = s.graph, indicator.args
    if indicator.operation.infix in ("<", "<="):
        a, b = b, a
    elif indicator.operation.infix == "==":
        return {}
    known: dict[Node, Node] = {}
    for name, value in (("max", a), ("min", b)):
        for args in ((a, b), (b, a)):
            known[graph.pointwise(elementwise(name), args)] = value
    for name, argument, value in (("relu", a, a), ("abs", a, a), ("abs", b, s.scaled(-1, b))):
        other = b if argument is a else a
        if type(other) is Number and other.value == 0:
            known[graph.pointwise(elementwise(name), [argument])] = value
    if type(a) is Number and a.value == 0:
        known[graph.pointwise(elementwise("relu"), [b])] = graph.zero(b.shape)
    return {node: value if value.shape == node.shape else s.broadcast(value, node.shape) for node, value in known.items()}


def _inverses(product: _Product) -> None:
    """A⁻¹ A = I where nothing else stands at the label between them."""
    for node, labels in list(product.factors):
        if type(node) is not MatrixCall or node.operation.name != "inv" or (node, labels) not in product.factors:
            continue
        original = node.args[0]
        for other, names in list(product.factors):
            if other is not original:
                continue
            for own, others in ((1, 0), (0, 1)):
                label = labels[own]
                uses = sum(name == label for _, each in product.factors for name in each)
                if label == names[others] and label not in product.kept and uses == 2:
                    product.factors.remove((node, labels))
                    product.factors.remove((other, names))
                    delta = product.s.graph.delta(node.shape[0])
                    product.factors.append((delta, (labels[1 - own], names[1 - others])))
                    _delta(product)
                    _ones(product)
                    _inverses(product)
                    return


def _quotients(product: _Product) -> None:
    """s (1 - s) ((1 - y)/(1 - s) - y/s) = s - y: factors go into a sum of quotients by them, if that leaves no more terms."""
    for total, labels in list(product.factors) if product.s.depth < DEEP else ():
        if type(total) is not Sum or not 1 < len(total.args) <= _FEW:
            continue
        divisors = {base for arg in total.args for base in _divisors(arg)}
        absorbed = [factor for factor in product.factors if factor[1] == labels and factor[0] in divisors]
        if not absorbed:
            continue
        axes = range(total.order)
        rename = dict(zip(labels, axes, strict=True)) if len(set(labels)) == len(labels) else {}
        if labels and not rename:
            continue
        factors = [(node, axes) for node, _ in absorbed]
        parts = [product.s.contraction([(arg, axes), *factors], axes, total.shape) for arg in total.args]
        terms = [each for c, part in zip(total.coefficients, parts, strict=True) for each in _expanded(product.s, c, part)]
        result = product.s.sum(terms, total.shape)
        if len(result.args if type(result) is Sum else [result]) <= len(total.args):
            for factor in [(total, labels), *absorbed]:
                product.factors.remove(factor)
            _put(product, result, labels)
            return


def _divisors(node: Node) -> list[Node]:
    """The bases of the negative powers in a product."""
    split = [_split_power(factor) for factor in (node.args if type(node) is Contraction else (node,))]
    return [base for base, exponent in split if exponent < 0]


def _expanded(s: Simplifier, coefficient: Rational, node: Node) -> list[tuple[Rational, Node]]:
    """The terms of an element-wise product with one sum in it, multiplied out."""
    while type(node) is Sum and len(node.args) == 1:
        coefficient, node = coefficient * node.coefficients[0], node.args[0]
    if type(node) is Contraction and all(labels == node.labels[0] for labels in node.labels):
        inner = [position for position, arg in enumerate(node.args) if type(arg) is Sum]
        if len(inner) == 1 and node.labels[0] == tuple(range(node.order)):
            total = node.args[inner[0]]
            assert type(total) is Sum
            others = [(arg, node.labels[0]) for arg in node.args if arg is not total]
            axes = range(node.order)
            products = [s.contraction([*others, (arg, node.labels[0])], axes, node.shape) for arg in total.args]
            return [(coefficient * c, each) for c, each in zip(total.coefficients, products, strict=True)]
    return [(coefficient, node)]


def _contents(product: _Product) -> None:
    """(2a + 2b) c = 2 (a + b) c; and of the two ways to write a difference in a product, always the same one."""
    for position, (node, labels) in enumerate(product.factors):
        if type(node) is Sum and len(node.args) > 1:
            content = content_of(node.coefficients)
            if content != 1:
                product.coefficient *= content
                divided = [(Fraction(c) / content, arg) for c, arg in zip(node.coefficients, node.args, strict=True)]
                product.factors[position] = (product.s.graph.sum(divided, node.shape), labels)


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


_RULES: tuple[Callable[[_Product], None], ...] = (
    _delta, _ones, _softmax_totals, _scalars, _indicators, _powers, _exponentials, _sigmoids, _inverses, _quotients, _contents,
)  # fmt: skip
