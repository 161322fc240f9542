"""The lesson as a widget: one anywidget that answers what its page asks.

The page asks with the whole state and what to change in it; ``respond`` computes; the widget sends
the answer, JSON and one binary buffer. It keeps nothing but the last state, so a page may reconnect
to a fresh kernel at any time. In JupyterLab anywidget carries the module and the messages; on our
own page ``live_page.js`` does, and finds the first answer in the display's mimebundle.

A notebook keeps a picture of the lesson beside it, as it was last seen, with a sentence that says
how to run it: this is what is there when the notebook is opened without its kernel. While the
lesson lives, the picture is hidden (app/frontend/styles).

A notebook may show the widget in several views. Each hears its own answers only; when another view
has changed the state, it asks for that state.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, ClassVar
from urllib.parse import quote

import anywidget
import orjson
import traitlets
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from natgrad_lecture.bounded_cache import RESULTS
from natgrad_lecture.held_arrays import HeldArrays
from natgrad_lecture.nearest import NO_PICTURE
from natgrad_lecture.protocol import Ask, Moved, Refusal
from natgrad_lecture.static_files import plotly, script, style
from natgrad_lecture.text.catalogs import shared_words
from natgrad_lecture.text.languages import ENGLISH

PAGE_MIME = "application/vnd.natgrad.page+json"
"""The display's mime type in which our template finds the lesson and its first answer."""

Respond = Callable[[Mapping[str, Any]], tuple[Mapping[str, Any], bytes]]
"""What answers: an ``Ask`` to a ``Reply`` and its arrays (protocol.py). A page can send anything,
so an ask is a mapping of which nothing is certain.
"""

REST = 2.0
"""Seconds without a change after which the picture that a notebook keeps is drawn again."""

STILL = """<figure class="natgrad-still" style="margin: 0">
<img src="data:image/svg+xml,{svg}" alt="{title}: a picture of the lesson" width="100%"
 style="max-width: 620px">
<figcaption>{title}, as it was last seen. This picture is not live: run this cell to change
something.</figcaption>
</figure>"""

_NAME = 64
"""The most letters of a view's name."""

log = logging.getLogger("natgrad")


