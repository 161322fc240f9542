"""Notes when an ask passes each link in the server and in a kernel, for ``benchmarks.drag_trace``.

Python imports this module at its start where this folder is on PYTHONPATH. It wraps a few functions
of the lecture as their modules are imported, so that the lecture itself holds no clock.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = os.environ.get("NATGRAD_TRACE", "")
"""Where each process writes its notes, a JSON list a line: an ask, a link, a value."""

spent = {"engine": 0.0}
"""Seconds that the engine took of the present answer."""


def note(ask: object, link: str, value: float) -> None:
    """Write one line."""
    if isinstance(ask, int) and ask > 0:
        with Path(FOLDER, f"{os.getpid()}.jsonl").open("a") as file:
            file.write(json.dumps([ask, link, value]) + "\n")


def in_the_server(module: Any) -> None:
    """Note when an ask comes from the page, and when its answer goes there."""
    ask_in, handler_answered = module.ask_in, module.Channels._answered

    def asked(*arguments: Any) -> Any:
        began = time.time()
        ask = ask_in(*arguments)
        note(ask.get("ask"), "server in", began)
        return ask

    def answered(handler: Any, frame: bytes) -> None:
        began = time.time()
        handler_answered(handler, frame)
        note(module.answer_in(frame)[0].get("answer"), "server out", began)

    module.ask_in, module.Channels._answered = asked, answered


def in_the_engine(module: Any) -> None:
    """Count the seconds of the runs and of their measures."""
    pairs = module.RunsModel.pairs

    def timed(model: Any, names: Any) -> Any:
        began = time.perf_counter()
        try:
            return pairs(model, names)
        finally:
            spent["engine"] += time.perf_counter() - began

    module.RunsModel.pairs = timed


def in_the_kernel(module: Any) -> None:
    """Note when an ask is heard, how long its parts take, and when its answer is sent."""
    widget = module.Lesson
    on_ask, respond, send = widget._on_ask, widget.respond, widget.send

    def heard(self: Any, sender: object, ask: Any, buffers: object) -> None:
        number = ask.get("ask")
        note(number, "kernel in", time.time())
        spent["engine"] = 0.0
        on_ask(self, sender, ask, buffers)

    def sent(self: Any, content: Any, *more: Any) -> None:
        note(content.get("answer"), "kernel out", time.time())
        send(self, content, *more)

    def responded(self: Any, ask: Any) -> Any:
        began = time.perf_counter()
        answer = respond(self, ask)
        note(ask.get("ask"), "answer", time.perf_counter() - began)
        note(ask.get("ask"), "engine", spent["engine"])
        return answer

    widget._on_ask, widget.respond, widget.send = heard, responded, sent


HOOKS: dict[str, Callable[[Any], None]] = {
    "natgrad_lecture.server.websocket": in_the_server,
    "natgrad_lecture.engine_cache": in_the_engine,
    "natgrad_lecture.widget": in_the_kernel,
}


class Hooked(importlib.abc.MetaPathFinder):
    """Finds the modules of HOOKS as Python does, and wraps them once they are executed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find one of these modules; None for any other."""
        hook = HOOKS.get(fullname)
        spec = importlib.machinery.PathFinder.find_spec(fullname, path) if hook else None
        if hook is None or spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def executed(module: ModuleType) -> None:
            execute(module)
            hook(module)

        spec.loader.exec_module = executed
        return spec


if FOLDER:
    sys.meta_path.insert(0, Hooked())
