"""The Fisher matrix (Suresh 2019, section 4.2): KL's ellipse, an average of scores, a namesake.

Three pictures: KL's level set over the ellipse of F; F built draw by draw; and the empirical
Fisher, which is built of the data's own outcomes and is another matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from natgrad_core.analysis.density_distances import panels as quadrature
from natgrad_core.analysis.fisher_sampling import error, expected_error, gather, scores, surprises
from natgrad_core.errors import OutsideDomain
from natgrad_core.geometry.ellipses import outline
from natgrad_core.geometry.level_sets import kl_level_set
from natgrad_core.problems._kunstner_line import directions
from natgrad_core.provenance.code_writer import Writer
from natgrad_core.types import Array
from natgrad_lecture import controls as panels
from natgrad_lecture.drawing.sheet import Sheet
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
from natgrad_lecture.lessons.fisher import data_figure as fisher_data
from natgrad_lecture.lessons.fisher import draws_figure as fisher_draws
from natgrad_lecture.lessons.fisher import level_figure as fisher_level
from natgrad_lecture.lessons.fisher.data_figure import VIEW, Data
from natgrad_lecture.lessons.fisher.draws_figure import MOST, PARTS, Draws
from natgrad_lecture.lessons.fisher.level_figure import Level, place_of, worst_misses
from natgrad_lecture.runs_as_python import runs_of
from natgrad_lecture.state.fields import BadInput, choice, control, number, perhaps, point, whole
from natgrad_lecture.state.state import State, problem_named
from natgrad_lecture.text.typeset import live_matrix, live_vector

LOOKS = ("level", "draws", "data")
FAMILIES = ("normal", "gamma", "von-mises", "categorical")
PROBLEMS = (*FAMILIES, "logistic-regression", "linear-regression")


@dataclass(frozen=True)
class Look(State):
    """Which of three pictures; a problem, a point θ, a radius and a step; a line through data."""

    look: str = control("level", "look", choice("look", "picture", LOOKS))
    problem: str = control("normal", "problem", choice("problem", "problem", PROBLEMS))
    theta: tuple[float, ...] | None = control(None, "at", perhaps(point("theta", "θ")))
    step: tuple[float, ...] | None = control(None, "d", perhaps(point("step", "the step δ")))
    radius: float = control(
        0.1, "r", number("radius", "the radius r", 1e-6, 3, "take one from 0.000001 to 3 nats")
    )
    show: str = control("shown", "level", choice("show", "way to show it", ("shown", "hidden")))
    seed: int = control(0, "seed", whole("seed", "the seed", 0, 9999))
    w: tuple[float, ...] = control((-1.0, 0.0), "w", point("w", "the start", most=100))
    noise: float = control(
        1.0, "noise", number("noise", "the noise", 0.1, 5, "take a standard deviation, 0.1 to 5")
    )
    pace: float = control(
        0.1, "pace", number("pace", "the pace", 1e-3, 2, "take one from 0.001 to 2 nats a step")
    )

    @property
    def point(self) -> tuple[float, ...]:
        """Where the problem stands: the reader's θ, or its own."""
        return self.theta if self.theta is not None else place_of(self.problem)

    def entries(self, name: str) -> Any:
        """The point that is in force."""
        return self.point if name == "theta" else super().entries(name)

    def whole(self) -> Self:
        """The state itself if its point is in the domain, and has a Fisher matrix with inverse."""
        problem = problem_named(self.problem)
        try:
            fisher = problem.fisher(self.point)
        except OutsideDomain as error_:
            raise BadInput("theta", f"{error_}. The last good point stays.") from None
        values = np.linalg.eigvalsh(fisher)
        if not (np.isfinite(values).all() and values[0] > 1e-9 * values[1] > 1e-12):
            raise BadInput("theta", "so far out the Fisher matrix is nought to rounding; come back")
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """Another problem brings its own point and step."""
        if name == "problem":
            return {"problem": value, "theta": None, "step": None}
        return super().changes(name, value)


