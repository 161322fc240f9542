"""Pictures of what stands in for the Fisher matrix: one step with each, their runs, spectra."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_lecture.drawing.best_step import best_step
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.numbers import short
from natgrad_lecture.drawing.palette import Style, style
from natgrad_lecture.drawing.plotly_chart import chart, table
from natgrad_lecture.drawing.run_messages import remarks
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.step_fan import add_fan, cut
from natgrad_lecture.drawing.still_picture import still_picture
from natgrad_lecture.lessons.approximations.state import ARRIVED
from natgrad_lecture.protocol import Chart, Picture, Plane
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

STYLES: dict[str, Style] = {
    "exact": style("natural"),
    "euclidean": style("gradient"),
    **{name: style(name) for name in ("block", "ekfac", "kfac", "diagonal")},
    "empirical": {"light": "#8a6a00", "dark": "#e0bf4a", "symbol": "triangle", "width": 2.6},
    "fixed": {"light": "#1d6fa5", "dark": "#7fc4ee", "symbol": "star", "width": 2.6},
    "bound": {"light": "#6b6b70", "dark": "#a5a5a8"},
    "as it is": {"light": "#1b1b1f", "dark": "#f3f3f0"},
    "centered": {"light": "#1d6fa5", "dark": "#7fc4ee"},
    "standardized": {"light": "#8a5a00", "dark": "#e6b84d"},
    "whitened": {"light": "#00735a", "dark": "#3ecfa6"},
    "batch norm": {"light": "#a23b72", "dark": "#e58fbf"},
    "folded": {"light": "#6b2fa0", "dark": "#c79bf2", "symbol": "triangle"},
}


def label(name: str) -> str:
    """What a matrix, a run or a frame is called."""
    return str(say.legend.get(name) or STYLES[name]["label"])


def symbol(name: str) -> str:
    """What marks a matrix's points."""
    return str(STYLES[name].get("symbol", "circle"))


def add_along(sheet: Sheet, model: Any) -> Plane:
    """The loss on the way along each step, and as the model has it.

    At first the model's alone, and where each step ends: a λ that is dragged is answered at once.
    """
    here = model.point.loss
    models = {name: model.quadratic_model(name) for name in model.steps}
    falls = model.falls if sheet.fine else {}
    ends = [here - s.gained for s in model.steps.values() if np.isfinite(s.gained)]
    lowest, top = min(here - model.step("exact").promise, *ends), max(here, *ends)
    gap = max(here - lowest, 0.005 * here, 1e-9)  # of a smaller one the marks need more digits
    graph = Graph(
        sheet,
        "along",
        say("the-loss-on-the-way-along"),
        Axis(say("share-t-of-the-step"), 0.0, 2.0),
        Axis("J", max(lowest - 0.6 * gap, 0.0), max(here + 0.6 * gap, here + 1.1 * (top - here))),
    )
    for name, values in models.items():
        if name in falls:
            graph.curve(name, label(name), model.shares, falls[name])
        graph.curve(name, label(name), model.shares, values, dash="dashed", faint=True)
        graph.marks(
            name,
            label(name),
            1.0,
            here - model.steps[name].gained,
            symbol=symbol(name),
        )
    return graph.plane()


def step_table(model: Any) -> Chart:
    """The numbers of one step with each matrix."""
    head = (
        "matrix",
        say("angle-to-exact-by-f-i"),
        say("angle-all-alike"),
        "promised, nats",
        "J falls, nats",
        "KL, nats",
        "error ‖F − G‖/‖F‖",
    )
    errors = model.errors if model.place.measured else {}
    rows = [
        [label(n), f"{s.angle:.1f}°", f"{s.flat:.1f}°", s.promise, s.gained, s.nats, errors.get(n)]
        for n, s in model.steps.items()
    ]
    return chart(
        "worth",
        say("what-one-step-is-worth"),
        best_step(model.steps, label, say),
        numbers=table(head, rows),
    )


