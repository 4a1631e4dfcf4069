"""Explains many problems, and says what is wrong with the explanations.

    python tests/explanation/survey.py                      # the examples
    python tests/explanation/survey.py --golden             # the problems of tests/golden, by one variable and by several
    python tests/explanation/survey.py --programs 1000 --seed 3
    python tests/explanation/survey.py --reused 300 --seed 3 # programs whose names are used more than once
    python tests/explanation/survey.py --case "x' A x" "x" "A: matrix(n, n)"
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

import matcalc as mc
from tests.explanation.evaluation import Finding
from tests.explanation.explaining import Case, examples, findings
from tests.fuzzing.generate import program
from tests.fuzzing.terms import SHAPES
from tests.test_golden import PROBLEMS

LIMIT = 20.0
"""Seconds for one problem with all checks."""


class TooSlowError(BaseException):
    """A problem takes too long."""


def golden() -> Iterator[Case]:
    """The problems with one plain variable, each also by all of its variables."""
    for problem in PROBLEMS:
        if problem["order"] != 1:
            continue
        case = Case(problem["text"], problem["wrt"], problem["where"] or None, problem.get("dialect", "matcalc"))
        yield case
        try:
            names = list(mc.parse(case.text, where=case.where, dialect=case.dialect).shapes)
        except mc.errors.MatcalcError:
            continue
        if len(names) > 1:
            yield Case(case.text, ", ".join(names), case.where, case.dialect)


def random_programs(count: int, seed: int) -> Iterator[Case]:
    """Random programs, by one of their variables or by some."""
    random_ = random.Random(seed)
    for _ in range(count):
        example = program(random_)
        draw = random.Random(example.seed)
        names = sorted(example.names)
        several = draw.sample(names, min(len(names), draw.choice([1, 1, 2, 3])))
        yield Case(example.text, ", ".join(several), example.where)


def reused_names(count: int, seed: int) -> Iterator[Case]:
    """Random programs with names that are used more than once: their derivatives stay names and meet in sums."""
    draw = random.Random(seed)

    def column(depth: int) -> str:
        kind = draw.randrange(7) if depth else 0
        if not kind:
            return draw.choice("xxya")
        first = column(depth - 1)
        if kind == 4:
            return f"{draw.choice(('sin', 'cos', 'exp', 'tanh', 'sigmoid'))}({first})"
        if kind == 5:
            return f"(W @ {first})"
        if kind == 6:
            return f"({first} / ({draw.choice(('sum', 'norm', 'mean'))}({column(depth - 1)})^2 + c))"
        return f"({first} {' +-*'[kind]} {column(depth - 1)})"

    def term() -> str:
        one, two = draw.choice(("x_i", "y_i", "q_i", "sin(x_i)")), draw.choice(("x_i", "x_i", "a_i", "q_i", "s"))
        return f"({one} {draw.choice('+-*')} {two})"

    for _ in range(count):
        function = draw.choice(("sin", "tanh", "exp"))
        bindings = [
            f"p = {column(2)}", f"q = {column(2)}", f"r = p*{function}(q) + {column(1)}", f"s = mean(r - {draw.choice('pqx')})",
        ]  # fmt: skip
        last = draw.choice(("sum((r - s)*p)/(norm(q)^2 + c) + sum(q)*s", f"sum({term()}^2 for i in 1..n)*s + sum(r)"))
        where = "x, y, a: vector(n), W: matrix(n, n), c: positive scalar"
        yield Case("; ".join([*bindings, last]), draw.choice(("x", "x, y", "x, W", "x, y, c")), where)


def timed(case: Case, counts: Counter[str]) -> list[Finding]:
    """The findings, if that does not take too long."""

    def stop(*_: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
    try:
        return findings(case, counts)
    except TooSlowError:
        counts["the check takes too long"] += 1
        return []
    except Exception as error:
        return [Finding("the check crashes", repr(error), traceback.format_exc(limit=-3))]
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", action="store_true")
    parser.add_argument("--programs", type=int, default=0)
    parser.add_argument("--reused", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", nargs="+", default=[], help="expression, variables, declarations")
    parser.add_argument("--seconds", type=float, default=280, help="stop after this long")
    parser.add_argument("--show", type=int, default=1000, help="findings shown of each kind")
    arguments = parser.parse_args()
    cases: Iterator[Case] | list[Case] = list(examples())
    if arguments.case:
        cases = [Case(*arguments.case)]
    elif arguments.golden:
        cases = golden()
    elif arguments.programs:
        cases = random_programs(arguments.programs, arguments.seed)
    elif arguments.reused:
        cases = reused_names(arguments.reused, arguments.seed)
    counts: Counter[str] = Counter()
    start = time.monotonic()
    for case in cases:
        if time.monotonic() > start + arguments.seconds:
            print("stopped")
            break
        found = timed(case, counts)
        for finding in found:
            counts[f"FOUND {finding.kind}"] += 1
        shown = [finding for finding in found if counts[f"FOUND {finding.kind}"] <= arguments.show]
        if shown:
            print(f"{case}", *(f"    {finding}" for finding in shown), sep="\n", flush=True)
    for kind, count in sorted(counts.items()):
        print(f"{count:8d} {kind}")
    print(f"{time.monotonic() - start:.0f} s; {len(SHAPES)} variables")


if __name__ == "__main__":
    main()