class Seen:
    """What the engine says of one of the three pictures."""

    def __init__(self, state: Look) -> None:
        self.state = state

    @cached_property
    def level(self) -> Level:
        """Of the level set."""
        return Level(self.state)

    @cached_property
    def draws(self) -> Draws:
        """Of the draws."""
        return Draws(self.state)

    @cached_property
    def data(self) -> Data:
        """Of the line through data."""
        return Data(self.state)

    @property
    def paths(self) -> dict[str, Any]:
        """What a notebook reads as the widget's ``path``."""
        if self.state.look == "data":
            return self.data.runs
        if self.state.look == "draws":
            found = self.draws.gathered()
            return {"n": found.n, "fisher": found.fisher, "curvature": found.curvature}
        return {"level": self.level.level, "ellipse": self.level.ellipse}

    @property
    def problem(self) -> Any:
        """What is looked at."""
        return self.data.problem if self.state.look == "data" else self.level.problem


def picture(seen: Seen, sheet: Sheet) -> dict[str, Any]:
    """The picture that was chosen, with the controls and formulas that go with it."""
    draw = {
        "level": lambda: fisher_level.picture(seen.level, sheet),
        "draws": lambda: fisher_draws.picture(seen.draws, sheet),
        "data": lambda: fisher_data.picture(seen.data, sheet),
    }
    look = seen.state.look
    groups = {"level": ["model", "level"], "draws": ["model", "draws"], "data": ["data"]}[look]
    formulas = {"level": ["matrix", "level"], "draws": ["matrix", "draws"], "data": ["data"]}[look]
    return {**draw[look](), "shown": {"groups": ["look", *groups], "formulas": formulas}}


# The claims -----------------------------------------------------------------------------------

HALF = {"look": "level", "problem": "normal", "radius": 0.5}
DRAWS = {"look": "draws", "problem": "normal"}
DATA = {"look": "data"}
FAR = (4.7, -1.0)


def _close(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance))


def _expected(seen: Seen, of: Any) -> Array:
    """E[of] over y ~ p(· | θ) of the normal, by quadrature."""
    mean, sigma = seen.state.point
    y, weights = quadrature(np.linspace(mean - 12 * sigma, mean + 12 * sigma, 121))
    y, weights = y.ravel(), weights.ravel()
    mass = weights * np.exp(seen.level.problem.log_prob(y, np.array([mean, sigma])))
    return np.tensordot(mass, of(seen.level.problem, (mean, sigma), y), 1)


def _first_order(seen: Seen) -> bool:
    return _close(_expected(seen, scores), 0.0)


def _second_order(seen: Seen) -> bool:
    return _close(_expected(seen, surprises), seen.level.fisher)


def _outer(seen: Seen) -> bool:
    def outer(*given: Any) -> Array:
        s = scores(*given)
        return s[:, :, None] * s[:, None, :]

    return _close(_expected(seen, outer), seen.level.fisher)


def _all_families(check: Any) -> Any:
    """``check`` at every problem's own point, not the one alone that is shown."""
    return lambda seen: all(
        check(Seen(seen.state.with_(problem=name, theta=None, step=None)))
        for name in PROBLEMS
        if name != "linear-regression"
    )


def _third(seen: Seen) -> bool:
    return abs(seen.level.slopes[0] - 3) < 0.05


def _fourth(seen: Seen) -> bool:
    return abs(seen.level.slopes[1] - 4) < 0.05


def _curves_apart(seen: Seen) -> bool:
    """How far the level set is from the ellipse along a ray, by F: slope 2 in ε."""
    level, far = seen.level, []
    for size in (0.02, 0.01):
        r = size**2 / 2
        points = kl_level_set(level.problem, level.theta, r, 121) - level.theta
        length = np.sqrt(np.einsum("ni,ij,nj->n", points, level.fisher, points))
        far.append(float(np.abs(length - size).max()))
    return bool(abs(np.log2(far[0] / far[1]) - 2) < 0.05)


