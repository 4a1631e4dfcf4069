"""The order in which partial derivatives are found and multiplied: forward from the variable, or in reverse from the value.

Parr & Howard, section 4.5.1: "forward differentiation from x to y" and "backward differentiation from y to x". Both give the
same; what they cost depends on the sizes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from matcalc.explanation.derivation import Equation, Line, Remark, Section, Side
from matcalc.explanation.explain import Explaining
from matcalc.explanation.intermediates import Quantity
from matcalc.explanation.local import name_of, stacked_row
from matcalc.explanation.products import chain, product_sizes, sum_of
from matcalc.language.dimensions import Dim, Shape, dim
from matcalc.notation.matrix import Expression
from matcalc.output.arithmetic import superscript

Edge = tuple[Quantity, Quantity]


def directions(explaining: Explaining, wanted: str) -> list[Section]:
    """A section for the direction that is wanted, "forward" or "reverse", or for "both"."""
    section = Section("The order of the partial derivatives")
    value = explaining.steps.value
    if any(step.series is not None for step in explaining.steps.steps):
        text = "The terms of a sum over an index are differentiated before it, each by itself; their order is that below."
        section.lines.append(Remark(text))
        return [section]
    variables = [each for each in explaining.steps.variables if each.name in value.targets]
    if wanted in ("forward", "both"):
        for variable in variables:
            lines, cost = _forward(explaining, variable)
            title = Remark(f"Forward, from `{variable.name}` to `{value.name}`:")
            section.lines += [title, *lines, *_costs([variable], value, cost)]
    if wanted in ("reverse", "both") and variables:
        lines, cost = _reverse(explaining, variables)
        *first, last = (f"`{each.name}`" for each in variables)
        ends = f"{', '.join(first)} and {last}, once for all of them" if first else last
        section.lines += [Remark(f"Reverse, from `{value.name}` to {ends}:"), *lines, *_costs(variables, value, cost)]
    if wanted == "both" and section.lines:
        section.lines += _cheaper(value, explaining.steps.variables)
    return [section] if section.lines else []


def _costs(variables: Sequence[Quantity], value: Quantity, cost: Dim) -> list[Line]:
    if not any(each.shape.dims for each in (value, *variables)):
        return []
    return [Remark(f"`{_said(cost)}` multiplications, if no use is made of diagonal Jacobians.")]


def _cheaper(value: Quantity, variables: Sequence[Quantity]) -> list[Line]:
    """Which direction is cheaper, where that does not depend on the sizes."""
    if not value.shape.dims and any(each.shape.dims for each in variables):
        why = "in reverse only the derivatives of one number are carried along, so it is cheaper"
        text = f"`{value.name}` is one number: {why}."
        return [Remark(text)]
    if value.shape.dims and not any(each.shape.dims for each in variables):
        return [Remark("There is one number to differentiate by: forward, only columns are carried along, so it is cheaper.")]
    return []


def _forward(explaining: Explaining, variable: Quantity) -> tuple[list[Line], Dim]:
    """The derivative of each step by the variable, from those of its operands."""
    lines: list[Line] = []
    cost = dim(0)
    for step in explaining.steps.active(variable):
        operands = [each for each in step.operands if variable.name in each.targets]
        pairs = [((step, each), (each, variable)) for each in operands]
        stacked = stacked_row(explaining.build, step, variable)
        lines += _line(explaining, (step, variable), pairs, stacked)
        for each in operands:
            if each is not variable and step.role != "alias" and each.role != "alias":
                cost = cost + _size(step.shape).times(_size(each.shape)).times(_size(variable.shape))
    return lines, cost


def _reverse(explaining: Explaining, variables: Sequence[Quantity]) -> tuple[list[Line], Dim]:
    """The derivative of the value by each step, from those by the steps that use it; all variables share them."""
    steps = explaining.steps
    value = steps.value
    names = {each.name for each in variables}
    active = [step for step in steps.steps if not names.isdisjoint(step.targets)]
    lines: list[Line] = []
    cost = dim(0)
    for quantity in [*reversed(active), *variables]:
        if quantity is value:
            continue
        users = [each for each in steps.users(quantity) if each in active]
        lines += _line(explaining, (value, quantity), [((value, each), (each, quantity)) for each in users])
        for each in users:
            if each is not value and each.role != "alias":
                cost = cost + _pulled(value, each, quantity)
    return lines, cost


def _pulled(value: Quantity, step: Quantity, operand: Quantity) -> Dim:
    """Multiplications that carry the derivative of the value by a step to one of its operands."""
    shapes = step.shape.dims, operand.shape.dims
    if value.shape.dims or len(shapes[1]) < 2:
        return _size(value.shape).times(_size(step.shape)).times(_size(operand.shape))
    if len(shapes[0]) < 2:  # an outer product, or a number times a matrix
        return _size(operand.shape)
    shared = [size for size in shapes[0] if size not in shapes[1]] or [shapes[0][0]]  # B ∂y/∂U
    return _size(operand.shape).times(shared[0])


def _line(
    explaining: Explaining, of: Edge, terms: Sequence[tuple[Edge, Edge]], stacked: Expression | None = None
) -> list[Line]:
    """One derivative as the sum of products of those known; nothing if there is no product in it."""
    label = _label(explaining, of)
    products = []
    for outer, inner in terms:
        edges = [each for each in (outer, inner) if each[0] is not each[1]]
        by_elements = any(_is_step(each) and explaining.combiner.local(*each).plain is None for each in edges)
        products.append(None if by_elements else chain(explaining.build, [_factor(explaining, each) for each in edges]))
    direct = len(terms) == 1 and any(each[0] is each[1] for each in terms[0])
    if stacked is not None and not direct:
        label = stacked
    written = sum_of(explaining.build, products, label)
    if direct and _is_step(of):
        known = Side(explaining.combiner.local(*of).written, "from step 2")
        return [Equation(label, (known,), label.shape, of)]
    if written is not None:
        return [Equation(label, (Side(written, product_sizes(products)),), label.shape, of)]
    found = [each.formula for each in explaining.combiner.combinations() if (each.total.step, each.total.operand) == of]
    if not found or found[0] is None or stacked is not None:
        return []
    return [Equation(label, (Side(found[0]),), label.shape, of)]


def _factor(explaining: Explaining, of: Edge) -> Expression:
    """The name of a derivative as a factor: of a number by a matrix as a row."""
    return stacked_row(explaining.build, *of) or _label(explaining, of) if of[1].role == "variable" else _label(explaining, of)


def _is_step(of: Edge) -> bool:
    return of[1] in of[0].operands


def _label(explaining: Explaining, of: Edge) -> Expression:
    value, variable = of
    if _is_step(of):
        return explaining.combiner.local(value, variable).label
    return name_of(explaining.build, value, variable)


def _size(shape: Shape) -> Dim:
    total = dim(1)
    for each in shape.dims:
        total = total.times(each)
    return total


def _said(cost: Dim) -> str:
    """A number of operations: `3 m² n + m n`."""
    written = []
    for monomial, count in cost.terms:
        powers = Counter(monomial.split("*"))
        factors = [name + (superscript(power) if power > 1 else "") for name, power in powers.items()]
        written.append(" ".join([*([str(count)] if count != 1 else []), *factors]))
    return " + ".join([*written, *([str(cost.constant)] if cost.constant or not written else [])])
