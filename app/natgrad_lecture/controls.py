"""The controls, as data: built from the registries, drawn by the front end as ordinary inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from natgrad_core.core.damping import KINDS
from natgrad_core.problems import problems
from natgrad_core.rules import rules
from natgrad_lecture.engine_cache import rule_options
from natgrad_lecture.state import item_options
from natgrad_lecture.state.fields import Choice, Number, Several, Whole
from natgrad_lecture.state.state import State
from natgrad_lecture.text.lesson_text import LessonText

Control = dict[str, Any]

SAME_LINEAR = "Both are the same here: the change of coordinates is linear."

_KIND_LABELS = {"identity": "λI", "pulled-back": "λAᵀA"}


def group(name: str, *controls: Control) -> Control:
    """Controls that belong together, under one heading."""
    return {"id": name, "controls": list(controls)}


def for_rules(*names: str) -> Control:
    """Let a control be there only while one of these rules is chosen: ``**for_rules("adam")``."""
    return {"when": [["rules", list(names)]]}


def idle_damping(model: Any) -> dict[str, str]:
    """Return why λ, or the kind of damping in x, changes nothing; empty where they do."""
    state = model.state
    chosen = getattr(state, "rules", None) or (state.rule,)
    known = [name for name in chosen if name in rules]
    damped = any("damping" in rule_options(name) for name in known)
    if not damped and len(known) == len(chosen):
        return dict.fromkeys(("damping", "kind"), "No rule here has damping.")
    if not state.damping:
        return {"kind": "No effect while λ = 0."}
    a = np.asarray(getattr(state, "matrix", ((1.0, 1.0), (0.0, 1.0))))
    return {"kind": "Both are the same here: AᵀA = I."} if np.allclose(a.T @ a, np.eye(2)) else {}


def slider(field: str, low: float, high: float, step: float, /, **more: Any) -> Control:
    """A slider with a box for typing; ``scale="log"`` for a rate."""
    return {
        "kind": "slider",
        "field": field,
        "min": low,
        "max": high,
        "step": step,
        "scale": "linear",
        "unit": "",
        **more,
    }


def number(field: str, step: float, **more: Any) -> Control:
    """A box for a number."""
    return {"kind": "number", "field": field, "step": step, **more}


def choice(field: str, options: Iterable[str | Control], **more: Any) -> Control:
    """One of a few options: their names, or what ``named`` and ``styled`` make."""
    return {"kind": "choice", "field": field, "options": _options(options), **more}


def checks(field: str, options: Iterable[str | Control], **more: Any) -> Control:
    """Several of a few options."""
    return {"kind": "checks", "field": field, "options": _options(options), **more}


def button(field: str, **more: Any) -> Control:
    """A button."""
    return {"kind": "button", "field": field, **more}


def text(field: str, **more: Any) -> Control:
    """A box for a text."""
    return {"kind": "text", "field": field, **more}


def matrix(field: str, **more: Any) -> Control:
    """Boxes for the entries of a 2×2 matrix."""
    return {"kind": "matrix", "field": field, **more}


def _options(options: Iterable[str | Control]) -> list[Control]:
    return [{"value": option} if isinstance(option, str) else option for option in options]


def options_of(registry: str, name: str, *only: str) -> list[Control]:
    """Controls of the options of a rule, metric, chart or problem, as its signature has them.

    ``*options_of("rule", "momentum", "beta")`` is momentum's β; without a name, all its options.
    """
    return item_options.item_controls(registry, name, *only)


def from_text(said: LessonText, default: State) -> list[Control]:
    """The controls that ``::: controls`` of a text names, each of the kind that suits its field.

    An option of an item, ``option.rule.momentum.beta``, is as its signature has it; another field
    is as what it may be: a slider for a number, a choice for a name.

    Args:
        said: The text.
        default: The state that the fields are of.

    Raises:
        ValueError: A field's control cannot be told from the field; the error says what to write.
    """
    groups: dict[str, list[str]] = {}
    for name, *below in said.labels:
        groups.setdefault(name, []).extend(below if len(below) == 1 else [])
    return [
        group(name, *(_input(field, default) for field in found)) for name, found in groups.items()
    ]


def _input(field: str, default: State) -> Control:
    """The control of a field, as the field's check or the item's signature has it."""
    if field.startswith(item_options.FIELD):
        registry, name, option, *_ = [*field.removeprefix(item_options.FIELD).split("."), "", ""]
        for control in item_options.item_controls(registry, name, option):
            if control["field"] == field:
                return control
    known = {each.name: each.metadata["check"] for each in fields(default)}
    match known.get(field):
        case Number(low=low, high=high):
            scale = "log" if low > 0 and high / low > 100 else "linear"
            return slider(field, low, high, low if scale == "log" else 0.01, scale=scale)
        case Whole(low=low, high=high):
            return slider(field, low, high, 1)
        case Choice(options=options) if field == "problem":
            return choose_problem(tuple(options))
        case Choice(options=options):
            return choice(field, named({option: option for option in options}))
        case Several() if field == "rules":
            return choose_rules(default.values()["rules"])
        case _:
            raise ValueError(
                f"no control can be told from the field {field!r}; there are {', '.join(known)}, "
                "and options such as option.rule.momentum.beta. For another control give the "
                "lesson controls="
            )


def labelled(
    controls: Iterable[Control],
    said: LessonText,
    styles: Mapping[str, Mapping[str, Any]],
    above: tuple[str, ...] = (),
) -> list[Control]:
    """The controls with the labels that ``text.md`` has for them, and helps where there are some.

    A control with a style takes the label of that style. A label that a control already has (a
    problem's name, the learning rate on every page) is kept.
    """
    found = []
    for control in controls:
        path = (
            *above,
            str(next(control[key] for key in ("field", "value", "id") if key in control)),
        )
        named = {**control, "label": _label(path, control, said, styles)}
        if path in said.helps:
            named["help"] = said.helps[path]
        for key in ("controls", "options"):
            if key in control:
                named[key] = labelled(control[key], said, styles, path)
        found.append(named)
    return found


def _label(
    path: tuple[str, ...],
    control: Control,
    said: LessonText,
    styles: Mapping[str, Mapping[str, Any]],
) -> str:
    if path in said.labels:
        return said.labels[path]
    if control.get("style") in styles:
        return str(styles[control["style"]]["label"])
    if "label" in control:
        return str(control["label"])
    where = " of ".join(map(repr, reversed(path)))
    raise ValueError(f"no label for the control {where}; add it under ::: controls of text.md")


def named(options: Mapping[str, str]) -> list[Control]:
    """The options of a choice: what each is in the state, and what a reader sees."""
    return [{"value": value, "label": label} for value, label in options.items()]


def styled(names: Iterable[str]) -> list[Control]:
    """Options that are drawn: each with its style, and labelled as in the legend."""
    return [{"value": name, "style": name} for name in names]


def choose_problem(names: tuple[str, ...]) -> Control:
    """Which problem; its words come from the problem itself."""
    options = [{"value": n, "label": n.replace("-", " "), "help": problems[n].title} for n in names]
    return {"kind": "choice", "field": "problem", "label": "problem", "options": options}


def choose_rules(names: Iterable[str]) -> Control:
    """Which rules run, each with its style."""
    return {"kind": "checks", "field": "rules", "label": "rules", "options": styled(names)}


def choose_damping() -> Control:
    """λI or the same tensor pulled back."""
    options = named({kind: _KIND_LABELS.get(kind, kind) for kind in KINDS})
    return {"kind": "choice", "field": "kind", "label": "damping in x", "options": options}


def coordinates() -> list[Control]:
    """A by its entries and by its parts."""
    return [
        {"kind": "matrix", "field": "matrix", "label": "A"},
        slider("rotation", -180, 180, 1, unit="°", label="rotation"),
        slider("stretch1", 0.2, 5, 0.01, scale="log", label="stretch of x₁"),
        slider("stretch2", -3, 3, 0.01, label="stretch of x₂"),
        slider("shear", -3, 3, 0.01, label="shear"),
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
        slider("rate", 0.001, 2, 0.001, scale="log", label="learning rate α"),
        slider("damping", 0, 100, 0.001, scale="log", label="damping λ"),
        choose_damping(),
        slider("steps", 1, 400, 1, label="steps"),
    ]
