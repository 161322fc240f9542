"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.geometry.geodesics import length
from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.geodesics.figure import CHARTS, GEODESICS, NORMAL, RUNS, Model
from natgrad_lecture.lessons.geodesics.state import LEVEL, UPRIGHT

APART = 0.02
"""Two geodesics whose gap exceeds this share of the distance are visibly different."""


def _straight(points: Array) -> bool:
    """All points on the line of the first and the last."""
    way = points[-1] - points[0]
    off = (points - points[0]) @ np.array([-way[1], way[0]])
    return bool(np.abs(off).max() < 1e-9 * (way @ way + 1))


def _straight_in(kind: str, chart: str) -> Any:
    return lambda model: _straight(CHARTS[chart][1].inverse(model.geodesics[kind]))


def _mixes_logs(model: Model) -> bool:
    """Half way, log p is the mean of both logs, up to a constant."""
    y = np.linspace(-3, 3, 7)
    logs = [
        NORMAL.log_prob(y, np.array(p)[None]) for p in (model.a, model.b, model.geodesics["e"][50])
    ]
    return bool(np.ptp(logs[2] - (logs[0] + logs[1]) / 2) < 1e-9)


def _mixes_moments(model: Model) -> bool:
    """Half way, E y and E y² are those of the half-and-half mixture, integrated numerically."""
    y = np.linspace(-40, 40, 40001)
    density = [np.exp(NORMAL.log_prob(y, np.array(p)[None])) for p in (model.a, model.b)]
    mixed = (density[0] + density[1]) / 2 * (y[1] - y[0])
    mean, sigma = model.geodesics["m"][50]
    moments = [mixed @ y, mixed @ y**2]
    return bool(np.allclose(moments, [mean, mean**2 + sigma**2], atol=1e-8))


def _shortest(model: Model) -> bool:
    sizes = model.lengths
    by_sum = length(NORMAL, GEODESICS["rao"](NORMAL, model.a, model.b, 2001))
    return bool(np.isclose(by_sum, sizes["rao"], rtol=1e-5)) and sizes["rao"] < min(
        sizes["m"], sizes["e"]
    )


def _half_ellipse(model: Model) -> bool:
    """(μ − c)²/2 + σ² is constant along the geodesic; (μ − c)² + σ² is not, whatever c."""
    mean, sigma = model.geodesics["rao"].T

    def spread(squeeze: float) -> float:
        rows = np.stack([mean, np.ones_like(mean)], -1)
        target = mean**2 / squeeze + sigma**2
        rest = target - rows @ np.linalg.lstsq(rows, target, rcond=None)[0]
        return float(np.ptp(rest))

    return spread(2.0) < 1e-9 and spread(1.0) > 0.05


def _follows(reverse: bool, kind: str) -> Any:
    return lambda model: model.off(model.flow(reverse).theta, kind) < 2e-3


def _not_rao(model: Model) -> bool:
    return all(model.off(model.flow(reverse).theta, "rao") > APART for reverse in RUNS.values())


def _decays(model: Model) -> bool:
    """m(t) − m* = e⁻ᵗ(m(0) − m*)."""
    found, chart = model.flow(False), CHARTS["expectation"][1]
    m, target = chart.inverse(found.theta), chart.inverse(model.b)
    expected = target + np.exp(-found.times)[:, None] * (m[0] - target)
    return bool(np.allclose(m, expected, atol=1e-6))


def _exact_at_any_rate(model: Model) -> bool:
    """In its own chart each run stays on its geodesic, in steps of any size."""
    name, reverse = {"expectation": ("m", False), "natural": ("e", True)}[model.state.chart]
    path = model.steps(reverse, 0.5)
    return bool(path.ok.all()) and _straight(path.theta) and model.off(path.in_theta, name) < 2e-3


