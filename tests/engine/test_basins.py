"""Minima of a plane, and the map of starts that says at which of them a run ends."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from natgrad_core import own, problems, rules, run
from natgrad_core.analysis import grid_sweep
from natgrad_core.analysis.basins import ARRIVED, ending, minima


@pytest.mark.parametrize("name", [n for n, kind in problems.items() if len(kind.symbols) == 2])
def test_minima_are_where_the_slope_is_zero_and_the_hessian_positive(name: str) -> None:
    problem = problems[name]()
    found = minima(problem)
    assert len(found) == 2 or name not in ("double-well", "mixture")
    if len(found):
        assert (np.linalg.eigvalsh(problem.hessian(found)) > 0).all()
        scale = np.abs(problem.grad(np.asarray(problem.start))).max()
        assert np.abs(problem.grad(found)).max() < 1e-6 * max(scale, 1.0)
        assert (np.diff(problem.loss(found)) >= 0).all(), "the lowest first"


def test_the_wells_minima_are_those_of_the_formula() -> None:
    np.testing.assert_allclose(minima(problems["double-well"]()), [[-1, 0], [1, 0]], atol=1e-9)


def test_minima_outside_the_window_do_not_count() -> None:
    text = "(a**2 - 1)**2 + (b/1000)**2"  # the span of a is a thousandth of that of b
    whole = own(text, view=((-2, 2), (-2000, 2000)))
    np.testing.assert_allclose(minima(whole), [[-1, 0], [1, 0]], atol=1e-6)
    half = own(text, view=((0.5, 2), (-2000, 2000)))
    np.testing.assert_allclose(minima(half), [[1, 0]], atol=1e-6)


@pytest.mark.parametrize(
    ("of", "name", "rate"),
    [
        ("double-well", "gradient", 0.1),
        ("double-well", "newton", 0.1),
        ("double-well", "momentum", 0.05),
        ("mixture", "gradient", 0.3),
    ],
)
def test_a_cell_is_the_run_from_its_start(of: str, name: str, rate: float) -> None:
    problem, rule = problems[of](), rules[name](rate=rate)
    found = deque(ending(problem, rule, 9, 300), maxlen=1).pop()
    assert found.share == 1
    untimed = deque(ending(problem, rule, 9, 300, timed=False), maxlen=1).pop()
    np.testing.assert_array_equal(untimed.which, found.which)
    assert np.isnan(untimed.first).all()
    (x0, x1), (y0, y1) = problem.view
    for i, j in [(0, 0), (2, 3), (4, 4), (5, 1), (7, 8), (3, 5)]:
        start = (x0 + (x1 - x0) * j / 8, y0 + (y1 - y0) * i / 8)
        path = run(problem, rule, start, 300)
        near = np.linalg.norm(path.theta[-1] - found.minima, axis=1)
        if near.min() > 0.1:
            assert found.which[i, j] == -1
            assert np.isnan(found.first[i, j])
            continue
        assert found.which[i, j] == near.argmin()
        grid = np.stack(np.meshgrid(np.linspace(x0, x1, 9), np.linspace(y0, y1, 9)), -1)
        lowest, *_ = ends = problem.loss(found.minima)
        left = ARRIVED * float(np.median(problem.loss(grid)) - lowest)
        assert found.first[i, j] == np.argmax(path.loss <= ends[near.argmin()] + left)
    assert {0, 1} <= set(found.which.ravel())
    assert of == "mixture" or -1 in found.which, "the saddle"


def test_a_map_of_ends_comes_coarse_to_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("natgrad_core.analysis.basins.LOT", 1)
    assert grid_sweep.COARSEST == 16
    problem = problems["double-well"]()
    shares = []
    for found in ending(problem, rules["gradient"](rate=0.1), 17, 50):
        shares.append(found.share)
        assert (found.which[~found.done] == -1).all()
    assert len(shares) > 3
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_without_an_isolated_minimum_no_run_ends_at_one() -> None:
    found = deque(
        ending(problems["two-layer-linear"](), rules["gradient"](rate=0.1), 5, 10), 1
    ).pop()
    assert found.minima.shape == (0, 2)
    assert (found.which == -1).all()
    assert found.share == 1
