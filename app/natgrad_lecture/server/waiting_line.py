"""The waiting line: visitors for whom there is no room yet, first come, first served."""

from __future__ import annotations

import time
from secrets import token_hex

from natgrad_lecture.machine_limits import cores, memory_left, processes_left
from natgrad_lecture.server.connections import KEPT, most_files

TIME_LIMIT = 45.0
"""Seconds that a place in the line is kept for a page that does not ask again."""

MEGABYTES = 60
"""Memory that a reader takes, measured, with a margin (see benchmarks/many_readers.py)."""

MEGABYTES_OF_NETS = 150
"""The same in a lesson that trains networks, in which readers differ more: 60 to 290 MB."""

PER_CORE = 60
"""Readers a core serves, of whom a tenth drag at once."""


FEWEST = 2
"""Readers for whom there is room on the smallest machine."""

FILES, PROCESSES, SPARE = 12, 10, 20
"""Open files of the server and tasks that a reader takes, and tasks that the server takes."""


def room() -> int:
    """Return how many readers this process serves well, by all that bounds it."""
    by_memory = int(0.8 * memory_left() / 2**20 / MEGABYTES)
    by_files = int(most_files() * KEPT) // FILES
    by_processes = (processes_left() - SPARE) // PROCESSES
    return max(FEWEST, min(by_memory, PER_CORE * cores(), by_files, by_processes))


def room_now(limit: int, inside: int, megabytes: int = MEGABYTES) -> int:
    """Return how many more readers may come in: as many as places are free, and less where those
    inside, or another program, took more memory than was foreseen. Each newcomer is to find
    ``megabytes``.
    """
    by_memory = int(memory_left() / 2**20 / megabytes)
    return max(0, min(limit - inside, max(FEWEST - inside, by_memory)))


class WaitingLine:
    """Tickets in the order in which they came, each with when its page was last heard of."""

    def __init__(self, time_limit: float = TIME_LIMIT) -> None:
        self.time_limit = time_limit
        self.tickets: dict[str, float] = {}

    def ask(self, ticket: str | None, free: int) -> tuple[str, int]:
        """Return the visitor's ticket, and the place in the line: 0 means come in."""
        now = time.monotonic()
        kept = self.tickets.items()
        self.tickets = {name: seen for name, seen in kept if now - seen < self.time_limit}
        if ticket is None or ticket not in self.tickets:
            ticket = token_hex(8)
        self.tickets[ticket] = now  # A key that is there keeps its place.
        place = list(self.tickets).index(ticket) + 1
        if place <= free:
            del self.tickets[ticket]
            return ticket, 0
        return ticket, place

    def __len__(self) -> int:
        return len(self.tickets)
