"""The natural gradient, exactly: problems, charts, metrics and rules, and what follows from them.

    from natgrad_core import problems, charts, rules, run

    problem = problems["normal"]()
    chart = charts["linear"](matrix=((2, 1), (0, 0.5)))
    start = chart.inverse(problem.start)
    path = run(problem.through(chart), rules["natural"](rate=0.1), start, steps=200)

``natgrad_core.nets`` holds the same ideas for small nets and is the only part that needs torch.
What needs SciPy (geodesics, the gradient flow) is imported when it is first used.
"""

from typing import TYPE_CHECKING, Any

from natgrad_core.core.chart import Chart
from natgrad_core.core.evaluation import At
from natgrad_core.core.metric import Metric
from natgrad_core.core.notebook_view import mime_bundle
from natgrad_core.core.problem import Problem
from natgrad_core.core.rule import Rule, chain, descend, direction, precondition
from natgrad_core.core.run import run
from natgrad_core.core.trajectory import Trajectory, gap
from natgrad_core.errors import (
    NoProbabilityModel,
    OutsideDomain,
    SingularMetricError,
    UnknownName,
)

if TYPE_CHECKING:
    from natgrad_core.analysis.fit import Fit, fit
    from natgrad_core.analysis.grid_sweep import sweep
    from natgrad_core.expressions.expression_problem import own
    from natgrad_core.geometry.geodesics import distance
    from natgrad_core.geometry.geodesics import fisher_rao as geodesic
    from natgrad_core.geometry.gradient_flow import flow
    from natgrad_core.provenance.cite import cite
    from natgrad_core.typed_registries import charts, metrics, problems, rules
else:
    from natgrad_core.charts import charts
    from natgrad_core.metrics import metrics
    from natgrad_core.problems import problems
    from natgrad_core.rules import rules

__version__ = "0.1.0"

__all__ = [
    "At",
    "Chart",
    "Fit",
    "Metric",
    "NoProbabilityModel",
    "OutsideDomain",
    "Problem",
    "Rule",
    "SingularMetricError",
    "Trajectory",
    "UnknownName",
    "chain",
    "charts",
    "cite",
    "descend",
    "direction",
    "distance",
    "fit",
    "flow",
    "gap",
    "geodesic",
    "metrics",
    "own",
    "precondition",
    "problems",
    "rules",
    "run",
    "sweep",
]

_LAZY = {
    "cite": ("natgrad_core.provenance.cite", "cite"),
    "Fit": ("natgrad_core.analysis.fit", "Fit"),
    "fit": ("natgrad_core.analysis.fit", "fit"),
    "distance": ("natgrad_core.geometry.geodesics", "distance"),
    "flow": ("natgrad_core.geometry.gradient_flow", "flow"),
    "geodesic": ("natgrad_core.geometry.geodesics", "fisher_rao"),
    "own": ("natgrad_core.expressions.expression_problem", "own"),
    "sweep": ("natgrad_core.analysis.grid_sweep", "sweep"),
}
"""Names whose modules take time to import, or need SciPy: imported when first used."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _LAZY[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


# What draws for a notebook is imported when a notebook first asks for it.


@mime_bundle.register(Problem)
def _(problem: Problem) -> dict[str, Any]:
    from natgrad_core.notebook.rich_display import problem_bundle

    return problem_bundle(problem)


@mime_bundle.register(Trajectory)
def _(path: Trajectory) -> dict[str, Any]:
    from natgrad_core.notebook.rich_display import run_bundle

    return run_bundle(path.problem, repr(path), path.theta)
