"""Intermediate variables: an expression taken apart into steps of one operator or function each, innermost first.

Parr & Howard, section 4.5.1, step 1: "introduce intermediate variables for nested subexpressions and subexpressions for both
binary and unary operators". What the variable does not reach stays as it is, and so do signs, transposes and constant factors
of a step: they need no variable of their own. Where a step has the same thing in several operands, directly or through
another operand, each gets an alias, `u₁ = x` (4.5.2), so that ∂/∂u has one meaning: every path ends in an operand of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matcalc.explanation.merging import Merging, rotated
from matcalc.language import tree
from matcalc.language.dimensions import SCALAR, Shape
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Expression
from matcalc.notation.recover import Recovery
from matcalc.notation.written import as_written
from matcalc.tensor.lower import Lowering, Value
from matcalc.tensor.nodes import Node, Variable

if TYPE_CHECKING:
    from matcalc.problem import Problem

_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(eq=False, slots=True)
class Quantity:
    """A variable that is differentiated by, or an intermediate variable.

    Attributes:
        name: `x`, `u₁`, or the reader's own name.
        shape: its shape; within a sum over an index, that of one term.
        symbol: how it is written: a symbol, or the element of one at the index of a sum.
        node: it as a variable of the tensor graph.
        source: the part of the text that it stands for.
        operands: what it is made of and depends on the variable, each once; none for the variable itself.
        definition: it in terms of the operands, as it was written.
        value: the same on the graph.
        role: "variable", "alias", "operation", or "constant" for a name of the reader's that the variable does not reach.
        given: whether the reader named it.
        targets: the variables that reach it, by name.
        leaves: where the operands stand in the text.
        series: for a sum over an index, its terms.
    """

    name: str
    shape: Shape
    symbol: Expression
    node: Variable
    source: tree.Expr
    role: str = "operation"
    operands: tuple[Quantity, ...] = ()
    definition: Expression | None = None
    value: Node | None = None
    given: bool = False
    targets: frozenset[str] = frozenset()
    leaves: Mapping[tree.Expr, Quantity] = field(default_factory=dict)
    series: Steps | None = None


@dataclass(eq=False, slots=True)
class Steps:
    """The variables and the steps from them to a value, innermost first.

    `indices` are those of the sum of which the value is a term; empty for a whole program.
    """

    variables: tuple[Quantity, ...]
    steps: list[Quantity] = field(default_factory=list)
    indices: tuple[str, ...] = ()

    @property
    def value(self) -> Quantity:
        """What is differentiated."""
        return self.steps[-1] if self.steps else self.variables[0]

    def active(self, target: Quantity | None = None) -> list[Quantity]:
        """The steps that depend on a variable (by default on any)."""
        return [step for step in self.steps if (step.targets if target is None else target.name in step.targets)]

    def users(self, of: Quantity) -> list[Quantity]:
        """The steps that have something as an operand."""
        return [step for step in self.steps if of in step.operands]


class Introduction:
    """Introduces intermediate variables for a problem and the variables that it is differentiated by."""

    def __init__(self, problem: Problem, recovery: Recovery, targets: Sequence[tree.Name]) -> None:
        self.problem = problem
        self.inference = problem.inference
        self.graph = problem.graph
        self.recovery = recovery
        self.build = recovery.build
        self.variables = tuple(self._variable(target) for target in targets)
        self._bases: dict[str, Quantity] = {}
        self._names: dict[str, Value] = {}
        self._letters = _Letters(self.build.taken)

    def steps(self) -> Steps:
        """All steps, those of the reader's bindings first, in the order in which they were written."""
        program = self.inference.program
        bindings = [each for each in program.bindings if each.name.name not in self.inference.symbols]
        roots = [rotated(self.inference, each) for each in (*(binding.value for binding in bindings), program.body)]
        reached = self._reached_names(bindings)
        plans = [self._plan(root, reached, merge=True) for root in roots]
        if sum(len(plan.nodes) for plan in plans) == 1:  # a textbook takes w·x + b apart, if there is nothing else
            plans = [self._plan(root, reached, merge=False) for root in roots]
        result = self._introduced(bindings, plans)
        if self._letters.given == 1:  # a single one needs no number
            self._letters = _Letters(self.build.taken, numbered=False)
            result = self._introduced(bindings, plans)
        return result

    def _introduced(self, bindings: Sequence[tree.Binding], plans: Sequence[Merging]) -> Steps:
        self._bases = {each.name: each for each in self.variables}
        self._names = {}
        result = Steps(self.variables)
        for binding, plan in zip(bindings, plans, strict=False):
            self._add(result, plan, binding.name.name)
        self._add(result, plans[-1], "")
        needed = _needed(result)
        result.steps = [step for step in result.steps if step in needed]
        return result

    def _reached_names(self, bindings: Sequence[tree.Binding]) -> dict[str, frozenset[str]]:
        """The names of variables and of bindings, with the variables that reach them."""
        reached = {each.name: frozenset([each.name]) for each in self.variables}
        for binding in bindings:
            names = [node.name for node in tree.postorder(binding.value) if isinstance(node, tree.Name)]
            found = frozenset().union(*(reached.get(name, ()) for name in names))
            if found:
                reached[binding.name.name] = found
        return reached

    def _plan(self, root: tree.Expr, reached: Mapping[str, frozenset[str]], *, merge: bool) -> Merging:
        return Merging(self.inference, root, reached, merge=merge)

    def _variable(self, target: tree.Name) -> Quantity:
        symbol = self.inference.symbols[target.name]
        node = self.graph.variable(symbol.name, symbol.shape.dims, symbol.properties)
        written = self.build.make(notation.Symbol, symbol.shape, symbol.name)
        return Quantity(
            symbol.name, symbol.shape, written, node, target, role="variable", targets=frozenset([symbol.name])
        )  # fmt: skip

    # Steps of one tree

    def _add(self, result: Steps, plan: Merging, own: str) -> None:
        """Add the steps of a binding, or of the body (`own` is empty then)."""
        root = plan.root
        made: dict[tree.Expr, Quantity] = {}
        for node in plan.nodes:
            made[node] = self._operation(result, plan, node, made, own if node is root else None)
        if not own:
            if root not in made and isinstance(root, tree.Name) and root.name in self._bases:
                self._move_last(result, self._bases[root.name])
            elif root not in made:
                self._constant(result, root, self._letters.of_value(self.inference.shapes.get(root, SCALAR)))
            return
        if root not in made:
            base = self._bases.get(root.name) if isinstance(root, tree.Name) else None
            made[root] = self._alias(result, base, own) if base is not None else self._constant(result, root, own)
            made[root].given = True
        self._bases[own] = made[root]
        self._names[own] = Value(made[root].node, made[root].shape)

    def _move_last(self, result: Steps, value: Quantity) -> None:
        if value in result.steps:
            result.steps.remove(value)
            result.steps.append(value)
        else:
            self._alias(result, value, self._letters.of_value(value.shape))

    def _operation(
        self, result: Steps, plan: Merging, node: tree.Expr, made: Mapping[tree.Expr, Quantity], own: str | None
    ) -> Quantity:
        """The step at a node of the tree, after aliases for its operands where they are needed."""
        operands = [(leaf, self._base(leaf, made)) for leaf in plan.leaves(node)]
        known = {}
        used: list[Quantity] = []
        for leaf, base in operands:
            others = [other for place, other in operands if place is not leaf]
            if any(base is other or base in _ancestors(other) for other in others):
                base = self._alias(result, base)
            known[leaf] = base
            used.append(base)
        shape = self.inference.shapes[node]
        name = own or (self._letters.of_value(shape) if node is plan.root else self._letters.next(shape))
        return self._step(result, name, node, shape, known, given=bool(own))

    def _base(self, leaf: tree.Expr, made: Mapping[tree.Expr, Quantity]) -> Quantity:
        if leaf in made:
            return made[leaf]
        assert isinstance(leaf, tree.Name)
        return self._bases[leaf.name]

    def _step(
        self, result: Steps, name: str, node: tree.Expr, shape: Shape, known: Mapping[tree.Expr, Quantity], *, given: bool
    ) -> Quantity:
        operands = tuple(dict.fromkeys(known.values()))
        lowering = Lowering(self.graph, self.inference, self._names)
        value = lowering.expression(node, {leaf: Value(each.node, each.shape) for leaf, each in known.items()})
        definition = as_written(self.build, self.inference, node, {leaf: each.symbol for leaf, each in known.items()})
        quantity = self._quantity(name, shape, node, given=given)
        quantity.operands, quantity.definition, quantity.value = operands, definition, value.node
        quantity.leaves = known
        quantity.targets = frozenset().union(*(each.targets for each in operands))
        result.steps.append(quantity)
        return quantity

    def _quantity(self, name: str, shape: Shape, node: tree.Expr, *, role: str = "operation", given: bool = False) -> Quantity:
        symbol = self.build.make(notation.Symbol, shape, name)
        return Quantity(name, shape, symbol, self.graph.variable(name, shape.dims), node, role=role, given=given)

    def _alias(self, result: Steps, base: Quantity, name: str = "") -> Quantity:
        quantity = self._quantity(name or self._letters.next(base.shape), base.shape, base.source, role="alias")
        quantity.operands, quantity.definition, quantity.value = (base,), base.symbol, base.node
        quantity.targets = base.targets
        result.steps.append(quantity)
        return quantity

    def _constant(self, result: Steps, node: tree.Expr, name: str) -> Quantity:
        """A name for something that the variables do not reach."""
        shape = self.inference.shapes.get(node, SCALAR)
        quantity = self._quantity(name, shape, node, role="constant", given=True)
        quantity.definition = as_written(self.build, self.inference, node)
        quantity.value = Lowering(self.graph, self.inference, self._names).expression(node).node
        result.steps.append(quantity)
        return quantity


