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
from matcalc.explanation.derivation import Derived, Equation
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
                result.append(f"{left} = {said(side.expression)}" + (f" | {side.reason}" if side.reason else ""))
                left = " "
    return result


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
        reader = Reader({**moved, **instead}, self.sizes, 200_000)
        for step in self.found.steps.steps:
            assert step.definition is not None
            reader.names[step.name] = reader.read(step.definition).reshape(_sizes(reader, step))
        return {name: value for name, value in reader.names.items() if name != "pi"}

    def check(self) -> int:
        """Every line; how many sides there were."""
        count = 0
        for section in self.found.sections:
            for line in section.lines:
                assert isinstance(line, Equation)
                wanted = self._left(line)
                for side in line.sides:
                    got = self._value(side.expression, line)
                    scale = 1 + float(np.max(np.abs(wanted), initial=0))
                    message = f"{expression(line.left)} = {said(side.expression)}"
                    np.testing.assert_allclose(np.squeeze(got), np.squeeze(wanted), 2e-5, 2e-6 * scale, err_msg=message)
                    count += 1
        return count

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
        reader = Reader({**self.values, **self.steps}, self.sizes, 200_000)
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
