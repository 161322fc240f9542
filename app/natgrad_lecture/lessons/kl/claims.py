"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.analysis.data_transforms import VARIABLES
from natgrad_core.geometry.level_sets import kl_level_set
from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.kl.figure import CHARTS, NORMAL, SAME, Model
from natgrad_lecture.lessons.kl.state import LOGS, PARAMETERS, STRETCHED

UNDONE = tuple(name for name, variable in VARIABLES.items() if variable.one_to_one)
_GRID: Array = np.linspace(-2.9, 2.9, 59)


def _same(a: Any, b: Any, tolerance: float = SAME) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance))


def _everywhere(check: Any) -> Any:
    """``check`` under the reader's curve and under every named change that can be undone."""
    return lambda model: all(check(Model(model.state.with_(f=f))) for f in ("drawn", *UNDONE))


def _mass(model: Model) -> bool:
    """The probability below x is that below f(x), each by quadrature in its own variable."""
    y = model.variable.forward(_GRID)
    return _same(model.in_x.running(_GRID)[0], model.in_y.running(y)[0])


def _slope(model: Model) -> bool:
    """p(y) = p(x)/f'(x), with the slope from two near points of the curve."""
    step = 1e-5
    y = model.variable.forward(_GRID)
    rise = model.variable.forward(_GRID + step) - model.variable.forward(_GRID - step)
    expected = np.exp(model.in_x.logs(_GRID)[0]) / (rise / (2 * step))
    return _same(np.exp(model.in_y.logs(y)[0]), expected, 1e-4)


def _ratio(model: Model) -> bool:
    (p, q), (p_y, q_y) = model.in_x.logs(_GRID), model.in_y.logs(model.variable.forward(_GRID))
    return _same(p - q, p_y - q_y)


def _integrand_moves(model: Model) -> bool:
    (p, q), (p_y, q_y) = model.in_x.logs(_GRID), model.in_y.logs(model.variable.forward(_GRID))
    before, after = np.exp(p) * (p - q), np.exp(p_y) * (p_y - q_y)
    return bool(np.abs(after - before).max() > 0.05 * np.abs(before).max())


def _integral_stays(model: Model) -> bool:
    """By quadrature in y, in x, and in closed form."""
    exact = float(NORMAL.kl(model.p, model.q))
    return _same(model.in_x.kl, exact) and _same(model.in_y.kl, exact)


def _part_by_part(model: Model) -> bool:
    y = model.variable.forward(_GRID)
    return _same(model.in_x.running(_GRID)[1], model.in_y.running(y)[1], 1e-7)


def _halves(model: Model) -> bool:
    """Both halves gain ∫ p log f', which is not nothing; the difference gains nothing."""
    before, after = np.array(model.in_x.entropies), np.array(model.in_y.entropies)
    gain = model.in_x.integral(lambda x, p, q: np.exp(p) * np.log(model.variable.slope(x)))
    gained = after - before
    return abs(gain) > 0.05 and _same(gained[0], gained[1], 1e-7) and _same(gained[0], gain, 1e-4)


def _by_units(model: Model) -> bool:
    """In units half as large: ∫(p − q)² is halved, the distance of means and spreads doubled."""
    before, after = model.before, model.after
    return _same(after["l2"] ** 2, before["l2"] ** 2 / 2) and _same(
        after["apart"], 2 * before["apart"]
    )


def _l2_moves(model: Model) -> bool:
    return model.change("l2") > 0.05 and model.change("apart") > 0.05


def _hellinger_stays(model: Model) -> bool:
    return model.change("hellinger") < SAME


def _folded(model: Model) -> bool:
    """Less KL, and less of Hellinger's distance."""
    return all(model.after[name] < 0.9 * model.before[name] for name in ("kl", "hellinger"))


def _nothing_lost(model: Model) -> bool:
    """p/q is the same at x and at −x, so that |x| tells all, and KL stays."""
    p, q = model.in_x.logs(_GRID)
    return _same(p - q, (p - q)[::-1]) and _same(model.after["kl"], model.before["kl"])


def _in_every_chart(model: Model) -> bool:
    """The same KL from the problem seen through each chart; other distances of the numbers."""
    found = [Model(model.state.with_(chart=name)) for name in CHARTS]
    stays = all(_same(s.after["kl"], s.before["kl"]) for s in found)
    sizes = sorted([model.before["apart"], *(s.after["apart"] for s in found)])
    return stays and bool((np.diff(sizes) > 0.005 * sizes[0]).all())


