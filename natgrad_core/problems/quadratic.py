"""A quadratic bowl of chosen conditioning, as the fit of a unit normal with mean Mθ."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Annotated, Any, ClassVar

import numpy as np

from natgrad_core.core.options import Span
from natgrad_core.core.problem import Preset
from natgrad_core.families.exponential_family import UnitNormal
from natgrad_core.linalg.small_matrices import mv
from natgrad_core.problems import problems
from natgrad_core.types import ArrayLike, Matrix, Vector


@problems.register()
class Quadratic(UnitNormal):
    """J = ½ (θ − c)ᵀ G (θ − c) with G = MᵀM = F = H, for y ~ N(Mθ, I) seen once at Mc.

    G = R(angle) diag(condition, 1) R(angle)ᵀ, unless ``M [2, 2]`` is given; ``center`` is c.

    Args:
        condition: The condition number of G, > 0.
        angle: The direction of the eigenvector to ``condition``, in degrees.
        M: M, ``[2, 2]``; None: made of ``condition`` and ``angle``.
        center: c, the minimum, ``[2]``.

    Raises:
        ValueError: If the condition number is not > 0, or M is not 2×2.
    """

    title = "a quadratic of chosen conditioning"
    latex = r"J = \tfrac12 (\theta - c)^\top G\, (\theta - c)"
    source = "Sohl-Dickstein 2012, arXiv:1205.1828"
    view = ((-2.0, 2.0), (-2.0, 2.0))
    start = (1.5, 1.2)
    outcomes = 2
    varying = ("M",)
    presets: ClassVar = {
        "a long valley": Preset(),
        "round": Preset({"condition": 1.0}),
        "Sohl-Dickstein's": Preset({"M": ((3.0, 1 / 3), (1 / 3, 0.0))}, (-0.5, 1.8)),
        "very long": Preset({"condition": 1000.0, "angle": 60.0}),
    }

    def __init__(
        self,
        condition: Annotated[float, Span(1, 1000, 1, log=True)] = 25.0,
        angle: Annotated[float, Span(0, 180, 1)] = 30.0,
        M: ArrayLike | None = None,
        center: ArrayLike = (0.0, 0.0),
    ) -> None:
        if not (math.isfinite(condition) and condition > 0):
            raise ValueError(f"the condition number must be a number > 0; got {condition}")
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        root = np.diag([math.sqrt(condition), 1.0]) @ np.array([[c, s], [-s, c]])
        matrix = root if M is None else np.asarray(M, float)
        if matrix.shape != (2, 2):
            raise ValueError(f"M must be 2×2; got shape {list(matrix.shape)}")
        self.M: Matrix = tuple(map(tuple, matrix.tolist()))
        seen = matrix @ np.asarray(center, float) + 0.0  # no −0.0, whatever M is
        self.observe(*seen[:, None])
        self._seen: Vector = tuple(seen.tolist())

    @property
    def form(self) -> tuple[Hashable, ...]:
        """What was seen is in the formulas: with c = 0 it is 0 for every M."""
        return (*super().form, self._seen)

    def _natural(self, x: Vector, *theta: Any) -> Vector:
        return mv(self.M, theta)

    def _slope(self, x: Vector, *theta: Any) -> Matrix:
        return self.M
