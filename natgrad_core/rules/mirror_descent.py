"""Mirror descent: the natural gradient of the dual coordinates, without a Fisher matrix."""

from __future__ import annotations

from typing import Any

from natgrad_core.charts.expectation import Expectation
from natgrad_core.charts.natural import Natural
from natgrad_core.core.chart import Chart
from natgrad_core.core.charted import ChartedAt
from natgrad_core.core.evaluation import At
from natgrad_core.core.rule import Memory, Rule, Update, of_form
from natgrad_core.core.validation import checked
from natgrad_core.linalg.small_matrices import mv, transpose
from natgrad_core.rules import rules
from natgrad_core.types import ArrayLike, Vector

POTENTIALS = {"log-partition": (Expectation, Natural), "entropy": (Natural, Expectation)}
"""Which coordinates are stepped in, and which the gradient is taken by."""


@rules.register(invariance="linear", needs="dual charts", color="crimson", symbol="triangle")
def mirror_descent(rate: ArrayLike = 0.1, potential: str = "log-partition") -> Rule:
    """∇A(η) ← ∇A(η) − α ∂J/∂η, which in the expectation parameters m = ∇A(η) is m ← m − α ∂J/∂η.

    As ∂η/∂m is the Fisher matrix of m, that is the natural gradient in m (Raskutti and Mukherjee
    2015, theorem 1), and from the family's two charts it is the same path whatever chart the run is
    in. With ``potential="entropy"`` (A's conjugate) the roles change: η ← η − α ∂J/∂m. For
    families with both charts in closed form.

    Args:
        rate: α, one number or an array over the leading axes ``[...]``.
        potential: "log-partition", the potential A(η), or "entropy", its conjugate.

    Returns:
        The rule.

    Raises:
        ValueError: If the rate is not finite, or the potential is unknown.
        TypeError: In a run on a family without both charts in closed form.
    """
    size = checked("the rate α", rate, -float("inf"))
    if potential not in POTENTIALS:
        raise ValueError(f"no potential {potential!r}; there are {', '.join(POTENTIALS)}")

    def of_numbers(size: Any) -> Update:
        def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
            base: At = at
            through: list[Chart] = []
            while isinstance(base, ChartedAt):
                through.append(base.problem.chart)
                base = base.base
            family = base.problem.name
            have = sorted(set(Natural.routes) & set(Expectation.routes))
            if family not in have:
                raise TypeError(
                    f"{family} has no natural and expectation parameters in closed form here, so "
                    f"no mirror descent; take {', '.join(have)}, or the rule natural"
                )
            stepped, dual = (chart(family) for chart in POTENTIALS[potential])
            slope = transpose(dual._jacobian(*dual._inverse(*base.theta)))
            place = stepped._inverse(*base.theta)
            moved = tuple(p - size * g for p, g in zip(place, mv(slope, base.grad), strict=True))
            there = stepped._forward(*moved)
            for chart in reversed(through):
                there = chart._inverse(*there)
            return tuple(b - a for a, b in zip(at.theta, there, strict=True)), memory

        return update

    return of_form(
        ("mirror-descent", potential),
        of_numbers,
        (size,),
        latex=r"\nabla A(\eta) \leftarrow \nabla A(\eta) - \alpha\, \partial J / \partial \eta",
        source="Raskutti and Mukherjee 2015, theorem 1",
    )
