"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from natgrad_core import rules, run
from natgrad_core.charts.linear import Linear
from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Changes, Claim, Question
from natgrad_lecture.lessons.scope import Scope, between, box, log_between, one_of
from natgrad_lecture.lessons.singular.model import Model, run_of
from natgrad_lecture.lessons.singular.state import (
    ALL,
    DOWN,
    FAIR,
    MIXED,
    POORER,
    PRESETS,
)

Check = Callable[[Model], bool]

NEAR = 0.02
"""A distance from the saddle, or from the line a = b, at which the leading order decides."""


def _start(model: Model) -> Array:
    return np.array(model.state.point, float)


def _best(model: Model) -> float:
    """The product w₁w₂ of all minima: J is a parabola in it."""
    zero, one, two = model.problem.loss(np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]]))
    return float((zero - one) / (two - 2 * one + zero) + 0.5)


def _tangent(sign: float) -> Check:
    """F (w₁, ±w₂) = 0, and on the curve with this tangent J and the distribution stay the same."""

    def check(model: Model) -> bool:
        point, stretch = _start(model), np.array([0.5, 0.8, 1.25, 2.0])
        moved = point * np.stack([stretch, stretch**sign], -1)
        null = model.problem.fisher(point) @ (point * [1.0, sign])
        return bool(
            np.allclose(null, 0, atol=1e-9)
            and np.allclose(model.problem.loss(moved), model.problem.loss(point))
            and np.allclose(model.problem.kl(point, moved), 0, atol=1e-12)
        )

    return check


def _no_inverse(model: Model) -> bool:
    """F has rank one or less, and the undamped natural run makes no step."""
    rank = np.linalg.matrix_rank(model.problem.fisher(_start(model)), tol=1e-9)
    return bool(rank < 2 and not model.run("natural").ok[1])


def _product(share: float) -> Check:
    """The pseudo-inverse's step moves w₁w₂, to first order, by this part of α times its error."""

    def check(model: Model) -> bool:
        path = model.run("pseudo", steps=5)
        w, delta = path.theta[:-1], np.diff(path.theta, axis=0)
        moved = (w[:, ::-1] * delta).sum(1)
        error = share * model.state.rate * (_best(model) - w.prod(1))
        return bool(np.allclose(moved, error, rtol=1e-6, atol=1e-9))

    return check


def _step(model: Model, method: str, damping: float = 0.0, start: Array | None = None) -> Array:
    """The first step of a method, from here or from another start."""
    s = model.state
    begin = tuple(map(float, s.point if start is None else start))
    rate = s.gradient_rate or s.rate if method == "gradient" else s.rate
    return np.diff(run_of(s.problem, method, rate, damping, begin, 1).theta, axis=0)[0]


def _limit(method: str) -> Check:
    """The damped step comes ten times nearer to this one as λ becomes a tenth."""

    def check(model: Model) -> bool:
        exact = _step(model, method)
        far, near = (
            float(np.linalg.norm(_step(model, "damped", damping) - exact))
            for damping in (1e-6, 1e-7)
        )
        return bool(far / near > 9 if near else False)

    return check


def _no_part(along: float) -> Check:
    """No step has a part along (w₁, −w₂), the hyperbola's tangent; or along (w₁, w₂)."""

    def check(model: Model) -> bool:
        for method in ("gradient", "pseudo", "damped"):
            path = model.run(method, steps=5)
            w, delta = path.theta[:-1], np.diff(path.theta, axis=0)
            if not np.allclose((w * [1.0, along] * delta).sum(1), 0, atol=1e-9):
                return False
        return True

    return check


def _near(model: Model, distance: float = NEAR) -> Array:
    """A point at this distance from the saddle, on the line through the start."""
    point = _start(model)
    return point / np.linalg.norm(point) * distance


def _at_half(pseudo: float, gradient: float) -> Check:
    """How much longer both steps are at half the distance from the saddle."""

    def check(model: Model) -> bool:
        sizes = {
            method: [
                np.linalg.norm(_step(model, method, 0.0, _near(model, NEAR * d))) for d in (1, 0.5)
            ]
            for method in ("pseudo", "gradient")
        }
        found = [sizes[method][1] / sizes[method][0] for method in ("pseudo", "gradient")]
        return bool(np.allclose(found, [pseudo, gradient], rtol=0.01))

    return check


def _lingers(method: str, other: str) -> Check:
    """One method stays near the plateau five steps, and more than twice as long as another."""

    def check(model: Model) -> bool:
        long, short = model.lingers(method), model.lingers(other)
        return long >= 5 and long > 2 * short

    return check


