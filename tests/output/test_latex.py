"""LaTeX output: the expressions of the text tests, by what they print as in text, and their LaTeX."""

from __future__ import annotations

import pytest

from matcalc.language.dimensions import SCALAR, matrix, vector
from matcalc.notation import matrix as m
from matcalc.notation.matrix import Answer, Expression
from matcalc.output.latex import expression, latex, name
from tests.output.test_text import CASES, TEXTS, A, M, N, X, a, call, diag, matmul, norm, plus, power, s, unknown, x, z

BY_TEXT = {shown: expr for expr, shown in TEXTS}

LATEX = [
    ("x", r"\mathbf{x}"),
    ("w_hat", r"\hat{\mathbf{w}}"),
    ("lam", r"\lambda"),
    ("3", r"3"),
    ("2/3", r"\frac{2}{3}"),
    ("-2/3", r"-\frac{2}{3}"),
    ("0", r"0"),
    ("n", r"n"),
    ("n + 1", r"n + 1"),
    ("2 n", r"2 n"),
    ("I", r"I"),
    ("1ᵀ", r"\mathbf{1}^\top"),
    ("ones(n)", r"\mathbf{1}"),
    ("ones(m, n)", r"\mathbf{1}_{m \times n}"),
    ("0ᵀ", r"\mathbf{0}^\top"),
    ("zeros(n)", r"\mathbf{0}"),
    ("zeros(m, n)", r"\mathbf{0}_{m \times n}"),
    ("p + q", r"p + q"),
    ("p - q", r"p - q"),
    ("-p + q", r"-p + q"),
    ("p - (q + z)", r"p - \left(q + z\right)"),
    ("p + (q + z)", r"p + \left(q + z\right)"),
    ("1 + 2 z", r"1 + 2 z"),
    ("x + 1", r"\mathbf{x} + 1"),
    ("2 p q", r"2 p q"),
    ("2 (p + 1)", r"2 \left(p + 1\right)"),
    ("(p + 1) q", r"\left(p + 1\right) q"),
    ("z/2", r"\frac{z}{2}"),
    ("-z/2", r"-\frac{z}{2}"),
    ("1/z", r"\frac{1}{z}"),
    ("2/z", r"\frac{2}{z}"),
    ("p q / (b c)", r"\frac{p q}{b c}"),
    ("p / (q + z)", r"\frac{p}{q + z}"),
    ("6 z² cos(z³) / sin(z³)", r"\frac{6 z^{2} \cos\left(z^{3}\right)}{\sin\left(z^{3}\right)}"),
    ("(p + q) / n", r"\frac{p + q}{n}"),
    ("(p/q) z", r"\frac{p}{q} z"),
    ("2 w·x", r"2 \mathbf{w} \cdot \mathbf{x}"),
    ("(w·x) z", r"\left(\mathbf{w} \cdot \mathbf{x}\right) z"),
    ("p/(w·x)", r"\frac{p}{\mathbf{w} \cdot \mathbf{x}}"),
    ("p * [z > 0]", r"p \left[z > 0\right]"),
    ("2 * 3^p", r"2 \cdot 3^{p}"),
    ("1/z²", r"\frac{1}{z^{2}}"),
    ("z * 3^p", r"z \cdot 3^{p}"),
    ("2 (X w - b)ᵀ X", r"2 \left(X \mathbf{w} - \mathbf{b}\right)^\top X"),
    ("(2/n) (X w - b)ᵀ X", r"\frac{2}{n} \left(X \mathbf{w} - \mathbf{b}\right)^\top X"),
    ("z 1ᵀ", r"z \mathbf{1}^\top"),
    ("2 * 1ᵀ", r"2 \mathbf{1}^\top"),
    ("xᵀ/‖x‖", r"\frac{\mathbf{x}^\top}{\left\|\mathbf{x}\right\|}"),
    ("(p/q) x", r"\frac{p}{q} \mathbf{x}"),
    ("x/2", r"\frac{\mathbf{x}}{2}"),
    ("2 (x ⊙ y)", r"2 \left(\mathbf{x} \odot \mathbf{y}\right)"),
    ("2 ⊘ x", r"2 \oslash \mathbf{x}"),
    ("-1 ⊘ x", r"-1 \oslash \mathbf{x}"),
    ("(p/q) ⊘ x", r"\frac{p}{q} \oslash \mathbf{x}"),
    ("3 (x + y)", r"3 \left(\mathbf{x} + \mathbf{y}\right)"),
    ("2 * [x > 0]", r"2 \left[\mathbf{x} > 0\right]"),
    ("-A⁻¹ a vᵀ A⁻¹", r"-A^{-1} \mathbf{a} \mathbf{v}^\top A^{-1}"),
    ("det(A) A⁻¹", r"\det\left(A\right) A^{-1}"),
    ("xᵀ (A + Aᵀ)", r"\mathbf{x}^\top \left(A + A^\top\right)"),
    ("xᵀ A x", r"\mathbf{x}^\top A \mathbf{x}"),
    ("w·x", r"\mathbf{w} \cdot \mathbf{x}"),
    ("(w + a)·x", r"\left(\mathbf{w} + \mathbf{a}\right) \cdot \mathbf{x}"),
    ("(A w)·x", r"\left(A \mathbf{w}\right) \cdot \mathbf{x}"),
    ("x ⊙ y ⊘ v", r"\mathbf{x} \odot \mathbf{y} \oslash \mathbf{v}"),
    ("1 ⊘ x", r"1 \oslash \mathbf{x}"),
    ("x ⊙ (A w)", r"\mathbf{x} \odot \left(A \mathbf{w}\right)"),
    ("x ⊙ (y + v)", r"\mathbf{x} \odot \left(\mathbf{y} + \mathbf{v}\right)"),
    ("x ⊘ y ⊘ v", r"\mathbf{x} \oslash \mathbf{y} \oslash \mathbf{v}"),
    ("diag(s ⊙ (1 - s)) W", r"\operatorname{diag}\left(\mathbf{s} \odot \left(1 - \mathbf{s}\right)\right) W"),
    ("(A x)ᵀ", r"\left(A \mathbf{x}\right)^\top"),
    ("(x²)ᵀ", r"\left(\mathbf{x}^{\circ 2}\right)^\top"),
    ("A⁻¹", r"A^{-1}"),
    ("A⁻ᵀ", r"A^{-\top}"),
    ("(A + B)⁻¹", r"\left(A + B\right)^{-1}"),
    ("A³", r"A^{3}"),
    ("(Aᵀ)²", r"\left(A^\top\right)^{2}"),
    ("Bᵀ ⊗ A", r"B^\top \otimes A"),
    ("tr(A B)", r"\operatorname{tr}\left(A B\right)"),
    ("A ([B > 0])", r"A \left[B > 0\right]"),
    ("‖x‖", r"\left\|\mathbf{x}\right\|"),
    ("‖x‖²", r"\left\|\mathbf{x}\right\|^{2}"),
    ("norm(x/‖x‖)", r"\left\|\frac{\mathbf{x}}{\left\|\mathbf{x}\right\|}\right\|"),
    ("z²", r"z^{2}"),
    ("z⁻²", r"\frac{1}{z^{2}}"),
    ("z¹²", r"z^{12}"),
    ("sqrt(z)", r"\sqrt{z}"),
    ("z^(3/2)", r"z^{3/2}"),
    ("1/sqrt(z)", r"\frac{1}{\sqrt{z}}"),
    ("z^(p + q)", r"z^{p + q}"),
    ("z^p", r"z^{p}"),
    ("(z + p)²", r"\left(z + p\right)^{2}"),
    ("(z^p)²", r"\left(z^{p}\right)^{2}"),
    ("A**2", r"A^{\circ 2}"),
    ("cos(z)²", r"\cos^{2}\left(z\right)"),
    ("z^(p²)", r"z^{p^{2}}"),
    ("σ(X w + b)", r"\sigma\left(X \mathbf{w} + \mathbf{b}\right)"),
    ("max(0, z)", r"\max\left(0, z\right)"),
    ("sum(x)", r"\operatorname{sum}\left(\mathbf{x}\right)"),
    ("[X w + b > 0]", r"\left[X \mathbf{w} + b > 0\right]"),
    ("[z ≥ p]", r"\left[z \geq p\right]"),
    ("[z ≤ p]", r"\left[z \leq p\right]"),
    ("[z > p]", r"\left[z > p\right]"),
    ("where(z > 0, p, q)", r"\begin{cases} p & \text{if } z > 0 \\ q & \text{otherwise} \end{cases}"),
    ("A (w + x)", r"A \left(\mathbf{w} + \mathbf{x}\right)"),
    ("2 where(z > p, p, q)", r"2 \left(\begin{cases} p & \text{if } z > p \\ q & \text{if } z \leq p \end{cases}\right)"),
    ("[p; q]", r"\begin{bmatrix} p \\ q \end{bmatrix}"),
    ("[p, q]", r"\begin{bmatrix} p & q \end{bmatrix}"),
    ("[aᵀ; vᵀ]", r"\begin{bmatrix} \mathbf{a}^\top \\ \mathbf{v}^\top \end{bmatrix}"),
    ("[A, B]", r"\begin{bmatrix} A & B \end{bmatrix}"),
    ("[[p, q], [b, c]]", r"\begin{bmatrix} p & q \\ b & c \end{bmatrix}"),
    ("[A, B; B, A]", r"\begin{bmatrix} A & B \\ B & A \end{bmatrix}"),
    ("f(z)", r"f\left(z\right)"),
    ("f′(z)", r"f'\left(z\right)"),
    ("f″(z)", r"f''\left(z\right)"),
    ("f⁽⁴⁾(z)", r"f^{(4)}\left(z\right)"),
    ("f_1′(z)", r"f_{1}'\left(z\right)"),
    ("dx/dt", r"\frac{\mathrm{d}x}{\mathrm{d}t}"),
    ("d²x/dt²", r"\frac{\mathrm{d}^{2} x}{\mathrm{d}t^{2}}"),
    ("∂f/∂p", r"\frac{\partial f}{\partial p}"),
    ("∂²f/∂p²", r"\frac{\partial^{2} f}{\partial p^{2}}"),
    ("∂²f/∂p∂q", r"\frac{\partial^{2} f}{\partial p \partial q}"),
    ("∂₁f(p + q, q)", r"\partial_{1} f\left(p + q, q\right)"),
    ("∂₂f(p, p)", r"\partial_{2} f\left(p, p\right)"),
    ("∂f/∂x · dx/dt + ∂f/∂y · dy/dt",
     r"\frac{\partial f}{\partial x} \frac{\mathrm{d}x}{\mathrm{d}t} + "
     r"\frac{\partial f}{\partial y} \frac{\mathrm{d}y}{\mathrm{d}t}"),
    ("(dx/dt)²", r"\left(\frac{\mathrm{d}x}{\mathrm{d}t}\right)^{2}"),
    ("2 dx/dt", r"2 \frac{\mathrm{d}x}{\mathrm{d}t}"),
    ("xᵀ diag(f′(A w + a)) A",
     r"\mathbf{x}^\top \operatorname{diag}\left(f'\left(A \mathbf{w} + \mathbf{a}\right)\right) A"),
    ("Aᵢⱼ", r"A_{ij}"),
    ("xᵢ", r"x_{i}"),
    ("x[12]", r"x_{12}"),
    ("A[1, 12]", r"A_{1,12}"),
    ("A[q, j]", r"A_{qj}"),
    ("(X w)ᵢ", r"\left(X \mathbf{w}\right)_{i}"),
    ("w_1[i]", r"\left(w_{1}\right)_{i}"),
    ("δᵢⱼ", r"\delta_{ij}"),
    ("exp(x)ᵢ", r"\exp\left(\mathbf{x}\right)_{i}"),
    ("Σⱼ Aᵢⱼ xⱼ", r"\sum_{j=1}^{n} A_{ij} x_{j}"),
    ("(2/n) Σᵢ xᵢ", r"\frac{2}{n} \sum_{i=1}^{n} x_{i}"),
    ("(Σᵢ xᵢ) z", r"\left(\sum_{i=1}^{n} x_{i}\right) z"),
    ("-Σᵢ xᵢ", r"-\sum_{i=1}^{n} x_{i}"),
    ("Σᵢ Σⱼ (xᵢ + z)", r"\sum_{i=1}^{n} \sum_{j=1}^{n} \left(x_{i} + z\right)"),
]  # fmt: skip


