"""Named one-step simplifications: every line is true, the last one is the answer, and the reasons are those of a textbook."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

import matcalc as mc
from matcalc.derivative import Derivative
from matcalc.language.dimensions import SCALAR, dim, matrix, row, vector
from matcalc.notation.brackets import deltas, known_maximum
from matcalc.notation.build import Builder
from matcalc.notation.definitions import kronecker
from matcalc.notation.matrix import Chain as DerivativeChain
from matcalc.notation.matrix import (
    Delta,
    Element,
    Expression,
    Function,
    Identity,
    IndexedSum,
    MatMul,
    Number,
    Ones,
    Partial,
    Product,
    Sum,
    Symbol,
    postorder,
)
from matcalc.notation.monomials import Polynomials
from matcalc.notation.replace import adopted
from matcalc.notation.simplifications import Step, simplifications
from matcalc.notation.written import as_written
from matcalc.output.text import expression
from matcalc.problem import Problem
from tests.notation.chains import Chain, chain, paths
from tests.notation.test_printed_values import point
from tests.notation.values import Reader


def check(whole: Derivative, build: Builder, start: Expression, goal: Expression) -> list[Step]:
    """The steps, each true for random numbers and different from the one before; the last one is the answer."""
    steps = simplifications(build, start, goal, expression)
    lines = [start, *(step.expression for step in steps)]
    for seed in (1, 2):
        values, sizes = point(whole, seed)
        wanted = Reader(values, sizes).read(start)
        np.testing.assert_allclose(Reader(values, sizes).read(goal), wanted, 1e-9, 1e-9)
        for line in lines:
            got = Reader(values, sizes).read(line)
            assert got.shape == wanted.shape
            np.testing.assert_allclose(got, wanted, 1e-9, 1e-9, err_msg=expression(line))
    assert expression(lines[-1]) == expression(goal)
    assert all(expression(before) != expression(after) for before, after in pairwise(lines))
    assert len(steps) <= 12
    for step in steps:
        assert step.reason.count("{}") == len(step.parts)
        assert "{" not in step.said(expression)
        assert not step.reason.endswith(".")
    return steps


def said(steps: list[Step]) -> list[str]:
    return [f"{expression(step.expression)} | {step.said(expression)}" for step in steps]


def check_chain(found: Chain) -> list[Step]:
    return check(found.whole, found.build, found.start, found.goal)


def written(start: str, goal: str, where: str) -> list[Step]:
    """The steps from one expression to another, both as they are written."""
    names = [name.strip() for part in where.split(":")[:1] for name in part.split(",")]
    whole = mc.diff(start, names[-1], where=where)
    assert isinstance(whole, Derivative)
    build = whole._problem.recovery.build
    first, last = (adopted(build, mc.parse(text, where=where)._problem.written.body) for text in (start, goal))
    return check(whole, build, first, last)


S, V, N = "u, x: scalar", "u, x: vector(n)", "u: scalar, x: vector(n)"
LAYER = "u, b: vector(m), x: vector(n), W: matrix(m, n)"
A_LAYER = "a, " + LAYER
LEAST = "u, y: vector(m), w: vector(n), X: matrix(m, n)"
QUADRATIC = "u, b: vector(m), x: vector(n), A: matrix(m, n)"

PAIRS = [
    # the paper's worked examples
    ("ln(u)", "sin(x^3)^2", "x", S), ("u^2", "sin(x^3)", "x", S), ("sin(u)", "x + x^2", "x", S), ("ln(u)", "x^2", "x", S),
    ("exp(u)", "x^2", "x", S), ("u + u^2", "x^3", "x", S), ("444*u", "sin(x)", "x", S), ("sin(u)", "x^2", "x", S),
    ("sum(u)", "w*x", "w", "u, w, x: vector(n)"), ("sum(u)", "x*z", "z", "u, x: vector(n), z: scalar"),
    ("sum(u)", "x*z", "x", "u, x: vector(n), z: scalar"), ("max(0, u)", "w . x + b", "w", "u, b: scalar, w, x: vector(n)"),
    ("max(0, u)", "w . x + b", "b", "u, b: scalar, w, x: vector(n)"),
    ("(y - max(0, u))^2", "w . x + b", "w", "u, b, y: scalar, w, x: vector(n)"),
    ("u^2", "y - w . x", "w", "u, y: scalar, w, x: vector(n)"),
    # least squares and quadratic forms
    ("||u||^2", "X w - y", "w", LEAST), ("u . u", "X w - y", "w", LEAST), ("||u||^2/2", "X w - y", "w", LEAST),
    ("||u||", "X w - y", "w", LEAST), ("sum(u^2)/m", "y - X w", "w", LEAST), ("sum(u^2)", "X w - y", "w", LEAST),
    ("u' S u", "A x - b", "x", QUADRATIC + ", S: symmetric matrix(m, m)"),
    ("u' S u", "A x - b", "x", QUADRATIC + ", S: matrix(m, m)"),
    ("exp(-u/2)", "(x - m)' S (x - m)", "x", "u: scalar, x, m: vector(n), S: symmetric matrix(n, n)"),
    ("log(u)", "1 + x . x", "x", N), ("sqrt(u)", "x . x", "x", N), ("u^2", "||x||", "x", N), ("1/u", "||x||", "x", N),
    ("u^3", "||x||", "x", N),
    # logistic regression, softmax, networks
    ("sigmoid(u)", "W x + b", "x", LAYER), ("sigmoid(u)", "W x + b", "b", LAYER), ("tanh(u)", "W x + b", "x", LAYER),
    ("a . u", "sigmoid(W x)", "x", A_LAYER), ("a . sigmoid(u)", "W x", "x", A_LAYER),
    ("a . tanh(u)", "W x + b", "b", A_LAYER), ("a . max(0, u)", "W x + b", "x", A_LAYER),
    ("a . u", "max(0, W x + b)", "x", A_LAYER), ("sum(u)", "tanh(W x)", "x", LAYER),
    ("log(1 + exp(-u))", "w . x", "w", "u: scalar, x, w: vector(n)"), ("sum(log(1 + exp(-y*u)))", "X w", "w", LEAST),
    ("-y*log(u)", "sigmoid(w . x)", "w", "u, y: scalar, w, x: vector(n)"),
    ("-y*log(u)", "sigmoid(z)", "z", "u, y, z: scalar"),
    ("-(y*log(u)) - (1 - y)*log(1 - u)", "sigmoid(z)", "z", "u, z, y: scalar"),
    ("-(y . log(u)) - sum((1 - y)*log(1 - u))", "sigmoid(z)", "z", "u, z, y: vector(n)"),
    ("-y . log(u)", "softmax(z)", "z", "u, y, z: vector(n)"), ("-y . u", "log(softmax(z))", "z", "u, y, z: vector(n)"),
    ("a . softmax(u)", "W x", "x", A_LAYER), ("logsumexp(u)", "A x", "x", QUADRATIC),
    ("logsumexp(u) - b . u", "A x", "x", QUADRATIC), ("log(u)", "sum(exp(x))", "x", N), ("log(sum(u))", "exp(x)", "x", V),
    ("u/sum(u)", "exp(x)", "x", V), ("sum(u*b)", "sigmoid(A x)", "x", QUADRATIC),
    # element by element
    ("exp(u)", "sin(x)", "x", V), ("sum(u)", "x*x", "x", V), ("sum(u^2)", "sin(x)", "x", V),
    ("sum(diag(u) y)", "x*x", "x", "y, " + V), ("u*y", "x*y", "x", "y, " + V), ("1/u", "exp(x)", "x", V),
    ("sum(sin(u))", "x^2", "x", V), ("A u", "x*y", "x", "A: matrix(m, n), y, " + V), ("a' u", "d*x", "x", "a, d, " + V),
    ("a . (b*u)", "W x", "x", A_LAYER), ("a' diag(b) u", "W x", "x", A_LAYER),
    # scalars
    ("u*v", "x/v", "x", "v, " + S), ("log(u)/u", "x^2", "x", S), ("log(u)", "1 + exp(x)", "x", S),
    ("1/u", "1 + exp(-x)", "x", S), ("sin(u)*cos(u)", "2*x + 1", "x", S), ("abs(u)", "x^2 - 1", "x", S),
    ("u^3", "x^2 + 1", "x", S), ("sqrt(u)", "1 - x^2", "x", S), ("u^2/4", "6*x", "x", S), ("exp(u)", "-x^2/2", "x", S),
    ("tan(u)", "3*x", "x", S), ("u^4", "(x + 1)/2", "x", S), ("1/u^2", "x^3", "x", S),
    # scalars by vectors and matrices
    ("log(u)", "a . exp(x)", "x", "a: vector(n), " + N), ("u*a", "x . x", "x", "a: vector(m), " + N),
    ("max(0, u)^2", "a . x - b", "x", "b: scalar, a: vector(n), " + N),
    ("log(u)", "det(X)", "X", "u: scalar, X: matrix(n, n)"),
    ("exp(u)", "tr(A X)", "X", "u: scalar, A: matrix(m, n), X: matrix(n, m)"),
    ("u^2", "a' X b", "X", "u: scalar, a: vector(m), b: vector(n), X: matrix(m, n)"),
    ("sqrt(u)", "tr(X' X)", "X", "u: scalar, X: matrix(m, n)"), ("log(u)", "x' A x", "x", "A: matrix(n, n), " + N),
    ("1/u", "x' A x", "x", "A: symmetric matrix(n, n), " + N),
]  # fmt: skip


@pytest.mark.parametrize(("outer", "inner", "wrt", "where"), PAIRS)
def test_each_line_of_a_chain_is_true(outer: str, inner: str, wrt: str, where: str) -> None:
    check_chain(chain(outer, inner, wrt, where))


R = "lam: scalar, u, y: vector(m), w: vector(n), X: matrix(m, n)"
PATHS = [
    ("x*u", "x^2", "x", S), ("u + x", "x^2", "x", S), ("sin(x + u)", "x^2", "x", S), ("x*exp(u)", "x^2", "x", S),
    ("u/x", "sin(x)", "x", S), ("u/x", "x*exp(x)", "x", S), ("u*x^2", "x^3", "x", S), ("x*log(u)", "x^2 + 1", "x", S),
    ("u*sin(x)", "cos(x)", "x", S), ("(x - u)^2", "x/2", "x", S), ("x/u", "1 + x^2", "x", S), ("x*u", "max(0, x)", "x", S),
    ("x*u", "1/(1 + exp(-x))", "x", S), ("x - log(u)", "1 + exp(x)", "x", S), ("x . u", "A x", "x", "A: matrix(n, n), " + V),
    ("x . u", "A x", "x", "A: symmetric matrix(n, n), " + V), ("u' x", "A x - b", "x", "b: vector(n), A: matrix(n, n), " + V),
    ("(u + x) . (u + x)", "A x", "x", "A: matrix(n, n), " + V),
    ("x' M u", "A x", "x", "u: vector(m), x: vector(n), M: matrix(n, m), A: matrix(m, n)"), ("u*x", "||x||", "x", N),
    ("x/u", "||x||", "x", N), ("x*u", "a . x", "x", "a: vector(n), " + N),
    ("lam*u + a . x", "x . x", "x", "lam: scalar, a: vector(n), " + N), ("||u||^2 + lam*||w||^2", "X w - y", "w", R),
    ("||u||^2/2 + lam/2*||w||^2", "X w - y", "w", R), ("x*u", "sin(x)", "x", V), ("x*u", "sigmoid(x)", "x", V),
    ("u . x", "x*x", "x", V), ("sum(u*x)", "tanh(x)", "x", V), ("u*u + x*u", "x*x", "x", V), ("u*sum(x)", "sum(x)", "x", N),
    ("logsumexp(x) - u", "a . x", "x", "a: vector(n), " + N), ("x - u*ones(n)", "sum(x)/n", "x", N),
    ("x*u", "relu(x)", "x", V),
]  # fmt: skip


@pytest.mark.parametrize(("outer", "inner", "wrt", "where"), PATHS)
def test_each_line_of_a_sum_of_paths_is_true(outer: str, inner: str, wrt: str, where: str) -> None:
    check_chain(paths(outer, inner, wrt, where))


SCALARS = (
    "u^2", "u^3 - u", "log(u)", "1/u", "u*sin(u)", "u/(1 + u)", "sigmoid(u)", "max(0, u)", "(u - c)^2/2", "u^c", "cos(u)^2",
)
REDUCTIONS = (
    "sum(u)", "a . u", "||u||", "sum(exp(u))", "logsumexp(u)", "u' S u", "u' M u", "a . softmax(u)", "1/(a . u)",
    "-a . log(u)", "prod(u)",
)
COLUMNS = ("sin(u)", "u*a", "softmax(u)", "u^2", "a/u", "M u", "u/sum(u)", "max(0, u)", "2*u*u", "u/||u||", "diag(a) u")
OF_SCALARS = ("3*x + c", "exp(x)", "x^3 - x", "log(x)", "1/x", "(x - c)/2", "-x", "x*cos(x)", "sqrt(x)", "1 + exp(-x)")
OF_COLUMNS = (
    "M x", "x*a", "exp(x)", "2*x", "a - x", "S x", "-x", "softmax(x)", "x*x*a", "log(x)", "a*(M x)", "diag(x) M a", "3*a*x",
)
TO_SCALARS = ("x . x", "||x||", "x' M x", "x' S x", "-(a . x)", "sum(x^2)/n", "det(M)*sum(x)")


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_each_line_of_any_chain_is_true(seed: int) -> None:
    draw = random.Random(seed)
    outer, inner, between, target = draw.choice([
        (SCALARS, OF_SCALARS, "scalar", "scalar"), (REDUCTIONS, OF_COLUMNS, "vector(n)", "vector(n)"),
        (COLUMNS, OF_COLUMNS, "vector(n)", "vector(n)"), (SCALARS, TO_SCALARS, "scalar", "vector(n)"),
    ])  # fmt: skip
    where = f"a: positive vector(n), c: scalar, M: matrix(n, n), S: symmetric matrix(n, n), u: {between}, x: positive {target}"
    check_chain(chain(draw.choice(outer), draw.choice(inner), "x", where))


def test_reasons_are_named() -> None:
    vague = []
    for outer, inner, wrt, where in PAIRS:
        steps = check_chain(chain(outer, inner, wrt, where))
        vague += [(outer, inner) for step in steps if step.reason in ("simplified", "written in the usual form")]
    for outer, inner, wrt, where in PATHS:
        steps = check_chain(paths(outer, inner, wrt, where))
        vague += [(outer, inner) for step in steps if step.reason in ("simplified", "written in the usual form")]
    assert vague == []


WRITTEN = [
    # a sum of paths, factored as the answer has it
    ("(A x)' + x' A", "x' (A + A')", "A: matrix(n, n), x: vector(n)", [
        "xᵀ Aᵀ + xᵀ A | the transpose of a product: (A B)ᵀ = Bᵀ Aᵀ",
        "xᵀ (A + Aᵀ) | the common factor xᵀ is taken out",
    ]),
    ("(A x)' + x' A", "2*x' A", "A: symmetric matrix(n, n), x: vector(n)", [
        "xᵀ Aᵀ + xᵀ A | the transpose of a product: (A B)ᵀ = Bᵀ Aᵀ",
        "xᵀ A + xᵀ A | A is declared symmetric: Aᵀ = A",
        "2 xᵀ A | like terms: m a + n a = (m + n) a",
    ]),
    ("x^2*1 + x*(2*x)", "3*x^2", "x: scalar", [
        "x² + 2 x² | powers of one base: aᵐ aⁿ = aᵐ⁺ⁿ",
        "3 x² | like terms: m a + n a = (m + n) a",
    ]),
    ("cos(x + x^2) + cos(x + x^2)*(2*x)", "(1 + 2*x)*cos(x + x^2)", "x: scalar", [
        "(1 + 2 x) cos(x + x²) | the common factor cos(x + x²) is taken out",
    ]),
    # one path
    ("(1/sin(x^3)^2)*(2*sin(x^3))*cos(x^3)*(3*x^2)", "6*x^2*cos(x^3)/sin(x^3)", "x: scalar", [
        "6 x² sin(x³) cos(x³) / sin(x³)² | one fraction: (1/b) a = a/b",
        "6 x² cos(x³) / sin(x³) | sin(x³) cancels",
    ]),
    ("ones(n)' diag(x)", "x'", "x: vector(n)", ["xᵀ | a row of ones times a diagonal matrix: 1ᵀ diag(v) = vᵀ"]),
    ("2*(X w - y)' I X", "2*(X w - y)' X", "X: matrix(m, n), y: vector(m), w: vector(n)", [
        "2 (X w - y)ᵀ X | a product with the identity matrix: I A = A",
    ]),
    ("a' diag(b) W", "(a*b)' W", "W: matrix(m, n), a, b: vector(m)", [
        "(a ⊙ b)ᵀ W | a row times a diagonal matrix: aᵀ diag(b) = (a ⊙ b)ᵀ",
    ]),
    ("a' V diag(b) W", "((V' a)*b)' W", "W: matrix(m, n), V: matrix(k, m), b: vector(m), a: vector(k)", [
        "((aᵀ V)ᵀ ⊙ b)ᵀ W | a row times a diagonal matrix: aᵀ diag(b) = (a ⊙ b)ᵀ",
        "((Vᵀ a) ⊙ b)ᵀ W | the transpose of a product: (A B)ᵀ = Bᵀ Aᵀ",
    ]),
    ("a' V diag(b) W", "a' V diag(b) W", "W: matrix(m, n), V: matrix(k, m), b: vector(m), a: vector(k)", []),
    ("x (a' V diag(b))", "x ((V' a)*b)'", "V: matrix(k, m), b: vector(m), a: vector(k), x: vector(n)", [
        "x ((aᵀ V)ᵀ ⊙ b)ᵀ | a row times a diagonal matrix: aᵀ diag(b) = (a ⊙ b)ᵀ",
        "x ((Vᵀ a) ⊙ b)ᵀ | the transpose of a product: (A B)ᵀ = Bᵀ Aᵀ",
    ]),
    ("-(y/softmax(z))' (diag(softmax(z)) - softmax(z) softmax(z)')", "sum(y)*softmax(z)' - y'", "y, z: vector(n)", [
        "-(y ⊘ softmax(z))ᵀ diag(softmax(z)) + (y ⊘ softmax(z))ᵀ softmax(z) softmax(z)ᵀ"
        " | multiplied out: A (B + C) = A B + A C",
        "-(y ⊙ softmax(z) ⊘ softmax(z))ᵀ + (y ⊘ softmax(z))ᵀ softmax(z) softmax(z)ᵀ"
        " | a row times a diagonal matrix: aᵀ diag(b) = (a ⊙ b)ᵀ",
        "-(y ⊙ softmax(z) ⊘ softmax(z))ᵀ + sum(y) softmax(z)ᵀ"
        " | what is divided by b is multiplied by it: (a ⊘ b)ᵀ b = sum(a)",
        "sum(y) softmax(z)ᵀ - yᵀ | softmax(z) cancels",
    ]),
    ("tr(I A)*x'", "tr(A)*x'", "A: matrix(n, n), x: vector(n)", ["tr(A) xᵀ | a product with the identity matrix: I A = A"]),
    ("tr(A B)*x'", "tr(B A)*x'", "A: matrix(m, n), B: matrix(n, m), x: vector(n)", [
        "tr(B A) xᵀ | factors go round in a trace: tr(A B) = tr(B A)",
    ]),
    ("x' A^-1 A", "x'", "A: matrix(n, n), x: vector(n)", [
        "xᵀ I | a matrix and its inverse: A⁻¹ A = I",
        "xᵀ | a product with the identity matrix: A I = A",
    ]),
    ("0*x' + 1*x'", "x'", "x: vector(n)", ["xᵀ | a product with a factor 0 is 0; a term 0 is left out: a + 0 = a"]),
    ("2*(y - X w)' (-X)", "2*(X w - y)' X", "X: matrix(m, n), y: vector(m), w: vector(n)", [
        "2 (X w - y)ᵀ X | the sign goes into the brackets: -(a - b) = b - a",
    ]),
    ("(1/det(X))*(det(X)*X^-1)", "X^-1", "X: matrix(n, n)", [
        "(det(X)/det(X)) X⁻¹ | one fraction: (1/b) a = a/b",
        "X⁻¹ | det(X) cancels",
    ]),
    ("ones(n)' (diag(softmax(x)) - softmax(x) softmax(x)')", "zeros(n)'", "x: vector(n)", [
        "1ᵀ diag(softmax(x)) - 1ᵀ softmax(x) softmax(x)ᵀ | multiplied out: A (B + C) = A B + A C",
        "softmax(x)ᵀ - 1ᵀ softmax(x) softmax(x)ᵀ | a row of ones times a diagonal matrix: 1ᵀ diag(v) = vᵀ",
        "softmax(x)ᵀ - sum(softmax(x)) softmax(x)ᵀ | a row of ones adds up: 1ᵀ v = sum(v)",
        "softmax(x)ᵀ - softmax(x)ᵀ | the entries of softmax add up to 1",
        "0ᵀ | like terms: a - a = 0",
    ]),
    # logistic regression, the neuron, layer norm
    ("(s*(1 - s)*((1 - y)/(1 - s) - y/s))' X", "(s - y)' X", "X: matrix(m, n), y, s: vector(m)", [
        "(s ⊙ (1 - y) - (1 - s) ⊙ y)ᵀ X | s and 1 - s go into the brackets, where they cancel",
        "(s - s ⊙ y - y + s ⊙ y)ᵀ X | multiplied out: a ⊙ (b + c) = a ⊙ b + a ⊙ c",
        "(s - y)ᵀ X | like terms: a - a = 0",
    ]),
    ("x*(1/x + a)", "1 + x*a", "a, x: positive scalar", ["1 + x a | x goes into the brackets, where it cancels"]),
    ("-2*([z > 0]*(y - max(0, z)))'", "2*([z > 0]*(z - y))'", "y, z: vector(m)", [
        "-2 ([z > 0] ⊙ (y - z))ᵀ | where [z > 0] is 1, max(0, z) = z",
        "2 ([z > 0] ⊙ (z - y))ᵀ | the sign goes into the brackets: -(a - b) = b - a",
    ]),
    ("[z > 0] . (relu(z) + y)", "[z > 0] . (z + y)", "y, z: vector(m)", [
        "[z > 0]·(z + y) | where [z > 0] is 1, relu(z) = z",
    ]),
    ("[u < z]*min(u, z)*y", "[u < z]*u*y", "u, y, z: scalar", ["[u < z] u y | where [u < z] is 1, min(u, z) = u"]),
    ("(x - sum(x)/n)/sqrt(||x - sum(x)/n||^2/n)", "(x - mean(x))/std(x)", "x: vector(n)", [
        "(1/std(x)) (x - mean(x)) | the mean: sum(x)/n = mean(x);"
        " the standard deviation: sqrt(‖x - mean(x)‖²/n) = std(x)",
    ]),
    # inverses and Kronecker products
    ("det(A B)*B (A B)^-1", "det(A B)*A^-1", "A, B: matrix(n, n)", [
        "det(A B) B B⁻¹ A⁻¹ | the inverse of a product: (A B)⁻¹ = B⁻¹ A⁻¹",
        "det(A B) I A⁻¹ | a matrix and its inverse: A A⁻¹ = I",
        "det(A B) A⁻¹ | a product with the identity matrix: I A = A",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("start", "goal", "where", "lines"), WRITTEN)
def test_steps_read_as_in_a_textbook(start: str, goal: str, where: str, lines: list[str]) -> None:
    assert said(written(start, goal, where)) == lines


def test_what_a_derivation_writes_with_ones() -> None:
    """1 · 1 + 1 · 2 x, which nobody can write without its being worked out at once."""
    whole = mc.diff("x + x^2", "x", where="x: scalar")
    assert isinstance(whole, Derivative)
    build = whole._problem.recovery.build
    x, one, two = build.make(Symbol, SCALAR, "x"), build.make(Number, SCALAR, 1), build.make(Number, SCALAR, 2)
    terms = (build.make(Product, SCALAR, 1, (one, one), ()), build.make(Product, SCALAR, 1, (one, two, x), ()))
    steps = check(whole, build, build.make(Sum, SCALAR, terms), whole.answer.body)
    assert said(steps) == ["1 + 2 x | a factor 1 does nothing: 1 · a = a"]


def test_a_bracket_says_nothing_of_another_maximum() -> None:
    """Nor of an element of one that a sum or a matrix mixes with others."""
    for text in ("[z > 0]*max(0, y)", "[z > 0]*(M max(0, z))", "[z > 0]*sum(max(0, z))", "[-z > 0]*max(0, z)"):
        build = Builder()
        node = adopted(build, mc.parse(text, where="M: matrix(m, m), y, z: vector(m)")._problem.written.body)
        assert all(known_maximum(build, each, ()) is None for each in postorder(node))


def test_kronecker_products() -> None:
    build = Builder()
    m, n, k, p = (dim(name) for name in "mnkp")
    a, b = build.make(Symbol, matrix(m, n), "A"), build.make(Symbol, matrix(p, k), "B")
    c, d = build.make(Symbol, matrix(n, p), "C"), build.make(Symbol, matrix(k, m), "D")
    x, one = build.make(Symbol, vector(n), "x"), build.make(Identity, matrix(k, k))
    r = build.transpose(x)
    two = "Kronecker products: ``(A ⊗ B) (C ⊗ D) = (A C) ⊗ (B D)``"
    with_row = "a Kronecker product with a row: ``A (bᵀ ⊗ C) = bᵀ ⊗ (A C)``"
    for factors, product, words in (
        ((build.kronecker(a, b), build.kronecker(c, d)), "(A C) ⊗ (B D)", two),
        ((b, build.kronecker(r, one)), "xᵀ ⊗ B", with_row),
        ((build.kronecker(r, one), build.kronecker(x, one)), "(xᵀ x) I", two),
        ((build.kronecker(a, b), build.kronecker(d, b)), None, ""),
    ):
        left, right = factors
        found = kronecker(build, build.make(MatMul, matrix(left.shape.dims[0], right.shape.dims[-1]), factors))
        assert (found and (expression(found[0]), found[1].words)) == (product and (product, words))


def test_a_delta_keeps_one_term() -> None:
    build = Builder()
    n = dim("n")
    x, matrix_ = build.make(Symbol, vector(n), "x"), build.make(Symbol, matrix(n, n), "A")
    x_j = build.make(Element, SCALAR, x, ("j",))
    entry, delta = build.make(Element, SCALAR, matrix_, ("i", "j")), build.make(Delta, SCALAR, ("i", "k"))
    body = build.make(Product, SCALAR, 2, (entry, delta, x_j), ())
    found = deltas(build, build.make(IndexedSum, SCALAR, body, (("i", n), ("j", n))))
    assert found is not None
    assert expression(found[0]) == "Σⱼ 2 Aₖⱼ xⱼ"
    assert found[1].words == "the ``δ`` keeps one term of the sum: ``Σᵢ aᵢ δᵢₖ = aₖ``"
    whole = build.make(IndexedSum, SCALAR, body, (("j", n),))
    assert deltas(build, whole) is None


def test_a_chain_of_derivatives_is_a_product_at_once() -> None:
    """2 uᵀ · X = 2 uᵀ X is no line of its own, and 1ᵀ · diag(x) = xᵀ only its own."""
    build = Builder()
    n, m = dim("n"), dim("m")
    x, u = build.make(Symbol, vector(n), "x"), build.make(Symbol, vector(m), "u")
    jacobian = build.make(Symbol, matrix(m, n), "X")
    twice = build.make(Product, row(m), 2, (build.transpose(u),), ())
    chained = build.make(DerivativeChain, row(n), (twice, jacobian))
    assert said(simplifications(build, chained, build.matmul(twice, jacobian), expression)) == []
    chained = build.make(DerivativeChain, row(n), (build.make(Ones, row(n)), build.diagonal(x)))
    steps = simplifications(build, chained, build.transpose(x), expression)
    assert said(steps) == ["xᵀ | a row of ones times a diagonal matrix: 1ᵀ diag(v) = vᵀ"]


def test_what_is_large_is_one_step() -> None:
    whole = mc.diff("x", "x", where="x: scalar")
    assert isinstance(whole, Derivative)
    build = whole._problem.recovery.build
    x = build.make(Symbol, SCALAR, "x")
    tower: Expression = x
    for _ in range(3000):
        tower = build.make(Function, SCALAR, "sin", (build.make(Product, SCALAR, 2, (tower, tower), ()),), None)
    assert [step.reason for step in simplifications(build, tower, x)] == ["simplified"]
    assert simplifications(build, tower, tower) == []


def test_powers_within_products_are_told_apart() -> None:
    """z ⊙ a ⊘ b and z² ⊙ a ⊘ b are no like terms, and neither are derivatives by two names."""
    problem = Problem("z*a/b + z^2*a/b", [], where="z, a, b: vector(n)")
    build = problem.recovery.build
    polynomials = Polynomials(build, multiplied_out=False)
    written = as_written(build, problem.inference)
    assert isinstance(written, Sum)
    first, second = written.terms
    assert not polynomials.agree(first, second)
    y, u, v = (build.make(Symbol, SCALAR, name) for name in "yuv")
    by_u, by_v = (build.make(Partial, SCALAR, y, each) for each in (u, v))
    assert not polynomials.agree(by_u, by_v)
    assert polynomials.agree(by_u, by_u)
