"""The natural gradient with steps of bounded length in KL."""

from __future__ import annotations

from typing import Any

from natgrad_core.core.evaluation import At
from natgrad_core.core.provenance import remembering
from natgrad_core.core.rule import Memory, Rule, Update, chain, descend, of_form, precondition
from natgrad_core.core.validation import checked
from natgrad_core.linalg.small_matrices import dot, mv, solve
from natgrad_core.metrics.fisher import fisher
from natgrad_core.rules import rules
from natgrad_core.tracing.ops import maximum, minimum, sqrt
from natgrad_core.types import ArrayLike, Vector


@remembering(__name__, "limit")
def limit(radius: ArrayLike) -> Rule:
    """Direction -> the same, shortened where needed to ½δᵀFδ ≤ ``radius`` nats.

    Args:
        radius: r > 0 in nats, one number or an array over the leading axes ``[...]``.

    Returns:
        The rule, to follow others in a ``chain``.

    Raises:
        ValueError: If the radius is not a finite number > 0.
    """

    def of_numbers(most: Any) -> Update:
        def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
            nats = dot(direction, mv(at.fisher, direction)) / 2
            excess = sqrt(maximum(nats / most, 1.0))
            return tuple(d / excess for d in direction), memory

        return update

    numbers = (checked("the radius r, in nats", radius, 1e-300),)
    latex = r"\tfrac12 \delta^\top F \delta \le r"
    return of_form("limit", of_numbers, numbers, name="limit", latex=latex)


@remembering(__name__, "paced")
def paced(radius: ArrayLike) -> Rule:
    """Direction -> the same, as long as ½δᵀFδ = ``radius`` nats, or ½∇JᵀF⁻¹∇J if that is less.

    The second is what a whole natural step costs, so that least squares comes to rest. It sets
    rules side by side by their directions alone.

    Args:
        radius: r > 0 in nats, one number or an array over the leading axes ``[...]``.

    Returns:
        The rule, to follow others in a ``chain``.

    Raises:
        ValueError: If the radius is not a finite number > 0.
    """

    def of_numbers(most: Any) -> Update:
        def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
            lowered = mv(at.fisher, direction)
            nats = dot(direction, lowered) / 2
            whole = dot(at.grad, solve(at.fisher, at.grad)) / 2
            stretch = sqrt(minimum(whole, most) / nats)
            return tuple(d * stretch for d in direction), memory

        return update

    numbers = (checked("the radius r, in nats", radius, 1e-300),)
    latex = r"\tfrac12 \delta^\top F \delta = r"
    return of_form("paced", of_numbers, numbers, name="paced", latex=latex)


@rules.register(invariance="linear", needs="model", color="brown", symbol="plus")
def kl_limited(
    rate: ArrayLike = 1.0,
    radius: ArrayLike = 0.01,
    damping: ArrayLike = 0.0,
    kind: str = "identity",
    singular: str = "diverge",
) -> Rule:
    """δ = −α (F + λD)⁻¹∇J, shortened to ½δᵀFδ ≤ r: far from the minimum a step of r nats.

    The rate is then √(2r / ∇Jᵀ F⁻¹ ∇J), as in TRPO (Schulman and others 2015, app. C); near the
    minimum it is α.

    Args:
        rate: α, one number or an array over the leading axes ``[...]``.
        radius: r > 0 in nats, one number or an array over the leading axes ``[...]``.
        damping: λ ≥ 0, one number or an array over the leading axes ``[...]``.
        kind: What D is, a name in ``natgrad_core.core.damping.ALL_KINDS``.
        singular: What to do where there is no inverse: "diverge" or "pseudo-inverse", as in
            ``precondition``.

    Returns:
        The rule.

    Raises:
        ValueError: If a number is out of range, or ``kind`` or ``singular`` is unknown.
    """
    return chain(
        precondition(fisher(), damping, kind, singular),
        descend(rate),
        limit(radius),
        latex=r"\theta \leftarrow \theta - \alpha F^{-1} \nabla J,\; "
        r"\tfrac12 \delta^\top F \delta \le r",
        source="Schulman and others 2015, appendix C",
    )
