"""Rosenbrock's banana valley, read as least squares: the fit of a unit normal to two residuals.

Its Fisher matrix is that of this Gaussian model, the Gauss–Newton matrix of the residuals; the
function alone, without the residuals, would have none.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

from natgrad_core.core.options import Span
from natgrad_core.core.problem import Preset
from natgrad_core.families.exponential_family import UnitNormal
from natgrad_core.linalg.small_matrices import symmetric
from natgrad_core.problems import problems
from natgrad_core.types import Matrix, Vector


@problems.register()
class Rosenbrock(UnitNormal):
    """J = (1 − θ₁)² + β (θ₂ − θ₁²)² = ½‖η‖², η = √2 (√β (θ₂ − θ₁²), 1 − θ₁) seen at zero.

    Args:
        steepness: β > 0.

    Raises:
        ValueError: If β is not a finite number > 0.
    """

    title = "Rosenbrock's valley as least squares (its metric is Gauss–Newton's)"
    latex = r"J = (1 - \theta_1)^2 + \beta\, (\theta_2 - \theta_1^2)^2"
    source = "Rosenbrock 1960; Gauss–Newton as a Fisher matrix: Martens 2020, sec. 9"
    view = ((-1.8, 1.8), (-1.0, 2.5))
    start = (-1.2, 1.0)
    outcomes = 2
    varying = ("scale",)
    presets: ClassVar = {
        "Rosenbrock's": Preset(),
        "a gentle bend": Preset({"steepness": 5.0}),
        "across the valley": Preset(start=(0.5, 2.2)),
    }

    def __init__(self, steepness: Annotated[float, Span(1, 200, 1)] = 100.0) -> None:
        if not (math.isfinite(steepness) and steepness > 0):
            raise ValueError(f"the steepness β must be a number > 0; got {steepness}")
        self.scale = math.sqrt(2 * steepness)
        self.observe((0.0,), (0.0,))

    def _natural(self, x: Vector, *theta: Any) -> Vector:
        a, b = theta
        return self.scale * (b - a * a), math.sqrt(2) * (1 - a)

    def _slope(self, x: Vector, *theta: Any) -> Matrix:
        return (-(2 * self.scale * theta[0]), self.scale), (-math.sqrt(2), 0)

    def _bend(self, x: Vector, *theta: Any) -> tuple[Matrix, ...]:
        return symmetric(-2 * self.scale, 0, 0), symmetric(0, 0, 0)
