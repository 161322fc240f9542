"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.geometry.geodesics import length
from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Changes, Claim, Question
from natgrad_lecture.lessons.geodesics.model import GEODESICS, NORMAL, RUNS, Model
from natgrad_lecture.lessons.geodesics.state import CHARTS, E_CHART, LEVEL, LEVEL_SLOW, UPRIGHT
from natgrad_lecture.lessons.scope import Scope, box, log_between, one_of

Check = Callable[[Model], bool]

APART = 1e-3
"""Two paths whose gap exceeds this share of the distance of the ends are different ones."""

ON = 1e-4
"""A path that is nearer to a geodesic than this, at every point, runs along it."""


def _straight(points: Array) -> bool:
    """All points on the line of the first and the last."""
    chord = points[-1] - points[0]
    off = (points - points[0]) @ np.array([-chord[1], chord[0]])
    return bool(np.abs(off).max() < 1e-8 * (chord @ chord))


def _straight_in(kind: str, chart: str) -> Check:
    return lambda model: _straight(CHARTS[chart].inverse(model.geodesics[kind]))


def _mixes_logs(kind: str) -> Check:
    """Half way, log p is the mean of both logs, up to a constant."""

    def check(model: Model) -> bool:
        y = np.linspace(-3, 3, 7)
        ends = (model.a, model.b, model.geodesics[kind][50])
        logs = [NORMAL.log_prob(y, np.array(p)[None]) for p in ends]
        return bool(np.ptp(logs[2] - (logs[0] + logs[1]) / 2) < 1e-9 * np.ptp(logs))

    return check


def _mixes_moments(kind: str) -> Check:
    """Half way, E y and E y² are those of the half-and-half mixture, integrated numerically."""

    def check(model: Model) -> bool:
        y = np.linspace(-40, 40, 40001)
        density = [np.exp(NORMAL.log_prob(y, np.array(p)[None])) for p in (model.a, model.b)]
        mixed = (density[0] + density[1]) / 2 * (y[1] - y[0])
        mean, sigma = model.geodesics[kind][50]
        return bool(np.allclose([mixed @ y, mixed @ y**2], [mean, mean**2 + sigma**2], atol=1e-8))

    return check


def _shortest(kind: str) -> Check:
    """The distance is its length, and the others are longer."""

    def check(model: Model) -> bool:
        sizes = dict(model.lengths)
        mine = length(NORMAL, GEODESICS[kind](NORMAL, model.a, model.b, 401))
        return bool(np.isclose(mine, sizes["rao"], rtol=1e-5)) and sizes.pop(kind) < min(
            sizes.values()
        )

    return check


def _ellipse(squeeze: float) -> Check:
    """(μ − c)²/squeeze + σ² is constant along the Fisher–Rao geodesic, for some c."""

    def check(model: Model) -> bool:
        mean, sigma = model.geodesics["rao"].T
        rows = np.stack([mean, np.ones_like(mean)], -1)
        target = mean**2 / squeeze + sigma**2
        rest = target - rows @ np.linalg.lstsq(rows, target, rcond=None)[0]
        return bool(np.ptp(rest) < 1e-9 * np.ptp(mean) ** 2)

    return check


def _follows(reverse: bool, kind: str) -> Check:
    return lambda model: model.off(model.flow(reverse).theta, kind) < ON


def _leaves_rao(model: Model) -> bool:
    return all(model.off(model.flow(reverse).theta, "rao") > APART for reverse in RUNS.values())


def _decays(speed: float) -> Check:
    """m(t) − m* = e⁻ᵗ(m(0) − m*), at a pace of 1."""

    def check(model: Model) -> bool:
        found, chart = model.flow(False), CHARTS["expectation"]
        m, target = chart.inverse(found.theta), chart.inverse(model.b)
        expected = target + np.exp(-speed * found.times)[:, None] * (m[0] - target)
        return bool(np.allclose(m, expected, atol=1e-6 * np.abs(m).max()))

    return check


