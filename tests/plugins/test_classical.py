"""The baseline, the Wiener filter and the two denoisers of scikit-image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from priorbench.data.loaders import load_embedded
from priorbench.data.transform import centre_crop, to_gray
from priorbench.plugins.manager import load_plugins
from priorbench.plugins.registry import Registry
from priorbench.priors import Context
from priorbench.solvers import restore
from priorbench.specs import Parameters
from priorbench.tasks import Denoise, Inpaint

DENOISERS = ["nlm", "wavelet"]
NAMES = ["observed", "wiener", *DENOISERS]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins([Path(__file__).parents[2] / "plugins"], strict=True)


def make(registry: Registry, name: str, **parameters: object):
    entry = registry.priors[name]
    return entry.load()(**entry.spec.parameters(**parameters).model_dump())


def photograph(colour: bool, size: int = 64) -> Tensor:
    array = centre_crop(load_embedded(Parameters(), "motorcycle"), size, size)
    array = array if colour else to_gray(array)[..., None]
    return torch.from_numpy(array.copy()).permute(2, 0, 1)[None]


def psnr(restored: Tensor, clean: Tensor) -> float:
    return float(-10 * (restored.clamp(0, 1) - clean).square().mean().log10())


def context() -> Context:
    return Context.seeded(0)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("colour", [False, True], ids=["gray", "rgb"])
@pytest.mark.parametrize(
    "task", [Denoise(25), Inpaint(50, 0), Inpaint(50, 25)], ids=["denoise", "inpaint", "noisy"]
)
def test_every_task_ends_nearer_to_the_clean_image_than_it_began(registry, name, colour, task):
    clean = photograph(colour)
    problem = task.corrupt(clean, torch.Generator().manual_seed(0))
    before = problem.y.clone()
    restored = restore(make(registry, name), problem, context()).image
    assert restored.shape == clean.shape
    assert restored.dtype == torch.float32
    assert torch.isfinite(restored).all()
    assert torch.equal(problem.y, before)
    floor = problem.operator.estimate(problem.y)
    if name == "observed":
        assert torch.equal(restored, floor)
    elif problem.sigma > 0:
        assert psnr(restored, clean) > psnr(floor, clean) + 0.5
    else:
        assert psnr(restored, clean) > psnr(problem.y, clean) + 10


@pytest.mark.slow
@pytest.mark.parametrize("name", DENOISERS)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_is_denoised_as_its_images_would_be_alone(registry, name, channels):
    prior = make(registry, name)
    images = torch.rand((3, channels, 20, 24), generator=torch.Generator().manual_seed(0))
    together = prior.denoise(images, 0.1)
    assert together.is_contiguous()
    for i in range(3):
        torch.testing.assert_close(together[i : i + 1], prior.denoise(images[i : i + 1], 0.1))


@pytest.mark.parametrize("name", DENOISERS)
@pytest.mark.parametrize(
    "shape", [(1, 1, 1, 1), (1, 3, 1, 9), (1, 1, 5, 3), (1, 3, 7, 7), (1, 1, 17, 33)]
)
def test_any_size_down_to_one_pixel_is_denoised(registry, name, shape):
    image = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    restored = make(registry, name).denoise(image, 0.1)
    assert restored.shape == shape
    assert torch.isfinite(restored).all()


@pytest.mark.parametrize("name", DENOISERS)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_constant_image_stays_what_it_is(registry, name, channels):
    image = torch.full((1, channels, 16, 16), 0.3)
    torch.testing.assert_close(make(registry, name).denoise(image, 0.1), image, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", DENOISERS)
@pytest.mark.parametrize("channels", [1, 3])
def test_values_outside_the_range_are_not_clipped(registry, name, channels):
    noisy = torch.rand((1, channels, 24, 24), generator=torch.Generator().manual_seed(0))
    prior = make(registry, name)
    torch.testing.assert_close(
        prior.denoise(noisy + 2, 0.1), prior.denoise(noisy, 0.1) + 2, rtol=0, atol=1e-3
    )


@pytest.mark.parametrize("name", DENOISERS)
def test_the_noise_level_scales_with_the_image(registry, name):
    image = photograph(False, 32)
    prior = make(registry, name)
    torch.testing.assert_close(
        prior.denoise(2 * image, 0.2), 2 * prior.denoise(image, 0.1), rtol=0, atol=1e-3
    )


def test_cycle_spinning_is_the_mean_over_shifted_grids(registry):
    image = photograph(False, 32)
    single = make(registry, "wavelet", shifts=0)
    shifted = []
    for top in range(2):
        for left in range(2):
            grown = torch.from_numpy(
                np.pad(image[0, 0].numpy(), ((top, 0), (left, 0)), mode="symmetric")
            )[None, None]
            shifted.append(single.denoise(grown, 0.1)[..., top:, left:])
    torch.testing.assert_close(
        make(registry, "wavelet", shifts=1).denoise(image, 0.1), torch.stack(shifted).mean(0)
    )


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("nlm", {"h": 0}),
        ("nlm", {"patch_size": 0}),
        ("wavelet", {"wavelet": "bior2.2"}),
        ("wavelet", {"shifts": -1}),
        ("observed", {"anything": 1}),
    ],
)
def test_wrong_parameters_are_refused_before_any_job_starts(registry, name, wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        registry.priors[name].spec.parameters(**wrong)


def test_every_method_names_its_source(registry):
    assert all(registry.priors[name].spec.reference.startswith("doi:10.") for name in DENOISERS)
