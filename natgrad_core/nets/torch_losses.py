"""A loss of torch is a likelihood times a factor: which one, and what its targets are.

CrossEntropyLoss is −log p; MSELoss, a mean over the C outputs too and without the ½, is 2/C of
−log p of a Gaussian with σ = 1; BCEWithLogitsLoss is 1/C of the coins'. Types are compared exactly:
a class derived from one of these may compute another loss.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from natgrad_core.errors import not_a
from natgrad_core.nets.likelihood import Bernoulli, Categorical, Gaussian, Likelihood

LOSSES: dict[type[nn.Module], type[Categorical] | type[Gaussian] | type[Bernoulli]] = {
    nn.CrossEntropyLoss: Categorical,
    nn.MSELoss: Gaussian,
    nn.BCEWithLogitsLoss: Bernoulli,
}
"""The likelihood of each loss that is known."""


def likelihood_of(loss: nn.Module) -> Likelihood:
    """Return the likelihood whose −log p is a torch loss, up to a factor.

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
    if type(loss) not in LOSSES:
        base = next((c.__name__ for c in LOSSES if isinstance(loss, c)), None)
        said = f"{type(loss).__name__}, derived from {base}" if base else repr(loss)
        raise TypeError(
            "the loss must be an nn.CrossEntropyLoss, nn.MSELoss or nn.BCEWithLogitsLoss, so that "
            f"it is −log p of a distribution; got {said}"
        )
    for name in ("weight", "pos_weight"):
        if getattr(loss, name, None) is not None:
            raise TypeError(
                f"the loss has a {name}, so it is not −log p of a distribution; leave it out, or "
                "repeat the examples that count more"
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
    if type(loss) is nn.CrossEntropyLoss:
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


def targets(loss: nn.Module, y: Tensor, out: Tensor) -> tuple[Tensor, Tensor]:
    """The targets as a likelihood takes them, and which examples count at all.

    Args:
        loss: The loss.
        y: The targets as the loss was given them.
        out: The outputs, ``[N, C]``.

    Returns:
        Targets ``[N]`` or ``[N, C]``, and a mask ``[N]``: False where ``ignore_index`` stands.
    """
    every = torch.ones(len(out), dtype=torch.bool, device=out.device)
    if type(loss) is not nn.CrossEntropyLoss:
        return y.detach().reshape(out.shape), every
    if y.is_floating_point():
        return _smoothed(y.detach(), loss.label_smoothing), every
    y = y.reshape(-1)
    counted = y != loss.ignore_index
    if not loss.label_smoothing:
        return y.detach(), counted
    onehot = functional.one_hot(torch.where(counted, y, 0), out.shape[1]).to(out)
    return _smoothed(onehot, loss.label_smoothing), counted


def _smoothed(t: Tensor, smoothing: float) -> Tensor:
    return t * (1 - smoothing) + smoothing / t.shape[1] if smoothing else t
