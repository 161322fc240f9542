"""What a lesson says: its ``text.md``, read into sections, claims, questions, presets and labels.

    # Title                                   ::: presets
                                              - [its name](#its-id) What to see in it.
    The takeaway, one line.                   :::

    ## A heading {#its-id}                    ::: controls
                                              - `group` Its heading
    A sentence.                                 - `field` its label
    [A claim.](#claim-its-id)                     - `option` its label
    [What a symbol means.]{.definition}             > its help
                                              :::
    ::: question {#its-id}
    What is asked?                            ::: formulas
                                              - `id` $x = @x@$ $y = @y@$ Its caption.
    - an option                               :::
    - another
                                              ::: legend          ::: phrases
    The reason, shown with the answer.        - `style` its label   - `id` words with a {hole}
    :::                                       :::                 :::

    ::: derivation {#its-id}                  ::: introduction
    Its title                                 - `model` What is modelled.
                                              - `learn` What the reader will learn.
    The condition under which it holds.       :::

    - `line-id` $a = b$ Why it is so.         ::: summary
    - `another` $b = c$ Why it is so.         - `claim-or-derivation-id` What was shown.
    :::
                                                > when it holds
    ::: exercise {#its-id}                    :::
    The task.

    The answer, which folds out.
    :::

The same in another language is ``text.zh.md``, with the same ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import groupby, takewhile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.attrs.parse import ParseError, parse

from natgrad_lecture.text.languages import ENGLISH
from natgrad_lecture.text.markdown import BLOCKS, Inline, closed, inline, reader

LIMITS = "limits"
"""The id of the section on limits and corrections; every lesson has one."""

CLAIM = "#claim-"
"""How the address of a claim begins."""


@dataclass(frozen=True)
class Sentence:
    """A piece of a paragraph: a claim, a definition, or words that are neither."""

    kind: str
    words: Inline
    id: str = ""

    @property
    def html(self) -> str:
        """The sentence as HTML; a claim is a link that the page fills with its state."""
        if self.kind == "claim":
            return f'<a class="claim" data-claim="{self.id}">{self.words.html}</a>'
        return self.words.html


@dataclass(frozen=True)
class Block:
    """A paragraph (``p``), an item of a list (``li``), or the place of a block (``place``).

    ``block`` is then what the page puts there: ``question``, or the id of a derivation.
    """

    tag: str
    sentences: tuple[Sentence, ...] = ()
    block: str = ""


@dataclass(frozen=True)
class QuestionText:
    """A question to answer before looking: what is asked, the options, and the reason."""

    id: str
    asked: Inline
    options: tuple[Inline, ...]
    reason: Inline


@dataclass(frozen=True)
class Formula:
    """A line of the formula strip or of a derivation, in parts between which it may break.

    ``@name@`` in the LaTeX are places for live numbers. ``say`` is its caption, or its reason.
    """

    id: str
    parts: tuple[str, ...]
    say: str = ""


@dataclass(frozen=True)
class DerivationText:
    """A derivation: what it derives, when it holds, and its lines, each with its reason."""

    id: str
    title: Inline
    condition: Inline
    lines: tuple[Formula, ...]


class ExerciseText(NamedTuple):
    """An exercise: the task, and the answer that folds out."""

    task: Inline
    answer: Inline


class SummaryText(NamedTuple):
    """What was shown, and when it holds."""

    shown: str
    condition: str


INTRODUCTION = ("data", "model", "parameters", "loss", "learn", "need")
"""What an introduction may tell, by its ids: what is modelled and minimized, what the reader will
learn, and what they need.
"""


@dataclass(frozen=True)
class Section:
    """What stands under one heading, with its derivations and its question where they stand."""

    id: str
    heading: str
    blocks: tuple[Block, ...]
    question: QuestionText | None = None
    derivations: tuple[DerivationText, ...] = ()

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """All its sentences in order."""
        return tuple(s for block in self.blocks for s in block.sentences)

    def source(self, *kinds: str) -> str:
        """What its sentences say, as it is written: those of these kinds, or all."""
        chosen = [s.words.source for s in self.sentences if not kinds or s.kind in kinds]
        return " ".join(filter(None, chosen))

    @property
    def html(self) -> str:
        """Its paragraphs and lists as HTML; its claims are items of a list of their own."""
        return "".join(_html_of_runs(self.blocks))


def _html_of_runs(blocks: Iterable[Block]) -> Iterator[str]:
    """Paragraphs and lists, in which claims that follow each other make one list."""
    runs = (run for block in blocks for run in _runs(block))
    for tag, group in groupby(runs, lambda run: run[0]):
        inside = "".join(html for _, html in group)
        if tag == "p":
            yield inside
        else:
            yield f'<ul class="claims">{inside}</ul>' if tag == "claims" else f"<ul>{inside}</ul>"


def _runs(block: Block) -> Iterator[tuple[str, str]]:
    """A paragraph or an item, cut into its claims and what stands between them, as HTML."""
    if block.tag == "place":
        yield "p", f'<div data-place="{block.block}"></div>'
    held = ""
    for sentence in (*block.sentences, None):
        if sentence is not None and sentence.kind != "claim":
            held += sentence.html
            continue
        if held.strip():
            tag = block.tag
            yield tag, f"<{tag}>{closed(held.strip())}</{tag}>"
        held = ""
        if sentence is not None:
            yield "claims", f"<li>{sentence.html}</li>"


def _names(part: Section) -> Iterator[str]:
    """What a section holds, by its names, in order."""
    for block in part.blocks:
        if block.block == "question" and part.question:
            yield f"question.{part.question.id}"
        elif block.block:
            yield f"derivation.{block.block}"
        yield from (sentence.id for sentence in block.sentences if sentence.kind == "claim")


class PresetText(NamedTuple):
    """A preset's name, and one sentence on what to see in it."""

    name: str
    say: str


