"""The value of a printed expression: what a reader with pencil and paper would compute, node by node.

Arrays are as on paper: columns n×1, rows 1×n. Nothing here looks at the tensor graph.
"""

from __future__ import annotations

import functools
import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from matcalc.derivative import Derivative
from matcalc.notation import matrix as m
from matcalc.notation.matrix import Answer, Expression
from matcalc.verify.stand_ins import stand_in

_erf = np.vectorize(math.erf, otypes=[float])


def _softmax(x: Any) -> Any:
    powers = np.exp(x - np.max(x))
    return powers / powers.sum()


def _expm(a: Any) -> Any:
    total = term = np.eye(len(a))
    for k in range(1, 25):
        term = term @ a / (2**8 * k)
        total = total + term
    return np.linalg.matrix_power(total, 2**8)


def _logsumexp(x: Any) -> Any:
    return np.log(np.exp(x).sum())


def _polygamma(order: int, x: Any) -> Any:
    from mpmath import polygamma

    return np.vectorize(lambda value: float(polygamma(order, value)), otypes=[float])(x)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "tan": np.tan, "tanh": np.tanh, "sinh": np.sinh,
    "cosh": np.cosh, "arctan": np.arctan, "abs": np.abs, "sign": np.sign, "sqrt": np.sqrt, "erf": _erf,
    "max": lambda *each: functools.reduce(np.maximum, each), "min": lambda *each: functools.reduce(np.minimum, each),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "softplus": lambda x: np.log1p(np.exp(x)), "relu": lambda x: np.maximum(x, 0),
    "step": lambda x: (x > 0) * 1.0, "where": lambda c, a, b: np.where(c != 0, a, b), "sum": np.sum,
    "tr": lambda a: np.trace(np.atleast_2d(a)),
    "mean": np.mean, "std": np.std, "var": np.var, "norm1": lambda x: np.abs(x).sum(),
    "det": np.linalg.det, "logdet": lambda a: np.linalg.slogdet(a)[1], "softmax": _softmax, "logsumexp": _logsumexp,
    "arcsin": np.arcsin, "arccos": np.arccos, "arctanh": np.arctanh, "arcsinh": np.arcsinh, "atan2": np.arctan2,
    "prod": np.prod, "amax": np.max, "amin": np.min, "pinv": np.linalg.pinv, "tril": np.tril, "triu": np.triu,
    "e_argmax": lambda x: np.reshape(np.arange(x.size) == np.argmax(x), x.shape), "clip": np.clip,
    "cumsum": lambda x: np.cumsum(x).reshape(x.shape), "vec": lambda a: a.reshape(-1, 1, order="F"),
    "skew": lambda a: np.cross(a.reshape(-1), np.eye(3), axisb=0, axisc=0),
    "cross": lambda a, b: np.cross(a.reshape(-1), b.reshape(-1)).reshape(-1, 1),
    "hypot": np.hypot, "expm1": np.expm1, "log1p": np.log1p, "log2": np.log2, "log10": np.log10, "square": np.square,
    "reciprocal": lambda x: 1 / x, "pow": np.power, "sec": lambda x: 1 / np.cos(x), "csc": lambda x: 1 / np.sin(x),
    "cot": lambda x: 1 / np.tan(x), "gamma": np.vectorize(math.gamma, otypes=[float]), "arccosh": np.arccosh,
    "silu": lambda x: x / (1 + np.exp(-x)), "gelu": lambda x: x * (1 + _erf(x / np.sqrt(2))) / 2,
    "softsign": lambda x: x / (1 + np.abs(x)), "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "leaky_relu": lambda x: np.where(x > 0, x, x / 100), "loggamma": np.vectorize(math.lgamma, otypes=[float]),
    "digamma": lambda x: _polygamma(0, x), "trigamma": lambda x: _polygamma(1, x), "outer": np.outer,
    "dot": np.vdot, "kron": np.kron, "norm": lambda x: np.sqrt(np.sum(x * x)),
    "log_softmax": lambda x: x - _logsumexp(x), "normalize": lambda x: x / np.sqrt(np.sum(x * x)), "solve": np.linalg.solve,
    "expm": _expm,
    "matrix_power": lambda a, k: np.linalg.matrix_power(a, round(float(k))),
    "normp": lambda x, p: np.sum(np.abs(x) ** p) ** (1 / p), "norminf": lambda x: np.abs(x).max(),
}  # fmt: skip
SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    ">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal, "==": np.equal, "!=": np.not_equal,
}


