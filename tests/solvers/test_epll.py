import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from priorbench.operators import Identity, Mask
from priorbench.priors import Context, PatchPrior
from priorbench.problem import Problem
from priorbench.solvers import aggregation, restore
from priorbench.solvers import epll as epll_function
from priorbench.solvers.continuation import fidelity_weight
from priorbench.solvers.half_quadratic import DENOISING_STEPS, default_schedule


class Shrink(PatchPrior):
    """A zero-mean Gaussian of variance 0.2 in every pixel, kept with its calls."""

    def __init__(self, patch_size: int = 3) -> None:
        self.patch_size = patch_size
        self.calls: list[tuple[int, float]] = []

    def log_prob(self, patches):
        return -patches.square().sum(1) / 0.4

    def map_estimate(self, patches, noise_variance):
        self.calls.append((len(patches), noise_variance))
        # Depends on the place in the patch, so that patches put back at a wrong place are noticed.
        ramp = torch.linspace(0.5, 1.5, patches.shape[1], dtype=patches.dtype)
        return 0.2 / (0.2 + noise_variance) * patches * ramp


def brute_force(prior: Shrink, problem: Problem) -> torch.Tensor:
    """EPLL with explicit matrices Pᵢ and a dense solve, in float64; colour in opponent planes."""
    channels, height, width = problem.image_shape
    size = prior.patch_size
    extract = []
    for top in range(height - size + 1):
        for left in range(width - size + 1):
            matrix = torch.zeros(size * size, height * width, dtype=torch.float64)
            for i in range(size):
                for j in range(size):
                    matrix[size * i + j, (top + i) * width + left + j] = 1
            extract.append(matrix)
    cover = sum(matrix.mT @ matrix for matrix in extract)
    pixels = height * width
    units = torch.eye(pixels).reshape(pixels, 1, height, width).expand(-1, channels, -1, -1)
    h = problem.operator.forward(units).reshape(pixels, channels, -1).permute(1, 2, 0).double()
    y = problem.y[0].reshape(channels, -1).double()
    x = problem.operator.estimate(problem.y)[0].reshape(channels, -1).double()
    schedule = default_schedule(problem)
    fidelity = fidelity_weight(problem.sigma, schedule.trust)
    rgb = torch.tensor([[4, 4, 4], [6, 0, -6], [3, -6, 3]], dtype=torch.float64) / 12
    mix = rgb if channels == 3 else torch.eye(channels, dtype=torch.float64)
    before, dual = x.clone(), torch.zeros_like(x)
    for level in schedule.levels:
        noisy = x + schedule.momentum * (x - before) + dual
        before = x.clone()
        planes = mix @ noisy
        for c in range(channels):
            total = torch.zeros(pixels, dtype=torch.float64)
            variance = float(mix[c].square().sum()) * level**2
            for matrix in extract:
                total += matrix.mT @ prior.map_estimate((matrix @ planes[c])[None], variance)[0]
            planes[c] = torch.linalg.solve(cover, total)
        averages = torch.linalg.solve(mix, planes)
        beta = level**-2
        for c in range(channels):
            normal = fidelity * h[c].mT @ h[c] + beta * torch.eye(pixels, dtype=torch.float64)
            right = fidelity * h[c].mT @ y[c] + beta * (averages[c] - dual[c])
            x[c] = torch.linalg.solve(normal, right)
        if schedule.dual:
            dual += x - averages
    return x.reshape(1, channels, height, width)


def denoising(shape: tuple[int, int, int], sigma: float = 0.1, seed: int = 0) -> Problem:
    generator = torch.Generator().manual_seed(seed)
    return Problem(torch.rand(1, *shape, generator=generator), Identity(shape), sigma)


def inpainting(shape: tuple[int, int, int], sigma: float, seed: int = 0) -> Problem:
    generator = torch.Generator().manual_seed(seed)
    known = torch.rand(shape, generator=generator) > 0.4
    known[:, 0, 0] = True
    return Problem(torch.rand(1, *shape, generator=generator) * known, Mask(known), sigma)


