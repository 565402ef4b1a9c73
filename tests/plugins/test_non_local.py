from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from plugins.non_local.bm3d.transforms import dct, haar, wavelet
from plugins.non_local.wnnm.profiles import profile
from plugins.non_local.wnnm.shrinkage import WEIGHT, eigen, shrink, uniform, weighted
from priorbench.data.loaders import load_embedded
from priorbench.data.transform import centre_crop, to_gray
from priorbench.plugins.manager import load_plugins
from priorbench.plugins.registry import Registry
from priorbench.priors import Context
from priorbench.solvers import restore
from priorbench.specs import Parameters
from priorbench.tasks import Denoise, Inpaint
from tests.plugins import bm3d_by_loops

QUICK = {
    "bm3d": {},
    "wnnm": {"iterations": 2, "step": 4},
    "nuclear-norm": {"iterations": 2, "step": 4},
}
"""Parameters with which each denoises a small image in a moment."""
NAMES = list(QUICK)


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


def noise(shape: tuple[int, ...]) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def psnr(restored: Tensor, clean: Tensor) -> float:
    return float(-10 * (restored.clamp(0, 1) - clean).square().mean().log10())


@pytest.mark.slow
def test_bm3d_is_what_loops_over_the_groups_give(registry):
    clean = photograph(False, 30)[..., :26]
    noisy = clean + 0.1 * noise(clean.shape)
    found = make(registry, "bm3d").denoise(noisy, 0.1)[0, 0]
    expected = bm3d_by_loops.bm3d(noisy[0, 0].double().numpy(), 0.1)
    # Which coefficients pass the threshold can differ by rounding; no pixel then differs by much.
    assert np.abs(found.numpy() - expected).mean() < 1e-5
    assert np.abs(found.numpy() - expected).max() < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("sigma", [15, 25, 50])
