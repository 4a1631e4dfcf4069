"""How fast matcalc is: medians of interleaved runs, as ratios wherever something can be measured side by side.

Run with `python -m tests.benchmarks.speed` from the checkout (`--quick` for fewer repetitions).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matcalc as mc
from matcalc.calculus.differentiate import differentiate
from matcalc.calculus.targets import Targets
from matcalc.problem import Problem

_CASES = Path(__file__).parents[1] / "cases" / "problems.jsonl"
_ROOT = Path(__file__).parents[2]


def interleaved(tasks: Sequence[Callable[[], Any]], repeat: int) -> list[float]:
    """The median time in milliseconds of each task; the tasks take turns, so that a slow moment hits all of them."""
    times: list[list[float]] = [[] for _ in tasks]
    for _ in range(repeat):
        for task, found in zip(tasks, times, strict=True):
            start = time.perf_counter()
            task()
            found.append((time.perf_counter() - start) * 1e3)
    return [statistics.median(found) for found in times]


def derivative_of(problem: dict[str, Any]) -> Any:
    """A shown problem's derivative."""
    return mc.diff(problem["text"], problem["wrt"], order=problem["order"], where=problem["where"])


def warm(problems: Sequence[dict[str, Any]], repeat: int) -> None:
    """`mc.diff` with `str`, and with `.expr`, for each problem."""
    rows = []
    for problem in problems:
        tasks: list[Callable[[], Any]] = [
            lambda p=problem: str(derivative_of(p)),  # type: ignore[misc]
            lambda p=problem: derivative_of(p).expr,  # type: ignore[misc]
        ]
        for task in tasks:
            task()
        rows.append((problem["id"], *interleaved(tasks, repeat)))
    print(f"warm, {len(rows)} problems      text: median {statistics.median(row[1] for row in rows):6.2f} ms", end="")
    print(f"   worst {max(row[1] for row in rows):6.2f} ms ({max(rows, key=lambda row: row[1])[0]})")
    print(f"                        .expr: median {statistics.median(row[2] for row in rows):6.2f} ms", end="")
    print(f"   worst {max(row[2] for row in rows):6.2f} ms ({max(rows, key=lambda row: row[2])[0]})")


def against_sympy(repeat: int) -> None:
    """The same derivative by SymPy's own matrix calculus, where it has an answer."""
    import sympy as sp

    n, m = sp.symbols("n m", integer=True, positive=True)
    square, rectangular, other = sp.MatrixSymbol("A", n, n), sp.MatrixSymbol("X", m, n), sp.MatrixSymbol("B", n, m)
    x, a, b = sp.MatrixSymbol("x", n, 1), sp.MatrixSymbol("a", n, 1), sp.MatrixSymbol("b", n, 1)
    cases = [
        ("x' A x", "x", "A: matrix(n, n), x: vector(n)", lambda: (x.T * square * x).diff(x)),
        ("A x", "x", "A: matrix(n, n), x: vector(n)", lambda: (square * x).diff(x)),
        ("a' A^-1 b", "A", "A: matrix(n, n), a, b: vector(n)", lambda: (a.T * square.I * b).diff(square)),
        ("det(A)", "A", "A: matrix(n, n)", lambda: sp.Determinant(square).diff(square)),
        ("tr(X B)", "X", "X: matrix(m, n), B: matrix(n, m)", lambda: sp.Trace(rectangular * other).diff(rectangular)),
        ("tr(X' X)", "X", "X: matrix(m, n)", lambda: sp.Trace(rectangular.T * rectangular).diff(rectangular)),
    ]
    ratios = []
    for text, wrt, where, theirs in cases:
        tasks: list[Callable[[], Any]] = [
            lambda t=text, w=wrt, d=where: mc.diff(t, w, where=d).expr,  # type: ignore[misc]
            theirs,
        ]
        for task in tasks:
            task()
        ours, sympys = interleaved(tasks, repeat)
        ratios.append(sympys / ours)
        print(f"  d({text})/d{wrt}: matcalc {ours:.2f} ms, SymPy {sympys:.2f} ms, ratio {sympys / ours:.1f}")
    print(f"SymPy's own matrix derivative takes {statistics.median(ratios):.1f} × as long (median; its cache is warm)")


def cold(repeat: int) -> None:
    """New processes: a plain answer, one as a SymPy expression, and `import sympy` alone."""
    cache = tempfile.mkdtemp()  # compiled modules, as an installed package has them
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}

    def process(*arguments: str) -> Callable[[], Any]:
        command = [sys.executable, *arguments]
        return lambda: subprocess.run(command, check=True, capture_output=True, env=environment)

    expression = ("max(0, w.x + b)", "wrt", "w")
    main = "import sys; from matcalc.cli import main; sys.exit(main(sys.argv[1:]))"
    tasks = [
        process("-c", "pass"),
        process("-c", "import sympy"),
        process("-c", main, "diff", *expression),
        process("-c", main, "diff", *expression, "--format", "sympy"),
    ]
    for task in tasks:
        task()
    bare, sympy, plain, formatted = interleaved(tasks, repeat)
    shutil.rmtree(cache)
    print(f"cold: bare interpreter {bare:.0f} ms, import sympy {sympy:.0f} ms")
    print(f"      matcalc diff, text {plain:.0f} ms = {plain / sympy:.2f} × import sympy", end="")
    print(f"; --format sympy {formatted:.0f} ms = {formatted / sympy:.2f} ×")


def network(layers: int) -> str:
    """sum(tanh(W_k … tanh(W_1 x))) as a program."""
    lines = [f"h{k} = tanh(W{k} {f'h{k - 1}' if k > 1 else 'x'})" for k in range(1, layers + 1)]
    return "; ".join([*lines, f"sum(h{layers})"])


def growth(repeat: int) -> None:
    """The gradient of deep networks: the derivation alone, with simplification, and all of it from text to object."""
    depths = (10, 100, 1000)
    texts = [network(layers) for layers in depths]
    rows = []
    for layers, text in zip(depths, texts, strict=True):
        derived, simplified, whole, nodes = [], [], [], 0
        for _ in range(repeat):
            problem = Problem(text, ["x"])
            variable = Targets(problem.simplifier, problem.inference.symbols).variable("x")
            start = time.perf_counter()
            derivation = differentiate(problem.graph, problem.root, variable)
            middle = time.perf_counter()
            problem.simplifier.simplify(derivation.result)
            end = time.perf_counter()
            derived.append((middle - start) * 1e3)
            simplified.append((end - middle) * 1e3)
            nodes = len(problem.graph)
            start = time.perf_counter()
            mc.diff(text, "x")
            whole.append((time.perf_counter() - start) * 1e3)
        medians = [statistics.median(found) for found in (derived, simplified, whole)]
        rows.append(medians)
        print(
            f"  {layers:5d} layers: gradient {medians[0]:6.1f} ms, simplified in {medians[1]:6.1f} ms more;"
            f" mc.diff from text {medians[2]:7.1f} ms; {nodes} nodes"
        )
    print(f"  1000 against 100 layers: {rows[2][0] / rows[1][0]:.1f} × the time for 10 × the layers")


def main() -> None:
    """Run all measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    repeat = 3 if parser.parse_args().quick else 9
    problems = [json.loads(line) for line in _CASES.read_text(encoding="utf-8").splitlines()]
    warm(problems, repeat)
    against_sympy(repeat)
    cold(repeat)
    growth(min(repeat, 5))


if __name__ == "__main__":
    main()
