"""The picture as SVG: one file that needs nothing else, dark on white, readable in grey."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from matcalc.output.picture.below import said
from matcalc.output.picture.dataflow import LEAVES, Dataflow, Edge, Vertex, described
from matcalc.output.picture.layout import Box, Link, Placement, Point, Size, placed
from matcalc.output.picture.lettering import BLUE, GREY, HEADING, INK, LABEL, NAME, SHAPE, Text, xml
from matcalc.output.picture.metrics import lines, width
from matcalc.output.picture.panel import panel, widest

FAMILY = "'STIX Two Text', Cambria, 'Times New Roman', 'DejaVu Serif', 'DejaVu Sans', serif"

MARGIN = 24.0
PADDING = 10.0
SPACE, GAP = 5.0, 18.0
WIDEST_VERTEX, WIDEST_LABEL, WIDEST_HEADING, NARROWEST_PAGE = 300.0, 230.0, 640.0, 320.0
MOST_LINES, MOST_PATHS = 3, 12
CORNER = 9.0
"""The radius of the bends of an edge."""

_FILLS = {"variable": "#dfe9f8", "value": "#fdeed3", "constant": "#f4f4f4", "intermediate": "#ffffff", "block": "#ffffff"}


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG document and the size of its page."""

    svg: str
    size: Size


def drawing(flow: Dataflow) -> Drawing:
    """The picture of a dataflow, whatever its size."""
    position = {vertex.key: index for index, vertex in enumerate(flow.vertices)}
    writings = [_vertex_texts(vertex) for vertex in flow.vertices]
    labels = [
        Text(lines(edge.label, LABEL, WIDEST_LABEL, MOST_LINES), LABEL, BLUE if edge.active else INK) for edge in flow.edges
    ]
    rooms = [_with_room(label.extent, 5, 1) if label.lines else None for label in labels]
    links = [
        Link(position[edge.source], position[edge.target], room, 4 if edge.active else 1)
        for edge, room in zip(flow.edges, rooms, strict=True)
    ]
    layout = placed([_vertex_size(vertex, texts) for vertex, texts in zip(flow.vertices, writings, strict=True)], links)
    return _Page(flow, writings, labels, layout).drawing()


@dataclass(frozen=True, slots=True)
class _Page:
    """A picture that has been laid out."""

    flow: Dataflow
    writings: list[list[Text]]
    labels: list[Text]
    layout: Placement

    def drawing(self) -> Drawing:
        """The title, the graph under it, and the totals under that."""
        heading = max(width(self.flow.title, HEADING), widest(self.flow)) + 1
        inner = max(self.layout.size.width, NARROWEST_PAGE, min(heading, WIDEST_HEADING))
        title = Text(lines(self.flow.title, HEADING, inner, MOST_LINES), HEADING)
        under = panel(self.flow, inner)
        inner = max(inner, under.extent.width)
        top = MARGIN + title.extent.height + (GAP if title.lines else 0)
        below = top + self.layout.size.height + (GAP if under.rows else 0)
        page = Size(inner + 2 * MARGIN, below + under.extent.height + MARGIN)
        left = MARGIN + (inner - self.layout.size.width) / 2
        document = [
            *self._opening(page),
            *title.drawn(page.width / 2, MARGIN),
            f'<g transform="translate({left:.1f} {top:.1f})">',
            *self._graph(),
            "</g>",
            *under.drawn(page.width / 2, below),
            "</svg>",
        ]
        return Drawing("\n".join(document) + "\n", page)

    def _opening(self, page: Size) -> Iterator[str]:
        """The page, what it is in words, and the heads of arrows, under names of their own: a notebook has many pictures."""
        width, height = f"{page.width:.1f}", f"{page.height:.1f}"
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            f'role="img" aria-labelledby="{self._name}-title {self._name}-desc" font-family="{FAMILY}" xml:space="preserve">'
        )
        yield f'<title id="{self._name}-title">{xml(self.flow.title or "dataflow graph")}</title>'
        yield f'<desc id="{self._name}-desc">{xml(_in_words(self.flow))}</desc>'
        yield "<defs>"
        for kind, size, colour in (("active", 11, BLUE), ("passive", 9, GREY)):
            yield (
                f'<marker id="{self._name}-{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="{size}" '
                f'markerHeight="{size}" markerUnits="userSpaceOnUse" orient="auto">'
                f'<path d="M0 1 L10 5 L0 9 z" fill="{colour}"/></marker>'
            )
        yield "</defs>"
        yield f'<rect width="{width}" height="{height}" fill="#ffffff"/>'

    @property
    def _name(self) -> str:
        return f"dataflow-{crc32(repr(self.flow).encode('utf-8', 'replace')):08x}"

    def _graph(self) -> Iterator[str]:
        """The edges, and over them the vertices and the texts; what is active over what is not."""
        routes = list(zip(self.flow.edges, self.layout.routes, strict=True))
        for edge, parts in sorted(routes, key=lambda item: item[0].active):
            yield from _arrow(edge, parts, self._name)
        for edge, text, box in zip(self.flow.edges, self.labels, self.layout.labels, strict=True):
            if box is not None:
                yield from _label(edge, text, box)
        for vertex, texts, box in zip(self.flow.vertices, self.writings, self.layout.boxes, strict=True):
            yield from _node(vertex, texts, box)


