"""A program, read and lowered once, for any number of derivatives; and the numbers that are put in for its variables."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any, Final

from matcalc.calculus.facts import Facts, names_in, structure
from matcalc.calculus.simplify import Simplifier
from matcalc.calculus.targets import STRUCTURES
from matcalc.errors import EvaluationError, UsageError
from matcalc.language import tree
from matcalc.language.declared import Symmetric
from matcalc.language.dialects import dialect_named
from matcalc.language.dimensions import Dim, Shape, dim
from matcalc.language.joined import doubtful
from matcalc.language.parse import parse_declarations, parse_program, parse_shape, parse_targets
from matcalc.language.remarks import remarks
from matcalc.language.shapes import Inference, Symbol, infer
from matcalc.notation import matrix as notation
from matcalc.notation.answer import own_names
from matcalc.notation.matrix import Answer, Expression
from matcalc.notation.recover import Recovery
from matcalc.notation.written import as_written
from matcalc.operations.table import FUNCTIONS
from matcalc.tensor.evaluate import evaluate
from matcalc.tensor.lower import Lowering, Value
from matcalc.tensor.nodes import Graph, Node, Variable, topological

_THEN: Final = re.compile(r"(?<!\w)then(?!\w)")


@contextmanager
def without_collector() -> Iterator[None]:
    """Pause the garbage collector: a graph has no cycles, and scanning it again and again doubles the time of a derivation."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def sizes_known() -> Iterator[None]:
    """Say which size the values given do not fix."""
    try:
        yield
    except KeyError as error:
        name = error.args[0]
        raise EvaluationError(f"the values do not fix the size {name}", help=f"give it too: {name}=3") from None