@dataclass(frozen=True)
class LessonText:
    """All that a lesson says in one language, by ids."""

    title: str = ""
    takeaway: str = ""
    introduction: Mapping[str, str] = field(default_factory=dict)
    """What is modelled, learned and needed, by the ids of ``INTRODUCTION``."""
    sections: tuple[Section, ...] = ()
    summary: Mapping[str, SummaryText] = field(default_factory=dict)
    """What was shown, by the id of the claim or of the derivation that showed it."""
    exercises: Mapping[str, ExerciseText] = field(default_factory=dict)
    presets: Mapping[str, PresetText] = field(default_factory=dict)
    formulas: tuple[Formula, ...] = ()
    labels: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """Of controls: by group, by group and field, by group, field and option."""
    helps: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    legend: Mapping[str, str] = field(default_factory=dict)
    phrases: Mapping[str, str] = field(default_factory=dict)
    """What Python says: on the picture, beside it, of a control; with holes."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Of a translation: of what English each part was made."""

    @cached_property
    def claims(self) -> dict[str, Inline]:
        """The sentences of the claims, by id."""
        return {
            s.id: s.words for part in self.sections for s in part.sentences if s.kind == "claim"
        }

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The order of its claims (``id``), ``question.id`` and ``derivation.id``."""
        return tuple(name for part in self.sections for name in _names(part))

    @cached_property
    def questions(self) -> dict[str, QuestionText]:
        """The questions, by id."""
        return {part.question.id: part.question for part in self.sections if part.question}

    @cached_property
    def derivations(self) -> dict[str, DerivationText]:
        """The derivations, by id."""
        return {each.id: each for part in self.sections for each in part.derivations}

    @cached_property
    def units(self) -> dict[str, str]:
        """Everything that is said, as it is written, each under one id."""
        found = {"title": self.title, "takeaway": self.takeaway}
        found |= {f"introduction-{name}": words for name, words in self.introduction.items()}
        for part in self.sections:
            found[f"heading-{part.id}"] = part.heading
            if said := part.source("plain", "definition"):
                found[f"section-{part.id}"] = said
        found |= {f"claim-{name}": words.source for name, words in self.claims.items()}
        for name, asked in self.questions.items():
            found[f"question-{name}"] = asked.asked.source
            for i, option in enumerate(asked.options, 1):
                found[f"question-{name}.{i}"] = option.source
            found[f"question-{name}.reason"] = asked.reason.source
        for name, derived in self.derivations.items():
            found[f"derivation-{name}"] = derived.title.source
            found[f"derivation-{name}.condition"] = derived.condition.source
            for line in derived.lines:
                found[f"derivation-{name}.{line.id}"] = _both(line)
        for name, exercise in self.exercises.items():
            found[f"exercise-{name}"] = exercise.task.source
            found[f"exercise-{name}.answer"] = exercise.answer.source
        for name, said in self.summary.items():
            found |= {f"summary-{name}": said.shown, f"summary-{name}.when": said.condition}
        for name, preset in self.presets.items():
            found |= {f"preset-{name}": preset.name, f"preset-{name}.say": preset.say}
        for line in self.formulas:
            found[f"formula-{line.id}"] = " ".join(f"${part}$" for part in line.parts)
            found[f"formula-{line.id}.say"] = line.say
        found |= {f"controls-{'.'.join(path)}": label for path, label in self.labels.items()}
        found |= {f"controls-{'.'.join(path)}.help": say for path, say in self.helps.items()}
        found |= {f"legend-{name}": label for name, label in self.legend.items()}
        return found | {f"phrase-{name}": words for name, words in self.phrases.items()}


def _both(line: Formula) -> str:
    """A line's formulas and its words, as they are written."""
    return " ".join([*(f"${part}$" for part in line.parts), line.say]).strip()


