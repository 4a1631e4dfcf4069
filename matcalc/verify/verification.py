"""The comparison of a derivative with numerical ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcalc.errors import NotSupportedError
from matcalc.language import tree
from matcalc.language.declared import Symmetric
from matcalc.verify.differences import Target, UnusablePointError, along, entries_of, evaluated
from matcalc.verify.interpreter import Array, Interpreter, Site
from matcalc.verify.points import Assignments, Mix, Mode, Sampler, hinted

if TYPE_CHECKING:
    from matcalc.language.shapes import Inference

TOLERANCE: Final = {1: 1e-6, 2: 1e-4, 3: 1e-3}
"""The largest error of a derivative that is right, by order. Errors are relative where the derivative is larger than 1."""
TRIES: Final = 200
"""Points that are tried at most."""
BRANCH_TRIES: Final = 60
"""Points that are tried for branches of kinks alone, after enough others."""
PATIENCE: Final = 20
"""Points that are tried with sizes for which none is usable, before other sizes are drawn: A B may be singular."""
POINTS_PER_SIZE: Final = 3
PAIRED_SITES: Final = 6
"""With more kinks than this, combinations of their branches are not looked for."""
NEAR: Final = 1e-3
"""A kink this near to the point, relative to the values there, makes it unusable."""
ENTRIES: Final = {1: 300, 2: 20, 3: 6}
"""By order: more entries of a variable than this are represented by a random choice of them at each point."""
STEPS: Final = 30_000
"""Steps of the interpreter at one point that limit that choice further."""
MAX_STEPS: Final = 50_000
"""Steps of one run of the interpreter, beyond which an expression is not verified."""

DerivativeFunction = Callable[[Mapping[str, Any], Mapping[str, int]], Any]
"""The value of an answer for values of the variables and sizes: the axes of the value, then those of each target."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a comparison with numerical derivatives found.

    Attributes:
        max_error: the largest |answer - number| / (1 + |number|).
        points: at how many points they were compared.
        sizes: the sizes of the named dimensions at these points; empty if there are none.
        passed: whether all errors are small.
        unvisited: the parts of the text with a kink of which only one branch was seen.
    """

    max_error: float
    points: int
    sizes: tuple[dict[str, int], ...]
    passed: bool
    unvisited: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = f"{'verified' if self.passed else 'NOT verified'} at {self.points} points"
        if self.sizes:
            said += f", {_sizes_in_words(self.sizes)}"
        error = f"{self.max_error:.0e}".replace("e-0", "e-").replace("e+0", "e+") if self.max_error else "0"
        said += f"; largest error {error}"
        return said + "".join(f"; only one branch of {place} was seen" for place in self.unvisited)


def _sizes_in_words(assignments: tuple[dict[str, int], ...]) -> str:
    """`sizes n = 3, 5`, `sizes (m, n) = (2, 3), (5, 4)`; for many names only how many there are.

    >>> _sizes_in_words(({"n": 3}, {"n": 5}))
    'sizes n = 3, 5'
    """
    names = list(assignments[0])
    if len(names) > 6:
        every = [size for assignment in assignments for size in assignment.values()]
        return f"{len(names)} sizes from {min(every)} to {max(every)}"
    each = [", ".join(str(assignment[name]) for name in names) for assignment in assignments]
    if len(names) == 1:
        return f"sizes {names[0]} = {', '.join(each)}"
    return f"sizes ({', '.join(names)}) = {', '.join(f'({sizes})' for sizes in each)}"


def verify(
    inference: Inference,
    targets: Sequence[tree.Expr],
    derivative: DerivativeFunction,
    *,
    symmetric: Symmetric = "space",
    seed: int = 0,
) -> Verification:
    """Compare the values of `derivative` with numerical derivatives of the program by each of `targets` in turn.

    `symmetric` says how a variable declared symmetric moves; a diagonal one moves on its diagonal, unless "unconstrained".

    Raises:
        NotSupportedError: the expression is not real and smooth at enough of the points that were tried.
    """
    random = np.random.default_rng(seed)
    assignments = Assignments(inference, random)
    settings = _Settings(inference, tuple(targets), derivative, random, symmetric)
    trials = [_Trial(settings, assignments.draw({}))]
    if assignments.names:
        trials.append(_Trial(settings, assignments.draw(trials[0].sizes)))
    wanted = POINTS_PER_SIZE if len(trials) > 1 else 2 * POINTS_PER_SIZE
    sites = _Sites()
    largest, spare = 0.0, BRANCH_TRIES
    for _ in range(TRIES):
        enough = all(trial.points >= wanted for trial in trials)
        if enough and (not spare or sites.complete()):
            break
        spare -= enough
        trial = min(trials, key=lambda trial: trial.points)
        if not trial.points and trial.drawn == PATIENCE and assignments.names:
            other = trials[1] if trial is trials[0] else trials[0]
            sizes = assignments.draw({})
            trial = _Trial(settings, sizes if sizes != other.sizes else assignments.draw(other.sizes))
            trials = [other, trial]
        error = trial.error(trial.draw(explore=enough), sites, only_new=enough)
        if error is not None:
            largest = max(largest, error)
    if any(trial.points < (2 if len(trials) > 1 else 4) for trial in trials):
        found = "no point" if not any(trial.points for trial in trials) else "too few points"
        raise NotSupportedError(f"verification: {found} found where the expression is real and smooth")
    return Verification(
        largest, sum(trial.points for trial in trials), tuple(trial.sizes for trial in trials if trial.sizes),
        largest <= TOLERANCE[len(targets)], tuple(dict.fromkeys(site.node.span.excerpt for site in sites.unvisited())),
    )


_Seen = tuple[Site, float] | tuple[Site, float, Site, float]
"""The sign of what decides a kink's branch, or the signs of two at the same time: in max(a, b, c) it matters."""


