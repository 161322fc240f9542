"""Compare training of small networks with baselines and other libraries: ``make bench-nets``.

Every rule is tuned over a printed grid on seeds that are not used again. The figures are medians
over fresh seeds; the rules alternate, so that load on the machine hits all of them. Seconds are CPU
seconds on one thread. Absolute times vary with the machine; ratios vary less. The last table holds
every target and what was reached.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import math
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import peer_libraries as peers
from benchmarks.measure import LONG, aim, clock, memory, say, table, tell_targets
from benchmarks.races import RACES, TUNING, run
from benchmarks.small_cnn import to_accuracy
from natgrad_core.nets import KFAC, Categorical, Fisher, NetProblem, mlp, plane, real, rules
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.fisher.solve import solve
from natgrad_core.nets.fisher.solver_cost import METHODS, costs
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.runtime.threads_and_malloc import settle
from natgrad_core.nets.training import begin, train

SIZES = (((2, 16, 16, 2), 500, 2), ((64, 32, 10), 1797, 8), ((64, 128, 64, 10), 100, 8))
"""Layers, number of examples, target ratio of one step to the best other library."""


def sized(sizes: Sequence[int], n: int) -> tuple[NetProblem, Tensor]:
    """Return a problem (moons or digits), and torch's initial parameters."""
    data = plane("moons", n) if sizes[0] == 2 else real("digits", "unit")
    problem = NetProblem.of(mlp(sizes), data).batch(torch.arange(n))
    return problem, problem.net.init(0)


def natural_step(
    problem: NetProblem, theta: Tensor, damping: float, method: str = "auto"
) -> Tensor:
    """Return the natural direction, computed from the parameters without any cache."""
    at = problem.at(theta)
    return solve(FisherAt(at), at.grad, damping, method).x


Row = tuple[float, float, list[str]]
"""CPU seconds and relative error of one method, and its cells in the table."""


def tried(name: str, act: Callable[[], Tensor], truth: Tensor, budget: float) -> Row:
    """Measure one method for the step: time, error and memory, or the failure."""
    found: list[Tensor] = []
    try:
        seconds = clock(lambda: found.append(act()), budget, 2)
        error = float((found[-1].double() - truth).norm() / truth.norm())
        size = f"{memory(act):.0f} MiB"
    except Exception as problem_of_theirs:  # a failure of another library is a result, too
        return math.inf, math.inf, [name, "fails", str(problem_of_theirs)[:60], ""]
    return seconds, error, [name, f"{seconds * 1e3:.2f} ms", f"{error:.0e}", size]


def one_step(quick: bool, which: int) -> None:
    """Compare (F + λI)⁻¹∇J from θ, here and in other libraries, each with its own gradient."""
    sizes, n, wanted = SIZES[which]
    named = "-".join(map(str, sizes))
    say(f"## One exact damped natural step, {named}, from θ to (F + λI)⁻¹∇J, float32\n")
    problem, theta = sized(sizes, n)
    slow: set[str] = set()
    for damping in (1e-1,) if quick else (1e-1, 1e-3):
        fisher = FisherAt(problem.double.at(theta.double()))
        truth = solve(fisher, fisher.at.grad, damping, "auto", tolerance=1e-13).x
        at = problem.at(theta)
        picked = solve(FisherAt(at), at.grad, damping).method
        acts: dict[str, Callable[[], Tensor]] = {
            f"natgrad ({picked})": functools.partial(natural_step, problem, theta, damping)
        }
        for name, theirs in peers.STEPS.items():
            if name not in slow:
                acts[name] = functools.partial(theirs, problem, theta, damping)
        rows = [tried(name, act, truth, 0.5 if quick else 2.0) for name, act in acts.items()]
        first, error, _ = rows[0]
        dense = [(seconds, row[0]) for seconds, _, row in rows[1:] if "CG" not in row[0]]
        slow = {name for seconds, name in dense if LONG < seconds < math.inf}
        best, name = min(
            ((s, row[0]) for s, e, row in rows[1:] if e < 10 * error), default=(math.nan, "none")
        )
        aim(
            f"one step, {named}, λ = {damping:g}: best of the as exact",
            f"{first * 1e3:.1f} ms",
            f"{name} {best * 1e3:.1f} ms",
            best / first,
            wanted,
        )
        say(f"N = {n}, p = {problem.dim}, λ = {damping:g}:\n")
        table(
            ["by", "CPU time", "error", "memory", "time / ours"],
            [[*row, f"{seconds / first:.1f}"] for seconds, _, row in rows],
        )
        if slow and damping > 1e-3 and not quick:
            say(f"Not tried again, as slow for any λ: {', '.join(sorted(slow))}.\n")


