"""Each entry of the operation table: its derivatives by every operand against numbers and against SymPy, and its columns."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import pytest
import sympy

import matcalc as mc
from matcalc.errors import NotSupportedError
from matcalc.operations.rows import Derived, Elementwise, Form, MatrixFunction, Multilinear, Operation, Planned
from matcalc.operations.table import ALL, COMPARISONS, OPERATIONS
from tests.differences import close, numerator_layout, numeric_derivative

SIZES = {"n": 3, "m": 4, "k": 2, "p": 2, "q": 5}
_INFIX = {"@": "a @ b", "*": "a * b", "juxtapose": "a b"}
_RANGES = {"real": (-2.0, 2.0), "positive": (0.4, 2.5), "unit": (-0.8, 0.8), "above one": (1.3, 3.0)}

ELEMENTWISE = [
    row
    for row in ALL
    if isinstance(row, Elementwise) or (isinstance(row, Derived) and not row.forms)
]  # fmt: skip
SHAPED: list[tuple[Derived | Multilinear | MatrixFunction, Form]] = [
    (row, form) for row in ALL if isinstance(row, Derived | Multilinear | MatrixFunction) for form in row.forms
]


def length(size: str) -> int:
    """The number that a dimension of a signature stands for here: a letter, a digit, or a product of letters."""
    return math.prod(SIZES[letter] if letter in SIZES else int(letter) for letter in size.split("*"))


def parameters(row: Operation) -> tuple[str, ...]:
    """Names for the operands of an element-wise row."""
    assert isinstance(row, Elementwise | Derived)
    return row.parameters


def underivable(row: Operation) -> bool:
    """Whether the table states no derivative."""
    return isinstance(row, Elementwise) and row.derivatives is None


def elementwise_inputs(row: Operation, kinds: Mapping[str, str], seed: int) -> dict[str, Any]:
    """Values in the row's domain, away from its kinks."""
    assert isinstance(row, Elementwise | Derived)
    low, high = _RANGES[row.domain]
    if row.name in ("power", "pow"):
        low = 0.4
    numbers = np.random.default_rng(seed)
    while True:
        sizes = {name: (SIZES["n"],) if kind == "vector(n)" else () for name, kind in kinds.items()}
        values = {name: numbers.uniform(low, high, size) for name, size in sizes.items()}
        if row.name == "where":
            values["c"] = np.round(np.abs(values["c"]) / 2)
        kink = row.kink
        smooth = kink is None or np.min(np.abs(kink(np, *values.values()))) > 0.1
        if smooth and np.max(np.abs(evaluated(row, values))) < 8:  # and away from poles
            return values


def evaluated(row: Operation, values: Mapping[str, Any]) -> Any:
    """The row's own NumPy function."""
    with np.errstate(all="ignore"):
        return np.asarray(row.evaluate(np, *values.values()), dtype=float)


def check_derivative(text: str, name: str, where: str, values: Mapping[str, Any], wanted: Any) -> None:
    found = mc.diff(text, wrt=name, where=where).evaluate(**values)
    assert found.shape == wanted.shape
    assert close(found, wanted, 1e-7), f"{text} by {name}: {found} instead of {wanted}"


# Element-wise rows


@pytest.mark.parametrize("kind", ["scalar", "vector(n)"])
@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_elementwise_derivatives(row: Operation, kind: str) -> None:
    names = parameters(row)
    text, where = f"{row.name}({', '.join(names)})", f"{', '.join(names)}: {kind}"
    values = elementwise_inputs(row, dict.fromkeys(names, kind), seed=1)
    found = mc.parse(text, where=where).evaluate(**values)
    np.testing.assert_allclose(found, evaluated(row, values), rtol=1e-12)
    for name in names:
        if row.name == "where" and name == "c":
            continue
        if underivable(row):
            with pytest.raises(NotSupportedError):
                mc.diff(text, wrt=name, where=where)
            continue
        raw, error = numeric_derivative(lambda env: evaluated(row, {each: env[each] for each in names}), values, name)
        assert error < 1e-7
        check_derivative(text, name, where, values, raw)


