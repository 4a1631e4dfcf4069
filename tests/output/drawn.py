"""What an SVG picture shows, read back from the file."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from xml.etree import ElementTree

from matcalc.output.picture.layout import Box, Point

_SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Words:
    """A line of text: around `x`, or ending or beginning there."""

    text: str
    x: float
    baseline: float
    size: float
    anchor: str

    def box(self, width: float) -> Box:
        left = {"middle": self.x - width / 2, "end": self.x - width, "start": self.x}[self.anchor]
        return Box(left, self.baseline - 0.8 * self.size, width, self.size)

    def guess(self) -> Box:
        """Where it is if letters are half as wide as high; nothing of matcalc is asked."""
        return self.box(0.5 * self.size * sum(not unicodedata.combining(character) for character in self.text))


@dataclass(frozen=True)
class Item:
    """A vertex, or the text of an edge: its box, what it stands for, and its lines."""

    kind: str
    title: str
    box: Box
    words: tuple[Words, ...]


@dataclass(frozen=True)
class Line:
    """A part of an edge."""

    points: tuple[Point, ...]
    is_active: bool
    has_head: bool


@dataclass(frozen=True)
class Drawn:
    """The whole picture; all in the coordinates of the graph."""

    page: Box
    items: tuple[Item, ...]
    lines: tuple[Line, ...]
    around: tuple[Words, ...]

    @property
    def vertices(self) -> list[Item]:
        return [item for item in self.items if item.kind != "label"]


def read(svg: str) -> Drawn:
    root = ElementTree.fromstring(svg)
    group = root.find(f"{_SVG}g")
    assert group is not None
    moved = re.fullmatch(r"translate\((\S+) (\S+)\)", group.attrib["transform"])
    assert moved
    left, top = float(moved[1]), float(moved[2])
    page = Box(-left, -top, float(root.attrib["width"]), float(root.attrib["height"]))
    items = tuple(_item(element) for element in group.findall(f"{_SVG}g"))
    around = tuple(_words(element, left, top) for element in root.findall(f"{_SVG}text"))
    return Drawn(page, items, tuple(_line(element) for element in group.findall(f"{_SVG}path")), around)


def _item(element: ElementTree.Element) -> Item:
    frame, title = element.find(f"{_SVG}rect"), element.find(f"{_SVG}title")
    assert frame is not None
    assert title is not None
    box = Box(*(float(frame.attrib[name]) for name in ("x", "y", "width", "height")))
    words = tuple(_words(text, 0, 0) for text in element.findall(f"{_SVG}text"))
    return Item(element.attrib["class"], title.text or "", box, words)


def _words(element: ElementTree.Element, left: float, top: float) -> Words:
    x, y, size = (float(element.attrib[name]) for name in ("x", "y", "font-size"))
    return Words("".join(element.itertext()), x - left, y - top, size, element.attrib["text-anchor"])


def _line(element: ElementTree.Element) -> Line:
    """The corners of a path: those of its rounded ones are the middle points of the curves."""
    points: list[Point] = []
    for command, numbers in re.findall(r"([MLQ])([^MLQ]*)", element.attrib["d"]):
        at = [float(number) for number in numbers.split()]
        points += zip(at[::2], at[1::2], strict=True)
        assert command in "MLQ"
    return Line(tuple(points), element.attrib["class"] == "active", "marker-end" in element.attrib)


def overlap(a: Box, b: Box) -> bool:
    """Whether two boxes have more than a border in common; numbers are rounded to tenths."""
    slack = 0.11
    return a.left < b.right - slack and b.left < a.right - slack and a.top < b.bottom - slack and b.top < a.bottom - slack


def within(inner: Box, outer: Box, slack: float = 0.11) -> bool:
    return (
        inner.left >= outer.left - slack and inner.right <= outer.right + slack
        and inner.top >= outer.top - slack and inner.bottom <= outer.bottom + slack
    )  # fmt: skip


def crosses(line: Line, box: Box) -> bool:
    """Whether a line goes through the inside of a box, by the boxes around its straight pieces."""
    inside = Box(box.left + 1, box.top + 1, box.width - 2, box.height - 2)
    return any(
        min(x1, x2) < inside.right and max(x1, x2) > inside.left and min(y1, y2) < inside.bottom and max(y1, y2) > inside.top
        for (x1, y1), (x2, y2) in zip(line.points, line.points[1:], strict=False)
    )


def at_border(point: Point, box: Box) -> bool:
    """Whether a point is on the upper or the lower side of a box."""
    x, y = point
    return box.left - 0.11 <= x <= box.right + 0.11 and min(abs(y - box.top), abs(y - box.bottom)) <= 0.11
