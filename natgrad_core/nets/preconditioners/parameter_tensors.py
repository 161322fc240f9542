"""A flat vector as the tensors of a net: a matrix for each weight, a vector for each bias.

A weight of more than two dimensions, of a convolution, counts as a matrix ``[out, all the rest]``.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from natgrad_core.nets.model import Net


def split(net: Net, v: Tensor) -> list[Tensor]:
    """Return the part of a flat vector that each parameter of the net has.

    Args:
        net: The net.
        v: The vector, ``[p]``.

    Returns:
        A matrix ``[out, in]`` or a vector ``[size]`` for each parameter, in the order of θ.
    """
    shapes = [p.shape for p in net.parameters.values()]
    parts = v.split([shape.numel() for shape in shapes])
    return [
        part.view(shape[0], -1) if len(shape) > 1 else part
        for part, shape in zip(parts, shapes, strict=True)
    ]


def join(parts: Sequence[Tensor]) -> Tensor:
    """Return the tensors of a net as one flat vector: the inverse of ``split``.

    Args:
        parts: What ``split`` returned, or the like.

    Returns:
        The vector, ``[p]``.
    """
    return torch.cat([part.reshape(-1) for part in parts])
