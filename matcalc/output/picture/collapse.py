"""Large dataflows, made small enough for a picture that can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from matcalc.output.picture.contraction import Graph, Group, contracted
from matcalc.output.picture.dataflow import LEAVES, Dataflow, Vertex
from matcalc.output.picture.repetition import layers

MOST = 30
"""Vertices of a picture that is drawn as it is."""

_SHORTEST_CHAIN = 3
"""Steps that are worth an ellipsis."""


def collapsed(flow: Dataflow, most: int = MOST) -> Dataflow:
    """A dataflow with at most about this many vertices: the same one if it has no more. Else, until it is small enough,

    1. layers, three or more runs of steps that do the same with other names, become a block that says what layer k does;
    2. the vertices of a variable that is split become one, and layers are looked for again;
    3. layers may have variables of their own, which become one vertex;
    4. the inner steps of chains, longest first, become `… (12 steps) …`: each has one operand, apart from constants of its own,
       and one user;
    5. constants with the same users become one vertex;
    6. all steps but some of the first and last become one block.

    What stands for several vertices has their edges; constants that only a block uses are in it.
    The cost is linear but for sorting.
    """
    if len(flow.vertices) <= most:
        return flow
    picture = _Picture(flow, most)
    for rule in (_layers, _split, _layers, _layers_by_variables, _chains, _leaves):
        picture.apply(rule)
    for kept in (most // 3, most // 6, most // 12, 1):
        picture.apply(partial(_middle, kept=max(kept, 1)))
        picture.apply(_leaves)
    return picture.flow


@dataclass(slots=True)
class _Picture:
    """A dataflow on its way, and how many steps each block in it stands for."""

    flow: Dataflow
    most: int
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def excess(self) -> int:
        """How many vertices there are too many."""
        return len(self.flow.vertices) - self.most

    def apply(self, rule: Callable[[_Picture, Graph], Iterable[Group]]) -> None:
        """Contract what the rule finds, if the dataflow is still too large."""
        if self.excess > 0:
            graph = Graph.of(self.flow)
            groups = list(rule(self, graph))
            for group in groups:
                self.counts[group.vertex.key] = self.count(key for key in group.members if not graph.is_leaf(key))
            self.flow = contracted(self.flow, groups)

    def count(self, steps: Iterable[str]) -> int:
        """The steps that these stand for."""
        return sum(self.counts.get(key, 1) for key in steps)

    def ellipsis(self, graph: Graph, steps: list[str]) -> Group:
        """`… (12 steps) …` for these and the constants that only they use."""
        is_active = any(graph.vertices[key].active for key in steps)
        name, shape = f"… ({self.count(steps)} steps) …", graph.vertices[steps[-1]].shape
        return Group(Vertex(f"{steps[0]}…{steps[-1]}", name, shape, "", "block", is_active), (*steps, *graph.own_leaves(steps)))


def _layers(_: _Picture, graph: Graph) -> list[Group]:
    return layers(graph)


def _layers_by_variables(_: _Picture, graph: Graph) -> Iterator[Group]:
    """Layers whose weights are differentiated by, and one vertex for those of all layers of a block."""
    for group in layers(graph, LEAVES):
        yield group
        inside = set(group.members)
        own = [v for v in graph.vertices.values() if v.kind == "variable" and inside.issuperset(graph.users[v.key])]
        yield from _groups([own])


def _chains(picture: _Picture, graph: Graph) -> Iterator[Group]:
    """The inner steps of the longest chains, until enough vertices are gone."""
    chains: dict[str, list[str]] = {}
    for key in graph.steps:
        own = set(graph.own_leaves([key]))
        operands = {edge.source for edge in graph.operands[key]} - own
        before = next(iter(operands)) if len(operands) == 1 else ""
        chain = chains.pop(before, []) if len(graph.users.get(before, [])) == 1 else []
        chain.append(key)
        chains[key] = chain
    excess = picture.excess
    for chain in sorted(chains.values(), key=len, reverse=True):
        inner = chain[1:-1]
        if excess <= 0 or len(inner) < _SHORTEST_CHAIN:
            return
        group = picture.ellipsis(graph, inner)
        excess -= len(group.members) - 1
        yield group


def _split(_: _Picture, graph: Graph) -> Iterator[Group]:
    """Variables of the same name."""
    alike: dict[tuple[str, bool], list[Vertex]] = {}
    for vertex in graph.vertices.values():
        if vertex.kind == "variable":
            alike.setdefault((vertex.name, vertex.active), []).append(vertex)
    return _groups(alike.values())


def _leaves(_: _Picture, graph: Graph) -> Iterator[Group]:
    """Constants of the same users."""
    alike: dict[tuple[str, ...], list[Vertex]] = {}
    for key, vertex in graph.vertices.items():
        if vertex.kind == "constant":
            alike.setdefault(tuple(sorted(graph.users[key])), []).append(vertex)
    return _groups(alike.values())


def _groups(alike: Iterable[list[Vertex]]) -> Iterator[Group]:
    return (Group(_together(vertices), tuple(vertex.key for vertex in vertices)) for vertices in alike if len(vertices) > 1)


def _together(vertices: list[Vertex]) -> Vertex:
    names = list(dict.fromkeys(vertex.name for vertex in vertices))
    shapes = {vertex.shape for vertex in vertices}
    name = ", ".join(names if len(names) <= 3 else [*names[:2], "…", names[-1]])
    latex = vertices[0].latex if len(names) == 1 else ""
    return replace(vertices[0], name=name, shape=shapes.pop() if len(shapes) == 1 else "", latex=latex)


def _middle(picture: _Picture, graph: Graph, kept: int) -> Iterator[Group]:
    """All steps but so many at each end."""
    inner = graph.steps[kept : len(graph.steps) - kept]
    if len(inner) >= _SHORTEST_CHAIN:
        yield picture.ellipsis(graph, inner)
