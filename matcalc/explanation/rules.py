"""The name of the rule by which a step is differentiated by one of its operands, in the words of Parr & Howard.

What is special to one operation stands in its row of the table; here are the operators of the language, and what all
element-wise and all linear operations have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from matcalc.explanation.derivation import unmarked
from matcalc.explanation.local import Local
from matcalc.explanation.meeting import Meeting, meeting
from matcalc.explanation.product_rules import is_linear_in_vector, of_product
from matcalc.explanation.writing import said as written
from matcalc.language import tree
from matcalc.language.calls import axis_of, canonical
from matcalc.notation import matrix as notation
from matcalc.notation.matrix import Answer
from matcalc.operations.rows import Derived, Elementwise, Operation
from matcalc.operations.table import COMPARISONS, FUNCTIONS, OPERATIONS

if TYPE_CHECKING:
    from matcalc.explanation.intermediates import Quantity
    from matcalc.language.shapes import Inference

_LONGEST = 120
_OTHER = "the other operand"
_NAMES = 2
"""As many terms are named, and not only counted."""
_SIGNS = {">": ">", ">=": "≥", "<": "<", "<=": "≤"}


class Reasons:
    """Gives the reasons of one derivation: why a Jacobian is diagonal is said at length once."""

    def __init__(self, inference: Inference) -> None:
        self.inference = inference
        self._is_known = False

    def rule(self, of: Local) -> str:
        """The rule, in words."""
        said = rule(self.inference, of, brief=self._is_known)
        self._is_known = self._is_known or _is_long(said)
        return said


_SIGN_STAYS, _SIGN_TURNS = "the minus sign stays", "the minus sign before it turns the sign"
"""What becomes of a minus sign before a step, also where its rule has one, as for a quotient."""


def rule(inference: Inference, of: Local, *, brief: bool = False) -> str:
    """The rule, in words; `brief` if it was said before why the Jacobian of an element-wise step is diagonal."""
    step, operand = of.step, of.operand
    if step.role == "alias":
        return f"`{step.name}` is `{operand.name}` itself{': the identity' if step.shape.dims else ''}"
    found = meeting(inference, step, operand)
    name = _of_places(found) or _rule(found, of)
    is_negative = written(of.written).startswith("-")
    rest = [_SIGN_TURNS if each == _SIGN_STAYS and not is_negative else each for each in _rest(found, name)]
    letter = _commuted(of, found)
    if not found.is_entrywise or not _is_elementwise(found):
        return _short_enough([[name, *rest, *letter], [name, *rest], [name, *rest[:1]], [name]])
    name = f"{name}{'; ' if ':' in name or ',' in name else ', '}element-wise"
    if brief:
        return _short_enough([[f"{name}: diagonal", *rest], [f"{name}: diagonal"]])
    entry = "entry `(i, j)`" if len(step.shape.dims) > 1 else "entry `i`"
    same = f"{entry} of `{step.name}` depends on {entry} of `{operand.name}` only, so diagonal"
    size = step.shape.dims[0].name if len(step.shape.dims) == 1 else None
    saved = f" (`{size}` numbers, not `{size}²`)" if size else ""
    return _short_enough(
        [[f"{name}: {same}{saved}", *rest], [f"{name}: {same}", *rest], [f"{name}: {same}"], [f"{name}: diagonal", *rest]]
    )


def _of_places(found: Meeting) -> str:
    """For an operand that stands in several places, or nothing if there is one."""
    node, name = found.node, found.operand.name
    if found.places < 2 or isinstance(node, tree.IndexSum):
        return ""
    if isinstance(node, tree.Stack):
        return "each entry by its own rule" if found.is_entrywise else f"each entry of `{found.step.name}` by its own rule"
    if node is found.child and isinstance(node, tree.Binary):
        is_direct = all(found.said(each).removesuffix("ᵀ") == name for each in (node.left, node.right))
        if is_direct and node.operator in ("*", "@", "juxtapose"):
            return f"product rule (`{name}` is in both factors)"
        if is_direct and node.operator in ("+", "-"):
            return f"sum rule (`{name}` is in both terms)"
    return f"`{name}` stands in {found.places} places, whose contributions add up"


def _marked(formula: str) -> str:
    """A formula among words; nothing if there is none."""
    return formula and f"`{formula}`"


def _in_words(said: str, *names: str) -> str:
    """Without the marks of a formula around what has no name."""
    for name in names:
        said = said.replace(f"`{name}`", name)
    return said


def _is_long(said: str) -> bool:
    return ", so diagonal" in said


def _short_enough(choices: Sequence[Sequence[str]]) -> str:
    """The first of some reasons, by their parts, that fits into a line; else the last."""
    said = ["; ".join(parts) for parts in choices]
    return next((each for each in said if len(unmarked(each)) <= _LONGEST), said[-1])


def _rest(found: Meeting, said: str) -> list[str]:
    """The constant factor and the other terms, of an operator that does not itself speak of them."""
    rest = []
    if found.is_scaled and found.node is not found.child and not is_linear_in_vector(found):
        rest += [] if said.startswith("constant multiple rule") else ["constant multiple rule"]
    elif found.is_negative and found.node is not found.child and not is_linear_in_vector(found) and not _is_sum(found.node):
        rest.append(_SIGN_STAYS)
    if found.others:
        rest.append(_left_out(found))
    return rest


def _is_sum(node: tree.Expr) -> bool:
    return isinstance(node, tree.Binary) and node.operator in ("+", "-")


def _left_out(found: Meeting) -> str:
    """That other terms do not depend on the operand."""
    terms = [each for each in reversed(found.others) if not found.is_number(each)]
    if not terms:
        return "the constants drop out" if len(found.others) > 1 else "the constant drops out"
    names = list(map(found.written, terms)) if len(terms) <= _NAMES else [""]
    if "" in names:
        return f"the other term{'s do' if len(terms) > 1 else ' does'} not depend on `{found.operand.name}`"
    named = " and ".join(f"`{each}`" for each in names)
    others = [found.step.leaves[each] for each in terms if each in found.step.leaves]
    if _bases(found.operand) & {base for other in others for base in _bases(other)}:  # xᵢ and xⱼ, which may be the same
        return f"{named} held fixed"
    return f"{named} do{'' if len(names) > 1 else 'es'} not depend on `{found.operand.name}`"


def _bases(quantity: Quantity) -> set[Quantity]:
    """The vectors of which a step of one term of a sum takes an entry."""
    if quantity.role == "entry":
        return set(quantity.operands)
    entries = [each for each in quantity.operands if isinstance(each.symbol, notation.Element)]
    return {base for entry in entries for base in _bases(entry)}


def _is_elementwise(found: Meeting) -> bool:
    """Whether the operator works entry by entry, and is more than a sum or a multiple."""
    node = found.node
    if found.places > 1:
        return isinstance(node, tree.Stack) or (isinstance(node, tree.Binary) and node.operator in ("*", "/"))
    if node is found.child:
        return False
    if isinstance(node, tree.Binary):
        if node.operator in ("^", "**"):
            return not _is_matrix_power(found) and not _is_square_norm(found)
        is_array = found.other is not None and bool(found.shape(found.other).dims)
        return (node.operator == "*" and is_array) or (node.operator == "/" and (is_array or found.position == 1))
    if not isinstance(node, tree.Call):
        return False
    if node.function in found.inference.functions:
        return found.inference.functions[node.function].elementwise
    operation = FUNCTIONS[canonical(node).function]
    if isinstance(operation, Elementwise):
        derivatives = operation.derivatives or ()
        return found.position >= len(derivatives) or derivatives[found.position] != "0"
    return isinstance(operation, Derived) and not operation.forms


def _rule(found: Meeting, of: Local) -> str:
    """The rule for the operator that the operand meets."""
    match found.node:
        case node if node is found.child:
            return _of_term(found)
        case tree.Binary():
            return _of_operator(found, found.node, of)
        case tree.Call():
            return _of_call(found, found.node, of)
        case tree.Stack():
            return _of_stack(found)
        case tree.Index():
            one = not found.shape(found.node).dims
            name = found.said(found.child)
            return f"one entry of `{name}`: coefficient 1, the others 0" if one else f"linear: a part of `{name}`, unchanged"
        case tree.IndexSum():
            row = OPERATIONS.get(canonical(_as_call(found.node)).function)
            if found.node.function in ("sum", "mean") or row is None:
                return "sum rule: the terms are differentiated one by one"
            return _filled(found, row)
    return "linear"


def _as_call(node: tree.IndexSum) -> tree.Call:
    """A sum over an index as the same function of all terms."""
    return tree.Call(node.function, (node.body,), (), node.span, node.span)


def _of_term(found: Meeting) -> str:
    """A term of a sum, with a constant factor or a sign, and no other operator."""
    name = "difference rule" if found.is_negative else "sum rule"
    if not found.others:
        name = "constant multiple rule" if found.is_scaled or found.is_negative else "linear"
    elif found.is_scaled:
        name = "sum and constant multiple rule"
    if found.is_transposed and len(found.step.shape.dims) > 1:
        return f"{name}: the entries of `{found.operand.name}` in other places"
    if not found.step.shape.dims:
        return name
    return f"{name}: {'a multiple of ' if found.is_scaled else 'minus ' if found.is_negative else ''}the identity"


# Operators


def _of_operator(found: Meeting, node: tree.Binary, of: Local) -> str:
    if _is_sum(node):
        verb = "subtracted from" if found.is_negative else "added to"
        return f"{_stretched(found)} is {verb} every {_line(found)}"
    if node.operator in ("^", "**"):
        return _of_power(found, node)
    if node.operator in COMPARISONS:
        return "constant but for its jump: 0"
    assert found.other is not None
    if node.operator == "divide" and found.shape(found.other).dims and found.shape(found.child).dims:
        return "linear: multiplied by an inverse" if not found.position else _filled(found, OPERATIONS["inv"])
    if node.operator in ("/", "divide"):
        return _of_quotient(found)
    if found.shape(node.left).dims and found.shape(node.right).dims and node.operator != "*":
        return of_product(found, of)
    return _of_scaling(found)


def _of_scaling(found: Meeting) -> str:
    """A product of numbers, of each entry, or with a number."""
    child, other, operand = found.shape(found.child), found.other, found.operand
    name = found.said(other)
    if child.dims or not found.shape(found.node).dims:
        if other is not None and found.is_fixed(other):
            return "constant multiple rule"
        return f"constant multiple rule ({_marked(found.written(other)) or 'the other factor'} held fixed)"
    return f"scalar expansion: `{operand.name}` multiplies every entry{f' of `{name}`' if name else ''}"


def _of_quotient(found: Meeting) -> str:
    above, below = found.shape(found.child), found.shape(found.other) if found.other else None
    fixed = _marked(found.written(found.other))
    if not found.position:
        if above.dims != found.shape(found.node).dims:
            return f"constant multiple rule; {_stretched(found)} stands in every {_line(found)}"
        held = "" if found.other is None or found.is_fixed(found.other) else f" ({fixed or 'the denominator'} held fixed)"
        return f"constant multiple rule{held}"
    numerator = "" if isinstance(found.other, tree.Number) else f" ({fixed or 'the numerator'} held fixed)"
    rule = "power rule with exponent `-1`" if isinstance(found.other, tree.Number) else "quotient rule"
    if below is not None and above.dims != found.shape(found.node).dims:
        return f"{rule}{numerator}; {_stretched(found)} divides every {_line(found)}"
    return f"{rule}{numerator}"


def _stretched(found: Meeting) -> str:
    own = found.child in found.step.leaves or isinstance(found.child, tree.Transpose)
    name = f"`{found.operand.name if own else found.written(found.child) or found.operand.name}`"
    return name if found.shape(found.child).dims else f"scalar expansion: {name}"


def _line(found: Meeting) -> str:
    return {"scalar": "entry", "vector": "column", "row": "row"}.get(found.shape(found.child).kind, "entry")


def _of_power(found: Meeting, node: tree.Binary) -> str:
    name = found.operand.name
    if _is_square_norm(found):
        if len(found.operand.shape.dims) > 1:
            return f"power rule for each entry of the sum `‖{name}‖_F² = sum({name}²)`"
        return f"`‖{name}‖² = {name}·{name}`: power rule for each square in the sum"
    if _is_matrix_power(found):
        exponent = _number(node.right)
        if exponent is None or exponent > 0:
            return _filled(found, OPERATIONS["matrix_power"])
        return f"{'product rule, and ' if exponent < -1 else ''}{_filled(found, OPERATIONS['inv'])}"
    is_alone = found.other is None or found.is_fixed(found.other)
    held = "" if is_alone else f" ({_marked(found.written(found.other)) or 'the rest'} held fixed)"
    stretch = ""
    if found.shape(found.child).dims != found.shape(found.node).dims:
        stretch = f"; {_stretched(found)} stands in every {_line(found)}"
    return _filled(found, OPERATIONS["power"]) + held + stretch


def _number(node: tree.Expr) -> Fraction | None:
    """The number that a part is; -2 for a name with a minus sign."""
    if isinstance(node, tree.Unary):
        below = _number(node.operand)
        return Fraction(-2) if below is None else -below
    return Fraction(node.value) if isinstance(node, tree.Number) else None


def _is_square_norm(found: Meeting) -> bool:
    node = found.node
    return isinstance(node, tree.Binary) and not found.shape(node).dims and bool(found.operand.shape.dims)


def _is_matrix_power(found: Meeting) -> bool:
    node = found.node
    return isinstance(node, tree.Binary) and node.operator == "^" and found.shape(node).kind == "matrix"


def _commuted(of: Local, found: Meeting) -> list[str]:
    """What the commutation matrix is, if that of the operand stands in the derivative."""
    name = found.operand.name
    written = of.written.body if isinstance(of.written, Answer) else of.written
    letters = [
        node.name
        for node in notation.postorder(written)
        if isinstance(node, notation.Commutation) and node.shape.dims == found.operand.shape.dims
    ]
    return [f"`{letters[0]} vec({name}) = vec({name}ᵀ)`"] if letters else []


# Functions and stacks


def _of_call(found: Meeting, node: tree.Call, of: Local) -> str:
    if node.function in found.inference.functions:
        return _of_unknown(found, node)
    call = canonical(node)
    operation = FUNCTIONS[call.function]
    if not _is_elementwise(found):
        axis = axis_of(call)
        return _filled(found, operation) if axis is None else _of_lines(found, operation, "column" if axis == 0 else "row")
    said = _compared(found, operation) or _filled(found, operation)
    if found.shape(found.child).dims != found.shape(node).dims:
        return f"{said}; {_stretched(found)} stands in every {_line(found)}"
    return said


def _of_unknown(found: Meeting, node: tree.Call) -> str:
    name = node.function
    if len(node.arguments) > 1:
        return f"`{name}` is not known: its partial derivative is only named"
    if found.inference.functions[name].of_t:
        return f"`{name}` as a function of `{found.operand.name}` is not known: its derivative only has a name"
    if found.inference.functions[name].elementwise:
        return f"`{name}` is not known: its derivative is called `{name}′`"
    return f"`{name}` is not known: its {'Jacobian' if found.shape(node).dims else 'gradient'} only has a name"


def _filled(found: Meeting, operation: Operation) -> str:
    """What the table says about an operand."""
    said, name = _in_table(found, operation), found.said(found.child) or found.operand.name
    kind = "matrix" if found.shape(found.child).kind == "matrix" else "vector"
    return _in_words(said.format(u=name, other=found.said(found.other) or _OTHER, kind=kind), _OTHER)


def _of_lines(found: Meeting, operation: Operation, line: str) -> str:
    """The same along an axis."""
    said = _in_table(found, operation).format(u=f"the {line}", other=_OTHER, kind="vector")
    return f"each {line} by itself; {_in_words(said, _OTHER, f'the {line}')}"


def _in_table(found: Meeting, operation: Operation) -> str:
    said = operation.rule if isinstance(operation.rule, str) else operation.rule[min(found.position, len(operation.rule) - 1)]
    return said or f"derivative of `{operation.shown}`"


def _compared(found: Meeting, operation: Operation) -> str:
    """Where the derivative is 1, and what it is at the kink, for a function that selects: the comparison in the table."""
    if not isinstance(operation, Elementwise) or operation.derivatives is None or found.position >= len(operation.derivatives):
        return ""
    is_constant = isinstance(found.other, tree.Number)
    text = operation.tie if operation.tie and is_constant and not found.position else operation.derivatives[found.position]
    left, sign, right = (*text.split(), "", "")[:3]
    sides = dict(zip(operation.parameters, (_side(found, each) for each in tree.children(found.node)), strict=False))
    left, right = sides.get(left, left), sides.get(right, right)
    if sign not in _SIGNS or not (left and right) or len(sides) < len(tree.children(found.node)):
        return ""
    kink = "" if "=" in sign else f" (also at `{left} = {right}`)"
    if kink and not found.step.shape.dims:
        kink = f" (by convention also at `{left} = {right}`)"
    kind = "" if found.step.shape.dims else "piecewise: "
    return f"{kind}1 where `{left} {_SIGNS[sign]} {right}`, else 0{kink}"


def _side(found: Meeting, node: tree.Expr) -> str:
    """A number or a name that is no name for a number."""
    if isinstance(node, tree.Number):
        return node.span.excerpt
    if isinstance(node, tree.Name) and node not in found.step.leaves and node.name not in found.inference.symbols:
        return ""
    return found.said(node)


def _of_stack(found: Meeting) -> str:
    name = found.said(found.child) or found.operand.name
    if found.shape(found.child).dims:
        return f"`{name}` is a block of `{found.step.name}`; the other blocks do not depend on it"
    return f"`{name}` stands in one entry of `{found.step.name}` only"
