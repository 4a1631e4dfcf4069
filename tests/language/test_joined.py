"""Names that look like products."""

from __future__ import annotations

import pytest

import matcalc as mc
from matcalc.errors import UnknownNameError


@pytest.mark.parametrize(
    ("text", "wrt", "message", "help_"),
    [
        ("||Ax - v||^2 where A: matrix(m, n), x: vector(n)", "v", "`Ax` is not declared", "did you mean `A x`?"),
        ("x'Ax where A: symmetric(n)", "x", "`Ax` is not declared", "did you mean `A x`?"),
        ("sum(XW1 + b) where X: matrix(N, n), W1: matrix(n, k)", "b", "`XW1` is not declared", "did you mean `X W1`?"),
        ("||Ax - v||^2", "x", "`x` does not occur in the expression", "`Ax` is one name; write `A x` for a product"),
        ("XW + b", "W", "`W` does not occur in the expression", "`XW` is one name; write `X W` for a product"),
        ("x_1^2 + x_2^2", "x", "`x` does not occur in the expression",
         "`x_1` is a name of its own; write `x[1]` for an element of `x`"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, wrt: str, message: str, help_: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        mc.diff(text, wrt)
    assert (caught.value.message, caught.value.help) == (message, help_)
    assert caught.value.span is not None


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("x'Ax", ["Ax is one name here; a product is written A x"]),
        ("xy + x", ["xy is one name here; a product is written x y"]),
        ("x'A x", []), ("mu*x", []), ("x*loss", []), ("x . dx", []), ("ab + x", []),
        ("Ax*x where Ax: vector(n)", []),
    ],
)  # fmt: skip
def test_what_is_remarked(text: str, notes: list[str]) -> None:
    assert [note for note in mc.diff(text, "x").notes if "one name" in note] == notes


def test_a_name_of_its_own() -> None:
    declared = "A: scalar, x: scalar, Ax: scalar"
    assert str(mc.diff("Ax + 2*x", "x", where=declared)) == "2"
    assert str(mc.diff("Ax + A*x", "x", where="A, x: scalar")) == "A"


def test_the_dialect_has_its_own_product() -> None:
    with pytest.raises(UnknownNameError) as caught:
        mc.diff("norm2(Ax - v)^2", "x", dialect="matlab")
    assert caught.value.help == "`Ax` is one name; write `A*x` for a product"
