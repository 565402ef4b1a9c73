"""Arrays and tensors in, the same kind out, and one clear sentence for what is no image."""

from typing import Any

import numpy as np
import pytest
import torch

from priorbench.interactive.arrays import clean_image, mask_of, observed_image

RANDOM = np.random.default_rng(0)
GRAY, COLOUR = RANDOM.random((6, 5)), RANDOM.random((6, 5, 3))
LEVELS = RANDOM.integers(0, 256, (6, 5, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (GRAY, GRAY),
        (GRAY[:, :, None], GRAY[:, :, None]),
        (COLOUR, COLOUR),
        (COLOUR.astype(np.float16), COLOUR.astype(np.float16)),
        (COLOUR.tolist(), COLOUR),
        (LEVELS, LEVELS / 255),
        (LEVELS.astype(np.uint16) * 257, LEVELS / 255),
        (np.asfortranarray(COLOUR)[::-1], COLOUR[::-1]),
    ],
)
def test_an_array_comes_back_as_it_came_but_as_floats(image: Any, expected: np.ndarray) -> None:
    given = clean_image(image)
    height, width = expected.shape[:2]
    channels = expected.shape[2] if expected.ndim == 3 else 1
    assert given.image.shape == (1, channels, height, width)
    assert given.image.dtype == torch.float32
    back = given.form.give(given.image)
    assert isinstance(back, np.ndarray)
    assert back.dtype == np.float32
    assert back.flags.c_contiguous and back.flags.writeable
    assert back.shape == expected.shape
    np.testing.assert_allclose(back, expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(6, 5), (1, 6, 5), (3, 6, 5), (1, 1, 6, 5), (1, 3, 6, 5)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.uint8])
def test_a_tensor_comes_back_as_a_tensor(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    levels = torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(0))
    image = levels.to(torch.uint8) if dtype == torch.uint8 else (levels / 255).to(dtype)
    given = clean_image(image)
    back = given.form.give(given.image)
    assert isinstance(back, torch.Tensor)
    assert back.dtype == torch.float32
    assert back.shape == shape
    expected = image / 255 if dtype == torch.uint8 else image.float()
    torch.testing.assert_close(back, expected, atol=1e-6, rtol=0)


def test_what_is_given_is_a_copy() -> None:
    array, tensor = GRAY.astype(np.float32), torch.rand(6, 5, requires_grad=True)
    for image in (array, tensor):
        given = clean_image(image)
        before = given.image.clone()
        given.form.give(given.image)[0, 0] = 7
        torch.testing.assert_close(given.image, before)
    given = clean_image(array)
    before = given.image.clone()
    array[:] = 0.5
    torch.testing.assert_close(given.image, before)


@pytest.mark.parametrize(
    ("image", "error", "words"),
    [
        (np.zeros(4), ValueError, ["shape 4", "H × W × 3"]),
        (0.5, ValueError, ["must be H × W"]),
        (np.zeros((4, 4, 4)), ValueError, ["4 × 4 × 4", "image[..., :-1]"]),
        (np.zeros((3, 8, 8)), ValueError, ["3 × 8 × 8", "transpose(1, 2, 0)"]),
        (np.zeros((2, 8, 8, 3)), ValueError, ["one image at a time"]),
        (torch.zeros(8, 8, 3), ValueError, ["8 × 8 × 3", "permute(2, 0, 1)"]),
        (torch.zeros(2, 3, 8, 8), ValueError, ["2 × 3 × 8 × 8", "one image at a time"]),
        (torch.zeros(1, 4, 8, 8), ValueError, ["1 or 3 channels"]),
        (np.zeros((0, 5)), ValueError, ["empty", "0 × 5"]),
        (np.full((4, 4), np.nan), ValueError, ["NaN"]),
        (np.full((4, 4), np.inf), ValueError, ["infinite"]),
        (np.full((4, 4), 1e300), ValueError, ["infinite"]),
        (255 * GRAY, ValueError, ["lie on [0, 1]", "uint8"]),
        (GRAY - 2, ValueError, ["lie on [0, 1]"]),
        (GRAY > 0.5, TypeError, ["bool", "uint8"]),
        ((9 * GRAY).astype(int), TypeError, ["int64", "floats on [0, 1]"]),
        (GRAY + 0j, TypeError, ["complex"]),
        (np.full((2, 2), "a"), TypeError, ["floats on [0, 1]"]),
    ],
)
def test_what_is_no_image_is_one_sentence(image: Any, error: type, words: list[str]) -> None:
    with pytest.raises(error) as caught:
        clean_image(image)
    message = str(caught.value)
    assert message.startswith("the image ")
    assert "\n" not in message
    for word in words:
        assert word in message


def test_an_observation_may_leave_the_range_but_not_the_scale() -> None:
    noisy = GRAY + RANDOM.normal(0, 100 / 255, GRAY.shape)
    assert noisy.min() < 0
    np.testing.assert_allclose(observed_image(noisy).image[0, 0], noisy, atol=1e-6)
    with pytest.raises(ValueError, match="the observation has values from"):
        observed_image(255 * noisy)


@pytest.mark.parametrize(
    "mask",
    [
        GRAY > 0.5,
        (GRAY > 0.5).astype(float),
        (255 * (GRAY > 0.5)).astype(np.uint8),
        torch.from_numpy(GRAY > 0.5),
        torch.from_numpy(GRAY > 0.5).float(),
    ],
)
def test_a_mask_is_true_or_white_where_a_pixel_is_known(mask: Any) -> None:
    known = mask_of(mask)
    assert known.shape == (1, 1, 6, 5)
    np.testing.assert_array_equal(known[0, 0], (GRAY > 0.5).astype(float))


def test_a_mask_has_one_channel() -> None:
    with pytest.raises(ValueError, match="the mask has 3 channels"):
        mask_of(COLOUR)
