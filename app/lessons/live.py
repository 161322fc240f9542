"""A lesson made live: it answers what its page asks. No reader's state is kept but in the store."""

from __future__ import annotations

from typing import Any

from app.compute import Shown, compute
from app.figures.sheet import Sheet
from app.lessons.lesson import Lesson
from app.state import BadInput, State, read_query
from natgrad_core.charts.linear import decompose


class Live:
    """One lesson with one reader."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.store = lesson.store()
        self.shown: Shown | None = None
        self._widget: Any = None

    def watch(self, widget: Any) -> None:
        """Let ``widget.path`` follow what is shown."""
        self._widget = widget
        widget.path = self._paths()

    def respond(self, ask: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer to an ask: the state it wishes for, or the nearest good one, and its picture.

        An ask carries the whole state, so it may come from a page that knew another kernel.
        """
        errors: dict[str, str] = {}
        dropped: list[str] = []
        try:
            self.store.load(ask.get("state") or {})
        except BadInput as error:
            errors[error.field] = str(error)
        if ask.get("query"):
            self.store.state, dropped = read_query(ask["query"], self.lesson.default)
        if ask.get("reset"):
            self.store.reset()
        errors |= self.store.set(ask.get("set") or {})
        self.shown = compute(self.store.state)
        sheet = Sheet(frozenset(ask.get("have") or ()))
        answer = {
            "answer": ask.get("ask"),
            "state": self.store.state.plain(),
            "values": values(self.shown),
            "query": self.store.state.query(self.lesson.default),
            "errors": errors,
            **({"dropped": dropped} if dropped else {}),
            **self.lesson.picture(self.shown, sheet),
        }
        answer |= {"traces": sheet.traces, "buffers": sheet.buffers}
        if self._widget is not None:
            self._widget.path = self._paths()
        return answer, sheet.data

    def _paths(self) -> dict[str, Any]:
        twins = self.shown.twins if self.shown else {}
        return {name: {"theta": pair.home, "x": pair.away} for name, pair in twins.items()}


def values(shown: Shown) -> dict[str, Any]:
    """What each control shows: the state's fields, entry by entry, and the parts of A."""
    state: State = shown.state
    start = shown.start
    return {
        **{name: value for name, value in state.plain().items() if name not in ("matrix", "start")},
        **{f"matrix.{i}.{j}": state.matrix[i][j] for i in (0, 1) for j in (0, 1)},
        **{f"start.{i}": part for i, part in enumerate(start)},
        **decompose(state.matrix)._asdict(),
    }
