"""The identities of matrices by which a derivation is simplified, one step each: rules as in `products`."""

from __future__ import annotations

from collections.abc import Container
from fractions import Fraction

from matcalc.language.dimensions import SCALAR
from matcalc.notation.build import Builder
from matcalc.notation.looks import flipped
from matcalc.notation.matrix import (
    Diagonal,
    Dot,
    Expression,
    Function,
    Hadamard,
    Identity,
    Inverse,
    MatMul,
    Norm,
    Ones,
    Product,
    Size,
    Sum,
    Symbol,
    Transpose,
)
from matcalc.notation.products import (
    Found,
    Reason,
    Rule,
    chain,
    factor_one,
    into_cases,
    merged,
    multiplied_out,
    nothing,
    one_product,
    powers,
    settled,
    split,
)
from matcalc.operations.rows import Elementwise, MatrixFunction
from matcalc.operations.table import OPERATIONS

# ------------------------------------------------------------------ ones and identities


def identity(build: Builder, node: Expression) -> Found:
    """I A = A and 1 a = a."""
    return _identity(build, node) or factor_one(build, node)


def _identity(build: Builder, node: Expression) -> Found:
    match node:
        case MatMul() if any(isinstance(factor, Identity) for factor in node.factors):
            rest = [factor for factor in node.factors if not isinstance(factor, Identity)]
            if not rest:
                return node.factors[0], Reason("the identity matrix times itself: ``I I = I``")
            left = next(k for k, factor in enumerate(node.factors) if isinstance(factor, Identity)) < len(node.factors) - 1
            return chain(build, rest), Reason(f"a product with the identity matrix: ``{'I A' if left else 'A I'} = A``")
        case Diagonal(operand=Ones()) if node.shape.kind == "matrix":
            return build.make(Identity, node.shape), Reason("the diagonal matrix of ones: ``diag(1) = I``")
        case Diagonal(operand=Product() as inner) if inner.shape.kind == "vector" and inner.factors:
            scale, last = split(build, inner)
            if isinstance(last, Ones) or scale is not None:
                core: Expression = build.make(Diagonal, node.shape, last)
                words = "a number before a diagonal matrix: ``diag(c v) = c diag(v)``"
                if isinstance(last, Ones):
                    core, words = build.make(Identity, node.shape), "a diagonal matrix with one number: ``diag(c 1) = c I``"
                found = build.make(Product, node.shape, inner.coefficient, (*inner.factors[:-1], core), inner.divisors)
                return found, Reason(words)
        case Hadamard() if len(node.factors) > 1 and any(isinstance(factor, Ones) for factor in node.factors):
            factors: list[Expression] = [factor for factor in node.factors if not isinstance(factor, Ones)] or [node.factors[0]]
            product = settled(build, build.make(Hadamard, node.shape, tuple(factors), node.divisors))
            return product, Reason("element by element, a factor 1 does nothing: ``1 ⊙ a = a``")
    return None


def inverses(build: Builder, node: Expression) -> Found:
    """(A⁻¹)⁻¹ = A, det(A⁻¹) = 1/det(A)."""
    match node:
        case Inverse(operand=Inverse() as inner):
            return inner.operand, Reason("the inverse of an inverse: ``(A⁻¹)⁻¹ = A``")
        case Function(name="det", operands=(Inverse() as inner,)):
            below = build.make(Function, SCALAR, "det", (inner.operand,), None)
            new = build.make(Product, SCALAR, 1, (), (below,))
            return new, Reason("the determinant of an inverse: ``det(A⁻¹) = 1/det(A)``")
    return None


# ------------------------------------------------------------------ transposes