def named(name: str, orders: tuple[int, ...], operands: tuple[Any, ...], value: tuple[int, ...]) -> Any:
    """A stand-in for a function of arrays, with the axes of the value, then those of the operands differentiated by.

    Each element of the value is the sine of a linear form of all elements of the operands.
    """
    arrays = [np.asarray(operand, dtype=float) for operand in operands]
    result = np.empty((*value, *(size for times, array in zip(orders, arrays, strict=True) for size in array.shape * times)))
    for at in itertools.product(*map(range, value)):
        forms = []
        angle = 0.3 + sum(orders) * np.pi / 2
        for number, array in enumerate(arrays):
            seed = [len(name), ord(name[0]), number, *at]
            forms.append(np.random.default_rng(seed).uniform(0.5, 1.5, array.shape))
            angle += np.sum(forms[-1] * array)
        slopes: Any = np.sin(angle)
        for times, form in zip(orders, forms, strict=True):
            for _ in range(times):
                slopes = np.multiply.outer(slopes, form)
        result[at] = slopes
    return result


class TooLongError(Exception):
    """To read it takes too long."""


class Reader:
    """Computes with numbers for the variables (as arrays of their axes), the dimensions and, while it reads, the indices."""

    def __init__(self, values: Mapping[str, Any], sizes: Mapping[str, int], budget: float = math.inf) -> None:
        self.budget = budget
        """How many nodes it reads before it gives up."""
        self.sizes = sizes
        self.names: dict[str, Any] = {"pi": np.pi, **values}
        self.differentials: dict[str, Any] = {}
        """Values for dX, by the name of X."""
        self.indices: dict[str, int] = {}
        self.defined: set[str] = set()

    def define(self, answer: Answer) -> None:
        """Work out the names of an answer."""
        for left, meaning in answer.definitions:
            if isinstance(left, m.Element):
                assert isinstance(left.operand, m.Symbol)
                self.names[left.operand.name] = self.elements(meaning, left.indices, left.operand.shape.dims)
            else:
                self.names[left.name] = self.read(meaning)
                self.defined.add(left.name)

    def elements(
        self, expr: Expression, names: tuple[m.Subscript, ...], sizes: tuple[Any, ...],
        places: Sequence[tuple[int, ...]] | None = None,
    ) -> Any:
        """The array with these elements; if only some `places` are asked for, the others are 0."""
        shape = tuple(size.value(self.sizes) for size in sizes)
        result = np.zeros(shape)
        before = dict(self.indices)
        for at in itertools.product(*map(range, shape)) if places is None else places:
            self.indices |= dict(zip(map(str, names), (position + 1 for position in at), strict=True))
            value = self.read(expr)
            assert np.size(value) == 1
            result[at] = np.squeeze(value)
        self.indices = before
        return result

    def place(self, name: m.Subscript) -> Any:
        """Where an index points to, from 0."""
        if isinstance(name, m.Place):
            at = sum(count * self.indices[index] for index, count in name.terms) + name.offset.value(self.sizes)
            assert at > 0, "an entry that does not exist"
            return at - 1
        if not isinstance(name, str):
            return name.value(self.sizes) - 1
        if name == ":":
            return slice(None)
        if not name.isalnum():
            return self.count(name) - 1
        return int(name) - 1 if name.isdecimal() else self.indices[name] - 1

    def shape(self, node: Expression) -> tuple[int, ...]:
        """Rows and columns."""
        dims = [size.value(self.sizes) for size in node.shape.dims]
        return {"scalar": (), "vector": (*dims, 1), "row": (1, *dims), "matrix": tuple(dims)}[node.shape.kind]

    def read(self, node: Expression) -> Any:
        """The value of an expression."""
        self.budget -= 1
        if self.budget < 0:
            raise TooLongError
        value = np.asarray(getattr(self, type(node).__name__.lower())(node), dtype=float)
        if node.shape.kind == "scalar":
            assert value.size == 1, (type(node).__name__, value.shape)
            return value.reshape(())
        if not isinstance(node, m.Kronecker | m.Commutation | m.MatMul | m.Product | m.Sum | m.Diagonal) and not value.shape:
            return np.full(self.shape(node), value)
        return value

    def symbol(self, node: m.Symbol) -> Any:
        value = np.asarray(self.indices[node.name] if node.name in self.indices else self.names[node.name], dtype=float)
        written = len(node.shape.dims) > 2 or node.name in self.defined
        return value if written else value.reshape(self.shape(node))

    def differential(self, node: m.Differential) -> Any:
        if isinstance(node.operand, m.Element):
            assert isinstance(node.operand.operand, m.Symbol)
            array = np.asarray(self.differentials[node.operand.operand.name], dtype=float)
            return array[tuple(self.place(each) for each in node.operand.indices)].reshape(self.shape(node))
        assert isinstance(node.operand, m.Symbol)
        return np.asarray(self.differentials[node.operand.name], dtype=float).reshape(self.shape(node))

    def number(self, node: m.Number) -> Any:
        return float(node.value)

    def size(self, node: m.Size) -> Any:
        return node.size.value(self.sizes)

    def identity(self, node: m.Identity) -> Any:
        return np.eye(self.shape(node)[0])

    def ones(self, node: m.Ones) -> Any:
        return np.ones(self.shape(node))

    def zeros(self, node: m.Zeros) -> Any:
        return np.zeros(self.shape(node))

    def unit(self, node: m.Unit) -> Any:
        at = self.place(node.position) if isinstance(node.position, str) else node.position.value(self.sizes) - 1
        return np.eye(self.shape(node)[0])[:, [at]]

    def sum(self, node: m.Sum) -> Any:
        return sum((self.read(term) for term in node.terms), np.zeros(()))

    def product(self, node: m.Product) -> Any:
        value: Any = float(node.coefficient)
        excluded = any(isinstance(factor, m.Indicator | m.Delta) and not np.any(self.read(factor)) for factor in node.factors)
        if excluded and not any(isinstance(part, m.Kronecker | m.Commutation) for part in m.postorder(node)):
            return np.zeros(self.shape(node))  # what an Iverson bracket or δ excludes need not exist
        for factor in node.factors:
            value = value * self.read(factor)
        for divisor in node.divisors:
            value = value / self.read(divisor)
        return value

    def matmul(self, node: m.MatMul) -> Any:
        value = self.read(node.factors[0])
        for factor in node.factors[1:]:
            value = value @ self.read(factor)
        return value

    def dot(self, node: m.Dot) -> Any:
        return self.read(node.left).T @ self.read(node.right)

    def hadamard(self, node: m.Hadamard) -> Any:
        value: Any = np.ones(())
        for factor in node.factors:
            value = value * self.read(factor)
        for divisor in node.divisors:
            value = value / self.read(divisor)
        return value

    def transpose(self, node: m.Transpose) -> Any:
        return self.read(node.operand).T

    def inverse(self, node: m.Inverse) -> Any:
        return np.linalg.inv(self.read(node.operand))

    def power(self, node: m.Power) -> Any:
        return self.read(node.base) ** self.read(node.exponent)

    def matrixpower(self, node: m.MatrixPower) -> Any:
        exponent = node.exponent if isinstance(node.exponent, int) else round(float(self.read(node.exponent)))
        return np.linalg.matrix_power(self.read(node.base), exponent)

    def _at(self, body: Expression, variable: m.Symbol, value: float) -> Any:
        """A body where its bound variable has a value."""
        assert variable.name not in self.names, "a bound variable hides another one"
        self.names[variable.name] = value
        found = self.read(body)
        del self.names[variable.name]
        return found

    def boundedsum(self, node: m.BoundedSum) -> Any:
        terms = [self._at(node.body, node.variable, r) for r in range(round(float(self.read(node.upper))) + 1)]
        return sum(terms, np.zeros(np.shape(terms[0]) if terms else ()))

    def integral(self, node: m.Integral) -> Any:
        points, weights = np.polynomial.legendre.leggauss(40)
        return sum(
            weight / 2 * self._at(node.body, node.variable, (1 + point) / 2)
            for point, weight in zip(points, weights, strict=True)
        )

    def diagonal(self, node: m.Diagonal) -> Any:
        value = self.read(node.operand)
        return np.diagonal(value)[:, None] if node.operand.shape.kind == "matrix" else np.diag(value.reshape(-1))

    def function(self, node: m.Function) -> Any:
        operands = [self.read(operand) for operand in node.operands]
        if node.name == "unvec":
            return operands[0].reshape(self.shape(node), order="F")
        if node.axis is None:
            return FUNCTIONS[node.name](*operands)
        lines = operands[0] if node.axis == 1 else operands[0].T
        values = np.array([np.reshape(FUNCTIONS[node.name](line, *operands[1:]), -1) for line in lines])
        values = values if node.axis == 1 else values.T
        return values if node.shape.kind == "matrix" else values.reshape(self.shape(node))

    def norm(self, node: m.Norm) -> Any:
        return np.sqrt(np.sum(self.read(node.operand) ** 2))

    def comparison(self, node: m.Comparison) -> Any:
        return SIGNS[node.sign](self.read(node.left), self.read(node.right)) * 1.0

    def indicator(self, node: m.Indicator) -> Any:
        return self.read(node.condition)

    def conjunction(self, node: m.Conjunction) -> Any:
        return float(all(self.read(part) for part in node.parts))

    def cases(self, node: m.Cases) -> Any:
        holding = [value for value, when in node.branches if when is not None and self.read(when)]
        if not holding and node.branches[-1][1] is None:
            holding = [node.branches[-1][0]]
        assert len(holding) == 1, "cases are complete and exclude each other"
        return self.read(holding[0])

    def stack(self, node: m.Stack) -> Any:
        return np.concatenate([np.atleast_2d(self.read(block)) for block in node.blocks], axis=node.axis)

    def kronecker(self, node: m.Kronecker) -> Any:
        value = self.read(node.factors[0])
        for factor in node.factors[1:]:
            value = np.kron(value, self.read(factor))
        return value

    def commutation(self, node: m.Commutation) -> Any:
        rows, columns = self.shape(node)
        result = np.zeros((rows * columns, rows * columns))
        for i, j in itertools.product(range(rows), range(columns)):
            result[i * columns + j, j * rows + i] = 1  # entry (j, i) of Xᵀ is entry (i, j) of X
        return result

    def unknown(self, node: m.Unknown) -> Any:
        return stand_in(node.name, node.orders, [self.read(operand) for operand in node.operands])

    def _operands(self, node: m.Named | m.NamedElement) -> tuple[Any, ...]:
        values = [self.read(operand) for operand in node.operands]
        return tuple(
            value.reshape(-1) if operand.shape.kind in ("vector", "row") else value
            for value, operand in zip(values, node.operands, strict=True)
        )

    def named(self, node: m.Named) -> Any:
        operands = self._operands(node)
        orders = tuple(node.by.count(k) for k, _ in enumerate(operands, 1))
        dims = [size.value(self.sizes) for size in node.shape.dims]
        axes = sum(np.ndim(operand) * times for operand, times in zip(operands, orders, strict=True))
        found = named(node.name, orders, operands, tuple(dims[: len(dims) - axes]))
        return found.reshape(self.shape(node))

    def namedelement(self, node: m.NamedElement) -> Any:
        operands = self._operands(node)
        orders = tuple(sum(operand == k for operand, _ in node.by) for k, _ in enumerate(operands))
        value = tuple(self.place(name) for name in node.value)
        found = named(node.name, orders, operands, tuple(at + 1 for at in value))
        by = [self.place(name) for _, names in node.by for name in names]
        return found[(*value, *by)]

    def positions(self, node: m.Positions) -> Any:
        return np.arange(1.0, 1 + self.shape(node)[0]).reshape(-1, 1)

    def position(self, node: m.Position) -> Any:
        return self.indices[node.index]

    def part(self, node: m.Part) -> Any:
        first, last = (position.value(self.sizes) for position in node.range)
        operand = self.read(node.operand)
        return operand[first - 1 : last] if node.axis == 0 else operand[:, first - 1 : last]

    def element(self, node: m.Element) -> Any:
        operand = self.read(node.operand)
        if node.operand.shape.kind in ("vector", "row"):
            operand = operand.reshape(-1)
        found = operand[tuple(self.place(name) for name in node.indices)]
        return found.reshape(-1, 1) if node.shape.kind == "vector" else found

    def levicivita(self, node: m.LeviCivita) -> Any:
        i, j, k = map(self.place, node.indices)
        return (i - j) * (j - k) * (k - i) / 2

    def delta(self, node: m.Delta) -> Any:
        i, j = map(self.place, node.indices)
        return float(i == j)

    def indexedsum(self, node: m.IndexedSum) -> Any:
        if node.bounds or node.conditions or node.function != "sum":
            return self.series(node)
        names = tuple(name for name, _ in node.indices)
        assert not set(names) & set(self.indices), "a bound index hides another one"
        return self.elements(node.body, names, tuple(size for _, size in node.indices)).sum()


    def count(self, text: str) -> int:
        """A position or a bound as it was written: `n - i + 1`."""
        return int(eval(text, {}, {**self.sizes, **self.indices}))

    def terms(self, node: m.IndexedSum, depth: int = 0) -> Iterator[None]:
        """Goes through the terms: the indices have their values."""
        if depth < len(node.indices):
            name, size = node.indices[depth]
            bounds = node.bounds[depth] if node.bounds else ()
            low, high = map(self.count, bounds) if bounds else (1, size.value(self.sizes))
            for at in range(low, high + 1):
                self.indices[name] = at
                yield from self.terms(node, depth + 1)
            self.indices.pop(name, None)
        elif all(SIGNS[sign](self.count(left), self.count(right)) for left, sign, right in node.conditions):
            yield

    def series(self, node: m.IndexedSum) -> Any:
        """A sum, product or so as somebody wrote it, with bounds and conditions."""
        found = [self.read(node.body) for _ in self.terms(node)]
        return getattr(np, node.function)(np.array(found), axis=0) if found else np.zeros(())


