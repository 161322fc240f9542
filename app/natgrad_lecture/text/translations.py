"""Which parts of a translation lag behind the English, and how that is known.

A translation holds, at its end, a digest of the English that each of its parts was made of. Where
today's English has another digest, the part lags; ``accept`` writes today's digests, once a
translator has looked.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from natgrad_lecture.text.languages import languages_of
from natgrad_lecture.text.lesson_text import path_of, read
from natgrad_lecture.text.markdown import words

TEXT = Path(__file__).parent
LESSONS = TEXT.parent / "lessons"

_BEGIN = "\n::: digests\n"
_HOLE = re.compile(r"\{\w*[^}]*\}")
_WORDS = re.compile(r"\\text\{[^}]*\}")
"""Words within a formula, which a translation says in its language."""


@dataclass(frozen=True)
class Lag:
    """How a translation differs from what its English asks for, as ids of parts."""

    missing: tuple[str, ...] = ()
    """Said in English alone."""
    unknown: tuple[str, ...] = ()
    """Said in the translation alone."""
    formulas: tuple[str, ...] = ()
    """Their formulas or holes are not those of the English."""
    changed: tuple[str, ...] = ()
    """Their English has changed since."""

    def __str__(self) -> str:
        parts = {
            "missing": self.missing,
            "unknown": self.unknown,
            "other formulas or holes": self.formulas,
            "English changed": self.changed,
        }
        return "\n".join(f"  {what}: {', '.join(ids)}" for what, ids in parts.items() if ids)


def digest(text: str) -> str:
    """A few letters that tell one text from another."""
    return sha256(text.encode()).hexdigest()[:6]


def pairs_of_files(lessons: Path = LESSONS, text: Path = TEXT) -> list[tuple[Path, Path]]:
    """Every English file and each translation of it: what all lessons share, what the home page
    and the server's own pages say, and each lesson's.
    """
    found = [
        (text / f"{name}.md", path)
        for name in ("common", "home", "pages")
        for path in sorted(text.glob(f"{name}.*.md"))
    ]
    for folder in sorted(path.parent for path in lessons.glob("*/text.md")):
        for language in languages_of(folder)[1:]:
            found.append((path_of(folder), path_of(folder, language)))
    return found


def lag(english: Path, other: Path) -> Lag:
    """What of a translation lags behind the English."""
    ours, theirs, built = read(english).units, read(other).units, read(other).digests
    both = [name for name in ours if name in theirs]
    return Lag(
        tuple(name for name in ours if name not in theirs or bool(ours[name]) > bool(theirs[name])),
        tuple(name for name in theirs if name not in ours),
        tuple(name for name in both if _marks(ours[name]) != _marks(theirs[name])),
        tuple(name for name in both if built.get(_key(name)) != digest(ours[name])),
    )


def _marks(text: str) -> Counter[str]:
    """The formulas of a text without their words, and how many holes it has."""
    formulas = (re.sub(r"\s+", "", _WORDS.sub("", latex)) for latex in words(text).formulas)
    holes = _HOLE.findall(_WORDS.sub("", text))
    return Counter(formulas) + Counter(_HOLE.sub("{}", hole) for hole in holes)


def _key(name: str) -> str:
    """An id as one word, which a row of digests needs: a style may be called "batch norm"."""
    return name.replace(" ", "-")


def accept(english: Path, other: Path) -> None:
    """Write into a translation that its parts say what the English says today."""
    built: Mapping[str, str] = {n: digest(text) for n, text in read(english).units.items()}
    line = " ".join(f"{_key(name)}={value}" for name, value in built.items())
    wrapped = textwrap.fill(line, 100, break_long_words=False, break_on_hyphens=False)
    text = other.read_text("utf-8").partition(_BEGIN)[0].rstrip("\n")
    other.write_text(f"{text}\n{_BEGIN}{wrapped}\n:::\n", "utf-8")
    read.cache_clear()


def report() -> str:
    """All that lags, file by file; empty if nothing does."""
    found = {other: str(lag(english, other)) for english, other in pairs_of_files()}
    return "\n".join(f"{_short(path)}\n{said}" for path, said in found.items() if said)


def _short(path: Path) -> str:
    return str(path.relative_to(TEXT.parent))
