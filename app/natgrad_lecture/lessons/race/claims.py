"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.derivation import Exercise
from natgrad_lecture.lessons.race.lazy_model import model_of
from natgrad_lecture.lessons.race.state import ONE, TUNED
from natgrad_lecture.lessons.scope import Scope, one_of, whole_between

Check = Callable[[Any], bool]


def _steps(model: Any, name: str, target: float, most: int) -> float:
    """Steps of the first seed to a target, infinite if not within ``most``."""
    run = model.runs[name][0]
    while run.ok and run.steps < most and run.losses[-1] > target:
        run.advance()
    return next((float(k) for k, loss in enumerate(run.losses) if loss <= target), float("inf"))


def _fewer(name: str, other: str, target: float, factor: float, most: int) -> Any:
    """``name`` gets there, and ``other`` takes more than ``factor`` times its steps."""

    def check(model: Any) -> bool:
        mine = _steps(model, name, target, most)
        return mine < most and _steps(model, other, target, int(factor * mine) + 1) > factor * mine

    return check


def _few(name: str, target: float, most: int) -> Any:
    return lambda model: _steps(model, name, target, most + 1) <= most


def _right(model: Any, name: str) -> float:
    """The accuracy on held-out digits where the training loss first is below 0.01."""
    run = model.runs[name][0]
    _steps(model, name, 1e-2, 400)
    return float(run.look(next(run.frame(k) for k, v in enumerate(run.losses) if v <= 1e-2)))


def _alike(names: tuple[str, str], points: float) -> Check:
    """At a training loss of 0.01 both are within so many points of one another, from each start."""

    def check(model: Any) -> bool:
        found = [_right(model, name) for name in names]
        return abs(found[0] - found[1]) < points / 100 and min(found) > 0.9

    return check


def _behind(name: str, other: str) -> Check:
    """On average over six starts one is half a point or more behind the other."""

    def check(model: Any) -> bool:
        seed = model.state.seed
        starts = [model_of(model.state.with_(seed=seed + i)) for i in range(6)]
        apart = [_right(each, other) - _right(each, name) for each in starts]
        return sum(apart) / len(apart) > 0.005

    return check


def _alike_on_new_digits(model: Any) -> bool:
    return _alike(("kfac", "adam"), 2.5)(model)


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


def _about(name: str, other: str, target: float, low: float, high: float) -> Check:
    """The steps of one rule to a target, as a multiple of another's."""

    def check(model: Any) -> bool:
        return low < _steps(model, name, target, 80) / _steps(model, other, target, 80) < high

    return check


def _all_within(names: tuple[str, ...], target: float, most: int) -> Check:
    return lambda model: all(_steps(model, name, target, most + 1) <= most for name in names)


def _untuned(model: Any) -> bool:
    """Adam at its library's 0.001 is above 0.1 when at its tuned rate it is below 0.01."""
    tuned = model_of(model.state.with_(adam=TUNED["digits"]["adam"]))
    there = _steps(tuned, "adam", 1e-2, 200)
    run = model.to(int(there), "adam").runs["adam"][0]
    return there < 200 and run.losses[int(there)] > 0.1


def _fewest(names: tuple[str, ...], target: float, most: int) -> Any:
    def first(model: Any) -> int:
        taken = [_steps(model, name, target, most) for name in names]
        return taken.index(min(taken))

    return first


STARTING = Scope({"seed": whole_between(0, 9990)}, trained=5)
"""Any start; the data and what is held out are the same."""
LONG = Scope({"seed": whole_between(0, 9990)}, trained=2)
"""As above, where runs are long."""

