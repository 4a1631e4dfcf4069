"""Where names occur in a program, before it is known what they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from matcalc.errors import ShapeError, Span
from matcalc.language.declared import Declarations
from matcalc.language.linear import leaves
from matcalc.language.tree import Binding, Call, Expr, IndexSum, Name, Program, children

SIZED: Final = frozenset({"eye", "ones", "zeros"})
"""Constants that are called with their sizes."""


@dataclass(slots=True)
class Uses:
    """The names of a program by the places they occur in."""

    bare: dict[str, Name] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    indices: set[str] = field(default_factory=set)
    dimensions: dict[str, Span] = field(default_factory=dict)
    bound: dict[str, Binding] = field(default_factory=dict)

    def everything(self, declarations: Declarations) -> set[str]:
        """Every name there is."""
        return {*self.bare, *self.called, *self.indices, *self.dimensions, *self.bound, *declarations.names}


def scan(program: Program, declarations: Declarations) -> Uses:
    """Collect the names of a program. A name with two definitions, or that is also a dimension, is an error."""
    uses = Uses(dimensions=dict(declarations.dimensions))
    for binding in program.bindings:
        name = binding.name.name
        if name in uses.bound:
            raise ShapeError(
                f"`{name}` is defined twice", binding.name.span, help="give the second one another name",
                related=(f"{name} is defined here first", uses.bound[name].name.span),
            )
        uses.bound[name] = binding
    for root in (*(b.value for b in program.bindings), program.body):
        _scan(uses, root)
    _check_dimensions(uses, declarations)
    return uses


def _scan(uses: Uses, root: Expr) -> None:
    stack: list[tuple[Expr, frozenset[str]]] = [(root, frozenset())]
    while stack:
        node, scope = stack.pop()
        if isinstance(node, Name):
            uses.bare.setdefault(node.name, node)
        elif isinstance(node, Call):
            uses.called.add(node.function)
            if node.function in SIZED:
                for size in node.arguments:
                    _note_dimensions(uses, leaves(size, "size"))
        elif isinstance(node, IndexSum):
            for clause in node.clauses:
                uses.indices.add(clause.index.name)
                for bound in (clause.lower, clause.upper):
                    if bound is not None:
                        _note_dimensions(uses, leaves(bound), scope)
                scope |= {clause.index.name}
        stack.extend((child, scope) for child in reversed(children(node)))


def _note_dimensions(uses: Uses, sizes: Iterable[Expr], indices: frozenset[str] = frozenset()) -> None:
    for size in sizes:
        if isinstance(size, Name) and size.name not in indices:
            uses.dimensions.setdefault(size.name, size.span)


def _check_dimensions(uses: Uses, declarations: Declarations) -> None:
    """A dimension is nothing else at the same time."""
    for name, span in uses.dimensions.items():
        known = declarations.names.get(name)
        if known is not None:
            raise ShapeError(
                f"`{name}` is used as a dimension, but declared as {known}", span, help="give one of the two another name",
                related=known.place,
            )
        if name in uses.bound:
            raise ShapeError(
                f"`{name}` is used as a dimension, but defined as a value", span, help="give one of the two another name",
                related=(f"{name} is defined here", uses.bound[name].name.span),
            )
