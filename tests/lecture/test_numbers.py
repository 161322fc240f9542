"""Round numbers are round and where they should be; written numbers are read back."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natgrad_lecture.drawing.numbers import (
    COARSE,
    FINE,
    fixed,
    round_near,
    round_up,
    short,
    significant,
    typeset,
)

POSITIVE = st.floats(1e-12, 1e12)


def is_round(value: float, digits: tuple[float, ...]) -> bool:
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return any(math.isclose(value / power, d) for d in (*digits, 10.0))


@given(POSITIVE, st.sampled_from([COARSE, FINE]))
def test_rounding_up_gives_the_least_round_number_that_is_not_below(
    value: float, digits: tuple[float, ...]
) -> None:
    found = round_up(value, digits)
    assert is_round(found, digits)
    assert found >= value * (1 - 1e-8)
    widest = max(b / a for a, b in zip(digits, (*digits[1:], 10.0), strict=True))
    assert found <= value * widest * (1 + 1e-8)
    assert math.isclose(round_up(found, digits), found)


@given(POSITIVE)
def test_no_number_of_1_2_5_is_nearer_than_the_nearest(value: float) -> None:
    found = round_near(value)
    assert is_round(found, COARSE)
    power = 10.0 ** math.floor(math.log10(value))
    others = [d * power * p for d in COARSE for p in (0.1, 1.0, 10.0)]
    assert abs(found - value) <= min(abs(o - value) for o in others) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("value", "up", "near"),
    [(1.0, 1, 1), (2.1, 5, 2), (7.6, 10, 10), (0.03, 0.05, 0.02), (300, 500, 200)],
)
def test_some_round_numbers(value: float, up: float, near: float) -> None:
    assert round_up(value) == pytest.approx(up)
    assert round_near(value) == pytest.approx(near)


@given(st.floats(-1e30, 1e30))
def test_a_number_written_short_is_read_back_to_three_digits(value: float) -> None:
    plain = short(value).replace("−", "-")
    raised = re.fullmatch(r"(-?[\d.]+)×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", plain)
    if raised:
        exponent = int(raised[2].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))
        plain = f"{raised[1]}e{exponent}"
    assert float(plain) == pytest.approx(value, rel=5.1e-3)


@pytest.mark.parametrize(
    ("value", "places", "text"), [(-0.0, 1, "0.0"), (-1.25, 2, "−1.25"), (3.0, 0, "3")]
)
def test_zero_has_no_sign_and_minus_is_a_minus(value: float, places: int, text: str) -> None:
    assert fixed(value, places) == text


@given(st.floats(-1e30, 1e30), st.integers(1, 15))
def test_significant_digits_are_kept_and_no_others(value: float, digits: int) -> None:
    found = significant(value, digits)
    assert found == float(f"{found:.{digits}g}")
    assert math.isclose(found, value, rel_tol=5.1 * 10.0**-digits, abs_tol=1e-300)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (
            "climbed: the loss went from 1.74e+07 to -2.5",
            "climbed: the loss went from 1.74×10⁷ to −2.5",
        ),
        (
            "α = -5 is not allowed; take one from 1e-06 to 100",
            "α = −5 is not allowed; take one from 10⁻⁶ to 100",
        ),
        ("gap 9.8e-05; (-0.5, .5)", "gap 9.8×10⁻⁵; (−0.5, .5)"),
        ("not '1e-3' or \"-2\", but -2", "not '1e-3' or \"-2\", but −2"),
        ("two-layer-linear, K-FAC, 2019-02, x**-1, x-1, u2-3e, 1e5x", ""),
        ("y = a - 1 is\n    a -1\n      ^", ""),
    ],
)
def test_numbers_in_a_sentence_are_as_on_the_page_and_what_was_typed_stays(
    text: str, read: str
) -> None:
    assert typeset(text) == (read or text)
