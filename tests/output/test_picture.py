"""The dataflow picture: nothing overlaps, nothing is lost, and large graphs become small."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcalc.errors import LimitError, MatcalcError, NotSupportedError, UsageError
from matcalc.output.picture import Dataflow, Edge, Picture, Vertex
from matcalc.output.picture.dataflow import Formula, Kind, described
from matcalc.output.picture.metrics import lines, runs, width
from tests.output.dataflows import FLOWS, dataflow, step, two_paths, value, variable, wide
from tests.output.drawn import Drawn, Item, at_border, crosses, overlap, read, within

pytest.importorskip("graphlay")
pytest.importorskip("resvg_py")

NASTY = (
    'a"b"c', "1[z₁ ≤ 0] | x", "<script>alert(1)</script> & &amp; \\n \\N", "- item", "1. list", "+ 2.5", "`md`",
    "**b** _i_ $$x$$", "end", "#35; %% ;", "(x) {y} [z]]", "‖x‖² ⊙ y⊤ ẋ x̂", "a --> b", "~~s~~", '"', "\\", "x:::y", "漢字 σ(ξ)",
)  # fmt: skip


def nasty() -> Dataflow:
    rows, links = [variable("x", "x")], []
    for place, text in enumerate(NASTY):
        rows.append(step(f'"{place}\\', text, text if place % 2 else "", text))
        links.append(("x" if place == 0 else f'"{place - 1}\\', f'"{place}\\', text))
    return dataflow(NASTY[2], rows, links, NASTY[0])


@pytest.mark.parametrize("name", FLOWS)
def test_nothing_overlaps(name: str) -> None:
    picture = Picture(FLOWS[name]())
    check(read(picture.svg()), picture.dataflow)


def check(drawn: Drawn, flow: Dataflow) -> None:
    """Everything is there, readable, and joined as the dataflow says."""
    for a, b in combinations(drawn.items, 2):
        assert not overlap(a.box, b.box), (a.title, b.title)
    texts = [words for item in drawn.items for words in item.words]
    for one, other in combinations([words.guess() for words in (*texts, *drawn.around)], 2):
        assert not overlap(one, other)
    for item in drawn.items:
        assert within(item.box, drawn.page)
        for words in item.words:
            assert within(words.box(width(words.text, words.size) * 0.72), item.box)
    for words in drawn.around:
        assert within(words.guess(), drawn.page)
    for line in drawn.lines:
        for item in drawn.items:
            assert not crosses(line, item.box) or touches(line.points, item), item.title
    names = {vertex.key: sentence(vertex) for vertex in flow.vertices}
    wanted = Counter((names[e.source], ", ".join(e.label.split("\n")), names[e.target], e.active) for e in flow.edges)
    assert Counter(joined(drawn)) == wanted


def sentence(vertex: Vertex) -> str:
    return f"{described(vertex)} ∈ {vertex.shape}" if vertex.shape and vertex.kind != "block" else described(vertex)


def touches(points: tuple[tuple[float, float], ...], label: Item) -> bool:
    """The part of an edge ends behind its text, whose box is white."""
    return label.kind == "label" and any(within_point(point, label) for point in (points[0], points[-1]))


def within_point(point: tuple[float, float], item: Item) -> bool:
    x, y = point
    return item.box.left <= x <= item.box.right and item.box.top - 0.11 <= y <= item.box.bottom + 0.11


def joined(drawn: Drawn) -> list[tuple[str, str, str, bool]]:
    """The edges that are seen: from where, with which text, to where, and whether they stand out."""
    labels = [item for item in drawn.items if item.kind == "label"]
    first_parts = [line for line in drawn.lines if not line.has_head]
    into = {id(label): line for label in labels for line in first_parts if within_point(line.points[-1], label)}
    edges = []
    for line in (line for line in drawn.lines if line.has_head):
        (target,) = (vertex for vertex in drawn.vertices if at_border(line.points[-1], vertex.box))
        origins = [vertex for vertex in drawn.vertices if at_border(line.points[0], vertex.box)]
        text = ""
        if not origins:
            (label,) = (label for label in labels if within_point(line.points[0], label))
            origins = [vertex for vertex in drawn.vertices if at_border(into[id(label)].points[0], vertex.box)]
            text = label.title
        (source,) = origins
        edges.append((source.title, text, target.title, line.is_active))
    return edges


LETTERS = st.text("abcxyzuvwABWXYZαβσ₁₂ᵀ² +-·()", min_size=1, max_size=24).map(str.strip).filter(bool)


@st.composite
def dataflows(draw: st.DrawFn) -> Dataflow:
    """Random graphs with up to 30 vertices, each used, with different names."""
    count = draw(st.integers(2, 30))
    edges = set()
    for target in range(1, count):
        edges |= {(source, target) for source in draw(st.sets(st.integers(0, target - 1), max_size=3))}
    edges |= {(source, count - 1) for source in range(count - 1) if not any(edge[0] == source for edge in edges)}
    used = {target for _, target in edges}
    vertices = []
    for place in range(count):
        kinds: tuple[Kind, ...] = ("intermediate", "block") if place in used else ("variable", "constant")
        definition = draw(LETTERS) if place in used else ""
        shape = draw(st.sampled_from(("", "ℝⁿ", "ℝᵐˣⁿ")))
        vertices.append(Vertex(str(place), f"u{place}", shape, definition, draw(st.sampled_from(kinds)), draw(st.booleans())))
    links = [Edge(str(s), str(t), draw(st.one_of(st.just(""), LETTERS)), draw(st.booleans())) for s, t in sorted(edges)]
    sides = st.lists(LETTERS, min_size=1, max_size=4).map(tuple)
    totals = draw(st.lists(st.builds(Formula, LETTERS, sides), max_size=3))
    remarks = draw(st.lists(LETTERS, max_size=2))
    return Dataflow(draw(LETTERS), tuple(vertices), tuple(links), (), (*totals, *remarks))


@settings(deadline=None, max_examples=60, derandomize=True)
@given(dataflows())
def test_random_graphs(flow: Dataflow) -> None:
    picture = Picture(flow)
    assert picture.dataflow is flow
    check(read(picture.svg()), flow)


def test_svg_is_the_same_each_time() -> None:
    assert Picture(wide(28)).svg() == Picture(wide(28)).svg()


def test_svg_says_what_it_shows() -> None:
    svg = Picture(two_paths()).svg()
    assert 'role="img"' in svg
    assert "<title id=" in svg
    assert "x to u₁: ∂u₁/∂x = 2 x." in svg
    assert "Path: x to u₁ to u₂ to y." in svg
    names = re.findall(r'id="([^"]+)"', svg)
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= set(names)
    assert not set(names) & set(re.findall(r'id="([^"]+)"', Picture(wide(10)).svg()))


def test_svg_has_the_title_and_the_sum_over_paths() -> None:
    around = " ".join(words.text for words in read(Picture(two_paths()).svg()).around)
    assert around == "y = sin(x + x2) dy/dx = 1 · cos(u2) + 2 x · 1 · cos(u2) = (1 + 2 x) cos(x + x2)"


def test_what_has_a_meaning_elsewhere_is_text_in_svg() -> None:
    drawn = read(Picture(nasty()).svg())
    assert {item.title for item in drawn.items if item.kind == "label"} == set(NASTY)
    assert not {"script", "b"} & set(re.findall(r"<(\w+)", Picture(nasty()).svg()))


def test_control_characters_are_not_in_svg() -> None:
    flow = dataflow("\x00\x1b[31m", [variable("x", "\x07x"), value("y", "y\u202e", "x")], [("x", "y", "\ud800")], "\x0b")
    assert "\N{REPLACEMENT CHARACTER}x" in Picture(flow).svg()
    read(Picture(flow).svg())
    for text in (Picture(flow).dot(), Picture(flow).mermaid(), str(Picture(flow))):
        assert "\x1b" not in text
        text.encode()


def undone(text: str, *replacements: tuple[str, str]) -> str:
    for old, new in replacements:
        text = text.replace(old, new)
    return text


def from_dot(text: str) -> tuple[list[str], list[tuple[str, str, str]]]:
    """The labels of the nodes, and the edges."""
    string = r'"((?:[^"\\]|\\.)*)"'

    def plain(label: str) -> str:
        return re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), label).replace("&amp;", "&")

    nodes = [plain(label) for label in re.findall(rf"^  v\d+ \[label={string}", text, re.MULTILINE)]
    edges = re.findall(rf"^  v(\d+) -> v(\d+) \[(?:label={string})?", text, re.MULTILINE)
    return nodes, [(nodes[int(source)], plain(label), nodes[int(target)]) for source, target, label in edges]


def from_mermaid(text: str) -> tuple[list[str], list[tuple[str, str, str]]]:
    def plain(label: str) -> str:
        return re.sub(r"#(\d+);", lambda m: chr(int(m[1])), label.replace("<br>", "\n"))

    nodes = [plain(label) for label in re.findall(r'^  v\d+[(\[]+"([^"]*)"[)\]]+:::\w+$', text, re.MULTILINE)]
    edges = re.findall(r'^  v(\d+) (?:==>|-\.->)(?:\|"([^"]*)"\|)? v(\d+)$', text, re.MULTILINE)
    return nodes, [(nodes[int(source)], plain(label), nodes[int(target)]) for source, label, target in edges]


@pytest.mark.parametrize("flow", [*(make() for make in FLOWS.values()), nasty()], ids=lambda flow: flow.title)
def test_texts_for_other_programs_lose_nothing(flow: Dataflow) -> None:
    picture = Picture(flow)
    texts = {v.key: "\n".join(filter(None, (described(v), v.shape))) for v in picture.dataflow.vertices}
    nodes = list(texts.values())
    edges = [(texts[edge.source], edge.label, texts[edge.target]) for edge in picture.dataflow.edges]
    assert from_dot(picture.dot()) == (nodes, edges)
    minus = ("-", "−")
    assert from_mermaid(picture.mermaid()) == (
        [undone(node, minus) for node in nodes],
        [(undone(source, minus), undone(label, minus), undone(target, minus)) for source, label, target in edges],
    )


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("flow", [wide(28), nasty()], ids=lambda flow: flow.title)
def test_graphviz_reads_dot(flow: Dataflow) -> None:
    plain = subprocess.run(["dot", "-Tplain"], input=Picture(flow).dot().encode(), capture_output=True, check=True)
    assert plain.stderr == b""
    kinds = Counter(line.split()[0] for line in plain.stdout.decode().splitlines() if line[:5] in ("node ", "edge "))
    assert kinds == {"node": len(flow.vertices), "edge": len(flow.edges)}


def test_mermaid() -> None:
    assert Picture(two_paths()).mermaid().splitlines()[:10] == [
        "---",
        'title: "y = sin(x + x²)"',
        "---",
        "flowchart BT",
        '  v0(["x"]):::variable',
        '  v1(["x"]):::variable',
        '  v2("u₁ = x²"):::intermediate',
        '  v3("u₂ = x + u₁"):::intermediate',
        '  v4[["y = sin(u₂)"]]:::value',
        '  v0 ==>|"∂u₁/∂x = 2 x"| v2',
    ]


def test_png() -> None:
    picture = Picture(two_paths())
    try:
        data = picture.png(1)
    except NotSupportedError as error:
        pytest.skip(str(error))
    page = read(picture.svg()).page
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    across, down = struct.unpack(">II", data[16:24])
    assert (abs(across - page.width) <= 1, abs(down - page.height) <= 1) == (True, True)
    assert struct.unpack(">I", picture.png()[16:20])[0] in range(2 * across - 2, 2 * across + 3)
    assert len(data) > 5000


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf")])
def test_a_scale_is_positive(scale: float) -> None:
    with pytest.raises(UsageError, match="positive number"):
        Picture(two_paths()).png(scale)


def test_a_png_is_not_too_large() -> None:
    with pytest.raises(LimitError, match="at most 100,000,000 pixels"):
        Picture(two_paths()).png(1000)


def test_save(tmp_path: Path) -> None:
    picture = Picture(two_paths())
    forms = {"a.svg": picture.svg(), "a.dot": picture.dot(), "a.GV": picture.dot(), "a.mmd": picture.mermaid()}
    for name, text in forms.items():
        picture.save(tmp_path / name)
        assert (tmp_path / name).read_bytes().decode() == text
    picture.save(str(tmp_path / "b.mermaid"))
    assert (tmp_path / "b.mermaid").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.jpg", "there is no picture of the kind `.jpg`"),
        ("picture", "there is no picture of the kind `picture`"),
        ("nowhere/a.svg", "there is no folder"),
        ("folder.svg", "cannot be written"),
        ("a\0.svg", "cannot be written"),
    ],
)
def test_where_a_picture_cannot_be_saved(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(UsageError, match=re.escape(message)):
        Picture(two_paths()).save(tmp_path / name)
    assert not list(tmp_path.glob("a*"))


@pytest.mark.parametrize(
    ("library", "message"), [("graphlay", "pictures without graphlay"), ("resvg_py", "PNG without resvg_py")]
)
def test_without_a_library(monkeypatch: pytest.MonkeyPatch, library: str, message: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    picture = Picture(two_paths())
    with pytest.raises(MatcalcError, match=f"^not supported: {message}") as caught:
        picture.png()
    assert "pip install 'matcalc[picture]'" in str(caught.value)
    assert (picture._repr_svg_() is None) == (library == "graphlay")
    assert picture.dot().startswith("digraph")
    assert picture.mermaid()


def test_libraries_are_imported_only_when_they_are_needed() -> None:
    code = (
        "import sys, matcalc.output.picture as p\n"
        "picture = p.Picture(p.Dataflow('', (p.Vertex('x', 'x', '', '', 'variable', True),), (), ()))\n"
        "picture.dot(), picture.mermaid()\n"
        "assert not {'graphlay', 'resvg_py'} & set(sys.modules)\n"
        "assert picture.svg()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_how_it_shows_itself() -> None:
    picture = Picture(two_paths())
    assert str(picture) == "dataflow graph of y = sin(x + x²): 5 vertices, 4 edges"
    assert picture._repr_svg_() == picture.svg()


@pytest.mark.parametrize(
    ("text", "room", "wanted"),
    [
        ("y = a + b = c (d + e)", 70, ["y = a + b", "= c (d + e)"]),
        ("abc", 1000, ["abc"]),
        ("", 10, []),
        ("f(a + b) + g(c)", 75, ["f(a + b)", "+ g(c)"]),
        ("a\nb", 1000, ["a", "b"]),
    ],
)
def test_lines(text: str, room: float, wanted: list[str]) -> None:
    assert lines(text, 10, room, 3) == wanted


@given(st.text("ab=+ ()₁ᵀ·\n", max_size=60), st.integers(20, 200), st.integers(1, 4))
def test_lines_fit_and_lose_only_what_an_ellipsis_stands_for(text: str, room: int, most: int) -> None:
    broken = lines(text, 10, room, most)
    assert len(broken) <= most
    assert all(width(line, 10) <= room for line in broken)
    if not broken or not broken[-1].endswith("…"):
        assert "".join(broken).replace(" ", "") == re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("text", "lowered"),
    [("W1 x2ᵀ + b10", "1 2 10"), ("dy/dW1", "1"), ("log2 1e5 x_1 ab3 2x", ""), ("∂x1/∂u₂", "1 2"), ("ℝᵐˣⁿ", "")],
)
def test_numbers_of_names_are_subscripts(text: str, lowered: str) -> None:
    assert " ".join(run.text for run in runs(text) if run.level == -1) == lowered


def test_exponents_in_brackets_are_superscripts() -> None:
    assert [(run.text, run.level) for run in runs("ℝ^(q) x^(n - 1)")] == [
        ("ℝ", 0), ("q", 1), (" ", 0), ("x", 0), ("n", 1), (" − 1", 1),
    ]  # fmt: skip


def test_the_word_a_is_no_variable_in_a_sentence() -> None:
    slanted = [run.text for run in runs("by a part of a, a matrix", is_sentence=True) if run.italic]
    assert slanted == ["a"]


@given(st.text(max_size=30))
def test_runs_are_the_text(text: str) -> None:
    assert sum(len(run.text) for run in runs(text.replace("^", ""))) == len(text.replace("^", ""))
