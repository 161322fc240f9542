"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from natgrad_core.geometry.ellipses import ellipse_axes
from natgrad_core.geometry.steepest import steepest, unit_directions
from natgrad_core.geometry.unit_ball import boundary, normal, spd_matrix
from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Changes, Claim, Question
from natgrad_lecture.lessons.scope import Scope, between, one_of
from natgrad_lecture.lessons.steepest_descent.model import Model
from natgrad_lecture.lessons.steepest_descent.state import FISHER_STRIP, LONG, OPEN, ROUND, STRIP
from natgrad_lecture.state.items import problem_named

_DENSE = np.linspace(-180.0, 180.0, 3601)


def _close(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance))


def _half_axes(power: float) -> Any:
    """The nearest and the farthest unit vectors are this power of an eigenvalue away."""

    def check(model: Model) -> bool:
        far = np.linalg.norm(unit_directions(model.metric, np.deg2rad(_DENSE)), axis=1)
        expected = np.sort(np.linalg.eigvalsh(model.metric) ** power)
        return _close([far.min(), far.max()], expected, 1e-4)

    return check


def _squared_length(value: float) -> Any:
    """aᵀGa for twice a unit vector."""
    return lambda model: _close(4 * model.yours @ model.metric @ model.yours, value)


def _along(step: Callable[[Array, Array], Array]) -> Any:
    """a* points along this step, made of G and ∇J."""

    def check(model: Model) -> bool:
        aim, best = step(model.metric, model.gradient), model.best.a
        return _close(best / np.linalg.norm(best), aim / np.linalg.norm(aim), 1e-8)

    return check


def _round_is_gradient(model: Model) -> bool:
    return bool(_along(lambda _, gradient: -gradient)(model))


def _minimizer(formula: Callable[[Array, Array], Array]) -> Any:
    """No unit vector of a dense fan is steeper than the formula's, which has length one."""

    def check(model: Model) -> bool:
        a = formula(model.metric, model.gradient)
        least, one = np.nanmin(model.slopes(_DENSE)), float(a @ model.metric @ a)
        lower = model.slope(a) <= least + 1e-9 * abs(least)
        return bool(lower) and _close(one, 1.0) and _close(model.slope(a), least, 1e-3)

    return check


def _formula(metric: Array, gradient: Array) -> Array:
    raised = np.linalg.solve(metric, gradient)
    with np.errstate(invalid="ignore"):
        return np.asarray(-raised / np.sqrt(gradient @ raised))


def _tangent(end: float) -> Any:
    """The ellipse lies on one side of the level line through a*, or −a*, and touches it there."""

    def check(model: Model) -> bool:
        edge = boundary(model.metric, 0.0, 4001)[0] @ model.gradient
        slope = end * model.best.slope
        return bool(edge.min() >= slope - 1e-9 * abs(slope)) and _close(edge.min(), slope, 1e-4)

    return check


def _aligned(factor: float) -> Any:
    """At a* the gradient is this factor times νGa, and is parallel to the ellipse's normal."""

    def check(model: Model) -> bool:
        covector = factor * model.best.multiplier * model.metric @ model.best.a
        nearby = [steepest(model.metric, model.gradient).slope, model.slope(model.best.a)]
        return _close(covector, model.gradient) and _close(*nearby)

    return check


def _off(neighbors: float) -> Any:
    """The two arrows differ along ``a``, and a neighboring direction is steeper (1) or flatter."""

    def check(model: Model) -> bool:
        _, covector = normal(model.metric, model.gradient, model.yours)
        apart = np.linalg.norm(covector - model.gradient) / np.linalg.norm(model.gradient)
        beside = model.slopes(np.array([model.state.angle - 1e-3, model.state.angle + 1e-3]))
        steeper = beside.min() < model.slope(model.yours)
        both_flatter = beside.min() >= model.slope(model.yours)
        return bool(apart > 1e-6 and (steeper if neighbors == 1 else both_flatter))

    return check


def _both_ends(sign: float) -> Any:
    """At −a* the condition holds as well, with ν of this sign, and the slope is the greatest."""

    def check(model: Model) -> bool:
        multiplier, covector = normal(model.metric, model.gradient, -model.best.a)
        greatest = np.nanmax(model.slopes(_DENSE))
        held = _close(covector, model.gradient) and _close(greatest, -model.best.slope, 1e-3)
        return bool(held and sign * multiplier > 0 > sign * model.best.multiplier)

    return check