def _stays(kind: str, reverse: bool) -> Check:
    """The run made in the chart beside never leaves a geodesic, at the rate that is set."""

    def check(model: Model) -> bool:
        path = model.steps(reverse, model.state.rate)
        return bool(path.ok.all()) and model.off(path.in_theta, kind) < ON

    return check


def _strays(power: float, reverse: bool = False) -> Check:
    """The steps leave the m-geodesic; at half a small rate about 2 to this power times less far.

    On the other loss (``reverse``) they would leave the e-geodesic. In (μ, σ²) they do not: there
    it is a straight line, too, and the steps point along it.
    """

    def check(model: Model) -> bool:
        rates, kind = model.state.rate / np.array([1.0, 2.0]), "e" if reverse else "m"
        far, near = (model.off(model.steps(reverse, rate).in_theta, kind) for rate in rates)
        return near > ON and bool(abs(np.log2(far / near) - power) < 0.5)

    return check


def _strays_in_variance(model: Model) -> bool:
    return _strays(1.0, reverse=True)(Model(model.state.with_(chart="variance")))


def _same_lengths(fisher: bool) -> Check:
    """Each geodesic measured in every chart, with that chart's Fisher matrix or Euclidean."""

    def measured(problem: Problem, path: Array) -> float:
        if fisher:
            return length(problem, path)
        return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())

    def check(model: Model) -> bool:
        for of in GEODESICS.values():
            path = of(NORMAL, model.a, model.b, 201)
            here = measured(NORMAL, path)
            for chart in CHARTS.values():
                if not np.isclose(measured(NORMAL.through(chart), chart.inverse(path)), here,
                                  rtol=1e-4):  # fmt: skip
                    return False
        return True

    return check


def _means(s: float, t: float) -> dict[str, float]:
    return {
        "m": np.sqrt((s**2 + t**2) / 2),
        "e": np.sqrt(2 / (s**-2 + t**-2)),
        "rao": np.sqrt(s * t),
    }


def _geometric(s: float, t: float) -> dict[str, float]:
    return dict.fromkeys(GEODESICS, np.sqrt(s * t))


def _one_path(means: Callable[[float, float], dict[str, float]]) -> Check:
    """All three go straight up; half way they stand at three kinds of mean of the spreads."""

    def check(model: Model) -> bool:
        expected = means(model.a[1], model.b[1])
        upright = all(
            np.allclose(path[:, 0], model.a[0], atol=1e-12) for path in model.geodesics.values()
        )
        return upright and all(
            np.isclose(model.geodesics[name][50, 1], sigma) for name, sigma in expected.items()
        )

    return check


def _log_ratio(factor: float) -> Check:
    return lambda model: bool(
        np.isclose(model.lengths["rao"], factor * np.log(model.b[1] / model.a[1]))
    )


def _keeps_the_spread(model: Model) -> int:
    """Which geodesic keeps σ all the way."""
    (steady,) = [i for i, path in enumerate(model.geodesics.values()) if np.ptp(path[:, 1]) < 1e-9]
    return steady


def _nearest_geodesic(model: Model) -> int:
    """Which geodesic the natural steps on KL(p* ‖ p) that are drawn come closest to."""
    drawn = model.runs["natural"].in_theta
    return int(np.argmin([model.off(drawn, name) for name in model.geodesics]))


def _three_spreads(model: Model) -> bool:
    """Half way between equal σ: σ itself (e), more (Fisher–Rao), most (m)."""
    sigma = model.a[1]
    e, rao, m = (model.geodesics[name][:, 1] for name in ("e", "rao", "m"))
    return bool(np.allclose(e, sigma) and sigma < rao[50] < m[50])


def _round(model: Model) -> bool:
    """In the half-plane F is a multiple of I, and the Fisher–Rao geodesic lies on a circle."""
    x = model.chart.inverse(model.geodesics["rao"])
    fisher = NORMAL.through(model.chart).fisher(x)
    alike = np.allclose(fisher, fisher[:, :1, :1] * np.eye(2), atol=1e-9)
    return bool(alike) and _ellipse(2.0)(model)


