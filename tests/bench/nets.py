"""How fast small nets learn here, beside others' rules and others' libraries: ``make bench-nets``.

Every rule is tuned on seeds that are then not used again, over a grid that is printed whole; the
figures are medians over fresh seeds, rules taking turns, so that a busy machine is busy for all.
Seconds are a rule's own, of CPU, on one thread. Absolute figures wander with the machine; the
ratios hold.
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import itertools
import math
import multiprocessing
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from torch import Tensor, nn

from natgrad_core.nets import Data, NetProblem, autoencoding, mlp, plane, real, rules
from natgrad_core.nets.cost import METHODS, costs
from natgrad_core.nets.damping import LevenbergMarquardt
from natgrad_core.nets.fisher import Fisher
from natgrad_core.nets.machine import settle
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.solve import solve
from natgrad_core.nets.training import Frame, begin, steps_to, train
from tests.bench import peers

Grid = dict[str, Callable[[], Rule]]
TUNING = (101, 102)
"""Seeds to tune on; the figures are of seeds 0, 1, 2 …"""


@dataclass(frozen=True)
class Race:
    """A net on data, the losses to reach, and who runs, each with a grid to be tuned over."""

    title: str
    problem: NetProblem
    targets: tuple[float, ...]
    entrants: dict[str, Grid]
    patience: float
    """Seconds after which a run has failed."""


def say(text: str = "") -> None:
    print(text, flush=True)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """In Markdown."""
    say("| " + " | ".join(head) + " |")
    say("|" + " --- |" * len(head))
    for row in rows:
        say("| " + " | ".join(row) + " |")
    say()


def finish(race: Race, rule: Rule, seed: int, patience: float) -> dict[float, tuple[int, float]]:
    """Steps and seconds to each target that was reached in time."""

    def until() -> Iterator[Frame]:
        for frame in train(
            race.problem, rule, seed=seed, target=race.targets[-1], clock=time.process_time
        ):
            yield frame
            if frame.seconds > patience:
                return

    return steps_to(until(), race.targets)


def tuned(race: Race, name: str, grid: Grid, seeds: Sequence[int]) -> str:
    """The setting with the least median seconds to the last target; the whole grid is told."""
    best, least, told = next(iter(grid)), math.inf, []
    for setting, make in grid.items():
        runs = [finish(race, make(), seed, race.patience).get(race.targets[-1]) for seed in seeds]
        seconds = statistics.median(run[1] if run else math.inf for run in runs)
        steps = statistics.median(run[0] if run else math.inf for run in runs)
        told.append(f"{setting}: {steps:g} steps, {seconds:.2f} s")
        score = steps if name == "exact natural" else seconds  # whose claim is of steps
        if score < least:
            best, least = setting, score
    say(f"- {name}: {'; '.join(told)}. **{best}**")
    return best


def run(race: Race, seeds: Sequence[int], tuning: Sequence[int]) -> None:
    """Tune, then race, then tell."""
    say(f"## {race.title}\n\nTuned on seeds {', '.join(map(str, tuning))} (inf: not in time):\n")
    for grid in race.entrants.values():  # torch imports more when its L-BFGS is first made
        list(train(race.problem, next(iter(grid.values()))(), steps=2))
    chosen = {name: tuned(race, name, grid, tuning) for name, grid in race.entrants.items()}
    found: dict[str, list[dict[float, tuple[int, float]]]] = {name: [] for name in race.entrants}
    for seed in seeds:
        for name, grid in race.entrants.items():
            found[name].append(finish(race, grid[chosen[name]](), seed, 1.5 * race.patience))
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


def kfacs(starts: Sequence[float], omegas: Sequence[float], **options: object) -> Grid:
    """K-FAC over λ₀ and ω."""

    def made(start: float, omega: float) -> Callable[[], Rule]:
        return lambda: rules.kfac(LevenbergMarquardt(start, omega), **options)  # type: ignore[arg-type]

    return {f"λ₀ {s:g}, ω {o:g}": made(s, o) for s in starts for o in omegas}


def naturals(starts: Sequence[float], omegas: Sequence[float]) -> Grid:
    """Levenberg–Marquardt with the exact Fisher matrix."""

    def made(start: float, omega: float) -> Callable[[], Rule]:
        return lambda: rules.levenberg_marquardt(start, omega)

    return {f"λ₀ {s:g}, ω {o:g}": made(s, o) for s in starts for o in omegas}


def rates(make: Callable[..., Rule], values: Sequence[float], **options: float) -> Grid:
    """One rule over its rate."""
    told = "".join(f", {name} {value:g}" for name, value in options.items())
    return {f"α {v:g}{told}": (lambda v=v: make(v, **options)) for v in values}


def digits(quick: bool) -> Race:
    """MLP 64-32-10, full batch, cross-entropy."""
    few = slice(0, 1) if quick else slice(None)
    entrants: dict[str, Grid] = {
        "K-FAC": kfacs((0.3, 0.1, 0.03)[few], (0.25, 0.125)),
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
        "L-BFGS": {f"history {h}": (lambda h=h: rules.lbfgs(history=h)) for h in (10, 20, 50)[few]},
        "SGD Nesterov": {
            **rates(rules.nesterov, (0.2, 0.3, 0.5)[few], keep=0.99),
            **rates(rules.nesterov, (0.5, 1.0), keep=0.98),
        },
        "Adam": rates(rules.adam, (0.06, 0.03, 0.1)[few]),
    }
    if not quick:
        entrants["SGD momentum"] = rates(rules.momentum, (0.1, 0.3), keep=0.99)
        entrants["SGD"] = rates(rules.gradient, (0.5, 2.0))
        entrants["Adadelta"] = rates(rules.adadelta, (1.0, 10.0))
    problem = NetProblem.of(mlp((64, 32, 10)), real("digits", "unit"))
    return Race("Digits, MLP 64-32-10, full batch, float32, loss to 1e-4", problem,
                (1e-1, 1e-2, 1e-3, 1e-4), entrants, 12.0)  # fmt: skip


def autoencoder(quick: bool) -> Race:
    """64-48-24-8-24-48-64, tanh; loss is half the squared error, summed over 64 pixels."""
    data: Data = autoencoding(real("digits", "unit"))
    few = slice(0, 1) if quick else slice(None)
    sampled: dict[str, object] = {"kind": "monte-carlo", "keep": 0.9}
    entrants: dict[str, Grid] = {
        "K-FAC": kfacs((1.0, 0.3)[few], (0.5, 0.25), **sampled),
        "Adam": rates(rules.adam, (0.01, 0.02, 0.005)[few]),
    }
    if not quick:
        entrants["L-BFGS"] = {"history 50": lambda: rules.lbfgs(history=50)}
        entrants["SGD Nesterov"] = rates(rules.nesterov, (0.01, 0.03), keep=0.99)
    problem = NetProblem.of(mlp((64, 48, 24, 8, 24, 48, 64)), data)
    targets = (1.0, 0.5) if quick else (1.0, 0.5, 0.3)
    title = f"Autoencoder on digits, 64-48-24-8-24-48-64, ½·squared error to {targets[-1]:g}"
    return Race(title, problem, targets, entrants, 10.0 if quick else 25.0)


def clock(act: Callable[[], object], budget: float = 2.0, least: int = 3) -> float:
    """The least seconds of CPU of several calls."""
    act()
    best, began, calls = math.inf, time.perf_counter(), 0
    while calls < least or (time.perf_counter() - began < budget and calls < 200):
        at = time.process_time()
        act()
        best, calls = min(best, time.process_time() - at), calls + 1
    return best


def memory(act: Callable[[], object]) -> float:
    """MiB that one call adds to the resident set at its peak, in a child of its own, on Linux."""

    def resident(key: str) -> float:
        line = next(x for x in Path("/proc/self/status").read_text().splitlines() if key in x)
        return int(line.split()[1]) / 1024

    def child(pipe: Connection) -> None:
        ctypes.CDLL(None).malloc_trim(0)  # what was freed before is no room to hide in
        Path("/proc/self/clear_refs").write_text("5")
        before = resident("VmRSS")
        act()
        pipe.send(resident("VmHWM") - before)

    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=child, args=(theirs,))
    process.start()
    process.join()
    return max(ours.recv(), 0.0) if ours.poll() else math.nan


SIZES = (((2, 16, 16, 2), 500), ((64, 32, 10), 1797), ((64, 128, 64, 10), 100))


def sized(sizes: Sequence[int], n: int) -> tuple[NetProblem, Tensor]:
    """Moons or digits, and torch's own start."""
    data = plane("moons", n) if sizes[0] == 2 else real("digits", "unit")
    problem = NetProblem.of(mlp(sizes), data).batch(torch.arange(n))
    return problem, problem.net.init(0)


