"""RMSprop."""

from __future__ import annotations

from typing import Any

from natgrad_core.core.evaluation import At
from natgrad_core.core.rule import Memory, Rule, Update, chain, descend, of_form
from natgrad_core.core.validation import checked, decay
from natgrad_core.rules import rules
from natgrad_core.tracing.ops import sqrt
from natgrad_core.types import ArrayLike, Vector


@rules.register(invariance="none", color="rust", symbol="plus")
def rmsprop(rate: ArrayLike = 0.01, beta: ArrayLike = 0.99, epsilon: ArrayLike = 1e-8) -> Rule:
    """v ← βv + (1 − β)g², θ ← θ − αg/(√v + ε), each coordinate by itself.

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
        return (0.0,) * len(start)

    def of_numbers(keep: Any, floor: Any) -> Update:
        def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
            v = tuple(keep * s + (1 - keep) * g * g for s, g in zip(memory, direction, strict=True))
            return tuple(g / (sqrt(s) + floor) for g, s in zip(direction, v, strict=True)), v

        return update

    return chain(
        of_form("rmsprop", of_numbers, numbers, init, "scale"),
        descend(rate),
        latex=r"v \leftarrow \beta v + (1 - \beta) g^2,\; "
        r"\theta \leftarrow \theta - \alpha\, g / (\sqrt v + \epsilon)",
        source="Tieleman and Hinton 2012, lecture 6.5",
    )
