"""The gain of one step with the Fisher matrix, and with its approximations.

A direction is −(G + λI)⁻¹∇J, G the whole Fisher matrix or something cheaper. Let M = F + λI measure
lengths and angles. Along any direction d the damped quadratic model of the loss falls by at most

    ½ (∇Jᵀd)²/(dᵀM d) = cos²φ · ½ ∇JᵀM⁻¹∇J,

φ the angle, as M has it, between d and the exact step: by Cauchy and Schwarz, since
∇J = −M (exact step). So the angle gives the share of the predicted decrease that an approximation
keeps; ``gained`` gives the actual decrease of the loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from natgrad_core.nets import metrics as metric
from natgrad_core.nets.approximations import APPROXIMATIONS
from natgrad_core.nets.metrics import Metric, Operator
from natgrad_core.nets.problem import At
from natgrad_core.nets.small_steps import loss_and_kl

MATRICES: dict[str, Callable[[], Metric]] = {
    "exact": metric.exact,
    **APPROXIMATIONS,
    "euclidean": metric.euclidean,
    "empirical": lambda: metric.exact("empirical"),
}
"""The metrics of a step: the Fisher matrix, its approximations, the identity, the empirical F̂."""


@dataclass(frozen=True, eq=False)
class OneStep:
    """The best step along one direction: the change ``[p]`` and what it is worth, in nats."""

    change: Tensor
    angle: float
    """Between it and the exact step, as F + λI measures it, in degrees."""
    flat: float
    """The same with all parameters alike, as the identity measures it."""
    promise: float
    """The decrease that the damped quadratic model promises."""
    bend: float
    """δᵀFδ of the change: twice the KL that the model expects."""
    gained: float
    """The decrease of the loss; negative where it rises."""
    nats: float
    """KL(p_θ ‖ p_{θ+change}), mean over the examples."""


def operators(at: At, names: Iterable[str] = tuple(MATRICES)) -> dict[str, Operator]:
    """Return each matrix at one point, to be solved with for any λ.

    Args:
        at: The point.
        names: Which matrices.

    Returns:
        Operators by name.
    """
    found: dict[str, Operator] = {}
    for name in names:
        built = MATRICES[name]()
        found[name] = built.at(at, built.init(at.theta))[0]
    return found


def one_step(
    at: At,
    damping: float,
    names: Iterable[str] = tuple(MATRICES),
    built: Mapping[str, Operator] | None = None,
) -> dict[str, OneStep]:
    """Return one step with each matrix, each as long as the damped quadratic model likes.

    The length along d is α = −∇Jᵀd/dᵀ(F + λI)d, which is 1 for the exact matrix.

    Args:
        at: The point.
        damping: λ.
        names: Which matrices.
        built: The point's ``operators``, where they are kept while λ changes.

    Returns:
        The steps by name.

    Raises:
        SingularMetricError: If a matrix + λI has no inverse.
    """
    g = at.check().grad
    names = tuple(names)
    built = operators(at, {"exact", *names}) if built is None else built
    exact = -built["exact"].solve(g, damping)
    longest = -float(g @ exact)  # the exact step's square, as F + λI has it
    found: dict[str, OneStep] = {}
    for name in names:
        d = exact if name == "exact" else -built[name].solve(g, damping)
        pushed = at.tape.push(d)
        bend, slope = at.products([pushed])[0][0], float(g @ d)
        size = bend + damping * float(d @ d)
        rate = -slope / size
        change = rate * d
        rise, nats = loss_and_kl(at, change)
        found[name] = OneStep(
            change,
            _degrees(-slope / math.sqrt(size * longest)),
            _degrees(float(d @ exact) / float(d.norm() * exact.norm())),
            slope**2 / size / 2,
            rate**2 * bend,
            -rise,
            nats,
        )
    return found


def along(at: At, changes: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """Return J(θ + t δ) for each change δ and each share t.

    J(θ) − (1/N) Σₙ log p(yₙ | xₙ, θ + t δ)/p(yₙ | xₙ, θ): torch has no rule for a batch of
    cross-entropies, and would import sympy for one, while a reader waits.

    Args:
        at: The point θ.
        changes: The changes δ, ``[p]`` each.
        shares: The shares t.

    Returns:
        The losses, ``[changes, shares]``.
    """
    t = at.theta.new_tensor(shares)
    ahead = at.theta + t[:, None] * torch.stack(list(changes))[:, None]

    def log_prob(theta: Tensor) -> Tensor:
        return at.problem.log_prob(at.problem.y, theta).mean()

    gained = torch.func.vmap(log_prob)(ahead.flatten(0, 1)) - log_prob(at.theta)
    return at.loss - gained.view(len(changes), len(t))


def _degrees(cosine: float) -> float:
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))
