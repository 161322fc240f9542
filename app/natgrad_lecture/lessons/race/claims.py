"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import mean, stdev
from typing import Any

from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.derivation import Exercise
from natgrad_lecture.lessons.race.lazy_model import model_of
from natgrad_lecture.lessons.race.state import (
    BATCHES_OF_64,
    FOUND,
    ONE,
    OWN,
    TUNED,
    UNTUNED,
    recorded,
)
from natgrad_lecture.lessons.scope import Scope, one_of, whole_between

Check = Callable[[Any], bool]


def _steps(model: Any, name: str, target: float, most: int) -> float:
    """Steps of the first seed to a target, infinite if not within ``most``."""
    run = model.runs[name][0]
    while run.ok and run.steps < most and run.losses[-1] > target:
        run.advance()
    return next((float(k) for k, loss in enumerate(run.losses) if loss <= target), float("inf"))


def _few(name: str, target: float, most: int) -> Any:
    return lambda model: _steps(model, name, target, most + 1) <= most


def _right(model: Any, name: str) -> float:
    """The accuracy on held-out digits where the training loss first is below 0.01."""
    run = model.runs[name][0]
    step = int(_steps(model, name, 1e-2, 400))
    return float(run.look(run.frame(step)))


def _alike(names: tuple[str, str], points: float) -> Check:
    """At a training loss of 0.01 both are within so many points of one another, from each start."""

    def check(model: Any) -> bool:
        found = [_right(model, name) for name in names]
        return abs(found[0] - found[1]) < points / 100 and min(found) > 0.9

    return check


def _alike_on_new_digits(model: Any) -> bool:
    return _alike(("kfac", "adam"), 3.5)(model)


def _runs_away(model: Any) -> bool:
    run = model.to(60, "gradient").runs["gradient"][0]
    return not run.ok or run.losses[-1] > run.losses[0]


def _test_loss_rises(name: str) -> Check:
    """On the diabetes data the held-out loss ends far above its best, while J falls."""

    def check(model: Any) -> bool:
        run = model.to(40, name).runs[name][0]
        looks = [look[2] for look in run.looks]
        return run.losses[-1] < 0.5 * run.losses[0] and looks[-1] > 1.3 * min(looks)

    return check


def _widths(name: str, most: float) -> Check:
    """The steps to 0.01 at widths 16 and 64 differ by this factor at most."""

    def check(model: Any) -> bool:
        taken = [_steps(model_of(model.state.with_(width=w)), name, 1e-2, 60) for w in (16, 64)]
        return max(taken) <= most * min(taken)

    return check


def _times(name: str, others: dict[str, float], target: float) -> Check:
    """``name`` gets there, and each other takes more than so many times its steps."""

    def check(model: Any) -> bool:
        mine = _steps(model, name, target, 160)
        return mine < 160 and all(
            _steps(model, other, target, int(times * mine) + 1) > times * mine
            for other, times in others.items()
        )

    return check


def _at_most(name: str, other: str, target: float, times: float) -> Check:
    """``name`` takes at most so many times the other's steps."""

    def check(model: Any) -> bool:
        mine = _steps(model, other, target, 120)
        return mine < 120 and _steps(model, name, target, int(times * mine)) <= times * mine

    return check


def _near(name: str, other: str, target: float, times: float) -> Check:
    """Both get there, and their steps differ by at most this factor."""

    def check(model: Any) -> bool:
        taken = [_steps(model, each, target, 200) for each in (name, other)]
        return max(taken) < 200 and max(taken) <= times * min(taken)

    return check


def _less(what: str, name: str, others: tuple[str, ...], *losses: int, times: float = 1.0) -> Check:
    """What was recorded on fresh seeds when the methods were tuned: one needed less than the
    others, on the median, to each of these losses, and so many times less; no others named: than
    all but the exact one.
    """

    def check(model: Any) -> bool:
        tuning = model.state.tuning
        than = others or {*FOUND["tunings"][tuning]["fresh"]} - {"levenberg-marquardt"}
        return all(
            times * recorded(tuning, name, what, loss) < recorded(tuning, other, what, loss)
            for other in than
            for loss in losses or (-1,)
            if other != name
        )

    return check


def _level(name: str, other: str, most: float) -> Check:
    """The recorded times to the last loss differ by at most this factor."""

    def check(model: Any) -> bool:
        times = [recorded(model.state.tuning, each, "seconds") for each in (name, other)]
        return max(times) <= most * min(times)

    return check


def _both(*checks: Check) -> Check:
    return lambda model: all(check(model) for check in checks)


_sooner = _both(_less("seconds", "muon", ("kfac",)), _less("seconds", "adam", ("kfac",)))
"""Muon and Adam needed less time than K-FAC."""


