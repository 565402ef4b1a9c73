"""A PixelCNN over the codes of a tile."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from priorbench.networks.causal import First, Layer


class CodeNetwork(nn.Module):
    """p(z) = Πᵢ p(zᵢ | z₁ … zᵢ₋₁) of grids of code numbers, in raster order; exact.

    Van den Oord et al. 2016, arXiv 1606.05328. Of the codes before, the network sees the vectors.

    Args:
        side: g of the grids.
        entries: K.
        size: E, the dimensions of a code's vector.
        width: channels of each of the network's two streams.
        layers: gated layers.
    """

    def __init__(self, side: int, entries: int, size: int, width: int, layers: int) -> None:
        super().__init__()
        self.side = side
        # Vectors, and where the tile is: outside of it there are zeros.
        self.first = First(size + 1, width)
        # A vector for Adam: it begins with zeros, whose norm is no length for a step.
        self.place = nn.Parameter(torch.zeros(width * side**2))
        self.layers = nn.ModuleList(Layer(width) for _ in range(layers))
        self.last = nn.Conv2d(width, entries, 1)

    def log_probabilities(self, maps: Tensor) -> Tensor:
        """Return log p(zᵢ = k | z₁ … zᵢ₋₁), N × K × rows × g.

        Args:
            maps: vectors of the codes, N × E × rows × g, of all rows or of the first ones.
        """
        rows = maps.shape[2]
        above, left = self.first(torch.cat([maps, torch.ones_like(maps[:, :1])], dim=1))
        left = left + self.place.view(-1, self.side, self.side)[:, :rows]
        for layer in self.layers:
            above, left = layer(above, left)
        logits: Tensor = self.last(F.silu(left))
        return logits.log_softmax(1)

    def log_prob(self, index: Tensor, vectors: Tensor) -> Tensor:
        """Return log p(z) in nats, N, of code numbers, N × g × g, whose vectors are K × E."""
        found = self.log_probabilities(F.embedding(index, vectors).movedim(-1, 1))
        return found.gather(1, index[:, None]).sum((1, 2, 3))

    def draw(self, count: int, vectors: Tensor, generator: torch.Generator) -> Tensor:
        """Return code numbers that are drawn from p, N × g × g, one place after the other."""
        index = torch.zeros(count, self.side, self.side, dtype=torch.long, device=vectors.device)
        maps = vectors.new_zeros(count, vectors.shape[1], self.side, self.side)
        for row in range(self.side):
            for column in range(self.side):
                # What comes later is not seen, whatever it is.
                found = self.log_probabilities(maps[:, :, : row + 1])[:, :, row, column]
                drawn = torch.multinomial(found.exp().cpu(), 1, generator=generator)[:, 0]
                index[:, row, column] = drawn.to(index)
                maps[:, :, row, column] = vectors[index[:, row, column]]
        return index
