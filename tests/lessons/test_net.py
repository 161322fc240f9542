"""The lesson on nets: settings that change on the way, painting, and runs that are pulled."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from natgrad_core.nets import NetProblem, mlp, plane, rules
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.training import train
from natgrad_lecture.drawing.matrix_map import add_matrix
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.net import model as learning
from natgrad_lecture.lessons.net.figure import spectrum_chart, word_for
from natgrad_lecture.lessons.net.model import COARSE, FINE
from natgrad_lecture.lessons.net.state import ONE_EACH, Taught
from natgrad_lecture.session import Live
from natgrad_lecture.state.link import read_query
from natgrad_lecture.text.lesson_text import phrases
from tests.support.answers import traces_of, unpack


@pytest.fixture
def live() -> Live:
    return Live(lessons["net"])


def ask(live: Live, state: dict[str, Any] | None = None, **more: Any) -> Mapping[str, Any]:
    return live.respond({"ask": 1, "state": state or {}, **more})[0]


SMALL = {"steps": 12, "width": 4, "rules": ["natural", "adam"]}


def test_the_losses_drawn_are_those_of_the_engine_however_they_were_pulled(live: Live) -> None:
    answer = ask(live, set=SMALL)
    while "more" in answer:
        answer = ask(live, answer["state"], fine=answer["more"])
    assert answer["steps"] == answer["shows"] == 12
    problem = NetProblem.of(mlp((2, 4, 4, 2)), plane("moons", 500, 0.1, 0))
    for name, rule in (("natural", rules.natural(1.0, 0.03)), ("adam", rules.adam(0.1))):
        expected = [frame.loss for frame in train(problem, rule, steps=12)]
        np.testing.assert_array_equal(live.model.paths[name]["loss"], expected)


@pytest.mark.parametrize("stretch", [100.0, 1e4])
def test_the_meter_says_the_same_of_what_is_invariant_alone(stretch: float) -> None:
    net = lessons["net"]
    for kind, word in (("pulled-back", "the same"), ("identity", "nearly")):
        said = {"stretch": stretch, "kind": kind, "rules": ("natural",), "steps": 40}
        model = net.model(net.default.with_(**said)).to(40)
        runs = [model.runs["natural", in_x].losses[40] for in_x in (False, True)]
        assert word_for(model.gap("natural", 40)) == word
        assert (abs(runs[0] / runs[1] - 1) < 0.02) == (word == "the same"), runs


def test_a_matrix_stands_for_a_while_as_the_net_learns_and_is_the_last_one_at_rest(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ask(live, set={**SMALL, "show": "fisher", "steps": 60, "seed": 8})
    drawn = []
    while "more" in answer:
        answer = ask(live, answer["state"], fine=answer["more"])
        drawn.append((answer["shows"], answer["planes"][0]["title"].rpartition(" ")[2]))
    assert all(int(matrix_step) <= shown for shown, matrix_step in drawn)
    assert drawn[-1] == (60, "60")
    later = time.monotonic() + 3600  # no matrix of the run so far stands any more
    monkeypatch.setattr(time, "monotonic", lambda: later)
    first = live.model.lately("natural", 30)
    assert live.model.lately("natural", 31) == first == 30, "it was made a moment ago"
    assert live.model.lately("natural", 20) == 20, "no matrix of a step that is yet to come"


@pytest.mark.parametrize("show", ["regions", "outputs"])
def test_no_matrix_is_made_where_none_is_shown(
    live: Live, show: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "operators", None)  # a call would fail
    answer = ask(live, set={**SMALL, "show": show, "steps": 40, "seed": 11})
    while "more" in answer:
        answer = ask(live, answer["state"], fine=answer["more"])
    assert answer["shows"] == 40


def test_regions_are_coarse_while_the_net_learns_and_fine_at_rest(live: Live) -> None:
    answer = ask(live, set={**SMALL, "steps": 900, "seed": 9})
    assert "more" in answer
    assert sizes(answer) == {COARSE}
    held = ask(live, answer["state"], hold=True)
    assert sizes(held) == {FINE}


def sizes(answer: Mapping[str, Any]) -> set[int]:
    """Cells on a side of the regions that are drawn."""
    return {n for t in answer["traces"] if t["kind"] == "heat" for n in t["size"]}


def test_a_step_that_a_link_names_is_shown_and_another_is_asked_for(live: Live) -> None:
    answer = ask(live, query="v=1&k=5&steps=12&width=4")
    assert answer["shows"] == 5
    assert answer["steps"] > 5
    while "more" in answer:
        answer = ask(live, answer["state"], fine=answer["more"])
        assert answer["shows"] == 5
    assert ask(live, {**answer["state"], "k": 3})["shows"] == 3


def test_who_is_at_the_end_stays_there_while_the_runs_grow() -> None:
    first, later = Sheet().step_shown, Sheet(fine=1).step_shown
    assert first(5, 0, 12) == later(5, 3, 12) == 5, "a link names it"
    assert first(40, 0, 12) == 12
    assert later(12, 12, 30) == first(None, 0, 30) == 30
    assert first(12, 12, 30) == 12, "nothing was asked to grow"


def test_a_stopped_run_does_not_grow(live: Live) -> None:
    answer = ask(live, set={**SMALL, "steps": 900, "seed": 3})
    held = ask(live, {**answer["state"], "k": answer["steps"]}, hold=True)
    assert held["steps"] == answer["steps"]
    one = ask(live, {**held["state"], "k": held["steps"]}, hold=True, one=True, fine=1)
    assert one["steps"] == one["shows"] == held["steps"] + 1


def test_going_on_keeps_the_past_and_starting_again_does_not() -> None:
    state = Taught(on_change="onward", k=7)
    onward = state.with_(**state.changes("alpha", 0.5))
    assert onward.past == ((7.0, 1.0, 0.03, 0.1, 0.3, 1.0),)
    assert onward.parts("natural") == ((0, 1.0, 0.03), (7, 0.5, 0.03))
    assert onward.parts("adam") == ((0, 0.1),), "another rule's rate is none of Adam's business"
    again = onward.with_(**onward.changes("alpha", 0.4))
    assert again.parts("natural") == ((0, 1.0, 0.03), (7, 0.4, 0.03)), "one slider, still moving"
    moving = again.with_(k=9)
    moving = moving.with_(**moving.changes("alpha", 0.3))
    assert moving.parts("natural") == ((0, 1.0, 0.03), (7, 0.3, 0.03)), "a few steps on, the same"
    apart = again.with_(k=40)
    apart = apart.with_(**apart.changes("alpha", 0.3))
    assert apart.parts("natural") == ((0, 1.0, 0.03), (7, 0.4, 0.03), (40, 0.3, 0.03))
    later = again.with_(k=9)
    later = later.with_(**later.changes("damping", 0.1))
    assert later.parts("natural") == ((0, 1.0, 0.03), (7, 0.4, 0.03), (9, 0.4, 0.1))
    earlier = later.with_(k=3)
    earlier = earlier.with_(**earlier.changes("alpha", 2.0))
    assert earlier.parts("natural") == ((0, 1.0, 0.03), (3, 2.0, 0.1))
    restored, dropped = read_query(later.query(Taught()), Taught())
    assert (restored, dropped) == (later, [])
    anew = state.with_(on_change="anew")
    assert anew.with_(**anew.changes("alpha", 0.5)).past == ()
    assert later.with_(**later.changes("seed", 4)).past == ()


def test_the_run_goes_on_from_where_the_rate_was_changed(live: Live) -> None:
    first = ask(live, set={**SMALL, "on_change": "onward"})
    while "more" in first:
        first = ask(live, first["state"], fine=first["more"])
    before = list(live.model.run("adam").losses)
    after = ask(live, {**first["state"], "k": 6}, set={"adam": 0.01})
    while "more" in after:
        after = ask(live, after["state"], fine=after["more"])
    now = live.model.run("adam").losses
    assert now[:7] == before[:7]
    assert now[7:] != before[7:]
    assert live.model.run("natural").losses == live.model.run("natural").losses


def test_a_stroke_paints_each_point_once(live: Live) -> None:
    answer = ask(live, set={"data": "painted", "steps": 5})
    assert answer["state"]["points"] == ONE_EACH
    assert all(p["paint"] == "paint" for p in answer["planes"] if p["name"] != "loss")
    stroke = [[0.1, 0.2], [0.3, 0.2]]
    answer = ask(live, answer["state"], set={"brush": 1, "paint": stroke})
    answer = ask(live, answer["state"], set={"paint": [*stroke, [0.5, 0.21]]})
    assert answer["state"]["points"][2:] == ((0.1, 0.2, 1.0), (0.3, 0.2, 1.0), (0.5, 0.21, 1.0))
    restored, dropped = read_query(answer["query"], Taught())
    assert (restored.points, dropped) == (answer["state"]["points"], [])
    assert ask(live, answer["state"], set={"erase": True})["state"]["points"] == ONE_EACH


def test_bad_input_is_said_beside_its_control_and_changes_nothing(live: Live) -> None:
    answer = ask(live, set=SMALL)
    for field, value in (("damping", 0), ("adam", -1), ("paint", [[99, 0]]), ("steps", 5000)):
        again = ask(live, answer["state"], set={field: value})
        assert again["errors"], field
        assert again["state"] == answer["state"]


@pytest.mark.parametrize("first", ["natural", "kfac"])
def test_the_step_of_the_natural_gradient_is_not_written_for_another_method(
    live: Live, first: str
) -> None:
    """The strip had (F + λI)⁻¹ beside the numbers of K-FAC's run."""
    answer = ask(live, set={**SMALL, "rules": [first, "adam"]})
    assert ("step" in answer["shown"]["formulas"]) == (first == "natural")


