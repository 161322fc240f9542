"""Nesterov's accelerated gradient."""

from __future__ import annotations

from natgrad_core.core.rule import Rule, chain, descend
from natgrad_core.rules import rules
from natgrad_core.rules.momentum import accumulate
from natgrad_core.types import ArrayLike


@rules.register(invariance="none", color="sky", symbol="star", label="Nesterov")
def nesterov(rate: ArrayLike = 0.01, beta: ArrayLike = 0.9) -> Rule:
    """m ← βm + ∇J, θ ← θ − α(∇J + βm): the gradient is taken one momentum step ahead.

    In this form θ is the point at which the gradient is taken (Sutskever and others 2013).

    Args:
        rate: α, one number or an array over the leading axes ``[...]``.
        beta: β in [0, 1), one number or an array over the leading axes ``[...]``.

    Returns:
        The rule.

    Raises:
        ValueError: If a number is out of range.
    """
    return chain(
        accumulate(beta, ahead=True),
        descend(rate),
        latex=r"m \leftarrow \beta m + \nabla J,\; "
        r"\theta \leftarrow \theta - \alpha (\nabla J + \beta m)",
        source="Nesterov 1983; Sutskever and others 2013",
    )
