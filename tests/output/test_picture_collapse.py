"""Large dataflows become small, and what is drawn is still a dataflow."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from itertools import pairwise

import pytest

from matcalc.output.picture import Dataflow, Edge, Picture, collapsed
from matcalc.output.picture.dataflow import described
from tests.output.dataflows import chain, constant, dataflow, network, recurrent, step, subscript, variable, wide


def blocks(flow: Dataflow) -> list[str]:
    return [described(vertex) for vertex in collapsed(flow).vertices if vertex.kind == "block"]


def test_up_to_thirty_vertices_are_drawn_as_they_are() -> None:
    flow = chain(28, ("sin",))
    assert len(flow.vertices) == 30
    assert collapsed(flow) is flow
    longer = chain(29, ("sin",))
    assert blocks(longer) == ["steps 2–29: uₖ = sin(uₖ₋₁)"]
    assert collapsed(longer, 31) is longer
    assert len(Picture(longer, most=31).dataflow.vertices) == 31


def test_layers_collapse() -> None:
    flow = collapsed(network(12))
    assert [described(vertex) for vertex in flow.vertices] == [
        "x", "W₁", "b₁", "z₁ = W₁ x + b₁", "a₁ = tanh(z₁)", "layers 2–12: zₖ = Wₖ aₖ₋₁ + bₖ, aₖ = tanh(zₖ)", "L = ‖a₁₂‖²",
    ]  # fmt: skip
    block = flow.vertices[5]
    assert (block.kind, block.shape, block.active) == ("block", "ℝⁿ", True)
    labels = [edge.label for edge in flow.edges if block.key in (edge.source, edge.target)]
    assert labels == ["∂z₂/∂a₁ = W₂", "∂L/∂a₁₂ = 2 a₁₂ᵀ"]


def test_the_layer_that_is_differentiated_by_is_seen() -> None:
    flow = collapsed(network(14, "W6"))
    assert blocks(network(14, "W6")) == [
        "layers 2–5: zₖ = Wₖ aₖ₋₁ + bₖ, aₖ = tanh(zₖ)",
        "layers 7–14: zₖ = Wₖ aₖ₋₁ + bₖ, aₖ = tanh(zₖ)",
    ]
    assert [vertex.name for vertex in flow.vertices if vertex.kind == "variable"] == ["W₆"]


def test_a_variable_of_all_layers_is_whole_again() -> None:
    assert blocks(recurrent(20)) == ["layers 2–20: hₖ = tanh(W hₖ₋₁ + xₖ)"]
    assert [vertex.name for vertex in collapsed(recurrent(20)).vertices if vertex.kind == "variable"] == ["W"]


def in_a_row(name: str, *, drawn: bool = True) -> Dataflow:
    """`u₁ = W₁ x, u₂ = tanh(u₁), u₃ = W₂ u₂`."""
    rows, links, before, before_name = [variable("x", "x")], [], "x", "x"
    for k in range(1, 31):
        own, weight = f"{name}{subscript(k)}", subscript((k + 1) // 2)
        if k % 2 and drawn:
            rows.append(constant(f"W{k}", f"W{weight}"))
            links.append((f"W{k}", f"u{k}", ""))
        rows.append(step(f"u{k}", own, f"W{weight} {before_name}" if k % 2 else f"tanh({before_name})"))
        links.append((before, f"u{k}", f"∂{own}"))
        before, before_name = f"u{k}", own
    return dataflow("", rows, links, "")


def test_numbers_may_grow_by_more_than_one() -> None:
    assert blocks(in_a_row("u")) == ["layers 2–15: u₂ₖ₋₁ = Wₖ u₂ₖ₋₂, u₂ₖ = tanh(u₂ₖ₋₁)"]


def bare(depth: int) -> Dataflow:
    """A network whose constants are not drawn."""
    flow = network(depth)
    return replace(
        flow,
        vertices=tuple(vertex for vertex in flow.vertices if vertex.kind != "constant"),
        edges=tuple(edge for edge in flow.edges if edge.label),
    )


def test_constants_need_not_be_drawn() -> None:
    assert blocks(bare(20)) == ["layers 2–20: zₖ = Wₖ aₖ₋₁ + bₖ, aₖ = tanh(zₖ)"]
    few = collapsed(in_a_row("u", drawn=False), 12)
    assert [described(vertex) for vertex in few.vertices if vertex.kind == "block"] == [
        "layers 2–15: u₂ₖ₋₁ = Wₖ u₂ₖ₋₂, u₂ₖ = tanh(u₂ₖ₋₁)"
    ]


def test_functions_have_no_numbers() -> None:
    """log2 and log10 do not do the same."""
    texts = blocks(chain(40, ("log2", "log10")))
    assert set(re.findall(r"log\w*\(|, …$", "\n".join(texts), re.MULTILINE)) == {"log2(", "log10("}


def test_layers_may_reach_back_by_more_than_one() -> None:
    rows = [variable("u1", "u₁"), constant("u2", "u₂")]
    rows += [step(f"u{k}", f"u{subscript(k)}", f"u{subscript(k - 1)} exp(u{subscript(k - 2)})") for k in range(3, 41)]
    links = [(f"u{k - back}", f"u{k}", f"∂u{k}/∂u{k - back}") for k in range(3, 41) for back in (1, 2)]
    assert blocks(dataflow("", rows, links, "")) == ["steps 5–40: uₖ = uₖ₋₁ exp(uₖ₋₂)"]


def test_names_without_numbers_are_an_example() -> None:
    names = "abcdefghijklmnopqrstuvwxyzαβγδεζη"
    rows = [variable("a", "a"), *(step(name, name, f"sin({before})") for before, name in pairwise(names))]
    links = [(before, name, f"∂{name}/∂{before}") for before, name in pairwise(names)]
    assert blocks(dataflow("", rows, links, "")) == ["31 steps: d = sin(c), …"]


def test_what_differs_is_no_layer() -> None:
    """A chain of functions without a pattern is an ellipsis, and all steps are counted."""
    flow = chain(50, ("sin", "cos", "exp", "ln", "tanh"))
    assert blocks(flow) == ["… (49 steps) …"]


def test_blocks_do_not_hide_what_others_use() -> None:
    """Each third step is used by the value too, so the layers have edges to it."""
    flow = chain(40, ("sin",))
    more = tuple(Edge(f"u{k}", "y", f"also u{k}", active=True) for k in range(3, 40, 3))
    small = collapsed(replace(flow, edges=flow.edges + more))
    (block,) = (vertex for vertex in small.vertices if vertex.kind == "block")
    (edge,) = (edge for edge in small.edges if edge.source == block.key)
    assert edge.label == "∂y/∂u₄₀ = 2\n…\nalso u39"


@pytest.mark.parametrize(
    "flow",
    [wide(31), wide(60, reach=30), wide(1000), chain(1000, ("sin", "cos")), network(300), recurrent(300)],
    ids=["31", "60", "1000", "chain", "network", "recurrent"],
)
def test_what_is_collapsed_is_a_dataflow(flow: Dataflow) -> None:
    small = collapsed(flow)
    assert len(small.vertices) <= 30
    seen: set[str] = set()
    for vertex in small.vertices:
        assert vertex.key not in seen
        assert all(edge.source in seen for edge in small.edges if edge.target == vertex.key)
        seen.add(vertex.key)
    assert all(edge.source in seen and edge.target in seen for edge in small.edges)
    used = {edge.source for edge in small.edges}
    assert [vertex.name for vertex in small.vertices if vertex.key not in used] == [flow.vertices[-1].name]
    assert any(vertex.kind == "variable" for vertex in small.vertices)
    assert collapsed(small) is small


def test_paths_go_through_blocks() -> None:
    flow = network(12)
    path = ("x", *(f"{name}{k}" for k in range(1, 13) for name in "za"), "L")
    small = collapsed(replace(flow, paths=(path,)))
    assert small.paths == (("x", "z1", "a1", "z2…a12", "L"),)


def test_cost_grows_with_the_size() -> None:
    def seconds(flow: Dataflow) -> float:
        start = time.perf_counter()
        collapsed(flow)
        return time.perf_counter() - start

    small, large = wide(500), wide(4000)
    assert seconds(large) < 30 * max(seconds(small), 0.02)