def _circle_goes(model: Model) -> bool:
    """KL's level set in the chart is the image of the one here; the circle's image is no circle."""
    problem = NORMAL.through(model.chart)
    x_p = model.numbers_of[0]
    kl = float(model.before["kl"])
    there = kl_level_set(problem, x_p, kl, 60)
    there = there[np.isfinite(there).all(-1)]
    back = model.chart.forward(there)
    level = NORMAL.kl(np.broadcast_to(model.p, back.shape), back)
    turn = np.linspace(0.0, 2 * np.pi, 60)
    ring = model.p + model.before["apart"] * np.stack([np.cos(turn), np.sin(turn)], -1)
    ring = ring[ring[:, 1] > 0.01]
    radii = np.linalg.norm(model.chart.inverse(ring) - x_p, axis=1)
    return _same(level, kl, 1e-5) and bool(radii.max() > 1.05 * radii.min()) and len(there) > 30


def _l2_stays_too(model: Model) -> bool:
    """The densities by parameters from the chart are those they were: so is whatever compares
    them.
    """
    first, second = (model.chart.forward(x) for x in model.numbers_of)
    other = Model(model.state.with_(p=first, q=second))
    return all(_same(other.before[name], model.before[name]) for name in ("kl", "hellinger", "l2"))


def _same_distance(model: Model) -> bool:
    """Moved up by 1.5 the two have the same Euclidean distance and a far smaller KL."""
    up = np.array([0.0, 1.5])
    higher = Model(model.state.with_(p=model.p + up, q=model.q + up))
    return (
        _same(higher.before["apart"], model.before["apart"])
        and higher.before["kl"] < model.before["kl"] / 20
    )


def _one_sided(model: Model) -> bool:
    there, back = NORMAL.kl(model.p, model.q), NORMAL.kl(model.q, model.p)
    return bool(there > 2 * back > 0) and _same(model.in_x.kl, there)


def _no_triangle(model: Model) -> bool:
    """By way of the normal half way in (μ, σ) it is shorter."""
    middle = (model.p + model.q) / 2
    return bool(
        NORMAL.kl(model.p, middle) + NORMAL.kl(middle, model.q) < NORMAL.kl(model.p, model.q)
    )


def _which_moves(name: str) -> Any:
    """0: it grows, 1: it shrinks, 2: it stays."""

    def truth(model: Model) -> int:
        if model.change(name) < SAME:
            return 2
        return 0 if model.after[name] > model.before[name] else 1

    return truth


def _who_moves(model: Model) -> int:
    """0: KL, 1: the L² distance, 2: the distance of the numbers, 3: none."""
    moved = [model.change(name) > SAME for name in ("kl", "l2", "apart")]
    return moved.index(True) if sum(moved) == 1 else 3


CLAIMS = {
    "mass": Claim({"k": 60}, _everywhere(_mass)),
    "density": Claim({**STRETCHED, "k": 40}, _everywhere(_slope)),
    "ratio": Claim({**STRETCHED, "k": 40}, _everywhere(_ratio)),
    "integrand": Claim(LOGS, _integrand_moves),
    "integral": Claim(LOGS, _everywhere(_integral_stays)),
    "parts": Claim({"f": "arsinh", "k": 70}, _everywhere(_part_by_part)),
    "halves": Claim({"f": "units"}, _halves),
    "units": Claim({"f": "units"}, _by_units),
    "l2": Claim({"f": "logistic"}, _l2_moves),
    "hellinger": Claim({"f": "logistic"}, _everywhere(_hellinger_stays)),
    "fold": Claim({"f": "fold"}, _folded),
    "sufficient": Claim({"f": "fold", "p": (0.0, 0.6), "q": (0.0, 1.2)}, _nothing_lost),
    "charts": Claim(PARAMETERS, _in_every_chart),
    "circles": Claim({**PARAMETERS, "chart": "variance"}, _circle_goes),
    "l2-too": Claim({**PARAMETERS, "chart": "precision"}, _l2_stays_too),
    "near": Claim({**PARAMETERS, "p": (-0.4, 0.25), "q": (0.4, 0.25)}, _same_distance),
    "one-sided": Claim({"f": "units", "p": (0.0, 1.6), "q": (0.0, 0.5)}, _one_sided),
    "triangle": Claim({"f": "units", "p": (-1.0, 0.6), "q": (1.0, 0.6)}, _no_triangle),
}


QUESTIONS = {
    "area": Question(STRETCHED, _which_moves("kl")),
    "squared": Question({"f": "exp", "p": (-1.0, 0.5), "q": (-0.2, 0.6)}, _which_moves("l2")),
    "logs": Question({**PARAMETERS, "chart": "log-scale"}, _who_moves),
}
