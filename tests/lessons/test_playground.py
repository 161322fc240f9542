"""The playground reads a reader's data, says how, and shows the best fit of the reader's model."""

from __future__ import annotations

from typing import Any

import pytest

from natgrad_lecture.lessons.playground.state import Play
from natgrad_lecture.lessons.playground.typed_problem import LONGEST, table_of
from natgrad_lecture.state.items import problem_named

LOGIT: dict[str, Any] = {
    "problem": "own",
    "source": "typed",
    "text": "bernoulli_logpmf(dead, a + b*(dose - 3))",
    "names": "a b",
    "window": (0.0, 1.5, 3.0),
}


def test_a_pasted_table_is_used_and_what_was_left_out_is_said() -> None:
    state = Play(**LOGIT, typed="dose;dead;who\n1,5;0;Anna\n2,5;1;Bob\nNA;1;C\n3,5;0;D\n4,5;1;E")
    assert not state.wrong
    assert "2 columns, 4 rows, with semicolons and decimal commas" in state.hints["typed"]
    assert "Left out: row 4 (dose is 'NA')." in state.hints["typed"]
    assert state.hints["text"].startswith("Best fit: a = 0 ± 1.1, b = 0.9")


def test_a_view_of_the_best_fit_holds_it_with_its_errors() -> None:
    state = Play(**LOGIT, typed="dose dead\n1.5 0\n2.5 1\n3.5 0\n4.5 1")
    around = state.with_(**state.changes("fit", True))
    (low, high), _ = problem_named(around.problem_key).view
    assert low < 0 < high
    assert around.hints["text"] == state.hints["text"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("dose dead\n1 0\n2 0\n3 1\n4 1", "No best fit: at step"),
        ("dose dead\n3 0\n3 1\n3 0\n3 1", "No best fit: not determined"),
    ],
)
def test_data_without_a_best_fit_are_told_so_and_the_view_stays(typed: str, said: str) -> None:
    state = Play(**LOGIT, typed=typed)
    assert state.hints["text"].startswith(said)
    assert state.changes("fit", True) == {}


def test_of_a_long_table_a_sample_is_kept_that_fits_a_link() -> None:
    rows = "\n".join(f"{i / 1000}\t{i % 2}" for i in range(4000))
    state = Play(**LOGIT)
    state = state.with_(**state.changes("typed", f"# of 90000 rows\ndose\tdead\n{rows}"))
    assert len(state.typed) <= LONGEST
    assert "of 90,000 rows, chosen at random" in state.hints["typed"]
    assert table_of(state.typed).rows > 100
    assert not state.wrong


def test_what_cannot_be_read_stays_and_is_said_beside_the_data() -> None:
    state = Play(**LOGIT, typed="dose dead\n1 0\n2")
    assert "row 3 has 1 value" in state.wrong["typed"]
    assert state.typed.endswith("2")
    assert "typed" not in state.hints
