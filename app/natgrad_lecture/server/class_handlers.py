"""A class's pages and lines: what a phone opens, and the websockets of lecturer and followers."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
import tornado.iostream
import tornado.web
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.websocket import WebSocketHandler

from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.classroom.codes import TOKEN, Devices, code_of, plain_code
from natgrad_lecture.classroom.hub import qr
from natgrad_lecture.classroom.limits import Bucket
from natgrad_lecture.classroom.messages import Message
from natgrad_lecture.classroom.room import ENDED, NO_CLASS, Room
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.protocol import ClassTruth
from natgrad_lecture.server.context import Context
from natgrad_lecture.server.page_handlers import visitor
from natgrad_lecture.server.security_headers import Guarded
from natgrad_lecture.text.catalogs import spoken

PROTOCOL = "natgrad.class"
"""The subprotocol of a class's lines; a lecturer's token stands beside it, which no log keeps."""

DEVICE = "natgrad-device"
"""The cookie that holds a device's token. It is sent to its class only, and ends with it."""

HOURS = 12
"""How long a device's token is kept by a browser that nobody closes."""

LONGEST = 32 * 1024
"""Bytes of a word. A lecturer's page may have to say all rounds again."""

UNLED = 10.0
"""Seconds in which a lecturer's page has to say what it shows."""

BUSY = 64 * 1024
"""Bytes that may wait to be sent to a follower, in the kernel of the system."""

OWN = ("localhost", "127.0.0.1", "::1")
"""Names of this machine that no other one reaches it by."""

MOST_SAID = 60
"""Words a second that a lecturer's page may say."""

FULL, CODE_USED = 4413, 4411
"""Codes with which a line is closed at once: there is no room, or, of a lecturer, another class has
the code."""

MALFORMED = 1008


class LessonTexts:
    """What the lessons' own texts know, as a class needs it."""

    def spoken(self, lesson: str, language: str, words: Mapping[str, Any]) -> dict[str, Any]:
        """A picture's words in a language, of those in English."""
        from natgrad_lecture.lessons import lessons

        if lesson not in lessons:
            return dict(words)
        say = lessons[lesson].say(language)
        traces = [
            spoken({**trace, "name": say(trace["name"])}, say) for trace in words.get("traces", ())
        ]
        return {**spoken({**words, "traces": []}, say), "traces": traces}

    def options(self, lesson: str) -> Mapping[str, list[str]]:
        """The questions of a lesson: the words of each one's options, and last its own."""
        return _options(lesson)

    async def truth(self, lesson: str, name: str) -> ClassTruth:
        """What is right, and why."""
        return await asyncio.get_running_loop().run_in_executor(None, _truth, lesson, name)


@bounded_cache
def _options(lesson: str) -> dict[str, list[str]]:
    from natgrad_lecture.lessons import lessons

    if lesson not in lessons:
        return {}
    asked = lessons[lesson].text().questions
    return {
        name: [*(option.source for option in question.options), question.asked.source]
        for name, question in asked.items()
    }


def _truth(lesson: str, name: str) -> ClassTruth:
    from natgrad_lecture.lessons import lessons

    held = lessons[lesson]
    said = {language: held.reason(name, language) for language in held.languages}
    return {"right": held.truth(name), "say": said}


@bounded_cache
def lesson_data(name: str, language: str) -> bytes:
    """Return a lesson's fixed part as JSON, compressed."""
    from natgrad_lecture.lessons import lessons

    data = page_data(lessons[name], language, tuple(lessons.values()))
    return gzip.compress(orjson.dumps(data), mtime=0)


class ClassPage(Guarded, JupyterHandler):
    """What a phone opens: ``class`` asks for the code, ``class/CODE`` follows."""

    def initialize(self, server: Context) -> None:
        """Take the server that knows the classes."""
        self.server = server

    @tornado.web.authenticated
    async def get(self, code: str = "") -> None:
        """Send the page, which costs no kernel; with a token for a device that has none."""
        plain = plain_code(code)
        if code and code != plain:
            self.redirect(f"{self.base_url}class/{plain}")
            return
        said: dict[str, Any] = {"base": self.base_url, "code": plain}
        if plain:
            said["missing"] = self._missing(plain)
        if said.get("missing"):
            self.set_status(404)
        self.set_header("Cache-Control", "no-store")
        language = self.language()
        room = None if said.get("missing") else self.server.together.rooms.get(plain)
        if room is None or "gzip" not in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Vary", "Accept-Language")
            self.finish(self.server.class_page({"follow": said}, language))
            return
        if language not in room.pages:
            page = self.server.class_page({"follow": said}, language)
            room.pages[language] = gzip.compress(page.encode(), mtime=0)
        self.set_header("Content-Encoding", "gzip")
        self.set_header("Vary", "Accept-Encoding, Accept-Language")
        self.finish(room.pages[language])

    def _missing(self, code: str) -> str:
        """Why there is no such class; empty if there is."""
        classes, cookie = self.server.together, self.get_cookie(DEVICE) or ""
        path = f"{self.base_url}class/{code}"
        if classes.ended(code):
            self.clear_cookie(DEVICE, path=path)
            return "ended"
        address = visitor(self.request)
        room = classes.find(code, address, cookie)
        if room is None:
            return "no-class"
        if self.request.method != "HEAD" and not room.devices.known(cookie):
            token = classes.issue(room, address)
            if token is None:
                return "full"
            secure = "https" in (
                self.request.protocol,
                self.request.headers.get("X-Forwarded-Proto"),
            )
            self.set_cookie(
                DEVICE,
                token,
                path=path,
                httponly=True,
                samesite="Lax",
                secure=secure,
                max_age=3600 * HOURS,
            )
        return ""


