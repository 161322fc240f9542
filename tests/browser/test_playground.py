"""What a reader does in the playground: chooses, turns, types, drags; held to the engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from natgrad_core import charts, gap, problems, rules, run
from natgrad_core.expressions.expression_problem import own
from tests.browser.acts import click_claim, drag, paths, settle, to_the_end, type_in
from tests.browser.test_coordinates import STILL, assert_the_ground_is_fresh

pytestmark = pytest.mark.browser

DOSES, DEAD = (1.0, 2.0, 3.0, 4.0), (0.0, 1.0, 0.0, 1.0)


@pytest.fixture
def playground(opened: Callable[[str], Page]) -> Page:
    return opened("playground")


def choose(page: Page, field: str, value: str) -> None:
    page.locator(f"select[data-field='{field}']").select_option(value)
    settle(page)


def write(page: Page, field: str, text: str) -> None:
    area = page.locator(f"textarea[data-field='{field}']")
    area.fill(text)
    area.press("Enter")
    settle(page)


def test_a_reader_chooses_drags_and_turns_an_option_that_appears_by_itself(
    playground: Page,
) -> None:
    strength = playground.locator("input.number[data-field='option.chart.bend.strength']")
    expect(strength).to_be_hidden()
    choose(playground, "problem", "rosenbrock")
    choose(playground, "chart", "bend")
    expect(strength).to_be_visible()
    type_in(playground, "option.chart.bend.strength", "0.5")
    drag(playground, "start", (20, 10))
    answer = settle(playground)
    state = answer["state"]
    problem, chart = problems["rosenbrock"](), charts["bend"](strength=0.5)
    drawn = paths(playground)
    for reading in answer["meter"]:
        rule = rules[reading["rule"]](rate=state["rate"])
        in_theta = run(problem, rule, state["start"], state["steps"])
        in_x = run(problem.through(chart), rule, chart.inverse(state["start"]), state["steps"])
        if reading["rule"] != "gradient":  # its path leaves all bounds here, as a float does
            for plane, points in (("theta", in_theta.theta), ("x", in_x.theta)):
                dash = "solid" if plane == "theta" else "dashed"
                found = drawn[plane, reading["rule"], dash]
                np.testing.assert_allclose(found, points, rtol=1e-4, atol=1e-4)
            assert reading["gap"] == pytest.approx(
                float(gap(in_theta.theta, in_x.in_theta)), rel=1e-3
            )


def test_a_reader_types_a_problem_makes_a_slip_and_mends_it(playground: Page) -> None:
    choose(playground, "problem", "own")
    choose(playground, "source", "typed")
    write(playground, "typed", "dose: 1 2 3 4; dead: 0 1 0 1")
    write(playground, "text", "bernoulli_logpmf(dead, a + c*dose)")
    area = playground.locator("textarea[data-field='text']")
    said = playground.locator(".control.text .wrong", has_text="At character")
    expect(said).to_contain_text("no name 'c'; there are a, b, dead, dose and pi")
    lines = said.inner_text().split("\n")
    caret = next(line for line in lines if line.strip() == "^")
    assert lines[lines.index(caret) - 1][caret.index("^")] == "c", "seen line under line"
    expect(area).to_have_value("bernoulli_logpmf(dead, a + c*dose)")
    expect(area).to_have_attribute("aria-invalid", "true")
    write(playground, "text", "bernoulli_logpmf(dead, a + b*dose)")
    expect(said).to_have_count(0)
    choose(playground, "chart", "identity")
    answer = settle(playground)
    problem = own("bernoulli_logpmf(dead, a + b*dose)", {"dose": DOSES, "dead": DEAD})
    drawn, state = paths(playground), answer["state"]
    for reading in answer["meter"]:
        rule = rules[reading["rule"]](rate=state["rate"])
        expected = run(problem, rule, (0.5, 0.5), state["steps"]).theta
        found = drawn["theta", reading["rule"], "solid"]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_what_cannot_run_says_why_beside_its_control_and_comes_back(playground: Page) -> None:
    choose(playground, "problem", "double-well")
    rules_said = playground.locator("fieldset .wrong")
    expect(rules_said).to_contain_text("not run: natural")
    expect(playground.locator("input[value='natural']")).to_be_checked()
    assert {r["rule"] for r in settle(playground)["meter"]} == {"gradient", "newton"}
    choose(playground, "problem", "normal")
    expect(rules_said).to_be_hidden()
    assert "natural" in {r["rule"] for r in settle(playground)["meter"]}
    type_in(playground, "rate", "50")
    assert "ended" in {r["word"] for r in settle(playground)["meter"]}
    assert playground.evaluate(WIDE) == [], "each word of the meter fits its column"


WIDE = """() => [...document.querySelectorAll(".meter .word span")]
    .filter((word) => word.scrollWidth > word.parentElement.clientWidth + 0.5)
    .map((word) => word.textContent)"""


def test_a_reader_predicts_clicks_a_claim_and_plays_to_the_end(playground: Page) -> None:
    box = playground.locator("[data-predict='bend']")
    box.get_by_role("button").nth(0).click()
    expect(box).to_have_attribute("data-verdict", "right")
    click_claim(playground, "diagonal")
    answer = settle(playground)
    assert answer["state"]["metric"] == "diagonal-fisher"
    assert answer["meter"][0]["word"] == "differ"
    to_the_end(playground)


def test_a_loss_that_changes_in_the_same_window_is_drawn_again(playground: Page) -> None:
    choose(playground, "problem", "quadratic")
    before = playground.evaluate(STILL)
    type_in(playground, "option.problem.quadratic.condition", "3")
    settle(playground)
    assert not {*before} & {*assert_the_ground_is_fresh(playground)}
