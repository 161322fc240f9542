"""The playground reads a reader's data, says how, and shows the best fit of the reader's model."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from natgrad_core.analysis.fit import fit
from natgrad_core.datasets import columns
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.playground import typed_problem
from natgrad_lecture.lessons.playground.best_fit import fit_of
from natgrad_lecture.lessons.playground.figure import picture
from natgrad_lecture.lessons.playground.model import Model
from natgrad_lecture.lessons.playground.state import BEYOND, Play
from natgrad_lecture.lessons.playground.typed_problem import LONGEST, table_of
from natgrad_lecture.session import Live
from natgrad_lecture.state.fields import BadInput
from natgrad_lecture.state.items import OWN, problem_named
from natgrad_lecture.state.link import read_query

LOGIT: dict[str, Any] = {
    "problem": "own",
    "source": "typed",
    "text": "bernoulli_logpmf(dead, a + b*(dose - 3))",
    "names": "a b",
    "window": (0.0, 1.5, 3.0, 3.0),
}


def array_of(sheet: Sheet, name: str) -> Any:
    """An array of a sheet as the page reads it."""
    kind, shape, offset = sheet.buffers[name]
    assert kind == "f4"
    return np.frombuffer(sheet.data, np.float32, int(np.prod(shape)), offset).reshape(shape)


def test_a_pasted_table_is_used_and_what_was_left_out_is_said() -> None:
    state = Play(**LOGIT, typed="dose;dead;who\n1,5;0;Anna\n2,5;1;Bob\nNA;1;C\n3,5;0;D\n4,5;1;E")
    assert not state.wrong
    assert "2 columns, 4 rows, with semicolons and decimal commas" in state.hints["typed"]
    assert "Left out: row 4 (dose is 'NA')." in state.hints["typed"]
    assert state.hints["text"].startswith("Best fit: a = 0 ± 1.1, b = 0.9")


def test_a_view_of_the_best_fit_holds_it_with_its_errors() -> None:
    state = Play(**LOGIT, typed="dose dead\n1.5 0\n2.5 1\n3.5 0\n4.5 1")
    around = state.with_(**state.changes("fit", True))
    (low, high), _ = problem_named(around.problem_key).view
    assert low < 0 < high
    assert around.hints["text"] == state.hints["text"]


def test_a_drag_reads_no_file_again(monkeypatch: pytest.MonkeyPatch) -> None:
    live = Live(lessons["playground"])
    own = {"problem": "own", "source": "hubble"}
    state = live.respond({"ask": 1, "state": {}, "set": own, "have": []})[0]["state"]
    asked: list[str] = []
    monkeypatch.setattr(typed_problem, "columns", lambda name: asked.append(name) or columns(name))
    live.respond({"ask": 2, "state": state, "set": {"rate": state["rate"] / 2}, "have": []})
    assert asked == []


def test_a_line_that_is_refused_is_read_once_while_other_controls_move(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live, read = Live(lessons["playground"]), list[Any]()
    monkeypatch.setattr(
        typed_problem, "problem_named", lambda key: read.append(key) or problem_named(key)
    )
    wrong = {"problem": "own", "source": "hubble", "text": "a*velocity + missing + b"}
    answer = live.respond({"ask": 1, "state": {}, "set": wrong, "have": []})[0]
    assert "missing" in answer["errors"]["text"]
    assert any("missing" in dict(key[1])["text"] for key in read)
    read.clear()
    change = {"rate": answer["state"]["rate"] / 2}
    answer = live.respond({"ask": 2, "state": answer["state"], "set": change, "have": []})[0]
    assert "missing" in answer["errors"]["text"]
    assert read == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("dose dead\n1 0\n2 0\n3 1\n4 1", "No best fit: at step"),
        ("dose dead\n3 0\n3 1\n3 0\n3 1", "No best fit: not determined"),
    ],
)
def test_data_without_a_best_fit_are_told_so_and_the_view_stays(typed: str, said: str) -> None:
    state = Play(**LOGIT, typed=typed)
    assert state.hints["text"].startswith(said)
    with pytest.raises(BadInput, match=said.removeprefix("No best fit: ")):
        state.changes("fit", True)


def test_of_a_long_table_a_sample_is_kept_that_fits_a_link() -> None:
    rows = "\n".join(f"{i / 1000}\t{i % 2}" for i in range(4000))
    state = Play(**LOGIT)
    state = state.with_(**state.changes("typed", f"# of 90000 rows\ndose\tdead\n{rows}"))
    assert len(state.typed) <= LONGEST
    assert "of 90,000 rows, chosen at random" in state.hints["typed"]
    assert table_of(state.typed).rows > 100
    assert not state.wrong


def test_what_cannot_be_read_stays_and_is_said_beside_the_data() -> None:
    state = Play(**LOGIT, typed="dose dead\n1 0\n2")
    assert "row 3 has 1 value" in state.wrong["typed"]
    assert state.typed.endswith("2")
    assert "typed" not in state.hints


CURVE: dict[str, Any] = {
    "problem": "own",
    "source": "typed",
    "typed": "x: 1 2 3 4 5 6; y: 1.1 1.8 3.2 3.9 5.3 5.8",
    "text": "normal_logpdf(y, a + b*x + c*x**2, s)",
    "chart": "identity",
    "window": (0.0, 1.0, 2.0, 0.5),
}


def test_of_more_than_two_parameters_two_are_on_the_plane_and_the_others_at_the_best_fit() -> None:
    state = Play(**CURVE, names="a b c s")
    problem = problem_named(state.problem_key)
    assert problem.symbols == ("a", "b")
    fitted = fit_of(state.whole_key)
    assert fitted is not None
    np.testing.assert_allclose(problem.loss(fitted.theta[:2]), fitted.loss, rtol=1e-9)
    np.testing.assert_allclose(problem.grad(fitted.theta[:2]), 0, atol=1e-5)
    block = fitted.problem.fisher(fitted.theta)[:2, :2]
    np.testing.assert_allclose(problem.fisher(fitted.theta[:2]), block, rtol=1e-6)
    said = state.hints["names"]
    assert said.startswith("Held at the best fit: c = ")
    assert ", s = " in said
    assert [f"{s} = " in state.hints["text"] for s in "abcs"] == [True] * 4


def test_others_may_come_first_and_be_held_where_the_reader_says() -> None:
    state = Play(**CURVE, names="c s b = \N{MINUS SIGN}0.5, a=2")
    problem = problem_named(state.problem_key)
    assert problem.symbols == ("c", "s")
    options = dict(cast("Any", state.whole_key)[1]) | {"held": ()}
    whole = problem_named((OWN, tuple(options.items())))
    at = {"a": 2.0, "b": -0.5, "c": 0.1, "s": 0.7}
    there = [at[s] for s in whole.symbols]
    np.testing.assert_allclose(problem.loss((0.1, 0.7)), whole.loss(there), rtol=1e-12)
    assert state.hints["names"] == "Held: b = -0.5, a = 2."
    assert "a = " not in state.hints["text"], "what has a value is not fitted"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("a", "the plane shows two parameters"),
        ("a b=1 c=2", "the plane shows two parameters"),
        ("a b c=much", "must be a number"),
        ("a b c=inf", "must be a number"),
        ("a b c a", "each name must be said once"),
    ],
)
def test_names_that_make_no_plane_are_refused_beside_them(names: str, said: str) -> None:
    assert said in Play(**CURVE, names=names).wrong["names"]


@pytest.mark.parametrize("name", BEYOND)
def test_of_a_built_in_problem_any_two_parameters_are_a_plane(name: str) -> None:
    base = problem_named(name)
    for pair in (base.symbols[:2], base.symbols[-2:], base.symbols[::-2][:2]):
        state = Play(problem=name).with_(plane=" ".join(pair)).whole()
        shown = problem_named(state.problem_key)
        assert set(shown.symbols) == set(pair)
        fitted, start = fit_of(state.whole_key), base.start
        assert fitted is not None
        known = fitted.theta.tolist() if fitted.converged else start
        at = dict(zip(base.symbols, known, strict=True))
        at |= dict(zip(shown.symbols, state.point, strict=True))
        loss = base.loss([at[symbol] for symbol in base.symbols])
        np.testing.assert_allclose(shown.loss(state.point), loss, rtol=1e-8)
        others = [symbol for symbol in base.symbols if symbol not in pair]
        assert all(f"{symbol} = " in state.hints["plane"] for symbol in others)
        assert picture(Model(state), Sheet())["planes"][0]["labels"] == list(shown.symbols)
        link = state.query(Play())
        assert read_query(link, Play()) == (state, [])


def test_parameters_of_a_built_in_problem_are_typed_as_a_keyboard_has_them() -> None:
    state = Play(problem="student-t").with_(plane="nu, s; m = \N{MINUS SIGN}1e1").whole()
    assert problem_named(state.problem_key).symbols == ("s", "ν")
    assert state.hints["plane"] == "Held: m = -10."
    assert "m = " not in state.hints["problem"], "what has a value is not fitted"
    state = Play(problem="multinomial-regression").with_(plane="w21 w₁₂").whole()
    assert problem_named(state.problem_key).symbols == ("w₁₂", "w₂₁")
    moved = state.with_(**state.changes("fit", True)).whole()
    fitted = fit_of(state.whole_key)
    assert fitted is not None
    places = [fitted.problem.symbols.index(symbol) for symbol in ("w₁₂", "w₂₁")]
    assert moved.window is not None
    np.testing.assert_allclose(moved.window[:2], fitted.theta[places], rtol=1e-2)
    assert moved.changes("plane", "w10")["window"] is None, "it was of other parameters"
    assert moved.changes("problem", "normal")["plane"] == ""


@pytest.mark.parametrize(
    ("plane", "said"),
    [
        ("q", "no parameter is called 'q'; there are m, s, ν"),
        ("m = 1, s = 2", "the plane shows two parameters; got ν"),
        ("m s nu=-1", "with these values the start is outside the domain: scale s > 0, deg"),
        ("nu=much", "must be a number"),
    ],
)
def test_parameters_that_a_built_in_problem_has_not_are_refused(plane: str, said: str) -> None:
    with pytest.raises(BadInput) as error:
        Play(problem="student-t").with_(plane=plane).whole()
    assert error.value.field == "plane"
    assert said in str(error.value)


@pytest.mark.parametrize("name", ["normal", "gamma", "logistic-regression"])
def test_a_built_in_problem_has_its_best_fit_with_errors_and_a_view_of_it(name: str) -> None:
    state = Play(problem=name, chart="identity")
    fitted = fit(problem_named(name))
    around = state.with_(**state.changes("fit", True))
    assert around.window is not None
    np.testing.assert_allclose(around.window[:2], fitted.theta, rtol=6e-3)
    np.testing.assert_allclose(around.window[2:], 4 * fitted.standard_errors, rtol=6e-2)
    for symbol, value, error in zip(
        fitted.problem.symbols, fitted.theta, fitted.standard_errors, strict=True
    ):
        assert f"{symbol} = {value:.4g} ± {error:.2g}" in state.hints["problem"]
    assert around.hints == state.hints
    assert around.with_(**around.changes("problem", "beta")).window is None


def test_without_a_model_there_is_nothing_to_fit() -> None:
    state = Play(problem="double-well", chart="identity")
    assert not state.hints
    with pytest.raises(BadInput, match="no best fit"):
        state.changes("fit", True)


@pytest.mark.parametrize("problem", ["normal", "own"])
def test_a_view_of_the_paths_holds_their_points_and_keeps_the_start(problem: str) -> None:
    state = Play(problem=problem, chart="identity", steps=40)
    around = state.with_(**state.changes("fit-paths", True))
    model = Model(around)
    assert np.allclose(around.point, state.point)
    (x0, x1), (y0, y1) = problem_named(around.problem_key).view
    for path in model.in_theta.values():
        assert path.ok.all()
        inside = (path.theta > (x0, y0)).all(1) & (path.theta < (x1, y1)).all(1)
        assert np.mean(inside) > 0.9
        assert np.ravel(inside)[0]


def test_axes_with_a_half_width_each_have_scales_of_their_own() -> None:
    """What is sent are places; the scales make the numbers of them."""
    model = Model(Play(problem="normal", chart="linear", window=(5.3, 0.4, 0.5, 0.01), steps=20))
    sheet = Sheet()
    answer = picture(model, sheet)
    theta, x = cast("list[Any]", answer["planes"])[:2]
    assert theta["view"] == x["view"] == [0, 1, 0, 1]
    np.testing.assert_allclose(theta["scales"], [(4.8, 5.8, False), (0.39, 0.41, False)])
    for plane, scales in (("theta", theta["scales"]), ("x", x["scales"])):
        low, high = np.array([scale[:2] for scale in scales], float).T
        pair = model.paired_runs["natural"]
        points = pair.in_theta.theta if plane == "theta" else pair.in_x.theta
        dash = "solid" if plane == "theta" else "dashed"
        asked = (plane, "path", "natural", dash)
        traces: dict[Any, Any] = {
            (t["plane"], t["kind"], t["style"], t.get("dash")): t for t in sheet.traces
        }
        trace = traces[asked]
        found = array_of(sheet, trace["points"])
        np.testing.assert_allclose(low + found * (high - low), points, rtol=1e-5)
        handle = next(h for h in answer["handles"] if h["plane"] == plane)
        np.testing.assert_allclose(low + np.array(handle["at"]) * (high - low), points[0])
    lines: list[Any] = [t for t in sheet.traces if t["kind"] == "bands"]
    for trace in lines:  # the least loss of the ground is at the best fit, in both planes
        a, b, c, d, e, f = trace["map"]
        fit_here = np.array([[a, b], [c, d]]) @ fit(model.problem).theta + [e, f]
        scales = {"theta": theta, "x": x}[trace["plane"]]["scales"]
        low, high = np.array([scale[:2] for scale in scales], float).T
        there = fit(model.problem).theta
        there = there if trace["plane"] == "theta" else model.chart.inverse(there)
        np.testing.assert_allclose(low + fit_here * (high - low), there, rtol=1e-9)


def test_an_old_link_with_one_half_width_opens_with_both() -> None:
    state, dropped = read_query("v=1&problem=own&window=5.36,0.29,0.25", Play())
    assert not dropped
    assert state.window == (5.36, 0.29, 0.25, 0.25)


def test_what_is_held_is_said_in_the_language_of_the_page() -> None:
    live = Live(lessons["playground"])
    asked = {"problem": "multivariate-normal", "plane": "L11 L22; mu1 = 5", "steps": 2}
    answer = live.respond({"ask": 1, "set": asked, "lang": "zh"})[0]
    lines = answer["hints"]["plane"].split("\n")
    assert [line.partition("：")[0] for line in lines] == ["固定", "固定在最佳拟合处"]
    assert "best" not in answer["hints"]["plane"]
