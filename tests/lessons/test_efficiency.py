"""What the lesson on efficiency keeps between moves of a slider gives the errors of the runs."""

from __future__ import annotations

import numpy as np
import pytest

from natgrad_core.analysis.online_mean import AVERAGED, averaged, learned
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.efficiency.model import METHODS
from natgrad_lecture.lessons.efficiency.state import TIMES

MOVES = (
    {"s1": 1.5, "s2": 0.6, "c": 1.5},
    {"s1": 0.5, "s2": 0.6, "c": 1.5},
    {"s1": 0.5, "s2": 0.5, "c": 0.3},
    {"s1": 2.0, "s2": 0.5, "c": 10.0, "start": (6.0, 3.0)},
)


@pytest.mark.parametrize("move", MOVES, ids=str)
def test_what_is_kept_of_each_direction_adds_up_to_the_errors_of_the_runs(
    move: dict[str, float],
) -> None:
    lesson = lessons["efficiency"]
    model = lesson.model(lesson.state_after(move))
    start, spreads = model.state.start, (model.state.s1, model.state.s2)
    examples = model.kept.upto(1)
    assert examples is not None
    gains = {"natural": np.linalg.inv(model.fisher), "gradient": model.state.c * np.eye(2)}
    for method in METHODS:
        if method == AVERAGED:
            whole = averaged(examples, model.fisher, min(spreads) ** 2, start, TIMES)
        else:
            whole = learned(examples, model.fisher, gains[method], start, TIMES)
        found = model.errors(method)
        np.testing.assert_allclose(found.moments, whole.moments, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found.cloud, whole.cloud, rtol=1e-9, atol=1e-9)
