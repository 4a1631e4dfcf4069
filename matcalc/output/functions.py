"""Text: functions, conditions, alternatives, stacks, and functions that are only named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from matcalc.language.dimensions import Shape
from matcalc.notation.matrix import (
    Cases,
    Comparison,
    Conjunction,
    Diagonal,
    Expression,
    Function,
    Indicator,
    Named,
    Norm,
    Stack,
    Symbol,
    Unknown,
)
from matcalc.operations.rows import Elementwise
from matcalc.operations.table import OPERATIONS
from matcalc.output.arithmetic import SUPERSCRIPTS, Arithmetic, superscript
from matcalc.output.precedence import Level, Piece, interleave

SUBSCRIPTS: Final = str.maketrans("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
SIGNS: Final = {">=": "≥", "<=": "≤", "!=": "≠"}
_PRIMES: Final = ("", "′", "″", "‴")
_FUNCTION_NAMES: Final = ("f", "g", "h", "phi", "psi", "φ", "ψ")
_NORMS: Final = ("norm", "norm2", "normF")


class Functions(Arithmetic):
    """How functions look as text."""

    def diagonal(self, node: Diagonal) -> Piece:
        """`diag`."""
        return self.call(self.function_name("diag"), [self.child(node.operand)])

    def function_name(self, name: str) -> str:
        """The name of an operation of the table."""
        row = OPERATIONS.get(name)
        return row.shown if row else name

    def function(self, node: Function) -> Piece:
        """An operation of the table."""
        row = OPERATIONS.get(node.name)
        operands = [self.child(operand) for operand in node.operands]
        if isinstance(row, Elementwise) and row.infix and len(operands) == 2:
            return self.bracketed(self.compared(row.infix, operands[0], operands[1]))
        if node.name == "where":
            return self.choice([(operands[1], self.condition(node.operands[0])), (operands[2], None)])
        if node.axis is not None:
            return self.of_lines(node, operands)
        if node.name in _NORMS:
            return self.bars(operands[0], node.operands[0].shape)
        return self.root(operands[0]) if node.name == "sqrt" else self.call(self.function_name(node.name), operands)

    def of_lines(self, node: Function, operands: Sequence[Piece]) -> Piece:
        """A function of each row or column of a matrix."""
        return self.call(self.function_name(node.name), [*operands, Piece(Level.ATOM, f"axis={node.axis}")])

    def norm(self, node: Norm) -> Piece:
        """A norm."""
        return self.bars(self.child(node.operand), node.operand.shape)

    def bars(self, operand: Piece, shape: Shape) -> Piece:
        """A norm. Bars inside bars cannot be told apart."""
        of_matrix = shape.kind == "matrix"
        if operand.barred:
            return self.call("normF" if of_matrix else "norm", [operand])
        return Piece(Level.ATOM, "‖", operand, "‖_F" if of_matrix else "‖")

    def comparison(self, node: Comparison) -> Piece:
        """A comparison."""
        return self.compared(node.sign, self.child(node.left), self.child(node.right))

    def compared(self, sign: str, left: Piece, right: Piece) -> Piece:
        """A comparison."""
        return Piece(Level.COMPARISON, self.fit(left, Level.SUM), f" {self.relation(sign)} ", self.fit(right, Level.SUM))

    def relation(self, sign: str) -> str:
        """The sign of a comparison."""
        return SIGNS.get(sign, sign)

    def indicator(self, node: Indicator) -> Piece:
        """An Iverson bracket."""
        return self.bracketed(self.child(node.condition))

    def bracketed(self, condition: Piece) -> Piece:
        """An Iverson bracket."""
        return Piece(Level.ATOM, "[", condition, "]")

    def condition(self, node: Expression) -> Piece:
        """A condition, without the bracket that makes a number of it."""
        if isinstance(node, Indicator) and self.shown(node):
            return self._pieces[node.condition]
        return self.child(node)

    def cases(self, node: Cases) -> Piece:
        """Alternatives; they are complete, so the last one needs no condition."""
        branches = self.branches(node)
        return self.choice([*branches[:-1], (branches[-1][0], None)])

    def branches(self, node: Cases) -> list[tuple[Piece, Piece | None]]:
        """Values with their conditions."""
        return [(self.child(value), None if when is None else self.child(when)) for value, when in node.branches]

    def conjunction(self, node: Conjunction) -> Piece:
        """Comparisons that all hold; two bounds of one thing are a chain, 0 < x < 1."""
        pieces: list[str | Piece] = []
        parts = list(node.parts)
        while parts:
            low = parts.pop(0)
            high = next((part for part in parts if part.left is low.left and low.sign[0] == ">" and part.sign[0] == "<"), None)
            if high is None:
                pieces.append(self.child(low))
            else:
                parts.remove(high)
                signs = [f" {self.relation(sign)} " for sign in (low.sign.replace(">", "<"), high.sign)]
                bounded = [self.fitted(each, Level.SUM) for each in (low.right, low.left, high.right)]
                pieces.append(Piece(Level.COMPARISON, bounded[0], signs[0], bounded[1], signs[1], bounded[2]))
        return Piece(Level.COMPARISON, *interleave(pieces, self.conjoined))

    def choice(self, branches: Sequence[tuple[Piece, Piece | None]]) -> Piece:
        """Values with their conditions; None: otherwise."""
        piece = branches[-1][0]
        for value, when in reversed(branches[:-1]):
            assert when is not None
            piece = self.call("where", [when, value, piece])
        return piece

    def stack(self, node: Stack) -> Piece:
        """Blocks in brackets: `[a; b]` under each other, `[a, b]` side by side, `[[a, b], [c, d]]` for a matrix of scalars.

        A row of scalars is `[a, b]` if it stands alone, as in papers; within an expression that would be read as a column.
        """
        pieces = [self.child(block) for block in node.blocks]
        if node.axis == 1:
            return Piece(Level.ATOM, "[", *interleave(pieces, ", "), "]")
        rows = [block for block in node.blocks if isinstance(block, Stack) and block.axis == 1 and self.shown(block)]
        if len(rows) < len(pieces):
            return Piece(Level.ATOM, "[", *interleave(pieces, "; "), "]")
        if all(block.shape.kind == "scalar" for row in rows for block in row.blocks):
            return Piece(Level.ATOM, "[", *interleave([self._pieces[row] for row in rows], ", "), "]")
        inner = [Piece(Level.ATOM, *self._pieces[row].parts[1:-1]) for row in rows]
        return Piece(Level.ATOM, "[", *interleave(inner, "; "), "]")

    # Unknown functions

    def unknown(self, node: Unknown) -> Piece:
        """An unknown function or a derivative of it."""
        operands = [self.child(operand) for operand in node.operands]
        order = sum(node.orders)
        if order == 0:
            return self.call(self.name(node.name), operands)
        variables = [self.variable(operand) for operand in node.operands]
        known = [name for name in variables if name]
        if len(operands) == 1:
            is_dependent = node.shape.kind == "scalar" and isinstance(node.operands[0], Symbol) and node.name[0].islower()
            if is_dependent and node.name.partition("_")[0].rstrip("0123456789") not in _FUNCTION_NAMES:
                return self.leibniz("d", node.name, [(known[0], order)])
            return self.call(self.primed(self.name(node.name), order), operands)
        if len(set(known)) == len(variables):
            return self.leibniz("∂", node.name, [(name, k) for name, k in zip(known, node.orders, strict=True) if k])
        marks = [self.partial(position) for position, k in enumerate(node.orders, 1) for _ in range(k)]
        return self.call("".join(marks) + self.name(node.name), operands)

    def variable(self, node: Expression) -> str:
        """The name of an operand that a derivative can be taken by: `x`, or the x of `x(t)`; empty if it has none."""
        if isinstance(node, Symbol):
            return self.name(node.name, node.shape)
        if isinstance(node, Unknown) and not any(node.orders):
            return self.name(node.name)
        return ""

    def primed(self, name: str, order: int) -> str:
        """A function's name with primes."""
        return name + (_PRIMES[order] if order < len(_PRIMES) else f"⁽{str(order).translate(SUPERSCRIPTS)}⁾")

    def partial(self, position: int) -> str:
        """The sign of a derivative by the operand at a position."""
        return "∂" + str(position).translate(SUBSCRIPTS)

    def named(self, node: Named) -> Piece:
        """A function of vectors, its gradient, Jacobian or Hessian."""
        name = self.name(node.name)
        head = {
            "": name, "derivative": self.primed(name, len(node.by)), "gradient": f"∇{name}", "jacobian": f"J_{name}",
            "hessian": f"H_{name}", "partial": "".join(map(self.partial, node.by)) + name,
        }[node.role]  # fmt: skip
        return self.call(head, [self.child(operand) for operand in node.operands])

    def leibniz(self, sign: str, name: str, variables: Sequence[tuple[str, int]]) -> Piece:
        """A derivative as a quotient: dx/dt, ∂²f/∂x∂y."""
        order = sum(k for _, k in variables)
        below = "".join(f"{sign}{variable}{superscript(k)}" for variable, k in variables)
        return Piece(Level.LEIBNIZ, f"{sign}{superscript(order)}{self.name(name)}/{below}")
