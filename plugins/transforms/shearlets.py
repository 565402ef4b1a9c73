"""Hard thresholds in a tight frame of shearlets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from priorbench.numerics.reflection import reflected
from priorbench.priors import Denoiser
from priorbench.solvers.colour import denoise_planes
from priorbench.types import Image, Plane

MARGIN = 16
"""Pixels by which an image is at least continued, so that its opposite borders don't meet."""
FILTERS_KEPT = 4
"""Frames, of images of different sizes, that are kept."""


class Shearlets(Denoiser):
    r"""Shearlet coefficients ψ_jk ⋆ y, without those below λσ‖ψ_jk‖, put together again.

    Cone-adapted shearlets, band-limited and made on the grid of the Fourier transform: Häuser &
    Steidl 2012, arXiv:1202.1773. See :func:`shearlet_frame`. RGB is denoised as three opponent
    planes.

    Args:
        scales: octaves of frequency that are split by direction; what lies below is kept.
        threshold: λ.
    """

    estimator = "smoother"

    def __init__(self, scales: int, threshold: float) -> None:
        self.scales = scales
        self.threshold = threshold

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the image of the large coefficients; see the class."""
        return denoise_planes(image, sigma, self._denoised)

    def _denoised(self, plane: Plane, sigma: float) -> Plane:
        padded = _continued(plane)
        frame = shearlet_frame(*padded.shape, self.scales)
        spectrum = torch.fft.rfft2(padded)
        low, *oriented = frame.filters.to(plane)
        result = spectrum * low.square()
        for response, norm in zip(oriented, frame.norms[1:].tolist(), strict=True):
            coefficients = torch.fft.irfft2(spectrum * response, s=padded.shape)
            large = coefficients.abs() > self.threshold * sigma * norm
            result += torch.fft.rfft2(coefficients * large) * response
        height, width = plane.shape
        denoised: Tensor = torch.fft.irfft2(result, s=padded.shape)
        return denoised[MARGIN : MARGIN + height, MARGIN : MARGIN + width]


@dataclass(frozen=True)
class Frame:
    """A tight frame of filters on the torus.

    Args:
        filters: frequency responses on the grid of ``torch.fft.rfft2``, K × H × (W // 2 + 1); the
            first is the low-pass. They are real, and their squares sum to 1 at each frequency.
        norms: standard deviation of each filter's coefficients of white noise with σ = 1, K.
    """

    filters: Tensor
    norms: Tensor


@lru_cache(maxsize=FILTERS_KEPT)
def shearlet_frame(height: int, width: int, scales: int) -> Frame:
    r"""Return shearlets for images of an odd number of rows and columns.

    With Meyer's ν, r the greater of |f₁| and |f₂| over the Nyquist frequency, and p the position of
    f on the border of the square of its r, which goes round once from 0 to 4n,

        ψ̂_jk(f) = W_j(r) V(p(f) − k),   k = 0 … 4n − 1,   n = 2^⌈j/2⌉,

    where V(x) = cos(π/2 ν(|x|)), and W_j² = L²_{j+1} − L²_j for the low-pass filters L_j, which
    fall from 1 to 0 within an octave; L_0 is the first filter. The position is that of a shear,
    f₂/f₁ or f₁/f₂: in each of the two cones the filters are sheared copies of each other. The
    number of directions doubles at every second octave, so that widths are squares of lengths.

    Args:
        height: rows; odd, for at the Nyquist frequency no sheared filter is symmetric.
        width: columns; odd.
        scales: octaves that are split by direction.

    Raises:
        ValueError: the height or the width is even.
    """
    if height % 2 == 0 or width % 2 == 0:
        raise ValueError(f"height and width must be odd, not {height} and {width}")
    down = 2 * torch.fft.fftfreq(height, dtype=torch.float64)[:, None].expand(-1, width // 2 + 1)
    right = 2 * torch.fft.rfftfreq(width, dtype=torch.float64).expand(height, -1)
    radius = torch.maximum(down.abs(), right.abs())
    # L_j falls from 2^(j − scales − 1) to twice that; above the last octave nothing is cut off.
    squares = [_low_pass(radius, j - scales - 1).square() for j in range(scales)]
    squares.append(torch.ones_like(radius))
    filters = [squares[0].sqrt()]
    for j in range(scales):
        band = (squares[j + 1] - squares[j]).sqrt()
        cone = 2 ** math.ceil(j / 2)
        position = _position(down, right, cone)
        for direction in range(4 * cone):
            # The shorter way round.
            distance = (position - direction + 2 * cone) % (4 * cone) - 2 * cone
            filters.append(band * torch.cos(math.pi / 2 * _meyer(distance.abs())))
    stacked = torch.stack(filters)
    # All columns but the first stand for two frequencies.
    energy = 2 * stacked.square().sum((1, 2)) - stacked[:, :, 0].square().sum(1)
    return Frame(stacked.float(), (energy / (height * width)).sqrt())


def _position(down: Tensor, right: Tensor, cone: int) -> Tensor:
    """Return where on the border of a square a frequency lies, from −n to 3n for ``cone`` n."""
    flat = right.abs() >= down.abs()
    # At f = 0, where nothing has a direction, any number does.
    slope = torch.where(flat, down, right) / torch.where(flat, right, down).where(
        (down != 0) | (right != 0), torch.ones_like(right)
    )
    return torch.where(flat, cone * slope, 2 * cone - cone * slope)


def _low_pass(radius: Tensor, octave: int) -> Tensor:
    """Return 1 up to 2^octave, 0 from twice that on."""
    octaves = torch.log2(radius.clamp(min=2.0 ** (octave - 1))) - octave
    return torch.cos(math.pi / 2 * _meyer(octaves))


def _meyer(x: Tensor) -> Tensor:
    """Return Meyer's smooth step ν from 0 at x ≤ 0 to 1 at x ≥ 1; ν(x) + ν(1 − x) = 1."""
    x = x.clamp(0, 1)
    return x**4 * (35 - 84 * x + 70 * x**2 - 20 * x**3)


def _continued(plane: Plane) -> Tensor:
    """Return a plane continued by its reflections, to odd sides that transform fast."""
    continued: Tensor = plane
    for axis, length in enumerate(plane.shape):
        after = _fast_odd(length + 2 * MARGIN) - length - MARGIN
        continued = reflected(continued, axis, MARGIN, after)
    return continued


def _fast_odd(length: int) -> int:
    """Return the least odd number from ``length`` on with no prime factor above 7."""
    length += 1 - length % 2
    while _rest(length) > 1:
        length += 2
    return length


def _rest(number: int) -> int:
    """Return an odd number without its factors 3, 5 and 7."""
    for prime in (3, 5, 7):
        while number % prime == 0:
            number //= prime
    return number
