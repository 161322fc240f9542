"""Answers made ahead, for a page that has no engine: presets, claims, questions, sliders on a grid.

A pack holds whole answers, as the engine gave them. Their arrays lie in one buffer, each once: many
answers share a run, and all share the ground. A slider is asked at a few places, one control at a
time, from the states that are given as bases; what is not in the pack needs the live engine.
"""

from __future__ import annotations

import gzip
import json
import time
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from natgrad_lecture.drawing.numbers import significant
from natgrad_lecture.export.bibtex import cite
from natgrad_lecture.export.python_script import script
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.session import Live
from natgrad_lecture.state.state import State
from natgrad_lecture.state.store import Store
from natgrad_lecture.text.lesson_text import ENGLISH
from natgrad_lecture.widget import plain

LINK = "@link@"
"""Where a script has the link to what it makes; a saved page knows it once it is open."""

GRID = 9
"""Places of a slider."""

TIME_LIMIT = 60.0
"""Seconds that a picture which grows (a net that trains) may take to be whole."""

HASTE = 0.5
"""The same for one of many places of a slider."""

Moves = dict[str, list[list[Any]]]


class NotDrawn(Exception):
    """A state that the engine refused to draw: the pack goes without its answer."""


class Pack:
    """The answers of one lesson. ``room`` is how many bytes of arrays it may hold."""

    def __init__(
        self,
        lesson: Lesson,
        room: int = 64_000_000,
        seconds: float = 600.0,
        language: str = ENGLISH,
    ) -> None:
        self.lesson, self.language = lesson, language
        self.room = room
        self.until = time.monotonic() + seconds
        self.answers: list[dict[str, Any]] = []
        self.whole: list[bool] = []
        self.acts: list[list[Any]] = []
        self.moves: dict[int, Moves] = {}
        self.left_out: list[str] = []
        self.not_drawn: list[str] = []
        """What failed, each with the reason; the page goes without it."""

        self._live = Live(lesson)
        self._found: dict[str, int] = {}
        self._chunks: list[bytes] = []
        self._places: dict[bytes, int] = {}
        self._size = 0

    @property
    def full(self) -> bool:
        """Whether no more should be put in."""
        return self._size > self.room or time.monotonic() > self.until

    def put(self, state: State, time_limit: float = TIME_LIMIT) -> int:
        """The answer to a state, by its number; asked for if it is not there yet.

        Raises:
            NotDrawn: If the engine has no picture of this state.
        """
        whole = {**state.plain(), "answers": (), "derive": ""}
        key = _key(whole)
        if key not in self._found:
            answer = self._ask(whole, time_limit)
            self._found[key] = len(self.answers)
            self.answers.append(answer)
        return self._found[key]

    def act(self, changes: Mapping[str, Any], time_limit: float = TIME_LIMIT) -> None:
        """What the page shows when a preset, a claim or a question sets all of this at once.

        If the picture is not whole within the time limit, the act is left to the engine: half a
        run would not show what the sentence says.
        """
        store = self.lesson.store()
        if store.set({k: v for k, v in changes.items() if k not in ("answers", "derive")}):
            return
        try:
            at = self.put(store.state, time_limit)
        except NotDrawn as error:
            self.not_drawn.append(str(error))
            return
        if self.whole[at]:
            self.acts.append([plain(dict(changes)), at])

    def grid(self, state: State) -> None:
        """Every control at a few places, each from this state, as far as there is room."""
        try:
            base = self.put(state)
        except NotDrawn as error:
            self.not_drawn.append(str(error))
            return
        moves = self.moves.setdefault(base, {})
        for control in (c for group in self.lesson.control_groups() for c in group["controls"]):
            field = control.get("field", "")
            places = list(_places(control, self.lesson.values(state).get(field)))
            if self.full or not places:
                self.left_out += [field] if places else []
                continue
            found: list[list[Any]] = []
            for value in places:
                store = Store(self.lesson.default, state)
                if store.set({field: value}):
                    continue
                try:
                    at = self.put(store.state, HASTE)
                except NotDrawn as error:
                    self.not_drawn.append(str(error))
                    continue
                if not self.whole[at]:
                    break  # its other places would take as long
                found.append([plain({"": value})[""], at])
            if len({index for _, index in found}) > 1:
                moves[field] = found

    def _ask(self, state: dict[str, Any], time_limit: float) -> dict[str, Any]:
        """The whole answer to a state; of a picture that grows, what the time limit allows."""
        until = time.monotonic() + time_limit
        ask: dict[str, Any] = {
            "ask": 0,
            "state": state,
            "set": {},
            "have": [],
            "lang": self.language,
        }
        found, data = self._live.respond(ask)
        while found.get("more") is not None and time.monotonic() < until:
            found, data = self._live.respond({**ask, "fine": found["more"]})
            self._look(found, state)
        self._look(found, state)
        model = self._live.model
        try:
            exported = {
                "python": script(self.lesson, model, LINK, self.language),
                "cite": cite(self.lesson, model),
            }
        except Exception as error:
            raise NotDrawn(f"{found.get('query')}: its script could not be written") from error
        answer = {**found, "numbers": {**found["numbers"], **self.lesson.derived(model)}}
        self.whole.append(answer.get("more") is None)
        for name in ("answer", "errors", "revealed", "more", "progress", "shows", "dropped"):
            answer.pop(name, None)
        answer["buffers"] = {
            name: [kind, shape, self._keep(_part(data, kind, shape, offset))]
            for name, (kind, shape, offset) in answer["buffers"].items()
        }
        answer["exported"] = exported
        return plain(answer)

    def _look(self, answer: Mapping[str, Any], state: dict[str, Any]) -> None:
        """Raise NotDrawn where the answer shows another state than the one that was asked for."""
        if json.dumps(plain(answer.get("state", {})), sort_keys=True) != _key(state):
            changed = {k: v for k, v in state.items() if v != self.lesson.default.plain()[k]}
            said = [answer.get("fault", ""), *answer.get("errors", {}).values()]
            raise NotDrawn(f"{changed}: {' '.join(filter(None, said))}")

    def _keep(self, chunk: bytes) -> int:
        """Where this array lies in the one buffer; each once."""
        if chunk not in self._places:
            self._places[chunk] = self._size
            padded = chunk + b"\0" * (-len(chunk) % 8)
            self._chunks.append(padded)
            self._size += len(padded)
        return self._places[chunk]

    def parts(self, first: int, nav: Any = None) -> tuple[str, str]:
        """The pack as a page holds it: JSON and arrays, each compressed, in base64."""
        truths = {name: self.lesson.truth(name) for name in self.lesson.questions}
        content = {
            "lesson": {**page_data(self.lesson, self.language), "languages": [], "nav": nav},
            "answers": self.answers,
            "acts": self.acts,
            "moves": self.moves,
            "first": first,
            "start": self.put(self.lesson.first),
            "truths": truths,
        }
        words = json.dumps(plain(content), ensure_ascii=False, separators=(",", ":")).encode()
        return _packed(words), _packed(b"".join(self._chunks))


