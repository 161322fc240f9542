"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from natgrad_core.analysis.density_distances import panels as quadrature
from natgrad_core.analysis.fisher_sampling import (
    Gathered,
    curvatures,
    error,
    expected_error,
    gather,
    scores,
)
from natgrad_core.core.problem import Problem
from natgrad_core.geometry.ellipses import outline
from natgrad_core.geometry.level_sets import kl_level_set
from natgrad_core.problems._kunstner_line import directions
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.lessons.base import Changes, Claim, Question
from natgrad_lecture.lessons.fisher.data_model import VIEW, Data
from natgrad_lecture.lessons.fisher.level_model import worst_misses
from natgrad_lecture.lessons.fisher.model import Model
from natgrad_lecture.lessons.fisher.state import DATA, DRAWS, FAR, HALF, SMALL_LINE
from natgrad_lecture.lessons.scope import (
    Scope,
    between,
    box,
    log_between,
    of_problem,
    one_of,
    whole_between,
)
from natgrad_lecture.state.items import problem_named


def _close(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance))


def _lowest(a: float, b: float) -> float:
    """Below this lies a share of 10⁻¹⁵ of a gamma's probability: for a small a it is tiny."""
    return max(min(1e-9, 1e-15 ** min(1 / a, 20.0) / b), 1e-300)


EDGES: dict[str, Callable[[Any], Array]] = {
    "normal": lambda at: np.linspace(at[0] - 12 * at[1], at[0] + 12 * at[1], 121),
    "gamma": lambda at: np.geomspace(_lowest(*at), (at[0] + 12 * np.sqrt(at[0]) + 40) / at[1], 241),
    "von-mises": lambda at: np.linspace(-np.pi, np.pi, 121),
}
"""Panels on the outcomes that hold all but nothing of a family's probability."""


def _expected(model: Model, of: Callable[[Problem, Any, Array], Array]) -> Array:
    """E[of] over y ~ p(· | θ), by quadrature; ``of`` may be taken at another point than θ."""
    problem, at = model.level.problem, model.state.point
    y, weights = quadrature(EDGES[model.state.problem](at))
    y, weights = y.ravel(), weights.ravel()
    mass = weights * np.exp(problem.log_prob(y, np.array(at)))
    return np.asarray(np.tensordot(mass, of(problem, at, y), 1), np.float64)


def _first_order(times: float) -> Any:
    """E[s] = 0, of the score at so many times θ."""

    def score(problem: Problem, at: Any, y: Array) -> Array:
        return scores(problem, tuple(times * float(v) for v in at), y)

    return lambda model: _close(_expected(model, score), 0.0, 1e-7)


def _second_order(sign: float) -> Any:
    return lambda model: _close(_expected(model, curvatures), sign * model.level.fisher, 1e-6)


def _outer_product(problem: Problem, at: Any, y: Array) -> Array:
    s = scores(problem, at, y)
    return s[:, :, None] * s[:, None, :]


def _outer(model: Model) -> bool:
    return _close(_expected(model, _outer_product), model.level.fisher, 1e-6)


def _outer_of_mean(model: Model) -> bool:
    mean = _expected(model, scores)
    return _close(mean[:, None] * mean[None, :], model.level.fisher, 1e-6)


def _slope(which: int, least: float, most: float = np.inf) -> Any:
    """The order in ε of KL's error: in the worst direction (0), of opposite ends' mean (1).

    Where KL is quadratic there is no error, and any order is true.
    """

    def check(model: Model) -> bool:
        slope = model.level.slopes[which]
        return bool(np.isnan(slope) or least - 0.1 < slope < most + 0.1)

    return check


def _curves_apart(least: float, most: float = np.inf) -> Any:
    """How far the level set is from the ellipse along a ray, by F: its order in ε."""

    def check(model: Model) -> bool:
        level, far = model.level, []
        for size in (0.02, 0.01):
            r = size**2 / 2
            points = kl_level_set(level.problem, level.theta, r, 21) - level.theta
            length = np.sqrt(np.einsum("ni,ij,nj->n", points, level.fisher, points))
            far.append(float(np.abs(length - size).max()))
        order = np.log2(far[0] / far[1]) if far[1] > 1e-9 else np.inf  # where they coincide
        return bool(least - 0.1 < order <= most + 0.1)

    return check


