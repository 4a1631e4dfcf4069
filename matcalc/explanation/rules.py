"""The name of the rule by which a step is differentiated by one of its operands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcalc.explanation.intermediates import Quantity
from matcalc.explanation.local import Local
from matcalc.language import tree
from matcalc.operations.rows import Derived, Elementwise, MatrixFunction, Multilinear
from matcalc.operations.table import COMPARISONS, FUNCTIONS, OPERATIONS

if TYPE_CHECKING:
    from matcalc.language.shapes import Inference


def rule(inference: Inference, of: Local) -> str:
    """The rule, in words."""
    step, operand = of.step, of.operand
    if step.role == "alias":
        return "an alias" if not step.shape.dims else "an alias: the identity"
    return "; ".join(filter(None, [_of_node(inference, _term(step, operand), step, operand), _others(step, operand)]))


def _of_node(inference: Inference, node: tree.Expr, step: Quantity, operand: Quantity) -> str:
    """The rule for an operator or function."""
    match node:
        case tree.Unary():
            return "the derivative of -u is -1" if not step.shape.dims else "linear: -I"
        case tree.Binary():
            return _of_operator(inference, node, step, operand)
        case tree.Call():
            return _of_call(inference, node, step, operand)
        case tree.Stack():
            return "stacked: each block by itself"
        case tree.Index():
            return "an entry: the row of the identity at its place" if not step.shape.dims else "a part of it"
        case tree.IndexSum():
            return "the derivative of a sum is the sum of the derivatives" if node.function in ("sum", "mean") else ""
    return ""


def _term(step: Quantity, operand: Quantity) -> tree.Expr:
    """The operator that the operand meets: of a step without signs and constant factors, and the term of a sum."""
    places = {leaf for leaf, quantity in step.leaves.items() if quantity is operand}
    others = {leaf for leaf in step.leaves if leaf not in places}
    node = step.source
    while node not in places:
        below = [each for each in tree.children(node) if not places.isdisjoint(tree.postorder(each, step.leaves))]
        if len(below) != 1 or below[0] in places:
            if isinstance(node, tree.Binary) and node.operator in "+-" and below[0] in places:
                return node
            break
        is_sum = isinstance(node, tree.Binary) and node.operator in ("+", "-")
        scaled = isinstance(node, tree.Binary) and node.operator not in ("^", "**")
        beside = [each for each in tree.children(node) if each not in below]
        scaled = scaled and all(others.isdisjoint(tree.postorder(each, step.leaves)) for each in beside)
        if not (is_sum or scaled or isinstance(node, (tree.Unary, tree.Transpose))):
            break
        node = below[0]
    return node


def _others(step: Quantity, operand: Quantity) -> str:
    """That the other terms of a sum are constant, where the operand stands in a product."""
    node = step.source
    if not (isinstance(node, tree.Binary) and node.operator in ("+", "-")) or _term(step, operand) is node:
        return ""
    if _is_sum(_term(step, operand)):
        return ""
    return "the other terms do not depend on it"


def _is_sum(node: tree.Expr) -> bool:
    return isinstance(node, tree.Binary) and node.operator in ("+", "-")


def _of_operator(inference: Inference, node: tree.Binary, step: Quantity, operand: Quantity) -> str:
    operator = node.operator
    if operator in ("+", "-"):
        return _of_sum(step, operand)
    if operator in ("^", "**"):
        return _of_power(node, step, operand)
    if operator in ("/", "divide"):
        return _elementwise("quotient rule", step, operand)
    left, right = inference.shapes[node.left], inference.shapes[node.right]
    if operator in COMPARISONS:
        return "a step function: 0 wherever it has a derivative"
    if operator == "*" and left.dims and right.dims:
        return _elementwise("product rule" if len(step.operands) > 1 else "a product with a constant", step, operand)
    if not left.dims and not right.dims:
        return "product rule: the other factor is held fixed" if len(step.operands) > 1 else "constant multiple rule"
    if not left.dims or not right.dims:
        if operand.shape.dims:
            return "a scalar multiple"
        return "scalar expansion: the scalar multiplies every entry"
    if left.kind == right.kind == "vector" or left.kind == "row":
        if step.shape.dims:
            return "a row times a matrix: linear"
        return "dot product: linear in each vector, with the other one as coefficients"
    if right.kind == "vector":
        if operand.shape.kind == "matrix":
            return "matrix times vector: the entry Aᵢⱼ meets xⱼ only, in row i"
        return "matrix times vector: linear, its Jacobian is the matrix"
    if right.kind == "row":
        return "outer product"
    return "matrix product: linear in each factor"


def _of_sum(step: Quantity, operand: Quantity) -> str:
    if not step.shape.dims:
        return "sum rule: terms without it are constant"
    if not operand.shape.dims:
        return "scalar expansion: the scalar is added to every entry"
    return "sum rule: terms without it are constant"


def _of_power(node: tree.Binary, step: Quantity, operand: Quantity) -> str:
    base = node.left
    if isinstance(base, tree.Call) and base.function.startswith("norm"):
        return "square norm: ‖u‖² = uᵀu" if operand.shape.kind != "matrix" else "square norm: ‖U‖_F² = tr(UᵀU)"
    if node.operator == "^" and step.shape.kind == "matrix":
        return "product rule for a power of a matrix"
    constant_base = not any(operand.name == name for name in _names(node.left)) and isinstance(node.right, tree.Name)
    return _elementwise("exponential rule" if constant_base else "power rule", step, operand)


def _names(node: tree.Expr) -> set[str]:
    return {each.name for each in tree.postorder(node) if isinstance(each, tree.Name)}


def _elementwise(name: str, step: Quantity, operand: Quantity) -> str:
    """A rule for numbers, for each entry."""
    if not step.shape.dims:
        return name
    if not operand.shape.dims:
        return f"{name} for every entry (scalar expansion)"
    if step.shape.kind == "matrix":
        return f"{name}, entry by entry"
    return f"{name}, entry by entry: each entry depends on one entry of the operand, so the Jacobian is diagonal"


def _of_call(inference: Inference, node: tree.Call, step: Quantity, operand: Quantity) -> str:
    if node.function in inference.functions:
        return "an unknown function"
    operation = FUNCTIONS.get(node.function)
    if operation is None:
        return ""
    if isinstance(operation, Elementwise) or (isinstance(operation, Derived) and not operation.forms):
        return _elementwise(f"derivative of {operation.shown}", step, operand)
    if operation.rule:
        return operation.rule
    if isinstance(operation, Multilinear):
        return f"{operation.summary}: linear"
    if isinstance(operation, (Derived, MatrixFunction)):
        return f"{operation.summary}"
    return OPERATIONS[operation.name].summary
