"""Damping: adding λ times a second metric D before inverting the first, and how to choose λ.

With D = I, the identity of the coordinates in use, the steps depend on the coordinates. With
D = AᵀA, the identity of the problem's own coordinates pulled back to x, they do not. λ may adapt
from step to step (Levenberg and Marquardt), or the radius that a step may have in KL (a trust
region). Both read the gain ratio ρ: the actual decrease over the predicted one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from natgrad_core.core.evaluation import At
from natgrad_core.linalg.small_matrices import eye, trace
from natgrad_core.tracing.ops import maximum, minimum, where
from natgrad_core.types import Matrix

Kind: TypeAlias = Callable[[At, Matrix], Matrix]
"""(the point, the metric G there) -> D."""


def identity(at: At, metric: Matrix) -> Matrix:
    """D = I, the identity of the coordinates that the run is in.

    Args:
        at: The point.
        metric: G there, ``d`` × ``d`` components; not used.

    Returns:
        D, ``d`` × ``d`` components.
    """
    return eye(len(at.theta))


def pulled_back(at: At, metric: Matrix) -> Matrix:
    """D = JᵀJ: the identity of the problem's own coordinates, as a tensor in x.

    If θ = Ax this is AᵀA.

    Args:
        at: The point, in x.
        metric: G there, ``d`` × ``d`` components; not used.

    Returns:
        D, ``d`` × ``d`` components.
    """
    return at.flat()


def relative(at: At, metric: Matrix) -> Matrix:
    """D = (tr G / d) I, so that λ has no unit: it is a share of G's mean eigenvalue.

    Args:
        at: The point; not used.
        metric: G there, ``d`` × ``d`` components.

    Returns:
        D, ``d`` × ``d`` components.
    """
    d = len(metric)
    mean = trace(metric) / d
    return tuple(tuple(mean if i == j else 0 for j in range(d)) for i in range(d))


KINDS: dict[str, Kind] = {"identity": identity, "pulled-back": pulled_back}
"""The two meanings of λ, by the name that a control shows."""

ALL_KINDS: dict[str, Kind] = {**KINDS, "relative": relative}
"""Every D that a rule can use."""

CEILING = 1e16
"""The largest λ: with less the step is below rounding already."""


def levenberg_marquardt(
    ratio: Any, damping: Any, factor: Any, ceiling: float = CEILING
) -> tuple[Any, Any]:
    """Return the next λ and the next factor of Nielsen's rule.

    After a gain λ ← λ max(⅓, 1 − (2ρ − 1)³), factor ← 2; else λ ← λ·factor, factor ← 2·factor.
    Nielsen 1999; Madsen, Nielsen and Tingleff 2004, eq. 2.21.

    Args:
        ratio: The gain ratio ρ of a step; NaN where the step left the domain.
        damping: λ of that step.
        factor: What λ grows by after a loss.
        ceiling: The largest λ and the largest factor.

    Returns:
        The next λ and the next factor.
    """
    won = ratio > 0
    s = where(won, 2 * ratio - 1, 0.0)
    after_gain = damping * maximum(1 - s * s * s, 1 / 3)
    after_loss = minimum(damping * factor, ceiling)
    return where(won, after_gain, after_loss), where(won, 2.0, minimum(2 * factor, ceiling))


def trust_region(ratio: Any, radius: Any, used: Any, largest: Any) -> Any:
    """Return the next radius of a trust region, in nats.

    A quarter where ρ < ¼ (or NaN), twice it where ρ > ¾ and the step reached the bound. Nocedal and
    Wright 2006, algorithm 4.1, with KL ≈ ½δᵀFδ for the length.

    Args:
        ratio: The gain ratio ρ of a step.
        radius: The radius of that step.
        used: The length of that step, at most the radius.
        largest: The largest radius.

    Returns:
        The next radius.
    """
    longer = where(used > 0.99 * radius, minimum(2 * radius, largest), radius)
    return where(ratio >= 0.25, where(ratio > 0.75, longer, radius), radius / 4)