def add_losses(sheet: Sheet, model: Any) -> Plane:
    """The loss of every run against its steps."""
    end = model.state.steps + 1  # another state may have trained further
    losses = np.concatenate([run.losses[:end] for run in model.runs.values()])
    good = losses[np.isfinite(losses) & (losses > 0)]
    low = 10.0 ** np.floor(np.log10(max(float(good.min(initial=0.1)), ARRIVED)))
    high = 10.0 ** np.ceil(np.log10(float(good.max(initial=1.0))))
    graph = Graph(
        sheet,
        "loss",
        "training loss",
        Axis("step", 0.0, float(model.state.steps)),
        Axis("J", low, max(high, 10 * low), log=True),
    )
    for name, run in model.runs.items():
        losses = np.maximum(np.array(run.losses[:end]), ARRIVED)
        points = graph.points(np.arange(float(len(losses))), losses)
        read = [["loss", sheet.array(f"loss.{name}", losses)]]
        sheet.add("loss", "path", name, label(name), points=points, read=read, dash="solid")
    return graph.plane()


def _loss_in_words(loss: float) -> str:
    """A run's loss in words: of one that has arrived, that it has."""
    return f"≤ {short(ARRIVED)}" if loss <= ARRIVED else short(loss)


def add_trust(sheet: Sheet, model: Any) -> Plane:
    """The damping of every run against its steps: how far the model was trusted."""
    title = say("damping-the-less-the-further-the")
    across = Axis("step", 0.0, float(model.state.steps))
    graph = Graph(sheet, "trust", title, across, Axis("λ", 1e-12, 1e2, log=True))
    for name, run in model.runs.items():
        steps = range(1, min(run.steps, model.state.steps) + 1)
        damping = [run.frame(k).report.get("damping", np.nan) for k in steps]
        points = graph.points(np.array(steps, float), np.array(damping, float))
        if len(points):
            sheet.add("trust", "path", name, label(name), points=points, dash="solid")
    return graph.plane()


def add_spectra(sheet: Sheet, model: Any) -> Plane:
    """Eigenvalues of F by rank, those that are not rounding."""
    kept = {name: s.values[: s.rank].numpy() for name, s in model.spectra.items()}
    most = max(len(values) for values in kept.values())
    top = max(float(values[0]) for values in kept.values())
    bottom = min(float(values[-1]) for values in kept.values())
    low, high = (10.0 ** f(np.log10(v)) for f, v in ((np.floor, bottom), (np.ceil, top)))
    across, up = Axis("rank", 0.0, float(most)), Axis("eigenvalue", low, high, log=True)
    graph = Graph(sheet, "spectrum", say("spectrum-of-the-fisher-matrix"), across, up)
    for name, values in kept.items():
        dash = "dashed" if name == "folded" else "solid"  # of the two nets alike, one
        graph.curve(name, label(name), np.arange(1.0, len(values) + 1), values, dash=dash)
    return graph.plane()


def _condition(spectrum: Any) -> str:
    """A condition number in words: where it is not known, that it is larger than can be told."""
    return ("" if spectrum.ends else "> ") + short(spectrum.condition)


def add_conditions(sheet: Sheet, model: Any) -> Plane:
    """Each way to see the layers as a point: how even its spectrum is, in two numbers."""
    conditions = [s.condition for s in model.spectra.values()]
    low, high = (
        10.0 ** f(np.log10(v)) for f, v in ((np.floor, min(conditions)), (np.ceil, max(conditions)))
    )
    most = max(10.0, *(1.15 * s.spread for s in model.spectra.values()))
    graph = Graph(
        sheet,
        "condition",
        say("the-rounder-the-fisher-ellipse-the"),
        Axis(say("directions-sharing-sigmas-sigmas"), 0.0, most),
        Axis("condition", low, max(high, 10 * low), log=True),
    )
    for name, s in model.spectra.items():
        least = label(name) if s.ends else f"{label(name)}: {_condition(s)}"
        graph.marks(name, least, s.spread, s.condition, size=1.2)
    return graph.plane()


