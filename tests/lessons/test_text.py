"""A lesson's text is read as it is written, and what cannot be read is said in one sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from natgrad_lecture.controls import options_of
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.text.lesson_text import LessonText, phrases, read_text
from tests.lessons.letters import letters, says

WHOLE = """# A title

What to remember.

## Why it is so {#why}

Look at $not$ this: [a *claim*, $x < 1$.](#claim-one) More
words.

- [$y$ is a symbol.]{.definition}
- [A second claim.](#claim-two)

::: question {#which}
Which one?

- $x$
- $y$

Because of $z$.
:::

## Limits {#limits}

None.

::: presets
- [a start](#start-αβ) See
  it.
:::

::: formulas
- `line` $a = @a@$ $b = @b:vector@$ A caption.
:::

::: controls
- `group` A heading
  - `field` a label

    > its help

    - `option` an option
:::

::: legend
- `style` what is drawn
:::

::: phrases
- `said` {n} of {whole:.2f}
:::
"""


@pytest.fixture(scope="module")
def text() -> LessonText:
    return read_text(WHOLE)


def test_a_text_holds_what_was_written(text: LessonText) -> None:
    assert (text.title, text.takeaway) == ("A title", "What to remember.")
    assert [(part.id, part.heading) for part in text.sections] == [
        ("why", "Why it is so"),
        ("limits", "Limits"),
    ]
    assert {name: words.source for name, words in text.claims.items()} == {
        "one": "a *claim*, $x < 1$.",
        "two": "A second claim.",
    }
    kinds = [sentence.kind for sentence in text.sections[0].sentences]
    assert kinds == ["plain", "claim", "plain", "definition", "claim"]
    asked = text.questions["which"]
    assert asked.asked.source == "Which one?"
    assert [option.source for option in asked.options] == ["$x$", "$y$"]
    assert asked.reason.source == "Because of $z$."
    assert text.presets == {"start-αβ": ("a start", "See it.")}
    (line,) = text.formulas
    assert (line.parts, line.say) == (("a = @a@", "b = @b:vector@"), "A caption.")
    assert text.labels["group", "field", "option"] == "an option"
    assert text.helps == {("group", "field"): "its help"}
    assert text.legend == {"style": "what is drawn"}
    assert text.phrases == {"said": "{n} of {whole:.2f}"}


def test_a_section_is_paragraphs_and_lists_in_which_every_claim_is_an_item(
    text: LessonText,
) -> None:
    html = text.sections[0].html
    begins = [html.index(part) for part in ("<p>Look at", '<ul class="claims"><li><a', "<p>More")]
    assert begins == sorted(begins)
    assert html.count("<p>") == html.count("</p>") == 2
    assert html.count("<li>") == html.count("</li>") == 3
    one = '<a class="claim" data-claim="one">a <em>claim</em>, <span class="held"><math'
    assert one in html
    assert html.count('<ul class="claims">') == 2
    assert html.endswith('</li></ul><div data-place="question"></div>')


def test_no_space_follows_a_chinese_stop_where_a_line_ended() -> None:
    text = read_text(
        "# 题\n\n要点。\n\n## 节 {#why}\n\n"
        "图是 $x$。\n[定义在此；\n又 $y$。]{.definition}\n末句。\n"
    )
    html = text.sections[0].html
    assert "。 " not in html
    assert "； " not in html
    assert html.endswith("</span>末句。</p>")
    assert "图是 <span" in html


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (" {#why}", "", "the heading 'Why it is so' needs an id"),
        ("## Limits {#limits}", "## Limits {#why}", "two parts have the id 'why'"),
        ("#claim-two", "#claim-one", "two parts have the id 'claim-one'"),
        ("#claim-two", "http://elsewhere", "a link leads to a claim, #claim-…"),
        ("{.definition}", "{.defined}", "takes {.definition} only"),
        ("$y$ is", "$y is", r"a \$ without its partner"),
        ("None.", "> None.", "a lesson's text has no blockquote"),
        ("- $x$\n- $y$\n", "", "the question 'which' is a paragraph that asks"),
        (" {#which}", "", "a question has an id"),
        ("- `style` what", "- what", "an item begins with its id"),
        ("[a start](#start-αβ)", "a start", "a preset is - "),
        ("See\n  it.", "See $x$.", "line .*: a preset's name and line are without formulas"),
        ("What to remember.", "What.\n\nAnd more.", "one line, the takeaway"),
        ("::: presets", "::: preset", "line .*: '::: preset' neither opens nor closes a block"),
        ("[a start](#start-αβ) See\n  it.", "", "line .*: an item of a list begins with words"),
    ],
)
def test_what_cannot_be_read_is_said(old: str, new: str, said: str) -> None:
    assert old in WHOLE
    with pytest.raises(ValueError, match=said):
        read_text(WHOLE.replace(old, new))


def test_an_id_that_the_text_or_the_python_lacks_is_named() -> None:
    lesson = lessons["fisher"]
    less = {name: claim for name, claim in lesson.claims.items() if name != "third"}
    with pytest.raises(ValueError, match="'third' stands in text"):
        replace(lesson, claims=less).text()
    with pytest.raises(ValueError, match=r"'new' stands in Python.* \[its name\]\(#new\)"):
        replace(lesson, sets={**lesson.sets, "new": {}}).text()


def test_a_lesson_begins_with_a_title_and_a_takeaway(tmp_path: Path) -> None:
    (tmp_path / "text.md").write_text("## Why {#why}\n\nBecause.\n", "utf-8")
    empty = replace(lessons["fisher"], file=str(tmp_path / "__init__.py"))
    with pytest.raises(ValueError, match="begins with its title"):
        empty.text()


ALONE = re.compile(
    r"(?!It is (?:not true|often said) that)(?:(?:Its|This|That|These|Their|Then|There|So do)\b|"
    r"(?:\S+ ){0,3}(?:it|they|them|those)\b)",
    re.I,
)
"""How a sentence begins that is about something in the sentence before it."""


@pytest.mark.parametrize("name", list(lessons))
def test_a_claim_which_stands_alone_over_the_picture_says_what_it_is_about(name: str) -> None:
    for claim, words in lessons[name].text().claims.items():
        assert not ALONE.match(re.sub(r"\$[^$]*\$", "x", words.source)), (claim, words.source)


def unsaid(text: LessonText) -> list[str]:
    """The letters of the formula strip that neither the text nor a caption of the strip says."""
    parts = (said for name, said in text.units.items() if not name.startswith("formula"))
    said = " ".join((*parts, *(line.say for line in text.formulas)))
    return [
        f"{letter} in {line.id}"
        for line in text.formulas
        for letter in sorted(letters(" ".join(line.parts)))
        if not says(letter, said)
    ]


@pytest.mark.parametrize("name", list(lessons))
def test_every_letter_of_the_formula_strip_is_said(name: str) -> None:
    assert unsaid(lessons[name].text()) == []


def test_a_letter_that_only_a_formula_has_is_found(text: LessonText) -> None:
    strip = WHOLE.replace("$a = @a@$", r"$M = \sum_n J_n^{\top} G\, \text{of } \mu_x, \; z_{k}$")
    assert unsaid(read_text(strip)) == [
        f"{letter} in line" for letter in ("G", "Jₙ", "M", "b", "μ")
    ]


def test_an_option_that_does_not_exist_is_answered_with_those_that_do() -> None:
    assert "there are rule.adam.beta1" in _refused("rule.adam.beta:0.5")
    assert "needs a value" in _refused("rule.adam.beta1")
    with pytest.raises(ValueError, match="no registry 'rules'; there are problem"):
        options_of("rules", "adam", "beta1")
    with pytest.raises(KeyError, match="did you mean 'adam'"):
        options_of("rule", "adamm", "beta1")


def _refused(word: str) -> str:
    return lessons["playground"].store().set({"option_values": [word]})["option_values"]


def test_a_control_without_a_label_is_named() -> None:
    lesson = lessons["fisher"]
    odd = replace(lesson, controls=lambda: [{"id": "look", "controls": [{"field": "odd"}]}])
    with pytest.raises(ValueError, match="no label for the control 'odd' of 'look'"):
        page_data(odd)


def test_python_says_the_phrases_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "text.md").write_text(WHOLE)
    say = phrases(str(tmp_path / "figure.py"))
    assert say("said", n=3, whole=1.5) == "3 of 1.50"
    assert say.legend == {"style": "what is drawn"}
    with pytest.raises(KeyError, match="no words 'silent' under ::: phrases"):
        say("silent")
