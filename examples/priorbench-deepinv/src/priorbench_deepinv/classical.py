"""deepinv's classical denoisers, with what they are told in multiples of the noise's σ.

deepinv keeps the last result of a total variation to begin with in the next call. Each call here
makes the denoiser again, so that no image depends on the ones before it.
"""

from __future__ import annotations

from collections.abc import Sequence

from priorbench.priors import Denoiser
from priorbench.types import Image

from .library import models


class TotalVariation(Denoiser):
    r"""argmin_x ½‖x − y‖² + wσ Σ|∇x|.

    Rudin, Osher & Fatemi 1992, doi:10.1016/0167-2789(92)90242-F; solved by Condat 2013,
    doi:10.1007/s10957-012-0245-9.

    Args:
        weight: w.
        iterations: the most iterations.
    """

    estimator = "smoother"

    def __init__(self, weight: float, iterations: int) -> None:
        self.weight, self.iterations = weight, iterations

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the minimiser, all channels with one gradient."""
        return _made(models.TVDenoiser, image, self.weight * sigma, self.iterations)


class TotalGeneralisedVariation(Denoiser):
    """Total variation that lets slopes be: Bredies, Kunisch & Pock 2010, doi:10.1137/090769521.

    Args:
        weight: of the regulariser, as a multiple of σ.
        iterations: the most iterations.
    """

    estimator = "smoother"

    def __init__(self, weight: float, iterations: int) -> None:
        self.weight, self.iterations = weight, iterations

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the minimiser."""
        return _made(models.TGVDenoiser, image, self.weight * sigma, self.iterations)


class Wavelet(Denoiser):
    """Soft thresholds in an orthogonal basis: Donoho & Johnstone 1994, doi:10.1093/biomet/81.3.425.

    Args:
        weight: the threshold as a multiple of σ.
        wavelet: name of the wavelet.
        level: scales.
    """

    estimator = "smoother"

    def __init__(self, weight: float, wavelet: str, level: int) -> None:
        self.weight = weight
        self._model = models.WaveletDenoiser(level=level, wv=wavelet)

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the thresholded images."""
        estimate: Image = self._model(image, self.weight * sigma)
        return estimate


class WaveletDictionary(Denoiser):
    """Few coefficients in several orthogonal bases together.

    Args:
        weight: the threshold as a multiple of σ.
        wavelets: names of the wavelets.
        level: scales.
        iterations: of the proximal splitting.
    """

    estimator = "smoother"

    def __init__(self, weight: float, wavelets: Sequence[str], level: int, iterations: int) -> None:
        self.weight = weight
        self._model = models.WaveletDictDenoiser(
            level=level, list_wv=list(wavelets), max_iter=iterations
        )

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the images with few coefficients."""
        estimate: Image = self._model(image, self.weight * sigma)
        return estimate


class Bilateral(Denoiser):
    """Means over neighbours of like intensity.

    Tomasi & Manduchi 1998, doi:10.1109/ICCV.1998.710815.

    Args:
        pixels: standard deviation of the weights in pixels.
        weight: standard deviation of the weights in intensity, as a multiple of σ.
        size: side of the window.
    """

    estimator = "smoother"

    def __init__(self, pixels: float, weight: float, size: int) -> None:
        self.pixels, self.weight, self.size = pixels, weight, size
        self._model = models.BilateralFilter()

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the weighted means; the image itself where σ is 0."""
        if sigma == 0:
            return image
        estimate: Image = self._model(
            image, sigma_d=self.pixels, sigma_r=self.weight * sigma, window_size=self.size
        )
        return estimate


class Median(Denoiser):
    """The median of a square window.

    Args:
        size: side of the window.
    """

    estimator = "smoother"
    blind = True

    def __init__(self, size: int) -> None:
        self._model = models.MedianFilter(kernel_size=size)

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the medians; σ is ignored."""
        estimate: Image = self._model(image)
        return estimate


class BM3D(Denoiser):
    """Similar patches, thresholded together: Dabov et al. 2007, doi:10.1109/TIP.2007.901238.

    deepinv's own implementation in torch, which comes close to the authors'.
    """

    estimator = "smoother"

    def __init__(self) -> None:
        self._model = models.BM3D(use_legacy=False)

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the estimate; the image itself where σ is 0."""
        if sigma == 0:
            return image
        estimate: Image = self._model(image, sigma)
        return estimate


def _made(kind: type, image: Image, weight: float, iterations: int) -> Image:
    """Return what a denoiser that was just made gives; the image itself where its weight is 0."""
    if weight == 0:
        return image
    estimate: Image = kind(n_it_max=iterations)(image, weight)
    return estimate
