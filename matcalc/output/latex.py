"""LaTeX: an answer as mathematics, for amsmath and amssymb. Only what looks different from text is said here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from matcalc.language.dimensions import Dim, Shape
from matcalc.notation.matrix import (
    Answer,
    Cases,
    Delta,
    Element,
    Expression,
    Function,
    Integral,
    LeviCivita,
    Named,
    Part,
    Partial,
    Power,
    Stack,
    Subscript,
    Symbol,
    Unit,
)
from matcalc.operations.table import OPERATIONS
from matcalc.output.precedence import Level, Piece, interleave, rational
from matcalc.output.text import TextPrinter, whole_of

_GREEK: Final = {
    **{word: rf"\{word}" for word in re.findall(
        r"\w+",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega "
        "varepsilon vartheta varphi Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell",
    )},
    "lam": r"\lambda", "Lam": r"\Lambda", "eps": r"\epsilon",
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "ϵ": r"\epsilon", "ζ": r"\zeta",
    "η": r"\eta", "θ": r"\theta", "ϑ": r"\vartheta", "ι": r"\iota", "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu", "ν": r"\nu",
    "ξ": r"\xi", "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma", "ς": r"\varsigma", "τ": r"\tau", "υ": r"\upsilon", "φ": r"\varphi",
    "ϕ": r"\phi", "χ": r"\chi", "ψ": r"\psi", "ω": r"\omega", "Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta", "Λ": r"\Lambda",
    "Ξ": r"\Xi", "Π": r"\Pi", "Σ": r"\Sigma", "Υ": r"\Upsilon", "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega", "ℓ": r"\ell",
}  # fmt: skip
PLAIN: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₖ₊₋", "0123456789k+-")
_NUMBERED: Final = re.compile(r"(.*?)([₀₁₂₃₄₅₆₇₈₉ₖ₊₋]+)")
"""A name of a step in an explanation."""
_ACCENTS: Final = {"hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde", "dot": r"\dot"}
_RELATIONS: Final = {">=": r"\geq", "<=": r"\leq", "==": "=", "!=": r"\neq"}
_SUM: Final = r"\sum"
_SERIES: Final = {"prod": r"\prod", "max": r"\max", "min": r"\min", "mean": r"\operatorname*{mean}"}
_POWERED: Final = frozenset(("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "log"))
"""Functions whose power stands before the operand, sin²(x)."""
_NAMED_NORMS: Final = {"norm1": "_1", "norminf": r"_\infty"}


def latex(answer: Answer, names: Mapping[str, str] | None = None) -> str:
    r"""The answer in LaTeX; `names` are those that look otherwise than usual.

    >>> from matcalc.language.dimensions import dim, vector, row
    >>> from matcalc.notation.matrix import Transpose
    >>> x = Symbol(vector(dim("n")), "x")
    >>> latex(Answer(Transpose(row(dim("n")), x)))
    '\\mathbf{x}^\\top'
    """
    printer = LatexPrinter(names)
    written = printer.write(answer.body)
    if answer.definitions:
        named = r",\; ".join(f"{printer.write(symbol)} = {printer.write(meaning)}" for symbol, meaning in answer.definitions)
        written += rf" \quad \text{{where }} {named}"
    return written


def expression(expr: Expression, names: Mapping[str, str] | None = None) -> str:
    r"""One expression in LaTeX; `names` are those that look otherwise than usual.

    >>> from matcalc.language.dimensions import SCALAR
    >>> from matcalc.notation.matrix import Product
    >>> expression(Product(SCALAR, -2, (Symbol(SCALAR, "alpha"),), (Symbol(SCALAR, "n"),)))
    '-\\frac{2 \\alpha}{n}'
    """
    return LatexPrinter(names).write(expr)


def name(name: str, *, bold: bool = False) -> str:
    r"""A name of the input language in LaTeX: `w_hat` has an accent, what else stands after `_` is a subscript.

    >>> name("W_1"), name("w_hat", bold=True), name("lam")
    ('W_{1}', '\\hat{\\mathbf{w}}', '\\lambda')
    """
    lowered = _NUMBERED.fullmatch(name)
    if lowered:
        return f"{_base(lowered[1], bold)}_{{{lowered[2].translate(PLAIN)}}}"
    base, *marks = name.split("_")
    counted = re.fullmatch(r"(\D*[^\W\d_])(\d+)", base)
    if counted:
        base = counted[1]
        marks.insert(0, counted[2])
    written = _base(base, bold)
    subscripts: list[str] = []
    for mark in marks:
        if mark in _ACCENTS and not subscripts:
            written = f"{_ACCENTS[mark]}{{{written}}}"
        elif mark:
            subscripts.append(_subscript(mark))
    return f"{written}_{{{','.join(subscripts)}}}" if subscripts else written


def _base(base: str, bold: bool) -> str:
    greek = _GREEK.get(base)
    if greek:
        return rf"\boldsymbol{{{greek}}}" if bold else greek
    if not base.isascii():
        return rf"\textbf{{{base}}}" if bold else rf"\textit{{{base}}}"
    if bold:
        return rf"\mathbf{{{base}}}"
    return base if len(base) == 1 else rf"\mathrm{{{base}}}"


def _subscript(mark: str) -> str:
    if (len(mark) == 1 and mark.isascii()) or mark.isdecimal():
        return mark
    return _GREEK.get(mark) or rf"\text{{{mark}}}"


class LatexPrinter(TextPrinter):
    """How each kind of node looks in LaTeX."""

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._names = names or {}

    ellipsis = Piece(Level.ATOM, r"\cdots")
    opening = r"\left("
    closing = r"\right)"
    one = "1"
    dot = r" \cdot "
    hadamard_times = r" \odot "
    hadamard_over = r" \oslash "
    kronecker_times = r" \otimes "
    transpose_mark = r"^\top"
    inverse_mark = "^{-1}"
    inverse_transpose_mark = r"^{-\top}"
    conjoined = r" \text{ and } "

    # ------------------------------------------------------------------ names and constants

    def name(self, name: str, shape: Shape | None = None) -> str:
        """Vectors are bold."""
        bold = shape is not None and shape.kind in ("vector", "row")
        special = self._names.get(name)
        if special is None:
            return _name(name, bold=bold)
        return special.replace(r"\mathrm", r"\mathbf") if bold else special

    def constant(self, digit: str, name: str, shape: Shape) -> Piece:
        """Bold digits; only a matrix shows its size."""
        if shape.kind == "scalar":
            return Piece(Level.ATOM, digit)
        if shape.kind == "vector":
            return Piece(Level.ATOM, rf"\mathbf{{{digit}}}")
        if shape.kind == "row":
            return Piece(Level.POSTFIX, rf"\mathbf{{{digit}}}^\top")
        rows, columns = (self.fit(self.dimension(dim), Level.CHAIN) for dim in shape.dims)
        return Piece(Level.ATOM, rf"\mathbf{{{digit}}}_{{", rows, r" \times ", columns, "}")

    # ------------------------------------------------------------------ products and powers

    def between(self, left: Piece, right: Piece) -> str:
        """Only numbers need a sign between them."""
        return r" \cdot " if right.first.isdigit() else " "

    def quotient(self, top: Piece, below: Sequence[Piece]) -> Piece:
        """A fraction, which needs no parentheses inside."""
        return Piece(Level.POSTFIX, r"\frac{", top, "}{", self.times(below), "}")

    def after_operand(self, piece: Piece) -> Piece:
        """A bracket after an operand is no index here."""
        return piece

    def power(self, node: Power) -> Piece:
        """The power of a sine stands before its operand."""
        exponent, base = rational(node.exponent), node.base
        counts = exponent is not None and exponent > 1 and exponent.denominator == 1 and node.shape.kind != "matrix"
        if counts and isinstance(base, Function) and base.name in _POWERED and self.shown(base):
            head = f"{self.function_name(base.name)}^{{{exponent}}}"
            return self.call(head, [self._pieces[base.operands[0]]])
        if exponent is not None and exponent < 0 and exponent != -1 and node.shape.kind == "scalar":
            return self.quotient(Piece(Level.ATOM, "1"), [self.positive_power(node, -exponent)])
        if exponent is not None and exponent.denominator > 1 and exponent != Fraction(1, 2):
            return self.raised_to(self.fitted(base, Level.ATOM), self.slashed(exponent), self.marks_elements(node))
        return super().power(node)

    def marks_elements(self, node: Power) -> bool:
        """On paper the square of a vector is not a vector, so its elements' squares are marked too."""
        return bool(node.shape.dims)

    def positive_power(self, node: Power, exponent: Fraction) -> Piece:
        """The base with another exponent."""
        base = self.child(node.base)
        if exponent == Fraction(1, 2):
            return self.root(base)
        return self.raised_to(self.fit(base, Level.ATOM), self.slashed(exponent), element_wise=False)

    def slashed(self, value: Fraction) -> Piece:
        """A rational number as an exponent."""
        return Piece(Level.ATOM, str(value))

    def raised(self, base: Piece, exponent: int, element_wise: bool) -> Piece:
        """A power with an integer exponent."""
        return self.raised_to(base, Piece(Level.ATOM, str(exponent)), element_wise)

    def raised_to(self, base: Piece, exponent: Piece, element_wise: bool) -> Piece:
        """A power; a circle says that it is one of the elements."""
        if not element_wise:
            return Piece(Level.POSTFIX, base, "^{", exponent, "}")
        return Piece(Level.POSTFIX, base, r"^{\circ ", self.fit(exponent, Level.POSTFIX), "}")

    def root(self, base: Piece) -> Piece:
        """A square root."""
        return Piece(Level.ATOM, r"\sqrt{", base, "}")

    # ------------------------------------------------------------------ functions

    def function_name(self, name: str) -> str:
        """The name of an operation of the table."""
        row = OPERATIONS.get(name)
        return row.shown_latex if row else rf"\operatorname{{{name}}}"

    def call(self, name: str, operands: Sequence[Piece]) -> Piece:
        """A function's name and its operands; those of a name with `{}` stand there."""
        before, place, after = name.partition("{}")
        return Piece(Level.ATOM, before, *interleave(operands, ", "), after) if place else super().call(name, operands)

    def function(self, node: Function) -> Piece:
        """Absolute values and norms have bars."""
        if node.name == "abs":
            return Piece(Level.ATOM, r"\left|", self.child(node.operands[0]), r"\right|")
        if node.name in _NAMED_NORMS and node.axis is None:
            return Piece(Level.ATOM, r"\left\|", self.child(node.operands[0]), r"\right\|" + _NAMED_NORMS[node.name])
        return super().function(node)

    def of_lines(self, node: Function, operands: Sequence[Piece]) -> Piece:
        """A function of each row or column of a matrix."""
        lines = "rows" if node.axis else "columns"
        return self.call(rf"{self.function_name(node.name)}_{{\text{{{lines}}}}}", operands)

    def bars(self, operand: Piece, shape: Shape) -> Piece:
        """A norm."""
        return Piece(Level.ATOM, r"\left\|", operand, r"\right\|_F" if shape.kind == "matrix" else r"\right\|")

    def relation(self, sign: str) -> str:
        """The sign of a comparison."""
        return _RELATIONS.get(sign, sign)

    def bracketed(self, condition: Piece) -> Piece:
        """An Iverson bracket."""
        return Piece(Level.ATOM, r"\left[", condition, r"\right]")

    def cases(self, node: Cases) -> Piece:
        """Alternatives with all their conditions."""
        return self.choice(self.branches(node))

    def choice(self, branches: Sequence[tuple[Piece, Piece | None]]) -> Piece:
        """A brace before the alternatives."""
        parts: list[str | Piece] = [r"\begin{cases} "]
        for position, (value, when) in enumerate(branches):
            if position:
                parts.append(r" \\ ")
            parts += (value, r" & \text{otherwise}") if when is None else (value, r" & \text{if } ", when)
        return Piece(Level.SUM, *parts, r" \end{cases}")

    def turns(self, node: Stack) -> bool:
        """A row looks like one."""
        return False

    def stack(self, node: Stack) -> Piece:
        """A matrix in brackets."""
        rows = [(block,) for block in node.blocks] if node.axis == 0 else [node.blocks]
        nested = [block for block in node.blocks if isinstance(block, Stack) and block.axis == 1 and self.shown(block)]
        if node.axis == 0 and len(nested) == len(node.blocks) and len({len(block.blocks) for block in nested}) == 1:
            lines: list[list[Piece]] = [[self._pieces[entry] for entry in block.blocks] for block in nested]
        else:
            lines = [[self.child(entry) for entry in line] for line in rows]
        parts: list[str | Piece] = [r"\begin{bmatrix} "]
        for position, line in enumerate(lines):
            if position:
                parts.append(r" \\ ")
            parts += interleave(line, " & ")
        return Piece(Level.ATOM, *parts, r" \end{bmatrix}")

    # ------------------------------------------------------------------ unknown functions and index notation

    def primed(self, name: str, order: int) -> str:
        """A function's name with primes."""
        return name + ("'" * order if order < 4 else f"^{{({order})}}")

    def partial(self, position: int) -> str:
        """The sign of a derivative by the operand at a position."""
        return rf"\partial_{{{position}}} "

    def leibniz(self, sign: str, name: str, variables: Sequence[tuple[str, int]]) -> Piece:
        """A derivative as a quotient."""
        mark = r"\mathrm{d}" if sign == "d" else r"\partial "
        order = sum(k for _, k in variables)
        above = f"{mark.strip()}^{{{order}}} {self.name(name)}" if order > 1 else mark + self.name(name)
        below = " ".join(mark + variable + (f"^{{{k}}}" if k > 1 else "") for variable, k in variables)
        return Piece(Level.POSTFIX, rf"\frac{{{above}}}{{{below}}}")

    def apart(self, expr: Expression) -> Piece:
        """An expression that is no part of the one that is written."""
        return Piece(Level.ATOM, LatexPrinter(self._names).write(expr))

    upright_d = r"\mathrm{d}"
    chained = r" \cdot "

    def derivative(self, node: Partial) -> Piece:
        """A derivative by name."""
        sign = r"\mathrm{d}" if node.ordinary else r"\partial "
        above, below = self.apart(node.value), self.apart(node.variable)
        return Piece(Level.POSTFIX, rf"\frac{{{sign}", above, rf"}}{{{sign}", below, "}")

    def named(self, node: Named) -> Piece:
        """A function of vectors, its gradient, Jacobian or Hessian."""
        written = self.name(node.name)
        head = {
            "": written, "derivative": self.primed(written, len(node.by)), "gradient": rf"\nabla {written}",
            "jacobian": f"J_{{{written}}}", "hessian": f"H_{{{written}}}",
            "partial": "".join(map(self.partial, node.by)) + written,
        }[node.role]  # fmt: skip
        return self.call(head, [self.child(operand) for operand in node.operands])

    def by(self, operand: int | None, indices: Sequence[str]) -> str:
        """The sign of a derivative by an element of an operand."""
        if operand is None:
            return rf"\partial{_indices(indices)} " if indices else ""
        listed = ",".join([str(operand + 1), *map(_name, indices)])
        return rf"\partial_{{{listed}}} "

    def subscripts(self, indices: Sequence[str]) -> str:
        """Indices."""
        return _indices(indices) if indices else ""

    def unit(self, node: Unit) -> Piece:
        """A unit vector."""
        position = _name(node.position) if isinstance(node.position, str) else str(node.position)
        return Piece(Level.ATOM, rf"\mathbf{{e}}_{{{position}}}")

    dots = r"\dots"

    def element(self, node: Element) -> Piece:
        """An element: a number, so not bold. A name that has a subscript already is put in parentheses."""
        base = self.fitted(node.operand, Level.ATOM)
        if isinstance(node.operand, Symbol):
            written = self.name(node.operand.name)
            lowered = _NUMBERED.fullmatch(node.operand.name)
            if lowered:  # u₁ at i
                inner = ",".join([lowered[2].translate(PLAIN), *(_indices((each,))[2:-1] for each in node.indices)])
                is_vector = bool(node.shape.dims) and lowered[1].islower()
                return Piece(Level.ATOM, f"{_base(lowered[1], bold=is_vector)}_{{{inner}}}")
            base = Piece(Level.ATOM, rf"\left({written}\right)" if "_{" in written else written)
        elif _has_subscript(node.operand):
            base = Piece(Level.ATOM, r"\left(", base, r"\right)")
        return Piece(Level.ATOM, base, _indices(node.indices))

    def part(self, node: Part) -> Piece:
        """Some entries, rows or columns. A name that has a subscript already is put in parentheses."""
        operand, ranges = whole_of(node)
        base = self.fitted(operand, Level.ATOM)
        if _has_subscript(operand) or (isinstance(operand, Symbol) and "_{" in self.name(operand.name)):
            base = Piece(Level.ATOM, r"\left(", base, r"\right)")
        return Piece(Level.ATOM, base, f"_{{{','.join(ranges).replace('*', ' ')}}}")

    def delta(self, node: Delta) -> Piece:
        """Kronecker's delta."""
        return Piece(Level.ATOM, rf"\delta{_indices(node.indices)}")

    def levi_civita(self, node: LeviCivita) -> Piece:
        """The sign of a permutation."""
        return Piece(Level.ATOM, rf"\varepsilon{_indices(node.indices)}")

    def from_zero(self, variable: Piece, upper: Piece) -> Sequence[str | Piece]:
        """The sign of a sum from 0."""
        return rf"{_SUM}_{{", variable, "=0}^{", upper, "} "

    def integral(self, node: Integral) -> Piece:
        """An integral from 0 to 1."""
        return Piece(Level.SERIES, r"\int_0^1 ", self.summand(node.body), r" \, \mathrm{d}", self.child(node.variable))

    def under_condition(self, function: str, conditions: Sequence[tuple[str, str, str]]) -> Piece:
        """The sign of a sum over all indices for which conditions hold."""
        written = ", ".join(f"{_name(left)} {_RELATIONS.get(sign, sign)} {_name(right)}" for left, sign, right in conditions)
        return Piece(Level.ATOM, rf"{_SERIES.get(function, _SUM)}_{{{written}}} ")

    def under_range(self, function: str, index: str, size: Dim, bounds: tuple[str, ...]) -> Piece:
        """The sign of a sum over an index, from 1 to its size unless it has other bounds."""
        lower, upper = (each.replace("*", " ") for each in bounds or ("1", ""))
        sign = rf"{_SERIES.get(function, _SUM)}_{{{_name(index)}={lower}}}^{{"
        return Piece(Level.ATOM, sign, upper if bounds else self.dimension(size), "} ")


def _has_subscript(node: Expression) -> bool:
    """Whether a function has its operand in a subscript: TeX takes no second one."""
    row = OPERATIONS.get(node.name) if isinstance(node, Function) else None
    return row is not None and "_{" in row.shown_latex


def _indices(indices: Sequence[Subscript]) -> str:
    names = [index.name or index if isinstance(index, Dim) else index for index in indices]
    separator = "," if any(len(str(index)) > 1 or index == ":" for index in names) else ""
    return f"_{{{separator.join(map(_written, names))}}}"


def _written(index: Subscript) -> str:
    if not isinstance(index, str):
        return str(index).replace("*", " ")
    return _name(index) if index.isidentifier() else index.replace("*", " ")


_name = name
