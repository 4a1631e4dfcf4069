"""Random well-shaped programs, evaluated by NumPy, against everything matcalc says about them.

    python tests/fuzz.py --programs 20000 --seed 1

prints how often the two disagreed, and each offending program cut down to its smallest part that still offends.
`tests/test_fuzz.py` runs a small share of it. The programs are made in `tests/fuzzing/`.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import signal
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from tests.fuzzing.checks import Finding, check
from tests.fuzzing.generate import Program, consistent, program, smaller
from tests.fuzzing.targets import Plan, random_plan
from tests.fuzzing.terms import intermediates

SLOW = 15.0
"""Seconds of its own time that no program needs, however busy the machine is."""
LESS: tuple[dict[str, bool], ...] = (
    {"second": False, "third": False}, {"third": False}, {"layouts": False}, {"commuted": False}, {"matlab": False},
    {"sympy": False}, {"verified": False}, {"idempotent": False}, {"unknown": False},
)  # fmt: skip
"""What need not be asked."""


def possible(example: Program, plan: Plan) -> bool:
    """Whether a program has what a plan differentiates by."""
    return plan.names <= example.names | {each.name for each in intermediates(example.body)}


def minimised(finding: Finding, seconds: float = 10.0) -> Finding:
    """A smaller program with the same kind of finding."""
    best, end = finding, time.monotonic() + seconds

    def again(example: Program, plan: Plan) -> Finding | None:
        if time.monotonic() > end or not example.names or not possible(example, plan):
            return None
        return next((each for each in timed_check(example, plan) if each.kind == finding.kind), None)

    for less_asked in LESS:
        plan = replace(best.plan, **less_asked)  # type: ignore[arg-type]
        best = (again(best.program, plan) if plan != best.plan else None) or best
    while time.monotonic() < end:
        count = best.program.body.count()
        bodies = [body for body in smaller(best.program.body) if body.count() < count and consistent(body)]
        found = (again(Program(body, best.program.seed), best.plan) for body in sorted(bodies, key=lambda body: body.count()))
        less = next((each for each in found if each is not None), None)
        if less is None:
            break
        best = less
    return best


class TooSlowError(Exception):
    """A program takes too long."""


def timed_check(example: Program, plan: Plan, counts: Counter[str] | None = None, seconds: float = SLOW) -> list[Finding]:
    """The findings; that it takes too long is one."""

    def stop(*_: object) -> None:
        raise TooSlowError(f"more than {seconds:g} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        return list(check(example, plan, counts))
    except TooSlowError as error:
        return [Finding("takes too long", str(error), example, plan)]
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def described(finding: Finding) -> str:
    """What was found, for which program."""
    symmetric = "" if finding.plan.symmetric == "space" else f", {finding.plan.symmetric}"
    said = f"{finding.kind}: {finding.program.text}   by {finding.plan.target}{symmetric}"
    return f"{said}\n    where {finding.program.where}\n    {finding.detail}"


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop after this long")
    parser.add_argument("--sympy", type=float, default=0.02, help="the share of programs whose SymPy expression is evaluated")
    parser.add_argument("--show", type=int, default=5, help="findings shown of each kind")
    parser.add_argument("--mute", default="(?!)", help="findings only to be counted: a regular expression")
    arguments = parser.parse_args()
    random_ = random.Random(arguments.seed)
    counts: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    seen: set[str] = set()
    start = time.monotonic()
    for _ in range(arguments.programs):
        if time.monotonic() > start + arguments.seconds:
            break
        example = program(random_)
        plan = random_plan(example, arguments.sympy)
        for finding in timed_check(example, plan, counts):
            if re.search(arguments.mute, described(finding)):
                counts[f"muted: {finding.kind}"] += 1
                continue
            counts[f"FOUND {finding.kind}"] += 1
            if shown[finding.kind] >= arguments.show:
                continue
            small = minimised(finding)
            if (key := f"{small.kind} {small.program.text}") in seen:
                continue
            seen.add(key)
            shown[finding.kind] += 1
            print(described(small), flush=True)
    for kind, count in sorted(counts.items()):
        print(f"{count:8d} {kind}")
    print(f"{counts['programs'] / (time.monotonic() - start):8.1f} programs per second")


if __name__ == "__main__":
    main()
