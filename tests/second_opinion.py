"""A second opinion: the derivatives of the golden corpus by automatic differentiation in PyTorch.

    python tests/second_opinion.py [ID ...]

An evaluator of its own turns the syntax tree into PyTorch operations on float64 arrays, and PyTorch's Jacobian or Hessian is
compared with `Derivative.evaluate` at random points. It shares the parser and the inferred shapes with the program, and nothing
else. PyTorch is needed only here; it is not a dependency, and pytest does not run this.
"""

from __future__ import annotations

import importlib
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

import matcalc as mc
from matcalc.derivative import Derivative
from matcalc.errors import EvaluationError, MatcalcError, NotSupportedError
from matcalc.language import tree
from matcalc.language.dimensions import Shape
from matcalc.language.shapes import Inference

TESTS = Path(__file__).parent
POINTS = 3
ATTEMPTS = 60
TOLERANCE = 1e-7
MOST = 7

Record = dict[str, Any]
Values = dict[str, Any]
torch: Any = None


class CannotTellError(Exception):
    """This evaluator does not know the operation."""


# The evaluator


class Evaluator:
    """The value of a program: scalars 0-d, vectors (n, 1), rows (1, n), matrices (m, n)."""

    def __init__(self, inference: Inference, sizes: Mapping[str, int], values: Values) -> None:
        self.inference = inference
        self.sizes = sizes
        self.known: Values = dict(values)
        for binding in inference.program.bindings:
            if binding.name.name not in values:
                self.known[binding.name.name] = self.value(binding.value, {})

    def body(self) -> Any:
        """The value of the expression."""
        return self.value(self.inference.program.body, {})

    def value(self, node: tree.Expr, scope: Mapping[str, int]) -> Any:
        """The value of a node where the indices of sums have these values."""
        if isinstance(node, tree.Number):
            return _number(float(node.value))
        if isinstance(node, tree.Name):
            return self.name(node, scope)
        if isinstance(node, tree.Unary):
            return -self.value(node.operand, scope)
        if isinstance(node, tree.Transpose):
            operand = self.value(node.operand, scope)
            return operand.mT if operand.ndim == 2 else operand
        if isinstance(node, tree.Binary):
            return self.binary(node, self.value(node.left, scope), self.value(node.right, scope))
        if isinstance(node, tree.Index):
            return self.part(node, self.value(node.operand, scope), scope)
        if isinstance(node, tree.Stack):
            return self.stack(node, [self.value(item, scope) for item in node.items])
        if isinstance(node, tree.IndexSum):
            return self.reduced(node, scope)
        return self.call(node, scope)

    def name(self, node: tree.Name, scope: Mapping[str, int]) -> Any:
        """The value of a name."""
        name = node.name
        if name in scope:
            return _number(float(scope[name]))
        if name in self.known:
            return self.known[name]
        if name in ("pi", "π"):
            return _number(math.pi)
        if name in ("I", "ones", "zeros"):
            return self.constant(name, self.inference.shapes[node])
        if self.inference.roles.get(node) == "dimension":
            return _number(float(self.inference.dimension(name).value(self.sizes)))
        raise CannotTellError(name)

    def constant(self, name: str, shape: Shape) -> Any:
        """I, ones, zeros."""
        dims = [size.value(self.sizes) for size in shape.dims]
        if name in ("I", "eye"):
            return torch.eye(dims[0])
        axes = [*dims, 1] if shape.kind == "vector" else [1, *dims] if shape.kind == "row" else dims
        return torch.ones(axes) if name == "ones" else torch.zeros(axes)

    def binary(self, node: tree.Binary, left: Any, right: Any) -> Any:
        """An operator."""
        operator = node.operator
        if operator == "^" and left.ndim == 2 and min(left.shape) > 1:
            if left.shape[0] != left.shape[1]:
                raise CannotTellError("a power of a matrix that is not square")
            return torch.linalg.matrix_power(left, round(float(right)))
        if operator in ("@", "juxtapose"):
            return _product(left, right)
        operators: dict[str, Callable[[Any, Any], Any]] = {
            "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
            "^": lambda a, b: a**b, "**": lambda a, b: a**b,
            "divide": lambda a, b: a / b if b.ndim == 0 else a @ torch.linalg.inv(b),
            ">": lambda a, b: (a > b).double(), "<": lambda a, b: (a < b).double(), ">=": lambda a, b: (a >= b).double(),
            "<=": lambda a, b: (a <= b).double(), "==": lambda a, b: (a == b).double(), "!=": lambda a, b: (a != b).double(),
        }  # fmt: skip
        if operator not in operators:
            raise CannotTellError(operator)
        return operators[operator](left, right)

    def part(self, node: tree.Index, operand: Any, scope: Mapping[str, int]) -> Any:
        """An element, a row or a column; the last two are vectors."""
        places: list[Any] = []
        for subscript in node.subscripts:
            if isinstance(subscript, tree.Slice):
                places.append(slice(None))
            else:
                places.append(round(float(self.value(subscript, scope))) - 1)
        kind = self.inference.shapes[node.operand].kind
        if kind == "vector":
            return operand[places[0], 0]
        if kind == "row":
            return operand[0, places[0]]
        chosen = operand[tuple(places)]
        return chosen if chosen.ndim == 0 else chosen.reshape(-1, 1)

    def stack(self, node: tree.Stack, items: list[Any]) -> Any:
        """Scalars and vectors below each other, lines of scalars, or blocks."""
        shapes = self.inference.shapes
        if shapes[node].kind == "vector":
            return torch.cat([item.reshape(-1, 1) for item in items], 0)
        if not node.is_vertical:
            return torch.cat([item.reshape(1, 1) if item.ndim == 0 else item for item in items], 1)
        kinds = [shapes[item].kind for item in node.items]
        lines = [item.reshape(1, -1) if kind in ("vector", "scalar") else item for item, kind in zip(items, kinds, strict=True)]
        return torch.cat(lines, 0)

    def reduced(self, node: tree.IndexSum, scope: Mapping[str, int]) -> Any:
        """A sum or product, or another function of all values, over indices."""
        terms = [self.value(node.body, each) for each in self.positions(node, scope, 0)]
        if node.function in ("sum", "prod"):
            result = _number(float(node.function == "prod"))
            for term in terms:
                result = result + term if node.function == "sum" else result * term
            return result
        if node.function not in WHOLE or terms[0].ndim:
            raise CannotTellError(f"{node.function} over an index")
        return WHOLE[node.function](torch.stack(terms))

    def positions(self, node: tree.IndexSum, scope: Mapping[str, int], place: int) -> Iterator[Mapping[str, int]]:
        """The values of all indices; ranges may depend on the indices before, and conditions on all."""
        if place == len(node.clauses):
            if all(float(self.value(condition, scope)) for condition in node.conditions):
                yield scope
            return
        clause = node.clauses[place]
        first = 1 if clause.lower is None else round(float(self.value(clause.lower, scope)))
        last = round(float(self.value(clause.upper, scope))) if clause.upper is not None else first - 1
        if clause.upper is None:
            last += self.inference.ranges[clause].length.value(self.sizes)
        for index in range(first, last + 1):
            yield from self.positions(node, {**scope, clause.index.name: index}, place + 1)

    def call(self, node: tree.Call, scope: Mapping[str, int]) -> Any:
        """A function."""
        name, shape = node.function, self.inference.shapes[node]
        if name in self.inference.functions:
            raise CannotTellError(f"the unknown function {name}")
        if name in ("eye", "I", "ones", "zeros"):
            return self.constant(name, shape)
        if name in ("rows", "len", "cols"):
            dims = self.inference.shapes[node.arguments[0]].dims
            return _number(float(dims[-1 if name == "cols" else 0].value(self.sizes)))
        operands = [self.value(argument, scope) for argument in node.arguments]
        if name == "e":
            return torch.eye(shape.dims[0].value(self.sizes))[:, [round(float(operands[0])) - 1]]
        if node.keywords and self.inference.shapes[node.arguments[0]].kind == "matrix":
            return self.along(name, operands[0], round(float(self.value(node.keywords[0][1], scope))) % 2, shape)
        if len(operands) == 1 and name in WHOLE:
            result = WHOLE[name](operands[0].reshape(-1))
            return result.reshape(operands[0].shape) if result.ndim else result
        if name not in FUNCTIONS:
            raise CannotTellError(name)
        return FUNCTIONS[name](*operands)

    def along(self, name: str, operand: Any, axis: int, shape: Shape) -> Any:
        """A reduction, or a map of vectors, along an axis of a matrix."""
        if name not in WHOLE:
            raise CannotTellError(f"{name} with axis=")
        lines = operand.mT if axis == 0 else operand
        results = torch.stack([WHOLE[name](line) for line in lines])
        if results.ndim == 1:
            return results.reshape((1, -1) if shape.kind == "row" else (-1, 1))
        return results.mT if axis == 0 else results


