"""What kind a name is that the operators leave open: see "Shapes" in the language reference."""

from __future__ import annotations

from collections import Counter
from typing import Final

from matcalc.errors import ShapeError
from matcalc.language.calls import is_reduction
from matcalc.language.constraints import Constraints
from matcalc.language.kinds import KIND, MATRIX_BIT, ROW_BIT, SCALAR_BIT, VECTOR_BIT
from matcalc.language.mismatch import excerpt
from matcalc.language.names import Resolution
from matcalc.language.tree import Binary, Call, Name, Transpose, postorder
from matcalc.operations.table import FUNCTIONS

SETTLED: Final = frozenset(KIND)
_DEFAULTS: Final = (SCALAR_BIT, VECTOR_BIT, MATRIX_BIT, ROW_BIT)
_DEFAULTS_OF_CAPITAL: Final = (SCALAR_BIT, MATRIX_BIT, VECTOR_BIT, ROW_BIT)


class Preferences:
    """Chooses kinds: each choice is tried, and stays if nothing contradicts it."""

    def __init__(self, resolution: Resolution, made: Constraints) -> None:
        self.resolution = resolution
        self.made = made
        self.kinds = made.kinds
        self.domains = made.kinds.domains
        self.stated = len(made.blames)
        self.names = set(made.names.values())
        self.variables = {made.names[name] for name in resolution.variables}
        self.undeclared = {made.names[name] for name in resolution.variables if name not in resolution.declarations.names}
        self.together: set[int] = set()
        """The element-wise operators of which both operands are open at first; in `p/q` undeclared names count as open."""

    def open(self, unknown: int) -> bool:
        """Whether more than one kind is possible."""
        return self.domains[unknown] not in SETTLED

    def _patient(self) -> bool:
        """Whether it is still worth trying preferences: fruitless attempts must not cost more than the program itself."""
        return self.kinds.wasted < 20 * self.stated + 10_000

    def choose(self) -> None:
        """Choose a kind for what is open: see "Shapes" in the language reference."""
        if all(map(SETTLED.__contains__, self.domains)):
            return
        letters = self._letters()
        transposed = [(unknown, node) for unknown, node in self.made.transposes.items() if self.open(unknown)]
        self.together = {
            number
            for number, each in enumerate(self.made.elementwise)
            if (self.open(each.left) and self.open(each.right))
            or (each.operator == "/" and self.undeclared.issuperset((each.left, each.right)))
        }
        self._choose_lists()
        self._choose_data()
        self._choose_words()
        self._choose_not_scalars()
        self._choose_transposed()
        self._choose_inverses()
        self._choose_stacked()
        self._choose_blocks()
        self._choose_rows()
        self._choose_offsets()
        self._choose_exponents()
        self._choose_same()
        self._choose_not_scalars()
        self._choose_products()
        self._choose_like_sums()
        self._choose_not_scalars()
        for unknown in self.made.side_by_side:
            if self.open(unknown):
                self.kinds.assume(unknown, VECTOR_BIT)
        for unknown in self.made.reduced:
            if self.open(unknown):
                self.kinds.assume(unknown, ROW_BIT)
        self._choose_least()
        for unknown, node in transposed:
            if self.domains[unknown] == SCALAR_BIT and isinstance(node.operand, Name):
                raise self._transposed_number(node)
        for unknown, product in letters.items():
            if self.domains[unknown] == VECTOR_BIT:
                raise self._no_matrix(unknown, product)

    def _assume_rank(self, unknown: int) -> bool:
        """A matrix for what looks like one, otherwise a vector."""
        return self.kinds.assume(unknown, MATRIX_BIT if self.made.capital[unknown] else VECTOR_BIT)

    def _choose_lists(self) -> None:
        """Small letters in `[x, y, z]` that stand nowhere else are numbers."""
        made = self.made
        if not made.lists:
            return
        sections = (section for section in self.resolution.sections if not section.target)
        uses = Counter(made.unknowns[node] for section in sections for node in section.order if isinstance(node, Name))
        uses.subtract(unknown for _, items in made.lists for unknown in items)
        for node, items in made.lists:
            if not all(unknown in self.undeclared and not (made.capital[unknown] or uses[unknown]) for unknown in items):
                continue
            if not all(self.kinds.assume(unknown, SCALAR_BIT) for unknown in items):
                raise ShapeError(
                    f"`{excerpt(node)}` is a vector of numbers, which does not fit here", node.span,
                    help=f"write `{excerpt(node)}'` for a row; for vectors side by side declare them",
                )

    def _choose_data(self) -> None:
        """The x_i of `w^T x_i`, `||x_i - m||` and `x_i'` is a row of data, a vector; the `y_i` beside it is a number."""
        made, domains = self.made, self.domains
        entries = {made.unknowns[node] for node, _ in made.indices if len(node.subscripts) == 1}
        if not any(map(self.open, entries)):
            return
        self._choose_transposed()
        for operator, left, right, result in made.elementwise:
            if operator in ("+", "-") and not domains[result] & SCALAR_BIT and entries & {left, right}:
                for unknown in (left, right):
                    if self.open(unknown):
                        self.kinds.assume(unknown, VECTOR_BIT)
        for _, left, right, _ in made.products:
            if right in entries and self.open(right) and self.open(left) and made.capital[left]:
                self.kinds.assume(left, MATRIX_BIT)
            if right in entries and self.open(right) and not domains[left] & ~(ROW_BIT | MATRIX_BIT):
                self.kinds.assume(right, VECTOR_BIT)

    def _choose_words(self) -> None:
        """The `Wq` of `Wq x` and `X Wq` is a matrix. At the end of a product, in `y' Ax`, it is more likely a value."""
        made, domains = self.made, self.domains
        factors = {left for _, left, _, _ in made.products} if made.word_products else set()
        for _, left, right, result in made.word_products:
            if left in made.words and self.open(left):
                self.kinds.assume(left, MATRIX_BIT)
            before = made.capital[left] or domains[left] == MATRIX_BIT
            if right in made.words and self.open(right) and (before or result in factors):
                self.kinds.assume(right, MATRIX_BIT)

    def _choose_inverses(self) -> None:
        """The S of `S^-1` is a matrix, but for a number that scales: `N^-1 sum(x)`, `T^-1 * x`."""
        made, domains = self.made, self.domains
        if not made.inverses:
            return
        scaling: set[int] = set()
        for operator, left, right, _ in made.elementwise:
            if operator in ("*", "/"):
                scaling.update((left, right))
        for _, left, right, _ in made.products:
            if SCALAR_BIT in (domains[left], domains[right]):
                scaling.update((left, right))
        for base, result in made.inverses:
            if made.capital[base] and self.open(base) and result not in scaling:
                self.kinds.assume(base, MATRIX_BIT)

    def _choose_not_scalars(self) -> None:
        """Names that cannot be scalars: a matrix for a capital letter, a vector for a small one. `1ᵀ` is a vector."""
        reduced = set(self.made.reduced)
        for unknown in self.made.names.values():
            if self.open(unknown) and not self.domains[unknown] & SCALAR_BIT and unknown not in reduced:
                self._assume_rank(unknown)
        for unknown in self.made.constants:
            if self.open(unknown):
                self.kinds.assume(unknown, VECTOR_BIT)

    def _choose_transposed(self) -> None:
        """Nobody transposes a scalar. Sums down the columns are rows, so that their transposes are vectors."""
        reduced = set(self.made.reduced)
        for unknown in self.made.transposes:
            if self.open(unknown) and not (unknown in reduced and self.kinds.assume(unknown, ROW_BIT)):
                self._assume_rank(unknown)

    def _choose_stacked(self) -> None:
        """The first name of `[w; b]` is a vector, or a matrix: nothing but scalars would be written `[a, b]`. So is every name
        of `[u; v]`, but where another stack has a number in it: the b of `[w; b] . [x; 1]` is one.
        """
        for unknowns in self.made.alike if not self.made.has_numbers else ():
            for unknown in unknowns:
                if self.open(unknown):
                    self._assume_rank(unknown)
        for unknowns in self.made.stacks:
            if not any(self.domains[unknown] in (VECTOR_BIT, ROW_BIT, MATRIX_BIT) for unknown in unknowns):
                for unknown in unknowns:
                    if self.open(unknown) and self._assume_rank(unknown):
                        break

    def _choose_blocks(self) -> None:
        """A capital letter in `[A, b]` or `[A, b; c', 1]` is a matrix."""
        for unknown in self.made.in_lines:
            if self.open(unknown) and self.made.capital[unknown]:
                self.kinds.assume(unknown, MATRIX_BIT)

    def _choose_rows(self) -> None:
        """Sums down the columns: a row beside a matrix over which it stretches, a vector after a matrix that multiplies it, a
        row after a column, `v sum(A, axis=0)`.
        """
        made, domains = self.made, self.domains
        if not made.reduced:
            return
        reduced = {unknown for unknown in made.reduced if self.open(unknown)}
        made_of = set(reduced)
        for operand, result in made.follows:
            if operand in made_of and self.open(result):
                made_of.add(result)
        for _, left, right, _ in made.elementwise:
            for unknown, other in ((left, right), (right, left)):
                if unknown in made_of and self.open(unknown) and domains[other] == MATRIX_BIT:
                    self.kinds.assume(unknown, ROW_BIT)
        for operator, left, right, _ in made.products:
            outer = right in reduced and operator == "juxtapose" and domains[left] == VECTOR_BIT
            if outer and self.kinds.assume(right, ROW_BIT):
                continue
            if right in reduced and domains[left] in (MATRIX_BIT, VECTOR_BIT, ROW_BIT):
                self.kinds.assume(right, VECTOR_BIT)
            if left in reduced and domains[right] != SCALAR_BIT:
                self.kinds.assume(left, ROW_BIT)

    def _choose_offsets(self) -> None:
        """The eps of `x/(norm(x) + eps)` and `sqrt(var(X, axis=0) + eps)`: what is added to a number or a reduction, before
        something is divided by it or a root is taken, is a number.
        """
        made = self.made
        for operator, left, right, result in made.elementwise:
            if operator not in ("+", "-") or result not in made.under:
                continue
            for unknown, other in ((left, right), (right, left)):
                if unknown not in self.names or made.capital[unknown] or not self.open(unknown):
                    continue
                if self.domains[other] == SCALAR_BIT or other in made.along:
                    self.kinds.assume(unknown, SCALAR_BIT)

    def _choose_exponents(self) -> None:
        """The p of `sum(x^p)` is a number; the elements of x are raised to it."""
        for base, exponent in self.made.powers:
            if self.open(base) and self.open(exponent):
                self.kinds.assume(exponent, SCALAR_BIT)

    def _choose_same(self) -> None:
        """Two operands of an element-wise operator that are both open take the same shape; but `t*B` scales.

        Open is what was open before anything was preferred: so `y*(X @ w)` and `y*(X w)` are read alike.
        """
        plain = self._plain() if self.made.summed else set()
        for number, (operator, left, right, result) in enumerate(self.made.elementwise):
            if not self._patient():
                return
            if left == right or not (self.open(left) or self.open(right)):
                continue
            both = self.open(left) and self.open(right)
            summed = result in self.made.summed and not plain.issuperset((left, right))
            if not both and not (number in self.together or summed):
                continue
            if operator == "/" and right in self.names and left not in self.names and self.kinds.assume(right, SCALAR_BIT):
                continue  # the n of (X w - y)/n
            if not both:
                self._choose_like(operator, left, right)
            elif not self._scales(operator, left, right):
                self.kinds.assume_same(left, right)

    def _plain(self) -> set[int]:
        """What is made of names and numbers element by element only, like the `exp(-k*x)` of `a*exp(-k*x)`."""
        found, others = set(self.variables), set[int]()
        for operand, result in self.made.follows:
            if result not in others and (operand in found or self.domains[operand] == SCALAR_BIT):
                found.add(result)
            else:
                others.add(result)
                found.discard(result)
        return found

    def _scales(self, operator: str, left: int, right: int) -> bool:
        """Whether a small letter beside a capital one is a scalar: `t*B`, `A/t`."""
        capital = self.made.capital
        if operator not in ("*", "/") or capital[left] == capital[right]:
            return False
        return self.kinds.assume(left if operator == "*" and capital[right] else right, SCALAR_BIT)

    def _choose_like(self, operator: str, left: int, right: int) -> None:
        """What stands beside a computed vector is a vector; beside a name, in `t*x`, it scales."""
        unknown, other = (left, right) if self.open(left) else (right, left)
        scales = operator == "*" and other in self.variables
        if self.domains[other] == VECTOR_BIT and not self.made.capital[unknown] and not scales:
            self.kinds.assume(unknown, VECTOR_BIT)

    def _choose_products(self) -> None:
        """In a product a capital letter is a matrix, and what stands beside a matrix or row is a vector."""
        capital, domains = self.made.capital, self.domains
        for _, left, right, _ in self.made.products:
            for unknown, other in ((left, right), (right, left)):
                if capital[unknown] and self.open(unknown) and domains[other] != SCALAR_BIT and self._patient():
                    self.kinds.assume(unknown, MATRIX_BIT)
        for _, left, right, _ in self.made.products:
            for unknown, other in ((right, left), (left, right)):
                if domains[other] in (MATRIX_BIT, ROW_BIT) and self.open(unknown) and self._patient():
                    self._assume_rank(unknown)

    def _choose_like_sums(self) -> None:
        """What is added to a vector or matrix is of the same kind: the `b` of `A x + b`, the `A` of `A + I`. So is a capital
        letter that multiplies a matrix element by element.
        """
        for operator, left, right, _ in self.made.elementwise:
            if operator in ("*", "/") and self._patient():
                for unknown, other in ((left, right), (right, left)):
                    if self.open(unknown) and self.made.capital[unknown] and self.domains[other] == MATRIX_BIT:
                        self.kinds.assume(unknown, MATRIX_BIT)
            if operator in ("+", "-") and self._patient():
                for unknown, other in ((left, right), (right, left)):
                    if self.open(unknown) and self.domains[other] in (VECTOR_BIT, MATRIX_BIT):
                        self.kinds.assume(unknown, self.domains[other])

    def _choose_least(self) -> None:
        """The least rank that is possible."""
        for name, unknown in self.made.names.items():
            if self.open(unknown) and not self._least(unknown):
                raise ShapeError(
                    f"the shape of `{name}` cannot be inferred", self.resolution.variables[name].span,
                    help=f"declare it: `where {name}: vector(n)`",
                )
        for unknown in range(len(self.domains)):
            if self.open(unknown) and not self._least(unknown):
                raise ShapeError(
                    "the shapes cannot be inferred", self.resolution.program.body.span, help="declare the variables"
                )

    def _letters(self) -> dict[int, int]:
        """The capital letters in products that may be matrices as far as the operators say, with one of these products."""
        found: dict[int, int] = {}
        roots = {result: base for base, result in self.made.inverses}
        for product in self.made.products:
            for unknown in (product.left, product.right):
                letter = roots.get(unknown, unknown)
                if letter in self.variables and self.made.capital[letter] and self.domains[letter] & MATRIX_BIT:
                    found.setdefault(letter, product.result)
        return found

    def _no_matrix(self, unknown: int, result: int) -> ShapeError:
        """The error for a capital letter in a product that could only be a vector: `sum(x' A x)` is the sum of one number."""
        name = next(name for name, other in self.made.names.items() if other == unknown)
        product = next(node for node, other in self.made.unknowns.items() if other == result and isinstance(node, Binary))
        reductions = (
            node
            for section in self.resolution.sections
            for node in section.order
            if isinstance(node, Call) and node.function in FUNCTIONS and is_reduction(FUNCTIONS[node.function])
        )
        for call in reductions:
            if product in postorder(call.arguments[0]):
                return ShapeError(
                    f"`{call.function}` is taken of one number, if {name} is a matrix", call.span,
                    help=f"write `{excerpt(call.arguments[0])}` alone",
                )
        return ShapeError(
            f"{name} does not fit as a matrix, which its capital letter suggests", product.span,
            help=f"declare it: `where {name}: vector(n)`",
        )

    def _transposed_number(self, node: Transpose) -> ShapeError:
        """The error for a name that is transposed and cannot be anything but a number."""
        name = excerpt(node.operand)
        products = "`*` multiplies element by element; for a product of matrices write `x' A x` or `x' @ A @ x`"
        return ShapeError(
            f"`{excerpt(node)}` would be the transpose of a number", node.span,
            help=products if "*" in node.span.text else f"declare `{name}`: `where {name}: vector(n)`",
        )

    def _least(self, unknown: int) -> bool:
        order = _DEFAULTS_OF_CAPITAL if self.made.capital[unknown] else _DEFAULTS
        return any(self.kinds.assume(unknown, bit) for bit in order)
