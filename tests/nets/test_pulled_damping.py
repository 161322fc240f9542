"""Training that is pulled: in slices, in lockstep, looked back on and gone on from, exactly."""

from __future__ import annotations

import math
import time

import pytest
import torch

from natgrad_core.nets import NetProblem, mlp, plane, rules
from natgrad_core.nets.training import train
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.training import Course, by_second, grow, pull, reach


@pytest.fixture(scope="module")
def problem() -> NetProblem:
    return NetProblem.of(mlp((2, 5, 2)), plane("moons", 60))


def always(_: Course) -> bool:
    return True


def test_a_pulled_run_is_the_run_however_it_was_pulled(problem: NetProblem) -> None:
    rule = rules.adam(0.05)
    whole = [frame.loss for frame in train(problem, rule, seed=3, steps=25)]
    course = Course.of(problem, rule, seed=3)
    for steps in (1, 2, 9, 25):
        reach([course], steps)
    assert course.losses == whole
    assert course.steps == 25


@pytest.mark.parametrize("keep", [1, 4, 100])
def test_any_step_can_be_looked_back_on_to_the_last_bit(problem: NetProblem, keep: int) -> None:
    rule = rules.adam(0.05)
    course = Course.of(problem, rule, seed=1, keep=keep, batch=20)
    reach([course], 30)
    for frame in train(problem, rule, seed=1, batch=20, steps=30):
        found = course.frame(frame.step)
        assert torch.equal(found.theta, frame.theta)
        assert found.step == frame.step
    assert course.frame(99).step == 30


def test_a_run_goes_on_from_any_step_by_another_rate_and_its_past_stays(
    problem: NetProblem,
) -> None:
    first = Course.of(problem, rules.adam(0.05), keep=3)
    second = first.turn(rules.adam(0.2), 7)
    reach([second], 12)
    assert second.losses[:8] == first.losses[:8]
    assert torch.equal(second.frame(5).theta, first.frame(5).theta)
    expected = list(train(problem, rules.adam(0.2), start=first.frame(7), steps=5))
    assert second.losses[8:] == [frame.loss for frame in expected]
    assert second.seconds == sorted(second.seconds)
    again = second.turn(rules.adam(0.01), 10)
    assert again.losses[:11] == second.losses[:11]


def test_runs_keep_step_or_keep_time(problem: NetProblem) -> None:
    quick, slow = (Course.of(problem, r) for r in (rules.gradient(0.1), rules.kfac()))
    grow([quick, slow], lambda run: run.steps < 12, 60.0)
    assert quick.steps == slow.steps == 12
    quick, slow = (Course.of(problem, r) for r in (rules.gradient(0.1), rules.kfac()))
    grow([quick, slow], lambda _: quick.steps + slow.steps < 80, 60.0, by_second)
    assert quick.steps > slow.steps


def test_no_budget_is_no_step_and_a_slice_ends(problem: NetProblem) -> None:
    course = Course.of(problem, rules.gradient(0.1))
    assert grow([course], always, 0.0)
    assert course.steps == 0
    began = time.perf_counter()
    assert grow([course], always, 0.02)
    assert time.perf_counter() - began >= 0.02
    assert course.steps > 0


def test_a_stopped_run_shows_what_there_is_and_goes_on_by_single_steps(
    problem: NetProblem,
) -> None:
    course = Course.of(problem, rules.gradient(0.1))
    reach([course], 5)
    assert pull(Sheet(fine=1, hold=True), [course], always)
    assert course.steps == 5
    assert pull(Sheet(fine=1, hold=True, one=True), [course], always)
    assert course.steps == 6
    assert pull(Sheet(hold=True), [course], always, step=9)
    assert course.steps == 10, (
        "a step that a link wants is reached, and one more to tell them apart"
    )


def test_a_run_that_diverged_is_at_its_end(problem: NetProblem) -> None:
    course = Course.of(problem, rules.gradient(1e39))
    assert not grow([course], always, 60.0)
    assert math.isnan(course.losses[-1]) or math.isinf(course.losses[-1])
    assert not course.ok
    assert "loss" in course.last.note
