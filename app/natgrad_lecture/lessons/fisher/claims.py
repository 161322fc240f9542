"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.analysis.density_distances import panels as quadrature
from natgrad_core.analysis.fisher_sampling import curvatures, error, expected_error, gather, scores
from natgrad_core.geometry.ellipses import outline
from natgrad_core.geometry.level_sets import kl_level_set
from natgrad_core.problems._kunstner_line import directions
from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.fisher.data_figure import VIEW, Data
from natgrad_lecture.lessons.fisher.draws_figure import MOST, PARTS
from natgrad_lecture.lessons.fisher.level_figure import worst_misses
from natgrad_lecture.lessons.fisher.model import Model
from natgrad_lecture.lessons.fisher.state import DATA, DRAWS, FAR, HALF, PROBLEMS
from natgrad_lecture.state.items import problem_named


def _close(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance))


def _expected(model: Model, of: Any) -> Array:
    """E[of] over y ~ p(· | θ) of the normal, by quadrature."""
    mean, sigma = model.state.point
    y, weights = quadrature(np.linspace(mean - 12 * sigma, mean + 12 * sigma, 121))
    y, weights = y.ravel(), weights.ravel()
    mass = weights * np.exp(model.level.problem.log_prob(y, np.array([mean, sigma])))
    return np.tensordot(mass, of(model.level.problem, (mean, sigma), y), 1)


def _first_order(model: Model) -> bool:
    return _close(_expected(model, scores), 0.0)


def _second_order(model: Model) -> bool:
    return _close(_expected(model, curvatures), model.level.fisher)


def _outer(model: Model) -> bool:
    def outer(*given: Any) -> Array:
        s = scores(*given)
        return s[:, :, None] * s[:, None, :]

    return _close(_expected(model, outer), model.level.fisher)


def _all_families(check: Any) -> Any:
    """``check`` at every problem's own point, not the one alone that is shown."""
    return lambda model: all(
        check(Model(model.state.with_(problem=name, theta=None, step=None)))
        for name in PROBLEMS
        if name != "linear-regression"
    )


def _third(model: Model) -> bool:
    return abs(model.level.slopes[0] - 3) < 0.05


def _fourth(model: Model) -> bool:
    return abs(model.level.slopes[1] - 4) < 0.05


def _curves_apart(model: Model) -> bool:
    """How far the level set is from the ellipse along a ray, by F: slope 2 in ε."""
    level, far = model.level, []
    for size in (0.02, 0.01):
        r = size**2 / 2
        points = kl_level_set(level.problem, level.theta, r, 121) - level.theta
        length = np.sqrt(np.einsum("ni,ij,nj->n", points, level.fisher, points))
        far.append(float(np.abs(length - size).max()))
    return bool(abs(np.log2(far[0] / far[1]) - 2) < 0.05)


def _published(model: Model) -> bool:
    """Heights at which KL(N(0,1) ‖ N(0,s)) = ½, and those of the ellipse; FACTS, section 3."""
    exact = kl_level_set(model.level.problem, model.level.theta, 0.5, 721)
    ends = exact[np.abs(exact[:, 0]) < 1e-9][:, 1]
    ring = 1.0 + outline(model.level.fisher, 0.5, 721)[:, 1]
    return _close([ends.min(), ends.max()], [0.563777, 2.511055], 1e-6) and _close(
        [ring.min(), ring.max()], [0.292893, 1.707107], 1e-5
    )


def _flat_across(model: Model) -> bool:
    """KL(N(μ,σ) ‖ N(μ+d,σ)) = d²/2σ² whatever d."""
    problem, theta = model.level.problem, model.level.theta
    d = np.linspace(-3, 3, 13)
    there = theta + np.stack([d, 0 * d], -1)
    kl = problem.kl(np.broadcast_to(theta, there.shape), there)
    return _close(kl, d**2 * model.level.fisher[0, 0] / 2)


def _no_error(model: Model) -> bool:
    worst, _ = worst_misses(model.level.problem, model.level.theta, np.array([0.1, 1.0, 3.0]))
    return bool(worst.max() < 1e-11) and _close(model.level.level, model.level.ellipse, 1e-6)


