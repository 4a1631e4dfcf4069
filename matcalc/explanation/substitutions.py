"""Definitions in place of the names of intermediate variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from matcalc.explanation.intermediates import Steps
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Expression
from matcalc.notation.replace import with_children

if TYPE_CHECKING:
    from matcalc.notation.build import Builder


class Substitutions:
    """What the steps stand for; the names that the reader gave stay."""

    def __init__(self, build: Builder, steps: Steps) -> None:
        self.build = build
        self._meanings: dict[Expression, Expression] = {}
        for step in steps.every():
            if not step.given and step.definition is not None:
                self._meanings[step.symbol] = self.rebuilt(step.definition, self._meanings)

    def substituted(self, root: Expression) -> Expression:
        """An expression with definitions instead of the names that the reader did not give."""
        return self.rebuilt(root, self._meanings)

    def rebuilt(self, root: Expression, known: Mapping[Expression, Expression]) -> Expression:
        """An expression with others in place of some parts."""
        done = dict(known)
        for node in notation.postorder(root):
            if node not in done:
                done[node] = _opened(self.build, _entry(with_children(self.build, node, done)))
        return done[root]


def _opened(build: Builder, node: Expression) -> Expression:
    """A product of matrices without brackets around products in it."""
    if isinstance(node, notation.MatMul) and any(isinstance(factor, notation.MatMul) for factor in node.factors):
        inner = [each for f in node.factors for each in (f.factors if isinstance(f, notation.MatMul) else (f,))]
        return build.make(notation.MatMul, node.shape, tuple(inner))
    return node


def _entry(node: Expression) -> Expression:
    """The block that an element of a column of numbers is."""
    if isinstance(node, notation.Element) and isinstance(node.operand, notation.Stack) and len(node.indices) == 1:
        blocks, index = node.operand.blocks, str(node.indices[0])
        if node.operand.axis == 0 and index.isdecimal() and not any(block.shape.dims for block in blocks):
            return blocks[int(index) - 1]
    return node
