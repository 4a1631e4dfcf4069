"""Explains a problem, and says all that is wrong with the explanation."""

from __future__ import annotations

import re
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

import matcalc as mc
from matcalc.derivative import explained as explained_together
from matcalc.errors import MatcalcError
from matcalc.explanation.derivation import Derived
from matcalc.language.shapes import Inference
from matcalc.notation.matrix import Answer
from matcalc.verify.points import Assignments, Mix, Sampler, hinted
from tests.explanation.evaluation import Finding, UnusablePointError, wrong_ends, wrong_numbers, wrong_order, wrong_repetitions

ATTEMPTS = 16
TRIED = 3
"""Points that are tried for an equation with a kink."""
SLOW = 3.0
"""Seconds that no explanation may take."""


@dataclass(frozen=True)
class Case:
    """A problem: what is differentiated, and by which variables."""

    text: str
    wrt: str
    where: str | None = None
    dialect: str = "matcalc"

    @property
    def names(self) -> list[str]:
        """The variables."""
        return [name.strip() for name in re.split(r",(?![^\[]*\])", self.wrt)]

    def __str__(self) -> str:
        return f"{self.text}   by {self.wrt}" + (f"   where {self.where}" if self.where else "")


@dataclass(frozen=True)
class Explained:
    """An explanation, with what it is checked against."""

    derived: Derived
    inference: Inference
    answers: dict[str, Answer]
    shown: tuple[Derived, ...]
    """What is printed, with repeated lines written once."""


class RefusedError(Exception):
    """`diff` itself does not do it."""


def explained(case: Case) -> Explained:
    """The explanation of a problem.

    Raises:
        RefusedError: `diff` refuses it, or it is by something else than variables.
    """
    try:
        found = mc.diff(case.text, wrt=case.names, where=case.where, dialect=case.dialect)
        answers = {name: found[name].answer for name in case.names}
    except MatcalcError as error:
        raise RefusedError(str(error).splitlines()[0]) from None
    if any(each.order > 1 for each in found.values()):
        raise RefusedError("of higher order")
    explanation = explained_together(list(found.values()), direction="both")
    brief = explained_together(list(found.values()), brief=True)
    for each in (explanation, brief):
        assert str(each)
        assert each.latex()
        assert each.markdown()
        assert each.to_dict()
    shown = (explanation._shown, brief._shown)
    return Explained(explanation.derived, found[case.names[0]]._problem.inference, answers, shown)


def points(inference: Inference, seed: int) -> Iterator[tuple[dict[str, Any], dict[str, int]]]:
    """Values for the variables, at sizes that differ, in several ways: some functions want positive values."""
    random = np.random.default_rng(seed)
    other: dict[str, int] = {}
    for attempt in range(ATTEMPTS):
        sizes = Assignments(inference, random).draw(other)
        other = {} if other else sizes
        sampler = Sampler(inference, sizes, random)
        every: list[Mix] = [dict.fromkeys(inference.symbols, mode) for mode in ("positive", "unit", "small")]
        mixes: tuple[Mix, ...] = (hinted(inference), {}, *every)
        yield sampler.point(mixes[attempt % len(mixes)]), sizes


def findings(case: Case, counts: Counter[str] | None = None, wanted: int = 1) -> list[Finding]:
    """All that is wrong; what is wrong in numbers must be so at a second point. `wanted` points are used."""
    counts = Counter() if counts is None else counts
    counts["problems"] += 1
    start = time.process_time()
    try:
        found = explained(case)
    except RefusedError as error:
        counts["refused"] += 1
        counts[f"refused: {str(error)[:60]}"] += 1
        return []
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno} {last.name}"
        return [Finding("crash", f"{type(error).__name__}: {str(error)[:200]}", place)]
    seconds = time.process_time() - start
    result = [] if seconds < SLOW else [Finding("slow", f"{seconds:.1f} s")]
    result += wrong_order(found.derived, list(found.inference.symbols))
    result += wrong_ends(found.derived, found.answers)
    result += [each for shown in found.shown for each in wrong_repetitions(shown)]
    used, suspects, open_ = 0, list[Finding](), list[set[str]]()
    for point, sizes in points(found.inference, crc32(str(case).encode())):
        undecided: set[str] = set()
        try:
            here = list(wrong_numbers(found.derived, found.inference, point, sizes, undecided))
        except UnusablePointError:
            continue
        used += 1
        open_.append(undecided)
        again = {(each.kind, each.where) for each in here}
        confirmed = [each for each in suspects if (each.kind, each.where) in again]
        if confirmed:
            return [*result, *confirmed]
        suspects = here
        left = set.intersection(*open_)
        if used >= wanted and not here and (not left or used >= TRIED):
            break
    counts["equations"] += sum(len(section.lines) for section in found.derived.sections)
    counts["equations at a kink"] += len(set.intersection(*open_)) if open_ else 0
    counts["no usable point" if not used else "checked"] += 1
    if suspects:
        result += [Finding(f"{each.kind}, at one point only", each.where, each.detail) for each in suspects]
    return result


LAYERS = "a0 = x; " + "; ".join(f"a{k} = tanh(W{k} a{k - 1} + b{k})" for k in range(1, 7)) + "; sum(a6)"
DEEP = ", ".join(f"W{k}: matrix(m{k}, m{k - 1}), b{k}: vector(m{k})" for k in range(1, 7)) + ", x: vector(m0)"


