"""Adam."""

from __future__ import annotations

from typing import Any

from natgrad_core.core.evaluation import At
from natgrad_core.core.rule import Memory, Rule, Update, chain, descend, of_form
from natgrad_core.core.validation import checked, decay
from natgrad_core.rules import rules
from natgrad_core.tracing.ops import sqrt
from natgrad_core.types import ArrayLike, Vector


@rules.register(invariance="none", color="indigo", symbol="hexagon", label="Adam")
def adam(
    rate: ArrayLike = 0.01,
    beta1: ArrayLike = 0.9,
    beta2: ArrayLike = 0.999,
    epsilon: ArrayLike = 1e-8,
) -> Rule:
    """m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← θ − α m̂/(√v̂ + ε).

    m̂ = m/(1 − β₁ᵏ) and v̂ = v/(1 − β₂ᵏ) after k steps. Kingma and Ba 2015, algorithm 1.

    Args:
        rate: α, one number or an array over the leading axes ``[...]``.
        beta1: β₁ in [0, 1), one number or an array over the leading axes ``[...]``.
        beta2: β₂ in [0, 1), one number or an array over the leading axes ``[...]``.
        epsilon: ε ≥ 0, one number or an array over the leading axes ``[...]``.

    Returns:
        The rule.

    Raises:
        ValueError: If a number is out of range.
    """
    shares = decay("β₁", beta1), decay("β₂", beta2), checked("ε", epsilon, 0.0)

    def init(start: Vector) -> Memory:
        return (0.0,) * len(start), (0.0,) * len(start), 1.0, 1.0

    def of_numbers(beta1: Any, beta2: Any, floor: Any) -> Update:
        def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
            old_m, old_v, power1, power2 = memory
            m = tuple(beta1 * o + (1 - beta1) * g for o, g in zip(old_m, direction, strict=True))
            v = tuple(
                beta2 * o + (1 - beta2) * g * g for o, g in zip(old_v, direction, strict=True)
            )
            power1, power2 = power1 * beta1, power2 * beta2

            def step(a: Any, b: Any) -> Any:
                return a / (1 - power1) / (sqrt(b / (1 - power2)) + floor)

            return tuple(map(step, m, v)), (m, v, power1, power2)

        return update

    return chain(
        of_form("adam", of_numbers, shares, init, "scale"),
        descend(rate),
        latex=r"\theta \leftarrow \theta - \alpha\, \hat m / (\sqrt{\hat v} + \epsilon)",
        source="Kingma and Ba 2015, algorithm 1",
    )