def _vertex_texts(vertex: Vertex) -> list[Text]:
    colour = INK if vertex.active or vertex.kind != "constant" else "#4a4a4a"
    if vertex.kind == "block":
        texts = [Text([vertex.name], NAME), Text(lines(vertex.definition, LABEL, WIDEST_VERTEX, MOST_LINES), LABEL)]
    else:
        texts = [Text(lines(described(vertex), NAME, WIDEST_VERTEX, MOST_LINES), NAME, colour)]
    if vertex.kind in LEAVES:
        # Two texts, since a renderer may take one font for all of a text, and fonts with ℝ often have no slanted letters.
        return [Text([vertex.name], NAME, colour), *([Text([f"∈ {vertex.shape}"], NAME - 1, GREY)] if vertex.shape else [])]
    return [*texts, Text([vertex.shape], SHAPE, GREY)] if vertex.shape else texts


def _vertex_size(vertex: Vertex, texts: list[Text]) -> Size:
    extents = [text.extent for text in texts]
    if vertex.kind not in LEAVES:
        size = Size(max(extent.width for extent in extents), sum(extent.height for extent in extents))
    else:
        size = Size(sum(extent.width for extent in extents) + SPACE * (len(extents) - 1), extents[0].height)
    size = _with_room(size, PADDING, 5)
    return Size(max(size.width, 44.0), size.height)


def _with_room(size: Size, beside: float, above: float) -> Size:
    return Size(size.width + 2 * beside, size.height + 2 * above)


def _arrow(edge: Edge, parts: list[list[Point]], page: str) -> Iterator[str]:
    """The parts of an edge, the last with a head; before the text of an edge there is none."""
    kind, colour, thickness = ("active", BLUE, 2.2) if edge.active else ("passive", GREY, 1.1)
    for position, points in enumerate(parts):
        head = f' marker-end="url(#{page}-{kind})"' if position == len(parts) - 1 else ""
        yield f'<path class="{kind}" d="{_rounded(points)}" fill="none" stroke="{colour}" stroke-width="{thickness}"{head}/>'


def _rounded(points: list[Point]) -> str:
    """A line through the points with rounded corners."""
    path = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        (x1, y1), (x2, y2) = _toward(at, before), _toward(at, after)
        path.append(f"L{x1:.1f} {y1:.1f} Q{at[0]:.1f} {at[1]:.1f} {x2:.1f} {y2:.1f}")
    return " ".join([*path, f"L{points[-1][0]:.1f} {points[-1][1]:.1f}"])


def _toward(corner: Point, other: Point) -> Point:
    """A point on the way from the corner to another, a radius away or half way."""
    (x, y), (to_x, to_y) = corner, other
    distance = ((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5
    part = min(CORNER / distance, 0.5) if distance else 0.0
    return x + part * (to_x - x), y + part * (to_y - y)


def _label(edge: Edge, text: Text, box: Box) -> Iterator[str]:
    yield f'<g class="label"><title>{xml(edge.label)}</title>'
    yield f'<rect x="{box.left:.1f}" y="{box.top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" fill="#ffffff"/>'
    x, y = box.middle
    yield from text.drawn(x, y - text.extent.height / 2)
    yield "</g>"


def _node(vertex: Vertex, texts: list[Text], box: Box) -> Iterator[str]:
    yield f'<g class="vertex {vertex.kind}"><title>{xml(_sentence(vertex))}</title>'
    yield from _frame(vertex, box)
    yield from _beside(texts, box) if vertex.kind in LEAVES else _stacked(texts, box)
    yield "</g>"


def _stacked(texts: list[Text], box: Box) -> Iterator[str]:
    x, y = box.middle
    top = y - sum(text.extent.height for text in texts) / 2
    for text in texts:
        yield from text.drawn(x, top)
        top += text.extent.height


def _beside(texts: list[Text], box: Box) -> Iterator[str]:
    x, y = box.middle
    top = y - texts[0].extent.height / 2
    if len(texts) == 1:
        yield from texts[0].drawn(x, top)
    else:
        split = x + (texts[0].extent.width - texts[1].extent.width) / 2
        yield from texts[0].drawn(split - SPACE / 2, top, "end")
        yield from texts[1].drawn(split + SPACE / 2, top, "start")


def _frame(vertex: Vertex, box: Box) -> Iterator[str]:
    """Round for variables, dashed for constants, thick for the value, two lines for a block."""
    radius = {"variable": box.height / 2, "constant": 3.0}.get(vertex.kind, 6.0)
    thickness = 2.2 if vertex.kind == "value" else 1.5 if vertex.active else 1.0
    dashes = ' stroke-dasharray="4 3"' if vertex.kind == "constant" else ""
    stroke = BLUE if vertex.active else GREY

    def rectangle(inset: float) -> str:
        return (
            f'<rect x="{box.left + inset:.1f}" y="{box.top + inset:.1f}" width="{box.width - 2 * inset:.1f}" '
            f'height="{box.height - 2 * inset:.1f}" rx="{max(radius - inset, 0):.1f}" fill="{_FILLS[vertex.kind]}" '
            f'stroke="{stroke}" stroke-width="{thickness}"{dashes}/>'
        )

    yield rectangle(0)
    if vertex.kind == "block":
        yield rectangle(3.5)


def _sentence(vertex: Vertex) -> str:
    return f"{described(vertex)} ∈ {vertex.shape}" if vertex.shape and vertex.kind != "block" else described(vertex)


def _in_words(flow: Dataflow) -> str:
    """The picture for those who cannot see it."""
    names = {vertex.key: vertex.name for vertex in flow.vertices}
    told = [f"Dataflow graph of {flow.title}." if flow.title else "Dataflow graph."]
    told += [f"{_sentence(vertex)}." for vertex in flow.vertices]
    told += [f"{names[edge.source]} to {names[edge.target]}: {edge.label}." for edge in flow.edges if edge.label]
    told += [f"Path: {' to '.join(names[key] for key in path)}." for path in flow.paths[:MOST_PATHS]]
    return " ".join([*told, *said(flow)])