class Problem:
    """A program, read and lowered once, for any number of derivatives."""

    def __init__(
        self,
        text: str,
        wrt: Sequence[str] = (),
        *,
        shapes: Mapping[str, str] | None = None,
        where: str | None = None,
        dialect: str = "matcalc",
        symmetric: Symmetric = "space",
    ) -> None:
        self.text = text
        program = parse_program(text, dialect_named(dialect))
        declared = list(parse_declarations(where)) if where else []
        for name, shape in (shapes or {}).items():
            spec = parse_shape(shape)
            declared.append(tree.Declaration((tree.Name(name, spec.span),), spec, spec.span))
        targets, lengths = _paths(wrt)
        bound = {binding.name.name for binding in program.bindings}
        free = {name for target in targets for name in _names(target) if name in bound}
        self.declared = {
            name.name
            for declaration in (*program.declarations, *declared)
            if isinstance(declaration, tree.Declaration)
            for name in declaration.names
        }
        self.inference: Inference = infer(program, declared=declared, targets=targets, free=free)
        rest = iter(self.inference.targets)
        self.paths = [tuple(islice(rest, length)) for length in lengths]
        for name in ("I", "pi", "π"):
            if name in self.inference.symbols:
                meaning = "the identity matrix" if name == "I" else "the number 3.14159…"
                raise UsageError(f"`{name}` is {meaning} here", self.inference.symbols[name].span, help="choose another name")
        self.released: dict[str, frozenset[str]] = {}
        facts = self._use_structures()
        if symmetric == "unconstrained":
            self._release()
        self._release_orthogonal()
        self.graph = Graph()
        self.simplifier = Simplifier(self.graph)
        lowering = Lowering(self.graph, self.inference)
        self.facts = Facts()
        with without_collector():
            self.value: Value = lowering.program()
            self.simplifier.keep(value.node for value in (lowering.names or {}).values())
            self.facts.learn(self.simplifier, lowering, facts)
            if self.facts:
                self.simplifier.learn(self.facts.applied)
            self.root: Node = self.simplifier.simplify(self.value.node)
        self.bindings: dict[str, Value] = dict(lowering.names or {})
        shapes_used = [symbol.shape.dims for symbol in self.inference.symbols.values()]
        sizes = [size for dims in (*shapes_used, *self.inference.ranges.values()) for size in dims]
        dimensions = frozenset(name for size in sizes for name in size.names)
        self.recovery = Recovery(
            self.simplifier,
            frozenset(name for name, symbol in self.inference.symbols.items() if symbol.shape.kind == "row"),
            frozenset({*self.inference.symbols, *self.bindings, *self.inference.functions, *dimensions, "I", "pi", "π"}),
            dimensions,
        )
        self.recovery.words = _functions(program)

    def _use_structures(self) -> list[tree.Fact]:
        """Take equations such as A = A' for properties of the variables; the other ones that are not about a target."""
        symbols = self.inference.symbols
        targets = {name for target in self.inference.targets for name in _names(target)}
        self.unused_facts = list(self.inference.unused)
        rest: list[tree.Fact] = []
        for fact in self.inference.facts:
            stated = structure(fact)
            if stated is not None and stated[0] in symbols and (stated[0] not in targets or stated[1] == "symmetric"):
                name, added = stated
                rows, columns = symbols[name].shape.dims
                added = "orthogonal" if added != "symmetric" and rows == columns else added
                symbols[name] = replace(symbols[name], properties=symbols[name].properties | {added})
            elif stated is not None or names_in(fact) & targets:
                self.unused_facts.append(fact)
            else:
                rest.append(fact)
        return rest

    def _release(self) -> None:
        """Forget the structure of the matrices differentiated by: A' is not A where only one entry of A moves."""
        symbols = self.inference.symbols
        for name in {name for target in self.inference.targets for name in _names(target)} & set(symbols):
            self.released[name] = symbols[name].properties & STRUCTURES
            symbols[name] = replace(symbols[name], properties=symbols[name].properties - STRUCTURES)

    def _release_orthogonal(self) -> None:
        """The orthogonal matrices are no linear space: the derivative by one is that by all entries."""
        symbols = self.inference.symbols
        for name in {name for target in self.inference.targets for name in _names(target)} & set(symbols):
            if "orthogonal" in symbols[name].properties:
                self.released[name] = frozenset({"orthogonal"})
                symbols[name] = replace(symbols[name], properties=symbols[name].properties - {"orthogonal"})

    def facts_not_used(self) -> list[tree.Fact]:
        """The equations of the where clause that made no difference, or are about what is differentiated by."""
        rules = dict.fromkeys(fact for _, fact in self.facts.rules.values())
        return [*self.unused_facts, *(fact for fact in rules if fact not in self.facts.used)]

    @cached_property
    def written(self) -> Answer:
        """The expression as it was written, in matrix notation."""
        return Answer(as_written(self.recovery.build, self.inference))

    @cached_property
    def own_names(self) -> list[tuple[notation.Symbol, Expression]]:
        """The reader's names for intermediate results, in matrix notation."""
        return own_names(self.recovery, self.bindings)

    def remarks(self) -> list[str]:
        """What a reader should know about how the text was read: stretched operands, and what may have been meant otherwise."""
        return [caption for _, caption in self.inference.stretched] + self.warnings()

    def warnings(self) -> list[str]:
        """What may have been meant otherwise."""
        program, symbols = self.inference.program, self.inference.symbols
        assumed = [symbol.name for symbol in symbols.values() if not (symbol.declared or _is_subscripted(symbol))]
        targets = {name for target in self.inference.targets for name in _names(target)}
        found: dict[str, None] = dict.fromkeys(doubtful(assumed, symbols, targets, program.dialect.times))
        for root in (*(binding.value for binding in program.bindings), program.body):
            found.update(dict.fromkeys(filter(None, map(self._warning, tree.postorder(root)))))
        found.update(dict.fromkeys(remarks(self.inference)))
        return list(found)

    def _warning(self, node: tree.Expr) -> str | None:
        """What may have been meant otherwise by one operator, function or name."""
        dialect = self.inference.program.dialect
        if isinstance(node, tree.Binary) and node.operator == "^" and isinstance(node.left, tree.Name):
            symbol = self.inference.symbols.get("e")
            if node.left.name == "e" and symbol is not None and not symbol.declared:
                return "e is a variable here; the exponential function is exp(x)"
        elif isinstance(node, tree.Name) and node.name == "I" and dialect.kind_of("I"):
            if self.inference.roles.get(node) == "constant":
                return "I is the identity matrix here, not a variable"
        elif isinstance(node, tree.Call) and self._is_column_wise(node):
            others = f"that of {dialect.name.upper()} is taken over each column"
            return f"{node.span.excerpt} is taken over all elements; {others}"
        elif isinstance(node, tree.Call) and node.function in FUNCTIONS:
            dims = self.inference.shapes[node].dims
            namesake = FUNCTIONS[node.function].namesake
            if namesake and len(dims) == 2 and dims[0] == dims[1]:
                return f"{node.span.excerpt} is taken element by element; it is not the {namesake}"
        return None

    def _is_column_wise(self, node: tree.Call) -> bool:
        """Whether a function of a matrix is taken over its columns by others who write like this."""
        if node.keywords or node.name_span.excerpt not in self.inference.program.dialect.column_wise:
            return False
        return [self.inference.shapes[argument].kind for argument in node.arguments] == ["matrix"]

    def arrays(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
        """The values as arrays of the right shapes, and the sizes they imply.

        Raises:
            EvaluationError: a value is missing, unknown, or does not fit its shape.
        """
        import numpy as np  # noqa: PLC0415 (only where numbers are evaluated)

        sizes: dict[str, int] = {}
        arrays: dict[str, Any] = {}
        lengths: list[tuple[Dim, int, str]] = []
        for name, value in values.items():
            symbol = self.inference.symbols.get(name)
            if symbol is None:
                if isinstance(value, int) and name not in self.bindings and name not in self.declared:
                    lengths.insert(0, (dim(name), value, name))
                    continue
                if name in self.declared:
                    continue  # declared, but the expression does not depend on it
                raise EvaluationError(f"`{name}` is not a variable of this expression")
            try:
                array = np.asarray(value, dtype=float)
            except (TypeError, ValueError):
                raise EvaluationError(f"the value of `{name}` is not an array of real numbers") from None
            wanted = symbol.shape.dims
            if array.ndim > len(wanted):
                array = _squeezed(array, symbol.shape)
            if array.ndim != len(wanted):
                raise EvaluationError(f"`{name}` is a {symbol.shape}, but its value has {array.ndim} axes")
            lengths += [(size, length, name) for size, length in zip(wanted, array.shape, strict=True)]
            _check_structure(np, name, array, symbol.properties)
            arrays[name] = array
        lengths.sort(key=lambda each: len(each[0].names))  # m + n and m*n after m and n
        for size, length, name in lengths:
            _fit(size, length, sizes, name)
        self._check_facts(arrays, sizes)
        return arrays, sizes

    def _check_facts(self, arrays: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
        """The equations that the answer relies on must hold for the values put in."""
        import numpy as np  # noqa: PLC0415

        for fact, left, right in self.facts.stated if self.facts.used else ():
            needed = {node.name for node in topological([left, right]) if isinstance(node, Variable)}
            if fact not in self.facts.used or not needed <= set(arrays):
                continue
            if not np.allclose(evaluate(left, arrays, sizes), evaluate(right, arrays, sizes), rtol=1e-6, atol=1e-8):
                raise EvaluationError(f"{fact.span.excerpt} was stated, but does not hold for these values", fact.span)


def _check_structure(np: Any, name: str, array: Any, properties: frozenset[str]) -> None:
    """What was declared of a variable must hold for its value: the answer may rely on it."""
    holds: dict[str, Callable[[], Any]] = {
        "positive": lambda: bool((array > 0).all()),
        "integer": lambda: bool((array == np.round(array)).all()),
        "symmetric": lambda: np.allclose(array, array.T),
        "spd": lambda: np.allclose(array, array.T) and bool((np.linalg.eigvalsh(array) > 0).all()),
        "diagonal": lambda: np.allclose(array, np.diag(np.diagonal(array))),
        "orthonormal_columns": lambda: np.allclose(array.T @ array, np.eye(array.shape[1])),
        "orthonormal_rows": lambda: np.allclose(array @ array.T, np.eye(array.shape[0])),
        "orthogonal": lambda: np.allclose(array.T @ array, np.eye(array.shape[1])),
        "lower_triangular": lambda: np.allclose(array, np.tril(array)),
        "upper_triangular": lambda: np.allclose(array, np.triu(array)),
    }
    square = array.ndim != 2 or array.shape[0] == array.shape[1]
    for each in sorted(properties & set(holds)):
        if not ((square or each in ("positive", "integer") or each.startswith("orthonormal")) and holds[each]()):
            if each == "integer":
                raise EvaluationError(f"`{name}` is an integer here, so its value must be an integer")
            raise EvaluationError(f"`{name}` is declared {each}, but its value is not")


def _squeezed(array: Any, shape: Shape) -> Any:
    """A vector or row given as a matrix with one column or row."""
    if len(shape.dims) == 1 and array.ndim == 2 and 1 in array.shape:
        return array.reshape(-1)
    return array.reshape(()) if not shape.dims and array.size == 1 else array


def _fit(size: Dim, length: int, sizes: dict[str, int], name: str) -> None:
    """Learn a named dimension from an array's length, or check it."""
    unknown = [name for name in size.names if name not in sizes]
    if len(unknown) == 1:  # linear in it, or it is found by other lengths
        low, high = (size.value({**sizes, unknown[0]: guess}) for guess in (0, 1))
        if high != low and (length - low) % (high - low) == 0 and (length - low) // (high - low) > 0:
            sizes[unknown[0]] = (length - low) // (high - low)
            unknown = []
    if not unknown and size.value(sizes) == length:
        return
    raise EvaluationError(f"a size of `{name}` is {length}, but {size} is expected here")


def _paths(wrt: Sequence[str]) -> tuple[list[tree.Expr], list[int]]:
    """The targets of all texts, and how many of them belong to each derivative: `x then y, z` is two and one."""
    targets: list[tree.Expr] = []
    lengths: list[int] = []
    for text in wrt:
        parts = _THEN.split(text)
        if len(parts) > 1 and not all(map(str.strip, parts)):
            raise UsageError("`then` stands between two variables", help="write for example `x then y`")
        for position, part in enumerate(parts):
            found = parse_targets(part.strip())
            targets += found
            if position:
                lengths[-1] += 1
                found = found[1:]
            lengths += [1] * len(found)
    return targets, lengths


def _is_subscripted(symbol: Symbol) -> bool:
    """Whether a matrix is called `Wq`, which is no product of letters where it is multiplied by something."""
    return symbol.shape.kind == "matrix" and symbol.name[1:].islower()


def _names(target: tree.Expr) -> list[str]:
    return [node.name for node in tree.postorder(target) if isinstance(node, tree.Name)]


def _functions(program: tree.Program) -> frozenset[str]:
    """The operations that are called."""
    calls = (
        node.function
        for root in (*(binding.value for binding in program.bindings), program.body)
        for node in tree.postorder(root)
        if isinstance(node, tree.Call)
    )
    return frozenset(FUNCTIONS[name].name for name in calls if name in FUNCTIONS)
