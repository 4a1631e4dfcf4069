"""One step each on the way from tr(A dX B) to tr(B A dX): what stands before or after a differential is moved to its left.

A move gets a term, a number in which one differential stands once, and gives the term in another form, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

from matcalc.explanation.linear import LINEAR, dot, hadamard, product, spread, times
from matcalc.language.dimensions import SCALAR, dim, matrix, vector
from matcalc.notation import matrix as notation
from matcalc.notation.build import Builder
from matcalc.notation.matrix import Expression

Move = Callable[[Builder, Expression], Expression | None]


def varies(node: Expression) -> bool:
    """Whether a differential stands in it."""
    return any(isinstance(each, notation.Differential) for each in notation.postorder(node))


def terms_of(build: Builder, node: Expression) -> list[Expression]:
    """An expression multiplied out, as far as that makes terms with one differential each."""
    if not varies(node):
        return [node]
    match node:
        case notation.Sum():
            found = []
            for term in node.terms:
                found += terms_of(build, spread(build, term, node.shape))
            return found
        case notation.Product():
            place = _place(node.factors)
            before, after = node.factors[:place], node.factors[place + 1 :]
            inner = terms_of(build, node.factors[place])
            return [times(build, node.coefficient, [*before, each, *after], node.divisors, node.shape) for each in inner]
        case notation.MatMul():
            place = _place(node.factors)
            before, after = node.factors[:place], node.factors[place + 1 :]
            return [product(build, *before, each, *after) for each in terms_of(build, node.factors[place])]
        case notation.Hadamard() if not any(map(varies, node.divisors)):
            place = _place(node.factors)
            before, after = node.factors[:place], node.factors[place + 1 :]
            inner = terms_of(build, node.factors[place])
            return [hadamard(build, [*before, each, *after], node.divisors, node.shape) for each in inner]
        case notation.Dot():
            if varies(node.left):
                return [dot(build, each, node.right) for each in terms_of(build, node.left)]
            return [dot(build, node.left, each) for each in terms_of(build, node.right)]
        case notation.Transpose():
            return [build.transpose(each) for each in terms_of(build, node.operand)]
        case notation.Diagonal():
            return [build.diagonal(each) for each in terms_of(build, node.operand)]
        case notation.Function() if node.name in LINEAR:
            return [_function(build, node, each) for each in terms_of(build, node.operands[0])]
    return [node]


def _function(build: Builder, node: notation.Function, operand: Expression) -> Expression:
    if isinstance(operand, notation.Product) and operand.factors and operand.factors[-1].shape.dims:
        core = _function(build, node, operand.factors[-1])
        return times(build, operand.coefficient, [*operand.factors[:-1], core], operand.divisors, node.shape)
    return build.make(notation.Function, node.shape, node.name, (operand,), node.axis)


def _place(factors: tuple[Expression, ...]) -> int:
    return next(place for place, factor in enumerate(factors) if varies(factor))


def moved(build: Builder, term: Expression, move: Move) -> Expression:
    """A term after a move of what is not a number before it; the same if the move has nothing to do."""
    if isinstance(term, notation.Product):
        place = _place(term.factors)
        core = move(build, term.factors[place])
        if core is None:
            return term
        others = [*term.factors[:place], *term.factors[place + 1 :]]
        return times(build, term.coefficient, [*others, core], term.divisors, term.shape)
    return move(build, term) or term


# The moves


def sum_as_product(build: Builder, core: Expression) -> Expression | None:
    """sum(a ⊙ b) = aᵀ b, sum(A ⊙ B) = tr(Aᵀ B), sum(dX) = tr(1 dX); else sum(v) = 1ᵀ v and sum(A) = 1ᵀ A 1.

    A mean is a sum by their number.
    """
    if not (isinstance(core, notation.Function) and core.name in ("sum", "mean") and core.axis is None):
        return None
    operand = core.operands[0]
    if operand.shape.kind == "row":
        operand = build.transpose(operand)
    parts, sizes = _parted(build, operand), operand.shape.dims
    if parts is not None:
        rest, inner = parts
        result = product(build, build.transpose(rest), inner)
        result = _trace(build, result) if len(sizes) == 2 else result
    elif len(sizes) == 2 and isinstance(operand, notation.Differential):
        result = _trace(build, product(build, build.make(notation.Ones, matrix(*reversed(sizes))), operand))
    else:
        ones = [build.make(notation.Ones, vector(size)) for size in sizes]
        result = product(build, build.transpose(ones[0]), operand, *ones[1:])
    if core.name == "sum":
        return result
    return times(build, 1, [result], [build.make(notation.Size, SCALAR, size) for size in sizes], SCALAR)


def entry(build: Builder, core: Expression) -> Expression | None:
    """dx[2] = e(2)ᵀ dx, dX[1, 2] = e(1)ᵀ dX e(2)."""
    if not isinstance(core, notation.Element) or not core.operand.shape.dims or core.shape.dims:
        return None
    sizes = core.operand.shape.dims
    if len(sizes) != len(core.indices) or not all(isinstance(each, str) and each.isdecimal() for each in core.indices):
        return None
    units = [build.make(notation.Unit, vector(size), dim(int(str(at)))) for size, at in zip(sizes, core.indices, strict=True)]
    if core.operand.shape.kind == "row":
        return product(build, core.operand, units[0])
    return product(build, build.transpose(units[0]), core.operand, *units[1:])


def dot_as_product(build: Builder, core: Expression) -> Expression | None:
    """a·b = aᵀ b, with the differential on the right."""
    if not isinstance(core, notation.Dot):
        return None
    left, right = (core.right, core.left) if varies(core.left) else (core.left, core.right)
    return product(build, build.transpose(left), right)


def trace_of_number(build: Builder, core: Expression) -> Expression | None:
    """aᵀ dX b = tr(aᵀ dX b)."""
    if not isinstance(core, notation.MatMul) or core.shape.dims or core.factors[_place(core.factors)].shape.kind != "matrix":
        return None
    return build.make(notation.Function, SCALAR, "tr", (core,))


def transposed(build: Builder, core: Expression) -> Expression | None:
    """dxᵀ a = aᵀ dx, tr(dXᵀ A) = tr(Aᵀ dX)."""
    inner = core.operands[0] if _is_trace(core) else core
    if not isinstance(inner, notation.MatMul) or core.shape.dims:
        return None
    factor = inner.factors[_place(inner.factors)]
    if not isinstance(factor, notation.Transpose):
        return None
    turned = product(build, *map(build.transpose, reversed(inner.factors)))
    return build.make(notation.Function, SCALAR, "tr", (turned,)) if inner is not core else turned


def cyclic(build: Builder, core: Expression) -> Expression | None:
    """tr(A dX B) = tr(B A dX)."""
    if not _is_trace(core):
        return None
    inner = core.operands[0]
    if not isinstance(inner, notation.MatMul):
        return None
    place = _place(inner.factors)
    if place == len(inner.factors) - 1:
        return None
    return _trace(build, product(build, *inner.factors[place + 1 :], *inner.factors[: place + 1]))


def through_elements(build: Builder, core: Expression) -> Expression | None:
    """aᵀ (b ⊙ dz) = (a ⊙ b)ᵀ dz, tr(Aᵀ (B ⊙ dZ)) = tr((A ⊙ B)ᵀ dZ)."""
    inner = core.operands[0] if _is_trace(core) else core
    if core.shape.dims:
        return None
    if not isinstance(inner, notation.MatMul):
        parts = _parted(build, inner)
        if inner is core or parts is None:
            return None
        before: list[Expression] = [build.make(notation.Identity, inner.shape)]
    else:
        parts = _parted(build, inner.factors[-1])
        before = list(inner.factors[:-1])
        if parts is None:
            return None
    left = before[0] if len(before) == 1 else product(build, *before)
    joined = _elementwise(build, build.transpose(left), parts[0])
    result = product(build, build.transpose(joined), parts[1])
    return _trace(build, result) if inner is not core else result


def diagonal_in_trace(build: Builder, core: Expression) -> Expression | None:
    """tr(A diag(dv)) = diag(A)ᵀ dv."""
    if not _is_trace(core):
        return None
    inner = core.operands[0]
    factors = inner.factors if isinstance(inner, notation.MatMul) else (inner,)
    if not isinstance(factors[-1], notation.Diagonal) or factors[-1].shape.kind != "matrix":
        return None
    vector = factors[-1].operand
    if len(factors) == 1:
        return product(build, build.transpose(build.make(notation.Ones, vector.shape)), vector)
    before = factors[0] if len(factors) == 2 else product(build, *factors[:-1])
    return product(build, build.transpose(build.diagonal(before)), vector)


def diagonal_of_matrix(build: Builder, core: Expression) -> Expression | None:
    """aᵀ diag(dX) = tr(diag(a) dX)."""
    if not isinstance(core, notation.MatMul) or core.shape.dims:
        return None
    last = core.factors[-1]
    if not isinstance(last, notation.Diagonal) or last.shape.kind != "vector" or not varies(last):
        return None
    left = core.factors[0] if len(core.factors) == 2 else product(build, *core.factors[:-1])
    return _trace(build, product(build, build.diagonal(build.transpose(left)), last.operand))


MOVES: tuple[tuple[Move, str], ...] = (
    (sum_as_product, "sum"),
    (entry, "an entry: the row of the identity at its place picks it"),
    (dot_as_product, "dot"),
    (trace_of_number, "a number is its own trace"),
    (transposed, "transpose"),
    (cyclic, "cyclic property of the trace: `{}` goes last"),
    (through_elements, "elements"),
    (diagonal_of_matrix, "only the diagonal counts: ``aᵀ diag(A) = tr(diag(a) A)``"),
    (diagonal_in_trace, "only the diagonal counts: ``tr(A diag(v)) = diag(A)ᵀ v``"),
)
"""In the order in which they are tried, with their reasons; what has two forms has a name here, see `reason`."""


def reason(name: str, old: Expression, what: str) -> str:
    """Why a move is allowed, for a term as it was before."""
    core = old.factors[_place(old.factors)] if isinstance(old, notation.Product) else old
    if name == "sum":
        assert isinstance(core, notation.Function)
        operand = core.operands[0]
        plain = not isinstance(operand, notation.Hadamard)
        what, scale = ("sum", "") if core.name == "sum" else ("mean", "/n")
        if operand.shape.kind == "matrix":
            scale = scale and "/(m n)"
            if isinstance(operand, notation.Differential):
                m, n = operand.shape.dims
                return f"`{what}(Z) = tr(ones({n}, {m}) Z){scale and f'/({m} {n})'}`"
            return f"``{what}(Z) = 1ᵀ Z 1{scale}``" if plain else f"``{what}(A ⊙ B) = tr(Aᵀ B){scale}``"
        return f"``{what}(z) = 1ᵀ z{scale}``" if plain else f"``{what}(a ⊙ b) = aᵀ b{scale}``"
    if name == "dot":
        assert isinstance(core, notation.Dot)
        return "the dot product as a product: ``a·b = " + ("bᵀ a``" if varies(core.left) else "aᵀ b``")
    if name == "transpose":
        return "a trace is that of the transpose" if _is_trace(core) else "a number is its own transpose"
    if name == "elements":
        return "``tr(Aᵀ (B ⊙ C)) = tr((A ⊙ B)ᵀ C)``" if _is_trace(core) else "``aᵀ (b ⊙ c) = (a ⊙ b)ᵀ c``"
    return name.format(what)


def _is_trace(node: Expression) -> TypeGuard[notation.Function]:
    return isinstance(node, notation.Function) and node.name == "tr"


def _trace(build: Builder, node: Expression) -> Expression:
    """The trace of a product; a number is none."""
    if not node.shape.dims:
        return node
    if isinstance(node, notation.Product):
        core = _trace(build, node.factors[-1])
        return times(build, node.coefficient, [*node.factors[:-1], core], node.divisors, SCALAR)
    return build.make(notation.Function, SCALAR, "tr", (node,))


def _parted(build: Builder, node: Expression) -> tuple[Expression, Expression] | None:
    """What a factor that varies is multiplied by, element by element, and that factor."""
    if not isinstance(node, notation.Hadamard) or any(map(varies, node.divisors)) or not any(map(varies, node.factors)):
        return None
    place = _place(node.factors)
    others = [*node.factors[:place], *node.factors[place + 1 :]]
    return hadamard(build, others, node.divisors, node.shape), node.factors[place]


def _elementwise(build: Builder, left: Expression, right: Expression) -> Expression:
    """left ⊙ right, without a factor 1."""
    if isinstance(left, notation.Ones):
        return right
    if isinstance(left, notation.Hadamard) or isinstance(right, notation.Hadamard):
        pairs = [side if isinstance(side, notation.Hadamard) else None for side in (left, right)]
        above = [
            each for side, pair in zip((left, right), pairs, strict=True) for each in (pair.factors if pair else (side,))
        ]
        below = [each for pair in pairs if pair for each in pair.divisors]
        return hadamard(build, above, below, left.shape)
    return hadamard(build, [left, right], (), left.shape)

