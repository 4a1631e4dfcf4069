"""Equations that a reader states of the variables – sum(y) = 1, A = Aᵀ, QᵀQ = I – and how they are used.

An equation between a matrix and its transpose, or of products of a matrix with its transpose and the identity, is a structure
of the variable. Any other is a rule: wherever the left side appears, the right side is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from matcalc.calculus.simplify import Simplifier
from matcalc.language.tree import Binary, Expr, Fact, Name, Transpose, postorder
from matcalc.operations.table import elementwise
from matcalc.tensor import nodes
from matcalc.tensor.nodes import Node, Rational

if TYPE_CHECKING:
    from matcalc.tensor.lower import Lowering


def names_in(fact: Fact) -> set[str]:
    """The names in an equation."""
    return {node.name for side in (fact.left, fact.right) for node in postorder(side) if isinstance(node, Name)}


def structure(fact: Fact) -> tuple[str, str] | None:
    """The variable and the property that an equation states: A = Aᵀ is ("A", "symmetric")."""
    for left, right in ((fact.left, fact.right), (fact.right, fact.left)):
        if isinstance(left, Name) and isinstance(right, Transpose) and _is(right.operand, left.name):
            return left.name, "symmetric"
        if isinstance(right, Name) and right.name == "I" and isinstance(left, Binary) and left.operator in ("@", "juxtapose"):
            a, b = left.left, left.right
            if isinstance(a, Transpose) and isinstance(a.operand, Name) and _is(b, a.operand.name):
                return a.operand.name, "orthonormal_columns"
            if isinstance(b, Transpose) and isinstance(b.operand, Name) and _is(a, b.operand.name):
                return b.operand.name, "orthonormal_rows"
    return None


def _is(node: Expr, name: str) -> bool:
    return isinstance(node, Name) and node.name == name


class Facts:
    """The rules of one problem, each with the equation that it comes from; `used` are those that made a difference."""

    def __init__(self) -> None:
        self.rules: dict[Node, tuple[Node, Fact]] = {}
        self.used: dict[Fact, None] = {}
        self.stated: list[tuple[Fact, Node, Node]] = []
        """The equations with both sides as they were written."""

    def __bool__(self) -> bool:
        return bool(self.rules)

    def learn(self, simplifier: Simplifier, lowering: Lowering, facts: Iterable[Fact]) -> None:
        """Make rules of equations."""
        for fact in facts:
            self.stated.append((fact, lowering.expression(fact.left).node, lowering.expression(fact.right).node))
            left, right = map(simplifier.simplify, self.stated[-1][1:])
            if isinstance(left, nodes.Number) or (right.id > left.id and not right.constant):
                left, right = right, left
            for rule in _rules(simplifier, left, right):
                self.rules.setdefault(rule[0], (rule[1], fact))

    def applied(self, node: Node) -> Node:
        """What is known to be equal to a node."""
        found = self.rules.get(node)
        if found is None:
            return node
        self.used[found[1]] = None
        return found[0]


def _rules(s: Simplifier, left: Node, right: Node) -> Iterator[tuple[Node, Node]]:
    """left = right, solved for what stands in products and powers."""
    if isinstance(left, nodes.Number):
        return
    if type(left) is nodes.Sum and len(left.args) == 1:  # 2 a = b
        yield from _rules(s, left.args[0], s.scaled(1 / Fraction(left.coefficients[0]), right))
        return
    constants = [arg for arg in left.args if isinstance(arg, nodes.Number)] if type(left) is nodes.Sum else []
    if type(left) is nodes.Sum and constants:  # a + 1 = b
        rest: list[tuple[Rational, Node]] = []
        moved: list[tuple[Rational, Node]] = [(1, right)]
        for coefficient, arg in zip(left.coefficients, left.args, strict=True):
            (moved if arg in constants else rest).append((-coefficient if arg in constants else coefficient, arg))
        yield from _rules(s, s.sum(rest, left.shape), s.sum(moved, left.shape))
        return
    yield left, right
    if type(left) is nodes.Pointwise and left.operation is elementwise("power") and isinstance(right, nodes.Number):
        base, exponent = left.args
        if isinstance(exponent, nodes.Number) and right.value > 0 and base.order == 0:  # ‖x‖ = 2: x·x = 4
            power = s.power(right, 1 / Fraction(exponent.value))
            yield base, power


