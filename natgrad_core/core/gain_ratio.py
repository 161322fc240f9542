"""The gain ratio of a step: the actual decrease of the loss over the predicted one."""

from __future__ import annotations

import math
from typing import Any

from natgrad_core.core.evaluation import At
from natgrad_core.tracing.ops import finite, where
from natgrad_core.types import Vector


def gain_ratio(at: At, step: Vector, promised: Any) -> Any:
    """Return ρ = (J(θ) − J(θ + step)) / promised. Nocedal and Wright 2006, eq. 4.4.

    Args:
        at: The problem at θ.
        step: The step, by components.
        promised: The decrease that the quadratic model predicts. One that is not positive counts as
            1, so that the sign of ρ is that of the actual decrease.

    Returns:
        ρ; NaN where the step leaves the domain.
    """
    problem = at.problem

    there = tuple(t + s for t, s in zip(at.theta, step, strict=True))
    drop = problem._loss(*at.theta) - problem._loss(*there)
    ratio = drop / where(promised > 0, promised, 1.0)
    for condition in (*map(finite, there), *problem._inside(*there)):
        ratio = where(condition, ratio, math.nan)
    return ratio


def only_if(accepted: Any, step: Vector) -> Vector:
    """Return the step where it is accepted, else zero.

    Args:
        accepted: Whether it is, one truth value a point.
        step: The step, by components.

    Returns:
        The step; one that is not finite stays so.
    """
    return tuple(where(accepted, s, 0.0 * s) for s in step)
