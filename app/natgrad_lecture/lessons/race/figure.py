"""The pictures of a race: loss by step and by second, the held-out fifth, who was there when."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.heat_map import Growth
from natgrad_lecture.drawing.numbers import power_of_ten, round_up, short
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.plotly_chart import Trace, axis, chart, dots, line, table
from natgrad_lecture.drawing.run_messages import remarks
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons.race.state import BATCHED, LIKE
from natgrad_lecture.protocol import Chart, Picture, Plane
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

_FEW = 1


def picture(model: Any, sheet: Sheet) -> Picture:
    """Run a slice, then draw how far all have come."""
    going = model.pull(sheet)
    growth: Growth = {"more": sheet.fine + 1, "progress": model.progress} if going else {}
    planes = [_losses(model, sheet, by) for by in ("step", "second")] + [_held_out(model, sheet)]
    return {
        "planes": planes,
        "charts": _charts(model),
        "dash_labels": _dashes(model.state),
        "steps": 0,
        **growth,
        "handles": [],
        "numbers": _numbers(model),
        "hints": model.state.hints,
        "remarks": _elsewhere(model)
        | remarks(
            "rules", ((_name(model, key), run) for key, runs in model.runs.items() for run in runs)
        ),
        "description": _description(model),
    }


def _dashes(state: Any) -> dict[str, str]:
    """What dashed lines are, for the legend."""
    kept, best = bool(state.kept), bool(state.fewest)
    if not kept and not best:
        return {}
    dashed = say("kept-and-envelope") if kept and best else "kept" if kept else say("envelope")
    return {"solid": "running", "dashed": dashed}


def _elsewhere(model: Any) -> dict[str, str]:
    """Words beside the settings where they were tuned for other batches."""
    state = model.state
    if state.constants != "tuned" or state.tuned_here:
        return {}
    if state.owned:
        return {"constants": say("tuned-for-other-data", data=LIKE)}
    said = "tuned-for-all-data" if state.tuning == state.task else "tuned-for-batches"
    return {"constants": say(said, batch=BATCHED)}


def _name(model: Any, key: str) -> str:
    """An entrant's name in legends and tables."""
    rule, width, options = model.entries[key]
    label = style(rule)["label"]
    if key == rule:
        return label
    inside = ", ".join(short(option) for option in options)
    return f"{label}{' ' + inside if inside else ''}, width {width} (kept)"


def _range(losses: np.ndarray, lowest: float) -> tuple[float, float]:
    good = losses[np.isfinite(losses) & (losses > 0)]
    high = float(np.clip(good.max(initial=lowest), lowest, 1e2))
    return 0.6 * lowest, 10.0 ** (np.ceil(4 * np.log10(high)) / 4)


def _losses(model: Any, sheet: Sheet, by: str) -> Plane:
    """The loss of every run against steps or against its own seconds, both on log axes."""
    runs = [(key, i, run) for key, all_ in model.runs.items() for i, run in enumerate(all_)]
    if by == "second":
        last = max(run.seconds[-1] for *_, run in runs)
        along = Axis(say("cpu-seconds"), 1e-3, round_up(max(last, 1e-2)), log=True)
    else:
        along = Axis("step", _FEW, round_up(max(10, *(run.steps for *_, run in runs))), log=True)
    starts = np.array([run.losses[0] for *_, run in runs])
    low, high = _range(starts, model.targets[-1])
    low = min(low, max(low / 10, 0.6 * min(run.losses[-1] for *_, run in runs)))  # to its mark
    title = say("training-loss-by-second") if by == "second" else say("training-loss-by-step")
    graph = Graph(sheet, f"loss-{by}", title, along, Axis("J", low, high, log=True))
    for target in model.targets:
        graph.curve("goal", "", [along.low, along.high], [target, target], faint=True, width=1.0)
    if by == "step":
        for rule, fewest in model.state.fewest.items():
            there = [(n, t) for n, t in zip(fewest, model.targets, strict=True) if n]
            if there:
                x, y = zip(*there, strict=True)
                label = say("best-of-the-grid", rule=style(rule)["label"])
                graph.curve(rule, label, x, y, dash="dashed", width=1.4)
    for key, i, run in runs:
        rule = model.entries[key][0]
        x = np.array(run.seconds) if by == "second" else np.arange(run.steps + 1.0)
        kept = _thin(len(x))
        losses = np.clip(np.array(run.losses), low, high)  # what is off the axis, at its end
        read = [
            [what, sheet.array(f"{what}.{key}.{i}.{by}", np.array(rows)[kept])]
            for what, rows in (
                ("step", np.arange(len(x)) * 1.0),
                ("loss", run.losses),
                ("seconds", run.seconds),
            )
        ]
        points = graph.points(np.maximum(x, along.low)[kept], losses[kept])
        sheet.add(
            graph.name,
            "curve",
            rule,
            _name(model, key),
            points=points,
            read=read,
            dash="dashed" if key != rule else "solid",
            faint=i > 0,
            width=2.4 if i == 0 else 1.4,
            broken=not run.ok,
        )
        if i == 0 and run.ok and key == rule:
            graph.marks(rule, _name(model, key), max(x[-1], along.low), losses[-1])
    return graph.plane()


