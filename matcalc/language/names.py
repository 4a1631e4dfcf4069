"""What every name is: variable, binding, index, dimension, constant or function.

Resolution makes a new tree in which `x_i` is the element `x[i]` where `i` is a bound index, and refuses calls of names that
are no functions. It knows nothing about shapes.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, Literal

from matcalc.errors import LimitError, NotSupportedError, ShapeError, Span, UnknownNameError
from matcalc.language.callees import Callees, UnknownFunction
from matcalc.language.declared import Declarations, read_declarations
from matcalc.language.definitions import with_definitions
from matcalc.language.joined import check_joined, product_with
from matcalc.language.linear import leaves
from matcalc.language.tokens import modules_in
from matcalc.language.tree import (
    Binary,
    Binding,
    Call,
    Clause,
    Declaration,
    Expr,
    Fact,
    Index,
    IndexSum,
    Name,
    Number,
    Program,
    Slice,
    Stack,
    Transpose,
    Unary,
    postorder,
)
from matcalc.language.uses import SIZED, Uses, scan
from matcalc.limits import MAX_INDICES
from matcalc.operations.table import FUNCTIONS

Role = Literal["variable", "binding", "index", "dimension", "constant"]

NUMBERS: Final = frozenset({"pi", "π"})
CONSTANTS: Final = NUMBERS | SIZED | {"I"}
"""Names that are constants unless they are declared, bound or differentiated by."""

_GREEK: Final = frozenset({"σ", "sigma", "gamma"})
"""Functions whose names are as common for variables."""


@dataclass(slots=True)
class Section:
    """A binding's value, the body (binding None) or a target, with its nodes: operands before the operator that uses them."""

    binding: Binding | None
    root: Expr
    order: list[Expr]
    target: bool = False


@dataclass(slots=True)
class Resolution:
    """A program in which every name is known."""

    program: Program
    targets: tuple[Expr, ...]
    roles: dict[Name, Role]
    clauses: dict[Name, Clause]
    """The clause that binds each index used as a subscript."""
    variables: dict[str, Name]
    """Where each free variable is first used, in that order."""
    functions: dict[str, UnknownFunction]
    sections: list[Section]
    declarations: Declarations
    used: set[str]
    """Every name that occurs anywhere, so that an invented one can differ."""
    free: frozenset[str]
    """The bindings that are treated as free variables."""
    facts: tuple[Fact, ...] = ()
    """The equations of the where clause about what occurs in the program."""
    unused: tuple[Fact, ...] = ()
    """The other ones."""


def resolve(
    program: Program,
    *,
    declared: Sequence[Declaration | Fact] = (),
    targets: Sequence[Expr] = (),
    free: Collection[str] = (),
) -> Resolution:
    """Find out what every name of a program is."""
    statements = (*program.declarations, *declared)
    program, declarations = with_definitions(program, read_declarations(statements), CONSTANTS)
    _check_modules(program, declarations)
    uses = scan(program, declarations)
    freed = frozenset(name for name in free if name in uses.bound)
    resolver = _Resolver(program, declarations, uses, freed, frozenset(_target_names(targets)))
    bindings = tuple(resolver.bind(binding) for binding in program.bindings)
    body = resolver.section(program.body)
    check_joined(resolver.variables.values(), resolver.known_variables(), program.dialect.times)
    new_targets = tuple(resolver.target(target) for target in targets)
    facts = tuple(resolver.fact(fact) for fact in declarations.facts if resolver.knows(fact))
    unused = tuple(fact for fact in declarations.facts if not resolver.knows(fact))
    return Resolution(
        replace(program, bindings=bindings, body=body, declarations=statements), new_targets, resolver.roles, resolver.clauses,
        resolver.variables, resolver.functions, resolver.sections, declarations, uses.everything(declarations), freed, facts,
        unused,
    )


def _check_modules(program: Program, declarations: Declarations) -> None:
    """Refuse `np.exp(x)`, which is read as exp(x), where np is declared."""
    modules = modules_in(program.text) if program.dialect.paper else frozenset()
    for name in sorted(modules & declarations.names.keys()):
        declared = declarations.names[name]
        raise UnknownNameError(
            f"`{name}` is declared, but stands before a function as the name of a module", declared.span,
            help=f"write `{name} @ …` for a product, or leave the declaration out",
        )


def _target_names(targets: Sequence[Expr]) -> Iterator[str]:
    for target in targets:
        for node in postorder(target):
            if isinstance(node, Name):
                yield node.name


