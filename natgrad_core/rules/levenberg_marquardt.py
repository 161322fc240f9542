"""Levenberg and Marquardt's method, with the Fisher (Gauss–Newton) matrix as curvature."""

from __future__ import annotations

from natgrad_core.core import damping as dampings
from natgrad_core.core.evaluation import At
from natgrad_core.core.gain_ratio import gain_ratio, only_if
from natgrad_core.core.rule import Memory, Rule, damped_with
from natgrad_core.core.validation import checked
from natgrad_core.linalg.operators import Dense
from natgrad_core.linalg.small_matrices import add, dot, mv
from natgrad_core.rules import rules
from natgrad_core.types import ArrayLike, Vector


@rules.register(
    invariance="pulled-back",
    needs="model",
    color="teal",
    symbol="cross",
    label="Levenberg–Marquardt",
)
def levenberg_marquardt(initial: ArrayLike = 0.01, kind: str = "identity") -> Rule:
    """δ = −(F + λD)⁻¹∇J, accepted only if it lowers J; λ follows the gain ratio.

    The predicted decrease is −∇J·δ − ½δᵀFδ. For least squares F is the Gauss–Newton matrix, as in
    the original method. Levenberg 1944; Marquardt 1963.

    Args:
        initial: The first λ > 0, one number or an array over the leading axes ``[...]``.
        kind: What D is, a name in ``natgrad_core.core.damping.ALL_KINDS``.

    Returns:
        The rule.

    Raises:
        ValueError: If λ is not a finite number > 0, or ``kind`` is unknown.
    """
    first = checked("the first λ", initial, 1e-300)
    second = damped_with(kind)

    def init(start: Vector) -> Memory:
        return first, 2.0

    def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
        strength, factor = memory
        damped = Dense(add(at.fisher, second(at, at.fisher), strength))
        step = tuple(-s for s in damped.solve(direction))
        promised = -(dot(direction, step) + dot(step, mv(at.fisher, step)) / 2)
        ratio = gain_ratio(at, step, promised)
        memory = dampings.levenberg_marquardt(ratio, strength, factor)
        return only_if(ratio > 0, step), memory

    return Rule(
        update,
        init,
        form=("levenberg-marquardt", kind),
        latex=r"\theta \leftarrow \theta - (F + \lambda D)^{-1} \nabla J,\; \lambda \text{ adapts}",
        source="Levenberg 1944; Marquardt 1963; Nielsen 1999",
    )
