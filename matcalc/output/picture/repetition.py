"""Layers: runs of steps in a dataflow that do the same again and again, with other names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from matcalc.output.picture.contraction import Graph, Group
from matcalc.output.picture.dataflow import Vertex

LONGEST_LAYER = 16
"""Steps in a layer."""

FEWEST = 3
"""Layers that are worth a block."""

_SUBSCRIPTS = str.maketrans("0123456789k+-", "₀₁₂₃₄₅₆₇₈₉ₖ₊₋")
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SUPERSCRIPTS = "²³¹⁰ⁱ⁴-⁹ⁿʰ-ʸˠ-ˤᴬ-ᵡᵸᶛ-ᶿ"
_NAME = re.compile(rf"[^\W\d₀-₉{_SUPERSCRIPTS}][^\W{_SUPERSCRIPTS}]*")
_NUMBERED = re.compile(r"(.*?[^\d₀-₉])([0-9]+|[₀-₉]+)")


def layers(graph: Graph) -> list[Group]:
    """Blocks for the layers of a dataflow: the longest runs first, and none in another.

    Two steps do the same if their definitions are equal but for the names of their operands, and their operands are equal: the
    same vertex, a leaf that only one layer uses, or a step the same number of steps before.
    """
    taken = [False] * len(graph.steps)
    groups = []
    table = _Table.of(graph)
    runs = [run for length in range(1, LONGEST_LAYER + 1) for run in _runs(table, length)]
    for run in sorted(runs, key=lambda run: (-run.length * run.count, run.length, run.start)):
        if not any(taken[run.start : run.end]):
            taken[run.start : run.end] = [True] * (run.end - run.start)
            groups.append(_block(graph, run))
    return groups


@dataclass(frozen=True, slots=True)
class _Run:
    """The steps from `start` on: so many layers of so many steps."""

    start: int
    length: int
    count: int

    @property
    def end(self) -> int:
        return self.start + self.length * self.count


@dataclass(frozen=True, slots=True)
class _Table:
    """Of each step the definition without names, and of each constant the first and the last step that uses it."""

    graph: Graph
    templates: list[str]
    uses: dict[str, tuple[int, int]]

    @classmethod
    def of(cls, graph: Graph) -> _Table:
        templates = []
        for key in graph.steps:
            places = {graph.vertices[edge.source].name: f"\0{place}\0" for place, edge in enumerate(graph.operands[key])}
            templates.append(renamed(graph.vertices[key].definition, places))
        uses = {}
        for key, users in graph.users.items():
            if users and graph.vertices[key].kind == "constant":
                ranks = [graph.rank[user] for user in users]
                uses[key] = min(ranks), max(ranks)
        return cls(graph, templates, uses)

    def signature(self, position: int, length: int) -> object:
        """What is equal for the same step of two layers of this length."""
        graph, key = self.graph, self.graph.steps[position]
        vertex = graph.vertices[key]
        if vertex.kind != "intermediate":
            return key
        operands: list[object] = []
        for edge in graph.operands[key]:
            first, last = self.uses.get(edge.source, (0, length))
            if last - first < length:
                operands.append(("constant", position - first, edge.active))
            elif edge.source in graph.rank and position - graph.rank[edge.source] <= 2 * length:
                operands.append(("step", position - graph.rank[edge.source], edge.active))
            else:
                operands.append(("same", edge.source, edge.active))
        return self.templates[position], vertex.active, tuple(operands)


def _runs(table: _Table, length: int) -> Iterator[_Run]:
    """The longest runs of layers of this length."""
    signatures = [table.signature(position, length) for position in range(len(table.templates))]
    start = 0
    for position in range(length, len(signatures) + 1):
        if position == len(signatures) or signatures[position] != signatures[position - length]:
            choices = [_Run(begin, length, (position - begin) // length) for begin in range(start, start + length)]
            worthy = [run for run in choices if run.count >= FEWEST]
            if worthy:
                yield max(worthy, key=lambda run: _fitness(table.graph, run))
            start = position - length + 1


def _fitness(graph: Graph, run: _Run) -> tuple[bool, bool, int, int]:
    """How well a run begins: with the names of a layer numbered alike, and with a step that has constants of its own."""
    first = graph.steps[run.start : run.start + run.length]
    numbers = {number for _, number in (_numbered(graph.vertices[key].name) for key in first)}
    return len(numbers) == 1, any(graph.own_leaves(first[:1])), run.count, -run.start


def renamed(text: str, names: dict[str, str]) -> str:
    """The text with whole names replaced.

    >>> renamed("u₁ + u₁₂ x²", {"u₁": "v", "x": "y"})
    'v + u₁₂ y²'
    """
    return _NAME.sub(lambda match: names.get(match[0], match[0]), text)


@dataclass(slots=True)
class _Names:
    """The names in a run of layers, in terms of k."""

    graph: Graph
    run: _Run
    first: int = 1
    is_numbered: bool = False
    known: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """k is the number of the first name that grows by one from layer to layer, if there is one."""
        for column in self._columns():
            stem, number, growth = self._progression(column) or ("", 0, 0)
            if stem and growth == 1:
                self.first, self.is_numbered = number, True
                break

    def _columns(self) -> Iterator[list[str]]:
        """The keys of the same step in each layer, and of the same constant."""
        run, graph = self.run, self.graph
        for place in range(run.length):
            column = [graph.steps[run.start + layer * run.length + place] for layer in range(run.count)]
            yield column
            for operands in zip(*(graph.operands[key] for key in column), strict=False):
                keys = [edge.source for edge in operands]
                if all(map(graph.is_leaf, keys)) and len(set(keys)) == len(keys):
                    yield keys

    def _progression(self, keys: list[str]) -> tuple[str, int, int] | None:
        """The stem, the first number and the growth of names like `u₁, u₃, u₅`; None where they are otherwise."""
        names = [_numbered(self.graph.vertices[key].name) for key in keys]
        (stem, number), (_, second) = names[:2]
        growth = second - number
        fits = number >= 0 and all(name == (stem, number + layer * growth) for layer, name in enumerate(names))
        return (stem, number, growth) if fits else None

    def general(self) -> dict[str, str] | None:
        """By the keys in the second layer, and the steps before it, the names in layer k; None if there is none for some."""
        known: dict[str, str] = {}
        for column in self._columns():
            progression = self._progression(column)
            if progression is None:
                return None
            stem, number, growth = progression
            for layer in (0, 1):
                # Layer k is drawn with the names of the second one; what is in the first is in layer k - 1.
                known[column[layer]] = stem + _index(growth, number - growth * (self.first + 1 - layer))
        return known


def _numbered(name: str) -> tuple[str, int]:
    match = _NUMBERED.fullmatch(name)
    return (match[1], int(match[2].translate(_DIGITS))) if match else (name, -1)


def _index(growth: int, constant: int) -> str:
    """`ₖ`, `ₖ₋₁`, `₂ₖ₊₁`."""
    term = {0: "", 1: "k"}.get(growth, f"{growth}k")
    return (f"{term}{constant:+}" if constant and term else term or str(constant)).translate(_SUBSCRIPTS)


def _block(graph: Graph, run: _Run) -> Group:
    """What stands for the run: `layers 2–9: zₖ = Wₖ aₖ₋₁ + bₖ, aₖ = tanh(zₖ)`."""
    steps = graph.steps[run.start : run.end]
    leaves = list(graph.own_leaves(steps))
    names = _Names(graph, run)
    general = names.general()
    second = steps[run.length : 2 * run.length]
    known = general or {}
    definitions = []
    for key in second:
        local = {graph.vertices[edge.source].name: edge.source for edge in graph.operands[key]}
        inside = {name: known.get(source, name) for name, source in local.items()}
        vertex = graph.vertices[key]
        definitions.append(f"{known.get(key, vertex.name)} = {renamed(vertex.definition, inside)}")
    if general is None:
        definitions.append("…")
    word = "layers" if leaves or run.length > 1 else "steps"
    last = names.first + run.count - 1
    name = f"{word} {names.first}–{last}" if names.is_numbered and general else f"{run.count} {word}"
    if general and not names.is_numbered:
        definitions.append(f"k = 1, …, {run.count}")
    shapes = {graph.vertices[key].shape for key in steps[run.length - 1 :: run.length]}
    is_active = any(graph.vertices[key].active for key in steps)
    shape = shapes.pop() if len(shapes) == 1 else ""
    vertex = Vertex(f"{steps[0]}…{steps[-1]}", name, shape, ", ".join(definitions), "block", is_active)
    return Group(vertex, (*steps, *leaves))
