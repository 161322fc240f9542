"""The lesson on singular F: no step is made of rounding errors, and the first race is fair."""

from __future__ import annotations

import numpy as np
import pytest

from natgrad_lecture.lessons import lessons

LESSON = lessons["singular"]


@pytest.mark.parametrize("seed", range(20))
def test_in_the_net_the_undamped_run_makes_no_step_from_any_start(seed: int) -> None:
    """Rounding gave F an inverse at a third of the starts, and the run one of noise."""
    start = tuple(np.random.default_rng(seed).uniform(-2.3, 2.3, 2).tolist())
    model = LESSON.after({"rules": ["natural"], "start": start})
    assert model.run("natural").ok.tolist() == [True] + [False] * model.state.steps


def test_the_page_opens_with_gradient_descent_at_a_rate_that_suits_it() -> None:
    """A larger rate diverges, and half of it takes more steps."""
    model = LESSON.model(LESSON.first)

    def steps(rate: float) -> float:
        path = model.run("gradient", rate=rate, steps=100)
        return float(np.argmax(path.loss < 0.05)) if path.ok.all() else np.inf

    assert steps(model.state.gradient_rate) < min(steps(0.2), steps(0.5))
