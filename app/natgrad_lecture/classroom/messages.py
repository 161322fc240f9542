"""What is said to many, made once: a message and its websocket frame, shared by all who get it."""

from __future__ import annotations

import gzip
import json
from functools import cached_property
from typing import Any

import orjson

from natgrad_lecture.protocol import ClassNews

LONG = 2048
"""Bytes from which a message is compressed."""

LEVEL = 4
"""How hard to compress: a picture is sent while the lecturer drags."""

TEXT, BINARY = 0x1, 0x2


class Message:
    """Words, or words and arrays beside them.

    Short words are one text. Else it is binary, gzip of: the length of the words (uint32, little
    endian), the words as JSON, zeros up to a multiple of eight bytes, the arrays.
    """

    def __init__(self, news: ClassNews, data: bytes = b"") -> None:
        self.news = news
        try:
            words = orjson.dumps(news, _number)
        except orjson.JSONEncodeError:  # half a character, which somebody typed
            words = json.dumps(news, default=_number).encode()
        self.binary = bool(data) or len(words) > LONG
        if self.binary:
            head = len(words).to_bytes(4, "little") + words
            body = head + b"\0" * (-len(head) % 8) + data
            self.payload = gzip.compress(body, LEVEL, mtime=0)
        else:
            self.payload = words

    @cached_property
    def frame(self) -> bytes:
        """The frame that carries it from a server (RFC 6455, section 5.2)."""
        size = len(self.payload)
        head = bytes([0x80 | (BINARY if self.binary else TEXT)])
        if size < 126:
            head += bytes([size])
        elif size < 2**16:
            head += bytes([126]) + size.to_bytes(2, "big")
        else:
            head += bytes([127]) + size.to_bytes(8, "big")
        return head + self.payload


def unpacked(payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the words and the arrays of a message, as a follower reads them."""
    if payload[:1] == b"{":
        return orjson.loads(payload), b""
    body = gzip.decompress(payload)
    size = int.from_bytes(body[:4], "little")
    start = 4 + size + -(4 + size) % 8
    return orjson.loads(body[4 : 4 + size]), body[start:]


def _number(value: Any) -> Any:
    return value.tolist()  # NumPy's numbers
