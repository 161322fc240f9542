"""What a step would gain, tried before it is made."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from natgrad_core.core.evaluation import At
from natgrad_core.linalg.small_matrices import pack
from natgrad_core.tracing.ops import opaque, where
from natgrad_core.types import Vector


def gain_ratio(at: At, step: Vector, promised: Any) -> Any:
    """ρ = (J(θ) − J(θ + step)) / ``promised``: what was had over what the model promised.

    NaN where the step leaves the domain. A promise that is not positive counts as one, so that the
    sign of ρ is always that of the gain. Nocedal and Wright 2006, eq. 4.4.
    """
    problem = at.problem

    def inside(*theta: Any) -> tuple[Any, ...]:
        if all(isinstance(t, float) for t in theta):
            return (bool(problem.inside(np.array(theta))),)
        return (problem.inside(pack(theta)),)

    there = tuple(t + s for t, s in zip(at.theta, step, strict=True))
    (allowed,) = opaque(inside, 1, *there)
    drop = problem._loss(*at.theta) - problem._loss(*there)
    return where(allowed, drop / where(promised > 0, promised, 1.0), math.nan)


def only_if(accepted: Any, step: Vector) -> Vector:
    """The step where it is accepted, else none; a step that is not finite stays so."""
    return tuple(where(accepted, s, 0.0 * s) for s in step)
