"""A likelihood turns outputs into a distribution of the target, and so gives them a metric.

For each example the Fisher matrix of the outputs is a small C × C matrix M. Everything asks for it
through a root: S with SᵀS = M, with as few rows K as there are directions, because each row costs
one backward pass. Categorical: M = diag p − p pᵀ has rank C − 1 (adding one to every logit changes
nothing), so two classes need ONE pass. Bernoulli: M = diag p(1 − p). Gaussian: M = I/σ².

All three are natural parameterizations, ∂(−log p)/∂f = mean − target, so M is also the Hessian of
the loss in the outputs, and the Fisher matrix of the net equals its Gauss–Newton matrix
(Martens 2020, §9). Losses and matrices are means over examples and sums over outputs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from natgrad_core.errors import not_a
from natgrad_core.nets.layers.linear_and_conv import THIN

PROBABILITY = 1e-4
"""How far a row of probabilities may be from the sum 1, by rounding."""


def must_be_a_likelihood(value: Any) -> None:
    """Check that something is a likelihood.

    Args:
        value: What was given.

    Raises:
        TypeError: If it is not; the message says what there is.
    """
    if isinstance(value, type) or not hasattr(value, "rooted"):
        raise not_a("a likelihood", "Categorical(), Bernoulli() or Gaussian()", value)


class Likelihood(Protocol):
    """A distribution of targets y given outputs ``[N, C]``: N examples, C outputs each."""

    name: ClassVar[str]

    def check(self, outputs: int, y: Tensor, dtype: torch.dtype) -> Tensor:
        """Return targets in the form of the formulas.

        Args:
            outputs: C, how many outputs the net has.
            y: The targets as a user gives them, ``[N]`` or ``[N, C]``.
            dtype: The dtype of the outputs.

        Returns:
            The targets, ``[N]`` if they are class numbers, else ``[N, C]``.

        Raises:
            ValueError: If the targets do not fit; the message says what is allowed.
        """
        ...

    def log_prob(self, out: Tensor, y: Tensor) -> Tensor:
        """Return log p(y | out), per example.

        Args:
            out: The outputs, ``[N, C]``.
            y: The targets, as ``check`` returns them.

        Returns:
            The values in nats, ``[N]``.
        """
        ...

    def loss(self, out: Tensor, y: Tensor) -> Tensor:
        """Return the mean over examples of −log p, up to a constant that no parameter moves.

        Args:
            out: The outputs, ``[N, C]``.
            y: The targets, as ``check`` returns them.

        Returns:
            The loss in nats per example, ``[]``.
        """
        ...

    def mean(self, out: Tensor) -> Tensor:
        """Return the expected target: all that the methods below need of the outputs.

        Args:
            out: The outputs, ``[N, C]``.

        Returns:
            E[y | out], ``[N, C]``.
        """
        ...

    def residual(self, mean: Tensor, y: Tensor) -> Tensor:
        """Return ∂(−log p)/∂out per example.

        Args:
            mean: The expected targets, ``[N, C]``.
            y: The targets, as ``check`` returns them.

        Returns:
            Mean − target (over σ² if Gaussian), ``[N, C]``.
        """
        ...

    def directions(self, outputs: int) -> int:
        """Return the rank of the outputs' metric.

        Args:
            outputs: C.

        Returns:
            K ≤ C: how many backward passes the exact Fisher matrix costs.
        """
        ...

    def root(self, mean: Tensor) -> Tensor:
        """Return a root of the outputs' metric: S with SᵀS = M.

        Args:
            mean: The expected targets, ``[N, C]``.

        Returns:
            S, ``[N, K, C]``.
        """
        ...

    def rooted(self, mean: Tensor, weight: Tensor) -> Tensor:
        """Return S W without making S.

        Args:
            mean: The expected targets, ``[N, C]``.
            weight: W, ``[C, H]``.

        Returns:
            S W, ``[N, K, H]``, a new tensor.
        """
        ...

    def average(self, mean: Tensor) -> Tensor:
        """Return the mean of M over examples.

        Args:
            mean: The expected targets, ``[N, C]``.

        Returns:
            The mean, ``[C, C]``.
        """
        ...

    def lift(self, mean: Tensor, e: Tensor) -> Tensor:
        """Return r with Sᵀ r = e, for e in the range of M; every residual is there.

        Args:
            mean: The expected targets, ``[N, C]``.
            e: A covector of the outputs, ``[N, C]``.

        Returns:
            r, ``[N, K]``.
        """
        ...

    def metric(self, mean: Tensor, t: Tensor) -> Tensor:
        """Return M t.

        Args:
            mean: The expected targets, ``[N, C]``.
            t: A change of the outputs, ``[N, C]``.

        Returns:
            M t, ``[N, C]``.
        """
        ...

    def kl(self, out: Tensor, other: Tensor) -> Tensor:
        """Return the mean over examples of KL(p_out ‖ p_other).

        Args:
            out: The outputs, ``[N, C]``.
            other: Other outputs, ``[N, C]``.

        Returns:
            The divergence in nats per example, ``[]``.
        """
        ...

    def sample(self, out: Tensor, generator: torch.Generator) -> Tensor:
        """Draw one target for each example.

        Args:
            out: The outputs, ``[N, C]``.
            generator: Where the draws come from.

        Returns:
            The targets, as ``check`` returns them.
        """
        ...


@dataclass(frozen=True)
class Categorical:
    """p = softmax(out); targets are class numbers ``[N]``, or their probabilities ``[N, C]``."""

    name: ClassVar[str] = "categorical"

    def check(self, outputs: int, y: Tensor, dtype: torch.dtype) -> Tensor:
        """Class numbers 0 … C − 1 as integers, or rows of probabilities."""
        if outputs < 2:
            raise ValueError("one output cannot tell classes apart: take Bernoulli, or two outputs")
        y = y.squeeze(-1) if y.ndim == 2 and y.shape[1] == 1 else y
        if y.ndim == 2 and y.shape[1] == outputs and y.is_floating_point():
            if len(y) and not (
                float(y.min()) >= 0 and float((y.sum(1) - 1).abs().max()) < PROBABILITY
            ):
                raise ValueError(
                    "targets [N, C] are the classes' probabilities: each row is ≥ 0 and sums to 1"
                )
            return y.to(dtype)
        if y.ndim != 1 or y.is_floating_point():
            raise ValueError(
                f"class numbers are integers [N], and classes' probabilities floats [N, {outputs}];"
                f" got {y.dtype} {list(y.shape)}"
            )
        if len(y) and not (int(y.min()) >= 0 and int(y.max()) < outputs):
            raise ValueError(
                f"classes run from {int(y.min())} to {int(y.max())}, but the net has {outputs} "
                f"outputs, for classes 0 … {outputs - 1}"
            )
        return y.long()

    def log_prob(self, out: Tensor, y: Tensor) -> Tensor:
        """The value log softmax(out)[y], averaged where y are probabilities."""
        logs = _log_softmax(out)
        return (y * logs).sum(1) if y.ndim == 2 else logs.gather(1, y[:, None])[:, 0]

    def loss(self, out: Tensor, y: Tensor) -> Tensor:
        """Cross-entropy."""
        logs = _log_softmax(out)
        return -(y * logs).sum(1).mean() if y.ndim == 2 else functional.nll_loss(logs, y)

    def mean(self, out: Tensor) -> Tensor:
        """p."""
        return out.T.softmax(0).T if out.shape[1] < THIN else out.softmax(1)

    def residual(self, mean: Tensor, y: Tensor) -> Tensor:
        """p − onehot(y), or p − y where y are probabilities."""
        if y.ndim == 2:
            return mean - y
        return mean.scatter_add(1, y[:, None], -mean.new_ones(len(y), 1))

    def directions(self, outputs: int) -> int:
        """C − 1."""
        return outputs - 1

    def root(self, mean: Tensor) -> Tensor:
        """S = B diag(√p), the rows of B an orthonormal basis of √p's complement.

        B is all but the last row of the reflection that takes u = √p to −e_C, with no cancellation:
        B = I − u (u + e_C)ᵀ/(1 + u_C). For two classes S = ±√(p₁p₂) (1, −1).
        """
        u = mean.sqrt()
        return _complement(u, u)

    def rooted(self, mean: Tensor, weight: Tensor) -> Tensor:
        """The rows u_k (W_k − v), v = Σ_c (u_c + [c = C]) u_c W_c/(1 + u_C): S written out."""
        u, head = mean.sqrt(), mean.clone()
        head[:, -1] += u[:, -1]
        v = head @ weight / (1 + u[:, -1:])
        return (weight[:-1] - v[:, None]).mul_(u[:, :-1, None])

    def average(self, mean: Tensor) -> Tensor:
        """diag p̄ − mean of p pᵀ."""
        return torch.diag(mean.mean(0)) - mean.T @ mean / len(mean)

    def lift(self, mean: Tensor, e: Tensor) -> Tensor:
        """r = B (e/√p); e sums to zero, so e/√p lies in the complement of √p."""
        u = mean.sqrt().clamp_min(1e-13)
        return torch.einsum("nkc,nc->nk", _complement(u, torch.ones_like(u)), e / u)

    def metric(self, mean: Tensor, t: Tensor) -> Tensor:
        """p (t − Σ p t)."""
        pt = mean * t
        return torch.addcmul(pt, mean, pt.sum(1, keepdim=True), value=-1)

    def kl(self, out: Tensor, other: Tensor) -> Tensor:
        """Σ_c p_c (log p_c − log q_c)."""
        log_p, log_q = _log_softmax(out), _log_softmax(other)
        return (log_p.exp() * (log_p - log_q)).sum(1).mean()

    def sample(self, out: Tensor, generator: torch.Generator) -> Tensor:
        """A class for each example."""
        return torch.multinomial(self.mean(out), 1, generator=generator)[:, 0]


def _log_softmax(out: Tensor) -> Tensor:
    """log p: of few classes column by column, because torch takes 8 times as long for the rows."""
    return out.T.log_softmax(0).T if out.shape[1] < THIN else out.log_softmax(1)


def _complement(u: Tensor, scale: Tensor) -> Tensor:
    """B diag(scale), ``[N, C−1, C]``: B orthonormal, its rows orthogonal to the unit u."""
    v = u.clone()
    v[:, -1] += 1
    v.mul_(scale).div_(-1 - u[:, -1:])
    basis = u[:, :-1, None] * v[:, None, :]
    basis.diagonal(dim1=1, dim2=2).add_(scale[:, :-1])
    return basis


@dataclass(frozen=True)
class Bernoulli:
    """p = sigmoid(out), outputs independent; targets in [0, 1], summed over outputs."""

    name: ClassVar[str] = "bernoulli"

    def check(self, outputs: int, y: Tensor, dtype: torch.dtype) -> Tensor:
        """Targets ``[N, C]`` in [0, 1]."""
        y = _columns(y, outputs, dtype)
        if len(y) and not (float(y.min()) >= 0 and float(y.max()) <= 1):
            raise ValueError(
                f"Bernoulli targets lie in [0, 1], got {float(y.min()):g} … {float(y.max()):g}"
            )
        return y

    def log_prob(self, out: Tensor, y: Tensor) -> Tensor:
        """Σ_c y log p + (1 − y) log(1 − p)."""
        return -functional.binary_cross_entropy_with_logits(out, y, reduction="none").sum(1)

    def loss(self, out: Tensor, y: Tensor) -> Tensor:
        """Binary cross-entropy, summed over outputs."""
        return functional.binary_cross_entropy_with_logits(out, y, reduction="sum") / len(y)

    def mean(self, out: Tensor) -> Tensor:
        """p."""
        return out.sigmoid()

    def residual(self, mean: Tensor, y: Tensor) -> Tensor:
        """The vector p − y."""
        return mean - y

    def directions(self, outputs: int) -> int:
        """C."""
        return outputs

    def root(self, mean: Tensor) -> Tensor:
        """The matrix diag √(p(1 − p))."""
        return torch.diag_embed((mean * (1 - mean)).sqrt())

    def rooted(self, mean: Tensor, weight: Tensor) -> Tensor:
        """The rows √(p_k(1 − p_k)) W_k."""
        return (mean * (1 - mean)).sqrt()[:, :, None] * weight

    def average(self, mean: Tensor) -> Tensor:
        """The matrix diag of the mean of p (1 − p)."""
        return torch.diag((mean * (1 - mean)).mean(0))

    def lift(self, mean: Tensor, e: Tensor) -> Tensor:
        """The vector e/√(p(1 − p))."""
        return e / (mean * (1 - mean)).sqrt().clamp_min(1e-13)

    def metric(self, mean: Tensor, t: Tensor) -> Tensor:
        """The vector p (1 − p) t."""
        return mean * (1 - mean) * t

    def kl(self, out: Tensor, other: Tensor) -> Tensor:
        """Σ_c p (out − other) + log(1 − p) − log(1 − q)."""
        gap = functional.softplus(other) - functional.softplus(out)
        return (out.sigmoid() * (out - other) + gap).sum(1).mean()

    def sample(self, out: Tensor, generator: torch.Generator) -> Tensor:
        """Zeros and ones."""
        return torch.bernoulli(out.sigmoid(), generator=generator)


@dataclass(frozen=True)
class Gaussian:
    """y ~ N(out, σ² I): the loss is Σ_c (y − out)²/2σ², that is C/2 times MSELoss when σ = 1.

    Args:
        scale: σ > 0.

    Raises:
        ValueError: If σ is not positive.
    """

    scale: float = 1.0
    name: ClassVar[str] = "gaussian"

    def __post_init__(self) -> None:
        given: Any = self.scale
        if (isinstance(given, torch.Tensor) and given.numel() != 1) or not 0 < given < math.inf:
            raise ValueError(f"the scale σ of a Gaussian is positive, got {given}")

    def check(self, outputs: int, y: Tensor, dtype: torch.dtype) -> Tensor:
        """Targets ``[N, C]``."""
        return _columns(y, outputs, dtype)

    def log_prob(self, out: Tensor, y: Tensor) -> Tensor:
        """Σ_c −(y − out)²/2σ² − log σ − ½ log 2π."""
        constant = out.shape[1] * (math.log(self.scale) + math.log(2 * math.pi) / 2)
        return -((y - out) ** 2).sum(1) / (2 * self.scale**2) - constant

    def loss(self, out: Tensor, y: Tensor) -> Tensor:
        """Σ_c (y − out)²/2σ², without the constant that no parameter moves."""
        return functional.mse_loss(out, y, reduction="sum") / (2 * self.scale**2 * len(y))

    def mean(self, out: Tensor) -> Tensor:
        """The outputs themselves."""
        return out

    def residual(self, mean: Tensor, y: Tensor) -> Tensor:
        """(out − y)/σ²."""
        return (mean - y) / self.scale**2

    def directions(self, outputs: int) -> int:
        """C."""
        return outputs

    def root(self, mean: Tensor) -> Tensor:
        """I/σ."""
        eye = torch.eye(mean.shape[1], dtype=mean.dtype, device=mean.device) / self.scale
        return eye.repeat(len(mean), 1, 1)

    def rooted(self, mean: Tensor, weight: Tensor) -> Tensor:
        """W/σ, for every example."""
        return (weight / self.scale).repeat(len(mean), 1, 1)

    def average(self, mean: Tensor) -> Tensor:
        """I/σ²."""
        return torch.eye(mean.shape[1], dtype=mean.dtype, device=mean.device) / self.scale**2

    def lift(self, mean: Tensor, e: Tensor) -> Tensor:
        """σ e."""
        return self.scale * e

    def metric(self, mean: Tensor, t: Tensor) -> Tensor:
        """t/σ²."""
        return t / self.scale**2

    def kl(self, out: Tensor, other: Tensor) -> Tensor:
        """Σ_c (out − other)²/2σ²."""
        return self.loss(out, other)

    def sample(self, out: Tensor, generator: torch.Generator) -> Tensor:
        """The outputs plus σ noise."""
        noise = torch.empty_like(out).normal_(generator=generator)
        return out + self.scale * noise


@dataclass(frozen=True)
class Poisson:
    """y ~ Poisson(exp(out)), outputs independent; the loss is Σ_c exp(out) − y out."""

    name: ClassVar[str] = "poisson"

    def check(self, outputs: int, y: Tensor, dtype: torch.dtype) -> Tensor:
        """Counts ``[N, C]``, ≥ 0."""
        y = _columns(y, outputs, dtype)
        if len(y) and not float(y.min()) >= 0:
            raise ValueError(f"Poisson targets are counts ≥ 0, got {float(y.min()):g}")
        return y

    def log_prob(self, out: Tensor, y: Tensor) -> Tensor:
        """Σ_c y out − exp(out) − log y!."""
        return (y * out - out.exp() - torch.lgamma(y + 1)).sum(1)

    def loss(self, out: Tensor, y: Tensor) -> Tensor:
        """Σ_c exp(out) − y out, without log y!, which no parameter moves."""
        return functional.poisson_nll_loss(out, y, reduction="sum") / len(y)

    def mean(self, out: Tensor) -> Tensor:
        """The rates exp(out)."""
        return out.exp()

    def residual(self, mean: Tensor, y: Tensor) -> Tensor:
        """The vector exp(out) − y."""
        return mean - y

    def directions(self, outputs: int) -> int:
        """C."""
        return outputs

    def root(self, mean: Tensor) -> Tensor:
        """The matrix diag √mean."""
        return torch.diag_embed(mean.sqrt())

    def rooted(self, mean: Tensor, weight: Tensor) -> Tensor:
        """The rows √mean_k W_k."""
        return mean.sqrt()[:, :, None] * weight

    def average(self, mean: Tensor) -> Tensor:
        """The matrix diag of the average of the means."""
        return torch.diag(mean.mean(0))

    def lift(self, mean: Tensor, e: Tensor) -> Tensor:
        """The vector e/√mean."""
        return e / mean.sqrt().clamp_min(1e-13)

    def metric(self, mean: Tensor, t: Tensor) -> Tensor:
        """The vector mean ∘ t."""
        return mean * t

    def kl(self, out: Tensor, other: Tensor) -> Tensor:
        """Σ_c exp(out) (out − other) − exp(out) + exp(other)."""
        return (out.exp() * (out - other) - out.exp() + other.exp()).sum(1).mean()

    def sample(self, out: Tensor, generator: torch.Generator) -> Tensor:
        """Counts."""
        return torch.poisson(out.exp(), generator=generator)


@dataclass(frozen=True, eq=False)
class Weighted:
    """Examples, or single outputs, that count w times: w M for M, w (−log p) for the loss.

    F is then the mean of w JᵀMJ: that of the data in which each example is repeated w times.

    Args:
        base: The likelihood. With weights of single outputs it is one of independent outputs.
        weights: w ≥ 0, ``[N, 1]`` or ``[N, C]``, for the N examples in their order.
    """

    base: Likelihood
    weights: Tensor
    name: ClassVar[str] = "weighted"

    def check(self, outputs: int, y: Tensor, dtype: torch.dtype) -> Tensor:
        """As without weights."""
        return self.base.check(outputs, y, dtype)

    def log_prob(self, out: Tensor, y: Tensor) -> Tensor:
        """The values times w."""
        if self.weights.shape[1] == 1:
            return self.weights[:, 0].to(out) * self.base.log_prob(out, y)
        columns = [
            self.base.log_prob(out[:, c : c + 1], y[:, c : c + 1]) for c in range(out.shape[1])
        ]
        return (self.weights.to(out) * torch.stack(columns, 1)).sum(1)

    def loss(self, out: Tensor, y: Tensor) -> Tensor:
        """The mean of −w log p."""
        return -self.log_prob(out, y).mean()

    def mean(self, out: Tensor) -> Tensor:
        """As without weights."""
        return self.base.mean(out)

    def residual(self, mean: Tensor, y: Tensor) -> Tensor:
        """The residual times w."""
        return self.weights.to(mean) * self.base.residual(mean, y)

    def score(self, mean: Tensor, y: Tensor) -> Tensor:
        """Return the residual times √w, whose outer products average to w M.

        Args:
            mean: The expected targets, ``[N, C]``.
            y: The targets.

        Returns:
            The vectors, ``[N, C]``.
        """
        return self.weights.to(mean).sqrt() * self.base.residual(mean, y)

    def directions(self, outputs: int) -> int:
        """As without weights."""
        return self.base.directions(outputs)

    def root(self, mean: Tensor) -> Tensor:
        """S √w."""
        return self.base.root(mean) * self.weights.to(mean).sqrt()[:, None, :]

    def rooted(self, mean: Tensor, weight: Tensor) -> Tensor:
        """S √w W."""
        return self.base.rooted(mean, weight) * self.weights.to(mean).sqrt()[:, :, None]

    def average(self, mean: Tensor) -> Tensor:
        """The mean of w M."""
        root = self.root(mean)
        return torch.einsum("nkc,nkd->cd", root, root) / len(mean)

    def lift(self, mean: Tensor, e: Tensor) -> Tensor:
        """r/√w."""
        return self.base.lift(mean, e) / self.weights.to(mean).sqrt().clamp_min(1e-13)

    def metric(self, mean: Tensor, t: Tensor) -> Tensor:
        """w M t."""
        return self.weights.to(mean) * self.base.metric(mean, t)

    def kl(self, out: Tensor, other: Tensor) -> Tensor:
        """The mean of w KL, example by example."""
        found: list[Tensor] = []
        for a, b, ws in zip(out[:, None], other[:, None], self.weights.to(out), strict=True):
            of = zip(_parts(a, ws), ws, strict=True)
            found.append(torch.stack([w * self.base.kl(a[:, c], b[:, c]) for c, w in of]).sum())
        return torch.stack(found).mean()

    def sample(self, out: Tensor, generator: torch.Generator) -> Tensor:
        """As without weights."""
        return self.base.sample(out, generator)


def least_loss(likelihood: Likelihood, y: Tensor) -> float:
    """Return a number that the loss is never below, whatever the outputs.

    Args:
        likelihood: The likelihood.
        y: The targets as ``check`` returns them, ``[N]`` or ``[N, C]``.

    Returns:
        The number; −∞ for a likelihood that is not one of this file.
    """
    base = likelihood.base if isinstance(likelihood, Weighted) else likelihood
    if isinstance(base, Categorical | Bernoulli):
        return 0.0  # −log of a probability
    if isinstance(likelihood, Gaussian):
        return 0.0
    if isinstance(likelihood, Poisson):
        return float((y - torch.special.xlogy(y, y)).sum(1).mean())  # at exp(out) = y
    return -math.inf


def _parts(out: Tensor, weights: Tensor) -> list[slice]:
    """All outputs for one weight, each for itself for as many weights."""
    return [slice(None)] if len(weights) == 1 else [slice(c, c + 1) for c in range(out.shape[1])]


def _columns(y: Tensor, outputs: int, dtype: torch.dtype) -> Tensor:
    y = y[:, None] if y.ndim == 1 else y
    if y.ndim != 2 or y.shape[1] != outputs:
        raise ValueError(
            f"targets have shape {list(y.shape)}, the net's outputs [N, {outputs}]; "
            "match the last layer to the targets"
        )
    bad = (~y.isfinite()).any(1).nonzero()
    if len(bad):
        raise ValueError(f"targets must be finite numbers; there is another in row {int(bad[0])}")
    return y.to(dtype)


LIKELIHOODS: dict[str, type[Categorical] | type[Bernoulli] | type[Gaussian] | type[Poisson]] = {
    "categorical": Categorical,
    "bernoulli": Bernoulli,
    "gaussian": Gaussian,
    "poisson": Poisson,
}
