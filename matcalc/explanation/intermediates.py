"""Intermediate variables: an expression taken apart into steps of one operator or function each, innermost first.

Parr & Howard, section 4.5.1, step 1: "introduce intermediate variables for nested subexpressions and subexpressions for both
binary and unary operators". What the variable does not reach stays as it is, and so do signs, transposes and constant factors
of a step: they need no variable of their own. Where a step has the same thing in several operands, directly or through
another operand, each gets an alias, `u₁ = x` (4.5.2), so that ∂/∂u has one meaning: every path ends in an operand of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matcalc.errors import LimitError
from matcalc.explanation.merging import Merging, is_entry, rotated, taken_apart
from matcalc.language import tree
from matcalc.language.dimensions import SCALAR, Dim, Shape, dim
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Expression
from matcalc.notation.recover import Recovery
from matcalc.notation.written import as_written
from matcalc.output.text import expression as text_of
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
        role: "variable", "alias", "operation", "entry" for xᵢ in a term of a sum over i, or "constant" for a name of the
            reader's that the variable does not reach.
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
    series: Series | None = None


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

    def every(self) -> Iterator[Quantity]:
        """All steps, those of the terms of a sum over an index before it."""
        for step in self.steps:
            if step.series is not None:
                yield from step.series.steps.every()
            yield step

    def active(self, target: Quantity | None = None) -> list[Quantity]:
        """The steps that depend on a quantity (by default on any variable)."""
        if target is None:
            return [step for step in self.steps if step.targets]
        found = {target: None}
        for step in self.steps:
            if any(operand in found for operand in step.operands):
                found[step] = None
        return list(found)[1:]

    def users(self, of: Quantity) -> list[Quantity]:
        """The steps that have something as an operand."""
        return [step for step in self.steps if of in step.operands]


@dataclass(frozen=True, slots=True)
class Series:
    """A sum over an index: the steps of one term, `body`."""

    source: tree.IndexSum
    body: tree.Expr
    steps: Steps
    indices: tuple[str, ...]
    lengths: tuple[Dim, ...]


def check_length(steps: Steps, most: int, what: str) -> None:
    """Refuse what nobody would read.

    Raises:
        LimitError: there are more steps.
    """
    count = sum(1 for _ in steps.every())
    if count > most:
        advice = "explain a smaller program of the same form"
        raise LimitError(f"{what} is limited to {most} steps; this one has {count}", help=advice)


def taken_by_differentials(steps: Steps, names: Iterable[str]) -> list[str]:
    """Names of the reader's, `dx`, that could be read as the differential of something else, x."""
    own = {each.name for each in (*steps.variables, *steps.every())}
    every = own.union(names)
    return sorted(f"d{name}" for name in own if f"d{name}" in every)


