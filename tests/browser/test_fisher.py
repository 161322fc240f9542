"""What a reader does in the lesson The Fisher matrix, and what it shows, held to the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from natgrad_core import chain, metrics, problems, run
from natgrad_core.analysis.fisher_sampling import error, gather
from natgrad_core.core.rule import descend, precondition
from natgrad_core.problems._kunstner_line import skewed_line
from natgrad_core.rules.kl_limited import paced
from natgrad_core.types import Array
from tests.browser.acts import ROOT, click_claim, drag, paths, settle, to_the_end, type_in


@pytest.fixture
def lesson(opened: Callable[[str], Page]) -> Page:
    return opened("fisher")


def curve(page: Page, style: str) -> Array:
    script = f"""style => {{ const found = {ROOT}.answer.traces.find(t => t.plane === 'left'
        && t.kind === 'curve' && t.style === style);
        return found ? Array.from({ROOT}.array(found.points)) : []; }}"""
    return np.reshape(page.evaluate(script, style), (-1, 2))


def assert_the_level_set_is_the_engines(page: Page) -> dict[str, Any]:
    answer = settle(page)
    state, said = answer["state"], answer["numbers"]
    problem = problems[state["problem"]]()
    handles = {h["id"]: np.array(h["at"]) for h in answer["handles"]}
    theta, step = handles["theta"], handles["step"] - handles["theta"]
    level = curve(page, "kl")
    found = problem.kl(np.broadcast_to(theta, level.shape), level)
    np.testing.assert_allclose(found, state["radius"], rtol=2e-3)
    assert said["half"] == pytest.approx(step @ problem.fisher(theta) @ step / 2, rel=1e-6)
    assert said["kl"] == pytest.approx(float(problem.kl(theta, theta + step)), rel=1e-6)
    return answer


def test_the_point_the_step_and_the_radius_move_the_level_set(lesson: Page) -> None:
    before = assert_the_level_set_is_the_engines(lesson)
    drag(lesson, "theta", (30, -20))
    moved = assert_the_level_set_is_the_engines(lesson)
    assert moved["state"]["theta"] != before["state"]["theta"]
    drag(lesson, "step", (20, -60))
    stepped = assert_the_level_set_is_the_engines(lesson)
    assert stepped["numbers"]["half"] > moved["numbers"]["half"]
    type_in(lesson, "radius", "0.4")
    assert assert_the_level_set_is_the_engines(lesson)["state"]["radius"] == 0.4
    type_in(lesson, "theta.1", "-1")
    box = lesson.locator("input.number[data-field='theta.1']")
    expect(box).to_have_attribute("aria-invalid", "true")
    lesson.locator("select[aria-label='problem']").select_option("gamma")
    assert_the_level_set_is_the_engines(lesson)


def test_a_reader_guesses_where_half_a_nat_is_and_looks(lesson: Page) -> None:
    box = lesson.locator("[data-predict='up']")
    box.get_by_role("button", name="larger").click()
    expect(box).to_have_attribute("data-verdict", "right")
    answer = settle(lesson)
    assert answer["numbers"]["kl"] is None
    assert not len(curve(lesson, "kl"))
    drag(lesson, "step", (0, -80))
    lesson.locator("input[data-field='show'][value='shown']").check()
    answer = assert_the_level_set_is_the_engines(lesson)
    assert answer["numbers"]["kl"] < answer["numbers"]["half"], "it costs less than it seems"
    top = curve(lesson, "kl")[:, 1].max()
    assert top == pytest.approx(2.511055, abs=1e-3)


def test_draws_come_in_parts_can_be_stopped_and_are_the_engines(lesson: Page) -> None:
    click_claim(lesson, "average")
    lesson.locator(".progress button").click()
    answer = settle(lesson)
    assert answer["more"] is not None, "it stopped before it was done"
    lesson.locator(".progress button").click()
    lesson.wait_for_function(f"!{ROOT}.answer.more", timeout=60_000)
    answer = settle(lesson)
    names = answer["numbers"]["@"]
    table = lesson.evaluate(f"Array.from({ROOT}.array('live'))")
    rows = dict(zip(names, np.reshape(table, (-1, len(names))).T, strict=True))
    assert rows["n"][-1] == 1_000_000
    problem = problems["normal"]()
    first = rows["n"][rows["n"] <= 1000].astype(int)
    expected = gather(problem, (0.0, 1.0), first, (0, 0))
    missed = error(expected.fisher, problem.fisher((0.0, 1.0)))
    np.testing.assert_allclose(rows["apart"][: len(first)], missed, rtol=1e-4)
    assert rows["apart"][-1] < 0.02
    to_the_end(lesson)


def test_the_empirical_fisher_goes_round_about(lesson: Page) -> None:
    click_claim(lesson, "straight")
    state = settle(lesson)["state"]
    drag(lesson, "w", (20, -20))
    moved = settle(lesson)["state"]
    assert moved["w"] != state["w"]
    for style, metric in (("natural", "fisher"), ("empirical", "empirical-fisher")):
        rule = chain(precondition(metrics[metric]()), descend(1.0), paced(moved["nats_a_step"]))
        path = run(skewed_line(moved["noise"]), rule, moved["w"], settle(lesson)["steps"])
        np.testing.assert_allclose(paths(lesson)["left", style, "solid"], path.theta, atol=1e-4)
    box = lesson.locator("[data-predict='turned']")
    box.get_by_role("button", name="more than 60°").click()
    expect(box).to_have_attribute("data-verdict", "right")


def test_the_readers_dot_lies_on_the_curve_of_the_readers_own_direction(lesson: Page) -> None:
    drag(lesson, "step", (40, -10))
    seen = settle(lesson)["numbers"]
    script = f"""kind => {{ const found = {ROOT}.answer.traces.find(t => t.plane === 'right'
        && t.kind === kind && t.style === 'you');
        return Array.from({ROOT}.array(found.points)); }}"""
    (dot,) = np.reshape(lesson.evaluate(script, "points"), (-1, 2))
    own = np.reshape(lesson.evaluate(script, "curve"), (-1, 2))
    assert np.interp(dot[0], own[:, 0], own[:, 1]) == pytest.approx(dot[1], abs=0.01)
    worst = np.reshape(lesson.evaluate(script.replace("'you'", "'worst'"), "curve"), (-1, 2))
    above = np.interp(dot[0], worst[:, 0], worst[:, 1])
    assert above > dot[1]
    assert seen["miss"] != 0
