"""Gaussians of groups of similar patches, after EPLL with a mixture."""

import pytest
import torch
from pydantic import ValidationError

from plugins.gmm.non_local import NonLocalGMM, _estimates
from priorbench.data.loaders import load_embedded
from priorbench.data.transform import centre_crop, to_gray
from priorbench.priors import Context
from priorbench.solvers import restore
from priorbench.specs import Parameters
from priorbench.tasks import Denoise

FEW = {"n_components": 3, "n_patches": 2000, "iterations": 2, "reach": 8}
SIGMA = 0.1


def photograph(name: str, side: int = 64) -> torch.Tensor:
    """The middle of an image, 1 × 1 × H × W."""
    array = to_gray(centre_crop(load_embedded(Parameters(), name), side, side))
    return torch.from_numpy(array.copy())[None, None]


def noisy(clean: torch.Tensor) -> torch.Tensor:
    return clean + SIGMA * torch.randn(clean.shape, generator=torch.Generator().manual_seed(7))


def psnr(restored: torch.Tensor, clean: torch.Tensor) -> float:
    return float(-10 * (restored - clean).square().mean().log10())


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """A mixture that learned from another photograph."""
    prior = NonLocalGMM(**FEW)
    list(prior.fit([photograph("motorcycle", 128)], Context.seeded(0)))
    return dict(prior.state_dict())


def made(state: dict[str, torch.Tensor], **parameters: object) -> NonLocalGMM:
    prior = NonLocalGMM(**FEW | parameters)
    prior.load_state_dict(state)
    return prior


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_a_groups_estimate_is_that_of_its_gaussian(share: float) -> None:
    generator = torch.Generator().manual_seed(0)
    observed, estimated = torch.rand(2, 3, 5, 9, generator=generator, dtype=torch.float64)
    variance = 0.04
    found, weights = _estimates(observed, estimated, variance, share)
    for group in range(3):
        mean = estimated[group].mean(0)
        covariance = torch.cov(estimated[group].mT, correction=0)
        noise = variance * torch.eye(9, dtype=torch.float64)
        posterior = torch.linalg.inv(
            torch.linalg.inv(covariance + 1e-9 * torch.eye(9)) + torch.linalg.inv(noise)
        )
        covariance = covariance + share * posterior
        gain = covariance @ torch.linalg.inv(covariance + noise)
        for patch in range(5):
            expected = mean + gain @ (observed[group, patch] - mean)
            torch.testing.assert_close(found[group, patch], expected, atol=1e-6, rtol=1e-5)
        kept = 1 + float((gain @ gain).trace())
        assert float(weights[group]) == pytest.approx(1 / kept, rel=1e-5)


def test_without_a_pass_it_is_epll(state: dict[str, torch.Tensor]) -> None:
    clean = photograph("camera")
    problem = Denoise(sigma=255 * SIGMA).corrupt(clean, torch.Generator().manual_seed(0))
    prior = made(state, passes=1)
    first = prior._epll(problem.y[0, 0], SIGMA)
    expected = restore(prior.mixture, problem, Context.seeded(3)).image[0, 0]
    assert torch.equal(first, expected)


@pytest.mark.parametrize("name", ["brick", "camera"])
def test_similar_patches_are_worth_more_than_patches_alone(
    state: dict[str, torch.Tensor], name: str
) -> None:
    clean = photograph(name)
    prior, observed = made(state, reach=24), noisy(clean)
    alone = psnr(prior._epll(observed[0, 0], SIGMA), clean[0, 0])
    assert psnr(prior.denoise(observed, SIGMA), clean) > alone + 1


def test_colours_are_restored_in_opponent_planes(state: dict[str, torch.Tensor]) -> None:
    prior = made(state, reach=24)
    clean = photograph("camera").expand(1, 3, -1, -1)
    restored = prior.denoise(noisy(clean), SIGMA)
    # The mean of three gray channels has a third of the noise's variance, 4.8 dB less.
    gray = psnr(prior.denoise(noisy(clean[:, :1]), SIGMA), clean[:, :1])
    assert psnr(restored, clean) > gray + 2


def test_images_smaller_than_a_patch_and_of_odd_sides(state: dict[str, torch.Tensor]) -> None:
    prior = made(state)
    for shape in ((1, 1, 3, 5), (1, 1, 9, 31), (2, 1, 8, 8)):
        image = torch.rand(shape, generator=torch.Generator().manual_seed(0))
        restored = prior.denoise(image, SIGMA)
        assert restored.shape == shape and restored.isfinite().all()


def test_the_model_is_the_mixtures(state: dict[str, torch.Tensor], tmp_path) -> None:
    prior = made(state)
    prior.save(tmp_path / "model.safetensors")
    again = NonLocalGMM(**FEW)
    again.load(tmp_path / "model.safetensors")
    observed = noisy(photograph("camera"))
    assert torch.equal(again.denoise(observed, SIGMA), prior.denoise(observed, SIGMA))
    assert prior.n_parameters() == prior.mixture.n_parameters()


def test_a_stride_that_leaves_pixels_out_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"stride 8 leaves pixels out.*group_patch_size, 7"):
        NonLocalGMM(group_stride=8)