def _backward(model: Model) -> bool:
    """The other KL has another level set, and the same ellipse: its error is of order ε³ too."""
    level = model.level
    gap = np.nanmax(np.abs(level.level[:121] - level.backward[:121]))
    misses = []
    for size in (0.02, 0.01):
        there = level.theta + outline(level.fisher, size**2 / 2, 48)
        back = level.problem.kl(there, np.broadcast_to(level.theta, there.shape))
        misses.append(np.abs(back - size**2 / 2).max())
    return bool(gap > 0.1 and abs(np.log2(misses[0] / misses[1]) - 3) < 0.05)


def _converges(model: Model) -> bool:
    """After all draws within what chance allows, and far nearer than after the first hundred."""
    found = model.draws.gathered(PARTS)
    miss = error(found.fisher, model.draws.fisher)
    c = expected_error(found)
    return bool(miss[-1] < 3 * c / np.sqrt(MOST) and miss[-1] < miss[found.n == 100][0] / 10)


def _root_mean(model: Model, n: int, seeds: int = 40) -> float:
    """The root mean square error after n draws, over some seeds."""
    problem, theta = model.draws.problem, model.draws.theta
    found = [
        error(gather(problem, theta, np.array([n]), (7, i)).fisher, model.draws.fisher)[0]
        for i in range(seeds)
    ]
    return float(np.sqrt(np.mean(np.square(found))))


def _root_n(model: Model) -> bool:
    """With 16 times the draws the error is a quarter on average, and as large as expected."""
    few, many = _root_mean(model, 250), _root_mean(model, 4000)
    c = expected_error(model.draws.gathered(2))
    return bool(3 < few / many < 5.3 and abs(many * np.sqrt(4000) / c - 1) < 0.3)


def _both_averages(model: Model) -> bool:
    """The average score is 0 and the average of −∇² log p is F, up to sampling error."""
    found = model.draws.gathered(PARTS)
    spread = np.sqrt(np.diag(model.draws.fisher) / MOST)
    near = np.abs(found.mean[-1]) < 5 * spread
    return bool(near.all() and error(found.curvature, model.draws.fisher)[-1] < 0.02)


def _no_chance(model: Model) -> bool:
    """−∇² log p is F for every single draw."""
    found = model.draws.gathered()
    return bool(error(found.curvature, model.draws.fisher).max() < 1e-9) and bool(
        error(found.fisher, model.draws.fisher)[0] > 0.1
    )


def _rank_one(model: Model) -> bool:
    """One draw's outer product has no inverse; two draws' average has one."""
    found = model.draws.gathered().fisher
    values = np.linalg.eigvalsh(found[:2])
    return bool(values[0, 0] < 1e-12 * values[0, 1] and values[1, 0] > 1e-9 * values[1, 1])


def _outer_of_data(model: Model) -> bool:
    """G by hand: mean of (y − w·x)² x xᵀ; F: mean of x xᵀ."""
    problem, w = model.data.problem, model.data.at
    _, x0, x1, y = problem.rows.columns
    x = np.stack([x0, x1], -1)
    residual = y - x @ w
    outer = x[:, :, None] * x[:, None, :]
    return _close(model.data.here["natural"][1], outer.mean(0)) and _close(
        model.data.here["empirical"][1], (residual[:, None, None] ** 2 * outer).mean(0)
    )


def _right_angles(model: Model) -> bool:
    paper, _ = model.data.angles
    return paper > 85


def _never_by_fisher(model: Model) -> bool:
    """Below 90° everywhere in the metric F, so downhill; the Euclidean angle is not."""
    points = np.random.default_rng(0).uniform(VIEW[0][0], VIEW[0][1], (400, 2))
    problem = model.data.problem
    step, _ = directions(problem, points, "empirical-fisher")
    slope = np.einsum("ni,ni->n", problem.grad(points), step)
    natural, fisher = directions(problem, points, "fisher")
    inner = np.einsum("ni,nij,nj->n", natural, fisher, step)
    on_paper = np.einsum("ni,ni->n", natural, step)
    return bool((slope < 0).all() and (inner > 0).all() and (on_paper < 0).any())


def _fits(model: Model) -> bool:
    """At the minimum G is F up to sampling error if the noise is the model's."""
    at = Data(model.state.with_(w=model.data.minimum))
    return _close(at.here["empirical"][1], at.here["natural"][1], 0.2)


