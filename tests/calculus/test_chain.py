"""Which chain rule each derivation used, and along how many paths: the examples of Parr & Howard, section 4.5."""

from __future__ import annotations

import pytest

import matcalc as mc
from matcalc.calculus.chain import Derivation


def derivation(text: str, wrt: str, where: str | None = None) -> Derivation:
    """The only derivation of a derivative."""
    (found,) = mc.diff(text, wrt=wrt, where=where).derivations
    assert isinstance(found, Derivation)
    return found


SINGLE, TOTAL, VECTOR = "single-variable", "total-derivative", "vector"

CASES = [
    # 4.5.1: one path through scalars
    ("x^3", "x", None, 1, (SINGLE,)),
    ("sin(x^2)", "x", None, 1, (SINGLE,)),
    ("ln(sin(x^3)^2)", "x", None, 1, (SINGLE,)),
    ("log(2*x)", "x", None, 1, (SINGLE,)),
    ("3*x + 5", "x", None, 1, (SINGLE,)),
    # 4.5.2: contributions add up
    ("x + x^2", "x", None, 2, (TOTAL, SINGLE)),
    ("sin(x + x^2)", "x", None, 2, (SINGLE, TOTAL)),
    ("x*exp(x^2)", "x", None, 2, (TOTAL, SINGLE)),
    ("x * sin(x) + cos(x)", "x", None, 3, (TOTAL, SINGLE)),
    # 4.5.3: Jacobians multiply
    ("sum(w*x)", "w", None, 1, (VECTOR,)),
    ("w.x + b", "w", None, 1, None),
    ("max(0, w.x + b)", "w", None, 1, None),
    ("A x", "x", None, 1, (VECTOR,)),
    ("sigmoid(W x + b)", "x", None, 1, (VECTOR,)),
    ("x*x", "x", "x: vector(n)", None, (VECTOR,)),
]


@pytest.mark.parametrize(("text", "wrt", "where", "paths", "rules"), CASES, ids=[case[0] for case in CASES])
def test_rules_and_paths(text: str, wrt: str, where: str | None, paths: int | None, rules: tuple[str, ...] | None) -> None:
    found = derivation(text, wrt, where)
    if paths is not None:
        assert found.paths() == paths
    if rules is not None:
        assert found.rules() == rules


def test_neuron() -> None:
    """The bias is reached through scalars only; the weights through a dot product."""
    by_weights, by_bias = derivation("max(0, w.x + b)", "w"), derivation("max(0, w.x + b)", "b")
    assert "vector" in by_weights.rules()
    assert by_bias.rules() == ("single-variable",)
    assert (by_weights.paths(), by_bias.paths()) == (1, 1)


def test_direction_is_reverse_for_scalars_and_forward_otherwise() -> None:
    assert derivation("sum(w*x)", "w").direction == "reverse"
    assert derivation("sin(x)", "x").direction == "reverse"
    assert derivation("w*x", "w", "w, x: vector(n)").direction == "forward"
    assert derivation("A x", "x").direction == "forward"


def test_rule_of_each_node_agrees_with_rules() -> None:
    for text, wrt, where, _, _ in CASES:
        found = derivation(text, wrt, where)
        nodes = {node for node, _ in found.steps}
        assert {found.rule(node) for node in nodes} == set(found.rules())


def test_uses_connect_the_variable_to_the_root() -> None:
    found = derivation("sin(x + x^2)", "x")
    uses = found.uses()
    assert set(uses) == {operand for _, operand in found.steps}
    assert found.variable in uses
    assert len(uses[found.variable]) == 2
    assert found.root not in uses


def test_adjoints_are_derivatives() -> None:
    """Reverse: the derivative of the root by itself is 1."""
    found = derivation("sin(x^2)", "x")
    assert found.adjoints[found.root].order == 0
    assert found.variable in found.adjoints
    assert found.result is found.adjoints[found.variable]


def test_a_constant_has_no_steps() -> None:
    found = derivation("c", "x", "x, c: scalar")
    assert found.steps == []
    assert found.rules() == ()
    assert found.paths() == 0


def test_the_variable_itself() -> None:
    found = derivation("x", "x")
    assert found.steps == []
    assert found.paths() == 1


def test_paths_multiply_along_a_chain() -> None:
    """Each of two steps has two paths: four in all."""
    assert derivation("z = x + x^2; z * sin(z)", "x").paths() == 4


def test_second_derivatives_record_both_derivations() -> None:
    assert len(mc.diff("sin(x^2)", wrt="x", order=2).derivations) == 2