COMMON = Path(__file__).with_name("common.md")
"""Words of all lessons."""


class Phrases:
    """The words that a lesson's Python says: called with an id, and with what fills its holes."""

    def __init__(self, file: str) -> None:
        self.path = Path(file).parent / "text.md"

    @property
    def legend(self) -> Mapping[str, str]:
        """The labels of the lesson's own styles."""
        return read(self.path).legend

    def __call__(self, name: str, **holes: object) -> str:
        """The words under this id of ``::: phrases``, here or in common.md, in English."""
        known = read(self.path).phrases
        if name not in known:
            known = read(COMMON).phrases
        if name not in known:
            raise KeyError(f"no words {name!r} under ::: phrases of {self.path}; add them")
        return known[name].format(**holes) if holes else known[name]

    def later(self, name: str) -> Later:
        """The same words, read when they are first said: for what a module defines."""
        return Later(self, name)


@dataclass(frozen=True)
class Later:
    """Words that are read from their file when they are said."""

    say: Phrases
    name: str

    def __str__(self) -> str:
        return self.say(self.name)


phrases = Phrases
"""``say = phrases(__file__)``: the words of the lesson whose folder this file stands in."""


def path_of(folder: Path, language: str = ENGLISH) -> Path:
    """The file in which a folder says what it says in a language."""
    return folder / ("text.md" if language == ENGLISH else f"text.{language}.md")


def title_of(folder: Path, language: str = ENGLISH) -> str:
    """The title alone: of its neighbors a lesson needs no more."""
    with path_of(folder, language).open(encoding="utf-8") as file:
        return read_text(file.readline()).title


def opening_of(folder: Path, language: str = ENGLISH) -> LessonText:
    """The title and the takeaway alone, which stand before the first section and block."""
    with path_of(folder, language).open(encoding="utf-8") as file:
        lines = takewhile(lambda line: not line.startswith(("## ", ":::")), file)
        return read_text("".join(lines))


@cache
def read(path: Path) -> LessonText:
    """The text in a file; ValueError says what cannot be read, and where."""
    try:
        return read_text(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.parent.name}/{path.name}: {error}") from None


def read_text(text: str) -> LessonText:
    """The text of a lesson, read from Markdown."""
    found = _Reading()
    for node in SyntaxTreeNode(reader().parse(text)).children:
        kind = node.type
        if kind == "heading":
            found.heading(node)
        elif kind == "paragraph" and not found.sections:
            found.takeaway(node)
        elif kind == "paragraph":
            found.block(Block("p", _sentences(node)))
        elif kind == "bullet_list":
            for item in node.children:
                found.block(Block("li", _sentences(_head(item))))
        elif kind.startswith("container_"):
            found.container(kind.removeprefix("container_"), node)
        else:
            raise ValueError(f"line {_line(node)}: a lesson's text has no {kind.replace('_', ' ')}")
    return found.text()


