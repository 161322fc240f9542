"""The home page's map: every lesson once, every correction where a claim shows how it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, select_autoescape

from natgrad_lecture.export import static_site
from natgrad_lecture.export.static_site import TEMPLATE, write_lists
from natgrad_lecture.lecture_map import BEYOND, MAP, STARTS, Correction, atlas, corrections, home
from natgrad_lecture.lessons import lessons
from natgrad_lecture.server.page_handlers import addresses
from natgrad_lecture.state.link import read_query
from natgrad_lecture.text.home import home_text
from natgrad_lecture.text.languages import ENGLISH, accepted_languages, home_languages
from natgrad_lecture.text.lesson_text import opening_of
from natgrad_lecture.text.markdown import words

PLAIN = addresses("")
CORRECTIONS = [each for section in home_text().sections for each in corrections(section)]


def test_every_lesson_is_on_the_map_once_and_in_the_lectures_order() -> None:
    shown = [name for part in atlas(lessons, PLAIN) for name in part["lessons"]]
    assert sorted(shown) == sorted(lessons)
    assert [lessons[name].order for name in shown] == sorted(lessons[n].order for n in shown)


def test_the_sections_are_the_lectures_own() -> None:
    assert [part.number for part in MAP] == ["2", "3", "4.1", "4.2"]
    assert {part["number"] for part in atlas(lessons, PLAIN)} == {"2", "3", "4.1", "4.2", ""}
    assert [section.id for section in home_text().sections] == [*(p.id for p in MAP), BEYOND]


@pytest.mark.parametrize("correction", CORRECTIONS, ids=lambda it: f"{it.lesson}:{it.claim}")
def test_a_correction_leads_to_the_state_in_which_its_claim_holds(correction: Correction) -> None:
    (found,) = (
        each["link"]
        for part in atlas(lessons, PLAIN)
        for each in part["corrections"]
        if each["html"] == correction.html
    )
    lesson = lessons[correction.lesson]
    name, _, query = found.partition("?")
    assert name == correction.lesson
    state, dropped = read_query(query, lesson.default)
    assert dropped == []
    assert lesson.claims[correction.claim].check(lesson.model(state)) is True


def test_the_corrections_are_those_that_the_facts_list() -> None:
    """Section 5 of the facts: the sign, the squared length, the definiteness, 4.1, Taylor."""
    said = " ".join(home_text().claims[f"{it.lesson}.{it.claim}"].source for it in CORRECTIONS)
    for phrase in ("is a loss", "squared length", "semi", "change of", "second-order"):
        assert phrase in said, phrase


def test_only_a_correction_holds_mathematics() -> None:
    text = home_text()
    beside = [said for name, said in text.units.items() if not name.startswith("claim-")]
    assert [said for said in beside if words(said).formulas or re.search("[=∇⊤]", said)] == []


def test_no_sentence_is_long() -> None:
    for said in home_text().units.values():
        for sentence in re.split(r"(?<=[.?!])\s", re.sub(r"\$[^$]*\$", "x", said)):
            assert len(sentence.split()) <= 20, sentence


def test_the_other_starts_are_lessons() -> None:
    assert set(STARTS) <= set(lessons)


@pytest.mark.parametrize("language", home_languages())
def test_the_home_page_speaks_a_language_wherever_a_lesson_does(language: str) -> None:
    text = home_text(language)
    shown = home(lessons, lambda lesson: "", addresses(language), language)
    templates = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=select_autoescape())
    page = templates.get_template("home.html").render(script={"src": ""}, **shown)
    assert f'<html lang="{language}">' in page
    for other in home_languages():
        assert (f'href="home?lang={other}">' in page) is (other != language)
    for said in (text.title, text.takeaway, text.phrases["live"], text.phrases["corrections"]):
        assert said in page
    for name, lesson in lessons.items():
        spoken = language in lesson.languages
        card = page[page.index(f'<a href="{name}?lang={language}"><img') :]
        opening = opening_of(lesson.folder, language if spoken else ENGLISH)
        whole = lesson.text(language if spoken else ENGLISH)
        assert (opening.title, opening.takeaway) == (whole.title, whole.takeaway)
        assert f". {opening.title}</h3>" in (card := card.partition("</a>")[0])
        assert (f"<p>{text.phrases['only']}</p>" in card) is not spoken


def test_a_link_keeps_the_language_that_was_asked_for() -> None:
    assert addresses("")("newton", "v=1") == "newton?v=1"
    assert addresses("zh")("newton", "v=1") == "newton?v=1&lang=zh"
    assert addresses("xx")("newton") == "newton"
    assert addresses("zh")("home", language="en") == "home?lang=en"


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", ["zh", "zh", "en"]),
        ("en;q=0.5, zh-Hans", ["zh", "en"]),
        ("zh;q=0, en;q=x, de", ["de"]),
        ("", [""]),
    ],
)
def test_the_browsers_languages_are_read_best_first(header: str, languages: list[str]) -> None:
    assert accepted_languages(header) == languages


def test_an_exported_list_leads_to_the_page_in_its_language_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static_site, "thumbnail", lambda lesson: "<svg/>")
    row = [lessons["newton"], lessons["coordinates"]]
    write_lists(tmp_path, row, {"newton.html", "newton.zh.html", "coordinates.html"})
    chinese = (tmp_path / "index.zh.html").read_text("utf-8")
    links = set(re.findall(r'<a [^>]*href="([^"]+)"', chinese))
    assert {"newton.zh.html", "coordinates.html", "index.html?lang=en"} <= links
    assert "glossary.zh.html?lang=zh" in links
    assert '<link rel="alternate' not in chinese
    english = (tmp_path / "index.html").read_text("utf-8")
    assert '<link rel="alternate" hreflang="zh" href="index.zh.html?lang=zh">' in english