_TRUE, _ELLIPSE = (0.563777, 2.511055), (0.292893, 1.707107)


def _published(true: tuple[float, float], ellipse: tuple[float, float]) -> Any:
    """The s at which KL(N(μ, σ) ‖ N(μ, sσ)) = ½, and those of the ellipse; FACTS, section 3."""

    def check(model: Model) -> bool:
        level, sigma = model.level, model.level.theta[1]
        exact = kl_level_set(level.problem, level.theta, 0.5, 721) - level.theta
        ends = exact[np.abs(exact[:, 0]) < 1e-9 * sigma][:, 1] / sigma
        ring = outline(level.fisher, 0.5, 721)[:, 1] / sigma
        found = [1 + ends.min(), 1 + ends.max()], [1 + ring.min(), 1 + ring.max()]
        return _close(found[0], true, 1e-5) and _close(found[1], ellipse, 1e-5)

    return check


def _exact_along(axis: int) -> Any:
    """KL is ½δᵀFδ for a change of this parameter alone, whatever its size."""

    def check(model: Model) -> bool:
        problem, theta = model.level.problem, model.level.theta
        d = np.linspace(-0.9, 0.9, 13) * theta[1]
        there = theta + np.stack([d, 0 * d] if axis == 0 else [0 * d, d], -1)
        kl = problem.kl(np.broadcast_to(theta, there.shape), there)
        return _close(kl, d**2 * model.level.fisher[axis, axis] / 2)

    return check


def _no_error(model: Model) -> bool:
    worst, _ = worst_misses(model.level.problem, model.level.theta, np.array([0.1, 1.0, 3.0]))
    return bool(worst.max() < 1e-9)


def _backward(other: bool) -> Any:
    """The other KL has another level set, or not; its error by the same ellipse is O(ε³) too."""

    def check(model: Model) -> bool:
        level = model.level
        sets = [
            kl_level_set(level.problem, level.theta, level.radius, 61, reverse=way)
            for way in (False, True)
        ]
        size = np.nanmax(np.abs(sets[0] - level.theta))
        gap = np.nanmax(np.abs(sets[0] - sets[1]))
        misses = []
        for length in (0.02, 0.01):
            there = level.theta + outline(level.fisher, length**2 / 2, 48)
            back = level.problem.kl(there, np.broadcast_to(level.theta, there.shape))
            misses.append(np.abs(back - length**2 / 2).max())
        third = abs(np.log2(misses[0] / misses[1]) - 3) < 0.1
        return bool(gap > 0.02 * size) is other and bool(third)

    return check


_MANY = 100 * np.arange(1, 257)
"""Numbers of draws: blocks of a hundred, up to 25 600."""


@bounded_cache
def _blocks(problem: str, theta: tuple[float, ...], seed: int) -> Gathered:
    return gather(problem_named(problem), theta, _MANY, (seed, 1))


def _drawn(model: Model) -> Gathered:
    """Some draws of the state's own, fewer than the page makes."""
    return _blocks(model.state.problem, model.draws.theta, model.state.seed)


def _converges(model: Model) -> bool:
    """The error is what chance allows, and after all draws smaller than on average after 100."""
    found = _drawn(model)
    miss = error(found.fisher, model.draws.fisher)[-1]
    return bool(
        miss < 4 * expected_error(found) / np.sqrt(found.n[-1]) < expected_error(found) / 10
    )


def _converges_at_once(model: Model) -> bool:
    """After a hundred draws the error is below a hundredth."""
    return bool(error(_drawn(model).fisher, model.draws.fisher)[0] < 0.01)


def _root_mean(model: Model, blocks: int) -> float:
    """The root mean square error of averages over so many blocks of a hundred draws."""
    sums = np.diff(_drawn(model).outer, axis=0, prepend=0.0)
    groups = sums.reshape(-1, blocks, *sums.shape[1:]).mean(1) / _MANY[0]
    return float(np.sqrt(np.mean(np.square(error(groups, model.draws.fisher)))))


def _root_n(left: float) -> Any:
    """With 16 times the draws this part of the error is left, on average."""

    def check(model: Model) -> bool:
        part = _root_mean(model, 16) / _root_mean(model, 1)
        return bool(left / 1.9 < part < 1.9 * left)

    return check


