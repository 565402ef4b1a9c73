"""FFDNet with the weights of its authors, for measuring the solver with a strong denoiser.

Zhang, Zuo & Zhang 2018, doi:10.1109/TIP.2018.2839891. The weights are for research only and lie in
no repository: $PRIORBENCH_DATA/networks/ffdnet_gray.mat and ffdnet_color.mat.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from matconvnet import convolutions

from priorbench.priors import Denoiser
from priorbench.types import Image

SUB_IMAGES = (0, 2, 1, 3)
"""The authors count the pixels of a 2 × 2 block down the columns, torch along the rows."""


class FFDNet(Denoiser):
    """FFDNet for images of one channel or of three; trained for σ from 0 to 75.

    Args:
        colour: denoise three channels together, instead of each by itself.
    """

    sigma_range = (0.0, 75 / 255)

    def __init__(self, *, colour: bool = False) -> None:
        self._channels = 3 if colour else 1
        self._layers = convolutions("ffdnet_color" if colour else "ffdnet_gray")
        order = [4 * channel + part for channel in range(self._channels) for part in SUB_IMAGES]
        first, last = self._layers[0], self._layers[-1]
        self._layers[0] = (first[0][:, [*order, len(order)]], first[1])
        self._layers[-1] = (last[0][order], last[1][order])

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the network's estimate."""
        batch, channels, height, width = image.shape
        v = image.reshape(-1, self._channels, height, width)
        v = F.pixel_unshuffle(F.pad(v, (0, width % 2, 0, height % 2), mode="replicate"), 2)
        v = torch.cat([v, torch.full_like(v[:, :1], sigma)], dim=1)
        for weights, biases in self._layers[:-1]:
            v = F.conv2d(v, weights, biases, padding=1).relu()
        v = F.pixel_shuffle(F.conv2d(v, *self._layers[-1], padding=1), 2)
        return v[..., :height, :width].reshape(batch, channels, height, width)