def transposes(build: Builder, node: Expression) -> Found:
    """(A B)ᵀ = Bᵀ Aᵀ and the like; not of a sum."""
    if not isinstance(node, Transpose):
        return None
    inner = node.operand
    if not inner.shape.dims:
        return inner, Reason("a number is its own transpose")
    match inner:
        case Identity():
            return inner, Reason("the identity matrix is symmetric: ``Iᵀ = I``")
        case Diagonal() if inner.shape.kind == "matrix":
            return inner, Reason("a diagonal matrix is its own transpose: ``diag(v)ᵀ = diag(v)``")
        case Transpose():
            return inner.operand, Reason("the transpose of a transpose: ``(Aᵀ)ᵀ = A``")
        case Inverse(operand=Transpose() as turned):
            return build.inverse(turned.operand), Reason("the transpose of a transpose: ``(A⁻ᵀ)ᵀ = A⁻¹``")
        case _ if inner.shape.kind == "matrix" and build.is_symmetric(inner):
            declared = "declared " if isinstance(inner, Symbol) else ""
            return inner, Reason(f"{{}} is {declared}symmetric: `{{}} = {{}}`", (inner, node, inner))
        case MatMul():
            factors = tuple(_turned(build, factor) for factor in reversed(inner.factors))
            letters = "``(A B)ᵀ = Bᵀ Aᵀ``" if len(factors) == 2 else "``(A B C)ᵀ = Cᵀ Bᵀ Aᵀ``"
            return build.make(MatMul, node.shape, factors), Reason(f"the transpose of a product: {letters}")
        case Product() if inner.factors:
            *scalars, last = inner.factors
            factors = (*scalars, _turned(build, last))
            found = build.make(Product, node.shape, inner.coefficient, factors, inner.divisors)
            return found, Reason("a number stays where it is: ``(c A)ᵀ = c Aᵀ``")
    return None


def _turned(build: Builder, node: Expression) -> Expression:
    """The transpose; that of a transpose at once."""
    if isinstance(node, Transpose):
        return node.operand
    if isinstance(node, Inverse) and isinstance(node.operand, Transpose):
        return build.inverse(node.operand.operand)
    if isinstance(node, Identity | Diagonal) and node.shape.kind == "matrix":
        return node
    if isinstance(node, Sum) and all(isinstance(_core(term), Transpose) for term in node.terms):
        return build.make(Sum, flipped(node.shape), tuple(_turned(build, term) for term in node.terms))
    if isinstance(node, Product) and isinstance(_core(node), Transpose):
        factors = (*node.factors[:-1], _turned(build, node.factors[-1]))
        return settled(build, build.make(Product, flipped(node.shape), node.coefficient, factors, node.divisors))
    return settled(build, build.make(Transpose, flipped(node.shape), node))


def _core(node: Expression) -> Expression:
    """The array in a product with numbers."""
    return node.factors[-1] if isinstance(node, Product) and node.factors else node


def transposed_sums(build: Builder, node: Expression) -> Found:
    """(A + B)ᵀ = Aᵀ + Bᵀ."""
    if not (isinstance(node, Transpose) and isinstance(node.operand, Sum)):
        return None
    terms: list[Expression] = []
    for term in node.operand.terms:
        if isinstance(term, Product) and term.factors and term.shape.dims:
            factors = (*term.factors[:-1], _turned(build, term.factors[-1]))
            terms.append(build.make(Product, node.shape, term.coefficient, factors, term.divisors))
        else:
            terms.append(_turned(build, term) if term.shape.dims else term)
    words = "``(A + B)ᵀ = Aᵀ + Bᵀ``" if node.shape.kind == "matrix" else "``(a + b)ᵀ = aᵀ + bᵀ``"
    return build.make(Sum, node.shape, tuple(terms)), Reason(f"the transpose of a sum: {words}")


# ------------------------------------------------------------------ diagonal matrices and inverses


def diagonals(build: Builder, node: Expression) -> Found:
    """1ᵀ diag(v) = vᵀ, aᵀ diag(b) = (a ⊙ b)ᵀ, diag(a) diag(b) = diag(a ⊙ b), diag(a) b = a ⊙ b, A⁻¹ A = I."""
    if not isinstance(node, MatMul):
        return None
    for k in range(len(node.factors) - 1):
        found = _pair(build, node.factors[k], node.factors[k + 1])
        if found is not None:
            new, reason = found
            return chain(build, [*node.factors[:k], new, *node.factors[k + 2 :]]), reason
    return None


def long_diagonals(build: Builder, node: MatMul, stays: Container[Expression]) -> Found:
    """aᵀ A diag(b) = ((Aᵀ a) ⊙ b)ᵀ, diag(a) A b = a ⊙ (A b), but not of diagonal matrices that stay as they are."""
    factors = node.factors
    kinds = [factor.shape.kind for factor in factors]
    for k, middle in enumerate(factors):
        if not isinstance(middle, Diagonal) or kinds[k] != "matrix" or middle in stays:
            continue
        first = next((j for j in reversed(range(k)) if kinds[j] != "matrix"), k)
        last = next((j for j in range(k + 1, len(factors)) if kinds[j] != "matrix"), k)
        if kinds[first] == "row":
            column = _elementwise(build, _turned(build, chain(build, factors[first:k])), middle.operand)
            new = chain(build, (*factors[:first], _turned(build, column), *factors[k + 1 :]))
            return new, Reason("a row times a diagonal matrix: ``aᵀ diag(b) = (a ⊙ b)ᵀ``")
        if kinds[last] == "vector":
            column = _elementwise(build, middle.operand, chain(build, factors[k + 1 : last + 1]))
            new = chain(build, (*factors[:k], column, *factors[last + 1 :]))
            return new, Reason("a diagonal matrix times a column: ``diag(a) b = a ⊙ b``")
    return None


