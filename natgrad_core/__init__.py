"""The natural gradient, exactly: problems, charts, metrics and rules on the plane.

    from natgrad_core import problems, charts, rules, run

    problem = problems["normal"]()
    chart = charts["linear"](matrix=((2, 1), (0, 0.5)))
    start = chart.inverse(problem.start)
    path = run(problem.through(chart), rules["natural"](rate=0.1), start, steps=200)

``natgrad_core.nets`` holds the same ideas for small nets and is the only part that needs torch.
"""

from typing import Any

from natgrad_core.charts import charts
from natgrad_core.core.notebook_view import mime_bundle
from natgrad_core.core.problem import Problem
from natgrad_core.core.rule import Rule, chain
from natgrad_core.core.run import run
from natgrad_core.core.trajectory import Trajectory, gap
from natgrad_core.metrics import metrics
from natgrad_core.problems import problems
from natgrad_core.provenance.cite import cite
from natgrad_core.rules import rules

__version__ = "0.1.0"

__all__ = [
    "Problem",
    "Rule",
    "Trajectory",
    "chain",
    "charts",
    "cite",
    "gap",
    "metrics",
    "problems",
    "rules",
    "run",
]


# What draws for a notebook is imported when a notebook first asks for it.


@mime_bundle.register(Problem)
def _(problem: Problem) -> dict[str, Any]:
    from natgrad_core.notebook.rich_display import problem_bundle

    return problem_bundle(problem)


@mime_bundle.register(Trajectory)
def _(path: Trajectory) -> dict[str, Any]:
    from natgrad_core.notebook.rich_display import run_bundle

    return run_bundle(path.problem, repr(path), path.theta)
