"""Small nets are bound by memory, not by arithmetic: two settings that a page and a benchmark want.

One BLAS thread: on tensors this small two threads gain little, and beside another process they
wait for each other and cost up to 20 times. And freed memory kept: glibc gives every buffer of more
than 128 KiB back to the kernel when it is freed, and the next step faults it in again, page by
page, which on digits is half of a gradient's time and more of K-FAC's. Both are the whole process's
business, so no import does this: the program says ``settle()`` once.
"""

from __future__ import annotations

import ctypes

import torch

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1
"""glibc's M_MMAP_THRESHOLD and M_TRIM_THRESHOLD (malloc.h)."""


def settle(threads: int = 1, keep: int = 512 * 2**20) -> bool:
    """Set torch's threads, and how much freed memory is kept for reuse.

    Args:
        threads: How many threads.
        keep: The bytes that are kept.

    Returns:
        Whether the latter worked.
    """
    torch.set_num_threads(threads)
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (
        AttributeError,
        OSError,
        TypeError,
    ):  # not glibc: macOS and Windows keep it by themselves
        return False
    return bool(mallopt(MMAP_THRESHOLD, keep)) and bool(mallopt(TRIM_THRESHOLD, keep))
