"""Element-wise functions: one entry each. A new one is one new entry here, and nothing elsewhere.

Derivatives are stated in the input language; a test compares each with SymPy's and with numbers.
"""

from __future__ import annotations

import math
from typing import Any

from matcalc.operations.rows import Elementwise, Operation


def _vectorized(name: str) -> Any:
    """A function of Python floats from `math`, applied to each element (NumPy has no erf or gamma)."""
    function = getattr(math, name)

    def value(x: float) -> float:
        try:
            return float(function(x))
        except OverflowError:
            return math.inf
        except ValueError:  # a pole
            return math.nan

    return lambda np, x: np.vectorize(value, otypes=[float])(x)


def _digamma(np: Any, x: Any) -> Any:
    from mpmath import digamma  # noqa: PLC0415 (heavy, and rarely wanted)

    return np.vectorize(lambda v: float(digamma(v)) if v > 0 or v != int(v) else math.nan, otypes=[float])(x)


def _trigamma(np: Any, x: Any) -> Any:
    from mpmath import psi  # noqa: PLC0415

    return np.vectorize(lambda v: float(psi(1, v)) if v > 0 or v != int(v) else math.nan, otypes=[float])(x)


def _sigmoid(np: Any, x: Any) -> Any:
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(x, dtype=float)))


