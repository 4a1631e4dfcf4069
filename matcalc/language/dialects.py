"""The dialects: other ways of writing the same language.

A dialect is a small set of rules that the reading of a text consults; there is one grammar, and what comes out of it is the
tree of matcalc's own language. All dialects stand here.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from matcalc.errors import NotSupportedError, UsageError
from matcalc.language.dimensions import Kind


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """What a dialect reads in its own way; by default nothing."""

    name: str
    aliases: tuple[str, ...] = ()
    operators: Mapping[str, str] = field(default_factory=dict)
    """The operator of the tree for each sign that means something else in matcalc's own language."""
    functions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Functions of one operand in terms of matcalc's own, the outermost first."""
    filled: Mapping[str, Kind] = field(default_factory=dict)
    """Functions that make a constant of this kind, all of whose entries are their operand: `vector(1)`."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Functions of another meaning than matcalc's, with what to write instead."""
    column_wise: frozenset[str] = frozenset()
    """Functions that others take over the columns of a matrix, and that are taken over all of its elements here."""
    letters: Mapping[Kind, str] = field(default_factory=dict)
    """The kind of a name that is not declared, by its first letter."""
    ignored: str = ""
    """A regular expression of what else is a comment."""
    paper: bool = True
    """Conventions of paper: `A^T` is a transpose, `1'` a row of ones, `[a, b]` a vector of scalars, `x (y + z)` a product, and
    a^b^c is a^(b^c)."""
    columns: bool = False
    """A vector is a matrix with one column: two of them cannot be multiplied, nor one be raised to a power or divided by."""
    times: str = " "
    """What stands between the factors of a product of linear algebra, in a suggestion."""
    power: str = "**"
    """The element-wise power, in a suggestion."""

    def kind_of(self, name: str) -> Kind | None:
        """The kind that the first letter of a name stands for.

        >>> MATLAB.kind_of("b"), MATLAB.kind_of("w_1"), MATLAB.kind_of("X"), MATLAB.kind_of("σ"), MATCALC.kind_of("x")
        ('scalar', 'vector', 'matrix', None, None)
        """
        for kind, letters in self.letters.items():
            if name[0] in letters:
                return kind
        return None


MATCALC: Final = Dialect("matcalc")

MATLAB: Final = Dialect(
    name="matlab",
    aliases=("matrixcalculus",),
    operators={"*": "juxtapose", "/": "divide"},
    functions={"norm1": ("sum", "abs"), "norm2": ("normF",), "norm": ("norm2",)},
    filled={"vector": "vector", "matrix": "matrix"},
    refused={
        "var": "MATLAB's divides by n - 1; write it with sum",
        "std": "MATLAB's divides by n - 1; write it with sum",
        "normalize": "MATLAB's subtracts the mean; write x/norm2(x) for a vector of length 1",
    },
    column_wise=frozenset({"sum", "mean", "prod", "max", "min"}),
    letters={
        "scalar": "abcdefg",
        "vector": "hijklmnopqrstuvwxyz",
        "matrix": string.ascii_uppercase,
    },
    ignored=r"%[^\n]*|\.\.\.[^\n]*(?:\n|\Z)",
    paper=False,
    columns=True,
    times="*",
    power=".^",
)
"""MATLAB's operators, with the names and functions of matrixcalculus.org, so that what is written for it can be pasted."""

DIALECTS: Final = (MATCALC, MATLAB)
PLANNED: Final = ("latex",)
"""Dialects known by name only."""
NAMES: Final = tuple(name for dialect in DIALECTS for name in (dialect.name, *dialect.aliases))


def dialect_named(name: str) -> Dialect:
    """The dialect of this name.

    Raises:
        NotSupportedError: it is planned.
        UsageError: there is none.
    """
    for dialect in DIALECTS:
        if name == dialect.name or name in dialect.aliases:
            return dialect
    if name in PLANNED:
        raise NotSupportedError(f"the dialect `{name}` is planned", help=f"the dialects are {', '.join(NAMES)}")
    raise UsageError(f"there is no dialect `{name}`", help=f"the dialects are {', '.join(NAMES)}")
