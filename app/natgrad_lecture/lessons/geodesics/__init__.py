"""Three roads: m-, e- and Fisher–Rao geodesics, and the two natural-gradient flows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from natgrad_core.geometry.geodesics import length
from natgrad_core.provenance.code_writer import Writer
from natgrad_core.types import Array
from natgrad_lecture import controls as panels
from natgrad_lecture.drawing.palette import ink
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import (
    Claim,
    Definition,
    Formula,
    Lesson,
    Predict,
    Preset,
    Section,
)
from natgrad_lecture.lessons.geodesics.figure import (
    CHARTS,
    COUNT,
    NORMAL,
    ROADS,
    RUNS,
    Seen,
    picture,
)
from natgrad_lecture.runs_as_python import runs_of
from natgrad_lecture.state.fields import BadInput, choice, control, number, point
from natgrad_lecture.state.state import State, numbers


def _end(name: str, label: str) -> Any:
    allowed = "take σ from 0.01 to 100"

    def check(value: Any) -> tuple[float, ...]:
        mean, sigma = point(name, label, most=1e3)(value)
        return mean, number(f"{name}.1", f"σ of {label}", 0.01, 100, allowed)(sigma)

    return check


@dataclass(frozen=True)
class Ends(State):
    """Two normals (μ, σ), the chart beside, and the rate of the natural steps made in it."""

    a: tuple[float, ...] = control((-1.3, 0.55), "a", _end("a", "the start"))
    b: tuple[float, ...] = control((1.3, 1.0), "b", _end("b", "the target"))
    chart: str = control("expectation", "chart", choice("chart", "chart", tuple(CHARTS)))
    rate: float = control(
        0.05, "rate", number("rate", "the rate", 0.01, 1.0, "take one from 0.01 to 1")
    )

    def whole(self) -> Ends:
        """The state itself if there is a way to go."""
        if np.hypot(*np.subtract(self.a, self.b)) < 1e-3:
            raise BadInput("b", "start and target are the same: there is no road to see")
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """An end dragged in the chart is written in (μ, σ)."""
        if name in ("a.x", "b.x"):
            chart = CHARTS[self.chart][1]
            with np.errstate(all="ignore"):
                there = chart.forward(np.array(numbers(name, value)))
            if not (np.isfinite(there).all() and bool(chart.inside(np.array(value, float)))):
                raise BadInput(name, f"no normal is written so; allowed: {chart.domain}")
            return {name[0]: there.tolist()}
        return super().changes(name, value)


# The claims -----------------------------------------------------------------------------------

LEVEL = {"a": (-1.3, 0.7), "b": (1.3, 0.7)}
UPRIGHT = {"a": (0.0, 0.5), "b": (0.0, 2.8)}
APART = 0.02
"""Roads this far apart, as a part of the distance, anybody sees to be two."""


def _straight(points: Array) -> bool:
    """All points on the line of the first and the last."""
    way = points[-1] - points[0]
    off = (points - points[0]) @ np.array([-way[1], way[0]])
    return bool(np.abs(off).max() < 1e-9 * (way @ way + 1))


def _straight_in(road: str, chart: str) -> Any:
    return lambda seen: _straight(CHARTS[chart][1].inverse(seen.roads[road]))


def _mixes_logs(seen: Seen) -> bool:
    """Half way, log p is the mean of both logs, but for a constant."""
    y = np.linspace(-3, 3, 7)
    logs = [NORMAL.log_prob(y, np.array(p)[None]) for p in (seen.a, seen.b, seen.roads["e"][50])]
    return bool(np.ptp(logs[2] - (logs[0] + logs[1]) / 2) < 1e-9)


def _mixes_moments(seen: Seen) -> bool:
    """Half way, E y and E y² are those of the half-and-half mixture, integrated numerically."""
    y = np.linspace(-40, 40, 40001)
    density = [np.exp(NORMAL.log_prob(y, np.array(p)[None])) for p in (seen.a, seen.b)]
    mixed = (density[0] + density[1]) / 2 * (y[1] - y[0])
    mean, sigma = seen.roads["m"][50]
    moments = [mixed @ y, mixed @ y**2]
    return bool(np.allclose(moments, [mean, mean**2 + sigma**2], atol=1e-8))


def _shortest(seen: Seen) -> bool:
    sizes = seen.lengths
    by_sum = length(NORMAL, ROADS["rao"](NORMAL, seen.a, seen.b, 2001))
    return bool(np.isclose(by_sum, sizes["rao"], rtol=1e-5)) and sizes["rao"] < min(
        sizes["m"], sizes["e"]
    )


def _half_ellipse(seen: Seen) -> bool:
    """(μ − c)²/2 + σ² is one number along the road; (μ − c)² + σ² is not, whatever c."""
    mean, sigma = seen.roads["rao"].T

    def spread(squeeze: float) -> float:
        rows = np.stack([mean, np.ones_like(mean)], -1)
        target = mean**2 / squeeze + sigma**2
        rest = target - rows @ np.linalg.lstsq(rows, target, rcond=None)[0]
        return float(np.ptp(rest))

    return spread(2.0) < 1e-9 and spread(1.0) > 0.05


def _follows(reverse: bool, road: str) -> Any:
    return lambda seen: seen.off(seen.flow(reverse).theta, road) < 2e-3


def _not_rao(seen: Seen) -> bool:
    return all(seen.off(seen.flow(reverse).theta, "rao") > APART for reverse in RUNS.values())


def _decays(seen: Seen) -> bool:
    """m(t) − m* = e⁻ᵗ(m(0) − m*)."""
    found, chart = seen.flow(False), CHARTS["expectation"][1]
    m, target = chart.inverse(found.theta), chart.inverse(seen.b)
    expected = target + np.exp(-found.times)[:, None] * (m[0] - target)
    return bool(np.allclose(m, expected, atol=1e-6))


def _exact_at_any_rate(seen: Seen) -> bool:
    """In its own chart each run stays on its road, in steps of any size."""
    name, reverse = {"expectation": ("m", False), "natural": ("e", True)}[seen.state.chart]
    path = seen.steps(reverse, 0.5)
    return bool(path.ok.all()) and _straight(path.theta) and seen.off(path.home, name) < 2e-3


def _strays_with_the_rate(seen: Seen) -> bool:
    """In another chart the steps leave the road, about half as far at half the rate."""
    offs = [
        seen.off(seen.steps(False, rate).home, "m")
        for rate in seen.state.rate / np.array([1, 2, 4])
    ]
    return offs[0] > 1.5 * offs[1] > 2.25 * offs[2] > 0


def _same_lengths(seen: Seen) -> bool:
    """Measured in any chart, with that chart's Fisher matrix."""
    for _, chart in CHARTS.values():
        for of in ROADS.values():
            road = of(NORMAL, seen.a, seen.b, 2001)
            there = length(NORMAL.through(chart), chart.inverse(road))
            if not np.isclose(there, length(NORMAL, road), rtol=1e-5):
                return False
    return True


