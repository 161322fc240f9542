"""The playground: every item of every registry is there, and nothing that is typed is lost."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from natgrad_core import charts, metrics, problems, rules
from natgrad_core.charts.bend import Bend
from natgrad_core.charts.linear import Linear
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.lessons.playground.state import BY_METRIC, CAVENDISH, PROBLEMS, Play
from natgrad_lecture.session import Live
from natgrad_lecture.state.items import OWN
from natgrad_lecture.state.link import read_query
from tests.support.features import kinds_of_problem

LESSON = lessons["playground"]


@pytest.fixture
def live() -> Live:
    return Live(LESSON)


def ask(live: Live, **changes: Any) -> Mapping[str, Any]:
    """The answer to these changes, each control by its name."""
    dotted = {name.replace("__", "."): value for name, value in changes.items()}
    return live.respond({"ask": 1, "set": dotted})[0]


def fields() -> dict[str, Any]:
    groups = page_data(LESSON)["controls"]
    return {control["field"]: control for group in groups for control in group["controls"]}


@pytest.mark.parametrize(
    "forged",
    [[None] * 4, ["y", "a, b", "no such data", ""], ["y"], ["y" * 10_000, "a", "none", ""]],
)
def test_what_was_typed_before_is_what_could_have_been_typed(live: Live, forged: Any) -> None:
    answer = ask(live, good=forged)
    assert "no problem that was typed before" in answer["errors"]["good"]
    assert answer["state"] == LESSON.default.plain()


def test_every_item_of_every_registry_can_be_chosen() -> None:
    for field, registry in (("chart", charts), ("metric", metrics), ("rules", rules)):
        offered = {option["value"] for option in fields()[field]["options"]}
        assert set(registry) <= offered
    drawn = {n for n, kind in problems.items() if len(kind.symbols) >= 2}
    assert {option["value"] for option in fields()["problem"]["options"]} == drawn | {OWN}


@pytest.fixture
def plain(live: Live, monkeypatch: pytest.MonkeyPatch) -> Live:
    """Without the still layer, which is costly and not looked at here."""
    module = importlib.import_module("natgrad_lecture.lessons.playground.figure")
    for name in ("add_contours", "add_contours_through", "add_lattice"):
        monkeypatch.setattr(module, name, lambda *_: None)
    return live


@pytest.mark.slow
@pytest.mark.covering(problem=kinds_of_problem)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_problem_in_every_chart_shows_a_picture_or_says_why_not(
    plain: Live, problem: str
) -> None:
    seen = set()
    for chart in charts:
        answer = ask(plain, problem=problem, chart=chart, steps=3)
        assert (answer["state"]["problem"], answer["state"]["chart"]) == (problem, chart)
        planes = [plane["name"] for plane in answer["planes"]]
        assert planes in (["theta", "x", "graph"], ["theta", "x", "graph", "model"])
        seen.add(len(planes))
        assert np.isfinite([plane["view"] for plane in answer["planes"]]).all()
        if answer["planes"][1]["title"] == "x: identity" and chart != "identity":
            assert "Shown with x = θ" in answer["errors"]["chart"]
        else:
            assert "chart" not in answer["errors"]
    assert len(seen) == 1, "a problem has a model or has none, in whatever chart it runs"


@pytest.mark.slow
@pytest.mark.covering(problem=kinds_of_problem)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_metric_and_rule_runs_on_every_problem_or_says_why_not(
    plain: Live, problem: str
) -> None:
    live = plain
    ask(live, problem=problem, steps=2, chart="identity")
    for metric in metrics:
        answer = ask(live, metric=metric, rules=[BY_METRIC])
        runs = {reading["rule"] for reading in answer["meter"]}
        assert runs == ({"gradient"} if "metric" in answer["errors"] else {BY_METRIC})
    answer = ask(live, rules=[*rules])
    silent = set(rules) - {reading["rule"] for reading in answer["meter"]}
    assert all(name in answer["errors"]["rules"] for name in silent)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "source"),
    [
        *((text, "none") for text in ("0", "a", "a - a", "a**2")),
        *((text, "hubble") for text in ("3", "a*velocity", "normal_logpdf(velocity, a, 1)")),
    ],
)
def test_a_text_that_some_parameter_does_not_move_has_a_picture_with_every_rule_and_metric(
    plain: Live, text: str, source: str
) -> None:
    ask(plain, problem=OWN, source=source, text=text, steps=5)
    for metric in metrics:
        answer = ask(plain, metric=metric, rules=[BY_METRIC, *rules])
        remark = answer["errors"].get("text", "")
        assert not remark or "read as the log-likelihood" in remark  # it rises without bound
        assert answer["state"]["text"] == text
        assert answer["meter"]


def test_options_are_controls_by_themselves_and_turn_what_they_say(live: Live) -> None:
    spec = fields()["option.chart.bend.strength"]
    assert (spec["kind"], spec["when"]) == ("slider", [["chart", ["bend"]]])
    answer = ask(live, problem="rosenbrock", chart="bend", option__chart__bend__strength=0.25)
    assert answer["values"]["option.chart.bend.strength"] == 0.25
    assert isinstance(live.model.chart, Bend)
    assert live.model.chart.strength == 0.25
    assert "set=chart.bend.strength:0.25" in answer["query"]
    assert ask(live, option__chart__bend__strength=1)["state"]["option_values"] == ()
    ask(live, chart="linear", option__chart__linear__stretch__1=3.0)
    assert isinstance(live.model.chart, Linear)
    np.testing.assert_allclose(live.model.chart.matrix, np.diag([1.0, 3.0]))


def test_which_parameters_a_chart_rewrites_is_chosen_by_their_signs(live: Live) -> None:
    field = "option.chart.log-scale.which"
    spec = fields()[field]
    assert [option["label"] for option in spec["options"]] == ["θ₁", "θ₂", "both"]
    for value, names in (("0", ("log α", "β")), ("both", ("log α", "log β"))):
        answer = ask(live, problem="gamma", **{field: value})
        assert answer["values"][field] == value
        assert live.model.chart.names(("α", "β")) == names
    assert ask(live, **{field: "-1"})["state"]["option_values"] == ()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("option.chart.log-scale.which", "3", "no which"),
        ("option.metric.fisher-power.q", 1.5, "take one from 0 to 1"),
        ("option.metric.monte-carlo-fisher.n", 1e9, "take one from 1 to 256"),
        ("option.metric.monte-carlo-fisher.n", 2.5, "whole number"),
        ("option.chart.linear.stretch.0", 0, "A is singular"),
        ("option.chart.bend.strength", "much", "must be a number"),
        ("window.2", 0, "at least 10⁻⁹"),
        ("window.1", -1, "no point of this window is in the domain of the problem"),
        ("starts", 99, "from 1 to 16"),
    ],
)
def test_a_bad_option_is_refused_beside_its_own_control(
    live: Live, name: str, value: Any, said: str
) -> None:
    before = live.store.state
    answer = live.respond({"ask": 1, "set": {name: value}})[0]
    assert said in answer["errors"][name]
    assert live.store.state == before


@pytest.mark.parametrize(
    "place", [(0, 0, 1e-3, 1e-3), (50, 50, 1, 50), (0, 0, 50, 50), (5, -1, 1, 1.1)]
)
def test_a_window_with_any_point_of_the_domain_is_drawn(
    live: Live, place: tuple[float, ...]
) -> None:
    for problem in ("normal", "gamma", "rosenbrock"):
        ask(live, problem=problem)
        for chart in ("identity", "log-scale"):
            answer = live.respond({"ask": 1, "set": {"chart": chart, "window": list(place)}})[0]
            assert "window" not in answer["errors"]
            assert live.store.state.window == place
            assert answer["planes"]


def test_what_is_typed_stays_and_the_last_problem_that_could_be_read_is_shown(live: Live) -> None:
    good = ask(live, **CAVENDISH)
    before = live.model.problem
    slip = "normal_logpdf(density, m, s"
    answer = ask(live, text=slip)
    assert answer["state"]["text"] == slip
    assert "At character" in answer["errors"]["text"]
    assert answer["errors"]["text"].splitlines()[2].strip() == "^"
    assert live.model.problem is before
    assert answer["query"] == good["query"]
    moved = ask(live, source="hubble")
    assert "density" in moved["errors"]["text"] or "At character" in moved["errors"]["text"]
    assert live.model.problem is before
    mended = ask(live, text="normal_logpdf(velocity, 500*(m + s*distance), 250)")
    assert "text" not in mended["errors"]
    assert live.model.problem is not before
    assert mended["state"]["good"] == ()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("hello", "no column holds numbers"),
        ("y: one two 3", "no column holds numbers"),
        ("", "there are no data"),
        ("x: 1 2; y: 1", "as many values each; there are x 2, y 1"),
        ("x,y\n1,2\n3", "row 3 has 1 value"),
        ("y: 1,5 2,5 3,5", "write 1.5"),
        ("y: 1 2 3; y: 4 5 6", "two columns are called 'y'"),
    ],
)
def test_bad_data_are_said_beside_the_data(live: Live, typed: str, said: str) -> None:
    ask(live, problem=OWN, source="typed", text="normal_logpdf(y, a, exp(b))", typed="y: 1 2 4")
    assert ask(live)["errors"] == {}
    answer = ask(live, typed=typed)
    assert said in answer["errors"]["typed"]
    assert answer["state"]["typed"] == typed


def test_a_loss_that_is_typed_with_data_is_not_run_uphill_in_silence(live: Live) -> None:
    typed = {"source": "typed", "typed": "x: 1 2 3; y: 2 3 4", "names": "a b", "chart": "identity"}
    answer = ask(live, problem=OWN, text="(y - a - b*x)**2", rate=0.01, steps=20, **typed)
    assert "choose that it is one" in answer["errors"]["text"]
    answer = ask(live, reads="loss")
    assert "text" not in answer["errors"]
    assert live.model.problem.loss((1.0, 1.0)) == 0
    assert (np.diff(live.model.run("gradient").loss) < 0).all()
    assert "reads=loss" in answer["query"]


def test_a_link_carries_the_expression_and_reads_back() -> None:
    state: Play = LESSON.state_after(CAVENDISH)
    query = state.query(LESSON.default)
    assert "normal_logpdf(density,%20m,%20s)" in query
    assert read_query(query, LESSON.default) == (state, [])


def test_a_link_with_a_slip_opens_with_words_beside_the_text(live: Live) -> None:
    answer, _ = live.respond({"ask": 1, "query": "v=1&problem=own&text=a%2B%2B)"})
    assert "At character" in answer["errors"]["text"]
    assert "The first example is shown instead." in answer["errors"]["text"]
    assert answer["planes"]
