"""A sweep is many runs, coarse to fine, and its numbers are theirs."""

from __future__ import annotations

import numpy as np
import pytest

from natgrad_core import charts, problems, rules, run
from natgrad_core.analysis import grid_sweep
from natgrad_core.analysis.grid_sweep import BLOCK, rotated, sweep, sweeping

RATES = np.logspace(-2, 0.3, 5)
DAMPINGS = np.array([0.0, 0.1, 1.0])
ANGLES = np.array([0.0, 30.0, 100.0, 150.0])
STRETCH = (3.0, 0.5)
RULES = ("gradient", "natural", "newton")


@pytest.mark.parametrize("name", ["normal", "gamma", "rosenbrock"])
@pytest.mark.parametrize("rule", RULES)
def test_every_cell_of_a_sweep_is_one_run(name: str, rule: str) -> None:
    problem = problems[name]()
    dampings = np.zeros(1) if rule == "gradient" else DAMPINGS
    target = float(problem.loss(problem.start)) - 0.05
    found = sweep(
        problem, rules[rule], RATES, dampings, ANGLES, stretch=STRETCH, steps=25, target=target
    )
    assert found.loss.shape == (len(RATES), len(dampings), len(ANGLES))
    assert found.share == 1
    for i, rate in enumerate(RATES):
        for j, damping in enumerate(dampings):
            for k, angle in enumerate(ANGLES):
                chart = charts["linear"](matrix=rotated(angle, STRETCH))
                options = {"rate": rate} | ({} if rule == "gradient" else {"damping": damping})
                path = run(
                    problem.through(chart), rules[rule](**options), chart.inverse(problem.start), 25
                )
                np.testing.assert_allclose(found.loss[i, j, k], path.loss[-1], rtol=1e-6)
                hit = np.flatnonzero(path.loss <= target)
                np.testing.assert_equal(found.first[i, j, k], hit[0] if hit.size else np.nan)


def test_a_sweep_without_stretch_runs_in_the_problems_own_coordinates() -> None:
    problem = problems["normal"]()
    found = sweep(problem, rules["newton"], RATES, 0.2, steps=9)
    path = run(problem, rules["newton"](rate=RATES, damping=0.2), [problem.start] * 5, 9)
    np.testing.assert_array_equal(found.loss[:, 0, 0], path.loss[-1])


@pytest.mark.parametrize("how", ["machine code, in blocks", "without machine code"])
def test_a_sweep_comes_coarse_to_fine_each_cell_once_and_can_be_left(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid_sweep, "LOT", 2 * BLOCK)
    monkeypatch.setattr(grid_sweep, "available", lambda: how[0] == "m")
    problem, steps = problems["quadratic"](), 2
    rates = np.linspace(0.001, 0.01, 40)
    shares, coarse = [], None
    for part in sweeping(problem, rules["natural"], rates, np.linspace(0, 1, 40), steps=steps):
        coarse = part.done.copy() if coarse is None else coarse
        assert np.array_equal(np.isfinite(part.loss), part.done)
        shares.append(part.share)
    assert coarse is not None
    assert np.array_equal(np.argwhere(coarse)[:, :2] % 16, np.zeros((9, 2)))
    assert np.all(np.diff(shares) > 0)
    assert max(np.diff(shares)) * 1600 <= BLOCK
    assert shares[-1] == 1


def test_where_a_start_at_the_edge_is_rounded_out_of_the_domain_the_run_is_broken() -> None:
    problem, start, steps = problems["normal"](), (5.2, 1e-16), 5
    angles, stretch = np.arange(0.0, 180.0, 10.0), (3.0, 1.0)
    found = sweep(
        problem, rules["natural"], 0.2, 0.0, angles, stretch=stretch, start=start, steps=steps
    )
    assert found.done.all()
    held = 0
    for angle, loss in zip(angles, found.loss[0, 0], strict=True):
        there = problem.through(charts["linear"](matrix=rotated(angle, stretch)))
        x = there.chart.inverse(start)
        if there.inside(x):
            held += 1
            expected = run(there, rules["natural"](rate=0.2), x, steps).loss[-1]
            np.testing.assert_allclose(loss, expected, rtol=1e-6)
        else:
            assert np.isnan(loss)
    assert 0 < held < len(angles)
    nowhere = sweep(
        problem, rules["natural"], 0.2, 0.0, [40.0, 170.0], stretch=stretch, start=(5.2, 1e-17)
    )
    assert nowhere.done.all()
    assert np.isnan(nowhere.loss).all()


def test_a_sweep_says_what_is_wrong_with_its_axes() -> None:
    problem = problems["normal"]()
    with pytest.raises(ValueError, match="no damping to sweep"):
        sweep(problem, rules["gradient"], RATES, DAMPINGS)
    with pytest.raises(ValueError, match="changes nothing"):
        sweep(problem, rules["natural"], RATES, 0.0, ANGLES)
    with pytest.raises(ValueError, match="lists of numbers"):
        sweep(problem, rules["natural"], RATES[:, None])
