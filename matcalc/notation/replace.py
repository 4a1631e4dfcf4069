"""Matrix expressions with other parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from matcalc.notation.build import Builder
from matcalc.notation.matrix import Expression, children, postorder


def replaced(build: Builder, root: Expression, old: Expression, new: Expression) -> Expression:
    """`root` with `new` wherever `old` stands."""
    done: dict[Expression, Expression] = {old: new}
    for node in postorder(root):
        if node not in done:
            done[node] = with_children(build, node, done)
    return done[root]


def remade(build: Builder, root: Expression) -> Expression:
    """The same expression, made by another builder."""
    done: dict[Expression, Expression] = {}
    for node in postorder(root):
        done[node] = _with_fields(build, node, done)
    return done[root]


def with_children(build: Builder, node: Expression, done: Mapping[Expression, Expression]) -> Expression:
    """A node with what is `done` for the ones below it."""
    if not any(done[child] is not child for child in children(node)):
        return node
    return _with_fields(build, node, done)


def _with_fields(build: Builder, node: Expression, done: Mapping[Expression, Expression]) -> Expression:
    def new(value: Any) -> Any:
        if type(value) is tuple:
            return tuple(new(each) for each in value)
        return done.get(value, value) if isinstance(value, Expression) else value

    values = [new(getattr(node, field.name)) for field in fields(node)]
    return build.make(type(node), *values)


def adopted(build: Builder, root: Expression) -> Expression:
    """An expression of whichever builder, made by this one."""
    done: dict[Expression, Expression] = {}
    for node in postorder(root):
        new = with_children(build, node, done)
        done[node] = build.make(type(node), *(getattr(node, field.name) for field in fields(node))) if new is node else new
    return done[root]
