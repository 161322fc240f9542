"""A loss of torch is a likelihood times a factor: which one, and what its targets are.

CrossEntropyLoss is −log p; MSELoss, a mean over the C outputs too and without the ½, is 2/C of
−log p of a Gaussian with σ = 1; BCEWithLogitsLoss is 1/C of the coins', PoissonNLLLoss of counts'.
Weights of classes and of positives make examples, or single outputs, count more than once. Types
are compared exactly: a class derived from one of these may compute another loss.

A likelihood of one's own is trained with ``LikelihoodLoss``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from natgrad_core.errors import not_a
from natgrad_core.nets.likelihood import Bernoulli, Categorical, Gaussian, Likelihood, Poisson


class LikelihoodLoss(nn.Module):
    """The mean of −log p over rows of outputs, as a loss for any likelihood.

    Args:
        likelihood: The likelihood: one of ``natgrad_core.nets.likelihood``, or one's own with the
            same methods.
    """

    reduction = "mean"

    def __init__(self, likelihood: Likelihood) -> None:
        super().__init__()
        self.likelihood = likelihood

    def forward(self, out: Tensor, y: Tensor) -> Tensor:
        """Return the loss.

        Args:
            out: The model's outputs, ``[N, C]``.
            y: The targets, as the likelihood has them.

        Returns:
            The loss, ``[]``.
        """
        return self.likelihood.loss(out, self.likelihood.check(out.shape[1], y, out.dtype))


Known = type[Categorical] | type[Gaussian] | type[Bernoulli] | type[Poisson]
LOSSES: dict[type[nn.Module], Known] = {
    nn.CrossEntropyLoss: Categorical,
    nn.MSELoss: Gaussian,
    nn.BCEWithLogitsLoss: Bernoulli,
    nn.PoissonNLLLoss: Poisson,
}
"""The likelihood of each loss that is known."""

INSTEAD: dict[type[nn.Module], str] = {
    nn.NLLLoss: "leave LogSoftmax out of the model and take nn.CrossEntropyLoss",
    nn.BCELoss: "leave Sigmoid out of the model and take nn.BCEWithLogitsLoss",
    nn.GaussianNLLLoss: (
        "its variance is a third argument; take nn.MSELoss for a constant one, or LikelihoodLoss "
        "with a likelihood of the outputs [mean, log variance]"
    ),
}
"""What to do in place of a loss whose Fisher matrix is that of another one."""


def likelihood_of(loss: nn.Module) -> Likelihood:
    """Return the likelihood whose −log p is a torch loss, up to a factor and weights.

    Args:
        loss: The loss.

    Returns:
        The likelihood.

    Raises:
        TypeError: If there is none; the message says which setting is the reason.
    """
    if isinstance(loss, type):
        raise not_a("a loss", "nn.CrossEntropyLoss()", loss)
    given: Any = loss
    if not isinstance(given, nn.Module):
        said = getattr(loss, "__name__", repr(loss))
        raise TypeError(
            f"the loss must be a module, such as nn.CrossEntropyLoss(), which says what its "
            f"settings are; got {said}"
        )
    if type(loss) is LikelihoodLoss:
        return loss.likelihood
    if type(loss) in INSTEAD:
        raise TypeError(f"{type(loss).__name__} is not taken here: {INSTEAD[type(loss)]}")
    if type(loss) not in LOSSES:
        base = next((c.__name__ for c in LOSSES if isinstance(loss, c)), None)
        said = f"{type(loss).__name__}, derived from {base}" if base else repr(loss)
        raise TypeError(
            "the loss must be an nn.CrossEntropyLoss, nn.MSELoss, nn.BCEWithLogitsLoss or "
            "nn.PoissonNLLLoss, or a LikelihoodLoss of a likelihood of your own, so that it is "
            f"−log p of a distribution; got {said}"
        )
    if type(loss) is nn.PoissonNLLLoss and (not loss.log_input or loss.full):
        raise TypeError(
            "PoissonNLLLoss is taken with log_input=True and full=False: let the model return the "
            "logarithm of the rate; Stirling's term moves no parameter"
        )
    if loss.reduction not in ("mean", "sum"):
        raise TypeError(f'the loss must be reduced by "mean" or "sum", got {loss.reduction!r}')
    return LOSSES[type(loss)]()


def unit(loss: nn.Module, outputs: int) -> float:
    """Return what torch's loss of one example is in units of −log p.

    Args:
        loss: The loss.
        outputs: C.

    Returns:
        The number.
    """
    if type(loss) in (nn.CrossEntropyLoss, LikelihoodLoss):
        return 1.0
    of_sum = 2.0 if type(loss) is nn.MSELoss else 1.0
    return of_sum / outputs if loss.reduction == "mean" else of_sum


def factor(loss: nn.Module, examples: int, outputs: int) -> float:
    """Return c, where torch's loss of a batch is c times the mean of −log p.

    Args:
        loss: The loss.
        examples: How many there are in the batch.
        outputs: C.

    Returns:
        c.
    """
    return unit(loss, outputs) * (examples if loss.reduction == "sum" else 1)


def targets(loss: Any, y: Tensor, out: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
    """The targets as a likelihood takes them, which examples count at all, and how often.

    Args:
        loss: The loss.
        y: The targets as the loss was given them.
        out: The outputs, ``[N, C]``.

    Returns:
        Targets ``[N]`` or ``[N, C]``; a mask ``[N]``, False where ``ignore_index`` stands; and
        weights ``[N, 1]`` or ``[N, C]``, None where each counts once.
    """
    every = torch.ones(len(out), dtype=torch.bool, device=out.device)
    if type(loss) is LikelihoodLoss:
        return y.detach(), every, None
    if type(loss) is nn.BCEWithLogitsLoss and not (loss.weight is loss.pos_weight is None):
        y, positive = y.detach().reshape(out.shape).to(out), loss.pos_weight
        heads = y if positive is None else y * positive.to(out)
        w = heads + 1 - y
        of_output = torch.ones_like(out) if loss.weight is None else loss.weight.to(out)
        return torch.where(w > 0, heads / w, y), every, w * of_output.expand_as(out)
    if type(loss) is not nn.CrossEntropyLoss:
        return y.detach().reshape(out.shape), every, None
    soft = y.is_floating_point()
    if soft:
        t, counted, total = _smoothed(y.detach(), loss.label_smoothing), every, float(len(y))
    else:
        y = y.detach().reshape(-1)
        counted = y != loss.ignore_index
        if not loss.label_smoothing and loss.weight is None:
            return y, counted, None
        onehot = functional.one_hot(torch.where(counted, y, 0), out.shape[1]).to(out)
        t, total = _smoothed(onehot, loss.label_smoothing), float(counted.sum())
        if loss.weight is not None:
            total = float(loss.weight.to(out)[y[counted]].sum())
    if loss.weight is None:
        return t, counted, None
    weighted = t * loss.weight.to(out)
    w = weighted.sum(1, keepdim=True)
    t = torch.where(w > 0, weighted / w, t)
    rows = float(counted.sum())
    return t, counted, w * (rows / max(total, 1e-30)) if loss.reduction == "mean" else w


def _smoothed(t: Tensor, smoothing: float) -> Tensor:
    return t * (1 - smoothing) + smoothing / t.shape[1] if smoothing else t
