"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from collections.abc import Callable
from math import lgamma
from typing import Any

import numpy as np

from natgrad_core.analysis.online_mean import (
    AVERAGED,
    KEPT,
    drawing,
    efficient,
    expected,
    learned,
    limit,
    marks,
)
from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Changes, Claim, Question
from natgrad_lecture.lessons.efficiency.model import ROTATION, Model
from natgrad_lecture.lessons.efficiency.state import LAST, ROUND, SLOW, TIMES
from natgrad_lecture.lessons.scope import Scope, between, box, log_between, whole_between

SHORT = marks(100, 12)
"""Times of a short race, which is run step by step."""


def _scalar(s: float, c: float, steps: int, start: float = 0.0) -> Array:
    """t·E e² in one dimension at 1, 2, 5, 10, 20, 50, … up to ``steps``."""
    times = np.array([m * 10**p for p in range(7) for m in (1, 2, 5) if m * 10**p <= steps])
    return expected([[s**-2.0]], [[c]], [start], times)[:, 0, 0]


def _measured_ratio(model: Model, method: str) -> tuple[Array, int]:
    """t·Var over the bound in the runs that have been made, and how many they are."""
    known = model.kept.upto(1)
    assert known is not None
    return model.ratio(model.errors(method).moments), known.runs


def _running_mean(gain: float) -> Any:
    """μ ← μ + (gain/t)F⁻¹·F(y − μ) is the mean of all y so far, wherever it starts."""

    def check(model: Model) -> bool:
        fisher = model.fisher
        y = np.random.default_rng(model.state.seed).normal(size=(50, 2)) @ ROTATION.T
        mu = np.array(model.state.start)
        for t, each in enumerate(y, 1):
            mu = mu + gain * np.linalg.solve(fisher, fisher @ (each - mu)) / t
            if not np.allclose(mu, y[:t].mean(0), atol=1e-9):
                return False
        return True

    return check


def _linear(factor: float) -> Any:
    """Sums over the examples give the mean squares of runs made step by step at so many c."""

    def check(model: Model) -> bool:
        s, gain = model.state, factor * model.state.c
        parts = drawing(int(SHORT[-1]), batch=KEPT, batches=1, seed=s.seed)
        examples = next(parts)
        found = learned(examples, model.fisher, s.c * np.eye(2), s.start, SHORT).moments
        values, basis = np.linalg.eigh(model.fisher)
        error, rows = np.broadcast_to(np.array(s.start), (KEPT, 2)), []
        for t, y in enumerate((np.moveaxis(examples.first, 0, -1) / np.sqrt(values)) @ basis.T, 1):
            error = error + gain / t * (y - error) @ model.fisher
            if t in SHORT:
                rows.append(t * error.T @ error / KEPT)
        # At a large c the errors grow to 1e13 before they shrink, and rounding grows with them.
        largest = np.abs(rows).max(axis=(1, 2), keepdims=True)
        return bool((np.abs(found - np.array(rows)) <= 1e-5 * largest).all())

    return check


def _at_the_bound(method: str) -> Any:
    """Exactly, and over the runs to within their error, at every time."""

    def check(model: Model) -> bool:
        exact = np.allclose(model.exact(method), np.linalg.inv(model.fisher))
        return bool(exact and efficient(*_measured_ratio(model, method)).all())

    return check


def _nothing_below(model: Model) -> bool:
    """For each c the limit lies above F⁻¹ in every direction; never below."""
    bound = np.linalg.inv(model.fisher)
    least = max(model.state.s1, model.state.s2) ** 2 / 2
    return all(
        np.linalg.eigvalsh(model.limit(c) - bound)[0] > -1e-12
        for c in least * np.array([1.01, 1.5, 2.0, 3.0, 10.0])
    )


def _never_below(model: Model) -> bool:
    """Nor at any time before the limit."""
    return bool((model.ratio(model.exact("gradient")) > 1 - 1e-12).all())


