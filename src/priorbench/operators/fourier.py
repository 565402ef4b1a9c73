"""Kernels in the Fourier domain."""

from __future__ import annotations

import torch
from torch import Tensor


def check_kernel(kernel: Tensor, height: int, width: int) -> None:
    """Raise ValueError unless ``kernel`` can blur an image of this size.

    A kernel is a matrix with odd sides, no larger than the image, finite, not negative, and not
    zero.
    """
    if kernel.ndim != 2 or not kernel.is_floating_point():
        raise ValueError(
            "a kernel must be a floating-point matrix, "
            f"not {kernel.dtype} of shape {tuple(kernel.shape)}"
        )
    rows, columns = kernel.shape
    if rows % 2 == 0 or columns % 2 == 0:
        raise ValueError(
            f"a kernel needs odd sides, so that it has a centre; this one is {rows} × {columns}"
        )
    if not torch.isfinite(kernel).all() or kernel.min() < 0:
        raise ValueError("a kernel holds finite values of at least 0; this one has others")
    if not kernel.sum() > 0:
        raise ValueError("a kernel must not be zero everywhere")
    if rows > height or columns > width:
        raise ValueError(
            f"the kernel of {rows} × {columns} is larger than the image of {height} × {width}"
        )


def transfer_function(kernel: Tensor, height: int, width: int) -> Tensor:
    """Return the Fourier transform of ``kernel``, centred on the origin.

    Circular convolution multiplies by it.

    Args:
        kernel: with odd sides.
        height: rows of the images.
        width: columns of the images.

    Returns:
        complex, height × (width // 2 + 1), as ``torch.fft.rfft2`` of an image.
    """
    rows, columns = kernel.shape
    # The transform of a small kernel costs little in float64 and is used many times.
    padded = torch.zeros(height, width, dtype=torch.float64, device=kernel.device)
    padded[:rows, :columns] = kernel
    # The kernel's centre comes to pixel (0, 0), so that blurring does not shift the image.
    centred = padded.roll((-(rows // 2), -(columns // 2)), dims=(0, 1))
    transformed: Tensor = torch.fft.rfft2(centred)
    return transformed.to(torch.complex128 if kernel.dtype == torch.float64 else torch.complex64)
