"""The charts: one file each, on the shelf ``charts``."""

from collections.abc import Callable

from natgrad_core.core.chart import Chart
from natgrad_core.core.registry import Registry

charts: Registry[Callable[..., Chart]] = Registry("chart", __name__, "charts")
