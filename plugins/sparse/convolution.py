"""Codes of whole images: an image is a sum of filters, each convolved with a sparse map."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.types import Planes

STEP = 50.0
"""ρ of the splitting is 1 and this many times the penalty."""
RELAXATION = 1.8


def sparse_maps(planes: Planes, filters: Tensor, penalty: float, steps: int) -> Tensor:
    r"""Return argmin_z ½‖s − Σ_k d_k ∗ z_k‖² + τ Σ_k ‖z_k‖₁ on the torus, B × K × H × W.

    By ADMM, whose quadratic part is one division for each frequency, by the formula of Sherman and
    Morrison: Wohlberg 2016, doi:10.1109/TIP.2015.2495260.

    Args:
        planes: s, B × H × W.
        filters: d, K × n × n.
        penalty: τ > 0.
        steps: of ADMM.
    """
    size = planes.shape[-2:]
    spectra = torch.fft.rfft2(filters, s=size)
    backward = spectra.conj()
    weight = 1 + STEP * penalty
    total = weight + spectra.abs().square().sum(0)
    # What the data adds to the right-hand side is the same in each step.
    data = backward * torch.fft.rfft2(planes)[:, None]
    sparse = planes.new_zeros(len(planes), len(filters), *size)
    dual = torch.zeros_like(sparse)
    for _ in range(steps):
        right = data + weight * torch.fft.rfft2(sparse - dual)
        along = (spectra * right).sum(1, keepdim=True) / total
        dense = torch.fft.irfft2((right - backward * along) / weight, s=size)
        dense = RELAXATION * dense + (1 - RELAXATION) * sparse
        sparse = F.softshrink(dense + dual, penalty / weight)
        dual += dense - sparse
    return sparse


def synthesis(maps: Tensor, filters: Tensor) -> Planes:
    """Return Σ_k d_k ∗ z_k on the torus, B × H × W, for maps z, B × K × H × W."""
    size = maps.shape[-2:]
    spectra = torch.fft.rfft2(filters, s=size)
    planes: Planes = torch.fft.irfft2((spectra * torch.fft.rfft2(maps)).sum(1), s=size)
    return planes


def smoothed(planes: Planes, weight: float) -> Planes:
    """Return argmin_x ‖x − s‖² + μ‖∇x‖² on the torus, for planes s, B × H × W.

    Args:
        planes: s.
        weight: μ.
    """
    height, width = planes.shape[-2:]
    kind = {"dtype": planes.dtype, "device": planes.device}
    rows = torch.fft.fftfreq(height, **kind)
    columns = torch.fft.rfftfreq(width, **kind)
    # Of the differences between neighbours.
    energy = 4 * ((torch.pi * rows).sin().square()[:, None] + (torch.pi * columns).sin().square())
    smooth: Planes = torch.fft.irfft2(
        torch.fft.rfft2(planes) / (1 + weight * energy), s=(height, width)
    )
    return smooth
