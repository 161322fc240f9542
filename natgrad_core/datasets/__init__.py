"""The published data sets, each with its source in its file: those that the problems are fitted to,
and in ``nets`` the larger ones that nets learn from.
"""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from natgrad_core.types import Array


def tables() -> tuple[str, ...]:
    """The names of the data sets that a problem can be fitted to.

    Returns:
        The names, in alphabetical order.
    """
    names = (path.name for path in files(__name__).iterdir())
    return tuple(sorted(name[:-4] for name in names if name.endswith(".csv")))


def columns(name: str) -> dict[str, Array]:
    """The columns ``[rows]`` of the table ``name``.csv by the names in its header.

    Args:
        name: A name of ``tables()``.

    Returns:
        The columns by name, each ``[rows]``.

    Raises:
        FileNotFoundError: If there is no such table.
    """
    with (files(__name__) / f"{name}.csv").open(encoding="utf-8") as lines:
        header = next(line for line in lines if not line.startswith("#"))
    return dict(zip(header.strip().split(","), load(name).T, strict=True))


def load(name: str) -> Array:
    """The table ``name``.csv (``nets/digits``): ``[rows, columns]`` without comments and header.

    Args:
        name: A name of ``tables()``, or "nets/digits" and the like.

    Returns:
        The numbers, ``[rows, columns]``.

    Raises:
        FileNotFoundError: If there is no such table.
    """
    with (files(__name__) / f"{name}.csv").open(encoding="utf-8") as lines:
        rows = [line for line in lines if not line.startswith("#")][1:]
    return np.array([[float(cell) for cell in row.split(",")] for row in rows])
