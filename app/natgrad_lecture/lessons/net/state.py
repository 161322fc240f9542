"""The state of the lesson on small nets: data, a net, rules whose settings may change."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from natgrad_core.core.damping import KINDS
from natgrad_lecture.state.fields import BadInput, choice, control, number, numbers, several, whole
from natgrad_lecture.state.own_table import OWN_TABLE, OwnTable, text_of
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

VIEW = np.array([[-1.8, 1.8], [-1.8, 1.8]])
"""The window of the two inputs of a net."""

DRAWN = ("moons", "circles", "spirals")
DATA = (*DRAWN, "painted", OWN_TABLE)
RULES = ("natural", "kfac", "adam", "nesterov", "gradient")
OPTIONS = {
    "natural": ("alpha", "damping"),
    "kfac": (),
    "adam": ("adam",),
    "nesterov": ("nesterov",),
    "gradient": ("gradient",),
}
"""Which fields a rule is told."""

_CHANGING = ("alpha", "damping", "adam", "nesterov", "gradient")
"""What may be changed on the way."""

_SHOW = ("regions", "outputs", "fisher")
_APPROXIMATIONS = ("kfac", "ekfac", "block", "diagonal")
ONE_EACH = ((-0.8, 0.0, 0.0), (0.8, 0.0, 1.0))
_MOST_POINTS = 300
_MOST_TURNS = 24
_ONE_MOVE = 12
"""Steps within which a slider that moves again is still the same move."""


def _rows(name: str, label: str, width: int, most: int) -> Any:
    """Rows of ``width`` numbers, flat as a link has them or in rows."""

    def check(value: Any) -> tuple[tuple[float, ...], ...]:
        flat = numbers(
            name,
            [part for row in value for part in (row if isinstance(row, list | tuple) else (row,))],
        )
        if len(flat) % width or len(flat) > most * width:
            raise BadInput(
                name, say("come-as-numbers-each-at-most", label=label, width=width, most=most)
            )
        if any(not abs(part) <= 1e6 for part in flat):
            raise BadInput(name, say("are-numbers-up-to-a-million", label=label))
        return tuple(tuple(flat[i : i + width]) for i in range(0, len(flat), width))

    return check


def _points(value: Any) -> tuple[tuple[float, ...], ...]:
    found = _rows("points", "painted points", 3, _MOST_POINTS)(value)
    for x, y, label in found:
        if label not in (0, 1) or max(abs(x), abs(y)) > 10:
            raise BadInput("points", say("a-painted-point-is-x-x"))
    return found


def _rate(name: str, label: object, high: float = 1e4) -> Any:
    return number(name, label, 1e-6, high, say("take-one-from-0-000001-to", high=f"{high:g}"))


KEEP = 0.95
"""The share of Nesterov's momentum that is kept."""


