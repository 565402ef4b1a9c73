"""How strong the noise is where a regulariser meets it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.operators import Identity, LinearOperator
from priorbench.problem import Problem

__all__ = ["gain", "reached_noise"]


def gain(operator: LinearOperator, like: Tensor) -> float:
    r"""Return √(tr HᵀH / N): by what H multiplies white noise of the image, on average.

    It is 1 for denoising, √m where the part m of the pixels is known, and the norm of the kernel
    for a blur. Hutchinson's estimate of the trace by one probe, doi:10.1080/03610919008812866.

    Args:
        operator: H.
        like: a tensor on the device of the images, of their precision.
    """
    if isinstance(operator, Identity):
        return 1.0
    shape = (1, *operator.image_shape)
    probe = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(like)
    energy = operator.forward(probe).square().sum() / probe.square().sum()
    return math.sqrt(float(energy))


def reached_noise(problem: Problem) -> float:
    r"""Return σ √(tr HᵀH / N), the standard deviation of Hᵀn for a pixel of the image.

    At the minimum of ½‖Hx − y‖² + μ R(x) the regulariser has to balance Hᵀ(Hx − y), which is Hᵀn
    where x is right. So μ is a multiple of this noise for every H, and one multiple serves all. σ
    is at least :data:`.NOISE_FLOOR`.

    Raises:
        NotApplicable: the problem has no linear operator.
    """
    return max(problem.sigma, NOISE_FLOOR) * gain(problem.operator, problem.y)
