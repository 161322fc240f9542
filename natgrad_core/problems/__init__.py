"""The problems: one file each, on the shelf ``problems``."""

from natgrad_core.core.problem import Problem
from natgrad_core.core.registry import Registry

problems: Registry[type[Problem]] = Registry("problem", __name__, "problems")
