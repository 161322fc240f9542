"""The same lesson in stock Voila: two Plotly FigureWidgets and ipywidgets sliders,
``batch_update``.

It uses the same engine, so that the benchmark compares the front ends only.
"""

from __future__ import annotations

from typing import Any

import ipywidgets
import numpy as np
import plotly.graph_objects as go

from natgrad_core import charts, problems, rules, run
from natgrad_core.geometry.ellipses import ellipse_axes

STEPS = 200
START = (5.2, 0.26)
RULES = ("gradient", "newton", "natural")
COLORS = ("#D55E00", "#0072B2", "#009E73")
CIRCLE = np.stack([np.cos(t := np.linspace(0, 2 * np.pi, 41)), np.sin(t)], -1)


def _ellipses(path: Any, problem: Any) -> np.ndarray:
    """Return twenty ellipses of the metric along a path, as one line with gaps."""
    points = path[:: STEPS // 19][:20]
    axes = ellipse_axes(problem.fisher(points), 0.02)
    rings = points[:, None] + CIRCLE @ axes
    return np.concatenate([rings, np.full((len(points), 1, 2), np.nan)], 1).reshape(-1, 2)


def lesson() -> ipywidgets.Widget:
    """Return the lesson: two linked planes with contours, paths and ellipses, two sliders."""
    problem = problems["normal"]()
    chart = charts["linear"](matrix=((1, 0.8), (0, 1)))
    in_x = problem.through(chart)
    rate = ipywidgets.FloatSlider(0.02, min=0.001, max=0.1, step=0.0001, readout_format=".4f")
    damping = ipywidgets.FloatSlider(0, min=0, max=1, step=0.01)

    def lines() -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return six paths and the ellipses for each plane."""
        planes: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
        in_theta = there = np.zeros(0)
        for name in RULES:
            options = {"rate": rate.value, "damping": damping.value}
            taken = {"rate": rate.value} if name == "gradient" else options
            in_theta = run(problem, rules[name](**taken), START, STEPS).theta
            there = run(in_x, rules[name](**taken), chart.inverse(START), STEPS).theta
            planes[0].extend((in_theta, chart.forward(there)))
            planes[1].extend((chart.inverse(in_theta), there))
        planes[0].append(_ellipses(in_theta, problem))
        planes[1].append(_ellipses(there, in_x))
        return planes

    # Pass all traces at construction: updates before the figure is displayed would be lost.
    mu, x1, height = np.linspace(5.1, 5.7, 60), np.linspace(4.6, 5.7, 60), np.linspace(0.1, 0.6, 60)
    figures = []
    for across, place, paths in zip((mu, x1), (problem, in_x), lines(), strict=True):
        loss = place.loss(np.stack(np.meshgrid(across, height), -1))
        traces: list[Any] = [go.Contour(x=across, y=height, z=loss, ncontours=20, showscale=False)]
        for index, path in enumerate(paths):
            line = {"color": (*COLORS, "#555")[index // 2], "dash": ("solid", "dash")[index % 2]}
            traces.append(go.Scatter(x=path[:, 0], y=path[:, 1], mode="lines", line=line))
        layout = {"width": 520, "height": 480, "showlegend": False, "title": {"text": "0.0200"}}
        figures.append(go.FigureWidget(data=traces, layout=layout))

    def update(_change: Any) -> None:
        for figure, paths in zip(figures, lines(), strict=True):
            with figure.batch_update():
                for trace, path in zip(figure.data[1:], paths, strict=True):
                    trace.x, trace.y = path.T
                figure.layout.title.text = f"{rate.value:.4f}"

    rate.observe(update, "value")
    damping.observe(update, "value")
    return ipywidgets.VBox([ipywidgets.HBox(figures), rate, damping])
