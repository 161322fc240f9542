"""Colors that everybody can tell apart and read: color blindness is simulated, contrast computed.

Machado, Oliveira and Fernandes 2009 (table 1, severity 1.0) give what a dichromat sees, as a matrix
on linear RGB; distances are Euclidean in Oklab (Ottosson 2020); contrast is WCAG 2.2's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from natgrad_core.core.traits import COLORS as NAMES
from natgrad_core.core.traits import SYMBOLS
from natgrad_core.errors import UnknownName
from natgrad_core.rules import rules
from natgrad_core.types import Array
from natgrad_lecture.drawing.palette import COLORS, style, styles
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson

FRONTEND = Path(__file__).resolve().parents[2] / "app" / "frontend"
THEME = (FRONTEND / "styles" / "tokens.css").read_text()
MARKERS = (FRONTEND / "src" / "canvas" / "markers.js").read_text()

SEEN_BY = {
    "all": np.eye(3),
    "protanopes": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopes": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopes": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}

APART = 0.08
"""In Oklab: about four times what is just noticed side by side."""


def linear(color: str) -> Array:
    """#rrggbb, or oklch as `l c h`, as linear RGB."""
    if color.startswith("#"):
        code = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    lightness, chroma, hue = map(float, color.split())
    angle = np.radians(hue)
    lab = np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])
    return np.linalg.inv(TO_CONES) @ (np.linalg.inv(TO_LAB) @ lab) ** 3


TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(color: str, eyes: Array) -> Array:
    seen = np.clip(eyes @ linear(color), 0, 1)
    return TO_LAB @ np.cbrt(TO_CONES @ seen)


def apart(a: str, b: str) -> float:
    """How far two colors lie apart for whoever tells them apart least."""
    return min(float(np.linalg.norm(oklab(a, e) - oklab(b, e))) for e in SEEN_BY.values())


def contrast(a: str, b: str) -> float:
    """WCAG's contrast ratio of two colors."""
    light = sorted(float(np.array([0.2126, 0.7152, 0.0722]) @ linear(c)) for c in (a, b))
    return (light[1] + 0.05) / (light[0] + 0.05)


def theme(name: str) -> dict[str, str]:
    """The style sheet's own colors."""
    blocks = re.findall(r"^\.natgrad[^{&]*\{\n(.*?)\n\}", THEME, re.S | re.M)
    pairs = re.compile(r"--([\w-]+): (#[0-9a-f]{6}|[\d.]+ [\d.]+ [\d.]+);")
    light, dark = (dict(pairs.findall(block)) for block in blocks[:2])
    return light if name == "light" else {**light, **dark}


def test_the_simulation_keeps_white_and_mixes_what_a_dichromat_mixes() -> None:
    for eyes in SEEN_BY.values():
        np.testing.assert_allclose(eyes @ np.ones(3), 1, atol=1e-5)
    assert apart("#808000", "#a06000") < 0.5 * np.linalg.norm(
        oklab("#808000", np.eye(3)) - oklab("#a06000", np.eye(3))
    ), "an olive and a brown, for a protanope or a deuteranope"


@pytest.mark.parametrize("paper", ["light", "dark"])
def test_the_three_rules_of_the_lecture_differ_in_color_for_all_eyes(paper: str) -> None:
    held = styles(("gradient", "newton", "natural"))
    for a, b in combinations(("gradient", "newton", "natural"), 2):
        assert apart(held[a][paper], held[b][paper]) > APART, (a, b)


def test_the_colors_and_symbols_that_a_rule_may_declare_are_those_that_can_be_drawn() -> None:
    assert tuple(COLORS) == NAMES
    outlines = MARKERS[MARKERS.index("const OUTLINES") :].partition("};")[0]
    assert tuple(re.findall(r'^  "?([\w-]+)"?:', outlines, re.M)) == SYMBOLS


def test_a_style_of_a_rule_is_what_the_rule_declares() -> None:
    for name in rules:
        declared, shown = rules.traits(name), style(name)
        assert (shown["light"], shown["dark"]) == COLORS[declared.color]
        assert shown["symbol"] == declared.symbol
    with pytest.raises(UnknownName, match="no rule 'kfak'"):
        style("kfak")


@pytest.mark.parametrize("paper", ["light", "dark"])
def test_every_color_that_may_be_declared_can_be_read_on_the_background(paper: str) -> None:
    ground = theme(paper)["paper"]
    for name, both in COLORS.items():
        assert contrast(both[paper == "dark"], ground) >= 3, name


