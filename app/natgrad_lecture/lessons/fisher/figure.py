"""The picture: what the engine says, as traces and handles."""

from __future__ import annotations

from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons.fisher import data_figure as fisher_data
from natgrad_lecture.lessons.fisher import draws_figure as fisher_draws
from natgrad_lecture.lessons.fisher import level_figure as fisher_level
from natgrad_lecture.lessons.fisher.model import Model
from natgrad_lecture.protocol import Picture


def picture(model: Model, sheet: Sheet) -> Picture:
    """The picture that was chosen, with the controls and formulas that go with it."""
    draw = {
        "level": lambda: fisher_level.picture(model.level, sheet),
        "draws": lambda: fisher_draws.picture(model.draws, sheet),
        "data": lambda: fisher_data.picture(model.data, sheet),
    }
    look = model.state.look
    groups = {"level": ["model", "level"], "draws": ["model", "draws"], "data": ["data"]}[look]
    formulas = {
        "level": ["matrix", "level", "slopes"],
        "draws": ["matrix", "draws"],
        "data": ["data"],
    }[look]
    return {**draw[look](), "shown": {"groups": ["look", *groups], "formulas": formulas}}


STYLES = {
    "kl": {"light": "#0b62a8", "dark": "#63b3f5", "symbol": "square"},
    "back": {"light": "#6b2fa0", "dark": "#c79bf2", "symbol": "circle"},
    "worst": {"light": "#a23b72", "dark": "#e58fbf", "symbol": "triangle"},
    "pairs": {"light": "#8a5a00", "dark": "#e6b84d", "symbol": "circle"},
    "you": {"light": "#1b1b1f", "dark": "#f3f3f0", "symbol": "circle"},
    "draw": {"light": "#3b5b92", "dark": "#7f9fd8", "symbol": "circle"},
    "estimate": {"light": "#0b62a8", "dark": "#63b3f5", "symbol": "square"},
    "curvature": {"light": "#8a5a00", "dark": "#e6b84d", "symbol": "triangle"},
    "mean": {"light": "#a23b72", "dark": "#e58fbf", "symbol": "circle"},
    "expected": {"light": "#6b7280", "dark": "#9aa3ad", "symbol": "circle"},
    "empirical": {"light": "#a23b72", "dark": "#e58fbf", "symbol": "triangle"},
    "field": {"light": "#a23b72", "dark": "#e58fbf", "symbol": "circle"},
}