def _published(seen: Seen) -> bool:
    """Heights at which KL(N(0,1) ‖ N(0,s)) = ½, and those of the ellipse; FACTS, section 3."""
    exact = kl_level_set(seen.level.problem, seen.level.theta, 0.5, 721)
    ends = exact[np.abs(exact[:, 0]) < 1e-9][:, 1]
    ring = 1.0 + outline(seen.level.fisher, 0.5, 721)[:, 1]
    return _close([ends.min(), ends.max()], [0.563777, 2.511055], 1e-6) and _close(
        [ring.min(), ring.max()], [0.292893, 1.707107], 1e-5
    )


def _flat_across(seen: Seen) -> bool:
    """KL(N(μ,σ) ‖ N(μ+d,σ)) = d²/2σ² whatever d."""
    problem, theta = seen.level.problem, seen.level.theta
    d = np.linspace(-3, 3, 13)
    there = theta + np.stack([d, 0 * d], -1)
    kl = problem.kl(np.broadcast_to(theta, there.shape), there)
    return _close(kl, d**2 * seen.level.fisher[0, 0] / 2)


def _no_error(seen: Seen) -> bool:
    worst, _ = worst_misses(seen.level.problem, seen.level.theta, np.array([0.1, 1.0, 3.0]))
    return bool(worst.max() < 1e-11) and _close(seen.level.level, seen.level.ellipse, 1e-6)


def _backward(seen: Seen) -> bool:
    """The other KL has another level set, and the same ellipse: its error is of order ε³ too."""
    level = seen.level
    gap = np.nanmax(np.abs(level.level[:121] - level.backward[:121]))
    misses = []
    for size in (0.02, 0.01):
        there = level.theta + outline(level.fisher, size**2 / 2, 48)
        back = level.problem.kl(there, np.broadcast_to(level.theta, there.shape))
        misses.append(np.abs(back - size**2 / 2).max())
    return bool(gap > 0.1 and abs(np.log2(misses[0] / misses[1]) - 3) < 0.05)


def _converges(seen: Seen) -> bool:
    """After all draws within what chance allows, and far nearer than after the first hundred."""
    found = seen.draws.gathered(PARTS)
    miss = error(found.fisher, seen.draws.fisher)
    c = expected_error(found)
    return bool(miss[-1] < 3 * c / np.sqrt(MOST) and miss[-1] < miss[found.n == 100][0] / 10)


def _root_mean(seen: Seen, n: int, seeds: int = 40) -> float:
    """The root mean square error after n draws, over some seeds."""
    problem, theta = seen.draws.problem, seen.draws.theta
    found = [error(gather(problem, theta, np.array([n]), (7, i)).fisher, seen.draws.fisher)[0]
             for i in range(seeds)]  # fmt: skip
    return float(np.sqrt(np.mean(np.square(found))))


def _root_n(seen: Seen) -> bool:
    """Sixteen times the draws, a quarter of the error, as chance goes; as large as expected."""
    few, many = _root_mean(seen, 250), _root_mean(seen, 4000)
    c = expected_error(seen.draws.gathered(2))
    return bool(3 < few / many < 5.3 and abs(many * np.sqrt(4000) / c - 1) < 0.3)


def _both_averages(seen: Seen) -> bool:
    """The average score is nought and the average of −∇² log p is F, but for chance."""
    found = seen.draws.gathered(PARTS)
    spread = np.sqrt(np.diag(seen.draws.fisher) / MOST)
    near = np.abs(found.mean[-1]) < 5 * spread
    return bool(near.all() and error(found.curvature, seen.draws.fisher)[-1] < 0.02)


def _no_chance(seen: Seen) -> bool:
    """−∇² log p is F for every single draw."""
    found = seen.draws.gathered()
    return bool(error(found.curvature, seen.draws.fisher).max() < 1e-9) and bool(
        error(found.fisher, seen.draws.fisher)[0] > 0.1
    )


