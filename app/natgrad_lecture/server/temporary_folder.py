"""The folder of the kernels' connection files: ours while we live, and swept away after any end.

A server that was killed cannot clean up. So each holds a lock on its folder, and the next one to
start removes those that nobody holds any more: with them go the keys that lie there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "natgrad_"
LOCK = "lock"


def _lock(folder: Path) -> int | None:
    """Take the folder's lock; returns its descriptor, or None if another process holds it."""
    try:
        import fcntl
    except ImportError:  # Windows: nothing is swept there
        return None
    with contextlib.suppress(OSError):
        file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
        else:
            return file
    return None


def sweep() -> None:
    """Remove the folders of servers that ended without removing them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if not (folder / LOCK).is_file() or folder.is_symlink():
            continue  # another program's, or not ready yet
        if (file := _lock(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(file)


def make_folder() -> Path:
    """Make the folder of this process, which holds its lock as long as it lives.

    Raises:
        OSError: If no temporary folder can be written.
    """
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    _lock(folder)
    return folder
