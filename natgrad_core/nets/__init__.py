"""Small nets: exact Fisher matrices, natural steps and K-FAC, in torch, written out by hand.

    from natgrad_core.nets import NetProblem, mlp, plane, rules

    problem = NetProblem.of(mlp((2, 16, 16, 2)), plane("moons"))
    at, rule = problem.at(problem.net.init(seed=0)), rules.kfac()

Nothing above this package imports it, so that ``import natgrad_core`` never waits for torch.
"""

from natgrad_core.nets import rules
from natgrad_core.nets.data import Data, autoencoding, painted, plane, real
from natgrad_core.nets.fisher import Fisher
from natgrad_core.nets.likelihood import Bernoulli, Categorical, Gaussian
from natgrad_core.nets.model import Net, mlp
from natgrad_core.nets.problem import NetProblem, Point

__all__ = [
    "Bernoulli",
    "Categorical",
    "Data",
    "Fisher",
    "Gaussian",
    "Net",
    "NetProblem",
    "Point",
    "autoencoding",
    "mlp",
    "painted",
    "plane",
    "real",
    "rules",
]
