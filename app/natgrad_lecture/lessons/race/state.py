"""What a reader can change, and what the presets set."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, ClassVar

from natgrad_lecture.state.fields import BadInput, choice, control, number, several, whole
from natgrad_lecture.state.own_table import OWN_TABLE, OwnTable
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
CHOICES = (*TASKS, OWN_TABLE)
"""What a reader can choose: the tasks, and a table of their own."""

CLASSED = tuple(task for task in CHOICES if task not in ("diabetes", "autoencoder"))
"""The tasks that tell classes apart."""

LIKE = "digits"
"""The task whose tuned settings a reader's own table begins with. On five other tables no method
diverged with those of the digits; with those of wine and of iris one did."""

OPTIONS: dict[str, tuple[str, ...]] = {
    "kfac": ("kfac_damping", "kfac_fall", "kfac_samples", "kfac_keep", "kfac_every"),
    "levenberg-marquardt": ("exact_damping", "exact_fall"),
    "natural": ("alpha", "damping"),
    "lbfgs": ("lbfgs_history",),
    "muon": ("muon", "muon_keep", "muon_others"),
    "soap": ("soap", "soap_keep", "soap_square", "soap_every"),
    "shampoo": ("shampoo", "shampoo_keep", "shampoo_factors", "shampoo_every"),
    "adam": ("adam", "adam_keep", "adam_square"),
    "adamw": ("adamw", "adamw_square", "adamw_decay"),
    "nesterov": ("nesterov", "nesterov_keep"),
    "gradient": ("gradient",),
    "adadelta": ("adadelta", "adadelta_keep"),
}
"""Which fields a rule is told, in the order in which a kept run writes them."""

RULES = tuple(OPTIONS)

BATCHED = 64
"""The batch size that settings for batches are tuned at."""

_CLASSES = (1e-1, 1e-2, 1e-3, 1e-4)
_BATCHES = (3e-1, 1e-1, 3e-2, 1e-2)
TARGETS = {
    **dict.fromkeys(TASKS, _CLASSES),
    "diabetes": (0.3, 0.2, 0.15, 0.1),
    "autoencoder": (2.0, 1.0, 0.7, 0.5),
    "digits-batches": _BATCHES,
}
"""The losses to reach; the last one ends a run, and settings are tuned to it."""

FOUND_IN = Path(__file__).with_name("tuned.json")
FOUND: dict[str, Any] = json.loads(FOUND_IN.read_text("utf-8"))
"""What ``make tune-race`` found: for each tuning the settings, and what they did on fresh seeds."""

ON, SHOWN = tuple(FOUND["tuned_on"]), tuple(FOUND["shown_on"])
"""Seeds that settings were tuned on, and others that they are shown on."""


def tuning_of(task: str, batched: bool) -> str:
    """Which tuning a task has: one for batches, where there is one; a table has another task's."""
    task = LIKE if task == OWN_TABLE else task
    name = f"{task}-batches"
    return name if batched and name in FOUND["tunings"] else task


def tuned(task: str, batched: bool = False) -> dict[str, float]:
    """The tuned settings of all rules on a task, by the names of fields."""
    full = FOUND["tunings"][tuning_of(task, False)]["settings"]
    own = FOUND["tunings"][tuning_of(task, batched)]["settings"]
    return {field: value for rule in full.values() for field, value in rule.items()} | {
        field: value for rule in own.values() for field, value in rule.items()
    }


def recorded(tuning: str, rule: str, what: str, target: int = -1) -> float:
    """The median over fresh seeds of steps, of seconds or of what is held out, at one of the
    losses; infinite where most runs never came there.
    """
    found = [run[target] for run in FOUND["tunings"][tuning]["fresh"][rule][what]]
    return median(math.inf if value is None else value for value in found)


_MOST_KEPT = 6

TUNED, OWN = "tuned", "own"


def _rate(name: str, label: object) -> Any:
    return number(name, label, 1e-6, 1e4, say("take-one-from-0-000001-to"))


