"""Sizes, not times: nothing grows exponentially or quadratically, and nothing recurses over the depth of the input."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import matcalc as mc
from matcalc.calculus import products
from matcalc.limits import MAX_PRINTED
from matcalc.tensor.nodes import topological

_ROOM = 20 * MAX_PRINTED
"""Characters: more than any printed answer may have."""


def network(layers: int) -> tuple[str, str]:
    """tanh(W_k … tanh(W_1 x)) with bindings, and its declarations."""
    lines = [f"h{k} = tanh(W{k} {f'h{k - 1}' if k > 1 else 'x'})" for k in range(1, layers + 1)]
    names = ", ".join(f"W{k}" for k in range(1, layers + 1))
    return "; ".join([*lines, f"sum(h{layers})"]), f"{names}: matrix(n, n), x: vector(n)"


def nested(layers: int) -> tuple[str, str]:
    """The same, written in one expression."""
    text = "x"
    for k in range(1, layers + 1):
        text = f"tanh(W{k} {text})"
    return f"sum({text})", ", ".join(f"W{k}" for k in range(1, layers + 1)) + ": matrix(n, n), x: vector(n)"


def nodes(derivative: Any) -> int:
    """Nodes of the answer's graph."""
    return len(topological([derivative._node]))


def test_gradient_of_a_network_is_linear_in_its_layers() -> None:
    counts = {}
    for layers in (10, 100, 400):
        text, where = network(layers)
        counts[layers] = nodes(mc.diff(text, wrt="x", where=where))
    assert counts[100] <= 10.5 * counts[10]
    assert counts[400] <= 4.4 * counts[100]
    assert counts[10] >= 30


def test_graph_of_a_network_is_linear_in_its_layers() -> None:
    """What was made on the way, not only what is left."""
    made = []
    for layers in (100, 400):
        text, where = network(layers)
        made.append(len(mc.diff(text, wrt="W1", where=where)._problem.graph))
    assert made[1] <= 4.2 * made[0]


@pytest.mark.parametrize("block", ["tanh(W{} {})", "W{} {}", "tanh(W {1})", "W {1}"])
def test_residual_networks_stay_linear(block: str) -> None:
    """z ↦ z + f(z): a sum within a sum for each layer."""
    counts, lengths = [], []
    for layers in (20, 80):
        names = ["x", *(f"z{k}" for k in range(1, layers + 1))]
        lines = [f"{new} = {block.format(k, old)} + {old}" for k, (old, new) in enumerate(pairwise(names))]
        derivative = mc.diff("; ".join([*lines, f"w' {names[-1]}"]), wrt="x")
        counts.append(len(derivative._problem.graph))
        lengths.append(len(str(derivative)))
    assert counts[1] <= 5 * counts[0]
    assert lengths[1] <= min(10 * lengths[0], 10_000)


@pytest.mark.parametrize("text", ["tr(B A^{})", "a' A^{} b", "tr(B (A' A)^{})"])
def test_powers_of_matrices_stay_quadratic(text: str) -> None:
    """A sum of k products of k factors; taking factors out on the left and on the right is no reason to try all ways."""
    made = [len(mc.diff(text.format(k), "A")._problem.graph) for k in (6, 12, 24)]
    assert made[1] <= 6 * made[0]
    assert made[2] <= 6 * made[1]


@pytest.mark.parametrize("written", [network, nested])
def test_deep_networks_print(written: Any) -> None:
    text, where = written(400)
    derivative = mc.diff(text, wrt="x", where=where)
    assert 0 < len(str(derivative)) < _ROOM
    assert 0 < len(derivative.latex()) < _ROOM


def test_deep_network_has_the_right_value() -> None:
    layers, size = 30, 3
    text, where = network(layers)
    numbers = np.random.default_rng(3)
    values: dict[str, Any] = {f"W{k}": numbers.normal(size=(size, size)) for k in range(1, layers + 1)}
    x = numbers.normal(size=size)
    hidden, jacobian = x, np.eye(size)
    for k in range(1, layers + 1):
        hidden = np.tanh(values[f"W{k}"] @ hidden)
        jacobian = (1 - hidden**2)[:, None] * (values[f"W{k}"] @ jacobian)
    found = mc.diff(text, wrt="x", where=where).evaluate(x=x, **values)
    np.testing.assert_allclose(found, jacobian.sum(axis=0)[None, :], rtol=1e-9, atol=1e-12)


def repeated(times: int) -> str:
    """e = e*sin(e), again and again: its expansion has 2ᵏ leaves."""
    return "; ".join(["e0 = x", *(f"e{k} = e{k - 1}*sin(e{k - 1})" for k in range(1, times + 1)), f"e{times}"])


def test_shared_subexpressions_stay_shared() -> None:
    counts = [nodes(mc.diff(repeated(times), wrt="x", where="x: scalar")) for times in (20, 60)]
    assert counts[1] <= 3.2 * counts[0]
    derivative = mc.diff(repeated(60), wrt="x", where="x: scalar")
    assert len(str(derivative)) < _ROOM
    assert len(derivative.latex()) < _ROOM
    assert derivative.derivations[0].paths() == 2**60


