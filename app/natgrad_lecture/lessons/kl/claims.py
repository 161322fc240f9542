"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from natgrad_core.analysis.data_transforms import VARIABLES
from natgrad_core.geometry.level_sets import kl_level_set
from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Changes, Claim, Question
from natgrad_lecture.lessons.kl.model import NORMAL, SAME, Model
from natgrad_lecture.lessons.kl.state import CHARTS, KNOTS, LOGS, NARROW, PARAMETERS, STRETCHED
from natgrad_lecture.lessons.scope import Scope, box, one_of

UNDONE = tuple(name for name, variable in VARIABLES.items() if variable.one_to_one)
_GRID: Array = np.linspace(-2.9, 2.9, 59)


def _same(a: Any, b: Any, tolerance: float = SAME) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance))


def _mass(mapped: bool) -> Any:
    """The probability below x is that below f(x), each by quadrature in its own variable."""

    def check(model: Model) -> bool:
        y = model.variable.forward(_GRID) if mapped else _GRID
        with np.errstate(all="ignore"):  # f may not reach a y that is taken at random
            return _same(model.in_x.running(_GRID)[0], model.in_y.running(y)[0], 1e-7)

    return check


def _slope(power: int) -> Any:
    """p_Y(y) is p_X(x) times this power of f'(x), the slope from two near points of the curve."""

    def check(model: Model) -> bool:
        step = 1e-5
        y = model.variable.forward(_GRID)
        rise = model.variable.forward(_GRID + step) - model.variable.forward(_GRID - step)
        with np.errstate(all="ignore"):  # where f folds, the slope at 0 is none
            expected = np.exp(model.in_x.logs(_GRID)[0]) * (rise / (2 * step)) ** power
        return _same(np.exp(model.in_y.logs(y)[0]), expected, 1e-4)

    return check


def _ratio(model: Model) -> bool:
    (p, q), (p_y, q_y) = model.in_x.logs(_GRID), model.in_y.logs(model.variable.forward(_GRID))
    return _same(p - q, p_y - q_y, 1e-7)


def _integrand_moves(model: Model) -> bool:
    (p, q), (p_y, q_y) = model.in_x.logs(_GRID), model.in_y.logs(model.variable.forward(_GRID))
    before, after = np.exp(p) * (p - q), np.exp(p_y) * (p_y - q_y)
    return bool(np.abs(after - before).max() > 0.02 * np.abs(before).max())


def _integral_stays(model: Model) -> bool:
    """By quadrature in y, in x, and in closed form."""
    exact = float(NORMAL.kl(model.p, model.q))
    return _same(model.in_x.kl, exact, 1e-7) and _same(model.in_y.kl, exact, 1e-7)


def _stays(name: str) -> Any:
    return lambda model: model.change(name) < 1e-7


def _part_by_part(mapped: bool) -> Any:
    def check(model: Model) -> bool:
        y = model.variable.forward(_GRID) if mapped else _GRID
        with np.errstate(all="ignore"):  # f may not reach a y that is taken at random
            return _same(model.in_x.running(_GRID)[1], model.in_y.running(y)[1], 1e-6)

    return check


def _halves(first: float, second: float) -> Any:
    """The halves of KL change by these multiples of ∫ p log f'."""

    def check(model: Model) -> bool:
        before, after = np.array(model.in_x.entropies), np.array(model.in_y.entropies)
        gain = model.in_x.integral(lambda x, p, q: np.exp(p) * np.log(model.variable.slope(x)))
        return abs(gain) > 1e-3 and _same(after - before, [first * gain, second * gain], 1e-4)

    return check


def _by_units(squared: float, moments: float) -> Any:
    """In units half as large ∫(p − q)², and means and standard deviations, are multiplied so."""

    def check(model: Model) -> bool:
        before, after = model.before, model.after
        both = _same(model.in_y.moments, moments * model.in_x.moments, 1e-7)
        return both and _same(after["l2"] ** 2, squared * before["l2"] ** 2, 1e-7)

    return check


