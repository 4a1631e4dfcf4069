"""Layers: runs of steps in a dataflow that do the same again and again, with other names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from matcalc.output.picture.contraction import Graph, Group
from matcalc.output.picture.dataflow import Kind, Vertex

Kinds = tuple[Kind, ...]

LONGEST_LAYER = 16
"""Steps in a layer."""

FEWEST = 3
"""Layers that are worth a block."""

_SUBSCRIPTS = str.maketrans("0123456789k+-", "₀₁₂₃₄₅₆₇₈₉ₖ₊₋")
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SUPERSCRIPTS = "²³¹⁰ⁱ⁴-⁹ⁿʰ-ʸˠ-ˤᴬ-ᵡᵸᶛ-ᶿ"
_NAME = re.compile(rf"[^\W\d₀-₉{_SUPERSCRIPTS}][^\W{_SUPERSCRIPTS}]*")
_NUMBERED = re.compile(r"(.*?[^\d₀-₉])([0-9]+|[₀-₉]+)")


def layers(graph: Graph, own: Kinds = ("constant",)) -> list[Group]:
    """Blocks for the layers of a dataflow: the longest runs first, and none in another.

    Two steps do the same if their definitions are equal but for the names of their operands, and their operands are equal: the
    same vertex, a leaf that only one layer uses and that is of a kind of which each layer may have its own, or a step the same
    number of steps before.
    """
    taken = [False] * len(graph.steps)
    groups = []
    table = _Table.of(graph, own)
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
    """Of each step the definition without names, and of each leaf of its own the first and the last step that uses it."""

    graph: Graph
    templates: list[str]
    uses: dict[str, tuple[int, int]]

    @classmethod
    def of(cls, graph: Graph, own: Kinds) -> _Table:
        templates = []
        for key in graph.steps:
            places = {name: f"\0{_numbered(name)[0]}\0" for name in _hidden(graph, key)}
            places |= {graph.vertices[edge.source].name: f"\0{place}\0" for place, edge in enumerate(graph.operands[key])}
            templates.append(renamed(graph.vertices[key].definition, places))
        uses = {}
        for key, users in graph.users.items():
            if users and graph.vertices[key].kind in own:
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
    return len(numbers) == 1, any(graph.own_leaves(first[:1])) or bool(_hidden(graph, first[0])), run.count, -run.start


def renamed(text: str, names: dict[str, str]) -> str:
    """The text with whole names replaced.

    >>> renamed("u₁ + u₁₂ x²", {"u₁": "v", "x": "y"})
    'v + u₁₂ y²'
    """
    return _NAME.sub(lambda match: names.get(match[0], match[0]), text)


def _hidden(graph: Graph, key: str) -> list[str]:
    """The names with numbers in a definition that are not drawn as operands: constants may be left out of a dataflow."""
    drawn = {graph.vertices[edge.source].name for edge in graph.operands[key]}
    names = (match[0] for match in _NAME.finditer(graph.vertices[key].definition) if match.string[match.end() :][:1] != "(")
    return [name for name in dict.fromkeys(names) if name not in drawn and _numbered(name)[1] >= 0]


def _numbered(name: str) -> tuple[str, int]:
    match = _NUMBERED.fullmatch(name)
    return (match[1], int(match[2].translate(_DIGITS))) if match else (name, -1)


@dataclass(frozen=True, slots=True)
class _Progression:
    """Names that grow from layer to layer: `u₁, u₃, u₅`."""

    stem: str
    number: int
    growth: int

    @classmethod
    def of(cls, names: list[str]) -> _Progression | None:
        """None if they grow otherwise or have no numbers."""
        numbered = [_numbered(name) for name in names]
        (stem, number), (_, second) = numbered[:2]
        growth = second - number
        fits = number >= 0 and all(name == (stem, number + layer * growth) for layer, name in enumerate(numbered))
        return cls(stem, number, growth) if fits else None

    def name(self, first: int, later: int) -> str:
        """The name in a layer so much later than layer k, where the first layer has this number.

        >>> _Progression("u", 3, 2).name(2, 0), _Progression("a", 2, 1).name(2, -1)
        ('u₂ₖ₋₁', 'aₖ₋₁')
        """
        constant = self.number + self.growth * (later - first)
        term = {0: "", 1: "k"}.get(self.growth, f"{self.growth}k")
        index = f"{term}{constant:+}" if constant and term else term or str(constant)
        return self.stem + index.translate(_SUBSCRIPTS)


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of the steps of a layer, and of the constants in the second one; None for those without a general name."""

    steps: list[_Progression | None]
    constants: dict[str, _Progression | None]
    hidden: list[dict[str, _Progression | None]]

    @classmethod
    def of(cls, graph: Graph, run: _Run) -> _Names:
        steps, constants, hidden = [], {}, []
        for place in range(run.length):
            column = graph.steps[run.start + place : run.end : run.length]
            steps.append(_Progression.of([graph.vertices[key].name for key in column]))
            names = zip(*(_hidden(graph, key) for key in column), strict=False)
            hidden.append({row[1]: _Progression.of(list(row)) for row in names})
            for edges in zip(*(graph.operands[key] for key in column), strict=True):
                keys = [edge.source for edge in edges]
                if graph.is_leaf(keys[0]) and len(set(keys)) > 1:
                    constants[keys[1]] = _Progression.of([graph.vertices[key].name for key in keys])
        return cls(steps, constants, hidden)

    @property
    def all(self) -> list[_Progression | None]:
        """Those of the steps, then the others."""
        return [*self.steps, *self.constants.values(), *(names for hidden in self.hidden for names in hidden.values())]

    @property
    def is_general(self) -> bool:
        """Whether there is a general name for each."""
        return None not in self.all

    @property
    def first(self) -> int | None:
        """The number of the first layer: that of the first name that grows by one."""
        growing = (names.number for names in self.all if names and names.growth == 1)
        return next(growing, None)


