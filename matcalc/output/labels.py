"""The left-hand side of an answer: which derivative it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING

from matcalc.language import tree
from matcalc.language.dimensions import SCALAR, Shape
from matcalc.notation.build import Builder
from matcalc.notation.matrix import Element, Expression, Symbol
from matcalc.notation.written import as_written
from matcalc.output import latex as latex_output
from matcalc.output.arithmetic import superscript
from matcalc.output.text import expression

if TYPE_CHECKING:
    from matcalc.language.shapes import Inference


@dataclass(frozen=True, slots=True)
class Labels:
    """The names of the derivative of a value of this shape by each target of a path in turn."""

    build: Builder
    inference: Inference
    value: Shape
    path: tuple[tree.Expr, ...]

    def operator(self, value: str = "") -> str:
        """`∂/∂w`, `∂²/∂x∂yᵀ`, `∂³/∂x³`; with a value, `∂²f/∂x∂yᵀ`."""
        names = [target.span.excerpt for target in self.path]
        above = f"∂{superscript(len(names))}{value}/"
        if self._is_hessian:
            return f"{above}∂{names[0]}∂{names[1]}ᵀ"
        return above + "".join(f"∂{name}{superscript(len(list(run)))}" for name, run in groupby(names))

    def element(self, indices: Sequence[str], value: str = "") -> str:
        """`∂Yᵢⱼ/∂Xₖₗ`, where Y is what was differentiated; `∂²f/∂xᵢ∂yⱼ`."""
        rest = iter(indices)
        symbol = self.build.make(Symbol, self.value, value or self._name)
        own = tuple(islice(rest, len(self.value.dims)))
        above = expression(self.build.make(Element, SCALAR, symbol, own) if own else symbol)
        return f"∂{superscript(len(self.path))}{above}/" + "".join(f"∂{side}" for side in self._sides(rest, expression))

    def stacked(self) -> str:
        """`∂²f/∂vec(X)∂vec(Y)ᵀ`: what the Kronecker form of the derivative is."""
        value = f"vec({self._name})" if len(self.value.dims) == 2 else self._name
        names = (f"vec({t.span.excerpt})" if self._is_matrix(t) else t.span.excerpt for t in self.path)
        return f"∂{superscript(len(self.path))}{value}/{''.join(f'∂{name}' for name in names)}ᵀ"

    def latex(self, indices: Sequence[str] = (), *, stacked: bool = False) -> str:
        r"""`\frac{\partial^{2} f}{\partial x_i \, \partial y_j}`; without indices by the whole variables, maybe stacked."""
        sides = self._sides(iter(indices), latex_output.expression) if indices else self._wholes(stacked=stacked)
        below = r" \, ".join(rf"\partial {side}" for side in sides)
        return rf"\frac{{\partial^{{{len(self.path)}}} {self._name}}}{{{below}}}"

    @property
    def _name(self) -> str:
        """What stands for what was differentiated."""
        return self.build.value_name(len(self.value.dims))

    def _wholes(self, *, stacked: bool) -> list[str]:
        sides = []
        for target in self.path:
            written = latex_output.expression(as_written(self.build, self.inference, target))
            sides.append(rf"\operatorname{{vec}}({written})" if stacked and self._is_matrix(target) else written)
        if self._is_hessian:
            sides[-1] += r"^\top"
        return sides

    def _sides(self, indices: Iterator[str], write: Callable[[Expression], str]) -> Iterator[str]:
        """The element of each variable at the next indices; `X[2, :]` at i is `X[2, i]`."""
        for target in self.path:
            own = list(islice(indices, len(self.inference.shapes[target].dims)))
            name, shape = target.span.excerpt, self.inference.shapes[target]
            if isinstance(target, tree.Index) and isinstance(target.operand, tree.Name) and own:
                name, shape = target.operand.name, self.inference.shapes[target.operand]
                given = [None if isinstance(each, tree.Slice) else each.span.excerpt for each in target.subscripts]
                own = [each if each is not None else own.pop(0) for each in given] + own
            symbol = self.build.make(Symbol, shape, name)
            yield write(self.build.make(Element, SCALAR, symbol, tuple(own)) if own else symbol)

    def _is_matrix(self, target: tree.Expr) -> bool:
        return len(self.inference.shapes[target].dims) > 1

    @property
    def _is_hessian(self) -> bool:
        """Whether this is the second derivative of a scalar, with columns."""
        return len(self.path) == 2 and not self.value.dims and bool(self.inference.shapes[self.path[-1]].dims)
