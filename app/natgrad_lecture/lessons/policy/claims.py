"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Changes, Claim, Question
from natgrad_lecture.lessons.policy.model import PLATEAU, Model
from natgrad_lecture.lessons.policy.state import LATER, PLATEAU_SEEN, PRESETS
from natgrad_lecture.lessons.scope import Scope, box, log_between

Check = Callable[[Model], bool]


def _start(model: Model) -> Array:
    return np.array(model.state.point, float)


def _chances(model: Model) -> tuple[float, float]:
    p, q = model.problem.policy(_start(model))
    return float(p), float(q)


def _slope(model: Model) -> Array:
    """∇ρ at the start."""
    return np.asarray(-model.problem.grad(_start(model)), np.float64)


def _raised(model: Model) -> Array:
    """F⁻¹∇ρ at the start."""
    return np.asarray(model.raised(_start(model)[None])[0], np.float64)


def _eta(formula: Callable[[float, float], float]) -> Check:
    """The long run of the chain, walked 2³⁰ steps from each state, against a formula."""

    def check(model: Model) -> bool:
        p, q = _chances(model)
        walked = np.array([[1 - p, p], [q, 1 - q]])
        for _ in range(30):
            walked = walked @ walked
            walked /= walked.sum(1, keepdims=True)
        found = walked @ [1 - p, 2 * (1 - q)]
        return bool(np.allclose(found, formula(p, q)))

    return check


def _best(limit: tuple[float, float]) -> Check:
    """ρ is below 2 here, and tends to 2 as θ goes this method without end."""

    def check(model: Model) -> bool:
        method = np.linspace(0, 40, 9)[:, None] * np.array(limit)
        eta = -np.asarray(model.problem.loss(_start(model) + method), float)
        return bool(eta[0] < 2 and abs(eta[-1] - 2) < 1e-9)

    return check


def _third(sign: float) -> Check:
    """∂ρ/∂θ₁ has the sign of 1 − 3q, and with q > ⅓ both runs begin by lowering p."""

    def check(model: Model) -> bool:
        _, q = _chances(model)
        begins = [model.run(name, steps=1).theta[:, 0] for name in ("gradient", "natural")]
        lowers = all(sign * (theta[1] - theta[0]) < 0 for theta in begins)
        return bool(np.sign(_slope(model)[0]) == sign * np.sign(1 - 3 * q) and lowers)

    return check


def _weights(weight: Callable[[Array], Array]) -> Check:
    """The two components of ∇ρ, as the page writes them."""

    def check(model: Model) -> bool:
        p, q = _chances(model)
        d = weight(np.asarray(model.problem.visits(_start(model)), np.float64))
        formula = np.array([p * (1 - p) * (1 - 3 * q), -q * (1 - q) * (1 + 3 * p)]) / (p + q)
        return bool(np.allclose(_slope(model), d * formula))

    return check


def _rarely(sign: float) -> Check:
    """Along gradient descent's run p falls, and with it the size of ∂ρ/∂θ₂."""

    def check(model: Model) -> bool:
        theta = model.run("gradient").theta
        p, slope = model.problem.policy(theta)[:, 0], model.problem.grad(theta)[:, 1]
        return bool((np.diff(p) < 0).all() and (sign * np.diff(slope) < 0).all())

    return check


def _stalls(model: Model) -> bool:
    """At the end gradient descent is still on the plateau; the natural run has long arrived."""
    arrived = model.arrives("natural")
    descent = model.run("gradient")
    return bool(
        arrived is not None
        and arrived < model.state.steps / 2
        and model.arrives("gradient") is None
        and abs(-descent.loss[-1] - 1) < PLATEAU
    )


def _closed(formula: Callable[[float, float], tuple[float, float]]) -> Check:
    """F = diag(d_s π_s (1 − π_s)), and F⁻¹∇ρ against a formula."""

    def check(model: Model) -> bool:
        chances = np.array(_chances(model))
        diagonal = model.problem.visits(_start(model)) * chances * (1 - chances)
        same = np.allclose(model.problem.fisher(_start(model)), np.diag(diagonal))
        return bool(same and np.allclose(_raised(model), formula(*chances)))

    return check


def _natural(p: float, q: float) -> tuple[float, float]:
    return (1 - 3 * q) / (p + q), -(1 + 3 * p) / (p + q)


def _limit(natural: Callable[[float], float]) -> Check:
    """As p → 0 the gradient's component for θ₂ goes to 0 like p, the natural one to a limit."""

    def check(model: Model) -> bool:
        _, q = _chances(model)
        logits = np.log([1e-6, 1e-7])
        points = np.stack([logits, np.full(2, _start(model)[1])], -1)
        descent, raised = -model.problem.grad(points)[:, 1], model.raised(points)[:, 1]
        return bool(
            np.isclose(descent[0] / descent[1], 10, rtol=0.01)
            and np.isclose(raised[1], natural(q), rtol=0.01)
        )

    return check


