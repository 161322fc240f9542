"""A link that is shared shows its title, its sentence and the picture of its state; that costs no
kernel, and no more than is allowed.
"""

from __future__ import annotations

import asyncio
import html
import io
import re
import sys
from pathlib import Path

import pytest
import requests
from PIL import Image

from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.small_picture import preview_image
from natgrad_lecture.server import preview_images
from natgrad_lecture.server.page_handlers import PREVIEWERS
from natgrad_lecture.server.preview_images import WAITING, Busy, PreviewImages
from natgrad_lecture.state.link import read_query
from tests.support.event_loops import run_apart
from tests.support.servers import Server

BOT = {"User-Agent": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"}


def shared(server: Server, link: str, **headers: str) -> dict[str, str]:
    """What a messenger reads of a link."""
    answer = requests.get(f"{server.url}{link}", headers={**BOT, **headers}, timeout=60)
    assert answer.status_code == 200
    assert "natgrad-data" not in answer.text
    found = re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)">', answer.text)
    return {name: html.unescape(value) for name, value in found}


@pytest.mark.slow
def test_a_shared_link_shows_the_picture_of_its_state_and_starts_no_kernel(server: Server) -> None:
    kernels = set(server.kernels())
    query = "v=1&rate=0.045&steps=77"
    said = shared(server, f"coordinates?{query}&talk=preset.a&hide=text")
    assert said["og:image"] == f"{server.url}preview/coordinates.png?{query}"
    assert said["twitter:card"] == "summary_large_image"
    answer = requests.get(said["og:image"], headers=BOT, timeout=60)
    assert answer.headers["Content-Type"] == "image/png"
    image = Image.open(io.BytesIO(answer.content))
    assert image.size == (int(said["og:image:width"]), int(said["og:image:height"]))
    lesson = lessons["coordinates"]
    state, dropped = read_query(query, lesson.default)
    assert not dropped
    assert answer.content == preview_image(lesson, state) != preview_image(lesson, lesson.first)
    assert set(server.kernels()) <= kernels, "one of an earlier reader may have ended meanwhile"


@pytest.mark.slow
def test_the_address_of_the_picture_is_the_reader_s_own(server: Server) -> None:
    behind = {"X-Forwarded-Proto": "https", "Host": "localhost"}
    image = shared(server, 'coordinates?a="><script>', **behind)["og:image"]
    assert image.startswith("https://localhost/preview/coordinates.png?a=")
    assert requests.get(f"{server.url}preview/nothing.png", timeout=60).status_code == 404


@pytest.mark.parametrize(
    ("agent", "previews"),
    [
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", True),
        ("facebookexternalhit/1.1", True),
        ("WhatsApp/2.23.20.0", True),
        ("TelegramBot (like TwitterBot)", True),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", False),
        ("Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) AppleWebKit/537.36 Chrome/130.0", False),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15", False),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/537.36 Chrome/130.0 Slack_SSB/4.41.96", False),
        ("python-requests/2.32", False),
    ],
)
def test_what_reads_previews_is_told_from_what_a_reader_reads_with(
    agent: str, previews: bool
) -> None:
    assert bool(PREVIEWERS.search(agent)) == previews


@pytest.fixture
def painter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of Python, which draws by saying its arguments."""
    path = tmp_path / "painter"
    path.write_text('#!/bin/sh\nshift 2\nsleep 0.05\necho "$@"\n')
    path.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(path))
    return path


def test_a_picture_is_drawn_once_and_no_more_than_a_few_wait(painter: Path) -> None:
    async def story() -> None:
        faults: list[str] = []
        previews = PreviewImages(lambda name, _: faults.append(name))
        same = await asyncio.gather(*(previews.picture("kl", "a=1") for _ in range(WAITING)))
        assert set(same) == {b"kl a=1\n"}
        assert previews.drawn == 1
        crowd = [previews.picture("kl", f"a={i}") for i in range(2, 20)]
        found = await asyncio.gather(*crowd, return_exceptions=True)
        assert sum(isinstance(one, Busy) for one in found) == len(crowd) - WAITING - 1
        assert await previews.picture("kl", "a" * 2000) == b"kl \n", "too long for a state"
        assert not faults

    run_apart(story())


def test_no_more_pictures_are_kept_than_there_is_room_for(
    painter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview_images, "KEPT", 2 * len("akl a\n"))

    async def story() -> None:
        previews = PreviewImages(lambda *_: None)
        for query in ("a", "b", "a", "c", "a", "b"):  # at "c" the oldest is "b"
            await previews.picture("kl", query)
        assert previews.drawn == 4

    run_apart(story())


@pytest.mark.parametrize(
    "does", ["exec sleep 60", "exit 3", "kill -9 $$"], ids=["hangs", "fails", "is killed"]
)
def test_a_picture_that_does_not_come_is_said_and_waited_for_no_longer(
    painter: Path, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    painter.write_text(f"#!/bin/sh\n{does}\n")
    monkeypatch.setattr(preview_images, "SECONDS", 1.0)

    async def story() -> None:
        faults: list[str] = []
        previews = PreviewImages(lambda name, _: faults.append(name))
        assert await previews.picture("kl", "") == b""
        assert faults == ["kl"]
        assert previews._child is None
        painter.write_text("#!/bin/sh\necho drawn\n")
        assert await previews.picture("kl", "") == b"drawn\n", "the failure is not kept"

    run_apart(story())