@dataclass(slots=True)
class _Sites:
    """The kinks of a program that were met anywhere, and the signs there at points that were compared."""

    known: dict[Site, None] = field(default_factory=dict)
    seen: set[_Seen] = field(default_factory=set)

    def note(self, interpreter: Interpreter) -> set[_Seen]:
        """The kinks and signs of a run of the interpreter."""
        parts: dict[Site, list[Array]] = {}
        for site, values in interpreter.kinks:
            parts.setdefault(site, []).append(np.sign(values).reshape(-1))
        self.known |= dict.fromkeys(parts)
        signs = {site: np.concatenate(arrays) for site, arrays in parts.items()}
        found: set[_Seen] = {(site, float(sign)) for site, values in signs.items() for sign in np.unique(values)}
        for first, second in self._pairs():
            if first in signs and second in signs:
                one, two = signs[first], signs[second]
                together = zip(one, two, strict=True) if len(one) == len(two) else product(np.unique(one), np.unique(two))
                found |= {(first, float(a), second, float(b)) for a, b in together}
        return found

    def _pairs(self) -> list[tuple[Site, Site]]:
        return list(combinations(self.known, 2)) if len(self.known) <= PAIRED_SITES else []

    def complete(self) -> bool:
        """Whether all branches and pairs of branches were compared; some may not exist."""
        if self.unvisited():
            return False
        return all(
            (first, a, second, b) in self.seen for first, second in self._pairs() for a, b in product((1.0, -1.0), repeat=2)
        )

    def unvisited(self) -> list[Site]:
        """The kinks of which a branch is missing."""
        return [site for site in self.known if not {(site, 1.0), (site, -1.0)} <= self.seen]


@dataclass(slots=True)
class _Settings:
    """What is compared."""

    inference: Inference
    targets: tuple[tree.Expr, ...]
    derivative: DerivativeFunction
    random: np.random.Generator
    symmetric: Symmetric


