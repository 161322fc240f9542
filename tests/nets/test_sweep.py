"""Laws of a sweep: every setting once, whoever runs it and however often it is begun."""

from __future__ import annotations

import importlib
import math
import multiprocessing
import os
import signal
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, cast

import pytest
from torch import nn

from natgrad_core.nets import Data
from natgrad_core.nets import grid_search as module
from natgrad_core.nets.grid_search import key, rule_of, settings, sweep

GRID: dict[str, Any] = {
    "rule": ["kfac", "adam", "gradient"],
    "rate": [None, 0.05],
    "damping": [None, 0.1],
    "width": [4],
    "seed": [0, 1],
    "data": ["moons"],
    "steps": [5],
}


def test_a_grid_has_each_setting_once_and_leaves_out_what_a_rule_does_not_take() -> None:
    found = settings(GRID)
    assert len({key(one) for one in found}) == len(found) == 8 + 4 + 4
    assert all(one["damping"] is None for one in found if one["rule"] != "kfac")
    assert rule_of(found[0]).name == "K-FAC"


def test_a_sweep_resumes_from_what_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[int, int]] = []
    first = sweep(GRID, tmp_path, jobs=1, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(i, 16) for i in range(17)]
    assert [key({k: one[k] for k in module.DEFAULTS}) for one in first] == [
        key(one) for one in settings(GRID)
    ]
    assert all(one["step"] == 5 and math.isfinite(one["loss"]) for one in first)
    lost = sorted(tmp_path.glob("*.json"))[:3]
    for path in lost:
        path.unlink()
    ran: list[str] = []
    before = module.run
    monkeypatch.setattr(
        module, "run", lambda one, **given: ran.append(before(one, **given)) or ran[-1]
    )
    again = sweep(GRID, tmp_path, jobs=1)
    assert sorted(ran) == [path.stem for path in lost]
    assert [one["loss"] for one in again] == [one["loss"] for one in first]
    assert not list(tmp_path.glob(".*"))


def test_a_run_that_diverges_is_a_result(tmp_path: Path) -> None:
    (one,) = sweep({**GRID, "rule": ["gradient"], "rate": [1e38], "seed": [0]}, tmp_path, jobs=1)
    assert not one["ok"]
    assert "diverged" in one["note"]


def test_a_grid_says_what_it_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a grid has no 'rates'; there are rule, rate"):
        sweep({"rates": [1]}, tmp_path)
    with pytest.raises(ValueError, match="no rule 'sgd'; there are gradient"):
        sweep({"rule": ["sgd"]}, tmp_path)
    with pytest.raises(ValueError, match="no data 'mnist'; there are moons"):
        sweep({"data": ["mnist"]}, tmp_path)


def _normed(data: Data, width: int) -> nn.Module:
    first, last = nn.Linear(data.x.shape[1], width), nn.Linear(width, data.outputs)
    return nn.Sequential(first, nn.LayerNorm(width), nn.Tanh(), last)


def test_a_sweep_takes_any_module_and_keeps_its_results_apart(tmp_path: Path) -> None:
    grid = {**GRID, "rule": ["kfac"], "rate": [None], "damping": [None], "seed": [0]}
    (plain,) = sweep(grid, tmp_path, jobs=1)
    (own,) = sweep(grid, tmp_path, jobs=1, model=_normed)
    assert own["model"].endswith("._normed")
    assert own["ok"]
    assert own["loss"] != plain["loss"]
    assert len(list(tmp_path.glob("*.json"))) == 2
    (again,) = sweep(grid, tmp_path, jobs=1, model=_normed)
    assert again == own
    with pytest.raises(TypeError, match=r"a function of \(data, width\), got a Linear"):
        sweep(grid, tmp_path, model=cast("Any", nn.Linear(2, 2)))


# Joblib warns of a process that it replaces because its memory has grown. As an error, in a thread
# of joblib's, that would keep the sweep waiting for ever.
@pytest.mark.filterwarnings("ignore:A worker stopped while some jobs")
@pytest.mark.slow
def test_two_cores_find_what_one_does(tmp_path: Path) -> None:
    one = sweep(GRID, tmp_path / "one", jobs=1)
    two = sweep(GRID, tmp_path / "two", jobs=2)
    assert [each["loss"] for each in one] == pytest.approx([each["loss"] for each in two])


def _own(data: Data, width: int) -> nn.Module:
    first, last = nn.Linear(data.x.shape[1], width), nn.Linear(width, data.outputs)
    return nn.Sequential(first, nn.Tanh(), last)


@pytest.fixture
def client() -> Iterator[Any]:
    """A client of a cluster of two processes. These are forks of one that has imported torch."""
    distributed = pytest.importorskip("distributed", reason="the extra natgrad[cluster]")
    dask = importlib.import_module("dask")
    multiprocessing.set_forkserver_preload(["distributed", module.__name__])
    forkserver.ensure_running()
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        distributed.LocalCluster(**options) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_loses_a_worker_half_way_brings_every_result_once(
    tmp_path: Path, client: Any
) -> None:
    grid = {**GRID, "rule": ["gradient", "adam", "kfac"], "steps": [60]}  # the longest runs last
    killed: list[int] = []

    def kill_one(done: int, total: int) -> None:
        if done >= total // 2 and not killed:
            pids = client.run(os.getpid)
            killed.append(next(iter(pids.values())))
            os.kill(killed[0], signal.SIGKILL)

    found = sweep(grid, tmp_path, client, progress=kill_one, model=_own)
    assert len(killed) == 1
    assert len(found) == 16
    assert len(list(tmp_path.glob("*.json"))) == 16
    asked = {key({k: one[k] for k in module.DEFAULTS}) for one in found}
    assert asked == {key(one) for one in settings(grid)}
    assert all(one["step"] == 60 for one in found)