def _share(name: str, label: Any) -> Any:
    return number(name, label, 0.0, 0.9999, say.later("take-0-to-0-9999"))


_FALL = say.later("take-0-01-to-0-99")


def _kept(value: Any) -> tuple[str, ...]:
    texts = tuple(dict.fromkeys(map(str, value)))
    if len(texts) > _MOST_KEPT:
        raise BadInput("kept", say("at-most-runs-are-kept-forget", most_kept=_MOST_KEPT))
    for text in texts:
        _entry(text)
    return texts


FORMER: dict[str, float] = {
    "kfac_damping": 1.0,
    "kfac_fall": 0.25,
    "kfac_samples": 0,
    "kfac_keep": 0.0,
    "kfac_every": 1,
    "exact_damping": 1.0,
    "exact_fall": 0.25,
    "alpha": 1.0,
    "damping": 0.03,
    "lbfgs_history": 20,
    "muon": 0.02,
    "muon_keep": 0.95,
    "muon_others": 0.001,
    "soap": 0.003,
    "soap_keep": 0.95,
    "soap_square": 0.95,
    "soap_every": 10,
    "shampoo": 0.1,
    "shampoo_keep": 0.0,
    "shampoo_factors": 1.0,
    "shampoo_every": 1,
    "adam": 0.1,
    "adam_keep": 0.9,
    "adam_square": 0.999,
    "adamw": 0.001,
    "adamw_square": 0.999,
    "adamw_decay": 0.01,
    "nesterov": 0.6,
    "nesterov_keep": 0.99,
    "gradient": 1.0,
    "adadelta": 10.0,
    "adadelta_keep": 0.9,
}
"""What a link means that tells nothing else: rates of earlier links, and otherwise the defaults of
the rules.
"""

_FORMER_COUNTS = {"kfac": 0, "lbfgs": 0, "nesterov": 1, "adam": 1, "adadelta": 1}
"""How many options a kept run of an earlier link has."""


def _entry(text: str) -> tuple[str, int, tuple[float, ...]]:
    """Rule, width and options, as a kept run is written: ``adam:32:0.1:0.9:0.999``."""
    rule, *rest = text.split(":")
    fields = OPTIONS.get(rule, ())
    try:
        width, *given = rest
        size, options = int(width), tuple(float(option) for option in given)
    except ValueError:
        size, options = 0, ()
    if fields and len(options) == _FORMER_COUNTS.get(rule):
        options = (*options, *(FORMER[field] for field in fields[len(options) :]))
    fine = fields and len(options) == len(fields) and 4 <= size <= 128
    if not fine or not all(0 <= option <= 1e4 for option in options):
        raise BadInput("kept", say("no-run-one-is-written-rule", text=f"{text[:40]!r}"))
    return rule, size, options


BATCHES = {"all": "all", "256": "256", "64": "64", "16": "16"}
CONSTANTS = (TUNED, OWN)
ENVELOPE = ("hidden", "drawn")


def _of(field: str, check: Any) -> Any:
    """A field that a rule is told; a link names it as it is."""
    return control(FORMER[field], field.replace("_", "-"), check)


