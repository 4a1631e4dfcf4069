"""The operation table: every operation by its name."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from matcalc.operations.derived import DERIVED
from matcalc.operations.elementwise import ELEMENTWISE
from matcalc.operations.linear import LINEAR
from matcalc.operations.matrix_functions import MATRIX_FUNCTIONS, PLANNED
from matcalc.operations.rows import Elementwise, MatrixFunction, Multilinear, Operation

ALL: Final[tuple[Operation, ...]] = ELEMENTWISE + LINEAR + DERIVED + MATRIX_FUNCTIONS + PLANNED

OPERATIONS: Final = MappingProxyType({row.name: row for row in ALL})
"""Every operation by its canonical name."""

FUNCTIONS: Final = MappingProxyType(
    {spelling: row for row in ALL if row.name.isidentifier() for spelling in (row.name, *row.spellings)}
)
"""Every operation that input can call, by each spelling."""

COMPARISONS: Final = MappingProxyType({row.infix: row for row in ALL if isinstance(row, Elementwise) and row.infix})
"""The comparisons by their sign."""


def elementwise(name: str) -> Elementwise:
    """The element-wise function of this name."""
    row = OPERATIONS[name]
    assert isinstance(row, Elementwise)
    return row


def matrix_function(name: str) -> MatrixFunction:
    """The matrix function of this name."""
    row = OPERATIONS[name]
    assert isinstance(row, MatrixFunction)
    return row


def multilinear(name: str) -> Multilinear:
    """The multilinear operation of this name."""
    row = OPERATIONS[name]
    assert isinstance(row, Multilinear)
    return row
