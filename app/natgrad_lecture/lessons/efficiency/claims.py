"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

import numpy as np

from natgrad_core.analysis.online_mean import AVERAGED, efficient, expected, limit
from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.efficiency.model import ROTATION, Model
from natgrad_lecture.lessons.efficiency.state import LAST, ROUND, SLOW


def _scalar(s: float, c: float, steps: int, start: float = 0.0) -> Array:
    """t·E e² in one dimension at 1, 2, 5, 10, 20, 50, … up to ``steps``."""
    times = np.array([m * 10**p for p in range(7) for m in (1, 2, 5) if m * 10**p <= steps])
    return expected([[s**-2.0]], [[c]], [start], times)[:, 0, 0]


def _running_mean(model: Model) -> bool:
    """μ ← μ + (1/t)F⁻¹·F(y − μ) is the mean of all y so far, wherever it starts."""
    fisher = model.fisher
    y = np.random.default_rng(model.state.seed).normal(size=(50, 2)) @ ROTATION.T
    mu = np.array(model.state.start)
    for t, each in enumerate(y, 1):
        mu = mu + np.linalg.solve(fisher, fisher @ (each - mu)) / t
        if not np.allclose(mu, y[:t].mean(0), atol=1e-12):
            return False
    return True


def _at_the_bound(model: Model) -> bool:
    """Exactly, and over the runs to within their error, at every time."""
    race = model.race
    return bool(
        np.allclose(model.exact("natural"), np.linalg.inv(model.fisher))
        and efficient(model.ratio(race.moments["natural"]), race.runs).all()
    )


def _nothing_below(model: Model) -> bool:
    """For each c the limit lies above F⁻¹ in every direction; never below."""
    bound = np.linalg.inv(model.fisher)
    least = max(model.state.s1, model.state.s2) ** 2 / 2
    return all(
        np.linalg.eigvalsh(model.limit(c) - bound)[0] > -1e-12
        for c in least * np.array([1.01, 1.5, 2.0, 3.0, 10.0])
    )


def _formula(model: Model) -> bool:
    """c²/(2c − s²) against the exact recursion far out, in each direction and as the limit."""
    s, c = model.state, model.state.c
    along = np.diag(ROTATION.T @ model.limit() @ ROTATION)
    for spread, there in zip((s.s1, s.s2), along, strict=True):
        wanted = c**2 / (2 * c - spread**2)
        far = _scalar(spread, c, 20_000)[-1]
        if not (np.isclose(there, wanted) and np.isclose(far, wanted, rtol=0.02)):
            return False
    return True


def _measured(model: Model) -> bool:
    """The runs agree with the exact recursion at every time."""
    race = model.race
    both = model.ratio(race.moments["gradient"]), model.ratio(model.exact("gradient"))
    return bool(np.allclose(*both, rtol=8 / np.sqrt(race.runs)))


def _best_c(model: Model) -> bool:
    """c = s² gives s², and any other c more."""
    s = model.state.s1

    def at(c: float) -> float:
        return float(limit([[s**-2.0]], [[c]])[0, 0])

    return bool(
        np.isclose(at(s**2), s**2)
        and all(at(x * s**2) > s**2 * 1.005 for x in (0.6, 0.9, 1.1, 2.0))
    )


def _no_c_for_both(model: Model) -> bool:
    """Of all c the best ratio is above one, where the spreads differ."""
    least = max(model.state.s1, model.state.s2) ** 2 / 2
    ratios = [float(model.ratio(model.limit(c))) for c in least * np.geomspace(1.001, 30, 200)]
    return bool(min(ratios) > 1.2 and abs(model.state.s1 - model.state.s2) > 0.5)


def _too_small(model: Model) -> bool:
    """With 2c < s² t·Var grows as t^{1 − 2c/s²}."""
    s, c = model.state.s1, model.state.c
    found = _scalar(s, c, 50_000)
    slope = float(np.log(found[-1] / found[-4]) / np.log(10))
    return bool(
        2 * c < s**2 and np.isinf(model.limit()).any() and abs(slope - (1 - 2 * c / s**2)) < 0.05
    )


def _on_the_edge(model: Model) -> bool:
    """With 2c = s² it grows as (s²/4) log t: by as much in every decade."""
    s = model.state.s1
    found = _scalar(s, s**2 / 2, 10_000)
    decades = np.diff(found[::3])[1:]
    return bool(np.allclose(decades, s**2 / 4 * np.log(10), rtol=0.03))


def _start_fades(model: Model) -> bool:
    """Of an error at the start c/t leaves about t^{−c/s²}; the natural gradient nothing."""
    s, c = model.state.s1, model.state.c
    times = np.array([1000, 10_000])
    left = [expected([[s**-2.0]], [[c]], [e], times)[:, 0, 0] / times for e in (0.0, 1.0)]
    rest = np.sqrt(left[1] - left[0])
    slope = float(np.log10(rest[1] / rest[0]))
    return abs(slope + c / s**2) < 0.01 and np.allclose(
        model.exact("natural")[0], np.linalg.inv(model.fisher)
    )


def _averaging(model: Model) -> bool:
    """At the last time the averaged runs are within a tenth of the bound, and plain ones not."""
    race = model.race
    last = {
        method: float(model.ratio(race.moments[method])[-1]) for method in (AVERAGED, "gradient")
    }
    return abs(last[AVERAGED] - 1) < 0.1 and last["gradient"] > 1.3


def _what_becomes(model: Model) -> int:
    """0: at the bound, 1: above it, 2: it grows without end."""
    value = float(model.ratio(model.limit()))
    return 2 if not np.isfinite(value) else int(value > 1.001)


def _who_meets(model: Model) -> int:
    """0: gradient descent meets the bound at some c, 1: at none."""
    least = max(model.state.s1, model.state.s2) ** 2 / 2
    found = [float(model.ratio(model.limit(c))) for c in least * np.geomspace(1.001, 30, 400)]
    return int(min(found) > 1.001)


CLAIMS = {
    "mean": Claim({"k": 20}, _running_mean),
    "bound": Claim({"k": LAST}, _at_the_bound),
    "formula": Claim({"c": 2.0, "k": LAST}, _formula),
    "measured": Claim({"k": 40}, _measured),
    "below": Claim({"c": 4.0}, _nothing_below),
    "best": Claim({**ROUND, "k": LAST}, _best_c),
    "both": Claim({"c": 2.0, "k": LAST}, _no_c_for_both),
    "too-small": Claim({**SLOW, "k": LAST}, _too_small),
    "edge": Claim({"c": 1.125, "k": LAST}, _on_the_edge),
    "start": Claim({**SLOW, "start": (6.0, 3.0), "k": 30}, _start_fades),
    "averaged": Claim({"k": LAST}, _averaging),
}


QUESTIONS = {
    "small": Question(SLOW, _what_becomes),
    "any": Question({"c": 2.0, "k": LAST}, _who_meets),
}
