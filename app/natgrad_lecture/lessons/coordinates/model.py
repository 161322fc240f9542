"""What the lesson reads from the two runs, beyond what all lessons on runs have."""

from __future__ import annotations

import numpy as np

from natgrad_core.linalg.small_matrices import pack
from natgrad_core.types import Array
from natgrad_lecture.engine_cache import RunsModel


def carried(model: RunsModel) -> tuple[Array, Array, Array]:
    """∇J, Aᵀ∇J (which is the gradient in x) and AAᵀ∇J along the guide's run in θ, ``[n, 2]``."""
    gradient = pack(model.guide.in_theta.at.grad)
    with np.errstate(all="ignore"):  # A run that breaks off has no gradient at its end.
        in_x = gradient @ model.matrix
        return gradient, in_x, in_x @ model.matrix.T
