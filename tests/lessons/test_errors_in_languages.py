"""What Python says to a reader exists in every language: refusals, and the server's own pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from natgrad_lecture.lessons import lessons
from natgrad_lecture.nearest import NO_PICTURE, NOT_EXPORTED, UNFORESEEN, sentence, why
from natgrad_lecture.session import Live
from natgrad_lecture.text.catalogs import Words, shared_words, words
from natgrad_lecture.text.languages import ENGLISH, home_languages
from natgrad_lecture.text.page_words import page_words
from natgrad_lecture.time_limit import LONGEST, TookTooLong

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "app/natgrad_lecture/templates"
OTHERS = home_languages()[1:]

REFUSALS = ("refuse", "BadInput", "ExpressionError", "UnreadableData")
"""What is called with the words of a refusal."""

SHARED = sorted((ROOT / "app/natgrad_lecture/state").glob("*.py"))
TYPED = [
    *sorted((ROOT / "natgrad_core/expressions").glob("p*.py")),
    ROOT / "natgrad_core/expressions/rows.py",
    ROOT / "natgrad_core/expressions/tokens.py",
    ROOT / "natgrad_core/datasets/pasted.py",
]
"""What refuses a control's value, and what refuses a line or a table that a reader types."""


def filled(node: ast.expr) -> str:
    """The text of a string with a quotation in each hole; empty if the node is no string.

    A hint, which may be empty, is left out.
    """
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if not isinstance(node, ast.JoinedStr):
        return ""
    said = ""
    for part in node.values:
        if isinstance(part, ast.Constant):
            said += str(part.value)
        elif ast.unparse(part).startswith("{_count("):
            said += "'0' values"
        elif not re.match(r"\{(hint|near|_nearest\(.*)\}", ast.unparse(part)):
            said += "'0'"
    return said


def refusals(source: str) -> Iterator[tuple[int, str]]:
    """Yield what a source refuses with, with its line: texts of three words or more."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            for text in map(filled, node.args if name in REFUSALS else []):
                if len(text.split()) >= 3:
                    yield node.lineno, text


def unsaid(path: Path, say: Words) -> list[str]:
    """The refusals of a file that a language lacks."""
    found = []
    for line, text in refusals(path.read_text("utf-8")):
        say.missing.clear()
        say(text)
        if say.missing:
            found.append(f"{path.name}:{line}: {text}")
    return found


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.stem)
def test_a_control_refuses_in_every_language(path: Path, language: str) -> None:
    say = shared_words(language)
    assert isinstance(say, Words)
    assert unsaid(path, say) == []


@pytest.mark.parametrize("language", lessons["playground"].languages[1:])
@pytest.mark.parametrize("path", TYPED, ids=lambda path: path.stem)
def test_what_a_reader_types_is_refused_in_every_language(path: Path, language: str) -> None:
    assert unsaid(path, words(language, lessons["playground"].folder)) == []


def test_refusals_are_found_with_their_holes() -> None:
    source = 'raise BadInput("rate", f"no {what} {name!r}{hint}; there are {there}")\n'
    assert list(refusals(source)) == [(1, "no '0' '0'; there are '0'")]
    assert list(refusals('say("these are no words of an error")')) == []


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_said_of_any_failure_is_said_in_every_language(language: str) -> None:
    say = shared_words(language)
    assert isinstance(say, Words)
    reasons = [UNFORESEEN, why(TookTooLong(LONGEST)), why(MemoryError())]
    for said in (NO_PICTURE, NOT_EXPORTED, *map(sentence, reasons), f"the state ({UNFORESEEN})"):
        assert not set(re.findall(r"\w{5,}", said)) & set(re.findall(r"\w{5,}", say(said))), said
    assert not say.missing


@pytest.mark.parametrize("language", OTHERS)
def test_what_cannot_be_made_is_refused_in_the_language_of_the_page(language: str) -> None:
    live = Live(lessons["coordinates"])
    for ask in ({"export": "poem"}, {"look": {"rate": "x"}}):
        refused, _ = live.respond({"ask": 1, "lang": language, **ask})
        assert not re.search(r"\b(there|the|page)\b", refused["fault"]), refused


@pytest.mark.parametrize("language", OTHERS)
def test_the_first_words_of_a_script_are_in_the_language_of_the_page(language: str) -> None:
    from natgrad_lecture.export.kinds import EXPORTS

    lesson = lessons["coordinates"]
    text = EXPORTS["python"](lesson, lesson.first, "https://example.org/x", language)
    head = str(text).split('"""')[1]
    assert lesson.text(language).title in head
    assert not re.search(r"\b(needs|page|folder)\b", head), head


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.stem)
def test_a_template_says_nothing_itself(path: Path) -> None:
    html = re.sub(r"(?s)<style>.*?</style>|\{[{%#].*?[}%#]\}|<[^>]*>", " ", path.read_text("utf-8"))
    assert re.findall(r"[^\W\d_]{3,}", html) == []
    named = re.findall(r'\b(?:content|alt|title|aria-label)="([^"{]*)"', path.read_text("utf-8"))
    known = r"width=device.*|light dark|article|image/png|summary_large_image|\d*"
    assert [said for said in named if not re.fullmatch(known, said)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_the_server_s_pages_fill_in_the_same_in_every_language(language: str) -> None:
    for name, said in page_words(ENGLISH).items():
        assert re.findall(r"\{\w+\}", page_words(language)[name]) == re.findall(r"\{\w+\}", said)
        assert page_words(language)[name] != said or name == "code-is"
