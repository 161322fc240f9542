"""How a path ended, in one sentence: at which step, where, and why."""

from __future__ import annotations

import numpy as np

from natgrad_core.core.problem import Problem
from natgrad_core.types import Array, Bools

SINGULAR = 1e-13
"""Below this share of the largest, an eigenvalue of F in unit scale counts as zero."""

CERTAIN = 1e-6
"""Below this mean surprise all outcomes of a discrete model are as good as certain."""


def reason(problem: Problem, path: Array, ok: Bools) -> str:
    """Say how one path ended.

    Args:
        problem: The problem, in the coordinates of the run.
        path: The points, ``[steps + 1, d]``.
        ok: Which of them are good, ``[steps + 1]``.

    Returns:
        A sentence; empty where the path is whole and nothing is wrong with its end.
    """
    last = int(np.flatnonzero(ok)[-1]) if ok.any() else 0
    if _is_certain(problem, path[last]):
        return (
            f"at step {last}, at {_shown(problem, path[last])}, every outcome is certain and the "
            "loss still falls as the parameters grow: the classes are separated, so there is no "
            "finite maximum of the likelihood"
        )
    if ok.all():
        return ""
    where = f"the path ends at step {last + 1}, from {_shown(problem, path[last])}"
    null = _null_direction(problem, path[last])
    if null is not None:
        return (
            f"{where}: F is singular there (nothing changes along {null}); take damping, or leave "
            "out a parameter"
        )
    after = path[last + 1]
    if not np.isfinite(after).all():
        return f"{where}: the step is not finite"
    if not bool(problem.inside(after)):
        return (
            f"{where}: the step leads to {_shown(problem, after)}, where {problem.name} is not "
            f"defined (allowed: {problem.domain}); take a smaller rate, or damping"
        )
    return f"{where}: the loss is no finite number there; take a smaller rate, or damping"


def _is_certain(problem: Problem, point: Array) -> bool:
    """Whether a discrete model gives all its data probability one, to rounding."""
    if not isinstance(problem.support, range) or not len(problem.rows):
        return False
    loss = float(problem.loss(point))
    slope = np.abs(problem.grad(point)).max()
    return 0 <= loss < CERTAIN and slope < CERTAIN and loss < float(problem.loss(0.9 * point))


def _null_direction(problem: Problem, point: Array) -> str | None:
    """The direction along which F is zero, in words; None where there is none, or no F."""
    try:
        f = problem.fisher(point)
    except (TypeError, ValueError):
        return None
    size = np.sqrt(np.abs(np.diag(f)))
    if not np.isfinite(f).all():
        return None
    if not size.all():
        return f"{problem.symbols[int(np.argmin(size))]}"
    values, vectors = np.linalg.eigh(f / np.outer(size, size))
    if values[0] > SINGULAR * values[-1]:
        return None
    direction = vectors[:, 0] / size
    direction = direction / np.abs(direction).max()
    return f"({', '.join(f'{part:.3g}' for part in direction)})"


def _shown(problem: Problem, point: Array) -> str:
    return ", ".join(f"{s} = {v:.4g}" for s, v in zip(problem.symbols, point, strict=True))