def _formula(wanted: Callable[[float, float], float]) -> Any:
    """The exact recursion far out in each direction, and the limit, are this of c and s."""

    def check(model: Model) -> bool:
        s, c = model.state, model.state.c
        with np.errstate(invalid="ignore"):  # a limit that is infinite has no direction
            along = np.diag(ROTATION.T @ model.limit() @ ROTATION)
        for spread, there in zip((s.s1, s.s2), along, strict=True):
            stated, far = wanted(c, spread), _scalar(spread, c, 2000)[-1]
            if not (np.isclose(there, stated) and np.isclose(far, stated, rtol=0.1)):
                return False
        return True

    return check


def _measured(method: str) -> Any:
    """The runs of gradient descent agree with a method's exact recursion at every time."""

    def check(model: Model) -> bool:
        measured, runs = _measured_ratio(model, "gradient")
        return bool(np.allclose(measured, model.ratio(model.exact(method)), rtol=8 / runs**0.5))

    return check


def _best_c(power: int) -> Any:
    """c = s^power gives s², and other c more."""

    def check(model: Model) -> bool:
        s = model.state.s1

        def at(c: float) -> float:
            return float(limit([[s**-2.0]], [[c]])[0, 0])

        best = s**power
        return bool(
            np.isclose(at(best), s**2)
            and all(at(x * best) > s**2 * 1.005 for x in (0.6, 0.9, 1.1, 2.0))
        )

    return check


def _no_c_for_both(model: Model) -> bool:
    """Of all c the best ratio is above one, by the more the more the standard deviations differ."""
    s = model.state
    least = max(s.s1, s.s2) ** 2 / 2
    ratios = [float(model.ratio(model.limit(c))) for c in least * np.geomspace(1.001, 30, 60)]
    ratios += [float(model.ratio(model.limit(c))) for c in (s.s1**2, s.s2**2)]
    apart = min(abs(np.log(s.s1 / s.s2)), 1.0)
    return bool(min(ratios) > 1 + 0.2 * apart**2 + 1e-12)


def _grows_as(power: Callable[[float], float]) -> Any:
    """With 2c < s² t·Var grows as t to this power of c/s²."""

    def check(model: Model) -> bool:
        s, c = model.state.s1, model.state.c
        found = _scalar(s, c, 10_000)
        slope = float(np.log(found[-1] / found[-4]) / np.log(10))
        endless = 2 * c < s**2 and np.isinf(model.limit()).any()
        return bool(endless and abs(slope - power(c / s**2)) < 0.06)

    return check


def _by_decades(factor: float) -> Any:
    """With 2c = s² it grows as (s²·factor) log t: by as much in every decade."""

    def check(model: Model) -> bool:
        s, c = model.state.s1, model.state.c
        decades = np.diff(_scalar(s, c, 10_000)[::3])[1:]
        return bool(np.allclose(decades, factor * s**2 * np.log(10), rtol=0.05))

    return check


def _log_effect(part: float, t: float) -> float:
    """The logarithm of Π (1 − part/τ), τ ≤ t, up to a summand that does not depend on t."""
    return lgamma(t + 1 - part) - lgamma(t + 1)


def _start_fades(power: Callable[[float], float]) -> Any:
    """An error at the start is multiplied by Π (1 − c/(s²t)), about t to this power of c/s².

    Of the natural gradient nothing of it is left after the first example.
    """

    def check(model: Model) -> bool:
        s = model.state
        for part, spread in ((s.c / each**2, each) for each in (s.s1, s.s2)):
            near, far = (expected([[spread**-2.0]], [[s.c]], [e], SHORT) for e in (0.0, 100.0))
            effect = 1e4 * np.cumprod(1 - part / np.arange(1, SHORT[-1] + 1))[SHORT - 1] ** 2
            found, rounding = ((far - near)[:, 0, 0] / SHORT, 1e-9 * float(far.max()))
            late = 1e4 * (1 + part) ** 2  # where the power is seen, beyond the factors < 0
            slope = (_log_effect(part, 10 * late) - _log_effect(part, late)) / np.log(10)
            whole = part > 0.5 and np.isclose(part, round(part), rtol=1e-9)
            if whole or not np.allclose(found, effect, rtol=1e-6, atol=rounding):
                return False
            if abs(slope - power(part)) > 0.02:
                return False
        return bool(np.allclose(model.exact("natural")[0], np.linalg.inv(model.fisher)))

    return check


