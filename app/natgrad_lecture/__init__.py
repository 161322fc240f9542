"""The dashboards: ``lesson("coordinates")`` is a lesson, ready to be displayed.

This layer knows ``natgrad_core`` and holds no mathematics of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from natgrad_lecture.extras import needs_extra
from natgrad_lecture.lesson_names import current

if TYPE_CHECKING:
    from natgrad_lecture.widget import Lesson

__all__ = ["lesson"]


def lesson(name: str = "coordinates") -> Lesson:
    """The lesson of this name as a widget; an unknown name lists those that there are."""
    # The page's parts cost time that `import natgrad_lecture` should not.
    with needs_extra("lecture"):
        from natgrad_lecture.lessons import open_lesson

    return open_lesson(current(name))
