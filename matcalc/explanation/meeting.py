"""Where a step has an operand: the operator that the operand meets, and what stands around it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from matcalc.explanation.intermediates import Quantity
from matcalc.language import tree
from matcalc.language.dimensions import SCALAR, Shape
from matcalc.notation.build import Builder
from matcalc.notation.written import as_written
from matcalc.output.text import expression

if TYPE_CHECKING:
    from matcalc.language.shapes import Inference

_SHORT = 12
"""As many characters are said again in a reason."""
_PARTS = 12
_SCALINGS = frozenset(("*", "@", "juxtapose", "/", "divide"))


@dataclass(eq=False, slots=True)
class Meeting:
    """How a step is made of one of its operands.

    Around the operator may stand terms of a sum, signs, constant factors and transposes; within it transposes of the operand.

    Attributes:
        step: what is differentiated.
        operand: by what.
        node: the operator or function that the operand meets; the operand itself if there is none.
        child: the operand's side of it.
        others: the other terms of the sums around it.
        is_negative: whether it is subtracted.
        is_scaled: whether it has constant factors.
        is_transposed: whether the value of the operator is transposed.
        places: how often the operand stands in the step; if more than once, the operator is that which joins all of them.
    """

    inference: Inference
    step: Quantity
    operand: Quantity
    node: tree.Expr
    child: tree.Expr
    others: list[tree.Expr]
    is_negative: bool = False
    is_scaled: bool = False
    is_transposed: bool = False
    places: int = 1

    def shape(self, node: tree.Expr) -> Shape:
        """The shape of a part of the step."""
        if node in self.step.leaves:
            return self.step.leaves[node].shape
        return self.inference.shapes.get(node, SCALAR)

    @property
    def other(self) -> tree.Expr | None:
        """The other side of an operator or function with two."""
        sides = [each for each in tree.children(self.node) if each is not self.child]
        return sides[0] if len(sides) == 1 and len(tree.children(self.node)) > 1 else None

    @property
    def position(self) -> int:
        """Which operand of the operator it is."""
        return next((k for k, each in enumerate(tree.children(self.node)) if each is self.child), 0)

    @property
    def is_entrywise(self) -> bool:
        """Whether an element-wise operator here takes each entry of the operand to the same entry of the step."""
        same = self.shape(self.child).dims == self.shape(self.node).dims == self.operand.shape.dims == self.step.shape.dims
        turned = self.is_transposed or self.child not in self.step.leaves
        return same and bool(self.operand.shape.dims) and not (turned and len(self.step.shape.dims) > 1)

    def is_fixed(self, node: tree.Expr) -> bool:
        """Whether no other operand of the step stands in a part of it."""
        return not any(each in self.step.leaves for each in tree.postorder(node, self.step.leaves))

    def said(self, node: tree.Expr | None) -> str:
        """A part of the step, if it is a name, an element or the transpose of one; otherwise nothing."""
        below = node
        while isinstance(below, tree.Transpose) and below not in self.step.leaves:
            below = below.operand
        if below is None or not (below in self.step.leaves or isinstance(below, (tree.Name, tree.Index))):
            return ""
        return self.written(node)

    def is_number(self, node: tree.Expr) -> bool:
        """Whether a part has nothing in it that has a value of its own: `2`, `I`, `ones(n)`."""
        values = ("variable", "binding", "index")
        return not any(
            each in self.step.leaves or (isinstance(each, tree.Name) and self.inference.roles.get(each) in values)
            for each in tree.postorder(node, self.step.leaves)
        )

    def written(self, node: tree.Expr | None, longest: int = _SHORT) -> str:
        """A part of the step, if it is short; otherwise nothing."""
        if node is None or len(list(islice(tree.postorder(node, self.step.leaves), _PARTS + 1))) > _PARTS:
            return ""
        known = {leaf: quantity.symbol for leaf, quantity in self.step.leaves.items()}
        said = expression(as_written(Builder(), self.inference, node, known))
        return said if len(said) <= longest else ""


def meeting(inference: Inference, step: Quantity, operand: Quantity) -> Meeting:
    """The place of an operand in a step."""
    path, places = _path(step, operand)
    found = Meeting(inference, step, operand, path[-1], path[-1], [], places=places)
    for node, child in pairwise(path):
        found.node, found.child = node, child
        if not _passes(found):
            return found
    found.node = found.child = path[-1]
    return found


def _path(step: Quantity, operand: Quantity) -> tuple[list[tree.Expr], int]:
    """The parts of the step from all of it down to the operand, or to what joins its places; and how many these are."""
    parents: dict[tree.Expr, tree.Expr] = {}
    for node in tree.postorder(step.source, step.leaves):
        if node not in step.leaves:
            for child in tree.children(node):
                parents.setdefault(child, node)
    paths = []
    for place, quantity in step.leaves.items():
        if quantity is operand:
            path = [place]
            while path[-1] is not step.source and path[-1] in parents:
                path.append(parents[path[-1]])
            paths.append(path[::-1])
    shared = [each[0] for each in zip(*paths, strict=False) if all(node is each[0] for node in each)]
    return shared or [step.source], len(paths)


def _passes(found: Meeting) -> bool:
    """Note a term, a sign, a constant factor or a transpose; false if it is the operator that the operand meets."""
    node, child = found.node, found.child
    if isinstance(node, tree.Transpose):
        found.is_transposed = not found.is_transposed and bool(found.shape(node).dims)
        return True
    if isinstance(node, tree.Unary):
        found.is_negative = not found.is_negative
        return True
    if not isinstance(node, tree.Binary):
        return False
    other = node.right if child is node.left else node.left
    if node.operator in ("+", "-"):
        found.others.append(other)
        found.is_negative ^= node.operator == "-" and child is node.right
        return found.shape(child).dims == found.shape(node).dims
    if node.operator not in _SCALINGS or found.shape(other).dims or not found.is_fixed(other):
        return False
    if node.operator in ("/", "divide") and child is node.right:
        return False
    found.is_scaled = True
    return True
