"""Printed forms: what answers.md wants, as golden strings of text and LaTeX, in each layout, and the remarks beside them."""

from __future__ import annotations

from typing import NamedTuple

import pytest

import matcalc as mc


class Form(NamedTuple):
    """An input, and how its derivative prints."""

    input: str
    wrt: str
    where: str
    order: int
    text: str
    latex: str


FORMS = [
    Form(
        "sum(w*x)", "w", "", 1,
        "xᵀ",
        r"\mathbf{x}^\top",
    ),
    Form(
        "w + x", "w", "w, x: vector(n)", 1,
        "I",
        "I",
    ),
    Form(
        "w - x", "w", "w, x: vector(n)", 1,
        "I",
        "I",
    ),
    Form(
        "w - x", "x", "w, x: vector(n)", 1,
        "-I",
        "-I",
    ),
    Form(
        "w*x", "w", "w, x: vector(n)", 1,
        "diag(x)",
        r"\operatorname{diag}\left(\mathbf{x}\right)",
    ),
    Form(
        "w/x", "w", "w, x: vector(n)", 1,
        "diag(1 ⊘ x)",
        r"\operatorname{diag}\left(1 \oslash \mathbf{x}\right)",
    ),
    Form(
        "w/x", "x", "w, x: vector(n)", 1,
        "-diag(w ⊘ x²)",
        r"-\operatorname{diag}\left(\mathbf{w} \oslash \mathbf{x}^{\circ 2}\right)",
    ),
    Form(
        "max(w, x)", "w", "w, x: vector(n)", 1,
        "diag([w ≥ x])",
        r"\operatorname{diag}\left(\left[\mathbf{w} \geq \mathbf{x}\right]\right)",
    ),
    Form(
        "w > x", "w", "w, x: vector(n)", 1,
        "zeros(n, n)",
        r"\mathbf{0}_{n \times n}",
    ),
    Form(
        "x", "x", "x: vector(n)", 1,
        "I",
        "I",
    ),
    Form(
        "x*z", "z", "x: vector(n), z: scalar", 1,
        "x",
        r"\mathbf{x}",
    ),
    Form(
        "x*z", "x", "x: vector(n), z: scalar", 1,
        "z I",
        "z I",
    ),
    Form(
        "x/z", "z", "x: vector(n), z: scalar", 1,
        "-x/z²",
        r"-\frac{\mathbf{x}}{z^{2}}",
    ),
    Form(
        "sum(x)", "x", "", 1,
        "1ᵀ",
        r"\mathbf{1}^\top",
    ),
    Form(
        "sum(x*z)", "x", "z: scalar", 1,
        "z 1ᵀ",
        r"z \mathbf{1}^\top",
    ),
    Form(
        "sum(x*z)", "z", "z: scalar", 1,
        "sum(x)",
        r"\operatorname{sum}\left(\mathbf{x}\right)",
    ),
    Form(
        "x^3", "x", "", 1,
        "3 x²",
        "3 x^{2}",
    ),
    Form(
        "x^2*sin(x)", "x", "", 1,
        "x² cos(x) + 2 x sin(x)",
        r"x^{2} \cos\left(x\right) + 2 x \sin\left(x\right)",
    ),
    Form(
        "x * x^2", "x", "", 1,
        "3 x²",
        "3 x^{2}",
    ),
    Form(
        "3*x^2*y", "x", "", 1,
        "6 x y",
        "6 x y",
    ),
    Form(
        "3*x^2*y", "y", "", 1,
        "3 x²",
        "3 x^{2}",
    ),
    Form(
        "ln(sin(x^3)^2)", "x", "", 1,
        "6 x² cos(x³) / sin(x³)",
        r"\frac{6 x^{2} \cos\left(x^{3}\right)}{\sin\left(x^{3}\right)}",
    ),
    Form(
        "x + x^2", "x", "", 1,
        "1 + 2 x",
        "1 + 2 x",
    ),
    Form(
        "sin(x + x^2)", "x", "", 1,
        "(1 + 2 x) cos(x + x²)",
        r"\left(1 + 2 x\right) \cos\left(x + x^{2}\right)",
    ),
    Form(
        "x*exp(x^2)", "x", "", 1,
        "(1 + 2 x²) exp(x²)",
        r"\left(1 + 2 x^{2}\right) \exp\left(x^{2}\right)",
    ),
    Form(
        "sin(x^2)", "x", "", 1,
        "2 x cos(x²)",
        r"2 x \cos\left(x^{2}\right)",
    ),
    Form(
        "[ln(x^2), sin(3*x)]", "x", "", 1,
        "[2/x; 3 cos(3 x)]",
        r"\begin{bmatrix} \frac{2}{x} \\ 3 \cos\left(3 x\right) \end{bmatrix}",
    ),
    Form(
        "[3*x^2*y, 2*x + y^8]", "[x, y]", "", 1,
        "[[6 x y, 3 x²], [2, 8 y⁷]]",
        r"\begin{bmatrix} 6 x y & 3 x^{2} \\ 2 & 8 y^{7} \end{bmatrix}",
    ),
    Form(
        "max(0, z)", "z", "", 1,
        "⎧ 0   if z ≤ 0\n⎩ 1   if z > 0",
        r"\begin{cases} 0 & \text{if } z \leq 0 \\ 1 & \text{if } z > 0 \end{cases}",
    ),
    Form(
        "w.x + b", "w", "", 1,
        "xᵀ",
        r"\mathbf{x}^\top",
    ),
    Form(
        "w.x + b", "b", "", 1,
        "1",
        "1",
    ),
    Form(
        "max(0, w.x + b)", "w", "", 1,
        "⎧ 0ᵀ   if w·x + b ≤ 0\n⎩ xᵀ   if w·x + b > 0",
        (
            r"\begin{cases} \mathbf{0}^\top & \text{if } \mathbf{w} \cdot \mathbf{x} + b \leq 0 \\ "
            r"\mathbf{x}^\top & \text{if } \mathbf{w} \cdot \mathbf{x} + b > 0 \end{cases}"
        ),
    ),
    Form(
        "max(0, w.x + b)", "b", "", 1,
        "⎧ 0   if w·x + b ≤ 0\n⎩ 1   if w·x + b > 0",
        (
            r"\begin{cases} 0 & \text{if } \mathbf{w} \cdot \mathbf{x} + b \leq 0 \\ 1 & \text{if } \mathbf{w} "
            r"\cdot \mathbf{x} + b > 0 \end{cases}"
        ),
    ),
    Form(
        "max(0, w.x + b)", "x", "", 1,
        "⎧ 0ᵀ   if w·x + b ≤ 0\n⎩ wᵀ   if w·x + b > 0",
        (
            r"\begin{cases} \mathbf{0}^\top & \text{if } \mathbf{w} \cdot \mathbf{x} + b \leq 0 \\ "
            r"\mathbf{w}^\top & \text{if } \mathbf{w} \cdot \mathbf{x} + b > 0 \end{cases}"
        ),
    ),
    Form(
        "sum((y_i - max(0, w.X_i + b))^2 for i in 1..N)/N", "w", "", 1,
        "(2/N) ([X w + b > 0] ⊙ e)ᵀ X   where e = X w + b - y",
        (
            r"\frac{2}{N} \left(\left[X \mathbf{w} + b > 0\right] \odot \mathbf{e}\right)^\top X \quad "
            r"\text{where } \mathbf{e} = X \mathbf{w} + b - \mathbf{y}"
        ),
    ),
    Form(
        "[w; b] . [x; 1]", "[w; b]", "w, x: vector(n), b: scalar", 1,
        "[xᵀ, 1]",
        r"\begin{bmatrix} \mathbf{x}^\top & 1 \end{bmatrix}",
    ),
    Form(
        "x' A x", "x", "", 1,
        "xᵀ (A + Aᵀ)",
        r"\mathbf{x}^\top \left(A + A^\top\right)",
    ),
    Form(
        "x' A x", "x", "A: symmetric(n)", 1,
        "2 xᵀ A",
        r"2 \mathbf{x}^\top A",
    ),
    Form(
        "x' A x", "x", "", 2,
        "A + Aᵀ",
        r"A + A^\top",
    ),
    Form(
        "||X w - y||^2", "w", "", 1,
        "2 (X w - y)ᵀ X",
        r"2 \left(X \mathbf{w} - \mathbf{y}\right)^\top X",
    ),
    Form(
        "sigmoid(W x + b)", "x", "", 1,
        "diag(s ⊙ (1 - s)) W   where s = σ(W x + b)",
        (
            r"\operatorname{diag}\left(\mathbf{s} \odot \left(1 - \mathbf{s}\right)\right) W \quad \text{where } "
            r"\mathbf{s} = \sigma\left(W \mathbf{x} + \mathbf{b}\right)"
        ),
    ),
    Form(
        "tanh(W x + b)", "x", "", 1,
        "diag(1 - tanh(W x + b)²) W",
        r"\operatorname{diag}\left(1 - \tanh^{2}\left(W \mathbf{x} + \mathbf{b}\right)\right) W",
    ),
    Form(
        "relu(W x + b)", "x", "", 1,
        "diag([W x + b > 0]) W",
        r"\operatorname{diag}\left(\left[W \mathbf{x} + \mathbf{b} > 0\right]\right) W",
    ),
    Form(
        "softmax(z)", "z", "", 1,
        "diag(s) - s sᵀ   where s = softmax(z)",
        (
            r"\operatorname{diag}\left(\mathbf{s}\right) - \mathbf{s} \mathbf{s}^\top \quad \text{where } "
            r"\mathbf{s} = \operatorname{softmax}\left(\mathbf{z}\right)"
        ),
    ),
    Form(
        "logsumexp(x)", "x", "", 1,
        "softmax(x)ᵀ",
        r"\operatorname{softmax}\left(\mathbf{x}\right)^\top",
    ),
    Form(
        "logsumexp(x)", "x", "", 2,
        "diag(s) - s sᵀ   where s = softmax(x)",
        (
            r"\operatorname{diag}\left(\mathbf{s}\right) - \mathbf{s} \mathbf{s}^\top \quad \text{where } "
            r"\mathbf{s} = \operatorname{softmax}\left(\mathbf{x}\right)"
        ),
    ),
    Form(
        "log(sum(exp(x)))", "x", "", 1,
        "softmax(x)ᵀ",
        r"\operatorname{softmax}\left(\mathbf{x}\right)^\top",
    ),
    Form(
        "-y.log(softmax(z))", "z", "", 1,
        "sum(y) softmax(z)ᵀ - yᵀ",
        (
            r"\operatorname{sum}\left(\mathbf{y}\right) \operatorname{softmax}\left(\mathbf{z}\right)^\top - "
            r"\mathbf{y}^\top"
        ),
    ),
    Form(
        "-y.z + logsumexp(z)", "z", "", 1,
        "softmax(z)ᵀ - yᵀ",
        r"\operatorname{softmax}\left(\mathbf{z}\right)^\top - \mathbf{y}^\top",
    ),
    Form(
        "tr(A X B)", "X", "", 1,
        "B A",
        "B A",
    ),
    Form(
        "tr(X' B X)", "X", "", 1,
        "Xᵀ (B + Bᵀ)",
        r"X^\top \left(B + B^\top\right)",
    ),
    Form(
        "logdet(X)", "X", "", 1,
        "X⁻¹",
        "X^{-1}",
    ),
    Form(
        "log(det(X))", "X", "", 1,
        "X⁻¹",
        "X^{-1}",
    ),
    Form(
        "det(X)", "X", "", 1,
        "det(X) X⁻¹",
        r"\det\left(X\right) X^{-1}",
    ),
    Form(
        "a' X^-1 b", "X", "", 1,
        "-X⁻¹ b aᵀ X⁻¹",
        r"-X^{-1} \mathbf{b} \mathbf{a}^\top X^{-1}",
    ),
    Form(
        "inv(A + t*B)", "t", "A, B: matrix(n, n), t: scalar", 1,
        "-(A + t B)⁻¹ B (A + t B)⁻¹",
        r"-\left(A + t B\right)^{-1} B \left(A + t B\right)^{-1}",
    ),
    Form(
        "A X B", "X", "", 1,
        "Bᵀ ⊗ A",
        r"B^\top \otimes A",
    ),
    Form(
        "A x", "A", "", 1,
        "xᵀ ⊗ I",
        r"\mathbf{x}^\top \otimes I",
    ),
    Form(
        "X", "X", "X: matrix(m, n)", 1,
        "I",
        "I",
    ),
    Form(
        "sum(log(1 + exp(-y*(X w))))", "w", "", 2,
        "Xᵀ diag(y² ⊙ s ⊙ (1 - s)) X   where s = σ(y ⊙ (X w))",
        (
            r"X^\top \operatorname{diag}\left(\mathbf{y}^{\circ 2} \odot \mathbf{s} \odot \left(1 - "
            r"\mathbf{s}\right)\right) X \quad \text{where } \mathbf{s} = \sigma\left(\mathbf{y} \odot \left(X "
            r"\mathbf{w}\right)\right)"
        ),
    ),
    Form(
        "sum(log(1 + exp(-y*(X w))))", "w", "", 1,
        "-(y ⊙ σ(-y ⊙ (X w)))ᵀ X",
        r"-\left(\mathbf{y} \odot \sigma\left(-\mathbf{y} \odot \left(X \mathbf{w}\right)\right)\right)^\top X",
    ),
    Form(
        "norm(x - a)", "x", "a, x: vector(n)", 1,
        "(x - a)ᵀ / ‖x - a‖",
        r"\frac{\left(\mathbf{x} - \mathbf{a}\right)^\top}{\left\|\mathbf{x} - \mathbf{a}\right\|}",
    ),
    Form(
        "||X||_F^2", "X", "", 1,
        "2 Xᵀ",
        r"2 X^\top",
    ),
    Form(
        "x' diag(w) x", "w", "", 1,
        "(x²)ᵀ",
        r"\left(\mathbf{x}^{\circ 2}\right)^\top",
    ),
    Form(
        "(x + t*d)' A (x + t*d)", "t", "t: scalar", 1,
        "dᵀ (A + Aᵀ) (x + t d)",
        r"\mathbf{d}^\top \left(A + A^\top\right) \left(\mathbf{x} + t \mathbf{d}\right)",
    ),
    Form(
        "sum(G*(X W + b'))", "W", "", 1,
        "Gᵀ X",
        r"G^\top X",
    ),
    Form(
        "logdet(T) - tr(S@T)", "T", "T: spd(n), S: symmetric(n)", 1,
        "T⁻¹ - S",
        "T^{-1} - S",
    ),
    Form(
        "sum(c_i*(w.X_i - y_i)^2 for i in 1..N)", "w", "", 1,
        "2 (c ⊙ (X w - y))ᵀ X",
        r"2 \left(\mathbf{c} \odot \left(X \mathbf{w} - \mathbf{y}\right)\right)^\top X",
    ),
    Form(
        "u' f(W x + b)", "x", "", 1,
        "(u ⊙ f′(W x + b))ᵀ W",
        r"\left(\mathbf{u} \odot f'\left(W \mathbf{x} + \mathbf{b}\right)\right)^\top W",
    ),
    Form(
        "f(x(t), y(t))", "t", "", 1,
        "∂f/∂x · dx/dt + ∂f/∂y · dy/dt",
        r"\frac{\partial f}{\partial x} \frac{\mathrm{d}x}{\mathrm{d}t} + "
        r"\frac{\partial f}{\partial y} \frac{\mathrm{d}y}{\mathrm{d}t}",
    ),
    Form(
        "f(w) * g(x)", "w", "w, x: scalar", 1,
        "f′(w) g(x)",
        r"f'\left(w\right) g\left(x\right)",
    ),
    Form(
        "f(w) + g(x)", "x", "w, x: vector(n)", 1,
        "diag(g′(x))",
        r"\operatorname{diag}\left(g'\left(\mathbf{x}\right)\right)",
    ),
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.input} by {form.wrt}, order {form.order}")
def test_form(form: Form) -> None:
    derivative = mc.diff(form.input, wrt=form.wrt, where=form.where or None, order=form.order)
    assert str(derivative) == form.text
    assert derivative.latex() == form.latex


