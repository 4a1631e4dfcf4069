"""Products of Jacobians, and sums of them over paths: whether they fit together, and what they are in linear algebra."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from matcalc.language.dimensions import SCALAR, Dim, Shape, dim, matrix, row, vector
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Expression
from matcalc.notation.replace import with_children

if TYPE_CHECKING:
    from matcalc.notation.build import Builder


def chain(
    build: Builder, factors: Sequence[Expression], labels: Sequence[Expression] | None = None
) -> Expression | None:
    """A product of derivatives, whose names are the `labels` if they are not the factors, if they fit together as matrices.

    The derivative of a number by a row is a column, and that of a row by a number a row: within a product they are transposed.
    """
    if len(factors) == 1:
        return factors[0]
    names = enumerate(factors if labels is None else labels)
    turned = [_is_turned(name, first=not place, last=place == len(factors) - 1) for place, name in names]
    factors = [build.transpose(each) if turn else each for each, turn in zip(factors, turned, strict=True)]
    sizes = [_sizes(each) for each in factors if each.shape.dims] or [_sizes(factors[0])]
    if any(left[1] != right[0] for left, right in pairwise(sizes)):
        return None
    shape = _shape(sizes[0][0], sizes[-1][1])
    return build.make(notation.Chain, shape, tuple(factors))


def _is_turned(label: Expression, *, first: bool, last: bool) -> bool:
    if not isinstance(label, notation.Partial):
        return False
    above, below = label.value.shape, label.variable.shape
    if isinstance(label.variable, notation.Transpose):
        return False  # stacked columns
    return (not last and not above.dims and below.kind == "row") or (not first and not below.dims and above.kind == "row")


def sum_of(build: Builder, terms: Sequence[Expression | None], label: Expression) -> Expression | None:
    """The sum of the contributions of several paths, if all are arrays of the right shape."""
    known = [each for each in terms if each is not None]
    if len(known) < len(terms) or any(_sizes(each) != _sizes(label) for each in known):
        return None
    return known[0] if len(known) == 1 else build.make(notation.Sum, known[0].shape, tuple(known))


def multiplied(build: Builder, root: Expression) -> Expression:
    """A sum over paths with its products of Jacobians as products of linear algebra."""
    done: dict[Expression, Expression] = {}
    for node in notation.postorder(root):
        done[node] = with_children(build, node, done)
        if isinstance(node, notation.Chain):
            chain = done[node]
            assert isinstance(chain, notation.Chain)
            done[node] = _product_of(build, chain)
    return done[root]


def _product_of(build: Builder, chain: notation.Chain) -> Expression:
    """A product of Jacobians as one of linear algebra, with scalars before arrays; nothing is simplified."""
    scalars = [each for factor in chain.factors if not factor.shape.dims for each in _opened(factor)]
    arrays = [factor for factor in chain.factors if factor.shape.dims]
    if not arrays:
        return build.make(notation.Product, SCALAR, 1, tuple(scalars), ())
    array = arrays[0] if len(arrays) == 1 else build.make(notation.MatMul, chain.shape, tuple(arrays))
    return build.make(notation.Product, chain.shape, 1, (*scalars, array), ()) if scalars else array


def joined(build: Builder, factors: Sequence[Expression], shape: Shape) -> Expression:
    """A product of arrays, with those within opened and their numbers in front."""
    coefficient, scalars, arrays, divisors = Fraction(1), list[Expression](), list[Expression](), list[Expression]()
    for factor in factors:
        inner = factor
        if isinstance(factor, notation.Product) and factor.factors and factor.factors[-1].shape.dims:
            *before, inner = factor.factors
            coefficient *= factor.coefficient
            scalars += before
            divisors += factor.divisors
        arrays += inner.factors if isinstance(inner, notation.MatMul) else (inner,)
    product = build.make(notation.MatMul, shape, tuple(arrays))
    if coefficient == 1 and not scalars and not divisors:
        return product
    number = coefficient.numerator if coefficient.denominator == 1 else coefficient
    return build.make(notation.Product, shape, number, (*scalars, product), tuple(divisors))


def collected(build: Builder, root: Expression) -> Expression:
    """A product of numbers and an array, or a sum of such, with its numerical factors in front."""
    if isinstance(root, notation.Sum):
        return build.make(notation.Sum, root.shape, tuple(collected(build, term) for term in root.terms))
    if not isinstance(root, notation.Product) or root.divisors:
        return root
    coefficient, factors = root.coefficient, list[Expression]()
    for factor in root.factors:
        if isinstance(factor, notation.Number):
            coefficient *= factor.value
        elif isinstance(factor, notation.Product) and not factor.divisors and not factor.shape.dims:
            coefficient *= factor.coefficient
            factors += factor.factors
        else:
            factors.append(factor)
    return build.make(notation.Product, root.shape, coefficient, tuple(factors), ()) if factors else root


def _opened(factor: Expression) -> tuple[Expression, ...]:
    """The factors of a plain product of numbers."""
    plain = isinstance(factor, notation.Product) and factor.coefficient == 1 and not factor.divisors and bool(factor.factors)
    return factor.factors if plain and isinstance(factor, notation.Product) else (factor,)


def product_sizes(products: Sequence[Expression | None]) -> str:
    """The shapes of the factors, so that the inner sizes are seen to cancel; nothing if they are all 1."""
    shapes: dict[str, None] = {}
    inner = False
    for product in products:
        factors = product.factors if isinstance(product, notation.Chain) else [product]
        sizes = [_sizes(factor) for factor in factors if factor is not None]
        inner = inner or any(right[0] != dim(1) for right in sizes[1:])
        shapes["`" + " ".join("(" + "×".join(map(_size, size)) + ")" for size in sizes) + "`"] = None
    return " + ".join(shapes) if inner else ""


def _size(size: Dim) -> str:
    written = str(size)
    return written if written.isalnum() else f"({written})"


def _sizes(node: Expression) -> tuple[Dim, Dim]:
    """How many rows and columns an expression has."""
    one, (kind, dims) = dim(1), node.shape
    if kind == "matrix":
        return dims[0], dims[1]
    return (dims[0], one) if kind == "vector" else (one, dims[0]) if kind == "row" else (one, one)


def _shape(rows: Dim, columns: Dim) -> Shape:
    one = dim(1)
    if rows == one:
        return SCALAR if columns == one else row(columns)
    return vector(rows) if columns == one else matrix(rows, columns)
