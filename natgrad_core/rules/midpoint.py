"""The natural gradient by the midpoint rule."""

from __future__ import annotations

from typing import Any

from natgrad_core.core.evaluation import At
from natgrad_core.core.rule import Memory, Rule, Update, of_form, precondition
from natgrad_core.core.validation import checked
from natgrad_core.metrics.fisher import fisher
from natgrad_core.rules import rules
from natgrad_core.types import ArrayLike, Vector


@rules.register(invariance="linear", needs="model", color="purple", symbol="triangle-down")
def midpoint(
    rate: ArrayLike = 0.1,
    damping: ArrayLike = 0.0,
    kind: str = "identity",
    singular: str = "diverge",
) -> Rule:
    """θ ← θ − α v(θ − ½α v(θ)), with v = (F + λD)⁻¹∇J taken half a step further on.

    It approximates the natural-gradient flow, which is invariant under charts, to second order:
    over a fixed time the difference between charts is O(α²), instead of O(α) for Euler's step.
    Song, Song and Ermon 2018.

    Args:
        rate: α, one number or an array over the leading axes ``[...]``.
        damping: λ ≥ 0, one number or an array over the leading axes ``[...]``.
        kind: What D is, a name in ``natgrad_core.core.damping.ALL_KINDS``.
        singular: What to do where there is no inverse: "diverge" or "pseudo-inverse", as in
            ``precondition``.

    Returns:
        The rule.

    Raises:
        ValueError: If a number is out of range, or ``kind`` or ``singular`` is unknown.
    """
    size = checked("the rate α", rate, -float("inf"))
    raised = precondition(fisher(), damping, kind, singular)

    def of_numbers(size: Any, *damping: Any) -> Update:
        velocity = raised.update_with(damping)

        def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
            here, _ = velocity(direction, at, ())
            half = tuple(t - size / 2 * v for t, v in zip(at.theta, here, strict=True))
            middle = at.problem.at(half)
            there, _ = velocity(middle.grad, middle, ())
            return tuple(-(size * v) for v in there), memory

        return update

    return of_form(
        ("midpoint", raised.form),
        of_numbers,
        (size, *raised.numbers),
        latex=r"\theta \leftarrow \theta - \alpha v(\theta - \tfrac\alpha2 v),\; "
        r"v = F^{-1} \nabla J",
        source="Song, Song and Ermon 2018",
    )