def _both_averages(sign: float) -> Any:
    """The average score is 0 and the average of −∇² log p is F, up to sampling error."""

    def check(model: Model) -> bool:
        found = _drawn(model)
        spread = np.sqrt(np.diag(model.draws.fisher) / found.n[-1])
        near = bool((np.abs(found.mean[-1]) < 5 * spread).all())
        return near and bool(error(sign * found.curvature, model.draws.fisher)[-1] < 0.1)

    return check


def _no_chance(model: Model) -> bool:
    """−∇² log p is F for every single draw."""
    found = model.draws.gathered()
    return bool(error(found.curvature, model.draws.fisher).max() < 1e-8)


def _nor_outer(model: Model) -> bool:
    found = model.draws.gathered()
    return bool(error(found.fisher, model.draws.fisher).max() < 1e-8)


def _rank_one(draws: int) -> Any:
    """The average of the first so many outcomes' outer products has no inverse.

    A draw of a regression is an outcome for every row; of others it is one, as the page shows.
    """

    def check(model: Model) -> bool:
        s, alone = model.draws.first[:draws], not model.draws.problem.covariates
        drawn = model.draws.gathered().fisher[draws - 1]
        values = np.linalg.eigvalsh(s.T @ s / draws)
        return bool(values[0] < 1e-12 * values[1]) and (not alone or _close(s.T @ s / draws, drawn))

    return check


def _outer_of_data(power: int) -> Any:
    """G by hand: mean of (y − w·x)² x xᵀ; F: mean of x xᵀ."""

    def check(model: Model) -> bool:
        problem, w = model.data.problem, model.data.at
        _, x0, x1, y = problem.rows.columns
        x = np.stack([x0, x1], -1)
        residual = (y - x @ w)[:, None, None]
        outer = x[:, :, None] * x[:, None, :]
        return _close(model.data.here["natural"][1], outer.mean(0)) and _close(
            model.data.here["empirical"][1], (np.abs(residual) ** power * outer).mean(0)
        )

    return check


def _turned_by(least: float, most: float) -> Any:
    """The Euclidean angle between the two steps, in degrees."""
    return lambda model: bool(least < model.data.angles[0] < most)


def _acute(metric: bool) -> Any:
    """The angle is below 90°, measured by F or Euclidean; the step is downhill in any case."""

    def check(model: Model) -> bool:
        paper, own = model.data.angles
        step = model.data.here["empirical"][0]
        downhill = model.data.problem.grad(model.data.at) @ step < 0
        return bool(downhill and (own if metric else paper) < 90)

    return check


def _downhill_everywhere(model: Model) -> bool:
    """Below 90° in the metric F all over the picture, so downhill."""
    points = np.random.default_rng(0).uniform(VIEW[0][0], VIEW[0][1], (20, 2))
    problem = model.data.problem
    step, _ = directions(problem, points, "empirical-fisher")
    natural, fisher = directions(problem, points, "fisher")
    inner = np.einsum("ni,nij,nj->n", natural, fisher, step)
    return bool((inner > 0).all()) and bool(_acute(True)(model))


def _closest_to_fisher(times: Callable[[float], float], tolerance: float = 0.25) -> Any:
    """Every entry of G is that of F times this function of the noise, nearly."""

    def check(model: Model) -> bool:
        share = model.data.here["empirical"][1] / model.data.here["natural"][1]
        return bool(np.abs(share / times(model.state.noise) - 1).max() < tolerance)

    return check


def _twice_as_far(factor: float) -> Any:
    """Twice as far from the minimum the empirical step is so much as long, the natural twice."""

    def check(model: Model) -> bool:
        offset = model.data.at - model.data.minimum
        farther = Data(model.state.with_(w=tuple(model.data.minimum + 2 * offset)))
        sizes = [
            [float(np.linalg.norm(data.here[name][0])) for name in ("natural", "empirical")]
            for data in (model.data, farther)
        ]
        natural, part = (b / a for a, b in zip(*sizes, strict=True))
        return _close(natural, 2.0, 1e-6) and abs(part / factor - 1) < 0.06

    return check


def _strays(style: str) -> Callable[[Model], float]:
    """How far a run leaves the straight line from its start to the minimum."""

    def off(model: Model) -> float:
        chord = (model.data.minimum - model.data.at) / np.linalg.norm(
            model.data.minimum - model.data.at
        )
        run = model.data.runs[style].good
        aside = (run - model.data.at) @ np.array([-chord[1], chord[0]])
        return float(np.nanmax(np.abs(aside)))

    return off


