"""Functions that are only named: the chain rules with nothing known about them (Parr & Howard, section 4.5)."""

from __future__ import annotations

import pytest

import matcalc as mc
from matcalc.errors import NotSupportedError

FORMS = [
    ("f(g(x))", "x", "f: R^k -> R^m, g: R^n -> R^k", "J_f(g(x)) J_g(x)", r"J_{f}\left(g\left(\mathbf{x}\right)\right) J_{g}"),
    ("F(A x)", "x", "F: R^m -> R", "∇F(A x)ᵀ A", r"\nabla F\left(A \mathbf{x}\right)^\top A"),
    ("F(x)^2", "x", "F: R^n -> R", "2 F(x) ∇F(x)ᵀ", r"2 F\left(\mathbf{x}\right) \nabla F"),
    ("||g(x) - y||^2", "x", "g: R^n -> R^m", "2 (g(x) - y)ᵀ J_g(x)", r"J_{g}\left(\mathbf{x}\right)"),
    ("F(g(t))", "t", "g: R -> R^n, F: R^n -> R, t: scalar", "∇F(g(t))·g′(t)", r"\nabla F\left(g\left(t\right)\right) \cdot g'"),
    ("u' f(W x + b)", "x", "f: elementwise", "(u ⊙ f′(W x + b))ᵀ W", r"f'\left(W \mathbf{x} + \mathbf{b}\right)"),
    ("f(x(t), y(t))", "t", None, "∂f/∂x · dx/dt + ∂f/∂y · dy/dt", r"\frac{\partial f}{\partial x}"),
]


@pytest.mark.parametrize(("text", "wrt", "where", "printed", "in_latex"), FORMS)
def test_how_they_are_written(text: str, wrt: str, where: str | None, printed: str, in_latex: str) -> None:
    found = mc.diff(text, wrt, where=where)
    assert str(found) == printed
    assert in_latex in found.latex()
    assert found.expr is not None


def test_the_hessian_of_a_function_of_a_linear_map() -> None:
    found = mc.hessian("F(A x)", "x", where="F: R^m -> R, A: matrix(m, n)")
    assert str(found) == "Aᵀ H_F(A x) A"
    assert [str(size) for size in found.shape] == ["n", "n"]


def test_shapes_of_sympy_expressions() -> None:
    found = mc.diff("f(g(x))", "x", where="f: R^k -> R^m, g: R^n -> R^k")
    assert [str(size) for size in found.expr.shape] == ["m", "n"]


def test_no_value_without_a_formula() -> None:
    found = mc.diff("F(x)", "x", where="F: R^n -> R")
    with pytest.raises(NotSupportedError, match="the value of the unknown function F"):
        found.evaluate(x=[1.0, 2.0])


def test_several_operands() -> None:
    found = mc.diff("F(x, y)", "x", where="F: (R^n, R^m) -> R")
    assert str(found) == "∂₁F(x, y)ᵀ"
    assert found.latex() == r"\partial_{1} F\left(\mathbf{x}, \mathbf{y}\right)^\top"
    assert "∂₁ is the derivative by the first operand" in found.notes
    second = mc.hessian("F(x, y)", "x", where="F: (R^n, R^m) -> R")
    assert str(second) == "∂₁∂₁F(x, y)"


def test_elements_of_higher_derivatives() -> None:
    found = mc.hessian("a . g(x)", "x", where="g: R^n -> R^m")
    assert str(found) == "Σₖ aₖ ∂ᵢ∂ⱼgₖ(x)"
    assert found.latex() == r"\sum_{k=1}^{m} a_{k} \partial_{i} \partial_{j} g_{k}\left(\mathbf{x}\right)"
    assert "∂ with an index is the derivative by that element of the operand" in found.notes
