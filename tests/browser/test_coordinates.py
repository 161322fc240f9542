"""What a reader does in the lesson Coordinates, and what the page shows, held to the engine."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from natgrad_core import charts, gap, problems, rules, run
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.hidden_answers import gives_away
from tests.browser.acts import ROOT, click_claim, drag, paths, settle, type_in, word
from tests.browser.conftest import Server, phone_of, stroke


def assert_the_page_shows_what_the_engine_says(page: Page) -> None:
    """Run the state on the screen directly in natgrad_core, and compare paths and meter."""
    answer = settle(page)
    state, drawn = answer["state"], paths(page)
    problem, chart = problems[state["problem"]](), charts["linear"](state["matrix"])
    start = state["start"] or problem.start
    for reading in answer["meter"]:
        name = reading["rule"]
        options: dict[str, Any] = {"rate": state["rate"]}
        if name != "gradient":
            options |= {"damping": state["damping"], "kind": state["kind"]}
        rule = rules[name](**options)
        in_theta = run(problem, rule, start, state["steps"])
        in_x = run(problem.through(chart), rule, chart.inverse(start), state["steps"])
        for key, points in (
            (("theta", name, "solid"), in_theta.theta),
            (("theta", name, "dashed"), in_x.in_theta),
            (("x", name, "dashed"), in_x.theta),
        ):
            np.testing.assert_allclose(drawn[key], points, rtol=1e-5, atol=1e-5)
        assert reading["gap"] == pytest.approx(float(gap(in_theta.theta, in_x.in_theta)), rel=1e-6)


@pytest.fixture
def lesson(opened: Callable[[str], Page]) -> Page:
    """The lesson as it opens, on a page that was reset."""
    return opened("coordinates")


@pytest.fixture
def loaded(opened: Callable[..., Page]) -> Page:
    """The lesson on the same page, loaded again."""
    return opened("coordinates", again=True)


@pytest.fixture
def fresh(page: Page, server: Server) -> Page:
    """The lesson on a page of its own."""
    page.goto(server.url)
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    settle(page)
    return page


def test_the_first_picture_is_the_engines(lesson: Page) -> None:
    assert_the_page_shows_what_the_engine_says(lesson)
    assert word(lesson, "gradient") == "differ"
    assert word(lesson, "newton") == "coincide"
    assert word(lesson, "natural") == "coincide"


def test_dragging_a_column_of_a_splits_gradient_descent_and_not_the_natural_gradient(
    lesson: Page,
) -> None:
    lesson.get_by_role("button", name="a rotation", exact=True).click()
    settle(lesson)
    before = lesson.evaluate(f"{ROOT}.state.matrix")
    assert word(lesson, "gradient") == "coincide"
    drag(lesson, "a2", (60, -30))
    assert_the_page_shows_what_the_engine_says(lesson)
    after = lesson.evaluate(f"{ROOT}.state.matrix")
    assert after != before
    assert [row[0] for row in after] == [row[0] for row in before], "the other column stays"
    assert word(lesson, "gradient") == "differ"
    assert word(lesson, "natural") == "coincide"


def test_a_screen_reader_hears_what_the_meter_says_once_the_hand_rests(lesson: Page) -> None:
    lesson.get_by_role("button", name="a rotation", exact=True).click()
    settle(lesson)
    said = lesson.locator("[aria-live=polite].unseen")
    expect(said).not_to_contain_text("differ")
    lesson.evaluate(
        """() => { window.said = [];
        new MutationObserver(() => said.push(performance.now())).observe(
            document.querySelector("[aria-live=polite].unseen"),
            { subtree: true, childList: true, characterData: true }) }"""
    )
    drag(lesson, "a2", (60, -30), moves=20)
    meter = {reading["rule"]: reading for reading in settle(lesson)["meter"]}
    expect(said).to_contain_text(f"gradient descent: differ, gap {meter['gradient']['text']}")
    expect(said).to_contain_text("natural: coincide")
    moments = lesson.evaluate("window.said")
    assert 1 <= len(moments) < 10, "not at every move"
    assert all(b - a > 350 for a, b in itertools.pairwise(moments)), "only what stood for a while"


def test_entries_sliders_and_columns_stay_in_step(lesson: Page) -> None:
    type_in(lesson, "matrix.0.1", "0.5")
    settle(lesson)
    assert lesson.locator("input[type=range][data-field='shear']").count() == 1
    assert lesson.evaluate(f"{ROOT}.values.shear") == pytest.approx(0.5)
    slider = lesson.locator("input[type=range][data-field='rotation']")
    slider.focus()
    for _ in range(5):
        slider.press("ArrowRight")
    settle(lesson)
    values = lesson.evaluate(f"{ROOT}.values")
    assert values["rotation"] > 1
    shown = lesson.locator("input.number[data-field='matrix.1.0']").input_value()
    assert float(shown) == pytest.approx(values["matrix.1.0"], rel=1e-3)
    assert_the_page_shows_what_the_engine_says(lesson)


def test_the_start_can_be_dragged_in_either_plane_and_typed(lesson: Page) -> None:
    drag(lesson, "start", (40, -40))
    moved = settle(lesson)["state"]["start"]
    drag(lesson, "start.x", (-20, 10))
    again = settle(lesson)["state"]["start"]
    assert moved is not None
    assert again != moved
    type_in(lesson, "start.0", "5.3")
    assert settle(lesson)["state"]["start"][0] == 5.3
    assert_the_page_shows_what_the_engine_says(lesson)


def test_a_number_fits_its_box_however_small_it_is(lesson: Page) -> None:
    box = lesson.locator("input[data-field='rate']:not([type=range])").first
    for text, shown in (("0.000001", "1e-6"), ("0.0000234567", "2.35e-5"), ("0.00123456", None)):
        type_in(lesson, "rate", text)
        assert settle(lesson)["state"]["rate"] == float(text)
        assert box.evaluate("(box) => (box.blur(), box.scrollWidth <= box.clientWidth)"), text
        assert shown is None or box.input_value() == shown


def test_damping_breaks_invariance_and_its_pull_back_restores_it(lesson: Page) -> None:
    type_in(lesson, "damping", "5")
    settle(lesson)
    assert word(lesson, "natural") != "coincide"
    lesson.locator("input[data-field='kind'][value='pulled-back']").check()
    assert_the_page_shows_what_the_engine_says(lesson)
    assert word(lesson, "natural") == "coincide"


def test_the_other_problem_is_as_live_as_the_first(lesson: Page) -> None:
    lesson.locator("input[data-field='problem'][value='logistic-regression']").check()
    assert_the_page_shows_what_the_engine_says(lesson)
    drawn = paths(lesson)
    newton, natural = (drawn["theta", name, "solid"] for name in ("newton", "natural"))
    np.testing.assert_allclose(newton, natural, atol=1e-6)


def test_a_claim_sets_the_state_that_shows_it(lesson: Page) -> None:
    click_claim(lesson, "damping-breaks")
    state = settle(lesson)["state"]
    assert (state["damping"], state["rules"]) == (10, ["natural"])
    assert word(lesson, "natural") == "differ"
    lesson.locator("[data-claim='hessian']").press("Enter")
    settle(lesson)
    assert lesson.evaluate(f"{ROOT}.k") == 20


def test_the_formula_shows_the_engines_numbers_at_the_step_scrubbed_to(lesson: Page) -> None:
    lesson.locator("input.scrub").evaluate(
        "e => { e.value = 30; e.dispatchEvent(new Event('input')) }"
    )
    settle(lesson)
    problem = problems["normal"]()
    theta = paths(lesson)["theta", "natural", "solid"][30]
    fisher, step = problem.fisher(theta), -0.02 * problem.grad(theta)
    chart = charts["linear"](lesson.evaluate(f"{ROOT}.state.matrix"))
    expected = {
        "A.0.1": chart.jacobian(theta)[0, 1],
        "F.0.0": fisher[0, 0],
        "AFA.1.1": problem.through(chart).fisher(chart.inverse(theta))[1, 1],
        "step.0": step[0],
        "nat.1": 0.02 * np.linalg.solve(fisher, step / 0.02)[1],
    }
    for name, value in expected.items():
        text = lesson.locator(f"[data-live='{name}']").first.text_content() or ""
        plain = text.replace("−", "-").replace("×10", "e")
        for raised, digit in zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789", strict=True):
            plain = plain.replace(raised, digit)
        assert float(plain) == pytest.approx(value, rel=0.01), name


def test_playing_to_the_end_sends_the_kernel_nothing(lesson: Page) -> None:
    lesson.evaluate(
        "() => { const send = WebSocket.prototype.send; window.sent = 0;"
        "WebSocket.prototype.send = function (d) { window.sent++; return send.call(this, d) } }"
    )
    lesson.get_by_label("speed", exact=True).select_option("4")
    lesson.get_by_role("button", name="play", exact=True).click()
    lesson.wait_for_function(f"{ROOT}.playing")
    lesson.wait_for_function(f"!{ROOT}.playing", timeout=60_000)
    assert lesson.evaluate(f"{ROOT}.k") == 200
    assert lesson.evaluate("window.sent") == 0


def test_figures_are_written_as_often_as_one_can_read_and_are_right_at_rest(lesson: Page) -> None:
    lesson.evaluate(
        """() => { window.writings = new Set(); window.seen = 0;
        const count = () => { seen++; requestAnimationFrame(count) }; count();
        new MutationObserver(() => writings.add(seen)).observe(
            document.querySelector('.formulas'), { subtree: true, characterData: true }) }"""
    )
    lesson.get_by_role("button", name="play", exact=True).click()
    now = "[performance.now(), window.seen]"
    began = lesson.evaluate(now)
    lesson.wait_for_function(f"{ROOT}.k > 50", timeout=60_000)
    passed, frames = (b - a for a, b in zip(began, lesson.evaluate(now), strict=True))
    written = lesson.evaluate("window.writings.size")
    assert 0 < written <= min(passed / 200, frames / 3 + passed / 400) + 2
    lesson.get_by_role("button", name="pause").click()
    settle(lesson)
    k = lesson.evaluate(f"{ROOT}.k")
    shown = lesson.locator(".formulas").inner_text()
    lesson.keyboard.press(",")
    lesson.keyboard.press(".")
    settle(lesson)
    assert (lesson.evaluate(f"{ROOT}.k"), lesson.locator(".formulas").inner_text()) == (k, shown)


def test_words_are_written_as_seldom_while_a_point_is_dragged_however_fast_its_answers(
    fresh: Page,
) -> None:
    fresh.evaluate(
        """() => { window.writings = 0;
        new MutationObserver(() => writings++).observe(
            document.querySelector('.formulas'), { subtree: true, characterData: true }) }"""
    )
    point = fresh.locator("[data-handle='start']").first.bounding_box()
    assert point
    x, y = point["x"] + point["width"] / 2, point["y"] + point["height"] / 2
    fresh.mouse.move(x, y)
    fresh.mouse.down()
    # By the page's clock a frame passes from each answer to the next move, on any machine.
    fresh.clock.install(time=0)
    fresh.clock.pause_at(1)
    newest = "document.querySelector('.natgrad').natgrad.answer.answer ?? 0"
    for i in range(1, 13):
        before = fresh.evaluate(newest)
        fresh.mouse.move(x + 2 * i, y - i)
        fresh.clock.run_for(16)
        for _ in range(600):
            if fresh.evaluate(newest) > before:
                break
            time.sleep(0.02)
        fresh.clock.run_for(1)
    assert fresh.evaluate(newest) >= 12
    assert fresh.evaluate("window.writings") <= 3
    fresh.clock.resume()
    fresh.mouse.up()
    assert_the_page_shows_what_the_engine_says(fresh)


def test_a_symbol_lights_what_it_stands_for_and_the_legend_lights_the_symbol(lesson: Page) -> None:
    pixels = """() => { const c = document.querySelector('.planes canvas.living');
        return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.join() }"""
    before = lesson.evaluate(pixels)
    hessian = lesson.locator(".words mi.lights", has_text="H").first
    hessian.hover()
    expect(hessian).to_have_class(re.compile(r"\blit\b"))
    lesson.wait_for_function(f"before => ({pixels})() !== before", arg=before)
    lesson.locator(".legend [data-style='newton']").hover()
    expect(hessian).to_have_class(re.compile(r"\blit\b"))
    lesson.locator("h1").hover()
    expect(hessian).not_to_have_class(re.compile(r"\blit\b"))
    lesson.wait_for_function(f"before => ({pixels})() === before", arg=before)


def test_keys_light_a_symbol_and_keep_its_light(lesson: Page) -> None:
    button = lesson.locator(".symbols button", has_text="Newton")
    button.focus()
    expect(lesson.locator(".words mi.lit").first).to_have_text("H")
    lesson.locator("[data-handle='start']").focus()
    expect(lesson.locator(".words mi.lit")).to_have_count(0)
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    lesson.locator("[data-handle='start']").focus()
    expect(lesson.locator(".words mi.lit").first).to_have_text("H")
    lesson.locator("h1").click()
    expect(lesson.locator(".words mi.lit")).to_have_count(0)


def test_keys_read_a_plane_along_its_paths(lesson: Page) -> None:
    loss = lesson.evaluate(
        f"""() => {{ const {{ answer, array }} = {ROOT};
        return Array.from(array(answer.traces.find(t => t.kind === 'path').values.loss)); }}"""
    )
    lesson.locator("[data-plane='theta'] [data-handle]").first.focus()
    lesson.keyboard.press("Shift+Tab")
    said = lesson.locator("[data-plane='theta'] .hover")
    for key, step in (("ArrowRight", 0), ("ArrowRight", 1), ("Shift+ArrowRight", 11)):
        lesson.keyboard.press(key)
        expect(said).to_contain_text(f"step {step}:")
    shown = (said.text_content() or "").rsplit("loss ")[-1].replace("−", "-")
    assert float(shown) == pytest.approx(loss[11], rel=1e-3)
    first = said.locator("b").text_content() or ""
    lesson.keyboard.press("ArrowDown")
    expect(said.locator("b")).not_to_have_text(first)
    lesson.keyboard.press("Tab")
    expect(said).to_be_hidden()


def test_a_prediction_is_answered_by_the_run_that_it_starts(lesson: Page) -> None:
    box = lesson.locator("[data-predict='turned']")
    assert box.get_attribute("data-verdict") is None
    box.get_by_role("button", name="for gradient descent only").click()
    expect(box).to_have_attribute("data-verdict", "wrong")
    settle(lesson)
    assert word(lesson, "gradient") == "coincide", "as the picture shows"
    box.get_by_role("button", name="for none").click()
    expect(box).to_have_attribute("data-verdict", "right")
    expect(lesson).to_have_url(re.compile("said=turned:2"))


def test_steps_go_one_by_one_with_the_keyboard(lesson: Page) -> None:
    before = settle(lesson)["state"]["k"]
    for key, step in ((",", -1), (",", -2), (".", -1)):
        lesson.locator("body").press(key)
        assert lesson.evaluate(f"{ROOT}.k") == before + step


BAD = (
    ("matrix.1.1", "0", "singular", "2"),
    ("start.1", "-0.1", "σ > 0", "0.3"),
    ("rate", "abc", "not a number", "0.03"),
)
"""Of a field: what cannot be, what is said of it, and what can be."""


def test_bad_input_is_said_beside_its_control_and_the_next_good_input_works(lesson: Page) -> None:
    for field, bad, said, good in BAD:
        before, drawn = settle(lesson)["state"], paths(lesson)
        type_in(lesson, field, bad)
        box = lesson.locator(f"input.number[data-field='{field}']")
        expect(box, field).to_have_attribute("aria-invalid", "true")
        message = lesson.locator(f"#{box.get_attribute('aria-describedby')}")
        expect(message).to_contain_text(said)
        expect(message).to_be_visible()
        assert message.evaluate(
            "(e) => e.getBoundingClientRect().right <= "
            "e.parentElement.getBoundingClientRect().right"
        )
        assert {**settle(lesson)["state"], "k": None} == {**before, "k": None}
        for key, points in paths(lesson).items():
            np.testing.assert_array_equal(points, drawn[key])
        type_in(lesson, field, good)
        assert_the_page_shows_what_the_engine_says(lesson)
        expect(box).not_to_have_attribute("aria-invalid", "true")
        assert lesson.evaluate(f"{ROOT}.values['{field}']") == float(good)
        lesson.get_by_role("button", name="reset").click()


def test_a_diverging_rate_is_drawn_broken_and_said(lesson: Page) -> None:
    type_in(lesson, "rate", "0.5")
    settle(lesson)
    note = lesson.locator(".meter [data-rule='gradient'] .note")
    expect(note).to_contain_text("left the domain")
    assert np.isnan(paths(lesson)["theta", "gradient", "solid"][-1]).all()
    type_in(lesson, "rate", "0.02")
    assert_the_page_shows_what_the_engine_says(lesson)


def test_the_phone_has_no_sideways_scroll_and_a_touch_drags(
    browser: Browser, server: Server
) -> None:
    phone = phone_of(browser)
    page = phone.new_page()
    page.goto(server.url)
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    before = page.evaluate(f"{ROOT}.state.matrix")
    handle = page.locator("[data-handle='a2']")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    scrolled = page.evaluate("scrollY")
    stroke(phone.new_cdp_session(page), *((x - 4 * i, y + 2 * i) for i in range(10)))
    assert_the_page_shows_what_the_engine_says(page)
    assert page.evaluate(f"{ROOT}.state.matrix") != before
    assert page.evaluate("scrollY") == scrolled, "a drag does not scroll the page"
    phone.close()


@pytest.mark.slow
def test_every_load_finds_every_control_and_picture_answering(
    browser: Browser, server: Server
) -> None:
    visitor = browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True)
    page = visitor.new_page()
    visitor.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 2})
    page.goto(server.url)
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    for field in ("rotation", "rate", "damping", "stretch1", "steps"):
        slider = page.locator(f"input[type=range][data-field='{field}']")
        slider.focus()
        before = page.evaluate(f"{ROOT}.values['{field}']")
        slider.press("ArrowRight")
        settle(page)
        assert page.evaluate(f"{ROOT}.values['{field}']") != before, field
    assert_the_page_shows_what_the_engine_says(page)
    visitor.close()


def arrows(page: Page, plane: str, style: str) -> np.ndarray:
    """Return the arrow of this style at each step: its tail and its vector, [n, 2, 2]."""
    script = f"""([plane, style]) => {{ const t = {ROOT}.answer.traces.find(
        t => t.kind === 'arrows' && t.plane === plane && t.style === style);
        return Array.from({ROOT}.array(t.points)) }}"""
    points = np.array(page.evaluate(script, [plane, style])).reshape(-1, 2, 2)
    points[:, 1] -= points[:, 0]
    return points


def test_a_reader_follows_a_a_transposed_step_by_step(lesson: Page) -> None:
    box = lesson.locator("[data-predict='product']")
    box.get_by_role("button").nth(1).click()
    expect(box).to_have_attribute("data-verdict", "right")
    for claim in ("chain", "step-in-x", "carried-back"):
        click_claim(lesson, claim)
        state = settle(lesson)["state"]
    a = np.array(state["matrix"])
    plain, there, back = (
        arrows(lesson, plane, style)
        for plane, style in (("theta", "gradient"), ("x", "gradient"), ("theta", "back"))
    )
    np.testing.assert_allclose(there[:, 1], plain[:, 1] @ a, atol=1e-5)
    np.testing.assert_allclose(back[:, 1], there[:, 1] @ a.T, atol=1e-5)
    direction = problems["normal"]().grad(plain[:, 0])
    direction /= -np.linalg.norm(direction, axis=1, keepdims=True)
    lengths = np.linalg.norm(plain[:, 1], axis=1, keepdims=True)
    np.testing.assert_allclose(plain[:5, 1], (direction * lengths)[:5], atol=1e-4)
    lesson.locator("select[data-field='stage']").select_option("off")
    settle(lesson)
    assert_the_page_shows_what_the_engine_says(lesson)


# Of the planes in view: a model has no ground, and a plane that is put away is not drawn.
STILL = """[...document.querySelectorAll('.plane:not([hidden]) canvas.still')].map(
    (canvas) => canvas.toDataURL())"""


def assert_the_ground_is_fresh(page: Page) -> list[str]:
    """Below the runs the page has the same pixels as a page opened from its link."""
    page.wait_for_function(f"location.search.includes({ROOT}.answer.query)")
    kept = page.evaluate(STILL)
    page.reload()
    page.wait_for_function(f"document.querySelector('.natgrad')?.natgrad && {ROOT}.answer")
    settle(page)
    assert page.evaluate(STILL) == kept
    return kept


def test_a_ground_that_is_kept_is_the_one_that_a_fresh_page_draws(lesson: Page) -> None:
    """A move of A moves the grid in one plane and the loss with it in the other; a problem both."""
    first = lesson.evaluate(STILL)
    for field, key in (("shear", "ArrowLeft"), ("rotation", "ArrowRight"), ("stretch1", "ArrowUp")):
        lesson.locator(f"input[type=range][data-field={field}]").press(key)
        settle(lesson)
    lesson.locator("input[value=logistic-regression]").check()
    settle(lesson)
    lesson.locator("input[type=range][data-field=shear]").press("ArrowLeft")
    settle(lesson)
    lesson.set_viewport_size({"width": 1100, "height": 800})
    settle(lesson)
    assert len({*first, *assert_the_ground_is_fresh(lesson)}) == 4


def test_a_derivation_unfolds_line_by_line_and_its_numbers_follow_the_drag(lesson: Page) -> None:
    page = lesson
    box = page.locator("[data-derivation=product]")
    page.locator("[data-predict=product] .option").first.click()
    expect(box).to_be_visible()
    expect(box.locator(".unfolded")).to_be_hidden()
    box.locator(".derive").click()
    expect(box.locator("li:visible")).to_have_count(1)
    page.keyboard.press("n")
    box.get_by_role("button", name="Next line").click()
    expect(box.locator("li:visible")).to_have_count(3)
    settle(page)
    sides = box.locator("[data-line=step] .sides")
    before = sides.inner_text()
    symbol = box.locator("li:visible .lights").last
    symbol.hover()
    expect(symbol).to_have_class(re.compile(r"\blit\b"))  # it came after the page's other symbols
    assert len(set(re.findall(r"[−\d.×⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", before))) == 2, "both sides are equal"
    drag(page, "a2", (30, 20))
    settle(page)
    assert sides.inner_text() != before


def test_a_question_hides_what_would_answer_it(loaded: Page) -> None:
    page = loaded
    question = page.locator("[data-predict=product]")
    answers = (
        "[data-claim=plain-aat]",
        "[data-claim=chain]",
        "[data-derivation=product]",
        "[data-formula=plain]",
    )
    for answer in answers:
        expect(page.locator(answer)).to_be_hidden()
    expect(page.locator("[data-formula=matrices]")).to_be_visible()
    strip = page.locator(".formulas .hidden-answer")
    expect(strip).to_be_visible()
    expect(page.locator("[data-claim=double]")).to_be_visible()  # it answers no question
    question.locator(".option").first.click()
    for answer in answers:
        expect(page.locator(answer)).to_be_visible()
    expect(strip).to_be_hidden()
    derivation = page.locator("[data-derivation=product]")
    for button in (".derive", ".next-line", ".next-line"):
        derivation.locator(button).click()
    expect(derivation.locator("li:visible")).to_have_count(3)
    page.wait_for_url(re.compile("said=product.*derive=product:3"))
    page.reload()
    page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
    expect(page.locator(answers[0])).to_be_visible()  # what was answered stays so
    expect(question).to_have_attribute("data-verdict", "wrong")
    expect(derivation.locator("li:visible")).to_have_count(3)
    # Who does not want to guess asks for the answer, and stands on it.
    turned = page.locator("[data-claim=rotation]")
    expect(turned).to_be_hidden()
    shown = page.locator("[data-words=plain] .hidden-answer").get_by_role("button")
    expect(shown).to_have_count(1)  # neighbors have one button
    shown.press("Enter")
    expect(turned).to_be_visible()
    expect(page.locator("[data-claim=plain-splits]")).to_be_focused()
    expect(shown).to_have_count(0)
    expect(page.locator("[data-predict=turned]")).not_to_have_attribute("data-verdict", "right")


def test_a_line_that_answers_a_question_is_hidden_until_it_is_answered_or_asked_for(
    loaded: Page, server: Server
) -> None:
    page, lesson = loaded, lessons["coordinates"]
    assert gives_away(lesson, "takeaway")
    said = page.locator(".sticky .say")
    takeaway = said.get_by_text(lesson.takeaway)
    button = said.get_by_role("button", name="This line answers a question")

    expect(takeaway).to_be_hidden()
    expect(button).to_be_visible()
    page.emulate_media(media="print")
    expect(takeaway).to_be_visible()  # paper has no button
    expect(button).to_be_hidden()
    page.emulate_media(media="screen")
    chip = page.locator(".presets .chip")
    chip.nth(2).click()
    expect(said).to_have_text(lesson.presets[2].say)
    chip.first.click()  # whose line would answer the question, too
    assert gives_away(lesson, f"preset.{lesson.presets[0].id}")
    expect(said.get_by_text(lesson.presets[0].say)).to_be_hidden()
    button.press("Enter")
    expect(said).to_have_text(lesson.presets[0].say)
    page.keyboard.press("0")
    settle(page)
    button.press("Enter")
    expect(said).to_have_text(lesson.takeaway)
    expect(takeaway).to_be_focused()

    # The claim that it repeats is shown, by its own button or by an answer: so is the takeaway.
    for show in ("[data-words=plain] .hidden-answer button", "[data-predict=turned] .option"):
        page.goto(f"{server.url}coordinates")
        page.wait_for_function("document.querySelector('.natgrad')?.natgrad")
        expect(takeaway).to_be_hidden()
        page.locator(show).first.click()
        expect(page.locator("[data-claim=plain-splits]")).to_be_visible()
        settle(page)
        expect(said).to_have_text(lesson.takeaway)
        chip.first.click()
        expect(said).to_have_text(lesson.presets[0].say)


def test_an_answer_takes_back_nothing_that_the_reader_did_after_asking(loaded: Page) -> None:
    """Lines unfolded and questions answered faster than the engine answers are all kept."""
    page = loaded
    seen = page.evaluate(
        """async () => {
        const box = document.querySelector("[data-derivation=product]"), seen = [];
        const lines = () => box.querySelectorAll("li:not([hidden])").length;
        new MutationObserver(() => seen.push(lines())).observe(box,
          { subtree: true, attributes: true, attributeFilter: ["hidden"] });
        box.querySelector(".derive").click();
        box.querySelector(".next-line").click();
        box.querySelector(".next-line").click();
        for (const question of document.querySelectorAll("[data-predict]"))
          question.querySelector(".option").click();
        await document.querySelector(".natgrad").natgrad.settled();
        await new Promise((done) => setTimeout(done, 300));
        return [...seen, lines()]; }"""
    )
    assert seen == sorted(seen)
    assert seen[-1] == 3
    questions = page.locator("[data-predict]")
    assert questions.count() >= 2
    expect(page.locator("[data-predict][data-verdict]")).to_have_count(questions.count())


def test_a_claim_that_is_clicked_stands_over_the_picture_and_its_traces_are_lit(
    lesson: Page,
) -> None:
    page = lesson
    for _ in range(2):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.skip')"):
            page.keyboard.press("Enter")
            break
    claim = page.locator("[data-claim]:visible").first
    expect(claim).to_be_focused()
    page.keyboard.press("Enter")
    settle(page)
    expect(page.locator(".sticky .say")).to_have_text(claim.text_content() or "")
    expect(page.locator("[data-formula=plain]")).to_have_class(re.compile(r"\blit\b"))
    for width, height in ((1280, 720), (390, 844), (720, 450)):
        page.set_viewport_size({"width": width, "height": height})
        claim.scroll_into_view_if_needed()
        expect(page.locator(".plane .frame").first).to_be_in_viewport(ratio=0.95)
        expect(claim).to_be_in_viewport(ratio=0.5)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.evaluate("scrollTo(0, 0)")
    last = page.locator("[data-formula=kl]")
    expect(last).not_to_be_in_viewport()
    page.locator("[data-claim=same-distributions]").press("Enter")
    expect(last).to_be_in_viewport(ratio=0.9)  # the line that a claim speaks of goes first
    page.set_viewport_size({"width": 1280, "height": 800})