def _block(graph: Graph, run: _Run) -> Group:
    """What stands for the run: `layers 2–9: zₖ = Wₖ aₖ₋₁ + bₖ, aₖ = tanh(zₖ)`."""
    steps = graph.steps[run.start : run.end]
    leaves = list(graph.own_leaves(steps))
    names = _Names.of(graph, run)
    word = "layers" if leaves or run.length > 1 else "steps"
    name, definitions = f"{run.count} {word}", list(_definitions(graph, run, names))
    if not names.is_general:
        definitions.append("…")
    elif names.first is None:
        definitions.append(f"k = 1, …, {run.count}")
    else:
        name = f"{word} {names.first}–{names.first + run.count - 1}"
    shapes = {graph.vertices[key].shape for key in steps[run.length - 1 :: run.length]}
    is_active = any(graph.vertices[key].active for key in steps)
    shape = shapes.pop() if len(shapes) == 1 else ""
    return Group(Vertex(f"{steps[0]}…{steps[-1]}", name, shape, ", ".join(definitions), "block", is_active), (*steps, *leaves))


def _definitions(graph: Graph, run: _Run, names: _Names) -> Iterator[str]:
    """The steps of layer k; of the second layer, as an example, if there are no general names."""
    first = 1 if names.first is None else names.first

    def general(progression: _Progression | None, later: int, name: str) -> str:
        return progression.name(first, later) if progression and progression.growth and names.is_general else name

    for place in range(run.length):
        key = graph.steps[run.start + run.length + place]
        inside = {name: general(progression, 0, name) for name, progression in names.hidden[place].items()}
        for edge in graph.operands[key]:
            operand = graph.vertices[edge.source].name
            before = run.start + run.length + place - graph.rank.get(edge.source, -1)
            if graph.is_leaf(edge.source):
                inside[operand] = general(names.constants.get(edge.source), 0, operand)
            elif before <= 2 * run.length:  # The same number of steps before in each layer, as in the signature.
                later, at = divmod(place - before, run.length)
                inside[operand] = general(names.steps[at], later, operand)
        vertex = graph.vertices[key]
        yield f"{general(names.steps[place], 0, vertex.name)} = {renamed(vertex.definition, inside)}"