class _Resolver:
    """Walks expressions with the bound indices in scope at hand."""

    def __init__(
        self, program: Program, declarations: Declarations, uses: Uses, free: frozenset[str], wanted: frozenset[str]
    ) -> None:
        self.program = program
        self.declared = declarations.names
        self.uses = uses
        self.free = free
        self.wanted = wanted
        self.roles: dict[Name, Role] = {}
        self.clauses: dict[Name, Clause] = {}
        self.variables: dict[str, Name] = {}
        self.callees = Callees(self.declared, uses, program.dialect)
        self.functions = self.callees.functions
        self.sections: list[Section] = []
        self.made: set[str] = set()
        self.making: str = ""
        self.scope: dict[str, Clause] = {}
        self.order: list[Expr] = []

    def bind(self, binding: Binding) -> Binding:
        """Resolve a binding; its name is known from here on."""
        self.making = binding.name.name
        self.roles[binding.name] = "binding"
        value = self._walk(binding.value)
        new = binding if value is binding.value else replace(binding, value=value)
        self.sections.append(Section(new, value, self.order))
        self.made.add(self.making)
        self.making = ""
        return new

    def section(self, root: Expr, *, target: bool = False) -> Expr:
        """Resolve the body or a target."""
        value = self._walk(root)
        self.sections.append(Section(None, value, self.order, target))
        return value

    def target(self, target: Expr) -> Expr:
        """Resolve what to differentiate by: names that occur somewhere, stacks of them, elements, rows and columns."""
        subscripts = {each for node in postorder(target) if isinstance(node, Index) for each in node.subscripts}
        for node in postorder(target):
            if node in subscripts:
                continue
            if isinstance(node, Name):
                self._check_target(node)
            elif not isinstance(node, (Number, Index, Stack)):
                raise NotSupportedError(
                    f"a derivative by `{node.span.excerpt}`, which is not a variable", node.span,
                    help="give the expression a name first: `z = …; …` and differentiate by z",
                )
        return self.section(target, target=True)

    def known_variables(self) -> set[str]:
        """The names that are declared as variables, or differentiated by."""
        return {*(name for name, declared in self.declared.items() if not declared.is_function), *self.wanted}

    def knows(self, fact: Fact) -> bool:
        """Whether a fact is about what occurs in the program only."""
        known = {*self.variables, *self.made, *self.uses.dimensions, *CONSTANTS}
        names = [node for side in (fact.left, fact.right) for node in postorder(side) if isinstance(node, Name)]
        bound = {clause.index.name for side in (fact.left, fact.right) for clause in _clauses(side)}
        return all(name.name in known or name.name in bound or _base(name.name) in known for name in names)

    def fact(self, fact: Fact) -> Fact:
        """Resolve an equation of the where clause."""
        return replace(fact, left=self.section(fact.left), right=self.section(fact.right))

    def _check_target(self, node: Name) -> None:
        name = node.name
        if name in self.functions or (name in self.declared and self.declared[name].is_function):
            raise NotSupportedError(f"a derivative by the function `{name}`", node.span)
        if name in self.uses.dimensions:
            raise NotSupportedError(f"a derivative by the dimension `{name}`", node.span)
        if name in self.variables or name in self.uses.bound or name in self.declared:
            return
        known = [*self.variables, *self.uses.bound, *(n for n, d in self.declared.items() if not d.is_function)]
        base, _, subscript = name.rpartition("_")
        parts = [other for other in self.variables if other.rpartition("_")[0] == name]
        help_ = product_with(name, self.variables, {*self.declared, *self.variables}, self.program.dialect.times)
        if base in known and subscript:
            help_ = f"write `{base}[{subscript}]` for an element of `{base}`"
        elif parts:
            element = f"{name}[{parts[0].rpartition('_')[2]}]"
            help_ = f"`{parts[0]}` is a name of its own; write `{element}` for an element of `{name}`"
        elif help_ is None:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            help_ = f"did you mean `{near[0]}`?" if near else None
        raise UnknownNameError(f"`{name}` does not occur in the expression", node.span, help=help_)

    def _walk(self, root: Expr) -> Expr:
        """The resolved tree; `self.order` lists its nodes."""
        self.order = order = []
        done: list[Expr] = []
        stack: list[tuple[Expr, dict[str, Clause] | None, bool]] = [(root, None, False)]
        while stack:
            node, outer, entered = stack.pop()
            if entered:
                done.append(self._leave(node, done, outer))
            elif isinstance(node, Number):
                done.append(node)
                order.append(node)
            elif isinstance(node, Name):
                done.append(self._name(node))
            elif isinstance(node, Binary):
                stack.append((node, None, True))
                stack.append((node.right, None, False))
                stack.append((node.left, None, False))
            elif isinstance(node, IndexSum):
                node = self._with_unbound(node)
                stack.append((node, self.scope, True))
                self._enter(node)
                stack.append((node.body, None, False))
            elif isinstance(node, Call):
                node = self.callees.checked(node, self.scope)
                stack.append((node, None, True))
                stack.extend((argument, None, False) for argument in reversed(node.arguments))
            elif isinstance(node, Stack):
                stack.append((node, None, True))
                stack.extend((item, None, False) for item in reversed(node.items))
            else:
                stack.append((node, None, True))
                stack.append((node.operand, None, False))
        return done[-1]

    def _leave(self, node: Expr, done: list[Expr], outer: dict[str, Clause] | None) -> Expr:
        """The node with its operands taken off `done`; the same node if they are the same."""
        new: Expr = node
        if isinstance(node, Binary):
            right = done.pop()
            left = done.pop()
            if right is not node.right or left is not node.left:
                new = replace(node, left=left, right=right)
        elif isinstance(node, Call):
            new = self._call(node, _take(done, len(node.arguments)))
        elif isinstance(node, Stack):
            items = _take(done, len(node.items))
            if any(a is not b for a, b in zip(items, node.items, strict=True)):
                new = replace(node, items=items)
        elif isinstance(node, IndexSum):
            body = done.pop()
            assert outer is not None
            self.scope = outer
            if body is not node.body:
                new = replace(node, body=body)
        elif isinstance(node, (Unary, Transpose, Index)):
            if isinstance(node, Index):
                self._check_subscripts(node)
            operand = done.pop()
            if operand is not node.operand:
                new = replace(node, operand=operand)
        self.order.append(new)
        return new

    def _name(self, node: Name) -> Expr:
        name = node.name
        if name in self.scope:
            self._index_name(node, self.scope)
            self.order.append(node)
            return node
        known = name in self.declared or name in self.uses.bound or name in self.uses.dimensions
        if self.scope and "_" in name and not known:
            split = self._split(node)
            if split is not None:
                return split
        self.roles[node] = self._role(node)
        self.order.append(node)
        return node

    def _split(self, node: Name) -> Index | None:
        """`x_i` as an element, if its subscript is made of bound indices."""
        base, _, written = node.name.rpartition("_")
        if not base or not written:
            return None
        if written in self.scope:
            parts = [written]
        elif len(written) == 2 and all(c in self.scope or c in "123456789" for c in written) and not written.isdigit():
            parts = list(written)
        else:
            return None
        span = node.span
        end = span.start + len(base)
        fits = span.text[span.start : end] == base
        operand = Name(base, Span(span.text, span.start, end) if fits else span)
        self.roles[operand] = self._role(operand)
        subscripts: list[Expr | Slice] = []
        for part in parts:
            if part in self.scope:
                subscript = Name(part, span)
                self._index_name(subscript, self.scope)
                subscripts.append(subscript)
            else:
                subscripts.append(Number(int(part), span))
        index = Index(operand, tuple(subscripts), span)
        self.order += (operand, index)
        return index

    def _check_subscripted(self, node: Name) -> None:
        """Refuse `x_1` where x is a declared vector, and `max_i`, which would be taken for new variables."""
        base, _, subscript = node.name.rpartition("_")
        known = self.declared.get(base)
        if subscript.isdecimal() and known is not None and known.kind != "scalar" and not known.is_function:
            raise UnknownNameError(
                f"`{node.name}` is not declared", node.span, related=known.place,
                help=f"write `{base}[{', '.join(subscript) if known.kind == 'matrix' else subscript}]` for an element of "
                f"`{base}`",
            )
        if base in ("max", "min", "argmax", "argmin"):
            raise UnknownNameError(
                f"`{node.name}` is not known", node.span,
                help=f"write `{base[-3:]}(… for {subscript} in 1..n)`; for a variable of that name declare it",
            )

    def _role(self, node: Name) -> Role:
        name = node.name
        if name in self.uses.bound:
            if name == self.making:
                raise UnknownNameError(f"`{name}` is defined in terms of itself", node.span)
            if name not in self.made:
                raise UnknownNameError(
                    f"`{name}` is used before it is defined", node.span,
                    related=(f"{name} is defined here", self.uses.bound[name].name.span),
                )
            if name not in self.free:
                return "binding"
        elif name in self.declared:
            if self.declared[name].is_function:
                raise UnknownNameError(
                    f"`{name}` is a function and needs its operands", node.span, help=f"write `{name}(…)`",
                    related=self.declared[name].place,
                )
        elif name in self.uses.dimensions:
            return "dimension"
        elif name not in self.wanted:
            if name in CONSTANTS:
                return "constant"
            if name in FUNCTIONS and name not in _GREEK:
                raise UnknownNameError(
                    f"`{name}` is a function and needs its operands in brackets", node.span,
                    help=f"write `{name}(…)`; for a variable of that name declare it, such as `{name}: scalar`",
                )
            self._check_subscripted(node)
        self.variables.setdefault(name, node)
        return "variable"

    def _with_unbound(self, node: IndexSum) -> IndexSum:
        """`sum_{i<j}` where j is bound already is a sum over i."""
        kept = tuple(clause for clause in node.clauses if not (clause.implied and clause.index.name in self.scope))
        if not kept:
            raise ShapeError("all indices of the sum are bound already", node.clauses[0].span)
        return node if len(kept) == len(node.clauses) else replace(node, clauses=kept)

    def _enter(self, node: IndexSum) -> None:
        """Bring the indices of a sum into scope."""
        if len(self.scope) + len(node.clauses) > MAX_INDICES:
            raise LimitError(f"more than {MAX_INDICES} indices are open at the same place", node.clauses[-1].span)
        scope = dict(self.scope)
        for clause in node.clauses:
            index = clause.index
            if any(clause is not other and index.name == other.index.name for other in node.clauses):
                raise ShapeError(f"two clauses bind the same index `{index.name}`", index.span)
            self.roles[index] = "index"
            self._check_range(clause, scope, node)
            scope[index.name] = clause
        for condition in node.conditions:
            for side in (condition.left, condition.right):
                assert isinstance(side, Name)
                self._index_name(side, scope)
        self.scope = scope

    def _index_name(self, node: Name, scope: Mapping[str, Clause]) -> None:
        self.roles[node] = "index"
        self.clauses[node] = scope[node.name]

    def _check_range(self, clause: Clause, scope: Mapping[str, Clause], node: IndexSum) -> None:
        """The bounds are linear in numbers, dimensions and the indices bound before."""
        own = {other.index.name for other in node.clauses}
        for bound in (clause.lower, clause.upper):
            for leaf in leaves(bound) if bound is not None else ():
                if isinstance(leaf, Name) and leaf.name in own:
                    before = leaf.name in scope and scope[leaf.name] in node.clauses
                    if not before:
                        raise ShapeError(
                            f"the range of `{clause.index.name}` needs `{leaf.name}`, which is bound after it", leaf.span,
                            help=f"write the clause of `{leaf.name}` first" if leaf.name != clause.index.name else
                            "give one of the two indices another name",
                        )
                self._position_leaf(leaf, scope)

    def _position_leaf(self, leaf: Expr, scope: Mapping[str, Clause]) -> None:
        """A part of a bound or subscript: an index, a dimension, a number, the length of something."""
        if isinstance(leaf, Name):
            if leaf.name in scope:
                self._index_name(leaf, scope)
            elif leaf.name in self.uses.dimensions:
                self.roles[leaf] = "dimension"
            else:
                raise NotSupportedError(
                    f"the subscript `{leaf.span.excerpt}`", leaf.span,
                    help="a subscript is made of numbers, dimensions and the indices of sums; `A @ [u, v]` is a product",
                )
        elif isinstance(leaf, Call):
            self.callees.checked(leaf, self.scope)
            argument = leaf.arguments[0]
            if not isinstance(argument, Name):
                raise NotSupportedError(f"`{leaf.span.excerpt}` as the end of a range", leaf.span)
            self.roles[argument] = self._role(argument)
            self.order.append(argument)
        self.order.append(leaf)

    def _check_subscripts(self, node: Index) -> None:
        for subscript in node.subscripts:
            if isinstance(subscript, Number):
                if isinstance(subscript.value, Fraction) or subscript.value < 1:
                    raise ShapeError(
                        f"a subscript is a positive integer, not {subscript.span.excerpt}", subscript.span,
                        help="elements are counted from 1",
                    )
                self.order.append(subscript)
            elif not isinstance(subscript, Slice):
                for leaf in leaves(subscript):
                    self._position_leaf(leaf, self.scope)
        if len(node.subscripts) > 2:
            raise ShapeError("more than two subscripts", node.span)
        if all(isinstance(s, Slice) for s in node.subscripts):
            raise NotSupportedError(f"`{node.span.excerpt}`, which selects everything", node.span)

    def _call(self, node: Call, arguments: tuple[Expr, ...]) -> Call:
        if any(a is not b for a, b in zip(arguments, node.arguments, strict=True)):
            return replace(node, arguments=arguments)
        return node


def _clauses(root: Expr) -> Iterator[Clause]:
    for node in postorder(root):
        if isinstance(node, IndexSum):
            yield from node.clauses


def _base(name: str) -> str:
    """The x of x_i."""
    return name.rpartition("_")[0]


def _take(done: list[Expr], count: int) -> tuple[Expr, ...]:
    if not count:
        return ()
    taken = tuple(done[-count:])
    del done[-count:]
    return taken
