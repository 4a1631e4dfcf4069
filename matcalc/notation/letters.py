"""The letters of summed indices: as few as possible, so that Σₖ aₖ + Σₗ bₗ is Σₖ aₖ + Σₖ bₖ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from matcalc.notation import matrix as notation
from matcalc.notation.build import Builder
from matcalc.notation.matrix import Expression, children, postorder


def with_few_letters(build: Builder, root: Expression, letters: Callable[[], Iterator[str]]) -> Expression:
    """An expression in which each sum has the first of the `letters` that no sum around it has.

    Each summed index has a name of its own before.
    """
    bound: set[Expression] = set()
    for node in postorder(root):
        if isinstance(node, notation.IndexedSum) or any(child in bound for child in children(node)):
            bound.add(node)
    return _Renaming(build, letters, bound).of(root, {}, frozenset()) if bound else root


def renamed(build: Builder, root: Expression, names: Mapping[str, str]) -> Expression:
    """An expression without sums, with other names for indices."""
    return _Renaming(build, lambda: iter(()), set()).of(root, names, frozenset())


class _Renaming:
    """Only what has a sum in it, or stands within one, is looked at."""

    def __init__(self, build: Builder, letters: Callable[[], Iterator[str]], bound: set[Expression]) -> None:
        self.build, self.letters, self.bound = build, letters, bound
        self.indexed: dict[Expression, frozenset[str]] = {}
        self.done: dict[Any, Expression] = {}

    def of(self, node: Expression, names: Mapping[str, str], scope: frozenset[str]) -> Expression:
        """A node with new names for indices, where the `scope` has these letters already."""
        own = {name: names[name] for name in self.used(node) if name in names}
        if not own and node not in self.bound:
            return node
        key = (node, tuple(sorted(own.items())), scope if node in self.bound else None)
        found = self.done.get(key)
        if found is None:
            found = self.done[key] = self._renamed(node, own, scope)
        return found

    def used(self, root: Expression) -> frozenset[str]:
        """All index names in an expression."""
        if root not in self.indexed:
            for node in postorder(root):
                if node not in self.indexed:
                    self.indexed[node] = index_names(node).union(*(self.indexed[child] for child in children(node)))
        return self.indexed[root]

    def _renamed(self, node: Expression, names: Mapping[str, str], scope: frozenset[str]) -> Expression:
        if isinstance(node, notation.IndexedSum):
            free = (letter for letter in self.letters() if letter not in scope)
            new = {name: next(free) for name, _ in node.indices}
            body = self.of(node.body, {**names, **new}, scope | set(new.values()))
            indices = tuple((new[name], size) for name, size in node.indices)
            rest = [getattr(node, each.name) for each in fields(node)[3:]]
            return self.build.make(notation.IndexedSum, node.shape, body, indices, *rest)

        def changed(value: Any, *, index: bool) -> Any:
            if type(value) is tuple:
                return tuple(changed(each, index=index) for each in value)
            if isinstance(value, notation.Place):
                terms = sorted((names.get(name, name), count) for name, count in value.terms)
                return notation.Place(tuple(terms), value.offset)
            if isinstance(value, str):
                return names.get(value, value) if index else value
            return self.of(value, names, scope) if isinstance(value, Expression) else value

        own = set(_index_fields(node))
        values = [changed(getattr(node, each.name), index=each.name in own) for each in fields(node)]
        return self.build.make(type(node), *values)


_INDEX_FIELDS = frozenset(("index", "indices", "value", "by", "position"))


def _index_fields(node: Expression) -> Iterator[str]:
    """The fields with names of indices in them."""
    yield from (each.name for each in fields(node) if each.name in _INDEX_FIELDS)


def index_names(node: Expression) -> frozenset[str]:
    """The names of indices that a node itself has."""
    found: set[str] = set()
    values: list[Any] = [getattr(node, name) for name in _index_fields(node)]
    while values:
        value = values.pop()
        if type(value) is tuple:
            values += value
        elif isinstance(value, notation.Place):
            found.update(name for name, _ in value.terms)
        elif isinstance(value, str):
            found.add(value)
    return frozenset(found)
