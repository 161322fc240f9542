"""The metrics: one file each, in the registry ``metrics``.

A metric maps a problem at a point to an operator; called with its options it gives that map. What
it declares is said in ``natgrad_core.core.traits.MetricTraits``.
"""

from collections.abc import Callable

from natgrad_core.core.metric import Metric
from natgrad_core.core.registry import Registry
from natgrad_core.core.traits import MetricTraits

__all__ = ["Metric", "metrics"]

metrics: Registry[Callable[..., Metric]] = Registry("metric", __name__, "metrics", MetricTraits)
