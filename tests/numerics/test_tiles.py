import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from priorbench.numerics.tiles import Tiling

SIDES = st.integers(1, 40)


@st.composite
def tilings(draw):
    size = draw(st.integers(1, 12))
    return Tiling(draw(SIDES), draw(SIDES), size, draw(st.integers(1, size)))


def random(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@given(tilings(), st.integers(1, 3))
def test_blending_undoes_cutting(tiling, count):
    planes = random(count, tiling.height, tiling.width)
    tiles = tiling.cut(planes)
    assert tiles.shape == (count * len(tiling), tiling.size, tiling.size)
    # The weights are float32.
    torch.testing.assert_close(tiling.blend(tiles), planes, rtol=1e-5, atol=1e-5)


@given(tilings(), st.floats(-3, 3))
def test_blending_is_linear(tiling, factor):
    one, other = (random(2 * len(tiling), tiling.size, tiling.size, seed=seed) for seed in (1, 2))
    expected = factor * tiling.blend(one) + tiling.blend(other)
    torch.testing.assert_close(tiling.blend(factor * one + other), expected)


@given(tilings())
def test_the_weights_of_a_pixel_sum_to_one(tiling):
    ones = torch.ones(len(tiling), tiling.size, tiling.size)
    torch.testing.assert_close(tiling.blend(ones), torch.ones(1, tiling.height, tiling.width))


@settings(max_examples=30)
@given(tilings())
def test_no_weight_is_negative_and_a_tile_counts_in_its_own_square_only(tiling):
    tiles = (
        torch.eye(len(tiling))[:, :, None, None]
        .expand(-1, -1, tiling.size, tiling.size)
        .flatten(0, 1)
    )
    weights = tiling.blend(tiles)
    assert (weights >= 0).all()
    # Where a tile lies, from cutting a map of the pixels' places.
    places = torch.arange(1.0, tiling.height * tiling.width + 1).view(
        1, tiling.height, tiling.width
    )
    for weight, tile in zip(weights, tiling.cut(places), strict=True):
        assert torch.equal(places[0][weight > 0], tile.unique())


@pytest.mark.parametrize(("size", "stride"), [(8, 4), (9, 4), (8, 6)])
def test_blending_is_the_same_from_either_end(size, stride):
    tiling = Tiling(size + 2 * stride, size + 3 * stride, size, stride)
    tiles = random(len(tiling), size, size)
    # The last tile becomes the first one, and each is turned by 180°.
    turned = tiling.blend(tiles.flip(0, 1, 2))
    torch.testing.assert_close(turned, tiling.blend(tiles).flip(1, 2), rtol=1e-5, atol=1e-5)


@given(tilings())
def test_the_grid_covers_the_planes_with_no_step_above_the_stride(tiling):
    places = (
        torch.arange(tiling.height * tiling.width).view(1, tiling.height, tiling.width).double()
    )
    assert torch.equal(tiling.cut(places).unique(), places.flatten())


@given(st.integers(1, 60), st.integers(1, 12), st.data())
def test_steps_are_at_most_the_stride_and_none_is_too_many(length, size, data):
    stride = data.draw(st.integers(1, size))
    tiling = Tiling(1, length, size, stride)
    starts = tiling.cut(torch.arange(float(length)).view(1, 1, length))[:, 0, 0].diff()
    assert (starts > 0).all()
    assert (starts <= stride).all()
    fewest = next(count for count in range(1, length + 2) if (count - 1) * stride + size >= length)
    assert len(tiling) == fewest


@pytest.mark.parametrize("stride", [-1, 0, 9])
def test_a_stride_out_of_range_is_refused(stride):
    with pytest.raises(ValueError, match=f"from 1 to the tiles' side 8, not {stride}"):
        Tiling(20, 20, 8, stride)


def test_a_plane_smaller_than_a_tile_repeats_its_border():
    tile = Tiling(2, 3, 4, 2).cut(torch.arange(6.0).view(1, 2, 3))
    assert torch.equal(
        tile[0], torch.tensor([[0, 1, 2, 2], [3, 4, 5, 5], [3, 4, 5, 5], [3, 4, 5, 5.0]])
    )


def energy_of_steps(tiling):
    """The expected squared difference of neighbours along a row, by column, of tiles with
    independent random offsets.

    Offsets of variance 1 add up: E[(Σᵢ cᵢ dᵢ)²] = Σᵢ dᵢ², with dᵢ the difference in tile i's
    weights. So no draw is needed.
    """
    tiles = torch.eye(len(tiling), dtype=torch.float64)[:, :, None, None]
    weights = tiling.blend(tiles.expand(-1, -1, tiling.size, tiling.size).flatten(0, 1))
    return weights.diff(dim=2).square().sum(0).mean(0)


@pytest.mark.parametrize(("size", "stride"), [(16, 8), (16, 4), (16, 12), (15, 7), (12, 6)])
@pytest.mark.parametrize("width", [64, 71])
def test_no_seam_is_left_where_a_tile_ends(size, stride, width):
    tiling = Tiling(4 * size, width, size, stride)
    energy = energy_of_steps(tiling)
    starts = (
        tiling.cut(torch.arange(float(width)).expand(1, 4 * size, width))[:, 0, 0].unique().long()
    )
    # The difference across a border is that of the last pixel outside and the first one inside.
    borders = torch.cat([starts[1:] - 1, starts[:-1] + size - 1])
    # Near the ends of the plane fewer tiles overlap.
    borders = borders[(borders >= size) & (borders < width - size)]
    inside = torch.zeros(width - 1, dtype=torch.bool)
    inside[size : width - size] = True
    inside[borders] = False
    assert energy[borders].mean() <= 1.02 * energy[inside].mean()
    # Tiles of one weight everywhere leave seams, so the measure tells.
    tiling._window = torch.ones_like(tiling._window)
    tiling._weight = tiling._sum(tiling._window.expand(len(tiling), size, size)[None])[0]
    seams = energy_of_steps(tiling)
    assert seams[borders].mean() > 2 * energy[borders].mean()
    assert seams[inside].max() < 1e-12


def test_offsets_drawn_at_random_have_that_energy():
    tiling = Tiling(32, 40, 8, 4)
    offsets = random(4000 * len(tiling), 1, 1).expand(-1, 8, 8)
    energy = tiling.blend(offsets).diff(dim=2).square().mean((0, 1))
    # 4000 draws: the mean of their squares has a deviation of √(2/4000) = 2.2 % in each column at
    # most.
    torch.testing.assert_close(energy, energy_of_steps(tiling), rtol=0.09, atol=1e-6)


@pytest.mark.parametrize(("height", "width"), [(9, 7), (3, 5)])
def test_gradients_flow_through(height, width):
    tiling = Tiling(height, width, 4, 2)
    tiles = random(2 * len(tiling), 4, 4).requires_grad_()
    assert torch.autograd.gradcheck(tiling.blend, tiles)
    planes = random(2, height, width).requires_grad_()
    assert torch.autograd.gradcheck(tiling.cut, planes)
