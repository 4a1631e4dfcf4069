"""The shape of every expression, by unification over the whole program.

Three steps: what kind – scalar, vector, row, matrix – everything must be; preferences for what that leaves open; then the
dimensions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from matcalc.errors import MatcalcError, ShapeError, Span
from matcalc.language.assumptions import membership
from matcalc.language.constraints import Blame, Constraints, known_dim
from matcalc.language.dimensions import Dim, Shape, dim
from matcalc.language.exponents import exponents
from matcalc.language.kinds import BIT, KIND, MATRIX_BIT, ROW_BIT, SAME_KIND, SCALAR_BIT, VECTOR_BIT
from matcalc.language.mismatch import Clash, excerpt, explain, innermost_name, kinds_in_words
from matcalc.language.names import Resolution, Role, resolve
from matcalc.language.preferences import SETTLED, Preferences
from matcalc.language.ranges import Range, Ranges, Selection
from matcalc.language.stacks import Block, unite
from matcalc.language.tree import Call, Clause, Declaration, Expr, Fact, Name, Program, Slice, Stack


@dataclass(frozen=True, slots=True)
class Symbol:
    """A free variable. `declared` is false if its shape was assumed."""

    name: str
    shape: Shape
    properties: frozenset[str]
    declared: bool
    span: Span | None


@dataclass(frozen=True, slots=True)
class FunctionSymbol:
    """A function that is only named.

    `of_t`: called as `x(t)`, a quantity that depends on t. `of_numbers`: all its operands are scalars.
    """

    name: str
    elementwise: bool
    domain: tuple[Shape, ...] | None
    codomain: Shape | None
    declared: bool
    arity: int = 1
    of_t: bool = False
    of_numbers: bool = False


class Stretch(NamedTuple):
    """A place where a vector or row stretches over a matrix."""

    span: Span
    caption: str


@dataclass(slots=True)
class Inference:
    """What is known about a program: the shape of every expression, and what was assumed for that."""

    program: Program
    targets: tuple[Expr, ...]
    shapes: dict[Expr, Shape]
    roles: dict[Name, Role]
    symbols: dict[str, Symbol]
    functions: dict[str, FunctionSymbol]
    ranges: dict[Clause, Range]
    needed: tuple[Dim, ...]
    """What must not be negative for every entry that is selected to exist."""
    indices: dict[Name, Clause]
    """The range of each index, where it is used."""
    stretched: tuple[Stretch, ...]
    assumed: tuple[Symbol, ...]
    facts: tuple[Fact, ...]
    """Equations of the where clause about the variables."""
    unused: tuple[Fact, ...]
    """Equations about something that does not occur."""
    meaning: dict[str, Dim]
    """Names of dimensions that stand for a product of others: N = m n."""

    def dimension(self, name: str) -> Dim:
        """The dimension that a name stands for."""
        return self.meaning.get(name) or dim(name)

    def assumptions(self, mark: str = "") -> tuple[str, ...]:
        """What was not declared, in words: `w, x ∈ ℝⁿ`, `b ∈ ℝ`, `f applied element by element`; `mark` encloses formulas."""

        def listed(names: Sequence[str]) -> str:
            return f"{mark}{', '.join(names)}{mark}"

        integers = [symbol.name for symbol in self.symbols.values() if "integer" in symbol.properties]
        shapes = ((symbol.name, symbol.shape) for symbol in self.assumed if symbol.name not in integers)
        lines = [f"{mark}{each}{mark}" for each in membership(shapes)]
        if integers:
            lines.append(f"{mark}{', '.join(integers)} ∈ {{1, 2, …}}{mark}")
        invented = [function for function in self.functions.values() if not function.declared]
        of_t = [function.name for function in invented if function.of_t]
        others = [function.name for function in invented if not function.of_t and not function.of_numbers]
        of_numbers = [function.name for function in invented if not function.of_t and function.of_numbers]
        if of_t:
            lines.append(f"{listed(of_t)} {'functions' if of_t[1:] else 'a function'} of {mark}t{mark}")
        if others:
            lines.append(f"{listed(others)} applied element by element")
        lines += [f"{mark}{name} = {size}{mark}" for name, size in self.meaning.items()]
        if of_numbers:
            lines.append(f"{listed(of_numbers)} {'unknown functions' if of_numbers[1:] else 'an unknown function'}")
        return tuple(lines)


def infer(
    program: Program,
    *,
    declared: Sequence[Declaration | Fact] = (),
    targets: Sequence[Expr] = (),
    free: Collection[str] = (),
) -> Inference:
    """Find the shape of every expression of a program.

    >>> from matcalc.language.parse import parse_program
    >>> infer(parse_program("max(0, w.x + b)")).assumptions()
    ('w, x ∈ ℝⁿ', 'b ∈ ℝ')
    """
    resolution = resolve(program, declared=declared, targets=targets, free=free)
    solver = _Solver(resolution)
    solver.solve()
    return solver.inference()


class _Solver:
    """Solves the constraints of one program."""

    def __init__(self, resolution: Resolution) -> None:
        self.resolution = resolution
        self.made = Constraints(resolution)
        self.kinds = self.made.kinds
        self.domains = self.kinds.domains
        self.sizes = self.made.sizes
        self.preferences = Preferences(resolution, self.made)
        self.stated = len(self.made.blames)
        """The relations of the program; later ones are assumptions."""
        self.totals: list[Blame] = []
        """Where each size that is a sum or product of others comes from, as `sizes` numbers them."""
        self.shape_memo: dict[int, Shape] = {}

    def solve(self) -> None:
        """Settle kinds and dimensions, or raise what contradicts."""
        failed = self.kinds.settle()
        if failed is not None:
            self._unite_all(strict=False)
            self._name_sizes()
            raise self._clash(failed, None)
        self.preferences.choose()
        self._unite_all(strict=True)
        self._unite_indices()
        self._unite_totals()
        self.ranges.check()

    # Dimensions

    def _unite_all(self, *, strict: bool) -> None:
        """Make equal what the relations say is equal. Without `strict`, as far as it goes, for a message."""
        domains, sizes, all_dims, operands = self.domains, self.sizes, self.made.dims, self.kinds.operands
        relations = self.kinds.relations
        for number in range(self.stated):
            places = operands[number]
            pattern = relations[number].by_kinds.get(tuple([domains[unknown] for unknown in places]))
            if pattern is None or not pattern.sized:
                continue
            letters: dict[str, int] = {digit: sizes.known(dim(int(digit))) for digit in pattern.numbers}
            for unknown, names in zip(places, pattern.dims, strict=True):
                dims = all_dims[unknown]
                if dims is None:
                    for letter in names:
                        if letter not in letters:
                            letters[letter] = sizes.fresh()
                    all_dims[unknown] = tuple([letters[letter] for letter in names])
                    continue
                for letter, size in zip(names, dims, strict=True):
                    known = letters.setdefault(letter, size)
                    if not sizes.unite(known, size) and strict:
                        self._name_sizes()
                        raise self._clash(number, (str(known_dim(sizes, known)), str(known_dim(sizes, size))))
            for letter, size in letters.items() if strict and pattern.products else ():
                if "*" in letter:
                    self.totals.append(self.made.blames[number])
                    sizes.product(size, [letters[factor] for factor in letter.split("*")])

    def _unite_indices(self) -> None:
        """Ranges have the lengths of what they select from."""
        made = self.made
        selections = [
            Selection(node, subscript, size)
            for node, operand in made.indices
            for subscript, size in zip(node.subscripts, made.dims_of(operand), strict=False)
            if not isinstance(subscript, Slice)
        ]
        self.ranges = Ranges(self.resolution, self.sizes, made.clauses, selections, made.size, self._is_a, self._place)
        different = self.ranges.infer()
        if different is not None:
            self._name_sizes()
            raise self.ranges.mismatch(different)

    def _unite_totals(self) -> None:
        """A stack of vectors is as long as all of them together; blocks side by side are as high as each other."""
        for blame in self.made.totals:
            node, items = blame
            assert isinstance(node, Stack)
            whole, *blocks = (self._block(each) for each in (node, *items))
            united = unite(self.sizes, node, blocks, whole)
            if united is None:
                self._name_sizes()
                raise self._different_blocks(node)
            self.totals.append(blame)
            self.sizes.total(*united)
        failed = self.sizes.solve_totals() if self.totals else None
        if failed is None:
            failed = self._name_sizes()
        else:
            self._name_sizes()
        if failed is not None:
            blame = self.totals[failed]
            parts_text = ", ".join(f"{excerpt(item)} is a {self._shape_of(item)}" for item in blame.operands[:4])
            numbers = [name for name in map(self._assumed_number, blame.operands) if name is not None]
            raise ShapeError(
                f"`{excerpt(blame.node)}` must be a {self._shape_of(blame.node)} here, but {parts_text}", blame.node.span,
                help=f"declare `{numbers[0]}` if it is a vector: `where {numbers[0]}: vector(n)`" if numbers else None,
                related=next(filter(None, map(self._place, blame.operands)), None),
            )

    def _assumed_number(self, node: Expr) -> str | None:
        """The name of an operand that is taken for a scalar and not declared."""
        if isinstance(node, Name) and self.domains[self.made.unknowns[node]] == SCALAR_BIT:
            return node.name if node.name in self.resolution.variables and self._place(node) is None else None
        return None

    def _block(self, node: Expr) -> Block:
        unknown = self.made.unknowns[node]
        return Block(self.domains[unknown], self.made.dims_of(unknown))

    def _different_blocks(self, node: Stack) -> ShapeError:
        """The error for blocks of which the shared size differs."""
        axis = -1 if node.is_vertical else 0
        sizes = [self.sizes.value(self._block(item).sizes[axis]) for item in node.items]
        first, second = node.items[0], next(item for item, size in zip(node.items, sizes, strict=True) if size != sizes[0])
        shared = "below each other have as many columns" if node.is_vertical else "side by side have as many rows"
        return ShapeError(
            f"`{excerpt(node)}`: blocks {shared}, but {self._is_a(first)} and {self._is_a(second)}", second.span,
            related=next(filter(None, map(self._place, (second, first))), None),
        )

    def _name_sizes(self) -> int | None:
        """Name the open dimensions, those of variables first."""
        for unknown, known in enumerate(self.made.dims):
            if known is None and not self.preferences.open(unknown):
                self.made.dims_of(unknown)
        order: list[int] = []
        counts_rows: dict[int, bool] = {}
        for name in self.resolution.variables:
            if name not in self.made.names or self.preferences.open(self.made.names[name]):
                continue
            dims = self.made.dims_of(self.made.names[name])
            order += dims
            if self.domains[self.made.names[name]] == MATRIX_BIT:
                row, column = map(self.sizes.find, dims)
                if row != column:
                    counts_rows.setdefault(row, True)
                    counts_rows.setdefault(column, False)
        rows = [size for size, is_row in counts_rows.items() if is_row]
        taken = self.resolution.used | self.resolution.declarations.dimensions.keys()
        return self.sizes.name_all(order, rows, taken)

    # Words

    def _shape(self, unknown: int) -> Shape:
        """The shape of an unknown, when all sizes are named."""
        shape = self.shape_memo.get(unknown)
        if shape is None:
            dims = tuple([known_dim(self.sizes, size) for size in self.made.dims_of(unknown)])
            shape = self.shape_memo[unknown] = Shape(KIND[self.domains[unknown]], dims)
        return shape

    def _shape_in_words(self, unknown: int) -> str:
        domain = self.domains[unknown]
        if domain not in SETTLED:
            return kinds_in_words(domain)
        if any(self.sizes.value(size) is None for size in self.made.dims_of(unknown)):
            return KIND[domain]
        return str(self._shape(unknown))

    def _shape_of(self, node: Expr) -> str:
        return self._shape_in_words(self.made.unknowns[node])

    def _is_a(self, node: Expr) -> str:
        return f"{excerpt(node)} is a {self._shape_of(node)}"

    def _place(self, node: Expr) -> tuple[str, Span] | None:
        """Where an operand was declared."""
        name = innermost_name(node)
        if name is None:
            return None
        declared = self.resolution.declarations.names.get(name.name)
        if declared is not None:
            return declared.place
        kind, used = self.made.dialect.kind_of(name.name), self.resolution.variables.get(name.name)
        if kind is None or used is None:
            return None
        return f"{name.name} is not declared, and a {kind} by its first letter", used.span

    def _clash(self, number: int, different: tuple[str, str] | None) -> MatcalcError:
        blame: Blame = self.made.blames[number]
        all_places = self.kinds.operands[number]
        places = all_places[: len(blame.operands)]
        rule = self.kinds.relations[number]
        expected = self._shape_in_words(all_places[1]) if rule is SAME_KIND else None
        related = next(filter(None, map(self._place, (*reversed(blame.operands), blame.node))), None)
        if isinstance(blame.node, Name):
            related = self._place(blame.node)
        return explain(
            Clash(
                blame.node, blame.operands, tuple(self.domains[place] for place in places),
                tuple(self._shape_in_words(place) for place in places), rule, different, expected, related,
                self.made.dialect,
            )
        )

    # The result

    def inference(self) -> Inference:
        """Everything that is known, when it is solved."""
        resolution, made = self.resolution, self.made
        shapes = {node: self._shape(unknown) for node, unknown in made.unknowns.items()}
        symbols: dict[str, Symbol] = {}
        for name, node in resolution.variables.items():
            declared = resolution.declarations.names.get(name)
            known = declared is not None or name in resolution.free
            properties = declared.properties if declared is not None else frozenset()
            span = declared.span if declared is not None else node.span
            symbols[name] = Symbol(name, self._shape(made.names[name]), properties, known, span)
        for name in exponents(resolution.program, resolution.targets, shapes) & symbols.keys():
            symbols[name] = replace(symbols[name], properties=symbols[name].properties | {"integer"})
        return Inference(
            resolution.program, resolution.targets, shapes, resolution.roles, symbols, self._functions(shapes),
            {clause: self.ranges.found(clause) for clause in made.clauses}, tuple(self.ranges.needed()), resolution.clauses,
            tuple(self._stretches()), tuple(symbol for symbol in symbols.values() if not symbol.declared),
            resolution.facts, resolution.unused, self.sizes.meaning,
        )

    def _functions(self, shapes: dict[Expr, Shape]) -> dict[str, FunctionSymbol]:
        if not self.resolution.functions:
            return {}
        stretched = {node.function for node, shape in shapes.items() if isinstance(node, Call) and shape.dims}
        symbols: dict[str, FunctionSymbol] = {}
        for name, function in self.resolution.functions.items():
            declared = function.declared
            codomain = declared.codomain if declared is not None else None
            symbols[name] = FunctionSymbol(
                name, codomain is None, declared.domain if declared is not None and codomain is not None else None, codomain,
                declared is not None, function.arity, function.of_t, codomain is None and name not in stretched,
            )
        return symbols

    def _stretches(self) -> Iterable[Stretch]:
        domains = self.domains
        for number in range(self.stated):
            places = self.kinds.operands[number]
            if len(places) != 3 or domains[places[2]] != MATRIX_BIT:
                continue
            kinds = domains[places[0]], domains[places[1]]
            blame = self.made.blames[number]
            if MATRIX_BIT not in kinds or not (VECTOR_BIT in kinds or ROW_BIT in kinds) or isinstance(blame.node, Stack):
                continue
            matrix = 0 if kinds[0] == MATRIX_BIT else 1
            axis = "columns" if kinds[1 - matrix] == BIT["vector"] else "rows"
            short, long = excerpt(blame.operands[1 - matrix]), excerpt(blame.operands[matrix])
            yield Stretch(blame.node.span, f"{short} stretches over the {axis} of {long}")
