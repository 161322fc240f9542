"""The smallest deep net, y = w₂w₁x: only the product of its weights is seen.

Along each hyperbola w₁w₂ = constant nothing changes, so the Fisher matrix is singular with the
hyperbola's tangent as its null direction (rank one everywhere, rank zero at the origin, which is a
saddle of the loss). The minima are a whole curve.
"""

from __future__ import annotations

from typing import Any, ClassVar

from natgrad_core.core.problem import Preset
from natgrad_core.families.exponential_family import UnitNormal
from natgrad_core.linalg.small_matrices import symmetric
from natgrad_core.problems import problems
from natgrad_core.types import ArrayLike, Matrix, Vector


@problems.register()
class TwoLayerLinear(UnitNormal):
    """J = ½ mean (y − w₂w₁x)², F = mean(x²) vvᵀ with v = (w₂, w₁).

    Args:
        X: Inputs x, ``[n]``.
        y: Outcomes, ``[n]``, in units of the noise.

    Raises:
        ValueError: If the shapes differ, or there are no data.
    """

    singular = True
    title = "a two-layer linear net with one weight a layer"
    symbols = ("w₁", "w₂")
    latex = r"y \sim \mathcal{N}(w_2 w_1 x,\, 1)"
    source = "Saxe, McClelland and Ganguli 2014"
    view = ((-2.5, 2.5), (-2.5, 2.5))
    start = (2.2, -0.4)
    presets: ClassVar = {
        "from beyond the saddle": Preset(),
        "on the way to the saddle": Preset(start=(1.5, -1.45)),
        "balanced": Preset(start=(0.3, 0.3)),
    }

    def __init__(
        self,
        X: ArrayLike = (-1.5, -0.5, 0.5, 1.5),
        y: ArrayLike = (-1.6, -0.4, 0.6, 1.4),
    ) -> None:
        self.observe(y, covariates=(X,))

    def _natural(self, x: Vector, *theta: Any) -> Vector:
        return (theta[0] * theta[1] * x[0],)

    def _slope(self, x: Vector, *theta: Any) -> Matrix:
        return ((theta[1] * x[0], theta[0] * x[0]),)

    def _bend(self, x: Vector, *theta: Any) -> tuple[Matrix, ...]:
        return (symmetric(0, x[0], 0),)
