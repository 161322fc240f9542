"""Newton (Suresh 2019, end of section 2): blind to linear charts, not to curved ones.

In x the Hessian is JᵀHJ + Σ_k g_k ∇²f_k. The lesson runs Newton's method with and without the last
term, and looks at where a Hessian is no metric at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Self, cast

import numpy as np

from natgrad_core import Rule, chain, metrics, rules, run
from natgrad_core.core.charted import ChartedAt
from natgrad_core.core.rule import descend, precondition
from natgrad_core.linalg.operators import Dense
from natgrad_core.linalg.small_matrices import components, full, mv, pack
from natgrad_core.types import Array, Bools
from natgrad_lecture import controls as panels
from natgrad_lecture.drawing.contours import add_contours, add_contours_through, add_lattice
from natgrad_lecture.drawing.hatching import add_hatch
from natgrad_lecture.drawing.paired_runs import COINCIDE, SPLIT, add_paths, reading, told
from natgrad_lecture.drawing.palette import ink
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import grid, plane, square, window
from natgrad_lecture.engine_cache import Made, Shown, Twins, charted
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
from natgrad_lecture.state.fields import choice, control, number, several
from natgrad_lecture.state.state import ChartKey, ProblemKey, Runs, problem_named
from natgrad_lecture.text.typeset import live_matrix

PROBLEMS: dict[str, dict[str, Any]] = {
    "rosenbrock": {"rate": 0.1, "bend": 0.5, "rules": ("newton", "natural")},
    "double-well": {"rate": 0.1, "bend": 0.4, "rules": ("newton", "absolute-hessian")},
    "normal": {"rate": 0.1, "bend": 1.5, "rules": ("newton", "natural")},
    "logistic-regression": {"rate": 0.1, "bend": 0.15, "rules": ("newton", "natural")},
}
"""The problems of this lesson, each with what is worth seeing in it."""

RULES = ("newton", "natural", "absolute-hessian", "gradient")

INKS = {
    "absolute-hessian": {
        "label": "|H| for H", "light": "#a23b72", "dark": "#e58fbf", "symbol": "triangle",
        "width": 2.6,
    },
    "uphill": {"label": "H has a negative eigenvalue", "light": "#a3341f", "dark": "#ff9d86"},
}  # fmt: skip

HESSIANS = {"true": "hessian", "carried": "transported-hessian"}
"""What Newton's method inverts in x: the Hessian there, or that of θ carried over as a tensor."""

BESIDE = (0.35, 0.15)
"""Beside the saddle of the double well, where the Hessian is indefinite and Newton climbs."""

ACROSS = (0.5, 2.2)
"""Above Rosenbrock's valley, where the Hessian is indefinite."""

FAR = (5.5, 0.42)
"""A normal distribution too wide, and off to one side: its Hessian is indefinite."""

SHEARED = {"bend": 0.0, "shear": 0.8}
SADDLE = {"problem": "double-well", "bend": 0.0, "start": BESIDE, "steps": 80}
STRAIGHTENED = {"bend": 1.0, "rate": 1.0, "steps": 4, "k": 1, "rules": ["newton"]}
FIGURE_RATES = (0.02, 0.01)
"""Two small rates, one half of the other, from which an order is read."""


@dataclass(frozen=True)
class Bent(Runs):
    """Runs in θ and in x, where θ₂ = x₂ + k (x₁ − c) + s (x₁ − c)²."""

    problem: str = control("rosenbrock", "problem", choice("problem", "problem", tuple(PROBLEMS)))
    rules: tuple[str, ...] = control(
        ("newton", "natural"), "rules", several("rules", "rule", RULES)
    )
    bend: float = control(
        0.5, "bend", number("bend", "the bend s", -3, 3, "take one from −3 to 3; 0 is straight")
    )
    shear: float = control(
        0.0, "shear", number("shear", "the shear k", -3, 3, "take one from −3 to 3")
    )
    hessian: str = control("true", "H", choice("hessian", "Hessian", HESSIANS))

    @property
    def chart_key(self) -> ChartKey:
        """The bend, about the middle of the picture."""
        center = sum(problem_named(self.problem).view[0]) / 2
        return "bend", (("strength", self.bend), ("center", center), ("shear", self.shear))

    suited = PROBLEMS

    def whole(self) -> Self:
        """The state itself if its start is in the domain; what cannot run there says so."""
        Runs.whole(replace(self, rules=()))
        return self


