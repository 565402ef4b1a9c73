"""Sparse codes by the ℓ₁ norm, of many signals at once."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.numerics.threads import in_threads

SIGNALS_IN_A_CHUNK = 1 << 10


def lasso(signals: Tensor, dictionary: Tensor, penalty: float, steps: int) -> Tensor:
    r"""Return argmin_γ ½‖y − γD‖² + τ‖γ‖₁ for each signal y, N × K, after steps of FISTA.

    Beck & Teboulle 2009, doi:10.1137/080716542, from γ = 0. A signal whose step runs against its
    momentum gives the momentum up and begins again to gather it (O'Donoghue & Candès 2015,
    doi:10.1007/s10208-013-9150-3).

    Args:
        signals: y, N × D.
        dictionary: D, one atom a row, K × D.
        penalty: τ.
        steps: number of steps.
    """
    step = 1 / float(torch.linalg.matrix_norm(dictionary, 2)) ** 2
    threshold = penalty * step

    def code(chunk: Tensor) -> Tensor:
        found = chunk.new_zeros(len(chunk), len(dictionary))
        ahead = found
        age = chunk.new_ones(len(chunk), 1)
        for _ in range(steps):
            gradient = (ahead @ dictionary - chunk) @ dictionary.mT
            moved = torch.nn.functional.softshrink(ahead - step * gradient, threshold)
            change = moved - found
            against = ((ahead - moved) * change).sum(1, keepdim=True) > 0
            age = torch.where(against, 1.0, age)
            later = (1 + (1 + 4 * age.square()).sqrt()) / 2
            ahead = torch.addcmul(moved, (age - 1) / later, change)
            found, age = moved, later
        return found

    return torch.cat(in_threads(code, torch.split(signals, SIGNALS_IN_A_CHUNK)))