def _number(value: float) -> Any:
    return torch.tensor(value)


def _product(left: Any, right: Any) -> Any:
    if left.ndim == 0 or right.ndim == 0:
        return left * right
    if left.shape[1] == 1 and right.shape[1] == 1:  # two vectors
        return (left * right).sum()
    result = left @ right
    return result.reshape(()) if result.shape == (1, 1) else result


def _log_softmax(x: Any) -> Any:
    return x - torch.logsumexp(x, -1)


def _logdet(x: Any) -> Any:
    return torch.linalg.slogdet(x)[1]  # of the absolute value


def _diag(x: Any) -> Any:
    return torch.diag(x.reshape(-1)) if 1 in x.shape else torch.diagonal(x).reshape(-1, 1)


def _kron(a: Any, b: Any) -> Any:
    return torch.einsum("ij,kl->ikjl", a, b).reshape(a.shape[0] * b.shape[0], a.shape[1] * b.shape[1])


def _cross(a: Any, b: Any) -> Any:
    return torch.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _skew(a: Any) -> Any:
    a, zero = a.reshape(-1), torch.zeros(())
    return torch.stack([zero, -a[2], a[1], a[2], zero, -a[0], -a[1], a[0], zero]).reshape(3, 3)


def _named(path: str) -> Callable[..., Any]:
    def apply(*operands: Any) -> Any:
        function = torch
        for part in path.split("."):
            function = getattr(function, part)
        return function(*operands)

    return apply


