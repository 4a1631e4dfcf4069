"""SymPy: an answer as a SymPy expression.

Vectors are n×1 matrices, rows 1×n. A product of matrices that is a number is its only element, `(w.T*x)[0, 0]`. Indices
count from 1 on paper and from 0 in SymPy, so those of index notation run from 0 to n - 1 here. Nothing is simplified and
little is evaluated: the result has the form that was printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

import sympy
from sympy.matrices.expressions.matexpr import MatrixElement

from matcalc.errors import LimitError
from matcalc.language.dimensions import Dim, Shape
from matcalc.limits import MAX_PRINTED, MAX_SYMPY_DEPTH
from matcalc.notation import matrix as nodes
from matcalc.notation.matrix import Answer, Expression, children, postorder
from matcalc.operations.rows import Elementwise
from matcalc.operations.table import COMPARISONS, OPERATIONS
from matcalc.output import sympy_functions, sympy_matrices
from matcalc.output.precedence import rational
from matcalc.output.sympy_arrays import EXPLICIT, ArrayFunction, Reduction
from matcalc.output.sympy_series import MatrixIntegral, MatrixSum

_RELATIONS: Final = {">": sympy.Gt, "<": sympy.Lt, ">=": sympy.Ge, "<=": sympy.Le, "==": sympy.Eq, "!=": sympy.Ne}
_HALF: Final = sympy.Rational(1, 2)
_NOTHING: Final[Mapping[str, frozenset[str]]] = MappingProxyType({})


def to_sympy(answer: Answer, properties: Mapping[str, frozenset[str]] = _NOTHING) -> Any:
    """The answer as a SymPy expression, with definitions put in.

    `properties` are the declared properties of variables; those that are "positive" are so in SymPy.

    >>> from matcalc.language.dimensions import dim, row, vector
    >>> from matcalc.notation.matrix import Symbol, Transpose
    >>> to_sympy(Answer(Transpose(row(dim("n")), Symbol(vector(dim("n")), "x"))))
    x.T
    """
    if answer.left_open:
        raise LimitError("the answer is too large for a SymPy expression")
    _check(answer)
    building = _Building(properties)
    for left, meaning in answer.definitions:
        if isinstance(left, nodes.Element):
            assert isinstance(left.operand, nodes.Symbol)
            building.arrays[left.operand.name] = tuple(map(_index, left.indices)), building.build(meaning)
        else:
            building.names[left.name] = building.build(meaning)
    return building.build(answer.body)


def _check(answer: Answer) -> None:
    """Refuse what SymPy, which recurses and does not share, could not work with."""
    measures: dict[Expression, tuple[int, int]] = {}
    names: dict[str, tuple[int, int]] = {}
    for left, expr in (*answer.definitions, (None, answer.body)):
        symbol = left.operand if isinstance(left, nodes.Element) else left
        for node in postorder(expr):
            if node in measures:
                continue
            below = [measures[child] for child in children(node)]
            if isinstance(node, nodes.Symbol) and node.name in names:
                measures[node] = names[node.name]
            else:
                measures[node] = (1 + max((d for d, _ in below), default=0), min(1 + sum(s for _, s in below), MAX_PRINTED + 1))
        depth, size = measures[expr]
        if depth > MAX_SYMPY_DEPTH:
            raise LimitError(f"the answer is nested more than {MAX_SYMPY_DEPTH} deep, too deep for a SymPy expression")
        if size > MAX_PRINTED:
            raise LimitError(f"the answer has more than {MAX_PRINTED:,} symbols, too many for a SymPy expression")
        if isinstance(symbol, nodes.Symbol):
            names[symbol.name] = measures[expr]


def _dimension(size: Dim) -> Any:
    terms = [sympy.Mul(count, *map(_dimension_symbol, monomial.split("*"))) for monomial, count in size.terms]
    return sympy.Add(*terms, size.constant)


def _dimension_symbol(name: str) -> Any:
    return sympy.Symbol(name, integer=True, positive=True)


def _dimensions(shape: Shape) -> tuple[Any, Any]:
    """Rows and columns of an array."""
    if shape.kind == "vector":
        return _dimension(shape.dims[0]), sympy.S.One
    if shape.kind == "row":
        return sympy.S.One, _dimension(shape.dims[0])
    return _dimension(shape.dims[0]), _dimension(shape.dims[1])


def _number(value: int | Fraction) -> Any:
    return sympy.Rational(value.numerator, value.denominator)


def _index(name: nodes.Subscript) -> Any:
    """An index: a name, or a position counted from 1."""
    if isinstance(name, Dim):
        return _dimension(name) - 1
    if isinstance(name, nodes.Place):
        return sum((count * (_index(index) + 1) for index, count in name.terms), _dimension(name.offset) - 1)
    return sympy.Integer(int(name) - 1) if name.isdecimal() else sympy.Symbol(name, integer=True, nonnegative=True)


def _is_scalar(shape: Shape) -> bool:
    return shape.kind == "scalar"


def _multiplied(scale: Any, array: Any) -> Any:
    """A number times an array."""
    if scale == 1:
        return array
    factors = array.args if isinstance(array, sympy.MatMul) else (array,)
    return sympy_matrices.MatMul(scale, *factors, evaluate=False)


def _scalar_product(factors: list[Any]) -> Any:
    """A product of numbers; SymPy would expand 2 (x + 1)."""
    factors = [factor for factor in factors if factor != 1]
    if any(factor.is_Add for factor in factors) and any(factor.is_Number for factor in factors):
        return sympy.Mul(*factors, evaluate=False)
    return sympy.Mul(*factors)


def _only_element(array: Any) -> Any:
    return MatrixElement(array, 0, 0)


def _total(array: Any) -> Any:
    """The sum of the elements: 1ᵀ X 1."""
    rows, columns = array.shape
    factors = [] if rows == 1 else [sympy_matrices.Ones(1, rows)]
    factors += [array] if columns == 1 else [array, sympy_matrices.Ones(columns, 1)]
    return _only_element(sympy_matrices.MatMul(*factors, evaluate=False) if len(factors) > 1 else array)


def _norm(array: Any) -> Any:
    rows, columns = array.shape
    if columns == 1:
        return sympy.sqrt(_only_element(sympy_matrices.MatMul(sympy.Transpose(array), array, evaluate=False)))
    if rows == 1:
        return sympy.sqrt(_only_element(sympy_matrices.MatMul(array, sympy.Transpose(array), evaluate=False)))
    return sympy.sqrt(sympy.Trace(sympy_matrices.MatMul(sympy.Transpose(array), array, evaluate=False)))


def _variance(array: Any) -> Any:
    size = sympy.Mul(*array.shape)
    average = _multiplied(-_total(array) / size, sympy_matrices.Ones(*array.shape))
    return _total(sympy_matrices.HadamardPower(sympy.MatAdd(array, average, evaluate=False), 2)) / size


def _matrix_power(base: Any, exponent: Any) -> Any:
    """An element-wise power."""
    return sympy_matrices.HadamardPower(base, exponent)


class _Building:
    """The expressions built so far."""

    def __init__(self, properties: Mapping[str, frozenset[str]]) -> None:
        self.properties = properties
        self.names: dict[str, Any] = {}
        self.arrays: dict[str, tuple[tuple[Any, ...], Any]] = {}
        """What is defined by its elements: the indices, and the element."""
        self.built: dict[Expression, Any] = {}
        self.counting: set[str] = set()
        """The whole numbers over which something is summed from 0."""

    def build(self, root: Expression) -> Any:
        """The SymPy expression of a matrix expression."""
        self.counting |= {node.variable.name for node in postorder(root) if isinstance(node, nodes.BoundedSum)}
        for node in postorder(root):
            if node not in self.built:
                self.built[node] = getattr(self, _METHODS[type(node)])(node)
        return self.built[root]

    def array(self, node: Expression, shape: Shape) -> Any:
        """The expression of a node; a number is stretched to the shape."""
        value = self.built[node]
        if _is_scalar(node.shape) and not _is_scalar(shape):
            return _multiplied(value, sympy_matrices.Ones(*_dimensions(shape)))
        return value

    # ------------------------------------------------------------------ names and constants

    def symbol(self, node: nodes.Symbol) -> Any:
        """A variable, a constant or a name with a definition."""
        if node.name in self.names:
            return self.names[node.name]
        if node.name in self.arrays:
            return self._array(*self.arrays[node.name], node.shape)
        if not _is_scalar(node.shape):
            return sympy.MatrixSymbol(node.name, *_dimensions(node.shape))
        if node.name == "pi":
            return sympy.pi
        properties = self.properties.get(node.name, frozenset())
        if node.name in self.counting:
            return _index(node.name)
        if "integer" in properties:
            return _dimension_symbol(node.name)
        positive = "positive" in properties
        return sympy.Symbol(node.name, positive=True) if positive else sympy.Symbol(node.name, real=True)

    def _array(self, indices: tuple[Any, ...], element: Any, shape: Shape) -> Any:
        """A vector or matrix with these elements; one with more axes is only used by elements."""
        if len(indices) > 2:
            return sympy.S.Zero
        row, column = (*indices, sympy.Dummy("column"))[:2]
        return sympy_matrices.FunctionMatrix(*_dimensions(shape), sympy.Lambda((row, column), element))

    def number(self, node: nodes.Number) -> Any:
        """A rational number."""
        return _number(node.value)

    def size(self, node: nodes.Size) -> Any:
        """A dimension."""
        return _dimension(node.size)

    def identity(self, node: nodes.Identity) -> Any:
        """The identity."""
        return sympy_matrices.Identity(_dimensions(node.shape)[0])

    def ones(self, node: nodes.Ones) -> Any:
        """Ones."""
        return sympy.S.One if _is_scalar(node.shape) else sympy_matrices.Ones(*_dimensions(node.shape))

    def commutation(self, node: nodes.Commutation) -> Any:
        """The commutation matrix."""
        return sympy_matrices.CommutationMatrix(sympy.Symbol(node.name), *_dimensions(node.shape))

    def named(self, node: nodes.Named) -> Any:
        """A function of vectors, its gradient, Jacobian or Hessian, under a name."""
        heads = {
            "": "{}", "derivative": "D{n}_{}", "gradient": "grad_{}", "jacobian": "J_{}", "hessian": "H_{}",
            "partial": "D_{by}_{}",
        }  # fmt: skip
        n = len(node.by) if len(node.by) > 1 else ""
        head = heads[node.role].replace("{n}", str(n)).replace("{by}", "_".join(map(str, node.by)))
        name, operands = head.format(node.name), [self.built[operand] for operand in node.operands]
        if _is_scalar(node.shape):
            return sympy.Function(name, real=True)(*operands)
        return sympy_functions.NamedArray(sympy.Symbol(name), *_dimensions(node.shape), *operands)

    def part(self, node: nodes.Part) -> Any:
        """Some entries, rows or columns."""
        operand = self.built[node.operand]
        taken = _dimension(node.start), _dimension(node.range[1])
        rows, columns = operand.shape
        first, second = (taken, (0, columns)) if node.axis == 0 else ((0, rows), taken)
        return _cut(operand, first, second)

    def unit(self, node: nodes.Unit) -> Any:
        """A unit vector."""
        position = _index(node.position) + 1 if isinstance(node.position, str) else _dimension(node.position)
        return sympy_matrices.UnitVector(_dimensions(node.shape)[0], position)

    def positions(self, node: nodes.Positions) -> Any:
        """The column 1, 2, …, n."""
        return sympy_matrices.Positions(_dimensions(node.shape)[0])

    def position(self, node: nodes.Position) -> Any:
        """An index as a number counts from 1."""
        return _index(node.index) + 1

    def zeros(self, node: nodes.Zeros) -> Any:
        """Zeros."""
        return sympy.S.Zero if _is_scalar(node.shape) else sympy_matrices.ZeroMatrix(*_dimensions(node.shape))

    # ------------------------------------------------------------------ sums and products

    def sum(self, node: nodes.Sum) -> Any:
        """A sum."""
        if _is_scalar(node.shape):
            return sympy.Add(*(self.built[term] for term in node.terms))
        terms = [self.array(term, node.shape) for term in node.terms]
        return sympy.MatAdd(*terms, evaluate=False) if len(terms) > 1 else terms[0]

    def product(self, node: nodes.Product) -> Any:
        """A product of numbers, or of numbers and an array."""
        array = node.factors[-1] if node.factors and not _is_scalar(node.factors[-1].shape) else None
        scalars = node.factors if array is None else node.factors[:-1]
        factors = [_number(node.coefficient), *(self.built[scalar] for scalar in scalars)]
        scale = _scalar_product([*factors, *(sympy.Pow(self.built[divisor], -1) for divisor in node.divisors)])
        return scale if array is None else _multiplied(scale, self.built[array])

    def matmul(self, node: nodes.MatMul) -> Any:
        """A product of matrices; its only element, if it is a number."""
        factors: list[Any] = []
        for factor in node.factors:
            value = self.built[factor]
            factors += value.args if isinstance(value, sympy.MatMul) and value.args[0].is_Matrix else [value]
        product = sympy_matrices.MatMul(*factors, evaluate=False) if len(factors) > 1 else factors[0]
        return _only_element(product) if _is_scalar(node.shape) else product

    def dot_product(self, node: nodes.Dot) -> Any:
        """(wᵀ x), its only element."""
        left, right = self.built[node.left], self.built[node.right]
        return _only_element(sympy_matrices.MatMul(sympy.Transpose(left), right, evaluate=False))

    def hadamard(self, node: nodes.Hadamard) -> Any:
        """An element-wise product."""
        factors = [self.array(factor, node.shape) for factor in node.factors]
        factors += [_matrix_power(self.array(divisor, node.shape), sympy.S.NegativeOne) for divisor in node.divisors]
        return sympy.HadamardProduct(*factors) if len(factors) > 1 else factors[0]

    def kronecker(self, node: nodes.Kronecker) -> Any:
        """A Kronecker product."""
        return sympy.KroneckerProduct(*(self.built[factor] for factor in node.factors))

    def transpose(self, node: nodes.Transpose) -> Any:
        """A transpose."""
        operand = self.built[node.operand]
        if isinstance(operand, sympy_matrices.Ones | sympy_matrices.ZeroMatrix):
            return type(operand)(*reversed(operand.shape))
        return sympy.Transpose(operand)

    def inverse(self, node: nodes.Inverse) -> Any:
        """An inverse."""
        return sympy.Inverse(self.built[node.operand])

    def power(self, node: nodes.Power) -> Any:
        """A power, element by element."""
        value = rational(node.exponent)
        exponent = self.built[node.exponent] if value is None else _number(value)
        if _is_scalar(node.shape):
            return sympy.Pow(self.built[node.base], exponent)
        if not _is_scalar(node.exponent.shape) or _is_scalar(node.base.shape):  # SymPy transposes the base only
            return self.applied(sympy_functions.power, node)
        return _matrix_power(self.built[node.base], exponent)

    def matrix_power(self, node: nodes.MatrixPower) -> Any:
        """A power of a matrix."""
        exponent = node.exponent if isinstance(node.exponent, int) else self.built[node.exponent]
        return sympy.MatPow(self.built[node.base], exponent)

    def diagonal(self, node: nodes.Diagonal) -> Any:
        """A diagonal matrix, or the diagonal of one."""
        return self.diagonal_of(self.built[node.operand], node.operand.shape)

    def diagonal_of(self, operand: Any, shape: Shape) -> Any:
        """A diagonal matrix, or the diagonal of one."""
        return sympy_matrices.DiagonalOf(operand) if shape.kind == "matrix" else sympy_matrices.DiagMatrix(operand)

    # ------------------------------------------------------------------ functions

    def applied(self, function: Any, node: Expression) -> Any:
        """A function of numbers, applied to the operands of a node, element by element if they are arrays."""
        operands = children(node)
        values = [self.built[operand] for operand in operands]
        if _is_scalar(node.shape):
            unevaluated = function in (sympy.Max, sympy.Min)
            return function(*values, evaluate=False) if unevaluated else function(*values)
        if len(values) == 1:
            return sympy_functions.Applied(function, values[0])
        return sympy_functions.Elementwise(function, *values)

    def function(self, node: nodes.Function) -> Any:
        """An operation of the table."""
        if node.name in EXPLICIT or node.name == "unvec":
            operands = [self.built[operand] for operand in node.operands]
            if _is_scalar(node.shape):
                return Reduction(node.name, operands[0])
            return ArrayFunction(node.name, *_dimensions(node.shape), node.axis, *operands)
        if node.axis is not None:
            return _LINE_BY_LINE[node.name](self.built[node.operands[0]], node.axis)
        build = _FUNCTIONS.get(node.name)
        if build is not None:
            return build(self, node)
        row = OPERATIONS.get(node.name)
        if isinstance(row, Elementwise) and row.infix and _is_scalar(node.shape):
            return sympy.Piecewise((1, _RELATIONS[row.infix](*map(self.built.__getitem__, node.operands))), (0, True))
        module, _, name = (row.sympy if row else "").rpartition(":")
        known: Any = getattr(sympy_functions if module else sympy, name or node.name, None)
        if isinstance(known, sympy.FunctionClass):
            return self.applied(known, node)
        if all(operand.shape == node.shape for operand in node.operands):
            return self.applied(sympy.Function(node.name), node)
        return sympy.Function(node.name)(*(self.built[operand] for operand in node.operands))

    def norm(self, node: nodes.Norm) -> Any:
        """A norm, as a square root."""
        return _norm(self.built[node.operand])

    def comparison(self, node: nodes.Comparison) -> Any:
        """A relation of numbers; of arrays, ones and zeros."""
        if not _is_scalar(node.shape):
            return self.applied(getattr(sympy_functions, COMPARISONS[node.sign].name), node)
        return _RELATIONS[node.sign](self.built[node.left], self.built[node.right])

    def indicator(self, node: nodes.Indicator) -> Any:
        """Ones and zeros."""
        condition = self.built[node.condition]
        if not _is_scalar(node.shape):
            return condition
        if any(isinstance(each, nodes.Position | nodes.Element) for each in postorder(node.condition)):
            parts = node.condition.parts if isinstance(node.condition, nodes.Conjunction) else (node.condition,)
            comparisons = [getattr(sympy_functions, COMPARISONS[part.sign].name) for part in parts]
            sides = [(self.built[part.left], self.built[part.right]) for part in parts]
            # cases within a sum SymPy would move out of it
            return sympy.Mul(*(holds(*each) for holds, each in zip(comparisons, sides, strict=True)))
        return sympy.Piecewise((1, condition), (0, True))

    def conjunction(self, node: nodes.Conjunction) -> Any:
        """Relations that all hold."""
        return sympy.And(*(self.built[part] for part in node.parts))

    def cases(self, node: nodes.Cases) -> Any:
        """Alternatives; the last one is taken otherwise."""
        values = [(self.array(value, node.shape), when) for value, when in node.branches]
        branches = [(value, sympy.true if when is None else self.built[when]) for value, when in values]
        branches[-1] = (branches[-1][0], sympy.true)
        return sympy.Piecewise(*branches) if _is_scalar(node.shape) else sympy_functions.MatrixCases(*branches)

    def stack(self, node: nodes.Stack) -> Any:
        """A matrix of numbers, or of blocks."""
        rows = [block.blocks for block in node.blocks if isinstance(block, nodes.Stack) and block.axis == 1]
        if node.axis == 0 and len(rows) == len(node.blocks) and len({len(line) for line in rows}) == 1:
            lines = [[self.built[block] for block in line] for line in rows]
            if any(value.is_Matrix and not isinstance(value, sympy.MatrixBase) for line in lines for value in line):
                return sympy_matrices.BlockMatrix([
                    [value if value.is_Matrix else sympy.ImmutableDenseMatrix([[value]]) for value in line] for line in lines
                ])
        values = [self.built[block] for block in node.blocks]
        if any(value.is_Matrix and not isinstance(value, sympy.MatrixBase) for value in values):
            blocks = [value if value.is_Matrix else sympy.ImmutableDenseMatrix([[value]]) for value in values]
            return sympy_matrices.BlockMatrix([[block] for block in blocks] if node.axis == 0 else [blocks])
        parts = [value if value.is_Matrix else sympy.ImmutableDenseMatrix([[value]]) for value in values]
        join = sympy.ImmutableDenseMatrix.vstack if node.axis == 0 else sympy.ImmutableDenseMatrix.hstack
        return join(*parts)

    # ------------------------------------------------------------------ unknown functions and index notation

    def unknown(self, node: nodes.Unknown) -> Any:
        """An unknown function, or a derivative of it where the operands are."""
        function = sympy.Function(node.name)
        values = [self.built[operand] for operand in node.operands]
        if not any(node.orders):
            return self.applied(function, node)
        if _is_scalar(node.shape) and len(set(values)) == len(values) and all(value.is_Symbol for value in values):
            return sympy.Derivative(function(*values), *((v, k) for v, k in zip(values, node.orders, strict=True) if k))
        places = [sympy.Dummy(f"xi_{position}") for position, _ in enumerate(values, 1)]
        derivative = sympy.Derivative(function(*places), *((v, k) for v, k in zip(places, node.orders, strict=True) if k))
        if _is_scalar(node.shape):
            return sympy_functions.Subs(derivative, places, values)
        at = [sympy.Dummy(f"x_{position}") for position, _ in enumerate(values, 1)]
        return self.applied(sympy.Lambda(tuple(at), sympy_functions.Subs(derivative, places, at)), node)

    def named_element(self, node: nodes.NamedElement) -> Any:
        """An element of an unknown function of whole operands or a derivative of it, under a name, with its indices."""
        orders = "".join(f"_{operand + 1}" for operand, _ in node.by)
        indices = [_index(name) for name in (*node.value, *(name for _, names in node.by for name in names))]
        function = sympy.Function(f"D{orders}_{node.name}" if node.by else node.name, real=True)
        return function(*indices, *(self.built[operand] for operand in node.operands))

    def element(self, node: nodes.Element) -> Any:
        """An element; indices count from 0."""
        if isinstance(node.operand, nodes.Symbol) and node.operand.name in self.arrays:
            return self._of_array(node, *self.arrays[node.operand.name])
        if not _is_scalar(node.shape):
            return self._line(self.built[node.operand], node.indices)
        indices = [_index(name) for name in node.indices]
        if node.operand.shape.kind == "vector":
            indices.append(sympy.S.Zero)
        elif node.operand.shape.kind == "row":
            indices.insert(0, sympy.S.Zero)
        return MatrixElement(self.built[node.operand], *indices)

    def _line(self, operand: Any, indices: tuple[nodes.Subscript, ...]) -> Any:
        """A row or column, as a column."""
        rows, columns = operand.shape
        if indices[0] == ":":
            at = _index(indices[1])
            return _cut(operand, (0, rows), (at, at + 1))
        at = _index(indices[0])
        return sympy.Transpose(_cut(operand, (at, at + 1), (0, columns)))

    def _of_array(self, node: nodes.Element, parameters: tuple[Any, ...], element: Any) -> Any:
        """An element, or a vector or matrix of those, of what is defined by its elements."""
        given = (*node.indices, *(":" for _ in parameters[len(node.indices) :]))
        element = element.xreplace({p: _index(name) for p, name in zip(parameters, given, strict=True) if name != ":"})
        rest = tuple(p for p, name in zip(parameters, given, strict=True) if name == ":")
        return self._array(rest, element, node.shape) if rest else element

    def delta(self, node: nodes.Delta) -> Any:
        """Kronecker's delta."""
        return sympy.KroneckerDelta(*map(_index, node.indices))

    def levi_civita(self, node: nodes.LeviCivita) -> Any:
        """The sign of a permutation."""
        return sympy.LeviCivita(*map(_index, node.indices))

    def indexed_sum(self, node: nodes.IndexedSum) -> Any:
        """A sum over indices from 0; the last index is summed first."""
        limits = [(_index(name), 0, _dimension(size) - 1) for name, size in reversed(node.indices)]
        return sympy.Sum(self.built[node.body], *limits)


    def bounded_sum(self, node: nodes.BoundedSum) -> Any:
        """A sum over a whole number from 0."""
        body, variable, upper = (self.built[each] for each in (node.body, node.variable, node.upper))
        return sympy.Sum(body, (variable, 0, upper)) if _is_scalar(node.shape) else MatrixSum(body, variable, upper)

    def integral(self, node: nodes.Integral) -> Any:
        """An integral from 0 to 1."""
        body, variable = self.built[node.body], self.built[node.variable]
        return sympy.Integral(body, (variable, 0, 1)) if _is_scalar(node.shape) else MatrixIntegral(body, variable)