@pytest.mark.parametrize("row", [row for row in ELEMENTWISE if len(parameters(row)) > 1], ids=lambda row: row.name)
def test_elementwise_derivatives_with_a_scalar_stretched(row: Operation) -> None:
    names = parameters(row)
    for single in names:
        kinds = {name: "scalar" if name == single else "vector(n)" for name in names}
        where = ", ".join(f"{name}: {kind}" for name, kind in kinds.items())
        values = elementwise_inputs(row, kinds, seed=2)
        for name in names:
            if row.name == "where" and name == "c":
                continue
            raw, _ = numeric_derivative(lambda env: evaluated(row, {each: env[each] for each in names}), values, name)
            check_derivative(f"{row.name}({', '.join(names)})", name, where, values, raw)


def _derivable_twice(row: Operation) -> bool:
    if isinstance(row, Derived):
        return True
    assert isinstance(row, Elementwise)
    return row.derivatives is not None and not any("trigamma" in text for text in row.derivatives)


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_second_derivatives_of_scalars(row: Operation) -> None:
    names = parameters(row)
    text, where = f"{row.name}({', '.join(names)})", f"{', '.join(names)}: scalar"
    values = elementwise_inputs(row, dict.fromkeys(names, "scalar"), seed=3)
    for name in names:
        if not _derivable_twice(row):
            with pytest.raises(NotSupportedError):
                mc.diff(text, wrt=name, where=where, order=2)
            continue
        first = mc.diff(text, wrt=name, where=where)
        raw, _ = numeric_derivative(lambda env, d=first: d.evaluate(**env), values, name)  # type: ignore[misc]
        found = mc.diff(text, wrt=name, where=where, order=2).evaluate(**values)
        assert close(found, raw, 1e-7), f"{text} by {name} twice: {found} instead of {raw}"


@pytest.mark.parametrize("row", COMPARISONS.values(), ids=lambda row: row.name)
def test_comparisons_as_they_are_written(row: Elementwise) -> None:
    text = f"a {row.infix} b"
    for a, b in ((1.0, 2.0), (2.0, 1.0), (1.0, 1.0)):
        assert mc.parse(text, where="a, b: scalar").evaluate(a=a, b=b) == evaluated(row, {"a": a, "b": b})
    assert str(mc.diff(text, wrt="a", where="a, b: scalar")) == "0"


def test_kinks() -> None:
    """At a kink the derivative is the paper's choice; at a tie a constant wins, otherwise the first operand."""
    cases = [
        ("max(0, z)", {"z": 0.0}, 0), ("max(z, 0)", {"z": 0.0}, 0), ("relu(z)", {"z": 0.0}, 0), ("abs(z)", {"z": 0.0}, 0),
        ("sign(z)", {"z": 0.0}, 0), ("min(z, 0)", {"z": 0.0}, 0), ("max(z, y)", {"z": 1.0, "y": 1.0}, 1),
        ("max(y, z)", {"z": 1.0, "y": 1.0}, 0), ("min(z, y)", {"z": 1.0, "y": 1.0}, 1), ("min(y, z)", {"z": 1.0, "y": 1.0}, 0),
        ("max(z, z)", {"z": 1.0}, 1), ("min(z, z)", {"z": 1.0}, 1), ("max(z, z^2)", {"z": 1.0}, 1),
        ("max(z^2, z)", {"z": 1.0}, 2),
    ]  # fmt: skip
    for text, values, wanted in cases:
        where = ", ".join(values) + ": scalar"
        assert mc.diff(text, wrt="z", where=where).evaluate(**values) == wanted, text


def test_more_operands_than_parameters() -> None:
    values = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([2.0, 1.0, 0.0]), "c": np.array([0.0, 4.0, 1.0])}
    for name in ("max", "min"):
        found = mc.parse(f"{name}(a, b, c)", where="a, b, c: vector(n)").evaluate(**values)
        np.testing.assert_array_equal(found, reduce(getattr(np, f"{name}imum"), values.values()))


# Rows with forms