def _rule(name: str, hessian: str, rate: Any) -> Rule:
    if name in rules and hessian == "true":
        return rules[name](rate)
    metric = metrics[HESSIANS[hessian] if name == "newton" else name]()
    return chain(precondition(metric), descend(rate), name=name)


class Seen(Shown):
    """What the engine says about Newton's method, in θ and in x."""

    state: Bent

    @cached_property
    def modeled(self) -> bool:
        """Whether the problem has a probability model, and so a Fisher matrix."""
        return self.problem.support is not None

    @cached_property
    def twins(self) -> dict[str, Twins]:
        """Every chosen rule that the problem has, run in both coordinates."""
        names = [name for name in self.state.rules if self.modeled or name != "natural"]
        return {name: self.pair(name) for name in names}

    def made(self, name: str, home: bool) -> Made:
        """A rule; Newton's own Hessian in x is the one that the reader chose."""
        hessian = "true" if home or name != "newton" else self.state.hessian
        return _rule, (name, hessian, self.state.rate)

    @cached_property
    def guide(self) -> Twins:
        """The run along which Newton's step is taken apart."""
        return self.twins.get("newton") or next(iter(self.twins.values()), self.pair("newton"))

    @cached_property
    def there(self) -> ChartedAt:
        """The problem in x, along the guide's run in θ."""
        return cast("ChartedAt", self.guide.there)

    @cached_property
    def parts(self) -> dict[str, Array]:
        """Along the guide's run in θ, [steps + 1, ...]: the Hessian in x by parts, and whole."""
        there = self.there
        count = self.state.steps + 1
        carried = full(metrics["transported-hessian"]()(there).dense(), (count,))
        true = full(there.hessian, (count,))
        used = true if self.state.hessian == "true" else carried
        return {"JHJ": carried, "term": true - carried, "Hx": used, "H": self.home_hessian}

    @cached_property
    def home_hessian(self) -> Array:
        """H along the guide's run in θ."""
        return full(self.guide.home.at.hessian, (self.state.steps + 1,))

    @cached_property
    def directions(self) -> dict[str, Array]:
        """Along the guide's run in θ, as vectors of θ: the step of rate 1 of each rule.

        ``newton-x`` is Newton's step in x, carried to θ by J.
        """
        here, there = self.guide.home.at, self.there
        lead = (self.state.steps + 1,)
        with np.errstate(all="ignore"):
            raised = Dense(metrics[HESSIANS[self.state.hessian]]()(there).dense()).solve(there.grad)
            found = {
                "newton": Dense(here.hessian).solve(here.grad),
                "newton-x": mv(there.jacobian, raised),
                "absolute-hessian": metrics["absolute-hessian"]()(here).solve(here.grad),
                "gradient": here.grad,
            }
            if self.modeled:
                found["natural"] = Dense(here.fisher).solve(here.grad)
            return {name: -full(vector, lead) for name, vector in found.items()}

    def into_x(self, vectors: Array) -> Array:
        """Vectors of θ along the guide's run, written in x: J⁻¹v."""
        return full(Dense(self.there.jacobian).solve(components(vectors)), vectors.shape[:-1])

    def slope(self, name: str) -> Array:
        """∇J·δ of these steps, [steps + 1]: above zero the step climbs."""
        return np.einsum("ni,ni->n", self.gradient, self.directions[name])

    @cached_property
    def gradient(self) -> Array:
        """∇J along the guide's run in θ."""
        return full(self.guide.home.at.grad, (self.state.steps + 1,))

    def least(self, in_x: bool) -> Callable[[Array], Array]:
        """The least eigenvalue of Newton's Hessian, in θ or in x, of points."""
        chart = self.state.chart_key if in_x else None
        return _least(self.state.problem_key, chart, HESSIANS[self.state.hessian])

    def first_gaps(self, name: str, rates: tuple[float, ...], hessian: str = "true") -> Array:
        """How far one step from the start differs between the coordinates, at these rates."""
        rate, start = np.array(rates), np.asarray(self.start)
        home = run(self.problem, _rule(name, "true", rate), np.tile(start, (len(rate), 1)), 1)
        x = np.tile(self.chart.inverse(start), (len(rate), 1))
        away = run(self.problem.through(self.chart), _rule(name, hessian, rate), x, 1)
        return np.linalg.norm(home.home[-1] - away.home[-1], axis=-1)


