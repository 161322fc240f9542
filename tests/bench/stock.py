"""The same lesson the stock way: two plotly FigureWidgets and ipywidgets sliders, ``batch_update``.

The mathematics is the engine's own, so that the benchmark compares front ends and nothing else.
"""

from __future__ import annotations

from typing import Any

import ipywidgets
import numpy as np
import plotly.graph_objects as go

from natgrad_core import charts, problems, rules, run
from natgrad_core.shapes import ellipse_axes

STEPS = 200
START = (5.2, 0.26)
RULES = ("gradient", "newton", "natural")
INKS = ("#D55E00", "#0072B2", "#009E73")
CIRCLE = np.stack([np.cos(t := np.linspace(0, 2 * np.pi, 41)), np.sin(t)], -1)


def _ellipses(path: Any, problem: Any) -> np.ndarray:
    """Twenty of the metric's ellipses along a path, as one line with gaps."""
    points = path[:: STEPS // 19][:20]
    axes = ellipse_axes(problem.fisher(points), 0.02)
    rings = points[:, None] + CIRCLE @ axes
    return np.concatenate([rings, np.full((len(points), 1, 2), np.nan)], 1).reshape(-1, 2)


def lesson() -> ipywidgets.Widget:
    """Two linked planes over contours, five or six paths, twenty ellipses, two sliders."""
    problem = problems["normal"]()
    chart = charts["linear"](matrix=((1, 0.8), (0, 1)))
    away = problem.through(chart)
    mu, sigma = np.linspace(5.1, 5.7, 60), np.linspace(0.1, 0.6, 60)
    x1, x2 = np.linspace(4.6, 5.7, 60), np.linspace(0.1, 0.6, 60)
    figures = []
    for across, up, place in ((mu, sigma, problem), (x1, x2, away)):
        grid = np.stack(np.meshgrid(across, up), -1)
        loss = place.loss(grid)
        figure = go.FigureWidget()
        figure.add_contour(x=across, y=up, z=loss, ncontours=20, showscale=False)
        for ink in INKS:
            figure.add_scatter(mode="lines", line={"color": ink})
            figure.add_scatter(mode="lines", line={"color": ink, "dash": "dash"})
        figure.add_scatter(mode="lines", line={"color": "#555", "width": 1})
        figure.update_layout(width=520, height=480, showlegend=False)
        figures.append(figure)
    rate = ipywidgets.FloatSlider(0.02, min=0.001, max=0.1, step=0.0001, readout_format=".4f")
    damping = ipywidgets.FloatSlider(0, min=0, max=1, step=0.01)

    def update(_change: Any = None) -> None:
        lines = []
        for name in RULES:
            options = {"rate": rate.value} | (
                {} if name == "gradient" else {"damping": damping.value}
            )
            home = run(problem, rules[name](**options), START, STEPS).theta
            there = run(away, rules[name](**options), chart.inverse(START), STEPS).theta
            lines.append((home, chart.forward(there), chart.inverse(home), there))
        natural = lines[-1]
        shapes = (_ellipses(natural[0], problem), _ellipses(natural[3], away))
        for side, figure in enumerate(figures):
            with figure.batch_update():
                for index, four in enumerate(lines):
                    for twin in (0, 1):
                        trace = figure.data[1 + 2 * index + twin]
                        trace.x, trace.y = four[2 * side + twin].T
                figure.data[-1].x, figure.data[-1].y = shapes[side].T
                figure.layout.title.text = f"{rate.value:.4f}"

    rate.observe(update, "value")
    damping.observe(update, "value")
    update()
    return ipywidgets.VBox([ipywidgets.HBox(figures), rate, damping])
