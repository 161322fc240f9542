"""A reader's visit, act by act: presets, claims, controls, handles, undo and links in any order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from natgrad_lecture.export.answer_pack import acts_of
from natgrad_lecture.export.kinds import EXPORTS
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.session import Live
from natgrad_lecture.state.link import read_query
from tests.fuzz.examine import unforeseen
from tests.fuzz.strategies import links

SHARES = st.floats(0, 1)
"""Where on a slider, or on a plane."""


def values(control: dict[str, Any], share: float) -> Any:
    """A value that the reader can give to this control, and no other."""
    kind = control["kind"]
    options = [option["value"] for option in control.get("options", [])]
    if kind == "slider":
        low, high = control["min"], control["max"]
        if control["scale"] == "log":
            low = low or control["step"]
            return float(f"{low * (high / low) ** share:.3g}")
        step = control["step"]
        return round((low + share * (high - low)) / step) * step
    if kind == "choice":
        return options[int(share * (len(options) - 1))]
    if kind == "checks":
        return [name for i, name in enumerate(options) if int(share * 2**16) >> i & 1]
    if kind == "switch":
        return share > 0.5
    return None


def machine(lesson: Lesson) -> type[RuleBasedStateMachine]:
    """The visits of one lesson."""
    acts = list(acts_of(lesson))
    controls = [control for group in lesson.control_groups() for control in group["controls"]]
    typed = [c for c in controls if c["kind"] in {"number", "slider"}]
    given = [c for c in controls if values(c, 0.5) is not None]

    class Visit(RuleBasedStateMachine):
        """What the page holds: the last answer, and the states before it."""

        @initialize()
        def come(self) -> None:
            self.live = Live(lesson, EXPORTS)
            self.past: list[dict[str, Any]] = []
            self.answer: Mapping[str, Any] = {"state": {}}
            self.ask()

        def ask(self, **more: Any) -> None:
            state = self.answer["state"]
            answer, _ = self.live.respond({"ask": 1, "state": state, "set": {}, **more})
            unforeseen.check()
            assert "fault" not in answer, answer["fault"]
            assert all(isinstance(text, str) and text for text in answer["errors"].values())
            linked, dropped = read_query(answer["query"], lesson.default)
            assert not dropped, dropped
            assert lesson.query(linked) == answer["query"]
            self.past.append(state)
            self.answer = answer

        @rule(act=st.sampled_from(acts))
        def click(self, act: dict[str, Any]) -> None:
            self.ask(set=act)

        @rule(control=st.sampled_from(given), share=SHARES)
        def move(self, control: dict[str, Any], share: float) -> None:
            self.ask(set={control["field"]: values(control, share)})

        @rule(control=st.sampled_from(typed or given), value=st.floats(-1e7, 1e7) | SHARES)
        def write(self, control: dict[str, Any], value: float) -> None:
            self.ask(set={control["field"]: value})

        @rule(which=SHARES, x=SHARES, y=SHARES)
        def drag(self, which: float, x: float, y: float) -> None:
            handles = self.answer["handles"]
            if not handles:
                return
            handle = handles[int(which * (len(handles) - 1))]
            spec = next(p for p in self.answer["planes"] if p["name"] == handle["plane"])
            sides = np.reshape(spec["view"], (2, 2))
            for i, (low, high, log) in enumerate(spec.get("scales", [])):
                sides[i] = (low, high) if not log else np.log10((low, high))
            at = sides[:, 0] + np.array([x, y]) * np.ptp(sides, axis=1)
            logs = [log for _, _, log in spec.get("scales", [])] or [False, False]
            at = [10**v if log else v for v, log in zip(at.tolist(), logs, strict=True)]
            self.ask(set={handle["field"]: at})

        @rule(k=st.integers(0, 300))
        def step(self, k: int) -> None:
            self.ask(set={"k": k})

        @rule()
        def undo(self) -> None:
            if len(self.past) > 1:
                self.answer = {**self.answer, "state": self.past.pop()}
                self.ask()

        @rule(link=links(lesson))
        def follow(self, link: str) -> None:
            self.ask(query=link, state={})

        @rule()
        def reopen(self) -> None:
            """In another kernel, as after a reload: the link opens what was seen."""
            if query := self.answer["query"]:
                again, _ = Live(lesson).respond({"ask": 0, "query": query})
                unforeseen.check()
                assert again["query"] == query
                assert "dropped" not in again

        @rule(export=st.sampled_from(["python", "cite"]))
        def export(self, export: str) -> None:
            answer, _ = self.live.respond(
                {"ask": 2, "export": export, "state": self.answer["state"]}
            )
            unforeseen.check()
            assert answer["exported"]["text"]

    return Visit


def visit(lesson: Lesson, visits: int, acts: int, shrink: bool = True) -> None:
    """Let so many readers make so many acts each; ``shrink`` what fails to a few acts."""
    run_state_machine_as_test(
        machine(lesson),
        settings=settings(
            max_examples=visits,
            stateful_step_count=acts,
            deadline=None,
            database=None,
            phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
            suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType]
        ),
    )
