"""Name the extra to install where a package is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

OURS = ("natgrad_core", "natgrad_lecture")


class MissingExtra(ModuleNotFoundError):
    """A package of an extra is missing; the message says what to install."""


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Wrap the imports of packages that only an extra of ``pip install natgrad[...]`` brings.

    Args:
        extra: The extra's name in pyproject.toml, for example ``lecture``.

    Raises:
        MissingExtra: If one of these packages is missing.
    """
    try:
        yield
    except MissingExtra:
        raise
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] in OURS:
            raise
        said = f'{missing.name} is missing: pip install "natgrad[{extra}]"'
        raise MissingExtra(said, name=missing.name) from None
