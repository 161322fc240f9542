"""The natural gradient (LECTURE.md, end of section 4.2): F⁻¹∇J, on every problem that has an F.

Between plain descent and the natural gradient lies F to a power; beside a fixed rate, a fixed KL;
and what is left of the coordinates, once the direction is right, is of the order of the rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np

from app import panels
from app.compute import Shown, Twins
from app.fields import BadInput, choice, control, number, several
from app.figures.contours import add_contours
from app.figures.graph import Axis, Graph
from app.figures.palette import ink
from app.figures.sheet import Sheet
from app.figures.twins import (
    COINCIDE,
    RADIUS,
    SPLIT,
    add_paths,
    ellipses_at,
    reading,
    told,
)
from app.figures.vectors import directions
from app.figures.views import plane, window
from app.lessons import lessons
from app.lessons.lesson import Claim, Definition, Formula, Lesson, Predict, Preset, Section
from app.state import ChartKey, Runs, chart_named, problem_named
from app.typeset import live_matrix, live_vector
from natgrad_core import Rule, Trajectory, chain, gap, metrics, problems, rules, run
from natgrad_core.flow import extrapolated, flow
from natgrad_core.metrics import Metric
from natgrad_core.rule import descend, precondition
from natgrad_core.rules.kl_limited import limit
from natgrad_core.shapes import outline, reach
from natgrad_core.small import components, full
from natgrad_core.types import Array, Whole

FIRST = ("normal", "gamma", "logistic-regression", "two-state-mdp")
PROBLEMS = tuple(
    sorted(
        (n for n, kind in problems.items() if kind.support is not None and len(kind.symbols) == 2),
        key=lambda n: (FIRST.index(n) if n in FIRST else len(FIRST), n),
    )
)
"""Every problem of two parameters with a probability model, and so with a Fisher matrix."""

SUITED: dict[str, dict[str, Any]] = {"two-layer-linear": {"damping": 0.02}}
"""What else a problem needs: where F has no inverse, damping."""

RULES = ("natural", "kl-limited", "gradient")

SCALES = ("variance", "log-scale", "precision")
"""Charts of a positive second parameter: of σ they make σ², log σ and 1/σ²."""

CHARTS = ("shear", "bend", *SCALES)

GRAPHS = ("kl", "gap", "sigma")

ONE = ("identity", *SCALES)
"""The coordinates in which one step is looked at, by the charts that make them."""

INKS = {
    "natural": {**ink("natural"), "label": "fixed rate"},
    "kl-limited": {**ink("kl-limited"), "label": "at most r nats"},
    "field": {"label": "directions", "light": "#00735a", "dark": "#3ecfa6"},
    "flow": {"label": "flow", "light": "#7cc4ae", "dark": "#1f6f59"},
    "identity": {"label": "in σ", "light": "#00735a", "dark": "#3ecfa6", "symbol": "diamond"},
    "variance": {"label": "in σ²", "light": "#0b468a", "dark": "#4f9fe8", "symbol": "square"},
    "log-scale": {"label": "in log σ", "light": "#8a5a00", "dark": "#e6b84d", "symbol": "triangle"},
    "precision": {"label": "in 1/σ²", "light": "#a23b72", "dark": "#e58fbf", "symbol": "circle"},
    "stay": {"label": "no change", "light": "#6b7280", "dark": "#9aa3ad"},
    "radius": {"label": "r", "light": "#6b7280", "dark": "#9aa3ad"},
    "one": {"label": "one step", "light": "#00735a", "dark": "#3ecfa6", "symbol": "diamond"},
    "whole": {"label": "a whole run", "light": "#3d4a9e", "dark": "#a3aef5", "symbol": "square"},
}  # fmt: skip

LONGEST = 12.0
"""Of the flow, in its own time: by then e⁻¹² of the way is left."""

RATES: Array = np.power(0.5, np.arange(1.0, 8.0))
"""At which the gap between the coordinates is measured."""

SMALL = (0.01, 0.005)
"""Two rates from which an order is read."""


def _positive(name: str) -> bool:
    """Whether the second parameter of a problem is positive by its domain."""
    problem = problem_named(name)
    first, second = problem.start
    return second > 0 and not bool(problem.inside(np.array([first, -second])))


@dataclass(frozen=True)
class Natural(Runs):
    """Runs of −α(F^q + λD)⁻¹∇J, in θ and through a chart, and of the same at a fixed KL."""

    problem: str = control("normal", "problem", choice("problem", "problem", PROBLEMS))
    rules: tuple[str, ...] = control(
        ("natural", "kl-limited"), "rules", several("rules", "rule", RULES)
    )
    q: float = control(
        1.0, "q", number("q", "the power q", 0, 1, "take one from 0 (plain) to 1 (natural)")
    )
    radius: float = control(
        0.02, "r",
        number("radius", "the radius r", 1e-6, 10, "take one from 0.000001 to 10 nats"),
    )  # fmt: skip
    chart: str = control("log-scale", "chart", choice("chart", "chart", CHARTS))
    graph: str = control("kl", "graph", choice("graph", "graph", GRAPHS))

    @property
    def chart_key(self) -> ChartKey:
        """The chart; shear and bend are as strong as a picture of this problem can show."""
        if self.chart in SCALES:
            return self.chart, ()
        wide, high = np.ptp(np.asarray(problem_named(self.problem).view), axis=1).tolist()
        center = sum(problem_named(self.problem).view[0]) / 2
        bent = self.chart == "bend"
        strength, shear = (1.2 * high / wide**2, 0.0) if bent else (0.0, 0.8 * high / wide)
        return "bend", (("strength", strength), ("center", center), ("shear", shear))

    def whole(self) -> Self:
        """The state itself if its start, chart and graph are ones that its problem has."""
        Runs.whole(replace(self, rules=()))
        if self.chart in SCALES and not _positive(self.problem):
            raise BadInput(
                "chart",
                f"{self.problem} has no positive second parameter to rewrite; take shear or bend",
            )
        if self.graph == "sigma" and self.problem != "normal":
            raise BadInput("graph", "one step in σ is for the normal distribution; choose it first")
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """Another problem brings what it needs, and leaves what it lacks."""
        found = super().changes(name, value)
        if name == "problem" and value in PROBLEMS:
            found |= {"damping": 0.0, **SUITED.get(value, {})}
            if self.chart in SCALES and not _positive(value):
                found["chart"] = "bend"
            if self.graph == "sigma" and value != "normal":
                found["graph"] = "kl"
        return found


def _metric(q: float) -> Metric:
    """F^q; its ends are written by themselves, so that a singular F stays singular to the bit."""
    ends = {0.0: "euclidean", 1.0: "fisher"}
    return metrics[ends[q]]() if q in ends else metrics["fisher-power"](q)


def _rule(name: str, rate: Any, q: float, damping: float, kind: str, radius: float) -> Rule:
    if name == "gradient":
        return rules["gradient"](rate)
    raised = precondition(_metric(q), damping, kind)
    if name == "natural":
        return chain(raised, descend(rate), name=name)
    return chain(raised, descend(1.0), limit(radius), name=name)


@lru_cache(maxsize=256)
def _run(
    problem: str, chart: ChartKey | None, name: str, options: tuple[Any, ...],
    start: tuple[float, ...], steps: int,
) -> Trajectory:  # fmt: skip
    base, rule = problem_named(problem), _rule(name, *options)
    if chart is None:
        return run(base, rule, start, steps)
    through = chart_named(chart)
    return run(base.through(through), rule, through.inverse(start), steps)


@lru_cache(maxsize=64)
def _gaps(
    problem: str, chart: ChartKey, name: str, options: tuple[Any, ...], start: tuple[float, ...],
    time: float, rates: tuple[float, ...],
) -> tuple[Array, Array]:  # fmt: skip
    """Between the ends in θ and in x: of one step at each rate, and of steps up to the time."""
    base, through = problem_named(problem), chart_named(chart)
    away, x = base.through(through), through.inverse(start)
    found = []
    for rate in rates:
        rule = _rule(name, rate * time, *options)
        steps = round(1 / rate)
        home, bent = run(base, rule, start, steps).theta, run(away, rule, x, steps).home
        found.append(np.linalg.norm(home - bent, axis=-1)[[1, -1]])
    one, whole = np.transpose(found)
    return one, whole


def _direction(problem: str, q: float, damping: float, points: Array) -> Array:
    base = problem_named(problem)
    at = base.at(components(np.where(base.inside(points)[:, None], points, np.nan)))
    with np.errstate(all="ignore"):
        raised, _ = precondition(_metric(q), damping).update(at.grad, at, ())
        return -full(raised, points.shape[:-1])


@lru_cache(maxsize=64)
def _field(problem: str, q: float, damping: float) -> tuple[Array, Whole]:
    view = window(problem_named(problem))
    return directions(lambda points: _direction(problem, q, damping, points), view)


class Seen(Shown):
    """What the engine says about the natural gradient."""

    state: Natural

    @cached_property
    def twins(self) -> dict[str, Twins]:
        """Every chosen rule, run in θ and through the chart."""
        return {name: self.pair(name) for name in self.state.rules}

    def pair(self, name: str) -> Twins:
        """One rule, run in both coordinates; in θ both kinds of damping are one."""
        s = self.state
        start = tuple(map(float, s.point))
        at_home = (s.rate, s.q, s.damping, "identity", s.radius)
        options = (s.rate, s.q, s.damping, s.kind, s.radius)
        return Twins(
            name,
            _run(s.problem, None, name, at_home, start, s.steps),
            _run(s.problem, s.chart_key, name, options, start, s.steps),
            self.chart,
        )

    @cached_property
    def guide(self) -> Twins:
        """The run whose steps are taken apart."""
        return self.twins.get("natural") or next(iter(self.twins.values()))

    def direction(self, points: Array) -> Array:
        """−(F^q + λI)⁻¹∇J in θ, at points ``[n, 2]``; NaN outside the domain."""
        return _direction(self.state.problem, self.state.q, self.state.damping, points)

    @property
    def field(self) -> tuple[Array, Whole]:
        """Arrows along these directions all over the window."""
        return _field(self.state.problem, self.state.q, self.state.damping)

    @cached_property
    def current(self) -> Array | None:
        """The curve that the fixed rate's run has for its limit; None where it is too stiff."""
        s = self.state

        def of_rate(rate: float) -> Rule:
            return _rule("natural", rate, s.q, s.damping, "identity", s.radius)

        time = min(LONGEST, s.rate * s.steps)
        curve, error = extrapolated(self.problem, of_rate, self.start, time, 80)
        return curve if error < 0.05 else None

    def gaps(self, name: str, rates: Array) -> tuple[Array, Array]:
        """Between the ends in θ and in x: of one step, and of a run of time 1, at each rate.

        Plain descent's time is stretched so that its first step is as long as the natural one.
        """
        s = self.state
        options = (s.q, s.damping, s.kind, s.radius)
        start = tuple(map(float, s.point))
        return _gaps(s.problem, s.chart_key, name, options, start, self.time(name), tuple(rates))

    def time(self, name: str) -> float:
        """How long a run of time 1 takes by this rule's own clock."""
        if name == "natural":
            return 1.0
        start = np.asarray(self.start)[None]
        steep = np.linalg.norm(self.problem.grad(start[0]))
        return float(np.linalg.norm(self.direction(start)) / steep) if steep > 0 else 1.0

    def one_step(self, sigmas: Array) -> dict[str, Array]:
        """Where one natural step of rate 1 takes σ, at the sample's mean, in each coordinate."""
        problem = self.problem
        starts = np.stack(np.broadcast_arrays(self.mean, sigmas), -1)
        found = {}
        for name in ONE:
            through = chart_named((name, ()))
            path = run(problem.through(through), rules["natural"](1.0), through.inverse(starts), 1)
            ends = np.where(path.ok[-1][:, None], path.theta[-1], np.nan)
            found[name] = through.forward(ends)[:, 1]
        return found

    @property
    def mean(self) -> float:
        """The sample's mean, of the normal distribution."""
        return self.problem.mean  # type: ignore[attr-defined]

    @property
    def deviation(self) -> float:
        """The sample's standard deviation, √v."""
        return float(self.problem.variance**0.5)  # type: ignore[attr-defined]


