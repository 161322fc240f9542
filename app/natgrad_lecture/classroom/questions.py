"""A question to the class, its rounds, and how answers are counted.

Asking the same question twice, with a talk between neighbors, is peer instruction (Mazur 1997).
What is right is kept apart from the question, and said only once the lecturer reveals it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeGuard

from natgrad_lecture.classroom.pose import is_number
from natgrad_lecture.drawing.numbers import round_up, significant
from natgrad_lecture.protocol import ClassQuestion, ClassQuiz, ClassResult, ClassTruth

MOST_OPTIONS, MOST_ROUNDS, MOST_QUESTIONS = 8, 4, 10**6
LONGEST_TEXT, LONGEST_OPTION = 500, 200
BINS = 12
"""About so many bins a histogram has."""

LARGEST = 1e12
"""A larger answer is no answer."""

Ballot = int | float | list[float]
"""An answer: an option's index, a number, or a place on the plane."""


class BadQuestion(ValueError):
    """What a page wished to ask is no question; says which sentence tells why."""


def read_question(said: Any, names: Collection[str]) -> tuple[ClassQuestion, Any]:
    """Return a question and what is right, of what the lecturer's page says.

    Args:
        said: What came over the line.
        names: The questions that the lesson's own text has.

    Raises:
        BadQuestion: it cannot be asked; the argument names the sentence that says why.
    """
    if not isinstance(said, dict):
        raise BadQuestion("no-question")
    if isinstance(name := said.get("name"), str) and name:
        if name not in names:
            raise BadQuestion("not-in-lesson")
        return {"kind": "choice", "text": "", "name": name}, None
    text = said.get("text")
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_TEXT:
        raise BadQuestion("no-text")
    right = said.get("right")
    match said.get("kind"):
        case "choice":
            return _choice(text.strip(), said.get("options"), right)
        case "number":
            asked: ClassQuestion = {"kind": "number", "text": text.strip()}
            return asked, (right if is_number(right) else None)
        case "point":
            plane, start = said.get("plane"), said.get("start")
            if not isinstance(plane, str) or len(plane) > 80 or not is_place(start):
                raise BadQuestion("no-plane")
            asked = {"kind": "point", "text": text.strip(), "plane": plane, "start": start}
            return asked, (right if is_place(right) else None)
    raise BadQuestion("no-question")


def _choice(text: str, options: Any, right: Any) -> tuple[ClassQuestion, Any]:
    if not isinstance(options, list) or not all(isinstance(it, str) for it in options):
        raise BadQuestion("no-options")
    found = [it.strip() for it in options if it.strip()]
    if not 2 <= len(found) <= MOST_OPTIONS or any(len(it) > LONGEST_OPTION for it in found):
        raise BadQuestion("no-options")
    good = isinstance(right, int) and not isinstance(right, bool) and 0 <= right < len(found)
    return {"kind": "choice", "text": text, "options": found}, (right if good else None)


def is_place(value: Any) -> TypeGuard[list[float]]:
    """Whether this is a place on a plane."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(is_number(part) and abs(part) <= LARGEST for part in value)
    )


class Round:
    """The answers of one round: one for each device, the last one counts."""

    def __init__(self, question: ClassQuestion, options: int) -> None:
        """Begin a round; ``options`` is the number of a choice's options."""
        self.question, self.options = question, options
        self.ballots: dict[str, Ballot] = {}

    def vote(self, device: str, answer: Any) -> bool:
        """Count a device's answer in place of its earlier one; False if it is no answer."""
        if self.question["kind"] == "point":
            good = is_place(answer)
        elif self.question["kind"] == "number":
            good = is_number(answer) and abs(answer) <= LARGEST
        else:
            whole = isinstance(answer, int) and not isinstance(answer, bool)
            good = whole and 0 <= answer < self.options
        if good:
            self.ballots[device] = answer
        return good

    def result(self) -> ClassResult:
        """Return the counts."""
        found: ClassResult = {"answered": len(self.ballots)}
        answers = list(self.ballots.values())
        if self.question["kind"] == "point":
            places = [answer for answer in answers if isinstance(answer, list)]
            found["points"] = [[significant(part, 4) for part in place] for place in places]
        elif self.question["kind"] == "number":
            numbers = [answer for answer in answers if not isinstance(answer, list)]
            found["counts"], found["edges"] = histogram(numbers)
        else:
            found["counts"] = [answers.count(option) for option in range(self.options)]
        return found


