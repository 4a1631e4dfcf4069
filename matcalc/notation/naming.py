"""Names for parts of an answer that repeat and are long, and for the reader's own intermediate results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import count

from matcalc.language.dimensions import SCALAR
from matcalc.notation.build import Builder
from matcalc.notation.matrix import (
    Answer,
    BoundedSum,
    Cases,
    Commutation,
    Comparison,
    Delta,
    Dot,
    Element,
    Expression,
    Function,
    Hadamard,
    Identity,
    IndexedSum,
    Indicator,
    Integral,
    MatMul,
    Norm,
    Number,
    Ones,
    Part,
    Position,
    Positions,
    Power,
    Product,
    Size,
    Sum,
    Symbol,
    Transpose,
    Unit,
    Zeros,
    children,
    postorder,
)
from matcalc.notation.recover import is_negative
from matcalc.notation.replace import replaced, with_children

_LENGTH = 4
"""Symbols a part must have to be worth a name."""

_OFTEN, _SHORT_LENGTH = 3, 2
"""A vector function that stands this often is worth a name from this length on: diag(s) - s sᵀ."""

_PLAIN_LENGTH = 7
"""Symbols a part must have that is no function: a short inverse or product is easier read where it stands."""

_VECTOR_LENGTH = 5
"""Symbols that an element-wise product that stands so often must have to be worth one: diag(d) - d sᵀ - s dᵀ."""

_NAMES = 3
"""Names in one answer, besides the reader's own."""

_OWN_LENGTH = 4
"""Symbols that a part must have, if it stands once only, for the reader's own name to be shorter than itself."""

_OWN_FACTORS = 2
"""Factors that a product of the reader's must have to be recognised within another one."""

_OWN_NAMES = 8
"""Definitions of the reader's own names that are repeated under an answer; more than that the reader knows best."""

_MANY = 2_000
"""Distinct parts in an answer beyond which it is not searched for repeats."""

_ATOMS = (Symbol, Number, Size, Identity, Ones, Zeros, Unit, Commutation, Positions, Position)

_LETTERS: Mapping[str, str] = {"sigmoid": "sp", "softmax": "sp", "tanh": "th", "exp": "uv", "logsumexp": "c"}


def with_names(build: Builder, body: Expression, bound: Sequence[tuple[Symbol, Expression]]) -> Answer:
    """An answer in which long repeats, residuals next to an indicator and the reader's `bound` parts stand under a name."""
    used = set(build.taken)
    body, definitions = _with_own_names(build, body, bound)
    if definitions and len(definitions) > _OWN_NAMES:
        definitions = []
    within = (Element, Delta, Position, IndexedSum, BoundedSum, Integral)
    by_elements = any(isinstance(node, within) for node in postorder(body))
    for _ in range(0 if by_elements else _NAMES):  # a definition cannot stand outside the sum that binds its index
        part = _residual(body) or _repeated(body)
        if part is None:
            break
        name = _letter(part, used)
        used.add(name)
        symbol = build.make(Symbol, part.shape, name)
        definitions = [(known, replaced(build, what, part, symbol)) for known, what in definitions]
        definitions.append((symbol, part))
        body = replaced(build, body, part, symbol)
    return Answer(body, tuple(_in_reading_order(definitions)))


def _with_own_names(
    build: Builder, body: Expression, bound: Sequence[tuple[Symbol, Expression]]
) -> tuple[Expression, list[tuple[Symbol, Expression]]]:
    """The body with the reader's names for intermediate results, and what those that it uses stand for."""
    names: dict[Expression, Symbol] = {value: name for name, value in bound if not isinstance(value, _ATOMS)}
    if not names:
        return body, []
    uses = _uses(body)
    short = [value for value in names if uses.get(value, 1) == 1 and sizes(value)[value] < _OWN_LENGTH]
    for value in short:
        del names[value]
    done: dict[Expression, Expression] = {}
    values: dict[Symbol, Expression] = {}
    for node in postorder(body):
        if isinstance(node, Transpose) and isinstance(done[node.operand], Transpose):  # a row under its name
            done[node] = build.transpose(done[node.operand])
        else:
            done[node] = with_children(build, node, done)
        if isinstance(node, Sum) and node not in names:
            part = _partial_sum(build, node, names, done, values)
            if part is not None:
                done[node] = part
        elif isinstance(node, Product) and node not in names:
            part = _partial_product(build, node, names, done, values)
            if part is not None:
                done[node] = part
        if node in names:
            done[node] = _named(build, names[node], done[node], values)
    used: dict[Symbol, None] = {}
    pending = [done[body]]
    while pending:
        for each in postorder(pending.pop()):
            if isinstance(each, Symbol) and each in values and each not in used:
                used[each] = None
                pending.append(values[each])
    return done[body], [(symbol, values[symbol]) for symbol in used]


def _partial_product(
    build: Builder,
    node: Product,
    names: Mapping[Expression, Symbol],
    done: Mapping[Expression, Expression],
    values: dict[Symbol, Expression],
) -> Expression | None:
    """A product with the longest of the reader's products of numbers in it under its name."""
    factors = Counter(node.factors)  # a factor may stand twice
    inside = [
        value for value in names
        if isinstance(value, Product) and value.coefficient == 1 and not value.divisors and not value.shape.dims
        and len(value.factors) >= _OWN_FACTORS and factors > Counter(value.factors)
    ]  # fmt: skip
    if not inside:
        return None
    value = max(inside, key=lambda each: len(each.factors))
    assert isinstance(value, Product)
    symbol = names[value]
    values.setdefault(symbol, done.get(value, value))
    rest = [done[factor] for factor in _without(node.factors, value.factors)]
    return build.product(node.coefficient, [symbol, *rest], [done[each] for each in node.divisors], node.shape)