def _both_change(model: Model) -> bool:
    return model.change("l2") > 1e-3 and model.change("apart") > 1e-3


_MEANS: dict[str, Callable[[Array], Array]] = {
    "hellinger": lambda r: (1 - np.sqrt(r)) ** 2 / 2,
    "chi": lambda r: (r - 1) ** 2 / (1 + r),
    "total variation": lambda r: np.abs(r - 1) / 2,
}
"""Functions of q/p: their means under p are Ali and Silvey's coefficients."""


def _means_stay(model: Model) -> bool:
    for phi in _MEANS.values():

        def mean(pair: Any, phi: Callable[[Array], Array] = phi) -> float:
            found = pair.integral(lambda y, p, q: np.exp(p) * phi(np.exp(np.minimum(q - p, 700))))
            return float(found)

        if not _same(mean(model.in_x), mean(model.in_y), 1e-3):
            return False
    return bool(_same(model.in_x.hellinger, model.in_y.hellinger, 1e-7))


def _folded(model: Model) -> bool:
    """Less KL, and less of Hellinger's distance."""
    return all(model.after[name] < model.before[name] - 1e-6 for name in ("kl", "hellinger"))


def _nothing_lost(model: Model) -> bool:
    """p/q is the same at x and at −x, so that |x| tells all, and KL stays."""
    p, q = model.in_x.logs(_GRID)
    return _same(p - q, (p - q)[::-1]) and _same(model.after["kl"], model.before["kl"], 1e-7)


def _in_every_chart(model: Model) -> bool:
    """The same KL from the problem seen through each chart; other distances of the numbers."""
    found = [Model(model.state.with_(chart=name)) for name in CHARTS]
    stays = all(_same(s.after["kl"], s.before["kl"], 1e-7) for s in found)
    return stays and any(s.change("apart") > 1e-3 for s in found)


def _always_moves(model: Model) -> bool:
    """The Euclidean distance changes for each two normals; N(−μ, 1) and N(μ, 1) among them."""
    mean = abs(float(model.p[0])) + 0.1
    two = model.state.with_(p=(-mean, 1.0), q=(mean, 1.0))
    return any(Model(two.with_(chart=name)).change("apart") > 1e-3 for name in CHARTS)


def _circle_goes(model: Model) -> bool:
    """KL's level set in the chart is the image of the one here; the circle's image is no circle."""
    problem = NORMAL.through(model.chart)
    x_p = model.numbers_of[0]
    kl = float(model.before["kl"])
    there = kl_level_set(problem, x_p, kl, 60)
    there = there[np.isfinite(there).all(-1)]
    back = model.chart.forward(there)
    level = NORMAL.kl(np.broadcast_to(model.p, back.shape), back)
    radii = _image_of_the_circle(model)
    return _same(level, kl, 1e-5) and bool(radii.max() > 1.02 * radii.min()) and len(there) > 20


def _image_of_the_circle(model: Model) -> Array:
    """How far from p, in the chart, the points of the circle through q are."""
    turn = np.linspace(0.0, 2 * np.pi, 60)
    ring = model.p + model.before["apart"] * np.stack([np.cos(turn), np.sin(turn)], -1)
    ring = ring[ring[:, 1] > 0.01]
    return np.asarray(np.linalg.norm(model.chart.inverse(ring) - model.numbers_of[0], axis=1))


def _still_a_circle(model: Model) -> bool:
    radii = _image_of_the_circle(model)
    return bool(radii.max() < 1.02 * radii.min())


def _l2_stays_too(names: tuple[str, ...]) -> Any:
    """The densities by parameters from the chart are those they were: so is what compares them."""

    def check(model: Model) -> bool:
        first, second = (model.chart.forward(x) for x in model.numbers_of)
        other = Model(model.state.with_(p=first, q=second))
        measured = {**other.before, "apart": model.after["apart"]}
        return all(_same(measured[name], model.before[name], 1e-7) for name in names)

    return check


