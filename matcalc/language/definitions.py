"""Definitions in a where clause: `sum(z) where z = W x` is `z = W x; sum(z)`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from matcalc.errors import ShapeError
from matcalc.language.declared import Declarations
from matcalc.language.tree import Binding, Expr, Fact, Name, Program, postorder


def with_definitions(
    program: Program, declarations: Declarations, constants: Collection[str]
) -> tuple[Program, Declarations]:
    """The program with a binding for each equation that says what a name stands for, and the other equations.

    `A = A'` says something about A, `n = 3` about a dimension, `I = Q' Q` about Q: these stay equations.
    """
    known = {*constants, *declarations.dimensions}
    made = [fact for fact in declarations.facts if _is_definition(fact, known)]
    if not made:
        return program, declarations
    bindings = [*(Binding(fact.left, fact.right, fact.span) for fact in made if isinstance(fact.left, Name)), *program.bindings]
    facts = tuple(fact for fact in declarations.facts if fact not in made)
    return replace(program, bindings=tuple(_in_order(bindings))), replace(declarations, facts=facts)


def _is_definition(fact: Fact, known: Collection[str]) -> bool:
    return isinstance(fact.left, Name) and fact.left.name not in {*known, *_names(fact.right)}


def _names(root: Expr) -> set[str]:
    return {node.name for node in postorder(root) if isinstance(node, Name)}


def _in_order(bindings: Iterable[Binding]) -> list[Binding]:
    """Each definition after those that it uses; otherwise in the order in which they are written."""
    waiting = list(bindings)
    ordered: list[Binding] = []
    while waiting:
        open_names = {binding.name.name for binding in waiting}
        ready = next((binding for binding in waiting if not (_names(binding.value) - {binding.name.name}) & open_names), None)
        if ready is None:
            names = " and ".join(f"`{binding.name.name}`" for binding in waiting[:2])
            raise ShapeError(f"{names} are defined by each other", waiting[0].name.span)
        waiting.remove(ready)
        ordered.append(ready)
    return ordered