@lru_cache(maxsize=16)
def _least(key: ProblemKey, chart: ChartKey | None, hessian: str) -> Callable[[Array], Array]:
    """One function for one Hessian in one chart, so that what it hatches can be kept."""
    problem = problem_named(key) if chart is None else charted(key, chart)
    metric = metrics[hessian]()

    def least(points: Array) -> Array:
        with np.errstate(all="ignore"):
            h = full(metric(problem.at(components(points))).dense(), points.shape[:-1])
            half, apart = (h[..., 0, 0] + h[..., 1, 1]) / 2, (h[..., 0, 0] - h[..., 1, 1]) / 2
            value = half - np.hypot(apart, h[..., 0, 1])
        return np.where(problem.inside(points), value, np.nan)

    return least


# The claims -----------------------------------------------------------------------------------


def _coincide(shown: Seen) -> bool:
    return shown.gap("newton") < COINCIDE


def _linear_is_congruent(shown: Seen) -> bool:
    """In x the Hessian is AᵀHA alone, and the two runs are one."""
    parts = shown.parts
    return bool(np.abs(parts["term"]).max() == 0) and _coincide(shown)


def _grows(shown: Seen) -> bool:
    """The gap of Newton's two runs, at a quarter of the bend, a half, and the whole of it."""
    s = shown.state
    gaps = [Seen(s.with_(bend=s.bend * part)).gap("newton") for part in (0, 0.25, 0.5, 1)]
    return gaps[0] < COINCIDE and SPLIT < gaps[1] < gaps[2] < gaps[3]


def _term(shown: Seen) -> bool:
    """JᵀHJ + Σ g ∇²f, put together here, against slopes of the gradient in x."""
    guide, chart, problem = shown.guide, shown.chart, shown.problem.through(shown.chart)
    x = guide.home_in_x
    j, curvature = chart.jacobian(x), chart.curvature(x)
    put = np.swapaxes(j, -1, -2) @ shown.home_hessian @ j
    put = put + np.einsum("nk,nkij->nij", shown.gradient, curvature)
    step = 1e-5 * np.eye(2)
    slopes = np.stack([(problem.grad(x + d) - problem.grad(x - d)) / 2e-5 for d in step], -1)
    close = np.allclose(put, slopes, rtol=1e-5, atol=1e-5 * np.abs(slopes).max())
    return bool(close and np.allclose(put, shown.parts["Hx"], rtol=1e-9))


def _same_direction(shown: Seen) -> bool:
    d = shown.directions
    return bool(np.allclose(d["newton"], d["newton-x"], rtol=1e-8))


def _order(gaps: Array) -> float:
    return float(np.log2(gaps[0] / gaps[1]))


def _orders(shown: Seen) -> bool:
    """Of one step's gap: two without the term, one with it."""
    without = _order(shown.first_gaps("newton", FIGURE_RATES, "carried"))
    with_it = _order(shown.first_gaps("newton", FIGURE_RATES))
    return abs(without - 2) < 0.05 and abs(with_it - 1) < 0.05


