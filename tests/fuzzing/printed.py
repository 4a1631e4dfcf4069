"""A printed answer, read again as a program."""

from __future__ import annotations

import re
import traceback
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

import matcalc as mc
from matcalc.errors import MatcalcError, MatcalcSyntaxError
from tests.differences import close
from tests.fuzzing.generate import Program
from tests.fuzzing.terms import SHAPES, SIZES, intermediates, kind_of

_UNREADABLE = re.compile("[⎧⎨⎩Σ∂∫…]|⊗|′|e_argmax|unvec|\\w\\[[^\\]]*:|(?<!\\w)[01](?=ᵀ)|\\bI\\b|\\be\\(|₁|₂|₃")
_WORD = re.compile(r"[^\W\d_][A-Za-z0-9_]*")
_BY_ELEMENTS = re.compile(r"[\]ᵢⱼₖₗₘₙₚᵣₛₜ] = ")
"""A definition by elements, `Tᵢ = …`, which is no input."""

_RANGE = re.compile(r"\[[^][]*:[^][]*\]")
"""A part, `x[1:n]`, which is no input."""


def readable(text: str) -> str | None:
    """A printed answer as a program, or None where it is not in the input language (cases, indexed sums, …)."""
    if _UNREADABLE.search(text):
        return None
    body, _, definitions = " ".join(text.split()).partition(" where ")
    if _BY_ELEMENTS.search(definitions):
        return None
    parts = [part.strip() for part in re.split(r",\s*(?=\w+ = )", definitions)] if definitions else []
    return "; ".join([*parts, body])


def read_back(
    text: str, inputs: Mapping[str, Any], wanted: Any, counts: Counter[str], program: Program
) -> tuple[str, str] | None:
    """What is wrong with the printed form when it is read again, as a kind and details."""
    again = readable(text)
    defined = set(re.findall(r"(\w+) = ", again or ""))
    words = set() if again is None else {match[0] for match in _WORD.finditer(again)} - defined
    shapes = {**SHAPES, **{each.name: _declared(each.shape) for each in intermediates(program.body)}}
    known = {word for word in words if word in shapes}
    mentioned = {size for word in known for size in re.findall(r"[nmk]", shapes[word].partition("(")[2])}
    plain = re.sub("[²³⁴]", "", again or "")
    if again is None or any(re.search(rf"(?<![\w.]){size}(?!\w)", plain) for size in SIZES.keys() - mentioned):
        counts["printed outside the language"] += 1
        return None
    try:
        expression = mc.parse(again, where=", ".join(f"{word}: {shapes[word]}" for word in sorted(known)))
        value = expression.evaluate(**{each: inputs[each] for each in expression.shapes if each in inputs}, **SIZES)
    except MatcalcError as error:
        if "blocks that are" in str(error) or "side by side" in str(error) or _RANGE.search(text):
            counts["printed outside the language"] += 1
            return None
        if "singular" in str(error) or "division by zero" in str(error):
            counts["printed, without a value there"] += 1
            return None
        kind = "printed text does not parse" if isinstance(error, MatcalcSyntaxError) else "printed text is refused"
        return kind, f"{text!r}: {str(error).splitlines()[0]}"
    except Exception:
        return "crash reading printed text", f"{text!r}\n{traceback.format_exc(limit=-3)}"
    counts["printed, and read again"] += 1
    value, wanted = np.asarray(value, dtype=float), np.asarray(wanted, dtype=float)
    if not np.all(np.isfinite(wanted)):
        return None
    if value.size == wanted.size and 1 in (*value.shape, *wanted.shape):
        value = value.reshape(wanted.shape)
    if not value.shape and not np.any(value) and not np.any(wanted):
        return None  # a plain 0
    if value.shape != wanted.shape:
        return "printed text has another shape", f"{text!r}: {value.shape} instead of {wanted.shape}"
    return None if close(value, wanted, 1e-8) else ("printed text has another value", f"{text!r}")


def _declared(shape: str) -> str:
    sizes = ", ".join("k*n" if letter == "e" else letter for letter in shape if letter != "'")
    return f"{kind_of(shape)}({sizes})" if shape else "scalar"