class Introduction:
    """Introduces intermediate variables for a problem and the variables that it is differentiated by."""

    def __init__(
        self, problem: Problem, recovery: Recovery, targets: Sequence[tree.Name], taken: Iterable[str] = ()
    ) -> None:
        self.inference = problem.inference
        self.graph = problem.graph
        self.recovery = recovery
        self.build = recovery.build
        self.variables = tuple(self._variable(target) for target in targets)
        self._bases: dict[str, Quantity] = {}
        self._names: dict[str, Value] = {}
        self._found: dict[Node, Quantity] = {}
        """The steps by their values: what is written twice is one variable."""
        self._taken = self.build.taken | frozenset(taken) | {self.build.commutation}
        self._letters = Letters(self._taken)

    def steps(self) -> Steps:
        """All steps, those of the reader's bindings first, in the order in which they were written."""
        program = self.inference.program
        bindings = [each for each in program.bindings if each.name.name not in self.inference.symbols]
        roots = [rotated(self.inference, each) for each in (*(binding.value for binding in bindings), program.body)]
        reached = self._reached_names(bindings)
        plans = [Merging(self.inference, root, reached) for root in roots]
        few = sum(len(plan.nodes) for plan in plans) == 1
        if few and not any(map(plans[-1].series, plans[-1].nodes)):  # a textbook takes w·x + b apart, if there is nothing else
            roots[-1] = taken_apart(self.inference, roots[-1])
            plans = [Merging(self.inference, root, reached, merge=False) for root in roots]
        result = self._introduced(bindings, plans)
        if self._letters.given == 1:  # a single one needs no number
            self._letters = Letters(self._taken, numbered=False)
            result = self._introduced(bindings, plans)
        return result

    def _introduced(self, bindings: Sequence[tree.Binding], plans: Sequence[Merging]) -> Steps:
        self._bases = {each.name: each for each in self.variables}
        self._names = {}
        self._found = {}
        result = Steps(self.variables)
        for binding, plan in zip(bindings, plans, strict=False):
            self._add(result, plan, binding.name.name)
        self._add(result, plans[-1], "")
        needed = _needed(result)
        result.steps = [step for step in result.steps if step in needed]
        return result

    def _reached_names(self, bindings: Sequence[tree.Binding]) -> dict[str, frozenset[str]]:
        """The names of variables and of bindings, with all names that reach them, their own included."""
        reached = {each.name: frozenset([each.name]) for each in self.variables}
        for binding in bindings:
            names = [node.name for node in tree.postorder(binding.value) if isinstance(node, tree.Name)]
            found = frozenset().union(*(reached.get(name, ()) for name in names))
            if found:
                reached[binding.name.name] = found | {binding.name.name}
        return reached

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
        made = self._made(result, plan, lambda shape: own or self._letters.of_value(shape), given=bool(own))
        if not own:
            if root not in made and isinstance(root, tree.Name) and root.name in self._bases:
                self._move_last(result, self._bases[root.name])
            elif root not in made:
                self._constant(result, root, self._letters.of_value(self.inference.shapes.get(root, SCALAR)))
            return
        if root not in made:
            base = self._bases.get(root.name) if isinstance(root, tree.Name) else None
            reached = base is not None and base.targets
            made[root] = self._alias(result, base, own) if base is not None and reached else self._constant(result, root, own)
            made[root].given = True
        self._bases[own] = made[root]
        self._names[own] = Value(made[root].node, made[root].shape)

    def _made(self, result: Steps, plan: Merging, named: Callable[[Shape], str], *, given: bool) -> dict[tree.Expr, Quantity]:
        """The steps of a tree, added to the result, by their place; `named` gives the name of the last one."""
        levels = plan.levels()
        if levels:
            return {plan.root: self._columns(result, plan, levels, named, given=given)}
        made: dict[tree.Expr, Quantity] = {}
        for node, is_alias in plan.events():
            if is_alias:
                assert isinstance(node, tree.Name)
                made[node] = self._alias(result, self._bases[node.name])
                continue
            known = self._with_aliases(result, [(leaf, made.get(leaf) or self._base(leaf)) for leaf in plan.leaves(node)])
            entry = self._entry(node, known)
            if entry is not None:
                made[node] = self._found.setdefault(entry.node, entry)
                if made[node] is entry:
                    result.steps.append(entry)
                continue
            value, is_root = self._value(node, known), node is plan.root
            same = None if is_root else self._found.get(value)
            if same is not None and same.operands == tuple(dict.fromkeys(known.values())):
                made[node] = same  # it was written before
                continue
            shape = self.inference.shapes[node]
            series = self._series(plan, node, known)
            name = named(shape) if is_root else self._letters.next(shape)
            made[node] = self._found[value] = self._step(name, node, shape, known, series)
            made[node].value, made[node].given = value, given and is_root
            result.steps.append(made[node])
        return made

    def _entry(self, node: tree.Expr, known: Mapping[tree.Expr, Quantity]) -> Quantity | None:
        """An entry of a vector at the index of the sum of which this is a term; there is none in a whole program."""
        return None

    def _with_aliases(
        self, result: Steps, operands: Sequence[tuple[tree.Expr, Quantity]]
    ) -> dict[tree.Expr, Quantity]:
        """The operands of a step, with aliases for those that reach another one: such as exist already in another place."""
        known: dict[tree.Expr, Quantity] = {}
        for leaf, base in operands:
            others = [other for place, other in operands if place is not leaf and other is not base]
            known[leaf] = self._alias(result, base) if any(base in _ancestors(other) for other in others) else base
        return known

    def _columns(
        self, result: Steps, plan: Merging, levels: Sequence[Sequence[tree.Expr]], named: Callable[[Shape], str], *, given: bool
    ) -> Quantity:
        """A column of functions that are taken of each other's values, entry by entry."""
        shape = self.inference.shapes[plan.root]
        below: Quantity | None = None
        for number, level in enumerate(levels, 1):
            last = number == len(levels)
            source = plan.root if last else tree.Stack(";", tuple(level), plan.root.span)
            self.inference.shapes[source] = shape
            leaves = [next(plan.leaves(node)) for node in level]
            quantity = self._quantity(named(shape) if last else self._letters.next(shape), shape, source)
            quantity.given = given and last
            values: dict[tree.Expr, Value] = {}
            written: dict[tree.Expr, Expression] = {}
            for place, leaf in enumerate(leaves, 1):
                base = self._base(leaf) if below is None else below
                quantity.operands, quantity.targets = (base,), base.targets
                if below is None:
                    values[leaf], written[leaf] = Value(base.node, SCALAR), base.symbol
                else:
                    unit = self.graph.unit(shape.dims[0], dim(place))
                    values[leaf] = Value(self.graph.contraction([(below.node, (0,)), (unit, (0,))], ()), SCALAR)
                    written[leaf] = self.build.make(notation.Element, SCALAR, below.symbol, (str(place),))
            quantity.leaves = dict.fromkeys(leaves, quantity.operands[0])
            quantity.value = Lowering(self.graph, self.inference, self._names).expression(source, values).node
            quantity.definition = as_written(self.build, self.inference, source, written)
            result.steps.append(quantity)
            below = quantity
        assert below is not None
        return below

    def _base(self, leaf: tree.Expr) -> Quantity:
        assert isinstance(leaf, tree.Name)
        return self._bases[leaf.name]

    def _move_last(self, result: Steps, value: Quantity) -> None:
        if value in result.steps:
            result.steps.remove(value)
            result.steps.append(value)
        else:
            self._alias(result, value, self._letters.of_value(value.shape))

    def _step(
        self, name: str, node: tree.Expr, shape: Shape, known: Mapping[tree.Expr, Quantity], series: Series | None
    ) -> Quantity:
        quantity = self._quantity(name, shape, node)
        quantity.operands = tuple(dict.fromkeys(known.values()))
        quantity.leaves = known
        quantity.targets = frozenset().union(*(each.targets for each in quantity.operands))
        written = {leaf: each.symbol for leaf, each in known.items()}
        if series is not None:
            quantity.series = series
            written[series.body] = series.steps.value.symbol
        quantity.definition = as_written(self.build, self.inference, node, written)
        return quantity

    def _value(self, node: tree.Expr, known: Mapping[tree.Expr, Quantity]) -> Node:
        """A step on the graph, in terms of its operands."""
        values = {leaf: Value(each.node, each.shape) for leaf, each in known.items()}
        for part in self._of_index(node, known):
            shape = self.inference.shapes[part]
            values[part] = Value(self.recovery.leaf(as_written(self.build, self.inference, part), shape.dims), shape)
        return Lowering(self.graph, self.inference, self._names).expression(node, values).node

    def _of_index(self, node: tree.Expr, known: Mapping[tree.Expr, Quantity]) -> Iterator[tree.Expr]:
        """The largest constant parts that depend on the index of the sum of which this is a term; none in a whole program."""
        return iter(())

    def _quantity(self, name: str, shape: Shape, node: tree.Expr, *, role: str = "operation") -> Quantity:
        symbol = self.build.make(notation.Symbol, shape, name)
        return Quantity(name, shape, symbol, self.graph.variable(name, shape.dims), node, role=role)

    def _alias(self, result: Steps, base: Quantity, name: str = "") -> Quantity:
        role = "alias" if isinstance(base.symbol, notation.Symbol) else "indexed alias"
        quantity = self._quantity(name or self._letters.next(base.shape), base.shape, base.source, role=role)
        quantity.role = "alias"
        quantity.operands, quantity.definition, quantity.value = (base,), base.symbol, base.node
        quantity.targets = base.targets
        result.steps.append(quantity)
        return quantity

    def _constant(self, result: Steps, node: tree.Expr, name: str) -> Quantity:
        """A name for something that the variables do not reach."""
        shape = self.inference.shapes.get(node, SCALAR)
        quantity = self._quantity(name, shape, node, role="constant")
        quantity.given = True
        quantity.definition = as_written(self.build, self.inference, node)
        quantity.value = Lowering(self.graph, self.inference, self._names).expression(node).node
        result.steps.append(quantity)
        return quantity

    # The terms of a sum over an index

    def _series(self, plan: Merging, node: tree.Expr, known: Mapping[tree.Expr, Quantity]) -> Series | None:
        """The steps of one term, if the step is a sum over an index (maybe scaled) and one term can be looked at."""
        found = plan.series(node)
        return None if found is None else Terms(self, found, plan, known).series()