def _rank_one(seen: Seen) -> bool:
    """One draw's outer product has no inverse; two draws' average has one."""
    found = seen.draws.gathered().fisher
    values = np.linalg.eigvalsh(found[:2])
    return bool(values[0, 0] < 1e-12 * values[0, 1] and values[1, 0] > 1e-9 * values[1, 1])


def _outer_of_data(seen: Seen) -> bool:
    """G by hand: mean of (y − w·x)² x xᵀ; F: mean of x xᵀ."""
    problem, w = seen.data.problem, seen.data.at
    _, x0, x1, y = problem.rows.columns
    x = np.stack([x0, x1], -1)
    residual = y - x @ w
    outer = x[:, :, None] * x[:, None, :]
    return _close(seen.data.here["natural"][1], outer.mean(0)) and _close(
        seen.data.here["empirical"][1], (residual[:, None, None] ** 2 * outer).mean(0)
    )


def _right_angles(seen: Seen) -> bool:
    paper, _ = seen.data.angles
    return paper > 85


def _never_by_fisher(seen: Seen) -> bool:
    """All over the plane: below 90° by F, that is downhill; on paper above 90° somewhere."""
    points = np.random.default_rng(0).uniform(VIEW[0][0], VIEW[0][1], (400, 2))
    problem = seen.data.problem
    step, _ = directions(problem, points, "empirical-fisher")
    slope = np.einsum("ni,ni->n", problem.grad(points), step)
    natural, fisher = directions(problem, points, "fisher")
    inner = np.einsum("ni,nij,nj->n", natural, fisher, step)
    on_paper = np.einsum("ni,ni->n", natural, step)
    return bool((slope < 0).all() and (inner > 0).all() and (on_paper < 0).any())


def _fits(seen: Seen) -> bool:
    """At the minimum G is F but for chance, where the noise is the model's."""
    at = Data(seen.state.with_(w=seen.data.minimum))
    return _close(at.here["empirical"][1], at.here["natural"][1], 0.2)


def _times_noise(seen: Seen) -> bool:
    at = Data(seen.state.with_(w=seen.data.minimum))
    share = at.here["empirical"][1] / at.here["natural"][1]
    return bool(np.abs(share / seen.state.noise**2 - 1).max() < 0.2)


def _farther_shorter(seen: Seen) -> bool:
    """Twice as far from the minimum the empirical step is about half, the natural twice as long."""
    away = np.array([4.0, 3.0])
    near, far = (Data(seen.state.with_(w=seen.data.minimum + by * away)) for by in (3, 6))

    def size(data: Data, ink: str) -> float:
        return float(np.linalg.norm(data.here[ink][0]))

    part = size(far, "empirical") / size(near, "empirical")
    return _close(size(far, "natural"), 2 * size(near, "natural")) and bool(abs(part - 0.5) < 0.03)


def _straight(seen: Seen) -> bool:
    """The natural run is a straight line to the minimum; the other strays from it."""
    runs, goal = seen.data.runs, seen.data.minimum
    way = (goal - seen.data.at) / np.linalg.norm(goal - seen.data.at)
    off = {ink: np.abs((run.theta - seen.data.at) @ np.array([-way[1], way[0]])).max()
           for ink, run in runs.items()}  # fmt: skip
    return bool(off["natural"] < 1e-9 and off["empirical"] > 0.5)


def _semidefinite(seen: Seen) -> bool:
    net = problem_named("two-layer-linear")
    points = net.examples(np.random.default_rng(0), 10)
    values = np.linalg.eigvalsh(net.fisher(points))
    return bool((values[:, 0] < 1e-12 * values[:, 1]).all()) and bool(
        np.linalg.eigvalsh(seen.level.fisher)[0] > 0
    )


