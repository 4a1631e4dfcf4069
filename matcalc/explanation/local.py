"""Step 2: the derivative of each intermediate variable by each of its operands, written by the same rules as an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcalc.calculus.differentiate import differentiate
from matcalc.calculus.substitution import substituted
from matcalc.calculus.targets import STRUCTURES
from matcalc.explanation.intermediates import Quantity
from matcalc.language import tree
from matcalc.language.dimensions import SCALAR, Dim, Shape, row
from matcalc.notation import matrix as notation
from matcalc.notation.cases import cases
from matcalc.notation.layout import arrangement, write
from matcalc.notation.matrix import Answer, Expression
from matcalc.notation.recover import Recovery
from matcalc.tensor.nodes import Node

if TYPE_CHECKING:
    from matcalc.notation.build import Builder


@dataclass(eq=False, slots=True)
class Local:
    """The derivative of a step by one of its operands.

    Attributes:
        step: what is differentiated.
        operand: by what.
        node: the Jacobian; axes of the step, then of the operand.
        label: it by name, `∂u₂/∂u₁`; of one element if it has no matrix notation.
        written: it in matrix notation.
        plain: it without alternatives and as one array, as a factor in a product; None if it has no such form.
    """

    step: Quantity
    operand: Quantity
    node: Node
    label: Expression
    written: Expression | Answer
    plain: Expression | None


def local(recovery: Recovery, step: Quantity, operand: Quantity) -> Local:
    """The derivative of a step by an operand."""
    assert step.value is not None
    simplifier = recovery.simplifier
    bound = operand.node.properties & STRUCTURES  # simplification takes Xᵀ for X then, which is not true of free entries
    value = step.value if bound else simplifier.simplify(step.value)
    node = simplifier.simplify(differentiate(recovery.graph, value, operand.node).result)
    if isinstance(step.source, tree.Call) and (len(operand.shape.dims) < 2 or step.source.keywords):
        node = _in_terms_of(recovery, node, step)
    return stated(recovery, node, step, operand)


def _in_terms_of(recovery: Recovery, node: Node, step: Quantity) -> Node:
    """A derivative with the name of what is differentiated where that stands in it: diag(p) - p pᵀ for p = softmax(z)."""
    assert step.value is not None
    simplifier = recovery.simplifier
    value = simplifier.simplify(step.value)
    return simplifier.simplify(substituted(simplifier, node, {value: step.node}))


def stated(recovery: Recovery, node: Node, value: Quantity, variable: Quantity) -> Local:
    """The derivative of a value by a variable, of which the node is known."""
    whole = write(recovery, node, value.shape, [variable.shape], "numerator", variable.name)
    chosen = cases(recovery, node, value.shape, [variable.shape], "numerator") or whole
    build = recovery.build
    label = by_elements(build, value, variable, whole.indices) if whole.indices else name_of(build, value, variable)
    if whole.elements is not None and whole.elements.definitions:
        answer = Answer(whole.expression, whole.elements.definitions, whole.indices)
        return Local(value, variable, node, label, answer, None)
    plain = None if whole.indices else whole.expression
    return Local(value, variable, node, label, chosen.expression, plain)


def is_ordinary(value: Quantity, variable: Quantity) -> bool:
    """Whether a derivative is one of a number by a number of which alone it is a function, so that it is d, not ∂."""
    if value.shape.dims or variable.shape.dims:
        return False
    stack, seen = [value], {variable}
    while stack:
        each = stack.pop()
        if each in seen:
            continue
        seen.add(each)
        if each.definition is None or each.series is not None:
            return False
        if _has_more(each.definition, {operand.symbol for operand in each.operands}):
            return False
        stack += each.operands
    return True


def _has_more(root: Expression, operands: set[Expression]) -> bool:
    """Whether there is something in an expression that may vary, beside the operands."""
    stack, seen = [root], set(operands)
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, (notation.Size, notation.Position)) or (isinstance(node, notation.Symbol) and node.name != "pi"):
            return True
        stack += notation.children(node)
    return False


def shape_of(value: Shape, variable: Shape) -> Shape:
    """The shape of a derivative in numerator layout; of more than two axes that of its Kronecker form."""
    placed = arrangement(value, [variable], "numerator")
    if placed.kind == "array":
        rows, columns = (_stacked(each) for each in (value, variable))
        return Shape("matrix", (rows, columns))
    return row(placed.shape[1]) if placed.kind == "row" else Shape(placed.kind, placed.shape)


def _stacked(shape: Shape) -> Dim:
    sizes = shape.dims
    return sizes[0] if len(sizes) == 1 else sizes[0].times(sizes[1])


def name_of(build: Builder, value: Quantity, variable: Quantity) -> Expression:
    """`∂u₂/∂u₁`; with more than two axes that of the stacked columns, `∂vec(U)/∂vec(X)ᵀ`."""
    shape = shape_of(value.shape, variable.shape)
    above, below = value.symbol, variable.symbol
    if len(value.shape.dims) + len(variable.shape.dims) > 2:
        above, below = _vec(build, above), build.make(notation.Transpose, SCALAR, _vec(build, below))
    return build.make(notation.Partial, shape, above, below, is_ordinary(value, variable))


def stacked_row(build: Builder, value: Quantity, variable: Quantity) -> Expression | None:
    """`∂y/∂vec(X)ᵀ`, the derivative of a number by the stacked columns of a matrix as a row; None for anything else."""
    if value.shape.dims or len(variable.shape.dims) < 2:
        return None
    below = build.make(notation.Transpose, SCALAR, _vec(build, variable.symbol))
    return build.make(notation.Partial, row(_stacked(variable.shape)), value.symbol, below)


def _vec(build: Builder, symbol: Expression) -> Expression:
    if symbol.shape.kind != "matrix":
        return symbol
    return build.make(notation.Function, SCALAR, "vec", (symbol,))


def by_elements(build: Builder, value: Quantity, variable: Quantity, indices: Sequence[str]) -> Expression:
    """`∂Uᵢⱼ/∂Xₖₗ`."""
    own = len(value.shape.dims)

    def element(quantity: Quantity, names: Sequence[str]) -> Expression:
        return build.make(notation.Element, SCALAR, quantity.symbol, tuple(names)) if names else quantity.symbol

    return build.make(notation.Partial, SCALAR, element(value, indices[:own]), element(variable, indices[own:]))


def in_place(written: Expression) -> str:
    """How entries that stand in a sum with unit vectors are put in their places; empty if there are none."""
    nodes = list(notation.postorder(written))
    positions = [node.position for node in nodes if isinstance(node, notation.Unit)]
    if not any(isinstance(position, str) and position.isidentifier() for position in positions):
        return ""
    if sum(len(node.indices) for node in nodes if isinstance(node, notation.IndexedSum)) > 1:
        return "each sum in its place: ``Σᵢ Σⱼ aᵢⱼ e(i)ᵀ`` has the entries ``Σⱼ aᵢⱼ``"
    return "each entry in its place: ``Σᵢ aᵢ e(i)ᵀ = aᵀ``"