@dataclass(frozen=True)
class Racing(OwnTable):
    """A task, who runs, and for how long."""

    chosen_by: ClassVar[str] = "task"

    task: str = control("digits", "task", choice("task", "task", CHOICES))
    rules: tuple[str, ...] = control(
        ("kfac", "lbfgs", "nesterov", "adam"), "rules", several("rules", "rule", RULES)
    )
    kfac_damping: float = _of("kfac_damping", _rate("kfac_damping", "λ₀"))
    kfac_fall: float = _of("kfac_fall", number("kfac_fall", "ω", 0.01, 0.99, _FALL))
    kfac_samples: int = _of("kfac_samples", whole("kfac_samples", say.later("the-draws"), 0, 10))
    kfac_keep: float = _of("kfac_keep", _share("kfac_keep", "β"))
    kfac_every: int = _of("kfac_every", whole("kfac_every", say.later("the-interval"), 1, 100))
    exact_damping: float = _of("exact_damping", _rate("exact_damping", "λ₀"))
    exact_fall: float = _of("exact_fall", number("exact_fall", "ω", 0.01, 0.99, _FALL))
    alpha: float = _of("alpha", _rate("alpha", say.later("the-natural-step-s")))
    damping: float = _of("damping", _rate("damping", "λ"))
    lbfgs_history: int = _of("lbfgs_history", whole("lbfgs_history", say.later("pairs"), 1, 100))
    muon: float = _of("muon", _rate("muon", say.later("a-rate-of-muon")))
    muon_keep: float = _of("muon_keep", _share("muon_keep", say.later("the-momentum")))
    muon_others: float = _of("muon_others", _rate("muon_others", say.later("a-rate-of-biases")))
    soap: float = _of("soap", _rate("soap", say.later("a-rate-of-soap")))
    soap_keep: float = _of("soap_keep", _share("soap_keep", "β₁"))
    soap_square: float = _of("soap_square", _share("soap_square", "β₂"))
    soap_every: int = _of("soap_every", whole("soap_every", say.later("the-interval"), 1, 100))
    shampoo: float = _of("shampoo", _rate("shampoo", say.later("a-rate-of-shampoo")))
    shampoo_keep: float = _of("shampoo_keep", _share("shampoo_keep", "β₁"))
    shampoo_factors: float = _of(
        "shampoo_factors", number("shampoo_factors", "β₂", 0, 1, say.later("take-0-to-1"))
    )
    shampoo_every: int = _of(
        "shampoo_every", whole("shampoo_every", say.later("the-interval"), 1, 100)
    )
    nesterov: float = _of("nesterov", _rate("nesterov", "a rate"))
    nesterov_keep: float = _of("nesterov_keep", _share("nesterov_keep", say.later("the-momentum")))
    adam: float = _of("adam", _rate("adam", "Adam's rate"))
    adam_keep: float = _of("adam_keep", _share("adam_keep", "β₁"))
    adam_square: float = _of("adam_square", _share("adam_square", "β₂"))
    adamw: float = _of("adamw", _rate("adamw", say.later("a-rate-of-adamw")))
    adamw_square: float = _of("adamw_square", _share("adamw_square", "β₂"))
    adamw_decay: float = _of(
        "adamw_decay", number("adamw_decay", say.later("the-decay"), 0, 1, say.later("take-0-to-1"))
    )
    gradient: float = control(FORMER["gradient"], "plain", _rate("gradient", "a rate"))
    adadelta: float = _of("adadelta", _rate("adadelta", "Adadelta's rate"))
    adadelta_keep: float = _of("adadelta_keep", _share("adadelta_keep", say.later("the-decay")))
    constants: str = control(
        OWN, "constants", choice("constants", say.later("settings"), CONSTANTS)
    )
    batch: str = control("all", "batch", choice("batch", say.later("batches"), BATCHES))
    noise: float = control(
        0.0, "noise", number("noise", say.later("the-noise"), 0, 0.5, say.later("take-0-to-half"))
    )
    width: int = control(32, "width", whole("width", "the width", 4, 128))
    seed: int = control(0, "seed", whole("seed", "the seed", 0, 9999))
    count: int = control(1, "seeds", whole("count", say.later("the-number-of-seeds"), 1, 9))
    budget: float = control(
        2.0,
        "seconds",
        number("budget", "a run's time", 0.05, 30, say.later("take-0-05-to-30-seconds")),
    )
    envelope: str = control("hidden", "envelope", choice("envelope", say.later("best"), ENVELOPE))
    kept: tuple[str, ...] = control((), "kept", _kept)

    @property
    def task_key(self) -> str | tuple[str, str, str]:
        """What the data are made of: a task, or the reader's own table."""
        return self.own_key if self.owned else self.task

    @property
    def tuning(self) -> str:
        """The name of the tuning that suits the task and its batches."""
        return tuning_of(self.task, self.batch != "all")

    @property
    def targets(self) -> tuple[float, ...]:
        """The losses to reach: the last ends a run."""
        return TARGETS[self.tuning]

    @property
    def tuned_here(self) -> bool:
        """Whether the settings were tuned for these data, and batches of this size."""
        return not self.owned and self.batch == (
            "all" if self.tuning == self.task else str(BATCHED)
        )

    @property
    def fewest(self) -> dict[str, list[float | None]]:
        """The envelope over the grid: for each loss the fewest steps of any setting, by rule; if it
        is to be drawn, and the grid ran on such a net.
        """
        if self.envelope != "drawn" or self.width != 32 or self.noise or not self.tuned_here:
            return {}
        known = FOUND["tunings"][self.tuning]["envelope"]
        return {rule: known[rule] for rule in self.rules if rule in known}

    @property
    def settings(self) -> dict[str, float]:
        """What the rules are told: tuned for the task, or as the reader has set it."""
        if self.constants == TUNED:
            found = {name: getattr(self, name) for name in FORMER}
            return found | tuned(self.task, self.batch != "all")
        return {name: getattr(self, name) for name in FORMER}

    def options(self, rule: str) -> tuple[float, ...]:
        """What a rule is told."""
        settings = self.settings
        return tuple(settings[name] for name in OPTIONS[rule])

    @staticmethod
    def entry(text: str) -> tuple[str, int, tuple[float, ...]]:
        """A kept run, read."""
        return _entry(text)

    def values(self) -> dict[str, Any]:
        """What each control shows: tuned settings, while they are in force."""
        return super().values() | self.settings

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """A task brings its tuned settings; what is kept, is kept of one task. A reader who changes
        one setting has the others as they were.
        """
        if name == "task":
            mine = {"table": self.table_or_example()} if value == OWN_TABLE else {}
            return {"task": value, "kept": (), "constants": TUNED, **mine}
        if name == "table":
            return {**self.taken(value), "kept": ()}
        if name == "label":
            return {name: value, "kept": ()}
        if name in FORMER and self.constants == TUNED:
            return {**self.settings, "constants": OWN, name: value}
        if name == "constants" and value == OWN:
            return {**self.settings, "constants": OWN}
        if name == "keep":
            now = (
                ":".join(map(_written, (rule, self.width, *self.options(rule))))
                for rule in self.rules
            )
            return {"kept": tuple(dict.fromkeys((*self.kept, *now)))}
        if name == "forget":
            return {"kept": ()}
        return super().changes(name, value)


