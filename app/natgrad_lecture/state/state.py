"""State: all that a reader can change, frozen, as plain values.

Every lesson's state is a ``State``; one that runs rules on a problem is a ``Runs``, and adds the
fields of its own.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

import numpy as np

from natgrad_lecture.state.fields import BadInput, control, perhaps, whole
from natgrad_lecture.state.link import write_query

MOST_STEPS = 2000

_ANSWER = re.compile(r"[\w-]{1,40}:\d?")


def _answers(value: Any) -> tuple[str, ...]:
    given = tuple(map(str, value))
    if len(given) > 40 or not all(map(_ANSWER.fullmatch, given)):
        raise BadInput("answers", "answers are written question:choice, as in plain-splits:1")
    return given


_DERIVE = re.compile(r"([\w-]{1,40}:\d{1,2})?")


def _derive(value: Any) -> str:
    if not _DERIVE.fullmatch(str(value)):
        raise BadInput("derive", "a derivation is written with its last line, as in product:3")
    return str(value)


@dataclass(frozen=True)
class State:
    """What a reader has set: ``k``, the step shown, ``answers``, what was predicted (``id:`` of a
    question whose answer is shown without), and ``derive``, the derivation that is open and how
    many of its lines.
    """

    k: int | None = control(None, "k", perhaps(whole("k", "the step shown", 0, MOST_STEPS)))
    answers: tuple[str, ...] = control((), "said", _answers, stays=True)
    derive: str = control("", "derive", _derive, stays=True)

    def with_(self, **changes: Any) -> Self:
        """The state with these fields changed, each checked; BadInput says which and why."""
        known = {f.name: f for f in fields(self)}
        checked = {}
        for name, value in changes.items():
            if name not in known:
                raise BadInput(name, f"no field {name!r}; there are {', '.join(known)}")
            try:
                checked[name] = known[name].metadata["check"](value)
            except (TypeError, OverflowError):
                raise BadInput(name, f"{name} cannot be {str(value)[:60]}") from None
        return replace(self, **checked)

    def whole(self) -> Self:
        """The state itself if its fields go together, else BadInput."""
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """The fields that the control ``name`` stands for, were it set to ``value``.

        A field's own name is a control, and so is an entry of it: ``start.0``, ``matrix.0.1``,
        or the column ``matrix.:.0``.
        """
        head, _, rest = name.partition(".")
        if not rest:
            return {name: value}
        now = np.array(self.entries(head), object)
        index = tuple(slice(None) if part == ":" else int(part) for part in rest.split("."))
        now[index] = value
        return {head: now.tolist()}

    def entries(self, name: str) -> Any:
        """What a field of several numbers holds, before one of them is changed."""
        return getattr(self, name)

    def values(self) -> dict[str, Any]:
        """What each control shows: the fields, and the entries of those that have some."""
        shown: dict[str, Any] = {}
        for f in fields(self):
            held = self.entries(f.name)
            shown[f.name] = held
            if isinstance(held, tuple) and held and not isinstance(held[0], str):
                for index, part in np.ndenumerate(np.array(held, float)):
                    shown[".".join(map(str, (f.name, *index)))] = part
        return shown

    def plain(self) -> dict[str, Any]:
        """The state as JSON has it."""
        return asdict(self)

    def staying(self) -> dict[str, Any]:
        """What is the reader's own, and stays when a preset is chosen."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.metadata["stays"]}

    def linked(self) -> Self:
        """What a link holds of it."""
        return self

    def query(self, default: State) -> str:
        """What differs from ``default``, as a link's query string without the question mark."""
        return write_query(self.linked(), default)
