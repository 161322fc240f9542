"""A user's program with a network, for type checkers, as ``tests/engine/typed_user.py`` is."""

from __future__ import annotations

import torch
from torch import nn

from natgrad_core.nets import (
    EKFAC,
    KFAC,
    Categorical,
    Fisher,
    Gaussian,
    NaturalGradient,
    NetProblem,
    mlp,
    race,
    rules,
    train,
)
from natgrad_core.nets.damping import LevenbergMarquardt
from natgrad_core.nets.step_size import KLClip, Quadratic

x, y = torch.randn(8, 2), torch.arange(8) % 2
model, criterion = nn.Sequential(nn.Linear(2, 2)), nn.CrossEntropyLoss()
optimizer = NaturalGradient(model, criterion, lr=KLClip(1.0, 0.01), damping=LevenbergMarquardt())
KFAC(model, criterion, lr=0.1, damping=0.1, momentum=0.9, weight_decay=1e-4, every=10)
KFAC(model, criterion, lr=Quadratic(momentum=False), kind="monte-carlo")
EKFAC(model, criterion, lr=KLClip(1.0, 0.01), damping=0.1, every=10)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, 10)
loss: float = optimizer.step()
fisher = Fisher(model, Categorical(), x)
product = fisher @ fisher.solve(torch.ones(6), damping=0.1)
problem = NetProblem(mlp((2, 3, 2)), Categorical(), x, y)
for frame in train(problem, rules.kfac(), seed=0, steps=3):
    print(frame.loss)
for frames in race(problem, {"K-FAC": rules.kfac(), "Adam": rules.adam(0.01)}, steps=3):
    print(frames["Adam"].loss)

KFAC(model, criterion, rate=0.1)  # type: ignore[call-arg]
KFAC(model, criterion, lr="fast")  # type: ignore[arg-type]
KFAC(model, criterion, lr=KLClip)  # type: ignore[arg-type]
KFAC(model.parameters(), criterion)  # type: ignore[arg-type]
KFAC(model, nn.CrossEntropyLoss)  # type: ignore[arg-type]
Fisher(model, nn.CrossEntropyLoss(), x)  # type: ignore[arg-type]
NetProblem(model, Gaussian, x, y)  # type: ignore[arg-type]
train(problem, "kfac")  # type: ignore[arg-type]
train(problem, rules.kfac)  # type: ignore[arg-type]
race(problem, [rules.kfac()])  # type: ignore[arg-type]
rules.kfacc()  # type: ignore[attr-defined]