def _straight(model: Model) -> bool:
    """The natural run is a straight line to the minimum; the other strays from it."""
    return bool(_strays("natural")(model) < 1e-9 and _strays("empirical")(model) > 0.3)


def _both_straight(model: Model) -> bool:
    return bool(max(_strays(style)(model) for style in ("natural", "empirical")) < 1e-3)


def _semidefinite(sign: float) -> Any:
    """F's eigenvalues are not negative; of the two-layer linear net's, one is zero, (or not)."""

    def check(model: Model) -> bool:
        net = problem_named("two-layer-linear")
        points = net.examples(np.random.default_rng(model.state.seed), 10)
        values = np.linalg.eigvalsh(net.fisher(points))
        singular = bool((np.abs(values[:, 0]) < 1e-12 * values[:, 1]).all())
        least = np.linalg.eigvalsh(model.level.fisher)[0]
        return bool(least >= 0) and (singular if sign == 0 else bool((values[:, 0] > 1e-9).all()))

    return check


def _cheaper_up(sign: float) -> Any:
    """For larger σ KL is smaller than ½δᵀFδ (1), or larger."""

    def check(model: Model) -> bool:
        theta = model.level.theta
        there = theta + np.stack([np.zeros(9), np.linspace(0.1, 2.0, 9) * theta[1]], -1)
        half = (there[:, 1] - theta[1]) ** 2 * model.level.fisher[1, 1] / 2
        kl = model.level.problem.kl(np.broadcast_to(theta, there.shape), there)
        return bool((sign * (half - kl) > 0).all())

    return check


def _how_far_up(model: Model) -> int:
    """0: lower than the ellipse's top, 1: just there, 2: higher."""
    exact = kl_level_set(model.level.problem, model.level.theta, 0.5, 721)
    top = np.nanmax(exact[:, 1]) - (1 + np.sqrt(0.5))
    return 1 if abs(top) < 1e-6 else (2 if top > 0 else 0)


def _half_the_length(model: Model) -> int:
    """Which of ½, ¼, ⅛, 1/16 is nearest to what is left of KL's error."""
    worst, _ = worst_misses(model.level.problem, model.level.theta, np.array([0.02, 0.01]))
    return round(float(np.log2(worst[0] / worst[1]))) - 1


def _four_times(model: Model) -> int:
    """0: a half of the error is left, 1: a quarter, 2: a sixteenth."""
    left = _root_mean(model, 4) / _root_mean(model, 1)
    return int(np.argmin(np.abs(np.log2(left) - np.array([-1, -2, -4]))))


def _how_turned(model: Model) -> int:
    """0: less than 30°, 1: 30° to 60°, 2: more."""
    return int(np.searchsorted([30.0, 60.0], model.data.angles[0]))


PLACE = of_problem(
    {
        "normal": box((-1.0, 0.4), (1.0, 2.5)),
        "gamma": box((1.2, 0.6), (3.5, 3.0)),
        "von-mises": box((-1.2, 0.5), (2.0, 4.0)),
        "categorical": box((-1.5, -1.5), (1.5, 1.5)),
        "logistic-regression": box((-1.5, -0.3), (2.0, 2.5)),
        "linear-regression": box((-1.0, -1.0), (2.0, 2.0)),
    }
)
"""Points from which the level sets lie inside the domain."""


def _families(*names: str) -> dict[str, Any]:
    return {"problem": one_of(*names), "theta": PLACE}


CONTINUOUS = _families("normal", "gamma", "von-mises")
NONLINEAR = _families("normal", "gamma", "von-mises", "categorical")
NORMAL = _families("normal")
SEEDED = {"seed": whole_between(0, 999)}
ANY_LINE = {"w": box((-1.8, -1.8), (5.8, 5.8)), "noise": log_between(0.5, 3.0)}


def _off_the_minimum(low: float, high: float) -> Any:
    """A point so far from the minimum, in any direction."""

    def draw(rng: np.random.Generator, drawn: Changes) -> tuple[float, ...]:
        turn, far = rng.uniform(0, 2 * np.pi), rng.uniform(low, high)
        goal = Data(_Noise(float(drawn.get("noise", 1.0)))).minimum
        return tuple((goal + far * np.array([np.cos(turn), np.sin(turn)])).tolist())

    return draw