def _larger_metric(smaller: float) -> Any:
    """Nine times G: an ellipse so many times smaller, and a* in the same direction."""

    def check(model: Model) -> bool:
        nine = steepest(9 * model.metric, model.gradient)
        far = ellipse_axes(9 * model.metric, 0.5) * smaller
        sizes = np.sort(np.linalg.norm(far, axis=-1))
        same = np.sort(np.linalg.norm(ellipse_axes(model.metric, 0.5), axis=-1))
        return _close(nine.a * smaller, model.best.a) and _close(sizes, same)

    return check


_OTHERS = [np.array(m) for m in ([[2.0, 1.0], [0.0, 0.5]], [[0.0, -1.0], [3.0, 1.0]])]


def _other_coordinates(back: Callable[[Array, Array], Array]) -> Any:
    """With θ = A x: G becomes AᵀGA, ∇J becomes Aᵀ∇J, and a* becomes A⁻¹a*, so A leads it back."""

    def check(model: Model) -> bool:
        for matrix in _OTHERS:
            there = steepest(matrix.T @ model.metric @ matrix, matrix.T @ model.gradient)
            same = _close(there.slope, model.best.slope)
            if not (same and _close(back(matrix, there.a), model.best.a)):
                return False
        return True

    return check


def _natural(model: Model) -> bool:
    problem = problem_named(model.state.of)
    raised = np.linalg.solve(problem.fisher(problem.start), problem.grad(problem.start))
    step = -np.asarray(raised, np.float64)
    return bool(_along(lambda *_: step)(model))


def _same_kl(nats: float) -> Any:
    """All small steps εa cost so many ε² nats, to leading order, and a* gains the most."""

    def check(model: Model) -> bool:
        problem, small = problem_named(model.state.of), 1e-3
        start = np.asarray(problem.start, float)
        fan = unit_directions(model.metric, np.deg2rad(np.linspace(-180, 179, 72)))
        costs = problem.kl(start, start + small * fan)
        gain = problem.loss(start + small * model.best.a) - problem.loss(start)
        gains = problem.loss(start + small * fan) - problem.loss(start)
        return _close(costs / small**2, nats, 2e-2) and bool(gain < gains.min() + 1e-6)

    return check


def _gradient_is_slower(least: float, most: float) -> Any:
    """a* is steeper than the unit vector straight against ∇J, by a factor between these."""
    return lambda model: bool(least < model.best.slope / model.slope(model.against_gradient) < most)


def _unbounded(kind: str) -> Any:
    def check(model: Model) -> bool:
        lowest = [
            min(float((piece @ model.gradient).min()) for piece in boundary(model.metric, far, 401))
            for far in (1e2, 1e4, 1e6)
        ]
        return model.best.kind == kind and lowest[0] > 10 * lowest[1] > 100 * lowest[2]

    return check


def _unbounded_on_each(model: Model) -> bool:
    """Along each of the two branches the slope falls without bound."""
    branches = boundary(model.metric, 1e4, 401)
    return all(float((piece @ model.gradient).min()) < -1.0 for piece in branches)


def _of_its_branch(least: float) -> Any:
    """Lagrange's vector on a hyperbola: the other ones of its branch have lower (1) slopes."""

    def check(model: Model) -> bool:
        a = _formula(model.metric, model.gradient)
        if not np.isfinite(a).all():
            return False
        branches = boundary(model.metric, 10.0, 2001)
        own = min(branches, key=lambda b: float(np.linalg.norm(b - a, axis=1).min()))
        _, covector = normal(model.metric, model.gradient, a)
        others = least * (own @ model.gradient)
        end = others.max() < least * model.slope(a) + 1e-9
        return bool(_close(covector, model.gradient) and end)

    return check


def _hessian_indefinite(far: float) -> Any:
    """The Hessian is indefinite at all points so far from the saddle, and so it is here."""

    def check(model: Model) -> bool:
        problem = problem_named(model.state.of)
        points = np.stack([np.linspace(-far, far, 21), np.linspace(-1, 1, 21)], -1)
        values = np.linalg.eigvalsh(problem.hessian(np.vstack([points, problem.start])))
        return bool((values[:, 0] < 0).all() and (values[:, 1] > 0).all()) and (
            model.best.kind == "hyperbola"
        )

    return check


def _free_direction(model: Model) -> bool:
    """A vector along the strip has length zero, and along it J falls: no direction is steepest."""
    values, vectors = np.linalg.eigh(model.metric)
    free = vectors[:, np.argmin(np.abs(values))]
    zero = _close(free @ model.metric @ free, 0.0) and not model.level_along_the_strip
    return zero and bool(_unbounded("strip")(model))


