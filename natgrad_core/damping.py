"""Damping: adding λ times a second metric before inverting the first.

λI takes the second metric to be the identity of whatever coordinates happen to be in use, and so
breaks invariance. λAᵀA is the same tensor pulled back (the identity of the problem's own
coordinates, written in x), and keeps it.
"""

from __future__ import annotations

from collections.abc import Callable

from natgrad_core.problem import At
from natgrad_core.small import Matrix, eye


def identity(at: At) -> Matrix:
    """I, of the coordinates the run is in."""
    return eye(len(at.theta))


def pulled_back(at: At) -> Matrix:
    """JᵀJ: the identity of the problem's own coordinates, as a tensor in x (AᵀA if θ = Ax)."""
    return at.flat()


KINDS: dict[str, Callable[[At], Matrix]] = {"identity": identity, "pulled-back": pulled_back}
"""The two readings of λ, by the name that a control shows."""