def _bounded(rate: Callable[[float, float], float]) -> Check:
    """All steps obey the bound; near the saddle the damped one is gradient descent's, faster."""

    def check(model: Model) -> bool:
        s, path = model.state, model.run("damped")
        good = path.ok[1:]
        sizes = np.linalg.norm(np.diff(path.theta, axis=0), axis=1)[good]
        bound = s.rate * path.grad_norm[:-1][good] / s.damping
        point = _near(model)
        step, pseudo = (_step(model, method, s.damping, point) for method in ("damped", "pseudo"))
        descent = -rate(s.rate, s.damping) * model.problem.grad(point)
        alike = np.linalg.norm(step - descent) < 0.02 * np.linalg.norm(step)
        long = np.linalg.norm(pseudo) > 10 * np.linalg.norm(step)
        return bool((sizes <= bound * (1 + 1e-9)).all() and alike and long)

    return check


def _apart_at_the_end(model: Model, rate: float) -> float:
    """How far apart gradient descent and the pseudo-inverse end, infinite if not in minima."""
    ends = [model.run(method, rate=rate, steps=600).theta[-1] for method in ("gradient", "pseudo")]
    there = np.allclose(np.prod(ends, 1), _best(model), atol=1e-3)
    return float(np.linalg.norm(ends[1] - ends[0])) if there else np.inf


def _elsewhere(power: float) -> Check:
    """They end apart, and 2 to this power times less at half the rate, nearly."""

    def check(model: Model) -> bool:
        far, near = (_apart_at_the_end(model, model.state.rate / part) for part in (1, 2))
        return bool(0.005 < far < 1 and abs(np.log2(far / near) - power) < 0.5)

    return check


def _parting(model: Model) -> Array:
    """The direction that moves the two components apart about their mean."""
    w = model.problem.weight
    return np.array([w, -(1 - w)])


def _line(model: Model) -> Array:
    """The point of the line a = b with the mean of the start."""
    w, (a, b) = model.problem.weight, _start(model)
    return np.full(2, (1 - w) * a + w * b)


def _parallel(power: float) -> Check:
    """F has rank one on the line, and off it KL grows with this power of the distance."""

    def check(model: Model) -> bool:
        line, apart = _line(model), _parting(model)
        fisher = model.problem.fisher(line)
        kl = [float(model.problem.kl(line, line + d * apart)) for d in (0.4, 0.2)]
        return bool(
            np.allclose(fisher @ apart, 0, atol=1e-8)
            and np.linalg.eigvalsh(fisher)[1] > 0.1
            and abs(np.log2(kl[0] / kl[1]) - power) < 0.3
        )

    return check


def _beside(model: Model) -> Array:
    """Points beside the line, with the mean of the start, at falling distances, ``[3, 2]``."""
    return _line(model) + np.array([[1.0], [0.5], [0.25]]) * NEAR * _parting(model)


def _square(power: float) -> Check:
    """At half the distance from the line F's small eigenvalue is 2 to this power less."""

    def check(model: Model) -> bool:
        small = np.linalg.eigvalsh(model.problem.fisher(_beside(model)))[:, 0]
        return bool(np.allclose(small[:-1] / small[1:], 2.0**power, rtol=0.02))

    return check


def _falls(gradient: float, natural: float) -> Check:
    """At half the distance: the part of ∇J that moves the two apart, and F⁻¹∇J."""

    def check(model: Model) -> bool:
        points = _beside(model)
        slope = model.problem.grad(points)
        raised = np.linalg.solve(model.problem.fisher(points), slope[..., None])[..., 0]
        part, size = slope @ _parting(model), np.linalg.norm(raised, axis=-1)
        return bool(
            np.allclose(part[1:] / part[:-1], gradient, rtol=0.03)
            and np.allclose(size[1:] / size[:-1], natural, rtol=0.05)
        )

    return check


def _wide(model: Model) -> float:
    return float(np.ptp(np.asarray(model.problem.view)[0]))


def _diverges(method: str) -> Check:
    """The first undamped step is over a quarter of the picture; this method's run stays in it."""

    def check(model: Model) -> bool:
        first = float(np.linalg.norm(_step(model, "natural")))
        path = model.run(method)
        inside = path.ok.all() and np.abs(path.theta).max() < _wide(model) / 2
        # On the line itself F has no inverse, and there is no step that could be long.
        return bool(_wide(model) / 4 < first < np.inf and inside)

    return check


