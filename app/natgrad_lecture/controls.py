"""The controls, as data: built from the registries, drawn by the stage as ordinary inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from natgrad_core.core.damping import KINDS
from natgrad_core.problems import problems
from natgrad_lecture.drawing.palette import ink

Control = dict[str, Any]

_KIND_LABELS = {"identity": "λI", "pulled-back": "λAᵀA"}


def group(name: str, label: str, *controls: Control) -> Control:
    """Controls that belong together, under one heading."""
    return {"id": name, "label": label, "controls": list(controls)}


def slider(field: str, label: str, low: float, high: float, step: float, /, **more: Any) -> Control:
    """A slider with a box for typing; ``scale="log"`` for a rate."""
    return {"kind": "slider", "field": field, "label": label, "min": low, "max": high,
            "step": step, "scale": "linear", "unit": "", **more}  # fmt: skip


def named(options: Mapping[str, str]) -> list[Control]:
    """The options of a choice: what each is in the state, and what a reader sees."""
    return [{"value": value, "label": label} for value, label in options.items()]


def inked(names: Iterable[str]) -> list[Control]:
    """Options that are drawn, each in the ink it is drawn in."""
    return [{"value": name, "label": ink(name)["label"], "ink": name} for name in names]


def choose_problem(names: tuple[str, ...]) -> Control:
    """Which problem; its words come from the problem itself."""
    options = [{"value": n, "label": n.replace("-", " "), "help": problems[n].title} for n in names]
    return {"kind": "choice", "field": "problem", "label": "problem", "options": options}


def choose_rules(names: tuple[str, ...]) -> Control:
    """Which rules run, each with the ink it is drawn in."""
    return {"kind": "checks", "field": "rules", "label": "rules", "options": inked(names)}


def choose_damping() -> Control:
    """λI or the same tensor pulled back."""
    options = named({kind: _KIND_LABELS.get(kind, kind) for kind in KINDS})
    return {"kind": "choice", "field": "kind", "label": "damping in x", "options": options}


def coordinates() -> list[Control]:
    """A by its entries and by its parts."""
    return [
        {"kind": "matrix", "field": "matrix", "label": "A"},
        slider("rotation", "rotation", -180, 180, 1, unit="°"),
        slider("stretch1", "stretch of x₁", 0.2, 5, 0.01, scale="log"),
        slider("stretch2", "stretch of x₂", -3, 3, 0.01),
        slider("shear", "shear", -3, 3, 0.01),
    ]


def start() -> list[Control]:
    """The starting point, typed."""
    return [
        {"kind": "number", "field": f"start.{i}", "label": f"start {sign}", "step": 0.01}
        for i, sign in enumerate(("θ₁", "θ₂"))
    ]


def descent() -> list[Control]:
    """Rate, damping and steps."""
    return [
        slider("rate", "learning rate α", 0.001, 2, 0.001, scale="log"),
        slider("damping", "damping λ", 0, 100, 0.001, scale="log"),
        choose_damping(),
        slider("steps", "steps", 1, 400, 1),
    ]
