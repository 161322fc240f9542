"""Laws of the change of the loss and of the KL: all digits are right, beside sixty digits."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from mpmath import mp, mpf
from torch import Tensor

from natgrad_core.nets import NetProblem
from natgrad_core.nets.any_module import net_of
from natgrad_core.nets.likelihood import (
    Bernoulli,
    Categorical,
    Gaussian,
    Likelihood,
    Poisson,
    Weighted,
)
from natgrad_core.nets.model import mlp
from natgrad_core.nets.problem import At
from natgrad_core.nets.small_steps import change_of_outputs, loss_and_kl, terms
from natgrad_core.nets.step_comparison import one_step

SIZES = (3, 4, 3)
N = 4

KINDS: dict[str, Likelihood] = {
    "classes": Categorical(),
    "shares of classes": Categorical(),
    "coins": Bernoulli(),
    "regression": Gaussian(0.7),
    "counts": Poisson(),
    "weighted": Weighted(Categorical(), torch.tensor([[0.5], [2.0], [1.0], [0.1]]).double()),
}


def _targets(kind: str, out: Tensor, generator: torch.Generator) -> Tensor:
    """Labels; of classes and coins those that the net is most sure of, so that J can be tiny."""
    if kind in ("classes", "weighted"):
        return out.argmax(1)
    if kind == "shares of classes":
        return out.softmax(1).square() / out.softmax(1).square().sum(1, keepdim=True)
    if kind == "coins":
        return (out > 0).double()
    if kind == "counts":
        return torch.poisson(out.exp(), generator=generator)
    return out + torch.randn(out.shape, generator=generator, dtype=torch.float64)


def _point(kind: str, sure: float, seed: int) -> At:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(N, SIZES[0], generator=generator, dtype=torch.float64)
    net = net_of(mlp(SIZES), x)
    theta = net.init(seed, torch.float64)
    theta = theta + 0.3 * torch.randn(len(theta), generator=generator, dtype=torch.float64)
    theta[-SIZES[1] * SIZES[2] - SIZES[2] :] *= sure  # the last layer
    y = _targets(kind, net.forward(theta, x), generator)
    return NetProblem(net, KINDS[kind], x, y).at(theta)


def _outputs(at: At, theta: list[Any]) -> list[list[Any]]:
    """The net's outputs in sixty digits."""
    found: list[list[Any]] = []
    for row in at.problem.x.tolist():
        h, i = [mpf(v) for v in row], 0
        for layer, (inner, out) in enumerate(pairwise(SIZES)):
            w, b = theta[i : i + inner * out], theta[i + inner * out : i + inner * out + out]
            i += inner * out + out
            z = [sum(w[o * inner + j] * h[j] for j in range(inner)) + b[o] for o in range(out)]
            h = [mp.tanh(v) for v in z] if layer < len(SIZES) - 2 else z
        found.append(h)
    return found


def _partition(kind: str, out: list[Any]) -> Any:
    """A of one example: its slope is the expected target."""
    if kind in ("classes", "weighted", "shares of classes"):
        return mp.log(sum(mp.exp(o) for o in out))
    if kind == "coins":
        return sum(mp.log(1 + mp.exp(o)) for o in out)
    if kind == "counts":
        return sum(mp.exp(o) for o in out)
    return sum(o * o for o in out) / 2 / mpf(0.7) ** 2


def _mean(kind: str, out: list[Any]) -> list[Any]:
    if kind in ("classes", "weighted", "shares of classes"):
        return [mp.exp(o - _partition(kind, out)) for o in out]
    if kind == "coins":
        return [1 / (1 + mp.exp(-o)) for o in out]
    if kind == "counts":
        return [mp.exp(o) for o in out]
    return [o / mpf(0.7) ** 2 for o in out]


