r"""Words with formulas in them, in LaTeX.

A reason is words and formulas. Its formulas stand between backticks, in the notation of the text output, "`u` is `x` itself":
the text leaves the backticks out, LaTeX sets what is between them as mathematics, with the names as they look in the equations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from matcalc.language.assumptions import RAISED
from matcalc.operations.table import OPERATIONS
from matcalc.output.functions import SUBSCRIPTS
from matcalc.output.latex import name as plain_name

MARK: Final = "`"

_MARKED: Final = re.compile(r"(``[^`]*``|`[^`]*`)")

_RAISED: Final = {
    "⁻": "-", "²": "2", "³": "3", **{chr(raised): chr(plain) for plain, raised in RAISED.items()},
    "ᵀ": r"\top", "ˣ": r"\times ",
}  # fmt: skip
_LOWERED: Final = {"₊": "+", "₋": "-", "ₖ": "k", **{chr(lowered): chr(plain) for plain, lowered in SUBSCRIPTS.items()}}
_SIGNS: Final = {
    "·": r" \cdot ", "*": r" \cdot ", "⊙": r" \odot ", "⊘": r" \oslash ", "⊗": r" \otimes ", "≤": r" \le ", "≥": r" \ge ",
    "≠": r" \ne ", "×": r" \times ", "→": r" \to ", "∈": r" \in ", "′": "'", "″": "''", "‴": "'''", "…": r"\ldots ",
    "ℝ": r"\mathbb{R}",
    "−": "-", "∇": r"\nabla ", "√": r"\surd ", "∫": r"\int ", "∂": r"\partial ", "∞": r"\infty ", "⎧": "", "⎩": "",
    "Σ": r"\sum ", "Π": r"\prod ", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "#": r"\#", "$": r"\$", "_": r"\_",
    "=": " = ", "+": " + ", "<": " < ", ">": " > ", ",": ", ", ":": "\\colon ",
}  # fmt: skip
_SPECIAL: Final = {
    "\\": r"\textbackslash ", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_", "^": r"\textasciicircum ",
    "~": r"\textasciitilde ", "<": "$<$", ">": "$>$", "…": r"\ldots ", "–": "--", "≠": r"$\ne$", "≤": r"$\le$", "≥": r"$\ge$",
    "{": r"\{", "}": r"\}", '"': "''",
}  # fmt: skip
_FUNCTIONS: Final = {row.shown: row.shown_latex for row in OPERATIONS.values() if "{}" not in row.shown_latex}
_OTHER: Final = re.compile(r"(\w*[^\x00-\u024f–…](?:\w*[^\x00-\u024f–…]+)*\w*)")
"""A cluster of characters that are no letters of words."""
_WORDS: Final = frozenset(("where", "if", "otherwise", "and", "or", "for", "the", "column", "row", "other", "operand"))
"""What stands in a formula and is no name."""
_LETTER: Final = r"[^\W\d_" + "".join((*_RAISED, *_LOWERED, "σΣΠℝ")) + "]"
_SCRIPTED: Final = "".join((*_RAISED, *_LOWERED))
_TOKEN: Final = re.compile(
    rf"(?P<d>[d∂](?={_LETTER}|[σΣΠ(‖]| [a-z]+\())|(?P<name>(?:{_LETTER}|[σΣΠ])(?:[^\W{_SCRIPTED}]|_(?=[^\W{_SCRIPTED}]))*)"
    rf"|(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<up>[{''.join(_RAISED)}]+)|(?P<down>[{''.join(_LOWERED)}]+)"
    r"|(?P<space> +)|(?P<sign>.)",
    re.DOTALL,
)
_OF_ALL: Final = re.compile(r"d(?:[(‖]| [a-z]+\()")
"""The differential of what is no name."""
_WORD: Final = re.compile(rf"[\w{_SCRIPTED}]+")
_DOTS: Final = re.compile(r"\.\.+")
_OF_VECTORS: Final = re.compile(r"[ᵀ⊙⊘⊗‖]|\w·\w|\b(?:diag|sum|softmax|vec|skew|cross|logsumexp|mean|norm1|normp)\(")
"""What shows that the small letters of a rule are vectors."""
_VECTORS: Final = frozenset("abvxyzrep")


def pieces(words: str) -> Iterator[tuple[str, str]]:
    """The parts of words, each with its marks: one for a formula, two for a general rule, whose letters stand for anything.

    >>> list(pieces("`u` is a sum: ``(a + b)ᵀ = aᵀ + bᵀ``"))
    [('u', '`'), (' is a sum: ', ''), ('(a + b)ᵀ = aᵀ + bᵀ', '``')]
    """
    for part in _MARKED.split(words):
        if part:
            marks = part[: len(part) - len(part.lstrip(MARK))]
            yield part.strip(MARK), marks


def in_latex(words: str, parts: Sequence[str], names: Mapping[str, str], *, markdown: bool = False) -> str:
    r"""Words for a page, with formulas between dollar signs; `parts`, which are LaTeX, stand for the `{}` in them.

    >>> in_latex("`uᵢ` depends on `{}` only", [r"\mathbf{x}"], {})
    '$u_{i}$ depends on $\\mathbf{x}$ only'
    """
    waiting = iter(parts)
    written = []
    for part, marks in pieces(words):
        texts = part.split("{}")
        if marks:
            known = names if marks == MARK else {}
            inner = [typeset(texts[0], known)]
            for each in texts[1:]:
                inner += [next(waiting), typeset(each, known)]
            written.append(f"${''.join(inner).strip()}$")
            continue
        written.append(escaped(texts[0], markdown=markdown))
        for each in texts[1:]:
            written += [f"${next(waiting)}$", escaped(each, markdown=markdown)]
    return "".join(written)


def escaped(words: str, *, markdown: bool = False) -> str:
    """Plain words, with what LaTeX, or Markdown, would take as a command in another way."""
    parts = enumerate(_OTHER.split(words))
    return "".join(_cluster(part) if place % 2 else _plain(part, markdown=markdown) for place, part in parts)


def _cluster(part: str) -> str:
    """Signs among plain words: what somebody wrote into a note."""
    return _SPECIAL.get(part) or f"${typeset(part, {})}$"


def _plain(words: str, *, markdown: bool) -> str:
    if markdown:
        return re.sub(r"([\\`*_$#<>\[\]])", r"\\\1", words)
    return "".join(_SPECIAL.get(each, each) for each in words)


def typeset(formula: str, names: Mapping[str, str]) -> str:
    r"""A formula of the text output in LaTeX; names that are not known are those of a general rule.

    >>> typeset("∂y/∂u₁ = xᵀ", {"u₁": r"\mathbf{u}_{1}", "x": r"\mathbf{x}"})
    '\\partial y/\\partial \\mathbf{u}_{1} = \\mathbf{x}^\\top'
    """
    return _Formula(formula, names).written()


class _Formula:
    """Reads a formula from left to right."""

    def __init__(self, formula: str, names: Mapping[str, str]) -> None:
        self.text, self.names = formula, names
        self.place = 0
        self.out: list[str] = []
        self.after_operand = False
        """Whether what stands before is a factor: then a bracket is an index, and a number after it a vector of ones."""
        self.bold = bool(_OF_VECTORS.search(formula))
        self.vectors = frozenset() if names else _VECTORS | ({"c"} if "⊙" in formula else set())
        self.bars = 0

    def written(self) -> str:
        """The whole formula."""
        while self.place < len(self.text):
            self.step()
        return re.sub(r" {2,}", " ", "".join(self.out)).strip()

    def step(self) -> None:
        """One token."""
        known = self._known()
        if known:
            self.operand(known)
            return
        dots = _DOTS.match(self.text, self.place)
        if dots:
            self.place = dots.end()
            self.put(r"\ldots ", after=False)
            return
        found = _TOKEN.match(self.text, self.place)
        assert found is not None
        token = found[0]
        match found.lastgroup:
            case "d" if token == "∂" or self._is_differential():
                self.place += 1
                thin = r"\," if self.after_operand and token == "d" else ""
                self.put(r"\partial " if token == "∂" else rf"{thin}\mathrm{{d}}", after=False)
            case "d" | "name":
                whole = re.compile(rf"{_LETTER}[^\W{_SCRIPTED}]*|[σΣΠ]").match(self.text, self.place)
                assert whole is not None
                self.name(whole[0])
            case "number":
                self.number(token)
            case "up":
                self.place = found.end()
                inner = "".join(_RAISED[each] for each in token).strip()
                self.put(f"^{inner}" if inner == r"\top" or len(inner) == 1 else f"^{{{inner}}}", after=True)
            case "down":
                self.place = found.end()
                inner = "".join(_LOWERED[each] for each in token)
                self.put(f"_{{{inner}}}", after=True)
            case "space":
                self.place = found.end()
                self.out.append(" ")
            case _:
                self.sign(token)

    def _known(self) -> str:
        """The longest name that stands here, if there is one, as the text has it."""
        before = self.text[self.place - 1 : self.place]
        if before and (before.isalnum() or before == "_") and not self._after_d():
            return ""
        found = _WORD.match(self.text, self.place)
        if found is None:
            return ""
        whole = found[0]
        for end in range(len(whole), 0, -1):
            if whole[:end] in self.names and (end == len(whole) or whole[end] in _SCRIPTED):
                return whole[:end]
        return ""

    def _after_d(self) -> bool:
        return bool(self.out) and self.out[-1].endswith((r"\mathrm{d}", r"\partial "))

    def _is_differential(self) -> bool:
        """Whether the letter d begins a differential: before a known name, or a single letter of a rule."""
        found = _WORD.match(self.text, self.place + 1)
        if found is None:
            return not self.after_operand and _OF_ALL.match(self.text, self.place) is not None
        rest = found[0]
        core = rest.rstrip(_SCRIPTED)
        return any(rest[:end] in self.names for end in range(len(core), len(rest) + 1)) or (
            len(core) == 1 and f"d{core}" not in self.names
        )

    def operand(self, name: str) -> None:
        """A known name; as an element if an index follows, and elements are not bold."""
        self.place += len(name)
        written = self.names[name]
        lowered = re.compile(rf"[{''.join(_LOWERED)}]+").match(self.text, self.place)
        bracket = re.compile(r"\[([^\[\]]*)\]").match(self.text, self.place)
        if lowered or bracket:
            found = lowered or bracket
            assert found is not None
            inner = "".join(_LOWERED[each] for each in found[0]) if lowered else typeset(found[1], self.names)
            written = re.sub(r"\\(mathbf|boldsymbol)\{((?:[^{}]|\{[^{}]*\})*)\}", _light, written)
            written = f"{written[:-1]},{inner}}}" if written.endswith("}") and "_{" in written else f"{written}_{{{inner}}}"
            self.place = found.end()
        self.put(written, after=True)

    def name(self, name: str) -> None:
        """A name of a rule, or of a function."""
        self.place += len(name)
        follows = self.text[self.place : self.place + 1]
        if name in ("Σ", "Π"):
            self.put(_SIGNS[name], after=False)
        elif name == "sqrt" and follows == "(":
            self.root()
        elif name == "e" and follows == "(":
            end = self._closing(self.place)
            self.put(rf"\mathbf{{e}}_{{{typeset(self.text[self.place + 1 : end], self.names)}}}", after=True)
            self.place = end + 1
        elif name in _FUNCTIONS and (len(name) > 1 or follows == "("):
            self.put(f"{_FUNCTIONS[name]}" + ("" if follows == "(" else " "), after=False)
        elif name in _WORDS:
            self.put(rf"\text{{ {name} }}", after=False)
        elif len(name) == 1 and self.bold and name in self.vectors and follows not in _LOWERED:
            self.put(rf"\mathbf{{{name}}}", after=True)
        elif name in ("ones", "zeros") and follows == "(":
            end = self._closing(self.place)
            sizes = typeset(self.text[self.place + 1 : end].replace(", ", "×"), self.names)
            self.put(rf"\mathbf{{{'1' if name == 'ones' else '0'}}}_{{{sizes}}}", after=True)
            self.place = end + 1
        elif "_" not in name and len(name) > 1 and follows == "(":
            self.put(rf"\operatorname{{{name}}}", after=False)
        else:
            self.put(plain_name(name), after=True)

    def root(self) -> None:
        """A square root."""
        end = self._closing(self.place)
        self.put(rf"\sqrt{{{typeset(self.text[self.place + 1 : end], self.names)}}}", after=True)
        self.place = end + 1

    def number(self, number: str) -> None:
        """A number; as a factor after another one it is a vector of ones or zeros, as before a transpose."""
        end = self.place + len(number)
        alone = self.text[:end].endswith("diag(" + number) and self.text[end : end + 1] == ")"
        vector = self.text[end : end + 1] == "ᵀ" or (self.after_operand and self.bold) or alone
        self.place = end
        self.put(rf"\mathbf{{{number}}}" if vector and number in "01" else number, after=True)

    def sign(self, sign: str) -> None:
        """An operator, a bracket or a bar."""
        self.place += 1
        if sign in "‖|":
            self.bars += 1
            bar, opens = ("Vert" if sign == "‖" else "vert"), self.bars % 2
            self.put(rf"\{'l' if opens else 'r'}{bar}" + " ", after=not opens)
        elif sign == "^" and self.text[self.place : self.place + 1] == "(":
            end = self._closing(self.place)
            self.put(f"^{{{typeset(self.text[self.place + 1 : end], self.names)}}}", after=True)
            self.place = end + 1
        elif sign == "^":
            found = re.compile(r"\w+").match(self.text, self.place)
            self.place = found.end() if found else self.place
            self.put(f"^{{{typeset(found[0], self.names) if found else ''}}}", after=True)
        elif sign == "_" and self.text[self.place : self.place + 1] == "F":
            self.place += 1
            self.put("_F", after=True)
        elif sign == "*" and self.text[self.place : self.place + 1] not in ("", " "):
            self.put(r"\,", after=False)  # a product of sizes
        elif sign == "/":
            self.put("/", after=False)
        elif sign == "-":
            before = "".join(self.out).rstrip()
            self.put(" - " if before and self.after_operand else "-", after=False)
        else:
            self.put(_SIGNS.get(sign, sign if sign.isascii() else rf"\text{{{sign}}}"), after=sign in ")]}…")

    def _closing(self, opening: int) -> int:
        """Where the parenthesis that opens at a place closes; the end if it does not."""
        depth = 0
        for place in range(opening, len(self.text)):
            depth += {"(": 1, ")": -1}.get(self.text[place], 0)
            if not depth:
                return place
        return len(self.text)

    def put(self, written: str, *, after: bool) -> None:
        """Write on; `after` says whether this ends a factor."""
        self.out.append(written)
        self.after_operand = after


def _light(found: re.Match[str]) -> str:
    """What is bold, as a number: an element of a vector."""
    return found[2] if found[1] == "boldsymbol" or len(found[2]) == 1 else rf"\mathrm{{{found[2]}}}"
