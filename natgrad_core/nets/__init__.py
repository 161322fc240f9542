"""Small nets: exact Fisher matrices, natural steps and K-FAC, in torch, written out by hand.

    from natgrad_core.nets import NetProblem, mlp, plane, rules, train

    problem = NetProblem.of(mlp((2, 16, 16, 2)), plane("moons"))
    for frame in train(problem, rules.kfac(), seed=0, steps=20):
        print(frame.step, frame.loss, frame.seconds)

Nothing above this package imports it, so that ``import natgrad_core`` never waits for torch.
"""

try:
    from natgrad_core.nets import rules
    from natgrad_core.nets.datasets import Data, autoencoding, painted, plane, real
    from natgrad_core.nets.fisher.matrix import Fisher
    from natgrad_core.nets.likelihood import Bernoulli, Categorical, Gaussian, Poisson
    from natgrad_core.nets.model import Net, mlp
    from natgrad_core.nets.problem import At, NetProblem
    from natgrad_core.nets.torch_losses import LikelihoodLoss
    from natgrad_core.nets.torch_optimizers import EKFAC, KFAC, NaturalGradient
    from natgrad_core.nets.training import Frame, race, train
except ModuleNotFoundError as missing:
    if missing.name != "torch":
        raise
    said = 'the nets need torch: pip install "natgrad[nets]"'
    raise ModuleNotFoundError(said, name="torch") from None

__all__ = [
    "EKFAC",
    "KFAC",
    "At",
    "Bernoulli",
    "Categorical",
    "Data",
    "Fisher",
    "Frame",
    "Gaussian",
    "LikelihoodLoss",
    "NaturalGradient",
    "Net",
    "NetProblem",
    "Poisson",
    "autoencoding",
    "mlp",
    "painted",
    "plane",
    "race",
    "real",
    "rules",
    "train",
]
