"""What a lesson is: words, claims, presets, controls, and a picture of a state.

A mathematical sentence is a ``Claim``: the sentence, what to set so that the picture shows it, and
a check that the tests run on the engine's own answer. A plain sentence holds no mathematics; what
only fixes notation is a ``Definition``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from natgrad_core.provenance.code_writer import Writer
from natgrad_lecture.drawing.palette import inks
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.thumbnail import miniature
from natgrad_lecture.engine_cache import Shown
from natgrad_lecture.state.state import PAGE, VERSION, State
from natgrad_lecture.state.store import Store
from natgrad_lecture.text.catalogs import ENGLISH, Say, languages, same, spoken, words
from natgrad_lecture.text.typeset import formula, prose

_GROWN = 1.0
"""Seconds that the miniature of a picture which grows may take."""


@dataclass(frozen=True)
class Claim:
    """A sentence that the engine can show to be so. ``check`` reads what it computed."""

    id: str
    sentence: str
    set: Mapping[str, Any]
    check: Callable[[Any], bool]


@dataclass(frozen=True)
class Definition:
    """A sentence that fixes what a symbol means; there is nothing to check."""

    sentence: str


@dataclass(frozen=True)
class Predict:
    """A question to answer before looking. ``truth`` is the right option's index, as the engine
    has it in the state that ``set`` makes; ``say`` is the reason, shown with the answer.
    """

    id: str
    question: str
    options: tuple[str, ...]
    set: Mapping[str, Any]
    truth: Callable[[Any], int]
    say: str

    @property
    def reason(self) -> str:
        """The reason, as HTML."""
        return prose(self.say)


Sentence = str | Claim | Definition


@dataclass(frozen=True)
class Section:
    """A few sentences under one heading."""

    id: str
    heading: str
    sentences: tuple[Sentence, ...]
    predict: Predict | None = None


@dataclass(frozen=True)
class Preset:
    """A named state, with one sentence on what to see in it. It starts from the default."""

    name: str
    set: Mapping[str, Any]
    say: str

    @property
    def id(self) -> str:
        """Its name as a link writes it."""
        return "-".join(re.findall(r"\w+", self.name.lower()))


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
    """One lesson. ``see`` asks the engine about a state; ``picture`` draws what it says on a sheet
    and returns the rest of the answer: planes, steps, handles, numbers, description, and where
    there is one the meter, whose heading is ``meter``. ``remarks`` of the answer stand beside the
    controls that they are about: what was wished and cannot be, and why.
    """

    name: str
    title: str
    takeaway: str
    sections: tuple[Section, ...]
    presets: tuple[Preset, ...]
    formulas: tuple[Formula, ...]
    controls: Callable[[], list[dict[str, Any]]]
    picture: Callable[[Any, Sheet], dict[str, Any]]
    default: State
    see: Callable[[Any], Any] = Shown
    order: int = 1
    """Its place in the lecture."""
    rules: tuple[str, ...] = ()
    inks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Inks of its own, beside those of its rules and of the things on every page."""
    meter: str = ""
    lights: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Which inks a symbol of the text stands for: the one lights the others, and back."""
    sources: tuple[str, ...] = ()
    """What it draws on, "Amari 1998, sec. 2"; natgrad_core/provenance/bibliography.py holds the
    works."""
    small: Mapping[str, Any] = field(default_factory=dict)
    """What its miniature shows, if not the default."""
    heavy: bool = False
    """Whether it needs torch; its picture may grow by training."""
    script: Callable[[Any, Writer], str] | None = None
    """The Python that defines ``paths``, those of what is seen; runs need none
    (app/natgrad_lecture/export)."""
    steps: tuple[str, ...] = ()
    """What a lecturer shows, in order: ids of presets, or ``claim.id``; all presets if none."""

    @property
    def claims(self) -> dict[str, Claim]:
        """The lesson's claims by id."""
        sentences = [s for section in self.sections for s in section.sentences]
        return {s.id: s for s in sentences if isinstance(s, Claim)}

    @property
    def predictions(self) -> dict[str, Predict]:
        """The lesson's questions by id."""
        return {s.predict.id: s.predict for s in self.sections if s.predict}

    @property
    def shows(self) -> dict[str, Preset | Claim]:
        """All that a step of a talk may show, by the name that a link gives it."""
        claims = {f"claim.{name}": claim for name, claim in self.claims.items()}
        return {**{preset.id: preset for preset in self.presets}, **claims}

    @property
    def talk(self) -> tuple[str, ...]:
        """The names of what is shown, step by step, unless the lecturer says otherwise."""
        return self.steps or tuple(preset.id for preset in self.presets)

    def truth(self, name: str) -> int:
        """The right answer to a question, as the engine has it."""
        return _truth(self.name, name)

    def said(self) -> list[str]:
        """All that the lesson says, in which it may name its sources."""
        sentences = [s for section in self.sections for s in section.sentences]
        return [*self.sources, *(s if isinstance(s, str) else s.sentence for s in sentences),
                *(asked.say for asked in self.predictions.values())]  # fmt: skip

    def caption(self, state: State) -> str:
        """What a state is, in a line: a preset's name and what to see in it, or the takeaway."""
        for preset in self.presets:
            store = self.store()
            if not store.set(preset.set) and replace(store.state, **_aside(state)) == state:
                return f"{preset.name}. {preset.say}"
        return self.takeaway

    def store(self) -> Store:
        """A fresh store, at the default."""
        return Store(self.default, self.default)

    def after(self, changes: Mapping[str, Any]) -> Any:
        """What the engine says once these changes are made to the default."""
        return self.see(self.state_after(changes))

    def state_after(self, changes: Mapping[str, Any]) -> Any:
        """The state once these changes are made to the default; nothing is computed of it.

        Raises ValueError where the lesson cannot show it.
        """
        store = self.store()
        errors = store.set(changes)
        if errors:
            raise ValueError(f"a state that the lesson {self.name!r} cannot show: {errors}")
        return store.state

    def static(self, language: str = ENGLISH) -> dict[str, Any]:
        """All that does not change with the state, as JSON has it, in one of its languages."""
        say = same if language == ENGLISH else words(language, self.name)
        fixed = {
            "name": self.name,
            "language": language,
            "languages": list(languages(self.name)),
            "title": self.title,
            "takeaway": self.takeaway,
            "meter": self.meter,
            "version": VERSION,
            "k": self.default.k,
            "own": list(PAGE),
            "talk": list(self.talk),
            "nav": _neighbors(self.name),
            "lights": {symbol: list(names) for symbol, names in self.lights.items()},
            "words": [self._section(section, say) for section in self.sections],
            "controls": self.controls(),
            "formulas": [
                {"id": f.id, "html": "".join(map(formula, f.parts)), "say": f.say}
                for f in self.formulas
            ],
            "inks": {**inks(self.rules), **self.inks},
        }
        claims = {
            c.id: {"set": {**self._ground(), **c.set}, "sentence": _plain(say(c.sentence))}
            for c in self.claims.values()
        }
        presets = [
            {"id": p.id, "name": say(p.name), "set": {**self._ground(), **p.set}, "say": say(p.say)}
            for p in self.presets
        ]
        return {**spoken(fixed, say), "claims": claims, "presets": presets}

    def miniature(self) -> str:
        """The first picture in small, as an SVG. Of a ``heavy`` lesson this loads torch."""
        sheet, seen = Sheet(), self.after(self.small)
        answer = self.picture(seen, sheet)
        end = time.perf_counter() + _GROWN
        while "more" in answer and time.perf_counter() < end:
            sheet = Sheet(fine=answer["more"])
            answer = self.picture(seen, sheet)
        return miniature(answer, sheet, {**inks(self.rules), **self.inks})

    def _ground(self) -> dict[str, Any]:
        """The default, field by field: a preset shows the same wherever the reader was.

        The problem comes first, because choosing one sets more; what was predicted stays.
        """
        plain = self.default.plain()
        del plain["answers"]
        return {**({"problem": plain["problem"]} if "problem" in plain else {}), **plain}

    def _section(self, section: Section, say: Say) -> dict[str, Any]:
        parts = []
        for sentence in section.sentences:
            if isinstance(sentence, Claim):
                words = prose(say(sentence.sentence))
                parts.append(f'<a class="claim" data-claim="{sentence.id}">{words}</a>')
            elif isinstance(sentence, Definition):
                parts.append(prose(say(sentence.sentence)))
            else:
                parts.append(prose(say(sentence)))
        asked = section.predict
        predict = asked and {
            "id": asked.id,
            "html": prose(say(asked.question)),
            "options": [prose(say(option)) for option in asked.options],
            "set": {**self._ground(), **asked.set},
        }
        return {
            "id": section.id,
            "heading": section.heading,
            "html": f"<p>{' '.join(parts)}</p>",
            "predict": predict,
        }


@lru_cache(maxsize=256)
def _truth(lesson: str, name: str) -> int:
    # The shelf is filled by modules that import this one.
    from natgrad_lecture.lessons import lessons

    taught = lessons[lesson]
    asked = taught.predictions[name]
    return asked.truth(taught.after(asked.set))


def _neighbors(name: str) -> dict[str, Any]:
    """The lessons before and after, by the lecture's order."""
    # The shelf is filled by modules that import this one.
    from natgrad_lecture.lessons import lessons

    row = sorted(lessons.values(), key=lambda lesson: (lesson.order, lesson.name))
    at = [lesson.name for lesson in row].index(name)
    near = {"before": at - 1, "after": at + 1}
    return {
        way: {"name": row[i].name, "title": row[i].title}
        for way, i in near.items()
        if 0 <= i < len(row)
    }


def _aside(state: State) -> dict[str, Any]:
    """What does not tell one picture from another: the step shown, and what was predicted."""
    return {"k": state.k, "answers": state.answers}


def _plain(sentence: str) -> str:
    """The sentence without its markup, for a tooltip."""
    return sentence.replace("$", "").replace("*", "").replace("\\", "")
