"""What the equations of an explanation are worth: each side from its notation, the left-hand side from what it means.

An intermediate variable has the value of its definition, and the definition that of the text that it stands for. A derivative
by name, ∂u₂/∂u₁, is what central differences say: u₁ moves, and with it everything between the two; the rest stays.
"""

from __future__ import annotations

import functools
import math
import operator
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from matcalc.errors import NotSupportedError
from matcalc.explanation.derivation import Derived, Equation, Line, Remark, Repetition, Side
from matcalc.explanation.intermediates import Quantity
from matcalc.explanation.lines import is_zero
from matcalc.language.dimensions import Dim, Shape, dim
from matcalc.language.shapes import Inference
from matcalc.notation import matrix as m
from matcalc.notation.matrix import Answer, Expression
from matcalc.output.text import expression, text
from matcalc.verify.interpreter import Interpreter
from tests.differences import numeric_derivative, on_space
from tests.notation.values import Reader

EXACT = 1e-9
TOLERANCE = 2e-6
"""Of what is compared with differences."""
UNSURE = 1e-7
"""Differences with a larger error, relative to the size of the entries, say nothing: there is a kink or a pole near."""
LARGEST = 1e5
PLACES = 16
"""Elements that are compared of an array by elements."""
Arrays = Mapping[str, Any]
OVER_INDEX: dict[str, Callable[[Any], Any]] = {
    name: functools.partial(getattr(np, function), axis=0)
    for name, function in (("sum", "sum"), ("prod", "prod"), ("mean", "mean"), ("max", "max"), ("min", "min"))
}
_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "!=": operator.ne,
}  # fmt: skip
_JUXTAPOSED = re.compile(r"(?<=\d)(?=[^\W\d])")


class UnusablePointError(Exception):
    """There are no numbers to compare with at this point."""


class UnreadableError(Exception):
    """A definition that has no value."""


@dataclass(frozen=True)
class Finding:
    """Something wrong with an explanation: of which kind, where, and how."""

    kind: str
    where: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}" + (f"   [{self.detail}]" if self.detail else "")


