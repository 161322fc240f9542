"""Which two parameters the plane shows, and at which values the others are held.

A reader writes names, with values for those that are to be held: ``a b c = 0.5``. Of the others the
first two are on the plane; what has no value then is held at the best fit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from natgrad_lecture.drawing.numbers import significant
from natgrad_lecture.lessons.playground.best_fit import fit_of
from natgrad_lecture.state.fields import BadInput
from natgrad_lecture.state.items import ProblemKey, problem_named
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)


def parsed(field: str, text: str) -> tuple[tuple[str, ...], dict[str, float]]:
    """The names, and the values of those that have one; BadInput where a value is not a number."""
    held: dict[str, float] = {}
    names: list[str] = []
    for part in filter(None, re.split(r"[,;\s]+", re.sub(r"\s*=\s*", "=", text))):
        name, equals, value = part.partition("=")
        names.append(name)
        if equals:
            try:
                held[name] = float(value.replace("\N{MINUS SIGN}", "-"))
            except ValueError:
                raise BadInput(field, say("a-value-is-a-number", part=part)) from None
            if not np.isfinite(held[name]):
                raise BadInput(field, say("a-value-is-a-number", part=part))
    return tuple(names), held


def estimates(
    whole: ProblemKey, names: Sequence[str], otherwise: Mapping[str, float]
) -> dict[str, float]:
    """The values of these parameters at the best fit; where there is none, those given."""
    fitted = fit_of(whole) if names else None
    if fitted is None or not fitted.converged:
        return {name: otherwise[name] for name in names}
    found = dict(zip(fitted.problem.symbols, fitted.theta.tolist(), strict=True))
    return {name: significant(found[name], 10) for name in names}


def options_of(key: ProblemKey) -> dict[str, Any]:
    """The options of a problem's key."""
    return {} if isinstance(key, str) else dict(key[1])


def note(shown: ProblemKey, whole: ProblemKey) -> str:
    """Which parameters are held, at which values and why, a line each; empty if none is."""
    held, typed = (dict(options_of(each).get("held", ())) for each in (shown, whole))
    if not held:
        return ""
    fitted = fit_of(whole)
    found = fitted is not None and fitted.converged
    why = "at-the-best-fit" if found else "no-best-fit-for-it"
    lines = (
        (how, ", ".join(f"{n} = {v:.4g}" for n, v in held.items() if (n in typed) == by_hand))
        for how, by_hand in (("held-parameters", True), (why, False))
    )
    return "\n".join(say(how, held=values) for how, values in lines if values)


def whole_key(plain: ProblemKey, text: str) -> ProblemKey:
    """A built-in problem with only those parameters held that are given a value."""
    _, held = _named(plain, text)
    return _with(plain, held=held) if held else plain


def slice_key(plain: ProblemKey, text: str) -> ProblemKey:
    """A built-in problem of many parameters as the plane shows it, or BadInput."""
    symbols = problem_named(plain).symbols
    named, held = _named(plain, text)
    order = [*named, *(symbol for symbol in symbols if symbol not in named)]
    free = [symbol for symbol in order if symbol not in held]
    if len(free) < 2:
        got = ", ".join(free) or "none"
        raise BadInput("plane", say("the-plane-shows-two-parameters-got", names=got))
    start = dict(zip(symbols, problem_named(plain).start, strict=True))
    held |= estimates(whole_key(plain, text), free[2:], start)
    found = _with(plain, held=held)
    if not problem_named(found).inside(np.asarray(problem_named(found).start, float)):
        raise BadInput("plane", say("outside-with-these", domain=problem_named(plain).domain))
    return found


def _with(plain: ProblemKey, held: Mapping[str, float]) -> ProblemKey:
    name = plain if isinstance(plain, str) else plain[0]
    return name, tuple((options_of(plain) | {"held": tuple(held.items())}).items())


def _named(plain: ProblemKey, text: str) -> tuple[list[str], dict[str, float]]:
    """The symbols that are named, in the reader's order, and the values that are given."""
    symbols = problem_named(plain).symbols
    typed = {spelled(symbol): symbol for symbol in symbols}
    names, values = parsed("plane", text)
    unknown = next((name for name in names if spelled(name) not in typed), None)
    if unknown is not None:
        there = ", ".join(symbols)
        raise BadInput("plane", say("no-parameter-called", which=repr(unknown), there=there))
    return (
        list(dict.fromkeys(typed[spelled(name)] for name in names)),
        {typed[spelled(name)]: value for name, value in values.items()},
    )


def spelled(name: str) -> str:
    """A name as a keyboard has it: ``w1`` for w₁, ``nu`` for ν."""
    letters = unicodedata.normalize("NFKC", name)
    words = (unicodedata.name(letter, "") for letter in letters)
    greek = (word.rpartition(" ")[2].lower() if word.startswith("GREEK") else "" for word in words)
    return "".join(g or letter for g, letter in zip(greek, letters, strict=True))