class _Open(NamedTuple):
    """A section that is being read."""

    id: str
    heading: str
    blocks: list[Block]
    asked: list[QuestionText]
    derivations: list[DerivationText]


class _Reading:
    """What has been read so far."""

    def __init__(self) -> None:
        self.sections: list[_Open] = []
        self.exercises: dict[str, ExerciseText] = {}
        self.parts: dict[str, object] = {}
        self.ids: set[str] = set()

    def heading(self, node: SyntaxTreeNode) -> None:
        words, name = heading_of(node)
        if node.tag == "h1":
            self.parts["title"] = words
        elif not name:
            raise ValueError(
                f"line {_line(node)}: the heading {words!r} needs an id: ## {words} {{#an-id}}"
            )
        else:
            self.sections.append(_Open(self._new(name), words, [], [], []))

    def takeaway(self, node: SyntaxTreeNode) -> None:
        if "takeaway" in self.parts:
            raise ValueError(
                f"line {_line(node)}: before the first ## stands one line, the takeaway, "
                "and no other paragraph"
            )
        self.parts["takeaway"] = written(node)

    def block(self, block: Block) -> None:
        if not self.sections:
            raise ValueError("a list stands under a ## heading")
        for sentence in block.sentences:
            if sentence.id:
                self._new(f"claim-{sentence.id}")
        self.sections[-1].blocks.append(block)

    def container(self, kind: str, node: SyntaxTreeNode) -> None:
        if kind == "question":
            name = _with_id(node.info)[1]
            if not self.sections or not name or self.sections[-1].asked:
                raise ValueError(
                    f"line {_line(node)}: a question has an id, ::: question {{#an-id}}, and "
                    "is the only one of its section"
                )
            self.sections[-1].asked.append(_question(self._new(f"question-{name}", name), node))
            self.sections[-1].blocks.append(Block("place", block="question"))
        elif kind == "derivation":
            derived = _derivation(_with_id(node.info)[1], node)
            self._new(f"derivation-{derived.id}", derived.id)
            if not self.sections:
                raise ValueError(f"line {_line(node)}: a derivation stands under a ## heading")
            self.sections[-1].derivations.append(derived)
            self.sections[-1].blocks.append(Block("place", block=derived.id))
        elif kind == "exercise":
            name, found = _exercise(_with_id(node.info)[1], node)
            self.exercises[self._new(f"exercise-{name}", name)] = found
        elif kind == "controls":
            entries = list(_entries(node))
            self.parts["labels"] = {entry.path: entry.words for entry in entries}
            self.parts["helps"] = {entry.path: entry.help for entry in entries if entry.help}
        else:
            self.parts[kind] = _LISTS[kind](node)

    def _new(self, name: str, says: str = "") -> str:
        if name in self.ids:
            raise ValueError(f"two parts have the id {says or name!r}")
        self.ids.add(name)
        return says or name

    def text(self) -> LessonText:
        sections = tuple(
            Section(
                part.id,
                part.heading,
                tuple(part.blocks),
                part.asked[0] if part.asked else None,
                tuple(part.derivations),
            )
            for part in self.sections
        )
        return LessonText(sections=sections, exercises=self.exercises, **self.parts)  # type: ignore[arg-type]


class _Entry(NamedTuple):
    path: tuple[str, ...]
    tokens: list[Token]
    help: str

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def words(self) -> str:
        return inline(self.tokens).source


