"""Everything that is wrong with what matcalc says about a program."""

from __future__ import annotations

import random
import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sympy.matrices.exceptions import NonInvertibleMatrixError

import matcalc as mc
from matcalc.blocks import BlockHessian
from matcalc.calculus.simplify import Simplifier
from matcalc.derivative import Derivative, Expression
from matcalc.errors import EvaluationError, LimitError, MatcalcError, NotSupportedError
from matcalc.notation import matrix as notation
from matcalc.problem import Problem
from tests.differences import close
from tests.fuzzing.generate import Program, commuted
from tests.fuzzing.matlab import NotInMatlabError, matlab
from tests.fuzzing.printed import read_back
from tests.fuzzing.sympy_values import sympy_value
from tests.fuzzing.targets import Direction, Plan, direction
from tests.fuzzing.terms import ROUNDING, SHAPES, SIZES, Term, intermediates, kind_of, properties_of
from tests.notation.values import Reader, TooLongError, check_printed

Arrays = Mapping[str, Any]
STEP = 2e-3
_VALUES = re.compile("^wrong|another value|not verified|not symmetric")
"""Findings about numbers."""
_REFUSED = ("in a direction, by the matrix", "within a sum over an index", "the derivative of trigamma")
"""What is not supported, and said to be so."""

_NO_VALUE = "no value within"
_UNKNOWN = {"sin": "f", "cos": "g", "tanh": "h", "exp": "phi", "sigmoid": "psi"}
_KNOWN = re.compile(rf"(?<!\w)({'|'.join(_UNKNOWN)})\(")


@dataclass
class Finding:
    """A disagreement."""

    kind: str
    detail: str
    program: Program
    plan: Plan


def truth(body: Term, inputs: Arrays) -> Any:
    """The value by NumPy."""
    with np.errstate(all="ignore"):
        return np.asarray(body.value(inputs), dtype=float)


def usable(program: Program) -> dict[str, Any] | None:
    """Inputs at which the value is finite and not huge."""
    for attempt in range(4):
        inputs = program.inputs(attempt)
        try:
            value = truth(program.body, inputs)
        except np.linalg.LinAlgError:
            continue
        if np.all(np.isfinite(value)) and np.max(np.abs(value)) < 1e4:
            return inputs
    return None


def differences(function: Callable[[float], Any], step: float = STEP) -> tuple[Any, float]:
    """The derivative of a function of a number at 0, by central differences, and an estimate of its error."""
    rough, fine, finest = ((function(h) - function(-h)) / (2 * h) for h in (step, step / 2, step / 4))
    first, second = (4 * fine - rough) / 3, (4 * finest - fine) / 3
    best = (16 * second - first) / 15
    return best, float(np.max(np.abs(best - second), initial=0.0)) / max(1.0, float(np.max(np.abs(best), initial=0.0)))


def agrees(found: Any, function: Callable[[float], Any]) -> bool | None:
    """Whether `found` is the derivative of a function at 0; None where differences cannot tell.

    What looks wrong is differentiated again with other steps, and must look wrong in the same way.
    """
    with np.errstate(all="ignore"):
        wanted, error = differences(function)
        if not np.all(np.isfinite(wanted)) or not error <= 1e-7:
            return None
        if close(found, wanted):
            return True
        for step in (STEP / 3, STEP * 3):
            again, error = differences(function, step)
            if not error <= 1e-6 or not close(again, wanted, 3e-6):
                return None
        ahead, behind = (one_sided(function, side * STEP / 10) for side in (1, -1))
        return False if close(ahead, behind, 1e-3) else None


def one_sided(function: Callable[[float], Any], step: float) -> Any:
    """The derivative at 0 by values on one side, exact for polynomials of degree 2."""
    return (4 * function(step / 2) - function(step) - 3 * function(0.0)) / step