class Values:
    """The values of all variables and intermediate variables of a derivation at a point, and their derivatives.

    The terms of a sum over an index, u₁ᵢ, are one array u₁, whose first axis is the index.
    """

    def __init__(self, derived: Derived, inference: Inference, point: Arrays, sizes: Mapping[str, int]) -> None:
        self.inference, self.sizes = inference, sizes
        self.naming = Naming(derived)
        self.steps = {self.naming.of(step.symbol): step for step in derived.steps.every()}
        self.last = derived.steps.value
        self.names = {name: self.naming.operands(step) for name, step in self.steps.items()}
        self.shown = derived.steps.steps
        self._derivatives: dict[tuple[str, str], Any] = {}
        self.has_single = any(size == dim(1) for step in derived.steps.every() for size in step.shape.dims)
        """Whether something has a length that is 1 for sure: nobody can tell it from a number."""
        self.at: dict[str, Any] = dict(point)
        for name, step in self.steps.items():
            try:
                self.at[name] = self._defined(step, self.at)
            except np.linalg.LinAlgError:
                raise UnusablePointError(name) from None
            except (AssertionError, NameError, KeyError, ValueError, IndexError, AttributeError, TypeError) as error:
                raise UnreadableError(f"{step.name} = {said(step.definition)}", repr(error)) from error  # type: ignore[arg-type]

    def _defined(self, step: Quantity, known: Arrays) -> Any:
        """The value of a definition, with the axes of the quantity: rows and columns have one; before them the indices."""
        assert step.definition is not None
        if step.role == "entry":  # an array of its own, so that it moves alone
            return known[named(step.symbol)]
        reading = Reading(self, known)
        dims = [size.value(self.sizes) for size in step.shape.dims]
        indices = indices_of(step.symbol)
        found = [reading.read(step.definition) for _ in reading.everywhere(indices)]
        shape = [size.value(self.sizes) for size in indices.values()]
        return np.array([np.broadcast_to(each, reading.shape(step)) for each in found]).reshape([*shape, *dims])  # type: ignore[arg-type]

    def between(self, variable: str, value: str) -> list[tuple[str, Quantity]]:
        """The intermediate variables that move when a quantity does, up to a value."""
        moving, found = {variable}, []
        for name, step in self.steps.items():
            if name != variable and self.names[name] & moving:
                moving.add(name)
                found.append((name, step))
            if name == value:
                break
        return found

    def derivative(self, value: str, variable: str) -> Any:
        """The derivative of a quantity by another, with the axes of the value, then those of the variable.

        Raises:
            UnusablePointError: there is a kink.
        """
        key = (value, variable)
        if key not in self._derivatives:
            try:
                self._derivatives[key] = self._differences(value, variable)
            except UnusablePointError as error:
                self._derivatives[key] = error
        if isinstance(self._derivatives[key], UnusablePointError):
            raise self._derivatives[key]
        return self._derivatives[key]

    def _differences(self, value: str, variable: str) -> Any:
        between = self.between(variable, value)

        def function(moved: Arrays) -> Any:
            known = {**self.at, variable: moved[variable]}
            for name, step in between:
                known[name] = self._defined(step, known)
            return known[value]

        try:
            with np.errstate(all="ignore"):
                found, error = numeric_derivative(function, self.at, variable)
        except np.linalg.LinAlgError:
            raise UnusablePointError(f"∂{value}/∂{variable}") from None
        size = np.max(np.abs(found), initial=0.0)
        if not error <= UNSURE * (1 + size) or size > LARGEST or self._has_kink(function, variable):
            raise UnusablePointError(f"∂{value}/∂{variable}")
        return found

    def _has_kink(self, function: Callable[[Arrays], Any], variable: str) -> bool:
        """Whether there is a kink at the very point, as there is of max(u₁, u₂) where both stand for the same."""
        base, step = self.at[variable], 1e-5
        direction = np.random.default_rng(1).uniform(0.5, 1, base.shape)
        before, here, after = (function({**self.at, variable: base + side * step * direction}) for side in (-1, 0, 1))
        slope = np.max(np.abs(after - before), initial=0.0) / step
        return bool(np.max(np.abs(after - 2 * here + before), initial=0.0) / step > 1e-2 * (1 + slope))

    def on_space(self, found: Any, variable: str) -> Any:
        """The derivative by a matrix with structure on the space of such matrices."""
        symbol = self.inference.symbols.get(variable)
        properties = symbol.properties if symbol is not None else frozenset[str]()
        triangle = np.tril if "lower_triangular" in properties else np.triu if "upper_triangular" in properties else None
        return triangle(found) if triangle is not None else on_space(found, properties)


