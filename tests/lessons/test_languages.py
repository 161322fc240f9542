"""A lesson in another language says all that it says in English, and its formulas stay the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from natgrad_lecture.drawing.numbers import typeset
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.session import Live
from natgrad_lecture.text.__main__ import main
from natgrad_lecture.text.catalogs import HERE, Words, pairs, spoken, words
from natgrad_lecture.text.home import home_text
from natgrad_lecture.text.languages import home_languages
from natgrad_lecture.text.lesson_text import ENGLISH, read
from natgrad_lecture.text.translations import accept, lag, pairs_of_files, report

TRANSLATED = [
    pytest.param(language, name, id=f"{language}-{name}")
    for name in lessons
    for language in lessons[name].languages[1:]
]
FILES = pairs_of_files()
WORDS = Path(__file__).resolve().parents[2] / "app/frontend/src/i18n"
OTHERS = sorted(path for path in WORDS.glob("??.js") if path.stem != ENGLISH)


def hear_all(language: str, name: str) -> Words:
    """The words of a lesson after it has said whatever it can say; what it says after a click on a
    claim is heard with what is seen there (test_shows.py).
    """
    lesson, say = lessons[name], words(language, lessons[name].folder)
    say.missing.clear()
    page_data(lesson, language)
    live = Live(lesson)
    shown = [preset.set for preset in lesson.presets]
    shown += [asked.set for asked in lesson.questions.values()]
    for changes in shown:
        live.respond({"ask": 1, "reset": True, "set": dict(changes), "lang": language})
    answers = [f"{asked}:0" for asked in lesson.questions]
    last = live.respond({"ask": 1, "reset": True, "set": {"answers": answers}, "lang": language})[0]
    if "more" in last:  # a picture that grows says more of itself when there is more of it
        live.respond({"ask": 2, "fine": last["more"], "lang": language})
    return say


@pytest.mark.parametrize(("language", "name"), TRANSLATED)
def test_nothing_that_a_lesson_says_is_left_in_english(language: str, name: str) -> None:
    say = hear_all(language, name)
    assert not say.missing, "\n".join(sorted(say.missing))


@pytest.mark.parametrize(("language", "name"), TRANSLATED)
def test_what_is_wrong_with_a_control_is_said_in_the_language(language: str, name: str) -> None:
    live, say = Live(lessons[name]), words(language, lessons[name].folder)
    say.missing.clear()
    groups = live.lesson.control_groups()
    controls = [control for group in groups for control in group["controls"]]
    numbers = ("x", 0, 1.5, -1e12, 1e12)
    typed: dict[str, tuple[Any, ...]] = {
        control["field"]: numbers for control in controls if control["kind"] in ("number", "slider")
    }
    for field, values in {
        "k": (1.5, -1),
        "matrix.0.0": numbers,
        "metric.0.0": numbers,
        "rules": ([],),
        "start": ((5.0, -1.0), (5.0, 5e-324), (1.0,)),
    }.items():
        if field.partition(".")[0] in live.lesson.default.values():
            typed[field] = values
    refused, others = 0, [said for text, said in say.texts.items() if said != text]
    holes = (
        ".+".join(map(re.escape, said.split("{}"))) for said in others if said.strip("{}; :：")
    )
    translated = re.compile("|".join(holes), re.S)
    for field, values in typed.items():
        for value in values:
            change = {field: value}
            errors = lessons[name].opened().set(change)
            said = spoken({"errors": errors}, say)["errors"]
            if not errors:  # refused, if at all, by the picture
                asked = {"ask": 1, "reset": True, "set": change, "lang": language}
                said = live.respond(asked)[0]["errors"]
            refused += any(translated.fullmatch(typeset(text)) for text in said.values())
    assert refused > len(groups)
    assert not say.missing, "\n".join(sorted(say.missing))


@pytest.mark.parametrize(("english", "other"), FILES, ids=lambda path: "-".join(path.parts[-2:]))
def test_a_translation_has_every_id_and_every_formula_of_the_english(
    english: Path, other: Path
) -> None:
    found = lag(english, other)
    assert (found.missing, found.unknown, found.formulas) == ((), (), ()), str(found)


def said_otherwise(english: Path, other: Path, shared: Mapping[str, str]) -> list[str]:
    """What a lesson says in other words than all lessons do, words in its formulas included."""
    own = [*pairs(english, other).items()]
    ours, theirs = read(english).units, read(other).units
    for name in ours.keys() & theirs.keys():
        found = (re.findall(r"\\text\{([^}]*)\}", each[name]) for each in (ours, theirs))
        own += zip(*([word.strip(" :,：，") for word in part] for part in found), strict=False)
    return [
        f"{text}: {said}, not {shared[text]}"
        for text, said in own
        if shared.get(text, said) != said
    ]


@pytest.mark.parametrize(
    ("english", "other"),
    [files for files in FILES if files[0].stem == "text"],
    ids=lambda path: "-".join(path.parts[-2:]),
)
def test_what_all_lessons_say_each_says_in_the_same_words(english: Path, other: Path) -> None:
    assert (
        said_otherwise(
            english, other, pairs(HERE / "common.md", HERE / f"common{other.suffixes[0]}.md")
        )
        == []
    )


def test_a_word_that_all_lessons_say_and_one_says_otherwise_is_found(tmp_path: Path) -> None:
    english, other = tmp_path / "text.md", tmp_path / "text.xx.md"
    line = "- `k` $x\\ \\text{{{step}}}$\n"
    text = "# A\n\nB.\n\n::: formulas\n" + line + ":::\n\n::: phrases\n- `said` {step}\n:::\n"
    english.write_text(text.format(step="step"))
    for step, found in (("Schritt", []), ("Tritt", 2 * ["step: Tritt, not Schritt"])):
        other.write_text(text.format(step=step))
        read.cache_clear()
        assert said_otherwise(english, other, {"step": "Schritt"}) == found


def test_what_is_missing_unknown_wrong_or_changed_is_listed(tmp_path: Path) -> None:
    english, other = tmp_path / "text.md", tmp_path / "text.xx.md"
    english.write_text(
        "# A\n\nOne.\n\n## B {#b}\n\n[Is $x$.](#claim-c) [It is $y$.](#claim-d)\n\n"
        "::: legend\n- `k` a {hole}\n- `l` blue\n:::\n"
    )
    other.write_text(
        "# A\n\nUn.\n\n## B {#b}\n\n[Soit $z$.](#claim-c) [Soit.](#claim-e)\n\n"
        "::: legend\n- `k` un trou\n- `l` bleu\n:::\n"
    )
    found = lag(english, other)
    assert (found.missing, found.unknown) == (("claim-d",), ("claim-e",))
    assert found.formulas == ("claim-c", "legend-k")
    accept(english, other)
    assert lag(english, other).changed == ()
    english.write_text(english.read_text().replace("blue", "bluer"))
    read.cache_clear()
    assert lag(english, other).changed == ("legend-l",)
    assert "English changed: legend-l" in str(lag(english, other))


def test_words_within_a_formula_are_translated_and_the_formula_is_not(tmp_path: Path) -> None:
    english, other = tmp_path / "text.md", tmp_path / "text.xx.md"
    text = "# A\n\nOne.\n\n## B {#b}\n\n[It is $x \\text{ with } y$.](#claim-c)\n"
    english.write_text(text)
    for formula, wrong in ((r"x\text{, avec }y", ()), (r"y\text{ avec }x", ("claim-c",))):
        other.write_text(text.replace(r"x \text{ with } y", formula))
        read.cache_clear()
        assert lag(english, other).formulas == wrong


def test_the_command_lists_what_lags(capsys: pytest.CaptureFixture[str]) -> None:
    said = report()
    assert main([]) == bool(said)
    assert (said or "every translation says what the English says") in capsys.readouterr().out


def test_a_translation_is_accepted_by_a_name_that_fits_one_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, said in (("text.zh.md", "translations are called"), ("no/text.zh.md", "no no/")):
        with pytest.raises(SystemExit):
            main(["--accept", name])
        assert said in (printed := capsys.readouterr().err), printed
        assert "newton/text.zh.md" in printed


def test_three_lessons_at_least_are_translated() -> None:
    three = {"coordinates", "newton", "steepest-descent"}
    for language in home_languages()[1:]:
        there = {case.values[1] for case in TRANSLATED if case.values[0] == language}
        assert three <= there


def test_a_text_with_holes_translates_its_parts() -> None:
    texts = {
        "{}; {}": "{}；{}",
        "{}: {}, gap {}": "{}：{}，差 {}",
        "gradient descent": "P",
        "differ": "S",
    }
    say = Words(ENGLISH, texts)
    assert (
        say("gradient descent: differ, gap 0.41; gradient descent: differ, gap 2")
        == "P：S，差 0.41；P：S，差 2"
    )
    diverged = {"{}: {} at the end": "{}：末 {}", "{} – {}": "{}，{}", "fell at {}": "在 {} 处落下"}
    joined = Words(ENGLISH, {**texts, **diverged})
    said = "A: 1 at the end; B: 2 at the end – fell at 3; C: 4 at the end"
    assert joined(said) == "A：末 1；B：末 2，在 3 处落下；C：末 4"
    assert say("no such thing") == "no such thing"
    assert say.missing == {"no such thing"}


def test_lines_and_lists_are_said_part_by_part_and_what_was_typed_stays() -> None:
    say = Words(ENGLISH, {"{} is missing": "{} fehlt", "normal": "N", "beta": "B", "own": "E"})
    assert say("'own' is missing\nbeta\n  ^\nnormal, beta") == "'own' fehlt\nbeta\n  ^\nN, B"
    assert say("'dose', 'dead'") == "'dose', 'dead'"
    assert not say.missing
    assert say("normal, other") == "normal, other"
    assert say.missing == {"normal, other"}


def test_a_table_is_said_by_its_head_and_the_names_of_its_rows() -> None:
    say = Words(ENGLISH, {"rule": "R", "natural": "N"})
    table = {"head": ["rule", "natural"], "rows": [["natural", "12°", 3.0]]}
    assert spoken({"numbers": table}, say) == {
        "numbers": {"head": ["R", "N"], "rows": [["N", "12°", 3.0]]}
    }


def test_the_marks_of_axes_are_said_where_they_are_words() -> None:
    say = Words(ENGLISH, {"layer {}": "L {}", "units": "U"})
    ticks = [[(0.5, "layer 1"), (1.5, "10⁻³")], [(0.5, "units"), (1.0, "−0.5"), (2.0, "π")]]
    said = [[[0.5, "L 1"], [1.5, "10⁻³"]], [[0.5, "U"], [1.0, "−0.5"], [2.0, "π"]]]
    assert spoken({"planes": [{"ticks": ticks}]}, say) == {"planes": [{"ticks": said}]}
    assert not say.missing


def test_an_id_of_two_words_does_not_lag(tmp_path: Path) -> None:
    english, other = tmp_path / "text.md", tmp_path / "text.xx.md"
    for path, said in ((english, "blue"), (other, "blau")):
        path.write_text(f"# A\n\nB.\n\n::: legend\n- `batch norm` {said}\n:::\n")
    accept(english, other)
    assert lag(english, other).changed == ()


def test_a_language_that_a_lesson_has_not_is_answered_in_english() -> None:
    live = Live(lessons["coordinates"])
    here, _ = live.respond({"ask": 1, "lang": "xx", "speak": True})
    assert here["lesson"]["language"] == ENGLISH
    assert here["description"] == live.respond({"ask": 1})[0]["description"]


KEY = re.compile(r'^ +(?:"([^"]+)"|([\w$]+)):(?= |$)', re.M)
"""A message's key, quoted or not, in a catalog of the front end."""


