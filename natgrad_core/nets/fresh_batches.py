"""The last step evaluated on the next batch, where each step is taken on another batch.

A step δ fits the batch that it was made from, so that batch praises it: its slope there is that of
its own noise, and its curvature is seen only where the batch has some. On the next batch, which
knows nothing of it, the loss along s δ is L(θ) − s a + ½ s² q, with q = δᵀFδ before the step and
a = gain + ½ q from the loss before and after it. Running sums over steps tell two things:

- the share s = Σ a/Σ q of a step that is worth taking: 1 without noise, less the noisier the
  gradients (for a quadratic loss it is the s of the least expected loss);
- whether λ is right. The step was made with the curvature δᵀFδ of its own batch and λ‖δ‖². If Σ q
  is more than both together, λ is too small for what the batches do not know of each other. If
  Σ λ‖δ‖² is more than each of the other sums, λ is too large. No noise of the gradients enters, so
  λ neither vanishes nor grows for ever.

Sums are over full steps: what was taken as a share s of a step counts a/s and q/s².
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from natgrad_core.nets.problem import At
from natgrad_core.nets.step_size import Step

KEEP = 0.95
"""The weight of the sums so far."""

LEAST = 1e-2
"""The smallest share of a step that is taken."""

SHRINK = 0.8
"""What λ is multiplied or divided by after a step."""


@dataclass(frozen=True)
class Fresh:
    """The sums, the last step, and the batch it was made from.

    Attributes:
        batch: The number of examples and the sum of their inputs; empty before the first step.
        change: The last step, ``[p]``.
        own: δᵀFδ of that step, on its own batch.
        damped: λ‖δ‖² of that step.
        share: s of that step, and of the next one.
        slope: Σ a.
        curvature: Σ q.
        owns: Σ δᵀFδ on the steps' own batches.
        dampings: Σ λ‖δ‖².
        factor: What λ is to be multiplied by now.
        varies: Whether this batch is another one than the last.
    """

    batch: tuple[float, ...] = ()
    change: Tensor | None = None
    own: float = 0.0
    damped: float = 0.0
    share: float = 1.0
    slope: float = 0.0
    curvature: float = 0.0
    owns: float = 0.0
    dampings: float = 0.0
    factor: float = 1.0
    varies: bool = False

    @classmethod
    def at(cls, point: At, memory: dict[str, Any]) -> Fresh:
        """Return what is known at a point; the last step is judged there if the batch is another.

        Args:
            point: The point.
            memory: What ``after`` returned for the step before.

        Returns:
            What is known.
        """
        old = cls(**memory)
        batch = point.problem.signature
        varies = bool(old.batch) and batch != old.batch
        if old.change is None or not varies:
            return replace(old, batch=batch, factor=1.0, varies=varies)
        change, s = old.change, old.share
        before = point.after(-change)
        q = before.products([before.tape.push(change)])[0][0]
        a = before.loss - point.loss + q / 2
        slope = KEEP * old.slope + a / s
        curvature = KEEP * old.curvature + q / s**2
        owns = KEEP * old.owns + old.own / s**2
        dampings = KEEP * old.dampings + old.damped / s**2
        share = min(max(slope / curvature, LEAST), 1.0) if curvature > 0 else 1.0
        factor = 1.0
        if curvature > owns + dampings:
            factor = 1 / SHRINK
        elif dampings > max(curvature, owns):
            factor = SHRINK
        return cls(batch, None, 0.0, 0.0, share, slope, curvature, owns, dampings, factor, True)

    def memory(self) -> dict[str, Any]:
        """Return the fields by name, as a rule keeps them from step to step.

        Returns:
            The fields.
        """
        return dict(self.__dict__)

    def after(self, step: Step, grad: Tensor, damping: float) -> dict[str, Any]:
        """Return the memory after a step.

        Args:
            step: The step, with its change ``[p]``.
            grad: ∇J where it starts, ``[p]``.
            damping: λ.

        Returns:
            The memory.
        """
        change = step.change
        taken = bool(change.any())
        return {
            **self.memory(),
            "change": change if taken else None,
            "own": 2 * (-float(grad @ change) - step.promise),
            "damped": damping * float(change @ change),
        }
