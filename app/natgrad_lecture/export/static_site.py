"""``python -m natgrad_lecture export FOLDER``: the lessons as static pages, for any web host or a
USB stick.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, select_autoescape

from natgrad_lecture.export.answer_pack import Pack, acts_of
from natgrad_lecture.export.saved_page import page
from natgrad_lecture.lecture_map import home
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.static_files import script

TEMPLATE = Path(__file__).resolve().parent.parent / "templates"

ROOM = 40_000_000
"""Bytes of arrays that a lesson may take, before they are compressed."""


def export(folder: Path, names: Iterable[str] = (), room: int = ROOM, link: str = "") -> list[Path]:
    """Write the lessons' pages and their list into ``folder``; returns what was written.

    A page holds the answers to everything that the lesson prepares, and to its controls at a few
    places, from the default and from each preset as far as ``room`` goes. ``link`` is where the
    live lessons are, if they are anywhere.
    """
    chosen = [lessons[name] for name in names] or list(lessons.values())
    row = sorted(chosen, key=lambda lesson: (lesson.order, lesson.name))
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for i, lesson in enumerate(row):
        begun = time.monotonic()
        pack = Pack(lesson, room)
        first = pack.put(lesson.default)
        for changes in acts_of(lesson):
            pack.act(changes)
        pack.grid(lesson.default)
        for preset in lesson.presets:
            if not pack.full:
                pack.grid(lesson.state_after(preset.set))
        path = folder / f"{lesson.name}.html"
        live = f"{link.rstrip('/')}/{lesson.name}" if link else ""
        path.write_bytes(page(pack, first, link=live, nav=_nav(row, i)))
        written.append(path)
        size, took = path.stat().st_size / 1e6, time.monotonic() - begun
        print(f"{path}: {len(pack.answers)} answers, {size:.1f} MB, {took:.0f} s", flush=True)
    index = folder / "index.html"
    index.write_text(_index(row), "utf-8")
    return [*written, index]


def _nav(row: list[Lesson], at: int) -> dict[str, Any]:
    """The lessons before and after, and their list, as files beside one another."""
    near = {"before": at - 1, "after": at + 1}
    return {
        "home": {"name": "index.html"},
        **{
            way: {"name": f"{row[i].name}.html", "title": row[i].title}
            for way, i in near.items()
            if 0 <= i < len(row)
        },
    }


def _index(row: list[Lesson]) -> str:
    templates = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=select_autoescape())
    values = home({lesson.name: lesson for lesson in row}, _inline)
    return templates.get_template("home.html").render(
        **values, script={"inline": script("home.js")}, suffix=".html"
    )


def _inline(lesson: Lesson) -> str:
    """A lesson's miniature as an address that is the picture: an index from disk asks no server."""
    return f"data:image/svg+xml,{quote(lesson.miniature())}"
