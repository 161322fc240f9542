"""What a reader does in the lesson Steepest descent, and what it shows, held to the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from natgrad_core import problems
from natgrad_core.geometry.steepest import steepest
from natgrad_core.geometry.unit_ball import normal
from tests.browser.acts import ROOT, click_claim, drag, settle, type_in


@pytest.fixture
def lesson(opened: Callable[[str], Page]) -> Page:
    return opened("steepest-descent")


def metric(page: Page) -> Any:
    values = page.evaluate(f"{ROOT}.values")
    return np.array([[values[f"metric.{i}.{j}"] for j in (0, 1)] for i in (0, 1)])


def arrow(page: Page, style: str, label: str) -> Any:
    """Tail and head of an arrow on the screen."""
    script = f"""([style, label]) => Array.from({ROOT}.array({ROOT}.answer.traces.find(
        t => t.kind === 'arrows' && t.style === style && t.label === label).points))"""
    return np.array(page.evaluate(script, [style, label])).reshape(2, 2)


def assert_the_page_shows_what_the_engine_says(page: Page) -> None:
    answer = settle(page)
    shown, gradient = answer["numbers"], np.array(page.evaluate(f"{ROOT}.values.gradient"))
    best = steepest(metric(page), gradient)
    np.testing.assert_allclose(
        arrow(page, "natural", "a*"), np.stack([np.zeros(2), best.a]), atol=1e-5
    )
    assert shown["least"] == pytest.approx(best.slope, rel=1e-6)
    a = arrow(page, "you", "")[1]
    multiplier, covector = normal(metric(page), gradient, a)
    assert shown["slope"] == pytest.approx(2 * multiplier, rel=1e-5)
    assert [shown["Ga.0"], shown["Ga.1"]] == pytest.approx(covector.tolist(), abs=1e-5)


def test_the_ball_bends_by_its_axes_and_its_entries_and_the_steepest_way_follows(
    lesson: Page,
) -> None:
    assert_the_page_shows_what_the_engine_says(lesson)
    before = metric(lesson)
    drag(lesson, "axis1", (-30, -40))
    assert_the_page_shows_what_the_engine_says(lesson)
    assert np.abs(metric(lesson) - before).max() > 0.05
    drag(lesson, "gradient", (60, 20))
    assert_the_page_shows_what_the_engine_says(lesson)
    type_in(lesson, "metric.0.1", "0.25")
    assert_the_page_shows_what_the_engine_says(lesson)
    np.testing.assert_allclose(metric(lesson)[[0, 1], [1, 0]], 0.25, atol=1e-9)
    type_in(lesson, "metric.0.1", "abc")
    box = lesson.locator("input.number[data-field='metric.0.1']")
    expect(box).to_have_attribute("aria-invalid", "true")
    type_in(lesson, "eig.0", "-1")
    box = lesson.locator("input.number[data-field='eig.0']")
    expect(box).to_have_attribute("aria-invalid", "true")
    message = box.get_attribute("aria-describedby")
    expect(lesson.locator(f"#{message}")).to_contain_text("no vector has length one")
    np.testing.assert_allclose(metric(lesson)[0, 1], 0.25, atol=1e-9)


def test_the_direction_is_found_by_hand_and_then_shown(lesson: Page) -> None:
    lesson.get_by_role("button", name="find it yourself").click()
    answer = settle(lesson)
    assert not [t for t in answer["traces"] if t["style"] == "natural"]
    assert answer["numbers"]["least"] is None
    drag(lesson, "aim", (-60, 30))
    moved = settle(lesson)["numbers"]["slope"]
    assert moved < answer["numbers"]["slope"]
    lesson.locator("input[data-field='show'][value='shown']").check()
    assert_the_page_shows_what_the_engine_says(lesson)


def test_with_the_fisher_matrix_it_is_the_natural_gradient(lesson: Page) -> None:
    click_claim(lesson, "natural")
    assert_the_page_shows_what_the_engine_says(lesson)
    problem = problems["gamma"]()
    step = -np.linalg.solve(problem.fisher(problem.start), problem.grad(problem.start))
    drawn = arrow(lesson, "natural", "a*")[1]
    np.testing.assert_allclose(
        drawn / np.linalg.norm(drawn), step / np.linalg.norm(step), atol=1e-5
    )
    type_in(lesson, "turn", "10")
    assert settle(lesson)["state"]["of"] == "hand", "bent by hand it is no longer the problem's"
    assert_the_page_shows_what_the_engine_says(lesson)


def test_where_the_ball_opens_no_direction_is_steepest(lesson: Page) -> None:
    box = lesson.locator("[data-predict='opened']")
    box.get_by_role("button", name="none: for each").click()
    expect(box).to_have_attribute("data-verdict", "right")
    answer = settle(lesson)
    assert "hyperbola" in answer["description"]
    natural = {t["name"] for t in answer["traces"] if t["style"] == "natural"}
    assert natural == {"the formula's vector"}, "which is not the steepest"
    type_in(lesson, "eig.1", "0")
    answer = settle(lesson)
    assert "parallel lines" in answer["description"]
    assert not [t for t in answer["traces"] if t["style"] == "natural"]
    type_in(lesson, "eig.1", "0.1")
    assert_the_page_shows_what_the_engine_says(lesson)