class Reading(Reader):
    """Reads expressions in which derivatives stand by name."""

    def __init__(self, values: Values, known: Arrays | None = None, *, on_space: bool = False) -> None:
        super().__init__(values.at if known is None else known, values.sizes)
        self.values = values
        self.on_space = on_space

    def everywhere(self, indices: Mapping[str, Dim], most: int | None = None) -> Iterator[None]:
        """Lets the indices run through their ranges, or `most` places that are drawn, the same each time."""
        places = list(np.ndindex(*(size.value(self.sizes) for size in indices.values())))
        if most is not None and len(places) > most:
            places = random.Random(len(places)).sample(places, most)
        for at in places:
            self.indices = dict(zip(indices, (place + 1 for place in at), strict=True))
            yield
        self.indices = {}

    def partial(self, node: m.Partial) -> Any:
        above, below = unstacked(node.value), unstacked(node.variable)
        blocks = below.blocks if isinstance(below, m.Stack) else (below,)
        parts = [self._derivative(above, block) for block in blocks]
        if isinstance(below, m.Stack):
            outputs = parts[0].ndim - len(blocks[0].shape.dims)
            parts = [np.concatenate([part.reshape(*part.shape[:outputs], -1) for part in parts], axis=-1)]
        return arranged(parts[0], above.shape, below.shape, stacked=isinstance(node.variable, m.Transpose))

    def onspace(self, node: m.Partial) -> Any:
        return self.partial(node)

    def _derivative(self, above: Expression, below: Expression) -> Any:
        """With the axes of the value that are left, then those of the variable."""
        value, variable = map(self.values.naming.of, (above, below))
        if isinstance(above, m.Symbol):  # not one term of a sum: the derivative by all entries, of which this is one
            variable = named(below)
        raw = self.values.derivative(value, variable)
        if self.on_space:
            raw = self.values.on_space(raw, variable)
        own = raw.ndim - self.values.at[variable].ndim
        places = [*self._places(above, own), *self._places(below, raw.ndim - own)]
        return raw[tuple(places)]

    def _places(self, node: Expression, axes: int) -> list[Any]:
        """Where the element is of which a derivative is taken; slices for the axes that are left."""
        found: list[Any] = []
        while isinstance(node, m.Element):
            found = [*map(self.place, node.indices), *found]
            node = node.operand
        return [*found, *[slice(None)] * (axes - len(found))]

    def function(self, node: m.Function) -> Any:
        if node.name in ("pinv", "solve"):
            self._check_rank(self.read(node.operands[0]))
        return super().function(node)

    def inverse(self, node: m.Inverse) -> Any:
        self._check_rank(self.read(node.operand))
        return super().inverse(node)

    def _check_rank(self, matrix: Any) -> None:
        """Near a matrix of lower rank, an inverse is rounding, and a pseudoinverse jumps."""
        if not np.all(np.isfinite(matrix)) or np.linalg.cond(matrix) > 1e7:
            raise UnusablePointError

    def element(self, node: m.Element) -> Any:
        entries = self.names.get(self.values.naming.of(node)) if node in self.values.naming.entries else None
        found = super().element(node) if entries is None else entries[self.place(node.indices[0])]
        return found.reshape(self.shape(node)) if node.shape.kind == "row" else found

    def chain(self, node: m.Chain) -> Any:
        numbers = math.prod(float(self.read(factor)) for factor in node.factors if not factor.shape.dims)
        arrays = [np.atleast_2d(self.read(factor)) for factor in node.factors if factor.shape.dims]
        if not arrays:
            return numbers
        result = arrays[0]
        for factor in arrays[1:]:
            result = result @ factor
        return numbers * result.reshape(self.shape(node))

    def place(self, name: m.Subscript) -> Any:
        """Where an index points to, from 0; as it was written, it may be any whole number: `i+1`, `n-1`, `2i`."""
        if not isinstance(name, str) or name == ":":
            return super().place(name)
        at = self.whole(name)
        if at < 1:
            raise IndexError(f"no entry {at}")
        return at - 1

    def whole(self, written: str) -> int:
        """The value of whole-number arithmetic."""
        spelled = _JUXTAPOSED.sub("*", written)
        return int(eval(spelled, {}, {**self.sizes, **self.indices}))

    def indexedsum(self, node: m.IndexedSum) -> Any:
        values = [np.asarray(value) for value in self._terms(node, 0)]
        return OVER_INDEX[node.function](np.array(values) if values else np.zeros((0, *self.shape(node.body))))

    def _terms(self, node: m.IndexedSum, level: int) -> Iterator[Any]:
        """The values of the body, for all values of the indices from a level on."""
        if level == len(node.indices):
            if all(_HOLDS[sign](self.whole(left), self.whole(right)) for left, sign, right in node.conditions):
                yield self.read(node.body)
            return
        name, size = node.indices[level]
        bounds = node.bounds[level] if node.bounds else ()
        low, high = map(self.whole, bounds) if bounds else (1, size.value(self.sizes))
        assert name not in self.indices, "a bound index hides another one"
        for position in range(low, high + 1):
            self.indices[name] = position
            yield from self._terms(node, level + 1)
        self.indices.pop(name, None)


class Naming:
    """What the quantities of a derivation are called here: an entry xᵢ of a vector is something else than x."""

    def __init__(self, derived: Derived) -> None:
        self.entries = {step.symbol: step.name for step in derived.steps.every() if step.role == "entry"}

    def of(self, node: Expression) -> str:
        """The name of a quantity from its symbol."""
        return self.entries.get(unstacked(node)) or named(node)

    def within(self, node: Expression) -> set[str]:
        """The names of what is in an expression."""
        found: set[str] = set()
        stack = [node]
        while stack:
            each = stack.pop()
            if each in self.entries:
                found.add(self.entries[each])
                continue
            found |= {each.name} if isinstance(each, m.Symbol) else set()
            stack += m.children(each)
        return found

    def operands(self, step: Quantity) -> set[str]:
        """What a step is made of."""
        assert step.definition is not None
        return {named(step.symbol)} if step.role == "entry" else self.within(step.definition)


