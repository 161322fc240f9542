"""The languages that a page can be read in. Nothing of its words is read for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent

ENGLISH = "en"


def languages_of(folder: Path) -> tuple[str, ...]:
    """The languages that a folder's text can be read in, English first."""
    return (ENGLISH, *sorted(path.name.split(".")[1] for path in folder.glob("text.*.md")))


def home_languages() -> tuple[str, ...]:
    """The languages of the home page and the glossary, English first."""
    return (ENGLISH, *sorted(path.name.split(".")[1] for path in HERE.glob("home.*.md")))


def chosen_language(wished: Sequence[str], known: Sequence[str] | None = None) -> str:
    """The first of the wished languages that a page has, or the home page where no page is given;
    English if it has none.
    """
    known = home_languages() if known is None else known
    return next((language for language in wished if language in known), ENGLISH)


def accepted_languages(header: str) -> list[str]:
    """The languages that a browser accepts ("zh-CN,en;q=0.8"), the best first, without regions."""
    found = []
    for place, part in enumerate(header[:400].split(",")):
        name, _, weight = part.partition(";q=")
        try:
            found.append((-float(weight or 1), place, name.strip().split("-")[0].lower()))
        except ValueError:  # no weight, so it is no wish
            continue
    return [name for weight, _, name in sorted(found) if weight < 0]
