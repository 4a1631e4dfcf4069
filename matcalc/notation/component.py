"""One connected product of vectors and matrices, read label by label as matrix notation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matcalc.calculus.cancellation import split_power
from matcalc.language.dimensions import SCALAR, Dim, matrix, vector
from matcalc.notation import matrix as notation
from matcalc.notation.looks import is_triangle
from matcalc.notation.matrix import Expression, Identity, Transpose
from matcalc.tensor.nodes import Node, Rational

if TYPE_CHECKING:
    from matcalc.notation.recover import Recovery


class MatrixNotationError(Exception):
    """Internal: this node needs index notation."""


class Component:
    """A connected product of vectors and matrices, reduced label by label."""

    def __init__(self, r: Recovery, factors: Sequence[tuple[Node, Sequence[int]]], kept: tuple[int, ...]) -> None:
        self.r, self.build, self.kept = r, r.build, kept
        self.sizes: dict[int, Dim] = {}
        self.vectors: dict[int, list[tuple[Expression, Rational]]] = {}
        self.edges: list[tuple[int, int, Expression]] = []
        for node, labels in factors:
            for label, size in zip(labels, node.shape, strict=True):
                self.sizes[label] = size
                self.vectors.setdefault(label, [])
            if len(labels) == 1:
                base, exponent = split_power(node)
                self.vectors[labels[0]].append((r.expression(base), exponent))
            else:
                self.edges.append((labels[0], labels[1], r.expression(node)))

    def result(self) -> Expression:
        """The product as a scalar, a column or a matrix."""
        if not self.kept and len(self.edges) == 1 and not any(self.vectors.values()):
            a, b, edge = self.edges[0]
            return self.build.make(notation.Function, SCALAR, "tr" if a == b else "sum", (edge,))
        if not self.kept and self._is_cycle():
            return self._trace()
        while True:
            if not (self._loops() or self._parallel() or self._leaf() or self._between()):
                break
        if set(self.vectors) != set(self.kept) and (self.kept or len(self.vectors) > 1):
            raise MatrixNotationError
        if not self.kept:
            return self._scalar()
        if len(self.kept) == 1:
            return self._vector(self.kept[0])
        return self._matrix()

    def _vector(self, label: int) -> Expression:
        return self.build.hadamard(self.vectors[label], vector(self.sizes[label]))

    def _has_weight(self, label: int) -> bool:
        return bool(self.vectors[label])

    def _oriented(self, edge: tuple[int, int, Expression], rows: int) -> Expression:
        """The edge's matrix with `rows` as its row label."""
        return edge[2] if edge[0] == rows else self.build.transpose(edge[2])

    def _degree(self, label: int) -> list[tuple[int, int, Expression]]:
        return [edge for edge in self.edges if label in edge[:2]]

    def _loops(self) -> bool:
        for edge in self.edges:
            if edge[0] == edge[1]:
                self.edges.remove(edge)
                self.vectors[edge[0]].append((self.build.diagonal(edge[2]), 1))
                return True
        return False

    def _parallel(self) -> bool:
        seen: dict[frozenset[int], tuple[int, int, Expression]] = {}
        for edge in self.edges:
            pair = frozenset(edge[:2])
            other = seen.get(pair)
            if other is not None:
                a, b = other[:2]
                self.edges.remove(other)
                self.edges.remove(edge)
                merged = self._merged(other[2], self._oriented(edge, a), a, b)
                if merged is not None:
                    self.edges.append((a, b, merged))
                return True
            seen[pair] = edge
        return False

    def _merged(self, first: Expression, second: Expression, a: int, b: int) -> Expression | None:
        """The element-wise product of two matrices on the same labels; with I it is a diagonal."""
        shape = matrix(self.sizes[a], self.sizes[b])
        return self.build.hadamard([(first, 1), (second, 1)], shape)

    def _leaf(self) -> bool:
        """A summed label at the end of one edge: a matrix–vector product."""
        for label in sorted(self.vectors, reverse=True):
            edges = self._degree(label)
            if label in self.kept or len(edges) != 1:
                continue
            edge = edges[0]
            other = edge[0] if edge[1] == label else edge[1]
            column = self.build.matmul(self._oriented(edge, other), self._vector(label))
            self.edges.remove(edge)
            del self.vectors[label]
            self.vectors[other].append((column, 1))
            return True
        return False

    def _between(self) -> bool:
        """A summed label between two edges: a matrix product."""
        for label in sorted(self.vectors, reverse=True):
            edges = self._degree(label)
            if label in self.kept or len(edges) != 2:
                continue
            first, second = edges
            a = first[0] if first[1] == label else first[1]
            b = second[0] if second[1] == label else second[1]
            factors: list[Expression] = [self._oriented(first, a), self._oriented(second, label)]
            if self._has_weight(label):
                factors.insert(1, self.build.diagonal(self._vector(label)))
            self.edges.remove(first)
            self.edges.remove(second)
            del self.vectors[label]
            self.edges.append((a, b, self.build.matmul(*factors)))
            return True
        return False

    def _is_cycle(self) -> bool:
        return len(self.edges) > 1 and len(self.edges) == len(self.vectors) and all(
            len(self._degree(label)) == 2 for label in self.vectors
        )

    def _trace(self) -> Expression:
        """A closed cycle: tr(A diag(v) B …), begun so that few transposes are shown."""
        candidates = []
        for start, edge in enumerate(self.edges):
            for first in edge[:2]:
                candidates.append(self._around(start, first))
        best = min(candidates, key=lambda factors: sum(isinstance(factor, Transpose) for factor in factors))
        return self.build.make(notation.Function, SCALAR, "tr", (self.build.matmul(*best),))

    def _around(self, start: int, first: int) -> list[Expression]:
        remaining = list(self.edges)
        edge = remaining.pop(start)
        factors = []
        label = first
        while True:
            if self._has_weight(label):
                factors.append(self.build.diagonal(self._vector(label)))
            factors.append(self._oriented(edge, label))
            label = edge[1] if edge[0] == label else edge[0]
            if not remaining:
                return factors
            edge = next(each for each in remaining if label in each[:2])
            remaining.remove(edge)

    def _scalar(self) -> Expression:
        (label,) = self.vectors
        vectors = self.vectors[label]
        build, shape = self.build, vector(self.sizes[label])
        if len(vectors) == 2 and all(exponent == 1 for _, exponent in vectors):
            return build.dot(vectors[0][0], vectors[1][0])
        products = [item for item in vectors if item[1] == 1 and isinstance(item[0], notation.MatMul)]
        if products and len(vectors) > 1:
            rest = [item for item in vectors if item is not products[0]]
            return build.dot(build.hadamard(rest, shape), products[0][0])
        if len(vectors) == 1 and vectors[0][1] == 1 and isinstance(vectors[0][0], notation.MatMul):
            ones = build.make(notation.Ones, shape)
            return build.matmul(build.transpose(ones), vectors[0][0])
        whole = build.hadamard(vectors, shape)
        return build.dot(build.make(notation.Ones, shape), whole)

    def _matrix(self) -> Expression:
        rows, columns = self.kept
        build = self.build
        if len(self.edges) != 1:
            raise MatrixNotationError
        middle = self._oriented(self.edges[0], rows)
        weights = self.vectors[rows] + self.vectors[columns]
        whole = len(weights) == 1 and weights[0][1] == 1
        if isinstance(middle, Identity) and whole and isinstance(weights[0][0], notation.Diagonal):
            return build.hadamard([(middle, 1), (weights[0][0].operand, 1)], middle.shape)  # diag(diag(A)) = I ⊙ A
        if isinstance(middle, Identity):
            return build.diagonal(build.hadamard(weights, vector(self.sizes[rows])))
        if is_triangle(middle) and self._has_weight(rows) and self._has_weight(columns):  # tril(a bᵀ)
            outer = build.matmul(self._vector(rows), build.transpose(self._vector(columns)))
            return build.hadamard([(outer, 1), (middle, 1)], middle.shape)
        factors: list[Expression] = [middle]
        if self._has_weight(rows):
            factors.insert(0, build.diagonal(self._vector(rows)))
        if self._has_weight(columns):
            factors.append(build.diagonal(self._vector(columns)))
        return build.matmul(*factors)
