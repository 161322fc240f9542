"""What a run recorded: its points, and what the problem says along them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core.core.charted import Charted
from natgrad_core.core.evaluation import At
from natgrad_core.core.notebook_view import mime_bundle
from natgrad_core.core.path_end import reason
from natgrad_core.core.problem import Problem
from natgrad_core.core.rule import Rule
from natgrad_core.linalg.small_matrices import components, full, pack
from natgrad_core.types import Array, Bools

ROUNDED = 1e-12
"""A KL below this, a difference of numbers near 1, has lost more digits to rounding than ½δᵀFδ, its
leading term, to what it leaves out.
"""


@dataclass(frozen=True)
class Trajectory:
    """A run: every point, and the quantities along it, computed when they are first needed.

    Args:
        problem: The problem.
        rule: The rule.
        theta: The points, in the coordinates of the run, ``[steps + 1, ..., d]``. The first bad
            point of a path is kept; what follows it is NaN.
        ok: Which points are good, ``[steps + 1, ...]``: in the domain, and no bad one before.
    """

    problem: Problem
    rule: Rule
    theta: Array
    ok: Bools

    @property
    def steps(self) -> int:
        """How many updates were made."""
        return len(self.theta) - 1

    @cached_property
    def in_theta(self) -> Array:
        """The same points in the problem's own coordinates, θ = f(x), ``[steps + 1, ..., d]``."""
        if isinstance(self.problem, Charted):
            with np.errstate(all="ignore"):  # the bad point that ends a path may have no image
                return self.problem.chart.forward(self.theta)
        return self.theta

    @cached_property
    def good(self) -> Array:
        """``theta`` with the bad point that ends a diverged path set to NaN as well."""
        return self.theta if self.ok.all() else np.where(self.ok[..., None], self.theta, np.nan)

    @cached_property
    def at(self) -> At:
        """The problem along the path: gradients, Fisher matrices and Hessians, by components."""
        return self.problem.at(components(self.good))

    @cached_property
    def loss(self) -> Array:
        """J along the path, ``[steps + 1, ...]``; NaN from the first bad point on."""
        with np.errstate(all="ignore"):
            return self.problem._loss(*components(self.good))

    @cached_property
    def grad_norm(self) -> Array:
        """‖∇J‖ in the run's coordinates, ``[steps + 1, ...]``."""
        with np.errstate(all="ignore"):
            return np.linalg.norm(pack(self.at.grad), axis=-1)

    @cached_property
    def kl(self) -> Array:
        """KL(p_k ‖ p_{k+1}) of each step in nats, ``[steps, ...]``.

        Of a step so short that the formula's KL is rounding, it is ½δᵀFδ, its leading term.
        """
        with np.errstate(all="ignore"):
            found = self.problem._kl(components(self.good[:-1]), components(self.good[1:]))
            short = np.asarray(found) < ROUNDED
            if not short.any():
                return found
            delta = np.diff(self.good, axis=0)
            fisher = full(self.at.fisher, self.ok.shape)[:-1]
            leading = np.einsum("...i,...ij,...j->...", delta, fisher, delta) / 2
            return np.asarray(np.where(short, leading, found), float)

    def why(self, *index: int) -> str:
        """Say how a path ended: at which step, where and why.

        Args:
            index: Which path, by its place in the leading axes; none where there is one path.

        Returns:
            A sentence, also where a path that did not end shows that there is no finite maximum;
            empty where nothing is wrong.
        """
        with np.errstate(all="ignore"):
            return reason(
                self.problem, self.theta[(slice(None), *index)], self.ok[(slice(None), *index)]
            )

    def __repr__(self) -> str:
        bad = int((~self.ok[-1]).sum())
        end = f", {bad} of {self.ok[-1].size} diverged" if bad else ""
        if self.ok.ndim == 1 and (said := self.why()):
            end = f"; {said}"
        return (
            f"<{self.rule.name} on {self.problem.name}: {self.steps} steps, "
            f"starts {list(self.theta.shape[1:-1])}{end}>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """What a notebook shows: the path over the loss, with ellipses of F, as a picture."""
        return mime_bundle(self)


def gap(path: Array, other: Array) -> Array:
    """Return how far two paths are apart: max_k ‖a_k − b_k‖ relative to the size of ``path``.

    The size is the largest distance from its start. The invariance meter shows this for a run in θ
    and the run in x mapped back. Steps at which one of the paths is NaN do not count.

    Args:
        path: One path, ``[steps + 1, ..., d]``.
        other: The other, of the same shape.

    Returns:
        The relative distance, ``[...]``.

    Raises:
        TypeError: If it is given runs instead of their points.
    """
    for given in (path, other):
        if isinstance(given, Trajectory):
            raise TypeError("gap compares points: give it theta or in_theta of each run")
    both: Bools = np.asarray(np.isfinite(path).all(-1) & np.isfinite(other).all(-1))
    a = np.where(both[..., None], path, path[:1])
    b = np.where(both[..., None], other, path[:1])
    # Scaled first: the square of a size that is still finite may not be.
    unit = np.maximum(np.abs(a).max((0, -1)), np.abs(b).max((0, -1)))
    unit = np.where(unit > 0, unit, 1.0)[..., None]
    a, b = a / unit, b / unit
    size = np.linalg.norm(a - a[:1], axis=-1).max(0)
    apart = np.linalg.norm(a - b, axis=-1).max(0)
    return apart / np.where(size > 0, size, 1.0)