GRADIENTS = [
    ("sum(w*x)", "w", "", "x"),
    ("w.x + b", "w", "", "x"),
    ("x' A x", "x", "", "(A + Aᵀ) x"),
    ("x' A x", "x", "A: symmetric(n)", "2 A x"),
    ("||X w - y||^2", "w", "", "2 Xᵀ (X w - y)"),
    ("logsumexp(x)", "x", "", "softmax(x)"),
    ("-y.z + logsumexp(z)", "z", "", "softmax(z) - y"),
    ("tr(A X B)", "X", "", "Aᵀ Bᵀ"),
    ("logdet(X)", "X", "", "X⁻ᵀ"),
    ("||X||_F^2", "X", "", "2 X"),
    ("a' X b", "X", "", "a bᵀ"),
    ("sum(G*(X W + b'))", "W", "", "Xᵀ G"),
]


@pytest.mark.parametrize(("text", "wrt", "where", "wanted"), GRADIENTS, ids=[f"{row[0]} by {row[1]}" for row in GRADIENTS])
def test_gradient(text: str, wrt: str, where: str, wanted: str) -> None:
    """Layout gradient: the shape of the variable, as in matrixcalculus.org."""
    assert str(mc.gradient(text, wrt=wrt, where=where or None)) == wanted


AS_WRITTEN = [
    ("max(0, w.x + b)", "max(0, w·x + b)"),
    ("sum(w*x)", "sum(w ⊙ x)"),
    ("||X w - y||^2", "‖X w - y‖²"),
    ("x' A x", "xᵀ A x"),
    ("ln(sin(x^3)^2)", "log(sin(x³)²)"),
    ("a' X^-1 b", "aᵀ X⁻¹ b"),
    ("sigmoid(W x + b)", "σ(W x + b)"),
    ("sum(c_i*(w.X_i - y_i)^2 for i in 1..N)", "Σᵢ cᵢ (w·Xᵢ - yᵢ)²"),
    ("sum((y_i - max(0, w.X_i + b))^2 for i in 1..N)/N", "(1/N) Σᵢ (yᵢ - max(0, w·Xᵢ + b))²"),
    ("sum(A, axis=0) x", "sum(A, axis=0) x"),
    ("norm(A, axis=1) . y", "norm(A, axis=1)·y"),
    ("softmax(A, axis=-1) x", "softmax(A, axis=1) x"),
    ("[A, b; c', 1] x", "[A, b; cᵀ, 1] x"),
    ("[x'; y']", "[xᵀ; yᵀ]"),
]


