"""The thumbnails of the home page: drawn by the engine in other processes, at the first visit.

The page does not wait for them: each is a picture with an address of its own, answered once it is
drawn. One process draws the lessons that need torch, whose import takes its time, another the rest;
the server itself stays free to answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable


class Drawing:
    """Pictures by the names of lessons. ``fault`` is told what could not be drawn."""

    def __init__(self, names: Iterable[str], fault: Callable[[str, BaseException], None]) -> None:
        self.names = tuple(names)
        self.fault = fault
        self._built: dict[str, asyncio.Future[str]] = {}
        self._children: list[asyncio.subprocess.Process] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def picture(self, name: str) -> str:
        """The thumbnail of a lesson, an SVG; empty if it could not be drawn."""
        if name not in self._built:
            self._begin(name)
        return await asyncio.shield(self._built[name])

    def _begin(self, name: str) -> None:
        """Draw a lesson, and all that one process draws with it."""
        from natgrad_lecture.lessons import lessons

        loop = asyncio.get_running_loop()
        names = [other for other in self.names if lessons[other].slow == lessons[name].slow]
        self._built |= {other: loop.create_future() for other in names}
        self._tasks.append(asyncio.create_task(self._draw(names)))

    async def _draw(self, names: list[str]) -> None:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "natgrad_lecture.server.thumbnails",
            *names,
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            limit=2**22,
        )
        self._children.append(child)
        assert child.stdout
        try:
            async for line in child.stdout:
                for name, svg in json.loads(line).items():
                    self._built[name].set_result(svg)
            await child.wait()
        finally:  # Whatever happened, nobody waits for a picture that will not come.
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.communicate()
            for name in names:
                if not self._built[name].done():
                    self._built[name].set_result("")
                    self.fault(name, RuntimeError(f"no thumbnail: code {child.returncode}"))

    async def close(self) -> None:
        """End what still draws."""
        for child in self._children:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def main(names: list[str]) -> None:
    """Draw these lessons' thumbnails, each said as a line of JSON once it is there."""
    from natgrad_lecture.lessons import lessons
    from natgrad_lecture.lessons.small_picture import thumbnail

    for name in names:
        print(json.dumps({name: thumbnail(lessons[name])}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
