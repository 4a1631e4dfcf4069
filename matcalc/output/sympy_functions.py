"""Small SymPy classes for what SymPy has none for: functions of neural networks, element-wise functions of several arrays,
alternatives between matrices, softmax.

`doit` and `rewrite` turn each into what SymPy knows; each says how it prints.
"""

from __future__ import annotations

from typing import Any, Self

import sympy
from sympy import Function, Integer, MatrixExpr, Piecewise
from sympy.core.function import ArgumentIndexError
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.printing.latex import accepted_latex_functions

from matcalc.output.sympy_matrices import is_explicit


class _Defined(Function):  # type: ignore[misc]
    """A function with a definition in SymPy's terms."""

    shown_latex = ""
    is_real = True

    def definition(self) -> Any:
        """What it is, in terms of SymPy's own functions: each subclass says so."""
        raise NotImplementedError(type(self).__name__)

    def doit(self, **hints: Any) -> Any:
        """The definition, evaluated."""
        operands = [operand.doit(**hints) for operand in self.args] if hints.get("deep", True) else self.args
        made: Any = self.func(*operands)  # of numbers it is a number
        if not isinstance(made, _Defined) or any(getattr(arg, "is_Matrix", False) for arg in made.args):
            return made  # of an array that is not known yet
        return made.definition().doit(**hints)

    def rewrite(self, *args: Any, **hints: Any) -> Any:
        """The definition, whatever the target."""
        return self.definition().rewrite(*args, **hints)

    def _eval_evalf(self, prec: int) -> Any:
        return self.definition()._eval_evalf(prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        written = self.latex_of(printer, self.args)
        return written if exp is None else rf"{written}^{{{exp}}}"

    @classmethod
    def latex_of(cls, printer: Any, operands: Any) -> str:
        """LaTeX of the function applied to operands, which may be arrays."""
        name = cls.shown_latex or rf"\operatorname{{{cls.__name__}}}"
        return rf"{name}\left({', '.join(map(printer._print, operands))}\right)"

    @classmethod
    def text_of(cls, printer: Any, operands: Any) -> str:
        """Text of the function applied to operands, which may be arrays."""
        return f"{cls.__name__}({', '.join(map(printer._print, operands))})"


class sigmoid(_Defined):  # noqa: N801
    """The logistic function."""

    shown_latex = r"\sigma"

    def definition(self) -> Any:
        """1/(1 + exp(-x))."""
        return 1 / (1 + sympy.exp(-self.args[0]))

    def fdiff(self, argindex: int = 1) -> Any:
        """σ (1 - σ)."""
        return self * (1 - self)


class power(_Defined):  # noqa: N801
    """x to the power b, for arrays: SymPy's HadamardPower transposes its base only."""

    def definition(self) -> Any:
        """x**b."""
        return self.args[0] ** self.args[1]

    @classmethod
    def latex_of(cls, printer: Any, operands: Any) -> str:
        """LaTeX with a circle, as for a power by a number."""
        base, exponent = map(printer._print, operands)
        return rf"\left({base}\right)^{{\circ {exponent}}}"

    @classmethod
    def text_of(cls, printer: Any, operands: Any) -> str:
        """Text as in SymPy's HadamardPower."""
        base, exponent = map(printer._print, operands)
        return f"({base}).**({exponent})"


class softplus(_Defined):  # noqa: N801
    """log(1 + exp(x))."""

    def definition(self) -> Any:
        """log(1 + exp(x))."""
        return sympy.log(1 + sympy.exp(self.args[0]))

    def fdiff(self, argindex: int = 1) -> Any:
        """The logistic function."""
        return sigmoid(self.args[0])


class softsign(_Defined):  # noqa: N801
    """x/(1 + |x|)."""

    def definition(self) -> Any:
        """x/(1 + |x|)."""
        return self.args[0] / (1 + sympy.Abs(self.args[0]))

    def fdiff(self, argindex: int = 1) -> Any:
        """1/(1 + |x|)²."""
        return (1 + sympy.Abs(self.args[0])) ** -2


class relu(_Defined):  # noqa: N801
    """max(0, x)."""

    def definition(self) -> Any:
        """max(0, x)."""
        return sympy.Max(0, self.args[0])

    def fdiff(self, argindex: int = 1) -> Any:
        """1 for x > 0, otherwise 0."""
        return step(self.args[0])


class step(_Defined):  # noqa: N801
    """1 for x > 0, otherwise 0."""

    def definition(self) -> Any:
        """1 for x > 0, otherwise 0."""
        return Piecewise((1, self.args[0] > 0), (0, True))

    def fdiff(self, argindex: int = 1) -> Any:
        """0, also at the jump."""
        return Integer(0)


class where(_Defined):  # noqa: N801
    """a if c is not 0, otherwise b."""

    def definition(self) -> Any:
        """Cases."""
        condition, first, second = self.args
        return Piecewise((first, sympy.Ne(condition, 0)), (second, True))

    def fdiff(self, argindex: int = 1) -> Any:
        """0 by the condition; by a value, 1 where it is taken."""
        if argindex == 1:
            return Integer(0)
        if argindex > 3:
            raise ArgumentIndexError(self, argindex)
        return where(self.args[0], Integer(argindex == 2), Integer(argindex == 3))


class Subs(sympy.Subs):  # type: ignore[misc]
    """A derivative of an unknown function at a place. SymPy's differentiates by the place, if that is an entry of a matrix."""

    def doit(self, **hints: Any) -> Any:
        """The same at a place that is worked out."""
        return type(self)(self.expr, self.variables, [place.doit(**hints) for place in self.point])


class _Indicator(_Defined):
    """An Iverson bracket: 1 where a comparison holds, else 0."""

    relation: Any = None
    sign = ""
    latex_sign = ""

    def definition(self) -> Any:
        """Cases."""
        return Piecewise((1, type(self).relation(*self.args)), (0, True))

    def fdiff(self, argindex: int = 1) -> Any:
        """0, also at the jump."""
        return Integer(0)

    def _sympystr(self, printer: Any) -> str:
        return self.text_of(printer, self.args)

    @classmethod
    def latex_of(cls, printer: Any, operands: Any) -> str:
        """The comparison in brackets."""
        return rf"\left[{f' {cls.latex_sign} '.join(map(printer._print, operands))}\right]"

    @classmethod
    def text_of(cls, printer: Any, operands: Any) -> str:
        """The comparison in brackets."""
        return f"[{f' {cls.sign} '.join(map(printer._print, operands))}]"


class greater(_Indicator):  # noqa: N801
    """[a > b]."""

    relation, sign, latex_sign = sympy.Gt, ">", ">"


class less(_Indicator):  # noqa: N801
    """[a < b]."""

    relation, sign, latex_sign = sympy.Lt, "<", "<"


class greater_equal(_Indicator):  # noqa: N801
    """[a ≥ b]."""

    relation, sign, latex_sign = sympy.Ge, ">=", r"\geq"


class less_equal(_Indicator):  # noqa: N801
    """[a ≤ b]."""

    relation, sign, latex_sign = sympy.Le, "<=", r"\leq"


class equal(_Indicator):  # noqa: N801
    """[a = b]."""

    relation, sign, latex_sign = sympy.Eq, "==", "="


class not_equal(_Indicator):  # noqa: N801
    """[a ≠ b]."""

    relation, sign, latex_sign = sympy.Ne, "!=", r"\neq"


def _entry(operand: Any, i: Any, j: Any) -> Any:
    """An entry of an array; a scalar is the same everywhere."""
    return operand[i, j] if getattr(operand, "is_Matrix", False) else operand


def _is_call(function: Any) -> bool:
    """Is the Lambda just the call of a function with its parameters?"""
    return isinstance(function.expr, Function | sympy.Max | sympy.Min) and set(function.expr.args) == set(function.variables)


def _latex_call(printer: Any, function: Any, operands: Any) -> str:
    """LaTeX of a Lambda, applied element by element."""
    called = type(function.expr)
    if not _is_call(function):
        return rf"{{{printer._print(function)}}}_{{\circ}}\left({', '.join(map(printer._print, operands))}\right)"
    if issubclass(called, _Defined):
        return called.latex_of(printer, operands)
    name = called.__name__.lower() if called in (sympy.Max, sympy.Min) else called.__name__
    written = rf"\{name}" if name in (*accepted_latex_functions, "exp", "max", "min") else rf"\operatorname{{{name}}}"
    return rf"{written}\left({', '.join(map(printer._print, operands))}\right)"


def _text_call(printer: Any, function: Any, operands: Any) -> str:
    """Text of a Lambda, applied element by element."""
    called = type(function.expr)
    if _is_call(function) and issubclass(called, _Defined):
        return called.text_of(printer, operands)
    name = called.__name__ if _is_call(function) else f"{printer._print(function)}."
    return f"{name}({', '.join(map(printer._print, operands))})"


class NamedArray(sympy.MatrixExpr):  # type: ignore[misc]
    """The value of an unknown function that is a vector or matrix: a name, the shape, the operands."""

    def __new__(cls, name: Any, rows: Any, columns: Any, *operands: Any) -> Any:
        """Make one of this shape."""
        return super().__new__(cls, name, rows, columns, *operands)

    @property
    def shape(self) -> Any:
        """Rows and columns."""
        return self.args[1], self.args[2]

    def _entry(self, i: Any, j: Any, **hints: Any) -> Any:
        return sympy.matrices.expressions.matexpr.MatrixElement(self, i, j)

    def _latex(self, printer: Any) -> str:
        operands = ", ".join(map(printer._print, self.args[3:]))
        return rf"{printer._print(self.args[0])}\left({operands}\right)"

    def _sympystr(self, printer: Any) -> str:
        return f"{self.args[0]}({', '.join(map(printer._print, self.args[3:]))})"


class Applied(ElementwiseApplyFunction):  # type: ignore[misc]
    """A function of one number, applied to each element; SymPy's class with a readable print.

    SymPy would make one function of a function of a function, which a derivative of an unknown one does not bear.
    """

    def doit(self, **hints: Any) -> Any:
        """The entries, if they are known."""
        operand = self.expr.doit(**hints) if hints.get("deep", True) else self.expr
        if isinstance(operand, sympy.MatrixBase):
            return sympy.ImmutableDenseMatrix(operand).applyfunc(self.function).applyfunc(lambda entry: entry.doit())
        return type(self)(self.function, operand)

    def _latex(self, printer: Any) -> str:
        return _latex_call(printer, self.function, (self.expr,))

    def _sympystr(self, printer: Any) -> str:
        return _text_call(printer, self.function, (self.expr,))


class Elementwise(MatrixExpr):  # type: ignore[misc]
    """A function of several numbers, applied to arrays of one shape, or scalars, element by element."""

    def __new__(cls, function: Any, *operands: Any) -> Self:
        """`function` is a Lambda, or a function class."""
        if not isinstance(function, sympy.Lambda):
            places = [sympy.Dummy(f"d_{position}", real=True) for position, _ in enumerate(operands)]
            function = sympy.Lambda(tuple(places), function(*places))
        made: Self = MatrixExpr.__new__(cls, function, *operands)
        return made

    @property
    def shape(self) -> Any:
        """The shape of the operands that are not scalar."""
        return next(operand.shape for operand in self.args[1:] if getattr(operand, "is_Matrix", False))

    def _entry(self, i: Any, j: Any, **hints: Any) -> Any:
        return self.args[0](*(_entry(operand, i, j) for operand in self.args[1:]))

    def doit(self, **hints: Any) -> Any:
        """The entries, if they are known."""
        function, *operands = self.args
        made = type(self)(function, *(operand.doit(**hints) for operand in operands))
        if is_explicit(made):
            return sympy.ImmutableDenseMatrix(made.as_explicit()).applyfunc(lambda entry: entry.doit())
        return made

    def _latex(self, printer: Any) -> str:
        return _latex_call(printer, self.args[0], self.args[1:])

    def _sympystr(self, printer: Any) -> str:
        return _text_call(printer, self.args[0], self.args[1:])


class MatrixCases(MatrixExpr):  # type: ignore[misc]
    """Alternatives between matrices: `Piecewise` has no shape."""

    def __new__(cls, *branches: Any) -> Self:
        """Pairs of a matrix and a condition; the last condition may be True."""
        made: Self = MatrixExpr.__new__(cls, *(ExprCondPair(*branch) for branch in branches))
        return made

    @property
    def shape(self) -> Any:
        """The shape of every branch."""
        return self.args[0][0].shape

    def _entry(self, i: Any, j: Any, **hints: Any) -> Any:
        return Piecewise(*((value[i, j], when) for value, when in self.args))

    def doit(self, **hints: Any) -> Any:
        """The first branch that holds, if that is known."""
        branches = [(value.doit(**hints), when.doit(**hints)) for value, when in self.args]
        branches = [branch for branch in branches if branch[1] != False]  # noqa: E712 - SymPy's false
        return branches[0][0] if branches[0][1] == True else MatrixCases(*branches)  # noqa: E712

    def _latex(self, printer: Any) -> str:
        rows = [
            rf"{printer._print(value)} & \text{{{'otherwise' if when == True else 'for'}}}"  # noqa: E712
            + ("" if when == True else rf"\: {printer._print(when)}")  # noqa: E712
            for value, when in self.args
        ]
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"

    def _sympystr(self, printer: Any) -> str:
        pairs = ", ".join(f"({printer._print(value)}, {printer._print(when)})" for value, when in self.args)
        return f"MatrixCases({pairs})"


class softmax(MatrixExpr):  # type: ignore[misc]  # noqa: N801
    """exp(x)/sum(exp(x)) of a column or row."""

    def __new__(cls, operand: Any) -> Self:
        """Of one vector."""
        made: Self = MatrixExpr.__new__(cls, operand)
        return made

    @property
    def shape(self) -> Any:
        """The shape of the operand."""
        return self.args[0].shape

    def _entry(self, i: Any, j: Any, **hints: Any) -> Any:
        rows, columns = self.shape
        k = sympy.Dummy("k", integer=True, nonnegative=True)
        entry = self.args[0][k, 0] if columns == 1 else self.args[0][0, k]
        total = sympy.Sum(sympy.exp(entry), (k, 0, (rows if columns == 1 else columns) - 1))
        return sympy.exp(self.args[0][i, j]) / total

    def doit(self, **hints: Any) -> Any:
        """The entries, if they are known."""
        operand = self.args[0].doit(**hints)
        if not is_explicit(operand):
            return softmax(operand)
        powers = sympy.ImmutableDenseMatrix(operand).applyfunc(sympy.exp)
        return powers / sum(powers)

    def _latex(self, printer: Any) -> str:
        return rf"\operatorname{{softmax}}\left({printer._print(self.args[0])}\right)"

    def _sympystr(self, printer: Any) -> str:
        return f"softmax({printer._print(self.args[0])})"