def unstacked(node: Expression) -> Expression:
    """Without `vec` and its transpose."""
    while isinstance(node, m.Transpose) or (isinstance(node, m.Function) and node.name == "vec"):
        node = m.children(node)[0]
    return node


def named(node: Expression) -> str:
    """The name in `u`, `uᵢ`, `vec(U)` and `vec(U)ᵀ`; none of anything else."""
    node = unstacked(node)
    while isinstance(node, m.Element):
        node = node.operand
    return node.name if isinstance(node, m.Symbol) else ""


def arranged(raw: Any, value: Shape, variable: Shape, *, stacked: bool) -> Any:
    """A derivative in numerator layout, as rows and columns."""
    outputs = len(value.dims)
    if stacked:  # columns under each other: the row index of each is the faster one
        swapped = raw.transpose(*reversed(range(outputs)), *reversed(range(outputs, raw.ndim)))
        return swapped.reshape(int(np.prod(raw.shape[:outputs])), int(np.prod(raw.shape[outputs:])))
    assert raw.ndim == outputs + len(variable.dims) <= 2, "an array with more than two axes has no rows and columns"
    if raw.ndim < 2:
        upright = value.kind == "vector" or variable.kind == "row"
        return raw if not raw.ndim else raw.reshape(-1, 1) if upright else raw.reshape(1, -1)
    return raw if outputs else raw.T


def indices_of(left: Expression) -> dict[str, Dim]:
    """The free indices of a left-hand side, with their ranges."""
    found: dict[str, Dim] = {}
    parts: list[Expression] = [left]
    for node in m.postorder(left):
        if isinstance(node, m.Partial):
            parts += [node.value, node.variable]
    for node in (inner for part in parts for inner in m.postorder(part)):
        if isinstance(node, m.Element):
            for index, size in zip(node.indices, node.operand.shape.dims, strict=False):
                if isinstance(index, str) and index != ":" and not index.isdecimal():
                    found.setdefault(index, size)  # of a term uᵢ of zᵢ: as far as there are terms
    return found


# What is wrong


def equations(derived: Derived) -> Iterator[Equation]:
    """All equations of a derivation; with the derivative itself where it is "called D here" on a space of matrices."""
    for section in derived.sections:
        letter, of = "", tuple[Quantity, ...]()
        for line in section.lines:
            if isinstance(line, Remark):
                found = _CALLED.search(line.text)
                letter = found[1] if found else letter
            elif isinstance(line, Equation) and letter and not line.of and named(line.left) == letter:
                yield replace(line, left=_spelled(line.left, *of))
            elif isinstance(line, Equation):
                of = line.of or of
                yield line


_CALLED = re.compile(r"It is called `(\w+)` here")


def _spelled(left: Expression, value: Quantity, variable: Quantity) -> m.Partial:
    """What is called D: the derivative, or an element of it."""
    if not isinstance(left, m.Element):
        above, below = value.symbol, variable.symbol
        if len(value.shape.dims) + len(variable.shape.dims) > 2:
            below = m.Transpose(below.shape, below)
        return OnSpace(left.shape, above, below)
    own = len(value.shape.dims)
    above = m.Element(left.shape, value.symbol, left.indices[:own]) if own else value.symbol
    return OnSpace(left.shape, above, m.Element(left.shape, variable.symbol, left.indices[own:]))


class OnSpace(m.Partial):
    """A derivative on the space of matrices with the structure of the variable."""


def said(side: Expression | Answer) -> str:
    """As it is printed."""
    if isinstance(side, OnSpace):
        side = m.Partial(side.shape, side.value, side.variable)
    return " ".join((text(side) if isinstance(side, Answer) else expression(side)).split())


