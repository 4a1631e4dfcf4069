"""What is drawn: a dataflow graph as plain data, from the variable differentiated by up to the value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["variable", "constant", "intermediate", "value", "block"]
LEAVES: tuple[Kind, ...] = ("variable", "constant")
"""The kinds of what is not computed."""


@dataclass(frozen=True, slots=True)
class Vertex:
    """A variable, a constant or an intermediate; a `block` stands for several, and only `collapsed` makes one.

    Attributes:
        key: unique; a variable that is split has a vertex for each path, with the same name.
        name: `u₁`, `W₁`.
        shape: `ℝⁿ`, `ℝᵐˣⁿ`, empty for a scalar.
        definition: what it is made of, `W₁ x + b₁`; empty for a variable.
        active: on a path from the variable differentiated by to the value.
    """

    key: str
    name: str
    shape: str
    definition: str
    kind: Kind
    active: bool
    latex: str = ""
    definition_latex: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """From an operand to what uses it; `label` is the local derivative, `∂u₂/∂u₁ = 2 u₁`, empty from constants."""

    source: str
    target: str
    label: str
    active: bool
    latex: str = ""


@dataclass(frozen=True, slots=True)
class Formula:
    """An equation below the graph, `left = side = side`; a side with cases has several lines."""

    left: str
    sides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dataflow:
    """A graph to be drawn.

    Attributes:
        title: `y = sin(x + x²)`.
        vertices: in topological order, operands first.
        paths: the keys of each path from variable to value; empty where there are too many.
        totals: the derivative by each variable as the sum over its paths, `dy/dx = 1 · cos(u₃) + 2 x · cos(u₃)`, with remarks.
        long: local derivatives for which there is no room at an edge, where only `∂u₂/∂u₁` stands.
        notation: what a reader may not know.
    """

    title: str
    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    paths: tuple[tuple[str, ...], ...]
    totals: tuple[Formula | str, ...] = ()
    long: tuple[Formula, ...] = ()
    notation: tuple[str, ...] = ()


def described(vertex: Vertex) -> str:
    """`u₁ = W₁ x + b₁`; the name of what has no definition; of a block, what it stands for and what that is."""
    if not vertex.definition:
        return vertex.name
    return f"{vertex.name}{': ' if vertex.kind == 'block' else ' = '}{vertex.definition}"


def legend(flow: Dataflow) -> tuple[Formula, ...]:
    """The long local derivatives of the edges that are drawn."""
    shown = {line for edge in flow.edges for line in edge.label.split("\n")}
    return tuple(each for each in flow.long if each.left in shown)
