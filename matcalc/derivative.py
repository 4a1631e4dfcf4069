"""The public objects: expressions and their derivatives. The functions that make them are in the package's `__init__`."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from matcalc.calculus.chain import Derivation
from matcalc.calculus.differentiate import differentiate
from matcalc.calculus.simplify import Simplifier
from matcalc.calculus.symmetry import SYMMETRIC, is_symmetric
from matcalc.errors import EvaluationError, NotSupportedError, UsageError
from matcalc.language import tree
from matcalc.language.dimensions import SCALAR, Dim, Shape, dim
from matcalc.language.parse import parse_declarations, parse_program, parse_shape, parse_targets
from matcalc.language.shapes import Inference, infer
from matcalc.notation import matrix as notation
from matcalc.notation.answer import write_answer
from matcalc.notation.layout import Layout, arrangement, layout_named
from matcalc.notation.matrix import Answer
from matcalc.notation.recover import Recovery
from matcalc.notation.written import as_written
from matcalc.operations.table import FUNCTIONS
from matcalc.tensor.lower import Lowering, Value
from matcalc.tensor.nodes import Graph, Node, Rational, Variable, terms

if TYPE_CHECKING:
    from matcalc.tensor.evaluate import StandIn
    from matcalc.verify import Verification

DIALECTS = ("matcalc",)
"""Input languages that are read today."""

_DIAGONAL = frozenset({"diagonal"})
_UNCONSTRAINED_ONLY = frozenset({"orthogonal", "lower_triangular", "upper_triangular"})
_STRUCTURES = SYMMETRIC | _UNCONSTRAINED_ONLY


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the garbage collector: a graph has no cycles, and scanning it again and again doubles the time of a derivation."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def _sizes_known() -> Iterator[None]:
    """Say which size the values given do not fix."""
    try:
        yield
    except KeyError as error:
        name = error.args[0]
        raise EvaluationError(f"the values do not fix the size {name}", help=f"give it too: {name}=3") from None


class Problem:
    """A program, read and lowered once, for any number of derivatives."""

    def __init__(
        self,
        text: str,
        wrt: Sequence[str] = (),
        *,
        shapes: Mapping[str, str] | None = None,
        where: str | None = None,
        dialect: str = "matcalc",
        unconstrained: bool = False,
    ) -> None:
        if dialect not in DIALECTS:
            raise NotSupportedError(f"the dialect `{dialect}`", help=f"supported: {', '.join(DIALECTS)}")
        self.text = text
        program = parse_program(text)
        declared = list(parse_declarations(where)) if where else []
        for name, shape in (shapes or {}).items():
            spec = parse_shape(shape)
            declared.append(tree.Declaration((tree.Name(name, spec.span),), spec, spec.span))
        targets = [target for each in wrt for target in parse_targets(each)]
        bound = {binding.name.name for binding in program.bindings}
        free = {name for target in targets for name in _names(target) if name in bound}
        self.declared = {
            name.name
            for declaration in (*program.declarations, *declared)
            if isinstance(declaration, tree.Declaration)
            for name in declaration.names
        }
        self.inference: Inference = infer(program, declared=declared, targets=targets, free=free)
        self.targets = self.inference.targets
        for name in ("I", "pi", "π"):
            if name in self.inference.symbols:
                meaning = "the identity matrix" if name == "I" else "the number 3.14159…"
                raise UsageError(f"`{name}` is {meaning} here", self.inference.symbols[name].span, help="choose another name")
        if unconstrained:
            self._release()
        self.graph = Graph()
        self.simplifier = Simplifier(self.graph)
        lowering = Lowering(self.graph, self.inference)
        with _without_collector():
            self.value: Value = lowering.program()
            self.root: Node = self.simplifier.simplify(self.value.node)
        self.bindings: dict[str, Value] = dict(lowering.names or {})
        shapes_used = [symbol.shape.dims for symbol in self.inference.symbols.values()]
        sizes = [size for dims in (*shapes_used, tuple(self.inference.ranges.values())) for size in dims]
        dimensions = frozenset(name for size in sizes for name, _ in size.terms)
        self.recovery = Recovery(
            self.simplifier,
            frozenset(name for name, symbol in self.inference.symbols.items() if symbol.shape.kind == "row"),
            frozenset({*self.inference.symbols, *self.bindings, *self.inference.functions, *dimensions, "I", "pi", "π"}),
            dimensions,
        )

    def _release(self) -> None:
        """Forget the structure of the matrices differentiated by: A' is not A where only one entry of A moves."""
        symbols = self.inference.symbols
        for name in {name for target in self.targets for name in _names(target)} & set(symbols):
            symbols[name] = replace(symbols[name], properties=symbols[name].properties - _STRUCTURES)

    def variable(self, name: str) -> Variable:
        """The node of a variable."""
        symbol = self.inference.symbols[name]
        return self.graph.variable(name, symbol.shape.dims, symbol.properties)

    @cached_property
    def written(self) -> Answer:
        """The expression as it was written, in matrix notation."""
        return Answer(as_written(self.recovery.build, self.inference))

    def warnings(self) -> list[str]:
        """What may have been meant otherwise."""
        found: dict[str, None] = {}
        program = self.inference.program
        for root in (*(binding.value for binding in program.bindings), program.body):
            for node in tree.postorder(root):
                if isinstance(node, tree.Binary) and node.operator == "^" and isinstance(node.left, tree.Name):
                    symbol = self.inference.symbols.get("e")
                    if node.left.name == "e" and symbol is not None and not symbol.declared:
                        found["e is a variable here; the exponential function is exp(x)"] = None
                elif isinstance(node, tree.Call) and node.function in FUNCTIONS:
                    dims = self.inference.shapes[node].dims
                    namesake = FUNCTIONS[node.function].namesake
                    if namesake and len(dims) == 2 and dims[0] == dims[1]:
                        found[f"{node.span.excerpt} is taken element by element; it is not the {namesake}"] = None
        return list(found)

    def arrays(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
        """The values as arrays of the right shapes, and the sizes they imply.

        Raises:
            EvaluationError: a value is missing, unknown, or does not fit its shape.
        """
        import numpy as np  # noqa: PLC0415 (only where numbers are evaluated)

        sizes: dict[str, int] = {}
        arrays: dict[str, Any] = {}
        lengths: list[tuple[Dim, int, str]] = []
        for name, value in values.items():
            symbol = self.inference.symbols.get(name)
            if symbol is None:
                if isinstance(value, int) and name not in self.bindings and name not in self.declared:
                    lengths.insert(0, (dim(name), value, name))
                    continue
                if name in self.declared:
                    continue  # declared, but the expression does not depend on it
                raise EvaluationError(f"`{name}` is not a variable of this expression")
            try:
                array = np.asarray(value, dtype=float)
            except (TypeError, ValueError):
                raise EvaluationError(f"the value of `{name}` is not an array of real numbers") from None
            wanted = symbol.shape.dims
            if array.ndim > len(wanted):
                array = _squeezed(array, symbol.shape)
            if array.ndim != len(wanted):
                raise EvaluationError(f"`{name}` is a {symbol.shape}, but its value has {array.ndim} axes")
            lengths += [(size, length, name) for size, length in zip(wanted, array.shape, strict=True)]
            _check_structure(np, name, array, symbol.properties)
            arrays[name] = array
        lengths.sort(key=lambda each: len(each[0].terms))  # m + n after m and n
        for size, length, name in lengths:
            _fit(size, length, sizes, name)
        return arrays, sizes


def _check_structure(np: Any, name: str, array: Any, properties: frozenset[str]) -> None:
    """What was declared of a variable must hold for its value: the answer may rely on it."""
    holds: dict[str, Callable[[], Any]] = {
        "positive": lambda: bool((array > 0).all()),
        "symmetric": lambda: np.allclose(array, array.T),
        "spd": lambda: np.allclose(array, array.T) and bool((np.linalg.eigvalsh(array) > 0).all()),
        "diagonal": lambda: np.allclose(array, np.diag(np.diagonal(array))),
        "orthogonal": lambda: np.allclose(array.T @ array, np.eye(array.shape[1])),
        "lower_triangular": lambda: np.allclose(array, np.tril(array)),
        "upper_triangular": lambda: np.allclose(array, np.triu(array)),
    }
    square = array.ndim != 2 or array.shape[0] == array.shape[1]
    for each in sorted(properties & set(holds)):
        if not ((square or each == "positive") and holds[each]()):
            raise EvaluationError(f"`{name}` is declared {each}, but its value is not")


def _squeezed(array: Any, shape: Shape) -> Any:
    """A vector or row given as a matrix with one column or row."""
    if len(shape.dims) == 1 and array.ndim == 2 and 1 in array.shape:
        return array.reshape(-1)
    return array.reshape(()) if not shape.dims and array.size == 1 else array


def _fit(size: Dim, length: int, sizes: dict[str, int], name: str) -> None:
    """Learn a named dimension from an array's length, or check it."""
    unknown = [term for term in size.terms if term[0] not in sizes]
    if len(unknown) == 1:
        letter, count = unknown[0]
        rest = length - size.constant - sum(sizes[other] * times for other, times in size.terms if other != letter)
        if rest % count == 0 and rest > 0:
            sizes[letter] = rest // count
            return
    elif not unknown and size.value(sizes) == length:
        return
    raise EvaluationError(f"a size of `{name}` is {length}, but {size} is expected here")


def _names(target: tree.Expr) -> list[str]:
    return [node.name for node in tree.postorder(target) if isinstance(node, tree.Name)]


class Expression:
    """An expression that was read: its shapes, LaTeX, and value.

    >>> import matcalc as mc
    >>> mc.parse("X w + b", shapes={"b": "scalar"}).shapes
    {'X': 'matrix(m, n)', 'w': 'vector(n)', 'b': 'scalar'}
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem

    @property
    def shapes(self) -> dict[str, str]:
        """The shape of each variable."""
        return {name: str(symbol.shape) for name, symbol in self._problem.inference.symbols.items()}

    @property
    def shape(self) -> tuple[Dim, ...]:
        """The symbolic sizes of the value: () for a scalar, (n,) for a vector, (1, n) for a row."""
        shape = self._problem.value.shape
        return (dim(1), *shape.dims) if shape.kind == "row" else shape.dims

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What was assumed about shapes: `("w, x ∈ ℝⁿ",)`."""
        return self._problem.inference.assumptions()

    def __str__(self) -> str:
        from matcalc.output.text import text  # noqa: PLC0415

        return text(self._problem.written)

    def __repr__(self) -> str:
        return f"Expression({str(self)!r})"

    def latex(self) -> str:
        """The expression in LaTeX (amsmath, amssymb)."""
        from matcalc.output.latex import latex  # noqa: PLC0415

        return latex(self._problem.written)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def evaluate(self, **values: Any) -> Any:
        """The value as an array of `shape`; a keyword for each variable (and each size that they do not fix).

        Raises:
            EvaluationError: a value is missing, or does not fit its shape.
        """
        from matcalc.tensor.evaluate import evaluate  # noqa: PLC0415

        arrays, sizes = self._problem.arrays(values)
        with _sizes_known():
            result = evaluate(self._problem.root, arrays, sizes)
        return result.reshape(1, -1) if self._problem.value.shape.kind == "row" else result


@dataclass(frozen=True, slots=True)
class _Options:
    """How a derivative was asked for."""

    order: int = 1
    layout: Layout = "numerator"
    unconstrained: bool = False


class Derivative:
    """A derivative: printed, as a SymPy expression, as a function of numbers, and checked.

    >>> import matcalc as mc
    >>> d = mc.diff("sum(w*x)", wrt="w")
    >>> print(d)
    xᵀ
    >>> d.evaluate(w=[1, 2], x=[3, 4])
    array([[3., 4.]])
    """

    def __init__(self, problem: Problem, target: tree.Expr, options: _Options) -> None:
        self._problem = problem
        self._target = target
        self._options = options
        self._value_shape: Shape = problem.value.shape
        self.derivations: list[Derivation] = []
        if options.order == 2 and self._value_shape.kind != "scalar":
            raise NotSupportedError(
                f"the second derivative of a {self._value_shape.kind}", help="the Hessian is that of a scalar"
            )
        with _without_collector():
            node = self._by_target(problem.root)
            if options.order == 2:
                self._value_shape = self._variable_shape()
                node = self._by_target(node)
            self._node = problem.simplifier.simplify(node)
        self._arranged = arrangement(self._value_shape, self._variable_shape(), options.layout)

    # What it is

    @property
    def wrt(self) -> str:
        """The variable, as it was written."""
        return self._target.span.excerpt

    @property
    def value_kind(self) -> str:
        """What was differentiated: a scalar, vector, row or matrix."""
        return self._problem.value.shape.kind

    @property
    def order(self) -> int:
        """1, or 2 for a Hessian."""
        return self._options.order

    @property
    def layout(self) -> str:
        """numerator, denominator or gradient."""
        return self._options.layout

    @property
    def shape(self) -> tuple[Dim, ...]:
        """The symbolic sizes of the array: (1, n) for the derivative of a scalar by a vector in numerator layout."""
        return self._arranged.shape

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What was assumed about shapes and functions."""
        return self._problem.inference.assumptions()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know about the answer: stretched operands, the space of the variable, the vec convention."""
        notes = [caption for _, caption in self._problem.inference.stretched] + self._problem.warnings()
        properties = self._properties()
        if properties and not self._options.unconstrained:
            kind = "diagonal" if properties & _DIAGONAL else "symmetric"
            notes.append(f"derivative on the space of {kind} matrices")
        written = self.answer
        if written.note:
            notes.append(written.note)
        if written.element is not None:
            notes.append(self._by_elements(*written.element))
        elif written.indices:
            notes.append(f"element {self._left_side(written.indices)}")
        unused = self._problem.declared - set(self._problem.inference.symbols) - set(self._problem.bindings)
        unused -= {*self._problem.inference.functions, *self._problem.recovery.dimensions}
        notes += [f"{name} is declared but does not occur" for name in sorted(unused)]
        notes += [f"not used: {fact.span.excerpt}" for fact in self._problem.inference.facts]
        notes += [f"where {expression} ≠ 0" for expression in self._singular()]
        return tuple(notes)

    def _singular(self) -> list[str]:
        """What must not vanish: the vectors whose norm the answer divides by."""
        from matcalc.output.text import expression  # noqa: PLC0415

        found: dict[str, None] = {}
        for part in (self.answer.body, *(value for _, value in self.answer.definitions)):
            for node in notation.postorder(part):
                if isinstance(node, notation.Product):
                    bases = [each.base if isinstance(each, notation.Power) else each for each in node.divisors]
                    found |= {expression(base.operand): None for base in bases if isinstance(base, notation.Norm)}
        return list(found)

    def _by_elements(self, indices: Sequence[str], element: notation.Expression) -> str:
        from matcalc.output.text import expression  # noqa: PLC0415

        return f"by elements, {self._left_side(indices)} = {expression(element)}"

    def _left_side(self, indices: Sequence[str], value: str = "") -> str:
        """∂Yᵢⱼ/∂Xₖₗ, where Y is what was differentiated."""
        from matcalc.output.text import expression  # noqa: PLC0415

        build, outputs = self._problem.recovery.build, len(self._value_shape.dims)
        sides = []
        for name, shape, names in (
            (value or ("Y" if outputs == 2 else "y"), self._value_shape, indices[:outputs]),
            (self.wrt, self._variable_shape(), indices[outputs:]),
        ):
            symbol = build.make(notation.Symbol, shape, name)
            sides.append(f"∂{expression(build.make(notation.Element, SCALAR, symbol, tuple(names)) if names else symbol)}")
        return "/".join(sides)

    @cached_property
    def answer(self) -> Answer:
        """The derivative in matrix notation."""
        return write_answer(
            self._problem.recovery,
            self._node,
            self._value_shape,
            self._variable_shape(),
            self._options.layout,
            self.wrt,
            self._problem.bindings,
        )

    def heading(self) -> str:
        """The left-hand side: `∂/∂w max(0, w·x + b)`."""
        from matcalc.output.text import text  # noqa: PLC0415

        inner = text(self._problem.written)
        if self.answer.indices:
            return self._left_side(self.answer.indices, f"({inner})")
        if self.order == 2:
            operator = f"∂²/∂{self.wrt}∂{self.wrt}ᵀ" if self._variable_shape().dims else f"∂²/∂{self.wrt}²"
        else:
            operator = f"∂/∂{self.wrt}"
        return f"{operator} {inner}" if not _is_open(self._problem.inference.program.body) else f"{operator} ({inner})"

    # How it is said

    def __str__(self) -> str:
        from matcalc.output.text import text  # noqa: PLC0415

        return text(self.answer)

    def __repr__(self) -> str:
        return f"<Derivative by {self.wrt}: {self}>"

    def latex(self) -> str:
        """The derivative in LaTeX (amsmath, amssymb)."""
        from matcalc.output.latex import latex  # noqa: PLC0415

        return latex(self.answer)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    @cached_property
    def expr(self) -> Any:
        """The derivative as a SymPy expression (MatrixSymbol, MatMul, HadamardProduct, Piecewise, …).

        Raises:
            LimitError: it is nested deeper than SymPy can handle.
        """
        from matcalc.output.sympy import to_sympy  # noqa: PLC0415

        properties = {name: symbol.properties for name, symbol in self._problem.inference.symbols.items()}
        return to_sympy(self.answer, properties)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data, for JSON."""
        return {
            "expression": self._problem.text,
            "wrt": self.wrt,
            "order": self.order,
            "layout": self.layout,
            "text": str(self),
            "latex": self.latex(),
            "sympy": str(self.expr),
            "shape": [str(size) for size in self.shape],
            "assumptions": list(self.assumptions),
            "notes": list(self.notes),
        }

    # Numbers

    def evaluate(self, **values: Any) -> Any:
        """The value as an array of `shape`; a keyword for each variable (and each size that they do not fix).

        Raises:
            EvaluationError: a value is missing, or does not fit its shape.
            NotSupportedError: the answer has functions that are only named.
        """
        arrays, sizes = self._problem.arrays(values)
        with _sizes_known():
            raw = self._raw(arrays, sizes)
            return raw.transpose(self._arranged.axes).reshape([size.value(sizes) for size in self.shape])

    def _raw(self, arrays: Mapping[str, Any], sizes: Mapping[str, int], unknown: StandIn | None = None) -> Any:
        """The value with the axes of the value, then those of the variable."""
        from matcalc.tensor.evaluate import evaluate  # noqa: PLC0415

        return evaluate(self._node, arrays, sizes, unknown)

    def verify(self, seed: int = 0) -> Verification:
        """Compare with numerical derivatives of the expression as it was written, at random points of several sizes.

        The expression is evaluated from its syntax tree, which has nothing in common with how the derivative was found.
        """
        from matcalc.verify import stand_in, verify  # noqa: PLC0415

        def answer(arrays: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
            return self._raw(arrays, sizes, stand_in)

        symmetric = not self._options.unconstrained
        return verify(self._problem.inference, self._target, self.order, answer, symmetric=symmetric, seed=seed)

    # How it is found

    def _properties(self) -> frozenset[str]:
        """The properties of the variable that make its derivative one on a subspace."""
        if not isinstance(self._target, tree.Name):
            return frozenset()
        properties = self._problem.inference.symbols[self._target.name].properties
        return properties & _STRUCTURES

    def _variable_shape(self) -> Shape:
        return self._problem.inference.shapes[self._target]

    def _by_target(self, node: Node) -> Node:
        """The derivative by the target: a variable, stacked variables, or an element."""
        target, graph = self._target, self._problem.graph
        if isinstance(target, tree.Name):
            return self._on_subspace(self._by_variable(node, target.name))
        if isinstance(target, tree.Stack):
            parts = []
            for item in target.items:
                if not isinstance(item, tree.Name):
                    raise NotSupportedError("a derivative by stacked expressions", item.span, help="stack variables")
                part = self._by_variable(node, item.name)
                if part.order == node.order:
                    sizes = (*node.shape, dim(1))
                    part = graph.contraction([(part, range(part.order))], range(part.order + 1), sizes)
                elif part.order > node.order + 1:
                    raise NotSupportedError("a derivative by a stacked matrix", item.span)
                parts.append(part)
            return graph.concatenation(node.order, parts)
        if isinstance(target, tree.Index) and isinstance(target.operand, tree.Name):
            return self._by_element(node, target)
        raise NotSupportedError("a derivative by this", target.span, help="write a variable, `[x, y]` or `x[2]`")

    def _by_variable(self, node: Node, name: str) -> Node:
        derivation = differentiate(self._problem.graph, node, self._problem.variable(name))
        self.derivations.append(derivation)
        return self._problem.simplifier.simplify(derivation.result)

    def _by_element(self, node: Node, target: tree.Index) -> Node:
        assert isinstance(target.operand, tree.Name)
        graph = self._problem.graph
        structure = self._problem.inference.symbols[target.operand.name].properties & _STRUCTURES
        if structure:
            raise NotSupportedError(
                f"the derivative by an entry of a matrix declared {', '.join(sorted(structure))}",
                target.span,
                help="its entries are not independent; unconstrained=True differentiates by this entry alone",
            )
        whole = self._by_variable(node, target.operand.name)
        factors: list[tuple[Node, Sequence[int]]] = [(whole, range(whole.order))]
        for axis, subscript in enumerate(target.subscripts):
            label = node.order + axis
            if not isinstance(subscript, tree.Number) or label >= whole.order:
                raise NotSupportedError("a derivative by this part", target.span, help="write an element such as `x[2]`")
            factors.append((graph.unit(whole.shape[label], int(subscript.value)), (label,)))
        if len(factors) - 1 != whole.order - node.order:
            raise NotSupportedError("a derivative by a row or column", target.span, help="write an element such as `X[1, 2]`")
        return graph.contraction(factors, range(node.order))

    def _on_subspace(self, node: Node) -> Node:
        """By a symmetric matrix, the symmetric part (the derivative on the space of symmetric matrices)."""
        properties = self._properties()
        if self._options.unconstrained or not properties:
            return node
        if properties & _UNCONSTRAINED_ONLY:
            raise NotSupportedError(
                f"the derivative by a matrix declared {', '.join(sorted(properties))}",
                self._target.span,
                help="use unconstrained=True for the derivative by all entries",
            )
        graph, order = self._problem.graph, node.order
        out = range(order)
        if order == 2 and not properties & _DIAGONAL and is_symmetric(graph, node):
            return node
        if properties & _DIAGONAL:
            return graph.contraction([(node, out), (graph.delta(node.shape[-1]), (order - 2, order - 1))], out)
        swapped = [*range(order - 2), order - 1, order - 2]
        halves: list[tuple[Rational, Node]] = []
        for coefficient, term in terms(node):
            transposed = self._problem.simplifier.contraction([(term, swapped)], out)
            halves += [(Fraction(coefficient) / 2, term), (Fraction(coefficient) / 2, transposed)]
        return graph.sum(halves, node.shape)


def _is_open(body: tree.Expr) -> bool:
    """Whether an expression needs brackets after ∂/∂x."""
    if isinstance(body, tree.Binary):
        return body.operator in ("+", "-") or body.operator in (">", "<", ">=", "<=", "==")
    return isinstance(body, tree.Unary)


def differentiated(
    text: str,
    wrt: str | Sequence[str],
    *,
    order: int,
    shapes: Mapping[str, str] | None,
    where: str | None,
    layout: str,
    dialect: str,
    unconstrained: bool,
) -> Derivative | dict[str, Derivative]:
    """What `matcalc.diff` does."""
    if order not in (1, 2):
        raise UsageError(f"there is no order {order} here", help="the order is 1 or 2")
    options = _Options(order, layout_named(layout), unconstrained)
    listed = [wrt] if isinstance(wrt, str) else list(wrt)
    if not listed:
        raise UsageError("no variable to differentiate by", help="give wrt, for example wrt='w'")
    problem = Problem(text, listed, shapes=shapes, where=where, dialect=dialect, unconstrained=unconstrained)
    derivatives = {target.span.excerpt: Derivative(problem, target, options) for target in problem.targets}
    if isinstance(wrt, str) and len(derivatives) == 1:
        return next(iter(derivatives.values()))
    return derivatives


__all__ = ["Derivative", "Expression", "Problem", "differentiated"]