@settings(max_examples=25)
@given(st.integers(3, 6), st.integers(3, 6), st.integers(1, 2), st.integers(0, 99))
def test_denoising_equals_explicit_matrices(height, width, channels, seed):
    problem = denoising((channels, height, width), seed=seed)
    result = epll_function(Shrink(), problem, Context.seeded(0)).image
    torch.testing.assert_close(
        result.double(), brute_force(Shrink(), problem), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("sigma", [0.0, 0.05])
def test_inpainting_equals_explicit_matrices(sigma):
    problem = inpainting((2, 6, 7), sigma)
    result = epll_function(Shrink(), problem, Context.seeded(0)).image
    torch.testing.assert_close(
        result.double(), brute_force(Shrink(), problem), rtol=1e-3, atol=1e-4
    )


def test_an_image_of_one_patch_works():
    problem = denoising((1, 3, 3))
    prior = Shrink()
    result = epll_function(prior, problem, Context.seeded(0)).image
    assert {count for count, _ in prior.calls} == {1}
    torch.testing.assert_close(
        result.double(), brute_force(Shrink(), problem), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("shape", [(1, 2, 9), (1, 9, 2)])
def test_an_image_smaller_than_a_patch_is_refused(shape):
    with pytest.raises(ValueError, match=f"{shape[1]} × {shape[2]}.*at least 3"):
        epll_function(Shrink(), denoising(shape), Context.seeded(0))


@pytest.mark.parametrize("patches_in_a_batch", [1, 30, 64])
def test_bands_do_not_change_the_result(monkeypatch, patches_in_a_batch):
    problem = denoising((1, 17, 11))
    whole = epll_function(Shrink(), problem, Context.seeded(0)).image
    monkeypatch.setattr(aggregation, "PATCHES_IN_A_BATCH", patches_in_a_batch)
    prior = Shrink()
    torch.testing.assert_close(
        epll_function(prior, problem, Context.seeded(0)).image, whole, rtol=1e-5, atol=1e-6
    )
    assert max(count for count, _ in prior.calls) <= max(patches_in_a_batch, 17 - 3 + 1)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_sparse_grid_estimates_fewer_patches_and_keeps_a_constant(stride):
    class Keep(Shrink):
        def map_estimate(self, patches, noise_variance):
            self.calls.append((len(patches), noise_variance))
            return patches.clone()

    prior = Keep(patch_size=4)
    prior.stride = stride
    problem = Problem(torch.full((1, 1, 19, 22), 0.3), Identity((1, 19, 22)), 0.1)
    torch.testing.assert_close(epll_function(prior, problem, Context.seeded(0)).image, problem.y)
    first = prior.calls[0][0]
    assert first == (16 * 19 if stride == 1 else 9 * 10)


def test_a_prior_adapts_to_each_plane_with_its_noise():
    class Adaptive(Shrink):
        def adapted(self, patches, noise_variance):
            seen.append((patches.clone(), noise_variance))
            return Brighter(self.patch_size)

    class Brighter(Shrink):
        def map_estimate(self, patches, noise_variance):
            return patches + 1

    seen: list[tuple[torch.Tensor, float]] = []
    problem = denoising((3, 9, 10))
    restored = epll_function(Adaptive(), problem, Context.seeded(0)).image
    assert len(seen) == 3
    assert seen[0][0].shape == (7 * 8, 9)
    torch.testing.assert_close(seen[0][0][0], problem.y[0, :, :3, :3].mean(0).flatten())
    assumed = problem.sigma**2 / DENOISING_STEPS[0]
    assert seen[0][1] == pytest.approx(assumed / 3)
    assert seen[1][1] == pytest.approx(assumed / 2)
    assert float(restored.mean()) > float(problem.y.mean()) + 1


def test_channels_that_are_no_colours_are_restored_one_by_one():
    problem = denoising((2, 9, 10))
    together = epll_function(Shrink(), problem, Context.seeded(0)).image
    for c in range(2):
        single = Problem(problem.y[:, c : c + 1], Identity((1, 9, 10)), problem.sigma)
        torch.testing.assert_close(
            epll_function(Shrink(), single, Context.seeded(0)).image, together[:, c : c + 1]
        )


def test_a_constant_survives_a_prior_that_keeps_it():
    class Keep(Shrink):
        def map_estimate(self, patches, noise_variance):
            return patches.clone()

    y = torch.full((1, 1, 12, 13), 0.4)
    result = epll_function(Keep(), Problem(y, Identity((1, 12, 13)), 0.1), Context.seeded(0)).image
    torch.testing.assert_close(result, y)


def test_the_observation_is_left_alone():
    problem = denoising((1, 9, 9))
    before = problem.y.clone()
    epll_function(Shrink(), problem, Context.seeded(0))
    assert torch.equal(problem.y, before)


def test_noise_free_denoising_stays_near_the_observation():
    problem = denoising((1, 9, 9), sigma=0.0)
    result = epll_function(Shrink(), problem, Context.seeded(0)).image
    assert torch.isfinite(result).all()
    assert (result - problem.y).abs().max() < 0.01


def test_progress_rises_to_one():
    seen: list[float] = []
    epll_function(Shrink(), denoising((2, 9, 9)), Context.seeded(0, seen.append))
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1)


def test_restore_uses_epll_for_a_patch_prior():
    problem = denoising((1, 9, 9))
    expected = epll_function(Shrink(), problem, Context.seeded(0)).image
    assert torch.equal(restore(Shrink(), problem, Context.seeded(0)).image, expected)
