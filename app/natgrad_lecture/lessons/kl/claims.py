"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.analysis.data_transforms import VARIABLES
from natgrad_core.geometry.level_sets import kl_level_set
from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.kl.figure import CHARTS, NORMAL, SAME, Seen
from natgrad_lecture.lessons.kl.state import LOGS, PARAMETERS, STRETCHED

UNDONE = tuple(name for name, variable in VARIABLES.items() if variable.one_to_one)
_GRID: Array = np.linspace(-2.9, 2.9, 59)


def _same(a: Any, b: Any, tolerance: float = SAME) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance))


def _everywhere(check: Any) -> Any:
    """``check`` under the reader's curve and under every named change that can be undone."""
    return lambda seen: all(check(Seen(seen.state.with_(f=f))) for f in ("drawn", *UNDONE))


def _mass(seen: Seen) -> bool:
    """The probability below x is that below f(x), each by quadrature in its own variable."""
    y = seen.variable.forward(_GRID)
    return _same(seen.home.running(_GRID)[0], seen.away.running(y)[0])


def _slope(seen: Seen) -> bool:
    """p(y) = p(x)/f'(x), with the slope from two near points of the curve."""
    step = 1e-5
    y = seen.variable.forward(_GRID)
    rise = seen.variable.forward(_GRID + step) - seen.variable.forward(_GRID - step)
    expected = np.exp(seen.home.logs(_GRID)[0]) / (rise / (2 * step))
    return _same(np.exp(seen.away.logs(y)[0]), expected, 1e-4)


def _ratio(seen: Seen) -> bool:
    (p, q), (p_y, q_y) = seen.home.logs(_GRID), seen.away.logs(seen.variable.forward(_GRID))
    return _same(p - q, p_y - q_y)


def _integrand_moves(seen: Seen) -> bool:
    (p, q), (p_y, q_y) = seen.home.logs(_GRID), seen.away.logs(seen.variable.forward(_GRID))
    before, after = np.exp(p) * (p - q), np.exp(p_y) * (p_y - q_y)
    return bool(np.abs(after - before).max() > 0.05 * np.abs(before).max())


def _integral_stays(seen: Seen) -> bool:
    """By quadrature in y, in x, and in closed form."""
    exact = float(NORMAL.kl(seen.p, seen.q))
    return _same(seen.home.kl, exact) and _same(seen.away.kl, exact)


def _part_by_part(seen: Seen) -> bool:
    y = seen.variable.forward(_GRID)
    return _same(seen.home.running(_GRID)[1], seen.away.running(y)[1], 1e-7)


def _halves(seen: Seen) -> bool:
    """Both halves gain ∫ p log f', which is not nothing; the difference gains nothing."""
    before, after = np.array(seen.home.entropies), np.array(seen.away.entropies)
    gain = seen.home.integral(lambda x, p, q: np.exp(p) * np.log(seen.variable.slope(x)))
    gained = after - before
    return abs(gain) > 0.05 and _same(gained[0], gained[1], 1e-7) and _same(gained[0], gain, 1e-4)


def _by_units(seen: Seen) -> bool:
    """In units half as large: ∫(p − q)² is halved, the distance of means and spreads doubled."""
    before, after = seen.before, seen.after
    return _same(after["l2"] ** 2, before["l2"] ** 2 / 2) and _same(
        after["apart"], 2 * before["apart"]
    )


def _l2_moves(seen: Seen) -> bool:
    return seen.change("l2") > 0.05 and seen.change("apart") > 0.05


def _hellinger_stays(seen: Seen) -> bool:
    return seen.change("hellinger") < SAME


def _folded(seen: Seen) -> bool:
    """Less KL, and less of Hellinger's distance."""
    return all(seen.after[name] < 0.9 * seen.before[name] for name in ("kl", "hellinger"))


def _nothing_lost(seen: Seen) -> bool:
    """p/q is the same at x and at −x, so that |x| tells all, and KL stays."""
    p, q = seen.home.logs(_GRID)
    return _same(p - q, (p - q)[::-1]) and _same(seen.after["kl"], seen.before["kl"])


def _in_every_chart(seen: Seen) -> bool:
    """The same KL from the problem seen through each chart; other distances of the numbers."""
    found = [Seen(seen.state.with_(chart=name)) for name in CHARTS]
    stays = all(_same(s.after["kl"], s.before["kl"]) for s in found)
    sizes = sorted([seen.before["apart"], *(s.after["apart"] for s in found)])
    return stays and bool((np.diff(sizes) > 0.005 * sizes[0]).all())


def _circle_goes(seen: Seen) -> bool:
    """KL's level set in the chart is the image of the one here; the circle's image is no circle."""
    problem = NORMAL.through(seen.chart)
    x_p = seen.numbers_of[0]
    kl = float(seen.before["kl"])
    there = kl_level_set(problem, x_p, kl, 60)
    there = there[np.isfinite(there).all(-1)]
    back = seen.chart.forward(there)
    level = NORMAL.kl(np.broadcast_to(seen.p, back.shape), back)
    turn = np.linspace(0.0, 2 * np.pi, 60)
    ring = seen.p + seen.before["apart"] * np.stack([np.cos(turn), np.sin(turn)], -1)
    ring = ring[ring[:, 1] > 0.01]
    radii = np.linalg.norm(seen.chart.inverse(ring) - x_p, axis=1)
    return _same(level, kl, 1e-5) and bool(radii.max() > 1.05 * radii.min()) and len(there) > 30


def _l2_stays_too(seen: Seen) -> bool:
    """The densities by parameters from the chart are those they were: so is whatever compares
    them.
    """
    first, second = (seen.chart.forward(x) for x in seen.numbers_of)
    other = Seen(seen.state.with_(p=first, q=second))
    return all(_same(other.before[name], seen.before[name]) for name in ("kl", "hellinger", "l2"))


def _same_distance(seen: Seen) -> bool:
    """Moved up by 1.5 the two have the same Euclidean distance and a far smaller KL."""
    up = np.array([0.0, 1.5])
    higher = Seen(seen.state.with_(p=seen.p + up, q=seen.q + up))
    return (
        _same(higher.before["apart"], seen.before["apart"])
        and higher.before["kl"] < seen.before["kl"] / 20
    )


def _one_sided(seen: Seen) -> bool:
    there, back = NORMAL.kl(seen.p, seen.q), NORMAL.kl(seen.q, seen.p)
    return bool(there > 2 * back > 0) and _same(seen.home.kl, there)


def _no_triangle(seen: Seen) -> bool:
    """By way of the normal half way in (μ, σ) it is shorter."""
    middle = (seen.p + seen.q) / 2
    return bool(NORMAL.kl(seen.p, middle) + NORMAL.kl(middle, seen.q) < NORMAL.kl(seen.p, seen.q))


def _which_moves(name: str) -> Any:
    """0: it grows, 1: it shrinks, 2: it stays."""

    def truth(seen: Seen) -> int:
        if seen.change(name) < SAME:
            return 2
        return 0 if seen.after[name] > seen.before[name] else 1

    return truth


def _who_moves(seen: Seen) -> int:
    """0: KL, 1: the L² distance, 2: the distance of the numbers, 3: none."""
    moved = [seen.change(name) > SAME for name in ("kl", "l2", "apart")]
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
