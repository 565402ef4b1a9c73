"""DnCNN-S with the weights of its authors: a network for one level of noise.

Zhang, Zuo, Chen, Meng & Zhang 2017, doi:10.1109/TIP.2017.2662206. The weights are for research only
and lie in no repository: $PRIORBENCH_DATA/networks/dncnn_s25.mat.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from matconvnet import convolutions

from priorbench.priors import Denoiser
from priorbench.types import Image


class DnCNNS(Denoiser):
    """DnCNN-S, trained for σ = 25; it is not told the level."""

    sigma_range = (25 / 255, 25 / 255)

    def __init__(self) -> None:
        self._layers = convolutions("dncnn_s25")

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the network's estimate of each channel."""
        planes = image.reshape(-1, 1, *image.shape[-2:])
        v = planes
        for weights, biases in self._layers[:-1]:
            v = F.conv2d(v, weights, biases, padding=1).relu()
        return (planes - F.conv2d(v, *self._layers[-1], padding=1)).reshape(image.shape)
