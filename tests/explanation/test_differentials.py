"""Derivations by differentials: what they say, line by line, and that every line is true."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from zlib import crc32

import numpy as np
import pytest

import matcalc as mc
from matcalc.derivative import Derivative
from matcalc.errors import EvaluationError, MatcalcError, NotSupportedError
from matcalc.explanation.derivation import Derived, Equation, unmarked
from matcalc.explanation.differentials import Differentials
from matcalc.explanation.intermediates import Quantity
from matcalc.explanation.writing import said
from matcalc.language import tree
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Answer, Expression
from matcalc.output.text import expression
from matcalc.tensor import evaluate as evaluation
from matcalc.tensor.nodes import NamedCall, Node
from matcalc.verify.interpreter import value as interpreted
from matcalc.verify.stand_ins import stand_in
from tests.explanation.explaining import Case, examples
from tests.explanation.survey import reused_names
from tests.notation.values import Reader, TooLongError, _arranged, named
from tests.test_golden import PROBLEMS, Record, derivative, points

STEP = 1e-5


@pytest.fixture(autouse=True)
def _named_functions_have_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph's functions of whole arrays have the values that the reader takes for them."""
    original = evaluation._value

    def value(np_: Any, node: Node, args: list[Any], shape: tuple[int, ...], *rest: Any) -> Any:
        if not isinstance(node, NamedCall):
            return original(np_, node, args, shape, *rest)
        axes = sum(times * arg.order for times, arg in zip(node.orders, node.args, strict=True))
        return named(node.name, node.orders, tuple(args), shape[: len(shape) - axes])

    monkeypatch.setattr(evaluation, "_value", value)


def derived(text: str, wrt: str, where: str | None = None, **options: Any) -> tuple[Derived, list[Derivative]]:
    """The derivation for some variables, with their derivatives."""
    found = mc.diff(text, wrt=[name.strip() for name in wrt.split(",")], where=where, **options)
    assert isinstance(found, dict)
    derivatives = list(found.values())
    return of_derivatives(derivatives), derivatives


def of_derivatives(derivatives: list[Derivative]) -> Derived:
    """The derivation of derivatives of one expression."""
    problem = derivatives[0]._problem
    answers = [(each._path[0], each.answer) for each in derivatives]
    targets: dict[str, tree.Name] = {}
    for target, _ in answers:
        for node in tree.postorder(target):
            if isinstance(node, tree.Name) and node.name in problem.inference.symbols:
                targets.setdefault(node.name, node)
    return Differentials(problem, list(targets.values()), answers, derivatives[0]._options.symmetric).derived()


def lines(text: str, wrt: str, where: str | None = None) -> list[str]:
    """The equations as text, with their reasons after two bars."""
    result = []
    for section in derived(text, wrt, where)[0].sections:
        for line in section.lines:
            assert isinstance(line, Equation)
            left = expression(line.left)
            for side in line.sides:
                result.append(f"{left} = {said(side.expression)}" + (f" | {unmarked(side.reason)}" if side.reason else ""))
                left = " "
    return result


class Careful(Reader):
    """Near a matrix without an inverse, what it prints for one is rounding, another on each machine."""

    def inverse(self, node: notation.Inverse) -> Any:
        matrix = self.read(node.operand)
        if not np.all(np.isfinite(matrix)) or np.linalg.cond(matrix) > 1e7:
            raise EvaluationError("a matrix without an inverse")
        return super().inverse(node)


