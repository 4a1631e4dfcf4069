"""Verification: the interpreter of the syntax tree, numerical derivatives, and that wrong derivatives are caught."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matcalc.errors import EvaluationError, NotSupportedError
from matcalc.language.declared import Symmetric
from matcalc.language.dimensions import Shape
from matcalc.language.parse import parse_declarations, parse_program, parse_targets
from matcalc.language.shapes import Inference, infer
from matcalc.operations.rows import Derived, Elementwise
from matcalc.operations.table import ALL
from matcalc.verify import Verification, numeric_derivative, stand_in, value, verify
from matcalc.verify.interpreter import Interpreter

PROBLEMS = [
    json.loads(line)
    for line in (Path(__file__).parent / "cases" / "problems.jsonl").read_text(encoding="utf-8").splitlines()
]
Answer = Callable[[Mapping[str, Any], Mapping[str, int]], Any]


@dataclass
class Read:
    """A text that was read, and the target of its derivative."""

    inference: Inference

    @property
    def target(self) -> Any:
        return self.inference.targets[0]

    def value(self, sizes: Mapping[str, int] | None = None, **values: Any) -> Any:
        return value(self.inference, values, sizes or {})

    def check(self, answer: Answer, order: int = 1, *, symmetric: Symmetric = "space", seed: int = 0) -> Verification:
        return verify(self.inference, [self.target] * order, answer, symmetric=symmetric, seed=seed)


def read(text: str, wrt: str = "", where: str = "") -> Read:
    targets = parse_targets(wrt) if wrt else ()
    program = parse_program(text)
    free = {binding.name.name for binding in program.bindings} & {wrt}
    return Read(infer(program, declared=parse_declarations(where), targets=targets, free=free))


# The interpreter


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem["id"])
def test_values_of_the_problems(problem: dict[str, Any]) -> None:
    program = read(problem["text"], problem["wrt"], problem["where"])
    for point in problem["points"]:
        result = value(program.inference, point["inputs"], problem["dims"])
        assert result.shape == np.shape(point["value"])
        np.testing.assert_allclose(result, point["value"], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem["id"])
def test_derivatives_of_the_problems(problem: dict[str, Any]) -> None:
    program = read(problem["text"], problem["wrt"], problem["where"])
    shape = program.inference.shapes[program.inference.program.body]
    variable = program.inference.shapes[program.target]
    order = problem["order"]
    for point in problem["points"]:
        arrays = {name: np.array(array) for name, array in point["inputs"].items()}
        number = numeric_derivative(program.inference, [program.target] * order, arrays, problem["dims"])
        truth = np.array(point["derivative"])
        atol = 1e-9 if order == 1 else 1e-7
        np.testing.assert_allclose(_numerator(number, shape, variable, order), truth, rtol=1e-7, atol=atol)


def _numerator(number: Any, value: Shape, variable: Shape, order: int) -> Any:
    """From the axes of the value, then those of the variable, to numerator layout."""
    if order == 1 and value.kind == "scalar":
        return number.reshape(1, -1) if variable.kind == "vector" else number.T
    return number


V, W = np.array([1.0, -2.0, 4.0]), np.array([3.0, 0.5, -1.0])
M = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
S = np.array([[2.0, 1.0], [0.0, -1.0]])
SHAPES = {
    "a": "scalar", "b": "scalar", "u": "vector(m)", "v": "vector(n)", "w": "vector(n)", "M": "matrix(m, n)",
    "S": "matrix(k, k)",
}


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("v.w", {"v": V, "w": W}, V @ W),
        ("v*w - v/w", {"v": V, "w": W}, V * W - V / W),
        ("-v^2", {"v": V}, -(V**2)),
        ("v'", {"v": V}, V),
        ("v w'", {"v": V, "w": W}, np.outer(V, W)),
        ("S^2", {"S": S}, S @ S),
        ("S^-1", {"S": S}, np.linalg.inv(S)),
        ("S^-T", {"S": S}, np.linalg.inv(S).T),
        ("S^0 + S**2", {"S": S}, np.eye(2) + S**2),
        ("M + v'", {"M": M, "v": V}, M + V),
        ("M + u", {"M": M, "u": V[:2]}, M + V[:2, None]),
        ("M v", {"M": M, "v": V}, M @ V),
        ("v[2]*M[2,3]", {"M": M, "v": V}, -12.0),
        ("M[2]", {"M": M}, M[1]),
        ("M[:,2]", {"M": M}, M[:, 1]),
        ("v[n]", {"v": V}, 4.0),
        ("[a, b, a*b]", {"a": 2, "b": 3}, [2, 3, 6]),
        ("[[a, b], [a*b, 1]]", {"a": 2, "b": 3}, [[2, 3], [6, 1]]),
        ("[v; 1]", {"v": V}, [1, -2, 4, 1]),
        ("[v; w]", {"v": V, "w": W}, [*V, *W]),
        ("S + I", {"S": S}, S + np.eye(2)),
        ("ones(m)' M", {"M": M}, M.sum(axis=0)),
        ("v + zeros(n)", {"v": V}, V),
        ("pi * a + π", {"a": 2}, 3 * np.pi),
        ("sum(v)/n", {"v": V}, 1.0),
        ("len(v) + 10*rows(M) + 100*cols(M)", {"v": V, "M": M}, 323.0),
        ("max(a, b, 3)", {"a": 2, "b": 5}, 5.0),
        ("(v > 0) + (v <= -2)", {"v": V}, [1, 1, 1]),
        ("where(v > 0, v, w)", {"v": V, "w": W}, [1, 0.5, 4]),
        ("||v|| + norm1(v)", {"v": V}, np.sqrt(21) + 7),
        ("z = v.w; y = 2 z; y^2", {"v": V, "w": W}, 4 * (V @ W) ** 2),
        ("diag(v) + diag(diag(v)) w'", {"v": V, "w": W}, np.diag(V) + np.outer(V, W)),
    ],
)
def test_values(text: str, values: dict[str, Any], expected: Any) -> None:
    program = read(text, where=", ".join(f"{name}: {SHAPES[name]}" for name in values))
    result = program.value({"k": 2, "m": 2, "n": 3}, **values)
    assert result.shape == np.shape(expected)
    np.testing.assert_allclose(result, expected)


X = np.array([[1.0, 2.0], [3.0, -4.0], [0.5, 6.0]])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(X[i,j]*u[i]*v[j] for i in 1..m for j in 1..n)", V @ X @ W[:2]),
        ("sum(u_i * sum(X[i,j] for j in 1..n) for i in 1..m)", V @ X.sum(axis=1)),
        ("sum(u_i * sum(v_i for i in 1..n) for i in 1..m)", V.sum() * W[:2].sum()),
        ("sum(X_i for i in 1..m)", X.sum(axis=0)),
        ("sum(2 for i in 1..m)", 6.0),
        ("sum(sum(u_i * v_j for j in 1..n)^2 for i in 1..m)", np.sum((V * W[:2].sum()) ** 2)),
        ("sum(sum(v_j for j in 1..n) for i in 1..m)", 3 * W[:2].sum()),
        ("c = 2 u; sum(c_i * u_i for i in 1..m)", 2 * V @ V),
    ],
)
def test_sums_over_an_index(text: str, expected: Any) -> None:
    program = read(text, where="X: matrix(m, n), u: vector(m), v: vector(n)")
    result = program.value({"m": 3, "n": 2}, X=X, u=V, v=W[:2])
    np.testing.assert_allclose(result, expected)


def test_what_does_not_depend_on_an_index_is_computed_once() -> None:
    program = read("sum(sum(sum(exp(sin(x_k)) for k in 1..n) for j in 1..n) for i in 1..n)", where="x: vector(n)")
    assert Interpreter(program.inference, {"n": 100}).cost < 1000


def test_deep_texts() -> None:
    assert read("(" * 5000 + "x" + ")" * 5000).value(x=2) == 2
    assert read("sin(" * 2000 + "x" + ")" * 2000).value(x=0) == 0
    assert read("1 + " * 5000 + "x").value(x=2) == 5002


def test_a_matrix_of_one_entry_is_no_number() -> None:
    program = read("tr((a v') (v a')) + det((a v') (v a'))", where="a: vector(1), v: vector(3)")
    assert program.value(a=np.array([2.0]), v=np.ones(3)) == pytest.approx(24)


def test_a_name_that_was_defined_and_is_differentiated_by_is_free() -> None:
    assert read("z = x^2; z + x", "z").value(x=3, z=5) == 8


def test_a_binding_that_is_not_used_is_not_computed() -> None:
    assert read("z = log(x)*y; x", "x").value(x=-1) == -1


def test_missing_values() -> None:
    with pytest.raises(EvaluationError, match="no value for `y`"):
        read("x + y").value(x=1)


def test_this_room_does_not_know_the_calculus() -> None:
    for path in (Path(__file__).resolve().parent.parent / "matcalc" / "verify").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [m for m in modules if m.startswith(("matcalc.tensor", "matcalc.calculus", "matcalc.notation"))]


# Stand-ins for unknown functions


@pytest.mark.parametrize("orders", [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (2, 1), (3, 1)])
def test_stand_ins_have_exact_partial_derivatives(orders: tuple[int, int]) -> None:
    u, v, h = np.array([0.3, -1.2]), 0.7, 2.0**-10

    def f(a: Any, b: Any, up: int = 0, vp: int = 0) -> Any:
        return stand_in("f", (orders[0] + up, orders[1] + vp), (a, b))

    by_u = (8 * (f(u + h, v) - f(u - h, v)) - (f(u + 2 * h, v) - f(u - 2 * h, v))) / (12 * h)
    by_v = (8 * (f(u, v + h) - f(u, v - h)) - (f(u, v + 2 * h) - f(u, v - 2 * h))) / (12 * h)
    np.testing.assert_allclose(f(u, v, up=1), by_u, atol=1e-9)
    np.testing.assert_allclose(f(u, v, vp=1), by_v, atol=1e-9)


def test_functions_that_are_only_named() -> None:
    def right(values: Mapping[str, Any], _: Mapping[str, int]) -> Any:
        w = (values["w"],)
        return np.diag(stand_in("f", (1,), w) * stand_in("g", (0,), w) + stand_in("f", (0,), w) * stand_in("g", (1,), w))

    product = read("f(w) * g(w)", "w", "w: vector(n)")
    assert product.check(right).passed
    assert not product.check(lambda values, sizes: right(values, sizes).T * 1.01).passed
    of_t = read("f(x(t), y(t))", "t")

    def total(values: Mapping[str, Any], _: Mapping[str, int]) -> Any:
        t = (values["t"],)
        x, y = stand_in("x", (0,), t), stand_in("y", (0,), t)
        return stand_in("f", (1, 0), (x, y)) * stand_in("x", (1,), t) + stand_in("f", (0, 1), (x, y)) * stand_in("y", (1,), t)

    assert of_t.check(total).passed
    with pytest.raises(NotSupportedError, match="unknown vector function `g`"):
        read("g(x)", "x", "g: R^n -> R^m").check(total)


# Right derivatives pass, wrong ones do not


RIGHT: list[tuple[str, str, str, int, Answer]] = [
    ("x^3", "x", "", 1, lambda v, s: 3 * v["x"] ** 2),
    ("x^4", "x", "", 2, lambda v, s: 12 * v["x"] ** 2),
    ("abs(x)", "x", "", 1, lambda v, s: np.sign(v["x"])),
    ("sum(w*x)", "w", "", 1, lambda v, s: v["x"]),
    ("w*x", "w", "w, x: vector(n)", 1, lambda v, s: np.diag(v["x"])),
    ("A x", "x", "", 1, lambda v, s: v["A"]),
    ("x' A", "x", "A: matrix(m, n)", 1, lambda v, s: v["A"].T),
    ("max(0, w.x + b)", "w", "", 1, lambda v, s: v["x"] * (v["w"] @ v["x"] + v["b"] > 0)),
    ("max(0, w.x + b)", "[w; b]", "", 1, lambda v, s: np.append(v["x"], 1) * (v["w"] @ v["x"] + v["b"] > 0)),
    ("x.x", "x[2]", "x: vector(n)", 1, lambda v, s: 2 * v["x"][1]),
    ("x.x + x[5]", "x[5]", "x: vector(n)", 1, lambda v, s: 2 * v["x"][4] + 1),
    ("[3*x^2*y, 2*x + y^8]", "[x, y]", "", 1, lambda v, s: [[6 * v["x"] * v["y"], 3 * v["x"] ** 2], [2, 8 * v["y"] ** 7]]),
    ("tr(A X)", "X", "A: matrix(m, n)", 1, lambda v, s: v["A"].T),
    ("X", "X", "X: matrix(m, n)", 1, lambda v, s: np.einsum("ik,jl->ijkl", np.eye(s["m"]), np.eye(s["n"]))),
    ("x' A x", "x", "A: matrix(n, n)", 2, lambda v, s: v["A"] + v["A"].T),
    ("tr(A X) where A: matrix(n, n)", "X", "X: symmetric(n)", 1, lambda v, s: (v["A"] + v["A"].T) / 2),
    ("tr(A X) where A: matrix(n, n)", "X", "X: diagonal(n)", 1, lambda v, s: np.diag(np.diag(v["A"]))),
    ("logdet(S)", "S", "S: spd(n)", 1, lambda v, s: np.linalg.inv(v["S"])),
    ("sum(x)/n", "x", "x: vector(n)", 1, lambda v, s: np.ones(s["n"]) / s["n"]),
    ("[x; 1].y", "x", "x: vector(n)", 1, lambda v, s: v["y"][:-1]),
    ("z = x^2; z*x", "z", "", 1, lambda v, s: v["x"]),
    ("sum(c_i*(w.X_i - y_i)^2 for i in 1..N)", "w", "", 1, lambda v, s: 2 * (v["c"] * (v["X"] @ v["w"] - v["y"])) @ v["X"]),
    ("max(x, x)", "x", "", 1, lambda v, s: 1.0),
    ("sum(x)", "x", "x: vector(500)", 1, lambda v, s: np.ones(500)),
    ("x^2 + y^3", "x", "x, y: R^3", 1, lambda v, s: np.diag(2 * v["x"])),
]
NAMES = [f"{text} by {wrt}, order {order}" for text, wrt, _, order, _ in RIGHT]


@pytest.mark.parametrize(("text", "wrt", "where", "order", "answer"), RIGHT, ids=NAMES)
def test_right_derivatives_pass(text: str, wrt: str, where: str, order: int, answer: Answer) -> None:
    for seed in range(5):
        found = read(text, wrt, where).check(answer, order, seed=seed)
        assert found.passed
        assert found.max_error < (1e-8 if order == 1 else 1e-6)
        assert found.points >= 4
        assert len(found.sizes) in (0, 2)
        for sizes in found.sizes:
            assert len(set(sizes.values())) == len(sizes)
            assert min(sizes.values()) >= 2
        assert len(found.sizes) < 2 or found.sizes[0] != found.sizes[1]


@pytest.mark.parametrize(
    "wrong", [lambda a: 2 * a, lambda a: -a, lambda a: a + 1e-4, lambda a: a * np.nan, lambda a: a[..., None]],
    ids=["factor", "sign", "addend", "nan", "axes"],
)
@pytest.mark.parametrize(("text", "wrt", "where", "order", "answer"), RIGHT, ids=NAMES)
def test_wrong_derivatives_are_caught(
    text: str, wrt: str, where: str, order: int, answer: Answer, wrong: Callable[[Any], Any]
) -> None:
    tolerable = 1e-3 if order == 2 else 0.0
    found = read(text, wrt, where).check(lambda v, s: wrong(np.array(answer(v, s), dtype=float)) + tolerable, order)
    assert not found.passed


MISTAKES: list[tuple[str, str, str, Answer]] = [
    ("A x", "x", "", lambda v, s: v["A"].T),
    ("tr(A X)", "X", "A: matrix(m, n)", lambda v, s: v["A"]),
    ("x' A x", "x", "A: matrix(n, n)", lambda v, s: 2 * v["A"] @ v["x"]),
    ("logdet(X)", "X", "X: matrix(n, n)", lambda v, s: np.linalg.inv(v["X"])),
    ("tr(A X)", "X", "X: symmetric(n)", lambda v, s: v["A"].T),
    ("max(0, w.x + b)", "w", "", lambda v, s: v["x"]),
    ("max(0, w.x + b)", "w", "", lambda v, s: 0 * v["x"]),
    ("where(x > 5, x^2, 0)", "x", "", lambda v, s: 0.0),
    ("max(a, b, c)", "a", "", lambda v, s: np.where(v["a"] >= v["b"], 1.0, 0.0)),
    ("sqrt(x^2)", "x", "", lambda v, s: 1.0),
    ("log(x^2)", "x", "", lambda v, s: 1 / np.abs(v["x"])),
    ("x^3", "x", "", lambda v, s: 3 * v["x"] * np.abs(v["x"])),
    ("sum(x)/n", "x", "x: vector(n)", lambda v, s: np.ones(s["n"]) / 3),
    ("sum(log(x))", "x", "x: vector(n)", lambda v, s: 1 / v["x"] ** 2),
]


@pytest.mark.parametrize(("text", "wrt", "where", "answer"), MISTAKES)
def test_common_mistakes_are_caught(text: str, wrt: str, where: str, answer: Answer) -> None:
    for seed in range(5):
        assert not read(text, wrt, where).check(answer, seed=seed).passed


def test_the_unconstrained_derivative_by_a_symmetric_matrix() -> None:
    trace = read("tr(A X)", "X", "A: matrix(n, n), X: symmetric(n)")
    assert trace.check(lambda v, s: v["A"].T, symmetric="unconstrained").passed
    assert not trace.check(lambda v, s: v["A"].T).passed


def test_the_second_derivative_by_a_symmetric_matrix() -> None:
    def answer(_: Any, sizes: Mapping[str, int]) -> Any:
        eye = np.eye(sizes["n"])
        return np.einsum("ik,jl->ijkl", eye, eye) + np.einsum("il,jk->ijkl", eye, eye)

    assert read("tr(X X)", "X", "X: symmetric(n)").check(answer, 2).passed


def test_the_derivative_by_the_independent_entries_of_a_symmetric_matrix() -> None:
    trace = read("tr(A X)", "X", "A: matrix(n, n), X: symmetric(n)")

    def answer(v: Mapping[str, Any], _: Mapping[str, int]) -> Any:
        return v["A"] + v["A"].T - np.diag(np.diag(v["A"]))

    assert trace.check(answer, symmetric="independent").passed
    assert not trace.check(answer, symmetric="space").passed
    assert not trace.check(lambda v, s: v["A"] + v["A"].T, symmetric="independent").passed


# Several variables


def mixed(text: str, wrt: str, answer: Answer, where: str = "", seed: int = 0) -> Verification:
    program = read(text, wrt, where)
    return verify(program.inference, program.inference.targets, answer, seed=seed)


def test_mixed_derivatives() -> None:
    assert mixed("x' A y", "x, y", lambda v, s: v["A"]).passed
    assert mixed("x' A y", "y, x", lambda v, s: v["A"].T).passed
    assert mixed("b*sum(x^3)", "x, b", lambda v, s: 3 * v["x"] ** 2).passed
    assert mixed("x' X y", "x, X", lambda v, s: np.einsum("ij,k->ijk", np.eye(s["m"]), v["y"])).passed
    assert mixed("y*x^3*z^2", "x, z, x", lambda v, s: 12 * v["x"] * v["z"] * v["y"], "x, y, z: scalar").passed


@pytest.mark.parametrize(
    ("text", "wrt", "answer"),
    [
        ("x' A y", "x, y", lambda v, s: v["A"].T),
        ("x' A x", "x, x", lambda v, s: v["A"]),
        ("x' A y", "x, y", lambda v, s: 2 * v["A"]),
        ("exp(a*b)", "a, b", lambda v, s: v["a"] * v["b"] * np.exp(v["a"] * v["b"])),
        ("a^3*b^2", "a, a, b", lambda v, s: 12 * v["a"] ** 2 * v["b"]),
        ("sum(x*y)", "x, y", lambda v, s: np.ones((s["n"], s["n"]))),
    ],
)
def test_wrong_mixed_derivatives_are_caught(text: str, wrt: str, answer: Answer) -> None:
    for seed in range(3):
        assert not mixed(text, wrt, answer, "a, b: scalar" if "a" in wrt else "", seed).passed


# Where it is tested


def test_both_branches_of_every_kink_are_visited() -> None:
    seen: list[float] = []

    def answer(values: Mapping[str, Any], _: Mapping[str, int]) -> Any:
        seen.append(float(values["x"]))
        return 2 * values["x"] * (values["x"] > 5)

    assert not read("where(x > 5, x^2, 0)", "x").check(answer).unvisited
    assert min(seen) < 5 < max(seen)


@pytest.mark.parametrize(("text", "place"), [("1 + relu(x^2)", "relu(x^2)"), ("max(0, exp(x), x)", "max(0, exp(x), x)")])
def test_a_branch_that_cannot_be_visited_is_reported(text: str, place: str) -> None:
    found = read(text, "x").check(lambda v, s: 2 * v["x"] if "relu" in text else np.exp(v["x"]))
    assert found.passed
    assert found.unvisited == (place,)
    assert str(found).endswith(f"; only one branch of {place} was seen")


@pytest.mark.parametrize(
    ("text", "wrt", "answer"),
    [
        ("log(x*y)", "x", lambda v, s: 1 / v["x"]),
        ("sum(sqrt(x))", "x", lambda v, s: 0.5 / np.sqrt(v["x"])),
        ("sum(arccosh(x))", "x", lambda v, s: 1 / np.sqrt(v["x"] ** 2 - 1)),
        ("sum(arcsin(x))", "x", lambda v, s: 1 / np.sqrt(1 - v["x"] ** 2)),
        ("arccosh(x + 1) + arcsin(y)", "x", lambda v, s: 1 / np.sqrt((v["x"] + 1) ** 2 - 1)),
        ("x^a", "a", lambda v, s: v["x"] ** v["a"] * np.log(v["x"])),
        ("sqrt(1 - x.x)", "x", lambda v, s: -v["x"] / np.sqrt(1 - v["x"] @ v["x"])),
        ("log(det(S))", "S", lambda v, s: np.linalg.inv(v["S"]).T),
        ("tr(inv(A B))", "B", lambda v, s: -(np.linalg.matrix_power(v["A"] @ v["B"], -2) @ v["A"]).T),
    ],
)
def test_points_in_the_domain_are_found(text: str, wrt: str, answer: Answer) -> None:
    for seed in range(5):
        assert read(text, wrt).check(answer, seed=seed).passed


OF_ONE_NUMBER = [
    row for row in ALL
    if isinstance(row, (Elementwise, Derived)) and len(row.parameters) == 1 and not (isinstance(row, Derived) and row.forms)
]


@pytest.mark.parametrize("row", OF_ONE_NUMBER, ids=lambda row: row.name)
def test_every_function_of_one_number_has_points(row: Elementwise | Derived) -> None:
    found = read(f"{row.name}(x)", "x").check(lambda v, s: 0.0)
    assert found.points >= 4
    assert not found.unvisited


def test_where_nothing_is_real() -> None:
    with pytest.raises(NotSupportedError, match="no point found where the expression is real"):
        read("sqrt(-1 - x^2)", "x").check(lambda v, s: 0.0)


def test_declared_properties_hold() -> None:
    where = "S: spd(n), Q: orthogonal(n), L: lower_triangular(n), U: upper_triangular(n), A: symmetric(n), "
    where += "p: positive vector(n)"

    def answer(v: Mapping[str, Any], _: Mapping[str, int]) -> Any:
        assert np.linalg.eigvalsh(v["S"]).min() > 0.1
        np.testing.assert_allclose(v["Q"] @ v["Q"].T, np.eye(len(v["Q"])), atol=1e-12)
        assert (v["L"] == np.tril(v["L"])).all()
        assert (v["U"] == np.triu(v["U"])).all()
        assert (v["A"] == v["A"].T).all()
        assert (v["p"] > 0).all()
        return v["S"] @ v["Q"] @ v["L"] @ v["U"] @ v["A"]

    assert read("S Q L U A p", "p", where).check(answer).passed


def test_sums_with_too_many_terms_are_refused() -> None:
    indices = "abcdefghijkl"
    text = f"sum({'*'.join(f'x_{i}' for i in indices)}{''.join(f' for {i} in 1..n' for i in indices)})"
    with pytest.raises(NotSupportedError, match="too many terms"):
        read(text, "x").check(lambda v, s: v["x"])


def test_a_kink_at_the_point_has_no_numerical_derivative() -> None:
    program = read("abs(x)", "x")
    with pytest.raises(NotSupportedError, match="too near to a kink"):
        numeric_derivative(program.inference, [program.target], {"x": 0.0}, {})


# The result


def test_it_is_reproducible() -> None:
    points: list[list[Any]] = []
    for seed in (1, 1, 2):
        drawn: list[Any] = []

        def answer(values: Mapping[str, Any], _: Mapping[str, int], drawn: list[Any] = drawn) -> Any:
            drawn.append(values["x"].tolist())
            return values["x"]

        assert read("sum(w*x)", "w").check(answer, seed=seed).passed
        points.append(drawn)
    assert points[0] == points[1] != points[2]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Verification(2.3e-11, 6, ({"n": 3}, {"n": 5}), True), "verified at 6 points, sizes n = 3, 5; largest error 2e-11"),
        (
            Verification(0.5, 6, ({"m": 2, "n": 3}, {"m": 5, "n": 4}), False),
            "NOT verified at 6 points, sizes (m, n) = (2, 3), (5, 4); largest error 5e-1",
        ),
        (Verification(0.0, 4, (), True), "verified at 4 points; largest error 0"),
        (
            Verification(np.inf, 4, ({f"n{k}": k + 2 for k in range(9)},), False),
            "NOT verified at 4 points, 9 sizes from 2 to 10; largest error inf",
        ),
    ],
)
def test_how_it_is_said(found: Verification, said: str) -> None:
    assert str(found) == said
