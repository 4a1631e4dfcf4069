"""Nodes of the tensor graph with others in their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from matcalc.tensor.nodes import Node, topological

if TYPE_CHECKING:
    from matcalc.calculus.simplify import Simplifier


def substituted(simplifier: Simplifier, root: Node, known: Mapping[Node, Node]) -> Node:
    """`root` with nodes replaced, rebuilt by the rules of simplification."""
    done: dict[Node, Node] = dict(known)
    for node in topological([root]):
        if node not in done:
            args = [done[arg] for arg in node.args]
            same = all(new is old for new, old in zip(args, node.args, strict=True))
            done[node] = node if same else simplifier.rebuilt(node, args)
    return done[root]
