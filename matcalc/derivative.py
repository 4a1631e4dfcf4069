"""The public objects: expressions and their derivatives. The functions that make them are in the package's `__init__`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

from matcalc.blocks import BlockHessian
from matcalc.calculus.chain import Derivation
from matcalc.calculus.targets import Targets, freedom
from matcalc.errors import NotSupportedError, UsageError
from matcalc.language import tree
from matcalc.language.declared import Symmetric
from matcalc.language.dimensions import Dim, Shape, dim
from matcalc.limits import MAX_ORDER
from matcalc.notation import matrix as notation
from matcalc.notation.answer import write_answer
from matcalc.notation.layout import Layout, arrangement, layout_named
from matcalc.notation.matrix import Answer
from matcalc.problem import Problem, sizes_known, without_collector

if TYPE_CHECKING:
    from matcalc.explanation.explanation import Explanation
    from matcalc.output.labels import Labels
    from matcalc.output.picture import Picture
    from matcalc.tensor.evaluate import StandIn
    from matcalc.tensor.nodes import Node
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
class Options:
    """How a derivative was asked for."""

    layout: Layout = "numerator"
    symmetric: Symmetric = "space"


class Derivative:
    """A derivative: printed, as a SymPy expression, as a function of numbers, and checked.

    >>> import matcalc as mc
    >>> d = mc.diff("sum(w*x)", wrt="w")
    >>> print(d)
    xᵀ
    >>> d.evaluate(w=[1, 2], x=[3, 4])
    array([[3., 4.]])
    """

    def __init__(self, problem: Problem, path: tuple[tree.Expr, ...], options: Options, targets: Targets) -> None:
        self._problem = problem
        self._path = path
        self._options = options
        self._targets = targets
        with without_collector():
            node, self._derivations = targets.along(problem.root, path)
            self._node = problem.simplifier.simplify(node)
        self._rows, self._columns = _sides(problem.value.shape, [problem.inference.shapes[target] for target in path])
        self._arranged = arrangement(self._rows, self._columns, options.layout)

    # What it is

    @property
    def wrt(self) -> str:
        """The variable, as it was written; those of a mixed derivative as `x, y`."""
        names = [target.span.excerpt for target in self._path]
        return names[0] if len(set(names)) == 1 else ", ".join(names)

    @property
    def node(self) -> Node:
        """The derivative in index notation: the axes of the value, then those of each variable."""
        return self._node

    @property
    def value_kind(self) -> str:
        """What was differentiated: a scalar, vector, row or matrix."""
        return self._problem.value.shape.kind

    @property
    def derivations(self) -> list[Derivation]:
        """How the derivatives by single variables were found: steps, paths, chain rules."""
        return self._derivations

    @property
    def order(self) -> int:
        """How often it was differentiated: 1, 2 for a Hessian or 3."""
        return len(self._path)

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
        notes = self._problem.remarks()
        notes += dict.fromkeys(filter(None, map(self._freedom, self._path)))
        written = self.answer
        if written.note:
            notes.append(written.note)
        if written.element is not None:
            notes.append(self._by_elements(*written.element))
        elif written.indices:
            notes.append(f"element {self._labels.element(written.indices)}")
        unused = self._problem.declared - set(self._problem.inference.symbols) - set(self._problem.bindings)
        unused -= {*self._problem.inference.functions, *self._problem.recovery.dimensions}
        notes += [f"{name} is declared but does not occur" for name in sorted(unused)]
        notes += [f"not used: {fact.span.excerpt}" for fact in self._problem.facts_not_used()]
        notes += [f"where {expression} ≠ 0" for expression in self._singular()]
        notes += [f"where {expression} ≥ 0" for expression in self._exponents()]
        return tuple(notes)

    def _exponents(self) -> list[str]:
        """What must not be negative: the exponents of which the powers are added up."""
        from matcalc.output.text import expression  # noqa: PLC0415

        parts = (self.answer.body, *(value for _, value in self.answer.definitions))
        summed = any(isinstance(node, notation.BoundedSum) for part in parts for node in notation.postorder(part))
        return list(map(expression, self._problem.recovery.exponents)) if summed else []

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

    def _freedom(self, target: tree.Expr) -> str:
        """How the entries of a matrix with structure moved, and what else they could have done."""
        name = target.operand if isinstance(target, tree.Index) else target
        if not isinstance(name, tree.Name):
            return ""
        properties = self._targets.structure(name) or self._problem.released.get(name.name, frozenset())
        return freedom(self._options.symmetric, properties)

    def _by_elements(self, indices: Sequence[str], element: notation.Expression) -> str:
        from matcalc.output.text import expression  # noqa: PLC0415

        return f"by elements, {self._labels.element(indices)} = {expression(element)}"

    @cached_property
    def answer(self) -> Answer:
        """The derivative in matrix notation."""
        return write_answer(
            self._problem.recovery, self._node, self._rows, self._columns, self._options.layout, self._path[-1].span.excerpt,
            self._problem.own_names, self._stacked() if self.order > 1 else "",
        )

    @property
    def _labels(self) -> Labels:
        from matcalc.output.labels import Labels  # noqa: PLC0415

        return Labels(self._problem.recovery.build, self._problem.inference, self._problem.value.shape, self._path)

    def _stacked(self) -> str:
        """What the Kronecker form of a derivative of higher order is."""
        said = self._labels.stacked()
        return f"({said})ᵀ" if self.layout == "denominator" else said

    def heading(self) -> str:
        """The left-hand side: `∂/∂w max(0, w·x + b)`."""
        from matcalc.output.text import text  # noqa: PLC0415

        inner = text(self._problem.written)
        if self.answer.indices:
            return self._labels.element(self.answer.indices, f"({inner})")
        inner = f"({inner})" if _is_open(self._problem.inference.program.body) else inner
        return f"{self._labels.operator()} {inner}"

    def latex_heading(self, names: Mapping[str, str] | None = None) -> str:
        """What is differentiated, by what, in LaTeX; `names` are those that look otherwise than usual."""
        from matcalc.notation.written import as_written  # noqa: PLC0415
        from matcalc.output.latex import expression, latex  # noqa: PLC0415

        below = expression(as_written(self._problem.recovery.build, self._problem.inference, self._path[-1]), names)
        return rf"\frac{{\partial}}{{\partial {below}}} \left({latex(self._problem.written, names)}\right)"

    def label(self) -> str:
        """The left-hand side of a line in a list: `∂²f/∂x∂yᵀ`, `∂²f/∂xᵢ∂Yⱼₖ`, `∂²f/∂vec(X)∂vec(Y)ᵀ`."""
        if self.answer.indices:
            return self._labels.element(self.answer.indices)
        return self._labels.stacked() if self._node.order > 2 else self._labels.operator("f")

    def latex_label(self, *, stacked: bool = False) -> str:
        r"""The same in LaTeX, `\frac{\partial^{2} f}{…}`; if `stacked`, that of the block of a matrix, with `vec`."""
        indices = () if stacked else self.answer.indices
        return self._labels.latex(indices, stacked=stacked or self._node.order > 2)

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
            raw = self.raw(arrays, sizes)
            return raw.transpose(self._arranged.axes).reshape([size.value(sizes) for size in self.shape])

    def raw(self, arrays: Mapping[str, Any], sizes: Mapping[str, int], unknown: StandIn | None = None) -> Any:
        """The value with the axes of the value, then those of the variable."""
        from matcalc.tensor.evaluate import evaluate  # noqa: PLC0415

        return evaluate(self._node, arrays, sizes, unknown)

    def in_layout(self, layout: Layout) -> Derivative:
        """The same derivative in another layout."""
        if layout == self.layout:
            return self
        return Derivative(self._problem, self._path, Options(layout, self._options.symmetric), self._targets)

    def explain(self, *, brief: bool = False, method: str = "steps", direction: str = "") -> Explanation:
        """How it comes about, step by step.

        Args:
            brief: only the lines that carry an idea.
            method: "steps", the four steps of Parr & Howard, "The Matrix Calculus You Need For Deep Learning"; "differential",
                that of Magnus & Neudecker: df = tr(G dX), so ∂f/∂X = G.
            direction: "forward", "reverse" or "both": show the order in which partial derivatives are found and multiplied.

        Raises:
            NotSupportedError: it is a derivative of higher order.
        """
        return explained([self], brief=brief, method=method, direction=direction)

    def picture(self) -> Picture:
        """The dataflow graph: a vertex for each intermediate variable, an edge for each local derivative. It shows itself in
        a notebook, and has `svg()`, `png()`, `dot()`, `mermaid()` and `save(path)`.

        Raises:
            NotSupportedError: it is a derivative of higher order.
        """
        return pictured([self])

    def verify(self, seed: int = 0) -> Verification:
        """Compare with numerical derivatives of the expression as it was written, at random points of several sizes.

        The expression is evaluated from its syntax tree, which has nothing in common with how the derivative was found.
        """
        from matcalc.verify import stand_in, verify  # noqa: PLC0415

        def answer(arrays: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
            return self.raw(arrays, sizes, stand_in)

        return verify(self._problem.inference, self._path, answer, symmetric=self._options.symmetric, seed=seed)


def pictured(derivatives: Sequence[Derivative]) -> Picture:
    """The dataflow graph of derivatives of one expression by several variables.

    Raises:
        NotSupportedError: one is of higher order.
    """
    from matcalc.explanation.flow import dataflow  # noqa: PLC0415
    from matcalc.output.picture import Picture  # noqa: PLC0415

    if any(each.order > 1 for each in derivatives):
        raise NotSupportedError("the picture of a derivative of higher order", help="draw the first one")
    answers, turned = _in_numerator_layout(derivatives)
    return Picture(dataflow(derivatives[0]._problem, answers, derivatives[0]._options.symmetric, turned))


def _in_numerator_layout(
    derivatives: Sequence[Derivative],
) -> tuple[list[tuple[tree.Expr, Answer]], list[tuple[tree.Expr, str, Answer]]]:
    """The answers in the layout in which Jacobians multiply, and those that look different in their own one."""
    plain = [each.in_layout("numerator") for each in derivatives]
    pairs = zip(derivatives, plain, strict=True)
    turned = [(new._path[0], new.layout, new.answer) for new, old in pairs if new.shape != old.shape]
    return [(each._path[0], each.answer) for each in plain], turned


def explained(
    derivatives: Sequence[Derivative], *, brief: bool = False, method: str = "steps", direction: str = ""
) -> Explanation:
    """The derivation of derivatives of one expression by several variables, whose work is shared.

    Raises:
        NotSupportedError: one is of higher order.
        UsageError: there is no such method.
    """
    from matcalc.explanation.explain import explain  # noqa: PLC0415
    from matcalc.explanation.explanation import Explanation  # noqa: PLC0415

    if any(each.order > 1 for each in derivatives):
        raise NotSupportedError(
            "explaining a derivative of higher order", help="explain the first one, then that of the answer"
        )
    problem = derivatives[0]._problem
    symmetric = derivatives[0]._options.symmetric
    answers, turned = _in_numerator_layout(derivatives)
    derived = explain(problem, answers, method=method, symmetric=symmetric, direction=direction, turned=turned)
    assumed = ", ".join(problem.inference.assumptions(mark="`"))
    remarks = [f"assuming {assumed}"] if assumed else []
    remarks += [f"note: {each}" for each in problem.remarks()]
    remarks += [f"note: not used: {fact.span.excerpt}" for fact in problem.facts_not_used()]
    headings = {each.wrt: each.heading() for each in derivatives}
    above = [each.latex_heading for each in derivatives]
    return Explanation(derived, headings, brief=brief, remarks=remarks, latex_headings=above)


def _sides(value: Shape, variables: Sequence[Shape]) -> tuple[Shape, list[Shape]]:
    """What is laid out as rows, and as columns: the value and the variable, or two variables of a second derivative.

    The second derivative of a scalar by x and y is the one of its gradient by y. Scalars add no axis.
    """
    rows, *columns = variables if len(variables) > 1 and not value.dims else (value, *variables)
    columns = [shape for shape in columns if shape.dims] or columns[:1]
    if not rows.dims and len(columns) > 1:
        rows, *columns = columns
    return rows, columns


def _is_open(body: tree.Expr) -> bool:
    """Whether an expression needs brackets after ∂/∂x."""
    if isinstance(body, tree.Binary):
        return body.operator in ("+", "-") or body.operator in (">", "<", ">=", "<=", "==", "!=")
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
    symmetric: str,
    unconstrained: bool,
) -> Derivative | dict[str, Derivative] | dict[tuple[str, str], Derivative] | BlockHessian:
    """What `matcalc.diff` does."""
    if order not in range(1, MAX_ORDER + 1):
        raise UsageError(f"there is no order {order} here", help=f"the order is a number from 1 to {MAX_ORDER}")
    options = Options(layout_named(layout), _symmetric(symmetric, unconstrained))
    listed = [wrt] if isinstance(wrt, str) else list(wrt)
    if not listed:
        raise UsageError("no variable to differentiate by", help="give wrt, for example wrt='w'")
    problem = Problem(text, listed, shapes=shapes, where=where, dialect=dialect, symmetric=options.symmetric)
    targets = Targets(problem.simplifier, problem.inference.symbols, options.symmetric)
    alone = isinstance(wrt, str) and len(problem.paths) == 1
    in_turn = any(len(path) > 1 for path in problem.paths)
    if order > 1 and not alone and not in_turn:
        return _of_pairs(problem, order, options, targets)
    derivatives = {
        " then ".join(target.span.excerpt for target in path): Derivative(problem, _lengthened(path, order), options, targets)
        for path in problem.paths
    }
    return next(iter(derivatives.values())) if alone else derivatives


def _symmetric(name: str, unconstrained: bool) -> Symmetric:
    """The kind of derivative by a symmetric matrix that was asked for, in either way."""
    kinds: tuple[Symmetric, ...] = get_args(Symmetric)
    for kind in kinds:
        if kind == name:
            if unconstrained and kind == "independent":
                raise UsageError("symmetric = independent contradicts unconstrained", help="leave one of them out")
            return "unconstrained" if unconstrained else kind
    raise UsageError(f"there is no derivative by a symmetric matrix called `{name}`", help=f"there are {', '.join(kinds)}")


def _lengthened(path: tuple[tree.Expr, ...], order: int) -> tuple[tree.Expr, ...]:
    """All targets in turn: those of `x then y`, or one as often as the order says."""
    if len(path) == 1:
        return path * order
    if order not in (1, len(path)):
        raise UsageError(f"order {order} by {len(path)} variables in turn", path[-1].span, help="leave the order out")
    if len(path) > MAX_ORDER:
        raise UsageError(f"{len(path)} variables in turn", path[-1].span, help=f"the order is a number from 1 to {MAX_ORDER}")
    return path


def _of_pairs(
    problem: Problem, order: int, options: Options, targets: Targets
) -> dict[tuple[str, str], Derivative] | BlockHessian:
    """The second derivatives by all pairs of variables."""
    variables = {path[0].span.excerpt: path[0] for path in problem.paths}
    if order > 2:
        raise UsageError(f"order {order} by several variables at once", help="name them in turn: `wrt x then x then y`")
    scalar = problem.value.shape.kind == "scalar"
    if scalar and options.layout != "numerator":
        raise UsageError(
            f"a Hessian by several variables has no {options.layout} layout", help="its block (x, y) is len(x) × len(y)"
        )
    blocks = {
        (x, y): Derivative(problem, (first, second), options, targets)
        for x, first in variables.items()
        for y, second in variables.items()
    }
    if not scalar:
        return blocks
    return BlockHessian(problem, {name: problem.inference.shapes[each] for name, each in variables.items()}, blocks)


__all__ = ["Derivative", "Expression", "Options", "Problem", "differentiated"]