def _ends(order: tuple[str, ...]) -> Check:
    """The losses at the ends rise in this order, and the last is above that of the start."""

    def check(model: Model) -> bool:
        losses = [model.run(method, steps=200).loss[-1] for method in order]
        return bool(
            (np.diff(losses) > 0.03).all() and losses[-1] > model.problem.loss(_start(model))
        )

    return check


def _zero_at_origin(rank: int) -> Check:
    """F has this rank at the start, and is zero at the origin."""

    def check(model: Model) -> bool:
        found = np.linalg.matrix_rank(model.problem.fisher(_start(model)), tol=1e-9)
        return bool(found == rank and not model.problem.fisher((0.0, 0.0)).any())

    return check


def _in_coordinates(matrix: Array) -> Check:
    """A step with F⁺ made in x and mapped back, θ = Ax, is another one than that made in θ."""

    def check(model: Model) -> bool:
        chart, rule = Linear(matrix), rules["natural"](model.state.rate, singular="pseudo-inverse")
        x = chart.inverse(_start(model))
        there = run(model.problem.through(chart), rule, x, 1).in_theta[1]
        step = _step(model, "pseudo")
        return bool(np.linalg.norm(there - _start(model) - step) > 1e-3 * np.linalg.norm(step))

    return check


def _what_bare_does(model: Model) -> int:
    """0: arrives, 1: stops, 2: goes on for ever."""
    bare = model.run("natural")
    if not bare.ok.all():
        return 1
    return 0 if bare.loss[-1] < model.level else 2


def _who_lingers(model: Model) -> int:
    """Which of plain, pseudo-inverse, damped is the longest on the plateau."""
    return int(np.argmax([model.lingers(method) for method in ("gradient", "pseudo", "damped")]))


def _arrives(model: Model, method: str) -> int:
    """The first step at which a run has lost all but a hundredth of the plateau's height."""
    path = model.run(method, steps=150)
    lowest = float(np.nanmin(path.loss))
    return int(np.argmax(path.loss < lowest + 0.01 * (model.level - lowest)))


def _same_as(method: str) -> Check:
    """The damped run is as long on the plateau as this one, up to three steps."""
    return lambda model: bool(abs(model.lingers("damped") - model.lingers(method)) <= 3)


def _side_by_side(method: str) -> Check:
    """Away from the saddle the damped run is within a hundredth of this one, all along."""

    def check(model: Model) -> bool:
        runs = [model.run(each, steps=30).theta for each in ("damped", method)]
        return bool(np.linalg.norm(runs[0] - runs[1], axis=1).max() < 0.05)

    return check


def _eigenvalues(model: Model) -> bool:
    """One eigenvalue of F is zero all along; the other one dips near the saddle."""
    small, large = model.eigenvalues(model.run("pseudo")).T
    return bool((small <= 1e-12 * large.max()).all() and large.min() < 0.2 * large[0])


def _first_is_not_best(model: Model) -> bool:
    """The damped run leaves the plateau sooner, and ends higher, than gradient descent."""
    sooner = _leaves(model, "damped") < _leaves(model, "gradient")
    ends = [model.run(method, steps=200).loss[-1] for method in ("gradient", "damped")]
    return bool(sooner and ends[0] < ends[1] - 0.03)


def _leaves(model: Model, method: str) -> int:
    """The first step at which a run is below the plateau."""
    return int(np.argmax(model.run(method, steps=200).loss < model.level - 0.02))


def _to_the_saddle(rng: np.random.Generator, _: Changes) -> tuple[float, float]:
    """A start so near the line w₁ = −w₂ that gradient descent comes near the saddle."""
    far = float(rng.uniform(1.3, 1.65)) * float(rng.choice([-1, 1]))
    return far, -far + float(np.sign(far)) * float(rng.uniform(0.004, 0.012))


def _beside_line(low: float, high: float) -> Any:
    """A start of the mixture beside the line a = b, its mean near that of the data."""

    def draw(rng: np.random.Generator, _: Changes) -> tuple[float, float]:
        mean, off = rng.uniform(-0.4, -0.1), rng.uniform(low, high)
        return float(mean - off / 2), float(mean + off / 2)

    return draw


def _right_of_the_data(rng: np.random.Generator, _: Changes) -> tuple[float, float]:
    """A start from which the undamped step ends on the far plateau."""
    mean, off = rng.uniform(0.37, 0.5), rng.uniform(0.036, 0.049)
    return float(mean + off / 2), float(mean - off / 2)


