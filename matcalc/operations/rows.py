"""The columns of the operation table: what one entry says about one operation.

Everything that must know an operation reads its entry: the parser's names, the shape checker, lowering, differentiation,
numerical evaluation, every printer, the documentation and the tests. An entry is data that a mathematician can proofread:

- an **element-wise** function states its partial derivatives as text in the input language (the element-wise rule of
  Parr & Howard, section 4.2: the Jacobian is the diagonal matrix of these);
- a **multilinear** operation states an einsum for each shape it takes, and needs no derivative rule: it becomes a contraction;
- a **derived** operation states its definition as text;
- a **matrix function** states its Jacobian as a sum of contractions;
- a **planned** operation is known by name only, and answers "not supported yet".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, NamedTuple, cast

from matcalc.language.dimensions import Dim, Kind, dim

Evaluate = Callable[..., Any]
"""Called with the NumPy module and the operands: scalars 0-d, vectors (n, 1), rows (1, n), matrices (m, n)."""

Domain = Literal["real", "positive", "unit", "above one"]
"""Where a function is real: all numbers, x > 0, |x| < 1, x > 1."""


class Operand(NamedTuple):
    """One operand in a signature: its kind, and its dimensions as letters (or digits) that are local to the signature."""

    kind: Kind
    dims: tuple[str, ...]


class Signature(NamedTuple):
    """One shape rule: `matrix(m, n), vector(n) -> vector(m)`."""

    operands: tuple[Operand, ...]
    result: Operand


_OPERAND = re.compile(r"(scalar|vector|row|matrix)(?:\(([^)]*)\))?")


@cache
def signature(text: str) -> Signature:
    """Read a signature.

    >>> signature("matrix(m, n), vector(n) -> vector(m)").result
    Operand(kind='vector', dims=('m',))
    """
    before, _, after = text.partition("->")
    return Signature(_operands(before), _operands(after)[0])


def _operands(text: str) -> tuple[Operand, ...]:
    return tuple(
        Operand(cast(Kind, kind), tuple(d.strip() for d in dims.split(",")) if dims else ())
        for kind, dims in _OPERAND.findall(text)
    )


@dataclass(frozen=True, slots=True)
class Form:
    """One shape rule of an operation, and what the operation is for these shapes.

    `body` is an einsum such as "ij,j->i" for a multilinear operation (`eye[ij]` among the terms is the constant array of this
    name, see `tensor.nodes.Pattern`), a text in the input language for a derived one (its names are the operation's parameters
    and the dimension letters of the signature), and empty for a matrix function. A dimension may be a product, `m*n`.
    """

    signature: str
    body: str = ""

    @property
    def shapes(self) -> Signature:
        """The signature, read."""
        return signature(self.signature)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What every entry has: its names, how it is computed with numbers, how it prints."""

    name: str
    summary: str
    evaluate: Evaluate
    spellings: tuple[str, ...] = ()
    """Other names that the input may use."""
    latex: str = ""
    """LaTeX of the name; empty: `\\operatorname{name}`."""
    text: str = ""
    """Name in text output; empty: `name`."""
    sympy: str = ""
    """The SymPy function of this name, or `module:name`; empty: printed as a function of that name."""
    code: str = ""
    """Dotted NumPy name, where there is one."""
    namesake: str = ""
    """A function of a square matrix that goes by the same name on paper, and is not meant."""

    rule: str | tuple[str, ...] = ""
    """The reason for its derivative, in a few words: for every operand, or for each one. Smooth functions of numbers need none.

    `{u}` stands for the operand, `{other}` for the other one of two, and `{kind}` for vector, row or matrix.
    """

    @property
    def of_vector(self) -> Signature | None:
        """The shape rule for a vector by which the operation can run along an axis of a matrix (`axis=`), if there is one.

        The value is a scalar (a reduction) or a vector of the same length; other operands are scalars.
        """
        forms: tuple[Form, ...] = getattr(self, "forms", ())
        for form in forms:
            (first, *others), result = form.shapes
            plain = not others or (isinstance(self, Derived) and not any(other.dims for other in others))
            if first.kind == "vector" and plain and (result.kind == "scalar" or result == first):
                return form.shapes
        return None

    @property
    def shown(self) -> str:
        """The name as text output writes it."""
        return self.text or self.name

    @property
    def shown_latex(self) -> str:
        """The name as LaTeX output writes it."""
        return self.latex or rf"\operatorname{{{self.name.replace('_', chr(92) + '_')}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Elementwise(Operation):
    """A function of numbers, applied to each element. Operands are of the same shape, or stretch to it.

    `derivatives` are the partial derivatives by each parameter, in terms of the `parameters`, as text.
    """

    parameters: tuple[str, ...] = ("x",)
    derivatives: tuple[str, ...] | None
    """None: there is no derivative in terms of the functions of this table."""
    domain: Domain = "real"
    kink: Evaluate | None = None
    """A value whose sign decides the branch; None for a smooth function."""
    infix: str = ""
    """The relation sign of a comparison."""
    step: bool = False
    """Its values are 0 and 1, with exact zeros (every comparison's are)."""
    tie: str = ""
    """The derivative by the first operand when the second is constant, where that differs (a constant wins a tie)."""
    parity: Literal["", "odd", "even"] = ""
    """Odd: f(-x) = -f(x); even: f(-x) = f(x)."""
    special: tuple[tuple[int, int], ...] = ()
    """Arguments at which the value is an integer, with the value."""
    variadic: bool = False
    """More operands than parameters are taken two at a time, from the left."""
    reduction: str = ""
    """The operation that a call with a single operand means."""

    @property
    def indicator(self) -> bool:
        """Whether the values are 0 and 1."""
        return self.step or bool(self.infix)

    @property
    def arity(self) -> int:
        """The number of operands."""
        return len(self.parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Multilinear(Operation):
    """Linear in each operand, so it becomes a contraction and needs no derivative rule."""

    forms: tuple[Form, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived(Operation):
    """Defined by a text in terms of other operations.

    With no `forms` it is element-wise and `definition` holds for elements.
    """

    parameters: tuple[str, ...] = ("x",)
    forms: tuple[Form, ...] = ()
    definition: str = ""
    kink: Evaluate | None = None
    domain: Domain = "real"


class Factor(NamedTuple):
    """A factor of a Jacobian term and its index letters.

    `text` is in terms of the operand `X`, the value `Y`, and the identity matrices `I_m` and `I_n` of the operand's first and
    last axis; or it is the name of a constant array in square brackets, as in a form's einsum.
    """

    text: str
    indices: str


class JacobianTerm(NamedTuple):
    """`coefficient` times the contraction of `factors` to the value's and then the operand's indices."""

    coefficient: int
    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixFunction(Operation):
    """A function of a whole vector or matrix with a derivative rule of its own: inverse, determinant, softmax, …

    The Jacobian of the value (indices `value_indices`) by the operand (indices `operand_indices`) is the sum of `jacobian`.
    It acts on the last axes of its operand; what axes there are before them run along. A form with a body is defined by it,
    as a derived operation is, in terms of the operand `X`.
    """

    forms: tuple[Form, ...]
    operand_indices: str
    value_indices: str
    jacobian: tuple[JacobianTerm, ...]
    source: str = field(default="")
    """Where the rule stands in the literature."""
    kink: Evaluate | None = None
    """A value whose sign decides the branch; None for a smooth function."""
    frechet: str = ""
    """The operation that is its derivative in a direction, L(X, E); then there is no `jacobian`.

    Only for primary matrix functions f: for these ⟨G, L(X, E)⟩ = ⟨L(Xᵀ, G), E⟩ and L(Xᵀ, G) = L(X, Gᵀ)ᵀ.
    """
    direction: int | None = None
    """For such a derivative, which operand is the direction E; there is no derivative by another one."""
    integers: tuple[int, ...] = ()
    """The operands that are integers; there is no derivative by these."""
    is_distribution: bool = False
    """Whether the entries of its value are not negative and add up to 1."""

    @property
    def main(self) -> int:
        """The operand on the last axes of which it acts; others have no axes that run along."""
        return self.direction or 0

    def value_sizes(self, own: Sequence[Dim]) -> tuple[Dim, ...]:
        """The sizes of the value's axes, for those of the operand."""
        form = next(form for form in self.forms if not form.body)
        operands, result = form.shapes
        operand = operands[self.main]
        letters = dict(zip(operand.dims, own, strict=True))
        return tuple(letters[letter] if letter in letters else dim(int(letter)) for letter in result.dims)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(Operation):
    """Known by name only."""

    evaluate: Evaluate = field(default=lambda *_: None, repr=False)
    instead: str = ""
    """What can be written instead."""
