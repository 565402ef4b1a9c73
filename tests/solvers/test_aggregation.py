import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from priorbench.solvers import aggregation
from priorbench.solvers.aggregation import average_everywhere, average_on_grid, jittered_grid


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ramp(patches):
    """Depends on the place in the patch and on the patch, so that one put back wrongly is noticed."""
    return patches * torch.linspace(0.5, 1.5, patches.shape[1]) + patches.mean(1, keepdim=True)


def brute_force(image, size, corners):
    total, weight = torch.zeros_like(image), torch.zeros_like(image)
    for top, left in corners:
        window = image[top : top + size, left : left + size].reshape(1, -1)
        total[top : top + size, left : left + size] += ramp(window).view(size, size)
        weight[top : top + size, left : left + size] += 1
    return total / weight


@pytest.mark.parametrize("patches_in_a_batch", [1, 30, 1 << 16])
def test_everywhere_is_the_average_of_all_patches(monkeypatch, patches_in_a_batch):
    monkeypatch.setattr(aggregation, "PATCHES_IN_A_BATCH", patches_in_a_batch)
    image, average = torch.rand(9, 13, generator=seeded()), torch.full((9, 13), torch.nan)
    done = list(average_everywhere(image, 3, ramp, average))
    assert done == sorted(done)
    assert done[-1] == 1
    corners = [(top, left) for top in range(7) for left in range(11)]
    torch.testing.assert_close(average, brute_force(image, 3, corners))


@pytest.mark.parametrize("patches_in_a_batch", [1, 7, 1 << 16])
def test_on_a_grid_is_the_average_of_its_patches(monkeypatch, patches_in_a_batch):
    monkeypatch.setattr(aggregation, "PATCHES_IN_A_BATCH", patches_in_a_batch)
    image, average = torch.rand(11, 14, generator=seeded()), torch.full((11, 14), torch.nan)
    *_, done = average_on_grid(image, 4, 2, ramp, average, seeded(5))
    assert done == 1
    top, left = jittered_grid(11, 14, 4, 2, seeded(5))
    torch.testing.assert_close(
        average, brute_force(image, 4, zip(top.tolist(), left.tolist(), strict=True))
    )


@given(st.integers(1, 9), st.data())
def test_a_jittered_grid_leaves_no_pixel_out(size, data):
    height, width = (data.draw(st.integers(size, 40)) for _ in range(2))
    stride = data.draw(st.integers(1, size))
    top, left = jittered_grid(height, width, size, stride, seeded(data.draw(st.integers(0, 1000))))
    covered = torch.zeros(height, width, dtype=torch.bool)
    for row, column in zip(top.tolist(), left.tolist(), strict=True):
        assert 0 <= row <= height - size
        assert 0 <= column <= width - size
        covered[row : row + size, column : column + size] = True
    assert covered.all()
    assert len(top) <= (height // stride + 1) * (width // stride + 1)


def test_a_grid_is_another_one_each_time_and_repeats_with_its_seed():
    generator = seeded(1)
    first, second = jittered_grid(60, 60, 8, 4, generator), jittered_grid(60, 60, 8, 4, generator)
    assert not torch.equal(first[0], second[0])
    assert torch.equal(first[0], jittered_grid(60, 60, 8, 4, seeded(1))[0])
