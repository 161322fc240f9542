"""Plotly charts: valid figures with the styles' colors, and a table of the numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from plotly.validator_cache import ValidatorCache

from natgrad_core.rules import rules
from natgrad_lecture import lesson
from natgrad_lecture.drawing.plotly_chart import axis, chart, dots, line, table
from natgrad_lecture.static_files import plotly


def test_a_chart_is_what_plotly_takes_except_for_its_styles() -> None:
    found = chart(
        "spectrum",
        "eigenvalues",
        "they fall",
        [line("natural", "F", [1, 2], [3.0, 0.1]), dots("adam", "A", [1], [2.0])],
        axis("number"),
        axis("value", log=True),
        numbers=table(("rule", "steps"), [("natural", 3)]),
    )
    json.dumps(found)
    assert "figure" in found
    assert "table" in found
    assert [trace["type"] for trace in found["figure"]["data"]] == ["scatter", "scatter"]
    assert found["figure"]["data"][0]["line"]["color"] == "style:natural"
    assert found["figure"]["layout"]["yaxis"]["type"] == "log"
    assert found["table"]["rows"] == [["natural", 3]]


@pytest.mark.parametrize(
    ("numbers", "powers"),
    [
        ([0.1, 0.3], False),
        ([0.2, 0.9], False),
        ([0.1, 1.0], True),
        ([3e-4, 2.0], True),
        ([], False),
    ],
)
def test_an_axis_has_marks_at_powers_of_ten_only_where_two_lie_on_it(
    numbers: list[float], powers: bool
) -> None:
    drawn = [line("adam", "A", numbers, numbers)]
    found: Any = chart("c", "c", "c", drawn, axis("x", log=True), axis("y", log=True))
    layout = found["figure"]["layout"]
    for name in ("xaxis", "yaxis"):
        assert ("dtick" in layout[name]) == powers
        assert layout[name]["type"] == "log"


def test_lines_of_rules_differ_in_symbol_and_not_in_color_alone() -> None:
    """Plotly's own names, of its scheme; what is not a rule is a bare line."""
    known = ValidatorCache.get_validator("scatter.marker", "symbol").values
    marks = {rule: line(rule, rule, [1, 2], [3, 4])["marker"]["symbol"] for rule in rules}
    assert set(marks.values()) <= set(known)
    looks = {rule: (rules.traits(rule).color, mark) for rule, mark in marks.items()}
    assert len(set(looks.values())) == len(rules)
    assert "marker" not in line("loss", "J", [1, 2], [3, 4])
    assert dots("natural", "F", [1], [2])["marker"]["symbol"] == marks["natural"]


def test_a_table_may_stand_alone_and_is_square() -> None:
    assert "figure" not in chart("t", "times", "numbers", numbers=table(("a",), [("b",)]))
    with pytest.raises(ValueError, match="each row has 2 cells"):
        table(("a", "b"), [("c",)])


def test_the_charts_script_is_the_installed_plotlys() -> None:
    assert b"plotly.js v" in plotly()[:200]


def test_a_notebooks_page_is_sent_the_script_when_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = lesson("coordinates")
    sent: list[tuple[object, object]] = []
    monkeypatch.setattr(type(widget), "send", lambda _self, *parts: sent.append(parts))
    widget._on_ask(widget, {"script": "plotly"}, [])
    assert sent == [({"script": "plotly"}, [plotly()])]
