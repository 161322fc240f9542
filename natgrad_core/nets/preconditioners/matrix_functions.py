"""Roots and polar factors of matrices, by eigenvectors, by singular values, and by iteration."""

from __future__ import annotations

import torch
from torch import Tensor

JORDAN = (3.4445, -4.7750, 2.0315)
"""Coefficients of Muon's iteration: the steepest at 0; singular values end between about 0.7 and
1.2 (Jordan 2024)."""

SMALLEST = 1e-7
"""The least norm that a matrix is divided by."""


def power(symmetric: Tensor, exponent: float, shift: float = 0.0) -> Tensor:
    """Return (M + shift I)^exponent of a positive semi-definite matrix, by its eigenvectors.

    Args:
        symmetric: M, ``[n, n]``; an eigenvalue that is rounding counts as zero.
        exponent: The exponent; negative ones need a positive ``shift`` where M is singular.
        shift: What is added to the eigenvalues.

    Returns:
        The power, ``[n, n]``.
    """
    values, vectors = torch.linalg.eigh(symmetric)
    return (vectors * (above_rounding(values) + shift) ** exponent) @ vectors.T


def above_rounding(eigenvalues: Tensor) -> Tensor:
    """Return the eigenvalues of a positive semi-definite matrix, rounding errors replaced by zero.

    An eigenvalue that is zero is computed as about 10⁻¹⁷ of the largest one. A root makes 10⁻⁴ of
    that: an entry that could be seen.

    Args:
        eigenvalues: The n eigenvalues.

    Returns:
        The same, zero where at most n eps times the largest.
    """
    least = len(eigenvalues) * torch.finfo(eigenvalues.dtype).eps * eigenvalues.max()
    return torch.where(eigenvalues > least, eigenvalues, 0.0)


def polar(matrix: Tensor) -> Tensor:
    """Return U Vᵀ of M = U S Vᵀ: of all matrices of its rank with singular values 1 the nearest.

    Args:
        matrix: M, ``[m, n]``; singular values that are rounding are left out.

    Returns:
        The polar factor, ``[m, n]``.
    """
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    there = s > max(matrix.shape) * torch.finfo(s.dtype).eps * s.max()
    return (u * there) @ vh


def newton_schulz(
    matrix: Tensor,
    steps: int = 5,
    coefficients: tuple[float, float, float] = JORDAN,
    precision: torch.dtype | None = None,
) -> Tensor:
    """Return an approximate polar factor: X ← a X + b (X Xᵀ) X + c (X Xᵀ)² X, products alone.

    From M/‖M‖ each singular value s goes to a s + b s³ + c s⁵ and keeps its vectors (Jordan 2024).
    With a, b, c = 15/8, −10/8, 3/8 it converges to the polar factor (Kovarik 1970; Björck and
    Bowie 1971); Jordan's coefficients bring small ones up faster, and stop near 1.

    Args:
        matrix: M, ``[m, n]``.
        steps: How many iterations.
        coefficients: a, b and c.
        precision: The dtype that it is computed in; None: that of M.

    Returns:
        The matrix after the last iteration, ``[m, n]``, in the dtype of M.
    """
    a, b, c = coefficients
    x = matrix if precision is None else matrix.to(precision)
    wide = matrix.shape[0] <= matrix.shape[1]
    x = x if wide else x.T
    x = x / x.norm().clamp(min=SMALLEST)
    for _ in range(steps):
        square = x @ x.T
        x = torch.addmm(x, torch.addmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return (x if wide else x.T).to(matrix.dtype)
