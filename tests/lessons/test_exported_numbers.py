"""What a page exports are the engine's numbers, in every lesson, and in the presets of few.

The files are made by the page's own modules, in one process of Node, from the answers of the wire.
They are held against what the figures were given, before it became positions on the screen, and
that against the runs themselves (``path.loss``, ``path.theta``).
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from natgrad_core.types import Array
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.page_data import page_data
from tests.support.pictures import Picture, pictures
from tests.support.servers import ROOT

LINES = ("path", "curve", "points", "data")
"""Kinds of traces whose points are in a file of CSV."""

LOSSES = ("loss", "J")
"""The names of a loss, in a read-out and on an axis."""

FORMULA = r"[=+\-@\t\r]"
"""What a spreadsheet would compute."""

Scale = tuple[float, float, bool]


# Seconds of processor time, for all pictures; make test takes few.
pytestmark = [pytest.mark.slow, pytest.mark.covering]


@pytest.fixture(scope="module")
def every() -> list[Picture]:
    """The pictures, which all tests look at."""
    return list(pictures())


@pytest.fixture(scope="module")
def files(every: list[Picture]) -> list[dict[str, Any]]:
    """What the page saves of each of them."""
    if not shutil.which("node"):
        pytest.skip("needs Node: the page's own modules make the files")
    asked = {
        "lessons": {name: page_data(lesson) for name, lesson in lessons.items()},
        "pictures": [
            {
                "lesson": picture.lesson.name,
                "answer": picture.answer,
                "data": b64encode(picture.data).decode(),
            }
            for picture in every
        ],
    }
    exported = subprocess.run(
        ["node", str(ROOT / "tests/support/export_tables.mjs")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert exported.returncode == 0, exported.stderr
    return json.loads(exported.stdout)


def scales_of(picture: Picture, plane: str) -> list[Scale]:
    """The scales of a graph's axes; none of a plane or a model's data, whose places are numbers."""
    (found,) = (each for each in picture.answer["planes"] if each["name"] == plane)
    return [] if found.get("model") else [tuple(scale) for scale in found.get("scales", [])]


def near(found: Any, expected: Array, scales: list[Scale]) -> bool:
    """Whether exported numbers are these, as far as a single float says where they are drawn.

    A single float of the unit square has 24 bits: of an axis from low to high they are 1e-7 of its
    length, of a logarithmic axis a ratio. Of a plane the float is the number.
    """
    numbers = np.array(found, float).reshape(-1, 2)
    if numbers.shape != expected.shape:
        return False
    if not scales:
        with np.errstate(over="ignore"):
            own = expected.astype(np.float32)
        own[~np.isfinite(own)] = np.nan
        return np.array_equal(numbers.astype(np.float32), own, equal_nan=True)
    for (low, high, log), mine, theirs in zip(scales, numbers.T, expected.T, strict=True):
        theirs = np.where(np.isfinite(theirs) & ((theirs >= 0) | (not log)), theirs, np.nan)
        slack = 0.0 if log else 2e-7 * (abs(low) + abs(high))
        ratio = 2e-6 * max(1.0, abs(np.log(high / low))) if log else 1e-6
        if not np.allclose(mine, theirs, rtol=ratio, atol=slack, equal_nan=True):
            return False
    return True


def lines_of(picture: Picture) -> Iterator[tuple[int, dict[str, Any]]]:
    """The traces whose points are exported, with their places in the answer."""
    planes = {plane["name"] for plane in picture.answer["planes"]}
    for i, trace in enumerate(picture.answer["traces"]):
        if trace["kind"] in LINES and trace["plane"] in planes:
            yield i, trace


def beside(trace: dict[str, Any]) -> dict[str, str]:
    """The arrays beside the points of a trace, by what they are."""
    return {**trace.get("values", {}), **dict(trace.get("read", []))}


def same(found: Any, own: Array) -> bool:
    """Whether these are the same single floats; what is infinite has no number in a file."""
    single = own.astype(np.float32)
    single[~np.isfinite(single)] = np.nan
    return np.array_equal(np.array(found, np.float32), single, equal_nan=True)


def name_of(picture: Picture, trace: dict[str, Any]) -> str:
    """A trace in a message."""
    return f"{picture.lesson.name}:{picture.preset} {trace['plane']} {trace['name']!r}"


def test_json_has_the_numbers_that_the_figures_were_given(
    every: list[Picture], files: list[dict[str, Any]]
) -> None:
    compared = 0
    for picture, exported in zip(every, files, strict=True):
        traces = json.loads(exported["json"])["traces"]
        for i, trace in lines_of(picture):
            given = picture.given[i]
            assert given is not None, f"of unknown numbers: {name_of(picture, trace)}"
            scales = scales_of(picture, trace["plane"])
            assert near(traces[i]["points"], given, scales), name_of(picture, trace)
            for name, array in beside(trace).items():
                assert same(traces[i]["values"][name], picture.arrays[array]), (
                    name_of(picture, trace),
                    name,
                )
            compared += len(given)
    assert compared > 10_000


def test_csv_has_a_table_a_plane_with_the_same_numbers(
    every: list[Picture], files: list[dict[str, Any]]
) -> None:
    for picture, exported in zip(every, files, strict=True):
        assert exported["csv"].startswith("\ufeff"), "a spreadsheet takes it for UTF-8"
        head, *blocks = exported["csv"][1:].split("\r\n\r\n")
        assert '# state,"https://example.org/' in head or "# state,https://example.org/" in head
        tables = {}
        for block in blocks:
            (_, title), columns, *rows = csv.reader(io.StringIO(block, newline=""))
            tables[title] = (columns, rows)
        assert len(tables) == len(blocks), "a title names one plane"
        for plane in picture.answer["planes"]:
            drawn = [(i, t) for i, t in lines_of(picture) if t["plane"] == plane["name"]]
            if not drawn:
                assert plane["title"] not in tables
                continue
            columns, rows = tables[plane["title"]]
            assert columns[4:6] == plane["labels"]
            at = 0
            for i, trace in drawn:
                given = picture.given[i]
                assert given is not None
                mine, at = rows[at : at + len(given)], at + len(given)
                points = [[cell or "nan" for cell in row[4:6]] for row in mine]
                assert near(points, given, scales_of(picture, plane["name"])), trace["name"]
                for name, array in beside(trace).items():
                    column = columns.index(name, 6)
                    found = [row[column] or "nan" for row in mine]
                    own = picture.arrays[array][: len(mine)]
                    assert same(found, own), (
                        name_of(picture, trace),
                        name,
                    )
            assert at == len(rows)


def test_no_cell_is_a_formula(files: list[dict[str, Any]]) -> None:
    for exported in files:
        for row in csv.reader(io.StringIO(exported["csv"][1:], newline="")):
            for cell in row:
                assert re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?", cell) or not re.match(FORMULA, cell)


def among(values: Array, series: list[Array]) -> bool:
    """Whether these single floats are one of the series."""
    found = values.astype(np.float32)
    return any(np.array_equal(found, each, equal_nan=True) for each in series)


def test_the_runs_of_the_figures_are_the_engine_s_own(every: list[Picture]) -> None:
    """Their points are the path's, and every loss beside them is ``path.loss``."""
    points = losses = 0
    for picture in every:
        arrays = picture.arrays
        for i, trace in lines_of(picture):
            values, read = trace.get("values", {}), dict(trace.get("read", []))
            steps = arrays[read["step"]].astype(int) if "step" in read else None
            for name in {*values, *read} & {*LOSSES}:
                own = arrays[{**values, **read}[name]]
                known = [row[: len(own)] for row in picture.losses]  # a net's run may go on
                if steps is not None:  # of a long run some points are drawn
                    known = [row[steps] for row in picture.losses if len(row) > steps.max()]
                assert among(own, known), (name_of(picture, trace), name)
                losses += 1
            given = picture.given[i]
            assert given is not None
            if "loss" in values:  # on a plane, each of whose points is one of the path
                assert among(given, picture.points), name_of(picture, trace)
                points += 1
    assert points > 100
    assert losses > 200