def _strays_with_the_rate(model: Model) -> bool:
    """In another chart the steps leave the geodesic, about half as far at half the rate."""
    offs = [
        model.off(model.steps(False, rate).in_theta, "m")
        for rate in model.state.rate / np.array([1, 2, 4])
    ]
    return offs[0] > 1.5 * offs[1] > 2.25 * offs[2] > 0


def _same_lengths(model: Model) -> bool:
    """Measured in any chart, with that chart's Fisher matrix."""
    for _, chart in CHARTS.values():
        for of in GEODESICS.values():
            path = of(NORMAL, model.a, model.b, 2001)
            there = length(NORMAL.through(chart), chart.inverse(path))
            if not np.isclose(there, length(NORMAL, path), rtol=1e-5):
                return False
    return True


def _one_path_three_speeds(model: Model) -> bool:
    """All three go straight up; half way they stand at three kinds of mean of the spreads."""
    (_, s), (_, t) = model.a, model.b
    middle = {name: path[50, 1] for name, path in model.geodesics.items()}
    expected = {
        "m": np.sqrt((s**2 + t**2) / 2),
        "e": np.sqrt(2 / (s**-2 + t**-2)),
        "rao": np.sqrt(s * t),
    }
    upright = all(
        np.allclose(path[:, 0], model.a[0], atol=1e-12) for path in model.geodesics.values()
    )
    return upright and all(np.isclose(middle[name], expected[name]) for name in middle)


def _root_two(model: Model) -> bool:
    return bool(np.isclose(model.lengths["rao"], np.sqrt(2) * np.log(model.b[1] / model.a[1])))


def _keeps_the_spread(model: Model) -> int:
    """Which geodesic keeps σ all the way."""
    (steady,) = [i for i, path in enumerate(model.geodesics.values()) if np.ptp(path[:, 1]) < 1e-9]
    return steady


def _nearest_geodesic(model: Model) -> int:
    """Which geodesic the natural flow of KL(p* ‖ p) follows."""
    found = model.flow(False).theta
    return int(np.argmin([model.off(found, name) for name in model.geodesics]))


CLAIMS = {
    "m": Claim({"chart": "expectation"}, _straight_in("m", "expectation")),
    "mixture": Claim({"chart": "expectation"}, _mixes_moments),
    "e": Claim({"chart": "natural", "rate": 0.01, "k": 120}, _straight_in("e", "natural")),
    "logs": Claim({"chart": "natural", "rate": 0.01, "k": 120}, _mixes_logs),
    "shortest": Claim({"chart": "half-plane"}, _shortest),
    "half-circle": Claim({"chart": "half-plane"}, _half_ellipse),
    "root-two": Claim({**UPRIGHT, "chart": "log-scale"}, _root_two),
    "lengths": Claim({"chart": "log-scale"}, _same_lengths),
    "one-road": Claim({**UPRIGHT, "chart": "half-plane"}, _one_path_three_speeds),
    "forward": Claim({"chart": "expectation"}, _follows(False, "m")),
    "decay": Claim({"chart": "expectation"}, _decays),
    "backward": Claim({"chart": "natural", "rate": 0.01, "k": 120}, _follows(True, "e")),
    "own-chart": Claim({"chart": "expectation", "rate": 0.5, "k": 3}, _exact_at_any_rate),
    "own-chart-e": Claim({"chart": "natural", "rate": 0.5, "k": 3}, _exact_at_any_rate),
    "stray": Claim({"chart": "log-scale", "rate": 0.04, "k": 10}, _strays_with_the_rate),
    "not-rao": Claim({**LEVEL, "chart": "half-plane"}, _not_rao),
    "not-circle": Claim({**LEVEL, "chart": "half-plane"}, _half_ellipse),
}


QUESTIONS = {
    "spread": Question({**LEVEL, "chart": "natural", "rate": 0.01}, _keeps_the_spread),
    "forward": Question({**LEVEL, "chart": "half-plane"}, _nearest_geodesic),
}
