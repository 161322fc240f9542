"""K-FAC of two processes takes the step of one process with the whole batch."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
(PROGRAM,) = re.findall(
    r"```python\n(import torch\nfrom torch import distributed.*?)```",
    (ROOT / "docs/how-to/several-processes.md").read_text("utf-8"),
    re.S,
)
LAWS = """
from torch.nn import functional

distributed.init_process_group("gloo")
rank, count = distributed.get_rank(), distributed.get_world_size()
x = torch.randn(12, 3, generator=torch.Generator().manual_seed(1)).double()
y = torch.arange(12) % 3
rows = torch.arange(rank, 12, count)

def net(*middle):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), *middle, nn.Linear(4, 3)).double()

def trained(model, criterion, steps=4, make=KFAC, **settings):
    model = DistributedDataParallel(model)
    optimizer = make(model, criterion, lr=0.5, damping=0.1, **settings)
    for _ in range(steps):
        optimizer.zero_grad()
        target = y[rows] if isinstance(criterion, nn.CrossEntropyLoss) else x[rows] ** 2
        criterion(model(x[rows]), target).backward()
        optimizer.step()
    return torch.cat([p.detach().flatten() for p in model.parameters()]).tolist()

def said(make):
    try:
        make()
    except (TypeError, ValueError) as error:
        return str(error)
    return ""

classes, squares = nn.CrossEntropyLoss(), nn.MSELoss()
found = {
    "by hand": trained(net(nn.Tanh()), classes),
    "by hooks": trained(net(nn.LayerNorm(4), nn.Tanh()), classes),
    "squares": trained(net(nn.Tanh()), squares, momentum=0.5, weight_decay=0.01),
    "empirical": trained(net(nn.Tanh()), classes, kind="empirical"),
    "averages": trained(net(nn.Tanh()), classes, keep=0.5),
    "averages by hooks": trained(net(nn.LayerNorm(4)), squares, keep=0.5),
    "E-KFAC": trained(net(nn.Tanh()), classes, make=EKFAC, keep=0.5),
    "E-KFAC by hooks": trained(net(nn.LayerNorm(4)), classes, make=EKFAC, keep=0.5),
    "every other step": trained(net(nn.Tanh()), classes, every=2),
    "policies": said(lambda: KFAC(DistributedDataParallel(net()), classes)),
    "exact": said(lambda: NaturalGradient(DistributedDataParallel(net()), classes, 0.1, 0.1)),
}
if rank == 0:
    print(json.dumps(found))
distributed.destroy_process_group()
"""
RUN = """
import importlib, json, os, sys, tempfile
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from natgrad_core.nets import EKFAC, KFAC, NaturalGradient

torch.set_num_threads(1)
importlib.import_module("torch._dynamo")  # once, where each process would import it
torch.func.vjp(torch.sin, torch.ones(1))
programs = json.load(sys.stdin)
for program in programs:
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            children = []
            for rank in range(count):
                child = os.fork()
                if not child:
                    os.environ.update(RANK=str(rank), WORLD_SIZE=str(count))
                    distributed.init_process_group(
                        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=count
                    )
                    distributed.init_process_group = lambda *given: None
                    names = {**globals(), "__name__": "__main__"}
                    exec(compile(program, "program", "exec"), names)
                    sys.stdout.flush()
                    os._exit(0)
                children.append(child)
            for child in children:
                assert os.waitpid(child, 0)[1] == 0
"""
"""Runs each program in one process and in two, which are forked before torch has threads."""


@pytest.fixture(scope="module")
def printed() -> list[str]:
    """What the first process printed: of the how-to and of the laws, alone and of two."""
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
        input=json.dumps([PROGRAM, LAWS]),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


def test_the_program_of_the_how_to_prints_the_same_in_one_process_and_in_two(
    printed: list[str],
) -> None:
    assert float(printed[0]) == pytest.approx(float(printed[1]), abs=2e-4)
    assert float(printed[0]) < 0.5


@pytest.mark.parametrize(
    "case",
    [
        "by hand",
        "by hooks",
        "squares",
        "empirical",
        "averages",
        "averages by hooks",
        "E-KFAC",
        "E-KFAC by hooks",
        "every other step",
    ],
)
def test_two_processes_with_half_of_the_batch_each_take_the_steps_of_one(
    case: str, printed: list[str]
) -> None:
    one, two = (json.loads(line)[case] for line in printed[2:])
    assert two == pytest.approx(one, rel=0, abs=1e-10)


def test_what_one_process_cannot_judge_is_refused(printed: list[str]) -> None:
    one, two = (json.loads(line) for line in printed[2:])
    assert "takes numbers as lr and damping" in two["policies"]
    assert "take KFAC, whose factors are averaged" in two["exact"]
    assert one["policies"] == one["exact"] == ""
