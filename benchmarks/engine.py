"""Measure the engine for two parameters, beside JAX and torch.func: ``make bench``.

Absolute times vary with the machine; ratios vary less. The best of several tries counts. JAX runs
in an environment of its own, ``build/jax``, which ``make bench`` creates.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from natgrad_core import charts, direction, metrics, problems, rules, run
from natgrad_core.analysis.grid_sweep import sweep
from natgrad_core.core.run import directly
from natgrad_core.tracing import machine_code
from natgrad_core.tracing.replay import ahead

STEPS, GRID, MAP = 200, 64, 65
RATE = 0.02
CHART = ((2.0, 1.0), (0.0, 0.5))
JAX = Path("build/jax/bin/python")
PAIRS: tuple[tuple[str, str, float, Any], ...] = (
    ("normal", "natural", 0.02, CHART),
    ("gamma", "newton", 0.02, None),
    ("logistic-regression", "natural", 0.02, None),
    ("rosenbrock", "newton", 0.02, None),
    ("rosenbrock", "gradient", 0.0005, None),
)
"""A problem, a rule, its rate, and the matrix of a chart or None."""
SWEPT = ("normal", "rosenbrock", "gamma", "logistic-regression")


def best(*works: Callable[[], Any], tries: int = 15) -> list[float]:
    """Return the least seconds of each; they alternate, so that load hits all of them."""
    least = [float("inf")] * len(works)
    for work in works:
        work()
    for _ in range(tries):
        for i, work in enumerate(works):
            begun = time.perf_counter()
            work()
            least[i] = min(least[i], time.perf_counter() - begun)
    return least


def in_rounds(works: Sequence[Callable[[], Any]], rounds: int = 12) -> list[float]:
    """Return the least seconds of works of microseconds.

    Each has a turn in each round, and there are seconds from the first to the last: a machine's
    slow moment lasts longer than hundreds of such works.
    """
    least = [float("inf")] * len(works)
    for _ in range(rounds):
        least = [min(one, *best(work, tries=300)) for one, work in zip(least, works, strict=True)]
        time.sleep(0.4)
    return least


def with_torch() -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Return natural and Newton steps of the normal, as one would write them with torch.func."""
    import torch

    torch.set_num_threads(1)
    problem: Any = problems["normal"]()
    data = torch.tensor(problem.data)
    start = torch.tensor(problem.start, dtype=torch.float64)

    def loss(theta: torch.Tensor) -> torch.Tensor:
        mu, sigma = theta[0], theta[1]
        return (torch.log(sigma) + ((data - mu) / sigma) ** 2 / 2).mean()

    def fisher(theta: torch.Tensor) -> torch.Tensor:
        return torch.diag(torch.stack([1 / theta[1] ** 2, 2 / theta[1] ** 2]))

    gradient, hessian = torch.func.grad(loss), torch.func.hessian(loss)

    def descent(metric: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], Any]:
        def steps() -> torch.Tensor:
            theta, path = start, [start]
            for _ in range(STEPS):
                theta = theta - RATE * torch.linalg.solve(metric(theta), gradient(theta))
                path.append(theta)
            return torch.stack(path)

        return steps

    return descent(fisher), descent(hessian)


def row(name: str, ours: float, other: float | None, ratio: str, target: str, met: bool) -> None:
    """Print a line of the table, in milliseconds."""
    beside = f"{other * 1e3:9.3f}" if other is not None else " " * 9
    verdict = "yes" if met else "NO"
    print(f"{name:58} {ours * 1e3:8.3f} {beside} {ratio:>9}   {target:12} {verdict}")


def import_seconds() -> tuple[float, float, list[str]]:
    """Return the least CPU time of nine imports, NumPy's share, and modules that should not be
    there.

    Compiled files are kept between the imports, as on a machine that has used the package before.
    """
    code = (
        "import sys, time; t = time.process_time(); import numpy; u = time.process_time(); "
        "import natgrad_core; print(time.process_time() - t, u - t); "
        "print(*{'torch', 'plotly', 'ipywidgets'} & {m.split('.')[0] for m in sys.modules})"
    )
    times: list[tuple[float, float]] = []
    guests: set[str] = set()
    with tempfile.TemporaryDirectory() as kept:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": kept}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for _ in range(10):
            command = [sys.executable, "-c", code]
            out = subprocess.run(
                command, capture_output=True, text=True, check=True, env=environment
            ).stdout
            whole, numpy_share = map(float, out.splitlines()[0].split())
            times.append((whole, numpy_share))
            guests.update(out.splitlines()[1].split())
    return *min(times[1:]), sorted(guests)  # the first one compiled


