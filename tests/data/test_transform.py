from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from priorbench.data.transform import centre_crop, limit_size, to_gray, transform

images = hnp.arrays(
    np.float32,
    st.one_of(
        st.tuples(st.integers(1, 12), st.integers(1, 12)),
        st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3)),
    ),
    elements=st.floats(0, 1, width=32),
)
sides = st.integers(1, 15)


@given(images, sides, sides)
def test_a_crop_is_the_centre_and_never_larger_than_the_image(image, height, width):
    cut = centre_crop(image, height, width)
    assert cut.shape[:2] == (min(height, image.shape[0]), min(width, image.shape[1]))
    above, left = (image.shape[0] - cut.shape[0]) // 2, (image.shape[1] - cut.shape[1]) // 2
    assert np.array_equal(cut, image[above : above + cut.shape[0], left : left + cut.shape[1]])


@given(images, sides)
def test_limited_images_keep_their_proportions_and_range(image, size):
    small = limit_size(image, size)
    assert small.dtype == np.float32
    assert small.shape[2:] == image.shape[2:]
    assert 0 <= small.min() <= small.max() <= 1
    longer = max(image.shape[:2])
    if longer <= size:
        assert small is image
    else:
        assert max(small.shape[:2]) == size
        for after, before in zip(small.shape[:2], image.shape[:2], strict=True):
            assert abs(after - before * size / longer) <= 0.5 or after == 1


def test_shrinking_removes_what_the_small_image_cannot_show():
    stripes = np.tile(np.array([0.0, 1.0], np.float32), (64, 32))
    small = limit_size(stripes, 16)
    assert abs(small[4:-4, 4:-4] - 0.5).max() < 0.05


@pytest.mark.slow
@given(images)
def test_gray_is_the_weighted_sum_of_bt_601(image):
    gray = to_gray(image)
    assert gray.dtype == np.float32
    if image.ndim == 2:
        assert gray is image
    else:
        red, green, blue = np.moveaxis(image.astype(np.float64), 2, 0)
        np.testing.assert_allclose(gray, 0.299 * red + 0.587 * green + 0.114 * blue, atol=1e-6)
        assert 0 <= gray.min() <= gray.max() <= 1


@given(images, st.booleans(), st.none() | sides, st.none() | sides | st.tuples(sides, sides))
def test_options_apply_in_the_stated_order(image, gray, max_size, crop):
    expected = to_gray(image) if gray else image
    expected = expected if max_size is None else limit_size(expected, max_size)
    if crop is not None:
        expected = centre_crop(expected, *(crop if isinstance(crop, tuple) else (crop, crop)))
    assert np.array_equal(transform(image, gray=gray, max_size=max_size, crop=crop), expected)


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3)])
def test_without_options_nothing_changes(shape):
    image = np.random.default_rng(0).random(shape, dtype=np.float32)
    assert transform(image) is image