def _how_far_up(seen: Seen) -> int:
    """0: lower than the ellipse's top, 1: just there, 2: higher."""
    exact = kl_level_set(seen.level.problem, seen.level.theta, 0.5, 721)
    top = np.nanmax(exact[:, 1]) - (1 + np.sqrt(0.5))
    return 1 if abs(top) < 1e-6 else (2 if top > 0 else 0)


def _half_the_length(seen: Seen) -> int:
    """Which of ½, ¼, ⅛, 1/16 is nearest to what is left of KL's error."""
    worst, _ = worst_misses(seen.level.problem, seen.level.theta, np.array([0.02, 0.01]))
    return round(float(np.log2(worst[0] / worst[1]))) - 1


def _four_times(seen: Seen) -> int:
    """0: a half of the error is left, 1: a quarter, 2: a sixteenth."""
    left = _root_mean(seen, 1600) / _root_mean(seen, 400)
    return int(np.argmin(np.abs(np.log2(left) - np.array([-1, -2, -4]))))


def _how_turned(seen: Seen) -> int:
    """0: less than 30°, 1: 30° to 60°, 2: more."""
    return int(np.searchsorted([30.0, 60.0], seen.data.angles[0]))


SECTIONS = (
    Section(
        "taylor",
        "Two facts about log p",
        (
            Definition(
                r"The *score* is $s = \nabla_\theta \log p(y | \theta)$, how much more likely an "
                "outcome becomes for a step."
            ),
            Claim("first", r"On average over the model's own outcomes it is nought: "
                  r"$\mathrm{E}[s] = 0$,", DRAWS, _first_order),
            Claim("second", r"and its change is $\mathrm{E}[\nabla^2 \log p] = -F$,", DRAWS,
                  _second_order),
            Claim("outer", r"where $F = \mathrm{E}[s\, s^{\top}]$ is the *Fisher matrix*.", DRAWS,
                  _outer),
            Claim(
                "third",
                r"So of KL's expansion the first term vanishes, and $\mathrm{KL} = "
                r"\frac{1}{2}\delta^{\top} F \delta$ but for $O(\epsilon^3)$, "
                r"$\epsilon^2 = \delta^{\top} F \delta$: slope 3 on the right.",
                {"radius": 0.02},
                _all_families(_third),
            ),
            Claim(
                "fourth",
                r"What is odd cancels between $\delta$ and $-\delta$: their mean has slope 4.",
                {"problem": "gamma", "radius": 0.05},
                _all_families(_fourth),
            ),
        ),
        Predict(
            "eighth",
            r"Half as long a step $\delta$. Of the error of $\frac{1}{2}\delta^{\top} F \delta$ "
            "there is left",
            ("a half", "a quarter", "an eighth", "a sixteenth"),
            {"problem": "gamma", "radius": 0.05},
            _half_the_length,
            "The first term that the ellipse leaves out is of the third order.",
        ),
    ),
    Section(
        "level",
        "The ellipse, and the true shape",
        (
            "The green ellipse is where half the quadratic form is r; the blue curve is where KL "
            "itself is r. Take the point and drag it; take the tip of the step.",
            Claim(
                "apart",
                r"They part by $O(\epsilon^2)$: small ellipses are right, large ones are not.",
                {"problem": "gamma", "radius": 0.3},
                _curves_apart,
            ),
            Claim(
                "published",
                r"From $N(0, 1)$ to $N(0, s)$ it is half a nat at $s = 0.564$ and $2.511$; the "
                r"ellipse says $0.293$ and $1.707$.",
                HALF,
                _published,
            ),
            Claim(
                "across",
                r"Sideways, in $\mu$ alone, the ellipse is exact at any distance.",
                {**HALF, "step": (1.0, 0.0)},
                _flat_across,
            ),
            Claim(
                "linear",
                r"So it is everywhere for a line with known noise, whose $F$ is constant.",
                {"problem": "linear-regression", "radius": 1.0},
                _no_error,
            ),
            Claim(
                "backward",
                r"The other KL, from $\theta + \delta$ to $\theta$ (dashed), has another level set "
                "and the same ellipse.",
                {**HALF, "radius": 0.2},
                _backward,
            ),
        ),
        Predict(
            "up",
            r"From $N(0, 1)$ straight up in $\sigma$: the ellipse reaches half a nat at $1.707$. "
            "The true level set reaches it",
            ("lower", "just there", "higher"),
            {**HALF, "show": "hidden"},
            _how_far_up,
            "A wide normal is no surprise to a narrow one: going up is cheaper than it seems. "
            "Show the level set, and look.",
        ),
    ),
    Section(
        "draws",
        "Built draw by draw",
        (
            Claim(
                "average",
                r"Draw from the model, take the average of $s\, s^{\top}$: it becomes $F$,",
                DRAWS,
                _converges,
            ),
            Claim("root-n", r"with an error of about $1/\sqrt n$.", DRAWS, _root_n),
            Claim(
                "both",
                r"The average score goes to nought, and that of $-\nabla^2 \log p$ to $F$ as well.",
                DRAWS,
                _both_averages,
            ),
            Claim(
                "no-chance",
                r"In natural parameters, as here a gamma's, every draw has the same "
                r"$-\nabla^2 \log p = F$: nothing is left to chance.",
                {**DRAWS, "problem": "gamma"},
                _no_chance,
            ),
            Claim(
                "rank",
                r"One draw's $s\, s^{\top}$ has no inverse: it knows a single direction.",
                {**DRAWS, "k": 0},
                _rank_one,
            ),
        ),
        Predict(
            "four",
            "Four times as many draws. Of the error there is left, as chance goes,",
            ("a half", "a quarter", "a sixteenth"),
            DRAWS,
            _four_times,
            "Variances of averages go as 1/n, and errors are their roots.",
        ),
    ),
    Section(
        "empirical",
        "A namesake: the empirical Fisher",
        (
            Claim(
                "of-data",
                r"Take the data's outcomes instead of the model's: $G = \mathrm{mean}\, "
                r"s\, s^{\top}$ carries each squared residual, which $F$ does not.",
                DATA,
                _outer_of_data,
            ),
            Claim(
                "angles",
                r"Its step can stand at right angles to the natural one and beyond, as for this "
                "line through skewed data (Kunstner, Balles and Hennig 2019, figure 1).",
                {**DATA, "w": FAR, "k": 0},
                _right_angles,
            ),
            Claim(
                "downhill",
                "That is the angle on paper. By the Fisher matrix it is always less than 90°, for "
                "the step still goes downhill.",
                {**DATA, "w": FAR, "k": 0},
                _never_by_fisher,
            ),
            Claim(
                "straight",
                "Here the natural run goes straight to the minimum, the other one round about,",
                {**DATA, "k": 9},
                _straight,
            ),
            Claim(
                "shorter",
                r"with steps $-G^{-1}\nabla J$ that are the shorter the farther it has to go "
                "(so both runs are shown at one pace, in nats a step).",
                {**DATA, "w": (0.0, 5.5), "k": 8},
                _farther_shorter,
            ),
            Claim(
                "fits",
                r"Where the model fits, at the minimum and with its own noise, $G$ is $F$ but for "
                "chance:",
                {**DATA, "w": (2.5, 2.5), "k": 0},
                _fits,
            ),
            Claim(
                "noise",
                "with more noise in the data it is that many variances too large.",
                {**DATA, "noise": 3.0, "w": (2.5, 2.5), "k": 0},
                _times_noise,
            ),
        ),
        Predict(
            "turned",
            "Start low on the right. By how much do the two steps differ in direction?",
            ("less than 30°", "30° to 60°", "more than 60°"),
            {**DATA, "w": FAR, "k": 0},
            _how_turned,
            "Far out the squared residuals outweigh all else, and they grow along the data's long "
            "axis.",
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            Claim(
                "semidefinite",
                r"$F$ is positive *semi*-definite: a two-layer linear net's has no inverse at any "
                "point, and wants damping.",
                {"problem": "categorical"},
                _semidefinite,
            ),
            Definition(
                r"(The lecture's sum over classes carries a $dx$ that has no place in it, and its "
                r"step to $s\, s^{\top}$ needs both facts above.)"
            ),
            "The name empirical Fisher is used for another matrix than an estimate of F: the "
            "estimate draws from the model, as in the second picture.",
        ),
    ),
)  # fmt: skip

