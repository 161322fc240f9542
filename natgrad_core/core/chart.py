"""A chart: other coordinates x for the same points, θ = f(x).

A chart changes the numbers that describe a problem and nothing else. The path of an algorithm
should not depend on the chart; that of gradient descent does.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from natgrad_core.core.numbers import Numbered
from natgrad_core.core.provenance import Call, remember
from natgrad_core.core.symbols import subscript
from natgrad_core.linalg.small_matrices import (
    add,
    components,
    congruent,
    full,
    matmul,
    pack,
    symmetric,
)
from natgrad_core.tracing.forward_mode import variables_through
from natgrad_core.tracing.ops import finite, is_tensor
from natgrad_core.types import Array, ArrayLike, Bools, Matrix, Numeric, Vector


class Chart(Numbered):
    """θ = f(x) with its inverse and its first two derivatives.

    A subclass states ``_forward`` and ``_inverse`` on components. It may state ``_jacobian`` (rows
    ∂θ_i/∂x) and ``_curvature`` (one Hessian ∇²f_k per component), which else come by forward-mode
    differentiation. The public methods take arrays ``[..., d]``. ``latex`` is the map in LaTeX. A
    number that a slider drags is named in ``varying``, as in a problem.
    """

    name: str = ""
    latex: str = ""
    domain: str = ""
    source: str = "Amari and Nagaoka 2000, ch. 1"

    @classmethod
    def example(cls, problem: str, dim: int) -> dict[str, Any]:
        """Return options with which the chart suits a problem, for tests.

        Override it if the defaults are trivial or the chart depends on the problem.

        Args:
            problem: The problem's name.
            dim: How many parameters it has.

        Returns:
            The options by name.
        """
        return {}

    def names(self, symbols: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the new coordinates.

        Args:
            symbols: The names of the old ones.

        Returns:
            As many names.
        """
        return tuple(f"x{subscript(i + 1)}" for i in range(len(symbols)))

    def then(self, inner: Chart) -> Chart:
        """θ = self(inner(x)): this chart, then ``inner`` on its coordinates.

        Args:
            inner: The chart of this chart's coordinates.

        Returns:
            The composed chart, θ = self(inner(x)).
        """
        return remember(Composed(self, inner), Call(__name__, ".then", (self, inner), {}))

    def forward(self, x: ArrayLike) -> Numeric:
        """θ = f(x), ``[..., d] -> [..., d]``.

        Args:
            x: Points, ``[..., d]``.

        Returns:
            θ, ``[..., d]``.
        """
        return _packed(self._forward(*components(_array(x))))

    def inverse(self, theta: ArrayLike) -> Array:
        """x = f⁻¹(θ), ``[..., d] -> [..., d]``; NaN for points that the chart does not reach.

        Args:
            theta: Points, ``[..., d]``.

        Returns:
            x, ``[..., d]``.
        """
        with np.errstate(all="ignore"):
            return pack(self._inverse(*components(_array(theta))))

    def jacobian(self, x: ArrayLike) -> Array:
        """J[..., i, j] = ∂θ_i / ∂x_j, ``[..., d, d]``.

        Args:
            x: Points, ``[..., d]``.

        Returns:
            J, ``[..., d, d]``.
        """
        return full(self._jacobian(*components(_array(x))), np.shape(x)[:-1])

    def curvature(self, x: ArrayLike) -> Array:
        """C[..., k, i, j] = ∂²θ_k / ∂x_i ∂x_j, ``[..., d, d, d]``.

        Args:
            x: Points, ``[..., d]``.

        Returns:
            The second derivatives, ``[..., d, d, d]``.
        """
        return full(self._curvature(*components(_array(x))), np.shape(x)[:-1])

    def inside(self, x: Array) -> Bools:
        """Return whether x is in the chart's domain: by default everywhere.

        Args:
            x: The points, ``[..., d]``.

        Returns:
            Truth values, ``[...]``.
        """
        good = np.isfinite(x).all(-1)
        points = x if x.ndim > 1 else x[None]  # arrays answer where floats raise
        with np.errstate(all="ignore"):
            for condition in self._inside(*components(points)):
                good = good & condition
        return np.reshape(good, x.shape[:-1])

    def _inside(self, *x: Any, **named: Any) -> Vector:
        """The conditions that the components of a finite point in the domain meet."""
        return ()

    def _forward(self, *x: Any, **named: Any) -> Vector:
        raise NotImplementedError(f"{type(self).__name__} does not state its forward map")

    def _inverse(self, *theta: Any, **named: Any) -> Vector:
        raise NotImplementedError(f"{type(self).__name__} does not state its inverse map")

    def _jacobian(self, *x: Any, **named: Any) -> Matrix:
        return tuple(each.grad for each in variables_through(self._forward, x, second=False))

    def _curvature(self, *x: Any, **named: Any) -> tuple[Matrix, ...]:
        return tuple(symmetric(*each.hessian) for each in variables_through(self._forward, x))

    def __repr__(self) -> str:
        return f"<chart {self.name}: {self.latex}>"


class Composed(Chart):
    """θ = f(g(x)): J = J_f J_g and ∇²θ_k = J_gᵀ ∇²f_k J_g + Σ_m (∂f_k/∂g_m) ∇²g_m."""

    varying = ("outer", "inner")

    def __init__(self, outer: Chart, inner: Chart) -> None:
        self.outer, self.inner = outer, inner
        self.name = f"{outer.name} then {inner.name}"
        self.latex = f"{outer.latex},\\; {inner.latex}"
        self.domain = "; ".join(filter(None, (outer.domain, inner.domain)))

    def names(self, symbols: tuple[str, ...]) -> tuple[str, ...]:
        """Return the inner chart's names for those of the outer one."""
        return self.inner.names(self.outer.names(symbols))

    def inside(self, x: Array) -> Bools:
        """Whether x is in the inner chart's domain, and its image in the outer one's."""
        with np.errstate(all="ignore"):
            return self.inner.inside(x) & self.outer.inside(self.inner.forward(x))

    def _inside(self, *x: Any) -> Vector:
        between = self.inner._forward(*x)
        return (
            *self.inner._inside(*x), *map(finite, between), *self.outer._inside(*between)
        )  # fmt: skip

    def _forward(self, *x: Any) -> Vector:
        return self.outer._forward(*self.inner._forward(*x))

    def _inverse(self, *theta: Any) -> Vector:
        return self.inner._inverse(*self.outer._inverse(*theta))

    def _jacobian(self, *x: Any) -> Matrix:
        return matmul(self.outer._jacobian(*self.inner._forward(*x)), self.inner._jacobian(*x))

    def _curvature(self, *x: Any) -> tuple[Matrix, ...]:
        between, slope = self.inner._forward(*x), self.inner._jacobian(*x)
        found: list[Matrix] = []
        for row, second in zip(
            self.outer._jacobian(*between), self.outer._curvature(*between), strict=True
        ):
            matrix = congruent(slope, second)
            for weight, own in zip(row, self.inner._curvature(*x), strict=True):
                matrix = add(matrix, own, weight)
            found.append(matrix)
        return tuple(found)


def _array(x: ArrayLike) -> Numeric:
    return x if is_tensor(x) else np.asarray(x, float)


def _packed(parts: Vector) -> Numeric:
    tensor = next((p for p in parts if is_tensor(p)), None)
    if tensor is None:
        return pack(parts)
    return sys.modules["torch"].stack(tuple(parts), -1)