def _of_array(build: Callable[[Any], Any]) -> Callable[[_Building, nodes.Function], Any]:
    """A function of one array."""
    return lambda building, node: build(building.built[node.operands[0]])


def _element_power(exponent: Any) -> Callable[[_Building, nodes.Function], Any]:
    def build(building: _Building, node: nodes.Function) -> Any:
        base = building.built[node.operands[0]]
        return sympy.Pow(base, exponent) if _is_scalar(node.shape) else _matrix_power(base, exponent)

    return build


def _where(building: _Building, node: nodes.Function) -> Any:
    """Alternatives, element by element."""
    condition, first, second = node.operands
    if not _is_scalar(node.shape):
        return building.applied(sympy_functions.where, node)
    test = building.built[condition.condition if isinstance(condition, nodes.Indicator) else condition]
    if not getattr(test, "is_Relational", False) and not isinstance(test, sympy.logic.boolalg.BooleanAtom):
        test = sympy.Ne(test, 0)
    return sympy.Piecewise((building.built[first], test), (building.built[second], True))


_FUNCTIONS: Final[dict[str, Callable[[_Building, nodes.Function], Any]]] = {
    "sqrt": _element_power(_HALF),
    "square": _element_power(sympy.Integer(2)),
    "reciprocal": _element_power(sympy.Integer(-1)),
    "where": _where,
    "sum": _of_array(_total),
    "mean": _of_array(lambda array: _total(array) / sympy.Mul(*array.shape)),
    "var": _of_array(_variance),
    "std": _of_array(lambda array: sympy.sqrt(_variance(array))),
    "norm": _of_array(_norm),
    "norm2": _of_array(_norm),
    "normF": _of_array(_norm),
    "norm1": _of_array(lambda array: _total(sympy_functions.Applied(sympy.Abs, array))),
    "tr": _of_array(sympy.Trace),
    "det": _of_array(sympy.Determinant),
    "logdet": _of_array(lambda array: sympy.log(sympy.Abs(sympy.Determinant(array)))),
    "inv": _of_array(sympy.Inverse),
    "transpose": _of_array(sympy.Transpose),
    "logsumexp": _of_array(lambda array: sympy.log(_total(sympy_functions.Applied(sympy.exp, array)))),
    "softmax": _of_array(sympy_functions.softmax),
    "log_softmax": _of_array(lambda array: sympy_functions.Applied(sympy.log, sympy_functions.softmax(array))),
    "diag": lambda building, node: building.diagonal_of(building.built[node.operands[0]], node.operands[0].shape),
}