def with_jax() -> dict[str, Any]:
    """Return what ``benchmarks.jax_peer`` measures; nothing where JAX has no environment."""
    if not JAX.exists():
        return {}
    command = [str(JAX), "-m", "benchmarks.jax_peer"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def one_start(theirs: dict[str, Any]) -> None:
    """Print one run of each pair: again and again, for the first time, and without machine code."""
    if not theirs:
        print("  JAX is not measured: there is no build/jax")
    prepared: list[tuple[Any, Any, Any, dict[Any, Any], Callable[[], Any]]] = []
    for name, rule_name, rate, matrix in PAIRS:
        problem: Any = problems[name]()
        if matrix is not None:
            problem = problem.through(charts["linear"](matrix=matrix))
        rule, start, traces = rules[rule_name](rate=rate), np.array(problem.start), {}
        again = partial(run, problem, rule, start, STEPS, traces)
        prepared.append((problem, rule, start, traces, again))
    with ahead():
        times = in_rounds([again for *_, again in prepared])
    for (name, rule_name, _, _), pair, took in zip(PAIRS, prepared, times, strict=True):
        problem, rule, start, traces, again = pair
        (slow,) = best(lambda p=problem, r=rule, s=start: directly(p, r, s, STEPS), tries=3)
        peer = theirs.get(f"{name} {rule_name}")
        if peer:
            np.testing.assert_allclose(again().theta[-1], peer[2], rtol=1e-8)
        row(
            f"{STEPS} {rule_name} steps, one start ({name}); JAX",
            took,
            peer and peer[1],
            f"1 : {peer[1] / took:.2f}" if peer else "",
            "<= JAX",
            bool(peer) and took <= peer[1],
        )
        row("  without machine code", slow, took, f"{slow / took:.0f} : 1", "", True)
        first = float("inf")
        for _ in range(5):
            machine_code._kept.clear()
            traces.clear()
            begun = time.perf_counter()
            with ahead():
                again()
            first = min(first, time.perf_counter() - begun)
        row(
            "  for the first time: traced, compiled and run; JAX",
            first,
            peer and peer[0],
            f"1 : {peer[0] / first:.0f}" if peer else "",
            "< 40",
            first < 0.04,
        )


def maps(theirs: dict[str, Any]) -> None:
    """Print sweeps over grids, and the robustness map of three rules."""
    rates, dampings = np.logspace(-4, 0, GRID), np.logspace(-4, 1, GRID)
    for name in SWEPT:
        problem = problems[name]()
        for rule, axes in (
            ("gradient", (0.0, np.linspace(0, 180, GRID, endpoint=False))),
            ("natural", (dampings, 45.0)),
            ("newton", (dampings, 45.0)),
        ):
            (took,) = best(
                lambda p=problem, r=rule, a=axes: sweep(
                    p, rules[r], rates, *a, stretch=(3.0, 1.0), steps=STEPS, target=1.0
                ),
                tries=5,
            )
            peer = theirs.get("sweep") if (name, rule) == ("normal", "natural") else None
            row(
                f"sweep {GRID} x {GRID} x {STEPS}, {rule} ({name})" + ("; JAX" if peer else ""),
                took,
                peer and peer[1],
                f"1 : {peer[1] / took:.1f}" if peer else "",
                "<= JAX" if peer else "< 200",
                took <= (peer[1] if peer else 0.2),
            )
    normal, across = problems["normal"](), np.geomspace(1e-3, 10, MAP)
    (took,) = best(
        lambda: [
            sweep(normal, rules[rule], across, 0.0, np.linspace(0, 180, MAP), stretch=(3.0, 1.0),
                  steps=100, target=1.0)
            for rule in ("gradient", "natural", "newton")
        ],
    )  # fmt: skip
    row(f"robustness map, three rules, {MAP} x {MAP} x 100", took, None, "", "< 50", took < 0.05)


MEMORY = """
import gc, os
from pathlib import Path
def private():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty")) / 1024
from natgrad_core import problems, rules, run
from natgrad_core.core.run import directly
from natgrad_core.tracing.replay import ahead
model = problems["normal"]()
names = ("gradient", "natural", "newton", "adam", "momentum", "nesterov", "rmsprop", "midpoint")
before = private()
with ahead():
    for name in names:
        run(model, rules[name](), model.start, 20)
print(private() - before, flush=True)
gc.collect()
gc.freeze()  # as the server of the lecture does before it forks
for steps in (run, directly):
    if not os.fork():
        begin = private()
        for name in names:
            steps(model, rules[name](), model.start, 200)
        print(private() - begin, flush=True)
        os._exit(0)
    os.wait()
"""


def memory() -> None:
    """Print what compiled steps take, in MiB of memory that no other process shares (Linux).

    A forked process makes the pages its own in which it counts references, whatever it runs: so
    what machine code adds is what such a process takes more than one that calls the formulas.
    """
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True
    )
    parent, compiled, formulas = map(float, done.stdout.split())
    for name, found, beside, target, reached in (
        (
            "LLVM and eight compiled steps, in the process that forks (MiB)",
            parent,
            "",
            "< 15",
            parent < 15,
        ),
        (
            "a fork that runs them (MiB); one that calls the formulas",
            compiled,
            f"{formulas:9.1f}",
            "< 2 more",
            compiled - formulas < 2,
        ),
    ):
        print(f"{name:58} {found:8.1f} {beside:29}{target:13}{'yes' if reached else 'NO'}")