def _moved(by: tuple[float, float]) -> Any:
    """Moved so, the two have the same Euclidean distance and a KL that falls all the way."""

    def check(model: Model) -> bool:
        shift = np.linspace(0.0, 1.0, 7)[:, None] * np.array(by)
        kl = np.asarray(NORMAL.kl(model.p + shift, model.q + shift))
        return bool((np.diff(kl) < 0).all() and kl[-1] < kl[0] / 3)

    return check


def _differ(model: Model) -> bool:
    there, back = NORMAL.kl(model.p, model.q), NORMAL.kl(model.q, model.p)
    return bool(abs(there - back) > 1e-9 * there) and _same(model.in_x.kl, there, 1e-7)


def _no_triangle(sign: float) -> Any:
    """By way of the normal half way in (μ, σ) it is shorter; close by, KL is half a square."""

    def check(model: Model) -> bool:
        middle = (model.p + model.q) / 2
        around = NORMAL.kl(model.p, middle) + NORMAL.kl(middle, model.q)
        step = 0.003 * (model.q - model.p)
        near = float(NORMAL.kl(model.p, model.p + step))
        half = float(step @ NORMAL.fisher(model.p) @ step) / 2
        closer = sign * (NORMAL.kl(model.p, model.q) - around) > 0
        return bool(closer) and _same(near, half, 0.05 * half)

    return check


def _near_everywhere(model: Model) -> bool:
    """KL is nearly half the square of the Fisher length here, too."""
    step = model.q - model.p
    half = float(step @ NORMAL.fisher(model.p) @ step) / 2
    return _same(float(NORMAL.kl(model.p, model.q)), half, 0.05 * half)


def _taller(model: Model) -> bool:
    """Under y = eˣ the integral of (p − q)² gets the weight e⁻ˣ, and L² grows."""
    x = np.linspace(-9, 9, 20001)
    p, q = (np.exp(log) for log in model.in_x.logs(x))
    weighted = float(np.trapezoid((p - q) ** 2 * np.exp(-x), x))
    return _same(model.after["l2"] ** 2, weighted, 1e-6) and model.after["l2"] > model.before["l2"]


def _shorter(model: Model) -> bool:
    return model.after["l2"] < model.before["l2"]


def _lognormal(scaled: float) -> Any:
    """In y both densities are the lognormal exp(−(log y − μ)²/2σ²)/(yσ√2π), times ``scaled``."""

    def check(model: Model) -> bool:
        y = np.linspace(0.1, 8.0, 40)
        for (mean, sigma), found in zip((model.p, model.q), model.in_y.logs(y), strict=True):
            square = ((np.log(y) - mean) / sigma) ** 2
            direct = -square / 2 - np.log(y * sigma * np.sqrt(2 * np.pi)) + np.log(scaled)
            if not _same(found, direct, 1e-7):
                return False
        return True

    return check


def _half_as_tall(factor: float) -> Any:
    """Each density's peak in y is this times its peak in x."""

    def check(model: Model) -> bool:
        x = np.linspace(-5.0, 5.0, 2001)
        peaks = [np.exp(part).max() for part in model.in_x.logs(x)]
        after = [np.exp(part).max() for part in model.in_y.logs(2 * x)]
        return _same(after, factor * np.array(peaks), 1e-7)

    return check


def _all_between(low: float, high: float) -> Any:
    """All of p in y lies between these, and KL stays."""

    def check(model: Model) -> bool:
        y = model.variable.forward(np.linspace(-30.0, 30.0, 301))
        return bool((y > low).all() and (y < high).all()) and model.change("kl") < 1e-7

    return check


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


PAIR = {"p": box((-1.2, 0.35), (1.2, 1.5)), "q": box((-1.2, 0.35), (1.2, 1.5))}
"""Two normals, wherever the page lets them be seen."""


def _curve(rng: np.random.Generator, _: Changes) -> tuple[float, ...]:
    """A curve that rises by one half to two between neighboring knots, somewhere in its window."""
    rises = rng.uniform(0.4, 2.0, len(KNOTS) - 1)
    rises *= min(1.0, 7.0 / rises.sum())
    start = rng.uniform(-3.8, 3.8 - rises.sum())
    return tuple(np.concatenate([[start], start + np.cumsum(rises)]).tolist())