class Terms(Introduction):
    """Introduces intermediate variables in one term of a sum over an index: uᵢ = w·xᵢ + b."""

    def __init__(self, outer: Introduction, node: tree.IndexSum, plan: Merging, known: Mapping[tree.Expr, Quantity]) -> None:
        self.inference, self.graph = outer.inference, outer.graph
        self.recovery, self.build = outer.recovery, outer.build
        self._letters, self._names = outer._letters, outer._names
        self._found = {}
        self.variables = tuple(dict.fromkeys(known.values()))
        self._bases = {leaf.name: base for leaf, base in known.items() if isinstance(leaf, tree.Name)}
        self._node = node
        self._known = {leaf: base for leaf, base in known.items() if not isinstance(leaf, tree.Name)}
        reached: dict[tree.Expr, frozenset[str]] = {leaf: plan.reached[leaf] for leaf in self._known}
        self.indices = tuple(clause.index.name for clause in node.clauses)
        self._plan = Merging(self.inference, node.body, plan.names, known=reached, indices=self.indices)
        self._lengths = tuple(self.inference.ranges[clause].length for clause in node.clauses)

    def _base(self, leaf: tree.Expr) -> Quantity:
        return self._known[leaf] if leaf in self._known else super()._base(leaf)

    def _entry(self, node: tree.Expr, known: Mapping[tree.Expr, Quantity]) -> Quantity | None:
        if not (isinstance(node, tree.Index) and is_entry(self.inference, node, self.indices)):
            return None
        (leaf, base), = known.items()
        index = node.subscripts[0]
        assert isinstance(index, tree.Name)
        symbol = as_written(self.build, self.inference, node, {leaf: base.symbol})
        variable = self.recovery.leaf(symbol, ())
        assert isinstance(variable, Variable)
        unit = self.recovery.leaf(self.build.make(notation.Unit, base.shape, index.name), base.shape.dims)
        value = self.graph.contraction([(base.node, (0,)), (unit, (0,))], ())
        return Quantity(
            text_of(symbol), SCALAR, symbol, variable, node, role="entry", operands=(base,), definition=symbol, value=value,
            targets=base.targets, leaves=known,
        )  # fmt: skip

    def series(self) -> Series:
        """The steps of one term."""
        result = Steps(self.variables, indices=self.indices)
        if not self._plan.nodes:  # the term is the variable itself
            self._alias(result, self._base(self._node.body))
        else:
            self._made(result, self._plan, self._letters.next, given=False)
        return Series(self._node, self._node.body, result, self.indices, self._lengths)

    def _quantity(self, name: str, shape: Shape, node: tree.Expr, *, role: str = "operation") -> Quantity:
        if role == "alias":
            return super()._quantity(name, shape, node, role=role)
        sizes = (*self._lengths, *shape.dims)
        whole = self.build.make(notation.Symbol, Shape("vector" if len(sizes) == 1 else "matrix", sizes), name)
        symbol = self.build.make(notation.Element, shape, whole, self.indices)
        variable = self.recovery.leaf(symbol, shape.dims)
        assert isinstance(variable, Variable)
        return Quantity(text_of(symbol), shape, symbol, variable, node, role=role)

    def _of_index(self, node: tree.Expr, known: Mapping[tree.Expr, Quantity]) -> Iterator[tree.Expr]:
        depends: set[tree.Expr] = set()
        reached: set[tree.Expr] = set(known)
        order = list(tree.postorder(node, known))
        parents: dict[tree.Expr, tree.Expr] = {}
        for each in order:
            below = () if each in known else tree.children(each)
            for child in below:
                parents[child] = each
            if any(child in reached for child in below):
                reached.add(each)
            if any(child in depends for child in below) or (isinstance(each, tree.Name) and each.name in self.indices):
                depends.add(each)
        for each in order:
            if each in depends and each not in reached and (parents.get(each) in reached or each is node):
                yield each


class Letters:
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
