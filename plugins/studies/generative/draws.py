"""Patches drawn from a prior of any kind."""

from __future__ import annotations

import torch

from priorbench import NotApplicable
from priorbench.priors import DrawsTiles, Generator, PatchPrior
from priorbench.types import Patches, Tiles

PATCHES_OF_A_TILE = 16


def draw(model: object, count: int, size: int, generator: torch.Generator) -> Patches | None:
    """Return patches drawn from a prior without their means, N × size²; None if it can't draw.

    Args:
        model: of any kind. From larger tiles several patches are cut at random places.
        count: N.
        size: side of a patch in pixels.
        generator: randomness.
    """
    if isinstance(model, PatchPrior) and model.patch_size == size:
        try:
            patches = model.sample(count, generator)
        except NotApplicable:
            return None
    else:
        tiles = _tiles(model, -(-count // PATCHES_OF_A_TILE), generator)
        if tiles is None or tiles.shape[-1] < size:
            return None
        patches = cut(tiles, size, generator)[:count]
    return patches - patches.mean(1, keepdim=True)


def _tiles(model: object, count: int, generator: torch.Generator) -> Tiles | None:
    if isinstance(model, DrawsTiles):
        return model.sample_tiles(count, generator)
    if isinstance(model, Generator):
        codes = torch.randn(count, model.latent_size, generator=generator)
        tiles: Tiles = model.decode(codes)
        return tiles
    return None


def cut(tiles: Tiles, size: int, generator: torch.Generator) -> Patches:
    """Return patches at random places of tiles, :data:`PATCHES_OF_A_TILE` of each, shuffled."""
    places = tiles.shape[-1] - size + 1
    windows = tiles.unfold(1, size, 1).unfold(2, size, 1)
    tile = torch.arange(len(tiles)).repeat(PATCHES_OF_A_TILE)
    top, left = (torch.randint(places, (len(tile),), generator=generator) for _ in range(2))
    patches: Patches = windows[tile, top, left].flatten(1)
    return patches[torch.randperm(len(patches), generator=generator)]
