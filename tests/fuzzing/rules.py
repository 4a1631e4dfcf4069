"""The rules by which random terms are made, each with what NumPy computes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.fuzzing.terms import Rule, Value


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _softmax(x: Any, axis: int | None = None) -> Any:
    shifted = np.exp(x - np.max(x, axis, keepdims=True))
    return shifted / shifted.sum(axis, keepdims=True)


def _expm(x: Any) -> Any:
    total = term = np.eye(len(x))
    scaled = x / 2**12
    for k in range(1, 12):
        term = term @ scaled / k
        total = total + term
    return np.linalg.matrix_power(total, 2**12)


def _lse(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return np.log(np.sum(np.exp(x), axis, keepdims=keepdims))


def _norm(x: Any, p: float = 2, axis: int | None = None, keepdims: bool = False) -> Any:
    return np.sum(np.abs(x) ** p, axis, keepdims=keepdims) ** (1 / p)


def _norminf(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return np.max(np.abs(x), axis, keepdims=keepdims)


def _norm1(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return np.sum(np.abs(x), axis, keepdims=keepdims)


_erf = np.vectorize(math.erf, otypes=[float])
_lgamma = np.vectorize(math.lgamma, otypes=[float])
_phi = np.vectorize(lambda v: 0.5 * (1 + math.erf(v / math.sqrt(2))), otypes=[float])

UNARY: tuple[tuple[str, Value, float], ...] = (
    ("sin({0})", np.sin, 1), ("cos({0})", np.cos, 1), ("tanh({0})", np.tanh, 1), ("exp({0})", np.exp, 1),
    ("sigmoid({0})", _sigmoid, 1), ("softplus({0})", lambda x: np.log1p(np.exp(x)), 0.5),
    ("relu({0})", lambda x: np.maximum(x, 0), 0.7), ("abs({0})", np.abs, 0.7),
    ("max(0, {0})", lambda x: np.maximum(x, 0), 0.7),
    ("max({0}, 1)", lambda x: np.maximum(x, 1), 0.3), ("min({0}, 0.5)", lambda x: np.minimum(x, 0.5), 0.3),
    ("(({0}) ** 2)", lambda x: x**2, 1), ("(({0}) ** 3)", lambda x: x**3, 0.5), ("square({0})", np.square, 0.3),
    ("(-({0}))", lambda x: -x, 0.7), ("(2*({0}))", lambda x: 2 * x, 0.7), ("(({0})/3)", lambda x: x / 3, 0.4),
    ("log(1 + ({0}) ** 2)", lambda x: np.log(1 + x**2), 0.5), ("sqrt(1 + ({0}) ** 2)", lambda x: np.sqrt(1 + x**2), 0.5),
    ("(1/(2 + ({0}) ** 2))", lambda x: 1 / (2 + x**2), 0.5), ("log(1 + exp({0}))", lambda x: np.log(1 + np.exp(x)), 0.4),
    ("(1/(1 + exp(-({0}))))", _sigmoid, 0.4), ("(1 - ({0}))", lambda x: 1 - x, 0.5), ("(({0}) + 1)", lambda x: 1 + x, 0.5),
    ("arctan({0})", np.arctan, 0.3), ("erf({0})", _erf, 0.2), ("sign({0})", np.sign, 0.2),
    ("step({0})", lambda x: (x > 0) * 1.0, 0.2),
    ("silu({0})", lambda x: x * _sigmoid(x), 0.2), ("gelu({0})", lambda x: x * _phi(x), 0.2), ("sinh({0})", np.sinh, 0.1),
    ("cosh({0})", np.cosh, 0.1), ("arcsinh({0})", np.arcsinh, 0.1), ("expm1({0})", np.expm1, 0.1),
    ("(({0}) > 0)", lambda x: (x > 0) * 1.0, 0.2), ("(({0}) <= 0.3)", lambda x: (x <= 0.3) * 1.0, 0.1),
    ("exp(-({0}) ** 2)", lambda x: np.exp(-(x**2)), 0.3), ("sqrt(({0}) ** 2)", lambda x: np.sqrt(x**2), 0.2),
    ("(abs({0}) ** 3)", lambda x: np.abs(x) ** 3, 0.2), ("tan(({0})/4)", lambda x: np.tan(x / 4), 0.1),
    ("exp(log(1 + ({0}) ** 2)/2)", lambda x: np.sqrt(1 + x**2), 0.1), ("(({0}) ** (-2))", lambda x: x**-2.0, 0.1),
    ("clip({0}, -1, 1)", lambda x: np.clip(x, -1, 1), 0.4), ("clip({0}, 0, 0.7)", lambda x: np.clip(x, 0, 0.7), 0.2),
    ("elu({0})", lambda x: np.where(x > 0, x, np.expm1(x)), 0.4),
    ("leaky_relu({0})", lambda x: np.where(x > 0, x, x / 100), 0.4), ("softsign({0})", lambda x: x / (1 + np.abs(x)), 0.2),
    ("log1p(({0}) ** 2)", lambda x: np.log1p(x**2), 0.1), ("reciprocal(2 + ({0}) ** 2)", lambda x: 1 / (2 + x**2), 0.1),
    ("arcsin(tanh({0}))", lambda x: np.arcsin(np.tanh(x)), 0.1),
    ("arctanh(sin({0})/2)", lambda x: np.arctanh(np.sin(x) / 2), 0.1),
    ("arccos(sin({0})/2)", lambda x: np.arccos(np.sin(x) / 2), 0.1), ("sec(tanh({0}))", lambda x: 1 / np.cos(np.tanh(x)), 0.1),
    ("log2(1.5 + tanh({0}))", lambda x: np.log2(1.5 + np.tanh(x)), 0.1),
    ("pow(1.5 + tanh({0}), 3)", lambda x: (1.5 + np.tanh(x)) ** 3, 0.1),
    ("loggamma(1 + ({0}) ** 2)", lambda x: _lgamma(1 + x**2), 0.1),
    ("arccosh(2 + ({0}) ** 2)", lambda x: np.arccosh(2 + x**2), 0.1),
    ("max({0}, -0.5, min({0}, 0.2))", lambda x: np.maximum(x, -0.5), 0.1), ("(3 - 2*({0}))", lambda x: 3 - 2 * x, 0.2),
    ("where(({0}) > 0.3, ({0}) ** 2, 1)", lambda x: np.where(x > 0.3, x**2, 1), 0.2),
    # numbers, powers and spellings that others write
    ("(0.5*({0}))", lambda x: x / 2, 0.3), ("(1e-3*({0}))", lambda x: x / 1000, 0.1), ("(({0}) / 10)", lambda x: x / 10, 0.1),
    ("(2.5 - ({0}))", lambda x: 2.5 - x, 0.1), ("(pi*({0}))", lambda x: np.pi * x, 0.1), ("(-2*({0}))", lambda x: -2 * x, 0.2),
    ("(2 ** ({0}))", lambda x: 2.0**x, 0.2), ("((1 + ({0}) ** 2) ** (-1/2))", lambda x: (1 + x**2) ** -0.5, 0.2),
    ("(({0}) ** 4)", lambda x: x**4, 0.1), ("(({0}) ** 5 / 5)", lambda x: x**5 / 5, 0.1),
    ("((2 + sin({0})) ** (1/3))", lambda x: np.cbrt(2 + np.sin(x)), 0.1),
    ("(exp({0}) ** 0.5)", lambda x: np.exp(x / 2), 0.1), ("((1.5 + tanh({0})) ** (1.5 + tanh({0})))",
        lambda x: (1.5 + np.tanh(x)) ** (1.5 + np.tanh(x)), 0.1),
    ("sin²({0})", lambda x: np.sin(x) ** 2, 0.1), ("√(1 + ({0}) ** 2)", lambda x: np.sqrt(1 + x**2), 0.1),
    ("(|({0})|)", np.abs, 0.1), ("ln(2 + cos({0}))", lambda x: np.log(2 + np.cos(x)), 0.1), ("σ({0})", _sigmoid, 0.1),
    ("(exp({0}) - exp(-({0})))", lambda x: 2 * np.sinh(x), 0.1),
    ("cot(2 + tanh({0}))", lambda x: 1 / np.tan(2 + np.tanh(x)), 0.1),
    ("csc(2 + tanh({0}))", lambda x: 1 / np.sin(2 + np.tanh(x)), 0.1), ("swish({0})", lambda x: x * _sigmoid(x), 0.1),
    ("gamma(2 + tanh({0}))", lambda x: np.exp(_lgamma(2 + np.tanh(x))), 0.1), ("log10(3 + sin({0}))",
        lambda x: np.log10(3 + np.sin(x)), 0.1),
    # what comes to nothing
    ("({0} - {0})", lambda x: x - x, 0.15), ("(0*({0}))", lambda x: 0 * x, 0.15), ("(({0}) ** 0)", lambda x: x**0.0, 0.05),
    ("(({0}) ** 1)", lambda x: x, 0.05), ("(1*({0}) + 0)", lambda x: x, 0.05), ("max({0}, {0})", lambda x: x, 0.05),
    ("((1 + ({0}) ** 2) / (1 + ({0}) ** 2))", lambda x: 1 + 0 * x, 0.1), ("(({0}) - ({0}) / 2)", lambda x: x / 2, 0.1),
    ("log(exp({0}))", lambda x: x, 0.1), ("(-(-({0})))", lambda x: x, 0.1), ("(({0}) * ({0}))", lambda x: x * x, 0.2),
    ("({0} + {0})", lambda x: 2 * x, 0.2),
)  # fmt: skip

BINARY: tuple[tuple[str, Value, float], ...] = (
    ("({0} + {1})", lambda x, y: x + y, 2), ("({0} - {1})", lambda x, y: x - y, 2), ("({0} * {1})", lambda x, y: x * y, 2),
    ("({0} / (1 + ({1}) ** 2))", lambda x, y: x / (1 + y**2), 1), ("max({0}, {1})", np.maximum, 0.7),
    ("min({0}, {1})", np.minimum, 0.5), ("(({0} > {1}) * {0})", lambda x, y: (x > y) * x, 0.3),
    ("where({0} > {1}, {0}, ({1}) ** 2)", lambda x, y: np.where(x > y, x, y**2), 0.3),
    ("hypot({0}, 1 + ({1}) ** 2)", lambda x, y: np.hypot(x, 1 + y**2), 0.2),
    ("atan2({0}, 2 + ({1}) ** 2)", lambda x, y: np.arctan2(x, 2 + y**2), 0.2),
    ("({0} * {1} + {1})", lambda x, y: x * y + y, 0.5), ("(2*({0}) - 3*({1}))", lambda x, y: 2 * x - 3 * y, 0.4),
    ("(({0} <= {1}) + {1})", lambda x, y: (x <= y) + y, 0.1),
    ("where({1} < 0, {0}, 2)", lambda x, y: np.where(y < 0, x, 2.0), 0.2),
    ("({0} + {0} * {1} + {0})", lambda x, y: 2 * x + x * y, 0.2),
    ("((1.5 + tanh({0})) ** ({1}))", lambda x, y: (1.5 + np.tanh(x)) ** y, 0.2),
    ("clip({0}, {1} - 1, {1} + 1)", lambda x, y: np.clip(x, y - 1, y + 1), 0.15),
    ("max({0}, {1}, 0)", lambda x, y: np.maximum(np.maximum(x, y), 0), 0.2),
    ("min(1, {0}, {1})", lambda x, y: np.minimum(np.minimum(1, x), y), 0.1),
    ("({0} - ({1} - {0}))", lambda x, y: 2 * x - y, 0.2), ("({0} * ({1} - {0}) * {0})", lambda x, y: x * x * (y - x), 0.2),
    ("(({0}) ** 2 / exp({1}))", lambda x, y: x**2 / np.exp(y), 0.3),
    ("({0} / {1})", lambda x, y: x / y, 0.3), ("({0} ./ (2 + cos({1})))", lambda x, y: x / (2 + np.cos(y)), 0.1),
    ("({0} ⊙ {1})", lambda x, y: x * y, 0.2), ("({0} .* {1} .* {0})", lambda x, y: x * x * y, 0.1),
    ("(({0} >= {1}) * {1})", lambda x, y: (x >= y) * y, 0.1), ("(({0} == {1}) + {0})", lambda x, y: (x == y) + x, 0.05),
    ("(sin({0}) * cos({1}) + cos({0}) * sin({1}))", lambda x, y: np.sin(x + y), 0.1),
    ("({0} * {1} - {1} * {0})", lambda x, y: x * y - y * x, 0.1), ("(({0} + {1}) ** 2)", lambda x, y: (x + y) ** 2, 0.2),
    ("(({0} + {1}) * ({0} - {1}))", lambda x, y: x * x - y * y, 0.2),
    ("pow(exp({0}/3), {1})", lambda x, y: np.exp(x * y / 3), 0.1),
)  # fmt: skip


def _column(v: Any) -> Any:
    return v[:, None]


_eye = np.eye


_SCALARS: tuple[Rule, ...] = (
    Rule("({0} . {1})", "", ("I", "I"), np.dot, 2), Rule("({0}' {1})", "", ("I", "I"), np.dot, 2),
    Rule("dot({0}, {1})", "", ("I", "I"), np.dot, 0.5), Rule("({0} {1})", "", ("'I", "I"), lambda r, x: (r @ x)[0], 1),
    Rule("sum({0})", "", ("I",), np.sum, 3), Rule("sum({0})", "", ("IJ",), np.sum, 2),
    Rule("sum({0})", "", ("'I",), np.sum, 1),
    Rule("mean({0})", "", ("I",), np.mean, 0.5), Rule("mean({0})", "", ("IJ",), np.mean, 0.5),
    Rule("norm({0})", "", ("I",), np.linalg.norm, 1), Rule("(||{0}||^2)", "", ("I",), lambda x: np.sum(x**2), 1),
    Rule("(||{0}||_1)", "", ("I",), lambda x: np.sum(np.abs(x)), 0.5),
    Rule("(||{0}||_F^2)", "", ("IJ",), lambda x: np.sum(x**2), 1),
    Rule("normF({0})", "", ("IJ",), np.linalg.norm, 0.5), Rule("tr({0})", "", ("II",), np.trace, 2),
    Rule("tr({0} @ {1})", "", ("IJ", "JI"), lambda a, b: np.trace(a @ b), 1),
    Rule("tr({0}' {0})", "", ("IJ",), lambda a: np.sum(a * a), 0.5),
    Rule("({0}' {1} {2})", "", ("I", "IJ", "J"), lambda x, a, y: x @ a @ y, 1),
    Rule("({0}' {1} {0})", "", ("I", "II"), lambda x, a: x @ a @ x, 1),
    Rule("det({0} / 2)", "", ("II",), lambda a: np.linalg.det(a / 2), 0.5),
    Rule("logdet({0}' {0} + I)", "", ("IJ",), lambda a: np.log(np.linalg.det(a.T @ a + _eye(a.shape[1]))), 0.7),
    Rule("log(det({0} {0}' + 2*I))", "", ("II",), lambda a: np.log(np.linalg.det(a @ a.T + 2 * _eye(len(a)))), 0.3),
    Rule("logsumexp({0})", "", ("I",), _lse, 1), Rule("log(sum(exp({0})))", "", ("I",), _lse, 0.5),
    Rule("logsumexp({0})", "", ("IJ",), _lse, 0.3),
    Rule("var({0})", "", ("I",), np.var, 0.3), Rule("var({0})", "", ("IJ",), np.var, 0.3),
    Rule("std({0})", "", ("I",), np.std, 0.3), Rule("std({0})", "", ("IJ",), np.std, 0.2),
    Rule("(({0})[1])", "", ("I",), lambda x: x[0], 0.5),
    Rule("(({0})[2, 1])", "", ("IJ",), lambda a: a[1, 0], 0.4), Rule("(({0}) ^ 2)", "", ("",), lambda x: x**2, 1),
    Rule("({0} ({1}))", "", ("", ""), lambda x, y: x * y, 1),
    Rule("sum([{0}, {1}])", "", ("", ""), lambda x, y: x + y, 0.1),
    Rule("norm([{0}; {1}])", "", ("I", "J"), lambda x, y: np.sqrt(x @ x + y @ y), 0.4),
    Rule("sum([{0}; {1}] * [{1}; {0}])", "", ("I", "I"), lambda x, y: 2 * x @ y, 0.2),
    Rule("sum(exp([{0}; {1}] / 2))", "", ("I", ""), lambda x, y: np.exp(x / 2).sum() + np.exp(y / 2), 0.3),
    Rule("det([[{0}, {1}], [{2}, {3}]])", "", ("", "", "", ""), lambda a, b, c, d: a * d - b * c, 0.2),
    Rule("(sum({0})/len({0}))", "", ("I",), np.mean, 0.2),
    Rule("(tr({0})/rows({0}))", "", ("II",), lambda a: np.trace(a) / len(a), 0.1),
    Rule("prod(1.5 + tanh({0}))", "", ("I",), lambda x: np.prod(1.5 + np.tanh(x)), 0.3),
    Rule("prod({0})", "", ("I",), np.prod, 0.15), Rule("prod({0})", "", ("IJ",), np.prod, 0.1),
    Rule("prod(exp({0}/4))", "", ("IJ",), lambda a: np.exp(a.sum() / 4), 0.2),
    Rule("max({0})", "", ("I",), np.max, 0.4), Rule("max({0})", "", ("IJ",), np.max, 0.3),
    Rule("min({0})", "", ("I",), np.min, 0.3), Rule("min({0})", "", ("IJ",), np.min, 0.2),
    Rule("norm({0}, 3)", "", ("I",), lambda x: _norm(x, 3), 0.3),
    Rule("norm({0}, 1.5)", "", ("I",), lambda x: _norm(x, 1.5), 0.1),
    Rule("norm({0}, 4)", "", ("'I",), lambda x: _norm(x, 4), 0.1), Rule("norminf({0})", "", ("I",), _norminf, 0.3),
    Rule("norm({0}, 2 + tanh({1}))", "", ("I", ""), lambda x, s: _norm(x, 2 + np.tanh(s)), 0.1),
    Rule("norm1({0})", "", ("'I",), _norm1, 0.1), Rule("norm({0})", "", ("'I",), np.linalg.norm, 0.2),
    Rule("(vec({0}) . vec({1}))", "", ("IJ", "IJ"), lambda a, b: np.sum(a * b), 0.2),
    Rule("sum(sin(vec({0})))", "", ("IJ",), lambda a: np.sum(np.sin(a)), 0.15),
    Rule("norm(vec({0}), 3)", "", ("IJ",), lambda a: _norm(a, 3), 0.1),
    Rule("tr(kron({0}, {1}))", "", ("II", "JJ"), lambda a, b: np.trace(a) * np.trace(b), 0.2),
    Rule("norm(kron({0}, {1}))", "", ("IK", "JL"), lambda a, b: np.linalg.norm(a) * np.linalg.norm(b), 0.15),
    Rule("sum(sin(kron({0}, {1})))", "", ("I", "J"), lambda x, y: np.sum(np.sin(np.outer(x, y))), 0.15),
    Rule("(cross({0}, {1}) . {2})", "", ("3", "3", "3"), lambda x, y, z: np.cross(x, y) @ z, 0.15),
    Rule("tr({0}' pinv({1}) {2})", "", ("JI", "IJ", "II"), lambda a, b, c: np.trace(a.T @ np.linalg.pinv(b) @ c), 0.15),
)  # fmt: skip

_WRITTEN: tuple[Rule, ...] = (
    Rule("(({0}) * len({1}))", "", ("", "I"), lambda s, x: s * len(x), 0.1),
    Rule("(sum(({0}) ** 2)/(2*n))", "", ("n",), lambda x: np.sum(x**2) / 6, 0.2),
    Rule("(sum({0})/m)", "", ("m",), np.mean, 0.2), Rule("(k*norm({0}))", "", ("k",), lambda x: 2 * np.linalg.norm(x), 0.1),
    Rule("({0}' {1} {0} / ({0}' {0}))", "", ("I", "II"), lambda x, a: x @ a @ x / (x @ x), 0.2),
    Rule("({0} . {1} / (norm({0}) * norm({1})))", "", ("I", "I"),
        lambda x, y: x @ y / np.linalg.norm(x) / np.linalg.norm(y), 0.2),
    Rule("‖({0})‖", "", ("I",), np.linalg.norm, 0.2), Rule("‖({0})‖²", "", ("I",), lambda x: x @ x, 0.2),
    Rule("(({0})ᵀ({1}))", "", ("I", "I"), np.dot, 0.2), Rule("({0}.T @ {1})", "", ("I", "I"), np.dot, 0.2),
    Rule("({0} · {1})", "", ("I", "I"), np.dot, 0.2), Rule("(ones(n)' {0})", "", ("n",), np.sum, 0.2),
    Rule("tr({0})^2", "", ("II",), lambda a: np.trace(a) ** 2, 0.2),
    Rule("trace({0} {0}')", "", ("IJ",), lambda a: np.sum(a * a), 0.1),
    Rule("log(tr({0}' {0}))", "", ("IJ",), lambda a: np.log(np.sum(a * a)), 0.1),
    Rule("exp(-norm({0} - {1})^2 / 2)", "", ("I", "I"), lambda x, y: np.exp(-np.sum((x - y) ** 2) / 2), 0.2),
    Rule("norm({0} {1} - {2})^2", "", ("IJ", "J", "I"), lambda a, x, y: np.sum((a @ x - y) ** 2), 0.3),
    Rule("({0}' {0} {1}' {1})", "", ("I", "J"), lambda x, y: x @ x * (y @ y), 0.1),
    Rule("({0} \\ {1})", "I", ("II", "I"), np.linalg.solve, 0.1), Rule("({0}ᵀ)", "IJ", ("JI",), np.transpose, 0.2),
    Rule("(({0}).T)", "IJ", ("JI",), np.transpose, 0.2), Rule("(({0})^T)", "IJ", ("JI",), np.transpose, 0.1),
    Rule("({0} / {1})", "I", ("I", ""), np.divide, 0.2), Rule("({1} / {0})", "I", ("I", ""), lambda x, s: s / x, 0.1),
    Rule("({0} / {1})", "IJ", ("IJ", ""), np.divide, 0.2), Rule("({0}*{1} + {0})", "I", ("I", ""), lambda x, s: x * s + x, 0.1),
    Rule("({0} - mean({0}))", "I", ("I",), lambda x: x - np.mean(x), 0.2), Rule("({0} / sum(exp({0})))", "I", ("I",),
        lambda x: x / np.sum(np.exp(x)), 0.1), Rule("(exp({0}) / sum(exp({0})))", "I", ("I",), _softmax, 0.2),
    Rule("(I - {0} {0}')", "II", ("I",), lambda x: _eye(len(x)) - np.outer(x, x), 0.1),
    Rule("(({0} + {0}')/2)", "II", ("II",), lambda a: (a + a.T) / 2, 0.1),
    Rule("(0 {0})", "IJ", ("IJ",), lambda a: 0 * a, 0.05),
    Rule("({0} {0}' {0})", "IJ", ("IJ",), lambda a: a @ a.T @ a, 0.1), Rule("inv({0})", "II", ("II",), np.linalg.inv, 0.1),
    Rule("det({0})", "", ("II",), np.linalg.det, 0.1), Rule("logdet({0})", "", ("II",), lambda a: np.linalg.slogdet(a)[1], 0.1),
    Rule("sum({0}, axis=1, keepdims=True)", "I", ("IJ",), lambda a: a.sum(1), 0.05),
    Rule("sum({0}, axis=0, keepdims=True)", "'J", ("IJ",), lambda a: a.sum(0, keepdims=True), 0.05),
    Rule("({0} × {1})", "3", ("3", "3"), np.cross, 0.3), Rule("({0} + eye(n))", "nn", ("nn",), lambda a: a + _eye(3), 0.1),
    Rule("({0} + ones(n))", "n", ("n",), lambda x: x + 1, 0.1),
    Rule("({0} + e(2))", "n", ("n",), lambda x: x + np.array([0, 1, 0]), 0.1),
    Rule("diag(diag({0}))", "II", ("II",), lambda a: np.diag(np.diag(a)), 0.1), Rule("({0} ({1} . {2}))", "I", ("I", "J", "J"),
        lambda x, y, z: x * (y @ z), 0.2),
)  # fmt: skip

_BLOCKS: tuple[Rule, ...] = (
    Rule("normF([{0}, {1}])", "", ("IJ", "IK"), lambda a, b: np.sqrt(np.sum(a**2) + np.sum(b**2)), 0.15),
    Rule("sum(sin([{0}; {1}]))", "", ("IJ", "KJ"), lambda a, b: np.sin(a).sum() + np.sin(b).sum(), 0.15),
    Rule("(det([{0}, {1}; {2}', {3}]) / 4)", "", ("II", "I", "I", ""),
        lambda a, x, y, s: np.linalg.det(np.block([[a, _column(x)], [y[None, :], np.full((1, 1), s)]])) / 4, 0.15),
    Rule("logdet([{0}, {1}]' @ [{0}, {1}] + I)", "", ("IJ", "I"),
        lambda a, x: np.linalg.slogdet(np.c_[a, x].T @ np.c_[a, x] + _eye(a.shape[1] + 1))[1], 0.1),
    Rule("tr([{0}, {1}] @ [{2}; {3}])", "", ("IJ", "IK", "JI", "KI"), lambda a, b, c, d: np.trace(a @ c + b @ d), 0.1),
    Rule("([{0}', 1] @ [{1}; {2}])", "", ("I", "I", ""), lambda x, y, s: x @ y + s, 0.15),
    Rule("norm([{0}', {1}'])", "", ("I", "J"), lambda x, y: np.sqrt(x @ x + y @ y), 0.1),
    Rule("sum([{0}'; {1}'] @ {2})", "", ("I", "I", "I"), lambda x, y, z: (x + y) @ z, 0.1),
    Rule("sum(exp([{0}, {1}] / 3))", "", ("I", "I"), lambda x, y: np.exp(x / 3).sum() + np.exp(y / 3).sum(), 0.1),
    Rule("||[{0}; {2} I] @ {1}||^2", "", ("IJ", "J", ""), lambda a, x, s: np.sum((a @ x) ** 2) + s * s * x @ x, 0.1),
    Rule("([{0}, {1}] @ [{2}; {3}])", "I", ("IJ", "IK", "J", "K"), lambda a, b, x, y: a @ x + b @ y, 0.2),
    Rule("([{0}, {1}] @ [{2}; {3}])", "I", ("IJ", "I", "J", ""), lambda a, x, y, s: a @ y + x * s, 0.2),
    Rule("([{0}; {1}]' @ [{2}; {3}])", "IL", ("JI", "KI", "JL", "KL"), lambda a, b, c, d: a.T @ c + b.T @ d, 0.15),
    Rule("([{0}, {1}] @ [{0}, {1}]')", "II", ("IJ", "I"), lambda a, x: a @ a.T + np.outer(x, x), 0.15),
)  # fmt: skip

_VECTORS: tuple[Rule, ...] = (
    Rule("({0} {1})", "I", ("IJ", "J"), np.matmul, 3), Rule("({0} @ {1})", "I", ("IJ", "J"), np.matmul, 1),
    Rule("({0}' {1})", "I", ("JI", "J"), lambda a, x: a.T @ x, 2), Rule("({0} {1})", "I", ("", "I"), np.multiply, 1),
    Rule("({0} * {1})", "I", ("I", ""), np.multiply, 1), Rule("({0} + {1})", "I", ("I", ""), np.add, 0.7),
    Rule("({1} - {0})", "I", ("I", ""), lambda x, s: s - x, 0.4),
    Rule("({0} / (1 + ({1})^2))", "I", ("I", ""), lambda x, s: x / (1 + s * s), 0.5),
    Rule("({1} / (1 + ({0}) ** 2))", "I", ("I", ""), lambda x, s: s / (1 + x**2), 0.3),
    Rule("softmax({0})", "I", ("I",), _softmax, 1),
    Rule("max({1}, {0})", "I", ("I", ""), np.maximum, 0.3),
    Rule("log_softmax({0})", "I", ("I",), lambda x: x - _lse(x), 0.3),
    Rule("log(softmax({0}))", "I", ("I",), lambda x: x - _lse(x), 0.2),
    Rule("normalize({0})", "I", ("I",), lambda x: x / np.linalg.norm(x), 0.3), Rule("cumsum({0})", "I", ("I",), np.cumsum, 0.3),
    Rule("diag({0})", "I", ("II",), np.diagonal, 0.7),
    Rule("(diag({0}) {1})", "I", ("I", "I"), np.multiply, 0.7), Rule("{0}'", "I", ("'I",), lambda r: r[0], 0.7),
    Rule("(inv({0}' {0} + I) {1})", "I", ("JI", "I"), lambda a, x: np.linalg.solve(a.T @ a + _eye(a.shape[1]), x), 0.3),
    Rule("solve(3*I + tanh({0}), {1})", "I", ("II", "I"),
        lambda a, x: np.linalg.solve(3 * _eye(len(a)) + np.tanh(a), x), 0.3),
    Rule("(({0})[1])", "I", ("JI",), lambda a: a[0], 0.3), Rule("(({0})[:, 2])", "I", ("IJ",), lambda a: a[:, 1], 0.3),
    Rule("(({0} . {0}) {0})", "I", ("I",), lambda x: (x @ x) * x, 0.3), Rule("(({0}) ^ 2)", "I", ("I",), np.square, 0.5),
    Rule("([{0}, {1}])", "k", ("", ""), lambda x, y: np.array([x, y]), 0.0),
    Rule("(pinv({0}) {1})", "I", ("JI", "J"), lambda a, x: np.linalg.pinv(a) @ x, 0.15),
    Rule("vec({0})", "e", ("kn",), lambda a: a.reshape(-1, order="F"), 1), Rule("kron({0}, {1})", "e", ("k", "n"), np.kron, 1),
    Rule("vec({0})", "e", ("nk",), lambda a: a.reshape(-1, order="F"), 1), Rule("kron({0}, {1})", "e", ("n", "k"), np.kron, 1),
    Rule("cross({0}, {1})", "3", ("3", "3"), np.cross, 2), Rule("(skew({0}) {1})", "3", ("3", "3"), np.cross, 1),
)  # fmt: skip

_ROWS: tuple[Rule, ...] = (
    Rule("{0}'", "'I", ("I",), lambda x: x[None, :], 3), Rule("({0} {1})", "'I", ("'J", "JI"), np.matmul, 1),
    Rule("({0}' {1})", "'I", ("J", "JI"), lambda x, a: (x @ a)[None, :], 1),
    Rule("({0} {1})", "'I", ("", "'I"), np.multiply, 0.5),
    Rule("({0} + {1})", "'I", ("'I", ""), np.add, 0.3), Rule("softmax({0})", "'I", ("'I",), _softmax, 0.2),
    Rule("log_softmax({0})", "'I", ("'I",), lambda x: x - _lse(x), 0.1),
    Rule("normalize({0})", "'I", ("'I",), lambda x: x / np.linalg.norm(x), 0.1),
)  # fmt: skip

_MATRICES: tuple[Rule, ...] = (
    Rule("({0} {1})", "IJ", ("IK", "KJ"), np.matmul, 2), Rule("({0} @ {1})", "IJ", ("IK", "KJ"), np.matmul, 1),
    Rule("{0}'", "IJ", ("JI",), np.transpose, 2), Rule("({0} {1}')", "IJ", ("I", "J"), np.outer, 1),
    Rule("outer({0}, {1})", "IJ", ("I", "J"), np.outer, 0.5), Rule("diag({0})", "II", ("I",), np.diag, 1),
    Rule("({0} {1})", "IJ", ("", "IJ"), np.multiply, 1), Rule("({0} + {1})", "IJ", ("IJ", ""), np.add, 0.5),
    Rule("({0} + {1})", "IJ", ("IJ", "I"), lambda a, x: a + _column(x), 0.4),
    Rule("({0} - {1})", "IJ", ("IJ", "'J"), np.subtract, 0.4), Rule("({1} - {0})", "IJ", ("IJ", "'J"), lambda a, r: r - a, 0.2),
    Rule("({0} / (2 + {1} ** 2))", "IJ", ("IJ", "I"), lambda a, x: a / (2 + _column(x) ** 2), 0.3),
    Rule("({0} / (2 + {1} ** 2))", "IJ", ("IJ", "'J"), lambda a, r: a / (2 + r**2), 0.3),
    Rule("max({0}, {1})", "IJ", ("IJ", "I"), lambda a, x: np.maximum(a, _column(x)), 0.2),
    Rule("min({1}, {0})", "IJ", ("IJ", "'J"), np.minimum, 0.2),
    Rule("where({0} > {1}, {0}, {0} ** 2)", "IJ", ("IJ", "I"), lambda a, x: np.where(a > _column(x), a, a**2), 0.1),
    Rule("(diag({0}) {1})", "IJ", ("I", "IJ"), lambda x, a: _column(x) * a, 0.4),
    Rule("({1} diag({0}))", "IJ", ("J", "IJ"), lambda x, a: a * x, 0.4),
    Rule("({0} + I)", "II", ("II",), lambda a: a + _eye(len(a)), 0.5),
    Rule("inv(3*I + tanh({0}))", "II", ("II",), lambda a: np.linalg.inv(3 * _eye(len(a)) + np.tanh(a)), 0.4),
    Rule("((4*I + sin({0}))^-1)", "II", ("II",), lambda a: np.linalg.inv(4 * _eye(len(a)) + np.sin(a)), 0.3),
    Rule("({0})^rows({0})", "II", ("II",), lambda a: np.linalg.matrix_power(a, len(a)), 0.3),
    Rule("expm({0})", "II", ("II",), _expm, 0.1),
    Rule("expm(sin({0}))", "II", ("II",), lambda a: _expm(np.sin(a)), 0.3),
    Rule("(3*I + tanh({0}))^(1 - rows({0}))", "II", ("II",),
        lambda a: np.linalg.matrix_power(3 * _eye(len(a)) + np.tanh(a), 1 - len(a)), 0.2),
    Rule("({0})^2", "II", ("II",), lambda a: a @ a, 0.5), Rule("({0})^3", "II", ("II",), lambda a: a @ a @ a, 0.2),
    Rule("({0}' {0})", "II", ("JI",), lambda a: a.T @ a, 0.7),
    Rule("({0}' {1} {0})", "II", ("JI", "JJ"), lambda a, b: a.T @ b @ a, 0.3),
    Rule("tril({0})", "II", ("II",), np.tril, 0.3), Rule("triu({0})", "II", ("II",), np.triu, 0.3),
    Rule("pinv({0})", "IJ", ("JI",), np.linalg.pinv, 0.2), Rule("skew({0})", "33", ("3",), lambda x: np.cross(x, _eye(3)).T, 2),
    Rule("solve(3*I + tanh({0}), {1})", "IJ", ("II", "IJ"),
        lambda a, b: np.linalg.solve(3 * _eye(len(a)) + np.tanh(a), b), 0.2),
    Rule("kron({0}, {1})", "ee", ("kk", "nn"), np.kron, 1), Rule("kron({0}, {1})", "ee", ("nk", "kn"), np.kron, 1),
    Rule("kron({0}, {1})", "ek", ("nk", "k"), lambda a, x: np.kron(a, x[:, None]), 0.0),
)  # fmt: skip

_REDUCTIONS: tuple[tuple[str, Value, float], ...] = (
    ("sum({0}, axis=%s)", np.sum, 1), ("mean({0}, axis=%s)", np.mean, 0.7), ("max({0}, axis=%s)", np.max, 0.5),
    ("min({0}, axis=%s)", np.min, 0.3), ("var({0}, axis=%s)", np.var, 0.4), ("std({0}, axis=%s)", np.std, 0.2),
    ("logsumexp({0}, axis=%s)", _lse, 0.6), ("norm({0}, axis=%s)", _norm, 0.5), ("norm1({0}, axis=%s)", _norm1, 0.2),
    ("norminf({0}, axis=%s)", _norminf, 0.2), ("norm({0}, 3, axis=%s)", lambda a, **o: _norm(a, 3, **o), 0.2),
    ("prod({0}, axis=%s)", np.prod, 0.2),
    ("prod(1.5 + tanh({0}), axis=%s)", lambda a, **o: np.prod(1.5 + np.tanh(a), **o), 0.3),
)  # fmt: skip

_ALONG: tuple[tuple[str, Value, float], ...] = (
    ("softmax({0}, axis=%s)", _softmax, 0.5), ("log_softmax({0}, axis=%s)", lambda a, axis: a - _lse(a, axis, True), 0.3),
    ("normalize({0}, axis=%s)", lambda a, axis: a / _norm(a, 2, axis, True), 0.3), ("cumsum({0}, axis=%s)", np.cumsum, 0.3),
    ("({0} - mean({0}, axis=%s))", lambda a, axis: a - np.mean(a, axis, keepdims=True), 0.3),
    ("({0} / sum(exp({0}), axis=%s))", lambda a, axis: a / np.sum(np.exp(a), axis, keepdims=True), 0.2),
    ("({0} - max({0}, axis=%s))", lambda a, axis: a - np.max(a, axis, keepdims=True), 0.2),
    ("(({0} - mean({0}, axis=%s))/sqrt(var({0}, axis=%s) + 0.1))", lambda a, axis: (a - np.mean(a, axis, keepdims=True))
        / np.sqrt(np.var(a, axis, keepdims=True) + 0.1), 0.1),
)  # fmt: skip


def _with_axes() -> tuple[Rule, ...]:
    """What runs along the rows (axis 1) or down the columns (axis 0) of a matrix."""
    rules = []
    for template, value, weight in _REDUCTIONS:
        rules.append(Rule(template % 1, "I", ("IJ",), lambda a, f=value: f(a, axis=1), weight / 4))
        rules.append(Rule(template % -1, "I", ("IJ",), lambda a, f=value: f(a, axis=1), weight / 20))
        rules.append(Rule(template % 0, "'J", ("IJ",), lambda a, f=value: f(a, axis=0, keepdims=True), weight / 2))
        rules.append(Rule(f"({template % 0} . {{1}})", "", ("IJ", "J"), lambda a, x, f=value: f(a, axis=0) @ x, weight / 10))
        rules.append(Rule(f"({{1}} - {template % 0})", "J", ("IJ", "J"), lambda a, x, f=value: x - f(a, axis=0), weight / 20))
    for template, value, weight in _ALONG:
        for axis in (0, 1):
            text = template.replace("%s", str(axis))
            rules.append(Rule(text, "IJ", ("IJ",), lambda a, f=value, axis=axis: f(a, axis=axis), weight / 2))
    return tuple(rules)


_KINDS = ("", "I", "'I", "IJ")
RULES: tuple[Rule, ...] = (
    *(Rule(text, kind, (kind,), value, weight * 0.4) for text, value, weight in UNARY for kind in _KINDS),
    *(Rule(text, kind, (kind, kind), value, weight * 0.7) for text, value, weight in BINARY for kind in _KINDS),
    *_SCALARS, *_WRITTEN, *_BLOCKS, *_VECTORS, *_ROWS, *_MATRICES, *_with_axes(),
)  # fmt: skip

POSITIVE: tuple[tuple[str, Value], ...] = (
    ("log({0})", np.log), ("sqrt({0})", np.sqrt), ("(1/{0})", lambda x: 1 / x), ("({0} ** (3/2))", lambda x: x**1.5),
    ("({0} ** (-1))", lambda x: x**-1.0), ("log(1/{0})", lambda x: -np.log(x)), ("log10({0})", np.log10),
    ("sqrt({0} ** 2)", np.abs), ("abs({0})", np.abs), ("relu({0})", lambda x: np.maximum(x, 0)),
)  # fmt: skip
"""Functions of a positive variable."""

KNOWN: tuple[Rule, ...] = (
    Rule("sum(p)", "", ("p",), np.sum), Rule("norm(d)", "", ("d",), np.linalg.norm), Rule("(p' ones(n))", "", ("p",), np.sum),
    Rule("logdet(P)", "", ("P",), lambda a: np.linalg.slogdet(a)[1]), Rule("det(D)", "", ("D",), np.linalg.det),
    Rule("logdet(L)", "", ("L",), lambda a: np.log(np.linalg.det(a))), Rule("det(U)", "", ("U",), np.linalg.det),
    Rule("det(Q)^2", "", ("Q",), lambda q: np.linalg.det(q) ** 2),
    Rule("norm(Q x)", "", ("Q", "x"), lambda q, x: np.linalg.norm(q @ x)),
    Rule("(x' G y)", "", ("x", "G", "y"), lambda x, g, y: x @ g @ y), Rule("(d' d)", "", ("d",), lambda d: d @ d),
    Rule("(P^-1 x)", "n", ("P", "x"), np.linalg.solve), Rule("solve(L, y)", "n", ("L", "y"), np.linalg.solve),
    Rule("(U^-T x)", "n", ("U", "x"), lambda u, x: np.linalg.solve(u.T, x)), Rule("(D^-1 w)", "n", ("D", "w"), np.linalg.solve),
    Rule("diag(D)", "n", ("D",), np.diagonal), Rule("(Q' x)", "n", ("Q", "x"), lambda q, x: q.T @ x),
    Rule("inv(P)", "nn", ("P",), np.linalg.inv), Rule("inv(L)", "nn", ("L",), np.linalg.inv),
    Rule("Q'", "nn", ("Q",), np.transpose),
    Rule("(Q' Q)", "nn", ("Q",), lambda q: q.T @ q), Rule("inv(Q)", "nn", ("Q",), np.linalg.inv),
    Rule("(D^-1)", "nn", ("D",), np.linalg.inv),
    Rule("(L L')", "nn", ("L",), lambda a: a @ a.T), Rule("tril(L)", "nn", ("L",), np.tril),
    Rule("triu(L)", "nn", ("L",), np.triu),
    Rule("(Q X Q')", "nn", ("Q", "X"), lambda q, x: q @ x @ q.T), Rule("(D X D)", "nn", ("D", "X"), lambda d, x: d @ x @ d),
    Rule("G'", "nn", ("G",), np.transpose), Rule("S'", "nn", ("S",), np.transpose), Rule("(U^-1)", "nn", ("U",), np.linalg.inv),
    Rule("(V' V)", "kk", ("V",), lambda v: v.T @ v), Rule("(V V')", "mm", ("V",), lambda v: v @ v.T),
    Rule("(V z)", "m", ("V", "z"), np.matmul),
)  # fmt: skip
"""Terms of certain variables, about which something is known."""
