"""What a lesson is: words, claims, presets, controls, and a picture of a state.

A mathematical sentence is a ``Claim``: the sentence, what to set so that the picture shows it, and
a check that the tests run on the engine's own answer. A plain sentence holds no mathematics; what
only fixes notation is a ``Definition``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.compute import Shown, compute
from app.figures.palette import inks
from app.figures.sheet import Sheet
from app.state import State
from app.store import Store
from app.typeset import formula, prose


@dataclass(frozen=True)
class Claim:
    """A sentence that the engine can show to be so. ``check`` reads what it computed."""

    id: str
    sentence: str
    set: Mapping[str, Any]
    check: Callable[[Shown], bool]


@dataclass(frozen=True)
class Definition:
    """A sentence that fixes what a symbol means; there is nothing to check."""

    sentence: str


Sentence = str | Claim | Definition


@dataclass(frozen=True)
class Section:
    """A few sentences under one heading."""

    id: str
    heading: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class Preset:
    """A named state, with one sentence on what to see in it. It starts from the default."""

    name: str
    set: Mapping[str, Any]
    say: str


@dataclass(frozen=True)
class Formula:
    """A line of the formula strip, in parts between which it may break.

    ``@name@`` in the LaTeX are places for live numbers.
    """

    id: str
    parts: tuple[str, ...]
    say: str = ""


@dataclass(frozen=True)
class Lesson:
    """One lesson. ``picture`` draws a state on a sheet and returns the rest of the answer."""

    name: str
    title: str
    takeaway: str
    sections: tuple[Section, ...]
    presets: tuple[Preset, ...]
    formulas: tuple[Formula, ...]
    controls: Callable[[], list[dict[str, Any]]]
    picture: Callable[[Shown, Sheet], dict[str, Any]]
    rules: tuple[str, ...]
    default: State = field(default_factory=State)
    on_problem: Callable[[str], Mapping[str, Any]] = lambda name: {"start": None}

    @property
    def claims(self) -> dict[str, Claim]:
        """The lesson's claims by id."""
        sentences = [s for section in self.sections for s in section.sentences]
        return {s.id: s for s in sentences if isinstance(s, Claim)}

    def store(self) -> Store:
        """A fresh store, at the default."""
        return Store(self.default, self.default, self.on_problem)

    def after(self, changes: Mapping[str, Any]) -> Shown:
        """What the engine says once these changes are made to the default."""
        store = self.store()
        errors = store.set(changes)
        if errors:
            raise ValueError(f"a state that the lesson {self.name!r} cannot show: {errors}")
        return compute(store.state)

    def static(self) -> dict[str, Any]:
        """All that does not change with the state, as JSON has it."""
        return {
            "name": self.name,
            "title": self.title,
            "takeaway": self.takeaway,
            "words": [_section(section) for section in self.sections],
            "claims": {
                c.id: {"set": {**self._ground(), **c.set}, "sentence": _plain(c.sentence)}
                for c in self.claims.values()
            },
            "presets": [
                {"name": p.name, "set": {**self._ground(), **p.set}, "say": p.say}
                for p in self.presets
            ],
            "controls": self.controls(),
            "formulas": [
                {"id": f.id, "html": "".join(map(formula, f.parts)), "say": f.say}
                for f in self.formulas
            ],
            "inks": inks(self.rules),
        }

    def _ground(self) -> dict[str, Any]:
        """The default, field by field: a preset shows the same wherever the reader was."""
        plain = self.default.plain()
        return {"problem": plain.pop("problem"), **plain}


def _section(section: Section) -> dict[str, str]:
    parts = []
    for sentence in section.sentences:
        if isinstance(sentence, Claim):
            words = prose(sentence.sentence)
            parts.append(f'<a class="claim" data-claim="{sentence.id}">{words}</a>')
        elif isinstance(sentence, Definition):
            parts.append(prose(sentence.sentence))
        else:
            parts.append(prose(sentence))
    return {"id": section.id, "heading": section.heading, "html": f"<p>{' '.join(parts)}</p>"}


def _plain(sentence: str) -> str:
    """The sentence without its markup, for a tooltip."""
    return sentence.replace("$", "").replace("*", "").replace("\\", "")
