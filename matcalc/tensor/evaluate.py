"""The NumPy value of a tensor graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matcalc import limits
from matcalc.errors import EvaluationError, LimitError, NotSupportedError
from matcalc.tensor.nodes import (
    Concatenation,
    Constant,
    Contraction,
    Delta,
    MatrixCall,
    NamedCall,
    Node,
    Number,
    Ones,
    Pattern,
    Pointwise,
    Positions,
    Size,
    Slice,
    Sum,
    Unit,
    UnknownFunction,
    Variable,
    Zero,
    topological,
)

_LOOK = 4
"""How deep an indicator is recognised."""

_OF_SOMETHING = frozenset({"amax", "amin", "e_argmax"})
"""Functions without a value for no entries."""

_SINGULAR = 1e13
"""Condition number from which on an inverse is noise."""

StandIn = Callable[[str, tuple[int, ...], Sequence[Any]], Any]
"""A value for an unknown function: its name, how often it is differentiated by each operand, the operands."""


def evaluate(
    root: Node, values: Mapping[str, Any], sizes: Mapping[str, int], unknown: StandIn | None = None
) -> Any:
    """The value of a node as an array of its shape.

    `values` holds an array for each variable, `sizes` a number for each named dimension, and `unknown` stands in for
    functions that are only named.

    Raises:
        EvaluationError: a variable has no value.
        NotSupportedError: the graph has functions that are only named.
        LimitError: an array would have more than `limits.MAX_ENTRIES` entries.
    """
    import numpy as np  # noqa: PLC0415 (only where numbers are evaluated)

    done: dict[Node, Any] = {}
    for node in topological([root]):
        shape = tuple(size.value(sizes) for size in node.shape)
        if min(shape, default=0) < 0:
            raise EvaluationError(f"an index would run over {min(shape)} values at these sizes")
        if np.prod(shape, dtype=float) > limits.MAX_ENTRIES:
            raise LimitError(f"an array of shape {shape} is larger than {limits.MAX_ENTRIES:,} entries")
        with np.errstate(all="ignore"):
            args = [done[arg] for arg in node.args]
            if isinstance(node, Pointwise) and isinstance(node.operation, UnknownFunction):
                done[node] = np.broadcast_to(_stood_in(node.operation, args, unknown), shape)
            else:
                done[node] = _value(np, node, args, shape, values, sizes, done)
    result = done[root]
    if not np.isfinite(result).all():
        for node, value in done.items():
            if isinstance(node, MatrixCall) and node.operation.name == "inv" and np.isnan(value).any():
                raise EvaluationError("a matrix is singular at these values, and the answer has its inverse")
    return result


def _value(
    np: Any,
    node: Node,
    args: list[Any],
    shape: tuple[int, ...],
    values: Mapping[str, Any],
    sizes: Mapping[str, int],
    done: Mapping[Node, Any],
) -> Any:
    match node:
        case Variable():
            if node.name not in values:
                raise EvaluationError(f"no value for `{node.name}`")
            return np.asarray(values[node.name], dtype=float).reshape(shape)
        case Number():
            return np.float64(node.value)
        case Size():
            return np.float64(node.size.value(sizes))
        case Constant():
            return np.float64(np.pi)
        case Ones():
            return np.ones(shape)
        case Zero():
            return np.zeros(shape)
        case Delta():
            return np.eye(shape[0])
        case Unit():
            position = node.position.value(sizes)
            if not 0 < position <= shape[0]:
                raise EvaluationError(f"the entry {position} of a vector with {shape[0]} entries")
            return np.eye(shape[0])[position - 1]
        case Positions():
            return np.arange(1.0, shape[0] + 1)
        case Pattern():
            return _PATTERNS[node.name](np, shape)
        case Sum():
            return sum((float(c) * arg for c, arg in zip(node.coefficients, args, strict=True)), np.zeros(shape))
        case Contraction():
            args = _with_adjugates(np, node, _switched_off(np, node, args), done)
            operands = [part for arg, labels in zip(args, node.labels, strict=True) for part in (arg, list(labels))]
            return np.einsum(*operands, list(range(node.order)), optimize="greedy" if len(args) > 2 else False)
        case Pointwise():
            assert not isinstance(node.operation, UnknownFunction)
            return np.broadcast_to(node.operation.evaluate(np, *args), shape)
        case MatrixCall():
            own = len(node.operation.operand_indices)
            return _rowwise(np, node, args, own, shape)
        case NamedCall():
            raise NotSupportedError(f"the value of the unknown function {node.name}")
        case Concatenation():
            return np.concatenate(args, axis=node.axis)
        case Slice():
            start = node.start.value(sizes)
            if start < 0 or start + shape[node.axis] > args[0].shape[node.axis]:
                raise EvaluationError(
                    f"the entries {start + 1} to {start + shape[node.axis]} of {args[0].shape[node.axis]}"
                )
            taken: list[Any] = [slice(None)] * node.order
            taken[node.axis] = slice(start, start + shape[node.axis])
            return args[0][tuple(taken)]
    raise AssertionError(f"no value for {type(node).__name__}; is it a new kind of node?")


_PATTERNS: dict[str, Callable[[Any, tuple[int, ...]], Any]] = {
    "lower": lambda np, shape: np.tril(np.ones(shape)),
    "pair": lambda np, shape: np.eye(shape[0]).reshape(shape[0], shape[2], shape[1]).transpose(0, 2, 1),
    "cross": lambda np, shape: np.array([[np.cross(i, j) for j in np.eye(3)] for i in np.eye(3)]),
}


def _stood_in(operation: UnknownFunction, args: Sequence[Any], unknown: StandIn | None) -> Any:
    if unknown is None:
        raise NotSupportedError(f"the value of the unknown function {operation.name}")
    return unknown(operation.name, operation.orders, args)


def _inverse(np: Any, matrix: Any) -> Any:
    """The inverse; NaN where it would be noise."""
    if not np.isfinite(matrix).all() or np.linalg.cond(matrix) > _SINGULAR:
        return np.full(matrix.shape, np.nan)
    return np.linalg.inv(matrix)


def _with_adjugates(np: Any, node: Contraction, args: list[Any], done: Mapping[Node, Any]) -> list[Any]:
    """det(X) X⁻¹ is the adjugate of X, which exists for a singular X too: the factors as 1 and the adjugate.

    So prod(x)/xᵢ is the product of all but xᵢ, which exists where xᵢ = 0.
    """
    for position, factor in enumerate(node.args):
        base, exponent = factor.args if _is_power(factor) else (None, None)
        if base is None or not (isinstance(exponent, Number) and exponent.value == -1) or np.isfinite(args[position]).all():
            continue
        for other, candidate in enumerate(node.args):
            if isinstance(candidate, MatrixCall) and candidate.operation.name == "prod" and candidate.args[0] is base:
                others = _products_of_others(np, done[base])
                if node.labels[position][:-1] == node.labels[other]:
                    ones = np.ones_like(args[other])
                    return [ones if k == other else others if k == position else arg for k, arg in enumerate(args)]
    for position, factor in enumerate(node.args):
        if not (isinstance(factor, MatrixCall) and factor.operation.name == "inv" and np.isnan(args[position]).any()):
            continue
        for other, candidate in enumerate(node.args):
            if not (isinstance(candidate, MatrixCall) and candidate.operation.name == "det"):
                continue
            matrix, inner, scale = done.get(factor.args[0]), candidate.args[0], 1.0
            if isinstance(inner, Sum) and len(inner.args) == 1:  # det(cX) = cⁿ det(X)
                scale = float(inner.coefficients[0])
                inner = inner.args[0]
            if inner is factor.args[0] and np.ndim(matrix) == 2 and np.isfinite(matrix).all():
                left, singular, right = np.linalg.svd(matrix)
                others = [np.prod(np.delete(singular, k)) for k in range(len(singular))]
                adjugate = scale ** len(singular) * np.linalg.det(left) * np.linalg.det(right) * (right.T * others) @ left.T
                return [1.0 if k == other else adjugate if k == position else arg for k, arg in enumerate(args)]
    return args


def _is_power(node: Node) -> bool:
    return isinstance(node, Pointwise) and not isinstance(node.operation, UnknownFunction) and node.operation.name == "power"


def _products_of_others(np: Any, array: Any) -> Any:
    """Along the last axis, the product of all entries but one."""
    length = array.shape[-1]
    return np.stack([np.prod(np.delete(array, k, axis=-1), axis=-1) for k in range(length)], axis=-1)


def _switched_off(np: Any, node: Contraction, args: list[Any]) -> list[Any]:
    """The factors with zeros where an indicator among them is 0: what it switches off may be infinite or NaN there."""
    masks = [
        (labels, arg == 0) for factor, labels, arg in zip(node.args, node.labels, args, strict=True) if _is_indicator(factor)
    ]
    if not masks:
        return args
    result = []
    for labels, arg in zip(node.labels, args, strict=True):
        value = arg
        for own, mask in masks:
            if set(own) <= set(labels) and len(set(labels)) == len(labels) and len(set(own)) == len(own):
                axes = sorted(range(len(own)), key=lambda axis: labels.index(own[axis]))
                spread = mask.transpose(axes)[tuple(slice(None) if label in own else None for label in labels)]
                value = np.where(spread, 0.0, value)
        result.append(value)
    return result


def _is_indicator(node: Node, depth: int = 0) -> bool:
    """Whether a node is made of comparisons, steps and constants only, so that its zeros are exact."""
    if isinstance(node, Pointwise) and not isinstance(node.operation, UnknownFunction) and node.operation.indicator:
        return True
    if node.constant or depth > _LOOK:
        return depth > 0 and node.constant
    if isinstance(node, Pointwise) and not isinstance(node.operation, UnknownFunction):
        if node.operation.name == "where":
            return all(_is_indicator(arg, depth + 1) for arg in node.args[1:])
        return False
    return isinstance(node, (Sum, Contraction)) and all(_is_indicator(arg, depth + 1) for arg in node.args)


def _rowwise(np: Any, node: MatrixCall, args: Sequence[Any], own: int, shape: tuple[int, ...]) -> Any:
    """A matrix function for each entry of the leading axes; the table evaluates vectors as columns."""
    arg, *others = args
    batch = arg.shape[: arg.ndim - own]
    flat = arg.reshape((int(np.prod(batch)), *arg.shape[len(batch) :]))
    column = own == 1
    if flat.size == 0 and len(flat) and node.operation.name in _OF_SOMETHING:
        raise EvaluationError("the largest or smallest of no values, at these sizes")
    if node.operation.name == "inv":
        results = [_inverse(np, each) for each in flat]
    else:
        main = node.operation.main
        before, after = others[:main], others[main:]
        results = [node.operation.evaluate(np, *before, each.reshape(-1, 1) if column else each, *after) for each in flat]
    own_shape = shape[len(batch) :]
    return np.array([np.asarray(result).reshape(own_shape) for result in results]).reshape(shape)
