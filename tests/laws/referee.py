"""The referee of derivatives: torch, which knows nothing of ours."""

from __future__ import annotations

import torch
from numpy.typing import ArrayLike
from torch import Tensor


def leaf(points: ArrayLike) -> Tensor:
    """The points ``[N, d]`` in double precision, to differentiate by."""
    return torch.tensor(points, dtype=torch.float64, requires_grad=True)


def slopes(values: Tensor, points: Tensor) -> Tensor:
    """The derivatives ``[N, ..., d]`` of ``values [N, ...]``, each row of its own point's."""
    still = 0 * (points**3).sum()  # A constant, too, has derivatives, and they have theirs.
    found = [
        torch.autograd.grad(column.sum() + still, points, create_graph=True)[0]
        for column in values.reshape(len(points), -1).T
    ]
    return torch.stack(found, 1).reshape(*values.shape, points.shape[-1])
