"""The public objects: expressions and their derivatives. The functions that make them are in the package's `__init__`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from matcalc.calculus.chain import Derivation
from matcalc.calculus.targets import Targets
from matcalc.errors import NotSupportedError, UsageError
from matcalc.language import tree
from matcalc.language.declared import Symmetric
from matcalc.language.dimensions import SCALAR, Dim, Shape, dim
from matcalc.notation import matrix as notation
from matcalc.notation.answer import write_answer
from matcalc.notation.layout import Layout, arrangement, layout_named
from matcalc.notation.matrix import Answer
from matcalc.problem import Problem, sizes_known, without_collector

if TYPE_CHECKING:
    from matcalc.tensor.evaluate import StandIn
    from matcalc.verify import Verification


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
        with sizes_known():
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
        targets = self._targets = Targets(problem.simplifier, problem.inference.symbols)
        if options.order == 2 and self._value_shape.kind != "scalar":
            raise NotSupportedError(
                f"the second derivative of a {self._value_shape.kind}", help="the Hessian is that of a scalar"
            )
        with without_collector():
            node = targets.derivative(problem.root, target)
            if options.order == 2:
                self._value_shape = self._variable_shape()
                node = targets.derivative(node, target)
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
    def derivations(self) -> list[Derivation]:
        """How the derivatives by single variables were found: steps, paths, chain rules."""
        return self._targets.derivations

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
        properties = self._targets.structure(self._target)
        if properties:
            kind = "diagonal" if "diagonal" in properties else "symmetric"
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
        with sizes_known():
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

        symmetric: Symmetric = "unconstrained" if self._options.unconstrained else "space"
        return verify(self._problem.inference, [self._target] * self.order, answer, symmetric=symmetric, seed=seed)

    def _variable_shape(self) -> Shape:
        return self._problem.inference.shapes[self._target]


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

