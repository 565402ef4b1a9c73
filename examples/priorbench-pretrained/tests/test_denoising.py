"""The networks remove noise, and plug-and-play restores with them what they never saw."""

import pytest
import torch
from skimage.data import astronaut, camera

from priorbench import NotApplicable
from priorbench.priors import Context
from priorbench.solvers import restore
from priorbench.tasks import Deblur, Denoise, Inpaint, SuperResolve
from priorbench_pretrained.dncnn import TRAINED_FOR, DnCNN17
from priorbench_pretrained.ffdnet import ColourFFDNet

SIDE = 96


def crop(photograph):
    """A part of a photograph, 1 x C x 96 x 96 on [0, 1]."""
    part = torch.from_numpy(photograph[80 : 80 + SIDE, 200 : 200 + SIDE] / 255).float()
    return part.movedim(-1, 0)[None] if part.ndim == 3 else part[None, None]


def psnr(image, clean):
    return -10 * float((image.clamp(0, 1) - clean).square().mean().log10())


def noisy(clean, sigma):
    return clean + sigma * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("sigma", [5 / 255, 25 / 255, 75 / 255])
def test_ffdnet_removes_most_of_the_noise(sigma):
    clean = crop(astronaut())
    y = noisy(clean, sigma)
    assert psnr(ColourFFDNet().denoise(y, sigma), clean) > psnr(y, clean) + 4


@pytest.mark.parametrize("variant", sorted(TRAINED_FOR))
def test_dncnn_removes_most_of_the_noise_that_it_was_trained_for(variant):
    clean, (least, most) = crop(camera()), TRAINED_FOR[variant]
    for sigma in {max(least, 0.05), most}:
        y = noisy(clean, sigma)
        assert psnr(DnCNN17(variant).denoise(y, sigma), clean) > psnr(y, clean) + 5


@pytest.mark.parametrize(
    ("prior", "photograph"), [(ColourFFDNet(), astronaut()), (DnCNN17("N"), camera())]
)
def test_sigma_changes_the_strength(prior, photograph):
    y = noisy(crop(photograph), 0.1)
    weak, strong = (prior.denoise(y, sigma) for sigma in (0.02, 0.1))
    assert (weak - y).square().mean() < (strong - y).square().mean()


def test_channels_are_restored_one_by_one():
    y = noisy(crop(astronaut()), 0.1)
    prior = DnCNN17("M")
    single = [prior.denoise(y[:, [channel]], 0.1) for channel in range(3)]
    torch.testing.assert_close(prior.denoise(y, 0.1), torch.cat(single, dim=1))


def test_dncnn_sees_the_image_wrap_around():
    """A shift of a circular image is a shift of its estimate."""
    y = noisy(crop(camera()), 0.1)
    prior = DnCNN17("M")
    shifted = prior.denoise(y.roll((5, 7), dims=(2, 3)), 0.1)
    torch.testing.assert_close(
        shifted, prior.denoise(y, 0.1).roll((5, 7), dims=(2, 3)), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("size", [(33, 40), (40, 33), (33, 35), (1, 2)])
def test_any_size_is_taken(size):
    clean = torch.full((2, 3, *size), 0.5)
    for prior in (ColourFFDNet(), DnCNN17("N")):
        estimate = prior.denoise(clean, 0.05)
        assert estimate.shape == clean.shape
        assert estimate.isfinite().all()


def test_ffdnet_refuses_gray_images():
    with pytest.raises(NotApplicable, match="needs colour images"):
        ColourFFDNet().denoise(torch.zeros(1, 1, 8, 8), 0.1)


TASKS = {
    "deblur": Deblur("shake1", 2.55),
    "inpaint": Inpaint(50),
    "super-resolve": SuperResolve(2),
}


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize(
    ("prior", "photograph"), [(ColourFFDNet(), astronaut()), (DnCNN17("N"), camera())]
)
def test_plug_and_play_restores_other_tasks(name, prior, photograph):
    task = TASKS[name]
    clean = task.fit(crop(photograph))
    problem = task.corrupt(clean, torch.Generator().manual_seed(0))
    restored = restore(prior, problem, Context.seeded(0)).image
    assert psnr(restored, clean) > psnr(problem.estimate(), clean) + 0.5


def test_a_denoising_task_is_one_call():
    clean, task = crop(astronaut()), Denoise(25)
    problem = task.corrupt(clean, torch.Generator().manual_seed(0))
    prior = ColourFFDNet()
    restored = restore(prior, problem, Context.seeded(0)).image
    torch.testing.assert_close(restored, prior.denoise(problem.y, 25 / 255))