def _entries(node: SyntaxTreeNode, above: tuple[str, ...] = ()) -> Iterator[_Entry]:
    """The items of the lists in a block: an id and its words, help below it, and items in it."""
    for bullets in node.children:
        if bullets.type != "bullet_list":
            continue
        for item in bullets.children:
            first, *rest = _tokens(_head(item))
            if first.type != "code_inline":
                raise ValueError(f"line {_line(item)}: an item begins with its id, - `id` words")
            quotes = [part for part in item.children if part.type == "blockquote"]
            help_ = written(quotes[0].children[0]) if quotes else ""
            path = (*above, first.content)
            yield _Entry(path, rest, help_)
            yield from _entries(item, path)


def _plain_list(node: SyntaxTreeNode) -> dict[str, str]:
    return {entry.name: entry.words for entry in _entries(node)}


def _presets(node: SyntaxTreeNode) -> dict[str, PresetText]:
    found: dict[str, PresetText] = {}
    for item in (item for bullets in node.children for item in bullets.children):
        tokens = _tokens(_head(item))
        if tokens[0].type != "link_open" or not _href(tokens[0]).startswith("#"):
            raise ValueError(f"line {_line(item)}: a preset is - [its name](#its-id) What to see.")
        end = next(i for i, token in enumerate(tokens) if token.type == "link_close")
        name, say = inline(tokens[1:end]), inline(tokens[end + 1 :])
        if "$" in name.source + say.source:  # a talk lists them where no formula is set
            raise ValueError(f"line {_line(item)}: a preset's name and line are without formulas")
        found[_href(tokens[0])[1:]] = PresetText(name.source, say.source)
    return found


def _introduction(node: SyntaxTreeNode) -> dict[str, str]:
    found = _plain_list(node)
    if odd := [name for name in found if name not in INTRODUCTION]:
        raise ValueError(
            f"line {_line(node)}: an introduction tells of {', '.join(INTRODUCTION)}, "
            f"not of {', '.join(odd)}"
        )
    return found


def _summary(node: SyntaxTreeNode) -> dict[str, SummaryText]:
    found = {entry.name: SummaryText(entry.words, entry.help) for entry in _entries(node)}
    for name, said in found.items():
        if not said.condition:
            raise ValueError(
                f"line {_line(node)}: {name!r} of the summary does not say when it holds: "
                "write > and the condition below it"
            )
    return found


def _derivation(name: str, node: SyntaxTreeNode) -> DerivationText:
    kinds = [part.type for part in node.children]
    if not name or kinds != ["paragraph", "paragraph", "bullet_list"]:
        raise ValueError(
            f"line {_line(node)}: a derivation is ::: derivation {{#an-id}}, a paragraph with its "
            "title, a paragraph that says when it holds, and a list of its lines, then :::"
        )
    title, condition, _ = node.children
    lines = _lines(_entries(node), leading=True)
    for line in lines:
        if not line.parts or not line.say:
            raise ValueError(
                f"line {_line(node)}: the line {line.id!r} of the derivation {name!r} is a formula "
                "and its reason, - `id` $a = b$ Because …"
            )
    return DerivationText(name, inline(_tokens(title)), inline(_tokens(condition)), lines)


def _exercise(name: str, node: SyntaxTreeNode) -> tuple[str, ExerciseText]:
    if not name or [part.type for part in node.children] != ["paragraph", "paragraph"]:
        raise ValueError(
            f"line {_line(node)}: an exercise is ::: exercise {{#an-id}}, a paragraph with the "
            "task, and a paragraph with its answer, then :::"
        )
    task, answer = node.children
    return name, ExerciseText(inline(_tokens(task)), inline(_tokens(answer)))


def _formulas(node: SyntaxTreeNode) -> tuple[Formula, ...]:
    return _lines(_entries(node))


def _lines(entries: Iterable[_Entry], leading: bool = False) -> tuple[Formula, ...]:
    """Lines of formulas, each with the words after it.

    ``leading``: its formulas are those before the first word, so that the words may hold some.
    """
    found = []
    for entry in entries:
        tokens = entry.tokens
        math = [i for i, token in enumerate(tokens) if token.type == "math_inline"]
        if leading:
            said = (i for i, t in enumerate(tokens) if t.type == "text" and t.content.strip())
            end = next(said, len(tokens))
            math = [i for i in math if i < end]
        last = max(math, default=-1)
        parts = inline(tokens[: last + 1]).formulas
        found.append(Formula(entry.name, parts, inline(tokens[last + 1 :]).source))
    return tuple(found)


