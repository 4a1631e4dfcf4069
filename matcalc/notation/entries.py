"""Small arrays entry by entry: 2 [x₁ - x₂, 2 x₂ - x₁ - x₃, x₃ - x₂], where blocks or an index would have to be written."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod

from matcalc.calculus.cancellation import split_power
from matcalc.calculus.coefficients import content_of
from matcalc.language.dimensions import Dim, Shape, dim
from matcalc.language.dimensions import row as row_shape
from matcalc.notation import matrix as notation
from matcalc.notation.component import MatrixNotationError
from matcalc.notation.matrix import Expression
from matcalc.notation.naming import sizes
from matcalc.notation.recover import Recovery, column_or_matrix
from matcalc.tensor.nodes import (
    Concatenation,
    Contraction,
    Delta,
    MatrixCall,
    Node,
    Number,
    Ones,
    Pattern,
    Pointwise,
    Positions,
    Rational,
    Slice,
    Sum,
    Unit,
    Variable,
    Zero,
    rational,
    terms,
    topological,
)

_ENTRIES, _SYMBOLS = 9, 48
"""What has more entries, or more symbols in them, is better read as a whole."""

_NODES = 400
"""A graph with more nodes is not taken apart."""

_SUMMED = 24
"""The terms of a sum that are written one by one."""

_DEPTH = 40
"""How deep an entry is looked for."""

At = tuple[int, ...]
"""Where an entry is: counted from 0 along each axis."""


def by_entries(r: Recovery, node: Node, *, flipped: bool) -> Expression | None:
    """A small vector or matrix with its entries written, if it is made of blocks or has no matrix notation; `flipped` if as a
    row, or transposed. None if that is not possible, or too long.
    """
    lengths = [size.size for size in node.shape]
    if not lengths or len(lengths) > 2 or None in lengths or prod(length or 0 for length in lengths) > _ENTRIES:
        return None
    if len(topological([node])) > _NODES or not (_has_blocks(node) or not r.can_say(node)):
        return None
    places = list(product(*(range(length or 0) for length in lengths)))
    try:
        taking = _Taking(r)
        found = {at: _cancelled(r, r.simplifier.simplify(taking.entry(node, at))) for at in places}
        contents = {at: _content(each) for at, each in found.items()}
        common = Fraction(1)
        if node.order == 2:  # 2 [1, 2] is read as a column
            common = _common(list(found.values()), [content for content in contents.values() if content])
        written = {at: _written(r, each, contents[at], common) for at, each in found.items()}
    except MatrixNotationError:
        return None
    if sum(sizes(each)[each] for each in written.values()) > _SYMBOLS:
        return None
    return r.build.scaled(rational(common), _stacked(r, node, written, flipped=flipped))


def _has_blocks(node: Node) -> bool:
    """Whether blocks are put together, or parts of the identity, or several unit vectors."""
    below = topological([node])
    outer = [arg for _, arg in terms(node)]
    outer += [each for part in outer if type(part) is Contraction for each in part.args]
    if any(type(part) is Concatenation for part in outer):
        return True
    units = sum(type(each) is Unit for each in below)
    return units > 1 or any(_is_product(each) or (type(each) is Slice and type(each.args[0]) is Delta) for each in below)


def _is_product(node: Node) -> bool:
    """Whether a node is the product of so many entries, whose derivative would be divided by each of them."""
    return isinstance(node, MatrixCall) and node.operation.name == "prod" and node.args[0].shape[-1].size is not None


def _cancelled(r: Recovery, node: Node) -> Node:
    """a b (1/a + 1/b) = a + b, which exists for 0, too."""
    if type(node) is not Contraction:
        return node
    for position, total in enumerate(node.args):
        if type(total) is Sum and any(split_power(part)[1] < 0 for arg in total.args for part in (arg, *arg.args)):
            others: list[tuple[Node, At]] = [(arg, ()) for other, arg in enumerate(node.args) if other != position]
            parts = [(c, r.simplifier.contraction([*others, (arg, ())], ())) for c, arg in terms(total)]
            opened = r.simplifier.sum(parts, ())
            return opened if _divisors(opened) < _divisors(node) else node
    return node


def _divisors(root: Node) -> int:
    """How often something is divided by."""
    return sum(split_power(node)[1] < 0 for node in topological([root]))


def _common(entries: Sequence[Node], contents: Sequence[Fraction]) -> Fraction:
    """The number that goes before the whole: one that all entries have, or that divides all of numbers."""
    if contents and (len(set(contents)) == 1 or all(type(each) is Number for each in entries)):
        return abs(Fraction(content_of(contents)))
    return Fraction(1)


def _content(node: Node) -> Fraction:
    """The number before an entry; 0 for 0."""
    if isinstance(node, Number):
        return abs(Fraction(node.value))
    return abs(Fraction(content_of(node.coefficients))) if isinstance(node, Sum) else Fraction(1)


def _written(r: Recovery, node: Node, content: Fraction, common: Fraction) -> Expression:
    if type(node) is Number:
        return r.build.number(rational(Fraction(node.value) / common))
    if type(node) is not Sum:
        return r.build.scaled(rational(1 / common), r.expression(node))
    inner = r.graph.sum([(Fraction(c) / content, arg) for c, arg in terms(node)], ())
    return r.build.scaled(rational(content / common), r.expression(inner))


def _stacked(r: Recovery, node: Node, entries: dict[At, Expression], *, flipped: bool) -> Expression:
    build = r.build
    if node.order == 1:
        blocks = tuple(entries.values())
        shape = Shape("row", node.shape) if flipped else column_or_matrix(node)
        return build.make(notation.Stack, shape, blocks, int(flipped))
    rows, columns = (node.shape[1], node.shape[0]) if flipped else node.shape
    lines = []
    for i in range(rows.size or 0):
        line = tuple(entries[(j, i) if flipped else (i, j)] for j in range(columns.size or 0))
        lines.append(build.make(notation.Stack, row_shape(columns), line, 1))
    return build.make(notation.Stack, Shape("matrix", (rows, columns)), tuple(lines), 0)


class _Taking:
    """Takes entries out of arrays, each once."""

    def __init__(self, r: Recovery) -> None:
        self.r, self.s, self.graph = r, r.simplifier, r.graph
        self.done: dict[tuple[Node, At], Node] = {}
        self.depth = 0

    def entry(self, node: Node, at: At) -> Node:
        """One entry.

        Raises:
            MatrixNotationError: it is an entry of something that is not taken apart.
        """
        if not node.order and not _is_product(node) and (not node.args or self.r.can_say(node)):
            return node
        found = self.done.get((node, at))
        if found is None:
            if self.depth > _DEPTH:
                raise MatrixNotationError
            self.depth += 1
            found = self.done[(node, at)] = self._entry(node, at)
            self.depth -= 1
        return found

    def _entry(self, node: Node, at: At) -> Node:
        s, graph = self.s, self.graph
        match node:
            case Zero():
                return graph.number(0)
            case Ones():
                return graph.number(1)
            case Positions():
                return graph.number(at[0] + 1)
            case Delta():
                return graph.number(int(at[0] == at[1]))
            case Unit() if node.position.size is not None:
                return graph.number(int(at[0] + 1 == node.position.size))
            case Pattern() if node.name == "lower":
                return graph.number(int(at[0] >= at[1]))
            case Variable():
                units = [(graph.unit(node.shape[axis], dim(place + 1)), (axis,)) for axis, place in enumerate(at)]
                return s.contraction([(node, range(node.order)), *units], ())
            case Sum():
                return s.sum([(c, self.entry(arg, at)) for c, arg in terms(node)], ())
            case Pointwise():
                return s.pointwise(node.operation, [self.entry(arg, at if arg.order else ()) for arg in node.args])
            case MatrixCall() if _is_product(node):
                factors = [self.entry(node.args[0], (*at, k)) for k in range(node.args[0].shape[-1].size or 0)]
                return s.contraction([(factor, ()) for factor in factors], ())
            case Slice() if node.start.size is not None:
                return self.entry(node.args[0], _changed(at, node.axis, at[node.axis] + node.start.size))
            case Concatenation():
                return self._of_blocks(node, at)
            case Contraction():
                return self._of_product(node, at)
        raise MatrixNotationError

    def _of_blocks(self, node: Concatenation, at: At) -> Node:
        place = at[node.axis]
        for part in node.args:
            length = part.shape[node.axis].size
            if length is None:
                break
            if place < length:
                return self.entry(part, _changed(at, node.axis, place))
            place -= length
        raise MatrixNotationError

    def _of_product(self, node: Contraction, at: At) -> Node:
        size: dict[int, Dim] = {}
        for arg, labels in zip(node.args, node.labels, strict=True):
            size.update(zip(labels, arg.shape, strict=True))
        summed = sorted(label for label in size if label >= node.order)
        lengths = [size[label].size for label in summed]
        if None in lengths or prod(length or 0 for length in lengths) > _SUMMED:
            raise MatrixNotationError
        parts: list[tuple[Rational, Node]] = []
        for places in product(*(range(length or 0) for length in lengths)):
            known = dict(zip((*range(node.order), *summed), (*at, *places), strict=True))
            factors: list[tuple[Node, Sequence[int]]] = []
            for arg, labels in zip(node.args, node.labels, strict=True):
                factor = self.entry(arg, tuple(known[label] for label in labels))
                if type(factor) is Number and factor.value == 0:
                    break
                factors.append((factor, ()))
            else:
                parts.append((1, self.s.contraction(factors, ())))
        return self.s.sum(parts, ())


def _changed(at: At, axis: int, place: int) -> At:
    return (*at[:axis], place, *at[axis + 1 :])
