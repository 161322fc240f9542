"""What a reader does in the lesson Newton, held to the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from natgrad_core import Rule, chain, charts, gap, metrics, problems, rules, run
from natgrad_core.core.rule import descend, precondition
from tests.browser.acts import ROOT, click_claim, drag, paths, settle, to_the_end, type_in, word
from tests.support.chromium import Server


@pytest.fixture
def newton(opened: Callable[[str], Page]) -> Page:
    return opened("newton?v=1&problem=rosenbrock")


def rule(name: str, rate: float, carried: bool) -> Rule:
    if name == "newton" and carried:
        return chain(precondition(metrics["transported-hessian"]()), descend(rate))
    if name == "absolute-hessian":
        return chain(precondition(metrics[name]()), descend(rate))
    return rules[name](rate=rate)


def assert_the_engine_says_so(page: Page) -> dict[str, Any]:
    answer = settle(page)
    state, drawn = answer["state"], paths(page)
    problem = problems[state["problem"]]()
    center = sum(problem.view[0]) / 2
    chart = charts["bend"](state["bend"], center=center, shear=state["shear"])
    start = state["start"] or problem.start
    for reading in answer["meter"]:
        used = rule(reading["rule"], state["rate"], False)
        in_theta = run(problem, used, start, state["steps"])
        used = rule(reading["rule"], state["rate"], state["hessian"] == "carried")
        in_x = run(problem.through(chart), used, chart.inverse(start), state["steps"])
        for key, points in (
            (("theta", reading["rule"], "solid"), in_theta.theta),
            (("theta", reading["rule"], "dashed"), in_x.in_theta),
            (("x", reading["rule"], "dashed"), in_x.theta),
        ):
            np.testing.assert_allclose(drawn[key], points, rtol=1e-5, atol=1e-5)
        assert reading["gap"] == pytest.approx(float(gap(in_theta.theta, in_x.in_theta)), rel=1e-6)
    return state


def test_a_nonlinear_change_splits_newton_a_shear_does_not_and_without_its_term_the_runs_converge(
    newton: Page,
) -> None:
    assert_the_engine_says_so(newton)
    assert word(newton, "newton") == "differ"
    newton.locator("input[data-field='hessian'][value='carried']").check()
    assert_the_engine_says_so(newton)
    carried = newton.locator(".meter [data-rule='newton']").get_attribute("data-gap")
    newton.locator("input[data-field='hessian'][value='true']").check()
    settle(newton)
    true = newton.locator(".meter [data-rule='newton']").get_attribute("data-gap")
    assert float(carried or "nan") < 0.5 * float(true or "nan")
    type_in(newton, "bend", "0")
    type_in(newton, "shear", "0.7")
    assert_the_engine_says_so(newton)
    assert word(newton, "newton") == "coincide"


def test_a_reader_predicts_the_saddle_and_sees_newton_rest_there(newton: Page) -> None:
    box = newton.locator("[data-predict='beside']")
    box.get_by_role("button", name="in the right well").click()
    expect(box).to_have_attribute("data-verdict", "wrong")
    box.get_by_role("button", name="on the saddle").click()
    expect(box).to_have_attribute("data-verdict", "right")
    state = assert_the_engine_says_so(newton)
    assert state["problem"] == "double-well"
    assert np.abs(paths(newton)["theta", "newton", "solid"][-1]).max() < 1e-2
    names = newton.evaluate(f"{ROOT}.answer.traces.map(t => t.name)")
    assert "H has a negative eigenvalue" in names


def test_the_start_is_dragged_in_either_plane_and_a_bend_too_strong_is_refused(
    newton: Page,
) -> None:
    drag(newton, "start", (40, -25))
    first = assert_the_engine_says_so(newton)["start"]
    drag(newton, "start.x", (15, 10))
    second = assert_the_engine_says_so(newton)["start"]
    assert first != second
    type_in(newton, "bend", "9")
    box = newton.locator("input.number[data-field='bend']")
    expect(box).to_have_attribute("aria-invalid", "true")
    assert assert_the_engine_says_so(newton)["bend"] == 0.5


def test_a_loss_without_a_model_says_that_it_has_no_natural_gradient(newton: Page) -> None:
    newton.locator("select[aria-label='problem']").select_option("double-well")
    settle(newton)
    newton.locator("input[type=checkbox][value='natural']").check()
    settle(newton)
    note = newton.locator(".meter [data-rule='natural'] .note")
    expect(note).to_contain_text("without a Fisher matrix")
    click_claim(newton, "absolute")
    assert_the_engine_says_so(newton)
    to_the_end(newton)


PRESS_ALL = """async () => {
    const root = document.querySelector('.natgrad'), pressed = new Set(), lost = [];
    const kinds = 'button, [role=button], input[type=radio], input[type=checkbox], summary';
    const apart = 'dialog, .menu, [data-part=link], li + li > [data-claim]'; // claims are alike
    const frame = () => new Promise(done => requestAnimationFrame(done));
    for (;;) {
        const all = [...root.querySelectorAll(kinds)].reverse(); // answers before their questions
        const next = all.find(e => !pressed.has(e) && e.checkVisibility() && !e.disabled &&
            !e.closest(apart));
        if (!next) return [pressed.size, lost];
        pressed.add(next);
        const said = next.getAttribute('aria-label') ?? next.textContent;
        next.focus();
        next.click();
        await root.natgrad.settled();
        await frame();
        await frame(); // a browser takes the focus from what is hidden at its next frame
        if (document.activeElement === document.body) lost.push(said);
    }
}"""


def test_no_control_loses_the_focus_by_being_pressed(page: Page, server: Server) -> None:
    """What its press hides, disables or builds again hands the focus on."""
    page.goto(f"{server.url}newton?v=1&hide=wings")
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    settle(page)
    for hidden in (".notice button", ".meter .hidden-answer button", ".formulas .hidden-answer"):
        expect(page.locator(hidden)).to_be_visible()
    pressed, lost = page.evaluate(PRESS_ALL)
    assert pressed > 30
    assert lost == []