def growth(quick: bool) -> None:
    """Measure how each solve grows with p and N, and whether the fastest one is chosen."""
    say("## Cost of one solve against p and N, ms of CPU (λ = 1e-2, ten classes)\n")
    rows: list[list[str]] = []
    right, total = 0, 0
    found: list[tuple[int, int, dict[str, float]]] = []
    for width, n in [
        (w, n)
        for w in ((8, 32) if quick else (4, 8, 16, 32, 64, 128))
        for n in ((100,) if quick else (50, 200, 800, 1797))
    ]:
        problem, theta = sized((64, width, 10), n)
        known = costs(FisherAt(problem.at(theta)), 1e-2)
        taken: dict[str, float] = {}
        for method in METHODS:
            if known[method].seconds > 1.0:
                continue

            act = functools.partial(natural_step, problem, theta, 1e-2, method)
            taken[method] = clock(act, 0.2, 2)
        picked = min(known, key=lambda m: known[m].seconds)
        fastest = min(taken.values())
        right, total = right + (taken[picked] <= 1.3 * fastest), total + 1
        found.append((problem.dim, n, taken))
        cells = [f"{taken[m] * 1e3:.1f}" if m in taken else "> 1 s" for m in METHODS]
        rows.append([str(problem.dim), str(n), *cells, picked, f"{taken[picked] / fastest:.2f}"])
    table(["p", "N", *METHODS, "chosen", "time / fastest"], rows)
    say(f"Within 1.3 of the fastest in {right} of {total}.\n")
    say(f"Curves: {curves(found)}\n")


def curves(found: list[tuple[int, int, dict[str, float]]], to: str = ".venv/costs.html") -> str:
    """Plot seconds against p and against N in an HTML page; return its path."""
    from plotly.subplots import make_subplots

    most_n, most_p = max(n for _, n, _ in found), max(p for p, _, _ in found if p < 3000)
    figure: Any = make_subplots(1, 2, subplot_titles=[f"N = {most_n}", f"p = {most_p}"])
    for column, axis, rows in (
        (1, 0, [row for row in found if row[1] == most_n]),
        (2, 1, [row for row in found if row[0] == most_p]),
    ):
        for method in METHODS:
            points = [(row[axis], row[2][method]) for row in rows if method in row[2]]
            figure.add_scatter(
                x=[at for at, _ in points], y=[y for _, y in points], name=method, row=1, col=column
            )
        figure.update_xaxes(type="log", title="pN"[axis], row=1, col=column)
    figure.update_yaxes(type="log", title="seconds of one solve")
    figure.write_html(to)
    return to


def steps(quick: bool) -> None:
    """Measure one step of each rule."""
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
    for _ in range(3 if quick else 12):  # alternate, so that load on the machine hits all
        for name, act in acts.items():
            taken[name] = min(taken[name], clock(act, 0.15, 5))
    table(
        ["step", "CPU time", "/ SGD"],
        [[name, f"{t * 1e3:.2f} ms", f"{t / taken['SGD']:.1f}"] for name, t in taken.items()],
    )
    ours, plain = taken["K-FAC, exact factors, fixed λ and α"], taken["SGD"]
    aim(
        "one step on digits: K-FAC with exact factors / SGD",
        f"{ours * 1e3:.2f} ms",
        f"{plain * 1e3:.2f} ms",
        ours / plain,
        4,
        True,
    )


def small_cnn(seed: int) -> nn.Sequential:
    """A convolutional network for digits, 8 × 8."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(128, 10),
    )


def mini_batches(quick: bool) -> None:
    """Measure an optimizer's step on mini-batches beside torch's SGD, step by step in one run."""
    say("## A step of a small CNN on digits, batches of 64, means over whole epochs\n")
    data, criterion = real("digits", "unit"), nn.CrossEntropyLoss()
    makers: dict[str, Callable[[nn.Module], Any]] = {
        "KFAC, defaults": lambda m: KFAC(m, criterion),
        "KFAC, every=1": lambda m: KFAC(m, criterion, every=1),
        "KFAC, lr=0.1, damping=0.1, every=10": lambda m: KFAC(
            m, criterion, 0.1, 0.1, every=10, keep=0.9
        ),
    }
    rows: list[list[str]] = []
    for name, make in makers.items():
        ratios: list[float] = []
        lasts: list[float] = []
        for seed in range(2 if quick else 5):
            module, other = small_cnn(seed), small_cnn(seed)
            pairs = (
                (module, make(module)),
                (other, torch.optim.SGD(other.parameters(), 0.1, 0.9)),
            )
            spent = [0.0, 0.0]
            for epoch in range(1 + (2 if quick else 10)):
                spent = spent if epoch > 1 else [0.0, 0.0]  # the first epoch warms up
                if epoch == 1:
                    module.load_state_dict(small_cnn(seed).state_dict())
                    pairs = ((module, make(module)), pairs[1])
                shuffled = torch.randperm(
                    len(data.y), generator=torch.Generator().manual_seed(epoch)
                )
                for index in shuffled.split(64):
                    x, y = data.x[index], data.y[index]
                    for k, (net, optimizer) in enumerate(pairs):
                        began = time.process_time()
                        optimizer.zero_grad()
                        criterion(net(x), y).backward()
                        optimizer.step()
                        spent[k] += time.process_time() - began
            ratios.append(spent[0] / spent[1])
            right = module(data.x_test).argmax(1) == data.y_test
            lasts.append(float(right.double().mean()))
        ratio = statistics.median(ratios)
        rows.append([name, f"{ratio:.2f}", f"{statistics.median(lasts):.3f}"])
        if name == "KFAC, defaults":
            aim("a step on mini-batches: KFAC by default / SGD", "", "", ratio, 2.5, True)
    table(["optimizer", "step / SGD's", "test accuracy at the end"], rows)


class Residual(nn.Module):
    """x + tanh(W LayerNorm(x)): a module without derivatives by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.inner = nn.LayerNorm(64), nn.Linear(64, 64)

    def forward(self, x: Tensor) -> Tensor:
        """The block."""
        return x + self.inner(self.norm(x)).tanh()


