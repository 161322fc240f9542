"""AdaGrad."""

from __future__ import annotations

from typing import Any

from natgrad_core.core.evaluation import At
from natgrad_core.core.rule import Memory, Rule, Update, chain, descend, of_form
from natgrad_core.core.validation import checked
from natgrad_core.rules import rules
from natgrad_core.tracing.ops import sqrt
from natgrad_core.types import ArrayLike, Vector


@rules.register(invariance="none", color="magenta", symbol="pentagon")
def adagrad(rate: ArrayLike = 0.1, epsilon: ArrayLike = 1e-10) -> Rule:
    """v ← v + g², θ ← θ − αg/(√v + ε), each coordinate by itself (Duchi, Hazan and Singer 2011).

    Args:
        rate: α, one number or an array over the leading axes ``[...]``.
        epsilon: ε ≥ 0, one number or an array over the leading axes ``[...]``.

    Returns:
        The rule.

    Raises:
        ValueError: If a number is out of range.
    """

    def init(start: Vector) -> Memory:
        return (0.0,) * len(start)

    def of_numbers(floor: Any) -> Update:
        def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
            v = tuple(old + g * g for old, g in zip(memory, direction, strict=True))
            return tuple(g / (sqrt(s) + floor) for g, s in zip(direction, v, strict=True)), v

        return update

    return chain(
        of_form("adagrad", of_numbers, (checked("ε", epsilon, 0.0),), init, "scale"),
        descend(rate),
        latex=r"v \leftarrow v + g^2,\; "
        r"\theta \leftarrow \theta - \alpha\, g / (\sqrt v + \epsilon)",
        source="Duchi, Hazan and Singer 2011",
    )
