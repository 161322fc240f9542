"""Round numbers, and numbers written as people read them: the one place for both."""

from __future__ import annotations

import math
import re

_TYPED = re.compile(r"'[^']*'|\"[^\"]*\"")
"""What a reader wrote, or a link, is quoted as it was written."""

_NUMBER = re.compile(r"(?<![\w.*)^])(-?)(\d+(?:\.\d+)?|\.\d+)(?:e([+-]?\d+))?(?!\w)")

COARSE = (1.0, 2.0, 5.0)
"""Digits of round numbers: 1, 2, 5, 10, 20, 50, …"""

FINE = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
"""Round numbers that lie closer together."""

_POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_EXACT = 1e-9
"""Relative error below which a number is the round one that it is near."""


def round_up(value: float, digits: tuple[float, ...] = COARSE) -> float:
    """Return the least round number that is not below a positive value.

    An axis with such an end rests while what is drawn moves a little.
    """
    power = 10.0 ** math.floor(math.log10(value))
    return next(d * power for d in (*digits, 10.0) if d * power >= value * (1 - _EXACT))


def round_near(value: float) -> float:
    """Return the number among 1, 2, 5 × 10ⁿ that is nearest to a positive value."""
    power = 10.0 ** math.floor(math.log10(value))
    return min((*COARSE, 10.0), key=lambda d: abs(d * power - value)) * power


def significant(value: float, digits: int) -> float:
    """Return a number rounded to this many significant digits: 0.12346 of 0.1234567 to five."""
    return float(f"{value:.{digits}g}")


def power_of_ten(exponent: int) -> str:
    """Return ten to a whole power, as text: 10⁻³."""
    return "10" + str(exponent).translate(_POWERS)


def short(value: float) -> str:
    """Return a number with three digits, and with a power of ten where it is long: 1.2×10⁻⁵."""
    digits, _, exponent = f"{value:.3g}".partition("e")
    return _minus(f"{digits}×{power_of_ten(int(exponent))}" if exponent else digits)


def fixed(value: float, places: int) -> str:
    """Return a number with this many places after the point; zero has no sign."""
    return _minus(f"{value + 0.0:.{places}f}")


def _minus(text: str) -> str:
    return text.replace("-", "−")


def typeset(text: str) -> str:
    """Return a sentence with its numbers as people read them: −1.2×10⁻⁵ for -1.2e-05.

    What stands in quotation marks was typed, and stays; so does a text of several lines, in which a
    caret points at a place of the line above it.
    """
    if "\n" in text:
        return text
    typed = _TYPED.findall(text)
    parts = [_NUMBER.sub(_as_read, part) for part in _TYPED.split(text)]
    return "".join(map("".join, zip(parts, [*typed, ""], strict=True)))


def _as_read(found: re.Match[str]) -> str:
    sign, digits, exponent = found.groups()
    if exponent:
        power = power_of_ten(int(exponent))
        digits = power if digits == "1" else f"{digits}×{power}"
    return sign.replace("-", "−") + digits
