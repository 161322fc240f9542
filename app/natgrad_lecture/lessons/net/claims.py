"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from natgrad_lecture.lessons.base import Changes, Claim, Question
from natgrad_lecture.lessons.net.lazy_model import model_of
from natgrad_lecture.lessons.net.state import DIFFER, DIVERGED, HARD, MATRIX, ONE_EACH
from natgrad_lecture.lessons.scope import Scope, log_between, mostly, one_of, whole_between

Check = Callable[[Any], bool]

ALL = {"rules": ("natural", "adam", "nesterov", "gradient"), "steps": 150}
NOISY = {"noise": 0.3, "rules": ("kfac", "adam"), "steps": 120}


def _until(run: Any, loss: float) -> float:
    """The step at which a run's loss is first at or below this; infinity if it never is."""
    return next((float(i) for i, each in enumerate(run.losses) if each <= loss), float("inf"))


def _share_of_steps(loss: float, steps: int) -> Any:
    """The natural gradient's steps beside the fewest of the others: 0: more, 1: fewer, but more
    than half as many, 2: less than half as many.
    """

    def share(model: Any) -> int:
        model.to(steps)
        taken = {name: _until(model.run(name), loss) for name in model.state.rules}
        mine = taken.pop("natural")
        fewest = min(taken.values())
        return int(mine < fewest) + int(2 * mine < fewest)

    return share


def _whose_stay(model: Any) -> int:
    """Whose two runs give the same probabilities. 0: both, 1: the natural gradient's, 2: Adam's,
    3: neither's.
    """
    model.to(10)
    natural, adam = (model.gap(name, 10) > 1e-6 for name in ("natural", "adam"))
    return 2 * int(natural) + int(adam)


def _first(name: str, loss: float, steps: int, by: float) -> Check:
    """One rule needs fewer steps than any other, by this factor."""

    def check(model: Any) -> bool:
        model.to(steps)
        taken = {each: _until(model.run(each), loss) for each in model.state.rules}
        mine = taken.pop(name)
        return mine < float("inf") and all(other > by * mine for other in taken.values())

    return check


def _alone(model: Any, name: str, steps: int) -> Any:
    """One rule's run of so many steps; the others of the state need not run."""
    return model_of(model.state.with_(rules=(name,))).to(steps).run(name)


def _null(which: tuple[float, float]) -> Check:
    """F has a null direction in the biases of both outputs, and few others above rounding."""

    def check(model: Any) -> bool:
        matrix = model.to(20).fisher("natural", 20)["exact"]
        both = [0.0] * (len(matrix) - 2) + list(which)
        rank = model.rank("natural", 20)
        none = abs(matrix @ both).max() < 1e-5 * abs(matrix).max()
        return bool(none and rank < len(matrix) / 2)

    return check


def _kl_of_a_step(half: float) -> Check:
    """KL(p_θ ‖ p_{θ+δ}) is near ½ δᵀFδ for a twentieth of the natural step."""

    def check(model: Any) -> bool:
        kl, quadratic = model.to(5).kl_of_a_step("natural", 4)
        return abs(kl / (2 * half * quadratic) - 1) < 0.15

    return check


def _diverges(model: Any) -> bool:
    """Within twenty steps the loss is at ten times its first value."""
    run = _alone(model, "natural", 20)
    return not run.ok or max(run.losses[:21]) > 10 * run.losses[0]


def _learns(name: str, steps: int, loss: float) -> Check:
    def check(model: Any) -> bool:
        run = _alone(model, name, steps)
        return run.steps >= steps and run.losses[steps] < loss < run.losses[0]

    return check


def _gap(name: str, low: float = 0.0, high: float = float("inf"), step: int = 10) -> Check:
    """The gap after this step lies between these."""
    return lambda model: bool(low <= model.to(step).gap(name, step) <= high)


def _damping_is_seen(model: Any) -> bool:
    """λI in x makes a larger gap than λAᵀA, by far."""
    identity = model.to(10).gap("natural", 10)
    pulled = model_of(model.state.with_(kind="pulled-back")).to(10).gap("natural", 10)
    return bool(identity > 0.001 and identity > 20 * pulled)


def _in_order(names: tuple[str, ...]) -> Check:
    """Errors rise in this order."""

    def check(model: Any) -> bool:
        found = model.to(30).errors("natural", 30)
        return all(found[a] <= found[b] for a, b in pairwise(names))

    return check


def _error(name: str, low: float) -> Check:
    return lambda model: bool(model.to(30).errors(model.state.rules[0], 30)[name] > low)


def _rank(below: int) -> Check:
    """The rank of F is at most the number of points, less this."""

    def check(model: Any) -> bool:
        return model.to(3).rank("natural", 3) <= len(model.net) - below

    return check


def _far_and_useful(error: float, loss: float = 0.01) -> Check:
    return lambda model: bool(
        _learns("kfac", 40, loss)(model) and model.errors("kfac", 10)["kfac"] > error
    )


