"""The critical rate: below it descent near a minimum shrinks, above it it grows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from natgrad_core import chain, charts, metrics, problems, rules, run
from natgrad_core.analysis.grid_sweep import rotated
from natgrad_core.analysis.stability import critical_rate
from natgrad_core.core.rule import descend, precondition


@pytest.mark.parametrize("damping", [0.0, 3.0])
@pytest.mark.parametrize("angle", [10.0, 75.0])
@pytest.mark.parametrize("name", ["quadratic", "normal", "logistic-regression", "gamma"])
def test_steps_shrink_below_the_critical_rate_and_grow_above_it(
    name: str, angle: float, damping: float
) -> None:
    problem: Any = problems[name]()
    chart = charts["linear"](rotated(angle, (3.0, 1.0)))
    there = problem.through(chart)
    best = run(there, rules["natural"](0.1), there.start, 250).theta[-1]
    hessian = there.hessian(best)
    for metric in ("euclidean", "fisher"):
        matrix = np.eye(2) if metric == "euclidean" else there.fisher(best)
        edge = float(critical_rate(hessian, matrix + damping * np.eye(2)))
        off = 1e-7 * np.linalg.eigh(hessian)[1].sum(1)
        for share, grows in ((0.9, False), (1.1, True)):
            rule = chain(precondition(metrics[metric](), damping), descend(share * edge))
            path = run(there, rule, best + off, 60).theta
            far = np.linalg.norm(path[[0, -1]] - best, axis=-1)
            assert bool(far[1] <= far[0]) is not grows


def test_the_critical_rate_is_that_of_the_general_eigenvalue_problem() -> None:
    rng = np.random.default_rng(0)
    hessian, metric = (
        m @ np.swapaxes(m, -1, -2) + np.eye(3) for m in rng.normal(size=(2, 5, 3, 3))
    )
    for h, g, edge in zip(hessian, metric, critical_rate(hessian, metric), strict=True):
        assert 2 / np.linalg.eigvals(np.linalg.solve(g, h)).real.max() == pytest.approx(edge)