class _Noise:
    """What ``Data`` needs of a state to find its minimum."""

    def __init__(self, noise: float) -> None:
        self.noise, self.w = noise, (0.0, 0.0)


AT_MINIMUM = _off_the_minimum(0.0, 0.02)


CLAIMS = {
    "first": Claim(
        DRAWS,
        _first_order(1.0),
        Scope(CONTINUOUS),
        false={"at another θ": _first_order(1.2)},
        shows=("draw", "mean", "formula.draws"),
    ),
    "second": Claim(
        DRAWS,
        _second_order(1.0),
        Scope(CONTINUOUS),
        false={"sign": _second_order(-1.0)},
        shows=("curvature", "formula.draws"),
    ),
    "outer": Claim(
        DRAWS,
        _outer,
        Scope(CONTINUOUS),
        false={"of the mean score": _outer_of_mean},
        shows=("estimate", "metric", "formula.draws"),
    ),
    "third": Claim(
        {"radius": 0.02},
        _slope(0, 3),
        Scope(NONLINEAR),
        false={"slope 2": _slope(0, 2, 2), "O(ε⁴)": _slope(0, 4)},
        shows=("worst", "kl", "metric", "formula.slopes"),
    ),
    "fourth": Claim(
        {"problem": "gamma", "radius": 0.05},
        _slope(1, 4),
        Scope(NONLINEAR),
        false={"slope 3": _slope(1, 3, 3)},
        shows=("pairs", "formula.slopes"),
    ),
    "apart": Claim(
        {"problem": "gamma", "radius": 0.3},
        _curves_apart(2),
        Scope(NONLINEAR),
        false={"by ε": _curves_apart(1, 1), "O(ε³)": _curves_apart(3)},
        shows=("kl", "metric"),
    ),
    "published": Claim(
        HALF,
        _published(_TRUE, _ELLIPSE),
        Scope(NORMAL),
        false={"the other way round": _published(_ELLIPSE, _TRUE)},
        shows=("kl", "metric"),
    ),
    "across": Claim(
        {**HALF, "step": (1.0, 0.0)},
        _exact_along(0),
        Scope(NORMAL),
        false={"of σ alone": _exact_along(1)},
        shows=("kl", "metric", "formula.level"),
    ),
    "linear": Claim(
        SMALL_LINE,
        _no_error,
        Scope(_families("linear-regression")),
        beyond=Scope(NONLINEAR),
        shows=("kl", "metric", "formula.level"),
    ),
    "backward": Claim(
        {**HALF, "radius": 0.2},
        _backward(True),
        Scope({**_families("normal", "gamma"), "radius": between(0.1, 0.3)}),
        false={"the same level set": _backward(False)},
        shows=("back", "kl", "metric"),
    ),
    "average": Claim(
        DRAWS,
        _converges,
        Scope({**CONTINUOUS, **SEEDED}),
        false={"after a hundred draws": _converges_at_once},
        shows=("estimate", "metric", "formula.draws"),
    ),
    "root-n": Claim(
        DRAWS,
        _root_n(0.25),
        Scope({**CONTINUOUS, **SEEDED}),
        false={"1/n": _root_n(1 / 16), "n^(−1/4)": _root_n(0.5)},
        shows=("estimate", "expected"),
    ),
    "both": Claim(
        DRAWS,
        _both_averages(1.0),
        Scope({**CONTINUOUS, **SEEDED}),
        false={"sign": _both_averages(-1.0)},
        shows=("mean", "curvature", "formula.draws"),
    ),
    "no-chance": Claim(
        {**DRAWS, "problem": "gamma"},
        _no_chance,
        Scope({**_families("gamma", "categorical"), **SEEDED}),
        false={"s sᵀ, too": _nor_outer},
        beyond=Scope({**NORMAL, **SEEDED}),
        shows=("estimate", "formula.draws"),
    ),
    "rank": Claim(
        {**DRAWS, "k": 0},
        _rank_one(1),
        Scope({**CONTINUOUS, **SEEDED}),
        false={"nor has that of two": _rank_one(2)},
        shows=("draw", "estimate", "formula.draws"),
    ),
    "of-data": Claim(
        DATA,
        _outer_of_data(2),
        Scope(ANY_LINE),
        false={"not squared": _outer_of_data(1), "no residual": _outer_of_data(0)},
        shows=("natural", "empirical", "formula.data"),
    ),
    "angles": Claim(
        {**DATA, "w": FAR, "k": 0},
        _turned_by(90.0, 180.0),
        Scope({"w": box((4.0, -1.8), (4.7, -1.0)), "noise": between(0.95, 1.05)}),
        false={"less than 60°": _turned_by(0.0, 60.0)},
        beyond=Scope({"w": box((2.5, 2.5), (5.0, 5.0))}),
        shows=("natural", "empirical", "map", "formula.data"),
    ),
    "downhill": Claim(
        {**DATA, "w": FAR, "k": 0},
        _downhill_everywhere,
        Scope(ANY_LINE),
        false={"Euclidean, too": _acute(False)},
        shows=("natural", "empirical", "contour", "formula.data"),
    ),
    "straight": Claim(
        {**DATA, "k": 9},
        _straight,
        Scope({"w": box((-1.3, -0.3), (-0.7, 0.3)), "noise": between(0.8, 1.2)}),
        false={"both": _both_straight},
        beyond=Scope({"w": box((-1.15, 2.05), (-0.95, 2.2))}),
        shows=("natural", "empirical"),
    ),
    "shorter": Claim(
        {**DATA, "w": (5.8, 5.8), "k": 0},
        _twice_as_far(0.5),
        Scope({"noise": between(0.5, 1.2), "w": _off_the_minimum(10.0, 20.0)}),
        false={"twice as long, too": _twice_as_far(2.0)},
        beyond=Scope({"w": _off_the_minimum(0.05, 0.5)}),
        shows=("formula.data", "field"),
    ),
    "fits": Claim(
        {**DATA, "w": (1.926, 2.052), "k": 0},
        _closest_to_fisher(lambda noise: 1.0),
        Scope({"noise": between(0.97, 1.03), "w": AT_MINIMUM}),
        false={"twice F": _closest_to_fisher(lambda noise: 2.0)},
        beyond=Scope({"w": _off_the_minimum(1.0, 2.0)}),
        shows=("natural", "empirical", "formula.data"),
    ),
    "noise": Claim(
        {**DATA, "noise": 3.0, "w": (1.777, 2.157), "k": 0},
        _closest_to_fisher(lambda noise: noise**2),
        Scope({"noise": log_between(0.5, 4.0), "w": AT_MINIMUM}),
        false={"by the standard deviation": _closest_to_fisher(lambda noise: noise)},
        beyond=Scope({"noise": log_between(0.5, 4.0), "w": _off_the_minimum(2.0, 4.0)}),
        shows=("natural", "empirical", "formula.data"),
    ),
    "semidefinite": Claim(
        {"problem": "categorical"},
        _semidefinite(0),
        Scope({**NONLINEAR, **SEEDED}),
        false={"always with an inverse": _semidefinite(1)},
        shows=("metric", "formula.matrix"),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("outer", "second", "third", "of-data"),
    "question.eighth": ("third",),
    "question.up": Claim(
        HALF, _cheaper_up(1.0), Scope(NORMAL), false={"dearer": _cheaper_up(-1.0)}
    ),
    "question.four": ("root-n",),
    "question.turned": ("of-data", "angles"),
    "preset.kl-and-its-ellipse": ("apart",),
    "preset.half-a-nat": ("published",),
    "preset.find-it-yourself": ("published",),
    "preset.no-error-at-all": ("linear",),
    "preset.built-draw-by-draw": ("average",),
    "preset.without-chance": ("no-chance",),
    "preset.the-empirical-fisher": ("angles", "straight"),
    "preset.at-right-angles": ("angles",),
}
"""What checks the lines that are not claims: the claims that they repeat, or a check of its own."""


QUESTIONS = {
    "eighth": Question({"problem": "gamma", "radius": 0.05}, _half_the_length),
    "up": Question({**HALF, "show": "hidden"}, _how_far_up, hides=("published", "formula.level")),
    "four": Question(DRAWS, _four_times),
    "turned": Question({**DATA, "w": FAR, "k": 0}, _how_turned),
}
