"""What we use of Voila that is private is there, in the version that is installed."""

from __future__ import annotations

import asyncio
import inspect
import tomllib
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from voila.voila_kernel_manager import voila_kernel_manager_factory

from natgrad_lecture.server.voila_compat import (
    VERSIONS,
    cancel_pools,
    fill_pool,
    limit_pool,
    pooled,
)
from tests.support.event_loops import run_apart

ROOT = Path(__file__).resolve().parents[2]


class Manager:
    """A manager with pools as Voila keeps them."""

    def __init__(self, *tasks: Any) -> None:
        self._pools = {"a.ipynb": list(tasks)}
        self.kernel_pools_config = {"a.ipynb": {"pool_size": 3}}
        self.filled: list[Any] = []

    def fill_if_needed(self, delay: float | None = None, notebook_name: str | None = None) -> None:
        self.filled.append((delay, notebook_name))


def test_the_bounds_are_those_of_the_project_and_hold_what_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    every = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    asked = {str(Requirement(need).specifier) for need in every if need.startswith("voila")}
    assert {SpecifierSet(one) for one in asked} == {SpecifierSet(VERSIONS)}
    assert version("voila") in SpecifierSet(VERSIONS)


def test_the_installed_voila_has_what_is_used() -> None:
    source = inspect.getsource(voila_kernel_manager_factory)
    for used in (
        "self._pools: ",
        "def fill_if_needed(",
        "kernel_pools_config = Dict(",
        "pool_size",
        "'kernel_id'",
        "def _initialize(",
    ):
        assert used in source.replace('"', "'"), used


def test_only_a_kernel_that_has_started_waits_and_a_failed_start_is_none() -> None:
    async def ended(value: Any) -> dict[str, Any]:
        if isinstance(value, Exception):
            raise value
        return {"kernel_id": value}

    async def whole() -> tuple[set[str], list[bool], Manager]:
        loop = asyncio.get_running_loop()
        good, bad = (loop.create_task(ended(v)) for v in ("k1", OSError("no")))
        waits = loop.create_task(asyncio.sleep(60))
        await asyncio.wait([good, bad])
        manager = Manager(good, bad, waits)
        found = pooled(manager)
        cancel_pools(manager)
        await asyncio.wait([waits])
        return found, [waits.cancelled()], manager

    found, cancelled, manager = run_apart(whole())
    assert found == {"k1"}
    assert cancelled == [True]
    assert pooled(manager) == set()


def test_a_pool_is_limited_and_filled_for_one_notebook() -> None:
    manager = Manager()
    limit_pool(manager, "a.ipynb", 1)
    fill_pool(manager, "a.ipynb")
    assert manager.kernel_pools_config == {"a.ipynb": {"pool_size": 1}}
    assert manager.filled == [(0, "a.ipynb")]


@pytest.mark.parametrize("manager", [object()])
def test_a_manager_without_pools_has_none_waiting(manager: object) -> None:
    assert pooled(manager) == set()
