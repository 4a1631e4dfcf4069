"""The rules for products of linear algebra."""

from __future__ import annotations

from matcalc.explanation.local import Local
from matcalc.explanation.meeting import Meeting
from matcalc.language import tree
from matcalc.notation import matrix as notation

_SYMMETRIC = {"symmetric", "spd", "diagonal"}
_OTHER = "the other vector"


def of_product(found: Meeting, of: Local) -> str:
    """The rule for a product of linear algebra."""
    assert isinstance(found.node, tree.Binary)
    name, other = found.operand.name, found.said(found.other)
    column = _column(found)
    vector = f"`{column}`" if column else _OTHER
    left, right = found.shape(found.node.left), found.shape(found.node.right)
    if not found.shape(found.node).dims:
        as_coefficients = f"coefficients {vector}" if vector != _OTHER else f"{vector} as coefficients"
        return f"dot product: linear in `{name}`, with {as_coefficients}"
    if right.kind == "row":
        return f"outer product: each entry is one of `{name}` times one of {vector}"
    if right.kind == left.kind == "matrix":
        return _of_matrices(found, of, name, other)
    kind = "matrix–vector product" if right.kind == "vector" else "row times matrix"
    if found.operand.shape.kind == "matrix":
        turned = found.child not in found.step.leaves
        line = "row" if (right.kind == "vector") != turned else "column"
        index = "i" if right.kind == "vector" else "j"
        lined = f"{line} `{index}` of `{name}`"
        vector = f"`({column})`" if " + " in column or " - " in column else vector
        times = f"{lined} times {vector}" if right.kind == "vector" else f"{vector} times {lined}"
        return f"{kind}: entry `{index}` is {times}"
    multiple = "a multiple of " if found.is_scaled else "minus " if found.is_negative else ""
    if right.kind == "vector" and not multiple:
        other = found.written(found.other, longest=20)
    if right.kind != "vector" and other:
        other = _turned(found, other)
    place = "the matrix in front" if right.kind == "vector" else "the matrix, transposed"
    return f"linear in `{name}`: the Jacobian is {multiple}{f'`{other}`' if other else place}"


def _column(found: Meeting) -> str:
    """The other operand, as a column."""
    node = found.other
    while isinstance(node, tree.Transpose) and node not in found.step.leaves:
        node = node.operand
    is_row = isinstance(node, tree.Binary) and node not in found.step.leaves and found.shape(node).kind == "row"
    return "" if is_row else found.written(node)


def is_linear_in_vector(found: Meeting) -> bool:
    """Whether it is a matrix times the operand, a vector: the rule says what the Jacobian is, with its sign."""
    node = found.node
    if not isinstance(node, tree.Binary) or node.operator not in ("@", "juxtapose"):
        return False
    kinds = {found.shape(node.left).kind, found.shape(node.right).kind}
    return "matrix" in kinds and len(kinds) == 2 and "scalar" not in kinds and len(found.operand.shape.dims) == 1


def _of_matrices(found: Meeting, of: Local, name: str, other: str) -> str:
    """A product of two matrices, as a matrix times vec of the operand where it is written so."""
    plain = found.child in found.step.leaves and not found.is_transposed and other
    if of.plain is None or not plain or not isinstance(of.label, notation.Partial):
        return f"matrix product: linear in `{name}`"
    if found.position:
        return f"matrix product, linear in `{name}`: `vec({other} {name}) = (I ⊗ {other}) vec({name})`"
    return f"matrix product, linear in `{name}`: `vec({name} {other}) = ({_turned(found, other)} ⊗ I) vec({name})`"


def _turned(found: Meeting, name: str) -> str:
    """The transpose of a matrix of this name."""
    symbol = found.inference.symbols.get(name)
    if name.endswith("ᵀ") or (symbol is not None and symbol.properties & _SYMMETRIC):
        return name.removesuffix("ᵀ")
    return f"{name}ᵀ"
