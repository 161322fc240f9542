"""Pictures of what each method keeps of F: its step, its matrix, what it depends on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from natgrad_lecture.drawing.best_step import best_step
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.matrix_map import add_matrix
from natgrad_lecture.drawing.numbers import short
from natgrad_lecture.drawing.palette import Style, style
from natgrad_lecture.drawing.plotly_chart import chart, table
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.step_fan import add_fan, cut
from natgrad_lecture.drawing.still_picture import still_picture
from natgrad_lecture.protocol import Chart, Picture, Plane
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

STYLES: dict[str, Style] = {
    "exact": style("natural"),
    "euclidean": style("gradient"),
    **{name: style(name) for name in ("kfac", "soap", "shampoo", "muon", "adam")},
    "bound": {"light": "#6b6b70", "dark": "#a5a5a8"},
    "border": {"light": "#1b1b1f", "dark": "#f3f3f0"},
}

ROUNDING = 1e-13
"""Singular values below this share of the largest are zero: a graph of powers of ten has none."""

AT_ONCE = 2
"""Batch sizes that one more answer adds to the curves of angles."""


def label(name: str) -> str:
    """What a metric is called."""
    return str(say.legend.get(name) or STYLES[name]["label"])


def symbol(name: str) -> str:
    """What marks a metric's points."""
    return str(STYLES[name].get("symbol", "circle"))


def add_angles(sheet: Sheet, model: Any, count: int) -> Plane:
    """The angle of each step to the exact one, over the size of a batch."""
    n = len(model.problem)
    along = Axis(say("examples-in-a-batch"), 1.0, float(n), log=True)
    graph = Graph(sheet, "angles", say("angle-by-batch"), along, Axis("φ", 0.0, 90.0))
    for name, (sizes, angles) in model.angles(count).items():
        graph.curve(name, label(name), np.array(sizes, float), angles)
    for name, step in model.steps.items():
        if name != "exact":
            graph.marks(name, label(name), model.state.size, step.angle, symbol=symbol(name))
    return graph.plane()


def step_table(model: Any) -> Chart:
    """The numbers of one step with each metric."""
    head = ("method", say("angle-to-exact-by-f-i"), "promised, nats", "J falls, nats", "KL, nats")
    rows = [
        [label(n), f"{s.angle:.1f}°", s.promise, s.gained, s.nats] for n, s in model.steps.items()
    ]
    said = best_step(model.steps, label, say)
    return chart("worth", say("what-one-step-is-worth"), said, numbers=table(head, rows))


def add_turns(sheet: Sheet, model: Any, known: tuple[str, ...]) -> Plane:
    """By how much each method's direction turns, for the kinds that are known."""
    kinds, names = model.kinds, model.state.methods
    found = {kind: model.turned(kind) for kind in known}
    far = any(angles[name] > 90 for angles in found.values() for name in names)
    across, up = Axis("", 0.0, float(len(kinds))), Axis("°", -4.0, 184.0 if far else 92.0)
    graph = Graph(sheet, "turns", say("the-step-turns"), across, up)
    for i, kind in enumerate(kinds):
        if kind not in known:
            continue
        size = 1.2 if kind == model.state.kind else 0.7
        for j, name in enumerate(names):
            place = i + 0.5 + 0.7 * ((j + 0.5) / len(names) - 0.5)
            angle = found[kind][name]
            graph.marks(name, label(name), place, angle, symbol=symbol(name), size=size)
    ticks = [((i + 0.5) / len(kinds), say(f"kind-{kind}")) for i, kind in enumerate(kinds)]
    return {**graph.plane(), "ticks": [ticks, graph.y.ticks()]}


def turn_table(model: Any, known: tuple[str, ...]) -> Chart:
    """The angles of the plane as numbers."""
    found = {kind: model.turned(kind) for kind in known}
    head = ("method", *(say(f"kind-{kind}") for kind in known))
    rows = [
        [label(name), *(f"{found[kind][name]:.1f}°" for kind in known)]
        for name in model.state.methods
    ]
    turned, names = model.turned(), model.state.methods
    still = sum(turned[name] < 1 for name in names)
    said = say("so-many-do-not-turn", still=still, all=len(names))
    return chart("turns", say("the-step-turns"), said, numbers=table(head, rows))


