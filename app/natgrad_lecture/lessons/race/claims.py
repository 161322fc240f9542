"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.race.lazy_model import model_of
from natgrad_lecture.lessons.race.state import ONE, TUNED


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


def _alike_on_new_digits(model: Any) -> bool:
    """At a training loss of 0.01 all are within two in a hundred of one another."""
    found = []
    for name in model.state.rules:
        run = model.runs[name][0]
        _steps(model, name, 1e-2, 400)
        found.append(run.look(run.last))
    return max(found) - min(found) < 0.02 and min(found) > 0.9


def _runs_away(model: Any) -> bool:
    run = model.to(60, "gradient").runs["gradient"][0]
    return not run.ok or run.losses[-1] > run.losses[0]


def _test_loss_rises(model: Any) -> bool:
    """On the diabetes data K-FAC's held-out loss ends above its best, and gradient descent's."""
    run = model.to(40, "kfac").runs["kfac"][0]
    looks = [look[2] for look in run.looks]
    return run.losses[-1] < 0.5 * run.losses[0] and looks[-1] > 1.3 * min(looks)


def _width_hardly_matters(model: Any) -> bool:
    """K-FAC's steps to 0.01 at widths 16 and 64."""
    taken = [_steps(model_of(model.state.with_(width=w)), "kfac", 1e-2, 60) for w in (16, 64)]
    return max(taken) <= 2 * min(taken)


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


CLAIMS = {
    "kfac": Claim(ONE, _few("kfac", 1e-4, 20)),
    "adam": Claim(ONE, _fewer("kfac", "adam", 1e-2, 4.0, 60)),
    "nesterov": Claim(ONE, _fewer("kfac", "nesterov", 1e-3, 4.0, 60)),
    "natural": Claim(
        {**ONE, "rules": ("kfac", "natural")},
        lambda model: bool(
            _steps(model, "natural", 1e-1, 40) <= 1.5 * _steps(model, "kfac", 1e-1, 40)
        ),
    ),
    "lbfgs": Claim(
        ONE,
        lambda model: bool(
            1.5 < _steps(model, "lbfgs", 1e-3, 80) / _steps(model, "kfac", 1e-3, 80) < 3
        ),
    ),
    "width": Claim({**ONE, "rules": ("kfac", "adam"), "width": 64}, _width_hardly_matters),
    "autoencoder": Claim(
        {**ONE, "task": "autoencoder", "rules": ("kfac", "adam"), "budget": 5.0},
        _fewer("kfac", "adam", 1.0, 3.0, 80),
    ),
    "alike": Claim({**ONE, "rules": ("kfac", "nesterov", "adam")}, _alike_on_new_digits),
    "overfit": Claim({**ONE, "task": "diabetes", "rules": ("kfac", "gradient")}, _test_loss_rises),
    "untuned": Claim({**ONE, "adam": 0.001, "rules": ("kfac", "adam")}, _untuned),
    "diverges": Claim({**ONE, "gradient": 100.0, "rules": ("kfac", "gradient")}, _runs_away),
}


QUESTIONS = {
    "fewest": Question(ONE, _fewest(("kfac", "lbfgs", "nesterov", "adam"), 1e-3, 250)),
    "alike": Question(
        {**ONE, "rules": ("kfac", "nesterov", "adam")},
        lambda model: 2 if _alike_on_new_digits(model) else 0,
    ),
}