_EXPLORED: Final[tuple[Mode | None, ...]] = ("positive", None, "unit", None, "above one", None, "small", None, "wide", None)
"""Ways to draw all variables when normal entries are not usable. None: each variable in a way of its own."""


class _Trial:
    """The comparison at one assignment of sizes."""

    def __init__(self, settings: _Settings, sizes: dict[str, int]) -> None:
        self.settings = settings
        self.sizes = sizes
        self.interpreter = Interpreter(settings.inference, sizes)
        if self.interpreter.cost > MAX_STEPS:
            raise NotSupportedError("verification: the sums over indices have too many terms")
        found = {each: entries_of(settings.inference, each, sizes, settings.symmetric) for each in settings.targets}
        self.targets: list[Target] = [found[each] for each in settings.targets]
        self.sampler = Sampler(settings.inference, sizes, settings.random)
        self.hinted = hinted(settings.inference)
        self.mix: Mix = {}
        self.lucky: Mix | None = None
        self.points = 0
        self.drawn = 0
        runs = max(1, STEPS // (6 * max(1, self.interpreter.cost)))
        order = len(self.targets)
        most = int((math.factorial(order) * runs / 2 ** (order - 1)) ** (1 / order))
        self.entries = min(ENTRIES[order], max(4, most))

    def draw(self, *, explore: bool) -> dict[str, Array]:
        """A point: normal entries as long as enough of them are usable, others in turn when they are not or to explore."""
        turn, self.drawn = self.drawn, self.drawn + 1
        if turn < 8 + 4 * self.points and not (explore and turn % 2):
            self.mix = {}
        elif turn % 3 == 0 and not explore:
            self.mix = self.lucky or self.hinted
        else:
            mode = _EXPLORED[turn % len(_EXPLORED)]
            self.mix = self.sampler.mix() if mode is None else dict.fromkeys(self.settings.inference.symbols, mode)
        return self.sampler.point(self.mix)

    def error(self, values: dict[str, Array], sites: _Sites, *, only_new: bool) -> float | None:
        """The largest error at a point; None if it is not usable, or shows no new branch and `only_new`."""
        try:
            centre = evaluated(self.interpreter, values)
            if self._near_kink():
                return None
            signs = sites.note(self.interpreter)
            if only_new and signs <= sites.seen:
                return None
            picked = self._picked()
            axes = [
                [target.direction(int(k)) for k in chosen] for target, chosen in zip(self.targets, picked, strict=True)
            ]
            numbers = along(self.interpreter, values, axes)
        except UnusablePointError:
            return None
        sites.seen |= signs
        self.points += 1
        self.lucky = self.mix
        answer = np.asarray(self.settings.derivative(values, self.sizes), dtype=float)
        if answer.shape != (*centre.shape, *(size for target in self.targets for size in target.shape)):
            return np.inf
        answer = answer.reshape(*centre.shape, *(target.entries.size for target in self.targets))
        for axis, chosen in enumerate(picked, centre.ndim):
            answer = answer.take(chosen, axis)
        if not np.isfinite(answer).all():
            return np.inf
        return float(np.max(np.abs(answer - numbers) / (1 + np.abs(numbers)), initial=0.0))

    def _picked(self) -> list[Any]:
        """The entries of each target that are looked at, the same ones of a target that occurs twice."""
        chosen: dict[int, Any] = {}
        for target in self.targets:
            if id(target) not in chosen:
                every = np.arange(target.entries.size)
                few = every.size > self.entries
                picked = np.sort(self.settings.random.choice(every.size, self.entries, replace=False)) if few else every
                chosen[id(target)] = picked
        return [chosen[id(target)] for target in self.targets]

    def _near_kink(self) -> bool:
        """Whether some kink is near. One that is met exactly, as in max(x, x), may be one that nothing changes."""
        for _, values in self.interpreter.kinks:
            size = np.abs(values)
            if not np.isfinite(size).all() or ((size > 0) & (size < NEAR * max(1.0, float(size.max(initial=0.0))))).any():
                return True
        return False
