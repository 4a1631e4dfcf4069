"""The steps of a differential: an expression in one piece as far as it is linear in each variable, otherwise taken apart."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.calculus.substitution import substituted
from matcalc.explanation.intermediates import Quantity, Steps
from matcalc.explanation.linear import NotLinearError, differential
from matcalc.language.shapes import Inference
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Expression
from matcalc.notation.recover import Recovery
from matcalc.notation.replace import with_children
from matcalc.notation.written import as_written
from matcalc.tensor.nodes import Node

_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

_LONGEST = 24
"""An expression of more nodes stays a step of its own."""


def pieces(recovery: Recovery, inference: Inference, steps: Steps) -> Steps:
    """The same steps, where those that are linear are put into the linear ones that use them."""
    inner = [step for step in steps.steps if not step.given and step is not steps.value]
    inlined: set[Quantity] = {step for step in inner if step.role == "alias"}
    for step in reversed(steps.active()):
        users = steps.users(step)
        if step.given or step in inlined or step is steps.value or not is_linear(recovery, step):
            continue
        if len(users) == 1 and all(is_linear(recovery, user) for user in users) and _size(step) <= _LONGEST:
            inlined.add(step)
    result = _merged(recovery, inference, steps, inlined)
    if len(result.steps) == 1 and not inference.program.bindings and result.value.role == "operation":
        whole = as_written(recovery.build, inference)  # the value as it stands, also where it was taken apart
        known: dict[Expression, Expression] = {}
        for node in notation.postorder(whole):
            known[node] = flattened(recovery, with_children(recovery.build, node, known))
        result.value.definition = known[whole]
    return result


def is_linear(recovery: Recovery, step: Quantity) -> bool:
    """Whether a step is linear in each of its operands."""
    if step.role != "operation" or step.definition is None or step.series is not None:
        return step.role == "alias"
    try:
        differential(recovery.build, step.definition, {each.symbol: each.symbol for each in step.operands})
    except NotLinearError:
        return False
    return True


def _size(step: Quantity) -> int:
    assert step.definition is not None
    return sum(1 for _ in notation.postorder(step.definition))


def _merged(recovery: Recovery, inference: Inference, steps: Steps, inlined: set[Quantity]) -> Steps:
    build, simplifier = recovery.build, recovery.simplifier
    written: dict[Expression, Expression] = {}
    made: dict[Quantity, Quantity] = {each: each for each in steps.variables}
    contents: dict[Quantity, Quantity] = {}
    result = Steps(steps.variables, indices=steps.indices)
    renamed = _names([step for step in steps.steps if step not in inlined and step is not steps.value])
    nodes: dict[Node, Node] = {}
    for step in steps.steps:
        assert step.definition is not None
        assert step.value is not None
        known = dict(written)
        definition = step.definition
        if step.series is not None:  # the terms are not looked into
            definition = as_written(build, inference, step.source, {leaf: each.symbol for leaf, each in step.leaves.items()})
        for node in notation.postorder(definition):
            if node not in known:
                known[node] = flattened(recovery, with_children(build, node, known))
        value = substituted(simplifier, step.value, nodes) if nodes else step.value
        operands: list[Quantity] = []
        for each in step.operands:
            operands += contents[each].operands if each in contents else [made[each]]
        name = renamed.get(step, step.name)
        symbol = build.make(notation.Symbol, step.shape, name)
        node_ = recovery.graph.variable(name, step.shape.dims)
        new = Quantity(
            name, step.shape, symbol, node_, step.source, step.role, tuple(dict.fromkeys(operands)),
            known[definition], value, step.given, step.targets, step.leaves,
        )  # fmt: skip
        if step in inlined:
            contents[step] = new
            written[step.symbol] = known[definition]
            nodes[step.node] = value
        else:
            made[step] = new
            if symbol is not step.symbol:
                written[step.symbol], nodes[step.node] = symbol, node_
            result.steps.append(new)
    return result


def _names(kept: Sequence[Quantity]) -> dict[Quantity, str]:
    """The steps that are left, numbered again; a single one has no number."""
    own = [step for step in kept if not step.given]
    stems = [step.name.rstrip("₀₁₂₃₄₅₆₇₈₉") for step in own]
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
