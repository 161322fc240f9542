"""The rules: one file each, on the shelf ``rules``; called with its options each gives a Rule."""

from collections.abc import Callable

from natgrad_core.registry import Registry
from natgrad_core.rule import Rule

rules: Registry[Callable[..., Rule]] = Registry("rule", __name__, "rules")
