"""A sheet collects traces and their arrays, and packs the arrays into one binary buffer."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from natgrad_core.types import Array
from natgrad_lecture.protocol import ArrayKind, ArrayPlace, Trace, TraceKind

_KINDS: dict[str, tuple[ArrayKind, Any]] = {
    "f": ("f4", np.float32),
    "u": ("u4", np.uint32),
    "i": ("u4", np.uint32),
}
_BYTES: tuple[ArrayKind, Any] = ("u1", np.uint8)


class Sheet:
    """Traces in drawing order; ``buffers`` says where each array lies in ``data``.

    ``fine`` is how many parts of a heavy picture the page already asked for; a picture that has
    more of them answers with ``more`` (what to ask next) and ``progress``. ``hold``: the reader has
    stopped it, and wants to see what there is; ``one``: and now a single step more. ``only`` are
    the kinds of traces that are wanted, if not all.
    """

    def __init__(
        self,
        have: frozenset[str] = frozenset(),
        fine: int = 0,
        hold: bool = False,
        one: bool = False,
        only: frozenset[TraceKind] | None = None,
    ) -> None:
        self.fine, self.hold, self.one = fine, hold, one
        self.traces: list[Trace] = []
        self.buffers: dict[str, ArrayPlace] = {}
        self._have, self._only = have, only
        self._chunks: list[tuple[Any, Any]] = []
        self._size = 0
        self._frames: dict[str, Array] = {}

    def step_shown(self, step: int | None, before: int, last: int) -> int:
        """The step that an answer shows, of runs that came from ``before`` to ``last`` in it.

        It is the one that the reader is at, or the last one; who is at the end while the runs grow
        stays at the end.
        """
        if step is None or (self.fine > 0 and step == before):
            return last
        return min(int(step), last)

    def frame(self, plane: str, view: Array) -> None:
        """Give both axes of a plane scales of their own.

        The canvas has one scale for both axes, so what is added to this plane from now on is sent
        as places in the unit square.

        Args:
            plane: Its name.
            view: What the square shows, low and high of each axis, ``[2, 2]``.
        """
        self._frames[plane] = view

    def array(self, name: str, values: ArrayLike) -> str:
        """Pack an array under ``name``: floats as f4, whole numbers as u4, bytes as they are.

        Each begins at a multiple of 8 bytes.
        """
        plain = np.asarray(values)
        kind, dtype = _BYTES if plain.dtype == np.uint8 else _KINDS[plain.dtype.kind]
        if name not in self.buffers:
            self.buffers[name] = (kind, list(plain.shape), self._size)
            self._chunks.append((plain, dtype))
            size = plain.size * np.dtype(dtype).itemsize
            self._size += size + -size % 8
        return name

    def add(self, plane: str, kind: TraceKind, style: str, name: str, /, **more: Any) -> None:
        """Draw something: arrays among ``more`` go to the buffer, the rest into the trace.

        With ``cache=key`` the arrays are left out if the page said that it still has them.
        """
        if self._only is not None and kind not in self._only:
            return
        if plane in self._frames:
            more |= _placed(kind, more, self._frames[plane])
        key = more.get("cache")
        trace: Trace = {"plane": plane, "kind": kind, "style": style, "name": name}
        parts = cast("dict[str, Any]", trace)
        for part, value in more.items():
            if not isinstance(value, np.ndarray):
                parts[part] = value
            elif key is None:
                parts[part] = self.array(f"{len(self.traces)}.{part}", value)
            else:
                parts[part] = f"{key}.{part}"
                if key not in self._have:
                    self.array(parts[part], value)
        self.traces.append(trace)

    @property
    def data(self) -> bytes:
        """The one buffer."""
        found: list[bytes] = []
        with np.errstate(over="ignore"):  # what is too large for f4 is infinite to the eye
            for plain, dtype in self._chunks:
                chunk = np.ascontiguousarray(plain, dtype).tobytes()
                found += [chunk, b"\0" * (-len(chunk) % 8)]
        return b"".join(found)


def _placed(kind: TraceKind, more: dict[str, Any], view: Array) -> dict[str, Any]:
    """What of a trace changes with the scales of its plane, in places of the unit square."""
    low, size = view[:, 0], np.ptp(view, axis=1)
    found: dict[str, Any] = {}
    affine = more.get("map")
    if affine or kind in ("bands", "lines"):  # kept by the page under one name: its map changes
        a, b, c, d, e, f = affine or (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        (p, q), (u, v) = size, low
        return {"map": [float(x) for x in (a / p, b / p, c / q, d / q, (e - u) / p, (f - v) / q)]}
    if "points" in more:
        points = np.asarray(more["points"], float)
        pairs = points.reshape(*points.shape[:-1], -1, 2)
        found["points"] = ((pairs - low) / size).reshape(points.shape)
    if "shapes" in more:
        center, axes = np.split(np.asarray(more["shapes"], float), [2], axis=-1)
        found["shapes"] = np.concatenate([(center - low) / size, axes / np.tile(size, 2)], -1)
    if "box" in more:
        sides = np.reshape(more["box"], (2, 2))
        found["box"] = ((sides - low[:, None]) / size[:, None]).ravel().tolist()
    return found