def examples() -> Sequence[Case]:
    """Those of the paper, and others that everything must go well with."""
    network = "z1 = W1 x + b1; a1 = max(0, z1); z2 = W2 a1 + b2; -log(softmax(z2)) . y"
    shapes = "W1: matrix(h, n), b1: vector(h), W2: matrix(k, h), b2: vector(k), x: vector(n), y: vector(k)"
    return [Case(*each) for each in (
        ("ln(sin(x^3)^2)", "x", "x: scalar"), ("x + x^2", "x", "x: scalar"), ("sin(x + x^2)", "x", "x: scalar"),
        ("x*x^2", "x", "x: scalar"), ("x*exp(x^2)", "x", "x: scalar"), ("[ln(x^2), sin(3*x)]", "x", "x: scalar"),
        ("y = x^2; sin(y)*x", "x", "x: scalar"), ("sin(x)^2", "x", "x: vector(n)"), ("x*y + sin(x)", "x, y", "x, y: scalar"),
        ("w.x", "w"), ("w.x", "x, w"), ("sum(x)", "x", "x: vector(n)"), ("sum(w*x)", "w, x"), ("w.x + b", "w, b"),
        ("max(0, w.x + b)", "w, b"), ("max(0, w.x + b)", "w, x, b"),
        ("sum((y[i] - max(0, w.X[i] + b))^2 for i in 1..N)/N", "w, b"),
        ("sum((y[i] - (w.X[i] + b))^2 for i in 1..N)/N", "w"),
        ("||y - max(0, X w + b)||^2/N", "w, b", "X: matrix(N, n), y: vector(N), b: scalar"),
        ("||X w - y||^2", "w"), ("sum(log(1 + exp(-y*(X w))))", "w"), ("x' A x", "x"), ("x' A x", "x, A"),
        (LAYERS, "W6, b6, W5, b5, W4, b4, W3, b3, W2, b2, W1, b1", DEEP),
        (network, "W2, b2, W1, b1", shapes), (network, "W1", shapes), (network, "x", shapes),
        ("-sum(Y * log(softmax(relu(X W1 + b1) W2 + b2, axis=1)))/N", "W1, b1, W2, b2",
         "X: matrix(N, n), W1: matrix(n, h), W2: matrix(h, k), Y: matrix(N, k), b1: row(h), b2: row(k)"),
        ("||max(0, X W1) W2 - Y||^2", "W1, W2", "X: matrix(N, n), W1: matrix(n, h), W2: matrix(h, k), Y: matrix(N, k)"),
        ("sum(log(softmax(W X[i])) . Y[i] for i in 1..N)", "W"),
        ("softmax(W x + b)", "x, b, W"), ("f(g(x))", "x", "x: scalar"), ("f(x, g(x))", "x", "f: (R, R) -> R, x: scalar"),
        ("A sin(B x)", "x", "A: matrix(m, k), B: matrix(k, n)"), ("inv(X)", "X", "X: matrix(n, n)"), ("logdet(X' X)", "X"),
        ("tr(A X B)", "X"), ("A X B", "X"), ("exp(X)*A", "X, A", "X: matrix(m, n), A: matrix(m, n)"),
        ("mu = mean(x); v = mean((x-mu)^2); xh = (x-mu)/sqrt(v+eps); sum(c*(g*xh + b))", "x, g, b"),
        ("mu = mean(x); d = x - mu; e = x - mu; sum(d*e) + sum(sin(d))*sum(cos(e))", "x"),
        ("z = x + W tanh(V x); a = z + W tanh(V z); ||a - y||^2", "W, V, x"),
        ("sum(x_i for i in 1..n)", "x"), ("sum((w_i*x_i + b - y_i)^2 for i in 1..n)/n", "w, b"),
        ("sum((x_i - x_j)^2*x_i for i in 1..n, j in 1..n)", "x"), ("sum(A[i,j]*x_i*x_j for i in 1..n, j in 1..n)", "x"),
        ("p = softmax(z); -sum(y_i*log(p_i) for i in 1..n)", "z, y"), ("log(sum(exp(x_i) for i in 1..n))", "x"),
        ("sum(x_i*A_i for i in 1..n)", "x", "A: matrix(n, m), x: vector(n)"), ("sum(i*x_i for i in 1..n)", "x"),
        ("h = A x; s = sum(h); sum((h_i - s)^2*y_i for i in 1..m)", "x, A", "A: matrix(m, n), x: vector(n), y: vector(m)"),
        ("exp(x - (x - (x - (x - (x - sin(x))))))", "x", "x: vector(n)"),
        ("prod(normalize(V, axis=0)/sum(exp(normalize(V, axis=0)), axis=1))", "V", "V: matrix(m, k)"),
        ("x' A' B x", "x", "A, B: matrix(m, n)"), ("||Y - X W||_F^2 + lam*||W||_F^2", "W, lam"),
        ("norm(w, 2 + tanh(b))", "b", "w: vector(n), b: scalar"), ("a' X^k b", "X", "X: matrix(n, n)"),
        ("max(c*p[n-i+1]^2 + y[i] for i in 1..n)", "c, p", "c: scalar, p, y: vector(n)"),
        ("sum(prod(1.5 + tanh(z u'), axis=0))", "z, u", "z: vector(k), u: vector(m)"),
        ("u = max(c*p[n-i+1]^2 + y[i] for i in 1..n); u^2 + u*c", "c", "c: scalar, p, y: vector(n)"),
        ("x/||x||", "x", "x: vector(n)"), ("(x - mean(x))/std(x)", "x", "x: vector(n)"), ("x x'", "x", "x: vector(n)"),
    )]  # fmt: skip