class ClassProcess(Guarded, JupyterHandler):
    """Which process a class's phones are sent to, ``class/CODE/process``: says nothing of a class.

    One answers for every code where there is one process. Where there are several, the proxy before
    them chooses by the code, and the answer is that process's.
    """

    def initialize(self, server: Context) -> None:
        """Take the server that knows the classes."""
        self.server = server

    @tornado.web.authenticated
    async def get(self, code: str) -> None:
        """Send its name."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(self.server.together.process)


class ClassLesson(Guarded, JupyterHandler):
    """A lesson's words and controls, for followers: ``class/lesson/NAME?lang=zh,en``."""

    @tornado.web.authenticated
    async def get(self, name: str) -> None:
        """Send them in the first of the wished languages that the lesson has."""
        from natgrad_lecture.lessons import lessons

        if name not in lessons:
            raise tornado.web.HTTPError(404)
        wished = self.get_query_argument("lang", "")[:200].split(",")
        there = lessons[name].languages
        language = next((each for each in wished if each in there), there[0])
        loop = asyncio.get_running_loop()
        data = await loop.run_in_executor(None, lesson_data, name, language)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Content-Encoding", "gzip")
        self.set_header("Cache-Control", "no-cache")
        self.finish(data)


class ClassLine(  # pyright: ignore[reportIncompatibleMethodOverride] -- so it is in Jupyter's own
    Guarded, WebSocketMixin, WebSocketHandler, JupyterHandler
):
    """A line of a class: what the two kinds have in common."""

    def initialize(self, server: Context) -> None:
        """Take the server that knows the classes."""
        self.server = server
        self.room: Room | None = None

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Ours, and never the one that holds a token."""
        return PROTOCOL if PROTOCOL in subprotocols else None

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Open the line."""
        await super().get(*args, **kwargs)

    def send(self, message: Message) -> bool:
        """Send a message as it was made for all; False if some of it waits here."""
        held = self.ws_connection
        stream = getattr(held, "stream", None)
        if held is None or held.is_closing() or stream is None:
            return True
        try:
            future = stream.write(message.frame)
        except tornado.iostream.StreamClosedError:
            return True
        if not stream.writing():
            return True
        future.add_done_callback(self._drained)
        return False

    def _drained(self, future: Any) -> None:
        if not future.cancelled() and future.exception() is None and self.room is not None:
            self.room.drained(self)

    def word(self, message: object) -> dict[str, Any] | None:
        """A message's word; None, and the line is closed, if it is not of the form."""
        try:
            if not isinstance(message, str) or len(message) > LONGEST:
                raise ValueError
            word = json.loads(message, parse_constant=_refuse)
            if not isinstance(word, dict):
                raise ValueError
        except (ValueError, RecursionError):
            self.server.watch.refused("class: malformed")
            self.close(MALFORMED, "not a word of a class")
            return None
        return word

    def hang_up(self, code: int, reason: str, at_once: bool = False) -> None:
        """Close the line, and say why; ``at_once`` waits for no word of the other side."""
        with contextlib.suppress(Exception):
            held = self.ws_connection
            self.close(code, reason)
            stream = getattr(held, "stream", None)
            if at_once and stream is not None:
                stream.close()


def _refuse(name: str) -> None:
    raise ValueError(name)