def _tensor_at_the_end(shown: Seen) -> bool:
    """Where the gradient is gone the term is, and has not been on the way."""
    term = np.abs(shown.parts["term"]).max((-1, -2))
    size = np.abs(shown.parts["JHJ"]).max((-1, -2))
    return bool(term[-1] < 1e-9 * size[-1] and term[0] > 1e-2 * size[0])


def _one_step(shown: Seen) -> bool:
    """At rate 1 from x, Newton is at the minimum after one step; from θ it is not."""
    pair = shown.pair("newton")
    away, home = pair.away.home[1], pair.home.theta[1]
    return bool(np.allclose(away, (1, 1), atol=1e-9) and not np.allclose(home, (1, 1), atol=0.1))


def _climbs(shown: Seen) -> bool:
    """Newton's first step has a positive slope, and the loss rises at every step that is seen."""
    loss = shown.pair("newton").home.loss
    return bool(shown.slope("newton")[0] > 0 and loss[-1] > loss[0])


def _to_the_saddle(shown: Seen) -> bool:
    end = shown.pair("newton").home.theta[-1]
    values = np.linalg.eigvalsh(shown.problem.hessian(end))
    flat = np.linalg.norm(shown.problem.grad(end)) < 1e-3
    return bool(flat and values[0] < 0 < values[1])


def _absolute_descends(shown: Seen) -> bool:
    """−∇Jᵀ|H|⁻¹∇J < 0 all over the picture, and the run ends in a well."""
    points = grid(window(shown.problem), 41).reshape(-1, 2)
    at = shown.problem.at(components(points))
    slope = -np.einsum("ni,ni->n", pack(at.grad), pack(Dense(at.hessian).solve(at.grad)))
    downhill = -np.einsum(
        "ni,ni->n", pack(at.grad), pack(metrics["absolute-hessian"]()(at).solve(at.grad))
    )
    moving = np.linalg.norm(pack(at.grad), axis=-1) > 1e-9
    end = shown.pair("absolute-hessian").home.theta[-1]
    in_a_well = np.linalg.eigvalsh(shown.problem.hessian(end))[0] > 0
    return bool((downhill[moving] < 0).all() and (slope > 0).any() and in_a_well)


def _gauss_newton_descends(shown: Seen) -> bool:
    """Where H is indefinite and Newton climbs, Gauss and Newton's matrix is positive, and falls."""
    values = np.linalg.eigvalsh(shown.home_hessian[0])
    natural = shown.pair("natural").home.loss
    return bool(
        values[0] < 0 < values[1]
        and np.linalg.eigvalsh(shown.problem.fisher(shown.start))[0] > 0
        and shown.slope("natural")[0] < 0
        and (np.diff(natural) < 0).all()
    )


def _depends_on_coordinates(shown: Seen) -> bool:
    """At the start H is positive definite in θ, and in x it is not."""
    values = np.linalg.eigvalsh(shown.parts["Hx"][0])
    return bool(np.linalg.eigvalsh(shown.home_hessian[0])[0] > 0 > values[0])


def _hessian_is_fisher(shown: Seen) -> bool:
    run_in_x = shown.pair("natural").away
    home = np.allclose(shown.home_hessian, shown.problem.fisher(shown.guide.home.theta))
    hessian, fisher = (full(m, (shown.state.steps + 1,)) for m in
                       (run_in_x.at.hessian, run_in_x.at.fisher))  # fmt: skip
    return bool(home and np.abs(hessian - fisher)[0].max() > 0.01 * np.abs(fisher[0]).max())