def _one_road_three_paces(seen: Seen) -> bool:
    """All three go straight up; half way they stand at three kinds of mean of the spreads."""
    (_, s), (_, t) = seen.a, seen.b
    middle = {name: road[50, 1] for name, road in seen.roads.items()}
    expected = {"m": np.sqrt((s**2 + t**2) / 2), "e": np.sqrt(2 / (s**-2 + t**-2)),
                "rao": np.sqrt(s * t)}  # fmt: skip
    upright = all(np.allclose(road[:, 0], seen.a[0], atol=1e-12) for road in seen.roads.values())
    return upright and all(np.isclose(middle[name], expected[name]) for name in middle)


def _root_two(seen: Seen) -> bool:
    return bool(np.isclose(seen.lengths["rao"], np.sqrt(2) * np.log(seen.b[1] / seen.a[1])))


def _keeps_the_spread(seen: Seen) -> int:
    """Which road keeps σ all the way."""
    (steady,) = [i for i, road in enumerate(seen.roads.values()) if np.ptp(road[:, 1]) < 1e-9]
    return steady


def _nearest_road(seen: Seen) -> int:
    """Which road the natural flow of KL(p* ‖ p) follows."""
    found = seen.flow(False).theta
    return int(np.argmin([seen.off(found, name) for name in seen.roads]))