def test_a_run_that_diverged_is_drawn_to_its_end_and_said(live: Live) -> None:
    answer = ask(
        live, set={**SMALL, "rules": ["gradient"], "gradient": 1e4, "width": 3, "steps": 300}
    )
    while "more" in answer:
        answer = ask(live, answer["state"], fine=answer["more"])
    run = live.model.run("gradient")
    assert run.losses[-1] > 10 * run.losses[0] or not run.ok
    assert "gradient descent" in answer["description"]


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("net", {"rules": ["adam"], "width": 4}),
        ("approximations", {"show": "runs", "data": "wine", "runs": ["exact"]}),
    ],
)
def test_a_run_that_was_trained_further_is_shown_as_far_as_is_asked(
    name: str, runs: dict[str, Any]
) -> None:
    """A preset of fewer steps showed step 60 on its slider and step 200 in its pictures."""
    live = Live(lessons[name])
    for steps in (15, 6):
        answer = ask(live, set={**runs, "steps": steps})
        while "more" in answer:
            answer = ask(live, answer["state"], fine=answer["more"])
        assert answer["steps"] == steps
        losses = [trace for trace in answer["traces"] if trace["plane"] == "loss"]
        assert answer["buffers"][losses[0]["points"]][1] == [steps + 1, 2]