def _written(value: object) -> str:
    return repr(int(value)) if isinstance(value, float) and value == int(value) else str(value)


OPENING = {"constants": TUNED, "seed": 10, "rules": ("kfac", "muon", "adam", "nesterov")}
ONE = {**OPENING, "count": 1}
BATCHES_OF_64 = {**ONE, "batch": str(BATCHED), "rules": ("kfac", "soap", "muon", "adam")}
UNTUNED = {"constants": OWN, "adam": 0.001, "adam_keep": 0.9, "adam_square": 0.999}
PRESETS: dict[str, dict[str, Any]] = {
    "digits": {**OPENING, "count": 3},
    "modern": {**ONE, "rules": ("kfac", "muon", "soap", "shampoo")},
    "exact-and-k-fac": {**ONE, "rules": ("kfac", "levenberg-marquardt")},
    "mini-batches": BATCHES_OF_64,
    "autoencoder": {
        **ONE,
        "task": "autoencoder",
        "rules": ("kfac", "soap", "muon", "adam"),
        "budget": 5.0,
    },
    "wine": {**OPENING, "task": "wine", "count": 3},
    "diabetes": {**ONE, "task": "diabetes", "rules": ("kfac", "adam", "gradient")},
    "untuned-adam": {**ONE, **UNTUNED, "rules": ("kfac", "adam")},
    "thrown-out": {**ONE, "constants": OWN, "gradient": 100.0, "rules": ("kfac", "gradient")},
}
"""What each preset sets, by its id in text.md."""