SECTIONS = (
    Section(
        "straight",
        "What is straight?",
        (
            "Take the two ends and drag them: they are two normal distributions.",
            Claim(
                "m",
                "The *m-geodesic* is straight in the means of $y$ and $y^2$:",
                {"chart": "expectation"},
                _straight_in("m", "expectation"),
            ),
            Claim(
                "mixture",
                r"half way it has those of the half-and-half mixture of $p$ and $p^*$.",
                {"chart": "expectation"},
                _mixes_moments,
            ),
            Claim(
                "e",
                r"The *e-geodesic* is straight in the natural parameters, "
                r"$\mu/\sigma^2$ and $-1/(2\sigma^2)$:",
                {"chart": "natural", "rate": 0.01, "k": 120},
                _straight_in("e", "natural"),
            ),
            Claim(
                "logs",
                r"half way $\log p$ is the mean of both, but for a constant "
                "(Amari and Nagaoka 2000).",
                {"chart": "natural", "rate": 0.01, "k": 120},
                _mixes_logs,
            ),
        ),
        Predict(
            "spread",
            "Two normals of one spread and different means. Which road keeps that spread?",
            ("the m-geodesic", "the e-geodesic", "the Fisher–Rao geodesic"),
            {**LEVEL, "chart": "natural", "rate": 0.01},
            _keeps_the_spread,
            "Where both ends have the same −1/(2σ²), so has every point of the line between "
            "them. The mixture must be wider, and the shortest road climbs to where it is cheap "
            "to move the mean.",
        ),
    ),
    Section(
        "shortest",
        "What is shortest?",
        (
            Claim(
                "shortest",
                "The *Fisher–Rao geodesic* is the shortest, by the Fisher metric's own length.",
                {"chart": "half-plane"},
                _shortest,
            ),
            Claim(
                "half-circle",
                r"It is a half-circle in the half-plane $(\mu/\sqrt{2}, \sigma)$, hence in "
                r"$(\mu, \sigma)$ a half-*ellipse*, $(\mu - c)^2/2 + \sigma^2 = R^2$.",
                {"chart": "half-plane"},
                _half_ellipse,
            ),
            Claim(
                "root-two",
                r"Straight up, from $\sigma$ to $\tau$, it is $\sqrt{2}\,\log(\tau/\sigma)$ long.",
                {**UPRIGHT, "chart": "log-scale"},
                _root_two,
            ),
            Claim(
                "lengths",
                "A length is the same in every chart.",
                {"chart": "log-scale"},
                _same_lengths,
            ),
            Claim(
                "one-road",
                "Between equal means the three are one road at three paces: half way the spread "
                "is the root mean square, the geometric mean, or in the e-geodesic that of the "
                "mean precision.",
                {**UPRIGHT, "chart": "half-plane"},
                _one_road_three_paces,
            ),
        ),
    ),
    Section(
        "flows",
        "Which does the natural gradient take?",
        (
            Definition(
                r"Let $p^*$ be the target, and follow $\dot\theta = -F^{-1}\nabla J$ from $p$."
            ),
            Claim(
                "forward",
                r"For $J = \mathrm{KL}(p^* \| p)$, the loss of maximum likelihood, the flow runs "
                "along the m-geodesic:",
                {"chart": "expectation"},
                _follows(False, "m"),
            ),
            Claim(
                "decay",
                r"the expectation parameters approach $p^*$ as $e^{-t}$, straight.",
                {"chart": "expectation"},
                _decays,
            ),
            Claim(
                "backward",
                r"For $J = \mathrm{KL}(p \| p^*)$ it runs along the e-geodesic.",
                {"chart": "natural", "rate": 0.01, "k": 120},
                _follows(True, "e"),
            ),
        ),
        Predict(
            "forward",
            "Small natural steps on KL(p*‖p), of two normals of one spread. Along which road?",
            ("the m-geodesic", "the e-geodesic", "the Fisher–Rao geodesic"),
            {**LEVEL, "chart": "half-plane"},
            _nearest_road,
            "In expectation parameters the natural gradient of this loss is m − m*: straight to "
            "the target.",
        ),
    ),
    Section(
        "steps",
        "Steps instead of a flow",
        (
            Claim(
                "own-chart",
                "In expectation parameters natural steps of any size stay on the m-geodesic.",
                {"chart": "expectation", "rate": 0.5, "k": 3},
                _exact_at_any_rate,
            ),
            Claim(
                "own-chart-e",
                r"In natural parameters those on $\mathrm{KL}(p \| p^*)$ stay on the e-geodesic.",
                {"chart": "natural", "rate": 0.5, "k": 3},
                _exact_at_any_rate,
            ),
            Claim(
                "stray",
                "In another chart they stray, the less the smaller the rate.",
                {"chart": "log-scale", "rate": 0.04, "k": 10},
                _strays_with_the_rate,
            ),
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            Claim(
                "not-rao",
                "*The natural gradient follows Fisher–Rao geodesics* is often said. Neither flow "
                "does: the metric says which way to start, the loss where to go on.",
                {**LEVEL, "chart": "half-plane"},
                _not_rao,
            ),
            Claim(
                "not-circle",
                r"Nor are these half-circles in $(\mu, \sigma)$ itself.",
                {**LEVEL, "chart": "half-plane"},
                _half_ellipse,
            ),
        ),
    ),
)

