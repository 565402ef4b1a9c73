"""Total variation."""

from __future__ import annotations

from skimage.restoration import denoise_tv_chambolle

from priorbench.priors import Denoiser
from priorbench.types import Image

from .arrays import on_each_image


class TotalVariation(Denoiser):
    r"""The image close to y whose gradient is small in sum: argmin_x ½‖x − y‖² + wσ Σ|∇x|.

    Rudin, Osher & Fatemi 1992, doi:10.1016/0167-2789(92)90242-F; solved by Chambolle 2004,
    doi:10.1023/B:JMIV.0000011325.36760.1e. Channels are restored one by one.

    Args:
        weight: w.
        iterations: the number of iterations.
    """

    estimator = "smoother"

    def __init__(self, weight: float, iterations: int) -> None:
        self.weight = weight
        self.iterations = iterations

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the minimiser; see the class."""
        return on_each_image(
            image,
            lambda array: denoise_tv_chambolle(
                # The change of the energy is not monotone, so a test on it would stop far too
                # early.
                array,
                weight=self.weight * sigma,
                eps=0.0,
                max_num_iter=self.iterations,
                channel_axis=2,
            ),
        )
