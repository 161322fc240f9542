"""A run that has no next step is said beside the choice of runs, on every page with nets."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from natgrad_lecture import training
from natgrad_lecture.drawing.run_messages import remarks
from natgrad_lecture.lessons import lessons
from natgrad_lecture.session import Live

PAGES = {
    "net": ("rules", {"rules": ["natural", "adam"], "steps": 3}, ["natural", "Adam"]),
    "approximations": (
        "runs",
        {"show": "runs", "runs": ["exact", "euclidean"], "data": "moons", "steps": 3},
        ["exact", "identity (gradient descent)"],
    ),
    "race": ("rules", {"task": "iris", "rules": ["kfac"], "budget": 0.05}, ["K-FAC"]),
}


def test_each_is_said_once_with_its_reason_and_what_goes_on_is_not_mentioned() -> None:
    runs = [
        (label, SimpleNamespace(stuck=why))
        for label, why in (("a", "singular"), ("b", ""), ("a", "singular"), ("c", "too slow"))
    ]
    assert remarks("rules", runs) == {"rules": "a: singular.\nc: too slow."}
    assert remarks("rules", runs[1:2]) == {}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_says_it_beside_the_choice(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    field, chosen, labels = PAGES[name]
    live = Live(lessons[name])
    answer, _ = live.respond({"ask": 1, "set": chosen})
    assert not answer["errors"]
    monkeypatch.setattr(training.Course, "stuck", "F has no inverse")
    answer, _ = live.respond({"ask": 2, "state": answer["state"]})
    assert answer["errors"] == {field: "\n".join(f"{x}: F has no inverse." for x in labels)}
