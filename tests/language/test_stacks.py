"""Blocks in brackets: shapes, what does not fit, values and derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import matcalc as mc
from matcalc.derivative import Derivative
from matcalc.errors import MatcalcError

SIZES = (
    "A: matrix(m, n), B: matrix(m, k), C: matrix(p, n), D: matrix(p, k), u: vector(m), x, y: vector(n), w: vector(k), s: scalar"
)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("[s, 2]", "vector(2)"), ("[s; 2]", "vector(2)"), ("[x; y]", "vector(2*n)"), ("[x; s]", "vector(n + 1)"),
        ("[x, y]", "matrix(n, 2)"), ("[x', y']", "row(2*n)"), ("[x', s]", "row(n + 1)"), ("[x'; y']", "matrix(2, n)"),
        ("[A, B]", "matrix(m, k + n)"), ("[A, u]", "matrix(m, n + 1)"), ("[A; C]", "matrix(m + p, n)"),
        ("[A; x']", "matrix(m + 1, n)"), ("[A, B; C, D]", "matrix(m + p, k + n)"),
        ("[[A, B], [C, D]]", "matrix(m + p, k + n)"), ("[A, u; x', s]", "matrix(m + 1, n + 1)"),
        ("[A, u; [x; s]']", "matrix(m + 1, n + 1)"), ("[[x; s], [s; y]]", "matrix(n + 1, 2)"),
        ("[A, zeros(m, 2); C, zeros(p, 2)]", "matrix(m + p, n + 2)"), ("[s, x'; x, I]", "matrix(n + 1, n + 1)"),
        ("[[s, 2], [3, s]]", "matrix(2, 2)"),
        ("[u; s]' [[A, u], [x', s]] [x; s]", "scalar"), ("[s]", "vector(1)"), ("[[s, 1]]", "matrix(1, 2)"),
    ],
)  # fmt: skip
def test_shapes(text: str, shape: str) -> None:
    problem = mc.parse(text, where=SIZES)._problem
    assert str(problem.inference.shapes[problem.inference.program.body]) == shape


@pytest.mark.parametrize(
    ("text", "assumed"),
    [
        ("[f, g]", ("f, g ∈ ℝ",)), ("[x, y, z]' @ A @ [x, y, z]", ("x, y, z ∈ ℝ", "A ∈ ℝ³ˣ³")),
        ("[x1; x2]' [x1; x2]", ("x1 ∈ ℝⁿ", "x2 ∈ ℝᵐ")), ("||[u; v]||", ("u ∈ ℝⁿ", "v ∈ ℝᵐ")),
        ("[w; b] . [x; 1]", ("w, x ∈ ℝⁿ", "b ∈ ℝ")), ("A u + [u, v] w", ("A ∈ ℝⁿˣⁿ", "u, v ∈ ℝⁿ", "w ∈ ℝ²")),
        ("[A, B]", ("A ∈ ℝᵐˣⁿ", "B ∈ ℝᵐˣᵏ")), ("[A x, b]", ("A ∈ ℝᵐˣⁿ", "b ∈ ℝᵐ", "x ∈ ℝⁿ")),
        ("[A, b; c', d] x", ("A ∈ ℝᵐˣⁿ", "b ∈ ℝᵐ", "c ∈ ℝⁿ", "d ∈ ℝ", "x ∈ ℝⁿ⁺¹")),
        ("[X; sqrt(t) I] w", ("X ∈ ℝᵐˣⁿ", "t ∈ ℝ", "w ∈ ℝⁿ")), ("[[a, b], [c, d]]", ("a, b, c, d ∈ ℝ",)),
        ("[x'; y']", ("x, y ∈ ℝⁿ",)), ("[A; B] x", ("A ∈ ℝᵐˣⁿ", "B ∈ ℝᵏˣⁿ", "x ∈ ℝⁿ")),
    ],
)  # fmt: skip
def test_what_is_not_declared(text: str, assumed: tuple[str, ...]) -> None:
    assert sorted(mc.parse(text)._problem.inference.assumptions()) == sorted(assumed)


@pytest.mark.parametrize(
    ("text", "message", "help_"),
    [
        ("[x, 1]", "`[x, 1]` puts blocks side by side, but x is a vector(n) and 1 is a scalar",
         "write `[x; 1]` to put them below each other"),
        ("[A, 1]", "`[A, 1]` puts blocks side by side, but A is a matrix(m, n) and 1 is a scalar",
         "write `ones(m)` for a column of ones"),
        ("[A, 0; 0, D]", "`A, 0` puts blocks side by side, but A is a matrix(m, n) and 0 is a scalar",
         "write `zeros(m, n)` for a block of zeros"),
        ("[A; x]", "`[A; x]` puts blocks below each other, but A is a matrix(m, n) and x is a vector(n)",
         "write `x'` for a row"),
        ("[x', y]", "`[x', y]` puts blocks side by side, but x' is a row(n) and y is a vector(n)", "write `y'` for a row"),
        ("[A, C]", "`[A, C]`: blocks side by side have as many rows, but A is a matrix(m, n) and C is a matrix(p, n)", None),
        ("[A; B]", "`[A; B]`: blocks below each other have as many columns, but A is a matrix(m, n) and B is a matrix(m, k)",
         None),
        ("[A, B; C]", "`A, B` must be a matrix(m, n) here, but A is a matrix(m, n), B is a matrix(m, k)", None),
        ("[[1, 2], x]", "not supported: `[[1, 2], x]`, a stack of blocks", "write the blocks by lines: [A, b; c', d]"),
        ("[A, B] [x; z] + 0*sum([u; 1])", "`[x; z]` must be a vector(k + n) here, but x is a vector(n), z is a scalar",
         "declare `z` if it is a vector: `where z: vector(n)`"),
        ("[a, b, c] @ M @ [a, b, c]", "`[a, b, c]` is a vector of numbers, which does not fit here",
         "write `[a, b, c]'` for a row; for vectors side by side declare them"),
        ("x[1; 2]", "unexpected `;`", "a bracket after a name is a subscript; write `A @ [u; v]` for a product with a stack"),
        ("A [x, y]", "not supported: the subscript `x`",
         "a subscript is made of numbers, dimensions and the indices of sums; `A @ [u, v]` is a product"),
    ],
)  # fmt: skip
def test_what_does_not_fit(text: str, message: str, help_: str | None) -> None:
    with pytest.raises(MatcalcError) as caught:
        mc.parse(text, where=SIZES)
    assert (caught.value.message, caught.value.help) == (message, help_)


def test_values() -> None:
    draw = np.random.default_rng(1)
    A, B, C, D = (draw.normal(size=shape) for shape in ((2, 3), (2, 4), (5, 3), (5, 4)))
    x, u = draw.normal(size=3), draw.normal(size=2)
    blocks = mc.parse("[A, B; C, D]", where=SIZES).evaluate(A=A, B=B, C=C, D=D)
    np.testing.assert_array_equal(blocks, np.block([[A, B], [C, D]]))
    bordered = mc.parse("[A, u; x', 7]", where=SIZES).evaluate(A=A, u=u, x=x)
    np.testing.assert_array_equal(bordered, np.block([[A, u[:, None]], [x[None, :], np.array([[7]])]]))
    np.testing.assert_array_equal(mc.parse("[x, 2*x]", where=SIZES).evaluate(x=x), np.stack([x, 2 * x], 1))
    np.testing.assert_array_equal(mc.parse("[x', 1]", where=SIZES).evaluate(x=x).reshape(-1), [*x, 1])


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("text", "wrt"),
    [
        ("||[A, B; C, D] [x; w]||^2", "A, D, x"),
        ("[x; w]'[y; w] + x' [x'; y']'[s; 2]", "x, w, s"), ("logdet([A A' + I, u; u', s^2 + 9])", "A, u, s"),
        ("sum(sin([A; x'] y))", "A, x, y"), ("sum(exp([x, y] z))", "x, z"), ("||[A, u; x', s]||^2", "A, u, x, s"),
        ("||[A; sqrt(2) I] y - [u; x]||^2", "A, y, u"), ("[x', s] @ [y; s^2]", "x, s"), ("tr([x'; y'] @ [y, x])", "x"),
    ],
)  # fmt: skip
def test_derivatives_have_the_right_values(text: str, wrt: str, order: int) -> None:
    for name in wrt.split(", "):
        assert mc.diff(text, name, where=SIZES, order=order).verify().passed


@pytest.mark.parametrize(
    ("text", "wrt"),
    [
        ("[A; C] x", "x"), ("[A, B; C, D] z", "z"), ("[A, u; x', s] z", "z"), ("||[A; C] x||^2", "x"), ("[x', y']", "x"),
        ("[A, B; C, D] z . v", "v"), ("x' @ [A; C]' z", "x"),
    ],
)  # fmt: skip
def test_what_is_printed_can_be_read(text: str, wrt: str) -> None:
    draw = np.random.default_rng(2)
    found = mc.diff(text, wrt, where=SIZES)
    again = mc.parse(str(found), where=SIZES)
    sizes = {"m": 2, "n": 3, "k": 4, "p": 5}
    values = {
        name: draw.normal(size=[size.value(sizes) for size in symbol.shape.dims])
        for name, symbol in found._problem.inference.symbols.items()
    }
    needed = {name: values[name] for name in again._problem.inference.symbols}
    got = np.squeeze(again.evaluate(**needed, **sizes))
    np.testing.assert_allclose(got, np.squeeze(found.evaluate(**values)), atol=1e-12)


@pytest.mark.parametrize(
    ("text", "wrt", "where", "printed"),
    [
        ("D @ [x; w]", "x", "D: matrix(p, n + k), x: vector(n), w: vector(k)", "D[:, 1:n]"),
        ("||[A; sqrt(t) I] x - [u; zeros(n)]||^2", "x", "A: matrix(m, n), u: vector(m), t: positive scalar",
         "2 (Aᵀ (A x - u) + t x)ᵀ"),
        ("sum(exp([A; C] x))", "x", SIZES, "exp(A x)ᵀ A + exp(C x)ᵀ C"),
        ("[x; w]' [[P, Q], [Q', R]] @ [x; w]", "x",
         "P: matrix(n, n), Q: matrix(n, k), R: matrix(k, k), x: vector(n), w: vector(k)", "((P + Pᵀ) x + 2 Q w)ᵀ"),
        ("tr([A, B; C, D] M)", "B", SIZES + ", M: matrix(n + k, m + p)", "M[n + 1:k + n, 1:m]"),
    ],
)  # fmt: skip
def test_what_stacks_become(text: str, wrt: str, where: str, printed: str) -> None:
    found = mc.diff(text, wrt, where=where)
    assert isinstance(found, Derivative)
    assert str(found) == printed
    assert found.verify().passed
