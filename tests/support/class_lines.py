"""A class as its pages speak for it: by hand, over real sockets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

import requests
import websocket

from natgrad_lecture.classroom.codes import code_of
from natgrad_lecture.classroom.messages import unpacked
from natgrad_lecture.server.class_handlers import DEVICE, PROTOCOL
from tests.support.servers import Page

OPENED: list[websocket.WebSocket] = []
"""The lines that were opened, to be hung up."""


@dataclass
class Line:
    """A line of a class, and all that was heard on it."""

    socket: websocket.WebSocket
    heard: list[dict[str, Any]] = field(default_factory=list)

    def say(self, **word: Any) -> None:
        """Say a word."""
        self.socket.send(json.dumps(word))

    def until(self, part: str, wished: Any = None) -> Any:
        """The next news of a part: of this value, or (of a function) one that it holds for."""
        right = wished if callable(wished) else lambda it: wished in (None, it)
        while True:
            opcode, payload = self.socket.recv_data()
            assert opcode != websocket.ABNF.OPCODE_CLOSE, (part, payload, self.heard)
            news, _ = unpacked(payload)
            self.heard.append(news)
            if part in news and right(news[part]):
                return news[part]

    def closed(self) -> int:
        """The code with which the server closes the line."""
        while True:
            opcode, payload = self.socket.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return int.from_bytes(payload[:2], "big")


def dial(url: str, *protocols: str, cookie: str = "", origin: str = "", **how: Any) -> Line:
    """Open a line; ``how`` is the client's."""
    socket = websocket.create_connection(
        url.replace("http", "ws", 1),
        subprotocols=[PROTOCOL, *protocols],
        origin=origin or "/".join(url.split("/")[:3]),
        cookie=cookie or None,
        timeout=60,
        **how,
    )
    OPENED.append(socket)
    return Line(socket)


def hang_up() -> None:
    """Hang up every line that was opened."""
    while OPENED:
        OPENED.pop().shutdown()


@dataclass
class Lecture:
    """A lecturer's page that leads a class."""

    page: Page
    token: str = field(default_factory=lambda: token_hex(16))
    http: Any = requests
    """What fetches pages."""
    cookie: str = ""
    """What a proxy in front asks for."""
    how: dict[str, Any] = field(default_factory=dict)
    """How to open a line, where it is not as usual."""

    @property
    def url(self) -> str:
        """Where the class's pages are."""
        return f"{self.page.url}class"

    @property
    def code(self) -> str:
        """The class's code."""
        return code_of(self.token)

    @property
    def words(self) -> dict[str, str]:
        """What a page says in order to lead."""
        data = self.page.data
        return {
            "lesson": self.page.lesson,
            "kernel": data["kernel"],
            "pass": data["pass"],
            "address": f"{self.page.url}coordinates",
        }

    def lead(self) -> Line:
        """Lead the class."""
        token = f"natgrad.token.{self.token}"
        line = dial(f"{self.url}/lead", token, cookie=self.cookie, **self.how)
        line.say(lead=self.words)
        line.until("place")
        return line

    def device(self) -> str:
        """A phone's cookie."""
        fresh = {"Cookie": self.cookie or "none=0"}  # not those of a device before
        answer = self.http.get(f"{self.url}/{self.code}", headers=fresh, timeout=60)
        assert answer.status_code == 200
        return f"{DEVICE}={answer.cookies[DEVICE]}"

    def follow(self, cookie: str = "") -> Line:
        """Follow the class with a device, a new one if none is named."""
        cookies = "; ".join(filter(None, (self.cookie, cookie or self.device())))
        return dial(f"{self.url}/{self.code}/line", cookie=cookies, **self.how)
