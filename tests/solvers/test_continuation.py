import pytest
import torch

from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.operators import Blur, Identity, Mask, RandomProjection
from priorbench.problem import Problem
from priorbench.solvers.continuation import (
    Schedule,
    fidelity_weight,
    geometric,
    regime,
)


def test_the_weight_is_the_inverse_variance_times_the_trust():
    assert fidelity_weight(0.1) == pytest.approx(100)
    assert fidelity_weight(0.1, trust=2) == pytest.approx(200)


def test_without_noise_the_weight_is_that_of_the_floor():
    assert fidelity_weight(0.0) == pytest.approx(NOISE_FLOOR**-2)


def test_geometric_steps():
    assert geometric(8, 1, 4) == pytest.approx((8, 4, 2, 1))
    assert geometric(3, 1, 1) == (3,)


@pytest.mark.parametrize(("sigma", "mixed"), [(0.1, "mixed"), (0.0, "mixed_noise_free")])
def test_only_masks_leave_known_pixels_beside_the_missing_ones(sigma, mixed):
    shape = (1, 4, 4)

    def regime_of(operator):
        return regime(Problem(torch.zeros(1, *operator.observation_shape), operator, sigma))

    assert regime_of(Mask(torch.ones(shape, dtype=torch.bool))) == "missing"
    assert regime_of(RandomProjection(torch.ones(4, 4) > 2, torch.arange(3))) == "sensed"
    assert regime_of(Blur(torch.ones(3, 3), shape)) == mixed
    assert regime_of(Identity(shape)) == mixed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"levels": ()}, "at least one level"),
        ({"levels": (0.1, 0.0)}, "levels must be positive"),
        ({"levels": (float("inf"),)}, "levels must be positive"),
        ({"trust": 0.0}, "trust must be positive"),
        ({"trust": float("nan")}, "trust must be positive"),
        ({"momentum": 1.0}, "momentum must be at least 0"),
        ({"momentum": -0.1}, "momentum must be at least 0"),
    ],
)
def test_a_schedule_out_of_range_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Schedule(**{"levels": (0.1,), **changes})


def test_a_schedule_is_raised_above_the_noise():
    schedule = Schedule(geometric(0.1, 0.01, 5), trust=2.0, momentum=0.3, dual=True)
    assert schedule.above(0.05, 0.005).levels == pytest.approx(schedule.levels)
    raised = schedule.above(0.4, 0.1)
    assert raised.levels == pytest.approx(geometric(0.4, 0.1, 5))
    assert (raised.trust, raised.momentum, raised.dual) == (2.0, 0.3, True)