@pytest.mark.parametrize(("text", "wanted"), AS_WRITTEN, ids=[row[0] for row in AS_WRITTEN])
def test_expression_as_written(text: str, wanted: str) -> None:
    assert str(mc.parse(text)) == wanted


def test_headings() -> None:
    assert mc.diff("max(0, w.x + b)", wrt="w").heading() == "∂/∂w max(0, w·x + b)"
    assert mc.diff("w.x + b", wrt="w").heading() == "∂/∂w (w·x + b)"
    assert mc.diff("x' A x", wrt="x", order=2).heading() == "∂²/∂x∂xᵀ xᵀ A x"
    assert mc.diff("x^2", wrt="x", where="x: scalar", order=2).heading() == "∂²/∂x² x²"


def test_assumptions() -> None:
    assert mc.diff("max(0, w.x + b)", wrt="w").assumptions == ("w, x ∈ ℝⁿ", "b ∈ ℝ")
    assert mc.diff("sum(w*x)", wrt="w", where="w, x: vector(n)").assumptions == ()


def test_notes_name_the_variable() -> None:
    """The vec convention is stated for the variable that was asked for."""
    assert mc.diff("A x", wrt="A").notes[0].startswith("∂y/∂vec(A)ᵀ")
    assert mc.diff("A X B", wrt="X").notes[0].startswith("∂vec(Y)/∂vec(X)ᵀ")


