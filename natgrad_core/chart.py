"""A chart is a way of writing the same point with other numbers: θ = f(x).

Nothing of a problem changes with it but the numbers, which is the whole lecture: what an algorithm
does must not depend on the chart, and plain gradient descent does.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from natgrad_core.ops import is_tensor
from natgrad_core.small import Matrix, Vector, components, full, pack
from natgrad_core.types import Array, ArrayLike, Bools, Numeric


class Chart:
    """θ = f(x) with its inverse and its first two derivatives.

    A subclass states ``_forward``, ``_inverse``, ``_jacobian`` (rows ∂θ_i/∂x) and ``_curvature``
    (one Hessian ∇²f_k a component) on components; the public methods take arrays ``[..., d]``.
    ``symbols`` names the new coordinates; ``latex`` is the map as it is taught.
    """

    name: str = ""
    latex: str = ""
    symbols: tuple[str, ...] = ("x₁", "x₂")

    def forward(self, x: ArrayLike) -> Numeric:
        """θ = f(x), ``[..., d] -> [..., d]``."""
        return _packed(self._forward(*components(_array(x))))

    def inverse(self, theta: ArrayLike) -> Array:
        """X = f⁻¹(θ), ``[..., d] -> [..., d]``."""
        return pack(self._inverse(*components(_array(theta))))

    def jacobian(self, x: ArrayLike) -> Array:
        """J[..., i, j] = ∂θ_i / ∂x_j, ``[..., d, d]``."""
        return full(self._jacobian(*components(_array(x))), np.shape(x)[:-1])

    def curvature(self, x: ArrayLike) -> Array:
        """C[..., k, i, j] = ∂²θ_k / ∂x_i ∂x_j, ``[..., d, d, d]``."""
        return full(self._curvature(*components(_array(x))), np.shape(x)[:-1])

    def inside(self, x: Array) -> Bools:
        """Whether x is in the chart's domain, ``[...]``; everywhere unless the chart says less."""
        return np.asarray(np.isfinite(x).all(-1))

    def _forward(self, *x: Any, **named: Any) -> Vector:
        raise NotImplementedError(f"{type(self).__name__} does not say its forward map")

    def _inverse(self, *theta: Any, **named: Any) -> Vector:
        raise NotImplementedError(f"{type(self).__name__} does not say its inverse map")

    def _jacobian(self, *x: Any, **named: Any) -> Matrix:
        raise NotImplementedError(f"{type(self).__name__} does not say its Jacobian")

    def _curvature(self, *x: Any, **named: Any) -> tuple[Matrix, ...]:
        """Zero, unless the chart is curved and says how."""
        d = len(x)
        return (((0,) * d,) * d,) * d

    def __repr__(self) -> str:
        return f"<chart {self.name}: {self.latex}>"


def _array(x: ArrayLike) -> Numeric:
    return x if is_tensor(x) else np.asarray(x, float)


def _packed(parts: Vector) -> Numeric:
    tensor = next((p for p in parts if is_tensor(p)), None)
    if tensor is None:
        return pack(parts)
    return sys.modules["torch"].stack(tuple(parts), -1)