class _Letters:
    """Names that nothing else has."""

    def __init__(self, taken: frozenset[str], *, numbered: bool = True) -> None:
        self.taken = set(taken)
        self.numbered = numbered
        self.given = 0
        """How many names were given to steps within an expression."""
        stems = ("u", "v", "s", "q", "g", "h")
        self._stem = next((each for each in stems if not self._clashes(each)), "u_")

    def _clashes(self, stem: str) -> bool:
        return any(name.rstrip("0123456789₀₁₂₃₄₅₆₇₈₉_").lower() == stem for name in self.taken)

    def next(self, shape: Shape) -> str:
        """`u₁`, `U₂` (a matrix), …, or without numbers."""
        self.given += 1
        stem = self._stem.upper() if shape.kind == "matrix" else self._stem
        return stem + str(self.given).translate(_DIGITS) if self.numbered else stem

    def of_value(self, shape: Shape) -> str:
        """A name for the value: y, or another letter."""
        letters = "YFZHGM" if shape.kind == "matrix" else "yCfLgh" if not shape.dims else "yfghz"
        return next((letter for letter in letters if letter not in self.taken), f"{letters[0]}_")


def _ancestors(quantity: Quantity) -> set[Quantity]:
    """All that a quantity is made of."""
    found: set[Quantity] = set()
    stack = list(quantity.operands)
    while stack:
        each = stack.pop()
        if each not in found:
            found.add(each)
            stack.extend(each.operands)
    return found


def _needed(steps: Steps) -> set[Quantity]:
    """The steps that the value is made of, and the constants with a name (they may stand in any definition)."""
    value = steps.value
    return {value, *_ancestors(value), *(step for step in steps.steps if step.role == "constant")}
