"""Names for the shapes that tensors have throughout the library.

The letters are B images, C channels, H rows and W columns of the image that is sought; c, h and w
of an observation or of an image that was resized; G channels of a guide; P planes; N patches or
tiles, D pixels in a patch, T pixels along a tile's side, L dimensions of a code; _ any number.
Within one call equal letters are equal numbers, which the tests check at every call.
Intensities lie on [0, 1], and every tensor is float32 unless a docstring says otherwise.
"""

from __future__ import annotations

from typing import TypeAlias

from jaxtyping import Bool, Float
from torch import Tensor

__all__ = [
    "AnyImage",
    "Codes",
    "Guide",
    "Image",
    "Known",
    "Observation",
    "Patches",
    "PixelMask",
    "Plane",
    "Planes",
    "Resized",
    "Scores",
    "Tiles",
]

Image: TypeAlias = Float[Tensor, "B C H W"]
"""Images of one size."""
AnyImage: TypeAlias = Float[Tensor, "_ _ _ _"]
"""An image in a collection of images of several sizes."""
Resized: TypeAlias = Float[Tensor, "B C h w"]
"""Images made larger or smaller."""
Observation: TypeAlias = Float[Tensor, "B c h w"]
"""What an operator makes of images; in its range, not always on [0, 1]."""
Guide: TypeAlias = Float[Tensor, "1 G H W"]
"""Another image of the scene."""
PixelMask: TypeAlias = Float[Tensor, "1 1 H W"]
"""Above 0.5 where a pixel is known."""
Known: TypeAlias = Bool[Tensor, "H W"]
"""True where a pixel is known."""
Plane: TypeAlias = Float[Tensor, "H W"]
"""A gray image."""
Planes: TypeAlias = Float[Tensor, "P H W"]
"""Gray images of one size."""
Tiles: TypeAlias = Float[Tensor, "N T T"]
"""Square parts of planes."""
Codes: TypeAlias = Float[Tensor, "N L"]
"""Latent codes, one for each tile."""
Patches: TypeAlias = Float[Tensor, "N D"]
"""Square gray patches, one in each row, their pixels row by row."""
Scores: TypeAlias = Float[Tensor, "N"]
"""Log-likelihoods in nats."""