def histogram(values: Sequence[float]) -> tuple[list[int], list[float]]:
    """Return how many values lie in each bin, and the bins' ends.

    A bin's width is 1, 2 or 5 times a power of ten, so that there are about ``BINS`` bins; for
    whole numbers it is at least 1. Each value is in one bin: the lower end belongs to the bin, the
    upper end to the next one. Where a few values lie far out, the bins fit the middle nine tenths,
    and the first and the last bin hold the rest.

    Args:
        values: Finite numbers.
    """
    if not values:
        return [], []
    row = sorted(values)
    low, high = row[int(0.05 * (len(row) - 1))], row[math.ceil(0.95 * (len(row) - 1))]
    if (row[-1] - row[0]) <= 3 * (high - low):
        low, high = row[0], row[-1]
    span = (high - low) or max(abs(low), 1e-9) or 1.0
    step = round_up(span / BINS)
    if all(value == int(value) for value in row):
        step = max(1.0, step)
    first = math.floor(low / step)
    count = max(1, math.floor(high / step) - first + 1)
    edges = [significant((first + i) * step, 12) for i in range(count + 1)]
    counts = [0] * count
    for value in row:
        counts[min(count - 1, max(0, math.floor(value / step) - first))] += 1
    return counts, edges


class Quiz:
    """A question that the class is at, with its rounds."""

    def __init__(self, id: int, lesson: str, question: ClassQuestion, options: int, right: Any):
        """Open the first round.

        Args:
            id: Its number in this class.
            lesson: The lesson that is shown while it is asked.
            question: What is asked.
            options: The number of options, of a choice.
            right: What is right, if the lecturer said so.
        """
        self.id, self.lesson, self.question = id, lesson, question
        self.options, self.right = options, right
        self.earlier: list[ClassResult] = []
        self.round = Round(question, options)
        self.open, self.revealed = True, False
        self.truth: ClassTruth = {}

    @property
    def number(self) -> int:
        """The number of the round, from 1."""
        return len(self.earlier) + 1

    def again(self) -> bool:
        """Begin another round; False after too many."""
        if self.number >= MOST_ROUNDS:
            return False
        self.earlier.append(self.round.result())
        self.round = Round(self.question, self.options)
        self.open, self.revealed = True, False
        return True

    def results(self) -> list[ClassResult]:
        """The counts of every round."""
        return [*self.earlier, self.round.result()]

    def summary(self, to_lecturer: bool) -> ClassQuiz:
        """What a page is told of it. The counts come once no more answers are taken, and to a
        follower only once they are revealed; what is right is said to nobody before.
        """
        said: ClassQuiz = {
            "id": self.id,
            "question": self.question,
            "lesson": self.lesson,
            "round": self.number,
            "open": self.open,
            "revealed": self.revealed,
        }
        if self.revealed or (to_lecturer and not self.open):
            said["results"] = self.results()
        elif to_lecturer:
            said["results"] = self.earlier
        if self.revealed:
            said["truth"] = self.truth
        return said


def read_kept(said: Any) -> list[ClassQuiz]:
    """Return the finished rounds that a lecturer's page kept, for a server that knows nothing.

    Args:
        said: What came over the line. What is not of the form is left out.
    """
    found: list[ClassQuiz] = []
    for each in said if isinstance(said, list) else []:
        results = _results(each)
        if not results:
            continue
        question: ClassQuestion = {
            "kind": each["question"]["kind"],
            "text": str(each["question"].get("text", ""))[:LONGEST_TEXT],
        }
        if isinstance(name := each["question"].get("name"), str):
            question["name"] = name[:80]
        if isinstance(options := each["question"].get("options"), list):
            question["options"] = [str(it)[:LONGEST_OPTION] for it in options[:MOST_OPTIONS]]
        found.append(
            {
                "id": each["id"],
                "question": question,
                "lesson": str(each.get("lesson", ""))[:80],
                "round": len(results),
                "open": False,
                "revealed": True,
                "results": results,
            }
        )
    return found[:200]


def _results(each: Any) -> list[ClassResult]:
    """The counts of each round; none if this is no question."""
    question = each.get("question") if isinstance(each, Mapping) else None
    fine = (
        isinstance(question, Mapping)
        and question.get("kind") in ("choice", "number", "point")
        and type(each.get("id")) is int
        and 0 <= each["id"] < MOST_QUESTIONS
        and isinstance(each.get("results"), list)
    )
    return [found for found in map(_result, each["results"]) if found] if fine else []


def _result(said: Any) -> ClassResult | None:
    if not isinstance(said, Mapping) or not is_number(said.get("answered")):
        return None
    found: ClassResult = {"answered": int(said["answered"])}
    for name in ("counts", "edges"):
        row = said.get(name)
        if isinstance(row, list) and all(map(is_number, row)):
            found[name] = row[:100]
    points = said.get("points")
    if isinstance(points, list) and all(map(is_place, points)):
        found["points"] = points[:5000]
    return found
