"""The picture of a link's preview: the page's colors, what the thumbnail draws, every lesson."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pytest
from PIL import Image

from natgrad_lecture.drawing.palette import styles
from natgrad_lecture.drawing.preview_image import HEIGHT, WIDTH, preview_image
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.srgb import Mix, css, rgb
from natgrad_lecture.lessons import lessons, small_picture
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.style_tokens import color
from tests.lecture.test_colors import linear
from tests.support import features


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def near(image: np.ndarray, wished: tuple[int, int, int], off: int = 6) -> np.ndarray:
    return np.asarray((np.abs(image - wished) <= off).all(axis=-1))


@pytest.mark.parametrize("name", ["heat-low", "heat-high", "heat-none", "paper", "accent"])
def test_a_color_is_the_pixel_that_a_browser_shows(name: str) -> None:
    """Beside the tests' own reading of CSS colors."""
    paint = color(name)
    light = linear(re.sub(r"oklch\((.*)\)", r"\1", paint))
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(np.clip(code, 0, 1) * 255 - rgb(paint)).max() <= 1


def test_a_mix_lies_between_its_ends_and_goes_the_shorter_way_round() -> None:
    """CSS Color 4, section 12: hue interpolation "shorter" is the default."""
    assert rgb(Mix("oklab", "#000000", 50, "#ffffff")) == (99, 99, 99)
    assert rgb(Mix("oklch", "oklch(0.6 0.1 190)", 50, "oklch(0.6 0.1 170)")) == rgb(
        "oklch(0.6 0.1 180)"
    )
    assert rgb(Mix("oklch", "#0b5a8f", 100, "#fcfbf8")) == rgb("#0b5a8f")
    assert (
        css(Mix("oklab", "#000000", 50, "#ffffff")) == "color-mix(in oklab, #000000 50%, #ffffff)"
    )
    with pytest.raises(ValueError, match="'red' is not a color that the styles use"):
        rgb("red")


def drawn(planes: int) -> np.ndarray:
    sheet = Sheet()
    names = ["p", "q", "r"][:planes]
    for name in names:
        points = np.array([[0.0, 0.5], [1.0, 0.5]], np.float32)
        sheet.add(name, "path", "natural", "", points=points)
    answer: Any = {"planes": [{"name": name, "view": [0, 1, 0, 1]} for name in names]}
    return pixels(preview_image(answer, sheet, styles(("natural",))))


@pytest.mark.parametrize(("planes", "shown"), [(1, 1), (2, 2), (3, 2)])
def test_up_to_two_planes_stand_side_by_side_in_the_middle(planes: int, shown: int) -> None:
    image = drawn(planes)
    assert image.shape == (HEIGHT, WIDTH, 3)
    shade = near(image, rgb(styles(("natural",))["natural"]["light"]))
    rows, columns = np.nonzero(shade)
    assert abs(rows.mean() - HEIGHT / 2) < 2
    assert abs(columns.mean() - WIDTH / 2) < 2
    assert abs(np.ptp(columns) - (590 * shown - 30)) < 8


LIGHT = [lesson for lesson in lessons.values() if not lesson.slow]


@pytest.mark.covering(features.kinds_of_traces, features.planes)
@pytest.mark.parametrize("lesson", LIGHT, ids=[lesson.name for lesson in LIGHT])
def test_every_lesson_has_a_picture_for_its_link(lesson: Lesson) -> None:
    png = small_picture.preview_image(lesson, lesson.first)
    assert len(png) < 200_000
    image = pixels(png)
    assert near(image[:30], rgb(color("paper"))).all(), "a margin"
    assert (~near(image, rgb(color("paper")))).mean() > 0.01, "something is drawn"