def _natural_order(shown: Seen) -> bool:
    """One natural step differs by O(α²); at half the rate a whole run differs by half."""
    one = _order(shown.first_gaps("natural", FIGURE_RATES))
    ends = []
    for rate in FIGURE_RATES:
        pair = Seen(shown.state.with_(rate=rate, steps=round(1 / rate))).pair("natural")
        ends.append(np.linalg.norm(pair.home.theta[-1] - pair.away.home[-1]))
    return abs(one - 2) < 0.05 and abs(_order(np.array(ends)) - 1) < 0.1


def _flees(shown: Seen) -> bool:
    """From a normal that is too wide, Newton makes it wider still; the natural gradient fits it."""
    newton, natural = (shown.pair(name).home.theta[:, 1] for name in ("newton", "natural"))
    fitted = shown.problem.variance**0.5  # type: ignore[attr-defined]
    return bool(newton[-1] > 10 * newton[0] and abs(natural[-1] - fitted) < 0.05 * fitted)


def _where_newton_ends(shown: Seen) -> int:
    """0: in the nearer well, 1: on the saddle, 2: in the farther well."""
    end = shown.pair("newton").home.theta[-1]
    places = np.array([[1.0, 0.0], [0.0, 0.0], [-1.0, 0.0]])
    return int(np.argmin(np.linalg.norm(places - end, axis=1)))


def _who_splits(shown: Seen) -> int:
    """0: neither, 1: Newton alone, 2: both."""
    split = [shown.gap(name) > SPLIT for name in ("newton", "natural")]
    return [(False, False), (True, False), (True, True)].index(tuple(split))  # type: ignore[arg-type]


