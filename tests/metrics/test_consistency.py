from __future__ import annotations

import pytest
import torch

from priorbench.errors import NotApplicable
from priorbench.metrics.consistency import residual
from priorbench.tasks import (
    Deblur,
    Denoise,
    DenoisePoisson,
    DenoiseSaltPepper,
    Inpaint,
    InpaintBlock,
    InpaintScratch,
    InpaintText,
    Jpeg,
    Sense,
    SuperResolve,
    Task,
)

NOISY: dict[str, Task] = {
    "denoise": Denoise(25),
    "poisson": DenoisePoisson(30),
    "poisson-dim": DenoisePoisson(4),
    "deblur": Deblur("gaussian", 2.55),
    "deblur-valid": Deblur("shake3", 2.55, "valid"),
    "inpaint": Inpaint(50, 10),
    "inpaint-most": Inpaint(90, 10),
    "inpaint-text": InpaintText(10),
    "inpaint-scratch": InpaintScratch(10),
    "inpaint-block": InpaintBlock(10),
    "sr": SuperResolve(2, sigma=5),
    "sr-gaussian": SuperResolve(3, "gaussian", 5),
    "cs": Sense(25, 5),
}


def image(channels: int, height: int = 96, width: int = 96) -> torch.Tensor:
    coarse = torch.rand((1, channels, 8, 8), generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(0.2 + 0.6 * coarse, (height, width), mode="bilinear")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("task", NOISY.values(), ids=NOISY)
def test_the_true_image_has_a_residual_of_about_one(task, channels):
    clean = image(channels)
    problem = task.corrupt(clean, torch.Generator().manual_seed(1))
    observed = float(problem.operator.restrict(torch.ones_like(problem.y)).sum())
    # Five standard deviations of a chi-square divided by its degrees of freedom; Poisson counts
    # have a longer tail.
    tolerance = 5 * ((2 + 1 / (0.2 * problem.peak) if problem.peak else 2) / observed) ** 0.5
    assert residual(clean, problem) == pytest.approx(1, abs=tolerance)


@pytest.mark.parametrize("task", NOISY.values(), ids=NOISY)
def test_a_wrong_image_has_more_and_the_observation_itself_less(task):
    clean = image(1)
    problem = task.corrupt(clean, torch.Generator().manual_seed(1))
    assert residual(1 - clean, problem) > 1.5
    if problem.operator.name in ("identity", "mask"):
        assert residual(problem.y, problem) < 1e-6


@pytest.mark.parametrize("task", [Denoise(0), Inpaint(50), DenoiseSaltPepper(30), SuperResolve(2)])
def test_without_noise_there_is_no_scale(task):
    problem = task.corrupt(image(1), torch.Generator().manual_seed(1))
    with pytest.raises(NotApplicable, match="without noise"):
        residual(image(1), problem)


def test_without_an_operator_there_is_no_residual():
    problem = Jpeg(10).corrupt(image(3), torch.Generator().manual_seed(1))
    with pytest.raises(NotApplicable, match="JPEG compression at quality 10"):
        residual(image(3), problem)
