from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from priorbench.operators import Identity, Mask
from priorbench.tasks import Denoise, Inpaint

IMAGE = torch.full((1, 3, 200, 200), 0.5)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_noise_has_the_stated_deviation_and_no_mean():
    noise = Denoise(25).corrupt(IMAGE, seeded()).y - IMAGE
    # Five standard errors of the mean and of the deviation.
    assert abs(noise.mean()) < 5 * 25 / 255 / noise.numel() ** 0.5
    assert abs(noise.std() - 25 / 255) < 5 * 25 / 255 / (2 * noise.numel()) ** 0.5


def test_the_noise_is_not_clipped():
    y = Denoise(50).corrupt(torch.zeros(1, 1, 64, 64), seeded()).y
    assert y.min() < 0


def test_noise_differs_between_channels():
    y = Denoise(25).corrupt(IMAGE, seeded()).y
    assert not torch.equal(y[0, 0], y[0, 1])


@given(st.floats(0, 100))
def test_sigma_is_on_the_scale_of_0_to_255_outside_and_0_to_1_inside(sigma):
    problem = Denoise(sigma).corrupt(IMAGE[..., :2, :2], seeded())
    assert problem.sigma == sigma / 255
    assert isinstance(problem.operator, Identity)


@pytest.mark.parametrize("task", [Denoise(25), Inpaint(50, 0), Inpaint(50, 25)])
def test_the_generator_decides_everything(task):
    first, again, other = (task.corrupt(IMAGE, seeded(seed)).y for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@given(
    missing=st.floats(0.01, 99.9),
    shape=st.tuples(st.just(1), st.integers(1, 3), st.integers(4, 12), st.integers(4, 12)),
    seed=st.integers(0, 100),
)
def test_inpainting_hides_exactly_the_stated_share_and_nothing_else(missing, shape, seed):
    image = torch.rand(shape, generator=seeded(seed))
    pixels = shape[2] * shape[3]
    hidden = round(missing / 100 * pixels)
    if hidden == pixels:
        with pytest.raises(ValueError, match="at least one pixel"):
            Inpaint(missing, 0).corrupt(image, seeded(seed))
        return
    problem = Inpaint(missing, 0).corrupt(image, seeded(seed))
    assert isinstance(problem.operator, Mask)
    known = problem.operator.known
    assert (~known).sum(dim=(1, 2)).tolist() == [hidden] * shape[1]
    assert all(torch.equal(known[0], channel) for channel in known)
    assert torch.equal(problem.y[:, known], image[:, known])
    assert not problem.y[:, ~known].any()


def test_missing_pixels_carry_no_noise_and_known_ones_do():
    problem = Inpaint(50, 25).corrupt(IMAGE, seeded())
    known = problem.operator.arguments()["known"]
    assert not problem.y[:, ~known].any()
    noise = (problem.y - IMAGE)[:, known]
    assert abs(noise.std() - 25 / 255) < 5 * 25 / 255 / (2 * noise.numel()) ** 0.5


def test_an_observed_image_is_taken_as_it_is():
    problem = Denoise(25).observe(IMAGE)
    assert torch.equal(problem.y, IMAGE)
    assert problem.sigma == 25 / 255


def test_an_observed_image_is_masked_where_the_mask_is_not_white():
    image = torch.rand(1, 3, 2, 2, generator=seeded())
    mask = torch.tensor([[1.0, 0.0], [0.2, 0.9]])[None, None]
    problem = Inpaint(50, 10).observe(image, mask)
    assert problem.operator.arguments()["known"][2].tolist() == [[True, False], [False, True]]
    assert torch.equal(problem.y, image * (mask > 0.5))
    assert problem.sigma == 10 / 255


def test_what_an_observation_lacks_or_has_too_much_is_said():
    with pytest.raises(ValueError, match="takes no mask"):
        Denoise(25).observe(IMAGE, IMAGE[:, :1])
    with pytest.raises(ValueError, match="needs a mask"):
        Inpaint(50, 0).observe(IMAGE)
    with pytest.raises(ValueError, match=r"\(5, 5\).*\(200, 200\)"):
        Inpaint(50, 0).observe(IMAGE, torch.ones(1, 1, 5, 5))