def wrong_numbers(
    derived: Derived, inference: Inference, point: Arrays, sizes: Mapping[str, int], undecided: set[str]
) -> Iterator[Finding]:
    """What is wrong at a point. `undecided` becomes the equations that have a kink near.

    Raises:
        UnusablePointError: an intermediate variable has no value there.
    """
    with np.errstate(all="ignore"):
        try:
            values = Values(derived, inference, point, sizes)
        except UnreadableError as error:
            yield Finding("a definition that cannot be read", *error.args)
            return
        if not all(np.all(np.isfinite(value)) and np.max(np.abs(value), initial=0.0) < LARGEST for value in values.at.values()):
            raise UnusablePointError
        yield from wrong_definitions(values)
        meanings: dict[str, set[bool]] = {}
        for equation in equations(derived):
            bound = isinstance(equation.left, OnSpace)
            meant = {False} if bound else meanings.setdefault(said(equation.left), {True, False})
            for number, side in enumerate(equation.sides):
                try:
                    yield from wrong_side(values, equation, side, number, meant)
                    yield from wrong_reasons(values, equation, side)
                except UnusablePointError:
                    undecided.add(f"{said(equation.left)} = {said(side.expression)}")


def wrong_definitions(values: Values) -> Iterator[Finding]:
    """Intermediate variables whose definition is not worth what their part of the text is."""
    for step in values.shown:
        parts = {"definition": step.source}
        if step is values.last:
            parts["value of the program"] = values.inference.program.body
        assert step.definition is not None
        for kind, root in parts.items():
            try:
                wanted = Interpreter(values.inference, values.sizes, root)(values.at)
            except NotSupportedError:
                continue  # an unknown function of vectors
            assert step.definition is not None
            got, where = values.at[named(step.symbol)], f"{step.name} = {said(step.definition)}"
            if got.shape != wanted.shape:
                yield Finding(kind, where, f"shape {got.shape}, not {wanted.shape}")
            elif not close(got, wanted, EXACT):
                yield Finding(kind, where, different(got, wanted))


def wrong_reasons(values: Values, equation: Equation, side: Side) -> Iterator[Finding]:
    """Equations of differentials in a reason, dC = ∂C/∂u dW x, that are not so when the variable there changes."""
    reading = Reading(values)
    place = 0
    for words in side.reason.split("; "):
        parts = side.parts[place : place + words.count("{}")]
        place += len(parts)
        if len(parts) < 2 or not isinstance(parts[0], m.Differential):
            continue
        where = " = ".join(map(said, parts))
        moved = {node.operand for part in parts[1:] for node in m.postorder(part) if isinstance(node, m.Differential)}
        if not moved and all(is_zero(part) for part in parts[1:]):
            continue
        if len(moved) != 1:
            yield Finding("differentials of several variables", where)
            continue
        value, variable = named(parts[0].operand), named(moved.pop())
        change = np.random.default_rng(3).uniform(-1, 1, values.at[variable].shape)
        found = np.tensordot(values.derivative(value, variable), change, axes=change.ndim)
        reading.differentials = {variable: change, value: found}
        for _ in reading.everywhere(indices_of(equation.left), PLACES):
            try:
                wanted, *got = (np.asarray(reading.read(part)) for part in parts)
            except (AssertionError, LookupError, ValueError, TypeError) as error:
                yield Finding("differentials that cannot be read", where, repr(error))
                break
            if any(each.shape != wanted.shape or not close(each, wanted, TOLERANCE) for each in got):
                yield Finding("wrong differentials", where)
                break