SECTIONS = (
    Section(
        "straight",
        "Straight lines stay straight",
        (
            Claim(
                "linear",
                r"In a chart that is linear the Hessian becomes $A^{\top} H A$, and Newton's two "
                "runs are one.",
                SHEARED,
                _linear_is_congruent,
            ),
            "That is as far as the lecture's argument goes. Now bend the coordinates.",
        ),
        Predict(
            "bent",
            r"A bend as in this lesson's first picture, at a small rate, $\alpha = 0.01$. "
            "Which runs will visibly split?",
            ("neither", "Newton alone", "both"),
            {"rate": 0.01, "steps": 300},
            _who_splits,
            "However small the rate, Newton's two runs follow two roads; those of the natural "
            "gradient draw together.",
        ),
    ),
    Section(
        "term",
        "One term too many",
        (
            Claim(
                "term",
                r"With $\theta = f(x)$ the Hessian in $x$ is "
                r"$J^{\top} H J + \sum_k g_k \nabla^2 f_k$, where $g = \nabla J$ in $\theta$.",
                {"k": 6},
                _term,
            ),
            Claim(
                "grows",
                "The second term is no part of a tensor. The stronger the bend, the wider it "
                "drives Newton's two runs apart.",
                {"rules": ["newton"]},
                _grows,
            ),
            Claim(
                "carried",
                r"Leave the term out, and Newton's direction made in $x$ is, carried back by the "
                r"Jacobian, $-H^{-1}\nabla J$ exactly.",
                {"hessian": "carried", "rules": ["newton"], "k": 6},
                _same_direction,
            ),
            Claim(
                "orders",
                r"One step then differs by $O(\alpha^2)$, for a straight step in $x$ is a curved "
                r"one in $\theta$; with the term it differs by $O(\alpha)$.",
                {"hessian": "carried", "rules": ["newton"], "rate": 0.02, "steps": 300},
                _orders,
            ),
            Claim(
                "minimum",
                r"Where $g = 0$ the term is gone: at a minimum the Hessian is a tensor.",
                {"rate": 0.5, "steps": 60, "k": 60, "rules": ["newton"]},
                _tensor_at_the_end,
            ),
            Claim(
                "straightened",
                r"Coordinates can also help: this bend straightens the valley, and in $x$ one "
                r"Newton step of rate 1 ends at the minimum.",
                STRAIGHTENED,
                _one_step,
            ),
        ),
    ),
    Section(
        "uphill",
        "No metric: uphill",
        (
            Claim(
                "climbs",
                r"Where $H$ is indefinite (hatched), $\nabla J^{\top}\delta = "
                r"-\nabla J^{\top} H^{-1} \nabla J$ can be positive: the step climbs.",
                {**SADDLE, "rules": ["newton"], "k": 2},
                _climbs,
            ),
            Claim(
                "saddle",
                "Newton's method looks for a point without slope, and a saddle is one.",
                {**SADDLE, "rules": ["newton"], "k": 80},
                _to_the_saddle,
            ),
            Claim(
                "absolute",
                r"With $|H|$, its eigenvalues made positive, every step goes down, to a well "
                "(Dauphin and others 2014).",
                {**SADDLE, "rules": ["newton", "absolute-hessian"], "k": 2},
                _absolute_descends,
            ),
            Claim(
                "gauss-newton",
                "So does Gauss and Newton's matrix, which for least squares is the Fisher matrix "
                "(natural, in green): it is never negative.",
                {"start": ACROSS, "bend": 0.0, "k": 0, "steps": 100},
                _gauss_newton_descends,
            ),
        ),
        Predict(
            "beside",
            "A start between the two wells, nearer to the right one. "
            "Where will Newton's method come to rest?",
            ("in the right well", "on the saddle", "in the left well"),
            {**SADDLE, "rules": ["newton"], "k": 80},
            _where_newton_ends,
            r"Along the ridge the curvature is negative, so $-H^{-1}\nabla J$ points up it.",
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            Claim(
                "coordinates-decide",
                "Whether the Hessian is indefinite at a point is itself a matter of coordinates: "
                "compare what is hatched on the left and on the right.",
                {"problem": "double-well", "bend": -0.9, "start": (1.0, 1.2), "k": 0,
                 "rules": ["newton"]},
                _depends_on_coordinates,
            ),
            Claim(
                "logistic",
                r"$H = F$ in logistic regression holds in its own coordinates alone: in a bent "
                r"chart $F$ is still the Fisher matrix, and $H$ is not.",
                {"problem": "logistic-regression", "bend": 0.15},
                _hessian_is_fisher,
            ),
            Claim(
                "natural",
                r"Nor is the natural step quite blind to bends: one step differs by $O(\alpha^2)$, "
                "and half the rate halves the gap of a whole run.",
                {"rules": ["natural"], "rate": 0.02},
                _natural_order,
            ),
            Claim(
                "flees",
                "And a Hessian need not be strange to mislead: fitted from too wide a start, "
                "Newton's normal grows wider still.",
                {"problem": "normal", "bend": 0.0, "start": FAR, "steps": 60, "k": 0},
                _flees,
            ),
            Definition(
                "(Give the Hessian a connection, and even Newton's step is geometric: Kristiadi, "
                "Dangel and Hennig 2023.)"
            ),
        ),
    ),
)  # fmt: skip

PRESETS = (
    Preset("a bend splits Newton", {}, "Same start, same rule: the dashed run bends off."),
    Preset("a shear does not", SHEARED, "A linear chart: every run lies on its twin."),
    Preset(
        "leave the term out",
        {"hessian": "carried"},
        "With JᵀHJ alone, Newton's two runs draw together.",
    ),
    Preset(
        "the valley made straight",
        STRAIGHTENED,
        "On the right J is a bowl, and one step is enough.",
    ),
    Preset(
        "drawn to the saddle",
        {**SADDLE, "rules": ["newton", "absolute-hessian"], "k": 2},
        "Newton climbs to the saddle; with |H| the run goes down to the well.",
    ),
    Preset(
        "above the valley",
        {"start": ACROSS, "rules": ["newton", "natural"], "k": 0, "steps": 100},
        "The Hessian is indefinite here, Gauss and Newton's matrix is not.",
    ),
    Preset(
        "Newton flees",
        {"problem": "normal", "start": FAR, "bend": 0.0, "k": 0, "steps": 60},
        "From too wide a start Newton's normal grows without end.",
    ),
    Preset(
        "H = F, but not bent",
        {"problem": "logistic-regression", "bend": 0.15},
        "In θ Newton is natural; in x the two part.",
    ),
)

