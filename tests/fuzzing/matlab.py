"""A program written in MATLAB's operators: the syntax tree, printed in the other dialect."""

from __future__ import annotations

from matcalc.language import tree
from matcalc.language.shapes import Inference

_PLAIN = {"+": "+", "-": "-", ">": ">", "<": "<", ">=": ">=", "<=": "<=", "==": "==", "!=": "~="}
_ELEMENTWISE = {"*": ".*", "/": "./", "**": ".^"}
_REFUSED = frozenset({"var", "std", "normalize"})


class NotInMatlabError(Exception):
    """The dialect does not have it, or means something else by it."""


def matlab(inference: Inference) -> str:
    """The bindings and the expression, without declarations."""
    written: dict[tree.Expr, str] = {}
    program = inference.program
    for root in (*(binding.value for binding in program.bindings), program.body):
        for node in tree.postorder(root):
            written[node] = _written(inference, node, written)
    bindings = [f"{binding.name.name} = {written[binding.value]}" for binding in program.bindings]
    return "; ".join([*bindings, written[program.body]])


def _written(inference: Inference, node: tree.Expr, of: dict[tree.Expr, str]) -> str:
    match node:
        case tree.Number():
            return f"({node.value})"
        case tree.Name():
            return node.name
        case tree.Unary():
            return f"(-{of[node.operand]})"
        case tree.Transpose():
            return f"(({of[node.operand]})')"  # a.^x' is (a.^x)' there
        case tree.Binary():
            return _binary(inference, node, of[node.left], of[node.right])
        case tree.Call():
            return _call(inference, node, of)
        case tree.Index():
            positions = [each.name if isinstance(each, tree.Name) else each.span.excerpt for each in node.subscripts]
            if isinstance(node.operand, tree.Name):
                return f"{of[node.operand]}[{', '.join(positions)}]"
            return f"({of[node.operand]})[{', '.join(positions)}]"
        case tree.IndexSum() if not node.conditions:
            ranges = []
            for clause in node.clauses:
                if clause.lower is None or clause.upper is None:
                    raise NotInMatlabError
                ranges.append(f"for {clause.index.name} in {clause.lower.span.excerpt}..{clause.upper.span.excerpt}")
            return f"{node.function}({of[node.body]} {' '.join(ranges)})"
    raise NotInMatlabError


def _binary(inference: Inference, node: tree.Binary, left: str, right: str) -> str:
    kinds = inference.shapes[node.left].kind, inference.shapes[node.right].kind
    if node.operator in _PLAIN:
        return f"({left} {_PLAIN[node.operator]} {right})"
    if node.operator in _ELEMENTWISE:
        return f"({left} {_ELEMENTWISE[node.operator]} {right})"
    if node.operator == "^":
        return f"({left} {'^' if kinds[0] in ('scalar', 'matrix') else '.^'} {right})"
    if kinds == ("vector", "vector"):
        return f"({left}' * {right})"
    return f"({left} * {right})"


def _call(inference: Inference, node: tree.Call, of: dict[tree.Expr, str]) -> str:
    name = node.function
    if name in _REFUSED or (name in ("ones", "zeros") and len(node.arguments) == 1):
        raise NotInMatlabError
    if name == "norm" and len(node.arguments) == 1 and not node.keywords:
        name = "norm2"
    arguments = [of[argument] for argument in node.arguments]
    keywords = [f"{word}={value.span.excerpt}" for word, value in node.keywords]
    return f"{name}({', '.join(arguments + keywords)})"
