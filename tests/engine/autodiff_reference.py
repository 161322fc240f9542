"""The autodiff reference: derivatives by torch, independent of the engine's formulas."""

from __future__ import annotations

from collections.abc import Callable

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from natgrad_core.types import Array


def derivatives(function: Callable[[Tensor], Tensor], points: ArrayLike) -> tuple[Array, Array]:
    """The first ``[N, ..., d]`` and second ``[N, ..., d, d]`` derivatives at ``points [N, d]``.

    ``function`` maps all points at once, ``[N, d]`` to ``[N, ...]``, each row to its own.
    """
    here = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    first = _slopes(function(here), here)
    return first.detach().numpy(), _slopes(first, here).detach().numpy()


def _slopes(values: Tensor, points: Tensor) -> Tensor:
    still = 0 * (points**3).sum()  # A constant, too, has derivatives, and they have theirs.
    found = [
        torch.autograd.grad(column.sum() + still, points, create_graph=True)[0]
        for column in values.reshape(len(points), -1).T
    ]
    return torch.stack(found, 1).reshape(*values.shape, points.shape[-1])