def add_values(sheet: Sheet, model: Any) -> Plane:
    """Singular values of the first layer's step, the largest 1, without those that are rounding."""
    values = {name: model.values(name) for name in model.steps}
    most = len(next(iter(values.values())))
    kept = {name: found[found > ROUNDING] for name, found in values.items()}
    least = min(float(found.min()) for found in kept.values())
    across = Axis(say("number-of-the-value"), 1.0, float(most))
    up = Axis("sᵢ/s₁", min(1e-3, 10.0 ** math.floor(math.log10(least))), 2.0, log=True)
    graph = Graph(sheet, "values", say("singular-values-of-the-step"), across, up)
    for name, heights in kept.items():
        places = np.arange(1.0, len(heights) + 1)
        graph.curve(name, label(name), places, heights)
        graph.marks(name, label(name), places, heights, symbol=symbol(name), size=0.7)
    return graph.plane()


def picture(model: Any, sheet: Sheet) -> Picture:
    """The view that is chosen."""
    return {"step": _one, "matrix": _two, "coordinates": _turned}[model.state.show](model, sheet)


def _answer(model: Any, planes: list[Any], charts: list[Any], says: str, **more: Any) -> Any:
    guide = next((n for n in model.steps if n != "exact"), "exact")
    step = model.steps[guide] if guide in model.steps else model.step("exact")
    numbers = {
        "p": model.problem.dim,
        "N": len(model.problem),
        "B": model.state.size,
        "loss": model.point.loss,
        "angle": step.angle,
        "promise": step.promise,
        "best": model.step("exact").promise,
        "damping": model.state.damping,
    }
    return still_picture(planes, charts, numbers, says, **more)


def _one(model: Any, sheet: Sheet) -> Any:
    sizes = len(model.batches)
    count = min(AT_ONCE * sheet.fine, sizes)
    words = say("one-step-angle-to-the-exact"), (say("nats-along-exact"), "nats")
    fan = add_fan(sheet, model.steps, model.step("exact").promise, label, symbol, words)
    planes = [fan, add_angles(sheet, model, count)]
    said = "; ".join(
        say("angle-and-climb", method=label(n), angle=f"{s.angle:.0f}°", climbs=short(-s.gained))
        if s.gained < 0
        else say("angle-and-fall", method=label(n), angle=f"{s.angle:.0f}°", falls=short(s.gained))
        for n, s in model.steps.items()
    )
    more: dict[str, Any] = (
        {"more": sheet.fine + 1, "progress": count / sizes} if count < sizes else {}
    )
    if names := cut(model.steps, model.step("exact").promise):
        more["remarks"] = {"methods": say("arrows-are-cut", names=", ".join(map(label, names)))}
    return _answer(model, planes, [step_table(model)], said, **more)


def _two(model: Any, sheet: Sheet) -> Any:
    name = model.state.matrix
    f, g = model.fisher, model.matrix(name)
    borders = model.borders
    titles = say("the-fisher-matrix"), say("the-metric-of", method=label(name))
    planes = [
        add_matrix(sheet, say, "fisher", titles[0], f, float(np.abs(f).max()), borders),
        add_matrix(sheet, say, "implied", titles[1], g, float(np.abs(g).max()), borders),
    ]
    said = say("best-multiple", method=label(name), error=short(model.error(name)))
    found = _answer(model, planes, [step_table(model)], said)
    found["numbers"] |= {
        "error": model.error(name),
        "empirical": model.empirical,
        "trace": model.trace_share,
    }
    return found


def _turned(model: Any, sheet: Sheet) -> Any:
    chosen = model.state.kind
    others = [kind for kind in model.kinds if kind != chosen][: sheet.fine]
    known = tuple(kind for kind in model.kinds if kind == chosen or kind in others)
    planes = [add_turns(sheet, model, known), add_values(sheet, model)]
    left = len(model.kinds) - len(known)
    more = {"more": sheet.fine + 1, "progress": len(known) / len(model.kinds)} if left else {}
    return _answer(model, planes, [turn_table(model, known)], _said(model), **more)


def _said(model: Any) -> str:
    return "; ".join(
        say("turns-by", method=label(n), angle=f"{a:.0f}°")
        for n, a in model.turned().items()
        if n in model.state.methods
    )
