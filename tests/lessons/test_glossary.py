"""Every term has one definition, is found in the lessons' words, and is shown where it stands."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.server.page_handlers import addresses
from natgrad_lecture.text.glossary import Term, glossary, glossary_page, read_glossary
from natgrad_lecture.text.languages import chosen_language, home_languages
from natgrad_lecture.text.markdown import words

WORDS = {
    "reparameterization", "coordinates", "gradient descent", "geodesic", "invariant", "damping",
    "negative log-likelihood", "empirical fisher", "gauss–newton matrix", "metric", "tensor",
    "learning rate", "lagrange multiplier", "hessian", "fisher matrix", "jacobian", "loss",
}  # fmt: skip
"""Terms that the lecture writes, each always the same."""

MARK = re.compile(r'<(button type="button"|span) class="term" data-term="([\w-]+)">')


def test_the_terms_that_we_write_are_defined_each_once() -> None:
    known = glossary()
    names = [term.name.lower() for term in known.terms.values()]
    assert len(set(names)) == len(names)
    assert set(names) >= WORDS
    assert all(term.html for term in known.terms.values())


def test_kl_is_defined_by_a_formula_with_one_worked_number() -> None:
    from math import log

    said = glossary().terms["kl"].definition
    value = 0.5 * log(0.5 / 0.25) + 0.5 * log(0.5 / 0.75)
    assert r"\log\dfrac{p(y)}{q(y)}" in said
    assert f"{value:.3f}" in said


def formulas(text: str) -> list[str]:
    """The formulas of a definition, without their spaces, in any order."""
    return sorted(latex.replace(" ", "") for latex in words(text).formulas)


@pytest.mark.parametrize("name", list(lessons))
def test_a_term_is_marked_once_where_it_first_stands_and_its_definition_comes_along(
    name: str,
) -> None:
    static = page_data(lessons[name])
    html = "".join([*static["introduction"].values(), *(s["html"] for s in static["words"])])
    marked = [found[2] for found in MARK.finditer(html)]
    assert marked or not static["introduction"]
    assert sorted(marked) == sorted(static["terms"])
    assert not re.search(r"<math(?:(?!</math>).)*data-term", html)
    assert not re.search(r'<a class="claim"(?:(?!</a>).)*<button', html), "no button in a button"


def test_forms_of_a_term_are_found_and_the_longest_wins() -> None:
    known = read_glossary(
        "# Words\n\nAll.\n\n## gradient {#g}\n\nA vector.\n\n- gradients\n\n"
        "## natural gradient {#n}\n\nAnother.\n"
    )
    seen: dict[str, Term] = {}
    html = known.marked("<p>Natural gradient and gradients of <math>gradient</math></p>", seen)
    assert [found[2] for found in MARK.finditer(html)] == ["n", "g"]
    assert "<math>gradient</math>" in html
    assert known.marked("<p>gradients</p>", seen) == "<p>gradients</p>"
    with pytest.raises(ValueError, match="'gradient' is ## its name"):
        read_glossary("# Words\n\n## gradient\n\nA vector.\n")


@pytest.mark.parametrize(
    ("language", "said", "together"),
    [
        ("zh", "您写下的损失。", "损失</button>。</span></p>"),
        ("zh", "这叫做<em>重参数化</em>。", "重参数化</button></em>。</span></p>"),
        ("en", "the mean over the data.", "data</button>.</span></p>"),
        ("en", "a method (gradient descent) steps", '<span class="held">(<button'),
    ],
)
def test_no_line_breaks_between_a_marked_term_and_a_stop_or_bracket(
    language: str, said: str, together: str
) -> None:
    assert together in glossary(language).marked(f"<p>{said}</p>", {})


LOOSE = re.compile(
    r'(?<!class="held">)[(（《]<(?:math|button)'
    r"|</(?:math|button)>(?!</em>)[.,;:!?)，。；：、！？）》]++(?!</span>)"
)
"""A stop or bracket that touches a formula or a term, and is not held to it."""


@pytest.mark.parametrize("name", list(lessons))
def test_in_every_text_stops_and_brackets_are_held(name: str) -> None:
    for language in lessons[name].languages:
        static = page_data(lessons[name], language)
        html = [*static["introduction"].values(), *(part["html"] for part in static["words"])]
        assert not [found for part in html for found in LOOSE.findall(part)], language


def test_the_page_has_every_term_and_knows_its_language() -> None:
    shown = glossary_page(addresses(""))
    assert shown["glossary"] == glossary()
    assert {"code": "zh", "name": "简体中文", "address": "glossary?lang=zh"} in shown["others"]
    assert [other["code"] for other in shown["others"]] == list(home_languages()[1:])
    assert glossary_page(addresses("zh"), "zh")["home"] == "home?lang=zh"
    assert chosen_language(["../etc", "zh"]) == "zh"


def test_a_translated_glossary_has_the_same_terms() -> None:
    folder = Path(inspect.getfile(glossary_page)).parent
    for path in folder.glob("glossary.*.md"):
        other = glossary(path.name.split(".")[1])
        assert list(other.terms) == list(glossary().terms)
        for id, term in glossary().terms.items():
            said = other.terms[id].definition
            assert formulas(said) == formulas(term.definition), id


GREEK = {
    "alpha": "α", "delta": "δ", "epsilon": "ε", "eta": "η", "gamma": "γ", "lambda": "λ", "mu": "μ",
    "nu": "ν", "rho": "ρ", "sigma": "σ",
}  # fmt: skip
"""The letters of symbols, as formulas write them."""

INTRODUCES = re.compile(r"introduction-|section-|controls-|derivation-.*\.condition$")
"""Where a lesson says what a symbol is, by the ids of its text."""


def letters_in(said: str) -> str:
    """A text without its formulas' signs, on one line."""
    for name, letter in GREEK.items():
        said = re.sub(rf"\\{name}(?![a-z])", letter, said)
    return " ".join(said.replace("$", "").split())