PRESETS = (
    Preset("KL and its ellipse", {}, "The true level set in blue, the ellipse of F in green."),
    Preset("half a nat", HALF, "At this size the ellipse is far off: compare up and down."),
    Preset(
        "find it yourself",
        {**HALF, "show": "hidden"},
        "Drag the tip to where you think KL is half a nat; then show the level set.",
    ),
    Preset("no error at all", {"problem": "linear-regression", "radius": 1.0},
           "A line with known noise: KL is its own ellipse."),
    Preset("built draw by draw", DRAWS, "A million draws, in parts; stop them when you like."),
    Preset("without chance", {**DRAWS, "problem": "gamma"},
           "−∇² log p is F at every draw; s sᵀ is so on average only."),
    Preset("the empirical Fisher", DATA, "Two runs from one start; on the right, their angle."),
    Preset("at right angles", {**DATA, "w": FAR, "k": 0},
           "The empirical step beside the natural one."),
)  # fmt: skip

FORMULAS = (
    Formula("matrix", (rf"F = {live_matrix('F')}",)),
    Formula(
        "level",
        (
            rf"\delta = {live_vector('step')}",
            r"\mathrm{KL} = @kl@",
            r"\tfrac12 \delta^{\top} F \delta = @half@",
            r"\text{difference } @miss@",
        ),
        "Of your step, in nats.",
    ),
    Formula(
        "draws",
        (
            r"n = @n@",
            rf"\overline{{s\, s^{{\top}}}} = {live_matrix('Fn')}",
            rf"\overline{{-\nabla^2 \log p}} = {live_matrix('Hn')}",
            rf"\overline{{s}} = {live_vector('mean')}",
            r"\text{error } @apart@",
        ),
        "Averages of the draws so far; the error is in F's own units.",
    ),
    Formula(
        "data",
        (
            rf"F = {live_matrix('F')}",
            rf"G = {live_matrix('G')}",
            r"\angle = @paper@° \text{ on paper},\; @own@° \text{ by } F",
            r"|F^{-1}\nabla J| = @long@,\; |G^{-1}\nabla J| = @short@",
        ),
        "Along the natural run: both matrices, and the two steps of rate 1.",
    ),
)


