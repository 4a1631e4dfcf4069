"""The picture as text for other programs: DOT for Graphviz, and Mermaid."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from matcalc.errors import printable
from matcalc.output.picture.below import WIDEST, written
from matcalc.output.picture.dataflow import Dataflow, Kind, Vertex, described
from matcalc.output.picture.metrics import lines

_DOT_STYLES: dict[Kind, str] = {
    "variable": 'shape=box, style="rounded,filled", fillcolor="#dfe9f8"',
    "constant": 'shape=box, style="dashed,filled", fillcolor="#f4f4f4"',
    "intermediate": "shape=box",
    "value": 'shape=box, style="bold,filled", fillcolor="#fdeed3"',
    "block": "shape=box, peripheries=2",
}  # fmt: skip
_MERMAID_FRAMES: dict[Kind, tuple[str, str]] = {
    "variable": ("([", "])"), "constant": ("[", "]"), "intermediate": ("(", ")"), "value": ("[[", "]]"), "block": ("[[", "]]"),
}  # fmt: skip
_MERMAID_CLASSES = (
    "classDef variable fill:#dfe9f8,stroke:#1f4e9e,color:#1a1a1a",
    "classDef constant fill:#f4f4f4,stroke:#6b6b6b,stroke-dasharray:4 3,color:#1a1a1a",
    "classDef intermediate fill:#ffffff,stroke:#1f4e9e,color:#1a1a1a",
    "classDef value fill:#fdeed3,stroke:#1f4e9e,stroke-width:2px,color:#1a1a1a",
    "classDef block fill:#ffffff,stroke:#1f4e9e,color:#1a1a1a",
    "classDef total fill:none,stroke:none,color:#1f4e9e",
)


def dot(flow: Dataflow) -> str:
    """The graph in the language of Graphviz: from bottom to top, active edges bold."""
    return "\n".join(_dot_lines(flow)) + "\n"


def _dot_lines(flow: Dataflow) -> Iterator[str]:
    names = {vertex.key: f"v{position}" for position, vertex in enumerate(flow.vertices)}
    yield "digraph dataflow {"
    yield "  rankdir=BT;"
    yield f"  label={_dot_heading(flow)}; labelloc=t;"
    yield '  node [fontname="serif"]; edge [fontname="serif"];'
    for vertex in flow.vertices:
        yield f"  {names[vertex.key]} [label={_dot_string(_text(vertex))}, {_DOT_STYLES[vertex.kind]}];"
    for edge in flow.edges:
        style = 'color="#1f4e9e", penwidth=2' if edge.active else 'color="#6b6b6b"'
        label = f"label={_dot_string(edge.label)}, " if edge.label else ""
        yield f"  {names[edge.source]} -> {names[edge.target]} [{label}{style}];"
    yield "}"


def _dot_heading(flow: Dataflow) -> str:
    """The title, in the middle, and what belongs below, line by line from the left."""
    title = [_escaped(line) + r"\n" for line in lines(flow.title, 1, WIDEST, len(flow.title) + 1)]
    return '"' + "".join([*title, *(_escaped(line) + r"\l" for line in written(flow))]) + '"'


def _dot_string(text: str) -> str:
    r"""A string in quotes; in labels `\` begins an escape and `&` a character by its name.

    >>> print(_dot_string('1["a" \\ b]'))
    "1[\"a\" \\ b]"
    """
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return _printable(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;").replace("\n", "\\n")


def mermaid(flow: Dataflow) -> str:
    """The graph as a flowchart of Mermaid: from bottom to top, active edges thick, those from constants dotted."""
    return "\n".join(_mermaid_lines(flow)) + "\n"


def _mermaid_lines(flow: Dataflow) -> Iterator[str]:
    names = {vertex.key: f"v{position}" for position, vertex in enumerate(flow.vertices)}
    if flow.title:
        yield "---"
        yield f"title: {json.dumps(_printable(flow.title), ensure_ascii=False)}"
        yield "---"
    yield "flowchart BT"
    for vertex in flow.vertices:
        before, after = _MERMAID_FRAMES[vertex.kind]
        yield f"  {names[vertex.key]}{before}{_mermaid_string(_text(vertex))}{after}:::{vertex.kind}"
    for edge in flow.edges:
        arrow = "==>" if edge.active else "-.->"
        label = f"|{_mermaid_string(edge.label)}|" if edge.label else ""
        yield f"  {names[edge.source]} {arrow}{label} {names[edge.target]}"
    if below := written(flow):
        yield f"  total[{_mermaid_string(chr(10).join(line.strip() for line in below))}]:::total"
    yield from (f"  {line}" for line in _MERMAID_CLASSES)


_MERMAID_CODES = {ord(character): f"#{ord(character)};" for character in '"#&<>|`*_$%\\~'} | {ord("-"): "−", ord("\n"): "<br>"}
"""What means something in a label; a hyphen would begin a list, and `1.` and `+` do."""


def _mermaid_string(text: str) -> str:
    """A string in quotes, with characters that mean something by their numbers.

    >>> print(_mermaid_string('1["x" > 0]'))
    "1[#34;x#34; #62; 0]"
    """
    coded = _printable(text).translate(_MERMAID_CODES)
    return '"' + re.sub(r"(^|<br>)(\d*)([.+])", lambda match: f"{match[1]}{match[2]}#{ord(match[3])};", coded) + '"'


def _text(vertex: Vertex) -> str:
    """What a vertex is, and under it its shape."""
    return _both(described(vertex), vertex.shape)


def _both(above: str, below: str) -> str:
    return "\n".join(filter(None, (above, below)))


def _printable(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))
