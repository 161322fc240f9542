"""What is drawn and said of a step is what the engine computed, in whatever state a reader sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from natgrad_core.types import Array
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.after_kfac.model import Model
from natgrad_lecture.lessons.after_kfac.state import KINDS, METHODS
from natgrad_lecture.session import Live
from natgrad_lecture.text.catalogs import words

FIELD = {"after-kfac": "methods", "approximations": "matrices"}
DATA = {"after-kfac": "digits", "approximations": "wine"}
"""Where a step can raise the loss."""

SOME = {
    "after-kfac": [METHODS, ("exact", "kfac", "soap"), ("adam",)],
    "approximations": [("exact", "kfac", "euclidean"), ("exact", "block", "diagonal"), ("kfac",)],
}


def shown(live: Live, **sets: Any) -> tuple[Mapping[str, Any], dict[str, Array]]:
    """The whole answer to what is set on the lesson's default, and its arrays."""
    fresh = type(live)(live.lesson)
    answer, data = fresh.respond({"ask": 1, "state": {}, "set": sets})
    for n in range(100):
        if "more" not in answer:
            break
        again = {"ask": 2 + n, "state": answer["state"], "set": {}, "fine": answer["more"]}
        answer, data = fresh.respond(again)
    live.store = fresh.store
    arrays: dict[str, Array] = {}
    for name, (kind, shape, begin) in answer["buffers"].items():
        dtype = {"f4": np.float32, "u4": np.uint32, "u1": np.uint8}[kind]
        arrays[name] = np.frombuffer(data, dtype, int(np.prod(shape)), begin).reshape(shape)
    return answer, arrays


@pytest.mark.slow
@pytest.mark.parametrize("name", FIELD)
def test_the_sentences_on_one_step_say_what_its_numbers_say(name: str) -> None:
    """The loss was said to fall most by a step that raised it, or by what rounding preferred."""
    lesson, heard = lessons[name], set[str]()
    live = Live(lesson)
    chinese = words("zh", lesson.folder)
    for after in (0, 5, 30):
        for damping in (1e-6, 1e-2, 100.0):
            for chosen in SOME[name]:
                sets = {FIELD[name]: list(chosen), "after": after, "damping": damping}
                answer, _ = shown(live, **sets, data=DATA[name])
                chart = answer["charts"][0]
                head, rows = chart["table"]["head"], chart["table"]["rows"]
                column = head.index("J falls, nats")
                gains = {row[0]: float(row[column]) for row in rows}
                most = max(gains.values())
                best = [each for each, gain in gains.items() if gain > most - 1e-9 * abs(most)]
                heard.add(chart["say"].split(" by ")[0])
                if most <= 0:
                    assert chart["say"] == "none of these steps lowers the loss"
                else:
                    named = ", and just as much by ".join(best)
                    assert chart["say"] == f"the loss falls most by {named}"
                said = answer["description"].split("; ")
                for sentence, (label, gain) in zip(said, gains.items(), strict=True):
                    assert sentence.startswith(label)
                    assert (" climbs " in sentence) == (gain < 0)
                    assert "−" not in sentence
                for text in (chart["say"], answer["description"]):
                    assert chinese(text) != text
                assert not chinese.missing
    assert len(heard) >= 2, heard


def test_equal_steps_are_named_together() -> None:
    """With a large λ each step is gradient descent's, in all digits that a loss has."""
    answer, _ = shown(Live(lessons["after-kfac"]), after=30, damping=100.0, methods=list(METHODS))
    chart = answer["charts"][0]
    assert chart["say"] == (
        "the loss falls most by exact, and just as much by identity (gradient descent)"
    )
    assert all(float(value) > 0 for row in chart["table"]["rows"] for value in row[2:])


def heights(
    answer: Mapping[str, Any], arrays: Mapping[str, Array], plane: str
) -> dict[str, list[float]]:
    """The numbers at which each style's marks of a graph stand, as its axis has them."""
    low, high, log = next(p["scales"] for p in answer["planes"] if p["name"] == plane)[1]
    found: dict[str, list[float]] = {}
    for trace in answer["traces"]:
        if trace["plane"] == plane and trace["kind"] == "points":
            y = arrays[trace["points"]][:, 1].astype(float)
            assert y.min() >= -1e-6, "below the axis"
            assert y.max() <= 1 + 1e-6, "above the axis"
            values = low * (high / low) ** y if log else low + (high - low) * y
            found.setdefault(trace["style"], []).extend(values.tolist())
    return found


STATES = [
    {"data": "wine", "root": "without", "batch": 300, "after": 0, "stretch": 1000.0},
    {"data": "wine", "kind": "linear", "batch": 300, "after": 5, "stretch": 100.0},
    {"data": "wine", "kind": "units", "batch": 1, "after": 0, "damping": 100.0, "seed": 5},
    {"data": "digits", "kind": "scale", "after": 5, "methods": ["exact", "kfac", "adam"]},
    {"data": "wine", "kind": "linear", "root": "without", "batch": 9, "methods": ["muon", "kfac"]},
]


@pytest.mark.slow
@pytest.mark.parametrize("sets", STATES)
def test_other_parameters_are_drawn_as_they_were_computed(sets: dict[str, Any]) -> None:
    """Angles above 90° were drawn at 90°, and singular values below 10⁻³ at 10⁻³."""
    live = Live(lessons["after-kfac"])
    answer, arrays = shown(live, **{"methods": list(METHODS), **sets}, show="coordinates")
    model: Any = Model(live.store.state)
    turned, values = heights(answer, arrays, "turns"), heights(answer, arrays, "values")
    assert set(turned) == set(values) == set(model.state.methods)
    for name in model.state.methods:
        due = [model.turned(kind)[name] for kind in KINDS]
        assert turned[name] == pytest.approx(due, abs=1e-3)
        there = model.values(name)
        assert values[name] == pytest.approx(there[there > 1e-13], rel=1e-3)
    chart = answer["charts"][0]
    chosen = 1 + KINDS.index(model.state.kind)
    still = sum(float(row[chosen].rstrip("°")) < 1 for row in chart["table"]["rows"])
    assert chart["say"] == (
        f"{still} of {len(model.state.methods)} steps turn by less than a degree"
    )
