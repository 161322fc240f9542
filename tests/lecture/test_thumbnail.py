"""A lesson's thumbnail: the page's colors, maps the right way up, a color for everything."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from natgrad_lecture.drawing.palette import styles
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.thumbnail import still, thumbnail
from natgrad_lecture.lessons import lessons, small_picture
from natgrad_lecture.lessons.base import Lesson
from tests.support import features

FRONTEND = Path(__file__).resolve().parents[2] / "app/frontend"
THEME = (FRONTEND / "styles/tokens.css").read_text("utf-8")
LIGHT = [lesson for lesson in lessons.values() if not lesson.slow]


PICTURE: Any = {"planes": [{"name": "p", "view": [0, 1, 0, 1]}]}
"""As much of a picture as a thumbnail reads."""


@pytest.mark.covering(features.kinds_of_traces, features.planes)
@pytest.mark.parametrize("lesson", LIGHT, ids=[lesson.name for lesson in LIGHT])
def test_every_line_has_its_color_in_light_and_in_dark(lesson: Lesson) -> None:
    svg = small_picture.thumbnail(lesson)
    colors = re.findall(r"--(?:light|dark):([^;\"]*)", svg)
    assert colors, "something is drawn"
    assert all(re.match(r"#|oklch\(|color-mix\(", color) for color in colors), set(colors)


def test_it_shows_what_the_page_opens_with() -> None:
    lesson = lessons["newton"]
    assert lesson.opening
    assert small_picture.thumbnail(lesson) != small_picture.thumbnail(replace(lesson, opening={}))


def test_its_colors_are_the_front_end_s_own() -> None:
    sheet = Sheet()
    cells = np.array([[0.0, 1.0, np.nan]], np.float32)
    sheet.add("p", "heat", "", "", cells=cells, size=[1, 3], box=[0, 1, 0, 1])
    svg = thumbnail(PICTURE, sheet, styles(()))
    used = set(re.findall(r"oklch\(([^)]*)\)", svg))
    assert len(used) == 4, "a map's two ends, and what is no number in light and in dark"
    for numbers in used:
        assert numbers in THEME, numbers


def test_a_map_between_two_styles_is_mixed_as_on_the_canvas() -> None:
    sheet = Sheet()
    cells = np.array([[0.0, 1.0]], np.float32)
    pair = ["class0", "class1"]
    sheet.add("p", "heat", "", "", cells=cells, size=[1, 2], box=[0, 1, 0, 1], between=pair)
    svg = thumbnail(PICTURE, sheet, styles(()))
    mixed = re.findall(r"--(light|dark):color-mix\(in oklab, (\S+) (\d+)%, (\S+)\)", svg)
    names = styles(())
    assert [(theme, style) for theme, style, _, _ in mixed] == [
        (theme, names[name][theme]) for name in pair for theme in ("light", "dark")
    ]
    for _, _, _, paper in mixed:
        assert f"--paper: {paper};" in THEME
    most = int(re.findall(r"--heat-share: (\d+);", THEME)[0])
    assert all(0.9 * most < int(share) < most for _, _, share, _ in mixed)


def test_a_map_lies_as_on_the_canvas_its_first_row_the_lowest() -> None:
    cells = np.array([[0.0, 0.0, 1.0], [1.0, np.nan, 0.0]], np.float32)
    sheet = Sheet()
    sheet.add("p", "heat", "", "", cells=cells, size=[2, 3], box=[0, 1, 0, 1])
    svg = thumbnail(PICTURE, sheet, styles(()))
    none, low, high = re.findall(r'class="cells" d="([^"]*)"', svg)
    assert (low, high) == ("M0.0 180.0h160.0M160.0 60.0h80.0", "M160.0 180.0h80.0M0.0 60.0h80.0")
    assert none == "M80.0 60.0h80.0"


def test_a_still_has_two_planes_each_within_its_square_and_plays_nothing() -> None:
    sheet = Sheet()
    for name in "pqr":
        points = np.array([[-3.0, 0.5], [3.0, 0.5]], np.float32)
        sheet.add(name, "path", "start", "", points=points)
    answer: Any = {"planes": [{"name": name, "view": [0, 1, 0, 1]} for name in "pqr"]}
    svg = still(answer, sheet, styles(()))
    squares = re.findall(r'<svg x="(\d+)" width="240" height="240"><path', svg)
    assert squares == ["0", "256"], "an inner svg cuts off what leaves it"
    assert 'viewBox="0 0 496 240"' in svg
    assert svg.index("animation: none; }</style>") > svg.index("animation: run")
