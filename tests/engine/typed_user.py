"""A user's program, for type checkers: what is right passes, and what is wrong is refused.

Pyright reads this file in `make lint`. Each `type: ignore` stands on a line that has to be refused:
one that silences nothing is an error there.
"""

from __future__ import annotations

from natgrad_core import charts, metrics, problems, rules, run, sweep

data = problems["gamma"]([1.0, 2.0, 0.5])
path = run(data, rules["natural"](rate=0.1, damping=1e-3), data.start, steps=50)
through = data.through(charts["log-scale"]((0, 1)))
swept = sweep(data, rules["natural"], [0.1, 0.2])
metric = metrics["fisher"]()
regression = problems["poisson-regression"](X=[[1.0, 0.5]], y=[2], offset=[0.1])
for name in ("gradient", "newton", "natural"):
    print(rules[name](rate=0.1))
for name, make in rules.items():
    print(name, make())

rules["natrual"](rate=0.1)  # type: ignore[operator]
rules["natural"](rat=0.1)  # type: ignore[call-arg]
problems["gamma"](dat=[1.0])  # type: ignore[call-arg]
problems["gama"]([1.0])  # type: ignore[operator]
charts["linear"](matricks=((1, 0), (0, 1)))  # type: ignore[call-arg]
run(data, rules["natural"], data.start)  # type: ignore[arg-type]
run(data, "natural", data.start)  # type: ignore[arg-type]
sweep(data, "natural", [0.1])  # type: ignore[arg-type]