@pytest.mark.parametrize("paper", ["light", "dark"])
def test_no_two_rules_share_both_color_and_symbol(paper: str) -> None:
    held = styles(tuple(rules))
    for a, b in combinations(rules, 2):
        same = held[a]["symbol"] == held[b]["symbol"]
        assert not same or apart(held[a][paper], held[b][paper]) > APART / 2, (a, b)


SHAPES = {"path": "line", "curve": "line", "arrows": "arrow", "points": "point"}
"""A line may resemble another line, but not an arrow or a point."""


def mark(trace: dict[str, Any], among: Iterable[dict[str, Any]], held: Any) -> str | None:
    """The symbol of a trace; a curve has that of the points drawn in its style."""
    shown = (trace["plane"], trace["style"])
    if trace["kind"] == "curve" and not any(
        (t["plane"], t["style"]) == shown for t in among if t["kind"] == "points"
    ):
        return None
    return trace.get("symbol") or held[trace["style"]].get("symbol")


@cache
def drawn_of(name: str) -> dict[str, tuple[dict[str, Any], ...]]:
    """What each preset of a lesson draws: the same in light and dark, and for each law below."""
    lesson, found = lessons[name], {}
    for preset in lesson.presets:
        sheet = Sheet()
        lesson.picture(lesson.after(preset.set), sheet)
        found[preset.name] = tuple(sheet.traces)
    return found


@pytest.mark.parametrize("paper", ["light", "dark"])
@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_what_is_drawn_together_differs_in_color_or_in_symbol_or_dash(
    lesson: Lesson, paper: str
) -> None:
    held = {**styles(lesson.rules), **lesson.styles}
    for preset, traces in drawn_of(lesson.name).items():
        drawn = {
            (
                t["plane"],
                SHAPES[t["kind"]],
                t["style"],
                t.get("dash", "solid"),
                mark(t, traces, held),
            )
            for t in traces
            if t["kind"] in SHAPES and t["style"] in held
        }
        for (plane, shape, a, *look), (other, shape_b, b, *look_b) in combinations(
            sorted(drawn, key=str), 2
        ):
            if (plane, shape, look) == (other, shape_b, look_b) and a != b:
                assert apart(held[a][paper], held[b][paper]) > APART, (preset, a, b)


@pytest.mark.parametrize("paper", ["light", "dark"])
def test_text_and_lines_stand_out_from_their_ground(paper: str) -> None:
    color = theme(paper)
    for front, ground in (
        ("text", "paper"),
        ("text", "panel"),
        ("soft", "paper"),
        ("soft", "panel"),
        ("accent", "paper"),
        ("accent", "accent-wash"),
        ("text", "accent-wash"),
        ("danger", "paper"),
        ("danger", "danger-wash"),
        ("paper", "text"),
    ):
        assert contrast(color[front], color[ground]) >= 4.5, (front, ground)
    assert contrast(color["edge"], color["paper"]) >= 3, "a box's border, when it matters"


@pytest.mark.parametrize("paper", ["light", "dark"])
@pytest.mark.parametrize("lesson", lessons.values(), ids=list(lessons))
def test_what_is_drawn_stands_out_from_paper_and_bands(lesson: Lesson, paper: str) -> None:
    color = theme(paper)
    held = {**styles(lesson.rules), **lesson.styles}
    drawn = set()
    for traces in drawn_of(lesson.name).values():
        drawn |= {t["style"] for t in traces if t["kind"] in ("path", "arrows", "ellipse-at")}
    for name in drawn & set(held):
        assert contrast(held[name][paper], color["paper"]) >= 3, name
        assert contrast(held[name][paper], color["band-low"]) >= 3, name


@pytest.mark.parametrize("folder", ["app/frontend/styles", "app/natgrad_lecture/templates"])
def test_the_page_s_colors_are_stated_once(folder: str) -> None:
    """In style_tokens.py, from which both tokens.css are written; except the laser's red."""
    root = FRONTEND.parents[1]
    stated = {
        f"{path.name}: {color}"
        for path in sorted((root / folder).iterdir())
        if path.name != "tokens.css"
        for color in re.findall(r"#[0-9a-f]{6}\b|oklch\([\d.]", path.read_text("utf-8"))
    }
    assert stated <= {"presenting.css: #ff2d20"}