def _mean_of_all(model: Model, times: Array) -> Array:
    """t·Var over the bound, exactly, of the mean of all μ at the fixed rate 1/γ_max(F)."""
    s, found = model.state, np.zeros(len(times))
    for spread, error in zip((s.s1, s.s2), model.in_directions(s.start), strict=True):
        p = min(s.s1, s.s2) ** 2 / spread**2
        once, twice = (q * (1 - q**times) / (1 - q) for q in (1 - p, (1 - p) ** 2))
        found += (once * error / spread) ** 2 / times + (times - 2 * once + twice) / times
    return found / 2


def _averaging(method: str) -> Any:
    """The runs of this method agree with the exact mean square, and that comes to the bound."""

    def check(model: Model) -> bool:
        measured, runs = _measured_ratio(model, method)
        agree = np.allclose(measured, _mean_of_all(model, TIMES.astype(float)), rtol=8 / runs**0.5)
        return bool(agree and np.allclose(_mean_of_all(model, np.array([1e8])), 1, atol=0.01))

    return check


def _far_above(times: float) -> Any:
    """The limit lies so many times above the bound."""
    return lambda model: bool(model.ratio(model.limit()) > times)


def _what_becomes(model: Model) -> int:
    """0: to the bound, 1: to a number above it, 2: it grows without limit."""
    value = float(model.ratio(model.limit()))
    return 2 if not np.isfinite(value) else int(value > 1.001)


def _who_meets(model: Model) -> int:
    """Gradient descent meets the bound at 0: the larger variance, 1: a c between, 2: the smaller,
    3: none of these.
    """
    low, high = sorted((model.state.s1**2, model.state.s2**2))
    tried = ([high], np.linspace(low, high, 400)[1:-1], [low])
    least = [min(float(model.ratio(model.limit(c))) for c in each) for each in tried]
    return next((which for which, ratio in enumerate(least) if ratio < 1.001), 3)


def _spreads(rng: np.random.Generator) -> tuple[float, float]:
    low = float(rng.uniform(0.5, 1.0))
    return low, low * float(rng.uniform(1.3, 2.5))


def _first(rng: np.random.Generator, _: Changes) -> float:
    return _spreads(rng)[1]


def _second(rng: np.random.Generator, drawn: Changes) -> float:
    """A second standard deviation that differs from the first by a third or more."""
    return float(drawn["s1"]) / float(rng.uniform(1.3, 2.5))


def _times_variance(low: float, high: float) -> Any:
    """A rate c between these, in units of the larger variance."""
    return lambda rng, drawn: (
        float(rng.uniform(low, high)) * max(drawn.get("s1", 1.5), drawn.get("s2", 0.6)) ** 2
    )


def _not_whole(rng: np.random.Generator, drawn: Changes) -> float:
    """c with c/s₁² from 0.2 to 1.8, and away from 1, where the start is forgotten."""
    return float(rng.choice([rng.uniform(0.2, 0.9), rng.uniform(1.1, 1.8)])) * drawn["s1"] ** 2


DATA = {"s1": _first, "s2": _second}
RUNS = {**DATA, "start": box((-3.0, -3.0), (3.0, 3.0)), "seed": whole_between(0, 999)}
GOOD = _times_variance(0.75, 3.0)
EQUAL = {"s1": between(0.5, 2.0), "s2": lambda rng, drawn: drawn["s1"]}