class Check:
    """The checks of one program by one plan."""

    def __init__(self, program: Program, plan: Plan, counts: Counter[str], inputs: dict[str, Any]) -> None:
        self.program, self.plan, self.counts = program, plan, counts
        self.inputs = inputs
        self.rows = {name for name, declared in SHAPES.items() if declared.startswith("row")}
        self.rows |= {each.name for each in intermediates(program.body) if kind_of(each.shape) == "row"}
        if plan.symmetric == "unconstrained":  # no structure that makes ties and zeros
            noise = np.random.default_rng(program.seed)
            moved = plan.names if plan.blocks else Plan(plan.steps[0]).names
            for name in sorted(moved & program.names):
                if properties_of(name):
                    self.inputs[name] = self.inputs[name] + noise.uniform(-0.2, 0.2, np.shape(self.inputs[name]))
        for each in intermediates(program.body):
            if each.name in plan.names:
                self.inputs[each.name] = truth(each, self.inputs)
        self.values = {name: self._axes(name, value) for name, value in self.inputs.items()}
        self.sizes = dict(SIZES)

    def _axes(self, name: str, value: Any) -> Any:
        """A value with the axes that the variable has: rows have one."""
        value = np.asarray(value, dtype=float)
        return value.reshape(-1) if name in self.rows else value

    def finding(self, kind: str, detail: str) -> Finding:
        """A disagreement about this."""
        return Finding(kind, detail, self.program, self.plan)

    @cached_property
    def value(self) -> Any:
        """The value by NumPy."""
        return truth(self.program.body, self.inputs)

    def diff(self, target: str | list[str], text: str | None = None, **options: Any) -> Any:
        """What matcalc says."""
        return mc.diff(
            self.program.text if text is None else text, wrt=target, where=self.program.where,
            symmetric=self.plan.symmetric, **options,
        )  # fmt: skip

    # Everything

    def run(self) -> Iterator[Finding]:
        """All checks; what is wrong only where NumPy's own value hangs on rounding is counted."""
        for finding in self._run():
            if _VALUES.search(finding.kind) and self.doubt:
                self.counts[f"not to be told: {self.doubt}"] += 1
            else:
                yield finding

    @cached_property
    def doubt(self) -> str:
        """Why NumPy cannot be the judge at these inputs, if so: whatever the program, by its values alone."""
        body, numbers = self.program.body, np.random.default_rng(self.program.seed)
        try:
            with np.errstate(divide="raise", invalid="raise"):
                body.value(self.inputs)
            for _ in range(6):
                noise = {name: 1 + 1e-10 * numbers.uniform(-1, 1, np.shape(value)) for name, value in self.inputs.items()}
                near = {name: value * noise[name] for name, value in self.inputs.items()}
                if not close(truth(body, {**near, ROUNDING: numbers}), self.value, 1e-6):
                    return "a jump"
        except (FloatingPointError, np.linalg.LinAlgError):
            return _NO_VALUE
        for target in self.plan.steps:
            for _ in range(3):
                way = direction(target, self.values, self.plan.symmetric, numbers)
                ahead, behind = self.slopes(way)
                if not close(ahead, behind, 1e-3):
                    return "a kink"
        return ""

    def slopes(self, way: Direction) -> tuple[Any, Any]:
        """The derivatives of the value ahead and behind."""

        def value(t: float) -> Any:
            return truth(self.program.body, self.moved(way, t))

        return one_sided(value, 1e-5), one_sided(value, -1e-5)

    def _run(self) -> Iterator[Finding]:
        try:
            if self.plan.blocks:
                yield from self.of_blocks()
            else:
                yield from self.of_derivative()
        except EvaluationError as error:
            if "singular" in str(error):
                self.counts["singular"] += 1
            else:
                yield self.refused(error)
        except MatcalcError as error:
            if isinstance(error, NotSupportedError) and self.doubt == _NO_VALUE:  # x/0
                self.counts["refused: no value within"] += 1
            elif any(words in str(error) for words in _REFUSED):
                self.counts["not supported"] += 1
            else:
                yield self.refused(error)
        except np.linalg.LinAlgError:
            self.counts["singular"] += 1
        except Exception:
            if "TooSlow" in traceback.format_exc():
                raise
            last = traceback.format_exc().strip().splitlines()[-1]
            yield self.finding(f"crash: {last[:60]}", traceback.format_exc(limit=-4))

    def refused(self, error: MatcalcError) -> Finding:
        """It was not answered."""
        return self.finding(f"refused: {type(error).__name__}", str(error).splitlines()[0])

    def of_derivative(self) -> Iterator[Finding]:
        """The value, the first derivative in all forms, then what the plan asks for."""
        first_step, *rest = self.plan.steps
        first: Derivative = self.diff([first_step, *rest])[first_step] if rest else self.diff(first_step)
        yield from self.of_value(first._problem)
        wrong = [*self.of_numbers(first, first_step, self.true_value, "derivative")]
        yield from wrong
        yield from self.of_forms(first)
        if wrong:
            return
        if rest:
            yield from self.of_higher(self.diff(self.plan.target), first, rest[0], "mixed derivative")
        plan = self.plan
        if plan.layouts:
            yield from self.of_layouts(first)
        if plan.second and (first.value_kind == "scalar" or first.node.order <= 2):
            second = self.diff(first_step, order=2)
            yield from self.of_higher(second, first, first_step, "second derivative")
            if plan.third and first.node.order <= 1:
                yield from self.of_higher(self.diff(first_step, order=3), second, first_step, "third derivative")
        if plan.commuted:
            yield from self.of_commuted(first)
        if plan.matlab:
            yield from self.of_matlab(first)
        if plan.sympy:
            yield from self.of_sympy(first)
        if plan.verified:
            yield from self.of_verification(first)
        if plan.unknown:
            yield from self.of_unknown_functions(first_step)

    def of_verification(self, first: Derivative) -> Iterator[Finding]:
        """Verification, which finds points by itself."""
        try:
            verification = first.verify()
        except NotSupportedError as error:
            if "no point found" not in str(error):
                raise
            self.counts["verification finds no point"] += 1
            return
        self.counts["verified"] += 1
        if not verification.passed:
            yield self.finding("not verified", str(verification))

    # Values

    def true_value(self, inputs: Arrays) -> Any:
        """The value with one axis for rows."""
        value = truth(self.program.body, inputs)
        return value.reshape(-1) if kind_of(self.program.body.shape) == "row" else value

    def of_value(self, problem: Problem) -> Iterator[Finding]:
        """The value, and the expression as it was written."""
        expression = Expression(problem)
        found = expression.evaluate(**self.inputs, **SIZES)
        wanted = self.value
        if "axis=0" in self.program.text and 1 in {*found.shape, *wanted.shape}:
            found = found.reshape(wanted.shape) if found.size == wanted.size else found
        if not close(found, wanted, 1e-9):
            said = f"{np.ravel(found)[:4]} {found.shape} instead of {np.ravel(wanted)[:4]} {wanted.shape}"
            yield self.finding("wrong value", said)
        str(expression), expression.latex()
        sums = any(isinstance(node, notation.IndexedSum) for node in notation.postorder(problem.written.body))
        if sums or "axis=0" in self.program.text:  # written like a row, it may be read as a vector
            return
        reader = Reader(self.values, self.sizes)
        for each in intermediates(self.program.body):
            reader.names[each.name] = truth(each, self.inputs)
        with np.errstate(all="ignore"):
            read = reader.read(problem.written.body)
        if not close(read.reshape(wanted.shape) if read.size == wanted.size else read, wanted, 1e-8):
            yield self.finding("written expression has another value", str(expression))

    def of_numbers(self, found: Derivative, target: str, before: Callable[[Arrays], Any], what: str) -> Iterator[Finding]:
        """A derivative against differences of what was differentiated last."""
        numbers = np.random.default_rng(self.program.seed)
        way = direction(target, self.values, self.plan.symmetric, numbers)
        raw = found.raw(self.values, self.sizes)
        axes = np.ndim(way.along)
        slope = np.tensordot(raw, way.along, axes) if axes else raw * way.along
        verdict = agrees(slope, lambda t: before(self.moved(way, t)))
        self.counts["undecided" if verdict is None else f"{what}s"] += 1
        if verdict is False:
            if not np.all(np.isfinite(raw)):
                self.counts["not finite, at a singular point"] += 1
                return
            kind = f"wrong {what}"
            wanted, _ = differences(lambda t: before(self.moved(way, t)))
            yield self.finding(kind, f"{np.ravel(slope)[:5]} instead of {np.ravel(wanted)[:5]} along {np.ravel(way.along)[:9]}")

    def moved(self, way: Direction, t: float) -> dict[str, Any]:
        """The inputs after a step."""
        moved = dict(self.inputs)
        for name, move in way.moves.items():
            moved[name] = self.inputs[name] + t * np.reshape(move, np.shape(self.inputs[name]))
        return moved

    def raw_at(self, derivative: Derivative) -> Callable[[Arrays], Any]:
        """A derivative as a function of the inputs."""
        return lambda inputs: derivative.raw({name: self._axes(name, value) for name, value in inputs.items()}, self.sizes)

    # Forms

    def of_forms(self, derivative: Derivative) -> Iterator[Finding]:
        """Text, LaTeX and what they say; the printed text, read again."""
        yield from self.of_printed(derivative)
        if self.plan.idempotent and self.is_opened_again(derivative):
            yield self.finding("simplification is not idempotent", str(derivative))

    def is_opened_again(self, derivative: Derivative) -> bool:
        """Whether simplification of what is simplified gives something else."""
        problem = derivative._problem
        again = Simplifier(problem.graph)
        if problem.facts:
            again.learn(problem.facts.applied)
        return any(again.simplify(node) is not node for node in (derivative.node, problem.root))

    def of_printed(self, derivative: Derivative) -> Iterator[Finding]:
        """The printed answer has the value of the derivative."""
        try:
            text = str(derivative)
            derivative.latex(), derivative.notes, derivative.heading()
        except LimitError:
            self.counts["beyond a limit"] += 1
            return
        for index in ranges_not_said(derivative):
            if f"[{index} = " not in text:
                yield self.finding("the range of an index is not said", f"{index} in {text}")
        if derivative.answer.left_open:
            self.counts["too large to be written out"] += 1
            return
        try:
            raw = derivative.raw(self.values, self.sizes)
            if np.all(np.isfinite(raw)) and np.max(np.abs(raw), initial=0) < 1e8:
                self.counts["printed values"] += 1
                with np.errstate(all="ignore"):
                    draw = random.Random(self.program.seed)
                    check_printed(derivative, self.values, self.sizes, raw, draw, 20_000)
        except TooLongError:
            self.counts["printed values that take too long"] += 1
        except AssertionError as error:
            if "nan location" in str(error):  # 0/0 in a formula that evaluation goes around
                self.counts["not finite, at a singular point"] += 1
                return
            yield self.finding("printed answer has another value", f"{text}\n    {str(error).strip()[:300]}")
            return
        except np.linalg.LinAlgError:
            self.counts["singular"] += 1
        except (ValueError, IndexError, KeyError, TypeError, AttributeError, NotImplementedError):
            yield self.finding("printed answer cannot be evaluated", f"{text}\n{traceback.format_exc(limit=-3)}")
            return
        by_elements = any("element" in note or "vec" in note for note in derivative.notes)
        if derivative.order == 1 and self.plan.symmetric != "unconstrained" and not by_elements:
            wanted = derivative.evaluate(**self.inputs, **SIZES)
            extra = {each.name: truth(each, self.inputs) for each in intermediates(self.program.body)}
            problem = read_back(text, {**self.inputs, **extra}, wanted, self.counts, self.program)
            if problem:
                yield self.finding(*problem)

    def of_layouts(self, first: Derivative) -> Iterator[Finding]:
        """The arrays of all layouts, and what is printed for them."""
        kinds = first.value_kind, first._columns[0].kind
        raw = first.raw(self.values, self.sizes)
        for layout in ("numerator", "denominator", "gradient"):
            other = first if layout == "numerator" else self.diff(self.plan.steps[0], layout=layout)
            wanted = laid_out(raw, kinds, layout)
            found = other.evaluate(**self.inputs, **SIZES)
            self.counts["layouts"] += 1
            if np.all(np.isfinite(wanted)) and not close(found, wanted, 1e-9):
                yield self.finding("wrong layout", f"{layout}: {found.shape} instead of {wanted.shape}")
            if layout == "denominator":
                yield from self.of_printed(other)

    # More derivatives

    def of_higher(self, found: Derivative, before: Derivative, target: str, what: str) -> Iterator[Finding]:
        """A derivative of a derivative."""
        yield from self.of_numbers(found, target, self.raw_at(before), what)
        yield from self.of_forms(found)

    def of_blocks(self) -> Iterator[Finding]:
        """The second derivatives by all pairs of variables, the whole matrix, and what is printed."""
        targets = list(self.plan.steps)
        gradients = mc.diff(self.program.text, targets, where=self.program.where, symmetric=self.plan.symmetric)
        found = mc.diff(self.program.text, targets, where=self.program.where, symmetric=self.plan.symmetric, order=2)
        assert isinstance(found, BlockHessian)
        for (x, y), block in found.items():
            yield from self.of_numbers(block, y, self.raw_at(gradients[x]), "block")
            yield from self.of_printed(block)
        whole = found.evaluate(**self.inputs, **SIZES)
        if np.all(np.isfinite(whole)) and not close(whole, whole.T, 1e-8):
            yield self.finding("the matrix of all blocks is not symmetric", str(whole))
        str(found), found.latex(), found.notes, found.heading()
        if found.answer is not None and np.all(np.isfinite(whole)):
            reader = Reader(self.values, self.sizes)
            reader.define(found.answer)
            with np.errstate(all="ignore"):
                read = reader.read(found.answer.body)
            if np.any(np.isnan(read)):
                self.counts["not finite, at a singular point"] += 1
            elif not close(read, whole, 1e-8):
                yield self.finding("printed blocks have another value", str(found))

    # The same in other words

    def of_commuted(self, first: Derivative) -> Iterator[Finding]:
        """The program with some operands exchanged."""
        draw = random.Random(self.program.seed)
        other = Program(commuted(self.program.body, lambda: draw.random() < 0.6), self.program.seed)
        if other.text == self.program.text:
            return
        self.counts["commuted"] += 1
        again: Derivative = self.diff(self.plan.steps[0], other.text)
        raw, exchanged = (each.raw(self.values, self.sizes) for each in (first, again))
        if np.all(np.isfinite(raw)) and not close(exchanged, raw, 1e-8):
            yield self.finding("another value in another order", other.text)
        one, two = str(first), str(again)
        if Counter(one) != Counter(two):
            self.counts["printed with other symbols in another order"] += 1
        if abs(len(one) - len(two)) > 6 + 0.15 * min(len(one), len(two)):
            yield self.finding("much longer in another order", f"{other.text}\n      {one}\n      {two}")

    def of_unknown_functions(self, target: str) -> Iterator[Finding]:
        """The program with unknown functions, which verification gives values."""
        text = _KNOWN.sub(lambda match: f"{_UNKNOWN[match[1]]}(", self.program.text)
        if text == self.program.text:
            return
        self.counts["unknown functions"] += 1
        derivative: Derivative = self.diff(target, text)
        str(derivative), derivative.latex(), derivative.heading()
        with suppress(LimitError):
            str(derivative.expr)
        if self.is_opened_again(derivative):
            yield self.finding("simplification is not idempotent", f"{text}: {derivative}")
        with suppress(NotSupportedError):  # no point found
            verification = derivative.verify()
            if verification.max_error > 1e-3:  # the functions that stand in may be steep
                yield self.finding("unknown functions: not verified", f"{text}: {verification}")

    def of_matlab(self, first: Derivative) -> Iterator[Finding]:
        """The same tree in MATLAB's syntax."""
        try:
            text = matlab(first._problem.inference)
        except NotInMatlabError:
            return
        self.counts["MATLAB"] += 1
        other: Derivative = self.diff(self.plan.steps[0], text, dialect="matlab")
        raw, again = (each.raw(self.values, self.sizes) for each in (first, other))
        if np.all(np.isfinite(raw)) and not close(again, raw, 1e-9):
            yield self.finding("another value in MATLAB", text)
        if str(other) != str(first):
            self.counts["printed in another way from MATLAB"] += 1

    def of_sympy(self, first: Derivative) -> Iterator[Finding]:
        """The SymPy expression."""
        try:
            expr = first.expr
        except LimitError:
            self.counts["beyond a limit"] += 1
            return
        if any("element" in note or "vec" in note for note in first.notes):
            return
        wanted = first.evaluate(**self.inputs, **SIZES)
        try:
            value = sympy_value(expr, self.inputs)
        except NonInvertibleMatrixError:
            self.counts["singular"] += 1
            return
        except Exception:
            if "TooSlow" in traceback.format_exc():
                raise
            yield self.finding("SymPy expression has no value", f"{expr}\n{traceback.format_exc(limit=-3)}")
            return
        self.counts["SymPy values"] += 1
        if value.size != np.size(wanted) or not close(value.reshape(np.shape(wanted)), wanted, 1e-8):
            yield self.finding("SymPy expression has another value", f"{expr}: {np.ravel(value)[:6]}")