def _best_tested(name: str, least: float) -> Check:
    """Of all methods that came to a loss of 0.01 one had the best recorded accuracy there, and of
    these it took the most steps.
    """

    def check(model: Any) -> bool:
        tuning = model.state.tuning
        fresh = FOUND["tunings"][tuning]["fresh"]
        there = [rule for rule in fresh if recorded(tuning, rule, "steps", 1) < float("inf")]
        best = max(there, key=lambda rule: recorded(tuning, rule, "tested", 1))
        last = max(there, key=lambda rule: recorded(tuning, rule, "steps", 1))
        apart = recorded(tuning, name, "tested", 1) - recorded(tuning, "kfac", "tested", 1)
        return best == last == name and apart > least

    return check


def _behind(name: str, other: str, points: float, standard_error: float) -> Check:
    """In the record one is so many percentage points behind the other at a loss of 0.01, with this
    standard error of the mean over starts, both to one decimal.
    """

    def check(model: Any) -> bool:
        fresh = FOUND["tunings"][model.state.tuning]["fresh"]
        runs = zip(fresh[other]["tested"], fresh[name]["tested"], strict=True)
        apart = [100 * (ahead[1] - behind[1]) for ahead, behind in runs]
        error = stdev(apart) / math.sqrt(len(apart))
        return (round(mean(apart), 1), round(error, 1)) == (points, standard_error)

    return check


def _untuned(model: Any) -> bool:
    """Adam with the usual constants is above 0.1 when tuned it is below 0.01."""
    there = _steps(model_of(model.state.with_(constants=TUNED)), "adam", 1e-2, 200)
    run = model.to(int(there), "adam").runs["adam"][0]
    return there < 200 and run.losses[int(there)] > 0.1


FRESH = whole_between(10, 9990)
"""Seeds that the tuning never saw."""
STARTING = Scope({"seed": FRESH}, trained=5)
"""Any start; the data and what is held out are the same."""
LONG = Scope({"seed": FRESH}, trained=2)
"""As above, where runs are long."""
RECORD = Scope({"seed": FRESH}, trained=1)
"""What was recorded when the methods were tuned; nothing is trained for it."""