CLAIMS = {
    "mean": Claim(
        {"k": 20},
        _running_mean(1.0),
        Scope(RUNS),
        false={"at rate 2/t": _running_mean(2.0)},
        shows=("natural", "formula.ratio"),
    ),
    "linear": Claim(
        {"c": 2.5, "k": 40},
        _linear(1.0),
        Scope({**RUNS, "c": log_between(0.1, 8.0)}),
        false={"of another rate": _linear(1.05)},
        shows=("gradient", "exact"),
    ),
    "bound": Claim(
        {"k": LAST},
        _at_the_bound("natural"),
        Scope(RUNS),
        false={"gradient descent, too": _at_the_bound("gradient")},
        shows=("natural", "bound", "formula.ratio"),
    ),
    "formula": Claim(
        {"c": 2.0, "k": LAST},
        _formula(lambda c, s: c**2 / (2 * c - s**2)),
        Scope({**DATA, "c": GOOD}),
        false={
            "sign": _formula(lambda c, s: c**2 / (2 * c + s**2)),
            "c for c²": _formula(lambda c, s: c / (2 * c - s**2)),
        },
        beyond=Scope({**DATA, "c": _times_variance(0.1, 0.45)}),
        shows=("gradient", "exact", "formula.limits"),
    ),
    "measured": Claim(
        {"k": 40},
        _measured("gradient"),
        Scope({**RUNS, "c": log_between(0.5, 4.0)}),
        false={"the natural gradient's mean": _measured("natural")},
        shows=("gradient", "exact"),
    ),
    "below": Claim(
        {"c": 4.0},
        _nothing_below,
        Scope({**DATA, "c": log_between(0.05, 5.0), "start": box((-0.5, -0.5), (0.5, 0.5))}),
        false={"at no time": _never_below},
        shows=("gradient", "bound", "formula.limits"),
    ),
    "best": Claim(
        {**ROUND, "k": LAST},
        _best_c(2),
        Scope({**EQUAL, "c": GOOD}),
        false={"c = s": _best_c(1)},
        shows=("gradient", "bound", "formula.limits"),
    ),
    "both": Claim(
        {"c": 2.0, "k": LAST},
        _no_c_for_both,
        Scope({**DATA, "c": GOOD}),
        beyond=Scope(EQUAL),
        shows=("gradient", "bound", "formula.limits"),
    ),
    "too-small": Claim(
        {**SLOW, "k": LAST},
        _grows_as(lambda part: 1 - 2 * part),
        Scope({**DATA, "c": _times_variance(0.05, 0.35)}),
        false={"t": _grows_as(lambda part: 1.0), "t^(1−c/s²)": _grows_as(lambda part: 1 - part)},
        beyond=Scope({**DATA, "c": GOOD}),
        shows=("gradient", "bound"),
    ),
    "edge": Claim(
        {"c": 1.125, "k": LAST},
        _by_decades(0.25),
        Scope({**DATA, "c": _times_variance(0.5, 0.5)}),
        false={"(s²/2) log t": _by_decades(0.5)},
        beyond=Scope({**DATA, "c": GOOD}),
        shows=("gradient", "bound"),
    ),
    "start": Claim(
        {**SLOW, "start": (6.0, 3.0), "k": 30},
        _start_fades(lambda part: -part),
        Scope({**RUNS, "c": _not_whole}),
        false={"t^(−2c/s²)": _start_fades(lambda part: -2 * part)},
        beyond=Scope({**RUNS, "c": _times_variance(1.0, 1.0)}),
        shows=("natural", "gradient"),
    ),
    "averaged": Claim(
        {"k": LAST},
        _averaging(AVERAGED),
        Scope(RUNS),
        false={"without averaging": _averaging("gradient")},
        shows=("averaged", "bound"),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("bound", "both"),
    "question.small": ("too-small",),
    "question.any": ("both", "best"),
    "preset.the-race": ("bound", "formula", "averaged"),
    "preset.the-right-c": ("best",),
    "preset.c-too-small": ("too-small",),
    "preset.on-the-edge": ("edge",),
    "preset.c-too-large": Claim(
        {"c": 10.0, "k": LAST},
        _far_above(2.0),
        Scope({**DATA, "c": _times_variance(4.5, 9.0)}),
        beyond=Scope({**DATA, "c": _times_variance(1.0, 1.0)}),
    ),
    "preset.far-from-home": ("start",),
}
"""What checks the lines that are not claims: the claims that they repeat, or a check of its own."""


QUESTIONS = {
    "small": Question(SLOW, _what_becomes, hides=("formula.ratio",)),
    "any": Question({"c": 2.0, "k": LAST}, _who_meets),
}
