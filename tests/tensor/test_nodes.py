"""Interning, and what the constructors of the tensor graph do by themselves."""

from __future__ import annotations

from fractions import Fraction

import pytest

from matcalc.language.dimensions import dim
from matcalc.operations.table import elementwise
from matcalc.tensor.nodes import Contraction, Graph, Node, Number, Sum, topological

N, M = dim("n"), dim("m")


@pytest.fixture
def graph() -> Graph:
    return Graph()


def test_the_same_content_is_the_same_node(graph: Graph) -> None:
    x, y = graph.variable("x", (N,)), graph.variable("y", (N,))
    first = graph.contraction([(x, (3,)), (y, (3,))], ())
    second = graph.contraction([(y, (7,)), (x, (7,))], ())
    assert first is second
    assert graph.sum([(1, x), (2, y)], (N,)) is graph.sum([(2, y), (1, x)], (N,))
    assert graph.pointwise(elementwise("exp"), [x]) is graph.pointwise(elementwise("exp"), [x])
    assert graph.variable("x", (N,)) is x
    assert graph.variable("x", (M,)) is not x


def test_a_product_by_the_identity_labels_is_the_factor(graph: Graph) -> None:
    matrix = graph.variable("A", (M, N))
    assert graph.contraction([(matrix, (0, 1))], (0, 1)) is matrix
    transposed = graph.contraction([(matrix, (0, 1))], (1, 0))
    assert isinstance(transposed, Contraction)
    assert transposed.shape == (N, M)


def test_coefficients_leave_products(graph: Graph) -> None:
    x = graph.variable("x", (N,))
    product = graph.contraction([(graph.scaled(3, x), (0,)), (graph.number(Fraction(1, 2)), ())], (0,))
    assert isinstance(product, Sum)
    assert product.coefficients == (Fraction(3, 2),)
    assert product.args == (x,)


def test_like_terms_are_collected_and_zero_disappears(graph: Graph) -> None:
    x, y = graph.variable("x", (N,)), graph.variable("y", (N,))
    assert graph.sum([(1, x), (2, y), (-1, x)], (N,)) is graph.scaled(2, y)
    assert graph.sum([(1, x), (-1, x)], (N,)) is graph.zero((N,))
    total = graph.sum([(1, graph.number(2)), (3, graph.number(Fraction(1, 3)))], ())
    assert isinstance(total, Number)
    assert total.value == 3


def test_a_coefficient_is_not_distributed(graph: Graph) -> None:
    x, y = graph.variable("x", (N,)), graph.variable("y", (N,))
    inner = graph.sum([(1, x), (1, y)], (N,))
    outer = graph.sum([(2, inner), (1, x)], (N,))
    assert isinstance(outer, Sum)
    assert inner in outer.args
    opened = graph.sum([(-1, inner), (1, x)], (N,))
    assert opened is graph.scaled(-1, y)


def test_new_axes_are_filled_with_ones(graph: Graph) -> None:
    x = graph.variable("x", (N,))
    spread = graph.contraction([(x, (0,))], (0, 1), (N, M))
    assert spread.shape == (N, M)
    assert graph.ones(M) in spread.args


def test_operands_come_first(graph: Graph) -> None:
    node: Node = graph.variable("x", ())
    for _ in range(10_000):
        node = graph.pointwise(elementwise("sin"), [node])
    order = topological([node])
    assert len(order) == 10_001
    assert order == sorted(order, key=lambda each: each.id)
    known = set(order[:5_000])
    assert topological([node], known) == order[5_000:]