def _partial_sum(
    build: Builder,
    node: Sum,
    names: Mapping[Expression, Symbol],
    done: Mapping[Expression, Expression],
    values: dict[Symbol, Expression],
) -> Expression | None:
    """w·x + b - y as z - y, where z = w·x + b."""
    for value, name in names.items():
        if isinstance(value, Sum) and value.shape == node.shape and Counter(value.terms) < Counter(node.terms):
            rest = [done[term] for term in _without(node.terms, value.terms)]
            return build.make(Sum, node.shape, (_named(build, name, with_children(build, value, done), values), *rest))
    return None


def _named(build: Builder, symbol: Symbol, meaning: Expression, values: dict[Symbol, Expression]) -> Expression:
    """What stands for a part under its name, which is noted with its meaning: vᵀ for a column, if v is a row."""
    if symbol.shape == meaning.shape:
        values[symbol] = meaning
        return symbol
    values[symbol] = build.transpose_terms(meaning)
    return build.transpose(symbol)


def _without(parts: Sequence[Expression], gone: Sequence[Expression]) -> list[Expression]:
    """The parts without those that are gone, each as often as it is."""
    rest = list(parts)
    for each in gone:
        rest.remove(each)
    return rest


def _in_reading_order(definitions: Sequence[tuple[Symbol, Expression]]) -> list[tuple[Symbol, Expression]]:
    """Definitions that others use come first."""
    rest = list(definitions)
    ordered: list[tuple[Symbol, Expression]] = []
    while rest:
        open_names = {symbol.name for symbol, _ in rest}
        ready = next((item for item in rest if not (_symbols(item[1]) & open_names)), rest[0])
        rest.remove(ready)
        ordered.append(ready)
    return ordered


def _symbols(node: Expression) -> set[str]:
    return {each.name for each in postorder(node) if isinstance(each, Symbol)}


def sizes(root: Expression, cap: int = 10**9) -> dict[Expression, int]:
    """How many symbols each part has when it is written out, up to `cap`."""
    found: dict[Expression, int] = {}
    for node in postorder(root):
        own = 0 if isinstance(node, (Sum, MatMul, Product, Hadamard, Cases, Transpose, Comparison, Element)) else 1
        found[node] = min(cap, own + sum(found[child] for child in children(node)))
    return found


def _uses(body: Expression) -> dict[Expression, int]:
    """How often each part stands in an expression that is written out."""
    uses: dict[Expression, int] = {body: 1}
    for node in reversed(list(postorder(body))):
        for child in children(node):
            uses[child] = min(10**6, uses.get(child, 0) + uses[node])
    return uses


def _repeated(body: Expression) -> Expression | None:
    """The part whose name saves most."""
    size = sizes(body)
    if len(size) > _MANY:
        return None
    uses = _uses(body)
    best, saved = None, 0
    for node in postorder(body):
        if isinstance(node, (*_ATOMS, Comparison, Indicator, Norm)) or (isinstance(node, Power) and not node.shape.dims):
            continue
        if node.shape == SCALAR and not isinstance(node, Function):
            continue
        gain = (uses[node] - 1) * size[node]
        length = _LENGTH if _is_difference(node) else _PLAIN_LENGTH
        if isinstance(node, Function):
            length = _LENGTH if uses[node] < _OFTEN or not node.shape.dims else _SHORT_LENGTH
        elif isinstance(node, Hadamard) and node.shape.kind == "vector" and uses[node] >= _OFTEN:
            length = _VECTOR_LENGTH
        if uses[node] > 1 and size[node] >= length and node is not body and gain > saved:
            best, saved = node, gain
    return best


def _is_difference(node: Expression) -> bool:
    """Whether a vector or matrix is a sum of parts, as x[2:n] - x[1:n-1] is."""
    terms = node.terms if isinstance(node, Sum) and node.shape.dims else ()
    return bool(terms) and all(
        isinstance(term.factors[-1] if isinstance(term, Product) and term.factors else term, Part) for term in terms
    )


def _residual(body: Expression) -> Expression | None:
    """A difference that an indicator switches on and off: the error term of a cost, e = X w + b - y."""
    for node in postorder(body):
        if isinstance(node, (Hadamard, Dot)) and any(isinstance(factor, Indicator) for factor in children(node)):
            for factor in children(node):
                if isinstance(factor, Sum) and any(is_negative(term) for term in factor.terms):
                    return factor
    return None


def _letter(part: Expression, used: Collection[str]) -> str:
    """A free letter by what the part is."""
    if isinstance(part, Function):
        letters = _LETTERS.get(part.name, "uv")
    elif _is_difference(part):
        letters = "de"
    elif isinstance(part, Sum):
        negative = any(is_negative(term) for term in part.terms)
        letters = "er" if negative else "zu"
    else:
        letters = "uv"
    if part.shape.kind == "matrix":
        letters = letters.upper()
    free = [letter for letter in letters + ("UVPQCDGH" if part.shape.kind == "matrix" else "uvpqcdgh") if letter not in used]
    numbered = (f"{letters[0]}_{number}" for number in count(1))
    return free[0] if free else next(name for name in numbered if name not in used)
