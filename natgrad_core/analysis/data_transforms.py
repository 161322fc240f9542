"""A change of the DATA variable: y = f(x), by name or drawn by hand.

The probability stays where it is, p(x)dx = p(y)dy, so a density is divided by the slope of f. That
is a change of what is measured; a change of the parameters is a chart (natgrad_core.core.chart).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from natgrad_core.types import Array, ArrayLike, Bools, Whole


class Variable:
    """y = f(x) on the real line. ``branches(y)`` are all x with f(x) = y, ``[branches, ...]``."""

    latex: str
    one_to_one: bool = True

    @property
    def kinks(self) -> Array:
        """Where f turns more sharply than elsewhere, ``[n]``: ends of a quadrature's panels."""
        return np.zeros(0)

    def forward(self, x: Array) -> Array:
        """Return f(x).

        Args:
            x: Places, ``[...]``.

        Returns:
            f(x), ``[...]``.
        """
        raise NotImplementedError

    def slope(self, x: Array) -> Array:
        """Return f'(x).

        Args:
            x: Places, ``[...]``.

        Returns:
            f'(x), ``[...]``.
        """
        raise NotImplementedError

    def branches(self, y: Array) -> Array:
        """Return the x with f(x) = y.

        Args:
            y: Values, ``[...]``.

        Returns:
            The places, along a new first axis, ``[branches, ...]``.
        """
        raise NotImplementedError

    def log_densities(self, logs: Sequence[Callable[[Array], Array]], y: ArrayLike) -> list[Array]:
        """Return log p(y) = log Σ p(x) / abs f'(x), the sum over the x with f(x) = y, for several
        p.

        Args:
            logs: log p of x, one function a density.
            y: Values, ``[...]``.

        Returns:
            log p of y for each density, ``[...]`` each.
        """
        x = self.branches(np.asarray(y, float))
        stretch = np.log(np.abs(self.slope(x)))
        terms = [log_p(x) - stretch for log_p in logs]
        return [t[0] if len(t) == 1 else np.logaddexp.reduce(t, 0) for t in terms]


@dataclass(frozen=True)
class Named(Variable):
    """A formula with its slope and its inverse."""

    latex: str
    f: Callable[[Array], Array]
    df: Callable[[Array], Array]
    inverse: Callable[[Array], Array]
    bends: tuple[float, ...] = ()
    one_to_one: bool = True

    @property
    def kinks(self) -> Array:
        """Where the formula changes."""
        return np.array(self.bends)

    def forward(self, x: Array) -> Array:
        """f(x)."""
        return self.f(np.asarray(x, float))

    def slope(self, x: Array) -> Array:
        """f'(x)."""
        return self.df(np.asarray(x, float))

    def branches(self, y: Array) -> Array:
        """The one x, or where f folds both."""
        one = self.inverse(y)
        return one[None] if self.one_to_one else np.stack([one, -one])


_SWEEPS, _SETTLED = 200, 1e-12
"""Over the slopes of a drawn curve: at most so many, until none moves more than this part."""


_BESIDE = 0.25 ** np.arange(1, 4)