def _thin(count: int, most: int = 500) -> np.ndarray:
    """Places of a long run that are drawn: all of a short one, else more of its beginning."""
    if count <= most:
        return np.arange(count)
    wanted = np.geomspace(1, count, most) - 1
    return np.unique(np.rint(wanted).astype(int))


def _held_out(model: Any, sheet: Sheet) -> Plane:
    """The share that is wrong, or of a regression the loss, on the fifth that no run sees."""
    looks = [look for runs in model.runs.values() for run in runs for look in run.looks]
    far = round_up(max(10, *(look[0] for look in looks)))
    if model.classes:
        none = 0.5 / model.held_out  # where no example is wrong: there is no zero on a log axis
        along, title = Axis("error", none, 1.0, log=True), say("errors-on-the-held-out-fifth")
    else:
        values = np.array([look[2] for look in looks])
        low, high = _range(values, float(values.min()))
        along, title = Axis("held-out loss", low, high, log=True), say("loss-on-the-held-out-fifth")
    graph = Graph(sheet, "test", title, Axis("step", _FEW, far, log=True), along)
    for key, runs in model.runs.items():
        rule = model.entries[key][0]
        for i, run in enumerate(runs):
            steps, _, found = map(np.array, zip(*run.looks, strict=True))
            found = 1 - found if model.classes else found
            drawn = np.clip(found, along.low, along.high)
            read = [
                [what, sheet.array(f"test.{what}.{key}.{i}", np.asarray(rows, float))]
                for what, rows in (("step", steps), (along.label, found))
            ]
            sheet.add(
                "test",
                "curve",
                rule,
                _name(model, key),
                read=read,
                points=graph.points(np.maximum(steps, _FEW), drawn),
                faint=i > 0,
                dash="dashed" if key != rule else "solid",
                width=2.4 if i == 0 else 1.4,
            )
            if i == 0 and key == rule:
                graph.marks(rule, _name(model, key), max(steps[-1], _FEW), drawn[-1])
    return graph.plane()


