"""The picture of a derivative, in every form."""

from __future__ import annotations

import os
from pathlib import Path

from matcalc.errors import NotSupportedError, UsageError, printable
from matcalc.output.picture import diagrams
from matcalc.output.picture.collapse import MOST, collapsed
from matcalc.output.picture.dataflow import Dataflow
from matcalc.output.picture.png import png
from matcalc.output.picture.svg import Drawing, drawing

_TEXTS = {".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".mermaid": "mermaid", ".svg": "svg"}


class Picture:
    """A dataflow graph to be looked at; one with more than `most` vertices is collapsed.

    SVG and PNG need `pip install 'matcalc[picture]'`; DOT and Mermaid need nothing.
    """

    def __init__(self, dataflow: Dataflow, *, most: int = MOST) -> None:
        self.dataflow = collapsed(dataflow, most)
        self._drawing: Drawing | None = None

    def dot(self) -> str:
        """The graph in the language of Graphviz."""
        return diagrams.dot(self.dataflow)

    def mermaid(self) -> str:
        """The graph as a flowchart of Mermaid."""
        return diagrams.mermaid(self.dataflow)

    def svg(self) -> str:
        """The picture as an SVG document."""
        return self._drawn().svg

    def png(self, scale: float = 2) -> bytes:
        """The picture as a PNG file, with so many pixels for each unit of the SVG."""
        drawn = self._drawn()
        return png(drawn.svg, drawn.size, scale)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file; its suffix says which form: .svg, .png, .dot or .gv, .mmd or .mermaid."""
        file = Path(path)
        suffix = file.suffix.lower()
        if suffix != ".png" and suffix not in _TEXTS:
            known = ", ".join((".svg", ".png", ".dot", ".gv", ".mmd", ".mermaid"))
            raise UsageError(f"there is no picture of the kind `{suffix or file.name}`", help=f"one of {known}")
        if not file.parent.is_dir():
            raise UsageError(f"there is no folder `{file.parent}` to save a picture in")
        content = self.png() if suffix == ".png" else getattr(self, _TEXTS[suffix])().encode()
        try:
            file.write_bytes(content)
        except (OSError, ValueError) as error:  # ValueError: a null character in the name.
            raise UsageError(f"`{file}` cannot be written: {getattr(error, 'strerror', None) or error}") from None

    def _drawn(self) -> Drawing:
        if self._drawing is None:
            self._drawing = drawing(self.dataflow)
        return self._drawing

    def _repr_svg_(self) -> str | None:
        """For notebooks, which show the text where the libraries for SVG are missing."""
        try:
            return self.svg()
        except NotSupportedError:
            return None

    def __str__(self) -> str:
        flow = self.dataflow
        counts = f"{len(flow.vertices)} vertices, {len(flow.edges)} edges"
        return printable(f"dataflow graph of {flow.title}: {counts}" if flow.title else f"dataflow graph: {counts}")

    def __repr__(self) -> str:
        return f"<{self}>"
