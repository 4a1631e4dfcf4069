"""The derivative by what the reader asked for: a variable, stacked variables, an element, a matrix with structure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from matcalc.calculus.chain import Derivation
from matcalc.calculus.differentiate import differentiate
from matcalc.calculus.simplify import Simplifier
from matcalc.calculus.symmetry import SYMMETRIC, is_symmetric
from matcalc.errors import NotSupportedError
from matcalc.language import tree
from matcalc.language.dimensions import dim
from matcalc.tensor.nodes import Node, Rational, Variable, terms

if TYPE_CHECKING:
    from matcalc.language.shapes import Symbol

_DIAGONAL = frozenset({"diagonal"})
_UNCONSTRAINED_ONLY = frozenset({"orthogonal", "lower_triangular", "upper_triangular"})
STRUCTURES = SYMMETRIC | _UNCONSTRAINED_ONLY
"""Declared properties that bind the entries of a matrix to each other."""


class Targets:
    """Differentiates nodes of one graph by targets; `derivations` keeps how each derivative by a variable was found."""

    def __init__(self, simplifier: Simplifier, symbols: Mapping[str, Symbol]) -> None:
        self.simplifier = simplifier
        self.graph = simplifier.graph
        self.symbols = symbols
        self.derivations: list[Derivation] = []

    def variable(self, name: str) -> Variable:
        """The node of a variable."""
        symbol = self.symbols[name]
        return self.graph.variable(name, symbol.shape.dims, symbol.properties)

    def structure(self, target: tree.Expr) -> frozenset[str]:
        """The properties of a target that make the derivative by it one on a subspace of matrices."""
        if not isinstance(target, tree.Name):
            return frozenset()
        return self.symbols[target.name].properties & STRUCTURES

    def derivative(self, node: Node, target: tree.Expr) -> Node:
        """The derivative of a node by a variable, stacked variables (one axis), or an element.

        Raises:
            NotSupportedError: the target is something else, or a matrix whose entries are bound to each other in a way that
                is not supported.
        """
        graph = self.graph
        if isinstance(target, tree.Name):
            return self._on_subspace(self._by_variable(node, target.name), target)
        if isinstance(target, tree.Stack):
            parts = []
            for item in target.items:
                if not isinstance(item, tree.Name):
                    raise NotSupportedError("a derivative by stacked expressions", item.span, help="stack variables")
                part = self._by_variable(node, item.name)
                if part.order == node.order:
                    sizes = (*node.shape, dim(1))
                    part = graph.contraction([(part, range(part.order))], range(part.order + 1), sizes)
                elif part.order > node.order + 1:
                    raise NotSupportedError("a derivative by a stacked matrix", item.span)
                parts.append(part)
            return graph.concatenation(node.order, parts)
        if isinstance(target, tree.Index) and isinstance(target.operand, tree.Name):
            return self._by_element(node, target)
        raise NotSupportedError("a derivative by this", target.span, help="write a variable, `[x, y]` or `x[2]`")

    def _by_variable(self, node: Node, name: str) -> Node:
        derivation = differentiate(self.graph, node, self.variable(name))
        self.derivations.append(derivation)
        return self.simplifier.simplify(derivation.result)

    def _by_element(self, node: Node, target: tree.Index) -> Node:
        assert isinstance(target.operand, tree.Name)
        graph = self.graph
        structure = self.symbols[target.operand.name].properties & STRUCTURES
        if structure:
            raise NotSupportedError(
                f"the derivative by an entry of a matrix declared {', '.join(sorted(structure))}",
                target.span,
                help="its entries are not independent; unconstrained=True differentiates by this entry alone",
            )
        whole = self._by_variable(node, target.operand.name)
        factors: list[tuple[Node, Sequence[int]]] = [(whole, range(whole.order))]
        for axis, subscript in enumerate(target.subscripts):
            label = node.order + axis
            if not isinstance(subscript, tree.Number) or label >= whole.order:
                raise NotSupportedError("a derivative by this part", target.span, help="write an element such as `x[2]`")
            factors.append((graph.unit(whole.shape[label], int(subscript.value)), (label,)))
        if len(factors) - 1 != whole.order - node.order:
            raise NotSupportedError("a derivative by a row or column", target.span, help="write an element such as `X[1, 2]`")
        return graph.contraction(factors, range(node.order))

    def _on_subspace(self, node: Node, target: tree.Name) -> Node:
        """By a symmetric matrix, the symmetric part (the derivative on the space of symmetric matrices)."""
        properties = self.structure(target)
        if not properties:
            return node
        if properties & _UNCONSTRAINED_ONLY:
            raise NotSupportedError(
                f"the derivative by a matrix declared {', '.join(sorted(properties))}",
                target.span,
                help="use unconstrained=True for the derivative by all entries",
            )
        graph, order = self.graph, node.order
        out = range(order)
        if order == 2 and not properties & _DIAGONAL and is_symmetric(graph, node):
            return node
        if properties & _DIAGONAL:
            return graph.contraction([(node, out), (graph.delta(node.shape[-1]), (order - 2, order - 1))], out)
        swapped = [*range(order - 2), order - 1, order - 2]
        halves: list[tuple[Rational, Node]] = []
        for coefficient, term in terms(node):
            transposed = self.simplifier.contraction([(term, swapped)], out)
            halves += [(Fraction(coefficient) / 2, term), (Fraction(coefficient) / 2, transposed)]
        return graph.sum(halves, node.shape)
