"""The charts: one file each, in the registry ``charts``."""

from collections.abc import Callable

from natgrad_core.core.chart import Chart
from natgrad_core.core.registry import Registry


def _named(name: str, kind: type[Chart]) -> type[Chart]:
    kind.name = name
    return kind


charts: Registry[Callable[..., Chart]] = Registry("chart", __name__, "charts", check=_named)
