"""The optimizers as they come, on everything at hand: nobody should be hurt by a default.

    OMP_NUM_THREADS=1 python -m benchmarks.defaults [--seeds 10] [--epochs 10] [--only digits]

``KFAC(model, loss)``, ``EKFAC(model, loss)`` and ``NaturalGradient(model, loss)``, with no further
setting, on the five data sets and README's XOR, with all examples at once and in batches of 8, 16,
64 and 256, with the data's labels and with 20 % of them drawn at random. For each: the median and
the worst over seeds of the loss on all training examples at the end, the largest loss after any
epoch, and the share of steps that were refused (every trial failed). A run that ends above its
first loss diverged; one whose last epochs refuse every step is frozen.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from natgrad_core.nets import EKFAC, KFAC, Data, NaturalGradient, mlp, real
from natgrad_core.nets.datasets import relabeled

HIDDEN = {"digits": 32}
BATCHES = (None, 256, 64, 16, 8)
OPTIMIZERS = {"KFAC": KFAC, "EKFAC": EKFAC, "NaturalGradient": NaturalGradient}
DATA = ("xor", "iris", "wine", "breast-cancer", "diabetes", "digits")


@dataclass(frozen=True)
class Run:
    """One training run: losses on all examples after each epoch, and refused steps."""

    losses: tuple[float, ...]
    refused: int
    steps: int
    refused_at_end: bool

    @property
    def diverged(self) -> bool:
        """Whether the loss is not finite, or has ended above its start."""
        return not self.losses[-1] <= 1.05 * self.losses[0]


def xor(n: int = 200) -> Data:
    """README's example: whether the product of two normal numbers is positive."""
    x = torch.randn(2 * n, 2, generator=torch.Generator().manual_seed(0))
    y = (x[:, 0] * x[:, 1] > 0).long()
    return Data("xor", x[:n], y[:n], x[n:], y[n:], classes=2)


def batches(n: int, size: int | None, epoch: int, seed: int) -> Iterator[Tensor]:
    """The examples of an epoch, in an order of its own; the last batch may be smaller."""
    if size is None or size >= n:
        yield torch.arange(n)
        return
    generator = torch.Generator().manual_seed(1_000 * seed + epoch)
    yield from torch.randperm(n, generator=generator).split(size)


def train(
    make: Any, data: Data, batch: int | None, noise: float, seed: int, epochs: int = 10
) -> Run:
    """Train with ``make(model, loss)``; an epoch of all examples at once is one step."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = mlp((data.x.shape[1], HIDDEN.get(data.name, 16), data.outputs))
    criterion = nn.CrossEntropyLoss() if data.classes else nn.MSELoss()
    y = relabeled(data, noise, seed).y
    optimizer = make(model, criterion)

    def loss() -> float:
        with torch.no_grad():
            return float(criterion(model(data.x), y))

    losses, refused, steps, last = [loss()], 0, 0, 0
    for epoch in range(epochs):
        last = 0
        for index in batches(len(y), batch, epoch, seed):
            optimizer.zero_grad()
            criterion(model(data.x[index]), y[index]).backward()
            try:
                optimizer.step()
            except ArithmeticError:
                return Run((*losses, float("inf")), refused, steps, False)
            report: dict[str, Any] = optimizer.state["memory"].get("report", {})
            last += bool(report.get("refused"))
            steps += 1
        refused += last
        losses.append(loss())
    return Run(tuple(losses), refused, steps, steps > 0 and last == -(-steps // epochs))


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seeds", type=int, default=10)
    arguments.add_argument("--epochs", type=int, default=10)
    arguments.add_argument("--only", nargs="*", default=DATA)
    arguments.add_argument("--optimizers", nargs="*", default=list(OPTIMIZERS))
    arguments.add_argument("--batches", nargs="*", type=int, default=None)
    given = arguments.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(f"{'':32}{'first':>8}{'median':>9}{'worst':>9}{'peak':>9}{'refused':>9}{'bad':>5}")
    bad = 0
    for name in given.only:
        data = xor() if name == "xor" else real(name)
        for optimizer in given.optimizers:
            for batch in given.batches or BATCHES:
                for noise in (0.0, 0.2):
                    runs = [
                        train(OPTIMIZERS[optimizer], data, batch or None, noise, s, given.epochs)
                        for s in range(given.seeds)
                    ]
                    ends = [run.losses[-1] for run in runs]
                    wrong = sum(run.diverged or run.refused_at_end for run in runs)
                    bad += wrong
                    share = sum(r.refused for r in runs) / max(sum(r.steps for r in runs), 1)
                    label = f"{name}, {optimizer[:7]}, {batch or 'all'}{', noise' if noise else ''}"
                    print(
                        f"{label:32}{statistics.median(r.losses[0] for r in runs):8.3f}"
                        f"{statistics.median(ends):9.4f}{max(ends):9.4f}"
                        f"{max(max(r.losses) for r in runs):9.3f}{share:9.1%}{wrong:5}",
                        flush=True,
                    )
    print("nothing diverged or froze" if not bad else f"{bad} runs diverged or froze")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
