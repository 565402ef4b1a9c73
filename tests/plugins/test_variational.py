"""Minimisers against their conditions of optimality, dense algebra, grids and scikit-image."""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pywt
import torch
from skimage.restoration import denoise_tv_chambolle, richardson_lucy
from torch import Tensor

from plugins.variational.differences import divergence, gradient
from plugins.variational.generalised_variation import SecondOrder
from plugins.variational.hyper_laplacian import shrink
from plugins.variational.noise import gain, reached_noise
from plugins.variational.primal_dual import Regulariser, Solution, minimise
from plugins.variational.quadratic import Smoothing
from plugins.variational.richardson_lucy import RichardsonLucyTV, require_non_negative
from plugins.variational.total_variation import LengthOfGradient
from plugins.variational.wavelet_l1 import Undecimated, sparsest
from priorbench.data.loaders import load_embedded
from priorbench.data.transform import centre_crop, to_gray
from priorbench.errors import NotApplicable
from priorbench.operators import (
    Blur,
    Composition,
    DecimatedBlur,
    Downsample,
    Identity,
    LinearOperator,
    Mask,
    RandomProjection,
)
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.specs import Parameters
from priorbench.tasks import Deblur, Denoise, DenoisePoisson, Inpaint, SuperResolve

PRIORS = load_plugins([Path(__file__).parents[2] / "plugins"], strict=True).priors
NAMES = [name for name, entry in PRIORS.items() if entry.plugin.name == "variational"]
GAUSSIAN = [name for name in NAMES if name != "rl-tv"]
REGULARISERS = [LengthOfGradient(), SecondOrder(1.5)]
HEIGHT, WIDTH = 8, 10
SHAPE = (1, HEIGHT, WIDTH)


def make(name: str, **parameters: Any) -> Any:
    entry = PRIORS[name]
    return entry.load()(**entry.spec.parameters(**parameters).model_dump())


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator, dtype=torch.float64)


def photograph(colour: bool = False, size: int = 48) -> Tensor:
    array = centre_crop(load_embedded(Parameters(), "motorcycle"), size, size)
    array = array if colour else to_gray(array)[..., None]
    return torch.from_numpy(array.copy()).permute(2, 0, 1)[None]


def psnr(restored: Tensor, clean: Tensor) -> float:
    return float(-10 * (restored.clamp(0, 1) - clean).square().mean().log10())


def operators() -> dict[str, LinearOperator]:
    kernel = random(3, 5)
    kernel /= kernel.sum()
    known = random(*SHAPE) > 0.4
    return {
        "identity": Identity(SHAPE),
        "mask": Mask(known),
        "blur": Blur(kernel, SHAPE),
        "valid": Blur(kernel, SHAPE, "valid"),
        "small": Downsample(SHAPE, 2, dtype=torch.float64),
        "two": Composition(Mask(known), Blur(kernel, SHAPE)),
    }


OPERATORS = operators()


def observed(operator: LinearOperator, sigma: float = 0.05) -> Problem:
    """Return a noisy observation, in float64, of a square on a ramp."""
    x = torch.linspace(0.1, 0.4, WIDTH, dtype=torch.float64).repeat(1, 1, HEIGHT, 1)
    x[..., 2:6, 3:7] += 0.4
    clean = operator.forward(x)
    noise = sigma * (random(*clean.shape, seed=1) - 0.5) * math.sqrt(12)
    return Problem(clean + operator.restrict(noise), operator, sigma)


def dense(operator: LinearOperator) -> Tensor:
    """Return H as a matrix."""
    pixels = math.prod(operator.image_shape)
    units = torch.eye(pixels, dtype=torch.float64).reshape(pixels, *operator.image_shape)
    return operator.forward(units).reshape(pixels, -1).mT


def solved(
    problem: Problem, regulariser: Regulariser, weight: float, iterations: int = 500
) -> Solution:
    return minimise(
        lambda v, tau: problem.operator.data_step(problem.y, v, 1.0, 1 / tau),
        regulariser,
        weight,
        problem.estimate(),
        iterations=iterations,
        tolerance=1e-9,
    )


# The regularisers.