def natural_step(
    problem: NetProblem, theta: Tensor, damping: float, method: str = "auto"
) -> Tensor:
    """From parameters to the direction, nothing known before."""
    at = problem.at(theta)
    return solve(Fisher(at), at.grad, damping, method).x


def one_step(quick: bool) -> None:
    """(F + λI)⁻¹∇J from θ, by us and by the peers, each with its own gradient."""
    say("## One exact damped natural step, from θ to (F + λI)⁻¹∇J, float32\n")
    for sizes, n in SIZES:
        problem, theta = sized(sizes, n)
        for damping in (1e-1,) if quick else (1e-1, 1e-3):
            fisher = Fisher(problem.double.at(theta.double()))
            truth = solve(fisher, fisher.at.grad, damping, "auto", tolerance=1e-13).x
            rows: list[tuple[float, list[str]]] = []

            ours = functools.partial(natural_step, problem, theta, damping)
            at = problem.at(theta)
            picked = solve(Fisher(at), at.grad, damping).method
            acts: dict[str, Callable[[], Tensor]] = {f"natgrad ({picked})": ours}
            for name, theirs in peers.STEPS.items():
                acts[name] = functools.partial(theirs, problem, theta, damping)
            for name, act in acts.items():
                try:
                    x = act()
                    seconds = clock(act, 0.5 if quick else 2.0, 2)
                    error = float((x.double() - truth).norm() / truth.norm())
                    rows.append((seconds, [name, f"{seconds * 1e3:.2f} ms", f"{error:.0e}",
                                           f"{memory(act):.0f} MiB"]))  # fmt: skip
                except Exception as problem_of_theirs:  # a peer's failure is a figure too
                    rows.append((math.inf, [name, "fails", str(problem_of_theirs)[:60], ""]))
            first = rows[0][0]
            told = [[*row, f"{seconds / first:.1f}"] for seconds, row in rows]
            say(f"{'-'.join(map(str, sizes))}, N = {n}, p = {problem.dim}, λ = {damping:g}:\n")
            table(["by", "CPU time", "error", "memory", "time / ours"], told)


