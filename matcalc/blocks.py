"""The Hessian of a scalar by several variables, in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, reduce
from itertools import islice
from typing import TYPE_CHECKING, Any

from matcalc.errors import NotSupportedError
from matcalc.language.dimensions import SCALAR, Dim, Shape, dim, matrix, row, vector
from matcalc.notation import matrix as notation
from matcalc.notation.component import MatrixNotationError
from matcalc.notation.layout import write
from matcalc.notation.matrix import Answer, Expression
from matcalc.notation.naming import with_names
from matcalc.problem import Problem, sizes_known
from matcalc.tensor.nodes import Zero

if TYPE_CHECKING:
    from matcalc.derivative import Derivative
    from matcalc.verify import Verification

Pair = tuple[str, str]

_TRANSPOSES = "the blocks below the diagonal are the transposes of those above it"


class BlockHessian(Mapping[Pair, "Derivative"]):
    """The second derivatives of a scalar by several variables: a mapping from pairs of them, and one symmetric matrix.

    The block `("x", "y")` is ∂²f/∂x∂y, the derivative by y of the gradient by x: len(x) × len(y). In the whole matrix, rows
    and columns belong to the variables in the order in which they were given; the entries of a matrix stand there by columns.

    >>> import matcalc as mc
    >>> h = mc.diff("x' A y + b*sum(x)", wrt=["x", "y"], order=2)
    >>> print(h["x", "y"])
    A
    >>> print(h)
    ⎡ zeros(m, m)  A           ⎤
    ⎣ Aᵀ           zeros(n, n) ⎦
    """

    def __init__(self, problem: Problem, variables: Mapping[str, Shape], blocks: Mapping[Pair, Derivative]) -> None:
        self._problem = problem
        self._variables = dict(variables)
        self._blocks = dict(blocks)

    def __getitem__(self, pair: Pair) -> Derivative:
        return self._blocks[pair]

    def __iter__(self) -> Iterator[Pair]:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)

    # What it is

    @property
    def blocks(self) -> dict[Pair, Derivative]:
        """The blocks by the pairs of variables that they belong to."""
        return dict(self._blocks)

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables, in the order of rows and columns."""
        return tuple(self._variables)

    @property
    def wrt(self) -> str:
        """The variables, as a list."""
        return ", ".join(self._variables)

    @property
    def order(self) -> int:
        """2."""
        return 2

    @property
    def layout(self) -> str:
        """numerator: the block (x, y) is len(x) × len(y)."""
        return "numerator"

    @property
    def value_kind(self) -> str:
        """What was differentiated: a scalar."""
        return self._problem.value.shape.kind

    @property
    def shape(self) -> tuple[Dim, Dim]:
        """The symbolic sizes of the whole matrix."""
        size = reduce(Dim.__add__, map(_length, self._variables.values()))
        return size, size

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What was assumed about shapes and functions."""
        return self._problem.inference.assumptions()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know: the order of rows and columns, and the notes on the blocks that are shown."""
        stacked = [f"vec({name})" if len(shape.dims) > 1 else name for name, shape in self._variables.items()]
        vec = "" if stacked == [*self._variables] else "; vec stacks columns"
        notes = [f"rows and columns: {', '.join(stacked)}{vec}"]
        if self._lines() is None and len(stacked) > 1:
            notes.append(_TRANSPOSES)
        # That a block is shown by its element, its label says.
        notes += [note for block in self._upper() for note in block.notes if not note.startswith("element ")]
        return tuple(dict.fromkeys(notes))

    def _upper(self) -> list[Derivative]:
        """The blocks on and above the diagonal, by rows."""
        names = list(self._variables)
        return [self._blocks[x, y] for k, x in enumerate(names) for y in names[k:]]

    # How it is said

    @cached_property
    def answer(self) -> Answer | None:
        """The whole matrix in matrix notation; None if a block needs index notation."""
        build, one, names = self._problem.recovery.build, dim(1), self.variables
        try:
            entries = tuple(self._entry(x, y) for x in names for y in names)
        except (MatrixNotationError, NotSupportedError):
            return None
        # One list of blocks: a row of them would be a repeated part, and get a name.
        named = with_names(build, build.make(notation.Stack, vector(one), entries, 0), self._problem.own_names)
        blocks = iter(named.body.blocks if isinstance(named.body, notation.Stack) else entries)
        rows = tuple(build.make(notation.Stack, row(one), tuple(islice(blocks, len(names))), 1) for _ in names)
        return Answer(build.make(notation.Stack, matrix(one, one), rows, 0), named.definitions)

    def _entry(self, x: str, y: str) -> Expression:
        """One block as a matrix: rows for the entries of x, columns for those of y.

        Raises:
            MatrixNotationError: there is none.
        """
        recovery, node = self._problem.recovery, self._blocks[x, y].node
        build, rows, columns = recovery.build, self._variables[x], self._variables[y]
        many = len(rows.dims) + len(columns.dims)
        if isinstance(node, Zero):
            found: Expression = build.make(notation.Zeros, _stacked(rows, columns))
        elif many > 2:
            written = write(recovery, node, rows, [columns], "numerator", y)
            if written.indices:
                raise MatrixNotationError
            return written.expression
        else:
            found = recovery.expression(node)
            if many == 2 and not (rows.dims and columns.dims):
                found = build.make(notation.Function, _stacked(rows, columns), "vec", (found,))
        return build.transpose_terms(found) if columns.dims and not rows.dims else found

    def _lines(self) -> list[str] | None:
        """The whole matrix as text, if it is readable."""
        from matcalc.output.blocks import bracketed  # noqa: PLC0415

        return None if self.answer is None else bracketed(self.answer)

    def __str__(self) -> str:
        """The matrix of the blocks, or a line for each block on and above the diagonal if that is too wide."""
        lines = self._lines()
        if lines is None:
            lines = []
            for block in self._upper():
                label = f"{block.label()}: "
                lines.append(label + str(block).replace("\n", "\n" + " " * len(label)))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<BlockHessian by {self.wrt}>"

    def heading(self) -> str:
        """The left-hand side: `∂²/∂(x, y)∂(x, y)ᵀ (x·(A y))`."""
        from matcalc.output.text import text  # noqa: PLC0415

        both = f"({self.wrt})" if len(self._variables) > 1 else self.wrt
        return f"∂²/∂{both}∂{both}ᵀ ({text(self._problem.written)})"

    def latex(self) -> str:
        """The block matrix in LaTeX (amsmath, amssymb); if a block needs index notation, of symbols, then the blocks."""
        from matcalc.output.latex import latex  # noqa: PLC0415

        if self.answer is not None:
            return latex(self.answer)
        names = self.variables
        symbols = {pair: block.latex_label(stacked=True) for pair, block in self._blocks.items()}
        lines = [
            " & ".join(symbols[x, y] if i <= j else rf"\left({symbols[y, x]}\right)^\top" for j, y in enumerate(names))
            for i, x in enumerate(names)
        ]
        matrix = r"\begin{bmatrix} " + r" \\ ".join(lines) + r" \end{bmatrix}"
        values = [f"{block.latex_label()} = {block.latex()}" for block in self._upper()]
        return matrix + r" \quad \text{where } " + r",\; ".join(values)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    @property
    def expr(self) -> Any:
        """The whole as a SymPy expression (a BlockMatrix, or a matrix of scalars).

        Raises:
            NotSupportedError: a variable is a matrix, or a block needs index notation; each block has an `expr` of its own.
        """
        from matcalc.output.sympy import to_sympy  # noqa: PLC0415

        if self.answer is None or any(len(shape.dims) > 1 for shape in self._variables.values()):
            raise NotSupportedError(
                "one SymPy expression for these blocks", help="in Python, each block has one: h['x', 'y'].expr"
            )
        properties = {name: symbol.properties for name, symbol in self._problem.inference.symbols.items()}
        return to_sympy(self.answer, properties)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data, for JSON."""
        return {
            "expression": self._problem.text,
            "wrt": list(self._variables),
            "order": self.order,
            "layout": self.layout,
            "text": str(self),
            "latex": self.latex(),
            "shape": [str(size) for size in self.shape],
            "blocks": [{**block.to_dict(), "wrt": list(pair)} for pair, block in self._blocks.items()],
            "assumptions": list(self.assumptions),
            "notes": list(self.notes),
        }

    # Numbers

    def evaluate(self, **values: Any) -> Any:
        """The whole square matrix as an array; a keyword for each variable (and each size that they do not fix).

        Raises:
            EvaluationError: a value is missing, or does not fit its shape.
            NotSupportedError: the answer has functions that are only named.
        """
        import numpy as np  # noqa: PLC0415 (only where numbers are evaluated)

        arrays, sizes = self._problem.arrays(values)
        with sizes_known():
            return np.block([
                [_flat(self._blocks[x, y].raw(arrays, sizes), len(shape.dims)) for y in self._variables]
                for x, shape in self._variables.items()
            ])

    def verify(self, seed: int = 0) -> Verification:
        """Compare every block with numerical derivatives of the expression as it was written."""
        from matcalc.verify import Verification  # noqa: PLC0415

        found = [block.verify(seed) for block in self._blocks.values()]
        unvisited = dict.fromkeys(place for each in found for place in each.unvisited)
        return Verification(
            max(each.max_error for each in found), min(each.points for each in found), found[0].sizes,
            all(each.passed for each in found), tuple(unvisited),
        )


def _length(variable: Shape) -> Dim:
    """How many entries a variable has."""
    return reduce(Dim.times, variable.dims, dim(1))


def _stacked(rows: Shape, columns: Shape) -> Shape:
    """The shape of a block; a column also for the one that is a row."""
    if rows.dims and columns.dims:
        return matrix(_length(rows), _length(columns))
    return vector(_length(rows if rows.dims else columns)) if rows.dims or columns.dims else SCALAR


def _flat(block: Any, rows: int) -> Any:
    """A block as a matrix; the first `rows` axes are those of the variable of its rows, and matrices are stacked by columns."""
    axes = range(block.ndim)
    height = 1
    for axis in axes[:rows]:
        height *= block.shape[axis]
    return block.transpose([*axes[:rows][::-1], *axes[rows:][::-1]]).reshape(height, -1)


__all__ = ["BlockHessian"]
