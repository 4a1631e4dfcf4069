"""Names that look like products: `Ax` where `A x` is meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from matcalc.errors import UnknownNameError
from matcalc.language.tree import Name

_LONGEST: Final = 40
_LETTER: Final = re.compile(r"[^\W\d_]\d*")
_GREEK: Final = frozenset({"mu", "nu", "xi", "eta", "rho", "tau", "phi", "chi", "psi", "lam"})
"""Names of letters that are short enough to be taken for products."""


def factors(name: str, known: Collection[str]) -> tuple[str, ...] | None:
    """The fewest names, at least two, that make up `name` when they are written one after the other.

    >>> factors("Ax", {"A", "x"}), factors("W1Xw", {"W1", "X", "w", "W"}), factors("Ax", {"A", "y"})
    (('A', 'x'), ('W1', 'X', 'w'), None)
    """
    if len(name) > _LONGEST or name in _GREEK:
        return None
    found: list[tuple[str, ...] | None] = [()]
    for end in range(1, len(name) + 1):
        before = ((found[start], name[start:end]) for start in range(end) if start or end < len(name))
        ways = [(*parts, last) for parts, last in before if parts is not None and last in known]
        found.append(min(ways, key=len, default=None))
    return found[-1]


def check_joined(variables: Iterable[Name], declared: Collection[str], times: str) -> None:
    """Refuse a name that is not declared, but made up of names that are, one of which occurs nowhere else."""
    variables = tuple(variables)
    used = {node.name for node in variables}
    for node in variables:
        parts = factors(node.name, declared) if node.name not in declared else None
        if parts is not None and not used.issuperset(parts):
            raise UnknownNameError(
                f"`{node.name}` is not declared", node.span, help=f"did you mean `{times.join(parts)}`?"
            )


def product_with(target: str, names: Iterable[str], known: Collection[str], times: str) -> str | None:
    """Help with a target that does not occur: the name of which it is a factor."""
    for name in names:
        letters = _LETTER.findall(name) if _LETTER.fullmatch(target) else ()
        parts = factors(name, {target, *known, *letters})
        if parts is not None and target in parts:
            return f"`{name}` is one name; write `{times.join(parts)}` for a product"
    return None


def doubtful(names: Iterable[str], occurring: Collection[str], targets: Collection[str], times: str) -> Iterator[str]:
    """What to remark on `names`, which are not declared: they are made up of names that occur and of capital letters, or of two
    letters one of which is differentiated by.
    """
    for name in names:
        others = {*occurring} - {name}
        parts = factors(name, others | {letter for letter in name if letter.isupper()})
        if parts is None and not name.startswith("d"):
            parts = factors(name, set(_LETTER.findall(name)))
            parts = parts if parts is not None and len(parts) == 2 and not others.isdisjoint({*targets} & {*parts}) else None
        if parts is not None and not others.isdisjoint(parts):
            yield f"{name} is one name here; a product is written {times.join(parts)}"
