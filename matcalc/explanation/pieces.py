"""The steps of a differential: an expression in one piece as far as it is linear in each variable, otherwise taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matcalc.calculus.substitution import substituted
from matcalc.explanation.intermediates import Quantity, Series, Steps
from matcalc.explanation.linear import NotLinearError, differential
from matcalc.language.shapes import Inference
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Expression
from matcalc.notation.recover import Recovery
from matcalc.notation.replace import with_children
from matcalc.notation.written import as_written
from matcalc.output.text import expression
from matcalc.tensor.nodes import Node, Variable

_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

_LONGEST = 24
"""An expression of more nodes stays a step of its own."""


def pieces(recovery: Recovery, inference: Inference, steps: Steps) -> Steps:
    """The same steps, where those that are linear are put into the linear ones that use them."""
    merging = _Merging(recovery, inference)
    merging.names = _names(merging.kept(steps)[:-1])
    result = merging.merged(steps)
    if len(result.steps) == 1 and not inference.program.bindings and result.value.role == "operation":
        whole = as_written(recovery.build, inference)  # the value as it stands, also where it was taken apart
        known: dict[Expression, Expression] = {}
        for node in notation.postorder(whole):
            known[node] = flattened(recovery, with_children(recovery.build, node, known))
        if result.value.series is None:
            result.value.definition = known[whole]
    return result


def is_linear(recovery: Recovery, step: Quantity) -> bool:
    """Whether a step is linear in each of its operands."""
    if step.role != "operation" or step.definition is None or step.series is not None:
        return step.role == "alias"
    return _is_linear(recovery, step.definition, step.operands)


def _is_linear(recovery: Recovery, definition: Expression, operands: Sequence[Quantity]) -> bool:
    try:
        differential(recovery.build, definition, {each.symbol: each.symbol for each in operands})
    except NotLinearError:
        return False
    return True


def _size(step: Quantity) -> int:
    assert step.definition is not None
    return sum(1 for _ in notation.postorder(step.definition))


class _Merging:
    """Puts steps into others."""

    def __init__(self, recovery: Recovery, inference: Inference) -> None:
        self.recovery, self.inference = recovery, inference
        self.names: dict[Quantity, str] = {}
        """The new names of steps."""
        self.build, self.simplifier = recovery.build, recovery.simplifier
        self.written: dict[Expression, Expression] = {}
        """What stands for a symbol now, in notation; `nodes` are the same on the graph."""
        self.nodes: dict[Node, Node] = {}
        self.made: dict[Quantity, Quantity] = {}
        self.contents: dict[Quantity, Quantity] = {}
        """The steps that were put into others."""
        self.entries: dict[Expression, Quantity] = {}
        """The entries of vectors in a term of a sum over an index, by their symbols."""

    def merged(self, steps: Steps) -> Steps:
        """The steps that are left."""
        inlined = self._inlined(steps)
        result = Steps(tuple(self.made.get(each, each) for each in steps.variables), indices=steps.indices)
        self.entries = {step.symbol: step for step in steps.steps if step.role == "entry"}
        for step in steps.steps:
            new = self._entry(step) if step.role == "entry" else self._new(step)
            if step in inlined:
                assert new.definition is not None
                assert new.value is not None
                self.contents[step] = new
                self.written[step.symbol], self.nodes[step.node] = new.definition, new.value
            else:
                self.made[step] = new
                if new.symbol is not step.symbol:
                    self.written[step.symbol], self.nodes[step.node] = new.symbol, new.node
                if new not in result.steps:
                    result.steps.append(new)
        return result

    def kept(self, steps: Steps) -> list[Quantity]:
        """The steps that are left, those of the terms of a sum over an index before it; the value is the last one."""
        found: list[Quantity] = []
        inlined = self._inlined(steps)
        for step in steps.steps:
            if step.series is not None and self._is_looked_into(step):
                found += self.kept(step.series.steps)
            if step not in inlined:
                found.append(step)
        return found

    def _is_looked_into(self, step: Quantity) -> bool:
        """Whether a sum over an index is one of its terms, and no product or so."""
        if step.series is None or step.definition is None:
            return False
        term = step.series.steps.value
        return term.role != "alias" and _is_linear(self.recovery, step.definition, [term])

    def _inlined(self, steps: Steps) -> set[Quantity]:
        """The steps that get no name: aliases, and linear ones within linear ones."""
        inner = [step for step in steps.steps if not step.given and step is not steps.value]
        inlined: set[Quantity] = {step for step in inner if step.role == "alias"}
        for step in reversed(steps.active()):
            users = steps.users(step)
            if step.given or step in inlined or step is steps.value or not is_linear(self.recovery, step):
                continue
            if len(users) == 1 and all(is_linear(self.recovery, user) for user in users) and _size(step) <= _LONGEST:
                inlined.add(step)
        return inlined

    def _new(self, step: Quantity) -> Quantity:
        """A step in terms of those that are left."""
        assert step.value is not None
        operands: list[Quantity] = []
        for each in step.operands:
            operands += self.contents[each].operands if each in self.contents else [self.made.get(each, each)]
        new = replace(step, operands=tuple(dict.fromkeys(operands)), series=None)
        new.value = substituted(self.simplifier, step.value, self.nodes) if self.nodes else step.value
        definition = step.definition
        assert definition is not None
        if step.series is not None:
            if self._is_looked_into(step):
                new.series, term = self._of_terms(step.series), step.series.steps.value.symbol
                self.written[term] = new.series.steps.value.symbol
            else:  # the terms are not looked into
                known = {leaf: each.symbol for leaf, each in step.leaves.items()}
                definition = as_written(self.build, self.inference, step.source, known)
        new.definition = self._rewritten(definition)
        if step in self.names:
            self._rename(new, self.names[step])
        return new

    def _entry(self, step: Quantity) -> Quantity:
        """An entry hᵢ, of what its vector is called now: that may have been an alias."""
        symbol = self._rewritten(step.symbol)
        if symbol is step.symbol:
            return step
        if symbol not in self.entries:
            new = self._new(step)
            node = self.recovery.leaf(symbol, ())
            assert isinstance(node, Variable)
            new.name, new.symbol, new.definition, new.node = expression(symbol), symbol, symbol, node
            self.entries[symbol] = new
        return self.entries[symbol]

    def _rename(self, step: Quantity, name: str) -> None:
        old = step.symbol
        if isinstance(old, notation.Element):  # of one term
            whole = self.build.make(notation.Symbol, old.operand.shape, name)
            step.symbol = self.build.make(notation.Element, step.shape, whole, old.indices)
            node = self.recovery.leaf(step.symbol, step.shape.dims)
            assert isinstance(node, Variable)
            step.name, step.node = expression(step.symbol), node
            return
        step.name, step.symbol = name, self.build.make(notation.Symbol, step.shape, name)
        step.node = self.recovery.graph.variable(name, step.shape.dims)

    def _of_terms(self, series: Series) -> Series:
        """The steps of one term of a sum over an index."""
        inner = _Merging(self.recovery, self.inference)
        inner.names = self.names
        inner.written, inner.nodes = dict(self.written), dict(self.nodes)
        inner.made, inner.contents = dict(self.made), dict(self.contents)
        return replace(series, steps=inner.merged(series.steps))

    def _rewritten(self, root: Expression) -> Expression:
        known = dict(self.written)
        for node in notation.postorder(root):
            if node not in known:
                known[node] = flattened(self.recovery, with_children(self.build, node, known))
        return known[root]


def _names(kept: Sequence[Quantity]) -> dict[Quantity, str]:
    """The steps that are left, numbered again; a single one has no number."""
    own = [step for step in kept if not step.given and step.role != "entry"]
    symbols = [step.symbol.operand if isinstance(step.symbol, notation.Element) else step.symbol for step in own]
    stems = [symbol.name.rstrip("₀₁₂₃₄₅₆₇₈₉") for symbol in symbols if isinstance(symbol, notation.Symbol)]
    if len(own) == 1:
        return {own[0]: stems[0]}
    return {step: stem + str(k).translate(_DIGITS) for k, (step, stem) in enumerate(zip(own, stems, strict=True), 1)}


def flattened(recovery: Recovery, node: Expression) -> Expression:
    """A product of products as one, and a sum of sums."""
    build = recovery.build
    products = notation.MatMul, notation.Product
    if isinstance(node, notation.MatMul) and any(isinstance(each, products) for each in node.factors):
        return build.matmul(*node.factors)
    if isinstance(node, notation.Product) and any(isinstance(each, notation.Product) for each in node.factors):
        return build.product(node.coefficient, node.factors, node.divisors, node.shape)
    if isinstance(node, notation.Sum) and any(isinstance(each, notation.Sum) for each in node.terms):
        terms = [each for term in node.terms for each in (term.terms if isinstance(term, notation.Sum) else (term,))]
        return build.make(notation.Sum, node.shape, tuple(terms))
    if isinstance(node, notation.Transpose) and isinstance(node.operand, (notation.MatMul, notation.Transpose)):
        return build.transpose(node.operand)
    return node
