"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from natgrad_core import rules, run
from natgrad_core.analysis.grid_sweep import rotated, sweep
from natgrad_core.charts.linear import Linear
from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.robustness.model import Model, maker
from natgrad_lecture.lessons.robustness.state import (
    BY_DAMPING,
    DAMPED,
    DAMPED_MAP,
    LOCAL,
    NATURAL,
    PRESETS,
)
from natgrad_lecture.lessons.scope import (
    Scope,
    between,
    box,
    log_between,
    of_problem,
    one_of,
    whole_between,
)

Check = Callable[[Model], bool]

CELLS = 7
"""Cells on a side of the small map that is run in each state of a scope."""

ANGLES = np.linspace(0.0, 180.0, 19)


def _of(model: Model, rule: str | None) -> Model:
    """The same state with another rule's map; None: as it is."""
    return model if rule is None else Model(replace(model.state, rules=(rule,)))


def _arrives(model: Model) -> Array:
    """Which cells of a small map arrive, ``[rates, angles or dampings]``."""
    return np.isfinite(model.sweep(CELLS))


def _rows_equal(model: Model) -> bool:
    first = model.sweep(CELLS)
    return bool(np.array_equal(first, first[:, :1] + 0 * first, equal_nan=True))


def _same_rows(rule: str | None = None) -> Check:
    """Every row of the map is the same, to the step, and some run arrives if it may take longer."""

    def check(model: Model) -> bool:
        shown = _of(model, rule)
        longer = Model(replace(shown.state, steps=max(shown.state.steps, 100)))
        return _rows_equal(shown) and bool(_arrives(longer).any())

    return check


def _changes(rule: str | None = None) -> Check:
    """At some rate the run arrives at some angles, and not in as many steps at others."""
    return lambda model: not _rows_equal(_of(model, rule))


def _edge_decides(share: float = 1.0, margin: float = 1.05) -> Check:
    """Just below this share of the edge runs shrink at every angle, just above they grow."""

    def check(model: Model) -> bool:
        edge = share * model.edge(ANGLES, model.state.damping)
        chart = Linear(rotated(ANGLES, (model.state.stretch, 1.0)))
        start = chart.inverse(np.broadcast_to(model.start, (len(ANGLES), 2)))
        options = {"damping": model.state.damping} if model.state.rule in DAMPED else {}
        for part, grows in ((1 / margin, False), (margin, True)):
            rule = maker(model.state.rule, model.state.kind)(rate=part * edge, **options)
            loss = run(model.problem.through(chart), rule, start, 400).loss[-1]
            end = np.where(np.isfinite(loss), loss, np.inf)
            if not bool(((end > model.begin) == grows).all()):
                return False
        return True

    return check


def _edge_bends(model: Model) -> bool:
    """The closed form's edge is at another rate at another angle."""
    edge = model.edge(ANGLES, model.state.damping)
    return bool(np.ptp(edge) > 1e-6 * edge.max())


def _one_step(rate: float) -> Check:
    """The edge is at α = 2, runs below it arrive, and at this rate one step is enough."""

    def check(model: Model) -> bool:
        edge = model.edge(ANGLES, 0.0, "natural")
        one = run(model.problem, rules["natural"](rate), model.start, 1).theta[-1]
        there = np.allclose(one, model.best, atol=1e-9)
        return bool(np.allclose(edge, 2.0) and there and _edge_decides()(model))

    return check


def _band(wide: str, narrow: str) -> Check:
    """One rule's map has arrivals at the same rates at all angles, the other's at other ones."""

    def check(model: Model) -> bool:
        first, second = (_arrives(_of(model, rule)) for rule in (wide, narrow))
        everywhere = (first == first[:, :1]).all() and first.any()
        return bool(everywhere and first.sum() > second.sum() and _changes(narrow)(model))

    return check


def _adam_wider(wide: str, narrow: str) -> Check:
    """Adam's map depends on the angle, and more cells arrive of one map than of another."""

    def check(model: Model) -> bool:
        more = _arrives(_of(model, wide)).sum() > _arrives(_of(model, narrow)).sum()
        return bool(_changes("adam")(model) and more)

    return check


def _edge_of_damping(sign: float) -> Check:
    """The edge rises with λ, and with λI it tends to λ times that of gradient descent."""

    def check(model: Model) -> bool:
        damping = np.geomspace(1e-3, 1e8, 40)
        edge = model.edge(model.state.angle, damping)
        descent = model.edge(model.state.angle, 0.0, "gradient")
        rises = (sign * np.diff(edge) > 0).all()
        tends = np.isclose(edge[-1], damping[-1] * descent, rtol=1e-3)
        return bool(rises and (tends or model.state.kind != "identity"))

    return check


