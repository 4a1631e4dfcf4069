"""Where everything goes: a layered layout from bottom to top, by graphlay.

The text of an edge is a vertex of its own in the layout, of its text's size, in the middle of its edge. So what keeps vertices
apart keeps texts apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import pairwise
from typing import Any

from matcalc.errors import NotSupportedError

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; y grows downwards."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right border."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower border."""
        return self.top + self.height

    @property
    def middle(self) -> Point:
        """Its centre."""
        return self.left + self.width / 2, self.top + self.height / 2


@dataclass(frozen=True, slots=True)
class Link:
    """An edge between two vertices by their positions, and the size of its text, if it has one."""

    source: int
    target: int
    label: Size | None
    weight: float


@dataclass(frozen=True, slots=True)
class Placement:
    """A box for each vertex, for each link a route in one or two parts and the box of its text, and the size of it all."""

    boxes: list[Box]
    routes: list[list[list[Point]]]
    labels: list[Box | None]
    size: Size


_PORT = 20.0
"""From one line to the next on a side of a vertex."""

_ROUND = 8.0
"""From a corner of a vertex to the first line."""

_STRAIGHT = 8.0
"""How far a line goes straight out of a vertex, so that heads of arrows have room; it counts as a part of the vertex."""

_CLEARANCE, _TRIALS = 3.0, 5

_OPTIONS: dict[str, Any] = {
    "direction": "topbottom",
    "spacing": {"layer_gap": 22.0, "node_gap": 26.0, "dummy_gap": 22.0, "port_gap": _PORT},
    "routing": {"style": "orthogonal", "port_sides": "facing_only"},
    "coords": {"terminal_centering": True},
}


def placed(sizes: Sequence[Size], links: Sequence[Link]) -> Placement:
    """The layout of vertices of these sizes, or wider where many links meet; links go upwards."""
    graphlay = _graphlay()
    graph = graphlay.Graph()
    meeting = Counter(link.source for link in links) | Counter(link.target for link in links)
    for position, size in enumerate(sizes):
        graph.node(width=max(size.width, _PORT * (meeting[position] + 1)), height=size.height + 2 * _STRAIGHT)
    parts: list[tuple[int, ...]] = []
    for link in links:
        stops = [link.source, link.target]
        if link.label is not None:
            # Lines come to the middle of an ellipse, but to a box anywhere on its side.
            stops.insert(1, graph.node(width=link.label.width, height=link.label.height, shape="ellipse"))
        parts.append(tuple(graph.edge(*ends, weight=link.weight) for ends in pairwise(stops)))
    return _turned(_layout(graphlay, graph), len(sizes), links, parts)


def _layout(graphlay: Any, graph: Any) -> dict[str, Any]:
    """The first layout in which no line comes near a vertex that it passes by, which the first one nearly always is."""
    best, room = {}, -1.0
    for seed in range(_TRIALS):
        layout = graphlay.layout(graph, options={**_OPTIONS, "seed": seed})
        clearance = layout.metrics().get("min_edge_node_clearance")
        clearance = _CLEARANCE if clearance is None else clearance
        if clearance > room:
            best, room = layout.raw, clearance
        if room >= _CLEARANCE:
            break
    return best


def _turned(raw: dict[str, Any], count: int, links: Sequence[Link], parts: list[tuple[int, ...]]) -> Placement:
    """The layout upside down, since graphlay goes from top to bottom, with its upper left corner at (0, 0)."""
    low, high = raw["bounds"]["min"], raw["bounds"]["max"]

    def point(at: dict[str, float]) -> Point:
        return at["x"] - low["x"], high["y"] - at["y"]

    def box(node: dict[str, Any]) -> Box:
        (x, y), size = point(node["center"]), node["size"]
        return Box(x - size["width"] / 2, y - size["height"] / 2, size["width"], size["height"])

    nodes = [box(node) for node in raw["nodes"]]
    boxes = [replace(outer, top=outer.top + _STRAIGHT, height=outer.height - 2 * _STRAIGHT) for outer in nodes[:count]]
    labels = iter(nodes[count:])
    routes = []
    for link, edges in zip(links, parts, strict=True):
        route = [[point(at) for at in raw["edges"][edge]["points"]] for edge in edges]
        source, target = boxes[link.source], boxes[link.target]
        route[0] = _from_side(route[0], source, source.top)
        route[-1] = _from_side(route[-1][::-1], target, target.bottom)[::-1]
        routes.append(route)
    return Placement(
        boxes,
        routes,
        [None if link.label is None else next(labels) for link in links],
        Size(high["x"] - low["x"], high["y"] - low["y"]),
    )


def _from_side(points: list[Point], box: Box, side: float) -> list[Point]:
    """The line, which may begin at a corner of the box, from this side of it, with a small bend if need be."""
    (first, _), *rest = points
    x = min(max(first, box.left + _ROUND), box.right - _ROUND)
    if abs(x - first) < 1:
        return [(x, side), *rest]
    bend = side + (_ROUND if rest[0][1] > side else -_ROUND)
    return [(x, side), (x, bend), (first, bend), *rest]


def _graphlay() -> Any:
    """The library, which is imported only for pictures."""
    try:
        return import_module("graphlay")
    except ImportError:
        raise missing("pictures without graphlay") from None


def missing(what: str) -> NotSupportedError:
    """What to say where a library is not there."""
    return NotSupportedError(what, help="pip install 'matcalc[picture]'; DOT and Mermaid need nothing")
