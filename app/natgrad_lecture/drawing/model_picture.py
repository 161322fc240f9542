"""The model beside its parameters: what the points of the plane say of the data.

A wide and low plane, ``model``: bars or points of the data, and over them the density, the
probabilities or the regression at the step shown of each run. What is sent is a row of a few
coefficients a step (natgrad_core/analysis/fitted_curve.py), so that the page plays without asking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from natgrad_core.analysis.fitted_curve import FittedCurve, fitted_curve
from natgrad_core.core.problem import Problem
from natgrad_core.core.trajectory import Trajectory
from natgrad_core.problems.two_state_mdp import TwoStateMDP
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.graph import Axis
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.protocol import Dash, Plane, Tick

NAME = "model"
"""The plane's name."""

WIDE = 3.4
"""How many times as wide as high the plane is."""

_MARKS = 5
"""Of an axis, at most: on a phone both are short."""

_LETTERS = 16
"""Of the marks across, with one space each, at most: before an audience the type is large."""

TITLE = "data and model"

_CHAINS = 3
"""Runs whose states are drawn, at most."""

_VALUES = {"density": "p(y)", "masses": "P(y)"}
_SAYS = {
    "density": "histogram of the data, and over it the density at the step shown",
    "masses": "shares in the data, and over them the probabilities at the step shown",
    "regression": "points of the data, and over them the mean of y at the step shown",
}


def _label(name: str) -> str:
    return str(style(name)["label"])


def add_model(
    sheet: Sheet,
    problem: Problem,
    runs: Mapping[str, Trajectory],
    start: Iterable[float],
    label: Callable[[str], str] = _label,
) -> list[Plane]:
    """Draw the model at each step of these runs, and thinly at their start.

    Args:
        sheet: What it is drawn on.
        problem: The problem, in θ.
        runs: Runs in θ, by rule.
        start: Where they start.
        label: What a run is called.

    Returns:
        The plane; none if the model is not a curve over data.
    """
    if isinstance(problem, TwoStateMDP):
        return [_add_chains(sheet, problem, runs, label)]
    picture = of_problem(problem)
    if picture is None:
        return []
    picture.data(sheet)
    begin = np.asarray([tuple(start)], float)
    first, *rows = picture.coefficients(begin, *(run.good for run in runs.values()))
    picture.add(sheet, "start", "", first, width=1.2)
    for name, found in zip(runs, rows, strict=True):
        picture.add(sheet, name, label(name), found)
    return [picture.plane()]


def _add_chains(
    sheet: Sheet,
    problem: TwoStateMDP,
    runs: Mapping[str, Trajectory],
    label: Callable[[str], str],
) -> Plane:
    """The two states of a decision process side by side for the first runs, at each step."""
    shown = list(runs.items())[:_CHAINS]
    for i, (name, run) in enumerate(shown):
        chances, shares = (np.full((len(run.theta), 2), np.nan) for _ in range(2))
        chances[run.ok] = problem.policy(run.theta[run.ok])
        shares[run.ok] = problem.visits(run.theta[run.ok])
        ends = [WIDE * i / len(shown), WIDE * (i + 1) / len(shown), 0.0, 1.0]
        sheet.add(NAME, "chain", name, label(name), chances=chances, shares=shares, box=ends)
    described = (
        "two states at the step shown: circles as large as the shares of time d₁ and d₂, "
        "arrows as wide as the probabilities p and q of moving, loops as those of staying"
    )
    return picture_of("the two states", described)


def picture_of(title: str, say: str) -> Plane:
    """A model's plane without axes; ``say`` is what it shows, for those who do not see it."""
    return {
        "name": NAME,
        "title": title,
        "labels": ["", ""],
        "view": [0.0, WIDE, 0.0, 1.0],
        "ticks": [[], []],
        "model": True,
        "say": say,
    }


@bounded_cache
def _curve_of(problem: Problem) -> FittedCurve | None:
    """A curve is found once a problem: what is dragged changes its coefficients alone."""
    return fitted_curve(problem)


def densities(curve: FittedCurve) -> Curves:
    """A picture of densities for one outcome y, to which they are added."""
    return Curves(curve, (Axis("y", *curve.window[0]), Axis("p(y)", *curve.window[1])))


def of_problem(problem: Problem) -> Curves | None:
    """A picture of a problem's model, to which its curves are added; None if it has no curve."""
    curve = _curve_of(problem)
    return None if curve is None else Curves(curve, _axes(problem, curve))


