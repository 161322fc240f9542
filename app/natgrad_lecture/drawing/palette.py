"""The same color, symbol and width for the same thing on every page.

Colors start from Okabe and Ito's palette, safe for color-blind readers, with lighter twins for dark
paper. A rule that names no ink of its own takes the next free one in the registry's order.
"""

from __future__ import annotations

from typing import Any

from natgrad_core.rules import rules

Ink = dict[str, Any]

_NAMED = {
    "gradient": ("plain", "#c2410c", "#fb923c", "circle"),
    "newton": ("Newton", "#0b468a", "#4f9fe8", "square"),
    "natural": ("natural", "#00735a", "#3ecfa6", "diamond"),
    # What only nets have: rules, and approximations of their Fisher matrix.
    "kfac": ("K-FAC", "#a23b72", "#e58fbf", "pentagon"),
    "ekfac": ("E-KFAC", "#6b2fa0", "#c79bf2", "triangle-down"),
    "lbfgs": ("L-BFGS", "#444b54", "#b8c0ca", "cross"),
    "block": ("one block a layer", "#3f6212", "#a3d977", "square"),
    "diagonal": ("diagonal", "#96501e", "#f0b27a", "plus"),
}

_PROPER = {"adam": "Adam", "nesterov": "Nesterov"}
"""Names of people, and of what was named as one."""

_FREE = (
    ("#8a5a00", "#e6b84d", "triangle"),
    ("#a23b72", "#e58fbf", "pentagon"),
    ("#3d4a9e", "#a3aef5", "hexagon"),
    ("#5b6b00", "#c3d34d", "star"),
    ("#7a3e1d", "#dba07c", "plus"),
    ("#00616b", "#5fd0dc", "cross"),
    ("#6b2fa0", "#c79bf2", "triangle-down"),
    ("#9b1c31", "#f28a9a", "triangle"),
    ("#3f6212", "#a3d977", "pentagon"),
    ("#444b54", "#b8c0ca", "hexagon"),
    ("#1d6fa5", "#7fc4ee", "star"),
    ("#96501e", "#f0b27a", "plus"),
    ("#5a4fcf", "#b3acf5", "cross"),
)

_THINGS: dict[str, Ink] = {
    "start": {"label": "starting point", "light": "#1b1b1f", "dark": "#f3f3f0"},
    "a1": {"label": "first column of A", "light": "#7b3fa0", "dark": "#cf9ff0"},
    "a2": {"label": "second column of A", "light": "#a0406a", "dark": "#f09fc4"},
    "metric": {"label": "Fisher ellipse", "light": "#00735a", "dark": "#3ecfa6"},
    "loss": {"label": "loss", "light": "#3b5b92", "dark": "#7f9fd8"},
    "contour": {"label": "lines of equal loss", "light": "#3b5b92", "dark": "#7f9fd8"},
    "class0": {"label": "class 0", "light": "#2468a8", "dark": "#74b4ee"},
    "class1": {"label": "class 1", "light": "#c47a06", "dark": "#f2b552"},
    "grid": {"label": "the other coordinates", "light": "#7b3fa0", "dark": "#cf9ff0"},
}


def ink(rule: str) -> Ink:
    """The ink of a rule."""
    if rule in _NAMED:
        label, light, dark, symbol = _NAMED[rule]
    else:
        others = [name for name in rules if name not in _NAMED]
        light, dark, symbol = _FREE[others.index(rule) % len(_FREE)]
        label = _PROPER.get(rule, rule.replace("-", " "))
    return {"label": label, "light": light, "dark": dark, "symbol": symbol, "width": 2.6}


def inks(names: tuple[str, ...]) -> dict[str, Ink]:
    """The inks of these rules and of everything else that is drawn."""
    return {**{name: ink(name) for name in names}, **_THINGS}
