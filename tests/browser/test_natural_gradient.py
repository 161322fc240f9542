"""What a reader does in the lesson on the natural gradient, held to the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from natgrad_core import chain, charts, gap, metrics, problems, rules, run
from natgrad_core.core.rule import descend, precondition
from natgrad_core.rules.kl_limited import limit
from tests.browser.acts import ROOT, click_claim, drag, paths, settle, to_the_end, type_in


@pytest.fixture
def natural(opened: Callable[[str], Page]) -> Page:
    return opened("natural-gradient?v=1&problem=normal")


def assert_the_engine_says_so(page: Page) -> dict[str, Any]:
    """The paths and the gaps on the screen, for the problem and a scale chart."""
    answer = settle(page)
    state, drawn = answer["state"], paths(page)
    problem, chart = problems[state["problem"]](), charts[state["chart"]]()
    start = state["start"] or problem.start
    for reading in answer["meter"]:
        built = []
        for kind in ("identity", state["kind"]):
            raised = precondition(metrics["fisher-power"](state["q"]), state["damping"], kind)
            built.append(
                {
                    "natural": chain(raised, descend(state["rate"])),
                    "kl-limited": chain(raised, descend(1.0), limit(state["radius"])),
                    "gradient": rules["gradient"](state["rate"]),
                }[reading["rule"]]
            )
        in_theta = run(problem, built[0], start, state["steps"])
        in_x = run(problem.through(chart), built[1], chart.inverse(start), state["steps"])
        for dash, points in (("solid", in_theta.theta), ("dashed", in_x.in_theta)):
            key = ("theta", reading["rule"], dash)
            np.testing.assert_allclose(drawn[key], points, rtol=1e-5, atol=1e-5)
        if not np.array_equal(in_theta.ok, in_x.ok):
            assert (reading["gap"], reading["word"]) == (None, "ended")
            continue
        assert reading["gap"] == pytest.approx(float(gap(in_theta.theta, in_x.in_theta)), rel=1e-4)
    return state


def field(page: Page) -> np.ndarray:
    """Tails and tips of the small arrows, [n, 2, 2]."""
    script = f"""() => {{ const t = {ROOT}.answer.traces.find(t => t.style === 'field');
        return Array.from({ROOT}.array(t.points)) }}"""
    return np.array(page.evaluate(script)).reshape(-1, 5, 2)[:, :2]


def test_the_arrows_turn_from_plain_to_natural_with_the_power(natural: Page) -> None:
    assert_the_engine_says_so(natural)
    problem = problems["normal"]()
    for power in (1.0, 0.0):
        type_in(natural, "q", str(power))
        assert assert_the_engine_says_so(natural)["q"] == power
        tails, tips = np.moveaxis(field(natural), 1, 0)
        middle = (tails + tips) / 2
        expected = -problem.grad(middle)
        if power:
            expected = np.linalg.solve(problem.fisher(middle), expected[..., None])[..., 0]
        angles = [np.arctan2(v[:, 1], v[:, 0]) for v in (tips - tails, expected)]
        turn = (angles[0] - angles[1] + np.pi) % (2 * np.pi) - np.pi
        assert np.quantile(np.abs(turn), 0.95) < 0.01


def test_a_reader_predicts_where_one_step_lands_and_leaves_the_domain_in_the_precision(
    natural: Page,
) -> None:
    box = natural.locator("[data-predict='lands']")
    box.get_by_role("button").nth(1).click()
    expect(box).to_have_attribute("data-verdict", "right")
    assert assert_the_engine_says_so(natural)["graph"] == "sigma"
    click_claim(natural, "negative")
    state = assert_the_engine_says_so(natural)
    assert state["chart"] == "precision"
    note = natural.locator(".meter [data-rule='natural'] .note")
    expect(note).to_contain_text("left the domain at step 1")


def test_the_start_is_dragged_and_a_graph_that_the_problem_lacks_is_refused(natural: Page) -> None:
    drag(natural, "start", (50, 30))
    first = assert_the_engine_says_so(natural)["start"]
    assert first is not None
    type_in(natural, "radius", "0")
    box = natural.locator("input.number[data-field='radius']")
    expect(box).to_have_attribute("aria-invalid", "true")
    natural.locator("select[aria-label='problem']").select_option("two-state-mdp")
    state = settle(natural)["state"]
    assert (state["problem"], state["chart"]) == ("two-state-mdp", "bend")
    natural.locator(
        "input[data-field='graph'][value='sigma'], select[data-field='graph']"
    ).first.evaluate(
        "e => { if (e.tagName === 'SELECT') e.value = 'sigma'; else e.checked = true;"
        "e.dispatchEvent(new Event('change', {bubbles: true})) }"
    )
    answer = settle(natural)
    assert answer["state"]["graph"] == "kl"
    assert "normal distribution" in answer["errors"]["graph"]


def test_the_gap_shrinks_at_slopes_two_and_one_and_a_run_plays_to_its_end(natural: Page) -> None:
    click_claim(natural, "orders")
    state = assert_the_engine_says_so(natural)
    assert state["graph"] == "gap"
    title = natural.evaluate(f"{ROOT}.answer.planes[1].title")
    slopes = [float(word) for word in title.replace(",", " ").split() if word[0].isdigit()]
    assert slopes == pytest.approx([2, 1], abs=0.1)
    to_the_end(natural)