class FollowLine(ClassLine):
    """A follower's line. It opens for a device that the class knows; all others hear the same."""

    async def open(self, code: str) -> None:
        """Let the follower in, let them wait for their class, or say why not.

        Who holds no token, or one that the class did not sign, hears what one of no class hears.
        """
        super().open()
        classes = self.server.together
        cookie = self.get_cookie(DEVICE) or ""
        if classes.ended(code):
            self.close(ENDED, "the class has ended")
            return
        if not Devices.shaped(cookie):
            self.close(NO_CLASS, "no class has this code")
            return
        self.set_nodelay(True)
        self._keep_short()
        room = classes.rooms.get(code)
        if room is not None and room.devices.known(cookie):
            self.admit(room)
        elif classes.wait(self, code):
            self.send(Message({"said": "no-class"}))
        else:
            self.close(FULL, "the class is full")

    def admit(self, room: Room) -> None:
        """The class is there: join it."""
        device = room.devices.known(self.get_cookie(DEVICE) or "")
        if device is None:
            self.close(NO_CLASS, "no class has this code")
            return
        language = self.get_query_argument("lang", "en")[:12]
        aside = bool(self.get_query_argument("aside", ""))
        if self.server.together.join(room, self, device, language, aside):
            self.room = room
            self.send(Message({"release": self.server.assets.hash}))
        else:
            self.close(FULL, "the class is full")

    def _keep_short(self) -> None:
        """Let little wait in the system's own buffers: what waits there is old when it arrives."""
        held = getattr(self.ws_connection, "stream", None)
        if held is None:
            return
        with contextlib.suppress(OSError, AttributeError):
            held.socket.setsockopt(
                socket.IPPROTO_TCP, getattr(socket, "TCP_NOTSENT_LOWAT", 25), BUSY
            )

    def on_message(self, message: object) -> None:
        """Take an answer."""
        word = self.word(message)
        if word is not None and self.room is not None:
            self.room.answered(self, word)

    def on_close(self) -> None:
        """The follower is gone."""
        super().on_close()
        self.server.together.leave(self)
        if self.room is not None:
            self.room.leave(self)
            self.room = None


class LeadLine(ClassLine):
    """The lecturer's line: its token opens the class, and steers it."""

    def initialize(self, server: Context) -> None:
        """Take the server that knows the classes."""
        super().initialize(server)
        self.key = ""
        self.bucket = Bucket(2 * MOST_SAID, MOST_SAID)
        self.late: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Wait for what the page shows: the class opens with it."""
        super().open()
        said = self.request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        tokens = [name.strip().removeprefix("natgrad.token.") for name in said]
        self.key = next((each for each in tokens if TOKEN.fullmatch(each)), "")
        self.set_nodelay(True)
        if not self.key:
            self.close(MALFORMED, "no token")
            return
        loop = asyncio.get_running_loop()
        self.late = loop.call_later(UNLED, self.hang_up, MALFORMED, "nothing is shown")

    async def on_message(self, message: object) -> None:
        """Do what the lecturer's page says."""
        word = self.word(message)
        if word is None:
            return
        if not self.bucket.take():
            await asyncio.sleep(1 / MOST_SAID)
        if "lead" in word:
            await self._lead(word["lead"])
        room = self.room
        if room is None or room.lead is not self:
            return
        if "beat" in word:
            room.say({"beat": 1})
        await room.order(word)

    async def _lead(self, said: Any) -> None:
        """The page shows a lesson, out of a kernel whose pass it holds."""
        if not isinstance(said, dict):
            said = {}
        kernel, held, lesson = (str(said.get(name, "")) for name in ("kernel", "pass", "lesson"))
        holder = self.server.readers.passes.get(kernel)
        if holder is None or not holder.admits(held):
            self.server.watch.refused("class: pass")
            self.hang_up(NO_CLASS, "the page holds no kernel")
            return
        if self.room is None:
            loop = asyncio.get_running_loop()
            try:
                # The code's hash is slow on purpose: not on this thread.
                await loop.run_in_executor(None, code_of, self.key)
                room = self.server.together.open(self.key, kernel)
            except ValueError:
                self.hang_up(CODE_USED, "another class has this code")
                return
            if room is None:
                self.hang_up(FULL, "no more classes here")
                return
            if self.late is not None:
                self.late.cancel()
            self.room = room
            room.take_the_lead(self)
            self.server.watch.event("class led")
        self._tell_place(str(said.get("address", "")))
        self.server.together.led(self.room, lesson, kernel)

    def _tell_place(self, address: str) -> None:
        assert self.room
        place = urlsplit(address)
        if place.scheme not in ("http", "https") or not place.netloc or len(address) > 300:
            return
        base = f"{place.scheme}://{place.netloc}{self.base_url}"
        local = (place.hostname or "") in OWN
        names = [name for name in self.server.names if name not in ("*", *OWN)]
        if local and names:
            port = f":{place.port}" if place.port else ""
            base, local = f"{place.scheme}://{names[0]}{port}{self.base_url}", False
        url = f"{base}class/{self.room.code}"
        self.room.say(
            {
                "place": {
                    "code": self.room.code,
                    "limit": self.room.limit,
                    "address": url,
                    "qr": qr(url),
                    "local": local,
                    "process": self.server.together.process,
                }
            }
        )

    def on_close(self) -> None:
        """The lecturer's page is gone; it may come back."""
        super().on_close()
        if self.late is not None:
            self.late.cancel()
        if self.room is not None:
            self.room.leave_the_lead(self)
            self.room = None
