"""Train to a given loss: each rule is tuned on some seeds, then measured on others (medians)."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.measure import aim, say, table
from natgrad_core.nets import Data, NetProblem, autoencoding, mlp, real, rules
from natgrad_core.nets.damping import LevenbergMarquardt
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.step_size import Quadratic
from natgrad_core.nets.training import Frame, steps_to, train
from natgrad_lecture.lessons.race.model import rule_of
from natgrad_lecture.lessons.race.state import FOUND

Grid = dict[str, Callable[[], Rule]]
TUNING = (101, 102)
"""Seeds for tuning; the figures use seeds 0, 1, 2 …"""


@dataclass(frozen=True)
class Race:
    """A network and data, the losses to reach, and the rules, each with a grid for tuning."""

    title: str
    problem: NetProblem
    targets: tuple[float, ...]
    entrants: dict[str, Grid]
    time_limit: float
    """Seconds after which a run has failed."""
    most_steps: dict[str, int] = field(default_factory=dict)
    """Target number of steps of a rule to the last loss; three times as many is a failure."""
    faster: dict[str, float] = field(default_factory=dict)
    """Target ratio of a baseline's seconds to K-FAC's."""
    best: tuple[str, ...] = ()
    """The baselines of which K-FAC is compared with the best, in seconds and in steps."""
    times: float = 1.0
    """Target ratio of the best baseline's seconds to K-FAC's."""
    fewer: float | None = None
    """Target ratio of the best baseline's steps to K-FAC's."""


def finish(
    race: Race, name: str, rule: Rule, seed: int, time_limit: float
) -> dict[float, tuple[int, float]]:
    """Return steps and seconds to each target that was reached in time."""
    few = race.most_steps.get(name)

    def until() -> Iterator[Frame]:
        for frame in train(
            race.problem, rule, seed=seed, target=race.targets[-1], clock=time.process_time
        ):
            yield frame
            if frame.step > 3 * few if few else frame.seconds > time_limit:
                return

    return steps_to(until(), race.targets)


def tuned(race: Race, name: str, grid: Grid, seeds: Sequence[int]) -> str:
    """Return the setting with the least median seconds to the last target; print the whole grid.

    A baseline with one setting comes tuned, by ``make tune-race``.
    """
    best, least, lines = next(iter(grid)), math.inf, []
    if len(grid) == 1:
        say(f"- {name}: as tuned for the lesson. **{best}**")
        return best
    for setting, make in grid.items():
        found = [finish(race, name, make(), seed, race.time_limit) for seed in seeds]
        runs = [each.get(race.targets[-1]) for each in found]
        seconds = statistics.median(run[1] if run else math.inf for run in runs)
        steps = statistics.median(run[0] if run else math.inf for run in runs)
        lines.append(f"{setting}: {steps:g} steps, {seconds:.2f} s")
        score = steps if name == "exact natural" else seconds  # its target is a number of steps
        if score < least:
            best, least = setting, score
    say(f"- {name}: {'; '.join(lines)}. **{best}**")
    return best


def run(race: Race, seeds: Sequence[int], tuning: Sequence[int]) -> None:
    """Tune, measure and print."""
    say(f"## {race.title}\n\nTuned on seeds {', '.join(map(str, tuning))} (inf: not in time):\n")
    for grid in race.entrants.values():  # torch imports more modules when its first L-BFGS is made
        list(train(race.problem, next(iter(grid.values()))(), steps=2))
    chosen = {name: tuned(race, name, grid, tuning) for name, grid in race.entrants.items()}
    found: dict[str, list[dict[float, tuple[int, float]]]] = {name: [] for name in race.entrants}
    for seed in seeds:
        for name, grid in race.entrants.items():
            rule = grid[chosen[name]]()
            found[name].append(finish(race, name, rule, seed, 1.5 * race.time_limit))
    say(f"\nMedians over {len(seeds)} fresh seeds (steps, seconds), and how many arrived:\n")
    rows: list[list[str]] = []
    for name, runs in found.items():
        row = [f"{name} ({chosen[name]})"]
        for target in race.targets:
            got = [each.get(target, (math.inf, math.inf)) for each in runs]
            steps, seconds = (statistics.median(column) for column in zip(*got, strict=True))
            row.append(f"{steps:g}, {seconds:.3f} s")
        arrived = [each[race.targets[-1]] for each in runs if race.targets[-1] in each]
        first = [each.get(race.targets[-1], (0, math.inf))[1] for each in found["K-FAC"]]
        mine = [each.get(race.targets[-1], (0, math.inf))[1] for each in runs]
        ratios = [m / f if math.isfinite(f) else math.nan for m, f in zip(mine, first, strict=True)]
        rows.append([*row, f"{len(arrived)} of {len(runs)}", f"{statistics.median(ratios):.1f}"])
    heads = [f"loss {target:g}" for target in race.targets]
    table(["rule", *heads, "arrived", "seconds / K-FAC's"], rows)
    tell(race, found)


def tell(race: Race, found: dict[str, list[dict[float, tuple[int, float]]]]) -> None:
    """Record the targets of a race."""
    last = race.targets[-1]

    def of(name: str, which: int) -> list[float]:
        return [float(each.get(last, (math.inf, math.inf))[which]) for each in found[name]]

    where = race.title.split(",")[0]
    for name, most in race.most_steps.items():
        if name not in found:
            continue
        steps = statistics.median(of(name, 0))
        aim(f"{where}: {name}, steps to {last:g}", f"{steps:g}", "", steps, most, True)
    for which, unit, times in ((1, "seconds", race.times), (0, "steps", race.fewer)):
        baselines = {
            name: statistics.median(of(name, which)) for name in race.best if name in found
        }
        if baselines and times is not None:
            best, ours = (
                min(baselines, key=baselines.__getitem__),
                statistics.median(of("K-FAC", which)),
            )
            aim(
                f"{where}: {unit} to {last:g}, best of the tuned / K-FAC",
                f"{ours:.3g}",
                f"{best} {baselines[best]:.3g}",
                baselines[best] / ours,
                times,
            )
    first = of("K-FAC", 1)
    for name, times in race.faster.items():
        if name not in found:
            continue
        mine = of(name, 1)
        ratio = statistics.median(
            m / f if math.isfinite(f) else math.nan for m, f in zip(mine, first, strict=True)
        )
        aim(
            f"{where}: seconds to {last:g}, {name} / K-FAC",
            f"{statistics.median(first):.3f} s",
            f"{statistics.median(mine):.3f} s",
            ratio,
            times,
        )


def kfacs(starts: Sequence[float], omegas: Sequence[float], said: str = "", **options: Any) -> Grid:
    """Return a grid of K-FAC over λ₀ and ω; ``said`` names the other options."""

    def built(start: float, omega: float) -> Callable[[], Rule]:
        return lambda: rules.kfac(LevenbergMarquardt(start, omega), **options)

    return {f"λ₀ {s:g}, ω {o:g}{said}": built(s, o) for s in starts for o in omegas}


def naturals(starts: Sequence[float], omegas: Sequence[float]) -> Grid:
    """Return a grid of Levenberg–Marquardt with the exact Fisher matrix."""

    def built(start: float, omega: float) -> Callable[[], Rule]:
        return lambda: rules.levenberg_marquardt(start, omega)

    return {f"λ₀ {s:g}, ω {o:g}": built(s, o) for s in starts for o in omegas}


def rates(make: Callable[..., Rule], values: Sequence[float], **options: float) -> Grid:
    """Return a grid of one rule over its rate."""
    lines = "".join(f", {name} {value:g}" for name, value in options.items())
    return {f"α {v:g}{lines}": (lambda v=v: make(v, **options)) for v in values}


LABELS = {
    "kfac": "K-FAC",
    "adam": "Adam",
    "muon": "Muon",
    "soap": "SOAP",
    "shampoo": "Shampoo",
    "lbfgs": "L-BFGS",
}


def as_tuned(tuning: str) -> dict[str, Grid]:
    """Return K-FAC and its baselines, each with the setting that ``make tune-race`` found."""
    settings = FOUND["tunings"][tuning]["settings"]

    def built(name: str) -> Callable[[], Rule]:
        return lambda: rule_of(name, settings[name])

    return {
        label: {", ".join(f"{v:g}" for v in settings[name].values()): built(name)}
        for name, label in LABELS.items()
        if name in settings
    }


def digits(quick: bool) -> Race:
    """Return the race on digits: MLP 64-32-10, full batch, cross-entropy."""
    few = slice(0, 1) if quick else slice(None)
    baselines = as_tuned("digits")
    over, each = ((0.3, 0.1, 0.03, 0.01)[few], (0.25, 0.125)), Quadratic(layers=True)
    entrants: dict[str, Grid] = {
        "K-FAC": {
            **kfacs(*over),
            **kfacs(*over, ", a length for each layer", size=each),
            **kfacs(*over, ", the same, from 450 examples", size=each, examples=450),
            **kfacs(*over, ", from 225, averaged", size=each, examples=225, keep=0.3),
            **baselines.pop("K-FAC"),
        },
        "E-KFAC": {
            f"λ₀ {s:g}": (lambda s=s: rules.ekfac(LevenbergMarquardt(s, 0.125)))
            for s in (0.3, 0.1)[few]
        },
        "exact natural": naturals((0.1, 0.03)[few], (0.125,)),
        "matrix-free natural": {
            f"λ₀ {s:g}, ω 0.125, CG to 0.1": (
                lambda s=s: rules.levenberg_marquardt(s, 0.125, None, "cg", 0.1)
            )
            for s in (0.3, 0.1)[few]
        },
        **baselines,
        "SGD Nesterov": {
            **rates(rules.nesterov, (0.2, 0.3, 0.5)[few], keep=0.99),
            **rates(rules.nesterov, (0.5, 1.0), keep=0.98),
        },
        "Adam, β₂ = 0.999": rates(rules.adam, (0.06, 0.03, 0.1)[few]),
    }
    if not quick:
        entrants["SGD momentum"] = rates(rules.momentum, (0.1, 0.3), keep=0.99)
        entrants["SGD"] = rates(rules.gradient, (0.5, 2.0))
        entrants["Adadelta"] = rates(rules.adadelta, (1.0, 10.0))
    problem = NetProblem.of(mlp((64, 32, 10)), real("digits", "unit"))
    return Race(
        "Digits, MLP 64-32-10, full batch, float32, loss to 1e-4",
        problem,
        (1e-1, 1e-2, 1e-3, 1e-4),
        entrants,
        12.0,
        {"K-FAC": 15, "exact natural": 13},
        {"Adam, β₂ = 0.999": 8, "SGD Nesterov": 3},
        tuple(baselines),
        fewer=2,
    )


def autoencoder(quick: bool) -> Race:
    """Return the autoencoder: 64-48-24-8-24-48-64, tanh; loss ½‖error‖², summed over 64 pixels."""
    data: Data = autoencoding(real("digits", "unit"))
    baselines = as_tuned("autoencoder")
    sampled: dict[str, Any] = {"kind": "monte-carlo", "keep": 0.9}
    entrants: dict[str, Grid] = {
        "K-FAC": {**kfacs((0.3,), (0.25,), **sampled), **baselines.pop("K-FAC")},
        **baselines,
    }
    if not quick:
        entrants["SGD Nesterov"] = rates(rules.nesterov, (0.01, 0.03), keep=0.99)
    problem = NetProblem.of(mlp((64, 48, 24, 8, 24, 48, 64)), data)
    targets = (1.0, 0.5) if quick else (1.0, 0.5, 0.3)
    title = f"Autoencoder on digits, 64-48-24-8-24-48-64, ½·squared error to {targets[-1]:g}"
    time_limit = 4.0 if quick else 6.0
    best = tuple(baselines)
    return Race(title, problem, targets, entrants, time_limit, best=best, times=3)


RACES = {"digits": digits, "autoencoder": autoencoder}
