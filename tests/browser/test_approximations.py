"""What a reader does in the lesson Approximations, held to the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.page_data import page_data
from tests.browser.acts import ROOT, settle, type_in

pytestmark = pytest.mark.browser


@pytest.fixture
def approximations(opened: Callable[..., Page]) -> Page:
    every = "exact,block,ekfac,kfac,diagonal,euclidean,empirical"
    return opened(f"approximations?v=1&matrices={every}")


def drawn(page: Page, plane: str, kind: str) -> dict[str, Any]:
    """The points of every trace of this kind on a plane, by style."""
    script = f"""([plane, kind]) => {{ const r = {ROOT};
        return r.answer.traces.filter(t => t.plane === plane && t.kind === kind)
            .map(t => [t.style, Array.from(r.array(t.points))]) }}"""
    return {
        style: np.reshape(flat, (-1, 2)) for style, flat in page.evaluate(script, [plane, kind])
    }


def test_arrows_are_as_long_as_the_engine_says_and_follow_the_damping(
    approximations: Page,
) -> None:
    lesson = lessons["approximations"]
    for damping in (0.01, 0.1):
        type_in(approximations, "damping", str(damping))
        assert settle(approximations)["state"]["damping"] == damping
        seen = lesson.after({"damping": damping})
        tips = drawn(approximations, "fan", "points")
        assert set(tips) == set(seen.steps)
        for name, step in seen.steps.items():
            assert np.hypot(*tips[name][0]) == pytest.approx(abs(step.gained), rel=1e-3, abs=1e-5)
            turn = np.degrees(np.arctan2(*tips[name][0][::-1]))
            assert turn == pytest.approx(step.angle, abs=0.1)


def test_runs_train_by_themselves_and_one_that_diverges_is_drawn(
    approximations: Page,
) -> None:
    approximations.get_by_role("button", name="fixed damping").click()
    approximations.wait_for_function(
        f"{ROOT}.answer.state.show === 'runs' && {ROOT}.answer.more === undefined"
    )
    paths = drawn(approximations, "loss", "path")
    assert set(paths) == {"fixed", "exact"}
    assert len(paths["fixed"]) == 41
    assert paths["fixed"][:, 1].max() > paths["fixed"][0, 1] > paths["exact"][-1, 1]


def test_whatever_stands_in_has_its_color_in_the_legend_and_in_the_controls(
    approximations: Page,
) -> None:
    approximations.get_by_role("button", name="batch norm", exact=True).click()
    settle(approximations)
    colors = {
        entry["label"]: tuple(int(entry["light"][i : i + 2], 16) for i in (1, 3, 5))
        for entry in page_data(lessons["approximations"])["styles"].values()
    }
    shown = approximations.evaluate(
        """() => [...document.querySelectorAll('.legend [data-style], label:has(.swatch)')].map(e =>
        [e.textContent.trim(), getComputedStyle([...e.querySelectorAll('path')].at(-1)).fill])"""
    )
    assert {"batch norm, frozen", "the same net, norm folded in"} <= {name for name, _ in shown}
    for name, color in shown:
        assert color == "rgb({}, {}, {})".format(*colors[name]), name


def test_a_reader_predicts_what_a_batch_norm_does_and_reads_the_condition_numbers(
    approximations: Page,
) -> None:
    block = approximations.locator("[data-predict='norm-helps']")
    block.get_by_role("button", name="by less than a factor of four").click()
    answer = settle(approximations)
    assert answer["revealed"]["norm-helps"]["right"] == 2
    approximations.get_by_role("button", name="whitening", exact=True).click()
    assert settle(approximations)["state"]["show"] == "spectrum"
    expect(approximations.get_by_text("condition number").first).to_be_attached()
