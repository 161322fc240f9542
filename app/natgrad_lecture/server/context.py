"""What the handlers of requests need of the server: its parts, and what they may ask it to do.

Handlers know this and not the server itself, which is put together from them (``server.py``).
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

from natgrad_lecture.classroom.hub import Hub
from natgrad_lecture.server.assets import Assets
from natgrad_lecture.server.monitoring import Watch
from natgrad_lecture.server.preview_images import PreviewImages
from natgrad_lecture.server.sessions import Readers
from natgrad_lecture.server.thumbnails import Drawing
from natgrad_lecture.server.waiting_line import WaitingLine


class Connection(Protocol):
    """An open websocket of a page."""

    def hang_up(self, code: int, reason: str, at_once: bool = False) -> None:
        """Close it, and say why; ``at_once`` waits for no word of the other side."""

    def silent(self) -> float:
        """Return since how many seconds an ask waits for its answer."""
        ...


class Context(Protocol):
    """The server as its handlers see it."""

    assets: Assets
    readers: Readers
    line: WaitingLine
    together: Hub
    """All classes."""

    names: tuple[str, ...]
    """The host names by which readers call us."""

    previews: PreviewImages
    """What draws the pictures of links."""

    watch: Watch
    limit: int
    an_address: int
    """How many pages one address may have without opening them."""

    metrics_token: str

    def home(self, language: str, asked: bool = False) -> str:
        """The page with the list of all lessons, in a language, which the link may ask for."""
        ...

    def glossary(self, language: str, asked: bool = False) -> str:
        """The page of the glossary in a language, which the link may ask for."""
        ...

    @property
    def drawing(self) -> Drawing:
        """What draws the lessons' thumbnails."""
        ...

    def lessons(self) -> list[str]:
        """Return the lessons' names, first the one that ``/`` opens."""
        ...

    @property
    def inside(self) -> int:
        """How many readers there are."""
        ...

    def free(self, lesson: str = "") -> int:
        """Return how many more readers may come in, to this lesson."""
        ...

    def making(self) -> AbstractContextManager[None]:
        """Keep a place for a reader while their page is made."""
        ...

    def head(self, lesson: str, image: str, language: str) -> str:
        """Return the page as far as it needs no kernel, in one of the lesson's languages; ``image``
        is where its picture is.
        """
        ...

    def render(self, name: str, language: str, /, **values: object) -> str:
        """Return a template, filled, with the words of the server's pages in a language."""
        ...

    def class_page(self, data: dict[str, Any], language: str) -> str:
        """Return the page of those who follow a class."""
        ...

    def lives(self, kernel: str) -> bool:
        """Return whether a kernel is there and has not ended."""
        ...

    def purge_the_pool(self) -> None:
        """Forget kernels that died while they waited."""

    def page_failed(self, lesson: str, error: BaseException) -> None:
        """Say what kept a page from being made."""

    def open_line(self, kernel: str, line: Connection) -> None:
        """Note that a page opened its websocket."""

    def close_line(self, kernel: str, line: Connection) -> None:
        """Note that a page's websocket closed."""

    async def end_kernel(self, kernel: str, reason: str = "left") -> None:
        """End a kernel that nobody needs any more."""

    def page_built(self) -> None:
        """Note that a page was made."""

    async def ready(self) -> str:
        """Return what keeps a page from being made now; empty if nothing does."""
        ...

    async def well(self) -> bool:
        """Return whether kernels can be started."""
        ...