def _descent_in_the_end(power: float) -> Check:
    """(F + λI)⁻¹ with a large λ: the steps of gradient descent at the rate α/λ."""

    def check(model: Model) -> bool:
        damping, rate = 1e6, 1e-3 * float(model.edge(model.state.angle, 0.0, "gradient"))
        there, start = model.problem.through(model.chart), model.chart.inverse(model.start)
        damped = run(there, rules["natural"](damping * rate, damping), start, 20).theta
        descent = run(there, rules["gradient"](rate * damping**power), start, 20).theta
        size = np.abs(descent - descent[0]).max()
        return bool(np.abs(damped - descent).max() < 1e-2 * size)

    return check


def _slow(sign: float) -> Check:
    """At one rate the run with more damping needs more steps, or does not arrive."""

    def check(model: Model) -> bool:
        found = sweep(
            model.problem,
            rules["natural"],
            model.state.rate,
            np.array([0.0, 10.0, 100.0, 1000.0]),
            model.state.angle,
            stretch=(model.state.stretch, 1.0),
            steps=100,
            target=model.target,
            start=model.start,
        ).first[0, :, 0]
        more = sign * np.diff(np.where(np.isnan(found), 1e9, found))
        return bool((more >= 0).all() and more.any())

    return check


def _only_local(model: Model) -> bool:
    """Of the runs from the start at rates below nine tenths of the edge some end no lower."""
    edge = float(model.edge(model.state.angle, 0.0))
    rates = np.linspace(0.05, 0.9, 18) * edge
    there = model.problem.through(model.chart)
    rule = rules[model.state.rule](rate=rates)
    start = np.broadcast_to(model.chart.inverse(model.start), (18, 2))
    end = run(there, rule, start, model.state.steps).loss[-1]
    return not bool((end < model.begin).all())


def _damped_edge(model: Model) -> int:
    """0: it does not change, 1: it moves to larger rates and stays straight, 2: it bends."""
    damped, undamped = (model.edge(ANGLES, damping) for damping in (model.state.damping, 0.0))
    return 2 if _edge_bends(model) else int(bool((damped > undamped).all()))


def _some_angle_without(rule: str) -> Check:
    """At some angle no rate of the map arrives in the steps shown."""
    return lambda model: bool((~_arrives(_of(model, rule)).any(0)).any())


PLACE = box((-1.8, -1.5), (1.8, 1.5))
STRETCH = log_between(1.5, 8.0)
ANGLE = between(0.0, 180.0)
STEPS = whole_between(20, 60)
QUADRATIC = {"stretch": STRETCH, "start": PLACE, "angle": ANGLE, "steps": STEPS}
"""Any start in the quadratic's window, any stretch and angle."""
LONG = {**QUADRATIC, "steps": whole_between(100, 200)}
"""As above, with as many steps as the page begins with, or more."""
EVERY = {
    "problem": one_of("quadratic", "normal", "logistic-regression"),
    "start": of_problem(
        {
            "quadratic": PLACE,
            "normal": box((5.42, 0.19), (5.48, 0.25)),
            "logistic-regression": box((-0.5, -0.5), (0.5, 0.5)),
        }
    ),
    "stretch": log_between(1.5, 5.0),
    "steps": STEPS,
}
"""Every problem of the page, with starts from which most runs stay in its domain."""
DAMPINGS = {**QUADRATIC, "damping": log_between(3.0, 100.0)}
FAR = {"start": box((5.2, 0.3), (5.75, 0.5)), "angle": ANGLE}
"""Starts of the normal far from its minimum."""