def _level_along_the_strip(model: Model) -> bool:
    """∇J has no part along the strip; all of its lower edge is equally low; and so it is for a
    singular Fisher matrix.
    """
    values, vectors = np.linalg.eigh(model.metric)
    flat = vectors[:, np.argmin(np.abs(values))]
    edge = min((piece @ model.gradient for piece in boundary(model.metric, 50.0, 101)), key=np.min)
    problem = problem_named("categorical-singular")
    start = np.asarray(problem.start, float)
    spectrum, axes = np.linalg.eigh(problem.fisher(start))
    missed = problem.grad(start) @ axes[:, 0]
    return bool(abs(flat @ model.gradient) < 1e-9 and abs(spectrum[0]) < 1e-12) and (
        _close(edge, edge[0]) and _close(missed, 0.0)
    )


def _damped(kind: str) -> Any:
    """The metric shown is a strip's plus λI, and its unit vectors form this."""

    def check(model: Model) -> bool:
        values = np.linalg.eigvalsh(model.metric)
        strip = model.metric - values[0] * np.eye(2)
        kinds = steepest(strip, model.gradient).kind, model.best.kind
        return bool(values[0] > 0) and kinds == ("strip", kind)

    return check


def _leans(axis: int) -> Any:
    """a* is nearer to the ellipse's long axis (0), or to the short one, than −∇J is."""

    def check(model: Model) -> bool:
        along = ellipse_axes(model.metric, 0.5)[axis]

        def part(v: Array) -> float:
            return float(abs(v @ along) / np.linalg.norm(v))

        return part(model.best.a) > part(model.gradient)

    return check


def _near_the_long_axis(degrees: float) -> Any:
    """The angle between a* and the long axis is below so many degrees."""

    def check(model: Model) -> bool:
        long, best = ellipse_axes(model.metric, 0.5)[0], model.best.a
        cosine = abs(best @ long) / np.linalg.norm(best) / np.linalg.norm(long)
        return bool(np.rad2deg(np.arccos(min(cosine, 1.0))) < degrees)

    return check


def _correlated(least: float) -> Any:
    """The two parameters' correlation in F is at least this."""

    def check(model: Model) -> bool:
        g = model.metric
        return bool(abs(g[0, 1]) / np.sqrt(g[0, 0] * g[1, 1]) > least)

    return check


def _toward(model: Model) -> int:
    """0: straight against ∇J, 1: turned toward the long axis of the ball, 2: toward the short."""
    long, short = ellipse_axes(model.metric, 0.5)

    def along(v: Array, axis: Array) -> float:
        return float(abs(v @ axis) / np.linalg.norm(v) / np.linalg.norm(axis))

    best, against_gradient = along(model.best.a, long), along(model.gradient, long)
    if np.isclose(best, against_gradient):
        return 0
    return (
        1
        if best > against_gradient and along(model.best.a, short) < along(model.gradient, short)
        else 2
    )


def _where(model: Model) -> int:
    """0: along the axis that opened, 1: against ∇J, 2: there is none."""
    if model.best.kind != "ball":
        return 2
    return 1 if _round_is_gradient(model) else 0


def _eigenvalues(rng: np.random.Generator, _: Changes) -> tuple[float, float]:
    return tuple(np.exp(rng.uniform(np.log(0.1), np.log(10.0), 2)).tolist())


def _uneven(rng: np.random.Generator, _: Changes) -> tuple[float, float]:
    """Eigenvalues at least a factor of 1.5 apart."""
    low = float(np.exp(rng.uniform(np.log(0.1), np.log(2.0))))
    high = low * float(rng.uniform(1.5, 20.0))
    return (low, high) if rng.uniform() < 0.5 else (high, low)


def _indefinite(rng: np.random.Generator, _: Changes) -> tuple[float, float]:
    return float(rng.uniform(0.3, 3.0)), -float(rng.uniform(0.1, 3.0))


def _gradient(rng: np.random.Generator, _: Changes) -> tuple[float, float]:
    aim, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 2.0)
    return float(size * np.cos(aim)), float(size * np.sin(aim))


