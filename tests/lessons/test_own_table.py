"""A reader's own table where nets learn and race: what is read of it, kept, shown and exported."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from natgrad_core.datasets.labeled import read_labeled
from natgrad_core.nets import NetProblem, mlp, rules
from natgrad_core.nets.datasets import labeled
from natgrad_core.nets.training import train
from natgrad_lecture.export.kinds import EXPORTS
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.net.state import Taught
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.lessons.race.state import LIKE, OPTIONS, tuned
from natgrad_lecture.session import Live
from natgrad_lecture.state.link import read_query
from natgrad_lecture.state.own_table import LEAST_ROWS, LONGEST, MOST_COLUMNS, OwnTable

FIELD = {"net": "data", "race": "task"}
FEW = {
    "net": {"steps": 4, "width": 4, "rules": ["natural"]},
    "race": {"count": 1, "width": 4, "budget": 0.05, "rules": ["gradient"]},
}
BOTH = pytest.mark.parametrize("name", FIELD)


def table(rows: int, wide: int = 3, seed: int = 0) -> str:
    """A table of three classes, with a header."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 3, rows)
    x = rng.normal(size=(rows, wide)) + kinds[:, None]
    head = ",".join([*(f"in{i}" for i in range(wide)), "kind"])
    lines = (
        ",".join([*(f"{v:.4f}" for v in row), "uvw"[kind]])
        for row, kind in zip(x, kinds, strict=True)
    )
    return "\n".join([head, *lines])


