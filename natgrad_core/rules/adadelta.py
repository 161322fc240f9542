"""Adadelta."""

from __future__ import annotations

from typing import Any

from natgrad_core.core.evaluation import At
from natgrad_core.core.rule import Memory, Rule, Update, chain, descend, of_form
from natgrad_core.core.validation import checked, decay
from natgrad_core.rules import rules
from natgrad_core.tracing.ops import sqrt
from natgrad_core.types import ArrayLike, Vector


@rules.register(invariance="none", color="ochre", symbol="triangle")
def adadelta(rate: ArrayLike = 1.0, beta: ArrayLike = 0.9, epsilon: ArrayLike = 1e-6) -> Rule:
    """v ← βv + (1 − β)g², δ = g √(u + ε)/√(v + ε), u ← βu + (1 − β)δ², θ ← θ − αδ.

    The step has the unit of θ, so that no rate has to be chosen (Zeiler uses α = 1): the running
    mean u of past squared steps replaces the curvature. Zeiler 2012, algorithm 1.

    Args:
        rate: α, one number or an array over the leading axes ``[...]``.
        beta: β in [0, 1), one number or an array over the leading axes ``[...]``.
        epsilon: ε ≥ 0, one number or an array over the leading axes ``[...]``.

    Returns:
        The rule.

    Raises:
        ValueError: If a number is out of range.
    """
    numbers = decay("β", beta), checked("ε", epsilon, 0.0)

    def init(start: Vector) -> Memory:
        return (0.0,) * len(start), (0.0,) * len(start)

    def of_numbers(keep: Any, floor: Any) -> Update:
        def mean(old: Vector, new: Vector) -> Vector:
            return tuple(keep * o + (1 - keep) * n * n for o, n in zip(old, new, strict=True))

        def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
            v, u = mean(memory[0], direction), memory[1]
            delta = tuple(
                sqrt(b + floor) / sqrt(a + floor) * g
                for a, b, g in zip(v, u, direction, strict=True)
            )
            return delta, (v, mean(u, delta))

        return update

    return chain(
        of_form("adadelta", of_numbers, numbers, init, "scale"),
        descend(rate),
        latex=r"\theta \leftarrow \theta - \alpha\, g \sqrt{u + \epsilon} / \sqrt{v + \epsilon}",
        source="Zeiler 2012, algorithm 1",
    )
