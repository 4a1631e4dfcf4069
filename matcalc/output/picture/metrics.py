"""How wide a formula is, and where it is broken into lines.

Nothing here asks for a font: whoever opens the picture has other ones. The widths are the largest of DejaVu Serif and DejaVu
Sans, which are wide fonts, so text in another one leaves some room in its box.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

SCRIPT = 0.72
"""The size of subscripts and superscripts."""

_WIDTHS = {
    character: hundredths / 100
    for hundredths, characters in (
        (25, "′"), (30, "'"), (35, " ,./:;\\ijl|·"), (40, "()-I[]f″‹›ΙΪίι⟨⟩"), (45, "!Jtℓ"),
        (50, '"*_`r°§–‖'), (55, "?szέεζ∂∫"),
        (60, "cvxyγξς"), (65, "$0123456789abdeghknopqu{}«»ήΰβδηθλμνορτυχϵϱ√∘"), (70, "FLPSTYZΓΖΡΤΥΫάακπσϕ∇"),
        (75, "ABEKVXΑΒΔΕΚΛΞΣΧφϑ∑ℤ"), (80, "CGRψ∏ℂ"), (85, "#+<=>DOQU^~×÷±¬ΘΟΦΩω∞≤≥≠≈≡⊙⊗⊕→←↦∗−ℝ"), (90, "&HNwΗΝΠΨ∈∉"),
        (95, "⊤⊥ℕ"),
        (100, "%@m…—½"), (105, "MWΜ"),
    )
    for character in characters
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """Characters that are set alike; `level` is 1 for superscripts and -1 for subscripts."""

    text: str
    italic: bool
    level: int


@cache
def script(character: str) -> tuple[int, str]:
    """The level of a character and what stands there: `₁` is a 1 at level -1. A hyphen is a minus sign.

    >>> script("₁"), script("ᵀ"), script("-")
    ((-1, '1'), (1, 'T'), (0, '−'))
    """
    if character == "-":
        return 0, "−"
    form, _, base = unicodedata.decomposition(character).partition(" ")
    if form in ("<sub>", "<super>") and " " not in base:
        return (1 if form == "<super>" else -1), chr(int(base, 16))
    return 0, character


def runs(text: str, *, is_sentence: bool = False) -> Iterator[Run]:
    """The runs of a formula: single letters, and `dx`, are slanted; words such as `sin` and the sign of a transpose are not.
    The digits of a name like `W1` are a subscript, and the exponent of x^(p + 1) is a superscript. In a sentence, `a` before a
    word is one.

    >>> [(run.text, run.italic, run.level) for run in runs("sin xₖ")]
    [('sin ', False, 0), ('x', True, 0), ('k', True, -1)]
    >>> [(run.text, run.level) for run in runs("‖X‖_F²")]
    [('‖', 0), ('X', 0), ('‖', 0), ('F', -1), ('2', 1)]
    """
    if is_sentence:
        for part in _ARTICLE.split(text):
            yield from [Run(part, italic=False, level=0)] if part == "a " else runs(part)
        return
    styled: list[tuple[str, bool, int]] = []
    text = _INDEXED.sub(lambda name: name[1] + name[2].translate(_SUBSCRIPTS), text)
    characters = [
        (1, character) if position % 2 and level == 0 else (level, character)
        for position, part in enumerate(_POWER.split(text))
        for level, character in map(script, part)
    ]
    characters = list(_norms_lowered(characters))
    for position, (before, at, after) in enumerate(zip(characters, characters[1:], characters[2:], strict=False)):
        if before[0] == after[0] == 1 and at == (1, "x"):
            characters[position + 1] = (1, "×")  # ℝᵐˣⁿ
    for (level, is_word), part in groupby(characters, lambda item: (item[0], _is_letter(item[1]))):
        word = "".join(character for _, character in part)
        letters = word.translate(_MARKS)
        is_name = is_word and len(letters) == (2 if letters[:1] == "d" else 1) and (letters, level) != ("T", 1)
        styled.append((word, is_name or letters == "d", level))
    for (italic, level), group in groupby(styled, lambda item: item[1:]):
        yield Run("".join(word for word, _, _ in group), italic, level)


def _norms_lowered(characters: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The F of ‖X‖_F as a subscript."""
    for position, each in enumerate(characters):
        before = characters[max(0, position - 2) : position]
        if each != (0, "_") or before[-1:] != [(0, "‖")]:
            yield (-1, each[1]) if before == [(0, "‖"), (0, "_")] else each


