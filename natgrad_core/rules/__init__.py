"""The rules: one file each, in the registry ``rules``; called with its options each gives a Rule.

An option (rate, damping, …) is a number, or an array ``[...]`` that broadcasts with the leading
axes of the starts. What a rule declares is said in ``natgrad_core.core.traits.RuleTraits``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from natgrad_core.core.registry import Registry
from natgrad_core.core.rule import Rule
from natgrad_core.core.traits import RuleTraits


def _named(name: str, make: Callable[..., Rule]) -> Callable[..., Rule]:
    """Let what a rule's maker makes be called as the rule is."""

    @wraps(make)
    def call(*given: Any, **named: Any) -> Rule:
        return replace(make(*given, **named), name=name)

    return call


rules: Registry[Callable[..., Rule]] = Registry("rule", __name__, "rules", RuleTraits, _named)