def growth(quick: bool) -> None:
    """How each solve grows with p and N, and whether the chooser chose the fastest."""
    say("## Cost of one solve against p and N, ms of CPU (λ = 1e-2, ten classes)\n")
    rows: list[list[str]] = []
    right, total = 0, 0
    for width, n in [(w, n) for w in ((8, 32) if quick else (4, 8, 16, 32, 64, 128))
                     for n in ((100,) if quick else (50, 200, 800, 1797))]:  # fmt: skip
        problem, theta = sized((64, width, 10), n)
        known = costs(Fisher(problem.at(theta)), 1e-2)
        taken: dict[str, float] = {}
        for method in METHODS:
            if known[method].seconds > 1.0:
                continue

            act = functools.partial(natural_step, problem, theta, 1e-2, method)
            taken[method] = clock(act, 0.2, 2)
        picked = min(known, key=lambda m: known[m].seconds)
        fastest = min(taken.values())
        right, total = right + (taken[picked] <= 1.3 * fastest), total + 1
        cells = [f"{taken[m] * 1e3:.1f}" if m in taken else "> 1 s" for m in METHODS]
        rows.append([str(problem.dim), str(n), *cells, picked, f"{taken[picked] / fastest:.2f}"])
    table(["p", "N", *METHODS, "chosen", "time / fastest"], rows)
    say(f"Within 1.3 of the fastest in {right} of {total}.\n")


