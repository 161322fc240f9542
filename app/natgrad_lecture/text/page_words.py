"""What the server's own pages say, in ``pages.md``, by ids: where a page has no lesson, or not yet.

    - `starting` The engine is starting …

A translation is ``pages.zh.md``, with the same ids. A lesson's page begins with these words, so
they are read as they stand: what reads the Markdown of the lessons takes longer than the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.text.languages import ENGLISH

HERE = Path(__file__).parent

_PHRASE = re.compile(r"^- `([\w-]+)` (.+?)(?=\n- `|\n:::)", re.MULTILINE | re.DOTALL)


@bounded_cache
def page_words(language: str = ENGLISH) -> Mapping[str, str]:
    """Return the words of the server's own pages by their ids.

    Args:
        language: One of the home page's languages.

    Returns:
        The words. ``{name}`` in them is filled in where the words are shown.
    """
    path = HERE / ("pages.md" if language == ENGLISH else f"pages.{language}.md")
    found = _PHRASE.findall(path.read_text("utf-8"))
    return {name: " ".join(said.split()) for name, said in found}
