"""Images drawn from a law."""

from __future__ import annotations

import numpy as np
import torch

from priorbench.seeds import derive_seed

from .laws import law
from .parameters import ImagesParameters, images


def load(parameters: ImagesParameters, image: str) -> np.ndarray:
    """Return an image by its name, float32, side × side.

    Raises:
        ValueError: no image has this name.
    """
    if image not in images(parameters):
        raise ValueError(f"no image of this law is called {image!r}")
    generator = torch.Generator().manual_seed(
        derive_seed(parameters.seed, "known-law", parameters.law, image)
    )
    drawn: np.ndarray = law(parameters.law).draw(parameters.side, generator).float().numpy()
    return drawn
