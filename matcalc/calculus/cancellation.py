"""Rules for products of functions that cancel or combine: exponentials, sigmoids, softmax, indicators, inverses, quotients.

Each changes a product in place. `products` says in which order they apply.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from matcalc.calculus import symmetry
from matcalc.calculus.looks import is_distribution
from matcalc.operations.rows import Elementwise
from matcalc.operations.table import elementwise, matrix_function
from matcalc.tensor.nodes import Contraction, Delta, Labels, MatrixCall, Node, Number, Pointwise, Positions, Rational, Sum, Unit

if TYPE_CHECKING:
    from matcalc.calculus.products import Product
    from matcalc.calculus.simplify import Simplifier

_FACTORS = 6
"""Products with more factors than this are not compared with what an inverse is of."""

_FEW = 20
"""Sums with more terms than this are not looked into."""

Factor = tuple[Node, Labels]


def split_power(node: Node) -> tuple[Node, Rational]:
    """Base and rational exponent; exponent 1 if it is not a rational power."""
    if type(node) is Pointwise and is_named(node, "power") and type(node.args[1]) is Number:
        return node.args[0], node.args[1].value
    return node, 1


def is_named(node: Node, name: str) -> bool:
    """Whether a node is the element-wise function of this name."""
    return type(node) is Pointwise and isinstance(node.operation, Elementwise) and node.operation.name == name


def units(product: Product) -> None:
    """Σᵢ eᵢ = 1, eⱼ·eⱼ = 1, eⱼ·eₖ = 0 for unit vectors; a sum with unit vectors in it is multiplied by one term by term."""
    found = [(node, labels[0]) for node, labels in product.factors if type(node) is Unit]
    for node, label in found:
        if label in product.kept or (node, (label,)) not in product.factors:
            continue
        joined = [(other, names) for other, names in product.factors if label in names]
        assert type(node) is Unit
        if len(joined) == 1:
            product.factors.remove((node, (label,)))
        elif len(joined) == 2 and all(type(other) is Unit for other, _ in joined):
            second = next((other for other, _ in joined if other is not node), node)
            assert type(second) is Unit
            apart = (node.position - second.position).size
            if apart is None:
                continue
            for factor in joined:
                product.factors.remove(factor)
            if apart:
                product.coefficient = 0
    product.drop_ones()


def picked(product: Product) -> None:
    """v ⊙ eₖ = vₖ eₖ: beside a unit vector on a label that is kept, only one entry of what else stands there counts."""
    s = product.s
    for unit, unit_labels in [factor for factor in product.factors if type(factor[0]) is Unit]:
        (label,) = unit_labels
        if label not in product.kept or s.deep:
            continue
        for factor in list(product.factors):
            node, labels = factor
            if labels.count(label) != 1 or type(node) is Unit or type(node) is Delta or factor not in product.factors:
                continue
            rest = tuple(each for each in labels if each != label)
            sizes = [size for each, size in zip(labels, node.shape, strict=True) if each != label]
            entry = s.contraction([(node, labels), (unit, (label,))], rest, sizes)
            product.factors.remove(factor)
            product.put(entry, rest)


def distribution_totals(product: Product) -> None:
    """Σᵢ softmax(u)ᵢ = 1, and so for all whose entries add up to 1."""
    for node, labels in list(product.factors):
        if is_distribution(node) and labels[-1] not in product.kept:
            uses = sum(name == labels[-1] for _, names in product.factors for name in names)
            if uses == 1:
                product.factors.remove((node, labels))
                ones = [(product.s.graph.ones(size), (k,)) for k, size in zip(labels[:-1], node.shape[:-1], strict=True)]
                product.factors += ones
                product.drop_ones()



def position_totals(product: Product) -> None:
    """1 + 2 + … + n = n (n + 1)/2, and 1² + … + n² = n (n + 1) (2n + 1)/6."""
    for node, labels in list(product.factors):
        base, power = split_power(node)
        if type(base) is not Positions or power not in (1, 2) or labels[0] in product.kept:
            continue
        if sum(label == labels[0] for _, names in product.factors for label in names) > 1:
            continue
        graph, size = product.s.graph, product.s.graph.size(base.shape[0])
        factors = [size, graph.sum([(1, size), (1, graph.number(1))], ())]
        if power == 2:
            factors.append(graph.sum([(2, size), (1, graph.number(1))], ()))
        product.coefficient *= Fraction(1, 2 if power == 1 else 6)
        product.factors.remove((node, labels))
        for factor in factors:
            product.put(factor, ())


def exponentials(product: Product) -> None:
    """exp(a) exp(b) = exp(a + b); exp(v) σ(-v) = σ(v); exp(u)ᵢ / Σⱼ exp(u)ⱼ = softmax(u)ᵢ."""
    exponentials = [(node, labels) for node, labels in product.factors if is_named(node, "exp")]
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
            product.put(s.pointwise(elementwise("exp"), [exponent]), labels)
    for node, labels in [factor for factor in product.factors if is_named(factor[0], "exp")]:
        argument = node.args[0]
        sigmoid = graph.pointwise(elementwise("sigmoid"), [s.scaled(-1, argument)])
        for other, (candidate, names) in enumerate(product.factors):
            base, power = split_power(candidate)
            if names == labels and base is sigmoid and power >= 1 and power == int(power):
                product.factors[other] = (s.power(sigmoid, power - 1), labels)
                product.factors.remove((node, labels))
                product.put(graph.pointwise(elementwise("sigmoid"), [argument]), labels)
                product.factors = [factor for factor in product.factors if not isinstance(factor[0], Number)]
                break
            if len(labels) == 1 and not names and power <= -1 and base is graph.contraction([(node, (0,))], ()):
                product.factors[other] = (s.power(base, power + 1), ())
                product.factors.remove((node, labels))
                product.factors.append((s.matrix_call(matrix_function("softmax"), argument), labels))
                product.factors = [factor for factor in product.factors if not isinstance(factor[0], Number)]
                break
    product.drop_ones()



def absolute_values(product: Product) -> None:
    """|u| sign(u) = u, u sign(u) = |u| and sign(u)/|u| = 1/u."""
    s, graph = product.s, product.s.graph
    for factor in [factor for factor in product.factors if is_named(factor[0], "sign")]:
        node, labels = factor
        argument = node.args[0]
        absolute = graph.pointwise(elementwise("abs"), [argument])
        for other, (candidate, names) in enumerate(product.factors):
            base, power = split_power(candidate)
            if names == labels and base is absolute and power < 0 and power % 2 == 1:  # sign(u) / |u| = 1/u
                product.factors[other] = (s.power(argument, power), labels)
                product.factors.remove(factor)
                break
            if names != labels or base not in (argument, absolute) or power < 1 or power != int(power):
                continue
            product.factors[other] = (s.power(base, power - 1), labels)
            product.factors.remove(factor)
            product.put(absolute if base is argument else argument, labels)
            product.factors = [each for each in product.factors if not isinstance(each[0], Number)]
            product.drop_ones()
            break


def sigmoids(product: Product) -> None:
    """σ(-u) (1 - σ(-u)) = σ(u) (1 - σ(u)), written with the argument that has no minus sign."""
    for node, labels in list(product.factors):
        if not is_named(node, "sigmoid") or not _negative(node.args[0]):
            continue
        s, graph = product.s, product.s.graph
        one = s.ones(node.shape)
        complement = s.sum([(1, one), (-1, node)], node.shape)
        if (complement, labels) in product.factors:
            product.factors.remove((node, labels))
            product.factors.remove((complement, labels))
            positive = graph.pointwise(elementwise("sigmoid"), [s.scaled(-1, node.args[0])])
            product.factors.append((positive, labels))
            product.factors.append((s.sum([(1, one), (-1, positive)], node.shape), labels))


def sigmoid_quotients(product: Product) -> None:
    """(1 - σ(u)) / σ(-u) = 1: the complement as what stands below."""
    s, graph = product.s, product.s.graph
    for position, (node, labels) in enumerate(product.factors):
        base, exponent = split_power(node)
        if exponent >= 0 or not is_named(base, "sigmoid"):
            continue
        opposite = graph.pointwise(elementwise("sigmoid"), [s.scaled(-1, base.args[0])])
        complement = (s.sum([(1, s.ones(base.shape)), (-1, opposite)], base.shape), labels)
        if complement in product.factors:
            product.factors[position] = (s.power(base, exponent + 1), labels)
            product.factors.remove(complement)
            product.factors = [each for each in product.factors if not isinstance(each[0], Number)]
            product.drop_ones()
            return


def tangents(product: Product) -> None:
    """sin(u)ᵏ / cos(u)ᵏ = tan(u)ᵏ, sinh(u)ᵏ / cosh(u)ᵏ = tanh(u)ᵏ."""
    s, graph = product.s, product.s.graph
    for below in list(product.factors):
        cosine, negative = split_power(below[0])
        hyperbolic = "h" if is_named(cosine, "cosh") else ""
        if negative >= 0 or not (hyperbolic or is_named(cosine, "cos")):
            continue
        for above in product.factors:
            sine, power = split_power(above[0])
            if is_named(sine, f"sin{hyperbolic}") and sine.args == cosine.args and above[1] == below[1] and power == -negative:
                product.factors.remove(above)
                product.factors.remove(below)
                product.put(s.power(graph.pointwise(elementwise(f"tan{hyperbolic}"), sine.args), power), below[1])
                return


def _negative(node: Node) -> bool:
    return type(node) is Sum and len(node.args) == 1 and node.coefficients[0] < 0



def indicators(product: Product) -> None:
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
            elif isinstance(factor, Pointwise) and any(arg in known for arg in factor.args):
                args = [known.get(arg, arg) for arg in factor.args]
                product.factors[other] = (product.s.pointwise(factor.operation, args), names)
                changed = True
    if changed:
        factors, product.factors = product.factors, []
        for node, labels in factors:
            product.put(node, labels)
        product.drop_ones()


def on_support(s: Simplifier, indicator: Pointwise) -> dict[Node, Node]:
    """What some nodes are worth where a comparison holds."""
    assert isinstance(indicator.operation, Elementwise)
    graph, (a, b) = s.graph, indicator.args
    if indicator.operation.infix in ("<", "<="):
        a, b = b, a
    elif indicator.operation.infix in ("==", "!="):
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



def inverses(product: Product) -> None:
    """A⁻¹ A = I where nothing else stands at the label between them, and (A B)⁻¹ A = B⁻¹ for square matrices."""
    for factor in list(product.factors):
        node, labels = factor
        plain = type(node) is MatrixCall and node.operation.name == "inv" and node.order == 2 and labels[0] != labels[1]
        if plain and any(_meets(product, factor, axis) for axis in (1, 0)):
            inverses(product)
            return


def _meets(product: Product, factor: Factor, axis: int) -> bool:
    """Cancel an inverse with what stands at its label on this axis, if that is all or the nearest part of its operand."""
    node, labels = factor
    label = labels[axis]
    if label in product.kept:
        return False
    original, graph = node.args[0], product.s.graph
    if type(original) is Contraction and len(original.args) <= _FACTORS:
        parts: list[Factor] = list(zip(original.args, original.labels, strict=True))
    else:
        parts = [(original, (0, 1))]
    others = [other for other in product.factors if other is not factor]
    # C⁻¹ C: the operand's rows stand at the columns of the inverse, and the other way round
    found = _embedded(product, parts, {1 - axis: label}, others)
    if found is not None:
        matched, names = found
        _drop(product, [factor, *matched])
        product.factors.append((graph.delta(node.shape[0]), (labels[1 - axis], names[axis])))
        product.drop_deltas()
        product.drop_ones()
        return True
    first = [part for part in parts if 1 - axis in part[1]]
    if len(parts) == 1 or len(first) != 1 or first[0][0].order != 2 or len(set(first[0][0].shape)) > 1:
        return False
    found = _embedded(product, first, {1 - axis: label}, others)
    if found is None:
        return False
    matched, names = found
    inner_labels = first[0][1]
    middle = inner_labels[0] if inner_labels[1] == 1 - axis else inner_labels[1]
    rest = [part for part in parts if part is not first[0]]
    if sum(name == middle for _, each in rest for name in each) != 1 or middle == axis:
        return False
    _drop(product, [factor, *matched])
    remaining = product.s.contraction(rest, (middle, axis) if axis else (axis, middle))
    turned = (labels[0], names[middle]) if axis else (names[middle], labels[1])
    product.put(product.s.matrix_call(matrix_function("inv"), remaining), turned)
    return True


def _drop(product: Product, factors: Sequence[Factor]) -> None:
    for factor in factors:
        product.factors.remove(factor)


def _embedded(
    product: Product, parts: Sequence[Factor], names: dict[int, int], factors: Sequence[Factor]
) -> tuple[list[Factor], dict[int, int]] | None:
    """Factors of the product that are `parts` with other labels, and these labels.

    `names` gives one of them. It, and what is summed within the parts, stands nowhere else in the product but at the inverse.
    """
    (start,) = names
    matched: list[Factor] = []
    rest = list(parts)
    while rest:
        part = next((part for part in rest if any(label in names for label in part[1])), None)
        if part is None:
            return None
        rest.remove(part)
        for factor in factors:
            labels = next((each for each in _orientations(product, factor) if _fits(part[1], each, names)), None)
            if factor[0] is part[0] and factor not in matched and labels is not None:
                matched.append(factor)
                names = {**names, **dict(zip(part[1], labels, strict=True))}
                break
        else:
            return None
    if len(set(names.values())) < len(names):
        return None
    for label in {start, *(name for name in names if name > 1 and len(parts) > 1)}:
        uses = sum(names[label] == name for _, each in product.factors for name in each)
        own = sum(label == name for _, each in parts for name in each) + (label == start)
        if names[label] in product.kept or uses != own:
            return None
    return matched, names


def _orientations(product: Product, factor: Factor) -> tuple[Labels, ...]:
    node, labels = factor
    return (labels, labels[::-1]) if symmetry.is_symmetric(product.s.graph, node) else (labels,)


def _fits(pattern: Labels, labels: Labels, names: dict[int, int]) -> bool:
    if len(pattern) != len(labels):
        return False
    more = dict(zip(pattern, labels, strict=True))
    return all(more[a] == b == names.get(a, b) for a, b in zip(pattern, labels, strict=True))


def quotients(product: Product) -> None:
    """s (1 - s) ((1 - y)/(1 - s) - y/s) = s - y: factors go into a sum of quotients by them, if that leaves no more terms."""
    for total, labels in () if product.s.deep else list(product.factors):
        if type(total) is not Sum or not 1 < len(total.args) <= _FEW:
            continue
        below = {base for arg in total.args for base in divisors(arg)}
        absorbed = [factor for factor in product.factors if factor[1] == labels and factor[0] in below]
        if not absorbed:
            continue
        axes = range(total.order)
        rename = dict(zip(labels, axes, strict=True)) if len(set(labels)) == len(labels) else {}
        if labels and not rename:
            continue
        factors = [(node, axes) for node, _ in absorbed]
        parts = [product.s.contraction([(arg, axes), *factors], axes, total.shape) for arg in total.args]
        terms = [each for c, part in zip(total.coefficients, parts, strict=True) for each in expanded(product.s, c, part)]
        result = product.s.sum(terms, total.shape)
        if len(result.args if type(result) is Sum else [result]) <= len(total.args):
            for factor in [(total, labels), *absorbed]:
                product.factors.remove(factor)
            product.put(result, labels)
            return


def divisors(node: Node) -> list[Node]:
    """The bases of the negative powers in a product."""
    split = [split_power(factor) for factor in (node.args if type(node) is Contraction else (node,))]
    return [base for base, exponent in split if exponent < 0]


def expanded(s: Simplifier, coefficient: Rational, node: Node) -> list[tuple[Rational, Node]]:
    """The terms of a sum, or of a product with one sum in it, multiplied out."""
    while type(node) is Sum and len(node.args) == 1:
        coefficient, node = coefficient * node.coefficients[0], node.args[0]
    if type(node) is Sum:
        return [(coefficient * c, arg) for c, arg in zip(node.coefficients, node.args, strict=True)]
    if type(node) is Contraction:
        inner = [position for position, arg in enumerate(node.args) if type(arg) is Sum]
        if len(inner) == 1:
            total = node.args[inner[0]]
            assert type(total) is Sum
            factors = list(zip(node.args, node.labels, strict=True))
            others = [factor for position, factor in enumerate(factors) if position != inner[0]]
            labels, axes = node.labels[inner[0]], range(node.order)
            products = [s.contraction([*others, (arg, labels)], axes, node.shape) for arg in total.args]
            return [(coefficient * c, each) for c, each in zip(total.coefficients, products, strict=True)]
    return [(coefficient, node)]
