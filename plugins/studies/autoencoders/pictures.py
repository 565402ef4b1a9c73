"""What a model makes: samples, reconstructions, and walks through its codes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from plugins.vae.images import VAE

from .spectra import MEANS, NOISY

COLUMNS, ROWS = 6, 4
"""Of a sheet of tiles."""
STEPS = 9
"""Of a walk."""
WALKS = 3
REACH = 3.0


@dataclass(frozen=True)
class Pictures:
    """Tiles without their means.

    Args:
        samples: by kind, n × T × T each, of the same codes.
        originals: n × T × T.
        reconstructions: of them.
        interpolations: walks × steps × T × T, from the code of an original to that of another.
        traversals: dimensions × steps × T × T, along one dimension of the code, the others at 0.
        divergences: mean divergence in nats of these dimensions.
    """

    samples: dict[str, Tensor]
    originals: Tensor
    reconstructions: Tensor
    interpolations: Tensor
    traversals: Tensor
    divergences: list[float]


def sample(model: VAE, count: int) -> dict[str, Tensor]:
    """Return samples of the same codes, N × T × T: the decoder's means, and with its noise."""
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(count, model.latent_size, generator=generator)
    return {MEANS: model.decode(z), NOISY: model.dct.tiles(model.decoded(z).sample(generator))}


def pictures(model: VAE, tiles: Tensor, samples: dict[str, Tensor]) -> Pictures:
    """Return what is drawn of a model.

    Args:
        model: the autoencoder.
        tiles: clean, N × T × T.
        samples: of :func:`sample`.
    """
    chosen = vivid(tiles, max(2, COLUMNS * ROWS // 2))
    code = model.code(tiles, 0.0)
    z = model.encode(chosen, 0.0)
    # Straight lines between the codes of two originals each.
    share = torch.linspace(0, 1, STEPS)[:, None]
    pairs = [(2 * walk % len(z), (2 * walk + 1) % len(z)) for walk in range(WALKS)]
    divergence = code.divergence().mean(0)
    # Dimensions that the encoder leaves at the prior say nothing.
    strongest = divergence.argsort(descending=True)[:WALKS]
    axes = torch.eye(model.latent_size)[strongest]
    steps = torch.linspace(-REACH, REACH, STEPS)[:, None]
    return Pictures(
        samples={name: own[: COLUMNS * ROWS] for name, own in samples.items()},
        originals=chosen - chosen.mean((1, 2), keepdim=True),
        reconstructions=model.decode(z),
        interpolations=torch.stack([model.decode(torch.lerp(z[a], z[b], share)) for a, b in pairs]),
        traversals=torch.stack([model.decode(steps * axis) for axis in axes]),
        divergences=divergence[strongest].tolist(),
    )


def vivid(tiles: Tensor, count: int) -> Tensor:
    """Return tiles spread evenly over the half with more contrast, the strongest first."""
    order = tiles.flatten(1).var(1).argsort(descending=True)
    places = torch.linspace(0, (len(tiles) - 1) // 2, min(count, len(tiles))).round().long()
    return tiles[order[places]]
