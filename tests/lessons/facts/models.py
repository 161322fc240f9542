"""Facts about data, the sizes of nets, the record of the race and single models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tune_race import COSTLY, FINAL, GRIDS, ON
from natgrad_core import charts, datasets, problems
from natgrad_core.types import Array
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.race import state as race_state
from tests.lessons.facts.cases import (
    RNG,
    everywhere,
    once,
)


@once
def cavendish() -> object:
    return len(datasets.load("cavendish")) == 29


@once
def beetles() -> object:
    found = datasets.columns("beetles")
    total = [v for name, v in found.items() if v.sum() == 481]
    return len(total) == 1 and len(total[0]) == 8


@once
def sizes_of_data() -> object:
    """29 weighings, 481 beetles; 1797 digits, of which two lessons take 500 and 300; 178 wines."""
    at = Path(datasets.__file__).parent / "nets"
    rows = {
        name: len(
            [
                row
                for row in (at / f"{name}.csv").read_text("utf-8").splitlines()
                if row[:1].isdigit()
            ]
        )
        for name in ("digits", "wine")
    }
    return cavendish() and beetles() and rows == {"digits": 1797, "wine": 178}


@once
def quadratic_fisher() -> object:
    quadratic = problems["quadratic"]()
    at = quadratic.examples(np.random.default_rng(0), 3)
    return np.allclose(quadratic.fisher(at), quadratic.hessian(at))


@everywhere
def same_minimum_in_all_coordinates() -> object:
    a = RNG.normal(size=(2, 2))
    quadratic = problems["quadratic"]()
    chart = charts["linear"](matrix=tuple(map(tuple, a)))
    at = quadratic.examples(np.random.default_rng(0), 20)
    losses = quadratic.through(chart).loss(np.linalg.solve(a, at.T).T)
    return np.allclose(losses, quadratic.loss(at))


@once
def beyond_the_line_a_run_may_jump() -> object:
    """Gradient descent in a well of the double well, at a rate above 2/γ: bounded, and no end."""
    well, at = problems["double-well"](), np.array([0.9, 0.0])
    curve = np.linalg.eigvalsh(well.hessian(np.array([1.0, 0.0])))[-1]
    run = []
    for _ in range(400):
        at = at - 2.1 / curve * well.grad(at)
        run.append(at[0])
    last = np.array(run[-50:])
    return bool(np.abs(last).max() < 3 and np.ptp(last) > 0.1)


@once
def double_well() -> object:
    well = problems["double-well"]()
    ends = [np.array(at) for at in ((1.0, 0), (-1.0, 0), (0.0, 0))]
    signs = [np.sign(np.linalg.eigvalsh(well.hessian(at))).tolist() for at in ends]
    return all(np.allclose(well.grad(at), 0) for at in ends) and signs == [
        [1, 1],
        [1, 1],
        [-1, 1],
    ]


@everywhere
def valley_of_the_exercise() -> object:
    a, b = RNG.normal(size=2)
    j = (1 - a) ** 2 + 10 * (b - a**2) ** 2
    x = np.array([a, b - a**2])
    return np.isclose(j, (1 - x[0]) ** 2 + 10 * x[1] ** 2)


@once
def net_of_354() -> object:
    widths = (2, 16, 16, 2)
    return sum((a + 1) * b for a, b in pairwise(widths)) == 354


@once
def digits_of_the_race() -> object:
    """64 pixels, one hidden layer, ten classes: 2410 weights and biases for a layer of 32."""
    return (64 + 1) * 32 + (32 + 1) * 10 == 2410 and 1438 + 359 == 1797 and round(1797 / 5) == 359


def record() -> Mapping[str, Any]:
    return race_state.FOUND


@once
def seeds_of_the_race() -> object:
    return record()["tuned_on"] == list(range(5)) and record()["shown_on"] == list(range(10, 17))


@once
def settings_of_the_race() -> object:
    """As the tuning's own tables say: seeds, finalists, and who has settings of unequal cost."""
    tried = [n for each in record()["tunings"].values() for n in each["tried"].values()]
    unequal = {rule for rule, grid in GRIDS.items() if set(grid) & set(COSTLY)}
    return bool(
        max(tried) == 36
        and (list(ON), FINAL) == (list(range(5)), 3)
        and unequal == {"kfac", "soap", "shampoo", "lbfgs"}
    )


