"""What a page may say to its kernel: an ask, and nothing else.

A websocket frame is taken apart here, every part of it is checked, and what goes to the kernel is a
new message that is built around the ask. So a client that speaks the Jupyter protocol by hand can
execute nothing, complete, inspect or interrupt nothing, open no comm and set no widget's traits.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import uuid4

import orjson

PROTOCOL = "v1.kernel.websocket.jupyter.org"
"""The framing we speak: offsets (little-endian uint64), then the parts they point to."""

MOST_BYTES = 128 * 1024
"""An ask holds a whole state, pasted numbers too; a longer one is none."""

DEEPEST = 12
KEY = re.compile(r"[a-z]\w{0,23}")
"""An ask's keys are words, and few. What they mean is for app/natgrad_lecture/session.py to say."""


class Refused(Exception):
    """A message that none of our own pages sends; says in a word why."""


def parts_of(frame: bytes) -> list[bytes]:
    """Return the parts of a frame: channel, header, parent header, metadata, content, buffers."""
    count = int.from_bytes(frame[:8], "little")
    if not 2 <= count <= 16 or len(frame) < 8 * (count + 1):
        raise Refused("frame")
    at = [int.from_bytes(frame[8 * i : 8 * (i + 1)], "little") for i in range(1, count + 1)]
    if at[0] != 8 * (count + 1) or at[-1] != len(frame) or at != sorted(at):
        raise Refused("frame")
    return [frame[start:end] for start, end in pairwise(at)]


def frame_of(parts: list[bytes]) -> bytes:
    """Return the frame of these parts."""
    at = [8 * (len(parts) + 2)]
    for part in parts:
        at.append(at[-1] + len(part))
    head = b"".join(n.to_bytes(8, "little") for n in (len(at), *at))
    return head + b"".join(parts)


def _json(part: bytes) -> Any:
    def refuse(name: str) -> None:
        raise Refused("json")

    try:
        return json.loads(part, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise Refused("json") from None


def _shallow(value: Any, depth: int = DEEPEST) -> bool:
    if isinstance(value, dict):
        return depth > 0 and all(_shallow(v, depth - 1) for v in value.values())
    if isinstance(value, list):
        return depth > 0 and all(_shallow(v, depth - 1) for v in value)
    return True


def checked(ask: Any) -> dict[str, Any]:
    """Return an ask, or raise Refused."""
    if not isinstance(ask, dict) or "ask" not in ask or len(ask) > 12:
        raise Refused("ask")
    if not all(map(KEY.fullmatch, ask)) or not isinstance(ask["ask"], int | None):
        raise Refused("ask")
    if not _shallow(ask):
        raise Refused("depth")
    return ask


def ask_in(frame: object, comm: str) -> dict[str, Any]:
    """Return the ask in a frame that a page sent to the widget ``comm``, or raise Refused."""
    if not isinstance(frame, bytes):
        raise Refused("frame")
    if len(frame) > MOST_BYTES:
        raise Refused("size")
    parts = parts_of(frame)
    if len(parts) != 5 or parts[0] != b"shell":
        raise Refused("channel")
    header, parent, metadata, content = map(_json, parts[1:])
    if not isinstance(header, dict) or header.get("msg_type") != "comm_msg":
        raise Refused("type")
    if parent != {} or metadata != {}:
        raise Refused("header")
    if not isinstance(content, dict) or content.keys() != {"comm_id", "data"}:
        raise Refused("content")
    if content["comm_id"] != comm:
        raise Refused("comm")
    data = content["data"]
    if not isinstance(data, dict) or data.keys() != {"method", "content"}:
        raise Refused("data")
    if data["method"] != "custom":
        raise Refused("method")
    return checked(data["content"])


def message(ask: dict[str, Any], comm: str) -> bytes:
    """Return the frame that brings an ask to the kernel: nothing in it but the ask is a page's."""
    header = {
        "msg_id": uuid4().hex,
        "msg_type": "comm_msg",
        "session": "page",
        "username": "",
        "date": datetime.now(UTC).isoformat(),
        "version": "5.3",
    }
    return frame_of([b"shell", json.dumps(header).encode(), b"{}", b"{}", content(ask, comm)])


def content(ask: dict[str, Any], comm: str) -> bytes:
    """Return the content of the message that brings an ask to the kernel."""
    return json.dumps({"comm_id": comm, "data": {"method": "custom", "content": ask}}).encode()


def for_page(frame: bytes, comm: str) -> str | None:
    """What a message from the kernel is to the page: "answer", "end", or None, which it never sees.

    A page hears its own widget, and that its kernel is dead: no input, no output, no traceback.
    """
    parts = parts_of(frame)
    kind = orjson.loads(parts[1]).get("msg_type")
    if kind not in {"comm_msg", "comm_close", "status"}:
        return None
    content = orjson.loads(parts[4])
    if kind == "status":
        return "end" if content["execution_state"] in {"dead", "restarting"} else None
    if content.get("comm_id") != comm:
        return None
    if kind == "comm_close":
        return "end"
    return "answer" if content["data"].get("method") == "custom" else None


def answer_in(frame: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the answer in a frame that ``for_page`` calls one, and its arrays."""
    parts = parts_of(frame)
    content = orjson.loads(parts[4])["data"]["content"]
    return content if isinstance(content, dict) else {}, b"".join(parts[5:6])
