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


def chosen_language(wished: Sequence[str]) -> str:
    """The first of the wished languages that the home page has; English if it has none."""
    known = home_languages()
    return next((language for language in wished if language in known), ENGLISH)
