"""Which parts of an expression are steps of their own, and which are written together with the step that uses them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeGuard

from matcalc.language import tree
from matcalc.language.dimensions import SCALAR, Shape, dim
from matcalc.operations.rows import Elementwise
from matcalc.operations.table import FUNCTIONS

if TYPE_CHECKING:
    from matcalc.language.shapes import Inference

_SIGNS = frozenset("+-")
_PRODUCTS = frozenset(("*", "@", "juxtapose"))
_QUOTIENTS = frozenset(("/", "divide"))
_SIZES = frozenset(("len", "rows", "cols"))
_NORMS = frozenset(("norm", "norm2", "normF"))


class Merging:
    """The steps of one tree. `nodes` holds them, operands before their users; `names` are those that are not constant, with
    the variables that reach them.

    With `merge`, the products and constant factors in a sum go with it: w·x + b is one step.
    """

    def __init__(
        self,
        inference: Inference,
        root: tree.Expr,
        names: Mapping[str, frozenset[str]],
        *,
        merge: bool = True,
        known: Mapping[tree.Expr, frozenset[str]] = MappingProxyType({}),
        indices: Collection[str] = (),
    ) -> None:
        self.names = names
        self.indices = indices
        """Those of the sum of which this is a term."""
        self.inference = inference
        self.root = root
        self.merge = merge
        self.reached: dict[tree.Expr, frozenset[str]] = {}
        """The parts that are not constant, with the variables that reach them."""
        parents: dict[tree.Expr, tree.Expr] = {}
        order = list(tree.postorder(root, known))
        indexed: set[tree.Expr] = set()
        for node in order:
            below = () if node in known else tree.children(node)
            if any(each in indexed for each in below) or (isinstance(node, tree.Name) and inference.roles.get(node) == "index"):
                indexed.add(node)
            found = frozenset().union(*(self.reached.get(each, ()) for each in below))
            if node in known:
                found = known[node]
            elif isinstance(node, tree.Name):
                found = names.get(node.name, found)
            elif isinstance(node, tree.Call) and node.function in _SIZES:
                found = frozenset()
            if found:
                self.reached[node] = found
            for each in below:
                parents[each] = node
        self.nodes: list[tree.Expr] = []
        self._within: set[tree.Expr] = set()
        self._in_series: set[tree.Expr] = set()
        for node in reversed(order):  # users first: a part of a merged part may go with it
            parent = parents.get(node)
            in_series = isinstance(parent, tree.IndexSum) or parent in self._in_series
            if in_series and (node in indexed or isinstance(node, tree.Name)):
                self._in_series.add(node)
            if node in self.reached and not isinstance(node, tree.Name) and node not in known:
                if parent is not None and self._goes_with(node, parent):
                    self._within.add(node)
                else:
                    self.nodes.append(node)
        self.nodes.reverse()

    def events(self) -> Iterator[tuple[tree.Expr, bool]]:
        """The steps, operands first, in the order in which they were written, and before each the names among its operands
        that need an alias, for they reach another operand too; those are marked.
        """
        steps = set(self.nodes)
        stack: list[tuple[tree.Expr, str]] = [(self.root, "enter")] if self.root in steps else []
        while stack:
            node, what = stack.pop()
            if what != "enter":
                yield node, what == "alias"
                continue
            stack.append((node, "step"))
            leaves = list(self.leaves(node))
            together = not self._in_series.isdisjoint(leaves)  # the terms of a sum over an index have aliases of their own
            for place, leaf in reversed(list(enumerate(leaves))):
                if leaf in steps:
                    stack.append((leaf, "enter"))
                elif isinstance(leaf, tree.Name):
                    others = [other for at, other in enumerate(leaves) if at != place]
                    if together:
                        others = [other for other in others if not (isinstance(other, tree.Name) and other.name == leaf.name)]
                    if self._is_square(node):
                        continue
                    if any(leaf.name in self.reached[other] for other in others):
                        stack.append((leaf, "alias"))

    def leaves(self, node: tree.Expr) -> Iterator[tree.Expr]:
        """The operands of a step that depend on the variable: steps, or names, each place once, as they were written."""
        stack = [child for child in reversed(tree.children(node)) if child in self.reached]
        while stack:
            each = stack.pop()
            if each in self._within:
                stack.extend(child for child in reversed(tree.children(each)) if child in self.reached)
            else:
                yield each

    def levels(self) -> list[list[tree.Expr]]:
        """The steps of a column of functions of one number that are as deep as each other, [log(x²); sin(3 x)]: one list for
        each level, with a step for each entry (Parr & Howard, section 4.5.3); empty for anything else.
        """
        root = self.root
        if not isinstance(root, tree.Stack) or self.inference.shapes[root].kind != "vector":
            return []
        chains: list[list[tree.Expr]] = []
        ends: set[str] = set()
        steps = set(self.nodes)
        for item in root.items:
            chain: list[tree.Expr] = []
            node = item
            while node in steps and not self.inference.shapes[node].dims:
                chain.append(node)
                leaves = list(self.leaves(node))
                if len(leaves) != 1:
                    return []
                node = leaves[0]
            if not isinstance(node, tree.Name) or self.inference.shapes[node].dims:
                return []
            ends.add(node.name)
            chains.append(chain[::-1])
        if len(ends) != 1 or len({len(chain) for chain in chains}) != 1:
            return []
        return [list(level) for level in zip(*chains, strict=True)]

    def series(self, node: tree.Expr) -> tree.IndexSum | None:
        """The sum over an index that a step is, maybe scaled, if its terms can be looked at one by one."""
        while not isinstance(node, tree.IndexSum):
            below = [child for child in tree.children(node) if child in self.reached]
            if len(below) != 1 or below[0] not in self._within or not self._is_scaling(node):
                return None
            node = below[0]
        clauses = node.clauses
        if node.function != "sum" or node.conditions or node.body not in self.reached or len(clauses) > 2:
            return None
        if any(self.inference.ranges[clause].start != dim(1) for clause in clauses):
            return None
        if self.inference.shapes[node.body].dims and (len(clauses) > 1 or self.inference.shapes[node.body].kind == "matrix"):
            return None
        outside = set(self.leaves(node)) - self._in_series
        return node if all(self._is_of_term(each, node, outside) for each in tree.postorder(node.body, outside)) else None

    def _is_of_term(self, each: tree.Expr, series: tree.IndexSum, outside: set[tree.Expr]) -> bool:
        """Whether a part of a sum over an index can be looked at for one value of the index."""
        if each in outside:
            return True
        if isinstance(each, tree.IndexSum):
            return False
        if each not in self.reached:
            return True
        shape = self.inference.shapes.get(each, SCALAR)
        if isinstance(each, tree.Index):
            return is_entry(self.inference, each, {clause.index.name for clause in series.clauses})
        if shape.kind == "matrix":
            return isinstance(each, tree.Name)
        return not (shape.dims and len(series.clauses) > 1) or isinstance(each, tree.Name)

    def _goes_with(self, node: tree.Expr, parent: tree.Expr) -> bool:
        """Whether a part is written together with the operator above it."""
        if node in self._in_series:
            return True
        if isinstance(parent, tree.IndexSum) or parent in self._in_series:
            return False  # it is the same for each term
        if isinstance(node, tree.Index) and is_entry(self.inference, node, self.indices):
            return False  # it is an operand, as a name is
        if isinstance(node, tree.Transpose):
            return not isinstance(parent, tree.Stack)
        if isinstance(parent, tree.Binary) and parent.operator in _SIGNS:
            if isinstance(node, tree.Binary) and node.operator in _SIGNS:
                return node is parent.left
            return self.merge and self._is_linear(node)
        if isinstance(parent, tree.Binary) and parent.operator in ("^", "**") and _is_norm(node):
            return isinstance(parent.right, tree.Number) and parent.right.value == 2
        if self._is_scaling(parent):
            if parent in self._within:  # a term of a sum
                return False
            return self.merge and not _is_elementwise(node) and not _is_sum(node)
        return False

    def _is_square(self, node: tree.Expr) -> bool:
        """xᵀ x, maybe scaled: it has a derivative that everybody knows."""
        while self._is_scaling(node) and not isinstance(node, tree.Name):
            node = next(child for child in tree.children(node) if child in self.reached)
        if not isinstance(node, tree.Binary) or node.operator not in ("@", "juxtapose") or self.inference.shapes[node].dims:
            return False
        left, right = (each.operand if isinstance(each, tree.Transpose) else each for each in (node.left, node.right))
        same = isinstance(left, tree.Name) and isinstance(right, tree.Name) and left.name == right.name
        return same and bool(self.inference.shapes[left].dims)

    def _is_linear(self, node: tree.Expr) -> bool:
        """A product of which no variable reaches two operands, a quotient by a constant, or a sign."""
        if isinstance(node, tree.Unary):
            return True
        if not isinstance(node, tree.Binary):
            return False
        left, right = self.reached.get(node.left, frozenset()), self.reached.get(node.right, frozenset())
        if node.operator in _PRODUCTS and left & right:  # W h, where h is made with W too, which gets an alias
            names = [each for each in (node.left, node.right) if isinstance(each, tree.Name)]
            return any(self.inference.shapes[each].kind == "matrix" for each in names)
        return node.operator in _PRODUCTS or (node.operator in _QUOTIENTS and not right)

    def _is_scaling(self, node: tree.Expr) -> bool:
        """-a, c a or a/c with a constant number c."""
        if isinstance(node, tree.Unary):
            return True
        if not (isinstance(node, tree.Binary) and self._is_linear(node)):
            return False
        if node.left in self.reached and node.right in self.reached:
            return False
        constant = node.right if node.left in self.reached else node.left
        return not self.inference.shapes[constant].dims


def _is_norm(node: tree.Expr) -> bool:
    return isinstance(node, tree.Call) and node.function in _NORMS and len(node.arguments) == 1


def _is_sum(node: tree.Expr) -> bool:
    return isinstance(node, tree.Binary) and node.operator in _SIGNS


def _is_elementwise(node: tree.Expr) -> bool:
    """A function by name, of each element."""
    if not isinstance(node, tree.Call):
        return False
    operation = FUNCTIONS.get(node.function)
    return operation is None or isinstance(operation, Elementwise)


def is_entry(inference: Inference, node: tree.Index, indices: Collection[str]) -> bool:
    """Whether a part is one entry of a vector, xᵢ, at one of some indices."""
    subscript = node.subscripts[0]
    is_index = isinstance(subscript, tree.Name) and subscript.name in indices and inference.roles.get(subscript) == "index"
    is_vector = isinstance(node.operand, tree.Name) and inference.shapes[node.operand].kind == "vector"
    return is_index and is_vector and len(node.subscripts) == 1


def rotated(inference: Inference, root: tree.Expr) -> tree.Expr:
    """The tree with x' A y as x' (A y): columns are easier to follow than rows. The shapes of new parts are added."""
    done: dict[tree.Expr, tree.Expr] = {}
    for node in tree.postorder(root):
        new = node
        if isinstance(node, tree.Binary):
            left, right = done[node.left], done[node.right]
            if _is_product(node) and _is_product(left) and _is_row_by_matrix(inference, left) and _is_column(inference, right):
                inner = tree.Binary(node.operator, left.right, right, node.span, node.operator_span)
                inference.shapes[inner] = Shape("vector", inference.shapes[left.right].dims[:1])
                left, right = left.left, inner
            outside = _scalar_before_row(inference, left) if _is_product(node) and _is_column(inference, right) else None
            if outside is not None:  # (c xᵀ) y = c (xᵀ y)
                inner = tree.Binary(node.operator, outside.right, right, node.span, node.operator_span)
                inference.shapes[inner] = inference.shapes[node]
                left, right, operator = outside.left, inner, outside.operator
            else:
                operator = node.operator
            if left is not node.left or right is not node.right:
                new = tree.Binary(operator, left, right, node.span, node.operator_span)
        elif isinstance(node, tree.Unary) and done[node.operand] is not node.operand:
            new = tree.Unary(node.operator, done[node.operand], node.span)
        elif isinstance(node, tree.Transpose) and done[node.operand] is not node.operand:
            new = tree.Transpose(done[node.operand], node.span)
        elif isinstance(node, tree.Call) and any(done[each] is not each for each in node.arguments):
            new = replace(node, arguments=tuple(done[each] for each in node.arguments))
        elif isinstance(node, tree.IndexSum) and done[node.body] is not node.body:
            new = replace(node, body=done[node.body])
        elif isinstance(node, tree.Stack) and any(done[each] is not each for each in node.items):
            new = replace(node, items=tuple(done[each] for each in node.items))
        if new is not node and node in inference.shapes:
            inference.shapes[new] = inference.shapes[node]
        done[node] = new
    return done[root]


def taken_apart(inference: Inference, root: tree.Expr) -> tree.Expr:
    """A dot product as the sum of an element-wise product (Parr & Howard, section 4.4); anything else as it is."""
    if not isinstance(root, tree.Binary) or root.operator not in ("@", "juxtapose"):
        return root
    left = root.left.operand if isinstance(root.left, tree.Transpose) else root.left
    if isinstance(left, tree.Name) and isinstance(root.right, tree.Name) and left.name == root.right.name:
        return root
    if not (_is_column(inference, left) and _is_column(inference, root.right)) or inference.shapes[root].dims:
        return root
    product = tree.Binary("*", left, root.right, root.span, root.operator_span)
    total = tree.Call("sum", (product,), (), root.span, root.operator_span)
    inference.shapes[product], inference.shapes[total] = inference.shapes[left], SCALAR
    return total


def _scalar_before_row(inference: Inference, node: tree.Expr) -> tree.Binary | None:
    """A number times a row, if a product is one."""
    if not isinstance(node, tree.Binary) or node.operator not in ("*", "juxtapose"):
        return None
    left, right = inference.shapes.get(node.left), inference.shapes.get(node.right)
    is_row = left is not None and right is not None and not left.dims and right.kind == "row"
    return node if is_row else None


def _is_product(node: tree.Expr) -> TypeGuard[tree.Binary]:
    return isinstance(node, tree.Binary) and node.operator in ("@", "juxtapose")


def _is_row_by_matrix(inference: Inference, node: tree.Binary) -> bool:
    left, right = inference.shapes.get(node.left), inference.shapes.get(node.right)
    return left is not None and right is not None and left.kind == "row" and right.kind == "matrix"


def _is_column(inference: Inference, node: tree.Expr) -> bool:
    return node in inference.shapes and inference.shapes[node].kind == "vector"