def _cut(operand: Any, rows: tuple[Any, Any], columns: tuple[Any, Any]) -> Any:
    """Part of a matrix. SymPy cannot take a part of a part where it does not know which position is the greater one."""
    cut = sympy_matrices.MatrixSlice
    if isinstance(operand, cut):
        (first, _, _), (second, _, _) = operand.rowslice, operand.colslice
        rows, columns = tuple(each + first for each in rows), tuple(each + second for each in columns)
        operand = operand.parent
    return cut(operand, rows, columns)


def _totals(array: Any, axis: int) -> Any:
    """The sums of the rows, or of the columns, repeated along them."""
    rows, columns = array.shape
    if axis == 1:
        return sympy_matrices.MatMul(array, sympy_matrices.Ones(columns, columns), evaluate=False)
    return sympy_matrices.MatMul(sympy_matrices.Ones(rows, rows), array, evaluate=False)


def _softmax_of_lines(array: Any, axis: int) -> Any:
    powers = sympy_functions.Applied(sympy.exp, array)
    return sympy.HadamardProduct(powers, _matrix_power(_totals(powers, axis), sympy.S.NegativeOne))


def _logsumexp_of_lines(array: Any, axis: int) -> Any:
    powers = sympy_functions.Applied(sympy.exp, array)
    rows, columns = powers.shape
    sides = (powers, sympy_matrices.Ones(columns, 1)) if axis == 1 else (sympy_matrices.Ones(1, rows), powers)
    return sympy_functions.Applied(sympy.log, sympy_matrices.MatMul(*sides, evaluate=False))