def _pair(build: Builder, left: Expression, right: Expression) -> Found:
    first = left.operand if isinstance(left, Diagonal) and left.shape.kind == "matrix" else None
    second = right.operand if isinstance(right, Diagonal) and right.shape.kind == "matrix" else None
    if first is not None and second is not None:
        inside = _elementwise(build, first, second)
        return build.make(Diagonal, left.shape, inside), Reason("diagonal matrices: ``diag(a) diag(b) = diag(a ⊙ b)``")
    if second is not None and left.shape.kind == "row":
        if isinstance(left, Ones):
            return _turned(build, second), Reason("a row of ones times a diagonal matrix: ``1ᵀ diag(v) = vᵀ``")
        column = _elementwise(build, _turned(build, left), second)
        return _turned(build, column), Reason("a row times a diagonal matrix: ``aᵀ diag(b) = (a ⊙ b)ᵀ``")
    if first is not None and right.shape.kind == "vector":
        if isinstance(right, Ones):
            return first, Reason("a diagonal matrix times ones: ``diag(v) 1 = v``")
        return _elementwise(build, first, right), Reason("a diagonal matrix times a column: ``diag(a) b = a ⊙ b``")
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Inverse) and one.operand is other:
            words = "``A⁻¹ A = I``" if one is left else "``A A⁻¹ = I``"
            return build.make(Identity, left.shape), Reason(f"a matrix and its inverse: {words}")
    return None


# ------------------------------------------------------------------ functions


def signs(build: Builder, node: Expression) -> Found:
    """cos(-a) = cos(a), sin(-a) = -sin(a), ‖c a‖ = |c| ‖a‖."""
    if isinstance(node, Norm) and isinstance(node.operand, Product) and node.operand.factors:
        scale, array = split(build, node.operand)
        if scale is not None and not scale.factors and not scale.divisors:
            core = build.make(Norm, SCALAR, array)
            return build.scaled(abs(Fraction(scale.coefficient)), core), Reason("a number leaves the norm: ``‖c a‖ = |c| ‖a‖``")
    if not (isinstance(node, Function) and len(node.operands) == 1):
        return None
    operation, operand = OPERATIONS.get(node.name), node.operands[0]
    parity = operation.parity if isinstance(operation, Elementwise) else ""
    if not parity or not isinstance(operand, Product) or operand.coefficient >= 0:
        return None
    turned = build.make(Function, node.shape, node.name, (build.scaled(-1, operand),), node.axis)
    if parity == "even":
        return turned, Reason(f"`{node.name}` is even: ``{node.name}(-a) = {node.name}(a)``")
    return build.scaled(-1, turned), Reason(f"`{node.name}` is odd: ``{node.name}(-a) = -{node.name}(a)``")


def _is_distribution(name: str) -> bool:
    row = OPERATIONS.get(name)
    return isinstance(row, MatrixFunction) and row.is_distribution


def linear(build: Builder, node: Expression) -> Found:
    """sum(c a) = c sum(a), (c a)·b = c (a·b), sum(softmax(a)) = 1, and so for all whose entries add up to 1."""
    match node:
        case Function(name="sum" | "tr", operands=(Product() as inner,)) if inner.factors and node.axis is None:
            scale, array = split(build, inner)
            if scale is not None and array.shape.dims:
                core: Expression = build.make(Function, node.shape, node.name, (array,), None)
                words = f"a number leaves the sum: ``{node.name}(c a) = c {node.name}(a)``"
                return build.make(Product, node.shape, 1, (scale, core), ()), Reason(words)
        case Function(name="sum", operands=(Function(axis=None) as inside,), axis=None) if _is_distribution(inside.name):
            return build.number(1), Reason(f"the entries of `{inside.name}` add up to 1")
        case Function(name="exp" | "log", operands=(Function(name="exp" | "log", operands=(inside,)) as between,)):
            if between.name != node.name:
                words = "``exp(log(a)) = a``" if node.name == "exp" else "``log(exp(a)) = a``"
                return inside, Reason(f"the logarithm and the exponential: {words}")
        case Dot():
            sides = (node.left, node.right)
            (left, a), (right, b) = (split(build, each) if isinstance(each, Product) else (None, each) for each in sides)
            scales = [scale for scale in (left, right) if scale is not None]
            if scales:
                product = build.make(Product, SCALAR, 1, (*scales, build.make(Dot, SCALAR, a, b)), ())
                return product, Reason("a number leaves the dot product: ``(c a)·b = c (a·b)``")
    return None


