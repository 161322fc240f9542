"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

import numpy as np

from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.policy.model import PLATEAU, Seen
from natgrad_lecture.lessons.policy.state import LATER


def _eta(seen: Seen) -> bool:
    """The long run of the chain, walked 4000 steps from each state, against the formula."""
    for theta in seen.some[:8]:
        p, q = seen.problem.policy(theta)
        shares = np.linalg.matrix_power(np.array([[1 - p, p], [q, 1 - q]]), 4000)
        formula = (q * (1 - p) + 2 * p * (1 - q)) / (p + q)
        if not np.allclose(
            [shares @ [1 - p, 2 * (1 - q)], [-seen.problem.loss(theta)] * 2], formula
        ):
            return False
    return True


def _best_return(seen: Seen) -> bool:
    """No policy of the window has 2 or more, and some come near."""
    eta = -seen.problem.loss(np.array([[0.0, -12.0], [3.0, -20.0], *seen.some]))
    return bool((eta < 2).all() and eta.max() > 2 - 1e-4)


def _weights(seen: Seen) -> bool:
    """∇η = F (natural gradient): each part times d_s π(1 − π)."""
    chances, shares = seen.problem.policy(seen.some), seen.problem.visits(seen.some)
    weighted = shares * chances * (1 - chances) * seen.raised(seen.some)
    return bool(np.allclose(-seen.problem.grad(seen.some), weighted))


def _third(seen: Seen) -> bool:
    """The sign of ∂η/∂θ₁ is that of 1 − 3q; the run begins by lowering p."""
    q = seen.problem.policy(seen.some)[:, 1]
    signs = np.sign(-seen.problem.grad(seen.some)[:, 0]) == np.sign(1 - 3 * q)
    begins = {name: seen.run(name).theta for name in ("gradient", "natural")}
    return bool(
        signs.all()
        and seen.problem.policy(seen.state.point)[1] > 1 / 3
        and all(theta[1, 0] < theta[0, 0] for theta in begins.values())
    )


def _stalls(seen: Seen) -> bool:
    """At the end gradient descent is still on the plateau; the natural run has long arrived."""
    arrived = seen.arrives("natural")
    plain = seen.run("gradient")
    return bool(
        arrived is not None
        and arrived < seen.state.steps / 3
        and seen.arrives("gradient") is None
        and abs(-plain.loss[-1] - 1) < PLATEAU
        and seen.on_plateau("gradient") > 3 * seen.on_plateau("natural")
    )


def _rarely(seen: Seen) -> bool:
    """The share of state 2 falls along the plain run, and with it ∂η/∂θ₂; nearly in proportion."""
    theta = seen.run("gradient").theta
    shares, slope = seen.problem.visits(theta)[:, 1], seen.problem.grad(theta)[:, 1]
    return bool(
        (np.diff(shares) < 0).all()
        and slope[-1] < 0.5 * slope[0]
        and np.ptp(slope / shares) < 0.5 * (slope / shares).max()
    )


def _closed_form(seen: Seen) -> bool:
    """F⁻¹∇η against ((1 − 3q), −(1 + 3p))/(p + q)."""
    p, q = seen.problem.policy(seen.some).T
    formula = np.stack([1 - 3 * q, -(1 + 3 * p)], -1) / (p + q)[:, None]
    return bool(np.allclose(seen.raised(seen.some), formula))


def _limit(seen: Seen) -> bool:
    """As p → 0 the plain part for θ₂ goes to 0 like p, the natural one to −1/q."""
    p, q = np.array([1e-3, 1e-4, 1e-5]), 0.6

    def logit(chance: Array | float) -> Array | float:
        return np.log(chance / (1 - chance))

    points = np.stack(np.broadcast_arrays(logit(p), logit(q)), -1)
    plain, natural = -seen.problem.grad(points)[:, 1], seen.raised(points)[:, 1]
    ratios = plain / p
    return bool(
        np.allclose(ratios, ratios[-1], rtol=0.02) and np.allclose(natural, -1 / q, rtol=0.01)
    )


def _path_fisher(seen: Seen) -> bool:
    """The Fisher matrix of two steps from the long run's state, counted over all four actions."""
    theta = seen.state.point
    chances, shares = seen.problem.policy(theta), seen.problem.visits(theta)
    total = np.zeros((2, 2))
    for first in (0, 1):
        for leaves in ((0, 0), (0, 1), (1, 0), (1, 1)):
            state, weight, score = first, shares[first], np.zeros(2)
            for leave in leaves:
                weight = weight * (chances[state] if leave else 1 - chances[state])
                score[state] += leave - chances[state]
                state = 1 - state if leave else state
            total += weight * np.outer(score, score)
    return bool(np.allclose(total / 2, seen.problem.fisher(theta)))


def _shorter(seen: Seen) -> bool:
    """The steps that gradient descent needs are in inverse proportion to its rate."""
    steps = [seen.arrives("gradient", times) for times in (10, 20, 40)]
    if None in steps:
        return False
    products = np.array([10, 20, 40]) * np.array(steps, float)
    return bool(np.ptp(products) < 0.1 * products.mean())


def _digs(seen: Seen) -> bool:
    """Ten times the rate, and p is lower still: the plateau is where the slope leads."""
    lowest = [seen.run("gradient", times).theta[-1, 0] for times in (1, 10)]
    return bool(lowest[1] < lowest[0] - 1 and seen.arrives("gradient", 10) is None)


def _adam(seen: Seen) -> bool:
    plain, adam, natural = (seen.arrives(name) for name in ("gradient", "adam", "natural"))
    return plain is None and adam is not None and natural is not None and natural < adam


def _runs_away(seen: Seen) -> bool:
    """θ grows to the end of the undamped run; with a little damping its steps become short."""
    bare, damped = (
        Seen(seen.state.with_(damping=damping)).run("natural") for damping in (0.0, 1e-4)
    )
    sizes = np.linalg.norm(bare.theta, axis=1)[len(bare.theta) // 2 :]
    last = [np.linalg.norm(np.diff(run.theta, axis=0)[-1]) for run in (bare, damped)]
    grows = bool((np.diff(sizes) > 0).all()) and last[0] > 10 * last[1]
    return bool(grows and damped.ok.all() and -damped.loss[-1] > 1.999)


def _first_of_p(seen: Seen) -> int:
    """0: p rises, 1: p falls, as the plain run begins."""
    theta = seen.run("gradient").theta[:, 0]
    return int(theta[1] < theta[0])


def _who_arrives(seen: Seen) -> int:
    """0: plain with ten times the rate, 1: natural, 2: neither."""
    first = {name: seen.arrives(name) for name in ("gradient", "natural")}
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
