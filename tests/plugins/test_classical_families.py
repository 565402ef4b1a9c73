"""What every denoiser of the classical families does, whatever its method."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from priorbench.data.loaders import load_embedded
from priorbench.data.transform import centre_crop, to_gray
from priorbench.errors import NotApplicable
from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context, Denoiser
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.specs import Parameters
from priorbench.tasks import Deblur, Denoise, Inpaint

PRIORS = load_plugins([Path(__file__).parents[2] / "plugins"], strict=True).priors
FAMILIES = ("filters", "transforms")
NAMES = [
    name
    for name, entry in PRIORS.items()
    if entry.plugin.name in FAMILIES and issubclass(entry.load(), Denoiser)
]
# Recursive filters run along an axis first, and a frame has a grid: both depend on the corner.
SYMMETRIC = [name for name in NAMES if name not in ("domain-transform", "shearlets", "wavelet")]


def make(name: str, **parameters: Any) -> Any:
    entry = PRIORS[name]
    return entry.load()(**entry.spec.parameters(**parameters).model_dump())


def photograph(colour: bool, size: int = 64) -> Tensor:
    array = centre_crop(load_embedded(Parameters(), "motorcycle"), size, size)
    array = array if colour else to_gray(array)[..., None]
    return torch.from_numpy(array.copy()).permute(2, 0, 1)[None]


def noisy(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def psnr(restored: Tensor, clean: Tensor) -> float:
    return float(-10 * (restored.clamp(0, 1) - clean).square().mean().log10())


def test_the_families_are_there():
    assert len(NAMES) == 11


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("colour", [False, True], ids=["gray", "rgb"])
@pytest.mark.parametrize(
    "task",
    [Denoise(15), Denoise(25), Denoise(50), Inpaint(50, 0), Inpaint(50, 25), Deblur("box", 2.55)],
    ids=["denoise-15", "denoise-25", "denoise-50", "inpaint", "noisy", "deblur"],
)
def test_every_task_ends_nearer_to_the_clean_image_than_it_began(name, colour, task):
    clean = photograph(colour)
    problem = task.corrupt(clean, torch.Generator().manual_seed(0))
    before = problem.y.clone()
    context = Context.seeded(0, solver=PRIORS[name].spec.solver)
    restored = restore(make(name), problem, context).image
    assert restored.shape == clean.shape
    assert restored.dtype == torch.float32
    assert torch.isfinite(restored).all()
    assert torch.equal(problem.y, before)
    assert psnr(restored, clean) > psnr(problem.y, clean) + 0.5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_is_denoised_as_its_images_would_be_alone(name, channels):
    prior: Denoiser = make(name)
    images = noisy(3, channels, 20, 24)
    together = prior.denoise(images, 0.1)
    assert together.is_contiguous()
    for i in range(3):
        torch.testing.assert_close(together[i : i + 1], prior.denoise(images[i : i + 1], 0.1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "shape", [(1, 1, 1, 1), (1, 3, 1, 9), (1, 1, 5, 3), (1, 3, 7, 7), (1, 1, 17, 33)]
)
def test_any_size_down_to_one_pixel_is_denoised(name, shape):
    restored = make(name).denoise(noisy(*shape), 0.1)
    assert restored.shape == shape
    assert torch.isfinite(restored).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_constant_image_stays_what_it_is(name, channels):
    image = torch.full((1, channels, 16, 16), 0.3)
    torch.testing.assert_close(make(name).denoise(image, 0.1), image, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 3])
def test_brightness_is_added_back(name, channels):
    image, prior = noisy(1, channels, 24, 24), make(name)
    torch.testing.assert_close(
        prior.denoise(image + 2, 0.1), prior.denoise(image, 0.1) + 2, rtol=0, atol=1e-4
    )


@pytest.mark.parametrize("name", NAMES)
def test_without_noise_nothing_changes(name):
    image = photograph(False, 32)
    torch.testing.assert_close(make(name).denoise(image, 0.0), image, rtol=0, atol=3 * NOISE_FLOOR)


@pytest.mark.parametrize("name", SYMMETRIC)
@pytest.mark.parametrize(
    "turned", [lambda image: image.flip(-1), lambda image: image.flip(-2), lambda image: image.mT]
)
def test_turned_images_are_denoised_alike(name, turned):
    image, prior = photograph(True, 32) + 0.1 * noisy(1, 3, 32, 32), make(name)
    torch.testing.assert_close(
        prior.denoise(turned(image).contiguous(), 0.1),
        turned(prior.denoise(image, 0.1)),
        rtol=0,
        atol=1e-5,
    )


@pytest.mark.parametrize("name", NAMES)
def test_more_noise_is_smoothed_more(name):
    image, prior = photograph(False) + 0.1 * noisy(1, 1, 64, 64), make(name)
    roughness = [
        np.abs(np.diff(prior.denoise(image, sigma).numpy(), axis=-1)).mean()
        for sigma in (0.0, 0.05, 0.1, 0.2)
    ]
    assert roughness == sorted(roughness, reverse=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_corruption_that_is_no_operator_is_refused(name):
    problem = Problem(noisy(1, 1, 9, 9), None, 0.0, corruption="a scratched negative")
    with pytest.raises(NotApplicable, match="a scratched negative"):
        restore(make(name), problem, Context.seeded(0))


@pytest.mark.parametrize("name", NAMES)
def test_every_candidate_of_a_tuning_is_allowed(name):
    spec = PRIORS[name].spec
    # The thresholds of wavelets follow from the image.
    assert spec.tunable or name == "wavelet"
    combinations = int(np.prod([len(values) for values in spec.tunable.values()]))
    assert combinations <= 16
    for parameter, values in spec.tunable.items():
        for value in values:
            spec.parameters(**{parameter: value})


@pytest.mark.parametrize("name", NAMES)
def test_the_default_is_a_candidate(name):
    spec = PRIORS[name].spec
    default = spec.parameters().model_dump()
    assert all(default[parameter] in values for parameter, values in spec.tunable.items())