def _charts(model: Any) -> list[Chart]:
    """The table of steps and seconds, median seconds to each loss, and what is held out there."""
    rows, traces, bars, tested = [], [], [], []
    for key in model.runs:
        rule = model.entries[key][0]
        name, dash = _name(model, key), "dashed" if key != rule else "solid"
        medians = [model.median(key, target) for target in model.targets]
        there = [(t, m) for t, m in zip(model.targets, medians, strict=True) if m[1] < math.inf]
        if there:
            x, y = [t for t, _ in there], [max(m[1], 1e-4) for _, m in there]
            traces.append(line(rule, name, x, y, dash=dash))
            traces.append(dots(rule, name, x, y, showlegend=False))
        cells = [_cell(*m) for m in medians]
        rows.append([name, *cells])
        found = [(t, model.tested_at(key, t)) for t in model.targets]
        tested.append([name, *(_spread(model, values, model.counted) for _, values in found)])
        if known := [(t, values) for t, values in found if values]:
            bars.append(_bars(rule, name, known))
    done, count = model.counted, len(model.seeds)
    over = "one start" if count == 1 else say("median-of-of-starts", done=done, count=count)
    heads = [f"to {_target(t)}" for t in model.targets]
    said = say("steps-and-seconds-of-each-rule", over=over, fastest=_fastest(model))
    numbers = table(("rule", *heads), rows)
    title = say("steps-seconds-to-each-loss", over=over)
    charts = [chart("times", title, said, numbers=numbers)]
    if any(len(trace["x"]) > 1 for trace in traces):
        title = say("seconds-of-computing-to-reach-a", over=over)
        x, y = (
            axis("training loss J", log=True, autorange="reversed"),
            axis(say("cpu-seconds"), log=True),
        )
        charts.append(chart("seconds", title, said, traces, x, y))
    if bars:
        measure = say("share") if model.classes else say("held-out-loss")
        shown = "held-out-at-each-loss" if count == 1 else "held-out-with-bars"
        title = say(shown, over=over)
        x = axis("training loss J", log=True, autorange="reversed")
        numbers = table(("rule", *heads), tested)
        charts.append(chart("tested", title, title, bars, x, axis(measure), numbers))
    return charts


def _cell(steps: float, seconds: float) -> str:
    """Both clocks of one rule to one loss, each with its unit."""
    if math.isinf(steps):
        return "–"
    ms = 1e3 * seconds
    return say("steps-and-ms", steps=f"{steps:g}", ms=f"{ms:.0f}" if ms >= 10 else short(ms))


def _spread(model: Any, values: list[float], starts: int) -> str:
    """The median over the starts that came there, the least and the most of them, and how many they
    are, if not all.
    """
    if not values:
        return "–"
    middle, low, high = float(np.median(values)), min(values), max(values)
    if model.classes:
        text, ends = f"{100 * middle:.1f} %", f" ({100 * low:.1f}–{100 * high:.1f})"
    else:
        text, ends = short(middle), f" ({short(low)}–{short(high)})"
    text += ends if len(values) > 1 else ""
    if len(values) == starts:
        return text
    return f"{text}, n = {len(values)}"


def _bars(rule: str, name: str, known: list[tuple[float, list[float]]]) -> Trace:
    """Medians over starts where the training loss was first so low, with bars to both ends."""
    x = [target for target, _ in known]
    y = [float(np.median(values)) for _, values in known]
    above = [max(values) - at for (_, values), at in zip(known, y, strict=True)]
    below = [at - min(values) for (_, values), at in zip(known, y, strict=True)]
    bars = {"type": "data", "symmetric": False, "array": above, "arrayminus": below}
    return line(rule, name, x, y, error_y={**bars, "thickness": 1.2, "width": 4})


def _target(value: float) -> str:
    exponent = math.log10(value)
    return power_of_ten(round(exponent)) if abs(exponent - round(exponent)) < 1e-9 else short(value)


def _fastest(model: Any) -> str:
    """The rule that is ahead, in words; while runs go on, that it is so until now."""
    for target in reversed(model.targets):
        taken = {key: model.median(key, target) for key in model.runs}
        if all(math.isinf(steps) for steps, _ in taken.values()):
            continue
        fewest = min(taken, key=lambda key: taken[key][0])
        first = min(taken, key=lambda key: taken[key][1])
        words = say(
            "to-took-both" if first == fewest else "to-took-the-fewest-steps-and",
            target=_target(target),
            fewest=_name(model, fewest),
            steps=f"{taken[fewest][0]:g}",
            first=_name(model, first),
        )
        return words if model.progress == 1 else say("so-far", words=words)
    return say("none-has-reached-a-target-yet")


def _numbers(model: Any) -> dict[str, Any]:
    problem = next(iter(model.runs.values()))[0].problem
    return {"p": problem.dim, "N": len(problem), "C": problem.outputs}


def _description(model: Any) -> str:
    bad = [
        f"{_name(model, key)} {run.end}"
        for key, runs in model.runs.items()
        for run in runs
        if not run.ok
    ]
    return "; ".join([_fastest(model), *bad])
