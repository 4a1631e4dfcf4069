"""Every limit on what the program accepts, in one place.

A text beyond a limit is refused with a `LimitError` that names the limit, before any expensive work is done on it.
"""

from typing import Final

MAX_LENGTH: Final = 200_000
"""Characters of one program."""

MAX_TOKENS: Final = 100_000
"""Tokens of one program."""

MAX_NESTING: Final = 20_000
"""Brackets open at the same time."""

MAX_DIGITS: Final = 100
"""Digits of one number, before and after the point together with its exponent's value."""

MAX_EXPONENT: Final = 1_000
"""Absolute value of a literal exponent that is multiplied out (number or matrix power)."""

MAX_POWER_BITS: Final = 4_000
"""Size in bits of a power of numbers that is computed exactly."""

MAX_MATRIX_POWER: Final = 64
"""Integer power of a matrix."""

MAX_ORDER: Final = 3
"""Order of a derivative."""

MAX_POSITION: Final = 10_000
"""The position of an element, as in `x[3]` or `e(3)`."""

MAX_VERIFIED: Final = 50_000
"""Entries of an array with which a derivative is verified."""

MAX_STACK: Final = 1_000
"""Entries of a vector or matrix written out with brackets."""

MAX_EXPLAINED: Final = 600
"""Steps of a derivation that is explained."""

MAX_BY_DIFFERENTIALS: Final = 40
"""Steps of a derivation by differentials, whose lines hold all that is still to be substituted."""

MAX_INDICES: Final = 12
"""Sums over an index that are open at the same place."""

MAX_SYMPY_DEPTH: Final = 150
"""Nesting of a result that is turned into a SymPy expression (SymPy itself recurses)."""

MAX_PRINTED: Final = 20_000
"""Symbols of a printed answer; a longer one is summarised."""

MAX_ENTRIES: Final = 20_000_000
"""Entries of an array computed by evaluation."""