def spectrum_table(model: Any) -> Chart:
    """Condition numbers, and how many directions share the curvature."""
    head = (
        "layers seen",
        "largest",
        "smallest",
        "condition number",
        "directions",
        "sharing (Σs)²/Σs²",
    )
    rows = [
        [
            label(n),
            float(s.values[0]),
            float(s.values[s.rank - 1])
            if s.ends
            else "< " + short(float(s.values[0]) / s.condition),
            s.condition if s.ends else _condition(s),
            s.rank,
            s.spread,
        ]
        for n, s in model.spectra.items()
    ]
    title = says = say("condition-of-the-fisher-matrix-statistics")
    best = min(model.spectra, key=lambda name: model.spectra[name].condition)
    if model.spectra[best].ends:
        says = say("smallest-condition-number", best=label(best))
    return chart("condition", title, says, numbers=table(head, rows))


def picture(model: Any, sheet: Sheet) -> Picture:
    """The view that is chosen."""
    return {"step": _one, "runs": _runs, "spectrum": _spectrum}[model.state.show](model, sheet)


def _answer(model: Any, planes: list[Any], charts: list[Any], says: str, **more: Any) -> Any:
    numbers = {"p": model.problem.dim, "N": len(model.problem), **more.pop("numbers", {})}
    return still_picture(planes, charts, numbers, says, **more)


def _one(model: Any, sheet: Sheet) -> Any:
    if sheet.fine > 1:
        model.place.settle()
    left = model.place.left + (not sheet.fine)
    words = say("one-step-angle-to-the-exact"), (say("nats-along-exact"), "nats")
    fan = add_fan(sheet, model.steps, model.step("exact").promise, label, symbol, words)
    planes = [fan, add_along(sheet, model)]
    guide = next((n for n in model.steps if n != "exact"), "exact")
    first, step = model.step("exact"), model.steps[guide]
    numbers = {
        "loss": model.point.loss,
        "angle": step.angle,
        "promise": step.promise,
        "best": first.promise,
        "gained": step.gained,
        "damping": model.state.damping,
    }
    said = "; ".join(
        f"{label(n)}: {s.angle:.0f}°, "
        + ("climbs " if s.gained < 0 else "falls ")
        + short(abs(s.gained))
        for n, s in model.steps.items()
    )
    more = {"more": sheet.fine + 1, "progress": 1 - left / (model.place.parts + 1)} if left else {}
    if names := cut(model.steps, first.promise):
        more["remarks"] = {"matrices": say("arrows-are-cut", names=", ".join(map(label, names)))}
    return _answer(model, planes, [step_table(model)], said, numbers=numbers, **more)


def _runs(model: Any, sheet: Sheet) -> Any:
    before, state = model.longest, model.state
    going = model.pull(sheet)
    last = model.longest
    step = sheet.step_shown(state.k, before, last)
    said = "; ".join(
        f"{label(n)}: "
        + (f"loss {_loss_in_words(run.losses[min(step, run.steps)])}" if run.ok else run.end)
        for n, run in model.runs.items()
    )
    more = (
        {
            "more": sheet.fine + 1,
            "progress": last / state.steps,
            "word": f"step {last} of {state.steps}",
        }
        if going
        else {}
    )
    notes = {n: f"{run.last.note}." for n, run in model.runs.items() if not run.ok}
    stuck = remarks("runs", ((label(n), run) for n, run in model.runs.items()))
    guide = next(iter(model.runs.values()))
    loss = max(guide.losses[min(step, guide.steps)], ARRIVED)
    numbers = {"loss": loss, "damping": state.damping}
    return _answer(
        model,
        [add_losses(sheet, model), add_trust(sheet, model)],
        [],
        said,
        steps=last,
        shows=step,
        notes=notes,
        remarks=stuck,
        numbers=numbers,
        **more,
    )


def _spectrum(model: Any, sheet: Sheet) -> Any:
    said = "; ".join(
        f"{label(n)}: condition {_condition(s)}, {s.spread:.1f} sharing"
        for n, s in model.spectra.items()
    )
    loss = model.problem.loss(model.problem.net.init(model.state.seed))
    numbers = {"loss": float(loss), "damping": model.state.damping}
    planes = [add_spectra(sheet, model), add_conditions(sheet, model)]
    return _answer(model, planes, [spectrum_table(model)], said, numbers=numbers)
