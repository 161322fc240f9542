"""Measure the engine for two parameters, beside torch.func: ``make bench``.

Absolute times vary with the machine; ratios vary less. What is compared is measured alternately, in
CPU time of one thread, and the best of several tries counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from natgrad_core import problems, rules, run
from natgrad_core.analysis.grid_sweep import sweep

STEPS, STARTS, GRID = 200, 64, 64
RATE = 0.02
COMPARED = ("normal", "two-bernoullis", "rosenbrock", "gamma", "logistic-regression")
SWEPT = ("normal", "rosenbrock", "gamma", "logistic-regression")


def best(*works: Callable[[], Any], tries: int = 15) -> list[float]:
    """Return the least CPU seconds of each; they alternate, so that load hits all of them."""
    least = [float("inf")] * len(works)
    for work in works:
        work()
    for _ in range(tries):
        for i, work in enumerate(works):
            begun = time.process_time()
            work()
            least[i] = min(least[i], time.process_time() - begun)
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
    beside = f"{other * 1e3:9.2f}" if other is not None else " " * 9
    verdict = "yes" if met else "NO"
    print(f"{name:52} {ours * 1e3:8.2f} {beside} {ratio:>9}   {target:12} {verdict}")


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


def main() -> None:
    """Measure and print everything."""
    print(f"{'milliseconds':52} {'ours':>8} {'other':>9} {'ratio':>9}   {'target':12} reached")
    whole, share, guests = import_seconds()
    row(
        "import natgrad_core; NumPy alone (CPU)",
        whole,
        share,
        f"{whole / share:.2f} : 1",
        "< 250",
        whole < 0.25,
    )
    print(f"{'  brings along':74} {', '.join(guests) or 'no torch, plotly, ipywidgets'}")
    normal = problems["normal"]()
    baselines = zip(("natural", "newton"), with_torch(), strict=True) if find_spec("torch") else ()
    if not baselines:
        print("  torch.func is not measured: torch is not installed")
    for name, other in baselines:
        step = rules[name](rate=RATE)
        theirs = other().numpy()
        np.testing.assert_allclose(run(normal, step, normal.start, STEPS).theta, theirs, rtol=1e-9)
        mine, slow = best(lambda step=step: run(normal, step, normal.start, STEPS), other, tries=4)
        row(
            f"{STEPS} {name} steps, one start; torch.func",
            mine,
            slow,
            f"1 : {slow / mine:.0f}",
            "≥ 50 faster",
            slow / mine >= 50,
        )
    for name in COMPARED:
        problem = problems[name]()
        starts = problem.examples(np.random.default_rng(0), STARTS)
        step = rules["natural"](rate=RATE)
        many, alike, one = best(
            lambda p=problem, s=starts, r=step: run(p, r, s, STEPS),
            lambda p=problem, s=starts[:1], r=step: run(p, r, s, STEPS),
            lambda p=problem, s=starts[0], r=step: run(p, r, s, STEPS),
        )
        for other, how in ((alike, "one, as an array"), (one, "one, as floats")):
            row(
                f"{STARTS} starts; {how} ({name})",
                many,
                other,
                f"{many / other:.1f} : 1",
                "≤ 3 times",
                many <= 3 * other,
            )
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
                tries=2,
            )
            row(
                f"sweep {GRID} x {GRID} x {STEPS}, {rule} ({name})",
                took,
                None,
                "",
                "< 2000",
                took < 2,
            )


if __name__ == "__main__":
    main()