@dataclass(frozen=True)
class Taught(OwnTable):
    """Data, a net and the rules that teach it; ``past`` holds what was in force before, and until
    which step: rows of (step, α, λ, the others' rates).

    Of a table with many columns a plane shows two, ``axes``, the others at their means; and of many
    classes one, ``target``, against all others.
    """

    chosen_by: ClassVar[str] = "data"

    axes: str = control("", "axes", text_of("axes", 120), stays=True)
    target: str = control("", "class", text_of("target", 60), stays=True)

    data: str = control("moons", "data", choice("data", "data set", DATA))
    noise: float = control(
        0.1, "noise", number("noise", "the noise", 0, 1, say.later("take-one-from-0-to-1"))
    )
    points: tuple[tuple[float, ...], ...] = control((), "points", _points)
    brush: int = control(0, "brush", whole("brush", say.later("the-class-to-paint"), 0, 1))
    width: int = control(16, "width", whole("width", say.later("the-width-of-a-layer"), 2, 32))
    seed: int = control(0, "seed", whole("seed", "the seed", 0, 9999))
    rules: tuple[str, ...] = control(("natural", "adam"), "rules", several("rules", "rule", RULES))
    alpha: float = control(1.0, "alpha", _rate("alpha", say.later("the-natural-step-s"), 10))
    damping: float = control(
        0.03, "damping", number("damping", "λ", 1e-6, 1e4, say.later("take-one-from-0-000001-to-2"))
    )
    adam: float = control(0.1, "adam", _rate("adam", "Adam's rate"))
    nesterov: float = control(0.3, "nesterov", _rate("nesterov", "Nesterov's rate"))
    gradient: float = control(
        1.0, "gradient", _rate("gradient", say.later("the-rate-of-gradient-descent"))
    )
    steps: int = control(200, "steps", whole("steps", say.later("the-number-of-steps"), 1, 1000))
    show: str = control("regions", "show", choice("show", "view", _SHOW))
    by: str = control("step", "by", choice("by", "axis", ("step", "second")))
    stretch: float = control(
        1.0,
        "A",
        number("stretch", say.later("the-stretch-of-a"), 1, 1e4, say.later("take-one-from-1-a-i")),
    )
    kind: str = control("identity", "kind", choice("kind", "damping", KINDS))
    approximation: str = control(
        "kfac", "instead", choice("approximation", "approximation", _APPROXIMATIONS)
    )
    probes: tuple[tuple[float, ...], ...] = control(
        ((-0.55, 0.45), (0.5, 0.25)), "probes", _rows("probes", "probes", 2, 2)
    )
    on_change: str = control("anew", "change", choice("on_change", "way", ("anew", "onward")))
    past: tuple[tuple[float, ...], ...] = control(
        (), "past", _rows("past", "earlier settings", 1 + len(_CHANGING), _MOST_TURNS)
    )

    @property
    def columns(self) -> tuple[int, int]:
        """The places of the two inputs that a plane shows."""
        if not self.owned:
            return 0, 1
        there = list(self.examples.columns)
        named = [name for name in re.split(r"[,;\s]+", self.axes) if name] or there[:2]
        if len(there) < 2:
            raise BadInput("table", say("a-plane-shows-two-columns", there=repr(there[0])))
        if len(set(named)) != 2 or not set(named) <= set(there):
            raise BadInput("axes", say("name-two-columns", there=", ".join(map(repr, there))))
        return there.index(named[0]), there.index(named[1])

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.examples.classes if self.owned else ("0", "1")

    @property
    def shown_class(self) -> int:
        """The class whose probability the planes show; without a wish the second one."""
        wished = self.target.strip() if self.owned else ""
        if wished and wished not in self.classes:
            raise BadInput(
                "target", say("name-one-class", there=", ".join(map(repr, self.classes)))
            )
        return self.classes.index(wished) if wished else 1

    @property
    def data_key(self) -> tuple[Any, ...]:
        """What the data are made of."""
        if self.owned:
            return self.own_key
        if self.data == "painted":
            return ("painted", tuple(part for point in self.points for part in point))
        return self.data, self.noise, self.seed

    def parts(self, rule: str) -> tuple[tuple[Any, ...], ...]:
        """(step, options of the rule from there on), the first from step 0."""
        now = (0.0, *(getattr(self, name) for name in _CHANGING))
        rows = [*self.past, now]
        found: list[tuple[Any, ...]] = []
        since = 0
        for row in rows:
            in_force = dict(zip(_CHANGING, row[1:], strict=True))
            options = tuple(in_force[name] for name in OPTIONS[rule])
            if not found or found[-1][1:] != options:
                found.append((since, *options))
            since = int(row[0])
        return tuple(found)

    def whole(self) -> Taught:
        """The state itself, if there is something to learn from and to show."""
        super().whole()
        _ = self.columns, self.shown_class
        if self.data == "painted" and not self.points:
            raise BadInput("data", say("paint-some-points-first"))
        if len(self.probes) != 2:
            raise BadInput("probes", say("there-are-two-probes-u-and"))
        steps = [row[0] for row in self.past]
        if any(step != int(step) or step < 1 for step in steps) or steps != sorted(set(steps)):
            raise BadInput("past", say("earlier-settings-end-at-whole-steps"))
        for row in self.past:
            self.with_(**dict(zip(_CHANGING, row[1:], strict=True)))
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """Painting, and going on from the step shown by other settings."""
        if name == "data" and value == "painted":
            return {"data": value, "points": self.points or ONE_EACH, "past": ()}
        if name == "data" and value == OWN_TABLE:
            return {"data": value, "table": self.table_or_example(), "past": ()}
        if name == "table":
            found = self.taken(value)
            kept = replace(self, data=OWN_TABLE, **found)
            return {**found, **kept.what_fits(), "past": ()}
        if name == "erase":
            return {"points": ONE_EACH, "data": "painted", "past": ()}
        if name == "paint":
            return {"points": self._with_stroke(value), "past": ()}
        if name in _CHANGING and self.on_change == "onward" and self.k:
            return {name: value, "past": self._turned(int(self.k), name)}
        if name not in (
            "k",
            "answers",
            "show",
            "by",
            "approximation",
            "on_change",
            "past",
            "brush",
            "rules",
            "steps",
            "axes",
            "target",
        ) and not name.startswith("probes"):
            return {**super().changes(name, value), "past": ()}
        return super().changes(name, value)

    def what_fits(self) -> dict[str, str]:
        """The axes and the class that were named for another table, where this one has them."""
        found = {"axes": self.axes, "target": self.target}
        for name, of in (("axes", lambda: self.columns), ("target", lambda: self.shown_class)):
            try:
                of()
            except BadInput as error:
                if error.field == name:
                    found[name] = ""
        return found

    def _turned(self, step: int, name: str) -> tuple[tuple[float, ...], ...]:
        """The past, and until ``step`` what is in force there now.

        While one slider moves the run goes on from where it was first touched, though it has
        meanwhile come a few steps farther.
        """
        now = tuple(getattr(self, each) for each in _CHANGING)
        if self.past:
            at, *before = self.past[-1]
            own = _CHANGING.index(name)
            same = all(a == b for i, (a, b) in enumerate(zip(before, now, strict=True)) if i != own)
            if same and 0 <= step - at < _ONE_MOVE:
                return self.past
        kept = [row for row in self.past if row[0] < step]
        later = [row for row in self.past if row[0] > step]
        force = later[0][1:] if later else now
        if any(row[0] == step for row in self.past):  # the same slider, still moving
            force = next(row for row in self.past if row[0] == step)[1:]
        if len(kept) >= _MOST_TURNS:
            raise BadInput("past", say("rates-were-changed-times-on-the", most_turns=_MOST_TURNS))
        return (*kept, (float(step), *force))

    def _with_stroke(self, stroke: Any) -> tuple[tuple[float, ...], ...]:
        points = list(self.points)
        for place in stroke:
            x, y = (round(part, 2) for part in numbers("points", place))
            if (x, y, float(self.brush)) not in points:
                points.append((x, y, float(self.brush)))
        return tuple(points)


DIFFER = {"show": "outputs", "stretch": 100.0, "steps": 60}
MATRIX = {"show": "fisher", "rules": ("natural",), "steps": 60}
DIVERGED = {"data": "circles", "damping": 0.01, "rules": ("natural", "adam"), "steps": 60}
HARD = {"data": "spirals", "noise": 0.05}
OPENING: dict[str, Any] = {"rules": ("natural",)}
"""The page opens with one run: beside another it would answer the first question."""
PRESETS: dict[str, dict[str, Any]] = {
    "moons": {},
    "spirals": {**HARD, "steps": 150},
    "by-the-second": {"by": "second"},
    "a-in-the-middle": {**DIFFER, "rules": ("adam", "natural"), "kind": "pulled-back"},
    "fisher": MATRIX,
    "thrown-out": DIVERGED,
    "paint": {"data": "painted", "points": ONE_EACH},
}
"""What each preset sets, by its id in text.md."""
