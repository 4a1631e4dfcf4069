"""Random programs: sums over indices, functions of slices, stacks, parts, unknown functions, one within the other."""

from __future__ import annotations

import random
import zlib

DECLARED = (
    "x: vector(n), w: vector(n), y: vector(m), z: vector(k), "
    "X: matrix(m, n), Y: matrix(k, n), A: matrix(n, n), B: matrix(n, n), "
    "s: scalar, g: R^n -> R^m, F: R^n -> R"
)
LENGTHS = {"i": "m", "j": "k", "l": "n"}
OF_VECTORS = ("softmax({})", "sin({})", "f({})", "({}) * w", "(A ({}))", "s*({})", "({}) ** 2", "x - {}", "max(0, {})")
OF_NUMBERS = (
    "exp({})", "sin({})", "({})^2", "max(0, {})", "s*({})", "f({})", "log(1 + ({})^2)", "where({} > s, s^2, 1)",
    "1/(2 + ({})^2)",
)


class Programs:
    """Random programs in the language, of shapes that fit."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(zlib.crc32(seed.encode()))

    def number(self, depth: int, indices: str) -> str:
        """A scalar with these indices free."""
        pick, below = self.random.choice, depth - 1
        leaves = ["s", *(text for text, index in (("y[i]", "i"), ("z[j]", "j"), ("x[l]", "l")) if index in indices)]
        leaves += ["X[i, l]"] if {"i", "l"} <= set(indices) else []
        if depth <= 0:
            return pick(leaves)
        new = pick([index for index in "ijl" if index not in indices] or [""])
        choices = [
            lambda: f"({self.number(below, indices)} + {self.number(below, indices)})",
            lambda: f"({self.number(below, indices)} * {self.number(below, indices)})",
            lambda: pick(OF_NUMBERS).format(self.number(below, indices)),
            lambda: f"(({self.vector(below, indices)}) . ({self.vector(below, indices)}))",
            lambda: f"norm({self.vector(below, indices)})^2",
            lambda: f"logsumexp({self.vector(below, indices)})",
            lambda: f"({self.vector(below, indices)})[2]",
            lambda: f"tr(inv(5*I + ({self.number(below, indices)})*A))",
        ]
        if new:
            choices += [lambda: f"sum({self.number(below, indices + new)} for {new} in 1..{LENGTHS[new]})"] * 3
        return pick(choices)()

    def vector(self, depth: int, indices: str) -> str:
        """A vector(n)."""
        pick, below = self.random.choice, depth - 1
        leaves = ["x", "w", *(name for name, index in (("X[i]", "i"), ("Y[j]", "j"), ("A[:, l]", "l")) if index in indices)]
        if depth <= 0:
            return pick(leaves)
        choices = [
            lambda: pick(OF_VECTORS).format(self.vector(below, indices)),
            lambda: f"({self.vector(below, indices)} - {self.vector(below, indices)})",
            lambda: f"({self.vector(below, indices)} * {self.vector(below, indices)})",
            lambda: f"({self.number(below, indices)})*({self.vector(below, indices)})",
        ]
        return pick(choices)()

    def whole(self) -> str:
        """A program: a scalar, or an array with stacks, unknown functions and outer products around it."""
        scalar, vector = self.number(3, ""), self.vector(2, "")
        forms = (
            *[scalar] * 6, vector, f"[{vector}; {scalar}]", f"[{vector}; y] * s", f"({vector}) ({self.vector(1, '')})'",
            f"diag({vector}) A", f"F({vector})", f"g({vector})", f"sum(g({vector}) * y)", f"({scalar}) * A",
            f"exp({vector}) z'",
            f"[[{scalar}, s], [1, {self.number(1, '')}]]", f"f(A ({vector}) x')", f"inv(4*I + ({vector}) x')",
        )
        return self.random.choice(forms)


def random_cases(count: int, name: str) -> list[tuple[str, str]]:
    """Programs, each with one of its variables."""
    found = []
    for number in range(count):
        programs = Programs(f"{name} {number}")
        text = programs.whole()
        variables = [each for each in "xwyzXYABs" if any(part == each for part in _words(text))]
        found.append((text, programs.random.choice(variables)))
    return found


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in text).split()
