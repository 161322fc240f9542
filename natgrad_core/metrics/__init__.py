"""The metrics: one file each, on the shelf ``metrics``.

A metric maps a problem at a point to an operator; called with its options it gives that map.
"""

from collections.abc import Callable

from natgrad_core.core.metric import Metric
from natgrad_core.core.registry import Registry

__all__ = ["Metric", "metrics"]

metrics: Registry[Callable[..., Metric]] = Registry("metric", __name__, "metrics")