class Lesson(anywidget.AnyWidget):
    """A lesson on the screen.

    ``state`` may be set from a notebook: the picture follows. ``path`` holds what the picture
    shows, as the trajectories themselves.
    """

    _esm: ClassVar[str] = script("lesson_view.js")
    _css: ClassVar[str] = style()

    lesson = traitlets.Dict().tag(sync=True)
    first = traitlets.Dict().tag(sync=True)
    arrays = traitlets.Bytes().tag(sync=True)
    state = traitlets.Dict()
    path = traitlets.Any()

    def __init__(
        self,
        lesson: Mapping[str, Any],
        respond: Respond,
        still: Callable[[], str] | None = None,
    ) -> None:
        """Show ``lesson`` (the static words and controls), answering with ``respond``.

        ``still`` draws what is shown as an SVG, for a notebook to keep.
        """
        self._respond, self._still = respond, still
        self._kept = False
        """Whether a notebook keeps a picture."""
        self._resting: asyncio.TimerHandle | None = None
        self._telling = False
        self._views: set[str] = set()
        self._held = HeldArrays()
        ask: Ask = {"ask": 0, "state": {}, "set": {}, "have": []}
        first, arrays = respond(ask)
        super().__init__(lesson=lesson, first=plain(first), arrays=arrays)
        self._keep(first)
        self.on_msg(self._on_ask)

    def respond(self, ask: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes]:
        """Return the answer to an ask. Whatever goes wrong is an answer too: a page must never wait
        in vain.
        """
        try:
            return self._respond(ask)
        except Exception:
            log.exception("no answer to %s", str(ask)[:2000])
            said = shared_words(str(ask.get("lang") or ENGLISH))(NO_PICTURE)
            refusal: Refusal = {"answer": ask.get("ask"), "fault": said}
            return refusal, b""

    def _on_ask(self, _widget: object, ask: object, _buffers: object) -> None:
        if not isinstance(ask, dict):
            return
        view = ask.get("view")
        view = view[:_NAME] if isinstance(view, str) else ""
        if "ask" in ask:
            held = {**ask, "state": self.state} if ask.get("follow") else ask
            began = time.perf_counter()
            answer, arrays = self.respond(held)
            answer, arrays = self._held.reduced(answer, arrays, ask.get("kept"))
            took = round(1000 * (time.perf_counter() - began), 1)
            self._say({**answer, **({"view": view} if view else {}), "took": took}, arrays)
            self._tell(view, answer)
            RESULTS.settle()
        elif isinstance(ask.get("k"), int):  # a step taken, which changes no picture
            self._tell(view, {"state": {**self.state, "k": ask["k"]}})
        elif ask == {"script": "plotly"}:  # a notebook's page: it has no server
            self.send(ask, [plotly()])

    def _say(self, answer: Mapping[str, Any], arrays: bytes) -> None:
        self.send(plain(answer), [arrays] if arrays else None)

    def _tell(self, view: str, answer: Mapping[str, Any]) -> None:
        """Keep the state that a view has changed, and tell the other views, if there are any."""
        if len(self._views) < 2:
            self._views.add(view)
        if self._keep(answer) and self._views != {view}:
            moved: Moved = {"moved": view}
            self.send(moved)

    def _keep(self, answer: Mapping[str, Any]) -> bool:
        """Let ``state`` follow the page, without taking that for the notebook's wish. Returns
        whether it is another one than before.
        """
        state = answer.get("state")
        if not isinstance(state, dict) or state == self.state:
            return False
        self._telling = True
        try:
            self.state = state
        finally:
            self._telling = False
        self._rest()
        return True

    @traitlets.observe("state")
    def _on_state(self, change: dict[str, Any]) -> None:
        """A notebook set the state: answer unasked."""
        if not self._telling:
            ask: Ask = {"ask": None, "state": change["new"], "set": {}, "have": []}
            answer, arrays = self.respond(ask)
            self._keep(answer)
            self._say(answer, arrays)

    def _rest(self) -> None:
        """Let the notebook keep what is shown now, once nothing has changed for a while."""
        if self._resting is not None:
            self._resting.cancel()
        if self._kept:
            loop = asyncio.get_running_loop()
            self._resting = loop.call_later(REST, self._keep_what_is_shown)

    def _keep_what_is_shown(self) -> None:
        """Draw the notebook's picture again; widgets that are saved with it show the same."""
        first, arrays = self.respond({"ask": 0, "state": self.state, "set": {}, "have": []})
        if "fault" not in first:
            with self.hold_sync():
                self.first, self.arrays = plain(first), arrays
        self._show_still(again=True)

    def _show_still(self, again: bool = False) -> None:
        """Show a still picture, or draw it ``again``; a page of our server needs none."""
        in_notebook = InteractiveShell.initialized() and not os.environ.get("NATGRAD_PAGE")
        if self._still is None or not in_notebook:
            return
        try:
            svg = self._still()
        except Exception:
            log.exception("no picture for the notebook to keep")
            return
        html = STILL.format(svg=quote(svg), title=escape(self.lesson["title"]))
        display({"text/html": html}, raw=True, display_id=f"{self.model_id}-still", update=again)
        self._kept = True

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self._show_still()
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        page = {
            "comm": self.model_id,
            "lesson": self.lesson,
            "first": self.first,
            "arrays": b64encode(self.arrays).decode("ascii"),
        }
        return {**data, PAGE_MIME: page}, metadata


def plain(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer as JSON has it: NaN and infinity, which JSON lacks, as null, NumPy's
    numbers as numbers, and half a character, which UTF-8 lacks and an error may quote, as "?".
    """
    try:
        return orjson.loads(orjson.dumps(answer, _number, orjson.OPT_NON_STR_KEYS))
    except orjson.JSONEncodeError:
        pass  # half a character, or a whole number of more than 64 bits; or what no JSON has
    text = json.dumps(answer, ensure_ascii=False, default=_number).encode("utf-8", "replace")
    return json.loads(text, parse_constant=lambda _name: None)


def _number(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"an answer holds plain values, not {type(value).__name__}: {value!r}")
