"""Three outcomes by three logits, which is one too many.

Adding one number to all three moves nothing, so the Fisher matrix diag(p) − ppᵀ has the null
direction (1, 1, 1).
"""

from __future__ import annotations

from typing import Any, ClassVar

from natgrad_core.core.problem import Preset
from natgrad_core.problems import problems
from natgrad_core.problems.categorical import Categorical
from natgrad_core.types import Vector


@problems.register()
class CategoricalSingular(Categorical):
    """p = softmax(η) with all three logits: F = diag(p) − ppᵀ is singular along (1, 1, 1).

    Args:
        counts: How often each outcome was seen, ``[K]`` with K ≥ 2; None: the published counts.

    Raises:
        ValueError: If there are not two or more counts ≥ 0.
    """

    singular = True
    title = "the MN blood groups of 1000 Britons: three logits, one too many"
    symbols = ("η₀", "η₁", "η₂")
    latex = r"p_k = \frac{e^{\eta_k}}{e^{\eta_0} + e^{\eta_1} + e^{\eta_2}}"
    held = 0
    view = ((-3.0, 3.0), (-3.0, 3.0), (-3.0, 3.0))
    start = (-2.0, -2.0, 1.0)
    presets: ClassVar = {
        "blood groups": Preset(),
        "from equal chances": Preset(start=(0.0, 0.0, 0.0)),
    }

    def _log_odds(self, *eta: Any) -> Vector:
        return eta
