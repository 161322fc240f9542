"""One server for all tests that only look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from natgrad_lecture.lessons import lessons
from tests.support.coverings import EVERY
from tests.support.servers import Server, running

DRAWN = [*lessons] if EVERY else ["coordinates", "approximations"]
"""The lessons whose thumbnails the server draws: one of each process that draws some."""

DRAW = f"""
from natgrad_lecture.server.thumbnails import Drawing
drawing = Drawing.__init__
Drawing.__init__ = lambda self, names, fault: drawing(self, {DRAWN}, fault)
"""


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running(first=DRAW) as server:
        yield server
