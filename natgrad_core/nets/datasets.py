"""Data sets: three that are drawn on the plane, five real ones, and a person's own table.

All arrive as one frozen ``Data``: train and test, inputs scaled once by the training half's own
statistics, so that nothing leaks. Real data is split once and for all (the split is seeded apart
from the nets), so that runs with different seeds are about the net and not the luck of a split.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from natgrad_core.datasets import load
from natgrad_core.datasets.labeled import LabeledTable

PLANE = ("moons", "circles", "spirals")
REAL = ("digits", "iris", "wine", "breast-cancer", "diabetes")
SCALES = ("standard", "unit", "white", "none")


@dataclass(frozen=True)
class Data:
    """Inputs ``[N, d]`` and targets; ``classes`` is 0 for a regression."""

    name: str
    x: Tensor
    y: Tensor
    x_test: Tensor
    y_test: Tensor
    classes: int

    def __repr__(self) -> str:
        kind = f"{self.classes} classes" if self.classes else "regression"
        return (
            f"<data {self.name}: {len(self.x)} examples of {self.x[:1].numel()} numbers to learn "
            f"from, {len(self.x_test)} to test on, {kind}>"
        )

    def to(self, dtype: torch.dtype, device: str | torch.device = "cpu") -> Data:
        """Return the same data in another precision or place; class numbers stay integers.

        Args:
            dtype: The dtype.
            device: The place.

        Returns:
            The data.
        """

        def move(t: Tensor) -> Tensor:
            return t.to(device, dtype) if t.is_floating_point() else t.to(device)

        fields = (move(t) for t in (self.x, self.y, self.x_test, self.y_test))
        return Data(self.name, *fields, classes=self.classes)

    @property
    def outputs(self) -> int:
        """How many outputs a net for this data has."""
        return self.classes or self.y.shape[1]


def moons(rng: np.random.Generator, n: int, noise: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    """Return two interlocking half-circles.

    Args:
        rng: The generator.
        n: How many points.
        noise: The standard deviation of the noise.

    Returns:
        The points ``[n, 2]`` and their classes ``[n]``.
    """
    y = np.arange(n) % 2
    t = rng.uniform(0, math.pi, n)
    x = np.stack([np.cos(t) - 0.5, np.sin(t) - 0.25], 1) * np.where(y, -1, 1)[:, None]
    return x + noise * rng.normal(size=(n, 2)), y


def circles(rng: np.random.Generator, n: int, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Return one circle inside another.

    Args:
        rng: The generator.
        n: How many points.
        noise: The standard deviation of the noise.

    Returns:
        The points ``[n, 2]`` and their classes ``[n]``.
    """
    y = np.arange(n) % 2
    t = rng.uniform(0, 2 * math.pi, n)
    r = np.where(y, 0.5, 1.0)
    return np.stack([r * np.cos(t), r * np.sin(t)], 1) + noise * rng.normal(size=(n, 2)), y


def spirals(
    rng: np.random.Generator, n: int, noise: float = 0.05, turns: float = 1.5
) -> tuple[np.ndarray, np.ndarray]:
    """Return two arms wound about each other: the hard one.

    Args:
        rng: The generator.
        n: How many points.
        noise: The standard deviation of the noise.
        turns: How often they wind.

    Returns:
        The points ``[n, 2]`` and their classes ``[n]``.
    """
    y = np.arange(n) % 2
    r = np.sqrt(rng.uniform(0.02, 1, n))
    t = 2 * math.pi * turns * r + math.pi * y
    return np.stack([r * np.cos(t), r * np.sin(t)], 1) + noise * rng.normal(size=(n, 2)), y


_GENERATORS: dict[str, Callable[..., tuple[np.ndarray, np.ndarray]]] = {
    "moons": moons,
    "circles": circles,
    "spirals": spirals,
}


def plane(name: str, n: int = 500, noise: float | None = None, seed: int = 0) -> Data:
    """One of ``PLANE``: n training points, as many test points, two classes.

    Args:
        name: "moons", "circles" or "spirals".
        n: How many training points, at least 2; there are as many test points.
        noise: The standard deviation of the noise; None: the default of the data set.
        seed: The seed.

    Returns:
        Inputs ``[n, 2]`` and class numbers ``[n]``.

    Raises:
        ValueError: If there is no such data set, or n < 2.
    """
    if name not in _GENERATORS:
        raise ValueError(f"no data {name!r} on the plane; there are {', '.join(PLANE)}")
    if n < 2:
        raise ValueError(f"two classes need at least two points, got n={n}")
    rng = np.random.default_rng(seed)
    options = {} if noise is None else {"noise": noise}
    train, test = (_GENERATORS[name](rng, n, **options) for _ in range(2))
    x, x_test = (torch.as_tensor(half[0]).float() for half in (train, test))
    y, y_test = (torch.as_tensor(half[1]) for half in (train, test))
    return Data(name, x, y, x_test, y_test, classes=2)


