"""Which chain rule each step of a derivation was, and along which paths the variable reaches the value.

Parr & Howard name three: the single-variable chain rule (4.5.1: scalars, one path), the single-variable total-derivative chain
rule (4.5.2: scalars, several paths, so that contributions add up), and the vector chain rule (4.5.3: Jacobians multiply).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from matcalc.tensor.nodes import Node, Variable

Rule = Literal["single-variable", "total-derivative", "vector"]
Direction = Literal["forward", "reverse"]


@dataclass(slots=True)
class Derivation:
    """A derivative, and how it came about.

    Attributes:
        root: what was differentiated.
        variable: by what.
        direction: the order in which local Jacobians were multiplied.
        result: the derivative; axes of the root, then of the variable.
        steps: each use of a node by another on a path from the variable to the root, in the order of accumulation.
        adjoints: the derivative of the root by each node (reverse), or of each node by the variable (forward).
    """

    root: Node
    variable: Variable
    direction: Direction
    result: Node = field(init=False)
    steps: list[tuple[Node, Node]] = field(default_factory=list)
    adjoints: dict[Node, Node] = field(default_factory=dict)

    def record(self, node: Node, operand: Node) -> None:
        """Note that the derivative of `node` by `operand` took part."""
        self.steps.append((node, operand))

    def uses(self) -> dict[Node, list[Node]]:
        """For each node between variable and root, the nodes that use it on the way, without repetition."""
        users: dict[Node, dict[Node, None]] = {}
        for node, operand in self.steps:
            users.setdefault(operand, {})[node] = None
        return {operand: list(found) for operand, found in users.items()}

    def rule(self, node: Node) -> Rule:
        """The chain rule that combined the derivatives of `node`'s operands."""
        return self._rule(node, [operand for user, operand in self.steps if user is node])

    def _rule(self, node: Node, operands: list[Node]) -> Rule:
        if node.shape or self.variable.shape or any(operand.shape for operand in operands):
            return "vector"
        return "total-derivative" if len(operands) > 1 else "single-variable"

    def rules(self) -> tuple[Rule, ...]:
        """The rules used, each once, in the order of first use."""
        operands: dict[Node, list[Node]] = {}
        for node, operand in self.steps:
            operands.setdefault(node, []).append(operand)
        return tuple(dict.fromkeys(self._rule(node, below) for node, below in operands.items()))

    def paths(self) -> int:
        """The number of paths from the variable to the root, each node with several operands on the way counted once."""
        users = self.uses()
        count = {self.root: 1}
        for operand in sorted(users, key=lambda node: -node.id):
            count[operand] = sum(count[user] for user in users[operand])
        return count.get(self.variable, 0)
