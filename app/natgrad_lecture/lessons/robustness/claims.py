"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from natgrad_core import rules, run
from natgrad_core.analysis.grid_sweep import rotated, sweep
from natgrad_core.charts.linear import Linear
from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.robustness.model import METRICS, Model, maker
from natgrad_lecture.lessons.robustness.state import BY_DAMPING, DAMPED, DAMPED_MAP, NATURAL


def _arrives(model: Model) -> Array:
    return np.isfinite(model.sweep())


def _same_all_round(model: Model) -> bool:
    """Every row of the map is the same, to the step."""
    first = model.sweep()
    return bool(
        (np.isfinite(first).any())
        and np.array_equal(first, first[:, :1] + 0 * first, equal_nan=True)
    )


def _changes(model: Model) -> bool:
    arrives = _arrives(model)
    return bool((arrives.any(1) & ~arrives.all(1)).any())


def _edge_decides(model: Model, margin: float = 1.05) -> bool:
    """Runs just below the closed form's edge shrink at every angle, just above they grow."""
    angles = np.linspace(0.0, 180.0, 19)
    edge = model.edge(angles, model.state.damping)
    matrix = rotated(angles, (model.state.stretch, 1.0))
    chart = Linear(matrix)
    start = chart.inverse(np.broadcast_to(model.start, (19, 2)))
    for share, grows in ((1 / margin, False), (margin, True)):
        options = {"damping": model.state.damping} if model.state.rule in DAMPED else {}
        rule = maker(model.state.rule, model.state.kind)(rate=share * edge, **options)
        loss = run(model.problem.through(chart), rule, start, 400).loss
        end = np.where(np.isfinite(loss[-1]), loss[-1], np.inf)
        if not bool(((end > model.begin) == grows).all()):
            return False
    return True


def _edge_moves(model: Model) -> bool:
    edge = model.edge(np.linspace(0, 180, 37), 0.0, "gradient")
    return bool(edge.max() > 2 * edge.min())


def _two(model: Model) -> bool:
    """Natural on a quadratic: below 2 at every angle; at 1 one step is enough."""
    edge = model.edge(np.linspace(0, 180, 19), 0.0, "natural")
    one = run(model.problem, rules["natural"](1.0), model.start, 1)
    return bool(
        np.allclose(edge, 2.0)
        and np.allclose(one.theta[-1], model.best, atol=1e-9)
        and _edge_decides(model)
    )


def _share(model: Model, rule: str) -> float:
    """The part of the map's cells that a rule brings home."""
    return float(_arrives(Model(replace(model.state, rules=(rule,)))).mean())


def _band(model: Model) -> bool:
    return _share(model, "natural") > 3 * _share(model, "gradient")


def _adam_wider(model: Model) -> bool:
    return _changes(model) and _share(model, "adam") > _share(model, "natural")


def _edge_of_damping(model: Model) -> bool:
    """More damping, larger rates: the edge never moves down, and tends to λ times plain's."""
    damping = np.geomspace(1e-3, 1e6, 40)
    edge = model.edge(model.state.angle, damping)
    descent = model.edge(model.state.angle, 0.0, "gradient")
    return bool(
        (np.diff(edge) > 0).all() and np.isclose(edge[-1], damping[-1] * descent, rtol=1e-3)
    )


def _gradient_descent_in_the_end(model: Model) -> bool:
    """(F + λI)⁻¹ with a large λ: the steps of gradient descent at the rate α/λ."""
    damping = 1e5
    there = model.problem.through(model.chart)
    start = model.chart.inverse(model.start)
    damped = run(there, rules["natural"](damping * 1e-3, damping), start, 50).theta
    descent = run(there, rules["gradient"](1e-3), start, 50).theta
    return bool(np.abs(damped - descent).max() < 1e-2 * np.abs(descent - descent[0]).max())


def _slow(model: Model) -> bool:
    """At one rate the run with more damping needs more steps, or does not arrive."""
    damping = np.array([0.0, 1.0, 30.0, 300.0])
    found = sweep(
        model.problem,
        rules["natural"],
        0.5,
        damping,
        model.state.angle,
        stretch=(model.state.stretch, 1.0),
        steps=400,
        target=model.target,
        start=model.start,
    ).first[0, :, 0]
    return bool((np.diff(np.where(np.isnan(found), 1000.0, found)) > 0).all())


def _only_local(model: Model) -> bool:
    """Runs from the start at rates up to nine tenths of the edge: some are no lower at the end."""
    edge = float(model.edge(model.state.angle, 0.0))
    rates = np.linspace(0.05, 0.9, 18) * edge
    there = model.problem.through(model.chart)
    rule = rules[model.state.rule](rate=rates)
    start = np.broadcast_to(model.chart.inverse(model.start), (18, 2))
    end = run(there, rule, start, model.state.steps).loss[-1]
    lower = end < model.begin
    return bool(lower[0] and not lower.all())


def _who_changes(model: Model) -> int:
    """0: all three maps change with φ, 1: plain's alone, 2: none."""
    changed = {rule: _changes(Model(replace(model.state, rules=(rule,)))) for rule in METRICS}
    return [{"gradient", "newton", "natural"}, {"gradient"}, set()].index(
        {rule for rule, moved in changed.items() if moved}
    )


def _damped_edge(model: Model) -> int:
    """0: it stays straight, 1: it bends."""
    edge = model.edge(np.linspace(0, 180, 37), model.state.damping)
    return int(np.ptp(edge) > 1e-6 * edge.max())


CLAIMS = {
    "edge": Claim({"rules": ["gradient"], "rate": 0.02, "angle": 60.0}, _edge_decides),
    "bends": Claim(
        {"rules": ["gradient"], "rate": 0.05, "angle": 120.0},
        lambda model: _edge_moves(model) and _changes(model),
    ),
    "adam": Claim({"rules": ["adam"], "rate": 0.2}, _changes),
    "straight": Claim(NATURAL, _same_all_round),
    "newton": Claim({"rules": ["newton"], "rate": 0.5}, _same_all_round),
    "two": Claim({**NATURAL, "rate": 1.0, "k": 1}, _two),
    "wide": Claim(NATURAL, _band),
    "damped": Claim(DAMPED_MAP, lambda model: _damped_edge(model) == 1 and _edge_decides(model)),
    "pulled-back": Claim(
        {**DAMPED_MAP, "kind": "pulled-back"},
        lambda model: _damped_edge(model) == 0 and _same_all_round(model),
    ),
    "larger": Claim(BY_DAMPING, _edge_of_damping),
    "slower": Claim({**BY_DAMPING, "damping": 300.0}, _slow),
    "plain-again": Claim(
        {**BY_DAMPING, "damping": 1000.0, "rate": 10.0}, _gradient_descent_in_the_end
    ),
    "local": Claim(
        {"problem": "normal", "rules": ["newton"], "rate": 1.2, "angle": 90.0}, _only_local
    ),
    "adam-wide": Claim({"rules": ["adam"], "rate": 0.5}, _adam_wider),
}


QUESTIONS = {
    "turn": Question({"rules": ["natural"], "rate": 0.5}, _who_changes),
    "damp": Question(DAMPED_MAP, _damped_edge),
}