def _on_the_diagonal(rng: np.random.Generator, _: Changes) -> tuple[float, float]:
    """A start that both ways leave along the diagonal: w₁ = w₂."""
    weight = float(rng.uniform(0.3, 2.0))
    return weight, weight


ANYWHERE = {"start": box((-2.3, -2.3), (2.3, 2.3)), "rate": log_between(0.01, 0.1)}
"""Any start in the window of the net."""
OUTWARD = {"start": box((1.0, -0.8), (2.3, -0.2)), "rate": log_between(0.02, 0.1)}
"""Starts away from the origin and from the lines w₁ = ±w₂."""
TO_SADDLE = {"start": _to_the_saddle}
COMMON = {"start": box((-1.5, -1.5), (1.5, 1.5))}
"""Starts of the mixture, of which only the common mean counts."""
OFF_CENTER = {"start": box((-0.6, -0.6), (0.3, 0.3))}
"""Common means near that of the data: there the loss is a saddle in the parting direction."""
BESIDE = {"start": _beside_line(0.03, 0.06), "damping": between(0.08, 0.15)}

CLAIMS = {
    "tangent": Claim(
        {"rules": ["gradient"], **DOWN, "k": 2},
        _tangent(-1.0),
        Scope(ANYWHERE),
        false={"along (w₁, w₂)": _tangent(1.0)},
        beyond=Scope({"problem": one_of("mixture"), "start": box((-2, -2), (2, 2))}),
        shows=("singular", "gradient", "formula.fisher"),
    ),
    "no-inverse": Claim(
        {"rules": ["natural"], "k": 0},
        _no_inverse,
        Scope(ANYWHERE),
        beyond=Scope({"problem": one_of("mixture"), "start": box((-2, -2), (2, 2))}),
        shows=("formula.fisher",),
    ),
    "product": Claim(
        {"rules": ["pseudo"], **DOWN, "k": 10},
        _product(1.0),
        Scope(ANYWHERE),
        false={"by twice that": _product(2.0), "sign": _product(-1.0)},
        shows=("pseudo",),
    ),
    "limit": Claim(
        {"rules": ["pseudo", "damped"], **DOWN, "damping": 0.02, "k": 5},
        _limit("pseudo"),
        Scope({**OUTWARD}),
        false={"gradient descent's": _limit("gradient")},
        shows=("pseudo", "damped"),
    ),
    "sideways": Claim(
        {"rules": ["gradient", "pseudo", "damped"], **DOWN, "k": 3},
        _no_part(-1.0),
        Scope({**ANYWHERE, "damping": log_between(0.01, 1.0)}),
        false={"orthogonal to (w₁, w₂)": _no_part(1.0)},
        shows=("gradient", "pseudo", "damped"),
    ),
    "origin": Claim(
        {"start": (0.08, -0.05), "k": 1, "graph": "eigenvalues"},
        _at_half(2.0, 0.5),
        Scope(ANYWHERE),
        false={"the other method round": _at_half(0.5, 2.0)},
        shows=("pseudo", "formula.fisher"),
    ),
    "lingers": Claim(
        {"k": 12},
        _lingers("gradient", "pseudo"),
        Scope(TO_SADDLE),
        false={"the pseudo-inverse": _lingers("pseudo", "gradient")},
        beyond=Scope(OUTWARD),
        shows=("gradient", "pseudo"),
    ),
    "bounded": Claim(
        {"k": 20},
        _bounded(lambda rate, damping: rate / damping),
        Scope({**ANYWHERE, "damping": log_between(0.05, 1.0)}),
        false={"with the same rate": _bounded(lambda rate, _: rate)},
        shows=("pseudo", "damped"),
    ),
    "elsewhere": Claim(
        {**DOWN, "k": 100},
        _elsewhere(1.0),
        Scope({"start": box((1.8, -0.6), (2.3, -0.2)), "rate": between(0.05, 0.1)}),
        false={"however small the rate": _elsewhere(0.0)},
        beyond=Scope({"start": _on_the_diagonal}),
        shows=("gradient", "pseudo"),
    ),
    "parallel": Claim(
        {**MIXED, "k": 20},
        _parallel(4.0),
        Scope(COMMON),
        false={"KL of second order": _parallel(2.0)},
        shows=("singular",),
    ),
    "square": Claim(
        {**MIXED, "graph": "eigenvalues", "k": 10},
        _square(2.0),
        Scope(COMMON),
        false={"to a − b": _square(1.0), "to its fourth power": _square(4.0)},
        shows=("singular", "damped", "formula.fisher"),
    ),
    "falls": Claim(
        {**MIXED, "k": 10},
        _falls(0.5, 2.0),
        Scope(OFF_CENTER),
        false={"F⁻¹∇J falls, too": _falls(0.5, 0.5), "as 1/(a − b)²": _falls(0.5, 4.0)},
        shows=("singular", "gradient", "formula.fisher"),
    ),
    "mixture-lingers": Claim(
        {**MIXED, "k": 25},
        _lingers("gradient", "damped"),
        Scope(BESIDE),
        false={"the damped run": _lingers("damped", "gradient")},
        beyond=Scope({"start": box((-2.5, 0.5), (-0.5, 2.5))}),
        shows=("gradient", "singular"),
    ),
    "thrown": Claim(
        {**MIXED, "rules": ["natural", "damped"], "k": 1},
        _diverges("damped"),
        Scope(BESIDE),
        false={"the undamped run stays in it": _diverges("natural")},
        beyond=Scope({"start": box((-2.5, 0.5), (-0.5, 2.5))}),
        shows=("natural", "damped"),
    ),
    "everywhere": Claim(
        {"graph": "eigenvalues", "k": 12},
        _zero_at_origin(1),
        Scope(ANYWHERE),
        false={"rank two": _zero_at_origin(2)},
        shows=("singular", "formula.fisher"),
    ),
    "pseudo-depends": Claim(
        {"rules": ["pseudo"], **DOWN, "k": 1},
        _in_coordinates(np.diag([2.0, 1.0])),
        Scope(ANYWHERE),
        false={"after a rotation, too": _in_coordinates(np.array([[0.6, -0.8], [0.8, 0.6]]))},
        shows=("pseudo",),
    ),
    "worse": Claim(
        {**POORER, "rules": ["gradient", "natural", "damped"]},
        _ends(("gradient", "damped", "natural")),
        Scope({"start": _right_of_the_data}),
        false={"the damped run ends lowest": _ends(("damped", "gradient", "natural"))},
        beyond=Scope({"start": box((-2.5, 0.5), (-0.5, 2.5))}),
        shows=("gradient", "damped"),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("no-inverse", "origin", "lingers"),
    "question.bare": ("tangent", "no-inverse"),
    "question.plateau": ("origin", "lingers", "bounded"),
    "preset.past-the-saddle": Claim(
        PRESETS["past-the-saddle"],
        lambda model: _who_lingers(model) == 0,
        Scope(TO_SADDLE),
        beyond=Scope({**TO_SADDLE, "gradient_rate": one_of(0.35), "damping": one_of(3.0)}),
    ),
    "preset.each-at-its-own-rate": Claim(
        FAIR,
        lambda model: bool(
            _arrives(model, "gradient") < 3 * _arrives(model, "pseudo")
            and _arrives(model, "gradient") < 3 * _arrives(model, "damped")
        ),
        Scope(TO_SADDLE),
        beyond=Scope({**TO_SADDLE, "gradient_rate": one_of(0.03)}),
    ),
    "preset.much-damping": Claim(
        PRESETS["much-damping"],
        _same_as("gradient"),
        Scope(TO_SADDLE),
        false={"as the pseudo-inverse": _same_as("pseudo")},
    ),
    "preset.eigenvalues-of-f": Claim(
        PRESETS["eigenvalues-of-f"], _eigenvalues, Scope(TO_SADDLE), beyond=Scope(OUTWARD)
    ),
    "preset.no-inverse": ("no-inverse",),
    "preset.down-the-side": Claim(
        PRESETS["down-the-side"],
        _side_by_side("pseudo"),
        Scope({"start": box((1.7, -0.8), (2.3, -0.2)), "damping": log_between(0.001, 0.1)}),
        false={"gradient descent, too": _side_by_side("gradient")},
    ),
    "preset.two-normals": ("mixture-lingers",),
    "preset.thrown-out": ("square", "thrown"),
    "preset.the-poorer-minimum": Claim(
        {**POORER, "rules": ALL},
        _first_is_not_best,
        Scope({"start": _right_of_the_data}),
        beyond=Scope(BESIDE),
    ),
}
"""What checks the lines that are not claims."""


QUESTIONS = {
    "bare": Question(
        {"rules": ["natural"], "k": 0}, _what_bare_does, hides=("preset.eigenvalues-of-f",)
    ),
    "plateau": Question(
        {"k": 0},
        _who_lingers,
        hides=(
            "preset.past-the-saddle",
            "preset.each-at-its-own-rate",
            "preset.much-damping",
            "preset.two-normals",
        ),
    ),
}
