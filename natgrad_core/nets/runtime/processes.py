"""A model that several processes train together: means over them.

Under ``DistributedDataParallel`` each process has the whole model and a part of the batch, and
torch averages the gradients. K-FAC averages its factors too (Osawa et al. 2019), so that the
step is that of one process with the whole batch, if the parts have equal sizes.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, distributed, nn

_GROUP: ContextVar[Any] = ContextVar("_GROUP", default=None)
"""The process group over which means are taken; None: this process is alone."""


def group_of(model: nn.Module) -> Any:
    """Return the processes that train a model together.

    Args:
        model: The model.

    Returns:
        Their process group; None where this process is alone.
    """
    if not isinstance(model, nn.parallel.DistributedDataParallel):
        return None
    group: Any = model.process_group
    return group if distributed.get_world_size(group) > 1 else None


@contextmanager
def together(group: Any) -> Generator[None]:
    """Within it, ``mean_over_processes`` takes means over a process group.

    Args:
        group: The group; None: of this process alone.

    Returns:
        A context manager.
    """
    token = _GROUP.set(group)
    try:
        yield
    finally:
        _GROUP.reset(token)


def is_shared() -> bool:
    """Return whether means are taken over more than this process.

    Returns:
        Whether they are.
    """
    return _GROUP.get() is not None


def mean_over_processes(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return the mean of each tensor over the processes, with one message for all of them.

    Args:
        tensors: Of any shapes ``[...]``, the same in every process, and of one dtype and device.

    Returns:
        The means, each of its tensor's shape ``[...]`` and the same to the bit in every process;
        outside of ``together`` the tensors.
    """
    group = _GROUP.get()
    if group is None or not tensors:
        return list(tensors)
    flat = torch.cat([t.reshape(-1) for t in tensors])
    distributed.all_reduce(flat, group=group)
    flat /= distributed.get_world_size(group)
    parts = flat.split([t.numel() for t in tensors])
    return [part.view(t.shape) for part, t in zip(parts, tensors, strict=True)]
