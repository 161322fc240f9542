"""The names of parameters."""

from __future__ import annotations


def subscript(i: int) -> str:
    """Return a whole number as subscript digits, for the name of a parameter.

    Args:
        i: The number, 0 or more.

    Returns:
        Its digits, lowered.
    """
    return str(i).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