def _tested(model: Any, name: str, by: int) -> list[float]:
    """The loss on new points along a run, each ``by`` steps until 120."""
    model.to(120)
    return [model.test_loss(name, step) for step in range(0, 121, by)]


def _learns_too_well(name: str) -> Check:
    """The training loss goes on falling while that on new points has long been rising."""

    def check(model: Any) -> bool:
        tested, run = _tested(model, name, 10), model.run(name)
        return run.losses[120] < 0.8 * run.losses[40] and tested[-1] > 1.5 * min(tested)

    return check


def _best_on_new_points(low: float, high: float) -> Check:
    """The best loss of Adam's on new points, as a multiple of K-FAC's."""

    def check(model: Any) -> bool:
        best = {name: min(_tested(model, name, 5)) for name in ("kfac", "adam")}
        return low < best["adam"] / best["kfac"] < high

    return check


def _tuning(factor: float) -> Check:
    """Adam at a tenth of its rate needs so many times the steps."""

    def check(model: Any) -> bool:
        good = model_of(model.state.with_(adam=10 * model.state.adam))
        slow, fast = (_until(_alone(each, "adam", 150), 0.1) for each in (model, good))
        return slow > factor * fast

    return check


def _tuned_baselines(adam: float, muon: float) -> Check:
    """Adam and Muon, all their constants tuned, need more than so many times the steps."""

    def check(model: Any) -> bool:
        mine = _until(_alone(model, "natural", 40), 0.03)
        if mine > 40:
            return False
        for name, times in (("adam", adam), ("muon", muon)):
            run, most = model.tuned(name), int(times * mine)
            while run.ok and run.steps < most and run.losses[-1] > 0.03:
                run.advance()
            if _until(run, 0.03) <= most:
                return False
        return True

    return check


def _painted(rng: np.random.Generator, _: Changes) -> tuple[tuple[float, ...], ...]:
    """Two to five points of both classes, apart from each other."""
    n = int(rng.integers(2, 6))
    turn = np.linspace(0, 2 * np.pi, n, endpoint=False) + rng.uniform(0, 2 * np.pi)
    places = np.stack([np.cos(turn), np.sin(turn)], -1) * rng.uniform(0.6, 1.0, (n, 1))
    return tuple((float(x), float(y), float(i % 2)) for i, (x, y) in enumerate(places.round(2)))


SEED = whole_between(0, 9990)

SLOW = (36, 372, 430, 542, 896, 1033)
"""Of the first 1,100 seeds some from which K-FAC is above 0.002 after 40 steps on the moons."""


def _slow_or_any(rng: np.random.Generator, changes: Changes) -> int:
    """A start from which K-FAC learns slowly, or any one."""
    return int(rng.choice(SLOW)) if rng.random() < 0.5 else SEED(rng, changes)


ANY = {"seed": SEED}
STARTING = Scope(ANY, trained=5)
"""Any data of this kind, and any start: the seed draws both."""
LONG = Scope(ANY, trained=3)
"""As above, where runs are long or whole matrices are made."""
PULLED = {**DIFFER, "kind": "pulled-back"}