def wrong_side(values: Values, equation: Equation, side: Side, number: int, free: set[bool]) -> Iterator[Finding]:
    """What is wrong with one right-hand side.

    `free` says what the left-hand side may still mean, after other sides: by a matrix with structure, the derivative by all its
    entries (True) or the one on the space of such matrices.
    """
    where = f"{said(equation.left)} = {said(side.expression)}"
    try:
        wanted = meaning(values, equation.left)
    except (AssertionError, LookupError, ValueError, TypeError) as error:
        yield Finding("a left-hand side that cannot be read", where, repr(error))
        return
    on_the_space = meaning(values, equation.left, on_space=True) if isinstance(equation.left, m.Partial) else wanted
    tolerance = EXACT if isinstance(equation.left, m.Symbol) else TOLERANCE
    try:
        got = read_side(values, equation, side)
    except UnusablePointError:
        raise
    except np.linalg.LinAlgError:
        raise UnusablePointError(where) from None
    except Exception as error:  # whatever it is, a reader cannot follow
        yield Finding("cannot be read", where, f"{type(error).__name__}: {error}")
        return
    if got.shape != wanted.shape:
        if 1 not in (*got.shape, *wanted.shape) or np.squeeze(got).shape != np.squeeze(wanted).shape or not values.has_single:
            yield Finding("another shape", where, f"{got.shape} instead of {wanted.shape}, side {number}")
        if got.size != wanted.size:
            return
        got = got.reshape(wanted.shape)
    if not np.all(np.isfinite(got)):
        raise UnusablePointError(where)
    fits = {name for name, each in ((True, wanted), (False, on_the_space)) if close(got, each, tolerance)}
    if not fits:
        yield Finding("wrong", where, different(got, wanted))
    elif not fits & free:
        yield Finding("two meanings", where, "by all entries, and on the space of matrices with this structure")
    else:
        free &= fits
    indices = int(bool(indices_of(equation.left)))
    if not values.has_single and wanted.shape[indices:] != Reading(values).shape(equation):  # type: ignore[arg-type]
        yield Finding("shape of the equation", where, f"{equation.shape} for {wanted.shape[indices:]}")


def meaning(values: Values, left: Expression, *, on_space: bool = False) -> Any:
    """What the left-hand side is: rows and columns, for all values of its indices."""
    reading, indices = Reading(values, on_space=on_space), indices_of(left)
    return _over(reading, indices, left)


def read_side(values: Values, equation: Equation, side: Side) -> Any:
    """The value of a right-hand side, for all values of the indices of the left-hand side."""
    body, indices, reading = side.expression, indices_of(equation.left), Reading(values)
    if isinstance(body, Answer):
        reading.define(body)
        for left, _ in body.definitions:
            assert is_same(values, reading, named(left)), f"{named(left)} has two meanings"
        assert set(body.indices) <= set(indices), f"free indices {body.indices}, on the left {tuple(indices)}"
        body = body.body
    return _over(reading, indices, body)


def _over(reading: Reading, indices: Mapping[str, Dim], body: Expression) -> Any:
    found = [reading.read(body) for _ in reading.everywhere(indices, PLACES)]
    return np.array(found) if indices else found[0]


def is_same(values: Values, reading: Reading, name: str) -> bool:
    """Whether a name that an answer defines has the value that it has in the derivation, if it has one there."""
    known = values.at.get(name)
    here = reading.names[name]
    return known is None or (here.size == known.size and close(np.reshape(here, known.shape), known, EXACT))


def close(got: Any, wanted: Any, tolerance: float) -> bool:
    """Whether two arrays agree, relative to the size of the entries."""
    scale = max(1.0, float(np.max(np.abs(wanted), initial=0.0)))
    return bool(np.max(np.abs(got - wanted), initial=0.0) <= tolerance * scale)


def different(got: Any, wanted: Any) -> str:
    """Where two arrays differ most."""
    difference = np.abs(got - wanted)
    at = np.unravel_index(np.argmax(difference), difference.shape) if difference.ndim else ()
    return f"{got[at]:.6g} instead of {wanted[at]:.6g}" + (f" at {tuple(int(each) + 1 for each in at)}" if at else "")


def wrong_order(derived: Derived, known: Sequence[str]) -> Iterator[Finding]:
    """Names that are not defined, or later, or twice; derivatives of what does not depend on the variable."""
    steps, naming = list(derived.steps.every()), Naming(derived)
    names = [each.name for each in derived.steps.variables] + [naming.of(each.symbol) for each in steps]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Finding("a name twice", name)
    defined = set(known) | {"pi"}
    reached: dict[str, set[str]] = {}
    direct: dict[str, set[str]] = {}
    for step in steps:
        assert step.definition is not None
        name, below = naming.of(step.symbol), naming.operands(step)
        if not below <= defined | _bound([step.definition]) | set(indices_of(step.symbol)):
            yield Finding("used before it is defined", f"{step.name} = {said(step.definition)}")
        if name in known:
            yield Finding("the name of a variable", name)
        defined.add(name)
        direct[name] = below - _bound([step.definition]) - set(indices_of(step.symbol))
        reached[name] = below.union(*(reached.get(each, set()) for each in below))
    for equation in equations(derived):
        for part in (equation.left, *(side.expression for side in equation.sides)):
            yield from _wrong_names(part, equation, naming, defined, reached, direct)


