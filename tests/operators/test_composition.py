from __future__ import annotations

import pytest
import torch

from priorbench.operators import Blur, Composition, Downsample, Identity, Mask

KERNEL = torch.ones(3, 3) / 9


def test_the_inner_operator_acts_first():
    blur, shrink = Blur(KERNEL, (1, 8, 8), "valid"), Downsample((1, 6, 6), 2)
    x = torch.rand(1, 1, 8, 8)
    assert torch.equal(Composition(shrink, blur).forward(x), shrink.forward(blur.forward(x)))


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        (Identity((1, 8, 8)), Blur(KERNEL, (1, 8, 8), "valid")),
        (Downsample((1, 8, 8), 2), Downsample((1, 8, 8), 2)),
        (Identity((1, 8, 8)), Identity((3, 8, 8))),
    ],
)
def test_operators_that_do_not_fit_are_refused_with_both_shapes(outer, inner):
    with pytest.raises(ValueError) as caught:
        Composition(outer, inner)
    assert str(outer.image_shape) in str(caught.value)
    assert str(inner.observation_shape) in str(caught.value)


def test_the_precision_is_that_of_the_more_precise_operator():
    double = Downsample((1, 4, 4), 2, dtype=torch.float64)
    assert Composition(double, Mask(torch.ones(1, 4, 4, dtype=torch.bool))).norm() == pytest.approx(
        double.norm(), rel=1e-3
    )
    assert Composition(Identity((1, 2, 2)), double).norm() == pytest.approx(double.norm(), rel=1e-3)


def test_an_estimate_goes_back_through_both():
    blur, shrink = Blur(KERNEL, (1, 8, 8), "valid"), Downsample((1, 6, 6), 2)
    both = Composition(shrink, blur)
    assert both.estimate(torch.full((1, 1, 3, 3), 0.25)).sub(0.25).abs().max() < 1e-6
