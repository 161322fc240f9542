"""What the lesson on the natural gradient runs: F to a power, at a fixed rate and at a fixed KL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from natgrad_core import problems
from natgrad_lecture.drawing.graph import Axis
from natgrad_lecture.drawing.numbers import significant
from natgrad_lecture.state.fields import BadInput, choice, control, number, numbers, several
from natgrad_lecture.state.items import ON_A_PLANE, ChartKey, problem_named
from natgrad_lecture.state.runs import Runs
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

FIRST = ("normal", "gamma", "logistic-regression", "two-state-mdp")
PROBLEMS = tuple(
    sorted(
        (n for n in ON_A_PLANE if problems[n].support is not None),
        key=lambda n: (FIRST.index(n) if n in FIRST else len(FIRST), n),
    )
)
"""Every problem of two parameters with a probability model, and so with a Fisher matrix."""

SUITED: dict[str, dict[str, Any]] = {"two-layer-linear": {"damping": 0.02}}
"""What else a problem needs: where F has no inverse, damping."""

RULES = ("natural", "kl-limited", "gradient")

SCALES = ("variance", "log-scale", "precision")
"""Charts of a positive second parameter: of σ they make σ², log σ and 1/σ²."""

CHARTS = ("shear", "bend", *SCALES)

GRAPHS = ("kl", "gap", "map", "sigma")

RATES = Axis("α", 1 / 128, 1 / 2, log=True)
BENDS = Axis("s", 0.03, 1.0, log=True)
"""The axes of the map of gaps; the bend is a share of the strongest one that is shown."""

ONE = ("identity", *SCALES)
"""The coordinates in which one step is looked at, by the charts that make them."""

LONGEST = 12.0
"""Of the flow, in its own time: by then e⁻¹² of the way is left."""


def _positive(name: str) -> bool:
    """Whether the second parameter of a problem is positive by its domain."""
    problem = problem_named(name)
    first, second = problem.start
    return second > 0 and not bool(problem.inside(np.array([first, -second])))


@dataclass(frozen=True)
class Natural(Runs):
    """Runs of −α(F^q + λD)⁻¹∇J, in θ and through a chart, and of the same at a fixed KL."""

    problem: str = control("normal", "problem", choice("problem", "problem", PROBLEMS))
    rules: tuple[str, ...] = control(
        ("natural", "kl-limited"), "rules", several("rules", "rule", RULES)
    )
    q: float = control(
        1.0,
        "q",
        number("q", "the power q", 0, 1, say.later("take-one-from-0-gradient-descent")),
    )
    radius: float = control(
        0.02,
        "r",
        number("radius", "the radius r", 1e-6, 10, say.later("take-one-from-0-000001-to")),
    )
    chart: str = control("log-scale", "chart", choice("chart", "chart", CHARTS))
    graph: str = control("kl", "graph", choice("graph", "graph", GRAPHS))
    bend: float = control(
        1.0, "bend", number("bend", say.later("the-bend"), 0.001, 1, say.later("take-one-up-to-1"))
    )
    """How strong the bend is, as a share of the strongest one that a picture can show."""

    @property
    def strongest(self) -> tuple[float, float]:
        """The strongest bend that a picture of this problem can show: strength and center."""
        wide, high = np.ptp(np.asarray(problem_named(self.problem).view), axis=1).tolist()
        return 1.2 * high / wide**2, sum(problem_named(self.problem).view[0]) / 2

    @property
    def chart_key(self) -> ChartKey:
        """The chart; the shear is as strong as a picture of this problem can show."""
        if self.chart in SCALES:
            return self.chart, ()
        wide, high = np.ptp(np.asarray(problem_named(self.problem).view), axis=1).tolist()
        strength, center = self.strongest
        curved = self.chart == "bend"
        strength, shear = (self.bend * strength, 0.0) if curved else (0.0, 0.8 * high / wide)
        return "bend", (("strength", strength), ("center", center), ("shear", shear))

    def whole(self) -> Self:
        """The state itself if its start, chart and graph are ones that its problem has."""
        if self.chart in SCALES and not _positive(self.problem):
            raise BadInput(
                "chart",
                say("has-no-positive-second-parameter-to", problem=self.problem),
            )
        if self.graph == "sigma" and self.problem != "normal":
            raise BadInput("graph", say("one-step-in-sigma-is-for"))
        if self.graph == "map" and self.chart != "bend":
            raise BadInput("graph", say("the-map-is-of-bends"))
        Runs.whole(replace(self, rules=()))
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """Another problem brings what it needs, and leaves what it lacks. A place on the map is a
        rate and a bend; its run has as many steps as the cell's.
        """
        if name == "cell":
            pairs = zip(numbers(name, value), (RATES, BENDS), strict=True)
            rate, bend = (float(np.clip(v, axis.low, axis.high)) for v, axis in pairs)
            rate = significant(rate, 4)
            return {"rate": rate, "bend": significant(bend, 4), "steps": round(1 / rate)}
        found = super().changes(name, value)
        if name == "graph" and value == "map":
            found["chart"] = "bend"
        if name == "chart" and value != "bend" and self.graph == "map":
            found["graph"] = "gap"
        if name == "problem" and value in PROBLEMS:
            found |= {"damping": 0.0, **SUITED.get(value, {})}
            if self.chart in SCALES and not _positive(value):
                found["chart"] = "bend"
            if self.graph == "sigma" and value != "normal":
                found["graph"] = "kl"
        return found


def _start(sigma: float) -> tuple[float, float]:
    """At the sample's mean, and σ in units of the sample's."""
    problem: Any = problem_named("normal")
    return (float(problem.mean), round(sigma * float(problem.variance**0.5), 4))


FULL = {"rate": 1.0, "steps": 6, "graph": "sigma", "rules": ["natural"], "k": 0}


WIDE, NARROW = _start(1.8), _start(0.62)


OPENING = {"problem": "gamma", "chart": "shear", "rules": ["natural", "gradient"], "k": 12}
"""A problem on which −∇J and −F⁻¹∇J point in clearly different directions."""
MAP: dict[str, Any] = {
    "chart": "bend",
    "graph": "map",
    "rules": ["natural"],
    "rate": 0.1,
    "steps": 10,
    "k": 10,
    "bend": 0.5,
}
PRESETS: dict[str, dict[str, Any]] = {
    "the-natural-gradient": {},
    "from-plain-to-natural": {"q": 0.5, "rules": ["natural"], "rate": 0.02, "steps": 200, "k": 40},
    "one-step-in-σ-σ²-log-σ-1-σ²": {**FULL, "start": WIDE},
    "the-gap-shrinks-with-the-rate": {
        "graph": "gap",
        "rules": ["natural", "gradient"],
        "rate": 0.02,
        "steps": 200,
        "k": 40,
    },
    "the-gap-over-rate-and-bend": MAP,
    "beetles-by-newton": {
        "problem": "logistic-regression",
        "chart": "bend",
        "rate": 1.0,
        "steps": 8,
        "rules": ["natural"],
        "k": 1,
    },
    "kakade-s-two-states": {
        "problem": "two-state-mdp",
        "chart": "bend",
        "k": 10,
        "rules": ["natural"],
    },
    "f-has-no-inverse": {
        "problem": "two-layer-linear",
        "chart": "bend",
        "damping": 0.02,
        "rules": ["natural"],
    },
}
"""What each preset sets, by its id in text.md."""
