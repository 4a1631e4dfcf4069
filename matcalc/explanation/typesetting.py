r"""A derivation in LaTeX (amsmath, amssymb) and in Markdown with mathematics between dollar signs.

Reasons are words with a little notation in them; `worded` sets what is not plain text there as mathematics.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from matcalc.explanation.derivation import Derived, Equation, Line, Remark, Repetition, Section, filled
from matcalc.explanation.writing import sized
from matcalc.language.assumptions import RAISED
from matcalc.notation.matrix import Answer, Expression
from matcalc.output.functions import SUBSCRIPTS
from matcalc.output.latex import expression, latex

_LONG: Final = 40

_SIGNS: Final = {
    "·": r"\cdot ", "⊙": r"\odot ", "⊘": r"\oslash ", "⊗": r"\otimes ", "∂": r"\partial ", "σ": r"\sigma ", "Σ": r"\sum ",
    "λ": r"\lambda ", "μ": r"\mu ", "π": r"\pi ", "‖": r"\|", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "×": r"\times ",
    "→": r"\to ", "∈": r"\in ", "′": "'", "″": "''", "δ": r"\delta ", "√": r"\surd ", "…": r"\ldots ", "Π": r"\prod ",
    "∇": r"\nabla ", "α": r"\alpha ", "β": r"\beta ", "θ": r"\theta ", "∫": r"\int ", "ℝ": r"\mathbb{R}", "−": "-",
}
_RAISED: Final = {
    "⁻": "-", "²": "2", "³": "3", **{chr(raised): chr(plain) for plain, raised in RAISED.items()},
    "ᵀ": r"\top ", "ˣ": r"\times ",
}
_LOWERED: Final = {"₊": "+", "₋": "-", **{chr(lowered): chr(plain) for plain, lowered in SUBSCRIPTS.items()}}
_SPECIAL: Final = {"\\": r"\textbackslash{}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
                   "^": r"\^{}", "~": r"\~{}", "<": "$<$", ">": "$>$"}  # fmt: skip
_CLUSTER: Final = re.compile(r"\w*[^\x00-\x7f–]+(?:\w*[^\x00-\x7f–]+)*\w*")


def latex_of(derived: Derived) -> str:
    """Numbered sections, each with an `align*` environment."""
    parts = []
    for number, section in enumerate(derived.sections, 1):
        parts.append(rf"\paragraph{{{number}. {worded(section.title)}.}}")
        parts += _blocks(section, r"\begin{align*}", r"\end{align*}")
    return "\n".join(parts)


def markdown_of(derived: Derived) -> str:
    """The same for a page of Markdown or a notebook."""
    parts = []
    for number, section in enumerate(derived.sections, 1):
        parts.append(f"**{number}. {section.title}**\n")
        parts += [f"{block}\n" for block in _blocks(section, "$$\\begin{aligned}", "\\end{aligned}$$", plain=True)]
    return "\n".join(parts).rstrip() + "\n"


def _blocks(section: Section, begin: str, end: str, *, plain: bool = False) -> list[str]:
    """The equations that follow each other in one environment, and the remarks between them."""
    blocks: list[str] = []
    rows: list[str] = []

    def close() -> None:
        if rows:
            blocks.append("\n".join([begin, " \\\\\n".join(rows), end]))
            rows.clear()

    def add(line: Line) -> None:
        if isinstance(line, Repetition):
            close()
            blocks.append(f"For ${line.range.removeprefix('for ').replace('…', chr(92) + 'ldots')}$:")
            for each in line.lines:
                add(each)
            close()
        elif isinstance(line, Remark):
            close()
            words = line.text if plain else worded(line.text)
            blocks.append(filled(words, [f"${expression(each)}$" for each in line.expressions]))
        else:
            rows.extend(_rows(line, plain=plain))

    for line in section.lines:
        add(line)
    close()
    return blocks


def _rows(equation: Equation, *, plain: bool) -> list[str]:
    rows = []
    left = expression(equation.left)
    for place, side in enumerate(equation.sides):
        notes = [filled(worded(side.reason), [f"${expression(part)}$" for part in side.parts])] if side.reason else []
        if place == 0 and (size := sized(equation.shape, defined=len(equation.of) == 1)):
            notes.insert(0, worded(size))
        note = f" && {_note(notes, plain=plain)}" if notes else ""
        rows.append(f"  {left} &= {_math(side.expression)}{note}")
        left = ""
    return rows


def _note(notes: Sequence[str], *, plain: bool) -> str:
    """What stands beside an equation; a long note of a page is a paragraph."""
    said = r" $\cdot$ ".join(notes)
    return rf"\text{{{said}}}" if plain or len(said) < _LONG else rf"\parbox[t]{{.45\linewidth}}{{\raggedright {said}}}"


def _math(of: Expression | Answer) -> str:
    return latex(of) if isinstance(of, Answer) else expression(of)


def worded(words: str) -> str:
    r"""Words with notation in them, for `\text`.

    >>> worded("diagonal: vᵢ depends on uᵢ only")
    'diagonal: $v_i$ depends on $u_i$ only'
    """
    parts = []
    place = 0
    for found in _CLUSTER.finditer(words):
        parts += ["".join(_SPECIAL.get(each, each) for each in words[place : found.start()]), f"${_signs(found[0])}$"]
        place = found.end()
    parts.append("".join(_SPECIAL.get(each, each) for each in words[place:]))
    return "".join(parts)


def _signs(cluster: str) -> str:
    """Characters as mathematics; several indices or exponents in a row are one."""
    written = ""
    for mark, run in groupby(cluster, lambda each: "^" if each in _RAISED else "_" if each in _LOWERED else ""):
        if mark:
            signs = _RAISED if mark == "^" else _LOWERED
            inner = "".join(signs[each] for each in run).strip()
            written += f"{mark}{inner}" if len(inner) == 1 else f"{mark}{{{inner}}}"
        else:
            written += "".join(_SIGNS.get(each, each if each.isascii() else rf"\text{{{each}}}") for each in run)
    return written.strip()