class Reader:
    """A reader of one lesson, whose every ask brings the state of the last answer."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.live = Live(lessons[name], EXPORTS)
        self.answer: Any = {"state": {}}
        self.set({**FEW[name], FIELD[name]: "own"})

    def set(self, changes: dict[str, Any], **more: Any) -> Any:
        """The answer once these controls are set."""
        ask = {"ask": 1, "state": self.answer["state"], "set": changes, **more}
        self.answer = self.live.respond(ask)[0]
        return self.answer


@BOTH
def test_a_pasted_table_is_what_the_net_learns_and_the_page_says_how_it_was_read(name: str) -> None:
    reader = Reader(name)
    answer = reader.set({"table": table(40).replace("\nin0", "\n# x\nin0") + "\n1,NA,2,u"})
    assert "table" not in answer["errors"]
    said = answer["hints"]["table"].split("\n")
    assert said[0] == "4 columns, 40 rows, with commas."
    assert said[1] == "Label: 'kind', with 3 classes: 'u', 'v', 'w'."
    assert said[2] == "Inputs: 'in0', 'in1', 'in2'."
    assert said[3].startswith("Each is standardized: ")
    assert said[4] == "Left out: row 42 (in1 is 'NA')."
    assert said[5] == "What the text says of other data need not hold for yours."
    held_out = 8 if name == "race" else 0
    assert (answer["numbers"]["N"], len(answer["state"]["table"]) > 800) == (40 - held_out, True)
    if name == "race":
        assert reader.live.model.held_out == held_out
        assert answer["errors"]["constants"] == f"Tuned on {LIKE}, not on your table."


@BOTH
def test_the_label_is_chosen_by_name_and_a_wrong_name_leaves_the_picture(name: str) -> None:
    reader = Reader(name)
    sick = "\n".join(f"{i},{i % 5},{'yes' if i % 3 else 'no'}" for i in range(20))
    reader.set({"table": f"age,ward,sick\n{sick}"})
    answer = reader.set({"label": "ward"})
    assert "Label: 'ward', with 5 classes" in answer["hints"]["table"]
    assert "column 'sick'" not in answer["hints"]["table"], "yes and no are numbers"
    answer = reader.set({"label": "age"})
    assert answer["errors"]["label"].startswith("'age' has 20 different entries, and at most 10")
    assert answer["state"]["label"] == "ward"
    answer = reader.set({"table": table(30)})
    assert answer["state"]["label"] == "", "a label of another table is forgotten"
    assert "Label: 'kind'" in answer["hints"]["table"]


@BOTH
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (table(LEAST_ROWS - 1), "at least 10 rows; there are 9"),
        (table(20, MOST_COLUMNS + 1), "at most 20 columns of numbers; there are 21"),
        ("a,b\n" + "\n".join(f"{i}.5,{i}.25" for i in range(30)), "a label is a word or a whole"),
        ("a,b\n1", "row 2 has 1 value"),
        ("", "there are no data"),
    ],
)
def test_what_cannot_be_learned_is_refused_and_the_last_table_stays(
    name: str, text: str, said: str
) -> None:
    reader = Reader(name)
    before = reader.set({"table": table(30)})["state"]
    answer = reader.set({"table": text})
    assert said in answer["errors"]["table"]
    assert answer["state"] == before


@BOTH
def test_a_long_table_is_a_sample_that_fits_a_link_and_a_link_brings_it_back(name: str) -> None:
    reader = Reader(name)
    long = table(2000).replace("\n", "\nNA,1,1,u\n", 1)
    answer = reader.set({"table": f"# of 90000 rows\n{long}"})
    kept = answer["state"]["table"]
    assert 0.9 * LONGEST < len(kept) <= LONGEST
    assert (
        f"{reader.live.store.state.examples.rows} of 90,000 rows, chosen at random."
        in (answer["hints"]["table"])
    )
    assert "Left out: row 2 (in0 is 'NA')." in answer["hints"]["table"]
    assert len(answer["query"]) < 8000, "more than this some servers refuse"
    default: Any = lessons[name].default
    state, dropped = read_query(answer["query"], default)
    assert (state.table, dropped) == (kept, [])


@BOTH
def test_a_preset_shows_its_own_data_and_the_table_is_there_afterwards(name: str) -> None:
    reader = Reader(name)
    mine = reader.set({"table": table(30), "label": "kind"})["state"]["table"]
    lesson = lessons[name]
    for static in [*page_data(lesson)["presets"], *page_data(lesson)["claims"].values()]:
        assert not {"table", "label", "axes", "target"} & static["set"].keys()
        assert static["set"][FIELD[name]] != "own"
    preset = page_data(lesson)["presets"][-1]
    answer = reader.set({**preset["set"], **FEW[name]})
    assert answer["state"]["table"] == mine
    assert "table=" not in answer["query"], "a link says what is shown"
    assert "hints" not in answer or not answer["hints"]
    state = lesson.state_after({**preset["set"], "table": mine, "label": "kind"})
    assert lesson.caption(state).startswith(preset["name"])
    answer = reader.set({FIELD[name]: "own"})
    assert answer["state"]["table"] == mine
    assert "Label: 'kind'" in answer["hints"]["table"]


@BOTH
def test_every_choice_of_the_lesson_goes_with_a_table(name: str) -> None:
    reader = Reader(name)
    answer = reader.set({"table": table(30)})
    for group in page_data(lessons[name])["controls"]:
        for control in group["controls"]:
            for option in control.get("options", ())[:4] if control["kind"] == "choice" else ():
                if (field := control["field"]) != FIELD[name]:
                    answer = reader.set({field: option["value"], "stretch": 10.0})
                    assert answer["planes"], (field, option["value"])
                    assert field not in answer["errors"] or field == "constants"
                    assert answer["state"][FIELD[name]] == "own"


@BOTH
def test_the_export_makes_the_runs_again(name: str) -> None:
    reader = Reader(name)
    reader.set({"table": table(30), "label": "kind"})
    while "more" in reader.answer:
        reader.set({}, fine=reader.answer["more"])
    link = f"http://a.test/{name}?{reader.answer['query']}{'&x=1' * 1000}"
    ask = {"ask": 1, "state": reader.answer["state"], "export": "python", "link": link}
    answer: Any = reader.live.respond(ask)[0]
    script = answer["exported"]["text"]
    assert link in script.replace("\n", ""), "whole: half of a table is another one"
    namespace: dict[str, Any] = {}
    exec(script, namespace)
    paths = reader.live.model.paths
    for rule, found in namespace["paths"].items():
        for what, values in found.items():
            np.testing.assert_array_equal(values, paths[rule][what])


def test_the_net_learns_what_the_engine_learns_from_the_table() -> None:
    reader = Reader("net")
    reader.set({"table": table(30)})
    while "more" in reader.answer:
        reader.set({}, fine=reader.answer["more"])
    data = labeled(read_labeled(table(30)))
    np.testing.assert_allclose(data.x.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(data.x.std(0, correction=0), 1, rtol=1e-6)
    problem = NetProblem.of(mlp((3, 4, 4, 3)), data)
    expected = [frame.loss for frame in train(problem, rules.natural(1.0, 0.03), steps=4)]
    np.testing.assert_array_equal(reader.live.model.paths["natural"]["loss"], expected)


def test_two_columns_and_one_class_are_on_the_planes_and_others_may_be_named() -> None:
    reader = Reader("net")
    answer = reader.set({"table": table(30)})
    first = answer["planes"][0]
    assert first["labels"] == ["z₁: in0 · z₂: in1", "z₂"]
    names = {t["name"] for t in answer["traces"] if t["kind"] == "points"}
    assert names == {"class 'v'", "other classes"}
    answer = reader.set({"axes": "in2, in0", "target": "w"})
    assert answer["planes"][0]["labels"] == ["z₁: in2 · z₂: in0", "z₂"]
    model = reader.live.model
    theta = model.theta("natural", False, 0)
    point = np.array([[0.5, -1.0]])
    x = model.net.x.new_tensor([[-1.0, 0.0, 0.5]])
    expected = model.net.likelihood.mean(model.net.net.forward(theta, x))[0, 2]
    assert model.chance(theta, point)[0] == pytest.approx(float(expected))
    low, high = model.view[0]
    assert low < float(model.points.min()) < float(model.points.max()) < high
    for field, value, said in (
        ("axes", "in2", "name two of the columns; there are 'in0', 'in1', 'in2'"),
        ("axes", "in2 in2", "name two of the columns"),
        ("axes", "in2 inch", "name two of the columns"),
        ("target", "x", "name one of the classes; there are 'u', 'v', 'w'"),
        ("table", "a,kind\n" + "1,u\n2,v\n" * 10, "a plane shows two columns of numbers"),
    ):
        answer = reader.set({field: value})
        assert answer["errors"][field].startswith(said), field
        assert answer["state"]["axes"] == "in2, in0"
    answer = reader.set({"table": table(30).replace("in", "out")})
    assert (answer["state"]["axes"], answer["state"]["target"]) == ("", "w")


def test_a_table_begins_with_settings_that_the_reader_may_change() -> None:
    reader = Reader("race")
    state = reader.live.store.state
    assert not state.tuned_here
    assert not state.with_(envelope="drawn").fewest
    assert state.options("adam") == tuple(tuned(LIKE)[field] for field in OPTIONS["adam"])
    reader.set({"keep": True})
    assert reader.answer["state"]["kept"]
    assert not reader.set({"table": table(30)})["state"]["kept"], "runs are kept of one task"


def test_an_example_is_there_before_there_is_a_table() -> None:
    state = Taught().with_(**Taught().changes("data", "own")).whole()
    assert isinstance(state, OwnTable)
    assert state.examples.classes == ("setosa", "versicolor", "virginica")
    assert state.examples.rows == 50
    assert Taught().linked() == Taught()


@BOTH
@pytest.mark.parametrize("wrong", ["table=a,b%0A1", f"table={table(20)}&label=size", "label=x"])
def test_a_link_to_a_table_that_cannot_be_read_opens_what_can_and_says_so(
    name: str, wrong: str
) -> None:
    default: Any = lessons[name].default
    state, dropped = read_query(f"v=1&{FIELD[name]}=own&{wrong}", default)
    assert dropped
    assert state == state.whole()
    assert state.owned == ("size" in wrong), "a table without its label's name is one"