@pytest.mark.parametrize("regulariser", REGULARISERS)
@pytest.mark.parametrize(("height", "width"), [(HEIGHT, WIDTH), (1, 7), (1, 1)])
def test_the_adjoint_is_one_and_the_norm_is_bounded(regulariser, height, width):
    z = random(regulariser.fields, 2, 3, height, width)
    p = random(*regulariser.forward(z).shape, seed=1)
    torch.testing.assert_close(
        (regulariser.forward(z) * p).sum(), (z * regulariser.adjoint(p)).sum()
    )
    length = torch.tensor(0.0)
    for _ in range(200):
        z = regulariser.adjoint(regulariser.forward(z))
        length = z.norm()
        z = z / length.clamp(min=1e-300)
    assert length <= regulariser.squared_norm


def test_only_steps_cost_variation_and_only_bends_cost_generalised_variation():
    rows, columns = torch.meshgrid(torch.arange(6.0), torch.arange(7.0), indexing="ij")
    affine = (0.3 * rows - 0.2 * columns).expand(1, 1, 6, 7)
    slopes = torch.tensor([0.3, -0.2]).view(2, 1, 1, 1, 1).expand(2, 1, 1, 6, 7)
    assert SecondOrder(2.0).value(torch.cat((affine[None], slopes))) < 1e-5
    # Rows end at the border: 5 · 6 pixels have both differences, 6 + 5 have one.
    lengths = 30 * math.hypot(0.3, 0.2) + 5 * 0.3 + 6 * 0.2
    assert LengthOfGradient().value(affine[None]) == pytest.approx(lengths, rel=1e-5)


# The minimum for any operator.


@pytest.mark.parametrize(
    ("regulariser", "name"),
    [
        *((LengthOfGradient(), name) for name in OPERATORS),
        *((SecondOrder(1.5), name) for name in ("identity", "blur")),
    ],
)
def test_the_end_is_a_saddle_point_for_any_operator(regulariser, name):
    problem, weight = observed(OPERATORS[name]), 0.02
    found = solved(problem, regulariser, weight)
    operator, x = problem.operator, found.image
    pull = regulariser.adjoint(found.p)
    # 0 = Hᵀ(Hx − y) + Kᵀp for the image, 0 = Kᵀp for further fields.
    pull[0] += operator.adjoint(operator.forward(x) - problem.y)
    assert float(pull.abs().max()) < 1e-3 * weight
    # p is in its ball, and leans on its border along Kz: ⟨p, Kz⟩ = μR.
    torch.testing.assert_close(regulariser.project(found.p, weight), found.p)
    product = float((found.p * regulariser.forward(found.z)).sum())
    assert product == pytest.approx(weight * regulariser.value(found.z), rel=1e-3)


def duality_gap(problem: Problem, found: Solution, weight: float) -> float:
    """Return P(x) − D(p) of denoising by total variation."""
    x, y = found.image, problem.y
    primal = 0.5 * (x - y).square().sum() + weight * LengthOfGradient().value(found.z)
    dual = 0.5 * y.square().sum() - 0.5 * (y - divergence(found.p)).square().sum()
    return float(primal - dual)


def test_the_duality_gap_goes_to_zero():
    problem, weight = observed(Identity(SHAPE)), 0.05
    gaps = [
        duality_gap(problem, solved(problem, LengthOfGradient(), weight, iterations), weight)
        for iterations in (10, 100, 500)
    ]
    assert gaps[0] > gaps[1] > gaps[2] >= -1e-12
    assert gaps[2] < 1e-5 * gaps[0]


def test_total_variation_is_that_of_scikit_image():
    problem = Denoise(25).corrupt(photograph(), torch.Generator().manual_seed(0))
    found = make("tv", tolerance=1e-6, iterations=3000).restore(problem, Context.seeded(0)).image
    other = denoise_tv_chambolle(
        problem.y[0, 0].double().numpy(), weight=0.7 * problem.sigma, eps=0, max_num_iter=3000
    )
    np.testing.assert_allclose(found[0, 0].numpy(), other, atol=2e-3)


@pytest.mark.parametrize("name", ["tv", pytest.param("tgv", marks=pytest.mark.exhaustive)])
def test_the_default_tolerance_ends_near_the_minimum(name):
    for task in (Denoise(25), Deblur("shake1", 2.55)):
        clean = photograph()
        problem = task.corrupt(clean, torch.Generator().manual_seed(0))
        quick, slow = (
            make(name, **accuracy).restore(problem, Context.seeded(0)).image
            for accuracy in ({}, {"tolerance": 1e-6, "iterations": 3000})
        )
        assert psnr(quick, clean) == pytest.approx(psnr(slow, clean), abs=0.03)