def _controls() -> list[dict[str, Any]]:
    return [
        panels.group(
            "look", "Picture",
            {"kind": "choice", "field": "look", "label": "look at", "options": panels.named(
                {"level": "KL's ellipse", "draws": "draws", "data": "data"})},
        ),
        panels.group(
            "model", "Model",
            panels.choose_problem(PROBLEMS),
            *({"kind": "number", "field": f"theta.{i}", "label": f"θ{sign}", "step": 0.05}
              for i, sign in enumerate("₁₂")),
        ),
        panels.group(
            "level", "Level",
            panels.slider("radius", "radius r, in nats", 0.001, 2, 0.001, scale="log"),
            {"kind": "choice", "field": "show", "label": "level set",
             "options": panels.named({"shown": "shown", "hidden": "hidden"})},
        ),
        panels.group(
            "draws", "Draws",
            {"kind": "number", "field": "seed", "label": "seed", "step": 1},
        ),
        panels.group(
            "data", "Data and runs",
            panels.slider("noise", "noise in the data", 0.1, 5, 0.01, scale="log"),
            panels.slider("pace", "pace, nats a step", 0.01, 1, 0.001, scale="log"),
            *({"kind": "number", "field": f"w.{i}", "label": f"start w{sign}", "step": 0.1}
              for i, sign in enumerate("₀₁")),
        ),
    ]  # fmt: skip


