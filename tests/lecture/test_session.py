"""The answer to an ask: complete, stateless, honest, and never an exception."""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from natgrad_core import charts, problems, rules, run
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.session import Live
from natgrad_lecture.text.languages import ENGLISH
from tests.fuzz.texts import anything
from tests.support.answers import KINDS, unpack
from tests.support.features import kinds_of_problem


@pytest.fixture
def live() -> Live:
    return Live(lessons["coordinates"])


def test_the_paths_sent_are_the_engines_own(live: Live) -> None:
    answer, data = live.respond({"ask": 1, "set": {"matrix": [[2, 1], [0, 0.5]], "rate": 0.01}})
    arrays = unpack(answer, data)
    problem, chart = problems["normal"](), charts["linear"]([[2, 1], [0, 0.5]])
    for name in ("gradient", "newton", "natural"):
        rule = rules[name](rate=0.01)
        in_theta = run(problem, rule, problem.start, 200).theta
        in_x = run(problem.through(chart), rule, chart.inverse(problem.start), 200).theta
        drawn = {
            (t["plane"], t["dash"]): arrays[t["points"]]
            for t in answer["traces"]
            if t["kind"] == "path" and t["rule"] == name
        }
        np.testing.assert_allclose(drawn["theta", "solid"], in_theta, rtol=1e-6)
        np.testing.assert_allclose(drawn["x", "dashed"], in_x, rtol=1e-6)
        np.testing.assert_allclose(drawn["theta", "dashed"], chart.forward(in_x), rtol=1e-6)
        np.testing.assert_allclose(drawn["x", "solid"], chart.inverse(in_theta), rtol=1e-6)


def test_an_answer_depends_on_the_ask_alone(live: Live) -> None:
    answer, data = live.respond({"ask": 1, "set": {"shear": 1.2, "rate": 0.05}})
    other = Live(lessons["coordinates"])
    again, same = other.respond({"ask": 1, "state": json.loads(json.dumps(answer["state"]))})
    assert again == answer
    assert same == data


def test_every_buffer_is_aligned_and_inside_the_data(live: Live) -> None:
    answer, data = live.respond({"ask": 1})
    for kind, shape, offset in answer["buffers"].values():
        assert offset % 8 == 0
        assert offset + np.dtype(KINDS[kind]).itemsize * int(np.prod(shape)) <= len(data)


