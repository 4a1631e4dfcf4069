"""Indices: what they run over, what they select, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import matcalc as mc
from matcalc.errors import LimitError, MatcalcError, NotSupportedError, ShapeError, Span
from matcalc.language.parse import parse_program
from matcalc.language.shapes import Inference, infer
from matcalc.verify.interpreter import value as interpreted

X = np.array([2.0, 3.0, 5.0, 7.0, 11.0])
A = np.arange(1.0, 26.0).reshape(5, 5) ** 1.5
SQUARES = (X[:, None] - X[None, :]) ** 2
COUNT = np.arange(1.0, 6.0)


def inferred(text: str) -> Inference:
    """What is known about a program."""
    return infer(parse_program(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sum(i*x_i for i in 1..n)", COUNT @ X),
        ("sum((i - j)^2 * A[i,j] for i in 1..n for j in 1..n)", ((COUNT[:, None] - COUNT) ** 2 * A).sum()),
        ("sum(x_i for i in 2..n)", X[1:].sum()),
        ("sum(x_i for i in 1..n-1) where x: vector(n)", X[:-1].sum()),
        ("sum(x_i for i in 2..4) where x: vector(n)", X[1:4].sum()),
        ("sum(i*x[i+1] for i in 0..n-1)", np.arange(5) @ X),
        ("sum(k*x[k-2] for k in 3..n+2)", np.arange(3, 8) @ X),
        ("sum((x[i+1] - x[i])^2 for i in 1..n-1)", (np.diff(X) ** 2).sum()),
        ("sum(x[n-i+1]*i for i in 1..n)", COUNT @ X[::-1]),
        ("sum(x[2*i] for i in 1..2) where x: vector(5)", X[1] + X[3]),
        ("sum(x[2*i-1]*x[len(x)] for i in 1..3) where x: vector(5)", X[[0, 2, 4]].sum() * X[4]),
        ("sum(x[i+j-1] for i in 1..3 for j in 1..3)", sum(X[i + j] for i in range(3) for j in range(3))),
        ("x[n] - x[n-1] where x: vector(n)", X[4] - X[3]),
        ("A[2,3] + A[n, 1] where A: matrix(n, n)", A[1, 2] + A[4, 0]),
        ("sum(A[i,i+1] for i in 1..n-1) where A: matrix(n, n)", np.diagonal(A, 1).sum()),
        ("sum(A[i,j] for i in 1..n for j in 1..i)", np.tril(A).sum()),
        ("sum(A[i,j] for i in 1..n for j in i+1..n)", np.triu(A, 1).sum()),
        ("sum(A[i,j]*i for i in 1..n for j in i..n)", (np.triu(A) * COUNT[:, None]).sum()),
        ("sum(A[i,j] for i in 1..n for j in 1..n-i) where A: matrix(n, n)", np.triu(A[:, ::-1], 1).sum()),
        ("sum(A[j,k] for i in 1..n for j in 1..i for k in j..i)", sum(np.triu(A[: i + 1, : i + 1]).sum() for i in range(5))),
        ("sum((x_i - x_j)^2 for i in 1..n for j in i+1..n)", SQUARES.sum() / 2),
        ("sum(sum(x_j for j in 1..i)^2 for i in 1..n)", (X.cumsum() ** 2).sum()),
        ("sum(sum(1 for j in 1..i) for i in 1..n) + 0*sum(x_i for i in 1..n)", 15.0),
        ("sum(1/(x_i - x_j) for i in 1..n for j in 1..i-1)", sum(1 / (X[i] - X[j]) for i in range(5) for j in range(i))),
        ("mean(x_i^2 for i in 1..n)", (X**2).mean()),
        ("mean(x_i*x_j for i in 1..n for j in 1..i)", np.outer(X, X)[np.tril_indices(5)].mean()),
        ("sum(mean(x_j for j in 1..i) for i in 1..n)", (X.cumsum() / COUNT).sum()),
        ("prod(x_i for i in 1..n)", X.prod()),
        ("prod_{i=1}^n (1 + x_i)", (1 + X).prod()),
        ("prod(x_i - x_j for i in 1..n for j in 1..i-1)", np.prod([X[i] - X[j] for i in range(5) for j in range(i)])),
        ("prod(prod(2 for j in 1..3)*x_i for i in 1..n)", 8**5 * X.prod()),
        ("sum(prod(x_j for j in 1..i) for i in 1..n)", X.cumprod().sum()),
        ("max(A[i,2]/i for i in 1..n) where A: matrix(n, n)", (A[:, 1] / COUNT).max()),
        ("min(x_i*x_j for i in 1..n for j in 1..n)", 4.0),
    ],
)  # fmt: skip
def test_values(text: str, value: float) -> None:
    found = inferred(text)
    values = {name: array for name, array in (("x", X), ("A", A)) if name in found.symbols}
    sizes = {"n": 5}
    assert mc.parse(text).evaluate(**values) == pytest.approx(value, rel=1e-12)
    assert interpreted(found, values, sizes) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("sum((x[i+1] - x[i])^2 for i in 1..n-1)", "vector(n)"),
        ("sum(x[i+1] for i in 1..n)", "vector(n + 1)"),
        ("sum(x[t+1] for t in 0..T-1)", "vector(T)"),
        ("sum(x[i-1]*x[i] for i in 2..n)", "vector(n)"),
        ("sum(x[i+j-1] for i in 1..m for j in 1..k)", "vector(k + m - 1)"),
        ("sum(x_i for i in 1..3)", "vector(3)"),
        ("sum(x_i*y[i+1] for i in 1..n) + x[n+2]", "vector(n + 2)"),
        ("sum(x_i - x_j for i in 1..n for j in i+1..n)", "vector(n)"),
        ("sum(x_i*y_i for i in 1..len(y))", "vector(n)"),
        ("sum(x_i*y[i+1] for i) where y: vector(p), x: vector(3)", "vector(3)"),
    ],
)
def test_lengths_are_inferred_from_ranges(text: str, shapes: str) -> None:
    assert str(inferred(text).symbols["x"].shape) == shapes


@pytest.mark.parametrize(
    ("text", "kind", "message", "place"),
    [
        ("sum(x[i+1] for i in 1..n) where x: vector(n)", ShapeError,
         "`x[i+1]`: i runs over 1..n, so `i+1` reaches n + 1, but x is a vector(n)", "i+1"),
        ("sum(x[i-1]*x[i] for i in 1..n)", ShapeError, "`x[i-1]`: i runs over 1..n, so `i-1` begins at 0", "i-1"),
        ("sum(x[t] for t in 0..T) where x: vector(T)", ShapeError, "`x[t]`: t runs over 0..T, so `t` begins at 0", "t"),
        ("sum(x_i for i in 1..n) where x: vector(m)", ShapeError,
         "`x_i`: i runs over 1..n, but x is a vector(m); n and m differ", "x_i"),
        ("sum(A[i,j] for i in 1..m for j in 1..i) where A: matrix(m, n)", ShapeError,
         "`A[i,j]`: j runs over 1..m, but A is a matrix(m, n); m and n differ", "A[i,j]"),
        ("sum(x_i for i in 3..2) where x: vector(n)", ShapeError, "the range of `i` is empty", "for i in 3..2"),
        ("sum(x_j for j in 1..i for i in 1..n)", ShapeError, "the range of `j` needs `i`, which is bound after it", "i"),
        ("sum(sum(x_i for i in 1..i) for i in 1..n)", ShapeError, "the range of `i` needs `i`, which is bound after it", "i"),
        ("sum(x[i^2] for i in 1..n)", NotSupportedError, "not supported: `i^2` as a position", "i^2"),
        ("sum(x[i*j] for i in 1..n for j in 1..n)", NotSupportedError, "not supported: `i*j`, which is not linear", "i*j"),
        ("sum(x[i/2] for i in 1..n)", NotSupportedError, "not supported: `i/2` as a position", "i/2"),
        ("sum(x[i+0.5] for i in 1..n)", NotSupportedError, "not supported: `i+0.5`, which is not an integer", "0.5"),
        ("x[k+1] where x: vector(n)", NotSupportedError, "not supported: the subscript `k`", "k"),
        ("x[n+1] where x: vector(n)", ShapeError, "`x[n+1]`: `n+1` reaches n + 1, but x is a vector(n)", "n+1"),
        ("x[m] where x: vector(n), y: vector(m)", ShapeError,
         "`x[m]`: there may be no entry m, but x is a vector(n); m and n differ", "x[m]"),
        ("sum(x[i+1] for i)", ShapeError, "nothing fixes the range of the index `i`", "i"),
        ("max(x_i for i in 1..n for j in 1..i)", NotSupportedError,
         "not supported: `max` over a range that depends on another index", "max(x_i for i in 1..n for j in 1..i)"),
        ("x[10001] where x: vector(n)", LimitError, "positions are limited to 10,000", "10001"),
    ],
)  # fmt: skip
def test_refused(text: str, kind: type[MatcalcError], message: str, place: str) -> None:
    with pytest.raises(kind) as caught:
        mc.parse(text)
    assert caught.value.message == message
    assert isinstance(caught.value.span, Span)
    assert caught.value.span.excerpt == place


def test_sizes_for_which_there_are_no_such_entries_are_refused() -> None:
    problem = mc.parse("sum(x[i-1]*x[i+1] for i in 2..n-1)")
    assert problem.evaluate(x=[1.0, 2.0]) == 0
    assert problem.evaluate(x=[1.0, 2.0, 5.0]) == 5
    with pytest.raises(MatcalcError):
        problem.evaluate(x=[1.0])
    with pytest.raises(MatcalcError, match="the entry 0 of a vector"):
        mc.parse("x[n-1] where x: vector(n)").evaluate(x=[1.0])


def test_an_index_of_an_outer_sum_is_hidden_by_an_inner_one() -> None:
    value = mc.parse("sum(i * sum(i*y_i for i in 1..m) * x_i for i in 1..n)").evaluate(x=[1.0, 2.0], y=[1.0, 1.0, 1.0])
    assert value == 6 * 5
