"""Index notation: the element of any tensor of the graph, for results that matrix notation cannot say.

An index that is given (`Xᵢⱼ` for i, j) turns a tensor into one with fewer axes: its entry, row or slice. So a node is
rewritten with its indices put in, down to the first part that matrix notation can say, which is written once and indexed,
as in `softmax(W Xᵢ)ₖ`, `‖Xᵢ - Cₖ‖²` or `(A X)ᵢⱼ`. A sum that is no product of matrices becomes Σₖ, and a part for which
there is no notation, or which is nested too deep to be read, is defined under a name: `where Tᵢⱼₖ = …`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from matcalc.calculus.cancellation import is_named, split_power
from matcalc.calculus.looks import parts_of
from matcalc.language.dimensions import SCALAR, Dim, Kind, Shape, dim, vector
from matcalc.notation import directions
from matcalc.notation import matrix as notation
from matcalc.notation.component import MatrixNotationError
from matcalc.notation.letters import with_few_letters
from matcalc.notation.looks import transposes
from matcalc.notation.matrix import Expression, Place, Subscript
from matcalc.notation.places import (
    Equation,
    Form,
    as_place,
    compared,
    condition,
    equation,
    holds,
    is_within,
    limits,
    moved,
    place_at,
    written,
)
from matcalc.notation.recover import Recovery
from matcalc.operations.table import elementwise
from matcalc.tensor.nodes import (
    Concatenation,
    Contraction,
    Delta,
    MatrixCall,
    NamedCall,
    Node,
    Number,
    Ones,
    Pattern,
    Pointwise,
    Positions,
    Slice,
    Sum,
    Unit,
    UnknownFunction,
    Variable,
    Zero,
)

_DEPTH = 20
"""Parts within parts that are written in one piece; what is deeper gets a name."""

_WORK = 1_000
"""Parts that are written in one piece altogether."""

_DEFINITIONS = 12
"""Names for parts of one answer; what would need more is left open."""

_FEW_TERMS = 6
"""A sum of more terms is not taken term by term."""

_KINDS: tuple[Kind, ...] = ("scalar", "vector", "matrix")
_LETTERS = "TUVPQRSYZ"

Names = tuple[Subscript | None, ...]
"""For each axis its index, or what depends on indices, or None for an axis that is left."""

Factor = tuple[Node, Sequence[int]]


_Definition = tuple[notation.Symbol | notation.Element, Expression]


@dataclass(frozen=True, slots=True)
class Elements:
    """The element of a tensor, the definitions of the names in it, and the names for which there was no room."""

    element: Expression
    definitions: tuple[_Definition, ...] = ()
    left_open: tuple[str, ...] = ()


def element(recovery: Recovery, node: Node, indices: Sequence[str]) -> Elements:
    """The element of a node at the indices, as a scalar expression."""
    return _Writing(recovery, indices).elements(node, tuple(indices))


def free_indices(recovery: Recovery, used: Collection[str] = ()) -> Iterator[str]:
    """Letters for indices that mean nothing else: i, j, k, l, then those that no size has, then those of sizes not written."""
    taken = {*used, *recovery.spoken_for()}
    letters = [letter for letter in "ijklmnprstuvahq" if letter not in taken]
    yield from sorted(letters, key=lambda letter: letter not in "ijkl" and letter in recovery.dimensions)
    yield from (name for name in map("i_{}".format, count(1)) if name not in taken)


class _Writing:
    """What was written so far of one element."""

    def __init__(self, recovery: Recovery, indices: Sequence[str]) -> None:
        self.r, self.build, self.graph = recovery, recovery.build, recovery.graph
        self.fresh = free_indices(recovery, indices)
        self.done: dict[tuple[Node, Names], Node | None] = {}
        self.names: dict[Node, str] = {}
        self.free = _free_names(self.build.taken)
        self.sizes: dict[str, Dim] = {}
        """How far each index runs."""
        self.work = 0
        self.depth = 0

    def elements(self, node: Node, indices: tuple[str, ...]) -> Elements:
        """The element, and all definitions that it needs; those that others use come first."""
        self.sizes.update(zip(indices, node.shape, strict=True))
        body = self.expression(self.fixed(node, indices))
        written: dict[Node, tuple[notation.Symbol | notation.Element, Expression]] = {}
        while len(written) < min(len(self.names), _DEFINITIONS):
            part = next(each for each in self.names if each not in written)
            own = tuple(map(self._index, part.shape))
            self.work = 0
            meaning = self.expression(self._by_rule(part, own))
            symbol = self._symbol(part)
            left = self.build.make(notation.Element, SCALAR, symbol, own) if own else symbol
            written[part] = (left, meaning)
        if not written:  # a definition is put in where other letters may be meant
            body = with_few_letters(self.build, body, lambda: free_indices(self.r, indices))
        by_age = [written[part] for part in sorted(written, key=lambda part: part.id)]
        return Elements(body, _in_order(by_age), tuple(name for part, name in self.names.items() if part not in written))

    def _index(self, size: Dim) -> str:
        """A new index that runs so far."""
        name = next(self.fresh)
        self.sizes[name] = size
        return name

    # ------------------------------------------------------------------ one part

    def expression(self, node: Node) -> Expression:
        """A node with all its indices put in."""
        return self.r.expression(node)

    def is_plain(self, node: Node) -> bool:
        """Can matrix notation say it?"""
        return node.order <= 2 and self.r.can_say(node)

    def leaf(self, expression: Expression, shape: Sequence[Dim] = (), first: int | None = None) -> Node:
        """A node that stands for what is written already."""
        return self.r.leaf(expression, tuple(shape), first)

    def fixed(self, node: Node, names: Names) -> Node:
        """The node with indices put in for some of its axes; the rest stays.

        Raises:
            MatrixNotationError: what is left has no notation, so that more indices are needed. Never with all of them.
        """
        if node.order and not any(names):
            return node
        if not node.order and (not node.args or self.is_plain(node)):
            return node
        key = (node, names)
        if key not in self.done:
            try:
                self.done[key] = self._fixed(node, names)
            except MatrixNotationError:
                self.done[key] = None
        found = self.done[key]
        if found is None:
            raise MatrixNotationError
        return found

    def _fixed(self, node: Node, names: Names) -> Node:
        self.work += 1
        whole = None not in names
        if node in self.names or (whole and node.args and (self.depth > _DEPTH or self.work > _WORK)):
            return self.named(node, names)
        self.depth += 1
        try:
            return self._by_rule(node, names)
        except MatrixNotationError:
            if not whole:
                raise
            return self.named(node, names)
        finally:
            self.depth -= 1

    def _by_rule(self, node: Node, names: Names) -> Node:
        if self._is_written_whole(node):
            return self.entry(node, names)
        return _RULES.get(type(node), _Writing.entry)(self, node, names)

    def _is_written_whole(self, node: Node) -> bool:
        """f(X)ᵢⱼ rather than f(Xᵢⱼ); but Xᵢⱼ², for (X²)ᵢⱼ is something else."""
        return (
            isinstance(node, Pointwise)
            and node.order > 0
            and (isinstance(node.operation, UnknownFunction) or node.operation.name != "power")
            and self.is_plain(node)
        )

    def named(self, node: Node, names: Names) -> Node:
        """A part under a name, to be defined by its elements."""
        if node not in self.names:
            self.names[node] = next(self.free)
        return self._taken(self._symbol(node), node, names)

    def _symbol(self, node: Node) -> notation.Symbol:
        return self.build.make(notation.Symbol, Shape(_KINDS[min(node.order, 2)], node.shape), self.names[node])

    def entry(self, node: Node, names: Names) -> Node:
        """An entry, a row or a column of what matrix notation can say."""
        if isinstance(node, Variable) and node.name in self.r.rows:
            operand: Expression = self.build.make(notation.Symbol, Shape("row", node.shape), node.name)
        else:
            operand = self.r.expression(node)
        if node.order == 2:
            flipped = self.build.transpose(operand)
            if transposes(flipped) < transposes(operand):  # (X²)ⱼᵢ rather than ((Xᵀ)²)ᵢⱼ
                return self._taken(flipped, node, names, swapped=True)
        return self._taken(operand, node, names)

    def _taken(self, operand: Expression, node: Node, names: Names, *, swapped: bool = False) -> Node:
        rest = [size for size, name in zip(node.shape, names, strict=True) if name is None]
        if len(rest) == node.order:
            return self.leaf(operand, rest, node.first)
        if len(rest) > 2:
            raise MatrixNotationError
        shape = Shape(_KINDS[len(rest)], tuple(rest))
        indices = tuple(name or ":" for name in (names[::-1] if swapped else names))
        if node.order == 2 and indices[1] == ":":
            indices = indices[:1]
        return self.leaf(self.build.make(notation.Element, shape, operand, indices), rest, node.first)

    # ------------------------------------------------------------------ rules

    def delta(self, node: Node, names: Names) -> Node:
        """δᵢⱼ; with one index a unit vector."""
        i, j = names
        if i is not None and j is not None:
            return self.equal(i, j)
        position = i or j
        if isinstance(position, Place):
            raise MatrixNotationError
        return self.leaf(self.build.make(notation.Unit, vector(node.shape[0]), position), node.shape[:1])

    def equal(self, i: Subscript, j: Subscript) -> Node:
        """δᵢⱼ; [i + j = n + 1] where a position is more than an index."""
        if isinstance(i, str) and isinstance(j, str):
            return self.graph.number(1) if i == j else self.leaf(self.build.make(notation.Delta, SCALAR, (i, j)))
        return self._where("==", as_place(i), as_place(j))

    def _where(self, sign: str, left: Place, right: Place) -> Node:
        """A condition on positions, as a number."""
        difference = as_place(place_at(Form({0: 1, 1: -1}, dim(0)), {0: left, 1: right}))
        if not difference.terms and difference.offset.size is not None:
            return self.graph.number(int(holds(sign, difference.offset.size)))
        if sign == "==" and sorted(count for _, count in difference.terms) == [-1, 1] and difference.offset == dim(0):
            return self.equal(*(name for name, _ in difference.terms))
        return self.leaf(condition(self.build, sign, difference))

    def unit(self, node: Node, names: Names) -> Node:
        """e(2)ᵢ = δᵢ₂."""
        assert isinstance(node, Unit)
        if isinstance(names[0], Place):
            return self._where("==", names[0], Place((), node.position))
        if node.position.size is None:
            return self.entry(node, names)
        return self.leaf(self.build.make(notation.Delta, SCALAR, (names[0], str(node.position))))

    def pattern(self, node: Node, names: Names) -> Node:
        """The lower triangle is [i ≥ j], pairs are counted by [a = i + m (j - 1)]."""
        assert isinstance(node, Pattern)
        if None in names:
            return self.entry(node, names)
        build = self.build
        if node.name == "cross":
            return self.leaf(build.make(notation.LeviCivita, SCALAR, names))
        first, *others = (written(build, name) for name in names if name is not None)
        if node.name == "lower":
            return self.leaf(build.indicator(">=", first, others[0], SCALAR))
        before = build.make(notation.Sum, SCALAR, (others[1], build.number(-1)))
        count = build.product(1, [build.make(notation.Size, SCALAR, node.shape[1]), before], (), SCALAR)
        return self.leaf(build.indicator("==", first, build.make(notation.Sum, SCALAR, (others[0], count)), SCALAR))

    def positions(self, node: Node, names: Names) -> Node:
        """The index itself."""
        assert names[0] is not None
        return self.leaf(written(self.build, names[0]))

    def ones(self, node: Node, names: Names) -> Node:
        """1."""
        return self.graph.number(1)

    def zero(self, node: Node, names: Names) -> Node:
        """0."""
        return self.graph.zero(tuple(size for size, name in zip(node.shape, names, strict=True) if name is None))

    def sum(self, node: Node, names: Names) -> Node:
        """Term by term."""
        assert isinstance(node, Sum)
        parts = [self.fixed(arg, names) for arg in node.args]
        rest = tuple(size for size, name in zip(node.shape, names, strict=True) if name is None)
        return self.graph.sum(zip(node.coefficients, parts, strict=True), rest)

    def pointwise(self, node: Node, names: Names) -> Node:
        """Of the elements of the operands."""
        assert isinstance(node, Pointwise)
        found = compared(node) if None not in names else None
        if found is not None and (found[0] == "==" or any(isinstance(name, Place) for name in names)):
            sign, form = found
            given = {axis: name for axis, name in enumerate(names) if name is not None}
            return self._where(sign, as_place(place_at(form, given)), Place((), dim(0)))
        return self.graph.pointwise(node.operation, [self.fixed(arg, names if arg.order else ()) for arg in node.args])

    def matrix_call(self, node: Node, names: Names) -> Node:
        """The axes that run along are put into the operand: softmax(W Xᵢ)ₖ."""
        assert isinstance(node, MatrixCall)
        if None not in names and directions.is_wide(node):
            return self.written_out(node, names)
        arg = node.args[0]
        own = len(node.operation.operand_indices)
        along, inside = names[: arg.order - own], names[arg.order - own :]
        if not along and self.is_plain(node):
            return self.entry(node, names) if node.order else node
        try:
            operand = self.fixed(arg, (*along, *(None,) * own))
            call = self.graph.matrix_call(node.operation, operand, *node.args[1:])
            self.r.expression(call)
        except MatrixNotationError:
            if None in names:
                raise
            call = self.graph.matrix_call(node.operation, self.named(arg, (*along, *(None,) * own)), *node.args[1:])
        return self.entry(call, (*(None,) * along.count(None), *inside)) if any(inside) else call

    def written_out(self, node: Node, names: Names) -> Node:
        """(Xʳ)ᵢₖ (Xᵏ⁻ʳ⁻¹)ₗⱼ within the sum over the powers."""
        found = directions.opened(self.r, node)
        if found is None:
            raise MatrixNotationError
        body = found.whole(self.expression(self.fixed(found.inner, names)))
        return self.graph.contraction([*directions.number_before(self.r, found), (self.leaf(body), ())], ())

    def named_call(self, node: Node, names: Names) -> Node:
        """An element of an unknown function, or of a derivative of one."""
        assert isinstance(node, NamedCall)
        args = [arg if self.is_plain(arg) else self.named(arg, (None,) * arg.order) for arg in node.args]
        call = self.graph.named_call(node.name, node.orders, args, node.shape)
        if self.is_plain(call):
            return self.entry(call, names) if node.order else call
        if None in names:
            raise MatrixNotationError
        position = node.order - sum(times * arg.order for times, arg in zip(node.orders, args, strict=True))
        value, by = names[:position], []
        for operand, (times, arg) in enumerate(zip(node.orders, args, strict=True)):
            for _ in range(times):
                by.append((operand, names[position : position + arg.order]))
                position += arg.order
        operands = tuple(self.r.expression(arg) for arg in args)
        return self.leaf(self.build.make(notation.NamedElement, SCALAR, node.name, value, tuple(by), operands))

    def concatenation(self, node: Node, names: Names) -> Node:
        """An entry of blocks, [u; v]ᵢ."""
        assert isinstance(node, Concatenation)
        alone = self._only_block(node, names)
        if alone is not None:
            return alone
        others = (*names[: node.axis], None, *names[node.axis + 1 :])
        axis = names[: node.axis].count(None)
        try:
            blocks = self.graph.concatenation(axis, [self.fixed(arg, others) for arg in node.args])
            self.r.expression(blocks)
        except MatrixNotationError:
            if None in names:
                raise
            parts = [arg if type(arg) is Zero else self.named(arg, others) for arg in node.args]
            blocks = self.graph.concatenation(axis, [self.fixed(part, others) if part.order > 1 else part for part in parts])
        return self._on_axis(blocks, axis, names[node.axis])

    def _only_block(self, node: Concatenation, names: Names) -> Node | None:
        """[i > 1] x[i - 1] for [0; x]ᵢ; None if there are other blocks than zeros."""
        name, start, full = names[node.axis], dim(0), []
        for part in node.args:
            if type(part) is not Zero:
                full.append((part, start))
            start = start + part.shape[node.axis]
        if len(full) != 1 or name is None:
            return None
        part, start = full[0]
        place = moved(name, dim(0) - start)
        try:
            block = self.fixed(part, (*names[: node.axis], place, *names[node.axis + 1 :]))
        except MatrixNotationError:
            return None
        given = isinstance(part, Contraction) and any(type(each) is Delta and node.axis in on for each, on in parts_of(part))
        return block if given and None not in names else self._within(block, place, part.shape[node.axis])

    def _within(self, node: Node, place: Subscript, size: Dim) -> Node:
        """What has an entry only where a position is one of 1, …, size."""
        bounds = limits(self.build, place, self.sizes, size)
        if bounds is None:
            return node
        axes = range(node.order)
        return self.graph.contraction([(self.leaf(bounds), ()), (node, axes)], axes, node.shape if node.order else None)

    def slice(self, node: Node, names: Names) -> Node:
        """An entry of a part: x[i + 1] for x[2:n]ᵢ."""
        assert isinstance(node, Slice)
        arg = node.args[0]
        name = names[node.axis]
        if name is not None:
            try:
                return self.fixed(arg, (*names[: node.axis], moved(name, node.start), *names[node.axis + 1 :]))
            except MatrixNotationError:
                pass
        others = (*names[: node.axis], None, *names[node.axis + 1 :])
        axis = names[: node.axis].count(None)
        try:
            whole = self.fixed(arg, others)
            part = self.graph.slice(whole, axis, node.start, node.shape[node.axis])
            self.r.expression(part)
        except MatrixNotationError:
            if None in names:
                raise
            part = self.graph.slice(self.named(arg, others), axis, node.start, node.shape[node.axis])
        return self._on_axis(part, axis, names[node.axis])

    def _on_axis(self, node: Node, axis: int, name: Subscript | None) -> Node:
        if name is None:
            return node
        return self.entry(node, tuple(name if each == axis else None for each in range(node.order)))

    # ------------------------------------------------------------------ products

    def contraction(self, node: Node, names: Names) -> Node:
        """A product of elements, with a sum where that is no product of matrices."""
        assert isinstance(node, Contraction)
        if None not in names and any(map(directions.is_wide, node.args)):
            return self.written_out(node, names)
        known = {label: name for label, name in enumerate(names) if name is not None}
        kept = [label for label, name in enumerate(names) if name is None]
        return self.product(list(zip(node.args, node.labels, strict=True)), known, kept, [node.shape[k] for k in kept])

    def product(
        self, factors: Sequence[Factor], known: Mapping[int, Subscript], kept: Sequence[int], sizes: Sequence[Dim] = ()
    ) -> Node:
        """The product of `factors` with the `known` labels put in, and the labels `kept` as axes."""
        result: list[Factor] = []
        for members, free in _parts(factors, known):
            if free and not free & set(kept):
                result.append((self.closed(members, known, sorted(free)), ()))
            else:
                result += [self.reduced(factor, known) for factor in members]
        return self.graph.contraction(self._powers(result), kept, sizes if kept else None)

    def _powers(self, factors: Sequence[Factor]) -> Sequence[Factor]:
        """tₖⁱ⁻¹ tₖʲ⁻¹ = tₖⁱ⁺ʲ⁻², where both exponents are counted with."""
        by_base: dict[Node, list[Node]] = {}
        for node, _ in factors:
            if is_named(node, "power") and not node.order and type(node.args[1]) is not Number:
                by_base.setdefault(node.args[0], []).append(node)
        for base, powers in by_base.items():
            if len(powers) > 1:
                exponent = self.graph.sum([(1, power.args[1]) for power in powers], ())
                whole = self.r.simplifier.pointwise(elementwise("power"), [base, exponent])
                return self._powers([*(factor for factor in factors if factor[0] not in powers), (whole, ())])
        return factors

    def reduced(self, factor: Factor, known: Mapping[int, Subscript]) -> Factor:
        """A factor with the known labels put in. Two free axes of what has no notation are not worth keeping."""
        node, labels = factor
        names = tuple(known.get(label) for label in labels)
        if names.count(None) > 1 and not self._is_whole(node):
            raise MatrixNotationError
        return self.fixed(node, names), [label for label in labels if label not in known]

    def _is_whole(self, node: Node) -> bool:
        """Is it a vector or matrix by itself, as (xᵢ A + B)⁻¹ is, and not just one element beside the other?"""
        return isinstance(node, MatrixCall) or self.is_plain(node)

    def closed(self, members: Sequence[Factor], known: Mapping[int, Subscript], free: Sequence[int]) -> Node:
        """A connected part that is summed over all its `free` labels."""
        whole = self._in_matrix_notation(members, known)
        if whole is not None:
            return whole
        opened = self._opened(members, known, free)
        if opened is not None:
            return opened
        equations = self._equations(members, free)
        for position, (label, own) in equations.items():
            if not set(own.form.terms) - {label} - set(known):
                place, size = place_at(own.solved(label), known), _sizes(members)[label]
                rest = [*members[:position], *members[position + 1 :]]
                return self._within(self.product(rest, {**known, label: place}, ()), place, size)
        label, size = self._to_open(members, free, {label for label, _ in equations.values()})
        name = self._index(size)
        body = self.expression(self.product(members, {**known, label: name}, ()))
        if isinstance(body, notation.Number) and body.value == 0:
            return self.graph.zero(())
        return self.leaf(self._total(body, name, size))

    def _opened(self, members: Sequence[Factor], known: Mapping[int, Subscript], free: Sequence[int]) -> Node | None:
        """Σₖ aₖ (δᵢⱼ - δₖⱼ) = δᵢⱼ Σₖ aₖ - aⱼ: a sum is taken term by term if that leaves out an index; None if it does not."""
        for position, (node, labels) in enumerate(members):
            if type(node) is not Sum or len(node.args) > _FEW_TERMS:
                continue
            if not any(_gives(arg, labels, free) for arg in node.args):
                continue
            others = [*members[:position], *members[position + 1 :]]
            kept = sorted({label for _, names in members for label in names if label in known})
            parts = [
                (c, self.r.simplifier.contraction([*others, (arg, labels)], kept, [_sizes(members)[k] for k in kept]))
                for c, arg in zip(node.coefficients, node.args, strict=True)
            ]
            names = tuple(known[label] for label in kept)
            return self.graph.sum([(c, self.fixed(part, names)) for c, part in parts], ())
        return None

    def _equations(self, members: Sequence[Factor], free: Sequence[int]) -> dict[int, tuple[int, Equation]]:
        """The factors [p = j + l - 1], each with the label that it gives: one that always exists, or that few factors have."""
        sizes, found = _sizes(members), {}
        for position, (node, labels) in enumerate(members):
            own = equation(node, labels)
            given = own.solvable(free) if own is not None else []
            if own is not None and given:
                uses = {label: sum(label in names for _, names in members) for label in given}
                best = min(given, key=lambda label: (not is_within(own.solved(label), sizes, sizes[label]), uses[label], label))
                found[position] = best, own
        return found

    def _in_matrix_notation(self, members: Sequence[Factor], known: Mapping[int, Subscript]) -> Node | None:
        """(A X)ᵢⱼ for Σₖ Aᵢₖ Xₖⱼ, y·softmax(W Xᵢ), ‖Xᵢ - Cₖ‖²; None if there is nothing like it."""
        norm = len(members) == 1 and split_power(members[0][0])[1] == 2
        whole = all(self._is_whole(node) for node, _ in members)
        if not norm and not whole:
            return None
        along = {label for node, labels in members if isinstance(node, MatrixCall) for label in labels[: _batch(node)]}
        kept = sorted({label for _, labels in members for label in labels if label in known} - along)
        lines = norm or any(isinstance(node, MatrixCall) for node, _ in members)  # rows as such are wanted
        tries = [kept] if whole and len(kept) <= 2 else []
        for axes in [*tries, []] if lines else tries:
            put_in = {label: name for label, name in known.items() if label not in axes}
            try:
                product = self._summed([self.reduced(member, put_in) for member in members], axes)
                self.r.expression(product)
            except MatrixNotationError:
                continue
            names = tuple(known[label] for label in axes)
            return self.entry(product, names) if names and type(product) is not Zero else self.fixed(product, names)
        return None

    def _summed(self, factors: Sequence[Factor], axes: Sequence[int]) -> Node:
        return self.r.simplifier.contraction(factors, axes)

    def _to_open(self, members: Sequence[Factor], free: Sequence[int], given: Collection[int]) -> tuple[int, Dim]:
        """The summed label that most factors have, above all those that matrix notation cannot say; not a `given` one."""
        counts = dict.fromkeys(free, 0)
        sizes: dict[int, Dim] = {}
        for node, labels in members:
            weight = 1 if self.is_plain(node) else len(members) + 1
            for label, size in zip(labels, node.shape, strict=True):
                if label in counts:
                    counts[label] += weight
                    sizes[label] = size
        label = max(free, key=lambda each: (each not in given, counts[each], -each))
        return label, sizes[label]

    def _total(self, body: Expression, name: str, size: Dim) -> Expression:
        """Σ; a sum of a sum is one with two indices."""
        if isinstance(body, notation.IndexedSum):
            return self.build.make(notation.IndexedSum, SCALAR, body.body, ((name, size), *body.indices))
        return self.build.make(notation.IndexedSum, SCALAR, body, ((name, size),))


def _in_order(definitions: Sequence[_Definition]) -> tuple[_Definition, ...]:
    """Each definition after those that it uses."""
    by_name = {_name_of(left): (left, meaning) for left, meaning in definitions}
    ordered: list[_Definition] = []
    seen: set[str] = set()
    stack = [(name, False) for name in reversed(by_name)]
    while stack:
        name, entered = stack.pop()
        if entered:
            ordered.append(by_name[name])
        elif name not in seen:
            seen.add(name)
            stack.append((name, True))
            used = (each.name for each in notation.postorder(by_name[name][1]) if isinstance(each, notation.Symbol))
            stack += [(each, False) for each in dict.fromkeys(used) if each in by_name]
    return tuple(ordered)


def _name_of(left: notation.Symbol | notation.Element) -> str:
    symbol = left.operand if isinstance(left, notation.Element) else left
    assert isinstance(symbol, notation.Symbol)
    return symbol.name


def _gives(term: Node, labels: Sequence[int], free: Collection[int]) -> bool:
    """Whether a term of a sum on these labels says what one of the `free` ones is, with a δ or [p = i + j]."""
    for node, axes in parts_of(term):
        own = [labels[axis] if axis < len(labels) else -1 - axis for axis in axes]
        if type(node) is Delta and set(own) & set(free):
            return True
        found = equation(node, own)
        if found is not None and found.solvable(free) and len(set(found.form.terms) & set(free)) == 1 and min(own) >= 0:
            return True
    return False


def _sizes(factors: Sequence[Factor]) -> dict[int, Dim]:
    """How far each label runs."""
    return {label: size for node, labels in factors for label, size in zip(labels, node.shape, strict=True)}


def _free_names(taken: Collection[str]) -> Iterator[str]:
    """Letters for parts that mean nothing else."""
    yield from (letter for letter in _LETTERS if letter not in taken)
    yield from (name for name in map("T_{}".format, count(1)) if name not in taken)


def _batch(node: MatrixCall) -> int:
    """How many axes run along."""
    return node.args[0].order - len(node.operation.operand_indices)


def _parts(factors: Sequence[Factor], known: Mapping[int, Subscript]) -> list[tuple[list[Factor], set[int]]]:
    """The parts of a product that share no free label, each with its free labels."""
    parts: list[tuple[list[Factor], set[int]]] = []
    for factor in factors:
        members, free = [factor], {label for label in factor[1] if label not in known}
        apart = []
        for part in parts:
            if part[1] & free:
                members = part[0] + members
                free |= part[1]
            else:
                apart.append(part)
        parts = [*apart, (members, free)]
    return parts


_RULES: dict[type[Node], Callable[[_Writing, Node, Names], Node]] = {
    Delta: _Writing.delta,
    Unit: _Writing.unit,
    Positions: _Writing.positions,
    Ones: _Writing.ones,
    Zero: _Writing.zero,
    Pattern: _Writing.pattern,
    Sum: _Writing.sum,
    Pointwise: _Writing.pointwise,
    MatrixCall: _Writing.matrix_call,
    NamedCall: _Writing.named_call,
    Concatenation: _Writing.concatenation,
    Slice: _Writing.slice,
    Contraction: _Writing.contraction,
}