def check_printed(
    found: Derivative, values: Mapping[str, Any], sizes: Mapping[str, int], raw: Any, draw: random.Random | None = None,
    budget: float = math.inf,
) -> None:
    """The printed answer, and the element printed beside it, have the value `raw` of the derivative.

    With `draw`, a long array of elements is compared at some places only.

    Raises:
        TooLongError: there are more than `budget` nodes to read.
    """
    answer = found.answer
    reader = Reader(values, sizes, budget)
    reader.define(answer)
    dims = (*found._rows.dims, *(size for shape in found._columns for size in shape.dims))
    places = None
    if draw is not None and raw.size > 8:
        places = [tuple(draw.randrange(length) for length in raw.shape) for _ in range(8)]

    def compare_elements(each: Reader, expr: Expression, names: tuple[m.Subscript, ...]) -> None:
        got = each.elements(expr, names, dims, places)
        at = tuple(np.transpose(places)) if places is not None else ...
        np.testing.assert_allclose(got[at], raw[at], 1e-9, 1e-9 * _size(raw))

    if answer.element is not None:
        names, element = answer.element
        compare_elements(Reader(values, sizes, budget), element, names)
    if answer.indices:
        compare_elements(reader, answer.body, answer.indices)
        return
    got, wanted = reader.read(answer.body), _arranged(found, raw, sizes)
    if got.ndim < 2 or wanted.ndim < 2:
        got, wanted = np.broadcast_to(np.squeeze(got), np.squeeze(wanted).shape), np.squeeze(wanted)
    np.testing.assert_allclose(got, wanted, 1e-9, 1e-9 * _size(raw))


def _size(raw: Any) -> float:
    return max(1.0, float(np.max(np.abs(raw), initial=0.0)))


def _arranged(found: Derivative, raw: Any, sizes: Mapping[str, int]) -> Any:
    """The array as matrix notation says it."""
    outputs = len(found._rows.dims)
    if raw.ndim <= 2 and "vec" not in found.answer.note:
        return raw.transpose(found._arranged.axes).reshape([size.value(sizes) for size in found.shape])
    # columns are stacked: the row index of each is the faster one
    rows, columns = raw.shape[:outputs], raw.shape[outputs:]
    swapped = raw.transpose(*reversed(range(outputs)), *reversed(range(outputs, raw.ndim)))
    wanted = swapped.reshape(int(np.prod(rows)), int(np.prod(columns)))
    return wanted.T if found.layout == "denominator" else wanted
