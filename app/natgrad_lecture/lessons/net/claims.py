"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.net.lazy_model import model_of
from natgrad_lecture.lessons.net.state import DIFFER, DIVERGED, HARD, MATRIX, ONE_EACH

ALL = {"rules": ("natural", "adam", "nesterov", "gradient"), "steps": 150}
NOISY = {"noise": 0.3, "rules": ("kfac", "adam"), "steps": 120}


def _until(run: Any, loss: float) -> float:
    """The step at which a run's loss is first at or below this; infinity if it never is."""
    return next((float(i) for i, each in enumerate(run.losses) if each <= loss), float("inf"))


def _first_below(loss: float, steps: int) -> Any:
    """Which rule is there in the fewest steps: its index."""

    def first(model: Any) -> int:
        model.to(steps)
        taken = [_until(model.run(name), loss) for name in model.state.rules]
        return taken.index(min(taken))

    return first


def _natural_first(loss: float, steps: int, by: float) -> Any:
    """The natural gradient needs fewer steps than any baseline, by this factor."""

    def check(model: Any) -> bool:
        model.to(steps)
        taken = {name: _until(model.run(name), loss) for name in model.state.rules}
        natural = taken.pop("natural")
        return natural < float("inf") and all(other > by * natural for other in taken.values())

    return check


def _leaves_the_plateau(model: Any) -> bool:
    natural, adam = (model.to(60).run(name).losses for name in ("natural", "adam"))
    return natural[30] < 0.05 and min(adam[:31]) > 0.45 and adam[10] > 0.55


def _mostly_rounding(model: Any) -> bool:
    """F has a null direction: one more on both outputs. And few others are above rounding."""
    matrix = model.to(20).fisher("natural", 20)["exact"]
    both = [0.0] * (len(matrix) - 2) + [1.0, 1.0]
    spectrum = model.spectra("natural", 20)["exact"]
    rank = int((spectrum > 1e-6 * spectrum[0]).sum())
    return bool(abs(matrix @ both).max() < 1e-5 * abs(matrix).max()) and rank < len(matrix) / 2


def _kl_of_a_step(model: Any) -> bool:
    """KL(p_θ ‖ p_{θ+δ}) is ½ δᵀFδ for a part of the natural step; for all of it, less so."""
    model.to(5)
    net = model.net.double
    theta, ahead = (model.theta("natural", False, step).double() for step in (4, 5))
    metric = net.fisher(theta)
    off = []
    for share in (1.0, 0.05):
        change = share * (ahead - theta)
        kl = float(net.kl(theta, theta + change))
        off.append(abs(kl / float(change @ metric @ change / 2) - 1))
    return off[1] < 0.01 and off[0] > 10 * off[1]


def _diverges(model: Any) -> bool:
    run = model.to(20).run("natural")
    return run.losses[min(20, run.steps)] > 10 * run.losses[0]


def _learns(name: str, steps: int, loss: float) -> Any:
    def check(model: Any) -> bool:
        run = model.to(steps).run(name)
        return run.steps >= steps and run.losses[steps] < loss < run.losses[0]

    return check


def _gap(name: str, low: float = 0.0, high: float = float("inf"), step: int = 10) -> Any:
    """The gap after this step lies between these."""
    return lambda model: bool(low <= model.to(step).gap(name, step) <= high)


def _damping_is_seen(model: Any) -> bool:
    """λI in x makes a larger gap than λAᵀA, by far."""
    identity = model.to(10).gap("natural", 10)
    pulled = model_of(model.state.with_(kind="pulled-back")).to(10).gap("natural", 10)
    return bool(identity > 0.005 and identity > 20 * pulled)


def _in_order(model: Any) -> bool:
    """Errors rise from one block a layer to E-KFAC, K-FAC and the diagonal."""
    found = model.to(30).errors("natural", 30)
    return found["block"] <= found["ekfac"] <= found["kfac"] < found["diagonal"]


def _error(name: str, low: float, step: int = 30) -> Any:
    return lambda model: model.to(step).errors(model.state.rules[0], step)[name] > low


