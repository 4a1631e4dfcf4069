"""Named one-step simplifications: from a product of Jacobians to the answer, as a textbook would write it.

The rules are in `identities`. They are tried in order; one step is one rule, wherever it applies. What stands in the answer as
it is, is left alone. What the rules leave is compared with the answer (`comparison`), and the last steps say what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from matcalc.notation.build import Builder
from matcalc.notation.comparison import Comparison
from matcalc.notation.identities import OPENINGS, RULES
from matcalc.notation.matrix import Chain, Expression, Hadamard, IndexedSum, MatMul, Number, Product, children, postorder
from matcalc.notation.naming import sizes
from matcalc.notation.products import (
    FACTOR_ONE,
    TO_THE_FRONT,
    Reason,
    Rule,
    cancelling,
    coefficient,
    one_product,
    opened,
    settled,
)
from matcalc.notation.replace import adopted, with_children

USUAL_ORDER = "in the usual order"
"""The reason where factors or terms only change places."""

_MOST_STEPS = 12
"""A longer way is cut short: the last step leads to the answer."""

_LARGE, _LONG = 400, 1_500
"""Nodes of an expression that nobody simplifies by hand, and symbols of it written out: one step leads to the answer."""


class Step(NamedTuple):
    """One line of a simplification.

    Attributes:
        reason: what is done, with its identity; `{}` in it stand for the `parts`, in order. Empty if a chain of derivatives is
            only written as a product.
        expression: the whole expression after this step.
        parts: the expressions that the reason is about.
    """

    reason: str
    expression: Expression
    parts: tuple[Expression, ...] = ()

    def said(self, write: Callable[[Expression], str]) -> str:
        """The reason as a text, with its parts as `write` writes them."""
        pieces = self.reason.replace("`", "").split("{}")
        written = [*map(write, self.parts), ""]
        return "".join(piece + part for piece, part in zip(pieces, written, strict=True))


def simplifications(
    build: Builder, start: Expression, goal: Expression, write: Callable[[Expression], str] | None = None
) -> list[Step]:
    """The steps from `start` to `goal`, which has the same value; none if they look the same.

    They may have been made by other builders than `build`. `write` is a printer; what prints like the line before is no step.
    """
    start, goal = adopted(build, start), adopted(build, goal)
    if everywhere(build, start, settled) is everywhere(build, goal, settled):
        return []
    if _is_large(start) or _is_large(goal):
        steps = [Step("simplified", goal)]
    else:
        steps = _Simplification(build, goal).steps(start)
    return _visible(start, steps, write) if write is not None else steps


def _visible(start: Expression, steps: list[Step], write: Callable[[Expression], str]) -> list[Step]:
    """The steps without those that change nothing that can be seen; the last one still leads to the answer."""
    visible: list[Step] = []
    before = write(start)
    for step in steps:
        now = write(step.expression)
        if _without_dots(now) != _without_dots(before):
            visible.append(step)
        elif visible:
            visible[-1] = visible[-1]._replace(expression=step.expression)
        before = now
    return visible


def _without_dots(written: str) -> str:
    """A text without the dots between factors, which are no line of their own."""
    return written.replace(" · ", " ").replace(" * ", " ")


def _is_large(root: Expression) -> bool:
    return next(islice(postorder(root), _LARGE, None), None) is not None or is_long(root)


def is_long(root: Expression) -> bool:
    """Whether an expression has more symbols than anybody reads, written out: it may be long with few parts that it shares."""
    return sizes(root)[root] > _LONG


def everywhere(
    build: Builder,
    root: Expression,
    change: Callable[[Builder, Expression], Expression],
    known: Iterable[tuple[Expression, Expression]] = (),
) -> Expression:
    """`root` with each node changed, operands first, but for those of which it is known what they become."""
    done = dict(known)
    for node in postorder(root):
        if node not in done:
            done[node] = change(build, with_children(build, node, done))
    return done[root]


def outermost(build: Builder, root: Expression, change: Callable[[Builder, Expression], Expression]) -> Expression:
    """`root` changed where it can be, but not within what that made."""
    done: dict[Expression, Expression] = {}
    waiting = [root]
    seen: set[Expression] = set()
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        new = change(build, node)
        if new is not node:
            done[node] = new
        else:
            waiting += children(node)
    return everywhere(build, root, lambda _, node: node, done.items()) if done else root


class _Simplification:
    """The way to one answer."""

    def __init__(self, build: Builder, goal: Expression) -> None:
        self._build = build
        self._goal = goal
        self._kept = frozenset(postorder(goal))
        self._same = [(node, node) for node in self._kept]
        self._comparison = Comparison(build, goal)
        self._rules: tuple[Rule, ...] = (*RULES, *self._comparison.rules)

    def steps(self, start: Expression) -> list[Step]:
        """The steps; the last one leads to the answer."""
        first = everywhere(self._build, start, opened, self._same)
        plain = self._along(first, ())
        ways = [plain]
        if not self._arrives(plain, first):
            ways.append(self._trimmed(first, self._along(first, OPENINGS)))
        way = min(ways, key=lambda each: self._rest(each, first))
        return self._finished(way, start, first)

    def _trimmed(self, first: Expression, way: list[Step]) -> list[Step]:
        """A way without the steps at its end that lead no nearer to an answer that it does not reach."""
        rests = [self._comparison.distance(node) for node in (first, *(step.expression for step in way))]
        least = rests.index(min(rests))
        return way[:least] if least and rests[least] > 1 else way

    def _arrives(self, way: list[Step], first: Expression) -> bool:
        return self._comparison.looks_alike(way[-1].expression if way else first)

    def _rest(self, way: list[Step], first: Expression) -> int:
        """How much is left to be said where a way ends."""
        end = way[-1].expression if way else first
        return self._comparison.distance(end)

    def _along(self, first: Expression, more: tuple[Rule, ...]) -> list[Step]:
        """The steps that the rules make, with some more rules."""
        steps: list[Step] = []
        now = first
        for _ in range(_MOST_STEPS - 1):
            if self._comparison.looks_alike(now):
                break
            step = next(self._next(now, (*self._rules, *more)), None)
            if step is None:
                break
            steps.append(step)
            now = step.expression
        return steps

    def _next(self, now: Expression, rules: tuple[Rule, ...]) -> Iterator[Step]:
        for rule in rules:
            reasons: dict[Reason, None] = {}

            def change(_: Builder, node: Expression, rule: Rule = rule, reasons: dict[Reason, None] = reasons) -> Expression:
                return self._applied(rule, node, reasons)

            if rule in OPENINGS:
                new = outermost(self._build, now, change)
            else:
                new = everywhere(self._build, now, change, self._same)
            if new is not now and reasons:
                words, parts = _together(list(reasons))
                yield Step(words, everywhere(self._build, new, opened, self._same), parts)

    def _applied(self, rule: Rule, node: Expression, reasons: dict[Reason, None]) -> Expression:
        """What a rule makes of a node, if it says something."""
        if node in self._kept:
            return node
        for _ in range(_MOST_STEPS):
            found = rule(self._build, node)
            if found is None or found[0] is node:
                break
            node = found[0]
            reasons[found[1]] = None
            if node in self._kept or rule in OPENINGS:
                break
        return node

    def _finished(self, way: list[Step], start: Expression, first: Expression) -> list[Step]:
        """The way with its end: what is only another order is no step of its own."""
        end = way[-1].expression if way else first
        if self._comparison.looks_alike(end):
            if way:
                return [*way[:-1], way[-1]._replace(expression=self._goal)]
            return [Step(self._arranged(start, first), self._goal)]
        last = self._comparison.reason(end)
        return [*way, Step(last.words, self._goal, last.parts)]


    def _arranged(self, start: Expression, first: Expression) -> str:
        """What is done where only the order or brackets change."""
        if everywhere(self._build, first, settled) is not everywhere(self._build, self._goal, settled):
            return USUAL_ORDER
        nodes = list(postorder(everywhere(self._build, start, settled)))
        found = ((node, one_product(self._build, node)) for node in nodes)
        words = next((_exactly(each[1].words, node) for node, each in found if each is not None), None)
        if words is None and not isinstance(start, Chain):
            return "brackets that are not needed are left out: ``(A B) C = A B C``"
        return words or ""


def _exactly(words: str, node: Expression) -> str:
    """What really happens where factors only go to the front; nothing if they are there already."""
    if not words.endswith(TO_THE_FRONT) or not isinstance(node, Product | MatMul | Hadamard | Chain):
        return words
    numbers = [coefficient(factor) for factor in node.factors]
    above = [
        number for number, factor in zip(numbers, node.factors, strict=True)
        if isinstance(factor, Number | Product) and not children(factor)
    ]  # fmt: skip
    if 1 in above:
        return FACTOR_ONE
    if -1 in above:
        return "a factor ``-1`` is a sign: ``-1 · a = -a``"
    fractions = [isinstance(factor, Product) and (bool(factor.divisors) or Fraction(number).denominator != 1)
                 for factor, number in zip(node.factors, numbers, strict=True)]  # fmt: skip
    if any(fractions) and not any(isinstance(factor, IndexedSum) for factor in node.factors):
        return "one fraction: ``(1/b) a = a/b``"
    return "" if all(number == 1 for number in numbers[1:]) else words


def _together(reasons: list[Reason]) -> Reason:
    """Several reasons as one."""
    gone = [reason for reason in reasons if reason.words.endswith((" cancels", " cancel"))]
    if len(gone) > 1:
        which = dict.fromkeys(part for reason in gone for part in reason.parts)
        reasons = [*(reason for reason in reasons if reason not in gone), cancelling(list(which))]
    if len(reasons) > 1:
        reasons = [reason for reason in reasons if not reason.words.endswith(TO_THE_FRONT)] or reasons[:1]
    words = dict.fromkeys(reason.words for reason in reasons if not reason.parts)
    about = [reason for reason in reasons if reason.parts]
    parts = tuple(part for reason in about for part in reason.parts)
    return Reason("; ".join([*words, *(reason.words for reason in about)]), parts)