def _pushed(sign: float) -> Any:
    """A gradient with ∇JᵀG⁻¹∇J of this sign: it is Ga for some a with aᵀGa of that sign."""

    def draw(rng: np.random.Generator, drawn: Changes) -> tuple[float, float]:
        metric = spd_matrix(drawn["eig"], drawn["turn"])
        while True:
            a = rng.uniform(-1.0, 1.0, 2)
            if sign * (a @ metric @ a) > 0.05:
                return tuple((metric @ a).tolist())

    return draw


def _turned(off: tuple[float, float]) -> Any:
    """A gradient, and how many degrees it lies off the first axis of G."""

    def draw(rng: np.random.Generator, drawn: Changes) -> tuple[float, float]:
        aim = np.deg2rad(drawn["turn"] + rng.choice([-1, 1]) * rng.uniform(*off))
        size = rng.uniform(0.2, 2.0)
        return float(size * np.cos(aim)), float(size * np.sin(aim))

    return draw


TURN = between(-90.0, 90.0)
ANGLE = between(-180.0, 180.0)
ANY = {"eig": _eigenvalues, "turn": TURN, "gradient": _gradient, "angle": ANGLE}
"""Every positive definite G and every gradient."""
UNEVEN = {**ANY, "eig": _uneven, "gradient": _turned((20.0, 70.0))}
"""An ellipse that is not a circle, and a gradient along none of its axes."""
INDEFINITE = {**ANY, "eig": _indefinite}
SINGULAR = {"eig": lambda rng, _: (float(rng.uniform(0.3, 3.0)), 0.0), "turn": TURN}
MODELS = {"of": one_of("normal", "gamma", "logistic-regression"), "angle": ANGLE}


def _of(name: str) -> Scope:
    """A problem's own G and ∇J at its start: only the reader's direction is free."""
    return Scope({"of": one_of(name), "angle": ANGLE})


def _lambda(rng: np.random.Generator, _: Changes) -> tuple[float, float]:
    damping = float(np.exp(rng.uniform(np.log(0.01), 0.0)))
    return float(rng.uniform(0.5, 2.0)) + damping, damping


