"""One server for all tests that only look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.servers import Server, running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as server:
        yield server
