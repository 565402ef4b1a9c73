"""FFDNet with the weights of its authors, for measuring the solver with a strong denoiser.

Zhang, Zuo & Zhang 2018, doi:10.1109/TIP.2018.2839891. The weights are for research only and lie in
no repository: $PRIORBENCH_DATA/networks/ffdnet_gray.mat.
"""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.priors import Denoiser
from priorbench.types import Image

SUB_IMAGES = [0, 2, 1, 3]
"""The authors count the pixels of a 2 × 2 block down the columns, torch along the rows."""


class FFDNet(Denoiser):
    """Gray FFDNet; trained for σ from 0 to 75."""

    sigma_range = (0.0, 75 / 255)

    def __init__(self) -> None:
        path = Path(os.environ["PRIORBENCH_DATA"], "networks", "ffdnet_gray.mat")
        self._layers: list[tuple[Tensor, Tensor]] = []
        with h5py.File(path) as file:
            for reference in file["net/layers"][:].ravel():
                layer = file[reference]
                if "weights" not in layer or layer["weights"].dtype != h5py.ref_dtype:
                    continue
                weights, biases = (
                    torch.from_numpy(np.array(file[part])).float()
                    for part in layer["weights"][:].ravel()[:2]
                )
                # Axes come in reverse: out, in, column, row.
                self._layers.append((weights.mT.contiguous(), biases.flatten()))
        first, last = self._layers[0], self._layers[-1]
        self._layers[0] = (first[0][:, [*SUB_IMAGES, 4]], first[1])
        self._layers[-1] = (last[0][SUB_IMAGES], last[1][SUB_IMAGES])

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the network's estimate of each channel."""
        batch, channels, height, width = image.shape
        v = image.reshape(-1, 1, height, width)
        v = F.pixel_unshuffle(F.pad(v, (0, width % 2, 0, height % 2), mode="replicate"), 2)
        v = torch.cat([v, torch.full_like(v[:, :1], sigma)], dim=1)
        for weights, biases in self._layers[:-1]:
            v = F.conv2d(v, weights, biases, padding=1).relu()
        v = F.pixel_shuffle(F.conv2d(v, *self._layers[-1], padding=1), 2)
        return v[..., :height, :width].reshape(batch, channels, height, width)
