"""The pictures of a race: loss by step and by second, the held-out fifth, who was there when."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.heat_map import Growth
from natgrad_lecture.drawing.numbers import power_of_ten, round_up, short
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.plotly_chart import axis, chart, dots, line, table
from natgrad_lecture.drawing.run_messages import remarks
from natgrad_lecture.drawing.sheet import Sheet
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
        "dash_labels": {"solid": "running", "dashed": "kept"} if model.state.kept else {},
        "steps": 0,
        **growth,
        "handles": [],
        "numbers": _numbers(model),
        "remarks": remarks(
            "rules", ((_name(model, key), run) for key, runs in model.runs.items() for run in runs)
        ),
        "description": _description(model),
    }


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
        along = Axis("seconds", 1e-3, round_up(max(last, 1e-2)), log=True)
    else:
        along = Axis("step", _FEW, round_up(max(10, *(run.steps for *_, run in runs))), log=True)
    starts = np.array([run.losses[0] for *_, run in runs])
    low, high = _range(starts, model.targets[-1])
    title = say("training-loss-by-second") if by == "second" else say("training-loss-by-step")
    graph = Graph(sheet, f"loss-{by}", title, along, Axis("J", low, high, log=True))
    for target in model.targets:
        graph.curve("goal", "", [along.low, along.high], [target, target], faint=True, width=1.0)
    for key, i, run in runs:
        rule = model.entries[key][0]
        x = np.array(run.seconds) if by == "second" else np.arange(run.steps + 1.0)
        kept = _thin(len(x))
        losses = np.clip(np.array(run.losses), 1e-12, high)  # one that runs away runs along the top
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
    """Accuracy, or of a regression the loss, on the fifth that no run sees."""
    looks = [look for runs in model.runs.values() for run in runs for look in run.looks]
    far = round_up(max(10, *(look[0] for look in looks)))
    values = np.array([look[2] for look in looks])
    if model.classes:
        along, title = Axis("share", 0.0, 1.0), say("accuracy-on-the-held-out-fifth")
    else:
        low, high = _range(values, float(values.min()))
        along, title = Axis("held-out loss", low, high, log=True), say("loss-on-the-held-out-fifth")
    graph = Graph(sheet, "test", title, Axis("step", _FEW, far, log=True), along)
    for key, runs in model.runs.items():
        rule = model.entries[key][0]
        for i, run in enumerate(runs):
            steps, _, found = map(np.array, zip(*run.looks, strict=True))
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
                points=graph.points(np.maximum(steps, _FEW), found),
                faint=i > 0,
                dash="dashed" if key != rule else "solid",
                width=2.4 if i == 0 else 1.4,
            )
            if i == 0 and key == rule:
                graph.marks(rule, _name(model, key), max(steps[-1], _FEW), found[-1])
    return graph.plane()


def _charts(model: Any) -> list[Chart]:
    """Median seconds to each loss, and the table of steps and seconds."""
    rows, traces = [], []
    for key in model.runs:
        rule = model.entries[key][0]
        medians = [model.median(key, target) for target in model.targets]
        there = [(t, m) for t, m in zip(model.targets, medians, strict=True) if m[1] < math.inf]
        if there:
            x, y = [t for t, _ in there], [max(m[1], 1e-4) for _, m in there]
            dash = "dashed" if key != rule else "solid"
            traces.append(line(rule, _name(model, key), x, y, dash=dash))
            traces.append(dots(rule, _name(model, key), x, y, showlegend=False))
        cells = [f"{m[0]:.0f} / {m[1]:.2g}" if m[0] < math.inf else "–" for m in medians]
        tested = model.tested(key)
        rows.append(
            [_name(model, key), *cells, f"{100 * tested:.1f} %" if model.classes else tested]
        )
    done, count = model.counted, len(model.seeds)
    over = "one start" if count == 1 else say("median-of-of-starts", done=done, count=count)
    heads = [f"to {_target(t)}" for t in model.targets]
    head = ("rule", *heads, "held out")
    fastest = _fastest(model)
    said = say("steps-and-seconds-of-each-rule", over=over, fastest=fastest)
    found = [
        chart(
            "times", say("steps-seconds-to-each-loss", over=over), said, numbers=table(head, rows)
        )
    ]
    if any(len(trace["x"]) > 1 for trace in traces):
        found.append(
            chart(
                "seconds",
                say("seconds-of-computing-to-reach-a", over=over),
                said,
                traces,
                axis("training loss J", log=True, autorange="reversed"),
                axis("seconds", log=True),
            )
        )
    return found


def _target(value: float) -> str:
    exponent = math.log10(value)
    return power_of_ten(round(exponent)) if abs(exponent - round(exponent)) < 1e-9 else short(value)


def _fastest(model: Any) -> str:
    """The rule that is ahead, in words."""
    for target in reversed(model.targets):
        taken = {key: model.median(key, target) for key in model.runs}
        if all(math.isinf(steps) for steps, _ in taken.values()):
            continue
        fewest = min(taken, key=lambda key: taken[key][0])
        first = min(taken, key=lambda key: taken[key][1])
        return say(
            "to-took-the-fewest-steps-and",
            target=_target(target),
            fewest=_name(model, fewest),
            steps=f"{taken[fewest][0]:.0f}",
            first=_name(model, first),
        )
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