def shaped_inputs(row: Operation, form: Form) -> dict[str, Any]:
    """Random operands, well-conditioned where they are inverted; vectors with one axis."""
    numbers = np.random.default_rng(4)
    names = row.parameters if isinstance(row, Derived) else ("a", "b", "c")
    values = {}
    for name, operand in zip(names, form.shapes.operands, strict=False):
        value = numbers.uniform(0.2, 1.5, tuple(map(length, operand.dims))) * numbers.choice([-1, 1])
        if row.name in ("inv", "det", "logdet", "solve") and len(operand.dims) == 2 and operand.dims[0] == operand.dims[1]:
            value = value / 3 + 2 * np.eye(len(value))
        values[name] = value
        if is_integer(row, len(values) - 1):
            values[name] = np.float64(3)
    return values


def is_integer(row: Operation, position: int) -> bool:
    """Whether an operand must be an integer."""
    return isinstance(row, MatrixFunction) and position in row.integers


def is_fixed(row: Operation, position: int) -> bool:
    """Whether there is no derivative by an operand: an integer, or that at which a derivative in a direction is taken."""
    elsewhere = isinstance(row, MatrixFunction) and row.direction not in (None, position)
    return is_integer(row, position) or elsewhere


def as_columns(form: Form, values: Mapping[str, Any]) -> list[Any]:
    """Operands as the table evaluates them: vectors (n, 1), rows (1, n)."""
    shapes = {"vector": (-1, 1), "row": (1, -1)}
    return [
        value.reshape(shapes.get(operand.kind, value.shape))
        for value, operand in zip(values.values(), form.shapes.operands, strict=True)
    ]


def shaped_value(row: Operation, form: Form, values: Mapping[str, Any]) -> Any:
    """The row's own NumPy function, with the axes of its result."""
    found = np.asarray(row.evaluate(np, *as_columns(form, values)), dtype=float)
    return found.reshape([length(size) for size in form.shapes.result.dims])


@pytest.mark.parametrize(("row", "form"), SHAPED, ids=[f"{row.name}: {form.signature}" for row, form in SHAPED])
def test_derivatives_of_each_form(row: Operation, form: Form) -> None:
    values = shaped_inputs(row, form)
    names = list(values)
    where = ", ".join(
        f"{name}: {operand.kind}" + (f"({', '.join(operand.dims)})" if operand.dims else "")
        for name, operand in zip(names, form.shapes.operands, strict=True)
    )
    text = _INFIX.get(row.name) or f"{row.name}({', '.join(names)})"
    found = np.asarray(mc.parse(text, where=where).evaluate(**values))
    np.testing.assert_allclose(found.reshape(-1), shaped_value(row, form, values).reshape(-1), rtol=1e-10)
    for position, (name, operand) in enumerate(zip(names, form.shapes.operands, strict=True)):
        if is_fixed(row, position):
            with pytest.raises(NotSupportedError):
                mc.diff(text, wrt=name, where=where)
            continue
        raw, error = numeric_derivative(lambda env: shaped_value(row, form, {each: env[each] for each in names}), values, name)
        assert error < 1e-7
        check_derivative(text, name, where, values, numerator_layout(raw, form.shapes.result.kind, operand.kind))
        check_second(text, name, where, values, form, operand.kind)


def check_second(text: str, name: str, where: str, values: Mapping[str, Any], form: Form, kind: str) -> None:
    """The second derivative against differences of the first: of a scalar value itself, of others with random weights."""
    if kind not in ("scalar", "vector"):
        return
    result = form.shapes.result
    if result.kind != "scalar":
        weights = np.random.default_rng(6).normal(size=[length(size) for size in result.dims])
        text = f"sum(weights * ({text}))"
        where += f", weights: {result.kind}({', '.join(result.dims)})"
        values = {**values, "weights": weights}
    first = mc.diff(text, wrt=name, where=where)
    raw, _ = numeric_derivative(lambda env: first.evaluate(**env).reshape(np.shape(values[name])), values, name)
    second = mc.diff(text, wrt=name, where=where, order=2).evaluate(**values)
    assert close(second, raw, 1e-7), f"{text} by {name} twice"


