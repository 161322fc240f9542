"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

import numpy as np

from natgrad_core import metrics
from natgrad_core.linalg.operators import Dense
from natgrad_core.linalg.small_matrices import components, full, pack
from natgrad_core.types import Array
from natgrad_lecture.drawing.paired_runs import COINCIDE, SPLIT
from natgrad_lecture.drawing.windows import grid, window
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.newton.model import Seen
from natgrad_lecture.lessons.newton.state import ACROSS, FAR, SADDLE, SHEARED, STRAIGHTENED

FIGURE_RATES = (0.02, 0.01)
"""Two small rates, one half of the other, from which an order is read."""


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
    hessian, fisher = (
        full(m, (shown.state.steps + 1,)) for m in (run_in_x.at.hessian, run_in_x.at.fisher)
    )
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


CLAIMS = {
    "linear": Claim(SHEARED, _linear_is_congruent),
    "term": Claim({"k": 6}, _term),
    "grows": Claim({"rules": ["newton"]}, _grows),
    "carried": Claim({"hessian": "carried", "rules": ["newton"], "k": 6}, _same_direction),
    "orders": Claim(
        {"hessian": "carried", "rules": ["newton"], "rate": 0.02, "steps": 300}, _orders
    ),
    "minimum": Claim({"rate": 0.5, "steps": 60, "k": 60, "rules": ["newton"]}, _tensor_at_the_end),
    "straightened": Claim(STRAIGHTENED, _one_step),
    "climbs": Claim({**SADDLE, "rules": ["newton"], "k": 2}, _climbs),
    "saddle": Claim({**SADDLE, "rules": ["newton"], "k": 80}, _to_the_saddle),
    "absolute": Claim(
        {**SADDLE, "rules": ["newton", "absolute-hessian"], "k": 2}, _absolute_descends
    ),
    "gauss-newton": Claim(
        {"start": ACROSS, "bend": 0.0, "k": 0, "steps": 100}, _gauss_newton_descends
    ),
    "coordinates-decide": Claim(
        {"problem": "double-well", "bend": -0.9, "start": (1.0, 1.2), "k": 0, "rules": ["newton"]},
        _depends_on_coordinates,
    ),
    "logistic": Claim({"problem": "logistic-regression", "bend": 0.15}, _hessian_is_fisher),
    "natural": Claim({"rules": ["natural"], "rate": 0.02}, _natural_order),
    "flees": Claim({"problem": "normal", "bend": 0.0, "start": FAR, "steps": 60, "k": 0}, _flees),
}


QUESTIONS = {
    "bent": Question({"rate": 0.01, "steps": 300}, _who_splits),
    "beside": Question({**SADDLE, "rules": ["newton"], "k": 80}, _where_newton_ends),
}