class Truth:
    """Evaluates both sides of the lines of a derivation at one point, in one direction."""

    def __init__(
        self, found: Derived, derivatives: list[Derivative], values: Mapping[str, Any], sizes: Mapping[str, int]
    ) -> None:
        self.found, self.sizes = found, sizes
        self.derivatives = {each.wrt: each for each in derivatives}
        self.values = {name: np.asarray(value, dtype=float) for name, value in values.items()}
        draw = np.random.default_rng(1)
        self.directions = {each.name: _direction(draw, self.values[each.name], each) for each in found.steps.variables}
        self.steps = self._all_steps(0.0)
        ahead, behind = self._all_steps(STEP), self._all_steps(-STEP)
        self.slopes = {name: (ahead[name] - behind[name]) / (2 * STEP) for name in self.steps}
        own = interpreted(derivatives[0]._problem.inference, self.values, sizes)
        np.testing.assert_allclose(np.squeeze(self.steps[found.steps.value.name]), np.squeeze(own), 1e-8, 1e-8)

    def _all_steps(self, distance: float, instead: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
        """The variables and the intermediate variables, at a distance in the direction."""
        moved = {name: value + distance * self.directions.get(name, 0) for name, value in self.values.items()}
        reader = Careful({**moved, **instead}, self.sizes, 200_000)
        self.terms = reader.defined
        for step in self.found.steps.steps:
            assert step.definition is not None
            if step.series is not None:
                for inner in step.series.steps.steps:
                    if inner.role != "entry":
                        _define_terms(reader, inner, _sum_of(step.definition))
            reader.names[step.name] = reader.read(step.definition).reshape(_sizes(reader, step))
        return {name: value for name, value in reader.names.items() if name != "pi"}

    def check(self) -> int:
        """Every line; how many sides there were."""
        count = 0
        series = {
            inner: _sum_of(step.definition) for step in self.found.steps.steps if step.series is not None and step.definition
            for inner in step.series.steps.steps
        }
        for section in self.found.sections:
            for line in section.lines:
                assert isinstance(line, Equation)
                if line.of and line.of[0] in series:
                    count += self._check_terms(line, series[line.of[0]])
                    continue
                wanted = self._left(line)
                for side in line.sides:
                    got = self._value(side.expression, line)
                    scale = 1 + float(np.max(np.abs(wanted), initial=0))
                    message = f"{expression(line.left)} = {said(side.expression)}"
                    np.testing.assert_allclose(np.squeeze(got), np.squeeze(wanted), 2e-5, 2e-6 * scale, err_msg=message)
                    count += 1
        return count

    def _check_terms(self, line: Equation, series: notation.IndexedSum) -> int:
        """A line about each term of a sum."""
        reader = self._reader()
        for _ in reader.terms(series):
            wanted = reader.read(line.left)
            for side in line.sides:
                assert not isinstance(side.expression, Answer)
                np.testing.assert_allclose(reader.read(side.expression), wanted, 2e-5, 2e-6, err_msg=said(side.expression))
        return len(line.sides)

    def _left(self, line: Equation) -> Any:
        if isinstance(line.left, notation.Element) and isinstance(line.left.operand, notation.Differential):
            return self._reader().read(line.left.operand)
        if not isinstance(line.left, notation.Partial):
            return self._reader().read(line.left)
        variable = line.left.variable
        names = {each.name for each in notation.postorder(variable) if isinstance(each, notation.Symbol)}
        every = self.derivatives.items()
        found = next((each for name, each in every if expression(variable) == name or {name} & names), None)
        if found is None:  # the answer is by a stack of variables
            return self._gradient(variable)
        raw = np.asarray(found.raw(dict(self.values), dict(self.sizes), stand_in))
        if _free_indices(line.left):
            return raw
        return _arranged(found, raw, self.sizes)

    def _gradient(self, variable: Expression) -> Any:
        """The derivative of the value by central differences, in numerator layout."""
        if isinstance(variable, notation.Stack):
            own = np.shape(self.steps[self.found.steps.value.name])
            parts = [np.reshape(self._gradient(block), (*own, -1)) for block in variable.blocks]
            return np.concatenate(parts, axis=-1)
        assert isinstance(variable, notation.Symbol)
        at, columns = self.values[variable.name], []
        for place in np.ndindex(at.shape):
            unit = np.zeros(at.shape)
            unit[place] = STEP
            both = [self._all_steps(0.0, {variable.name: at + sign * unit})[self.found.steps.value.name] for sign in (1, -1)]
            columns.append((both[0] - both[1]) / (2 * STEP))
        value = np.stack(columns, axis=-1).reshape((*np.shape(columns[0]), *at.shape))
        return value.T if value.ndim == 2 and not np.shape(columns[0]) else value

    def _reader(self) -> Reader:
        reader = Careful({**self.values, **self.steps}, self.sizes, 200_000)
        reader.defined = set(self.terms)
        reader.differentials = self.slopes
        return reader

    def _value(self, side: Expression | Answer, line: Equation) -> Any:
        reader = self._reader()
        body = side
        if isinstance(side, Answer):
            reader.define(side)
            body = side.body
        assert not isinstance(body, Answer)
        indices = _free_indices(line.left)
        if not indices:
            return reader.read(body)
        if isinstance(line.left, notation.Element):
            return reader.elements(body, indices, line.left.operand.shape.dims)
        assert isinstance(line.left, notation.Partial)
        arrays = [getattr(each, "operand", each) for each in (line.left.value, line.left.variable)]
        return reader.elements(body, indices, tuple(size for each in arrays for size in each.shape.dims))


def _free_indices(left: Expression) -> tuple[str, ...]:
    """The indices of a derivative that is written by elements."""
    if isinstance(left, notation.Element) and isinstance(left.operand, notation.Differential):
        return tuple(map(str, left.indices))
    if not isinstance(left, notation.Partial):
        return ()
    found = [str(each) for part in (left.value, left.variable) for each in getattr(part, "indices", ())]
    return tuple(each for each in found if not each.isdecimal())


def _sizes(reader: Reader, step: Quantity) -> tuple[int, ...]:
    return tuple(size.value(reader.sizes) for size in step.shape.dims)


def _sum_of(definition: Expression) -> notation.IndexedSum:
    """The sum over an index in a definition."""
    return next(node for node in notation.postorder(definition) if isinstance(node, notation.IndexedSum))


def _define_terms(reader: Reader, inner: Quantity, series: notation.IndexedSum) -> None:
    """The values of a step in each term."""
    assert inner.definition is not None
    assert isinstance(inner.symbol, notation.Element)
    assert isinstance(inner.symbol.operand, notation.Symbol)
    found = {}
    for _ in reader.terms(series):
        at = tuple(reader.place(index) for index in inner.symbol.indices)
        found[at] = reader.read(inner.definition).reshape(_sizes(reader, inner))
    ends = tuple(max(place) + 1 for place in zip(*found, strict=True))
    array = np.zeros((*ends, *_sizes(reader, inner)))
    for at, value in found.items():
        array[at] = value
    reader.names[inner.symbol.operand.name] = array
    reader.defined.add(inner.symbol.operand.name)


def _direction(draw: np.random.Generator, value: Any, variable: Quantity) -> Any:
    """A random direction in which the variable keeps its structure."""
    found = np.asarray(draw.normal(size=np.shape(value)))
    properties = variable.node.properties
    if properties & {"symmetric", "spd"}:
        found = found + found.T
    if "diagonal" in properties:
        found = np.diag(np.diagonal(found))
    if "lower_triangular" in properties:
        found = np.tril(found)
    if "upper_triangular" in properties:
        found = np.triu(found)
    return found


def check(found: Derived, derivatives: list[Derivative], seed: int, wanted: int = 1) -> int:
    """Every line at some points; how many sides of equations were compared."""
    usable = count = 0
    for values, sizes in points(derivatives[0], seed):
        with np.errstate(all="ignore"):
            try:
                truth = Truth(found, derivatives, values, sizes)
            except (MatcalcError, np.linalg.LinAlgError):
                continue
            arrays = [*truth.steps.values(), *truth.slopes.values()]
            if not all(np.isfinite(each).all() and np.max(np.abs(each), initial=0) < 1e4 for each in arrays):
                continue
            try:
                count += truth.check()
            except EvaluationError:  # a matrix without an inverse
                continue
        usable += 1
        if usable == wanted:
            return count
    pytest.skip("no usable point")


SCALAR_PROBLEMS = [each for each in PROBLEMS if each["order"] == 1 and " then " not in each["wrt"]]


@pytest.mark.parametrize("problem", [pytest.param(each, id=each["id"]) for each in SCALAR_PROBLEMS])
def test_every_line_of_the_corpus(problem: Record) -> None:
    result = derivative(problem)
    try:
        found = of_derivatives([result])
    except NotSupportedError:
        pytest.skip("not supported")
    try:
        assert check(found, [result], crc32(problem["id"].encode())) > 0
    except TooLongError:
        pytest.skip("too long to be read")


STANDARD: list[tuple[str, str, str | None, list[str]]] = [
    ("tr(A X B)", "X", None, [
        "y = tr(A X B)",
        "dy = tr(A dX B) | linear: A and B are constant",
        "  = tr(B A dX) | cyclic property of the trace: dX goes last",
        "∂y/∂X = B A | dy = tr(G dX) means ∂y/∂X = G, in numerator layout",
    ]),
    ("x' A x", "x", None, [
        "y = xᵀ A x",
        "dy = dxᵀ A x + xᵀ A dx | product rule: A is constant",
        "  = xᵀ Aᵀ dx + xᵀ A dx | a number is its own transpose",
        "  = xᵀ (A + Aᵀ) dx | collect the terms",
        "∂y/∂x = xᵀ (A + Aᵀ) | dy = g dx means ∂y/∂x = g",
    ]),
    ("||X w - y||^2", "w", None, [
        "u = X w - y",
        "C = ‖u‖²",
        "du = X dw | linear: X and y are constant; the differential of a constant is 0",
        "dC = 2 uᵀ du | d‖r‖² = d(rᵀ r) = 2 rᵀ dr",
        "dC = 2 uᵀ X dw | substitute du",
        "∂C/∂w = 2 uᵀ X | dC = g dw means ∂C/∂w = g",
        "  = 2 (X w - y)ᵀ X | substitute back",
    ]),
    ("norm(A X - B)^2", "X", "A: matrix(m, n), X: matrix(n, k), B: matrix(m, k)", [
        "U = A X - B",
        "y = ‖U‖_F²",
        "dU = A dX | linear: A and B are constant; the differential of a constant is 0",
        "dy = 2 tr(Uᵀ dU) | d‖R‖_F² = d tr(Rᵀ R) = 2 tr(Rᵀ dR)",
        "dy = 2 tr(Uᵀ A dX) | substitute dU",
        "∂y/∂X = 2 Uᵀ A | dy = tr(G dX) means ∂y/∂X = G, in numerator layout",
        "  = 2 (A X - B)ᵀ A | substitute back",
    ]),
    ("logdet(A + X X')", "X", None, [
        "U = A + X Xᵀ",
        "y = logdet(U)",
        "dU = dX Xᵀ + X dXᵀ | product rule: A is constant; the differential of a constant is 0",
        "dy = tr(U⁻¹ dU) | the differential of a log-determinant",
        "dy = tr(U⁻¹ (dX Xᵀ + X dXᵀ)) | substitute dU",
        "  = tr(U⁻¹ dX Xᵀ) + tr(U⁻¹ X dXᵀ) | multiply out",
        "  = tr(U⁻¹ dX Xᵀ) + tr(dX Xᵀ U⁻ᵀ) | a trace is that of the transpose",
        "  = tr(Xᵀ U⁻¹ dX) + tr(Xᵀ U⁻ᵀ dX) | cyclic property of the trace: dX goes last",
        "  = tr(Xᵀ (U⁻¹ + U⁻ᵀ) dX) | collect the terms",
        "∂y/∂X = Xᵀ (U⁻¹ + U⁻ᵀ) | dy = tr(G dX) means ∂y/∂X = G, in numerator layout",
        "  = Xᵀ ((A + X Xᵀ)⁻¹ + (A + X Xᵀ)⁻ᵀ) | substitute back",
    ]),
    ("det(X)", "X", None, [
        "y = det(X)",
        "dy = det(X) tr(X⁻¹ dX) | Jacobi's formula",
        "∂y/∂X = det(X) X⁻¹ | dy = tr(G dX) means ∂y/∂X = G, in numerator layout",
    ]),
    ("tr(A inv(X) B)", "X", None, [
        "U = X⁻¹",
        "y = tr(A U B)",
        "dU = -U dX U | from X X⁻¹ = I: dX X⁻¹ + X d(X⁻¹) = 0",
        "dy = tr(A dU B) | linear: A and B are constant",
        "  = tr(B A dU) | cyclic property of the trace: dU goes last",
        "dy = -tr(B A U dX U) | substitute dU",
        "  = -tr(U B A U dX) | cyclic property of the trace: dX goes last",
        "∂y/∂X = -U B A U | dy = tr(G dX) means ∂y/∂X = G, in numerator layout",
        "  = -X⁻¹ B A X⁻¹ | substitute back",
    ]),
    ("-y . log(softmax(z))", "z", None, [
        "u₁ = softmax(z)",
        "u₂ = log(u₁)",
        "C = -y·u₂",
        "du₁ = (diag(u₁) - u₁ u₁ᵀ) dz | the Jacobian of p = softmax(z) is diag(p) - p pᵀ",
        "du₂ = du₁ ⊘ u₁ | the derivative of log, entry by entry: df(z) = f′(z) ⊙ dz",
        "dC = -y·du₂ | linear: y is constant",
        "  = -yᵀ du₂ | the dot product as a product: a·b = aᵀ b",
        "dC = -yᵀ (du₁ ⊘ u₁) | substitute du₂",
        "  = -(y ⊘ u₁)ᵀ du₁ | aᵀ (b ⊙ c) = (a ⊙ b)ᵀ c",
        "  = -(y ⊘ u₁)ᵀ (diag(u₁) - u₁ u₁ᵀ) dz | substitute du₁",
        "  = (sum(y) u₁ᵀ - yᵀ) dz | multiply out",
        "∂C/∂z = sum(y) u₁ᵀ - yᵀ | dC = g dz means ∂C/∂z = g",
        "  = sum(y) softmax(z)ᵀ - yᵀ | substitute back",
    ]),
    ("u' f(W x + b)", "x", None, [
        "v₁ = W x + b",
        "v₂ = f(v₁)",
        "y = uᵀ v₂",
        "dv₁ = W dx | linear: W and b are constant; the differential of a constant is 0",
        "dv₂ = f′(v₁) ⊙ dv₁ | the derivative of f, entry by entry",
        "dy = uᵀ dv₂ | linear: u is constant",
        "dy = uᵀ (f′(v₁) ⊙ dv₁) | substitute dv₂",
        "  = (u ⊙ f′(v₁))ᵀ dv₁ | aᵀ (b ⊙ c) = (a ⊙ b)ᵀ c",
        "  = (u ⊙ f′(v₁))ᵀ W dx | substitute dv₁",
        "∂y/∂x = (u ⊙ f′(v₁))ᵀ W | dy = g dx means ∂y/∂x = g",
        "  = (u ⊙ f′(W x + b))ᵀ W | substitute back",
    ]),
    ("sum(A*exp(X B))", "X", None, [
        "U₁ = X B",
        "U₂ = exp(U₁)",
        "y = sum(A ⊙ U₂)",
        "dU₁ = dX B | linear: B is constant",
        "dU₂ = U₂ ⊙ dU₁ | the derivative of exp, entry by entry: df(z) = f′(z) ⊙ dz",
        "dy = sum(A ⊙ dU₂) | linear: A is constant",
        "  = tr(Aᵀ dU₂) | sum(A ⊙ B) = tr(Aᵀ B)",
        "dy = tr(Aᵀ (U₂ ⊙ dU₁)) | substitute dU₂",
        "  = tr((A ⊙ U₂)ᵀ dU₁) | tr(Aᵀ (B ⊙ C)) = tr((A ⊙ B)ᵀ C)",
        "  = tr((A ⊙ U₂)ᵀ dX B) | substitute dU₁",
        "  = tr(B (A ⊙ U₂)ᵀ dX) | cyclic property of the trace: dX goes last",
        "∂y/∂X = B (A ⊙ U₂)ᵀ | dy = tr(G dX) means ∂y/∂X = G, in numerator layout",
        "  = B (A ⊙ exp(X B))ᵀ | substitute back",
    ]),
    ("a' X' X b", "X", None, [
        "y = aᵀ Xᵀ X b",
        "dy = aᵀ dXᵀ X b + aᵀ Xᵀ dX b | product rule: a and b are constant",
        "  = tr(aᵀ dXᵀ X b) + tr(aᵀ Xᵀ dX b) | a number is its own trace",
        "  = tr(bᵀ Xᵀ dX a) + tr(aᵀ Xᵀ dX b) | a trace is that of the transpose",
        "  = tr(a bᵀ Xᵀ dX) + tr(b aᵀ Xᵀ dX) | cyclic property of the trace: dX goes last",
        "  = tr((a bᵀ + b aᵀ) Xᵀ dX) | collect the terms",
        "∂y/∂X = (a bᵀ + b aᵀ) Xᵀ | dy = tr(G dX) means ∂y/∂X = G, in numerator layout",
    ]),
    ("(x' A x)/(x' x)", "x", None, [
        "u₁ = xᵀ A x",
        "u₂ = xᵀ x",
        "y = u₁/u₂",
        "du₁ = dxᵀ A x + xᵀ A dx | product rule: A is constant",
        "  = xᵀ Aᵀ dx + xᵀ A dx | a number is its own transpose",
        "  = xᵀ (A + Aᵀ) dx | collect the terms",
        "du₂ = dxᵀ x + xᵀ dx | product rule",
        "  = xᵀ dx + xᵀ dx | a number is its own transpose",
        "  = 2 xᵀ dx | collect the terms",
        "dy = du₁/u₂ - u₁ du₂ / u₂² | quotient rule",
        "dy = xᵀ (A + Aᵀ) dx / u₂ - 2 u₁ xᵀ dx / u₂² | substitute du₁ and du₂",
        "  = (u₂ (A + Aᵀ) x - 2 u₁ x)ᵀ dx / u₂² | collect the terms",
        "∂y/∂x = (u₂ (A + Aᵀ) x - 2 u₁ x)ᵀ / u₂² | dy = g dx means ∂y/∂x = g",
        "  = ((xᵀ x) (A + Aᵀ) x - 2 (xᵀ A x) x)ᵀ / (xᵀ x)² | substitute back",
        "  = ((A + Aᵀ) x - (2 xᵀ A x / ‖x‖²) x)ᵀ / ‖x‖² | simplify",
    ]),
    ("A X B", "X", None, [
        "Y = A X B",
        "dY = A dX B | linear: A and B are constant",
        "vec(dY) = (Bᵀ ⊗ A) vec(dX) | vec(A Z B) = (Bᵀ ⊗ A) vec(Z)",
        "∂vec(Y)/∂vec(X)ᵀ = Bᵀ ⊗ A | vec(dY) = J vec(dX) means ∂vec(Y)/∂vec(X)ᵀ = J",
    ]),
    ("tr(X^3)", "X", None, [
        "y = tr(X³)",
        "dy = tr(dX X² + X dX X + X² dX) | product rule",
        "  = tr(dX X²) + tr(X dX X) + tr(X² dX) | multiply out",
        "  = tr(X² dX) + tr(X² dX) + tr(X² dX) | cyclic property of the trace: dX goes last",
        "  = 3 tr(X² dX) | collect the terms",
        "∂y/∂X = 3 X² | dy = tr(G dX) means ∂y/∂X = G, in numerator layout",
    ]),
    ("tr(A S)", "S", "S: symmetric(n)", [
        "y = tr(A S)",
        "dy = tr(A dS) | linear: A is constant",
        "  = tr(Aᵀ dS) | dS is symmetric",
        "∂y/∂S = (1/2) (A + Aᵀ) | dS is symmetric: tr(G dS) = tr((G + Gᵀ)/2 dS)",
    ]),
    ("w.x + b", "w, b", None, [
        "y = w·x + b",
        "dy = dw·x + db | linear: x is constant",
        "  = xᵀ dw + db | the dot product as a product: a·b = bᵀ a",
        "∂y/∂w = xᵀ | dy = g dw means ∂y/∂w = g",
        "∂y/∂b = 1 | the coefficient of db",
    ]),

]


@pytest.mark.parametrize(("text", "wrt", "where", "wanted"), [pytest.param(*each, id=each[0]) for each in STANDARD])
def test_lines(text: str, wrt: str, where: str | None, wanted: list[str]) -> None:
    assert lines(text, wrt, where) == wanted


OTHERS: list[tuple[str, str, str | None]] = [
    ("-y . log(softmax(W x + b))", "W, b", None),
    ("||X W V - Y||^2", "W, V", "X: matrix(N, d), W: matrix(d, h), V: matrix(h, k), Y: matrix(N, k)"),
    ("1/2*||X w - y||^2 + lam/2*||w||^2", "w, lam", None),
    ("sum(max(0, 1 - y*(X w + b))) + lam*||w||^2", "w, b", None),
    ("z = W x + b; r = relu(z); u . r", "W, b, x, u", None),
    ("a' W' tanh(V x)", "W, V, x, a", None),
    ("W x + b", "W, b, x", None),
    ("A X + X B", "X, A", "A, B, X: matrix(n, n)"),
    ("A sin(X B)", "X", "A: matrix(m, n)"),
    ("exp(-t) x", "t, x", "x: vector(n), t: scalar"),
    ("v A", "v, A", "v: row(m), A: matrix(m, n)"),
    ("v A x", "v, x, A", "v: row(m), x: vector(n)"),
    ("sum(diag(x) A)", "x, A", None),
    ("x[1]*sum(x^2) + t*x[2]", "x, t", "x: vector(n), t: scalar"),
    ("logdet(S) - tr(S A)", "S", "S: spd(n)"),
    ("tr(A D B)", "D", "D: diagonal(n), A, B: matrix(n, n)"),
    ("tr(A L B)", "L", "L: lower_triangular(n), A, B: matrix(n, n)"),
    ("tr(A S)", "S", "S: symmetric(n)"),
    ("sum(cumsum(x)*a)", "x", "x: vector(n)"),
    ("sum(tril(X)*A)", "X", "X: matrix(n, n)"),
    ("x'x", "x", None), ("a.x", "x", None), ("vec(X)' vec(A)", "X", None),
    ("tr(kron(A, X))", "X", "A: matrix(n, n), X: matrix(m, m)"),
    ("sum(G*(X W + b'))", "X, W, b", "X: matrix(N, n), W: matrix(n, h), b: vector(h), G: matrix(N, h)"),
    ("mean((X w - y)^2)", "w, X", None),
    ("log(1 + exp(w.x + b))", "w, b", None),
    ("norm(X)/tr(X)", "X", "X: matrix(n, n)"),
    ("norm(x, 3)", "x", "x: vector(n)"),
    ("[X; A] w", "X, w", "X: matrix(m, n), A: matrix(k, n), w: vector(n)"),
    ("sum((y_i - w.X_i)^2 for i in 1..N)", "w, X", None),
    ("sum(log(1 + exp(-y_i*(w.X_i))) for i in 1..N)", "w", None),
    ("sum(r[i]*(X_i - mu)' P (X_i - mu) for i in 1..N)", "mu, r, P", None),
    ("sum(softmax(W X[i]) . y for i in 1..N)", "W", None),
    ("sum((x[i+1] - x[i])^2 for i in 1..n-1)", "x", None), ("sum_{i<j} (x_i - x_j)^2", "x", None),
    ("1/N*sum((max(0, w.X_i + b) - y_i)^2 for i in 1..N) + lam*||w||^2", "w, b", None),
    ("sum(c for i in 1..k) * sum(x)", "c, x", "c: scalar, x: vector(n)"),
    ("S - r + v", "r, S, v", "S: matrix(m, n), r: row(n), v: vector(m)"),
    ("max(r, X)", "r, X", "X: matrix(m, n), r: row(n)"),
    ("prod(z[k-i+1] for i in 1..k) * sum(z^3)", "z", "z: vector(k)"),
    ("w . diag(A X)", "X, w", "w: vector(n)"),
    ("5", "x", "x: scalar"), ("x", "x", "x: vector(n)"), ("a", "x", "x: vector(n), a: vector(m)"),
]


@pytest.mark.parametrize(("text", "wrt", "where"), [pytest.param(*each, id=each[0]) for each in OTHERS])
def test_every_line_of_others(text: str, wrt: str, where: str | None) -> None:
    found, derivatives = derived(text, wrt, where)
    assert check(found, derivatives, crc32(text.encode()), wanted=2) > 0


SHARED = [*(each for each in examples() if "max(c*p[" not in each.text), *reused_names(12, 4)]
"""The problems on which the steps are checked too, and some whose names are used again."""


@pytest.mark.parametrize("case", [pytest.param(each, id=str(each)[:60]) for each in SHARED])
def test_every_line_of_the_shared_examples(case: Case) -> None:
    found = mc.diff(case.text, wrt=case.names, where=case.where, dialect=case.dialect)
    assert isinstance(found, dict)
    derivatives = [found[name] for name in case.names]
    assert check(of_derivatives(derivatives), derivatives, crc32(str(case).encode())) > 0


def test_numbers_that_depend_on_the_index_stay_in_the_sum() -> None:
    """In d of Σᵢ (y·wᵢ) Xᵢ the number yᵢ must not go to the front."""
    shown = lines("sum(y_i*(w.X_i)*X_i for i in 1..m)", "w", "X: matrix(m, n), y: vector(m), w: vector(n)")
    assert "df = Σᵢ yᵢ (dw·Xᵢ) Xᵢ | substitute duᵢ" in shown


@pytest.mark.parametrize("symmetric", ["space", "independent", "unconstrained"])
def test_structure(symmetric: str) -> None:
    """A derivative by a symmetric matrix ends with the answer of its kind."""
    found, derivatives = derived("tr(A S B S)", "S", "S: symmetric(n), A, B: matrix(n, n)", symmetric=symmetric)
    last = found.sections[-1].lines[-1]
    assert isinstance(last, Equation)
    assert said(last.sides[-1].expression) == str(derivatives[0])
    assert check(found, derivatives, 5) > 0


def test_refusals() -> None:
    """What is not supported says so."""
    with pytest.raises(NotSupportedError, match="a variable called dx, beside x"):
        derived("dx = x + 1; sum(dx*x)", "x", "x: vector(n)")
    with pytest.raises(NotSupportedError, match="names for parts of an element"):
        derived("max(c*p[n-i+1]^2 + y[i] for i in 1..n)", "c, p", "c: scalar, p, y: vector(n)")
    with pytest.raises(NotSupportedError, match="negative power"):
        derived("tr(X^(-k))", "X", "X: matrix(n, n)")
    with pytest.raises(NotSupportedError, match="negative power"):
        derived("X^(1 - rows(X))", "X", "X: matrix(n, n)")
