"""The rules: one file each, on the shelf ``rules``; called with its options each gives a Rule.

An option (rate, damping, …) is a number, or an array ``[...]`` that broadcasts with the leading
axes of the starts.
"""

from collections.abc import Callable

from natgrad_core.core.registry import Registry
from natgrad_core.core.rule import Rule

rules: Registry[Callable[..., Rule]] = Registry("rule", __name__, "rules")
