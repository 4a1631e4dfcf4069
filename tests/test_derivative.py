"""The public functions and what they return."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

import matcalc as mc
from matcalc.errors import EvaluationError, LimitError, MatcalcError, NotSupportedError, UnknownNameError, UsageError


def test_several_variables_give_a_dict_in_order() -> None:
    for wrt in ("b, w", ["b", "w"]):
        found = mc.diff("w.x + b", wrt)
        assert list(found) == ["b", "w"]
        assert str(found["w"]) == "xᵀ"
    assert list(mc.diff("w.x", ["w"])) == ["w"]


def test_a_stacked_variable_is_one_variable() -> None:
    found = mc.diff("[3*x^2*y, 2*x + y^8]", "[x, y]")
    assert str(found) == "[[6 x y, 3 x²], [2, 8 y⁷]]"
    np.testing.assert_allclose(found.evaluate(x=2.0, y=3.0), [[36, 12], [2, 8 * 3**7]])


def test_gradient_and_hessian_have_the_shape_of_the_variable() -> None:
    gradient = mc.gradient("x' A y", "A", shapes={"A": "matrix(m, n)"})
    assert [str(size) for size in gradient.shape] == ["m", "n"]
    assert str(gradient) == "x yᵀ"
    assert str(mc.hessian("x' A x", "x")) == "A + Aᵀ"
    with pytest.raises(UsageError, match="the gradient is that of a scalar"):
        mc.gradient("A x", "x")
    with pytest.raises(UsageError, match="the Hessian is that of a scalar"):
        mc.hessian("A x", "x")


def test_a_bound_name_is_differentiated_as_a_free_variable() -> None:
    found = mc.diff("z = w.x + b; a = max(0, z); (y - a)^2", "a")
    assert str(found) == "2 (a - y)"
    assert found.evaluate(a=3.0, y=1.0) == 4.0


def test_results_know_what_was_assumed() -> None:
    found = mc.diff("max(0, w.x + b)", "w")
    assert found.assumptions == ("w, x ∈ ℝⁿ", "b ∈ ℝ")
    assert found.heading() == "∂/∂w max(0, w·x + b)"
    assert found.layout == "numerator"
    assert mc.diff("norm(x - a)", "x").notes == ("where x - a ≠ 0",)
    (note,) = mc.diff("logdet(S)", "S", where="S: spd(n)").notes
    assert note.startswith("derivative on the space of symmetric matrices, (G + Gᵀ)/2;")
    assert "∂Yᵢⱼ/∂Xₖₗ = Aᵢₖ Bₗⱼ" in mc.diff("A X B", "X").notes[-1]


def test_expr_is_a_sympy_expression_of_the_right_shape() -> None:
    found = mc.diff("||X w - y||^2", "w").expr
    assert isinstance(found, sympy.MatrixExpr)
    assert found.shape[0] == 1
    assert sympy.latex(found)
    assert isinstance(mc.diff("x^2*sin(x)", "x").expr, sympy.Expr)


def test_a_notebook_shows_the_formula() -> None:
    assert mc.diff("sum(w*x)", "w")._repr_latex_() == r"$\displaystyle \mathbf{x}^\top$"
    assert mc.parse("sum(w*x)")._repr_latex_().startswith("$")


def test_everything_as_plain_data() -> None:
    found = mc.diff("sum(w*x)", "w").to_dict()
    assert found["text"] == "xᵀ"
    assert found["shape"] == ["1", "n"]
    assert set(found) >= {"latex", "sympy", "layout", "assumptions", "notes", "wrt", "order", "expression"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"w": [1.0, 2.0]}, "no value for `x`"),
        ({"w": [1.0, 2.0], "x": [1.0, 2.0, 3.0]}, "a size of `x` is 3, but n is expected here"),
        ({"w": [1.0, 2.0], "x": [[1.0, 2.0], [3.0, 4.0]]}, "`x` is a vector(n), but its value has 2 axes"),
        ({"w": [1.0], "x": [1.0], "q": [1.0]}, "`q` is not a variable of this expression"),
    ],
)
def test_values_that_do_not_fit(values: dict[str, Any], message: str) -> None:
    found = mc.diff("sum(w*x)", "w")
    with pytest.raises(EvaluationError) as caught:
        found.evaluate(**values)
    assert str(caught.value) == message


def test_a_size_that_no_value_fixes() -> None:
    found = mc.diff("x*ones(n)", "x", where="x: scalar")
    with pytest.raises(EvaluationError, match="the values do not fix the size n"):
        found.evaluate(x=1.0)
    np.testing.assert_array_equal(found.evaluate(x=1.0, n=3), [1.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("text", "wrt", "where", "error"),
    [
        ("x^2", "y", None, UnknownNameError),
        ("x^2", "", None, MatcalcError),
        ("x^2", "x + 1", None, MatcalcError),
        ("tr(D B)", "D[1, 2]", "D: diagonal(n)", NotSupportedError),
        ("x^9^9^9", "x", None, LimitError),
    ],
)
def test_what_cannot_be_answered_is_said(text: str, wrt: str, where: str | None, error: type[MatcalcError]) -> None:
    with pytest.raises(error):
        mc.diff(text, wrt, where=where)


def test_order_and_dialect_are_checked() -> None:
    with pytest.raises(UsageError, match="there is no order 4 here"):
        mc.diff("x^2", "x", order=4)
    with pytest.raises(UsageError, match="there is no dialect `fortran`"):
        mc.diff("x^2", "x", dialect="fortran")


def test_unconstrained_forgets_the_structure() -> None:
    on_space = mc.diff("y' A x", "A", where="A: symmetric(n)")
    freely = mc.diff("y' A x", "A", where="A: symmetric(n)", unconstrained=True)
    assert str(on_space) == "(1/2) (y xᵀ + x yᵀ)"
    assert str(freely) == "x yᵀ"
    assert on_space.verify().passed
    assert freely.verify().passed


@pytest.mark.parametrize(
    ("text", "wrt", "where", "printed"),
    [
        ("logsumexp([x; u])", "u", "x: vector(n), u: vector(m)", "softmax([x; u])[n + 1:m + n]ᵀ"),
        ("x[1]^2 + x[1]*x[2]", "x[2]", None, "x[1]"),
        ("X[1,2]^2*X[2,1]", "X[1, 2]", None, "2 X[1, 2] X[2, 1]"),
        ("sum(log(diag(X)))", "X", None, "diag(1 ⊘ diag(X))"),
        ("(2*a + 1)/(3*a - 2)", "a", None, "-7 / (3 a - 2)²"),
        ("x/(x + y)", "x", "x, y: vector(n)", "diag(y ⊘ (x + y)²)"),
        ("s = sigmoid(w.x + b); -y*log(s) - (1 - y)*log(1 - s)", "w", None, "(s - y) xᵀ   where s = σ(w·x + b)"),
        ("[w; b] . [x; 1]", "[w; b]", "w, x: vector(n), b: scalar", "[xᵀ, 1]"),
        ("K X'", "X", None, "(I ⊗ K) C"),
        ("s*softmax(x)", "x", "x: vector(s)", "s (diag(p) - p pᵀ)   where p = softmax(x)"),
    ],
)
def test_forms_found_wanting_once(text: str, wrt: str, where: str | None, printed: str) -> None:
    found = mc.diff(text, wrt, where=where)
    assert str(found) == printed
    assert found.verify().passed


def test_numbers_that_are_not_there_are_refused() -> None:
    assert mc.diff("det(X)", "X").evaluate(X=np.ones((2, 2))) == pytest.approx(np.array([[1.0, -1.0], [-1.0, 1.0]]))
    with pytest.raises(EvaluationError, match="a matrix is singular"):
        mc.diff("inv(X)", "X").evaluate(X=np.ones((2, 2)))
    with pytest.raises(EvaluationError, match="declared symmetric, but its value is not"):
        mc.diff("x' A x", "x", where="A: symmetric(n)").evaluate(x=[1.0, 2.0], A=[[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(EvaluationError, match="not an array of real numbers"):
        mc.diff("x^2", "x").evaluate(x="abc")


def test_what_an_indicator_switches_off_does_not_matter() -> None:
    np.testing.assert_allclose(mc.diff("sum(where(x > 1, 0, sqrt(1 - x)))", "x").evaluate(x=[2, 0.5]), [[0, -(0.5**0.5)]])
    np.testing.assert_allclose(mc.diff("sum(step(x)*sqrt(x))", "x").evaluate(x=[-1, 4]), [[0, 0.25]])
    inside = mc.parse("exp((s > x)*max(s, x))", where="x: vector(n), s: scalar")
    np.testing.assert_allclose(inside.evaluate(x=[1, 2, 0.5], s=1.5), np.exp([1.5, 0, 1.5]))


@pytest.mark.parametrize(
    ("text", "wrt", "same"),
    [
        ("⟨A x, y⟩ + ½⟨x, x⟩", "x", "yᵀ A + xᵀ"), ("⅓ x.dot(x)", "x", "(2/3) xᵀ"), ("(X.dot(w) - y).sum()", "w", "1ᵀ X"),
        ("g' x 1' y", "x", "sum(y) gᵀ"),
    ],
)  # fmt: skip
def test_notation_of_paper_and_of_numpy(text: str, wrt: str, same: str) -> None:
    found = mc.diff(text, wrt)
    assert str(found) == same
    assert found.verify().passed


EACH = "is taken element by element"


@pytest.mark.parametrize(
    ("text", "wrt", "note"),
    [
        ("sum(X'*Y)", "X", f"X'*Y {EACH}; the product of matrices is written with a space or @"),
        ("tr(A*X*B)", "X", f"A*X*B {EACH}; the product of matrices is written with a space or @"),
        ("logdet(2*inv(A*X))", "X", f"A*X {EACH}; the product of matrices is written with a space or @"),
        ("sum(w'*x)", "w", "x is a number here, by which w' is multiplied; a product of vectors and matrices is written with a "
         "space or @"),
        ("||A*x - b||^2", "x", "x is a number here, by which A is multiplied; a product of vectors and matrices is written "
         "with a space or @"),
        ("sum(x*y')", "y", "x is a number here, by which y' is multiplied; a product of vectors and matrices is written with a "
         "space or @"),
        ("sum(x'x)", "x", "x is a matrix here; for vectors x'x is one number, without sum"),
        ("mean(x.dot(y)^2)", "y", "x is a matrix here; for vectors x.dot(y)^2 is one number, without mean"),
        ("sum(x'y)", "y", "y is a number here; for vectors x'y is one number, without sum"),
        ("|A x - b|^2", "x", f"|A x - b| {EACH}; the norm is written ||…||"),
        ("|u - v|^2 where u, v: vector(n)", "u", f"|u - v| {EACH}; the norm is written ||…||"),
    ],
)  # fmt: skip
def test_what_may_have_been_meant_otherwise(text: str, wrt: str, note: str) -> None:
    assert mc.diff(text, wrt).notes[0] == note


@pytest.mark.parametrize(
    ("text", "wrt"),
    [
        ("sum(X'*Y) where X, Y: matrix(n, n)", "X"), ("sum(X' Y)", "X"), ("a*x", "x"), ("sum(w*x)", "w"), ("2*X", "X"),
        ("sum(lam*X')", "lam"), ("tr(X*Y) where X, Y: matrix(n, n)", "X"), ("sum(X*Y)", "X"), ("tr(A .* X)", "X"),
        ("tr(a) + sum(a)", "a"), ("sum(X' X)", "X"), ("sum(log(x_i' w) for i in 1..n)", "w"),
        ("sum(|A x - b|^2)", "x"), ("|x - y|^2", "x"), ("sum(w'*c) where c: scalar", "w"), ("sum(x[2*i]^2 for i in 1..n)", "x"),
    ],
)  # fmt: skip
def test_what_is_not_remarked_upon(text: str, wrt: str) -> None:
    assert not [note for note in mc.diff(text, wrt).notes if EACH in note or " here" in note]


@pytest.mark.parametrize("ones", ["1^T", "1'", "1ᵀ", "1.T", "1^{T}"])
def test_every_transpose_of_one_is_the_row_of_ones(ones: str) -> None:
    lagrangian = mc.diff(f"w^T Σ w - λ ({ones} w - 1)", "w", where="Σ: spd(n)")
    assert lagrangian.assumptions == ("w ∈ ℝⁿ", "λ ∈ ℝ")
    sigma = [[2, 1], [1, 3]]
    np.testing.assert_allclose(lagrangian.evaluate(w=[1, 2], Σ=sigma, λ=5), [[8 - 5, 14 - 5]])


def test_a_number_before_a_row_that_is_multiplied_is_not_remarked_upon() -> None:
    assert mc.diff("norm(x)^2 - lam*x'c", "x").notes == ()
    (note,) = mc.diff("x*y'", "y").notes
    assert note.startswith("x is a number here")