CLAIMS = {
    "kfac": Claim(
        ONE,
        _few("kfac", 1e-4, 20),
        STARTING,
        false={"within ten": _few("kfac", 1e-4, 10)},
        beyond=Scope({"task": one_of("autoencoder")}, trained=1),
        shows=("kfac",),
    ),
    "baselines": Claim(
        ONE,
        _times("kfac", {"muon": 1.2, "adam": 2.0}, 1e-4),
        STARTING,
        false={"Muon more than twice": _times("kfac", {"muon": 2.0, "adam": 2.0}, 1e-4)},
        shows=("kfac", "muon", "adam"),
    ),
    "exact": Claim(
        {**ONE, "rules": ("kfac", "levenberg-marquardt")},
        _at_most("levenberg-marquardt", "kfac", 1e-3, 2.0),
        Scope({"seed": FRESH}, trained=2),
        false={"half of K-FAC's": _at_most("levenberg-marquardt", "kfac", 1e-3, 0.5)},
        shows=("kfac", "levenberg-marquardt"),
    ),
    "clock": Claim(
        {**ONE, "rules": ("kfac", "muon")},
        _both(_less("seconds", "muon", ("kfac",), 0, 1, 2), _level("muon", "kfac", 1.25)),
        RECORD,
        false={"in steps, too": _less("steps", "muon", ("kfac",), 0, 1, 2)},
        shows=("kfac", "muon"),
    ),
    "width": Claim(
        {**ONE, "rules": ("kfac", "adam"), "width": 64},
        _widths("kfac", 1.5),
        STARTING,
        false={"it doubles": lambda model: not _widths("kfac", 1.9)(model)},
        shows=("kfac",),
    ),
    "batches": Claim(
        BATCHES_OF_64,
        _times("kfac", {"muon": 1.5, "soap": 1.5, "adam": 1.5}, 0.3),
        STARTING,
        false={"a tenth": _times("kfac", {"adam": 10.0}, 0.3)},
        shows=("kfac", "muon", "soap", "adam"),
    ),
    "batches-later": Claim(
        BATCHES_OF_64,
        _near("kfac", "soap", 1e-2, 1.5),
        Scope({"seed": FRESH}, trained=3),
        false={"SOAP's are more": _times("kfac", {"soap": 1.5}, 1e-2)},
        beyond=Scope({"seed": FRESH, "batch": one_of("all")}, trained=1),
        shows=("soap", "kfac"),
    ),
    "batches-clock": Claim(
        BATCHES_OF_64,
        _both(
            _less("seconds", "soap", ("kfac",), times=1.5),
            _less("seconds", "muon", ("kfac",), times=1.5),
        ),
        RECORD,
        false={"in steps, too": _less("steps", "soap", ("kfac",), times=1.5)},
        shows=("soap", "muon", "kfac"),
    ),
    "autoencoder": Claim(
        {**ONE, "task": "autoencoder", "budget": 5.0, "rules": ("kfac", "soap", "muon", "adam")},
        _times("kfac", {"muon": 2.0, "soap": 2.0, "adam": 4.0}, 1.0),
        LONG,
        false={"Adam takes fewer": _times("adam", {"kfac": 1.0}, 1.0)},
        shows=("kfac", "muon", "soap", "adam"),
    ),
    "fewest": Claim(
        {**ONE, "task": "autoencoder", "budget": 5.0},
        _less("steps", "kfac", ()),
        Scope({"task": one_of("digits", "diabetes", "autoencoder")}, trained=8),
        false={"Muon": _less("steps", "muon", ())},
        beyond=Scope({"task": one_of("wine")}, trained=1),
        shows=("kfac", "muon", "adam"),
    ),
    "deep-clock": Claim(
        {**ONE, "task": "autoencoder", "budget": 5.0, "rules": ("kfac", "soap", "muon", "adam")},
        _less("seconds", "kfac", (), times=2.0),
        RECORD,
        false={"a tenth": _less("seconds", "kfac", (), times=10.0)},
        beyond=Scope({"task": one_of("digits")}, trained=1),
        shows=("kfac", "soap", "muon"),
    ),
    "tables": Claim(
        {**ONE, "task": "wine"},
        _sooner,
        Scope({"task": one_of("wine", "iris", "breast-cancer")}, trained=6),
        false={"Adam's steps are fewer": _less("steps", "adam", ("kfac",))},
        beyond=Scope({"task": one_of("digits")}, trained=1),
        shows=("kfac", "muon", "adam"),
    ),
    "alike": Claim(
        ONE,
        _alike(("kfac", "adam"), 3.5),
        STARTING,
        false={"by less than a hundredth of a point": _alike(("kfac", "adam"), 0.01)},
        shows=("kfac", "adam"),
    ),
    "behind": Claim(
        {**ONE, "rules": ("kfac", "nesterov")},
        _behind("nesterov", "kfac", 1.1, 0.3),
        RECORD,
        false={"K-FAC is behind": _behind("kfac", "nesterov", 1.1, 0.3)},
        shows=("nesterov", "kfac"),
    ),
    "slowest": Claim(
        {**ONE, "rules": ("kfac", "adadelta")},
        _best_tested("adadelta", 0.004),
        RECORD,
        false={"it is two points better": _best_tested("adadelta", 0.02)},
        shows=("adadelta", "kfac"),
    ),
    "overfit": Claim(
        {**ONE, "task": "diabetes", "rules": ("kfac", "gradient")},
        _test_loss_rises("kfac"),
        LONG,
        false={"gradient descent, too": _test_loss_rises("gradient")},
        shows=("kfac",),
    ),
    "untuned": Claim(
        {**ONE, **UNTUNED, "rules": ("kfac", "adam")},
        _untuned,
        STARTING,
        beyond=Scope({"adam": one_of(0.1)}, trained=1),
        shows=("adam",),
    ),
    "diverges": Claim(
        {**ONE, "constants": OWN, "gradient": 100.0, "rules": ("kfac", "gradient")},
        _runs_away,
        LONG,
        beyond=Scope({"gradient": one_of(1.0)}, trained=1),
        shows=("gradient",),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("fewest", "deep-clock", "tables"),
    "question.small": ("tables",),
    "question.alike": ("alike", "behind"),
    "preset.digits": ("kfac", "baselines"),
    "preset.modern": ("baselines",),
    "preset.exact-and-k-fac": ("exact",),
    "preset.mini-batches": ("batches", "batches-later", "batches-clock"),
    "preset.autoencoder": ("autoencoder", "deep-clock"),
    "preset.wine": ("tables",),
    "preset.diabetes": ("overfit",),
    "preset.untuned-adam": ("untuned",),
    "preset.thrown-out": ("diverges",),
}
"""What checks the lines that are not claims."""


QUESTIONS = {
    "small": Question({**ONE, "task": "wine"}, lambda model: 2 if _sooner(model) else 0),
    "alike": Question(ONE, lambda model: 2 if _alike_on_new_digits(model) else 0),
}


EXERCISES = {
    "steps-and-seconds": Exercise(lambda _: 10 * 3 < 42 * 0.8, lambda _: [10 * 3, 42 * 0.8]),
    "one-digit": Exercise(
        lambda model: model.held_out == 359,
        lambda model: [model.held_out, 100 / model.held_out],
    ),
    "make-it-unfair": Exercise(
        lambda model: _steps(model, "adam", 1e-1, 60) > 60,
        set={**ONE, **UNTUNED, "rules": ("kfac", "adam")},
    ),
}
"""By their ids in text.md."""