def _script(seen: Seen, writer: Writer) -> str:
    if seen.state.look == "data":
        writer.take("natgrad_core.problems._kunstner_line", "skewed_line")
        return runs_of(seen.data.runs, writer)
    problem, theta = writer.write(seen.problem), writer.write(seen.state.point)
    writer.numpy()
    if seen.state.look == "draws":
        found = seen.draws.gathered()
        writer.take("natgrad_core.analysis.fisher_sampling", "error", "gather")
        return f"""problem = {problem}
theta = {theta}
n = np.array({writer.write(found.n)})
found = gather(problem, theta, n, seed=({seen.state.seed}, 0))
paths = {{"n": found.n, "fisher": found.fisher, "curvature": found.curvature}}

missed = error(found.fisher, problem.fisher(theta))
for draws, miss in zip(n, missed):
    print(f"{{draws}} draws: the average of s sᵀ misses F by {{miss:.3g}}")
"""
    writer.take("natgrad_core.geometry.ellipses", "outline")
    writer.take("natgrad_core.geometry.level_sets", "kl_level_set")
    return f"""problem = {problem}
theta = np.array({theta})
radius = {writer.write(float(seen.state.radius))}
paths = {{
    "level": kl_level_set(problem, theta, radius, 181),
    "ellipse": theta + outline(problem.fisher(theta), radius, 181),
}}

for name, points in paths.items():
    print(f"{{name}}: from {{np.nanmin(points, 0)}} to {{np.nanmax(points, 0)}}")
"""


INKS = {
    "kl": {"label": "KL", "light": "#0b62a8", "dark": "#63b3f5", "symbol": "square"},
    "back": {"label": "the other KL", "light": "#6b2fa0", "dark": "#c79bf2", "symbol": "circle"},
    "worst": {"label": "error, worst direction", "light": "#a23b72", "dark": "#e58fbf",
              "symbol": "triangle"},
    "pairs": {"label": "mean of both ends", "light": "#8a5a00", "dark": "#e6b84d",
              "symbol": "circle"},
    "you": {"label": "your step", "light": "#1b1b1f", "dark": "#f3f3f0", "symbol": "circle"},
    "draw": {"label": "scores", "light": "#3b5b92", "dark": "#7f9fd8", "symbol": "circle"},
    "estimate": {"label": "average of s sᵀ", "light": "#0b62a8", "dark": "#63b3f5",
                 "symbol": "square"},
    "curvature": {"label": "average of −∇² log p", "light": "#8a5a00", "dark": "#e6b84d",
                  "symbol": "triangle"},
    "mean": {"label": "average score", "light": "#a23b72", "dark": "#e58fbf", "symbol": "circle"},
    "expected": {"label": "expected", "light": "#6b7280", "dark": "#9aa3ad", "symbol": "circle"},
    "empirical": {"label": "by the empirical Fisher", "light": "#a23b72", "dark": "#e58fbf",
                  "symbol": "triangle"},
    "field": {"label": "−G⁻¹∇J", "light": "#a23b72", "dark": "#e58fbf", "symbol": "circle"},
}  # fmt: skip

lessons.register("fisher")(
    Lesson(
        name="fisher",
        title="The Fisher matrix",
        takeaway="F is the curvature of KL and the spread of the model's own scores; averaged over "
        "the data's outcomes it is another matrix.",
        sources=("Fisher 1925", "Martens 2020, sec. 5", "Kunstner, Balles and Hennig 2019"),
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        see=Seen,
        script=_script,
        default=Look(),
        small=HALF,
        order=5,
        rules=("natural",),
        inks=INKS,
        lights={"F": ("metric",), "G": ("empirical",), "s": ("draw", "estimate")},
    )
)
