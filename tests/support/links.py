"""Which links of an exported folder lead nowhere: those of its files, and of what they hold."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

WHOLE = ("data", "blob", "https", "http", "mailto")
"""Schemes of what needs no file: those of the web are checked by their form alone."""


class Found(HTMLParser):
    """The links and the ids of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element leads to, and what it is called."""
        named = dict(attrs)
        self.links += [named[name] or "" for name in ("href", "src") if name in named]
        if "id" in named:
            self.ids.add(named["id"] or "")


def texts(value: Any) -> Iterator[str]:
    """All texts in data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


@cache
def found_in(path: Path) -> Found:
    """The links and the ids of a file: its own, its script's moves, and those of what it holds."""
    found, text = Found(), path.read_text("utf-8")
    found.feed(text)
    found.links += re.findall(r'location\.replace\("([^"]+)"', text)
    words = re.search(r'id="natgrad-words">([^<]*)<', text)
    if words:
        pack = json.loads(gzip.decompress(b64decode(words[1])))
        near = (pack["lesson"]["nav"] or {}).values()
        found.links += [place["name"] for place in near]
        home = pack["lesson"]["nav"]["home"]["name"] if near else ""
        found.links += [home.replace("index", "glossary")]  # as the page's menu does
        for held in texts(pack):
            if "<" in held:
                found.feed(held)
    return found


def broken_links(folder: Path, base: str = "") -> list[str]:
    """The links of the pages of ``folder`` that lead to nothing, by whom and where to.

    Args:
        folder: The exported folder.
        base: The address at which a host has it; its files' own, if none is said.
    """
    base = base or f"{folder.resolve().as_uri()}/"
    broken = []
    for path in sorted(folder.glob("*.html")):
        for link in found_in(path).links:
            to = urlsplit(urljoin(base + path.name, link))
            place = f"{to.scheme}://{to.netloc}{to.path}"
            if to.scheme in WHOLE and not place.startswith(base) and urlsplit(link).scheme:
                continue
            file = folder / unquote(place.removeprefix(base)) if place.startswith(base) else None
            if file is not None and place == base:
                file = folder / "index.html"
            if file is None or not file.is_file():
                broken.append(f"{path.name}: {link[:80]}")
            elif to.fragment and unquote(to.fragment) not in found_in(file).ids:
                broken.append(f"{path.name}: {link[:80]} (no such id)")
    return broken
