"""Tune the baselines of the lesson *A net learns, live*: ``python -m benchmarks.tune_net``.

The natural gradient there is compared with Adam and Muon at the best of these settings, too. Every
setting runs from seed 0, the best four from seeds 0 to 4; the best of them has the least median of
steps to the loss. Then it is printed what all take from seeds that no setting was chosen by.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable

from benchmarks.measure import say, table
from natgrad_core.nets import rules
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.runtime.threads_and_malloc import settle
from natgrad_core.nets.training import train
from natgrad_lecture.lessons.net.model import Settings, baseline, problem_of

LOSS, MOST, WIDTH, NOISE, FINAL = 0.03, 300, 16, 0.1, 4
ON, SHOWN = range(5), range(10, 17)

GRIDS: dict[str, list[Settings]] = {
    "adam": [
        (rate, keep, square)
        for rate in (0.03, 0.06, 0.1, 0.2)
        for keep in (0.8, 0.9)
        for square in (0.8, 0.95, 0.999)
    ],
    "muon": [(rate, keep, 0.03) for rate in (0.05, 0.1, 0.2, 0.5) for keep in (0.8, 0.9)],
}


def steps_of(data: str, rule: Rule, seed: int) -> float:
    """Steps to the loss; infinite if it is not reached."""
    problem = problem_of((data, NOISE, seed), WIDTH)
    frames = list(train(problem, rule, seed, steps=MOST, target=LOSS))
    return frames[-1].step if frames[-1].ok and frames[-1].loss <= LOSS else math.inf


Entrant = tuple[str, Settings | None]
"""The natural gradient, which has no settings here, or a baseline and its settings."""


def rule_of(entrant: Entrant) -> Rule:
    """The rule of an entrant."""
    name, settings = entrant
    return baseline(name, settings) if settings else rules.natural(1.0, 0.03)


def best_of(data: str, name: str) -> Entrant:
    """A baseline with the setting of its grid that has the least median of steps."""

    def median(settings: Settings, seeds: Iterable[int]) -> float:
        return statistics.median(steps_of(data, baseline(name, settings), seed) for seed in seeds)

    first = sorted(GRIDS[name], key=lambda settings: median(settings, ON[:1]))
    return name, min(first[:FINAL], key=lambda settings: median(settings, ON))


def main() -> None:
    """Tune and print."""
    settle()
    for data in ("moons", "circles"):
        entrants: list[Entrant] = [("natural", None), *(best_of(data, name) for name in GRIDS)]
        rows = [
            [f"{entrant[0]} {entrant[1] or ''}"]
            + [f"{steps_of(data, rule_of(entrant), seed):g}" for seed in SHOWN]
            for entrant in entrants
        ]
        say(f"## {data}: steps to J = {LOSS}\n")
        table(["method", *(f"seed {seed}" for seed in SHOWN)], rows)


if __name__ == "__main__":
    main()
