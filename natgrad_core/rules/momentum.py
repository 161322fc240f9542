"""Gradient descent with momentum: the heavy ball."""

from __future__ import annotations

from typing import Any

from natgrad_core.core.evaluation import At
from natgrad_core.core.rule import Memory, Rule, Update, chain, descend, of_form
from natgrad_core.core.validation import decay
from natgrad_core.rules import rules
from natgrad_core.types import ArrayLike, Vector


def accumulate(beta: ArrayLike, ahead: bool = False) -> Rule:
    """Direction -> m ← βm + direction; with ``ahead`` direction + βm, one step further on.

    Args:
        beta: β in [0, 1), one number or an array over the leading axes ``[...]``.
        ahead: Whether to look one step ahead (Nesterov 1983); else heavy ball (Polyak 1964).

    Returns:
        The rule.
    """

    def init(start: Vector) -> Memory:
        return (0.0,) * len(start)

    def of_numbers(keep: Any) -> Update:
        def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
            moving = tuple(keep * m + d for m, d in zip(memory, direction, strict=True))
            if not ahead:
                return moving, moving
            return tuple(d + keep * m for m, d in zip(moving, direction, strict=True)), moving

        return update

    latex, numbers = r"m \leftarrow \beta m + \cdot", (decay("β", beta),)
    return of_form(("accumulate", ahead), of_numbers, numbers, init, "accumulate", latex)


@rules.register(invariance="none", color="moss", symbol="pentagon")
def momentum(rate: ArrayLike = 0.01, beta: ArrayLike = 0.9) -> Rule:
    """m ← βm + ∇J, θ ← θ − αm: the heavy-ball method (Polyak 1964).

    Args:
        rate: α, one number or an array over the leading axes ``[...]``.
        beta: β in [0, 1), one number or an array over the leading axes ``[...]``.

    Returns:
        The rule.

    Raises:
        ValueError: If a number is out of range.
    """
    return chain(
        accumulate(beta),
        descend(rate),
        latex=r"m \leftarrow \beta m + \nabla J,\; \theta \leftarrow \theta - \alpha m",
        source="Polyak 1964",
    )