def _axes(problem: Problem, curve: FittedCurve) -> tuple[Axis, Axis]:
    """The axes, named by what the problem's own data measure."""
    across, up = curve.window
    names = problem.measured or (("x", "y") if curve.kind == "regression" else ("y",))
    return Axis(names[0], *across), Axis(_VALUES.get(curve.kind) or names[-1], *up)


@dataclass(frozen=True)
class Curves:
    """Curves of one kind on the plane ``model``."""

    curve: FittedCurve
    axes: tuple[Axis, Axis]

    @property
    def _map(self) -> list[float]:
        """From numbers of the axes to the plane."""
        (a, e), (d, f) = (
            (size / (axis.high - axis.low), -size * axis.low / (axis.high - axis.low))
            for axis, size in zip(self.axes, (WIDE, 1.0), strict=True)
        )
        return [a, 0.0, 0.0, d, e, f]

    def data(self, sheet: Sheet) -> None:
        """Draw the data, if there are any: bars, or points."""
        if not len(self.curve.data):
            return
        more = {"size": self.curve.width} if self.curve.width else {}
        sheet.add(NAME, "data", "data", "", points=self.curve.data, map=self._map, **more)

    def fit(
        self,
        sheet: Sheet,
        color: str,
        label: str,
        theta: Array,
        width: float = 2.2,
        dash: Dash = "solid",
    ) -> None:
        """Draw the curve at points ``[n, d]``, one a step; none where one is NaN."""
        (found,) = self.coefficients(theta)
        self.add(sheet, color, label, found, width, dash)

    def coefficients(self, *runs: Array) -> list[Array]:
        """What makes the curves at the points ``[n, d]`` of each run: NaN where one is NaN.

        Where each point has its own, whatever the others are, all runs are computed in one call.
        """
        if not self.curve.exact and len(runs) > 1:
            return [found for run in runs for found in self.coefficients(run)]
        theta = np.concatenate(runs)
        known = np.isfinite(theta).all(-1)
        if known.all():
            rows = self.curve.coefficients(theta)
        else:
            found = self.curve.coefficients(theta[known])
            rows = np.full((len(theta), found.shape[1]), np.nan)
            rows[known] = found
        ends = np.cumsum([len(run) for run in runs])
        return np.split(rows, ends[:-1])

    def add(
        self,
        sheet: Sheet,
        color: str,
        label: str,
        coefficients: Array,
        width: float = 2.2,
        dash: Dash = "solid",
    ) -> None:
        """Draw the curves of these ``coefficients``, one a step."""
        curve = self.curve
        more: dict[str, Any] = {}
        if curve.features is not None and coefficients.shape[1] == curve.features.shape[1]:
            for part in ("features", "offset"):  # sent once for all fits
                more[part] = sheet.array(f"{NAME}.{part}", getattr(curve, part))
        if curve.kind != "regression":
            more["mass"] = float(curve.x[1] - curve.x[0])
        if curve.kind == "masses":
            more["symbol"] = "circle"
        sheet.add(
            NAME,
            "fit",
            color,
            label,
            x=sheet.array(f"{NAME}.x", curve.x),
            coefficients=coefficients,
            response=curve.response,
            width=width,
            dash=dash,
            map=self._map,
            **more,
        )

    def plane(self, title: str = TITLE, say: str = "") -> Plane:
        """The plane of the answer; ``say`` is what it shows, for those who do not see it."""
        across, up = self.axes
        wide: list[Tick] = [(at * WIDE, text) for at, text in _across(across)]
        return {
            "name": NAME,
            "title": title,
            "labels": [across.label, up.label],
            "view": [0.0, WIDE, 0.0, 1.0],
            "scales": [(axis.low, axis.high, axis.log) for axis in self.axes],
            "ticks": [wide, _few(up)],
            "model": True,
            "say": say or _SAYS[self.curve.kind],
        }


def _across(axis: Axis) -> list[Tick]:
    """The marks of the axis across, so few that they do not touch one another."""
    ticks = _few(axis)
    while sum(len(text) + 1 for _, text in ticks) > _LETTERS and len(ticks) > 2:
        ticks = ticks[::2]
    return ticks


def _few(axis: Axis) -> list[Tick]:
    """The marks of an axis, or every second of them."""
    ticks = axis.ticks()
    return ticks[:: 2 if len(ticks) > _MARKS else 1]
