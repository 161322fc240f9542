"""What a change of the parameters does to the loss and to p, with all digits however small it is.

The loss at θ + δ less the loss at θ has rounding errors of about 10⁻¹⁶ times the loss; the decrease
of a small step can be less than that. Here no two numbers that are nearly equal are subtracted.
For a likelihood with natural parameters, −log p(y) = A(out) − y out + a constant, so that

    KL(p ‖ p′) = A(out + d) − A(out) − A′(out) d,    −log p′(y)/p(y) = residual d + KL(p ‖ p′),

d the change of the outputs. For a softmax and e = d − Σ p d the KL is

    log(1 + Σ p (exp(e) − 1 − e)),

a sum of terms that are never negative.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from natgrad_core.nets.likelihood import (
    Bernoulli,
    Categorical,
    Gaussian,
    Likelihood,
    Poisson,
    Weighted,
)
from natgrad_core.nets.problem import At

TERMS = 16
"""Terms of the series of exp(e) − 1 − e; for |e| ≤ ½ the next one is below rounding."""


def change_of_outputs(at: At, change: Tensor) -> Tensor:
    """Return the change of the outputs by a change of θ.

    A change so small that the difference of the outputs would lose digits is J(θ + δ/2) δ, with an
    error of the third order in δ.

    Args:
        at: The point θ.
        change: δ, ``[p]``.

    Returns:
        The change, ``[N, C]``.
    """
    moved = at.after(change).outputs - at.outputs
    least = torch.finfo(moved.dtype).eps ** (1 / 3) * float(at.outputs.abs().max())
    if float(moved.abs().max()) > least or not math.isfinite(float(moved.sum())):
        return moved
    return At(at.problem, at.theta + change / 2, at.step).tape.push(change)


def loss_and_kl(at: At, change: Tensor) -> tuple[float, float]:
    """Return J(θ + δ) − J(θ), and the mean over the examples of KL(p_θ ‖ p_{θ+δ}).

    Args:
        at: The point θ.
        change: δ, ``[p]``.

    Returns:
        Both in nats per example. A likelihood that is not one of the library's has the differences
        of its own ``loss``, and its own ``kl``.
    """
    likelihood, y = at.problem.likelihood, at.problem.y
    d = change_of_outputs(at, change)
    found = terms(likelihood, at.outputs, d)
    if found is None:
        ahead = at.after(change)
        return ahead.loss - at.loss, float(likelihood.kl(at.outputs, ahead.outputs))
    kl = float(found.sum(1).mean())
    base = likelihood.base if isinstance(likelihood, Weighted) else likelihood
    if type(base) is Categorical:  # p_y − 1 has few digits; so the y-th term is made zero
        d = d - d.gather(1, (y if y.ndim == 1 else y.argmax(1))[:, None])
    return float((at.residual * d).sum(1).mean()) + kl, kl


def terms(likelihood: Likelihood, out: Tensor, d: Tensor) -> Tensor | None:
    """Return A(out + d) − A(out) − A′(out) d: the KL of each example, output by output.

    Args:
        likelihood: The likelihood.
        out: The outputs, ``[N, C]``.
        d: Their change, ``[N, C]``.

    Returns:
        The terms, ``[N, C]``, or ``[N, 1]`` where outputs are not independent; None for a
        likelihood that is not one of the library's, as a class derived from one may differ.
    """
    if isinstance(likelihood, Weighted):
        found = terms(likelihood.base, out, d)
        return None if found is None else likelihood.weights.to(out) * found
    if type(likelihood) is Categorical:
        return _of_softmax(out, d)[:, None]
    if type(likelihood) is Bernoulli:
        zero = torch.zeros_like(out)
        return _of_softmax(torch.stack((zero, out), -1), torch.stack((zero, d), -1))
    if type(likelihood) is Gaussian:
        return d.square() / (2 * likelihood.scale**2)
    if type(likelihood) is Poisson:
        return out.exp() * beyond_linear(d)
    return None


def _of_softmax(out: Tensor, d: Tensor) -> Tensor:
    """log Σ p exp(d) − Σ p d along the last axis."""
    logs = out.log_softmax(-1)
    p = logs.exp()
    mean = (p * d).sum(-1, keepdim=True)
    e = d - mean
    near = torch.log1p((p * beyond_linear(e)).sum(-1))
    far = (logs + d).logsumexp(-1) - mean[..., 0]
    largest = math.log(torch.finfo(out.dtype).max) / 2  # of exp
    return torch.where(e.amax(-1) < largest, near, far)


def beyond_linear(e: Tensor) -> Tensor:
    """Return exp(e) − 1 − e, which is never negative.

    Args:
        e: The numbers, ``[...]``.

    Returns:
        The values, ``[...]``.
    """
    small = e.clamp(-0.5, 0.5)
    series = torch.ones_like(e)
    for k in range(TERMS, 2, -1):
        series = 1 + small / k * series
    return torch.where(e.abs() <= 0.5, small.square() / 2 * series, torch.expm1(e) - e)