def _key(state: dict[str, Any]) -> str:
    return json.dumps(plain(state), sort_keys=True)


def acts_of(lesson: Lesson) -> Iterable[Mapping[str, Any]]:
    """All that a page can set at once: presets first, then claims, then what a question sets."""
    static = page_data(lesson)
    yield from (preset["set"] for preset in static["presets"])
    yield from (claim["set"] for claim in static["claims"].values())
    yield from (section["predict"]["set"] for section in static["words"] if section["predict"])


def _places(control: Mapping[str, Any], now: Any) -> Iterable[Any]:
    """A few values of a control; none where there are too many to choose from."""
    kind = control["kind"]
    if kind == "slider":
        low, high, step = control["min"], control["max"], control["step"]
        even = np.linspace(low, high, GRID)
        if control["scale"] == "log":
            even = np.geomspace(low or max(step, high / 1e5), high, GRID - (low <= 0))
            even = np.concatenate([[0.0], even]) if low <= 0 else even
        tidy = [significant(value, 3) for value in even]
        if float(step).is_integer():
            tidy = [int(low + round((value - low) / step) * step) for value in tidy]
        yield from sorted({*tidy, now} if isinstance(now, int | float) else set(tidy))
    elif kind == "choice":
        yield from (option["value"] for option in control["options"])
    elif kind == "checks":
        yield from _toggled(control, tuple(now or ()))
    elif kind == "switch":
        yield from (False, True)


def _toggled(control: Mapping[str, Any], now: tuple[Any, ...]) -> Iterable[list[Any]]:
    """What is checked, and the same with one box more or less, in the order of the boxes."""
    names = [option["value"] for option in control["options"]]
    yield [name for name in names if name in now]
    for name in names:
        chosen = [n for n in names if (n in now) != (n == name)]
        if chosen:
            yield chosen


def _part(data: bytes, kind: str, shape: list[int], offset: int) -> bytes:
    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    return data[offset : offset + size]


def _packed(data: bytes) -> str:
    return b64encode(gzip.compress(data, 6, mtime=0)).decode("ascii")
