"""The arrays of an answer, as a page unpacks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from natgrad_core.types import Array
from natgrad_lecture.drawing.sheet import Sheet

KINDS: dict[str, Any] = {"f4": np.float32, "u4": np.uint32, "u1": np.uint8}
"""NumPy's types of the kinds that the wire names."""


def unpack(answer: Mapping[str, Any], data: bytes) -> dict[str, Array]:
    """Return the arrays of an answer by name."""
    arrays = {}
    for name, (kind, shape, offset) in answer["buffers"].items():
        flat = np.frombuffer(data, KINDS[kind], int(np.prod(shape)), offset)
        arrays[name] = flat.reshape(shape)
    return arrays


def traces_of(sheet: Sheet) -> list[dict[str, Any]]:
    """Return what was drawn on a sheet, each trace with the fields that its kind has."""
    return cast("list[dict[str, Any]]", sheet.traces)
