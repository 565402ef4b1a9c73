"""The flash photograph that guides: the same edges as the clean image, in another light."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from priorbench.data.embedded import file_of
from priorbench.data.tensors import read_tensor, to_array
from priorbench.metrics.fidelity import psnr
from priorbench.problem import Problem
from priorbench.tasks import Denoise, DenoiseGuided


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def edges(image: torch.Tensor) -> np.ndarray:
    return np.stack(np.gradient(to_array(image).mean(axis=2))).ravel()


@pytest.mark.parametrize("name", ["astronaut", "camera"])
@pytest.mark.parametrize("seed", range(3))
def test_the_guide_shows_the_edges_of_the_image_in_a_light_that_is_not_sought(name, seed):
    clean = read_tensor(file_of(name))
    problem = DenoiseGuided(25).corrupt(clean, seeded(seed))
    assert problem.guide is not None and problem.guide.shape == clean.shape
    noisy, guide = (psnr(to_array(image), to_array(clean)) for image in (problem.y, problem.guide))
    assert guide < noisy - 1
    lost, kept = (
        np.corrcoef(edges(image), edges(clean))[0, 1] for image in (problem.y, problem.guide)
    )
    assert lost < 0.85 < kept


def test_the_flash_is_colder_than_the_lamps():
    guide = DenoiseGuided(25).corrupt(torch.full((1, 3, 64, 64), 0.4), seeded()).guide
    assert guide is not None
    red, green, blue = guide.mean(dim=(0, 2, 3))
    assert red < green < blue


@pytest.mark.parametrize("channels", [1, 3])
def test_the_guide_is_a_picture_decided_by_the_generator(channels):
    clean = torch.rand((1, channels, 20, 33), generator=seeded())
    first, again, other = (
        DenoiseGuided(25).corrupt(clean, seeded(seed)).guide for seed in (1, 1, 2)
    )
    assert first is not None and other is not None
    assert first.dtype == torch.float32 and first.min() >= 0 and first.max() <= 1
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_noise_is_that_of_denoising():
    clean = torch.rand((1, 3, 16, 16), generator=seeded())
    assert torch.equal(
        DenoiseGuided(25).corrupt(clean, seeded()).y, Denoise(25).corrupt(clean, seeded()).y
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_an_observed_image_comes_with_its_guide(channels, tmp_path):
    y, guide = (
        torch.rand((1, 3, 7, 8), generator=seeded()),
        torch.rand((1, channels, 7, 8), generator=seeded(1)),
    )
    problem = DenoiseGuided(10).observe(y, guide=guide)
    assert torch.equal(problem.y, y) and problem.sigma == 10 / 255
    problem.save(tmp_path / "p.npz")
    assert torch.equal(Problem.load(tmp_path / "p.npz").guide, guide)


def test_what_an_observation_lacks_or_has_too_much_is_said():
    y = torch.zeros(1, 3, 7, 8)
    with pytest.raises(ValueError, match="needs a guide"):
        DenoiseGuided(25).observe(y)
    with pytest.raises(ValueError, match="denoise-guided takes no mask"):
        DenoiseGuided(25).observe(y, y[:, :1], y)
    with pytest.raises(ValueError, match="guide is 6 × 8 but the image 7 × 8"):
        DenoiseGuided(25).observe(y, guide=y[:, :, :6])
