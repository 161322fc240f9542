"""Two wells and a saddle between them: a bare loss, without a probability model.

It has no Fisher matrix: asking for it raises ``NoProbabilityModel``. Where |θ₁| < 1/√3 its Hessian
is indefinite, and Newton's step climbs to the saddle.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

from natgrad_core.core.options import Span
from natgrad_core.core.problem import Preset, Problem
from natgrad_core.linalg.small_matrices import symmetric
from natgrad_core.problems import problems
from natgrad_core.tracing.ops import square
from natgrad_core.types import Matrix, Vector


@problems.register()
class DoubleWell(Problem):
    """J = ¼ (θ₁² − 1)² + ½ s θ₂².

    Args:
        stiffness: s > 0, the curvature along θ₂.

    Raises:
        ValueError: If s is not a finite number > 0.
    """

    title = "two wells and a saddle: a bare loss, with no Fisher matrix"
    latex = r"J = \tfrac14 (\theta_1^2 - 1)^2 + \tfrac12 s\, \theta_2^2"
    source = "Strogatz 1994, sec. 2.7"
    view = ((-1.8, 1.8), (-1.5, 1.5))
    start = (0.3, 1.2)
    varying = ("stiffness",)
    presets: ClassVar = {
        "from beside the saddle": Preset(),
        "from where the Hessian is positive": Preset(start=(1.5, 1.2)),
        "a steep valley": Preset({"stiffness": 20.0}),
    }

    def __init__(self, stiffness: Annotated[float, Span(0.1, 5)] = 1.0) -> None:
        if not (math.isfinite(stiffness) and stiffness > 0):
            raise ValueError(f"the stiffness s must be a number > 0; got {stiffness}")
        self.stiffness = float(stiffness)

    def _loss(self, a: Any, b: Any) -> Any:
        return square(a * a - 1) / 4 + self.stiffness * b * b / 2

    def _grad(self, a: Any, b: Any) -> Vector:
        return a * (a * a - 1), self.stiffness * b

    def _hessian(self, a: Any, b: Any) -> Matrix:
        return symmetric(3 * a * a - 1, 0, self.stiffness)
