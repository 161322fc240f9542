"""A worker of an export that the system ends over one of its lessons. It imports little, because
each process that is started for it imports it.
"""

from __future__ import annotations

import os
from pathlib import Path

KILLED = "geodesics"


def write(path: Path, name: str, *_: object) -> str:
    """Write a page in place of ``static_site._write``."""
    if name == KILLED:
        os._exit(9)
    path.write_text(name, "utf-8")
    return f"{path.name} is whole"