CLAIMS = {
    "half-axes": Claim(
        LONG,
        _half_axes(-0.5),
        Scope(ANY),
        false={"√γ": _half_axes(0.5), "1/γ": _half_axes(-1.0)},
        shows=("metric", "formula.given"),
    ),
    "tangent": Claim(
        LONG,
        _tangent(1.0),
        Scope(ANY),
        false={"at −a*": _tangent(-1.0)},
        shows=("metric", "natural"),
    ),
    "minimizer": Claim(
        LONG,
        _minimizer(_formula),
        Scope(ANY),
        false={
            "sign": _minimizer(lambda g, v: -_formula(g, v)),
            "G for G⁻¹": _minimizer(lambda g, v: -g @ v / np.sqrt(v @ g @ g @ g @ v)),
        },
        shows=("natural", "formula.best"),
    ),
    "round": Claim(
        ROUND,
        _round_is_gradient,
        Scope({"gradient": _gradient, "turn": TURN}),
        false={"up": _along(lambda _, gradient: gradient)},
        beyond=Scope(UNEVEN),
        shows=("natural", "gradient", "metric"),
    ),
    "scale": Claim(
        {"eig": (1.8, 27.0), "turn": 30.0},
        _larger_metric(3.0),
        Scope(ANY),
        false={"nine times smaller": _larger_metric(9.0)},
        shows=("metric", "natural"),
    ),
    "coordinates": Claim(
        LONG,
        _other_coordinates(lambda a, v: a @ v),
        Scope(ANY),
        false={"by Aᵀ": _other_coordinates(lambda a, v: a.T @ v)},
        shows=("metric", "natural"),
    ),
    "aligned": Claim(
        {**LONG, "angle": -147.0},
        _aligned(2.0),
        Scope(ANY),
        false={"without the 2": _aligned(1.0), "sign": _aligned(-2.0)},
        shows=("normal", "gradient", "formula.yours"),
    ),
    "off": Claim(
        {**LONG, "angle": -70.0},
        _off(1),
        Scope(ANY),
        false={"no neighbor is steeper": _off(-1)},
        shows=("normal", "gradient", "formula.yours"),
    ),
    "natural": Claim(
        {"of": "gamma", "angle": 120.0},
        _natural,
        Scope(MODELS),
        false={"along −∇J": _round_is_gradient},
        shows=("natural", "metric", "formula.best"),
    ),
    "same-kl": Claim(
        {"of": "normal", "angle": 120.0},
        _same_kl(0.5),
        Scope(MODELS),
        false={"ε²": _same_kl(1.0)},
        shows=("exact-kl", "metric"),
    ),
    "slower": Claim(
        {"of": "gamma", "angle": 120.0},
        _gradient_is_slower(1.8, 2.1),
        _of("gamma"),
        false={"as much": _gradient_is_slower(0.9, 1.1)},
        beyond=_of("normal"),
        shows=("natural", "gradient", "slope"),
    ),
    "hyperbola": Claim(
        OPEN,
        _unbounded("hyperbola"),
        Scope(INDEFINITE),
        false={"a strip": _unbounded("strip"), "along both branches": _unbounded_on_each},
        beyond=Scope(ANY),
        shows=("metric", "slope"),
    ),
    "worst": Claim(
        {**OPEN, "angle": -131.4},
        _of_its_branch(1.0),
        Scope({**INDEFINITE, "gradient": _pushed(1.0)}),
        false={"the steepest one": _of_its_branch(-1.0)},
        beyond=Scope({**INDEFINITE, "gradient": _pushed(-1.0)}),
        shows=("natural", "metric", "formula.best"),
    ),
    "hessian": Claim(
        {"of": "double-well", "angle": -150.0},
        _hessian_indefinite(0.57),
        _of("double-well"),
        false={"all the way to the wells": _hessian_indefinite(1.0)},
        shows=("metric", "formula.given"),
    ),
    "strip": Claim(
        STRIP,
        _free_direction,
        Scope({**SINGULAR, "gradient": _turned((10.0, 80.0))}),
        beyond=Scope({**SINGULAR, "gradient": _turned((0.0, 0.0))}),
        shows=("metric", "slope", "formula.given"),
    ),
    "fisher-strip": Claim(
        FISHER_STRIP,
        _level_along_the_strip,
        Scope({**SINGULAR, "gradient": _turned((0.0, 0.0))}),
        beyond=Scope({**SINGULAR, "gradient": _turned((10.0, 80.0))}),
        shows=("metric", "gradient", "slope"),
    ),
    "damped": Claim(
        {"eig": (1.2, 0.2), "turn": 60.0},
        _damped("ball"),
        Scope({"eig": _lambda, "turn": TURN, "gradient": _gradient}),
        false={"still a strip": _damped("strip")},
        shows=("metric", "natural"),
    ),
    "squared": Claim(
        LONG,
        _squared_length(4.0),
        Scope(ANY),
        false={"2": _squared_length(2.0)},
        shows=("you", "formula.yours"),
    ),
    "sign": Claim(
        {**LONG, "angle": 33.0},
        _both_ends(1.0),
        Scope(ANY),
        false={"ν > 0": _both_ends(-1.0)},
        shows=("you", "normal", "gradient", "formula.yours"),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("minimizer",),
    "question.bent": Claim(
        {"eig": (4.0, 0.25), "turn": 20.0, "gradient": (1.0, 0.5)},
        _leans(0),
        Scope(UNEVEN),
        false={"the short axis": _leans(1)},
    ),
    "question.opened": ("hyperbola",),
    "preset.a-bent-ball": Claim({}, _leans(0), Scope(UNEVEN), false={"the short axis": _leans(1)}),
    "preset.a-round-ball": ("round",),
    "preset.find-it-yourself": ("aligned", "sign"),
    "preset.the-natural-gradient": Claim(
        {"of": "gamma"}, _correlated(0.85), _of("gamma"), beyond=_of("normal")
    ),
    "preset.nearly-singular": Claim(
        {"eig": (1.0, 0.06), "turn": 60.0, "gradient": (0.9, -0.1)},
        _near_the_long_axis(6.0),
        Scope({"turn": TURN, "gradient": _turned((35.0, 80.0))}),
        false={"within one degree": _near_the_long_axis(1.0)},
        beyond=Scope({"eig": one_of((1.0, 0.6)), "turn": TURN, "gradient": _turned((35.0, 80.0))}),
    ),
    "preset.a-strip": ("strip",),
    "preset.a-hyperbola": ("hyperbola",),
    "preset.a-hessian-is-no-metric": ("hessian",),
}
"""What checks the lines that are not claims: the claims that they repeat, or a check of its own."""


QUESTIONS = {
    "bent": Question(
        {"eig": (4.0, 0.25), "turn": 20.0, "gradient": (1.0, 0.5)},
        _toward,
        hides=("preset.a-bent-ball", "preset.nearly-singular"),
    ),
    "opened": Question(OPEN, _where),
}