def _digests(node: SyntaxTreeNode) -> dict[str, str]:
    lines = (written(part) for part in node.children if part.type == "paragraph")
    pairs = (pair.rpartition("=") for line in lines for pair in line.split())
    return {name: digest for name, _, digest in pairs}


_LISTS: Mapping[str, Callable[[SyntaxTreeNode], object]] = {
    "introduction": _introduction,
    "summary": _summary,
    "presets": _presets,
    "formulas": _formulas,
    "legend": _plain_list,
    "phrases": _plain_list,
    "digests": _digests,
}


def _question(name: str, node: SyntaxTreeNode) -> QuestionText:
    kinds = [part.type for part in node.children]
    if kinds != ["paragraph", "bullet_list", "paragraph"]:
        raise ValueError(
            f"line {_line(node)}: the question {name!r} is a paragraph that asks, a list of "
            "options, and a paragraph with the reason, then :::; here it is "
            f"{', '.join(kind.replace('_', ' ') for kind in kinds) or 'empty'}"
        )
    asked, options, reason = node.children
    return QuestionText(
        name,
        inline(_tokens(asked)),
        tuple(inline(_tokens(_head(item))) for item in options.children),
        inline(_tokens(reason)),
    )


def _sentences(node: SyntaxTreeNode) -> tuple[Sentence, ...]:
    """A paragraph, cut where a claim or a definition begins and ends."""
    found: list[Sentence] = []
    kind, name, held = "plain", "", []
    for token in _tokens(node):
        if token.type in ("link_open", "span_open", "link_close", "span_close"):
            if held:
                found.append(Sentence(kind, inline(held), name))
            kind, name, held = "plain", "", []
            if token.type == "link_open":
                if not _href(token).startswith(CLAIM):
                    raise ValueError(
                        f"line {_line(node)}: a link leads to a claim, {CLAIM}…, "
                        f"not to {_href(token)}"
                    )
                kind, name = "claim", _href(token).removeprefix(CLAIM)
            elif token.type == "span_open":
                if token.attrs.get("class") != "definition":
                    raise ValueError(f"line {_line(node)}: [words]{{…}} takes {{.definition}} only")
                kind = "definition"
        else:
            held.append(token)
    if held:
        found.append(Sentence(kind, inline(held), name))
    return tuple(found)


def _tokens(node: SyntaxTreeNode) -> list[Token]:
    """The inline tokens of a paragraph or a heading.

    Raises ValueError for a line of ``:::`` in it, which the parser took for words.
    """
    (child,) = node.children
    for below, line in enumerate(child.content.split("\n")):
        if line.startswith(":::"):
            raise ValueError(
                f"line {_line(node) + below}: {line!r} neither opens nor closes a block; "
                f"a block opens with ::: and one of {', '.join(BLOCKS)}, and closes with :::"
            )
    return list(child.token.children or []) if child.token else []


def _head(item: SyntaxTreeNode) -> SyntaxTreeNode:
    """The first paragraph of an item of a list."""
    if not item.children or item.children[0].type != "paragraph":
        raise ValueError(f"line {_line(item)}: an item of a list begins with words")
    return item.children[0]


def heading_of(node: SyntaxTreeNode) -> tuple[str, str]:
    """The words of a heading, and its id."""
    return _with_id(written(node))


def written(node: SyntaxTreeNode) -> str:
    """What a paragraph or a heading says, as it is written."""
    return inline(_tokens(node)).source


def _href(token: Token) -> str:
    return unquote(str(token.attrs["href"]))


def _with_id(text: str) -> tuple[str, str]:
    """What stands before ``{#id}``, and the id."""
    words, brace, rest = text.rpartition(" {")
    if not brace:
        return text, ""
    try:
        return words.strip(), str(parse("{" + rest)[1].get("id", ""))
    except ParseError:
        return text, ""


def _line(node: SyntaxTreeNode) -> int:
    return (node.map or (0, 0))[0] + 1
