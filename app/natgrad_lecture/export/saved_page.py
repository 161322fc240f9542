"""A page that plays by itself: one HTML file with the front end's own module and a pack of answers.

Nothing is fetched, and its policy forbids it to: it opens from a disk, a USB stick, any web host.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from itertools import islice
from typing import Any

from natgrad_lecture.export.answer_pack import HASTE, Pack, acts_of
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.state.state import State
from natgrad_lecture.static_files import plotly, script, style
from natgrad_lecture.text.lesson_text import ENGLISH
from natgrad_lecture.text.page_words import page_words

SECONDS = 20.0
"""That a reader waits for a page of his own at most; what is not made by then is left out."""

ROOM = 12_000_000
"""Bytes of arrays in it, before they are compressed."""

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} – {site}</title>
<link rel="icon" href="data:,">
<style>
body {{ margin: 0; }}
{style}
</style>
</head>
<body>
<div id="natgrad-root"></div>
<noscript><p>{scripts}</p></noscript>
<script type="text/plain" id="natgrad-words">{words}</script>
<script type="text/plain" id="natgrad-arrays">{arrays}</script>
{plotly}<script type="text/plain" id="natgrad-live">{live}</script>
<script>{script}</script>
</body>
</html>
"""


def saved(
    lesson: Lesson, state: State, link: str, language: str = ENGLISH, seconds: float = SECONDS
) -> bytes:
    """The page for a state: it opens with it, and plays the presets, claims and controls near it.

    ``link`` is where the live lesson is; the page offers it if others can reach it.
    """
    pack = Pack(lesson, ROOM, seconds, language)
    first = pack.put(state, seconds / 3)
    each = max(HASTE, seconds / 3 / (1 + len(lesson.presets)))
    pack.put(lesson.first, each)
    acts = iter(acts_of(lesson))
    for changes in islice(acts, len(lesson.presets)):
        pack.act(changes, each)
    pack.grid(state)
    for changes in acts:
        if not pack.full:
            pack.act(changes, HASTE)
    return page(pack, first, link=link)


def page(pack: Pack, first: int, *, link: str = "", nav: Mapping[str, Any] | None = None) -> bytes:
    """The page of a pack that opens with the answer ``first``."""
    words, arrays = pack.parts(first, nav)
    player = script("saved_page.js").replace("</script", r"<\/script")
    digest = b64encode(sha256(player.encode()).digest()).decode("ascii")
    charts = any(answer.get("charts") for answer in pack.answers)
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'{' blob:' if charts else ''}; "
        "style-src 'unsafe-inline'; img-src data: blob:; media-src blob:; base-uri 'none'; "
        "form-action 'none'"
    )
    held = ""
    if charts:
        body = b64encode(plotly()).decode("ascii")
        held = f'<script type="text/plain" id="natgrad-plotly">{body}</script>\n'
    say = page_words(pack.language)
    text = _PAGE.format(
        language=pack.language,
        policy=policy,
        title=escape(pack.lesson.text(pack.language).title),
        site=escape(say["site"]),
        scripts=escape(say["scripts"]),
        style=style(),
        words=words,
        arrays=arrays,
        plotly=held,
        live=escape(link),
        script=player,
    )
    return text.encode()