def keys(catalog: str) -> list[str]:
    """The keys of one language's messages, sorted."""
    return sorted(quoted or bare for quoted, bare in KEY.findall(catalog))


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_the_front_end_says_everything_in_every_language(path: Path) -> None:
    english, other = ((WORDS / name).read_text("utf-8") for name in ("en.js", path.name))
    assert {"login", "log-in", "math-∇", "one-at-a-time"} <= set(keys(english))
    assert keys(other) == keys(english)
    assert any(file.suffixes[0] == f".{path.stem}" for _, file in FILES)


def test_the_front_end_calls_languages_as_the_home_page_does_and_fetches_them() -> None:
    said = (WORDS / "language.js").read_text("utf-8")
    (names,) = re.findall(r"^const NAMES = \{ (.*) \};$", said, re.M)
    fetched = re.findall(r'(\w\w): \(\) => import\("\./(\w\w)\.js"\)', said)
    called = dict(re.findall(r'(\w\w): "([^"]+)"', names))
    assert called == {each: home_text(each).phrases["language"] for each in home_languages()}
    assert fetched == [(path.stem, path.stem) for path in OTHERS]
    assert sorted(called) == sorted([ENGLISH, *(path.stem for path in OTHERS)])


def test_a_class_says_everything_in_every_language() -> None:
    catalog = (WORDS / "classroom.js").read_text("utf-8")
    parts = dict(re.findall(r"^  (\w\w): \{\n(.*?)^  \}", catalog, re.M | re.S))
    assert set(parts) == {ENGLISH, *(path.stem for path in OTHERS)}
    assert {"waiting", "put-away"} <= set(keys(parts[ENGLISH]))
    assert all(keys(part) == keys(parts[ENGLISH]) for part in parts.values())


def test_chinese_says_you_in_one_way() -> None:
    files = [*WORDS.glob("*.js"), *WORDS.parents[2].rglob("natgrad_lecture/**/*.zh.md")]
    said = {str(path): path.read_text("utf-8") for path in files}
    assert sum("您" in text for text in said.values()) > 5
    assert not [name for name, text in said.items() if "你" in text]