def called(symbol: str, said: str) -> list[str]:
    """What a text calls a symbol: "the rate α", "α is the rate", "Adam's rate α", "σ(t) = …"."""
    noun = r"(?:(?!and |of )[a-z'–-]{2,} ){0,2}(?!and\b|of\b)[a-z'–-]{2,}\b"
    found = re.findall(rf"\b(?:the|an?) ({noun})(?<!and) {symbol}(?![\w^_(*'-])", said)
    found += re.findall(rf"(?<!\w){symbol} (?:is|are) (?:the|an?) ({noun})(?! of)", said)
    found += re.findall(rf"^(.*'s\b.*) {symbol}$", said)  # a control's label
    return found + ["function"] * bool(re.search(rf"(?<!\w){symbol}\(\w\) =", said))


def meanings() -> dict[str, set[str]]:
    """The words that define each letter of the glossary's symbols."""
    symbols = [term for id, term in glossary().terms.items() if id.startswith("symbol-")]
    names = {*GREEK.values(), "m"}
    return {
        letter: stems(letters_in(term.definition))
        for term in symbols
        for letter in term.name.split(" and ")
        if letter in names
    }


def stems(said: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall(r"[a-z]{3,}", said.lower())}


def test_a_letter_of_the_glossary_is_defined_once() -> None:
    letters = [
        letter
        for id, term in glossary().terms.items()
        if id.startswith("symbol-")
        for letter in term.name.split(" and ")
    ]
    assert len(set(letters)) == len(letters)
    assert set(meanings()) == {*GREEK.values(), "m"}


@pytest.mark.parametrize("name", list(lessons))
def test_a_lesson_calls_a_symbol_what_the_glossary_calls_it(name: str) -> None:
    for unit, said in lessons[name].text().units.items():
        if INTRODUCES.match(unit):
            for symbol, known in meanings().items():
                for noun in called(symbol, letters_in(said)):
                    assert stems(noun) & known, f"{unit}: {symbol} is called {noun!r}"


def test_a_symbol_with_another_meaning_is_found() -> None:
    assert called("σ", letters_in(r"with $p = \sigma(\theta_1)$, where $\sigma(t) = 1$")) == [
        "function"
    ]
    assert called("η", letters_in(r"$J = -\eta$, where η is the average reward")) == [
        "average reward"
    ]
    assert called("η", "AdamW's decay η") == ["AdamW's decay"]
    assert called("α", letters_in(r"a learning rate $\alpha$ and $\alpha^2$")) == ["learning rate"]
