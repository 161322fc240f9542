"""The metrics: one file each, on the shelf ``metrics``.

A metric maps a problem at a point to an operator; called with its options it gives that map.
"""

from collections.abc import Callable
from typing import TypeAlias

from natgrad_core.core.problem import At
from natgrad_core.core.registry import Registry
from natgrad_core.linalg.operators import Operator

Metric: TypeAlias = Callable[[At], Operator]

metrics: Registry[Callable[..., Metric]] = Registry("metric", __name__, "metrics")
