"""The tests check the shapes that annotations state, at each call of a numerical function."""

import jaxtyping
import pytest
import torch

from priorbench.numerics.patches import PatchSet
from priorbench.operators import Blur, Identity
from priorbench.problem import Problem
from priorbench.tasks import Denoise
from tests import shape_checks

pytestmark = pytest.mark.skipif(not shape_checks.IS_ON, reason="PRIORBENCH_CHECK_SHAPES is not set")


def test_an_operator_takes_images_of_four_axes() -> None:
    with pytest.raises(jaxtyping.TypeCheckError, match="parameter 'x'"):
        Identity((1, 4, 4)).forward(torch.zeros(4, 4))


def test_equal_letters_are_equal_numbers() -> None:
    y, v = torch.zeros(1, 1, 4, 4), torch.zeros(2, 1, 4, 4)
    with pytest.raises(jaxtyping.TypeCheckError, match="parameter 'v'"):
        Blur(torch.ones(3, 3), (1, 4, 4)).data_step(y, v, 1.0, 1.0)


def test_images_are_real() -> None:
    with pytest.raises(jaxtyping.TypeCheckError, match="parameter 'image'"):
        Denoise(25).corrupt(torch.zeros(1, 1, 4, 4, dtype=torch.int64), torch.Generator())


def test_results_are_checked_too() -> None:
    patches = PatchSet([torch.zeros(4, 4, dtype=torch.bool)], 2, *torch.zeros(3, 1).long())
    with pytest.raises(jaxtyping.TypeCheckError, match="return value"):
        patches[:]


def test_fields_of_dataclasses_are_checked() -> None:
    with pytest.raises(jaxtyping.TypeCheckError, match="parameter 'y'"):
        Problem(torch.zeros(3, 4, 4), Identity((3, 4, 4)), 0.1)


@pytest.mark.usefixtures("unchecked")
def test_a_test_of_bad_input_can_switch_the_checks_off() -> None:
    assert Identity((1, 4, 4)).forward(torch.zeros(4, 4)).shape == (4, 4)
