"""What a reader does in the lesson Policy, held to the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from natgrad_core import problems, rules, run
from tests.browser.acts import ROOT, click_claim, drag, paths, settle, to_the_end, type_in

pytestmark = pytest.mark.browser


@pytest.fixture
def policy(opened: Callable[[str], Page]) -> Page:
    return opened("policy")


def assert_the_engine_says_so(page: Page) -> dict[str, Any]:
    """The runs on the plane, and the returns on the graph beside it."""
    answer = settle(page)
    state, drawn, problem = answer["state"], paths(page), problems["two-state-mdp"]()
    script = f"""() => {ROOT}.answer.traces.filter(t => t.plane === 'eta' && t.kind === 'path')
        .map(t => [t.style, Array.from({ROOT}.array(t.read[1][1]))])"""
    returns = dict(page.evaluate(script))
    for name in state["rules"]:
        factor = state["times"] if name == "gradient" else 1.0
        options = {"damping": state["damping"]} if name == "natural" else {}
        rule = rules[name](rate=factor * state["rate"], **options)
        path = run(problem, rule, state["start"] or problem.start, state["steps"])
        np.testing.assert_allclose(drawn["theta", name, "solid"], path.theta, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(returns[name], -path.loss, rtol=1e-5)
    return answer


def test_the_reader_predicts_p_and_plays_gradient_descent(policy: Page) -> None:
    assert_the_engine_says_so(policy)
    box = policy.locator("[data-predict='first']")
    box.get_by_role("button", name="it lowers it").click()
    expect(box).to_have_attribute("data-verdict", "wrong")
    box.get_by_role("button", name="it raises it").click()
    expect(box).to_have_attribute("data-verdict", "right")
    answer = assert_the_engine_says_so(policy)
    assert answer["state"]["arrows"] == "gradient"
    to_the_end(policy)


def test_the_policy_is_dragged_and_typed_as_chances_and_one_is_no_chance(policy: Page) -> None:
    drag(policy, "start", (60, 40))
    first = assert_the_engine_says_so(policy)["state"]["start"]
    type_in(policy, "p", "0.25")
    start = assert_the_engine_says_so(policy)["state"]["start"]
    assert start == pytest.approx([np.log(1 / 3), first[1]])
    type_in(policy, "q", "1")
    expect(policy.locator("input.number[data-field='q']")).to_have_attribute("aria-invalid", "true")
    assert assert_the_engine_says_so(policy)["state"]["start"] == start


def test_a_sentence_shows_that_gradient_descent_leaves_in_the_end(policy: Page) -> None:
    click_claim(policy, "shorter")
    answer = assert_the_engine_says_so(policy)
    assert "gradient descent: return 1.9" in answer["description"]
