"""What a reader can change, and what the presets set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from natgrad_core.geometry.unit_ball import axes, spd_matrix
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.numbers import significant
from natgrad_lecture.state.fields import BadInput, choice, control, number, numbers, point
from natgrad_lecture.state.items import problem_named
from natgrad_lecture.state.state import State
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

PROBLEMS = ("normal", "gamma", "logistic-regression", "double-well")
"""Problems whose matrix at their start can be the metric: F, or H where there is no model."""


_SOURCES = ("hand", *PROBLEMS)
SHOW = ("shown", "hidden")
_MOST = 1e6


@bounded_cache
def _given(name: str) -> dict[str, Any]:
    """G and ∇J of a problem at its start, and a frame in which both can be seen."""
    problem = problem_named(name)
    start = np.asarray(problem.start, float)
    metric = problem.hessian(start) if name == "double-well" else problem.fisher(start)
    gradient = problem.grad(start)
    eigenvalues, turn = axes(metric)
    size = float(1 / np.sqrt(np.abs(eigenvalues).min()))
    half = significant(1.5 * size, 1)
    arrow = significant(float(0.6 * half / np.linalg.norm(gradient)), 2)
    return {
        "eig": eigenvalues,
        "turn": turn,
        "gradient": tuple(gradient.tolist()),
        "frame": (half, arrow),
    }


def _eigenvalues(value: Any) -> tuple[float, ...]:
    first, second = point("eig", "the eigenvalues", most=_MOST)(value)
    if first < 1e-4:
        raise BadInput(
            "eig.0",
            say("the-first-eigenvalue-is-take-one", first=f"{first:g}"),
        )
    return first, second


def _gradient(value: Any) -> tuple[float, ...]:
    found = point("gradient", "the gradient", most=_MOST)(value)
    if np.hypot(*found) < 1e-9:
        raise BadInput(
            "gradient",
            say("the-gradient-is-zero-or-shorter"),
        )
    return found


def _frame(value: Any) -> tuple[float, ...]:
    half, arrow = point("frame", "the frame", most=_MOST)(value)
    if not (half > 1e-6 and arrow > 1e-6):
        raise BadInput("frame", say("the-frame-s-width-and-its"))
    return half, arrow


@dataclass(frozen=True)
class BallState(State):
    """A metric by its eigenvalues and turn, a gradient, and the reader's direction.

    Where the metric comes ``of`` a problem, that problem's matrix and gradient are in force, until
    one of them is changed by hand.
    """

    eig: tuple[float, ...] = control((0.35, 2.2), "eig", _eigenvalues)
    turn: float = control(
        30.0,
        "turn",
        number("turn", "the turn", -3600, 3600, say.later("take-degrees-say-90-to-90")),
    )
    gradient: tuple[float, ...] = control((0.45, 1.0), "g", _gradient)
    angle: float = control(
        -100.0,
        "angle",
        number("angle", "the direction", -3600, 3600, say.later("take-degrees-180-to-180")),
    )
    show: str = control("shown", "best", choice("show", say.later("way-to-show-it"), SHOW))
    frame: tuple[float, ...] = control((2.4, 1.0), "frame", _frame)
    of: str = control("hand", "of", choice("of", "source of G", _SOURCES))

    def entries(self, name: str) -> Any:
        """What is in force: the problem's numbers, if the metric is a problem's."""
        if self.of != "hand" and name in ("eig", "turn", "gradient", "frame"):
            return _given(self.of)[name]
        return super().entries(name)

    @property
    def metric(self) -> Array:
        """G."""
        return spd_matrix(self.entries("eig"), self.entries("turn"))

    @property
    def tidy_metric(self) -> Array:
        """G as it is printed: an entry that is rounding of the others is zero."""
        metric = self.metric
        small = np.abs(metric) < 1e-10 * np.abs(metric).max()
        return np.where(small, 0.0, np.round(metric, 12))

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """G by its entries, eigenvalues or axes; whatever is bent by hand is no longer a problem's.

        ``axis1`` and ``axis2`` are tips of the ball's half-axes, ``aim`` a point to look at.
        """
        if name == "aim":
            x, y = numbers(name, value)
            return {"angle": float(np.rad2deg(np.arctan2(y, x)))}
        held = {f: self.entries(f) for f in ("eig", "turn", "gradient", "frame")}
        head, _, rest = name.partition(".")
        if head == "metric":
            return {**held, **self._entry(name, rest, value), "of": "hand"}
        if name in ("axis1", "axis2"):
            return {**held, **self._axis(name, value), "of": "hand"}
        if head in held:
            return {**held, **super().changes(name, value), "of": "hand"}
        return (
            {**held, "of": "hand"}
            if (name, value) == ("of", "hand")
            else super().changes(name, value)
        )

    def _entry(self, name: str, place: str, value: Any) -> dict[str, Any]:
        """An entry of G, and its mirror image: G is symmetric."""
        metric = self.metric
        (metric[tuple(map(int, place.split(".")))],) = numbers(name, [value])
        if place in ("0.1", "1.0"):
            metric[0, 1] = metric[1, 0] = float(value)
        eigenvalues, turn = axes(metric, self.entries("turn"))
        if not 1e-4 <= eigenvalues[0] <= _MOST:
            raise BadInput(
                name,
                say(
                    "with-this-entry-g-has-the",
                    eigenvalues=f"{eigenvalues[0]:.3g}",
                    eigenvalues2=f"{eigenvalues[1]:.3g}",
                ),
            )
        return {"eig": tuple(_tidy(v) for v in eigenvalues), "turn": _tidy(turn)}

    def _axis(self, name: str, value: Any) -> dict[str, Any]:
        tip = np.array(numbers(name, value))
        long = float(tip @ tip)
        if not long > 0:
            raise BadInput(name, say("a-half-axis-needs-a-length"))
        which = int(name[-1]) - 1
        eigenvalues = list(self.entries("eig"))
        eigenvalues[which] = float(np.copysign(np.clip(1 / long, 1e-4, _MOST), eigenvalues[which]))
        aim = float(np.rad2deg(np.arctan2(tip[1], tip[0]))) - 90.0 * which
        turn = self.entries("turn")
        turn += (aim - turn + 90.0) % 180.0 - 90.0
        return {"eig": tuple(_tidy(v) for v in eigenvalues), "turn": (turn + 180) % 360 - 180}

    def values(self) -> dict[str, Any]:
        """The fields in force, and the entries of G."""
        shown = super().values()
        for name in ("eig", "turn", "gradient"):
            held = self.entries(name)
            shown[name] = held
            if isinstance(held, tuple):
                shown |= {f"{name}.{i}": part for i, part in enumerate(held)}
        shown["turn"] = (self.entries("turn") + 90.0) % 180.0 - 90.0
        metric = self.tidy_metric
        return {
            **shown,
            **{f"metric.{i}.{j}": float(metric[i, j]) for i in (0, 1) for j in (0, 1)},
        }


def _tidy(value: float) -> float:
    """Without the digits that only a float would invent."""
    return significant(value, 12) if abs(value) > 1e-13 else 0.0


ROUND = {"eig": (1.0, 1.0), "turn": 0.0}
OPEN = {"eig": (1.0, -0.5), "turn": 60.0}
STRIP = {"eig": (1.0, 0.0), "turn": 60.0}
FISHER_STRIP = {**STRIP, "gradient": (0.5, 0.866025403784), "angle": -120.0}
"""∇J at right angles to the strip, as it is where G is a singular Fisher matrix."""
LONG = {"eig": (0.2, 3.0), "turn": 30.0}
PRESETS: dict[str, dict[str, Any]] = {
    "a-bent-ball": {},
    "a-round-ball": ROUND,
    "find-it-yourself": {
        "eig": (3.0, 0.3),
        "turn": 20.0,
        "gradient": (1.0, 0.3),
        "angle": 75.0,
        "show": "hidden",
    },
    "the-natural-gradient": {"of": "gamma", "angle": 120.0},
    "nearly-singular": {"eig": (1.0, 0.06), "turn": 60.0, "gradient": (0.9, -0.1)},
    "a-strip": STRIP,
    "a-hyperbola": OPEN,
    "a-hessian-is-no-metric": {"of": "double-well", "angle": -150.0},
}
"""What each preset sets, by its id in text.md."""
