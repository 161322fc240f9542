"""The lesson on races: what is kept, what is counted, who is at its end."""

from __future__ import annotations

import math

import pytest

from natgrad_core.nets.training import median, reached
from natgrad_lecture import training
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.export.kinds import EXPORTS
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.race.figure import picture
from natgrad_lecture.lessons.race.state import OPTIONS, RULES, TASKS, TUNED, Racing
from natgrad_lecture.session import Live
from natgrad_lecture.state.link import read_query

SMALL = {"task": "iris", "rules": ["kfac", "gradient"], "count": 2, "budget": 0.05, "width": 4}


def test_every_rule_has_its_options_and_every_task_its_tuned_rates() -> None:
    assert set(RULES) == set(OPTIONS)
    assert set(TUNED) == set(TASKS)
    fields = {name for names in OPTIONS.values() for name in names}
    for task, rates in TUNED.items():
        assert set(rates) == fields - {"alpha", "damping"}, task
        Racing().with_(**Racing().changes("task", task)).whole()


def test_runs_are_kept_by_what_they_are_and_come_back_with_the_link() -> None:
    state = Racing(rules=("adam", "kfac"))
    kept = state.with_(**state.changes("keep", True))
    assert kept.kept == ("adam:32:0.1", "kfac:32")
    assert kept.entry("adam:32:0.1") == ("adam", 32, (0.1,))
    restored, dropped = read_query(kept.query(Racing()), Racing())
    assert (restored, dropped) == (kept, [])
    assert kept.with_(**kept.changes("forget", True)).kept == ()
    assert kept.with_(**kept.changes("task", "wine")).kept == ()
    for bad in ("adam", "adam:32", "adam:2:0.1", "sgd:32:0.1", "adam:32:x"):
        with pytest.raises(ValueError, match="no run"):
            state.with_(kept=(bad,))


def test_a_race_goes_on_until_every_run_is_at_its_end_and_only_whole_rounds_count() -> None:
    live = Live(lessons["race"], EXPORTS)
    answer, _ = live.respond({"ask": 1, "set": SMALL})
    progress = [answer["progress"]]
    while "more" in answer:
        assert live.model.counted <= 2
        answer, _ = live.respond({"ask": 2, "state": answer["state"], "fine": answer["more"]})
        progress.append(answer.get("progress", 1.0))
    assert progress == sorted(progress)
    assert all(live.model.over(run) for runs in live.model.runs.values() for run in runs)
    assert live.model.counted == 2
    rows = {row[0]: row[1:] for row in answer["charts"][0]["table"]["rows"]}
    assert set(rows) == {"K-FAC", "gradient descent"}
    for run in live.model.runs["gradient"]:
        assert run.seconds[-2] < 0.05 or run.losses[-1] <= 1e-4


def test_a_step_that_takes_too_long_is_given_up_and_the_page_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing else is heard while a step is made: with a small λ one took minutes."""
    live = Live(lessons["race"], EXPORTS)
    monkeypatch.setattr(training, "ONE_STEP", 0.0)
    wide = {
        "rules": ["natural", "gradient"],
        "width": 64,
        "damping": 0.5,
        "budget": 0.05,
        "count": 2,
    }
    answer, _ = live.respond({"ask": 1, "set": wide})
    while "more" in answer:
        answer, _ = live.respond({"ask": 2, "state": answer["state"], "fine": answer["more"]})
    said = "natural: one step takes more than 0 s of computing; raise λ, or take a smaller net."
    assert answer["errors"] == {"rules": said}
    assert "natural stuck at step 1" in answer["description"]
    assert live.model.runs["gradient"][0].steps > 1
    script, _ = live.respond({"ask": 2, "state": answer["state"], "export": "python"})
    for seed in (0, 1):
        assert f"rules.natural(1.0, 0.5), {seed}, 0)" in script["exported"]["text"], (
            "no step was made"
        )
    monkeypatch.undo()
    answer, _ = live.respond({"ask": 3, "state": answer["state"], "set": {"damping": 1.0}})
    while "more" in answer:
        answer, _ = live.respond({"ask": 4, "state": answer["state"], "fine": answer["more"]})
    assert not answer["errors"]
    assert live.model.runs["natural"][0].ok


def test_what_is_kept_runs_beside_and_is_drawn_dashed() -> None:
    lesson = lessons["race"]
    seen = lesson.after({**SMALL, "kept": ("gradient:4:0.1",), "count": 1})
    sheet = Sheet()
    picture(seen.to(5), sheet)
    dashes = {trace.get("dash") for trace in sheet.traces if trace["style"] == "gradient"}
    assert dashes >= {"solid", "dashed"}
    assert "width 4 (kept)" in str([trace["name"] for trace in sheet.traces])


def test_medians_count_a_run_that_never_got_there() -> None:
    losses = [[1.0, 0.5, 0.05], [1.0, 0.05], [1.0, 0.9]]
    found = [reached(row, [0.0, 1.0, 2.0], (0.5, 0.1)) for row in losses]
    assert found[0] == {0.5: (1, 1.0), 0.1: (2, 2.0)}
    assert median(found, 0.1) == (2, 2.0)
    assert median(found[1:], 0.01) == (math.inf, math.inf)
