"""A problem evaluated at a point: what a metric and a rule see.

Each quantity is computed when it is first needed and then kept, because a rule and its metric often
need the same one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natgrad_core.linalg.small_matrices import eye
from natgrad_core.types import Matrix, Vector

if TYPE_CHECKING:  # a problem makes its evaluations, and each refers to its problem
    from natgrad_core.core.problem import Problem


class At:
    """A problem at a point (or a batch), by components.

    Nothing is checked, because this is used inside the loop. Outside the domain the numbers are
    meaningless, and ``run`` marks such points as not ok.

    Args:
        problem: The problem.
        theta: The point, by components.
    """

    __slots__ = ("_fisher", "_grad", "_hessian", "problem", "theta")

    def __init__(self, problem: Problem, theta: Vector) -> None:
        self.problem = problem
        self.theta = theta
        self._grad: Vector | None = None
        self._hessian: Matrix | None = None
        self._fisher: Matrix | None = None

    @property
    def grad(self) -> Vector:
        """∇J, a covector."""
        if self._grad is None:
            self._grad = self.problem._grad(*self.theta)
        return self._grad

    @property
    def hessian(self) -> Matrix:
        """∇²J."""
        if self._hessian is None:
            self._hessian = self.problem._hessian(*self.theta)
        return self._hessian

    @property
    def fisher(self) -> Matrix:
        """F, a tensor."""
        if self._fisher is None:
            self._fisher = self.problem._fisher(*self.theta)
        return self._fisher

    def flat(self) -> Matrix:
        """Return the identity of the problem's own coordinates as a tensor.

        Returns:
            I by rows; in a chart JᵀJ.
        """
        return eye(len(self.theta))
