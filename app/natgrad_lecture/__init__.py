"""The lecture: ``lesson("coordinates")`` is a lesson, ready to be displayed.

This package knows ``natgrad_core`` and holds no mathematics of its own. Here its parts are put
together: a lesson, what is exported of it, and the widget that shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natgrad_lecture.extras import needs_extra
from natgrad_lecture.lesson_names import current

if TYPE_CHECKING:
    from natgrad_lecture.widget import Lesson

__all__ = ["lesson"]


def lesson(name: str = "coordinates") -> Lesson:
    """Return the lesson of this name as a widget with an engine of its own.

    Raises:
        UnknownName: there is no such lesson; the error lists those that there are.
        MissingExtra: the packages that the pages need are not installed.
    """
    # The parts of a page take time to import, which `import natgrad_lecture` should not.
    with needs_extra("lecture"):
        from natgrad_lecture.export.kinds import EXPORTS
        from natgrad_lecture.lessons import lessons
        from natgrad_lecture.lessons.page_data import page_data
        from natgrad_lecture.session import Live
        from natgrad_lecture.widget import Lesson as Widget

    shown = lessons[current(name)]
    every = list(lessons.values())
    live = Live(shown, EXPORTS, every)
    widget = Widget(page_data(shown, among=every), live.respond, live.still)
    live.watch(widget)
    return widget
