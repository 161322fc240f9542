"""Names in code are the field's standard terms: identifiers, keys, files, tests and styles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from natgrad_lecture.lesson_names import RENAMED
from tests.docs.test_words import FILES, ROOT

NOUNS = {
    "door|doors": "access check, websocket handler",
    "ink|inks|inked": "style",
    "jet|jets": "forward-mode derivatives",
    "lane|lanes": "batched loop",
    "miniature|miniatures": "thumbnail",
    "nought": "zero",
    "nursery": "fork client",
    "patience": "time limit",
    "referee|referees|witness|witnesses": "reference",
    "rival|rivals": "baseline",
    "road|roads": "geodesic, path",
    "shelf|shelves": "registry, cache",
    "standin|standins": "approximation",
    "surprise|surprises": "negative log-likelihood",
    "thrown": "diverged",
    "twin|twins": "paired runs, counterpart",
    "zygote": "fork server",
}
"""Words that no name has, be it of a test."""

OF_CODE = {
    "heavy": "slow",
    "made": "built; provenance",
    "told": "what it is: message, options, …",
    "ways": "what they are: directions, methods, …",
}
"""Words that no name has but a test's, which is a sentence."""

WHOLE = {
    "Seen|Shown": "model",
    "StandIns": "approximations",
    "SPLIT": "DIFFER",
    "home_in_x|away_in_theta": "in_x, in_theta",
}
"""Whole names that stand for something else."""

HERE = {
    "app/frontend/": {"stage|Stage": "picture, host", "makeTake|makePace": "export, throttle"},
    "app/natgrad_lecture/drawing/": {"home|away": "in_theta, in_x"},
    "app/natgrad_lecture/engine_cache.py": {"home|away": "in_theta, in_x"},
    "app/natgrad_lecture/lessons/": {"home|away": "in_theta, in_x", "see|seen": "model"},
    "app/natgrad_lecture/paired_runs.py": {"home|away": "in_theta, in_x"},
    "app/natgrad_lecture/protocol.py": {"take|taken": "export, exported"},
    "natgrad_core/": {"home|away": "in_theta, in_x"},
}
"""Whole names that are private nouns in one place, and may be English in another."""

STANDARD = {"connection_made", "heavy_ball", "heavy"}
"""Names of others: the heavy ball is momentum (Polyak 1964), the connection is asyncio's."""

SKIPPED = ("app/frontend/src/i18n/", "tests/docs/test_")
"""Sentences, and the tests that hold these words."""

IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*")
PYTHON = re.compile(
    r"""\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\#[^\n]*|[A-Za-z_]\w*""",
    re.DOTALL,
)
"""Strings, comments and identifiers: a string or comment is found whole, and skipped."""
PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
JS_COMMENT = re.compile(r"/\*.*?\*/|(?<![:'\"`])//[^\n]*", re.DOTALL)
TEXTS = sorted((ROOT / "app/natgrad_lecture/lessons").glob("*/text.md"))
IDS = set(RENAMED).union(
    *(re.findall(r"#(?:claim-)?([\w-]+)", text.read_text("utf-8")) for text in TEXTS)
)
"""What links may hold: they keep their words, so that old links still open."""


def names(path: Path, text: str) -> Iterator[str]:
    """Yield the names that a source file has: identifiers, keys, and its own."""
    yield path.stem
    if path.suffix == ".py":
        for token in PYTHON.findall(text):
            word = token.strip("\"'")
            if IDENTIFIER.fullmatch(word) and (word == token or word not in IDS):
                yield word
    else:
        yield from IDENTIFIER.findall(JS_COMMENT.sub("", text))


def banned(path: Path, text: str) -> set[tuple[str, str]]:
    """Return the names in a file that are private nouns, each with what to write instead."""
    name = path.relative_to(ROOT).as_posix()
    here = {
        of: to for place, some in HERE.items() if name.startswith(place) for of, to in some.items()
    }
    whole = [(re.compile(of), to) for of, to in {**WHOLE, **here}.items()]
    parts = {
        word: to
        for some in (NOUNS, OF_CODE)
        for words, to in some.items()
        for word in words.split("|")
    }
    nouns = {word for words in NOUNS for word in words.split("|")}
    found: set[tuple[str, str]] = set()
    for each in set(names(path, text)) - STANDARD:
        of_test = each.startswith("test_")
        words = {part.lower() for part in PARTS.findall(each.replace("stand_in", "standin"))}
        found |= {(each, parts[word]) for word in words & (nouns if of_test else parts.keys())}
        found |= {(each, to) for of, to in whole if of.fullmatch(each)}
    return found


SOURCES = [
    path
    for path in FILES
    if path.suffix in (".py", ".js", ".mjs", ".css")
    and not path.relative_to(ROOT).as_posix().startswith(SKIPPED)
]


def test_names_are_standard_terms() -> None:
    """The protocol's names are those of the page, since both are read."""
    found = {
        path.relative_to(ROOT).as_posix(): wrong
        for path in SOURCES
        if (wrong := banned(path, path.read_text("utf-8")))
    }
    assert not found, "\n".join(
        f"{name}: {', '.join(f'{each} -> {to}' for each, to in sorted(wrong))}"
        for name, wrong in sorted(found.items())
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("natgrad_core/a.py", "def run_made() -> None: ..."),
        ("natgrad_core/a.py", "path.home"),
        ("natgrad_core/jet.py", ""),
        ("app/natgrad_lecture/a.py", 'trace = {"ink": 1}'),
        ("app/natgrad_lecture/lessons/fisher/a.py", "class Seen: ..."),
        ("app/frontend/src/a.js", "const shelf = makeShelf();"),
        ("app/frontend/styles/a.css", ".miniature { color: red }"),
        ("tests/a.py", "def test_a_rule_is_its_own_witness(): ..."),
    ],
)
def test_a_private_noun_is_seen(name: str, text: str) -> None:
    assert len({each for each, _ in banned(ROOT / name, text)}) >= 1


def test_a_theorem_and_an_id_in_links_may_have_ordinary_words() -> None:
    text = 'def test_a_run_is_made_again(): ...\nCLAIMS = {"thrown": 1}\nheavy_ball = 0\n'
    assert banned(ROOT / "tests/a.py", text) == set()
