"""The coefficients of differentials: G in dy = tr(G dX), g in dy = g dx, J in dy = J dx."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.calculus.substitution import substituted
from matcalc.errors import NotSupportedError
from matcalc.explanation.intermediates import Quantity
from matcalc.explanation.linear import product, times
from matcalc.explanation.local import by_elements
from matcalc.language.dimensions import SCALAR, Shape
from matcalc.notation import matrix as notation
from matcalc.notation.layout import Written, indexed, write
from matcalc.notation.matrix import Expression
from matcalc.notation.recover import Recovery
from matcalc.tensor.nodes import Node, Number, Zero


class Coefficients:
    """Writes derivatives of a value as coefficients of differentials. A node has the axes of the value, then the variable's."""

    def __init__(self, recovery: Recovery, value: Quantity) -> None:
        self.recovery = recovery
        self.build = recovery.build
        self.value = value

    def written(self, node: Node, variable: Quantity, value: Quantity | None = None) -> Written:
        """A coefficient in numerator layout."""
        shape = (value or self.value).shape
        found = write(self.recovery, node, shape, [variable.shape], "numerator", variable.name)
        if found.elements is not None and found.elements.definitions:
            raise NotSupportedError(
                "a derivation by differentials with names for parts of an element", help="leave out the method"
            )
        return found

    def paired(self, node: Node, variable: Quantity, with_: Expression, value: Quantity | None = None) -> Expression:
        """The coefficient times the differential of the variable, or what that is equal to."""
        shape = (value or self.value).shape
        found = self.written(node, variable, value)
        build, written = self.build, found.expression
        axes = len(shape.dims) + len(variable.shape.dims)
        if found.indices or axes > 2:
            return self._by_elements(found, variable, with_, shape.kind != "scalar")
        kind = variable.shape.kind
        if kind == "scalar":
            return times(build, 1, [written, with_], (), shape)
        if shape.kind == "row":
            turned = build.transpose(with_) if kind == "vector" else with_
            return product(build, turned, build.transpose(written))
        if kind == "row":
            return product(build, written, build.transpose(with_)) if shape.dims else product(build, with_, written)
        joined = product(build, written, with_)
        return joined if kind == "vector" else self._trace(joined)

    def _by_elements(self, found: Written, variable: Quantity, with_: Expression, wide: bool) -> Expression:
        if wide or not found.indices:
            raise NotSupportedError(
                "a derivation by differentials of an array with more than two axes", help="leave out the method"
            )
        entry = self.build.make(notation.Element, SCALAR, with_, found.indices)
        body = times(self.build, 1, [found.expression, entry], (), SCALAR)
        indices = tuple(zip(found.indices, variable.shape.dims, strict=True))
        return self.build.make(notation.IndexedSum, SCALAR, body, indices)

    def _trace(self, node: Expression) -> Expression:
        if isinstance(node, notation.Product):
            core = self._trace(node.factors[-1])
            return times(self.build, node.coefficient, [*node.factors[:-1], core], node.divisors, SCALAR)
        return self.build.make(notation.Function, SCALAR, "tr", (node,))

    def applied(self, node: Node, step: Quantity, operand: Quantity, differential: Expression) -> Expression:
        """The differential of a step by one of its operands."""
        if not step.shape.dims:
            return self.paired(node, operand, differential, step)
        upright = self.build.transpose(differential) if operand.shape.kind == "row" else differential
        leaf = self.recovery.leaf(upright, operand.shape.dims)
        own, axes = len(step.shape.dims), len(operand.shape.dims)
        factors: list[tuple[Node, Sequence[int]]] = [(node, range(own + axes)), (leaf, range(own, own + axes))]
        whole = self.recovery.simplifier.contraction(factors, range(own), step.shape.dims)
        found = write(self.recovery, whole, step.shape, [SCALAR], "numerator")
        if found.indices:
            raise NotSupportedError("a differential that only index notation can say", help="leave out the method")
        if own == axes == 1 and step.shape.kind == operand.shape.kind == "vector" and _occurrences(found.expression) > 1:
            jacobian = self.written(node, operand, step)  # (diag(p) - p pᵀ) dz
            if not jacobian.indices:
                return product(self.build, jacobian.expression, differential)
        return found.expression

    def stacked(self, node: Node, variable: Quantity, with_: Expression) -> Expression:
        """The coefficient of vec(dX) in vec(dY) = K vec(dX), times it."""
        written, build = self.written(node, variable).expression, self.build
        if not variable.shape.dims:
            written = build.vec(written)
            return times(build, 1, [with_, written], (), written.shape)
        return product(build, written, with_)

    def chained(self, outer: Node, step: Quantity, inner: Node, operand: Quantity, value: Shape | None = None) -> Node:
        """The coefficient of an operand through a step, in the value or in another step of a shape."""
        value = value or self.value.shape
        own = range(len(value.dims))
        between = range(100, 100 + len(step.shape.dims))
        last = range(200, 200 + len(operand.shape.dims))
        shape = value.dims + operand.shape.dims
        simplifier = self.recovery.simplifier
        return simplifier.simplify(
            simplifier.contraction([(outer, (*own, *between)), (inner, (*between, *last))], (*own, *last), shape)
        )

    def added(self, first: Node, second: Node) -> Node:
        """The sum of two coefficients."""
        return self.recovery.simplifier.simplify(self.recovery.graph.sum([(1, first), (1, second)], first.shape))

    def in_terms_of(self, node: Node, step: Quantity) -> Node:
        """A derivative with the name of the step where that stands in it: diag(p) - p pᵀ for p = softmax(z)."""
        assert step.value is not None
        simplifier = self.recovery.simplifier
        value = simplifier.simplify(step.value)
        if not value.args or (step is self.value and not step.shape.dims):
            return node
        return simplifier.simplify(substituted(simplifier, node, {value: step.node}))

    def meaning(self, variable: Quantity, label: str) -> str:
        """How a coefficient is read as the derivative that has this label."""
        y, x, (value, kind) = self.value.name, variable.name, (self.value.shape, variable.shape.kind)
        turned = f"d{x}ᵀ" if kind == "row" else f"d{x}"
        if len(value.dims) + len(variable.shape.dims) > 2:
            above = f"vec(d{y})" if value.kind == "matrix" else f"d{y}ᵀ" if value.kind == "row" else f"d{y}"
            return f"`{above} = J {f'vec(d{x})' if kind == 'matrix' else turned}` means `{label} = J`"
        if kind == "matrix":
            return f"`d{y} = tr(G d{x})` means `{label} = G`, in numerator layout"
        if kind == "scalar":
            return f"the coefficient of `d{x}`"
        if not value.dims:
            return f"`d{y} = d{x} g` means `{label} = g`" if kind == "row" else f"`d{y} = g d{x}` means `{label} = g`"
        if value.kind == "row":
            return f"`d{y}ᵀ = J {turned}` means `{label} = J`"
        return f"`d{y} = J {turned}` means `{label} = J`"

    def by_element(self, node: Node) -> Written:
        """A coefficient as one element of it."""
        return indexed(self.recovery, node)

    def element_label(self, variable: Quantity, indices: Sequence[str]) -> Expression:
        """The derivative by one entry, by name."""
        return by_elements(self.build, self.value, variable, indices)


def is_zero_node(node: Node) -> bool:
    """Whether a coefficient is 0."""
    return isinstance(node, Zero) or (isinstance(node, Number) and node.value == 0)


def _occurrences(root: Expression) -> int:
    """How many times a differential is written in an expression."""
    counts: dict[Expression, int] = {}
    for node in notation.postorder(root):
        own = isinstance(node, notation.Differential)
        counts[node] = own + sum(counts[child] for child in notation.children(node))
    return counts[root]