@pytest.mark.parametrize("colour", [False, True], ids=["gray", "rgb"])
def test_groups_are_worth_more_than_non_local_means(registry, sigma, colour):
    clean = photograph(colour, 96)
    noisy = clean + sigma / 255 * noise(clean.shape)
    means = psnr(make(registry, "nlm").denoise(noisy, sigma / 255), clean)
    for name in ("bm3d", "wnnm"):
        prior = make(registry, name, **({"step": 4} if name == "wnnm" else {}))
        assert psnr(prior.denoise(noisy, sigma / 255), clean) > means


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("task", [Denoise(25), Inpaint(50, 0)], ids=["denoise", "inpaint"])
def test_a_task_ends_nearer_to_the_clean_image_than_it_began(registry, name, task):
    clean = photograph(False, 48)
    problem = task.corrupt(clean, torch.Generator().manual_seed(0))
    before = problem.y.clone()
    restored = restore(make(registry, name, **QUICK[name]), problem, Context.seeded(0)).image
    assert torch.equal(problem.y, before)
    assert psnr(restored, clean) > psnr(problem.y, clean) + 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_batch_is_denoised_as_its_images_would_be_alone(registry, name, channels):
    prior = make(registry, name, **QUICK[name])
    images = torch.rand((2, channels, 20, 24), generator=torch.Generator().manual_seed(0))
    together = prior.denoise(images, 0.1)
    assert together.shape == images.shape
    for i in range(2):
        torch.testing.assert_close(together[i : i + 1], prior.denoise(images[i : i + 1], 0.1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "shape", [(1, 1, 1, 1), (1, 3, 1, 9), (1, 1, 5, 3), (1, 3, 8, 8), (1, 1, 17, 33)]
)
def test_any_size_down_to_one_pixel_is_denoised(registry, name, shape):
    image = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    restored = make(registry, name, **QUICK[name]).denoise(image, 0.1)
    assert restored.shape == shape
    assert torch.isfinite(restored).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_constant_image_stays_what_it_is(registry, name, channels):
    image = torch.full((1, channels, 16, 16), 0.3)
    restored = make(registry, name, **QUICK[name]).denoise(image, 0.1)
    torch.testing.assert_close(restored, image, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_constant_that_is_added_is_added_to_the_result(registry, name, channels):
    noisy = torch.rand((1, channels, 24, 24), generator=torch.Generator().manual_seed(0))
    prior = make(registry, name, **QUICK[name])
    torch.testing.assert_close(
        prior.denoise(noisy + 2, 0.1), prior.denoise(noisy, 0.1) + 2, rtol=0, atol=1e-3
    )


def test_bm3d_scales_with_the_image_and_its_noise(registry):
    image = photograph(False, 32) + 0.1 * noise((1, 1, 32, 32))
    prior = make(registry, "bm3d")
    # A power of two: no number is rounded differently.
    assert torch.equal(prior.denoise(2 * image, 0.2), 2 * prior.denoise(image, 0.1))


@pytest.mark.parametrize("name", NAMES)
def test_an_image_without_noise_stays_what_it_is(registry, name):
    image = photograph(True, 24)
    assert torch.equal(make(registry, name).denoise(image, 0.0), image)


@pytest.mark.parametrize("make_pair", [lambda: wavelet("bior1.5", 8), lambda: dct(8)])
def test_a_transform_of_patches_has_unit_functions_and_an_inverse(make_pair):
    forward, back = make_pair()
    torch.testing.assert_close(back @ forward, torch.eye(64), rtol=0, atol=1e-5)
    torch.testing.assert_close(forward.norm(dim=1), torch.ones(64))
    # The first coefficient is the mean, and no other one sees it.
    torch.testing.assert_close(forward[0], torch.full((64,), 1 / 8))
    assert forward[1:].sum(1).abs().max() < 1e-5


@pytest.mark.parametrize("size", [1, 2, 16, 32])
def test_the_transform_along_a_group_is_orthonormal(size):
    torch.testing.assert_close(haar(size) @ haar(size).mT, torch.eye(size), rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", [(5, 12, 9), (5, 6, 9)], ids=["tall", "wide"])
def test_singular_values_shrink_by_their_weights(shape):
    groups = torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    sigma = torch.linspace(0.02, 0.2, 5, dtype=torch.float64)
    mean = groups.mean(1, keepdim=True)
    left, values, right = torch.linalg.svd(groups - mean, full_matrices=False)
    variance = sigma.square()[:, None]
    clean = (values.square() - shape[1] * variance).clamp(min=1e-20).sqrt()
    found = (values - WEIGHT * shape[1] ** 0.5 * variance / clean).clamp(min=0)
    # Some are removed, and some are not.
    assert 0.1 < (found == 0).double().mean() < 0.9
    expected = mean + left * found[:, None] @ right
    torch.testing.assert_close(shrink(groups, sigma, weighted), expected, rtol=0, atol=1e-6)


def test_the_weighted_norm_is_the_minimum_of_its_objective():
    draw = torch.Generator().manual_seed(0)
    noisy = torch.rand((1, 8, 6), generator=draw, dtype=torch.float64)
    sigma = torch.tensor([0.03], dtype=torch.float64)
    mean = noisy.mean(1, keepdim=True)
    values = torch.linalg.svdvals(noisy - mean)
    clean = (values.square() - 8 * sigma.square()).sqrt()
    weights = WEIGHT * 8**0.5 * sigma.square() / clean
    assert torch.isfinite(weights).all()

    def objective(group: Tensor) -> float:
        norm = (weights * torch.linalg.svdvals(group - mean)).sum()
        return float((group - noisy).square().sum() / 2 + norm)

    assert_least(objective, shrink(noisy, sigma, weighted), draw)


def assert_least(objective, found: Tensor, draw: torch.Generator) -> None:
    least = objective(found)
    for scale in (1e-4, 1e-3, 1e-2, 1e-1):
        for _ in range(100):
            step = scale * torch.randn(found.shape, generator=draw, dtype=found.dtype)
            assert objective(found + step) >= least


def test_the_nuclear_norm_is_the_minimum_of_its_objective():
    draw = torch.Generator().manual_seed(0)
    noisy = torch.rand((1, 8, 6), generator=draw, dtype=torch.float64)
    sigma, strength = torch.tensor([0.05], dtype=torch.float64), 0.8
    threshold = strength * float(sigma) * (8**0.5 + 6**0.5)
    mean = noisy.mean(1, keepdim=True)

    def objective(group: Tensor) -> float:
        norm = torch.linalg.matrix_norm(group - mean, "nuc").sum()
        return float((group - noisy).square().sum() / 2 + threshold * norm)

    assert_least(objective, shrink(noisy, sigma, uniform(strength)), draw)


@pytest.mark.parametrize(("sigma", "size"), [(1, 6), (20, 6), (25, 7), (50, 8), (100, 9)])
def test_stronger_noise_has_larger_patches(sigma, size):
    assert profile(sigma / 255).size == size


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("bm3d", {"anything": 1}),
        ("wnnm", {"step": 0}),
        ("wnnm", {"step": 7}),
        ("wnnm", {"iterations": 0}),
        ("wnnm", {"feedback": 1}),
        ("nuclear-norm", {"strength": 0}),
    ],
)
def test_wrong_parameters_are_refused_before_any_job_starts(registry, name, wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        registry.priors[name].spec.parameters(**wrong)


def test_a_decomposition_that_fails_in_float32_is_done_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """MKL gives NaN for some matrices of a batch, depending on the processor."""
    groups = torch.rand((3, 9, 9), generator=torch.Generator().manual_seed(0))
    matrices = groups.mT @ groups
    expected = torch.linalg.eigh(matrices)
    usual = torch.linalg.eigh

    def failing(given: Tensor) -> Any:
        found = usual(given)
        if given.dtype == torch.float32:
            found.eigenvectors[1] = torch.nan
        return found

    monkeypatch.setattr(torch.linalg, "eigh", failing)
    values, vectors = eigen(matrices)
    torch.testing.assert_close(values, expected.eigenvalues, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(vectors * values[:, None] @ vectors.mT, matrices)