def test_no_move_of_a_slider_opens_a_file_or_inspects_a_signature(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are the same for all answers, and took a tenth of the time of one."""
    for ask in range(2):  # what is looked up once is known then
        live.respond({"ask": ask, "lang": "zh", "set": {"rate": 0.03 + 0.001 * ask}})
    seen: list[str] = []
    inspected = inspect.signature
    monkeypatch.setattr(inspect, "signature", lambda it: seen.append(f"{it}") or inspected(it))
    watched = set(TOUCHED)
    sys.addaudithook(lambda event, _: seen.append(event) if event in watched else None)
    try:
        for ask, language in enumerate(("", ENGLISH, "zh"), 2):
            live.respond({"ask": ask, "lang": language, "set": {"rate": 0.03 + 0.001 * ask}})
    finally:
        watched.clear()  # A hook stays until the process ends.
    assert not seen


TOUCHED = {"open", "os.listdir", "os.scandir", "glob.glob"}
"""Events of Python's audit hooks that say that a file or a folder is looked into."""


def test_what_the_page_still_has_is_not_sent_again(live: Live) -> None:
    first, data = live.respond({"ask": 1})
    have = sorted({t["cache"] for t in first["traces"] if "cache" in t})
    assert have
    again, less = live.respond({"ask": 2, "have": have, "set": {"rate": 0.03}})
    assert len(less) < len(data) - 20_000
    assert not any(name.startswith(tuple(have)) for name in again["buffers"])


def test_what_is_looked_at_is_run_by_the_engine_and_the_state_stays() -> None:
    live = Live(lessons["robustness"])
    first, _ = live.respond({"ask": 1, "set": {"stretch": 2.5}})
    place = {"rule": "natural", "cell": [0.3, 100.0]}
    looked, data = live.respond({"ask": 0, "state": first["state"], "look": place})
    assert set(looked) == {"answer", "looked", "buffers"}, "a class is not shown it"
    assert live.store.state.plain() == first["state"]
    arrays = unpack(looked, data)
    runs = {t["dash"]: arrays[t["points"]] for t in looked["looked"]}
    there, of_it = live.respond({"ask": 2, "state": first["state"], "set": place})
    drawn = unpack(there, of_it)
    paths = [t for t in there["traces"] if t["kind"] == "path"]
    assert {t["rule"] for t in paths} == {"natural"}
    assert len(paths) == len(looked["looked"]) > 0
    for trace in paths:
        np.testing.assert_array_equal(runs[trace["dash"]], drawn[trace["points"]])
    assert len(data) < len(of_it) / 4, "no map is sent again"


@pytest.mark.parametrize("look", [{"rate": -1}, {"rule": "none"}, {"cell": "x"}, [], None])
def test_a_look_at_what_cannot_be_is_refused_in_silence(look: Any) -> None:
    live = Live(lessons["robustness"])
    state = live.respond({"ask": 1})[0]["state"]
    reply, data = live.respond({"ask": 0, "state": state, "look": look})
    assert reply["answer"] == 0
    assert data == b"" or isinstance(look, list | type(None)), "the state itself can be run"
    assert live.store.state.plain() == state


def test_a_link_and_a_reset_restore_what_they_say(live: Live) -> None:
    answer, _ = live.respond({"ask": 1, "query": "?v=1&rate=0.5&A=1,1,1,1"})
    assert answer["state"]["rate"] == 0.5
    assert "singular" in answer["dropped"][0]
    answer, _ = live.respond({"ask": 2, "reset": True})
    assert answer["state"] == lessons["coordinates"].default.plain()
    assert answer["query"] == ""


def test_a_diverging_path_is_sent_broken_and_said_in_words(live: Live) -> None:
    answer, data = live.respond({"ask": 1, "set": {"rate": 0.5, "rules": ["gradient"]}})
    arrays = unpack(answer, data)
    path = next(t for t in answer["traces"] if t["kind"] == "path")
    assert np.isnan(arrays[path["points"]][-1]).all()
    assert "left the domain" in answer["notes"]["gradient"]
    json.dumps(answer["state"])


def test_bad_input_is_said_beside_its_control_and_the_picture_stays(live: Live) -> None:
    good, _ = live.respond({"ask": 1, "set": {"rate": 0.03}})
    answer, data = live.respond({"ask": 2, "state": good["state"], "set": {"damping": -1}})
    assert "λ" in answer["errors"]["damping"]
    assert answer["state"] == good["state"]
    assert data


@pytest.mark.slow
@pytest.mark.covering(problem=kinds_of_problem)
@pytest.mark.parametrize(
    "name", [name for name, lesson in lessons.items() if hasattr(lesson.default, "problem")]
)
@pytest.mark.parametrize("problem", problems)
def test_any_problem_of_the_registry_asked_for_by_hand_has_a_picture_or_is_refused(
    name: str, problem: str
) -> None:
    """A control offers what suits its lesson; a link may ask for any."""
    live = Live(lessons[name])
    for ask in ({"set": {"problem": problem}}, {"query": f"v=1&problem={problem}"}):
        answer, _ = live.respond({"ask": 1, "state": live.lesson.default.plain(), **ask})
        shown = answer["state"]["problem"]
        assert shown == problem or answer["errors"] or answer["dropped"]
        assert "picture" not in answer["errors"].get("problem", "")  # refused at once


@pytest.mark.parametrize("sigma", [5e-324, 1e-300, 1e-17, 3e-16])
@pytest.mark.parametrize(
    ("name", "turned"),
    [
        ("coordinates", {"rotation": 40}),
        ("coordinates", {"rotation": 170}),
        ("newton", {"bend": 0.7}),
        ("robustness", {"angle": 40}),
        ("playground", {"chart": "bend"}),
        ("natural-gradient", {}),
    ],
)
def test_a_start_at_the_domain_s_very_edge_has_a_picture_or_a_word_beside_it(
    name: str, turned: dict[str, Any], sigma: float
) -> None:
    """There the loss may be past all numbers; or the start, written in x, is rounded out of it."""
    live = Live(lessons[name])
    good, _ = live.respond({"ask": 1, "set": {"problem": "normal", **turned}})
    answer, _ = live.respond({"ask": 2, "state": good["state"], "set": {"start": (5.2, sigma)}})
    live.respond({"ask": 3, "state": answer["state"], "fine": 3})
    assert (answer["state"] == good["state"]) == ("start" in answer["errors"])
    if sigma < 1e-200:
        assert "past all numbers" in answer["errors"]["start"]


def test_a_start_that_is_rounded_out_of_the_domain_in_x_is_told_so(live: Live) -> None:
    for rotation, start in ((0, (5.2, 1e-17)), (40, (5.2, 1e-17))):
        answer, _ = live.respond({"ask": 1, "set": {"rotation": rotation, "start": start}})
    assert "rounded out" in answer["errors"]["start"]


def test_the_lines_of_the_other_coordinates_follow_a(live: Live) -> None:
    for matrix in (((1.0, 0.8), (0.0, 1.0)), ((2.0, 0.0), (0.5, 1.0)), ((1.0, 0.8), (0.0, 1.0))):
        answer, data = live.respond({"ask": 1, "set": {"matrix": matrix}})
        (grid,) = [t for t in answer["traces"] if t["style"] == "grid" and t["plane"] == "x"]
        in_theta = unpack(answer, data)[grid["points"]] @ np.array(matrix).T
        begin, end = in_theta[::2], in_theta[1::2]
        assert len(begin) > 5
        assert np.isclose(begin, end, rtol=1e-4, atol=1e-4).any(-1).all(), "each has one θ fixed"


def test_a_link_to_what_does_not_go_together_says_which_part_was_left_out() -> None:
    live = Live(lessons["natural-gradient"])
    answer, _ = live.respond({"ask": 1, "query": "v=1&k=3&problem=mixture&rate=0.3"})
    (said,) = answer["dropped"]
    assert said.startswith("problem does not go with the rest: mixture has no positive second")
    assert answer["state"] == {**live.lesson.default.plain(), "k": 3, "rate": 0.3}
    mixed, _ = live.respond({"ask": 2, "set": {"problem": "mixture"}})
    answer, _ = live.respond({"ask": 3, "state": mixed["state"], "set": {"chart": "log-scale"}})
    assert "no positive second parameter" in answer["errors"]["chart"]
    assert answer["state"] == mixed["state"]


def test_a_prediction_is_kept_and_answered_by_the_engine(live: Live) -> None:
    lesson = live.lesson
    name, asked = next(iter(lesson.questions.items()))
    first, _ = live.respond({"ask": 1})
    assert first["revealed"] == {}
    answer, _ = live.respond({"ask": 2, "set": {**asked.set, "answers": [f"{name}:0"]}})
    assert answer["revealed"][name]["chosen"] == 0
    assert answer["revealed"][name]["right"] == lesson.truth(name)
    assert f"said={name}:0" in answer["query"]
    after, _ = live.respond({"ask": 3, "state": answer["state"], "set": lesson.presets[0].set})
    assert after["revealed"] == answer["revealed"], "a preset does not forget what was said"
    shown, _ = live.respond({"ask": 4, "set": {"answers": [f"{name}:"]}})
    assert shown["revealed"][name] == {"chosen": None, "right": lesson.truth(name)}


@pytest.mark.parametrize("problem", ["normal", "logistic-regression"])
@pytest.mark.parametrize("rule", rules)
def test_every_rule_runs_or_says_beside_its_control_why_it_cannot(
    live: Live, rule: str, problem: str
) -> None:
    answer, data = live.respond({"ask": 1, "set": {"problem": problem, "rules": [rule]}})
    assert data
    if "rules" in answer["errors"]:
        assert problem in answer["errors"]["rules"]
        assert list(answer["state"]["rules"]) == ["gradient", "newton", "natural"]
    else:
        assert [reading["rule"] for reading in answer["meter"]] == [rule]
        assert set(page_data(lessons["coordinates"])["styles"]) >= {
            t["style"] for t in answer["traces"]
        }


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | anything(8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything(8), inner),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    [
        "rate",
        "damping",
        "kind",
        "steps",
        "rules",
        "problem",
        "start",
        "start.0",
        "start.x",
        "k",
        "matrix",
        "matrix.0.0",
        "matrix.:.1",
        "rotation",
        "stretch1",
        "shear",
        "nonsense",
    ]
)


