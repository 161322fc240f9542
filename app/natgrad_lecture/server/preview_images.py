"""The pictures that links show where they are shared: drawn by the engine, one at a time, in
another process that ends with its picture.

Anybody may ask for a picture of any state, so what asking costs is bounded: one process at a time,
of low priority, with a limit on its time; a short line of those who wait; and the pictures made
last are kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable

WAITING = 4
"""Pictures that may wait to be drawn; a further request is refused for a while."""

KEPT = 10 * 2**20
"""Bytes that the pictures which are kept may take, with their links: about a hundred."""

SECONDS = 30.0
"""In which a picture has to be drawn, the start of the process included."""

LONGEST_QUERY = 1500
"""Letters of a link beyond which the lesson's first picture stands for its state."""


class Busy(Exception):
    """Too many pictures are wanted at the moment."""


class PreviewImages:
    """Pictures by lesson and link. ``fault`` is told what could not be drawn."""

    def __init__(self, fault: Callable[[str, BaseException], None]) -> None:
        self.fault = fault
        self.drawn = 0
        self._kept: dict[tuple[str, str], bytes] = {}
        self._one = asyncio.Lock()
        self._waiting = 0
        self._child: asyncio.subprocess.Process | None = None

    async def picture(self, lesson: str, query: str) -> bytes:
        """The picture of the state that a link names, a PNG; empty if none could be drawn.

        Raises:
            Busy: If ``WAITING`` others wait for theirs.
        """
        key = lesson, query if len(query) <= LONGEST_QUERY else ""
        if key not in self._kept:
            if self._waiting > WAITING:
                raise Busy
            self._waiting += 1
            try:
                async with self._one:
                    if key not in self._kept:
                        image = await self._draw(*key)
                        return self._keep(key, image) if image else b""
            finally:
                self._waiting -= 1
        return self._keep(key, self._kept.pop(key))

    def _keep(self, key: tuple[str, str], image: bytes) -> bytes:
        """Keep a picture as the last one that was asked for."""
        self._kept[key] = image
        while sum(len(query) + len(kept) for (_, query), kept in self._kept.items()) > KEPT:
            del self._kept[next(iter(self._kept))]
        return image

    async def _draw(self, lesson: str, query: str) -> bytes:
        self.drawn += 1
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "natgrad_lecture.server.preview_images",
                lesson,
                query,
                env=env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
            )
            image, _ = await asyncio.wait_for(self._child.communicate(), SECONDS)
            if self._child.returncode or not image:
                raise RuntimeError(f"no preview: code {self._child.returncode}")
        except (OSError, TimeoutError, RuntimeError) as error:
            self.fault(lesson, error)
            return b""
        finally:
            await self.close()
        return image

    async def close(self) -> None:
        """End what still draws."""
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.communicate()


def main(name: str, query: str) -> None:
    """Write the picture of the state that a link names, or else of the lesson's first one."""
    from natgrad_lecture.lessons import lessons
    from natgrad_lecture.lessons.small_picture import preview_image
    from natgrad_lecture.nearest import report
    from natgrad_lecture.server.fork_server import ONE_THREAD, bound_memory, die_with
    from natgrad_lecture.state.link import read_query
    from natgrad_lecture.time_limit import TookTooLong, time_limit

    os.environ.update(ONE_THREAD)
    die_with(os.getppid())
    bound_memory()
    os.nice(10)
    lesson = lessons[name]
    state = read_query(query, lesson.default)[0] if query else lesson.first
    try:
        with time_limit():
            image = preview_image(lesson, state)
    except (Exception, TookTooLong) as error:
        report(lesson, state, error)
        image = preview_image(lesson, lesson.first)
    sys.stdout.buffer.write(image)


if __name__ == "__main__":
    main(*sys.argv[1:])