def laid_out(raw: Any, kinds: tuple[str, str], layout: str) -> Any:
    """An array with the axes of the value, then of the variable, as language.md lays it out."""
    value, variable = kinds
    flipped = layout == "denominator" or (layout == "gradient" and value == "scalar")
    value_axes = {"scalar": 0, "matrix": 2}.get(value, 1)
    if raw.ndim == 0:
        return raw
    if raw.ndim == 1:
        upright = (variable == "vector") == flipped if value == "scalar" else (value == "vector") != flipped
        return raw if upright else raw.reshape(1, -1)
    if raw.ndim == 2:
        return raw.T if flipped != (value == "scalar") else raw
    return np.moveaxis(raw, range(value_axes), range(raw.ndim - value_axes, raw.ndim)) if layout == "denominator" else raw


def ranges_not_said(derivative: Derivative) -> Iterator[str]:
    """The indices of sums that run over something else than the axes of what they are an index of."""
    answer = derivative.answer
    for part in (answer.body, *(meaning for _, meaning in answer.definitions)):
        for node in notation.postorder(part):
            if isinstance(node, notation.IndexedSum):
                for index, length in node.indices:
                    if length not in _lengths_at(node.body, index, length):
                        yield index


def _lengths_at(body: notation.Expression, index: str, length: Any) -> set[Any]:
    found = set()
    for node in notation.postorder(body):
        if isinstance(node, notation.Element):
            axes = node.operand.shape.dims
            found |= {size for name, size in zip(node.indices, axes, strict=False) if name == index}
            if any(index == name for each in node.indices if isinstance(each, notation.Place) for name, _ in each.terms):
                found.add(length)  # it is written
        elif isinstance(node, notation.Unit) and node.position == index:
            found |= set(node.shape.dims)
        elif isinstance(node, notation.Delta | notation.LeviCivita) and index in node.indices:
            found.add(length)
        elif isinstance(node, notation.Comparison):  # i < j: both run over the same
            sides = [each.index for each in (node.left, node.right) if isinstance(each, notation.Position)]
            found |= {length} if len(sides) == 2 and index in sides else set()
    return found


def check(program: Program, plan: Plan, counts: Counter[str] | None = None) -> Iterator[Finding]:
    """Everything that is wrong with what matcalc says about a program."""
    counts = Counter() if counts is None else counts
    inputs = usable(program)
    if inputs is None:
        counts["unusable"] += 1
        return
    counts["programs"] += 1
    yield from Check(program, plan, counts, inputs).run()
