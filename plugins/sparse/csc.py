"""Denoising by convolutional sparse codes, with filters learned from photographs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from priorbench.networks.learned import LearnedNetwork
from priorbench.networks.training import Objective, Row
from priorbench.numerics.patches import PatchSet
from priorbench.numerics.reflection import reflected
from priorbench.priors import Denoiser
from priorbench.solvers.colour import denoise_planes
from priorbench.types import Image, Plane, Planes

from .convolution import smoothed, sparse_maps, synthesis
from .parameters import ConvolutionalParameters


class Filters(nn.Module):
    """K filters of norm 1 and mean 0.

    Args:
        count: K.
        size: side of a filter in pixels.
    """

    def __init__(self, count: int, size: int) -> None:
        super().__init__()
        self.raw = nn.Parameter(torch.randn(count, size, size))

    def forward(self) -> Tensor:
        """Return them, K × n × n."""
        centred = self.raw - self.raw.mean((1, 2), keepdim=True)
        unit: Tensor = nn.functional.normalize(centred.flatten(1)).view_as(centred)
        return unit


class ConvolutionalSparseCoding(Denoiser, LearnedNetwork[Filters]):
    r"""x = s + Σ_k d_k ∗ z_k,   z = argmin_z ½‖y − s − Σ_k d_k ∗ z_k‖² + λσ Σ_k ‖z_k‖₁.

    s is the smoothed observation. Zeiler et al. 2010, doi:10.1109/CVPR.2010.5539957; Wohlberg
    2016, doi:10.1109/TIP.2015.2495260. Beyond its border an image goes on as its mirror image, for
    the length of a filter.

    Args:
        **parameters: fields of :class:`ConvolutionalParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    estimator = "smoother"

    def __init__(self, **parameters: Any) -> None:
        self.parameters = ConvolutionalParameters(**parameters)
        super().__init__(self.parameters, self.parameters.tile_size)

    def build(self) -> Filters:
        """Return random filters."""
        return Filters(self.parameters.n_filters, self.parameters.filter_size)

    def prepare(self, network: Filters, drawn: PatchSet) -> None:
        """Let the filters begin as parts of the training tiles."""
        options = self.parameters
        size = options.filter_size
        tiles = drawn[: options.n_filters].view(-1, drawn.size, drawn.size)
        fine = tiles - smoothed(tiles, options.smoothing)
        # Tiles without any contrast leave their filters random.
        parts = fine[:, :size, :size]
        varied = parts.flatten(1).std(1) > 1e-3
        with torch.no_grad():
            network.raw[: len(parts)][varied] = parts[varied]

    def objective(self, network: Filters) -> SparseTiles:
        """Return the sparse approximation of tiles."""
        return SparseTiles(network, self.parameters)

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the most likely sum of filters; the image itself if σ ≤ 0."""
        if sigma <= 0:
            return image
        return denoise_planes(image, sigma, self._denoised)

    def _denoised(self, plane: Plane, sigma: float) -> Plane:
        options = self.parameters
        filters = self.network.to(plane.device)()
        margin = options.filter_size
        wide = _extended(plane[None], margin)
        smooth = smoothed(wide, options.smoothing)
        maps = sparse_maps(wide - smooth, filters, options.penalty * sigma, options.steps)
        found = (smooth + synthesis(maps, filters))[0]
        return found[margin:-margin, margin:-margin]


class SparseTiles(Objective):
    """½‖u − Σ_k d_k ∗ z_k‖² + τ Σ_k ‖z_k‖₁ at its minimum over z, a pixel.

    u is a tile without its smooth part. The derivative of a minimum is that of what is minimised,
    with the minimiser held fixed.

    Args:
        network: d.
        options: τ.
    """

    network: Filters
    criterion = "held_out_negative_objective"

    def __init__(self, network: Filters, options: ConvolutionalParameters) -> None:
        self.network, self.options = network, options

    def loss(self, tiles: Tensor, done: float, generator: torch.Generator) -> tuple[Tensor, Row]:
        """Return the loss of a batch."""
        return self._objective(tiles), {}

    def measure(self, batches: Iterable[Tensor]) -> Row:
        """Return the negative objective of held-out tiles."""
        values = [float(self._objective(tiles)) for tiles in batches]
        return {self.criterion: -sum(values) / len(values)}

    def _objective(self, tiles: Tensor) -> Tensor:
        options = self.options
        wide = _extended(tiles, options.filter_size)
        fine = wide - smoothed(wide, options.smoothing)
        filters = self.network()
        with torch.no_grad():
            maps = sparse_maps(fine, filters, options.training_penalty, options.steps)
        error = (fine - synthesis(maps, filters)).square().mean() / 2
        return error + options.training_penalty * maps.abs().sum(1).mean()


def _extended(planes: Planes, margin: int) -> Planes:
    taller = reflected(planes, -2, margin, margin)
    return reflected(taller, -1, margin, margin)