FORMULAS = (
    Formula(
        "hessian",
        (
            rf"J^{{\top}} H J = {live_matrix('JHJ')}",
            rf"\sum_k g_k \nabla^2 f_k = {live_matrix('term')}",
            rf"H_x = {live_matrix('Hx')}",
        ),
        "The Hessian in x here: the carried one, the term, and what Newton uses.",
    ),
    Formula(
        "slopes",
        (
            r"\lambda(H) = @low@,\; @high@",
            r"\lambda(H_x) = @lowx@,\; @highx@",
            r"\nabla J^{\top}\delta_\theta = @slope@",
            r"\nabla J^{\top}\delta_x = @slopex@",
        ),
        "Eigenvalues, and the slope along Newton's step in θ and in x: above zero it climbs.",
    ),
)


def _controls() -> list[dict[str, Any]]:
    hessians = [
        {"value": "true", "label": "with the term", "help": "JᵀHJ + Σ g ∇²f, the Hessian in x"},
        {"value": "carried", "label": "without", "help": "JᵀHJ alone, a tensor"},
    ]
    checks = panels.choose_rules(("newton", "natural"))
    checks["options"] = [
        {"value": n, "label": INKS[n]["label"] if n in INKS else ink(n)["label"], "ink": n}
        for n in RULES
    ]
    return [
        panels.group("what", "What runs", panels.choose_problem(tuple(PROBLEMS)), checks,
                     *panels.start()),
        panels.group(
            "chart", "Coordinates x",
            panels.slider("bend", "bend s", -2, 2, 0.01),
            panels.slider("shear", "shear k", -2, 2, 0.01),
            {"kind": "choice", "field": "hessian", "label": "Newton's Hessian in x",
             "options": hessians},
        ),
        panels.group(
            "descent", "Descent",
            panels.slider("rate", "learning rate α", 0.001, 2, 0.001, scale="log"),
            panels.slider("steps", "steps", 1, 400, 1),
        ),
    ]  # fmt: skip


# The picture ----------------------------------------------------------------------------------


def picture(shown: Seen, sheet: Sheet) -> dict[str, Any]:
    """Both planes, where Newton may climb in each, the runs, and the steps at one point."""
    view = window(shown.problem)
    x_view = square(shown.chart.inverse(grid(view, 9).reshape(-1, 2)))
    symbols = shown.problem.symbols
    add_contours(sheet, shown.state.problem)
    add_contours_through(sheet, shown.state.problem, shown.state.chart_key, x_view)
    add_lattice(sheet, "theta", shown.chart.forward, x_view, view, bends=100, beyond=0)
    add_lattice(sheet, "x", shown.chart.inverse, view, x_view, bends=100)
    for name, seen in (("theta", view), ("x", x_view)):
        add_hatch(
            sheet, name, "uphill", "H has a negative eigenvalue", shown.least(name == "x"), seen
        )
    add_paths(sheet, shown)
    _add_steps(sheet, shown, view, x_view)
    meter = [reading(pair, _label(name)) for name, pair in shown.twins.items()]
    notes = {name: note for name, pair in shown.twins.items() if (note := told(pair))}
    for name in set(shown.state.rules) - set(shown.twins):
        meter.append({"rule": name, "ink": name, "label": _label(name), "gap": None, "text": "–",
                      "word": "has no meaning"})  # fmt: skip
        notes[name] = f"{shown.problem.name} is a bare loss, without a Fisher matrix"
    return {
        "planes": [
            plane("theta", "θ", symbols, view),
            plane("x", "x, with θ = f(x)", shown.chart.names(symbols), x_view),
        ],
        "ways": {"solid": "run in θ", "dashed": "run in x, mapped back"},
        "steps": shown.state.steps,
        "handles": [
            {"id": "start", "plane": "theta", "at": list(shown.start), "label": "starting point",
             "field": "start", "ink": "start"},
            {"id": "start.x", "plane": "x", "at": shown.chart.inverse(shown.start).tolist(),
             "label": "starting point, in x", "field": "start.x", "ink": "start"},
        ],
        "numbers": _numbers(shown, sheet),
        "meter": meter,
        "notes": notes,
        "description": "; ".join(f"{m['label']}: {m['word']}, gap {m['text']}" for m in meter),
    }  # fmt: skip


