import pytest
import torch

from priorbench.numerics.patches import PROBES, draw_patches, mean_free_basis, probe_patches


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("grid", [1, 2])
def test_where_patches_are_few_each_is_drawn_once(grid):
    images = [torch.rand(1, 1, 5, 7), torch.rand(1, 1, 2, 9), torch.rand(1, 1, 5, 3)]
    drawn = torch.cat([drawn[:] for drawn in draw_patches(images, 3, 1000, 1.0, seeded(0), grid)])
    windows = [
        image[0, 0].unfold(0, 3, grid).unfold(1, 3, grid).reshape(-1, 9)
        for image in (images[0], images[2])
    ]
    assert sorted(drawn.tolist()) == sorted(torch.cat(windows).tolist())


def test_draws_are_uniform_over_positions_and_disjoint():
    image = torch.arange(400.0).reshape(1, 1, 20, 20)
    train, held_out = draw_patches([image], 3, 100, 0.3, seeded(0))
    assert (len(train), len(held_out)) == (100, 30)
    centres = torch.cat([train[:], held_out[:]])[:, 4]
    assert len(centres.unique()) == 130
    assert abs(float(centres.mean()) - 199.5) < 4 * 115 / 130**0.5


def test_every_seed_is_measured_on_the_same_patches():
    image = torch.rand(1, 1, 40, 40, generator=seeded(0))
    one, two = (draw_patches([image], 8, 200, 0.5, seeded(seed)) for seed in (1, 2))
    assert torch.equal(one[1][:], two[1][:])
    assert not torch.equal(one[0][:], two[0][:])


def test_batches_are_all_patches_in_order():
    drawn, _ = draw_patches([torch.rand(1, 1, 20, 20)], 4, 100, 0.1, seeded(0))
    parts = list(drawn.batches(30))
    assert [len(part) for part in parts] == [30, 30, 30, 10]
    assert torch.equal(torch.cat(parts), drawn[:])


def test_colour_is_luma():
    image = torch.tensor([1.0, 0.0, 0.5]).view(1, 3, 1, 1).expand(1, 3, 8, 9)
    drawn, _ = draw_patches([image], 8, 1, 1.0, seeded(0))
    torch.testing.assert_close(drawn[:], torch.full((1, 64), 0.299 + 0.5 * 0.114))


def test_the_basis_is_orthonormal_and_free_of_the_mean():
    basis = mean_free_basis(9)
    torch.testing.assert_close(basis.mT @ basis, torch.eye(8, dtype=torch.float64))
    torch.testing.assert_close(basis.sum(0), torch.zeros(8, dtype=torch.float64))


def test_probe_patches_depend_on_their_image_alone():
    images = {"a": torch.rand(1, 1, 60, 60), "tiny": torch.rand(1, 1, 5, 90)}
    images["colour"] = torch.rand(1, 3, 20, 20)
    found = probe_patches(images, 8)
    assert {name: tuple(patches.shape) for name, patches in found.items()} == {
        "a": (53 * 53 // 2, 64),
        "colour": (13 * 13 // 2, 64),
    }
    torch.manual_seed(7)
    assert torch.equal(probe_patches({"b": images["a"]}, 8)["b"], found["a"])
    assert len(probe_patches({"large": torch.rand(1, 1, 200, 200)}, 8)["large"]) == PROBES


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_images_that_are_not_finite_are_refused(value):
    image = torch.full((1, 1, 12, 12), 0.5)
    image[..., 3, 4] = value
    with pytest.raises(ValueError, match="NaN or infinite"):
        draw_patches([image], 4, 10, 0.5, torch.Generator())
