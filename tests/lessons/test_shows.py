"""A click on a claim leads where it holds, and what it says shows it is drawn there: not
degenerate, inside its plane, and in the language of the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from natgrad_core.types import Array
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.session import Live
from natgrad_lecture.state.link import read_query
from natgrad_lecture.text.catalogs import spoken, words
from tests.lessons.letters import says
from tests.support.answers import unpack
from tests.support.in_view import in_view

SHOWN = [name for name, lesson in lessons.items() if lesson.order != Lesson.order]
"""The lessons with a place in the lecture: in each of them every claim names what shows it."""

PAIRS = [
    pytest.param(lesson, name, id=f"{lesson.name}:{name}")
    for lesson in lessons.values()
    for name in lesson.claims
]


def clicked(lesson: Lesson, name: str) -> tuple[Live, list[str], list[str]]:
    """The lesson after the click, what of the claim's ``shows`` cannot be seen, and what of it is
    left in English in another language.

    A picture that grows shows it with its second answer; one of training, when it has trained.
    """
    live = Live(lesson)
    changes = page_data(lesson)["claims"][name]["set"]
    answer, data = live.respond({"ask": 1, "set": changes})
    found, left, asked = not_in(answer, data, lesson, name), untranslated(answer, lesson), 1
    while found and "more" in answer and (asked < 2 or lesson.slow):
        asked += 1
        state = answer["state"]
        answer, data = live.respond({"ask": asked, "state": state, "fine": answer["more"]})
        found = not_in(answer, data, lesson, name)
        left += untranslated(answer, lesson)
    return live, found, left


def untranslated(answer: Mapping[str, Any], lesson: Lesson) -> list[str]:
    """What of an answer no other language of the lesson has words for."""
    left: list[str] = []
    for language in lesson.languages[1:]:
        say = words(language, lesson.folder)
        say.missing.clear()
        spoken(dict(answer), say)
        for trace in answer["traces"]:
            spoken({**trace, "name": say(trace["name"])}, say)
        left += sorted(say.missing)
    return left


def not_in(answer: Mapping[str, Any], data: bytes, lesson: Lesson, name: str) -> list[str]:
    """What of the claim's ``shows`` cannot be seen in an answer, each with the reason."""
    claim, text = lesson.claims[name], lesson.text()
    arrays = unpack(answer, data)
    step = answer["steps"] if (k := answer["state"]["k"]) is None else min(k, answer["steps"])
    planes = {plane["name"]: plane["view"] for plane in answer["planes"]}
    formulas = [line.id for line in text.formulas]
    named = [what.removeprefix("plane.") for what in claim.shows if what.startswith("plane.")]
    found = []
    for what in claim.shows:
        if what == "meter":
            good = bool(answer.get("meter"))
        elif what.startswith("formula."):
            shown = answer.get("shown", {}).get("formulas", formulas)
            good = what.removeprefix("formula.") in {*shown} & {*formulas}
        elif what.startswith("plane."):
            good = what.removeprefix("plane.") in planes
        else:
            traces = [
                trace
                for trace in answer["traces"]
                if trace["style"] == what and trace["plane"] in (named or planes)
            ]
            good = any(in_view(trace, arrays, planes[trace["plane"]], step) for trace in traces)
        if not good:
            found.append(what)
    found += unsaid(answer["planes"], (lesson.folder / "text.md").read_text("utf-8"))
    found += [f"the colors of {t['plane']}" for t in answer["traces"] if not has_meaning(t, arrays)]
    return found


def unsaid(planes: Sequence[Mapping[str, Any]], text: str) -> list[str]:
    """The letters of the axes that neither the lesson's text nor a plane's title says.

    The axes of a model are named in words, by its data.
    """
    axes = [plane for plane in planes if not plane.get("model")]
    said = " ".join((text, *(plane["title"] for plane in axes)))

    found = re.findall(
        r"(?<![^\W_])[^\W\d_](?![^\W\d_])",
        " ".join(label for plane in axes for label in plane["labels"]),
    )
    letters = filter(str.isalpha, found)  # the exponent of a unit, ⁴, is none
    return [f"the axis {letter}" for letter in letters if not says(letter, said)]


