"""The dataflow graph of a derivation as plain data for a picture: steps, local derivatives, and the paths to the value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from matcalc.explanation.combine import Combiner
from matcalc.explanation.derivation import Equation, Line, Repetition, Side, filled
from matcalc.explanation.explain import Explaining
from matcalc.explanation.intermediates import Quantity, Steps
from matcalc.explanation.local import Local
from matcalc.explanation.reading import notes
from matcalc.explanation.totals import Totals
from matcalc.explanation.writing import said
from matcalc.language.assumptions import space
from matcalc.language.declared import Symmetric
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Answer, Expression
from matcalc.output.latex import expression as latex
from matcalc.output.picture.dataflow import Dataflow, Edge, Formula, Kind, Vertex
from matcalc.output.text import expression as text
from matcalc.output.text import text as whole

if TYPE_CHECKING:
    from matcalc.language import tree
    from matcalc.problem import Problem

_PATHS: Final = 12
"""With more paths than this none is listed."""
_LONG: Final = 32
"""A local derivative of more characters is named only."""
_LINE: Final = 85
"""One of more characters is not written below the graph either."""
_CONSTANTS: Final = 30
"""With more vertices than this, constants are left out."""


class Flow:
    """The vertices and edges of a derivation."""

    def __init__(self, explaining: Explaining) -> None:
        self.explaining = explaining
        self.steps = explaining.steps
        self.vertices: dict[str, Vertex] = {}
        self.edges: list[Edge] = []
        self.locals: list[Equation] = []
        """The local derivatives, at the edges or below the graph."""
        self.totals = Totals(explaining).derived()

    def dataflow(self) -> Dataflow:
        """The whole graph."""
        value = self.steps.value
        self._add(self.steps, self.explaining.combiner)
        self._constants()
        self.locals = [each for each in self.locals if _is_line(_formula(each))]
        totals = tuple(_formulas(self.totals.sections[0].lines))
        long = (_formula(each) for each in self.locals if not _is_short(each.sides[0].expression))
        return Dataflow(
            title=f"{text(value.symbol)} = {text(self.explaining.problem.written.body)}",
            vertices=tuple(self.vertices.values()),
            edges=tuple(self.edges),
            paths=tuple(self._paths()),
            totals=totals,
            long=tuple(each for each in long if each not in totals),
            notation=tuple(notes(self.explaining, [*self.locals, *self.totals.sections[0].lines])),
        )

    def _add(self, steps: Steps, combiner: Combiner) -> None:
        for step in steps.steps:
            if step.series is not None:
                self._add(step.series.steps, combiner.terms(step))
            self.vertices[step.name] = _vertex(step, "value" if step is self.steps.value else "intermediate")
            if step.series is not None:
                last = step.series.steps.value
                self.edges.append(Edge(last.name, step.name, "sum over " + ", ".join(step.series.indices), bool(step.targets)))
                continue
            for operand in step.operands:
                self._edge(operand, step, combiner)
            if step.role == "entry":
                continue
            assert step.definition is not None
            entries = {operand.symbol for operand in step.operands if operand.role == "entry"}
            below = _parts(step.definition, entries)
            held = [each for each in self.steps.every() if each.symbol in below and each not in step.operands]
            self.edges += [Edge(each.name, step.name, "", active=False) for each in held]

    def _edge(self, operand: Quantity, step: Quantity, combiner: Combiner) -> None:
        """An edge; a variable has a vertex of its own for each."""
        key = operand.name
        if operand.role == "variable":
            key = f"{operand.name}→{step.name}"
            self._before(step.name, _vertex(operand, "variable", key))
        if not operand.targets:
            self.edges.append(Edge(key, step.name, "", active=False))
            return
        found = combiner.local(step, operand)
        self.edges.append(Edge(key, step.name, _labelled(found, text), True, _labelled(found, latex)))
        written = found.plain or found.written
        if not isinstance(written, (Answer, notation.Cases)):
            self.locals.append(Equation(found.label, (Side(written),), found.label.shape, (step, operand)))

    def _before(self, place: str, vertex: Vertex) -> None:
        """Add a vertex before another one."""
        items = list(self.vertices.items())
        at = next(number for number, (key, _) in enumerate(items) if key == place)
        self.vertices = dict([*items[:at], (vertex.key, vertex), *items[at:]])

    def _constants(self) -> None:
        """The variables that are not differentiated by, with edges to where they stand."""
        known = {each.name for each in (*self.steps.variables, *self.steps.every())}
        symbols = self.explaining.problem.inference.symbols
        found: dict[str, list[str]] = {}
        for step in self.steps.every():
            assert step.definition is not None
            for name in _names(step.definition):
                if name in symbols and name not in known:
                    found.setdefault(name, []).append(step.name)
        if len(self.vertices) + len(found) > _CONSTANTS:
            return
        constants = {}
        for name, users in found.items():
            size = symbols[name].shape
            written = self.explaining.build.make(notation.Symbol, size, name)
            shape = space(size) if size.dims else ""
            constants[name] = Vertex(name, name, shape, "", "constant", active=False, latex=latex(written))
            self.edges += [Edge(name, user, "", active=False) for user in users]
        self.vertices = constants | self.vertices

    def _paths(self) -> list[tuple[str, ...]]:
        """Each path from a variable to the value; none if there are too many."""
        above: dict[str, list[str]] = {}
        for edge in self.edges:
            if edge.active:
                above.setdefault(edge.source, []).append(edge.target)
        value = self.steps.value.name
        starts = [key for key, vertex in self.vertices.items() if vertex.kind == "variable"]
        paths: list[tuple[str, ...]] = []
        stack: list[tuple[str, ...]] = [(key,) for key in reversed(starts)]
        while stack:
            path = stack.pop()
            if path[-1] == value:
                paths.append(path)
            stack += [(*path, key) for key in reversed(above.get(path[-1], []))]
            if len(paths) > _PATHS or len(stack) > 10 * _PATHS:
                return []
        return paths


def dataflow(
    problem: Problem,
    answers: Sequence[tuple[tree.Expr, Answer]],
    symmetric: Symmetric = "space",
    turned: Sequence[tuple[tree.Expr, str, Answer]] = (),
) -> Dataflow:
    """The dataflow graph of an expression with the local derivatives on the way to each target.

    The arguments are those of `explain`: the answers in numerator layout, and those in another one.
    """
    return Flow(Explaining(problem, answers, symmetric, turned)).dataflow()


def _parts(root: Expression, whole: Collection[Expression]) -> set[Expression]:
    """The parts of an expression, and not those of what is taken as a whole: an entry xᵢ is not made of x here."""
    found: set[Expression] = set()
    stack = [root]
    while stack:
        each = stack.pop()
        if each not in found:
            found.add(each)
            stack += () if each in whole else notation.children(each)
    return found


def _vertex(quantity: Quantity, kind: Kind, key: str = "") -> Vertex:
    definition = quantity.definition if quantity.role != "entry" else None
    shape = space(quantity.shape) if quantity.shape.dims else ""
    return Vertex(
        key or quantity.name, text(quantity.symbol), shape, text(definition) if definition is not None else "",
        kind, bool(quantity.targets), latex(quantity.symbol), latex(definition) if definition is not None else "",
    )  # fmt: skip


def _labelled(found: Local, write: Callable[[Expression], str]) -> str:
    """`∂u₂/∂u₁ = 2 u₁`, or only the name of a long one."""
    name, written = write(found.label), found.plain or found.written
    return name if isinstance(written, Answer) or not _is_short(written) else f"{name} = {write(written)}"


def _is_short(side: Expression | Answer) -> bool:
    """Whether there is room for it at an edge."""
    return not isinstance(side, (Answer, notation.Cases)) and len(text(side)) <= _LONG


def _formulas(lines: Iterable[Line]) -> Iterator[Formula | str]:
    """Equations and remarks as text."""
    for line in lines:
        if isinstance(line, Repetition):
            yield f"{line.range}:"
            yield from _formulas(line.lines)
        elif isinstance(line, Equation):
            yield _formula(line)
        else:
            yield filled(line.text, list(map(text, line.expressions)))


def _formula(line: Equation) -> Formula:
    return Formula(text(line.left), tuple(_said(side.expression) for side in line.sides))


def _said(side: Expression | Answer) -> str:
    """An answer as `diff` prints it; anything else on one line."""
    if isinstance(side, Answer):
        return whole(side)
    return whole(Answer(side)) if isinstance(side, notation.Cases) else " ".join(said(side).split())


def _is_line(formula: Formula) -> bool:
    return "\n" not in formula.sides[0] and len(f"{formula.left} = {formula.sides[0]}") <= _LINE


def _names(root: Expression) -> Iterator[str]:
    return iter(dict.fromkeys(node.name for node in notation.postorder(root) if isinstance(node, notation.Symbol)))
