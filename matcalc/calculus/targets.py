"""The derivative by what the reader asked for: a variable, stacked variables, a part, a matrix with structure; in turn."""

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
from matcalc.language.declared import Symmetric
from matcalc.language.dimensions import dim
from matcalc.tensor.nodes import Concatenation, Node, Rational, Sum, Variable, terms

if TYPE_CHECKING:
    from matcalc.language.shapes import Symbol

_DIAGONAL = frozenset({"diagonal"})
_TRIANGULAR = frozenset({"lower_triangular", "upper_triangular"})
_UNCONSTRAINED_ONLY = frozenset({"orthogonal"})
STRUCTURES = SYMMETRIC | _TRIANGULAR | _UNCONSTRAINED_ONLY
"""Declared properties that bind the entries of a matrix to each other."""


class Targets:
    """Differentiates nodes of one graph by targets, each derivative once."""

    def __init__(self, simplifier: Simplifier, symbols: Mapping[str, Symbol], symmetric: Symmetric = "space") -> None:
        self.simplifier = simplifier
        self.graph = simplifier.graph
        self.symbols = symbols
        self.symmetric = symmetric
        self._found: dict[tuple[Node, tuple[tree.Expr, ...]], tuple[Node, list[Derivation]]] = {}
        self._derivations: list[Derivation] = []

    def along(self, node: Node, path: tuple[tree.Expr, ...]) -> tuple[Node, list[Derivation]]:
        """The derivative of a node by each target of a path in turn, and how those by single variables were found.

        Of ∂²f/∂x∂y and ∂²f/∂y∂x the second one is the first with its axes exchanged.
        """
        if not path:
            return node, []
        known = self._found.get((node, path))
        if known is None:
            other = self._found.get((node, path[::-1])) if len(path) == 2 else None
            if other is not None:
                first = self.along(node, path[:1])[0].order - node.order
                known = self._exchanged(other[0], node.order, first), other[1]
            else:
                before, steps = self.along(node, path[:-1])
                self._derivations = []
                after = self.derivative(before, path[-1])
                known = after, steps + self._derivations
            self._found[node, path] = known
        return known

    def _exchanged(self, node: Node, outputs: int, inputs: int) -> Node:
        """The node with its last `inputs` axes moved to behind the first `outputs` ones."""
        out = range(node.order)
        labels = [*out[:outputs], *out[outputs + inputs :], *out[outputs : outputs + inputs]]
        return self._relabelled(node, labels)

    def _relabelled(self, node: Node, labels: Sequence[int]) -> Node:
        """The node with its axes in another order: axis k becomes axis labels[k]."""
        if list(labels) == sorted(labels):
            return node
        shape = [size for _, size in sorted(zip(labels, node.shape, strict=True), key=lambda pair: pair[0])]
        out = range(node.order)
        parts = [(coefficient, self.simplifier.contraction([(term, labels)], out)) for coefficient, term in terms(node)]
        return self.graph.sum(parts, tuple(shape))

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
        """The derivative of a node by a variable, by stacked variables (one axis), or by an element, a row or a column.

        Raises:
            NotSupportedError: the target is something else, or a matrix whose entries are bound to each other in a way that
                is not supported.
        """
        if isinstance(target, tree.Name):
            return self.on_subspace(self._by_variable(node, target.name), target)
        if isinstance(target, tree.Stack):
            return self._by_stack(node, target)
        if isinstance(target, tree.Index) and isinstance(target.operand, tree.Name):
            return self._by_part(node, target, target.operand)
        raise NotSupportedError("a derivative by this", target.span, help="write a variable, `[x, y]`, `x[2]` or `X[2, :]`")

    def _by_stack(self, node: Node, target: tree.Stack) -> Node:
        graph = self.graph
        parts = []
        for item in target.items:
            if not isinstance(item, (tree.Name, tree.Index)):
                raise NotSupportedError("a derivative by stacked expressions", item.span, help="stack variables")
            part = self._by_variable(node, item.name) if isinstance(item, tree.Name) else self.derivative(node, item)
            if part.order == node.order:
                sizes = (*node.shape, dim(1))
                part = graph.contraction([(part, range(part.order))], range(part.order + 1), sizes)
            elif part.order > node.order + 1:
                raise NotSupportedError(
                    "a derivative by a stacked matrix", item.span, help="list the variables: `wrt x, X` (one block for each)"
                )
            parts.append(part)
        return graph.concatenation(node.order, parts)

    def _by_variable(self, node: Node, name: str) -> Node:
        derivation = differentiate(self.graph, node, self.variable(name))
        self._derivations.append(derivation)
        return self.simplifier.simplify(derivation.result)

    def _by_part(self, node: Node, target: tree.Index, variable: tree.Name) -> Node:
        """By an element, or by a row or column, whose axis stays."""
        graph = self.graph
        structure = self.structure(variable)
        if structure and (self.symmetric != "independent" or structure & _UNCONSTRAINED_ONLY):
            bound = not structure & _UNCONSTRAINED_ONLY
            raise NotSupportedError(
                f"the derivative by a part of a matrix declared {', '.join(sorted(structure))}",
                target.span,
                help="its entries are not independent; symmetric = unconstrained differentiates by this one alone"
                + (", symmetric = independent by its mirror image too" if bound else ""),
            )
        whole = self.on_subspace(self._by_variable(node, variable.name), variable)
        units: list[tuple[Node, Sequence[int]]] = []
        out = list(range(node.order))
        axes = range(node.order, whole.order)
        subscripts: list[tree.Expr | tree.Slice | None] = [*target.subscripts, *[None] * (len(axes) - len(target.subscripts))]
        for label, subscript in zip(axes, subscripts, strict=True):
            size = whole.shape[label]
            if subscript is None or isinstance(subscript, tree.Slice):
                out.append(label)
            elif isinstance(subscript, tree.Number):
                units.append((graph.unit(size, dim(int(subscript.value))), (label,)))
            elif isinstance(subscript, tree.Name) and dim(subscript.name) == size:
                units.append((graph.unit(size, size), (label,)))
            else:
                raise NotSupportedError(
                    "a derivative by this part", target.span, help="write an element, a row or a column: `x[2]`, `X[2, :]`"
                )
        return self._picked(whole, units, out)

    def _picked(self, node: Node, units: Sequence[tuple[Node, Sequence[int]]], out: Sequence[int]) -> Node:
        """A node multiplied by unit vectors for its last axes; in stacked blocks and terms of a sum, each of them."""
        if isinstance(node, Concatenation) and node.axis in out:
            return self.graph.concatenation(out.index(node.axis), [self._picked(block, units, out) for block in node.args])
        if isinstance(node, Sum):
            picked = [(factor, self._picked(term, units, out)) for factor, term in terms(node)]
            return self.graph.sum(picked, tuple(node.shape[label] for label in out))
        return self.graph.contraction([(node, range(node.order)), *units], out)

    def on_subspace(self, node: Node, target: tree.Name) -> Node:
        """By a symmetric matrix, with G the derivative by all entries: (G + Gᵀ)/2 on the space of symmetric matrices, and
        G + Gᵀ - I ⊙ G by the independent entries. By a diagonal matrix I ⊙ G, by a triangular one the triangle of G.
        """
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
        if properties & _DIAGONAL:
            return self._masked(node, graph.delta(node.shape[-1]), (order - 2, order - 1))
        if properties & _TRIANGULAR:
            places = (order - 2, order - 1) if "lower_triangular" in properties else (order - 1, order - 2)
            return self._masked(node, graph.pattern("lower", node.shape[-1:] * 2), places)
        diagonal = graph.contraction([(node, out), (graph.delta(node.shape[-1]), (order - 2, order - 1))], out)
        independent = self.symmetric == "independent"
        part = Fraction(1, 1 if independent else 2)
        if order == 2 and is_symmetric(graph, node):
            whole: list[tuple[Rational, Node]] = [(2 * part, node)]
        else:
            mirrored = [*range(order - 2), order - 1, order - 2]
            whole = [
                (Fraction(coefficient) * part, each)
                for coefficient, term in terms(node)
                for each in (term, self.simplifier.contraction([(term, mirrored)], out))
            ]
        return graph.sum([*whole, (-1, diagonal)] if independent else whole, node.shape)


    def _masked(self, node: Node, mask: Node, places: tuple[int, int]) -> Node:
        """The entries of the last two axes that a pattern has, term by term."""
        out = range(node.order)
        parts = [(c, self.simplifier.contraction([(term, out), (mask, places)], out)) for c, term in terms(node)]
        return self.graph.sum(parts, node.shape)


def freedom(symmetric: Symmetric, properties: frozenset[str]) -> str:
    """Which derivative by a matrix with structure this is, and what the others are, with G the one by all entries."""
    free = "G itself with symmetric = unconstrained"
    if "diagonal" in properties:
        kinds = f"derivative on the space of diagonal matrices, I ⊙ G; {free}", "derivative by all entries, G; I ⊙ G otherwise"
        return kinds[symmetric == "unconstrained"]
    if "orthogonal" in properties:
        return "derivative by all entries, as if they were free of each other"
    if properties & _TRIANGULAR:
        kinds = f"derivative on the space of triangular matrices, the triangle of G; {free}", "derivative by all entries, G"
        return kinds[symmetric == "unconstrained"]
    if not properties & SYMMETRIC:
        return ""
    space, independent = "(G + Gᵀ)/2", "G + Gᵀ - I ⊙ G"
    if symmetric == "independent":
        return f"derivative by the independent entries of a matrix, {independent}; {space} with symmetric = space, {free}"
    if symmetric == "space":
        return f"derivative on the space of symmetric matrices, {space}; {independent} with symmetric = independent, {free}"
    return f"derivative by all entries, G; {space} with symmetric = space, {independent} with symmetric = independent"
