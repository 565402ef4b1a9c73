from itertools import product

import pytest
import torch

from priorbench.numerics.similar_patches import PatchSums, find_similar, patch_table


def random_plane(height: int, width: int) -> torch.Tensor:
    return torch.rand(height, width, generator=torch.Generator().manual_seed(0))


def starts(length: int, step: int) -> list[int]:
    return sorted({*range(0, length, step), length - 1})


@pytest.mark.parametrize(
    ("shape", "size", "step", "reach", "count"),
    [
        ((23, 31), 4, 3, 5, 7),
        ((40, 12), 3, 1, 2, 9),
        ((17, 60), 5, 7, 30, 16),
        ((9, 9), 8, 3, 19, 4),
    ],
)
def test_groups_are_those_of_a_comparison_of_all_pairs(shape, size, step, reach, count):
    plane = random_plane(*shape)
    table = patch_table(plane, size)
    groups = find_similar(table, step, reach, count)
    rows, columns = table.shape[:2]
    places = list(product(range(rows), range(columns)))
    references = set(product(starts(rows, step), starts(columns, step)))
    assert {divmod(int(first), columns) for first in groups.members[:, 0]} == references
    assert len(groups.members) == len(references)
    for members, distances in zip(groups.members.tolist(), groups.distances, strict=True):
        row, column = divmod(members[0], columns)
        window = [(i, j) for i, j in places if abs(i - row) <= reach and abs(j - column) <= reach]
        errors = torch.stack(
            [(table[each] - table[row, column]).square().mean() for each in window]
        )
        least = errors.sort().values[: len(members)]
        torch.testing.assert_close(distances, least, rtol=0, atol=1e-6)
        found = [
            (table[divmod(each, columns)] - table[row, column]).square().mean() for each in members
        ]
        torch.testing.assert_close(torch.stack(found), least, rtol=0, atol=1e-6)
        assert all(divmod(each, columns) in window for each in members)
        assert len(set(members)) == len(members)


def test_a_reference_leads_its_group_where_all_patches_are_equal():
    groups = find_similar(patch_table(torch.full((20, 20), 0.5), 4), 3, 4, 8)
    references = {17 * row + column for row in starts(17, 3) for column in starts(17, 3)}
    assert set(groups.members[:, 0].tolist()) == references
    assert (groups.distances == 0).all()


def test_groups_do_not_depend_on_the_number_of_threads():
    table = patch_table(random_plane(50, 70), 6)
    before = torch.get_num_threads()
    try:
        found = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(find_similar(table, 2, 9, 12))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(found[0].members, found[1].members)
    assert torch.equal(found[0].distances, found[1].distances)


def test_a_small_image_has_smaller_groups():
    groups = find_similar(patch_table(random_plane(6, 5), 4), 1, 10, 100)
    assert groups.members.shape == (6, 6)


def test_patches_that_are_estimated_as_they_are_make_up_the_image():
    plane = random_plane(21, 34)
    size = 4
    mix = torch.linalg.qr(torch.rand(16, 16, generator=torch.Generator().manual_seed(1))).Q
    table = patch_table(plane, size) @ mix.mT
    groups = find_similar(table, 3, 5, 6)
    sums = PatchSums(table)
    weights = torch.rand(len(groups.members), generator=torch.Generator().manual_seed(2)) + 0.1
    estimates = table.flatten(0, 1)[groups.members] * weights[:, None, None]
    half = len(weights) // 2
    for part in (slice(half), slice(half, None)):
        sums.add(groups.members[part], estimates[part], weights[part])
    window = torch.rand(16, generator=torch.Generator().manual_seed(3)) + 0.1
    torch.testing.assert_close(sums.plane(mix.mT, window), plane)


def test_estimates_are_averaged_by_their_weights():
    table = patch_table(torch.zeros(5, 6), 2)
    sums = PatchSums(table)
    first, second = torch.full((1, 2, 4), 3.0), torch.full((1, 1, 4), 1.0)
    everywhere = torch.arange(20)[None]
    sums.add(everywhere, torch.zeros(1, 20, 4), torch.tensor([1.0]))
    sums.add(torch.tensor([[0, 3]]), 2 * first, torch.tensor([2.0]))
    sums.add(torch.tensor([[0]]), 4 * second, torch.tensor([4.0]))
    plane = sums.plane()
    # The corner has one position: (0 · 1 + 3 · 2 + 1 · 4) / 7; its neighbour has another of weight 1.
    assert plane[0, 0] == pytest.approx(10 / 7)
    assert plane[0, 1] == pytest.approx(10 / 8)
    assert plane[0, 4] == pytest.approx(6 / 4)
    assert plane[4, 5] == 0


def test_a_plane_smaller_than_a_patch_is_refused():
    with pytest.raises(ValueError, match="a plane of 3 × 9 has no patch of 4 × 4"):
        patch_table(torch.zeros(3, 9), 4)


@pytest.mark.parametrize("wrong", [{"step": 0}, {"count": 0}, {"reach": -1}])
def test_senseless_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match="step and count must be at least 1 and reach at least 0"):
        find_similar(torch.zeros(4, 4, 4), **({"step": 1, "reach": 1, "count": 1} | wrong))