def steps(quick: bool) -> None:
    """The price of one step of each rule."""
    say("## One step on digits, MLP 64-32-10, all 1797 examples\n")
    problem, theta = sized((64, 32, 10), 1797)
    module = problem.net.write(theta)
    criterion, sgd = nn.CrossEntropyLoss(), torch.optim.SGD(module.parameters(), 0.1)

    def stock() -> None:
        sgd.zero_grad()
        criterion(module(problem.x), problem.y).backward()
        sgd.step()

    def stepping(rule: Rule) -> Callable[[], object]:
        frame = begin(problem, rule)

        def act() -> None:
            at = problem.at(theta)
            change, _ = rule.update(at.grad, at, frame.memory)
            at.after(change)

        return act

    acts = {
        "SGD": stepping(rules.gradient(0.1)),
        "SGD, torch.optim and autograd": stock,
        "Adam": stepping(rules.adam()),
        "K-FAC, exact factors, fixed λ and α": stepping(rules.kfac(0.1, 1.0)),
        "K-FAC, exact factors, λ, α, μ by itself": stepping(rules.kfac()),
        "K-FAC, one sample": stepping(rules.kfac(0.1, 1.0, "monte-carlo")),
        "E-KFAC": stepping(rules.ekfac(0.1, 1.0)),
    }
    taken = dict.fromkeys(acts, math.inf)
    for _ in range(3 if quick else 12):  # taking turns, so that a busy moment hits all
        for name, act in acts.items():
            taken[name] = min(taken[name], clock(act, 0.15, 5))
    table(["step", "CPU time", "/ SGD"], [
        [name, f"{t * 1e3:.2f} ms", f"{t / taken['SGD']:.1f}"] for name, t in taken.items()
    ])  # fmt: skip


def page(quick: bool) -> None:
    """The net that learns live."""
    say("## Live: 2-16-16-2 on 500 points, exact natural gradient, steps a second by the wall\n")
    rows: list[list[str]] = []
    for name, rule in {
        "exact natural, λ = 1e-2": rules.natural(0.5, 1e-2),
        "Levenberg–Marquardt": rules.levenberg_marquardt(),
        "K-FAC": rules.kfac(),
    }.items():
        problem, _ = sized((2, 16, 16, 2), 500)
        frames = list(train(problem, rule, steps=20 if quick else 100))
        gaps = [b.seconds - a.seconds for a, b in itertools.pairwise(frames)]
        rows.append([name, f"{1 / statistics.median(gaps):.0f}", f"{frames[-1].loss:.1e}"])
    table(["rule", "steps/s", "loss after"], rows)


SECTIONS: dict[str, Callable[[bool], None]] = {
    "page": page,
    "steps": steps,
    "one-step": one_step,
    "growth": growth,
}
RACES = {"digits": digits, "autoencoder": autoencoder}


def main() -> None:
    """All sections, or those asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small grids, two seeds")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", choices=[*SECTIONS, *RACES], action="append")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # the peers', and torch's about itself
    settle()
    for name, section in SECTIONS.items():
        if asked.only is None or name in asked.only:
            section(asked.quick)
    for name, race in RACES.items():
        if asked.only is None or name in asked.only:
            seeds = range(2 if asked.quick else asked.seeds)
            run(race(asked.quick), seeds, TUNING[:1] if asked.quick else TUNING)


if __name__ == "__main__":
    main()