CLAIMS = {
    "kfac": Claim(
        ONE,
        _few("kfac", 1e-4, 20),
        STARTING,
        false={"within ten": _few("kfac", 1e-4, 10)},
        beyond=Scope({"task": one_of("autoencoder")}, trained=1),
        shows=("kfac",),
    ),
    "adam": Claim(
        ONE,
        _fewer("kfac", "adam", 1e-2, 3.0, 60),
        STARTING,
        false={"Adam takes fewer": _fewer("adam", "kfac", 1e-2, 1.0, 100)},
        shows=("kfac", "adam"),
    ),
    "nesterov": Claim(
        ONE,
        _fewer("kfac", "nesterov", 1e-3, 4.0, 60),
        STARTING,
        false={"thirty times as many": _fewer("kfac", "nesterov", 1e-3, 30.0, 60)},
        shows=("kfac", "nesterov"),
    ),
    "natural": Claim(
        {**ONE, "rules": ("kfac", "natural")},
        _about("natural", "kfac", 1e-1, 0.5, 1.5),
        Scope({"seed": whole_between(0, 9990)}, trained=3),
        false={"to 0.01, too": _about("natural", "kfac", 1e-2, 0.5, 1.5)},
        shows=("kfac", "natural"),
    ),
    "lbfgs": Claim(
        ONE,
        _about("lbfgs", "kfac", 1e-3, 1.5, 3.0),
        STARTING,
        false={"as many": _about("lbfgs", "kfac", 1e-3, 0.8, 1.2)},
        shows=("lbfgs", "kfac"),
    ),
    "width": Claim(
        {**ONE, "rules": ("kfac", "adam"), "width": 64},
        _widths("kfac", 1.5),
        STARTING,
        false={"it doubles": lambda model: not _widths("kfac", 1.9)(model)},
        shows=("kfac",),
    ),
    "autoencoder": Claim(
        {**ONE, "task": "autoencoder", "rules": ("kfac", "adam"), "budget": 5.0},
        _fewer("kfac", "adam", 1.0, 3.0, 80),
        LONG,
        false={"Adam takes fewer": _fewer("adam", "kfac", 1.0, 1.0, 80)},
        shows=("kfac", "adam"),
    ),
    "alike": Claim(
        {**ONE, "rules": ("kfac", "nesterov", "adam")},
        _alike(("kfac", "adam"), 2.5),
        STARTING,
        false={"by less than a hundredth of a point": _alike(("kfac", "adam"), 0.01)},
        shows=("kfac", "adam", "nesterov"),
    ),
    "behind": Claim(
        {**ONE, "rules": ("kfac", "nesterov")},
        _behind("nesterov", "kfac"),
        Scope({"seed": whole_between(0, 9990)}, trained=1),
        false={"K-FAC is behind": _behind("kfac", "nesterov")},
        shows=("nesterov", "kfac"),
    ),
    "overfit": Claim(
        {**ONE, "task": "diabetes", "rules": ("kfac", "gradient")},
        _test_loss_rises("kfac"),
        LONG,
        false={"gradient descent, too": _test_loss_rises("gradient")},
        shows=("kfac",),
    ),
    "untuned": Claim(
        {**ONE, "adam": 0.001, "rules": ("kfac", "adam")},
        _untuned,
        STARTING,
        beyond=Scope({"adam": one_of(0.1)}, trained=1),
        shows=("adam",),
    ),
    "diverges": Claim(
        {**ONE, "gradient": 100.0, "rules": ("kfac", "gradient")},
        _runs_away,
        LONG,
        beyond=Scope({"gradient": one_of(1.0)}, trained=1),
        shows=("gradient",),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("kfac", "adam", "lbfgs", "nesterov", "alike"),
    "question.fewest": ("adam", "nesterov", "lbfgs"),
    "question.alike": ("alike", "behind"),
    "preset.digits": ("kfac", "adam", "nesterov"),
    "preset.exact-and-k-fac": ("natural",),
    "preset.autoencoder": ("autoencoder",),
    "preset.wine": Claim(
        {"task": "wine", "count": 1},
        _all_within(("kfac", "lbfgs", "nesterov", "adam"), 1e-2, 30),
        LONG,
        false={"three steps": _all_within(("kfac", "lbfgs", "nesterov", "adam"), 1e-2, 3)},
    ),
    "preset.diabetes": ("overfit",),
    "preset.untuned-adam": ("untuned",),
    "preset.thrown-out": ("diverges",),
}
"""What checks the lines that are not claims."""


QUESTIONS = {
    "fewest": Question(ONE, _fewest(("kfac", "lbfgs", "nesterov", "adam"), 1e-3, 250)),
    "alike": Question(
        {**ONE, "rules": ("kfac", "nesterov", "adam")},
        lambda model: 2 if _alike_on_new_digits(model) else 0,
    ),
}


EXERCISES = {
    "steps-and-seconds": Exercise(lambda _: 10 * 3 < 42 * 0.8, lambda _: [10 * 3, 42 * 0.8]),
    "one-digit": Exercise(
        lambda model: model.held_out == 359,
        lambda model: [model.held_out, 100 / model.held_out],
    ),
    "make-it-unfair": Exercise(
        lambda model: _steps(model, "adam", 1e-1, 60) > 60,
        set={**ONE, "adam": 0.001, "rules": ("kfac", "adam")},
    ),
}
"""By their ids in text.md."""