def test_an_affine_image_is_its_own_generalised_minimum_but_not_a_minimum_of_variation():
    rows, columns = torch.meshgrid(torch.arange(20.0), torch.arange(24.0), indexing="ij")
    affine = (0.1 + 0.02 * rows + 0.01 * columns).expand(1, 1, 20, 24)
    problem = Problem(affine, Identity((1, 20, 24)), 0.1)
    accurate = {"tolerance": 1e-7, "iterations": 5000}
    kept = make("tgv", **accurate).restore(problem, Context.seeded(0)).image
    torch.testing.assert_close(kept, affine, rtol=0, atol=1e-3)
    flat = make("tv", **accurate).restore(problem, Context.seeded(0)).image
    assert float((flat - affine).abs().max()) > 0.02


# How strong the noise is.


@pytest.mark.parametrize("name", OPERATORS)
def test_the_gain_is_the_root_mean_square_of_singular_values(name):
    exact = dense(OPERATORS[name]).square().sum() / math.prod(SHAPE)
    # One probe of 80 numbers.
    assert gain(OPERATORS[name], random(1)) == pytest.approx(math.sqrt(float(exact)), rel=0.3)


def test_the_reached_noise_is_that_of_the_adjoint():
    shape = (1, 200, 200)
    kernel = torch.rand((5, 5), generator=torch.Generator().manual_seed(0))
    operator = Blur(kernel / kernel.sum(), shape)
    noise = 0.1 * torch.randn((1, *shape), generator=torch.Generator().manual_seed(1))
    problem = Problem(noise, operator, 0.1)
    assert reached_noise(problem) == pytest.approx(float(operator.adjoint(noise).std()), rel=0.05)


# Wavelets.


@pytest.mark.parametrize("wavelet", ["haar", "sym4", "db3"])
def test_the_frame_is_tight_and_that_of_pywavelets(wavelet):
    levels, taps = 2, len(pywt.Wavelet(wavelet).dec_lo)
    # The torus is as large as PyWavelets wants it.
    side = 48 - 3 * (taps - 1)
    frame = Undecimated(wavelet, levels, side, side, random(1))
    x = random(1, 1, side, side)
    c = frame.analysis(x)
    assert c.shape == (1, 1, 1 + 3 * levels, 48, 48)
    torch.testing.assert_close(frame.synthesis(c), x)
    torch.testing.assert_close(c.square().sum(), x.square().sum())
    torch.testing.assert_close(frame.synthesis(frame.continued(x)), x)
    assert frame.continued(torch.ones_like(x))[:, :, 1:].abs().max() < 1e-12
    other = random(*c.shape, seed=1)
    torch.testing.assert_close((c * other).sum(), (x * frame.synthesis(other)).sum())
    padded = np.pad(x[0, 0].numpy(), ((0, 48 - side), (0, 48 - side)))
    low, *details = pywt.swt2(padded, wavelet, levels, norm=True, trim_approx=True)
    bands = [low, *(band for scale in details for band in scale)]
    # Up to where a coefficient is put, and up to the order of horizontal and vertical ones.
    ours = sorted((np.abs(np.fft.fft2(band)) for band in c[0, 0].numpy()), key=np.sum)
    theirs = sorted((np.abs(np.fft.fft2(band)) for band in bands), key=np.sum)
    np.testing.assert_allclose(ours, theirs, atol=1e-8)


def test_the_priced_sum_is_the_mean_over_all_shifts():
    levels, side = 2, 48 - 3 * 7
    frame = Undecimated("sym4", levels, side, side, random(1))
    x = random(1, 1, side, side)
    total = float((frame.analysis(x).abs().sum((0, 1, 3, 4)) * frame.prices).sum())
    padded = np.pad(x[0, 0].numpy(), ((0, 48 - side), (0, 48 - side)))
    sums = []
    for top, left in np.ndindex(4, 4):
        shifted = np.roll(padded, (top, left), axis=(0, 1))
        _, *details = pywt.wavedec2(shifted, "sym4", "periodization", levels)
        sums.append(sum(np.abs(band).sum() for scale in details for band in scale))
    assert total == pytest.approx(np.mean(sums), rel=1e-9)


