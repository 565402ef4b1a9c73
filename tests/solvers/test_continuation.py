import pytest
import torch

from priorbench.operators import Blur, Identity, Mask, RandomProjection
from priorbench.solvers.continuation import NOISE_FLOOR, fidelity_weight, geometric, regime


def test_the_weight_is_the_inverse_variance_times_the_trust():
    assert fidelity_weight(0.1) == pytest.approx(100)
    assert fidelity_weight(0.1, trust=2) == pytest.approx(200)


def test_without_noise_the_weight_is_that_of_the_floor():
    assert fidelity_weight(0.0) == pytest.approx(NOISE_FLOOR**-2)


def test_geometric_steps():
    assert geometric(8, 1, 4) == pytest.approx([8, 4, 2, 1])
    assert geometric(3, 1, 1) == [3]


def test_only_masks_leave_known_pixels_beside_the_missing_ones():
    shape = (1, 4, 4)
    assert regime(Mask(torch.ones(shape, dtype=torch.bool))) == "missing"
    mixing = [
        Blur(torch.ones(3, 3), shape),
        RandomProjection(torch.ones(4, 4) > 2, torch.arange(3)),
        Identity(shape),
    ]
    assert [regime(operator) for operator in mixing] == ["mixed"] * 3
