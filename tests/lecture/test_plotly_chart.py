"""Plotly charts: valid figures with the styles' colors, and a table of the numbers."""

from __future__ import annotations

import json

import pytest

from natgrad_lecture import lesson
from natgrad_lecture.drawing.plotly_chart import axis, chart, dots, line, table
from natgrad_lecture.static_files import plotly


def test_a_chart_is_what_plotly_takes_but_for_its_inks() -> None:
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
    assert [trace["type"] for trace in found["figure"]["data"]] == ["scatter", "scatter"]
    assert found["figure"]["data"][0]["line"]["color"] == "ink:natural"
    assert found["figure"]["layout"]["yaxis"]["type"] == "log"
    assert found["table"]["rows"] == [["natural", 3]]


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
