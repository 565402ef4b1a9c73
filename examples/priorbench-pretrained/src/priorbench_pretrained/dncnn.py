"""DnCNN for gray images, trained with circular convolutions.

Zhang, Zuo, Chen, Meng & Zhang 2017, doi:10.1109/TIP.2017.2662206, with the weights of SCICO, Balke
et al. 2022, doi:10.21105/joss.04722.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from priorbench.priors import Denoiser
from priorbench.types import Image

from .convolutions import Convolution
from .files import WeightsFile
from .flax_weights import Arrays, convolution, normalised, read_arrays

BLOCKS = 15
TRAINED_FOR = {"L": (0.06, 0.06), "M": (0.10, 0.10), "H": (0.20, 0.20), "N": (0.0, 0.2)}
"""Least and greatest σ, on [0, 1], of the noise in training, for each variant."""
TOLD_SIGMA = "N"
"""The variant whose second channel is σ."""
CHECKSUMS = {
    "L": "640d7a1f74d88fba6af6b05882049d1fdf44372d039aead1c491266c3fe5ef23",
    "M": "1b92262ccb8d7c9fc6cb7328fd1e0922499d2325afba65c2b161556deb7447cf",
    "H": "f3178a60f871ae5c4f423a5a9cc0158206375b568d272c79a30640e3a1737507",
    "N": "92f6710a43588ceab25275eaedceda81bca99f814c3f825651087a4e24a71ad7",
}


class DnCNN17(Denoiser):
    """DnCNN of 17 layers: the noise is estimated and subtracted, channel by channel.

    Args:
        variant: ``L``, ``M`` or ``H``, each trained for one σ, or ``N``, which is told σ.

    Raises:
        FileNotFoundError: the package with the weights is not installed.
        ValueError: it holds other weights.
    """

    def __init__(self, variant: str) -> None:
        self.sigma_range = TRAINED_FOR[variant]
        self._is_told_sigma = variant == TOLD_SIGMA
        self._layers = read_layers(weights_of(variant).read())

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the network's estimate of each channel.

        Args:
            image: B × C × H × W; each channel is restored as a gray image.
            sigma: σ on the scale of [0, 1].
        """
        planes = image.reshape(-1, 1, *image.shape[-2:])
        x = planes
        if self._is_told_sigma:
            x = torch.cat([planes, torch.full_like(planes, sigma)], dim=1)
        for layer in self._layers[:-1]:
            x = _circular(x, layer).relu()
        # The second channel of the variant that is told σ is no image.
        noise = _circular(x, self._layers[-1])[:, :1]
        return (planes - noise).reshape(image.shape)


def weights_of(variant: str) -> WeightsFile:
    """Return the file with the weights of a variant."""
    return WeightsFile(
        package="scico",
        version="0.0.7",
        path=f"scico/data/flax/dncnn17{variant}.mpk",
        sha256=CHECKSUMS[variant],
    )


def read_layers(content: bytes) -> list[Convolution]:
    """Return the convolutions of a network, in order, the batch normalisations folded into them.

    Args:
        content: of a file that flax wrote.
    """
    arrays: Arrays = read_arrays(content)
    blocks = [normalised(arrays, f"ConvBNBlock_{number}") for number in range(BLOCKS)]
    return [convolution(arrays, "conv_start"), *blocks, convolution(arrays, "conv_end")]


def _circular(x: torch.Tensor, layer: Convolution) -> torch.Tensor:
    """Return the convolution of images that wrap around their borders."""
    return layer(F.pad(x, (1, 1, 1, 1), mode="circular"), padding=0)