ANY = {**PAIR, "f": one_of("drawn", *UNDONE), "curve": _curve}
"""Every increasing f that the page offers, curves drawn by hand too, and any two normals."""
FOLDED = Scope({**PAIR, "f": one_of("fold")})
CHANGED = {**PAIR, "chart": one_of(*CHARTS)}


def _centered(rng: np.random.Generator, _: Changes) -> tuple[float, float]:
    return 0.0, float(rng.uniform(0.3, 1.8))


def _lopsided(rng: np.random.Generator, drawn: Changes) -> tuple[float, float]:
    """A q such that p/q is not the same at x and at −x: μ/σ² of the two differ."""
    mean, sigma = drawn["p"]
    while True:
        q = rng.uniform((-1.2, 0.35), (1.2, 1.5))
        if abs(q[0] / q[1] ** 2 - mean / sigma**2) > 0.3:
            return float(q[0]), float(q[1])


def _as_wide(rng: np.random.Generator, drawn: Changes) -> tuple[float, float]:
    return float(rng.uniform(-1.0, 1.0)), drawn["p"][1]


CLAIMS = {
    "mass": Claim(
        {"k": 60},
        _mass(True),
        Scope(ANY),
        false={"below x, too": _mass(False)},
        beyond=FOLDED,
        shows=("p", "change", "formula.sums"),
    ),
    "density": Claim(
        {**STRETCHED, "k": 40},
        _slope(-1),
        Scope(ANY),
        false={"times the slope": _slope(1)},
        beyond=FOLDED,
        shows=("p", "change", "formula.point"),
    ),
    "ratio": Claim(
        {**STRETCHED, "k": 40},
        _ratio,
        Scope(ANY),
        beyond=FOLDED,
        shows=("p", "q", "formula.point"),
    ),
    "integrand": Claim(
        LOGS,
        _integrand_moves,
        Scope(ANY),
        beyond=Scope({**PAIR, "f": one_of("drawn"), "curve": one_of(tuple(KNOTS.tolist()))}),
        shows=("kl", "formula.sums"),
    ),
    "integral": Claim(
        LOGS,
        _integral_stays,
        Scope(ANY),
        false={"L², too": _stays("l2")},
        beyond=FOLDED,
        shows=("kl", "meter", "formula.both"),
    ),
    "parts": Claim(
        {"f": "arsinh", "k": 70},
        _part_by_part(True),
        Scope(ANY),
        false={"up to the same number": _part_by_part(False)},
        beyond=FOLDED,
        shows=("kl", "formula.sums"),
    ),
    "halves": Claim(
        {"f": "units"},
        _halves(1.0, 1.0),
        Scope(ANY),
        false={"only the first": _halves(1.0, 0.0), "sign": _halves(-1.0, -1.0)},
        shows=("kl", "formula.halves"),
    ),
    "units": Claim(
        {"f": "units"},
        _by_units(0.5, 2.0),
        Scope(PAIR),
        false={"the other way round": _by_units(2.0, 0.5)},
        shows=("p", "q", "meter", "formula.both"),
    ),
    "l2": Claim(
        {"f": "logistic"},
        _both_change,
        Scope(PAIR),
        false={"L² stays": _stays("l2"), "the moments stay": _stays("apart")},
        shows=("p", "q", "meter", "formula.both"),
    ),
    "hellinger": Claim(
        {"f": "logistic"},
        _means_stay,
        Scope(ANY),
        false={"L², too": _stays("l2")},
        beyond=FOLDED,
        shows=("p", "q", "meter"),
    ),
    "fold": Claim(
        {"f": "fold"},
        _folded,
        Scope({"p": PAIR["p"], "q": _lopsided}),
        false={"KL stays": _stays("kl")},
        beyond=Scope({"p": _centered, "q": _centered}),
        shows=("change", "kl", "meter"),
    ),
    "sufficient": Claim(
        {"f": "fold", "p": (0.0, 0.6), "q": (0.0, 1.2)},
        _nothing_lost,
        Scope({"p": _centered, "q": _centered}),
        beyond=Scope({"p": PAIR["p"], "q": _lopsided}),
        shows=("change", "kl", "meter"),
    ),
    "charts": Claim(
        PARAMETERS,
        _in_every_chart,
        Scope(CHANGED),
        false={"the distance stays, too": _stays("apart"), "it always changes": _always_moves},
        shows=("apart", "meter", "formula.both"),
    ),
    "circles": Claim(
        {**PARAMETERS, "chart": "variance"},
        _circle_goes,
        Scope(CHANGED),
        false={"still a circle": _still_a_circle},
        shows=("kl", "apart"),
    ),
    "l2-too": Claim(
        {**PARAMETERS, "chart": "precision"},
        _l2_stays_too(("kl", "hellinger", "l2")),
        Scope(CHANGED),
        false={"the distance of the parameters, too": _l2_stays_too(("apart",))},
        shows=("p", "q", "meter", "formula.both"),
    ),
    "near": Claim(
        {**PARAMETERS, **NARROW},
        _moved((0.0, 1.5)),
        Scope({"p": box((-1.0, 0.2), (1.0, 0.5)), "q": box((-1.0, 0.2), (1.0, 0.5))}),
        false={"moved sideways, too": _moved((1.5, 0.0))},
        shows=("p", "q", "apart", "formula.both"),
    ),
    "one-sided": Claim(
        {"f": "units", "p": (0.0, 1.6), "q": (0.0, 0.5)},
        _differ,
        Scope(PAIR),
        beyond=Scope({"p": PAIR["p"], "q": _as_wide}),
        shows=("p", "q", "formula.directions"),
    ),
    "triangle": Claim(
        {"f": "units", "p": (-1.0, 0.6), "q": (1.0, 0.6)},
        _no_triangle(1.0),
        Scope(PAIR),
        false={"it holds": _no_triangle(-1.0), "nearly half a square, always": _near_everywhere},
        shows=("p", "q", "formula.directions"),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("integral", "charts"),
    "question.area": ("integral",),
    "question.squared": Claim(
        {"f": "exp", "p": (-1.0, 0.5), "q": (-0.2, 0.6)},
        _taller,
        Scope({"p": box((-1.5, 0.3), (-0.8, 0.6)), "q": box((-0.4, 0.4), (-0.1, 0.7))}),
        false={"L² shrinks": _shorter},
        beyond=Scope({"p": box((0.5, 0.3), (1.5, 0.6)), "q": box((0.5, 0.3), (1.5, 0.6))}),
    ),
    "question.logs": ("charts", "l2-too"),
    "preset.bend-the-line": ("integrand", "integral"),
    "preset.stretched": ("integral",),
    "preset.other-units": Claim(
        {"f": "units"},
        _half_as_tall(0.5),
        Scope({"p": box((-1.0, 0.3), (1.0, 1.2)), "q": box((-1.0, 0.3), (1.0, 1.2))}),
        false={"as tall": _half_as_tall(1.0)},
    ),
    "preset.undo-a-logarithm": Claim(
        LOGS, _lognormal(1.0), Scope(PAIR), false={"without the 1/2": _lognormal(2.0)}
    ),
    "preset.into-0-1": Claim(
        {"f": "logistic"},
        _all_between(0.0, 1.0),
        Scope(PAIR),
        false={"between 0 and a half": _all_between(0.0, 0.5)},
        beyond=Scope({**PAIR, "f": one_of("units", "exp")}),
    ),
    "preset.fold-it": ("fold",),
    "preset.other-parameters": ("charts",),
}
"""What checks the lines that are not claims: the claims that they repeat, or a check of its own."""


QUESTIONS = {
    "area": Question(
        STRETCHED, _which_moves("kl"), hides=("formula.sums", "meter", "preset.into-0-1")
    ),
    "squared": Question({"f": "exp", "p": (-1.0, 0.5), "q": (-0.2, 0.6)}, _which_moves("l2")),
    "logs": Question({**PARAMETERS, "chart": "log-scale"}, _who_moves),
}
