"""The prior learns from photographs, restores better than a Gaussian, and keeps its model."""

import pytest
import torch
from skimage.data import brick, camera, coins, grass, gravel, moon

from priorbench.priors import Context
from priorbench.solvers import restore
from priorbench.tasks import Deblur, Denoise, Inpaint
from priorbench_foe.model import FieldOfExperts
from priorbench_foe.parameters import FieldOfExpertsParameters
from priorbench_foe.training import RemoveNoise

QUICK = {"n_tiles": 20_000, "iterations": 900, "measure_every": 300}


def image(photograph):
    return torch.from_numpy(photograph / 255).float()[None, None]


TRAINING = [image(photograph) for photograph in (brick(), coins(), grass(), gravel(), moon())]
CLEAN = image(camera()[80:176, 200:296])


def psnr(estimate):
    return -10 * float((estimate.clamp(0, 1) - CLEAN).square().mean().log10())


@pytest.fixture(scope="module")
def fitted():
    """A prior after a short training, and its curve."""
    prior = FieldOfExperts(**QUICK)
    return prior, list(prior.fit(TRAINING, Context.seeded(0)))


def test_it_denoises_held_out_patches_ever_better(fitted):
    prior, rows = fitted
    noisy = -20 * torch.tensor(prior.parameters.noise / 255).log10()
    values = [row["held_out_psnr"] for row in rows]
    assert values == sorted(values)
    assert values[-1] > float(noisy) + 2


def test_it_denoises_better_than_a_gaussian_with_the_patches_covariance(fitted):
    """The same estimate with the density that has the same second moments and no heavy tails."""
    prior, _ = fitted
    problem = Denoise(25).corrupt(CLEAN, torch.Generator().manual_seed(0))
    wiener = gaussian_estimate(problem.y[0, 0], problem.sigma)
    found = psnr(restore(prior, problem, Context.seeded(0)).image)
    assert found > psnr(wiener[None, None]) + 0.3


def gaussian_estimate(plane, sigma):
    """Average the posterior means of all patches under one Gaussian of the training patches."""
    windows = [each[0, 0].unfold(0, 8, 4).unfold(1, 8, 4).reshape(-1, 64) for each in TRAINING]
    vectors = torch.cat(windows)
    vectors = vectors - vectors.mean(1, keepdim=True)
    covariance = vectors.mT @ vectors / len(vectors)
    gain = covariance @ torch.linalg.inv(covariance + sigma**2 * torch.eye(64))
    patches = torch.nn.functional.unfold(plane[None, None], 8)
    mean = patches.mean(1, keepdim=True)
    estimates = gain @ (patches - mean) + mean
    total = torch.nn.functional.fold(estimates, plane.shape, 8)
    return (total / torch.nn.functional.fold(torch.ones_like(estimates), plane.shape, 8))[0, 0]


@pytest.mark.parametrize("task", [Inpaint(50), Deblur("shake1", 2.55)], ids=["inpaint", "deblur"])
def test_it_restores_other_tasks(fitted, task):
    problem = task.corrupt(task.fit(CLEAN), torch.Generator().manual_seed(0))
    restored = restore(fitted[0], problem, Context.seeded(0)).image
    assert psnr(restored) > psnr(problem.estimate()) + 0.5


def test_clean_patches_are_likelier_than_noisy_ones(fitted):
    prior, _ = fitted
    clean = CLEAN[0, 0].unfold(0, 8, 8).unfold(1, 8, 8).reshape(-1, 64)
    noise = 0.1 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    assert (prior.log_prob(clean) > prior.log_prob(clean + noise)).float().mean() > 0.95


def test_a_saved_model_is_the_same(fitted, tmp_path):
    prior, _ = fitted
    prior.save(tmp_path / "model.safetensors")
    other = FieldOfExperts(**QUICK)
    other.load(tmp_path / "model.safetensors")
    patches = torch.rand(50, 64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(other.log_prob(patches), prior.log_prob(patches))
    assert torch.equal(other.map_estimate(patches, 0.01), prior.map_estimate(patches, 0.01))


def test_small_filters_are_a_field(tmp_path):
    prior = FieldOfExperts(filter_size=3, experts=8, patch_size=6, **QUICK)
    *_, last = prior.fit(TRAINING, Context.seeded(0))
    assert last["held_out_psnr"] > 30
    assert prior.experts.filters.shape == (8 * 4 * 4, 36)
    torch.testing.assert_close(
        prior.experts.filters.mean(1), torch.zeros(8 * 4 * 4), rtol=0, atol=1e-4
    )


def test_the_loss_is_that_of_the_estimate_that_the_score_makes(fitted):
    """‖y + τ²∇log p(y) − x‖² / τ², without the mean, which nothing restores."""
    prior, _ = fitted

    class Network:
        def experts(self):
            return prior.experts

    tau = prior.parameters.noise / 255
    objective = RemoveNoise(Network(), tau)
    tiles = CLEAN[0, 0].unfold(0, 8, 8).unfold(1, 8, 8).reshape(-1, 8, 8)
    loss, _ = objective.loss(tiles, 0.0, torch.Generator().manual_seed(3))
    x = tiles.flatten(1)
    noise = torch.randn(tiles.shape, generator=torch.Generator().manual_seed(3)).flatten(1)
    y = x + tau * noise
    error = y + tau**2 * prior.experts.score(y) - x
    error = error - error.mean(1, keepdim=True)
    torch.testing.assert_close(loss, (error / tau).square().mean())


def test_what_is_no_model_is_refused(fitted):
    prior, _ = fitted
    state = dict(prior.state_dict())
    for name, changed, message in [
        ("filters", state["filters"][:3], "filters has shape"),
        ("filters", state["filters"] * torch.nan, "filters must be finite"),
        ("exponents", -state["exponents"], "exponents must be positive"),
    ]:
        with pytest.raises(ValueError, match=message):
            FieldOfExperts(**QUICK).load_state_dict({**state, name: changed})
    with pytest.raises(ValueError, match="exponents is missing"):
        FieldOfExperts(**QUICK).load_state_dict({"filters": state["filters"]})


def test_without_a_model_it_says_what_to_do():
    with pytest.raises(RuntimeError, match="fit it, or load one"):
        FieldOfExperts().log_prob(torch.zeros(1, 64))


@pytest.mark.parametrize("variance", [-0.1, float("nan"), float("inf")])
def test_a_noise_variance_that_is_none_is_refused(fitted, variance):
    with pytest.raises(ValueError, match="noise_variance must be a finite number"):
        fitted[0].map_estimate(torch.zeros(1, 64), variance)


def test_without_noise_nothing_changes(fitted):
    patches = torch.rand(5, 64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(fitted[0].map_estimate(patches, 0.0), patches)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="filter_size must be at most patch_size, 6, not 8"):
        FieldOfExpertsParameters(patch_size=6)
    with pytest.raises(ValueError, match="stride"):
        FieldOfExpertsParameters(stride=9)
