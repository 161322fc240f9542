"""What would not fit is refused before it is begun, with its size and what to take instead.

An array that is too large does not raise a helpful error: the system swaps, or ends the program.
So the code that makes an array whose size grows as p² or N K p checks here first.
"""

from __future__ import annotations

import os

import torch


class TooLargeError(MemoryError):
    """An exact answer that would not fit in memory."""


def free_bytes(device: torch.device | None = None) -> int:
    """Return the memory that can still be had.

    Args:
        device: Where; None: the host.

    Returns:
        Bytes; 4 GiB where it is unknown.
    """
    if device is not None and device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # macOS and Windows
        return 4 * 2**30


def allowed(limit: int | None, device: torch.device | None = None) -> int:
    """Return a limit, or half of what is free.

    Args:
        limit: The limit in bytes; None: half of what is free.
        device: Where; None: the host.

    Returns:
        Bytes.
    """
    return free_bytes(device) // 2 if limit is None else limit


def must_hold(
    what: str, size: int, instead: str, device: torch.device | None = None, limit: int | None = None
) -> None:
    """Check that something fits into memory.

    Args:
        what: What it is, for the message.
        size: Its bytes.
        instead: What to do otherwise, for the message.
        device: Where; None: the host.
        limit: The limit in bytes; None: half of what is free.

    Raises:
        TooLargeError: If it is more than the limit.
    """
    most = allowed(limit, device)
    if size > most:
        raise TooLargeError(
            f"{what} needs {size / 2**30:.2f} GiB, {most / 2**30:.2f} allowed; take {instead}"
        )
