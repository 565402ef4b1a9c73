"""Draws of an image given a noisy one, patch by patch."""

from __future__ import annotations

import torch

from priorbench.priors import PatchPrior
from priorbench.solvers.answers import checked
from priorbench.solvers.colour import from_planes, to_planes
from priorbench.solvers.random_grid import draw_side_by_side
from priorbench.types import Image, Patches, Plane

__all__ = ["draw_of_patches"]


def draw_of_patches(
    prior: PatchPrior, image: Image, sigma: float, generator: torch.Generator
) -> Image:
    """Return a draw of x given x + σn, where the patches of x are independent draws of the prior.

    The patches lie side by side on a grid with a random origin, so each pixel is in one of them,
    and each patch is drawn from its exact posterior. At the border of the image the patches see
    its reflection. A colour image is drawn in opponent planes; see :mod:`.colour`.

    Args:
        prior: the density of patches.
        image: B × C × H × W, with white Gaussian noise, at least as large as a patch.
        sigma: σ > 0.
        generator: of the grid and the draws.

    Raises:
        NotApplicable: the prior can't draw from its posterior.
        ValueError: the image is smaller than a patch.
    """
    if min(image.shape[-2:]) < prior.patch_size:
        raise ValueError(
            f"the image is {image.shape[-2]} × {image.shape[-1]}; "
            f"this prior needs at least {prior.patch_size} pixels a side"
        )
    planes, scales = to_planes(image)
    drawn = [
        _draw_plane(prior, plane, scale * sigma, generator)
        for plane, scale in zip(planes, scales, strict=True)
    ]
    return from_planes(torch.stack(drawn), image.shape)


def _draw_plane(prior: PatchPrior, plane: Plane, sigma: float, generator: torch.Generator) -> Plane:
    def draw(patches: Patches) -> Patches:
        drawn = prior.posterior_sample(patches, sigma**2, generator)
        return checked(drawn, patches, f"{type(prior).__qualname__}.posterior_sample")

    return draw_side_by_side(plane, prior.patch_size, draw, generator)