class Drawn(Variable):
    """A smooth rising curve through knots (x_i, y_i), straight beyond the first and the last.

    Between two knots it is a ratio of two quadratics, which rises whatever the knots are and can be
    inverted in closed form. The slopes at the knots are those with which its second derivative is
    continuous too. Gregory and Delbourgo 1982; Delbourgo and Gregory 1983.
    """

    latex = r"y = f(x)"

    def __init__(self, x: ArrayLike, y: ArrayLike) -> None:
        self.x, self.y = np.asarray(x, float), np.asarray(y, float)
        if self.x.ndim != 1 or self.x.shape != self.y.shape or self.x.size < 2:
            raise ValueError(
                f"a curve needs two knots or more, x and y of one length; got {x}, {y}"
            )
        if not ((np.diff(self.x) > 0).all() and (np.diff(self.y) > 0).all()):
            raise ValueError(f"the knots of a rising curve must rise in x and in y; got {x}, {y}")

    @property
    def kinks(self) -> Array:
        """The knots, and places between them, closest beside the knots where the slope turns."""
        near = np.concatenate([_BESIDE, [0.5], 1 - _BESIDE])
        between = self.x[:-1, None] + np.diff(self.x)[:, None] * near
        return np.concatenate([self.x, between.ravel()])

    @cached_property
    def _parts(self) -> tuple[Array, Array, Array]:
        """Each piece's width and chord, and the slope at each knot.

        With chords Δ, widths h and slopes d the second derivative to the right of a knot is
        (2/h)(Δ + d − d(d + d₊)/Δ), to the left the same with the sign reversed, and zero beyond
        the ends. Each d solves a quadratic with one positive root; sweep over the knots in turn.
        """
        width = np.diff(self.x)
        chord = np.diff(self.y) / width
        stiff, lean = [0.0, *(1 / (width * chord)).tolist(), 0.0], [0.0, *(chord / width), 0.0]
        pull = [0.0, *(1 / width).tolist(), 0.0]
        slope = [0.0, *np.append(chord, chord[-1]).tolist(), 0.0]
        for _ in range(_SWEEPS):  # in floats: of a handful of knots an array makes no haste
            moved = 0.0
            for i in range(1, self.x.size + 1):
                a, c = stiff[i - 1] + stiff[i], lean[i - 1] + lean[i]
                b = stiff[i - 1] * slope[i - 1] + stiff[i] * slope[i + 1] - pull[i - 1] - pull[i]
                found = (math.sqrt(b * b + 4 * a * c) - b) / (2 * a)
                moved, slope[i] = max(moved, abs(found / slope[i] - 1)), found
            if moved < _SETTLED:
                break
        return width, chord, np.array(slope[1:-1])

    def _piece(self, knots: Array, at: Array) -> tuple[Whole, Bools, Bools]:
        return np.searchsorted(knots[1:-1], at, side="right"), at < knots[0], at > knots[-1]

    def forward(self, x: Array) -> Array:
        """f(x)."""
        x = np.asarray(x, float)
        width, chord, slope = self._parts
        i, before, after = self._piece(self.x, x)
        t = np.clip((x - self.x[i]) / width[i], 0.0, 1.0)
        both = t * (1 - t)
        bending = slope[i] + slope[i + 1] - 2 * chord[i]
        rise = chord[i] * t**2 + slope[i] * both
        inside = self.y[i] + chord[i] * width[i] * rise / (chord[i] + bending * both)
        low = self.y[0] + slope[0] * (x - self.x[0])
        high = self.y[-1] + slope[-1] * (x - self.x[-1])
        return np.where(before, low, np.where(after, high, inside))

    def slope(self, x: Array) -> Array:
        """f'(x)."""
        x = np.asarray(x, float)
        width, chord, slope = self._parts
        i, before, after = self._piece(self.x, x)
        t = np.clip((x - self.x[i]) / width[i], 0.0, 1.0)
        both = t * (1 - t)
        bending = slope[i] + slope[i + 1] - 2 * chord[i]
        top = slope[i + 1] * t**2 + 2 * chord[i] * both + slope[i] * (1 - t) ** 2
        inside = chord[i] ** 2 * top / (chord[i] + bending * both) ** 2
        return np.where(before, slope[0], np.where(after, slope[-1], inside))

    def branches(self, y: Array) -> Array:
        """The root in [0, 1] of a quadratic, in the form that never cancels."""
        y = np.asarray(y, float)
        width, chord, slope = self._parts
        i, before, after = self._piece(self.y, y)
        rise = np.clip(y - self.y[i], 0.0, chord[i] * width[i])
        bending = slope[i] + slope[i + 1] - 2 * chord[i]
        full = chord[i] * width[i]
        a = full * (chord[i] - slope[i]) + rise * bending
        b = full * slope[i] - rise * bending
        c = -chord[i] * rise
        root = np.sqrt(np.maximum(b * b - 4 * a * c, 0.0))
        with np.errstate(all="ignore"):
            t = np.where(b > 0, 2 * c / (-b - root), (root - b) / (2 * a))
        inside = self.x[i] + np.clip(t, 0.0, 1.0) * width[i]
        low = self.x[0] + (y - self.y[0]) / slope[0]
        high = self.x[-1] + (y - self.y[-1]) / slope[-1]
        return np.where(before, low, np.where(after, high, inside))[None]


def _sigmoid(x: Array) -> Array:
    return (1 + np.tanh(x / 2)) / 2


def _slope_of_abs(x: Array) -> Array:
    """Return −1 left of zero, else 1: at zero the density of |x| is the limit from the right."""
    return np.where(x < 0, -1.0, 1.0)


VARIABLES: dict[str, Variable] = {
    "units": Named("y = 2x", lambda x: 2 * x, lambda x: 2.0 + 0 * x, lambda y: y / 2),
    "exp": Named("y = e^x", np.exp, np.exp, np.log),
    "arsinh": Named(
        r"y = \mathrm{arsinh}\, x", np.arcsinh, lambda x: 1 / np.hypot(1.0, x), np.sinh
    ),
    "logistic": Named(
        r"y = 1/(1 + e^{-x})",
        _sigmoid,
        lambda x: _sigmoid(x) * _sigmoid(-x),
        lambda y: np.log(y) - np.log1p(-y),
    ),
    "fold": Named("y = |x|", np.abs, _slope_of_abs, lambda y: y, (0.0,), one_to_one=False),
}
"""By name. All but the last can be undone; that one takes two x to one y."""
