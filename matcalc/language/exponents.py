"""The names that stand in the exponent of a matrix: they are integers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from matcalc.language.dimensions import Shape
from matcalc.language.tree import Binary, Call, Expr, Name, Program, children, postorder
from matcalc.operations.rows import MatrixFunction
from matcalc.operations.table import FUNCTIONS


def exponents(program: Program, targets: Iterable[Expr], shapes: Mapping[Expr, Shape]) -> set[str]:
    """The names of scalars in the exponent of a matrix, there itself or in an intermediate result that is there."""
    found: set[str] = set()
    roots = [*targets, program.body, *(binding.value for binding in reversed(program.bindings))]
    names = {binding.name.name: binding.value for binding in program.bindings}
    for root in roots:
        for node in postorder(root):
            for exponent in _exponents_of(node, shapes):
                found |= _names(exponent, names)
    return found


def _exponents_of(node: Expr, shapes: Mapping[Expr, Shape]) -> Iterable[Expr]:
    if isinstance(node, Binary) and node.operator == "^":
        base = shapes.get(node.left)
        return [node.right] if base is not None and base.kind == "matrix" else []
    row = FUNCTIONS.get(node.function) if isinstance(node, Call) else None
    if isinstance(node, Call) and isinstance(row, MatrixFunction):
        return [node.arguments[position] for position in row.integers if position < len(node.arguments)]
    return []


def _names(root: Expr, bindings: Mapping[str, Expr]) -> set[str]:
    found: set[str] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Call):  # len, rows, cols
            continue
        if isinstance(node, Name) and node.name not in found:
            found.add(node.name)
            if node.name in bindings:
                waiting.append(bindings[node.name])
        waiting += children(node)
    return found