@pytest.mark.parametrize(("shown", "written"), LATEX, ids=[shown for shown, _ in LATEX])
def test_each_kind_of_node(shown: str, written: str) -> None:
    assert expression(BY_TEXT[shown]) == written


def test_every_expression_has_its_latex() -> None:
    assert [shown for shown, _ in LATEX] == list(BY_TEXT)


@pytest.mark.parametrize(
    ("given", "bold", "written"),
    [
        ("x", False, "x"), ("w", True, r"\mathbf{w}"), ("theta", True, r"\boldsymbol{\theta}"), ("lam", False, r"\lambda"),
        ("lambda", False, r"\lambda"), ("Sigma", False, r"\Sigma"), ("σ", False, r"\sigma"), ("W1", False, "W_{1}"),
        ("W_1", False, "W_{1}"), ("w_hat", True, r"\hat{\mathbf{w}}"), ("w_hat_1", True, r"\hat{\mathbf{w}}_{1}"),
        ("x_max", False, r"x_{\text{max}}"), ("sigma_k", False, r"\sigma_{k}"), ("loss", False, r"\mathrm{loss}"),
        ("w_1_k", True, r"\mathbf{w}_{1,k}"), ("Φ_n", True, r"\boldsymbol{\Phi}_{n}"), ("theta2", False, r"\theta_{2}"),
    ],
)  # fmt: skip
def test_names(given: str, bold: bool, written: str) -> None:
    assert name(given, bold=bold) == written


