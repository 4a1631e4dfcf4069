"""The names of the rules by which a differential is taken."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.explanation.intermediates import Quantity
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Expression
from matcalc.operations.rows import Elementwise
from matcalc.operations.table import FUNCTIONS, OPERATIONS
from matcalc.output.text import expression

_PRODUCTS = (
    notation.MatMul, notation.Product, notation.Dot, notation.Hadamard, notation.Function, notation.MatrixPower
)  # fmt: skip
_FUNCTIONS = {
    "det": "Jacobi's formula",
    "logdet": "the differential of a log-determinant",
    "logsumexp": "the gradient of logsumexp is softmax",
    "softmax": "the Jacobian of ``p = softmax(z)`` is ``diag(p) - p pᵀ``",
    "solve": "from ``A x = b``: ``dA x + A dx = db``",
    "expm": "the derivative of expm in a direction",
    "matrix_power": "the product rule, for each factor in turn",
}


_SERIES = {"sum": "the differentials of the terms, added up", "prod": "the product rule: each factor in turn"}


def of_linear(step: Quantity, varying: Sequence[Quantity]) -> str:
    """For what is linear in each of its operands."""
    assert step.definition is not None
    definition = step.definition
    symbols = {each.symbol for each in varying}
    symbols |= {each.operand for each in symbols if isinstance(each, notation.Element)}
    fixed = list(dict.fromkeys(
        f"`{each.name}`" for each in notation.postorder(definition)
        if isinstance(each, notation.Symbol) and each not in symbols and each.name != "pi"
    ))
    product = any(_several(each, symbols) for each in notation.postorder(definition) if _is_product(each))
    said = "product rule" if product else "linear"
    if isinstance(definition, notation.Sum) and len(fixed) == 0 and not product:
        said = "sum rule"
    if not fixed:
        return said
    listed = f"{', '.join(fixed[:-1])} and {fixed[-1]} are" if len(fixed) > 1 else f"{fixed[0]} is"
    return f"{said}: {listed} constant"


def _is_product(node: Expression) -> bool:
    return isinstance(node, _PRODUCTS)


def _several(node: Expression, symbols: set[Expression]) -> bool:
    """Whether more than one factor of a product varies."""
    if isinstance(node, notation.MatrixPower):
        return not symbols.isdisjoint(notation.postorder(node.base))
    found = [each for each in notation.children(node) if any(part in symbols for part in notation.postorder(each))]
    return len(found) > 1 or (isinstance(node, notation.Dot) and node.left is node.right and bool(found))


def of_function(step: Quantity) -> str:
    """For what is not linear: the rule of its outermost function."""
    assert step.definition is not None
    symbols = {each.symbol for each in step.operands if each.targets}
    found: dict[str, None] = {}
    terms = step.definition.terms if isinstance(step.definition, notation.Sum) else (step.definition,)
    for term in terms:
        node = term
        while isinstance(node, notation.Product) and not node.divisors:
            varying = [each for each in node.factors if not symbols.isdisjoint(notation.postorder(each))]
            if len(varying) != 1:
                break
            node = varying[0]
        if not symbols.isdisjoint(notation.postorder(node)):
            found[_of_node(node)] = None
    return "; ".join(filter(None, found)) or "chain rule"


def _of_node(node: Expression) -> str:
    """The rule of one function or operator."""
    each = "entry by entry" if node.shape.dims else ""
    match node:
        case notation.Power(base=notation.Norm() as norm):
            return _norm(norm.operand, square=True)
        case notation.Stack():
            return "each block by itself"
        case notation.IndexedSum():
            return _SERIES.get(node.function, "the chain rule for each term")
        case notation.Norm():
            return _norm(node.operand, square=False)
        case notation.Power():
            return f"power rule{', ' + each if each else ''}"
        case notation.Product() if node.divisors:
            return "quotient rule"
        case notation.Hadamard():
            return "quotient rule, entry by entry"
        case notation.Inverse():
            return "from `U U⁻¹ = I`: `dU U⁻¹ + U d(U⁻¹) = 0`".replace("U", _name(node.operand))
        case notation.MatrixPower():
            return _FUNCTIONS["matrix_power"]
        case notation.Unknown():
            return ", ".join(filter(None, [f"the derivative of `{node.name}`", each]))
        case notation.Named():
            return f"the derivative of `{node.name}`"
        case notation.Function():
            return _of_call(node, each)
    return ""


def _name(node: Expression) -> str:
    return node.name if isinstance(node, notation.Symbol) else "U"


def _norm(operand: Expression, *, square: bool) -> str:
    if operand.shape.kind == "matrix":
        return "``d‖R‖_F² = d tr(Rᵀ R) = 2 tr(Rᵀ dR)``" if square else "``d‖R‖_F = tr(Rᵀ dR)/‖R‖_F``"
    return "``d‖r‖² = d(rᵀ r) = 2 rᵀ dr``" if square else "``d‖r‖ = rᵀ dr/‖r‖``"


def _of_call(node: notation.Function, each: str) -> str:
    if node.name in _FUNCTIONS:
        return _FUNCTIONS[node.name]
    operation = FUNCTIONS.get(node.name) or OPERATIONS.get(node.name)
    if operation is None:
        return ""
    if operation.rule and not isinstance(operation, Elementwise):
        rule = operation.rule if isinstance(operation.rule, str) else operation.rule[0]
        operands = [expression(operand) for operand in node.operands]
        return rule.format(u=operands[0], other=operands[-1], kind=node.operands[0].shape.kind)
    derivative = f"the derivative of `{operation.shown if isinstance(operation, Elementwise) else node.name}`"
    return f"{derivative}, {each}: ``df(z) = f′(z) ⊙ dz``" if each and isinstance(operation, Elementwise) else derivative