def _times_noise(model: Model) -> bool:
    at = Data(model.state.with_(w=model.data.minimum))
    share = at.here["empirical"][1] / at.here["natural"][1]
    return bool(np.abs(share / model.state.noise**2 - 1).max() < 0.2)


def _farther_shorter(model: Model) -> bool:
    """Twice as far from the minimum the empirical step is about half, the natural twice as long."""
    offset = np.array([4.0, 3.0])
    near, far = (Data(model.state.with_(w=model.data.minimum + by * offset)) for by in (3, 6))

    def size(data: Data, style: str) -> float:
        return float(np.linalg.norm(data.here[style][0]))

    part = size(far, "empirical") / size(near, "empirical")
    return _close(size(far, "natural"), 2 * size(near, "natural")) and bool(abs(part - 0.5) < 0.03)


def _straight(model: Model) -> bool:
    """The natural run is a straight line to the minimum; the other strays from it."""
    runs, goal = model.data.runs, model.data.minimum
    chord = (goal - model.data.at) / np.linalg.norm(goal - model.data.at)
    off = {
        style: np.abs((run.theta - model.data.at) @ np.array([-chord[1], chord[0]])).max()
        for style, run in runs.items()
    }
    return bool(off["natural"] < 1e-9 and off["empirical"] > 0.5)


def _semidefinite(model: Model) -> bool:
    net = problem_named("two-layer-linear")
    points = net.examples(np.random.default_rng(0), 10)
    values = np.linalg.eigvalsh(net.fisher(points))
    return bool((values[:, 0] < 1e-12 * values[:, 1]).all()) and bool(
        np.linalg.eigvalsh(model.level.fisher)[0] > 0
    )


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
    left = _root_mean(model, 1600) / _root_mean(model, 400)
    return int(np.argmin(np.abs(np.log2(left) - np.array([-1, -2, -4]))))


def _how_turned(model: Model) -> int:
    """0: less than 30°, 1: 30° to 60°, 2: more."""
    return int(np.searchsorted([30.0, 60.0], model.data.angles[0]))


CLAIMS = {
    "first": Claim(DRAWS, _first_order),
    "second": Claim(DRAWS, _second_order),
    "outer": Claim(DRAWS, _outer),
    "third": Claim({"radius": 0.02}, _all_families(_third)),
    "fourth": Claim({"problem": "gamma", "radius": 0.05}, _all_families(_fourth)),
    "apart": Claim({"problem": "gamma", "radius": 0.3}, _curves_apart),
    "published": Claim(HALF, _published),
    "across": Claim({**HALF, "step": (1.0, 0.0)}, _flat_across),
    "linear": Claim({"problem": "linear-regression", "radius": 1.0}, _no_error),
    "backward": Claim({**HALF, "radius": 0.2}, _backward),
    "average": Claim(DRAWS, _converges),
    "root-n": Claim(DRAWS, _root_n),
    "both": Claim(DRAWS, _both_averages),
    "no-chance": Claim({**DRAWS, "problem": "gamma"}, _no_chance),
    "rank": Claim({**DRAWS, "k": 0}, _rank_one),
    "of-data": Claim(DATA, _outer_of_data),
    "angles": Claim({**DATA, "w": FAR, "k": 0}, _right_angles),
    "downhill": Claim({**DATA, "w": FAR, "k": 0}, _never_by_fisher),
    "straight": Claim({**DATA, "k": 9}, _straight),
    "shorter": Claim({**DATA, "w": (0.0, 5.5), "k": 8}, _farther_shorter),
    "fits": Claim({**DATA, "w": (1.926, 2.052), "k": 0}, _fits),
    "noise": Claim({**DATA, "noise": 3.0, "w": (1.926, 2.052), "k": 0}, _times_noise),
    "semidefinite": Claim({"problem": "categorical"}, _semidefinite),
}


QUESTIONS = {
    "eighth": Question({"problem": "gamma", "radius": 0.05}, _half_the_length),
    "up": Question({**HALF, "show": "hidden"}, _how_far_up),
    "four": Question(DRAWS, _four_times),
    "turned": Question({**DATA, "w": FAR, "k": 0}, _how_turned),
}
