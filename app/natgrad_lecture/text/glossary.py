"""The glossary: every term of the lecture with its definition, in ``glossary.md``.

    ## Fisher matrix {#fisher-matrix}

    Its definition, one paragraph.

    - another form of the term

``marked`` finds the terms in a lesson's text and marks where each first stands, so that the page
shows its definition there. A translation is ``glossary.zh.md``, with the same ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from markdown_it.tree import SyntaxTreeNode

from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.text.home import Address, home_text, other_languages
from natgrad_lecture.text.lesson_text import ENGLISH, heading_of, written
from natgrad_lecture.text.markdown import held, prose, reader

HERE = Path(__file__).parent

SPACELESS = ("zh",)
"""Languages in which no spaces part words."""

_TAG = re.compile(r"(<[^>]+>)")
_CLAIM = 'class="claim"'


@dataclass(frozen=True)
class Term:
    """A term, its definition as it is written, and other forms under which it is found."""

    id: str
    name: str
    definition: str
    forms: tuple[str, ...] = ()

    @property
    def html(self) -> str:
        """The definition as HTML."""
        return prose(self.definition)


@dataclass(frozen=True)
class Glossary:
    """The terms of one language, by id, in the order of the file."""

    title: str
    lead: str
    terms: Mapping[str, Term]
    language: str = ENGLISH

    @cached_property
    def _found(self) -> re.Pattern[str]:
        words = sorted(self._by_word, key=len, reverse=True)
        either = "|".join(map(re.escape, words))
        ends = ("", "") if self.language in SPACELESS else (r"(?<![\w-])", r"(?![\w-])")
        return re.compile(f"{ends[0]}(?:{either}){ends[1]}", re.IGNORECASE)

    @cached_property
    def _by_word(self) -> dict[str, str]:
        return {
            word.lower(): term.id
            for term in self.terms.values()
            if not term.id.startswith("symbol-")
            for word in (term.name, *term.forms)
        }

    def marked(self, html: str, known: dict[str, Term]) -> str:
        """The HTML with a mark on each term that is not in ``known``, which learns it.

        In a claim, which is pressed as a whole, a mark is no button of its own.
        """
        parts, inside = [], []
        for part in _TAG.split(html):
            if part.startswith("<"):
                name = part.strip("</>").split()[0]
                if part.startswith("</"):
                    while inside and inside.pop()[0] != name:
                        pass
                elif not part.endswith("/>"):
                    inside.append((name, _CLAIM in part))
                parts.append(part)
            elif any(name in ("math", "button", "h2") for name, _ in inside):
                parts.append(part)
            else:
                parts.append(self._in_words(part, known, any(claim for _, claim in inside)))
        return held("".join(parts), "button")

    def _in_words(self, words: str, known: dict[str, Term], claim: bool) -> str:
        return self._found.sub(lambda found: self._mark(found[0], known, claim), words)

    def _mark(self, word: str, known: dict[str, Term], claim: bool) -> str:
        name = self._by_word[word.lower()]
        if name in known:
            return word
        known[name] = self.terms[name]
        if claim:
            return f'<span class="term" data-term="{name}">{word}</span>'
        return f'<button type="button" class="term" data-term="{name}">{word}</button>'


@bounded_cache
def glossary(language: str = ENGLISH) -> Glossary:
    """The glossary in a language; in English where there is none in it."""
    path = HERE / ("glossary.md" if language == ENGLISH else f"glossary.{language}.md")
    if not path.exists():
        return glossary()
    return read_glossary(path.read_text("utf-8"), language)


def read_glossary(text: str, language: str = ENGLISH) -> Glossary:
    """The glossary in a text; ValueError for a term without an id or a definition."""
    title, lead, terms = "", "", {}
    entry: list[SyntaxTreeNode] = []

    def close() -> None:
        if not entry:
            return
        name, id = heading_of(entry[0])
        kinds = [node.type for node in entry[1:]]
        if not id or kinds[:1] != ["paragraph"] or kinds[1:] not in ([], ["bullet_list"]):
            raise ValueError(
                f"glossary: {name!r} is ## its name {{#an-id}}, a paragraph that defines it, and "
                "perhaps a list of other forms of it"
            )
        forms = tuple(written(item.children[0]) for n in entry[2:] for item in n.children)
        terms[id] = Term(id, name, written(entry[1]), forms)

    for node in SyntaxTreeNode(reader().parse(text)).children:
        if node.type == "heading" and node.tag == "h1":
            title = written(node)
        elif node.type == "heading":
            close()
            entry = [node]
        elif entry:
            entry.append(node)
        else:
            lead = written(node)
    close()
    return Glossary(title, lead, terms, language)


def glossary_page(address: Address, language: str = ENGLISH) -> dict[str, Any]:
    """What the page of the glossary shows in one of the home page's languages."""
    known = glossary(language)
    return {
        "glossary": known,
        "language": language,
        "home": address("home"),
        "all": home_text(language).phrases["all"],
        "others": other_languages(language, "glossary", address),
    }
