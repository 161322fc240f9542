"""G = F within blocks of parameters, and zero between them."""

from __future__ import annotations

from collections.abc import Sequence

from natgrad_core.core.evaluation import At
from natgrad_core.linalg.operators import Block, Operator
from natgrad_core.metrics import Metric, metrics


@metrics.register(
    latex=r"G_{ij} = F_{ij} \text{ within a block},\quad 0 \text{ between blocks}",
    transforms="none",
    needs="model",
)
def block_fisher(blocks: Sequence[Sequence[int]] = ((0,),)) -> Metric:
    """G = F within ``blocks`` of parameters (tuples of indices), and zero between them.

    What no block names makes one more block. Keeps its meaning in charts that do not mix blocks.
    Le Roux, Manzagol and Bengio 2008; K-FAC's blocks are the layers (Martens and Grosse 2015).

    Args:
        blocks: The parameters of each block, as indices from 0; no index in two blocks.

    Returns:
        The metric.

    Raises:
        ValueError: If a block is empty, or an index is negative or in two blocks.
        IndexError: At a point of a problem with fewer parameters than the blocks name.
    """
    chosen = tuple(tuple(int(i) for i in block) for block in blocks)
    named = [i for block in chosen for i in block]
    if not all(chosen) or len(set(named)) < len(named) or not all(i >= 0 for i in named):
        raise ValueError(
            "blocks must be tuples of indices ≥ 0, none empty and no index in two of them, "
            f"as in ((0,), (1, 2)); got {blocks}"
        )

    return Metric(_at_point, (chosen,))


def _at_point(at: At, chosen: tuple[tuple[int, ...], ...]) -> Operator:
    d, named = len(at.theta), [i for block in chosen for i in block]
    if any(i >= d for i in named):
        raise IndexError(
            f"{at.problem.name} has {d} parameters, so blocks name 0 to {d - 1}; got {chosen}"
        )
    rest = tuple(i for i in range(d) if i not in named)
    return Block(at.fisher, (*chosen, rest) if rest else chosen)