@pytest.mark.parametrize("name", ["identity", "mask", "blur"])
def test_the_iteration_ends_at_the_sparsest_coefficients(name):
    problem, weight = observed(OPERATORS[name]), 0.05
    frame = Undecimated("haar", 2, HEIGHT, WIDTH, problem.y)
    [(c, _)] = islice(sparsest(problem, frame, weight), 1000, 1001)
    operator = problem.operator
    error = operator.forward(frame.synthesis(c)) - problem.y
    slope = frame.analysis(operator.adjoint(error))
    price = (weight * frame.prices[:, None, None]).expand_as(c)
    where = c != 0
    assert 0 < where.double().mean() < 0.9
    torch.testing.assert_close(slope[where], (-price * c.sign())[where], rtol=0, atol=1e-4)
    assert float((slope.abs() - price).max()) < 1e-4


# Hyper-Laplacian gradients.


@pytest.mark.parametrize("exponent", [0.3, 0.5, 2 / 3, 0.8, 1.0])
@pytest.mark.parametrize("ratio", [1.0, 20.0, 300.0])
def test_shrinkage_finds_the_minimum_of_a_grid(exponent, ratio):
    v = torch.linspace(-3, 3, 61, dtype=torch.float64)
    grid = torch.linspace(-3, 3, 60_001, dtype=torch.float64)

    def price(u: Tensor) -> Tensor:
        return u.abs() ** exponent + ratio / 2 * (u - v[:, None]) ** 2

    found = shrink(v, ratio, exponent)
    least, where = price(grid[None]).min(1)
    assert float((price(found[:, None])[:, 0] - least).max()) < 1e-9
    # Where 0 and another number are minima alike, a grid may take either.
    apart = (found - grid[where]).abs() > 2e-4
    torch.testing.assert_close(price(found[:, None])[apart, 0], least[apart], rtol=0, atol=1e-6)


def test_hyper_laplacians_lower_their_energy():
    task = Deblur("gaussian", 2.55)
    problem = task.corrupt(photograph(), torch.Generator().manual_seed(0))
    prior = make("hyper-laplacian")
    mu = prior.weight * reached_noise(problem)

    def energy(x: Tensor) -> float:
        error = problem.operator.forward(x) - problem.y
        return float(0.5 * error.square().sum() + mu * (gradient(x).abs() ** prior.exponent).sum())

    restored = {
        name: make(name).restore(problem, Context.seeded(0)).image
        for name in ("hyper-laplacian", "tikhonov")
    }
    energies = [energy(image) for image in (*restored.values(), problem.estimate())]
    assert energies == sorted(energies)


# Squared gradients.


@pytest.mark.parametrize("name", OPERATORS)
def test_the_quadratic_problem_is_solved_as_by_a_dense_matrix(name):
    problem = observed(OPERATORS[name])
    h = dense(problem.operator)
    slopes = gradient(torch.eye(HEIGHT * WIDTH, dtype=torch.float64).reshape(-1, 1, HEIGHT, WIDTH))
    d = torch.cat([each.reshape(HEIGHT * WIDTH, -1).mT for each in slopes])
    smoothness = (problem.sigma / 0.115) ** 2
    right = h.mT @ problem.y.flatten()
    expected = torch.linalg.solve(h.mT @ h + smoothness * d.mT @ d, right).reshape(1, *SHAPE)
    found = make("tikhonov", iterations=2000).restore(problem, Context.seeded(0)).image
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-7)


def test_the_preconditioner_solves_a_convolution_at_once():
    kernel = torch.tensor([[0.1, 0.2, 0.1], [0.05, 0.3, 0.05], [0.1, 0.05, 0.05]])
    operator = Blur(kernel.double(), (1, 32, 32))
    right = random(1, 1, 32, 32)
    # No smoothness across the border is what keeps it from being one.
    once = Smoothing(operator, right, 1).solve(right, 1e-9, torch.zeros_like(right))
    exact = Smoothing(operator, right, 500).solve(right, 1e-9, torch.zeros_like(right))
    torch.testing.assert_close(once, exact, rtol=1e-3, atol=1e-3)


# Counts.


