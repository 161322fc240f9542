"""One class: a lecturer's line, the followers' lines, and the newest state of all that is shown.

The state has parts, each with a version. A line that is ready gets the parts of which it has an
older version; one that is slow gets nothing meanwhile, and afterwards the newest: there is no
queue. Pictures of a drag are spaced, and the last one goes at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from natgrad_lecture.classroom.codes import Devices, code_of
from natgrad_lecture.classroom.counts import as_csv, as_json
from natgrad_lecture.classroom.limits import Bucket
from natgrad_lecture.classroom.messages import Message
from natgrad_lecture.classroom.pictures import SPOILERS, Outlines, Picture
from natgrad_lecture.classroom.pose import STILL, read_pose
from natgrad_lecture.classroom.questions import (
    MOST_QUESTIONS,
    BadQuestion,
    Quiz,
    read_kept,
    read_question,
)
from natgrad_lecture.protocol import ClassNews, ClassQuiz, ClassTruth

SPACING = 0.2
"""Seconds between two pictures while the lecturer drags."""

QUIET = 0.06
"""Seconds without a newer answer after which a picture is taken for the last one of a drag."""

COUNTING = 0.25
"""Seconds between two counts that the lecturer is told."""

AT_ONCE = 32
"""Lines that are written to before other work gets its turn."""

BURST, RATE = 40, 10
"""Words that one follower may say at once, and then in a second."""

ENDED, TAKEN, FLOOD, NO_CLASS = 4410, 4409, 4408, 4404
"""Codes with which a line is closed: the class has ended, another page leads it, too many words,
there is no such class (yet)."""

NONE: frozenset[str] = frozenset()

PARTS = ("lesson", "picture", "pose", "quiz")
"""What a follower is told, in this order."""

ASIDE = ("quiz",)
"""What a reader hears who is on their own for a while: that a question is asked."""


class Line(Protocol):
    """An open line to a page."""

    def send(self, message: Message) -> bool:
        """Send a message; False if it could not be handed over whole yet."""
        ...

    def hang_up(self, code: int, reason: str, at_once: bool = False) -> None:
        """Close the line, and say why."""


class Texts(Protocol):
    """What the lessons' texts know: their questions, and how an answer is said in a language."""

    def spoken(self, lesson: str, language: str, words: Mapping[str, Any]) -> dict[str, Any]:
        """A picture's words in a language, of those in English."""
        ...

    def options(self, lesson: str) -> Mapping[str, list[str]]:
        """The questions of a lesson: the words of each one's options, and last its own."""
        ...

    async def truth(self, lesson: str, name: str) -> ClassTruth:
        """What is right, and why."""
        ...


class Seat:
    """A follower: a line, the device that it is of, and what it has been sent."""

    __slots__ = ("bucket", "device", "free", "has", "language", "line", "parts", "seen")

    def __init__(self, line: Line, device: str, language: str, parts: tuple[str, ...]) -> None:
        self.line, self.device, self.language, self.parts = line, device, language, parts
        self.seen: dict[str, int] = {}
        self.has = NONE
        self.free = True
        self.bucket = Bucket(BURST, RATE)


