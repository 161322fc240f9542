"""Who is who: a lecturer by a token, a class by a code, a device by a signed token.

The code is computed from the lecturer's token. So a server that was restarted need not remember
anything: whoever holds the token gets the same class under the same code, and nobody else does.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from secrets import token_hex

from natgrad_lecture.bounded_cache import bounded_cache

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""What a code is written with: no 0 beside O, no 1 beside I and L."""

LENGTH = 6
"""Letters of a code: 31⁶, nearly a billion."""

DEVICE = re.compile(r"[0-9a-f]{16}\.[0-9a-f]{32}")
"""A device's token: 64 random bits, and the class's signature."""

TOKEN = re.compile(r"[0-9a-f]{32}")
"""A lecturer's token: 128 random bits, which the page makes."""


@bounded_cache
def code_of(token: str) -> str:
    """Return the code of the class that this token leads.

    The hash is slow on purpose (scrypt, RFC 7914; about 15 ms): finding a second token with the
    same code takes a billion of them.

    Args:
        token: 32 hexadecimal digits.

    Raises:
        ValueError: it is no token.
    """
    if not TOKEN.fullmatch(token):
        raise ValueError("a lecturer's token is 32 hexadecimal digits")
    found = hashlib.scrypt(token.encode(), salt=b"natgrad class code", n=2**12, r=8, p=1, dklen=16)
    number = int.from_bytes(found, "big")
    letters = ""
    for _ in range(LENGTH):
        number, digit = divmod(number, len(LETTERS))
        letters += LETTERS[digit]
    return letters


def plain_code(typed: str) -> str:
    """Return a code as it is kept, of what somebody typed: no gaps, upper case."""
    return re.sub(r"[\s-]", "", typed[:40]).upper()


class Devices:
    """The devices of one class: each is a random token that this class has signed.

    A token that was made up is none, so each costs a request of a page, which is limited.
    """

    def __init__(self, token: str) -> None:
        self._key = hashlib.sha256(b"devices" + token.encode()).digest()

    def issue(self) -> str:
        """Return a new device's token."""
        name = token_hex(8)
        return f"{name}.{self._sign(name)}"

    def known(self, cookie: str) -> str | None:
        """Return the device's name, or None if the class did not sign this."""
        name, _, sign = cookie.partition(".")
        good = hmac.compare_digest(sign.encode(), self._sign(name).encode())
        return name if good else None

    @staticmethod
    def shaped(cookie: str) -> bool:
        """Whether this could be a device's token of some class."""
        return DEVICE.fullmatch(cookie) is not None

    def _sign(self, name: str) -> str:
        return hmac.new(self._key, name.encode(), "sha256").hexdigest()[:32]
