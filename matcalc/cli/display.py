"""From derivatives to what is printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from matcalc.errors import columns_of

if TYPE_CHECKING:
    from matcalc.derivative import Derivative
    from matcalc.explanation.explanation import Explanation

_READABLE: Final = 110
"""Longer lines are hard to read."""


def formatted(derivatives: Mapping[str, Derivative], format: str) -> str:
    """The answer alone, for a file or another program."""
    if format == "json":
        values = {name: derivative.to_dict() for name, derivative in derivatives.items()}
        return _json(values if len(values) > 1 else next(iter(values.values())))
    texts = {name: _written(derivative, format) for name, derivative in derivatives.items()}
    if len(texts) == 1:
        return next(iter(texts.values()))
    return "\n".join(_labelled(f"{name}: ", text) for name, text in texts.items())


def _written(derivative: Derivative, format: str) -> str:
    if format == "latex":
        return derivative.latex()
    return str(derivative.expr) if format == "sympy" else str(derivative)


def written(derivation: Explanation, format: str) -> str:
    """A derivation in a format."""
    if format == "json":
        return _json(derivation.to_dict())
    texts = {"latex": derivation.latex, "markdown": derivation.markdown}
    return texts[format]().rstrip() if format in texts else derivation.text(min(_terminal_columns(), _READABLE))


def with_derivation(derivatives: Mapping[str, Derivative], derivation: Explanation) -> str:
    """Answers and their derivation, for another program."""
    answers = {name: derivative.to_dict() for name, derivative in derivatives.items()}
    return _json({"answers": answers, "derivation": derivation.to_dict()})


def _json(values: object) -> str:
    import json  # noqa: PLC0415

    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    return json.dumps(values, indent=2, ensure_ascii=not encoding.startswith("utf"))


def displayed(derivatives: Mapping[str, Derivative]) -> str:
    """The answer for a reader: `∂/∂w …  =  …`, and below the `=` if it does not fit beside it."""
    blocks = []
    for derivative in derivatives.values():
        heading, text = derivative.heading(), str(derivative)
        label = f"{heading}  =  "
        beside = _columns(label) + max(map(_columns, text.splitlines()), default=0)
        blocks.append(_labelled(label, text) if beside <= _terminal_columns() else f"{heading}  =\n" + _labelled("    ", text))
    return "\n".join(blocks)


def _labelled(label: str, text: str) -> str:
    """`label` before the first line of `text`, and the other lines below the first."""
    return label + text.replace("\n", "\n" + " " * _columns(label))


def _columns(text: str) -> int:
    return sum(map(columns_of, text))


def _terminal_columns() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (OSError, ValueError, AttributeError):
        return 128


def summary(derivatives: Mapping[str, Derivative]) -> str:
    """One line: `1×n, numerator layout · assuming w, x ∈ ℝⁿ, b ∈ ℝ`."""
    shapes = [_shape(derivative.shape) for derivative in derivatives.values()]
    if len(shapes) > 1:
        shapes = [f"{name}: {shape}" for name, shape in zip(derivatives, shapes, strict=True)]
    layouts = dict.fromkeys(f"{derivative.layout} layout" for derivative in derivatives.values())
    assumptions = dict.fromkeys(text for derivative in derivatives.values() for text in derivative.assumptions)
    assuming = f" · assuming {', '.join(assumptions)}" if assumptions else ""
    return ", ".join([*shapes, *layouts]) + assuming


def _shape(dims: Sequence[object]) -> str:
    """`1×n`, `vector(k)` or `scalar`."""
    sizes = [str(dim) for dim in dims]
    if len(sizes) < 2:
        return f"vector({sizes[0]})" if sizes else "scalar"
    return "×".join(size if size.isalnum() else f"({size})" for size in sizes)


def remark(text: str, stream: TextIO | None) -> None:
    """Print a line, if there is such a stream."""
    if stream is not None:
        print(text, file=stream)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody reads this stream on a terminal."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False
