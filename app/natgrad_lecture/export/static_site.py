"""``python -m natgrad_lecture export FOLDER``: the lessons as static pages, for any web host or a
USB stick.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Collection, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from html import escape
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, select_autoescape

from natgrad_core.errors import UnknownName
from natgrad_lecture.export.answer_pack import Pack, acts_of
from natgrad_lecture.export.saved_page import page
from natgrad_lecture.lecture_map import home
from natgrad_lecture.lesson_names import RENAMED, current
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.small_picture import thumbnail
from natgrad_lecture.machine_limits import cores
from natgrad_lecture.static_files import script
from natgrad_lecture.text.glossary import glossary_page
from natgrad_lecture.text.languages import ENGLISH, home_languages
from natgrad_lecture.text.lesson_text import opening_of
from natgrad_lecture.text.page_words import page_words

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


class CannotExport(Exception):
    """An export that cannot be made: what was given, and what to do."""


def export(
    folder: Path,
    names: Iterable[str] = (),
    room: int = ROOM,
    link: str = "",
    resume: bool = False,
    workers: int = 0,
    languages: Iterable[str] = (),
) -> list[Path]:
    """Write the lessons' pages and their list into ``folder``; returns what was written.

    A page holds the answers to everything that the lesson prepares, and to its controls at a few
    places, from the default and from each preset as far as ``room`` goes. What cannot be drawn is
    left out, and said; a lesson that cannot be exported at all has a page that says so, so that
    no link of the others is broken. The list and the glossary are always written, in every
    language; their English files lead on to the reader's.

    Args:
        folder: Where to; it is made if need be.
        names: The lessons; all if none.
        room: Bytes of arrays that a lesson may take, before they are compressed.
        link: Where the live lessons are, if they are anywhere.
        resume: Keep the pages that are there already.
        workers: Processes that make pages at the same time; 0 for one a core.
        languages: Beside English, in which lessons are written where they have them.

    Returns:
        The pages, the lists and the glossaries.

    Raises:
        CannotExport: If a lesson or a language is none, or a file cannot be written.
    """
    names, languages = tuple(names), tuple(languages)
    _check(names, room, workers, languages)
    try:
        return _export(folder, names, room, link, resume, workers, languages)
    except OSError as error:
        raise CannotExport(
            f"{error.filename or folder} cannot be written ({error.strerror}); once it can, "
            "--resume goes on with the pages that are not there yet"
        ) from error


def _check(names: Collection[str], room: int, workers: int, languages: Collection[str]) -> None:
    """Look at what was asked for.

    Raises:
        CannotExport: If it cannot be.
    """
    for name in map(current, names):
        try:
            lessons[name]
        except UnknownName as error:
            raise CannotExport(str(error)) from None
    there = sorted({language for lesson in lessons.values() for language in lesson.languages})
    for language in languages:
        if language not in there:
            raise CannotExport(f"no lesson speaks {language!r}; there are {', '.join(there)}")
    if room < 0 or workers < 0:
        raise CannotExport("the room and the workers of an export are 0 or more")


def _export(
    folder: Path,
    names: Collection[str],
    room: int,
    link: str,
    resume: bool,
    workers: int,
    languages: Collection[str],
) -> list[Path]:
    chosen = [lessons[current(name)] for name in names] or list(lessons.values())
    row = sorted(chosen, key=lambda lesson: (lesson.order, lesson.name))
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        file_name(lesson.name, language): (lesson.name, language, _nav(row, i, language))
        for language in dict.fromkeys((ENGLISH, *languages))
        for i, lesson in enumerate(row)
        if language in lesson.languages
    }
    wanted = pages
    if resume:
        wanted = {file: what for file, what in pages.items() if not (folder / file).exists()}
        there = len(pages) - len(wanted)
        print(f"{there} of {len(pages)} pages are there already", flush=True)
    jobs = {file: (folder / file, *what, room, link) for file, what in wanted.items()}
    workers = min(workers or cores(), max(1, len(jobs)))
    if workers == 1:
        for job in jobs.values():
            print(_write(*job), flush=True)
    else:
        _write_all(jobs, workers)
    for old, new in RENAMED.items():
        if any(lesson.name == new for lesson in row):
            (folder / f"{old}.html").write_text(MOVED.format(page=f"{new}.html"), "utf-8")
    beside = write_lists(folder, row, frozenset(pages))
    return [*(folder / file for file in pages), *beside]


Job = tuple[Path, str, str, dict[str, Any], int, str]
"""What ``_write`` is told."""


def _write_all(jobs: dict[str, Job], workers: int) -> None:
    """Write pages, several at the same time.

    Where memory runs out, the system ends one of the processes, and the pool of all with it. What
    is left is then made one page at a time, each in a process of its own.
    """
    left, count = dict(jobs), len(jobs)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        built = {pool.submit(_write, *job): file for file, job in jobs.items()}
        for one in as_completed(built):
            with contextlib.suppress(BrokenProcessPool):
                said = one.result()
                del left[built[one]]
                print(f"[{count - len(left)}/{count}] {said}", flush=True)
    for done, job in enumerate(left.values(), count - len(left) + 1):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            try:
                said = pool.submit(_write, *job).result()
            except BrokenProcessPool:
                said = _leave_out(*job)
        print(f"[{done}/{count}] {said}", flush=True)


def _leave_out(path: Path, name: str, language: str, *_: object) -> str:
    """Write a page that says that there is none; returns what there is to say of it."""
    path.write_text(_missing(lessons[name], language), "utf-8")
    return f"{path}: NOT exported (its process was ended, for want of memory?); its page says so"


def file_name(name: str, language: str = ENGLISH) -> str:
    """The file of a page in a language."""
    return f"{name}.html" if language == ENGLISH else f"{name}.{language}.html"


def write_lists(folder: Path, row: list[Lesson], pages: Collection[str]) -> list[Path]:
    """Write the list of the lessons and the glossary in every language; returns their paths.

    A link leads to the lesson's page in the list's language where ``pages`` has it.
    """
    pictures = {lesson.name: _inline(lesson) for lesson in row}
    here = {lesson.name: lesson for lesson in row}
    written = []
    for language in home_languages():

        def address(name: str, query: str = "", language: str = language) -> str:
            if name in here:
                file = file_name(name, language)
                file = file if file in pages else file_name(name)
            else:
                file = file_name({"home": "index"}.get(name, name), language)
                query = f"lang={language}"  # else the English one would lead to the browser's
            return f"{file}?{query}" if query else file

        for name, shown in {
            "home": home(here, lambda lesson: pictures[lesson.name], address, language),
            "glossary": glossary_page(address, language),
        }.items():
            path = folder / file_name({"home": "index"}.get(name, name), language)
            path.write_text(_filled(f"{name}.html", shown), "utf-8")
            written.append(path)
    return written


def _write(path: Path, name: str, language: str, nav: dict[str, Any], room: int, link: str) -> str:
    """Write a lesson's page, whole or not at all; returns what there is to say of it."""
    begun = time.monotonic()
    lesson = lessons[name]
    live = f"{link.rstrip('/')}/{name}" if link else ""
    if live and language != ENGLISH:
        live += f"?lang={language}"
    pack = Pack(lesson, room, language=language)
    try:
        content = page(pack, _fill(pack), link=live, nav=nav)
        said = f"{len(pack.answers)} answers"
        for line in pack.not_drawn:
            said += f"\n    left out: {line[:300]}"
    except Exception as error:
        logging.getLogger("natgrad").exception("the lesson %s could not be exported", name)
        content = _missing(lesson, language, live).encode()
        said = f"NOT exported ({error or type(error).__name__}); its page says so"
    part = path.with_suffix(".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
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
<html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<h1>{title}</h1>
<p>{said} <a href="{index}">{every}</a></p>
<p>{link}</p>
</html>
"""


def _missing(lesson: Lesson, language: str, link: str = "") -> str:
    """The page of a lesson that could not be saved; ``link`` is where it is live."""
    say = page_words(language)
    return _MISSING.format(
        language=language,
        title=escape(opening_of(lesson.folder, language).title),
        said=escape(say["not-exported"]),
        index=file_name("index", language),
        every=escape(say["all-lessons"]),
        link=escape(link),
    )


def _nav(row: list[Lesson], at: int, language: str) -> dict[str, Any]:
    """The lessons before and after, and their list, as files beside one another."""
    near = {"before": at - 1, "after": at + 1}
    return {
        "home": {"name": file_name("index", language)},
        **{side: _near(row[i], language) for side, i in near.items() if 0 <= i < len(row)},
    }


def _near(lesson: Lesson, language: str) -> dict[str, str]:
    spoken = language if language in lesson.languages else ENGLISH
    title = opening_of(lesson.folder, spoken).title
    return {"name": file_name(lesson.name, spoken), "title": title}


def _filled(template: str, shown: dict[str, Any]) -> str:
    templates = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=select_autoescape())
    own = {"script": {"inline": script("home.js")}, "saved": True}
    return templates.get_template(template).render(**shown, **own)


def _inline(lesson: Lesson) -> str:
    """A lesson's thumbnail as an address that is the picture: an index from disk asks no server."""
    try:
        return f"data:image/svg+xml,{quote(thumbnail(lesson))}"
    except Exception:  # the list is more than this picture
        logging.getLogger("natgrad").exception("no thumbnail of %s", lesson.name)
        return "data:,"