def test_cases() -> None:
    assert latex(Answer(CASES)) == (
        r"\begin{cases} \mathbf{0}^\top & \text{if } \mathbf{w} \cdot \mathbf{x} + b \leq 0"
        r" \\ \mathbf{x}^\top & \text{if } \mathbf{w} \cdot \mathbf{x} + b > 0 \end{cases}"
    )


def test_definitions_follow() -> None:
    answer = Answer(matmul(diag(s), A), ((s, call("sigmoid", plus(matmul(A, x), a))),))
    assert latex(answer) == (
        r"\operatorname{diag}\left(\mathbf{s}\right) A \quad \text{where } "
        r"\mathbf{s} = \sigma\left(A \mathbf{x} + \mathbf{a}\right)"
    )


@pytest.mark.parametrize(
    ("expr", "written"),
    [
        (norm(X), r"\left\|X\right\|_F"),
        (power(norm(X), 2), r"\left\|X\right\|_F^{2}"),
        (call("abs", z), r"\left|z\right|"),
        (call("norm1", x, shape=SCALAR), r"\left\|\mathbf{x}\right\|_1"),
        (power(call("sin", z), 3), r"\sin^{3}\left(z\right)"),
        (power(call("sin", z), -2), r"\frac{1}{\sin\left(z\right)^{2}}"),
        (m.Ones(matrix(M, N + N)), r"\mathbf{1}_{m \times 2 n}"),
        (unknown("phi", (1,), z), r"\phi'\left(z\right)"),
        (m.Symbol(vector(N), "w_bar"), r"\bar{\mathbf{w}}"),
        (m.Element(SCALAR, call("e_argmax", x), ("i",)), r"\left(\mathbf{e}_{\operatorname{argmax}\mathbf{x}}\right)_{i}"),
    ],
)
def test_what_only_latex_has(expr: Expression, written: str) -> None:
    assert expression(expr) == written


def test_deep_expressions_print() -> None:
    expr: Expression = z
    for _ in range(6_000):
        expr = call("exp", expr)
    assert expression(expr).startswith(r"\exp\left(")