ALONG = [row for row in ALL if row.of_vector is not None]


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("row", ALONG, ids=lambda row: row.name)
def test_along_an_axis(row: Operation, axis: int) -> None:
    """What runs along an axis of a matrix is the operation on each row or column."""
    rule = row.of_vector
    assert rule is not None
    extra = {"p": 3.0} if len(rule.operands) > 1 else {}
    X = np.random.default_rng(7).uniform(0.3, 2, size=(4, 3)) * np.array([1, -1, 1])
    arguments = "X, p" if extra else "X"
    text = f"{row.name}({arguments}, axis={axis})"
    where = "X: matrix(m, n)" + (", p: scalar" if extra else "")

    def each(array: Any) -> Any:
        lines = array.T if axis == 0 else array
        found = np.array([np.reshape(row.evaluate(np, line.reshape(-1, 1), *extra.values()), -1) for line in lines])
        return np.squeeze(found.T if axis == 0 else found)

    found = np.asarray(mc.parse(text, where=where).evaluate(X=X, **extra))
    np.testing.assert_allclose(np.squeeze(found), each(X), rtol=1e-12)
    weights = np.random.default_rng(8).normal(size=found.shape)
    kind = {4: "vector(m)", 3: "row(n)", 12: "matrix(m, n)"}[found.size]
    given = {"X": X, **extra, "weights": weights}
    weighted, where = f"sum(weights * {text})", f"{where}, weights: {kind}"
    raw, _ = numeric_derivative(lambda env: np.sum(np.squeeze(weights) * each(env["X"])), given, "X")
    check_derivative(weighted, "X", where, given, raw.T)
    derivative = mc.diff(weighted, wrt="X", where=where)
    raw, _ = numeric_derivative(lambda env: derivative.evaluate(**env).T, given, "X")
    second = mc.diff(weighted, wrt="X", where=where, order=2).evaluate(**given)
    assert close(second, raw, 1e-6), f"{weighted} twice"


def test_products_with_zeros() -> None:
    """The derivative by xᵢ is the product of all others, also where xᵢ = 0."""
    np.testing.assert_array_equal(mc.diff("prod(x)", "x").evaluate(x=[1, 0, 2]), [[0, 2, 0]])
    np.testing.assert_array_equal(mc.diff("prod(x)", "x").evaluate(x=[0, 0, 2]), [[0, 0, 0]])
    found = mc.diff("sum(prod(X, axis=1))", "X").evaluate(X=[[1, 0, 2], [1, 2, 3]])
    np.testing.assert_array_equal(found, np.array([[0, 2, 0], [6, 3, 2]]).T)


@pytest.mark.parametrize("name", ["softmax", "logsumexp"])
def test_matrix_functions_for_each_row_of_a_matrix(name: str) -> None:
    """They run along the axes of a sum over an index."""
    values = {"X": np.random.default_rng(5).normal(size=(4, 3)), "w": np.array([0.3, -1.0, 2.0])}
    row = OPERATIONS[name]

    def wanted(env: Mapping[str, Any]) -> Any:
        total = 0.0
        for each in env["X"]:
            value = np.asarray(row.evaluate(np, each.reshape(-1, 1)), dtype=float)
            total += float(env["w"] @ value.reshape(-1)) if value.size > 1 else float(value)
        return np.asarray(total)

    text = "sum(w.softmax(X_i) for i in 1..m)" if name == "softmax" else "sum(logsumexp(X_i) for i in 1..m)"
    where = "X: matrix(m, n), w: vector(n)" if name == "softmax" else "X: matrix(m, n)"
    given = values if name == "softmax" else {"X": values["X"]}
    raw, _ = numeric_derivative(wanted, values, "X")
    check_derivative(text, "X", where, given, raw.T)


# SymPy


def sympy_function(row: Operation) -> Callable[..., Any]:
    """The SymPy function that a row names."""
    module, _, name = row.sympy.rpartition(":")
    if module:
        from matcalc.output import sympy_functions

        found: Callable[..., Any] = getattr(sympy_functions, name)
        return found
    named: Callable[..., Any] = getattr(sympy, name)
    return named


NAMED_IN_SYMPY = [row for row in ELEMENTWISE if row.sympy and isinstance(row, Elementwise) and row.derivatives is not None]


