"""What a lesson is: words, claims, presets, controls, and a picture of a state.

A lesson is a folder. Its words stand in ``text.md``, which is edited without any Python; a
mathematical sentence there is a claim, ``[the sentence](#claim-its-id)``, and the ``Claim`` of
that id says what to set so that the picture shows it, and checks it on the engine's own answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from natgrad_core.provenance.code_writer import Writer
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.controls import from_text
from natgrad_lecture.drawing import runs_figure
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.engine_cache import RunsModel
from natgrad_lecture.lessons.derivation import Derivation, Exercise
from natgrad_lecture.lessons.same_parts import must_have_the_same_parts
from natgrad_lecture.lessons.scope import Scope
from natgrad_lecture.protocol import Picture
from natgrad_lecture.state import item_options
from natgrad_lecture.state.link import write_query
from natgrad_lecture.state.state import State
from natgrad_lecture.state.store import Store
from natgrad_lecture.text.catalogs import Say, same, spoken, words
from natgrad_lecture.text.languages import languages_of
from natgrad_lecture.text.lesson_text import (
    ENGLISH,
    LessonText,
    Section,
    path_of,
    read,
)

Changes = Mapping[str, Any]
"""What is set, by the names of controls."""


@dataclass(frozen=True)
class Claim:
    """What shows a claim and what checks it; its sentence stands in ``text.md`` under the same id.

    ``set`` is what to change of the default so that the picture shows it; ``check`` reads what the
    engine computed of that state.
    """

    set: Changes
    check: Callable[[Any], bool]
    scope: Scope | None = None
    """Over which states the sentence is true; None: in the state that ``set`` makes."""
    false: Mapping[str, Callable[[Any], bool]] = field(default_factory=dict)
    """Checks of false sentences that are close to this one, each by what is wrong with it ("sign",
    "every for some"). Each must fail somewhere in the scope: so the scope can tell them apart.
    """
    beyond: Scope | None = None
    """The scope without the sentence's condition: the check must fail somewhere in it."""
    shows: tuple[str, ...] = ()
    """What shows it: the styles of traces, ``formula.id`` of the formula strip, or ``meter``; and
    ``plane.name`` where other planes have these styles, too, and do not show it.
    """


@dataclass(frozen=True)
class Question:
    """What is set before a question of ``text.md`` is asked, and which option is right.

    ``truth`` is the right option's index, as the engine has it in the state that ``set`` makes.
    What would answer it is hidden until the reader has chosen, or asks to see it: the claims below
    it that check its reason, the lines of the formula strip that show these, the lines of presets
    that repeat these, and what is named in ``hides``; a derivation is ``derivation.id``, a line of
    the strip ``formula.id``, a preset's line ``preset.id``, and the meter ``meter``.
    """

    set: Changes
    truth: Callable[[Any], int]
    hides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preset:
    """A named state, with one sentence on what to see in it. It starts from the default."""

    id: str
    name: str
    set: Changes
    say: str


