"""A codebook that follows what is assigned to its entries."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

DEAD = 0.05
"""Entries with less than this part of an equal share are dead."""
LEAST = 1e-12


class Codebook(nn.Module):
    """K vectors e, each a running mean of the vectors that were nearest to it.

    Van den Oord, Vinyals & Kavukcuoglu 2017, arXiv 1711.00937, appendix A.1: with n_k vectors of a
    batch nearest to e_k and s_k their sum, N_k ← γ N_k + (1 − γ) n_k, m_k ← γ m_k + (1 − γ) s_k and
    e_k = m_k / N_k. No gradient reaches them; as parameters, they are averaged and kept with the
    weights.

    Args:
        entries: K.
        size: E, the dimensions of a vector.
        decay: γ.
    """

    def __init__(self, entries: int, size: int, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.counts = nn.Parameter(torch.zeros(entries), requires_grad=False)
        self.sums = nn.Parameter(torch.zeros(entries, size), requires_grad=False)

    @property
    def vectors(self) -> Tensor:
        """The entries, K × E."""
        return self.sums / self.counts.clamp(min=LEAST)[:, None]

    def nearest(self, z: Tensor) -> Tensor:
        """Return argmin_k ‖z − e_k‖ of vectors, N × E."""
        vectors = self.vectors
        return (0.5 * vectors.square().sum(1) - z @ vectors.mT).argmin(1)

    def quantised(self, maps: Tensor) -> Tensor:
        """Return the numbers of the nearest entries, N × g × g, of maps, N × E × g × g."""
        count, size, rows, columns = maps.shape
        return self.nearest(maps.movedim(1, -1).reshape(-1, size)).view(count, rows, columns)

    def maps(self, index: Tensor) -> Tensor:
        """Return the maps of entries, N × E × g × g."""
        return F.embedding(index, self.vectors).movedim(-1, 1)

    @torch.no_grad()
    def restart(self, z: Tensor, generator: torch.Generator) -> None:
        """Move dead entries to random ones of a batch's vectors, N × E, with an equal share.

        Before the first batch, all are dead.
        """
        share = len(z) / len(self.counts)
        dead = (self.counts < DEAD * share).nonzero()[:, 0]
        chosen = z[torch.randint(len(z), (len(dead),), generator=generator).to(z.device)]
        self.counts[dead] = share
        self.sums[dead] = share * chosen

    @torch.no_grad()
    def follow(self, z: Tensor, index: Tensor) -> None:
        """Take in a batch's vectors, N × E, and their nearest entries, N."""
        assigned = torch.bincount(index, minlength=len(self.counts)).to(z)
        total = torch.zeros_like(self.sums).index_add_(0, index, z)
        self.counts.lerp_(assigned, 1 - self.decay)
        self.sums.lerp_(total, 1 - self.decay)