_LINE_BY_LINE: Final[dict[str, Callable[[Any, int], Any]]] = {
    "softmax": _softmax_of_lines,
    "logsumexp": _logsumexp_of_lines,
}

_METHODS: Final[dict[type, str]] = {
    nodes.Symbol: "symbol", nodes.Number: "number", nodes.Size: "size", nodes.Identity: "identity", nodes.Ones: "ones",
    nodes.Zeros: "zeros", nodes.Unit: "unit", nodes.Positions: "positions", nodes.Position: "position",
    nodes.Commutation: "commutation", nodes.Sum: "sum", nodes.Product: "product", nodes.MatMul: "matmul",
    nodes.Dot: "dot_product",
    nodes.Hadamard: "hadamard", nodes.Transpose: "transpose", nodes.Inverse: "inverse", nodes.Power: "power",
    nodes.MatrixPower: "matrix_power", nodes.Diagonal: "diagonal", nodes.Function: "function", nodes.Norm: "norm",
    nodes.Comparison: "comparison", nodes.Indicator: "indicator",
    nodes.Conjunction: "conjunction", nodes.Cases: "cases", nodes.Stack: "stack",
    nodes.Kronecker: "kronecker", nodes.Unknown: "unknown",
    nodes.NamedElement: "named_element", nodes.Named: "named", nodes.Part: "part", nodes.Element: "element",
    nodes.Delta: "delta", nodes.LeviCivita: "levi_civita", nodes.IndexedSum: "indexed_sum",
    nodes.BoundedSum: "bounded_sum", nodes.Integral: "integral",
}  # fmt: skip
