"""Hostile asks and links: no exception, no state lost. ``make fuzz`` tries a hundred thousand."""

from __future__ import annotations

import pytest

from app.lessons import lessons
from tests.fuzz.examine import fuzz, fuzz_states


@pytest.mark.parametrize("name", lessons)
def test_whatever_is_asked_is_answered_and_no_state_is_lost(name: str) -> None:
    fuzz(lessons[name], 40)


@pytest.mark.parametrize("name", lessons)
def test_whatever_a_link_says_opens_a_good_state(name: str) -> None:
    fuzz_states(lessons[name], 300)
