from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import label

from priorbench.tasks import masks

SIZES = [(16, 16), (17, 23), (31, 16), (64, 64), (128, 96), (321, 481)]
SHAPES = {"text": masks.text, "scratch": masks.scratches, "block": masks.blocks}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_most_pixels_stay_known_and_some_are_missing(shape, size):
    for seed in range(5):
        known = shape(*size, np.random.default_rng(seed))
        assert known.shape == size and known.dtype == torch.bool
        assert 0.005 < 1 - known.float().mean().item() < 0.4


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_seed_decides_the_mask(shape):
    one, again, other = (shape(64, 80, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_text_is_many_letters_in_lines(size):
    for seed in range(5):
        missing = ~masks.text(*size, np.random.default_rng(seed))
        assert 0.05 <= missing.float().mean().item() <= 0.25
        # Separate letters, eight neighbours counting as connected.
        assert label(missing.numpy(), np.ones((3, 3)))[1] > 1
        # Free rows between the lines.
        assert not missing.any(dim=1).all()


def test_text_fills_the_width_and_has_lines_all_the_way_down():
    missing = ~masks.text(128, 200, np.random.default_rng(0))
    assert missing[:, :10].any() and missing[:, -10:].any()
    lines = label(missing.any(dim=1).numpy())[1]
    assert lines == len(range(4, 128, 16))


def test_a_scratch_is_thin_and_long():
    missing = ~masks.scratches(256, 256, np.random.default_rng(0))
    pieces, count = label(missing.numpy(), np.ones((3, 3)))
    assert 1 <= count <= 12
    # Nothing is left of a scratch three pixels wide when two pixels are taken from each side.
    eroded = missing.float()[None, None]
    for _ in range(2):
        eroded = -torch.nn.functional.max_pool2d(-eroded, 3, 1, 1)
    assert eroded.sum() < 0.05 * missing.sum()
    rows, columns = np.nonzero(pieces == np.bincount(pieces[pieces > 0]).argmax())
    assert max(np.ptp(rows), np.ptp(columns)) > 60


def test_blocks_are_squares_of_a_ninth_of_the_side():
    missing = ~masks.blocks(90, 120, np.random.default_rng(3))
    opened = -torch.nn.functional.max_pool2d(-missing.float()[None, None], 10, 1)
    assert opened.sum() >= 6 * 0.5
    assert missing.sum() <= 6 * 100


def test_a_torch_generator_gives_a_numpy_generator_and_moves_on():
    generator = torch.Generator().manual_seed(1)
    first, second = (masks.numpy_generator(generator).random() for _ in range(2))
    assert first != second
    assert masks.numpy_generator(torch.Generator().manual_seed(1)).random() == first
