"""State: all that a reader can change, frozen, as plain values; and State <-> link.

Every lesson's state is a ``State``; one that runs rules on a problem has a ``Runs``, and adds the
fields of its own. A link holds only what differs from a lesson's default, is short and readable,
and carries a version. Reading one never fails: what cannot be read is dropped, and said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import parse_qsl, quote

import numpy as np

from natgrad_core.charts import charts
from natgrad_core.core.chart import Chart
from natgrad_core.core.damping import KINDS
from natgrad_core.core.problem import Problem
from natgrad_core.core.run import run
from natgrad_core.errors import OutsideDomain
from natgrad_core.expressions.expression_problem import own
from natgrad_core.problems import problems
from natgrad_core.rules import rules
from natgrad_lecture.state.fields import (
    BadInput,
    choice,
    control,
    number,
    perhaps,
    point,
    several,
    whole,
)

VERSION = 1
"""Of links; raised when an old link would open as something else."""

PAGE = ("hide", "talk", "present", "lang")
"""Names in a link that are the page's own: what is hidden, a talk's steps, the step presented, the
language."""

MOST_STEPS = 2000

_ANSWER = re.compile(r"[\w-]{1,40}:\d")


def _answers(value: Any) -> tuple[str, ...]:
    given = tuple(map(str, value))
    if len(given) > 40 or not all(map(_ANSWER.fullmatch, given)):
        raise BadInput("answers", "answers are written question:choice, as in plain-splits:1")
    return given


@dataclass(frozen=True)
class State:
    """What a reader has set: ``k``, the step shown, and ``answers``, what was predicted."""

    k: int | None = control(None, "k", perhaps(whole("k", "the step shown", 0, MOST_STEPS)))
    answers: tuple[str, ...] = control((), "said", _answers)

    def with_(self, **changes: Any) -> Self:
        """The state with these fields changed, each checked; BadInput says which and why."""
        known = {f.name: f for f in fields(self)}
        checked = {}
        for name, value in changes.items():
            if name not in known:
                raise BadInput(name, f"no field {name!r}; there are {', '.join(known)}")
            try:
                checked[name] = known[name].metadata["check"](value)
            except (TypeError, OverflowError):
                raise BadInput(name, f"{name} cannot be {str(value)[:60]}") from None
        return replace(self, **checked)

    def whole(self) -> Self:
        """The state itself if its fields go together, else BadInput."""
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """The fields that the control ``name`` stands for, were it set to ``value``.

        A field's own name is a control, and so is an entry of it: ``start.0``, ``matrix.0.1``,
        or the column ``matrix.:.0``.
        """
        head, _, rest = name.partition(".")
        if not rest:
            return {name: value}
        now = np.array(self.entries(head), object)
        index = tuple(slice(None) if part == ":" else int(part) for part in rest.split("."))
        now[index] = value
        return {head: now.tolist()}

    def entries(self, name: str) -> Any:
        """What a field of several numbers holds, before one of them is changed."""
        return getattr(self, name)

    def values(self) -> dict[str, Any]:
        """What each control shows: the fields, and the entries of those that have some."""
        shown: dict[str, Any] = {}
        for f in fields(self):
            held = self.entries(f.name)
            shown[f.name] = held
            if isinstance(held, tuple) and held and not isinstance(held[0], str):
                for index, part in np.ndenumerate(np.array(held, float)):
                    shown[".".join(map(str, (f.name, *index)))] = part
        return shown

    def plain(self) -> dict[str, Any]:
        """The state as JSON has it."""
        return asdict(self)

    def query(self, default: State) -> str:
        """What differs from ``default``, as a link's query string without the question mark."""
        parts = [f"v={VERSION}"]
        for f in fields(self):
            value = getattr(self, f.name)
            if value != getattr(default, f.name):
                parts.append(f"{f.metadata['short']}={quote(_write(value), safe=',-.:()*/;')}")
        return "&".join(parts) if len(parts) > 1 else ""


S = TypeVar("S", bound=State)


