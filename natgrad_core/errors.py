"""The errors that the library raises on purpose, one vocabulary for the plane and for nets."""

from __future__ import annotations


class OutsideDomain(ValueError):
    """The problem or chart is not defined at these parameters."""


class NoProbabilityModel(TypeError):
    """A Fisher matrix, a KL divergence or a sample of a loss that has no probability model."""


class SingularMetricError(ValueError, ArithmeticError):
    """A metric that cannot be inverted, to rounding, where its inverse is needed."""


class NotFiniteError(ArithmeticError):
    """The loss is not a finite number here, so nothing can be derived from it."""


class UnknownName(KeyError):
    """A name that is not in the registry; the message lists the names that are."""

    def __str__(self) -> str:
        return str(self.args[0])
