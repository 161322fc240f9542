"""The same color, symbol and width for the same thing on every page.

A rule declares the names of its color and symbol (``natgrad_core.core.traits.RuleTraits``), so that
a new rule recolors no other. The colors start from Okabe and Ito's palette, safe for color-blind
readers, with lighter ones for dark paper.
"""

from __future__ import annotations

from typing import Any

from natgrad_core.rules import rules

Style = dict[str, Any]

COLORS: dict[str, tuple[str, str]] = {
    "orange": ("#c2410c", "#fb923c"),
    "blue": ("#0b468a", "#4f9fe8"),
    "green": ("#00735a", "#3ecfa6"),
    "ochre": ("#8a5a00", "#e6b84d"),
    "magenta": ("#a23b72", "#e58fbf"),
    "indigo": ("#3d4a9e", "#a3aef5"),
    "olive": ("#5b6b00", "#c3d34d"),
    "brown": ("#7a3e1d", "#dba07c"),
    "teal": ("#00616b", "#5fd0dc"),
    "purple": ("#6b2fa0", "#c79bf2"),
    "crimson": ("#9b1c31", "#f28a9a"),
    "moss": ("#3f6212", "#a3d977"),
    "gray": ("#444b54", "#b8c0ca"),
    "sky": ("#1d6fa5", "#7fc4ee"),
    "rust": ("#96501e", "#f0b27a"),
    "violet": ("#5a4fcf", "#b3acf5"),
}
"""The colors that an item may declare, on light and on dark paper."""

_OF_NETS = {
    "kfac": ("K-FAC", "magenta", "pentagon"),
    "ekfac": ("E-KFAC", "purple", "triangle-down"),
    "lbfgs": ("L-BFGS", "gray", "cross"),
    "adamw": ("AdamW", "violet", "hexagon"),
    "shampoo": ("Shampoo", "brown", "square"),
    "soap": ("SOAP", "olive", "triangle"),
    "muon": ("Muon", "crimson", "star"),
    "block": ("one block per layer", "moss", "square"),
    "diagonal": ("diagonal", "rust", "plus"),
}
"""What only nets have: rules, and approximations of their Fisher matrix."""

_THINGS: dict[str, Style] = {
    "start": {"label": "starting point", "light": "#1b1b1f", "dark": "#f3f3f0"},
    "a1": {"label": "first column of A", "light": "#7b3fa0", "dark": "#cf9ff0"},
    "a2": {"label": "second column of A", "light": "#a0406a", "dark": "#f09fc4"},
    "metric": {"label": "Fisher ellipse", "light": "#00735a", "dark": "#3ecfa6"},
    "loss": {"label": "loss", "light": "#3b5b92", "dark": "#7f9fd8"},
    "contour": {"label": "lines of equal loss", "light": "#3b5b92", "dark": "#7f9fd8"},
    "data": {"label": "data", "light": "#5a5f66", "dark": "#a9afb7"},
    "class0": {"label": "class 0", "light": "#2468a8", "dark": "#74b4ee"},
    "class1": {"label": "class 1", "light": "#c47a06", "dark": "#f2b552"},
    "grid": {"label": "the other coordinates", "light": "#7b3fa0", "dark": "#cf9ff0"},
}


def style(rule: str) -> Style:
    """The style of a rule: what it declares or, for a rule for nets, what is defined here.

    Raises:
        UnknownName: there is no such rule; the error lists those that there are.
    """
    if rule in _OF_NETS:
        label, color, symbol = _OF_NETS[rule]
    else:
        declared = rules.traits(rule)
        color, symbol = declared.color, declared.symbol
        label = declared.label or rule.replace("-", " ")
    light, dark = COLORS[color]
    return {"label": label, "light": light, "dark": dark, "symbol": symbol, "width": 2.6}


def styles(names: tuple[str, ...]) -> dict[str, Style]:
    """The styles of these rules and of everything else that is drawn."""
    return {**{name: style(name) for name in names}, **_THINGS}
