"""Playground: every problem × chart × metric × rule, the reader's own problem included.

What is dropped on a shelf of ``natgrad_core`` is here by itself, with controls for its options.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from natgrad_core import charts, metrics, problems, rules
from natgrad_core.core.damping import ALL_KINDS
from natgrad_core.core.rule import SINGULAR
from natgrad_core.expressions.grammar import usage
from natgrad_lecture import controls as panels
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.playground import item_options as turned
from natgrad_lecture.lessons.playground.figure import INKS, label, picture
from natgrad_lecture.lessons.playground.model import Seen
from natgrad_lecture.lessons.playground.state import (
    BY_METRIC,
    GRAPHS,
    MOST_STARTS,
    PROBLEMS,
    RULES,
    Play,
)
from natgrad_lecture.lessons.playground.typed_problem import NO_DATA, SOURCES, TYPED
from natgrad_lecture.lessons.playground.words import FORMULAS, PRESETS, SECTIONS, lights
from natgrad_lecture.state.state import OWN

_FIRST = ("gradient", "newton", "natural", BY_METRIC)

_WORDS = {
    "identity": "λI",
    "pulled-back": "λJᵀJ",
    "relative": "λ tr G/2",
    "diverge": "stop",
    NO_DATA: "none: a loss",
    TYPED: "typed below",
    "kl": "KL a step",
    OWN: "your own",
}


def _choice(field: str, text: str, names: Iterable[str], **more: Any) -> dict[str, Any]:
    options = [{"value": n, "label": _WORDS.get(n, n.replace("-", " "))} for n in names]
    return {"kind": "choice", "field": field, "label": text, "options": options, **more}


def _controls() -> list[dict[str, Any]]:
    mine = [["problem", [OWN]]]
    order = (*_FIRST, *(n for n in RULES if n not in _FIRST))
    which = {
        "kind": "checks", "field": "rules", "label": "rules",
        "options": [{"value": n, "label": label(n), "ink": n} for n in order],
    }  # fmt: skip
    names = [{"value": n, "label": _WORDS.get(n, n.replace("-", " ")),
              "help": problems[n].title if n in problems else "a line of text"}
             for n in PROBLEMS]  # fmt: skip
    window = [
        {"kind": "number", "field": f"window.{i}", "label": text, "step": 0.1, "when": mine}
        for i, text in enumerate(("mid θ₁", "mid θ₂", "half"))
    ]
    charts_by_name = {**dict.fromkeys(charts), "identity": None}
    _WORDS_CHART = {"identity": "x = θ"}
    chart_options = [{"value": n, "label": _WORDS_CHART.get(n, n.replace("-", " "))}
                     for n in charts_by_name]  # fmt: skip
    return [
        panels.group(
            "what", "The problem",
            {"kind": "choice", "field": "problem", "label": "problem", "options": names},
            {"kind": "text", "field": "text", "label": "log-likelihood of a row, or loss",
             "rows": 2, "when": mine, "help": usage()},
            {"kind": "text", "field": "names", "label": "parameters", "when": mine},
            _choice("source", "data", SOURCES, when=mine),
            {"kind": "text", "field": "typed", "label": "columns", "rows": 2,
             "when": [*mine, ["source", [TYPED]]]},
            *window,
            *turned.controls("problem"),
            *panels.start(),
            panels.slider("starts", "starts", 1, MOST_STARTS, 1),
        ),
        panels.group(
            "chart", "Chart and metric",
            {"kind": "choice", "field": "chart", "label": "chart", "options": chart_options},
            *turned.controls("chart"),
            _choice("metric", "metric G", metrics),
            *turned.controls("metric"),
            _choice("graph", "graph", GRAPHS),
        ),
        panels.group(
            "descent", "Descent",
            which,
            panels.slider("rate", "learning rate α", 0.001, 2, 0.001, scale="log"),
            panels.slider("damping", "damping λ", 0, 100, 0.001, scale="log"),
            _choice("kind", "damping in x", ALL_KINDS),
            _choice("singular", "singular G", SINGULAR),
            panels.slider("steps", "steps", 1, 400, 1),
        ),
    ]  # fmt: skip


lessons.register("playground")(
    Lesson(
        name="playground",
        title="Playground",
        takeaway="Any problem, chart, metric and rule, your own problem included: what depends on "
        "the coordinates splits, what does not stays one path.",
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        see=Seen,
        rules=tuple(rules),
        inks=INKS,
        default=Play(rate=0.02, steps=120, k=12),
        meter="Gap between the two runs",
        order=15,
        lights=lights(),
        sources=("Amari 1998",),
    )
)