def painted(points: ArrayLike, labels: ArrayLike) -> Data:
    """The reader's own points ``[N, 2]`` and class numbers; there is nothing held out.

    Args:
        points: Inputs, ``[N, 2]``.
        labels: Class numbers, ``[N]``.

    Returns:
        The data; the test points are the training points.

    Raises:
        ValueError: If the shapes do not match, or there are no points.
    """
    points = torch.as_tensor(points, dtype=torch.float32)
    labels = torch.as_tensor(labels)
    if points.ndim != 2 or len(points) != len(labels) or len(labels) == 0:
        raise ValueError(
            f"points are [N, 2] and labels [N], at least one of them; got {list(points.shape)} "
            f"and {list(labels.shape)}"
        )
    classes = max(2, int(labels.max()) + 1)
    return Data("painted", points, labels.long(), points, labels.long(), classes)


def real(name: str, scale: str = "standard", test: float = 0.0) -> Data:
    """One of ``REAL``; ``test`` is the share held out (0: all of it trains, and tests itself).

    ``scale``: "standard" (mean 0, deviation 1), "unit" (divided by the largest value: the
    digits' pixels /16), "white" (uncorrelated too), or "none". Regression targets are standardized.

    Args:
        name: "digits", "iris", "wine", "breast-cancer" or "diabetes".
        scale: How the inputs are scaled, by the training half's statistics.
        test: The share that is held out, in [0, 1).

    Returns:
        Inputs ``[N, d]``, and class numbers ``[N]`` or targets ``[N, 1]``.

    Raises:
        ValueError: If the name or the scale is unknown, or the share is not in [0, 1).
    """
    if name not in REAL:
        raise ValueError(f"no real data {name!r}; there are {', '.join(REAL)}")
    table = load(f"nets/{name}")
    y = table[:, -1]
    classes = 0 if name == "diabetes" else int(y.max()) + 1
    return _split(name, table[:, :-1], y, classes, scale, test)


def labeled(table: LabeledTable, scale: str = "standard", test: float = 0.0) -> Data:
    """The examples of a table that was pasted, as ``real`` has those of a published one.

    Args:
        table: What ``natgrad_core.datasets.labeled.read_labeled`` read.
        scale: How the inputs are scaled, as in ``real``.
        test: The share that is held out, in [0, 1).

    Returns:
        Inputs ``[N, d]`` and class numbers ``[N]``.

    Raises:
        ValueError: If the scale is unknown, or the share is not in [0, 1).
    """
    labels = np.array(table.labels, float)
    return _split(table.label, table.x, labels, len(table.classes), scale, test)


def _split(name: str, x: np.ndarray, y: np.ndarray, classes: int, scale: str, test: float) -> Data:
    """Scaled examples, a share of them held out; without ``classes`` a regression."""
    if scale not in SCALES:
        raise ValueError(f"no scale {scale!r}; there are {', '.join(SCALES)}")
    if not 0 <= test < 1:
        raise ValueError(f"test is the share held out, in [0, 1), got {test}")
    regression = not classes
    order = np.random.default_rng(0).permutation(len(x)) if test else np.arange(len(x))
    held, kept = np.split(order, [round(test * len(x))])
    held = held if test else kept
    shift, by = _scaling(x[kept], scale)
    x = (x - shift) @ by
    if regression:
        y = ((y - y[kept].mean()) / y[kept].std())[:, None]
    inputs = torch.as_tensor(x, dtype=torch.float32)
    targets = torch.as_tensor(y, dtype=torch.float32 if regression else torch.int64)
    return Data(name, inputs[kept], targets[kept], inputs[held], targets[held], classes)


def relabeled(data: Data, share: float, seed: int = 0) -> Data:
    """Return the data with a share of the training targets drawn at random.

    Each training example is drawn with probability ``share``. A class is then drawn uniformly from
    all classes, so a drawn example may keep its own; a target of a regression is drawn from the
    normal distribution with mean 0 and deviation 1. The test half stays as it is.

    Args:
        data: The data.
        share: The share that is drawn, in [0, 1].
        seed: Seeds the draws.

    Returns:
        The data; itself if the share is 0.

    Raises:
        ValueError: If the share is not in [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is the share of labels drawn, in [0, 1], got {share}")
    if not share:
        return data
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand(len(data.y), generator=generator) < share
    if data.classes:
        other = torch.randint(0, data.classes, data.y.shape, generator=generator)
        return replace(data, y=torch.where(drawn, other, data.y))
    return replace(
        data, y=torch.where(drawn[:, None], torch.randn(data.y.shape, generator=generator), data.y)
    )


def _scaling(x: np.ndarray, scale: str) -> tuple[np.ndarray, np.ndarray]:
    d = x.shape[1]
    if scale == "none":
        return np.zeros(d), np.eye(d)
    if scale == "unit":
        return np.zeros(d), np.eye(d) / np.abs(x).max()
    if scale == "standard":
        deviation = x.std(0)
        return x.mean(0), np.diag(1 / np.where(deviation > 0, deviation, 1))
    values, vectors = np.linalg.eigh(np.cov(x.T, bias=True))
    good = values > 1e-10 * values.max()
    return x.mean(0), (
        vectors * np.where(good, 1 / np.sqrt(np.where(good, values, 1)), 0)
    ) @ vectors.T


def autoencoding(data: Data) -> Data:
    """The same inputs, to be reproduced: targets are the inputs.

    Args:
        data: The data, inputs ``[N, d]``.

    Returns:
        The data with the inputs as targets, ``[N, d]``.
    """
    return Data(f"{data.name} to itself", data.x, data.x, data.x_test, data.x_test, 0)
