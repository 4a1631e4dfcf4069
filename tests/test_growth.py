"""Programs whose lines use the two lines before: written out they double or grow as Fibonacci numbers, the work must not."""

from __future__ import annotations

from itertools import pairwise
from math import cos, sin

import pytest

import matcalc as mc
from matcalc.derivative import Derivative
from matcalc.errors import LimitError
from matcalc.notation.matrix import MatMul, children, postorder

_NUMBERS = ("sin(x)", "cos(x)", "{a}", "")
_VECTORS = ("sin(x)", "cos(x)", "sum({a})", "x: vector(n)")
_MATRICES = ("X", "X A", "tr({a})", "X, A: matrix(n, n)")

_CHAINS = [
    ("{a} * {b}", _NUMBERS),
    ("{a} + {b}", _NUMBERS),
    ("{a} * sin({b})", _NUMBERS),
    ("{a} / {b}", _NUMBERS),
    ("{a} / {b} + x", _NUMBERS),
    ("{a} ^ {b}", _NUMBERS),
    ("{a} * {b} * sin({k} * x)", _NUMBERS),
    ("({a} + 1) * ({b} + x)", _NUMBERS),
    ("max({a}, x * {b})", _NUMBERS),
    ("{a} .* {b}", _VECTORS),
    ("{a} .* {b} .* sin({k} * x)", _VECTORS),
    ("tanh({a}) .* {b}", _VECTORS),
    ("{a} {b}", _MATRICES),
    ("{a} {b} + X", _MATRICES),
    ("inv({a}) {b}", _MATRICES),
]


def _chain(step: str, kind: tuple[str, str, str, str], lines: int, order: int = 1) -> Derivative:
    """The derivative of the last of so many lines."""
    first, second, value, where = kind
    program = [f"z0 = {first}", f"z1 = {second}"]
    program += [f"z{k} = {step.format(a=f'z{k - 1}', b=f'z{k - 2}', k=k)}" for k in range(2, lines)]
    program.append(value.format(a=f"z{lines - 1}"))
    found = mc.diff("; ".join(program), "X" if "X" in first else "x", where=where or None, order=order)
    assert isinstance(found, Derivative)
    return found


@pytest.mark.parametrize(("step", "kind"), _CHAINS, ids=[step for step, _ in _CHAINS])
def test_work_grows_with_the_lines(step: str, kind: tuple[str, str, str, str]) -> None:
    """Products made by the simplifier, also to write the answer, and distinct parts of the answer."""
    work, parts = [], []
    for lines in (20, 40, 80):
        derivative = _chain(step, kind, lines)
        parts.append(len(list(postorder(derivative.answer.body))))
        work.append(derivative._problem.simplifier.work)
    assert all(more <= 4 * less + 200 for less, more in pairwise(work)), work
    assert all(more <= 4 * less + 200 for less, more in pairwise(parts)), parts


@pytest.mark.parametrize(("step", "kind"), _CHAINS, ids=[step for step, _ in _CHAINS])
def test_values(step: str, kind: tuple[str, str, str, str]) -> None:
    assert _chain(step, kind, 6).verify().passed


def test_a_chain_of_products_is_a_product_of_powers() -> None:
    """Also where the exponents are large: z₂₄ = sin(x)²⁸⁶⁵⁷ cos(x)⁴⁶³⁶⁸."""
    assert str(_chain("{a} * {b}", _NUMBERS, 12)) == "(55 z1² - 89 z0²) z0⁵⁴ z1⁸⁸   where z1 = cos(x), z0 = sin(x)"
    x, (less, more) = 0.7, (55, 89)
    expected = less * sin(x) ** (less - 1) * cos(x) ** (more + 1) - more * sin(x) ** (less + 1) * cos(x) ** (more - 1)
    assert _chain("{a} * {b}", _NUMBERS, 12).evaluate(x=x) == pytest.approx(expected)
    assert "z0^28656" in str(_chain("{a} * {b}", _NUMBERS, 25))


def test_factors_of_their_own_stay_in_the_products() -> None:
    """Products are opened where their factors meet; those at the beginning of the chain stay."""
    program = "z0 = a*b*c*sin(x); z1 = a*cos(x); z2 = exp(x)"
    steps = "; ".join(f"z{k} = z{k - 1}*z{k - 2}*z{k - 3}" for k in range(3, 40))
    assert len(str(mc.diff(f"{program}; {steps}; z39", "x"))) < 1_000
    assert mc.diff(f"{program}; z3 = z2*z1*z0; z4 = z3*z2*z1; z4", "x").verify().passed


def test_long_products_of_matrices_stay_factors() -> None:
    """Written out the product has 10⁸ factors."""
    body = _chain("{a} {b}", _MATRICES, 40).answer.body
    products = [node for node in postorder(body) if isinstance(node, MatMul)]
    assert max(len(children(node)) for node in products) < 1_000


def test_kronecker_forms_of_shared_parts_are_written_once() -> None:
    whole = ("X", "X A", "{a}", "X, A: matrix(n, n)")
    parts = [len(list(postorder(_chain("{a} {b}", whole, lines).answer.body))) for lines in (20, 40, 80)]
    assert all(more <= 4 * less + 400 for less, more in pairwise(parts)), parts
    assert _chain("{a} {b}", whole, 5).verify().passed


@pytest.mark.parametrize("step", ["{a} .* {b}", "(sum({a})) * {b}"])
def test_lines_of_a_derivation_have_a_limit(step: str) -> None:
    """Beyond it the chain rule is stated, and what it gives is not multiplied out."""
    jacobian = ("sin(x)", "cos(x)", "{a}", "x: vector(n)")
    lengths = [len(str(_chain(step, jacobian, lines).explain())) for lines in (20, 40, 80)]
    assert all(more <= 4 * less for less, more in pairwise(lengths)), lengths


def test_derivations_by_differentials_with_long_lines_are_refused() -> None:
    with pytest.raises(LimitError, match="20,000 symbols in a line"):
        _chain("{a} * {b}", _NUMBERS, 35).explain(method="differential")


def test_hessians_by_matrices_of_many_parts_are_written_by_index() -> None:
    """A Kronecker form of each part would be read by nobody."""
    found = _chain("{a} {b}", _MATRICES, 40, order=2)
    assert found.answer.indices
    assert found._problem.simplifier.work < 20_000
