"""Hostile asks and links: every field of a lesson, set to anything that JSON can hold."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from natgrad_core import charts, metrics, rules
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.playground.state import BY_METRIC
from natgrad_lecture.state.items import OWN
from tests.fuzz.texts import anything, texts

NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-3, 3),
    st.integers(-3, 300),
    st.sampled_from(
        [0, -0.0, 1e308, -1e308, 5e-324, 1e-9, 1e6, 1e16, 2**53, 2**63, 10**40, -(10**400), 0.5]
    ),
)
WORDS = st.one_of(
    anything(12),
    st.sampled_from(
        [
            "",
            "nan",
            "inf",
            "-inf",
            "1e999",
            "0x10",
            "١",
            "1_000",
            "__class__",
            "__init__",
            "a.b",
            "../..",
            "<script>",
            "%s%n",
            "\x00",
            "\ud800",
            "'; drop",
            "{}",
            "[]",
            "θ",
            "1" * 5000,
        ]
    ),
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=8,
)

LANGUAGES = st.one_of(st.sampled_from(["en", "zh"]), WORDS)


def good(lesson: Lesson) -> dict[str, list[Any]]:
    """Values that the lesson itself sets its fields and controls to, by name."""
    found: dict[str, list[Any]] = {}
    sets = [lesson.default.plain(), *(p.set for p in lesson.presets)]
    sets += [claim.set for claim in lesson.claims.values()]
    for each in sets:
        for name, value in each.items():
            found.setdefault(name, []).append(value)
    return found


def names(lesson: Lesson) -> st.SearchStrategy[str]:
    """The names of fields, of their entries, and of nothing at all."""
    known = sorted({*good(lesson), *(f.name for f in fields(lesson.default))})
    entry = st.sampled_from(["0", "1", ":", "0.0", "0.1", ":.0", ":.1", "9", "-1", "x", "", "."])
    dotted = st.tuples(st.sampled_from(known), entry).map(".".join)
    return st.one_of(st.sampled_from(known), dotted, WORDS)


def changes(lesson: Lesson) -> st.SearchStrategy[dict[str, Any]]:
    """Changes of a few controls, some of them good."""
    fine = st.sampled_from([(n, v) for n, values in good(lesson).items() for v in values])
    pair = st.one_of(fine, st.tuples(names(lesson), st.one_of(NUMBERS, JSON)))
    some = st.lists(pair, max_size=4).map(dict)
    if OWN_TEXT not in lesson.default.plain():
        return some
    return st.one_of(some, some, st.tuples(own_problems(), some).map(lambda t: {**t[0], **t[1]}))


OWN_TEXT = "text"
"""The field in which a reader states a problem of their own."""


def own_problems() -> st.SearchStrategy[dict[str, Any]]:
    """A text that the grammar allows, on Hubble's data or on none, and how it is run."""
    return st.fixed_dictionaries(
        {
            "problem": st.just(OWN),
            "source": st.sampled_from(["none", "hubble"]),
            OWN_TEXT: texts(("a", "b"), "velocity", "distance"),
            "metric": st.sampled_from(sorted(metrics)),
            "rules": st.lists(st.sampled_from([BY_METRIC, *rules]), max_size=3),
        },
        optional={
            "chart": st.sampled_from(sorted(charts)),
            "graph": st.sampled_from(["kl", "loss"]),
        },
    )


def asks(lesson: Lesson) -> st.SearchStrategy[dict[str, Any]]:
    """Asks: mostly of the right form, with anything in their places, and sometimes of none."""
    plain = lesson.default.plain()
    states = st.one_of(
        st.just(plain),
        changes(lesson).map(lambda built: {**plain, **built}),
        st.just({}),
    )
    formed = st.fixed_dictionaries(
        {"ask": st.integers(0, 9), "state": states, "set": changes(lesson)},
        optional={
            "have": st.lists(anything(8), max_size=3),
            "fine": st.integers(0, 3),
            "reset": st.booleans(),
            "query": links(lesson),
            "lang": LANGUAGES,
            "speak": st.booleans(),
        },
    )
    exporting = st.fixed_dictionaries(
        {"ask": st.integers(0, 9), "export": st.sampled_from(["python", "cite"]), "state": states},
        optional={"link": st.one_of(links(lesson), WORDS), "lang": LANGUAGES},
    )
    keys = ("state", "set", "have", "fine", "reset", "query", "hold", "one", "lang", "speak")
    free = st.fixed_dictionaries(
        {"ask": st.none()},
        optional={**dict.fromkeys(keys, JSON), "link": JSON, "export": JSON.filter(not_a_page)},
    )
    return st.one_of(formed, formed, formed, formed, exporting, free)


def not_a_page(export: Any) -> bool:
    """Saved pages have tests of their own, because they request hundreds of answers."""
    return export != "html"


def links(lesson: Lesson) -> st.SearchStrategy[str]:
    """Query strings: a link's own names with anything after them, and noise."""
    shorts = st.sampled_from([f.metadata["short"] for f in fields(lesson.default)] + ["v", "zz"])
    value = st.one_of(
        WORDS,
        NUMBERS.map(str),
        st.lists(NUMBERS, max_size=6).map(lambda row: ",".join(map(str, row))),
    )
    part = st.tuples(shorts, value.map(lambda text: quote(text, errors="replace")))
    whole = st.lists(part.map("=".join), max_size=6).map("&".join)
    return st.one_of(whole, whole, anything(40))