# The claims -----------------------------------------------------------------------------------


def _ends_of_the_power(shown: Seen) -> bool:
    """The field at q = 0 and q = 1, against −∇J and −F⁻¹∇J; ½ between squares to F."""
    points = shown.problem.examples(np.random.default_rng(0), 20)
    gradient, fisher = shown.problem.grad(points), shown.problem.fisher(points)
    at = {q: Seen(shown.state.with_(q=q)).direction(points) for q in (0, 0.5, 1)}
    values, vectors = np.linalg.eigh(fisher)
    root = np.einsum("nij,nj,nkj,nk->ni", vectors, values**-0.5, vectors, gradient)
    return bool(
        np.allclose(at[0], -gradient)
        and np.allclose(at[1], -np.linalg.solve(fisher, gradient[..., None])[..., 0])
        and np.allclose(at[0.5], -root)
    )


def _steepest(shown: Seen) -> bool:
    """No step to the ellipse ½δᵀFδ = r goes lower, to first order, along the whole run."""
    path = shown.pair("natural").home
    for theta in path.theta[:: max(1, len(path.theta) // 10)]:
        fisher, gradient = shown.problem.fisher(theta), shown.problem.grad(theta)
        downhill = -np.asarray(np.linalg.solve(fisher, gradient), np.float64)
        best = reach(downhill, fisher, 0.02) @ gradient
        others = outline(fisher, 0.02, 721) @ gradient
        if not best <= others.min() + 1e-12 * abs(best):
            return False
    return True


def _only_at_one(shown: Seen) -> bool:
    """The gap of the two runs in a linear chart: none at q = 1, and one at each q below."""
    gaps = [Seen(shown.state.with_(q=q)).pair("natural").gap for q in (0, 0.25, 0.5, 0.75, 1)]
    return all(g > SPLIT for g in gaps[:-1]) and gaps[-1] < COINCIDE


def _one_flow(shown: Seen) -> bool:
    """The flow by an ODE solver in θ and in x is one curve, and steps tend to it."""
    time, chart = 3.0, shown.chart
    home = flow(shown.problem, shown.start, time)
    away = flow(shown.problem.through(chart), chart.inverse(shown.start), time)
    curve = Seen(shown.state.with_(rate=0.03, steps=100)).current
    ends = [run(shown.problem, rules["natural"](a), shown.start, round(time / a)) for a in SMALL]
    far = [float(np.linalg.norm(path.theta[-1] - home.theta[-1])) for path in ends]
    return bool(
        home.ok
        and away.ok
        and gap(home.theta, chart.forward(away.theta)) < 1e-7
        and curve is not None
        and np.linalg.norm(curve[-1] - home.theta[-1]) < 1e-4
        and abs(np.log2(far[0] / far[1]) - 1) < 0.1
    )


def _fixed_rate_slows(shown: Seen) -> bool:
    kl = shown.pair("natural").home.kl
    return bool((np.diff(kl) < 0).all() and kl[0] > 100 * kl[-1])


def _fixed_kl(shown: Seen) -> bool:
    """While the bound holds, ½δᵀFδ = r at every step, and δ = −√(2r/∇JᵀF⁻¹∇J) F⁻¹∇J."""
    path, r = shown.pair("kl-limited").home, shown.state.radius
    theta, delta = path.theta[:-1], np.diff(path.theta, axis=0)
    fisher, gradient = shown.problem.fisher(theta), shown.problem.grad(theta)
    raised = np.linalg.solve(fisher, gradient[..., None])[..., 0]
    square = np.einsum("ni,ni->n", gradient, raised)
    held = square / 2 > r
    nats = np.einsum("ni,nij,nj->n", delta, fisher, delta) / 2
    formula = -np.sqrt(2 * r / square)[:, None] * raised
    return bool(
        held[0]
        and np.allclose(nats[held], r, rtol=1e-9)
        and np.allclose(delta[held], formula[held])
    )


def _comes_to_rest(shown: Seen) -> bool:
    """The full step of rate 1 is shorter than r near the minimum, and the run ends there."""
    path = shown.pair("kl-limited").home
    fisher, gradient = shown.problem.fisher(path.theta), shown.problem.grad(path.theta)
    square = np.einsum("ni,ni->n", gradient, np.linalg.solve(fisher, gradient[..., None])[..., 0])
    return bool(square[0] / 2 > shown.state.radius > square[-1] / 2 and square[-1] < 1e-12)


def _one(shown: Seen, name: str, formula: Any) -> bool:
    """One step of rate 1 from many σ, against the classical rule; NaN for NaN."""
    sigma = np.linspace(0.55, 2.5, 40) * shown.deviation
    expected = formula(sigma, shown.deviation**2)
    return bool(np.allclose(shown.one_step(sigma)[name], expected, rtol=1e-10, equal_nan=True))


def _reciprocal(sigma: Array, v: float) -> Array:
    precision = sigma**-2.0
    after = 2 * precision - v * precision**2
    return np.where(after > 0, np.abs(after) ** -0.5, np.nan)


def _reciprocal_fails(shown: Seen) -> bool:
    """2λ − vλ² < 0 as soon as λ > 2/v, and the run in 1/σ² leaves the domain at its first step."""
    narrow = shown.start[1] ** 2 < shown.deviation**2 / 2
    away = shown.pair("natural").away
    ends = shown.one_step(np.array([0.7, 0.72]) * shown.deviation)["precision"]
    return bool(
        narrow and away.ok[0] and not away.ok[1] and np.isnan(ends[0]) and np.isfinite(ends[1])
    )


def _orders(shown: Seen) -> tuple[float, float]:
    return tuple(float(np.log2(g[0] / g[1])) for g in shown.gaps("natural", np.array(SMALL)))  # type: ignore[return-value]


def _gap_orders(shown: Seen) -> bool:
    one, whole = _orders(shown)
    return abs(one - 2) < 0.05 and abs(whole - 1) < 0.05


def _plain_never_closes(shown: Seen) -> bool:
    _, whole = shown.gaps("gradient", np.array(SMALL))
    return bool(whole[1] > 0.9 * whole[0] > 1e-3)


def _is_newton(shown: Seen) -> bool:
    """At rate 1 on a canonical regression: the same points as Newton's method."""
    newton = run(shown.problem, rules["newton"](shown.state.rate), shown.start, shown.state.steps)
    return bool(gap(newton.theta, shown.pair("natural").home.theta) < COINCIDE)


def _damping(shown: Seen) -> bool:
    """In a shear λI splits the runs, and λJᵀJ does not."""
    gaps = {
        kind: Seen(shown.state.with_(kind=kind)).pair("natural").gap
        for kind in ("identity", "pulled-back")
    }
    return gaps["identity"] > SPLIT and gaps["pulled-back"] < COINCIDE


def _semidefinite(shown: Seen) -> bool:
    """F has an eigenvalue 0 everywhere; without damping no step is made, with it J falls."""
    points = shown.problem.examples(np.random.default_rng(0), 30)
    values = np.linalg.eigvalsh(shown.problem.fisher(points))
    bare = Seen(shown.state.with_(damping=0.0)).pair("natural").home
    damped = shown.pair("natural").home
    return bool(
        (np.abs(values[:, 0]) < 1e-9 * values[:, 1]).all()
        and not bare.ok[1]
        and damped.ok.all()
        and damped.loss[-1] < damped.loss[0]
    )


def _which_lands(shown: Seen) -> int:
    """Which of ONE is at √v after one step."""
    ends = shown.one_step(np.array([1.7]) * shown.deviation)
    lands = [abs(float(ends[name][0]) - shown.deviation) < 1e-9 for name in ONE]
    return lands.index(True) if lands.count(True) == 1 else -1


def _half_the_rate(shown: Seen) -> int:
    """0: the gap stays, 1: it halves, 2: it is a quarter."""
    return round(_orders(shown)[1])


def _start(sigma: float) -> tuple[float, float]:
    """At the sample's mean, and σ in units of the sample's."""
    problem: Any = problem_named("normal")
    return (float(problem.mean), round(sigma * float(problem.variance**0.5), 4))


FULL = {"rate": 1.0, "steps": 6, "graph": "sigma", "rules": ["natural"], "k": 0}
WIDE, NARROW = _start(1.8), _start(0.62)
SHEARED = {"chart": "shear", "rules": ["natural"], "rate": 0.05}

SECTIONS = (
    Section(
        "steepest",
        "Downhill, measured in KL",
        (
            Definition(
                r"The update is $\theta \leftarrow \theta - \alpha F^{-1}\nabla J$. (The lecture "
                r"writes $+$; as $J$ is a loss, we go down.)"
            ),
            Claim(
                "steepest",
                r"Of all steps with the same $\tfrac12\delta^{\top}F\delta$, those that end on the "
                r"ellipse, $-F^{-1}\nabla J$ lowers $J$ the most, to first order.",
                {"k": 3, "rules": ["natural"]},
                _steepest,
            ),
            Claim(
                "power",
                r"The small arrows are $-F^{-q}\nabla J$: at $q = 0$ plain descent, at $q = 1$ the "
                "natural gradient. Turn $q$ and watch the field swing round.",
                {"q": 0.0, "rules": ["natural"], "rate": 0.002, "k": 60},
                _ends_of_the_power,
            ),
            Claim(
                "only-one",
                r"Only $q = 1$ ignores even a shear: a root of a tensor is no tensor.",
                {**SHEARED, "q": 0.5, "rate": 0.02},
                _only_at_one,
            ),
        ),
    ),
    Section(
        "pace",
        "A rate, or a length",
        (
            Claim(
                "rate",
                "At a fixed rate the steps shorten: each spends less KL than the one before.",
                {"graph": "kl", "rules": ["natural"], "k": 10},
                _fixed_rate_slows,
            ),
            Claim(
                "length",
                r"At a fixed length the step is $-\sqrt{2r / \nabla J^{\top}F^{-1}\nabla J}\; "
                r"F^{-1}\nabla J$, and each spends the same $\tfrac12\delta^{\top}F\delta = r$, "
                "as in TRPO.",
                {"graph": "kl", "rules": ["natural", "kl-limited"], "k": 4},
                _fixed_kl,
            ),
            Claim(
                "rest",
                r"Such a run would never rest: so here $r$ is only the most that a step may spend, "
                r"and near the minimum the step is $-F^{-1}\nabla J$ itself.",
                {"graph": "kl", "rules": ["kl-limited"], "k": 12},
                _comes_to_rest,
            ),
            Claim(
                "newton",
                "In a regression with canonical link the natural step of rate 1 is Newton's, "
                "known there as iteratively reweighted least squares.",
                {"problem": "logistic-regression", "chart": "bend", "rate": 1.0, "steps": 8,
                 "rules": ["natural"], "k": 1},
                _is_newton,
            ),
        ),
    ),
    Section(
        "one-step",
        "One step, four coordinates",
        (
            Claim(
                "variance",
                r"Take $\alpha = 1$, at the sample's mean and with its variance $v$. Made in "
                r"$\sigma^2$ the natural step lands on $v$ at once.",
                {**FULL, "start": WIDE, "chart": "variance"},
                lambda s: _one(s, "variance", lambda sigma, v: v**0.5 + 0 * sigma),
            ),
            Claim(
                "heron",
                r"Made in $\sigma$ it is Heron's rule for the square root, "
                r"$\sigma \leftarrow \tfrac12(\sigma + v/\sigma)$.",
                {**FULL, "start": WIDE},
                lambda s: _one(s, "identity", lambda sigma, v: (sigma + v / sigma) / 2),
            ),
            Claim(
                "log",
                r"In $\log\sigma$ it multiplies $\sigma$ by "
                r"$\exp\tfrac12(v/\sigma^2 - 1)$.",
                {**FULL, "start": WIDE, "chart": "log-scale"},
                lambda s: _one(
                    s, "log-scale", lambda sigma, v: sigma * np.exp((v / sigma**2 - 1) / 2)
                ),
            ),
            Claim(
                "reciprocal",
                r"In the precision $\lambda = 1/\sigma^2$ it is Newton's iteration for the "
                r"reciprocal of $v$, $\lambda \leftarrow 2\lambda - v\lambda^2$,",
                {**FULL, "start": WIDE, "chart": "precision"},
                lambda s: _one(s, "precision", _reciprocal),
            ),
            Claim(
                "negative",
                r"which is negative for $\lambda > 2/v$: from too narrow a start the step leaves "
                "the domain.",
                {**FULL, "start": NARROW, "chart": "precision"},
                _reciprocal_fails,
            ),
        ),
        Predict(
            "lands",
            r"One natural step, $\alpha = 1$, from $\sigma = 1.7\sqrt v$ at the sample's mean. "
            "In which coordinate does it land on the sample's spread?",
            (r"$\sigma$", r"$\sigma^2$", r"$\log\sigma$", r"$1/\sigma^2$"),
            {**FULL, "start": WIDE},
            _which_lands,
            r"The sample's variance is the mean of $(y-\mu)^2$, so $\sigma^2$ is an expectation "
            "parameter there: in such coordinates the natural step is the straight way to the "
            "sample's own value.",
        ),
    ),
    Section(
        "order",
        "What is left of the coordinates",
        (
            Claim(
                "flow",
                r"As $\alpha \to 0$ the steps become a flow, the broad band, and that is one curve "
                "in every chart.",
                {"rate": 0.02, "steps": 200, "rules": ["natural"], "k": 60},
                _one_flow,
            ),
            Claim(
                "orders",
                r"One step made in another chart differs by $O(\alpha^2)$ (slope 2), and a whole "
                r"run by $O(\alpha)$ (slope 1).",
                {"graph": "gap", "rules": ["natural"], "rate": 0.25, "steps": 40, "k": 6},
                _gap_orders,
            ),
            Claim(
                "plain",
                "For plain descent no rate is small enough: its gap levels off.",
                {"graph": "gap", "rules": ["natural", "gradient"], "rate": 0.01, "steps": 300},
                _plain_never_closes,
            ),
        ),
        Predict(
            "half",
            "Halve the rate and double the steps. What becomes of the gap between the natural "
            "run in one chart and in another?",
            ("it stays", "it halves", "a quarter is left"),
            {"graph": "gap", "rules": ["natural"], "rate": 0.25, "steps": 40},
            _half_the_rate,
            r"Each step's gap is a quarter, and there are twice as many steps.",
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            Claim(
                "semidefinite",
                r"The lecture calls $F$ positive definite; it is positive *semi*-definite. In a "
                r"two-layer linear net it has no inverse anywhere, hence damping, "
                r"$F + \lambda I$.",
                {"problem": "two-layer-linear", "chart": "bend", "damping": 0.02,
                 "rules": ["natural"]},
                _semidefinite,
            ),
            Claim(
                "damping",
                r"But $\lambda I$ is the identity of one chart: a shear splits the runs again, "
                r"unless $\lambda$ goes with $J^{\top}J$, the same tensor pulled back.",
                {**SHEARED, "damping": 10.0},
                _damping,
            ),
        ),
    ),
)  # fmt: skip

PRESETS = (
    Preset("the natural gradient", {}, "Along the flow at a fixed rate; or r nats at a time."),
    Preset(
        "from plain to natural",
        {"q": 0.5, "rules": ["natural"], "rate": 0.02, "steps": 200, "k": 40},
        "Half way, q = ½: slide q to 0 and to 1.",
    ),
    Preset(
        "one step in σ, σ², log σ, 1/σ²",
        {**FULL, "start": WIDE},
        "Four coordinates, four classical iterations, one fixed point.",
    ),
    Preset(
        "the gap shrinks with the rate",
        {"graph": "gap", "rules": ["natural", "gradient"], "rate": 0.02, "steps": 200, "k": 40},
        "Slopes 2 and 1 for the natural gradient; plain descent levels off.",
    ),
    Preset(
        "beetles by Newton",
        {"problem": "logistic-regression", "chart": "bend", "rate": 1.0, "steps": 8,
         "rules": ["natural"], "k": 1},
        "Logistic regression at rate 1: iteratively reweighted least squares.",
    ),
    Preset(
        "Kakade's two states",
        {"problem": "two-state-mdp", "chart": "bend", "k": 10, "rules": ["natural"]},
        "A policy: where its natural directions lead, and what each step spends.",
    ),
    Preset(
        "F has no inverse",
        {"problem": "two-layer-linear", "chart": "bend", "damping": 0.02, "rules": ["natural"]},
        "Damping chooses among the steps that do the same to the distribution.",
    ),
)  # fmt: skip

FORMULAS = (
    Formula(
        "step",
        (
            rf"F = {live_matrix('F')}",
            rf"F^q = {live_matrix('Fq')}",
            rf"\nabla J = {live_vector('g')}",
            rf"-\alpha (F^q + \lambda I)^{{-1}} \nabla J = {live_vector('step')}",
        ),
    ),
    Formula(
        "length",
        (
            r"\mathrm{KL}(p_k \,\|\, p_{k+1}) = @kl@",
            r"\tfrac12 \delta^{\top} F \delta = @nats@",
        ),
        "What the step from here spends, in nats: exactly, and by the ellipse.",
    ),
)


def _options(**labels: str) -> list[dict[str, Any]]:
    return panels.named({value.replace("_", "-"): label for value, label in labels.items()})


def _controls() -> list[dict[str, Any]]:
    which = panels.choose_rules(("natural", "gradient"))
    which["options"] = [
        {"value": n, "label": INKS[n]["label"] if n in INKS else ink(n)["label"], "ink": n}
        for n in RULES
    ]
    damping = panels.choose_damping()
    return [
        panels.group("what", "What runs", panels.choose_problem(PROBLEMS), which, *panels.start()),
        panels.group(
            "descent", "Descent",
            panels.slider("q", "power q", 0, 1, 0.01),
            panels.slider("rate", "learning rate α", 0.001, 2, 0.001, scale="log"),
            panels.slider("radius", "at most r nats", 0.0001, 1, 0.0001, scale="log"),
            panels.slider("steps", "steps", 1, 400, 1),
        ),
        panels.group(
            "chart", "Coordinates x and graph",
            {"kind": "choice", "field": "chart", "label": "x", "options":
             _options(shear="a shear", bend="a bend", variance="θ₂²", log_scale="log θ₂",
                      precision="1/θ₂²")},
            panels.slider("damping", "damping λ", 0, 100, 0.001, scale="log"),
            damping,
            {"kind": "choice", "field": "graph", "label": "graph", "options":
             _options(kl="KL a step", gap="gap", sigma="one step in σ")},
        ),
    ]  # fmt: skip


# The picture ----------------------------------------------------------------------------------


def picture(shown: Seen, sheet: Sheet) -> dict[str, Any]:
    """The field, the flow and the runs on one plane; on the other the graph that was chosen."""
    view = window(shown.problem)
    add_contours(sheet, "theta", shown.state.problem)
    points, starts = shown.field
    if len(points):
        sheet.add("theta", "curve", "field", "directions", points=points, starts=starts,
                  faint=True, width=1.3)  # fmt: skip
    if shown.current is not None:
        sheet.add("theta", "curve", "flow", "flow, α → 0", points=shown.current, width=6.5,
                  faint=True)  # fmt: skip
    add_paths(sheet, shown, ("theta",))
    _add_step(sheet, shown)
    graph = {"kl": _kl_graph, "gap": _gap_graph, "sigma": _sigma_graph}[shown.state.graph]
    meter = [reading(pair, _label(name)) for name, pair in shown.twins.items()]
    return {
        "planes": [plane("theta", shown.problem.title, shown.problem.symbols, view),
                   graph(shown, sheet).plane()],
        "ways": {"solid": "in θ", "dashed": "in x, mapped back"},
        "steps": shown.state.steps,
        "handles": [{"id": "start", "plane": "theta", "at": list(shown.start),
                     "label": "starting point", "field": "start", "ink": "start"}],
        "numbers": _numbers(shown, sheet),
        "meter": meter,
        "notes": {name: note for name, pair in shown.twins.items() if (note := told(pair))},
        "description": "; ".join(f"{m['label']}: {m['word']}, gap {m['text']}" for m in meter),
    }  # fmt: skip


def _add_step(sheet: Sheet, shown: Seen) -> None:
    """At each step: −∇J and the direction taken, both to the end of the same KL."""
    path = shown.guide.home
    points, lead = path.good, path.ok.shape
    with np.errstate(all="ignore"):
        fisher, plain = full(path.at.fisher, lead), -full(path.at.grad, lead)
    sheet.add("theta", "ellipse-at", "metric", "equal KL",
              shapes=ellipses_at(points, fisher))  # fmt: skip
    taken = "−F⁻¹∇J" if shown.state.q == 1 and not shown.state.damping else "step"
    for color, direction, label in (
        ("gradient", plain, "−∇J"),
        ("natural", shown.direction(points), taken),
    ):
        heads = points + reach(direction, fisher, RADIUS)
        sheet.add("theta", "arrows", color, "", label=label,
                  points=np.concatenate([points, heads], -1))  # fmt: skip


def _label(name: str) -> str:
    return INKS[name]["label"] if name in INKS else ink(name)["label"]


def _range(*values: Array, least: float = 1e-16) -> tuple[float, float]:
    """Powers of ten around the positive numbers among these, and some room for the axis' name."""
    every = np.concatenate([np.ravel(v) for v in values])
    seen = every[np.isfinite(every) & (every > least)]
    if not len(seen):
        return least, 1.0
    low, high = np.floor(np.log10(seen.min())), np.ceil(np.log10(seen.max()))
    return float(10**low), 2 * float(10 ** max(high, low + 1))


def _kl_graph(shown: Seen, sheet: Sheet) -> Graph:
    """KL of each step in nats, of every run in θ."""
    kl = {name: pair.home.kl for name, pair in shown.twins.items()}
    low, high = _range(*kl.values(), np.array(shown.state.radius), least=1e-12)
    across, up = Axis("step", 0, max(shown.state.steps, 2)), Axis("KL", low, high, log=True)
    graph = Graph(sheet, "graph", "KL of each step, in nats", across, up)
    steps = np.arange(shown.state.steps)
    graph.curve("radius", "r", steps, np.full(len(steps), shown.state.radius), width=1.2)
    for name, values in kl.items():
        graph.curve(name, _label(name), steps, np.where(values > 0, values, np.nan))
    return graph


def _gap_graph(shown: Seen, sheet: Sheet) -> Graph:
    """The gap between the ends of a run in θ and in x, against the rate."""
    one, whole = shown.gaps("natural", RATES)
    curves = {"one": one, "whole": whole}
    if "gradient" in shown.state.rules:
        curves["gradient"] = shown.gaps("gradient", RATES)[1]
    low, high = _range(*curves.values())
    across, up = Axis("α", RATES[-1], 1.0, log=True), Axis("gap", low, high, log=True)
    graph = Graph(sheet, "graph", "gap of θ and x" + _slopes(one, whole), across, up)
    for name, values in curves.items():
        label = "plain, a whole run" if name == "gradient" else _label(name)
        seen = np.isfinite(values) & (values > 0)
        if seen.any():
            graph.curve(name, label, RATES[seen], values[seen])
            graph.marks(name, label, RATES[seen], values[seen])
    return graph


def _sigma_graph(shown: Seen, sheet: Sheet) -> Graph:
    """Where one natural step of rate 1 takes σ: each coordinate is a map of its own."""
    spread = shown.deviation
    sigma = np.linspace(0.5, 2.4, 120)
    graph = Graph(sheet, "graph", "σ⁺ after one natural step, α = 1, in units of √v",
                  Axis("σ", 0.4, 2.5), Axis("σ⁺", 0.4, 2.5))  # fmt: skip
    graph.curve("stay", "no change", [0.4, 2.5], [0.4, 2.5], width=1.2, dash="dashed")
    now = np.array([shown.start[1]])
    here = shown.one_step(now)
    for name, after in shown.one_step(sigma * spread).items():
        good = np.isfinite(after)
        graph.curve(name, _label(name), sigma[good], after[good] / spread)
        graph.marks(name, _label(name), now / spread, here[name] / spread)
    return graph


def _numbers(shown: Seen, sheet: Sheet) -> dict[str, Any]:
    """The formulas' numbers: a series over the steps, and the slopes of the gap."""
    path = shown.guide.home
    count = len(path.theta)
    at = path.at
    with np.errstate(all="ignore"):
        fisher = full(at.fisher, (count,))
        power = full(_metric(shown.state.q)(at).dense(), (count,))
        delta = np.diff(path.good, axis=0, append=np.nan)
        nats = np.einsum("ni,nij,nj->n", delta, fisher, delta) / 2
        step = shown.state.rate * shown.direction(path.good)
    kl = np.append(path.kl, np.nan)
    series = np.concatenate(
        [fisher.reshape(-1, 4), power.reshape(-1, 4), full(at.grad, (count,)), step,
         kl[:, None], nats[:, None]], axis=1,
    )  # fmt: skip
    names = [f"{m}.{i}.{j}" for m in ("F", "Fq") for i in (0, 1) for j in (0, 1)]
    names += ["g.0", "g.1", "step.0", "step.1", "kl", "nats"]
    sheet.array("live", series)
    return {"@": names}


def _slopes(one: Array, whole: Array) -> str:
    """The slopes of the gap's graph at its left end, in words; empty where there is no gap."""
    with np.errstate(all="ignore"):
        found = [float(np.log2(g[-2] / g[-1])) for g in (one, whole)]
    if not np.isfinite(found).all():
        return ""
    return f": slopes {found[0]:.2f} (one step) and {found[1]:.2f}"


lessons.register("natural-gradient")(
    Lesson(
        name="natural-gradient",
        title="The natural gradient",
        takeaway="F⁻¹∇J is steepest descent measured in KL; what the coordinates still change is "
        "of the order of the rate, and vanishes with it.",
        sources=(
            "Amari 1998",
            "Martens 2020",
            "Song, Song and Ermon 2018",
            "Schulman and others 2015",
        ),
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        see=Seen,
        rules=RULES,
        inks=INKS,
        default=Natural(rate=0.1, steps=60, k=6),
        meter="Gap between the two runs",
        order=6,
        lights={"F": ("natural", "metric"), "J": ("gradient",)},
    )
)
