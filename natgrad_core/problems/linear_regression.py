"""A straight line with known noise: Hubble's velocities of nebulae against their distance."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from natgrad_core.core.problem import Preset
from natgrad_core.datasets import load
from natgrad_core.families.exponential_family import UnitNormal
from natgrad_core.families.linear_predictor import LinearPredictor, Table
from natgrad_core.problems import problems


@problems.register()
class LinearRegression(LinearPredictor, UnitNormal):
    """y = w·x + noise of variance one, for ``X [n, d]`` and ``y [n]`` in units of the noise.

    J = ½ mean (y − w·x)². F = E[xxᵀ] = H is constant: one natural step with α = 1
    reaches the minimum (Gauss 1809).

    Args:
        X: The design matrix, ``[n, d]``; with neither X nor y: the published data.
        y: Outcomes, ``[n]``, in units of the noise.
        weights: How many observations each row stands for, ``[n]``; None: one each.
        offset: What is added to w·x in each row, ``[n]``; None: nothing.

    Raises:
        ValueError: If the shapes do not match, or an outcome is not possible.
    """

    title = "Hubble's line: the nebulae's velocities against their distances"
    latex = r"y \sim \mathcal{N}(w_0 + w_1 x,\, 1)"
    source = "Hubble 1929, table 1; Gauss 1809"
    view = ((-3.5, 3.0), (-1.0, 4.5))
    start = (-2.5, -0.5)
    measured = ("distance (megaparsecs)", "velocity / 230 km/s")
    presets: ClassVar = {
        "Hubble's nebulae": Preset(),
        "distances about their mean": Preset(
            {"X": ((1, -1.5), (1, -0.5), (1, 0.5), (1, 1.5)), "y": (-1.4, -0.6, 0.3, 1.7)},
            (2.0, -1.0),
        ),
    }

    def _published(self) -> Table:
        table = load("hubble")
        velocity = table[:, 1] / 230  # km/s: about the scatter of the nebulae around the line
        return np.stack([np.ones(len(table)), table[:, 0]], -1), velocity, None
