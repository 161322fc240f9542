"""Many starts and sweeps are runs: in place, in chunks, coarse to fine, the numbers agree."""

from __future__ import annotations

import numpy as np
import pytest

from natgrad_core import Problem, charts, problems, rules, run
from natgrad_core.analysis.grid_sweep import BLOCK, rotated, sweep, sweeping
from natgrad_core.core.run import directly, ends
from natgrad_core.tracing import batched_loop
from natgrad_core.tracing.replay import follow, replay
from natgrad_core.tracing.row_sums import Rows
from natgrad_core.tracing.tape import trace
from natgrad_core.types import Vector

RATES = np.logspace(-2, 0.3, 5)
DAMPINGS = np.array([0.0, 0.1, 1.0])
ANGLES = np.array([0.0, 30.0, 100.0, 150.0])
STRETCH = (3.0, 0.5)
RULES = ("gradient", "natural", "newton")


def _options(name: str, **more: object) -> dict[str, object]:
    return {"rate": 0.03} | ({} if name == "gradient" else more)


def _takes(problem: Problem, name: str) -> bool:
    return name != "natural" or problem.support is not None


@pytest.mark.parametrize("name", problems)
@pytest.mark.parametrize("rule", RULES)
def test_the_replayed_step_is_the_formula_itself_bit_for_bit(
    name: str, rule: str, rng: np.random.Generator
) -> None:
    problem = problems[name]()
    if not _takes(problem, rule):
        return
    starts = problem.examples(rng, 11)
    for options in (_options(rule), _options(rule, damping=np.linspace(0, 1, 11))):
        step = rules[rule](**options)
        fast, slow = run(problem, step, starts, 6), directly(problem, step, starts, 6)
        np.testing.assert_array_equal(fast.theta, slow.theta)


def test_batches_broadcast_with_charts_and_rates_as_they_do_without_the_tracer(
    rng: np.random.Generator,
) -> None:
    problem = problems["logistic-regression"]()
    matrix = np.eye(2) + 0.2 * rng.normal(size=(3, 1, 2, 2))
    charted = problem.through(charts["linear"](matrix=matrix))
    starts = charted.chart.inverse(problem.examples(rng, 5))
    step = rules["natural"](rate=np.linspace(0.1, 1, 4)[:, None, None], damping=0.1)
    fast, slow = run(charted, step, starts, 5), directly(charted, step, starts, 5)
    assert fast.theta.shape == (6, 4, 3, 5, 2)
    np.testing.assert_array_equal(fast.theta, slow.theta)


@pytest.mark.parametrize("name", ["normal", "logistic-regression", "mixture"])
def test_chunks_do_not_change_a_run(
    name: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = problems[name]()
    starts, step = problem.examples(rng, 50), rules["natural"](rate=np.linspace(0.01, 0.5, 50))
    whole = run(problem, step, starts, 5).theta
    monkeypatch.setattr(batched_loop, "CACHE", 1)
    np.testing.assert_array_equal(run(problem, step, starts, 5).theta, whole)


def test_a_sum_with_a_negative_is_the_difference() -> None:
    lines = [
        ("t0", "*", ("c0", "x0")),
        ("t1", "neg", ("t0",)),
        ("t2", "+", ("x0", "t1")),
        ("t3", "exp", ("t1",)),
    ]
    assert batched_loop.simplified(lines, ["t2"]) == [
        ("t0", "*", ("c0", "x0")),
        ("t2", "-", ("x0", "t0")),
    ]


@pytest.mark.parametrize("name", problems)
def test_the_ends_of_runs_are_the_ends_of_their_records(
    name: str, rng: np.random.Generator
) -> None:
    problem = problems[name]()
    starts, step = problem.examples(rng, 20), rules["gradient"](rate=np.logspace(-2, 1, 20))
    path = run(problem, step, starts, 30)
    target = float(np.median(path.loss[0]))
    end, first = ends(problem, step, starts, 30, target)
    np.testing.assert_array_equal(end, np.where(path.ok[-1][:, None], path.theta[-1], np.nan))
    reached = path.ok & (np.nan_to_num(path.loss, nan=np.inf) <= target)
    expected = np.where(reached.any(0), reached.argmax(0), np.nan)
    np.testing.assert_array_equal(first, expected)
    assert (first == 0).any()
    assert (first != 0).any()


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


def test_a_sweep_comes_coarse_to_fine_each_cell_once_and_can_be_left() -> None:
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


def test_a_buffer_is_not_written_while_its_value_is_wanted() -> None:
    data = np.array([1.0, 2.0, 5.0])
    weights = Rows(data)

    def swap(state: Vector, numbers: Vector) -> Vector:
        x, y = state
        square = x * x
        level = weights.total(lambda s, d: s * d, square)
        later = (y + 1) * (y + 2)
        return y * 2, later + weights.total(lambda s, d: s + d, square) + level + x

    start = np.array([[0.1, 0.2], [0.3, 0.4]])
    expected, states = (start[:, 0], start[:, 1]), []
    traced = trace(swap, expected)
    found = replay(traced, expected, 3, 2)
    follow(traced, expected, 3, lambda _, state: states.append(np.copy(state)) is None)
    for one, other in zip(found, states, strict=True):
        expected = swap(expected, ())
        np.testing.assert_array_equal(one, expected)
        np.testing.assert_array_equal(other, expected)
