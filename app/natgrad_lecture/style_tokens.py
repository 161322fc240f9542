"""The colors of the page, of the thumbnails and of the templates, each stated once.

``make generate`` writes them for the page's style sheets (app/frontend/styles/tokens.css). The
styles of what is drawn (rules, start, ellipses) are in ``drawing/palette.py``.
"""

from __future__ import annotations

from collections.abc import Mapping

Token = tuple[str, str]
"""A color on light and on dark paper."""

COLORS: Mapping[str, Token] = {
    "paper": ("#fcfbf8", "#15181c"),
    "panel": ("#f5f3ee", "#1c2026"),
    "text": ("#1f2328", "#e8e6e1"),
    "soft": ("#5a5f66", "#a9afb7"),
    "rule": ("#dcd8cf", "#343a42"),
    "edge": ("#8a8f96", "#7a828c"),
    "accent": ("#0b5a8f", "#7cc0f0"),
    "accent-wash": ("#e3eef6", "#1d3242"),
    "danger": ("#b3261e", "#ff9a90"),
    "danger-wash": ("#fbeceb", "#3a1f1e"),
    "grid": ("rgb(60 70 90 / 0.26)", "rgb(200 210 230 / 0.22)"),
    "contour": ("rgb(50 65 95 / 0.2)", "rgb(200 215 240 / 0.17)"),
    "axis": ("rgb(40 45 60 / 0.5)", "rgb(220 225 235 / 0.5)"),
    "start": ("#1f2328", "#f2f0ea"),
    "band-low": ("0.885 0.034 240", "0.345 0.036 245"),
    "band-high": ("0.985 0.004 240", "0.208 0.008 245"),
    "heat-low": ("0.36 0.13 262", "0.36 0.13 262"),
    "heat-high": ("0.96 0.07 95", "0.96 0.07 95"),
    "heat-none": ("oklch(0.62 0 0)", "oklch(0.3 0 0)"),
}
"""By name, on light and on dark paper. The ends of bands and of heat maps are lightness, chroma and
hue in OKLCH, between which the page mixes."""

SHARE = 62
"""Percent of a style where a heat map between two styles is surest: full colors would hide what is
drawn on top."""


def color(name: str, dark: bool = False) -> str:
    """Return a color as CSS has it; an end of a ramp as ``oklch(…)``."""
    value = COLORS[name][dark]
    return f"oklch({value})" if name.startswith(("band-", "heat-l", "heat-h")) else value


def page_css() -> str:
    """Return the tokens as the page's style sheets take them: custom properties of ``.natgrad``."""
    parts = [
        "/* Written by `make generate` from app/natgrad_lecture/style_tokens.py; do not edit. */"
    ]
    for theme, selector in enumerate((".natgrad", '.natgrad[data-theme="dark"]')):
        lines = [f"  --{name}: {token[theme]};" for name, token in COLORS.items()]
        parts.append("\n".join([f"{selector} {{", *lines, "}"]))
    share = f".natgrad {{\n  --heat-share: {SHARE};\n}}"
    return "\n\n".join([*parts, share]) + "\n"


def root_css() -> str:
    """Return the declarations that a template includes: its page follows the system's theme."""
    pairs = ((name, *token) for name, token in COLORS.items() if token[0][0] == "#")
    lines = (f"--{name}: light-dark({light}, {dark});\n" for name, light, dark in pairs)
    return "".join(lines)