def _folded(function: str) -> Callable[..., Any]:
    def fold(*operands: Any) -> Any:
        result = operands[0]
        for operand in operands[1:]:
            result = getattr(torch, function)(*torch.broadcast_tensors(result, operand))
        return result

    return fold


WHOLE: dict[str, Callable[[Any], Any]] = {
    "sum": lambda x: x.sum(), "mean": lambda x: x.mean(), "prod": lambda x: x.prod(), "max": lambda x: x.max(),
    "min": lambda x: x.min(), "amax": lambda x: x.max(), "amin": lambda x: x.min(),
    "var": lambda x: ((x - x.mean()) ** 2).mean(), "std": lambda x: ((x - x.mean()) ** 2).mean().sqrt(),
    "logsumexp": lambda x: torch.logsumexp(x, -1), "lse": lambda x: torch.logsumexp(x, -1),
    "norm": lambda x: (x * x).sum().sqrt(), "norm2": lambda x: (x * x).sum().sqrt(), "normF": lambda x: (x * x).sum().sqrt(),
    "norm_F": lambda x: (x * x).sum().sqrt(), "fro": lambda x: (x * x).sum().sqrt(), "norm1": lambda x: x.abs().sum(),
    "norminf": lambda x: x.abs().max(), "softmax": lambda x: torch.softmax(x, -1), "log_softmax": _log_softmax,
    "normalize": lambda x: x / (x * x).sum().sqrt(), "cumsum": lambda x: torch.cumsum(x, -1),
}  # fmt: skip
"""What reduces a vector to a number, or maps it to a vector, on arrays with one axis."""