class Room:
    """A class. Its lecturer's page says what is shown; what followers say is counted."""

    def __init__(
        self,
        token: str,
        limit: int,
        texts: Texts,
        ended: Callable[[Room], None] = lambda room: None,
    ) -> None:
        """Open a class.

        Args:
            token: The lecturer's.
            limit: How many may follow at once.
            texts: What the lessons' texts know.
            ended: Called when the class ends.
        """
        self.token, self.code, self.limit = token, code_of(token), limit
        self.devices = Devices(token)
        self.issued = 0
        self.pages: dict[str, bytes] = {}
        """What every phone opens, packed for the first one."""
        self.seats: dict[Line, Seat] = {}
        self.lead: Line | None = None
        self.left = time.monotonic()
        self.kernel, self.lesson = "", ""
        self.language = "en"
        self.outlines = Outlines()
        self.picture: Picture | None = None
        self.quiz: Quiz | None = None
        self.done: list[ClassQuiz] = []
        self.over = False
        self._texts, self._ended = texts, ended
        self._version = 0
        self._parts: dict[str, tuple[int, Message | Picture]] = {}
        self._answer: tuple[Mapping[str, Any], bytes] | None = None
        self._sent = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._count_timer: asyncio.TimerHandle | None = None
        self._spread: asyncio.Task[None] | None = None
        self._ids = 0
        self._set("pose", {"pose": STILL})
        self._set("quiz", {"quiz": None})

    # The state

    def _set(self, part: str, news: ClassNews | Picture) -> None:
        self._version += 1
        message = news if isinstance(news, Picture) else Message(news)
        self._parts[part] = self._version, message
        if self.seats and self._spread is None:
            self._spread = asyncio.get_running_loop().create_task(self._tell_all())

    async def _tell_all(self) -> None:
        """Write to every line; again if something changed meanwhile."""
        try:
            version = -1
            while version != self._version:
                version = self._version
                for i, seat in enumerate(list(self.seats.values())):
                    if i % AT_ONCE == AT_ONCE - 1:
                        await asyncio.sleep(0)
                    self.tell(seat)
        finally:
            self._spread = None

    def tell(self, seat: Seat) -> None:
        """Send a line the parts of which it has an older version, while it takes them."""
        hide = self._hidden()
        for part in seat.parts:
            version, held = self._parts.get(part, (0, None))
            if held is None or seat.seen.get(part) == version:
                continue
            if not seat.free:
                return
            seat.seen[part] = version
            if isinstance(held, Picture):
                message = held.message(seat.has, hide, seat.language)
                seat.has = held.keys
            else:
                message = held
            seat.free = seat.line.send(message)

    def drained(self, line: Line) -> None:
        """A line that was slow has taken what it was sent."""
        seat = self.seats.get(line)
        if seat is not None:
            seat.free = True
            self.tell(seat)

    def _hidden(self) -> frozenset[str]:
        """Kinds of traces that would show the answer to the question that is open."""
        quiz = self.quiz
        return SPOILERS if quiz and quiz.question["kind"] == "point" and not quiz.revealed else NONE

    # The picture

    def heard(self, answer: Mapping[str, Any], data: bytes) -> None:
        """Take the kernel's answer; it is sent now, or in place of it a newer one soon.

        Args:
            answer: What the kernel says; what is no picture counts for nothing.
            data: Its arrays.
        """
        if "traces" not in answer:
            return
        # Even of one that is never sent the outlines are kept: the kernel will not send them again.
        self.picture = Picture(answer, data, self.outlines, self._translate)
        now = time.monotonic()
        due = max(now, min(self._sent + SPACING, now + QUIET))
        if now - self._sent >= SPACING:
            due = now
        if self._timer is not None:
            self._timer.cancel()
        if due <= now:
            self._send_picture()
        else:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(due - now, self._send_picture)

    def _translate(self, language: str, words: dict[str, Any]) -> dict[str, Any]:
        """A picture's words in a follower's language, where the lecturer's page speaks English."""
        if self.language != "en" or language == "en":
            return words
        return self._texts.spoken(self.lesson, language, words)

    def _send_picture(self) -> None:
        self._timer = None
        self._sent = time.monotonic()
        if self.picture is not None:
            self._set("picture", self.picture)

    def _new_lesson(self, lesson: str) -> None:
        self.lesson = lesson
        self.outlines, self.picture = Outlines(), None
        self._parts.pop("picture", None)
        self._set("lesson", {"lesson": lesson})

    # Who is in

    def here(self) -> int:
        """How many follow; who is on their own for a while does not."""
        return sum(seat.parts is PARTS for seat in self.seats.values())

    def join(self, line: Line, device: str, language: str = "en", aside: bool = False) -> bool:
        """Let a follower in; False if the class is full.

        Args:
            line: To the page.
            device: Whose it is.
            language: In which it reads.
            aside: The reader is on their own for a while, and hears of questions alone.
        """
        if len(self.seats) >= self.limit:
            return False
        seat = self.seats[line] = Seat(line, device, language, ASIDE if aside else PARTS)
        self.tell(seat)
        self._tell_mine(seat)
        self._tell_count()
        return True

    def leave(self, line: Line) -> None:
        """A follower's line is gone."""
        if self.seats.pop(line, None) is not None:
            self._tell_count()

    def take_the_lead(self, line: Line) -> None:
        """A lecturer's page leads from now on; one that did before is told."""
        older, self.lead = self.lead, line
        if older is not None and older is not line:
            older.hang_up(TAKEN, "another page leads this class")
        self._tell_count()

    def leave_the_lead(self, line: Line) -> None:
        """A lecturer's line is gone; what is shown stays."""
        if self.lead is line:
            self.lead, self.left = None, time.monotonic()

    def end(self) -> None:
        """End the class: every line is closed, and nothing is kept."""
        if self.over:
            return
        self.over = True
        for timer in (self._timer, self._count_timer):
            if timer is not None:
                timer.cancel()
        lines = [*self.seats, *([self.lead] if self.lead else [])]
        self.seats, self.lead = {}, None
        for line in lines:
            line.hang_up(ENDED, "the class has ended")
        self._ended(self)

    # What the lecturer says

    def led(self, lesson: str, kernel: str) -> None:
        """The lecturer's page shows this lesson, out of this kernel."""
        self.kernel = kernel
        if lesson != self.lesson:
            self._new_lesson(lesson)
        self.say({"quiz": self.quiz.summary(True) if self.quiz else None})

    def say(self, news: ClassNews) -> None:
        """Say something to the lecturer's page."""
        if self.lead is not None:
            self.lead.send(Message(news))

    async def order(self, word: Mapping[str, Any]) -> None:
        """Do what the lecturer's page says."""
        if (pose := read_pose(word.get("pose"))) is not None:
            self._set("pose", {"pose": pose})
        if "kept" in word and not self.done and self.quiz is None:
            self.done = read_kept(word["kept"])
            self._ids = max([self._ids, *(each["id"] for each in self.done)])
        if "ask" in word:
            self._ask(word["ask"])
        if word.get("close") and self.quiz and self.quiz.open:
            self.quiz.open = False
            self._quiz_changed()
        if word.get("again") and self.quiz:
            if self.quiz.again():
                self._quiz_changed()
            else:
                self.say({"said": "no-more-rounds"})
        if word.get("reveal") and self.quiz and not self.quiz.revealed:
            await self._reveal(self.quiz)
        if word.get("clear") and self.quiz:
            self._put_away()
            self._quiz_changed()
        if word.get("end"):
            self._put_away()
            if self.done:
                self.say({"file": {"kind": "csv", "text": as_csv(self.done)}})
                self.say({"file": {"kind": "json", "text": as_json(self.done)}})
            self.end()

    def _ask(self, said: Any) -> None:
        known = self._texts.options(self.lesson)
        try:
            question, right = read_question(said, known)
        except BadQuestion as bad:
            self.say({"said": str(bad)})
            return
        self._put_away()
        name = question.get("name")
        options = len(question.get("options", ()) if name is None else known[name][:-1])
        self._ids += 1
        number = said.get("id")
        if type(number) is int and self._ids <= number < MOST_QUESTIONS:  # of a server before
            self._ids = number
        self.quiz = Quiz(self._ids, self.lesson, question, options, right)
        self.quiz.earlier = [
            result
            for each in read_kept([{**said, "id": 0, "question": question}])
            for result in each.get("results", ())
        ]
        self._quiz_changed()

    async def _reveal(self, quiz: Quiz) -> None:
        """Show the counts, and what is right: of the lesson's own questions the engine says it."""
        quiz.open = False
        name = quiz.question.get("name")
        if name is not None:
            quiz.truth = await self._texts.truth(quiz.lesson, name)
        elif quiz.right is not None:
            quiz.truth = {"right": quiz.right}
        quiz.revealed = True
        self._quiz_changed()

    def _kept(self, quiz: Quiz) -> ClassQuiz:
        """All that is known of a question, for the lecturer's file."""
        said = quiz.summary(True)
        said["results"] = quiz.results()
        if (name := quiz.question.get("name")) is not None:
            *options, text = self._texts.options(quiz.lesson)[name]
            said["question"] = {**quiz.question, "text": text, "options": options}
        return said

    def _put_away(self) -> None:
        if self.quiz is not None:
            self.done.append(self._kept(self.quiz))
            self.quiz = None

    def _quiz_changed(self) -> None:
        self._set("quiz", {"quiz": self.quiz.summary(False) if self.quiz else None})
        if self.picture is not None:
            self._set("picture", self.picture)  # with the answer, or without it
        self.say({"quiz": self.quiz.summary(True) if self.quiz else None})
        if self.quiz:
            self.say({"answered": len(self.quiz.round.ballots)})

    # What followers say

    def answered(self, line: Line, word: Mapping[str, Any]) -> None:
        """Take a follower's word: an answer to the open question, or nothing."""
        seat = self.seats.get(line)
        if seat is None:
            return
        if not seat.bucket.take():
            line.hang_up(FLOOD, "too many words")
            return
        if "answer" not in word:
            line.send(Message({"beat": 1}))
            return
        quiz = self.quiz
        if quiz is None or not quiz.open or word.get("round") != [quiz.id, quiz.number]:
            line.send(Message({"said": "closed"}))
        elif word.get("resend") is True and seat.device in quiz.round.ballots:
            self._tell_mine(seat)
        elif not quiz.round.vote(seat.device, word["answer"]):
            line.send(Message({"said": "no-answer"}))
        else:
            self._tell_mine(seat)
            self._tell_count()

    def _tell_mine(self, seat: Seat) -> None:
        """Say to a follower which answer counts as theirs."""
        if self.quiz is not None:
            mine: Any = self.quiz.round.ballots.get(seat.device)
            if mine is not None:
                seat.line.send(Message({"mine": mine}))

    # Counts

    def _tell_count(self) -> None:
        """Tell the lecturer how many there are, and how many answered: now and then."""
        if self._count_timer is None and self.lead is not None:
            loop = asyncio.get_running_loop()
            self._count_timer = loop.call_later(COUNTING, self._say_count)

    def _say_count(self) -> None:
        self._count_timer = None
        news: ClassNews = {"count": self.here()}
        if self.quiz:
            news["answered"] = len(self.quiz.round.ballots)
        self.say(news)
