"""What a notebook shows of a problem or a run.

The pictures need geometry, which imports the core. So the core only offers the hook, and
``natgrad_core/__init__.py`` registers what is drawn.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any


@singledispatch
def mime_bundle(thing: object) -> dict[str, Any]:
    """Return the representations of a thing by mime type, as ``_repr_mimebundle_`` does.

    Args:
        thing: A problem, a run, or anything else.

    Returns:
        The representations; what is of no registered type shows its ``repr`` alone.
    """
    return {"text/plain": repr(thing)}