def _write(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(_write(part) for part in value)
    if isinstance(value, float):
        return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return str(value)


def _read(default: Any, text: str) -> Any:
    """``text`` in the form of a field whose default this is; its check has the last word."""
    if isinstance(default, tuple):
        parts = text.split(",") if text else []
        if default and isinstance(default[0], tuple):
            width = len(default[0])
            return [parts[i : i + width] for i in range(0, len(parts), width)]
        return parts
    if default is None:
        return None if not text else text.split(",") if "," in text else text
    return text


def read_query(query: str, default: S) -> tuple[S, list[str]]:
    """The nearest good state that a link asks for, and what of it was dropped, in words."""
    shorts = {f.metadata["short"]: f.name for f in fields(default)}
    state, dropped = default, []
    for short, text in parse_qsl(query.lstrip("?"), keep_blank_values=True):
        if short in PAGE:
            continue
        if short == "v":
            if text != str(VERSION):
                dropped.append(f"the link is of version {text[:20]}, this page of {VERSION}")
        elif short not in shorts:
            dropped.append(f"{short[:20]} is not known here")
        else:
            name = shorts[short]
            try:
                state = state.with_(**{name: _read(getattr(default, name), text)})
            except BadInput as error:
                dropped.append(str(error))
    names = {name: short for short, name in shorts.items()}
    while error := _trouble(state):  # what does not go with the rest is left out, until it does
        asked = {n: _without(state, n, default) for n in names}
        asked = {n: rest for n, rest in asked.items() if rest != state}
        blamed, said = error.field, str(error)
        if blamed not in asked:
            blamed = next((n for n, rest in asked.items() if not _trouble(rest)), next(iter(asked)))
            said = f"{names[blamed]} does not go with the rest: {error}"
        dropped.append(said)
        state = asked[blamed]
    return state.whole(), dropped


def _trouble(state: State) -> BadInput | None:
    try:
        state.whole()
    except BadInput as error:
        return error
    return None


def _without(state: S, name: str, default: S) -> S:
    return replace(state, **{name: getattr(default, name)})


# Runs ---------------------------------------------------------------------------------------------


ProblemKey = str | tuple[str, tuple[tuple[str, Any], ...]]
"""A problem's name, or its name and options; runs and pictures are kept by it."""

OWN = "own"
"""The name of a reader's own problem; its options are the arguments of ``own``."""


@lru_cache(maxsize=64)
def problem_named(key: ProblemKey) -> Problem:
    """The problem of this name, with its shipped data unless its options say more."""
    name, options = (key, ()) if isinstance(key, str) else key
    given: dict[str, Any] = dict(options)
    if name == OWN:
        text, data, parameters = (given.pop(key) for key in ("text", "data", "parameters"))
        return own(text, dict(data), parameters, **given)
    return problems[name](**given)


@lru_cache(maxsize=512)
def why_not(problem: ProblemKey, rule: str) -> str:
    """Why a rule cannot run on a problem, in words; empty if it can."""
    place = problem_named(problem)
    try:
        run(place, rules[rule](), place.start, 1)
    except TypeError as error:
        return str(error)
    return ""


ChartKey = tuple[str, tuple[tuple[str, Any], ...]]
"""A chart's name and options, hashable: runs are kept by it."""


@lru_cache(maxsize=256)
def chart_named(key: ChartKey) -> Chart:
    """The chart of this name with these options."""
    name, options = key
    return charts[name](**dict(options))


@lru_cache(maxsize=512)
def why_not_start(problem: ProblemKey, chart: ChartKey, start: tuple[float, ...]) -> str:
    """Why runs cannot start there, in θ and through a chart, in words; empty if they can."""
    place = problem_named(problem)
    try:
        with np.errstate(all="ignore"):
            loss = place.loss(start)
    except OutsideDomain as error:
        return f"{error}. The last good start stays."
    except ValueError as error:
        return str(error)
    if not np.isfinite(loss):
        return "there the loss is past all numbers; take a start farther in. The last one stays."
    there = place.through(chart_named(chart))
    if not there.inside(there.chart.inverse(start)):
        return (
            "written in x, this start is rounded out of the domain, so near is its edge; take one "
            "farther in. The last one stays."
        )
    return ""


@dataclass(frozen=True)
class Runs(State):
    """A state in which rules run on a problem, from a start, in θ and through a chart."""

    problem: str = control("normal", "problem", choice("problem", "problem", problems))
    start: tuple[float, ...] | None = control(None, "start", perhaps(point("start", "the start")))
    rate: float = control(
        0.02, "rate",
        number("rate", "the learning rate", 1e-6, 100, "take one from 0.000001 to 100"),
    )  # fmt: skip
    damping: float = control(
        0.0, "damping",
        number("damping", "λ", 0, 1e6, "take 0 (none) or more, up to a million"),
    )  # fmt: skip
    kind: str = control("identity", "kind", choice("kind", "damping", KINDS))
    steps: int = control(200, "steps", whole("steps", "the number of steps", 1, MOST_STEPS))
    rules: tuple[str, ...] = control(
        ("gradient", "newton", "natural"), "rules", several("rules", "rule", rules)
    )

    suited: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """What else is set when a problem is chosen: a rate that suits it."""

    @property
    def problem_key(self) -> ProblemKey:
        """Which problem; a lesson that offers its options says more."""
        return self.problem

    @property
    def chart_key(self) -> ChartKey:
        """Which chart the other runs are made in; the identity unless a lesson says more."""
        return "identity", ()

    @property
    def point(self) -> tuple[float, ...]:
        """Where the runs start, in θ: the reader's start, or the problem's."""
        return self.start if self.start is not None else problem_named(self.problem_key).start

    def whole(self) -> Self:
        """The state itself if its start is in the problem's domain and its rules can run there."""
        if reason := why_not_start(self.problem_key, self.chart_key, tuple(self.point)):
            raise BadInput("start", reason)
        for rule in self.rules:
            if reason := why_not(self.problem_key, rule):
                raise BadInput("rules", reason)
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """Another problem brings its own start; a start dragged in x is written in θ."""
        if name == "problem":
            return {"problem": value, "start": None, **self.suited.get(str(value), {})}
        if name == "start.x":
            return {"start": chart_named(self.chart_key).forward(numbers("start", value)).tolist()}
        return super().changes(name, value)

    def entries(self, name: str) -> Any:
        """The start that is in force."""
        return self.point if name == "start" else super().entries(name)


def numbers(name: str, value: Any) -> list[float]:
    """A list of numbers as a control gives it, or BadInput."""
    try:
        return [float(part) for part in value]
    except (TypeError, ValueError):
        if isinstance(value, list) and len(value) == 1:
            raise BadInput(name, f"{value[0]!r} is no number; take one") from None
        raise BadInput(name, f"{value!r} is no list of numbers") from None