def _label(name: str) -> str:
    return INKS[name]["label"] if name in INKS else ink(name)["label"]


_LENGTH = 0.15
"""Of the arrows, in windows: they show where a step goes, not how far."""


def _add_steps(sheet: Sheet, shown: Seen, view: Array, x_view: Array) -> None:
    """At each point of the guide's run in θ, in both planes: where each rule would step."""
    pair = shown.guide
    arrows = [("gradient", "gradient", "−∇J")]
    more = {"natural": "−F⁻¹∇J", "absolute-hessian": "−|H|⁻¹∇J"}
    arrows += [(name, name, label) for name, label in more.items() if name in shown.twins]
    arrows += [("newton", "newton", "Newton in θ"), ("newton-x", "newton", "Newton in x")]
    steps = np.stack([shown.directions[direction] for direction, _, _ in arrows])
    for name, points, vectors, seen in (
        ("theta", pair.home.good, steps, view),
        ("x", shown.chart.inverse(pair.home.good), shown.into_x(steps), x_view),
    ):
        with np.errstate(all="ignore"):
            units = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
        for (_, color, label), unit in zip(arrows, units, strict=True):
            heads = points + _LENGTH * np.ptp(seen[0]) * unit
            sheet.add(name, "arrows", color, label, label=label,
                      points=np.concatenate([points, heads], -1))  # fmt: skip


def _numbers(shown: Seen, sheet: Sheet) -> dict[str, Any]:
    """The formulas' numbers, a series over the steps of the guide's run."""
    parts = shown.parts
    with np.errstate(all="ignore"):
        eigen = [_eigenvalues(parts[name]) for name in ("H", "Hx")]
    series = np.concatenate(
        [*(parts[name].reshape(-1, 4) for name in ("JHJ", "term", "Hx")), *eigen,
         shown.slope("newton")[:, None], shown.slope("newton-x")[:, None]], axis=1,
    )  # fmt: skip
    size = np.abs(series).max(axis=1, keepdims=True)
    series[np.abs(series) < 1e-13 * size] = 0.0  # what cancels is nothing, not 10⁻¹⁴
    names = [f"{m}.{i}.{j}" for m in ("JHJ", "term", "Hx") for i in (0, 1) for j in (0, 1)]
    sheet.array("live", series)
    return {"@": [*names, "low", "high", "lowx", "highx", "slope", "slopex"]}


def _eigenvalues(matrices: Array) -> Array:
    good: Bools = np.asarray(np.isfinite(matrices).all((-1, -2)))
    values = np.linalg.eigvalsh(np.where(good[:, None, None], matrices, np.eye(2)))
    return np.where(good[:, None], values, np.nan)


lessons.register("newton")(
    Lesson(
        name="newton",
        title="Newton",
        takeaway="Newton's method is blind to linear charts and not to curved ones, and where the "
        "Hessian is no metric it may climb.",
        sources=("Nocedal and Wright 2006, ch. 3", "Dauphin and others 2014"),
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        see=Seen,
        rules=("newton", "natural", "gradient"),
        inks=INKS,
        default=Bent(rate=0.1, steps=100, k=4),
        meter="Gap between the two runs",
        order=2,
        lights={"H": ("newton",), "F": ("natural",)},
    )
)