@pytest.mark.parametrize("row", NAMED_IN_SYMPY, ids=lambda row: row.name)
def test_stated_derivatives_against_sympy(row: Elementwise) -> None:
    names = row.parameters
    symbols = [sympy.Symbol(name, real=True) for name in names]
    function = sympy_function(row)(*symbols)
    if ":" in row.sympy:
        function = function.doit()
    assert row.derivatives is not None
    for seed in (6, 7, 8):
        values = elementwise_inputs(row, dict.fromkeys(names, "scalar"), seed)
        numbers = {symbol: sympy.Float(float(values[symbol.name]), 30) for symbol in symbols}
        for symbol, stated in zip(symbols, row.derivatives, strict=True):
            if row.name == "where" and symbol.name == "c":
                continue
            used = dict.fromkeys(names, "scalar")
            expression = mc.parse(stated, shapes=used)
            found = expression.evaluate(**{name: values[name] for name in expression.shapes if name in names})
            wanted = float(sympy.diff(function, symbol).subs(numbers).evalf())
            assert abs(float(found) - wanted) <= 1e-9 * max(1, abs(wanted)), f"{row.name} by {symbol}: {found}, {wanted}"


def test_every_sympy_name_exists() -> None:
    for row in ALL:
        if row.sympy:
            assert callable(sympy_function(row)), row.name


# Columns


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.name)
def test_row_is_complete(row: Operation) -> None:
    assert row.summary
    assert not row.summary.endswith(".")
    assert callable(row.evaluate)
    assert row.shown
    assert row.shown_latex.isascii()
    assert row.shown_latex.count("{") == row.shown_latex.count("}")
    if row.code:
        assert callable(getattr(np, row.code)), row.code
    if isinstance(row, Elementwise) and row.derivatives is not None:
        assert len(row.derivatives) == len(row.parameters)
        for text in (*row.derivatives, *([row.tie] if row.tie else [])):
            assert set(mc.parse(text, shapes=dict.fromkeys(row.parameters, "scalar")).shapes) <= set(row.parameters)
    if isinstance(row, Multilinear | MatrixFunction):
        assert row.forms
    if isinstance(row, Derived):
        assert bool(row.forms) != bool(row.definition)
    if isinstance(row, MatrixFunction):
        assert row.source
        assert (row.frechet in OPERATIONS) == bool(row.frechet)
        assert bool(row.jacobian) != (bool(row.frechet) or row.direction is not None) or row.name == "e_argmax"
        for term in row.jacobian:
            letters = {letter for factor in term.factors for letter in factor.indices}
            assert set(row.value_indices + row.operand_indices) <= letters


def test_names_and_spellings_are_unique() -> None:
    counts = Counter(spelling for row in ALL for spelling in (row.name, *row.spellings))
    assert [spelling for spelling, count in counts.items() if count > 1] == []
    assert len(OPERATIONS) == len(ALL)


@pytest.mark.parametrize("row", [row for row in ELEMENTWISE if row.spellings], ids=lambda row: row.name)
def test_spellings_mean_the_same(row: Operation) -> None:
    names = parameters(row)
    arguments = ", ".join(names)
    texts = {
        str(mc.diff(f"{name}({arguments})", wrt=names[0], where=f"{arguments}: scalar")) for name in (row.name, *row.spellings)
    }
    assert len(texts) == 1


@pytest.mark.parametrize("row", [row for row in ELEMENTWISE if isinstance(row, Elementwise)], ids=lambda row: row.name)
def test_parity_and_special_values(row: Elementwise) -> None:
    if row.parity:
        low, high = _RANGES[row.domain]
        x = np.random.default_rng(9).uniform(max(low, 0.05), high, 5)
        sign = {"odd": -1, "even": 1}[row.parity]
        np.testing.assert_allclose(evaluated(row, {"x": -x}), sign * evaluated(row, {"x": x}), rtol=1e-12)
    for argument, value in row.special:
        assert evaluated(row, {"x": np.float64(argument)}) == value
        assert str(mc.parse(f"{row.name}({argument})")) in (str(value), f"{row.shown}({argument})")


@pytest.mark.parametrize("row", [row for row in ALL if isinstance(row, Planned)], ids=lambda row: row.name)
def test_planned_rows_say_so(row: Planned) -> None:
    with pytest.raises(NotSupportedError):
        mc.parse(f"{row.name}(x)", where="x: vector(n)")