@once
def steps_of_tuned_adam() -> object:
    """Tuned on the digits, Adam needs fewer than twenty steps to 0.1, the first of its targets."""
    steps = [run[0] for run in record()["tunings"]["digits"]["fresh"]["adam"]["steps"]]
    return race_state.TARGETS["digits"][0] == 0.1 and max(steps) < 20


@once
def cost_of_a_step() -> object:
    """K-FAC's time of a step over Adam's to the smallest loss: the whole numbers around them all.

    It is taken of each run, and of the medians that the table has.
    """
    found = []
    for name, tuning in record()["tunings"].items():
        costs = [
            np.median([t[-1] / n[-1] for n, t in zip(runs["steps"], runs["seconds"], strict=True)])
            for runs in (tuning["fresh"]["kfac"], tuning["fresh"]["adam"])
            if all(n[-1] for n in runs["steps"])
        ]
        found += [costs[0] / costs[1]] if len(costs) == 2 else []
        kfac, adam = (
            race_state.recorded(name, rule, "seconds") / race_state.recorded(name, rule, "steps")
            for rule in ("kfac", "adam")
        )
        found.append(kfac / adam)
    return (math.floor(min(found)), math.ceil(max(found))) == (2, 6)


@once
def time_of_the_race() -> object:
    """To the smallest target K-FAC has clearly the least time on the autoencoder only."""
    return _least_time("autoencoder") and not any(
        _least_time(name) for name in record()["tunings"] if name != "autoencoder"
    )


def _least_time(name: str) -> bool:
    fresh = record()["tunings"][name]["fresh"]
    times = {
        rule: float(np.median([np.inf if t[-1] is None else t[-1] for t in runs["seconds"]]))
        for rule, runs in fresh.items()
        if "seconds" in runs
    }
    return all(1.1 * times["kfac"] < t for rule, t in times.items() if rule != "kfac")


@everywhere
def softmax_of_two() -> object:
    """Adding one number to both logits changes no probability; the variance of y is P₀P₁."""
    o, c = RNG.normal(size=2), RNG.normal()

    def soft(x: Array) -> Array:
        e = np.exp(x)
        return e / e.sum()

    p = soft(o)
    f = np.diag(p) - np.outer(p, p)
    return (
        np.allclose(soft(o + c), p)
        and np.allclose(f @ np.ones(2), 0)
        and np.isclose(f[0, 0], p.prod())
    )


@everywhere
def a_layers_number() -> object:
    """W = cV: a step that forgets the size of its gradient is, mapped back to W, c times long."""
    g, c = RNG.normal(size=(2, 3)), RNG.uniform(0.1, 10)
    return np.allclose(c * np.sign(c * g), c * np.sign(g))


@once
def invariance_of_the_first_picture() -> object:
    """README's picture: a column of A is dragged, and only gradient descent's run moves."""
    lesson = lessons["coordinates"]
    runs = {}
    for matrix in (((1, 0), (0, 1)), ((1.6, 0.3), (-0.2, 0.9))):
        changes = {"rules": ["gradient", "newton", "natural"], "matrix": matrix}
        model = lesson.after(changes)
        for rule in changes["rules"]:
            runs.setdefault(rule, []).append(model.pair(rule).in_x.in_theta)
    same = {rule: np.allclose(*both, rtol=1e-6) for rule, both in runs.items()}
    return same == {"gradient": False, "newton": True, "natural": True}


@once
def the_nets_saddle() -> object:
    """∇J = 0 at the origin; J falls along w₁ = w₂, and rises along w₁ = −w₂."""
    net = problems["two-layer-linear"]()
    at = [net.loss(t * np.array(d)) for d in ((1, 1), (1, -1)) for t in (0.0, 0.1, 0.2)]
    x = net.examples(np.random.default_rng(0), 1)[0]
    same = x * np.array([2.0, 0.5])
    return (
        np.allclose(net.grad(np.zeros(2)), 0)
        and at[0] > at[1] > at[2]
        and at[3] < at[4] < at[5]
        and np.isclose(net.loss(same), net.loss(x))
        and np.isclose(net.kl(same, x), 0)
    )