def has_meaning(trace: Mapping[str, Any], arrays: Mapping[str, Array]) -> bool:
    """Whether a map says what its colors mean: numbers, what is beyond them, and where none is."""
    if trace["kind"] != "heat":
        return True
    if not (scale := trace.get("colors")):
        return False
    low, high, log = scale["axis"]
    notes, cells = scale.get("notes", {}), arrays[trace["cells"]]
    values = cells / 255 if cells.dtype == np.uint8 else cells
    return bool(
        scale["label"]
        and low < high
        and (low > 0 or not log)
        and len(scale["ticks"]) > 1
        and all(-1e-9 <= at <= 1 + 1e-9 for at, _ in scale["ticks"])
        and ("none" in notes or not np.isnan(values).any())
        and ("over" in notes or not (values > scale.get("upto", 1.0) + 1e-6).any())
    )


@pytest.mark.parametrize(("lesson", "name"), PAIRS)
def test_a_claim_holds_where_its_link_leads_and_what_shows_it_is_seen_there(
    lesson: Lesson, name: str
) -> None:
    claim = lesson.claims[name]
    live, unseen, left = clicked(lesson, name)
    there = lesson.state_after(claim.set)
    assert read_query(there.query(lesson.default), lesson.default) == (there, [])
    assert claim.check(live.model if live.model.state == there else lesson.model(there)) is True
    assert unseen == []
    assert left == [], "in another language"


@pytest.mark.parametrize("name", SHOWN)
def test_every_claim_names_what_shows_it(name: str) -> None:
    assert [id for id, claim in lessons[name].claims.items() if not claim.shows] == []


def test_a_letter_on_an_axis_that_nothing_says_is_found() -> None:
    axes = {"title": "a plane", "labels": ["w₀", "log\xa0σ"]}
    assert unsaid([axes], "Here $w_0$ is alone.") == ["the axis σ"]
    assert unsaid([axes], "The weight w, and $\\sigma$.") == []
    assert unsaid([{**axes, "title": "θ = (w₀, σ)"}], "how small") == []


def test_what_is_not_drawn_or_too_small_to_see_is_found() -> None:
    view = [0.0, 1.0, 0.0, 1.0]
    path = {"kind": "path", "plane": "theta", "style": "natural", "points": "p"}
    long = np.array([[0.2, 0.2], [0.5, 0.5]])
    assert in_view(path, {"p": long}, view, 1)
    assert not in_view(path, {"p": long}, view, 0), "one point is no path"
    assert not in_view(path, {"p": 0.2 + long * 1e-4}, view, 1), "too small to see"
    assert not in_view(path, {"p": long + 3}, view, 1), "beyond the plane"
    assert not in_view(path, {"p": long * np.nan}, view, 1)
    ellipse = {"kind": "ellipse-at", "plane": "theta", "style": "natural", "shapes": "s"}
    half = np.array([[0.0, 0.5, 0.3, 0.0, 0.0, 0.2]])
    assert in_view(ellipse, {"s": half}, view, 0), "half of it"
    assert not in_view(ellipse, {"s": half - [[0.31, 0, 0, 0, 0, 0]]}, view, 0)
    assert not in_view(ellipse, {"s": half * [[1, 1, 1e-3, 1, 1, 1e-3]]}, view, 0)


def test_a_map_whose_colors_mean_nothing_is_found() -> None:
    colors = {"label": "steps", "axis": (1.0, 100.0, True), "ticks": [(0.0, "1"), (0.5, "10")]}
    heat = {"kind": "heat", "cells": "c", "colors": colors}
    half = {"c": np.array([0.0, 0.5])}
    assert has_meaning(heat, half)
    assert not has_meaning({"kind": "heat", "cells": "c"}, half), "no scale"
    assert not has_meaning(heat, {"c": np.array([np.nan])}), "no word for what is not a number"
    assert not has_meaning({**heat, "colors": {**colors, "upto": 0.4}}, half), "beyond the scale"
    assert not has_meaning({**heat, "colors": {**colors, "ticks": []}}, half), "no numbers"
    assert not has_meaning({**heat, "colors": {**colors, "axis": (0.0, 1.0, True)}}, half)
