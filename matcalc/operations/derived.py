"""Operations defined in terms of others, in the input language: they need neither a derivative nor a lowering."""

from __future__ import annotations

from typing import Any

from matcalc.operations.rows import Derived, Form, Operation


def _frobenius(np: Any, x: Any) -> Any:
    return np.sqrt(np.sum(np.square(x)))


def leads(np: Any, x: Any) -> Any:
    """How far each element is above all others: positive for the largest one only."""
    x = np.reshape(x, -1)
    return np.array([x[i] - np.max(np.delete(x, i), initial=-np.inf) for i in range(x.size)])


_NORM = Form("vector(n) -> scalar", "sqrt(sum(x**2))")
_NORM_ROW = Form("row(n) -> scalar", "sqrt(sum(x**2))")
_NORM_MATRIX = Form("matrix(m, n) -> scalar", "sqrt(sum(x**2))")

DERIVED: tuple[Operation, ...] = (
    Derived(
        name="sqrt", namesake="matrix square root", summary="square root", definition="x ** (1/2)",
        evaluate=lambda np, x: np.sqrt(x), domain="positive",
        rule="power rule with exponent `1/2`",
    ),
    Derived(
        name="square", summary="square", definition="x ** 2", evaluate=lambda np, x: np.square(x),
        rule="power rule with exponent 2",
    ),
    Derived(
        name="reciprocal", summary="1/x", definition="1 / x", evaluate=lambda np, x: np.reciprocal(np.asarray(x, dtype=float)),
        rule="power rule with exponent `-1`",
    ),
    Derived(
        name="pow", summary="element-wise power", parameters=("a", "b"), definition="a ** b",
        evaluate=lambda np, a, b: np.power(np.asarray(a, dtype=float), b),
        rule=("power rule", "exponential rule"),
    ),
    Derived(
        name="log2", summary="logarithm to base 2", definition="log(x)/log(2)", evaluate=lambda np, x: np.log2(x),
        domain="positive",
        rule="derivative of `log`, divided by `log(2)`",
    ),
    Derived(
        name="log10", summary="logarithm to base 10", definition="log(x)/log(10)", evaluate=lambda np, x: np.log10(x),
        domain="positive",
        rule="derivative of `log`, divided by `log(10)`",
    ),
    Derived(
        name="log1p", summary="log(1 + x)", definition="log(1 + x)", evaluate=lambda np, x: np.log1p(x), domain="positive",
        rule="derivative of `log`, at `1 + {u}`",
    ),
    Derived(
        name="expm1", summary="exp(x) - 1", definition="exp(x) - 1", evaluate=lambda np, x: np.expm1(x),
        rule="derivative of `exp`; the constant 1 drops out",
    ),
    Derived(
        name="cot", summary="cotangent", definition="cos(x)/sin(x)", evaluate=lambda np, x: 1 / np.tan(x),
        rule="quotient rule for `cos/sin`",
    ),
    Derived(
        name="sec", summary="secant", definition="1/cos(x)", evaluate=lambda np, x: 1 / np.cos(x),
        rule="quotient rule for `1/cos`",
    ),
    Derived(
        name="csc", summary="cosecant", definition="1/sin(x)", evaluate=lambda np, x: 1 / np.sin(x),
        rule="quotient rule for `1/sin`",
    ),
    Derived(
        name="silu", summary="x σ(x)", spellings=("swish",), definition="x * sigmoid(x)",
        evaluate=lambda np, x: x * 0.5 * (1 + np.tanh(0.5 * np.asarray(x, dtype=float))),
        rule="product rule for `{u} σ({u})`",
    ),
    Derived(
        name="gelu", summary="x times the normal distribution function", definition="x * (1 + erf(x/sqrt(2))) / 2",
        evaluate=lambda np, x: x * np.vectorize(__import__("math").erfc, otypes=[float])(-x / 2**0.5) / 2,
        rule="product rule for `{u}` times the distribution function of `{u}`",
    ),
    Derived(
        name="clip", summary="limited to the interval from a to b", parameters=("x", "a", "b"), definition="min(max(x, a), b)",
        evaluate=lambda np, x, a, b: np.minimum(np.maximum(x, a), b),
        kink=lambda np, x, a, b: (np.asarray(x) - a) * (np.asarray(x) - b),
        rule=(
            "1 between the bounds, 0 outside",
            "1 where the lower bound counts, else 0",
            "1 where the upper bound counts, else 0",
        ),
    ),
    Derived(
        name="elu", summary="x where it is positive, exp(x) - 1 elsewhere", definition="where(x > 0, x, exp(x) - 1)",
        evaluate=lambda np, x: np.where(np.asarray(x) > 0, x, np.expm1(np.minimum(x, 0))), kink=lambda np, x: x,
        rule="1 for `{u} > 0`, `exp({u})` otherwise",
    ),
    Derived(
        name="leaky_relu", summary="x where it is positive, x/100 elsewhere", definition="where(x > 0, x, x/100)",
        evaluate=lambda np, x: np.where(np.asarray(x) > 0, x, np.asarray(x) / 100), kink=lambda np, x: x,
        rule="1 for `{u} > 0`, `1/100` otherwise (also at the kink)",
    ),
    Derived(
        name="hypot", summary="sqrt(a² + b²)", parameters=("a", "b"), definition="sqrt(a**2 + b**2)",
        evaluate=lambda np, a, b: np.hypot(a, b),
        rule="chain rule for the root of a sum of squares",
    ),
    Derived(
        name="norm", summary="Euclidean norm of a vector, Frobenius norm of a matrix",
        forms=(_NORM, _NORM_ROW, _NORM_MATRIX), evaluate=_frobenius,
        rule="chain rule for the root of the sum of squares: `{u}` divided by its norm",
    ),
    Derived(
        name="norm2", summary="Euclidean norm of a vector", forms=(_NORM, _NORM_ROW), evaluate=_frobenius,
        rule="chain rule for the root of the sum of squares: `{u}` divided by its norm",
    ),
    Derived(
        name="normF", summary="Frobenius norm", spellings=("norm_F", "fro"), forms=(_NORM, _NORM_ROW, _NORM_MATRIX),
        evaluate=_frobenius,
        rule="chain rule for the root of the sum of squares: `{u}` divided by its norm",
    ),
    Derived(
        name="norm1", summary="sum of absolute values of a vector",
        forms=(Form("vector(n) -> scalar", "sum(abs(x))"), Form("row(n) -> scalar", "sum(abs(x))")),
        evaluate=lambda np, x: np.sum(np.abs(x)), kink=lambda np, x: x,
        rule="sum of absolute values: each counts with the sign of its entry (0 at the kink)",
    ),
    Derived(
        name="norminf", summary="largest absolute value of a vector",
        forms=(Form("vector(n) -> scalar", "amax(abs(x))"), Form("row(n) -> scalar", "amax(abs(x))")),
        evaluate=lambda np, x: np.max(np.abs(x)), kink=lambda np, x: leads(np, np.abs(x)),
        rule="only the entry of largest absolute value counts, with its sign",
    ),
    Derived(
        name="normp", summary="p-norm of a vector, (sum |x|^p)^(1/p)", parameters=("x", "p"),
        forms=(
            Form("vector(n), scalar -> scalar", "sum(abs(x)**p)**(1/p)"),
            Form("row(n), scalar -> scalar", "sum(abs(x)**p)**(1/p)"),
        ),
        evaluate=lambda np, x, p: np.sum(np.abs(x) ** p) ** (1 / p), kink=lambda np, x, p: x,
        rule=("chain rule for the root of a sum of powers", "the exponent stands in the powers and in the root"),
    ),
    Derived(
        name="mean", summary="arithmetic mean of all elements",
        forms=(
            Form("vector(n) -> scalar", "sum(x)/n"), Form("row(n) -> scalar", "sum(x)/n"),
            Form("matrix(m, n) -> scalar", "sum(x)/(m*n)"),
        ),
        evaluate=lambda np, x: np.mean(x),
        rule="sum reduction, divided by the number of entries",
    ),
    Derived(
        name="var", summary="variance of all elements, divided by their number",
        forms=(
            Form("vector(n) -> scalar", "sum((x - sum(x)/n)**2)/n"), Form("row(n) -> scalar", "sum((x - sum(x)/n)**2)/n"),
            Form("matrix(m, n) -> scalar", "sum((x - sum(x)/(m*n))**2)/(m*n)"),
        ),
        evaluate=lambda np, x: np.var(x),
        rule="power rule for each deviation; the change of the mean cancels, as deviations add up to 0",
    ),
    Derived(
        name="std", summary="standard deviation, divided by the number of elements",
        forms=(
            Form("vector(n) -> scalar", "sqrt(sum((x - sum(x)/n)**2)/n)"),
            Form("row(n) -> scalar", "sqrt(sum((x - sum(x)/n)**2)/n)"),
            Form("matrix(m, n) -> scalar", "sqrt(sum((x - sum(x)/(m*n))**2)/(m*n))"),
        ),
        evaluate=lambda np, x: np.std(x),
        rule="power rule for the root of the variance",
    ),
    Derived(
        name="log_softmax", summary="log(softmax(x))",
        forms=(Form("vector(n) -> vector(n)", "x - logsumexp(x)"), Form("row(n) -> row(n)", "x - logsumexp(x)")),
        evaluate=lambda np, x: x - np.max(x) - np.log(np.sum(np.exp(x - np.max(x)))),
        rule="`{u}` minus its logsumexp, on which every entry of `{u}` has influence: not diagonal",
    ),
    Derived(
        name="normalize", summary="x/‖x‖",
        forms=(Form("vector(n) -> vector(n)", "x / norm(x)"), Form("row(n) -> row(n)", "x / norm(x)")),
        evaluate=lambda np, x: x / np.sqrt(np.sum(np.square(x))),
        rule="product rule for `{u}` and `1/‖{u}‖`, on which every entry has influence: not diagonal",
    ),
    Derived(
        name="cross", summary="cross product of two vectors with three entries", parameters=("a", "b"),
        forms=(Form("vector(3), vector(3) -> vector(3)", "skew(a) @ b"),),
        evaluate=lambda np, a, b: np.reshape(np.cross(np.reshape(a, -1), np.reshape(b, -1)), (-1, 1)),
        rule=("cross product: linear in `{u}`", "cross product: linear in `{u}`"),
    ),
    Derived(
        name="solve", summary="A⁻¹ b", parameters=("A", "b"),
        forms=(
            Form("matrix(n, n), vector(n) -> vector(n)", "inv(A) b"),
            Form("matrix(n, n), matrix(n, k) -> matrix(n, k)", "inv(A) b"),
        ),
        evaluate=lambda np, a, b: np.linalg.solve(a, b),
        rule=("from `d({u}⁻¹) = -{u}⁻¹ d{u} {u}⁻¹`", "linear in `{u}`: multiplied by the inverse of `{other}`"),
    ),
)
