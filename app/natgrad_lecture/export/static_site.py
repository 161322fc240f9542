"""``python -m natgrad_lecture export FOLDER``: the lessons as static pages, for any web host or a
USB stick.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from html import escape
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, select_autoescape

from natgrad_lecture.export.answer_pack import Pack, acts_of
from natgrad_lecture.export.saved_page import page
from natgrad_lecture.lecture_map import home
from natgrad_lecture.lesson_names import RENAMED, current
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.static_files import script
from natgrad_lecture.text.glossary import glossary_page

TEMPLATE = Path(__file__).resolve().parent.parent / "templates"

MOVED = """<!doctype html>
<meta charset="utf-8">
<title>{page}</title>
<script>location.replace("{page}" + location.search + location.hash)</script>
<a href="{page}">{page}</a>
"""
"""Leads from a lesson's former address to today's, with all that the link asks for."""

ROOM = 40_000_000
"""Bytes of arrays that a lesson may take, before they are compressed."""


def export(
    folder: Path,
    names: Iterable[str] = (),
    room: int = ROOM,
    link: str = "",
    resume: bool = False,
    workers: int = 0,
) -> list[Path]:
    """Write the lessons' pages and their list into ``folder``; returns what was written.

    A page holds the answers to everything that the lesson prepares, and to its controls at a few
    places, from the default and from each preset as far as ``room`` goes. What cannot be drawn is
    left out, and said; a lesson that cannot be exported at all has a page that says so, so that
    no link of the others is broken. The list is always written.

    Args:
        folder: Where to; it is made if need be.
        names: The lessons; all if none.
        room: Bytes of arrays that a lesson may take, before they are compressed.
        link: Where the live lessons are, if they are anywhere.
        resume: Keep the pages that are there already.
        workers: Processes that make pages at the same time; 0 for one a core.

    Returns:
        The pages, the list and the glossary.
    """
    chosen = [lessons[current(name)] for name in names] or list(lessons.values())
    row = sorted(chosen, key=lambda lesson: (lesson.order, lesson.name))
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {lesson.name: _nav(row, i) for i, lesson in enumerate(row)}
    if resume:
        there = {name for name in wanted if (folder / f"{name}.html").exists()}
        print(f"{len(there)} of {len(wanted)} pages are there already", flush=True)
        wanted = {name: nav for name, nav in wanted.items() if name not in there}
    workers = min(workers or os.cpu_count() or 1, max(1, len(wanted)))
    if workers == 1:
        for name, nav in wanted.items():
            print(_write(folder, name, nav, room, link), flush=True)
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            built = [pool.submit(_write, folder, n, nav, room, link) for n, nav in wanted.items()]
            for done, one in enumerate(as_completed(built), 1):
                print(f"[{done}/{len(built)}] {one.result()}", flush=True)
    for old, new in RENAMED.items():
        if any(lesson.name == new for lesson in row):
            (folder / f"{old}.html").write_text(MOVED.format(page=f"{new}.html"), "utf-8")
    index = folder / "index.html"
    index.write_text(_index(row), "utf-8")
    glossary = folder / "glossary.html"
    glossary.write_text(_glossary(), "utf-8")
    return [*(folder / f"{lesson.name}.html" for lesson in row), index, glossary]


def _write(folder: Path, name: str, nav: dict[str, Any], room: int, link: str) -> str:
    """Write a lesson's page, whole or not at all; returns what there is to say of it."""
    begun = time.monotonic()
    lesson, path = lessons[name], folder / f"{name}.html"
    live = f"{link.rstrip('/')}/{name}" if link else ""
    pack = Pack(lesson, room)
    try:
        content = page(pack, _fill(pack), link=live, nav=nav)
        said = f"{len(pack.answers)} answers"
        for line in pack.not_drawn:
            said += f"\n    left out: {line[:300]}"
    except Exception as error:
        logging.getLogger("natgrad").exception("the lesson %s could not be exported", name)
        content = _MISSING.format(title=escape(lesson.title), link=escape(live)).encode()
        said = f"NOT exported ({error or type(error).__name__}); its page says so"
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)
    took = time.monotonic() - begun
    return f"{path}: {len(content) / 1e6:.1f} MB, {took:.0f} s, {said}"


def _fill(pack: Pack) -> int:
    """Put in what the lesson prepares, as far as there is room; returns the first answer."""
    lesson = pack.lesson
    first = pack.put(lesson.first)
    for changes in acts_of(lesson):
        pack.act(changes)
    pack.grid(lesson.first)
    for preset in lesson.presets:
        if not pack.full:
            pack.grid(lesson.state_after(preset.set))
    return first


_MISSING = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<h1>{title}</h1>
<p>This lesson could not be saved as a page. <a href="index.html">All lessons</a></p>
<p>{link}</p>
</html>
"""


def _nav(row: list[Lesson], at: int) -> dict[str, Any]:
    """The lessons before and after, and their list, as files beside one another."""
    near = {"before": at - 1, "after": at + 1}
    return {
        "home": {"name": "index.html"},
        **{
            side: {"name": f"{row[i].name}.html", "title": row[i].title}
            for side, i in near.items()
            if 0 <= i < len(row)
        },
    }


def _index(row: list[Lesson]) -> str:
    templates = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=select_autoescape())
    values = home({lesson.name: lesson for lesson in row}, _inline)
    return templates.get_template("home.html").render(
        **values, script={"inline": script("home.js")}, suffix=".html"
    )


def _glossary() -> str:
    templates = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=select_autoescape())
    return templates.get_template("glossary.html").render(
        **glossary_page(home="index.html"), script={"inline": script("home.js")}
    )


def _inline(lesson: Lesson) -> str:
    """A lesson's thumbnail as an address that is the picture: an index from disk asks no server."""
    try:
        return f"data:image/svg+xml,{quote(lesson.thumbnail())}"
    except Exception:  # the list is more than this picture
        logging.getLogger("natgrad").exception("no thumbnail of %s", lesson.name)
        return "data:,"