def products(quick: bool) -> None:
    """Measure a product with the Fisher matrix of any module beside curvlinops'."""
    import curvlinops

    torch.manual_seed(0)
    model = nn.Sequential(Residual(), Residual(), nn.Linear(64, 10))
    rows: list[list[str]] = []
    for n in (256, 1797):
        x, y = torch.randn(n, 64), torch.arange(n) % 10
        fisher = Fisher(model, Categorical(), x)
        theirs: Any = curvlinops.GGNLinearOperator(
            model,
            nn.CrossEntropyLoss(),
            list(model.parameters()),
            [(x, y)],
            check_deterministic=False,
        )
        v = torch.randn(len(fisher.theta))
        assert float((fisher @ v - theirs @ v).norm()) < 1e-4 * float((theirs @ v).norm())
        seconds: dict[str, list[float]] = {"ours": [], "curvlinops": []}
        for _ in range(3 if quick else 15):
            for name, operator in (("ours", fisher), ("curvlinops", theirs)):
                start = time.process_time()
                for _ in range(5):
                    _ = operator @ v
                seconds[name].append((time.process_time() - start) / 5)
        ours, peer = (statistics.median(each) for each in seconds.values())
        rows.append([f"{n}", f"{1e3 * ours:.1f}", f"{1e3 * peer:.1f}", f"{ours / peer:.2f}"])
        aim(
            f"a Fisher product of a module, N = {n}: ours / curvlinops",
            "",
            "",
            ours / peer,
            1.5,
            True,
        )
    say("## A product with the Fisher matrix of a residual net, by autodiff, ms\n")
    table(["N", "ours", "curvlinops", "ratio"], rows)


def page(quick: bool) -> None:
    """Measure the network of the lesson."""
    say("## Live: 2-16-16-2 on 500 points, exact natural gradient, steps a second of CPU\n")
    rows: list[list[str]] = []
    for name, rule in {
        "exact natural, λ = 1e-2": rules.natural(0.5, 1e-2),
        "Levenberg–Marquardt": rules.levenberg_marquardt(),
        "K-FAC": rules.kfac(),
    }.items():
        problem, _ = sized((2, 16, 16, 2), 500)
        frames = list(train(problem, rule, steps=20 if quick else 100, clock=time.process_time))
        gaps = [b.seconds - a.seconds for a, b in itertools.pairwise(frames)]
        rate = 1 / statistics.median(gaps)
        rows.append([name, f"{rate:.0f}", f"{frames[-1].loss:.1e}"])
        if name.startswith("exact"):
            aim(
                "2-16-16-2 on 500 points, exact natural: steps a second",
                f"{rate:.0f}",
                "",
                rate,
                60,
            )
    table(["rule", "steps/s", "loss after"], rows)


SECTIONS: dict[str, Callable[[bool], None]] = {
    "page": page,
    "steps": steps,
    "mini-batches": mini_batches,
    "products": products,
    **{
        f"step-{'-'.join(map(str, sizes))}": functools.partial(one_step, which=i)
        for i, (sizes, *_) in enumerate(SIZES)
    },
    "growth": growth,
}


def main() -> None:
    """Run all sections, or those that are named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small grids, two seeds")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--only", choices=[*SECTIONS, "small-cnn", *RACES], action="append", help="this part"
    )
    parser.add_argument("--against", nargs="+", help="of a race: K-FAC and these rules only")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")  # warnings of the other libraries and of torch
    settle()
    for name, section in SECTIONS.items():
        if asked.only is None or name in asked.only:
            section(asked.quick)
    if asked.only is None or "small-cnn" in asked.only:
        to_accuracy(asked.quick, asked.seeds)
    for name, race in RACES.items():
        if asked.only is None or name in asked.only:
            seeds = range(2 if asked.quick else asked.seeds)
            whole = race(asked.quick)
            named = {"K-FAC", *(asked.against or whole.entrants)}
            entrants = {name: grid for name, grid in whole.entrants.items() if name in named}
            tuning = TUNING[:1] if asked.quick else TUNING
            run(replace(whole, entrants=entrants), seeds, tuning)
    tell_targets()


if __name__ == "__main__":
    main()
