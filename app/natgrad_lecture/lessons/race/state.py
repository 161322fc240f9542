"""What a reader can change, and what the presets set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from natgrad_lecture.state.fields import BadInput, choice, control, number, several, whole
from natgrad_lecture.state.state import State
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

TASKS = {
    "digits": "digits",
    "iris": "iris",
    "wine": "wine",
    "breast-cancer": "breast cancer",
    "diabetes": "diabetes",
    "autoencoder": "autoencoder",
}


RULES = ("kfac", "natural", "lbfgs", "nesterov", "adam", "gradient", "adadelta")
OPTIONS = {
    "kfac": (),
    "natural": ("alpha", "damping"),
    "lbfgs": (),
    "nesterov": ("nesterov",),
    "adam": ("adam",),
    "gradient": ("gradient",),
    "adadelta": ("adadelta",),
}
"""Which fields a rule is told."""


_CLASSES = (1e-1, 1e-2, 1e-3, 1e-4)
TARGETS = {"diabetes": (0.3, 0.2, 0.15, 0.1), "autoencoder": (2.0, 1.0, 0.7, 0.5)}
TUNED: dict[str, dict[str, float]] = {
    "digits": {"nesterov": 0.6, "adam": 0.1, "gradient": 1.0, "adadelta": 10.0},
    "iris": {"nesterov": 0.6, "adam": 0.1, "gradient": 3.0, "adadelta": 10.0},
    "wine": {"nesterov": 0.6, "adam": 0.1, "gradient": 3.0, "adadelta": 10.0},
    "breast-cancer": {"nesterov": 0.6, "adam": 0.1, "gradient": 3.0, "adadelta": 10.0},
    "diabetes": {"nesterov": 0.1, "adam": 0.06, "gradient": 0.3, "adadelta": 10.0},
    "autoencoder": {"nesterov": 0.003, "adam": 0.01, "gradient": 0.3, "adadelta": 1.0},
}
"""Of a grid (0.003 … 10, by factors of two to three) the rate with the fewest steps on seeds 101
and 102, which no page begins with."""


_MOST_KEPT = 6


def _rate(name: str, label: object) -> Any:
    return number(name, label, 1e-6, 1e4, say("take-one-from-0-000001-to"))


def _kept(value: Any) -> tuple[str, ...]:
    texts = tuple(dict.fromkeys(map(str, value)))
    if len(texts) > _MOST_KEPT:
        raise BadInput("kept", say("at-most-runs-are-kept-forget", most_kept=_MOST_KEPT))
    for text in texts:
        _entry(text)
    return texts


def _entry(text: str) -> tuple[str, int, tuple[float, ...]]:
    """Rule, width and options, as a kept run is written: ``adam:32:0.1``."""
    rule, *rest = text.split(":")
    try:
        width, *options = rest
        found = rule, int(width), tuple(float(option) for option in options)
    except ValueError:
        found = "", 0, ()
    fine = found[0] in OPTIONS and len(found[2]) == len(OPTIONS[found[0]]) and 4 <= found[1] <= 128
    if not fine or not all(0 <= option <= 1e4 for option in found[2]):
        raise BadInput("kept", say("no-run-one-is-written-rule", text=f"{text[:40]!r}"))
    return found


KEEP = 0.99
"""The share of Nesterov's momentum that is kept."""


@dataclass(frozen=True)
class Racing(State):
    """A task, who runs, and for how long."""

    task: str = control("digits", "task", choice("task", "task", TASKS))
    rules: tuple[str, ...] = control(
        ("kfac", "lbfgs", "nesterov", "adam"), "rules", several("rules", "rule", RULES)
    )
    alpha: float = control(1.0, "alpha", _rate("alpha", say.later("the-natural-step-s")))
    damping: float = control(0.03, "damping", _rate("damping", "λ"))
    nesterov: float = control(TUNED["digits"]["nesterov"], "nesterov", _rate("nesterov", "a rate"))
    adam: float = control(TUNED["digits"]["adam"], "adam", _rate("adam", "Adam's rate"))
    gradient: float = control(TUNED["digits"]["gradient"], "plain", _rate("gradient", "a rate"))
    adadelta: float = control(
        TUNED["digits"]["adadelta"], "adadelta", _rate("adadelta", "Adadelta's rate")
    )
    width: int = control(32, "width", whole("width", "the width", 4, 128))
    seed: int = control(0, "seed", whole("seed", "the seed", 0, 9999))
    count: int = control(1, "seeds", whole("count", say.later("the-number-of-seeds"), 1, 9))
    budget: float = control(
        2.0,
        "seconds",
        number("budget", "a run's time", 0.05, 30, say.later("take-0-05-to-30-seconds")),
    )
    kept: tuple[str, ...] = control((), "kept", _kept)

    @property
    def targets(self) -> tuple[float, ...]:
        """The losses to reach: the last ends a run."""
        return TARGETS.get(self.task, _CLASSES)

    def options(self, rule: str) -> tuple[float, ...]:
        """What a rule is told."""
        return tuple(getattr(self, name) for name in OPTIONS[rule])

    @staticmethod
    def entry(text: str) -> tuple[str, int, tuple[float, ...]]:
        """A kept run, read."""
        return _entry(text)

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """A task brings its tuned rates; what is kept, is kept of one task."""
        if name == "task":
            return {"task": value, "kept": (), **TUNED.get(str(value), {})}
        if name == "keep":
            now = (
                ":".join(map(str, (rule, self.width, *self.options(rule)))) for rule in self.rules
            )
            return {"kept": tuple(dict.fromkeys((*self.kept, *now)))}
        if name == "forget":
            return {"kept": ()}
        return super().changes(name, value)


ONE = {"count": 1}
PRESETS: dict[str, dict[str, Any]] = {
    "digits": {"count": 3},
    "exact-and-k-fac": {**ONE, "rules": ("kfac", "natural")},
    "autoencoder": {
        **ONE,
        "task": "autoencoder",
        "rules": ("kfac", "lbfgs", "adam"),
        "budget": 5.0,
    },
    "wine": {"task": "wine"},
    "diabetes": {**ONE, "task": "diabetes", "rules": ("kfac", "adam", "gradient")},
    "untuned-adam": {**ONE, "adam": 0.001, "rules": ("kfac", "adam")},
    "thrown-out": {**ONE, "gradient": 100.0, "rules": ("kfac", "gradient")},
}
"""What each preset sets, by its id in text.md."""
