"""The controls; their labels stand in text.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from natgrad_core import charts, metrics, problems
from natgrad_core.core.damping import ALL_KINDS
from natgrad_core.core.rule import SINGULAR
from natgrad_core.datasets import tables
from natgrad_core.expressions.grammar import usage
from natgrad_lecture import controls as panels
from natgrad_lecture.lessons.playground.state import (
    BEYOND,
    BY_METRIC,
    GRAPHS,
    MOST_STARTS,
    PROBLEMS,
    READINGS,
    RULES,
)
from natgrad_lecture.lessons.playground.typed_problem import SOURCES, TYPED
from natgrad_lecture.state import item_options
from natgrad_lecture.state.items import OWN
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

_FIRST = ("gradient", "newton", "natural", BY_METRIC)


def _named(names: Iterable[str]) -> list[dict[str, Any]]:
    """Items of a registry, called by their names unless text.md says otherwise."""
    return [{"value": n, "label": n.replace("-", " ")} for n in names]


def controls() -> list[dict[str, Any]]:
    """The controls, in groups."""
    mine = [["problem", [OWN]]]
    order = (*_FIRST, *(n for n in RULES if n not in _FIRST))
    names = [
        {**option, "help": problems[n].title} if (n := option["value"]) in problems else option
        for option in _named(PROBLEMS)
    ]
    window = [panels.number(f"window.{i}", 0.1) for i in range(4)]
    return [
        panels.group(
            "what",
            panels.choice("problem", names),
            panels.text("plane", when=[["problem", list(BEYOND)]]),
            panels.text("text", rows=2, when=mine, help=usage()),
            panels.choice("reads", READINGS, when=[*mine, ["source", [TYPED, *tables()]]]),
            panels.text("names", when=mine),
            panels.choice("source", _named(SOURCES), when=mine),
            panels.text("typed", rows=3, file=True, when=[*mine, ["source", [TYPED]]]),
            *item_options.controls("problem"),
            *panels.start(),
            panels.button("fit"),
            panels.button("fit-paths"),
            *window,
            panels.slider("starts", 1, MOST_STARTS, 1),
        ),
        panels.group(
            "chart",
            panels.choice("chart", _named(charts)),
            *item_options.controls("chart"),
            panels.choice("metric", _named(metrics)),
            *item_options.controls("metric"),
            panels.choice("graph", GRAPHS),
        ),
        panels.group(
            "descent",
            panels.choose_rules(order),
            panels.slider("rate", 0.001, 2, 0.001, scale="log"),
            panels.slider("damping", 0, 100, 0.001, scale="log"),
            panels.choice("kind", ALL_KINDS),
            panels.choice("singular", _named(SINGULAR)),
            panels.slider("steps", 1, 400, 1),
        ),
    ]


def idle(model: Any) -> dict[str, str]:
    """Return the controls that change nothing, and why."""
    found = panels.idle_damping(model)
    if model.state.chart == "identity" and "kind" not in found:
        found["kind"] = say("idle-kind")
    pairs = model.paired_runs.values()
    if model.state.singular == "diverge" and all(
        run.ok.all() for pair in pairs for run in (pair.in_theta, pair.in_x)
    ):
        found["singular"] = say("idle-singular")
    return found