def _elementwise(build: Builder, left: Expression, right: Expression) -> Expression:
    """a ⊙ b, without brackets; the numbers before them go to the front."""
    scalars: list[Product] = []
    factors: list[Expression] = []
    divisors: list[Expression] = []
    for side in (left, right):
        core = side
        if isinstance(side, Product) and side.factors:
            scale, core = split(build, side)
            scalars += [scale] if scale is not None else []
        if isinstance(core, Hadamard):
            factors += core.factors
            divisors += core.divisors
        else:
            factors.append(core)
    product: Expression = settled(build, build.make(Hadamard, left.shape, tuple(factors), tuple(divisors)))
    for scale in reversed(scalars):
        product = build.make(Product, left.shape, scale.coefficient, (*scale.factors, product), scale.divisors)
    return product


# ------------------------------------------------------------------ a row times a column


def ones_times(build: Builder, node: Expression) -> Found:
    """1ᵀ 1 = n, 1ᵀ v = sum(v), (a ⊘ b)ᵀ b = sum(a)."""
    if not isinstance(node, MatMul):
        return None
    kinds = [factor.shape.kind for factor in node.factors]
    if kinds == ["vector", "row"] and all(isinstance(factor, Ones) for factor in node.factors):
        return build.make(Ones, node.shape), Reason("a column of ones times a row of ones is a matrix of ones")
    for k in range(len(node.factors) - 1):
        left, right = node.factors[k], node.factors[k + 1]
        if left.shape.kind != "row" or right.shape.kind != "vector":
            continue
        found = _inner(build, left, right)
        if found is not None:
            scalar, reason = found
            rest = (*node.factors[:k], *node.factors[k + 2 :])
            if not rest:
                return scalar, reason
            return build.make(Product, node.shape, 1, (scalar, chain(build, rest)), ()), reason
    return None


def _inner(build: Builder, left: Expression, right: Expression) -> Found:
    if isinstance(left, Ones) and isinstance(right, Ones):
        size = build.make(Size, SCALAR, right.shape.dims[0])
        return size, Reason("as many ones as there are: ``1ᵀ 1 = {}``", (size,))
    if isinstance(left, Ones):
        return _sum(build, right), Reason("a row of ones adds up: ``1ᵀ v = sum(v)``")
    if isinstance(right, Ones):
        return _sum(build, _turned(build, left)), Reason("a column of ones adds up: ``vᵀ 1 = sum(v)``")
    column = _turned(build, left)
    for one, other, words in ((column, right, "``(a ⊘ b)ᵀ b = sum(a)``"), (right, column, "``bᵀ (a ⊘ b) = sum(a)``")):
        if isinstance(one, Hadamard) and other in one.divisors:
            divisors = list(one.divisors)
            divisors.remove(other)
            rest: Expression = build.make(Hadamard, one.shape, one.factors, tuple(divisors))
            rest = settled(build, rest) if one.factors or divisors else build.make(Ones, one.shape)
            if isinstance(rest, Ones):
                return build.make(Size, SCALAR, rest.shape.dims[0]), Reason("``(1 ⊘ b)ᵀ b = 1ᵀ 1``")
            return _sum(build, rest), Reason(f"what is divided by ``b`` is multiplied by it: {words}")
    return None


def _sum(build: Builder, column: Expression) -> Expression:
    return build.make(Function, SCALAR, "sum", (column,), None)


RULES: tuple[Rule, ...] = (
    nothing, identity, inverses, transposes, one_product, diagonals, ones_times, powers, merged, signs, linear, into_cases,
)  # fmt: skip
"""In the order in which they are tried. Each leaves less to do, so that they come to an end."""

OPENINGS: tuple[Rule, ...] = (multiplied_out, transposed_sums)
"""Tried only where the answer has what they lead to."""