def _path_fisher(actions: float) -> Check:
    """The Fisher matrix of two steps from the long run's state, over all four actions."""

    def check(model: Model) -> bool:
        theta = _start(model)
        chances, shares = model.problem.policy(theta), model.problem.visits(theta)
        total = np.zeros((2, 2))
        for first in (0, 1):
            for leaves in ((0, 0), (0, 1), (1, 0), (1, 1)):
                state, weight, score = first, shares[first], np.zeros(2)
                for leave in leaves:
                    weight = weight * (chances[state] if leave else 1 - chances[state])
                    score[state] += leave - chances[state]
                    state = 1 - state if leave else state
                total += weight * np.outer(score, score)
        return bool(np.allclose(total / actions, model.problem.fisher(theta)))

    return check


def _in_proportion(power: float) -> Check:
    """The steps that gradient descent needs fall as the rate to this power."""

    def check(model: Model) -> bool:
        steps = [model.arrives("gradient", times, 2000) for times in (10, 20, 40)]
        if None in steps:
            return False
        found = np.array(steps, float) * np.array([10.0, 20.0, 40.0]) ** power
        return bool(np.ptp(found) < 0.2 * found.mean())

    return check


def _still_slow(least: int) -> Check:
    """At a hundred times the rate it needs more than ``least`` steps, natural at most thirty."""

    def check(model: Model) -> bool:
        descent, natural = (
            model.arrives("gradient", 100.0, 2000),
            model.arrives("natural", None, 100),
        )
        late = descent is None or descent > least
        return late and natural is not None and natural <= 30

    return check


def _order(*names: str) -> Check:
    """They arrive in this order within the steps shown, and gradient descent does not."""

    def check(model: Model) -> bool:
        found = [model.arrives(name) for name in names]
        if any(step is None for step in found) or model.arrives("gradient") is not None:
            return False
        return bool((np.diff([float(step or 0) for step in found]) > 0).all())

    return check


