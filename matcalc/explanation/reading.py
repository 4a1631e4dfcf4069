"""What a reader must know to read the equations of a picture: special notation, each in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from matcalc.explanation.derivation import Equation, Line, Repetition
from matcalc.explanation.intermediates import Quantity
from matcalc.language.dimensions import Dim
from matcalc.notation import matrix as notation
from matcalc.notation.answer import remarks
from matcalc.notation.matrix import Answer, Expression
from matcalc.output.text import expression

if TYPE_CHECKING:
    from matcalc.explanation.explain import Explaining


def notes(explaining: Explaining, lines: Iterable[Line]) -> list[str]:
    """A remark for each special notation, in the order in which it comes up."""
    every = (*explaining.steps.variables, *explaining.steps.every())
    matrices: dict[tuple[Dim, ...], Quantity] = {
        each.shape.dims: each for each in reversed(every) if len(each.shape.dims) == 2
    }
    found: dict[str, None] = {}
    for part in _parts(lines):
        for node in notation.postorder(part):
            if said := _said(node, matrices):
                found.setdefault(said)
        found |= dict.fromkeys(remarks((part,), ()))
    return _once(found)


def _once(found: Iterable[str]) -> list[str]:
    """One remark of each kind: the first bracket stands for all."""
    kept: dict[str, str] = {}
    for each in found:
        kept.setdefault(each[0] if each[0] in "[δεe" else each, each)
    return list(kept.values())


def _parts(lines: Iterable[Line]) -> Iterator[Expression]:
    for line in lines:
        if isinstance(line, Repetition):
            yield from _parts(line.lines)
        elif isinstance(line, Equation):
            for part in (line.left, *(side.expression for side in line.sides)):
                yield from (part.body, *(meaning for _, meaning in part.definitions)) if isinstance(part, Answer) else (part,)


def _said(node: Expression, matrices: dict[tuple[Dim, ...], Quantity]) -> str:
    """What it is; empty if everybody knows."""
    match node:
        case notation.Indicator():
            return f"{expression(node)} is 1 where {expression(node.condition)}, else 0"
        case notation.Commutation():
            name = matrices[node.shape.dims].name if node.shape.dims in matrices else "M"
            return f"{node.name} is the commutation matrix, {node.name} vec({name}) = vec({name}ᵀ)"
        case notation.Unit():
            return f"{expression(node)} is 1 at place {node.position}, else 0"
        case notation.Delta():
            return f"{expression(node)} is 1 if {' = '.join(map(str, node.indices))}, else 0"
        case notation.LeviCivita():
            return f"{expression(node)} is the sign of the permutation {', '.join(map(str, node.indices))}"
        case notation.Partial() if any(_is_vec(each) for each in (node.value, *notation.children(node.variable))):
            return "vec stacks columns"
        case notation.Function(name="vec"):
            return "vec stacks columns"
        case notation.Function(name="unvec"):
            return "unvec(vec(M)) = M"
    return ""


def _is_vec(node: Expression) -> bool:
    return isinstance(node, notation.Function) and node.name == "vec"