CLAIMS = {
    "edge": Claim(
        {"rules": ["gradient"], "rate": 0.02, "angle": 60.0},
        _edge_decides(),
        Scope(QUADRATIC),
        false={"1/γmax": _edge_decides(0.5), "4/γmax": _edge_decides(2.0)},
        beyond=Scope({"problem": one_of("normal"), "start": box((5.2, 0.25), (5.7, 0.5))}),
        shows=("edge", "map"),
    ),
    "bends": Claim(
        {"rules": ["gradient"], "rate": 0.05, "angle": 120.0},
        lambda model: _edge_bends(model) and _edge_decides()(model),
        Scope(QUADRATIC),
        beyond=Scope({**QUADRATIC, "rules": one_of(["natural"], ["newton"])}),
        shows=("edge", "map"),
    ),
    "adam": Claim(
        {"rules": ["adam"], "rate": 0.2},
        _changes(),
        Scope(LONG),
        beyond=Scope({**LONG, "rules": one_of(["natural"])}),
        shows=("map",),
    ),
    "straight": Claim(
        NATURAL,
        _same_rows(),
        Scope(EVERY),
        false={"gradient descent's, too": _same_rows("gradient")},
        beyond=Scope({**EVERY, "damping": log_between(1.0, 30.0)}),
        shows=("map",),
    ),
    "newton": Claim(
        {"rules": ["newton"], "rate": 0.5},
        _same_rows(),
        Scope(EVERY),
        false={"Adam's, too": _same_rows("adam")},
        shows=("map",),
    ),
    "two": Claim(
        {**NATURAL, "rate": 1.0, "k": 1},
        _one_step(1.0),
        Scope(QUADRATIC),
        false={"for α = ½": _one_step(0.5)},
        beyond=Scope({"problem": one_of("normal"), "start": box((5.2, 0.25), (5.7, 0.5))}),
        shows=("edge",),
    ),
    "wide": Claim(
        NATURAL,
        _band("natural", "gradient"),
        Scope({**LONG, "stretch": log_between(4.0, 8.0)}),
        false={"the other way round": _band("gradient", "natural")},
        beyond=Scope({**QUADRATIC, "stretch": between(2.0, 3.2), "steps": one_of(20)}),
        shows=("map",),
    ),
    "damped": Claim(
        DAMPED_MAP,
        lambda model: _edge_bends(model) and _edge_decides()(model),
        Scope(DAMPINGS),
        beyond=Scope({**DAMPINGS, "kind": one_of("pulled-back")}),
        shows=("edge", "map"),
    ),
    "pulled-back": Claim(
        {**DAMPED_MAP, "kind": "pulled-back"},
        lambda model: not _edge_bends(model),
        Scope(DAMPINGS),
        beyond=Scope({**DAMPINGS, "kind": one_of("identity")}),
        shows=("edge", "map"),
    ),
    "larger": Claim(
        BY_DAMPING,
        _edge_of_damping(1.0),
        Scope(QUADRATIC),
        false={"the smaller": _edge_of_damping(-1.0)},
        shows=("edge",),
    ),
    "slower": Claim(
        {**BY_DAMPING, "damping": 300.0},
        _slow(1.0),
        Scope({**QUADRATIC, "rate": between(0.2, 0.8)}),
        false={"the fewer": _slow(-1.0)},
        shows=("map",),
    ),
    "plain-again": Claim(
        {**BY_DAMPING, "damping": 1000.0, "rate": 3.0},
        _descent_in_the_end(0.0),
        Scope(QUADRATIC),
        false={"with the rate α": _descent_in_the_end(0.5)},
        shows=("natural", "formula.cell"),
    ),
    "local": Claim(
        LOCAL,
        _only_local,
        Scope(FAR),
        beyond=Scope({"problem": one_of("quadratic"), "start": PLACE, "angle": ANGLE}),
        shows=("edge", "map"),
    ),
    "adam-wide": Claim(
        {"rules": ["adam"], "rate": 0.5},
        _adam_wider("adam", "natural"),
        Scope(LONG),
        false={"fewer": _adam_wider("natural", "adam")},
        shows=("map",),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("bends", "straight"),
    "question.damp": ("damped",),
    "preset.plain-descent": Claim(
        PRESETS["plain-descent"],
        lambda model: _some_angle_without("gradient")(model) and _changes()(model),
        Scope({"stretch": log_between(2.5, 8.0), "start": box((-1.4, 0.8), (-1.0, 1.2))}),
        false={"so it is for natural": _some_angle_without("natural")},
    ),
    "preset.natural": ("straight",),
    "preset.newton": ("newton",),
    "preset.adam": ("adam",),
    "preset.damped-with-λi": ("damped",),
    "preset.damped-with-λaᵀa": ("pulled-back",),
    "preset.rate-against-damping": ("larger", "slower"),
    "preset.a-normal-far-from-home": ("local",),
}
"""What checks the lines that are not claims."""


QUESTIONS = {
    "damp": Question(DAMPED_MAP, _damped_edge),
}
