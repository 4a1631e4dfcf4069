"""What a reason names must have happened between the two lines: there are fewer letters after a common factor is taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import pytest

import matcalc as mc
from matcalc.explanation.derivation import Side, filled
from matcalc.explanation.writing import equations_in
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Answer, Expression, children, postorder
from matcalc.output.text import expression
from tests.explanation.explaining import examples
from tests.explanation.survey import golden
from tests.notation.chains import chain, paths
from tests.notation.test_simplifications import PAIRS, PATHS, check_chain

PARTS = 4
Condition = Callable[[Expression, Expression], bool]


def often(root: Expression, counts: Callable[[Expression], int]) -> int:
    """How often something is written."""
    found: dict[Expression, int] = {}
    for node in postorder(root):
        found[node] = sum(found[child] for child in children(node)) + counts(node)
    return found[root]


def letter(node: Expression) -> bool:
    """A name, or a number before a product."""
    if isinstance(node, notation.Product):
        return abs(node.coefficient) != 1 and bool(node.factors or node.divisors)
    return not children(node) and not isinstance(node, notation.Number | notation.Identity | notation.Ones)


def term(node: Expression) -> int:
    """A term after the first one."""
    return len(node.terms) - 1 if isinstance(node, notation.Sum) else 0


def fraction(node: Expression) -> bool:
    return isinstance(node, notation.Product) and bool(node.divisors)


def kind(*kinds: type) -> Callable[[Expression], bool]:
    return lambda node: isinstance(node, kinds)


def calls(*names: str) -> Callable[[Expression], bool]:
    return lambda node: isinstance(node, notation.Function) and node.name in names


def fewer(counts: Callable[[Expression], int]) -> Condition:
    return lambda before, after: often(after, counts) < often(before, counts)


def more(counts: Callable[[Expression], int]) -> Condition:
    return lambda before, after: often(after, counts) > often(before, counts)


def both(*conditions: Condition) -> Condition:
    return lambda before, after: all(condition(before, after) for condition in conditions)


def has(of: type) -> Condition:
    return lambda _, after: any(isinstance(node, of) for node in postorder(after))


def never(*_: Expression) -> bool:
    return False


INDEXED = fewer(kind(notation.IndexedSum))
CONDITIONS: Sequence[tuple[str, Condition]] = (
    ("written with", never),
    ("the common factor", fewer(letter)),
    ("a common factor is taken out", fewer(letter)),
    ("like terms", fewer(term)),
    ("powers of one base", lambda before, after: often(before, letter) != often(after, letter)),
    ("multiplied out", more(letter)),
    ("the brackets are multiplied out", fewer(kind(notation.Sum))),
    ("the row goes into the brackets", fewer(kind(notation.Diagonal))),
    ("the column goes into the brackets", fewer(kind(notation.Diagonal))),
    ("over the common denominator", lambda before, after: often(before, fraction) > 0 and often(after, fraction) > 0),
    ("a product with the identity matrix", fewer(kind(notation.Identity))),
    ("the identity matrix times itself", fewer(kind(notation.Identity))),
    ("a row of ones adds up", fewer(kind(notation.Ones))),
    ("a column of ones adds up", fewer(kind(notation.Ones))),
    ("a row of ones times a diagonal", both(fewer(kind(notation.Ones)), fewer(kind(notation.Diagonal)))),
    ("a row times a diagonal matrix", fewer(kind(notation.Diagonal))),
    ("a diagonal matrix times", fewer(kind(notation.Diagonal))),
    ("diagonal matrices", fewer(kind(notation.Diagonal))),
    ("a matrix and its inverse", fewer(kind(notation.Inverse))),
    ("the inverse of a product", more(kind(notation.Inverse))),
    ("the mean", more(calls("mean"))),
    ("the standard deviation", more(calls("std"))),
    ("the norm: norm", fewer(calls("norm1", "normp"))),
    ("the norm:", more(kind(notation.Norm))),
    ("the softmax: softmax", both(more(calls("softmax")), fewer(calls("exp")))),
    ("the softmax: log", fewer(calls("softmax", "log_softmax"))),
    ("the logistic function: σ", fewer(calls("exp"))),
    ("the cross product", both(fewer(calls("skew")), more(calls("cross")))),
    ("the sum over an index as a product of matrices", both(INDEXED, has(notation.MatMul))),
    ("the sum over an index as a dot product", both(INDEXED, has(notation.Dot))),
    ("the sum over an index", INDEXED),
    ("entry by entry", has(notation.Stack)),
    ("each entry in its place", fewer(kind(notation.Unit))),
    ("each sum in its place", fewer(kind(notation.Unit))),
    ("where [", fewer(calls("max", "min", "relu"))),
    ("one of the two conditions", fewer(kind(notation.Indicator))),
    ("a row times a column", more(kind(notation.Dot))),
)  # fmt: skip
"""How a reason begins, and what must be so then."""


def wrong(before: Expression, side: Side) -> Iterator[str]:
    """The parts of a reason that are not so."""
    after = side.expression
    if isinstance(after, Answer):
        if after.definitions:
            return
        after = after.body
    words = filled(side.reason, [expression(part) for part in side.parts])
    for each in words.split("; "):
        condition = next((condition for begin, condition in CONDITIONS if each.startswith(begin)), None)
        if each.endswith((" cancels", " cancel")):
            condition = fewer(letter)
        if condition is not None and not condition(before, after):
            yield f"{each}:  {expression(before)}  =  {expression(after)}"


@pytest.mark.parametrize("part", range(PARTS))
def test_reasons_are_those_of_their_lines(part: int) -> None:
    found: dict[str, None] = {}
    checked = 0
    for case in [*examples(), *golden()][part::PARTS]:
        try:
            explanation = mc.explain(case.text, wrt=case.wrt, where=case.where, dialect=case.dialect)
        except mc.errors.MatcalcError:
            continue
        for section in explanation.derived.sections:
            for line in equations_in(section.lines):
                for first, second in pairwise(line.sides):
                    checked += 1
                    if not isinstance(first.expression, Answer):
                        found.update(dict.fromkeys(wrong(first.expression, second)))
    assert not list(found)
    assert checked > 1000


def test_reasons_of_chains_are_those_of_their_lines() -> None:
    for outer, inner, wrt, where in PAIRS + PATHS:
        both_ways = chain(outer, inner, wrt, where) if (outer, inner, wrt, where) in PAIRS else paths(outer, inner, wrt, where)
        before = both_ways.start
        for step in check_chain(both_ways):
            assert not list(wrong(before, Side(step.expression, step.reason, step.parts)))
            before = step.expression