_SAME = {
    name: name
    for name in (
        "exp", "log", "log2", "log10", "log1p", "expm1", "sqrt", "abs", "sign", "sin", "cos", "tan", "asin", "acos", "atan",
        "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "digamma", "sigmoid", "relu", "trace", "det", "tril", "triu",
        "square", "reciprocal",
    )
}  # fmt: skip
_OTHER = {
    "ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh", "loggamma": "lgamma",
    "σ": "sigmoid", "sigma": "sigmoid", "logistic": "sigmoid", "expit": "sigmoid", "tr": "trace",
    "Tr": "trace", "inv": "linalg.inv", "inverse": "linalg.inv", "pinv": "linalg.pinv", "solve": "linalg.solve",
}  # fmt: skip
"""PyTorch's names of functions."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _named(theirs) for name, theirs in (_SAME | _OTHER).items()},
    "cot": lambda x: 1 / torch.tan(x), "sec": lambda x: 1 / torch.cos(x), "csc": lambda x: 1 / torch.sin(x),
    "gamma": lambda x: torch.exp(torch.lgamma(x)), "trigamma": lambda x: torch.polygamma(1, x),
    "step": lambda x: (x > 0).double(), "softplus": lambda x: torch.log1p(torch.exp(-x.abs())) + torch.relu(x),
    "softsign": lambda x: x / (1 + x.abs()), "silu": lambda x: x * torch.sigmoid(x), "swish": lambda x: x * torch.sigmoid(x),
    "gelu": lambda x: x * (1 + torch.erf(x / math.sqrt(2))) / 2, "elu": lambda x: torch.where(x > 0, x, torch.exp(x) - 1),
    "leaky_relu": lambda x: torch.where(x > 0, x, x / 100), "max": _folded("maximum"), "min": _folded("minimum"),
    "where": lambda c, a, b: torch.where(c != 0, a, b), "clip": lambda x, a, b: torch.minimum(torch.maximum(x, a), b),
    "pow": lambda a, b: a**b, "atan2": _folded("atan2"), "arctan2": _folded("atan2"),
    "hypot": lambda a, b: (a * a + b * b).sqrt(),
    "norm": lambda x, p: (x.abs() ** p).sum() ** (1 / p), "normp": lambda x, p: (x.abs() ** p).sum() ** (1 / p),
    "dot": lambda a, b: (a * b).sum(), "outer": lambda a, b: a.reshape(-1, 1) * b.reshape(1, -1), "logdet": _logdet,
    "transpose": lambda x: x.mT if x.ndim == 2 else x, "diag": _diag, "vec": lambda x: x.mT.reshape(-1, 1), "kron": _kron,
    "cross": _cross, "skew": _skew,
}  # fmt: skip


# Derivatives


def automatic(result: Derivative, point: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
    """The derivative in numerator layout by automatic differentiation; by several variables in turn with their axes in turn."""
    inference = result._problem.inference
    fixed = {name: _axes(torch.tensor(value), inference.symbols[name].shape) for name, value in point.items()}
    function: Callable[[Values], Any] = lambda values: Evaluator(inference, sizes, values).body()  # noqa: E731
    value = inference.shapes[inference.program.body]
    axes = [size.value(sizes) for size in value.dims]
    for target in result._path:
        names = _targets(target)
        kind = inference.symbols[names[0]].shape.kind if len(names) == 1 else "vector"
        axes += [size.value(sizes) for size in inference.shapes[target].dims]
        function = _differentiated(function, names, inference, sizes)
    array = function(fixed).reshape(axes).detach().numpy()
    return _laid_out(array, value.kind, kind, len(value.dims)) if len(result._path) == 1 else array


def _differentiated(
    function: Callable[[Values], Any], names: list[str], inference: Inference, sizes: Mapping[str, int]
) -> Callable[[Values], Any]:
    """The function of all values that is the derivative by the variables named, put behind each other."""

    def derivative(values: Values) -> Any:
        def along(flat: Any) -> Any:
            moved, place = dict(values), 0
            for name in names:
                symbol = inference.symbols[name]
                count = math.prod(size.value(sizes) for size in symbol.shape.dims)
                moved[name] = _axes(_structured(flat[place : place + count], symbol.properties), symbol.shape, sizes)
                place += count
            return function(moved).reshape(-1)

        start = torch.cat([values[name].reshape(-1) for name in names])
        return torch.autograd.functional.jacobian(along, start, create_graph=True)

    return derivative


def _laid_out(array: Any, value: str, variable: str, outputs: int) -> Any:
    if outputs == 0 and variable == "vector":
        return array.reshape(1, -1)
    if outputs == 0 and variable == "matrix":
        return array.T
    if variable == "scalar" and outputs == 1:
        return array.reshape((1, -1) if value == "row" else (-1,))
    return array


def _targets(target: tree.Expr) -> list[str]:
    if isinstance(target, tree.Name):
        return [target.name]
    if isinstance(target, tree.Stack):
        return [name for item in target.items for name in _targets(item)]
    raise CannotTellError("a target that is not a name")


def _structured(flat: Any, properties: frozenset[str]) -> Any:
    """The nearest matrix of the declared structure: its derivative projects on the space of such matrices."""
    if not properties & {"symmetric", "spd", "diagonal"}:
        return flat
    matrix = flat.reshape(math.isqrt(flat.numel()), -1)
    return (matrix * torch.eye(len(matrix)) if "diagonal" in properties else (matrix + matrix.mT) / 2).reshape(-1)


def _axes(array: Any, shape: Shape, sizes: Mapping[str, int] | None = None) -> Any:
    if shape.kind == "matrix" and sizes is not None:
        return array.reshape([size.value(sizes) for size in shape.dims])
    return array.reshape({"scalar": (), "vector": (-1, 1), "row": (1, -1), "matrix": tuple(array.shape)}[shape.kind])


# Points


def points(inference: Inference, random: Any) -> Iterator[tuple[Values, dict[str, int]]]:
    """Random values at random sizes, all different."""
    shapes = [symbol.shape for symbol in inference.symbols.values()] + list(inference.shapes.values())
    dims = {size for shape in shapes for size in shape.dims} | {found.length for found in inference.ranges.values()}
    dims |= {inference.dimension(node.name) for node, role in inference.roles.items() if role == "dimension"}
    names = sorted({name for size in dims for name in size.names})
    for attempt in range(ATTEMPTS):
        pool = random.permutation(np.arange(2, max(MOST, len(names) + 2)))
        sizes = {name: int(size) for name, size in zip(names, pool, strict=False)}
        values = {}
        for name, symbol in inference.symbols.items():
            shape = tuple(size.value(sizes) for size in symbol.shape.dims)
            values[name] = _draw(random, shape, symbol.properties, attempt % 4)
        yield values, sizes


def _draw(random: Any, shape: tuple[int, ...], properties: frozenset[str], mode: int) -> Any:
    entries = (random.normal(size=shape), random.uniform(0.2, 2, shape), random.uniform(0.1, 0.9, shape),
               random.normal(size=shape) / 3)[mode]  # fmt: skip
    if "integer" in properties:
        entries = random.integers(1, 6, shape)
    if "positive" in properties:
        entries = np.abs(entries) + 0.05
    if "spd" in properties:
        entries = entries @ entries.T + 0.3 * np.eye(shape[0])
    if "symmetric" in properties:
        entries = (entries + entries.T) / 2
    if "diagonal" in properties:
        entries = entries * np.eye(shape[0])
    if properties & {"orthogonal"}:
        entries = np.linalg.qr(random.normal(size=shape))[0]
    if properties & {"lower_triangular"}:
        entries = np.tril(entries)
    if properties & {"upper_triangular"}:
        entries = np.triu(entries)
    return np.asarray(entries, dtype=float)


# The comparison


def compare(problem: Record) -> str:
    """What is wrong with a problem's derivative; "" if nothing is."""
    options = {"dialect": problem["dialect"]} if "dialect" in problem else {}
    result: Any = mc.diff(
        problem["text"], wrt=problem["wrt"], where=problem["where"] or None, order=problem.get("order", 1), **options
    )
    if result._problem.inference.facts:
        raise CannotTellError("an equation that the values do not fulfil")
    random = np.random.default_rng(crc32(problem["id"].encode()))
    usable = 0
    for point, sizes in points(result._problem.inference, random):
        try:
            with np.errstate(all="ignore"):
                mine = np.asarray(result.evaluate(**point, **sizes))
        except EvaluationError:
            continue
        except NotSupportedError as error:
            raise CannotTellError(str(error)) from None
        theirs = automatic(result, point, sizes)
        if len(result._path) > 1 and np.squeeze(mine).shape == np.squeeze(theirs).shape:
            mine = mine.reshape(theirs.shape)  # an axis of length 1 is only for show
        if not np.isfinite(theirs).all():
            continue
        if mine.shape != theirs.shape:
            return f"shape {mine.shape}, should be {theirs.shape}"
        if not np.isfinite(mine).all():
            return f"not finite where it should be {theirs}"
        gap = float(np.max(np.abs(mine - theirs), initial=0.0) / (1 + np.max(np.abs(theirs), initial=0.0)))
        if gap > TOLERANCE:
            return f"differs by {gap:.1e} at {point}: {mine}, should be {theirs}"
        usable += 1
        if usable == POINTS:
            return ""
    if not usable:
        raise CannotTellError("PyTorch has no value at any point")
    return f"only {usable} usable points"


def main(chosen: set[str]) -> int:
    """Compare all problems, or those chosen; the number of disagreements."""
    global torch  # noqa: PLW0603 (imported only here)
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        print("PyTorch is not installed: pip install torch")
        return 1
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    files = [*sorted((TESTS / "golden").glob("*.jsonl")), TESTS / "cases" / "problems.jsonl"]
    lines = [line for path in files if path.name != "pending.jsonl" for line in path.read_text(encoding="utf-8").splitlines()]
    problems = [json.loads(line) for line in lines]
    wrong = silent = 0
    for problem in problems:
        if chosen and problem["id"] not in chosen:
            continue
        try:
            verdict = compare(problem)
        except CannotTellError as reason:
            silent += 1
            print(f"{problem['id']}: no opinion ({str(reason).splitlines()[0]})")
            continue
        except MatcalcError as error:
            verdict = str(error)
        if verdict:
            wrong += 1
            print(f"{problem['id']}: {verdict}")
    print(f"{len(chosen) or len(problems)} problems, {wrong} disagreements, {silent} without an opinion")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(set(sys.argv[1:])))