def counts(operator: LinearOperator, peak: float, clean: Tensor) -> Problem:
    mean = operator.forward(clean).clamp(min=0) * peak
    drawn = torch.poisson(mean, generator=torch.Generator().manual_seed(0)) / peak
    return Problem(drawn, operator, float((mean.mean() / peak**2).sqrt()), peak=peak)


def test_without_variation_it_is_richardson_lucy():
    generator = torch.Generator().manual_seed(3)
    kernel = torch.rand((5, 5), generator=generator)
    kernel /= kernel.sum()
    clean = torch.zeros(1, 1, 32, 32)
    # Dark where scikit-image and a torus continue an image in different ways.
    clean[..., 10:22, 10:22] = torch.rand((12, 12), generator=generator)
    problem = counts(Blur(kernel, (1, 32, 32)), 100, clean)
    prior = RichardsonLucyTV(weight=0.0, iterations=10, inner=1, tolerance=0.0)
    ours = prior.restore(problem, Context.seeded(0)).image[0, 0].numpy()
    theirs = richardson_lucy(problem.y[0, 0].numpy(), kernel.numpy(), num_iter=10, clip=False)
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


@pytest.mark.parametrize("blurred", [False, True])
def test_no_image_nearby_explains_the_counts_better(blurred):
    kernel = torch.ones(3, 3) / 9
    operator = Blur(kernel, (1, 12, 12)) if blurred else Identity((1, 12, 12))
    clean = 0.2 + 0.6 * torch.rand((1, 1, 3, 3), generator=torch.Generator().manual_seed(0))
    clean = torch.nn.functional.interpolate(clean, size=(12, 12))
    problem = counts(operator, 200, clean)
    problem = Problem(problem.y.double(), operator.to(dtype=torch.float64), 0.1, peak=200)
    prior = RichardsonLucyTV(weight=0.5, iterations=200, inner=50, tolerance=1e-7)
    found = prior.restore(problem, Context.seeded(0)).image
    weight = 0.5 * gain(problem.operator, problem.y) / math.sqrt(200 * float(problem.y.mean()))

    def objective(x: Tensor) -> float:
        mean = problem.operator.forward(x)
        data = (mean - torch.xlogy(problem.y, mean)).sum()
        return float(data) + weight * LengthOfGradient().value(x[None])

    least = objective(found)
    for seed in range(200):
        other = found + 10.0 ** -(1 + seed % 4) * (random(1, 1, 12, 12, seed=seed) - 0.5)
        assert objective(other.clamp(min=1e-6)) >= least - 1e-6


@pytest.mark.parametrize(
    "operator",
    [
        Identity(SHAPE),
        OPERATORS["mask"],
        OPERATORS["valid"],
        OPERATORS["two"],
        DecimatedBlur(torch.ones(3, 3) / 9, SHAPE, 2),
        Downsample(SHAPE, 2, "area"),
    ],
)
def test_operators_without_negative_entries_are_taken(operator):
    require_non_negative(operator, operator.zeros())


@pytest.mark.parametrize(
    "operator",
    [
        Downsample((1, 24, 24), 2),
        RandomProjection(torch.rand(8, 8) > 0.5, torch.arange(20)),
    ],
)
def test_operators_with_negative_entries_are_refused(operator):
    with pytest.raises(NotApplicable, match="without negative entries"):
        require_non_negative(operator, operator.zeros())


def test_gaussian_noise_is_refused_where_counts_are_needed():
    problem = Problem(torch.rand(1, 1, 9, 9), Identity((1, 9, 9)), 0.1)
    with pytest.raises(NotApplicable, match="needs Poisson noise"):
        restore(make("rl-tv"), problem, Context.seeded(0))


def test_a_black_photograph_stays_black():
    problem = Problem(torch.zeros(1, 1, 9, 9), Identity((1, 9, 9)), 0.1, peak=30)
    assert not restore(make("rl-tv"), problem, Context.seeded(0)).image.any()


# All of them.


def test_the_family_is_there():
    assert NAMES == ["tv", "tgv", "wavelet-l1", "hyper-laplacian", "tikhonov", "rl-tv"]


TASKS = {
    "denoise": Denoise(25),
    "missing": Inpaint(50, 25),
    "blur": Deblur("shake1", 2.55),
    "valid": Deblur("gaussian", 2.55, "valid"),
    "small": SuperResolve(2),
    "counts": DenoisePoisson(30),
}


