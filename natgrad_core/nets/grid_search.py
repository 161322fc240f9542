"""A sweep: many runs over a grid of rule, rate, damping, width and seed, on all cores or a cluster.

    sweep({"rule": ["kfac", "adam"], "rate": [None, 0.01], "seed": range(5)}, "sweeps/digits")

Each run is one file in a folder, named by what was run and written whole or not at all. So a sweep
that is stopped goes on where it was, a run done twice (a worker died, another took over) is still
one result, and nothing has to come back from the worker for its work to count.
"""

from __future__ import annotations

import hashlib
import inspect
import itertools
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from natgrad_core.nets import rules
from natgrad_core.nets.datasets import PLANE, REAL, Data, plane, real
from natgrad_core.nets.model import mlp
from natgrad_core.nets.problem import NetProblem
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.runtime.threads_and_malloc import settle
from natgrad_core.nets.training import accuracy, train

Setting = dict[str, Any]
Maker = Callable[[Data, int], nn.Module]
"""Makes a model for data and a width."""
Progress = Callable[[int, int], None]

DEFAULTS: Setting = {
    "rule": "kfac",
    "rate": None,
    "damping": None,
    "width": 32,
    "seed": 0,
    "data": "digits",
    "steps": 100,
    "target": 0.0,
}
"""What a grid may vary; None leaves a rule's rate or damping as the rule has it."""


def rule_of(setting: Setting) -> Rule:
    """Return the rule that a setting names, with its rate and damping where they are given.

    Args:
        setting: The setting.

    Returns:
        The rule.
    """
    make = rules.RULES[setting["rule"]]
    takes = inspect.signature(make).parameters
    given: dict[str, Any] = {}
    if setting["rate"] is not None:
        given["rate" if "rate" in takes else "size"] = setting["rate"]
    if setting["damping"] is not None:
        given["damping"] = setting["damping"]
    return make(**given)


def settings(grid: Mapping[str, Iterable[Any]]) -> list[Setting]:
    """Return all settings of a grid, each once.

    Args:
        grid: The values of each field.

    Returns:
        The settings; what a rule does not take is left out of them.

    Raises:
        ValueError: If a field or a value is not known.
    """
    unknown = sorted(set(grid) - set(DEFAULTS))
    if unknown:
        raise ValueError(f"a grid has no {unknown[0]!r}; there are {', '.join(DEFAULTS)}")
    found: dict[str, Setting] = {}
    for values in itertools.product(*grid.values()):
        one = {**DEFAULTS, **dict(zip(grid, values, strict=True))}
        if one["rule"] not in rules.RULES:
            raise ValueError(f"no rule {one['rule']!r}; there are {', '.join(rules.RULES)}")
        if one["data"] not in (*PLANE, *REAL):
            raise ValueError(f"no data {one['data']!r}; there are {', '.join((*PLANE, *REAL))}")
        takes = inspect.signature(rules.RULES[one["rule"]]).parameters
        if not {"rate", "size"} & set(takes):
            one["rate"] = None
        if "damping" not in takes:
            one["damping"] = None
        found.setdefault(key(one), one)
    return list(found.values())


def key(setting: Setting) -> str:
    """Return a name for a setting: the same wherever and whenever it is computed.

    Args:
        setting: The setting.

    Returns:
        The name.
    """
    return hashlib.sha256(json.dumps(setting, sort_keys=True).encode()).hexdigest()[:24]


def run(setting: Setting, folder: str, model: Maker | None = None) -> str:
    """Make one run, on whatever machine, and write it to its file.

    Args:
        setting: The setting.
        folder: Where the files are.
        model: Makes the model; None: an MLP with one hidden layer.

    Returns:
        The name of the file.
    """
    settle()
    data = plane(setting["data"]) if setting["data"] in PLANE else real(setting["data"], test=0.2)
    module = (model or _mlp)(data, setting["width"])
    problem = NetProblem.of(module, data)
    frames = train(
        problem,
        rule_of(setting),
        seed=setting["seed"],
        steps=setting["steps"],
        target=setting["target"],
    )
    last = next(frames)
    for frame in frames:
        last = frame
    tested = accuracy(problem, last.theta, data.x_test, data.y_test) if data.classes else None
    result = {
        **setting,
        "step": last.step,
        "loss": last.loss,
        "seconds": last.seconds,
        "accuracy": tested,
        "ok": last.ok,
        "note": last.note,
    }
    name = key(setting)
    handle, path = tempfile.mkstemp(dir=folder, prefix=f".{name}")
    with os.fdopen(handle, "w") as file:
        json.dump(result, file)
    Path(path).replace(Path(folder) / f"{name}.json")
    return name


def _mlp(data: Data, width: int) -> nn.Module:
    return mlp((data.x.shape[1], width, data.outputs))


def sweep(
    grid: Mapping[str, Iterable[Any]],
    folder: str | Path,
    client: Any = None,
    jobs: int = -1,
    progress: Progress | None = None,
    model: Maker | None = None,
) -> list[Setting]:
    """Return results of all settings of a grid; those already in the folder are not rerun.

    A run that diverges is a result; a worker that dies has its runs taken over by another.

    Args:
        grid: The values of each field.
        folder: Where the results are kept.
        client: A Dask client, whose workers must see the folder; None: this machine.
        jobs: How many of this machine's cores; −1: all.
        progress: Told (done, in all) as results come in.
        model: A function that makes any module for the data and a width; None: an MLP with one
            hidden layer. Results are kept by its name: give another model another name.

    Returns:
        The results, in the grid's order.

    Raises:
        ValueError: If a field or a value of the grid is not known.
        TypeError: If ``model`` is a model, not a function that makes one.
    """
    if isinstance(model, nn.Module):
        raise TypeError(
            "a sweep makes a new model for each run: give it a function of (data, width), got a "
            f"{type(model).__name__}"
        )
    wanted = settings({name: list(values) for name, values in grid.items()})
    if model is not None:
        wanted = [{**one, "model": f"{model.__module__}.{model.__qualname__}"} for one in wanted]
    place = Path(folder).absolute()
    place.mkdir(parents=True, exist_ok=True)
    todo = [one for one in wanted if not (place / f"{key(one)}.json").exists()]
    done = len(wanted) - len(todo)
    if progress:
        progress(done, len(wanted))
    work = partial(run, folder=str(place), model=model)
    for _ in _by_client(client, work, todo) if client else _by_cores(jobs, work, todo):
        done += 1
        if progress:
            progress(done, len(wanted))
    return [json.loads((place / f"{key(one)}.json").read_text()) for one in wanted]


def _by_cores(jobs: int, work: Callable[[Setting], str], todo: list[Setting]) -> Iterator[str]:
    from joblib import Parallel, delayed

    finished: Any = Parallel(jobs, return_as="generator_unordered")(
        delayed(work)(one) for one in todo
    )
    yield from finished


def _by_client(client: Any, work: Callable[[Setting], str], todo: list[Setting]) -> Iterator[str]:
    from distributed import as_completed

    futures = [client.submit(work, one, key=f"run-{key(one)}", retries=3) for one in todo]
    for future in as_completed(futures):
        yield future.result()
