"""What a reader does in the lesson Singular, held to the engine."""

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
def singular(opened: Callable[[str], Page]) -> Page:
    return opened("singular")


def assert_the_engine_says_so(page: Page) -> dict[str, Any]:
    """Every way's run on the plane, and what the graph beside it reads along the run."""
    answer = settle(page)
    state, drawn, problem = answer["state"], paths(page), problems[answer["state"]["problem"]]()
    start = answer["values"]["start"] if state["start"] is None else state["start"]
    script = f"""() => {ROOT}.answer.traces.filter(t => t.plane === 'graph' && t.kind === 'path')
        .map(t => [t.style, t.read[1][0], Array.from({ROOT}.array(t.read[1][1]))])"""
    read = {(style, word): values for style, word, values in page.evaluate(script)}
    for way in state["rules"]:
        rule = {
            "gradient": rules["gradient"](state["gradient_rate"] or state["rate"]),
            "natural": rules["natural"](state["rate"]),
            "pseudo": rules["natural"](state["rate"], singular="pseudo-inverse"),
            "damped": rules["natural"](state["rate"], state["damping"]),
        }[way]
        path = run(problem, rule, start, state["steps"])
        np.testing.assert_allclose(drawn["theta", way, "solid"], path.theta, rtol=1e-4, atol=1e-5)
        if state["graph"] == "loss":
            np.testing.assert_allclose(read[way, "J"], path.loss, rtol=1e-4)
        elif path.ok.all():
            values = np.linalg.eigvalsh(problem.fisher(path.theta))
            for i, word in enumerate(("smaller", "larger")):
                np.testing.assert_allclose(read[way, word], values[:, i], rtol=1e-4, atol=1e-6)
    return answer


def test_a_reader_predicts_that_the_bare_run_breaks_and_then_damps_it(singular: Page) -> None:
    assert_the_engine_says_so(singular)
    box = singular.locator("[data-predict='bare']")
    box.get_by_role("button", name="it makes no step").click()
    expect(box).to_have_attribute("data-verdict", "right")
    answer = assert_the_engine_says_so(singular)
    assert "stops at its start" in answer["description"]
    singular.locator("input[type=checkbox][value='damped']").check()
    assert assert_the_engine_says_so(singular)["state"]["rules"] == ["natural", "damped"]
    type_in(singular, "damping", "0")
    box = singular.locator("input.number[data-field='damping']")
    expect(box).to_have_attribute("aria-invalid", "true")
    type_in(singular, "damping", "0.5")
    assert assert_the_engine_says_so(singular)["state"]["damping"] == 0.5


def test_eigenvalues_of_f_are_shown_along_each_run_of_the_mixture(singular: Page) -> None:
    click_claim(singular, "square")
    state = assert_the_engine_says_so(singular)["state"]
    assert (state["problem"], state["graph"]) == ("mixture", "eigenvalues")
    drag(singular, "start", (50, -20))
    assert assert_the_engine_says_so(singular)["state"]["start"] is not None


def test_the_runs_play_to_the_end(singular: Page) -> None:
    click_claim(singular, "lingers")
    assert_the_engine_says_so(singular)
    to_the_end(singular)
