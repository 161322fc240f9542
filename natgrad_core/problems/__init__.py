"""The problems: one file each, in the registry ``problems``."""

from natgrad_core.core.problem import EVERYWHERE, Problem
from natgrad_core.core.registry import Registry


def _named(name: str, kind: type[Problem]) -> type[Problem]:
    """Give a problem its name; refuse one with a bounded domain and no point outside it."""
    if (kind.domain == EVERYWHERE) != (kind.outside is None):
        raise ValueError(
            f"the problem {name!r} has the domain {kind.domain!r} and outside={kind.outside}: "
            "a bounded domain declares a point outside it, and no other does"
        )
    kind.name = name
    return kind


problems: Registry[type[Problem]] = Registry("problem", __name__, "problems", check=_named)
