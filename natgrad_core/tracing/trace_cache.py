"""Traced steps kept from run to run, so that moving a slider need not trace a rule again.

A rule says by its ``form`` what it shares with rules that differ in their ``numbers`` alone
(``natgrad_core.core.rule.Rule``), and so do a problem and a chart (``natgrad_core.core.numbers``).
The numbers are the first constants of the traced step, so the next run of the same form puts its
own numbers there.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeAlias

from natgrad_core.tracing.tape import Step, Traced, trace

Traces: TypeAlias = dict[Hashable, Traced]
"""Traced steps by form, of any problems, charts and rules."""


def cached(
    step: Step,
    state: tuple[Any, ...],
    numbers: tuple[Any, ...],
    form: Hashable,
    traces: Traces | None,
) -> Traced:
    """Return a traced step, from ``traces`` if one of this form was traced before.

    Args:
        step: One step of the run.
        state: The state at the start.
        numbers: Its own numbers, the rule's and the problem's.
        form: Its form; None if it has none, and then nothing is kept.
        traces: What was traced of such problems, to which this function adds; None to keep nothing.
    """
    if form is None or traces is None:
        return trace(step, state, numbers)
    if found := traces.get(form):
        return found.with_numbers(numbers)
    traces[form] = found = trace(step, state, numbers)
    return found
