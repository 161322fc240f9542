"""Options of problems, charts, metrics and rules, as controls that their signatures make.

A turned option is a word, ``chart.bend.strength:0.6``; the control that turns it is the field
``option.chart.bend.strength``. An item dropped in a registry brings its controls along.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from natgrad_core import charts, metrics, problems, rules
from natgrad_core.core.options import Option, options
from natgrad_core.core.registry import Registry
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.state.fields import BadInput

REGISTRIES: dict[str, Registry[Any]] = {
    "problem": problems,
    "chart": charts,
    "metric": metrics,
    "rule": rules,
}

FIELD = "option."
"""How the name of an option's control begins: ``option.rule.momentum.beta``."""

SHARED = ("rate", "damping", "kind")
"""What all rules of a page are told alike, by controls of its own."""

LARGEST = 1e3
"""Of an option that says no range of its own."""

COMPONENTS: dict[str, int | tuple[int, int]] = {"0": 0, "-1": -1, "both": (0, 1)}
"""Which of a plane's two parameters an option may name, as a link writes them."""

_MOST_PARTS = 3

_SIGNS = {"beta": "β", "beta1": "β₁", "beta2": "β₂", "epsilon": "ε"}
"""Options that a reader knows by a sign; a word such as beta is also the name of a problem."""


def turnable(registry: str, name: str) -> dict[str, Option]:
    """The options of an item that a hand can turn: few numbers, or a choice."""
    if name not in REGISTRIES[registry]:
        return {}
    known = options(REGISTRIES[registry][name])
    own = (key for key in known if registry != "rule" or key not in SHARED)
    return {key: known[key] for key in own if _few(known[key])}


def _few(option: Option) -> bool:
    return not isinstance(option.default, tuple) or len(option.default) <= _MOST_PARTS


def spots(registry: str, name: str) -> dict[str, tuple[Option, Any]]:
    """Every control of an item: an option, or a part of one, with what it shows at first."""
    found: dict[str, tuple[Option, Any]] = {}
    for key, option in turnable(registry, name).items():
        if isinstance(option.default, tuple):
            for i, part in enumerate(option.default):
                found[f"{registry}.{name}.{key}.{i}"] = (option, part)
        else:
            found[f"{registry}.{name}.{key}"] = (option, option.default)
    return found


@cache
def every_spot() -> Mapping[str, tuple[Option, Any]]:
    """The controls of every item of every registry."""
    return {
        spot: known
        for registry, items in REGISTRIES.items()
        for name in items
        for spot, known in spots(registry, name).items()
    }


def check(words: Any) -> tuple[str, ...]:
    """Turned options as a control or a link gives them, each once and each possible."""
    if len(words) > 60:
        raise BadInput("option_values", "these are more options than there are")
    held: dict[str, str] = {}
    for word in map(str, words):
        spot, colon, value = word.rpartition(":")
        if not colon:
            raise BadInput(
                "option_values", f"{word[:60]!r} needs a value, as rule.momentum.beta:0.5 has"
            )
        held[spot] = _written(spot, value)
    kept = tuple(f"{spot}:{value}" for spot, value in sorted(held.items()))
    for registry, name in {tuple(spot.split(".")[:2]) for spot in held}:
        if reason := _why_no_item(registry, name, given(kept, registry, name)):
            raise BadInput("option_values", reason)
    return kept


@bounded_cache
def _why_no_item(registry: str, name: str, turned: tuple[tuple[str, Any], ...]) -> str:
    """Why there is no item with these options, in words; empty if there is one."""
    try:
        built(registry, name, turned)
    except ValueError as error:
        return str(error)
    return ""


@bounded_cache
def built(registry: str, name: str, turned: tuple[tuple[str, Any], ...]) -> Any:
    """The item with these options, built once for all who ask; nobody may change it."""
    return REGISTRIES[registry][name](**dict(turned))


def _written(spot: str, value: Any) -> str:
    """The value of one control in writing, or BadInput beside it."""
    if spot not in every_spot():
        registry, name, *_ = [*spot.split("."), "", ""]
        there = spots(registry, name) if registry in REGISTRIES else {}
        near = f"; there are {', '.join(there)}" if there else ""
        raise BadInput("option_values", f"there is no option {spot[:60]!r}{near}")
    (option, default), field = every_spot()[spot], f"option.{spot}"
    if words := _words(option):
        if str(value) not in words:
            raise BadInput(field, f"no {option.name} {value!r}; {', '.join(words)}")
        return str(value)
    name = _called(option)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadInput(field, f"{name} must be a number, not {value!r}") from None
    low, high = (option.span.low, option.span.high) if option.span else (-LARGEST, LARGEST)
    if not low <= number <= high:
        raise BadInput(field, f"{name} = {number:g}; take one from {low:g} to {high:g}")
    if isinstance(default, int) and number != math.floor(number):
        raise BadInput(field, f"{name} = {number:g} must be a whole number")
    return repr(int(number) if number == int(number) else number)