def test_the_layouts_of_one_answer_are_transposes() -> None:
    numerator, denominator = (mc.diff("A x", wrt="x", layout=layout) for layout in ("numerator", "denominator"))
    assert (str(numerator), str(denominator)) == ("A", "Aᵀ")


ON_A_SPACE = [
    ("x' A x", "A: symmetric(n)", "x xᵀ", "x xᵀ"),
    ("a' A b", "A: symmetric(n), a, b: vector(n)", "(1/2) (a bᵀ + b aᵀ)", "b aᵀ"),
    ("tr(B A)", "A: symmetric(n), B: matrix(n, n)", "(1/2) (B + Bᵀ)", "B"),
]


@pytest.mark.parametrize(("text", "where", "constrained", "free"), ON_A_SPACE, ids=[row[0] for row in ON_A_SPACE])
def test_by_a_symmetric_matrix(text: str, where: str, constrained: str, free: str) -> None:
    derivative = mc.diff(text, wrt="A", where=where)
    assert any(note.startswith("derivative on the space of symmetric matrices, ") for note in derivative.notes)
    assert str(derivative) == constrained
    unconstrained = mc.diff(text, wrt="A", where=where, unconstrained=True)
    assert str(unconstrained) == free
    assert [note.partition(",")[0] for note in unconstrained.notes] == ["derivative by all entries"]