def test_a_net_that_is_certain_of_every_label_has_a_chart_of_no_eigenvalues() -> None:
    zero, some = np.zeros(4), np.array([2.0, 1.0, 0.0])
    none = spectrum_chart({"exact": zero, "kfac": zero}, {}, 3)
    assert none["table"]["rows"] == []
    assert none["say"] == "F is zero to rounding: the net is certain of every label."
    assert len(spectrum_chart({"exact": some, "kfac": zero}, {}, 3)["table"]["rows"]) == 1


def test_the_rank_is_the_number_of_eigenvalues_that_the_spectrum_has() -> None:
    """One line said 18, and the chart of the same matrix 34: each had its own bound of rounding."""
    live = Live(lessons["net"])
    answer = ask(live, set={"show": "fisher", "width": 4, "steps": 80})
    while "more" in answer:
        answer = ask(live, answer["state"], fine=answer["more"])
    (spectrum,) = (chart for chart in answer["charts"] if chart["name"] == "spectrum")
    (exact,) = (row for row in spectrum["table"]["rows"] if row[0] == "F")
    assert exact[-1] == answer["numbers"]["rank"] > 10
    assert re.search("fall from .* to .*×10⁻.*, [0-9]+ of them", spectrum["say"])


@pytest.mark.parametrize("step", [0, 8])
def test_the_eigenvalues_counted_are_those_of_the_scores_in_double_precision(step: int) -> None:
    model = lessons["net"].after({"steps": 8, "rules": ["natural"]}).to(8)
    rows = FisherAt(model.at("natural", step).double).rows()
    exact = torch.linalg.svdvals(rows).square()
    assert model.rank("natural", step) == int((exact > 1e-5 * exact[0]).sum())
    assert int((exact > 1e-14 * exact[0]).sum()) > 2 * model.rank("natural", step), "at least"


def test_one_step_is_not_said_to_be_several() -> None:
    live = Live(lessons["net"])
    assert ask(live, set={"width": 2, "steps": 1})["description"].startswith("at step 1: ")


CERTAIN = {"data": "circles", "damping": 0.01, "rules": ["natural", "adam"], "steps": 60}
"""The natural gradient's run diverges to a net that is certain of every label."""


