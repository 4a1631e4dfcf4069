"""Where the axes of a derivative go, for every pair of shapes and every layout."""

from __future__ import annotations

import numpy as np
import pytest

import matcalc as mc
from matcalc.errors import UsageError
from matcalc.language.dimensions import SCALAR, Shape, dim, matrix, row, vector
from matcalc.notation.layout import Layout, arrangement, layout_named

K, P, N, M = dim("k"), dim("p"), dim("n"), dim("m")

TABLE = [
    # value, variable, numerator, denominator, gradient (language.md, Derivatives and layout)
    (SCALAR, SCALAR, "", "", ""),
    (SCALAR, vector(N), "1 n", "n", "n"),
    (SCALAR, row(N), "n", "1 n", "1 n"),
    (SCALAR, matrix(M, N), "n m", "m n", "m n"),
    (vector(K), SCALAR, "k", "1 k", "k"),
    (row(K), SCALAR, "1 k", "k", "1 k"),
    (vector(K), vector(N), "k n", "n k", "k n"),
    (matrix(P, K), SCALAR, "p k", "k p", "p k"),
    (vector(K), matrix(M, N), "k m n", "m n k", "k m n"),
    (matrix(P, K), vector(N), "p k n", "n p k", "p k n"),
    (matrix(P, K), matrix(M, N), "p k m n", "m n p k", "p k m n"),
]


@pytest.mark.parametrize(("value", "variable", "numerator", "denominator", "gradient"), TABLE)
def test_every_pair_of_shapes(value: Shape, variable: Shape, numerator: str, denominator: str, gradient: str) -> None:
    for layout, expected in (("numerator", numerator), ("denominator", denominator), ("gradient", gradient)):
        placed = arrangement(value, [variable], layout_named(layout))
        assert " ".join(map(str, placed.shape)) == expected, layout


@pytest.mark.parametrize("layout", ["numerator", "denominator", "gradient"])
@pytest.mark.parametrize(
    ("text", "wrt", "where"),
    [
        ("x' A y", "x", "A: matrix(m, n)"),
        ("x' A y", "A", "A: matrix(m, n)"),
        ("r A y", "r", "A: matrix(m, n), r: row(m)"),
        ("A y + z*y0", "z", "A: matrix(m, n), y0: vector(m), z: scalar"),
        ("A y", "y", "A: matrix(m, n)"),
        ("z*A", "z", "A: matrix(m, n), z: scalar"),
    ],
)
def test_layouts_are_transposes_of_each_other(text: str, wrt: str, where: str, layout: Layout) -> None:
    generator = np.random.default_rng(3)
    expression = mc.parse(text, where=where)
    sizes = {"m": 3, "n": 5}
    values = {}
    for name, shape in expression.shapes.items():
        inside = shape.partition("(")[2].rstrip(")")
        values[name] = generator.normal(size=[sizes[d.strip()] for d in inside.split(",") if d])
    numerator = mc.diff(text, wrt, where=where)
    other = mc.diff(text, wrt, where=where, layout=layout)
    expected = numerator.evaluate(**values)
    got = other.evaluate(**values)
    assert [size.value(sizes) for size in other.shape] == list(got.shape)
    assert other.verify().passed
    same = np.array_equal(np.squeeze(got), np.squeeze(expected))
    assert same or np.allclose(np.squeeze(got), np.squeeze(expected).T)


def test_an_unknown_layout() -> None:
    with pytest.raises(UsageError, match="there is no layout `rows`"):
        mc.diff("x^2", "x", layout="rows")
