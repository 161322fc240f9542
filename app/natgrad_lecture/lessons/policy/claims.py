"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

import numpy as np

from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.policy.model import PLATEAU, Model
from natgrad_lecture.lessons.policy.state import LATER


def _eta(model: Model) -> bool:
    """The long run of the chain, walked 4000 steps from each state, against the formula."""
    for theta in model.some[:8]:
        p, q = model.problem.policy(theta)
        shares = np.linalg.matrix_power(np.array([[1 - p, p], [q, 1 - q]]), 4000)
        formula = (q * (1 - p) + 2 * p * (1 - q)) / (p + q)
        if not np.allclose(
            [shares @ [1 - p, 2 * (1 - q)], [-model.problem.loss(theta)] * 2], formula
        ):
            return False
    return True


def _best_return(model: Model) -> bool:
    """No policy of the window has 2 or more, and some come near."""
    eta = -model.problem.loss(np.array([[0.0, -12.0], [3.0, -20.0], *model.some]))
    return bool((eta < 2).all() and eta.max() > 2 - 1e-4)


def _weights(model: Model) -> bool:
    """∇η = F (natural gradient): each part times d_s π(1 − π)."""
    chances, shares = model.problem.policy(model.some), model.problem.visits(model.some)
    weighted = shares * chances * (1 - chances) * model.raised(model.some)
    return bool(np.allclose(-model.problem.grad(model.some), weighted))


def _third(model: Model) -> bool:
    """The sign of ∂η/∂θ₁ is that of 1 − 3q; the run begins by lowering p."""
    q = model.problem.policy(model.some)[:, 1]
    signs = np.sign(-model.problem.grad(model.some)[:, 0]) == np.sign(1 - 3 * q)
    begins = {name: model.run(name).theta for name in ("gradient", "natural")}
    return bool(
        signs.all()
        and model.problem.policy(model.state.point)[1] > 1 / 3
        and all(theta[1, 0] < theta[0, 0] for theta in begins.values())
    )


def _stalls(model: Model) -> bool:
    """At the end gradient descent is still on the plateau; the natural run has long arrived."""
    arrived = model.arrives("natural")
    descent = model.run("gradient")
    return bool(
        arrived is not None
        and arrived < model.state.steps / 3
        and model.arrives("gradient") is None
        and abs(-descent.loss[-1] - 1) < PLATEAU
        and model.on_plateau("gradient") > 3 * model.on_plateau("natural")
    )


def _rarely(model: Model) -> bool:
    """The share of state 2 falls along the plain run, and with it ∂η/∂θ₂; nearly in proportion."""
    theta = model.run("gradient").theta
    shares, slope = model.problem.visits(theta)[:, 1], model.problem.grad(theta)[:, 1]
    return bool(
        (np.diff(shares) < 0).all()
        and slope[-1] < 0.5 * slope[0]
        and np.ptp(slope / shares) < 0.5 * (slope / shares).max()
    )


def _closed_form(model: Model) -> bool:
    """F⁻¹∇η against ((1 − 3q), −(1 + 3p))/(p + q)."""
    p, q = model.problem.policy(model.some).T
    formula = np.stack([1 - 3 * q, -(1 + 3 * p)], -1) / (p + q)[:, None]
    return bool(np.allclose(model.raised(model.some), formula))


def _limit(model: Model) -> bool:
    """As p → 0 the plain part for θ₂ goes to 0 like p, the natural one to −1/q."""
    p, q = np.array([1e-3, 1e-4, 1e-5]), 0.6

    def logit(chance: Array | float) -> Array | float:
        return np.log(chance / (1 - chance))

    points = np.stack(np.broadcast_arrays(logit(p), logit(q)), -1)
    descent, natural = -model.problem.grad(points)[:, 1], model.raised(points)[:, 1]
    ratios = descent / p
    return bool(
        np.allclose(ratios, ratios[-1], rtol=0.02) and np.allclose(natural, -1 / q, rtol=0.01)
    )


def _path_fisher(model: Model) -> bool:
    """The Fisher matrix of two steps from the long run's state, counted over all four actions."""
    theta = model.state.point
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
    return bool(np.allclose(total / 2, model.problem.fisher(theta)))


def _shorter(model: Model) -> bool:
    """The steps that gradient descent needs are in inverse proportion to its rate."""
    steps = [model.arrives("gradient", times) for times in (10, 20, 40)]
    if None in steps:
        return False
    products = np.array([10, 20, 40]) * np.array(steps, float)
    return bool(np.ptp(products) < 0.1 * products.mean())


def _digs(model: Model) -> bool:
    """Ten times the rate, and p is lower still: the plateau is where the slope leads."""
    lowest = [model.run("gradient", times).theta[-1, 0] for times in (1, 10)]
    return bool(lowest[1] < lowest[0] - 1 and model.arrives("gradient", 10) is None)


def _adam(model: Model) -> bool:
    descent, adam, natural = (model.arrives(name) for name in ("gradient", "adam", "natural"))
    return descent is None and adam is not None and natural is not None and natural < adam


def _runs_away(model: Model) -> bool:
    """θ grows to the end of the undamped run; with a little damping its steps become short."""
    bare, damped = (
        Model(model.state.with_(damping=damping)).run("natural") for damping in (0.0, 1e-4)
    )
    sizes = np.linalg.norm(bare.theta, axis=1)[len(bare.theta) // 2 :]
    last = [np.linalg.norm(np.diff(run.theta, axis=0)[-1]) for run in (bare, damped)]
    grows = bool((np.diff(sizes) > 0).all()) and last[0] > 10 * last[1]
    return bool(grows and damped.ok.all() and -damped.loss[-1] > 1.999)


def _first_of_p(model: Model) -> int:
    """0: p rises, 1: p falls, as the plain run begins."""
    theta = model.run("gradient").theta[:, 0]
    return int(theta[1] < theta[0])


def _who_arrives(model: Model) -> int:
    """0: plain with ten times the rate, 1: natural, 2: neither."""
    first = {name: model.arrives(name) for name in ("gradient", "natural")}
    there = {name: step for name, step in first.items() if step is not None}
    return ["gradient", "natural"].index(min(there, key=lambda n: there[n])) if there else 2


CLAIMS = {
    "eta": Claim({"k": 0}, _eta),
    "best": Claim({"k": 25, "rules": ["natural"]}, _best_return),
    "third": Claim({"k": 5}, _third),
    "weights": Claim({"k": 5}, _weights),
    "rarely": Claim({"rules": ["gradient"], "arrows": "gradient", "times": 10.0}, _rarely),
    "stalls": Claim({"k": 80}, _stalls),
    "closed": Claim({"k": 10, "rules": ["natural"]}, _closed_form),
    "limit": Claim({"k": 12}, _limit),
    "path": Claim({"k": 0, "rules": ["natural"]}, _path_fisher),
    "digs": Claim({"times": 10.0, "k": 80}, _digs),
    "shorter": Claim(LATER, _shorter),
    "adam": Claim({"rules": ["gradient", "natural", "adam"], "k": 60}, _adam),
    "away": Claim({"rules": ["natural"], "steps": 150, "k": 90}, _runs_away),
}


QUESTIONS = {
    "first": Question({"k": 1, "arrows": "gradient"}, _first_of_p),
    "ten": Question({"times": 10.0, "k": 30}, _who_arrives),
}
