"""Tensors on the device and in the precision of another one."""

from __future__ import annotations

from typing import Any

from torch import Tensor


def converted(value: Any, like: Tensor) -> Any:
    """Return tensors on the device and in the precision of another; whole numbers stay whole.

    Args:
        value: A tensor ``[...]`` of any shape, or what holds tensors: lists, tuples and
            dictionaries, within each other.
        like: The other tensor ``[...]``.

    Returns:
        The same, each tensor moved and in its shape; everything else is as it was.
    """
    if isinstance(value, Tensor):
        return value.to(like) if value.is_floating_point() else value.to(like.device)
    if isinstance(value, dict):
        return {name: converted(each, like) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(converted(each, like) for each in value)
    return value