PRESETS = (
    Preset("three roads", {}, "One pair of ends, three kinds of straight."),
    Preset("one spread", {**LEVEL, "chart": "half-plane"},
           "The e-geodesic keeps the spread; the shortest road climbs; the mixture is widest."),
    Preset("straight up", {**UPRIGHT, "chart": "half-plane"}, "One road at three paces."),
    Preset("m is straight", {"chart": "expectation"}, "In expectation parameters."),
    Preset("e is straight", {"chart": "natural", "rate": 0.01, "k": 120}, "In natural parameters."),
    Preset("half-circles", {**LEVEL, "chart": "half-plane"},
           "In the half-plane the shortest road is a half-circle, the ellipses are circles."),
    Preset("large steps stray", {"chart": "log-scale", "rate": 0.04, "k": 10},
           "Steps made in log σ run near the road, not on it."),
)  # fmt: skip


def _line(name: str, word: str) -> tuple[str, ...]:
    return (
        rf"\text{{{word}:}}\quad \int\!\sqrt{{\dot\theta^{{\top}} F \dot\theta}} = @length.{name}@",
        rf"\text{{half way}}\;(\mu, \sigma) = (@mid.{name}.0@, @mid.{name}.1@)",
    )


FORMULAS = (
    Formula("m", _line("m", "m-geodesic")),
    Formula("e", _line("e", "e-geodesic")),
    Formula("rao", _line("rao", "Fisher–Rao"), "Lengths, and the marks half way."),
)


def _controls() -> list[dict[str, Any]]:
    options = panels.named({name: label for name, (label, _) in CHARTS.items()})
    return [
        panels.group(
            "ends", "The two normals",
            *({"kind": "number", "field": f"{end}.{i}", "label": f"{word} {sign}", "step": 0.05}
              for end, word in (("a", "p"), ("b", "p*")) for i, sign in enumerate(("μ", "σ"))),
        ),
        panels.group(
            "chart", "The chart beside",
            {"kind": "choice", "field": "chart", "label": "coordinates", "options": options},
            panels.slider("rate", "rate of the steps", 0.01, 1, 0.01, scale="log"),
        ),
    ]  # fmt: skip


def _script(seen: Seen, writer: Writer) -> str:
    writer.take("natgrad_core.geometry.geodesics", *(of.__name__ for of in ROADS.values()))
    lines = [
        runs_of(seen.runs, writer),
        "",
        f"a, b = {writer.write(seen.a)}, {writer.write(seen.b)}",
    ]
    lines += [f'paths["{name}-road"] = {of.__name__}({writer.write(NORMAL)}, a, b, {COUNT})'
              for name, of in ROADS.items()]  # fmt: skip
    return "\n".join(lines)


lessons.register("geodesics")(
    Lesson(
        name="geodesics",
        title="Three roads",
        takeaway="The natural gradient takes the m- or the e-geodesic, as the loss has it; "
        "the shortest road is a third.",
        sources=(
            "Amari and Nagaoka 2000, ch. 3",
            "Fujiwara and Amari 1995",
            "Atkinson and Mitchell 1981",
        ),
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        see=Seen,
        script=_script,
        default=Ends(k=20),
        order=7,
        rules=("natural",),
        inks={
            "natural": {**ink("natural"), "label": "natural on KL(p*‖p)"},
            "m": {"label": "m-geodesic", "light": "#b07400", "dark": "#e6b84d", "symbol": "square"},
            "e": {
                "label": "e-geodesic",
                "light": "#a23b72",
                "dark": "#e58fbf",
                "symbol": "triangle",
            },
            "rao": {
                "label": "Fisher–Rao geodesic",
                "light": "#3b5b92",
                "dark": "#7f9fd8",
                "symbol": "pentagon",
            },
            "reverse": {
                "label": "natural on KL(p‖p*)",
                "light": "#00735a",
                "dark": "#3ecfa6",
                "symbol": "diamond",
                "width": 2.2,
            },
        },
    )
)
