"""A PixelCNN as a density of patches: EPLL gives it every task."""

from __future__ import annotations

from typing import Any

import torch

from priorbench.networks.patch_density import PatchDensity
from priorbench.types import Patches

from .network import PixelNetwork
from .parameters import PixelCNNParameters


class PixelCNN(PatchDensity):
    """log p of a patch without its mean, exact, one pixel after the other; the mean is flat.

    Args:
        **parameters: fields of :class:`PixelCNNParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = PixelCNNParameters(**parameters)
        super().__init__(self.parameters)

    def build(self) -> PixelNetwork:
        """Return the network with random weights."""
        options = self.parameters
        return PixelNetwork(self.patch_size, options.width, options.layers, options.components)

    @torch.no_grad()
    def complete(self, patches: Patches, known: int, generator: torch.Generator) -> Patches:
        """Return patches whose pixels from number ``known`` on are drawn given those before.

        The draw is exact for a hole that comes last in raster order, such as the lower half.

        Args:
            patches: N × D, on [0, 1]; what is in the hole is not looked at.
            known: pixels that are kept, in raster order, 1 to D.
            generator: randomness, on the CPU.

        Raises:
            ValueError: ``known`` is out of range.
        """
        if not 1 <= known <= self.patch_size**2:
            raise ValueError(f"known must be from 1 to {self.patch_size**2}, not {known}")
        network = self.network
        assert isinstance(network, PixelNetwork)
        return network.complete(patches.float(), known, generator)
