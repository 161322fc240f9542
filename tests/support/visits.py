"""On which screens, in which mode and theme a lesson's page is seen: each two of these together.

A fault of the layout or of a color seldom needs three things at once. So few lessons, which
together are made of all that there is, are each seen on every screen, in both modes and in both
themes. Each screen of a hall is seen in both modes, and each screen and mode in both themes. But a
lesson is not seen in each mode and theme on each screen, and of the other lessons, of which only
the texts are their own, none is. ``EVERY_VISIT=1`` sees all of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from tests.support.coverings import EVERY

THEMES = ("light", "dark")


class Visit(NamedTuple):
    """One look at a lesson's page."""

    screen: str
    presenting: bool
    theme: str
    barriers: bool
    """Whether axe-core looks, too: in each mode and in each theme of a lesson, once."""


def visits_of(
    order: int,
    screens: Sequence[str],
    halls: Collection[str],
    every: bool = EVERY,
) -> list[Visit]:
    """The visits of one lesson, those in one theme together.

    Args:
        order: The lesson's number. The next lesson is presented on the next screen of a hall; once
            all these had their turn, the themes change places.
        screens: All of them, the smallest first.
        halls: Those on which a lecturer presents the page.
        every: Whether to make all combinations.
    """
    if every:
        modes = [(s, mode) for s in screens for mode in (False, True) if s in halls or not mode]
        return [Visit(s, mode, theme, True) for theme in THEMES for s, mode in modes]
    there = [screen for screen in screens if screen in halls]
    round_, turn = divmod(order, len(there))
    theme_of = {screen: THEMES[(round_ + i) % 2] for i, screen in enumerate(screens)}
    hall = there[turn]
    # What is folded away on a small screen is there on a large one.
    other = [screen for screen in screens if theme_of[screen] != theme_of[hall]][-1]
    # The largest first: the theme changes on a small one, which is soon drawn again.
    seen = [Visit(s, s == hall, theme_of[s], s in (hall, other)) for s in screens[::-1]]
    return sorted(seen, key=lambda visit: THEMES.index(visit.theme))
