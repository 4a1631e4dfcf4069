"""What was assumed, in the words of the line under an answer: `w, x ∈ ℝⁿ`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from matcalc.language.dimensions import Dim, Shape, dim

RAISED: Final = str.maketrans(
    "0123456789+abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ",
)


def space(shape: Shape) -> str:
    """The set of all values of a shape.

    >>> space(Shape("matrix", (dim("m"), dim("n"))))
    'ℝᵐˣⁿ'
    >>> space(Shape("vector", (dim("n_1"),)))
    'ℝ^(n_1)'
    """
    if shape.kind == "scalar":
        return "ℝ"
    dims: tuple[Dim, ...] = (dim(1), *shape.dims) if shape.kind == "row" else shape.dims
    texts = [str(d).replace(" ", "") for d in dims]
    if all(ord(c) in RAISED for text in texts for c in text) and "x" not in "".join(texts):
        return "ℝ" + "ˣ".join(text.translate(RAISED) for text in texts)
    return f"ℝ^({'×'.join(texts)})"


def membership(shapes: Iterable[tuple[str, Shape]]) -> list[str]:
    """Names grouped by their shape, in order of first appearance.

    >>> n = Shape("vector", (dim("n"),))
    >>> membership([("w", n), ("b", Shape("scalar", ())), ("x", n)])
    ['w, x ∈ ℝⁿ', 'b ∈ ℝ']
    """
    groups: dict[Shape, list[str]] = {}
    for name, shape in shapes:
        groups.setdefault(shape, []).append(name)
    return [f"{', '.join(names)} ∈ {space(shape)}" for shape, names in groups.items()]