@pytest.mark.slow
@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.dictionaries(FIELDS, JUNK, max_size=3))
def test_no_set_raises_and_the_state_stays_good(changes: dict[str, Any]) -> None:
    live = Live(lessons["coordinates"])
    live.store.set({"steps": 2})
    before = live.store.state
    live.store.set(changes)
    assert before.with_(**live.store.state.plain()) == live.store.state


@pytest.mark.parametrize("query", ["start=4,5", "start=400,500", "problem=mixture&start=4,5"])
def test_a_run_that_diverges_leaves_its_graph_a_range(query: str) -> None:
    far = Live(lessons["singular"])
    answer, _ = far.respond({"ask": 1, "state": {}, "set": {}, "have": [], "query": query})
    graph = next(plane for plane in answer["planes"] if plane["name"] == "graph")
    assert all(len(marks) > 1 for marks in graph["ticks"])


@pytest.mark.parametrize("gradient", [[0.0, 0.0], [1e-308, 1e-308], [0.0, 1e-12]])
def test_a_gradient_too_short_to_have_a_direction_is_refused(gradient: list[float]) -> None:
    live = Live(lessons["steepest-descent"])
    answer, _ = live.respond({"ask": 1, "state": {}, "set": {"gradient": gradient}, "have": []})
    assert "no direction is steeper" in answer["errors"]["gradient"]
    assert answer["values"]["gradient.1"] == 1.0


def test_numbers_in_what_is_said_are_written_as_on_the_page() -> None:
    live = Live(lessons["coordinates"])
    ask = {"ask": 1, "state": {}, "set": {"start.1": -3.0}, "have": []}
    said = live.respond(ask)[0]["errors"]["start.1"]
    assert "σ = −3" in said
    assert "-" not in said
