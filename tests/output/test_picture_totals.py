"""What is written in a picture: each equation is true by itself, and each total ends with the answer that `diff` prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from zlib import crc32

import pytest

import matcalc as mc
from matcalc.explanation.derivation import Derived, Line, Repetition, Section
from matcalc.explanation.explain import Explaining
from matcalc.explanation.flow import Flow
from matcalc.output.picture.below import written
from matcalc.output.picture.dataflow import Formula, described, legend
from tests.explanation.evaluation import UnusablePointError, wrong_ends, wrong_numbers, wrong_order, wrong_repetitions
from tests.explanation.explaining import Case, examples, points

NETWORK = "z1 = W1 x + b1; a1 = relu(z1); z2 = W2 a1 + b2; p = softmax(z2); -y.log(p)"
LAYERS = "a0 = x; " + "; ".join(f"a{k} = tanh(W{k} a{k - 1} + b{k})" for k in range(1, 13)) + "; sum(a12^2)"
DEEP = ", ".join(f"W{k}: matrix(m{k}, m{k - 1}), b{k}: vector(m{k})" for k in range(1, 13)) + ", x: vector(m0)"
RECURRENT = "h1 = tanh(W h0 + U x1); h2 = tanh(W h1 + U x2); h3 = tanh(W h2 + U x3); h4 = tanh(W h3 + U x4); v.h4"
NORMALISED = "mu = mean(x); v = mean((x-mu)^2); xh = (x-mu)/sqrt(v+eps); sum(c*(g*xh + b))"
ATTENTION = "sum(softmax(Q K' / sqrt(d), axis=1) V)"

DRAWN = [Case(*each) for each in (
    ("tr(A X B X')", "X"), ("x", "x", "x: scalar"),
    (NETWORK, "W2, b2, W1, b1", "W1: matrix(h, n), W2: matrix(k, h), x: vector(n)"),
    (ATTENTION, "Q, K, V", "Q: matrix(n, d), K: matrix(m, d), V: matrix(m, p)"), ("K X' B", "X", "X: matrix(m, n)"),
    (RECURRENT, "W", "W: matrix(n, n), U: matrix(n, m), h0: vector(n)"),
    (NORMALISED, "x, g, b", "x, c: vector(n), g, b: vector(n)"),
    (LAYERS, "W1, W12, x", DEEP), ("logdet(S)", "S", "S: spd(n)"), ("x' S y", "S", "S: symmetric(n), x, y: vector(n)"),
    ("||L x||^2", "L", "L: lower_triangular(n)"), ("sum((D x)^2)", "D", "D: diagonal(n), x: vector(n)"),
    ("u = x^2; u*sin(u)", "x", "x: scalar"), ("X * (A X)", "X", "X: matrix(n, m)"), ("x' X' X x", "X, x", "X: matrix(m, n)"),
    ("sin(cos(exp(sin(cos(exp(x))))))", "x", "x: scalar"), ("sum(exp(X[i].w) for i in 1..N) * sum(w)", "w"),
    ("max(x^2, 3*x, exp(x))", "x", "x: scalar"),
)]  # fmt: skip


def flow_of(case: Case) -> tuple[Flow, Sequence[mc.Derivative]]:
    found = mc.diff(case.text, wrt=case.names, where=case.where)
    derivatives = list(found.values())
    flow = Flow(Explaining(derivatives[0]._problem, [(each._path[0], each.answer) for each in derivatives]))
    flow.dataflow()
    return flow, derivatives


def each_line(lines: Sequence[Line]) -> Iterator[Line]:
    for line in lines:
        yield from line.every if isinstance(line, Repetition) else (line,)


@pytest.mark.parametrize("case", [*examples(), *DRAWN], ids=str)
def test_every_equation_is_true(case: Case) -> None:
    flow, derivatives = flow_of(case)
    shown = [*flow.locals, *each_line(flow.totals.sections[0].lines)]
    derived = Derived([Section("", shown)], flow.steps)
    inference = derivatives[0]._problem.inference
    wrong = [*wrong_order(derived, list(inference.symbols)), *wrong_repetitions(flow.totals)]
    short = {each.wrt: each.answer for each in derivatives if len(str(each)) <= (170 if len(derivatives) <= 6 else 60)}
    wrong += wrong_ends(derived, short)
    for point, sizes in points(inference, crc32(str(case).encode())):
        try:
            wrong += wrong_numbers(derived, inference, point, sizes, set())
        except UnusablePointError:
            continue
        break
    else:
        pytest.fail("no usable point")
    assert wrong == []


@pytest.mark.parametrize("case", [*examples(), *DRAWN], ids=str)
def test_nothing_is_cut_or_a_tautology(case: Case) -> None:
    flow = mc.picture(case.text, wrt=case.names, where=case.where).dataflow
    for each in (*flow.totals, *legend(flow)):
        if isinstance(each, Formula):
            assert each.sides
            assert each.left not in each.sides
            assert all(one != other for one, other in zip(each.sides, each.sides[1:], strict=False))
    assert all(len(line) <= 110 for line in written(flow))


def below(text: str, wrt: str | list[str], where: str | None = None) -> list[str]:
    return [line.rstrip() for line in written(mc.picture(text, wrt=wrt, where=where).dataflow)]


def test_totals_go_from_the_paths_to_the_answer() -> None:
    assert below("sin(x + x^2)", "x", "x: scalar") == [
        "dy/dx = dy/du₃ · ∂u₃/∂u₁ · du₁/dx + dy/du₃ · ∂u₃/∂u₂ · du₂/dx",
        "      = cos(u₃) · 1 · 1 + cos(u₃) · 1 · 2 x",
        "      = (1 + 2 x) cos(x + x²)",
    ]


def test_a_derivative_at_no_edge_has_its_own_equation() -> None:
    assert below("z = W x + b; p = softmax(z); -y.log(p)", ["W", "b"], "sum(y) = 1") == [
        "∂C/∂z = ∂C/∂u · ∂u/∂p · ∂p/∂z = pᵀ - yᵀ",
        "∂C/∂W = x ∂C/∂z = x (p - y)ᵀ   where p = softmax(W x + b)",
        "∂C/∂b = ∂C/∂z · ∂z/∂b = pᵀ - yᵀ   where p = softmax(W x + b)",
        "vec stacks columns",
    ]


def test_cases_stand_below_each_other() -> None:
    assert below("max(0, w.x + b)", "w") == [
        "∂y/∂w = dy/du · ∂u/∂w",
        "      = [u > 0] · xᵀ",
        "      = ⎧ 0ᵀ   if w·x + b ≤ 0",
        "        ⎩ xᵀ   if w·x + b > 0",
        "[u > 0] is 1 where u > 0, else 0",
    ]


@pytest.mark.parametrize(
    ("text", "wrt", "where", "wanted"),
    [
        ("x", "x", "x: scalar", ["dy/dx = 1"]),
        ("x' S y", "S", "S: symmetric(n), x, y: vector(n)", ["(1/2) (∂C/∂S + (∂C/∂S)ᵀ) = (1/2) (x yᵀ + y xᵀ)"]),
        ("sum((D x)^2)", "D", "D: diagonal(n), x: vector(n)", ["I ⊙ ∂y/∂D = 2 diag(x ⊙ (D x))"]),
        ("||W x - y||^2", "W[2, :]", "W: matrix(m, n)", ["∂C/∂W[2, :] = 2 (e(2)·(W x - y)) xᵀ"]),
        ("sum(sin(X))", "X[2, :]", "X: matrix(m, n)", ["∂y/∂X[2, :] = e(2)ᵀ cos(X)", "e(2) is 1 at place 2, else 0"]),
        ("K X' B", "X", "X: matrix(m, n)", ["C is the commutation matrix, C vec(X) = vec(Xᵀ)"]),
    ],
)
def test_the_answer_is_that_of_what_was_asked(text: str, wrt: str, where: str, wanted: list[str]) -> None:
    assert set(wanted) <= set(below(text, wrt, where))


def test_another_layout_and_another_space() -> None:
    turned = mc.diff("w.x", wrt="w", layout="gradient").picture().dataflow
    assert written(turned)[-2:] == ["In gradient layout it is the transpose.", "(∂y/∂w)ᵀ = x"]
    bound = mc.diff("x' S x", wrt="S", where="S: symmetric(n), x: vector(n)", symmetric="independent")
    assert written(bound.picture().dataflow)[-2].endswith(f" = {bound}")


def test_what_is_too_long_for_an_edge_is_in_the_legend() -> None:
    flow = mc.picture("tr(A expm(X))", wrt="X").dataflow
    assert "∂vec(U₁)/∂vec(X)ᵀ" in {edge.label for edge in flow.edges}
    assert "∂vec(U₁)/∂vec(X)ᵀ = ∫₀¹ expm((1 - s) X)ᵀ ⊗ expm(s X) ds" in written(flow)


def test_what_is_a_total_is_not_in_the_legend_too() -> None:
    assert below("||x||_p", "x") == ["∂y/∂x = sum(abs(x)^p)^(1/p - 1) (abs(x)^(p - 1) ⊙ sign(x))ᵀ"]


def test_layers_are_written_once() -> None:
    wrt = [name for k in range(12, 0, -1) for name in (f"W{k}", f"b{k}")]
    assert below(LAYERS, wrt, DEEP)[-5:] == [
        "for k = 10, 9, …, 1:",
        "∂y/∂uₖ = ∂y/∂uₖ₊₁ · ∂uₖ₊₁/∂aₖ · ∂aₖ/∂uₖ",
        "∂y/∂Wₖ = aₖ₋₁ ∂y/∂uₖ",
        "∂y/∂bₖ = ∂y/∂uₖ · ∂uₖ/∂bₖ",
        "vec stacks columns",
    ]


def test_a_deep_network() -> None:
    layers = "; ".join(f"a{k} = tanh(W{k} a{k - 1})" for k in range(1, 201))
    shapes = ", ".join(f"W{k}: matrix(n, n)" for k in range(1, 201))
    lines = below(f"a0 = x; {layers}; sum(a200)", "W1", shapes)
    assert lines[-3:] == ["∂y/∂uₖ = ∂y/∂aₖ · ∂aₖ/∂uₖ", "∂y/∂W1 = a0 ∂y/∂u₁", "vec stacks columns"]
    assert len(lines) < 10


def test_weights_of_layers_are_drawn_once() -> None:
    wrt = [name for k in range(1, 13) for name in (f"W{k}", f"b{k}")]
    flow = mc.picture(LAYERS, wrt=wrt, where=DEEP).dataflow
    assert [described(vertex) for vertex in flow.vertices] == [
        "a0 = x", "W1", "b1", "u₁ = W1 a0 + b1", "a1 = tanh(u₁)", "W2, b2, …, b12",
        "layers 2–12: uₖ = Wₖ aₖ₋₁ + bₖ, aₖ = tanh(uₖ)", "u₁₃ = a12²", "y = sum(u₁₃)",
    ]  # fmt: skip


def test_constants_by_name_are_joined_to_their_users() -> None:
    flow = mc.picture("c = y^2; sin(c*x)", wrt="x", where="x, y: scalar").dataflow
    assert [(edge.source, edge.target) for edge in flow.edges if not edge.active] == [("c", "u"), ("y", "c")]


def test_lines_in_other_formats() -> None:
    picture = mc.picture(NETWORK, wrt="W2, b2", where="W1: matrix(h, n), W2: matrix(k, h), x: vector(n)")
    (label,) = re.findall(r'^  label="(.*)"; labelloc', picture.dot(), re.MULTILINE)
    lines = label.replace("\\n", "\\l").split("\\l")
    assert lines[0] == "C = -y·log(p)"
    assert "∂C/∂b2 = ∂C/∂z2 · ∂z2/∂b2" in lines
    assert max(map(len, lines)) <= 100
    (total,) = re.findall(r'^  total\["(.*)"\]:::total$', picture.mermaid(), re.MULTILINE)
    assert "∂C/∂b2 = ∂C/∂z2 · ∂z2/∂b2" in total.split("<br>")
