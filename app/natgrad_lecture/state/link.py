"""State <-> link.

A link holds only what differs from a lesson's default, is short and readable, and carries a
version. Reading one never fails: what cannot be read is dropped, and said.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, ClassVar, Protocol, Self, TypeVar
from urllib.parse import parse_qsl, quote

from natgrad_lecture.state.fields import BadInput

VERSION = 1
"""Of links; raised when an old link would open as something else."""

PAGE = ("hide", "talk", "present", "lang")
"""Names in a link that are the page's own: what is hidden, a talk's steps, the step presented, the
language."""


class Linked(Protocol):
    """What a link writes: a frozen dataclass of controls (``fields.control``)."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def with_(self, **changes: Any) -> Self:
        """The state with these fields changed, each checked."""
        ...

    def whole(self) -> Self:
        """The state itself if its fields go together, else BadInput."""
        ...


S = TypeVar("S", bound=Linked)


def write_query(state: Linked, default: Linked, always: str = "") -> str:
    """What differs from ``default``, as a link's query string without the question mark.

    The field ``always`` is named though it may not differ.
    """
    parts = [f"v={VERSION}"]
    for f in fields(state):
        value = getattr(state, f.name)
        if value != getattr(default, f.name) or f.name == always:
            parts.append(f"{f.metadata['short']}={quote(_write(value), safe=',-.:()*/;')}")
    return "&".join(parts) if len(parts) > 1 else ""


def _write(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(_write(part) for part in value)
    if isinstance(value, float):
        return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return str(value)


def _read(default: Any, text: str) -> Any:
    """``text`` in the form of a field whose default this is; its check has the last word."""
    if isinstance(default, tuple):
        parts = text.split(",") if text else []
        if default and isinstance(default[0], tuple):
            width = len(default[0])
            return [parts[i : i + width] for i in range(0, len(parts), width)]
        return parts
    if default is None:
        return None if not text else text.split(",") if "," in text else text
    return text


UNKNOWN = 5
"""Names that are not known of which a reader is told: these say what is wrong with the link."""


def read_query(query: str, default: S) -> tuple[S, list[str]]:
    """The nearest good state that a link asks for, and what of it was dropped, in words."""
    shorts = {f.metadata["short"]: f.name for f in fields(default)}
    state = default
    dropped: list[str] = []
    unknown: set[str] = set()
    for short, text in parse_qsl(query.lstrip("?"), keep_blank_values=True):
        if short in PAGE:
            continue
        if short == "v":
            if text != str(VERSION):
                dropped.append(f"the link is of version {text[:20]}, this page of {VERSION}")
        elif short not in shorts:
            if short not in unknown and len(unknown) < UNKNOWN:
                dropped.append(f"{short[:20]} is not known here")
                unknown.add(short)
        else:
            name = shorts[short]
            try:
                state = state.with_(**{name: _read(getattr(default, name), text)})
            except BadInput as error:
                dropped.append(str(error))
    names = {name: short for short, name in shorts.items()}
    while error := _trouble(state):  # what does not go with the rest is left out, until it does
        asked = {n: _without(state, n, default) for n in names}
        asked = {n: rest for n, rest in asked.items() if rest != state}
        blamed, said = error.field, str(error)
        if blamed not in asked:
            blamed = next((n for n, rest in asked.items() if not _trouble(rest)), next(iter(asked)))
            said = f"{names[blamed]} does not go with the rest: {error}"
        dropped.append(said)
        state = asked[blamed]
    return state.whole(), list(dict.fromkeys(dropped))


def _trouble(state: Linked) -> BadInput | None:
    try:
        state.whole()
    except BadInput as error:
        return error
    return None


def _without(state: S, name: str, default: S) -> S:
    return replace(state, **{name: getattr(default, name)})
