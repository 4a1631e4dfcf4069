"""What stands below a dataflow picture: each derivative as the sum over the paths that are drawn, up to the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from matcalc.explanation.combine import Combiner, reached
from matcalc.explanation.derivation import Derived, Equation, Line, Section, Side
from matcalc.explanation.ending import Ending
from matcalc.explanation.intermediates import Quantity
from matcalc.explanation.local import Local, name_of
from matcalc.explanation.products import chain, sum_of
from matcalc.explanation.repetition import folded
from matcalc.explanation.writing import said
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Answer, Expression

if TYPE_CHECKING:
    from matcalc.explanation.explain import Explaining

_PATHS: Final = 4
"""A sum over more paths is not written out."""
_NAMES: Final = 120
_NAMES_IF_DEEP: Final = 50
"""Nor is one of more characters: the last steps instead. In a deep network, so soon that all layers look alike."""
_DEEP: Final = 20
"""So many steps are deep."""
_VALUES: Final = 70
"""Longer values are not put in: they are at the edges."""
_LINE: Final = 85
_LINES: Final = 2
_BRANCHES: Final = 6
"""An answer that needs more lines than that is left out, since nothing is cut."""
_MANY: Final = 6
_SHORT: Final = 60
"""With more variables, so is one of more characters."""
_MOST: Final = 24
"""With more lines than this, only those of the variables stay."""

_Pair = tuple[Quantity, Quantity]


class Totals:
    """The derivative of the value by each variable, in the names of a picture.

    A derivative that is at no edge, as ∂y/∂U in ∂y/∂W = x ∂y/∂U, has an equation of its own before that one.
    """

    def __init__(self, explaining: Explaining) -> None:
        self.explaining = explaining
        self.build = explaining.build
        self.steps = explaining.steps
        self.combiner = explaining.combiner
        every = (*self.steps.variables, *self.steps.every())
        self._quantities = {each.symbol: each for each in every}
        self._places = {each: place for place, each in enumerate(every)}
        self._helpers: dict[_Pair, list[Line]] = {}
        """The equations for derivatives at no edge, so far."""
        self._is_deep = len(self.steps.steps) > _DEEP
        self._most = _NAMES_IF_DEEP if self._is_deep else _NAMES
        self._homes = dict(_homes(self.combiner))
        self._used: dict[Combiner, dict[Quantity, list[Quantity]]] = {}
        self._reached: dict[Quantity, set[Quantity]] = {}

    def derived(self) -> Derived:
        """The equations, with what repeats from layer to layer written once."""
        ending = Ending(self.explaining).section(self.combiner.combinations())
        own: list[list[Line]] = []
        seen: set[Quantity] = set()
        before: list[list[Line]] = []
        for line in ending.lines:
            known = set(self._helpers)
            own.append(self._line(line, seen))
            before.append([each for pair in self._helpers if pair not in known for each in self._helpers[pair]])
        every = [line for lines in zip(before, own, strict=True) for part in lines for line in part]
        shown = folded(Derived([Section("", every)], self.steps))
        if len(shown.sections[0].lines) > _MOST:
            shown = folded(Derived([Section("", [line for lines in own for line in lines])], self.steps))
        return shown

    def _line(self, line: Line, seen: set[Quantity]) -> list[Line]:
        """A line of the end of a derivation, the first one of each variable with the sum over its paths."""
        if not isinstance(line, Equation):
            return [line]
        if len(line.of) < 2 or line.of[1] in seen:
            return self._kept(line)
        seen.add(line.of[1])
        total = self.combiner.total(line.of[1])
        return self._kept(line) if total is None else self._total(total, line)

    def _total(self, total: Local, ending: Equation) -> list[Line]:
        names = self._expanded(self.combiner, total.step, total.operand)
        sides: list[Expression | Answer] = [] if names is None else [names]
        values = self._values(total.step, total.operand)
        if values is None and total.plain is not None and _is_plain(total.plain):
            values = total.plain
        if values is not None and _fits(values, _VALUES):
            sides.append(values)
        last = ending.sides[-1].expression
        name = name_of(self.build, total.step, total.operand)
        if _spaced(name) != _spaced(ending.left):  # the answer is that of an element
            return [*_equation(name, sides, (total.step, total.operand)), *self._kept(ending)]
        if not self._is_short(last) and total.plain is not None and not sides:
            last = total.plain
        if self._is_short(last):
            body = _spaced(last.body) if isinstance(last, Answer) else ""
            sides = [*(side for side in sides if _spaced(side) not in (body, _spaced(last))), last]
        return _equation(ending.left, sides, ending.of)

    def _kept(self, line: Equation) -> list[Line]:
        """Its last side, if that is not too long."""
        return [replace(line, sides=line.sides[-1:])] if self._is_short(line.sides[-1].expression) else []

    def _is_short(self, side: Expression | Answer) -> bool:
        """Whether an answer has room."""
        rows = said(side).splitlines()
        if len(rows) > 1 and rows[0].startswith("⎧"):
            return len(rows) <= _BRANCHES and all(len(row) <= _LINE for row in rows)
        return _fits(side, _LINES * _LINE if len(self.steps.variables) <= _MANY else _SHORT)

    # Sums over paths

    def _expanded(self, combiner: Combiner, top: Quantity, bottom: Quantity) -> Expression | None:
        """A derivative as the sum over paths in names of others, each of which is at an edge or has an equation now."""
        names = self._names(combiner, top, bottom)
        return None if names is None else self._with_helpers(names)

    def _names(self, combiner: Combiner, top: Quantity, bottom: Quantity) -> Expression | None:
        """A derivative as the sum over paths in names of others; None if there is no such formula, or it is at an edge."""
        for paths, most in self._ways(combiner, top, bottom):
            found = self._sum(combiner, top, bottom, paths)
            if found is not None and _fits(found, most):
                return found
        combination = next((c for c in combiner.combinations() if (c.total.step, c.total.operand) == (top, bottom)), None)
        if combination is None or combination.formula is None or not _fits(combination.formula, 2 * _NAMES):
            return None
        return combination.formula

    def _ways(self, combiner: Combiner, top: Quantity, bottom: Quantity) -> Iterator[tuple[Sequence[Sequence[Quantity]], int]]:
        """Where the paths may be cut, best first, and how many characters the sum may have then."""
        paths = self._paths(combiner, top, bottom)
        if paths is not None:
            yield paths, self._most
            if len(paths) == 1 and not self._is_deep:
                yield from (([paths[0][:end]], self._most) for end in range(len(paths[0]) - 1, 2, -1))
        below = self._below(top)
        yield [[bottom, user] for user in self._users(combiner, bottom) if user in below], 2 * _NAMES

    def _paths(self, combiner: Combiner, top: Quantity, bottom: Quantity) -> list[list[Quantity]] | None:
        """The paths upwards, each to the top or to what has an equation already; None if there are too many, or long ones."""
        found: list[list[Quantity]] = []
        below = self._below(top)
        stack = [[bottom]]
        while stack:
            path = stack.pop()
            if path[-1] is top or (top, path[-1]) in self._helpers:
                found.append(path)
            else:
                stack += [[*path, user] for user in reversed(self._users(combiner, path[-1])) if user in below]
            if len(found) > _PATHS or len(stack) > 4 * _PATHS or len(path) > _DEEP:
                return None
        return found

    def _users(self, combiner: Combiner, quantity: Quantity) -> list[Quantity]:
        """The steps that have it as an operand."""
        if combiner not in self._used:
            self._used[combiner] = {}
            for step in combiner.steps.active():
                for operand in step.operands:
                    self._used[combiner].setdefault(operand, []).append(step)
        return self._used[combiner].get(quantity, [])

    def _below(self, top: Quantity) -> set[Quantity]:
        if top not in self._reached:
            self._reached[top] = reached(top)
        return self._reached[top]

    def _sum(
        self, combiner: Combiner, top: Quantity, bottom: Quantity, paths: Sequence[Sequence[Quantity]]
    ) -> Expression | None:
        """The sum over paths of the products of derivatives by name, if Jacobians multiply so."""
        terms = []
        for path in paths:
            labels = [self._label(combiner, step, operand) for operand, step in pairwise(path)]
            if path[-1] is not top:
                labels.append(name_of(self.build, top, path[-1]))
            known = [label for label in reversed(labels) if label is not None]
            terms.append(chain(self.build, known) if len(known) == len(labels) else None)
        return sum_of(self.build, terms, name_of(self.build, top, bottom)) if terms else None

    def _label(self, combiner: Combiner, step: Quantity, operand: Quantity) -> Expression | None:
        """The derivative at an edge by name; of a sum over an index the sum of those of its terms."""
        found = combiner.local(step, operand)
        if step.series is None:
            return None if found.plain is None else found.label
        terms = combiner.terms(step)
        term = terms.total(operand)
        if term is None or term.plain is None:
            return None
        inner = self._expanded(terms, term.step, operand)
        return combiner.summed(step, term.label if inner is None else inner)

    def _values(self, top: Quantity, bottom: Quantity) -> Expression | None:
        """The same sum with the values at the edges."""
        paths = self._paths(self.combiner, top, bottom)
        if paths is None or any(path[-1] is not top for path in paths):
            return None
        terms = []
        for path in paths:
            found = [self.combiner.local(step, operand) for operand, step in pairwise(path)]
            known = [each.plain for each in reversed(found) if each.plain is not None]
            labels = [each.label for each in reversed(found)]
            terms.append(chain(self.build, known, labels) if len(known) == len(found) else None)
        return sum_of(self.build, terms, name_of(self.build, top, bottom)) if terms else None

    def _with_helpers(self, names: Expression) -> Expression:
        """The expression, after equations were made for the derivatives in it that are at no edge.

        This is a loop, since each may need another one all the way up a deep network.
        """
        stack: list[tuple[_Pair | None, Expression | None, Iterator[_Pair]]] = [(None, names, self._needed(names))]
        while stack:
            pair, expanded, needed = stack[-1]
            missing = next((each for each in needed if each not in self._helpers), None)
            if missing is not None:
                found = self._names(self._homes[missing[0]], *missing)
                stack.append((missing, found, iter(()) if found is None else self._needed(found)))
                continue
            stack.pop()
            if pair is not None:
                self._helpers[pair] = self._helper(pair, expanded)
        return names

    def _needed(self, names: Expression) -> Iterator[_Pair]:
        """The derivatives by name that are at no edge, the upper ones first, since others go through them."""
        partials = (node for node in notation.postorder(names) if isinstance(node, notation.Partial))
        pairs = {pair for pair in map(self._pair, partials) if pair is not None and pair[1] not in pair[0].operands}
        return iter(sorted(pairs, key=lambda pair: (self._places[pair[1]], self._places[pair[0]]), reverse=True))

    def _helper(self, pair: _Pair, expanded: Expression | None) -> list[Line]:
        """The equation for a derivative at no edge, with its value if that is short."""
        step, operand = pair
        sides: list[Expression | Answer] = [] if expanded is None else [expanded]
        totals = [each.total for each in self._homes[step].combinations() if (each.total.step, each.total.operand) == pair]
        values = [each.plain for each in totals if each.plain is not None and _is_plain(each.plain)]
        sides += [value for value in values if _fits(value, _VALUES)]
        return _equation(name_of(self.build, step, operand), sides, pair)

    def _pair(self, node: notation.Partial) -> _Pair | None:
        value, variable = (self._quantities.get(_unstacked(each)) for each in (node.value, node.variable))
        return None if value is None or variable is None else (value, variable)


def _homes(combiner: Combiner) -> Iterator[tuple[Quantity, Combiner]]:
    """Each step, and whose it is: the program's, or that of the terms of a sum over an index."""
    for step in combiner.steps.steps:
        yield step, combiner
        if step.series is not None:
            yield from _homes(combiner.terms(step))


def _equation(left: Expression, sides: Sequence[Expression | Answer], of: tuple[Quantity, ...]) -> list[Line]:
    """The equation, without sides that say again what the one before says; none if nothing is left."""
    kept: list[Side] = []
    words = _spaced(left)
    for side in sides:
        if _spaced(side) != words and _spaced(side) != _spaced(left):
            kept.append(Side(side))
        words = _spaced(side)
    return [Equation(left, tuple(kept), left.shape, of)] if kept else []


def _unstacked(node: Expression) -> Expression:
    """Without `vec` and its transpose."""
    while isinstance(node, notation.Transpose) or (isinstance(node, notation.Function) and node.name == "vec"):
        (node,) = notation.children(node)
    return node


def _is_plain(root: Expression) -> bool:
    """Whether there are no derivatives by name in it."""
    return not any(isinstance(node, notation.Partial) for node in notation.postorder(root))


def _fits(side: Expression | Answer, most: int) -> bool:
    return len(_spaced(side)) <= most


def _spaced(side: Expression | Answer) -> str:
    return " ".join(said(side).split())