def _level(_: np.random.Generator, drawn: Changes) -> tuple[float, float]:
    """An end across, with the standard deviation of p."""
    mean, sigma = drawn["a"]
    return -mean, sigma


def _above(rng: np.random.Generator, drawn: Changes) -> tuple[float, float]:
    """An end with the mean of p and a larger standard deviation."""
    mean, sigma = drawn["a"]
    return mean, sigma * float(np.exp(rng.uniform(0.2, 2.0)))


ANY = {"a": box((-2.0, 0.3), (2.0, 3.0)), "b": box((-2.0, 0.3), (2.0, 3.0))}
"""Any two normals of the window."""
APART_ENDS = {"a": box((-1.6, 0.4), (-0.5, 1.2)), "b": box((0.5, 0.4), (1.6, 1.2))}
"""Two normals whose means differ by 1 or more."""
NEARER = {"a": box((-1.0, 0.6), (-0.5, 1.2)), "b": box((0.5, 0.6), (1.0, 1.2))}
"""As above, and not so far apart that a rate of a few hundredths is no small one."""
EQUAL_MEANS = {"a": box((-1.0, 0.3), (1.0, 0.8)), "b": _above}
LEVEL_LEFT = box((-1.6, 0.4), (-0.5, 1.2))
RATES = log_between(0.01, 1.0)
OTHER = one_of("half-plane", "log-scale", "variance")
ELSEWHERE = one_of("natural", "half-plane", "log-scale", "variance")

