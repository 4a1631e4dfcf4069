"""What is called: functions of the table, constants with sizes, functions that are only named."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from matcalc.errors import NotSupportedError, ShapeError, Span, UnknownNameError
from matcalc.language.calls import canonical, check_keywords, check_operands, is_function_of_t, without_keepdims, wrong_count
from matcalc.language.declared import Declared
from matcalc.language.dialects import Dialect
from matcalc.language.linear import SIZES, leaves
from matcalc.language.tree import Binary, Call, Name, Number
from matcalc.language.uses import SIZED, Uses
from matcalc.operations.rows import Planned
from matcalc.operations.table import FUNCTIONS

_FUNCTION_NAME: Final = re.compile(r"(f|g|h|phi|psi|φ|ϕ|ψ)(\d+|_\w+)?")
_INSTEAD: Final = {
    **dict.fromkeys(("argmax", "argmin"), "it is no differentiable function; `max(x)` and `min(x)` are the values"),
    "maximum": "write `max(a, b)`", "minimum": "write `min(a, b)`", "matmul": "write `A @ B`", "mm": "write `A @ B`",
    "multiply": "write `a * b`", "divide": "write `a / b`", "add": "write `a + b`", "subtract": "write `a - b`",
    "inner": "write `x @ y`", "vdot": "write `x @ y`", "einsum": "write sums as `sum(x_i*y_i for i in 1..n)`",
    "array": "write `[a, b]` for a vector", "argsort": "sorting is not supported", "sort": "sorting is not supported",
}
"""What to write for functions of other languages."""


@dataclass(slots=True)
class UnknownFunction:
    """A function that is only named."""

    name: str
    arity: int
    span: Span
    of_t: bool
    """Called as `x(t)`: a quantity that depends on t."""
    declared: Declared | None


class Callees:
    """The functions of one program."""

    def __init__(self, declared: Mapping[str, Declared], uses: Uses, dialect: Dialect) -> None:
        self.declared = declared
        self.uses = uses
        self.dialect = dialect
        self.functions: dict[str, UnknownFunction] = {}
        """Those that are only named, and called."""

    def checked(self, node: Call, scope: Collection[str]) -> Call:
        """The call under its canonical name. Calls of what is no function, and wrong numbers of operands, are refused."""
        name, count = node.function, len(node.arguments)
        known = self.declared.get(name)
        if known is not None and known.is_function:
            self._unknown_function(node, known)
            return node
        row = FUNCTIONS.get(name)
        if row is not None:
            node = canonical(node)
            row = FUNCTIONS[node.function]
            check_keywords(node, row)
            check_operands(node, row)
            node = without_keepdims(node)
        elif name in SIZES or name in SIZED:
            check_keywords(node)
            most = 1 if name in SIZES or name == "eye" else 2
            if count > most or (name in SIZES and count == 0):
                raise wrong_count(node, str(most), "size" if name in SIZED else "operand")
            if name in SIZED:
                _check_sizes(node, scope)
        elif known is not None or name in self.uses.bound or name in self.uses.bare or name in scope:
            spaced = f"`{name} (…)` with a space or `{name} * (…)` for a product"
            starred = f"`{name}*(…)` for a product, `{name}[…]` for an element"
            raise UnknownNameError(
                f"`{name}` is not a function", node.name_span,
                help=f"write {spaced if self.dialect.paper else starred}",
                related=known.place if known is not None else None,
            )
        elif name == "e" and count == 1:
            position = node.arguments[0]
            if not (isinstance(position, Number) and position.value == int(position.value) and position.value >= 1):
                raise NotSupportedError("a unit vector whose position is not a number", node.span, help="write e(1), e(2), …")
        elif name == "I":
            raise UnknownNameError("`I` is not a function", node.name_span, help="write `eye(n)`, or `I` alone")
        elif _FUNCTION_NAME.fullmatch(name) or is_function_of_t(node):
            self._unknown_function(node, None)
        else:
            raise UnknownNameError(f"there is no function `{name}`", node.name_span, help=self._instead_of(name))
        return node

    def _instead_of(self, name: str) -> str:
        """What to write instead of the call of a name that is no function."""
        declared = (n for n, d in self.declared.items() if d.is_function)
        functions = [*FUNCTIONS, *SIZED, *SIZES, *self.dialect.filled, *declared]
        lowered = {function.lower(): function for function in functions}
        known_here = [function for function in functions if not isinstance(FUNCTIONS.get(function), Planned)]
        near = [lowered[name.lower()]] if name.lower() in lowered else difflib.get_close_matches(name, known_here, 1, 0.7)
        help_ = f"for a function without a formula declare `{name}: elementwise`"
        if name in _INSTEAD:
            help_ = _INSTEAD[name]
        elif near:
            help_ = f"did you mean `{near[0]}`?"
        elif not self.dialect.paper:
            help_ = f"write `{name}*(…)` for a product, `{name}[…]` for an element; {help_}"
        else:
            help_ = f"for a product write `{name} (…)` with a space or `{name}*(…)`; {help_}"
        return help_

    def _unknown_function(self, node: Call, known: Declared | None) -> None:
        name, count = node.function, len(node.arguments)
        check_keywords(node)
        if known is not None and known.kind == "function" and count != len(known.domain):
            raise wrong_count(node, str(len(known.domain)), related=known.place)
        if count == 0:
            raise ShapeError(f"`{name}` is called without an operand", node.span)
        of_t = known is None and is_function_of_t(node)
        first = self.functions.setdefault(name, UnknownFunction(name, count, node.span, of_t, known))
        if first.arity != count:
            raise wrong_count(node, str(first.arity), related=(f"{name} is first called here", first.span))
        first.of_t = first.of_t and of_t


def _check_sizes(node: Call, scope: Collection[str]) -> None:
    for size in node.arguments:
        parts = [part for part in leaves(size, "size") if not isinstance(part, (Binary, Number))]
        known = all(isinstance(part, Name) and part.name not in scope for part in parts)
        if not (known or (isinstance(size, Call) and size.function in SIZES)):
            raise NotSupportedError(
                f"`{size.span.excerpt}` as a size", size.span, help="a dimension such as `n`, a number or `len(x)`"
            )