ELEMENTWISE: tuple[Operation, ...] = (
    Elementwise(
        name="power", summary="x to the power b", parameters=("x", "b"),
        derivatives=("b * x ** (b - 1)", "x ** b * log(x)"), evaluate=lambda np, x, b: np.power(np.asarray(x, dtype=float), b),
        rule=("power rule", "exponential rule"),
    ),
    Elementwise(
        name="exp", namesake="matrix exponential", special=((0, 1),),
        summary="exponential function", derivatives=("exp(x)",), evaluate=lambda np, x: np.exp(x),
        latex=r"\exp", sympy="exp", code="exp",
    ),
    Elementwise(
        name="log", namesake="matrix logarithm", special=((1, 0),), summary="natural logarithm",
        spellings=("ln",), derivatives=("1/x",), domain="positive",
        evaluate=lambda np, x: np.log(x), latex=r"\log", sympy="log", code="log",
    ),
    Elementwise(
        name="abs", namesake="determinant", parity="even", special=((0, 0),),
        summary="absolute value", derivatives=("sign(x)",), evaluate=lambda np, x: np.abs(x),
        kink=lambda np, x: x, sympy="Abs", code="abs",
        rule="the sign of `{u}`, 0 at the kink",
    ),
    Elementwise(
        name="sign", parity="odd", special=((0, 0),),
        summary="-1, 0 or 1", derivatives=("0",), evaluate=lambda np, x: np.sign(x), kink=lambda np, x: x,
        sympy="sign", code="sign",
        rule="constant but for its jump: 0",
    ),
    Elementwise(
        name="sin", parity="odd", special=((0, 0),),
        summary="sine", derivatives=("cos(x)",), evaluate=lambda np, x: np.sin(x), latex=r"\sin", sympy="sin",
        code="sin",
    ),
    Elementwise(
        name="cos", parity="even", special=((0, 1),),
        summary="cosine", derivatives=("-sin(x)",), evaluate=lambda np, x: np.cos(x), latex=r"\cos", sympy="cos",
        code="cos",
    ),
    Elementwise(
        name="tan", parity="odd", special=((0, 0),),
        summary="tangent", derivatives=("1 + tan(x)**2",), evaluate=lambda np, x: np.tan(x), latex=r"\tan",
        sympy="tan", code="tan",
    ),
    Elementwise(
        name="arcsin", parity="odd", special=((0, 0),),
        summary="inverse sine", spellings=("asin",), derivatives=("1/sqrt(1 - x**2)",), domain="unit",
        evaluate=lambda np, x: np.arcsin(x), latex=r"\arcsin", sympy="asin", code="arcsin",
    ),
    Elementwise(
        name="arccos", summary="inverse cosine", spellings=("acos",), derivatives=("-1/sqrt(1 - x**2)",), domain="unit",
        evaluate=lambda np, x: np.arccos(x), latex=r"\arccos", sympy="acos", code="arccos",
    ),
    Elementwise(
        name="arctan", parity="odd", special=((0, 0),),
        summary="inverse tangent", spellings=("atan",), derivatives=("1/(1 + x**2)",),
        evaluate=lambda np, x: np.arctan(x), latex=r"\arctan", sympy="atan", code="arctan",
    ),
    Elementwise(
        name="sinh", parity="odd", special=((0, 0),),
        summary="hyperbolic sine", derivatives=("cosh(x)",), evaluate=lambda np, x: np.sinh(x), latex=r"\sinh",
        sympy="sinh", code="sinh",
    ),
    Elementwise(
        name="cosh", parity="even", special=((0, 1),),
        summary="hyperbolic cosine", derivatives=("sinh(x)",), evaluate=lambda np, x: np.cosh(x),
        latex=r"\cosh", sympy="cosh", code="cosh",
    ),
    Elementwise(
        name="tanh", parity="odd", special=((0, 0),),
        summary="hyperbolic tangent", derivatives=("1 - tanh(x)**2",), evaluate=lambda np, x: np.tanh(x),
        latex=r"\tanh", sympy="tanh", code="tanh",
    ),
    Elementwise(
        name="arcsinh", parity="odd", special=((0, 0),),
        summary="inverse hyperbolic sine", spellings=("asinh",), derivatives=("1/sqrt(1 + x**2)",),
        evaluate=lambda np, x: np.arcsinh(x), latex=r"\operatorname{arsinh}", sympy="asinh", code="arcsinh",
    ),
    Elementwise(
        name="arccosh", summary="inverse hyperbolic cosine", spellings=("acosh",), derivatives=("1/sqrt(x**2 - 1)",),
        domain="above one", evaluate=lambda np, x: np.arccosh(x), latex=r"\operatorname{arcosh}", sympy="acosh",
        code="arccosh",
    ),
    Elementwise(
        name="arctanh", parity="odd", special=((0, 0),),
        summary="inverse hyperbolic tangent", spellings=("atanh",), derivatives=("1/(1 - x**2)",),
        domain="unit", evaluate=lambda np, x: np.arctanh(x), latex=r"\operatorname{artanh}", sympy="atanh", code="arctanh",
    ),
    Elementwise(
        name="erf", parity="odd", special=((0, 0),),
        summary="error function", derivatives=("2*exp(-x**2)/sqrt(pi)",), evaluate=_vectorized("erf"),
        sympy="erf",
    ),
    Elementwise(
        name="gamma", summary="gamma function", derivatives=("gamma(x)*digamma(x)",), domain="positive",
        evaluate=_vectorized("gamma"), latex=r"\Gamma", sympy="gamma",
    ),
    Elementwise(
        name="loggamma", summary="logarithm of the gamma function", derivatives=("digamma(x)",), domain="positive",
        evaluate=_vectorized("lgamma"), latex=r"\log\Gamma", sympy="loggamma",
    ),
    Elementwise(
        name="digamma", summary="derivative of loggamma", derivatives=("trigamma(x)",), domain="positive",
        evaluate=_digamma, latex=r"\psi", sympy="digamma",
    ),
    Elementwise(
        name="trigamma", summary="derivative of digamma", derivatives=None, domain="positive", evaluate=_trigamma,
        latex=r"\psi_1", sympy="trigamma",
    ),
    Elementwise(
        name="sigmoid", summary="logistic function 1/(1 + exp(-x))", spellings=("σ", "sigma", "logistic", "expit"),
        derivatives=("sigmoid(x)*(1 - sigmoid(x))",), evaluate=_sigmoid, latex=r"\sigma", text="σ", sympy="matcalc:sigmoid",
    ),
    Elementwise(
        name="relu", special=((0, 0),),
        summary="max(0, x); derivative 0 at 0", derivatives=("x > 0",), evaluate=lambda np, x: np.maximum(0.0, x),
        kink=lambda np, x: x, sympy="matcalc:relu",
        rule="1 for `{u} > 0`, else 0 (also at the kink)",
    ),
    Elementwise(
        name="step", step=True, summary="1 for x > 0, otherwise 0", derivatives=("0",),
        evaluate=lambda np, x: np.where(np.asarray(x) > 0, 1.0, 0.0), kink=lambda np, x: x, sympy="matcalc:step",
        rule="constant but for its jump: 0",
    ),
    Elementwise(
        name="softplus", summary="log(1 + exp(x))", derivatives=("sigmoid(x)",), evaluate=lambda np, x: np.logaddexp(0.0, x),
        sympy="matcalc:softplus",
    ),
    Elementwise(
        name="softsign", summary="x/(1 + |x|)", parity="odd", special=((0, 0),), derivatives=("1/(1 + abs(x))**2",),
        evaluate=lambda np, x: x / (1 + np.abs(x)), sympy="matcalc:softsign",
    ),
    Elementwise(
        name="max", reduction="amax",
        summary="the larger one; at a tie a constant operand, otherwise the first, has the derivative",
        parameters=("a", "b"), derivatives=("a >= b", "b > a"), tie="a > b", evaluate=lambda np, a, b: np.maximum(a, b),
        kink=lambda np, a, b: a - b, latex=r"\max", sympy="Max", code="maximum", variadic=True,
        rule=("1 where `{u}` is the largest operand, else 0", "1 where `{u}` is the largest operand, else 0"),
    ),
    Elementwise(
        name="min", reduction="amin",
        summary="the smaller one; at a tie a constant operand, otherwise the first, has the derivative",
        parameters=("a", "b"), derivatives=("a <= b", "b < a"), tie="a < b", evaluate=lambda np, a, b: np.minimum(a, b),
        kink=lambda np, a, b: a - b, latex=r"\min", sympy="Min", code="minimum", variadic=True,
        rule=("1 where `{u}` is the smallest operand, else 0", "1 where `{u}` is the smallest operand, else 0"),
    ),
    Elementwise(
        name="atan2", summary="angle of the point (b, a)", spellings=("arctan2",), parameters=("a", "b"),
        derivatives=("b/(a**2 + b**2)", "-a/(a**2 + b**2)"), evaluate=lambda np, a, b: np.arctan2(a, b), sympy="atan2",
        code="arctan2",
    ),
    Elementwise(
        name="where", summary="a where the condition is not 0, otherwise b", parameters=("c", "a", "b"),
        derivatives=("0", "where(c, 1, 0)", "where(c, 0, 1)"), evaluate=lambda np, c, a, b: np.where(np.asarray(c) != 0, a, b),
        sympy="matcalc:where",
        rule=("a condition has no derivative: 0", "1 where the condition holds, else 0", "0 where the condition holds, else 1"),
    ),
    Elementwise(
        name="greater", summary="1 where a > b, else 0", parameters=("a", "b"), derivatives=("0", "0"), infix=">",
        evaluate=lambda np, a, b: np.where(np.greater(a, b), 1.0, 0.0), kink=lambda np, a, b: a - b, sympy="matcalc:greater",
        rule=("constant but for its jump: 0", "constant but for its jump: 0"),
    ),
    Elementwise(
        name="less", summary="1 where a < b, else 0", parameters=("a", "b"), derivatives=("0", "0"), infix="<",
        evaluate=lambda np, a, b: np.where(np.less(a, b), 1.0, 0.0), kink=lambda np, a, b: a - b, sympy="matcalc:less",
        rule=("constant but for its jump: 0", "constant but for its jump: 0"),
    ),
    Elementwise(
        name="greater_equal", summary="1 where a >= b, else 0", parameters=("a", "b"), derivatives=("0", "0"), infix=">=",
        evaluate=lambda np, a, b: np.where(np.greater_equal(a, b), 1.0, 0.0), kink=lambda np, a, b: a - b,
        sympy="matcalc:greater_equal",
        rule=("constant but for its jump: 0", "constant but for its jump: 0"),
    ),
    Elementwise(
        name="less_equal", summary="1 where a <= b, else 0", parameters=("a", "b"), derivatives=("0", "0"), infix="<=",
        evaluate=lambda np, a, b: np.where(np.less_equal(a, b), 1.0, 0.0), kink=lambda np, a, b: a - b,
        sympy="matcalc:less_equal",
        rule=("constant but for its jump: 0", "constant but for its jump: 0"),
    ),
    Elementwise(
        name="equal", summary="1 where a equals b, else 0", parameters=("a", "b"), derivatives=("0", "0"), infix="==",
        evaluate=lambda np, a, b: np.where(np.equal(a, b), 1.0, 0.0), kink=lambda np, a, b: a - b, sympy="matcalc:equal",
        rule=("constant but for its jump: 0", "constant but for its jump: 0"),
    ),
    Elementwise(
        name="not_equal", summary="0 where a equals b, else 1", parameters=("a", "b"), derivatives=("0", "0"), infix="!=",
        evaluate=lambda np, a, b: np.where(np.equal(a, b), 0.0, 1.0), kink=lambda np, a, b: a - b, sympy="matcalc:not_equal",
        rule=("constant but for its jump: 0", "constant but for its jump: 0"),
    ),
)