def _words(option: Option) -> tuple[str, ...]:
    """What an option chooses among, as a link writes it; empty if it is a number."""
    return tuple(COMPONENTS) if option.component else option.choices


def _called(option: Option) -> str:
    """What a reader calls an option."""
    return _SIGNS.get(option.name, option.name.replace("_", " "))


def _held(words: Iterable[str]) -> dict[str, str]:
    """The written values by their controls."""
    parts = (word.rpartition(":") for word in words)
    return {spot: value for spot, _, value in parts}


def turn(words: Iterable[str], spot: str, value: Any) -> tuple[str, ...]:
    """The same options with one turned; at its default it is left out."""
    text = _written(spot, value)
    held = _held(words)
    held[spot] = text
    default = every_spot()[spot][1]
    if text == (default if isinstance(default, str) else _written(spot, default)):
        del held[spot]
    try:
        return check([f"{key}:{word}" for key, word in held.items()])
    except BadInput as error:
        raise BadInput(f"option.{spot}", str(error)) from None


@bounded_cache
def given(words: tuple[str, ...], registry: str, name: str) -> tuple[tuple[str, Any], ...]:
    """The options of one item that are turned, as its maker takes them, sorted by name."""
    held = _held(words)
    found = {}
    for key, option in turnable(registry, name).items():
        stem = f"{registry}.{name}.{key}"
        if isinstance(option.default, tuple):
            if any(spot.startswith(f"{stem}.") for spot in held):
                found[key] = tuple(
                    float(held.get(f"{stem}.{i}") or part) for i, part in enumerate(option.default)
                )
        elif stem in held and option.component:
            found[key] = COMPONENTS[held[stem]]
        elif stem in held:
            found[key] = held[stem] if option.choices else type(option.default)(float(held[stem]))
    return tuple(sorted(found.items()))


def values(words: Iterable[str], spots: Iterable[str]) -> dict[str, Any]:
    """What these controls show."""
    held, found = _held(words), {}
    for spot in spots:
        option, default = every_spot()[spot]
        if _words(option):
            found[f"{FIELD}{spot}"] = held.get(spot, str(default))
        else:
            found[f"{FIELD}{spot}"] = float(held[spot]) if spot in held else default
    return found


def controls(registry: str) -> list[dict[str, Any]]:
    """The controls of every item of a registry, each seen only while its item is chosen."""
    return [
        {**found, "when": [[registry, [name]]]}
        for name in REGISTRIES[registry]
        for found in item_controls(registry, name)
    ]


def item_controls(registry: str, name: str, *only: str) -> list[dict[str, Any]]:
    """The controls of an item's options, of all or of those named."""
    if registry not in REGISTRIES:
        raise ValueError(f"no registry {registry!r}; there are {', '.join(REGISTRIES)}")
    REGISTRIES[registry][name]  # An unknown name is refused with the names that there are.
    known = turnable(registry, name)
    for wished in only:
        if wished not in known:
            there = ", ".join(known) or "none that a control could set"
            raise ValueError(f"the {registry} {name!r} has no option {wished!r}; there are {there}")
    return [
        _control(spot, option, default)
        for spot, (option, default) in spots(registry, name).items()
        if not only or option.name in only
    ]


def _control(spot: str, option: Option, default: Any) -> dict[str, Any]:
    part = spot.rpartition(".")[2]
    label = _called(option)
    label += "₁₂₃"[int(part)] if isinstance(option.default, tuple) else ""
    spec: dict[str, Any] = {"field": f"{FIELD}{spot}", "label": label}
    if option.component:
        signs = zip(COMPONENTS, ("θ₁", "θ₂", "both"), strict=True)
        named = [{"value": n, "label": sign} for n, sign in signs]
        return spec | {"kind": "choice", "label": "changes", "options": named}
    if option.choices:
        return spec | {
            "kind": "choice",
            "options": [{"value": n, "label": n} for n in option.choices],
        }
    if option.span:
        low, high, step, log = option.span
        return spec | {
            "kind": "slider",
            "min": low,
            "max": high,
            "step": step,
            "unit": "",
            "scale": "log" if log else "linear",
        }
    return spec | {"kind": "number", "step": 1 if isinstance(default, int) else 0.1}


@bounded_cache
def takes_family(chart: str) -> bool:
    """Whether a chart belongs to a family and wants its name."""
    maker: Callable[..., Any] = charts[chart]
    return "family" in inspect.signature(maker).parameters
