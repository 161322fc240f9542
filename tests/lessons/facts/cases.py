"""The facts by name, and the random cases that they are computed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from natgrad_core.types import Array
from tests.support.states import STATES

Fact = Callable[[], object]

FACTS: dict[str, Fact] = {}
"""What computes each fact."""

RNG = np.random.default_rng(23)
EYE = np.eye(2)


def once(fact: Fact) -> Fact:
    """A fact of one case."""
    FACTS[fact.__name__] = fact
    return fact


def everywhere(fact: Fact) -> Fact:
    """A fact that is computed in several random cases."""
    FACTS[fact.__name__] = lambda: all(fact() for _ in range(STATES))
    return fact


def random_metric(n: int = 2) -> Array:
    """A positive definite matrix."""
    m = RNG.normal(size=(n, n))
    return m @ m.T + 0.2 * np.eye(n)


def cross(a: Any, b: Any) -> float:
    """The area that two vectors span: zero if they are parallel."""
    return abs(float(a[0] * b[1] - a[1] * b[0]))


def slopes(f: Callable[[Array], Any], at: Array, h: float = 1e-5) -> Array:
    """The gradient, or the Jacobian, by central differences."""
    steps = h * np.eye(len(at))
    return np.stack([(np.asarray(f(at + s)) - f(at - s)) / (2 * h) for s in steps], -1)


def second(f: Callable[[Array], Any], at: Array) -> Array:
    """The Hessian by central differences."""
    return slopes(lambda x: slopes(f, x, 1e-4), at, 1e-4)