_ARTICLE = re.compile(r"(?<![^ ])(a )(?=[a-z]{2,})")
_POWER = re.compile(r"\^\(([^()]+)\)")
_INDEXED = re.compile(r"(?<![^\W_])(d?[^\W\d_])([0-9]+)(?![A-Za-z_])")
"""`W1`, also in `dW1`, but not `log2` or `1e5`."""

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_MARKS = dict.fromkeys(range(0x300, 0x370))


def _is_letter(character: str) -> bool:
    """Whether it can be part of a name; marks are, and ℝ is not."""
    is_symbol = unicodedata.decomposition(character).startswith("<font>")
    return (character.isalpha() and not is_symbol) or bool(unicodedata.combining(character))


def width(text: str, size: float) -> float:
    """How wide the text is at most, in letters of this size."""
    return size * sum(_width(character) for character in text)


@cache
def _width(character: str) -> float:
    level, base = script(character)
    if unicodedata.combining(base) or unicodedata.category(base) == "Cf":
        return 0
    wide = 1.05 if unicodedata.east_asian_width(base) in "WF" else 0.9
    return _WIDTHS.get(base, wide) * (SCRIPT if level else 1)


def lines(text: str, size: float, room: float, most: int) -> list[str]:
    """The text in lines of at most this width; what is beyond `most` lines is an ellipsis.

    Its own line breaks stay. A line is broken before `=` where it can, else between terms, between factors, and only then
    inside brackets.

    >>> lines("y = a + b = c (d + e)", 10, 70, 3)
    ['y = a + b', '= c (d + e)']
    """
    if "\n" in text:
        filled = [line for part in text.split("\n") for line in lines(part, size, room, most)]
        return filled if len(filled) <= most else [*filled[: most - 1], _shortened(filled[most - 1], size, room)]
    filled = []
    line: list[tuple[str, int]] = []
    for piece in (part for word in _words(text) for part in _pieces(*word, size, room)):
        while line and width(_joined([*line, piece]), size) > room:
            end = _break([*line, piece], size, room)
            filled.append(_joined(line[:end]))
            line = line[end:]
            if len(filled) >= most:
                return [*filled[: most - 1], _shortened(filled[most - 1], size, room)]
        line.append(piece)
    return [*filled, _joined(line)] if line else filled


def _joined(words: list[tuple[str, int]]) -> str:
    return " ".join(word for word, _ in words)


def _break(words: list[tuple[str, int]], size: float, room: float) -> int:
    """Where a line of words that is too long is best broken: at the last place of the best kind, if that leaves some of it."""
    best, end, used = -1, len(words) - 1, 0.0
    for position, (word, quality) in enumerate(words):
        if position and quality >= best and used > room / (6 if quality == 3 else 3):
            best, end = quality, position
        used += width(f"{word} ", size)
    return end


def _words(text: str) -> Iterator[tuple[str, int]]:
    """The words of a text and how well a line begins with each of them; an operator belongs to the word after it."""
    operator, depth = "", 0
    for word in text.split():
        if len(word) == 1 and unicodedata.category(word) in ("Sm", "Po", "Pd"):
            operator += f"{word} "
            continue
        kind = {"": 1, "=": 3, "+": 2, "-": 2}.get(operator[:1], 1)
        yield operator + word, 0 if depth else kind
        operator = ""
        depth += sum(word.count(bracket) for bracket in "([{") - sum(word.count(bracket) for bracket in ")]}")
    if operator:
        yield operator.rstrip(), 0


def _pieces(word: str, quality: int, size: float, room: float) -> Iterator[tuple[str, int]]:
    """A word, in pieces if it is wider than a line."""
    piece, used = "", 0.0
    for character in word:
        used += width(character, size)
        if used > room and piece:
            yield piece, quality
            piece, used, quality = "", width(character, size), 3
        piece += character
    yield piece, quality


def _shortened(line: str, size: float, room: float) -> str:
    """The line with an ellipsis at its end."""
    while line and width(f"{line} …", size) > room:
        line = line[:-1]
    return f"{line.rstrip()} …"