CLAIMS = {
    "m": Claim(
        {"chart": "expectation"},
        _straight_in("m", "expectation"),
        Scope(ANY),
        false={"in natural parameters": _straight_in("m", "natural")},
        shows=("m",),
    ),
    "mixture": Claim(
        {"chart": "expectation"},
        _mixes_moments("m"),
        Scope(ANY),
        false={"the e-geodesic's": _mixes_moments("e"), "the shortest's": _mixes_moments("rao")},
        shows=("m",),
    ),
    "e": Claim(
        E_CHART,
        _straight_in("e", "natural"),
        Scope(ANY),
        false={"in expectation parameters": _straight_in("e", "expectation")},
        shows=("e",),
    ),
    "logs": Claim(
        E_CHART,
        _mixes_logs("e"),
        Scope(ANY),
        false={"the m-geodesic's": _mixes_logs("m")},
        shows=("e",),
    ),
    "shortest": Claim(
        {"chart": "half-plane"},
        _shortest("rao"),
        Scope(APART_ENDS),
        false={"the m-geodesic": _shortest("m"), "the e-geodesic": _shortest("e")},
        beyond=Scope(EQUAL_MEANS),
        shows=("rao",),
    ),
    "half-circle": Claim(
        {"chart": "half-plane"},
        _ellipse(2.0),
        Scope(APART_ENDS),
        false={"a half-circle in (μ, σ)": _ellipse(1.0)},
        shows=("rao",),
    ),
    "root-two": Claim(
        {**UPRIGHT, "chart": "log-scale"},
        _log_ratio(np.sqrt(2.0)),
        Scope(EQUAL_MEANS),
        false={"without √2": _log_ratio(1.0)},
        beyond=Scope(APART_ENDS),
        shows=("rao",),
    ),
    "lengths": Claim(
        {"chart": "log-scale"},
        _same_lengths(fisher=True),
        Scope(ANY),
        false={"as measured on paper": _same_lengths(fisher=False)},
        shows=("m", "e", "rao"),
    ),
    "one-road": Claim(
        {**UPRIGHT, "chart": "half-plane"},
        _one_path(_means),
        Scope(EQUAL_MEANS),
        false={"the geometric mean for all": _one_path(_geometric)},
        beyond=Scope(APART_ENDS),
        shows=("m", "e", "rao"),
    ),
    "forward": Claim(
        {"chart": "expectation"},
        _follows(False, "m"),
        Scope(ANY),
        false={"the e-geodesic": _follows(False, "e"), "the shortest": _follows(False, "rao")},
        shows=("natural", "m"),
    ),
    "decay": Claim(
        {"chart": "expectation"},
        _decays(1.0),
        Scope(ANY),
        false={"as e⁻²ᵗ": _decays(2.0)},
        shows=("natural", "m"),
    ),
    "backward": Claim(
        E_CHART,
        _follows(True, "e"),
        Scope(ANY),
        false={"the m-geodesic": _follows(True, "m"), "the shortest": _follows(True, "rao")},
        shows=("reverse", "e"),
    ),
    "own-chart": Claim(
        {"chart": "expectation", "rate": 0.5, "k": 3},
        _stays("m", reverse=False),
        Scope({**ANY, "rate": RATES}),
        false={"those on the other loss": _stays("m", reverse=True)},
        beyond=Scope({**APART_ENDS, "rate": RATES, "chart": OTHER}),
        shows=("natural", "m"),
    ),
    "own-chart-e": Claim(
        {"chart": "natural", "rate": 0.5, "k": 3},
        _stays("e", reverse=True),
        Scope({**ANY, "rate": RATES}),
        false={"those on the other loss": _stays("e", reverse=False)},
        beyond=Scope({**APART_ENDS, "rate": RATES, "chart": OTHER}),
        shows=("reverse", "e"),
    ),
    "stray": Claim(
        {"chart": "log-scale", "rate": 0.04, "k": 10},
        _strays(1.0),
        Scope({**NEARER, "chart": ELSEWHERE, "rate": log_between(0.04, 0.06)}),
        false={
            "as its square": _strays(2.0),
            "the same at every rate": _strays(0.0),
            "in (μ, σ²) on the other loss, too": _strays_in_variance,
        },
        beyond=Scope({**APART_ENDS, "chart": one_of("expectation")}),
        shows=("natural", "m"),
    ),
    "not-rao": Claim(
        LEVEL_SLOW,
        _leaves_rao,
        Scope(APART_ENDS),
        beyond=Scope(EQUAL_MEANS),
        shows=("natural", "reverse", "rao"),
    ),
    "not-circle": Claim(
        {**LEVEL, "chart": "half-plane"},
        lambda model: not _ellipse(1.0)(model),
        Scope(APART_ENDS),
        false={"nor are they ellipses": lambda model: not _ellipse(2.0)(model)},
        shows=("rao",),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("forward", "backward", "shortest", "not-rao"),
    "question.spread": Claim(
        {**LEVEL, "chart": "natural", "rate": 0.01},
        _three_spreads,
        Scope({"a": LEVEL_LEFT, "b": _level}),
        beyond=Scope(APART_ENDS),
    ),
    "question.forward": ("forward", "own-chart", "stray"),
    "preset.three-roads": ("m", "e", "shortest"),
    "preset.one-spread": Claim(
        {**LEVEL, "chart": "half-plane"},
        _three_spreads,
        Scope({"a": LEVEL_LEFT, "b": _level}),
        beyond=Scope(APART_ENDS),
    ),
    "preset.straight-up": ("one-road",),
    "preset.m-is-straight": ("m",),
    "preset.e-is-straight": ("e",),
    "preset.half-circles": Claim(
        {**LEVEL, "chart": "half-plane"},
        _round,
        Scope(APART_ENDS),
        beyond=Scope({**APART_ENDS, "chart": one_of("log-scale", "variance")}),
    ),
    "preset.large-steps-stray": ("stray",),
}
"""What checks the lines that are not claims."""


QUESTIONS = {
    "spread": Question(
        {**LEVEL, "chart": "natural", "rate": 0.01},
        _keeps_the_spread,
        hides=("preset.one-spread",),
    ),
    "forward": Question(
        {**LEVEL, "chart": "half-plane", "rate": 0.01, "k": 120},
        _nearest_geodesic,
        hides=("preset.one-spread",),
    ),
}