def _due(at: At, kind: str, change: Tensor) -> tuple[float, float]:
    """The change of the loss and the KL, with sixty digits."""
    theta = [mpf(v) for v in at.theta.tolist()]
    ahead = [t + mpf(d) for t, d in zip(theta, change.tolist(), strict=True)]
    y = at.problem.y
    if y.ndim == 1:
        y = torch.nn.functional.one_hot(y, SIZES[-1])
    rise, kl = mpf(0), mpf(0)
    weighted = KINDS[kind]
    weights = weighted.weights[:, 0] if isinstance(weighted, Weighted) else torch.ones(N)
    pairs = zip(_outputs(at, theta), _outputs(at, ahead), y.tolist(), weights.tolist(), strict=True)
    for a, b, target, weight in pairs:
        d = [v - u for u, v in zip(a, b, strict=True)]
        partition = _partition(kind, b) - _partition(kind, a)
        unit = mpf(0.7) ** 2 if kind == "regression" else 1
        rise += weight * (
            partition - sum(mpf(t) / unit * v for t, v in zip(target, d, strict=True))
        )
        kl += weight * (partition - sum(m * v for m, v in zip(_mean(kind, a), d, strict=True)))
    return float(rise / N), float(kl / N)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sure", [1.0, 12.0])
@pytest.mark.parametrize("size", [1e-13, 1e-9, 1e-7, 1e-5, 1e-3, 0.1, 3.0])
def test_the_change_of_the_loss_and_the_kl_have_all_their_digits(
    kind: str, sure: float, size: float
) -> None:
    """Differences of losses had none where a net was sure of its labels or a step was small."""
    with mp.workdps(60):
        for seed in range(3):
            at = _point(kind, 1.0 if kind == "counts" else sure, seed)
            generator = torch.Generator().manual_seed(100 + seed)
            noise = torch.randn(len(at.theta), generator=generator, dtype=torch.float64)
            change = size * (noise if seed else -at.grad / at.grad.norm())
            rise, kl = loss_and_kl(at, change)
            due = _due(at, kind, change)
            assert kl >= 0
            assert kl == pytest.approx(due[1], rel=1e-8, abs=1e-300)
            rel = 1e-6 if kind in ("shares of classes", "coins") else 1e-8  # p − y, rounded
            assert rise == pytest.approx(due[0], rel=rel, abs=1e-300)


@pytest.mark.parametrize("damping", [1e-6, 1e-2, 1.0, 1e3, 1e8])
def test_a_small_step_gains_twice_its_promise_s_damped_part(damping: float) -> None:
    """With a large λ the step is −∇J/λ: the loss falls by ‖∇J‖²/λ, twice what is promised."""
    at = _point("classes", 12.0, 1)
    for step in one_step(at, damping, ("exact", "kfac", "euclidean")).values():
        assert step.nats >= 0
        assert step.nats == pytest.approx(step.bend / 2, rel=1e-2) or step.bend > 1e-6
        if damping >= 1e3:
            assert step.gained == pytest.approx(2 * step.promise - step.bend / 2, rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_terms_are_never_negative_and_end_in_the_kl_of_the_likelihood(kind: str) -> None:
    generator = torch.Generator().manual_seed(5)
    likelihood = KINDS[kind]
    for size in (1e-170, 1e-30, 1e-8, 1.0, 30.0, 400.0, 2000.0):
        out = 5 * torch.randn(N, 3, generator=generator, dtype=torch.float64)
        d = size * torch.randn(N, 3, generator=generator, dtype=torch.float64)
        found = terms(likelihood, out, d)
        assert found is not None
        assert bool((found >= 0).all())
        if 1.0 <= size <= 400.0 and kind != "counts":
            due = float(likelihood.kl(out, out + d))
            assert float(found.sum(1).mean()) == pytest.approx(due, rel=1e-9)


def test_a_likelihood_of_one_s_own_is_asked_itself() -> None:
    class Own(Gaussian):
        def kl(self, out: Tensor, other: Tensor) -> Tensor:
            return 2 * super().kl(out, other)

    at = _point("regression", 1.0, 0)
    change = 0.1 * at.grad
    own = NetProblem(at.problem.net, Own(0.7), at.problem.x, at.problem.y)
    rise, kl = loss_and_kl(at, change)
    assert loss_and_kl(own.at(at.theta), change) == pytest.approx((rise, 2 * kl))


def test_a_change_of_outputs_is_their_difference_where_that_has_digits() -> None:
    at = _point("classes", 1.0, 0)
    change = 0.1 * at.grad
    due = at.problem.net.forward(at.theta + change, at.problem.x) - at.outputs
    assert torch.allclose(change_of_outputs(at, change), due, rtol=1e-12, atol=1e-15)
    broken = torch.full_like(at.theta, float("nan"))
    assert all(value != value for value in loss_and_kl(at, broken))
