"""Derivations in LaTeX and Markdown: what opens closes, lines fit, formulas are mathematics, names are told apart."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import matcalc as mc
from matcalc.explanation.derivation import Line, Remark, Repetition, unmarked
from matcalc.explanation.explanation import Explanation
from matcalc.explanation.formulas import in_latex, pieces, typeset
from matcalc.explanation.measure import broken, tight, width
from matcalc.explanation.typesetting import PAGE, Typesetter, distinct

FOLDER = Path(__file__).parent / "derivations"
RECORDED = [each.read_text(encoding="utf-8").partition("\n")[0] for each in sorted(FOLDER.glob("*.txt"))]
ODD = [
    "sum((x1 - x_1)^2) ||| x1, x_1",
    "sigma*σ + tau ||| sigma, σ ||| sigma, σ, tau: scalar",
    "alpha_long_name*pi_1 + W_out*loss2 ||| alpha_long_name, pi_1 ||| W_out, loss2: scalar",
    "a1_2 + a_12*a12 ||| a_12, a12, a1_2 ||| a1_2, a_12, a12: scalar",
    "d*x + d^2 ||| d, x ||| d, x: scalar",
    "d' A d ||| d ||| d: vector(n), A: matrix(n, n) ||| {'method': 'differential'}",
    "x[1]*x1 ||| x, x1 ||| x: vector(n), x1: scalar",
    "größe^2*fläche ||| größe ||| größe, fläche: scalar",
    "is*of + the ||| is, of, the ||| is, of, the: scalar",
    "a*x + a ||| a ||| a, x: scalar",
    "W_out tanh(W_in x + b_in) + b_out ||| W_in, b_out",
    "where(x > 0, x^2, exp(x) - 1) ||| x ||| x: scalar",
    "norm(x, 1) + norm(x, 3) ||| x ||| x: vector(n)",
    "tr(A X B X' C) ||| X ||| ||| {'method': 'differential'}",
    "logdet(X) ||| X ||| X: spd(n) ||| {'method': 'differential'}",
    "-sum(Y*log_softmax(X W, axis=1))/N ||| W ||| X: matrix(N, n), W: matrix(n, k), Y: matrix(N, k)",
    "sin(exp(a*b*c))*cos(log(a + b^2 + c^3))*tanh(a - b - c)*sqrt(a^2 + b^2) ||| a, b, c ||| a, b, c: scalar",
    "x/sqrt(mean(x^2) + s) ||| x, s ||| x: vector(n), s: positive scalar",
    "sum(f(W x + b)) ||| W",
    "y.log(softmax(W x)) ||| W ||| sum(y) = 1",
]  # fmt: skip
PROBLEMS = [*RECORDED, *ODD]

each_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.split("|||")[0].strip()[:40])


@cache
def explained(problem: str) -> Explanation:
    """The derivation of a problem, as the files of `derivations` have it on their first lines."""
    text, wrt, where, options, *_ = *(part.strip() for part in problem.split("|||")), "", ""
    keywords: dict[str, Any] = ast.literal_eval(options) if options else {}
    return mc.explain(text, wrt=wrt, where=where or None, **keywords)


def faults(latex: str) -> Iterator[str]:
    """What does not close, and what pdfLaTeX has no character for."""
    braces, open_ = 0, []
    for token in re.findall(r"\\begin\{(\w+\*?)\}|\\end\{(\w+\*?)\}|(\\.|[{}])", latex):
        begun, ended, sign = token
        if begun:
            open_.append(begun)
        elif ended and (not open_ or open_.pop() != ended):
            yield f"end of {ended}"
        braces += {"{": 1, "}": -1}.get(sign, 0)
        if braces < 0:
            yield "a brace too many"
    if braces or open_:
        yield f"not closed: {braces} {open_}"
    flat = re.sub(r"\\begin\{(?:cases|bmatrix)\}.*?\\end\{(?:cases|bmatrix)\}", "", latex, flags=re.DOTALL)
    for cell in re.split(r"\\\\|&", flat):
        if len(re.findall(r"\\left\b", cell)) != len(re.findall(r"\\right\b", cell)):
            yield f"brackets: {cell}"
    if len(re.findall(r"(?<!\\)\$", latex)) % 2:
        yield "a dollar sign too many"
    for each in set(latex):
        if not each.isascii() and not (each.isalpha() and ord(each) < 0x250):
            yield f"character {each}"


def words_of(lines: list[Line] | tuple[Line, ...]) -> Iterator[str]:
    """The reasons and remarks of lines, with the marks of formulas in them."""
    for line in lines:
        if isinstance(line, Repetition):
            yield from words_of(line.lines)
        elif isinstance(line, Remark):
            yield line.text
        else:
            yield from (side.reason for side in line.sides)


@each_problem
def test_what_opens_closes(problem: str) -> None:
    found = explained(problem)
    assert not list(faults(found.latex()))
    assert not list(faults(found.markdown().replace("–", "--")))


@pytest.mark.parametrize(
    ("latex", "fault"),
    [(r"\frac{a}{b", "not closed"), (r"\begin{align*} a \end{aligned}", "end of"), (r"\left( a", "brackets"), ("$a", "dollar"),
     (r"a \le ∂", "character"), ("a}", "a brace too many")],
)  # fmt: skip
def test_what_does_not_close_is_found(latex: str, fault: str) -> None:
    assert any(each.startswith(fault) or fault in each for each in faults(latex))


@each_problem
def test_formulas_among_words_are_marked(problem: str) -> None:
    """What is left beside the formulas are words, so that all else is set as mathematics."""
    found = explained(problem)
    for section in found.derived.sections:
        for words in (section.title, *words_of(section.lines)):
            rest = "".join("#" if marks else part for part, marks in pieces(words))
            rest = rest.replace("{}", "#").replace("'s", "")
            assert not re.search(r"[^\x00-\x7f–]|[=<>^_*]|\w\(|\b[b-zB-Z]\b", rest), words
            assert words.count("`") % 2 == 0
    assert "`" not in str(found)


@each_problem
def test_lines_fit_the_page(problem: str) -> None:
    rows = re.findall(r"^  (.*?) &= (.*?)(?: &\\qquad&.*)?(?: \\\\)?$", explained(problem).latex(), re.MULTILINE)
    assert rows
    for left, right in rows:
        inner = re.fullmatch(r"\\rlap\{\$\\displaystyle (.*)\$\}", right)
        assert width(left) + width(inner[1] if inner else right) < PAGE + 0.5


@each_problem
def test_names_are_told_apart(problem: str) -> None:
    names = Typesetter(explained(problem).derived).names
    assert len(set(names.values())) == len(names)


@pytest.mark.parametrize(
    ("text", "wrt", "where", "special"),
    [("x1 + x_1", "x1", "x1, x_1: scalar", {"x1": r"\mathrm{x1}"}),
     ("sigma + σ", "σ", "σ, sigma: scalar", {"sigma": r"\mathrm{sigma}"}),
     ("x[1]*x1", "x", "x: vector(n), x1: scalar", {"x1": r"\mathrm{x1}"}), ("x + y", "x", "x, y: scalar", {})],
)  # fmt: skip
def test_which_name_gives_way(text: str, wrt: str, where: str, special: dict[str, str]) -> None:
    assert distinct(mc.explain(text, wrt=wrt, where=where).derived) == special


@each_problem
def test_json_has_both(problem: str) -> None:
    def check(value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                check(each)
        elif isinstance(value, dict):
            for key in ("title", "reason", "remark", "repeated", "remarks", "explains"):
                assert (key in value) == (f"{key}_latex" in value)
            assert not list(faults(str(value.get("reason_latex", "")) + str(value.get("title_latex", ""))))
            for each in value.values():
                check(each)

    found = explained(problem).to_dict()
    assert found["explains_latex"].keys() == found["explains"].keys()
    check(found)


@pytest.mark.parametrize(
    ("formula", "latex"),
    [("dC = tr(∂C/∂M dM)", r"\mathrm{d}C = \operatorname{tr}(\partial C/\partial M \,\mathrm{d}M)"),
     ("u₁ᵢ", "u_{1,i}"), ("x[3]", "x_{3}"), ("‖x‖²", r"\lVert \mathbf{x}\rVert ^2"), ("3 m² n", "3 m^2 n"),
     ("ℝᵐˣⁿ", r"\mathbb{R}^{m\times n}"), ("sqrt(x)/2", r"\sqrt{\mathbf{x}}/2"), ("loss x", r"\mathrm{loss} \mathbf{x}"),
     ("X⁻¹ dX", r"X^{-1} \,\mathrm{d}X"), ("d logdet(X)", r"\mathrm{d} \log\det(X)")],
)  # fmt: skip
def test_a_formula_of_a_reason(formula: str, latex: str) -> None:
    names = {"u₁": r"\mathbf{u}_{1}", "x": r"\mathbf{x}", "C": "C", "X": "X", "loss": r"\mathrm{loss}"}
    assert typeset(formula, names) == latex


def test_the_letters_of_a_general_rule_are_vectors() -> None:
    assert in_latex("``aᵀ diag(b) = (a ⊙ b)ᵀ``", [], {"b": "b"}) == (
        r"$\mathbf{a}^\top \operatorname{diag}(\mathbf{b}) = (\mathbf{a} \odot \mathbf{b})^\top$"
    )


def test_words_are_escaped() -> None:
    assert in_latex("50% of `x` & #1_a", [], {}) == r"50\% of $x$ \& \#1\_a"
    assert in_latex("*a* of `x`", [], {}, markdown=True) == r"\*a\* of $x$"
    assert unmarked("50% of `x`") == "50% of x"


def test_long_formulas_are_broken() -> None:
    formula = r"a + \left(b + c + d + e + f\right) - \frac{g + h + i + j + k}{2}"
    for room in (30.0, 12.0, 8.0):
        lines = broken(formula, room)
        assert max(map(width, lines)) <= room
        assert not list(faults(r" \\ ".join(lines)))
        assert len(lines) == 1 or room < width(formula)
    assert len(broken(formula, 8)) > len(broken(formula, 12)) > 1


def test_brackets_are_no_larger_than_needed() -> None:
    assert tight(r"\exp\left(x^\top y\right)") == r"\exp(x^\top y)"
    assert tight(r"\exp\left(\frac{x}{y}\right)") == r"\exp\left(\frac{x}{y}\right)"
    assert tight(r"A \mathrm{d}X B") == r"A \, \mathrm{d}X B"
