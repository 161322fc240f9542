"""A lesson made live: it answers what its page asks. No reader's state is kept but in the store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from natgrad_lecture.bounded_cache import RESULTS
from natgrad_lecture.drawing.numbers import typeset
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.lessons.small_picture import still
from natgrad_lecture.nearest import (
    NO_PICTURE,
    NOT_EXPORTED,
    Drawn,
    NoPicture,
    changed,
    drawn,
    report,
    sentence,
    short,
    why,
)
from natgrad_lecture.protocol import (
    Answer,
    ExportedFile,
    ExportReply,
    Looked,
    Refusal,
    Revealed,
)
from natgrad_lecture.state.fields import BadInput
from natgrad_lecture.state.link import read_query
from natgrad_lecture.text.catalogs import Words, spoken
from natgrad_lecture.text.lesson_text import ENGLISH
from natgrad_lecture.time_limit import TookTooLong, time_limit

Export = Callable[[Lesson, Any, str, str], str | bytes]
"""Makes a file of a lesson, a state of it, the link to that state, and a language."""

T = TypeVar("T")

LONGEST_LINK = 10_000
"""Characters of the link that a file names: one with data that a reader typed has 8000."""

TAKING = 60.0
"""Seconds of processor time that making a file of what is shown may take."""

FINEST = 100_000
"""How often a picture may be asked for again, finer."""


class Live:
    """One lesson with one reader, who may export what is shown in each way of ``exports``.

    ``among`` are the lessons of the lecture.
    """

    def __init__(
        self,
        lesson: Lesson,
        exports: Mapping[str, Export] | None = None,
        among: Collection[Lesson] = (),
    ) -> None:
        self.lesson = lesson
        self.exports = exports or {}
        self.among = among
        self.store = lesson.opened()
        self.model: Any = None
        self._widget: Any = None

    def watch(self, widget: Any) -> None:
        """Let ``widget.path`` follow what is shown."""
        self._widget = widget
        widget.path = self._paths()

    def respond(self, ask: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes]:
        """The answer to an ask: the state it wishes for, or the nearest good one, and its picture.

        An ask carries the whole state, so it may come from a page that knew another kernel. What
        is not of its form counts for nothing: anybody may write one.
        """
        with RESULTS.answering():
            return self._respond(ask)

    def _respond(self, ask: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes]:
        if ask.get("export"):
            return self._taken(ask)
        if "look" in ask:
            return self._looked(ask)
        say = self.lesson.say(_part(ask, "lang", str))
        language = say.language if isinstance(say, Words) else ENGLISH
        errors: dict[str, str] = {}
        dropped: list[str] = []
        known = self._set(ask, errors, dropped)
        found = self._drawn(ask, known, errors, dropped)
        if found is None:
            refusal: Refusal = {"answer": ask.get("ask"), "fault": say(NO_PICTURE)}
            return refusal, b""
        sheet, picture = found.sheet, found.picture
        self.model, self.store.state = found.model, found.state
        remarks = picture.pop("remarks", {})
        answer: Answer = {
            "answer": ask.get("ask"),
            "state": self.store.state.plain(),
            "values": self.lesson.values(self.store.state),
            "query": self.lesson.query(self.store.state),
            "errors": remarks | errors,
            "idle": dict(self.lesson.idle(found.model)),
            **picture,
            "revealed": {},
            "traces": [],
            "buffers": sheet.buffers,
        }
        self._derive(answer)
        if dropped:
            answer["dropped"] = dropped
        traces = sheet.traces
        if isinstance(say, Words):
            answer = spoken(answer, say)
            traces = [spoken({**trace, "name": say(trace["name"])}, say) for trace in traces]
        answer = _read(answer)
        answer["revealed"] = self._revealed()
        answer["traces"] = traces
        if ask.get("speak"):  # the page is to speak this language from now on
            answer["lesson"] = page_data(self.lesson, language, self.among)
        if self._widget is not None:
            self._widget.path = self._paths()
        return answer, sheet.data

    def _derive(self, answer: Answer) -> None:
        """Add the numbers of the derivation that is open; they are those of the step shown."""
        name = self.store.state.derive.partition(":")[0]
        if name in self.lesson.derivations:
            state, model = self.store.state, self.model
            shown = answer.setdefault("shows", answer["steps"] if state.k is None else state.k)
            if state.k is not None and state.k != shown:  # its run has not come so far
                model = self.lesson.model(state.with_(k=shown))
            answer["numbers"] = answer["numbers"] | self.lesson.derived(model, (name,))

    def _set(self, ask: Mapping[str, Any], errors: dict[str, str], dropped: list[str]) -> Any:
        """Let the store hold what the ask wishes for; returns the state before its changes."""
        known = self.store.state
        try:
            with time_limit():
                try:
                    self.store.load(_part(ask, "state", dict))
                except BadInput as error:
                    errors[error.field] = str(error)
                if query := _part(ask, "query", str):
                    self.store.state, lost = read_query(query, self.lesson.default)
                    dropped += lost
                if ask.get("reset"):
                    self.store.reset()
                known = self.store.state
                errors |= self.store.set(_part(ask, "set", dict))
        except (Exception, TookTooLong) as error:
            report(self.lesson, self.store.state, error)
            if ask.get("query"):
                dropped.append(f"the state ({why(error)})")
            else:
                errors[next(iter(_part(ask, "set", dict)), "state")] = sentence(why(error))
        return known

    def _drawn(
        self, ask: Mapping[str, Any], known: Any, errors: dict[str, str], dropped: list[str]
    ) -> Drawn | None:
        """The picture of the state, or of the nearest one that has one; None if nothing can be
        drawn. What was changed for that is said in ``errors`` beside its control, or of a link in
        ``dropped``.
        """
        have = frozenset(name for name in _part(ask, "have", list) if isinstance(name, str))
        fine = min(max(_part(ask, "fine", int), 0), FINEST)
        wished = self.store.state

        def sheet(fine: int) -> Sheet:
            return Sheet(have, fine, bool(ask.get("hold")), bool(ask.get("one")))

        try:
            found = drawn(self.lesson, wished, known, sheet, fine)
        except NoPicture:
            return None
        if not found.reason:
            return found
        changes = changed(wished, found.state)
        if ask.get("query") and found.state != known:
            names = ", ".join(short(wished, name) for name in changes)
            dropped.append(f"{names} ({found.reason})")
        else:
            beside = next(iter(_part(ask, "set", dict)), next(iter(changes), "state"))
            errors[beside] = sentence(found.reason)
        return found

    def _looked(self, ask: Mapping[str, Any]) -> tuple[Looked | Refusal, bytes]:
        """The runs of the state with some changes; what is shown and kept stays as it is."""
        store = self.lesson.store()
        sheet = Sheet(only=frozenset({"path"}))
        say = self.lesson.say(_part(ask, "lang", str))
        refusal: Refusal = {"answer": ask.get("ask"), "fault": say(NO_PICTURE)}
        try:
            with time_limit():
                store.load(_part(ask, "state", dict))
                if store.set(_part(ask, "look", dict)):
                    return refusal, b""
                self.lesson.picture(self.lesson.model(store.state), sheet)
        except (Exception, TookTooLong) as error:
            report(self.lesson, store.state, error)
            return refusal, b""
        looked: Looked = {
            "answer": ask.get("ask"),
            "looked": sheet.traces,
            "buffers": sheet.buffers,
        }
        return looked, sheet.data

    def _taken(self, ask: Mapping[str, Any]) -> tuple[ExportReply | Refusal, bytes]:
        """What ``export_file`` makes, or in words why it makes nothing."""
        try:
            with time_limit(TAKING):
                return self.export_file(ask)
        except (BadInput, TookTooLong) as refused:
            said = str(refused)
        except Exception as error:
            report(self.lesson, self.store.state, error)
            said = NOT_EXPORTED
        say = self.lesson.say(_part(ask, "lang", str))
        return {"answer": ask.get("ask"), "fault": say(said)}, b""

    def export_file(self, ask: Mapping[str, Any]) -> tuple[ExportReply, bytes]:
        """Export a state; the picture that is shown stays as it is."""
        kind, link = str(ask["export"]), _part(ask, "link", str)[:LONGEST_LINK]
        if kind not in self.exports:
            there = ", ".join(self.exports) or "none"
            raise BadInput("export", f"there is no export {kind[:40]!r}; there are {there}")
        store = self.lesson.store()
        store.load(_part(ask, "state", dict))
        found = self.exports[kind](self.lesson, store.state, link, str(ask.get("lang") or ENGLISH))
        data = found if isinstance(found, bytes) else b""
        exported: ExportedFile = {"kind": kind}
        if isinstance(found, str):
            exported["text"] = found
        return {"answer": ask.get("ask"), "exported": exported}, data

    def still(self) -> str:
        """What is shown, as a small SVG: for where nothing answers any more."""
        return still(self.lesson, self.store.state)

    def _paths(self) -> dict[str, Any]:
        return self.model.paths if self.model else {}

    def _revealed(self) -> dict[str, Revealed]:
        """For each question that is answered: what was chosen, and what the engine says."""
        said = dict(answer.split(":") for answer in self.store.state.answers)
        return {
            name: {
                "chosen": int(said[name]) if said[name] else None,
                "right": self.lesson.truth(name),
            }
            for name in self.lesson.questions
            if name in said
        }


def _read(answer: Answer) -> Answer:
    """The answer, and the numbers in its sentences as people read them."""
    for name in ("errors", "notes", "idle", "hints"):
        if texts := answer.get(name):
            answer[name] = {key: typeset(text) for key, text in texts.items()}
    if "dropped" in answer:
        answer["dropped"] = [typeset(text) for text in answer["dropped"]]
    answer["description"] = typeset(answer["description"])
    if charts := answer.get("charts"):
        answer["charts"] = [{**chart, "say": typeset(chart["say"])} for chart in charts]
    return answer


def _part(ask: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """A part of an ask, or the empty one if it is missing or of another kind."""
    value = ask.get(name)
    return value if isinstance(value, kind) else kind()
