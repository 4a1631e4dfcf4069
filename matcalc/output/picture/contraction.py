"""Several vertices of a dataflow drawn as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from matcalc.output.picture.dataflow import LEAVES, Dataflow, Edge, Vertex


@dataclass(frozen=True, slots=True)
class Group:
    """Vertices by their keys, and what stands for them."""

    vertex: Vertex
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """A dataflow to be asked: its steps, that is all but the leaves, in order, and who uses whom."""

    vertices: dict[str, Vertex]
    steps: list[str]
    rank: dict[str, int]
    operands: dict[str, list[Edge]]
    users: dict[str, list[str]]

    @classmethod
    def of(cls, flow: Dataflow) -> Graph:
        """What is to be known about this dataflow."""
        operands: dict[str, list[Edge]] = {vertex.key: [] for vertex in flow.vertices}
        users: dict[str, dict[str, None]] = {vertex.key: {} for vertex in flow.vertices}
        for edge in flow.edges:
            operands[edge.target].append(edge)
            users[edge.source][edge.target] = None
        steps = [vertex.key for vertex in flow.vertices if vertex.kind not in LEAVES]
        return cls(
            {vertex.key: vertex for vertex in flow.vertices},
            steps,
            {key: position for position, key in enumerate(steps)},
            operands,
            {key: list(targets) for key, targets in users.items()},
        )

    def is_leaf(self, key: str) -> bool:
        """Whether it is a variable or a constant."""
        return key not in self.rank

    def own_leaves(self, members: Iterable[str]) -> Iterator[str]:
        """The constants that only these steps use; a variable stays to be seen."""
        inside = dict.fromkeys(members)
        leaves = dict.fromkeys(edge.source for key in inside for edge in self.operands[key] if self.is_leaf(edge.source))
        for leaf in leaves:
            if self.vertices[leaf].kind == "constant" and all(user in inside for user in self.users[leaf]):
                yield leaf


def contracted(flow: Dataflow, groups: Sequence[Group]) -> Dataflow:
    """The dataflow in which one vertex stands for each group; edges within a group are gone, and parallel ones are one."""
    stands = {member: group.vertex.key for group in groups for member in group.members}
    blocks = {group.vertex.key: group.vertex for group in groups}
    place: dict[str, int] = {}
    for position, vertex in enumerate(flow.vertices):
        key = stands.get(vertex.key, vertex.key)
        if key in blocks and blocks[key].kind in LEAVES:
            place.setdefault(key, position)  # Before all that use it.
        elif key not in blocks or vertex.kind not in LEAVES:
            place[key] = position  # After all that it uses.
    own = {vertex.key: vertex for vertex in flow.vertices if vertex.key not in stands} | blocks
    paths = (tuple(key for key, _ in groupby(stands.get(key, key) for key in path)) for path in flow.paths)
    return replace(
        flow,
        vertices=tuple(own[key] for key in sorted(place, key=place.__getitem__)),
        edges=tuple(_merged_edges(flow.edges, stands)),
        paths=tuple(dict.fromkeys(paths)),
    )


def _merged_edges(edges: Iterable[Edge], stands: dict[str, str]) -> Iterator[Edge]:
    parallel: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        ends = stands.get(edge.source, edge.source), stands.get(edge.target, edge.target)
        if ends[0] != ends[1]:
            parallel.setdefault(ends, []).append(edge)
    for (source, target), bundle in parallel.items():
        labels = list(dict.fromkeys(edge.label for edge in bundle if edge.label))
        formulas = list(dict.fromkeys(edge.latex for edge in bundle if edge.latex))
        label = "\n".join(labels if len(labels) <= 2 else [labels[0], "…", labels[-1]])
        latex = ", \\; ".join(formulas if len(formulas) <= 2 else [formulas[0], "\\ldots", formulas[-1]])
        yield Edge(source, target, label, any(edge.active for edge in bundle), latex)
