"""Distances of distributions that are known, and overlaps against loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from priorbench.numerics.distributions import covered, sliced_distance


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class TestDistances:
    def test_of_two_normal_distributions_it_is_the_difference_of_their_deviations(self):
        """W₂ of N(0, a²) and N(0, b²) is |a − b| along every direction."""
        one, two = (torch.randn(20_000, 12, generator=seeded(seed)) for seed in range(2))
        found = sliced_distance(0.1 * one, 0.3 * two)
        assert found == pytest.approx(255 * 0.2, rel=0.02)

    def test_a_shift_counts_along_the_directions(self):
        """A shift by s moves a projection by s·u, whose root mean square is ‖s‖/√D."""
        patches = torch.randn(500, 9, generator=seeded())
        found = sliced_distance(patches, patches + 0.1)
        assert found == pytest.approx(255 * 0.1, rel=0.15)

    def test_the_same_patches_in_another_order_are_at_distance_0(self):
        patches = torch.randn(100, 9, generator=seeded())
        assert sliced_distance(patches, patches.flip(0)) == 0

    def test_covered_is_what_loops_say(self):
        points, others = torch.randn(30, 4), torch.randn(40, 4)
        expected = []
        for point in points.numpy():
            inside = False
            for other in others.numpy():
                radius = np.sort(np.linalg.norm(others.numpy() - other, axis=1))[3]
                inside |= np.linalg.norm(point - other) <= radius
            expected.append(inside)
        assert covered(points, others).tolist() == expected
