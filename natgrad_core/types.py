"""The types that signatures name, for every room of the library."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[np.float64]
"""A float64 array; ``[..., d]`` in a docstring gives its trailing axes."""

Bools: TypeAlias = NDArray[np.bool_]

Whole: TypeAlias = NDArray[np.int64]
"""Indices."""

Vector: TypeAlias = tuple[Any, ...]
"""A vector by its components: floats, arrays, tensors or traced symbols."""

Matrix: TypeAlias = tuple[tuple[Any, ...], ...]
"""A matrix by its rows of components."""

Numeric: TypeAlias = Any
"""A NumPy array or a torch tensor: what ``loss``, ``log_prob`` and ``kl`` accept and return."""

__all__ = ["Array", "ArrayLike", "Bools", "Matrix", "Numeric", "Vector", "Whole"]