def _grows(undamped: bool) -> Check:
    """θ grows to the end of the undamped run; with a little damping its last step is short."""

    def check(model: Model) -> bool:
        runs = [Model(model.state.with_(damping=damping)).run("natural") for damping in (0.0, 1e-4)]
        bare, damped = runs if undamped else runs[::-1]
        sizes = np.linalg.norm(bare.theta, axis=1)[len(bare.theta) // 2 :]
        last = [np.linalg.norm(np.diff(run.theta, axis=0)[-1]) for run in (bare, damped)]
        return bool((np.diff(sizes) > 0).all() and last[0] > 10 * last[1] and damped.ok.all())

    return check


def _moved(name: str) -> Check:
    """After the steps shown ρ has changed by less than a tenth."""
    return lambda model: bool(np.ptp(model.run(name).loss) < 0.1)


def _no_plateau(model: Model) -> bool:
    """Gradient descent is within a tenth of ρ = 1 for three steps at most, and then arrives."""
    return model.on_plateau("gradient") <= 3 and model.arrives("gradient") is not None


def _first_of_p(model: Model) -> int:
    """0: p rises, 1: p falls, as the descent run begins."""
    theta = model.run("gradient").theta[:, 0]
    return int(theta[1] < theta[0])


def _adam_leaves(model: Model) -> int:
    """0: Adam does not arrive in the run's steps, 1: before the natural run, 2: after it."""
    adam, natural = model.arrives("adam"), model.arrives("natural")
    if adam is None:
        return 0
    return 1 if natural is None or adam < natural else 2


def _logits(low: tuple[float, float], high: tuple[float, float]) -> Any:
    """A start by its chances p and q of leaving."""
    draw = box(low, high)

    def of(rng: np.random.Generator, drawn: Changes) -> tuple[float, ...]:
        chances = np.array(draw(rng, drawn))
        return tuple(float(v) for v in np.log(chances / (1 - chances)))

    return of


LOW: Changes = {"start": (-2.9444, -1.3863)}
"""p = 0.05 and q = 0.2: a policy that mostly stays in the second state."""
ANY = {"start": box((-6.0, -6.0), (3.0, 3.0))}
"""Any policy of the window."""
MUCH = {"start": _logits((0.02, 0.4), (0.5, 0.95)), "rate": log_between(0.01, 0.2)}
"""Policies that leave the second state with a chance above a third."""
LITTLE = {"start": _logits((0.02, 0.02), (0.5, 0.3)), "rate": log_between(0.01, 0.2)}
NEAR_START = {"start": _logits((0.04, 0.8), (0.06, 0.85)), "rate": log_between(0.08, 0.12)}
"""Starts and rates near those of the page."""
TEN = {**NEAR_START, "rate": log_between(0.08, 0.1)}

CLAIMS = {
    "eta": Claim(
        {"k": 0},
        _eta(lambda p, q: (q * (1 - p) + 2 * p * (1 - q)) / (p + q)),
        Scope(ANY),
        false={
            "states swapped": _eta(lambda p, q: (p * (1 - p) + 2 * q * (1 - q)) / (p + q)),
            "moving pays, too": _eta(lambda p, q: (q + 2 * p) / (p + q)),
        },
        shows=("formula.policy",),
    ),
    "best": Claim(
        {"k": 25, "rules": ["natural"]},
        _best((1.0, -1.0)),
        Scope(ANY),
        false={"move always": _best((1.0, 1.0)), "stay in the first": _best((-1.0, 0.0))},
        shows=("natural",),
    ),
    "third": Claim(
        {"k": 5},
        _third(1.0),
        Scope(MUCH),
        false={"p increases": _third(-1.0)},
        beyond=Scope(LITTLE),
        shows=("gradient", "natural"),
    ),
    "weights": Claim(
        {"k": 5},
        _weights(lambda d: d),
        Scope(ANY),
        false={"unweighted": _weights(np.ones_like), "swapped": _weights(lambda d: d[::-1])},
        shows=("formula.policy", "formula.gradients"),
    ),
    "rarely": Claim(
        {"rules": ["gradient"], "arrows": "gradient", "times": 10.0},
        _rarely(1.0),
        Scope(TEN),
        false={"it increases": _rarely(-1.0)},
        beyond=Scope(LITTLE),
        shows=("gradient",),
    ),
    "stalls": Claim(
        {"k": 80},
        _stalls,
        Scope(TEN),
        beyond=Scope({"start": box((-1.0, -1.0), (1.0, 1.0))}),
        shows=("gradient", "natural", "level"),
    ),
    "closed": Claim(
        {"k": 10, "rules": ["natural"]},
        _closed(_natural),
        Scope(ANY),
        false={
            "sign": _closed(lambda p, q: (_natural(p, q)[0], -_natural(p, q)[1])),
            "unweighted p, q": _closed(lambda p, q: (1 - 3 * q, -(1 + 3 * p))),
        },
        shows=("natural", "formula.gradients"),
    ),
    "limit": Claim(
        {"k": 12},
        _limit(lambda q: -1 / q),
        Scope(ANY),
        false={"to −1": _limit(lambda q: -1.0), "to 0": _limit(lambda q: 0.0)},
        shows=("natural", "formula.gradients"),
    ),
    "path": Claim(
        {"k": 0, "rules": ["natural"]},
        _path_fisher(2.0),
        Scope(ANY),
        false={"of the whole path": _path_fisher(1.0)},
        shows=("formula.gradients",),
    ),
    "digs": Claim(
        PLATEAU_SEEN,
        _still_slow(200),
        Scope(NEAR_START),
        false={"over two thousand": _still_slow(2000)},
        beyond=Scope({"start": box((-1.0, -1.0), (1.0, 1.0))}),
        shows=("gradient", "natural", "level"),
    ),
    "shorter": Claim(
        LATER,
        _in_proportion(1.0),
        Scope({"start": box((-4.6, 0.3), (-4.0, 0.6)), "rate": log_between(0.08, 0.12)}),
        false={"to its square": _in_proportion(2.0), "not at all": _in_proportion(0.0)},
        shows=("gradient", "level"),
    ),
    "adam": Claim(
        {"rules": ["gradient", "natural", "adam"], "k": 60},
        _order("natural", "adam"),
        Scope(TEN),
        false={"sooner": _order("adam", "natural")},
        beyond=Scope({"start": box((-1.0, -1.0), (1.0, 1.0))}),
        shows=("adam", "natural"),
    ),
    "away": Claim(
        {"rules": ["natural"], "steps": 150, "k": 90},
        _grows(undamped=True),
        Scope({"start": _logits((0.04, 0.5), (0.3, 0.85)), "rate": log_between(0.08, 0.12)}),
        false={"the damped run": _grows(undamped=False)},
        shows=("natural",),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("weights", "closed"),
    "question.first": Claim(
        {**LOW, "k": 1},
        lambda model: _first_of_p(model) == 0,
        Scope({"start": _logits((0.02, 0.05), (0.5, 0.32))}),
        beyond=Scope({"start": _logits((0.02, 0.35), (0.5, 0.9))}),
    ),
    "question.adam": ("adam",),
    "preset.the-plateau": ("stalls",),
    "preset.the-whole-plateau": ("digs",),
    "preset.the-plain-field": ("third", "rarely"),
    "preset.at-one-rate": Claim(
        PRESETS["at-one-rate"],
        _moved("gradient"),
        Scope(TEN),
        false={"nor does the natural run": _moved("natural")},
    ),
    "preset.plain-leaves-at-last": ("shorter",),
    "preset.undecided": Claim(
        PRESETS["undecided"],
        _no_plateau,
        Scope({"start": box((-0.2, -0.2), (0.2, 0.2))}),
        beyond=Scope(TEN),
    ),
    "preset.with-adam": ("adam",),
    "preset.a-little-damping": ("away",),
}
"""What checks the lines that are not claims."""


QUESTIONS = {
    "first": Question(
        {**LOW, "k": 1, "arrows": "gradient"}, _first_of_p, hides=("formula.gradients",)
    ),
    "adam": Question(PRESETS["with-adam"], _adam_leaves),
}