def _wrong_names(
    part: Expression | Answer, equation: Equation, naming: Naming, defined: set[str], reached: Mapping[str, set[str]],
    direct: Mapping[str, set[str]],
) -> Iterator[Finding]:
    own = set(indices_of(equation.left))
    where = f"{said(equation.left)} = … {said(part)}"
    parts = [part] if not isinstance(part, Answer) else [part.body, *(value for _, value in part.definitions)]
    if isinstance(part, Answer):
        own |= {named(left) for left, _ in part.definitions} | set(part.left_open)
    for node in (node for each in parts for node in m.postorder(each)):
        if isinstance(node, m.Symbol) and node.name not in defined | own | _bound(parts):
            yield Finding("a name that is not defined", where, node.name)
        if isinstance(node, m.Partial) and not isinstance(unstacked(node.variable), m.Stack):
            value, variable = naming.of(node.value), naming.of(node.variable)
            if node.ordinary and _leaves(value, variable, direct) - {variable, "pi"}:
                yield Finding("d, but it depends on more", where, f"d{value}/d{variable}")
            is_end = node is equation.left and isinstance(equation.sides[-1].expression, Answer)
            if not is_end and (value not in reached or variable not in reached[value]):
                yield Finding("does not depend on it", where, f"∂{value}/∂{variable}")


def _bound(parts: Sequence[Expression]) -> set[str]:
    """The variables of sums and integrals."""
    nodes = [node for part in parts for node in m.postorder(part)]
    found = {node.variable.name for node in nodes if isinstance(node, m.BoundedSum | m.Integral)}
    return found | {name for node in nodes if isinstance(node, m.IndexedSum) for name, _ in node.indices}


def _leaves(value: str, variable: str, direct: Mapping[str, set[str]]) -> set[str]:
    """What a value is a function of, with a variable as one of them."""
    found: set[str] = set()
    stack = [value]
    while stack:
        each = stack.pop()
        for name in direct.get(each, set()) - found:
            found.add(name)
            if name != variable:
                stack.append(name)
    return {name for name in found if name not in direct or name == variable}


def wrong_ends(derived: Derived, answers: Mapping[str, Answer]) -> Iterator[Finding]:
    """Variables for which no equation ends in the answer."""
    ends = {said(equation.sides[-1].expression) for equation in equations(derived)}
    remarks = [line for section in derived.sections for line in section.lines if isinstance(line, Remark)]
    ends |= {said(each) for line in remarks for each in line.expressions}
    for name, answer in answers.items():
        if said(answer) not in ends:
            yield Finding("another end", f"by {name}", said(answer))


_PLACES = re.compile("([₀-₉]*)ₖ([₊₋][₀-₉]+)?")
_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋", "0123456789+-")


def wrong_repetitions(shown: Derived) -> Iterator[Finding]:
    """Blocks of lines with an index that do not say the lines for which they stand."""
    for section in shown.sections:
        for line in section.lines:
            if isinstance(line, Repetition):
                first, second, last = line.values
                numbers = range(first, last + (1 if last > first else -1), second - first)
                wanted = [_flat(each) for each in line.every]
                got = [_flat(each, number) for number in numbers for each in line.lines]
                if got != wanted:
                    k = next((k for k, pair in enumerate(zip(got, wanted, strict=False)) if pair[0] != pair[1]), -1)
                    yield Finding("a repetition that says something else", wanted[k], got[k])


def _flat(line: Line, number: int | None = None) -> str:
    """A line in plain characters, with a number for the index."""
    if not isinstance(line, Equation):
        return ""
    written = " = ".join(map(said, (line.left, *(side.expression for side in line.sides))))
    if number is not None:
        written = _PLACES.sub(lambda found: _whole(found, number), written)
    return written.translate(_PLAIN).replace("_", "")


def _whole(found: re.Match[str], number: int) -> str:
    factor, offset = (found[k].translate(_PLAIN) if found[k] else "" for k in (1, 2))
    return str(int(factor or 1) * number + int(offset or 0))