def test_a_net_that_is_certain_of_every_label_has_pictures_and_numbers_at_every_step(
    live: Live,
) -> None:
    """Where F was zero in single precision its map could not be drawn; near it the page had
    KL = −1.35×10⁻¹⁹¹, and the errors of the approximations were no numbers.
    """
    answer = ask(live, set={**CERTAIN, "show": "fisher"})
    while "more" in answer:
        answer = ask(live, answer["state"], fine=answer["more"])
    zero = set()
    for k in range(61):
        answer = ask(live, {**answer["state"], "k": k})
        assert answer["shows"] == k
        assert not answer["errors"], k
        numbers = answer["numbers"]
        assert all(v is None or np.isfinite(v) for v in numbers.values()), (k, numbers)
        assert all(v == 0 or v > 1e-16 for v in (numbers["kl"], numbers["quadratic"])), k
        titled = "zero to rounding" in answer["planes"][0]["title"]
        charted = "zero to rounding" in answer["charts"][0]["say"]
        assert titled == charted == (numbers["rank"] == 0) == ("error.kfac" not in numbers), k
        zero.add(titled)
    assert zero == {False, True}
    title = ask(live, {**answer["state"], "k": 20}, lang="zh")["planes"][0]["title"]
    assert title == "费希尔矩阵，自然梯度，第 20 步：舍入后为零"


@pytest.mark.parametrize("scale", [0.0, 5e-324, 1e-45, 1e-30, 1.0, 1e30])
def test_the_map_of_a_matrix_has_a_scale_however_small_its_entries_are(scale: float) -> None:
    sheet, say = Sheet(), phrases(learning.__file__)
    with np.errstate(over="raise", invalid="raise"):
        add_matrix(sheet, say, "F", "F", np.diag([scale, 0.0]), scale, [0, 1, 2])
    (heat,) = (trace for trace in traces_of(sheet) if trace["kind"] == "heat")
    low, high, log = heat["colors"]["axis"]
    assert log
    assert 0 < low < high
    assert len(heat["colors"]["ticks"]) > 1


@pytest.mark.parametrize("stretch", [30.0, 1000.0])
@pytest.mark.parametrize("kind", ["pulled-back", "identity"])
def test_the_meter_has_a_bar_only_for_what_it_does_not_call_the_same(
    live: Live, stretch: float, kind: str
) -> None:
    """At step 0 both runs are the same net, and the meter had 6.1e-8."""
    rules = ["natural", "adam", "kfac"]
    answer = ask(live, set={"stretch": stretch, "kind": kind, "rules": rules, "steps": 40})
    while "more" in answer:
        answer = ask(live, answer["state"], fine=answer["more"])
    for k in (0, 1, 5, 20, 40):
        rows = ask(live, {**answer["state"], "k": k})["meter"]
        assert [row["rule"] for row in rows] == rules
        assert all((row["gap"] == 0) == (row["word"] == "the same") for row in rows), (k, rows)
        assert k or {row["word"] for row in rows} == {"the same"}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("net", {"data": "circles", "damping": 1e-4, "alpha": 2.0, "rules": ["natural"]}),
        ("net", {"data": "circles", "damping": 1e-4, "alpha": 50.0, "rules": ["natural", "adam"]}),
        ("net", {"rules": ["gradient"], "gradient": 1e4}),
        ("approximations", {"show": "runs", "data": "wine", "runs": ["fixed"], "damping": 1e-4}),
        ("race", {"task": "iris", "constants": "own", "gradient": 1e4, "rules": ["gradient"]}),
    ],
)
def test_a_loss_that_grows_stays_on_the_plane_of_losses(name: str, changes: dict[str, Any]) -> None:
    """A loss of 8.3e4 lay above an axis that ended at 10⁴, and nothing said so."""
    live = Live(lessons[name])
    answer, data = live.respond({"ask": 1, "set": {**changes, "steps": 60}})
    for _ in range(100):
        if "more" not in answer:
            break
        more = {"ask": 2, "state": answer["state"], "fine": answer["more"]}
        answer, data = live.respond(more)
    assert not answer["errors"].keys() - {"rules"}
    arrays = unpack(answer, data)
    runs = [t for t in answer["traces"] if t["plane"].startswith("loss") and t.get("read")]
    assert runs
    largest = 0.0
    for trace in runs:
        high = arrays[trace["points"]][:, 1]
        assert np.nanmax(high) <= 1 + 1e-6
        assert np.nanmin(high) >= -1e-6
        read = arrays[dict(trace["read"])["loss"]]
        largest = max(largest, float(read[np.isfinite(read)].max()))
    assert largest > 10