@pytest.mark.parametrize("name", GAUSSIAN)
@pytest.mark.parametrize("task", TASKS)
def test_every_task_ends_nearer_to_the_clean_image_than_it_began(name, task):
    clean = TASKS[task].fit(photograph())
    problem = TASKS[task].corrupt(clean, torch.Generator().manual_seed(0))
    before = problem.y.clone()
    restored = restore(make(name), problem, Context.seeded(0)).image
    assert restored.shape == clean.shape
    assert restored.dtype == torch.float32
    assert torch.equal(problem.y, before)
    rows, columns = TASKS[task].border
    inside = np.s_[..., rows : clean.shape[-2] - rows, columns : clean.shape[-1] - columns]
    # Enlarged without noise, an image gains little by any of them.
    margin = 0.0 if task == "small" else 0.5
    start = psnr(problem.estimate()[inside], clean[inside])
    assert psnr(restored[inside], clean[inside]) > start + margin


def test_counts_end_nearer_to_the_clean_image_than_they_began():
    clean = photograph()
    problem = DenoisePoisson(30).corrupt(clean, torch.Generator().manual_seed(0))
    restored = restore(make("rl-tv"), problem, Context.seeded(0)).image
    assert psnr(restored, clean) > psnr(problem.y, clean) + 3


@pytest.mark.parametrize("name", GAUSSIAN)
def test_channels_do_not_see_each_other(name):
    clean = photograph(colour=True, size=24)
    problem = Denoise(25).corrupt(clean, torch.Generator().manual_seed(0))
    together = restore(make(name), problem, Context.seeded(0)).image
    for channel in range(3):
        y = problem.y[:, channel : channel + 1]
        alone = Problem(y, Identity((1, 24, 24)), problem.sigma)
        image = restore(make(name), alone, Context.seeded(0)).image
        # They stop together.
        torch.testing.assert_close(together[:, channel : channel + 1], image, rtol=0, atol=5e-3)


@pytest.mark.parametrize("name", GAUSSIAN)
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 9), (1, 5, 3)])
def test_any_size_down_to_one_pixel_is_restored(name, shape):
    y = random(1, *shape).float()
    restored = restore(make(name), Problem(y, Identity(shape), 0.1), Context.seeded(0)).image
    assert restored.shape == y.shape
    assert torch.isfinite(restored).all()


@pytest.mark.parametrize("name", GAUSSIAN)
def test_a_constant_image_stays_what_it_is(name):
    y = torch.full((1, 1, 16, 16), 0.3)
    restored = restore(make(name), Problem(y, Identity((1, 16, 16)), 0.1), Context.seeded(0))
    torch.testing.assert_close(restored.image, y, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "tikhonov"])
def test_a_deadline_ends_it_with_the_image_that_there_is(name):
    task = DenoisePoisson(30) if name == "rl-tv" else Denoise(25)
    problem = task.corrupt(photograph(), torch.Generator().manual_seed(0))
    late = restore(make(name), problem, Context.seeded(0, deadline=0.0))
    assert late.timed_out
    assert torch.isfinite(late.image).all()
    assert not restore(make(name), problem, Context.seeded(0)).timed_out


@pytest.mark.parametrize("name", NAMES)
def test_a_corruption_that_is_no_operator_is_refused(name):
    y = torch.rand(1, 1, 9, 9)
    problem = Problem(y, None, 0.0, corruption="a scratched negative")
    with pytest.raises(NotApplicable, match="a scratched negative"):
        restore(make(name), problem, Context.seeded(0))


@pytest.mark.parametrize("name", GAUSSIAN)
def test_blurred_counts_are_refused_where_noise_has_to_be_gaussian(name):
    operator = Blur(torch.ones(3, 3) / 9, (1, 9, 9))
    problem = Problem(torch.rand(1, 1, 9, 9), operator, 0.1, peak=30)
    with pytest.raises(NotApplicable, match="observed directly"):
        restore(make(name), problem, Context.seeded(0))


@pytest.mark.parametrize("name", NAMES)
def test_defaults_and_candidates_of_a_tuning_are_allowed(name):
    spec = PRIORS[name].spec
    default = spec.parameters().model_dump()
    for parameter, values in spec.tunable.items():
        assert default[parameter] in values
        for value in values:
            spec.parameters(**{parameter: value})