def _none_idle(_model: Any) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, eq=False)
class Lesson:
    """One lesson, beside whose ``__init__.py`` (``file``) stands what it says, ``text.md``.

    ``model`` asks the engine about a state; ``picture`` draws what it says on a sheet
    and returns the rest of the answer, a ``Picture`` of protocol.py: planes, steps, handles,
    numbers, description, and where there is one the meter. ``remarks`` of the answer are beside
    the controls that they are about: what was wished and cannot be, and why.
    """

    file: str
    claims: Mapping[str, Claim]
    """By their ids in ``text.md``."""
    sets: Mapping[str, Changes]
    """What each preset of ``text.md`` sets, by its id."""
    default: State
    """What a link leaves out is as it is here; so it stays as it is, that old links stay true."""
    picture: Callable[[Any, Sheet], Picture] = runs_figure.picture
    controls: Callable[[], list[dict[str, Any]]] = list
    """Its controls; if it gives none, those that ``::: controls`` of the text names."""
    idle: Callable[[Any], Mapping[str, str]] = _none_idle
    """Of a model, the controls that change nothing, by field, and why."""
    questions: Mapping[str, Question] = field(default_factory=dict)
    lines: Mapping[str, tuple[str, ...] | Claim] = field(default_factory=dict)
    """What checks the lines that state a result and are not claims: "takeaway", and by their ids
    "preset.…" and the reasons "question.…". The ids of claims that the line repeats, or a check of
    its own."""
    opening: Changes = field(default_factory=dict)
    """What the page opens with, as changes of ``default``: the picture that makes the point."""
    derivations: Mapping[str, Derivation] = field(default_factory=dict)
    """By their ids in ``text.md``."""
    exercises: Mapping[str, Exercise] = field(default_factory=dict)
    """By their ids in ``text.md``."""
    model: Callable[[Any], Any] = RunsModel
    order: int = 99
    """Its place in the lecture; a new lesson is the last one."""
    rules: tuple[str, ...] = ()
    """All rules that it draws in any state, if not those of its default."""
    styles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Styles of its own, beside those of its rules and of the things on every page."""
    lights: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The styles that a symbol of the text stands for: pointing at one highlights the others."""
    sources: tuple[str, ...] = ()
    """What it draws on, "Amari 1998, sec. 2"; natgrad_core/provenance/bibliography.py holds the
    works."""
    small: Changes = field(default_factory=dict)
    """What its thumbnail shows, if not the default."""
    slow: bool = False
    """Whether it needs torch; its picture may grow by training."""
    script: Callable[[Any, Writer], str] | None = None
    """The Python that defines ``paths``, those of what is seen; runs need none
    (app/natgrad_lecture/export)."""
    steps: tuple[str, ...] = ()
    """What a lecturer shows, in order: ids of presets, ``claim.id``, ``question.id``, ``answer.id``
    or ``derivation.id``, which stands for all its lines. If none: the presets that answer no
    question, then the questions and the derivations, and after a question what answers it."""

    def __post_init__(self) -> None:
        if not self.rules:
            object.__setattr__(self, "rules", tuple(getattr(self.default, "rules", ())))

    @property
    def folder(self) -> Path:
        """The folder that the lesson is."""
        return Path(self.file).parent

    @property
    def name(self) -> str:
        """Its name, the folder's: of ``steepest_descent`` it is ``steepest-descent``."""
        return self.folder.name.replace("_", "-")

    def text(self, language: str = ENGLISH) -> LessonText:
        """What it says, in one of its languages."""
        found = read(path_of(self.folder, language))
        if language == ENGLISH:
            parts = {
                "claim": self.claims,
                "question": self.questions,
                "preset": self.sets,
                "derivation": self.derivations,
                "exercise": self.exercises,
            }
            lines = {name: each.lines for name, each in self.derivations.items()}
            must_have_the_same_parts(self.name, found, parts, lines)
        return found

    @property
    def title(self) -> str:
        """Its title, in English."""
        return self.text().title

    @property
    def takeaway(self) -> str:
        """What to remember of it, in a line."""
        return self.text().takeaway

    @property
    def sections(self) -> tuple[Section, ...]:
        """Its sections, in English."""
        return self.text().sections

    @property
    def presets(self) -> tuple[Preset, ...]:
        """Its presets, in the order of the text."""
        said = self.text().presets
        return tuple(Preset(id, it.name, self.sets[id], it.say) for id, it in said.items())

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages that it can be read in, English first."""
        return languages_of(self.folder)

    def say(self, language: str) -> Say:
        """How what the engine answers is said in a language; as it is where it has no other."""
        if language == ENGLISH or language not in self.languages:
            return same
        return words(language, self.folder)

    def derived(
        self, model: Any, names: Iterable[str] | None = None
    ) -> dict[str, float | str | None]:
        """The live numbers of the lines of derivations: of these, or of all."""
        chosen = self.derivations if names is None else names
        return {
            place: value
            for name in chosen
            if name in self.derivations
            for place, value in self.derivations[name].numbers(name, model).items()
        }

    def truth(self, name: str) -> int:
        """The right answer to a question, as the engine has it."""
        return _truth(self, name)

    def reason(self, name: str, language: str = ENGLISH) -> str:
        """Why a question's right answer is right, as HTML."""
        return self.text(language).questions[name].reason.html

    def said(self) -> list[str]:
        """All that the lesson says, in which it may name its sources."""
        text = self.text()
        return [
            *self.sources,
            *(section.source() for section in text.sections),
            *(asked.reason.source for asked in text.questions.values()),
        ]

    def caption(self, state: State, say: Say = same) -> str:
        """What a state is, in a line: a preset's name and what to see in it, or the takeaway; said
        in the language of ``say``.
        """
        for preset in self.presets:
            store = self.store()
            if not store.set(preset.set) and replace(store.state, **_aside(state)) == state:
                return f"{say(preset.name)} – {say(preset.say)}"
        return say(self.takeaway)

    def control_groups(self) -> list[dict[str, Any]]:
        """Its controls, group by group: those that it gives, or those that its text names."""
        return self.controls() or from_text(self.text(), self.default)

    @cached_property
    def _options(self) -> tuple[str, ...]:
        """The options of items that its controls set, ``rule.momentum.beta``."""
        groups = self.control_groups()
        fields = [control["field"] for group in groups for control in group["controls"]]
        known = (field for field in fields if field.startswith(item_options.FIELD))
        return tuple(field.removeprefix(item_options.FIELD) for field in known)

    def values(self, state: Any) -> dict[str, Any]:
        """What each of its controls shows in a state."""
        if not self._options:
            return state.values()
        return {**state.values(), **item_options.values(state.option_values, self._options)}

    def store(self) -> Store:
        """A fresh store, at the default."""
        return Store(self.default, self.default)

    def opened(self) -> Store:
        """The store of a page that a reader opens; a reset leads back to what it opens with."""
        return Store(self.default, self.first, self.first)

    @property
    def first(self) -> Any:
        """The state that the page opens with where a link names none."""
        return _first(self)

    def query(self, state: State) -> str:
        """A link's query string to a state; empty only if the bare page opens as its default."""
        said = state.query(self.default)
        model = replace(state, **_aside(self.default))
        if self.first == self.default or model != self.default:
            return said
        # A bare address opens something else, so one field is named though it is at its default.
        aside = _aside(state)
        named = next(f for f in fields(state) if f.name in self.opening and f.name not in aside)
        return write_query(state.linked(), self.default, always=named.name)

    def after(self, changes: Mapping[str, Any]) -> Any:
        """What the engine says once these changes are made to the default."""
        return self.model(self.state_after(changes))

    def state_after(self, changes: Mapping[str, Any]) -> Any:
        """The state once these changes are made to the default; nothing is computed of it.

        Raises ValueError where the lesson cannot show it.
        """
        store = self.store()
        errors = store.set(changes)
        if errors:
            raise ValueError(f"a state that the lesson {self.name!r} cannot show: {errors}")
        return store.state

    def own_styles(self, text: LessonText, say: Say) -> dict[str, dict[str, Any]]:
        """The lesson's own styles, each labelled as in the legend."""
        return {
            name: {**style, "label": text.legend[name]}
            if name in text.legend
            else spoken(style, say)
            for name, style in self.styles.items()
        }

    @cached_property
    def whole_sets(self) -> dict[str, dict[str, Any]]:
        """What the page sets, field by field, for all that sets something, by kind and id."""
        sets: dict[str, Changes] = {
            **{f"claim.{id}": claim.set for id, claim in self.claims.items()},
            **{f"preset.{id}": changes for id, changes in self.sets.items()},
            **{f"question.{id}": asked.set for id, asked in self.questions.items()},
            **{f"derivation.{id}": each.set for id, each in self.derivations.items()},
            **{f"exercise.{id}": e.set for id, e in self.exercises.items() if e.set is not None},
        }
        return {name: self._whole(changes) for name, changes in sets.items()}

    def _whole(self, changes: Changes) -> dict[str, Any]:
        """The state after these changes of the default, field by field, to be set from any other.

        So a preset shows the same wherever the reader was; what they predicted stays, what is
        derived, and a table of their own. What brings other fields along comes first, and the
        start, which others reset, last.
        """
        state = self.state_after(changes)
        own = state.staying().keys() - changes.keys()
        plain = {name: value for name, value in state.plain().items() if name not in own}
        first = {name: plain[name] for name in ("problem", "task") if name in plain}
        last = {"start": plain["start"]} if "start" in plain else {}
        return {**first, **{n: v for n, v in plain.items() if n not in last}, **last}


@bounded_cache
def _first(lesson: Lesson) -> Any:
    return lesson.default if not lesson.opening else lesson.state_after(lesson.opening)


@bounded_cache
def _truth(lesson: Lesson, name: str) -> int:
    asked = lesson.questions[name]
    return asked.truth(lesson.after(asked.set))


def _aside(state: State) -> dict[str, Any]:
    """What does not tell a preset from another: the step, and what is the reader's own."""
    return {"k": state.k, **state.staying()}