CLAIMS = {
    "fewer-steps": Claim(
        ALL,
        _first("natural", 0.03, 40, 2.0),
        Scope(ANY, trained=10),
        false={"Adam does": _first("adam", 0.03, 40, 1.0)},
        beyond=Scope({**ANY, "damping": one_of(3.0)}, trained=1),
        shows=("natural", "adam"),
    ),
    "spirals": Claim(
        {**HARD, "steps": 100, "rules": ("natural", "adam")},
        mostly(_first("natural", 0.03, 60, 1.5), model_of, 3),
        Scope(ANY, trained=1),
        false={"Adam does": mostly(_first("adam", 0.03, 60, 1.0), model_of, 3)},
        shows=("natural", "adam"),
    ),
    "kl": Claim(
        MATRIX,
        _kl_of_a_step(0.5),
        STARTING,
        false={"δᵀFδ": _kl_of_a_step(1.0)},
        shows=("formula.rank",),
    ),
    "singular": Claim(
        {**MATRIX, "steps": 20},
        _null((1.0, 1.0)),
        LONG,
        false={"one more on one output": _null((1.0, 0.0))},
        shows=("formula.rank",),
    ),
    "thrown": Claim(
        DIVERGED,
        mostly(_diverges, model_of, 1),
        Scope(ANY, trained=2),
        beyond=Scope({**ANY, "damping": one_of(0.1)}, trained=1),
        shows=("natural",),
    ),
    "saved": Claim(
        {**DIVERGED, "damping": 0.03},
        _learns("natural", 40, 0.03),
        STARTING,
        false={"below 0.001": _learns("natural", 40, 1e-3)},
        beyond=Scope({"seed": one_of(0, 1, 5), "damping": one_of(0.01)}, trained=3),
        shows=("natural",),
    ),
    "adam-notices": Claim(
        {**PULLED, "rules": ("adam", "natural")},
        _gap("adam", 0.01),
        STARTING,
        false={"coincide": _gap("adam", 0.0, 1e-3)},
        beyond=Scope({**ANY, "stretch": one_of(1.0001)}, trained=2),
        shows=("adam",),
    ),
    "plain-notices": Claim(
        {**PULLED, "rules": ("gradient", "natural")},
        _gap("gradient", 0.01),
        STARTING,
        false={"coincide": _gap("gradient", 0.0, 1e-3)},
        beyond=Scope({**ANY, "stretch": one_of(1.0001)}, trained=2),
        shows=("gradient",),
    ),
    "natural-blind": Claim(
        {**PULLED, "rules": ("natural", "adam")},
        _gap("natural", 0.0, 1e-4),
        Scope({**ANY, "stretch": log_between(10.0, 100.0)}, trained=5),
        false={"so do Adam's": _gap("adam", 0.0, 1e-4)},
        beyond=Scope({**ANY, "kind": one_of("identity")}, trained=2),
        shows=("natural",),
    ),
    "damping-seen": Claim(
        {**DIFFER, "rules": ("natural", "adam")},
        _damping_is_seen,
        STARTING,
        beyond=Scope({**ANY, "kind": one_of("pulled-back")}, trained=2),
        shows=("natural",),
    ),
    "kfac-nearly": Claim(
        {**DIFFER, "rules": ("kfac", "adam")},
        _gap("kfac", 0.0, 5e-3, 30),
        STARTING,
        false={"so do Adam's": _gap("adam", 0.0, 5e-3, 30)},
        shows=("kfac", "adam"),
    ),
    "order": Claim(
        {**MATRIX, "approximation": "block"},
        _in_order(("block", "ekfac", "kfac", "diagonal")),
        LONG,
        false={"K-FAC before E-KFAC": _in_order(("block", "kfac", "ekfac", "diagonal"))},
        shows=("formula.error",),
    ),
    "diagonal": Claim(
        {**MATRIX, "approximation": "diagonal"},
        _error("diagonal", 0.9),
        LONG,
        false={"K-FAC's": _error("kfac", 0.9)},
        shows=("formula.error",),
    ),
    "off-blocks": Claim(
        {**MATRIX, "approximation": "block"},
        _error("block", 0.5),
        LONG,
        false={"nine tenths": _error("block", 0.9)},
        shows=("formula.error",),
    ),
    "far-and-useful": Claim(
        {**MATRIX, "rules": ("kfac",)},
        _far_and_useful(0.5),
        Scope({"seed": _slow_or_any}, trained=4),
        false={
            "an error of nine tenths": _far_and_useful(0.9),
            "below 0.001": _far_and_useful(0.5, 1e-3),
        },
        shows=("kfac", "formula.error"),
    ),
    "rank": Claim(
        {**MATRIX, "data": "painted", "points": ONE_EACH, "steps": 20},
        _rank(0),
        Scope({**ANY, "points": _painted, "width": whole_between(4, 16)}, trained=5),
        false={"less than the number of points": _rank(1)},
        shows=("formula.rank",),
    ),
    "tuned": Claim(
        {"adam": 0.01, "steps": 150},
        _tuning(2.0),
        LONG,
        false={"ten times": _tuning(10.0)},
        shows=("adam",),
    ),
    "baselines": Claim(
        {"adam": 0.2, "steps": 60},
        mostly(_tuned_baselines(2.0, 1.5), model_of, 3),
        Scope({"seed": whole_between(10, 9990), "data": one_of("moons", "circles")}, trained=2),
        false={"Muon more than three times": mostly(_tuned_baselines(2.0, 3.0), model_of, 3)},
        beyond=Scope({"seed": whole_between(10, 9990), "damping": one_of(3.0)}, trained=1),
        shows=("natural", "adam"),
    ),
    "too-well": Claim(
        NOISY,
        _learns_too_well("kfac"),
        Scope(ANY, trained=2),
        false={"Adam's, too": _learns_too_well("adam")},
        shows=("kfac",),
    ),
    "no-better": Claim(
        NOISY,
        _best_on_new_points(0.8, 1.2),
        Scope(ANY, trained=2),
        false={"K-FAC's is half of Adam's": _best_on_new_points(1.8, 2.2)},
        shows=("kfac", "adam"),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("fewer-steps", "natural-blind"),
    "question.first": ("fewer-steps",),
    "question.blind": ("natural-blind", "adam-notices"),
    "preset.moons": ("fewer-steps",),
    "preset.spirals": ("spirals",),
    "preset.by-the-second": ("fewer-steps",),
    "preset.a-in-the-middle": ("adam-notices",),
    "preset.fisher": ("order", "off-blocks"),
    "preset.thrown-out": ("thrown",),
    "preset.paint": ("rank",),
}
"""What checks the lines that are not claims."""


QUESTIONS = {
    "first": Question(ALL, _share_of_steps(0.03, 150)),
    "blind": Question(
        {**DIFFER, "rules": ("natural", "adam"), "kind": "pulled-back"},
        _whose_stay,
    ),
}