def test_a_graph_is_drawn_at_the_numbers_that_are_read_there(every: list[Picture]) -> None:
    """What has no place on it is not compared: it waits at the edge."""
    compared = 0
    for picture in every:
        graphs = {each["name"]: each for each in picture.answer["planes"] if "scales" in each}
        for i, trace in lines_of(picture):
            plane, given = graphs.get(trace["plane"]), picture.given[i]
            if plane is None or given is None:
                continue
            read = dict(trace.get("read", []))
            inside, pairs = np.full(len(given), True), []
            for label, (low, high, _), at in zip(
                plane["labels"], plane["scales"], given.T, strict=True
            ):
                name = next((n for n in (label, "loss" if label == "J" else "") if n in read), "")
                if name:
                    own = picture.arrays[read[name]].astype(float)
                    inside &= (own > low) & (own < high)
                    pairs.append((at, own))
            for at, own in pairs:
                assert np.allclose(at[inside], own[inside], rtol=1e-6, atol=0)
                compared += 1
    assert compared > 50


def test_a_pinned_run_shows_its_numbers(every: list[Picture], files: list[dict[str, Any]]) -> None:
    for picture, exported in zip(every, files, strict=True):
        for row in exported["pinned"]["rows"]:
            cells = [cell for cell in row["cells"][1:] if cell]
            assert cells, (picture.lesson.name, picture.preset)
            assert "– → –" not in cells, (picture.lesson.name, picture.preset, row)
