"""What is looked at before the server starts: it starts well, or says in a sentence what to do."""

from __future__ import annotations

import math
import os
import re
import tempfile
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote, unquote

from natgrad_lecture.machine_limits import processes_left
from natgrad_lecture.server.connections import most_files

FEWEST_FILES, FEWEST_PROCESSES, SMALLEST_TMP = 128, 20, 2**20
"""Below these not one reader could be served."""

_ORIGIN = re.compile(r"https?://(\*\.)?[\w.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")
_PLAIN = "/-._~!$&'()*+,;=:@[]"
"""What a browser leaves as it is in an address's path, beside letters and digits."""


def refuse(sentence: str) -> SystemExit:
    """The end of a start, with what to do."""
    return SystemExit(f"natgrad: {sentence}")


def plain_host(host: str) -> str:
    """A host's name in the one form in which names are compared: lower case, ASCII, no last dot.

    Raises:
        ValueError: If it is no host's name.
    """
    name = host.strip().rstrip(".").casefold()
    try:
        return str(ip_address(name.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    found = name if name.isascii() else name.encode("idna").decode("ascii")
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)*", found):
        raise ValueError(host)
    return found


def checked_names(names: Sequence[str], host: str) -> tuple[str, ...]:
    """The names by which readers call us, in their one form.

    Raises:
        SystemExit: If one is no name, or others are let in and no name is said.
    """
    found = []
    for name in names:
        if name == "*":
            found.append(name)
            continue
        try:
            found.append(plain_host(name))
        except (ValueError, UnicodeError):
            raise refuse(
                f"--name={name} is not a host's name; write it without scheme, port and path, "
                "as in --name=lecture.example.org"
            ) from None
    try:
        address = ip_address(host)
    except ValueError:
        return tuple(found)
    if address.is_unspecified and not found:
        raise refuse(
            f"--host={host} lets other machines in, but no reader's address would be answered; "
            "say by which name they reach this one, --name=lecture.example.org (--name=* for any)"
        )
    return tuple(found) if address.is_unspecified else (*found, str(address))


def checked_base_url(url: str) -> str:
    """The path under which the pages hang, as a browser writes it."""
    path = "/".join(part for part in unquote(url).split("/") if part)
    return quote(f"/{path}/" if path else "/", safe=_PLAIN)


def path_pattern(base: str) -> str:
    """A regular expression that matches this path, whether a client encodes its signs or not."""

    def either(sign: str) -> str:
        coded = "".join(f"%{byte:02X}" for byte in sign.encode())
        forms = [coded, coded.lower(), *([re.escape(sign)] if sign.isascii() else [])]
        return f"(?:{'|'.join(forms)})"

    plain = re.compile(r"[A-Za-z0-9/._-]")
    return "".join(re.escape(c) if plain.match(c) else either(c) for c in unquote(base))


def check_options(
    *,
    port: int,
    pool: int,
    readers: int,
    gone: float,
    idle: float,
    embed: Sequence[str],
    followers: int = 1,
) -> None:
    """Look at the options' values.

    Raises:
        SystemExit: If one cannot be: which, what was given, and what is allowed.
    """
    if not 0 <= port <= 65535:
        raise refuse(f"--port={port} is not a port; take one from 1 to 65535, or 0 for any")
    for name, count, none in (("pool", pool, "none wait"), ("readers", readers, "what fits")):
        if count < 0:
            raise refuse(f"--{name}={count} is not possible; take 0 ({none}) or more")
    if followers < 1:
        raise refuse(f"--followers={followers} is not possible; take 1 or more")
    for name, seconds in (("gone", gone), ("idle", idle)):
        if not (math.isfinite(seconds) and seconds > 0):
            raise refuse(f"--{name}={seconds:g} is not a time; take a number of seconds above 0")
    for origin in embed:
        if not _ORIGIN.fullmatch(origin):
            raise refuse(
                f"--embed={origin!r} is not an origin; write scheme and host alone, as in "
                "--embed=https://lms.example.org"
            )


def check_machine() -> None:
    """Look at what the machine allows.

    Raises:
        SystemExit: If not one reader could be served, and what to raise.
    """
    if (files := most_files()) < FEWEST_FILES:
        raise refuse(f"{files} open files are too few; allow {FEWEST_FILES} or more (ulimit -n)")
    if (left := processes_left()) < FEWEST_PROCESSES:
        raise refuse(
            f"only {left} more processes and threads may be started; allow {FEWEST_PROCESSES} or "
            "more (ulimit -u, TasksMax= of systemd, --pids-limit of a container)"
        )
    try:
        folder = Path(tempfile.gettempdir())
        free = (
            os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
            if os.name == "posix"
            else None
        )
    except OSError as error:
        raise refuse(
            f"no folder for temporary files can be written; set TMPDIR ({error})"
        ) from None
    if free is not None and free < SMALLEST_TMP:
        raise refuse(f"the disk of {folder} is full; make room, or set TMPDIR to another folder")