def regression() -> None:
    """Print one natural step of a logistic regression of 20 columns beside the product XᵀWX."""
    rng = np.random.default_rng(0)
    x = np.c_[np.ones(10_000), rng.normal(size=(10_000, 19))]
    y = (rng.random(10_000) < 1 / (1 + np.exp(-x @ rng.normal(0, 0.2, 20)))).astype(float)
    kinds: dict[str, Any] = dict(problems)
    model, weights = kinds["logistic-regression"](X=x, y=y), rng.random(10_000)
    theta, metric = np.zeros(20), metrics["fisher"]()

    def step() -> Any:
        return direction(model, metric, theta)

    def product() -> Any:
        return (x.T * weights) @ x

    (ours,), (least,) = best(step, tries=100), best(product, tries=100)
    row(
        "one natural step, 10,000 rows of 20 columns; XᵀWX alone",
        ours,
        least,
        f"{ours / least:.2f} : 1",
        "≤ 2",
        ours / least <= 2,
    )


def main() -> None:
    """Measure and print everything."""
    print(f"{'milliseconds':58} {'ours':>8} {'other':>9} {'ratio':>9}   {'target':12} reached")
    whole, share, guests = import_seconds()
    row(
        "import natgrad_core; NumPy alone (CPU)",
        whole,
        share,
        f"{whole / share:.2f} : 1",
        "< 250",
        whole < 0.25,
    )
    print(f"{'  brings along':80} {', '.join(guests) or 'no torch, plotly, ipywidgets'}")
    normal = problems["normal"]()
    baselines = zip(("natural", "newton"), with_torch(), strict=True) if find_spec("torch") else ()
    if not baselines:
        print("  torch.func is not measured: torch is not installed")
    for name, other in baselines:
        step = rules[name](rate=RATE)
        theirs, traces = other().numpy(), {}

        def ours(step: Any = step, traces: Any = traces) -> Any:
            return run(normal, step, normal.start, STEPS, traces)

        with ahead():
            np.testing.assert_allclose(ours().theta, theirs, rtol=1e-9)
        (mine,), (slow,) = best(ours, tries=3000), best(other, tries=4)
        row(
            f"{STEPS} {name} steps, one start; torch.func",
            mine,
            slow,
            f"1 : {slow / mine:.0f}",
            "≥ 50 faster",
            slow / mine >= 50,
        )
    regression()
    peers = with_jax()
    one_start(peers)
    maps(peers)
    memory()


if __name__ == "__main__":
    main()