def test_shared_subexpressions_have_the_right_value() -> None:
    value, slope = 1.2, 1.0
    for _ in range(60):
        value, slope = value * np.sin(value), slope * (np.sin(value) + value * np.cos(value))
    np.testing.assert_allclose(mc.diff(repeated(60), wrt="x", where="x: scalar").evaluate(x=1.2), slope, rtol=1e-9)


def test_a_thousand_terms() -> None:
    text = " + ".join(f"c{k}*sin({k}*x)" for k in range(1, 1001))
    where = ", ".join(f"c{k}" for k in range(1, 1001)) + ", x: scalar"
    derivative = mc.diff(text, wrt="x", where=where)
    assert nodes(derivative) <= 6_100
    values = {f"c{k}": 1 / k**2 for k in range(1, 1001)}
    wanted = sum(np.cos(k * 0.3) / k for k in range(1, 1001))
    np.testing.assert_allclose(derivative.evaluate(x=0.3, **values), wanted, rtol=1e-9)
    assert len(str(derivative)) < _ROOM


def test_a_sum_of_a_thousand_vectors() -> None:
    text = " + ".join(f"c{k}*x" for k in range(1, 1001))
    where = ", ".join(f"c{k}" for k in range(1, 1001)) + ": scalar, x: vector(n)"
    derivative = mc.diff(text, wrt="x", where=where)
    assert nodes(derivative) <= 4_100
    assert len(derivative.latex()) < _ROOM


def test_product_of_sixty_four_matrices() -> None:
    count = 64
    names = [f"A{k}" for k in range(1, count + 1)]
    text, where = f"tr({' '.join(names)})", ", ".join(names) + ": matrix(n, n)"
    derivative = mc.diff(text, wrt="A32", where=where)
    assert str(derivative) == " ".join(names[32:] + names[:31])
    numbers = np.random.default_rng(5)
    values = {name: numbers.normal(size=(3, 3)) / 2 for name in names}
    wanted = np.linalg.multi_dot([values[name] for name in names[32:] + names[:31]])
    np.testing.assert_allclose(derivative.evaluate(**values), wanted, rtol=1e-9)


def test_product_of_sixty_four_scalars() -> None:
    names = [f"a{k}" for k in range(1, 65)]
    derivative = mc.diff("*".join(names), wrt="a7", where=", ".join(names) + ": scalar")
    assert nodes(derivative) <= 70


def test_deeply_nested_function() -> None:
    """A thousand functions inside one another: no recursion."""
    text = "x"
    for _ in range(1000):
        text = f"sin({text})"
    derivative = mc.diff(text, wrt="x", where="x: scalar")
    assert nodes(derivative) <= 3_100
    assert len(str(derivative)) < _ROOM
    value, slope = 0.9, 1.0
    for _ in range(1000):
        value, slope = np.sin(value), slope * np.cos(value)
    np.testing.assert_allclose(derivative.evaluate(x=0.9), slope, rtol=1e-9)


def test_products_of_definitions_grow_with_their_number() -> None:
    """e = e sin(e), again and again: the answer is the product of sin(e) + e cos(e), and no more than that is made."""
    nodes, lengths = [], []
    for count in (25, 50, 100):
        lines = ["e1 = x*sin(x)", *(f"e{k + 1} = e{k}*sin(e{k})" for k in range(1, count))]
        found = mc.diff("; ".join([*lines, f"e{count}"]), "x", where="x: scalar")
        nodes.append(len(found._problem.graph))
        lengths.append(len(str(found)))
    assert str(found).startswith("(sin(e99) + e99 cos(e99)) (sin(e98) + e98 cos(e98))")
    assert nodes[2] < 2.2 * nodes[1] < 4.9 * nodes[0]
    assert lengths[2] < 2.2 * lengths[1] < 4.9 * lengths[0]


def test_long_powers_are_collected() -> None:
    assert str(mc.diff("tr(X^22)", "X")) == "22 X²¹"


def test_sums_of_matrices() -> None:
    """‖A₁ x + … + A₃₂ x‖²: one sum of matrices, however many."""
    found = mc.diff(f"norm({' + '.join(f'A{k} x' for k in range(32))})^2", "x")
    assert str(found).startswith("2 xᵀ Zᵀ Z   where Z = A0 + A1")
    assert len(found._problem.graph) < 200


def test_sums_of_long_chains_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Factors taken out in one order or another leave the same sums; looking at each again takes exponential time."""
    original, calls = products.simplified, 0

    def counted(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        return original(*arguments)

    monkeypatch.setattr(products, "simplified", counted)
    counts = []
    for times in (3, 6):
        calls = 0
        text = " ".join(["(K Z) (K Z)'"] * times)
        mc.diff(f"det({text})", "K", where="K: matrix(k, n), Z: matrix(n, k)")
        counts.append(calls)
    assert counts[1] <= 10 * counts[0]