def _rank_at_most_the_points(model: Any) -> bool:
    spectrum = model.to(3).spectra("natural", 3)["exact"]
    return int((spectrum > 1e-5 * spectrum[0]).sum()) <= len(model.net)


def _far_and_useful(model: Any) -> bool:
    return _learns("kfac", 40, 1e-3)(model) and model.errors("kfac", 10)["kfac"] > 0.5


def _tested(model: Any, name: str, by: int) -> list[float]:
    """The loss on new points along a run, each ``by`` steps until 120."""
    model.to(120)
    return [model.test_loss(name, step) for step in range(0, 121, by)]


def _learns_too_well(model: Any) -> bool:
    """The training loss goes on falling while that on new points has long been rising."""
    tested, run = _tested(model, "kfac", 10), model.run("kfac")
    return run.losses[120] < 0.5 * run.losses[40] and tested[-1] > 2 * min(tested)


def _no_better_on_new_points(model: Any) -> bool:
    """The best losses of both rules on new points are close to each other, Adam's the lower."""
    best = {name: min(_tested(model, name, 5)) for name in ("kfac", "adam")}
    return 0.85 < best["adam"] / best["kfac"] < 1.15


def _tuning_is_much_of_it(model: Any) -> bool:
    """Adam at a tenth of its rate needs at least twice the steps."""
    good = model_of(model.state.with_(adam=10 * model.state.adam)).to(150)
    return _until(model.to(150).run("adam"), 0.1) > 2 * _until(good.run("adam"), 0.1)


CLAIMS = {
    "fewer-steps": Claim(ALL, _natural_first(0.03, 150, 2.0)),
    "spirals": Claim({**HARD, "steps": 100}, _leaves_the_plateau),
    "kl": Claim(MATRIX, _kl_of_a_step),
    "singular": Claim({**MATRIX, "steps": 20}, _mostly_rounding),
    "thrown": Claim(DIVERGED, _diverges),
    "saved": Claim({**DIVERGED, "damping": 0.03}, _learns("natural", 40, 0.02)),
    "adam-notices": Claim(
        {**DIFFER, "rules": ("adam", "natural"), "kind": "pulled-back"}, _gap("adam", 0.03)
    ),
    "plain-notices": Claim(
        {**DIFFER, "rules": ("gradient", "natural"), "kind": "pulled-back"}, _gap("gradient", 0.03)
    ),
    "natural-blind": Claim(
        {**DIFFER, "rules": ("natural", "adam"), "kind": "pulled-back"}, _gap("natural", 0.0, 1e-3)
    ),
    "damping-seen": Claim({**DIFFER, "rules": ("natural", "adam")}, _damping_is_seen),
    "kfac-nearly": Claim(
        {**DIFFER, "rules": ("kfac", "adam")},
        lambda model: bool(model.to(30).gap("kfac", 30) < 1e-3 < model.gap("adam", 30)),
    ),
    "order": Claim({**MATRIX, "approximation": "block"}, _in_order),
    "diagonal": Claim({**MATRIX, "approximation": "diagonal"}, _error("diagonal", 0.9)),
    "off-blocks": Claim({**MATRIX, "approximation": "block"}, _error("block", 0.5)),
    "far-and-useful": Claim({**MATRIX, "rules": ("kfac",)}, _far_and_useful),
    "rank": Claim(
        {**MATRIX, "data": "painted", "points": ONE_EACH, "steps": 20}, _rank_at_most_the_points
    ),
    "tuned": Claim({"adam": 0.01, "steps": 150}, _tuning_is_much_of_it),
    "too-well": Claim(NOISY, _learns_too_well),
    "no-better": Claim(NOISY, _no_better_on_new_points),
}


QUESTIONS = {
    "first": Question(ALL, _first_below(0.03, 150)),
    "blind": Question(
        {**DIFFER, "rules": ("natural", "adam"), "kind": "pulled-back"},
        lambda model: int(model.to(10).gap("natural", 10) > model.gap("adam", 10)),
    ),
}
