"""deepinv's classical denoisers remove noise, as strongly as they are told."""

import pytest
import torch
from skimage.data import astronaut, camera

from priorbench.priors import Context
from priorbench.solvers import restore
from priorbench.tasks import Inpaint
from priorbench_deepinv import classical, parameters

SIGMA = 25 / 255
DENOISERS = {
    "tv": classical.TotalVariation(**parameters.TotalVariationParameters().model_dump()),
    "tgv": classical.TotalGeneralisedVariation(
        **parameters.TotalGeneralisedVariationParameters().model_dump()
    ),
    "wavelet": classical.Wavelet(**parameters.WaveletParameters().model_dump()),
    "wavelet-dictionary": classical.WaveletDictionary(
        **parameters.WaveletDictionaryParameters().model_dump()
    ),
    "bilateral": classical.Bilateral(**parameters.BilateralParameters().model_dump()),
    "median": classical.Median(**parameters.MedianParameters().model_dump()),
    "bm3d": classical.BM3D(),
}
TOLD = sorted(DENOISERS.keys() - {"median"})


def crop(photograph, side=48):
    """A part of a photograph, 1 x C x side x side on [0, 1]."""
    part = torch.from_numpy(photograph[80 : 80 + side, 200 : 200 + side] / 255).float()
    return part.movedim(-1, 0)[None] if part.ndim == 3 else part[None, None]


def noisy(clean, sigma=SIGMA):
    return clean + sigma * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))


def psnr(image, clean):
    return -10 * float((image.clamp(0, 1) - clean).square().mean().log10())


@pytest.mark.parametrize("name", DENOISERS)
@pytest.mark.parametrize("photograph", [camera(), astronaut()], ids=["gray", "colour"])
def test_noise_is_removed(name, photograph):
    clean = crop(photograph)
    y = noisy(clean)
    estimate = DENOISERS[name].denoise(y, SIGMA)
    assert estimate.shape == y.shape
    assert psnr(estimate, clean) > psnr(y, clean) + 3


@pytest.mark.parametrize("name", TOLD)
def test_sigma_changes_the_strength(name):
    y = noisy(crop(camera()))
    weak, strong = (DENOISERS[name].denoise(y, sigma) for sigma in (SIGMA / 4, SIGMA))
    assert (weak - y).square().mean() < (strong - y).square().mean()


@pytest.mark.parametrize("name", DENOISERS)
def test_an_estimate_does_not_depend_on_the_image_before_it(name):
    """deepinv begins a total variation where the last one ended."""
    first, second = noisy(crop(camera())), noisy(crop(camera()).flip(3))
    alone = DENOISERS[name].denoise(second, SIGMA)
    DENOISERS[name].denoise(first, SIGMA)
    torch.testing.assert_close(DENOISERS[name].denoise(second, SIGMA), alone, rtol=0, atol=0)


@pytest.mark.parametrize("name", DENOISERS)
def test_without_noise_nothing_is_lost_or_infinite(name):
    clean = crop(camera())
    estimate = DENOISERS[name].denoise(clean, 0.0)
    assert estimate.isfinite().all()
    if name in TOLD:
        torch.testing.assert_close(estimate, clean, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", sorted(DENOISERS.keys() - {"bm3d"}))
def test_plug_and_play_fills_missing_pixels(name):
    clean, task = crop(camera()), Inpaint(50)
    problem = task.corrupt(clean, torch.Generator().manual_seed(0))
    restored = restore(DENOISERS[name], problem, Context.seeded(0)).image
    half = torch.where(problem.y == 0, 0.5, problem.y)
    assert psnr(restored, clean) > psnr(half, clean) + 5


@pytest.mark.parametrize("kind", [parameters.MedianParameters, parameters.BilateralParameters])
def test_a_window_needs_a_middle(kind):
    with pytest.raises(ValueError, match="must be odd, not 4"):
        kind(size=4)
